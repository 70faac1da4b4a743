"""Facts: past-tense values that say what happened, and how an action records one.

An action calls :func:`record`; the row goes into the action's own transaction and the value waits in
``db.info`` until :mod:`lti_tool.recording` turns it into statements and scores before the commit.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.mentoring.models import FactRow

PENDING = "facts"
"""The key in ``Session.info`` under which facts wait for the end of the transaction."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What every fact says: its own id, when it was recorded, and where it belongs."""

    id: uuid.UUID
    at: dt.datetime
    cohort_id: uuid.UUID
    participant_id: uuid.UUID | None = None
    """Whose act it was; None for the tutor's and the tool's own."""
    pair_id: uuid.UUID | None = None
    subject_id: uuid.UUID | None = None
    """The session or objective it is about."""


@dataclass(frozen=True, kw_only=True)
class CohortStarted(Fact):
    """A cohort was made from a template and runs."""

    template: str


@dataclass(frozen=True, kw_only=True)
class ProgrammeJoined(Fact):
    """A person chose a role in a cohort."""

    role: str


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Fact):
    """A person not yet paired chose the other role."""

    role: str


@dataclass(frozen=True, kw_only=True)
class PairFormed(Fact):
    """A tutor put a mentor and a mentee together."""

    mentor_id: uuid.UUID
    mentee_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class AgreementSigned(Fact):
    """One of the pair signed the charter."""

    role: str
    by_both: bool
    """Whether the agreement is now whole."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveAgreed(Fact):
    """The pair set an objective."""

    direction: str
    tag: str


@dataclass(frozen=True, kw_only=True)
class ObjectiveClaimed(Fact):
    """The learner of an objective says that it is reached."""

    direction: str


@dataclass(frozen=True, kw_only=True)
class ObjectiveReached(Fact):
    """An objective is reached, by the evidence named."""

    direction: str
    tag: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class ObjectiveDropped(Fact):
    """The pair let an objective go."""

    direction: str


@dataclass(frozen=True, kw_only=True)
class SessionLogged(Fact):
    """One of the pair logged a session that was held."""

    revision: int
    held_on: dt.date
    minutes: int
    format: str


@dataclass(frozen=True, kw_only=True)
class SessionConfirmed(Fact):
    """The partner confirmed the session."""

    revision: int


@dataclass(frozen=True, kw_only=True)
class SessionDisputed(Fact):
    """The partner says that it was not so: its statements are voided."""

    revision: int
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class SessionCorrected(Fact):
    """The session was corrected: the old revision's statements are voided, the new one's are sent."""

    revision: int
    """The new revision; the one before it is void."""
    held_on: dt.date
    minutes: int
    format: str


@dataclass(frozen=True, kw_only=True)
class SessionWithdrawn(Fact):
    """The session was taken back: its statements are voided."""

    revision: int


@dataclass(frozen=True, kw_only=True)
class TutorValidated(Fact):
    """The tutor validated a participant's journey."""

    about_id: uuid.UUID
    """The participant."""


@dataclass(frozen=True, kw_only=True)
class ProgrammeCompleted(Fact):
    """A participant met the completion rule, for the first time."""

    role: str
    score: int


@dataclass(frozen=True, kw_only=True)
class CompletionReopened(Fact):
    """A tutor reopened a completed journey."""

    about_id: uuid.UUID
    reason: str


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


_COMMON = {field.name for field in fields(Fact)}


def record(db: Session, fact: Fact) -> None:
    """Write ``fact`` into the present transaction and hand it on to whoever turns facts into deliveries."""
    details = {name: _plain(value) for name, value in asdict(fact).items() if name not in _COMMON}
    db.add(
        FactRow(
            id=fact.id,
            kind=type(fact).__name__,
            at=fact.at,
            cohort_id=fact.cohort_id,
            participant_id=fact.participant_id,
            pair_id=fact.pair_id,
            subject_id=fact.subject_id,
            details=details,
        )
    )
    db.info.setdefault(PENDING, []).append(fact)
