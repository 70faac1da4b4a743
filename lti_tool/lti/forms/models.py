"""The tables of forms that were sent: each has its effect once, and none is lost because a session was over."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, utcnow


class FormSubmission(Base):
    """A form that had its effect: sent again, by a double click or after a lost answer, it is answered again."""

    __tablename__ = "form_submission"
    __table_args__ = (sa.Index("ix__form_submission__expires_at", "expires_at"),)

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """SHA-256 of the person, the address, the key that was made with the page, and the content."""
    id: Mapped[uuid.UUID] = mapped_column(unique=True)
    """What the address of the next page names, for the message to be shown there."""
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    next_page: Mapped[str] = mapped_column(sa.Text)
    """Where the answer leads: path and query below the launch's own address."""
    message: Mapped[str | None] = mapped_column(sa.String(40))
    """The code of what was done, which the next page shows in words, once."""
    is_message_shown: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[dt.datetime]


class KeptForm(Base):
    """A form that was sent after its session had expired, for its person to send again after their next launch."""

    __tablename__ = "kept_form"
    __table_args__ = (
        sa.Index("ix__kept_form__person_id", "person_id"),
        sa.Index("ix__kept_form__expires_at", "expires_at"),
    )

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """That of :class:`FormSubmission`: the same form sent twice is kept once."""
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("course.id"))
    resource_link_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("resource_link.id"))
    """The activity of the course; None for a form of the content picker."""
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """Address and fields as JSON, encrypted like the private keys."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]
