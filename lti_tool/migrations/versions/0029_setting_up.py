"""Programmes that are set up before they start

Every cohort of before runs since it was made: that is since when its KPIs and its first questionnaire are frozen.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_COHORT = sa.table(
    "cohort",
    sa.column("status", sa.String),
    sa.column("started_at", sa.DateTime(timezone=True)),
    sa.column("created_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    with op.batch_alter_table("cohort") as batch_op:
        batch_op.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.update(_COHORT).where(_COHORT.c.status != "draft").values(started_at=_COHORT.c.created_at))
    with op.batch_alter_table("programme_settings") as batch_op:
        batch_op.add_column(sa.Column("cohort_dates", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("created_by", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk__programme_settings__created_by__person"), "person", ["created_by"], ["id"]
        )
    with op.batch_alter_table("activity_choice") as batch_op:
        batch_op.add_column(
            sa.Column("set_up_first", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("answers", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    # Before, nothing could start a draft.
    op.execute(sa.update(_COHORT).where(_COHORT.c.status == "draft").values(status="running"))
    with op.batch_alter_table("activity_choice") as batch_op:
        batch_op.drop_column("answers")
        batch_op.drop_column("set_up_first")
    with op.batch_alter_table("programme_settings") as batch_op:
        batch_op.drop_constraint(op.f("fk__programme_settings__created_by__person"), type_="foreignkey")
        batch_op.drop_column("created_by")
        batch_op.drop_column("cohort_dates")
    with op.batch_alter_table("cohort") as batch_op:
        batch_op.drop_column("started_at")
