"""Statements compiled once for each database and run by the driver, for the requests that come most often.

SQLAlchemy looks a statement up in its cache, binds its parameters and prepares for its rows each time, which costs
several times what SQLite needs for the statement itself. A :class:`CompiledStatement` does only what differs from one
execution to the next: SQLAlchemy's own types convert parameters and rows.
https://docs.sqlalchemy.org/en/20/core/connections.html#working-with-driver-sql-and-raw-dbapi-connections

A statement with as many rows or list members as there happen to be is compiled once for each number of them:
:class:`CompiledInsert` writes several rows, and :func:`members` stands for the list of an ``IN``.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.pool import PoolProxiedConnection

_Convert = Callable[[Any], Any]
_Made = TypeVar("_Made")
_Further = TypeVarTuple("_Further")


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


def once_for_each_dialect(
    make: Callable[[Dialect, *_Further], _Made],
) -> Callable[[DriverConnection, *_Further], _Made]:
    """Make something from a connection's dialect when it is first asked for: ``make`` is called once for each name.

    Where it takes further arguments, it is called once for each of their values too: there must be few of them.
    """
    made: dict[tuple[Any, ...], _Made] = {}

    def get(connection: DriverConnection, *further: *_Further) -> _Made:
        key = (connection.dialect.name, *further)
        if key not in made:
            made[key] = make(connection.dialect, *further)
        return made[key]

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
        binds = compiled.binds
        given_later = {name: None for name, bind in binds.items() if bind.required}
        # With what SQLAlchemy writes into the text at each execution: lists of values, and separators of functions.
        expanded = compiled.construct_expanded_state(given_later)
        self._text: str = expanded.statement
        self._is_positional: bool = compiled.positional
        self._fixed: dict[str, Any] = {
            name: value for name, value in expanded.parameters.items() if name not in given_later
        }
        types = {name: bind.type for name, bind in binds.items()}
        for name, values in expanded.parameter_expansion.items():
            types |= dict.fromkeys(values, types[name])
        order = expanded.positiontup if self._is_positional else expanded.parameters
        self._binds = [(name, _parameter_conversion(types[name], dialect)) for name in order]
        self._rows = _Rows(statement, dialect)

    def execute(self, connection: DriverConnection, parameters: Mapping[str, Any]) -> int:
        """Run it; return how many rows it changed. Raises :class:`KeyError` for a parameter that is not given."""
        return int(self._run(connection, parameters).rowcount)

    def first(self, connection: DriverConnection, parameters: Mapping[str, Any]) -> Any | None:
        """Run it; return its first row, or None. A row is a named tuple of the columns."""
        row: Sequence[Any] | None = self._run(connection, parameters).fetchone()
        return None if row is None else self._rows.convert(row)

    def all(self, connection: DriverConnection, parameters: Mapping[str, Any]) -> list[Any]:
        """Run it; return all its rows."""
        return self._rows.convert_all(self.unconverted(connection, parameters))

    def unconverted(
        self, connection: DriverConnection, parameters: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        """Run it; return all its rows as the driver gives them, to be compared with others of the same database."""
        rows: list[tuple[Any, ...]] = self._run(connection, parameters).fetchall()
        return rows

    def converted(self, row: Sequence[Any]) -> Any:
        """What :meth:`all` makes of one of these rows."""
        return self._rows.convert(row)

    def each(self, connection: DriverConnection, parameters: Mapping[str, Any]) -> Iterator[Any]:
        """Run it; give its rows one after the other, for very many of which each is soon done with."""
        return map(self._rows.convert, self._run(connection, parameters))

    def _run(self, connection: DriverConnection, parameters: Mapping[str, Any]) -> Any:
        given: Mapping[str, Any] = {**self._fixed, **parameters} if self._fixed else parameters
        values: Any
        if self._is_positional:
            values = tuple(
                [given[name] if convert is None else convert(given[name]) for name, convert in self._binds]
            )
        else:
            values = {
                name: given[name] if convert is None else convert(given[name])
                for name, convert in self._binds
            }
        return run_by_driver(connection, self._text, values)


MOST_ROWS: Final = 16
"""How many rows an INSERT is compiled for; more are left to SQLAlchemy, which takes a thousand in one statement."""


class CompiledInsert:
    """An INSERT for one dialect that writes any number of rows."""

    def __init__(self, statement: sa.Insert, dialect: Dialect, columns: Sequence[str]) -> None:
        """``statement`` has no ``values()``. ``columns``: those of each row.

        Defaults of the mapped class are not applied: each row has every column.
        """
        table = cast(sa.Table, statement.table)
        self._table = table
        self._statement = statement
        self._dialect = dialect
        # Without RETURNING, SQLAlchemy would send the rows one by one.
        returns = bool(statement.exported_columns)
        self._for_many = statement if returns else statement.returning(*table.primary_key)
        self._names = [[(f"{name}_{row}", name) for name in columns] for row in range(MOST_ROWS)]
        """Of each row, the parameters and their columns."""
        self._compiled: dict[int, CompiledStatement] = {}

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Write the rows; return how many were written or changed."""
        if len(rows) > MOST_ROWS:
            return len(connection.execute(self._for_many, rows).all())
        return self._for(len(rows)).execute(connection, self._parameters(rows)) if rows else 0

    def all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Write the rows; return those of its RETURNING, in no particular order."""
        if len(rows) > MOST_ROWS:
            return list(connection.execute(self._for_many, rows))
        return self._for(len(rows)).all(connection, self._parameters(rows)) if rows else []

    def _for(self, count: int) -> CompiledStatement:
        found = self._compiled.get(count)
        if found is None:
            types = self._table.c
            values = [
                {name: sa.bindparam(parameter, type_=types[name].type) for parameter, name in names}
                for names in self._names[:count]
            ]
            found = CompiledStatement(self._statement.values(values), self._dialect)
            self._compiled[count] = found
        return found

    def _parameters(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {
            parameter: values[name]
            for names, values in zip(self._names, rows, strict=False)
            for parameter, name in names
        }


def places(count: int) -> int:
    """How many places a list of ``count`` members is given: so few numbers that a statement is compiled a few times."""
    return 1 << max(count - 1, 0).bit_length()


def members(name: str, count: int, type_: sa.types.TypeEngine[Any]) -> list[sa.BindParameter[Any]]:
    """The list of an ``IN`` with ``count`` places, for a statement that is compiled for that number."""
    return [sa.bindparam(f"{name}_{place}", type_=type_) for place in range(count)]


def member_values(name: str, values: Collection[Any], count: int) -> dict[str, Any]:
    """The parameters of :func:`members`; a place that is left over is NULL, which is like no value."""
    return {
        f"{name}_{place}": value for place, value in enumerate([*values, *[None] * (count - len(values))])
    }


class _Rows:
    """Makes of the driver's rows what SQLAlchemy would."""

    def __init__(self, statement: sa.Executable, dialect: Dialect) -> None:
        columns = list(getattr(statement, "exported_columns", ()))
        names = [str(getattr(column, "name", "")) for column in columns]
        row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # the names are known here alone
        self._make = row._make
        conversions = (_result_conversion(column.type, dialect) for column in columns)
        self._conversions = [
            (place, convert) for place, convert in enumerate(conversions) if convert is not None
        ]

    def convert(self, row: Sequence[Any]) -> Any:
        """A named tuple."""
        values = list(row)
        for place, convert in self._conversions:
            values[place] = convert(values[place])
        return self._make(values)

    def convert_all(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """The same of several."""
        return [self.convert(row) for row in rows]


def run_by_driver(connection: DriverConnection, text: str, values: Any, **options: Any) -> Any:
    """Have the driver run a statement; return its cursor. Raises what SQLAlchemy raises for the driver's errors.

    ``options``: those of the driver's own, such as psycopg's ``binary``.
    """
    driver: Any = connection.connection.dbapi_connection
    try:
        return driver.execute(text, values, **options)
    except Exception as error:
        dialect = connection.dialect
        base = dialect.loaded_dbapi.Error
        if not isinstance(error, base):
            raise
        raise sa.exc.DBAPIError.instance(
            text, None, error, base, hide_parameters=True, dialect=dialect
        ) from error


def _parameter_conversion(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _result_conversion(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    conversion = type_.dialect_impl(dialect).result_processor(dialect, None)
    if conversion is None or not isinstance(type_, sa.Uuid):
        return conversion
    # The same ids come again and again, in one request and in the next ones of the same people.
    kind = (dialect.name, type_.as_uuid)
    if kind not in _id_conversions:
        _id_conversions[kind] = lru_cache(maxsize=IDS_KEPT)(conversion)
    return _id_conversions[kind]


IDS_KEPT: Final = 8192
"""Ids that a process remembers as values: about two megabytes."""
_id_conversions: dict[tuple[str, bool], _Convert] = {}
"""By dialect, and whether the values are UUIDs or text; all statements share them."""
