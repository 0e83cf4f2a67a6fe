"""Every file of the collection ends in people or in a sentence, and as its index says or for a reason written down."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path

import collection
import pytest

from certgen.roster import Reading
from certgen.workbook import Workbook, read


@pytest.fixture(scope="module")
def rosters(shared: Path) -> Path:
    return shared / "rosters"


@pytest.fixture(scope="module")
def outcomes(rosters: Path) -> list[collection.Outcome]:
    return collection.outcomes(rosters)


def test_every_file_ends_in_people_or_in_a_sentence(outcomes: list[collection.Outcome]) -> None:
    assert len(outcomes) == 268
    for one in outcomes:
        assert one.people or one.code, one
        assert one.seconds < 10, one
        for problem in one.problems:
            assert problem.file and problem.message.endswith((".", "?", "”.")), problem
            assert problem.hint.endswith((".", "”")) or problem.severity == "warning", problem


def test_every_file_is_judged_as_its_index_says_or_otherwise_for_a_reason(outcomes: list[collection.Outcome]) -> None:
    wrong = [(one.path, one.people, one.code, one.expected) for one in outcomes if not one.agrees]
    assert [one for one in wrong if one[0] not in collection.OTHERWISE] == []
    assert set(collection.OTHERWISE) <= {one.path for one in outcomes}


def test_the_report_is_what_happens(outcomes: list[collection.Outcome]) -> None:
    page = (collection.ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert collection.placed(page, collection.report(outcomes)) == page, "run: python -m tests.collection"


@pytest.mark.parametrize("with_encoding", [True, False])
def test_names_in_any_encoding_are_exact_or_refused(rosters: Path, with_encoding: bool) -> None:
    files = sorted((rosters / "crafted" / "enc").iterdir())
    assert len(files) >= 18
    for path in files:
        encoding = path.stem.split("_", 2)[2].rpartition("_")[0]
        reading = Reading(encoding=encoding) if with_encoding else Reading()
        found = collection.outcome(rosters, str(path.relative_to(rosters)), "", reading)
        if not with_encoding and not found.read:
            assert found.code == "encoding", path
            continue
        text = path.read_bytes().decode(encoding)
        cut = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}[path.stem.rpartition("_")[2]]
        wanted = [row[0] for row in csv.reader(io.StringIO(text, newline=""), delimiter=cut)][1:]
        assert len(wanted) == 25
        book = read(path, [], encoding=reading.encoding)
        assert book is not None and [row[0] for row in book.sheets[0].rows[1:]] == wanted
        assert found.people == 25, (path, found)


DAY = date(2021, 1, 1)
FACTS: dict[str, tuple[int, dict[str, object]]] = {
    # file: index of the sheet, and what stands at some addresses
    "calamine/biff5-rich-text-string.xls": (0, {"A4": 1788, "B4": "McNally"}),
    "calamine/date.ods": (0, {"A1": DAY, "A2": datetime(2021, 1, 1, 10, 10, 10)}),
    "calamine/date.xls": (0, {"A1": DAY}),
    "calamine/date.xlsb": (0, {"A1": DAY}),
    "calamine/date.xlsx": (0, {"A1": DAY, "A3": timedelta(days=10, seconds=54610)}),
    "calamine/date_1904.xls": (0, {"A1": DAY}),
    "calamine/date_1904.xlsb": (0, {"A1": DAY}),
    "calamine/date_1904.xlsx": (0, {"A1": DAY}),
    "calamine/date_iso.xlsx": (0, {"A1": DAY}),
    "calamine/has_x000D_.xlsx": (0, {"A1": "ABC\r\nDEF"}),
    "calamine/issue_419.xlsb": (0, {"A1": "Hello"}),
    "calamine/rph.xlsx": (0, {"A1": "課きく\u3000毛こ"}),
    "calamine/special_cells.ods": (0, {"A2": "Value  With spaces"}),
    "calamine/temperature-in-middle.xlsx": (0, {"B4": "label", "C5": 22.2222}),
    "calamine/with-annotation.ods": (0, {"A1": "cell a.1"}),
    "calamine/xls_wrong_decimals.xls": (0, {"A1": 0.525625}),
    "exceljs/shared_string_with_escape.xlsx": (0, {"A1": "_x000D_"}),
    "npoi/1904DateWindowing.xls": (0, {"A1": date(2000, 1, 1), "B1": date(2000, 1, 1)}),
    "npoi/60289.xlsx": (0, {"B2": "Rich Text\r\nTest"}),
    "npoi/TwoSheetsOneHidden.xls": (1, {"A1": "Sheet2A1"}),
    "openpyxl/date_1904.xlsx": (0, {"A1": date(2011, 10, 31)}),
    "phpspreadsheet/ods/HiddenMergeCellsTest.ods": (0, {"A2": 12, "B2": None, "C2": None}),
    "phpspreadsheet/xlsx/HiddenMergeCellsTest.xlsx": (0, {"A2": 12, "B2": None, "C2": None}),
    "phpspreadsheet/csv/premiere.utf16lebom.csv": (0, {"A1": "première"}),
    "phpspreadsheet/csv/sep.csv": (0, {"A2": "A", "B3": "3"}),
    "readxl/65536-rows-xls.xls": (0, {"A65535": "HELLO", "A65536": "WORLD"}),
    "readxl/vietnamese-utf8.xls": (0, {"A1": "Mô tả", "A2": "BÙN SÉT"}),
    "sheetjs/sushi.xls": (0, {"A1": "🍣"}),
    "sheetjs/text_and_numbers.xls": (0, {"B2": "שלום", "B4": 13.37}),
    "xlsxwriter/rich_string05.xlsx": (0, {"A3": "This is bold and this is italic"}),
}


def cells(book: Workbook, sheet: int) -> dict[str, object]:
    chosen = book.sheets[sheet]
    return {chosen.address(r, c): value for r, row in enumerate(chosen.rows) for c, value in enumerate(row)}


@pytest.mark.parametrize("name", FACTS)
def test_cells_are_what_the_index_says(rosters: Path, name: str) -> None:
    sheet, facts = FACTS[name]
    book = read(rosters / name, [])
    assert book is not None
    found = cells(book, sheet)
    assert {address: found.get(address) for address in facts} == facts


@pytest.mark.parametrize(
    ("name", "sheet", "faults"),
    [
        ("sheetjs/ErrorTypes.xls", 0, 20),
        ("sheetjs/ErrorTypes.xlsx", 0, 20),
        ("calamine/errors.xlsx", 0, 7),
        ("xlsxwriter/types07.xlsx", 0, 3),
        ("crafted/xlsx/formula_without_cached_value.xlsx", 0, 10),
    ],
)
def test_cells_without_a_value_are_noted(rosters: Path, name: str, sheet: int, faults: int) -> None:
    book = read(rosters / name, [])
    assert book is not None and len(book.sheets[sheet].faults) == faults


def test_old_and_new_workbooks_note_the_same(rosters: Path) -> None:
    old, new = (read(rosters / "sheetjs" / f"ErrorTypes.{kind}", []) for kind in ("xls", "xlsx"))
    assert old is not None and new is not None
    for one, other in zip(old.sheets, new.sheets, strict=True):
        assert one.faults == other.faults and one.hidden_rows == other.hidden_rows
    filtered = read(rosters / "phpspreadsheet" / "xlsx" / "autofilterTest.xlsx", [])
    assert filtered is not None and len(filtered.sheets[0].hidden_rows) == 38
