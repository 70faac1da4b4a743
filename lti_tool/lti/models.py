"""What the tool knows of the platforms that launch it.

Every row that a protocol step needs is in the database, so that any number of web processes can serve any step.
Specification: LTI 1.3 core (https://www.imsglobal.org/spec/lti/v1p3), 1EdTech security framework
(https://www.imsglobal.org/spec/security/v1p0), dynamic registration (https://www.imsglobal.org/spec/lti-dr/v1p0).
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.database import Base, one_of, utcnow
from lti_tool.people import Course, CourseRole, Person


class DeploymentStatus(enum.StrEnum):
    """Whether a deployment may launch."""

    APPROVED = "approved"
    PENDING = "pending"


class KeyStatus(enum.StrEnum):
    """Whether a key signs, or is only still published."""

    ACTIVE = "active"
    RETIRING = "retiring"


class Registration(Base):
    """The trust between one issuer's client id and this tool."""

    __tablename__ = "registration"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "client_id"),
        sa.UniqueConstraint("token_audience", "client_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    label: Mapped[str | None] = mapped_column(sa.String(255))
    issuer: Mapped[str] = mapped_column(sa.String(255))
    client_id: Mapped[str] = mapped_column(sa.String(255))
    auth_login_url: Mapped[str] = mapped_column(sa.Text)
    """The platform's OIDC authorisation endpoint."""
    auth_token_url: Mapped[str] = mapped_column(sa.Text)
    token_audience: Mapped[str | None] = mapped_column(
        sa.Text, default=lambda context: context.get_current_parameters()["auth_token_url"]
    )
    """The ``aud`` of our client assertions. None where another registration has it with the same client id: no token
    is asked for then, since it would be the other's."""
    jwks_url: Mapped[str] = mapped_column(sa.Text)
    frame_origins: Mapped[list[str]] = mapped_column(default=list)
    """Origins that may frame the tool: the issuer's, the auth URL's, and those an admin adds."""
    service_hosts: Mapped[list[str]] = mapped_column(default=list)
    """Further hosts (``host`` or ``host:port``) to which access tokens of this registration may be sent: those an
    operator added, and those a hosted family named in launches it signed."""
    platform_family: Mapped[str | None] = mapped_column(sa.String(50))
    """``product_family_code`` (moodle, canvas, …); chooses the theme and the quirks."""
    keyset_read_at: Mapped[dt.datetime | None]
    """When the platform's key set was last fetched; limits refetches on an unknown kid."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    deployments: Mapped[list[Deployment]] = relationship(back_populates="registration")


class Deployment(Base):
    """One installation of the tool inside a registration's platform."""

    __tablename__ = "deployment"
    __table_args__ = (
        sa.UniqueConstraint("registration_id", "deployment_id"),
        one_of("status", DeploymentStatus),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"))
    deployment_id: Mapped[str] = mapped_column(sa.String(255))
    """The platform's own id for it."""
    status: Mapped[str] = mapped_column(sa.String(20), default=DeploymentStatus.PENDING)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    registration: Mapped[Registration] = relationship(back_populates="deployments")


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


class PlatformKey(Base):
    """A platform's public key, remembered by kid so that launches need no fetch."""

    __tablename__ = "platform_key"

    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"), primary_key=True)
    kid: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    jwk: Mapped[dict[str, Any]]
    fetched_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class LoginState(Base):
    """One OIDC login under way: made by ``/lti/login``, consumed once by ``/lti/launch``.

    It ties state, nonce, registration, deployment and browser together (security framework §5.1.1, core §5.2).
    """

    __tablename__ = "login_state"
    __table_args__ = (sa.Index("ix__login_state__expires_at", "expires_at"),)

    state: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(sa.String(64), unique=True)
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"))
    deployment_hint: Mapped[str | None] = mapped_column(sa.String(255))
    """``lti_deployment_id`` of the login, when the platform sent one."""
    target_link_uri: Mapped[str] = mapped_column(sa.Text)
    browser_hash: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the secret this browser was given in a cookie."""
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


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
    line_item_url: Mapped[str | None] = mapped_column(sa.Text)
    """The coupled line item: the only one whose scores complete the activity."""
    scopes: Mapped[list[str]] = mapped_column(default=list)
    """The AGS scopes of the latest launch."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    course: Mapped[Course] = relationship()


class LaunchSession(Base):
    """What one verified launch opened: a person at work in a course, at an address of its own.

    It is reached by its id in the address together with a secret: the browser's cookie, or, in a browser that
    refuses every cookie, a secret in the address (:mod:`lti_tool.views.launch_sessions`).
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
    """None for an anonymous launch (no ``sub``): a read-only view, and no grades."""
    course_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("course.id"))
    resource_link_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("resource_link.id"))
    role: Mapped[str] = mapped_column(sa.String(20))
    is_admin: Mapped[bool] = mapped_column(default=False)
    message_type: Mapped[str] = mapped_column(sa.String(50))
    locale: Mapped[str | None] = mapped_column(sa.String(35))
    return_url: Mapped[str | None] = mapped_column(sa.Text)
    document_target: Mapped[str | None] = mapped_column(sa.String(20))
    deep_linking: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """``deep_linking_settings`` of a deep-linking request."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]

    person: Mapped[Person | None] = relationship()
    course: Mapped[Course | None] = relationship()
    resource_link: Mapped[ResourceLink | None] = relationship()
    registration: Mapped[Registration] = relationship()
    deployment: Mapped[Deployment] = relationship()


class LaunchHandoff(Base):
    """A verified launch that waits for its person to continue in a new tab, where the frame takes no cookie."""

    __tablename__ = "launch_handoff"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    launch: Mapped[dict[str, Any]]
    """The verified launch, as :mod:`lti_tool.lti.arrivals` reads it."""
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class AccessToken(Base):
    """A platform's access token, shared by all processes until it expires."""

    __tablename__ = "access_token"

    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"), primary_key=True)
    scopes: Mapped[str] = mapped_column(sa.String(500), primary_key=True)
    """The scopes asked for, sorted and joined by spaces."""
    token: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """Encrypted like the private keys."""
    expires_at: Mapped[dt.datetime]


class Invitation(Base):
    """A single-use permission to register a platform dynamically."""

    __tablename__ = "invitation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    label: Mapped[str | None] = mapped_column(sa.String(255))
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    registration_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("registration.id"))


class Refusal(Base):
    """The audit row of something refused at the LTI doors: a login, a launch, a registration, a response."""

    __tablename__ = "refusal"
    __table_args__ = (sa.Index("ix__refusal__at", "at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    step: Mapped[str] = mapped_column(sa.String(30))
    """``login``, ``launch``, ``session``, ``deep_linking`` or ``registration``."""
    reason: Mapped[str] = mapped_column(sa.String(60))
    """The code of the :class:`lti_tool.lti.errors.Refused` that was raised."""
    detail: Mapped[str] = mapped_column(sa.String(500), default="")
    issuer: Mapped[str | None] = mapped_column(sa.String(255))
    client_id: Mapped[str | None] = mapped_column(sa.String(255))
    deployment_id: Mapped[str | None] = mapped_column(sa.String(255))
    reference: Mapped[str] = mapped_column(sa.String(40))
    """The reference shown on the error page and written to the log."""


class ScoreTrail(Base):
    """The latest score recorded for one person on one line item.

    Platforms refuse a score that is not later by a whole second, and erase the grade on one that is not
    FullyGraded after one that is; both are decided here, in the transaction of the fact.
    """

    __tablename__ = "score_trail"

    line_item_url: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    standing: Mapped[str] = mapped_column(sa.String(20))
    """What the latest score said."""
    score: Mapped[int | None]
    """Its ``scoreGiven``, 0 to 100; None when it gave none."""
    comment: Mapped[str | None] = mapped_column(sa.Text)
    """The latest comment that was sent: a score without one would erase it."""
    last_timestamp: Mapped[dt.datetime]
    """Its timestamp: whole seconds, UTC."""
    graded: Mapped[bool] = mapped_column(default=False)
    """Whether a FullyGraded score was ever recorded: from then on nothing else may be."""
