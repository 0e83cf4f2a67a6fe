"""Certificates packed, pictured and watched for their expiry, as people and other programs see what comes out."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from academy import COURSE, LAYOUT, Academy
from click.testing import CliRunner
from conftest import ROOT, tool
from hypothesis import given
from hypothesis import strategies as st
from judges import picture as judged
from judges import zxing
from msgspec.structs import replace
from openpyxl import load_workbook
from PIL import Image
from registers import issue, opened, wanted
from rich.console import Console

from certgen import batch, codes
from certgen.cli import cli, guarded
from certgen.errors import CertgenError, Problem
from certgen.handing import packing, picturing
from certgen.intake import Options
from certgen.records import erasure
from certgen.registry import Held, Registry
from certgen.screen import Screen
from certgen.selection import Choice, Files, choose

ROSTER = """Name,E-mail,Score,Attendance,Language,Company
Ana Díaz,ana@example.org,91,100,,Aurora
Олена Коваль,olena@example.org,60,100,fr,aurora
Chidi Okafor,chidi@example.org,59.5,80,fr,Borealis
CON,con@example.org,99,100,,
Bo Li,bo@example.org,,79.9,,Borealis
"""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana and Con have certificates in English, Olena and Chidi in French."""
    academy = Academy(tmp_path_factory.mktemp("first") / "academy")
    academy.write_roster(ROSTER)
    result = batch.run(Options(roster=academy.roster, jobs=1))
    assert result.status == "done", result.problems
    return academy.folder.rename(academy.folder.with_name("put away"))


class Desk:
    """A copy of the first academy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roster = folder / "course" / "roster.csv"
        self.certificates = folder / "course" / "certificates"
        self.out = folder.parent / "out"

    def issued(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.certificates.glob("*.pdf")}

    def run(self, *words: str | Path) -> tuple[int, str]:
        """A command's exit code, and all that it said."""
        runner = CliRunner()
        with runner.isolation() as (_, _, out):
            said = [*map(str, words), "--folder", str(self.folder)]
            code = guarded(lambda: cli.main(said, standalone_mode=False))
            return code, out.getvalue().decode("utf-8").replace("\xa0", " ")

    def json(self, *words: str | Path) -> dict[str, Any]:
        code, said = self.run(*words, "--json")
        assert code == 0, said
        found: dict[str, Any] = json.loads(said)
        return found

    def registry(self) -> Registry:
        found = Registry.open(self.folder, [])
        assert found is not None
        return found

    def reissue(self) -> None:
        """Course and layout of today are others than those of then, and no file is there any more."""
        (self.folder / "course" / "course.toml").write_text(COURSE.replace("Fair", "Unfair"), encoding="utf-8")
        layout = self.folder / "plain" / "layout.toml"
        layout.write_text(LAYOUT.replace("A5", "A4"), encoding="utf-8")
        shutil.rmtree(self.certificates)


@pytest.fixture
def desk(first: Path, tmp_path: Path) -> Desk:
    shutil.copytree(first, tmp_path / "moved")
    return Desk(tmp_path / "moved")


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


# --- pack ------------------------------------------------------------------------------------


def test_an_archive_for_each_language_holds_what_was_issued(desk: Desk) -> None:
    issued = desk.issued()
    code, said = desk.run("pack", desk.roster, "-o", desk.out)
    assert code == 0 and "4 certificates in 2 archives" in said
    assert sorted(path.name for path in desk.out.iterdir()) == ["roster-en.zip", "roster-fr.zip"]
    packed = members(desk.out / "roster-en.zip") | members(desk.out / "roster-fr.zip")
    assert {name: data for name, data in packed.items() if name.endswith(".pdf")} == issued


