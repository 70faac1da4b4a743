"""Reading a CSV or an XLSX file into a table of texts, whatever program wrote it.

CSV is not one format (RFC 4180 is what some programs write): Excel in France writes semicolons and Windows-1252, its
“Unicode text” is UTF-16 with tabs. So the encoding is found by its marks, and the delimiter by which of them makes the
first line a line of known column names. A file from outside is data alone: formulas are texts, and what would become
very large in memory is refused before it does.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

MOST_BYTES: Final = 3 * 1024 * 1024
"""Of a file; 5,000 people take less than one MiB."""
MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 100
LONGEST_CELL: Final = 2_000
_MOST_UNPACKED: Final = 32 * 1024 * 1024
"""Bytes of an XLSX file's parts, unpacked."""
_MOST_PARTS: Final = 1_000
_MOST_CELLS: Final = MOST_ROWS * MOST_COLUMNS
DELIMITERS: Final = (";", ",", "\t", "|")

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = bytes.fromhex("D0CF11E0A1B11AE1")
"""Of compound files: XLS, and XLSX with a password."""
_SEPARATOR_LINE: Final = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""A first line that names the delimiter for Excel."""
_CELL: Final = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,9})[\"']")
_ROW: Final = re.compile(rb"\sr\s*=\s*[\"']([0-9]{1,9})[\"']")

CountsNames = Callable[[Sequence[str]], int]
"""How many of these cells are names of known columns."""


class FileUnreadable(Exception):
    """The file cannot be read as a table; ``code`` is one of ``schemas.problem``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Table:
    """The texts of a file."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Each with its number in the file, as a spreadsheet shows it; without those that are empty."""

    def as_json(self) -> dict[str, Any]:
        """A JSON object from which :meth:`from_json` makes an equal table."""
        return {"header": list(self.header), "rows": [[number, *cells] for number, cells in self.rows]}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Table:
        """The table that :meth:`as_json` wrote."""
        return cls(
            tuple(stored["header"]), tuple((number, tuple(cells)) for number, *cells in stored["rows"])
        )


def read_table(content: bytes, count_names: CountsNames) -> Table:
    """The table of a file. Raises :class:`FileUnreadable`.

    ``count_names``: how many cells of a first line are names of columns; it decides which delimiter a CSV file has.
    """
    if len(content) > MOST_BYTES:
        raise FileUnreadable("file_too_large")
    if not content.strip():
        raise FileUnreadable("file_empty")
    if content.startswith(_OLD_EXCEL):
        raise FileUnreadable("file_old_excel")
    cells = _cells_of_xlsx(content) if content.startswith(_ZIP) else _cells_of_csv(content, count_names)
    return _table(cells)


def _table(cells: Sequence[Sequence[str]]) -> Table:
    numbered = [(number, tuple(row)) for number, row in enumerate(cells, 1) if any(map(str.strip, row))]
    if not numbered:
        raise FileUnreadable("file_empty")
    (_, header), *rows = numbered
    if len(rows) > MOST_ROWS:
        raise FileUnreadable("file_too_many_rows")
    if max(len(row) for _, row in numbered) > MOST_COLUMNS:
        raise FileUnreadable("file_too_many_columns")
    if any(len(cell) > LONGEST_CELL or "\x00" in cell for _, row in numbered for cell in row):
        raise FileUnreadable("file_unreadable")
    return Table(header, tuple(rows))


def decode(content: bytes) -> str:
    """The text of a CSV file: UTF-8 or UTF-16, with or without a byte order mark, or else Windows-1252.

    Raises :class:`FileUnreadable`.
    """
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return _decoded(content[len(bom) :], encoding)
    # The first character of a header is ASCII, whatever the language of the people below it.
    if content[1:2] == b"\x00":
        return _decoded(content, "utf-16-le")
    if content[:1] == b"\x00":
        return _decoded(content, "utf-16-be")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(content, "cp1252")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise FileUnreadable("file_unreadable") from None


def _cells_of_csv(content: bytes, count_names: CountsNames) -> list[list[str]]:
    text = decode(content)
    named = _SEPARATOR_LINE.match(text)
    if named:
        found = _parsed(text[named.end() :], named[1])
        return [[], *found]  # the rows keep their numbers
    best = max(DELIMITERS, key=lambda delimiter: _names_found(text, delimiter, count_names))
    return _parsed(text, best)


def _names_found(text: str, delimiter: str, count_names: CountsNames) -> tuple[int, int]:
    """How many names of columns the first line that is not empty has with a delimiter; among equals, the most cells."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        first = next((cells for cells in lines if any(map(str.strip, cells))), [])
    except csv.Error:
        return 0, 0
    return count_names(first), len(first)


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            found.append(row)
            if len(found) > 2 * MOST_ROWS:
                raise FileUnreadable("file_too_many_rows")
    except (csv.Error, TypeError):
        raise FileUnreadable("file_unreadable") from None
    return found


def _cells_of_xlsx(content: bytes) -> list[list[str]]:
    """The first visible sheet."""
    _check_parts(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            visible = [
                sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible
            ]
            if not visible:
                raise FileUnreadable("file_empty")
            rows = book.get_sheet_by_name(visible[0]).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError):
        raise FileUnreadable("file_unreadable") from None
    return [[_text(cell) for cell in row] for row in rows]


def _check_parts(content: bytes) -> None:
    """Refuse what unpacks to very much, and a sheet with cells so far out that all those before them fill the memory.

    The reader keeps each cell between the first and the last one, be it empty.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            names = parts.infolist()
            if len(names) > _MOST_PARTS or sum(each.file_size for each in names) > _MOST_UNPACKED:
                raise FileUnreadable("file_too_large")
            if not any(each.filename.lower().startswith("xl/worksheets/") for each in names):
                raise FileUnreadable("file_not_a_table")
            for each in names:
                # Unpacking stops at the size that was announced, and compares the checksum: no part is larger.
                unpacked = parts.read(each)
                if each.filename.lower().startswith("xl/worksheets/"):
                    _check_sheet(unpacked)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise FileUnreadable("file_unreadable") from None


def _check_sheet(sheet: bytes) -> None:
    if b"\x00" in sheet or b"<!DOCTYPE" in sheet:
        raise FileUnreadable("file_unreadable")
    columns = max((_column_number(found[1]) for found in _CELL.finditer(sheet)), default=1)
    rows = max((int(found[2]) for found in _CELL.finditer(sheet)), default=1)
    rows = max([rows, *(int(found[1]) for found in _ROW.finditer(sheet))])
    if rows * columns > _MOST_CELLS:
        raise FileUnreadable("file_too_many_rows" if rows > MOST_ROWS else "file_too_many_columns")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - ord("A") + 1
    return number


def _text(cell: Any) -> str:
    """What a spreadsheet shows of a cell, as far as it matters here: 12.0 is the number 12."""
    match cell:
        case float() if cell.is_integer():
            return str(int(cell))
        case dt.datetime() | dt.date() | dt.time():
            return cell.isoformat()
    return str(cell)
