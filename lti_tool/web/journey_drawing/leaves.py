"""The objectives on the large drawing: a leaf on the strand of the one who learns, and the room for its title.

A leaf and its title are on the outer side of the strand: the mentor's above, the mentee's below. SVG user units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import DrawnObjective, ObjectiveState
from lti_tool.web.journey_drawing.strands import Strand
from lti_tool.web.journey_drawing.text import balanced, lines_within, text_width, word_within, words_of

LABEL_MOST: Final = 180.0
LABEL_GAP: Final = 5.0
"""Between a title and what stands beside it."""
LEFT_MOST: Final = 54.0
"""Right of the two faces."""
LEAF_WIDTH: Final = 20.0
LEAF_HEIGHT: Final = 25.0
BUD_HEIGHT: Final = 16.0
TEXT_ASCENT: Final = 10.0
TEXT_FROM_LEAF: Final = 8.0
LEADING: Final = 15.0
"""Between two lines of a title."""
TEXT_SIZE: Final = 13.0
BETWEEN_TITLES: Final = 9.0
"""Between one and another that stands farther from the strand: more than between two lines of one."""
BELOW_TITLE: Final = 9.0
"""From the base of a title to the line that goes on below it."""
MOST_LINES: Final = 2
"""Of a title."""
MOST_BETWEEN_LINES: Final = 3
"""Of one that stands whole between the lines to two dates only so."""
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

    @property
    def label_width(self) -> float:
        """The room for its title."""
        return self.label_right - self.label_left

    @property
    def label_x(self) -> float:
        """The middle of the lines of the title: over the leaf, or as near to it as its room allows."""
        half = max((text_width(line, TEXT_SIZE) for line in self.lines), default=0.0) / 2
        return min(max(self.x + LEAF_MIDDLE, self.label_left + half), self.label_right - half)

    @property
    def between(self) -> tuple[float, float]:
        """Where the lines of the title begin and end."""
        half = max((text_width(line, TEXT_SIZE) for line in self.lines), default=0.0) / 2
        return self.label_x - half, self.label_x + half

    @property
    def first_y(self) -> float:
        """The top of the title."""
        above = self.objective.owner is Role.MENTOR
        return self.label_y - TEXT_ASCENT - (LEADING * (len(self.lines) - 1) if above else 0.0)

    @property
    def last_y(self) -> float:
        """The base of the last line of the title."""
        above = self.objective.owner is Role.MENTOR
        return self.label_y + (0.0 if above else LEADING * (len(self.lines) - 1))

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

    ``leads``: the x of the lines down to the dates, which titles below stand between as long as that leaves them
    whole; ``width``: of the drawing.
    """
    found: list[Leaf] = []
    for role in (Role.MENTOR, Role.MENTEE):
        own = [(x, each) for x, each in placed if each.owner is role]
        for x, objective in own:
            others = [(x + other) / 2 for other, _each in own if other != x]
            lines = leads if role is Role.MENTEE else _line_of_today(today, x)
            placed_before = [each for each in found if each.objective.owner is role]
            room = _room([*others, *lines], x, width)
            if role is Role.MENTEE and _is_cut(objective.title, room):
                # Between two lines, sooner below another title, or in three lines, than across a line; and sooner
                # across one than across several.
                later = [other for other, _each in own if other > x]
                rooms = [_room([*lines, *later], x, width), *_across_one(lines, others, x, width)]
                whole = (
                    _clear_of(_leaf(x, objective, strands[role], *each, count), placed_before)
                    for each in rooms
                    for count in (MOST_LINES, MOST_BETWEEN_LINES)
                    if not _is_cut(objective.title, each, count)
                )
                fits = next((each for each in whole if not _is_at_another(each, placed_before)), None)
                if fits is not None:
                    found.append(fits)
                    continue
                room = _room(others, x, width)
            if _is_cut(objective.title, room):
                room = _room(lines if role is Role.MENTOR else [], x, width)
            leaf = _leaf(x, objective, strands[role], *room)
            found.append(_clear_of(leaf, placed_before))
    return tuple(found)


def _across_one(
    lines: Sequence[float], others: Sequence[float], x: float, width: float
) -> Iterator[tuple[float, float]]:
    """The rooms of a title that stands across the line before ``x``, or across the one after it, and no other."""
    before, after = sorted(each for each in lines if each < x), sorted(each for each in lines if each > x)
    if before:
        yield _room([*before[:-1], *after, *others], x, width)
    if after:
        yield _room([*before, *after[1:], *others], x, width)


