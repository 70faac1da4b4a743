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
)
"""Canvas as Instructure hosts it: tenants are hosts of instructure.com, the endpoints for OIDC and keys are at sso.
https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_launch_overview"""

HOSTED_FAMILIES = (CANVAS,)
"""The explicit list of platforms that may register with parts on several hosts. Every other platform must keep
its issuer, its registration endpoint and its keys on the host that its configuration came from."""


def hosted_family(issuer: str) -> HostedFamily | None:
    """The family to which an issuer belongs, or None for a platform on a host of its own."""
    return next((family for family in HOSTED_FAMILIES if issuer in family.issuers), None)


def may_speak_for(issuer: str, address: str) -> bool:
    """Whether ``address`` is on a host that the issuer's hosted family is known to use."""
    family = hosted_family(issuer)
    parts = urlsplit(address)
    return family is not None and parts.scheme == "https" and family.has(parts.hostname or "")


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
