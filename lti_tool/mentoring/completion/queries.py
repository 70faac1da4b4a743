"""Reading completions, approvals and rules."""

from __future__ import annotations

import datetime as dt
import functools
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.completion.criteria import criterion_schemas as _criterion_schemas
from lti_tool.mentoring.completion.evaluation import evaluate
from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.completion.models import CompletionRecord, Reopening, RuleDraft, TutorValidation
from lti_tool.mentoring.completion.progress_state import ProgressState
from lti_tool.mentoring.completion.rule import Completion, CompletionRule
from lti_tool.mentoring.completion.rule import formats_counted as _formats_counted
from lti_tool.mentoring.completion.rule import read_rule as _read_rule
from lti_tool.mentoring.completion.rule import unmeasurable as _unmeasurable
from lti_tool.mentoring.programmes.queries import RuleRecord
from schemas.completion_rule import CriterionSchema

__all__ = [
    "PROGRESS_WIDTH",
    "CompletionRule",
    "PairFacts",
    "ProgressRecord",
    "StoredProgress",
    "completed_moments",
    "criteria_of",
    "criterion_schemas",
    "example_progress",
    "formats_counted",
    "progress",
    "progress_and_approval",
    "progress_and_approval_of",
    "read_rule",
    "reopening_reasons",
    "rule_draft",
    "rule_from_text",
    "rule_of",
    "unmeasurable",
    "with_progress",
]


@dataclass(frozen=True)
class ProgressRecord:
    """How far a participant is; without a record nothing was judged yet."""

    score: int = 0
    status: str = ProgressState.ONBOARDED
    completion: str = Completion.OPEN
    explanation: tuple[Mapping[str, Any], ...] = ()
    """Each criterion as :meth:`lti_tool.mentoring.completion.rule.CriterionResult.as_json` writes it."""
    completed_at: dt.datetime | None = None


def _record(row: CompletionRecord) -> ProgressRecord:
    return ProgressRecord(row.score, row.status, row.completion, tuple(row.explanation), row.completed_at)


def progress(db: Session, participant_id: uuid.UUID) -> ProgressRecord:
    """How far a participant is."""
    row = db.get(CompletionRecord, participant_id, populate_existing=True)
    return ProgressRecord() if row is None else _record(row)


def completed_moments(db: Session, ids: Collection[uuid.UUID]) -> list[dt.datetime]:
    """When those of these participants completed who have."""
    found = sa.select(CompletionRecord.completed_at).where(
        CompletionRecord.participant_id.in_(ids), CompletionRecord.completed_at.is_not(None)
    )
    return [moment for moment in db.scalars(found) if moment is not None]


def progress_and_approval_of(
    db: Session, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[ProgressRecord, bool]]:
    """How far these participants are, and whether a tutor has approved what they did.

    Those of whom nothing was judged yet are left out.
    """
    rows = db.execute(
        sa.select(CompletionRecord, TutorValidation.participant_id)
        .outerjoin(TutorValidation, TutorValidation.participant_id == CompletionRecord.participant_id)
        .where(CompletionRecord.participant_id.in_(ids))
        .execution_options(populate_existing=True)
    )
    return {row.participant_id: (_record(row), approved is not None) for row, approved in rows}


@dataclass(frozen=True)
class StoredProgress:
    """How far a participant is, of whom only a few pages show more than the status."""

    score: int = 0
    status: str = ProgressState.ONBOARDED
    completion: str = Completion.OPEN
    explanation: str = "[]"
    """As JSON."""
    completed_at: dt.datetime | None = None

    @property
    def record(self) -> ProgressRecord:
        """The whole of it."""
        return ProgressRecord(
            self.score, self.status, self.completion, tuple(json.loads(self.explanation)), self.completed_at
        )


def with_progress(
    query: sa.Select[*tuple[Any, ...]], participant_id: sa.ColumnElement[uuid.UUID] | Any
) -> sa.Select[*tuple[Any, ...]]:
    """``query`` with :data:`PROGRESS_WIDTH` more columns, which :func:`progress_and_approval` takes."""
    return (
        query.add_columns(
            CompletionRecord.score,
            CompletionRecord.status,
            CompletionRecord.completion,
            sa.cast(CompletionRecord.explanation, sa.Text),
            CompletionRecord.completed_at,
            TutorValidation.participant_id,
        )
        .outerjoin(CompletionRecord, CompletionRecord.participant_id == participant_id)
        .outerjoin(TutorValidation, TutorValidation.participant_id == participant_id)
    )


