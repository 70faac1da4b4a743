"""Problems are codes that read as sentences."""

import string

import pytest
from marshmallow import fields

from schemas.problem import MESSAGES, CodedSchema, Problem, ShapeError, flatten

PARAMS = {
    "row": 2,
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


@pytest.mark.parametrize(
    ("message", "code", "params"),
    [
        ("too_small min=-5", "too_small", {"min": -5}),
        ("required", "required", {}),
        ("too_small min=five", "invalid", {}),
        ("Must be greater than or equal to 5.", "invalid", {}),
        ("", "invalid", {}),
    ],
)
def test_a_validator_s_message_is_a_code_with_numbers(message, code, params):
    problem = Problem.parse(message)
    assert (problem, problem.params) == (code, params)


class Everything(CodedSchema):
    """A field of each of marshmallow's kinds that the table has codes for, as marshmallow makes it."""

    text = fields.String()
    number = fields.Integer()
    yes = fields.Boolean()
    id = fields.UUID()
    day = fields.Date()
    many = fields.List(fields.Integer())
    inside = fields.Nested(CodedSchema)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("text", "not_text"),
        ("number", "not_a_number"),
        ("yes", "not_yes_or_no"),
        ("id", "not_an_id"),
        ("day", "not_a_date"),
        ("many", "not_a_list"),
        ("inside", "not_an_object"),
    ],
)
def test_marshmallow_s_own_fields_say_what_is_wrong_in_codes(name, code):
    with pytest.raises(ShapeError) as refused:
        Everything().read({name: object()})
    assert refused.value.problems == {name: [code]}


def test_the_entries_of_a_list_have_codes_too():
    with pytest.raises(ShapeError) as refused:
        Everything().read({"many": ["x"]})
    assert refused.value.problems == {"many.0": ["not_a_number"]}


def test_a_message_of_a_field_s_own_is_kept():
    class Ticked(CodedSchema):
        box = fields.Boolean(required=True, error_messages={"required": "must_be_accepted"})

    with pytest.raises(ShapeError) as refused:
        Ticked().read({})
    assert refused.value.problems == {"box": ["must_be_accepted"]}
