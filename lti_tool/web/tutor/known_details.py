"""What is known of people for choosing partners, in words: from their own answers, or from a list that named them.

The two texts that people write for their partner are not among it: they are promised that no tutor reads them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
from babel import Locale
from flask import g
from sqlalchemy.orm import Session

from lti_tool.identity.models import Person, display_name
from lti_tool.mentoring.enrolment.common_ground import CommonGround, common_ground
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.programmes.former_skills import former_skill_names
from lti_tool.mentoring.programmes.queries import settings_of_cohort
from lti_tool.mentoring.roles import Role
from lti_tool.translation import current_language, ngettext
from lti_tool.translation import gettext as _
from lti_tool.translation.lists import and_list
from schemas.people_row import Skill
from schemas.problem import N_

LEVELS: Final[Mapping[int, str]] = {
    1: N_("First steps"),
    2: N_("The basics"),
    3: N_("Confident"),
    4: N_("Very confident"),
    5: N_("Others ask me"),
}
"""What somebody's level in a topic is called, as the page calls it on which they say it."""

_LEVELS_OF_OTHERS: Final = {**LEVELS, 5: N_("Others ask for advice")}
"""The same, said of somebody else."""


@dataclass(frozen=True)
class Topic:
    """A skill that somebody can show or would like to learn."""

    code: str
    name: str
    level: str
    """In words; empty where they did not say."""


@dataclass(frozen=True)
class Known:
    """What is known of one participant, in the present language; empty where it is not."""

    details: Details = field(default_factory=Details)
    offers: Sequence[Topic] = ()
    wants: Sequence[Topic] = ()
    department: str = ""
    manager: str = ""
    languages: str = ""
    time_zone: str = ""

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        """What is known besides the topics, each with its label."""
        for label, text in (
            (_("Department"), self.department),
            (_("Manager"), self.manager),
            (_("Languages"), self.languages),
            (_("Time zone"), self.time_zone),
        ):
            if text:
                yield label, text

    def main(self, role: str) -> Sequence[Topic]:
        """The topics that somebody's role is about."""
        return self.offers if role == Role.MENTOR else self.wants

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.offers or self.wants or any(self.facts))


UNKNOWN: Final = Known()


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for a pair, or against it."""

    text: str
    speaks_for: bool = True


def known_details(
    db: Session, cohort_id: uuid.UUID, participant_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Known]:
    """What is known of each of these participants of whom anything is, by participant.

    In three statements, one more where somebody named a skill that the programme has no more, and one where a manager
    is given by an e-mail address.
    """
    language = current_language()
    skills = {skill["code"]: skill["name"] for skill in settings_of_cohort(db, cohort_id)["skills"]}
    details = {each: known.details for each, known in details_of(db, participant_ids).items()}
    named = {
        code for each in details.values() for code, _level in (*(each.offers or ()), *(each.wants or ()))
    }
    skills |= former_skill_names(db, cohort_id, named.difference(skills))
    names = {code: str(name[language]) for code, name in skills.items()}
    managers = _managers(db, {each.manager for each in details.values() if each.manager})
    found = {each: _known(known, names, managers, language) for each, known in details.items()}
    return {participant_id: known for participant_id, known in found.items() if not known.is_empty}


def _managers(db: Session, managers: Collection[str]) -> dict[str, str]:
    """The names of those managers who are given by the e-mail address of somebody whom the platform named."""
    addresses = {each.lower() for each in managers if "@" in each}
    if not addresses:
        return {}
    people = db.scalars(
        sa.select(Person).where(
            Person.registration_id == g.launch.registration.id, sa.func.lower(Person.email).in_(addresses)
        )
    )
    return {(each.email or "").lower(): name for each in people if (name := display_name(each))}


def _known(details: Details, names: Mapping[str, str], managers: Mapping[str, str], language: str) -> Known:
    languages = Locale(language).languages
    manager = details.manager or ""
    return Known(
        details=details,
        offers=_topics(details.offers, names),
        wants=_topics(details.wants, names),
        department=details.department or "",
        manager=managers.get(manager.lower(), manager),
        languages=", ".join(str(languages.get(code, code)) for code in details.languages or ()),
        # “Europe/Paris” is “Paris”: people know their town, and not how the zone is written.
        time_zone=(details.time_zone or "").rpartition("/")[2].replace("_", " "),
    )


def _topics(skills: Sequence[Skill] | None, names: Mapping[str, str]) -> tuple[Topic, ...]:
    return tuple(
        Topic(code, names.get(code, code), _(_LEVELS_OF_OTHERS[level]).lower() if level is not None else "")
        for code, level in skills or ()
    )


def ground_of(role: str, person: Known, partner: Known) -> CommonGround:
    """What somebody of ``role`` has in common with a partner."""
    mentor, mentee = (person, partner) if role == Role.MENTOR else (partner, person)
    return common_ground(mentor.details, mentee.details)


def _shown(mentor: str, found: int, wanted: int) -> str:
    """How many of the topics that the mentee wants the mentor can show."""
    if found == wanted == 2:
        return _("%(mentor)s can show both topics wanted", mentor=mentor)
    if found == wanted > 2:
        return _("%(mentor)s can show all %(num)s topics wanted", num=wanted, mentor=mentor)
    return ngettext(
        "%(mentor)s can show the topic wanted",
        "%(mentor)s can teach %(found)s of the %(num)s topics asked for",
        wanted,
        found=found,
        mentor=mentor,
    )


def _in_return(mentor: str, found: int, wanted: int) -> str:
    """How many of the topics that the mentor wants the mentee can show."""
    if found == wanted == 2:
        return _("In return, both topics that %(mentor)s would like to learn", mentor=mentor)
    if found == wanted > 2:
        return _(
            "In return, all %(num)s topics that %(mentor)s would like to learn", num=wanted, mentor=mentor
        )
    return ngettext(
        "In return, the topic that %(mentor)s would like to learn",
        "In return, %(found)s of the %(num)s topics that %(mentor)s would like to learn",
        wanted,
        found=found,
        mentor=mentor,
    )


def reasons(ground: CommonGround, *, mentor: tuple[str, Known], mentee: tuple[str, Known]) -> list[Reason]:
    """What speaks for a pair and against it, in words, the weightiest first.

    ``mentor``, ``mentee``: name and details.
    """
    spoken = Locale(current_language()).languages
    found = []
    if ground.for_mentee:
        found.append(Reason(_shown(mentor[0], len(ground.for_mentee), len(mentee[1].wants))))
    elif ground.for_mentee is not None:
        found.append(Reason(_("No topic in common"), speaks_for=False))
    if ground.for_mentor:
        found.append(Reason(_in_return(mentor[0], len(ground.for_mentor), len(mentor[1].wants))))
    if ground.languages is not None:
        listed = [str(spoken.get(code, code)) for code in ground.languages]
        both = _("Both speak %(languages)s", languages=and_list(listed))
        found.append(Reason(both if listed else _("No language in common"), speaks_for=bool(listed)))
    if ground.same_department is not None:
        text = _("Same department") if ground.same_department else _("Different departments")
        found.append(Reason(text, speaks_for=not ground.same_department))
    if ground.same_manager:
        found.append(Reason(_("Same manager"), speaks_for=False))
    return found
