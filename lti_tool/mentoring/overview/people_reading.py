"""Of the tutor's page: what is made of the rows of the people of a cohort's courses, whether they take part or not."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from lti_tool.identity.models import CourseRole, display_name
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.overview.cohort import Newcomer
from lti_tool.translation.collation import collation_key

_NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True)
class Place:
    """What the cohort's courses know of a person."""

    is_gone: bool
    """Whether the person is in none of them any more."""
    listed_at: dt.datetime | None
    """When a roster last listed them; None where none ever did."""


NOWHERE: Final = Place(is_gone=False, listed_at=None)


def places_of(people: Sequence[Any]) -> dict[uuid.UUID, Place]:
    """The places of all of these people, each of whom may be in several courses."""
    found: dict[uuid.UUID, Place] = {}
    for row in people:
        place = Place(not row.active, row.listed_at)
        known = found.get(row.id)
        if known is not None:
            listed = [at for at in (known.listed_at, place.listed_at) if at is not None]
            place = Place(known.is_gone and place.is_gone, max(listed, default=None))
        found[row.id] = place
    return found


def newcomers_of(people: Sequence[Any], joined: set[uuid.UUID]) -> tuple[Newcomer, ...]:
    """Learners of the cohort's courses who have no role in it yet, in the order of the alphabet.

    Those of other groups are among them: see :attr:`~lti_tool.mentoring.overview.cohort.Newcomer.group`.
    """
    here = [row for row in people if row.active]
    opened = {row.id for row in here if row.role == CourseRole.LEARNER and row.has_opened}
    newcomers = {
        row.id: Newcomer(
            row.id,
            display_name(row),
            row.id in opened,
            PersonCard(_NOBODY, "", display_name(row), row.given_name),
            row.family_name,
            row.other_group,
            bool(row.is_put_aside),
        )
        for row in here
        if row.role == CourseRole.LEARNER and row.id not in joined
    }
    return tuple(
        sorted(
            newcomers.values(),
            key=lambda each: (collation_key(each.sorts_as), collation_key(each.name or ""), each.person_id),
        )
    )


def tutors_of(people: Sequence[Any]) -> tuple[str, ...]:
    """The names of those who teach the cohort's courses, in the order of the alphabet."""
    teaching = [
        row
        for row in people
        if row.active and row.role == CourseRole.TUTOR and row.launched_at is not None and display_name(row)
    ]
    enrolled = [row for row in teaching if not row.is_not_enrolled]
    names = {display_name(row) or "" for row in enrolled or teaching}
    return tuple(sorted(names, key=collation_key))
