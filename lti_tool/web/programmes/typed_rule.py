"""A completion rule as its form holds it: text in named fields, right or wrong, and the moves that change its shape.

The name of a field is its dotted path in the rule's JSON (``criteria.2.criteria.0.min``), which is also how a schema
names it when something is wrong. A few fields of the page stand for several of the JSON, or for a list: see
:func:`TypedRule.document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lti_tool.mentoring.completion.criteria import criterion_schemas
from schemas.choices import ROLES
from schemas.completion_rule import GROUP, PLANNED

_NAME = re.compile(r"criteria\.([0-9]{1,2})(?:\.criteria\.([0-9]{1,2}))?\.([a-z_]{1,20})", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)

MOST_CRITERIA: Final = 30
"""In a rule, and in each of its groups."""
NUMBERS: Final = frozenset({"min", "min_minutes_each", "k"})
LISTS: Final[Mapping[str, str | None]] = {"evidence": ",", "verb": None}
"""Fields of one text that is a list in the JSON, and what stands between its members; None: white space."""
STARTS: Final[Mapping[str, Mapping[str, str]]] = {
    "agreement": {"by": "both"},
    "sessions": {"min": "6", "status": "confirmed", "min_minutes_each": "30"},
    "minutes": {"min": "270", "status": "confirmed"},
    "objectives": {
        "count": "1",
        "which": "required",
        "evidence": ",".join(("self", "partner", "tutor", "xapi")),
    },
    "reflection": {"min": "1"},
    "feedback": {"by": "self", "min": "1"},
    "tutor_validation": {},
    "assessment": {"phase": "after"},
    "training": {},
    "xapi": {"verb": "http://adlnet.gov/expapi/verbs/completed", "activity": "https://", "match": "exact"},
    GROUP: {"mode": "any"},
}
"""What a condition says when it is added, by its type."""


@dataclass(frozen=True)
class TypedCriterion:
    """One condition, or a group of them."""

    type: str
    values: Mapping[str, str]
    """The text of each field, by name; ``id`` is one of them."""
    formats: tuple[str, ...] = ()
    """The codes that are ticked; none stands for every format."""
    criteria: tuple[TypedCriterion, ...] = ()
    """Of a group."""

    @property
    def id(self) -> str:
        """What it is called in the rule."""
        return self.values.get("id", "")

    @property
    def roles(self) -> str:
        """``both``, ``mentee`` or ``mentor``."""
        return self.values.get("roles", "both")

    def document(self) -> dict[str, Any]:
        """It as JSON; text that is no number where one belongs stays as it is, for the schema to refuse."""
        found: dict[str, Any] = {"type": self.type}
        for name, text in self.values.items():
            if name == "roles":
                found["roles"] = list(ROLES) if text == "both" else [text]
            elif name == "mode":
                found |= _mode(text)
            elif name in LISTS:
                found[name] = [each for each in text.split(LISTS[name]) if each.strip()]
            elif text.strip() or name in NUMBERS | {"activity", "w"}:
                found[name] = _number(text) if name in NUMBERS or name == "count" else text.strip()
        if self.type == "sessions":
            found["formats"] = list(self.formats) or ["*"]
        if self.type == GROUP:
            found["criteria"] = [each.document() for each in self.criteria]
        return found


@dataclass(frozen=True)
class TypedRule:
    """A whole rule."""

    mode: str
    """``all``, ``any``, or ``at_least:`` and a number."""
    criteria: tuple[TypedCriterion, ...]
    pairs: str = "best"
    report: str = "final_only"
    graded: str = "both"
    """Who has a grade in the LMS: ``both``, ``mentee``, ``mentor`` or ``none``."""

    def document(self) -> dict[str, Any]:
        """The rule as JSON, as :func:`schemas.completion_rule.load_draft_rule` reads it."""
        return {
            "v": 1,
            **_mode(self.mode),
            "pairs": self.pairs,
            "criteria": [each.document() for each in self.criteria],
            "ags": {
                "report": self.report,
                "mentee": self.graded in ("both", "mentee"),
                "mentor": self.graded in ("both", "mentor"),
            },
        }

    def fields(self) -> list[tuple[str, str]]:
        """The rule as its form sends it: what :func:`from_fields` reads."""
        found = [
            ("mode", self.mode), ("pairs", self.pairs), ("report", self.report), ("graded", self.graded),
        ]  # fmt: skip
        for path, criterion in self.each():
            found.append((f"{path}.type", criterion.type))
            found += [(f"{path}.{name}", text) for name, text in criterion.values.items()]
            found += [(f"{path}.formats", code) for code in criterion.formats]
        return found

    def each(self) -> Iterator[tuple[str, TypedCriterion]]:
        """Every condition with its path, those of groups included."""
        for index, criterion in enumerate(self.criteria):
            yield f"criteria.{index}", criterion
            for inner, child in enumerate(criterion.criteria):
                yield f"criteria.{index}.criteria.{inner}", child

    def _new_id(self, kind: str) -> str:
        taken = {criterion.id for _path, criterion in self.each()}
        return next(name for number in range(1, 2000) if (name := f"{kind}-{number}") not in taken)

    def with_added(self, kind: str, group: str = "") -> TypedRule:
        """The rule with one more condition at its end, or at the end of the group at a path."""
        if kind not in STARTS or (group and kind == GROUP):
            return self
        new = TypedCriterion(kind, {"id": self._new_id(kind), "w": "1", "roles": "both", **STARTS[kind]})
        if not group:
            return (
                replace(self, criteria=(*self.criteria, new)) if len(self.criteria) < MOST_CRITERIA else self
            )
        return self._with_level(group, lambda level: (*level, new) if len(level) < MOST_CRITERIA else level)

    def with_back(self, criterion: TypedCriterion) -> TypedRule:
        """The rule with a condition that was taken out of it, at its end."""
        if criterion.id in {each.id for _path, each in self.each()}:
            return self
        return replace(self, criteria=(*self.criteria, criterion))

    def without(self, path: str) -> TypedRule:
        """The rule without the condition at a path."""
        parent, index = _place(path)
        if index < 0:
            return self
        return self._with_level(parent, lambda level: (*level[:index], *level[index + 1 :]))

    def moved(self, path: str, by: int) -> TypedRule:
        """The rule with the condition at a path one place up (-1) or down (1), among those beside it."""
        parent, index = _place(path)

        def move(level: tuple[TypedCriterion, ...]) -> tuple[TypedCriterion, ...]:
            if not (0 <= index < len(level) and 0 <= index + by < len(level)):
                return level
            moved = list(level)
            moved[index], moved[index + by] = moved[index + by], moved[index]
            return tuple(moved)

        return self._with_level(parent, move)

    def _with_level(self, parent: str, change: Any) -> TypedRule:
        if not parent:
            return replace(self, criteria=change(self.criteria))
        _top, index = _place(parent)
        if not 0 <= index < len(self.criteria):
            return self
        group = self.criteria[index]
        changed = replace(group, criteria=change(group.criteria))
        return replace(self, criteria=(*self.criteria[:index], changed, *self.criteria[index + 1 :]))


def _place(path: str) -> tuple[str, int]:
    """Of the path of a condition: that of the group it is in, or nothing, and its place there."""
    found = re.fullmatch(r"(?:(criteria\.[0-9]{1,2})\.)?criteria\.([0-9]{1,2})", path, re.ASCII)
    return (found[1] or "", int(found[2])) if found else ("", -1)


def _mode(text: str) -> dict[str, Any]:
    mode, _colon, number = text.partition(":")
    return {"mode": mode, "k": _number(number) if mode == "at_least" else None}


def _number(text: str) -> int | str:
    written = text.strip()
    return int(written) if _WHOLE.fullmatch(written) else written


def from_document(document: Mapping[str, Any]) -> TypedRule:
    """A rule's JSON, whose fields are right, as the form shows it."""
    graded = {(True, True): "both", (True, False): "mentee", (False, True): "mentor"}
    ags = document.get("ags", {})
    return TypedRule(
        mode=_mode_text(document),
        criteria=tuple(_criterion(entry) for entry in document["criteria"]),
        pairs=document.get("pairs", "best"),
        report=ags.get("report", "final_only"),
        graded=graded.get((ags.get("mentee", True), ags.get("mentor", True)), "none"),
    )


