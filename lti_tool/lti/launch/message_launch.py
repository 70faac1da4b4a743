"""Launch: the platform's signed message is checked, every part of it, and becomes a :class:`VerifiedLaunch`.

PyLTI1p3's chain of steps, each step replaced by one that refuses what the specification refuses: LTI 1.3 core §5
(https://www.imsglobal.org/spec/lti/v1p3#message-launch) and 1EdTech security framework §5.1.2 and §5.1.3
(https://www.imsglobal.org/spec/security/v1p0#authentication-response-validation). Whatever is wrong with a token is
one :class:`lti_tool.lti.errors.Refused`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import structlog
from marshmallow import ValidationError
from pylti1p3.cookie import CookieService
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.request import Request
from sqlalchemy.orm import Session

from lti_tool.database import Database, insert_for
from lti_tool.identity.models import CourseRole
from lti_tool.lti import errors
from lti_tool.lti.launch.keysets import PlatformKeys
from lti_tool.lti.launch.login import BROWSER_COOKIE
from lti_tool.lti.launch.login_states import (
    LOGIN_LIFETIME,
    LoginStates,
    PendingLogin,
    secret_hash,
    target_digest,
)
from lti_tool.lti.launch.named_places import new_frame_origins
from lti_tool.lti.launch.persist import (
    DEEP_LINKING_REQUEST,
    RESOURCE_LINK_REQUEST,
    SUBMISSION_REVIEW_REQUEST,
    VerifiedLaunch,
)
from lti_tool.lti.launch.token_parts import decoded, header, json_object
from lti_tool.lti.launch.tool_config import DatabaseToolConfig, PlatformRegistration
from lti_tool.lti.launch.verified_launch import return_url_of, reviewed_person, verified_launch
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, deployment_reference
from lti_tool.lti.roles import resolve
from lti_tool.outbound.origins import same_origin
from schemas.claims import MISSING, ClaimsSchema, first_problem

LEEWAY = 60.0
"""Seconds by which the platform's clock and ours may differ."""
OLDEST = LOGIN_LIFETIME.total_seconds()
"""Seconds: a token answers a login, and no login lasts longer than this."""
VERSION = "1.3.0"

_log = structlog.get_logger(__name__)

_MESSAGE_TYPES: Final = (RESOURCE_LINK_REQUEST, DEEP_LINKING_REQUEST, SUBMISSION_REVIEW_REQUEST)
_SCHEMA = ClaimsSchema()
_DEPLOYMENT_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"


