"""What happens to meetings. The pair, and the participant who acted, are the event's scope."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject
from schemas.choices import FORMAT_OF_FORMER_MODES, FORMER_FORMATS


@dataclass(frozen=True, kw_only=True)
class SessionEvent(Event):
    """What every event of a meeting says: which one, and which revision of it."""

    audit_subject: ClassVar[Subject] = Subject.MEETING
    version: ClassVar[int] = 3
    session_id: uuid.UUID
    revision: int

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version had the session in a column of its own, and noon UTC in place of its day.

        Up to the second, a format could say how the two spoke.
        """
        upgraded = dict(details)
        if version == 1:
            upgraded["session_id"] = upgraded.pop("subject_id")
            started_at = upgraded.pop("started_at", None)
            if started_at is not None and "held_on" not in upgraded:
                upgraded["held_on"] = started_at[:10]
        if "format" in upgraded:
            upgraded["format"], upgraded["mode"] = format_and_mode(upgraded["format"])
        return upgraded


def format_and_mode(code: str) -> tuple[str, str | None]:
    """Format and mode of a meeting whose format was written when one code stood for both."""
    mode = FORMER_FORMATS.get(code)
    return (code, None) if mode is None else (FORMAT_OF_FORMER_MODES, mode)


@dataclass(frozen=True, kw_only=True)
class SessionLogged(SessionEvent):
    """One of the pair logged a session that was held."""

    held_on: dt.date
    minutes: int
    format: str
    mode: str | None = None
    """How the two spoke; None where nobody was asked."""


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
    mode: str | None = None
    """How the two spoke; None where nobody was asked."""


@dataclass(frozen=True, kw_only=True)
class SessionAnswerUndone(SessionEvent):
    """The partner took back what they had answered: the session waits for them again, under the new ``revision``."""

    was: str
    """What it was until then: ``confirmed`` or ``disputed``."""
    held_on: dt.date
    minutes: int
    format: str
    mode: str | None = None


@dataclass(frozen=True, kw_only=True)
class SessionWithdrawn(SessionEvent):
    """The session was removed: its statements are voided."""
