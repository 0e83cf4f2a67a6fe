"""What was issued, told: lists, stories, tables, figures, copies; and personal data erased."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from academy import COURSE, ROSTER, Academy
from click.testing import CliRunner
from openpyxl import load_workbook

from certgen import batch, codes, records
from certgen.cli import cli, guarded
from certgen.errors import CertgenError, Problem
from certgen.intake import Options
from certgen.records import Filter, erasure, tables
from certgen.registry import Held, Registry
from certgen.registry.outbox import Key, Result, Wish

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An academy whose first batch is made: Ana, Olena, Chidi; Bo Li was not awarded one."""
    academy = Academy(tmp_path_factory.mktemp("first") / "academy")
    assert batch.run(Options(roster=academy.roster, jobs=1)).status == "done"
    return academy.folder.rename(academy.folder.with_name("put away"))


class Desk(Academy):
    """A copy of the first academy with its registry open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.course = folder / "course" / "course.toml"
        self.roster = folder / "course" / "roster.csv"
        self.out = folder / "course" / "certificates"
        self.layout = folder / "plain" / "layout.toml"
        opened = Registry.open(folder, [])
        assert opened is not None
        self.registry = opened

    def batch(self, **options: Any) -> None:
        result = batch.run(Options(roster=self.roster, jobs=1, **options))
        assert result.status == "done", result.problems

    def find(self, **wish: Any) -> list[Held]:
        return list(records.find(self.registry, Filter(**wish), TODAY))

    def names(self, **wish: Any) -> list[str]:
        return [held.content.name if held.content else "" for held in self.find(**wish)]

    def one(self, name: str, state: str = "issued") -> Held:
        (held,) = [held for held in self.registry.all(name=name) if held.state == state]
        return held

    def run(self, *words: str) -> tuple[int, str]:
        """A command's exit code, and all that it said."""
        runner = CliRunner()
        with runner.isolation() as (_, _, out):
            code = guarded(lambda: cli.main([*words, "--folder", str(self.folder)], standalone_mode=False))
            return code, out.getvalue().decode("utf-8").replace("\xa0", " ")


@pytest.fixture
def desk(first: Path, tmp_path: Path) -> Iterator[Desk]:
    """Moved: what the registry says of folders is not true any more."""
    shutil.copytree(first, tmp_path / "moved")
    made = Desk(tmp_path / "moved")
    yield made
    made.registry.close()


def replaced(desk: Desk) -> tuple[Held, Held]:
    """Ana's certificate is replaced by one with another score, and Olena's revoked."""
    desk.write_roster(ROSTER.replace("91,100", "92,100"))
    desk.batch(on_change="replace")
    desk.registry.revoke([desk.one("Олена Коваль").serial], "Plagiarism", TODAY)
    return desk.one("Ana Díaz", "replaced"), desk.one("Ana Díaz")


def test_the_story_of_a_replaced_one_ends_with_its_replacement(desk: Desk) -> None:
    old, new = replaced(desk)
    first, then = (desk.run("show", held.code)[1] for held in (old, new))
    assert first.index("made from roster.csv") < first.index("replaced by another one, made from roster.csv")
    assert "made from roster.csv" in then and "replaced by another" not in then


# --- lists -----------------------------------------------------------------------------------


def test_every_flag_narrows_the_list(desk: Desk) -> None:
    replaced(desk)
    assert desk.names() == ["Ana Díaz", "Олена Коваль", "Chidi Okafor", "Ana Díaz"]
    assert desk.names(state="valid") == ["Chidi Okafor", "Ana Díaz"]
    assert desk.names(state="replaced") == ["Ana Díaz"]
    assert desk.names(state="revoked") == ["Олена Коваль"]
    assert desk.names(name="diaz") == ["Ana Díaz"] * 2
    assert desk.names(course="M-1", since=date(2026, 4, 10), until=date(2026, 4, 10)) == desk.names()
    assert desk.names(course="M-2") == desk.names(since=date(2026, 4, 11)) == desk.names(until=date(2026, 4, 9)) == []


