"""certgen check: all that batch would say, nothing that it would make; and the roster with notes on its cells."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from academy import COURSE, LAYOUT, ROSTER, Academy
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font

from certgen import annotate, batch, cli
from certgen.check import Checked, check, report
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.intake import Options
from certgen.workbook import Sheet


@pytest.fixture
def academy(tmp_path: Path) -> Academy:
    return Academy(tmp_path / "academy")


def checked(academy: Academy, **options: Any) -> Checked:
    return check(Options(roster=academy.roster, **options))


def test_it_makes_nothing(academy: Academy) -> None:
    before = {path: path.stat().st_mtime_ns for path in academy.folder.rglob("*")}
    assert checked(academy).exit_code is ExitCode.DONE
    assert {path: path.stat().st_mtime_ns for path in academy.folder.rglob("*")} == before


BROKEN = {
    "nothing": lambda academy: None,
    "a row": lambda academy: academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\n"),
    "the course": lambda academy: academy.write_course(COURSE.replace("hours = 40", 'hours = "many"')),
    "no issuer": lambda academy: (academy.folder / "issuer.toml").unlink(),
    "the layout": lambda academy: academy.layout.write_text(LAYOUT.replace("size = 12", "size = 0"), encoding="utf-8"),
    "a long name": lambda academy: academy.write_roster(ROSTER + f"{'Wilhelmina ' * 40},w@example.org,90,90,,\n"),
    "a letter": lambda academy: academy.write_roster(ROSTER + "Ana \U0001f600,w@example.org,90,90,,\n"),
    "twice": lambda academy: academy.write_roster(ROSTER + "Ana Díaz,,90,90,,\nAna Díaz,,90,90,,\n"),
    "other content": lambda academy: (
        batch.run(Options(roster=academy.roster)),
        academy.write_course(COURSE.replace("hours = 40", "hours = 41")),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_it_says_what_batch_would_say(academy: Academy, what: str) -> None:
    BROKEN[what](academy)
    told = checked(academy).result
    real = batch.run(Options(roster=academy.roster))
    assert (told.problems, told.exit_code, told.not_awarded) == (real.problems, real.exit_code, real.not_awarded)
    assert told.counts == real.counts


def test_names_that_had_to_give_way_are_told(academy: Academy) -> None:
    long = "Wilhelmina Bartholomew Featherstonehaugh Cholmondeley Wriothesley Marjoribanks Beauchamp Villavicencio"
    academy.write_roster(f"{ROSTER}{long},w@example.org,90,90,,\nليلى الخالدي,l@example.org,90,90,,\n")
    found = checked(academy)
    told = {fit.name: fit for fit in found.unusual()}
    assert set(told) == {long, "ليلى الخالدي"} | ({"Олена Коваль"} & set(told))
    assert told[long].how in ("tightened", "shrunk", "two lines", "small")
    assert told[long].size <= 12 and not told[long].steps_in
    assert told["ليلى الخالدي"].steps_in
    assert "Arab" in told["ليلى الخالدي"].faces[0]
    assert len(found.fits) == 5  # Bo Li is not awarded


def test_how_the_columns_were_read(academy: Academy) -> None:
    columns = {column.header: column.meaning for column in checked(academy).columns}
    assert columns["E-mail"] == "email"
    assert columns["Number"] == "number"


def test_the_documented_object_has_the_fields_of_the_real_one(academy: Academy) -> None:
    text = (Path(__file__).parent.parent / "docs" / "json.md").read_text(encoding="utf-8")
    documented = json.loads(text.partition("check --json`")[2].partition("```json")[2].partition("```")[0])
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\nليلى,l@example.org,90,90,,\n")
    done = CliRunner().invoke(cli.cli, ["check", str(academy.roster), "--json"], standalone_mode=False)
    real = json.loads(done.stdout)
    assert done.return_value == 3
    assert list(documented) == list(real)
    for field in ("counts", "plan", "roster", "names"):
        assert list(documented[field]) == list(real[field])
    assert list(documented["roster"]["columns"][0]) == list(real["roster"]["columns"][0])
    assert list(documented["names"]["others"][0]) == list(real["names"]["others"][0])
    assert real["status"] == "problems"


def test_people_see_everything(academy: Academy) -> None:
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\n")
    done = CliRunner().invoke(cli.cli, ["check", str(academy.roster)], standalone_mode=False)
    words = " ".join(done.stdout.split())
    for said in (
        "Fair recruitment",
        "e-mail",
        "at their full size",
        "Bo Li",
        "79.9 % is below 80 %",
        "A6",
        "1 problem is",
    ):
        assert said in words
    assert "All is well" not in words


# --- the report ------------------------------------------------------------------------------


def problem(cell: str | None, message: str = "Wrong.", **more: Any) -> Problem:
    return Problem(code="x", message=message, hint="Mend it.", file="/a/r.xlsx", cell=cell, **more)


def noted(source: bytes, *problems: Problem) -> Workbook:
    return load_workbook(io.BytesIO(annotate.annotated(source, list, Path("/a/r.xlsx"), "People", problems)))


def roster() -> Workbook:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "People"
    page.append(["Name", "Score"])
    page.append(["Ana", "=1+1"])
    page["A1"].font = Font(bold=True)
    return book


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_each_problem_is_a_note_on_its_cell() -> None:
    book = noted(
        saved(roster()),
        problem("A2", sheet="People"),
        problem("A2", "Again.", severity="warning"),
        problem("B2", severity="warning"),
        problem(None, row=3),
        Problem(code="y", message="=Elsewhere.", file="/a/course.toml", line=7),
    )
    page = book["People"]
    assert page["A2"].comment.text == "Wrong. Mend it.\n\nAgain. Mend it."
    assert page["A2"].fill.fgColor.rgb.endswith(annotate.COLOURS["error"])  # the worse of the two
    assert page["B2"].fill.fgColor.rgb.endswith(annotate.COLOURS["warning"])
    assert page["A3"].comment.text == "Wrong. Mend it."
    assert (page["A1"].font.b, page["B2"].value) == (True, "=1+1")
    listed = list(book[annotate.LIST].iter_rows(values_only=True))
    assert len(listed) == 6
    assert listed[-1][:2] in {("look", "r.xlsx, B2"), ("look", "r.xlsx, People, B2")}
    texts = [cell for row in book[annotate.LIST].iter_rows(min_row=2) for cell in row if cell.value == "=Elsewhere."]
    assert [cell.data_type for cell in texts] == ["s"]


def test_notes_join_those_that_are_there_and_stand_on_merged_cells() -> None:
    book = roster()
    book["People"]["A2"].comment = Comment("ask her", "me")
    book["People"].merge_cells("A4:B5")
    page = noted(saved(book), problem("A2"), problem("B5"))["People"]
    assert page["A2"].comment.text == "ask her\n\nWrong. Mend it."
    assert page["A4"].comment.text == "Wrong. Mend it."


@pytest.mark.parametrize("cell", ["", "7A", "A0", "AAAA1", "A1:B2", "../x"])
def test_an_address_that_is_none_is_listed_and_nothing_else(cell: str) -> None:
    book = noted(saved(roster()), problem(cell))
    assert not [c for row in book["People"].iter_rows() for c in row if c.comment]
    assert book[annotate.LIST].max_row == 2


def test_the_report_of_a_text_holds_its_values_as_text(academy: Academy) -> None:
    academy.write_roster("Name,E-mail,Score\n=1+1,not an address,90\nAna,a@example.org,90\n")
    path = academy.folder / "problems.xlsx"
    options = Options(roster=academy.roster)
    assert report(options, check(options), path) == path
    page = load_workbook(path).worksheets[0]
    assert (page["A2"].value, page["A2"].data_type, page["A2"].quotePrefix) == ("=1+1", "s", True)
    assert page["B2"].comment is not None
    assert page["A3"].comment is None


def test_only_an_earlier_report_is_written_over(academy: Academy) -> None:
    options = Options(roster=academy.roster)
    told = check(options)
    path = academy.folder / "problems.xlsx"
    assert [report(options, told, path).name for _ in range(2)] == ["problems.xlsx"] * 2
    book = load_workbook(path)  # somebody writes in it and saves
    book.save(path)
    assert report(options, told, path).name == "problems (2).xlsx"
    before = academy.roster.read_bytes()
    with pytest.raises(CertgenError) as caught:
        report(options, told, academy.roster)
    assert caught.value.exit_code is ExitCode.USAGE
    assert academy.roster.read_bytes() == before


def test_of_a_vast_workbook_the_values_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotate, "LARGEST", 1000)
    sheet = Sheet("People", False, [["Name"], ["Ana"]])
    data = annotate.annotated(saved(roster()), lambda: [sheet], Path("/a/r.xlsx"), "People", [problem("A2")])
    page = load_workbook(io.BytesIO(data))["People"]
    assert page["A2"].comment is not None
    assert (page["A1"].font.b, page["B2"].value) == (False, None)


def test_a_bomb_is_not_opened(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 80_000_000)
    assert noted(out.getvalue(), problem("A1")).sheetnames == [annotate.LIST]
