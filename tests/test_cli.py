"""The commands as a coordinator and as a program see them."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from academy import COURSE, ROSTER, Academy
from click.testing import CliRunner

from certgen import cli
from certgen.batch import BatchResult, Counts
from certgen.cli import guarded
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.screen import Screen
from certgen.telling import place, printable

HEAVY = (
    "icu",
    "uharfbuzz",
    "reportlab",
    "pikepdf",
    "openpyxl",
    "python_calamine",
    "rich",
    "PIL",
    "qrcode",
    "markdown_it",
    "tomlkit",
)


@pytest.fixture
def academy(tmp_path: Path) -> Academy:
    return Academy(tmp_path / "academy")


def certgen(*arguments: str | Path, cwd: Path | None = None, width: int = 80) -> subprocess.CompletedProcess[str]:
    """A run of the command itself, as a user starts it."""
    command = [sys.executable, "-m", "certgen", *map(str, arguments)]
    env = os.environ | {"COLUMNS": str(width), "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=cwd, env=env)


@pytest.mark.parametrize("arguments", [["--help"], ["batch", "--help"], ["schema", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom certgen.cli import cli\n"
        f"try: cli.main({arguments!r}, standalone_mode=False)\n"
        "finally: print('\\nLOADED', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.rpartition("LOADED")[2].split()
    assert not set(loaded) & set(HEAVY)


def test_json_is_one_object_of_the_promised_shape_and_nothing_else(academy: Academy) -> None:
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\n")
    done = certgen("batch", academy.roster, "--json", "--skip-problems")
    assert done.returncode == 5
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert list(told) == ["version", "status", "counts", "certificates", "not_awarded", "problems", "sheet"]
    assert told["version"] == 1
    assert told["status"] == "partial"
    assert list(told["counts"]) == [
        *("recipients", "issued", "unchanged", "restored", "not_awarded", "skipped", "failed")
    ]
    keys = ["row", "name", "code", "award", "language", "file", "sha256", "state"]
    assert [list(entry) for entry in told["certificates"]] == [keys] * 3
    assert [list(entry) for entry in told["not_awarded"]] == [["row", "name", "reason"]]
    keys = ["severity", "file", "line", "key", "sheet", "cell", "row", "code", "message", "hint"]
    assert {tuple(problem) for problem in told["problems"]} == {tuple(keys)}
    assert "Олена Коваль" in done.stdout


def test_json_of_a_refusal(academy: Academy) -> None:
    academy.write_course(COURSE.replace("issued = 2026-04-10", ""))
    done = certgen("batch", academy.roster, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["certificates"]) == (3, "refused", [])
    assert told["problems"][0]["key"] == "issued"


def test_people_see_a_plan_a_summary_and_reasons(academy: Academy) -> None:
    done = certgen("batch", "course/roster.csv", cwd=academy.folder)
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    for said in (
        "Fair recruitment",
        "roster.csv, 4 people",
        "2 achievement, 1 participation",
        "10 April 2026",
        "Bo Li",
        "attendance 79.9 % is below 80 %",
        "3 made",
        "A secret was made",
        "A signing key was made",
    ):
        assert said in words
    again = certgen("batch", "course/roster.csv", cwd=academy.folder)
    assert "3 already there and unchanged" in " ".join(again.stdout.split())
    assert "secret" not in again.stdout


@pytest.mark.parametrize("width", [60, 80, 120])
def test_problems_stand_in_a_table_no_wider_than_the_terminal(academy: Academy, width: int) -> None:
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\n" + "A\u202eB,x@example.org,90,90,,\n")
    done = certgen("batch", academy.roster, width=width)
    assert done.returncode == 3
    assert max(len(line) for line in done.stdout.splitlines()) <= width
    assert "\u202e" not in done.stdout
    assert "Nothing was made" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_wrong_day_is_a_usage_error(academy: Academy) -> None:
    done = certgen("batch", academy.roster, "--issued", "10/04/2026")
    assert done.returncode == 2
    assert "2026-04-10" in done.stderr


def test_names_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\u202ec\u200bd") == "a<U+001B>[31mb<U+202E>c<U+200B>d"
    assert printable("می\u200cخواهم ひ é") == "می\u200cخواهم ひ é"


def test_a_place_is_told_in_words() -> None:
    assert (
        place(Problem(code="x", message="", file="/a/roster.xlsx", sheet="People", cell="C7", row=7))
        == "roster.xlsx, People, C7"
    )
    assert (
        place(Problem(code="x", message="", file="/a/course.toml", line=12, key="hours"))
        == "course.toml, line 12, hours"
    )


@pytest.mark.parametrize("kind", ["course", "issuer", "layout"])
def test_schemas_are_json(kind: str) -> None:
    done = CliRunner().invoke(cli.cli, ["schema", kind], standalone_mode=False)
    assert json.loads(done.output)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_layouts_are_listed() -> None:
    from certgen import layout

    done = CliRunner().invoke(cli.cli, ["layouts"], standalone_mode=False)
    assert [line.split()[0] for line in done.output.splitlines()] == layout.bundled()


# --- the boundary ----------------------------------------------------------------------------


def raises(error: BaseException) -> int:
    def work() -> None:
        raise error

    return guarded(work)


def test_whatever_is_raised_becomes_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(code="x", message="The layout is wrong.", hint="Mend it.", exit_code=ExitCode.LAYOUT)
    assert raises(CertgenError(problem)) == 4
    assert capsys.readouterr().err == "The layout is wrong. Mend it.\n"
    assert raises(KeyboardInterrupt()) == 130
    assert "Traceback" not in capsys.readouterr().err
    assert raises(ValueError("inside")) == 1
    err = capsys.readouterr().err
    assert "Traceback" not in err
    report = Path(err.strip().rpartition(": ")[2])
    assert "ValueError: inside" in report.read_text(encoding="utf-8")
    report.unlink()


def test_exit_codes_of_results() -> None:
    def result(status: str, *codes: ExitCode) -> int:
        problems = [Problem(code="x", message="", exit_code=code) for code in codes]
        return BatchResult(status=status, counts=Counts(), problems=problems).exit_code  # type: ignore[arg-type]

    assert result("done") == 0
    assert result("partial", ExitCode.LAYOUT) == 5
    assert result("refused", ExitCode.LAYOUT, ExitCode.ROSTER) == 3
    assert result("refused", ExitCode.LAYOUT) == 4


def test_every_exit_code_is_documented() -> None:
    text = (Path(__file__).parent.parent / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"| {code.value} |" in text


def test_the_reference_is_what_the_commands_say() -> None:
    docs = Path(__file__).parent.parent / "docs"
    done = subprocess.run(
        [sys.executable, "-c", "import cli_reference; print(cli_reference.reference(), end='')"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=docs,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert (docs / "cli.md").read_text(encoding="utf-8") == done.stdout, "run: python docs/cli_reference.py"


def test_the_documented_object_has_the_fields_of_the_real_one(academy: Academy) -> None:
    text = (Path(__file__).parent.parent / "docs" / "json.md").read_text(encoding="utf-8")
    documented = json.loads(text.partition("```json")[2].partition("```")[0])
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\n")
    real = json.loads(certgen("batch", academy.roster, "--json", "--skip-problems").stdout)
    assert list(documented) == list(real)
    assert list(documented["counts"]) == list(real["counts"])
    for field in ("certificates", "not_awarded", "problems"):
        assert list(documented[field][0]) == list(real[field][0])


def test_people_are_told_what_falls_back_and_what_is_assumed(academy: Academy) -> None:
    academy.write_course(COURSE.partition("[[awards]]")[0].replace("languages =", 'venue = "Online"\nlanguages ='))
    words = " ".join(certgen("batch", academy.roster, "--dry-run").stdout.split())
    assert "so everyone gets a certificate of completion" in words
    assert "Not translated into French, so in the first language: title, venue." in words


def test_whatever_falls_back_is_told_however_much_it_is(academy: Academy) -> None:
    extra = 'venue = "Online"\nprogramme = "Fairness"\ndated = "Turin"\nsummary = "Why"\nskills = ["Asking"]\n'
    extra += 'occupations = ["Inspector"]\nlanguages ='
    titled = COURSE.replace('kind = "achievement"', 'kind = "achievement"\ntitle = "Certificate of merit"')
    academy.write_course(titled.replace("languages =", extra))
    words = " ".join(certgen("batch", academy.roster, "--dry-run").stdout.split())
    told = words.partition("in the first language: ")[2]
    assert told.startswith("programme, venue, dated, summary, skills, occupations, awards.achievement.title.")


def test_the_day_of_issue_is_asked_until_it_is_a_day() -> None:
    with CliRunner().isolation(input="today\n10/04/2026\n2026-04-10\n") as streams:
        assert Screen(ask=True).ask_issued() == date(2026, 4, 10)
        assert streams[0].getvalue().count(b"is not a day") == 2
    for typed in ("10 April 2026", "10.4.2026", "10 de abril de 2026"):
        with CliRunner().isolation(input=f"{typed}\n"):
            assert Screen(ask=True).ask_issued() == date(2026, 4, 10)
    assert Screen(ask=False).ask_issued() is None


def test_a_terminal_shows_progress_with_rate_and_time_left() -> None:
    from rich.console import Console

    out = io.StringIO()
    with Screen(ask=False) as screen:
        screen._console = Console(file=out, force_terminal=True, width=80, highlight=False)
        screen.progress(0, 1000)
        screen.progress(500, 1000)
        assert screen._bar
        screen._bar[0].refresh()
    shown = out.getvalue()
    assert "500/1000" in shown
    assert re.search(r"\d a second,", shown)
    assert re.search(r"(\d\d|--):(\d\d|--) left", re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown))


def test_a_full_disk_is_told_by_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    import errno

    def work() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "site")

    assert guarded(work) == 5
    said = capsys.readouterr().err
    assert "the disk is full" in said and "mistake in certgen" not in said