PROGRESS_WIDTH: Final = 6
"""How many columns :func:`with_progress` adds."""


def progress_and_approval(columns: Sequence[Any]) -> tuple[StoredProgress, bool]:
    """How far somebody is, with nothing done where nothing was judged yet, and whether a tutor has approved it."""
    *stored, approved = columns
    return StoredProgress() if stored[0] is None else StoredProgress(*stored), approved is not None


def reopening_reasons(db: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str | None]:
    """Why completions were reopened, by the id that the events name."""
    rows = db.execute(sa.select(Reopening.id, Reopening.reason).where(Reopening.id.in_(ids)))
    return dict(rows.all())


def read_rule(document: object) -> CompletionRule:
    """As :func:`lti_tool.mentoring.completion.rule.read_rule`; each rule is read once for a process."""
    try:
        text = json.dumps(document)
    except (TypeError, ValueError, RecursionError):
        # What is no JSON is refused, and where it is wrong is said.
        return _read_rule(document)
    return rule_from_text(text)


def unmeasurable(document: Mapping[str, Any]) -> list[str]:
    """As :func:`lti_tool.mentoring.completion.rule.unmeasurable`: types that a programme cannot start with."""
    return _unmeasurable(document)


def formats_counted(document: Mapping[str, Any]) -> frozenset[str]:
    """As :func:`lti_tool.mentoring.completion.rule.formats_counted`: the formats that a rule's JSON names."""
    return _formats_counted(document)


@dataclass(frozen=True)
class DraftRecord:
    """What a cohort's rule is to become."""

    rule: Mapping[str, Any]
    """The JSON, in the shape of :class:`schemas.completion_rule.DraftRuleSchema`."""
    based_on: int
    """The number of the version that was in force when it was last saved."""
    revision: int
    edited_by: uuid.UUID | None
    edited_at: dt.datetime


def rule_draft(db: Session, cohort_id: uuid.UUID) -> DraftRecord | None:
    """The draft of a cohort's rule; None where there is none."""
    row = db.get(RuleDraft, cohort_id, populate_existing=True)
    if row is None:
        return None
    return DraftRecord(row.rule, row.based_on, row.revision, row.edited_by, row.edited_at)


def criterion_schemas() -> Mapping[str, type[CriterionSchema]]:
    """The fields of each criterion, by its type."""
    return _criterion_schemas()


def rule_of(record: RuleRecord) -> CompletionRule:
    """The rule of a version, as values. Versions are immutable: each is read once for a process."""
    return rule_from_text(record.rule)


@functools.lru_cache(maxsize=512)
def rule_from_text(text: str) -> CompletionRule:
    """As :func:`read_rule`, of JSON text."""
    return _read_rule(json.loads(text))


def criteria_of(rule: CompletionRule) -> tuple[dict[str, object], ...]:
    """What a rule asks of a mentee, in the shape of :attr:`ProgressRecord.explanation`, with nothing done yet."""
    judged = evaluate(rule, "mentee", (), PersonFacts("mentee"))
    return tuple(result.as_json() for result in judged.explanation)


def example_progress(
    rule: CompletionRule, role: str, meetings: Collection[tuple[dt.date, int, str, str]]
) -> ProgressRecord:
    """How far somebody in ``role`` would be by a rule, who has signed and set one objective, and has had ``meetings``.

    ``meetings``: day, minutes, format and status of each.
    """
    nobody = uuid.UUID(int=0)
    facts = PairFacts(
        nobody,
        AgreementFact(signed_by_mentor=True, signed_by_mentee=True),
        tuple(
            SessionFact(id=uuid.UUID(int=number), status=status, minutes=minutes, format=form, held_on=day)
            for number, (day, minutes, form, status) in enumerate(meetings, 1)
        ),
        (ObjectiveFact(nobody, "mentee", "reached", required=True, evidence="partner"),),
    )
    judged = evaluate(rule, role, (facts,), PersonFacts(role))
    return ProgressRecord(
        score=judged.score,
        status=ProgressState.SATISFIED if judged.satisfied else ProgressState.UNDER_WAY,
        explanation=tuple(result.as_json() for result in judged.explanation),
    )
