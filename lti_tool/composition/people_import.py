"""The job that adds the people of a file, some hundred in each transaction, and how it is asked for.

Each block has its event in the log, in its own transaction: whatever ends the job half-way, the audit says how many
were added. A job that was killed, or that is asked for again after it failed, goes on with what is left.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from marshmallow import Schema
from sqlalchemy.orm import Session

from lti_tool.database import Database, utcnow
from lti_tool.events import log
from lti_tool.identity.policy import Action, NotPermitted, Relation, require
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobFailed, JobKind, RunningJob
from lti_tool.jobs.models import Job
from lti_tool.mentoring.enrolment.people import actions, queries
from lti_tool.mentoring.enrolment.people.checking import CheckedFile, check_file
from lti_tool.mentoring.enrolment.people.file import Table
from lti_tool.mentoring.enrolment.people.matching import Match
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes.queries import cohort as find_cohort
from lti_tool.mentoring.programmes.standing import standing_in_cohort
from schemas.jobs import PeopleImportJobSchema

AT_ONCE: Final = 500
ROWS_CHANGED: Final = "rows_changed"
"""Why it fails where the group has changed since somebody looked at the file."""
ADDING: Final = "adding"
"""The phase of the job; its progress counts people."""


class AddPeople(JobKind):
    """Adds the people of a file to a cohort."""

    name: ClassVar[str] = "add_people"
    schema: ClassVar[type[Schema]] = PeopleImportJobSchema
    max_per_group: ClassVar[int | None] = 1

    def __init__(self, database: Database) -> None:
        self._database = database

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Match the rows once more, since the group may have changed, and add those that are not there yet."""
        import_id: uuid.UUID = job.arguments["import_id"]
        with self._database.reading() as db:
            record = queries.people_import(db, import_id)
            if record is None or record.content is None:
                raise JobFailed("the file is not kept any more")
            principal = _principal_of(db, job.id, record.cohort_id)
            checked = check_file(db, record.cohort_id, Table.from_json(record.content))
            done = record.rows_done
            left = _left(checked, record.rows, done)
        counts: dict[str, int] = {}
        for start in range(0, max(len(left), 1), AT_ONCE):
            batch = left[start : start + AT_ONCE]
            is_last = start + AT_ONCE >= len(left)
            with job.transaction() as db:
                log.set_principal(db, principal)
                now = utcnow()
                try:
                    added = actions.add_people(db, cohort_id=record.cohort_id, matches=batch, now=now)
                except NotAllowed as refused:
                    raise JobFailed(refused.code) from None
                counts = actions.count_added(db, import_id=import_id, counts=added, is_last=is_last, now=now)
                done += len(batch)
                job.report(db, done, total=record.rows, phase=ADDING)
                if is_last:
                    job.finish(db, counts)
        return counts


def _left(checked: CheckedFile, rows: int, done: int) -> Sequence[Match]:
    """The rows that are not added yet. Raises :class:`JobFailed` where something is wrong with one of them."""
    left = rows - done
    found = checked.matches[len(checked.matches) - left :] if left else ()
    first = found[0].row.number if found else 0
    if len(found) < left or any(problem.number >= first for problem in checked.problems):
        raise JobFailed(ROWS_CHANGED)
    return found


def request_adding(
    db: Session, *, import_id: uuid.UUID, cohort_id: uuid.UUID, requested_by: Principal
) -> int:
    """Ask for the people of a file to be added; return the job's id."""
    job_id = queue.enqueue(
        db,
        AddPeople,
        {"import_id": import_id},
        key=str(import_id),
        group_key=str(cohort_id),
        subject_id=import_id,
        organisation_id=find_cohort(db, cohort_id).organisation_id,
        requested_by=requested_by,
    )
    actions.note_job(db, import_id=import_id, job_id=job_id)
    return job_id


def _principal_of(db: Session, job_id: int, cohort_id: uuid.UUID) -> Principal:
    """Who asked for the job, as far as they may still add people. Raises :class:`JobFailed`."""
    kind, person_id = db.execute(
        sa.select(Job.requested_by_kind, Job.requested_by_id).where(Job.id == job_id)
    ).one()
    cohort = find_cohort(db, cohort_id)
    teaches = owns = False
    if person_id is not None:
        standing = standing_in_cohort(db, cohort_id, cohort.programme_id, person_id)
        teaches, owns = standing.teaches, standing.owns
    principal = Principal(
        kind=PrincipalKind(kind),
        person_id=person_id,
        organisation_id=cohort.organisation_id if person_id else None,
        role=CourseRole.TUTOR if teaches else None,
    )
    relation = Relation(organisation_id=cohort.organisation_id, teaches=teaches, owns=owns)
    try:
        require(principal, Action.IMPORT_PEOPLE, relation)
    except NotPermitted as refused:
        raise JobFailed(str(refused)) from None
    return principal


@dataclass(frozen=True)
class AddingStatus:
    """How far the adding of a file is."""

    progress: int
    total: int
    is_over: bool
    has_failed: bool


def adding_status(db: Session, job_id: int, total: int) -> AddingStatus:
    """How far the job is; one that is known no more is over."""
    row = db.execute(sa.select(Job.progress, Job.done_at, Job.status).where(Job.id == job_id)).one_or_none()
    if row is None:
        return AddingStatus(total, total, is_over=True, has_failed=False)
    return AddingStatus(row.progress, total, row.done_at is not None, row.status == "failed")
