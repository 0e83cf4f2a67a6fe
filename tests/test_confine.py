"""The process that reads: whatever a file makes of it, it ends alone, and says in words why."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from academy import ROSTER, Academy

from certgen import confine, workbook
from certgen.errors import Problem
from certgen.package import Limits
from certgen.workbook import read

HERE = Path(__file__).resolve().parent
MEMORY = 256 * 1024 * 1024


# --- what the child is asked to do in these tests --------------------------------------------


def echo(argument: str, data: bytes) -> Iterator[bytes]:
    print("chatter is no answer")
    yield argument.encode()
    yield data


def eat(argument: str, data: bytes) -> Iterator[bytes]:
    held = []
    while True:
        held.append(b"x" * 10_000_000)
        yield b""


def loop(argument: str, data: bytes) -> Iterator[bytes]:
    while True:
        time.sleep(0.01)
    yield b""


def abort(argument: str, data: bytes) -> Iterator[bytes]:
    yield b"first"
    os.abort()


def write(argument: str, data: bytes) -> Iterator[bytes]:
    try:
        Path(argument).write_bytes(b"x" * 2_000_000)
    except OSError:
        yield b"refused"
    else:
        yield b"written"


def call(name: str, argument: str = "", data: bytes = b"", seconds: float = 10.0) -> list[bytes]:
    return list(confine.call(f"test_confine:{name}", argument, data, memory=MEMORY, seconds=seconds))


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])


def test_data_goes_there_and_pieces_come_back() -> None:
    data = os.urandom(3_000_000)
    assert call("echo", "ñ\n“x”", data) == ["ñ\n“x”".encode(), data]


@pytest.mark.parametrize(
    ("name", "why"), [("eat", "memory"), ("loop", "time"), ("abort", "crash"), ("absent", "crash")]
)
def test_whatever_it_does_it_ends_alone(name: str, why: str) -> None:
    begun = time.monotonic()
    with pytest.raises(confine.Ended) as ended:
        call(name, seconds=2)
    assert ended.value.why == why
    assert time.monotonic() - begun < 6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured in /proc here")
def test_watching_the_memory_from_outside_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    # What macOS needs, tried here: no limit in the child, and a look at its resident memory from outside.
    monkeypatch.setitem(confine._RESIDENT, "linux", confine.linux_resident)
    with pytest.raises(confine.Ended) as ended:
        list(confine.call("test_confine:eat", "", b"", memory=1 << 40, seconds=0.0001))
    assert ended.value.why == "time"
    process = subprocess.Popen([sys.executable, "-c", "x = b'x' * 200_000_000; input()"], stdin=-1)
    watch = confine._Watch(process, 100_000_000, 20)
    try:
        process.wait(10)
        assert watch.verdict("").why == "memory"
    finally:
        watch.stop()
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits memory, not files")
def test_it_writes_no_large_files(tmp_path: Path) -> None:
    assert call("write", str(tmp_path / "big")) == [b"refused"]


def test_nothing_of_the_environment_or_the_current_folder_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "csv.py").write_text("raise SystemExit('not the right csv')", encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('nor this')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert call("echo", "fine") == [b"fine", b""]


def test_an_iterator_that_is_let_go_ends_the_process() -> None:
    pieces = confine.call("test_confine:loop_after_one", "", b"", memory=MEMORY, seconds=30)
    assert next(pieces) == b"one"
    begun = time.monotonic()
    pieces.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 5


def loop_after_one(argument: str, data: bytes) -> Iterator[bytes]:
    yield b"one"
    yield from loop(argument, data)


# --- the reader in it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "code"), [("memory", "too-much-memory"), ("time", "too-slow"), ("crash", "reader-failed")]
)
def test_each_end_has_a_sentence_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: confine.Why, code: str
) -> None:
    def ended(*_: object, **__: object) -> Iterator[bytes]:
        raise confine.Ended(why)
        yield b""

    monkeypatch.setattr(confine, "call", ended)
    path = tmp_path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000))
    problems: list[Problem] = []
    assert read(path, problems, limits=Limits(memory=64 << 20, seconds=3)) is None
    (problem,) = problems
    assert problem.code == code and problem.file == str(path) and problem.hint
    if why == "memory":
        assert "64 MB" in problem.message
    if why == "time":
        assert "3 seconds" in problem.message


def test_an_answer_that_is_none_is_no_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (b"", b"R\xc1", b"Z", b"H\x80", b"R\x91\x91\xd4\x01x"):
        monkeypatch.setattr(confine, "call", lambda *_, answer=answer, **__: iter([answer]))
        path = tmp_path / "a.xls"
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000))
        problems: list[Problem] = []
        assert read(path, problems) is None and [p.code for p in problems] == ["reader-failed"]


def test_workbooks_are_read_there_and_small_texts_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Name", 1.5])  # type: ignore[union-attr]
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "a.csv").write_text("Name\nAna\n", encoding="utf-8")
    called: list[str] = []
    real = confine.call
    monkeypatch.setattr(confine, "call", lambda task, *a, **k: called.append(task) or real(task, *a, **k))
    assert read(tmp_path / "a.xlsx", []) is not None and called == ["certgen.workbook:serve"]
    assert read(tmp_path / "a.csv", []) is not None and len(called) == 1
    monkeypatch.setattr(workbook, "_SMALL", 5)
    assert read(tmp_path / "a.csv", []) is not None and len(called) == 2


# --- as a coordinator asks for it ------------------------------------------------------------


def certgen(*arguments: str | Path, cwd: Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "certgen", *map(str, arguments)]
    return subprocess.run(command, input=data, capture_output=True, check=False, cwd=cwd)


def test_a_roster_pasted_on_standard_input(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    academy.roster.unlink()
    pasted = ROSTER.replace(",", "\t").encode()
    done = certgen("batch", "-", cwd=academy.course.parent, data=pasted)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    assert len(academy.files()) == 3
    done = certgen("check", "-", cwd=academy.course.parent, data=b"Name\tScore\nAna\t\xff\n")
    assert done.returncode == 3 and "standard input" in (done.stdout + done.stderr).decode()


def test_flags_reach_the_reader(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    text = "Liste;2026;\nWer;Punkte;Attendance\nJOSÉ VAN DER BERG;91;100\n"
    academy.roster.write_bytes(text.encode("cp1252"))
    flags = ["--encoding", "windows-1252", "--header-row", "2", "--map", "name=Wer", "--map", "score=B"]
    done = certgen("batch", academy.roster, *flags, "--delimiter", ";", "--title-case", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    (name,) = academy.files()
    assert name.startswith("José-van-der-Berg")
    for wrong in (["--map", "name"], ["--delimiter", "and"], ["--header-row", "0"], ["--map", "nom=Wer"]):
        assert certgen("batch", academy.roster, "--encoding", "windows-1252", *wrong, cwd=tmp_path).returncode == 2


def test_limits_of_reading_can_be_set(shared: Path, tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    hungry = shared / "rosters" / "npoi" / "51535.xls"
    done = certgen("batch", hungry, "--course", academy.course, "--read-memory", "128", cwd=tmp_path)
    assert done.returncode == 3 and "128 MB" in (done.stdout + done.stderr).decode()
