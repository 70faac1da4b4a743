"""Activities remember where the line items of their course are, and one that was found or made for them

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATUSES = ("looking", "absent", "asked", "found", "made", "refused", "unsure")


def upgrade() -> None:
    with op.batch_alter_table("resource_link") as batch_op:
        batch_op.add_column(sa.Column("line_items_url", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("own_line_item_url", sa.Text(), nullable=True))
    op.create_table(
        "own_line_item",
        sa.Column("resource_link_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("posted_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("looked_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "status IN ({})".format(", ".join(f"'{status}'" for status in STATUSES)),
            name=op.f("ck__own_line_item__status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["resource_link_id"],
            ["resource_link.id"],
            name=op.f("fk__own_line_item__resource_link_id__resource_link"),
        ),
        sa.PrimaryKeyConstraint("resource_link_id", name=op.f("pk__own_line_item")),
    )


def downgrade() -> None:
    op.drop_table("own_line_item")
    with op.batch_alter_table("resource_link") as batch_op:
        batch_op.drop_column("own_line_item_url")
        batch_op.drop_column("line_items_url")