def test_a_certificate_is_valid_on_its_last_day_and_expired_the_day_after(desk: Desk) -> None:
    desk.write_course(COURSE.replace("issued = 2026-04-10", 'issued = 2026-04-10\nexpires = "2 years"'))
    desk.batch(on_change="replace")
    held = desk.one("Ana Díaz")
    assert held.expires == date(2028, 4, 10)
    assert records.state_of(held, date(2028, 4, 10)) == "valid"
    assert records.state_of(held, date(2028, 4, 11)) == "expired"


def test_list_says_who_what_when_and_in_which_state(desk: Desk) -> None:
    _, new = replaced(desk)
    code, said = desk.run("list")
    assert code == 0
    assert f"{codes.grouped(new.code)}  2026-04-10  valid     M-1     Ana Díaz\n" in said
    assert [line.split()[2] for line in said.splitlines()[1:5]] == ["replaced", "revoked", "valid", "valid"]
    assert said.splitlines()[5] == "4 certificates: 2 valid, 1 replaced, 1 revoked."
    assert "The courses here are: M-1." in desk.run("list", "--course", "m1")[1]


def test_list_for_programs_has_everything(desk: Desk) -> None:
    code, said = desk.run("list", "--json", "--name", "ana")
    (told,) = json.loads(said)["certificates"]
    held = desk.one("Ana Díaz")
    assert code == 0 and tuple(told) == records.FIELDS
    assert (told["code"], told["state"], told["hours"], told["issued"]) == (
        codes.grouped(held.code), "valid", 40, "2026-04-10",
    )  # fmt: skip
    assert (told["email"], told["grade"], told["sha256"]) == ("ana@example.org", "91", held.sha256)
    assert held.payload not in said  # whoever has it could pass for whoever has the certificate


def test_a_name_cannot_write_into_the_terminal(desk: Desk) -> None:
    from rich.console import Console

    from certgen.cli.records import columns

    out = io.StringIO()
    columns(Console(file=out), ("Name",), [("A\x1b[31m\u202eB\nC",)], elastic=(0,))
    assert out.getvalue().splitlines()[1] == "A<U+001B>[31m<U+202E>B C"


def test_a_table_fits_a_narrow_terminal_and_is_whole_elsewhere(desk: Desk) -> None:
    from rich.cells import cell_len
    from rich.console import Console

    from certgen.cli.records import columns

    rows = [("AAAA", "山田" * 20, "x" * 30, "2026-04-10")]
    for terminal in (True, False):
        out = io.StringIO()
        columns(Console(file=out, width=60, force_terminal=terminal, color_system=None),
                ("Code", "Name", "Course", "Issued"), rows, elastic=(1, 2))  # fmt: skip
        lines = out.getvalue().splitlines()
        assert all(cell_len(line) <= 60 for line in lines) is terminal
        assert lines[1].endswith("2026-04-10") and ("…" in lines[1]) is terminal


# --- one certificate -------------------------------------------------------------------------


def test_the_whole_story_of_a_certificate(desk: Desk) -> None:
    old, new = replaced(desk)
    story = records.story(desk.registry, desk.folder, new, TODAY)
    assert (story.state, story.file_state) == ("valid", "there")
    assert story.file == desk.out / new.file
    chidi = desk.one("Chidi Okafor")
    assert records.located(chidi, desk.folder) == (desk.out / chidi.file, "there")  # now, not where it was put
    assert Path(chidi.folder) != desk.out
    assert [held.code for held in story.chain] == [old.code, new.code]
    assert story.key is not None and story.key.state == "active"
    before = records.story(desk.registry, desk.folder, old, TODAY)
    assert [event.kind for event in before.events] == ["batch", "batch"]
    assert [event.kind for event in story.events] == ["batch"]


@pytest.mark.parametrize("form", ["{}", "{:.4}", "lower", "file", "url", "payload"])
def test_show_understands_a_code_however_it_is_said(desk: Desk, form: str) -> None:
    held = desk.one("Ana Díaz")
    said = {
        "{}": held.code,
        "{:.4}": codes.grouped(held.code).replace("-", " "),
        "lower": codes.grouped(held.code).lower().replace("0", "o").replace("1", "l"),
        "file": str(desk.out / held.file),
        "url": f"https://verify.meridian-training.org/v#{held.code}",
        "payload": held.url,
    }[form]
    code, told = desk.run("show", said)
    assert code == 0 and "VALID" in told and codes.grouped(held.code) in told and "Ana Díaz" in told


