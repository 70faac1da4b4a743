"""When a line item was last said to be missing, and since when a part of a receiver is

Revision ID: 0045
Revises: 0044
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was counted before began when it began, and is forgotten after as long as anything; pauses begin anew."""
    moment = sa.DateTime(timezone=True)
    op.add_column("missing_line_item", sa.Column("counted_at", moment, nullable=True))
    op.execute(sa.text("UPDATE missing_line_item SET counted_at = began_at"))
    with op.batch_alter_table("missing_line_item") as table:
        table.alter_column("counted_at", existing_type=moment, nullable=False)
    op.add_column("delivery_pause", sa.Column("missing_since", moment, nullable=True))


def downgrade() -> None:
    op.drop_column("delivery_pause", "missing_since")
    op.drop_column("missing_line_item", "counted_at")
