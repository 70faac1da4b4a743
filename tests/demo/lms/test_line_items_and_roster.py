"""Line items and the roster: filters, pages, scopes and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from lti_tool.demo.lms.course import Link
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.tools import ROSTER_READ, Tool
from tests.demo.lms.tool import AGS, ITEM_TYPE, Browser, TestTool, reason_of


def create(tool: TestTool, token: str, **changes: Any) -> requests.Response:
    body = {"label": "Extra", "scoreMaximum": 10, "resourceId": "r", "tag": "g", **changes}
    body = {name: value for name, value in body.items() if value is not None}
    url = f"{tool.lms.base_url}/services/1/lineitems?type_id={tool.registered.id}"
    return tool.call("POST", url, token, headers={"Content-Type": ITEM_TYPE}, data=json.dumps(body))


def listed(tool: TestTool, query: str = "") -> requests.Response:
    return tool.call("GET", f"{tool.lms.base_url}/services/1/lineitems?type_id=1{query}")


def test_a_tool_can_create_a_line_item(tool: TestTool) -> None:
    made = create(tool, tool.token())
    assert (made.status_code, made.json()["label"], made.json()["scoreMaximum"]) == (201, "Extra", 10)


def test_a_created_line_item_can_be_read_at_its_id(tool: TestTool) -> None:
    made = create(tool, tool.token()).json()
    assert tool.call("GET", made["id"]).json() == made


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"label": None}, "malformed_label"),
        ({"label": ""}, "malformed_label"),
        ({"scoreMaximum": None}, "malformed_scoreMaximum"),
        ({"scoreMaximum": 0}, "malformed_scoreMaximum"),
        ({"scoreMaximum": "10"}, "malformed_scoreMaximum"),
        ({"resourceLinkId": "99"}, "foreign_resource_link"),
        ({"startDateTime": "2026-03-01"}, "malformed_startDateTime"),
    ],
)
def test_a_malformed_line_item_is_refused(tool: TestTool, changes: dict[str, Any], reason: str) -> None:
    answer = create(tool, tool.token(), **changes)
    assert (answer.status_code, reason_of(answer)) == (400, reason)


def test_creating_needs_the_whole_scope(tool: TestTool) -> None:
    answer = create(tool, tool.token(AGS + "lineitem.readonly"))
    assert (answer.status_code, reason_of(answer)) == (403, "insufficient_scope")


def test_reading_takes_the_readonly_scope(tool: TestTool, activity: Link) -> None:
    url = f"{tool.lms.base_url}/services/1/lineitems"
    assert len(tool.call("GET", url, tool.token(AGS + "lineitem.readonly")).json()) == 1


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("", ["Reverse mentoring", "A", "B"]),
        ("&resource_id=programme", ["Reverse mentoring"]),
        ("&resource_link_id=1", ["Reverse mentoring"]),
        ("&tag=b", ["B"]),
        ("&tag=nothing", []),
    ],
)
def test_line_items_can_be_filtered(tool: TestTool, activity: Link, query: str, labels: list[str]) -> None:
    token = tool.token()
    create(tool, token, label="A", tag="a")
    create(tool, token, label="B", tag="b")
    assert [item["label"] for item in listed(tool, query).json()] == labels


def test_line_items_come_in_pages_and_keep_their_filter(tool: TestTool) -> None:
    token = tool.token()
    for number in range(5):
        create(tool, token, label=str(number), tag="x" if number else "y")
    url, labels = f"{tool.lms.base_url}/services/1/lineitems?type_id=1&tag=x&limit=3", []
    while url:
        page = tool.call("GET", url, token)
        labels += [item["label"] for item in page.json()]
        url = page.links.get("next", {}).get("url", "")
    assert labels == ["1", "2", "3", "4"]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "100000"])
def test_a_senseless_limit_is_refused(tool: TestTool, limit: str) -> None:
    answer = listed(tool, f"&limit={limit}")
    assert (answer.status_code, reason_of(answer)) == (400, "bad_limit")


def test_a_line_item_can_be_replaced(tool: TestTool) -> None:
    token = tool.token()
    made = create(tool, token).json()
    body = json.dumps({"label": "Renamed", "scoreMaximum": 20})
    answer = tool.call("PUT", made["id"], token, headers={"Content-Type": ITEM_TYPE}, data=body)
    assert (answer.json()["label"], answer.json()["scoreMaximum"], answer.json()["tag"]) == (
        "Renamed",
        20,
        "",
    )


def test_a_line_item_can_be_deleted(tool: TestTool) -> None:
    token = tool.token()
    made = create(tool, token).json()
    assert tool.call("DELETE", made["id"], token).status_code == 204
    assert reason_of(tool.call("GET", made["id"], token)) == "no_such_line_item"


def test_a_coupled_line_item_cannot_be_deleted(tool: TestTool, activity: Link) -> None:
    item = listed(tool).json()[0]["id"]
    answer = tool.call("DELETE", item)
    assert (answer.status_code, reason_of(answer)) == (403, "coupled_line_item")


def test_a_coupled_line_item_stays_with_its_activity_when_replaced(tool: TestTool, activity: Link) -> None:
    item = listed(tool).json()[0]["id"]
    body = json.dumps({"label": "Renamed", "scoreMaximum": 100})
    answer = tool.call("PUT", item, headers={"Content-Type": ITEM_TYPE}, data=body)
    assert answer.json()["resourceLinkId"] == str(activity.id)


def test_another_tools_line_item_does_not_exist(lms: RunningLms, tool: TestTool, activity: Link) -> None:
    item = listed(tool).json()[0]["id"]
    other = lms.register_tool(
        Tool(
            "client-2",
            "Other",
            "http://o.example/l",
            ["http://o.example/"],
            tool.registered.jwks_uri,
            "http://o.example/",
        )
    )
    stranger = TestTool(lms, tool.server, tool.key, other)
    answer = stranger.call("GET", item.partition("?")[0])
    assert (answer.status_code, reason_of(answer)) == (404, "no_such_line_item")


def test_another_tools_type_id_is_refused(tool: TestTool) -> None:
    answer = tool.call("GET", f"{tool.lms.base_url}/services/1/lineitems?type_id=2")
    assert (answer.status_code, reason_of(answer)) == (403, "wrong_type_id")


def test_a_course_that_is_not_there_is_refused(tool: TestTool) -> None:
    answer = tool.call("GET", f"{tool.lms.base_url}/services/7/lineitems")
    assert (answer.status_code, reason_of(answer)) == (404, "no_such_course")


def test_an_accept_header_for_something_else_is_refused(tool: TestTool) -> None:
    answer = tool.call("GET", f"{tool.lms.base_url}/services/1/lineitems", headers={"Accept": "text/html"})
    assert (answer.status_code, reason_of(answer)) == (406, "not_acceptable")


def members_url(tool: TestTool) -> str:
    return f"{tool.lms.base_url}/services/1/bindings/{tool.registered.id}/memberships"


def test_the_roster_names_whoever_is_enrolled_with_short_roles(tool: TestTool) -> None:
    members = tool.call("GET", members_url(tool)).json()["members"]
    assert [(member["user_id"], member["roles"], member["status"]) for member in members] == [
        ("1", ["Instructor"], "Active"),
        ("2", ["Learner"], "Active"),
        ("3", ["Learner"], "Active"),
        ("4", ["Learner"], "Active"),
        ("5", ["Learner"], "Active"),
    ]


def test_the_roster_gives_names_and_addresses_that_were_asked_for(tool: TestTool) -> None:
    member = tool.call("GET", members_url(tool)).json()["members"][0]
    assert (member["name"], member["email"]) == ("Claire Dubreuil", "claire.dubreuil@campus-horizon.example")


def test_the_roster_keeps_names_that_were_not_asked_for(tool: TestTool, lms: RunningLms) -> None:
    with lms.lms.store.transaction() as db:
        db.execute("UPDATE tools SET claims = '[]'")
    member = tool.call("GET", members_url(tool)).json()["members"][0]
    assert member.keys() == {"status", "user_id", "roles"}


def test_the_roster_is_whole_without_a_limit(tool: TestTool) -> None:
    assert "next" not in tool.call("GET", members_url(tool)).links


def test_the_roster_comes_in_pages_when_limited(tool: TestTool) -> None:
    token, url, users = tool.token(), members_url(tool) + "?limit=2", []
    while url:
        page = tool.call("GET", url, token)
        users += [member["user_id"] for member in page.json()["members"]]
        url = page.links.get("next", {}).get("url", "")
    assert users == ["1", "2", "3", "4", "5"]


def test_a_lower_cased_page_mark_is_refused(tool: TestTool) -> None:
    token = tool.token()
    following = tool.call("GET", members_url(tool) + "?limit=2", token).links["next"]["url"]
    head, _, mark = following.partition("from=")
    answer = tool.call("GET", f"{head}from={mark.lower()}", token)
    assert (answer.status_code, reason_of(answer)) == (400, "bad_page_mark")


def test_the_roster_can_be_asked_for_one_role(tool: TestTool) -> None:
    members = tool.call("GET", members_url(tool) + "?role=Instructor").json()["members"]
    assert [member["user_id"] for member in members] == ["1"]


def test_the_roster_of_an_activity_carries_its_message(tool: TestTool, activity: Link) -> None:
    member = tool.call("GET", f"{members_url(tool)}?rlid={activity.id}").json()["members"][0]
    link = member["message"][0]["https://purl.imsglobal.org/spec/lti/claim/resource_link"]
    assert link["id"] == str(activity.id)


@pytest.mark.parametrize("rlid", ["99", "x"])
def test_the_roster_of_an_unknown_activity_is_refused(tool: TestTool, rlid: str) -> None:
    answer = tool.call("GET", f"{members_url(tool)}?rlid={rlid}")
    assert (answer.status_code, reason_of(answer)) == (404, "no_such_activity")


def test_the_roster_needs_its_scope(tool: TestTool) -> None:
    answer = tool.call("GET", members_url(tool), tool.token(AGS + "score"))
    assert (answer.status_code, reason_of(answer)) == (403, "insufficient_scope")


def test_the_rosters_scope_opens_nothing_else(tool: TestTool) -> None:
    answer = tool.call("GET", f"{tool.lms.base_url}/services/1/lineitems", tool.token(ROSTER_READ))
    assert (answer.status_code, reason_of(answer)) == (403, "insufficient_scope")


def test_somebody_added_is_on_the_roster(tool: TestTool, browser: Browser) -> None:
    browser.log_in_as("amelie.roux")
    form = {"given_name": "Noé", "family_name": "Diallo", "role": "student"}
    added = browser.post("/people", data=form, headers={"Accept": "application/json"}).json()
    members = tool.call("GET", members_url(tool)).json()["members"]
    assert (members[-1]["user_id"], members[-1]["name"]) == (added["id"], "Noé Diallo")
