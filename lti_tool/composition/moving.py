"""What moving pairs to another cohort will change, said before it is done: for whom, by which rule, in which gradebook.

The moving itself is :func:`lti_tool.mentoring.pairs.moving.move_pairs`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.composition.cohort_facts import Judged, judged_people
from lti_tool.identity.models import Course, Membership
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.completion.preview import PersonPreview, preview, since, united_to_judge
from lti_tool.mentoring.completion.queries import rule_of
from lti_tool.mentoring.completion.rule import CompletionRule
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.queries import (
    ParticipantRecord,
    participants,
    participants_of_people,
)
from lti_tool.mentoring.pairs.moving import Hindered, hindrances, pairs_moved_together
from lti_tool.mentoring.pairs.queries import PairRecord
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CohortStatus,
    Placement,
    ProgrammeOwner,
    RoleView,
)
from lti_tool.mentoring.programmes.queries import activities_taught, rule_of_cohort


@dataclass(frozen=True)
class Place:
    """An activity that opens a cohort."""

    course_id: uuid.UUID
    course: str | None
    activity: str | None
    role_view: RoleView
    has_column: bool
    """Whether the gradebook of its course has a column for it."""


@dataclass(frozen=True)
class OtherGroup:
    """A cohort that runs, and to which pairs can be moved."""

    id: uuid.UUID
    number: int
    kind: str
    starts_on: dt.date
    ends_on: dt.date
    places: tuple[Place, ...]
    people: int
    """How many people take part in it."""
    rule: CompletionRule

    @property
    def courses(self) -> tuple[str, ...]:
        """The titles of the courses in which it can be opened, each once."""
        return tuple(dict.fromkeys(place.course for place in self.places if place.course))

    def places_of(self, role: str) -> list[Place]:
        """Where people of a role open it."""
        return [place for place in self.places if place.role_view.covers(role)]


def groups_to_move_to(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> list[OtherGroup]:
    """The other cohorts of a programme that run and that an activity opens, if the person teaches them or owns it."""
    other, here = aliased(Cohort), aliased(Cohort)
    owned = sa.exists().where(
        ProgrammeOwner.programme_id == other.programme_id, ProgrammeOwner.person_id == person_id
    )
    people = (
        sa.select(sa.func.count())
        .where(
            Participant.cohort_id == other.id,
            Participant.refused_at.is_(None),
            Participant.taken_out_at.is_(None),
        )
        .scalar_subquery()
    )
    rows = db.execute(
        sa.select(other, people, Placement, Course.title, ResourceLink.title, ResourceLink.line_item_url)
        .join(here, sa.and_(here.programme_id == other.programme_id, here.id == cohort_id))
        .join(Placement, Placement.cohort_id == other.id)
        .join(Course, Course.id == Placement.course_id)
        .join(ResourceLink, ResourceLink.id == Placement.resource_link_id)
        .where(
            other.id != cohort_id,
            other.status == CohortStatus.RUNNING,
            sa.or_(owned, activities_taught(other.id, person_id).correlate(other).exists()),
        )
        .order_by(other.number, other.id, Placement.created_at, Placement.id)
    )
    found: dict[uuid.UUID, tuple[Cohort, int, list[Place]]] = {}
    for cohort, count, placed, course, activity, column in rows:
        place = Place(placed.course_id, course, activity, RoleView(placed.role_view), column is not None)
        found.setdefault(cohort.id, (cohort, count, []))[2].append(place)
    return [
        OtherGroup(
            each.id,
            each.number,
            each.kind,
            each.starts_on,
            each.ends_on,
            tuple(places),
            count,
            rule_of(rule_of_cohort(db, each.id)),
        )
        for each, count, places in found.values()
    ]


@dataclass(frozen=True)
class MovedPerson:
    """One of the two of a pair that is to be moved."""

    participant: ParticipantRecord
    effect: PersonPreview | None
    """How far they are by both rules; None of somebody who has not said yet that they take part."""
    missing_in: tuple[Place, ...]
    """Where people of their role open the other cohort, if they are in none of these courses; else nowhere."""
    has_place: bool
    """Whether the other cohort has an activity for their role."""
    graded_in: tuple[Place, ...]
    """Whose gradebooks their grades go to from then on."""
    is_there_already: bool
    """Whether they are enrolled in the other cohort: the two enrolments become one."""
    hindered: Hindered | None
    """Why they cannot go on there; None of whoever can."""
    partners_there: tuple[ParticipantRecord, ...]
    """With whom they are in a pair there that keeps them from it."""


@dataclass(frozen=True)
class MovedPair:
    """A pair that is to be moved, or cannot be."""

    pair: PairRecord
    mentor: MovedPerson
    mentee: MovedPerson
    is_further: bool
    """It was not asked for, and moves because one of its people does."""

    @property
    def both(self) -> tuple[MovedPerson, MovedPerson]:
        """The one who learns, and the one who teaches."""
        return self.mentee, self.mentor

    @property
    def can_move(self) -> bool:
        """Whether nothing keeps either of the two from it."""
        return all(each.hindered is None for each in self.both)


@dataclass(frozen=True)
class MovePlan:
    """What would happen if pairs were moved now."""

    to: OtherGroup
    moving: tuple[MovedPair, ...]
    staying: tuple[MovedPair, ...]
    """Those that cannot be moved, because somebody cannot go on there."""
    rule: CompletionRule
    """Of the other cohort."""
    rule_number: int
    """Its version."""
    rule_so_far: CompletionRule
    """Of the cohort that they leave."""

    @property
    def people(self) -> list[MovedPerson]:
        """Everybody who moves, each once."""
        return list({each.participant.id: each for pair in self.moving for each in pair.both}.values())


def plan_move(db: Session, cohort_id: uuid.UUID, to: OtherGroup, pair_ids: Collection[uuid.UUID]) -> MovePlan:
    """What moving these pairs of a cohort, and what moves with them, would do. Pairs that are over are left out."""
    found = [pair for pair in pairs_moved_together(db, pair_ids) if pair.cohort_id == cohort_id]
    records = participants(db, {member for pair in found for member in pair.members})
    people = [record.person_id for record in records.values()]
    enrolled = participants_of_people(db, to.id, people)
    here = _courses_of(db, people, [place.course_id for place in to.places])
    hindered = hindrances(db, found, to.id)
    partners = participants(db, {each for one in hindered.values() for each in one.with_whom})
    in_force = rule_of_cohort(db, to.id)
    rule, rule_so_far = rule_of(in_force), rule_of(rule_of_cohort(db, cohort_id))
    judged = (
        [each for each in judged_people(db, cohort_id) if each.participant_id in records] if found else []
    )
    effects = _effects(db, judged, enrolled, rule_so_far, rule, to.id)

    def moved(record: ParticipantRecord) -> MovedPerson:
        places = to.places_of(record.role)
        is_in_one = any(place.course_id in here.get(record.person_id, ()) for place in places)
        return MovedPerson(
            record,
            effects.get(record.id),
            () if is_in_one else tuple(places),
            bool(places),
            tuple(place for place in places if place.has_column and rule.reporting.covers(record.role)),
            record.person_id in enrolled,
            hindered.get(record.id),
            tuple(partners[each] for each in hindered[record.id].with_whom) if record.id in hindered else (),
        )

    by_id = {record.id: moved(record) for record in records.values()}
    pairs = [
        MovedPair(pair, by_id[pair.mentor_id], by_id[pair.mentee_id], pair.id not in pair_ids)
        for pair in found
    ]
    pairs.sort(key=lambda each: each.is_further)
    staying = _held_back(pairs)
    moving = tuple(each for each in pairs if each.pair.id not in staying)
    return MovePlan(
        to,
        moving,
        tuple(each for each in pairs if each.pair.id in staying),
        rule,
        in_force.number,
        rule_so_far,
    )


def _effects(
    db: Session,
    judged: Collection[Judged],
    enrolled: Mapping[uuid.UUID, ParticipantRecord],
    rule: CompletionRule,
    other_rule: CompletionRule,
    to_cohort_id: uuid.UUID,
) -> dict[uuid.UUID, PersonPreview]:
    """How far each of these people is by both rules; of who is there already, with what they did there."""
    alone = preview(rule, other_rule, [each.to_judge for each in judged]).people
    effects = {each.participant_id: each for each in alone}
    if not enrolled:
        return effects
    there = {each.person_id: each.to_judge for each in judged_people(db, to_cohort_id)}
    both = [
        united_to_judge(each.to_judge, there[each.person_id]) for each in judged if each.person_id in there
    ]
    for each in preview(rule, other_rule, both).people:
        effects[each.participant_id] = since(each, effects[each.participant_id].before)
    return effects


def _courses_of(
    db: Session, person_ids: Collection[uuid.UUID], course_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, set[uuid.UUID]]:
    """In which of these courses each of these people is."""
    rows = db.execute(
        sa.select(Membership.person_id, Membership.course_id).where(
            Membership.person_id.in_(person_ids), Membership.course_id.in_(course_ids), Membership.active
        )
    )
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    for person_id, course_id in rows:
        found.setdefault(person_id, set()).add(course_id)
    return found


def _held_back(pairs: Collection[MovedPair]) -> set[uuid.UUID]:
    """The pairs with somebody who cannot go on there, and all that would have to move together with one of these."""
    held = {each.pair.id for each in pairs if not each.can_move}
    people = {member for each in pairs if each.pair.id in held for member in each.pair.members}
    while more := [
        each for each in pairs if each.pair.id not in held and people.intersection(each.pair.members)
    ]:
        held |= {each.pair.id for each in more}
        people |= {member for each in more for member in each.pair.members}
    return held
