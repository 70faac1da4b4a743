"""A claim reads what is due, not all that was ever sent, however the databases judge what costs less."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import table_of, utcnow
from lti_tool.messaging import outbox
from lti_tool.messaging.models import LRS, Delivery, DeliveryBody, DeliveryKind

SENT, WAITING = 20_000, 20_000
"""As many as were sent wait still: to the planner every second row is due, wherever it looks."""


def fill(services: Services) -> None:
    now = utcnow()
    with services.database.transaction() as db:
        rows = [
            {
                "id": number,
                "kind": DeliveryKind.STATEMENT.value,
                "receiver": LRS,
                "status": "sent" if number <= SENT else "waiting",
                "key": uuid.uuid4(),
                "order_key": f"line-{number % 50}",
                "not_before": now,
                "created_at": now,
                "done_at": now if number <= SENT else None,
            }
            for number in range(1, SENT + WAITING + 1)
        ]
        db.execute(sa.insert(Delivery), rows)
        bodies = [
            {"delivery_id": row["id"], "key": row["key"], "receiver": LRS, "body": b"{}"}
            for row in rows[SENT : SENT + 1000]
        ]
        db.execute(sa.insert(DeliveryBody), bodies)
    with services.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE delivery")


def plan_of_a_claim(services: Services) -> str:
    """How the database runs the statement of a claim."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, sql: str, values: Any, *_: object) -> None:
        if "picked" in sql:
            statements.append((sql, values))

    explain = "EXPLAIN QUERY PLAN " if services.database.is_sqlite else "EXPLAIN "
    sa.event.listen(services.database.engine, "before_cursor_execute", note)
    with services.database.transaction() as db:
        claimed = outbox.claim(db, DeliveryKind.STATEMENT, now=utcnow() + dt.timedelta(minutes=1))
        sa.event.remove(services.database.engine, "before_cursor_execute", note)
        assert [delivery.id for delivery in claimed.deliveries] == list(range(SENT + 1, SENT + 501))
        [(sql, values)] = statements
        rows = db.connection().exec_driver_sql(explain + sql, values).all()
    return "\n".join(str(row[-1]) for row in rows)


def test_a_claim_reads_the_index_of_what_is_due(services):
    fill(services)
    plan = plan_of_a_claim(services)
    assert "ix__delivery__due" in plan
    assert "Seq Scan" not in plan


def test_a_claim_writes_into_no_index_but_those_that_it_reads_and_the_primary_key():
    """PostgreSQL writes an entry in each index of a row that is claimed, and again when it is marked."""
    table = table_of(Delivery)
    assert {str(index.name).rpartition("__")[2] for index in table.indexes} == {"due", "held", "line", "dead"}
    assert {type(each) for each in table.constraints}.isdisjoint({sa.UniqueConstraint})
