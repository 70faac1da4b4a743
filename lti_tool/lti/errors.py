"""Why a login, launch, registration or response was refused: one class for each reason.

The class's docstring is the text for the log, ``reason`` is the code of the audit row, ``status`` the HTTP
status, and ``advice`` selects the error page's text (:mod:`lti_tool.web.refusal_pages`). The docstring is
never shown to the user, because it would help an attacker.
"""

from __future__ import annotations

import enum
import re
from typing import ClassVar


class Advice(enum.Enum):
    """What a person can do about a refusal; each has its words in :mod:`lti_tool.web.refusal_pages`."""

    OPEN_AGAIN = "open again"
    CONTACT_ADMIN = "ask the administrator"
    PLATFORM_UNKNOWN = "a platform that is not connected"
    AWAIT_APPROVAL = "await approval"
    SIGN_IN = "sign in to the LMS"
    NEW_TAB = "continue in a new tab"
    SESSION_OVER = "session over"
    SIGNED_OUT = "signed out"
    SESSION_OVER_FORM_KEPT = "session over, form kept"
    SESSION_OVER_FORM_LOST = "session over, form not kept"
    SESSION_OVER_FORM_SAVED = "session over, form saved before"
    PAGE_UNKNOWN = "no such page"
    NOT_YOURS = "not your page"
    TUTORS_ONLY = "for tutors"
    TAKEN_OVER = "settings that owners keep to themselves"
    NOT_ENROLLED = "an administrator who is not enrolled"
    NAMELESS = "no person"
    COURSE_LEFT = "not in the course"
    WITHDRAWN = "access withdrawn"
    FORM_AGAIN = "send the form again"
    TOO_LARGE = "too large"
    WAIT = "wait a minute"


class Refused(Exception):
    """The request was refused."""

    status: ClassVar[int] = 400
    reason: ClassVar[str] = "refused"
    step: ClassVar[str] = "launch"
    advice: ClassVar[Advice] = Advice.CONTACT_ADMIN
    names_registration: ClassVar[bool] = False
    """Whether issuer and client id are those of a registration, and not what anybody may write into a request."""

    def __init_subclass__(cls) -> None:
        """Name the reason after the class: ``NonceWrong`` is recorded as ``nonce_wrong``."""
        if "reason" not in cls.__dict__:
            cls.reason = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(
        self,
        detail: str = "",
        *,
        issuer: str | None = None,
        client_id: str | None = None,
        deployment_id: str | None = None,
        reference: str | None = None,
    ) -> None:
        """``reference``: shown on the page in place of the request's, so that a command finds what it is about."""
        super().__init__(detail or (self.__doc__ or "").strip())
        self.detail = detail
        self.reference = reference
        self.issuer = issuer
        self.client_id = client_id
        self.deployment_id = deployment_id


# The login, OpenID Connect third-party initiated: 1EdTech security framework §5.1.1.1


class LoginRefused(Refused):
    """The login was refused."""

    step = "login"


class LoginMalformed(LoginRefused):
    """A parameter of the login request is missing, too long or not what the specification says."""


class IssuerUnknown(LoginRefused):
    """No registration names this issuer."""

    status = 403
    advice = Advice.PLATFORM_UNKNOWN


class ClientUnknown(LoginRefused):
    """The issuer is known, but not with this client id."""

    status = 403
    advice = Advice.PLATFORM_UNKNOWN


class ClientAmbiguous(LoginRefused):
    """The login names no client id and the issuer has several registrations."""


class TargetElsewhere(LoginRefused):
    """target_link_uri is not an address of this tool."""


# The state and the browser


class LaunchMalformed(Refused):
    """The launch request lacks its state or its id_token, or repeats or overfills them."""


class LaunchRefused(Refused):
    """The launch was refused, by the registration whose login it answers."""

    names_registration = True


class StateUnknown(LaunchRefused):
    """No login made this state."""

    status = 403
    advice = Advice.OPEN_AGAIN


class StateUsed(StateUnknown):
    """This state has opened, or failed to open, a launch already."""


class StateExpired(StateUnknown):
    """The login took longer than ten minutes."""


class OtherBrowser(StateUnknown):
    """The launch arrived from another browser than its login."""


class NoBrowserProof(LaunchRefused):
    """The launch is right, but no cookie and no stored proof shows that this browser made the login."""

    status = 403
    advice = Advice.NEW_TAB


class PlatformRefused(LaunchRefused):
    """The platform answered the login with an error instead of a token."""

    status = 403
    advice = Advice.CONTACT_ADMIN


class PlatformWantsSignIn(PlatformRefused):
    """The platform wants the person to sign in, or to choose or confirm something there."""

    reason = PlatformRefused.reason
    advice = Advice.SIGN_IN


class PlatformLaunchOver(PlatformRefused):
    """The platform has sent this launch already, or it took too long."""

    reason = PlatformRefused.reason
    advice = Advice.OPEN_AGAIN


class PlatformUnavailable(PlatformRefused):
    """The platform cannot answer just now."""

    reason = PlatformRefused.reason
    advice = Advice.OPEN_AGAIN