def test_show_tells_of_revoked_replaced_altered_and_missing(desk: Desk) -> None:
    old, new = replaced(desk)
    olena = desk.one("Олена Коваль", "revoked")
    said = desk.run("show", olena.code)[1]
    assert "REVOKED" in said and "Plagiarism" in said and "22 November 2026" in said
    said = desk.run("show", old.code)[1]
    assert "REPLACED" in said and codes.grouped(new.code) in said
    (desk.out / new.file).write_bytes(b"%PDF-1.7 something else")
    assert "altered" in desk.run("show", new.code)[1]
    (desk.out / new.file).unlink()
    assert "not there" in desk.run("show", new.code)[1]


def test_what_is_no_code_or_nobodys_is_said_so(desk: Desk) -> None:
    assert desk.run("show", "hello") == (
        2,
        "Error: “hello” is not a certificate's code. A code has 16 letters and digits: XXXX-XXXX-XXXX-XXXX.\n",
    )
    code, said = desk.run("show", "0" * 16)
    assert code == 2 and "No certificate with the code 0000-0000-0000-0000" in said


def test_show_for_programs(desk: Desk) -> None:
    old, new = replaced(desk)
    told = json.loads(desk.run("show", "--json", old.code)[1])["certificate"]
    assert (told["state"], told["replaced_by"]) == ("replaced", codes.grouped(new.code))
    assert [each["code"] for each in told["chain"]] == [codes.grouped(old.code), codes.grouped(new.code)]
    assert (told["roster"]["email"], told["roster"]["attendance"]) == ("ana@example.org", 100)
    assert told["file_state"] == "there" and told["history"][0]["what"] == "batch"


def test_show_tells_what_was_mailed_to_somebody(desk: Desk) -> None:
    held = desk.one("Ana")
    outbox, key = desk.registry.outbox(), Key(held.serial, "certificate")
    with outbox.sending():
        outbox.reserve([Wish(held.serial, "certificate", "<a@academy.test>", "ana@example.org")])
        outbox.commit([key], [])
        outbox.commit([], [Result(key, "refused", "550 5.1.1 No such user", 1)])
        outbox.finish({})
    assert "e-mail to ana@example.org refused: 550 5.1.1 No such user" in " ".join(
        desk.run("show", held.code)[1].split()
    )
    (message,) = json.loads(desk.run("show", "--json", held.code)[1])["certificate"]["messages"]
    assert (message["state"], message["to"], message["tries"]) == ("refused", "ana@example.org", 1)


# --- tables ----------------------------------------------------------------------------------


