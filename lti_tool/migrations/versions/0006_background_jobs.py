"""Background jobs: the jobs, their schedule, and who keeps it

Rosters are read by jobs, whose lease says who reads: ``course.roster_claimed_until`` keeps only the pause after a
failure and is named after it. What it holds is a claim or a pause of at most some minutes, so it begins empty.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


KINDS = "'nobody', 'person', 'anonymous', 'operator', 'tool', 'not_recorded'"


def _partial(name: str, column: str, where: str, unique: bool = False) -> None:
    op.create_index(
        op.f(name), "job", [column], unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("unique_key", sa.String(length=120), nullable=False),
        sa.Column("group_key", sa.String(length=60), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by_kind", sa.String(length=20), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("phase", sa.String(length=40), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"requested_by_kind IN ({KINDS})", name=op.f("ck__job__requested_by_kind_known")),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'done', 'failed', 'superseded')", name=op.f("ck__job__status_known")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk__job__organisation_id__organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__job")),
    )
    _partial("uq__job__waiting", "unique_key", "status = 'waiting'", unique=True)
    _partial("ix__job__due", "not_before", "done_at IS NULL")
    _partial("ix__job__subject", "subject_id", "done_at IS NULL")
    op.create_index(op.f("ix__job__done_at"), "job", ["done_at"])
    op.create_table(
        "job_schedule",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk__job_schedule")),
    )
    op.create_table(
        "scheduler_lease",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck__scheduler_lease__one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__scheduler_lease")),
    )
    op.execute("ALTER TABLE course RENAME COLUMN roster_claimed_until TO roster_paused_until")
    op.execute("UPDATE course SET roster_paused_until = NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE course RENAME COLUMN roster_paused_until TO roster_claimed_until")
    op.drop_table("scheduler_lease")
    op.drop_table("job_schedule")
    op.drop_table("job")
