"""PyLTI1p3's view of the registrations and deployments in the database.

Several tenants may share an issuer (Canvas: every hosted one), so a registration is always issuer and client id.
A login may leave the client id out (it is optional in 1EdTech's security framework §5.1.1.1); that works where the
issuer has one registration.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pylti1p3.deployment import Deployment as LtiDeployment
from pylti1p3.registration import Registration as LtiRegistration
from pylti1p3.request import Request
from pylti1p3.tool_config.abstract import ToolConfAbstract
from sqlalchemy.engine import Connection

from lti_tool.database import Database, table_of
from lti_tool.lti.errors import ClientAmbiguous, ClientUnknown, IssuerUnknown
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Registration
from lti_tool.outbound.origins import framing_origins, service_hosts

_REGISTRATION = table_of(Registration)
_BY_ISSUER = sa.select(_REGISTRATION).where(_REGISTRATION.c.issuer == sa.bindparam("issuer"))
_BY_ID = sa.select(_REGISTRATION).where(_REGISTRATION.c.id == sa.bindparam("id"))
_TENANT, _NAMED = _REGISTRATION.alias("tenant"), table_of(Deployment).alias("named")
_WITH_DEPLOYMENTS = (
    sa.select(
        _REGISTRATION,
        _NAMED.c.id.label("named_id"),
        _NAMED.c.registration_id.label("named_registration_id"),
        _NAMED.c.status.label("named_status"),
    )
    .join_from(_REGISTRATION, _TENANT, _TENANT.c.issuer == _REGISTRATION.c.issuer)
    .join(
        _NAMED,
        sa.and_(
            _NAMED.c.registration_id == _TENANT.c.id,
            _NAMED.c.deployment_id == sa.bindparam("named", type_=sa.String),
        ),
        isouter=True,
    )
    .where(
        _REGISTRATION.c.id == sa.bindparam("id"),
        sa.or_(_TENANT.c.id == _REGISTRATION.c.id, _NAMED.c.id.is_not(None)),
    )
)


class PlatformRegistration(LtiRegistration):
    """PyLTI1p3's registration, with what our own rows know besides."""

    id: uuid.UUID
    frame_origins: list[str]
    platform_family: str | None
    hosts: frozenset[str]
    """Those to which its access tokens may be sent."""

    @classmethod
    def from_row(cls, row: Any) -> PlatformRegistration:
        """``row``: a :class:`lti_tool.lti.registration.models.Registration`, or a row of its table."""
        registration = cls()
        registration.id = row.id
        registration.set_issuer(row.issuer).set_client_id(row.client_id)
        registration.set_auth_login_url(row.auth_login_url).set_auth_token_url(row.auth_token_url)
        registration.set_key_set_url(row.jwks_url)
        if row.token_audience:
            registration.set_auth_audience(row.token_audience)
        registration.frame_origins = row.frame_origins or framing_origins(row.issuer, row.auth_login_url)
        registration.platform_family = row.platform_family
        registration.hosts = service_hosts(row)
        return registration

    @property
    def issuer(self) -> str:
        """The issuer; never None, as PyLTI1p3's own accessor may be."""
        return self.get_issuer() or ""

    @property
    def client_id(self) -> str:
        """The client id; never None."""
        return self.get_client_id() or ""


class DatabaseToolConfig(ToolConfAbstract[Request]):
    """Registrations and deployments, asked from the database each time: a change holds for the next launch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check_iss_has_one_client(self, iss: str) -> bool:
        """Never: PyLTI1p3 keeps the other answer in state of the class, shared by all instances."""
        del iss
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        """Always."""
        del iss
        return True

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> PlatformRegistration:
        """The issuer's only registration. Raises as :meth:`find_registration_by_params` does."""
        del args, kwargs
        return self.find_registration_by_params(iss, None)

    def find_registration_by_params(
        self, iss: str, client_id: str | None, *args: Any, **kwargs: Any
    ) -> PlatformRegistration:
        """The registration of this issuer and client id; of the issuer alone where it has but one.

        Raises :class:`IssuerUnknown`, :class:`ClientUnknown` or :class:`ClientAmbiguous`.
        """
        del args, kwargs
        with self._database.reading_connection() as connection:
            rows = connection.execute(_BY_ISSUER, {"issuer": iss}).all()
        if not rows:
            raise IssuerUnknown(issuer=iss, client_id=client_id)
        if client_id is None and len(rows) > 1:
            raise ClientAmbiguous(issuer=iss)
        for row in rows:
            if client_id is None or row.client_id == client_id:
                return PlatformRegistration.from_row(row)
        raise ClientUnknown(issuer=iss, client_id=client_id)

    def find_deployment(self, iss: str, deployment_id: str) -> LtiDeployment | None:
        """A deployment of the issuer's only registration."""
        return self.find_deployment_by_params(
            iss, deployment_id, self.find_registration_by_issuer(iss).client_id
        )

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> LtiDeployment | None:
        """An approved deployment, or None."""
        del args, kwargs
        with self._database.reading() as db:
            found = db.scalar(
                sa.select(Deployment.id)
                .join(Registration)
                .where(
                    Registration.issuer == iss,
                    Registration.client_id == client_id,
                    Deployment.deployment_id == deployment_id,
                    Deployment.status == DeploymentStatus.APPROVED,
                )
            )
        return LtiDeployment().set_deployment_id(deployment_id) if found else None


@dataclass(frozen=True)
class NamedDeployment:
    """A deployment as far as a launch must know it: which row, whose, and whether it was let in."""

    id: uuid.UUID
    registration_id: uuid.UUID
    status: str


def registration_by_id(connection: Connection, registration_id: uuid.UUID) -> PlatformRegistration:
    """The registration of this id. Raises :class:`sqlalchemy.exc.NoResultFound`."""
    return PlatformRegistration.from_row(connection.execute(_BY_ID, {"id": registration_id}).one())


def registration_and_deployments(
    connection: Connection, registration_id: uuid.UUID, deployment_id: str | None
) -> tuple[PlatformRegistration, list[NamedDeployment]]:
    """The registration, and the deployments of this name that it and the other tenants of its issuer have.

    Raises :class:`sqlalchemy.exc.NoResultFound` where there is no such registration.
    """
    rows = connection.execute(_WITH_DEPLOYMENTS, {"id": registration_id, "named": deployment_id}).all()
    if not rows:
        raise sa.exc.NoResultFound(f"no registration {registration_id}")
    deployments = [
        NamedDeployment(row.named_id, row.named_registration_id, row.named_status)
        for row in rows
        if row.named_id is not None
    ]
    return PlatformRegistration.from_row(rows[0]), deployments
