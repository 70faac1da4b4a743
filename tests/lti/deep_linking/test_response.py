"""Where the answer of deep linking may go."""

from __future__ import annotations

import pytest

from lti_tool.lti.deep_linking.response import is_platforms_own
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.registration.models import Registration


def registration(issuer: str, auth: str, jwks: str) -> Registration:
    return Registration(
        issuer=issuer,
        auth_login_url=auth,
        jwks_url=jwks,
        frame_origins=platform_of(issuer, None).frame_origins(issuer, auth),
    )


CANVAS = registration(
    "https://canvas.instructure.com",
    "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "https://sso.canvaslms.com/api/lti/security/jwks",
)


@pytest.mark.parametrize(
    "address",
    [
        "https://canvas.instructure.com/courses/1/deep_linking_response",
        "https://school.instructure.com/courses/1/deep_linking_response",
        "https://sso.canvaslms.com/x",
    ],
)
def test_a_hosted_platform_is_answered_on_each_of_its_hosts(address: str) -> None:
    assert is_platforms_own(address, CANVAS)


@pytest.mark.parametrize(
    "address",
    [
        "http://school.instructure.com/",
        "https://instructure.com.evil.example/",
        "https://evilinstructure.com/",
        "https://school.instructure.com:8443/",
        "https://school.instructure.com@evil.example/",
        "https://*.instructure.com@evil.example/",
        "javascript:alert(1)//.instructure.com",
        "",
    ],
)
def test_what_only_looks_like_the_platform_is_not_answered(address: str) -> None:
    assert not is_platforms_own(address, CANVAS)


def test_the_host_of_the_keys_is_the_platforms_own() -> None:
    moodle = registration("https://lms.example", "https://lms.example/auth", "https://keys.example/jwks")
    assert is_platforms_own("https://keys.example/return", moodle)
