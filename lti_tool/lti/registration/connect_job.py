"""The job that connects a platform: it reads the platform's configuration and posts ours, and no page waits for it.

The platform is asked once at most. That it is about to be asked is committed before the request leaves, and the
registration token is deleted with it; a process that ends in between leaves an attempt of which nobody knows what the
platform has made of it, so the job then fails and says so.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

import sqlalchemy as sa
import structlog
from marshmallow import Schema
from sqlalchemy.orm import Session

from lti_tool.config import Config
from lti_tool.database import Database, utcnow
from lti_tool.encryption import SecretKeyChanged, Vault
from lti_tool.events import log as event_log
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import NOBODY, TOOL
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobFailed, JobKind, RunningJob
from lti_tool.lti import refusal_log
from lti_tool.lti.errors import Refused
from lti_tool.lti.launch.keysets import PlatformKeys
from lti_tool.lti.launch.login_states import secret_hash
from lti_tool.lti.launch.tool_config import PlatformRegistration
from lti_tool.lti.registration.dynamic import (
    Platform,
    PlatformAnswerLost,
    PlatformAnswerUnreadable,
    RegistrationNotStored,
    RegistrationRequest,
    RegistrationTooLate,
    post_registration,
    read_platform,
    tool_configuration,
)
from lti_tool.lti.registration.invitations import (
    InvitationRefused,
    check_open,
    open_invitation,
    release,
    reserve,
    use,
)
from lti_tool.lti.registration.models import Invitation, Registration, RegistrationAttempt
from lti_tool.lti.registration.registrations import AlreadyRegistered, AudienceTaken, NewRegistration, add
from lti_tool.outbound.client import GuardedHttp
from lti_tool.outbound.origins import origin_of
from schemas.jobs import RegistrationAttemptJobSchema

REQUEST_KEPT_FOR: Final = dt.timedelta(hours=1)
"""How long a platform's permission is kept for it to be asked; Moodle's own is valid for as long."""
_MAY_BE_REGISTERED: Final = (PlatformAnswerUnreadable, AlreadyRegistered)
"""After these the platform may have the tool: the invitation stays reserved, so that nobody asks it again at once."""

_log = structlog.get_logger(__name__)


class ConnectDeps(Protocol):
    """What connecting a platform needs."""

    @property
    def config(self) -> Config: ...

    @property
    def database(self) -> Database: ...

    @property
    def guarded(self) -> GuardedHttp: ...

    @property
    def vault(self) -> Vault: ...

    @property
    def platform_keys(self) -> PlatformKeys: ...


def begin_attempt(
    db: Session,
    vault: Vault,
    request: RegistrationRequest,
    *,
    form_key: uuid.UUID,
    secret: str,
    language: str,
    reference: str,
) -> uuid.UUID:
    """Reserve the invitation, store the attempt and ask for its job; return the attempt's id.

    ``form_key``: becomes the id, unless an attempt has it already. ``secret``: what the browser must bring to see how
    far it is. ``reference``: that of the present request. Raises
    :class:`lti_tool.lti.registration.invitations.InvitationRefused`.
    """
    invitation = open_invitation(db, request.invite)
    attempt_id = uuid.uuid4() if db.get(RegistrationAttempt, form_key) is not None else form_key
    reserve(db, invitation.id, attempt_id)
    now = utcnow()
    origin = origin_of(request.openid_configuration) or ""
    db.add(
        RegistrationAttempt(
            id=attempt_id,
            secret_hash=secret_hash(secret),
            invitation_id=invitation.id,
            platform_origin=origin,
            request=vault.seal(
                json.dumps([request.openid_configuration, request.registration_token]).encode()
            ),
            language=language,
            reference=reference,
            created_at=now,
            expires_at=now + REQUEST_KEPT_FOR,
        )
    )
    queue.enqueue(
        db,
        ConnectPlatform,
        {"attempt_id": attempt_id},
        key=str(attempt_id),
        group_key=hashlib.sha256(origin.encode()).hexdigest()[:40],
        subject_id=attempt_id,
        organisation_id=invitation.organisation_id,
        requested_by=NOBODY,
    )
    return attempt_id


def delete_expired_requests(db: Session, now: dt.datetime) -> None:
    """Delete the platforms' permissions that were not used in time, which are secrets."""
    db.execute(
        sa.update(RegistrationAttempt)
        .where(RegistrationAttempt.expires_at < now, RegistrationAttempt.request.is_not(None))
        .values(request=None)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class _Accepted:
    """What a platform and its answer say."""

    platform: Platform
    client_id: str
    deployment_id: str | None


class ConnectPlatform(JobKind):
    """Connects one platform. A slow platform has two jobs at a time, and keeps nobody else waiting."""

    name: ClassVar[str] = "connect_platform"
    schema: ClassVar[type[Schema]] = RegistrationAttemptJobSchema
    max_per_group: ClassVar[int | None] = 2

    def __init__(self, deps: ConnectDeps) -> None:
        self._deps = deps

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Ask the platform, and store the registration or why there is none."""
        require(TOOL, Action.REGISTER_WITH_PLATFORM)
        with self._deps.database.reading() as db:
            attempt = db.get(RegistrationAttempt, job.arguments["attempt_id"])
        if attempt is None:
            raise JobFailed("the attempt was deleted, a day after it had expired")
        if attempt.asked_at is not None and attempt.ended_at is not None:
            raise JobFailed(
                f"the platform was asked already ({attempt.refusal}), and is not asked twice: start again in the "
                "platform with the same registration URL"
            )
        try:
            accepted = self._ask(job, attempt)
            registration = self._store(job, attempt, accepted)
        except Refused as refused:
            self._refuse(job, attempt, refused)
            return None
        # Its first launch then need not wait for its keys.
        self._deps.platform_keys.prefetch(PlatformRegistration.from_row(registration))
        return {"registration": str(registration.id)}

    def _ask(self, job: RunningJob, attempt: RegistrationAttempt) -> _Accepted:
        """Read the platform's configuration and post ours. Raises a :class:`Refused`."""
        if attempt.asked_at is not None:
            raise PlatformAnswerLost(f"asked at {attempt.asked_at:%Y-%m-%d %H:%M:%S} UTC")
        with job.transaction() as db:
            self._reserve(db, attempt)
            _update(db, attempt, refusal=None, ended_at=None)
            job.report(db, 0, phase="reading")
        request = self._request(attempt)
        platform = read_platform(self._deps.guarded, request)
        document = tool_configuration(self._deps.config.base_url, platform, attempt.language)
        origins = platform.frame_origins
        with job.transaction() as db:
            self._reserve(db, attempt)
            _update(db, attempt, asked_at=utcnow(), request=None, frame_origins=origins)
            job.report(db, 1, phase="asking")
        answer = post_registration(self._deps.guarded, platform, request, document)
        return _Accepted(platform, answer["client_id"], answer["tool"]["deployment_id"])

    def _reserve(self, db: Session, attempt: RegistrationAttempt) -> None:
        check_open(db.get_one(Invitation, attempt.invitation_id))
        reserve(db, attempt.invitation_id, attempt.id, again=True)

    def _request(self, attempt: RegistrationAttempt) -> RegistrationRequest:
        if attempt.request is None or attempt.expires_at <= utcnow():
            raise RegistrationTooLate(f"begun at {attempt.created_at:%Y-%m-%d %H:%M:%S} UTC")
        try:
            configuration, token = json.loads(self._deps.vault.open(attempt.request))
        except SecretKeyChanged as error:
            raise JobFailed(str(error)) from None
        # The invitation is found by the attempt: its secret is stored nowhere.
        return RegistrationRequest(configuration, token, invite="")

    def _store(self, job: RunningJob, attempt: RegistrationAttempt, accepted: _Accepted) -> Registration:
        """Store the registration and its deployment, spend the invitation, and end the job: in one transaction.

        Raises :class:`AlreadyRegistered`; :class:`RegistrationNotStored` where the platform has a tool now that will
        not launch.
        """
        platform = accepted.platform
        try:
            with job.transaction(also_while_stopping=True) as db:
                # Whoever had the invitation did it, not the tool.
                event_log.set_principal(db, NOBODY)
                invitation = db.get_one(Invitation, attempt.invitation_id)
                registration = add(
                    db,
                    NewRegistration(
                        issuer=platform.issuer,
                        client_id=accepted.client_id,
                        auth_login_url=platform.authorization_endpoint,
                        auth_token_url=platform.token_endpoint,
                        jwks_url=platform.jwks_uri,
                        auth_audience=platform.authorization_server,
                        platform_family=platform.family,
                        label=invitation.label or platform.account_name,
                        organisation_id=invitation.organisation_id,
                        deployment_ids=(accepted.deployment_id,) if accepted.deployment_id else (),
                        frame_origins=tuple(platform.frame_origins),
                    ),
                )
                use(db, invitation.id, registration.id)
                _update(db, attempt, registration_id=registration.id, refusal=None, ended_at=utcnow())
                job.finish(db, {"registration": str(registration.id)})
        except (InvitationRefused, AudienceTaken, sa.exc.SQLAlchemyError) as error:
            raise RegistrationNotStored(
                type(error).__name__, issuer=platform.issuer, client_id=accepted.client_id
            ) from error
        return registration

    def _refuse(self, job: RunningJob, attempt: RegistrationAttempt, refused: Refused) -> None:
        """End the attempt and the job, count the refusal, and release the invitation where nobody was registered."""
        _log.warning(
            "refused",
            step=refused.step,
            reason=refused.reason,
            detail=refused.detail,
            issuer=refused.issuer,
            reference=attempt.reference,
        )
        with job.transaction(also_while_stopping=True) as db:
            if not isinstance(refused, _MAY_BE_REGISTERED):
                release(db, attempt.invitation_id, attempt.id)
            _update(db, attempt, refusal=refused.reason, ended_at=utcnow())
            refusal_log.record_within(db.connection(), refused, reference=attempt.reference)
            job.fail(db, _reason(refused))


def _update(db: Session, attempt: RegistrationAttempt, **values: Any) -> None:
    db.execute(
        sa.update(RegistrationAttempt)
        .where(RegistrationAttempt.id == attempt.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _reason(refused: Refused) -> str:
    """Why it was refused, in one line for the operator."""
    said = (type(refused).__doc__ or refused.reason).strip().partition("\n")[0]
    advice = ""
    if isinstance(refused, PlatformAnswerUnreadable):
        advice = " Delete the tool in the platform if it is there, then start again with the same registration URL."
    return f"{said} {refused.detail}".strip() + advice
