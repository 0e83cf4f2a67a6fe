"""Fixtures that every test may use: system programs, the examples, and what lies beside the checkout.

A test that needs a program of the system asks for it with ``tool("qpdf")``. On a user's machine a
missing program skips the test and says what to install; with ``CERTGEN_REQUIRE_TOOLS=1``, as in
CI, it fails, so that no promise goes unchecked there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
from hypothesis import settings

# No deadlines: machines differ. CI tries the same examples every time; elsewhere each run looks for new ones.
settings.register_profile(
    "certgen",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    max_examples=int(os.environ.get("CERTGEN_EXAMPLES", "40")),  # CI asks for 100
)
settings.load_profile("certgen")

# No test, and no command that a test runs, writes into the keyring of whoever runs the tests.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = os.environ.get("CERTGEN_REQUIRE_TOOLS") == "1"

EXAMPLES = sorted(course.parent.name for course in (ROOT / "roster_examples").glob("*/course.toml"))
LAYOUTS = ("classic", "modern", "record")
RECORD = {"classic": ["--record"], "modern": ["--record"], "record": []}  # flags that bring the record pages
MADE_FILES = shutil.ignore_patterns("certificates", "*-manifest.json", "certgen.secret")

# program -> the Debian package that brings it
PACKAGES = {
    "age": "age",
    "chromium": "chromium",
    "exim4": "exim4-daemon-light",
    "fc-match": "fontconfig",
    "gs": "ghostscript",
    "java": "default-jre-headless",
    "mutool": "mupdf-tools",
    "mvn": "maven",
    "pdfdetach": "poppler-utils",
    "pdffonts": "poppler-utils",
    "pdfinfo": "poppler-utils",
    "pdfsig": "poppler-utils",
    "pdftocairo": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "qpdf": "qpdf",
    "unzip": "unzip",
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
        shutil.copytree(source, target, ignore=MADE_FILES)
        return target

    return copy


@pytest.fixture(scope="session")
def example_names() -> list[str]:
    """Every example that has a course, without the large one."""
    return EXAMPLES


class Made(NamedTuple):
    """What one run of ``certgen batch --json`` left."""

    folder: Path
    told: dict[str, Any]

    def samples(self) -> list[dict[str, Any]]:
        """The rows of one certificate of each blank (award and language) and of each script that names are in."""
        chosen: dict[tuple[str, ...], dict[str, Any]] = {}
        for row in self.told["certificates"]:
            scripts = {unicodedata.name(letter, "?").split()[0] for letter in row["name"] if letter.isalpha()}
            for key in [(row["award"], row["language"]), *((script,) for script in sorted(scripts))]:
                chosen.setdefault(key, row)
        return list({row["file"]: row for row in chosen.values()}.values())

    def path(self, row: dict[str, Any]) -> Path:
        """Where a certificate lies."""
        return self.folder / Path(row["file"]).name


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Made]:
    """``made("online-academy", "classic", "--record")``: an example's certificates, made once for all tests."""
    runs: dict[tuple[str, ...], Made] = {}

    def run(example: str, layout: str, *flags: str) -> Made:
        key = (example, layout, *flags)
        if key not in runs:
            home = tmp_path_factory.mktemp(f"{example}-{layout}") / example
            shutil.copytree(ROOT / "roster_examples" / example, home, ignore=MADE_FILES)
            out = home / "certificates"
            command = [sys.executable, "-m", "certgen", "batch", str(home / "roster.xlsx"), "--layout", layout]
            done = subprocess.run(
                [*command, "--out", str(out), "--json", *flags],
                capture_output=True,
                encoding="utf-8",
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUTF8": "1"},
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, f"{key} exits {done.returncode}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
            runs[key] = Made(out, json.loads(done.stdout))
        return runs[key]

    return run
