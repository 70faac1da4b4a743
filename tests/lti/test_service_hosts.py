"""Access tokens go to the platform's own hosts alone, and are asked for on nobody else's behalf."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from lti_tool.composition import transaction as composition
from lti_tool.identity.models import Course
from lti_tool.identity.principal import OPERATOR
from lti_tool.lti.nrps.roster import CONTAINER_TYPE, RosterUnreadable, read_roster
from lti_tool.lti.nrps.roster import SCOPE as ROSTER_SCOPE
from lti_tool.lti.platform_service import PlatformService, ServiceHostUnknown, TokenRefused
from lti_tool.lti.registration.models import Registration
from lti_tool.lti.registration.registrations import (
    AlreadyRegistered,
    AudienceTaken,
    NewRegistration,
    add,
    allow_service_host,
)
from tests.platform.platform import Browser, Platform

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


def service(connected) -> PlatformService:
    return PlatformService(connected.services, connected.world.registration_id)


@pytest.fixture
def elsewhere(httpserver: HTTPServer) -> list[Request]:
    """A service on a host that is not the platform's; the requests that it received."""
    received: list[Request] = []

    def answer(request: Request) -> Response:
        received.append(request)
        return Response(json.dumps({"id": "x", "members": []}), 200)

    httpserver.expect_request("/elsewhere").respond_with_handler(answer)
    return received


def test_a_token_never_reaches_a_host_that_is_not_the_platforms(connected, httpserver, elsewhere):
    with pytest.raises(ServiceHostUnknown, match=f"localhost:{httpserver.port} is not a host"):
        service(connected).call("GET", httpserver.url_for("/elsewhere"), [ROSTER_SCOPE])
    assert elsewhere == []


def test_no_token_is_even_asked_for_when_the_host_is_not_the_platforms(connected, httpserver):
    with pytest.raises(ServiceHostUnknown):
        service(connected).call("GET", httpserver.url_for("/elsewhere"), [ROSTER_SCOPE])
    assert connected.calls("/oauth/token") == []


def test_the_refusal_says_what_an_operator_can_run(connected, httpserver):
    with pytest.raises(ServiceHostUnknown) as refused:
        service(connected).call("GET", httpserver.url_for("/elsewhere"), [ROSTER_SCOPE])
    command = (
        f"tandem registrations service-host {connected.world.registration_id} localhost:{httpserver.port}"
    )
    assert command in str(refused.value)


def test_a_host_that_an_operator_added_gets_the_token(connected, httpserver, elsewhere):
    with composition.transaction(connected.services, OPERATOR) as db:
        allow_service_host(db, connected.world.registration_id, f"localhost:{httpserver.port}")
    service(connected).call("GET", httpserver.url_for("/elsewhere"), [ROSTER_SCOPE], accept=CONTAINER_TYPE)
    assert elsewhere[0].headers["Authorization"].startswith("Bearer ")


def test_a_roster_elsewhere_is_not_read_and_the_reason_names_the_host(connected, httpserver, elsewhere):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Course).values(roster_url=httpserver.url_for("/elsewhere")))
    with pytest.raises(RosterUnreadable, match=f"localhost:{httpserver.port}"):
        read_roster(connected.services, connected.world.course_id)
    assert elsewhere == []


def test_a_next_page_elsewhere_is_not_read(connected, httpserver, elsewhere):
    """The first page is the platform's; its link leads to somebody else."""
    with composition.transaction(connected.services, OPERATOR) as db:
        allow_service_host(db, connected.world.registration_id, f"localhost:{httpserver.port}")
        db.execute(sa.update(Course).values(roster_url=httpserver.url_for("/first")))
    foreign = httpserver.url_for("/elsewhere").replace("localhost", "127.0.0.1")
    httpserver.expect_request("/first").respond_with_json(
        {"id": "x", "members": []}, headers={"Link": f'<{foreign}>; rel="next"'}
    )
    with pytest.raises(RosterUnreadable, match=r"127\.0\.0\.1"):
        read_roster(connected.services, connected.world.course_id)
    assert elsewhere == []


