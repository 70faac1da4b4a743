"""The LMS's own pages: who one is, who may see what, both languages, and what is kept between starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from lti_tool.demo.lms.course import Link
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.texts import TEXTS
from tests.demo.lms.tool import Browser, TestTool, reason_of

PAGES = [
    "/",
    "/gradebook",
    "/people",
    "/admin/tools",
    "/activity",
    "/activities/1",
    "/mod/lti/view.php?l=1",
    "/activities/1/edit",
    "/activities/new",
]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_in_both_languages(
    browser: Browser, tool: TestTool, activity: Link, path: str, language: str
) -> None:
    browser.log_in_as("amelie.roux")
    browser.post("/language", data={"lang": language})
    page = browser.get(path)
    assert (page.status_code, f'<html lang="{language}">' in page.text) == (200, True)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/gradebook", "tutors_only"),
        ("/gradebook.json", "tutors_only"),
        ("/people", "tutors_only"),
        ("/activities/new", "tutors_only"),
        ("/activities/1/edit", "tutors_only"),
        ("/admin/tools", "administrators_only"),
        ("/admin/tools.json", "administrators_only"),
        ("/activity", "administrators_only"),
        ("/activity.json", "administrators_only"),
    ],
)
def test_a_student_does_not_see_what_is_not_theirs(
    browser: Browser, activity: Link, path: str, reason: str
) -> None:
    browser.log_in_as("lina.haddad")
    page = browser.get(path)
    assert (page.status_code, reason_of(page)) == (403, reason)


def test_an_unsigned_cookie_is_nobody(browser: Browser, activity: Link) -> None:
    browser.http.cookies.set("lms_user", "2.forged", domain="localhost.local", path="/")
    assert browser.get("/course.json").json()["person"] is None


def test_the_cookie_is_lax_and_out_of_reach_of_scripts(lms: RunningLms) -> None:
    page = requests.post(f"{lms.base_url}/login", data={"person_id": "2"}, allow_redirects=False, timeout=10)
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("lms_user=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_login_never_leads_away(lms: RunningLms, path: str) -> None:
    form = {"person_id": "2", "next": path}
    page = requests.post(f"{lms.base_url}/login", data=form, allow_redirects=False, timeout=10)
    assert page.headers["Location"] == "/"


def test_a_form_from_another_site_is_refused(browser: Browser) -> None:
    browser.log_in_as("amelie.roux")
    form = {"given_name": "A", "family_name": "B"}
    page = browser.post("/people", data=form, headers={"Origin": "http://127.0.0.1:1"})
    assert (page.status_code, reason_of(page)) == (403, "foreign_form")


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"given_name": "", "family_name": "B"}, "bad_given_name"),
        ({"given_name": "A"}, "bad_family_name"),
        ({"given_name": "A", "family_name": "B", "role": "king"}, "bad_role"),
    ],
)
def test_a_wrong_person_is_refused(browser: Browser, form: dict[str, str], reason: str) -> None:
    browser.log_in_as("amelie.roux")
    page = browser.post("/people", data=form)
    assert (page.status_code, reason_of(page)) == (400, reason)


def test_a_user_name_belongs_to_one_person(browser: Browser) -> None:
    browser.log_in_as("amelie.roux")
    page = browser.post("/people", data={"given_name": "A", "family_name": "B", "username": "lina.haddad"})
    assert (page.status_code, reason_of(page)) == (409, "username_taken")


def test_a_tutor_adds_nobody(browser: Browser) -> None:
    browser.log_in_as("claire.dubreuil")
    page = browser.post("/people", data={"given_name": "A", "family_name": "B"})
    assert (page.status_code, reason_of(page)) == (403, "administrators_only")


def test_an_activity_made_by_hand_accepts_no_grades_until_ticked(browser: Browser, tool: TestTool) -> None:
    browser.log_in_as("claire.dubreuil")
    browser.post("/activities", data={"tool_id": "1", "title": "By hand"})
    before = browser.get("/course.json").json()["activities"][0]["accepts_grades"]
    form = {"title": "By hand", "accept_grades": "true", "completion_rule": "passgrade", "pass_grade": "50"}
    browser.post("/activities/1/edit", data=form)
    assert (before, browser.get("/course.json").json()["activities"][0]["accepts_grades"]) == (False, True)


def test_an_unknown_page_is_a_friendly_404(browser: Browser) -> None:
    for path, reason in (("/nowhere", "not_found"), ("/courses/99", "no_such_course")):
        page = browser.get(f"{path}?lang=en")
        assert (page.status_code, reason_of(page)) == (404, reason)
        assert ("This page does not exist" in page.text, "refused" in page.text) == (True, False)


def test_the_course_view_is_not_sent_again_when_unchanged(browser: Browser, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    etag = browser.get("/course.json").headers["ETag"]
    assert browser.get("/course.json", headers={"If-None-Match": etag}).status_code == 304


def test_titles_are_escaped(browser: Browser, tool: TestTool) -> None:
    browser.log_in_as("claire.dubreuil")
    browser.post("/activities", data={"tool_id": "1", "title": "<script>alert(1)</script>"})
    assert "<script>alert" not in browser.get("/").text


def test_another_name_for_loopback_leads_to_the_right_one(lms: RunningLms) -> None:
    address = f"http://127.0.0.1:{lms.settings.port}/?lang=en"
    page = requests.get(address, allow_redirects=False, timeout=10)
    assert page.headers["Location"] == f"{lms.base_url}/?lang=en"


def test_people_keys_and_cookies_stay_between_starts(tmp_path: Path) -> None:
    settings = LmsSettings(data_dir=tmp_path, port=0)
    with RunningLms(settings) as first:
        browser = Browser(first)
        browser.log_in_as("lina.haddad")
        keys = browser.get("/oauth/jwks").json()
    with RunningLms(settings) as second:
        browser.lms = second
        again = (browser.get("/oauth/jwks").json(), browser.get("/course.json").json()["person"]["username"])
    browser.http.close()
    assert again == (keys, "lina.haddad")


def test_the_command_says_which_port_is_taken(lms: RunningLms, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "lti_tool.demo.lms",
        "--port",
        str(lms.settings.port),
        "--data",
        str(tmp_path),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "Traceback" in ended.stderr, str(lms.settings.port) in ended.stderr) == (
        1,
        False,
        True,
    )


def test_the_command_serves_until_it_is_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lti_tool.demo.lms", "--port", "0", "--data", str(tmp_path)]
    # As a shell does it for a process in the background.
    shell = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    with subprocess.Popen([*shell, *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().removeprefix("LMS ready at ")
            status = requests.get(f"{address}/", timeout=10).status_code
            process.send_signal(signal.SIGINT)
            assert (status, process.wait(timeout=10)) == (200, 0)
        finally:
            process.kill()


def test_every_text_is_there_in_both_languages() -> None:
    assert [
        key for key, (french, english) in TEXTS.items() if not french.strip() or not english.strip()
    ] == []
