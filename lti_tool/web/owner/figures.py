"""Reading what the pages of owners and of human resources show: figures, names and completion, never a meeting's date.

Everything is read in a fixed number of statements, whatever the number of cohorts and people.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Course, Membership, Person, display_name
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Deployment
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.completion.queries import rule_from_text
from lti_tool.mentoring.completion.rule import Completion
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.enrolment.queries import NOT_TAKING_PART
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.mentoring.pairs.models import DECLINED, ENDED_STATUSES, Pair, PairStatus
from lti_tool.mentoring.programmes.in_use import is_in_use, latest_settings
from lti_tool.mentoring.programmes.models import (
    Cohort,
    Placement,
    ProgrammeOwner,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.queries import latest_rule
from lti_tool.mentoring.programmes.right_models import HrLink, HrReader, ProgrammeShare
from lti_tool.mentoring.programmes.standing import can_be_used
from lti_tool.mentoring.programmes.tutor_queries import tutor_ids
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.translation.collation import collation_key
from lti_tool.web.language import number
from schemas.problem import ShapeError

SMALLEST_GROUP: Final = 5
"""Figures over fewer people than this are never shown; a programme may ask for more."""


@dataclass(frozen=True)
class PlacedActivity:
    """An activity that opens a cohort."""

    course: str | None
    activity: str | None
    role_view: str


@dataclass(frozen=True)
class Meetings:
    """What the pairs of a cohort did, in sums."""

    confirmed: int
    minutes: int
    pairs: int


@dataclass(frozen=True)
class CohortFigures:
    """A cohort in figures."""

    id: uuid.UUID
    number: int
    kind: str
    status: str
    starts_on: dt.date
    ends_on: dt.date
    follow_up_on: dt.date
    started_at: dt.datetime | None
    """None as long as it is set up."""
    people: int
    waiting: int
    """Of these, who is in no pair yet."""
    completed: int
    in_pairs: int
    """People in a pair that both have accepted and that goes on."""
    meetings: Meetings | None
    """None where fewer people have been in pairs than the smallest group."""
    activities: Sequence[PlacedActivity]
    name: str
    """The title of its settings, in the present language; empty where all of the programme's have the same."""


@dataclass(frozen=True)
class ProgrammeRecord:
    """A programme with its latest settings."""

    id: uuid.UUID
    settings: Mapping[str, Any]
    """In the shape of :mod:`schemas.programme_template`."""
    rule: str
    """The rule of its newest cohort as a sentence; empty where this version of the tool cannot read it."""

    @property
    def title(self) -> str:
        """In the present language."""
        return in_language(self.settings.get("title"))

    @property
    def goal(self) -> str:
        """In the present language."""
        return in_language(self.settings.get("goal"))

    def target_of(self, code: str) -> str:
        """The target of a share, such as ``90 %``; empty where the programme has none."""
        kpi = next((each for each in self.settings.get("kpis", ()) if each.get("code") == code), None)
        target = kpi.get("target") if kpi is not None and kpi.get("unit") == "share" else None
        return (
            _("%(number)s%%", number=number(round(float(Fraction(str(target["value"])) * 100), 1)))
            if target
            else ""
        )

    @property
    def smallest_group(self) -> int:
        """Figures over fewer people are hidden."""
        asked = (self.settings.get("visibility") or {}).get("smallest_group", SMALLEST_GROUP)
        return max(SMALLEST_GROUP, int(asked))

    @property
    def hr_sees_names(self) -> bool:
        """Whether human resources see who takes part."""
        return (self.settings.get("visibility") or {}).get("hr_sees_names") is True


def in_language(text: object) -> str:
    """A text of the settings in the present language, such as ``{"fr": "…", "en": "…"}``; empty for none."""
    if not isinstance(text, Mapping):
        return ""
    return str(text.get(current_language()) or text.get("en") or "")