# Two platforms, one client id


def new(issuer: str, client_id: str = "client-1", **changes: Any) -> NewRegistration:
    values = {
        "issuer": issuer,
        "client_id": client_id,
        "auth_login_url": f"{issuer}/auth",
        "auth_token_url": f"{issuer}/token",
        "jwks_url": f"{issuer}/jwks",
    }
    return NewRegistration(**{**values, **changes})


VICTIM = "https://victim.example"


@pytest.mark.parametrize(
    "changes",
    [{"auth_token_url": f"{VICTIM}/token"}, {"auth_audience": f"{VICTIM}/token"}],
    ids=["its token endpoint", "its token endpoint as audience"],
)
def test_nobody_asks_a_platform_for_tokens_in_the_name_of_another_client_of_it(services, changes):
    with composition.transaction(services, OPERATOR) as db:
        add(db, new(VICTIM))
    with pytest.raises(AudienceTaken), composition.transaction(services, OPERATOR) as db:
        add(db, new("https://evil.example", **changes))


def test_the_same_audience_with_another_client_id_is_another_client(services):
    with composition.transaction(services, OPERATOR) as db:
        add(db, new(VICTIM))
        add(db, new(VICTIM, "client-2"))


def test_the_same_platform_twice_is_refused_as_registered(services):
    with composition.transaction(services, OPERATOR) as db:
        add(db, new(VICTIM))
    with pytest.raises(AlreadyRegistered), composition.transaction(services, OPERATOR) as db:
        add(db, new(VICTIM))


def test_a_registration_without_an_audience_of_its_own_gets_no_token(connected):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(token_audience=None))
    with pytest.raises(TokenRefused, match="another registration"):
        service(connected).get_access_token([ROSTER_SCOPE])
    assert connected.calls("/oauth/token") == []


# What a launch names


SERVICES = {
    AGS: {"scope": [], "lineitem": "https://school.example/api/lti/courses/1/line_items/2"},
    NRPS: {"context_memberships_url": "https://names.school.example/api/lti/courses/1/names_and_roles"},
}


def hosts_after_a_launch(services, platform: Platform, browser: Browser, **changes: Any) -> list[str]:
    """The registration's further hosts after a launch, its keys having been read from the real key set."""
    assert platform.launch(browser).status_code == 303  # reads the key set
    if changes:
        with services.database.transaction() as db:
            db.execute(sa.update(Registration).values(**changes))
    assert platform.launch(browser, **SERVICES).status_code == 303
    with services.database.reading() as db:
        return db.scalars(sa.select(Registration.service_hosts)).one()


def test_a_launch_names_no_host_that_gets_tokens(services, platform: Platform, browser: Browser):
    assert hosts_after_a_launch(services, platform, browser) == []


@pytest.mark.parametrize(
    "jwks_url",
    [
        "https://sso.canvaslms.com/api/lti/security/jwks",
        "https://developer.blackboard.com/api/v1/management/applications/1/jwks.json",
        "https://school.brightspace.com/d2l/.well-known/jwks",
    ],
)
def test_a_launch_signed_by_a_hosted_family_names_hosts_that_get_tokens(
    services, platform: Platform, browser: Browser, jwks_url: str
):
    hosts = hosts_after_a_launch(services, platform, browser, jwks_url=jwks_url)
    assert hosts == ["names.school.example", "school.example"]


@pytest.mark.parametrize(
    "jwks_url",
    [
        "http://sso.canvaslms.com/api/lti/security/jwks",
        "https://sso.canvaslms.com.evil.example/jwks",
        "https://notbrightspace.com/jwks",
        "https://canvas.instructure.com@evil.example/jwks",
    ],
)
def test_a_key_set_that_only_looks_like_a_familys_makes_no_family(
    services, platform: Platform, browser: Browser, jwks_url: str
):
    assert hosts_after_a_launch(services, platform, browser, jwks_url=jwks_url) == []
