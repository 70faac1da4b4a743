"""Launch sessions whose secret the tests know."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.lti.launch.login_states import secret_hash
from lti_tool.lti.launch.models import LaunchSession

SECRET = "s" * 43
"""The secret of every launch session that is built. It is in the address, so that a test needs no cookie."""
CSRF_KEY = "k" * 64
_LASTS = dt.timedelta(hours=8)


def key_of(session: LaunchSession) -> str:
    """What stands for a launch in the address of its pages: ``/l/<key>/``."""
    return f"{session.id}.{SECRET}"


def session_id_of(path: str) -> uuid.UUID:
    """The launch session to which a path (``/l/<key>/…``) belongs."""
    return uuid.UUID(path.split("/")[2].partition(".")[0])


def add_launch(db: Session, **values: Any) -> LaunchSession:
    """A launch session; ``values``: its columns, of which ``registration_id``, ``deployment_id`` and ``role`` are
    needed.
    """
    defaults = {
        "secret_hash": secret_hash(SECRET),
        "csrf_key": CSRF_KEY,
        "message_type": "LtiResourceLinkRequest",
        "locale": "en",
        "expires_at": utcnow() + _LASTS,
    }
    session = LaunchSession(**(defaults | values))
    db.add(session)
    db.flush()
    return session


def add_next_launch(db: Session, session_id: uuid.UUID, **changes: Any) -> LaunchSession:
    """The next launch of the same person, or with ``changes`` (by column) another person's or of another place."""
    before = db.get_one(LaunchSession, session_id)
    values = {
        column.key: getattr(before, column.key)
        for column in sa.inspect(LaunchSession).column_attrs
        if column.key not in ("id", "created_at", "expires_at", "signed_out_at")
    }
    return add_launch(db, **(values | changes))
