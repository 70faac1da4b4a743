"""What is known of grades, for pages, commands and checks."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.identity.models import Course, Person, display_name
from lti_tool.lti.ags.models import (
    READING_FAILED,
    GradeStatus,
    MissingLineItem,
    ScoreTrail,
    UnreadableResults,
)
from lti_tool.lti.ags.scores import is_reopened, part
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.platforms.base import Platform, ScoreRefusal
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.messaging import pauses
from lti_tool.messaging.models import DeliveryKind, DeliveryPause

_TRAILS: Final = table_of(ScoreTrail)
_column = _TRAILS.c
_PLATFORM: Final = (table_of(Registration).c.issuer, table_of(Registration).c.platform_family)
UNSETTLED: Final = (GradeStatus.ON_ITS_WAY, GradeStatus.WAITING)
NEEDS_SOMEBODY: Final = (GradeStatus.REFUSED, GradeStatus.REMOVED, GradeStatus.NOT_SHOWN)
"""What does not change by itself within a day."""


@dataclass(frozen=True, slots=True)
class Grade:
    """One person's grade in one line item, as far as is known."""

    person_id: uuid.UUID
    line_item_url: str
    status: GradeStatus
    wanted: int | None
    """The grade that should stand there, of a hundred; None as long as there should be none."""
    reason: str | None
    refusal: str | None
    result_score: float | None
    result_maximum: float | None
    accepted_score: int | None
    """``scoreGiven`` of the latest score that the platform took; None when that gave none, or none was taken."""
    accepted_at: dt.datetime | None
    read_at: dt.datetime | None
    unreadable_since: dt.datetime | None
    """Since when the results of its line item cannot be read; None where they can."""
    rests_since: dt.datetime | None
    """Since when nothing is sent to its line item any more, which was missing for long; None where that is not so."""
    deletions: int
    """How often it was found missing and sent again, since somebody last asked for that."""
    is_reopened: bool
    """Whether the completion was reopened: what the gradebook shows stays until the person completes again."""
    changed_at: dt.datetime
    platform: Platform

    @property
    def accepted_by(self) -> str | None:
        """The platform's name, where its results are the tool's own word and say nothing of its gradebook."""
        return (self.platform.name or "") if self.platform.results_are_own_word else None

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say of it: one that should not be there yet is of no interest."""
        return self.wanted is not None or self.status in (GradeStatus.REFUSED, GradeStatus.SOMEBODY_ELSES)

    def is_stale(self, since: dt.datetime) -> bool:
        """Whether it should stand in the gradebook, and was neither taken nor seen there since then."""
        last = max(filter(None, (self.read_at, self.accepted_at)), default=self.changed_at)
        return self.wanted is not None and self.rests_since is None and last < since

    @property
    def came_back(self) -> bool:
        """Whether it was deleted in the gradebook, and sent again, or is about to be."""
        return self.deletions > 0 and self.status in (GradeStatus.RECORDED, *UNSETTLED)

    @property
    def waits_for_reading(self) -> bool:
        """Whether it waits because nobody knows what is there."""
        return self.status is GradeStatus.WAITING and (self.reason or "").startswith(READING_FAILED)

    @property
    def went_unread(self) -> bool:
        """Whether it was sent without knowing what was there, since that could not be read for long."""
        since, taken, read = self.unreadable_since, self.accepted_at, self.read_at
        return since is not None and taken is not None and taken >= since and (read is None or read < taken)

    @property
    def is_number_known(self) -> bool:
        """Whether the number of a grade that is somebody's own is theirs.

        Canvas scales what the tool posted as though it were a teacher's points: more than the maximum is no grade.
        """
        is_above = (self.result_score or 0.0) > (self.result_maximum or 1.0)
        return not (is_above and self.platform.results_are_own_word)

    @property
    def was_not_sent(self) -> bool:
        """Whether it was given up before the platform was asked, so that the platform has refused nothing."""
        return self.status is GradeStatus.REFUSED and self.refusal == ScoreRefusal.NOT_SENT

    @property
    def can_be_sent_again(self) -> bool:
        """Whether somebody may ask for it to be sent once more."""
        return self.status in NEEDS_SOMEBODY


def _chosen(registration_id: uuid.UUID) -> sa.Select[Any]:
    """Grades at one platform, each with the pauses of the platform and of its hosts (:func:`_pauses_of`)."""
    person, unreadable = (table_of(kind).c for kind in (Person, UnreadableResults))
    return (
        sa.select(
            _TRAILS,
            person.registration_id,
            *_PLATFORM,
            unreadable.began_at.label("unreadable_since"),
            table_of(MissingLineItem).c.rests_since,
            _pauses_of(registration_id).label("paused"),
        )
        .join(Person, person.id == _column.person_id)
        .join(Registration, Registration.id == person.registration_id)
        .outerjoin(UnreadableResults, _of_line_item(UnreadableResults, person.registration_id))
        .outerjoin(MissingLineItem, _of_line_item(MissingLineItem, person.registration_id))
        .where(person.registration_id == registration_id)
    )


def _pauses_of(registration_id: uuid.UUID) -> sa.ScalarSelect[Any]:
    """Which of a platform's hosts, or whether it as a whole, is not asked at present, and why: a line for each."""
    pause = table_of(DeliveryPause).c
    return (
        sa.select(sa.func.aggregate_strings(pause.part + " " + pause.reason, "\n"))
        .where(
            pause.kind == DeliveryKind.SCORE.value,
            pause.receiver == str(registration_id),
            sa.or_(pause.part == pauses.WHOLE, pause.part.endswith(pauses.GROUP_END)),
        )
        .scalar_subquery()
    )


