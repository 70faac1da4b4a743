"""In which cohorts people were before their pair moved to another one

Revision ID: 0038
Revises: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_cohort",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk__former_cohort__participant_id__participant")
        ),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohort.id"], name=op.f("fk__former_cohort__cohort_id__cohort")
        ),
        sa.PrimaryKeyConstraint("participant_id", "cohort_id", name=op.f("pk__former_cohort")),
    )
    op.create_index("ix__former_cohort__cohort_id", "former_cohort", ["cohort_id"])


def downgrade() -> None:
    """Where pairs were before they moved is forgotten; they stay where they are now."""
    op.drop_table("former_cohort")
