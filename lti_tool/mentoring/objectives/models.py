"""The table of objectives."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow
from lti_tool.mentoring.roles import Role


class ObjectiveStatus(enum.StrEnum):
    """Where an objective is."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    IN_PROGRESS = "in_progress"
    CLAIMED = "claimed"
    REACHED = "reached"
    WITHDRAWN = "withdrawn"


class Tag(enum.StrEnum):
    """The four dimensions of an outcome."""

    SKILLS = "skills"
    COMMUNICATION = "communication"
    CULTURE = "culture"
    PERSON = "person"


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
    """The role of the one who learns, its owner: an objective towards the mentee, or towards the mentor."""
    title: Mapped[str] = mapped_column(sa.String(200))
    """The pair's own words; never in a statement."""
    tag: Mapped[str] = mapped_column(sa.String(20))
    required: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(sa.String(20), default=ObjectiveStatus.PROPOSED)
    evidence: Mapped[str | None] = mapped_column(sa.String(10))
    """What it was reached by: ``self``, ``partner``, ``tutor`` or ``xapi``."""
    created_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    proposed_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    """Who of the two wrote what it says now: the other one agrees."""
    revision: Mapped[int] = mapped_column(default=0)
    """Rises with each edit; part of the ids of its statements."""
    agreed_at: Mapped[dt.datetime | None]
    """When both last agreed; None for one that both never did."""
    status_since: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """When it came to its present status."""
    target_on: Mapped[dt.date | None]
    """By when the one who learns wants to reach it."""
    skill: Mapped[str | None] = mapped_column(sa.String(60))
    """The code of a skill of the programme; None where it is about none in particular."""
    level: Mapped[int | None]
    """The level of the skill that it leads to, from 1 to 5; None where nobody said."""
    trend: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether it is about keeping up with a trend."""
    accepts: Mapped[str] = mapped_column(sa.String(40), default="partner", server_default="partner")
    """Whose word is enough for it to be reached: codes of :data:`schemas.choices.EVIDENCE`, with commas between."""
    catalogue_code: Mapped[str | None] = mapped_column(sa.String(60))
    """Of the objective of the programme's catalogue that it was chosen from, as long as it says the same."""
    worked_on: Mapped[dt.date | None]
    """The day of the latest meeting that was said to be about it."""
    refused_by: Mapped[str | None] = mapped_column(sa.String(10))
    """Who said no last, where its status comes from that: ``partner``, the one of the two who did not propose it
    (withdrawn) or who does not learn (claimed too early, in progress), or ``tutor``."""
    refusal_read_at: Mapped[dt.datetime | None]
    """When the other one, who proposed or claimed it, read so."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """Whose word is enough for it to be reached."""
        return tuple(self.accepts.split(","))
