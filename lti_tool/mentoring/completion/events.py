"""What happens to completions. The participant is the event's scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class TutorValidated(Event):
    """The tutor approved what a participant did."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    version: ClassVar[int] = 2

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version named the participant in its details; the migration put it into the scope."""
        return {}


@dataclass(frozen=True, kw_only=True)
class ApprovalTakenBack(Event):
    """The tutor took an approval back that had completed nobody yet."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE


@dataclass(frozen=True, kw_only=True)
class ProgressReached(Event):
    """A participant passed a milestone of :mod:`lti_tool.mentoring.completion.milestones`."""

    audit_subject: ClassVar[Subject] = Subject.CONSEQUENCE
    role: str
    milestone: int
    """In per cent."""
    score: int
    """How far the participant was then: no less than the milestone, and below 100."""


@dataclass(frozen=True, kw_only=True)
class ProgrammeCompleted(Event):
    """A participant met the completion rule."""

    audit_subject: ClassVar[Subject] = Subject.CONSEQUENCE
    version: ClassVar[int] = 2
    role: str
    score: int

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The same in the first version."""
        return {name: details[name] for name in ("role", "score")}


@dataclass(frozen=True, kw_only=True)
class CompletionReopened(Event):
    """A tutor reopened a completion; ``reason_id`` is the row that holds why."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    version: ClassVar[int] = 2
    reason_id: uuid.UUID

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version held the tutor's words; the migration moved them to a row of their own."""
        return {"reason_id": details["reason_id"]}
