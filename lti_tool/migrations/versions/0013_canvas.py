"""What Canvas needs: its own token URL as audience, where its pages are, and who is its test student

Canvas calls a bare host its ``authorization_server``. Taken as the audience of client assertions, it made every service
call fail, so registrations that have it get the token URL. Where another registration has that one with the same client
id, which is unique, theirs becomes NULL: no token is asked for until an operator has looked (``tandem doctor``).

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ISSUERS = (
    "https://canvas.instructure.com",
    "https://canvas.beta.instructure.com",
    "https://canvas.test.instructure.com",
)
"""Those of hosted Canvas; one that a school runs says what it is."""

_REGISTRATION = sa.table(
    "registration",
    sa.column("id", sa.Uuid()),
    sa.column("issuer", sa.String()),
    sa.column("client_id", sa.String()),
    sa.column("auth_token_url", sa.Text()),
    sa.column("token_audience", sa.Text()),
    sa.column("platform_family", sa.String()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)


def _mend_audiences(connection: sa.Connection) -> None:
    columns = _REGISTRATION.c
    taken = {
        (row.token_audience, row.client_id)
        for row in connection.execute(sa.select(columns.token_audience, columns.client_id))
    }
    wrong = connection.execute(
        sa.select(columns.id, columns.client_id, columns.auth_token_url)
        .where(
            columns.token_audience.not_like("%://%"),
            sa.or_(sa.func.lower(columns.platform_family) == "canvas", columns.issuer.in_(ISSUERS)),
        )
        .order_by(columns.created_at, columns.id)
    )
    for row in wrong.all():
        right = (row.auth_token_url, row.client_id)
        audience = None if right in taken else row.auth_token_url
        taken.add(right)
        connection.execute(
            sa.update(_REGISTRATION).where(columns.id == row.id).values(token_audience=audience)
        )


def upgrade() -> None:
    _mend_audiences(op.get_bind())
    with op.batch_alter_table("registration_attempt") as batch_op:
        batch_op.add_column(sa.Column("frame_origins", sa.JSON(), nullable=True))
    with op.batch_alter_table("launch_session") as batch_op:
        batch_op.add_column(
            sa.Column("is_test_user", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("launch_session") as batch_op:
        batch_op.alter_column("is_test_user", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("launch_session") as batch_op:
        batch_op.drop_column("is_test_user")
    with op.batch_alter_table("registration_attempt") as batch_op:
        batch_op.drop_column("frame_origins")
