"""That one of a pair told the other something. The pair, and who told, are the event's scope; the row has the words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class FeedbackEvent(Event):
    """What every event of feedback says: which one."""

    audit_subject: ClassVar[Subject] = Subject.WORDS
    feedback_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class FeedbackGiven(FeedbackEvent):
    """One of the two said what helped in a meeting."""

    session_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ThanksGiven(FeedbackEvent):
    """One of the two thanked the other for all of it."""


@dataclass(frozen=True, kw_only=True)
class ThanksSeen(FeedbackEvent):
    """Whom it was for has read it."""
