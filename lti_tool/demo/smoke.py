"""The whole loop by itself, over HTTP alone, with new people each time; a step that fails is named.

It imports nothing of the tool: it only knows what a person, an admin and an LRS analyst can see.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests

from lti_tool.demo.browser import Browser, Page, PageError
from lti_tool.demo.connect import add_activity, connect_tool, log_in_as

DELIVERY_SECONDS = 20.0
"""How long to wait for what the worker delivers."""

ATTENDED = "http://adlnet.gov/expapi/verbs/attended"
CONFIRMED = "http://activitystrea.ms/confirm"
COMPLETED = "http://adlnet.gov/expapi/verbs/completed"
PROGRAMME = "https://w3id.org/xapi/reverse-mentoring/activity-types/programme"


class StepFailed(Exception):
    """A step of the loop went wrong; the text names it."""


@dataclass(frozen=True)
class Loop:
    """What the smoke run needs: where things are, and an invitation to connect the tool with."""

    lms_url: str
    setup_url: str
    lrs_url: str
    lrs_username: str
    lrs_password: str
    template: str


def run_loop(loop: Loop, echo: Callable[[str], None]) -> None:
    """Do the whole loop. Raises :class:`StepFailed` at the first step that fails."""
    with _step("the LMS registers the tool from its set-up page", echo):
        admin = Browser()
        tool_id = connect_tool(admin, loop.lms_url, loop.setup_url)
    with _step("a tutor adds the activity from the content picker", echo):
        tutor = Browser()
        link_id = add_activity(tutor, loop.lms_url, template=loop.template, tool_id=tool_id)
    people: list[str] = []
    try:
        _run_with_people(loop, echo, admin, tutor, link_id, people)
    except BaseException:
        # What failed is what the run ends with, whatever becomes of this.
        with suppress(Exception):
            _clean_up(admin, loop, tool_id, people)
        raise
    with _step("the LMS deletes the activity and the people of this run", echo):
        _clean_up(admin, loop, tool_id, people)


def _run_with_people(
    loop: Loop, echo: Callable[[str], None], admin: Browser, tutor: Browser, link_id: str, people: list[str]
) -> None:
    """The steps of a mentor and a mentee, whose ids are added to ``people``."""
    with _step("two new people are enrolled", echo):
        mentor_id, mentor_name = _new_person(admin, loop, "Ines")
        people.append(mentor_id)
        mentee_id, mentee_name = _new_person(admin, loop, "Paul")
        people.append(mentee_id)
    with _step("neither of them has a grade", echo):
        for person_id in (mentor_id, mentee_id):
            grade, completion = _result(admin, loop, link_id, person_id)
            _require(
                grade is None and completion != "complete", f"the grade is {grade}, the state {completion}"
            )
    with _step("the tutor opens the activity", echo):
        _launch(tutor, loop, link_id)
    mentor, mentee = Browser(), Browser()
    with _step("the mentor launches and offers to teach", echo):
        _become(mentor, loop, mentor_id)
        home = _launch(mentor, loop, link_id)
        mentor.submit(home.form(action="/join"), button="mentor")
    with _step("the mentee launches and wants to learn", echo):
        _become(mentee, loop, mentee_id)
        home = _launch(mentee, loop, link_id)
        mentee.submit(home.form(action="/join"), button="mentee")
    with _step("the tutor pairs the two", echo):
        home = _launch(tutor, loop, link_id)
        chosen = tutor.open(home.link("/cohort/pairing").partition("?")[0])  # for two of one's own choice
        tutor.submit(
            chosen.form(having="mentor_id"),
            mentor_id=_choice(chosen, "mentor_id", mentor_name),
            mentee_id=_choice(chosen, "mentee_id", mentee_name),
        )
    with _step("both accept the pair", echo):
        for browser in (mentor, mentee):
            home = _launch(browser, loop, link_id)
            browser.submit(home.form(action="/proposal/accept"))
    with _step("both sign the agreement", echo):
        for browser in (mentor, mentee):
            home = _launch(browser, loop, link_id)
            charter = browser.open(home.link("/agreement"))
            browser.submit(charter.form(action="/agreement"), accepted="on")
    before = _statements(loop)
    with _step("the mentor logs a session", echo):
        home = _launch(mentor, loop, link_id)
        form = mentor.open(home.link("/sessions/new")).form(having="minutes")
        mentor.submit(form, mode="video", format="coaching")
    with _step("the mentee confirms it", echo):
        home = _launch(mentee, loop, link_id)
        mentee.submit(home.form(action="/confirm"))
    with _step("the LRS holds the session and both completions", echo):
        _wait_for(lambda: _has_statements(loop, before))
    with _step("the gradebook shows both as complete, with a grade", echo):
        for person_id in (mentor_id, mentee_id):
            _wait_for(partial(_is_complete, admin, loop, link_id, person_id))


def _clean_up(admin: Browser, loop: Loop, tool_id: str, people: list[str]) -> None:
    """Delete the activity with its grades, and the people; nobody of the run is listed afterwards."""
    log_in_as(admin, loop.lms_url, "admin")
    admin.open(f"{loop.lms_url}/admin/tools/{tool_id}/delete", {})
    for person_id in people:
        admin.open(f"{loop.lms_url}/people/{person_id}/delete", {})
    left = {str(person["id"]) for person in admin.json(f"{loop.lms_url}/people.json")}
    _require(left.isdisjoint(people), "somebody of this run is still there")


@contextmanager
def _step(name: str, echo: Callable[[str], None]) -> Iterator[None]:
    try:
        yield
    except (
        PageError,
        requests.RequestException,
        KeyError,
        IndexError,
        ValueError,
        StopIteration,
        StepFailed,
    ) as error:
        raise StepFailed(f"{name}: {error}") from error
    echo(f"  ok  {name}")


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise StepFailed(otherwise)


def _new_person(admin: Browser, loop: Loop, given_name: str) -> tuple[str, str]:
    """Enrol somebody nobody has heard of; returns their id and name."""
    log_in_as(admin, loop.lms_url, "admin")
    family_name = f"Essai {secrets.token_hex(4)}"
    admin.open(
        f"{loop.lms_url}/people",
        {"given_name": given_name, "family_name": family_name, "role": "student", "job": ""},
    )
    name = f"{given_name} {family_name}"
    people = admin.json(f"{loop.lms_url}/people.json")
    return next(str(person["id"]) for person in people if person["name"] == name), name


def _become(browser: Browser, loop: Loop, person_id: str) -> None:
    browser.open(f"{loop.lms_url}/login", {"person_id": person_id, "next": "/"})


def _launch(browser: Browser, loop: Loop, link_id: str) -> Page:
    return browser.open(f"{loop.lms_url}/launch/{link_id}")


def _choice(page: Page, field: str, name: str) -> str:
    """The value of the option of ``field`` that shows ``name``."""
    for text, value in page.options.get(field, []):
        if name in text:
            return value
    raise StepFailed(f"{field} does not offer {name}")


def _result(admin: Browser, loop: Loop, link_id: str, person_id: str) -> tuple[float | None, str]:
    """The grade and the completion state that the gradebook shows."""
    book = admin.json(f"{loop.lms_url}/gradebook.json")
    column = next(column for column in book["columns"] if str(column["link_id"]) == link_id)
    student = next(student for student in book["students"] if str(student["id"]) == person_id)
    cell = student["grades"][str(column["line_item_id"])]
    return cell["grade"], student["completion"][link_id]


def _is_complete(admin: Browser, loop: Loop, link_id: str, person_id: str) -> bool:
    grade, completion = _result(admin, loop, link_id, person_id)
    return grade == 100 and completion.startswith("complete")


def _statements(loop: Loop) -> dict[str, dict[str, Any]]:
    """Everything the LRS holds, by id."""
    found: dict[str, dict[str, Any]] = {}
    url: str | None = f"{loop.lrs_url}statements?limit=500"
    while url:
        answer = requests.get(
            url,
            auth=(loop.lrs_username, loop.lrs_password),
            headers={"X-Experience-API-Version": "1.0.3"},
            timeout=10,
        )
        answer.raise_for_status()
        document = answer.json()
        found |= {statement["id"]: statement for statement in document["statements"]}
        more = document.get("more")
        url = requests.compat.urljoin(url, more) if more else None
    return found


def _has_statements(loop: Loop, before: dict[str, dict[str, Any]]) -> bool:
    """Whether the LRS has the two who attended, the confirmation, and both completions, each once."""
    new = [statement for key, statement in _statements(loop).items() if key not in before]

    def count(verb: str, kind: str | None = None) -> int:
        return sum(
            statement["verb"]["id"] == verb
            and (kind is None or statement["object"].get("definition", {}).get("type") == kind)
            for statement in new
        )

    return (count(ATTENDED), count(CONFIRMED), count(COMPLETED, PROGRAMME)) == (2, 1, 2)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DELIVERY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise StepFailed(f"not seen within {DELIVERY_SECONDS:.0f} seconds")
        time.sleep(0.3)
