"""What is done to a batch, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import NamedTuple

from certgen.registry import FILE
from tests.faults.grounds import CODES, Ground, Told, another_course, left_running, roster

PASSPHRASE = "four little words here"
ERRORS = {
    "open": ("EIO", "EACCES", "EMFILE", "ENOSPC"),
    "write": ("EIO", "ENOSPC", "EDQUOT"),
    "fsync": ("EIO", "ENOSPC"),
    "syncfs": ("EIO", "ENOSPC"),
    "replace": ("EIO", "ENOSPC", "EROFS"),
    "mkdir": ("EIO", "ENOSPC", "EACCES", "EROFS"),
    "unlink": ("EIO",),
}
SYSTEM_CALLS = "write,pwrite64,fsync,fdatasync,ftruncate,rename,link,unlink,unlinkat,rmdir,mkdir,syncfs"
REGISTRY_CALLS = ("pwrite64", "fdatasync", "ftruncate", "fsync", "unlink")


class Outcome(NamedTuple):
    """``struck``: the fault came before the command was done. ``faults``: what was found; nothing, if all is well."""

    trial: str
    what: str
    struck: bool
    faults: list[str]


class Trial(NamedTuple):
    name: str
    run: Callable[[], Outcome]


class Campaign:
    """Trials on copies of one academy, in ``place``; the same ones for the same seed."""

    def __init__(self, place: Path, people: int, seed: int, *, here: bool = False) -> None:
        self.place, self.people = place, people
        self.piece = max(10, people // 20)
        self.random = random.Random(seed)
        self.seen: set[str] = set()
        self.strace = _found_strace()
        self._numbers = count(1)
        self.ground = Ground(place / "begun", people, here=here)
        self.new = Ground(place / "new", min(people, 200), begun=False, here=here)
        self.done = self.ground.copy(place / "done")
        counts = place / "counts.json"
        told = self.done.batch(plan=self.done.plan(counts=str(counts)))
        assert told.code == 0, told.words
        assert self.done.faults(self.seen) == []
        self.calls: dict[str, int] = json.loads(counts.read_text())
        self.seconds = told.seconds
        self.system_calls = self._system_calls() if self.strace else {}

    def _system_calls(self) -> dict[str, int]:
        """How many of each there are below the academy's folder and in the registry ("registry:fsync")."""
        ground, file = self.ground.copy(self.home()), self.place / "strace.txt"
        assert self.strace is not None
        command = [self.strace, "-f", "-y", "-qq", "-o", str(file), "-e", f"trace={SYSTEM_CALLS}"]
        assert ground.batch(under=command).code == 0
        found: Counter[str] = Counter()
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            name = line.split("(")[0].split()[-1]
            found[name] += 1
            found[f"registry:{name}"] += f"/{FILE}" in line
        shutil.rmtree(ground.home)
        return {name: number for name, number in found.items() if number}

    def home(self) -> Path:
        return self.place / f"{next(self._numbers):05}"

    # --- killed ----------------------------------------------------------------------------------

    def kills(self, points: int) -> Iterator[Trial]:
        """By the clock, by the number of a call, and, where strace is there, by the number of a system call."""
        for number in range(points):
            if number % 4 == 0:
                yield self.killed_by_clock(jobs=1 + number % 8 // 4)
            elif number % 4 == 3 and self.strace:
                yield self.killed_at_system_call(self.strace)
            else:
                yield self.killed_at_call(jobs=1 + (number % 8 == 6), new=number % 8 == 5)

    def killed_by_clock(self, jobs: int) -> Trial:
        """At any moment from when it takes the lease."""
        home, after = self.home(), self.random.uniform(0, self.seconds * 0.8)

        def run() -> Outcome:
            ground = self.ground.copy(home)
            how = {"plan": ground.plan(piece=self.piece)} if jobs > 1 else {}
            told = ground.batch("--jobs", str(jobs), kill=(True, after), **how)
            return self._next("kill -9 by the clock", f"{after:.2f} s, {jobs} processes", ground, told)

        return Trial("killed by the clock", run)

    def killed_at_call(self, jobs: int, *, new: bool) -> Trial:
        kind, at = self._drawn(self.calls)
        if new:  # which has fewer people
            at = 1 + at * self.new.people // (self.people + 1)
        act = self.random.choice(["kill", "after", "half"])
        home = self.home()

        def run() -> Outcome:
            ground = (self.new if new else self.ground).copy(home)
            plan = ground.plan(kind=kind, at=at, act=act, piece=self.piece if jobs > 1 else 0)
            told = ground.batch("--jobs", str(jobs), plan=plan)
            what = f"{act} at {kind} {at}, {jobs} processes" + (", a new academy" if new else "")
            return self._next("kill -9 at the n-th call", what, ground, told)

        return Trial("killed at a call", run)

    def killed_at_system_call(self, strace: str) -> Trial:
        """Inside SQLite too."""
        calls, at = self._drawn({name: n for name, n in self.system_calls.items() if ":" not in name})
        home = self.home()

        def run() -> Outcome:
            ground = self.ground.copy(home)
            told = ground.batch(under=_strace(strace, calls, f"signal=SIGKILL:when={at}"))
            return self._next("kill -9 at the n-th system call", f"{calls} {at}", ground, told)

        return Trial("killed at a system call", run)

    def _drawn(self, calls: Mapping[str, int]) -> tuple[str, int]:
        """One call: half of them from all alike, half from all kinds alike, as some calls are rare."""
        kinds, weights = list(calls), None if self.random.random() < 0.5 else list(calls.values())
        (kind,) = self.random.choices(kinds, weights)
        return kind, self.random.randint(1, calls[kind])

    def _next(self, name: str, what: str, ground: Ground, told: Told) -> Outcome:
        """After a kill: nothing half done, and the next run finishes."""
        found = [f"still running: {each}" for each in left_running(told.process)]
        if told.killed:
            found += ground.between(self.seen, ground.home / "copy")
        elif told.code != 0:  # it was a worker that was killed
            found += self._told(told)
        return self._finished(name, what, ground, told.code != 0, found)

    def _finished(self, name: str, what: str, ground: Ground, struck: bool, found: list[str]) -> Outcome:
        again = ground.again()
        if again.code != 0:
            found.append(f"the next run ends with {again.code}: {again.words}")
        found += ground.faults(self.seen)
        if not found:
            shutil.rmtree(ground.home)
        return Outcome(name, what, struck, found)

    def _told(self, told: Told) -> list[str]:
        """Whether a fault was told in words, and by an exit code that says what it is."""
        found = [] if told.code in CODES else [f"exit code {told.code}"]
        if "Traceback" in told.err + told.out or "mistake in certgen" in told.words or len(told.words) < 20:
            found.append("no sentence")
        return [f"{each}: {told.words[-400:]}" for each in found]

    # --- refused ---------------------------------------------------------------------------------

    def refusals(self, points: int) -> Iterator[Trial]:
        """A full disk, folders that may not be written, too few files, calls that fail."""
        yield self.read_only("academy")
        yield self.read_only("certificates")
        for number in range(points):
            if number % 6 == 0:
                yield self.full_disk()
            elif number % 6 == 1:
                yield self.small_files()
            elif number % 6 == 2:
                yield self.few_files()
            elif number % 6 == 3 and self.strace:
                yield self.registry_fails(self.strace)
            else:
                yield self.call_fails(jobs=1 + number % 2)

    def full_disk(self) -> Trial:
        at, home = self.random.randint(1, self.calls["write"]), self.home()

        def run() -> Outcome:
            ground = self.ground.copy(home)
            told = ground.batch(plan=ground.plan(kind="write", at=at, onward=True, act="ENOSPC"))
            return self._refused("full disk", f"from write {at} on", ground, told)

        return Trial("full disk", run)

    def small_files(self) -> Trial:
        """No file may grow beyond a size: the first that would is the registry, or its log."""
        size, home = self.random.randint(1, 600) * 1000, self.home()

        def run() -> Outcome:
            ground = self.ground.copy(home)
            told = ground.batch(plan=ground.plan(size=size))
            return self._refused("no file may grow", f"beyond {size} bytes", ground, told)

        return Trial("no file may grow", run)

    def few_files(self) -> Trial:
        jobs = self.random.choice([1, 2])
        files, home = self.random.randint(4, 9) if jobs == 1 else self.random.randint(8, 24), self.home()

        def run() -> Outcome:
            ground = self.ground.copy(home)
            plan = ground.plan(files=files, piece=self.piece if jobs > 1 else 0)
            told = ground.batch("--jobs", str(jobs), plan=plan)
            return self._refused("too many open files", f"{files} at most, {jobs} processes", ground, told)

        return Trial("too many open files", run)

    def call_fails(self, jobs: int) -> Trial:
        kind = self.random.choice([kind for kind in self.calls if kind in ERRORS])
        at, act = self.random.randint(1, self.calls[kind]), self.random.choice(ERRORS[kind])
        home = self.home()

        def run() -> Outcome:
            ground = self.ground.copy(home)
            plan = ground.plan(kind=kind, at=at, act=act, piece=self.piece if jobs > 1 else 0)
            told = ground.batch("--jobs", str(jobs), plan=plan)
            return self._refused("the n-th call fails", f"{act} at {kind} {at}, {jobs} processes", ground, told, kind)

        return Trial("the n-th call fails", run)

    def registry_fails(self, strace: str) -> Trial:
        call = self.random.choice([name for name in REGISTRY_CALLS if f"registry:{name}" in self.system_calls])
        at, act = self.random.randint(1, self.system_calls[f"registry:{call}"]), self.random.choice(["ENOSPC", "EIO"])
        onward, home = self.random.choice(["", "+"]), self.home()

        def run() -> Outcome:
            ground = self.ground.copy(home)
            files = [f"-P{ground.folder / FILE}{end}" for end in ("", "-wal", "-shm", "-journal")]
            told = ground.batch(under=[*_strace(strace, call, f"error={act}:when={at}{onward}"), *files])
            return self._refused("the registry's disk fails", f"{act} at {call} {at}{onward}", ground, told)

        return Trial("the registry's disk fails", run)

    def read_only(self, which: str) -> Trial:
        home = self.home()

        def run() -> Outcome:
            ground = self.ground.copy(home)
            folder = {"academy": ground.folder, "certificates": ground.academy.out}[which]
            folder.mkdir(exist_ok=True)
            folder.chmod(0o500)
            try:
                told = ground.batch(plan=ground.plan(powerless=True))
                found = [] if told.code else ["a folder that may not be written was written"]
                found += ground.between(self.seen, ground.home / "copy")
            finally:
                folder.chmod(0o700)
            outcome = self._refused("read-only folder", which, ground, told)
            return outcome._replace(faults=found + outcome.faults)

        return Trial("read-only folder", run)

    def _refused(self, name: str, what: str, ground: Ground, told: Told, kind: str = "") -> Outcome:
        """Told in words, nothing half done, and the next run finishes."""
        found = [f"still running: {each}" for each in left_running(told.process)]
        if told.code:
            found += self._told(told)
            found += ground.between(self.seen, ground.home / "copy")
            left = [path for path in ground.folder.rglob("*") if path.name.startswith(".certgen-")]
            left += list(ground.folder.rglob("*.part"))
            found += [f"left: {path.name}" for path in left if kind != "unlink"]
        return self._finished(name, what, ground, told.code != 0, found)

    # --- at once -----------------------------------------------------------------------------------

    def crowds(self) -> Iterator[Trial]:
        """Three batches at once: of one roster, of three rosters of one course, of three courses."""
        yield from map(self.crowd, ("one roster", "three rosters", "three courses"))

    def crowd(self, which: str) -> Trial:
        return Trial("three batches at once", lambda: self._crowd(which))

    def _crowd(self, which: str) -> Outcome:
        ground = self.ground.copy(self.home())
        rosters = [ground.academy.roster] * 3
        if which == "three rosters":
            for number in (1, 2):
                rosters[number] = ground.academy.roster.with_name(f"roster-{number}.csv")
                rosters[number].write_text(roster(self.people * number, self.people), encoding="utf-8")
        elif which == "three courses":
            rosters[1:] = [another_course(ground, number, self.people) for number in (2, 3)]
        people = self.people * len(set(rosters))
        found = []
        started = [ground.start("batch", str(path), "--json") for path in rosters]
        for process in started:
            out, err = process.communicate(timeout=300)
            told = Told(process.pid, process.returncode, out, err, 0)
            found += [] if told.code == 0 else [f"one ends with {told.code}: {told.words}"]
        folders = sorted({path.parent / "certificates" for path in rosters})
        found += ground.faults(self.seen, folders, people)
        for path in dict.fromkeys(rosters):
            counts = json.loads(ground.again(path).out)["counts"]
            found += [] if counts["unchanged"] == self.people else [f"and then: {counts}"]
        return Outcome("three batches at once", which, True, found)

    # --- flipped bits ------------------------------------------------------------------------------

    def flips(self, points: int) -> Iterator[Trial]:
        """A bit of the registry's file is another one; a quarter of them in its first page. Every other batch has
        somebody new to record."""
        for number in range(points):
            yield self.flipped(first_page=number % 4 == 3, new=number % 2 == 0)

    def flipped(self, *, first_page: bool, new: bool) -> Trial:
        size = (self.done.folder / FILE).stat().st_size
        at, bit = self.random.randrange(4096 if first_page else size), self.random.randrange(8)
        home = self.home()

        def run() -> Outcome:
            ground = self.done.copy(home)
            path = ground.folder / FILE
            if new:
                ground.academy.write_roster(roster(0, self.people + 1))
            data = bytearray(path.read_bytes())
            before = _dump(path)
            data[at] ^= 1 << bit
            path.write_bytes(data)
            harmless = _dump(path) == before
            batch = ground.again()
            doctor = ground.well("doctor", "--quick", "--folder", str(ground.folder))
            seen = [each for each in (batch, doctor) if each.code == 6 and "egistry" in each.words]
            found: list[str] = []
            if path.read_bytes() != data and not (new and batch.code == 0):
                found.append("the file was rewritten")
            if not seen and not harmless:
                found.append(f"not found: {batch.code}, {doctor.code}")
            found += [
                f"no sentence: {each.words[-300:]}"
                for each in (batch, doctor)
                if "Traceback" in each.err or each.code not in (0, 6) or "mistake in certgen" in each.words
            ]
            if not found:
                shutil.rmtree(home)
            what = f"bit {bit} of byte {at}" + (", somebody new" if new else "")
            return Outcome("flipped bit in the registry", what, bool(seen), found)

        return Trial("flipped bit", run)

    # --- clocks, computers -------------------------------------------------------------------------

    def others(self) -> Iterator[Trial]:
        yield self.clock()
        yield self.lost()

    def clock(self) -> Trial:
        return Trial("clock set back", self._clock)

    def lost(self) -> Trial:
        return Trial("laptop lost", self._lost)

    def _clock(self) -> Outcome:
        """Two years back, then three on, with a new person each time."""
        ground, found = self.done.copy(self.home()), []
        for days, people in ((-800, self.people + 1), (0, self.people + 1), (1100, self.people + 2)):
            ground.academy.write_roster(roster(0, people))
            told = ground.batch(plan=ground.plan(clock=days))
            counts = json.loads(told.out)["counts"]
            if told.code or counts["unchanged"] + counts["issued"] != people or counts["issued"] > 1:
                found.append(f"{days} days: {told.code}, {counts} {told.words}")
        some = [str(path) for path in sorted(ground.academy.out.glob("*.pdf"), key=os.path.getmtime)[-4:]]
        told = ground.well("verify", *some, "--folder", str(ground.folder))
        found += [] if told.code == 0 else [f"verify ends with {told.code}: {told.words[-300:]}"]
        found += ground.faults(self.seen, people=self.people + 2)
        return Outcome("clock set back", "and forward", True, found)

    def _lost(self) -> Outcome:
        """A backup restored in another folder: the next batch there is all "unchanged", its files are the same."""
        ground, other = self.done.copy(self.home()), self.done.at(self.home())
        file, words = str(other.home / "all.age"), {"CERTGEN_BACKUP_PASSPHRASE": PASSPHRASE}
        found = []
        before = ground.academy.files()
        for command in (
            ("backup", file, "--rosters", "--folder", str(ground.folder)),
            ("restore", file, str(other.folder)),
        ):
            told = ground.well(*command, environment=words)
            found += [] if told.code == 0 else [f"{command[0]} ends with {told.code}: {told.words}"]
        shutil.rmtree(ground.home)
        told = other.again()
        counts = json.loads(told.out)["counts"]
        if told.code or counts["unchanged"] != self.people or counts["issued"]:
            found.append(f"then: {told.code}, {counts} {told.words}")
        if other.academy.files() != before:
            found.append("the certificates are others")
        found += other.faults(self.seen)
        doctor = other.well("doctor", "--quick", "--folder", str(other.folder))
        found += [] if doctor.code == 0 else [f"doctor ends with {doctor.code}: {doctor.words}"]
        return Outcome("laptop lost, restored elsewhere", "", True, found)


def _strace(path: str, calls: str, fault: str) -> list[str]:
    return [path, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}"]


def _dump(path: Path) -> list[str]:
    """All that a registry says, whatever its file looks like; of one that cannot be read, why."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(shutil.copy(path, place))
        connection = sqlite3.connect(copy)
        try:
            return list(connection.iterdump())
        except (sqlite3.Error, ValueError, TypeError) as error:
            return [str(error)]
        finally:
            connection.close()


def _found_strace() -> str | None:
    """strace, where there is one that may trace."""
    path = shutil.which("strace")
    if path is None:
        return None
    tried = subprocess.run([path, "-qq", "-o", os.devnull, sys.executable, "-c", ""], capture_output=True, check=False)
    return path if tried.returncode == 0 else None
