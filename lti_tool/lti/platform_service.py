"""Calls to a platform's services: an access token first, then the request (1EdTech security framework §4.1).

PyLTI1p3's connector is kept as the type that its services take; what it leaves open is closed here: tokens are
shared by all processes until they expire, a token that the platform no longer accepts is asked for again once, every
call is guarded and timed, and page links keep their capitals.
https://www.imsglobal.org/spec/security/v1p0#using-json-web-tokens-with-oauth-2-0-client-credentials-grant
"""

from __future__ import annotations

import datetime as dt
import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol
from urllib.parse import urljoin

import requests
import sqlalchemy as sa
from marshmallow import ValidationError
from pylti1p3.exception import LtiServiceException
from pylti1p3.registration import Registration as ServiceRegistration
from pylti1p3.service_connector import ServiceConnector, TServiceConnectorResponse

from lti_tool.config import Config
from lti_tool.database import Database, insert_for, utcnow
from lti_tool.encryption import SecretKeyChanged, Vault
from lti_tool.lti.models import AccessToken
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.registration.models import Registration
from lti_tool.lti.tool_keys import ToolKeys
from lti_tool.outbound.answer_text import plain_text
from lti_tool.outbound.client import OutboundRequestError
from lti_tool.outbound.origins import host_of, service_hosts
from schemas.services import AccessTokenSchema, TokenErrorSchema

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ISSUED_BEFORE: Final = 25
"""Seconds that ``iat`` lies back in what the tool signs: Moodle refuses what seems to come from the future."""
_TIME_OUTS: Final = (5.0, 15.0)


class ServiceDeps(Protocol):
    """What calls to a platform's services need."""

    @property
    def config(self) -> Config: ...

    @property
    def database(self) -> Database: ...

    @property
    def http(self) -> requests.Session:
        """The guarded session: private addresses are refused there."""


class TokenRefused(Exception):
    """The platform gave no access token: the registration, the key or the scopes are not as it knows them."""


class ServiceHostUnknown(Exception):
    """A service's address is not on a host of its platform, so it gets no token. The text names the host."""


_WORDS_BEFORE_ADVICE: Final = 120
"""Characters."""


@dataclass(frozen=True)
class Answer:
    """What a platform answered, whatever the status."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    url: str
    """What was asked."""
    next_link: str | None
    """The next page, from the Link header, as it was written."""
    advice: str | None = None
    """What is known of this platform when it answers so."""
    is_throttled: bool = False
    """Whether it is asked too often: nothing was looked at, and the same may be asked later."""

    @property
    def ok(self) -> bool:
        """Whether the platform did what was asked."""
        return 200 <= self.status < 300

    @property
    def next_url(self) -> str | None:
        """The address of the next page. Raises :class:`OutboundRequestError` (``bad_address``) when it is none."""
        if not self.next_link:
            return None
        try:
            return urljoin(self.url, self.next_link)
        except ValueError:
            raise OutboundRequestError("bad_address", "the link to the next page is no address") from None

    @property
    def is_web_page(self) -> bool:
        """Whether it is a page for people, as servers answer when a service fails or is not reached at all."""
        return "html" in self.headers.get("Content-Type", "").lower()

    def json(self) -> Any:
        """The body as JSON. Raises :class:`OutboundRequestError` (``not_json``) when it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise OutboundRequestError("not_json", "the answer is not JSON") from None

    @property
    def words(self) -> str:
        """The status and the platform's own words in one line, short enough to be stored and shown; then the advice."""
        return self.words_with(self.advice)

    def words_with(self, advice: str | None) -> str:
        """The same with other advice. So that it is never cut, the platform's own words before it are."""
        said = plain_text(self.body, _WORDS_BEFORE_ADVICE) if advice else plain_text(self.body)
        said = f"HTTP {self.status}: {said}".rstrip(": ")
        return f"{said} ({advice})" if advice else said


