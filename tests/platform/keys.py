"""A platform's RSA keys, and tokens put together by hand, so that every part of one can be wrong."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@dataclass(frozen=True)
class Key:
    """An RSA key pair with a name."""

    kid: str
    private: rsa.RSAPrivateKey

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as a key set lists it."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
            "e": base64url(numbers.e.to_bytes(3)),
        }


@functools.cache
def key(kid: str = "key-1", *, owner: str = "platform", bits: int = 2048) -> Key:
    """The key of this name: one for each owner and process, since making one takes a while."""
    del owner  # makes a different key of the same name
    return Key(kid, rsa.generate_private_key(public_exponent=65537, key_size=bits))


def base64url(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header: Any, payload: Any, signing: Key, *, algorithm: str = "RS256") -> str:
    """A token in its compact form. ``header`` and ``payload``: values to write as JSON, or bytes as they are."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signed = ".".join(base64url(part) for part in parts)
    return f"{signed}.{base64url(_signature(signed.encode(), signing, algorithm))}"


def _signature(signed: bytes, signing: Key, algorithm: str) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm == "HS256":  # the old trick: the public key, which everybody has, as if it were a secret
        return hmac.new(signing.public_pem, signed, hashlib.sha256).digest()
    digest = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}[algorithm]
    return signing.private.sign(signed, padding.PKCS1v15(), digest)
