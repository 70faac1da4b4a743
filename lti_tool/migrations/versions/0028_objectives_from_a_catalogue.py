"""An objective has a skill, a level, and whose word is enough for it; the partner's was, for all so far

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("objective") as batch_op:
        batch_op.add_column(sa.Column("skill", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("level", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("trend", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(
            sa.Column("accepts", sa.String(length=40), server_default="partner", nullable=False)
        )
        batch_op.add_column(sa.Column("catalogue_code", sa.String(length=60), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("objective") as batch_op:
        for column in ("catalogue_code", "accepts", "trend", "level", "skill"):
            batch_op.drop_column(column)