class PlatformService(ServiceConnector):
    """The services of one registration's platform. Make a new one for each piece of work; it is cheap.

    Nothing here may be called inside a database transaction: every method may go over the network.
    """

    def __init__(self, deps: ServiceDeps, registration_id: uuid.UUID) -> None:
        """Read the registration. Raises :class:`sqlalchemy.exc.NoResultFound` when there is none."""
        with deps.database.reading() as db:
            row = db.get_one(Registration, registration_id)
        registration = (
            ServiceRegistration()
            .set_issuer(row.issuer)
            .set_client_id(row.client_id)
            .set_auth_token_url(row.auth_token_url)
        )
        if row.token_audience:
            registration.set_auth_audience(row.token_audience)
        super().__init__(registration, deps.http)
        self._has_audience = row.token_audience is not None
        self._hosts = service_hosts(row)
        self.registration_id = registration_id
        self.platform = platform_of(row.issuer, row.platform_family)
        self._deps = deps
        self._vault = Vault(deps.config.secret_key)

    def get_access_token(self, scopes: Sequence[str]) -> str:
        """A token for exactly these scopes: the stored one while it is valid, else a new one.

        Raises :class:`TokenRefused`, or requests' exceptions when the platform cannot be reached.
        """
        key = _scope_key(scopes)
        return self._stored_token(key) or self._new_token(key)

    def renew_access_token(self, scopes: Sequence[str]) -> str:
        """A new token for exactly these scopes, whatever is stored; raises as :meth:`get_access_token` does."""
        return self._new_token(_scope_key(scopes))

    def _stored_token(self, scopes: str) -> str | None:
        with self._deps.database.reading() as db:
            # The registration is part of the key: no tenant's token is ever found for another.
            found = db.get(AccessToken, (self.registration_id, scopes))
        if found is None or found.expires_at <= utcnow():
            return None
        try:
            return self._vault.open(found.token).decode()
        except SecretKeyChanged:
            return None

    def _new_token(self, scopes: str) -> str:
        if not self._has_audience:
            raise TokenRefused(
                "another registration asks for tokens with the same audience and client id: remove the one that is not "
                "trusted, then register this platform again"
            )
        answer = self._exchange(
            "POST",
            self._registration.get_auth_token_url() or "",
            {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
            {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self._assertion(),
                "scope": scopes,
            },
        )
        if answer.is_throttled or answer.status >= 500:
            raise OutboundRequestError("refused", answer.words, status_code=answer.status)
        if not answer.ok:
            raise TokenRefused(self._refusal_words(answer))
        try:
            given: dict[str, Any] = AccessTokenSchema().load(answer.json())
        except ValidationError as error:
            raise TokenRefused(f"the token endpoint's answer is malformed: {error.messages}") from None
        self._keep(scopes, given["access_token"], given["expires_in"])
        return str(given["access_token"])

    def _refusal_words(self, answer: Answer) -> str:
        """What the token endpoint answered, and what can be done about it where that is known."""
        try:
            given: dict[str, str] = TokenErrorSchema().load(answer.json())
        except (OutboundRequestError, ValidationError):
            return f"the token endpoint answered {answer.words}"
        advice = self.platform.token_advice(given["error"], given["error_description"])
        return f"the token endpoint answered {answer.words_with(advice)}"

    def _assertion(self) -> str:
        """Who we are, signed; each assertion has an id of its own, since platforms refuse one used before."""
        try:
            key = ToolKeys(self._deps.database, self._vault).signing_key()
        except SecretKeyChanged as error:
            raise TokenRefused(f"the tool cannot sign: {error}") from None
        client_id = self._registration.get_client_id() or ""
        now = int(time.time())
        claims: dict[str, str | int] = {
            "iss": client_id,
            "sub": client_id,
            "aud": self._registration.get_auth_audience() or "",
            "iat": now - ISSUED_BEFORE,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        return key.sign(claims)

    def _keep(self, scopes: str, token: str, expires_in: int) -> None:
        """Store a token until shortly before it ends: a request takes time, and clocks differ."""
        lifetime = expires_in - min(60.0, expires_in / 5)
        values = {
            "token": self._vault.seal(token.encode()),
            "expires_at": utcnow() + dt.timedelta(seconds=lifetime),
        }
        with self._deps.database.transaction() as db:
            db.execute(
                insert_for(db, AccessToken)
                .values(registration_id=self.registration_id, scopes=scopes, **values)
                .on_conflict_do_update(index_elements=["registration_id", "scopes"], set_=values)
            )

    def _delete_token(self, scopes: str) -> None:
        with self._deps.database.transaction() as db:
            db.execute(
                sa.delete(AccessToken).where(
                    AccessToken.registration_id == self.registration_id, AccessToken.scopes == scopes
                )
            )

    def call(
        self,
        method: Literal["GET", "POST", "PUT", "DELETE"],
        url: str,
        scopes: Sequence[str],
        *,
        accept: str = "application/json",
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """One request to a service, and its answer whatever the status.

        A 401 is tried again with a new token; so is a 403 on a token from the store, since Open edX says 403 of a
        token that it does not know.

        Raises :class:`TokenRefused`, :class:`ServiceHostUnknown`, or requests' exceptions
        (:class:`OutboundRequestError` among them) when no answer came or the address may not be called.
        """
        self._check_host(url)
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        stored = self._stored_token(_scope_key(scopes))
        token = stored or self._new_token(_scope_key(scopes))
        answer = self._exchange(method, url, {**headers, "Authorization": f"Bearer {token}"}, body)
        if answer.status == 401 or (answer.status == 403 and stored and not answer.is_throttled):
            self._delete_token(_scope_key(scopes))
            token = self.get_access_token(scopes)
            answer = self._exchange(method, url, {**headers, "Authorization": f"Bearer {token}"}, body)
        return answer

    def _check_host(self, url: str) -> None:
        """A token opens the platform's services to whoever gets it: only the platform's own hosts do."""
        host = host_of(url)
        if host not in self._hosts:
            raise ServiceHostUnknown(
                f"{host or 'the address'} is not a host of this platform; if it is, run: "
                f"tandem registrations service-host {self.registration_id} {host or 'HOST'}"
            )

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | dict[str, str] | None
    ) -> Answer:
        response = self._requests_session.request(
            method, url, data=body, headers=dict(headers), timeout=_TIME_OUTS, allow_redirects=False
        )
        return Answer(
            status=response.status_code,
            body=response.content,
            headers=response.headers,
            url=url,
            next_link=_next_link(response),
            advice=self.platform.service_advice(response.status_code) if "Authorization" in headers else None,
            is_throttled=self.platform.is_throttled(response.status_code, response.content),
        )

    def make_service_request(
        self,
        scopes: Sequence[str],
        url: str,
        is_post: bool = False,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        case_insensitive_headers: bool = False,
    ) -> TServiceConnectorResponse:
        """The same for PyLTI1p3's own services. Raises its ``LtiServiceException`` on a refusal."""
        answer = self.call(
            "POST" if is_post else "GET",
            url,
            scopes,
            accept=accept,
            body=(data or "").encode() if is_post else None,
            content_type=content_type,
        )
        if not answer.ok:
            raise LtiServiceException(_as_response(answer, url))
        headers = answer.headers if case_insensitive_headers else dict(answer.headers)
        return {
            "headers": dict(headers),
            "body": answer.json() if answer.body else None,
            "next_page_url": answer.next_url,
        }


_LINK: Final = re.compile(r"<([^>]*)>([^<]*)")
_RELATION: Final = re.compile(r"\brel\s*=\s*([^;,]*)", re.IGNORECASE)


def _next_link(response: requests.Response) -> str | None:
    """The address of the next page in the Link header (RFC 8288).

    PyLTI1p3 lower-cases the header, and Canvas's bookmarks break. requests cuts an address at a semicolon, and Moodle
    writes addresses as HTML, with the names of relations in typographic quotes.
    """
    for address, parameters in _LINK.findall(response.headers.get("Link", "")):
        relation = _RELATION.search(parameters)
        words = relation[1].lower().split() if relation else []
        if any(re.sub("[^a-z]", "", word) == "next" for word in words):
            return str(address).strip().replace("&amp;", "&")
    return None


def _scope_key(scopes: Sequence[str]) -> str:
    return " ".join(sorted(set(scopes)))


def _as_response(answer: Answer, url: str) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.url = url
    response.headers.update(answer.headers)
    response.raw = None
    return response
