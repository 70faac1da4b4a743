"""Login: the platform sends the browser here, the tool sends it back with a state and a nonce.

OpenID Connect third-party initiated login, 1EdTech security framework §5.1.1.1 and §5.1.1.2
(https://www.imsglobal.org/spec/security/v1p0#step-1-third-party-initiated-login).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit, urlunsplit

from pylti1p3.cookie import CookieService
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.request import Request

from lti_tool.lti.errors import TargetElsewhere
from lti_tool.lti.launch.login_states import LoginStates, new_secret, secret_hash
from lti_tool.lti.launch.platform_storage import StorageOffer, StoredProof
from lti_tool.lti.launch.tool_config import DatabaseToolConfig, PlatformRegistration
from lti_tool.outbound.origins import origin_of, same_origin

BROWSER_COOKIE = "tandem_browser"
BROWSER_COOKIE_SECONDS = 30 * 24 * 3600

Answer = TypeVar("Answer")


@functools.lru_cache(maxsize=256)
def _authentication_request(auth_login_url: str, client_id: str, launch_url: str) -> str:
    """The address of an authentication request (§5.1.1.2), up to what differs from login to login."""
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": client_id,
        "redirect_uri": launch_url,
    }
    endpoint = urlsplit(auth_login_url)
    joined = "&".join(part for part in (endpoint.query, urlencode(query)) if part)
    return urlunsplit(endpoint._replace(query=joined, fragment=""))


class Login(OIDCLogin[Request, DatabaseToolConfig, LoginStates, CookieService, Answer]):
    """PyLTI1p3's login, with a signed state that ties its nonce to this browser's secret.

    Subclasses say what a redirect is (:meth:`get_redirect`).
    """

    _registration: PlatformRegistration

    def __init__(
        self,
        request: Request,
        tool_config: DatabaseToolConfig,
        states: LoginStates,
        cookies: CookieService,
        *,
        parameters: Mapping[str, Any],
        base_url: str,
        may_answer_with_page: bool = False,
    ) -> None:
        """``parameters``: what :class:`schemas.login.LoginSchema` loaded. ``base_url``: the tool's own origin.

        ``may_answer_with_page``: whether the client runs the scripts of a page, and so may use the platform's storage.
        """
        super().__init__(request, tool_config, states, cookies)
        self._parameters = parameters
        self._base_url = base_url
        self._may_answer_with_page = may_answer_with_page
        self.storage_offer: StorageOffer | None = None
        """Set where the page that answers this login should try the platform's storage before it goes on."""

    def get_redirect(self, url: str) -> Redirect[Answer]:
        """What a redirect to ``url`` is, in the web framework's words."""
        raise NotImplementedError

    def validate_oidc_login(self) -> PlatformRegistration:
        """The registration that this login belongs to.

        Raises :class:`TargetElsewhere`, or as :meth:`DatabaseToolConfig.find_registration_by_params` does.
        """
        issuer, client_id = self._parameters["iss"], self._parameters["client_id"]
        target = self._parameters["target_link_uri"]
        if not same_origin(target, self._base_url):
            raise TargetElsewhere(target[:200], issuer=issuer, client_id=client_id)
        return self._tool_config.find_registration_by_params(issuer, client_id)

    def _prepare_redirect_url(self, launch_url: str) -> str:
        self._registration = self.validate_oidc_login()
        brought = self._cookie_service.get_cookie(BROWSER_COOKIE)
        secret = brought or new_secret()
        # Set even if it is there already, so that it does not run out during a day's work.
        self._cookie_service.set_cookie(BROWSER_COOKIE, secret, BROWSER_COOKIE_SECONDS)
        target = self._parameters["lti_storage_target"]
        if brought is None and target is not None and self._may_answer_with_page:
            self._offer_storage(launch_url, secret, target)
        return self._address(launch_url, secret)

    def _offer_storage(self, launch_url: str, browser_secret: str, target: str) -> None:
        origin = origin_of(self._registration.get_auth_login_url() or "")
        if origin is None:
            return
        # Never the cookie's own secret, which opens launches of other platforms too.
        proof = new_secret()
        stored = StoredProof(target, secret_hash(proof))
        self.storage_offer = StorageOffer(
            stored, proof, origin, self._address(launch_url, browser_secret, stored)
        )

    def _address(self, launch_url: str, browser_secret: str, stored: StoredProof | None = None) -> str:
        """The authentication request, with a state and a nonce of its own."""
        state, nonce = self._session_service.begin(
            self._registration,
            browser_secret=browser_secret,
            deployment_hint=self._parameters["lti_deployment_id"],
            target_link_uri=self._parameters["target_link_uri"],
            stored_proof=stored,
        )
        start = _authentication_request(
            self._registration.get_auth_login_url() or "", self._registration.client_id, launch_url
        )
        hint = self._parameters["lti_message_hint"]
        message_hint = f"&lti_message_hint={quote_plus(hint)}" if hint else ""
        login_hint = quote_plus(self._parameters["login_hint"])
        # State and nonce are made of characters that are safe in an address.
        return f"{start}&login_hint={login_hint}&state={state}&nonce={nonce}{message_hint}"
