"""The claims: missing ones, wrong ones, and ones of the wrong type or length; always a refusal, never a fault."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.lti.launch.models import ResourceLink
from tests.certification.test_accepted import deep_linking
from tests.certification.verdicts import assert_refused, opened
from tests.platform.platform import ABSENT, Browser, Platform

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"


def test_an_unmodified_launch_is_let_in(services: Services, platform: Platform, browser: Browser) -> None:
    assert opened(services, platform.launch(browser))


MISSING = {
    "iss": "claim_missing",
    "aud": "claim_missing",
    "exp": "claim_missing",
    "iat": "claim_missing",
    "nonce": "claim_missing",
    "version": "version_wrong",
    "message_type": "message_type_wrong",
    "deployment_id": "claim_missing",
    "target_link_uri": "claim_missing",
    "resource_link": "claim_missing",
    "roles": "claim_missing",
}


@pytest.mark.parametrize("value", [ABSENT, None], ids=["left out", "null"])
@pytest.mark.parametrize("name", MISSING)
def test_a_launch_is_refused_without(
    services: Services, platform: Platform, browser: Browser, name: str, value: Any
) -> None:
    response = platform.launch(browser, **{name: value})
    assert_refused(services, response, MISSING[name], status=400)


WRONG: dict[str, tuple[dict[str, Any], str, int]] = {
    "an audience without us": ({"aud": "another"}, "audience_wrong", 403),
    "an audience list without us": ({"aud": ["another", "third"]}, "audience_wrong", 403),
    "two audiences without azp": ({"aud": ["client-1", "another"]}, "authorized_party_wrong", 403),
    "two audiences and the other's azp": (
        {"aud": ["client-1", "another"], "azp": "another"},
        "authorized_party_wrong",
        403,
    ),
    "a wrong azp": ({"azp": "another"}, "authorized_party_wrong", 403),
    "an azp that is a list": ({"azp": ["client-1"]}, "authorized_party_wrong", 403),
    "a target on another host": (
        {"target_link_uri": "https://evil.example/lti/launch"},
        "target_claim_elsewhere",
        400,
    ),
    "a target that is a script": ({"target_link_uri": "javascript:alert(1)"}, "target_claim_elsewhere", 400),
    "an empty target": ({"target_link_uri": ""}, "target_claim_elsewhere", 400),
    "version 1.2.0": ({"version": "1.2.0"}, "version_wrong", 400),
    "version 1.3": ({"version": "1.3"}, "version_wrong", 400),
    "a version that is a number": ({"version": 1.3}, "version_wrong", 400),
    "an unknown message type": ({"message_type": "LtiWizardRequest"}, "message_type_wrong", 400),
    "a message type in small letters": (
        {"message_type": "ltiresourcelinkrequest"},
        "message_type_wrong",
        400,
    ),
    "a message type that is a list": (
        {"message_type": ["LtiResourceLinkRequest"]},
        "message_type_wrong",
        400,
    ),
    "a submission review of nobody": (
        {"message_type": "LtiSubmissionReviewRequest"},
        "claim_missing",
        400,
    ),
    "a resource link without an id": ({"resource_link": {"title": "x"}}, "claim_missing", 400),
    "a resource link with a null id": ({"resource_link": {"id": None}}, "claim_missing", 400),
    "a context without an id": ({"context": {"title": "x"}}, "claim_missing", 400),
}


@pytest.mark.parametrize(("changes", "reason", "status"), WRONG.values(), ids=list(WRONG))
def test_a_launch_is_refused_with(
    services: Services,
    platform: Platform,
    browser: Browser,
    changes: dict[str, Any],
    reason: str,
    status: int,
) -> None:
    assert_refused(services, platform.launch(browser, **changes), reason, status=status)


MALFORMED: dict[str, dict[str, Any]] = {
    "iss a number": {"iss": 7},
    "aud a number": {"aud": 7},
    "aud an object": {"aud": {"a": 1}},
    "aud a list of numbers": {"aud": [1, 2]},
    "nonce a number": {"nonce": 7},
    "nonce a list": {"nonce": ["x"]},
    "exp text": {"exp": "soon"},
    "exp a number written as text": {"exp": "4102444800"},
    "exp true": {"exp": True},
    "exp a list": {"exp": [4102444800]},
    "exp of 400 digits": {"exp": 10**400},
    "iat text": {"iat": "now"},
    "nbf text": {"nbf": "now"},
    "sub a number": {"sub": 7},
    "sub a list": {"sub": ["person-1"]},
    "sub empty": {"sub": ""},
    "sub of 256 characters": {"sub": "x" * 256},
    "sub with a NUL": {"sub": "person\x00"},
    "sub with half a character": {"sub": "person\ud800"},
    "name a number": {"name": 7},
    "name an object": {"name": {"first": "Amina"}},
    "name with a NUL": {"name": "Amina\x00"},
    "name with half a character": {"name": "\udfffmina"},
    "given_name a list": {"given_name": ["Amina"]},
    "family_name true": {"family_name": True},
    "email a list": {"email": ["amina@lms.example"]},
    "locale a number": {"locale": 7},
    "deployment_id a number": {"deployment_id": 1},
    "deployment_id empty": {"deployment_id": ""},
    "deployment_id of 256 characters": {"deployment_id": "x" * 256},
    "target_link_uri a list": {"target_link_uri": ["http://127.0.0.1:5000/"]},
    "roles text": {"roles": "Instructor"},
    "roles an object": {"roles": {"role": "Instructor"}},
    "roles a list of numbers": {"roles": [1, 2]},
    "roles a list of lists": {"roles": [["Instructor"]]},
    "roles with a null": {"roles": [None]},
    "roles of 501": {"roles": ["Learner"] * 501},
    "context text": {"context": "course-1"},
    "context a list": {"context": ["course-1"]},
    "context.id a number": {"context": {"id": 1}},
    "context.id of 256 characters": {"context": {"id": "x" * 256}},
    "context.title a list": {"context": {"id": "course-1", "title": ["x"]}},
    "resource_link text": {"resource_link": "link-1"},
    "resource_link a list": {"resource_link": [{"id": "link-1"}]},
    "resource_link.id a number": {"resource_link": {"id": 1}},
    "resource_link.id empty": {"resource_link": {"id": ""}},
    "resource_link.id of 256 characters": {"resource_link": {"id": "x" * 256}},
    "custom a list": {"custom": ["content_id"]},
    "custom text": {"custom": "content_id=1"},
    "tool_platform text": {"tool_platform": "moodle"},
    "tool_platform.product_family_code a number": {"tool_platform": {"product_family_code": 5}},
    "launch_presentation a list": {"launch_presentation": ["iframe"]},
    "launch_presentation.locale a list": {"launch_presentation": {"locale": ["en"]}},
    "launch_presentation.return_url a number": {"launch_presentation": {"return_url": 7}},
    "the grades claim text": {AGS: "https://lms.example/ags"},
    "its scope text": {AGS: {"scope": "https://purl.imsglobal.org/spec/lti-ags/scope/score"}},
    "its line item a number": {AGS: {"lineitem": 7}},
    "its line item a script": {AGS: {"lineitem": "javascript:alert(1)"}},
    "its line item a file": {AGS: {"lineitem": "file:///etc/passwd"}},
    "the roster claim a list": {NRPS: ["https://lms.example/nrps"]},
    "its address an object": {NRPS: {"context_memberships_url": {}}},
    "its address a file": {NRPS: {"context_memberships_url": "file:///etc/passwd"}},
}


UNREAD: dict[str, dict[str, Any]] = {
    "role_scope_mentor": {"role_scope_mentor": "person-2"},
    "context.type": {"context": {"id": "course-1", "type": "CourseSection"}},
    "context.label": {"context": {"id": "course-1", "label": ["x"]}},
    "resource_link.description": {"resource_link": {"id": "link-1", "description": 7}},
    "for_user": {"for_user": "person-2"},
    "launch_presentation.document_target": {"launch_presentation": {"document_target": []}},
    "lis": {"lis": "x"},
    "a claim of somebody else": {"https://example.org/claim": {"a": [None, {}]}},
}


@pytest.mark.parametrize("changes", UNREAD.values(), ids=list(UNREAD))
def test_a_claim_that_nobody_reads_may_be_anything(
    services: Services, platform: Platform, browser: Browser, changes: dict[str, Any]
) -> None:
    assert opened(services, platform.launch(browser, **changes))


def test_an_empty_address_of_a_service_is_none(
    services: Services, platform: Platform, browser: Browser
) -> None:
    """Moodle sends one for a while after a teacher has unticked that the tool may add grades."""
    grades = {"scope": [], "lineitem": "", "lineitems": ""}
    assert opened(services, platform.launch(browser, **{AGS: grades}))
    with services.database.reading() as db:
        link = db.scalars(sa.select(ResourceLink)).one()
    assert (link.line_item_url, link.line_items_url) == (None, None)


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=list(MALFORMED))
def test_a_launch_is_malformed_with(
    services: Services, platform: Platform, browser: Browser, changes: dict[str, Any]
) -> None:
    assert_refused(services, platform.launch(browser, **changes), "claims_malformed", status=400)


def test_a_claim_named_like_a_member_is_no_member(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = platform.launch(browser, **{"resource_link": ABSENT, "resource_link.id": "link-1"})
    assert_refused(services, response, "claim_missing", status=400)


def test_an_unmodified_deep_linking_request_is_let_in(
    services: Services, platform: Platform, browser: Browser
) -> None:
    assert opened(services, platform.launch(browser, **deep_linking()))


DEEP_LINKING_WRONG: dict[str, tuple[Any, str]] = {
    "without settings": (ABSENT, "claim_missing"),
    "with settings that are text": ("x", "claims_malformed"),
    "without a return address": (deep_linking(deep_link_return_url=None), "claim_missing"),
    "with a return address that is a script": (
        deep_linking(deep_link_return_url="javascript:alert(1)"),
        "claims_malformed",
    ),
    "with a return address that is data": (
        deep_linking(deep_link_return_url="data:text/html,x"),
        "claims_malformed",
    ),
    "without accepted types": (deep_linking(accept_types=None), "claim_missing"),
    "with accepted types that are text": (deep_linking(accept_types="ltiResourceLink"), "claims_malformed"),
    "without targets": (deep_linking(accept_presentation_document_targets=None), "claim_missing"),
}


@pytest.mark.parametrize(("settings", "reason"), DEEP_LINKING_WRONG.values(), ids=list(DEEP_LINKING_WRONG))
def test_a_deep_linking_request_is_refused(
    services: Services, platform: Platform, browser: Browser, settings: Any, reason: str
) -> None:
    changes = settings if isinstance(settings, dict) else {**deep_linking(), DEEP_LINKING: settings}
    assert_refused(services, platform.launch(browser, **changes), reason, status=400)


def test_a_name_longer_than_its_column_is_cut(
    services: Services, platform: Platform, browser: Browser
) -> None:
    assert opened(
        services, platform.launch(browser, name="x" * 5_000, context={"id": "c", "title": "y" * 5_000})
    )


def test_ids_of_255_characters_are_taken(services: Services, platform: Platform, browser: Browser) -> None:
    long = "x" * 255
    response = platform.launch(browser, sub=long, resource_link={"id": long}, context={"id": long})
    assert opened(services, response)


def test_a_return_address_that_is_a_script_is_not_kept(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = platform.launch(browser, launch_presentation={"return_url": "javascript:alert(1)"})
    assert opened(services, response).return_url is None