def _why_paused(paused: str | None, line_item_url: str) -> str | None:
    """Why a grade waits with all others of its platform or of its host; None where it does not."""
    if not paused:
        return None
    reasons = {name: reason for name, _, reason in (line.partition(" ") for line in paused.split("\n"))}
    groups = (pauses.WHOLE, pauses.group_of(part(line_item_url)))
    return next((reasons[each] for each in groups if each in reasons), None)


def _of_line_item(
    mapped: type[UnreadableResults | MissingLineItem], registration_id: sa.ColumnElement[uuid.UUID]
) -> sa.ColumnElement[bool]:
    """Joins what is known of a grade's line item."""
    known = table_of(mapped).c
    return sa.and_(known.registration_id == registration_id, known.line_item_url == _column.line_item_url)


def _grade(row: Any, paused: str | None) -> Grade:
    """``paused``: why the platform is not asked at present; what is on its way there waits."""
    waits = paused is not None and row.grade_status in UNSETTLED
    return Grade(
        person_id=row.person_id,
        line_item_url=row.line_item_url,
        status=GradeStatus.WAITING if waits else GradeStatus(row.grade_status),
        wanted=row.score,
        reason=paused if waits else row.reason,
        refusal=row.refusal,
        result_score=row.result_score,
        result_maximum=row.result_maximum,
        accepted_score=row.accepted_score,
        accepted_at=row.accepted_at,
        read_at=row.read_at,
        unreadable_since=row.unreadable_since,
        rests_since=row.rests_since,
        deletions=row.deletions,
        is_reopened=is_reopened(row),
        changed_at=row.changed_at,
        platform=platform_of(row.issuer, row.platform_family),
    )


def grade_of(
    db: Session, registration_id: uuid.UUID, line_item_url: str, person_id: uuid.UUID
) -> Grade | None:
    """One person's grade in a line item; None where nothing was recorded for it."""
    row = db.execute(
        _chosen(registration_id).where(_column.line_item_url == line_item_url, _column.person_id == person_id)
    ).one_or_none()
    return None if row is None else _grade(row, _why_paused(row.paused, row.line_item_url))


def grades_of(
    db: Session, registration_id: uuid.UUID, links: Collection[uuid.UUID] | sa.Select[uuid.UUID]
) -> list[Grade]:
    """The grades in the line items of these activities of a platform, or of those that a query finds."""
    rows = db.execute(
        _chosen(registration_id)
        .where(_column.line_item_url.in_(_urls(links)))
        .order_by(_column.line_item_url, _column.person_id)
    )
    return [_grade(row, _why_paused(row.paused, row.line_item_url)) for row in rows]


def _urls(links: Collection[uuid.UUID] | sa.Select[uuid.UUID]) -> sa.Select[str | None]:
    return sa.select(ResourceLink.line_item_url).where(ResourceLink.id.in_(links))


def state_of(grades: Sequence[Grade]) -> str:
    """Changes whenever a page that shows these grades does."""
    latest = max((grade.changed_at for grade in grades), default=None)
    waits = any(grade.status is GradeStatus.WAITING for grade in grades)
    unreadable = max((grade.unreadable_since for grade in grades if grade.unreadable_since), default=None)
    return f"{len(grades)} {latest} {waits} {unreadable}"


