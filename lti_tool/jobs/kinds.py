"""A kind of job: its name, the shape of its arguments, its limits, and what it does."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Final, Protocol

from marshmallow import Schema
from sqlalchemy.orm import Session

from lti_tool.jobs import queue
from lti_tool.jobs.queue import ClaimedJob
from schemas.jobs import NoArguments

SCHEDULED_DELAY_FACTOR: Final = 80
"""Delays that double from two seconds are over in half a minute after five attempts, and with this in half an hour."""


class JobFailed(Exception):
    """The job cannot be done with what it was given: it fails at once, and its text is the reason that is shown."""


class JobStopped(Exception):
    """The process is stopping: the job runs again, and this time does not count."""


class JobKind(ABC):
    """One kind of job. It is registered by a line in :mod:`lti_tool.composition.jobs`.

    A job may be run more than once: its process may be killed at any step. What it writes through
    :meth:`RunningJob.transaction` together with :meth:`RunningJob.report` or :meth:`RunningJob.finish` is written once;
    everything else it does must be the same when done again.
    """

    name: ClassVar[str]
    """Stored with each job: it never changes."""
    schema: ClassVar[type[Schema]] = NoArguments
    every: ClassVar[dt.timedelta | None] = None
    """How often a job of this kind is asked for without arguments; None for kinds that are only asked for."""
    max_attempts: ClassVar[int] = 5
    """How often it is begun before it fails, the times included at which its process was killed."""
    retried: ClassVar[tuple[type[Exception], ...]] = ()
    """What its work raises where another machine is at fault: the text is the reason that is shown, and the log has
    one line of it."""
    max_per_group: ClassVar[int | None] = None
    """How many jobs of one group run at the same time, in all processes together."""

    def retry_delay(self, delay: dt.timedelta) -> dt.timedelta:
        """How long to wait for the next attempt; ``delay``: that of a delivery which failed as often.

        Nobody waits for a scheduled job, which would otherwise run again only at its next time: its attempts spread
        over about half an hour, with delays no longer than :attr:`every`.
        """
        return delay if self.every is None else min(delay * SCHEDULED_DELAY_FACTOR, self.every)

    @abstractmethod
    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Do the work, and return what is kept as its result.

        Raises :class:`JobFailed` for what no further attempt would change. After any other exception the job is tried
        again after :meth:`retry_delay`, until :attr:`max_attempts`; one of :attr:`retried` is no fault of the tool.
        """


class RunsJobs(Protocol):
    """What a running job needs of the runner."""

    @property
    def is_stopping(self) -> bool: ...

    @property
    def lease(self) -> dt.timedelta: ...

    def transaction(self) -> AbstractContextManager[Session]: ...

    def at_step(self, kind: str, step: str) -> None: ...


class RunningJob:
    """A job that this process has claimed, as its kind sees it."""

    def __init__(self, claimed: ClaimedJob, arguments: dict[str, Any], runner: RunsJobs) -> None:
        self._claimed = claimed
        self._runner = runner
        self.arguments = arguments
        """As the kind's schema reads them."""
        self.progress = claimed.progress
        """How much was reported as done, by an earlier attempt too."""
        self.is_finished = False
        self.failure: str | None = None
        """Why it failed, where its kind has marked it as failed itself."""
        self._has_reported = False

    @property
    def id(self) -> int:
        return self._claimed.id

    @contextmanager
    def transaction(self, *, also_while_stopping: bool = False) -> Iterator[Session]:
        """A writing transaction with its consequences, which only the holder of the job can commit.

        Raises :class:`lti_tool.jobs.queue.ClaimLost` where another worker has the job by now, and :class:`JobStopped`
        where the process is stopping. ``also_while_stopping``: for what could not be done again, such as storing the
        answer to a request that must not be sent twice.
        """
        if self._runner.is_stopping and not also_while_stopping:
            raise JobStopped
        with self._runner.transaction() as db:
            queue.require_claim(db, self._claimed)
            yield db
            if not self.is_finished:
                # The runner cannot extend the lease of a row that is locked here, and jobs may do little else.
                queue.extend(db, self._claimed, lease=self._runner.lease)
        if self._has_reported:
            self._has_reported = False
            self._runner.at_step(self._claimed.kind, "reported")

    def report(self, db: Session, progress: int, *, total: int | None = None, phase: str) -> None:
        """Store how far the job is, in the transaction that stores the work itself."""
        queue.report(db, self._claimed, progress=progress, total=total, phase=phase)
        self.progress = progress
        self._has_reported = True
        self._runner.at_step(self._claimed.kind, "reporting")

    def finish(self, db: Session, result: dict[str, Any] | None = None) -> None:
        """Mark the job as done in the transaction of its last effects. :meth:`JobKind.run` returns after it."""
        queue.finish(db, self._claimed, result)
        self.is_finished = True
        self._runner.at_step(self._claimed.kind, "finishing")

    def fail(self, db: Session, reason: str) -> None:
        """Mark the job as failed in the transaction of its last effects. :meth:`JobKind.run` returns after it."""
        queue.fail(db, self._claimed, reason)
        self.is_finished = True
        self.failure = reason
        self._runner.at_step(self._claimed.kind, "finishing")
