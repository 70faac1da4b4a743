"""The tool's service calls against the independent platform: its assertion, the roster page by page, scores."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from lti_tool.lti import grades, registrations
from lti_tool.lti.service import Answer, PlatformService, TokenRefused
from lti_tool.tool import Tool
from tests.openedx.fixtures import RunningPlatform
from tests.openedx.tiny_tool import (
    LINE_ITEM,
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
    ROSTER,
    ROSTER_TYPE,
    SCORE,
    SCORE_TYPE,
)

NOW = dt.datetime(2026, 11, 12, 9, 30, tzinfo=dt.UTC)


@dataclass
class Connected:
    """The tool and the platform that know each other."""

    platform: RunningPlatform
    service: PlatformService

    def line_item(self) -> str:
        """Makes a line item for the block, with the tool's own call; returns its address."""
        item = {
            "label": "Reverse mentoring",
            "scoreMaximum": 100,
            "resourceId": "programme",
            "resourceLinkId": self.platform.info["resource_link_id"],
        }
        made = self.service.call(
            "POST",
            self.platform.info["line_items_url"],
            [LINE_ITEM],
            accept=LINE_ITEM_TYPE,
            body=json.dumps(item).encode(),
            content_type=LINE_ITEM_TYPE,
        )
        assert made.status == 201, made.words
        address: str = made.json()["id"]
        return address

    def send(self, line_item: str, standing: str, at: dt.datetime, comment: str | None = None) -> Answer:
        """Sends where Maya stands, as the tool spells it."""
        told = grades.report_of(standing, 100, "final_only")
        assert told is not None
        body = grades.score_body(told, user_id=self.platform.user_id("maya"), at=at, comment=comment)
        return self.service.call("POST", f"{line_item}/scores", [SCORE], body=body, content_type=SCORE_TYPE)


@pytest.fixture
def connected(openedx: RunningPlatform, httpserver: HTTPServer, tool: Tool) -> Connected:
    """A registration of the platform in the tool, and the tool's keys where the platform looks for them."""
    tool.keys.ensure()
    httpserver.expect_request("/jwks.json").respond_with_json(tool.keys.published_jwks())
    openedx.reset()
    openedx.connect_tool(
        login_url=httpserver.url_for("/lti/login"),
        launch_url=httpserver.url_for("/lti/launch"),
        jwks_url=httpserver.url_for("/jwks.json"),
    )
    known = openedx.info
    with tool.database.transaction() as db:
        registration = registrations.add(
            db,
            registrations.NewRegistration(
                issuer=known["issuer"],
                client_id=known["client_id"],
                auth_login_url=known["auth_login_url"],
                auth_token_url=known["auth_token_url"],
                jwks_url=known["jwks_url"],
                deployment_ids=(known["deployment_id"],),
            ),
        )
        identity = registration.id
    return Connected(openedx, PlatformService(tool, identity))


def test_the_platform_takes_the_tool_s_assertion(connected: Connected) -> None:
    assert connected.service.get_access_token([ROSTER])


def test_an_assertion_by_a_key_that_is_not_published_is_refused(
    connected: Connected, httpserver: HTTPServer
) -> None:
    httpserver.clear()
    httpserver.expect_request("/jwks.json").respond_with_json({"keys": []})
    with pytest.raises(TokenRefused, match="invalid_client"):
        connected.service.get_access_token([ROSTER])


def test_the_tool_reads_the_whole_roster_page_by_page(connected: Connected) -> None:
    url: str | None = connected.platform.info["memberships_url"] + "?limit=2"
    seen: list[dict[str, Any]] = []
    while url:
        page = connected.service.call("GET", url, [ROSTER], accept=ROSTER_TYPE)
        seen += page.json()["members"]
        url = page.next_url
    everyone = {person["user_id"] for person in connected.platform.info["people"].values()}
    assert sorted(member["user_id"] for member in seen) == sorted(everyone)


def test_the_tool_makes_a_line_item_that_the_platform_lists(connected: Connected) -> None:
    made = connected.line_item()
    url = connected.platform.info["line_items_url"]
    listed = connected.service.call("GET", url, [LINE_ITEM], accept=LINE_ITEMS_TYPE)
    assert [item["id"] for item in listed.json()] == [made]


def test_a_completion_arrives_as_the_full_grade(connected: Connected) -> None:
    answer = connected.send(connected.line_item(), "satisfied", NOW)
    assert (answer.status, connected.platform.published("maya")) == (201, [100.0])


@pytest.mark.parametrize("standing", ["onboarded", "agreement_signed", "under_way", "awaiting_tutor"])
def test_a_state_before_completion_is_accepted_and_sets_no_grade(connected: Connected, standing: str) -> None:
    answer = connected.send(connected.line_item(), standing, NOW)
    assert (answer.status, connected.platform.published("maya")) == (201, [])


def test_the_next_score_a_second_later_is_accepted(connected: Connected) -> None:
    line_item = connected.line_item()
    connected.send(line_item, "under_way", NOW)
    answer = connected.send(line_item, "satisfied", NOW + dt.timedelta(seconds=1))
    assert (answer.status, connected.platform.published("maya")) == (201, [100.0])


def test_the_comment_arrives_with_its_accents(connected: Connected) -> None:
    connected.send(connected.line_item(), "satisfied", NOW, comment="Six rencontres confirmées — bravo")
    published = connected.platform.grades()["published"]
    assert [grade["comment"] for grade in published] == ["Six rencontres confirmées — bravo"]
