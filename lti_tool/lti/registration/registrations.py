"""Registrations and deployments as an administrator keeps them: add, list, approve, withdraw, widen who may frame."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from lti_tool.database import LOCK_ROW, insert_for, utcnow
from lti_tool.events import log
from lti_tool.events.base import Event, Scope
from lti_tool.identity import organisations
from lti_tool.identity.models import Course, Membership, Person
from lti_tool.lti.errors import Refused
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.registration.events import (
    ActorAccountChosen,
    DeploymentApproved,
    DeploymentWithdrawn,
    FrameOriginAllowed,
    PlatformConnected,
    ServiceHostAllowed,
)
from lti_tool.lti.registration.models import (
    ActorAccount,
    Deployment,
    DeploymentStatus,
    Registration,
    deployment_reference,
)
from lti_tool.outbound.origins import host_of, origin_of, same_origin


class AlreadyRegistered(Refused):
    """This issuer has a registration with this client id; it is never overwritten."""

    step = "registration"
    status = 409


class IdentityTaken(Refused):
    """Another platform has this issuer and client id, so that launches of the two could not be told apart.

    Every Canvas that a school runs itself has the issuer of hosted Canvas until ``lti_iss`` in its ``security.yml`` is
    its own, and new ones give their keys the same numbers (config/security.yml.example).
    """

    step = "registration"
    status = 409


class AudienceTaken(Refused):
    """Another registration asks for tokens with the same audience and client id."""

    step = "registration"
    status = 409


class OtherOrganisation(ValueError):
    """The deployment belongs to another organisation; organisations are merged to change that."""


class NotApproved(ValueError):
    """The deployment awaits approval, so that there is none to withdraw."""


class NoSuchRow(LookupError):
    """There is no registration or deployment of this id."""


@dataclass(frozen=True)
class NewRegistration:
    """What is needed to trust a platform; the fields are those of :class:`Registration`."""

    issuer: str
    client_id: str
    auth_login_url: str
    auth_token_url: str
    jwks_url: str
    auth_audience: str | None = None
    """The ``aud`` of client assertions where it is not the token URL, as the platform names it."""
    platform_family: str | None = None
    label: str | None = None
    organisation_id: uuid.UUID | None = None
    """The company that connects it; None for a new one of the registration's label, account or host."""
    deployment_ids: tuple[str, ...] = ()
    """Deployments approved from the beginning; others wait for approval at their first launch."""
    frame_origins: tuple[str, ...] = ()
    """Further origins that may frame the tool."""


def add(db: Session, new: NewRegistration) -> Registration:
    """Store a registration with its deployments, as a platform of its organisation. Belongs in a transaction with
    a principal (:func:`lti_tool.events.log.set_principal`).

    Raises :class:`AlreadyRegistered`, :class:`IdentityTaken` where that registration is another platform's by where its
    logins go, or :class:`AudienceTaken` where a token for it would be another's, and changes nothing then.
    """
    identity = uuid.uuid4()
    platform = platform_of(new.issuer, new.platform_family)
    audience = platform.assertion_audience(new.auth_token_url, new.auth_audience)
    origins = [*platform.frame_origins(new.issuer, new.auth_login_url), *new.frame_origins]
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
        raise _refusal_of(db, new, audience)
    organisation_id = new.organisation_id or organisations.add_for(db, _name(new.label, new.issuer)).id
    db.execute(
        sa.update(Registration).where(Registration.id == identity).values(organisation_id=organisation_id)
    )
    scope = Scope(organisation_id=organisation_id)
    log.append(db, PlatformConnected(registration_id=identity), scope, at=utcnow())
    for deployment_id in new.deployment_ids:
        deployment = Deployment(
            id=uuid.uuid4(),
            registration_id=identity,
            deployment_id=deployment_id,
            organisation_id=organisation_id,
            status=DeploymentStatus.APPROVED,
        )
        db.add(deployment)
        db.flush()
        log.append(db, DeploymentApproved(deployment_id=deployment.id), scope, at=utcnow())
    return find(db, identity)


def _refusal_of(db: Session, new: NewRegistration, audience: str) -> Refused:
    """Why a registration was not stored beside those that are there."""
    known = db.scalar(
        sa.select(Registration.auth_login_url).where(
            Registration.issuer == new.issuer, Registration.client_id == new.client_id
        )
    )
    named = {"issuer": new.issuer, "client_id": new.client_id}
    if known is None:
        return AudienceTaken(audience, **named)
    if not same_origin(known, new.auth_login_url):
        return IdentityTaken(origin_of(known) or "", **named)
    return AlreadyRegistered(audience, **named)


def _name(label: str | None, issuer: str) -> str:
    """What to call the organisation of a platform of which nothing else is known."""
    return label or host_of(issuer) or issuer


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


def deployment_named(db: Session, reference: str) -> uuid.UUID:
    """The deployment whose wait page shows this reference. Raises :class:`NoSuchRow`."""
    found = [
        identity
        for identity in db.scalars(sa.select(Deployment.id))
        if deployment_reference(identity) == reference
    ]
    if len(found) != 1:
        raise NoSuchRow(f"no deployment has the reference {reference}")
    return found[0]


