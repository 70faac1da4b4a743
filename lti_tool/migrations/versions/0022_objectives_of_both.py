"""Objectives that both agree to, reflections and feedback

Every objective of before stays agreed, as it was written by whoever set it; it came to its present status when the
latest event about it says so. Nobody has written a reflection, or given feedback.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_OBJECTIVE = sa.table(
    "objective",
    sa.column("id", sa.Uuid),
    sa.column("created_by", sa.Uuid),
    sa.column("created_at"),
    sa.column("proposed_by", sa.Uuid),
    sa.column("agreed_at"),
    sa.column("status_since"),
)
_EVENT = sa.table(
    "event",
    sa.column("sequence", sa.BigInteger),
    sa.column("kind", sa.String),
    sa.column("at"),
    sa.column("details", sa.JSON),
)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("objective") as batch_op:
        batch_op.add_column(sa.Column("proposed_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("agreed_at", moment, nullable=True))
        batch_op.add_column(sa.Column("status_since", moment, nullable=True))
        batch_op.add_column(sa.Column("target_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("worked_on", sa.Date(), nullable=True))
    since = _OBJECTIVE.c.created_at
    values: dict[str, Any] = {
        "proposed_by": _OBJECTIVE.c.created_by,
        "agreed_at": since,
        "status_since": since,
    }
    op.execute(sa.update(_OBJECTIVE).values(values))
    connection = op.get_bind()
    # Copied within the database: its own writing of a moment stays as it is.
    for objective_id, sequence in _latest_events(connection).items():
        at = sa.select(_EVENT.c.at).where(_EVENT.c.sequence == sequence).scalar_subquery()
        connection.execute(
            sa.update(_OBJECTIVE).where(_OBJECTIVE.c.id == objective_id).values(status_since=at)
        )
    with op.batch_alter_table("objective") as batch_op:
        batch_op.alter_column("proposed_by", existing_type=sa.Uuid(), nullable=False)
        batch_op.alter_column("status_since", existing_type=moment, nullable=False)
        batch_op.alter_column("revision", existing_type=sa.Integer(), server_default=None)
        batch_op.create_foreign_key(
            op.f("fk__objective__proposed_by__participant"), "participant", ["proposed_by"], ["id"]
        )
    op.create_table(
        "reflection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("written_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk__reflection__pair_id__pair")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["participant.id"], name=op.f("fk__reflection__author_id__participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__reflection")),
    )
    op.create_index("ix__reflection__pair_id", "reflection", ["pair_id"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("given_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=True),
        sa.CheckConstraint("kind IN ('meeting', 'thanks')", name=op.f("ck__feedback__kind_known")),
        sa.CheckConstraint(
            "(kind = 'meeting') = (session_id IS NOT NULL)", name=op.f("ck__feedback__meeting_has_session")
        ),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk__feedback__pair_id__pair")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["participant.id"], name=op.f("fk__feedback__author_id__participant")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["mentoring_session.id"], name=op.f("fk__feedback__session_id__mentoring_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__feedback")),
    )
    op.create_index("ix__feedback__pair_id", "feedback", ["pair_id"])
    for name, columns, kind in (
        ("ix__feedback__once_a_meeting", ["session_id", "author_id"], "meeting"),
        ("ix__feedback__thanks_once", ["pair_id", "author_id"], "thanks"),
    ):
        where = sa.text(f"kind = '{kind}'")
        op.create_index(
            name, "feedback", columns, unique=True, sqlite_where=where, postgresql_where=where
        )


def _latest_events(connection: sa.Connection) -> dict[uuid.UUID, int]:
    """The place in the log of the latest event about each objective."""
    rows = connection.execute(
        sa.select(_EVENT.c.sequence, _EVENT.c.details)
        .where(_EVENT.c.kind.like("Objective%"))
        .order_by(_EVENT.c.sequence)
    )
    # The first version of the events had another name for it.
    ids = ((row.details.get("objective_id") or row.details.get("subject_id"), row.sequence) for row in rows)
    return {uuid.UUID(found): sequence for found, sequence in ids if found}


def downgrade() -> None:
    """What was proposed, or is in progress, becomes agreed: before, every objective was agreed from the beginning."""
    op.drop_table("feedback")
    op.drop_table("reflection")
    op.execute("UPDATE objective SET status = 'agreed' WHERE status IN ('proposed', 'in_progress')")
    with op.batch_alter_table("objective") as batch_op:
        batch_op.drop_constraint(op.f("fk__objective__proposed_by__participant"), type_="foreignkey")
        for column in ("worked_on", "target_on", "status_since", "agreed_at", "revision", "proposed_by"):
            batch_op.drop_column(column)
