"""Why two people suit each other: the skills that one wants and the other brings.

A skill is matched by its code, or by its name where it stands as it is in what somebody has written of themselves.

A pure function of what both have said. No score is made of it, and nothing of anybody that does not match is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.translation.collation import folded

MOST: Final = 3
"""So many skills are named in each direction at most."""


@dataclass(frozen=True)
class Said:
    """What somebody has said of themselves."""

    offers: Mapping[str, int | None]
    """Codes of skills that they can show, with the level from 1 to 5 where they gave one."""
    wants: frozenset[str]
    """Codes of skills that they would like to learn."""
    brings_in_words: str = ""
    wants_in_words: str = ""
    """The two short answers, in which a skill counts whose name stands there as it is."""


@dataclass(frozen=True)
class WhyTogether:
    """What suits, by the code of the skill, with the level of the one who brings it."""

    for_me: tuple[tuple[str, int | None], ...] = ()
    """What I would like to learn, and the partner can show."""
    for_partner: tuple[tuple[str, int | None], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.for_me or self.for_partner)


def why_together(me: Said, partner: Said, skills: Sequence[tuple[str, Sequence[str]]]) -> WhyTogether:
    """``skills``: those of the programme, as code and names in each language, in the order in which they are shown."""

    def matching(learner: Said, teacher: Said) -> tuple[tuple[str, int | None], ...]:
        found = [
            (code, teacher.offers.get(code))
            for code, names in skills
            if (code in learner.wants or _named(names, learner.wants_in_words))
            and (code in teacher.offers or _named(names, teacher.brings_in_words))
        ]
        return tuple(found[:MOST])

    return WhyTogether(matching(me, partner), matching(partner, me))


def _named(names: Sequence[str], words: str) -> bool:
    text = folded(words)
    return any(folded(name) in text for name in names if name) if text else False
