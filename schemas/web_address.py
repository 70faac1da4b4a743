"""One meaning of "web address" for every shape that carries one."""

from __future__ import annotations

import functools
import re
from urllib.parse import urlsplit

from marshmallow import ValidationError

NOT_AN_ADDRESS = "is not a web address such as https://lms.example.org/path"
NOT_AN_ORIGIN = "is not an origin such as https://lms.example.org, without a path"

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.ASCII)
"""A host name in ASCII, or an IPv6 address. Nothing else may reach a header or a resolver."""


def web_address(value: str) -> None:
    """Refuse what is not an absolute http(s) address with a host and without user information."""
    if not is_web_address(value):
        raise ValidationError(NOT_AN_ADDRESS)


def long_web_address(value: str) -> None:
    """The same for an address that carries a token, and may be as long as that."""
    if not is_web_address(value, longest=8_000):
        raise ValidationError(NOT_AN_ADDRESS)


def is_web_address(value: str, *, longest: int = 2_000) -> bool:
    """Whether :func:`web_address` takes ``value``."""
    return len(value) <= longest and _is_address(value)


@functools.lru_cache(maxsize=1_000)
def _is_address(value: str) -> bool:
    """The same of any length. The launches of a course name the same few addresses."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host or "") or "@" in parts.netloc:
        return False
    return port != 0 and "\\" not in value and value.isprintable() and " " not in value


def origin(value: str) -> None:
    """Refuse what is not an origin alone, or could end the header that names it."""
    web_address(value)
    parts = urlsplit(value)
    if parts.path not in {"", "/"} or parts.query or parts.fragment or not set(";,'*").isdisjoint(value):
        raise ValidationError(NOT_AN_ORIGIN)
