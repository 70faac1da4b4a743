"""Single-use invitations: the permission to connect one LMS to this tool.

The secret is shown once, in the address that ``tandem invite`` prints; the database keeps its hash alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from typing import Final
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.lti.errors import Refused
from lti_tool.lti.registration.models import Invitation

DEFAULT_DAYS = 7
RESERVED_FOR: Final = dt.timedelta(minutes=1)
"""Longer than a platform may take. Where it is unclear whether it registered the tool, nobody asks it again sooner."""


class InvitationRefused(Refused):
    """The invitation cannot be used."""

    step = "registration"
    status = 410


class InvitationUnknown(InvitationRefused):
    """No invitation has this secret."""


class InvitationUsed(InvitationRefused):
    """An LMS was connected with this invitation already."""


class InvitationBusy(InvitationRefused):
    """Another attempt to connect a platform with this invitation is under way."""

    status = 409


class InvitationExpired(InvitationRefused):
    """The days of this invitation are over."""


def invite(
    db: Session,
    *,
    label: str | None = None,
    days: int = DEFAULT_DAYS,
    organisation_id: uuid.UUID | None = None,
) -> tuple[Invitation, str]:
    """Make an invitation valid for ``days``; return it with its secret, which nobody can read again.

    ``organisation_id``: the company that is invited; None for one that is made when its platform is connected.
    """
    secret = secrets.token_urlsafe(24)
    now = utcnow()
    invitation = Invitation(
        token_hash=hash_of(secret),
        label=label,
        organisation_id=organisation_id,
        created_at=now,
        expires_at=now + dt.timedelta(days=days),
    )
    db.add(invitation)
    db.flush()
    return invitation, secret


def setup_url(base_url: str, secret: str) -> str:
    """The set-up page that an invitation leads to, as ``tandem invite`` prints it."""
    return f"{base_url}/setup?{urlencode({'invite': secret})}"


def open_invitation(db: Session, secret: str) -> Invitation:
    """The invitation with this secret, which can still be used. Raises :class:`InvitationRefused`."""
    invitation = db.scalar(sa.select(Invitation).where(Invitation.token_hash == hash_of(secret)))
    if invitation is None:
        raise InvitationUnknown
    check_open(invitation)
    return invitation


def check_open(invitation: Invitation) -> None:
    """See that an invitation was not used and has not expired. Raises :class:`InvitationRefused`."""
    if invitation.used_at is not None:
        raise InvitationUsed(f"invitation {invitation.id}")
    if invitation.expires_at <= utcnow():
        raise InvitationExpired(f"invitation {invitation.id}")


def reserve(
    db: Session, invitation_id: uuid.UUID, holder: uuid.UUID | None = None, *, again: bool = False
) -> None:
    """Keep an invitation from every other attempt, before a platform is asked with it.

    ``holder``: the attempt that it is kept for. ``again``: also where it is kept for that attempt already. Ends by
    :func:`release`, by :func:`use`, or by itself after :data:`RESERVED_FOR`. Of several that try at once, one gets it;
    the others get :class:`InvitationBusy`.
    """
    now = utcnow()
    free = sa.or_(Invitation.reserved_until.is_(None), Invitation.reserved_until <= now)
    if again:
        free = sa.or_(free, Invitation.reserved_by == holder)
    reserved = db.execute(
        sa.update(Invitation)
        .where(
            Invitation.id == invitation_id,
            Invitation.used_at.is_(None),
            free,
        )
        .values(reserved_until=now + RESERVED_FOR, reserved_by=holder)
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    if reserved.first() is None:
        raise InvitationBusy(f"invitation {invitation_id}")


def release(db: Session, invitation_id: uuid.UUID, holder: uuid.UUID) -> None:
    """Let others use an invitation again: the platform has said a clear no, or nothing was asked.

    Does nothing where it is reserved for another attempt by now.
    """
    db.execute(
        sa.update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.reserved_by == holder)
        .values(reserved_until=None, reserved_by=None)
        .execution_options(synchronize_session=False)
    )


def use(db: Session, invitation_id: uuid.UUID, registration_id: uuid.UUID) -> None:
    """Spend an invitation on a registration. Of two that try at once, one gets :class:`InvitationUsed`."""
    now = utcnow()
    spent = db.execute(
        sa.update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.used_at.is_(None), Invitation.expires_at > now)
        .values(used_at=now, registration_id=registration_id)
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    if spent.first() is None:
        raise InvitationUsed(f"invitation {invitation_id}")


def hash_of(secret: str) -> str:
    """SHA-256: enough for a secret of 192 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
