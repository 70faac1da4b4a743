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


@dataclass(frozen=True)
class WithoutPart:
    """Who is in the cohort's courses and is no participant, each in the order of the alphabet."""

    newcomers: tuple[Newcomer, ...]
    """Learners who have no role yet."""
    put_aside: tuple[Newcomer, ...]
    """The same, of whom a tutor has noted that they will take no part."""
    tutors: tuple[str, ...]
    """The names of those who teach it."""


def without_part(people: Sequence[Any], joined: set[uuid.UUID]) -> WithoutPart:
    """``joined``: the people who are participants."""
    here = [row for row in people if row.active]
    launched = {row.id for row in here if row.role == CourseRole.LEARNER and row.launched_at is not None}
    newcomers = {
        row.id: Newcomer(
            row.id,
            display_name(row),
            row.id in launched,
            PersonCard(_NOBODY, "", display_name(row), row.given_name),
            row.family_name,
            bool(row.is_put_aside),
        )
        for row in here
        if row.role == CourseRole.LEARNER and row.id not in joined
    }
    teaching = [
        row
        for row in here
        if row.role == CourseRole.TUTOR and row.launched_at is not None and display_name(row)
    ]
    enrolled = [row for row in teaching if not row.is_not_enrolled]
    tutors = {display_name(row) or "" for row in enrolled or teaching}
    in_order = sorted(
        newcomers.values(),
        key=lambda each: (collation_key(each.sorts_as), collation_key(each.name or ""), each.person_id),
    )
    return WithoutPart(
        tuple(each for each in in_order if not each.is_put_aside),
        tuple(each for each in in_order if each.is_put_aside),
        tuple(sorted(tutors, key=collation_key)),
    )
