"""What the gallery shows, in the order in which people meet it: each page of ``cases.py``, and each state of a pair.

The states of a pair are looked at in a cohort of 46 people with ten weeks behind it (``gallery_people.json``), made by
the same stories as the demo's second course. :data:`STATES` says where each is found; ``test_gallery.py`` fails for a
state of :class:`~lti_tool.mentoring.journey.steps.Step` that is not here, and for one that nobody of the cohort is in.
:data:`STATUSES` says the same of the states of pairs, meetings, objectives, people and cohorts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from lti_tool.database import Base
from lti_tool.demo.seeding import stories
from lti_tool.demo.seeding.stories import Act, Who
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.journey.steps import Step
from lti_tool.mentoring.objectives.models import Objective, ObjectiveStatus
from lti_tool.mentoring.pairs.models import Pair, PairStatus
from lti_tool.mentoring.programmes.models import Cohort, CohortStatus
from lti_tool.mentoring.sessions.models import MentoringSession, SessionStatus
from tests.browser.cases import CASES, Case

PEOPLE: Final[tuple[tuple[str, str], ...]] = tuple(
    (person["given_name"], person["family_name"])
    for person in json.loads(Path(__file__).with_name("gallery_people.json").read_text(encoding="utf-8"))
)
"""Given and family names of 46 people: long ones, and in several scripts."""

COUPLES: Final = 18

STATES: Final[Mapping[Step, tuple[str, Who] | str]] = {
    Step.CHOOSE_ROLE: "home-welcome",
    Step.WAIT_FOR_PAIR: "home-waiting",
    Step.ACCEPT: ("_half_accepted", "mentor"),
    Step.WAIT_FOR_ACCEPTANCE: ("_half_accepted", "mentee"),
    Step.SIGN: ("_unsigned", "mentee"),
    Step.WAIT_FOR_SIGNATURE: ("_unsigned", "mentor"),
    Step.FIRST_MEETING: ("_begins", "mentee"),
    Step.WAIT_FOR_CONFIRMATION: ("_logged_by_mentor", "mentor"),
    Step.CONFIRM_SESSION: ("_logged_by_mentor", "mentee"),
    Step.WAIT_FOR_CORRECTION: ("_disputed", "mentor"),
    Step.CORRECT_SESSION: ("_disputed", "mentee"),
    Step.AGREE_OBJECTIVE: ("_nothing_waits", "mentee"),
    Step.CONFIRM_OBJECTIVE: ("_objective_claimed", "mentor"),
    Step.MEET: ("_nothing_waits", "mentor"),
    Step.WAIT_FOR_TUTOR: "home-awaits_tutor",
    Step.PAUSED: ("_paused", "mentee"),
    Step.ENDED: ("_ended", "mentee"),
    Step.PARTNER_LEFT: "home-partner_left",
    Step.COMPLETED: ("_complete", "mentee"),
}
"""Of each state, who is in it: the one of a couple with this story, or the name of a case."""


_RUNS_AT_ONCE: Final = "a cohort runs as soon as its tutor starts it"
_NOT_CLOSED: Final = "a programme is not closed yet"
_NOT_PLANNED: Final = "meetings are not planned in the tool yet"


@dataclass(frozen=True)
class Statuses:
    """The states of one kind of thing. Those that are not in ``nowhere`` are in the cohort of 46 people."""

    kind: type[StrEnum]
    model: type[Base]
    nowhere: Mapping[StrEnum, str] = field(default_factory=dict)
    """Those that no page shows, and why."""


STATUSES: Final = (
    Statuses(PairStatus, Pair),
    Statuses(
        SessionStatus,
        MentoringSession,
        {SessionStatus.PLANNED: _NOT_PLANNED, SessionStatus.CANCELLED: _NOT_PLANNED},
    ),
    Statuses(ObjectiveStatus, Objective),
    Statuses(
        ParticipantStatus,
        Participant,
        {ParticipantStatus.WITHDRAWN: "nobody withdraws from a programme yet: pairs end"},
    ),
    Statuses(
        CohortStatus,
        Cohort,
        {
            CohortStatus.DRAFT: "the pages of setting up show it, which are cases of their own",
            CohortStatus.READY: _RUNS_AT_ONCE,
            CohortStatus.ENROLLING: _RUNS_AT_ONCE,
            CohortStatus.MATCHING: _RUNS_AT_ONCE,
            CohortStatus.CLOSING: _NOT_CLOSED,
            CohortStatus.FOLLOW_UP: _NOT_CLOSED,
            CohortStatus.ARCHIVED: _NOT_CLOSED,
        },
    ),
)
"""What has states that pages show."""


def couple_of(story: str) -> int:
    """The place of the first couple with a story. Raises :class:`ValueError` for one that no couple has."""
    told = [*(each.__name__ for each in _stories())]
    return told.index(story)


def _stories() -> list[Callable[[], list[Act]]]:
    going_on = [stories.STORIES[number % len(stories.STORIES)] for number in range(COUPLES)]
    return [*going_on, *stories.PAST_STORIES]


def person_in(step: Step) -> int | None:
    """The place in :data:`PEOPLE` of somebody in a state; None where a case shows it."""
    where = STATES[step]
    if isinstance(where, str):
        return None
    story, role = where
    return 2 * couple_of(story) + (role == "mentee")


OUTSIDE: Final = (
    "front",
    "profile",
    "setup",
    "connect",
    "registration",
    "refused",
    "launch",
    "storage",
    "new-tab",
)
"""How the names of cases begin that come before any course."""


def ordered_cases() -> list[Case]:
    """Every case: first what an administrator meets, then a tutor, then a learner, and what can go wrong at the end."""

    def place(case: Case) -> tuple[int, str]:
        name = case.name
        if name.startswith(OUTSIDE) or not case.themed:
            return 0, name
        if name.startswith(("owner-", "hr-")):
            return 2, name
        if "content" in name or "programme" in name or "duplicate" in name or "menu" in name:
            return 1, name
        if "tutor" in name or name.startswith(("pair", "decisions", "review", "validate", "reopen", "grade")):
            return 2, name
        if name.startswith("home-"):
            return 3, name
        return 4, name

    return sorted(CASES, key=place)
