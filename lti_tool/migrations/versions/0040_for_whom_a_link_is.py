"""For whom a link for human resources was made

Revision ID: 0040
Revises: 0039
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of the links that there are, nobody was asked."""
    with op.batch_alter_table("hr_link") as batch_op:
        batch_op.add_column(sa.Column("made_for", sa.String(length=100), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("hr_link") as batch_op:
        batch_op.drop_column("made_for")
