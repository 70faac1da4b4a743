"""Which addresses the tool may call: the rules of :mod:`lti_tool.outbound.client`, which connects by them.

An address is judged twice: by its writing (its scheme, no user information), and by what its host resolved to.
"""

from __future__ import annotations

import ipaddress
from typing import Protocol
from urllib.parse import urlsplit

import requests

_WRAPPING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
"""Networks whose addresses end in an IPv4 one: NAT64, and the deprecated IPv4-compatible addresses."""
_NEVER_PUBLIC = (
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("::ffff:0:0:0/96"),
    ipaddress.ip_network("3fff::/20"),
    ipaddress.ip_network("5f00::/16"),
)
"""Networks that Python's own list lacks or has only lately: protocol assignments (where a cloud keeps its metadata),
6to4 relays, NAT64 of a site's own, translated addresses, documentation, segment routing
(https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry)."""
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Cloud services for the machine itself that answer on a public address; the others are not public anyway."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRules(Protocol):
    """The two settings that open the guard; :class:`lti_tool.config.Config` has them."""

    @property
    def allow_private_networks(self) -> bool:
        """Whether any address and plain http may be called (development)."""

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Hosts, in lower case, that may be called although their addresses are private."""


class OutboundRequestError(requests.RequestException):
    """The tool did not get, or would not ask for, what is at an address.

    ``reason`` is a code: ``bad_address``, ``not_https``, ``private_address``, ``no_answer``, ``too_slow``,
    ``too_large``, ``redirected``, ``refused`` (a 4xx or 5xx answer; ``status_code`` has it) or ``not_json``.
    """

    def __init__(self, reason: str, detail: str = "", *, status_code: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.status_code = status_code


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, looking into IPv6 addresses that wrap an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if wrapped is None and any(address in network for network in _WRAPPING):
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
        if address.teredo is not None or address.is_site_local:
            return False
    if any(address in network for network in _NEVER_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and address not in _METADATA


def without_query(url: str) -> str:
    """An address for a log or an audit row: a query may hold a secret, such as a registration token."""
    return url.partition("?")[0][:200]


class Guard:
    """Which addresses may be called."""

    def __init__(self, rules: AddressRules) -> None:
        self.rules = rules

    def check_url(self, url: str) -> None:
        """Refuse an address by its writing alone. Raises :class:`OutboundRequestError`."""
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise OutboundRequestError("bad_address", without_query(url)) from None
        if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or "\\" in url:
            raise OutboundRequestError("bad_address", without_query(url))
        if parts.scheme == "http" and not self.rules.allow_private_networks:
            raise OutboundRequestError("not_https", host)

    def permits(self, host: str, port: int, address: str) -> bool:
        """Whether ``address``, to which ``host`` resolved, may be connected to."""
        name = host.lower().rstrip(".")
        if self.rules.allow_private_networks or self.rules.allowed_hosts & {name, f"{name}:{port}"}:
            return True
        return is_public(ipaddress.ip_address(address))
