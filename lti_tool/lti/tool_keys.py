"""The tool's own RSA keys: one active key signs, retiring keys stay published until platforms have read the new one.

Platforms read the public halves at ``/.well-known/jwks.json`` to check client assertions and deep-linking
responses (1EdTech security framework §6, RFC 7517).
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any, cast

import jwt
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm
from sqlalchemy.orm import Session

from lti_tool.database import Database, insert_for, utcnow
from lti_tool.encryption import Vault
from lti_tool.lti.models import KeyStatus, ToolKey

KEY_BITS = 2048
RETIRING_FOR = dt.timedelta(days=30)
"""How long a retired key stays published: longer than any platform caches a key set."""


@dataclass(frozen=True)
class SigningKey:
    """The key that signs now."""

    kid: str
    private_pem: str
    """PKCS #8 PEM, not encrypted: never store or log it."""

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a JWT (RFC 7519) whose header names this key.

        The tool made the key, and the vault proves that nobody has changed it. So its numbers are not checked again,
        which takes longer than everything else in a request for a token.
        """
        private = serialization.load_pem_private_key(
            self.private_pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
        )
        return jwt.encode(claims, cast(RSAPrivateKey, private), algorithm="RS256", headers={"kid": self.kid})


class ToolKeys:
    """The tool's keys in the database; any number of processes share them."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def signing_key(self) -> SigningKey:
        """The active key, made first if there is none.

        Raises :class:`lti_tool.encryption.SecretKeyChanged` when it cannot be decrypted.
        """
        with self._database.reading() as db:
            key = _active(db)
        if key is None:
            key = self.ensure()
        return SigningKey(key.kid, self._vault.open(key.private_key).decode())

    def ensure(self) -> ToolKey:
        """The active key's row. Two processes that both find none make one: the database keeps the first."""
        with self._database.reading() as db:
            key = _active(db)
        if key is not None:
            return key
        made = self._make()
        with self._database.transaction() as db:
            db.execute(insert_for(db, ToolKey).values(**made).on_conflict_do_nothing())
            key = _active(db)
        if key is None:
            raise RuntimeError("no active key, although one was just made")
        return key

    def rotate(self) -> str:
        """Make a new active key, let the former retire, delete those long retired. Returns the new kid."""
        made = self._make()
        now = utcnow()
        with self._database.transaction() as db:
            # The lock makes a second rotation wait for this one instead of meeting its unique active key.
            db.execute(sa.select(ToolKey.kid).with_for_update())
            db.execute(
                sa.update(ToolKey)
                .where(ToolKey.status == KeyStatus.ACTIVE)
                .values(status=KeyStatus.RETIRING, retired_at=now)
            )
            db.execute(sa.delete(ToolKey).where(ToolKey.retired_at < now - RETIRING_FOR))
            db.execute(insert_for(db, ToolKey).values(**made))
        return str(made["kid"])

    def published_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The JSON Web Key Set: the active key first, then those that retire."""
        self.ensure()
        with self._database.reading() as db:
            rows = db.scalars(
                sa.select(ToolKey).where(
                    (ToolKey.status == KeyStatus.ACTIVE) | (ToolKey.retired_at >= utcnow() - RETIRING_FOR)
                )
            )
            newest_first = sorted(rows, key=lambda row: row.created_at, reverse=True)
        return {"keys": [row.public_jwk for row in newest_first]}

    def _make(self) -> dict[str, Any]:
        private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        kid = secrets.token_urlsafe(16)
        public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        return {
            "kid": kid,
            "private_key": self._vault.seal(_private_pem(private)),
            "public_jwk": {
                "kty": "RSA",
                "kid": kid,
                "alg": "RS256",
                "use": "sig",
                "n": public["n"],
                "e": public["e"],
            },
            "status": KeyStatus.ACTIVE,
            "created_at": utcnow(),
        }


def _active(db: Session) -> ToolKey | None:
    return db.scalar(sa.select(ToolKey).where(ToolKey.status == KeyStatus.ACTIVE))


def _private_pem(private: Any) -> bytes:
    pem: bytes = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem
