"""The independent platform alone: its roster, line items and scores, before any tool of ours meets them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.openedx.fixtures import (
    PEOPLE,
    openedx_python,
    start_openedx,
)
from tests.openedx.tiny_tool import (
    LINE_ITEM,
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
    MEMBERSHIP,
    RESULT,
    RESULTS_TYPE,
    ROSTER,
    ROSTER_TYPE,
    SCORE,
    TinyTool,
)

# The roster


def test_the_roster_holds_everyone_in_one_answer_when_no_limit_is_given(tiny: TinyTool) -> None:
    answer = tiny.roster()
    assert (len(answer.json()["members"]), answer.headers.get("Link")) == (
        len(tiny.platform.info["people"]),
        None,
    )


def test_the_roster_gives_the_names_and_addresses_of_people(tiny: TinyTool) -> None:
    members = {member["user_id"]: member for member in tiny.roster().json()["members"]}
    zoe = members[tiny.platform.user_id("zoé")]
    assert (zoe["name"], zoe["email"]) == ("Zoé Ørsted", "zoe@example.org")


def test_the_roster_pages_to_everyone_once_when_a_limit_is_given(tiny: TinyTool) -> None:
    pages, seen = 0, []
    page = tiny.roster(limit=2)
    while True:
        pages += 1
        seen += [member["user_id"] for member in page.json()["members"]]
        if "next" not in page.links:
            break
        page = tiny.call("GET", page.links["next"]["url"], ROSTER, headers={"Accept": ROSTER_TYPE})
    everyone = [person["user_id"] for person in tiny.platform.info["people"].values()]
    assert (pages, sorted(seen)) == (-(-len(everyone) // 2), sorted(everyone))


def test_the_roster_calls_an_enrolled_teacher_a_learner_as_well(tiny: TinyTool) -> None:
    members = {member["user_id"]: member for member in tiny.roster().json()["members"]}
    assert set(members[tiny.platform.user_id("tess")]["roles"]) == {
        MEMBERSHIP + "Learner",
        MEMBERSHIP + "Instructor",
        MEMBERSHIP + "Administrator",
    }


def test_the_roster_is_refused_to_a_token_without_its_scope(tiny: TinyTool) -> None:
    assert tiny.call("GET", tiny.platform.info["memberships_url"], SCORE).status_code == 403


def test_the_roster_is_refused_without_a_token(tiny: TinyTool) -> None:
    assert tiny.http.get(tiny.platform.info["memberships_url"], timeout=30).status_code == 403


def test_an_access_token_that_the_platform_did_not_make_is_refused_with_403_and_not_401(
    tiny: TinyTool,
) -> None:
    headers = {"Accept": ROSTER_TYPE, "Authorization": f"Bearer {tiny.sign({'scopes': ROSTER})}"}
    assert (
        tiny.http.get(tiny.platform.info["memberships_url"], headers=headers, timeout=30).status_code == 403
    )


def test_the_roster_is_not_given_as_plain_json(tiny: TinyTool) -> None:
    url = tiny.platform.info["memberships_url"]
    assert tiny.call("GET", url, ROSTER, headers={"Accept": "application/json"}).status_code == 406


def test_a_course_over_the_limit_of_members_has_no_roster(tiny: TinyTool) -> None:
    small = start_openedx(openedx_python(), {"people": PEOPLE, "course": {"member_limit": 2}})
    try:
        jwks_url = tiny.launch_url.replace("/launch", "/jwks.json")
        small.connect_tool(login_url=tiny.login_url, launch_url=tiny.launch_url, jwks_url=jwks_url)
        refused = TinyTool(small, tiny.key, tiny.http, tiny.launch_url, tiny.login_url).roster()
    finally:
        small.stop()
    assert (refused.status_code, refused.json()["error"]) == (403, "above_response_limit")


# Line items


def test_a_line_item_made_by_the_tool_is_in_the_list(tiny: TinyTool) -> None:
    made = tiny.make_line_item().json()
    url = tiny.platform.info["line_items_url"]
    listed = tiny.call("GET", url, LINE_ITEM, headers={"Accept": LINE_ITEMS_TYPE})
    assert listed.json() == [made]


def test_the_list_of_line_items_is_filtered_by_resource_id(tiny: TinyTool) -> None:
    tiny.make_line_item()
    url = tiny.platform.info["line_items_url"]
    headers = {"Accept": LINE_ITEMS_TYPE}
    found = tiny.call("GET", url, LINE_ITEM, params={"resource_id": "another"}, headers=headers)
    assert found.json() == []


def test_a_line_item_is_refused_to_a_token_for_scores_alone(tiny: TinyTool) -> None:
    headers = {"Content-Type": LINE_ITEM_TYPE, "Accept": LINE_ITEM_TYPE}
    item = json.dumps({"label": "Mentoring", "scoreMaximum": 100, "resourceId": "programme"})
    url = tiny.platform.info["line_items_url"]
    assert tiny.call("POST", url, SCORE, data=item, headers=headers).status_code == 403


def test_a_line_item_of_another_media_type_is_refused(tiny: TinyTool) -> None:
    item = json.dumps({"label": "Mentoring", "scoreMaximum": 100, "resourceId": "programme"})
    headers = {"Content-Type": "application/json", "Accept": LINE_ITEM_TYPE}
    url = tiny.platform.info["line_items_url"]
    assert tiny.call("POST", url, LINE_ITEM, data=item, headers=headers).status_code == 415


def test_a_line_item_tied_to_nothing_is_refused(tiny: TinyTool) -> None:
    assert tiny.make_line_item(resourceId=None, resourceLinkId=None).status_code == 400


def test_a_declarative_course_has_its_line_item_before_any_launch() -> None:
    course = {"ags_mode": "declarative", "points": 20}
    platform = start_openedx(openedx_python(), {"people": PEOPLE, "course": course})
    try:
        assert platform.info["line_item_url"].startswith(platform.info["line_items_url"] + "/")
    finally:
        platform.stop()


# Scores


def test_a_final_score_is_accepted(tiny: TinyTool) -> None:
    assert tiny.send_score(tiny.make_line_item().json()["id"]).status_code == 201


def test_a_final_score_is_published_to_the_gradebook_in_the_course_s_points(tiny: TinyTool) -> None:
    tiny.send_score(tiny.make_line_item().json()["id"], scoreGiven=8, scoreMaximum=10)
    assert tiny.platform.published("maya") == [80.0]


def test_a_score_in_progress_is_kept_and_not_published(tiny: TinyTool) -> None:
    tiny.send_score(
        tiny.make_line_item().json()["id"], gradingProgress="Pending", activityProgress="InProgress"
    )
    kept = tiny.platform.grades()
    assert ([score["grading_progress"] for score in kept["scores"]], kept["published"]) == (["Pending"], [])


def test_a_score_for_a_line_item_that_is_not_the_block_s_is_not_published(tiny: TinyTool) -> None:
    headers = {"Content-Type": LINE_ITEM_TYPE, "Accept": LINE_ITEM_TYPE}
    item = json.dumps({"label": "Loose", "scoreMaximum": 100, "resourceId": "loose"})
    made = tiny.call("POST", tiny.platform.info["line_items_url"], LINE_ITEM, data=item, headers=headers)
    assert (tiny.send_score(made.json()["id"]).status_code, tiny.platform.published("maya")) == (201, [])


@pytest.mark.parametrize("missing", ["userId", "timestamp", "activityProgress", "gradingProgress"])
def test_a_score_that_lacks_a_required_field_is_refused(tiny: TinyTool, missing: str) -> None:
    refused = tiny.send_score(tiny.make_line_item().json()["id"], **{missing: None})
    assert (refused.status_code, list(refused.json())) == (400, [missing])


def test_a_score_without_its_maximum_is_refused(tiny: TinyTool) -> None:
    assert tiny.send_score(tiny.make_line_item().json()["id"], scoreMaximum=0).status_code == 400


@pytest.mark.parametrize("timestamp", ["yesterday", "2026-13-01T00:00:00Z", "1763800000"])
def test_a_score_with_a_timestamp_that_is_no_time_is_refused(tiny: TinyTool, timestamp: str) -> None:
    refused = tiny.send_score(tiny.make_line_item().json()["id"], timestamp=timestamp)
    assert (refused.status_code, list(refused.json())) == (400, ["timestamp"])


@pytest.mark.parametrize("later_by", [timedelta(0), timedelta(seconds=-1)], ids=["same", "earlier"])
def test_a_score_no_later_than_the_last_is_refused(tiny: TinyTool, later_by: timedelta) -> None:
    line_item, first = tiny.make_line_item().json()["id"], datetime.now(UTC)
    tiny.send_score(line_item, timestamp=first.isoformat())
    refused = tiny.send_score(line_item, timestamp=(first + later_by).isoformat())
    assert (refused.status_code, list(refused.json())) == (400, ["timestamp"])


def test_a_score_for_nobody_of_the_course_leaves_nothing_behind(tiny: TinyTool) -> None:
    refused = tiny.send_score(tiny.make_line_item().json()["id"], userId=str(uuid.uuid4()))
    assert (refused.status_code, tiny.platform.grades()["scores"]) == (500, [])


def test_a_result_is_read_back(tiny: TinyTool) -> None:
    line_item = tiny.make_line_item().json()["id"]
    tiny.send_score(line_item, comment="Bien joué")
    results = tiny.call("GET", f"{line_item}/results", RESULT, headers={"Accept": RESULTS_TYPE}).json()
    assert [(found["userId"], found["resultScore"], found["comment"]) for found in results] == [
        (tiny.platform.user_id("maya"), 80.0, "Bien joué")
    ]


def test_the_log_of_requests_says_what_the_tool_asked(tiny: TinyTool) -> None:
    tiny.roster(limit=2)
    last = tiny.platform.requests()[-1]
    assert (last["method"], last["query"], last["accept"], last["status"]) == (
        "GET",
        "limit=2",
        ROSTER_TYPE,
        200,
    )
