"""The key and the receiver of a delivery beside its body, where no claim and no mark rewrites their index

Revision ID: 0046
Revises: 0045
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery_body", sa.Column("key", sa.Uuid(), nullable=True))
    op.add_column("delivery_body", sa.Column("receiver", sa.String(40), nullable=True))
    op.execute(
        sa.text(
            "UPDATE delivery_body SET key = delivery.key, receiver = delivery.receiver FROM delivery"
            " WHERE delivery.id = delivery_body.delivery_id"
        )
    )
    with op.batch_alter_table("delivery_body") as table:
        table.alter_column("key", existing_type=sa.Uuid(), nullable=False)
        table.alter_column("receiver", existing_type=sa.String(40), nullable=False)
        table.create_unique_constraint(op.f("uq__delivery_body__key_receiver"), ["key", "receiver"])
    with op.batch_alter_table("delivery") as table:
        table.drop_constraint(op.f("uq__delivery__key_receiver"), type_="unique")


def downgrade() -> None:
    with op.batch_alter_table("delivery") as table:
        table.create_unique_constraint(op.f("uq__delivery__key_receiver"), ["key", "receiver"])
    with op.batch_alter_table("delivery_body") as table:
        table.drop_constraint(op.f("uq__delivery_body__key_receiver"), type_="unique")
        table.drop_column("receiver")
        table.drop_column("key")
