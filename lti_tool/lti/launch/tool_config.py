"""PyLTI1p3's view of the registrations and deployments in the database, kept in memory for half a minute.

Several tenants may share an issuer (Canvas: every hosted one), so a registration is always issuer and client id.
A login may leave the client id out (it is optional in 1EdTech's security framework §5.1.1.1); that works where the
issuer has one registration.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from pylti1p3.deployment import Deployment as LtiDeployment
from pylti1p3.registration import Registration as LtiRegistration
from pylti1p3.request import Request
from pylti1p3.tool_config.abstract import ToolConfAbstract

from lti_tool.database import Database, table_of
from lti_tool.lti.errors import ClientAmbiguous, ClientUnknown, IssuerUnknown
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Registration
from lti_tool.outbound.origins import framing_origins, service_hosts

CACHED_FOR: Final = 30.0
"""Seconds that a process uses a registration or an approved deployment without asking the database.

What an operator changes or withdraws takes effect within this time. What is not known, or not approved, is never kept.
"""
_MOST_CACHED: Final = 10_000

_REGISTRATION, _DEPLOYMENT = table_of(Registration), table_of(Deployment)
_BY_ISSUER = sa.select(_REGISTRATION).where(_REGISTRATION.c.issuer == sa.bindparam("issuer"))
_BY_ID = sa.select(_REGISTRATION).where(_REGISTRATION.c.id == sa.bindparam("id"))
_DEPLOYMENTS = (
    sa.select(_DEPLOYMENT.c.id, _DEPLOYMENT.c.registration_id, _DEPLOYMENT.c.status)
    .join_from(_DEPLOYMENT, _REGISTRATION, _REGISTRATION.c.id == _DEPLOYMENT.c.registration_id)
    .where(
        _DEPLOYMENT.c.deployment_id == sa.bindparam("named"),
        _REGISTRATION.c.issuer == sa.bindparam("issuer"),
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
        return self._issuer or ""

    @property
    def client_id(self) -> str:
        """The client id; never None."""
        return self._client_id or ""


@dataclass(frozen=True)
class NamedDeployment:
    """A deployment as far as a launch must know it: which row, whose, and whether it was let in."""

    id: uuid.UUID
    registration_id: uuid.UUID
    status: str


class DatabaseToolConfig(ToolConfAbstract[Request]):
    """Registrations and approved deployments, asked from the database every :data:`CACHED_FOR` seconds.

    One object serves a process; all its methods may be called from any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._of_issuer: dict[str, tuple[float, list[PlatformRegistration]]] = {}
        self._by_id: dict[uuid.UUID, tuple[float, PlatformRegistration]] = {}
        self._approved: dict[tuple[uuid.UUID, str], tuple[float, uuid.UUID]] = {}

    def clear_cache(self) -> None:
        """Ask the database again for everything, as a process does that has just begun."""
        for cache in (self._of_issuer, self._by_id, self._approved):
            cache.clear()

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
        cached = _current(self._of_issuer.get(iss))
        found = _chosen(cached, client_id) if cached else None
        if found is not None:
            return found
        registrations = self._load_issuer(iss)
        if not registrations:
            raise IssuerUnknown(issuer=iss, client_id=client_id)
        found = _chosen(registrations, client_id)
        if found is not None:
            return found
        if client_id is None:
            raise ClientAmbiguous(issuer=iss)
        raise ClientUnknown(issuer=iss, client_id=client_id)

    def registration(self, registration_id: uuid.UUID) -> PlatformRegistration | None:
        """The registration of this id, or None where there is none any more."""
        cached = _current(self._by_id.get(registration_id))
        if cached is not None:
            return cached
        with self._database.reading_connection() as connection:
            row = connection.execute(_BY_ID, {"id": registration_id}).one_or_none()
        if row is None:
            return None
        found = PlatformRegistration.from_row(row)
        _keep(self._by_id, found.id, found)
        return found

    def approved_deployment(self, registration: PlatformRegistration, deployment_id: str) -> uuid.UUID | None:
        """The row of an approved deployment of this registration; None where it is not approved, or unknown."""
        cached = _current(self._approved.get((registration.id, deployment_id)))
        if cached is not None:
            return cached
        for named in self.deployments_named(registration, deployment_id):
            if named.registration_id == registration.id and named.status == DeploymentStatus.APPROVED:
                _keep(self._approved, (registration.id, deployment_id), named.id)
                return named.id
        return None

    def deployments_named(
        self, registration: PlatformRegistration, deployment_id: str
    ) -> list[NamedDeployment]:
        """The deployments of this name that the registration and the other tenants of its issuer have."""
        values = {"named": deployment_id, "issuer": registration.issuer}
        with self._database.reading_connection() as connection:
            rows = connection.execute(_DEPLOYMENTS, values).all()
        return [NamedDeployment(row.id, row.registration_id, row.status) for row in rows]

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
        registration = self.find_registration_by_params(iss, client_id)
        if self.approved_deployment(registration, deployment_id) is None:
            return None
        return LtiDeployment().set_deployment_id(deployment_id)

    def _load_issuer(self, issuer: str) -> list[PlatformRegistration]:
        with self._database.reading_connection() as connection:
            rows = connection.execute(_BY_ISSUER, {"issuer": issuer}).all()
        found = [PlatformRegistration.from_row(row) for row in rows]
        if found:
            _keep(self._of_issuer, issuer, found)
        return found


def _chosen(registrations: list[PlatformRegistration], client_id: str | None) -> PlatformRegistration | None:
    if client_id is None:
        return registrations[0] if len(registrations) == 1 else None
    return next((one for one in registrations if one.client_id == client_id), None)


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _current(entry: tuple[float, _Value] | None) -> _Value | None:
    return entry[1] if entry is not None and time.monotonic() < entry[0] else None


def _keep(cache: dict[_Key, tuple[float, _Value]], key: _Key, value: _Value) -> None:
    if len(cache) >= _MOST_CACHED:
        cache.clear()
    cache[key] = (time.monotonic() + CACHED_FOR, value)
