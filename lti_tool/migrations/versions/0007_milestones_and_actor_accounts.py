"""Milestones that participants have passed

``completion_record.milestone`` is 0 for everybody: no event says that a milestone was passed. Whoever is beyond one
already passes the next one, and has no statement of those before it, since nobody recorded when they passed them.

Revision ID: 0007
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("completion_record") as batch_op:
        batch_op.add_column(sa.Column("milestone", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("completion_record") as batch_op:
        batch_op.alter_column("milestone", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("completion_record") as batch_op:
        batch_op.drop_column("milestone")
