"""What a launch leaves behind: used nonces, keys, links, sessions, and launches handed to a new tab.

What a step of the protocol needs is in the database or in the signed state, so that any web process can serve any step.
LTI 1.3 core (https://www.imsglobal.org/spec/lti/v1p3), 1EdTech security framework
(https://www.imsglobal.org/spec/security/v1p0).
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.database import Base, one_of, utcnow
from lti_tool.identity.models import Course, CourseRole, Person
from lti_tool.lti.registration.models import Deployment, Registration


class PlatformKey(Base):
    """A platform's public key, cached by kid so that launches need no fetch."""

    __tablename__ = "platform_key"

    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"), primary_key=True)
    kid: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    jwk: Mapped[dict[str, Any]]
    fetched_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class UsedNonce(Base):
    """A nonce that a launch has used up; another launch with it is a replay (OpenID Connect core §3.1.3.7)."""

    __tablename__ = "used_nonce"
    __table_args__ = (sa.Index("ix__used_nonce__expires_at", "expires_at"),)

    nonce: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    expires_at: Mapped[dt.datetime]
    """When its state expires: from then on the state alone is refused, and the row can go."""


class ResourceLink(Base):
    """One placement of the tool in a course."""

    __tablename__ = "resource_link"
    __table_args__ = (sa.UniqueConstraint("course_id", "resource_link_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("course.id"))
    resource_link_id: Mapped[str] = mapped_column(sa.String(255))
    title: Mapped[str | None] = mapped_column(sa.String(1000))
    content_id: Mapped[uuid.UUID | None]
    """Our own stable id, carried in the link's ``custom`` parameters; survives a course copy."""
    template: Mapped[str | None] = mapped_column(sa.String(60))
    """The programme template that the tutor chose in the content picker, carried in the same way."""
    only_role: Mapped[str | None] = mapped_column(sa.String(10))
    """``mentee`` or ``mentor`` where people take part in one role through it; carried in the same way."""
    line_item_url: Mapped[str | None] = mapped_column(sa.Text)
    """The coupled line item: the only one whose scores complete the activity; else :attr:`own_line_item_url`.

    By the address under which it was named first (:mod:`lti_tool.lti.ags.addresses`): grades are kept by it.
    """
    line_item_address: Mapped[str | None] = mapped_column(sa.Text)
    """The address of the same line item that was named last, where that is another one: requests go there."""
    line_items_url: Mapped[str | None] = mapped_column(sa.Text)
    """Where the line items of the course are (``lineitems``)."""
    own_line_item_url: Mapped[str | None] = mapped_column(sa.Text)
    """A line item that was found or made for launches that name none (:mod:`lti_tool.lti.ags.line_item_job`)."""
    scopes: Mapped[list[str]] = mapped_column(default=list)
    """The AGS scopes of the latest launch."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    course: Mapped[Course] = relationship()


class LaunchSession(Base):
    """What one verified launch opened: a person at work in a course, at an address of its own.

    It is reached by its id in the address together with a secret: the browser's cookie, or, in a browser that
    refuses every cookie, a secret in the address (:mod:`lti_tool.web.launch_session`).
    """

    __tablename__ = "launch_session"
    __table_args__ = (
        sa.Index("ix__launch_session__expires_at", "expires_at"),
        one_of("role", CourseRole),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the secret that must come with the id."""
    csrf_key: Mapped[str] = mapped_column(sa.String(64))
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"))
    deployment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("deployment.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    """None for an anonymous launch (no ``sub``) and for the test student: a read-only view, and no grades."""
    course_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("course.id"))
    resource_link_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("resource_link.id"))
    role: Mapped[str] = mapped_column(sa.String(20))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_test_user: Mapped[bool] = mapped_column(default=False)
    """The platform's test student, by which a teacher sees the course as learners do."""
    message_type: Mapped[str] = mapped_column(sa.String(50))
    locale: Mapped[str | None] = mapped_column(sa.String(35))
    time_zone: Mapped[str | None] = mapped_column(sa.String(60))
    """Of the browser (https://www.iana.org/time-zones); None until it says so, which is read as UTC."""
    return_url: Mapped[str | None] = mapped_column(sa.Text)
    document_target: Mapped[str | None] = mapped_column(sa.String(20))
    """Where the platform opened it: ``iframe``, ``frame`` or ``window``; None where it did not say."""
    shown_subjects: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    """The platform's ids of the people whose progress it may show: an observer's, or the one to be reviewed."""
    deep_linking: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """``deep_linking_settings`` of a deep-linking request."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]
    signed_out_at: Mapped[dt.datetime | None]
    """When its person ended it, which is when it expired; None for any other session."""

    person: Mapped[Person | None] = relationship()
    course: Mapped[Course | None] = relationship()
    resource_link: Mapped[ResourceLink | None] = relationship()
    registration: Mapped[Registration] = relationship()
    deployment: Mapped[Deployment] = relationship()


class LaunchHandoff(Base):
    """A verified launch whose frame takes no cookie: it waits for a proof that the platform keeps, or for its person.

    The person continues in a new tab.
    """

    __tablename__ = "launch_handoff"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    launch: Mapped[dict[str, Any]]
    """The verified launch, as :mod:`lti_tool.lti.launch.persist` reads it, and the hash of the proof if any."""
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    launch_session_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("launch_session.id"))
    """The session that it was used for."""
