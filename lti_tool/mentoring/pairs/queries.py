"""Reading pairs."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of, table_of
from lti_tool.events.models import EventRow
from lti_tool.mentoring.enrolment.queries import MEMBER_ID, is_member_of, with_participants_locked
from lti_tool.mentoring.pairs.models import DECLINED, ENDED_STATUSES, Pair, PairStatus, TimelineEntry
from lti_tool.mentoring.roles import Role


@dataclass(frozen=True)
class PairRecord:
    """A pair; ``mentor_id`` and ``mentee_id`` are participants."""

    id: uuid.UUID
    cohort_id: uuid.UUID
    mentor_id: uuid.UUID
    mentee_id: uuid.UUID
    status: str
    charter_version: str
    created_at: dt.datetime
    mentor_accepted_at: dt.datetime | None = None
    mentee_accepted_at: dt.datetime | None = None
    mentor_signed_at: dt.datetime | None = None
    mentee_signed_at: dt.datetime | None = None
    mentor_reminded_at: dt.datetime | None = None
    mentee_reminded_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    end_reason: str | None = None
    declined_by: uuid.UUID | None = None
    decline_reason: str | None = None
    paused_at: dt.datetime | None = None
    paused_until: dt.date | None = None

    @property
    def members(self) -> tuple[uuid.UUID, uuid.UUID]:
        """Both participants, the mentor first."""
        return self.mentor_id, self.mentee_id

    @property
    def over(self) -> bool:
        """Whether the pair has come to its end."""
        return self.status in ENDED_STATUSES

    @property
    def active(self) -> bool:
        """Whether both have signed and the pair goes on."""
        return self.status == PairStatus.ACTIVE

    @property
    def accepted(self) -> bool:
        """Whether both have accepted, whatever came then."""
        return self.mentor_accepted_at is not None and self.mentee_accepted_at is not None

    @property
    def signed(self) -> bool:
        """Whether both have signed, whatever came then."""
        return self.mentor_signed_at is not None and self.mentee_signed_at is not None

    @property
    def status_by_answers(self) -> PairStatus:
        """Where the pair is by what the two said alone: what it comes back to when it goes on."""
        if self.signed:
            return PairStatus.ACTIVE
        return PairStatus.ACCEPTED if self.accepted else PairStatus.PROPOSED

    def role_of(self, participant_id: uuid.UUID) -> Role:
        """The role of one of the two."""
        return Role.MENTOR if participant_id == self.mentor_id else Role.MENTEE

    def partner_of(self, participant_id: uuid.UUID) -> uuid.UUID:
        """The other of the two."""
        return self.mentee_id if participant_id == self.mentor_id else self.mentor_id

    def accepted_at(self, role: str) -> dt.datetime | None:
        """When the one in this role accepted."""
        return self.mentor_accepted_at if role == Role.MENTOR else self.mentee_accepted_at

    def reminded_at(self, role: str) -> dt.datetime | None:
        """When the one in this role was last reminded, by the other or by a tutor."""
        return self.mentor_reminded_at if role == Role.MENTOR else self.mentee_reminded_at

    def signed_at(self, role: str) -> dt.datetime | None:
        """When the one in this role signed."""
        return self.mentor_signed_at if role == Role.MENTOR else self.mentee_signed_at


REMIND_EVERY: Final = dt.timedelta(days=2)
"""How often somebody can be reminded of what waits for them in a pair."""


def may_be_reminded(reminded_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether somebody who was last reminded then can be reminded now."""
    return reminded_at is None or now - reminded_at >= REMIND_EVERY


def pair_record(row: Pair) -> PairRecord:
    """The record of a row."""
    return PairRecord(**{each.name: getattr(row, each.name) for each in dataclasses.fields(PairRecord)})


def pair(db: Session, pair_id: uuid.UUID) -> PairRecord | None:
    """The pair of this id, as it is now."""
    row = db.get(Pair, pair_id, populate_existing=True)
    return None if row is None else pair_record(row)


def pair_of_member(db: Session, pair_id: uuid.UUID, participant_id: uuid.UUID) -> PairRecord | None:
    """A pair, for one of its two; None for anybody else."""
    found = pair(db, pair_id)
    return found if found is not None and participant_id in found.members else None


def pairs(db: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, PairRecord]:
    """These pairs, by id."""
    return {row.id: pair_record(row) for row in db.scalars(sa.select(Pair).where(Pair.id.in_(ids)))}


def open_pairs_of(db: Session, *participant_ids: uuid.UUID) -> list[PairRecord]:
    """The pairs of these participants that go on, the oldest first."""
    of_one = sa.or_(Pair.mentor_id.in_(participant_ids), Pair.mentee_id.in_(participant_ids))
    rows = db.scalars(
        sa.select(Pair).where(of_one, Pair.status.not_in(ENDED_STATUSES)).order_by(Pair.created_at, Pair.id)
    )
    return [pair_record(row) for row in rows]


def pairs_of(db: Session, participant_ids: Collection[uuid.UUID]) -> list[PairRecord]:
    """Every pair of these participants, ended ones included."""
    of_one = sa.or_(Pair.mentor_id.in_(participant_ids), Pair.mentee_id.in_(participant_ids))
    return [pair_record(row) for row in db.scalars(sa.select(Pair).where(of_one))]


