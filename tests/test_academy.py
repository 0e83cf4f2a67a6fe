"""certgen init: what it makes works as it stands, whatever is typed, and nothing is written over."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl import load_workbook

from certgen import academy, batch, intake
from certgen import course as courses
from certgen.academy import Answers, quoted
from certgen.columns import HEADERS
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.roster import empty_roster, read_roster

ANSWERS = Answers(
    name='The "Best" Academy \\ of Žižkov',
    verify_url="https://verify.best-academy.cz",
    languages=("en", "fr"),
    code="S-1",
    title="Safety & Health: première",
    hours=Decimal("22.5"),
    start=date(2026, 3, 2),
    end=date(2026, 3, 27),
    issued=date(2026, 5, 1),
)
FLAGS = ["--name", "Best Academy", "--verify-url", "https://verify.best-academy.cz", "--title", "Safety", "--code", "S"]


def certgen(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "certgen", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, cwd=cwd, stdin=subprocess.DEVNULL
    )


def test_what_is_made_says_what_was_answered(tmp_path: Path) -> None:
    begun = academy.begin(tmp_path / "ac", ANSWERS, windows=False)
    problems: list[Problem] = []
    issuer = courses.load_issuer(tmp_path / "ac" / "issuer.toml", problems)
    course = courses.load_course(begun.roster.with_name("course.toml"), problems)
    assert problems == []
    assert issuer is not None and course is not None
    assert (issuer.name, issuer.verify_url) == (ANSWERS.name, ANSWERS.verify_url)
    assert (course.code, course.hours, course.start, course.end, course.issued, course.languages) == (
        ANSWERS.code,
        ANSWERS.hours,
        ANSWERS.start,
        ANSWERS.end,
        ANSWERS.issued,
        ANSWERS.languages,
    )
    assert course.editions["en"].title == ANSWERS.title
    assert [rule.kind for rule in course.awards] == ["achievement", "participation"]


def test_every_example_in_the_files_can_have_its_mark_taken_off(tmp_path: Path) -> None:
    begun = academy.begin(tmp_path / "ac", ANSWERS, windows=False)
    for path in (tmp_path / "ac" / "issuer.toml", begun.roster.with_name("course.toml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text(
            "\n".join(
                line[2:] if line.startswith("# ") and ("=" in line or line.startswith("# [")) else line
                for line in lines
            ),
            encoding="utf-8",
        )
    for name in ("logo.svg", "signature.png"):
        for folder in (tmp_path / "ac", begun.roster.parent):
            (folder / name).write_bytes(b"x")
    problems: list[Problem] = []
    assert courses.load_issuer(tmp_path / "ac" / "issuer.toml", problems) is not None
    assert courses.load_course(begun.roster.with_name("course.toml"), problems) is not None
    assert [problem.message for problem in problems if problem.severity == "error"] == []


@given(st.text())
def test_whatever_is_typed_stays_itself_in_toml(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == "".join(
        "\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text
    )


def test_the_example_is_nobody_and_is_told(tmp_path: Path) -> None:
    begun = academy.begin(tmp_path / "ac", ANSWERS, windows=False)
    result = batch.run(intake.Options(roster=begun.roster))
    assert [problem.code for problem in result.problems] == ["example-row"]
    assert (result.status, result.exit_code) == ("refused", ExitCode.ROSTER)
    book = load_workbook(begun.roster)
    page = book["People"]
    page.append(["Ana Díaz", "ana@example.org", "007", "fr", "yes", 81])
    book.save(begun.roster)
    result = batch.run(intake.Options(roster=begun.roster))
    assert [(problem.code, problem.severity) for problem in result.problems] == [("example-row", "warning")]
    assert [(entry.name, entry.award, entry.language) for entry in result.certificates] == [
        ("Ana Díaz", "achievement", "fr")
    ]
    page["A2"], page["B2"] = "Bo Li", "bo@example.org"
    book.save(begun.roster)
    assert [entry.name for entry in batch.run(intake.Options(roster=begun.roster)).certificates] == [
        "Bo Li",
        "Ana Díaz",
    ]


def test_the_roster_has_lists_and_notes(tmp_path: Path) -> None:
    begun = academy.begin(tmp_path / "ac", ANSWERS, windows=False)
    page = load_workbook(begun.roster)["People"]
    headers = [cell.value for cell in page[1]]
    assert headers == ["Full name", "E-mail", "ID", "Language", "Completed", "Score", "Award"]
    assert all(cell.comment for cell in page[1])
    lists = {str(rule.sqref)[0]: rule.formula1 for rule in page.data_validations.dataValidation}
    assert lists == {"D": '"en,fr"', "E": '"yes,no"', "G": '"achievement,participation"'}
    assert page["C3"].number_format == "@"  # leading zeros stay
    one = academy.begin(
        tmp_path / "one", Answers(name="A", verify_url="https://v.a.org", code="1", title="T"), windows=False
    )
    assert "Language" not in [cell.value for cell in load_workbook(one.roster)["People"][1]]


@pytest.mark.parametrize("tongue", ["en", "es", "fr", "ar", "pt-BR"])
def test_the_roster_speaks_the_first_language_and_is_read_back(tmp_path: Path, tongue: str) -> None:
    answers = replace(ANSWERS, languages=(tongue, "it"))
    begun = academy.begin(tmp_path / "ac", answers, windows=False)
    problems: list[Problem] = []
    drawn = intake.draft(intake.Options(roster=begun.roster), problems)
    assert drawn is not None and drawn.jobs == drawn.others == ()
    assert [problem.code for problem in problems if problem.severity == "error"] == ["example-row"]
    book = load_workbook(begun.roster)
    page = book.worksheets[0]
    english = empty_roster(("en", "it"))
    words = [str(cell.value) for cell in page[1]]
    notes = [cell.comment.text for cell in page[1] if cell.comment]
    first = load_workbook(io.BytesIO(english)).worksheets[0]
    theirs = [str(cell.value) for cell in first[1]], [cell.comment.text for cell in first[1] if cell.comment]
    if tongue in ("en", "pt-BR"):
        assert (words, notes) == theirs
    else:
        assert len(notes) == len(words) == 7 and set(words).isdisjoint(theirs[0]) and set(notes).isdisjoint(theirs[1])
    assert bool(page.sheet_view.rightToLeft) is (tongue == "ar")
    lists = {
        str(rule.sqref)[0]: str(rule.formula1).strip('"').split(",") for rule in page.data_validations.dataValidation
    }
    yes, no = lists["E"]
    header = {**dict(zip("ABCDEFG", words, strict=True)), "H": HEADERS["reason"].get(tongue, ("Reason",))[0]}
    page["H1"] = header["H"] if tongue != "ar" else "السبب"
    achievement, participation = lists["G"]
    page["A2"] = "Bo Li"
    page.append(["Ana Díaz", "ana@example.org", "007", "it", yes, 81, None])
    page.append(["Luc Roy", "luc@example.org", None, None, no, None, achievement, "Jury"])
    page.append(["Zoë Ward", "zoe@example.org", None, tongue, no, None, participation, "Jury"])
    book.save(begun.roster)
    problems.clear()
    course = courses.load_course(begun.roster.parent / "course.toml", problems)
    people = read_roster(begun.roster, course, problems)
    assert people is not None and not has_errors(problems), problems
    assert list(people.columns) == ["name", "email", "id", "language", "completed", "score", "award", "reason"]
    assert [(one.name, one.id, one.language, one.completed, one.score, one.award) for one in people.recipients] == [
        ("Bo Li", None, None, True, 81, None),
        ("Ana Díaz", "007", "it", True, 81, None),
        ("Luc Roy", None, None, False, None, "achievement"),
        ("Zoë Ward", None, tongue, False, None, "participation"),
    ]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    first = academy.begin(tmp_path / "ac", ANSWERS, windows=True)
    before = {path: path.read_bytes() for path in first.made}
    for path in first.made:
        path.write_bytes(b"name = 'mine'\nverify_url='https://v.a.org'" if path.name == "issuer.toml" else b"mine")
    again = academy.begin(tmp_path / "ac", ANSWERS, windows=True)
    assert again.made == []
    assert set(again.kept) == set(before)
    assert not [path for path in before if b"mine" not in path.read_bytes()]


def test_another_course_joins_the_academy(tmp_path: Path) -> None:
    academy.begin(tmp_path / "ac", ANSWERS, windows=False)
    done = certgen("init", "ac", "--title", "Another", "--code", "A-1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "ac" / "another" / "course.toml").exists()
    assert "was there already" in done.stdout


def test_answers_that_certgen_would_refuse_are_told_by_flag(tmp_path: Path) -> None:
    wrong = Answers(name="A", verify_url="ftp://a", code="S", title="T", start=date(2026, 5, 1), end=date(2026, 4, 1))
    with pytest.raises(CertgenError) as caught:
        academy.begin(tmp_path / "ac", wrong, windows=False)
    assert {problem.key for problem in caught.value.problems} >= {"--verify-url", "--end"}
    assert caught.value.exit_code is ExitCode.USAGE
    assert not (tmp_path / "ac").exists()


def test_where_nobody_can_be_asked_the_flags_are_named(tmp_path: Path) -> None:
    done = certgen("init", "ac", "--title", "T", cwd=tmp_path)
    assert done.returncode == 2
    assert "--name, --verify-url, --code" in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_flags_are_enough(tmp_path: Path) -> None:
    done = certgen("init", "an academy", *FLAGS, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert 'certgen batch "' in done.stdout  # a path with a space can be pasted
    shown = certgen("preview", tmp_path / "an academy" / "safety" / "roster.xlsx", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "2 pages, marked SPECIMEN" in shown.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")
def test_on_a_terminal_the_rest_is_asked(tmp_path: Path) -> None:
    import pty
    import select

    answers = ["", "Best Academy", "", "no address", "https://verify.best.org", "Safety", "S-1", "english?", "en fr",
               "x", "12,5", "2026-03-02", "", "soon", "2026-05-01"]  # fmt: skip
    pid, terminal = pty.fork()
    if pid == 0:  # the child
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "certgen", "init"])
    told = b""
    waiting = iter(answers)
    ends = time.monotonic() + 60
    try:
        while time.monotonic() < ends:
            ready, _, _ = select.select([terminal], [], [], 1.0)
            if not ready:
                continue
            try:
                part = os.read(terminal, 4096)
            except OSError:  # the child has ended
                break
            if not part:
                break
            told += part
            if told.endswith(b": "):
                os.write(terminal, next(waiting, "").encode() + b"\n")
    finally:
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
    text = told.decode("utf-8", "replace")
    assert os.waitstatus_to_exitcode(status) == 0, text
    for said in ("is not a web address", "are not tags", "is not a number of hours", "is not a day"):
        assert said in text
    course = tomllib.loads((tmp_path / "academy" / "safety" / "course.toml").read_text(encoding="utf-8"))
    assert (course["hours"], course["start"], course["issued"], course["languages"]) == (
        12.5,
        date(2026, 3, 2),
        date(2026, 5, 1),
        ["en", "fr"],
    )
    assert "end" not in course


def test_the_windows_file_takes_any_path() -> None:
    data = academy.command_file("C:\\Program Files\\100% Python\\python.exe")
    text = data.decode("utf-8")
    assert not data.startswith(b"\xef\xbb\xbf")  # cmd.exe would take the mark for a command
    assert text.count("\r\n") == text.count("\n")
    lines = text.split("\r\n")
    assert lines[0] == "@echo off"
    assert 'set "PYTHON=C:\\Program Files\\100%% Python\\python.exe"' in lines
    assert lines.index("chcp 65001 >nul") < lines.index('set "ROSTER=%~1"')
    assert all('"%ROSTER%"' in line for line in lines if "certgen batch" in line)
    assert "(" not in "".join(line for line in lines if not line.startswith(("rem", "echo")))  # a path may hold one
    labels = {line[1:] for line in lines if line.startswith(":")}
    assert {line.split("goto ")[1] for line in lines if "goto " in line} <= labels
    assert lines[-2] == "pause"
