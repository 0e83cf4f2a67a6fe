"""A roster pasted on standard input: previewed, checked, its problems reported, like one in a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from academy import ROSTER, Academy
from judges import sound
from openpyxl import load_workbook


@pytest.fixture
def academy(tmp_path: Path) -> Academy:
    made = Academy(tmp_path / "academy")
    made.roster.unlink()
    return made


def certgen(academy: Academy, *arguments: str, text: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "certgen", *arguments]
    return subprocess.run(
        command, input=text.encode(), capture_output=True, check=False, cwd=academy.course.parent, timeout=60
    )


PASTED = ROSTER.replace(",", "\t")  # as a spreadsheet copies it


def test_what_is_pasted_is_previewed(academy: Academy) -> None:
    done = certgen(academy, "preview", "-", text=PASTED)
    assert (done.returncode, done.stderr) == (0, b"")
    folder = academy.course.parent
    sound((folder / "roster-preview.pdf").read_bytes())
    assert (folder / "roster-preview.png").is_file()
    assert "Олена Коваль" in done.stdout.decode()


def test_a_bad_row_that_is_pasted_does_not_keep_the_others_from_being_seen(academy: Academy) -> None:
    done = certgen(academy, "preview", "-", text=PASTED + "\tnobody@example.org\t90\t90\n")
    assert done.returncode == 5
    words = " ".join(done.stdout.decode().split())
    assert "standard input, A6 This row has no name." in words
    assert (academy.course.parent / "roster-preview.pdf").is_file()


def test_the_report_of_what_is_pasted_has_its_cells_and_notes(academy: Academy) -> None:
    text = PASTED + "\tnobody@example.org\t90\t90\n"
    done = certgen(academy, "check", "-", "--report", "problems.xlsx", text=text)
    assert done.returncode == 3
    book = load_workbook(academy.course.parent / "problems.xlsx")
    page = book["roster"]
    assert [page.cell(row, 1).value for row in range(1, 6)] == [line.split("\t")[0] for line in text.splitlines()[:5]]
    comment = page["A6"].comment
    assert comment is not None and "has no name" in comment.text
