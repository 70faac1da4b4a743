"""Tables that several LTI features use: the tool's own keys, access tokens, and the audit of refusals."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow


class KeyStatus(enum.StrEnum):
    """Whether a key signs, or is only still published."""

    ACTIVE = "active"
    RETIRING = "retiring"


class ToolKey(Base):
    """One of the tool's own RSA keys; its private half is encrypted at rest."""

    __tablename__ = "tool_key"
    __table_args__ = (
        one_of("status", KeyStatus),
        sa.Index(
            "ix__tool_key__one_active",
            "status",
            unique=True,
            sqlite_where=sa.text("status = 'active'"),
            postgresql_where=sa.text("status = 'active'"),
        ),
    )

    kid: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    private_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """PKCS #8 PEM, encrypted with a key derived from TANDEM_SECRET_KEY."""
    public_jwk: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    retired_at: Mapped[dt.datetime | None]


class AccessToken(Base):
    """A platform's access token, shared by all processes until it expires."""

    __tablename__ = "access_token"

    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"), primary_key=True)
    scopes: Mapped[str] = mapped_column(sa.String(500), primary_key=True)
    """The scopes asked for, sorted and joined by spaces."""
    token: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """Encrypted like the private keys."""
    expires_at: Mapped[dt.datetime]


class Refusal(Base):
    """The audit of refused logins, launches, registrations and responses: one row for all of one kind in one hour.

    Anybody can be refused as often as they like, so that a row for each would let anybody fill the database.
    """

    __tablename__ = "refusal"
    __table_args__ = (sa.Index("ix__refusal__at", "at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    aggregate: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """What is counted together: a digest of the hour, the step, the reason and the registration."""
    count: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """When the latest of them was. What follows is of that one."""
    step: Mapped[str] = mapped_column(sa.String(30))
    """``login``, ``launch``, ``session``, ``deep_linking`` or ``registration``."""
    reason: Mapped[str] = mapped_column(sa.String(60))
    """The code of the :class:`lti_tool.lti.errors.Refused` that was raised."""
    detail: Mapped[str] = mapped_column(sa.String(500), default="")
    issuer: Mapped[str | None] = mapped_column(sa.String(255))
    client_id: Mapped[str | None] = mapped_column(sa.String(255))
    deployment_id: Mapped[str | None] = mapped_column(sa.String(255))
    reference: Mapped[str] = mapped_column(sa.String(40))
    """The reference shown on the error page. The log has those of all the others."""
