"""People from files: who is awaited, files under way, and what helps to choose a partner

Revision ID: 0034
Revises: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_ROLES = "role IN ('mentor', 'mentee')"


def upgrade() -> None:
    op.create_table(
        "participant_skill",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("skill", sa.String(length=60), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "direction IN ('offers', 'wants')", name=op.f("ck__participant_skill__direction_known")
        ),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck__participant_skill__level_in_range")),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk__participant_skill__participant_id__participant"),
        ),
        sa.PrimaryKeyConstraint("participant_id", "direction", "skill", name=op.f("pk__participant_skill")),
    )
    op.create_table(
        "participant_traits",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=True),
        sa.Column("manager", sa.String(length=320), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk__participant_traits__participant_id__participant"),
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk__participant_traits")),
    )
    op.create_table(
        "awaited_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=True),
        sa.Column("user_name", sa.String(length=255), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("invited_by_kind", sa.String(length=20), nullable=False),
        sa.Column("invited_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_ROLES, name=op.f("ck__awaited_person__role_known")),
        sa.CheckConstraint(
            "invited_by_kind IN ('nobody', 'person', 'anonymous', 'operator', 'tool', 'not_recorded')",
            name=op.f("ck__awaited_person__invited_by_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohort.id"], name=op.f("fk__awaited_person__cohort_id__cohort")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__awaited_person")),
    )
    op.create_index(op.f("ix__awaited_person__cohort_id"), "awaited_person", ["cohort_id"])
    for column in ("user_id", "user_name", "email"):
        op.create_index(
            f"uq__awaited_person__cohort_id_{column}",
            "awaited_person",
            ["cohort_id", column],
            unique=True,
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_table(
        "people_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohort.id"], name=op.f("fk__people_import__cohort_id__cohort")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__people_import")),
    )
    op.create_index(op.f("ix__people_import__cohort_id"), "people_import", ["cohort_id"])


def downgrade() -> None:
    for table in ("people_import", "awaited_person", "participant_traits", "participant_skill"):
        op.drop_table(table)
