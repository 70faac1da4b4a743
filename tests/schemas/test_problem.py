"""Problems are codes that read as sentences."""

import string

import pytest

from schemas.problem import MESSAGES, Problem, ShapeError, flatten

PARAMS = {
    "min": 3,
    "max": 9,
    "k": 2,
    "count": 1,
    "role": "mentee",
    "type": "exam",
    "id": "c1",
    "what": "data",
}


@pytest.mark.parametrize("code", MESSAGES)
def test_every_code_reads_as_a_sentence(code):
    text = Problem(code, **PARAMS).text
    assert text.endswith(".")
    assert "%(" not in text


@pytest.mark.parametrize("code", MESSAGES)
def test_a_code_is_short_and_plain(code):
    assert set(code) <= set(string.ascii_lowercase + "_")


def test_a_problem_is_its_code():
    assert Problem("too_long", max=9) == "too_long"


def test_an_unknown_code_is_a_programming_error():
    with pytest.raises(KeyError):
        Problem("oops")


def test_messages_of_nested_fields_get_dotted_paths():
    nested = {"criteria": {0: {"w": ["invalid"]}}, "_schema": ["required"]}
    assert flatten(nested) == {"criteria.0.w": ["invalid"], "_schema": ["required"]}


def test_a_message_of_a_whole_object_stands_at_its_path():
    assert flatten({"ags": {"_schema": ["not_an_object"]}}) == {"ags": ["not_an_object"]}


def test_a_message_that_is_no_code_is_still_a_problem():
    assert flatten({"a": ["Not a valid string."]}) == {"a": ["invalid"]}


def test_an_error_says_where_and_why_in_one_line():
    assert (
        str(ShapeError({"k": [Problem("k_missing")]})) == "k: Please say how many of the criteria are enough."
    )
