"""The roster as it came with what was issued: what is kept, what is added, what is never written over."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from academy import ROSTER, Academy
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from certgen import batch, intake, ledger, output, workbook
from certgen.errors import Problem
from certgen.intake import Options
from certgen.ledger import HEADERS, Line, Place
from certgen.workbook import Sheet

LINES = {2: Line("AAAA-BBBB", "achievement", "Ana.pdf"), 3: Line(reason="score 58 is below 60")}


def roster() -> Workbook:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "People"
    for row in (("Name", "Score", "Sum"), ("Ana Díaz", 91, "=B2*2"), ("Bo Li", 58, "=B3*2")):
        page.append(row)
    return book


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def page_of(data: bytes, name: str = "People") -> Worksheet:
    return load_workbook(io.BytesIO(data))[name]


def issued(source: bytes, lines: dict[int, Line] | None = None, header: int = 1) -> bytes:
    data = ledger.added(source, Place("People", header), LINES if lines is None else lines)
    assert data is not None
    return data


def seen(text: str) -> str:
    """A text as openpyxl shows it: without what XML cannot hold, and with Excel's escape of "_x0041_" as written."""
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
    return re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_four_columns_stand_beside_the_people() -> None:
    page = page_of(issued(saved(roster())))
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_col=4)]
    assert rows[0] == list(HEADERS)
    assert rows[1] == ["AAAA-BBBB", "achievement", "Ana.pdf", None]
    assert rows[2] == [None, None, None, "score 58 is below 60"]


def test_everything_else_of_a_workbook_stays() -> None:
    book = roster()
    page = book["People"]
    page["A1"].font, page["A2"].fill = Font(bold=True, color="FF0000"), PatternFill("solid", fgColor="00FF00")
    page["A3"].comment = Comment("ask her", "me")
    page.merge_cells("A5:C5")
    page.freeze_panes, page.column_dimensions["A"].width = "B2", 37
    book.create_sheet("Other").append(["kept"])
    source = saved(book)
    data = issued(source)
    after = load_workbook(io.BytesIO(data))["People"]
    assert (after["A1"].font.b, after["A2"].fill.fgColor.rgb) == (True, "0000FF00")
    assert after["A3"].comment is not None and after["A3"].comment.text == "ask her"
    assert [str(area) for area in after.merged_cells.ranges] == ["A5:C5"]
    assert (after.freeze_panes, after.column_dimensions["A"].width) == ("B2", 37)
    assert after["C2"].value == "=B2*2"  # a formula of the roster's own
    before, now = parts(source), parts(data)
    assert before.keys() == now.keys()
    assert {name for name in before if before[name] != now[name]} == {"xl/worksheets/sheet1.xml"}


@pytest.mark.parametrize(
    "text", ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "<&>\"'", "_x0041_", "a\x00b\x0b"]
)
def test_what_is_added_is_text_and_nothing_else(text: str) -> None:
    for data in (
        issued(saved(roster()), {2: Line(reason=text)}),
        ledger.copied(Sheet("People", False, [["Name"], ["Ana"]]), Place("People", 1), {2: Line(reason=text)}),
    ):
        cell = next(cell for cell in list(page_of(data))[1] if cell.column == page_of(data).max_column)
        assert cell.data_type != "f"
        assert cell.value == seen(text)
        assert cell.quotePrefix == text.startswith(("=", "+", "-", "@", "\t"))


def test_values_of_other_files_are_text_too() -> None:
    data = ledger.copied(Sheet("a/b:c", False, [["Name"], ["=1+1"]], top=1, left=1), Place("a/b:c", 2), {3: LINES[2]})
    page = load_workbook(io.BytesIO(data)).active
    assert page is not None
    assert (page["B3"].value, page["B3"].data_type) == ("=1+1", "s")
    assert [cell.value for cell in page[2]][2:] == list(HEADERS)


def test_equal_inputs_give_equal_bytes() -> None:
    source = saved(roster())
    assert issued(source) == issued(source)
    sheet = Sheet("People", False, [["Name"], ["Ana"]])
    assert ledger.copied(sheet, Place("People", 1), LINES) == ledger.copied(sheet, Place("People", 1), LINES)


