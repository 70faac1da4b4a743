"""Logins store nothing, used nonces are kept instead, and refusals are counted

A login under way during the upgrade cannot be answered any more: its state is of the former kind, and its person is
asked to open the activity again. Refusals that are there become counts of one each.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("login_state")
    op.create_table(
        "used_nonce",
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name="pk__used_nonce"),
    )
    op.create_index("ix__used_nonce__expires_at", "used_nonce", ["expires_at"])
    with op.batch_alter_table("refusal") as batch_op:
        batch_op.add_column(sa.Column("aggregate", sa.String(length=64)))
        batch_op.add_column(sa.Column("count", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("first_at", sa.DateTime(timezone=True)))
    refusal = sa.table(
        "refusal",
        sa.column("id", sa.Uuid()),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("aggregate", sa.String()),
        sa.column("first_at", sa.DateTime(timezone=True)),
    )
    op.execute(
        sa.update(refusal).values(aggregate=sa.cast(refusal.c.id, sa.String(64)), first_at=refusal.c.at)
    )
    with op.batch_alter_table("refusal") as batch_op:
        batch_op.alter_column("aggregate", existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column("first_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.alter_column("count", existing_type=sa.Integer(), server_default=None)
        batch_op.create_unique_constraint("uq__refusal__aggregate", ["aggregate"])


def downgrade() -> None:
    with op.batch_alter_table("refusal") as batch_op:
        batch_op.drop_constraint("uq__refusal__aggregate", type_="unique")
        for name in ("aggregate", "count", "first_at"):
            batch_op.drop_column(name)
    op.drop_table("used_nonce")
    op.create_table(
        "login_state",
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_hint", sa.String(length=255), nullable=True),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk__login_state__registration_id__registration"
        ),
        sa.PrimaryKeyConstraint("state", name="pk__login_state"),
        sa.UniqueConstraint("nonce", name="uq__login_state__nonce"),
    )
    op.create_index("ix__login_state__expires_at", "login_state", ["expires_at"])
