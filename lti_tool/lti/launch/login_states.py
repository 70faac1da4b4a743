"""Logins under way: what a login hands to its launch travels in the ``state``, signed, so that a login stores nothing.

1EdTech security framework §5.1.1 (https://www.imsglobal.org/spec/security/v1p0#openid_connect_launch_flow): the state
is opaque to the platform and comes back as it was. It ties nonce, registration, deployment, target and browser
together. PyLTI1p3 keeps states and nonces apart from each other and for a day, so that a launch can be replayed and the
login of one platform takes the token of another.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Final

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode
from pylti1p3.session import SessionService

from lti_tool.database import utcnow
from lti_tool.encryption import derived_key
from lti_tool.lti.errors import StateExpired, StateUnknown
from lti_tool.lti.launch.platform_storage import StoredProof
from lti_tool.lti.launch.tool_config import DatabaseToolConfig, PlatformRegistration

LOGIN_LIFETIME: Final = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class PendingLogin:
    """What a login handed to its launch."""

    nonce: str
    registration: PlatformRegistration
    deployment_hint: str | None
    """``lti_deployment_id`` of the login, when the platform sent one."""
    browser_hash: str
    """SHA-256 of the secret that this browser was given in a cookie."""
    target_digest: str
    """:func:`target_digest` of the login's ``target_link_uri``."""
    expires_at: dt.datetime
    stored_proof: StoredProof | None = None
    """What this browser was given to keep in the platform's storage, where the platform has kept it."""


def secret_hash(secret: str) -> str:
    """SHA-256, in hexadecimal: secrets of 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits in 43 characters that are safe in an address and in a cookie."""
    return secrets.token_urlsafe(32)


def target_digest(target_link_uri: str) -> str:
    """128 bits of SHA-256 in place of the address itself, which may be longer than a state should be."""
    return hashlib.sha256(target_link_uri.encode()).hexdigest()[:32]


_uuid = functools.lru_cache(maxsize=1024)(uuid.UUID)
"""The same few registrations come again and again, and making a UUID costs a third of checking a state."""


class LoginStates(SessionService):
    """PyLTI1p3's session service, as signed states. One object serves a process."""

    def __init__(self, tool_config: DatabaseToolConfig, secret_key: str) -> None:
        """``secret_key``: TANDEM_SECRET_KEY, from which the key of the signature is derived."""
        # No request is given to PyLTI1p3's class: nothing is kept in a web session.
        self._tool_config = tool_config
        self._signer = Signer(
            derived_key(secret_key, b"tandem login states, version 1"),
            key_derivation="none",  # it is derived above, once
            digest_method=hashlib.sha256,
        )

    def begin(
        self,
        registration: PlatformRegistration,
        *,
        browser_secret: str,
        deployment_hint: str | None,
        target_link_uri: str,
        stored_proof: StoredProof | None = None,
    ) -> tuple[str, str]:
        """A fresh state and the nonce that it holds."""
        nonce = new_secret()
        held = [
            nonce,
            registration.id.hex,
            secret_hash(browser_secret),
            target_digest(target_link_uri),
            deployment_hint,
            int((utcnow() + LOGIN_LIFETIME).timestamp()),
        ]
        if stored_proof is not None:
            held += [stored_proof.target, stored_proof.proof_hash]
        return self._signer.sign(base64_encode(json.dumps(held))).decode(), nonce

    def read(self, state: str) -> PendingLogin:
        """What an authentic state says. Raises :class:`StateUnknown` or :class:`StateExpired`.

        Whether it was used already is for the nonce to say (:mod:`lti_tool.lti.launch.nonces`).
        """
        try:
            held: list[Any] = json.loads(base64_decode(self._signer.unsign(state)))
        except BadData:
            raise StateUnknown from None
        nonce, registration_id, browser_hash, digest, deployment_hint, expires, *stored = held
        registration = self._tool_config.registration(_uuid(registration_id))
        if registration is None:
            raise StateUnknown
        expires_at = dt.datetime.fromtimestamp(expires, dt.UTC)
        if expires_at <= utcnow():
            raise StateExpired(issuer=registration.issuer, client_id=registration.client_id)
        stored_proof = StoredProof(*stored) if stored else None
        return PendingLogin(
            nonce, registration, deployment_hint, browser_hash, digest, expires_at, stored_proof
        )
