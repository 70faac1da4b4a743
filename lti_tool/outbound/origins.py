"""Whose address is it: the tool's own, or a platform's."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST: Final = 10_000
"""Characters of an address that is looked at: what is found is kept, and a header or a token may hold any text."""


def origin_of(url: str) -> str | None:
    """``scheme://host[:port]`` of a web address in lower case, or None when it has no plain origin.

    Browsers read a backslash as a slash, drop tabs and line ends, and show what stands before an ``@`` as if it
    were the host: an address with any of these has no origin here, and neither has one of more than 10,000 characters.
    """
    return _plain_origin(url) if len(url) <= _LONGEST else None


@functools.lru_cache(maxsize=256)
def _plain_origin(url: str) -> str | None:
    if any(char == "\\" or char.isspace() or not char.isprintable() for char in url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        return None
    host = f"[{host}]" if ":" in host else host
    shown = "" if port is None or port == _DEFAULT_PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


@functools.lru_cache(maxsize=256)
def host_of(url: str) -> str | None:
    """``host`` of a web address in lower case, with ``:port`` unless it is the scheme's own, or None."""
    origin = origin_of(url)
    return None if origin is None else urlsplit(origin).netloc


def same_origin(url: str, base_url: str) -> bool:
    """Whether ``url`` is an address of the site at ``base_url``."""
    origin = origin_of(url)
    return origin is not None and origin == origin_of(base_url)


def is_among(origin: str, sources: Iterable[str]) -> bool:
    """Whether an origin matches a source of a content security policy; ``*.`` stands for any host below."""
    parts = urlsplit(origin)
    for source in sources:
        if origin == source:
            return True
        scheme, separator, host = source.partition("://*.")
        if separator and parts.scheme == scheme and parts.netloc.endswith(f".{host}"):
            return True
    return False


def framing_origins(issuer: str, auth_login_url: str) -> list[str]:
    """The origins that may frame the tool for a platform of which nothing else is known.

    The issuer alone is wrong for Canvas, whose issuer is one name for every host; the authorisation endpoint's
    host is where its pages come from.
    """
    found = (origin_of(url) for url in (issuer, auth_login_url))
    return list(dict.fromkeys(origin for origin in found if origin))


def service_hosts(registration: Any) -> frozenset[str]:
    """The hosts to which a registration's access tokens may be sent: its own, and those added to it.

    ``registration``: a row of :class:`lti_tool.lti.registration.models.Registration`.
    """
    addresses = (
        registration.issuer,
        registration.auth_login_url,
        registration.auth_token_url,
        registration.jwks_url,
    )
    own = {host for address in addresses if (host := host_of(address))}
    return frozenset(own.union(registration.service_hosts))
