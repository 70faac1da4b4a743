"""The job that reads results back, compares them with what should stand, and sends again what is missing.

It is asked for behind a launch, when a roster says that somebody came back, once a day, and by a tutor or an operator.
No page waits for it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Final

import sqlalchemy as sa
import structlog
from marshmallow import Schema
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW, table_of, utcnow
from lti_tool.identity.models import Course, Person
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL, Principal
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobFailed, JobKind, RunningJob
from lti_tool.lti.ags import line_items, unreadable_results, unsent_scores
from lti_tool.lti.ags.columns import graded_people
from lti_tool.lti.ags.grade_records import grade_record
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.ags.reconciliation import Decision, ReadingFailures, Unsent, decide, may_go_unread
from lti_tool.lti.ags.results import (
    RESULT_SCOPE,
    Reading,
    ResultsRefused,
    ResultsUnreadable,
    read_results,
)
from lti_tool.lti.ags.scores import order_key, send_again
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platform_service import PlatformService, ServiceDeps
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.platforms.base import Platform, ScoreRefusal
from lti_tool.lti.registration.models import Deployment, Registration
from schemas.jobs import ResultsJobSchema

AT_ONCE: Final = 500
"""How many grades one transaction compares."""
MOST_ASKED_ALONE: Final = 50
"""Of how many people one reading asks for the results one by one; of the others it says nothing."""
_RETRY_FACTOR: Final = 10
"""Attempts spread over some minutes: a platform may refuse tokens for a while."""

_TRAILS: Final = table_of(ScoreTrail)
_column = _TRAILS.c
_log = structlog.get_logger(__name__)


@dataclass
class Comparison:
    """What one reading found."""

    compared: int = 0
    sent_again: int = 0
    removed: int = 0
    """Missing again after they were sent a second time."""
    somebody_elses: int = 0
    readable: bool = True
    """Whether the platform lets results be read."""


@dataclass(frozen=True)
class _LineItem:
    link_id: uuid.UUID
    url: str
    registration_id: uuid.UUID
    platform: Platform
    scopes: tuple[str, ...]

    @property
    def may_read(self) -> bool:
        return RESULT_SCOPE in self.scopes


class ReadResults(JobKind):
    """Reads the results of an activity's line item, of everybody or of one person."""

    name: ClassVar[str] = "read_results"
    schema: ClassVar[type[Schema]] = ResultsJobSchema
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
        after: uuid.UUID | None = None
        while True:
            with job.transaction() as db:
                # First, as whoever records scores does.
                db.execute(
                    sa.select(ResourceLink.id)
                    .where(ResourceLink.id == item.link_id)
                    .with_for_update(read=True)
                )
                rows = _rows(db, item, person_id, after)
                if gone is not None:
                    _note_gone(db, item, rows, gone, utcnow())
                else:
                    _compare(db, item, rows, reading, found, utcnow(), is_here=person_id is not None)
                if len(rows) < AT_ONCE:
                    job.finish(db, asdict(found))
                    break
                after = rows[-1].person_id
                job.report(db, found.compared, phase="comparing")
        _log.info("results_read", link=str(item.link_id), **asdict(found))
        return asdict(found)

    def _read(self, item: _LineItem, subject: str | None) -> tuple[Reading | None, str | None]:
        """What the gradebook shows; None where the platform gives no right to read it, or could not be read for long.

        And its words where it says that there is no such line item.
        """
        if not item.may_read:
            return None, None
        service = PlatformService(self._deps, item.registration_id)
        try:
            reading = read_results(service, item.url, subject)
            if subject is None and item.platform.merges_people:
                reading = self._with_merged_people(service, item, reading)
            return reading, None
        except ResultsRefused as error:
            _log.info("results_refused", link=str(item.link_id), reason=str(error))
            if error.is_gone and line_items.is_gone(service, item.url, item.scopes):
                return None, str(error)
            self._note_failure(item, str(error))
            return None, None
        except ResultsUnreadable as error:
            failures = self._note_failure(item, str(error))
            if not may_go_unread(failures, is_final=True, now=utcnow()):
                raise
            _log.warning("results_unreadable", link=str(item.link_id), reason=str(error))
            return None, None

    def _with_merged_people(self, service: PlatformService, item: _LineItem, reading: Reading) -> Reading:
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
        alone = [read_results(service, item.url, subject) for subject in missing[:MOST_ASKED_ALONE]]
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

    def _note_failure(self, item: _LineItem, reason: str) -> ReadingFailures:
        with self._deps.database.transaction() as db:
            return unreadable_results.note_failure(db, item.registration_id, item.url, reason, utcnow())


