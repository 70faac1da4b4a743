"""What tests of actions share: a refusal by its code, the events that an action appended, and a logged meeting."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events.models import EventRow
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.sessions.actions import log_session
from lti_tool.mentoring.sessions.queries import SessionRecord
from tests.builder import NOW

LATER = NOW + dt.timedelta(hours=1)
TODAY = NOW.date()


def refused(code: str, act: Callable[[], object]) -> None:
    """``act`` is refused for this reason."""
    with pytest.raises(NotAllowed) as caught:
        act()
    assert caught.value.code == code


def event_names(db: Session) -> list[str]:
    """The names of all events in the log, oldest first."""
    return list(db.scalars(sa.select(EventRow.kind).order_by(EventRow.sequence)))


def log_meeting(db: Session, pair_id: uuid.UUID, by: uuid.UUID, **changes: object) -> SessionRecord:
    """A meeting of 45 minutes today, an hour after the pair was formed."""
    values = {"held_on": TODAY, "minutes": 45, "format": "coaching", "now": LATER, "is_another": True}
    return log_session(db, pair_id=pair_id, by=by, **(values | changes))  # type: ignore[arg-type]