class Launch(MessageLaunch[Request, DatabaseToolConfig, LoginStates, CookieService]):
    """One launch request on its way through the checks. :meth:`validate` runs them all, in PyLTI1p3's order."""

    _registration: PlatformRegistration | None

    def __init__(
        self,
        request: Request,
        tool_config: DatabaseToolConfig,
        states: LoginStates,
        cookies: CookieService,
        *,
        form: Mapping[str, Any],
        base_url: str,
        database: Database,
        platform_keys: PlatformKeys,
    ) -> None:
        """``form``: what :class:`schemas.login.LaunchFormSchema` loaded. ``base_url``: the tool's own origin."""
        super().__init__(request, tool_config, states, cookies, requests_session=_NO_REQUESTS)
        self._form = form
        self._base_url = base_url
        self._database = database
        self._platform_keys = platform_keys
        self._registration = None
        self._login: PendingLogin
        self._malformed: str | None = None
        self._header: Mapping[str, Any]
        self._signed: bytes
        self._signature: bytes
        self._claims: dict[str, Any] = {}
        self._deployment_row: uuid.UUID
        self.verified: VerifiedLaunch
        """Set by :meth:`validate`."""
        self.browser_proved = False
        """Whether the browser showed the secret that its login gave it."""

    @property
    def login(self) -> PendingLogin:
        """What the login handed over, once :attr:`registration` is known."""
        return self._login

    @property
    def registration(self) -> PlatformRegistration | None:
        """The registration, known as soon as the state is."""
        return self._registration

    @property
    def frame_origins(self) -> list[str]:
        """What may frame the answer: the registration's origins, and those that a verified token of a vendor names."""
        if self._registration is None:
            return []
        if not self._claims:
            return self._registration.frame_origins
        return [*self._registration.frame_origins, *new_frame_origins(self._claims, self._registration)]

    @property
    def return_address(self) -> str | None:
        """``return_url`` of a verified token, for the page of a launch that is refused all the same."""
        return return_url_of(self._claims) if self._claims else None

    def _get_request_param(self, key: str) -> str:
        return self._form.get(key) or ""

    def _refuse(
        self, refusal: type[errors.Refused], detail: str = "", *, reference: str | None = None
    ) -> NoReturn:
        """Raise ``refusal`` with what is known of the platform, for the audit row."""
        body: Any = self._jwt.get("body", {})
        named = body.get(_DEPLOYMENT_CLAIM)
        raise refusal(
            detail,
            issuer=self._registration.issuer if self._registration else None,
            client_id=self._registration.client_id if self._registration else None,
            deployment_id=named if isinstance(named, str) else None,
            reference=reference,
        )

    def validate_state(self) -> Launch:
        """Read what the login handed over, and see whether it was this browser's."""
        refused_by_platform = self._form.get("error")
        try:
            self._login = self._session_service.read(self._form["state"] or "")
        except (errors.StateUnknown, errors.StateExpired):
            if not refused_by_platform:
                raise
        else:
            self._registration = self._login.registration
            self.browser_proved = self._is_browser_of_login()
        if refused_by_platform:
            # An authentication error response (OpenID Connect core §3.1.2.6), with or without a state of ours.
            self._refuse(
                _PLATFORM_ERRORS.get(refused_by_platform, errors.PlatformRefused), refused_by_platform
            )
        self._decode_token(self._form["id_token"])
        return self

    def _is_browser_of_login(self) -> bool:
        """Whether the browser brought the secret of its login; False where it keeps no cookie."""
        secret = self._cookie_service.get_cookie(BROWSER_COOKIE)
        if secret and secret_hash(secret) != self._login.browser_hash:
            self._refuse(errors.OtherBrowser)
        return bool(secret)

    def _decode_token(self, token: str) -> None:
        """Take the token apart, or note why that cannot be done; nothing in it is verified yet."""
        parts = token.split(".")
        if len(parts) != 3:
            self._malformed = "a token has three parts"
            return
        try:
            self._header = header(parts[0])
            self._signature = decoded(parts[2]) if parts[2] else b""
            self._jwt = {"body": json_object(decoded(parts[1]))}  # type: ignore[typeddict-item]  # checked later
        except (ValueError, RecursionError) as error:
            self._malformed = str(error)[:200]
            return
        self._signed = f"{parts[0]}.{parts[1]}".encode("ascii")

    def validate_jwt_format(self) -> Launch:
        """Refuse a malformed token here, where the state and its browser are known."""
        if self._malformed is not None:
            self._refuse(errors.TokenMalformed, self._malformed)
        return self

    def validate_nonce(self) -> Launch:
        """The nonce must be the one of the login that this state belongs to."""
        if self._text_claim("nonce") != self._login.nonce:
            self._refuse(errors.NonceWrong)
        return self

    def validate_registration(self) -> Launch:
        """Issuer and audience must be those of the registration whose login this was."""
        registration = self._login.registration
        issuer = self._text_claim("iss")
        if issuer != registration.issuer:
            self._refuse(errors.IssuerMismatch, issuer[:200])
        body: Any = self._jwt["body"]
        audience = body.get("aud")
        if audience in (None, "", []):
            self._refuse(errors.ClaimMissing, "aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if not all(isinstance(one, str) for one in audiences):
            self._refuse(errors.ClaimsMalformed, "aud")
        if registration.client_id not in audiences:
            self._refuse(errors.AudienceWrong, ", ".join(audiences)[:200])
        party = body.get("azp")
        if (party is not None or len(audiences) > 1) and party != registration.client_id:
            self._refuse(errors.AuthorizedPartyWrong, repr(party)[:200])
        return self

    def validate_jwt_signature(self) -> Launch:
        """RS256 alone, with a key from the registration's key set; then the claims' types and the times."""
        algorithm, kid = self._header.get("alg"), self._header.get("kid")
        if algorithm != "RS256" or "crit" in self._header:
            self._refuse(errors.AlgorithmNotAllowed, repr(algorithm)[:50])
        if kid is None or kid == "":
            self._refuse(errors.KidMissing)
        if not isinstance(kid, str) or len(kid) > 255 or not kid.isprintable():
            self._refuse(errors.TokenMalformed, "kid")
        try:
            key = self._platform_keys.find(self._login.registration, kid)
        except (errors.KidUnknown, errors.KeysetUnreadable, errors.KeysetBusy) as error:
            self._refuse(type(error), error.detail)
        if not key.Algorithm.verify(self._signed, key.key, self._signature):
            self._refuse(errors.SignatureWrong)
        try:
            self._claims = _SCHEMA.load(self._jwt["body"])
        except ValidationError as error:
            claim, problem = first_problem(error)
            refusal = errors.ClaimMissing if problem == MISSING else errors.ClaimsMalformed
            self._refuse(refusal, f"{claim} {problem}"[:200])
        self._validate_times(time.time())
        return self

    def _validate_times(self, now: float) -> None:
        claims = self._claims
        if now > claims["exp"] + LEEWAY:
            self._refuse(errors.TokenExpired, f"by {now - claims['exp']:.0f} s")
        for name in ("iat", "nbf"):
            if claims[name] is not None and claims[name] > now + LEEWAY:
                self._refuse(errors.TokenFromTheFuture, f"{name} by {claims[name] - now:.0f} s")
        if now > claims["iat"] + OLDEST + LEEWAY:
            self._refuse(errors.TokenTooOld, f"{now - claims['iat']:.0f} s")

    def validate_deployment(self) -> Launch:
        """The deployment must be approved, of this registration, and the one that the login named if it did."""
        deployment_id = self._claims["deployment_id"]
        hint = self._login.deployment_hint
        if hint is not None and hint != deployment_id:
            self._refuse(errors.DeploymentDiffers, hint)
        registration = self._login.registration
        approved = self._tool_config.approved_deployment(registration, deployment_id)
        if approved is not None:
            self._deployment_row = approved
            return self
        rows = self._tool_config.deployments_named(registration, deployment_id)
        if all(row.registration_id != registration.id for row in rows):
            if any(row.status == DeploymentStatus.APPROVED for row in rows):
                self._refuse(errors.DeploymentOfAnotherTenant)
            with self._database.transaction() as db:
                _await_approval(db, registration.id, deployment_id)
            rows = self._tool_config.deployments_named(registration, deployment_id)
        waiting = next(row.id for row in rows if row.registration_id == registration.id)
        return self._refuse(errors.DeploymentAwaitsApproval, reference=deployment_reference(waiting))

    def validate_message(self) -> Launch:
        """The claims that this version and this type of message must have."""
        claims = self._claims
        if claims["version"] != VERSION:
            self._refuse(errors.VersionWrong, repr(claims["version"])[:100])
        if claims["message_type"] not in _MESSAGE_TYPES:
            self._refuse(errors.MessageTypeWrong, repr(claims["message_type"])[:100])
        if not same_origin(claims["target_link_uri"], self._base_url):
            self._refuse(errors.TargetClaimElsewhere, claims["target_link_uri"][:200])
        if target_digest(claims["target_link_uri"]) != self._login.target_digest:
            # LTI 1.3 core §5.3.4 wants them equal, but Canvas names a link's own address in the token alone.
            _log.debug("target_differs", claimed=claims["target_link_uri"][:200])
        if claims["message_type"] == RESOURCE_LINK_REQUEST and claims["resource_link_id"] is None:
            self._refuse(errors.ClaimMissing, "resource_link")
        if claims["message_type"] == DEEP_LINKING_REQUEST and claims["deep_linking"] is None:
            self._refuse(errors.ClaimMissing, "deep_linking_settings")
        if claims["message_type"] == SUBMISSION_REVIEW_REQUEST:
            self._validate_review()
        return self

    def _validate_review(self) -> None:
        """Whose work is to be reviewed, ``for_user``: a teacher sees anybody's, and everybody their own.

        Moodle's ``for_user`` has a ``user_id`` and nothing else.
        """
        named = self._claims["for_user"]
        if named is None:
            self._refuse(errors.ClaimMissing, "for_user")
        reviewed = reviewed_person(named)
        if reviewed is None:
            self._refuse(errors.ClaimsMalformed, "for_user")
        if resolve(self._claims["roles"]).role != CourseRole.TUTOR and reviewed != self._claims["sub"]:
            self._refuse(errors.ReviewOfAnother)

    def save_launch_data(self) -> Launch:
        """Keep the launch's values; the rows are written by whoever lets the person in."""
        self.verified = verified_launch(self._claims, self._login.registration, self._deployment_row)
        return self

    def _text_claim(self, name: str) -> str:
        value = self._jwt["body"].get(name)
        if value is None or value == "":
            self._refuse(errors.ClaimMissing, name)
        if not isinstance(value, str):
            self._refuse(errors.ClaimsMalformed, name)
        return value


_PLATFORM_ERRORS: Final[Mapping[str, type[errors.Refused]]] = {
    # OpenID Connect core §3.1.2.6, RFC 6749 §4.1.2.1, and a code of Canvas's own (authentication_controller.rb).
    "login_required": errors.PlatformWantsSignIn,
    "interaction_required": errors.PlatformWantsSignIn,
    "account_selection_required": errors.PlatformWantsSignIn,
    "consent_required": errors.PlatformWantsSignIn,
    "launch_no_longer_valid": errors.PlatformLaunchOver,
    "server_error": errors.PlatformUnavailable,
    "temporarily_unavailable": errors.PlatformUnavailable,
}
"""What a platform's error means for the person; any other is for the administrators."""
_NO_REQUESTS: Any = object()
"""Given to PyLTI1p3 in place of a session: all fetching is :class:`PlatformKeys`'s."""


def _await_approval(db: Session, registration_id: uuid.UUID, deployment_id: str) -> None:
    """Note a deployment that nobody has approved yet; many of its people may arrive at once."""
    insert = insert_for(db, Deployment).values(
        registration_id=registration_id, deployment_id=deployment_id, status=DeploymentStatus.PENDING
    )
    db.execute(insert.on_conflict_do_nothing())
