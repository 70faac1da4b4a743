"""The platforms that may launch the tool: registrations, their deployments, and invitations to register.

LTI 1.3 core §3.1 (https://www.imsglobal.org/spec/lti/v1p3#platforms-and-tools), dynamic registration
(https://www.imsglobal.org/spec/lti-dr/v1p0).
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.database import Base, one_of, utcnow


class DeploymentStatus(enum.StrEnum):
    """Whether a deployment may launch."""

    APPROVED = "approved"
    PENDING = "pending"


class ActorAccount(enum.StrEnum):
    """Which account stands for a person in statements."""

    OPAQUE = "opaque"
    """The tool's own, named by a pseudonym."""
    LMS = "lms"
    """The platform's: home page = issuer, name = ``sub``."""


class Registration(Base):
    """The trust between one issuer's client id and this tool."""

    __tablename__ = "registration"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "client_id"),
        sa.UniqueConstraint("token_audience", "client_id"),
        one_of("actor_account", ActorAccount),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    label: Mapped[str | None] = mapped_column(sa.String(255))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    """The company that connected it, to which its deployments belong unless companies share the registration."""
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
    """``product_family_code`` (moodle, canvas, …); chooses the class of :mod:`lti_tool.lti.platforms`."""
    actor_account: Mapped[str] = mapped_column(sa.String(10), default=ActorAccount.OPAQUE)
    """Which account stands for its people in statements; never changed after the first of them."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    deployments: Mapped[list[Deployment]] = relationship(back_populates="registration")


class Deployment(Base):
    """One installation of the tool inside a registration's platform."""

    __tablename__ = "deployment"
    __table_args__ = (
        sa.UniqueConstraint("registration_id", "deployment_id"),
        one_of("status", DeploymentStatus),
        sa.CheckConstraint(
            "status = 'pending' OR organisation_id IS NOT NULL", name="approved_for_an_organisation"
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    """The company that uses it; None as long as nobody has ever approved it. It stays when the approval is withdrawn,
    since what its courses hold belongs to it."""
    deployment_id: Mapped[str] = mapped_column(sa.String(255))
    """The platform's own id for it."""
    status: Mapped[str] = mapped_column(sa.String(20), default=DeploymentStatus.PENDING)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    registration: Mapped[Registration] = relationship(back_populates="deployments")


def deployment_reference(deployment_id: uuid.UUID) -> str:
    """What a page shows of a deployment that awaits approval: short, and ``tandem deployments approve`` finds it."""
    return deployment_id.hex[:12]


class Invitation(Base):
    """A single-use permission to register a platform dynamically."""

    __tablename__ = "invitation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    label: Mapped[str | None] = mapped_column(sa.String(255))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    """The company for which a platform is invited; None for a new one, made when it is connected."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]
    reserved_until: Mapped[dt.datetime | None]
    """While a platform is asked to register the tool, no other attempt may be made with this invitation."""
    reserved_by: Mapped[uuid.UUID | None]
    """The attempt that it is reserved for."""
    used_at: Mapped[dt.datetime | None]
    registration_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("registration.id"))


class RegistrationAttempt(Base):
    """One request of an administrator to connect a platform, and what became of it."""

    __tablename__ = "registration_attempt"
    __table_args__ = (
        sa.Index("ix__registration_attempt__invitation_id", "invitation_id"),
        sa.Index("ix__registration_attempt__expires_at", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """The key that was made with the form: the same form sent twice is one attempt."""
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the secret that must come with the id: that of the browser's cookie, or the one in the address."""
    invitation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("invitation.id"))
    platform_origin: Mapped[str] = mapped_column(sa.Text)
    """Where the platform's configuration comes from: what may frame the page, and what it calls the platform."""
    frame_origins: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What may frame the page once the configuration was read: where that, and the registration endpoint, is."""
    request: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """Address of the configuration and registration token as JSON, encrypted like the private keys: either may hold
    the platform's permission. None once the platform was asked, or the attempt has expired."""
    language: Mapped[str] = mapped_column(sa.String(35))
    reference: Mapped[str] = mapped_column(sa.String(40))
    """The reference of the request that began it, for the page and the log."""
    asked_at: Mapped[dt.datetime | None]
    """When the registration was about to be posted to the platform. It is never posted a second time."""
    refusal: Mapped[str | None] = mapped_column(sa.String(60))
    """The code of the :class:`lti_tool.lti.errors.Refused` that ended it."""
    registration_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("registration.id"))
    ended_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]
    """Until when the platform may be asked."""
