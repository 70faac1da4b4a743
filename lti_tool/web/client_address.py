"""Whose request it is: the address of the client, behind the proxies that are trusted to say it.

``X-Forwarded-For`` is a list to which each proxy adds the address that it was called from, at its end; whatever stands
before that, anybody may have written. So the list is read from its end, as long as an address is one of
TANDEM_TRUSTED_PROXIES: the first that is not is the client's. From anybody else the header is ignored
(https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#selecting_an_ip_address).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final

import structlog
from flask import Flask

from lti_tool.web.services import current_application, current_request
from schemas.settings import Network

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_PROXIES: Final = 20
"""How many addresses of the header are read; what a client has written before them is of no use to anybody."""
LONGEST_KEPT: Final = 1_000
"""Characters of a header whose client is remembered; nobody but the client itself makes it longer."""
IPV6_PREFIX: Final = 64
"""Bits of an IPv6 address that stand for one client: whoever is in a network has all of its addresses (RFC 4291)."""

_EXTENSION: Final = "tandem_client_address"

log = structlog.get_logger(__name__)


def init_app(app: Flask, trusted: Collection[Network], *, is_public: bool) -> None:
    """Find the clients of ``app`` behind these proxies.

    ``is_public``: whether people reach the tool from elsewhere, so that there has to be a proxy; the log then says once
    if all of them look like one client.
    """
    is_said = not is_public

    def read(peer: str, forwarded: str) -> str:
        nonlocal is_said
        cause = None if is_said else _why_all_look_alike(peer, forwarded, trusted)
        if cause is not None:
            is_said = True
            log.warning("clients cannot be told apart", proxy=peer, cause=cause)
        return client_network(peer, forwarded, trusted)

    # Most clients send more than one request, and reading an address costs more than looking it up.
    remembered = lru_cache(maxsize=4096)(read)

    def find(peer: str, forwarded: str) -> str:
        return (remembered if len(forwarded) <= LONGEST_KEPT else read)(peer, forwarded)

    app.extensions[_EXTENSION] = find


def current_client() -> str:
    """The client of the present request, as :func:`client_network` writes it."""
    environ = current_request().environ
    find: Callable[[str, str], str] = current_application().extensions[_EXTENSION]
    return find(environ.get("REMOTE_ADDR") or "", environ.get("HTTP_X_FORWARDED_FOR") or "")


def client_network(peer: str, forwarded: str, trusted: Collection[Network]) -> str:
    """The client: its IPv4 address, or the /64 network of its IPv6 address.

    ``peer``: who opened the connection; ``forwarded``: the ``X-Forwarded-For`` that came, or an empty text. What no
    trusted proxy can have written ends the list: the last address before that counts.
    """
    found = _address(peer)
    if found is None:
        return peer[:100]  # a Unix socket, for one
    for written in reversed(forwarded.rsplit(",", MOST_PROXIES)[-MOST_PROXIES:]):
        if not _is_trusted(found, trusted):
            break
        before = _address(written.strip())
        if before is None:
            break
        found = before
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, IPV6_PREFIX), strict=False))
    return str(found)


def _address(written: str) -> _Address | None:
    """An address, of which some proxies write the port too; IPv4 inside IPv6 is IPv4."""
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        found = ipaddress.ip_address(written.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _is_trusted(address: _Address, trusted: Collection[Network]) -> bool:
    return any(address in network for network in trusted)


def _why_all_look_alike(peer: str, forwarded: str, trusted: Collection[Network]) -> str | None:
    """What is wrong where a proxy of an own network does not say who its clients are, or is not believed."""
    address = _address(peer)
    if address is None or address.is_global:
        return None
    if _is_trusted(address, trusted):
        return None if forwarded else "it sends no X-Forwarded-For"
    return "it is not one of TANDEM_TRUSTED_PROXIES" if forwarded else None
