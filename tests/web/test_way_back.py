"""The way back to the platform: when it is offered, on whose hosts, and with which message."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.lti.launch.models import LaunchSession
from tests.builder import situations
from tests.certification.verdicts import opened
from tests.platform.keys import key
from tests.platform.platform import Browser, Platform
from tests.web.visiting import Visit

HOME = "https://moodle.example/course/1"


def change(services: Services, **values: Any) -> None:
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchSession).values(**values))


def way_back(here: Visit) -> str | None:
    found = re.search(r'href="([^"]*)"[^>]*>Back to the course', here.get().text)
    return html.unescape(found[1]) if found else None


@pytest.mark.parametrize(
    ("target", "offered"), [("window", HOME), ("iframe", None), ("frame", None), (None, None)]
)
def test_a_window_of_its_own_offers_it_and_a_frame_has_the_course_around_it(visit, services, target, offered):
    here = visit(situations.under_way)
    change(services, document_target=target)
    assert way_back(here) == offered


@pytest.mark.parametrize(
    "address",
    ["https://elsewhere.example/course/1", "https://moodle.example@elsewhere.example/", "//moodle.example/"],
)
def test_an_address_that_is_not_the_platforms_own_is_never_offered(visit, services, address):
    here = visit(situations.under_way)
    change(services, document_target="window", return_url=address)
    assert way_back(here) is None
    change(services, expires_at=utcnow() - dt.timedelta(minutes=1))
    assert way_back(here) is None


def test_an_error_goes_with_the_person_and_what_the_address_asks_for_stays(visit, services):
    here = visit(situations.under_way)
    asked = "next=%2Fmy%20page&x=1&x=2&empty="
    change(services, return_url=f"{HOME}?{asked}#grades", expires_at=utcnow() - dt.timedelta(minutes=1))
    shown = here.get()
    back = urlsplit(way_back(here) or "")
    assert back.query.startswith(asked + "&")
    assert (back.netloc, back.path, back.fragment) == ("moodle.example", "/course/1", "grades")
    said = parse_qs(back.query)
    assert said["lti_errormsg"] == [re.findall(r"<h1>(.*?)</h1>", html.unescape(shown.text))[0]]
    assert re.fullmatch(r"[0-9a-f]{12}", said["lti_errorlog"][0])
    assert "lti_msg" not in said


ERRORS = {
    "an address that is none": lambda here: here.get("nothing-here"),
    "a page of tutors": lambda here: here.get("cohort/live"),
    "a form that is not ours": lambda here: here.client.post(
        here.home + "lang", data={"csrf_token": "forged"}
    ),
    "a step that cannot be taken": lambda here: here.post(f"sessions/{uuid.uuid4()}/confirm"),
}


@pytest.mark.parametrize("fails", ERRORS.values(), ids=list(ERRORS))
def test_every_error_of_a_known_session_leads_back_to_the_course(visit, services, fails):
    here = visit(situations.under_way)
    change(services, return_url=HOME)
    answer = fails(here)
    found = re.search(r'href="([^"]*)" target="_top">Back to the course', answer.text)
    assert 400 <= answer.status_code < 500
    assert found
    assert html.unescape(found[1]).startswith(f"{HOME}?lti_errormsg=")


def test_a_refused_launch_leads_back_once_its_token_is_verified(platform: Platform, browser: Browser) -> None:
    asked = {"message_type": "LtiSubmissionReviewRequest", "for_user": {"user_id": "somebody else"}}
    refused = platform.launch(browser, **asked)
    found = re.search(r'href="([^"]*)" target="_top">Back to the course', refused.text)
    assert found
    back = urlsplit(html.unescape(found[1]))
    assert (refused.status_code, back.netloc, back.path) == (403, "lms.example", "/course")
    assert set(parse_qs(back.query)) == {"lti_errormsg", "lti_errorlog"}
    elsewhere = {"launch_presentation": {"return_url": "https://elsewhere.example/"}}
    assert "Back to the course" not in platform.launch(browser, **asked, **elsewhere).text
    # Nothing of a token is believed whose signature is wrong.
    forged = platform.launch(browser, signing=key("key-1", owner="forger"))
    assert forged.status_code == 403
    assert "Back to the course" not in forged.text


def test_signing_out_says_so(visit):
    here = visit(situations.under_way)
    here.post("sign-out")
    back = parse_qs(urlsplit(way_back(here) or "").query)
    assert back == {"lti_msg": ["You have signed out"]}


@pytest.mark.parametrize(
    ("told", "kept"),
    [("window", "window"), ("iframe", "iframe"), ("WINDOW", None), ("popup", None), (7, None), ([], None)],
)
def test_the_target_of_a_launch_is_kept_as_far_as_it_is_one(
    services: Services, platform: Platform, browser: Browser, told: Any, kept: str | None
) -> None:
    response = platform.launch(browser, launch_presentation={"document_target": told})
    assert opened(services, response).document_target == kept


@pytest.mark.parametrize(
    ("told", "language"),
    [("fr-CA", "fr"), ("fr_FR", "fr"), ("FR-fr", "fr"), ("en-GB", "en"), ("xx", "en"), ("-", "en")],
)
def test_the_page_is_in_the_language_of_the_launch_or_else_in_the_default(
    platform: Platform, browser: Browser, told: str, language: str
) -> None:
    response = platform.launch(browser, launch_presentation={"locale": told})
    assert f'<html lang="{language}"' in browser.get(response.headers["Location"]).text
