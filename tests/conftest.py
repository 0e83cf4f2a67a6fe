"""Fixtures that every test may use: system programs, the examples, and what lies beside the checkout.

A test that needs a program of the system asks for it with ``tool("qpdf")``. On a user's machine a
missing program skips the test and says what to install; with ``CERTGEN_REQUIRE_TOOLS=1``, as in
CI, it fails, so that no promise goes unchecked there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = os.environ.get("CERTGEN_REQUIRE_TOOLS") == "1"

# program -> the Debian package that brings it
PACKAGES = {
    "fc-match": "fontconfig",
    "gs": "ghostscript",
    "java": "default-jre-headless",
    "mutool": "mupdf-tools",
    "mvn": "maven",
    "pdffonts": "poppler-utils",
    "pdfinfo": "poppler-utils",
    "pdftocairo": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "qpdf": "qpdf",
    "zbarimg": "zbar-tools",
}


def missing(what: str, remedy: str) -> NoReturn:
    """Skips the running test, or fails it where everything must be there."""
    if REQUIRED:
        pytest.fail(f"{what} is missing: {remedy}", pytrace=False)
    pytest.skip(f"{what} is missing: {remedy}")


def tool(name: str) -> str:
    """The path of a system program; skips or fails the running test without it."""
    path = shutil.which(name)
    if path is None:
        missing(name, f"install {PACKAGES.get(name, name)} (apt, brew or winget)")
    return path


@pytest.fixture(name="tool")
def _tool() -> Callable[[str], str]:
    """The function ``tool(name)``."""
    return tool


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of background material beside the checkout; skips where there is none."""
    folder = ROOT.parent / "shared"
    if not (folder / "docs").is_dir():
        pytest.skip("the folder ../shared is not beside this checkout")
    return folder


@pytest.fixture
def examples(tmp_path: Path) -> Callable[[str], Path]:
    """``examples("online-academy")``: that example's folder as a temporary copy, free to write in."""

    def copy(name: str) -> Path:
        source = ROOT / "roster_examples" / name
        if not source.is_dir():
            pytest.fail(f"there is no example called {name}", pytrace=False)
        target = tmp_path / "roster_examples" / name
        shutil.copytree(
            source, target, ignore=shutil.ignore_patterns("certificates", "*-manifest.json", "certgen.secret")
        )
        return target

    return copy


@pytest.fixture(scope="session")
def example_names() -> list[str]:
    """Every example that has a course, without the large one."""
    return sorted(course.parent.name for course in (ROOT / "roster_examples").glob("*/course.toml"))