def state_of_grades(
    db: Session, registration_id: uuid.UUID, links: Collection[uuid.UUID] | sa.Select[uuid.UUID]
) -> str:
    """The :func:`state_of` the :func:`grades_of` these activities, without reading them one by one."""
    chosen = _chosen(registration_id).where(_column.line_item_url.in_(_urls(links))).subquery()
    grades = chosen.c
    rows = db.execute(
        sa.select(
            grades.line_item_url,
            sa.func.min(grades.paused).label("paused"),
            sa.func.count().label("count_"),
            sa.func.max(grades.changed_at).label("latest"),
            sa.func.sum(sa.case((grades.grade_status == GradeStatus.WAITING, 1), else_=0)).label("waiting"),
            sa.func.sum(sa.case((grades.grade_status.in_(UNSETTLED), 1), else_=0)).label("unsettled"),
            sa.func.max(grades.unreadable_since).label("unreadable"),
        )
        .select_from(chosen)
        .group_by(grades.line_item_url)
    ).all()
    count = sum(row.count_ for row in rows)
    latest = max((row.latest for row in rows), default=None)
    waits = any(
        row.waiting or (row.unsettled and _why_paused(row.paused, row.line_item_url) is not None)
        for row in rows
    )
    unreadable = max((row.unreadable for row in rows if row.unreadable), default=None)
    return f"{count} {latest} {waits} {unreadable}"


@dataclass(frozen=True, slots=True)
class NamedGrade:
    """A grade with whose it is and where."""

    grade: Grade
    person: str
    course_id: uuid.UUID | None
    course: str
    resource_link_id: uuid.UUID | None
    """The activity; None where no activity has this line item any more."""


def named_grades(
    db: Session,
    *,
    person_id: uuid.UUID | None = None,
    course_id: uuid.UUID | None = None,
    statuses: Collection[GradeStatus] | None = None,
    of_activities: bool = False,
    limit: int | None = None,
) -> list[NamedGrade]:
    """Grades with people and courses, those that changed last first; of one person, of one course, or of all.

    ``of_activities``: only those whose line item an activity still has. Two activities of a course that share a line
    item share its grades, which are listed once.
    """
    newest_link = (
        sa.select(ResourceLink.id)
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .where(
            ResourceLink.line_item_url == _column.line_item_url,
            # Another platform's activity may bear the same address, whatever that platform means by it.
            Deployment.registration_id == Person.registration_id,
        )
        .order_by(ResourceLink.created_at.desc(), ResourceLink.id)
        .limit(1)
        .correlate(_TRAILS, table_of(Person))
        .scalar_subquery()
    )
    chosen = (
        sa.select(
            _TRAILS,
            Person,
            table_of(Person).c.registration_id,
            *_PLATFORM,
            table_of(UnreadableResults).c.began_at.label("unreadable_since"),
            table_of(MissingLineItem).c.rests_since,
            ResourceLink.id.label("link_id"),
            Course.id.label("course_id"),
            sa.func.coalesce(Course.title, Course.context_id).label("course_title"),
        )
        .join(Person, Person.id == _column.person_id)
        .join(Registration, Registration.id == table_of(Person).c.registration_id)
        .outerjoin(UnreadableResults, _of_line_item(UnreadableResults, table_of(Person).c.registration_id))
        .outerjoin(MissingLineItem, _of_line_item(MissingLineItem, table_of(Person).c.registration_id))
        .outerjoin(ResourceLink, ResourceLink.id == newest_link)
        .outerjoin(Course, Course.id == ResourceLink.course_id)
        .order_by(_column.changed_at.desc(), _column.line_item_url, _column.person_id)
    )
    if person_id is not None:
        chosen = chosen.where(_column.person_id == person_id)
    if course_id is not None:
        chosen = chosen.where(Course.id == course_id)
    if of_activities:
        chosen = chosen.where(ResourceLink.id.is_not(None))
    if statuses is not None:
        chosen = chosen.where(_column.grade_status.in_([status.value for status in statuses]))
    if limit is not None:
        chosen = chosen.limit(limit)
    rows = db.execute(chosen).all()
    paused: dict[str, list[str]] = {}
    for pause in pauses.read(db, DeliveryKind.SCORE.value).rows:
        paused.setdefault(pause.receiver, []).append(f"{pause.part} {pause.reason}")
    return [
        NamedGrade(
            _grade(row, _why_paused("\n".join(paused.get(str(row.registration_id), ())), row.line_item_url)),
            display_name(row.Person) or f"the person {row.Person.subject}",
            row.course_id,
            row.course_title or "a course that is gone",
            row.link_id,
        )
        for row in rows
    ]
