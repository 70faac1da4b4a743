"""The runner: claims jobs and runs them in threads of its own. Any number may run on one PostgreSQL.

Whatever step the process ends at, the jobs that it held are claimed again when their lease ends. What a job wrote
together with its progress or its end is there once (:class:`lti_tool.jobs.kinds.JobKind`).
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from lti_tool.column_types import Unreadable
from lti_tool.database import Database, utcnow
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobFailed, JobKind, JobStopped, RunningJob
from lti_tool.jobs.queue import ClaimedJob, ClaimLost
from lti_tool.jobs.shares import ThreadShares
from lti_tool.messaging.retry import next_attempt
from lti_tool.outside_text import error_line

THREADS: Final = 16
LEASE: Final = dt.timedelta(seconds=30)
"""After a crash, how long until another worker may claim its jobs. Extended while they run."""
SWEEP_SECONDS: Final = 5.0
"""How often the runner looks by itself: what a lost wake-up costs."""
STOP_SECONDS: Final = 4.0
EXTENSIONS_FIRST_SECONDS: Final = 0.5
"""How long claiming waits once SQLite's file can be written again: whoever waits for it tries every tenth of a second.
"""

STEPS: Final = ("claiming", "claimed", "reporting", "reported", "finishing", "finished")
"""Where the process may end: before and after each commit."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _InFlight:
    claimed: ClaimedJob
    thread: threading.Thread
    started: float = field(default_factory=time.monotonic)


