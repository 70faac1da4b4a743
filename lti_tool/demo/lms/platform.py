"""``lti1p3platform`` at work: signing key, login initiation and launch messages.

The library gives the shape of every message and signs it. What it leaves open is closed here and in
``oidc.py``: exact redirect addresses, single-use hints, an initiation address that already has a query,
the deep-linking settings it cannot express.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from lti1p3platform.ltiplatform import (
    LTI1P3PlatformConfAbstract,
)
from lti1p3platform.message_launch import (
    LTIAdvantageMessageLaunchAbstract,
)
from lti1p3platform.nrps import LtiNrps
from lti1p3platform.oidc_login import (
    OIDCLoginAbstract,
)
from lti1p3platform.registration import (
    Registration as PlatformRegistration,
)
from lti1p3platform.request import Request

from lti_tool.demo.lms.tools import Tool

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"


@dataclass(frozen=True)
class PlatformKey:
    """The key that signs id_tokens."""

    private: rsa.RSAPrivateKey
    public: str
    "PEM."

    def key_set(self) -> dict[str, Any]:
        """The public JWKS."""
        return {"keys": [PlatformRegistration.get_jwk(self.public)]}


class _SigningRegistration(PlatformRegistration):  # type: ignore[misc]  # an untyped base class
    """Signs with the key as loaded once; the library would read its PEM again for every message."""

    def __init__(self, key: PlatformKey) -> None:
        self._key = key

    def get_platform_private_key(self) -> rsa.RSAPrivateKey:
        return self._key.private

    def get_kid(self) -> str:
        return str(self._key.key_set()["keys"][0]["kid"])


def add_query(address: str, fields: dict[str, str]) -> str:
    """The address with further query parameters, whether or not it has some already."""
    parts = urlsplit(address)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


class _Configuration(LTI1P3PlatformConfAbstract):  # type: ignore[misc]  # an untyped base class
    """One tool's registration: made afresh for every message, so that nothing is shared between tools."""

    def init_platform_config(self, **kwargs: Any) -> None:
        self._registration = kwargs["registration"]

    def get_registration_by_params(self, **kwargs: Any) -> Any:
        return self._registration


class _LoginInitiation(OIDCLoginAbstract):  # type: ignore[misc]  # an untyped base class
    def set_lti_message_hint(self, **kwargs: Any) -> None:
        self._lti_message_hint = kwargs["hint"]

    def get_redirect(self, url: str) -> str:
        return url


class _Preflight(Request):  # type: ignore[misc]  # an untyped base class
    """The tool's authentication request, already checked by ``oidc.py``."""

    def build_metadata(self, request: dict[str, str]) -> dict[str, Any]:
        return {"method": "POST", "form_data": request, "get_data": {}, "headers": {}, "path": "/"}


@dataclass
class LaunchContent:
    """What one message says, before it is signed."""

    target: str
    person_id: str
    roles: list[str]
    identity: dict[str, str]
    context: dict[str, Any]
    claims: dict[str, Any]
    "Further claims by their full names."
    custom: dict[str, str]
    resource_link: dict[str, str] | None = None
    memberships_url: str | None = None
    deep_linking: dict[str, Any] | None = field(default=None)
    "deep_linking_settings; None for a launch of a resource link."


class _LaunchMessage(LTIAdvantageMessageLaunchAbstract):  # type: ignore[misc]  # an untyped base class
    def __init__(self, request: _Preflight, configuration: _Configuration, content: LaunchContent) -> None:
        super().__init__(request, configuration)
        self._content = content

    def prepare_launch(self, preflight_response: dict[str, Any]) -> None:
        content = self._content
        self.set_launch_url(content.target)
        self.set_user_data(content.person_id, content.roles)
        self.set_custom_parameters_claim(content.custom)
        extra = {**content.identity, **content.claims, LTI + "context": content.context}
        if content.memberships_url:
            extra.update(LtiNrps(content.memberships_url).get_lti_nrps_launch_claim())
        if content.resource_link:
            extra[LTI + "resource_link"] = content.resource_link
        if content.deep_linking:
            self.set_dl(content.deep_linking["deep_link_return_url"])
            # The library always says auto_create and cannot say accept_lineitem.
            self._deep_linking_launch_data = {DEEP_LINKING_SETTINGS: content.deep_linking}
        self.set_extra_claims(extra)

    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return launch_data


def _registration(issuer: str, key: PlatformKey, tool: Tool) -> Any:
    registration = _SigningRegistration(key)
    registration.set_iss(issuer).set_client_id(tool.client_id).set_deployment_id(tool.deployment_id)
    registration.set_platform_public_key(key.public)
    registration.set_tool_key_set_url(tool.jwks_uri).set_launch_url(tool.target_link_uri)
    # Left empty: the library breaks an address that already has a query, so ``add_query`` joins them.
    registration.set_oidc_login_url("")
    return registration


def login_fields(
    issuer: str, key: PlatformKey, tool: Tool, target: str, person_id: str, hint: str
) -> dict[str, str]:
    """The parameters of a third-party login initiation, LTI 1.3 core 5.1.1.1 of the Security Framework."""
    login = _LoginInitiation(None, _Configuration(registration=_registration(issuer, key, tool)))
    login.set_launch_url(target)
    login.set_lti_message_hint(hint=hint)
    return dict(parse_qsl(urlsplit(login.initiate_login(person_id)).query))


def signed_launch(
    issuer: str,
    key: PlatformKey,
    tool: Tool,
    preflight: dict[str, str],
    content: LaunchContent,
    lifetime: int,
) -> dict[str, str]:
    """The fields to post to the tool: ``id_token``, living ``lifetime`` seconds, and its ``state``."""
    registration = _registration(issuer, key, tool)
    registration.set_deeplink_launch_url(content.target)
    message = _LaunchMessage(_Preflight(preflight), _Configuration(registration=registration), content)
    message.set_id_token_expiration(lifetime)
    launch = message.lti_launch()
    return {"id_token": str(launch["id_token"]), "state": str(launch["state"])}
