"""The tables of participants, and of what is known of them for choosing partners."""

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
    """Their invitation was taken back before they answered it: they are as somebody who was never enrolled."""
    REFUSED = "refused"
    """They were invited, and have said that they do not take part."""
    TAKEN_OUT = "taken_out"
    """A tutor or an owner took them out of the programme before they completed it; what they did is kept."""


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
    refused_at: Mapped[dt.datetime | None]
    """When they said that they do not take part; None for everybody who has not, or who takes part after all."""
    refusal_reason: Mapped[str | None] = mapped_column(sa.String(30))
    """A code of :data:`schemas.choices.REFUSAL_REASONS`, where they gave any; the tutors of the group alone see it."""
    taken_out_at: Mapped[dt.datetime | None]
    """When they were taken out of the programme; None for everybody who was not, or who was taken back in.

    Whoever had completed it before keeps that status, and is in no further pair.
    """
    taken_out_reason: Mapped[str | None] = mapped_column(sa.String(30))
    """A code of :data:`schemas.choices.TAKE_OUT_REASONS`, where one was given; they themselves are not shown it."""
    taken_out_from: Mapped[str | None] = mapped_column(sa.String(20))
    """The status that they had then."""


class FormerCohort(Base):
    """A cohort in which a participant was until their pair moved to another one; the participant says which."""

    __tablename__ = "former_cohort"
    __table_args__ = (sa.Index("ix__former_cohort__cohort_id", "cohort_id"),)

    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"), primary_key=True)
    moved_at: Mapped[dt.datetime]
    """The last time, where they came back and moved again."""


class PutAside(Base):
    """Somebody of a cohort's courses who will take no part, as its tutor knows: nobody asks for their role any more.

    They can still choose one. It means nothing for somebody who is enrolled.
    """

    __tablename__ = "put_aside"
    __table_args__ = (sa.Index("ix__put_aside__person_id", "person_id"),)

    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    put_aside_at: Mapped[dt.datetime]


class Direction(enum.StrEnum):
    """Whether somebody has a skill to share, or would like to learn it."""

    OFFERS = "offers"
    WANTS = "wants"


class ParticipantSkill(Base):
    """A skill of the programme that a participant offers or wants."""

    __tablename__ = "participant_skill"
    __table_args__ = (
        one_of("direction", Direction),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name="level_in_range"),
    )

    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    direction: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    skill: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    """Its code in the programme's settings."""
    level: Mapped[int | None]
    """From 1 to 5; None where nobody said."""


class ParticipantTraits(Base):
    """What else helps to choose a partner. The tutors of the group and the participant see it; the partner does not."""

    __tablename__ = "participant_traits"

    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    department: Mapped[str | None] = mapped_column(sa.String(120))
    """From a file: partners are chosen from different ones."""
    manager: Mapped[str | None] = mapped_column(sa.String(320))
    """From a file: the LMS user id, the user name or the e-mail address of their manager, in small letters."""
    languages: Mapped[list[str]]
    """Codes of the languages in which they can meet; empty where nobody said."""
    time_zone: Mapped[str | None] = mapped_column(sa.String(60))
    """An IANA name, such as ``Europe/Paris``."""
    answered_at: Mapped[dt.datetime | None]
    """When the participant last answered the questions themselves: a file changes no answer of theirs."""