def _line_item(db: Session, link_id: uuid.UUID) -> _LineItem:
    row = db.execute(
        sa.select(
            ResourceLink.line_item_url,
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
    return _LineItem(link_id, row.line_item_url, row.id, platform, tuple(row.scopes))


def _rows(
    db: Session, item: _LineItem, person_id: uuid.UUID | None, after: uuid.UUID | None
) -> Sequence[sa.Row[Any]]:
    """Some of the grades of a line item, locked, in the order of their people, with the platform's ids of these."""
    person = table_of(Person).c
    chosen = (
        sa.select(_TRAILS, person.subject)
        .join(Person, person.id == _column.person_id)
        .where(_column.line_item_url == item.url, person.registration_id == item.registration_id)
        .order_by(_column.person_id)
        .limit(AT_ONCE)
        .with_for_update(of=ScoreTrail, **LOCK_ROW)
    )
    if person_id is not None:
        chosen = chosen.where(_column.person_id == person_id)
    if after is not None:
        chosen = chosen.where(_column.person_id > after)
    return db.execute(chosen).all()


def _compare(
    db: Session,
    item: _LineItem,
    rows: Sequence[sa.Row[Any]],
    reading: Reading | None,
    found: Comparison,
    now: dt.datetime,
    *,
    is_here: bool,
) -> None:
    """Decide on each grade, and write what follows. ``is_here``: these people are in the course at this moment."""
    unsent = unsent_scores.by_order_key(db, [order_key(row.line_item_url, row.person_id) for row in rows])
    # What the platform took shortly before, it may not show yet.
    lag = item.platform.results_lag
    decisions = [
        (row, decision)
        for row in rows
        if (decision := _decision(row, reading, lag, now, _unsent(unsent, _line(row)), is_here=is_here))
        is not None
    ]
    graded = graded_people(db, item.link_id, [row.person_id for row, decision in decisions if decision.send])
    again: list[sa.Row[Any]] = []
    withdrawn: list[str] = []
    updates: list[dict[str, Any]] = []
    for row, decision in decisions:
        found.compared += 1
        if decision.send and row.person_id not in graded:
            # Whoever is no learner of the course has no grade there, and is compared again once they are.
            continue
        found.removed += decision.status in (GradeStatus.REMOVED, GradeStatus.NOT_SHOWN)
        found.somebody_elses += decision.status is GradeStatus.SOMEBODY_ELSES
        if decision.send:
            again.append(row)
        if decision.withdraw:
            withdrawn.append(_line(row))
        updates.append(_update(row, decision, reading, now))
    if withdrawn:
        unsent_scores.supersede_waiting(db, withdrawn)
    unsent_scores.supersede_dead(
        db,
        [
            _line(row)
            for row, decision in decisions
            if row.grade_status == GradeStatus.REFUSED
            and decision.status is not GradeStatus.REFUSED
            and (not decision.send or row.person_id in graded)
        ],
    )
    if updates:
        key = sa.and_(_column.line_item_url == item.url, _column.person_id == sa.bindparam("of_person"))
        db.connection().execute(sa.update(_TRAILS).where(key), updates)
    if again:
        found.sent_again += send_again(db, item.link_id, _as_updated(db, item, again), now)


def _note_gone(
    db: Session, item: _LineItem, rows: Sequence[sa.Row[Any]], words: str, now: dt.datetime
) -> None:
    """Say of grades that stood in the line item that it is gone; of others, the answer to their score says it."""
    stood = [
        row.person_id
        for row in rows
        if row.grade_status in (GradeStatus.RECORDED, GradeStatus.SOMEBODY_ELSES)
        and row.result_score is not None
    ]
    if stood:
        db.execute(
            sa.update(_TRAILS)
            .where(_column.line_item_url == item.url, _column.person_id.in_(stood))
            .values(
                grade_status=GradeStatus.REFUSED.value,
                refusal=ScoreRefusal.LINE_ITEM_GONE.value,
                reason=words,
                refused_at=now,
                changed_at=now,
            )
        )


def _line(row: sa.Row[Any]) -> str:
    return order_key(row.line_item_url, row.person_id)


def _decision(
    row: sa.Row[Any],
    reading: Reading | None,
    lag: dt.timedelta,
    now: dt.datetime,
    unsent: Unsent,
    *,
    is_here: bool,
) -> Decision | None:
    """What to do about one grade; None where the reading says nothing about it."""
    record = grade_record(row)
    if reading is None:
        # Nothing is known of what is there: what was refused can be tried again, and that is all.
        if record.status is not GradeStatus.REFUSED:
            return None
        record = replace(record, was_gone=False)
        decision = decide(record, None, read_at=now, unsent=unsent, retry_refused=is_here)
        return decision if decision.send else None
    result = reading.results.get(row.subject)
    if not reading.tells_of(row.subject):
        return None
    read_at = reading.began_at - lag
    decision = decide(
        record,
        result,
        read_at=read_at,
        unsent=unsent,
        retry_refused=is_here,
        is_empty=row.subject in reading.empty,
    )
    return decision if decision.conclusive else None


def _unsent(statuses: Mapping[str, bool], line: str) -> Unsent:
    if line not in statuses:
        return Unsent.NOTHING
    return Unsent.IN_FLIGHT if statuses[line] else Unsent.WAITING


def _update(
    row: sa.Row[Any], decision: Decision, reading: Reading | None, now: dt.datetime
) -> dict[str, Any]:
    result = reading.results.get(row.subject) if reading is not None else None
    values = {
        "of_person": row.person_id,
        "grade_status": decision.status.value,
        "deletions": decision.deletions,
        "result_score": result.score if result else None,
        "result_maximum": result.maximum if result else None,
        "read_at": reading.began_at if reading is not None else row.read_at,
        "shown_at": row.shown_at,
        "refused_at": row.refused_at,
        "reason": row.reason,
        "refusal": row.refusal,
        "changed_at": row.changed_at,
    }
    if decision.status is not GradeStatus.REFUSED and row.grade_status == GradeStatus.REFUSED:
        values |= {"refused_at": None, "reason": None, "refusal": None}
    if decision.status is not GradeStatus.REFUSED:
        values["refusal"] = ScoreRefusal.EMPTIED.value if decision.is_emptied else None
    if result is not None and reading is not None and grade_record(row).sent(result):
        values["shown_at"] = reading.began_at
    shown = ("grade_status", "deletions", "result_score", "result_maximum", "reason", "refusal")
    if any(values[name] != getattr(row, name) for name in shown):
        values["changed_at"] = now
    return values


def _as_updated(db: Session, item: _LineItem, rows: Collection[sa.Row[Any]]) -> Sequence[sa.Row[Any]]:
    """The rows as they are after the update."""
    people = [row.person_id for row in rows]
    return db.execute(
        sa.select(_TRAILS).where(_column.line_item_url == item.url, _column.person_id.in_(people))
    ).all()


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
        key=f"{resource_link_id}:{person_id or 'everybody'}",
        group_key=str(row.registration_id),
        subject_id=resource_link_id,
        organisation_id=row.organisation_id,
        requested_by=requested_by,
    )
