"""A customer of hosted Canvas on a domain of its own: its pages and its registration endpoint are there."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.test import TestResponse

from lti_tool.lti.platforms.canvas import Canvas
from tests.web.setup.conftest import PLATFORM_CLAIM, TOOL_CLAIM, Administrator


@dataclass
class Tenant:
    """The hosted product at ``localhost``, and its customer at ``127.0.0.1``: two origins, both with TLS."""

    vendor: HTTPServer
    own: HTTPServer
    configuration: dict[str, Any]
    delay: float = 0.0
    registered: int = 0

    @property
    def configuration_url(self) -> str:
        return self.vendor.url_for("/api/lti/security/openid-configuration?registration_token=abc")

    @property
    def origin(self) -> str:
        """The customer's."""
        return self.own.url_for("").rstrip("/")


@pytest.fixture
def tenant(administrator: Administrator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tenant]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    administrator.services.guarded.verify = str(tmp_path / "ca.pem")
    assert Canvas.hosted is not None
    with (
        HTTPServer(host="localhost", port=0, ssl_context=context) as vendor,
        HTTPServer(host="127.0.0.1", port=0, ssl_context=context) as own,
    ):
        base = vendor.url_for("").rstrip("/")
        hosted = replace(
            Canvas.hosted, issuers=frozenset({base}), hosts=frozenset({"localhost"}), frame_origins=()
        )
        monkeypatch.setattr(Canvas, "hosted", hosted)
        configuration = {
            "issuer": base,
            "authorization_endpoint": f"{base}/api/lti/authorize_redirect",
            "token_endpoint": f"{base}/login/oauth2/token",
            "jwks_uri": f"{base}/api/lti/security/jwks",
            "registration_endpoint": f"{own.url_for('/api/lti/registrations')}",
            "authorization_server": "localhost",
            PLATFORM_CLAIM: {"product_family_code": "canvas"},
        }
        tenant = Tenant(vendor, own, configuration)

        def configure(_request: Request) -> Response:
            time.sleep(tenant.delay)
            return Response(json.dumps(tenant.configuration), content_type="application/json")

        def register(request: Request) -> Response:
            request.get_data()
            tenant.registered += 1
            answer = {"client_id": "10000000000007", TOOL_CLAIM: {}}
            return Response(json.dumps(answer), content_type="application/json")

        vendor.expect_request("/api/lti/security/openid-configuration").respond_with_handler(configure)
        own.expect_request("/api/lti/registrations").respond_with_handler(register)
        yield tenant
        # A job that asks these servers comes to its end before they do.
        tenant.delay = 0.0
        give_up = time.monotonic() + 10.0
        while any(thread.name.startswith("job-") for thread in threading.enumerate()):
            assert time.monotonic() < give_up
            time.sleep(0.01)


def ancestors(page: TestResponse) -> list[str]:
    policy = page.headers["Content-Security-Policy"]
    return policy.split("frame-ancestors ")[1].split(";")[0].split()


def test_its_pages_may_frame_the_registration_from_the_first_page_to_the_last(
    administrator: Administrator, tenant: Tenant
) -> None:
    page = administrator.open(tenant.configuration_url)
    done = administrator.press(page)
    assert "Your platform is connected" in done.text
    assert (tenant.registered, tenant.origin in ancestors(page), tenant.origin in ancestors(done)) == (
        1,
        True,
        True,
    )


def test_its_pages_may_frame_the_tool_from_then_on(administrator: Administrator, tenant: Tenant) -> None:
    administrator.connect(tenant.configuration_url)
    [registration] = administrator.registrations()
    assert tenant.origin in registration.frame_origins
    assert registration.token_audience == tenant.configuration["token_endpoint"]


def test_the_configuration_is_asked_for_with_its_own_query(
    administrator: Administrator, tenant: Tenant
) -> None:
    administrator.open(tenant.configuration_url)
    [(request, _)] = tenant.vendor.log
    assert request.args["registration_token"] == "abc"


def test_a_configuration_that_is_slow_to_say_where_the_pages_are_keeps_no_page_from_being_shown(
    administrator: Administrator, tenant: Tenant
) -> None:
    tenant.delay = 1.7
    page = administrator.open(tenant.configuration_url)
    connecting = administrator.press(page)
    assert (ancestors(page), ancestors(connecting)) == (["'self'", "https:"], ["'self'", "https:"])


def test_no_other_host_than_the_products_may_name_a_foreign_registration_endpoint(
    administrator: Administrator, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Canvas.hosted is not None
    monkeypatch.setattr(
        Canvas, "hosted", replace(Canvas.hosted, hosts=frozenset({"sso.canvaslms.com"}), issuers=frozenset())
    )
    page = administrator.open(tenant.configuration_url)
    assert (page.status_code, tenant.registered) == (400, 0)
    assert administrator.reasons() == [("registration", "configuration_of_another_host")]
    assert tenant.origin not in ancestors(page)


@pytest.mark.parametrize("scheme", ["http", "javascript"])
def test_a_registration_endpoint_without_tls_is_refused(
    administrator: Administrator, tenant: Tenant, scheme: str
) -> None:
    endpoint = tenant.configuration["registration_endpoint"].replace("https", scheme)
    tenant.configuration["registration_endpoint"] = endpoint
    assert administrator.open(tenant.configuration_url).status_code == 400
    assert tenant.registered == 0
