"""Deleting what has expired on the LTI side: nonces, hand-offs, sessions, forms, tokens, registrations, refusals."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.lti.forms.models import FormSubmission, KeptForm
from lti_tool.lti.launch.models import LaunchHandoff, LaunchSession, UsedNonce
from lti_tool.lti.models import AccessToken, Refusal
from lti_tool.lti.registration.connect_job import delete_expired_requests
from lti_tool.lti.registration.models import RegistrationAttempt

KEPT_AFTERWARDS = dt.timedelta(days=1)
"""How long a used or expired row stays, so that whoever comes too late is shown the reason."""
REFUSALS_KEPT = dt.timedelta(days=90)
"""How long the audit keeps a refusal. Anybody can be refused, so the audit would grow for ever."""


def delete_expired_rows(db: Session, now: dt.datetime) -> int:
    """Delete what has been over for a day, forms at once, and refusals of long ago. Returns how many rows went."""
    long_ago = sa.delete(Refusal).where(Refusal.at < now - REFUSALS_KEPT)
    gone = cast(sa.CursorResult[Any], db.execute(long_ago)).rowcount
    for table in (UsedNonce, LaunchHandoff, LaunchSession, AccessToken, RegistrationAttempt):
        over = sa.delete(table).where(table.expires_at < now - KEPT_AFTERWARDS)
        gone += cast(sa.CursorResult[Any], db.execute(over)).rowcount
    delete_expired_requests(db, now)
    for form in (FormSubmission, KeptForm):
        gone += cast(sa.CursorResult[Any], db.execute(sa.delete(form).where(form.expires_at < now))).rowcount
    return gone
