"""The record stores of an installation under the names that operators know: those that were set, and the settings'."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.identity.models import Organisation
from lti_tool.lti.registration.models import Registration
from lti_tool.messaging import record_stores
from lti_tool.messaging.models import LRS, PRIMARY
from lti_tool.messaging.record_stores import INSTALLATION, Access, Scope


@dataclass(frozen=True, slots=True)
class NamedStore:
    """A record store, and what to call it and those for whom it is."""

    name: str
    scope: Scope
    organisation: str | None
    """The organisation's name; None for a store of the installation."""
    registration: str | None
    """The platform's label or issuer, where the store is for one registration alone."""
    receiver: str
    access: Access
    from_settings: bool = False

    @property
    def label(self) -> str:
        """Name and scope in a few words."""
        scope = " at ".join(filter(None, (self.registration, self.organisation)))
        return f"{self.name} of {scope}" if scope else self.name

    @property
    def options(self) -> str:
        """How ``tandem lrs`` names its scope."""
        named = ""
        if self.scope.organisation_id:
            named += f' --organisation "{self.organisation}"'
        if self.scope.registration_id:
            named += f" --registration {self.scope.registration_id}"
        return named


def named_stores(services: Services) -> list[NamedStore]:
    """Every record store that statements go to, those of the installation first."""
    with services.database.reading() as db:
        stores = record_stores.every(db)
        organisations = {row.id: row.name for row in db.scalars(sa.select(Organisation))} if stores else {}
        registrations = (
            {row.id: row.label or row.issuer for row in db.scalars(sa.select(Registration))} if stores else {}
        )
    found = [
        NamedStore(
            name=store.name,
            scope=record_stores.scope_of(store),
            organisation=organisations[store.organisation_id] if store.organisation_id else None,
            registration=registrations[store.registration_id] if store.registration_id else None,
            receiver=store.receiver,
            access=record_stores.access_of(store),
        )
        for store in stores
    ]
    settings = store_of_settings(services)
    if settings is not None and not any(store.receiver == LRS for store in found):
        found.insert(0, settings)
    return found


def store_of_settings(services: Services) -> NamedStore | None:
    """The primary of the installation as ``TANDEM_LRS_…`` says it; one that was set by command comes before it."""
    access = record_stores.access_of_settings(services.config)
    if access is None:
        return None
    return NamedStore(PRIMARY, INSTALLATION, None, None, LRS, access, from_settings=True)
