"""Promises of the project itself: floors, a light start, what the wheel holds, and pages that do not drift."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import certgen

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = {
    "PIL",
    "cProfile",
    "concurrent.futures.process",
    "hypothesis",
    "icu",
    "markdown_it",
    "multiprocessing",
    "openpyxl",
    "pikepdf",
    "python_calamine",
    "qrcode",
    "reportlab",
    "rich",
    "tomlkit",
    "uharfbuzz",
    "xml.etree",
}
FOLDERS = [".ci", "benchmarks", "certgen", "docs", "layouts", "roster_examples", "tests"]


def written(*suffixes: str) -> list[Path]:
    """The project's own files with one of these suffixes."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")] + list(ROOT.glob("*"))
    made = {"__pycache__", "cache", "certificates"}
    return sorted(p for p in files if p.is_file() and p.suffix in suffixes and not made & set(p.parts))


def test_imports_point_downward_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore"},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["batch", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        f"import sys\nsys.argv = ['certgen', *{arguments!r}]\nfrom certgen.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('\\n' + ' '.join(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "certgen.cli" in loaded
    assert not loaded & HEAVY


def test_what_certgen_imports_is_declared() -> None:
    """A fresh environment has the declared dependencies and no others."""

    def named(texts: list[str]) -> set[str]:
        return {re.split(r"[^\w.-]", text)[0].lower().replace("_", "-") for text in texts}

    declared = named(PYPROJECT["project"]["dependencies"])
    pades = named(PYPROJECT["project"]["optional-dependencies"]["pades"])
    brought_by = packages_distributions()
    for path in (ROOT / "certgen").rglob("*.py"):
        for name in {module.split(".")[0] for module in imported(path)} - {*sys.stdlib_module_names, "certgen"}:
            homes = {home.lower().replace("_", "-") for home in brought_by.get(name, [name])}
            wanted = declared | pades if path.name == "pades.py" else declared
            assert homes & wanted, f"{path.relative_to(ROOT)} imports {name}"


def imported(path: Path) -> set[str]:
    """The modules that a file imports, dotted."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_certgen_knows_no_network() -> None:
    """README: nothing leaves the user's computer, but for what asks a named address: a site, a time stamp, the mail
    server that issuer.toml names."""
    asking = {"site/live.py", "site/serve.py", "verify/source.py", "pades.py", "cli/site.py"}
    asking |= {"mail/smtp.py", "mail/dialogue.py"}
    network = {
        "asyncio",
        "ftplib",
        "http",
        "httpx",
        "requests",
        "smtplib",
        "socket",
        "ssl",
        "urllib.request",
        "webbrowser",
    }
    for path in (ROOT / "certgen").rglob("*.py"):
        if path.relative_to(ROOT / "certgen").as_posix() in asking:
            continue
        found = {n for n in imported(path) if n in network or n.split(".")[0] in network}
        assert not found, path.relative_to(ROOT)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel as hatchling builds it, without a network."""
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(ROOT))
    folder = tmp_path_factory.mktemp("wheel")
    (path,) = builder.build(directory=str(folder), versions=["standard"])
    return zipfile.ZipFile(path)


def test_wheel_holds_layouts_fonts_and_licences(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for kind in ("layouts", "fonts"):
        files = [p for p in (ROOT / kind).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        assert files
        for path in files:
            inside = f"certgen/_assets/{path.relative_to(ROOT).as_posix()}"
            assert inside in names
            assert wheel.getinfo(inside).file_size == path.stat().st_size
    for family in {n.split("/")[3] for n in names if n.startswith("certgen/_assets/fonts/") and n.count("/") > 3}:
        texts = [n for n in names if n.startswith(f"certgen/_assets/fonts/{family}/") and n.endswith(".txt")]
        assert any("licen" in wheel.read(n).decode("utf-8", "replace").lower() for n in texts), family
    assert any(n.endswith(".dist-info/licenses/LICENSE") for n in names)


def test_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {n.split("/")[0] for n in names} == {"certgen", f"certgen-{certgen.__version__}.dist-info"}
    assert not [n for n in names if "__pycache__" in n or n.endswith((".pyc", ".secret"))]
    sources = {p.relative_to(ROOT).as_posix() for p in (ROOT / "certgen").rglob("*") if p.suffix == ".py"}
    assert sources <= names


def blocks(language: str) -> list[str]:
    """The README's fenced blocks in a language."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [block.strip() for block in re.findall(rf"^```{language}$\n(.*?)^```$", text, re.M | re.S)]


def test_readme_opens_with_a_picture_and_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.match(r"!\[[^\]]+\]\(docs/pictures/\S+\)", text)
    install, test = blocks("sh")
    assert "\n" not in install and "\n" not in test
    assert "certgen batch roster_examples/" in install
    roster = ROOT / re.search(r"certgen batch (\S+)", install)[1]  # type: ignore[index]
    assert roster.is_file()
    assert test.endswith("pytest -n auto")


def test_readme_says_the_same_on_windows() -> None:
    for posix, windows in zip(blocks("sh"), blocks("bat"), strict=True):
        twin = posix.replace("python3 -m", "py -m").replace(".venv/bin/", ".venv\\Scripts\\").replace("'", "")
        assert windows == re.sub(r"(roster_examples\S+)", lambda m: m[1].replace("/", "\\"), twin)


def test_ci_runs_the_readme_commands() -> None:
    """.ci/run takes them from the README, so that what the reader is told is what has been tried."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for number in (1, 2):
        assert f'bash -euo pipefail -c "$(readme {number})"' in script
    extract = re.search(r"awk -v wanted=\S+ '([^']+)'", script)
    assert extract
    awk = shutil.which("awk")
    if awk is None:
        pytest.skip("awk is missing: it comes with every system but Windows")
    for number, command in enumerate(blocks("sh"), 1):
        asked = [awk, "-v", f"wanted={number}", extract[1], "README.md"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == command


def test_the_architecture_names_every_room_from_the_top_floor_down() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d| ) +\| (`.*?) \|", page, re.MULTILINE)
    named = {room: at for at, (_, rooms) in enumerate(rows) for room in re.findall(r"`([\w/]+)`", rooms)}
    floors = [int(floor) for floor, _ in rows if floor.strip()]
    assert floors == sorted(floors, reverse=True)
    there = {f"{path.name}/" if path.is_dir() else path.stem for path in (ROOT / "certgen").iterdir()}
    assert set(named) <= there, f"not there: {set(named) - there}"
    contract = next(c for c in PYPROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    layers = [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]
    wanted = {room for layer in layers for room in layer} - {"__main__"}
    wanted = {room for room in wanted if room[0] != "("} | {
        room.strip("()") for room in wanted if room.strip("()") in {name.rstrip("/") for name in there}
    }
    missing = wanted - {room.rstrip("/") for room in named}
    assert not missing, f"add to docs/architecture.md: {missing}"


def test_changelog_tells_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (unreleased|\d{4}-\d\d-\d\d)$", text, re.M)
    assert versions[0][0] == certgen.__version__


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
    for path in written(".py", ".md", ".toml", ".txt", ".xml", ".html"):
        assert not mark.search(path.read_text(encoding="utf-8")), path.relative_to(ROOT)


def anchors(page: Path) -> set[str]:
    """The anchors that a Markdown page's headings get."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in found}


def test_links_between_pages_lead_somewhere() -> None:
    for page in written(".md"):
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            lands = (page.parent / path).resolve() if path else page
            assert lands.exists(), f"{page.relative_to(ROOT)} links to {target}"
            if anchor and lands.suffix == ".md":
                assert anchor in anchors(lands), f"{page.relative_to(ROOT)} links to {target}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, new = set(), {ROOT / "README.md"}
    while new:
        page = new.pop()
        reached.add(page)
        targets = re.findall(r"\]\(([^)\s#:]+\.md)", page.read_text(encoding="utf-8"))
        new |= {found for target in targets if (found := (page.parent / target).resolve()).is_file()} - reached
    pages = {*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"}
    assert not pages - reached, sorted(str(page.relative_to(ROOT)) for page in pages - reached)
