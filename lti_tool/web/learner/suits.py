"""Why the two of a proposed pair suit each other: skills that one wants and the other brings, and languages of both."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from babel import Locale
from sqlalchemy.orm import Session

from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.journey.why_together import Said, why_together
from lti_tool.mentoring.pairs.queries import PairRecord
from lti_tool.mentoring.profiles.queries import NO_PROFILE, Profile
from lti_tool.mentoring.programmes.queries import settings_of_cohort
from lti_tool.translation import current_language
from schemas.problem import N_


@dataclass(frozen=True)
class SharedSkill:
    """A skill that one of the two would like to learn and the other can show."""

    name: str
    why: str
    """A message with the partner's ``name``: who would like to learn it, and how well the other knows it."""


@dataclass(frozen=True)
class Suits:
    """What speaks for a pair, to one of the two."""

    skills: tuple[SharedSkill, ...]
    languages: str
    """Those that both speak, where both have said."""


_FOR_ME: Final[Mapping[int | None, str]] = {
    None: N_("You would like to learn this; %(name)s can show you."),
    1: N_("You would like to learn this; %(name)s has taken first steps in it."),
    2: N_("You would like to learn this; %(name)s knows the basics."),
    3: N_("You would like to learn this; %(name)s knows it well."),
    4: N_("You would like to learn this; %(name)s knows it very well."),
    5: N_("You would like to learn this; others ask %(name)s about it."),
}
_FOR_PARTNER: Final[Mapping[int | None, str]] = {
    None: N_("%(name)s would like to learn this; you can show it."),
    1: N_("%(name)s would like to learn this; you have taken first steps in it."),
    2: N_("%(name)s would like to learn this; you know the basics."),
    3: N_("%(name)s would like to learn this; you know it well."),
    4: N_("%(name)s would like to learn this; you know it very well."),
    5: N_("%(name)s would like to learn this; others ask you about it."),
}
"""By the level of the one who can show it."""


def suits_of(
    db: Session,
    participant: ParticipantRecord,
    pairs: Sequence[PairRecord],
    profiles: Mapping[uuid.UUID, Profile],
) -> dict[uuid.UUID, Suits]:
    """Of each of these pairs that is proposed and in which something matches; in three statements, none without one."""
    proposed = [pair for pair in pairs if pair.status == "proposed"]
    if not proposed:
        return {}
    partners = {pair.id: pair.partner_of(participant.id) for pair in proposed}
    people = [participant.id, *partners.values()]
    known = details_of(db, people)
    of = {person: known[person].details if person in known else Details() for person in people}
    settings, language = settings_of_cohort(db, participant.cohort_id), current_language()
    skills = [(skill["code"], tuple(skill["name"].values())) for skill in settings["skills"]]
    names = {skill["code"]: str(skill["name"][language]) for skill in settings["skills"]}

    def said(participant_id: uuid.UUID) -> Said:
        details = of[participant_id]
        profile = profiles.get(participant_id, NO_PROFILE)
        return Said(
            offers=dict(details.offers or ()),
            wants=frozenset(code for code, _level in details.wants or ()),
            brings_in_words=profile.brings,
            wants_in_words=profile.wants,
        )

    found = {}
    for pair_id, partner_id in partners.items():
        why = why_together(said(participant.id), said(partner_id), skills)
        theirs = of[partner_id].languages or ()
        both = [code for code in of[participant.id].languages or () if code in theirs]
        if why or both:
            shared = ", ".join(str(Locale(language).languages.get(code, code)) for code in both)
            matching = [(code, _FOR_ME[level]) for code, level in why.for_me]
            matching += [(code, _FOR_PARTNER[level]) for code, level in why.for_partner]
            found[pair_id] = Suits(
                tuple(SharedSkill(names[code], reason) for code, reason in matching), shared
            )
    return found
