"""The lines of the rule's form: sentences whose blanks are controls, and what has changed in each since the version in
force."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import validate

from lti_tool.mentoring.completion.criteria import criterion_schemas
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from lti_tool.web.language import first_lower, first_upper, number
from lti_tool.web.programmes import rule_wording
from lti_tool.web.programmes.typed_rule import NUMBERS, TypedCriterion, TypedRule
from schemas.completion_rule import GROUP, PLANNED
from schemas.problem import Problem

_BLANK = re.compile(r"%\((\w+)\)s")

MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "sessions": ("formats", "roles"),
    "xapi": ("match", "min_scaled", "since", "until", "roles"),
}
"""What stands under “More” of a line; of every other type, for whom it is."""
TEXTS: Final = frozenset({"activity", "min_scaled", "w"})
"""Fields that are typed and are no numbers to count with."""


@dataclass(frozen=True)
class Blank:
    """One control of a line."""

    name: str
    """Of the field: its dotted path in the rule."""
    value: str
    kind: str
    """``select``, ``number``, ``text`` or ``formats``."""
    label: str
    options: Sequence[tuple[str, str]] = ()
    chosen: frozenset[str] = frozenset()
    """Of ``formats``: what is ticked."""
    attributes: Mapping[str, int] | None = None
    """The bounds of a number."""
    changed: bool = False
    """Whether the version in force says something else."""
    was: str = ""
    """What that says."""
    problems: Sequence[Problem] = ()

    @property
    def id(self) -> str:
        """Of the control in the page."""
        return self.name.replace(".", "-")

    @property
    def is_number(self) -> bool:
        """Whether a browser shows the value in a number's field, in which any other text is lost."""
        return not self.value or (self.value.isascii() and self.value.lstrip("+-").isdigit())

    @property
    def error_id(self) -> str:
        """Of the text that says what is wrong with it."""
        return f"{self.id}-error"


@dataclass(frozen=True)
class Line:
    """One condition, or a group of them."""

    path: str
    id: str
    type: str
    parts: Sequence[str | Blank]
    """Words and blanks, in the order of the sentence."""
    more: Sequence[Blank]
    weight: Blank
    is_new: bool
    was: Sequence[str]
    """What its changed blanks say in the version in force."""
    plain: str
    """The sentence without controls, for names of buttons and for the list of weights."""
    is_first: bool
    is_last: bool
    problems: Sequence[Problem] = ()
    """Of the whole of it."""
    lines: Sequence[Line] = ()
    """Of a group."""

    @property
    def anchor(self) -> str:
        """The id of the line in the page."""
        return f"line-{self.id}"

    @property
    def blanks(self) -> list[Blank]:
        """Every control of the line but its weight."""
        return [*(part for part in self.parts if isinstance(part, Blank)), *self.more]

    @property
    def more_is_open(self) -> bool:
        """Whether what stands under “More” is to be seen at once."""
        return any(each.changed or each.problems for each in self.more) or any(
            (each.kind == "formats" and each.chosen)
            or (each.name.endswith(".roles") and each.value != "both")
            for each in self.more
        )


@dataclass(frozen=True)
class Shown:
    """What the lines are made with."""

    in_force: Mapping[str, TypedCriterion]
    """The conditions of the version in force, by their ids."""
    problems: Mapping[str, Sequence[Problem]]
    """By the dotted path of the field."""
    formats: Sequence[str]
    """Codes that the programme offers."""
    format_name: Callable[[str], str] = wording.format_name


def lines(rule: TypedRule, shown: Shown) -> list[Line]:
    """The lines of a rule."""
    return _level(rule.criteria, "", shown)


def _level(criteria: Sequence[TypedCriterion], prefix: str, shown: Shown) -> list[Line]:
    return [
        _line(each, f"{prefix}criteria.{index}", shown, index == 0, index == len(criteria) - 1)
        for index, each in enumerate(criteria)
    ]


def _line(criterion: TypedCriterion, path: str, shown: Shown, is_first: bool, is_last: bool) -> Line:
    before = shown.in_force.get(criterion.id)
    if before is not None and before.type != criterion.type:
        before = None
    template = rule_wording.sentence(criterion.type, criterion.values)
    parts: list[str | Blank] = []
    for index, part in enumerate(_BLANK.split(template)):
        if index % 2:
            parts.append(_blank(criterion, part, path, before, shown))
        elif part.strip():
            parts.append(part.strip())
    names = () if criterion.type == GROUP else MORE.get(criterion.type, ("roles",))
    more = [_blank(criterion, name, path, before, shown) for name in names]
    blanks = [*(part for part in parts if isinstance(part, Blank)), *more]
    return Line(
        path=path,
        id=criterion.id,
        type=criterion.type,
        parts=parts,
        more=more,
        weight=_blank(criterion, "w", path, before, shown),
        is_new=before is None,
        was=_was(criterion.type, [each for each in blanks if each.changed and each.was]),
        plain=rule_wording.plain(
            criterion.type, criterion.values, {_field(each): words_of(each) for each in blanks}
        ),
        is_first=is_first,
        is_last=is_last,
        problems=[
            problem
            for name in ("criteria", "k", "id", "type")
            for problem in shown.problems.get(f"{path}.{name}", ())
        ],
        lines=_level(criterion.criteria, f"{path}.", shown),
    )


