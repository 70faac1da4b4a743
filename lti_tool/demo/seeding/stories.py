"""What happened to each pair of a seeded cohort: acts on their days, so that every state of the product is there.

A story is a list of acts, each so many days before the present; :mod:`lti_tool.demo.seeding.cohorts` carries them out
in the order of their days, by the tool's own actions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Who = Literal["mentor", "mentee", "tutor"]
MENTOR: Who = "mentor"
MENTEE: Who = "mentee"
TUTOR: Who = "tutor"


@dataclass(frozen=True)
class Act:
    """One thing that somebody did."""

    days_ago: float
    by: Who
    what: str
    """The name of one of :data:`lti_tool.demo.seeding.cohorts.ACTS`."""
    values: tuple[tuple[str, object], ...] = ()


def act(days_ago: float, by: Who, what: str, **values: object) -> Act:
    """One act; ``values`` are those of its action."""
    return Act(days_ago, by, what, tuple(values.items()))


def other(by: Who) -> Who:
    """The partner."""
    return MENTEE if by == MENTOR else MENTOR


def proposed(days_ago: float) -> list[Act]:
    """Both have joined, and the tutor proposes them to each other."""
    return [
        act(days_ago + 7, MENTOR, "join"),
        act(days_ago + 6.5, MENTEE, "join"),
        act(days_ago, TUTOR, "propose"),
    ]


def begun(days_ago: float, *, signed: tuple[Who, ...] = (MENTEE, MENTOR)) -> list[Act]:
    """The two have accepted, and ``signed``: these have signed on that day."""
    acts = proposed(days_ago + 4)
    acts += [act(days_ago + 3, MENTEE, "accept"), act(days_ago + 2, MENTOR, "accept")]
    return acts + [act(days_ago + 0.3 * place, by, "sign") for place, by in enumerate(signed)]


FORMS = (
    ("coaching", "in-person"),
    ("professional-training", "video"),
    ("coaching", "phone"),
    ("multimodal", "in-person"),
    ("audio", "video"),
)


def met(*days_ago: float, first_by: Who = MENTOR, minutes: int = 45, about: Sequence[int] = ()) -> list[Act]:
    """Meetings on these days, noted in turn and confirmed on the next day. ``about``: the places of objectives."""
    acts, by = [], first_by
    for number, day in enumerate(days_ago):
        form, mode = FORMS[number % len(FORMS)]
        length = minutes + 15 * (number % 2)
        acts += [
            act(day, by, "log", format=form, mode=mode, minutes=length, about=tuple(about)),
            act(day - 0.8, other(by), "confirm"),
        ]
        by = other(by)
    return acts


def aimed(days_ago: float) -> list[Act]:
    """An objective in each direction, and a second one of the mentee's; both agree to all of them."""
    return [
        act(days_ago, MENTEE, "aim", direction="mentee", tag="skills"),
        act(days_ago - 0.2, MENTOR, "aim", direction="mentor", tag="communication"),
        act(days_ago - 0.3, MENTEE, "agree", number=1),
        act(days_ago - 0.4, MENTEE, "aim", direction="mentee", tag="culture"),
        act(days_ago - 0.5, MENTOR, "agree", number=0),
        act(days_ago - 0.6, MENTOR, "agree", number=2),
    ]


def _complete() -> list[Act]:
    return [
        *begun(60), *aimed(58), *met(54, 46, 39, 31, 22, 13, about=(0, 1)),
        act(25, MENTEE, "claim", number=0), act(24, MENTOR, "reach", number=0),
        act(12, MENTEE, "reach", number=1), act(38, MENTEE, "reflect", shared=True), act(11, MENTEE, "thank"),
    ]  # fmt: skip


def _complete_and_goes_on() -> list[Act]:
    return [
        *begun(61), *aimed(57), *met(55, 48, 40, 33, 26, 19, first_by=MENTEE, minutes=60),
        act(30, MENTOR, "reach", number=0), act(18, MENTOR, "reach", number=2), act(17, MENTEE, "reach", number=1),
        act(2, MENTOR, "log", format="trade-show", mode="in-person", minutes=120),
    ]  # fmt: skip


