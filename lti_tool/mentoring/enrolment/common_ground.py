"""What speaks for bringing a mentor and a mentee together, and what against it, as far as it is known of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lti_tool.mentoring.enrolment.details import Details
from schemas.people_row import Skill


@dataclass(frozen=True, slots=True)
class CommonGround:
    """What a mentor and a mentee have in common. None where it is not known of both."""

    for_mentee: tuple[str, ...] | None
    """Codes of the skills that the mentee would like to learn and the mentor can show, in the mentee's order."""
    for_mentor: tuple[str, ...] | None
    """The other way round."""
    languages: tuple[str, ...] | None
    """Codes of those that both speak."""
    same_department: bool | None
    same_manager: bool | None

    @property
    def rank(self) -> tuple[int, int, int]:
        """By which candidates are sorted, the best first: topics, topics in return, and what speaks against it."""
        against = (self.for_mentee == (), self.languages == (), self.same_department, self.same_manager)
        return -len(self.for_mentee or ()), -len(self.for_mentor or ()), sum(map(bool, against))


def common_ground(mentor: Details, mentee: Details) -> CommonGround:
    """What the two have in common."""
    return CommonGround(
        for_mentee=_in_both(_codes(mentee.wants), _codes(mentor.offers)),
        for_mentor=_in_both(_codes(mentor.wants), _codes(mentee.offers)),
        languages=_in_both(mentor.languages, mentee.languages),
        same_department=_are_same(mentor.department, mentee.department),
        same_manager=_are_same(mentor.manager, mentee.manager),
    )


def _codes(skills: Sequence[Skill] | None) -> tuple[str, ...] | None:
    return None if skills is None else tuple(code for code, _level in skills)


def _in_both(first: Sequence[str] | None, second: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if not first or not second else tuple(each for each in first if each in second)


def _are_same(first: str | None, second: str | None) -> bool | None:
    return None if not first or not second else first.strip().casefold() == second.strip().casefold()
