"""Setting and removing record stores (:mod:`lti_tool.messaging.record_stores`), and what becomes of what waits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

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
from lti_tool.messaging.record_stores import (
    INSTALLATION,
    Access,
    Scope,
    every,
    find,
    in_scope,
    receivers,
    scope_of,
)


class StoreRefused(Exception):
    """Record stores cannot be set or removed like this. The text says why in one line."""


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
    return _change_receiver(db, receiver, moving)


def _change_receiver(db: Session, receiver: str, chosen: sa.ColumnElement[bool]) -> int:
    """Give deliveries another receiver, which stands beside their bodies too; return how many they were."""
    rows, bodies = table_of(Delivery), table_of(DeliveryBody)
    ids = db.scalars(sa.update(rows).where(chosen).values(receiver=receiver).returning(rows.c.id)).all()
    if ids:
        this = bodies.c.delivery_id == sa.bindparam("this")
        db.execute(sa.update(bodies).where(this).values(receiver=receiver), [{"this": each} for each in ids])
    return len(ids)


def _delete_copies(db: Session, *chosen: sa.ColumnElement[bool]) -> None:
    """Delete what waits for the installation's further stores."""
    column = table_of(Delivery).c
    copies = [each.receiver for each in db.scalars(in_scope(INSTALLATION, sa.select(RecordStore)))]
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
    others = sorted(
        row.name for row in db.scalars(in_scope(scope, sa.select(RecordStore))) if row.id != store.id
    )
    if name == PRIMARY and others:
        raise StoreRefused(f"remove the further ones before the primary: {', '.join(others)}")
    left = remainder(db, store)
    unsent = sa.and_(_not_taken(), table_of(Delivery).c.receiver == store.receiver)
    if left.goes_to is None:
        _delete(db, unsent)
    elif left.goes_to != store.receiver:
        _change_receiver(db, left.goes_to, unsent)
    pauses.end(db, DeliveryKind.STATEMENT, [store.receiver])
    db.delete(store)
    db.flush()
    if scope.organisation_id is not None:
        _settle_unserved(db, scope.organisation_id)
    return left


def check_merge(db: Session, into: uuid.UUID, merged: uuid.UUID) -> None:
    """Raise :class:`StoreRefused` when both organisations have stores for the same: nobody can say which is meant.

    In a transaction that has locked all tables (:func:`lti_tool.many_rows.lock_all_tables`).
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
