"""Where access tokens may be sent, and for whom they are asked

``registration.auth_audience`` becomes ``token_audience``, which is always written and unique with the client id.
Of registrations that share both, the oldest keeps it: the others must be looked at, so they ask for no token.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("service_hosts", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.alter_column("auth_audience", new_column_name="token_audience")
    registration = sa.table(
        "registration",
        sa.column("id", sa.Uuid()),
        sa.column("client_id", sa.String()),
        sa.column("auth_token_url", sa.Text()),
        sa.column("token_audience", sa.Text()),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    taken: set[tuple[str, str]] = set()
    rows = connection.execute(sa.select(registration).order_by(registration.c.created_at, registration.c.id))
    for row in rows.all():
        audience = row.token_audience or row.auth_token_url
        is_first = (audience, row.client_id) not in taken
        taken.add((audience, row.client_id))
        connection.execute(
            sa.update(registration)
            .where(registration.c.id == row.id)
            .values(token_audience=audience if is_first else None)
        )
    with op.batch_alter_table("registration") as batch_op:
        batch_op.alter_column("service_hosts", server_default=None)
        batch_op.create_unique_constraint(
            op.f("uq__registration__token_audience_client_id"), ["token_audience", "client_id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_constraint(op.f("uq__registration__token_audience_client_id"), type_="unique")
        batch_op.alter_column("token_audience", new_column_name="auth_audience")
        batch_op.drop_column("service_hosts")
