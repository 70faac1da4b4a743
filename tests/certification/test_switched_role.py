"""A teacher whom the course launches as a learner: by Moodle's “Switch role to…”, or as a teacher no more."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.identity.models import CourseRole, Membership, Person
from tests.forms import forms_of
from tests.platform.platform import INSTRUCTOR, LEARNER, Browser, Platform

TEACHER: dict[str, Any] = {"sub": "teacher", "name": "Claire Dubreuil", "custom": {"template": "demo"}}


def home(platform: Platform, browser: Browser, role: str, **claims: Any) -> Any:
    arrived = platform.launch(browser, roles=[role], **{**TEACHER, **claims})
    return browser.get(urlsplit(arrived.headers["Location"]).path)


def confirmation(page: Any) -> Any:
    [form] = [form for form in forms_of(page) if form.action.endswith("/learner")]
    return form


def role_in_course(services: Services) -> str | None:
    with services.database.reading() as db:
        return db.scalar(
            sa.select(Membership.role)
            .join(Person, Person.id == Membership.person_id)
            .where(Person.subject == "teacher")
        )


@pytest.fixture
def switched(platform: Platform, browser: Browser) -> Any:
    """The page of a teacher who has switched to a learner's role, the second time too."""
    assert "My group" in home(platform, browser, INSTRUCTOR).text
    home(platform, browser, LEARNER)
    return home(platform, browser, LEARNER)


def test_a_teacher_who_switches_their_role_looks_and_takes_no_part(
    services: Services, platform: Platform, browser: Browser, switched: Any
) -> None:
    assert "You are viewing this as a learner" in switched.text
    assert "how would you like to take part" not in switched.text
    assert role_in_course(services) == CourseRole.SWITCHED
    fields = confirmation(switched).fields
    joined = browser.post(f"{switched.request.path}join", data={**fields, "role": "mentee"})
    assert joined.status_code == 403
    assert browser.get(f"{switched.request.path}preview/mentee").status_code == 200
    colleague = home(platform, browser, INSTRUCTOR, sub="colleague", name="Nora Lindqvist")
    assert "Claire Dubreuil" not in colleague.text


def test_back_in_their_own_role_they_have_their_group(
    services: Services, platform: Platform, browser: Browser, switched: Any
) -> None:
    assert "My group" in home(platform, browser, INSTRUCTOR).text
    assert role_in_course(services) == CourseRole.TUTOR


def test_whoever_learns_there_now_says_so_once(
    services: Services, platform: Platform, browser: Browser, switched: Any
) -> None:
    form = confirmation(switched)
    answer = browser.post(form.action, data=form.fields)
    own_programmes = browser.get(urlsplit(answer.headers["Location"]).path).text
    assert "My programmes" in own_programmes
    way = re.search(r'href="([^"]+)" id="take-part"', own_programmes)
    assert way
    assert "how would you like to take part" in browser.get(way[1]).text
    assert "My programmes" in home(platform, browser, LEARNER).text
    assert role_in_course(services) == CourseRole.LEARNER