def _mode_text(level: Mapping[str, Any]) -> str:
    return f"at_least:{level['k']}" if level["mode"] == "at_least" else str(level["mode"])


def _criterion(entry: Mapping[str, Any]) -> TypedCriterion:
    values: dict[str, str] = {}
    formats: tuple[str, ...] = ()
    for name, value in entry.items():
        match name:
            case "type" | "criteria" | "k":
                continue
            case "mode":
                values["mode"] = _mode_text(entry)
            case "roles":
                values["roles"] = "both" if len(value) > 1 else value[0]
            case "formats":
                formats = tuple(code for code in value if code != "*")
            case _ if name in LISTS:
                values[name] = (LISTS[name] or " ").join(value)
            case _:
                values[name] = "" if value is None else str(value)
    values = {"w": "1", "roles": "both", **values}
    inner = tuple(_criterion(each) for each in entry.get("criteria", ()))
    return TypedCriterion(entry["type"], values, formats, inner)


def from_fields(sent: Iterable[tuple[str, str]]) -> TypedRule:
    """The rule that a form sent. Whatever the form does not have is left out.

    A type that is unknown is kept, and refused by the schema.
    """
    top: dict[str, str] = {}
    found: dict[tuple[int, int | None], dict[str, list[str]]] = {}
    for name, value in sent:
        matched = _NAME.fullmatch(name)
        if matched is None:
            top.setdefault(name, value)
            continue
        place = int(matched[1]), int(matched[2]) if matched[2] is not None else None
        found.setdefault(place, {}).setdefault(matched[3], []).append(value)
    outer = sorted(index for index, inner in found if inner is None)[:MOST_CRITERIA]
    return TypedRule(
        mode=top.get("mode", "all"),
        criteria=tuple(
            replace(
                _sent_criterion(found[index, None]),
                criteria=tuple(
                    _sent_criterion(found[place])
                    for place in sorted((each for each in found if each[1] is not None), key=_inner)[:900]
                    if place[0] == index
                )[:MOST_CRITERIA],
            )
            for index in outer
        ),
        pairs=top.get("pairs", "best"),
        report=top.get("report", "final_only"),
        graded=top.get("graded", "both"),
    )