def latest_ended_pair(db: Session, participant_id: uuid.UUID) -> PairRecord | None:
    """The pair of a participant that ended last; None where none has."""
    row = db.scalars(
        sa.select(Pair)
        .where(
            sa.or_(Pair.mentor_id == participant_id, Pair.mentee_id == participant_id),
            Pair.status.in_(ENDED_STATUSES),
        )
        .order_by(Pair.ended_at.desc(), Pair.created_at.desc(), Pair.id)
        .limit(1)
    ).first()
    return None if row is None else pair_record(row)


def lock_pair(db: Session, pair_id: uuid.UUID) -> PairRecord:
    """Make those who change what concerns a pair wait for each other; return it as it is.

    Locks the two participants in the order of their ids, and the pair: completion of somebody with two pairs is then
    never judged on half of what both did. Raises :class:`sqlalchemy.exc.NoResultFound`.
    """
    return lock_pair_by(db, _lock, pair_id=pair_id)


def lock_pair_by(
    db: Session, query: Callable[[Connection], CompiledStatement], **parameters: uuid.UUID
) -> PairRecord:
    """The same of the pair that a query finds, which :func:`locking_query` has made."""
    connection = connection_of(db)
    locked = query(connection).first(connection, parameters)
    if locked is None:
        raise NoResultFound(f"there is no such pair: {parameters}")
    return PairRecord(*locked)


def locking_query(pair_id: sa.ColumnElement[uuid.UUID]) -> sa.Select[Any]:
    """The query of :func:`lock_pair`. ``pair_id``: a parameter, or a query for the id."""
    columns = (getattr(Pair, each.name) for each in dataclasses.fields(PairRecord))
    query = sa.select(*columns).where(Pair.id == pair_id)
    return with_participants_locked(query, Pair, (Pair.mentor_id, Pair.mentee_id))


@once_for_each_dialect
def _lock(dialect: Dialect) -> CompiledStatement:
    return CompiledStatement(locking_query(sa.bindparam("pair_id", type_=sa.Uuid())), dialect)


@dataclass(frozen=True)
class TimelineLine:
    """One entry of a pair's timeline."""

    at: dt.datetime
    kind: str
    participant_id: uuid.UUID | None
    held_on: dt.date | None
    minutes: int | None
    format: str | None
    mode: str | None


def timeline(db: Session, pair_id: uuid.UUID) -> list[TimelineLine]:
    """What happened in a pair, the latest first."""
    rows = db.scalars(
        sa.select(TimelineEntry)
        .outerjoin(EventRow, EventRow.id == TimelineEntry.event_id)
        .where(TimelineEntry.pair_id == pair_id)
        .order_by(TimelineEntry.at.desc(), EventRow.sequence.desc())
    )
    return [
        TimelineLine(row.at, row.kind, row.participant_id, row.held_on, row.minutes, row.format, row.mode)
        for row in rows
    ]


def pair_ids_of_cohort(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.Select[uuid.UUID]:
    """A query for the ids of a cohort's pairs, to be used in another."""
    return sa.select(Pair.id).where(Pair.cohort_id == cohort_id)


def pairs_of_people_in(cohort_id: sa.BindParameter[uuid.UUID]) -> sa.CompoundSelect[uuid.UUID]:
    """A query for the ids of every pair of the people of a cohort, also of one that ended in another cohort.

    A union: with OR, PostgreSQL would read the pairs of every cohort.
    """
    pair = sa.alias(table_of(Pair))
    of_role = (
        sa.select(pair.c.id).where(member == MEMBER_ID, is_member_of(cohort_id))
        for member in (pair.c.mentor_id, pair.c.mentee_id)
    )
    return sa.union(*of_role)


def pairs_of_cohort(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID],
) -> sa.Select[*tuple[Any, ...]]:
    """A query for the pairs of a cohort that go on or were declined, the oldest first, for others to join their tables.

    Its columns are the fields of a :class:`PairRecord`, :data:`PAIR_WIDTH` of them; values, since there are many.
    """
    return (
        sa.select(*(getattr(Pair, each.name) for each in dataclasses.fields(PairRecord)))
        .where(
            Pair.cohort_id == cohort_id,
            sa.or_(Pair.status.not_in(ENDED_STATUSES), Pair.end_reason == DECLINED),
        )
        .order_by(Pair.created_at, Pair.id)
    )


def _has_ended(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> tuple[sa.ColumnElement[bool], ...]:
    """Of a pair of a cohort: it has come to its end, and was not declined."""
    not_declined = sa.func.coalesce(Pair.end_reason, "") != DECLINED
    return Pair.cohort_id == cohort_id, Pair.status.in_(ENDED_STATUSES), not_declined


def count_of_ended(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.Select[int]:
    """The statement that counts the pairs of a cohort that have come to their end, without those that were declined."""
    return sa.select(sa.func.count(Pair.id)).where(*_has_ended(cohort_id))


def ended_pairs(db: Session, cohort_id: uuid.UUID) -> list[PairRecord]:
    """These pairs, the latest first."""
    rows = db.scalars(sa.select(Pair).where(*_has_ended(cohort_id)).order_by(Pair.ended_at.desc(), Pair.id))
    return [pair_record(row) for row in rows]


def latest_of_pair(kind: str | None = None) -> sa.ScalarSelect[Any]:
    """For that query: when something last happened in the pair; ``kind``: the name of the event, if not any counts."""
    latest = sa.select(sa.func.max(TimelineEntry.at)).where(TimelineEntry.pair_id == Pair.id)
    return (latest if kind is None else latest.where(TimelineEntry.kind == kind)).scalar_subquery()


PAIR_WIDTH: Final = len(dataclasses.fields(PairRecord))
PAIR_ID: Final = Pair.id
"""The column of :func:`pairs_of_cohort` by which other tables are joined."""
