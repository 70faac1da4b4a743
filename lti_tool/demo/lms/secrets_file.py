"""The LMS's own signing key and cookie secret, made at the first start and kept in its folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def _write_once(path: Path, content: bytes) -> bytes:
    """Create the file for its owner alone; whoever comes second reads what the first one wrote."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return path.read_bytes()
    finally:
        temporary.unlink()
    return content


def platform_private_key(data_dir: Path) -> str:
    """The RSA private key, PEM, that signs every id_token."""
    path = data_dir / "platform-key.pem"
    if path.exists():
        return path.read_text()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _write_once(path, pem).decode()


def loaded_key(private_pem: str) -> rsa.RSAPrivateKey:
    """The private key, ready to sign. We made it ourselves, so its slow consistency check is left out."""
    key = serialization.load_pem_private_key(
        private_pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("The platform's key is not an RSA key.")
    return key


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """The public half, PEM."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def cookie_secret(data_dir: Path) -> str:
    """What signs the ``lms_user`` cookie and the roster's page marks."""
    path = data_dir / "cookie-secret"
    if path.exists():
        return path.read_text()
    return _write_once(path, secrets.token_urlsafe(48).encode()).decode()
