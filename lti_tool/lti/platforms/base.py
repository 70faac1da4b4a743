"""What a platform does as the specifications say; every product's differences are a subclass of :class:`Platform`."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from lti_tool.outbound.origins import framing_origins
from lti_tool.translation import Message, ProductLabel
from schemas.problem import N_

NEUTRAL_THEME: Final = "neutral"


@dataclass(frozen=True)
class HostedHosts:
    """The hosts of a product that its vendor runs for many organisations, its parts on several hosts."""

    issuers: frozenset[str] = frozenset()
    """Issuers that prove this vendor."""
    hosts: frozenset[str] = frozenset()
    """Hosts of its parts, each by its whole name."""
    domains: tuple[str, ...] = ()
    """Domains whose every host belongs to the vendor."""
    frame_origins: tuple[str, ...] = ()
    """Where its pages are that frame the tool, as sources of a content security policy."""
    key_hosts: frozenset[str] = frozenset()
    """Hosts of its key sets. What is signed by a key from there is the vendor's own word."""
    key_domains: tuple[str, ...] = ()
    """Domains whose every host may serve such a key set."""
    any_registration_endpoint: bool = False
    """Whether its configuration may name a registration endpoint on any public host, such as a customer's domain."""

    def has(self, address: str) -> bool:
        """Whether an ``https`` address is on a host of the vendor."""
        return _is_on(address, self.hosts, self.domains)

    def signs(self, jwks_url: str) -> bool:
        """Whether a key set at this address is the vendor's."""
        return _is_on(jwks_url, self.key_hosts, self.key_domains)


def _is_on(address: str, hosts: frozenset[str], domains: tuple[str, ...]) -> bool:
    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme == "https" and (
        host in hosts or any(host.endswith(f".{domain}") for domain in domains)
    )


class ScoreRefusal(enum.StrEnum):
    """Why a platform refused a score for good, as far as its answer says; pages put it into words."""

    NOT_A_LEARNER = "not_a_learner"
    """The person is no learner of the course, or not any more."""
    COURSE_ENDED = "course_ended"
    NO_ATTEMPT_LEFT = "no_attempt_left"
    UNPUBLISHED = "unpublished"
    """The activity is not published yet."""
    LINE_ITEM_GONE = "line_item_gone"
    OTHER = "other"


class Platform:
    """A learning platform. This class is one of which nothing is known but the specifications."""

    family: ClassVar[str | None] = None
    """Its ``product_family_code``, in lower case."""
    name: ClassVar[str | None] = None
    """What people call it."""
    theme: ClassVar[str] = NEUTRAL_THEME
    """The look of pages inside it; a theme of ``static/css/tandem.css``."""
    hosted: ClassVar[HostedHosts | None] = None
    organisations_share_registration: ClassVar[bool] = False
    """Whether deployments of one registration may belong to different companies."""
    needs_activation: ClassVar[bool] = False
    """Whether an administrator has to switch a registered tool on and show it to teachers."""
    labels: ClassVar[Mapping[str, ProductLabel]] = MappingProxyType({})
    """What its own pages call the places to which people are sent."""
    line_item_advice: ClassVar[Message] = Message(
        N_(
            "In the settings of this activity in your platform, allow it to send grades, then open it once more. "
            "Or add it anew with the content picker: that does it for you."
        )
    )
    """For a teacher whose activity came without a line item."""

    def frame_origins(self, issuer: str, auth_login_url: str) -> list[str]:
        """The origins whose pages may frame the tool: the issuer's, the auth URL's, and the vendor's."""
        return [
            *framing_origins(issuer, auth_login_url),
            *(self.hosted.frame_origins if self.hosted else ()),
        ]

    def deep_linking_audience(self, issuer: str) -> str:
        """``aud`` of a deep-linking response: the issuer, as text, which every platform met so far accepts."""
        return issuer

    # Scores. What is said of none is true of a platform of which nothing is known.

    keeps_teachers_grades: ClassVar[bool] = False
    """Whether a grade that a teacher entered stays, whatever score is posted later."""
    keeps_grades_from_states: ClassVar[bool] = False
    """Whether a grade stays when a score is posted that sets none, such as ``InProgress`` and ``Pending``."""

    results_lag: ClassVar[dt.timedelta] = dt.timedelta(minutes=1)
    """For how long after it took a score its results may still lack it."""
    person_in_results_path: ClassVar[bool] = False
    """Whether the results of one person have an address of their own, rather than the parameter ``user_id``."""

    def score_extension(
        self, *, completed: bool, graded_before: bool = False, completed_before: bool = False
    ) -> dict[str, Any]:
        """What is added to a score (AGS §3.4.1).

        ``completed``: whether it says that the activity is completed. ``graded_before``, ``completed_before``: whether
        a grade of the tool for this person may have arrived before, and whether the platform took one that said so.
        """
        del completed, graded_before, completed_before
        return {}

    def is_earlier_timestamp_error(self, body: bytes) -> bool:
        """Whether an answer 400 to a score means that its timestamp is not later than the latest."""
        del body
        return False

    def score_refusal(self, status: int, body: bytes) -> ScoreRefusal:
        """Why it refused a score for good, by its answer."""
        del body
        return ScoreRefusal.LINE_ITEM_GONE if status in (404, 410) else ScoreRefusal.OTHER
