"""A minimal tool for these tests: keys, a JWKS on a real port, assertions, launches and answers."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pytest_httpserver import HTTPServer

from lti_tool.demo.lms.app import REASON_HEADER
from lti_tool.demo.lms.schemas import TOOL_CONFIGURATION
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.tools import ROSTER_READ, Tool

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ALL_SCOPES = [
    AGS + "lineitem",
    AGS + "lineitem.readonly",
    AGS + "score",
    AGS + "result.readonly",
    ROSTER_READ,
]
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
NAMES = ["sub", "iss", "name", "given_name", "family_name", "email"]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.reason: str | None = None
        self._in_reason = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((named.get("action", ""), {}))
        if tag == "input" and self.forms and named.get("type") == "hidden":
            self.forms[-1][1][named["name"]] = named.get("value", "")
        self._in_reason = tag == "code" and "data-reason" in named

    def handle_data(self, data: str) -> None:
        if self._in_reason:
            self.reason, self._in_reason = data, False


def form_of(page: requests.Response) -> tuple[str, dict[str, str]]:
    """Action and hidden fields of the page's first form."""
    parser = _Forms()
    parser.feed(page.text)
    return parser.forms[0]


def reason_of(page: requests.Response) -> str:
    """Why the LMS refused: from its page, its JSON, or the OIDC error it posts to the tool."""
    if REASON_HEADER in page.headers:
        return page.headers[REASON_HEADER]
    if page.headers["Content-Type"].startswith("application/json"):
        return str(page.json()["error"])
    parser = _Forms()
    parser.feed(page.text)
    if parser.reason:
        return parser.reason
    return parser.forms[0][1]["error_description"].partition(":")[0]


def public_jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    """The public half, as key sets carry it."""
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "alg": "RS256", "use": "sig"}


