"""What participants say of themselves to their partner

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "profile",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("brings", sa.String(length=500), nullable=False),
        sa.Column("wants", sa.String(length=500), nullable=False),
        sa.Column("job", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("chat", sa.String(length=200), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk__profile__participant_id__participant")
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk__profile")),
    )


def downgrade() -> None:
    op.drop_table("profile")