def takes_part() -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions on a participant: they have said that they take part, and have not left."""
    return (Participant.status.not_in(NOT_TAKING_PART),)


def waits_for_partner() -> sa.ColumnElement[bool]:
    """The condition on a participant that they have said yes, and are in no pair that goes on."""
    either = sa.or_(Pair.mentor_id == Participant.id, Pair.mentee_id == Participant.id)
    paired = sa.exists().where(either, Pair.status.not_in(ENDED_STATUSES)).correlate(Participant)
    return sa.and_(Participant.status == ParticipantStatus.ONBOARDED, ~paired)


def programme_record(db: Session, programme_id: uuid.UUID) -> ProgrammeRecord:
    """A programme. Raises :class:`sqlalchemy.exc.NoResultFound`."""
    settings = db.scalars(latest_settings(programme_id, ProgrammeSettings.settings)).one()
    return ProgrammeRecord(programme_id, settings, rule_sentence(latest_rule(db, programme_id)))


def rule_sentence(rule: str) -> str:
    """A stored rule as a sentence; empty for none, and for one that this version of the tool cannot read."""
    try:
        return sentence_for_tutor(rule_from_text(rule)) if rule else ""
    except ShapeError:
        return ""


def cohorts_of(db: Session, programme_id: uuid.UUID, smallest_group: int) -> list[CohortFigures]:
    """The cohorts of a programme, the newest first. ``smallest_group``: meetings of fewer people are not summed up."""
    people = _counts(
        db,
        sa.select(
            Participant.cohort_id,
            sa.func.count(),
            sa.func.count(sa.case((waits_for_partner(), 1))),
            sa.func.count(sa.case((CompletionRecord.completion == Completion.COMPLETED, 1))),
        )
        .outerjoin(CompletionRecord, CompletionRecord.participant_id == Participant.id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .where(Cohort.programme_id == programme_id, *takes_part())
        .group_by(Participant.cohort_id),
    )
    begun = sa.and_(
        Cohort.programme_id == programme_id,
        Pair.status != PairStatus.PROPOSED,
        sa.func.coalesce(Pair.end_reason, "") != DECLINED,
    )
    met = _counts(
        db,
        sa.select(
            Pair.cohort_id,
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(PairCounters.confirmed), 0),
            sa.func.coalesce(sa.func.sum(PairCounters.confirmed_minutes), 0),
        )
        .outerjoin(PairCounters, PairCounters.pair_id == Pair.id)
        .join(Cohort, Cohort.id == Pair.cohort_id)
        .where(begun)
        .group_by(Pair.cohort_id),
    )
    in_pairs = _counts(
        db,
        sa.select(
            Pair.cohort_id,
            sa.func.count(sa.case((Pair.status.not_in(ENDED_STATUSES), Participant.id)).distinct()),
            sa.func.count(Participant.id.distinct()),
        )
        .join(Participant, Participant.id.in_((Pair.mentor_id, Pair.mentee_id)))
        .join(Cohort, Cohort.id == Pair.cohort_id)
        .where(begun)
        .group_by(Pair.cohort_id),
    )
    activities: dict[uuid.UUID, list[PlacedActivity]] = defaultdict(list)
    for cohort_id, course, activity, role_view in db.execute(
        sa.select(Placement.cohort_id, Course.title, ResourceLink.title, Placement.role_view)
        .join(Cohort, Cohort.id == Placement.cohort_id)
        .join(Course, Course.id == Placement.course_id)
        .join(ResourceLink, ResourceLink.id == Placement.resource_link_id)
        .where(Cohort.programme_id == programme_id)
        .order_by(Placement.created_at, Placement.id)
    ):
        activities[cohort_id].append(PlacedActivity(course, activity, role_view))
    found = []
    rows = db.execute(
        sa.select(Cohort, ProgrammeSettings.settings)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .where(Cohort.programme_id == programme_id, is_in_use())
        .order_by(Cohort.created_at.desc(), Cohort.number.desc())
    ).all()
    titles = [in_language(settings.get("title")) for _cohort, settings in rows]
    several = len(set(titles)) > 1
    for (cohort, _settings), title in zip(rows, titles, strict=True):
        count, waiting, completed = people.get(cohort.id, (0, 0, 0))
        pairs, confirmed, minutes = met.get(cohort.id, (0, 0, 0))
        together, have_met = in_pairs.get(cohort.id, (0, 0))
        found.append(
            CohortFigures(
                id=cohort.id,
                number=cohort.number,
                kind=cohort.kind,
                status=cohort.status,
                starts_on=cohort.starts_on,
                ends_on=cohort.ends_on,
                follow_up_on=cohort.follow_up_on,
                started_at=cohort.started_at,
                people=count,
                waiting=waiting,
                completed=completed,
                in_pairs=together,
                meetings=Meetings(confirmed, minutes, pairs) if have_met >= smallest_group else None,
                activities=activities.get(cohort.id, ()),
                name=title if several else "",
            )
        )
    return found


def _counts(db: Session, query: sa.Select[*tuple[Any, ...]]) -> dict[uuid.UUID, tuple[int, ...]]:
    return {key: tuple(int(value) for value in values) for key, *values in db.execute(query)}


@dataclass(frozen=True)
class NamedPerson:
    """A person with the only name that there is of them."""

    id: uuid.UUID
    name: str | None
    since: dt.datetime | None = None


def owners_of(db: Session, programme_id: uuid.UUID) -> list[NamedPerson]:
    """The owners of a programme, the first one first."""
    rows = db.execute(
        sa.select(Person, ProgrammeOwner.created_at)
        .join(ProgrammeOwner, ProgrammeOwner.person_id == Person.id)
        .where(ProgrammeOwner.programme_id == programme_id)
        .order_by(ProgrammeOwner.created_at, Person.id)
    )
    return [NamedPerson(person.id, display_name(person), since) for person, since in rows]


def possible_owners(db: Session, programme_id: uuid.UUID) -> list[NamedPerson]:
    """The tutors of a programme's courses who do not own it, by name."""
    owners = sa.select(ProgrammeOwner.person_id).where(ProgrammeOwner.programme_id == programme_id)
    rows = db.scalars(
        sa.select(Person).where(Person.id.in_(tutor_ids(db, programme_id)), Person.id.not_in(owners))
    )
    return _by_name([NamedPerson(person.id, display_name(person)) for person in rows])


