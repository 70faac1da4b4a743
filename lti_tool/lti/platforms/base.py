"""What a platform does as the specifications say; every product's differences are a subclass of :class:`Platform`."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
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


class MakesLineItems(enum.Enum):
    """Whether the tool makes a line item for an activity whose launches name none."""

    AT_ONCE = enum.auto()
    """The platform leaves it to tools."""
    WHEN_ASKED = enum.auto()
    """It is of use to some: a tutor chooses."""


class ScoreRefusal(enum.StrEnum):
    """Why a platform refused a score for good, as far as its answer says, or why it was not sent; pages put it into
    words."""

    NOT_A_LEARNER = "not_a_learner"
    """The person is no learner of the course, or not any more."""
    COURSE_ENDED = "course_ended"
    NO_ATTEMPT_LEFT = "no_attempt_left"
    UNPUBLISHED = "unpublished"
    """The activity is not published yet."""
    LINE_ITEM_GONE = "line_item_gone"
    """The score waits for days before: a proxy in maintenance may say so too."""
    EMPTIED = "emptied"
    """Of a grade that is missing: it is listed without a number, so that somebody has emptied it."""
    NOT_INSTALLED = "not_installed"
    """The tool is not, or no longer, allowed in this course. The score waits until it is."""
    NOT_SENT = "not_sent"
    """What the tool stored for sending it cannot be read, so that no platform was asked."""
    OTHER = "other"


@dataclass(frozen=True)
class ToolDescription:
    """What a registration says of the tool to a platform."""

    base_url: str
    title: str
    """In the language of whoever registers it, as is :attr:`description`."""
    description: str
    titles: Mapping[str, str]
    """The title by language tag."""
    scopes: tuple[str, ...]

    @property
    def launch_url(self) -> str:
        """The one address that is launched, which is the redirect URI, too."""
        return f"{self.base_url}/lti/launch"

    @property
    def login_url(self) -> str:
        """Where a login begins."""
        return f"{self.base_url}/lti/login"

    @property
    def key_set_url(self) -> str:
        """Where the tool's keys are."""
        return f"{self.base_url}/.well-known/jwks.json"

    @property
    def icon_url(self) -> str:
        """A picture to show beside its name."""
        return f"{self.base_url}/static/icon.svg"

    @property
    def domain(self) -> str:
        """Its host, with the port where there is one."""
        return urlsplit(self.base_url).netloc


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
    has_course_history: ClassVar[bool] = False
    """Whether it knows the variable ``Context.id.history``, be it in its configuration or not."""
    takes_submission_review: ClassVar[bool] = True
    """Whether a line item may say that its work can be reviewed in the tool; unknown members of it do no harm there."""
    after_registration: ClassVar[tuple[Message, ...]] = ()
    """What an administrator still has to do there once the tool is registered, step by step."""
    publishing_advice: ClassVar[Message | None] = None
    """For a teacher where what the content picker adds is hidden from learners at first."""
    unpublished_hint: ClassVar[Message | None] = None
    """The same for a teacher to whose activity nobody has come yet."""
    line_item_advice: ClassVar[Message] = Message(
        N_(
            "In the settings of this activity in your platform, allow it to send grades, then open it once more. "
            "Or add it anew with the content picker: that does it for you."
        )
    )
    """For a teacher whose activity came without a line item."""
    adding_advice: ClassVar[Message] = Message(
        N_(
            "Add the activity to the course, as your platform adds an external tool; there you choose the programme."
        )
    )
    """For a teacher in the menu of a course that has no activity yet."""
    gradebook_closed_advice: ClassVar[Message] = Message(
        N_(
            "Your platform gives this tool no access to its gradebook, whatever the settings of this activity say. Ask "
            "an administrator to switch on assignment and grade services for it, then open the activity once more."
        )
    )
    """For a teacher whose activity came without any right to a gradebook service."""
    makes_line_items: ClassVar[MakesLineItems] = MakesLineItems.WHEN_ASKED
    made_line_items_bound: ClassVar[bool] = True
    """Whether a line item is made for its resource link; else for the course."""
    made_line_items_were_bound: ClassVar[bool] = False
    """Whether an earlier version of the tool made them for their resource links there, and does not any more."""
    unbinds_line_items: ClassVar[bool] = False
    """Whether a line item is for no link any more once it is replaced by one without a link and with another tag."""
    made_line_item_note: ClassVar[Message | None] = Message(
        N_(
            "A column that is made so shows the grades. Whether they complete the activity is up to your platform."
        )
    )
    """What a line item that the tool makes is good for, to a teacher; None where it is as good as any."""

    def line_item_id(self, path: str) -> str:
        """What names a line item among those of its course, from the path of its address; all of it where more is
        not known.
        """
        return path

    def frame_origins(self, issuer: str, auth_login_url: str) -> list[str]:
        """The origins whose pages may frame the tool: the issuer's, the auth URL's, and a vendor's that hosts it."""
        hosted = self.hosted if self.hosted is not None and self.hosted.has(auth_login_url) else None
        return [
            *framing_origins(issuer, auth_login_url),
            *(hosted.frame_origins if hosted is not None else ()),
        ]

    def registration_messages(self, tool: ToolDescription) -> list[dict[str, Any]]:
        """``messages`` of a dynamic registration (LTI-DR §3.5.3): content picker, launches, submission review."""
        shown = {"target_link_uri": tool.launch_url, **labels_of(tool)}
        return [
            {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"], **shown},
            {"type": "LtiResourceLinkRequest", **shown},
            {"type": "LtiSubmissionReviewRequest", **shown},
        ]

    def registration_extensions(self) -> dict[str, Any]:
        """What a dynamic registration's tool configuration says beyond the specification."""
        return {}

    def assertion_audience(self, token_url: str, authorization_server: str | None) -> str:
        """``aud`` of client assertions: the authorization server where the platform names one, else its token URL."""
        return authorization_server or token_url

    def token_advice(self, error: str, description: str) -> str | None:
        """What an operator can do about a token that was refused (RFC 6749 §5.2), where more is known than its code."""
        del error, description
        return None

    def service_advice(self, status: int) -> str | None:
        """What an operator can do about a service that answered with this status, where more is known."""
        del status
        return None

    def is_throttled(self, status: int, body: bytes) -> bool:
        """Whether a service answers so because it is asked too often (RFC 6585 §4)."""
        del body
        return status == HTTPStatus.TOO_MANY_REQUESTS

    def deep_linking_audience(self, issuer: str) -> str:
        """``aud`` of a deep-linking response: the issuer, as text, which every platform met so far accepts."""
        return issuer

    def is_course_itself(self, context_id: str, resource_link_id: str) -> bool:
        """Whether a launch of this link is one of the course, from its own menu, and of no activity in it."""
        del context_id, resource_link_id
        return False

    def activity_address(self, issuer: str, resource_link_id: str) -> str | None:
        """Where a link's own page is on the platform, for whoever comes from another course; None where not known."""
        del issuer, resource_link_id
        return None

    names_enrolments: ClassVar[bool] = False
    """Whether a launch names a role in the course of everybody who is enrolled there now."""
    has_unique_contexts: ClassVar[bool] = False
    """Whether a course has the same id in each deployment of a registration, and no other course has it."""

    # Scores. What is said of none is true of a platform of which nothing is known.

    keeps_teachers_grades: ClassVar[bool] = False
    """Whether a grade that a teacher entered in a coupled line item stays, whatever score is posted later."""
    keeps_grades_from_states: ClassVar[bool] = False
    """Whether a grade stays when a score is posted that sets none, such as ``InProgress`` and ``Pending``."""

    emptied_advice: ClassVar[Message] = Message(
        N_(
            "Somebody has emptied this grade in the gradebook. Ours was sent once more, and the grade is empty."
        )
    )
    """For a tutor, of a grade that was emptied there, sent again, and is empty still."""
    kept_grade_note: ClassVar[Message | None] = None
    """What else a grade brings about that a teacher entered instead of ours, to a tutor; None where it is as good."""
    merges_people: ClassVar[bool] = False
    """Whether the results of somebody whose accounts were merged are listed under another id than launches give."""
    results_are_own_word: ClassVar[bool] = False
    """Whether its results are what the tool posted last, be it in the gradebook or not."""
    only_final_grades_note: ClassVar[Message | None] = None
    """Why it gets the grade of a completed programme alone, to a teacher; None where grades may grow."""
    results_lag: ClassVar[dt.timedelta] = dt.timedelta(minutes=1)
    """For how long after it took a score its results may still lack it."""
    results_take_limit: ClassVar[bool] = True
    """Whether results may be asked for in pages, by ``limit``."""
    has_results_of_every_line_item: ClassVar[bool] = False
    """Whether an answer that there are no results at an address says that the line item is not there."""
    person_in_results_path: ClassVar[bool] = False
    """Whether the results of one person have an address of their own, rather than the parameter ``user_id``."""

    def line_item_advice_for(self, scopes: Collection[str]) -> Message:
        """For a teacher whose activity came without a line item; ``scopes``: the rights that its launch gave."""
        return self.line_item_advice if scopes else self.gradebook_closed_advice

    def score_extension(
        self, *, completed: bool, grades: bool, replaces_own: bool = False, completed_before: bool = False
    ) -> dict[str, Any]:
        """What is added to a score (AGS §3.4.1).

        ``completed``: whether it says that the activity is completed. ``grades``: whether it sets a grade.
        ``replaces_own``: whether another grade of the tool for this person may be there. ``completed_before``: whether
        the platform took one that said that the activity is completed.
        """
        del completed, grades, replaces_own, completed_before
        return {}

    def without_attempt(self, score: Mapping[str, Any]) -> dict[str, Any] | None:
        """The same score as no attempt of the person's, where it was to count as one; else None."""
        del score
        return None

    def is_earlier_timestamp_error(self, body: bytes) -> bool:
        """Whether an answer 400 to a score means that its timestamp is not later than the latest."""
        del body
        return False

    def score_refusal(self, status: int, body: bytes) -> ScoreRefusal:
        """Why it refused a score for good, by its answer."""
        del body
        return ScoreRefusal.LINE_ITEM_GONE if status in (404, 410) else ScoreRefusal.OTHER


def labels_of(tool: ToolDescription) -> dict[str, str]:
    """``label`` of a message, and its translations by the names that OpenID Connect gives their fields."""
    return {"label": tool.title, **{f"label#{tag}": title for tag, title in tool.titles.items()}}
