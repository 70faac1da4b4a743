"""A tutor leaves a grade in the gradebook as it is

Revision ID: 0023
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "left_as_it_is",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("fact_at", MOMENT, nullable=False),
        sa.Column("left_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk__left_as_it_is__participant_id__participant"),
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk__left_as_it_is")),
    )


def downgrade() -> None:
    op.drop_table("left_as_it_is")
