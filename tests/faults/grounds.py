"""Academies that things are done to, the command as anybody runs it, and a look through what is left."""

from __future__ import annotations

import gc
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pikepdf
from msgspec.structs import replace

from certgen import cli, keys
from certgen import course as courses
from certgen.errors import Problem
from certgen.registry import FILE, Registry
from tests.academy import COURSE, Academy
from tests.faults.child import VARIABLE, Plan

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 120  # seconds for one command
CODES = frozenset([3, 5, 6])
"""Exit codes that a fault may end in: something is in the way, partly done, the registry is out of order."""


class Told(NamedTuple):
    """How a command ended. ``killed``: by us."""

    process: int  # and its group
    code: int
    out: str
    err: str
    seconds: float

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def words(self) -> str:
        """What it said, in one line."""
        try:
            problems = json.loads(self.out)["problems"]
        except (ValueError, KeyError):
            return " ".join(f"{self.err} {self.out}".split())
        return " ".join(f"{each['message']} {each['hint']}" for each in problems if each["severity"] == "error")


class Ground:
    """An academy in a folder of its own, with one course of ``people``. ``begun``: it has its secret and its key.
    ``here``: commands to which nothing is done run in this process."""

    def __init__(self, home: Path, people: int, *, begun: bool = True, here: bool = False) -> None:
        self.home, self.here = home, here
        self.people = people
        self.academy = Academy(home / "academy")
        self.academy.write_roster(roster(0, people))
        self.scratch = home / "scratch"
        self.scratch.mkdir()
        if begun:
            _begin(self.academy.folder)

    def copy(self, home: Path) -> Ground:
        """The same, elsewhere."""
        shutil.copytree(self.home, home)
        return self.at(home)

    def at(self, home: Path) -> Ground:
        """What lies in another place."""
        other = object.__new__(Ground)
        other.home, other.here, other.people, other.scratch = home, self.here, self.people, home / "scratch"
        other.scratch.mkdir(parents=True, exist_ok=True)
        other.academy = object.__new__(Academy)
        for name, value in vars(self.academy).items():
            setattr(other.academy, name, home / value.relative_to(self.home))
        return other

    @property
    def folder(self) -> Path:
        return self.academy.folder

    # --- commands ------------------------------------------------------------------------------

    def batch(self, *more: str, **how: Any) -> Told:
        """``certgen batch``, to which something is done."""
        return self.run("batch", str(self.academy.roster), "--json", *more, **how)

    def again(self, roster: Path | None = None) -> Told:
        """The next ``certgen batch``."""
        return self.well("batch", str(roster or self.academy.roster), "--json")

    def well(self, *command: str, environment: dict[str, str] | None = None) -> Told:
        """A command to which nothing is done."""
        return (self.run_here if self.here else self.run)(*command, environment=environment)

    def run(
        self,
        *command: str,
        plan: Plan | None = None,
        kill: tuple[bool, float] | None = None,
        under: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> Told:
        """A command. ``kill``: -9 so many seconds after it began, or (True) after it took the registry's lease;
        ``under``: a program that runs it, such as strace."""
        begun = time.monotonic()
        process = self.start(*command, plan=plan, under=under, environment=environment)
        if kill is not None:
            threading.Thread(target=_kill, args=(process, self.folder / f"{FILE}-lock", *kill), daemon=True).start()
        try:
            out, err = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += "\nIt hung."
        return Told(process.pid, process.returncode, out, err, time.monotonic() - begun)

    def run_here(self, *command: str, environment: dict[str, str] | None = None) -> Told:
        """A command in this process, which has loaded everything before: four times as fast."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with _HERE:
            wanted = _QUIET | (environment or {})
            before = {name: os.environ.pop(name, None) for name in wanted}
            os.environ.update(wanted)
            tempfile.tempdir = str(self.scratch)
            try:
                with redirect_stdout(out), redirect_stderr(err):
                    code = cli.guarded(lambda: cli.cli.main(args=list(command), standalone_mode=False))
            finally:
                gc.collect()  # as if the process had ended
                tempfile.tempdir = None
                for name, value in before.items():
                    del os.environ[name]
                    if value is not None:
                        os.environ[name] = value
        said = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        return Told(os.getpid(), int(code), *said, 0)

    def start(
        self,
        *command: str,
        plan: Plan | None = None,
        under: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        more = {VARIABLE: msgspec.json.encode(plan).decode()} if plan else {}
        module = "tests.faults.child" if plan else "certgen"
        return subprocess.Popen(
            [*under, sys.executable, "-m", module, *command],
            cwd=ROOT,
            env=_ENVIRONMENT | _QUIET | {"TMPDIR": str(self.scratch)} | more | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )

    def plan(self, **given: Any) -> Plan:
        return Plan(inside=str(self.folder), **given)

    # --- what is left --------------------------------------------------------------------------

    def faults(self, seen: set[str], folders: Sequence[Path] = (), people: int = 0) -> list[str]:
        """What is not as it should be after a batch that was done; nothing, if all is well. ``seen``: digests of PDFs
        that were opened before."""
        problems: list[Problem] = []
        registry = Registry.open(self.folder, problems)
        if registry is None:
            return [problem.message for problem in problems] or ["There is no registry."]
        with registry:
            held = list(registry.all())
            found = [problem.message for problem in registry.check()]
        people = people or self.people
        if len(held) != people or any(row.state != "issued" for row in held):
            found.append(f"{len(held)} rows for {people} people, {sum(row.state == 'issued' for row in held)} issued")
        if len({row.code for row in held}) < people or len({row.person for row in held}) < people:
            found.append("two rows have one code, or one person")
        wanted = {FILE, ".gitignore", "issuer.toml", "certgen.secret", "keys", "course", "plain"}
        there = {path.name for path in self.folder.iterdir()}
        found += [f"stray: {name}" for name in there - wanted if not name.startswith("course-")]
        kept = sorted(path.suffix for path in (self.folder / "keys").iterdir() if path.name != ".gitignore")
        found += [] if kept == [".pem"] else [f"in the folder of keys: {kept}"]
        for folder in folders or [self.academy.out]:
            course = folder.parent.name  # the academy may have been elsewhere when they were made
            mine = {row.file: row.sha256 for row in held if Path(row.folder).parent.name == course}
            found += _folder_faults(folder, mine, seen)
        for path in self.scratch.iterdir():  # Python itself tries whether it can write there, with this word
            if not path.is_file() or path.read_bytes() not in (b"", b"blat"):
                found.append(f"stray, in the system's folder: {path.name}")
        return found

    def between(self, seen: set[str], place: Path) -> list[str]:
        """What is not as it should be at a moment when a batch was cut short: half a certificate, or one that the
        registry takes for issued and that is not there. The registry is looked at in a copy, lest looking should mend
        it."""
        found = []
        digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.academy.out.glob("*.pdf")}
        for name, digest in digests.items():
            found += _pdf_faults(self.academy.out / name, digest, seen)
        if not (self.folder / FILE).exists():
            return found
        place.mkdir()
        for path in self.folder.glob(f"{FILE}*"):
            if path.is_file() and not path.name.endswith("-lock"):
                shutil.copy(path, place)
        problems: list[Problem] = []
        registry = Registry.open(place, problems)
        if registry is None:
            return [*found, *(problem.message for problem in problems)]
        with registry:
            found += [problem.message for problem in registry.check() if problem.severity == "error"]
            for row in registry.all():
                if digests.get(row.file) != row.sha256:
                    found.append(f"{row.file} is issued and not there")
        shutil.rmtree(place)
        return found


_HERE = threading.Lock()
_ENVIRONMENT = dict(os.environ)
_QUIET = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "PYTHONUTF8": "1", "COLUMNS": "200"}


def roster(first: int, people: int) -> str:
    """A table of people, no two alike."""
    lines = [
        f"Person {number} Díaz,p{number}@example.org,91,100,{'fr' if number % 3 == 0 else 'en'},{number + 1}"
        for number in range(first, first + people)
    ]
    return "\n".join(["Name,E-mail,Score,Attendance,Language,Number", *lines, ""])


def another_course(ground: Ground, number: int, people: int) -> Path:
    """One more course in the academy; its roster."""
    folder = ground.folder / f"course-{number}"
    folder.mkdir()
    (folder / "course.toml").write_text(COURSE.replace("M-1", f"M-{number}"), encoding="utf-8")
    path = folder / "roster.csv"
    path.write_text(roster(0, people), encoding="utf-8")
    return path


def _begin(folder: Path) -> None:
    """The registry, the secret and the key of a new academy."""
    problems: list[Problem] = []
    registry = Registry.open(folder, problems, create=True)
    issuer = courses.load_issuer(folder / "issuer.toml", problems)
    assert registry is not None and issuer is not None, problems
    with registry, registry.writing():
        assert keys.secret(folder, registry, problems, create=True)
        key = keys.signing_key(folder, issuer, registry, problems, create=True)
        assert key and replace(issuer, key=key.key.public.multikey)


def _kill(process: subprocess.Popen[str], lease: Path, at_work: bool, after: float) -> None:
    while at_work and not lease.exists() and process.poll() is None:
        time.sleep(0.002)
    time.sleep(after)
    process.kill()


def left_running(group: int, patience: float = 5.0) -> list[int]:
    """Processes that outlive the command that started them, by /proc; where there is none, nobody looks."""
    proc = Path("/proc")
    until = time.monotonic() + patience
    while True:
        found = []
        for stat in proc.glob("[0-9]*/stat"):
            try:
                state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(its_group) == group and state != "Z":
                found.append(int(stat.parent.name))
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.05)


_BESIDE = re.compile(r"roster(-\d+)?(-manifest\.json|-issued( \(\d+\))?\.xlsx)")


def _folder_faults(folder: Path, mine: dict[str, str], seen: set[str]) -> list[str]:
    there = {path.name: path for path in folder.iterdir()}
    found = [f"missing: {name}" for name in mine.keys() - there.keys()]
    for name, path in there.items():
        if name not in mine and not _BESIDE.fullmatch(name):
            found.append(f"stray: {name}")
        elif name in mine:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest != mine[name]:
                found.append(f"{name} is not what the registry says")
            found += _pdf_faults(path, digest, seen)
    listed: set[str] = set()
    for path in folder.glob("*-manifest.json"):
        listed |= {each["file"] for each in json.loads(path.read_bytes())["certificates"]}
    if listed != mine.keys():
        found.append("the manifests do not list them all")
    return found


def _pdf_faults(path: Path, digest: str, seen: set[str]) -> list[str]:
    if digest in seen:
        return []
    try:
        with pikepdf.open(path) as document:
            document.pages[0].contents_coalesce()
            wrong = document.check_pdf_syntax()
    except pikepdf.PdfError as error:
        wrong = [str(error)]
    if not wrong:
        seen.add(digest)
    return [f"{path.name}: {each}" for each in wrong]
