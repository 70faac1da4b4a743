"""The worker: claim, commit, send outside any transaction, mark. Nothing lost, nothing sent twice to any effect.

::

    one thread a channel         one thread for each receiver that has a slot
    ┌─────────────────────┐     ┌────────────────────────────────────────────────────────────────────┐
    │ which receivers are │     │ claim ──▶ channel.send ──▶ mark ──▶ again, for a second            │
    │ due and not paused? │────▶│ (commit)    (batches)    (commit)                                  │
    │ each half second,   │     │                              sent or dead: over                    │
    │ and when woken      │     │                              failed by itself: waits for a while   │
    └──────────▲──────────┘     │                              the receiver failed: it is paused     │
               │                └─────────────────────────────────┬──────────────────────────────────┘
               └── the slot is free: next is who was served longest ago ──┘

Whatever step the process ends at, the deliveries it held are claimed again when their lease ends and the same bytes go
again; receivers recognise a repeat by the statement id or by the score's timestamp. A thread of its own extends the
leases of what is being sent. Pauses: :mod:`lti_tool.messaging.pauses`; a receiver that failed gets a small batch first.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from lti_tool.database import Database, utcnow
from lti_tool.messaging import due_deliveries, outbox, pauses, sending
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.delivery_log import log_round
from lti_tool.messaging.marking import Marking
from lti_tool.messaging.outbox import Claim
from lti_tool.messaging.pauses import Pauses
from lti_tool.messaging.slots import SLICE_SECONDS, Slots, batches_in_time

LEASE: Final = dt.timedelta(seconds=30)
"""After a crash, how long until the next worker may claim. Extended while a sending takes longer."""
POLL_SECONDS: Final = 0.5
STOP_SECONDS: Final = 4.0
STEPS: Final = ("claiming", "claimed", "sent", "marking", "marked")
"""Where the process may end: before and after each of the two commits, and between sending and marking."""

_log = structlog.get_logger(__name__)


class Worker:
    """Delivers what is in the outbox until it is stopped. Any number may run on one PostgreSQL."""

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel],
        *,
        wake: threading.Event,
        lease: dt.timedelta = LEASE,
        poll_seconds: float = POLL_SECONDS,
        clock: Callable[[], dt.datetime] = utcnow,
        at_step: Callable[[str], None] | None = None,
    ) -> None:
        """``wake`` is set when something was enqueued.

        ``at_step`` is called at each step with ``kind:step`` (:data:`STEPS`), for tests that end the process there.
        """
        self._database = database
        self._slots = {channel.kind: Slots(channel) for channel in channels}
        self._wake = wake
        self._lease = lease
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._at_step = at_step or (lambda _step: None)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._in_flight: dict[uuid.UUID, Claim] = {}
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
        }
        for kind, slots in self._slots.items():
            loops[kind] = lambda slots=slots: self._dispatch(slots)  # type: ignore[misc]  # bound now, not later
        self._threads = [
            threading.Thread(target=loop, name=f"deliver-{name}", daemon=True) for name, loop in loops.items()
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End within five seconds. What is being sent then goes again later, and counts once."""
        self._stopping.set()
        self._wake.set()
        for slots in self._slots.values():
            slots.wakeup.set()
        self._join()

    def _join(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        with self._lock:
            threads = [
                *self._threads,
                *(each for slots in self._slots.values() for each in slots.active.values()),
            ]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _forward_wakeups(self) -> None:
        """Pass a wake-up on to every channel; each looks for itself, so a lost one costs half a second."""
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            for slots in self._slots.values():
                slots.wakeup.set()

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """Call ``work``. A fault of the database, or of ours, must not end the worker: it goes on a little later."""
        try:
            return work()
        except Exception:
            _log.exception("worker_round_failed")
            self._stopping.wait(1.0)
            return None

    def _dispatch(self, slots: Slots) -> None:
        while not self._stopping.is_set():
            slots.wakeup.clear()
            self._guarded(lambda: self._start_slices(slots))
            slots.wakeup.wait(self._poll_seconds)

    def _start_slices(self, slots: Slots) -> None:
        """Give free slots to receivers with something due; who was served longest ago comes first."""
        channel, now = slots.channel, self._clock()
        with self._database.reading() as db:
            due = due_deliveries.due_receivers(db, channel.kind, pauses.read(db, channel.kind), now=now)
            ready = [receiver for receiver in due if self._is_ready(channel, db, receiver)]
        for receiver in slots.in_turn(ready):
            with self._lock:
                if not slots.is_free(receiver):
                    continue
                thread = threading.Thread(
                    target=self._serve, args=(slots, receiver), name=f"deliver-{receiver}", daemon=True
                )
                slots.active[receiver] = thread
            thread.start()

    def _is_ready(self, channel: Channel, db: Session, receiver: str) -> bool:
        """Whether a receiver can be sent to. One of which that cannot be said keeps no other waiting."""
        try:
            return channel.is_ready(db, receiver)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            _log.exception("receiver_unreadable", kind=channel.kind, receiver=receiver)
            return False

    def _serve(self, slots: Slots, receiver: str) -> None:
        channel, begun = slots.channel, time.monotonic()
        ends, started, batches = begun + SLICE_SECONDS, begun, 1
        try:
            while self._has_time(ends) and self._guarded(
                partial(self.deliver, channel.kind, receiver, batches=batches, slice_ends=ends)
            ):
                ended = time.monotonic()
                in_time = batches_in_time(ends - ended, ended - started, batches)
                batches, started = min(in_time, channel.batches_at_once), ended
        finally:
            with self._lock:
                slots.free(receiver, begun=begun, ended=time.monotonic())
            slots.wakeup.set()

    def deliver(
        self, kind: str, receiver: str, *, batches: int | None = None, slice_ends: float | None = None
    ) -> int:
        """One claim to one receiver. Returns how many were claimed; 0 also while it is paused or not ready.

        ``batches``: how many are claimed at most; as many as the channel has at once unless it is said. Once
        ``slice_ends``, on the monotonic clock, no further batch is sent.
        """
        slots = self._slots[kind]
        channel = slots.channel
        claim, before = self._claim(slots, receiver, batches or channel.batches_at_once)
        if claim is None:
            return 0
        ends = time.monotonic() + SLICE_SECONDS if slice_ends is None else slice_ends
        with self._extending_lease(claim):
            outcomes = sending.send(channel, claim, may_go_on=lambda: self._has_time(ends))
            self._step(claim, "sent")
            slots.probed(receiver, outcomes)
            marking = Marking(
                self._database,
                channel,
                claim,
                outcomes,
                before,
                self._clock(),
                before_commit=lambda: self._step(claim, "marking"),
            )
            written, begun = marking.write()
        self._step(claim, "marked")
        log_round(claim, written, begun)
        return len(claim.deliveries)

    def _has_time(self, slice_ends: float) -> bool:
        return not self._stopping.is_set() and time.monotonic() < slice_ends

    def _claim(self, slots: Slots, receiver: str, batches: int) -> tuple[Claim | None, Pauses]:
        """A claim, unless there is nothing to claim; and the receiver's pauses, those that are over included."""
        channel, now = slots.channel, self._clock()
        with self._database.reading() as db:
            # A look takes no lock; claiming takes SQLite's only one.
            before = pauses.read(db, channel.kind, receiver)
            due = due_deliveries.is_due(db, channel.kind, receiver, before, now=now)
            if not (due and channel.is_ready(db, receiver)):
                return None, before
        with self._database.transaction(waits_for_disk=not channel.repeats_count_once) as db:
            claim = outbox.claim(
                db,
                channel.kind,
                receiver=receiver,
                limit=slots.probe_size(receiver) if before.failed(receiver) else channel.batch_size * batches,
                lease=self._lease,
                now=now,
                pauses=before,
                reads_targets=channel.reads_targets,
            )
            self._step(claim, "claiming")
        if not claim.deliveries:
            return None, before
        self._step(claim, "claimed")
        return claim, before

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
            try:
                with self._database.transaction() as db:
                    outbox.extend(db, claim, lease=self._lease, now=self._clock())
            except Exception:  # the other claims are extended all the same
                _log.exception("lease_not_extended", kind=str(claim.kind), receiver=claim.receiver)
