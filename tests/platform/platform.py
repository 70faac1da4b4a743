"""A platform as a tool sees it: a registration, a key set, logins begun, and tokens true or forged."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from lti_tool.database import Database
from lti_tool.identity import organisations
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Registration
from tests.platform.keys import Key, key, token
from tests.platform.keyset_server import KeysetServer

TOOL = "http://127.0.0.1:5000"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LEARNER = f"{MEMBERSHIP}Learner"
INSTRUCTOR = f"{MEMBERSHIP}Instructor"

ABSENT: Any = object()
"""As the value of a claim or a parameter: leave it out."""


class Browser:
    """A person's browser at the tool: it keeps cookies, unless told to refuse them all."""

    def __init__(self, app: Flask, *, cookies: bool = True) -> None:
        self._client = app.test_client(use_cookies=cookies)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._client.get(path, base_url=TOOL, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self._client.post(path, base_url=TOOL, **options)

    def launch(self, state: str, id_token: str) -> TestResponse:
        """Post a launch, as the platform's page makes the browser do."""
        return self.post("/lti/launch", data={"state": state, "id_token": id_token})

    def cookie(self, name: str = "tandem_browser") -> str | None:
        found = self._client.get_cookie(name, domain="127.0.0.1")
        return found.value if found else None

    def set_cookie(self, value: str, name: str = "tandem_browser") -> None:
        """Keep a cookie for the tool that the tool did not set."""
        self._client.set_cookie(name, value, domain="127.0.0.1")


_OWN_CLAIMS = ("role_scope_mentor", "for_user")
"""Claims of LTI's own that an ordinary launch does not have."""


@dataclass
class Login:
    """What a login sent the browser to the platform with."""

    response: TestResponse
    query: dict[str, str]

    @property
    def state(self) -> str:
        return self.query["state"]

    @property
    def nonce(self) -> str:
        return self.query["nonce"]


@dataclass
class Platform:
    """One registration of the tool at a platform that does whatever it is told."""

    keysets: KeysetServer
    issuer: str = "https://lms.example"
    client_id: str = "client-1"
    deployment_id: str = "deployment-1"
    auth_login_url: str = "https://lms.example/auth"
    key: Key = field(default_factory=key)
    registration_id: uuid.UUID = field(default_factory=uuid.uuid4)

    def __post_init__(self) -> None:
        self.publish(self.key)

    @property
    def _keyset_path(self) -> str:
        return f"/{self.registration_id}/jwks"

    @property
    def keyset_reads(self) -> int:
        """How often the tool has read this platform's key set."""
        return self.keysets.reads[self._keyset_path]

    def publish(self, *keys: Key) -> None:
        """Make these the key set."""
        self.publish_document({"keys": [one.jwk for one in keys]})

    def publish_document(self, document: Any) -> None:
        """Serve anything in place of a key set."""
        self.keysets.documents[self._keyset_path] = document

    def register(self, database: Database, *, approve: bool = True) -> None:
        """Write the registration, and its deployment unless it is to stay unknown."""
        with database.transaction() as db:
            organisation = organisations.add_for(db, "Example")
            self.organisation_id = organisation.id
            db.add(
                Registration(
                    id=self.registration_id,
                    organisation_id=organisation.id,
                    issuer=self.issuer,
                    client_id=self.client_id,
                    auth_login_url=self.auth_login_url,
                    auth_token_url="https://lms.example/token",
                    jwks_url=f"{self.keysets.url}{self._keyset_path}",
                    frame_origins=["https://lms.example", "https://sso.lms.example"],
                )
            )
            db.flush()
            if approve:
                self.add_deployment(db, self.deployment_id)

    def add_deployment(self, db: Any, deployment_id: str, *, approved: bool = True) -> None:
        """One more deployment of this registration."""
        status = DeploymentStatus.APPROVED if approved else DeploymentStatus.PENDING
        db.add(
            Deployment(
                registration_id=self.registration_id,
                organisation_id=self.organisation_id if approved else None,
                deployment_id=deployment_id,
                status=status,
            )
        )

    def login_parameters(self, **changes: Any) -> dict[str, str]:
        """The parameters with which this platform begins a login."""
        parameters = {
            "iss": self.issuer,
            "login_hint": "hint of the person",
            "target_link_uri": f"{TOOL}/lti/launch",
            "lti_message_hint": "hint of the message",
            "client_id": self.client_id,
            "lti_deployment_id": self.deployment_id,
        }
        parameters |= changes
        return {name: value for name, value in parameters.items() if value is not ABSENT}

    def begin(self, browser: Browser, **changes: Any) -> Login:
        """Begin a login in this browser."""
        response = browser.get("/lti/login", query_string=self.login_parameters(**changes))
        assert response.status_code == 302, response.text
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        return Login(response, {name: values[0] for name, values in query.items()})

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """The claims of a learner's launch. A change is named as the claim is, without the prefix of LTI's own."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "person-1",
            "exp": now + 60,
            "iat": now,
            "nonce": nonce,
            "name": "Amina Okafor",
            "given_name": "Amina",
            "family_name": "Okafor",
            "email": "amina@lms.example",
            f"{LTI}version": "1.3.0",
            f"{LTI}message_type": "LtiResourceLinkRequest",
            f"{LTI}deployment_id": self.deployment_id,
            f"{LTI}target_link_uri": f"{TOOL}/lti/launch",
            f"{LTI}resource_link": {"id": "link-1", "title": "Reverse mentoring"},
            f"{LTI}roles": [LEARNER],
            f"{LTI}context": {"id": "course-1", "label": "RM", "title": "Leading today"},
            f"{LTI}tool_platform": {"guid": "lms.example", "product_family_code": "moodle"},
            f"{LTI}launch_presentation": {
                "locale": "en",
                "document_target": "iframe",
                "return_url": "https://lms.example/course",
            },
            f"{LTI}custom": {},
        }
        for name, value in changes.items():
            full = f"{LTI}{name}" if f"{LTI}{name}" in claims or name in _OWN_CLAIMS else name
            claims[full] = value
        return {name: value for name, value in claims.items() if value is not ABSENT}

    def token(
        self,
        nonce: str,
        /,
        *,
        header: dict[str, Any] | None = None,
        signing: Key | None = None,
        algorithm: str = "RS256",
        **changes: Any,
    ) -> str:
        """A token for a login with this nonce. ``header``: changes to it; ``changes``: those of :meth:`claims`."""
        full = {"typ": "JWT", "alg": algorithm, "kid": self.key.kid} | (header or {})
        kept = {name: value for name, value in full.items() if value is not ABSENT}
        return token(kept, self.claims(nonce, **changes), signing or self.key, algorithm=algorithm)

    def launch(
        self, browser: Browser, *, login: dict[str, Any] | None = None, **changes: Any
    ) -> TestResponse:
        """A whole launch: login, then a token with these changes (as in :meth:`token`)."""
        begun = self.begin(browser, **(login or {}))
        return browser.launch(begun.state, self.token(begun.nonce, **changes))
