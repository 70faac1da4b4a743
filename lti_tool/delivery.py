"""The worker: claim, commit, send outside any transaction, mark. Nothing lost, nothing twice.

Whatever step the process dies at, the deliveries it held are claimed again when their lease ends and the same
bytes go again; receivers tell a repeat by the statement id or by the score's timestamp. Statements and scores
have threads of their own, and each LMS has one for its scores, so that a slow receiver holds up nobody else.

What an answer means is decided in :mod:`xapi.delivery` and :mod:`lti_tool.lti.grade_answers`; here it is carried
out, and a receiver that cannot be reached, or that refuses us, is left alone for a growing while.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy.exc import NoResultFound

from lti_tool import outbox
from lti_tool.database import utcnow
from lti_tool.lti import grades
from lti_tool.lti.expiry import forget_expired
from lti_tool.lti.grade_answers import ScoreOutcome, Stale, deliver_scores
from lti_tool.lti.service import PlatformService
from lti_tool.outbox import LRS, Claim, DeliveryKind, Parcel
from lti_tool.tool import Tool
from xapi.client import LRSClient
from xapi.delivery import Blocked, Dead, Retry, Sent, deliver, next_attempt

LEASE: Final = dt.timedelta(seconds=30)
"""After a crash, how long until the next worker may take over. Held on to while a sending takes longer."""
POLL_SECONDS: Final = 0.5
STOP_SECONDS: Final = 4.0
STATEMENTS_AT_ONCE: Final = 500
SCORES_AT_ONCE: Final = 20
PLATFORMS_AT_ONCE: Final = 4
"""How many LMSs are served at the same time."""
LONGEST_PAUSE: Final = dt.timedelta(minutes=5)
"""How long a receiver that does not answer is left alone at most, unless it asks for longer itself."""
LONGEST_BLOCK: Final = dt.timedelta(minutes=15)

FORGET_SECONDS: Final = 3600.0
"""How often what is over is deleted."""

STEPS: Final = ("claiming", "claimed", "sent", "marking", "marked")
"""Where the process may die: before and after each of the two commits, and between sending and marking."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pause:
    """A receiver that is left alone for a while."""

    until: dt.datetime
    reason: str
    failures: int
    """How many rounds in a row failed."""
    blocked: bool
    """Whether it refused us, so that somebody must look at the credentials or the registration."""


Outcome = ScoreOutcome