def readers_of(db: Session, programme_id: uuid.UUID) -> list[NamedPerson]:
    """Who reads a programme for human resources, the first one first."""
    rows = db.execute(
        sa.select(Person, HrReader.granted_at)
        .join(HrReader, HrReader.person_id == Person.id)
        .where(HrReader.programme_id == programme_id, HrReader.ended_at.is_(None))
        .order_by(HrReader.granted_at, Person.id)
    )
    return [NamedPerson(person.id, display_name(person), since) for person, since in rows]


def open_links_of(db: Session, programme_id: uuid.UUID, now: dt.datetime) -> Sequence[HrLink]:
    """The links for human resources that can still be used, the newest first."""
    return db.scalars(
        sa.select(HrLink)
        .where(HrLink.programme_id == programme_id, *can_be_used(now))
        .order_by(HrLink.created_at.desc(), HrLink.id)
    ).all()


def names_of(db: Session, people: Collection[uuid.UUID]) -> dict[uuid.UUID, str | None]:
    """What these people are called."""
    return {
        person.id: display_name(person)
        for person in db.scalars(sa.select(Person).where(Person.id.in_(people)))
    }


@dataclass(frozen=True)
class SharedCourse:
    """A course with whose teachers a programme is shared, or can be."""

    id: uuid.UUID | None
    """None for every course of the organisation."""
    title: str | None


def shares_of(db: Session, programme_id: uuid.UUID) -> list[SharedCourse]:
    """With whose teachers a programme is shared: with all first, then by the title of the course."""
    rows = db.execute(
        sa.select(ProgrammeShare.course_id, Course.title)
        .outerjoin(Course, Course.id == ProgrammeShare.course_id)
        .where(ProgrammeShare.programme_id == programme_id)
    )
    found = [SharedCourse(course_id, title) for course_id, title in rows]
    return sorted(found, key=lambda each: (each.id is not None, collation_key(each.title or "")))


def courses_to_share_with(
    db: Session, organisation_id: uuid.UUID, programme_id: uuid.UUID
) -> list[SharedCourse]:
    """The courses of an organisation in which somebody teaches, and with which a programme is not shared yet."""
    shared = sa.select(ProgrammeShare.course_id).where(
        ProgrammeShare.programme_id == programme_id, ProgrammeShare.course_id.is_not(None)
    )
    taught = sa.exists().where(Membership.course_id == Course.id, Membership.role == "tutor")
    rows = db.execute(
        sa.select(Course.id, Course.title)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .where(Deployment.organisation_id == organisation_id, taught, Course.id.not_in(shared))
    )
    found = [SharedCourse(course_id, title) for course_id, title in rows]
    return sorted(found, key=lambda each: (each.title is None, collation_key(each.title or "")))


def is_course_of(db: Session, course_id: uuid.UUID, organisation_id: uuid.UUID) -> bool:
    """Whether a course belongs to an organisation."""
    found = (
        sa.select(Course.id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .where(Course.id == course_id, Deployment.organisation_id == organisation_id)
    )
    return db.scalar(found) is not None


def _by_name(people: Sequence[NamedPerson]) -> list[NamedPerson]:
    return sorted(people, key=lambda each: (each.name is None, collation_key(each.name or ""), str(each.id)))
