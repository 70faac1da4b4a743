"""Copies of courses and of activities: what comes along, what gets an id of its own, and what Canvas leaves behind."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_httpserver import HTTPServer

from lti_tool.demo.lms.canvas.launches import context_id
from lti_tool.demo.lms.copies import copy_course, duplicate_link
from lti_tool.demo.lms.course import Link, coupled_line_item, links_of
from lti_tool.demo.lms.gradebook import gradebook, write_grade
from lti_tool.demo.lms.people import add_person, is_enrolled
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.score_rules import StoredGrade
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.texts import translated
from tests.demo.lms.conftest import FIRST_STUDENT, make_activity, make_tool

NEWCOMER = {
    "username": "",
    "email": "",
    "given_name": "New",
    "family_name": "Comer",
    "job": "",
    "role": "student",
}


@pytest.mark.parametrize("with_people", [False, True])
def test_a_course_is_copied_with_its_people_and_their_grades_or_without(
    lms: RunningLms, activity: Link, with_people: bool
) -> None:
    with lms.lms.store.transaction() as db:
        item = coupled_line_item(db, activity.id)
        assert item is not None
        write_grade(db, item.id, int(FIRST_STUDENT), StoredGrade(80, "Well met", 0.0), accepted=1)
        copy = copy_course(db, lms.settings, 1, with_people=with_people)
        second = copy_course(db, lms.settings, copy.id)
        assert (copy.history, second.history) == ("1", f"{copy.id},1")
        [link] = links_of(db, copy.id)
        copied = coupled_line_item(db, link.id)
        assert copied is not None
        assert (link.id, copied.id) != (activity.id, item.id)
        assert (link.custom, link.url, copied.resource_id, copied.tag) == (
            activity.custom,
            activity.url,
            item.resource_id,
            item.tag,
        )
        shown = {
            student["id"]: student["grades"][str(copied.id)]["grade"]
            for student in gradebook(db, copy)["students"]
        }
        assert shown.get(FIRST_STUDENT) == (80 if with_people else None)
        assert is_enrolled(db, int(FIRST_STUDENT), copy.id) is with_people
        # Whoever comes to the original afterwards is not in the copy.
        assert not is_enrolled(db, add_person(db, NEWCOMER, 1).id, copy.id)


def test_canvas_copies_content_alone(
    canvas: RunningLms, httpserver: HTTPServer, tool_key: rsa.RSAPrivateKey
) -> None:
    make_activity(canvas, make_tool(canvas, httpserver, tool_key))
    with canvas.lms.store.transaction() as db:
        copy = copy_course(db, canvas.settings, 1)
        assert copy.history == context_id(1)
        with pytest.raises(Refusal):
            copy_course(db, canvas.settings, 1, with_people=True)


def test_a_duplicated_activity_is_like_its_original_with_a_line_item_of_its_own(
    lms: RunningLms, activity: Link
) -> None:
    with lms.lms.store.transaction() as db:
        copy = duplicate_link(db, activity.id, "fr", "moodle")
        one, other = coupled_line_item(db, activity.id), coupled_line_item(db, copy.id)
    assert one is not None
    assert other is not None
    assert (copy.custom, copy.course_id, other.tag) == (activity.custom, activity.course_id, one.tag)
    assert one.id != other.id
    assert (copy.title, other.label) == ("Mentorat inversé (copie)",) * 2
    shown = (
        translated("en", copy.title),
        translated("en", "Mentorat inversé Copie"),
        translated("fr", "Copy"),
    )
    assert shown == ("Reverse mentoring (copy)", "Reverse mentoring Copy", "Copy")
