"""certgen's command in a process in which something goes wrong: ``python -m tests.faults.child batch roster.csv``.

What goes wrong stands in the environment (``CERTGEN_FAULT``, a :class:`Plan` as JSON). Calls that write below one
folder are counted by kind, and the n-th fails, or is this process's last. certgen is not touched: it is ``open``,
``os``, ``sqlite3`` and ``syncfs`` that are others here, in its worker processes too, which import this module again.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import io
import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

VARIABLE = "CERTGEN_FAULT"
KINDS = ("open", "write", "fsync", "syncfs", "replace", "mkdir", "unlink", "statement", "commit")


class Plan(Struct, frozen=True, omit_defaults=True):
    """What is to go wrong below the folder ``inside``.

    ``kind``: of call, one of KINDS, or * for any. ``at``: the number of the call, from 1; with ``onward`` every later
    one too. ``act``: "kill" before the call, "after" it, "half" way through (a write), or the name of an error, such as
    ENOSPC. ``files``: most files open. ``size``: most bytes of a file. ``powerless``: root may no more than anybody
    else. ``clock``: days from today. ``piece``: certificates a worker gets at a time. ``counts``: where to say how many
    calls there were.
    """

    inside: str
    kind: str = ""
    at: int = 0
    onward: bool = False
    act: str = ""
    files: int = 0
    size: int = 0
    powerless: bool = False
    clock: int = 0
    piece: int = 0
    counts: str = ""


class Calls:
    """Counts the calls, and lets the one happen that is not to succeed."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.count: Counter[str] = Counter()
        self.handles: set[int] = set()

    def ours(self, path: Any) -> bool:
        if isinstance(path, int):
            return path in self.handles
        try:
            return str(Path(os.fsdecode(path)).absolute()).startswith(self.plan.inside)
        except (TypeError, ValueError):
            return False

    def make(self, kind: str, call: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        self.count[kind] += 1
        plan = self.plan
        number = self.count[kind] if plan.kind == kind else self.count.total() if plan.kind == "*" else 0
        if plan.act and number and (number == plan.at or (plan.onward and number > plan.at)):
            if plan.act not in ("kill", "after", "half"):
                if half and number == plan.at:
                    half()
                code = getattr(errno, plan.act)
                raise OSError(code, os.strerror(code))
            if plan.act == "after":
                call()
            elif plan.act == "half" and half:
                half()
            os.kill(os.getpid(), signal.SIGKILL)
        return call()


class Raw(io.FileIO):
    """A file whose writes are counted."""

    calls: Calls

    def write(self, data: Any) -> int:
        write = super().write
        view = memoryview(data).cast("B")
        made: int = self.calls.make("write", lambda: write(view), lambda: write(view[: len(view) // 2]))
        return made


def arm(plan: Plan) -> Calls:
    """From now on it goes wrong in this process."""
    calls = Calls(plan)
    Raw.calls = calls
    _arm_files(calls)
    _arm_folders(calls)
    _arm_sync(calls)
    _arm_sqlite(calls)
    return calls


def _arm_files(calls: Calls) -> None:
    real, real_open, real_close = io.open, os.open, os.close

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not set(mode) & set("wxa+") or not calls.ours(file):
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        how = mode.replace("b", "").replace("t", "")
        raw = calls.make("open", lambda: Raw(file, how, closefd, opener))
        if buffering == 0:
            return raw
        buffer: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline)

    def opened_low(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or not calls.ours(path):
            return real_open(path, flags, *more, **named)
        handle: int = calls.make("open", lambda: real_open(path, flags, *more, **named))
        calls.handles.add(handle)
        return handle

    def closed(handle: int) -> None:
        calls.handles.discard(handle)
        real_close(handle)

    builtins.open = opened  # type: ignore[assignment]
    io.open = opened  # type: ignore[assignment]
    os.open = opened_low
    os.close = closed


def _arm_folders(calls: Calls) -> None:
    kinds = {"replace": "replace", "rename": "replace", "link": "replace", "mkdir": "mkdir"}
    kinds |= {"unlink": "unlink", "remove": "unlink", "rmdir": "unlink"}
    for name, kind in kinds.items():
        setattr(os, name, _counted(calls, kind, getattr(os, name)))


def _counted(calls: Calls, kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(path: Any, *more: Any, **named: Any) -> Any:
        inside = named.get("dir_fd") is not None or calls.ours(path) or (bool(more) and calls.ours(more[0]))
        return calls.make(kind, lambda: real(path, *more, **named)) if inside else real(path, *more, **named)

    return call


def _arm_sync(calls: Calls) -> None:
    real, library = os.fsync, ctypes.CDLL
    os.fsync = lambda handle: calls.make("fsync", lambda: real(handle))

    class Library(library):  # type: ignore[misc, valid-type]
        def __getattr__(self, name: str) -> Any:
            found = super().__getattr__(name)  # which keeps it for the next time
            if name != "syncfs":
                return found

            def syncfs(handle: int) -> int:
                try:
                    return int(calls.make("syncfs", lambda: found(handle)))
                except OSError as error:
                    ctypes.set_errno(error.errno or 0)
                    return -1

            setattr(self, name, syncfs)
            return syncfs

    ctypes.CDLL = Library  # type: ignore[misc]


def _arm_sqlite(calls: Calls) -> None:
    """Errors of the disk do not come from here: strace lets them happen inside SQLite."""
    real = sqlite3.connect

    class Cursor(sqlite3.Cursor):
        def execute(self, *given: Any) -> Any:
            return calls.make("statement", lambda: super(Cursor, self).execute(*given))

        def executemany(self, *given: Any) -> Any:
            return calls.make("statement", lambda: super(Cursor, self).executemany(*given))

    class Connection(sqlite3.Connection):
        def cursor(self, *given: Any) -> Any:
            return super().cursor(Cursor)

        def commit(self) -> None:
            calls.make("commit", super().commit) if self.in_transaction else super().commit()

    def connect(database: Any, *more: Any, **named: Any) -> Any:
        if calls.ours(database):
            named["factory"] = Connection
        return real(database, *more, **named)

    sqlite3.connect = connect
    sqlite3.dbapi2.connect = connect


# --- limits, rights, clocks --------------------------------------------------------------------------


def _confine(plan: Plan) -> None:
    if plan.files or plan.size:
        import resource

        if plan.files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (plan.files, plan.files))
        if plan.size:
            resource.setrlimit(resource.RLIMIT_FSIZE, (plan.size, plan.size))
    if plan.powerless and os.geteuid() == 0:
        _give_up_power()


def _give_up_power() -> None:
    """Root without its capabilities is refused like anybody else. Source: capset(2), version 3."""
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if library.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")


def _travel(days: int) -> None:
    import time_machine

    time_machine.travel(datetime.now().astimezone() + timedelta(days=days), tick=True).start()


def main(plan: Plan) -> None:
    from certgen import cli, press

    if plan.piece:
        press.PIECE = plan.piece
    calls = arm(plan)
    _confine(plan)
    if plan.clock:
        _travel(plan.clock)
    try:
        cli.main()
    finally:
        if plan.counts:
            handle = os.open(plan.counts, os.O_WRONLY | os.O_CREAT)
            os.write(handle, json.dumps(calls.count).encode())


if VARIABLE in os.environ:
    _PLAN = msgspec.json.decode(os.environ[VARIABLE], type=Plan)
    if __name__ == "__main__":
        sys.argv[0] = "certgen"
        main(_PLAN)
    elif __name__ == "__mp_main__":  # a worker process
        arm(_PLAN)
        _confine(_PLAN)