class JobRunner:
    """Runs jobs of the kinds that it is given."""

    def __init__(
        self,
        database: Database,
        kinds: Sequence[JobKind],
        transaction: Callable[[], AbstractContextManager[Session]],
        *,
        among: Collection[int] | None = None,
        threads: int = THREADS,
        lease: dt.timedelta = LEASE,
        sweep_seconds: float = SWEEP_SECONDS,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        """``transaction`` opens a writing transaction with its consequences, in which the tool acts. ``among``: run
        only these jobs.

        ``on_step`` is called at each step with ``kind:step`` (:data:`STEPS`), for tests that end the process there.
        """
        self.transaction = transaction
        self._database = database
        self._kinds = {kind.name: kind for kind in kinds}
        self._classes = [type(kind) for kind in kinds]
        self._among = among
        self._threads = threads
        self.lease = lease
        self._sweep_seconds = sweep_seconds
        self._on_step = on_step or (lambda _step: None)
        self._stopping = threading.Event()
        self._wakeup = threading.Event()
        self._lock = threading.Lock()
        self._in_flight: dict[uuid.UUID, _InFlight] = {}
        self._shares = ThreadShares(threads, [kind.name for kind in kinds])
        self._loops: list[threading.Thread] = []

    @property
    def kinds(self) -> Sequence[type[JobKind]]:
        """The kinds that it runs."""
        return self._classes

    @property
    def is_stopping(self) -> bool:
        """Whether running jobs should end."""
        return self._stopping.is_set()

    @property
    def running(self) -> int:
        """How many jobs run in this process."""
        with self._lock:
            return len(self._in_flight)

    def start(self) -> None:
        """Run jobs in threads, and return at once."""
        self._loops = [
            threading.Thread(target=loop, name=f"jobs-{name}", daemon=True)
            for name, loop in (("dispatch", self._dispatch), ("leases", self._keep_leases))
        ]
        for loop in self._loops:
            loop.start()

    def wake(self) -> None:
        """Look for jobs now."""
        self._wakeup.set()

    def stop(self) -> None:
        """End within five seconds. A job that has not ended by then runs again when its lease is over."""
        self._stopping.set()
        self._wakeup.set()
        deadline = time.monotonic() + STOP_SECONDS
        _join(self._loops, deadline)
        with self._lock:  # with a job that had just been claimed
            threads = [each.thread for each in self._in_flight.values()]
        _join(threads, deadline)

    def at_step(self, kind: str, step: str) -> None:
        """Say that a step is reached."""
        self._on_step(f"{kind}:{step}")

    def _dispatch(self) -> None:
        while not self.is_stopping:
            self._wakeup.clear()
            self._guarded(self._start_due)
            self._wakeup.wait(self._sweep_seconds)

    def _start_due(self) -> None:
        """Give each job that may run a thread of its own, as many as there may be (:mod:`lti_tool.jobs.shares`)."""
        while not self.is_stopping and self.running < self._threads:
            claimed = self._claim()
            if claimed is None:
                return
            thread = threading.Thread(
                target=self._run, args=(claimed,), name=f"job-{claimed.kind}-{claimed.id}", daemon=True
            )
            with self._lock:
                self._in_flight[claimed.claim] = _InFlight(claimed, thread)
            thread.start()

    def _claim(self) -> ClaimedJob | None:
        claimed, now = None, time.monotonic()
        with self._lock:
            running = [each.claimed for each in self._in_flight.values()]
            full = self._shares.full(
                [(each.claimed, now - each.started) for each in self._in_flight.values()]
            )
        kinds = [kind for kind in self._classes if kind.name not in full.kinds]
        ids = [each.id for each in running]
        with self._database.reading() as db:
            # A look takes no lock; claiming takes SQLite's only one.
            if not queue.is_due(db, kinds, besides=ids):
                return None
        asked_at = time.monotonic()
        with self._database.transaction() as db:
            db.connection()
            blocked = time.monotonic() - asked_at > self.lease.total_seconds() / 3
            if not blocked:
                claimed = queue.claim(
                    db, kinds, lease=self.lease, among=self._among, besides=ids, full_groups=full.groups
                )
                if claimed is not None:
                    self.at_step(claimed.kind, "claiming")
        if blocked:
            # Nobody could write to SQLite's file, so leases may have run out of jobs that other processes run.
            self._stopping.wait(EXTENSIONS_FIRST_SECONDS)
            return None
        if claimed is not None:
            self.at_step(claimed.kind, "claimed")
        return claimed

    def _run(self, claimed: ClaimedJob) -> None:
        try:
            self._guarded(lambda: self._run_kind(claimed))
        finally:
            with self._lock:
                ended = self._in_flight.pop(claimed.claim)
                self._shares.note(claimed, time.monotonic() - ended.started)
            # The next job of its group may run now.
            self._wakeup.set()

    def _run_kind(self, claimed: ClaimedJob) -> None:
        kind = self._kinds[claimed.kind]
        log = _log.bind(job=claimed.id, kind=claimed.kind)
        try:
            if claimed.attempts > kind.max_attempts:
                last = f"; the last error: {claimed.error}" if claimed.error else ""
                raise JobFailed(f"it ended without a result {kind.max_attempts} times{last}")
            job = RunningJob(claimed, _load(kind, claimed.arguments), self)
            result = kind.run(job)
            if not job.is_finished:
                with job.transaction() as db:
                    job.finish(db, result)
            self.at_step(claimed.kind, "finished")
            if job.failure is None:
                log.info("job_done", attempts=claimed.attempts)
            else:
                log.warning("job_failed", reason=job.failure)
        except ClaimLost:
            log.warning("job_claim_lost")
        except JobStopped:
            with self._database.transaction() as db:
                queue.run_again(db, claimed, not_before=utcnow(), reason=None, counts=False)
        except JobFailed as error:
            self._fail(claimed, str(error))
            log.warning("job_failed", reason=str(error))
        except kind.retried as error:
            self._after_fault(kind, claimed, str(error))
            log.warning("job_retried", attempts=claimed.attempts, reason=str(error))
        except Exception as error:
            self._after_fault(kind, claimed, error_line(error))
            log.exception("job_fault", attempts=claimed.attempts)

    def _after_fault(self, kind: JobKind, claimed: ClaimedJob, reason: str) -> None:
        """Try again later what raised an exception other than JobFailed, or give it up."""
        if claimed.attempts >= kind.max_attempts:
            self._fail(claimed, reason)
            return
        with self._database.transaction() as db:
            later = utcnow() + kind.retry_delay(next_attempt(claimed.attempts))
            queue.run_again(db, claimed, not_before=later, reason=reason)

    def _fail(self, claimed: ClaimedJob, reason: str) -> None:
        with suppress(ClaimLost), self._database.transaction() as db:
            queue.fail(db, claimed, reason)

    def _keep_leases(self) -> None:
        """Extend the leases of what runs, so that nobody else claims it."""
        while not self._stopping.wait(self.lease.total_seconds() / 3):
            self._guarded(self._extend_leases)

    def _extend_leases(self) -> None:
        with self._lock:
            running = [each.claimed for each in self._in_flight.values()]
        for claimed in running:
            try:
                with self._database.transaction() as db:
                    queue.extend(db, claimed, lease=self.lease)
            except Exception:  # the other leases are extended all the same
                _log.exception("job_lease_not_extended", job=claimed.id)

    def _guarded(self, work: Callable[[], Any]) -> None:
        """A fault of the database must not end the runner: it goes on a little later."""
        try:
            work()
        except Exception:
            _log.exception("job_round_failed")
            self._stopping.wait(1.0)


def _join(threads: Sequence[threading.Thread], deadline: float) -> None:
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _load(kind: JobKind, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments as the kind's schema reads them. Raises :class:`JobFailed`: they will not read otherwise later."""
    if isinstance(arguments, Unreadable):
        raise JobFailed(f"its arguments cannot be read: {arguments.reason}")
    try:
        return dict(kind.schema().load(arguments))
    except ValidationError as error:
        raise JobFailed(f"its arguments cannot be read: {error.messages_dict}") from None