def _field(blank: Blank) -> str:
    """The last part of its name."""
    return blank.name.rpartition(".")[2]


def _was(kind: str, changed: Sequence[Blank]) -> list[str]:
    if len(changed) < 2:
        return [each.was for each in changed]
    return [rule_wording.had(kind, _field(each), each.was) for each in changed]


def words_of(blank: Blank) -> str:
    """What a control says now."""
    if blank.kind == "select":
        return dict(blank.options).get(blank.value, blank.value)
    return blank.value


def _blank(
    criterion: TypedCriterion, name: str, path: str, before: TypedCriterion | None, shown: Shown
) -> Blank:
    value = criterion.values.get(name, "")
    label = rule_wording.label(criterion.type, name)
    problems = shown.problems.get(f"{path}.{name}", ())
    if name == "formats":
        chosen = frozenset(criterion.formats)
        known = [*shown.formats, *(code for code in criterion.formats if code not in shown.formats)]
        had = frozenset(before.formats) if before is not None else chosen
        return Blank(
            f"{path}.{name}",
            "",
            "formats",
            label,
            options=[(code, shown.format_name(code)) for code in known],
            chosen=chosen,
            changed=had != chosen,
            problems=problems,
        )
    had_value = before.values.get(name, value) if before is not None else value
    if name in NUMBERS:
        return Blank(
            f"{path}.{name}",
            value,
            "number",
            label,
            attributes=_bounds(criterion.type, name),
            changed=had_value != value,
            was=had_value,
            problems=problems,
        )
    if name in TEXTS:
        return Blank(
            f"{path}.{name}",
            value,
            "text",
            label,
            changed=had_value != value,
            was=had_value,
            problems=problems,
        )
    choices = rule_wording.options(criterion.type, name, value, len(criterion.criteria))
    return Blank(
        f"{path}.{name}",
        value,
        "select",
        label,
        options=choices,
        changed=had_value != value,
        was=dict(rule_wording.options(criterion.type, name, had_value, len(criterion.criteria)))[had_value],
        problems=problems,
    )


def _bounds(kind: str, name: str) -> dict[str, int]:
    """The least and the most that a number may be, as its schema has them."""
    field: Any = {**PLANNED, **criterion_schemas()}[kind]().fields[name]
    found: dict[str, int] = {}
    for validator in field.validators:
        if isinstance(validator, validate.Range):
            found |= {
                bound: value
                for bound, value in (("min", validator.min), ("max", validator.max))
                if value is not None
            }
    return found


def faults(lines: Sequence[Line]) -> list[Blank]:
    """The controls with which something is wrong, in the order of the page."""
    every = [each for line in lines for each in (line, *line.lines)]
    found = [blank for line in every for blank in line.blanks if blank.problems]
    return found + [line.weight for line in every if line.weight.problems]


def taken_out(rule: TypedRule, in_force: TypedRule, shown: Shown) -> list[Line]:
    """The conditions of the version in force that the draft has no more."""
    kept = {each.id for _path, each in rule.each()}
    return [
        _line(each, path, shown, is_first=True, is_last=True)
        for path, each in in_force.each()
        if each.id not in kept
    ]


def weights_said(lines: Sequence[Line]) -> str:
    """How much each condition counts in the percentage, such as “Agreement 20%, meetings 80%”.

    Where these are no whole numbers, rounded ones might not add up: then “Agreement 1, meetings 5 (of 6)”.
    """
    written = [line.weight.value for line in lines]
    if len(set(written)) < 2:
        return _("All conditions count equally towards the percentage")
    weights = [int(each) if each.isascii() and each.isdigit() and len(each) < 9 else None for each in written]
    total = sum(each or 0 for each in weights)
    if None in weights or not total:
        return _("Some conditions count more towards the percentage")
    known = [(line, weight) for line, weight in zip(lines, weights, strict=True) if weight]
    in_parts = any(100 * weight % total for _line, weight in known)
    shares = [
        f"{rule_wording.subject(line.type)} "
        + (number(weight) if in_parts else _("%(number)s%%", number=number(100 * weight // total)))
        for line, weight in known
    ]
    said = ", ".join([shares[0], *map(first_lower, shares[1:])])
    if not in_parts:
        return said
    return first_upper(_("Out of %(total)s: %(parts)s", parts=first_lower(said), total=number(total)))
