"""A launch says whom it may show, and whether its page is in a frame

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("launch_session") as batch_op:
        batch_op.add_column(sa.Column("document_target", sa.String(20), nullable=True))
        batch_op.add_column(sa.Column("shown_subjects", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("launch_session") as batch_op:
        batch_op.drop_column("shown_subjects")
        batch_op.drop_column("document_target")
