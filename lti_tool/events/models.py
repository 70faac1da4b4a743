"""The log's own table."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of
from lti_tool.identity.principal import PrincipalKind


class EventRow(Base):
    """One event. Rows are added and never changed, but for the organisation when two are merged."""

    __tablename__ = "event"
    __table_args__ = (
        one_of("acted_by_kind", PrincipalKind),
        sa.Index("ix__event__organisation_id", "organisation_id", "sequence"),
        sa.Index("ix__event__cohort_id", "cohort_id", "sequence"),
        sa.Index("ix__event__pair_id", "pair_id", "sequence"),
        sa.Index("ix__event__participant_id", "participant_id", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    """The order of the log. Within one pair it is the order in which the events happened."""
    id: Mapped[uuid.UUID] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(sa.String(60))
    """The name of the event's class."""
    version: Mapped[int]
    """The version of the class that wrote ``details``."""
    at: Mapped[dt.datetime]
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    programme_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("programme.id"))
    cohort_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("cohort.id"))
    placement_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("placement.id"))
    pair_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("pair.id"))
    participant_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("participant.id"))
    """The participant whose act it was, or whom it is about."""
    acted_by_kind: Mapped[str] = mapped_column(sa.String(20))
    acted_by_id: Mapped[uuid.UUID | None]
    """The person who acted, where the kind is a person."""
    details: Mapped[dict[str, Any]]
    """The event's own fields, as :func:`lti_tool.events.base.to_details` writes them."""


class ProjectionState(Base):
    """Which version of each projection the stored rows were computed by."""

    __tablename__ = "projection_state"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    version: Mapped[int]


class AuditEntry(Base):
    """Who did what, and when: a projection of the log. Its sentence is made when it is read."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix__audit_entry__cohort_id", "cohort_id", "at"),
        sa.Index("ix__audit_entry__programme_id", "programme_id", "at"),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    kind: Mapped[str] = mapped_column(sa.String(60))
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    programme_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("programme.id"))
    cohort_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("cohort.id"))
    pair_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("pair.id"))
    participant_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("participant.id"))
    acted_by_kind: Mapped[str] = mapped_column(sa.String(20))
    acted_by_id: Mapped[uuid.UUID | None]
