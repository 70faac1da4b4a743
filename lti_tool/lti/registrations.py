"""Registrations and deployments as an administrator keeps them: add, list, approve, widen who may frame."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from lti_tool.database import utcnow
from lti_tool.lti.errors import Refused
from lti_tool.lti.models import Deployment, DeploymentStatus, Registration
from lti_tool.lti.origins import origin_of
from lti_tool.lti.quirks import frame_origins
from lti_tool.lti.upserts import insert_for


class AlreadyRegistered(Refused):
    """This issuer has a registration with this client id; it is never overwritten."""

    step = "registration"
    status = 409


class AudienceTaken(Refused):
    """Another registration asks for tokens with the same audience and client id."""

    step = "registration"
    status = 409


class NoSuchRow(LookupError):
    """There is no registration or deployment of this id."""


@dataclass(frozen=True)
class NewRegistration:
    """What is needed to trust a platform; the fields are those of :class:`lti_tool.lti.models.Registration`."""

    issuer: str
    client_id: str
    auth_login_url: str
    auth_token_url: str
    jwks_url: str
    auth_audience: str | None = None
    """The ``aud`` of client assertions where it is not the token URL."""
    platform_family: str | None = None
    label: str | None = None
    deployment_ids: tuple[str, ...] = ()
    """Deployments approved from the beginning; others wait for approval at their first launch."""
    frame_origins: tuple[str, ...] = ()
    """Further origins that may frame the tool."""


def add(db: Session, new: NewRegistration) -> Registration:
    """Store a registration with its deployments.

    Raises :class:`AlreadyRegistered`, or :class:`AudienceTaken` where a token for it would be another platform's, and
    changes nothing then.
    """
    identity = uuid.uuid4()
    audience = new.auth_audience or new.auth_token_url
    origins = [*frame_origins(new.issuer, new.auth_login_url), *new.frame_origins]
    stored = db.execute(
        insert_for(db, Registration)
        .values(
            id=identity,
            label=new.label,
            issuer=new.issuer,
            client_id=new.client_id,
            auth_login_url=new.auth_login_url,
            auth_token_url=new.auth_token_url,
            token_audience=audience,
            service_hosts=[],
            jwks_url=new.jwks_url,
            frame_origins=list(dict.fromkeys(origins)),
            platform_family=new.platform_family,
            created_at=utcnow(),
        )
        .on_conflict_do_nothing()
        .returning(Registration.id)
    )
    if stored.first() is None:
        known = db.scalar(
            sa.select(Registration.id).where(
                Registration.issuer == new.issuer, Registration.client_id == new.client_id
            )
        )
        refusal = AudienceTaken if known is None else AlreadyRegistered
        raise refusal(audience, issuer=new.issuer, client_id=new.client_id)
    for deployment_id in new.deployment_ids:
        db.add(
            Deployment(
                registration_id=identity, deployment_id=deployment_id, status=DeploymentStatus.APPROVED
            )
        )
    db.flush()
    return find(db, identity)


def find(db: Session, identity: uuid.UUID) -> Registration:
    """The registration of this id. Raises :class:`NoSuchRow`."""
    found = db.scalar(
        sa.select(Registration)
        .where(Registration.id == identity)
        .options(selectinload(Registration.deployments))
    )
    if found is None:
        raise NoSuchRow(f"there is no registration {identity}")
    return found


def every(db: Session) -> Iterable[Registration]:
    """All registrations with their deployments, the oldest first."""
    return db.scalars(
        sa.select(Registration)
        .options(selectinload(Registration.deployments))
        .order_by(Registration.created_at, Registration.id)
    ).all()


def every_deployment(db: Session) -> Iterable[Deployment]:
    """All deployments with their registrations: those awaiting approval first, then the oldest first."""
    return db.scalars(
        sa.select(Deployment)
        .options(selectinload(Deployment.registration))
        .order_by(Deployment.status != DeploymentStatus.PENDING, Deployment.created_at, Deployment.id)
    ).all()


def allow_framing(db: Session, identity: uuid.UUID, origin: str) -> Registration:
    """Let pages of ``origin`` frame the tool too. Raises :class:`NoSuchRow`; an origin named twice is kept once.

    A platform whose pages come from another host than its issuer and its auth URL needs this.
    """
    registration = find(db, identity)
    spelt = origin_of(origin)
    if spelt is None:
        raise ValueError(f"{origin!r} is not an origin")
    registration.frame_origins = list(dict.fromkeys([*registration.frame_origins, spelt]))
    db.flush()
    return registration


def allow_service_host(db: Session, identity: uuid.UUID, host: str) -> Registration:
    """Let access tokens of a registration be sent to ``host`` (``name`` or ``name:port``) too.

    For a platform whose services are on other hosts than its issuer, its keys, its logins and its tokens. Raises
    :class:`NoSuchRow`; a host named twice is kept once.
    """
    registration = find(db, identity)
    registration.service_hosts = list(dict.fromkeys([*registration.service_hosts, host]))
    db.flush()
    return registration


def approve(db: Session, identity: uuid.UUID) -> Deployment:
    """Let a deployment launch. Raises :class:`NoSuchRow`; approving twice is approving."""
    deployment = db.get(Deployment, identity, options=[selectinload(Deployment.registration)])
    if deployment is None:
        raise NoSuchRow(f"there is no deployment {identity}")
    deployment.status = DeploymentStatus.APPROVED
    db.flush()
    return deployment
