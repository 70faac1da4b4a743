"""A platform that can be made hostile, an invitation, and an administrator's browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.test import TestResponse

from lti_tool.app import create_app
from lti_tool.composition.jobs import make_awaited_job_runner
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.jobs.runner import JobRunner
from lti_tool.lti.models import Refusal
from lti_tool.lti.registration.invitations import invite
from lti_tool.lti.registration.models import Invitation, Registration
from tests.forms import form_with

PLATFORM_CLAIM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CLAIM = "https://purl.imsglobal.org/spec/lti-tool-configuration"


@dataclass
class FakePlatform:
    """What a platform would say, to be changed by a test, and what it received."""

    server: HTTPServer
    configuration: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    answer_status: int = 200
    received: list[Request] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    """What happens elsewhere while the platform registers the tool."""

    @property
    def origin(self) -> str:
        return self.server.url_for("").rstrip("/")

    @property
    def configuration_url(self) -> str:
        return f"{self.origin}/mod/lti/openid-configuration.php"

    def registrations(self) -> list[dict[str, Any]]:
        """The registration requests that arrived."""
        return [request.get_json() for request in self.received if request.method == "POST"]


@pytest.fixture
def platform(httpserver: HTTPServer) -> FakePlatform:
    """A platform that says what Moodle 4.5 says."""
    fake = FakePlatform(httpserver)
    fake.configuration = {
        "issuer": fake.origin,
        "token_endpoint": f"{fake.origin}/mod/lti/token.php",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": f"{fake.origin}/mod/lti/certs.php",
        "authorization_endpoint": f"{fake.origin}/mod/lti/auth.php",
        "registration_endpoint": f"{fake.origin}/mod/lti/openid-registration.php",
        "response_types_supported": ["id_token"],
        PLATFORM_CLAIM: {
            "product_family_code": "moodle",
            "version": "4.5.2",
            "messages_supported": ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"],
            "placements": ["AddContentMenu"],
            "variables": ["User.id", "Context.id.history"],
        },
    }
    fake.answer = {"client_id": "qNp4o8Z3hDr2aXk", TOOL_CLAIM: {"deployment_id": "7"}}

    def configuration(request: Request) -> Response:
        fake.received.append(request)
        return _json(fake.configuration)

    def register(request: Request) -> Response:
        request.get_data()
        fake.received.append(request)
        fake.meanwhile()
        return _json(fake.answer, fake.answer_status)

    httpserver.expect_request("/mod/lti/openid-configuration.php").respond_with_handler(configuration)
    httpserver.expect_request("/mod/lti/openid-registration.php").respond_with_handler(register)
    return fake


def _json(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")


@dataclass
class Administrator:
    """The administrator of a platform, who follows a registration URL."""

    client: FlaskClient
    services: Services
    invite: str

    def open(self, configuration_url: str, **changes: str | None) -> TestResponse:
        """Open the registration page as the platform does."""
        query = {
            "openid_configuration": configuration_url,
            "registration_token": "header.payload.signature",
            "invite": self.invite,
            **changes,
        }
        return self.client.get(
            "/lti/register", query_string={name: value for name, value in query.items() if value is not None}
        )

    def press(self, page: TestResponse, **headers: str) -> TestResponse:
        """Press the button of the page."""
        form = form_with(page, "invite")
        return self.client.post(form.action, data=form.fields, headers=headers)

    def connect(self, configuration_url: str) -> TestResponse:
        """Open the page and press the button."""
        return self.press(self.open(configuration_url))

    def in_another_browser(self) -> Administrator:
        """The same with none of the cookies."""
        return Administrator(self.client.application.test_client(), self.services, self.invite)

    def reasons(self) -> list[tuple[str, str]]:
        """What the audit says was refused: step and reason, as often as it was."""
        with self.services.database.reading() as db:
            rows = db.scalars(sa.select(Refusal).order_by(Refusal.at))
            return [(row.step, row.reason) for row in rows for _ in range(row.count)]

    def registrations(self) -> list[Registration]:
        """The registrations stored."""
        with self.services.database.reading() as db:
            return list(db.scalars(sa.select(Registration)))

    def invitation_used(self) -> bool:
        """Whether the invitation is spent."""
        with self.services.database.reading() as db:
            return db.scalars(sa.select(Invitation)).one().used_at is not None


@contextmanager
def running_jobs(services: Services) -> Iterator[JobRunner]:
    """What ``tandem serve`` runs of the jobs that its pages wait for, while the block lasts."""
    runner = make_awaited_job_runner(services)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()


def follow_to_the_end(administrator: Administrator, answer: TestResponse) -> TestResponse:
    """Load the page of an attempt until it has ended, as a browser without JavaScript does; the last page."""
    give_up = time.monotonic() + 60
    page = administrator.client.get(answer.headers["Location"])
    while 'http-equiv="refresh"' in page.text:
        assert time.monotonic() < give_up
        time.sleep(0.1)
        page = administrator.client.get(answer.headers["Location"])
    return page


@pytest.fixture
def administrator(services: Services, client: FlaskClient) -> Iterator[Administrator]:
    """An administrator with a good invitation, at a tool that may call this machine."""
    with running_jobs(services):
        yield Administrator(client, services, new_invitation(services))


@pytest.fixture
def production(config: Config) -> Iterator[Administrator]:
    """An administrator with a good invitation, at a tool as in production: no private addresses."""
    strict = replace(config, base_url="https://mentoring.example.org", allow_private_networks=False)
    services = make_services(strict)
    with running_jobs(services):
        yield Administrator(create_app(strict, services).test_client(), services, new_invitation(services))
    services.http.close()
    services.database.dispose()


def new_invitation(services: Services) -> str:
    """The secret of a new invitation."""
    with services.database.transaction() as db:
        return invite(db, label="Our Moodle")[1]


@pytest.fixture
def another_invitation(services: Services) -> Callable[[], str]:
    """Makes a further invitation and returns its secret."""
    return lambda: new_invitation(services)