class Worker:
    """Delivers what is in the outbox until it is stopped. Any number may run on one PostgreSQL."""

    def __init__(
        self,
        tool: Tool,
        *,
        lease: dt.timedelta = LEASE,
        poll_seconds: float = POLL_SECONDS,
        statements_at_once: int = STATEMENTS_AT_ONCE,
        at_step: Callable[[str], None] | None = None,
    ) -> None:
        """``at_step`` is told each step as ``kind:step`` (:data:`STEPS`), for tests that end the process there."""
        self._tool = tool
        self._lease = lease
        self._poll_seconds = poll_seconds
        self._statements_at_once = statements_at_once
        self._at_step = at_step or (lambda _step: None)
        self._lrs = lrs_client(tool)
        self._stopping = threading.Event()
        self._rings = {kind: threading.Event() for kind in DeliveryKind}
        self._lock = threading.Lock()
        self._pauses: dict[str, Pause] = {}
        self._in_flight: dict[uuid.UUID, Claim] = {}
        self._busy: dict[str, threading.Thread] = {}
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        """Deliver until :meth:`stop` is called from another thread or a signal handler."""
        self.start()
        self._stopping.wait()
        self._join()

    def start(self) -> None:
        """Deliver in threads of their own, and return at once."""
        if self._lrs is None:
            _log.info("no_lrs", note="statements wait until an LRS is set")
        loops = {
            "statements": lambda: self._loop(DeliveryKind.STATEMENT, self.deliver_statements),
            "scores": lambda: self._loop(DeliveryKind.SCORE, self._dispatch_scores),
            "leases": self._keep_leases,
            "wake": self._listen,
            "expiry": self._forget,
        }
        self._threads = [
            threading.Thread(target=loop, name=f"deliver-{name}", daemon=True) for name, loop in loops.items()
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End within five seconds. What is being sent then goes again later, and counts once."""
        self._stopping.set()
        self._tool.wake.set()
        for ring in self._rings.values():
            ring.set()
        self._join()

    @property
    def pauses(self) -> dict[str, Pause]:
        """The receivers that are left alone now: ``lrs``, or the id of a registration."""
        now = utcnow()
        with self._lock:
            return {receiver: pause for receiver, pause in self._pauses.items() if pause.until > now}

    def _join(self) -> None:
        deadline = utcnow() + dt.timedelta(seconds=STOP_SECONDS)
        with self._lock:
            threads = [*self._threads, *self._busy.values()]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, (deadline - utcnow()).total_seconds()))

    def _listen(self) -> None:
        """Pass a wake-up on to both loops; they look for themselves, so a lost one costs half a second."""
        while not self._stopping.is_set():
            self._tool.wake.wait()
            self._tool.wake.clear()
            for ring in self._rings.values():
                ring.set()

    def _forget(self) -> None:
        """Tidy up once an hour: logins, hand-offs, sessions and tokens that are over."""
        while not self._stopping.is_set():
            self._guarded(self.forget_expired)
            self._stopping.wait(FORGET_SECONDS)

    def forget_expired(self) -> int:
        """Delete what the LTI side need not remember; return how many rows went."""
        with self._tool.database.transaction() as db:
            return forget_expired(db, utcnow())

    def _loop(self, kind: DeliveryKind, work: Callable[[], int]) -> None:
        ring = self._rings[kind]
        while not self._stopping.is_set():
            ring.clear()
            if not self._guarded(work):
                ring.wait(self._poll_seconds)

    def _guarded(self, work: Callable[[], int]) -> int:
        """One round. A fault of the database, or of ours, must not end the worker: it looks again a little later."""
        try:
            return work()
        except Exception:
            _log.exception("delivery_round_failed")
            self._stopping.wait(1.0)
            return 0

    def deliver_statements(self) -> int:
        """One round: one batch to the LRS. Returns how many were claimed; 0 also while the LRS is left alone."""
        if self._lrs is None or LRS in self.pauses:
            return 0
        claim = self._claim(DeliveryKind.STATEMENT, LRS, self._statements_at_once)
        if claim is None:
            return 0
        with self._holding(claim):
            outcomes = deliver(self._lrs, [(parcel.key, parcel.body) for parcel in claim.parcels])
            self._step(claim, "sent")
            self._settle(claim, outcomes)
        return len(claim.parcels)

    def _dispatch_scores(self) -> int:
        """Give each LMS with something due a thread of its own, a few at a time."""
        with self._tool.database.reading() as db:
            due = outbox.due_receivers(db, DeliveryKind.SCORE)
        paused = self.pauses
        for receiver in sorted(due - set(paused)):
            with self._lock:
                if receiver in self._busy or len(self._busy) >= PLATFORMS_AT_ONCE:
                    continue
                thread = threading.Thread(
                    target=self._serve_platform, args=(receiver,), name=f"scores-{receiver}", daemon=True
                )
                self._busy[receiver] = thread
            thread.start()
        return 0

    def _serve_platform(self, receiver: str) -> None:
        try:
            while not self._stopping.is_set() and self._guarded(lambda: self.deliver_scores(receiver)):
                pass
        finally:
            with self._lock:
                del self._busy[receiver]
            self._rings[DeliveryKind.SCORE].set()

    def deliver_scores(self, receiver: str) -> int:
        """One round: a few scores to one LMS. Returns how many were claimed; 0 also while it is left alone."""
        if receiver in self.pauses:
            return 0
        claim = self._claim(DeliveryKind.SCORE, receiver, SCORES_AT_ONCE)
        if claim is None:
            return 0
        with self._holding(claim):
            latest = {parcel.order_key: parcel for parcel in claim.parcels}
            sending = list(latest.values())
            outcomes = self._post_scores(receiver, sending)
            self._step(claim, "sent")
            replaced = [parcel.id for parcel in claim.parcels if latest[parcel.order_key] is not parcel]
            self._settle(claim, outcomes, sending=sending, replaced=replaced)
        return len(claim.parcels)

    def _post_scores(self, receiver: str, parcels: Sequence[Parcel]) -> list[ScoreOutcome]:
        try:
            service = PlatformService(self._tool, uuid.UUID(receiver))
        except NoResultFound:
            return [Dead("the registration is gone")] * len(parcels)
        return deliver_scores(service, parcels)

    def _claim(self, kind: DeliveryKind, receiver: str, limit: int) -> Claim | None:
        with self._tool.database.reading() as db:
            # A look takes no lock; claiming takes SQLite's only one.
            if not outbox.is_due(db, kind, receiver=receiver):
                return None
        with self._tool.database.transaction() as db:
            claim = outbox.claim(db, kind, receiver=receiver, limit=limit, lease=self._lease)
            self._step(claim, "claiming")
        if not claim.parcels:
            return None
        self._step(claim, "claimed")
        return claim

    def _step(self, claim: Claim, step: str) -> None:
        self._at_step(f"{claim.kind}:{step}")

    @contextmanager
    def _holding(self, claim: Claim) -> Iterator[None]:
        with self._lock:
            self._in_flight[claim.id] = claim
        try:
            yield
        finally:
            with self._lock:
                del self._in_flight[claim.id]

    def _keep_leases(self) -> None:
        """Extend the leases of what is being sent, so that nobody else takes it up."""
        while not self._stopping.wait(self._lease.total_seconds() / 3):
            self._guarded(self._extend_leases)

    def _extend_leases(self) -> int:
        with self._lock:
            claims = list(self._in_flight.values())
        for claim in claims:
            with self._tool.database.transaction() as db:
                outbox.extend(db, claim, lease=self._lease)
        return len(claims)

    def _settle(
        self,
        claim: Claim,
        outcomes: Sequence[Outcome],
        *,
        sending: Sequence[Parcel] | None = None,
        replaced: Sequence[int] = (),
    ) -> None:
        """Write down what became of each, in one transaction, and leave the receiver alone if it must be."""
        pairs = list(zip(sending or claim.parcels, outcomes, strict=True))
        sent = [parcel.id for parcel, outcome in pairs if isinstance(outcome, Sent)]
        again = [(parcel, outcome) for parcel, outcome in pairs if isinstance(outcome, Retry)]
        blocked = [(parcel, outcome) for parcel, outcome in pairs if isinstance(outcome, Blocked)]
        now = utcnow()
        pause = self._pause_after(claim.receiver, [outcome for _, outcome in pairs], now)
        with self._tool.database.transaction() as db:
            outbox.mark_sent(db, claim, sent)
            outbox.mark_superseded(db, claim, replaced)
            for reason, ids, delay in _by_reason(again, pause is not None):
                outbox.mark_again(db, claim, ids, not_before=now + delay, reason=reason)
            if blocked:
                # Due at once, so that whoever mends it need not wait for more than this worker's own pause.
                ids = [parcel.id for parcel, _ in blocked]
                outbox.mark_again(db, claim, ids, not_before=now, reason=blocked[0][1].reason)
            for parcel, outcome in pairs:
                if isinstance(outcome, Dead):
                    outbox.mark_dead(db, claim, parcel.id, reason=outcome.reason, conflict=outcome.theirs)
                elif isinstance(outcome, Stale):
                    outbox.mark_superseded(db, claim, [parcel.id])
                    grades.restamp(db, parcel, claim.receiver, later_than=outcome.than)
            self._step(claim, "marking")
        self._step(claim, "marked")
        self._tell(claim, pairs, pause)

    def _pause_after(self, receiver: str, outcomes: Sequence[Outcome], now: dt.datetime) -> Pause | None:
        """Leave a receiver alone that refused us, or of which nothing but failures came."""
        failed = [outcome for outcome in outcomes if isinstance(outcome, Blocked | Retry)]
        blocked = next((outcome for outcome in failed if isinstance(outcome, Blocked)), None)
        with self._lock:
            if blocked is None and len(failed) < len(outcomes):
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

    def _tell(self, claim: Claim, pairs: Sequence[tuple[Parcel, Outcome]], pause: Pause | None) -> None:
        common: dict[str, Any] = {"kind": claim.kind.value, "receiver": claim.receiver}
        counts: dict[str, int] = {}
        for parcel, outcome in pairs:
            name = type(outcome).__name__.lower()
            counts[name] = counts.get(name, 0) + 1
            if isinstance(outcome, Dead):
                _log.error("delivery_dead", key=str(parcel.key), reason=outcome.reason, **common)
        _log.info("delivered", **counts, **common)
        if pause is not None:
            event = "receiver_refuses_us" if pause.blocked else "receiver_left_alone"
            _log.warning(event, until=pause.until.isoformat(), reason=pause.reason, **common)


def _by_reason(
    again: Sequence[tuple[Parcel, Retry]], is_paused: bool
) -> Iterator[tuple[str, list[int], dt.timedelta]]:
    """What goes again, grouped by the receiver's words, with the delay of each group.

    When the whole receiver is left alone its pause is enough; a delivery that fails alone backs off alone.
    """
    groups: dict[tuple[str, float | None], list[Parcel]] = {}
    for parcel, outcome in again:
        groups.setdefault((outcome.reason, outcome.after_seconds), []).append(parcel)
    for (reason, after), parcels in groups.items():
        attempts = 1 if is_paused else max(parcel.attempts for parcel in parcels)
        yield reason, [parcel.id for parcel in parcels], next_attempt(attempts, after)


def lrs_client(tool: Tool) -> LRSClient | None:
    """The LRS of the settings, over the guarded session; None when none is set."""
    config = tool.config
    if config.lrs_endpoint is None:
        return None
    return LRSClient(
        config.lrs_endpoint,
        config.lrs_username or "",
        config.lrs_password or "",
        version=config.lrs_version,
        http=tool.http,
    )
