"""The benchmark runs, and what its contestants make is what it says; nothing here is timed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> str:
    """What ``python -m benchmarks.batch`` prints."""
    command = [sys.executable, "-m", "benchmarks.batch", "--rounds", "1", "--large", "0", "--jobs", "1"]
    sizes = ["--count", "6", "--peer-count", "4", "--plain-count", "2"]
    done = subprocess.run(
        [*command, *sizes, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("only", [["split_form"], ["page", "certgen", "floor"]])
def test_every_contestant_is_verified_and_measured(only: list[str], tmp_path: Path) -> None:
    """``verify`` reads name, code and QR code back from a file of each contestant, or ends the run."""
    printed = run("--only", *only, "--folder", str(tmp_path))
    rows = [line for line in printed.splitlines() if re.match(r"\| .*\d", line)]
    for needed in ("plain", "fastest peer", *(["certgen", "floor", "QR symbol"] if "certgen" in only else ["form"])):
        assert any(needed in row for row in rows), printed
    assert not list(tmp_path.iterdir()), "the benchmark leaves nothing behind"


def test_figures_go_between_the_markers() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert re.findall(r"<!-- /?benchmark -->", page) == ["<!-- benchmark -->", "<!-- /benchmark -->"]
    assert "python -m benchmarks.batch" in page
    assert re.findall(r"<!-- /?printing -->", page) == ["<!-- printing -->", "<!-- /printing -->"]
    assert "python -m benchmarks.printing" in page


def test_printing_is_measured(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.printing", "--count", "6", "--rounds", "1", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\| 6 \| [\d,]+ \|", done.stdout, re.MULTILINE), done.stdout
    assert not list(tmp_path.iterdir()), "the benchmark leaves nothing behind"
