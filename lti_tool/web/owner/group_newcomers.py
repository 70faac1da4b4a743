"""Reading who has no role in a group yet, for an owner of its programme: to be paired, or to be put aside."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.identity.models import Membership, Person, display_name
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.openings import has_opened
from lti_tool.mentoring.enrolment.other_groups import people_of_other_groups
from lti_tool.mentoring.enrolment.queries import has_moved_from, is_put_aside
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.programmes.queries import courses_of_cohort
from lti_tool.mentoring.programmes.standing import owns_programme_of, reads_programme_of
from lti_tool.mentoring.roles import Role
from lti_tool.translation import gettext as _
from lti_tool.translation.collation import collation_key, folded, sorted_name
from lti_tool.web.owner.group_people import GroupPeople

_NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True)
class GroupNewcomer:
    """A learner of the group's courses who has no role in it."""

    person_id: uuid.UUID
    card: PersonCard
    """Without an id: nobody of these is enrolled in the group."""
    other_group: int | None
    """The number of another group of the programme in the same course, to which they belong; None for most."""
    is_put_aside: bool
    """Whether somebody has noted that they will take no part."""
    has_opened: bool
    """Whether they have opened an activity of the group, and not another one of the course alone."""
    sorts_as: str
    """What puts them in the order of family names."""


@dataclass(frozen=True)
class GroupNewcomers:
    """All of them, by name."""

    everybody: Sequence[GroupNewcomer]

    def searched(self, words: str) -> GroupNewcomers:
        """Those with these words in their name; everybody for no words."""
        wanted = folded(words)
        return GroupNewcomers([each for each in self.everybody if wanted in folded(each.card.name or "")])

    @property
    def waiting(self) -> list[GroupNewcomer]:
        """Those who are still to choose a role here: in no other group, and not put aside."""
        return [each for each in self.everybody if each.other_group is None and not each.is_put_aside]

    @property
    def without_role(self) -> list[GroupNewcomer]:
        """Those of them who have opened an activity of the group."""
        return [each for each in self.waiting if each.has_opened]

    @property
    def never_opened(self) -> list[GroupNewcomer]:
        """The others."""
        return [each for each in self.waiting if not each.has_opened]

    @property
    def put_aside(self) -> list[GroupNewcomer]:
        """Those who will take no part."""
        return [each for each in self.everybody if each.is_put_aside]

    @property
    def to_pair(self) -> list[tuple[uuid.UUID, str]]:
        """Whom a form offers: the id of the person, and the name. Those of other groups come last, with its number."""
        named = [(each, each.card.name) for each in self.everybody if not each.is_put_aside]
        offered = [
            (
                each.other_group is not None,
                each.person_id,
                name if each.other_group is None else f"{name} · {_in_group(each.other_group)}",
            )
            for each, name in named
            if name
        ]
        return [
            (person_id, name) for _elsewhere, person_id, name in sorted(offered, key=lambda each: each[0])
        ]


def _in_group(number: int) -> str:
    return _("in group %(number)s", number=number)


def newcomers_of_group(db: Session, cohort_id: uuid.UUID) -> GroupNewcomers:
    """The learners of a cohort's courses who have no part in it, in one statement."""
    enrolled, other_group = aliased(Participant), people_of_other_groups(cohort_id)
    aside = is_put_aside(cohort_id, Person.id)
    places = sa.select(Membership.person_id).where(
        Membership.course_id.in_(courses_of_cohort(cohort_id)),
        Membership.role == CourseRole.LEARNER,
        Membership.active,
    )
    rows = db.execute(
        sa.select(Person, other_group.c.number, aside, Person.id.in_(places.where(has_opened(cohort_id))))
        .outerjoin(other_group, other_group.c.person_id == Person.id)
        .where(
            Person.id.in_(places),
            ~sa.exists().where(enrolled.cohort_id == cohort_id, enrolled.person_id == Person.id),
            ~has_moved_from(cohort_id, Person.id),
            ~owns_programme_of(cohort_id, Person.id),
            ~reads_programme_of(cohort_id, Person.id),
        )
        # Whoever was put aside can always be brought back, however many others the course has.
        .order_by(aside.desc(), Person.id)
        .limit(500)
    )
    people = [
        GroupNewcomer(
            person.id,
            PersonCard(_NOBODY, "", display_name(person), person.given_name),
            group,
            bool(is_aside),
            bool(opened),
            sorted_name(person.family_name, display_name(person)),
        )
        for person, group, is_aside, opened in rows
    ]
    return GroupNewcomers(sorted(people, key=_by_name))


def _by_name(person: GroupNewcomer) -> tuple[bool, object, str]:
    return person.card.name is None, collation_key(person.sorts_as), str(person.person_id)


def choices(group: GroupPeople, newcomers: GroupNewcomers) -> dict[str, list[tuple[uuid.UUID, str]]]:
    """Whom a form offers for each place of a pair: the ids of persons, and their names."""
    others = newcomers.to_pair
    return {
        str(role): [(each.person_id, each.card.name or "") for each in group.free(role)] + others
        for role in Role
    }
