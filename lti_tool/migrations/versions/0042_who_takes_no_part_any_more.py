"""People can be taken out of a programme, and put aside before they have a role in it

Revision ID: 0042
Revises: 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_BEFORE = ("invited", "onboarded", "paired", "active", "completed", "withdrawn", "refused")
_AFTER = (*_BEFORE, "taken_out")
_STATUS_KNOWN = "ck__participant__status_known"


def _listed(statuses: tuple[str, ...]) -> str:
    return f"status IN ({', '.join(repr(status) for status in statuses)})"


def upgrade() -> None:
    with op.batch_alter_table("participant") as batch_op:
        batch_op.add_column(sa.Column("taken_out_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("taken_out_reason", sa.String(length=30), nullable=True))
        batch_op.add_column(sa.Column("taken_out_from", sa.String(length=20), nullable=True))
        batch_op.drop_constraint(op.f(_STATUS_KNOWN), type_="check")
        batch_op.create_check_constraint(op.f(_STATUS_KNOWN), _listed(_AFTER))
    op.create_table(
        "put_aside",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("put_aside_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk__put_aside__cohort_id__cohort")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__put_aside__person_id__person")),
        sa.PrimaryKeyConstraint("cohort_id", "person_id", name=op.f("pk__put_aside")),
    )
    op.create_index("ix__put_aside__person_id", "put_aside", ["person_id"])


def downgrade() -> None:
    op.drop_table("put_aside")
    # The version before knows nobody who was taken out: who had joined takes part and is in no pair, who was invited is.
    participant = sa.table("participant", sa.column("status"), sa.column("taken_out_from"))
    is_out = participant.c.status == "taken_out"
    before = sa.case((participant.c.taken_out_from == "invited", "invited"), else_="onboarded")
    op.execute(sa.update(participant).where(is_out).values(status=before))
    with op.batch_alter_table("participant") as batch_op:
        batch_op.drop_constraint(op.f(_STATUS_KNOWN), type_="check")
        batch_op.create_check_constraint(op.f(_STATUS_KNOWN), _listed(_BEFORE))
        for name in ("taken_out_from", "taken_out_reason", "taken_out_at"):
            batch_op.drop_column(name)