def _is_at_another(leaf: Leaf, others: Iterable[Leaf]) -> bool:
    """Whether the title of ``leaf`` would stand on another leaf, or right below it as if it were that one's title."""
    left, right = leaf.between
    return any(
        left - LABEL_GAP < each.x + LEAF_WIDTH
        and each.x - LABEL_GAP < right
        and (_are_beside(leaf, each) or leaf.first_y < each.last_y)
        for each in others
    )


def _are_beside(leaf: Leaf, other: Leaf) -> bool:
    """Whether the titles of the two stand beside one another, at whatever height."""
    left, right = leaf.between
    other_left, other_right = other.between
    return right + LABEL_GAP < other_left or other_right + LABEL_GAP < left


def _clear_of(leaf: Leaf, others: Sequence[Leaf]) -> Leaf:
    """The leaf, with its title farther from the strand than those of ``others`` on which it would stand."""
    for other in sorted(others, key=lambda each: abs(each.label_y - leaf.y)):
        if _are_beside(leaf, other) or leaf.last_y < other.first_y or other.last_y < leaf.first_y:
            continue
        if leaf.objective.owner is Role.MENTOR:
            label_y = other.first_y - BETWEEN_TITLES
        else:
            label_y = other.last_y + BETWEEN_TITLES + TEXT_ASCENT
        leaf = replace(leaf, label_y=label_y)
    return leaf


def _room(limits: Iterable[float], x: float, width: float) -> tuple[float, float]:
    """Between which places a title stands that is as near to the middle of its leaf as these limits allow."""
    left = max([LEFT_MOST - LABEL_GAP, *(each for each in limits if each < x)]) + LABEL_GAP
    right = min([width + LABEL_GAP, *(each for each in limits if each > x)]) - LABEL_GAP
    room = min(right - left, LABEL_MOST)
    left = min(max(x - room / 2, left), right - room)
    return left, left + room


def _is_cut(title: str, room: tuple[float, float], most_lines: int = MOST_LINES) -> bool:
    """Whether not all of a title is written in its room."""
    return " ".join(title_lines(title, room[1] - room[0], most_lines)) != " ".join(words_of(title))


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
    most_lines: int = MOST_LINES,
) -> Leaf:
    """A leaf whose title is clear of itself and of the strand."""
    y = strand.at_x(x)[1]
    height = BUD_HEIGHT if objective.state is ObjectiveState.AGREED else LEAF_HEIGHT
    steps = [left + (right - left) * step / 8 for step in range(9)]
    passes = [strand.at_x(each)[1] for each in steps]
    if strand.role is Role.MENTOR:
        label_y = min(y - height, *(each - 4 for each in passes)) - TEXT_FROM_LEAF
    else:
        label_y = max(y + height, *(each + 4 for each in passes)) + TEXT_FROM_LEAF + TEXT_ASCENT
    lines = title_lines(objective.title, right - left, most_lines)
    return Leaf(x, y, objective, left, right, label_y, lines)


def title_lines(title: str, width: float, most_lines: int = MOST_LINES) -> tuple[str, ...]:
    """A title in at most so many lines of this width; the list beside the drawing has all of it."""
    if width < LEAST_LABEL or not title.strip():
        return ()
    lines = lines_within(title, width, lines=most_lines, size=TEXT_SIZE)
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


def lead_begins(drawn: Iterable[Leaf], x: float, least: float) -> float:
    """The y at which a line down to the date at ``x`` begins: ``least``, or clear below the titles on its way."""
    return max([least, *(each.last_y + BELOW_TITLE for each in _titles_at(drawn, x, LABEL_GAP - 1))])


def lowest_title_over(drawn: Iterable[Leaf], x: float, half: float) -> float:
    """The base of the lowest title below that stands over a date at ``x``; minus infinity without one.

    ``half``: of the width of what is written there.
    """
    return max((each.last_y for each in _titles_at(drawn, x, half)), default=float("-inf"))


def _titles_at(drawn: Iterable[Leaf], x: float, half: float) -> Iterator[Leaf]:
    """The leaves whose titles are below, and at most ``half`` from ``x``."""
    for each in drawn:
        left, right = each.between
        if each.objective.owner is Role.MENTEE and each.lines and left - half < x < right + half:
            yield each


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
