"""Activities know the only role of their people, choices the tutor's own programme and whether there is a grade

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("resource_link") as batch_op:
        batch_op.add_column(sa.Column("only_role", sa.String(10), nullable=True))
    with op.batch_alter_table("activity_choice") as batch_op:
        batch_op.add_column(sa.Column("programme_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("graded", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.create_foreign_key(
            op.f("fk__activity_choice__programme_id__programme"), "programme", ["programme_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("activity_choice") as batch_op:
        batch_op.drop_constraint(
            op.f("fk__activity_choice__programme_id__programme"), type_="foreignkey"
        )
        batch_op.drop_column("graded")
        batch_op.drop_column("programme_id")
    with op.batch_alter_table("resource_link") as batch_op:
        batch_op.drop_column("only_role")
