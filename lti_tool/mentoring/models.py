"""The mentoring domain's tables: programme → cohort → participant → pair → agreement, objectives, sessions.

States are enums checked by the database; which changes are allowed is in :mod:`lti_tool.mentoring.actions`.
Nothing here is ever deleted but by erasure: a withdrawn session keeps its row.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.database import Base, one_of, utcnow
from lti_tool.mentoring.rule_types import Completion
from lti_tool.people import Course, Person


class Role(enum.StrEnum):
    """The two roles of a pair. Never derived from age, nor from LTI roles."""

    MENTOR = "mentor"
    MENTEE = "mentee"


class CohortKind(enum.StrEnum):
    """Whether a cohort tries the programme out or runs it at full scale."""

    PILOT = "pilot"
    SCALE = "scale"


class CohortState(enum.StrEnum):
    """Where a cohort is in its life."""

    DRAFT = "draft"
    READY = "ready"
    ENROLLING = "enrolling"
    MATCHING = "matching"
    RUNNING = "running"
    CLOSING = "closing"
    FOLLOW_UP = "follow_up"
    ARCHIVED = "archived"


class ParticipantState(enum.StrEnum):
    """Where a participant is."""

    INVITED = "invited"
    ONBOARDED = "onboarded"
    PAIRED = "paired"
    ACTIVE = "active"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class PairState(enum.StrEnum):
    """Where a pair is. ``ended`` records a reason and no fault."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"
    ENDED = "ended"


class SessionStatus(enum.StrEnum):
    """Where a mentoring session is. ``withdrawn`` is a logged session that its logger took back."""

    PLANNED = "planned"
    HELD = "held"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class ObjectiveStatus(enum.StrEnum):
    """Where an objective is."""

    AGREED = "agreed"
    IN_PROGRESS = "in_progress"
    CLAIMED = "claimed"
    REACHED = "reached"
    DROPPED = "dropped"


class Tag(enum.StrEnum):
    """The four dimensions of an outcome."""

    SKILLS = "skills"
    COMMUNICATION = "communication"
    CULTURE = "culture"
    PERSON = "person"


class Programme(Base):
    """A reverse-mentoring programme: one LMS course."""

    __tablename__ = "programme"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("course.id"), unique=True)
    template: Mapped[str] = mapped_column(sa.String(60))
    """The code of the template it was made from."""
    settings: Mapped[dict[str, Any]]
    """The template's content at that moment, as :mod:`schemas.programme_template` shapes it."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    course: Mapped[Course] = relationship()


class CompletionRuleVersion(Base):
    """One immutable version of a cohort's completion rule."""

    __tablename__ = "completion_rule_version"
    __table_args__ = (sa.UniqueConstraint("cohort_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"))
    number: Mapped[int]
    rule: Mapped[dict[str, Any]]
    """Canonical JSON, as :mod:`schemas.completion_rule` checks it."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class Cohort(Base):
    """One run of a programme, with its own people, dates, rule and frozen measures."""

    __tablename__ = "cohort"
    __table_args__ = (
        one_of("kind", CohortKind),
        one_of("state", CohortState),
        sa.CheckConstraint("starts_on <= ends_on AND ends_on <= follow_up_on", name="dates_in_order"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    programme_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(sa.String(20), default=CohortKind.PILOT)
    state: Mapped[str] = mapped_column(sa.String(20), default=CohortState.DRAFT)
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    follow_up_on: Mapped[dt.date]
    kpis: Mapped[list[Any]] = mapped_column(sa.JSON)
    """KPI definitions, frozen when the cohort starts."""
    baseline: Mapped[dict[str, Any]]
    """The questionnaire asked before."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    changed_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """Moves whenever anything a page of this cohort shows changes; the pages' ETag."""
    revision: Mapped[int] = mapped_column(default=0)
    """Rises with every fact of this cohort, in the fact's own transaction."""

    programme: Mapped[Programme] = relationship()


