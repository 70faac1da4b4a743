"""A proof kept in the platform's page, for a browser that keeps no cookie in the tool's frame.

1EdTech "LTI OIDC Login with LTI Client Side postMessages" (https://www.imsglobal.org/spec/lti-cs-oidc/v0p1): the page
that answers the login has the platform keep a secret (``lti.put_data``), and the page that answers the launch asks for
it (``lti.get_data``). A launch whose browser can bring it back is one that this browser began. The messages are in
https://www.imsglobal.org/spec/lti-pm-s/v0p1, which window they go to in https://www.imsglobal.org/spec/lti-cs-pm/v0p1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoredProof:
    """What the signed state says of the secret that a login had the platform keep."""

    target: str
    """``lti_storage_target``: the frame that the messages go to, or ``_parent``."""
    proof_hash: str
    """SHA-256 of the secret, in hexadecimal."""

    @property
    def key(self) -> str:
        """The key of the secret in the platform's storage.

        Each login has its own, so that two tabs do not overwrite each other's. It cannot be guessed: Canvas keeps what
        all tools store through its forwarding frame under one origin (ui/shared/lti/jquery/platform_storage.ts).
        """
        return f"tandem_{self.proof_hash[:32]}"


@dataclass(frozen=True)
class StorageOffer:
    """What the page that answers a login needs to have the platform keep a secret."""

    stored: StoredProof
    proof: str
    """The secret itself."""
    origin: str
    """The origin of the authorization endpoint, the only one that the messages are for."""
    address: str
    """Where to go on once the platform keeps it: the authentication request whose state says so."""
