"""The tool knows its own address from its settings, and believes no request about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool.app import create_app
from lti_tool.composition.services import Services
from lti_tool.config import Config
from tests.platform.platform import Browser, Platform

SECURE = "https://mentoring.example.org"


@pytest.fixture
def secure_app(config: Config, services: Services) -> Flask:
    """The application of a tool that people reach over HTTPS."""
    secure = replace(config, base_url=SECURE)
    return create_app(secure, replace(services, config=secure))


@pytest.fixture
def secure_client(secure_app: Flask) -> FlaskClient:
    return secure_app.test_client()


def begin(client: FlaskClient, platform: Platform, **headers: str) -> str:
    """Begin a login behind a proxy that speaks plain HTTP to the tool; returns the cookie that was set."""
    parameters = platform.login_parameters(target_link_uri=f"{SECURE}/lti/launch")
    answer = client.get("/lti/login", query_string=parameters, headers=headers)
    assert answer.status_code == 302, answer.text
    return answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "ftp"}],
    ids=str,
)
def test_a_redirect_to_a_page_leads_to_the_tool_whatever_the_request_says(
    secure_client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = secure_client.get("/l/a-key.with-a-secret", headers=headers)
    assert answer.headers["Location"].startswith(f"{SECURE}/l/a-key.with-a-secret/")


def test_browsers_must_keep_to_https_whatever_the_proxy_sends(secure_client: FlaskClient) -> None:
    assert (
        "max-age"
        in secure_client.get("/", base_url="http://127.0.0.1:5000").headers["Strict-Transport-Security"]
    )


def test_over_https_no_neighbouring_host_can_set_the_browser_s_secret(
    secure_client: FlaskClient, platform: Platform
) -> None:
    assert begin(secure_client, platform).startswith("__Host-tandem_browser=")


def test_a_secret_that_a_neighbouring_host_slipped_in_is_not_taken(
    secure_client: FlaskClient, platform: Platform
) -> None:
    slipped = "x" * 43
    assert slipped not in begin(secure_client, platform, Cookie=f"tandem_browser={slipped}")


def test_on_loopback_the_cookie_has_no_prefix_that_browsers_refuse_there(
    platform: Platform, new_browser: Callable[..., Browser]
) -> None:
    browser = new_browser()
    platform.begin(browser)
    assert browser.cookie("tandem_browser")
