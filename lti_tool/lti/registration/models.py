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
    """The company that uses it; None as long as nobody has approved it."""
    deployment_id: Mapped[str] = mapped_column(sa.String(255))
    """The platform's own id for it."""
    status: Mapped[str] = mapped_column(sa.String(20), default=DeploymentStatus.PENDING)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    registration: Mapped[Registration] = relationship(back_populates="deployments")


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
    """While a request asks a platform to register the tool, no other may with this invitation."""
    used_at: Mapped[dt.datetime | None]
    registration_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("registration.id"))