def test_an_issued_sheet_can_be_corrected_and_issued_again() -> None:
    again = issued(issued(saved(roster())), {2: Line(reason="x"), 3: Line("C", "D", "E")})
    rows = [[cell.value for cell in row] for row in page_of(again)]
    assert rows[0] == ["Name", "Score", "Sum", *HEADERS]
    assert rows[1][3:] == [None, None, None, "x"]
    assert rows[2][3:] == ["C", "D", "E", None]


def test_empty_cells_with_a_style_do_not_push_the_columns_away() -> None:
    book = roster()
    for column in range(4, 12):
        book["People"].cell(2, column).fill = PatternFill("solid", fgColor="00FF00")
    page = page_of(issued(saved(book)))
    assert [cell.value for cell in page[2]][3:7] == ["AAAA-BBBB", "achievement", "Ana.pdf", None]
    places = re.findall(r'<c r="([A-Z]+)2"', parts(issued(saved(book)))["xl/worksheets/sheet1.xml"].decode())
    assert places == sorted(set(places))


def test_macros_are_left_out() -> None:
    made = parts(saved(roster()))
    made["xl/vbaProject.bin"] = b"macros"
    types, links = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    made[types] = made[types].replace(plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    override = b'<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    made[types] = made[types].replace(b"</Types>", override)
    link = b'<Relationship Id="rIdV" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="vbaProject.bin"/></Relationships>'  # noqa: E501
    made[links] = made[links].replace(b"</Relationships>", link)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in made.items():
            archive.writestr(name, data)
    data = issued(out.getvalue())
    assert not [name for name, part in parts(data).items() if "vba" in name.lower() or b"vba" in part]
    assert plain in parts(data)[types]
    assert page_of(data)["D1"].value == HEADERS[0]


@pytest.mark.parametrize("damage", ["<!-- x --><row", "<![CDATA[x]]><row"])
def test_an_unusual_sheet_is_left_to_be_copied(damage: str) -> None:
    made = parts(saved(roster()))
    name = "xl/worksheets/sheet1.xml"
    made[name] = made[name].replace(b"<row", damage.encode(), 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part, data in made.items():
            archive.writestr(part, data)
    assert ledger.added(out.getvalue(), Place("People", 1), LINES) is None
    assert ledger.added(saved(roster())[:300], Place("People", 1), LINES) is None
    assert ledger.added(saved(roster()), Place("Elsewhere", 1), LINES) is None


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=12)] * 4),
        min_size=1,
        max_size=6,
    )
)
def test_certgen_reads_back_what_it_writes(texts: list[tuple[str, str, str, str]]) -> None:
    lines = {row: Line(*text) for row, text in enumerate(texts, 2)}
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "People"
    page.append(["Name"])
    for row in lines:
        page.append([f"Person {row}"])
    for data in (
        issued(saved(book), lines),
        ledger.copied(
            Sheet("People", False, [["Name"], *[[f"Person {row}"] for row in lines]]), Place("People", 1), lines
        ),
    ):
        rows = list(page_of(data).iter_rows(min_row=2, max_col=5, values_only=True))
        legal = [[seen(text) or None for text in line] for line in texts]
        assert [list(row[1:]) for row in rows] == legal


# --- where it is put -------------------------------------------------------------------------


def lay(folder: Path, data: bytes, replace: bool = False) -> str:
    return output.lay_beside(folder, "r-issued", ".xlsx", data, replace=replace).name


def test_nothing_is_written_over_unasked(tmp_path: Path) -> None:
    assert lay(tmp_path, b"one") == "r-issued.xlsx"
    assert lay(tmp_path, b"one") == "r-issued.xlsx"
    assert lay(tmp_path, b"two") == "r-issued (2).xlsx"
    assert lay(tmp_path, b"two") == "r-issued (2).xlsx"
    assert lay(tmp_path, b"three", replace=True) == "r-issued.xlsx"
    assert (tmp_path / "r-issued.xlsx").read_bytes() == b"three"


