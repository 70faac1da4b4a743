"""Deleting what has expired on the LTI side: nonces, hand-offs, sessions, forms, tokens, registrations, refusals."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.lti.forms.models import FormSubmission, KeptForm
from lti_tool.lti.launch.models import LaunchHandoff, LaunchSession, UsedNonce
from lti_tool.lti.models import AccessToken, Refusal
from lti_tool.lti.registration.connect_job import delete_expired_requests
from lti_tool.lti.registration.models import RegistrationAttempt
from lti_tool.many_rows import delete_some
from lti_tool.moments import CLOCKS_DIFFER

KEPT_AFTERWARDS = dt.timedelta(days=1)
"""How long a used or expired row stays, so that whoever comes too late is shown the reason."""
REFUSALS_KEPT = dt.timedelta(days=90)
"""How long the audit keeps a refusal. Anybody can be refused, so the audit would grow for ever."""

_KEPT: Final = (LaunchHandoff, LaunchSession, AccessToken, RegistrationAttempt)


def delete_expired_rows(db: Session, now: dt.datetime) -> int:
    """Delete some of what has been over for a day, of forms that are over, and of refusals of long ago.

    Returns how many rows went, 0 once none is left: there may be too many for one transaction. A table's turn comes
    when nothing is left of those before it, which may refer to its rows.
    """
    delete_expired_requests(db, now)
    gone = delete_some(db, Refusal, table_of(Refusal).c.at < now - REFUSALS_KEPT)
    over = dict.fromkeys(_KEPT, now - KEPT_AFTERWARDS) | dict.fromkeys((FormSubmission, KeptForm), now)
    for row, end in over.items():
        if gone:
            break
        gone = delete_some(db, row, table_of(row).c.expires_at < end)
    return gone


def delete_used_nonces(db: Session, now: dt.datetime) -> int:
    """Delete some of the nonces whose states are refused as expired by now, on every machine; return how many."""
    return delete_some(db, UsedNonce, table_of(UsedNonce).c.expires_at < now - CLOCKS_DIFFER)
