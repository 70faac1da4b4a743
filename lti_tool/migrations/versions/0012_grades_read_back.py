"""What is known of each grade in its gradebook: what was sent and taken, and what was read back

Nothing was read back before. What the deliveries say becomes what is known: the latest one that was sent was taken by
the platform, a dead one was refused, and one that waits is on its way. A grade whose deliveries are gone counts as
recorded; its platform is asked at the next reading.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NULLABLE: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("reason", sa.Text()),
    ("refusal", sa.String(length=30)),
    ("refused_at", sa.DateTime(timezone=True)),
    ("sent_score", sa.Integer()),
    ("sent_at", sa.DateTime(timezone=True)),
    ("accepted_score", sa.Integer()),
    ("accepted_at", sa.DateTime(timezone=True)),
    ("result_score", sa.Double()),
    ("result_maximum", sa.Double()),
    ("read_at", sa.DateTime(timezone=True)),
)
STATUSES = ("on_its_way", "waiting", "recorded", "refused", "removed", "somebody_elses")
INDEX = "ix__score_trail__unsettled"
UNSETTLED = "grade_status IN ('refused', 'removed')"


def upgrade() -> None:
    with op.batch_alter_table("score_trail") as batch_op:
        for name, kind in NULLABLE:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.add_column(
            sa.Column("grade_status", sa.String(length=20), nullable=False, server_default="recorded")
        )
        batch_op.add_column(sa.Column("deletions", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column(
                "changed_at",
                sa.DateTime(timezone=True),
                nullable=False,
                server_default="2026-01-01 00:00:00.000000",
            )
        )
        batch_op.create_check_constraint(
            op.f("ck__score_trail__grade_status_known"),
            "grade_status IN ({})".format(", ".join(f"'{status}'" for status in STATUSES)),
        )
    with op.batch_alter_table("score_trail") as batch_op:
        for name in ("grade_status", "deletions", "changed_at"):
            batch_op.alter_column(name, server_default=None)
    op.create_index(
        INDEX,
        "score_trail",
        ["grade_status"],
        sqlite_where=sa.text(UNSETTLED),
        postgresql_where=sa.text(UNSETTLED),
    )
    _write_what_deliveries_say()


def downgrade() -> None:
    op.drop_index(INDEX, table_name="score_trail")
    with op.batch_alter_table("score_trail") as batch_op:
        batch_op.drop_constraint(op.f("ck__score_trail__grade_status_known"), type_="check")
        for name in ("changed_at", "deletions", "grade_status", *(name for name, _ in reversed(NULLABLE))):
            batch_op.drop_column(name)


def _write_what_deliveries_say() -> None:
    connection = op.get_bind()
    moment = sa.DateTime(timezone=True)
    trail = sa.table(
        "score_trail",
        sa.column("line_item_url", sa.Text()),
        sa.column("person_id", sa.Uuid()),
        sa.column("grade_status", sa.String()),
        sa.column("changed_at", moment),
        *(sa.column(name, kind) for name, kind in NULLABLE),
    )
    keys = {
        _order_key(row.line_item_url, row.person_id): (row.line_item_url, row.person_id)
        for row in connection.execute(sa.select(trail.c.line_item_url, trail.c.person_id)).all()
    }
    now = dt.datetime.now(dt.UTC)
    if connection.dialect.name == "sqlite":
        now = now.replace(tzinfo=None)
    known: dict[str, dict[str, Any]] = {}
    for row in _deliveries(connection):
        if row.order_key in keys:
            known.setdefault(row.order_key, {}).update(_said_by(row, now))
    connection.execute(sa.update(trail).values(changed_at=now))
    for order_key, values in known.items():
        url, person_id = keys[order_key]
        connection.execute(
            sa.update(trail)
            .where(trail.c.line_item_url == url, trail.c.person_id == person_id)
            .values(**values)
        )


def _deliveries(connection: sa.Connection) -> sa.CursorResult[Any]:
    """The scores, the oldest first, but for those that a later one has replaced."""
    moment = sa.DateTime(timezone=True)
    delivery = sa.table(
        "delivery",
        sa.column("id", sa.BigInteger()),
        sa.column("kind", sa.String()),
        sa.column("order_key", sa.String()),
        sa.column("status", sa.String()),
        sa.column("last_error", sa.Text()),
        sa.column("done_at", moment),
    )
    body = sa.table(
        "delivery_body",
        sa.column("delivery_id", sa.BigInteger()),
        sa.column("body", sa.LargeBinary()),
    )
    return connection.execute(
        sa.select(
            delivery.c.order_key, delivery.c.status, delivery.c.last_error, delivery.c.done_at, body.c.body
        )
        .join_from(delivery, body, body.c.delivery_id == delivery.c.id)
        .where(delivery.c.kind == "score", delivery.c.status != "superseded")
        .order_by(delivery.c.id)
    )


def _said_by(row: sa.Row[Any], now: dt.datetime) -> dict[str, Any]:
    if row.status == "sent":
        given = json.loads(row.body).get("scoreGiven")
        score, at = (None if given is None else int(given)), row.done_at or now
        return {
            "grade_status": "recorded",
            "reason": None,
            "refusal": None,
            "refused_at": None,
            "sent_score": score,
            "sent_at": at,
            "accepted_score": score,
            "accepted_at": at,
        }
    if row.status == "dead":
        return {
            "grade_status": "refused",
            "reason": row.last_error,
            "refusal": "other",
            "refused_at": row.done_at or now,
        }
    return {"grade_status": "waiting" if row.last_error else "on_its_way", "reason": row.last_error}


def _order_key(line_item_url: str, person_id: uuid.UUID) -> str:
    """What 0001's deliveries and all later ones are called: a digest of the line item, and the person."""
    return f"{hashlib.sha256(line_item_url.encode()).hexdigest()[:32]}:{person_id}"
