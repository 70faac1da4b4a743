"""Learning record stores: which there are, to which of them a statement goes, and what becomes of what waits.

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
from lti_tool.database import table_of, utcnow
from lti_tool.encryption import Vault
from lti_tool.messaging import backlog, pauses
from lti_tool.messaging.models import (
    LRS,
    NO_STORE,
    PRIMARY,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryStatus,
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


class StoreRefused(Exception):
    """Record stores cannot be set or removed like this. The text says why in one line."""


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
    return db.scalar(_in(scope, sa.select(RecordStore)).where(RecordStore.name == name))


def _in(scope: Scope, chosen: sa.Select[RecordStore]) -> sa.Select[RecordStore]:
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


# Setting and removing


def set_store(
    db: Session, vault: Vault, scope: Scope, values: dict[str, Any], *, settings: Access | None
) -> tuple[RecordStore, int]:
    """Add a store, or change the one of that name; return it, and how many statements it takes over.

    ``values``: ``name``, ``endpoint``, ``username``, ``version`` and ``password``, which may be None for a store whose
    endpoint and username stay. ``settings``: the primary of the installation by the settings. What waits for the store
    goes with what is set now. Raises :class:`StoreRefused`.
    """
    _lock(db)
    name, password = values["name"], values["password"]
    store = find(db, scope, name)
    if store is None:
        if name != PRIMARY and find(db, scope, PRIMARY) is None and not (scope == INSTALLATION and settings):
            raise StoreRefused(f"the first record store is called {PRIMARY}: set that one before {name}")
        store = RecordStore(
            id=uuid.uuid4(),
            name=name,
            organisation_id=scope.organisation_id,
            registration_id=scope.registration_id,
        )
        is_same = False
    else:
        is_same = (store.endpoint, store.username) == (values["endpoint"], values["username"])
    if password is not None:
        store.password = vault.seal(password.encode())
    elif not is_same:
        raise StoreRefused("a password is needed: give --password-file")
    store.endpoint, store.username, store.version = values["endpoint"], values["username"], values["version"]
    store.changed_at = utcnow()
    db.add(store)
    db.flush()
    pauses.end(db, DeliveryKind.STATEMENT, [store.receiver])
    moved = _take_over(db, store)
    if scope.organisation_id is not None:
        _settle_unserved(db, scope.organisation_id)
    return store, moved


def _lock(db: Session) -> None:
    """Wait for the transactions that have chosen receivers, and keep others from choosing until this one ends.

    SQLite has one writer at a time anyhow.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.text("LOCK TABLE record_store IN ACCESS EXCLUSIVE MODE"))


def _wider(db: Session, scope: Scope) -> list[str]:
    """The receivers for which statements of this scope may wait until it has a primary."""
    if scope == INSTALLATION:
        return []
    organisation = find(db, Scope(scope.organisation_id), PRIMARY) if scope.registration_id else None
    return [NO_STORE, LRS] if organisation is None else [organisation.receiver, NO_STORE, LRS]


def _settle_unserved(db: Session, organisation_id: uuid.UUID) -> None:
    """Let what no store of an organisation gets wait for the installation's only where it has none of its own.

    Statements that the installation's store refused move too, so that a repetition does not send them there.
    """
    has_own = db.scalar(
        sa.select(RecordStore.id).where(RecordStore.organisation_id == organisation_id).limit(1)
    )
    before, after = (NO_STORE, LRS) if has_own is None else (LRS, NO_STORE)
    column = table_of(Delivery).c
    theirs = column.organisation_id == organisation_id
    if has_own is not None:
        _delete_copies(db, theirs)
    _move(db, after, theirs, column.receiver == before)


def unserved(db: Session, organisation_id: uuid.UUID) -> int:
    """How many statements of an organisation wait because none of its stores is for their platform."""
    column = table_of(Delivery).c
    waiting = sa.select(sa.func.count()).where(
        column.kind == DeliveryKind.STATEMENT.value,
        column.receiver == NO_STORE,
        column.done_at.is_(None),
        column.organisation_id == organisation_id,
    )
    return db.scalar(waiting) or 0


def _take_over(db: Session, store: RecordStore) -> int:
    """Let a primary have what those of the wider scopes have not taken; return how many statements.

    Refused statements stay so, and are sent to this one once somebody asks for it. Copies for the installation's
    further stores are deleted, since those are not the organisation's.
    """
    scope = scope_of(store)
    wider = _wider(db, scope)
    if store.name != PRIMARY or not wider:
        return 0
    column = table_of(Delivery).c
    chosen = [column.organisation_id == scope.organisation_id]
    if scope.registration_id is not None:
        chosen.append(column.registration_id == scope.registration_id)
    _delete_copies(db, *chosen)
    return _move(db, store.receiver, *chosen, column.receiver.in_(wider))


