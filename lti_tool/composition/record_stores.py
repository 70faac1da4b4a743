"""The record stores of an installation under the names that operators know: those that were set, and the settings'.

Setting and removing one is recorded in the log of every organisation whose statements it concerns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.events import base, log
from lti_tool.identity.models import Organisation
from lti_tool.lti.registration.models import Registration
from lti_tool.messaging import record_stores, setting_record_stores
from lti_tool.messaging.events import (
    RecordStoreChanged,
    RecordStoreEvent,
    RecordStoreRemoved,
    RecordStoreSet,
)
from lti_tool.messaging.models import LRS, PRIMARY, RecordStore
from lti_tool.messaging.record_stores import INSTALLATION, Access, Scope
from lti_tool.messaging.setting_record_stores import Remainder


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


def set_store(
    db: Session, services: Services, scope: Scope, values: dict[str, Any]
) -> tuple[RecordStore, int]:
    """Do what :func:`lti_tool.messaging.setting_record_stores.set_store` does, and record it."""
    settings = store_of_settings(services)
    known = record_stores.find(db, scope, values["name"])
    former = known.endpoint if known is not None else None
    store, moved = setting_record_stores.set_store(
        db, services.vault, scope, values, settings=settings.access if settings else None
    )
    if former is None:
        _record(db, scope, RecordStoreSet(**_shown_in_log(store)))
    else:
        _record(db, scope, RecordStoreChanged(**_shown_in_log(store), former_endpoint=former))
    return store, moved


def remove_store(db: Session, store: RecordStore) -> Remainder:
    """Do what :func:`lti_tool.messaging.setting_record_stores.remove` does, and record it."""
    scope = record_stores.scope_of(store)
    event = RecordStoreRemoved(**_shown_in_log(store))
    left = setting_record_stores.remove(db, scope, store.name)
    _record(db, scope, event)
    return left


def _shown_in_log(store: RecordStore) -> dict[str, Any]:
    return {
        "record_store_id": store.id,
        "store_name": store.name,
        "endpoint": store.endpoint,
        "of_installation": record_stores.scope_of(store) == INSTALLATION,
        "registration_id": store.registration_id,
    }


def _record(db: Session, scope: Scope, event: RecordStoreEvent) -> None:
    """Append the event for the organisation, or for each that has no store of its own."""
    if scope.organisation_id is not None:
        concerned = [scope.organisation_id]
    else:
        own = sa.select(RecordStore.organisation_id).where(RecordStore.organisation_id == Organisation.id)
        concerned = list(
            db.scalars(sa.select(Organisation.id).where(~own.exists()).order_by(Organisation.id))
        )
    now = utcnow()
    for organisation_id in concerned:
        log.append(db, event, base.Scope(organisation_id=organisation_id), at=now)
