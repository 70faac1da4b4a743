"""What an LRS may change leaves a statement the same; anything else makes it another."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.xapi.story import story_statements
from tests.xapi.test_validation import drop, put
from xapi.comparison import MOST_LEVELS, is_comparable, same_statement

OURS = story_statements()["session-held-mentee"].document
SCORED = story_statements()["programme-completed"].document

ALLOWED = [
    put("stored", "2026-11-12T10:00:01.000Z"),
    put("authority", {"objectType": "Agent", "mbox": "mailto:lrs@lrs.example"}),
    put("version", "1.0.0"),
    put("timestamp", "2026-11-12T11:00:00.001000+01:00"),
    put("timestamp", "2026-11-12T10:00:00.001234Z"),
    put("id", story_statements()["session-held-mentee"].document["id"].upper()),
    drop("verb/display"),
    put("verb/display/de", "hat teilgenommen"),
    drop("object/definition"),
    drop("object/objectType"),
    drop("actor/objectType"),
    put("result/duration", "PT2700S"),
    put("result/duration", "PT0H45M0.00S"),
    put("context/team/member", []),
    put("context/revision", None),
    put("context/contextActivities/parent", OURS["context"]["contextActivities"]["parent"][0]),
    drop("context/contextActivities/parent/0/definition"),
    put("context/contextActivities/other", []),
]
FORBIDDEN = [
    put("timestamp", "2026-11-12T10:00:00.002Z"),
    put("actor/account/name", "5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a0009"),
    put("verb/id", "http://activitystrea.ms/confirm"),
    put("object/id", "https://tool.example/xapi/activities/session/other"),
    put("result/duration", "PT46M"),
    put("result/completion", True),
    drop("result"),
    put("context/registration", "5f0c1c0e-6a3b-4a35-9c55-4f0f0f0d0009"),
    put("context/platform", "Canvas"),
    drop("context/instructor"),
    drop("context/contextActivities/category"),
    put("context/extensions/extra:one", 1),
    put("context/team/objectType", "Agent"),
]


def change_path(document, change):
    changed = copy.deepcopy(document)
    change(changed)
    return changed


@pytest.mark.parametrize("change", ALLOWED)
def test_what_an_lrs_may_change_leaves_it_the_same(change):
    assert same_statement(OURS, change_path(OURS, change))


@pytest.mark.parametrize("change", FORBIDDEN)
def test_anything_else_makes_it_another(change):
    assert not same_statement(OURS, change_path(OURS, change))


def test_a_number_is_the_same_however_it_is_spelt():
    assert same_statement(SCORED, change_path(SCORED, put("result/score/scaled", 1.0)))


def test_true_is_not_the_number_one():
    assert not same_statement(SCORED, change_path(SCORED, put("result/completion", 1)))


def test_an_extension_is_compared_to_the_letter():
    changed = change_path(
        OURS, lambda d: d["context"]["extensions"].update(dict.fromkeys(d["context"]["extensions"]))
    )
    assert not same_statement(OURS, changed)


TEXTS = st.text() | st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", f"P{'9' * 400}D", "PT1S"]
)
KEYS = st.text(max_size=3) | st.sampled_from(
    ["id", "timestamp", "duration", "actor", "object", "verb", "member", "contextActivities", "extensions"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_anything_that_an_lrs_may_hold_can_be_compared(theirs):
    assert is_comparable(theirs)
    assert not same_statement(OURS, theirs)
    assert same_statement(theirs, theirs)


def nested(levels: int) -> object:
    value: object = 1
    for number in range(levels):
        value = [value] if number % 2 else {"timestamp": value}
    return value


def test_what_is_nested_deeper_than_any_statement_is_not_compared():
    assert is_comparable(nested(MOST_LEVELS - 1))
    assert same_statement({"x": nested(MOST_LEVELS - 2)}, {"x": nested(MOST_LEVELS - 2)})
    assert not is_comparable(nested(MOST_LEVELS))
    assert not is_comparable(nested(100_000))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_have_are_not_compared(number):
    assert not is_comparable({"result": [number]})
