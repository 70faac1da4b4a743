"""Reading files of people: whatever program wrote the file, its texts come back; what is no table is refused."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lti_tool.mentoring.enrolment.people.columns import count_names
from lti_tool.mentoring.enrolment.people.file import (
    DELIMITERS,
    MOST_BYTES,
    MOST_ROWS,
    FileUnreadable,
    Table,
    read_table,
)

HEADER = ("E-mail", "Nom", "Rôle")
ENCODINGS = {
    "utf-8": b"",
    "utf-8 with a mark": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-16-le without a mark": b"",
    "utf-16-be without a mark": b"",
    "cp1252": b"",
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4)


def read(content: bytes) -> Table:
    return read_table(content, count_names)


def written(rows: list[tuple[str, ...]], encoding: str, delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return ENCODINGS[encoding] + text.getvalue().encode(encoding.split(" ")[0])


@given(rows=ROWS, encoding=st.sampled_from(list(ENCODINGS)), delimiter=st.sampled_from(DELIMITERS))
@example(rows=[("=HYPERLINK(1)", 'a"b', "c\nd")], encoding="cp1252", delimiter=";")
def test_any_text_is_read_back(rows: list[tuple[str, ...]], encoding: str, delimiter: str) -> None:
    try:
        content = written(rows, encoding, delimiter)
    except UnicodeEncodeError:
        assume(False)
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    table = read(content)
    assert table.header == HEADER
    assert [cells for _number, cells in table.rows] == kept
    assert Table.from_json(table.as_json()) == table


@pytest.mark.parametrize("blank", ["\r\n\r\n", " \n", '""\n', ",,\n"])
def test_blank_lines_above_the_header_hide_no_delimiter(blank: str) -> None:
    table = read(f"{blank}E-mail,Nom,Rôle\r\na@b.fr,Ana; B.,mentor\r\n".encode())
    assert (table.header, [cells for _number, cells in table.rows]) == (
        HEADER,
        [("a@b.fr", "Ana; B.", "mentor")],
    )


def test_a_hidden_sheet_is_not_read() -> None:
    both = "<sheets><sheet name='Lists' sheetId='2' state='hidden' r:id='rId2'/>"
    relation = (
        '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'worksheet" Target="worksheets/sheet2.xml"/></Relationships>'
    )
    parts = {
        "xl/workbook.xml": PARTS["xl/workbook.xml"].replace("<sheets>", both),
        "xl/_rels/workbook.xml.rels": PARTS["xl/_rels/workbook.xml.rels"].replace(
            "</Relationships>", relation
        ),
        "xl/worksheets/sheet2.xml": SHEET.format(f'<row r="1">{cell("A1", "hidden")}</row>'),
    }
    content = xlsx(f'<row r="1">{cell("A1", "E-mail")}{cell("B1", "Rôle")}</row>', **parts)
    assert read(content).header == ("E-mail", "Rôle")


def test_rows_keep_the_numbers_that_a_spreadsheet_shows() -> None:
    table = read(b"sep=|\r\nemail|role\r\na@b.fr|mentor\r\n||\r\nc@d.fr|mentee\r\n")
    assert [number for number, _cells in table.rows] == [3, 5]


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://'
    'schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" sheetId="1" '
    'r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships'
    '"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def xlsx(rows: str, **further: bytes | str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, part in {**PARTS, "xl/worksheets/sheet1.xml": SHEET.format(rows), **further}.items():
            parts.writestr(name, part)
    return content.getvalue()


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_an_xlsx_file_is_read_and_its_numbers_are_whole() -> None:
    content = xlsx(
        f'<row r="1">{cell("A1", "E-mail")}{cell("B1", "Rôle")}{cell("C1", "Capacité")}</row>'
        f'<row r="3">{cell("A3", "a@b.fr")}{cell("B3", "=1+1")}<c r="C3"><v>2</v></c></row>'
    )
    assert read(content) == Table(("E-mail", "Rôle", "Capacité"), ((3, ("a@b.fr", "=1+1", "2")),))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"  \n ", "file_empty"),
        (b"x" * (MOST_BYTES + 1), "file_too_large"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + b"...", "file_old_excel"),
        (b"email;role\n" + b"\x81\x8d\n", "file_unreadable"),
        (b"email;role\n" + b"a@b.fr;mentor\n" * (MOST_ROWS + 1), "file_too_many_rows"),
        (b"PK\x03\x04 and no more", "file_unreadable"),
        (xlsx("", bomb=b"\x00" * (33 * 1024 * 1024)), "file_too_large"),
        (xlsx(f'<row r="1">{cell("A1", "x")}</row>{cell("XFD1048576", "y")}'), "file_too_many_rows"),
    ],
    ids=["blank", "large", "XLS", "bytes", "rows", "half a ZIP", "a bomb", "far out"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read(content)
    assert refused.value.code == code
