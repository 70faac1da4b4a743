"""Verified launches that wait two minutes for their person to continue in a new tab.

For a browser whose frame keeps no cookie, the launch cannot show that it belongs to the browser that began the
login. The person therefore confirms in a tab of the tool's own who they are: that takes the place of the proof,
and prevents login CSRF: nobody is made to open another person's launch.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.lti.errors import HandoffUnknown
from lti_tool.lti.launch.login_states import new_secret, secret_hash
from lti_tool.lti.launch.models import LaunchHandoff
from lti_tool.lti.launch.persist import VerifiedLaunch

HANDOFF_LIFETIME = dt.timedelta(minutes=2)


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


def consume(db: Session, token: str) -> VerifiedLaunch:
    """Use a token up, once only. Raises :class:`HandoffUnknown`."""
    now = utcnow()
    table = table_of(LaunchHandoff)
    launch = db.execute(
        sa.update(table)
        .where(table.c.token_hash == secret_hash(token), table.c.used_at.is_(None), table.c.expires_at > now)
        .values(used_at=now)
        .returning(table.c.launch)
    ).scalar_one_or_none()
    if launch is None:
        raise HandoffUnknown
    return VerifiedLaunch.from_json(launch)
