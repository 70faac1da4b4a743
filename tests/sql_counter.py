"""Counting the SQL statements of a block: what a budget of statements is checked with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from lti_tool.database import Database


@dataclass
class SqlCounter:
    """What one engine was given. BEGIN, COMMIT and ROLLBACK are counted apart from statements."""

    statements: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)
    """Those of each statement, as the driver takes them."""
    transactions: int = 0
    """How many were begun, reading ones included."""
    commits: int = 0

    def require_at_most(self, budget: int) -> None:
        """Fail with every statement when there were more than ``budget``."""
        assert len(self.statements) <= budget, f"{len(self.statements)} statements, not {budget}:\n{self}"

    def __str__(self) -> str:
        """One numbered line for each statement."""
        lines = (" ".join(statement.split()) for statement in self.statements)
        return "\n".join(f"{number:3} {line}" for number, line in enumerate(lines, 1))


@contextmanager
def counting(database: Database) -> Iterator[SqlCounter]:
    """Count what is sent to ``database`` inside the block, from every thread."""
    counter = SqlCounter()

    def executed(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        counter.statements.append(statement)
        counter.parameters.append(parameters)

    def begun(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("tandem_begins", True):
            counter.transactions += 1

    def committed(_connection: sa.Connection) -> None:
        counter.commits += 1

    listeners = (("before_cursor_execute", executed), ("begin", begun), ("commit", committed))
    for name, listener in listeners:
        sa.event.listen(database.engine, name, listener)
    try:
        yield counter
    finally:
        for name, listener in listeners:
            sa.event.remove(database.engine, name, listener)
