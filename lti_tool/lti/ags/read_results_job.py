"""The job that reads results back, compares them with what should stand, and sends again what is missing.

It is asked for behind a learner's launch, when a tutor opens the activity and what is known is old, when a roster says
that somebody came back, once a day, and by a tutor or an operator. No page waits for it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict, replace
from typing import Any, ClassVar, Final

import sqlalchemy as sa
import structlog
from marshmallow import Schema
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.identity.models import Course, Person
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL, Principal
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobFailed, JobKind, RunningJob
from lti_tool.jobs.models import Job
from lti_tool.lti.ags import line_items, missing_line_items, unreadable_results
from lti_tool.lti.ags.comparison import AT_ONCE, Comparison, ReadLineItem, compare, note_gone, rows_of
from lti_tool.lti.ags.grade_records import lock_grades
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.lti.ags.reconciliation import ReadingFailures, may_go_unread
from lti_tool.lti.ags.results import (
    Reading,
    ResultsRefused,
    ResultsUnreadable,
    read_results,
)
from lti_tool.lti.ags.scores import part
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platform_service import PlatformService, ServiceDeps, TokenRefused
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.messaging import pauses
from lti_tool.messaging.models import DeliveryKind
from schemas.jobs import ResultsJobSchema

MOST_ASKED_ALONE: Final = 50
"""Of how many people one reading asks for the results one by one; of the others it says nothing."""
_RETRY_FACTOR: Final = 10
"""Attempts spread over some minutes: a platform may refuse tokens for a while."""

_TRAILS: Final = table_of(ScoreTrail)
_column = _TRAILS.c
_log = structlog.get_logger(__name__)


class ReadResults(JobKind):
    """Reads the results of an activity's line item, of everybody or of one person."""

    name: ClassVar[str] = "read_results"
    schema: ClassVar[type[Schema]] = ResultsJobSchema
    retried: ClassVar[tuple[type[Exception], ...]] = (ResultsUnreadable, TokenRefused)
    max_per_group: ClassVar[int | None] = 2

    def __init__(self, deps: ServiceDeps) -> None:
        self._deps = deps

    def retry_delay(self, delay: dt.timedelta) -> dt.timedelta:
        """See :data:`_RETRY_FACTOR`."""
        return delay * _RETRY_FACTOR

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Read to the end, then compare in transactions of some hundred grades each."""
        require(TOOL, Action.READ_RESULTS)
        person_id: uuid.UUID | None = job.arguments["person_id"]
        with self._deps.database.reading() as db:
            item = _line_item(db, job.arguments["resource_link_id"])
            subject = (
                db.scalar(sa.select(Person.subject).where(Person.id == person_id)) if person_id else None
            )
        if person_id is not None and subject is None:
            raise JobFailed("the person is not known any more")
        reading, gone = self._read(item, subject)
        found = Comparison(readable=reading is not None)
        if reading is not None and subject is None and not reading.unreadable:
            with self._deps.database.transaction() as db:
                unreadable_results.note_complete(db, item.registration_id, item.url)
        with job.transaction() as db:
            self._note_missing(db, item, gone, is_there=reading is not None, is_alone=subject is not None)
        after: uuid.UUID | None = None
        while True:
            with job.transaction() as db:
                # First, as whoever records scores does.
                db.execute(
                    sa.select(ResourceLink.id)
                    .where(ResourceLink.id == item.link_id)
                    .with_for_update(read=True)
                )
                rows = rows_of(db, item, person_id, after)
                if gone is not None:
                    note_gone(db, item, rows, gone, utcnow())
                else:
                    compare(db, item, rows, reading, found, utcnow(), is_here=person_id is not None)
                if len(rows) < AT_ONCE:
                    job.finish(db, asdict(found))
                    break
                after = rows[-1].person_id
                job.report(db, found.compared, phase="comparing")
        _log.info("results_read", link=str(item.link_id), **asdict(found))
        return asdict(found)

    def _read(self, item: ReadLineItem, subject: str | None) -> tuple[Reading | None, str | None]:
        """What the gradebook shows; None where the platform gives no right to read it, or could not be read for long.

        And its words where it says that there is no such line item.
        """
        if not item.may_read:
            return None, None
        service = PlatformService(self._deps, item.registration_id)
        try:
            reading = read_results(service, item.address, subject)
            if subject is None and item.platform.merges_people:
                reading = self._with_merged_people(service, item, reading)
            return reading, None
        except ResultsRefused as error:
            _log.info("results_refused", link=str(item.link_id), reason=str(error))
            if error.is_gone and line_items.is_gone(service, item.address, item.scopes):
                return None, str(error)
            self._note_failure(item, str(error))
            return None, None
        except ResultsUnreadable as error:
            failures = self._note_failure(item, str(error))
            if not may_go_unread(failures, is_final=True, now=utcnow()):
                raise
            _log.warning("results_unreadable", link=str(item.link_id), reason=str(error))
            return None, None

    def _note_missing(
        self, db: Session, item: ReadLineItem, gone: str | None, *, is_there: bool, is_alone: bool
    ) -> None:
        """Count that the line item is gone, or begin anew since it is there. ``is_alone``: one person's was read."""
        if gone is not None:
            if missing_line_items.count(db, item.registration_id, item.url, gone, utcnow()):
                lock_grades(db, (), [item.url])
                missing_line_items.rest(
                    db, item.registration_id, item.url, ScoreRefusal.LINE_ITEM_GONE, utcnow()
                )
        elif is_there:
            if missing_line_items.note_readable(db, item.registration_id, item.url):
                missing_line_items.retry_refused(db, item.registration_id, item.url, utcnow())
                if is_alone:
                    request_results(db, item.link_id, TOOL)
            # Scores that wait for it go at once.
            receiver = str(item.registration_id)
            pauses.ask_part(db, DeliveryKind.SCORE.value, receiver, part(item.url), utcnow())

    def _with_merged_people(self, service: PlatformService, item: ReadLineItem, reading: Reading) -> Reading:
        """The reading with those whose results are listed under an id that the tool does not know.

        Where such an id is listed, everybody whose grade was taken and who is not listed is asked for alone.
        """
        with self._deps.database.reading() as db:
            rows = db.execute(
                sa.select(Person.subject, _column.accepted_score)
                .join(_TRAILS, _column.person_id == Person.id)
                .where(_column.line_item_url == item.url, Person.registration_id == item.registration_id)
            )
            accepted = {row.subject: row.accepted_score is not None for row in rows}
        listed = reading.results.keys() | reading.empty
        if listed <= accepted.keys():
            return reading
        missing = sorted(
            subject for subject, is_taken in accepted.items() if is_taken and subject not in listed
        )
        alone = [read_results(service, item.address, subject) for subject in missing[:MOST_ASKED_ALONE]]
        return replace(
            reading,
            results={
                **reading.results,
                **{name: result for each in alone for name, result in each.results.items()},
            },
            empty=reading.empty.union(*(each.empty for each in alone)),
            unreadable=reading.unreadable.union(
                missing[MOST_ASKED_ALONE:], *(each.unreadable for each in alone)
            ),
        )

    def _note_failure(self, item: ReadLineItem, reason: str) -> ReadingFailures:
        with self._deps.database.transaction() as db:
            return unreadable_results.note_failure(db, item.registration_id, item.url, reason, utcnow())


