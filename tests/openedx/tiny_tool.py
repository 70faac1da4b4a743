"""The least LTI tool, for tests of the platform alone: one key, its JWKS on a test server, a client for services."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pytest_httpserver import HTTPServer

from tests.openedx.fixtures import RunningPlatform, direct_http

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM, RESULT, SCORE = AGS + "lineitem", AGS + "result.readonly", AGS + "score"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"

LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
ROSTER_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@dataclass
class TinyTool:
    """The least tool: one key, its JWKS and one launch address on a test server, and a client for services."""

    platform: RunningPlatform
    key: rsa.RSAPrivateKey
    http: requests.Session
    launch_url: str
    login_url: str

    def sign(self, claims: dict[str, Any], key: rsa.RSAPrivateKey | None = None) -> str:
        """Signs with the tool's key, or with another one under the same kid."""
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": "tiny"})

    def assertion(self, key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
        """A client assertion as the security framework wants it, but for `changes`."""
        now = int(time.time())
        client = self.platform.info["client_id"]
        claims = {
            "iss": client,
            "sub": client,
            "aud": self.platform.info["auth_token_url"],
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        return self.sign({**claims, **changes}, key)

    def ask_token(self, *scopes: str, assertion: str | None = None, **changes: str) -> requests.Response:
        """Asks the token endpoint for the scopes."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
            "scope": " ".join(scopes),
        }
        return self.http.post(self.platform.info["auth_token_url"], data={**form, **changes}, timeout=30)

    def call(self, method: str, url: str, scope: str, **sent: Any) -> requests.Response:
        """Calls a service with a token for the one scope."""
        token = self.ask_token(scope).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", **sent.pop("headers", {})}
        return self.http.request(method, url, headers=headers, timeout=30, **sent)

    def roster(self, **query: Any) -> requests.Response:
        """Asks for the roster."""
        url = self.platform.info["memberships_url"]
        return self.call("GET", url, ROSTER, params=query, headers={"Accept": ROSTER_TYPE})

    def make_line_item(self, **changes: Any) -> requests.Response:
        """Makes a line item tied to the block."""
        link = self.platform.info["resource_link_id"]
        item = {"label": "Mentoring", "scoreMaximum": 100, "resourceId": "programme", "resourceLinkId": link}
        headers = {"Content-Type": LINE_ITEM_TYPE, "Accept": LINE_ITEM_TYPE}
        body = json.dumps({**item, **changes})
        return self.call("POST", self.platform.info["line_items_url"], LINE_ITEM, data=body, headers=headers)

    def send_score(self, line_item: str, **changes: Any) -> requests.Response:
        """Sends Maya a final score of 80 out of 100, but for `changes`; a change to None leaves the field out."""
        score = {
            "userId": self.platform.user_id("maya"),
            "scoreGiven": 80,
            "scoreMaximum": 100,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": datetime.now(UTC).isoformat(),
        }
        sent = {name: value for name, value in {**score, **changes}.items() if value is not None}
        headers = {"Content-Type": SCORE_TYPE}
        return self.call("POST", f"{line_item}/scores", SCORE, data=json.dumps(sent), headers=headers)


@pytest.fixture(scope="module")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """The tool's key and a stranger's."""
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    )


@pytest.fixture
def tiny(
    openedx: RunningPlatform, httpserver: HTTPServer, keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]
) -> Iterator[TinyTool]:
    """The tiny tool, known to a platform without any activity."""
    public = {
        **json.loads(RSAAlgorithm.to_jwk(keys[0].public_key())),
        "kid": "tiny",
        "use": "sig",
        "alg": "RS256",
    }
    httpserver.expect_request("/jwks.json").respond_with_json({"keys": [public]})
    launch_url, login_url = httpserver.url_for("/launch"), httpserver.url_for("/login")
    openedx.connect_tool(
        login_url=login_url,
        launch_url=launch_url,
        jwks_url=httpserver.url_for("/jwks.json"),
        deep_linking_url=launch_url,
    )
    openedx.reset()
    with direct_http() as http:
        yield TinyTool(openedx, keys[0], http, launch_url, login_url)


@pytest.fixture
def stranger(keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]) -> rsa.RSAPrivateKey:
    """A key that the tool does not publish."""
    return keys[1]
