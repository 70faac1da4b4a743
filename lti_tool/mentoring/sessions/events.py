"""What happens to meetings. The pair, and the participant who acted, are the event's scope."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event


@dataclass(frozen=True, kw_only=True)
class SessionEvent(Event):
    """What every event of a meeting says: which one, and which revision of it."""

    version: ClassVar[int] = 2
    session_id: uuid.UUID
    revision: int

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version had the session in a column of its own, and noon UTC in place of its day."""
        upgraded = {
            name: value for name, value in details.items() if name not in ("subject_id", "started_at")
        }
        upgraded["session_id"] = details["subject_id"]
        if "started_at" in details and "held_on" not in details:
            upgraded["held_on"] = details["started_at"][:10]
        return upgraded


@dataclass(frozen=True, kw_only=True)
class SessionLogged(SessionEvent):
    """One of the pair logged a session that was held."""

    held_on: dt.date
    minutes: int
    format: str


@dataclass(frozen=True, kw_only=True)
class SessionConfirmed(SessionEvent):
    """The partner confirmed the session."""


@dataclass(frozen=True, kw_only=True)
class SessionDisputed(SessionEvent):
    """The partner says that it was not so: its statements are voided."""

    reason: str | None
    """A code of :data:`schemas.choices.DISPUTE_REASONS`."""


@dataclass(frozen=True, kw_only=True)
class SessionCorrected(SessionEvent):
    """The session was corrected; ``revision`` is the new one, and the statements of the one before it are voided."""

    held_on: dt.date
    minutes: int
    format: str


@dataclass(frozen=True, kw_only=True)
class SessionWithdrawn(SessionEvent):
    """The session was removed: its statements are voided."""
