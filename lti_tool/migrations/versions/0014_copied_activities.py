"""Activities remember their content, cohorts what they are a copy of, courses which they were copied from

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("placement") as batch_op:
        batch_op.add_column(sa.Column("content_id", sa.Uuid(), nullable=True))
        batch_op.create_index("ix__placement__content_id", ["content_id"])
    with op.batch_alter_table("cohort") as batch_op:
        batch_op.add_column(sa.Column("copied_from_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk__cohort__copied_from_id__cohort"), "cohort", ["copied_from_id"], ["id"]
        )
        batch_op.create_index("ix__cohort__copied_from_id", ["copied_from_id"])
    with op.batch_alter_table("course") as batch_op:
        batch_op.add_column(sa.Column("context_history", sa.Text(), nullable=True))
    op.execute(
        sa.text(
            "UPDATE placement SET content_id = (SELECT resource_link.content_id FROM resource_link"
            " WHERE resource_link.id = placement.resource_link_id)"
        )
    )


def downgrade() -> None:
    with op.batch_alter_table("course") as batch_op:
        batch_op.drop_column("context_history")
    with op.batch_alter_table("cohort") as batch_op:
        batch_op.drop_index("ix__cohort__copied_from_id")
        batch_op.drop_constraint(op.f("fk__cohort__copied_from_id__cohort"), type_="foreignkey")
        batch_op.drop_column("copied_from_id")
    with op.batch_alter_table("placement") as batch_op:
        batch_op.drop_index("ix__placement__content_id")
        batch_op.drop_column("content_id")
