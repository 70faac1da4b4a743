"""Dynamic registration in Canvas's flavour."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.transaction import transaction
from lti_tool.demo.browser import Browser
from lti_tool.demo.connect import log_in_as
from lti_tool.demo.lms.canvas.registration import sends
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.identity.principal import OPERATOR
from lti_tool.lti.registration.models import Deployment, DeploymentStatus
from lti_tool.lti.registration.registrations import approve, deployment_named
from tests.canvas.conftest import CANVAS, CanvasSchool


@pytest.fixture
def placements(school: CanvasSchool) -> dict[str, dict[str, Any]]:
    """What Canvas made of the registration, by the name of the placement."""
    school.connect()
    return {one["placement"]: one for one in school.tool()["canvas"]["placements"]}


def test_the_tool_has_three_placements_with_their_messages(placements: dict[str, dict[str, Any]]) -> None:
    assert {name: one["message_type"] for name, one in placements.items()} == {
        "course_navigation": "LtiResourceLinkRequest",
        "assignment_selection": "LtiDeepLinkingRequest",
        "link_selection": "LtiDeepLinkingRequest",
    }


def test_canvas_launches_every_placement_with_the_message_it_has(
    placements: dict[str, dict[str, Any]],
) -> None:
    assert all(sends(one) for one in placements.values())


def test_every_placement_has_a_name_and_an_icon(
    school: CanvasSchool, placements: dict[str, dict[str, Any]]
) -> None:
    icon = f"{school.services.config.base_url}/static/icon.svg"
    assert {(one["text"], one["icon_url"]) for one in placements.values()} == {("Reverse mentoring", icon)}


def test_the_menus_of_all_courses_stay_as_they_are_until_a_teacher_shows_the_tool(
    placements: dict[str, dict[str, Any]],
) -> None:
    assert placements["course_navigation"]["default"] == "disabled"


def test_names_and_email_addresses_come_with_launches(school: CanvasSchool) -> None:
    school.connect()
    assert school.tool()["canvas"]["privacy_level"] == "public"


def test_the_course_s_history_is_asked_for(school: CanvasSchool) -> None:
    school.connect()
    assert school.tool()["custom"] == '{"context_id_history": "$Context.id.history"}'


def test_every_scope_is_asked_for(school: CanvasSchool) -> None:
    school.connect()
    assert len(school.tool()["scopes"]) == 5


def deployments(school: CanvasSchool) -> list[tuple[str, str]]:
    with school.services.database.reading() as db:
        return [(row.deployment_id, row.status) for row in db.scalars(sa.select(Deployment))]


def test_the_deployment_of_the_answer_is_approved(school: CanvasSchool) -> None:
    school.connect()
    named = school.tool()["canvas"]["deployment_id"]
    assert deployments(school) == [(named, DeploymentStatus.APPROVED)]


class TestWithoutADeployment:
    """Canvas may leave the deployment out of its answer."""

    @pytest.fixture
    def lms_settings(self) -> LmsSettings:
        return replace(CANVAS, names_deployment=False)

    def test_the_tool_is_connected_and_its_first_launch_awaits_approval(self, school: CanvasSchool) -> None:
        tool_id = school.connect()
        assert school.registration().platform_family == "canvas"
        assert deployments(school) == []
        browser, address = Browser("en"), f"{school.lms.base_url}/launch/navigation/{tool_id}"
        log_in_as(browser, school.lms.base_url, "teacher")
        waiting = browser.open(address, expect=403)
        assert deployments(school) == [(school.tool()["canvas"]["deployment_id"], DeploymentStatus.PENDING)]
        reference = re.findall(r'class="reference">([0-9a-f]{12})<', waiting.text)[0]
        with transaction(school.services, OPERATOR) as db:
            approve(db, deployment_named(db, reference))
        assert "Reverse mentoring in this course" in browser.open(address).text