@pytest.mark.parametrize("mark", ["~$r-issued.xlsx", "~$issued.xlsx", ".~lock.r-issued.xlsx#"])
def test_an_open_file_is_never_written_over(tmp_path: Path, mark: str) -> None:
    lay(tmp_path, b"one")
    (tmp_path / mark).touch()
    assert lay(tmp_path, b"two", replace=True) == "r-issued (2).xlsx"
    assert (tmp_path / "r-issued.xlsx").read_bytes() == b"one"


def test_what_is_not_finished_lies_where_the_next_run_looks_for_it(tmp_path: Path) -> None:
    """A kill while the sheet is written leaves nothing in the system's temporary folder."""
    seen = []

    def rows() -> Iterator[Sequence[object]]:
        yield ("Name",)
        seen.extend(path.name for path in tmp_path.iterdir())
        yield ("Ana",)

    before = tempfile.gettempdir()
    data = ledger.workbook([ledger.Page("People", (), rows())], tmp_path)
    assert len(seen) == 1 and seen[0].startswith("openpyxl.")
    assert tempfile.gettempdir() == before != str(tmp_path)
    assert load_workbook(io.BytesIO(data)).active["A2"].value == "Ana"


def test_the_reader_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "issued.xlsx"
    path.write_bytes(issued(saved(roster())))
    problems: list[Problem] = []
    book = workbook.read(path, problems)
    assert book is not None and not problems
    assert book.sheets[0].rows[0][-4:] == list(HEADERS)


# --- in a batch ------------------------------------------------------------------------------


@pytest.fixture
def academy(tmp_path: Path) -> Academy:
    return Academy(tmp_path / "academy")


def rows_of(path: Path | None) -> list[tuple[object, ...]]:
    assert path is not None
    page = load_workbook(path).active
    assert page is not None
    return [row[-4:] for row in page.iter_rows(values_only=True)]


def test_a_batch_says_of_everyone_what_they_got_or_why_not(academy: Academy) -> None:
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\n")
    result = batch.run(Options(roster=academy.roster, skip_problems=True))
    assert result.sheet == academy.out / "roster-issued.xlsx"
    rows = rows_of(result.sheet)
    made = [(entry.code, entry.award, entry.file, None) for entry in result.certificates]
    assert rows[:4] == [HEADERS, *made]
    assert rows[4] == (
        None,
        None,
        None,
        "For achievement: no score. For participation: attendance 79.9 % is below 80 %",
    )
    assert rows[5] == (None, None, None, result.problems[0].message)


def test_the_sheet_repeats_itself_and_what_somebody_wrote_into_it_is_not_written_over(academy: Academy) -> None:
    first = batch.run(Options(roster=academy.roster)).sheet
    assert first is not None
    before = first.stat().st_mtime_ns
    assert batch.run(Options(roster=academy.roster)).sheet == first
    assert first.stat().st_mtime_ns == before
    academy.write_roster(ROSTER.replace("bo@example.org,,79.9", "bo@example.org,,80"))
    assert batch.run(Options(roster=academy.roster)).sheet == first  # nobody has touched the old one
    assert len(rows_of(first)) == 5 and rows_of(first)[4][0]
    book = load_workbook(first)
    book.active["A2"] = "Ana, who moved away"
    book.save(first)
    touched = first.read_bytes()
    academy.write_roster(ROSTER)
    again = batch.run(Options(roster=academy.roster)).sheet
    assert again is not None and again.name == "roster-issued (2).xlsx"
    assert first.read_bytes() == touched
    assert batch.run(Options(roster=academy.roster, replace=True)).sheet == first


def test_the_sheet_can_be_left_out(academy: Academy) -> None:
    for options in (Options(roster=academy.roster, issued_sheet=False), Options(roster=academy.roster, dry_run=True)):
        assert batch.run(options).sheet is None
    assert not list(academy.out.glob("*.xlsx"))


def test_a_roster_that_changes_meanwhile_gets_no_wrong_sheet(academy: Academy) -> None:
    class Meddler(intake.Nobody):
        def progress(self, done: int, total: int) -> None:
            academy.write_roster("Name,E-mail,Score\nSomebody Else,x@example.org,90\n")

    result = batch.run(Options(roster=academy.roster), Meddler())
    assert (result.status, result.sheet) == ("done", None)
    assert [problem.code for problem in result.problems] == ["no-issued-sheet"]
    assert len(academy.files()) == 3
