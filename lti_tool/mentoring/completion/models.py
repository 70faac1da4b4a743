"""Tables of completion: how far each participant is, and a tutor's approvals and reasons."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow
from lti_tool.mentoring.completion.progress_state import ProgressState
from lti_tool.mentoring.completion.rule import Completion


class CompletionRecord(Base):
    """How far one participant is: a projection of the event log, kept in the transaction of each event."""

    __tablename__ = "completion_record"
    __table_args__ = (one_of("completion", Completion), one_of("status", ProgressState))

    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    rule_version_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("completion_rule_version.id"))
    """The version of the rule that it was judged by."""
    score: Mapped[int]
    """0 to 100."""
    completion: Mapped[str] = mapped_column(sa.String(20))
    """Open, completed or reopened. Latched: later edits never undo a completion; only a tutor reopens."""
    status: Mapped[str] = mapped_column(sa.String(20))
    """What is sent to the LMS is made from it."""
    explanation: Mapped[list[Any]] = mapped_column(sa.JSON)
    """Each criterion with value, target and the ids of the facts used."""
    milestone: Mapped[int] = mapped_column(default=0)
    """The highest milestone whose passing was recorded, in per cent; 0 before the first."""
    completed_at: Mapped[dt.datetime | None]
    """When it was first completed."""


class TutorValidation(Base):
    """A tutor's approval of what a participant did. Reopening takes it away."""

    __tablename__ = "tutor_validation"

    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    validated_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class Reopening(Base):
    """Why a tutor reopened a completion, in the tutor's words; the event names this row."""

    __tablename__ = "reopening"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), index=True)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    """None once it was erased."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class RuleDraft(Base):
    """What a cohort's completion rule is to become: saved as somebody goes on with it, until it is applied or given up.

    A cohort without a row has no draft: what is shown then is the rule in force.
    """

    __tablename__ = "rule_draft"

    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"), primary_key=True)
    rule: Mapped[dict[str, Any]]
    """In the shape of :class:`schemas.completion_rule.DraftRuleSchema`."""
    based_on: Mapped[int]
    """The number of the version that was in force when it was last saved."""
    revision: Mapped[int]
    """Raised each time it is saved: who saves says which one they saw."""
    edited_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    """None where it was not a person."""
    edited_at: Mapped[dt.datetime]
