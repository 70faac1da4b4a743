"""Launches, deep linking and the roster by Canvas's rules: each refusal, beside what passes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_httpserver import HTTPServer

from lti_tool.demo.lms.canvas.launches import CONTEXT_ROLES, context_id, expand, link_id, roles
from lti_tool.demo.lms.course import Link, coupled_line_item, links_of, the_course
from lti_tool.demo.lms.people import add_person
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.tools import ROSTER_READ, Tool
from tests.demo.lms.conftest import make_activity
from tests.demo.lms.tool import DL, LTI, Browser, TestTool, form_of, public_jwk, query_of, reason_of

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"


def placement(name: str, message: str) -> dict[str, Any]:
    return {"placement": name, "message_type": message, "target_link_uri": None, "default": "disabled"}


@pytest.fixture
def tool(canvas: RunningLms, httpserver: HTTPServer, tool_key: rsa.RSAPrivateKey) -> TestTool:
    """A tool with three placements at an LMS with Canvas's rules."""
    httpserver.expect_request("/jwks").respond_with_json({"keys": [public_jwk(tool_key, "key-1")]})
    here = httpserver.url_for("/")
    registered = canvas.register_tool(
        Tool(
            client_id="10000000000001",
            name="Test tool",
            initiate_login_uri=here + "login",
            redirect_uris=[here + "launch"],
            jwks_uri=here + "jwks",
            target_link_uri=here + "launch",
            deep_link_uri=here + "launch",
            canvas={
                "deployment_id": "7:" + "a" * 40,
                "privacy_level": "public",
                "placements": [
                    placement("course_navigation", "LtiResourceLinkRequest"),
                    placement("assignment_selection", "LtiDeepLinkingRequest"),
                    placement("link_selection", "LtiDeepLinkingRequest"),
                ],
            },
        )
    )
    return TestTool(canvas, httpserver, tool_key, registered)


@pytest.fixture
def browser(canvas: RunningLms) -> Iterator[Browser]:
    someone = Browser(canvas)
    yield someone
    someone.http.close()


@pytest.fixture
def activity(canvas: RunningLms, tool: TestTool) -> Link:
    return make_activity(canvas, tool)


# Launches


def test_ids_are_opaque_and_claims_hold_what_canvas_leaves_in_them(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    browser.log_in_as("lina.haddad")
    claims = tool.launch(browser, f"/launch/{activity.id}")
    context, link = claims[LTI + "context"], claims[LTI + "resource_link"]
    assert (context["id"], link["id"]) == (context_id(1), link_id(activity.id))
    assert {"validation_context", "errors"} <= set(context) & set(claims[LTI + "tool_platform"])


@pytest.mark.parametrize("username", ["lina.haddad", "nora.lindqvist", "paul.martin", "amelie.roux"])
def test_roles_are_unique_and_sorted(browser: Browser, tool: TestTool, activity: Link, username: str) -> None:
    browser.log_in_as(username)
    found = tool.launch(browser, f"/launch/{activity.id}")[LTI + "roles"]
    assert found == sorted(set(found))


def test_an_administrator_is_not_enrolled() -> None:
    assert not any("membership" in role for role in roles("admin"))


def test_the_page_of_the_menu_names_the_course_as_its_link(browser: Browser, tool: TestTool) -> None:
    browser.log_in_as("lina.haddad")
    claims = tool.launch(browser, f"/launch/navigation/{tool.registered.id}")
    assert claims[LTI + "resource_link"]["id"] == claims[LTI + "context"]["id"]
    assert "lineitem" not in claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]


def test_a_learner_cannot_launch_what_is_not_published(
    canvas: RunningLms, browser: Browser, tool: TestTool, activity: Link
) -> None:
    with canvas.lms.store.transaction() as db:
        db.execute("UPDATE links SET published = 0")
    browser.log_in_as("lina.haddad")
    page = browser.get(f"/launch/{activity.id}")
    assert (page.status_code, reason_of(page)) == (404, "unpublished")
    assert browser.get("/course.json").json()["activities"] == []
    browser.log_in_as("claire.dubreuil")
    browser.post(f"/activities/{activity.id}/publish", allow_redirects=False)
    browser.log_in_as("lina.haddad")
    assert tool.launch(browser, f"/launch/{activity.id}")


@pytest.mark.parametrize("path", ["/launch/navigation/9", "/deep-link/1?placement=editor_button"])
def test_there_is_no_launch_without_its_placement(browser: Browser, tool: TestTool, path: str) -> None:
    browser.log_in_as("claire.dubreuil")
    assert browser.get(path).status_code == 404


