"""A proposed correction changes how the two spoke and what it was too; a pause knows since when and until when

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_MODE_KNOWN = "ck__mentoring_session__proposed_mode_known"


def upgrade() -> None:
    with op.batch_alter_table("mentoring_session") as batch_op:
        batch_op.add_column(sa.Column("proposed_mode", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("proposed_format", sa.String(length=30), nullable=True))
        batch_op.create_check_constraint(
            op.f(_MODE_KNOWN), "proposed_mode IN ('in-person', 'video', 'phone', 'writing')"
        )
    with op.batch_alter_table("pair") as batch_op:
        batch_op.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("paused_until", sa.Date(), nullable=True))
    pair = sa.table("pair", sa.column("id"), sa.column("status"), sa.column("paused_at"))
    entry = sa.table("timeline_entry", sa.column("pair_id"), sa.column("kind"), sa.column("at"))
    paused_at = (
        sa.select(sa.func.max(entry.c.at))
        .where(entry.c.pair_id == pair.c.id, entry.c.kind == "PairPaused")
        .scalar_subquery()
    )
    op.execute(sa.update(pair).where(pair.c.status == "paused").values(paused_at=paused_at))


def downgrade() -> None:
    with op.batch_alter_table("pair") as batch_op:
        batch_op.drop_column("paused_until")
        batch_op.drop_column("paused_at")
    with op.batch_alter_table("mentoring_session") as batch_op:
        batch_op.drop_constraint(op.f(_MODE_KNOWN), type_="check")
        batch_op.drop_column("proposed_format")
        batch_op.drop_column("proposed_mode")
