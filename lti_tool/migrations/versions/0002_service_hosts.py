"""Where access tokens may be sent, and for whom they are asked

``registration.auth_audience`` becomes ``token_audience``, which is always written and unique with the client id.
Of registrations that share both, the oldest keeps it: the others must be looked at, so they ask for no token.
A registration whose keys are at a vendor's own address may name its services in each launch; the hosts of those that it
has named so far are kept, so that what waits can be sent before anybody launches again.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


VENDORS = ("instructure.com", "sso.canvaslms.com", "developer.blackboard.com", "brightspace.com")
"""Where hosted products keep their keys: these hosts, and all below them."""


def _is_vendors(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return any(host == vendor or host.endswith(f".{vendor}") for vendor in VENDORS)


def _named_hosts(connection: sa.Connection, registration_id: uuid.UUID) -> list[str]:
    """The hosts of the line items and rosters of a registration's courses."""
    addresses = connection.execute(
        sa.text(
            "SELECT course.roster_url AS address FROM course"
            " JOIN deployment ON deployment.id = course.deployment_id"
            " WHERE deployment.registration_id = :id AND course.roster_url IS NOT NULL"
            " UNION SELECT resource_link.line_item_url FROM resource_link"
            " JOIN course ON course.id = resource_link.course_id"
            " JOIN deployment ON deployment.id = course.deployment_id"
            " WHERE deployment.registration_id = :id AND resource_link.line_item_url IS NOT NULL"
        ).bindparams(sa.bindparam("id", registration_id, sa.Uuid()))
    ).scalars()
    return sorted({urlsplit(address).netloc.lower() for address in addresses})


def upgrade() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("service_hosts", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.alter_column("auth_audience", new_column_name="token_audience")
    registration = sa.table(
        "registration",
        sa.column("id", sa.Uuid()),
        sa.column("client_id", sa.String()),
        sa.column("auth_token_url", sa.Text()),
        sa.column("jwks_url", sa.Text()),
        sa.column("service_hosts", sa.JSON()),
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
            .values(
                token_audience=audience if is_first else None,
                service_hosts=_named_hosts(connection, row.id) if _is_vendors(row.jwks_url) else [],
            )
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
