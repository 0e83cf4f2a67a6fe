"""The fuzzer of the roster reader runs, and finds nothing in a few seconds; longer runs are by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_the_fuzzer_finds_nothing(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not there: pip install atheris (Linux and macOS)")
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.roster", "4", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not list(tmp_path.iterdir())