def _move(db: Session, receiver: str, *chosen: sa.ColumnElement[bool]) -> int:
    """Let statements that were not taken go to another receiver; return how many.

    A claim ends: what is being sent just now may have arrived, and is moved all the same.
    """
    column = table_of(Delivery).c
    moving = sa.and_(_not_taken(), *chosen)
    claimed = column.status == DeliveryStatus.CLAIMED.value
    ended = sa.update(Delivery).where(moving, claimed)
    ended = ended.values(status=DeliveryStatus.WAITING.value, claim=None, not_before=utcnow())
    db.execute(ended.execution_options(synchronize_session=False))
    moved = sa.update(Delivery).where(moving).values(receiver=receiver).returning(column.id)
    return len(db.execute(moved.execution_options(synchronize_session=False)).all())


def _delete_copies(db: Session, *chosen: sa.ColumnElement[bool]) -> None:
    """Delete what waits for the installation's further stores."""
    column = table_of(Delivery).c
    copies = [each.receiver for each in db.scalars(_in(INSTALLATION, sa.select(RecordStore)))]
    _delete(db, _not_taken(), *chosen, column.receiver.in_(copies), column.receiver != LRS)


def _not_taken() -> sa.ColumnElement[bool]:
    """Statements that their receiver has not taken: what waits, what is claimed and what was refused."""
    column = table_of(Delivery).c
    unsent = sa.or_(column.done_at.is_(None), column.status == DeliveryStatus.DEAD.value)
    return sa.and_(column.kind == DeliveryKind.STATEMENT.value, unsent)


def _delete(db: Session, *chosen: sa.ColumnElement[bool]) -> None:
    """Delete deliveries. Whoever is sending one of them can mark it no more."""
    ids = sa.select(table_of(Delivery).c.id).where(*chosen)
    for rows, key in ((DeliveryBody, DeliveryBody.delivery_id), (Delivery, Delivery.id)):
        db.execute(sa.delete(rows).where(key.in_(ids)).execution_options(synchronize_session=False))


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is not sent to a store yet, and where it goes when the store is removed."""

    waiting: int
    dead: int
    goes_to: str | None
    """The receiver; None for a further store: the primary gets the same statements."""
    released: int = 0
    """How many statements of other platforms wait that go to the installation's with the organisation's last store."""


def remainder(db: Session, store: RecordStore) -> Remainder:
    """What a removal concerns."""
    queue = backlog.read(db, DeliveryKind.STATEMENT, store.receiver)
    if store.name != PRIMARY:
        return Remainder(queue.waiting, queue.dead, None)
    scope = scope_of(store)
    others = [other for other in every(db) if other.id != store.id]
    goes_to = LRS if scope == INSTALLATION else receivers(others, scope)[0]
    released = unserved(db, scope.organisation_id) if scope.organisation_id and goes_to == LRS else 0
    return Remainder(queue.waiting, queue.dead, goes_to, released)


def remove(db: Session, scope: Scope, name: str) -> Remainder:
    """Remove a store; return what was not sent to it.

    What a primary has not taken goes to the primary of the wider scope, or waits until one is set: the installation's
    gets it only with the organisation's last store. Copies for a further store are deleted. Raises
    :class:`StoreRefused`, and LookupError where there is none.
    """
    _lock(db)
    store = find(db, scope, name)
    if store is None:
        raise LookupError(name)
    others = sorted(row.name for row in db.scalars(_in(scope, sa.select(RecordStore))) if row.id != store.id)
    if name == PRIMARY and others:
        raise StoreRefused(f"remove the further ones before the primary: {', '.join(others)}")
    left = remainder(db, store)
    unsent = sa.and_(_not_taken(), table_of(Delivery).c.receiver == store.receiver)
    if left.goes_to is None:
        _delete(db, unsent)
    elif left.goes_to != store.receiver:
        moved = sa.update(Delivery).where(unsent).values(receiver=left.goes_to)
        db.execute(moved.execution_options(synchronize_session=False))
    pauses.end(db, DeliveryKind.STATEMENT, [store.receiver])
    db.delete(store)
    db.flush()
    if scope.organisation_id is not None:
        _settle_unserved(db, scope.organisation_id)
    return left


def check_merge(db: Session, into: uuid.UUID, merged: uuid.UUID) -> None:
    """Raise :class:`StoreRefused` when both organisations have stores for the same: nobody can say which is meant.

    In a transaction that has locked all tables (:func:`lti_tool.database.lock_all_tables`).
    """
    _lock(db)
    scopes = [
        set(db.scalars(sa.select(RecordStore.registration_id).where(RecordStore.organisation_id == each)))
        for each in (into, merged)
    ]
    if scopes[0] & scopes[1]:
        raise StoreRefused("both have a record store: remove those of one of them first (tandem lrs remove)")


def after_merge(db: Session, organisation_id: uuid.UUID) -> None:
    """Let what waits for the installation's store go to those that the merged organisation has."""
    own = [store for store in every(db) if store.organisation_id == organisation_id]
    for store in sorted(own, key=lambda store: store.registration_id is None):
        _take_over(db, store)
    _settle_unserved(db, organisation_id)
