"""Which hosts a platform's configuration may speak for, and what the tool says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from lti_tool.lti.registration.dynamic import (
    ConfigurationAddressForbidden,
    ConfigurationOfAnotherHost,
    Platform,
    check_addresses,
    tool_configuration,
)
from lti_tool.outbound.client import GuardedHttp
from schemas.registration import TOOL_CLAIM


@dataclass(frozen=True)
class Rules:
    """The settings of a tool in production."""

    allow_private_networks: bool = False
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)


MOODLE = Platform(
    issuer="https://lms.example.org/moodle",
    authorization_endpoint="https://lms.example.org/moodle/mod/lti/auth.php",
    token_endpoint="https://lms.example.org/moodle/mod/lti/token.php",
    jwks_uri="https://lms.example.org/moodle/mod/lti/certs.php",
    registration_endpoint="https://lms.example.org/moodle/mod/lti/openid-registration.php",
    authorization_server=None,
    family="moodle",
    account_name=None,
    variables=(),
    configuration_origin="https://lms.example.org",
)

CANVAS = Platform(
    issuer="https://canvas.instructure.com",
    authorization_endpoint="https://sso.canvaslms.com/api/lti/authorize_redirect",
    token_endpoint="https://sso.canvaslms.com/login/oauth2/token",
    jwks_uri="https://sso.canvaslms.com/api/lti/security/jwks",
    registration_endpoint="https://school.instructure.com/api/lti/registrations",
    authorization_server="canvas.instructure.com",
    family="canvas",
    account_name="School",
    variables=(),
    configuration_origin="https://school.instructure.com",
)


@pytest.fixture
def http() -> Iterator[GuardedHttp]:
    with GuardedHttp(Rules()) as session:
        yield session


@pytest.mark.parametrize("platform", [MOODLE, CANVAS], ids=["moodle", "canvas"])
def test_a_true_platform_is_accepted(http: GuardedHttp, platform: Platform) -> None:
    assert check_addresses(http, platform) is None  # type: ignore[func-returns-value]  # it raises or not


OTHER_HOSTS = [
    "https://evil.example.org/",
    "https://instructure.com.evil.example.org/",
    "https://evilinstructure.com/",
    "https://sso.canvaslms.com.evil.example.org/",
    "https://lms.example.org:8443/",
    "https://lms.example.org.evil.example.org/",
]


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        *((MOODLE, name) for name in ("issuer", "jwks_uri", "registration_endpoint", "token_endpoint")),
        *((CANVAS, name) for name in ("issuer", "jwks_uri", "token_endpoint")),
    ],
)
@pytest.mark.parametrize("address", OTHER_HOSTS)
def test_no_configuration_names_another_host(
    http: GuardedHttp, platform: Platform, name: str, address: str
) -> None:
    with pytest.raises(ConfigurationOfAnotherHost):
        check_addresses(http, replace(platform, **{name: address}))


@pytest.mark.parametrize("address", ["https://canvas.school.example/", *OTHER_HOSTS])
def test_a_configuration_of_hosted_canvas_may_name_a_schools_own_host_for_registering(
    http: GuardedHttp, address: str
) -> None:
    """Schools have hosts of their own, and the configuration comes from Canvas itself."""
    assert check_addresses(http, replace(CANVAS, registration_endpoint=address)) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("server", ["https://evil.example.org/token", "evil.example.org"])
@pytest.mark.parametrize("platform", [MOODLE, CANVAS], ids=["moodle", "canvas"])
def test_no_platform_names_anothers_audience(http: GuardedHttp, platform: Platform, server: str) -> None:
    with pytest.raises(ConfigurationOfAnotherHost):
        check_addresses(http, replace(platform, authorization_server=server))


def test_a_configuration_from_elsewhere_is_not_canvass(http: GuardedHttp) -> None:
    with pytest.raises(ConfigurationOfAnotherHost):
        check_addresses(http, replace(CANVAS, configuration_origin="https://evil.example.org"))


@pytest.mark.parametrize(
    "name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"]
)
def test_no_address_may_go_without_tls(http: GuardedHttp, name: str) -> None:
    plain = replace(MOODLE, **{name: getattr(MOODLE, name).replace("https:", "http:")})
    with pytest.raises(ConfigurationAddressForbidden):
        check_addresses(http, plain)


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Reverse mentoring"), ("fr", "Mentorat inversé"), ("de", "Reverse mentoring")],
)
def test_the_tool_has_a_name_in_the_language_asked_for(language: str, name: str) -> None:
    assert tool_configuration("https://tool.example.org", MOODLE, language)["client_name"] == name


def test_the_domain_has_no_port_where_the_address_has_none() -> None:
    document = tool_configuration("https://tool.example.org", MOODLE, "en")
    assert document[TOOL_CLAIM]["domain"] == "tool.example.org"
