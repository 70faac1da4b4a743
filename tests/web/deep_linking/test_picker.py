"""A tutor adds the activity to a course, and the platform gets an answer that it can trust."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
import pytest
from werkzeug.test import TestResponse

from tests.forms import form_with
from tests.platform.platform import ABSENT, LTI
from tests.web.deep_linking.picking import DL, RETURN_URL, Picker


@pytest.fixture
def item(picker: Picker) -> dict[str, Any]:
    """The content item of an answer."""
    claims = picker.claims(picker.answer(title="Reverse mentoring 2026"))
    [only] = claims[f"{DL}content_items"]
    assert isinstance(only, dict)
    return only


def test_the_page_offers_the_activity_with_its_title(picker: Picker) -> None:
    assert form_with(picker.open(), "title").fields["title"] == "Reverse mentoring"


def test_the_title_is_offered_in_the_tutors_language(picker: Picker) -> None:
    page = picker.open(launch_presentation={"locale": "fr"})
    assert form_with(page, "title").fields["title"] == "Mentorat inversé"


def test_a_reload_of_the_page_shows_it_again(picker: Picker) -> None:
    page = picker.open()
    assert picker.browser.get(page.request.path).status_code == 200


def test_the_answer_goes_to_the_platforms_return_address_by_itself(picker: Picker) -> None:
    form = form_with(picker.answer(), "JWT")
    assert (form.action, form.method, "data-submit" in form.attributes) == (RETURN_URL, "post", True)


def test_the_answer_can_be_sent_by_hand_where_no_script_runs(picker: Picker) -> None:
    assert form_with(picker.answer(), "JWT").buttons == 1


def test_the_browser_may_send_the_form_to_the_platform(picker: Picker) -> None:
    policy = picker.answer().headers["Content-Security-Policy"]
    assert "https://lms.example" in policy.split("form-action ")[1].split(";")[0].split()


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "client-1"),
        ("aud", "https://lms.example"),
        (f"{LTI}deployment_id", "deployment-1"),
        (f"{LTI}message_type", "LtiDeepLinkingResponse"),
        (f"{LTI}version", "1.3.0"),
        (f"{DL}data", "opaque <data>"),
    ],
)
def test_the_answer_says(picker: Picker, claim: str, value: str) -> None:
    assert picker.claims(picker.answer())[claim] == value


def test_the_answer_is_signed_with_rs256_and_names_its_key(picker: Picker) -> None:
    header = jwt.get_unverified_header(form_with(picker.answer(), "JWT").fields["JWT"])
    assert (header["alg"], bool(header["kid"])) == ("RS256", True)


def test_the_answer_is_valid_for_minutes(picker: Picker) -> None:
    claims = picker.claims(picker.answer())
    assert 60 <= claims["exp"] - claims["iat"] <= 600
    assert abs(claims["iat"] - time.time()) < 30


def test_two_answers_have_two_nonces(picker: Picker) -> None:
    page = picker.open()
    first, second = (picker.claims(picker.choose(page))["nonce"] for _ in range(2))
    assert first != second


def test_no_data_is_sent_back_where_none_came(picker: Picker) -> None:
    assert f"{DL}data" not in picker.claims(picker.answer(settings={"data": ABSENT}))


@pytest.mark.parametrize("data", ["", "a" * 3000, "<script>alert(1)</script>", "\"'&\n", "é中", '{"a": 1}'])
def test_data_comes_back_unchanged(picker: Picker, data: str) -> None:
    assert picker.claims(picker.answer(settings={"data": data}))[f"{DL}data"] == data


def test_the_item_is_one_resource_link_to_the_tool(item: dict[str, Any]) -> None:
    assert (item["type"], item["url"]) == ("ltiResourceLink", "http://127.0.0.1:5000/lti/launch")


def test_the_item_has_the_tutors_title(item: dict[str, Any]) -> None:
    assert item["title"] == "Reverse mentoring 2026"


def test_the_item_carries_a_content_id_of_ours(item: dict[str, Any]) -> None:
    assert uuid.UUID(item["custom"]["content_id"]).version == 4


def test_the_line_item_is_of_a_hundred_points_with_the_same_title(item: dict[str, Any]) -> None:
    assert (item["lineItem"]["scoreMaximum"], item["lineItem"]["label"]) == (100, "Reverse mentoring 2026")


def test_the_line_item_is_found_again_by_the_content_id(item: dict[str, Any]) -> None:
    assert item["lineItem"]["resourceId"] == item["custom"]["content_id"]


def test_the_line_item_lets_a_gradebook_open_a_learners_progress(item: dict[str, Any]) -> None:
    assert "Submitted" in item["lineItem"]["submissionReview"]["reviewableStatus"]


def test_the_line_item_is_tagged(item: dict[str, Any]) -> None:
    assert item["lineItem"]["tag"] == "reverse-mentoring"


@pytest.mark.parametrize("accepts", [True, ABSENT])
def test_a_line_item_is_sent_unless_the_platform_wants_none(picker: Picker, accepts: Any) -> None:
    [item] = picker.claims(picker.answer(settings={"accept_lineitem": accepts}))[f"{DL}content_items"]
    assert "lineItem" in item


def test_no_line_item_is_sent_where_the_platform_wants_none(picker: Picker) -> None:
    [item] = picker.claims(picker.answer(settings={"accept_lineitem": False}))[f"{DL}content_items"]
    assert "lineItem" not in item


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "é 中 ’"])
def test_a_title_is_text_whatever_it_holds(picker: Picker, title: str) -> None:
    page = picker.answer(title=title)
    [item] = picker.claims(page)[f"{DL}content_items"]
    assert item["title"] == title
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("title", ["", "   ", "x" * 256, "nul\x00"])
def test_a_title_that_cannot_be_kept_is_asked_for_again(picker: Picker, title: str) -> None:
    page = picker.answer(title=title)
    assert page.status_code == 422
    assert form_with(page, "title").fields["title"] == title


def test_the_item_carries_the_programme_that_the_page_proposes(picker: Picker) -> None:
    page = picker.open()
    [item] = picker.claims(picker.choose(page))[f"{DL}content_items"]
    assert item["custom"]["template"] == form_with(page, "title").fields["template"]


@pytest.mark.parametrize("template", ["unknown", "../pilot", "<script>", "x" * 61])
def test_a_programme_that_is_not_on_offer_is_asked_for_again(picker: Picker, template: str) -> None:
    page = picker.answer(template=template)
    assert page.status_code == 422
    assert "JWT" not in page.text


CANVAS_RETURN = "https://lms.example/courses/1/deep_linking_response?data=eyJ0.e30.a-b_c%3D%3D&modal=true&placement=link_selection"
CANVAS_SETTINGS = {
    "deep_link_return_url": CANVAS_RETURN,
    "accept_media_types": "application/vnd.ims.lti.v1.ltilink",
    "accept_multiple": True,
    "auto_create": False,
    "data": ABSENT,
    "validation_context": None,
    "errors": {"errors": {}},
}


def open_in_canvas(picker: Picker, **settings: Any) -> TestResponse:
    return picker.open(
        settings=CANVAS_SETTINGS | settings,
        tool_platform={"guid": "g", "product_family_code": "canvas"},
        launch_presentation={"locale": "en"},
    )


def test_canvas_gets_its_answer_at_the_very_address_that_it_gave(picker: Picker) -> None:
    answer = picker.choose(open_in_canvas(picker))
    assert form_with(answer, "JWT").action == CANVAS_RETURN


def test_a_return_address_may_be_as_long_as_the_token_in_it(picker: Picker) -> None:
    address = f"https://lms.example/courses/1/deep_linking_response?data={'a' * 5000}"
    answer = picker.choose(open_in_canvas(picker, deep_link_return_url=address))
    assert form_with(answer, "JWT").action == address


def test_canvas_gets_a_line_item_with_its_maximum_although_it_does_not_say_that_it_takes_one(
    picker: Picker,
) -> None:
    [item] = picker.claims(picker.choose(open_in_canvas(picker)))[f"{DL}content_items"]
    assert item["lineItem"]["scoreMaximum"] == 100
    assert "submissionReview" not in item["lineItem"]


def test_what_canvas_did_not_send_is_not_echoed(picker: Picker) -> None:
    assert f"{DL}data" not in picker.claims(picker.choose(open_in_canvas(picker)))


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", ("unpublished", "Assignments", "Publish")), ("fr", ("non publiée", "Travaux", "Publier"))],
)
def test_a_teacher_in_canvas_is_told_that_it_has_to_be_published_and_how(
    picker: Picker, lang: str, words: tuple[str, ...]
) -> None:
    page = open_in_canvas(picker)
    shown = picker.browser.get(f"{page.request.path}?lang={lang}")
    answer = picker.choose(shown)
    for text in (shown.text, answer.text):
        assert all(word in text for word in words)


def test_a_teacher_elsewhere_is_told_nothing_of_the_kind(picker: Picker) -> None:
    assert "unpublished" not in picker.open(launch_presentation={"locale": "en"}).text
