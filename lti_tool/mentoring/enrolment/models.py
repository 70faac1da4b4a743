"""The table of participants."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow
from lti_tool.mentoring.roles import Role


class ParticipantStatus(enum.StrEnum):
    """Where a participant is."""

    INVITED = "invited"
    """A tutor gave them a role; they have not said that they take part."""
    ONBOARDED = "onboarded"
    PAIRED = "paired"
    ACTIVE = "active"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class Participant(Base):
    """A person's enrolment in a cohort, in one role."""

    __tablename__ = "participant"
    __table_args__ = (
        sa.UniqueConstraint("cohort_id", "person_id"),
        sa.Index("ix__participant__person_id", "person_id"),
        one_of("role", Role),
        one_of("status", ParticipantStatus),
        sa.CheckConstraint("capacity >= 1", name="capacity_positive"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    """Also the xAPI registration of joining and of completing the programme."""
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(20), default=ParticipantStatus.ONBOARDED)
    capacity: Mapped[int] = mapped_column(default=1)
    """How many pairs this person takes at once."""
    joined_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """When the person joined, or was invited."""
