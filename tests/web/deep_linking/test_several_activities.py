"""One activity, or one for each role: what the platform gets, and what each opens."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.programmes.models import ActivityChoice, Placement
from tests.forms import form_with, forms_of
from tests.platform.platform import ABSENT, INSTRUCTOR, LEARNER
from tests.web.deep_linking.picking import DL, Picker

TITLES = {"mentee_title": "To learn", "mentor_title": "To teach"}


def items(picker: Picker, page: TestResponse) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = picker.claims(page)[f"{DL}content_items"]
    return found


@pytest.fixture
def pair(picker: Picker) -> list[dict[str, Any]]:
    """The two items of a choice of two activities, that for those who learn first."""
    return items(picker, picker.answer(role_view="apart", **TITLES))


def open_item(
    picker: Picker, item: dict[str, Any], *, course: str = "course-1", **claims: Any
) -> TestResponse:
    """Launch what the platform made of an item, and follow to its first page."""
    launch = {
        "roles": [INSTRUCTOR],
        "context": {"id": course, "title": "Leading today"},
        "resource_link": {"id": f"{course} {item['title']}", "title": item["title"]},
        "custom": {**item["custom"], **claims.pop("custom", {})},
    }
    page = picker.platform.launch(picker.browser, **{**launch, **claims})
    while page.status_code in (302, 303):
        page = picker.browser.get(urlsplit(page.headers["Location"]).path)
    return page


def open_as_learner(picker: Picker, item: dict[str, Any], person: str = "learner") -> TestResponse:
    return open_item(picker, item, roles=[LEARNER], sub=person)


def placements(picker: Picker) -> list[tuple[uuid.UUID, str]]:
    """Of each activity that is open, its group and for whom it is."""
    with picker.services.database.reading() as db:
        rows = db.execute(sa.select(Placement.cohort_id, Placement.role_view).order_by(Placement.created_at))
        return [(row.cohort_id, row.role_view) for row in rows]


def role_buttons(page: TestResponse) -> list[str]:
    return [role for role in ("mentee", "mentor") if f'id="choose-{role}"' in page.text]


def join(picker: Picker, page: TestResponse, role: str) -> TestResponse:
    [form] = [form for form in forms_of(page) if form.action.endswith("/join")]
    return picker.browser.post(form.action, data={**form.fields, "role": role})


def roles(picker: Picker) -> list[str]:
    with picker.services.database.reading() as db:
        return list(db.scalars(sa.select(Participant.role)))


def test_two_activities_are_two_items_of_one_content(pair: list[dict[str, Any]]) -> None:
    assert [item["title"] for item in pair] == ["To learn", "To teach"]
    assert [item["custom"]["role"] for item in pair] == ["mentee", "mentor"]
    assert len({item["custom"]["content_id"] for item in pair}) == 1


def test_each_of_two_activities_has_a_line_item_that_can_be_told_from_the_other(
    pair: list[dict[str, Any]],
) -> None:
    assert {item["lineItem"]["resourceId"] for item in pair} == {pair[0]["custom"]["content_id"]}
    assert [item["lineItem"]["tag"] for item in pair] == [
        "reverse-mentoring-mentee",
        "reverse-mentoring-mentor",
    ]
    assert [item["lineItem"]["label"] for item in pair] == ["To learn", "To teach"]


def test_one_activity_for_everybody_names_no_role(picker: Picker) -> None:
    [item] = items(picker, picker.answer())
    assert "role" not in item["custom"]


def test_one_activity_for_one_role_names_it(picker: Picker) -> None:
    [item] = items(picker, picker.answer(role_view="mentor"))
    assert item["custom"]["role"] == "mentor"


@pytest.mark.parametrize("accepts", [False, ABSENT])
def test_two_activities_are_offered_only_where_the_platform_takes_several(
    picker: Picker, accepts: Any
) -> None:
    page = picker.open(settings={"accept_multiple": accepts})
    assert 'value="apart"' not in page.text
    answer = picker.choose(page, role_view="apart", **TITLES)
    assert (answer.status_code, "JWT" in answer.text) == (422, False)


def test_nothing_goes_to_the_gradebook_where_the_tutor_wants_no_grade(picker: Picker) -> None:
    page = picker.answer(role_view="apart", gradebook="no", **TITLES)
    assert ["lineItem" in item for item in items(picker, page)] == [False, False]


def test_the_gradebook_is_not_asked_about_where_the_platform_takes_no_line_item(picker: Picker) -> None:
    page = picker.open(settings={"accept_lineitem": False})
    assert "gradebook" not in form_with(page, "title").fields


@pytest.mark.parametrize("name", ["mentee_title", "mentor_title"])
def test_a_missing_title_of_two_is_asked_for_and_the_rest_is_kept(picker: Picker, name: str) -> None:
    page = picker.answer(role_view="apart", gradebook="no", template="demo", **{**TITLES, name: " "})
    fields = form_with(page, "title").fields
    assert page.status_code == 422
    kept = {**TITLES, name: " ", "role_view": "apart", "gradebook": "no", "template": "demo"}
    assert {field: fields[field] for field in kept} == kept
    # What most leave as it is stands folded, and open where something of it was changed or is missing.
    assert '<details class="further-choices" open>' in page.text
    assert '<details class="further-choices">' in picker.open().text


def test_the_title_of_one_is_not_asked_of_two(picker: Picker) -> None:
    assert len(items(picker, picker.answer(role_view="apart", title="", **TITLES))) == 2


def test_two_activities_open_one_group_whichever_is_opened_first(
    picker: Picker, pair: list[dict[str, Any]]
) -> None:
    for item in reversed(pair):
        assert open_item(picker, item).status_code == 200
    (group, first), (other, second) = placements(picker)
    assert (group, first, second) == (other, "mentor", "mentee")


@pytest.mark.parametrize("course", ["course-1", "copy"])
def test_a_learner_opens_the_second_once_a_tutor_has_opened_the_first(
    picker: Picker, pair: list[dict[str, Any]], course: str
) -> None:
    place = {"course": course, "custom": {"context_id_history": "course-1"} if course == "copy" else {}}
    learner = {"roles": [LEARNER], "sub": "learner"}
    assert "The programme opens soon" in open_item(picker, pair[1], **place, **learner).text
    assert placements(picker) == []
    open_item(picker, pair[0], **place)
    page = open_item(picker, pair[1], **place, **learner)
    (group, _), (same, role) = placements(picker)
    assert (same, role) == (group, "mentor")
    assert join(picker, page, "mentor").status_code == 302


def test_a_learner_opens_no_duplicate(picker: Picker, pair: list[dict[str, Any]]) -> None:
    for item in pair:
        open_item(picker, item)
    duplicate = {
        "resource_link": {"id": "duplicate", "title": "To teach"},
        "roles": [LEARNER],
        "sub": "learner",
    }
    assert "The programme opens soon" in open_item(picker, pair[1], **duplicate).text
    assert len(placements(picker)) == 2


def test_two_further_activities_open_a_group_of_their_own(picker: Picker) -> None:
    for _ in range(2):
        for item in items(picker, picker.answer(role_view="apart", **TITLES)):
            resource_link = {"id": str(uuid.uuid4()), "title": item["title"]}
            open_item(picker, item, resource_link=resource_link)
    groups = [group for group, _ in placements(picker)]
    assert (groups[0], groups[2]) == (groups[1], groups[3])
    assert groups[0] != groups[2]


def test_two_activities_can_share_a_group_that_is_there(picker: Picker) -> None:
    [alone] = items(picker, picker.answer(title="Alone"))
    open_item(picker, alone)
    [(group, _)] = placements(picker)
    for item in items(picker, picker.answer(role_view="apart", group=str(group), **TITLES)):
        open_item(picker, item)
    assert {found for found, _ in placements(picker)} == {group}


def test_an_activity_for_one_role_offers_that_role_alone_and_names_the_other(
    picker: Picker, pair: list[dict[str, Any]]
) -> None:
    for item in pair:
        open_item(picker, item)
    page = open_as_learner(picker, pair[0])
    assert role_buttons(page) == ["mentee"]
    assert "this activity is for mentees" in page.text
    assert "Would you rather teach? Open “To teach” in your course." in page.text


def test_nobody_joins_with_the_other_role(picker: Picker, pair: list[dict[str, Any]]) -> None:
    open_item(picker, pair[0])
    page = open_as_learner(picker, pair[0])
    assert join(picker, page, "mentor").status_code == 409
    assert roles(picker) == []
    assert join(picker, page, "mentee").status_code == 302
    assert roles(picker) == ["mentee"]


def test_who_opens_the_other_activity_reads_that_it_is_the_other(
    picker: Picker, pair: list[dict[str, Any]]
) -> None:
    for item in pair:
        open_item(picker, item)
    join(picker, open_as_learner(picker, pair[0]), "mentee")
    here, there = (open_as_learner(picker, item).text for item in pair)
    notice = "This activity is for mentors, and you are taking part as a mentee."
    assert notice not in here
    assert notice in there
    assert "Your grade will appear in “To learn”. Everything else is the same here." in there


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_copied_course_has_both_in_a_fresh_group(
    picker: Picker, pair: list[dict[str, Any]], order: tuple[int, int]
) -> None:
    for item in pair:
        open_item(picker, item)
    for index in order:
        open_item(picker, pair[index], course="copy", custom={"context_id_history": "course-1"})
    (old, _), _, (first, one), (second, other) = placements(picker)
    assert first == second != old
    assert {one, other} == {"mentee", "mentor"}


def test_in_a_copied_course_the_activity_that_nobody_opened_joins_the_other(
    picker: Picker, pair: list[dict[str, Any]]
) -> None:
    open_item(picker, pair[0])
    for item in reversed(pair):
        open_item(picker, item, course="copy", custom={"context_id_history": "course-1"})
    _, (first, one), (second, other) = placements(picker)
    assert (first, one, other) == (second, "mentor", "mentee")


def test_a_duplicate_of_one_of_two_is_asked_about(picker: Picker, pair: list[dict[str, Any]]) -> None:
    for item in pair:
        open_item(picker, item)
    page = open_item(picker, pair[1], resource_link={"id": "duplicate", "title": "To teach"})
    assert "This activity is a duplicate" in page.text
    assert "“To teach”" in page.text
    assert len(placements(picker)) == 2


@pytest.mark.parametrize("role", ["", "both", "Mentor", "instructor", 5, None])
def test_a_role_that_is_none_is_left_out(picker: Picker, role: Any) -> None:
    [item] = items(picker, picker.answer())
    open_item(picker, item, custom={"role": role})
    assert [view for _, view in placements(picker)] == ["both"]


def test_a_choice_is_kept_once_for_both(picker: Picker, pair: list[dict[str, Any]]) -> None:
    with picker.services.database.reading() as db:
        [choice] = db.scalars(sa.select(ActivityChoice)).all()
    assert (str(choice.content_id), choice.role_view) == (pair[0]["custom"]["content_id"], "both")


def test_who_cancels_goes_back_with_nothing_and_a_message(picker: Picker) -> None:
    page = picker.open()
    [form] = [form for form in forms_of(page) if form.action.endswith("/deep-linking/cancel")]
    answer = picker.browser.post(form.action, data=form.fields)
    claims = picker.claims(answer)
    assert (claims[f"{DL}content_items"], claims[f"{DL}data"]) == ([], "opaque <data>")
    assert claims[f"{DL}msg"] == "Nothing was added."
    assert "data-submit" in form_with(answer, "JWT").attributes


def test_a_place_that_takes_no_activity_offers_the_way_back(picker: Picker) -> None:
    page = picker.open(settings={"accept_types": ["link"]})
    claims = picker.claims(page)
    assert (page.status_code, claims[f"{DL}content_items"]) == (400, [])
    assert claims[f"{DL}errormsg"] == "This place does not take activities. Nothing was added."
    assert claims[f"{DL}data"] == "opaque <data>"


def test_no_way_back_leads_to_an_address_that_is_not_the_platform_s(picker: Picker) -> None:
    page = picker.open(
        settings={"accept_types": ["link"], "deep_link_return_url": "https://evil.example/return"}
    )
    assert (page.status_code, "JWT" in page.text, "evil.example" in page.text) == (400, False, False)