def allow_framing(db: Session, identity: uuid.UUID, origin: str) -> Registration:
    """Let pages of ``origin`` frame the tool too. Raises :class:`NoSuchRow`; an origin named twice is kept once.

    A platform whose pages come from another host than its issuer and its auth URL needs this.
    """
    registration = find(db, identity)
    own = origin_of(origin)
    if own is None:
        raise ValueError(f"{origin!r} is not an origin")
    registration.frame_origins = list(dict.fromkeys([*registration.frame_origins, own]))
    db.flush()
    _append(db, registration, FrameOriginAllowed(registration_id=identity))
    return registration


def _append(db: Session, registration: Registration, event: Event) -> None:
    """Registrations that no organisation has yet leave no event."""
    if registration.organisation_id is not None:
        log.append(db, event, Scope(organisation_id=registration.organisation_id), at=utcnow())


def allow_service_host(db: Session, identity: uuid.UUID, host: str) -> Registration:
    """Let access tokens of a registration be sent to ``host`` (``name`` or ``name:port``) too.

    For a platform whose services are on other hosts than its issuer, its keys, its logins and its tokens. Raises
    :class:`NoSuchRow`; a host named twice is kept once.
    """
    registration = find(db, identity)
    # A launch may be the first to name another one at this moment.
    db.refresh(registration, with_for_update=LOCK_ROW)
    registration.service_hosts = list(dict.fromkeys([*registration.service_hosts, host]))
    db.flush()
    _append(db, registration, ServiceHostAllowed(registration_id=identity))
    return registration


def set_actor_account(db: Session, registration: Registration, account: ActorAccount) -> Registration:
    """Let statements about people of a registration have this account.

    :func:`lti_tool.composition.actor_accounts.choose_account` says when that is allowed.
    """
    registration.actor_account = account
    db.flush()
    _append(db, registration, ActorAccountChosen(registration_id=registration.id, actor_account=str(account)))
    return registration


def approve(db: Session, identity: uuid.UUID, *, organisation_id: uuid.UUID | None = None) -> Deployment:
    """Let a deployment launch, for an organisation. Approving twice is approving.

    Without ``organisation_id`` it is that of the registration; a new one where companies share the registration, since
    another company's deployment must not be taken for one of the first. One whose approval was withdrawn has its
    organisation already. Raises :class:`NoSuchRow`, or :class:`OtherOrganisation` for a deployment that is or was
    approved for another organisation.
    """
    deployment = _locked(db, identity)
    if deployment.organisation_id is not None:
        if organisation_id not in (None, deployment.organisation_id):
            raise OtherOrganisation(f"deployment {identity} belongs to another organisation")
        organisation_id = deployment.organisation_id
    if deployment.status == DeploymentStatus.APPROVED:
        return deployment
    registration = deployment.registration
    shared = platform_of(registration.issuer, registration.platform_family).organisations_share_registration
    if organisation_id is None and not shared:
        organisation_id = registration.organisation_id
    if organisation_id is None:
        organisation_id = organisations.add_for(db, _name(registration.label, registration.issuer)).id
    deployment.status = DeploymentStatus.APPROVED
    deployment.organisation_id = organisation_id
    db.flush()
    scope = Scope(organisation_id=organisation_id)
    log.append(db, DeploymentApproved(deployment_id=deployment.id), scope, at=utcnow())
    return deployment


def withdraw(db: Session, identity: uuid.UUID) -> Deployment:
    """Let a deployment launch no more until it is approved again; it stays its organisation's.

    Raises :class:`NoSuchRow`, or :class:`NotApproved` for one that awaits approval.
    """
    deployment = _locked(db, identity)
    organisation_id = deployment.organisation_id
    if deployment.status != DeploymentStatus.APPROVED or organisation_id is None:
        raise NotApproved(f"deployment {identity} is not approved; nothing was changed")
    deployment.status = DeploymentStatus.PENDING
    db.flush()
    scope = Scope(organisation_id=organisation_id)
    log.append(db, DeploymentWithdrawn(deployment_id=deployment.id), scope, at=utcnow())
    return deployment


def _locked(db: Session, identity: uuid.UUID) -> Deployment:
    """A deployment that nobody else approves or withdraws meanwhile. Raises :class:`NoSuchRow`."""
    deployment = db.get(
        Deployment, identity, options=[selectinload(Deployment.registration)], with_for_update=LOCK_ROW
    )
    if deployment is None:
        raise NoSuchRow(f"there is no deployment {identity}")
    return deployment


def organisations_of_person(db: Session, person_id: uuid.UUID) -> set[uuid.UUID]:
    """The organisations in whose courses the person is, or where that is none, that of the person's registration."""
    found = db.scalars(
        sa.select(Deployment.organisation_id)
        .join(Course, Course.deployment_id == Deployment.id)
        .join(Membership, Membership.course_id == Course.id)
        .where(Membership.person_id == person_id, Deployment.organisation_id.is_not(None))
    ).all() or db.scalars(
        sa.select(Registration.organisation_id)
        .join(Person, Person.registration_id == Registration.id)
        .where(Person.id == person_id, Registration.organisation_id.is_not(None))
    )
    return {each for each in found if each is not None}
