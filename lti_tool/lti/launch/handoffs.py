"""Verified launches that wait two minutes for their person to continue in a new tab.

For a browser whose frame keeps no cookie, the launch cannot show that it belongs to the browser that began the
login. The person therefore confirms in a tab of the tool's own who they are: that takes the place of the proof,
and prevents login CSRF: nobody is made to open another person's launch.
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
from lti_tool.lti.errors import HandoffUnknown
from lti_tool.lti.launch.login_states import new_secret, secret_hash
from lti_tool.lti.launch.models import LaunchHandoff, LaunchSession
from lti_tool.lti.launch.persist import VerifiedLaunch

HANDOFF_LIFETIME = dt.timedelta(minutes=2)
SENT_TWICE_WITHIN: Final = dt.timedelta(minutes=1)
"""How long after its use a token that is sent again leads its browser into the session."""
_TABLE = table_of(LaunchHandoff)


def create(db: Session, launch: VerifiedLaunch) -> str:
    """Keep a launch for whoever brings the token that this returns."""
    token = new_secret()
    db.add(
        LaunchHandoff(
            token_hash=secret_hash(token), launch=launch.to_json(), expires_at=utcnow() + HANDOFF_LIFETIME
        )
    )
    return token


def get(db: Session, token: str) -> VerifiedLaunch:
    """The launch that waits under ``token``. Raises :class:`HandoffUnknown`."""
    row = db.get(LaunchHandoff, secret_hash(token))
    if row is None or row.used_at is not None or row.expires_at <= utcnow():
        raise HandoffUnknown
    return VerifiedLaunch.from_json(row.launch)


def consume(connection: Connection, token: str) -> VerifiedLaunch:
    """Use a token up, once only. Raises :class:`HandoffUnknown`."""
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
    return VerifiedLaunch.from_json(launch)


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
