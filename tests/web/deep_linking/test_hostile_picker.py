"""Choices that must be refused, each with its recorded reason."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.lti.models import Refusal
from tests.forms import form_with
from tests.platform.platform import ABSENT, LEARNER, LTI
from tests.web.deep_linking.picking import DL, Picker


def test_a_learner_may_not_choose(picker: Picker) -> None:
    assert picker.open(roles=[LEARNER]).status_code == 403
    assert picker.reasons() == [("session", "tutor_needed")]


def test_a_learner_may_not_answer(picker: Picker) -> None:
    page = picker.open(roles=[LEARNER])
    answer = picker.browser.post(page.request.path, data={"title": "Reverse mentoring"})
    assert answer.status_code == 403
    assert "JWT" not in answer.text


def test_a_form_without_its_token_is_refused(picker: Picker) -> None:
    answer = picker.choose(picker.open(), csrf_token="forged")
    assert (answer.status_code, picker.reasons()) == (403, [("session", "csrf_token_wrong")])


def test_another_browser_may_not_answer(picker: Picker, new_browser: Any) -> None:
    form = form_with(picker.open(), "title")
    assert new_browser().post(form.action, data=form.fields).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//lms.example/return",
        "/return",
        "https://lms.example@evil.example/return",
        "https://evil.example\\@lms.example/return",
        "ftp://lms.example/return",
        "https://lms.example\n.evil.example/",
        " javascript:alert(1)",
    ],
)
def test_a_launch_with_a_return_address_that_is_none_opens_nothing(picker: Picker, address: str) -> None:
    assert picker.launch(settings={"deep_link_return_url": address}).status_code == 400
    assert picker.reasons() == [("launch", "claims_malformed")]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/return",
        "https://lms.example.evil.example/return",
        "https://lms.example:8443/return",
        "http://lms.example/return",
    ],
)
def test_an_answer_is_never_sent_to(picker: Picker, address: str) -> None:
    page = picker.open(settings={"deep_link_return_url": address})
    assert page.status_code == 400
    assert picker.reasons() == [("deep_linking", "return_address_forbidden")]


def test_the_refusal_does_not_show_the_address(picker: Picker) -> None:
    page = picker.open(settings={"deep_link_return_url": "https://evil.example/return"})
    assert "evil.example" not in page.text


@pytest.mark.parametrize(
    "address", ["https://lms.example/return", "https://sso.lms.example/return", "https://LMS.example/return"]
)
def test_the_platforms_own_hosts_are_answered(picker: Picker, address: str) -> None:
    assert form_with(picker.answer(settings={"deep_link_return_url": address}), "JWT").action == address


@pytest.mark.parametrize("types", [["link"], [], ["html", "file"]])
def test_a_platform_that_takes_no_activity_here_is_answered_with_a_page(
    picker: Picker, types: list[str]
) -> None:
    page = picker.open(settings={"accept_types": types})
    assert page.status_code == 400
    assert picker.reasons() == [("deep_linking", "resource_links_not_accepted")]


def test_a_launch_of_the_activity_is_no_place_to_choose(picker: Picker) -> None:
    page = picker.open()
    usual = picker.launch(
        **{
            "message_type": "LtiResourceLinkRequest",
            "resource_link": {"id": "link-1"},
            f"{DL}deep_linking_settings": ABSENT,
        }
    )
    key = usual.headers["Location"].split("/l/")[1].split("/")[0]
    assert picker.browser.get(f"/l/{key}/deep-linking").status_code == 400
    assert (page.status_code, picker.reasons()) == (200, [("deep_linking", "not_choosing_content")])


@pytest.mark.parametrize("claim", ["data", "deployment_id", "iss"])
def test_what_a_form_adds_is_not_used(picker: Picker, claim: str) -> None:
    claims = picker.claims(picker.choose(picker.open(), **{claim: "forged"}))
    assert "forged" not in (claims[f"{DL}data"], claims[f"{LTI}deployment_id"], claims["iss"])


SECRET = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.signature"


def test_what_a_forbidden_return_address_carries_is_kept_nowhere(
    picker: Picker, capsys: pytest.CaptureFixture[str]
) -> None:
    """Canvas's has a single-use token in its query."""
    page = picker.open(settings={"deep_link_return_url": f"https://evil.example/return?data={SECRET}"})
    assert page.status_code == 400
    with picker.services.database.reading() as db:
        details = [row.detail for row in db.scalars(sa.select(Refusal))]
    assert details == ["https://evil.example/return"]
    written = capsys.readouterr()
    assert SECRET not in written.out + written.err + page.text