def test_an_export_has_every_certificate_in_each_format(desk: Desk, tmp_path: Path) -> None:
    replaced(desk)
    for suffix in tables.SUFFIXES:
        code, _ = desk.run("export", str(tmp_path / f"all{suffix}"))
        assert code == 0
    told = json.loads((tmp_path / "all.json").read_bytes())["certificates"]
    text = (tmp_path / "all.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    sheet = load_workbook(tmp_path / "all.xlsx").active
    assert sheet is not None
    head, *cells = sheet.iter_rows(values_only=True)
    assert tuple(told[0]) == tuple(lines[0]) == head == records.FIELDS
    names = [held.content.name for held in desk.registry.all() if held.content]
    assert [each["name"] for each in told] == [line["name"] for line in lines] == [row[2] for row in cells] == names
    assert cells[0][9] == 40  # a number, to be summed


def test_a_name_that_looks_like_a_formula_stays_text(desk: Desk) -> None:
    from msgspec.structs import replace

    held = desk.one("Ana Díaz")
    assert held.content is not None
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\tx"):
        evil = replace(held, content=replace(held.content, name=name))
        data, _ = tables.export([evil], ".csv", TODAY)
        (line,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        assert line["name"] == f"'{name}"
        data, _ = tables.export([evil], ".xlsx", TODAY)
        sheet = load_workbook(io.BytesIO(data)).active
        assert sheet is not None
        cell = sheet["C2"]
        assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", name, True)


def test_an_export_is_never_written_over_unasked(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("mine")
    assert desk.run("export", str(file))[0] == 2 and file.read_text() == "mine"
    assert desk.run("export", str(file), "--replace")[0] == 0 and file.read_text() != "mine"
    assert desk.run("export", str(tmp_path / "all.doc"))[0] == 2


def test_the_figures_of_a_year(desk: Desk) -> None:
    replaced(desk)
    told = tables.report(desk.registry, 2026)
    assert (told.issued, int(told.hours), told.not_awarded, told.revoked) == (3, 120, 1, 1)
    (line,) = told.courses
    assert (line.course, line.issued, int(line.hours), line.not_awarded, line.revoked) == ("M-1", 3, 120, 1, 1)
    assert line.title == "Fair recruitment"
    assert told.awards == {"achievement": 2, "participation": 1} and told.languages == {"en": 2, "fr": 1}
    assert told.months == {month: 3 if month == 4 else 0 for month in range(1, 13)}
    assert tables.report(desk.registry, 2020).courses == []


def test_replaced_ones_are_counted_in_the_year_in_which_they_were(desk: Desk) -> None:
    old, _ = replaced(desk)
    assert old.ended is not None
    assert tables.report(desk.registry, old.ended.year).replaced == 1
    assert tables.report(desk.registry, old.ended.year + 1).replaced == 0


def test_who_gets_one_in_a_later_batch_was_awarded_one(desk: Desk) -> None:
    assert tables.report(desk.registry, date.today().year).not_awarded == 1
    desk.write_roster(ROSTER.replace("79.9", "80"))
    desk.batch()
    assert tables.report(desk.registry, date.today().year).not_awarded == 0


def test_figures_outlive_the_personal_data(desk: Desk) -> None:
    before = tables.report(desk.registry, 2026)
    desk.registry.erase([held.serial for held in desk.registry.all()], names=["Bo Li"])
    assert tables.report(desk.registry, 2026) == before


def test_the_report_for_people_for_programs_and_as_a_table(desk: Desk, tmp_path: Path) -> None:
    code, said = desk.run("report", "--year", "2026", "--out", str(tmp_path / "2026.xlsx"))
    assert code == 0 and "Meridian Training Centre, 2026: 3 certificates" in said
    assert any(line.split() == ["M-1", "3", "120", "1", "0", "0", "Fair", "recruitment"] for line in said.splitlines())
    told = json.loads(desk.run("report", "--year", "2026", "--json")[1])
    assert (told["issued"], told["hours"], told["courses"][0]["issued"]) == (3, 120, 3)
    book = load_workbook(tmp_path / "2026.xlsx")
    assert [sheet.title for sheet in book] == ["Courses 2026", "Awards", "Languages", "Months"]
    assert [cell.value for cell in book["Courses 2026"][2]] == ["M-1", 3, 120, 1, 0, 0, "Fair recruitment"]


# --- copies ----------------------------------------------------------------------------------


def test_copies_are_byte_for_byte_what_was_issued_whatever_has_changed_since(desk: Desk, tmp_path: Path) -> None:
    files = desk.files()
    for path in desk.out.glob("*.pdf"):
        path.unlink()
    desk.write_course(COURSE.replace("Fair recruitment", "Something else"))
    desk.layout.write_text(desk.layout.read_text(encoding="utf-8").replace("size = 12", "size = 14"), encoding="utf-8")
    code, said = desk.run("copy", "--course", "M-1", "--out", str(tmp_path / "copies"))
    assert code == 0 and "3 certificates, byte for byte as issued" in " ".join(said.split())
    assert {path.name: path.read_bytes() for path in (tmp_path / "copies").iterdir()} == files


def test_a_copy_never_takes_another_files_place(desk: Desk, tmp_path: Path) -> None:
    held = desk.one("Ana Díaz")
    (tmp_path / held.file).write_text("mine")
    (made,) = records.copy(desk.registry, desk.folder, [held], tmp_path, [])
    assert made.file.name == f"{Path(held.file).stem} (2).pdf" and made.same
    assert (tmp_path / held.file).read_text() == "mine"


def test_other_bytes_are_told_and_the_issued_file_is_better(desk: Desk, tmp_path: Path, monkeypatch: Any) -> None:
    held = desk.one("Ana Díaz")
    original = (desk.out / held.file).read_bytes()
    monkeypatch.setattr("certgen.copies.Copier.pdf", lambda self, held: b"%PDF-1.7 by newer libraries")
    (made,) = records.copy(desk.registry, desk.folder, [held], tmp_path / "a", [])
    assert (made.same, made.kept, made.file.read_bytes()) == (True, True, original)
    (desk.out / held.file).unlink()
    (made,) = records.copy(desk.registry, desk.folder, [held], tmp_path / "b", [])
    assert (made.same, made.kept, made.file.read_bytes()) == (False, False, b"%PDF-1.7 by newer libraries")
    code, said = desk.run("copy", held.code, "--out", str(tmp_path / "c"))
    assert code == 0 and "1 certificate with the same content in other bytes" in " ".join(said.split())
    assert "their SHA-256 is not" in " ".join(said.split())


def test_what_was_erased_cannot_be_copied(desk: Desk, tmp_path: Path) -> None:
    held = desk.one("Ana Díaz")
    desk.registry.erase([held.serial])
    code, said = desk.run("copy", held.code, "--out", str(tmp_path / "copies"))
    assert code == 5 and "erased" in said and not list((tmp_path / "copies").iterdir())


def test_copy_wants_to_know_which(desk: Desk) -> None:
    assert desk.run("copy")[0] == 2
    assert desk.run("copy", "0" * 16, "--course", "M-1")[0] == 2


# --- erasing ---------------------------------------------------------------------------------


def everything(desk: Desk) -> bytes:
    desk.registry.close()
    return b"".join(path.read_bytes() for path in desk.folder.glob("certgen.db*"))


def test_nothing_of_a_person_is_left_in_the_registry(desk: Desk) -> None:
    held = desk.one("Ana Díaz")
    assert b"ana@example.org" in everything(desk)
    code, said = desk.run("erase", held.code, "--yes")
    assert code == 0 and "Erased from the registry: the personal data of 1 certificate." in said
    data = everything(desk)
    assert all(text.encode() not in data for text in ("Ana Díaz", "ana@example.org", held.payload, held.file))
    assert held.code.encode() in data
    assert desk.run("doctor", "--quick", "--json")[0] == 0


def test_nothing_is_erased_that_nobody_agreed_to(desk: Desk) -> None:
    held = desk.one("Ana Díaz")
    code, said = desk.run("erase", held.code)
    assert code == 2 and "--yes" in said and not desk.one("Ana Díaz").erased


def test_files_that_still_hold_the_name_are_listed_and_left(desk: Desk) -> None:
    held = desk.one("Ana Díaz")
    (desk.folder / "notes.txt").write_text("DÍAZ, Ana: asked for a copy\n", encoding="utf-8")
    (desk.folder / "other.txt").write_text("Ana Okafor\nChidi Díaz\n", encoding="utf-8")
    (desk.folder / "mail.eml").write_text("To: ANA@example.org\n", encoding="utf-8")
    (desk.folder / "old.age").write_bytes(b"age-encryption.org/v1")
    (desk.folder / "latin.csv").write_bytes("Name;Note\nAna Díaz;x\n".encode("cp1252"))
    told = erasure.traces(desk.folder, [held])
    where = {trace.path.relative_to(desk.folder).as_posix(): trace.why for trace in told.found}
    assert where == {
        f"course/certificates/{held.file}": "the certificate",
        "course/certificates/roster-issued.xlsx": "in its rows",
        "course/certificates/roster-manifest.json": "in its text",
        "course/roster.csv": "in its text",
        "latin.csv": "in its text",
        "mail.eml": "in its text",
        "notes.txt": "in its text",
        "old.age": "a backup, with the registry of its day",
    }
    assert not told.missed
    before = sorted(desk.folder.rglob("*.*"))
    code, said = desk.run("erase", held.code, "--yes")
    assert code == 0 and "8 files hold their names still" in said and "notes.txt" in "".join(said.split())
    assert [path for path in sorted(desk.folder.rglob("*.*")) if "certgen.db" not in path.name] == [
        path for path in before if "certgen.db" not in path.name
    ]


def test_looking_for_names_ends(desk: Desk, monkeypatch: Any) -> None:
    held = desk.one("Ana Díaz")
    monkeypatch.setattr(erasure, "MOST_FILES", 2)
    told = erasure.traces(desk.folder, [held])
    assert told.missed == ["There are too many files: only the first 2 were looked at."]
    monkeypatch.undo()
    monkeypatch.setattr(erasure, "LARGEST", 3)
    told = erasure.traces(desk.folder, [held])
    assert "not looked into" in told.missed[0]


def test_other_certificates_of_the_person_are_named_and_go_with_all(desk: Desk) -> None:
    old, new = replaced(desk)
    assert [held.code for held in erasure.others(desk.registry, [new])] == [old.code]
    code, said = desk.run("erase", new.code, "--yes")
    assert code == 0 and "may be the same people's" in said and codes.grouped(old.code) in said
    assert not desk.one("Ana Díaz", "replaced").erased
    assert desk.run("erase", "--name", "díaz ana", "--yes")[0] == 0
    assert all(held.erased for held in desk.registry.all() if held.code in (old.code, new.code))


def test_somebody_without_a_certificate_is_erased_from_history(desk: Desk) -> None:
    assert b"Bo Li" in everything(desk)
    code, said = desk.run("erase", "--name", "Bo Li", "--yes")
    assert code == 0 and "1 person without a certificate" in said
    assert b"Bo Li" not in everything(desk)
    assert "nothing to erase" in desk.run("erase", "--name", "Bo Li", "--yes")[1]


@pytest.mark.parametrize(
    ("retention", "today", "gone"),
    [("10 years", date(2036, 4, 10), 0), ("10 years", date(2036, 4, 11), 3), ("2 months", date(2026, 6, 11), 3),
     ("30 days", date(2026, 5, 10), 0), ("30 days", date(2026, 5, 11), 3)],
)  # fmt: skip
def test_retention_counts_from_the_day_of_issue(desk: Desk, retention: str, today: date, gone: int) -> None:
    assert len(list(erasure.overdue(desk.registry, retention, today))) == gone


def test_retention_counts_from_the_day_of_expiry_where_there_is_one(desk: Desk) -> None:
    desk.write_course(COURSE.replace("issued = 2026-04-10", 'issued = 2026-04-10\nexpires = "2 years"'))
    desk.batch(on_change="replace")
    due = list(erasure.overdue(desk.registry, "10 years", date(2037, 1, 1)))
    assert len(due) == 3 and all(held.state == "replaced" for held in due)
    assert len(list(erasure.overdue(desk.registry, "10 years", date(2038, 4, 11)))) == 6


def test_what_is_past_its_time_is_erased_and_the_rest_is_not(desk: Desk) -> None:
    code, said = desk.run("erase", "--expired", "--yes")
    assert code == 2 and "retention" in said
    file = desk.folder / "issuer.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + 'retention = "10 years"\n', encoding="utf-8")
    assert "nothing to erase" in desk.run("erase", "--expired", "--yes")[1]
    file.write_text(text + 'retention = "1 day"\n', encoding="utf-8")
    code, said = desk.run("erase", "--expired", "--yes")
    assert code == 0 and "3 certificates" in said
    assert all(held.erased for held in desk.registry.all())


def test_people_without_a_certificate_are_forgotten_after_the_same_time(desk: Desk) -> None:
    assert erasure.forgotten(desk.registry, "1 year", date.today()) == []
    assert erasure.forgotten(desk.registry, "1 year", date(date.today().year + 2, 1, 1)) == ["Bo Li"]


def test_the_file_of_an_unreadable_certificate_stops_with_words(desk: Desk) -> None:
    problems: list[Problem] = []
    held = desk.one("Ana Díaz")
    (desk.out / held.file).unlink()
    (desk.out / held.file).mkdir()
    assert records.located(held, desk.folder)[1] == "missing"
    try:
        list(records.copy(desk.registry, desk.folder, [held], desk.course, problems))
    except CertgenError as error:
        assert "folder for the copies cannot be made" in error.problems[0].message
    else:
        pytest.fail("a file is no folder")


def test_sha256_in_the_registry_is_the_files(desk: Desk) -> None:
    for held in desk.registry.all():
        assert sha256((desk.out / held.file).read_bytes()).hexdigest() == held.sha256