class Participant(Base):
    """A person's enrolment in a cohort, in one role."""

    __tablename__ = "participant"
    __table_args__ = (
        sa.UniqueConstraint("cohort_id", "person_id"),
        sa.Index("ix__participant__person_id", "person_id"),
        one_of("role", Role),
        one_of("state", ParticipantState),
        sa.CheckConstraint("capacity >= 1", name="capacity_positive"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    """Also the xAPI registration of joining and of completing the programme."""
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(sa.String(10))
    state: Mapped[str] = mapped_column(sa.String(20), default=ParticipantState.ONBOARDED)
    capacity: Mapped[int] = mapped_column(default=1)
    """How many pairs this person takes at once."""
    joined_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    tutor_validated_at: Mapped[dt.datetime | None]
    seen_at: Mapped[dt.datetime | None]
    """When this person last opened the home page: what came since is shown first."""

    person: Mapped[Person] = relationship()
    cohort: Mapped[Cohort] = relationship()


class Pair(Base):
    """One junior mentor with one senior mentee."""

    __tablename__ = "pair"
    __table_args__ = (
        one_of("state", PairState),
        sa.Index("ix__pair__mentor_id", "mentor_id"),
        sa.Index("ix__pair__mentee_id", "mentee_id"),
        sa.Index(
            "ix__pair__together_once",
            "mentor_id",
            "mentee_id",
            unique=True,
            sqlite_where=sa.text("state NOT IN ('closed', 'ended')"),
            postgresql_where=sa.text("state NOT IN ('closed', 'ended')"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    """Also the xAPI registration of everything the pair does."""
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    mentor_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    mentee_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    state: Mapped[str] = mapped_column(sa.String(20), default=PairState.PROPOSED)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    charter_version: Mapped[str] = mapped_column(sa.String(20), default="1")
    """Which text of the charter the two sign."""
    mentor_signed_at: Mapped[dt.datetime | None]
    mentee_signed_at: Mapped[dt.datetime | None]

    cohort: Mapped[Cohort] = relationship()
    mentor: Mapped[Participant] = relationship(foreign_keys=[mentor_id])
    mentee: Mapped[Participant] = relationship(foreign_keys=[mentee_id])


class Objective(Base):
    """What one of the two wants to learn from the other. Both directions exist."""

    __tablename__ = "objective"
    __table_args__ = (
        one_of("direction", Role),
        one_of("tag", Tag),
        one_of("status", ObjectiveStatus),
        sa.Index("ix__objective__pair_id", "pair_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    pair_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("pair.id"))
    direction: Mapped[str] = mapped_column(sa.String(10))
    """The role of the one who learns: an objective towards the mentee, or towards the mentor."""
    title: Mapped[str] = mapped_column(sa.String(200))
    """The pair's own words; never in a statement."""
    tag: Mapped[str] = mapped_column(sa.String(20))
    required: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(sa.String(20), default=ObjectiveStatus.AGREED)
    evidence: Mapped[str | None] = mapped_column(sa.String(10))
    """What it was reached by: ``self``, ``partner``, ``tutor`` or ``xapi``."""
    created_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    claimed_at: Mapped[dt.datetime | None]
    reached_at: Mapped[dt.datetime | None]

    pair: Mapped[Pair] = relationship()


class MentoringSession(Base):
    """A meeting of a pair, in any format."""

    __tablename__ = "mentoring_session"
    __table_args__ = (
        one_of("status", SessionStatus),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name="minutes_in_a_day"),
        sa.Index("ix__mentoring_session__pair_id", "pair_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    pair_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("pair.id"))
    held_on: Mapped[dt.date]
    started_at: Mapped[dt.datetime]
    """Noon UTC of ``held_on`` when no hour was given; never after the moment of logging."""
    minutes: Mapped[int]
    format: Mapped[str] = mapped_column(sa.String(30))
    status: Mapped[str] = mapped_column(sa.String(20), default=SessionStatus.HELD)
    revision: Mapped[int] = mapped_column(default=0)
    """Rises with each correction; part of the ids of its statements."""
    logged_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    logged_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    answered_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("participant.id"))
    answered_at: Mapped[dt.datetime | None]
    dispute_reason: Mapped[str | None] = mapped_column(sa.String(30))
    form_key: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    """The key of the form that logged it: a double tap logs one session."""

    pair: Mapped[Pair] = relationship()


class CompletionRecord(Base):
    """How far one participant is, kept up to date in the transaction of each fact."""

    __tablename__ = "completion_record"
    __table_args__ = (one_of("completion", Completion),)

    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    rule_version_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("completion_rule_version.id"))
    score: Mapped[int] = mapped_column(default=0)
    """0 to 100."""
    completion: Mapped[str] = mapped_column(sa.String(20), default=Completion.OPEN)
    """Open, completed or reopened. Latched: later edits never undo a completion; only a tutor reopens."""
    standing: Mapped[str] = mapped_column(sa.String(20))
    """A :class:`lti_tool.mentoring.standing.Standing`: what the LMS is told."""
    explanation: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    """Each criterion with value, target and the facts used."""
    completed_at: Mapped[dt.datetime | None]
    """When it was first completed."""
    changed_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class FactRow(Base):
    """Everything that happened, in order: the journey, the audit, and the source of each statement."""

    __tablename__ = "fact"
    __table_args__ = (
        sa.Index("ix__fact__pair_id", "pair_id", "at"),
        sa.Index("ix__fact__participant_id", "participant_id", "at"),
        sa.Index("ix__fact__cohort_id", "cohort_id", "at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    """The name of the fact's class in :mod:`lti_tool.mentoring.events`."""
    at: Mapped[dt.datetime]
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"))
    participant_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("participant.id"))
    """Whose act it was; None for the tutor's and the tool's own."""
    pair_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("pair.id"))
    subject_id: Mapped[uuid.UUID | None]
    """The session or objective it is about."""
    details: Mapped[dict[str, Any]]