def _inner(place: tuple[int, int | None]) -> int:
    return place[1] or 0


def _sent_criterion(given: Mapping[str, Sequence[str]]) -> TypedCriterion:
    kind = given.get("type", [""])[0]
    known = _fields_of(kind)
    values = {name: texts[0] for name, texts in given.items() if name in known}
    values = {"w": "1", "roles": "both", **values}
    return TypedCriterion(kind, values, tuple(given.get("formats", ())) if kind == "sessions" else ())


def _fields_of(kind: str) -> frozenset[str]:
    """The fields of a type that are text on the page."""
    if kind == GROUP:
        return frozenset({"id", "w", "roles", "mode"})
    schema = {**PLANNED, **criterion_schemas()}.get(kind)
    if schema is None:
        return frozenset()
    return frozenset(schema().fields) - {"type", "formats"}


@dataclass(frozen=True)
class Move:
    """What a button of the form asks for besides keeping what was typed."""

    name: str
    """One of :data:`MOVES`."""
    path: str = ""
    """Of the condition or the group; of ``restore``, the condition's id."""
    kind: str = ""
    """Of ``add``: the type of the condition."""


MOVES: Final = frozenset(
    {
        "save",
        "try",
        "apply",
        "discard",
        "give-up",
        "overwrite",
        "take",
        "add",
        "remove",
        "up",
        "down",
        "restore",
    }
)


def read_move(text: str) -> Move:
    """What a button says: a name, and after a colon what it is about; ``add`` names the type, then the group.

    Anything else only saves.
    """
    name, _colon, path = text.partition(":")
    if name == "add":
        kind, _colon, group = path.partition(":")
        return Move(name, group, kind)
    return Move(name, path) if name in MOVES else Move("save")


def after(rule: TypedRule, move: Move, in_force: TypedRule) -> TypedRule:
    """The rule after a move."""
    match move.name:
        case "add":
            return rule.with_added(move.kind, move.path)
        case "remove":
            return rule.without(move.path)
        case "up" | "down":
            return rule.moved(move.path, -1 if move.name == "up" else 1)
        case "restore":
            gone = {each.id: each for _path, each in in_force.each()}
            return rule.with_back(gone[move.path]) if move.path in gone else rule
    return rule
