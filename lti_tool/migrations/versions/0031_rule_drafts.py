"""Drafts of completion rules

Revision ID: 0031
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_draft",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohort.id"], name=op.f("fk__rule_draft__cohort_id__cohort")
        ),
        sa.ForeignKeyConstraint(
            ["edited_by"], ["person.id"], name=op.f("fk__rule_draft__edited_by__person")
        ),
        sa.PrimaryKeyConstraint("cohort_id", name=op.f("pk__rule_draft")),
    )
    op.create_index(op.f("ix__rule_draft__edited_by"), "rule_draft", ["edited_by"])


def downgrade() -> None:
    op.drop_table("rule_draft")
