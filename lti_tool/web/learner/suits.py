"""Why the two of a proposed pair suit each other: skills that one wants and the other brings, and languages of both."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from lti_tool.web.wording import SKILL_LEVELS, word


@dataclass(frozen=True)
class Suits:
    """The skills in words, each with the level of the one who brings it where that is known."""

    for_me: str
    for_partner: str
    languages: str
    """Those that both speak, where both have said."""


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

    def in_words(found: Sequence[tuple[str, int | None]]) -> str:
        return ", ".join(
            f"{names[code]} ({word(SKILL_LEVELS, str(level))})" if level else names[code]
            for code, level in found
        )

    found = {}
    for pair_id, partner_id in partners.items():
        why = why_together(said(participant.id), said(partner_id), skills)
        theirs = of[partner_id].languages or ()
        both = [code for code in of[participant.id].languages or () if code in theirs]
        if why or both:
            shared = ", ".join(str(Locale(language).languages.get(code, code)) for code in both)
            found[pair_id] = Suits(in_words(why.for_me), in_words(why.for_partner), shared)
    return found
