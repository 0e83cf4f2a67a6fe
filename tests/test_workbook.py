"""Workbooks and CSV files: what was written is read, and what cannot be read is told in words."""

from __future__ import annotations

import csv
import io
import pickle
import struct
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certgen import biff, xlsx
from certgen.errors import Problem
from certgen.package import Limits, Notes, column_index, column_letters
from certgen.workbook import Sheet, Workbook, load, read


def reading(path: Path, **options: object) -> tuple[Workbook | None, list[Problem]]:
    problems: list[Problem] = []
    return read(path, problems, **options), problems  # type: ignore[arg-type]


def only(path: Path) -> Sheet:
    book, problems = reading(path)
    assert book is not None and not problems
    assert len(book.sheets) == 1
    return book.sheets[0]


def refusal(path: Path, **options: object) -> Problem:
    book, problems = reading(path, **options)
    assert book is None
    (problem,) = problems
    assert problem.severity == "error" and problem.file == str(path)
    assert problem.message.endswith((".", "?", "”.")) and problem.hint.endswith(".")
    return problem


def saved(path: Path, fill: Callable[[openpyxl.Workbook], None]) -> Path:
    book = openpyxl.Workbook()
    fill(book)
    book.save(path)
    return path


def rewritten(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The same archive with one part changed."""
    with zipfile.ZipFile(path) as old:
        parts = {info.filename: old.read(info) for info in old.infolist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return path


SHEET = "xl/worksheets/sheet1.xml"

# --- what is written is read -----------------------------------------------------------------

# Excel's own limits: no control characters in XML 1.0, dates from 1900-03-01, 15 digits.
TEXT = st.text(
    st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=20,
).filter(lambda text: "_x" not in text and text == text.strip() and not text.startswith("="))
CELL = st.one_of(
    st.none(),
    TEXT,
    st.integers(-(10**14), 10**14),
    st.decimals(-10000, 10000, places=3).map(float).filter(lambda x: not x.is_integer()),
    st.booleans(),
    st.dates(date(1900, 3, 1), date(2150, 1, 1)),
)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_cells_written_by_openpyxl_are_read_at_their_addresses(rows: list[list[object]], top: int, left: int) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    wanted = {}
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is not None:
                cell = sheet.cell(top + r, left + c, value)
                if isinstance(value, str):
                    cell.data_type = "s"
                wanted[cell.coordinate] = value
    stream = io.BytesIO()
    book.save(stream)
    found, problems = load(stream.getvalue(), "xlsx", "roster", Limits())
    if not wanted:
        assert found is None and problems[0].code == "empty-file"
        return
    assert found is not None and not problems
    (read_sheet,) = found.sheets
    assert {
        read_sheet.address(r, c): value
        for r, row in enumerate(read_sheet.rows)
        for c, value in enumerate(row)
        if value is not None
    } == wanted
    assert not read_sheet.faults


FIELD = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufeff\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
    max_size=15,
)


@given(
    st.lists(st.lists(FIELD, min_size=2, max_size=4), min_size=1, max_size=8),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from(["\r\n", "\n"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_csv_written_by_python_is_read(rows: list[list[str]], delimiter: str, encoding: str, newline: str) -> None:
    # A header of plain words settles the delimiter, as in a roster.
    width = max(map(len, rows))
    table = [[f"Column {i}" for i in range(width)], *([*row, *[""] * (width - len(row))] for row in rows)]
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(table)
    found, problems = load(stream.getvalue().encode(encoding), "csv", "roster", Limits())
    assert found is not None and not problems
    assert [[cell or "" for cell in row] for row in found.sheets[0].rows] == table


def test_a_workbook_pickles_so_that_a_child_process_can_send_it(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.active.append(["Name", date(2026, 3, 27), 60])  # type: ignore[union-attr]

    book, _ = reading(saved(tmp_path / "a.xlsx", fill))
    assert pickle.loads(pickle.dumps(book)) == book
    told = load(b"Name\n\xe9", "csv", "a", Limits())
    assert pickle.loads(pickle.dumps(told)) == told and told[1][0].code == "encoding"


@given(st.integers(0, 16_383))
def test_column_letters_are_excels(index: int) -> None:
    assert column_letters(index) == openpyxl.utils.get_column_letter(index + 1)
    assert column_index(column_letters(index)) == index


def test_values_have_the_types_that_excel_shows(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        sheet.append(["00123", 60.0, 22.5, True, datetime(2026, 3, 27, 14, 30), timedelta(hours=27, minutes=30)])
        sheet["G1"] = 0.92
        sheet["G1"].number_format = "0.0%"
        sheet["H1"] = 0.92
        sheet["H1"].number_format = '0.00" %"'  # a quoted sign is only decoration

    sheet = only(saved(tmp_path / "a.xlsx", fill))
    assert sheet.rows[0][:6] == [
        "00123",
        60,
        22.5,
        True,
        datetime(2026, 3, 27, 14, 30),
        timedelta(hours=27, minutes=30),
    ]
    assert type(sheet.rows[0][1]) is int
    assert sheet.percents == {"G1"}


def test_dates_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904  # type: ignore[attr-defined]
        book.active.append([date(2026, 3, 27)])  # type: ignore[union-attr]

    book, _ = reading(saved(tmp_path / "a.xlsx", fill))
    assert book is not None and book.date1904
    assert book.sheets[0].rows == [[date(2026, 3, 27)]]


def test_what_looks_empty_and_is_not_is_noted(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        for row in (["Name", "Score"], ["=A9", 1], ["Ana", "#N/A"], ["Luc", "#DIV/0!"]):
            sheet.append(row)
        sheet["D9"] = "end"
        sheet.row_dimensions[3].hidden = True

    sheet = only(saved(tmp_path / "a.xlsx", fill))
    assert sheet.faults == {"A2": "", "B3": "#N/A", "B4": "#DIV/0!"}
    assert sheet.hidden_rows == {3}
    calculated = rewritten(
        tmp_path / "a.xlsx", SHEET, lambda xml: xml.replace("<v></v>", "<v>Eva</v>").replace("<v />", "<v>Eva</v>")
    )
    assert only(calculated).faults == {"B3": "#N/A", "B4": "#DIV/0!"}


def test_a_formula_whose_value_is_an_empty_text_is_calculated(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", lambda book: book.active.append(["Name", "=B9"]))  # type: ignore[union-attr]
    assert only(path).faults == {"B1": ""}
    rewritten(path, SHEET, lambda xml: xml.replace('<c r="B1">', '<c r="B1" t="str">'))
    assert only(path).faults == {}


def test_hidden_sheets_are_marked(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.active.append(["Name"])  # type: ignore[union-attr]
        for name, state in (("Old", "hidden"), ("Older", "veryHidden")):
            sheet = book.create_sheet(name)
            sheet.append(["Name"])
            sheet.sheet_state = state

    book, _ = reading(saved(tmp_path / "a.xlsx", fill))
    assert book is not None and [sheet.hidden for sheet in book.sheets] == [False, True, True]


def test_csv_rows_are_numbered_as_excel_numbers_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('sep=;\r\nName;City\r\n\r\n"Ana\nMaría";Lima\r\nLuc;Lyon\r\n'.encode())
    sheet = only(path)
    assert sheet.rows == [["Name", "City"], [None, None], ["Ana\nMaría", "Lima"], ["Luc", "Lyon"]]
    assert sheet.address(3, 0) == "A5"


def test_a_mark_in_the_middle_of_joined_files_is_no_character(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeffName,City\nAna,Lima\n\ufeffLuc,Lyon\n".encode())
    assert only(path).rows[2] == ["Luc", "Lyon"]


# --- what cannot be read is told -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "code", "says"),
    [
        ("a.xlsx", b"", "empty-file", "empty"),
        ("a.csv", b"\r\n , \r\n", "empty-file", "no text"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged-file", "damaged"),
        ("a.xls", b"<html><table><tr><td>Name</td></tr></table>", "web-page", "web page"),
        ("a.xlsx", b"%PDF-1.7\n", "not-a-spreadsheet", "PDF"),
        ("a.xlsx", b"PK\x03\x04" + bytes(60), "damaged-file", "damaged"),
        ("a.csv", b"Name,City\r\nAna,Lima\r\nJos\xe9,Lyon\r\n", "encoding", "José"),
        ("a.csv", "Name,City".encode("utf-16-le"), "encoding", "UTF-16"),
        ("a.csv", "名前,都市\n山田,東京".encode("iso2022_jp"), "encoding", "ISO-2022"),
        ("a.csv", b'Name,City\nAna,"Lima\nLuc,Lyon\n', "open-quote", "row 2"),
        ("a.csv", b"Name\n" + b"A" * 140_000, "too-long", "Row 2"),
        ("a.csv", b"Name," * 17_000, "too-large", "columns"),
        ("a.csv", bytes(range(256)) * 20, "not-a-spreadsheet", "neither"),
        ("a.csv", "Name\n山田太郎\n".encode("shift_jis"), "encoding", "Row 2"),
        ("~$a.xlsx", b"x", "not-a-spreadsheet", "marker"),
    ],
)
def test_each_wrong_file_has_a_sentence(tmp_path: Path, name: str, data: bytes, code: str, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    problem = refusal(path)
    assert problem.code == code
    assert says in problem.message


def test_the_row_of_a_wrong_encoding_is_told_and_the_user_may_state_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Name;City\nAna;Lima\nJosé;Lyon\n".encode("cp1252"))
    assert refusal(path).row == 3
    book, problems = reading(path, encoding="cp1252")
    assert book is not None and not problems and book.sheets[0].rows[2] == ["José", "Lyon"]
    assert "not a known encoding" in refusal(path, encoding="latin-99").message


def test_missing_files_folders_and_locked_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(tmp_path / "none.xlsx").code == "missing-file"
    assert refusal(tmp_path).code == "not-a-file"
    path = tmp_path / "a.csv"
    path.write_text("Name\nAna\n", encoding="utf-8")

    def held(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Excel holds a file only on Windows, and root may read everything: so the refusal is played.
    monkeypatch.setattr(Path, "open", held)
    assert refusal(path).code == "locked-file"


def test_a_folder_of_an_archive_is_named_for_what_it_is(tmp_path: Path) -> None:
    for part, says in (
        ("word/document.xml", "Word"),
        ("content.xml", "damaged"),
        ("xl/workbook.bin", "damaged"),
        ("index/document.iwa", "Numbers"),
        ("people.csv", "zip archive"),
    ):
        path = tmp_path / "a.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(part, b"<x/>")
        assert says in refusal(path).message


def test_a_password_is_told_for_both_kinds_of_wrapping(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le"))
    assert refusal(path).code == "password"
    saved(path, lambda book: book.active.append(["Name"]))  # type: ignore[union-attr]
    data = bytearray(path.read_bytes())
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = 0
        while (at := data.find(mark, at)) >= 0:
            data[at + flag] |= 1
            at += 4
    path.write_bytes(data)
    assert refusal(path).code == "password"


def test_declarations_in_xml_are_refused_before_any_parser_sees_them(tmp_path: Path) -> None:
    for part in (SHEET, "xl/workbook.xml", "[Content_Types].xml"):
        path = saved(tmp_path / "a.xlsx", lambda book: book.active.append(["Name"]))  # type: ignore[union-attr]
        bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
        rewritten(path, part, lambda xml, b=bomb: b + xml.partition("?>")[2] if xml.startswith("<?xml") else b + xml)
        assert refusal(path).code == "forbidden-entity"


def test_archives_that_unpack_to_too_much_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", lambda book: book.active.append(["Name"]))  # type: ignore[union-attr]
    rewritten(path, SHEET, lambda xml: xml.replace("<sheetData>", " " * 12_000_000 + "<sheetData>"))
    assert refusal(path).code == "too-large"
    path = saved(tmp_path / "b.xlsx", lambda book: book.active.append(["Name"]))  # type: ignore[union-attr]
    assert refusal(path, limits=Limits(unpacked_bytes=1000)).code == "too-large"
    assert refusal(path, limits=Limits(file_bytes=1000)).code == "too-large"


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", lambda book: book.active.append(["Name"]))  # type: ignore[union-attr]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(SHEET.upper(), b"<worksheet/>")
    assert refusal(path).code == "damaged-file"


@pytest.mark.parametrize("stray", ["XFD1048576", "ZZ1048576", "ZZZZZ99999999999"])
def test_a_stray_cell_far_away_is_named_and_asks_for_no_memory(tmp_path: Path, stray: str) -> None:
    path = saved(tmp_path / "a.xlsx", lambda book: book.active.append(["Name"]))  # type: ignore[union-attr]
    digits = stray.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    cell = f'<row r="{digits}"><c r="{stray}"><v>1</v></c></row></sheetData>'
    problem = refusal(rewritten(path, SHEET, lambda xml: xml.replace("</sheetData>", cell)))
    assert problem.code == "stray-cell" and problem.cell == stray and problem.sheet == "Sheet"


def test_formats_without_content_may_reach_as_far_as_they_like(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", lambda book: book.active.append(["Name"]))  # type: ignore[union-attr]
    cell = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    assert only(rewritten(path, SHEET, lambda xml: xml.replace("</sheetData>", cell))).rows == [["Name"]]


# --- other kinds -----------------------------------------------------------------------------

ODS = """<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:calcext="c"
 office:version="1.3"><office:body><office:spreadsheet>
<table:table table:name="People"><table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>
<table:table-row><table:table-cell/><table:table-cell office:value-type="string" table:number-columns-spanned="2">
<text:p>Name</text:p></table:table-cell><table:covered-table-cell office:value-type="string"><text:p>stale</text:p>
</table:covered-table-cell><table:table-cell office:value-type="string"><text:p>Score</text:p></table:table-cell>
</table:table-row>
<table:table-row table:visibility="filter"><table:table-cell/><table:table-cell office:value-type="string">
<text:p>Ana</text:p></table:table-cell><table:table-cell table:formula="of:=[.A9]"/>
<table:table-cell office:value-type="percentage" office:value="0.92"><text:p>92%</text:p></table:table-cell>
</table:table-row>
<table:table-row table:number-rows-repeated="REPEATED"><table:table-cell/><table:table-cell office:value-type="string">
<text:p>Luc</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>
</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"""
ODS = ODS.replace("\n", "")  # calamine reads no white space between cells
ODS = ODS.replace('="o"', '="urn:oasis:names:tc:opendocument:xmlns:office:1.0"')
ODS = ODS.replace('="t"', '="urn:oasis:names:tc:opendocument:xmlns:table:1.0"')
ODS = ODS.replace('="x"', '="urn:oasis:names:tc:opendocument:xmlns:text:1.0"')
ODS = ODS.replace('="c"', '="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"')


def ods(path: Path, repeated: int, manifest: str = "<manifest/>") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", ODS.replace("REPEATED", str(repeated)))
    return path


def test_an_ods_file_is_read_at_its_addresses_and_what_it_leaves_unsaid_is_noted(tmp_path: Path) -> None:
    sheet = only(ods(tmp_path / "a.ods", 2))
    cells = {sheet.address(r, c): v for r, row in enumerate(sheet.rows) for c, v in enumerate(row) if v is not None}
    assert {address: str(value).strip() for address, value in cells.items()} == {
        "B3": "Name",
        "D3": "Score",
        "B4": "Ana",
        "D4": "0.92",
        "B5": "Luc",
        "B6": "Luc",
    }
    assert sheet.hidden_rows == {4} and sheet.percents == {"D4"} and sheet.faults == {"C4": ""}
    assert sheet.merged == ((2, 1, 2, 2),)


def test_rows_repeated_beyond_reason_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    assert refusal(ods(tmp_path / "a.ods", 900_000)).code == "too-large"


def test_an_ods_file_with_a_password(tmp_path: Path) -> None:
    manifest = '<manifest:manifest xmlns:manifest="m"><manifest:encryption-data/></manifest:manifest>'
    assert refusal(ods(tmp_path / "a.ods", 1, manifest)).code == "password"


def test_merged_cells_count_once(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        sheet.append([])
        sheet.append([None, "Participant", None, "Score"])
        sheet.merge_cells("B2:C3")

    path = saved(tmp_path / "a.xlsx", fill)
    stale = '<c r="C2" t="inlineStr"><is><t>stale</t></is></c>'
    sheet = only(rewritten(path, SHEET, lambda text: text.replace('<c r="D2"', f'{stale}<c r="D2"')))
    assert sheet.merged == ((1, 1, 2, 2),) and sheet.rows[0][:3] == ["Participant", None, "Score"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["Ana", "Zoë", "Łukasz", "Ñusta", "Pérez, Luz"]), st.integers(0, 100)), min_size=2
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(max_examples=60, deadline=None)
def test_any_delimiter_encoding_and_end_of_line(
    rows: list[tuple[str, int]], encoding: str, delimiter: str, newline: str
) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=newline).writerows([("Name", "Score"), *rows])
    found, problems = load(stream.getvalue().encode(encoding), "csv", "roster", Limits())
    assert found is not None and not problems
    assert found.sheets[0].rows == [["Name", "Score"], *([name, str(score)] for name, score in rows)]


def test_a_million_rows_are_refused_at_once() -> None:
    begun = time.perf_counter()
    found, problems = load(b"Name,Score\n" + b"Ana Diaz,58\n" * 1_000_000, "csv", "roster", Limits())
    assert found is None and problems[0].code == "too-large" and "250,000" in problems[0].message
    assert time.perf_counter() - begun < 2


def test_rows_cut_short_are_noted_and_delimiters_that_are_unclear_refused(tmp_path: Path) -> None:
    found, _ = load(b"Name,Score\nAna,58\nLuc\n\nEva,60\n", "csv", "roster", Limits())
    assert found is not None and found.sheets[0].short_rows == {3}
    _, problems = load(b"name|note;x\nAna|a;b\nLuc|c;d\n", "csv", "roster", Limits())
    assert [p.code for p in problems] == ["unclear-delimiter"]
    found, _ = load(b"name|note;x\nAna|a;b\n", "csv", "roster", Limits(), delimiter="|")
    assert found is not None and found.sheets[0].rows[1] == ["Ana", "a;b"]
    found, _ = load("Apellidos, Nombre;Nota\nPérez, Ana;7\n".encode(), "csv", "roster", Limits())
    assert found is not None and found.sheets[0].rows[1] == ["Pérez, Ana", "7"]


@pytest.mark.parametrize(("data", "says"), [(b'[{"name": "Ana"}]', "JSON"), (b"<html><body>", "web page")])
def test_what_only_says_that_it_is_a_spreadsheet(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    assert says in refusal(path).message


def test_columns_repeated_in_an_ods_file_are_counted(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", 1)
    wide = '<table:table-cell table:number-columns-repeated="25"/><table:table-cell office:value-type="percentage"'
    with zipfile.ZipFile(path) as archive:
        content = archive.read("content.xml").decode()
    changed = content.replace('<table:table-cell office:value-type="percentage"', wide)
    assert changed != content
    assert only(rewritten(path, "content.xml", lambda _: changed)).percents == {"AC4"}


@given(st.integers(0, 30), st.integers(1, 400_000))
def test_references_that_may_be_far_are_measured(column: int, row: int) -> None:
    reference = f'<c r="{column_letters(column)}{row}" s="1">'.encode()
    assert (xlsx._FAR.search(reference) is not None) == (column > 25 or row >= 250_000)


def record8(kind: int, body: bytes) -> bytes:
    return struct.pack("<2H", kind, len(body)) + body


def record12(kind: int, body: bytes) -> bytes:
    low = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return low + bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) + body


def test_records_of_old_workbooks_are_read_as_their_standard_has_them() -> None:
    # MS-XLS 2.4: Row, BoolErr, Formula, Number, MulRk, MergeCells
    stream = record8(0x0809, struct.pack("<2H", 0x0600, 0x10))
    stream += record8(0x0208, struct.pack("<3H", 4, 0, 9) + bytes(6) + struct.pack("<2H", 0x20, 0))  # fDyZero
    stream += record8(0x0208, struct.pack("<3H", 5, 0, 9) + bytes(6) + struct.pack("<2H", 0x10, 0))  # fCollapsed
    stream += record8(0x0205, struct.pack("<3H", 1, 2, 0) + bytes([42, 1]))
    stream += record8(0x0205, struct.pack("<3H", 1, 3, 0) + bytes([1, 0]))  # TRUE
    stream += record8(0x0006, struct.pack("<3H", 2, 2, 0) + bytes([2, 0, 7, 0, 0, 0, 0xFF, 0xFF]) + bytes(8))
    stream += record8(0x0203, struct.pack("<3Hd", 3, 1, 7, 0.92))
    stream += record8(0x00BD, struct.pack("<2H", 6, 2) + struct.pack("<HiHi", 7, 0, 1, 0) + struct.pack("<H", 3))
    stream += record8(0x00E5, struct.pack("<5H", 1, 0, 1, 2, 3)) + record8(0x000A, b"")
    assert biff._xls_sheet(stream, 0, {7}) == Notes(
        {"C2": "#N/A", "C3": "#DIV/0!"}, frozenset({"B4", "C7"}), frozenset({5}), ((0, 2, 1, 3),)
    )


def test_records_of_binary_workbooks_are_read_as_their_standard_has_them() -> None:
    # MS-XLSB 2.4: BrtRowHdr, BrtCellError, BrtCellReal, BrtMergeCell; 2.5: Cell
    def row(number: int, flags: int) -> bytes:
        return record12(0, struct.pack("<IIH", number, 0, 300) + bytes([0, flags, 0]) + bytes(4))

    data = row(4, 0x10) + record12(3, struct.pack("<II", 2, 0) + bytes([42]))
    data += row(5, 0x08) + record12(5, struct.pack("<IId", 1, 7, 0.92))
    data += record12(176, struct.pack("<4I", 0, 1, 2, 3))
    assert biff._xlsb_sheet(data, {7}) == Notes({"C5": "#N/A"}, frozenset({"B6"}), frozenset({5}), ((0, 2, 1, 3),))
