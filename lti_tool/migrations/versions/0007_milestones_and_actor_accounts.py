"""Milestones that participants have passed, and the accounts that stand for them in statements

``completion_record.milestone`` is 0 for everybody: no event says that a milestone was passed. Whoever is beyond one
already passes the next one, and has no statement of those before it, since nobody recorded when they passed them.

``registration.actor_account`` is what it was for every registration: the tool's own, opaque accounts.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("completion_record") as batch_op:
        batch_op.add_column(sa.Column("milestone", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("completion_record") as batch_op:
        batch_op.alter_column("milestone", server_default=None)
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(
            sa.Column("actor_account", sa.String(length=10), nullable=False, server_default="opaque")
        )
        batch_op.create_check_constraint(
            op.f("ck__registration__actor_account_known"), "actor_account IN ('opaque', 'lms')"
        )
    with op.batch_alter_table("registration") as batch_op:
        batch_op.alter_column("actor_account", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_constraint(op.f("ck__registration__actor_account_known"), type_="check")
        batch_op.drop_column("actor_account")
    with op.batch_alter_table("completion_record") as batch_op:
        batch_op.drop_column("milestone")
