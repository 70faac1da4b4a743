"""A launch that a hosted family signed says where its customer's pages are; no other launch does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.lti.launch.named_places import MOST_FRAME_ORIGINS
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.registration.models import Registration
from tests.certification.test_platform_storage import ask
from tests.platform.platform import ABSENT, INSTRUCTOR, Browser, Platform

VENDORS = "https://sso.canvaslms.com/api/lti/security/jwks"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
RETURN = "https://canvas.school.example/courses/1/external_content/success/external_tool_redirect"
LAUNCH = {"launch_presentation": {"locale": "en", "return_url": RETURN}}
PICKER: dict[str, Any] = {
    "message_type": "LtiDeepLinkingRequest",
    "resource_link": ABSENT,
    "roles": [INSTRUCTOR],
    "launch_presentation": {"locale": "en"},
    DL: {
        "deep_link_return_url": "https://canvas.school.example/courses/1/deep_linking_response?data=secret",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_media_types": "application/vnd.ims.lti.v1.ltilink",
    },
}


def stored(services: Services) -> list[str]:
    with services.database.reading() as db:
        return db.scalars(sa.select(Registration.frame_origins)).one()


def signed_by(services: Services, platform: Platform, browser: Browser, jwks_url: str) -> None:
    """The platform's key set was read; from now on it is said to be at ``jwks_url``."""
    platform.launch(browser)
    with services.database.transaction() as db:
        db.execute(sa.update(Registration).values(jwks_url=jwks_url))
    vars(browser)["_client"].application.extensions["tandem"].tool_config.clear_cache()


def test_the_customers_own_domain_frames_the_pages_of_a_proof_too(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    signed_by(services, platform, browser, VENDORS)
    frame = new_browser(cookies=False)
    asked = ask(platform, frame, **LAUNCH)
    fallback = frame.post(asked.address, data={"proof": "A" * 43})
    opened = ask(platform, frame, **LAUNCH)
    home = frame.post(opened.address, data={"proof": opened.proof}).headers["Location"]
    for page in (asked.launch, fallback, frame.get(home)):
        assert "https://canvas.school.example" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "claims",
    [
        LAUNCH,
        {"launch_presentation": {}, AGS: {"scope": [], "lineitems": "https://canvas.school.example/api/1"}},
        PICKER,
    ],
    ids=["return_url", "lineitems", "deep_link_return_url"],
)
def test_the_customers_own_domain_may_frame_the_tool(
    services: Services, platform: Platform, browser: Browser, claims: dict[str, Any]
) -> None:
    signed_by(services, platform, browser, VENDORS)
    arrived = platform.launch(browser, **claims)
    assert stored(services)[-1] == "https://canvas.school.example"
    page = browser.get(arrived.headers["Location"])
    assert "https://canvas.school.example" in page.headers["Content-Security-Policy"]


def test_the_customers_own_domain_gets_the_content_pickers_answer(
    services: Services, platform: Platform, browser: Browser
) -> None:
    signed_by(services, platform, browser, VENDORS)
    assert browser.get(platform.launch(browser, **PICKER).headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    "jwks_url",
    [
        "https://lms.example/jwks",
        "http://sso.canvaslms.com/jwks",
        "https://sso.canvaslms.com.evil.example/jwks",
    ],
)
@pytest.mark.parametrize("claims", [LAUNCH, PICKER], ids=["launch", "picker"])
def test_nobody_elses_launch_says_who_may_frame_the_tool(
    services: Services, platform: Platform, browser: Browser, jwks_url: str, claims: dict[str, Any]
) -> None:
    signed_by(services, platform, browser, jwks_url)
    before = stored(services)
    arrived = platform.launch(browser, **claims)
    assert stored(services) == before
    page = browser.get(arrived.headers["Location"])
    assert "school.example" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "return_url",
    [
        "http://canvas.school.example/",
        "javascript:alert(1)//canvas.school.example",
        "https://evil.example\\@canvas.school.example/",
        "https://user@canvas.school.example/",
        "https://lms.example/course",
    ],
)
def test_what_is_no_origin_or_is_known_already_changes_nothing(
    services: Services, platform: Platform, browser: Browser, return_url: str
) -> None:
    signed_by(services, platform, browser, VENDORS)
    before = stored(services)
    platform.launch(browser, launch_presentation={"return_url": return_url})
    assert stored(services) == before


def test_the_page_of_who_awaits_approval_is_shown_on_the_customers_domain(
    services: Services, platform: Platform, browser: Browser
) -> None:
    signed_by(services, platform, browser, VENDORS)
    waiting = platform.launch(browser, login={"lti_deployment_id": ABSENT}, deployment_id="new", **LAUNCH)
    assert waiting.status_code == 403
    assert "https://canvas.school.example" in waiting.headers["Content-Security-Policy"]


def test_a_browser_without_cookies_is_offered_a_new_tab_on_the_customers_domain(
    services: Services, platform: Platform, browser: Browser, new_browser: Any
) -> None:
    signed_by(services, platform, browser, VENDORS)
    offered = platform.launch(new_browser(cookies=False), **LAUNCH)
    assert "https://canvas.school.example" in offered.headers["Content-Security-Policy"]


def test_the_list_does_not_grow_without_end(services: Services, platform: Platform, browser: Browser) -> None:
    signed_by(services, platform, browser, VENDORS)
    many = [f"https://canvas{number}.school.example" for number in range(MOST_FRAME_ORIGINS)]
    with services.database.transaction() as db:
        db.execute(sa.update(Registration).values(frame_origins=many))
    platform.launch(browser, **LAUNCH)
    assert stored(services) == many


@pytest.mark.parametrize(
    ("auth_login_url", "expected"),
    [
        ("https://sso.canvaslms.com/api/lti/authorize_redirect", True),
        ("https://canvas.school.example/api/lti/authorize_redirect", False),
    ],
    ids=["hosted", "run by a school"],
)
def test_only_a_hosted_canvas_is_framed_by_every_customer_of_the_vendor(
    auth_login_url: str, expected: bool
) -> None:
    found = platform_of("https://canvas.instructure.com", "canvas").frame_origins(
        "https://canvas.instructure.com", auth_login_url
    )
    assert ("https://*.instructure.com" in found) == expected
