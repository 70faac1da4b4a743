"""Pairs are accepted by both before they sign, and end for a reason

A pair that anyone signed counts as accepted by both, when the first of them signed. A pair that nobody signed waits for
both; its people, if they are in no other, are not paired yet.

What a partner proposes in place of what was logged, and when they answered, is not known of meetings of before.

An event that was called ``PairFormed`` is a proposal now: the log is read under either name, and what was computed from
it has the new one.

Revision ID: 0020
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MOMENTS = ("mentor_accepted_at", "mentee_accepted_at", "mentor_reminded_at", "mentee_reminded_at", "ended_at")
CODES = ("end_reason", "decline_reason")

_PAIR = sa.table(
    "pair",
    *(
        sa.column(name)
        for name in (
            "id",
            "status",
            "mentor_id",
            "mentee_id",
            "mentor_signed_at",
            "mentee_signed_at",
            "mentor_accepted_at",
            "mentee_accepted_at",
        )
    ),
)
_PARTICIPANT = sa.table("participant", sa.column("id"), sa.column("status"))


def upgrade() -> None:
    with op.batch_alter_table("pair") as batch_op:
        for name in MOMENTS:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        for name in CODES:
            batch_op.add_column(sa.Column(name, sa.String(30), nullable=True))
        batch_op.add_column(sa.Column("declined_by", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk__pair__declined_by__participant"), "participant", ["declined_by"], ["id"]
        )
    with op.batch_alter_table("mentoring_session") as batch_op:
        batch_op.add_column(sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("proposed_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("proposed_minutes", sa.Integer(), nullable=True))
    mentor, mentee = _PAIR.c.mentor_signed_at, _PAIR.c.mentee_signed_at
    first = sa.case((mentee.is_(None), mentor), (mentor.is_(None), mentee), (mentor < mentee, mentor), else_=mentee)
    op.execute(
        sa.update(_PAIR)
        .where(sa.or_(mentor.is_not(None), mentee.is_not(None)))
        .values(mentor_accepted_at=first, mentee_accepted_at=first)
    )
    _move_participants("paired", "onboarded")
    _rename_events("PairFormed", "PairProposed")


def downgrade() -> None:
    _rename_events("PairProposed", "PairFormed")
    _move_participants("onboarded", "paired")
    with op.batch_alter_table("mentoring_session") as batch_op:
        for name in ("answered_at", "proposed_on", "proposed_minutes"):
            batch_op.drop_column(name)
    with op.batch_alter_table("pair") as batch_op:
        batch_op.drop_constraint(op.f("fk__pair__declined_by__participant"), type_="foreignkey")
        for name in (*MOMENTS, *CODES, "declined_by"):
            batch_op.drop_column(name)


def _move_participants(before: str, after: str) -> None:
    """Of those whose pairs that go on are all proposed, of which there is one at least."""

    def in_pair(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        either = sa.or_(_PAIR.c.mentor_id == _PARTICIPANT.c.id, _PAIR.c.mentee_id == _PARTICIPANT.c.id)
        return sa.exists().where(either, *where)

    proposed = in_pair(_PAIR.c.status == "proposed")
    further = in_pair(_PAIR.c.status.in_(["accepted", "active", "paused"]))
    op.execute(
        sa.update(_PARTICIPANT)
        .where(_PARTICIPANT.c.status == before, proposed, sa.not_(further))
        .values(status=after)
    )


def _rename_events(before: str, after: str) -> None:
    for name in ("audit_entry", "timeline_entry"):
        table = sa.table(name, sa.column("kind"))
        op.execute(sa.update(table).where(table.c.kind == before).values(kind=after))
