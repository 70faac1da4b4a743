"""The job that reads one roster, how it is asked for, and how far it is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
import structlog
from marshmallow import Schema
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.identity.models import Course, Membership
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL, Principal
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobFailed, JobKind, JobStopped, RunningJob
from lti_tool.jobs.models import Job
from lti_tool.jobs.queue import ClaimLost
from lti_tool.lti.nrps.roster import FRESH_FOR, RETRY_AFTER, RosterUnreadable, pause_readings, read_roster
from lti_tool.lti.platform_service import ServiceDeps
from lti_tool.lti.registration.models import Deployment
from lti_tool.moments import has_come, is_ahead
from schemas.jobs import CourseJobSchema

_log = structlog.get_logger(__name__)


class ReadRoster(JobKind):
    """Reads the roster of a course. A slow platform has two readings at a time, and keeps nobody else waiting."""

    name: ClassVar[str] = "read_roster"
    schema: ClassVar[type[Schema]] = CourseJobSchema
    max_per_group: ClassVar[int | None] = 2

    def __init__(
        self, deps: ServiceDeps, then: Callable[[Session, uuid.UUID, dt.datetime], object] | None = None
    ) -> None:
        """``then``: what follows for the course once it is read, in the same transaction."""
        self._deps, self._then = deps, then

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Read it to its end. After a failure nobody but an operator or a tutor has it read again for a while."""
        require(TOOL, Action.READ_ROSTERS)
        course_id: uuid.UUID = job.arguments["course_id"]
        try:
            reading = read_roster(self._deps, course_id, job, self._then)
        except (ClaimLost, JobStopped):
            raise
        except RosterUnreadable as error:
            pause_readings(self._deps, course_id)
            raise JobFailed(str(error)) from None
        except Exception:
            pause_readings(self._deps, course_id)
            raise
        _log.info("roster_read", course=str(course_id), **asdict(reading))
        return asdict(reading)


def request_roster(db: Session, course_id: uuid.UUID, requested_by: Principal) -> int:
    """Ask for a roster to be read; return the job's id, that of the same job where it waits already."""
    registration_id, organisation_id = db.execute(
        sa.select(Deployment.registration_id, Deployment.organisation_id)
        .join(Course, Course.deployment_id == Deployment.id)
        .where(Course.id == course_id)
    ).one()
    return queue.enqueue(
        db,
        ReadRoster,
        {"course_id": course_id},
        key=str(course_id),
        group_key=str(registration_id),
        subject_id=course_id,
        organisation_id=organisation_id,
        requested_by=requested_by,
    )


def request_rosters(db: Session, course_ids: Collection[uuid.UUID], requested_by: Principal) -> None:
    """Ask for the rosters of these courses, as far as their platforms gave addresses for them."""
    readable = sa.select(Course.id).where(Course.id.in_(course_ids), Course.roster_url.is_not(None))
    for course_id in db.scalars(readable.order_by(Course.id)).all():
        request_roster(db, course_id, requested_by)


def _read_lately(now: dt.datetime, fresh_for: dt.timedelta = FRESH_FOR) -> tuple[dt.datetime, dt.timedelta]:
    """The end and the length of the time within which a roster that was read is fresh."""
    return now - fresh_for, fresh_for


def due_rosters(now: dt.datetime, fresh_for: dt.timedelta = FRESH_FOR) -> sa.Select[uuid.UUID]:
    """The ids of courses whose roster is to be read by itself.

    It was never read or is older than an hour, or than ``fresh_for``, nobody is about to read it, and no reading failed
    just now.
    """
    column = table_of(Course).c
    asked_for = sa.exists().where(Job.subject_id == Course.id, Job.done_at.is_(None))
    return sa.select(Course.id).where(
        Course.roster_url.is_not(None),
        sa.or_(
            column.roster_read_at.is_(None),
            sa.not_(is_ahead(column.roster_read_at, *_read_lately(now, fresh_for))),
        ),
        sa.or_(
            column.roster_paused_until.is_(None),
            sa.not_(is_ahead(column.roster_paused_until, now, RETRY_AFTER)),
        ),
        sa.not_(asked_for),
    )


def roster_is_due(db: Session, course_id: uuid.UUID, now: dt.datetime) -> bool:
    """Whether the roster of one course is among the :func:`due_rosters`."""
    return db.scalar(due_rosters(now).where(Course.id == course_id)) is not None


def may_be_due(course: Course, now: dt.datetime) -> bool:
    """Whether :func:`roster_is_due` is worth asking of a course, as it was read before; this asks nothing."""
    return (
        course.roster_url is not None
        and (course.roster_read_at is None or has_come(course.roster_read_at, *_read_lately(now)))
        and (course.roster_paused_until is None or has_come(course.roster_paused_until, now, RETRY_AFTER))
    )


@dataclass(frozen=True)
class RosterStatus:
    """What is known of the rosters of some courses together."""

    read_at: tuple[dt.datetime | None, ...]
    """When each was last read, in the order of the courses' ids."""
    can_be_read: bool
    """At least one platform gave an address for it."""
    is_being_read: bool
    """A reading was asked for and has not ended."""
    people: int
    """How many people the readings under way have found so far."""
    has_failed: bool
    """A reading failed in the last minutes, and none is under way."""
    gone: tuple[int, ...]
    """How many people of each are no longer there, in the order of the courses' ids."""


def roster_status(db: Session, course_ids: Collection[uuid.UUID] | sa.Select[uuid.UUID]) -> RosterStatus:
    """The status of the rosters of these courses, or of those that a query finds; in one statement."""
    now = utcnow()
    rows = db.execute(
        sa.select(
            Course.id,
            Course.roster_url,
            Course.roster_read_at,
            Course.roster_paused_until,
            sa.func.count(Job.id).label("jobs"),
            sa.func.coalesce(sa.func.sum(Job.progress), 0).label("people"),
            sa.select(sa.func.count())
            .where(Membership.course_id == Course.id, Membership.active.is_(False))
            .correlate(Course)
            .scalar_subquery()
            .label("gone"),
        )
        .outerjoin(Job, sa.and_(Job.subject_id == Course.id, Job.done_at.is_(None)))
        .where(Course.id.in_(course_ids))
        .group_by(Course.id)
        .order_by(Course.id)
    ).all()
    is_being_read = any(row.jobs for row in rows)
    return RosterStatus(
        read_at=tuple(row.roster_read_at for row in rows),
        can_be_read=any(row.roster_url for row in rows),
        is_being_read=is_being_read,
        people=int(sum(row.people for row in rows)),
        has_failed=not is_being_read
        and any(
            row.roster_paused_until is not None and not has_come(row.roster_paused_until, now, RETRY_AFTER)
            for row in rows
        ),
        gone=tuple(row.gone for row in rows),
    )