def _nothing_waits() -> list[Act]:
    return [
        *begun(58), *aimed(55), *met(51, 40, 27, 12, about=(1,)),
        act(26, MENTOR, "reach", number=0), act(11, MENTOR, "aim", direction="mentor", tag="person"),
        act(10, MENTEE, "reflect", shared=True), act(9, MENTOR, "reflect", shared=False),
        act(50.1, MENTEE, "feedback", points=("examples", "listening"), words=None),
    ]  # fmt: skip


def _logged_by_mentor() -> list[Act]:
    return [
        *begun(57), *aimed(50), *met(48, 35, 21, about=(0,)), act(19, MENTEE, "drop", number=2),
        act(2, MENTOR, "log", format="coaching", mode="video", minutes=45),
    ]  # fmt: skip


def _invited_and_silent() -> list[Act]:
    return [
        act(30, MENTOR, "join"),
        act(10, TUTOR, "invite", role="mentee"),
        act(9.9, TUTOR, "propose"),
        act(8, MENTOR, "accept"),
    ]


def _disputed() -> list[Act]:
    return [
        *begun(52), *aimed(49), *met(44, 30, 17, first_by=MENTEE),
        act(5, MENTEE, "log", format="coaching", mode="in-person", minutes=45),
        act(3, MENTOR, "dispute", reason="wrong-length", proposed_minutes=60),
    ]  # fmt: skip


def _in_trouble() -> list[Act]:
    return [
        *begun(62), *met(56),
        act(49, MENTOR, "log", format="coaching", mode="phone", minutes=30),
        act(48, MENTEE, "dispute", reason="did-not-meet"),
        act(47, MENTOR, "withdraw"),
        act(40, MENTOR, "log", format="coaching", mode="video", minutes=30),
        act(38, MENTEE, "dispute", reason="wrong-date"),
    ]  # fmt: skip


def _objective_claimed() -> list[Act]:
    return [*begun(55), *aimed(52), *met(47, 33, 16, about=(0, 2)), act(1, MENTEE, "claim", number=0)]


def _paused() -> list[Act]:
    return [*begun(54), *aimed(53), *met(45, 32), act(12, TUTOR, "pause")]


def _unsigned() -> list[Act]:
    return begun(9, signed=(MENTOR,))


def _half_accepted() -> list[Act]:
    return [*proposed(3), act(2, MENTEE, "accept")]


def _begins() -> list[Act]:
    return begun(2)


STORIES: tuple[Callable[[], list[Act]], ...] = (
    _nothing_waits, _complete, _logged_by_mentor, _disputed, _half_accepted, _in_trouble,
    _complete_and_goes_on, _objective_claimed, _unsigned, _paused, _invited_and_silent, _begins,
)  # fmt: skip
"""Of the pairs that go on, in the order in which a cohort's couples get them; more couples begin again at the first."""


def _ended() -> list[Act]:
    return [*begun(50), *met(44), act(33, TUTOR, "end", reason="match")]


def _closed() -> list[Act]:
    return [
        *begun(60), *aimed(58), *met(50, 41),
        act(20, TUTOR, "close"),
        act(6, TUTOR, "take_out", role="mentor", reason="left-organisation"),
    ]  # fmt: skip


def _declined() -> list[Act]:
    return [*proposed(20), act(19, MENTEE, "decline", reason="not-now")]


def _refused() -> list[Act]:
    return [
        act(16, MENTOR, "join"),
        act(12, TUTOR, "invite", role="mentee"),
        act(4, MENTEE, "refuse", reason="no-time"),
    ]


PAST_STORIES: tuple[Callable[[], list[Act]], ...] = (_ended, _closed, _declined, _refused)
"""Of pairs that are over, or never were: their people are free and wait, but for one who does not take part, and one
who was taken out of the programme."""
