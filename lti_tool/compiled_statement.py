"""Statements compiled once for each database and run by the driver, for the requests that come most often.

SQLAlchemy looks a statement up in its cache, binds its parameters and prepares for its rows each time, which costs
several times what SQLite needs for the statement itself. A :class:`CompiledStatement` does only what differs from one
execution to the next: SQLAlchemy's own types convert parameters and rows.
https://docs.sqlalchemy.org/en/20/core/connections.html#working-with-driver-sql-and-raw-dbapi-connections
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.pool import PoolProxiedConnection

_Convert = Callable[[Any], Any]
_Made = TypeVar("_Made")


class DriverConnection(Protocol):
    """SQLAlchemy's connection, or that of :meth:`lti_tool.database.Database.quick_write`: what statements run on."""

    @property
    def engine(self) -> Engine:
        """Where it was taken from."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of its database."""

    @property
    def connection(self) -> PoolProxiedConnection:
        """The driver's own connection, as the pool gave it."""


def once_for_each_dialect(make: Callable[[Dialect], _Made]) -> Callable[[DriverConnection], _Made]:
    """Make something from a connection's dialect when it is first asked for: ``make`` is called once for each name."""
    made: dict[str, _Made] = {}

    def get(connection: DriverConnection) -> _Made:
        name = connection.dialect.name
        if name not in made:
            made[name] = make(connection.dialect)
        return made[name]

    return get


class CompiledStatement:
    """One statement for one dialect, run on a connection inside its transaction."""

    def __init__(self, statement: sa.Executable, dialect: Dialect, parameters: Sequence[str] = ()) -> None:
        """``parameters``: the columns of an INSERT that has no ``values()``, each a parameter of its name.

        Defaults of the mapped class are not applied: whoever executes gives every parameter.
        """
        compiled: Any = statement.compile(  # type: ignore[attr-defined]  # every executable here is a ClauseElement
            dialect=dialect, column_keys=list(parameters) or None
        )
        self._text: str = compiled.string
        order: list[str] | None = compiled.positiontup
        self._is_positional = order is not None
        self._fixed: dict[str, Any] = {
            name: value for name, value in compiled.params.items() if value is not None
        }
        binds = compiled.binds
        self._binds = [(name, _parameter_conversion(binds[name].type, dialect)) for name in order or binds]
        columns = getattr(statement, "exported_columns", ())
        conversions = [_result_conversion(column.type, dialect) for column in columns]
        self._conversions = [(at, convert) for at, convert in enumerate(conversions) if convert is not None]

    def execute(self, connection: DriverConnection, parameters: Mapping[str, Any]) -> int:
        """Run it; return how many rows it changed. Raises :class:`KeyError` for a parameter that is not given."""
        return int(self._run(connection, parameters).rowcount)

    def first(self, connection: DriverConnection, parameters: Mapping[str, Any]) -> list[Any] | None:
        """Run it; return its first row, or None."""
        row: Sequence[Any] | None = self._run(connection, parameters).fetchone()
        if row is None:
            return None
        values = list(row)
        for at, convert in self._conversions:
            values[at] = convert(values[at])
        return values

    def _run(self, connection: DriverConnection, parameters: Mapping[str, Any]) -> Any:
        """The driver's cursor. Raises what SQLAlchemy raises for the driver's errors."""
        given: Mapping[str, Any] = {**self._fixed, **parameters} if self._fixed else parameters
        values: Any
        if self._is_positional:
            values = [
                given[name] if convert is None else convert(given[name]) for name, convert in self._binds
            ]
        else:
            values = {
                name: given[name] if convert is None else convert(given[name])
                for name, convert in self._binds
            }
        driver: Any = connection.connection.dbapi_connection
        try:
            return driver.execute(self._text, values)
        except Exception as error:
            dialect = connection.dialect
            base = dialect.loaded_dbapi.Error
            if not isinstance(error, base):
                raise
            raise sa.exc.DBAPIError.instance(
                self._text, None, error, base, hide_parameters=True, dialect=dialect
            ) from error


def _parameter_conversion(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _result_conversion(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return type_.dialect_impl(dialect).result_processor(dialect, None)