@dataclass
class Browser:
    """Somebody's browser at the LMS."""

    lms: RunningLms
    http: requests.Session = field(default_factory=requests.Session)

    def log_in_as(self, username: str) -> str:
        """Pick a person; gives their id."""
        people = self.http.get(f"{self.lms.base_url}/people.json").json()
        person = next(person for person in people if person["username"] == username)
        self.http.post(f"{self.lms.base_url}/login", data={"person_id": person["id"]}).raise_for_status()
        return str(person["id"])

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.http.get(self.lms.base_url + path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        return self.http.post(self.lms.base_url + path, **kwargs)


@dataclass
class TestTool:
    """The tool's side: what it signs and what it asks."""

    __test__ = False

    lms: RunningLms
    server: HTTPServer
    key: rsa.RSAPrivateKey
    registered: Tool
    kid: str = "key-1"

    @property
    def token_url(self) -> str:
        return f"{self.lms.base_url}/oauth/token"

    def sign(self, claims: dict[str, Any], **changes: Any) -> str:
        """A JWT by this tool; `key`, `algorithm` and `headers` may be changed."""
        headers = changes.get("headers", {"kid": self.kid})
        key = changes.get("key", self.key)
        return jwt.encode(claims, key, algorithm=changes.get("algorithm", "RS256"), headers=headers)

    def assertion_claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a right client assertion; None removes a claim."""
        now = int(time.time())
        claims = {
            "iss": self.registered.client_id,
            "sub": self.registered.client_id,
            "aud": self.token_url,
            "iat": now,
            "exp": now + 60,
            "jti": uuid.uuid4().hex,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def ask_token(self, assertion: str | None = None, **changes: Any) -> requests.Response:
        """A token request; `changes` replace form fields, None removes one."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.sign(self.assertion_claims()),
            "scope": " ".join(ALL_SCOPES),
            **changes,
        }
        form = {name: value for name, value in form.items() if value is not None}
        return requests.post(self.token_url, data=form, timeout=10)

    def token(self, *scopes: str) -> str:
        """An access token of these scopes, or of all."""
        answer = self.ask_token(scope=" ".join(scopes or ALL_SCOPES))
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def call(self, method: str, url: str, token: str | None = None, **kwargs: Any) -> requests.Response:
        """A service call with a bearer token (a fresh one by default)."""
        headers = {"Authorization": f"Bearer {token or self.token()}", **kwargs.pop("headers", {})}
        return requests.request(method, url, headers=headers, timeout=10, **kwargs)

    def post_score(self, item: str, token: str, score: dict[str, Any], **kwargs: Any) -> requests.Response:
        """Send a score to a line item's address."""
        url = item.replace("/lineitem?", "/lineitem/scores?")
        headers = {"Content-Type": SCORE_TYPE, **kwargs.get("headers", {})}
        return self.call("POST", url, token, headers=headers, data=json.dumps(score))

    def start_launch(self, browser: Browser, path: str) -> dict[str, str]:
        """Open a launch in a browser and give the parameters that reached the tool's login."""
        page = browser.get(path, allow_redirects=False)
        assert page.status_code == 200, page.text
        action, fields = form_of(page)
        assert action == self.registered.initiate_login_uri
        return fields

    def authentication(self, login: dict[str, str], **changes: str | None) -> dict[str, str]:
        """A right authentication request for these login parameters; None removes a parameter."""
        parameters: dict[str, str | None] = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.registered.client_id,
            "redirect_uri": self.registered.redirect_uris[0],
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "state": "state-1",
            "nonce": "nonce-1",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def launch(self, browser: Browser, path: str, **changes: str | None) -> dict[str, Any]:
        """A whole launch; gives the verified claims of the id_token."""
        login = self.start_launch(browser, path)
        page = browser.get("/oidc/auth", params=self.authentication(login, **changes))
        assert page.status_code == 200, page.text
        action, fields = form_of(page)
        assert action == self.registered.redirect_uris[0]
        return self.verified(fields["id_token"])

    def verified(self, id_token: str) -> dict[str, Any]:
        """The claims of an id_token, checked against the LMS's key set."""
        keys = jwt.PyJWKSet.from_dict(requests.get(f"{self.lms.base_url}/oauth/jwks", timeout=10).json())
        key = keys[jwt.get_unverified_header(id_token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            id_token, key, algorithms=["RS256"], audience=self.registered.client_id, issuer=self.lms.base_url
        )
        return claims

    def deep_link_claims(
        self, request: dict[str, Any], items: list[dict[str, Any]], **changes: Any
    ) -> dict[str, Any]:
        """The claims of a right deep-linking response to that request."""
        now = int(time.time())
        claims = {
            "iss": self.registered.client_id,
            "aud": self.lms.base_url,
            "iat": now,
            "exp": now + 60,
            "nonce": uuid.uuid4().hex,
            LTI + "message_type": "LtiDeepLinkingResponse",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": self.registered.deployment_id,
            DL + "data": request[DL + "deep_linking_settings"]["data"],
            DL + "content_items": items,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def registration_request(self, **changes: Any) -> dict[str, Any]:
        """The body of a right registration; `configuration` changes the tool configuration."""
        here = self.server.url_for("/")
        configuration = {
            "domain": urlsplit(here).netloc,
            "target_link_uri": here + "launch",
            "description": "For tests",
            "custom_parameters": {"history": "$Context.id.history"},
            "messages": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "target_link_uri": here + "pick"},
            ],
            "claims": NAMES,
            **changes.pop("configuration", {}),
        }
        body = {
            "application_type": "web",
            "grant_types": ["client_credentials", "implicit"],
            "response_types": ["id_token"],
            "redirect_uris": [here + "launch"],
            "initiate_login_uri": here + "login",
            "client_name": "Test tool",
            "jwks_uri": here + "jwks",
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": " ".join(ALL_SCOPES),
            TOOL_CONFIGURATION: {name: value for name, value in configuration.items() if value is not None},
            **changes,
        }
        return {name: value for name, value in body.items() if value is not None}


def query_of(address: str) -> dict[str, str]:
    """The query of an address, one value a name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
