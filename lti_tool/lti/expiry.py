"""What the LTI side forgets: logins, hand-offs and sessions that are over, and tokens that have run out."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.lti.models import AccessToken, LaunchHandoff, LaunchSession, LoginState

KEPT_AFTERWARDS = dt.timedelta(days=1)
"""How long a used or expired row stays, so that what comes too late can be told why."""


def forget_expired(db: Session, now: dt.datetime) -> int:
    """Delete what has been over for a day. Returns how many rows went."""
    gone = 0
    for table in (LoginState, LaunchHandoff, LaunchSession, AccessToken):
        over = sa.delete(table).where(table.expires_at < now - KEPT_AFTERWARDS)
        gone += cast(sa.CursorResult[Any], db.execute(over)).rowcount
    return gone
