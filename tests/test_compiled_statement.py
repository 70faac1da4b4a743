"""Statements that the driver runs give what SQLAlchemy would give for them, on both databases."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from lti_tool.compiled_statement import (
    MOST_ROWS,
    CompiledInsert,
    CompiledStatement,
    member_values,
    members,
    once_for_each_dialect,
    places,
)
from lti_tool.composition.services import Services
from lti_tool.database import connection_of, insert_in, table_of, upsert_in
from lti_tool.identity.models import Organisation
from tests.sql_counter import counting

TABLE = table_of(Organisation)
AT = dt.datetime(2026, 11, 12, 8, 30, tzinfo=dt.UTC)


def row(number: int, name: str = "Company") -> dict[str, Any]:
    return {"id": uuid.UUID(int=number), "name": f"{name} {number}", "created_at": AT}


@once_for_each_dialect
def upsert(dialect: Dialect) -> CompiledInsert:
    return CompiledInsert(upsert_in(dialect.name, TABLE), dialect, TABLE.c.keys())


@once_for_each_dialect
def insert_new(dialect: Dialect) -> CompiledInsert:
    statement = insert_in(dialect.name, TABLE).on_conflict_do_nothing().returning(TABLE.c.id, TABLE.c.name)
    return CompiledInsert(statement, dialect, TABLE.c.keys())


@once_for_each_dialect
def named(dialect: Dialect, count: int) -> CompiledStatement:
    query = sa.select(TABLE).where(TABLE.c.id.in_(members("id", count, sa.Uuid()))).order_by(TABLE.c.name)
    return CompiledStatement(query, dialect)


@once_for_each_dialect
def two_companies(dialect: Dialect) -> CompiledStatement:
    """A list that is always the same, and a separator, which SQLAlchemy writes into the text itself."""
    names = sa.func.aggregate_strings(TABLE.c.name, "; ")
    return CompiledStatement(
        sa.select(names.label("names")).where(TABLE.c.name.in_(["Company 1", "Company 3"])), dialect
    )


@pytest.mark.parametrize("count", [1, 2, 5, MOST_ROWS, MOST_ROWS + 1, 100])
def test_any_number_of_rows_is_written_in_one_statement(services: Services, count: int) -> None:
    with counting(services.database) as counter, services.database.transaction() as db:
        connection = connection_of(db)
        written = upsert(connection).execute(connection, [row(number) for number in range(count)])
    assert (written, len(counter.statements)) == (count, 1)
    with services.database.reading() as db:
        found = set(db.scalars(sa.select(TABLE.c.name)))
    assert found == {f"Company {number}" for number in range(count)}


def test_no_row_is_no_statement(services: Services) -> None:
    with counting(services.database) as counter, services.database.transaction() as db:
        connection = connection_of(db)
        assert upsert(connection).execute(connection, []) == 0
        assert insert_new(connection).all(connection, []) == []
    assert counter.statements == []


@pytest.mark.parametrize("count", [3, MOST_ROWS + 3])
def test_rows_that_are_there_are_replaced(services: Services, count: int) -> None:
    with services.database.transaction() as db:
        connection = connection_of(db)
        for name in ("Company", "Renamed"):
            upsert(connection).execute(connection, [row(number, name) for number in range(count)])
        assert set(db.scalars(sa.select(TABLE.c.name))) == {f"Renamed {number}" for number in range(count)}


@pytest.mark.parametrize("count", [3, MOST_ROWS + 3])
def test_what_an_insert_returns_is_what_it_wrote(services: Services, count: int) -> None:
    rows = [row(number) for number in range(count)]
    with services.database.transaction() as db:
        connection = connection_of(db)
        assert len(insert_new(connection).all(connection, rows[:1])) == 1
        written = insert_new(connection).all(connection, rows)
    assert {(each.id, each.name) for each in written} == {(each["id"], each["name"]) for each in rows[1:]}


def test_a_row_has_the_values_that_sqlalchemy_gives(services: Services) -> None:
    with services.database.transaction() as db:
        connection = connection_of(db)
        upsert(connection).execute(connection, [row(7)])
        given = {"id_0": uuid.UUID(int=7)}
        assert named(connection, 1).first(connection, given) == tuple(row(7).values())
        [found] = named(connection, 1).all(connection, given)
    assert (found.id, found.name, found.created_at) == tuple(row(7).values())


@pytest.mark.parametrize("wanted", [[], [1], [1, 3], [0, 2, 3], [0, 1, 2, 3, 8]])
def test_a_list_has_any_number_of_members(services: Services, wanted: list[int]) -> None:
    count = places(len(wanted))
    given = member_values("id", [uuid.UUID(int=number) for number in wanted], count)
    with services.database.transaction() as db:
        connection = connection_of(db)
        upsert(connection).execute(connection, [row(number) for number in range(5)])
        found = [each.name for each in named(connection, count).all(connection, given)]
    assert found == [f"Company {number}" for number in wanted if number < 5]


def test_a_statement_is_compiled_for_few_numbers_of_members() -> None:
    assert {places(count) for count in range(100)} == {1, 2, 4, 8, 16, 32, 64, 128}


def test_what_never_changes_is_part_of_the_text(services: Services) -> None:
    with services.database.transaction() as db:
        connection = connection_of(db)
        upsert(connection).execute(connection, [row(number) for number in range(5)])
        found = two_companies(connection).first(connection, {})
    assert found is not None
    assert sorted(found.names.split("; ")) == ["Company 1", "Company 3"]


def test_what_the_session_has_not_written_yet_is_written_first(services: Services) -> None:
    with services.database.transaction() as db:
        db.add(Organisation(**row(1)))
        connection = connection_of(db)
        assert named(connection, 1).first(connection, {"id_0": uuid.UUID(int=1)}) is not None


def test_an_error_of_the_driver_is_one_of_sqlalchemy_s(services: Services) -> None:
    def twice() -> None:
        with services.database.transaction() as db:
            connection = connection_of(db)
            upsert(connection).execute(connection, [row(1)])
            upsert(connection).execute(connection, [{**row(1), "id": uuid.UUID(int=2)}])

    with pytest.raises(sa.exc.IntegrityError):
        twice()


def test_a_null_that_is_written_in_a_statement_needs_no_parameter(services: Services) -> None:
    with services.database.writing_connection() as connection:
        unknown = sa.select(sa.literal(None, sa.String()).label("name"))
        assert CompiledStatement(unknown, connection.dialect).all(connection, {}) == [(None,)]
