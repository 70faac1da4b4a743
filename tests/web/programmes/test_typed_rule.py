"""The form of a rule as text, without a page: there and back again, and the moves that change its shape."""

from __future__ import annotations

from typing import Any

import pytest

from lti_tool.mentoring.completion.criteria import criterion_schemas
from lti_tool.mentoring.completion.rule import read_draft
from lti_tool.web.programmes.rule_editor import canonical
from lti_tool.web.programmes.rule_lines import Blank, Shown, lines
from lti_tool.web.programmes.typed_rule import STARTS, TypedRule, after, from_document, from_fields, read_move
from schemas.completion_rule import GROUP, PLANNED

RULE = from_document(
    {
        "v": 1,
        "mode": "at_least",
        "k": 2,
        "pairs": "sum",
        "criteria": [
            {"id": "a", "type": "agreement", "roles": ["mentor"], "w": 0},
            {"id": "s", "type": "sessions", "min": 6, "formats": ["audio", "trade-show"], "w": "1/3"},
            {
                "id": "g",
                "type": "group",
                "mode": "any",
                "criteria": [{"id": "r", "type": "reflection", "min": 2}],
            },
        ],
        "ags": {"report": "live", "mentee": False, "mentor": True},
    }
)


def sent(rule: TypedRule) -> list[tuple[str, str]]:
    """What a browser sends of the form."""
    found = [(name, str(getattr(rule, name))) for name in ("mode", "pairs", "report", "graded")]
    for path, each in rule.each():
        found += [
            (f"{path}.type", each.type),
            *((f"{path}.{name}", value) for name, value in each.values.items()),
        ]
        found += [(f"{path}.formats", code) for code in each.formats]
    return found


def ids(rule: TypedRule) -> list[str]:
    return [each.id for _path, each in rule.each()]


def moved(do: str) -> TypedRule:
    return after(RULE, read_move(do), RULE)


def test_a_rule_comes_back_from_its_form_as_it_was() -> None:
    assert from_fields(sent(RULE)) == RULE
    document = canonical(RULE.document())
    assert canonical(from_document(document).document()) == document


def test_every_type_can_be_added_and_says_something_that_a_rule_can_say() -> None:
    rule: Any = RULE
    for kind in {**criterion_schemas(), **PLANNED, GROUP: None}:
        rule = after(rule, read_move(f"add:{kind}"), RULE)
        if kind != GROUP:
            rule = after(rule, read_move(f"add:{kind}:criteria.2"), RULE)
    assert set(STARTS) == {each.type for _path, each in rule.each()}
    assert len(set(ids(rule))) == len(ids(rule))
    rule = after(rule, read_move(f"remove:criteria.{len(rule.criteria) - 1}"), RULE)
    assert canonical(from_fields(sent(rule)).document()) == canonical(rule.document())
    assert len(read_draft(canonical(rule.document())).criteria) == len(rule.criteria)


@pytest.mark.parametrize(
    ("do", "left"),
    [
        ("remove:criteria.0", ["s", "g", "r"]),
        ("remove:criteria.2.criteria.0", ["a", "s", "g"]),
        ("up:criteria.1", ["s", "a", "g", "r"]),
        ("down:criteria.1", ["a", "g", "r", "s"]),
        ("up:criteria.0", ["a", "s", "g", "r"]),
        ("remove:criteria.9", ["a", "s", "g", "r"]),
        ("remove:nonsense", ["a", "s", "g", "r"]),
        ("restore:s", ["a", "s", "g", "r"]),
    ],
)
def test_conditions_are_moved_and_taken_out(do: str, left: list[str]) -> None:
    assert ids(moved(do)) == left


def test_what_was_taken_out_comes_back_as_it_was_in_force() -> None:
    less = moved("remove:criteria.1")
    assert dict(after(less, read_move("restore:s"), RULE).each())["criteria.2"] == RULE.criteria[1]


def test_a_group_in_a_group_is_not_added() -> None:
    assert moved(f"add:{GROUP}:criteria.2") == RULE


def test_a_changed_blank_says_what_it_was() -> None:
    changed = from_fields([(name, "8" if name == "criteria.1.min" else value) for name, value in sent(RULE)])
    shown = Shown({each.id: each for _path, each in RULE.each()}, {}, ("coaching",))
    [_agreement, sessions, group] = lines(changed, shown)
    assert list(sessions.was) == ["6"]
    assert [each.name for each in sessions.blanks if each.changed] == ["criteria.1.min"]
    assert [type(part) for part in group.parts] == [Blank, str]
    assert not any(line.is_new for line in (sessions, group, *group.lines))
    formats = next(each for each in sessions.more if each.kind == "formats")
    assert (formats.chosen, len(formats.options)) == ({"audio", "trade-show"}, 3)