class TooLarge(Refused):
    """The request is larger than any real launch."""

    status = 413
    advice = Advice.TOO_LARGE


# Too many at once: lti_tool.web.rate_limits


class TooManyRequests(Refused):
    """More requests than one client, or one registration, may send in a minute."""

    status = 429
    advice = Advice.WAIT
    names_registration = True

    def __init__(
        self,
        detail: str = "",
        *,
        issuer: str | None = None,
        client_id: str | None = None,
        deployment_id: str | None = None,
        client: str | None = None,
        retry_after: int = 60,
    ) -> None:
        """``client``: the address that is refused, for the log alone. ``retry_after``: for how many seconds it is."""
        super().__init__(detail, issuer=issuer, client_id=client_id, deployment_id=deployment_id)
        self.client = client
        self.retry_after = retry_after


class TooManyLogins(TooManyRequests):
    """One client begins too many logins."""

    step = "login"


class TooManyLaunches(TooManyRequests):
    """One client sends too many launches."""


class TooManyVerifiedLaunches(TooManyRequests):
    """One registration sends too many launches with right signatures."""


class TooManyConfirmations(TooManyRequests):
    """One client opens too many launches in a new tab."""


class TooManyUnknownPages(TooManyRequests):
    """One client asks for too many pages of launches that are unknown, or of another browser."""

    step = "session"


class TooManyRegistrationRequests(TooManyRequests):
    """One client opens the pages for connecting a platform too often."""

    step = "registration"


# The token: 1EdTech security framework §5.1.3


class TokenMalformed(LaunchRefused):
    """The id_token is not a signed JSON Web Token."""


class AlgorithmNotAllowed(LaunchRefused):
    """The id_token is not signed with RS256."""


class KidMissing(LaunchRefused):
    """The id_token does not say which key signed it."""


class KidUnknown(LaunchRefused):
    """The platform publishes no usable key of this name."""

    status = 403


class KeysetUnreadable(LaunchRefused):
    """The platform's key set cannot be read."""

    status = 403


class KeysetBusy(LaunchRefused):
    """The platform's key set is still being read, or as many launches wait for it as may."""

    status = 429
    advice = Advice.OPEN_AGAIN


class SignatureWrong(LaunchRefused):
    """The signature is not the platform's."""

    status = 403


class NonceWrong(LaunchRefused):
    """The nonce is not the one of this login."""

    status = 403
    advice = Advice.OPEN_AGAIN


class IssuerMismatch(LaunchRefused):
    """The token's issuer is not the one whose login this was."""

    status = 403


class AudienceWrong(LaunchRefused):
    """The token is not meant for this registration's client id."""

    status = 403


class AuthorizedPartyWrong(LaunchRefused):
    """azp names another client, or is missing from a token with several audiences."""

    status = 403


class TokenExpired(LaunchRefused):
    """The token's time is over."""

    status = 403
    advice = Advice.OPEN_AGAIN


class TokenFromTheFuture(LaunchRefused):
    """The token's iat or nbf lies in the future: a clock is wrong."""

    status = 403


class TokenTooOld(LaunchRefused):
    """The token was issued before the login that it answers could have begun."""

    status = 403
    advice = Advice.OPEN_AGAIN


# The message: LTI 1.3 core §5.3


class ClaimMissing(LaunchRefused):
    """A claim that the message needs is missing."""


class ClaimsMalformed(LaunchRefused):
    """A claim has another type or length than the specification gives it."""


class VersionWrong(LaunchRefused):
    """The version is not 1.3.0."""


class ReviewOfAnother(LaunchRefused):
    """Somebody who does not teach the course asks to review another person's work."""

    status = 403
    advice = Advice.TUTORS_ONLY


class MessageTypeWrong(LaunchRefused):
    """The message is of a type that this tool does not take."""


class TargetClaimElsewhere(LaunchRefused):
    """The target_link_uri claim is not an address of this tool."""


class DeploymentAwaitsApproval(LaunchRefused):
    """The deployment is new or not yet approved by this tool's administrator."""

    status = 403
    advice = Advice.AWAIT_APPROVAL


class DeploymentOfAnotherTenant(LaunchRefused):
    """The deployment belongs to another registration of the same issuer."""

    status = 403


class DeploymentDiffers(LaunchRefused):
    """The deployment is not the one that the login named."""

    status = 403


class RegistrationDeleted(LaunchRefused):
    """The registration or the deployment was deleted while this process still had it in memory."""

    status = 403


# After the launch


class DeploymentWithdrawn(Refused):
    """The deployment is not approved any more: what was opened before is closed, and what waits does not open."""

    status = 403
    step = "session"
    advice = Advice.WITHDRAWN
    names_registration = True


class HandoffUnknown(Refused):
    """The address that continues a launch in a new tab is unknown, used or more than two minutes old."""

    status = 410
    advice = Advice.OPEN_AGAIN


class HandoffForged(Refused):
    """The confirmation that continues a launch was sent by a page of another site."""

    status = 403
    advice = Advice.OPEN_AGAIN
