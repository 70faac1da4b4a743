"""Claiming rows of a table with a lease, on PostgreSQL and SQLite alike.

Whoever works on rows claims them in one transaction, works outside any, and writes the result in another. A claim has
an id, and a lease that ends at the row's ``not_before``: when the process that holds it is killed, the row is claimed
like any other once the lease is over. What is written under a claim names the claim, so that whoever lost the lease
changes nothing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session


def lock_claims(db: Session, number: int) -> None:
    """One transaction at a time on PostgreSQL for each ``number``; SQLite has one writer anyhow.

    For claims that must see what another one is just taking: SKIP LOCKED alone would pass over those rows.
    ``number`` is that of a PostgreSQL advisory lock.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


class ClaimableTable:
    """A table whose rows are claimed.

    Its columns: ``id`` (an integer that rises with time), ``status``, ``claim`` (the id of the latest claim),
    ``not_before`` (nobody may claim the row before: the end of a back-off or of a lease) and ``attempts``.
    """

    def __init__(self, table: sa.Table, *, claimed: str) -> None:
        """``claimed``: the status of a row that somebody works on."""
        self._table = table
        self._column = table.c
        self._claimed = claimed

    def claim(
        self,
        db: Session,
        *ready: sa.ColumnElement[bool],
        limit: int,
        lease: dt.timedelta,
        now: dt.datetime,
        returning: Sequence[sa.ColumnElement[Any]],
    ) -> tuple[uuid.UUID, list[sa.Row[*tuple[Any, ...]]]]:
        """Claim up to ``limit`` of the oldest rows that are ``ready``, each condition holding.

        Returns the claim's id, and of each row its id and the columns ``returning``, oldest first. Rows that another
        transaction has locked are passed over.
        """
        column, identifier = self._column, uuid.uuid4()
        picked = (
            sa.select(column.id)
            .where(*ready)
            .order_by(column.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("picked")
        )
        chosen: sa.Select[Any] = sa.select(picked.c.id)
        if db.get_bind().dialect.name == "postgresql":
            # As an array it is looked up by the primary key, however large the table is.
            which = column.id == sa.any_(sa.func.array(chosen.scalar_subquery()))
        else:
            which = column.id.in_(chosen)
        taken = db.execute(
            sa.update(self._table)
            .where(which)
            .values(
                status=self._claimed,
                claim=identifier,
                not_before=now + lease,
                attempts=column.attempts + 1,
            )
            .returning(column.id, *returning)
        ).all()
        # RETURNING promises no order.
        return identifier, sorted(taken, key=itemgetter(0))

    def held(self, claim: uuid.UUID, which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """Rows of a claim, unless the lease ran out and another worker has claimed them since. ``which``: of them."""
        column = self._column
        return sa.and_(which, column.claim == claim, column.status == self._claimed)

    def extend(
        self, db: Session, claim: uuid.UUID, ids: Collection[int], *, lease: dt.timedelta, now: dt.datetime
    ) -> None:
        """Hold all the rows of a claim for another ``lease``, counted from ``now``.

        Rows that another transaction has locked are passed over: it is the one that writes what became of them, nobody
        can claim them meanwhile, and waiting for it would keep the caller from extending its other claims.
        """
        held = self.held(claim, among(self._column.id, ids))
        unlocked = sa.select(self._column.id).where(held).with_for_update(skip_locked=True)
        db.execute(
            sa.update(self._table).where(held, self._column.id.in_(unlocked)).values(not_before=now + lease)
        )

    def release(
        self,
        db: Session,
        held: sa.ColumnElement[bool],
        *,
        status: str,
        not_before: dt.datetime,
        **values: Any,
    ) -> None:
        """Let rows that are :meth:`held` be claimed again from ``not_before`` on; ``values``: other columns."""
        db.execute(
            sa.update(self._table)
            .where(held)
            .values(status=status, not_before=not_before, claim=None, **values)
        )


def among(column: sa.ColumnElement[int], ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Rows with these ids, and perhaps others between them.

    A claim is usually a run of ids: two bounds cost much less than hundreds of parameters.
    """
    low, high = min(ids, default=0), max(ids, default=0)
    return column.between(low, high) if high - low < 4 * len(ids) else column.in_(ids)
