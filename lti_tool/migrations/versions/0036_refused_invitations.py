"""Somebody who was invited can say that they do not take part

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_BEFORE = ("invited", "onboarded", "paired", "active", "completed", "withdrawn")
_AFTER = (*_BEFORE, "refused")
_STATUS_KNOWN = "ck__participant__status_known"


def _listed(statuses: tuple[str, ...]) -> str:
    return f"status IN ({', '.join(repr(status) for status in statuses)})"


def upgrade() -> None:
    with op.batch_alter_table("participant") as batch_op:
        batch_op.add_column(sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("refusal_reason", sa.String(length=30), nullable=True))
        batch_op.drop_constraint(op.f(_STATUS_KNOWN), type_="check")
        batch_op.create_check_constraint(op.f(_STATUS_KNOWN), _listed(_AFTER))


def downgrade() -> None:
    # Whoever has refused takes no part: they are as somebody who has not answered yet.
    participant = sa.table("participant", sa.column("status"))
    op.execute(sa.update(participant).where(participant.c.status == "refused").values(status="invited"))
    with op.batch_alter_table("participant") as batch_op:
        batch_op.drop_constraint(op.f(_STATUS_KNOWN), type_="check")
        batch_op.create_check_constraint(op.f(_STATUS_KNOWN), _listed(_BEFORE))
        batch_op.drop_column("refusal_reason")
        batch_op.drop_column("refused_at")
