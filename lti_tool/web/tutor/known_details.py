"""What is known of people for choosing partners, in words: from their own answers, or from a list that named them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence

from babel import Locale
from sqlalchemy.orm import Session

from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.programmes.former_skills import former_skill_names
from lti_tool.mentoring.programmes.queries import settings_of_cohort
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from schemas.people_row import Skill


def known_details(
    db: Session, cohort_id: uuid.UUID, participant_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[str]]:
    """Some lines about each of these participants of whom anything is known, by participant.

    In three statements, and a fourth where somebody named a skill that the programme has no more.
    """
    language = current_language()
    skills = {skill["code"]: skill["name"] for skill in settings_of_cohort(db, cohort_id)["skills"]}
    details = {each: known.details for each, known in details_of(db, participant_ids).items()}
    named = {
        code for each in details.values() for code, _level in (*(each.offers or ()), *(each.wants or ()))
    }
    skills |= former_skill_names(db, cohort_id, named.difference(skills))
    names = {code: str(name[language]) for code, name in skills.items()}
    found = {each: _lines(known, names, language) for each, known in details.items()}
    return {participant_id: lines for participant_id, lines in found.items() if lines}


def _lines(details: Details, names: Mapping[str, str], language: str) -> list[str]:
    lines = []
    if details.offers:
        lines.append(_("Can show: %(skills)s", skills=_skills(details.offers, names)))
    if details.wants:
        lines.append(_("Would like to learn: %(skills)s", skills=_skills(details.wants, names)))
    known = Locale(language).languages
    languages = ", ".join(str(known.get(code, code)) for code in details.languages or ())
    zone = details.time_zone.replace("_", " ") if details.time_zone else None
    manager = _("manager: %(manager)s", manager=details.manager) if details.manager else None
    about = [each for each in (details.department, manager, languages, zone) if each]
    if about:
        lines.append(" · ".join(about))
    return lines


def _skills(skills: Sequence[Skill], names: Mapping[str, str]) -> str:
    """Their names, each with its level where one was given."""
    return ", ".join(
        names.get(code, code) if level is None else f"{names.get(code, code)} ({level}/5)"
        for code, level in skills
    )