def _line_item(db: Session, link_id: uuid.UUID) -> ReadLineItem:
    row = db.execute(
        sa.select(
            ResourceLink.line_item_url,
            ResourceLink.line_item_address,
            ResourceLink.scopes,
            Registration.id,
            Registration.issuer,
            Registration.platform_family,
        )
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(ResourceLink.id == link_id)
    ).one_or_none()
    if row is None or row.line_item_url is None:
        raise JobFailed("the activity has no line item")
    platform = platform_of(row.issuer, row.platform_family)
    return ReadLineItem(
        link_id=link_id,
        url=row.line_item_url,
        address=row.line_item_address or row.line_item_url,
        registration_id=row.id,
        platform=platform,
        scopes=tuple(row.scopes),
    )


READ_AGAIN_AFTER: Final = dt.timedelta(minutes=10)
"""How old a reading may be before a tutor who opens the activity has the results read again."""


def read_since(db: Session, resource_link_id: uuid.UUID, since: dt.datetime) -> bool:
    """Whether a reading of everybody's results waits, runs, or ended since then, be it that it failed."""
    job = table_of(Job).c
    found = sa.exists().where(
        job.unique_key == queue.unique_key(ReadResults, _key(resource_link_id, None)),
        sa.or_(job.done_at.is_(None), job.done_at > since),
    )
    return bool(db.scalar(sa.select(found)))


def _key(resource_link_id: uuid.UUID, person_id: uuid.UUID | None) -> str:
    return f"{resource_link_id}:{person_id or 'everybody'}"


def request_results(
    db: Session,
    resource_link_id: uuid.UUID,
    requested_by: Principal,
    *,
    person_id: uuid.UUID | None = None,
) -> int | None:
    """Ask for the results of an activity to be read, of everybody or of one person who is in the course now.

    Returns the job's id, that of the same job where it waits already; None where the activity has no line item.
    """
    row = db.execute(
        sa.select(Deployment.registration_id, Deployment.organisation_id)
        .join(Course, Course.deployment_id == Deployment.id)
        .join(ResourceLink, ResourceLink.course_id == Course.id)
        .where(ResourceLink.id == resource_link_id, ResourceLink.line_item_url.is_not(None))
    ).one_or_none()
    if row is None:
        return None
    return queue.enqueue(
        db,
        ReadResults,
        {"resource_link_id": resource_link_id, "person_id": person_id},
        key=_key(resource_link_id, person_id),
        group_key=str(row.registration_id),
        subject_id=resource_link_id,
        organisation_id=row.organisation_id,
        requested_by=requested_by,
    )
