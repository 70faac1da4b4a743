"""The kinds of background jobs, and what runs them in a process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lti_tool.composition import transaction as composition
from lti_tool.composition.housekeeping import DeleteExpired, DeleteUsedNonces
from lti_tool.composition.people_import import AddPeople
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL
from lti_tool.jobs import schedule
from lti_tool.jobs.kinds import JobKind
from lti_tool.jobs.runner import JobRunner
from lti_tool.lti.ags.check_gradebooks_job import CheckGradebooks
from lti_tool.lti.ags.line_item_job import FindLineItem
from lti_tool.lti.ags.read_results_job import ReadResults
from lti_tool.lti.nrps.due_rosters_job import EnqueueDueRosters
from lti_tool.lti.nrps.read_roster_job import ReadRoster
from lti_tool.lti.registration.connect_job import ConnectPlatform
from lti_tool.mentoring.enrolment.people.listed import invite_listed
from lti_tool.subscribers.scores import backfill_scores

_log = structlog.get_logger(__name__)

MakeJobKind = Callable[[Services], JobKind]
"""Makes a kind of job, once for a process."""

JOB_KINDS: Final[tuple[MakeJobKind, ...]] = (
    lambda services: ReadRoster(services, invite_listed),
    ReadResults,
    lambda services: FindLineItem(services, backfill_scores),
    ConnectPlatform,
    lambda services: AddPeople(services.database),
    lambda _services: EnqueueDueRosters(),
    lambda _services: CheckGradebooks(),
    lambda _services: DeleteExpired(),
    lambda _services: DeleteUsedNonces(),
)
"""A new kind is a line here."""
AWAITED_JOB_KINDS: Final[tuple[MakeJobKind, ...]] = (ConnectPlatform,)
"""Kinds whose end somebody waits for on a page: a process that only serves pages runs them as well."""
AWAITED_JOB_THREADS: Final = 4


def known_job_kinds(services: Services) -> frozenset[str]:
    """The names of the kinds of jobs that this version runs."""
    return frozenset(make(services).name for make in JOB_KINDS)


def make_job_runner(
    services: Services, kinds: Sequence[MakeJobKind] = JOB_KINDS, **options: Any
) -> JobRunner:
    """A runner of every kind. ``options``: those of :class:`lti_tool.jobs.runner.JobRunner`."""
    require(TOOL, Action.RUN_JOBS)
    return JobRunner(
        services.database,
        [make(services) for make in kinds],
        lambda: composition.transaction(services, TOOL),
        **options,
    )


def make_awaited_job_runner(services: Services) -> JobRunner:
    """What a process that only serves pages runs of the jobs that its pages ask for."""
    runner = make_job_runner(services, AWAITED_JOB_KINDS, threads=AWAITED_JOB_THREADS)
    services.wakeups.wake_here(runner.wake)
    return runner


class JobWorker:
    """A runner that other processes can wake, and this process's part in keeping the schedule."""

    def __init__(self, services: Services, runner: JobRunner) -> None:
        self.runner = runner
        self._services = services
        self._id = uuid.uuid4()

    def start(self) -> None:
        """Run jobs in threads, and return at once."""
        self.runner.start()
        self._services.wakeups.listen(self.runner.wake, self.is_scheduler, self.enqueue_due)

    def stop(self) -> None:
        """End within a few seconds. What has not ended by then is run again by another process."""
        self._services.wakeups.stop()
        self.runner.stop()
        try:
            with self._services.database.transaction() as db:
                schedule.release_lease(db, self._id)
        except SQLAlchemyError:
            _log.exception("scheduler_lease_not_released")

    def is_scheduler(self) -> bool:
        """Whether this process keeps the schedule: it takes or keeps the lease."""
        with self._services.database.transaction() as db:
            return schedule.hold_lease(db, self._id, utcnow())

    def enqueue_due(self) -> None:
        """Ask for the jobs that are due by the schedule."""
        with composition.transaction(self._services, TOOL) as db:
            schedule.enqueue_due(db, self.runner.kinds, utcnow())


def make_job_worker(
    services: Services, kinds: Sequence[MakeJobKind] = JOB_KINDS, **options: Any
) -> JobWorker:
    """What a process needs to run background jobs. ``options``: those of the runner."""
    return JobWorker(services, make_job_runner(services, kinds, **options))
