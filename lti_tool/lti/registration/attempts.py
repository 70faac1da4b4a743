"""Attempts to connect a platform: what a page shows of one, and which browser may see it.

An attempt is begun and carried out by :mod:`lti_tool.lti.registration.connect_job`.
"""

from __future__ import annotations

import datetime as dt
import enum
import hmac
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.jobs.models import Job, JobStatus
from lti_tool.lti.errors import Refused
from lti_tool.lti.launch.login_states import secret_hash
from lti_tool.lti.registration.dynamic import (
    PlatformAnswerLost,
    RegistrationPageUnknown,
    RegistrationRefused,
    RegistrationStopped,
)
from lti_tool.lti.registration.invitations import InvitationRefused, hash_of
from lti_tool.lti.registration.models import Invitation, RegistrationAttempt
from lti_tool.lti.registration.registrations import AlreadyRegistered, IdentityTaken

LONG_WAIT: Final = dt.timedelta(minutes=2)
"""After how long a page says that nothing has begun: three looks of a runner."""


class AttemptStatus(enum.StrEnum):
    """How far an attempt is."""

    WAITING = "waiting"
    """No process has taken it up."""
    READING = "reading"
    """The platform's configuration is being read."""
    ASKING = "asking"
    """The registration is being posted to the platform."""
    CONNECTED = "connected"
    REFUSED = "refused"


@dataclass(frozen=True)
class AttemptProgress:
    """What a page shows of an attempt."""

    id: uuid.UUID
    status: AttemptStatus
    platform_origin: str
    frame_origins: list[str] | None
    """What may frame its page; None until its configuration was read."""
    reference: str
    registration_id: uuid.UUID | None
    refusal: type[Refused] | None
    """Why it was refused."""
    waits_long: bool
    """Nobody has taken it up for :data:`LONG_WAIT`: most likely no worker runs."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in (AttemptStatus.CONNECTED, AttemptStatus.REFUSED)


def progress_of(db: Session, attempt_id: uuid.UUID) -> AttemptProgress:
    """How far an attempt is. Raises :class:`RegistrationPageUnknown`."""
    row = db.execute(
        sa.select(RegistrationAttempt, Job.status)
        .outerjoin(Job, Job.subject_id == RegistrationAttempt.id)
        .where(RegistrationAttempt.id == attempt_id)
        .order_by(Job.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise RegistrationPageUnknown
    attempt, job_status = row
    status, refusal = _status(attempt, job_status)
    return AttemptProgress(
        id=attempt.id,
        status=status,
        platform_origin=attempt.platform_origin,
        frame_origins=attempt.frame_origins,
        reference=attempt.reference,
        registration_id=attempt.registration_id,
        refusal=refusal,
        waits_long=status == AttemptStatus.WAITING and attempt.created_at < utcnow() - LONG_WAIT,
    )


def _status(attempt: RegistrationAttempt, job: str | None) -> tuple[AttemptStatus, type[Refused] | None]:
    if attempt.registration_id is not None:
        return AttemptStatus.CONNECTED, None
    if job == JobStatus.WAITING and attempt.asked_at is None:
        # For the first time, or again after an operator has repeated the job.
        return AttemptStatus.WAITING, None
    if attempt.refusal is not None:
        return AttemptStatus.REFUSED, _REFUSALS.get(attempt.refusal, RegistrationStopped)
    if job not in (JobStatus.WAITING, JobStatus.RUNNING):
        # The job failed before it could say anything about the attempt.
        return AttemptStatus.REFUSED, RegistrationStopped if attempt.asked_at is None else PlatformAnswerLost
    return (AttemptStatus.READING if attempt.asked_at is None else AttemptStatus.ASKING), None


def find_attempt(db: Session, attempt_id: uuid.UUID, secret: str) -> AttemptProgress:
    """The attempt of an address, for the browser that has its secret. Raises :class:`RegistrationPageUnknown`."""
    stored = db.scalar(sa.select(RegistrationAttempt.secret_hash).where(RegistrationAttempt.id == attempt_id))
    if stored is None or not hmac.compare_digest(stored, secret_hash(secret)):
        raise RegistrationPageUnknown
    return progress_of(db, attempt_id)


def earlier_attempt(db: Session, form_key: uuid.UUID, invite: str, secret: str) -> AttemptProgress | None:
    """What the same browser has begun with the same form, or with the same invitation unless that was refused."""
    found = db.scalars(
        sa.select(RegistrationAttempt.id)
        .join(Invitation, Invitation.id == RegistrationAttempt.invitation_id)
        .where(
            Invitation.token_hash == hash_of(invite),
            RegistrationAttempt.secret_hash == secret_hash(secret),
        )
        .order_by((RegistrationAttempt.id == form_key).desc(), RegistrationAttempt.created_at.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    progress = progress_of(db, found)
    return progress if found == form_key or progress.status != AttemptStatus.REFUSED else None


def _and_subclasses(kind: type[Refused]) -> Iterator[type[Refused]]:
    yield kind
    for further in kind.__subclasses__():
        yield from _and_subclasses(further)


_REFUSALS: Final[Mapping[str, type[Refused]]] = {
    kind.reason: kind
    for base in (RegistrationRefused, InvitationRefused, AlreadyRegistered, IdentityTaken)
    for kind in _and_subclasses(base)
}
"""The refusals that may end an attempt, by the code that is stored."""
