"""What a terminal shows: tables whose words stay whole, places that can be read, nothing left out that is printed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from certgen.batch import BatchResult, Counts
from certgen.errors import Problem
from certgen.screen import Screen
from certgen.telling import beside, wrapped

WORDS = st.lists(st.text("abc-/._é日本", min_size=1, max_size=30), min_size=1, max_size=8)


@given(WORDS, st.integers(2, 40))
def test_wrapping_loses_nothing_and_parts_only_what_is_too_wide(words: list[str], width: int) -> None:
    lines = wrapped(" ".join(words), width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(words)
    pieces = [piece for line in lines for piece in line.split(" ")]
    for word in words:
        if cell_len(word) <= width:
            assert word in pieces


def test_what_is_too_wide_is_parted_at_a_seam() -> None:
    assert wrapped("meridian-training-roster.xlsx, People, C7", 20) == [
        "meridian-training-",
        "roster.xlsx, People,",
        "C7",
    ]
    assert wrapped("C:\\Users\\Ana\\logo.png", 13) == ["C:\\Users\\Ana\\", "logo.png"]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_word_of_the_table_is_cut_where_it_fits(width: int) -> None:
    screen, out = Screen(ask=False), io.StringIO()
    screen._console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    file = "/a/spring-roster_of_the_second-group-2026-03.xlsx"
    problem = Problem(
        code="x",
        message="The administration of immigration documentation is incomprehensible.",
        hint="Communicate responsibilities comprehensively.",
        file=file,
        sheet="Participants",
        cell="C7",
    )
    screen.problems([problem])
    shown = out.getvalue()
    assert max(map(cell_len, shown.splitlines())) <= width
    for word in (problem.message + " " + problem.hint).split():
        assert len(word) > 16 or word in shown.split()
    assert "Participants," in shown.split() and "C7" in shown.split()


def test_a_file_that_went_beside_another_is_told_with_the_reason(tmp_path: Path) -> None:
    assert beside(tmp_path / "roster-issued (2).xlsx") == ""  # no other is there: that is its name
    (tmp_path / "roster-issued.xlsx").touch()
    assert beside(tmp_path / "roster-issued.xlsx") == ""
    assert "as roster-issued.xlsx was there already" in beside(tmp_path / "roster-issued (2).xlsx")
    screen, out = Screen(ask=False), io.StringIO()
    screen._console = Console(file=out, width=200)
    screen.result(
        BatchResult(status="done", counts=Counts(issued=1), sheet=tmp_path / "roster-issued (2).xlsx", folder=tmp_path)
    )
    assert "roster-issued (2).xlsx, as roster-issued.xlsx was there already and is kept." in " ".join(
        out.getvalue().split()
    )
