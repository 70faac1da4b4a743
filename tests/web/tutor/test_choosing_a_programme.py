"""An activity that was added without the content picker: its tutor chooses the programme at the first launch."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.events.models import EventRow
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.programmes.models import Cohort, Placement, Programme
from tests.forms import form_with
from tests.platform.platform import INSTRUCTOR, LEARNER
from tests.web.deep_linking.picking import Picker
from tests.web.deep_linking.test_several_activities import join, role_buttons

CHOICE = "template"


def first_page(picker: Picker, link: str = "by-hand", **claims: Any) -> TestResponse:
    """The page at the end of a launch of a link that names no content, by a tutor unless ``claims`` say otherwise."""
    page = picker.platform.launch(
        picker.browser,
        **{
            "roles": [INSTRUCTOR],
            "resource_link": {"id": link, "title": "Mentoring by hand"},
            "custom": {},
            **claims,
        },
    )
    while page.status_code in (302, 303):
        page = picker.browser.get(urlsplit(page.headers["Location"]).path)
    return page


def choose(picker: Picker, page: TestResponse, **fields: str) -> TestResponse:
    form = form_with(page, CHOICE)
    return picker.browser.post(form.action, data={**form.fields, "begin": "now", **fields})


def count(picker: Picker, table: type[Any]) -> int:
    with picker.services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def opened(picker: Picker) -> list[tuple[str, str]]:
    """Of each activity that is open: the template of its programme, and for whom it is."""
    with picker.services.database.reading() as db:
        rows = db.execute(
            sa.select(Programme.template, Placement.role_view)
            .join(Cohort, Cohort.programme_id == Programme.id)
            .join(Placement, Placement.cohort_id == Cohort.id)
            .order_by(Placement.created_at)
        )
        return [(row.template, row.role_view) for row in rows]


def test_the_tutor_is_asked_and_nothing_is_opened_before(picker: Picker) -> None:
    for _ in range(2):
        page = first_page(picker)
        assert "Which programme for “Mentoring by hand”?" in page.text
        proposed = form_with(page, CHOICE).fields
        assert (proposed["template"], proposed["begin"]) == ("digital-skills", "set-up")
    assert (opened(picker), count(picker, EventRow)) == ([], 0)


def test_learners_wait_until_the_tutor_has_chosen(picker: Picker) -> None:
    first_page(picker)
    page = first_page(picker, roles=[LEARNER], sub="learner")
    assert "The programme opens soon" in page.text
    key = page.request.path.split("/l/")[1].split("/")[0]
    assert picker.browser.post(f"/l/{key}/programme", data={CHOICE: "demo"}).status_code == 403
    assert (opened(picker), count(picker, Participant)) == ([], 0)


def test_the_chosen_programme_is_opened_and_learners_take_part(picker: Picker) -> None:
    answer = choose(picker, first_page(picker), template="demo", role_view="mentee")
    assert answer.status_code == 302
    assert "My group" in first_page(picker).text
    page = first_page(picker, roles=[LEARNER], sub="learner")
    assert role_buttons(page) == ["mentee"]
    assert join(picker, page, "mentee").status_code == 302
    assert opened(picker) == [("demo", "mentee")]


def test_how_it_begins_is_asked_in_a_second_step_that_keeps_what_was_typed(picker: Picker) -> None:
    page = first_page(picker)
    assert 'type="radio" id="begin"' not in page.text
    asked = choose(picker, page, template="demo", begin="set-up", go_to="questions")
    assert 'type="radio" id="begin"' in asked.text
    typed = {"begin": "now", "role_view": "mentee", "name": "Our own name"}
    back = choose(picker, asked, go_to="template", **typed)
    assert form_with(back, CHOICE).fields["template"] == "demo"
    again = choose(picker, back, begin="now", go_to="questions")
    kept = form_with(again, CHOICE).fields
    assert {name: kept[name] for name in typed} == typed
    # A fault in it is shown where it was asked.
    wrong = choose(picker, again, **typed | {"months": "99"})
    assert (wrong.status_code, 'name="at" value="questions"' in wrong.text) == (422, True)
    assert opened(picker) == []
    assert choose(picker, again, **typed).status_code == 302
    assert opened(picker) == [("demo", "mentee")]
    with picker.services.database.reading() as db:
        assert db.scalars(sa.select(Cohort.status)).all() == ["running"]


def test_whoever_joins_a_group_is_asked_who_takes_part_alone(picker: Picker) -> None:
    choose(picker, first_page(picker, "one"), template="demo")
    with picker.services.database.reading() as db:
        group = db.scalars(sa.select(Cohort.id)).one()
    asked = choose(picker, first_page(picker, "two"), group=str(group), go_to="questions")
    assert ('id="begin"' in asked.text, 'id="role_view"' in asked.text) == (False, True)
    assert choose(picker, asked, role_view="mentor").status_code == 302
    assert opened(picker) == [("demo", "both"), ("demo", "mentor")]


def test_a_group_that_is_there_can_be_shared(picker: Picker) -> None:
    choose(picker, first_page(picker, "one"), template="demo", role_view="mentor")
    with picker.services.database.reading() as db:
        group = db.scalars(sa.select(Cohort.id)).one()
    choose(picker, first_page(picker, "two"), role_view="mentee", group=str(group))
    assert opened(picker) == [("demo", "mentor"), ("demo", "mentee")]
    assert count(picker, Cohort) == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"template": "unknown"}, 422),
        ({"template": str(uuid.uuid4())}, 422),
        ({"role_view": "apart"}, 422),
        ({"group": str(uuid.uuid4())}, 409),
    ],
)
def test_a_wrong_choice_opens_nothing_and_keeps_the_others(
    picker: Picker, fields: dict[str, str], status: int
) -> None:
    page = choose(picker, first_page(picker), **{"role_view": "mentor", "template": "demo", **fields})
    assert page.status_code == status
    # What stands in the place of a group that is gone is right, and is not marked as an error.
    assert ("alert-danger" in page.text, "“A new group” is selected instead" in page.text) == (
        status == 422,
        status == 409,
    )
    kept = form_with(page, "form_id").fields
    assert kept.get("role_view") == (None if "role_view" in fields else "mentor")
    assert opened(picker) == []


def test_of_two_tutors_the_first_decides(picker: Picker) -> None:
    page = first_page(picker)
    other = first_page(picker, sub="another tutor")
    assert choose(picker, page, template="demo").status_code == 302
    assert choose(picker, other, template="digital-skills").status_code == 302
    assert opened(picker) == [("demo", "both")]


@pytest.mark.parametrize(
    ("custom", "found"),
    [
        ({"template": "demo"}, ("demo", "both")),
        ({"template": "demo", "role": "mentor"}, ("demo", "mentor")),
        ({"content_id": str(uuid.uuid4())}, ("digital-skills", "both")),
        ({"content_id": str(uuid.uuid4()), "template": "gone"}, ("digital-skills", "both")),
    ],
)
def test_a_link_that_names_its_programme_is_opened_at_once(
    picker: Picker, custom: dict[str, str], found: tuple[str, str]
) -> None:
    assert "My group" in first_page(picker, custom=custom).text
    assert opened(picker) == [found]


def test_a_link_that_names_a_programme_that_does_not_exist_is_asked_about(picker: Picker) -> None:
    assert CHOICE in form_with(first_page(picker, custom={"template": "unknown"}), CHOICE).fields
    assert opened(picker) == []


def test_a_link_that_names_its_role_is_asked_about_its_programme_alone(picker: Picker) -> None:
    page = first_page(picker, custom={"role": "mentor"})
    assert "role_view" not in form_with(page, CHOICE).fields
    choose(picker, page, template="demo")
    assert opened(picker) == [("demo", "mentor")]


def test_a_copied_activity_without_a_content_id_is_not_asked_about(picker: Picker) -> None:
    choose(picker, first_page(picker, context={"id": "spring"}), template="demo")
    page = first_page(picker, context={"id": "autumn"}, custom={"context_id_history": "spring"})
    assert "My group" in page.text
    assert opened(picker) == [("demo", "both"), ("demo", "both")]
