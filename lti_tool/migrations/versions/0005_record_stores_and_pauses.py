"""Several record stores, and pauses of receivers

A delivery says which organisation and registration its statement belongs to, which part of the receiver takes it (the
line item of a score), and how often it failed by itself; one statement may go to several receivers. What waits, or was
refused, goes on to the same receiver. Claims were counted until now, of which most were no failures: nothing is taken
over from them. The kind of a delivery is whatever its channel is called.

Revision ID: 0005
Revises: 0003
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

U, T, D = sa.Uuid(), sa.Text(), sa.DateTime(timezone=True)
IDS_AT_ONCE = 500


def _table(name: str, /, **columns: Any) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, kind) for column, kind in columns.items()))


DELIVERY = _table(
    "delivery",
    id=sa.BigInteger(),
    kind=T,
    order_key=T,
    part=T,
    done_at=D,
    status=T,
    organisation_id=U,
    registration_id=U,
)
PAIR = _table("pair", id=U, cohort_id=U)
PARTICIPANT = _table("participant", id=U, cohort_id=U)
COHORT = _table("cohort", id=U, programme_id=U)
PROGRAMME = _table("programme", id=U, organisation_id=U)
PLACEMENT = _table("placement", id=U, cohort_id=U, course_id=U, created_at=D)
COURSE = _table("course", id=U, deployment_id=U)
DEPLOYMENT = _table("deployment", id=U, registration_id=U)


def upgrade() -> None:
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_constraint(op.f("ck__delivery__kind_known"), type_="check")
        batch_op.drop_constraint(op.f("uq__delivery__key"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq__delivery__key_receiver"), ["key", "receiver"])
        batch_op.add_column(sa.Column("organisation_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("registration_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("part", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(
            op.f("fk__delivery__organisation_id__organisation"), "organisation", ["organisation_id"], ["id"]
        )
        batch_op.create_foreign_key(
            op.f("fk__delivery__registration_id__registration"), "registration", ["registration_id"], ["id"]
        )
    op.create_table(
        "delivery_pause",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("receiver", sa.String(length=40), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "receiver", "part", name=op.f("pk__delivery_pause")),
    )
    op.create_table(
        "record_store",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "registration_id IS NULL OR organisation_id IS NOT NULL",
            name=op.f("ck__record_store__of_an_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk__record_store__organisation_id__organisation")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk__record_store__registration_id__registration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__record_store")),
    )
    op.create_index("ix__record_store__organisation_id", "record_store", ["organisation_id"])
    for scope, columns, where in (
        ("installation", ["name"], "organisation_id IS NULL"),
        (
            "organisation",
            ["organisation_id", "name"],
            "organisation_id IS NOT NULL AND registration_id IS NULL",
        ),
        ("registration", ["organisation_id", "registration_id", "name"], "registration_id IS NOT NULL"),
    ):
        op.create_index(
            f"uq__record_store__name_in_{scope}",
            "record_store",
            columns,
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    connection = op.get_bind()
    connection.execute(
        sa.update(DELIVERY)
        .where(DELIVERY.c.kind == "score")
        .values(part=sa.func.substr(DELIVERY.c.order_key, 1, 32))
    )
    _say_whose_statements(connection)
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.alter_column("part", server_default=None)
        batch_op.alter_column("failures", server_default=None)


def _say_whose_statements(connection: sa.Connection) -> None:
    """Of what is not sent: the organisation, and the registration of the cohort's oldest activity.

    ``order_key`` is the xAPI registration: the id of a pair, or of a participant.
    """
    keys = connection.scalars(
        sa.select(DELIVERY.c.order_key)
        .where(
            DELIVERY.c.kind == "statement", sa.or_(DELIVERY.c.done_at.is_(None), DELIVERY.c.status == "dead")
        )
        .distinct()
    ).all()
    for some in _chunks(keys):
        ids = [uuid.UUID(key) for key in some]
        for holder in (PAIR, PARTICIPANT):
            found = connection.execute(
                sa.select(holder.c.id, holder.c.cohort_id, PROGRAMME.c.organisation_id)
                .join(COHORT, COHORT.c.id == holder.c.cohort_id)
                .join(PROGRAMME, PROGRAMME.c.id == COHORT.c.programme_id)
                .where(holder.c.id.in_(ids))
            ).all()
            registrations = _registrations(connection, {row.cohort_id for row in found})
            for row in found:
                connection.execute(
                    sa.update(DELIVERY)
                    .where(DELIVERY.c.kind == "statement", DELIVERY.c.order_key == str(row.id))
                    .values(
                        organisation_id=row.organisation_id,
                        registration_id=registrations.get(row.cohort_id),
                    )
                )


def _registrations(connection: sa.Connection, cohort_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    rows = connection.execute(
        sa.select(PLACEMENT.c.cohort_id, DEPLOYMENT.c.registration_id)
        .join(COURSE, COURSE.c.id == PLACEMENT.c.course_id)
        .join(DEPLOYMENT, DEPLOYMENT.c.id == COURSE.c.deployment_id)
        .where(PLACEMENT.c.cohort_id.in_(list(cohort_ids)))
        .order_by(PLACEMENT.c.created_at.desc(), PLACEMENT.c.id.desc())
    )
    return {row.cohort_id: row.registration_id for row in rows}


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while some := list(islice(rest, IDS_AT_ONCE)):
        yield some


def downgrade() -> None:
    for scope in ("installation", "organisation", "registration"):
        op.drop_index(f"uq__record_store__name_in_{scope}", table_name="record_store")
    op.drop_index("ix__record_store__organisation_id", table_name="record_store")
    op.drop_table("record_store")
    op.drop_table("delivery_pause")
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_constraint(op.f("fk__delivery__registration_id__registration"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk__delivery__organisation_id__organisation"), type_="foreignkey")
        batch_op.drop_constraint(op.f("uq__delivery__key_receiver"), type_="unique")
        for column in ("failures", "part", "registration_id", "organisation_id"):
            batch_op.drop_column(column)
        batch_op.create_unique_constraint(op.f("uq__delivery__key"), ["key"])
        batch_op.create_check_constraint(op.f("ck__delivery__kind_known"), "kind IN ('statement', 'score')")
