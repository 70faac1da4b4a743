"""The user names of people, by which files of people name them

Revision ID: 0033
Revises: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("user_name", sa.String(length=255), nullable=True))


def downgrade() -> None:
    op.drop_column("person", "user_name")
