"""Attempts to connect a platform, which background jobs carry out; the session of a launch that went on in a new tab

``registration_attempt`` is empty at first: before, a request carried its registration out itself. A reservation of an
invitation gets the attempt that it is made for; one of before the upgrade has none, and ends by itself. Of a launch that
has gone on in its tab before the upgrade it is not known in which session.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.add_column(sa.Column("reserved_by", sa.Uuid(), nullable=True))
    op.create_table(
        "registration_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("platform_origin", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.String(length=60), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk__registration_attempt__invitation_id__invitation")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk__registration_attempt__registration_id__registration"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__registration_attempt")),
    )
    op.create_index("ix__registration_attempt__invitation_id", "registration_attempt", ["invitation_id"])
    op.create_index("ix__registration_attempt__expires_at", "registration_attempt", ["expires_at"])
    with op.batch_alter_table("launch_handoff") as batch_op:
        batch_op.add_column(sa.Column("launch_session_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk__launch_handoff__launch_session_id__launch_session"),
            "launch_session",
            ["launch_session_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("launch_handoff") as batch_op:
        batch_op.drop_constraint(
            op.f("fk__launch_handoff__launch_session_id__launch_session"), type_="foreignkey"
        )
        batch_op.drop_column("launch_session_id")
    op.drop_table("registration_attempt")
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.drop_column("reserved_by")
