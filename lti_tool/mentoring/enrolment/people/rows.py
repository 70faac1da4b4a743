"""The rows of a file of people as values, with what is wrong in each cell."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from babel import Locale
from marshmallow import ValidationError

from lti_tool.mentoring.enrolment.people.columns import Columns, columns_of
from lti_tool.mentoring.enrolment.people.file import Table
from lti_tool.translation.collation import folded
from schemas.people_row import Skill, person_row_schema
from schemas.problem import Problem, flatten

MOST_PROBLEMS: Final = 200
"""How many problems are kept: whoever corrects a file looks at some of them, and sees then that it was all of them."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row of a file: a person, and what the file says of them. None: it says nothing."""

    number: int
    """Of the row in the file, as a spreadsheet shows it."""
    role: str
    user_id: str | None = None
    user_name: str | None = None
    email: str | None = None
    name: str | None = None
    offers: tuple[Skill, ...] | None = None
    wants: tuple[Skill, ...] | None = None
    department: str | None = None
    manager: str | None = None
    languages: tuple[str, ...] | None = None
    time_zone: str | None = None
    capacity: int | None = None

    @property
    def called(self) -> str:
        """What a page calls them."""
        return self.name or self.email or self.user_name or self.user_id or ""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one cell, or with a row."""

    number: int
    """Of the row; 1 is the header."""
    column: str
    """The name of the column in the file; empty where the whole row is wrong."""
    problem: Problem


@dataclass(frozen=True)
class FileRows:
    """What a file says."""

    columns: Columns
    rows: tuple[PersonRow, ...]
    """Those with nothing wrong in them."""
    count: int
    """How many rows there are, right or wrong."""
    problems: tuple[RowProblem, ...] = field(default=())
    more_problems: int = 0
    """How many more there are than these."""


def read_rows(table: Table, skills: Mapping[str, str]) -> FileRows:
    """The rows of a table. ``skills``: the codes of the programme's skills by their folded names."""
    columns = columns_of(table.header)
    problems = list(_problems_of_header(columns))
    if not table.rows:
        problems.append(RowProblem(1, "", Problem("file_header_alone")))
    if problems:
        return FileRows(columns, (), len(table.rows), tuple(problems))
    load = person_row_schema(
        fold=folded, skills=skills, languages=_languages(), time_zones=_time_zones()
    ).load
    places = tuple(columns.places.items())
    rows, wrong = [], 0
    for number, cells in table.rows:
        width = len(cells)
        if any(map(str.strip, cells[len(table.header) :])):
            wrong += 1
            if len(problems) < MOST_PROBLEMS:
                problems.append(RowProblem(number, "", Problem("row_too_wide")))
            continue
        given = {name: cells[place] for name, place in places if place < width and cells[place].strip()}
        try:
            rows.append(PersonRow(number, **load(given)))
        except ValidationError as error:
            found_in_row = flatten(error.messages)
            for where, found in sorted(
                found_in_row.items(), key=lambda each: columns.places.get(each[0], -1)
            ):
                wrong += 1
                if len(problems) < MOST_PROBLEMS:
                    problems.append(RowProblem(number, _column(table.header, columns, where), found[0]))
    return FileRows(columns, tuple(rows), len(table.rows), tuple(problems), wrong - len(problems))


def _problems_of_header(columns: Columns) -> Iterator[RowProblem]:
    for name in columns.repeated:
        yield RowProblem(1, name, Problem("column_repeated", what=name))
    if "role" not in columns.places:
        yield RowProblem(1, "", Problem("file_no_role"))
    if not columns.has_identifier:
        yield RowProblem(1, "", Problem("file_no_identifier"))


def _column(header: Sequence[str], columns: Columns, field_name: str) -> str:
    place = columns.places.get(field_name)
    return header[place].strip() if place is not None else ""


def skill_codes(settings: Mapping[str, Any]) -> dict[str, str]:
    """The codes of a programme's skills, by their codes and their names in both languages, folded."""
    return {
        folded(name): skill["code"]
        for skill in settings.get("skills", ())
        for name in (skill["code"], *skill["name"].values())
    }


@functools.cache
def _languages() -> dict[str, str]:
    """The codes of languages, by their codes and names in French, English and the language itself."""
    found: dict[str, str] = {}
    locales = [Locale(tag) for tag in ("en", "fr")]
    for code in locales[0].languages:
        if isinstance(code, str) and len(code) <= 3:
            found[folded(code)] = code
            for locale in locales:
                found.setdefault(folded(str(locale.languages.get(code, code))), code)
    return found


@functools.cache
def _time_zones() -> dict[str, str]:
    """The names of time zones (https://www.iana.org/time-zones), by themselves, folded."""
    return {folded(name): name for name in zoneinfo.available_timezones()}
