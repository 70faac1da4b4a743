"""The time zone in which somebody reads

Revision ID: 0044
Revises: 0043
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions that are open say nothing, until their browser does."""
    op.add_column("launch_session", sa.Column("time_zone", sa.String(60), nullable=True))


def downgrade() -> None:
    op.drop_column("launch_session", "time_zone")