def test_another_program_finds_nothing_wrong_with_it(desk: Desk) -> None:
    desk.run("pack", desk.roster, "-o", desk.out / "all.zip")
    done = subprocess.run([tool("unzip"), "-t", desk.out / "all.zip"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "No errors detected" in done.stdout
    names = subprocess.run(
        [tool("unzip"), "-Z1", "-UU", desk.out / "all.zip"], capture_output=True, text=True, check=False
    )
    assert len(names.stdout.splitlines()) == 6


def test_the_same_certificates_give_the_same_archive_wherever_and_whenever(desk: Desk, tmp_path: Path) -> None:
    desk.run("pack", desk.roster, "-o", desk.out / "one.zip")
    shutil.copytree(desk.folder, tmp_path / "elsewhere")
    other = Desk(tmp_path / "elsewhere")
    shutil.rmtree(other.certificates)
    other.run("pack", other.roster, "-o", desk.out / "two.zip")
    assert (desk.out / "one.zip").read_bytes() == (desk.out / "two.zip").read_bytes()
    with zipfile.ZipFile(desk.out / "one.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(2026, 4, 10, 0, 0, 0)}


def test_certificates_are_as_issued_whatever_course_and_layout_say_today(desk: Desk) -> None:
    issued = desk.issued()
    desk.reissue()
    desk.run("pack", "--course", "M-1", "-o", desk.out / "all.zip")
    packed = members(desk.out / "all.zip")
    assert {name: data for name, data in packed.items() if name.endswith(".pdf")} == issued


def test_its_lists_tell_what_is_inside(desk: Desk) -> None:
    desk.run("pack", desk.roster, "-o", desk.out / "all.zip")
    packed = members(desk.out / "all.zip")
    listed = json.loads(packed["manifest.json"])
    assert listed["version"] == 1 and listed["missing"] == []
    assert [line["name"] for line in listed["certificates"]] == ["Ana Díaz", "Олена Коваль", "Chidi Okafor", "CON"]
    for line in listed["certificates"]:
        assert sha256(packed[line["file"]]).hexdigest() == line["sha256"] and line["as_issued"]
        assert line["issued"] == "2026-04-10" and line["course"] == "M-1"
    sheet = load_workbook(BytesIO(packed["certificates.xlsx"])).active
    assert sheet is not None
    rows = list(sheet.values)
    assert [row[0] for row in rows[1:]] == [line["name"] for line in listed["certificates"]]
    assert [row[-1] for row in rows[1:]] == [line["file"] for line in listed["certificates"]]
    assert "example.org" not in json.dumps(listed)  # nobody's address is handed on


def test_its_manifest_chooses_the_same_certificates_again(desk: Desk, tmp_path: Path) -> None:
    desk.run("pack", desk.roster, "-o", desk.out, "--by", "language")
    (tmp_path / "manifest.json").write_bytes(members(desk.out / "roster-fr.zip")["manifest.json"])
    told = desk.json("pack", tmp_path / "manifest.json", "-o", desk.out / "again.zip")
    assert [archive["certificates"] for archive in told["archives"]] == [2]
    assert members(desk.out / "again.zip") == members(desk.out / "roster-fr.zip")


def test_groups_that_differ_in_case_only_are_one_archive(desk: Desk) -> None:
    told = desk.json("pack", desk.roster, "--group", "company", "-o", desk.out)
    found = {Path(archive["file"]).name: archive["certificates"] for archive in told["archives"]}
    assert found == {"roster-Aurora.zip": 2, "roster-Borealis.zip": 1, "roster-without-company.zip": 1}


def test_several_archives_do_not_go_into_one_file(desk: Desk) -> None:
    code, said = desk.run("pack", desk.roster, "-o", desk.out / "all.zip", "--by", "language")
    assert code == 2 and "en, fr" in said and "--by none" in said and not desk.out.exists()


def test_nothing_is_written_over_unasked(desk: Desk) -> None:
    desk.out.mkdir()
    (desk.out / "roster-fr.zip").write_bytes(b"mine")
    code, said = desk.run("pack", desk.roster, "-o", desk.out)
    assert code == 2 and "roster-fr.zip" in said and "--replace" in said
    assert [path.name for path in desk.out.iterdir()] == ["roster-fr.zip"]
    assert (desk.out / "roster-fr.zip").read_bytes() == b"mine"
    assert desk.run("pack", desk.roster, "-o", desk.out, "--replace")[0] == 0
    assert len(members(desk.out / "roster-fr.zip")) == 4


def test_what_cannot_be_packed_is_told_and_listed(desk: Desk) -> None:
    with desk.registry() as registry:
        chosen = choose(registry, Choice(course="M-1"), [])
        registry.erase([chosen[1].serial])  # somebody does so meanwhile
        parcel = packing.Parcel(desk.out / "all.zip", "", chosen)
        with Files(registry, desk.folder) as files:
            done = packing.pack(registry, files, parcel)
    (lacking,) = done.lacking
    assert done.count == 3 and lacking.name == "Олена Коваль" and "erased" in lacking.why
    packed = members(desk.out / "all.zip")
    assert [one["code"] for one in json.loads(packed["manifest.json"])["missing"]] == [lacking.code]
    assert load_workbook(BytesIO(packed["certificates.xlsx"])).sheetnames == ["Certificates", "Missing"]


def test_an_archive_that_is_not_finished_is_not_there(desk: Desk) -> None:
    class Stop(Exception):
        pass

    def watch(count: int) -> None:
        if count == 2:
            raise Stop

    with desk.registry() as registry, Files(registry, desk.folder) as files:
        parcel = packing.Parcel(desk.out / "all.zip", "", choose(registry, Choice(course="M-1"), []))
        with pytest.raises(Stop):
            packing.pack(registry, files, parcel, watch)
    assert list(desk.out.iterdir()) == []


def test_whoever_is_erased_is_found_in_archives_too(desk: Desk) -> None:
    desk.run("pack", desk.roster, "-o", desk.folder / "packed")
    (desk.folder / "packed" / "broken.zip").write_bytes(b"PK\3\4 and no more")
    with desk.registry() as registry:
        (olena,) = registry.all(name="Олена Коваль")
    found = erasure.traces(desk.folder, [olena])
    where = {trace.path.name: trace.why for trace in found.found if trace.path.parent.name == "packed"}
    assert where == {"roster-fr.zip": "in the archive"}
    assert found.missed == ["1 file was not looked into, as it is too large, damaged or locked."]
    renamed = replace(olena, file="another.pdf", code="0" * 16)  # by the list alone
    assert any(trace.path.name == "roster-fr.zip" for trace in erasure.traces(desk.folder, [renamed]).found)


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Held:
    with opened(tmp_path_factory.mktemp("row")) as registry:
        (held,) = issue(registry, [wanted("Ana")])
    return held


@given(files=st.lists(st.text(max_size=40) | st.sampled_from(["../../x.pdf", "C:\\x.pdf", "a/b.pdf", "manifest.json"])))
def test_no_members_name_leaves_the_folder_or_comes_twice(row: Held, files: list[str]) -> None:
    names: set[str] = set()
    made = []
    for number, file in enumerate(files):
        held = replace(row, file=file, code=f"{number:016}")
        made.append(packing._member(held, names))
    for name in made:
        assert name.endswith(".pdf") and not set(name) & set('/\\:*?"<>|\0') and not name.startswith(".")
    assert len({name.casefold() for name in made}) == len(made)


# --- image -----------------------------------------------------------------------------------


def shown(path: Path) -> Image.Image:
    with Image.open(path) as found:
        found.load()
        return found


def test_a_picture_of_each_says_what_its_file_says(desk: Desk) -> None:
    issued = desk.issued()
    told = desk.json("image", desk.roster, "-o", desk.out)
    assert len(told["pictures"]) == len(issued) == 4 and told["problems"] == []
    for each in told["pictures"]:
        (path,) = map(Path, each["files"])
        pdf = issued[f"{path.stem}.pdf"]
        said = zxing(judged(pdf, dpi=200))
        assert said and zxing(shown(path)) == said
        assert shown(path).width == 1600
    ana = next(path for path in desk.out.iterdir() if path.name.startswith("Ana"))
    assert "Ana Díaz" in shown(ana).text["Title"]  # type: ignore[attr-defined]


def test_pictures_are_of_what_was_issued_whatever_course_and_layout_say_today(desk: Desk) -> None:
    desk.run("image", desk.roster, "-o", desk.out / "before", "--width", "400")
    desk.reissue()
    desk.run("image", "--course", "M-1", "-o", desk.out / "after", "--width", "400")
    before = {path.name: path.read_bytes() for path in (desk.out / "before").iterdir()}
    assert before == {path.name: path.read_bytes() for path in (desk.out / "after").iterdir()} and len(before) == 4


def test_several_processes_give_the_same_pictures(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    easel = picturing.Easel(desk.out, 200, range(1))
    problems: list[Problem] = []
    found = []
    for worth in (99, 2):
        monkeypatch.setattr(picturing, "WORTH_PROCESSES", worth)
        with desk.registry() as registry, Files(registry, desk.folder) as files:
            chosen = choose(registry, Choice(course="M-1"), problems)
            found.append(list(picturing.show(registry, files, chosen, len(chosen), easel, problems)))
    assert found[0] == found[1] and len(found[0]) == 4 and problems == []
    assert len(list(desk.out.iterdir())) == 4  # of the same bytes: none got a number


def test_another_picture_of_that_name_is_kept_unless_told_otherwise(desk: Desk) -> None:
    ana = ("image", desk.roster, "--name", "Ana", "-o", desk.out)
    desk.run(*ana, "--width", "300")
    desk.run(*ana, "--width", "400")
    assert sorted(shown(path).width for path in desk.out.iterdir()) == [300, 400]
    desk.run(*ana, "--width", "500", "--replace")
    assert sorted(shown(path).width for path in desk.out.iterdir()) == [400, 500]


@pytest.mark.parametrize("pages", ["0", "2-1", "x", "", "-1", "1-", "1,2"])
def test_pages_that_are_none_are_refused(desk: Desk, pages: str) -> None:
    code, said = desk.run("image", desk.roster, "-o", desk.out, "--pages", pages)
    assert code == 2 and "such" not in said and "1-2" in said and not desk.out.exists()


# --- expiring --------------------------------------------------------------------------------


@pytest.fixture
def ending(tmp_path: Path) -> Desk:
    """Ana's certificate has expired three days ago, Bo's will in nine, Chidi's in a year."""
    desk = Desk(tmp_path / "academy")
    Academy(desk.folder)
    today = date.today()
    with opened(desk.folder) as registry:
        for name, days in (("Ana", -3), ("Bo", 9), ("Chidi", 365)):
            issue(registry, [wanted(name, expires=today + timedelta(days))])
    return desk


def test_what_expires_is_told_apart_from_what_has_expired(ending: Desk) -> None:
    code, said = ending.run("expiring", "--within", "2w")
    assert code == 0
    before, _, after = said.partition("About to expire: 1 certificate")
    assert "Expired: 1 certificate" in before and "ana@people.test" in before and "Bo" not in before
    assert "bo@people.test" in after and "Chidi" not in said
    assert ending.run("expiring", "--within", "2d")[1].startswith("No certificate expires until")


@pytest.mark.parametrize(("width", "lacking"), [(200, ()), (80, ("Course", "Code")), (50, ("Course", "Code", "Days"))])
def test_names_and_addresses_are_whole_however_narrow_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, lacking: tuple[str, ...]
) -> None:
    desk = Desk(tmp_path / "academy")
    Academy(desk.folder)
    name = "Aïssatou Bintou de La Rochebrune"
    with opened(desk.folder) as registry:
        issue(registry, [wanted(name, expires=date.today() + timedelta(9))])
        (held,) = registry.all()
    assert held.recipient and held.recipient.email
    screen = Screen(ask=False)
    screen._console = Console(file=StringIO(), force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr("certgen.cli.keys.Screen", lambda ask: screen)
    assert desk.run("expiring", "--within", "60d")[0] == 0
    said = screen._console.file.getvalue()  # type: ignore[attr-defined]
    assert f"{held.recipient.email}  {name}\n" in said and "…" not in said
    heads = said.splitlines()[1].split()
    assert heads == [head for head in ("Expires", "Days", "Code", "Course", "E-mail", "Name") if head not in lacking]
    assert ("A wider window also shows" in said) == bool(lacking)
    if width == 80:
        assert max(map(len, said.splitlines())) <= 80


def test_programs_and_spreadsheets_are_told_the_same(ending: Desk, tmp_path: Path) -> None:
    told = ending.json("expiring", "--within", "60d", "--xlsx", tmp_path / "soon.xlsx")["certificates"]
    assert [(one["name"], one["days"], one["expired"]) for one in told] == [("Ana", -3, True), ("Bo", 9, False)]
    sheet = load_workbook(tmp_path / "soon.xlsx").active
    assert sheet is not None
    rows = list(sheet.values)[1:]
    assert [(row[1], row[2], row[3], row[4]) for row in rows] == [
        (-3, "expired", "Ana", "ana@people.test"),
        (9, "valid", "Bo", "bo@people.test"),
    ]
    assert [row[-1] for row in rows] == [one["code"] for one in told]
    assert all(codes.typed(one["code"]) for one in told)
    assert ending.run("expiring", "--within", "60d", "--xlsx", tmp_path / "soon.xlsx")[0] == 2


def test_who_has_a_later_one_is_not_listed_but_counted(ending: Desk) -> None:
    with opened(ending.folder) as registry:
        issue(registry, [wanted("Bo", course="A902", expires=date.today() + timedelta(400))])
    code, said = ending.run("expiring", "--within", "60d")
    assert code == 0 and "bo@people.test" not in said and "1 more is not listed" in said


@pytest.mark.parametrize("span", ["60", "yesterday", "2020-01-01", "5 fortnights"])
def test_a_span_that_is_none_is_refused_with_examples(ending: Desk, span: str) -> None:
    code, said = ending.run("expiring", "--within", span)
    assert code == 2 and "60d, 8w, 3m or 1y" in said


# --- in plain words ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("pack", "-o", "x"), ("image", "-o", "x"), ("expiring", "--within", "60d")])
def test_an_academy_that_has_issued_nothing_says_so(tmp_path: Path, command: tuple[str, ...]) -> None:
    desk = Desk(tmp_path / "academy")
    Academy(desk.folder)
    choice = [] if command[0] == "expiring" else [desk.roster]
    code, said = desk.run(*command, *choice)
    assert code == 6 and "Nothing has been issued here yet." in said and "certgen batch" in said
    assert not Path("x").exists()


def test_who_says_nothing_gets_nothing(desk: Desk) -> None:
    for command in ("pack", "image"):
        code, said = desk.run(command, "-o", desk.out)
        assert code == 2 and "Say which certificates" in said


def test_whose_row_says_otherwise_is_left_out_and_the_command_says_so(desk: Desk) -> None:
    (desk.folder / "course" / "course.toml").write_text(COURSE.replace("Fair", "Unfair"), encoding="utf-8")
    desk.roster.write_text(ROSTER.replace("Ana Díaz", "Ana María Díaz"), encoding="utf-8")
    for command, key in (("pack", "archives"), ("image", "pictures")):
        code, said = desk.run(command, desk.roster, "-o", desk.out / command)
        assert code == 5 and "Left out: 1, told above." in said and "Ana María Díaz" in said
        code, said = desk.run(command, desk.roster, "-o", desk.out / f"{command} for programs", "--json")
        told = json.loads(said)  # nothing stands before it
        assert code == 5 and told["left_out"] == 1 and told[key]
        code, said = desk.run(command, desk.roster, "-o", desk.out / f"{command} as issued", "--as-issued")
        assert code == 0 and "Left out" not in said


def test_groups_need_a_column(desk: Desk) -> None:
    code, said = desk.run("pack", desk.roster, "-o", desk.out, "--by", "group")
    assert code == 2 and "--group COLUMN" in said


def test_one_archive_for_all_does_not_hide_that_there_would_be_several() -> None:
    with pytest.raises(CertgenError, match="2 archives"):
        packing.parcels(_two(), "language", Path("all.zip"), "x")
    assert [parcel.label for parcel in packing.parcels(_two(), "none", Path("all.zip"), "x")] == [""]


def _two() -> list[Any]:
    from certgen.selection import Chosen

    one = Chosen(0, "0" * 16, "en", "completion", "Ana", "Ana", "", "", None, 0)
    return [one, one._replace(serial=1, language="fr")]


# --- the page ------------------------------------------------------------------------------------


def test_every_command_of_the_page_runs(examples: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "handing.md").read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 9 and all(line.startswith("certgen ") for line in commands)
    here = examples("occupational-safety")
    monkeypatch.chdir(here)
    for line in commands:
        runner = CliRunner()
        with runner.isolation() as (_, _, out):
            words = shlex.split(line)[1:]
            code = guarded(lambda words=words: cli.main(words, standalone_mode=False))  # type: ignore[misc]
            assert code == 0, (line, out.getvalue().decode("utf-8"))
    promised = re.findall(r"`(packed/\S+\.zip)`", page)
    assert len(promised) == 2 and all((here / name).is_file() for name in promised)
    assert (here / "ruwi.zip").is_file() and (here / "soon.xlsx").is_file()
    table = page.partition("| you name | you get |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| [^|`]*`([^`]+)`", table, re.MULTILINE)
    assert len(named) == 8
    for number, words in enumerate(named):
        if "XXXX" not in words:
            wish = shlex.split(words) + ([] if words.endswith(("xlsx", "json")) else ["roster.xlsx"])
            with CliRunner().isolation() as (_, _, out):
                said = ["pack", "-o", f"named {number}.zip", "--by", "none", *wish]
                code = guarded(lambda said=said: cli.main(said, standalone_mode=False))  # type: ignore[misc]
                assert code == 0, (words, out.getvalue().decode("utf-8"))
    assert {path.suffix for path in (here / "pictures").iterdir()} == {".png"}
