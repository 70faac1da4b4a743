"""Who said no to an objective, and when the one concerned read it

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has said no so far: what is withdrawn already was given up by the one who learns."""
    with op.batch_alter_table("objective") as batch_op:
        batch_op.add_column(sa.Column("refused_by", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("refusal_read_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """What the partner did not want stays withdrawn, and what is not reached yet in progress."""
    with op.batch_alter_table("objective") as batch_op:
        batch_op.drop_column("refusal_read_at")
        batch_op.drop_column("refused_by")
