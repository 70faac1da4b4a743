"""A platform is connected by dynamic registration, as Moodle 4.5 wants it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Invitation
from tests.forms import form_with
from tests.web.setup.conftest import PLATFORM_CLAIM, TOOL_CLAIM, Administrator, FakePlatform


@pytest.fixture
def sent(administrator: Administrator, platform: FakePlatform) -> dict[str, Any]:
    """What the platform received."""
    assert administrator.connect(platform.configuration_url).status_code == 200
    [document] = platform.registrations()
    return document


def deployments(administrator: Administrator) -> list[Deployment]:
    with administrator.services.database.reading() as db:
        return list(db.scalars(sa.select(Deployment)))


def test_the_page_says_which_platform_is_about_to_be_connected(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url)
    assert urlsplit(platform.origin).netloc in page.text


def test_the_page_names_the_account_where_the_platform_has_several(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.configuration[PLATFORM_CLAIM]["https://canvas.instructure.com/lti/account_name"] = (
        "Unit <b>Two</b>"
    )
    assert "Unit &lt;b&gt;Two&lt;/b&gt;" in administrator.open(platform.configuration_url).text


def test_opening_the_page_registers_nothing_with_the_platform(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.open(platform.configuration_url)
    assert platform.registrations() == []


def test_opening_the_page_stores_nothing(administrator: Administrator, platform: FakePlatform) -> None:
    administrator.open(platform.configuration_url)
    assert administrator.registrations() == []


def test_opening_the_page_leaves_the_invitation_open(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.open(platform.configuration_url)
    assert not administrator.invitation_used()


def test_a_head_request_with_the_forms_values_registers_nothing(
    administrator: Administrator, platform: FakePlatform
) -> None:
    form = form_with(administrator.open(platform.configuration_url), "invite")
    administrator.client.head("/lti/register", query_string=form.fields)
    assert platform.registrations() == []


def test_both_pages_may_be_framed_by_the_platform(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url)
    done = administrator.press(page)
    for shown in (page, done):
        ancestors = shown.headers["Content-Security-Policy"].split("frame-ancestors ")[1].split(";")[0]
        assert platform.origin in ancestors.split()


def test_a_refusal_may_be_framed_by_the_platform_too(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url, invite="wrong")
    assert platform.origin in page.headers["Content-Security-Policy"]


def test_the_registration_token_is_the_bearer_of_the_registration(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.connect(platform.configuration_url)
    assert platform.received[-1].headers["Authorization"] == "Bearer header.payload.signature"


def test_the_registration_token_also_opens_the_configuration(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.open(platform.configuration_url)
    assert platform.received[0].headers["Authorization"] == "Bearer header.payload.signature"


def test_a_platform_without_a_registration_token_is_connected(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.press(administrator.open(platform.configuration_url, registration_token=None))
    assert "Authorization" not in platform.received[-1].headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("application_type", "web"),
        ("response_types", ["id_token"]),
        ("grant_types", ["client_credentials", "implicit"]),
        ("initiate_login_uri", "http://127.0.0.1:5000/lti/login"),
        ("redirect_uris", ["http://127.0.0.1:5000/lti/launch"]),
        ("client_name", "Reverse mentoring"),
        ("client_name#fr", "Mentorat inversé"),
        ("jwks_uri", "http://127.0.0.1:5000/.well-known/jwks.json"),
        ("token_endpoint_auth_method", "private_key_jwt"),
    ],
)
def test_the_platform_gets_the_new_configuration(sent: dict[str, Any], name: str, value: object) -> None:
    assert sent[name] == value


def test_the_domain_has_the_port_as_moodle_compares_it(sent: dict[str, Any]) -> None:
    assert (
        sent[TOOL_CLAIM]["domain"] == urlsplit(sent[TOOL_CLAIM]["target_link_uri"]).netloc == "127.0.0.1:5000"
    )


def test_names_and_the_email_address_are_asked_for(sent: dict[str, Any]) -> None:
    assert {"sub", "iss", "name", "given_name", "family_name", "email"} == set(sent[TOOL_CLAIM]["claims"])


def test_the_scopes_are_those_of_grades_and_roster(sent: dict[str, Any]) -> None:
    assert set(sent["scope"].split()) == {
        "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
        "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
        "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
        "https://purl.imsglobal.org/spec/lti-ags/scope/score",
        "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
    }


def test_deep_linking_is_offered_in_the_content_area(sent: dict[str, Any]) -> None:
    [picker] = [m for m in sent[TOOL_CLAIM]["messages"] if m["type"] == "LtiDeepLinkingRequest"]
    assert "LtiSubmissionReviewRequest" in [message["type"] for message in sent[TOOL_CLAIM]["messages"]]
    assert (picker["target_link_uri"], picker["placements"]) == (
        "http://127.0.0.1:5000/lti/launch",
        ["ContentArea"],
    )


def test_the_logo_is_there(sent: dict[str, Any], administrator: Administrator) -> None:
    with administrator.client.get(urlsplit(sent["logo_uri"]).path) as logo:
        assert logo.status_code == 200


def test_the_logo_may_be_shown_on_the_platforms_pages(
    sent: dict[str, Any], administrator: Administrator
) -> None:
    with administrator.client.get(urlsplit(sent["logo_uri"]).path) as logo:
        assert logo.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_variables_are_asked_of_a_platform_that_knows_them(sent: dict[str, Any]) -> None:
    assert sent[TOOL_CLAIM]["custom_parameters"] == {"context_id_history": "$Context.id.history"}


def test_variables_are_not_asked_of_a_platform_that_does_not_know_them(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.configuration[PLATFORM_CLAIM]["variables"] = []
    administrator.connect(platform.configuration_url)
    assert platform.registrations()[0][TOOL_CLAIM]["custom_parameters"] == {}


def test_the_name_in_the_platform_is_in_the_administrators_language(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.press(administrator.open(platform.configuration_url, lang="fr"))
    assert platform.registrations()[0]["client_name"] == "Mentorat inversé"


def test_the_registration_is_stored_as_the_configuration_says(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.connect(platform.configuration_url)
    [stored] = administrator.registrations()
    assert (
        stored.issuer,
        stored.client_id,
        stored.auth_login_url,
        stored.auth_token_url,
        stored.jwks_url,
        stored.platform_family,
        stored.label,
    ) == (
        platform.origin,
        "qNp4o8Z3hDr2aXk",
        f"{platform.origin}/mod/lti/auth.php",
        f"{platform.origin}/mod/lti/token.php",
        f"{platform.origin}/mod/lti/certs.php",
        "moodle",
        "Our Moodle",
    )


def test_the_origin_of_the_auth_url_may_frame_the_tool_from_then_on(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.configuration["authorization_endpoint"] = "http://sso.example.org/auth"
    administrator.connect(platform.configuration_url)
    [stored] = administrator.registrations()
    assert stored.frame_origins == [platform.origin, "http://sso.example.org"]


def test_the_deployment_of_the_answer_is_approved(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.connect(platform.configuration_url)
    [stored] = deployments(administrator)
    assert (stored.deployment_id, stored.status) == ("7", DeploymentStatus.APPROVED)


def test_an_answer_without_a_deployment_approves_none(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.answer = {"client_id": 10000000000042}
    administrator.connect(platform.configuration_url)
    assert deployments(administrator) == []


def test_a_client_id_that_is_a_number_is_kept_as_text(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.answer = {"client_id": 10000000000042}
    administrator.connect(platform.configuration_url)
    assert administrator.registrations()[0].client_id == "10000000000042"


def test_an_answer_of_201_is_a_success(administrator: Administrator, platform: FakePlatform) -> None:
    platform.answer_status = 201
    assert administrator.connect(platform.configuration_url).status_code == 200


def test_the_invitation_is_spent_on_the_registration(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.connect(platform.configuration_url)
    with administrator.services.database.reading() as db:
        assert db.scalars(sa.select(Invitation)).one().registration_id == administrator.registrations()[0].id


def test_the_last_page_asks_the_platform_to_close_it(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.connect(platform.configuration_url)
    assert "data-close-now" in page.text
    with administrator.client.get("/static/js/close.js") as script:
        assert 'postMessage({ subject: "org.imsglobal.lti.close" }, "*")' in script.text


def test_the_last_page_asks_a_moodle_administrator_to_activate_the_tool(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.connect(platform.configuration_url)
    assert "Activate" in page.text
    assert "Show in activity chooser" in page.text


def test_the_last_page_mentions_approval_where_no_deployment_came(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.configuration.pop(PLATFORM_CLAIM)
    platform.answer = {"client_id": "one"}
    assert "tandem deployments approve" in administrator.connect(platform.configuration_url).text


def test_the_pages_hold_no_inline_script_or_style(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url)
    for shown in (page, administrator.press(page)):
        assert "<script>" not in shown.text
        assert " style=" not in shown.text
