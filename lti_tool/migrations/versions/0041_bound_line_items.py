"""Whether the line item that the tool found or made is one for its activity's link

Revision ID: 0041
Revises: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has looked so far: the daily job does."""
    with op.batch_alter_table("own_line_item") as batch_op:
        batch_op.add_column(sa.Column("is_bound", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("own_line_item") as batch_op:
        batch_op.drop_column("is_bound")
