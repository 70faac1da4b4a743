"""Who sees what, in sentences for whoever takes part: made from the policy table, and not by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lti_tool.identity.policy import TABLE, Action, Capacity
from lti_tool.translation import gettext as _
from lti_tool.translation.lists import and_list
from schemas.problem import N_


@dataclass(frozen=True)
class Subject:
    """Something that is kept about a pair or one of the two."""

    what: str
    icon: str
    actions: tuple[Action, ...]
    """Those of the policy that show it to somebody."""
    to_pair: str = N_("the two of you")
    """To whom of the pair."""


MEETINGS: Final = Subject(
    N_("Dates, lengths and types of your meetings"),
    "calendar",
    (Action.VIEW_OWN_PAIR, Action.VIEW_PAIR_HISTORY, Action.REVIEW_LEARNER),
)
PROGRESS: Final = Subject(
    N_("Your progress"), "clock", (Action.VIEW_OWN_PAIR, Action.VIEW_COHORT, Action.REVIEW_LEARNER)
)
COMPLETION: Final = Subject(
    N_("Your name, and the day you complete"),
    "circle-check",
    (Action.VIEW_OWN_PAIR, Action.VIEW_COHORT, Action.VIEW_PEOPLE_OF_PROGRAMME),
)
OBJECTIVES: Final = Subject(
    N_("Your objectives"),
    "leaf",
    (Action.KEEP_OBJECTIVES,),
    N_("the two of you; your tutor, for those you asked them to confirm"),
)
NOTES: Final = Subject(
    N_("Your notes"),
    "lock",
    (Action.READ_WORDS_OF_PAIR, Action.WRITE_REFLECTIONS),
    N_("you, and your partner if you share them"),
)
ONESELF: Final = Subject(
    N_("What you say about yourself"),
    "eye",
    (Action.VIEW_OWN_PAIR,),
    N_("the person suggested to you; your contact details, once you have both accepted"),
)
TOPICS: Final = Subject(
    N_("Your topics, languages and time zone, if you give them"),
    "people",
    (Action.VIEW_COHORT,),
    N_("you, the person suggested to you (only the topics that suit you both, with your level)"),
)

FIT: Final = Subject(
    N_("What the two of you have in common: number of topics, languages"),
    "equal",
    (Action.COMPARE_PARTNERS,),
    N_("the person suggested to you"),
)

SUBJECTS: Final = (NOTES, MEETINGS, PROGRESS, COMPLETION, OBJECTIVES, ONESELF, TOPICS, FIT)


@dataclass(frozen=True)
class Line:
    """One subject, and its readers, in the language of the present request."""

    what: str
    icon: str
    readers: str


def readers_of(subject: Subject, table: Mapping[Action, frozenset[Capacity]] = TABLE) -> frozenset[Capacity]:
    """In which capacities the policy shows a subject."""
    return frozenset().union(*(table[action] for action in subject.actions))


def who_sees(
    tutors: tuple[str, ...], table: Mapping[Action, frozenset[Capacity]] = TABLE
) -> tuple[Line, ...]:
    """The lines for a learner. ``tutors``: what the tutors of the group are called, each a part of a list.

    Raises :class:`KeyError` for a capacity that the policy gives and for which there are no words.
    """
    words = {
        Capacity.TUTOR: tutors,
        Capacity.OWNER: (_("the people who run the programme"),),
        Capacity.HR_WITH_NAMES: (_("human resources, if the programme says so"),),
    }
    found = []
    for subject in SUBJECTS:
        others = sorted(readers_of(subject, table) - {Capacity.MEMBER}, key=list(Capacity).index)
        readers = and_list([_(subject.to_pair), *(each for capacity in others for each in words[capacity])])
        found.append(Line(_(subject.what), subject.icon, readers[0].upper() + readers[1:]))
    found.append(Line(_("Your managers"), "end", _("Nothing personal")))
    return tuple(found)
