"""A teacher whose course launches them as a learner is asked what they are

Revision ID: 0026
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None

_BEFORE = ("tutor", "learner", "observer")
_AFTER = (*_BEFORE, "switched")


def _allow(roles: tuple[str, ...]) -> None:
    name = op.f("ck__membership__role_known")
    listed = ", ".join(f"'{role}'" for role in roles)
    with op.batch_alter_table("membership") as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, f"role IN ({listed})")


def upgrade() -> None:
    _allow(_AFTER)


def downgrade() -> None:
    membership = sa.table("membership", sa.column("role"))
    op.execute(sa.update(membership).where(membership.c.role == "switched").values(role="learner"))
    _allow(_BEFORE)
