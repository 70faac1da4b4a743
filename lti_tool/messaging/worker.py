"""The worker: claim, commit, send outside any transaction, mark. Nothing lost, nothing sent twice to any effect.

::

    one thread a channel        one thread a receiver, while it has something due
    ┌──────────────────┐   ┌──────────────────────────────────────────────────────────┐
    │ which receivers  │──▶│ claim (commit) ─▶ channel.send ─▶ mark (commit) ─▶ again │
    │ have something   │   │    lease, extended by another thread while it sends      │
    │ due?             │   │    a receiver that fails is not asked again for a while  │
    └──────────────────┘   └──────────────────────────────────────────────────────────┘

Whatever step the process ends at, the deliveries it held are claimed again when their lease ends and the same bytes go
again; receivers recognise a repeat by the statement id or by the score's timestamp. Each receiver has a thread of its
own, so that a slow one holds up nobody else.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog

from lti_tool.database import Database, utcnow
from lti_tool.messaging import outbox
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import DeliveryKind
from lti_tool.messaging.outbox import Claim, ClaimedDelivery
from lti_tool.messaging.outcomes import Blocked, Dead, Outcome, Retry, Sent, Superseded
from lti_tool.messaging.retry import next_attempt

LEASE: Final = dt.timedelta(seconds=30)
"""After a crash, how long until the next worker may claim. Extended while a sending takes longer."""
POLL_SECONDS: Final = 0.5
STOP_SECONDS: Final = 4.0
LONGEST_PAUSE: Final = dt.timedelta(minutes=5)
"""How long a receiver that does not answer is not asked at most, unless it asks for longer itself."""
LONGEST_BLOCK: Final = dt.timedelta(minutes=15)
HOUSEKEEPING_SECONDS: Final = 3600.0

STEPS: Final = ("claiming", "claimed", "sent", "marking", "marked")
"""Where the process may end: before and after each of the two commits, and between sending and marking."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pause:
    """A receiver that is not asked for a while."""

    until: dt.datetime
    reason: str
    failures: int
    """How many rounds in a row failed."""
    blocked: bool
    """Whether it refused us, so that somebody must look at the credentials or the registration."""


