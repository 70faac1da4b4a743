"""A company keeps programme templates of its own, in versions that never change

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "programme_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk__programme_template__organisation_id__organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["person.id"], name=op.f("fk__programme_template__created_by__person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__programme_template")),
        sa.UniqueConstraint(
            "organisation_id", "code", "number", name=op.f("uq__programme_template__organisation_id_code_number")
        ),
    )


def downgrade() -> None:
    op.drop_table("programme_template")
