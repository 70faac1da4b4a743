"""Counting the SQL statements of a block: what a budget of statements is checked with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from lti_tool import compiled_statement
from lti_tool.compiled_statement import DriverConnection
from lti_tool.database import Database, QuickConnection


@dataclass
class SqlCounter:
    """What one engine was given. BEGIN, COMMIT and ROLLBACK are counted apart from statements."""

    statements: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)
    """Those of each statement, as the driver takes them."""
    in_transactions: int = 0
    """How many of them were run inside a transaction."""
    transactions: int = 0
    """How many were begun, reading ones included."""
    commits: int = 0

    def require_at_most(self, budget: int) -> None:
        """Fail with every statement when there were more than ``budget``."""
        assert len(self.statements) <= budget, f"{len(self.statements)} statements, not {budget}:\n{self}"

    def require_in_transaction(self, budget: int) -> None:
        """The same of the statements inside the transaction; two before it may find who asks, and about which pair."""
        few = self.in_transactions <= budget and len(self.statements) - self.in_transactions <= 2
        assert few, f"{self.in_transactions} statements in the transaction, not {budget}:\n{self}"

    def __str__(self) -> str:
        """One numbered line for each statement."""
        lines = (" ".join(statement.split()) for statement in self.statements)
        return "\n".join(f"{number:3} {line}" for number, line in enumerate(lines, 1))


@contextmanager
def counting(database: Database) -> Iterator[SqlCounter]:
    """Count what is sent to ``database`` inside the block, from every thread."""
    counter = SqlCounter()

    def executed(
        connection: DriverConnection, _cursor: Any, statement: str, parameters: Any, *_more: Any
    ) -> None:
        is_plain = isinstance(connection, sa.Connection)
        options = connection.get_execution_options() if is_plain else {}
        counter.in_transactions += options.get("tandem_begins", True)
        counter.statements.append(statement)
        counter.parameters.append(parameters)

    def begun(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("tandem_begins", True):
            counter.transactions += 1

    def committed(_connection: sa.Connection) -> None:
        counter.commits += 1

    run_by_driver = compiled_statement.run_by_driver

    def run(connection: DriverConnection, statement: str, parameters: Any, **options: Any) -> Any:
        if connection.engine.url == database.engine.url:
            executed(connection, None, statement, parameters)
        return run_by_driver(connection, statement, parameters, **options)

    quick_write = Database.quick_write

    @contextmanager
    def counted_quick_write(used: Database) -> Iterator[QuickConnection]:
        counted = used.url == database.url
        with quick_write(used) as connection:
            counter.transactions += counted
            yield connection
        counter.commits += counted

    listeners = (("before_cursor_execute", executed), ("begin", begun), ("commit", committed))
    for name, listener in listeners:
        sa.event.listen(database.engine, name, listener)
    # The driver runs these, without SQLAlchemy's events.
    compiled_statement.run_by_driver = run
    Database.quick_write = counted_quick_write  # type: ignore[method-assign]
    try:
        yield counter
    finally:
        compiled_statement.run_by_driver = run_by_driver
        Database.quick_write = quick_write  # type: ignore[method-assign]
        for name, listener in listeners:
            sa.event.remove(database.engine, name, listener)