class Worker:
    """Delivers what is in the outbox until it is stopped. Any number may run on one PostgreSQL."""

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel],
        *,
        wake: threading.Event,
        housekeeping: Callable[[], object] = lambda: None,
        lease: dt.timedelta = LEASE,
        poll_seconds: float = POLL_SECONDS,
        at_step: Callable[[str], None] | None = None,
    ) -> None:
        """``wake`` is set when something was enqueued; ``housekeeping`` is called once an hour.

        ``at_step`` is called at each step with ``kind:step`` (:data:`STEPS`), for tests that end the process there.
        """
        self._database = database
        self._channels = {channel.kind: channel for channel in channels}
        self._wake = wake
        self._housekeeping = housekeeping
        self._lease = lease
        self._poll_seconds = poll_seconds
        self._at_step = at_step or (lambda _step: None)
        self._stopping = threading.Event()
        self._wakeups = {kind: threading.Event() for kind in self._channels}
        self._lock = threading.Lock()
        self._pauses: dict[str, Pause] = {}
        self._in_flight: dict[uuid.UUID, Claim] = {}
        self._active_receivers: dict[tuple[DeliveryKind, str], threading.Thread] = {}
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        """Deliver until :meth:`stop` is called from another thread or a signal handler."""
        self.start()
        self._stopping.wait()
        self._join()

    def start(self) -> None:
        """Deliver in threads of their own, and return at once."""
        loops: dict[str, Callable[[], None]] = {
            "leases": self._keep_leases,
            "wake": self._forward_wakeups,
            "housekeeping": self._run_housekeeping,
        }
        for channel in self._channels.values():
            if channel.is_ready():
                loops[channel.kind] = lambda channel=channel: self._dispatch(channel)  # type: ignore[misc]
            else:
                _log.info("channel_not_set", kind=channel.kind, note="deliveries wait until it is")
        self._threads = [
            threading.Thread(target=loop, name=f"deliver-{name}", daemon=True) for name, loop in loops.items()
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End within five seconds. What is being sent then goes again later, and counts once."""
        self._stopping.set()
        self._wake.set()
        for wakeup in self._wakeups.values():
            wakeup.set()
        self._join()

    @property
    def pauses(self) -> dict[str, Pause]:
        """The receivers that are not asked now: ``lrs``, or the id of a registration."""
        now = utcnow()
        with self._lock:
            return {receiver: pause for receiver, pause in self._pauses.items() if pause.until > now}

    def _join(self) -> None:
        deadline = utcnow() + dt.timedelta(seconds=STOP_SECONDS)
        with self._lock:
            threads = [*self._threads, *self._active_receivers.values()]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, (deadline - utcnow()).total_seconds()))

    def _forward_wakeups(self) -> None:
        """Pass a wake-up on to every channel; each looks for itself, so a lost one costs half a second."""
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            for wakeup in self._wakeups.values():
                wakeup.set()

    def _run_housekeeping(self) -> None:
        while not self._stopping.is_set():
            self._guarded(self._housekeeping)
            self._stopping.wait(HOUSEKEEPING_SECONDS)

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """One round. A fault of the database, or of ours, must not end the worker: it goes on a little later."""
        try:
            return work()
        except Exception:
            _log.exception("worker_round_failed")
            self._stopping.wait(1.0)
            return None

    def _dispatch(self, channel: Channel) -> None:
        """Give each receiver with something due a thread of its own, as many as the channel serves at once."""
        wakeup = self._wakeups[channel.kind]
        while not self._stopping.is_set():
            wakeup.clear()
            self._guarded(lambda: self._start_receivers(channel))
            wakeup.wait(self._poll_seconds)

    def _start_receivers(self, channel: Channel) -> None:
        with self._database.reading() as db:
            due = outbox.due_receivers(db, channel.kind)
        for receiver in sorted(due - set(self.pauses)):
            key = (channel.kind, receiver)
            with self._lock:
                serving = sum(kind == channel.kind for kind, _ in self._active_receivers)
                if key in self._active_receivers or serving >= channel.max_receivers:
                    continue
                thread = threading.Thread(
                    target=self._serve, args=(channel, receiver), name=f"deliver-{receiver}", daemon=True
                )
                self._active_receivers[key] = thread
            thread.start()

    def _serve(self, channel: Channel, receiver: str) -> None:
        try:
            while not self._stopping.is_set() and self._guarded(lambda: self.deliver(channel.kind, receiver)):
                pass
        finally:
            with self._lock:
                del self._active_receivers[channel.kind, receiver]
            self._wakeups[channel.kind].set()

    def deliver(self, kind: DeliveryKind, receiver: str) -> int:
        """One round: one claim to one receiver. Returns how many were claimed; 0 also while it is not asked."""
        channel = self._channels[kind]
        if not channel.is_ready() or receiver in self.pauses:
            return 0
        claim = self._claim(channel, receiver)
        if claim is None:
            return 0
        with self._extending_lease(claim):
            outcomes = channel.send(receiver, claim.deliveries)
            self._step(claim, "sent")
            self._mark(claim, outcomes)
        return len(claim.deliveries)

    def _claim(self, channel: Channel, receiver: str) -> Claim | None:
        with self._database.reading() as db:
            # A look takes no lock; claiming takes SQLite's only one.
            if not outbox.is_due(db, channel.kind, receiver=receiver):
                return None
        with self._database.transaction() as db:
            claim = outbox.claim(
                db, channel.kind, receiver=receiver, limit=channel.batch_size, lease=self._lease
            )
            self._step(claim, "claiming")
        if not claim.deliveries:
            return None
        self._step(claim, "claimed")
        return claim

    def _step(self, claim: Claim, step: str) -> None:
        self._at_step(f"{claim.kind}:{step}")

    @contextmanager
    def _extending_lease(self, claim: Claim) -> Iterator[None]:
        with self._lock:
            self._in_flight[claim.id] = claim
        try:
            yield
        finally:
            with self._lock:
                del self._in_flight[claim.id]

    def _keep_leases(self) -> None:
        """Extend the leases of what is being sent, so that nobody else claims it."""
        while not self._stopping.wait(self._lease.total_seconds() / 3):
            self._guarded(self._extend_leases)

    def _extend_leases(self) -> None:
        with self._lock:
            claims = list(self._in_flight.values())
        for claim in claims:
            with self._database.transaction() as db:
                outbox.extend(db, claim, lease=self._lease)

    def _mark(self, claim: Claim, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of each, in one transaction, and stop asking the receiver if it must be."""
        pairs = list(zip(claim.deliveries, outcomes, strict=True))
        again = [(delivery, outcome) for delivery, outcome in pairs if isinstance(outcome, Retry)]
        blocked = [(delivery, outcome) for delivery, outcome in pairs if isinstance(outcome, Blocked)]
        now = utcnow()
        pause = self._pause_after(claim.receiver, outcomes, now)
        with self._database.transaction() as db:
            outbox.mark_sent(
                db, claim, [delivery.id for delivery, outcome in pairs if isinstance(outcome, Sent)]
            )
            for reason, ids, delay in _by_reason(again, pause is not None):
                outbox.mark_again(db, claim, ids, not_before=now + delay, reason=reason)
            if blocked:
                # Due at once, so that whoever corrects it need not wait for more than this worker's own pause.
                ids = [delivery.id for delivery, _ in blocked]
                outbox.mark_again(db, claim, ids, not_before=now, reason=blocked[0][1].reason)
            for delivery, outcome in pairs:
                if isinstance(outcome, Dead):
                    outbox.mark_dead(db, claim, delivery.id, reason=outcome.reason, conflict=outcome.theirs)
                elif isinstance(outcome, Superseded):
                    outbox.mark_superseded(db, claim, [delivery.id])
                    if outcome.enqueue is not None:
                        outcome.enqueue(db)
            self._step(claim, "marking")
        self._step(claim, "marked")
        _log_round(claim, pairs, pause)

    def _pause_after(self, receiver: str, outcomes: Sequence[Outcome], now: dt.datetime) -> Pause | None:
        """Stop asking a receiver for a while that refused us, or from which nothing but failures came."""
        failed = [outcome for outcome in outcomes if isinstance(outcome, Blocked | Retry)]
        blocked = next((outcome for outcome in failed if isinstance(outcome, Blocked)), None)
        counted = [outcome for outcome in outcomes if outcome != Superseded()]
        with self._lock:
            if blocked is None and (not failed or len(failed) < len(counted)):
                self._pauses.pop(receiver, None)
                return None
            before = self._pauses.get(receiver)
            failures = before.failures + 1 if before else 1
            reason = (blocked or failed[0]).reason
            if blocked:
                length = min(next_attempt(failures + 3), LONGEST_BLOCK)
            else:
                asked = max(
                    (outcome.after_seconds or 0 for outcome in failed if isinstance(outcome, Retry)),
                    default=0,
                )
                length = max(min(next_attempt(failures), LONGEST_PAUSE), dt.timedelta(seconds=asked))
            pause = Pause(now + length, reason, failures, blocked is not None)
            self._pauses[receiver] = pause
            return pause


def _log_round(claim: Claim, pairs: Sequence[tuple[ClaimedDelivery, Outcome]], pause: Pause | None) -> None:
    common: dict[str, Any] = {"kind": claim.kind.value, "receiver": claim.receiver}
    for delivery, outcome in pairs:
        if isinstance(outcome, Dead):
            _log.error("delivery_dead", key=str(delivery.key), reason=outcome.reason, **common)
    counts = Counter(type(outcome).__name__.lower() for _, outcome in pairs)
    _log.info("delivery_round", **counts, **common)
    if pause is not None:
        event = "receiver_refuses_us" if pause.blocked else "receiver_paused"
        _log.warning(event, until=pause.until.isoformat(), reason=pause.reason, **common)


def _by_reason(
    again: Sequence[tuple[ClaimedDelivery, Retry]], is_paused: bool
) -> Iterator[tuple[str, list[int], dt.timedelta]]:
    """What goes again, grouped by the receiver's words, with the delay of each group.

    When the whole receiver is not asked its pause is enough; a delivery that fails alone backs off alone.
    """
    groups: dict[tuple[str, float | None], list[ClaimedDelivery]] = {}
    for delivery, outcome in again:
        groups.setdefault((outcome.reason, outcome.after_seconds), []).append(delivery)
    for (reason, after), deliveries in groups.items():
        attempts = 1 if is_paused else max(delivery.attempts for delivery in deliveries)
        yield reason, [delivery.id for delivery in deliveries], next_attempt(attempts, after)
