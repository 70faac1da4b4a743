"""Two new people of the demo's course, brought together over HTTP where what they do is not what a test looks at."""

from __future__ import annotations

import secrets

from lti_tool.demo.browser import Browser, Page
from lti_tool.demo.connect import log_in_as
from lti_tool.demo.run import DemoSettings


def signed_pair(demo_settings: DemoSettings) -> tuple[str, str]:
    """A mentor and a mentee who have accepted each other and signed their agreement; their names."""
    lms = demo_settings.lms_url
    admin, tutor, mentor, mentee = Browser(), Browser(), Browser(), Browser()
    log_in_as(admin, lms, "admin")
    log_in_as(tutor, lms, "teacher")
    names = [_new_person(admin, browser, lms, name) for browser, name in ((mentor, "Inès"), (mentee, "Paul"))]
    for browser, role in ((mentor, "mentor"), (mentee, "mentee")):
        browser.submit(_home(browser, lms).form(action="/join"), button=role)
    pairing = tutor.open(_home(tutor, lms).link("/cohort/pairing").partition("?")[0])
    chosen = {
        field: next(value for text, value in pairing.options[field] if name in text)
        for field, name in zip(("mentor_id", "mentee_id"), names, strict=True)
    }
    tutor.submit(pairing.form(having="mentor_id"), **chosen)
    for browser in (mentor, mentee):
        browser.submit(_home(browser, lms).form(action="/proposal/accept"))
    for browser in (mentor, mentee):
        agreement = browser.open(_home(browser, lms).link("/agreement"))
        browser.submit(agreement.form(action="/agreement"), accepted="on")
    return names[0], names[1]


def _home(browser: Browser, lms: str) -> Page:
    """The first page of the demo's activity."""
    return browser.open(f"{lms}/launch/1")


def _new_person(admin: Browser, browser: Browser, lms: str, given_name: str) -> str:
    """Enrol somebody, who logs in with ``browser``; their name."""
    family_name = f"Essai-{secrets.token_hex(3)}"
    admin.open(
        f"{lms}/people", {"given_name": given_name, "family_name": family_name, "role": "student", "job": ""}
    )
    name = f"{given_name} {family_name}"
    person = next(person for person in admin.json(f"{lms}/people.json") if person["name"] == name)
    browser.open(f"{lms}/login", {"person_id": person["id"], "next": "/"})
    return name
