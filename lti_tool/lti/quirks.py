"""Every way in which one family of platforms differs from what the specifications say, in one place.

A family is known by its issuer where that is certain, else by ``product_family_code``.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from lti_tool.lti.origins import framing_origins


@dataclass(frozen=True)
class HostedFamily:
    """A hosted platform whose parts live on several hosts, under one issuer for all its tenants."""

    issuers: frozenset[str]
    hosts: frozenset[str]
    """Further hosts, each by its whole name."""
    domains: tuple[str, ...]
    """Domains whose every host belongs to the family."""
    frame_origins: tuple[str, ...]
    """Where its pages are that frame the tool, as sources of a content security policy."""
    key_hosts: frozenset[str] = frozenset()
    """Hosts of its key sets. What is signed by a key from there is the family's own word."""
    key_domains: tuple[str, ...] = ()
    """Domains whose every host may serve such a key set."""

    def has(self, host: str) -> bool:
        """Whether ``host`` is the family's own."""
        return host in self.hosts or any(host.endswith(f".{domain}") for domain in self.domains)


CANVAS = HostedFamily(
    issuers=frozenset(
        {
            "https://canvas.instructure.com",
            "https://canvas.beta.instructure.com",
            "https://canvas.test.instructure.com",
        }
    ),
    hosts=frozenset({"sso.canvaslms.com", "sso.beta.canvaslms.com", "sso.test.canvaslms.com"}),
    domains=("instructure.com",),
    frame_origins=("https://*.instructure.com",),
    key_hosts=frozenset({"sso.canvaslms.com", "sso.beta.canvaslms.com", "sso.test.canvaslms.com"}),
    key_domains=("instructure.com",),
)
"""Canvas as Instructure hosts it: tenants are hosts of instructure.com, the endpoints for OIDC and keys are at sso.
https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_launch_overview"""

BLACKBOARD = HostedFamily(
    issuers=frozenset({"https://blackboard.com"}),
    hosts=frozenset({"blackboard.com", "developer.blackboard.com"}),
    domains=(),
    frame_origins=(),
    key_hosts=frozenset({"developer.blackboard.com"}),
)
"""Blackboard Learn: one issuer, keys and tokens at developer.blackboard.com, services on each school's own host.
https://docs.anthology.com/docs/blackboard/lti/1.3/core/jwt-contents"""

BRIGHTSPACE = HostedFamily(
    issuers=frozenset(),
    hosts=frozenset(),
    domains=(),
    frame_origins=(),
    key_domains=("brightspace.com",),
)
"""D2L Brightspace: each school has an issuer and keys of its own, tokens are at auth.brightspace.com, and services may
be on a host that the school chose. It is connected with the values that an administrator types.
https://community.d2l.com/brightspace/kb/articles/23730-about-lti-1-3-launch-and-authentication"""

HOSTED_FAMILIES = (CANVAS, BLACKBOARD, BRIGHTSPACE)
"""The explicit list of platforms that may have parts on several hosts. Every other platform must keep its issuer, its
registration endpoint, its token endpoint and its keys on the host that its configuration came from."""


def hosted_family(issuer: str) -> HostedFamily | None:
    """The family to which an issuer belongs, or None for a platform on a host of its own."""
    return next((family for family in HOSTED_FAMILIES if issuer in family.issuers), None)


def may_speak_for(issuer: str, address: str) -> bool:
    """Whether ``address`` is on a host that the issuer's hosted family is known to use."""
    family = hosted_family(issuer)
    parts = urlsplit(address)
    return family is not None and parts.scheme == "https" and family.has(parts.hostname or "")


def signed_by_family(jwks_url: str) -> bool:
    """Whether keys from this address sign for a hosted family, so that a launch names its own services."""
    parts = urlsplit(jwks_url)
    host = parts.hostname or ""
    return parts.scheme == "https" and any(
        host in family.key_hosts or any(host.endswith(f".{domain}") for domain in family.key_domains)
        for family in HOSTED_FAMILIES
    )


def names_any_registration_endpoint(source: str) -> bool:
    """Whether a configuration from ``source`` may name a registration endpoint on any public host.

    Canvas as Instructure hosts it: its schools have hosts of their own, and the configuration is the family's.
    """
    parts = urlsplit(source)
    return parts.scheme == "https" and CANVAS.has(parts.hostname or "")


def frame_origins(issuer: str, auth_login_url: str) -> list[str]:
    """The origins whose pages may frame the tool: the issuer's, the auth URL's, and the family's."""
    family = hosted_family(issuer)
    return [*framing_origins(issuer, auth_login_url), *(family.frame_origins if family else ())]


def family_frame_origins(origin: str) -> tuple[str, ...]:
    """Where the pages of a hosted family are, when ``origin`` is one of its own; before its issuer is known."""
    parts = urlsplit(origin)
    hosts = (
        family for family in HOSTED_FAMILIES if parts.scheme == "https" and family.has(parts.hostname or "")
    )
    return next((family.frame_origins for family in hosts), ())


def deep_linking_audience(issuer: str) -> str:
    """``aud`` of a deep-linking response: the issuer, as text, which every platform met so far accepts."""
    return issuer
