"""What each form of the pages takes, and one refusal for each way it may be wrong."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.choices import DISPUTE_REASONS, MEETING_MODES, OBJECTIVE_MOVES, SESSION_FORMATS
from schemas.form_schema import read_form
from schemas.learner_forms import ChooseRoleForm, SignAgreementForm
from schemas.objective_forms import EditObjectiveForm, MoveObjectiveForm, ObjectiveForm
from schemas.problem import Problem, ShapeError
from schemas.programme_sections import DatesForm
from schemas.scaling_form import ScaleForm
from schemas.session_forms import AnswerSessionForm, SessionForm
from schemas.tutor_forms import PairForm, ReopenForm, TutorValidationForm

TODAY = date(2026, 11, 22)
ONE = "00000000-0000-0000-0000-000000000001"
TWO = "00000000-0000-0000-0000-000000000002"
MET = {"held_on": "2026-11-20", "minutes": "45", "mode": "phone", "format": "coaching"}
LEARN = {"title": "Faire parler un tableau de chiffres", "direction": "mentee"}
HOSTILE = {
    "NUL": "\0",
    "NUL inside": "a\0b",
    "lone surrogate": "\ud800",
    "very long": "x" * 100_000,
    "full-width digits": "１２",
    "blank": "  ",
    "dash": "-",
    "Arabic digit": "٣",
    "direction override": "\u202e",
    "NUL after a word": "on\0",
}
HOSTILE_PARAMS = [pytest.param(value, id=name) for name, value in HOSTILE.items()]


def read(form, values):
    return read_form(form, values.items())


def problems(form, values):
    with pytest.raises(ShapeError) as refused:
        read(form, values)
    return refused.value.problems


def session_form():
    return SessionForm(today=TODAY)


@pytest.mark.parametrize("role", ["mentor", "mentee"])
def test_a_person_chooses_a_role(role):
    assert read(ChooseRoleForm(), {"role": role}) == {"role": role}


@pytest.mark.parametrize(
    ("values", "code"),
    [({}, "required"), ({"role": ""}, "not_a_choice"), ({"role": "tutor"}, "not_a_choice")],
)
def test_another_role_is_refused(values, code):
    assert problems(ChooseRoleForm(), values) == {"role": [code]}


def test_a_tutor_pairs_two_people():
    pair = read(PairForm(), {"mentor_id": ONE, "mentee_id": TWO})
    assert pair == {"mentor_id": UUID(ONE), "mentee_id": UUID(TWO)}


def test_nobody_is_paired_with_themselves():
    assert problems(PairForm(), {"mentor_id": ONE, "mentee_id": ONE}) == {"mentee_id": ["same_person"]}


@pytest.mark.parametrize("value", ["1", "", "{" + ONE + "}", ONE.replace("-", ""), *HOSTILE_PARAMS])
def test_what_is_no_id_is_refused(value):
    code = "not_an_id" if value.strip() else "person_missing"
    assert problems(PairForm(), {"mentor_id": value, "mentee_id": TWO}) == {"mentor_id": [code]}


@pytest.mark.parametrize("tick", ["on", "true", "yes", "1"])
def test_a_ticked_box_signs(tick):
    assert read(SignAgreementForm(), {"accepted": tick}) == {"accepted": True}


@pytest.mark.parametrize("values", [{}, {"accepted": "no"}, {"accepted": "false"}])
def test_an_unticked_box_does_not_sign(values):
    assert problems(SignAgreementForm(), values) == {"accepted": ["must_be_accepted"]}


def test_a_session_is_logged():
    logged = read(session_form(), MET)
    assert (logged["held_on"], logged["minutes"], logged["format"]) == (date(2026, 11, 20), 45, "coaching")


def test_today_is_not_in_the_future():
    assert read(session_form(), {**MET, "held_on": "2026-11-22"})["held_on"] == TODAY


def test_tomorrow_is_refused():
    assert problems(session_form(), {**MET, "held_on": "2026-11-23"}) == {"held_on": ["date_in_future"]}


def test_a_year_ago_is_not_too_old():
    assert read(session_form(), {**MET, "held_on": "2025-11-22"})["held_on"] == date(2025, 11, 22)


def test_more_than_a_year_ago_is_refused():
    assert problems(session_form(), {**MET, "held_on": "2025-11-20"}) == {"held_on": ["date_too_old"]}


@pytest.mark.parametrize(
    "day",
    [
        "22/11/2026",
        "2026-11-31",
        "2026-W47-1",
        "20261122",
        "2026-11-2",
        "\uff12\uff1026-11-22",
        "2026-11-22T10:00",
        "0000-01-01",
        *HOSTILE_PARAMS,
    ],
)
def test_what_is_no_day_is_refused(day):
    code = "required" if not day.strip() else "not_a_date"
    assert problems(session_form(), {**MET, "held_on": day}) == {"held_on": [code]}


@pytest.mark.parametrize("minutes", ["5", "480", " 45 ", "045"])
def test_minutes_in_reach_are_taken(minutes):
    assert read(session_form(), {**MET, "minutes": minutes})["minutes"] == int(minutes)


@pytest.mark.parametrize(
    ("minutes", "code"),
    [
        ("4", "too_small"),
        ("0", "too_small"),
        ("-45", "too_small"),
        ("481", "too_large"),
        ("45.5", "not_a_number"),
        ("1e2", "not_a_number"),
        ("4_5", "not_a_number"),
        ("0x2d", "not_a_number"),
        ("９０", "not_a_number"),
        pytest.param("9" * 5000, "not_a_number", id="5000 digits"),
        ("nan", "not_a_number"),
        ("", "required"),
        ("\0", "not_a_number"),
    ],
)
def test_minutes_out_of_reach_are_refused(minutes, code):
    assert problems(session_form(), {**MET, "minutes": minutes}) == {"minutes": [code]}


@pytest.mark.parametrize("format", SESSION_FORMATS)
def test_every_format_is_taken(format):
    assert read(session_form(), {**MET, "format": format})["format"] == format


@pytest.mark.parametrize("mode", MEETING_MODES)
def test_every_mode_is_taken(mode):
    assert read(session_form(), {**MET, "mode": mode})["mode"] == mode


@pytest.mark.parametrize(("mode", "code"), [("", "not_a_choice"), ("telepathy", "not_a_choice")])
def test_no_mode_and_an_unknown_one_are_refused(mode, code):
    assert problems(session_form(), {**MET, "mode": mode}) == {"mode": [code]}


@pytest.mark.parametrize(("day", "held_on"), [("today", TODAY), ("yesterday", TODAY - timedelta(days=1))])
def test_a_day_chosen_in_one_tap_counts_whatever_the_field_for_another_holds(day, held_on):
    assert read(session_form(), {**MET, "day": day, "held_on": "no day"})["held_on"] == held_on


def test_a_length_chosen_in_one_tap_counts_whatever_the_field_for_another_holds():
    assert read(session_form(), {**MET, "length": "90", "minutes": "3"})["minutes"] == 90


def test_another_day_and_length_are_those_that_were_typed():
    typed = read(session_form(), {**MET, "day": "other", "length": "other"})
    assert typed == read(session_form(), MET)
    assert typed == {
        "held_on": date(2026, 11, 20),
        "minutes": 45,
        "mode": "phone",
        "format": "coaching",
        "worked_on": (),
    }


def test_a_meeting_is_about_any_number_of_objectives():
    typed = read_form(session_form(), [*MET.items(), ("worked_on", ONE), ("worked_on", TWO)])
    assert typed["worked_on"] == (UUID(ONE), UUID(TWO))


@pytest.mark.parametrize("wrong", ["", "one", "\0", "x" * 100_000])
def test_a_meeting_is_about_objectives_alone(wrong):
    with pytest.raises(ShapeError):
        read_form(session_form(), [*MET.items(), ("worked_on", wrong)])


def test_a_format_that_the_programme_does_not_have_is_refused():
    assert problems(session_form(), {**MET, "format": "fab-lab"}) == {"format": ["not_a_choice"]}


def test_a_format_that_a_business_added_is_taken():
    form = SessionForm(today=TODAY, formats=["fab-lab"])
    assert read(form, {**MET, "format": "fab-lab"})["format"] == "fab-lab"


def test_all_problems_are_reported_at_once():
    wrong = {"held_on": "2030-01-01", "minutes": "0", "mode": "", "format": "fab-lab"}
    assert set(problems(session_form(), wrong)) == {"held_on", "minutes", "mode", "format"}


def test_one_form_does_not_keep_the_day_of_another():
    SessionForm(today=date(2030, 1, 1))
    assert problems(session_form(), {**MET, "held_on": "2029-12-31"}) == {"held_on": ["date_in_future"]}


@pytest.mark.parametrize(("answer", "said"), [("yes", True), ("no", False)])
def test_the_partner_answers_in_one_tap(answer, said):
    assert read(AnswerSessionForm(), {"answer": answer}) == {"answer": said, "reason": None, "revision": None}


def test_an_answer_may_name_the_revision_that_the_partner_saw():
    assert read(AnswerSessionForm(), {"answer": "yes", "revision": "3"})["revision"] == 3


@pytest.mark.parametrize("revision", ["-1", "three", "1000001", "1.5"])
def test_an_answer_about_no_possible_revision_is_refused(revision):
    assert "revision" in problems(AnswerSessionForm(), {"answer": "yes", "revision": revision})


@pytest.mark.parametrize("reason", DISPUTE_REASONS)
def test_a_dispute_may_have_a_reason(reason):
    assert read(AnswerSessionForm(), {"answer": "no", "reason": reason})["reason"] == reason


def test_an_unknown_reason_is_refused():
    values = {"answer": "no", "reason": "<script>"}
    assert problems(AnswerSessionForm(), values) == {"reason": ["not_a_choice"]}


@pytest.mark.parametrize("answer", ["maybe", "", *HOSTILE_PARAMS])
def test_another_answer_is_refused(answer):
    assert problems(AnswerSessionForm(), {"answer": answer}) == {"answer": ["not_yes_or_no"]}


def test_an_objective_is_about_skills_by_default():
    assert read(ObjectiveForm(), LEARN) == {
        **LEARN,
        "tag": "skills",
        "skill": None,
        "required": False,
        "target_on": None,
        "level": None,
        "accepts": ("partner",),
    }


def test_the_tutor_s_word_may_be_enough_and_a_record_store_s_is_not_asked_for():
    assert read(ObjectiveForm(), {**LEARN, "accepts": "tutor"})["accepts"] == ("tutor",)
    assert problems(ObjectiveForm(), {**LEARN, "accepts": "xapi"}) == {"accepts.0": ["not_a_choice"]}


def test_an_objective_may_be_required():
    assert read(ObjectiveForm(), {**LEARN, "required": "on"})["required"] is True


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("", "required"),
        ("   ", "required"),
        ("ab", "too_short"),
        pytest.param("x" * 201, "too_long", id="201 characters"),
        ("two\nlines", "forbidden_characters"),
        ("nul\0", "forbidden_characters"),
        ("half \ud83d", "forbidden_characters"),
    ],
)
def test_a_title_that_is_none_is_refused(title, code):
    assert problems(ObjectiveForm(), {**LEARN, "title": title}) == {"title": [code]}


def test_a_title_is_kept_composed():
    assert read(ObjectiveForm(), {**LEARN, "title": "re\u0301ussir"})["title"] == "réussir"


@pytest.mark.parametrize("field", ["direction", "tag"])
def test_an_objective_in_an_unknown_direction_or_dimension_is_refused(field):
    assert problems(ObjectiveForm(), {**LEARN, field: "up"}) == {field: ["not_a_choice"]}


@pytest.mark.parametrize("move", OBJECTIVE_MOVES)
def test_an_objective_moves(move):
    assert read(MoveObjectiveForm(), {"move": move}) == {"move": move, "revision": None}


@pytest.mark.parametrize(
    ("due", "code"), [("2026-11-21", "date_past"), ("2030-01-01", "date_too_far"), ("soon", "not_a_date")]
)
def test_an_objective_is_due_in_the_years_to_come(due, code):
    assert problems(ObjectiveForm(today=TODAY), {**LEARN, "target_on": due}) == {"target_on": [code]}


def test_an_edit_changes_neither_who_learns_nor_whether_it_is_required():
    typed = {**LEARN, "tag": "culture", "required": "on", "target_on": "2026-12-24"}
    assert read(EditObjectiveForm(today=TODAY), typed) == {
        "title": LEARN["title"],
        "tag": "culture",
        "target_on": date(2026, 12, 24),
    }


def test_an_objective_makes_no_other_move():
    assert problems(MoveObjectiveForm(), {"move": "delete"}) == {"move": ["not_a_choice"]}


def test_a_tutor_validates():
    said = read(TutorValidationForm(), {"participant_id": ONE, "validated": "yes"})
    assert said == {"participant_id": UUID(ONE), "validated": True}


def test_a_tutor_reopens_with_a_reason():
    said = read(ReopenForm(), {"participant_id": ONE, "reason": "Mauvais binôme"})
    assert said["reason"] == "Mauvais binôme"


@pytest.mark.parametrize("values", [{}, {"reason": ""}, {"reason": "  \n "}])
def test_a_tutor_does_not_reopen_without_a_reason(values):
    assert problems(ReopenForm(), {"participant_id": ONE, **values}) == {"reason": ["required"]}


def test_a_field_sent_twice_is_refused_even_with_one_value():
    with pytest.raises(ShapeError) as refused:
        read_form(ChooseRoleForm(), [("role", "mentor"), ("role", "mentor")])
    assert refused.value.problems == {"role": ["duplicated"]}


def test_a_field_that_the_form_does_not_have_is_left_out():
    assert read(ChooseRoleForm(), {"role": "mentor", "csrf": "abc"}) == {"role": "mentor"}


def test_a_form_of_a_thousand_fields_is_refused():
    with pytest.raises(ShapeError) as refused:
        read_form(ChooseRoleForm(), ((f"field{n}", "x") for n in range(1000)))
    assert refused.value.problems == {"_schema": ["too_many"]}


FORMS = {
    "role": (ChooseRoleForm, {"role": "mentor"}),
    "pair": (PairForm, {"mentor_id": ONE, "mentee_id": TWO}),
    "sign": (SignAgreementForm, {"accepted": "on"}),
    "session": (session_form, MET),
    "answer": (AnswerSessionForm, {"answer": "no", "reason": "other"}),
    "objective": (ObjectiveForm, {**LEARN, "tag": "culture", "required": "on"}),
    "move": (MoveObjectiveForm, {"move": "claim"}),
    "validation": (TutorValidationForm, {"participant_id": ONE, "validated": "yes"}),
    "reopen": (ReopenForm, {"participant_id": ONE, "reason": "parce que"}),
}
FIELDS = [(name, field) for name, (_form, values) in FORMS.items() for field in values]


def outcome(form, values):
    """The problems of a form that may be right or wrong."""
    try:
        read(form, values)
    except ShapeError as error:
        return error.problems
    return {}


@pytest.mark.parametrize(("name", "field"), FIELDS)
@pytest.mark.parametrize("value", [None, 5, 1.5, b"bytes", ["mentor"], {"a": "b"}, object])
def test_a_value_of_another_type_is_a_problem_of_its_field(name, field, value):
    form, values = FORMS[name]
    # A form's text is all that may come; None is a field that was not sent, and 5 is a number of minutes.
    assert set(outcome(form(), {**values, field: value})) <= {field}


@settings(deadline=None)
@given(st.sampled_from(FIELDS), st.text() | st.sampled_from(list(HOSTILE.values())))
def test_any_text_is_kept_or_is_a_problem_of_its_field(where, text):
    name, field = where
    form, values = FORMS[name]
    found = outcome(form(), {**values, field: text})
    assert set(found) <= {field}
    assert all(isinstance(problem, Problem) and problem.text for each in found.values() for problem in each)


@settings(deadline=None)
@given(st.dates(min_value=TODAY - timedelta(days=366), max_value=TODAY), st.integers(5, 480))
def test_every_day_and_length_in_reach_is_taken(day, minutes):
    values = {**MET, "held_on": day.isoformat(), "minutes": str(minutes)}
    logged = read(session_form(), values)
    assert (logged["held_on"], logged["minutes"]) == (day, minutes)


@pytest.mark.parametrize("form", [ScaleForm(TODAY), DatesForm(today=TODAY, was={})])
def test_a_last_day_before_the_first_is_said_to_be_so_where_it_is_past_too(form) -> None:
    with pytest.raises(ShapeError) as refused:
        read(form, {"name": "All of us", "starts_on": "2026-12-01", "ends_on": "2026-11-01"})
    assert refused.value.problems["ends_on"] == ["date_not_after_start"]
