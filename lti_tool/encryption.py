"""Secrets at rest: private keys, access tokens and kept forms are encrypted before they reach the database.

The encryption key is derived from TANDEM_SECRET_KEY with HKDF (RFC 5869), so that the setting itself encrypts
nothing; Fernet (https://cryptography.io/en/latest/fernet/) encrypts and authenticates.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_AT_REST: Final = b"tandem secrets at rest, version 1"


class SecretKeyChanged(Exception):
    """What is stored was encrypted with another TANDEM_SECRET_KEY: set the former one again."""


class Vault:
    """Encrypts with the present secret key; decrypts with it or with a former one."""

    def __init__(self, secret_key: str, *former: str) -> None:
        """Derive the keys. ``former``: secret keys of earlier times, newest first."""
        self._fernet = MultiFernet(
            [Fernet(derived_key(secret, _AT_REST)) for secret in (secret_key, *former)]
        )

    def seal(self, plain: bytes) -> bytes:
        """Encrypt."""
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt. Raises :class:`SecretKeyChanged` when no key fits."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise SecretKeyChanged((SecretKeyChanged.__doc__ or "").strip()) from None


def derived_key(secret_key: str, purpose: bytes) -> bytes:
    """A key of 256 bits for one purpose, in base64url, as Fernet wants it (HKDF, RFC 5869)."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    return base64.urlsafe_b64encode(derive.derive(secret_key.encode()))