def error_of(browser: Browser, tool: TestTool, login: dict[str, str], **changes: str | None) -> str:
    page = browser.get("/oidc/auth", params=tool.authentication(login, **changes))
    _, fields = form_of(page)
    assert fields["state"] == "state-1"
    return fields["error"]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        *((name, None) for name in ("scope", "response_type", "response_mode", "prompt", "nonce")),
        ("scope", "openid profile"),
    ],
)
def test_an_incomplete_request_is_an_error_that_is_posted_to_the_tool(
    browser: Browser, tool: TestTool, activity: Link, parameter: str, value: str | None
) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    assert error_of(browser, tool, login, **{parameter: value}) == "invalid_request_object"


def test_a_launch_is_no_longer_valid_once_it_was_used(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    browser.get("/oidc/auth", params=tool.authentication(login))
    assert error_of(browser, tool, login) == "launch_no_longer_valid"


def test_somebody_else_has_to_log_in(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    browser.log_in_as("tomas.ferreira")
    assert error_of(browser, tool, login) == "login_required"


def test_a_redirect_address_counts_up_to_its_query(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    right = tool.registered.redirect_uris[0]
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    page = browser.get("/oidc/auth", params=tool.authentication(login, redirect_uri=f"{right}?a=b"))
    assert "id_token" in form_of(page)[1]
    page = browser.get("/oidc/auth", params=tool.authentication(login, redirect_uri=f"{right}/more"))
    assert (page.status_code, reason_of(page)) == (400, "unregistered_redirect_uri")


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ("$Context.id", "c"),
        ("course ${Context.id}, ${unknown}", "course c, ${unknown}"),
        ("$Unknown.thing", "$Unknown.thing"),
        ("plain", "plain"),
    ],
)
def test_variables_are_expanded_as_a_whole_or_in_braces(written: str, expanded: str) -> None:
    assert expand(written, {"Context.id": "c"}) == expanded


# Tokens


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"aud": "localhost"}, "aud"),
        ({"aud": None}, "aud"),
        ({"exp": 1}, "signature"),
        ({"iat": None}, "iat"),
    ],
)
def test_a_wrong_assertion_is_an_invalid_request(
    tool: TestTool, changes: dict[str, Any], description: str
) -> None:
    answer = tool.ask_token(tool.sign(tool.assertion_claims(**changes)))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_one_scope_that_was_not_granted_refuses_all(canvas: RunningLms, tool: TestTool) -> None:
    with canvas.lms.store.transaction() as db:
        db.execute("UPDATE tools SET scopes = ?", (f'["{ROSTER_READ}"]',))
    answer = tool.ask_token()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert tool.ask_token(scope=ROSTER_READ).status_code == 200


# Deep linking


@dataclass
class Picker:
    tool: TestTool
    browser: Browser
    request: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        found: dict[str, Any] = self.request[DL + "deep_linking_settings"]
        return found

    def answer(self, *items: dict[str, Any], address: str | None = None, **changes: Any) -> requests.Response:
        now = int(time.time())
        claims = {
            "iss": self.tool.registered.client_id,
            "aud": self.tool.lms.base_url,
            "iat": now,
            "exp": now + 60,
            "nonce": jwt.utils.base64url_encode(str(time.monotonic_ns()).encode()).decode(),
            LTI + "message_type": "LtiDeepLinkingResponse",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": self.tool.registered.deployment_id,
            DL + "content_items": list(items),
            **changes,
        }
        token = self.tool.sign({name: value for name, value in claims.items() if value is not None})
        return requests.post(
            address or self.settings["deep_link_return_url"], data={"JWT": token}, timeout=10
        )

    def links(self) -> list[Link]:
        with self.tool.lms.lms.store.reading() as db:
            return links_of(db, the_course(db).id)


@pytest.fixture
def picker(browser: Browser, tool: TestTool) -> Picker:
    browser.log_in_as("claire.dubreuil")
    return Picker(tool, browser, tool.launch(browser, f"/deep-link/{tool.registered.id}"))


def item(**changes: Any) -> dict[str, Any]:
    return {
        "type": "ltiResourceLink",
        "title": "Mentoring",
        "custom": {"id": "c", "level": 3, "on": True, "nothing": None, "list": [1]},
        "lineItem": {"scoreMaximum": 100, "label": "Mentoring, graded", "resourceId": "r", "tag": "t"},
        **changes,
    }


def test_the_settings_are_canvass(picker: Picker) -> None:
    settings = picker.settings
    assert settings["accept_media_types"] == "application/vnd.ims.lti.v1.ltilink"
    assert not {"accept_lineitem", "data"} & set(settings)
    assert query_of(settings["deep_link_return_url"])["placement"] == "assignment_selection"


def test_what_is_made_is_unpublished_and_named_after_its_line_item(picker: Picker) -> None:
    assert picker.answer(item()).status_code == 200
    [link] = picker.links()
    assert (link.published, link.title) == (False, "Mentoring, graded")
    assert link.custom == {"id": "c", "level": "3", "on": "True", "nothing": ""}


def test_an_item_without_its_maximum_is_left_out_and_the_others_are_made(picker: Picker) -> None:
    picker.answer(item(lineItem={"label": "no maximum"}), item(title="Second", lineItem={"scoreMaximum": 5}))
    assert [link.title for link in picker.links()] == ["Second"]


def test_an_item_of_another_type_is_left_out(picker: Picker) -> None:
    picker.answer({"type": "html", "html": "<b>x</b>"}, item())
    assert len(picker.links()) == 1


def test_the_line_item_is_there(picker: Picker, canvas: RunningLms) -> None:
    picker.answer(item())
    with canvas.lms.store.reading() as db:
        coupled = coupled_line_item(db, picker.links()[0].id)
    assert coupled is not None
    assert (coupled.score_maximum, coupled.resource_id, coupled.tag) == (100, "r", "t")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "https://elsewhere.example"}, "wrong_audience"),
        ({"iss": "20000000000002"}, "unknown_issuer"),
        ({"iat": 1}, "wrong_iat"),
        ({"nonce": None}, "missing_nonce"),
        ({"exp": 1}, "expired"),
        ({LTI + "deployment_id": "7"}, "wrong_deployment"),
        ({LTI + "message_type": "LtiResourceLinkRequest"}, "bad_message_type"),
    ],
)
def test_an_answer_is_refused_for(picker: Picker, changes: dict[str, Any], reason: str) -> None:
    answer = picker.answer(item(), **changes)
    assert (answer.status_code, reason_of(answer), picker.links()) == (400, reason, [])


@pytest.mark.parametrize("change", ["drop", "cut", "other"])
def test_the_return_address_may_not_be_altered(picker: Picker, change: str) -> None:
    address = picker.settings["deep_link_return_url"]
    altered = {
        "drop": address.partition("?")[0],
        "cut": address.replace("data=", "data=x"),
        "other": address.partition("?")[0] + "?data=nonsense",
    }[change]
    answer = picker.answer(item(), address=altered)
    assert (answer.status_code, reason_of(answer)) == (400, "changed_address")


def test_a_return_address_is_good_once(picker: Picker) -> None:
    assert picker.answer(item()).status_code == 200
    assert picker.answer(item()).status_code == 400
    assert len(picker.links()) == 1


# The roster


def roster(tool: TestTool, query: str = "") -> requests.Response:
    return tool.call(
        "GET", f"{tool.lms.base_url}/services/1/bindings/{tool.registered.id}/memberships{query}"
    )


def test_roles_in_the_roster_are_whole_addresses(tool: TestTool) -> None:
    members = roster(tool).json()["members"]
    assert [member["roles"] for member in members][:2] == [CONTEXT_ROLES["teacher"], CONTEXT_ROLES["student"]]
    assert {member["status"] for member in members} == {"Active"}


def test_neither_the_administrator_nor_the_test_student_is_listed(tool: TestTool) -> None:
    names = {member["name"] for member in roster(tool).json()["members"]}
    assert not {"Amélie Roux", "Test Student"} & names


@pytest.mark.parametrize(
    ("role", "count"),
    [(f"{LIS}membership%23Learner", 4), ("Learner", 0), ("learner", 0), (f"{LIS}membership%23Mentor", 1)],
)
def test_a_role_is_asked_for_by_its_whole_address(tool: TestTool, role: str, count: int) -> None:
    assert len(roster(tool, f"?role={role}").json()["members"]) == count


@pytest.mark.parametrize("limit", ["", "?limit=500", "?limit=0", "?limit=many", "?limit=-3"])
def test_a_page_has_fifty_members_at_most(canvas: RunningLms, tool: TestTool, limit: str) -> None:
    with canvas.lms.store.transaction() as db:
        for number in range(60):
            form = {"username": "", "given_name": f"N{number}", "family_name": "X", "email": "", "job": ""}
            add_person(db, {**form, "role": "student"})
    first = roster(tool, limit)
    assert len(first.json()["members"]) == 50
    second = tool.call("GET", first.links["next"]["url"])
    assert (len(second.json()["members"]), "next" in second.links) == (17, False)


@pytest.mark.parametrize("rlid", ["1", "unknown", link_id(99)])
def test_a_link_that_is_not_the_tools_is_refused(tool: TestTool, activity: Link, rlid: str) -> None:
    answer = roster(tool, f"?rlid={rlid}")
    assert (answer.status_code, reason_of(answer)) == (400, "foreign_resource_link")


def test_the_course_itself_is_a_link(tool: TestTool, activity: Link) -> None:
    assert roster(tool, f"?rlid={context_id(1)}").status_code == 200
    assert roster(tool, f"?rlid={link_id(activity.id)}").status_code == 200
