"""The objectives on the large drawing: a leaf on the strand of the one who learns, and the room for its title.

A leaf and its title are on the outer side of the strand: the mentor's above, the mentee's below. SVG user units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import DrawnObjective, ObjectiveState
from lti_tool.web.journey_drawing.strands import Strand
from lti_tool.web.journey_drawing.text import balanced, lines_within, text_width, word_within, words_of

LABEL_MOST: Final = 180.0
LABEL_GAP: Final = 5.0
"""Between a title and what stands beside it."""
BESIDE: Final = 4.0
"""Between a place with two leaves and the titles to its left and right."""
LEAST_BESIDE: Final = 64.0
"""How much room a title needs there: with less, the two stand above one another."""
LEFT_MOST: Final = 54.0
"""Right of the two faces."""
LEAF_HEIGHT: Final = 25.0
BUD_HEIGHT: Final = 16.0
TEXT_ASCENT: Final = 10.0
TEXT_FROM_LEAF: Final = 8.0
LEADING: Final = 15.0
"""Between two lines of a title."""
TEXT_SIZE: Final = 13.0
BETWEEN_TITLES: Final = 5.0
"""Between those of two objectives of one day, besides."""
MOST_LINES: Final = 2
"""Of a title."""
LEAST_LABEL: Final = 36.0
"""Narrower, a title would say nothing."""
LEAF_MIDDLE: Final = 8.0
"""How far right of its stalk the middle of a leaf is."""
TODAY_HALF: Final = 36.0
"""Half of the word for today, in the longer of the languages."""
AFTER_TODAY: Final = 12.0
"""Between that word and a title beside it."""
TODAY_ABOVE: Final = 74.0
"""How far above the middle that word is where nothing is written beside it."""


@dataclass(frozen=True)
class Leaf:
    """An objective on the strand of the one who learns; it points away from the other strand."""

    x: float
    y: float
    objective: DrawnObjective
    label_left: float
    label_right: float
    label_y: float
    """The base of the line that is next to the leaf: of a title above the last, of one below the first."""
    lines: tuple[str, ...]
    """The title, as far as it has room; empty where it has too little."""
    is_left: bool = False
    """Whether it points to the left: every second one of a place."""
    is_shared: bool = False
    """Whether another one stands at its place."""

    @property
    def label_width(self) -> float:
        """The room for its title."""
        return self.label_right - self.label_left

    @property
    def label_x(self) -> float:
        """The middle of the lines of the title: over the leaf, or as near to it as its room allows."""
        half = max((text_width(line, TEXT_SIZE) for line in self.lines), default=0.0) / 2
        middle = self.x if self.is_shared else self.x + LEAF_MIDDLE
        return min(max(middle, self.label_left + half), self.label_right - half)

    @property
    def top_line(self) -> float:
        """The y of the first line of the title of one above."""
        return self.label_y - LEADING * max(len(self.lines) - 1, 1)

    @property
    def bottom_line(self) -> float:
        """The y of the last line of the title of one below."""
        return self.label_y + LEADING * max(len(self.lines) - 1, 1)


def leaves(
    placed: Sequence[tuple[float, DrawnObjective]],
    strands: Mapping[Role, Strand],
    leads: Sequence[float],
    today: float | None,
    width: float,
) -> tuple[Leaf, ...]:
    """The leaves at their places, each with the room between its neighbours.

    The titles of two at one place stand to its left and right, where there is room; else above one another.

    ``leads``: the x of the lines down to the dates, which titles below stand between as long as that leaves them
    whole; ``width``: of the drawing.
    """
    found: list[Leaf] = []
    for role in (Role.MENTOR, Role.MENTEE):
        own = [(x, each) for x, each in placed if each.owner is role]
        for index, (x, objective) in enumerate(own):
            others = [(x + other) / 2 for other, _each in own if other != x]
            here = sum(other == x for other, _each in own)
            is_first = index == 0 or own[index - 1][0] != x
            lines = leads if role is Role.MENTEE else _line_of_today(today, x)
            room = _room([*others, *lines], x, width)
            whole_room = _room(others, x, width)
            if role is Role.MENTEE and _has_more(objective.title, whole_room, room, beside=here == 2):
                room = whole_room
            if here == 2 and room.beside >= LEAST_BESIDE:
                # Two of one place: the title of each on the side to which it points.
                left, right = (room.left, x - BESIDE) if is_first else (x + BESIDE, room.right)
                wide = min(right - left, LABEL_MOST)
                left = right - wide if is_first else left
                drawn = _leaf(x, objective, strands[role], left, left + wide, None, is_left=is_first)
            else:
                left = room.label_left
                before = None if is_first else found[-1]
                # The title that is read first is that of the leaf to the left.
                is_left = before is not None and not before.is_left
                if role is Role.MENTEE and here > 1:
                    is_left = before is None or not before.is_left
                drawn = _leaf(
                    x, objective, strands[role], left, left + room.label_width, before, is_left=is_left
                )
            found.append(replace(drawn, is_shared=here > 1))
    return tuple(found)


@dataclass(frozen=True)
class _Room:
    """Between what the titles of the leaves at one place stand."""

    x: float
    left: float
    right: float

    @property
    def label_width(self) -> float:
        """Of a title that stands below or above its leaf."""
        return min(self.right - self.left, LABEL_MOST)

    @property
    def label_left(self) -> float:
        """Where such a title begins: in the middle of the leaf, or as near to that as there is room."""
        half = self.label_width / 2
        return min(max(self.x - half, self.left), self.right - self.label_width)

    @property
    def beside(self) -> float:
        """Of each of two titles to the left and right of their leaves."""
        return min(self.x - self.left, self.right - self.x) - BESIDE


def _room(limits: Iterable[float], x: float, width: float) -> _Room:
    """The room round a place between these limits, in a drawing of this width."""
    left = max([LEFT_MOST - LABEL_GAP, *(each for each in limits if each < x)]) + LABEL_GAP
    right = min([width + LABEL_GAP, *(each for each in limits if each > x)]) - LABEL_GAP
    return _Room(x, left, right)


def _has_more(title: str, whole: _Room, between_lines: _Room, *, beside: bool) -> bool:
    """Whether a title is cut between the lines down to the dates: it is then written across them.

    ``beside``: the same where two titles that could stand side by side would stand above one another.
    """
    if beside and between_lines.beside < LEAST_BESIDE <= whole.beside:
        return True
    return _is_cut(title, between_lines.label_width) and whole.label_width > between_lines.label_width


def _is_cut(title: str, width: float) -> bool:
    """Whether not all of a title is written where it has this width."""
    return " ".join(title_lines(title, width)) != " ".join(words_of(title))


def _line_of_today(today: float | None, x: float) -> list[float]:
    """What the title of a leaf at ``x`` stands beside: the line of today, or the end of the word above that."""
    if today is None:
        return []
    after_word = today + TODAY_HALF + AFTER_TODAY
    return [after_word if x >= after_word + LABEL_GAP else today]


def _leaf(
    x: float,
    objective: DrawnObjective,
    strand: Strand,
    left: float,
    right: float,
    within: Leaf | None,
    *,
    is_left: bool,
) -> Leaf:
    """A leaf whose title is clear of itself, of the strand, and of that of ``within``, the one before at its place."""
    y = strand.at_x(x)[1]
    height = BUD_HEIGHT if objective.state is ObjectiveState.AGREED else LEAF_HEIGHT
    steps = [left + (right - left) * step / 8 for step in range(9)]
    passes = [strand.at_x(each)[1] for each in steps]
    if strand.role is Role.MENTOR:
        label_y = min(y - height, *(each - 4 for each in passes)) - TEXT_FROM_LEAF
        if within is not None:
            label_y = min(label_y, within.top_line - LEADING - BETWEEN_TITLES)
    else:
        label_y = max(y + height, *(each + 4 for each in passes)) + TEXT_FROM_LEAF + TEXT_ASCENT
        if within is not None:
            label_y = max(label_y, within.bottom_line + LEADING + BETWEEN_TITLES)
    lines = title_lines(objective.title, right - left)
    return Leaf(x, y, objective, left, right, label_y, lines, is_left)


def title_lines(title: str, width: float) -> tuple[str, ...]:
    """A title in at most two lines of this width; the list beside the drawing has all of it."""
    if width < LEAST_LABEL or not title.strip():
        return ()
    lines = lines_within(title, width, lines=MOST_LINES, size=TEXT_SIZE)
    if lines:
        return tuple(balanced(lines, TEXT_SIZE))
    return (word_within(words_of(title)[0], width, TEXT_SIZE),)


def highest_label(drawn: Iterable[Leaf]) -> float:
    """The y of the first line of the highest title above; infinite without one."""
    above = (each.top_line for each in drawn if each.objective.owner is Role.MENTOR)
    return min(above, default=float("inf"))


def lowest_label(drawn: Iterable[Leaf]) -> float:
    """The y of the last line of the lowest title below; minus infinity without one."""
    below = (each.bottom_line for each in drawn if each.objective.owner is Role.MENTEE)
    return max(below, default=float("-inf"))


def today_line_ends(drawn: Iterable[Leaf], today: float, strand_y: float) -> float:
    """How far down the line from the word for today goes: to the strand, or to the title of a leaf that hangs there."""
    at_today = [each for each in drawn if each.x == today and each.objective.owner is Role.MENTOR]
    return min(strand_y, highest_label(at_today) - TEXT_ASCENT)


def today_label_y(drawn: Iterable[Leaf], today: float | None, middle: float) -> float:
    """The base of the word for today: above the titles that it would stand on."""
    if today is None:
        return middle - TODAY_ABOVE
    beside = [
        each
        for each in drawn
        if each.objective.owner is Role.MENTOR
        and each.label_left < today + TODAY_HALF
        and each.label_right > today - TODAY_HALF
    ]
    return min(middle - TODAY_ABOVE, highest_label(beside) - LEADING - 3)
