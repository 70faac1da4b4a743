"""Learning record stores: which there are, and to which of them a statement goes.

The scope of a store is the installation, an organisation, or one registration of an organisation. A statement goes to
the stores of the narrowest scope that has any, to all of them: the one called ``primary``, and further ones, which get
a copy of every statement from when they were set. The stores of the installation serve the organisations that have none
of their own at all, so that nothing passes from one company to another: where an organisation has a store for some of
its registrations alone, the statements of the others wait (:data:`lti_tool.messaging.models.NO_STORE`). The
installation's primary is a receiver even while none is set: statements wait for it. As soon as an organisation has a
primary of its own, that one gets all that the installation's has not taken, and no copies go to the installation's
further stores any more.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.config import Config
from lti_tool.encryption import Vault
from lti_tool.messaging.models import (
    LRS,
    NO_STORE,
    PRIMARY,
    DeliveryKind,
    RecordStore,
)
from lti_tool.messaging.outbox import NewDelivery
from xapi.client import LRSClient


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a record store is: the installation, an organisation, or one registration of it."""

    organisation_id: uuid.UUID | None = None
    registration_id: uuid.UUID | None = None


INSTALLATION = Scope()


# Where a statement goes


@dataclass(frozen=True, slots=True)
class Destination:
    """Whose a statement is, and the receivers that get it."""

    organisation_id: uuid.UUID
    registration_id: uuid.UUID | None
    receivers: tuple[str, ...]


class _Store(Protocol):
    """What decides who gets a statement: a :class:`RecordStore`, or its line in :func:`listed_for`."""

    @property
    def organisation_id(self) -> uuid.UUID | None: ...

    @property
    def registration_id(self) -> uuid.UUID | None: ...

    @property
    def name(self) -> str: ...

    @property
    def receiver(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Listed:
    organisation_id: uuid.UUID | None
    registration_id: uuid.UUID | None
    receiver: str
    name: str


def listed_for(organisation_id: sa.SQLColumnExpression[uuid.UUID]) -> sa.ScalarSelect[str]:
    """The stores that can get the statements of an organisation, as one text for :func:`destination`.

    A column of a query that is made anyway. In PostgreSQL it also keeps whoever sets a store waiting until this
    transaction ends.
    """

    def text(column: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[str]:
        return sa.func.coalesce(sa.cast(column, sa.String), "-")

    line = text(RecordStore.organisation_id).concat(" ").concat(text(RecordStore.registration_id))
    line = line.concat(" ").concat(sa.cast(RecordStore.id, sa.String)).concat(" ").concat(RecordStore.name)
    return (
        sa.select(sa.func.aggregate_strings(line, "\n"))
        .where(sa.or_(RecordStore.organisation_id.is_(None), RecordStore.organisation_id == organisation_id))
        .scalar_subquery()
    )


def destination(
    listed: str | None, organisation_id: uuid.UUID, registration_id: uuid.UUID | None
) -> Destination:
    """Where statements of an organisation go. ``listed``: what :func:`listed_for` says of it."""
    stores = [_from_line(line) for line in (listed or "").splitlines()]
    scope = Scope(organisation_id, registration_id)
    return Destination(organisation_id, registration_id, receivers(stores, scope))


def _from_line(line: str) -> _Listed:
    organisation, registration, identifier, name = line.split(" ", 3)
    organisation_id, registration_id = (
        None if word == "-" else uuid.UUID(word) for word in (organisation, registration)
    )
    return _Listed(organisation_id, registration_id, str(uuid.UUID(identifier)), name)


def receivers(stores: Sequence[_Store], scope: Scope) -> tuple[str, ...]:
    """Who gets the statements of an organisation and registration, of the stores that there are; the primary first."""
    for narrow in (scope, Scope(scope.organisation_id)):
        own = [store for store in stores if scope_of(store) == narrow]
        if own:
            return tuple(store.receiver for store in sorted(own, key=_primary_first))
    if any(store.organisation_id == scope.organisation_id for store in stores if store.organisation_id):
        return (NO_STORE,)
    further = [store for store in stores if scope_of(store) == INSTALLATION and store.name != PRIMARY]
    return (LRS, *(store.receiver for store in sorted(further, key=_primary_first)))


def _primary_first(store: _Store) -> tuple[bool, str]:
    return store.name != PRIMARY, store.name


def deliveries(to: Destination, *, key: uuid.UUID, order_key: str, body: bytes) -> list[NewDelivery]:
    """One statement for each of its receivers."""
    return [
        NewDelivery(
            kind=DeliveryKind.STATEMENT,
            receiver=receiver,
            organisation_id=to.organisation_id,
            registration_id=to.registration_id,
            key=key,
            order_key=order_key,
            body=body,
        )
        for receiver in to.receivers
    ]


# Which stores there are


def scope_of(store: _Store) -> Scope:
    """For whom a store is."""
    return Scope(store.organisation_id, store.registration_id)


def every(db: Session) -> list[RecordStore]:
    """All stores that were set, those of the installation first, the primary before the others."""
    stores = db.scalars(sa.select(RecordStore)).all()
    return sorted(
        stores,
        key=lambda store: (
            str(store.organisation_id or ""),
            str(store.registration_id or ""),
            *_primary_first(store),
        ),
    )


def find(db: Session, scope: Scope, name: str) -> RecordStore | None:
    """The store of this name in exactly this scope."""
    return db.scalar(in_scope(scope, sa.select(RecordStore)).where(RecordStore.name == name))


def in_scope(scope: Scope, chosen: sa.Select[RecordStore]) -> sa.Select[RecordStore]:
    """Those of exactly this scope."""
    # IS NOT DISTINCT FROM, which both databases have: NULL is a scope too.
    return chosen.where(
        RecordStore.organisation_id.is_not_distinct_from(scope.organisation_id),
        RecordStore.registration_id.is_not_distinct_from(scope.registration_id),
    )


@dataclass(frozen=True, slots=True)
class Access:
    """How a record store is reached."""

    endpoint: str
    username: str
    password: str | bytes
    """As it is in the settings, or encrypted as it is stored."""
    version: str

    def client(self, vault: Vault, http: Any, **options: Any) -> LRSClient:
        """A client over the guarded session ``http``. Raises :class:`lti_tool.encryption.SecretKeyChanged`."""
        password = self.password
        if isinstance(password, bytes):
            password = vault.open(password).decode()
        return LRSClient(self.endpoint, self.username, password, version=self.version, http=http, **options)


def access_of(store: RecordStore) -> Access:
    """How a stored one is reached."""
    return Access(store.endpoint, store.username, store.password, store.version)


def access_of_settings(config: Config) -> Access | None:
    """How the record store of the settings is reached; None where there is none."""
    if config.lrs_endpoint is None:
        return None
    return Access(
        config.lrs_endpoint, config.lrs_username or "", config.lrs_password or "", config.lrs_version
    )


def access_of_receiver(db: Session, receiver: str, config: Config) -> Access | None:
    """How a receiver of statements is reached; None where no store is set for it.

    A primary of the installation that was set by command comes before that of the settings.
    """
    if receiver == NO_STORE:
        return None
    if receiver == LRS:
        store = find(db, INSTALLATION, PRIMARY)
        return access_of_settings(config) if store is None else access_of(store)
    store = db.get(RecordStore, uuid.UUID(receiver))
    return None if store is None else access_of(store)
