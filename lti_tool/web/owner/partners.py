"""Choosing a partner, as an owner does who does not teach the group: who is free, and what speaks for each.

The answers themselves are not shown: how many topics suit the two, which languages both speak, and whether they come
from one department or have one manager.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from lti_tool.mentoring.roles import Role
from lti_tool.web import wording
from lti_tool.web.owner.group_people import GroupPeople, GroupPerson
from lti_tool.web.tutor.known_details import UNKNOWN, Reason, ground_of, known_details, reasons


@dataclass(frozen=True)
class Partner:
    """Somebody who is free, and what speaks for them and against them."""

    person: GroupPerson
    pairs: int
    """In how many they are already."""
    reasons: Sequence[Reason]


def partners_for(db: Session, cohort_id: uuid.UUID, group: GroupPeople, person: GroupPerson) -> list[Partner]:
    """Everybody of the other role who is free, in the order in which a tutor finds them."""
    role = Role(person.card.role)
    together = {
        member.id for pair in group.pairs if person in pair.both for member in pair.both if member != person
    }
    free = [each for each in group.free(role.other) if each.id not in together]
    known = known_details(db, cohort_id, [person.id, *(each.id for each in free)])
    taken = Counter(member.id for pair in group.pairs for member in pair.both)
    about = known.get(person.id, UNKNOWN)
    found = []
    for each in free:
        theirs = known.get(each.id, UNKNOWN)
        ground = ground_of(role, about, theirs)
        named = {
            role: (wording.first_name_to_others(person.card), about),
            role.other: (wording.first_name_to_others(each.card), theirs),
        }
        why = reasons(ground, mentor=named[Role.MENTOR], mentee=named[Role.MENTEE])
        found.append(((taken[each.id], ground.rank), Partner(each, taken[each.id], why)))
    return [partner for _place, partner in sorted(found, key=lambda one: one[0])]
