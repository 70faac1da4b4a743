"""Verified launches that wait two minutes for their person to continue in a new tab.

For a browser whose frame keeps no cookie, the launch cannot show that it belongs to the browser that began the
login. The person therefore confirms in a tab of the tool's own who they are: that takes the place of the proof,
and prevents login CSRF: nobody is made to open another person's launch.

Where the platform has kept a proof for this browser (:mod:`lti_tool.lti.launch.platform_storage`), the launch waits in
the same way until the page has asked for it, and opens in the frame.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.lti.errors import DeploymentWithdrawn, HandoffUnknown
from lti_tool.lti.launch.login_states import new_secret, secret_hash
from lti_tool.lti.launch.models import LaunchHandoff, LaunchSession
from lti_tool.lti.launch.persist import VerifiedLaunch
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Registration

HANDOFF_LIFETIME = dt.timedelta(minutes=2)
SENT_TWICE_WITHIN: Final = dt.timedelta(minutes=1)
"""How long after its use a token that is sent again leads its browser into the session."""
_PROOF_HASH: Final = "stored_proof_hash"
"""Beside the launch's own values in its JSON."""
_TABLE = table_of(LaunchHandoff)


def create(db: Session, launch: VerifiedLaunch, *, proof_hash: str | None = None) -> str:
    """Keep a launch for whoever brings the token that this returns.

    ``proof_hash``: SHA-256 of the proof that the platform keeps for the browser of its login; None where it keeps none.
    """
    token = new_secret()
    waiting = launch.to_json()
    if proof_hash is not None:
        waiting[_PROOF_HASH] = proof_hash
    db.add(
        LaunchHandoff(token_hash=secret_hash(token), launch=waiting, expires_at=utcnow() + HANDOFF_LIFETIME)
    )
    return token


def get(db: Session, token: str) -> VerifiedLaunch:
    """The launch that waits under ``token``. Raises :class:`HandoffUnknown`."""
    return VerifiedLaunch.from_json(_waiting(db, token).launch)


def return_address_of(db: Session, token: str) -> tuple[str | None, Registration] | None:
    """Where the launch of a token, which may be used up or over, says that its person wants to go back to, and its
    registration; None for a token that is not known, or not any more.
    """
    row = db.get(LaunchHandoff, secret_hash(token))
    if row is None:
        return None
    launch = VerifiedLaunch.from_json(row.launch)
    registration = db.get(Registration, launch.registration_id)
    return None if registration is None else (launch.return_url, registration)


def is_proved(db: Session, token: str, proof: str) -> bool:
    """Whether ``proof`` is what the platform keeps for the browser that began the launch's login.

    Raises :class:`HandoffUnknown`. The launch goes on waiting: without the proof its person can continue in a new tab.
    """
    proof_hash = _waiting(db, token).launch.get(_PROOF_HASH)
    return proof_hash is not None and hmac.compare_digest(secret_hash(proof), proof_hash)


def _waiting(db: Session, token: str) -> LaunchHandoff:
    row = db.get(LaunchHandoff, secret_hash(token))
    if row is None or row.used_at is not None or row.expires_at <= utcnow():
        raise HandoffUnknown
    return row


def consume(connection: Connection, token: str) -> VerifiedLaunch:
    """Use a token up, once only. Raises :class:`HandoffUnknown` or :class:`DeploymentWithdrawn`."""
    now = utcnow()
    launch = connection.execute(
        sa.update(_TABLE)
        .where(
            _TABLE.c.token_hash == secret_hash(token), _TABLE.c.used_at.is_(None), _TABLE.c.expires_at > now
        )
        .values(used_at=now)
        .returning(_TABLE.c.launch)
    ).scalar_one_or_none()
    if launch is None:
        raise HandoffUnknown
    waiting = VerifiedLaunch.from_json(launch)
    _require_approved(connection, waiting.deployment_id)
    return waiting


def _require_approved(connection: Connection, deployment_id: uuid.UUID) -> None:
    """Raise :class:`DeploymentWithdrawn`, also where the deployment was deleted."""
    found = connection.execute(
        sa.select(Deployment.status, Deployment.deployment_id, Registration.issuer, Registration.client_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(Deployment.id == deployment_id)
    ).first()
    if found is None:
        raise DeploymentWithdrawn
    if found.status != DeploymentStatus.APPROVED:
        raise DeploymentWithdrawn(
            issuer=found.issuer, client_id=found.client_id, deployment_id=found.deployment_id
        )


def note_session(connection: Connection, token: str, session_id: uuid.UUID) -> None:
    """Keep which session a token was used for, in the transaction that uses it."""
    connection.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.token_hash == secret_hash(token))
        .values(launch_session_id=session_id)
    )


def session_just_opened(db: Session, token: str, secret: str) -> LaunchSession | None:
    """The session that a token was used for within :data:`SENT_TWICE_WITHIN`, for the browser that has its secret.

    None for every other browser, which the secret lets open that session no more than this does.
    """
    session = db.scalar(
        sa.select(LaunchSession)
        .join(LaunchHandoff, LaunchHandoff.launch_session_id == LaunchSession.id)
        .where(
            LaunchHandoff.token_hash == secret_hash(token),
            LaunchHandoff.used_at > utcnow() - SENT_TWICE_WITHIN,
        )
    )
    if session is None or not hmac.compare_digest(session.secret_hash, secret_hash(secret)):
        return None
    return session
