"""The table of a company's own programme templates."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, utcnow


class TemplateVersion(Base):
    """One version of a company's own template; it never changes, and the highest number is in force."""

    __tablename__ = "programme_template"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "code", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    code: Mapped[str] = mapped_column(sa.String(60))
    """The same in all versions of one template. That of a built-in template stands for it in this company."""
    number: Mapped[int]
    document: Mapped[dict[str, Any]]
    """In the shape of :mod:`schemas.programme_template`."""
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    """None where an operator imported it."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
