"""A course that a teacher copies in the demo's LMS: its activity opens a fresh group of the same programme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti_tool.config import Config
from lti_tool.demo.browser import Browser
from lti_tool.demo.connect import add_activity, connect_tool
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.programmes.models import Cohort, Placement
from tests.web.setup.conftest import new_invitation
from tests.web.setup.listening import tool_and_lms

LINA = "2"


@pytest.fixture(params=["moodle", "canvas"])
def lms_settings(request: pytest.FixtureRequest, tmp_path: Path) -> LmsSettings:
    return LmsSettings(
        data_dir=tmp_path / "lms", port=0, grade_rules=request.param, product_family_code=request.param
    )


def launched(lms_url: str, link_id: str, person_id: str) -> str:
    """The text of somebody's page."""
    browser = Browser()
    browser.open(f"{lms_url}/login", {"person_id": person_id, "next": "/"})
    return browser.open(f"{lms_url}/launch/{link_id}").text


@pytest.fixture
def copied(config: Config, lms_settings: LmsSettings) -> Iterator[tuple[sa.Engine, str, str]]:
    """The tool's database, the LMS, and its id of the activity in the copy; Lina takes part in the original."""
    with tool_and_lms(config, lms_settings) as (services, lms):
        invitation = f"{services.config.base_url}/setup?invite={new_invitation(services)}"
        tool_id = connect_tool(Browser(), lms.base_url, invitation)
        tutor = Browser()
        original = add_activity(tutor, lms.base_url, template="demo", tool_id=tool_id)
        tutor.open(f"{lms.base_url}/launch/{original}")
        lina = Browser()
        lina.open(f"{lms.base_url}/login", {"person_id": LINA, "next": "/"})
        page = lina.open(f"{lms.base_url}/launch/{original}")
        lina.submit(page.form(action="/join"), button="mentor")
        course = tutor.open(lms.base_url)
        with_people = {} if lms_settings.is_canvas else {"with_people": "true"}
        tutor.submit(course.form(action="/copy"), **with_people)
        [activity] = tutor.json(f"{lms.base_url}/course.json")["activities"]
        assert activity["id"] != original
        yield services.database.engine, lms.base_url, activity["id"]


def test_the_copy_opens_a_fresh_group_of_the_same_programme(copied: tuple[sa.Engine, str, str]) -> None:
    engine, lms_url, link_id = copied
    assert "The programme opens soon" in launched(lms_url, link_id, LINA)
    assert "This activity was copied from" in launched(lms_url, link_id, "1")
    assert "how would you like to take part" in launched(lms_url, link_id, LINA)
    with engine.connect() as db:
        groups = db.execute(
            sa.select(
                Cohort.id,
                Cohort.copied_from_id,
                Cohort.programme_id,
                Placement.content_id,
                ResourceLink.line_item_url,
                sa.select(sa.func.count(Participant.id))
                .where(Participant.cohort_id == Cohort.id)
                .scalar_subquery()
                .label("people"),
            )
            .join(Placement, Placement.cohort_id == Cohort.id)
            .join(ResourceLink, ResourceLink.id == Placement.resource_link_id)
            .order_by(Placement.created_at)
        ).all()
    first, fresh = groups
    assert (fresh.copied_from_id, fresh.programme_id, fresh.content_id) == (
        first.id,
        first.programme_id,
        first.content_id,
    )
    assert (first.people, fresh.people) == (1, 0)
    assert first.line_item_url != fresh.line_item_url
