"""Runs one function of bytes in a process of its own, which may use only so much memory and time.

Readers of foreign file formats are forgiving, and some can be made to ask for all the memory there is, to loop, or to
end the whole program. Here they end only themselves, and :class:`Ended` says how.

How the limits are kept: time by killing the process, on every system. Memory on Linux by RLIMIT_AS (POSIX), which
the child sets on itself before it reads a byte; on Windows by a job object; on macOS, which does not enforce RLIMIT_AS,
by looking at the child's resident memory every few milliseconds. The child writes no file larger than its own
complaints, starts without ``site`` and without the environment's Python settings, and sends back plain bytes.
"""

from __future__ import annotations

import gc
import os
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Literal

Why = Literal["memory", "time", "crash"]

_NO_MEMORY = 71  # exit code of a child that ran out of memory and could say so
_LARGEST = 1 << 28  # bytes of one piece; more is no answer of ours
_END = 0xFFFFFFFF  # in the place of a length: that was all
_EVERY = 0.02  # seconds between two looks at the memory, where looking is all there is
_START = "import sys; sys.path[:] = sys.argv[1].split({!r}); from certgen.confine import main; main()"


class Ended(Exception):
    """The process ended before its work did: it asked for too much memory or time, or it crashed."""

    def __init__(self, why: Why, said: str = "") -> None:
        super().__init__(why)
        self.why: Why = why
        self.said = said  # the last of what it wrote to stderr; for people who mend programs


def call(task: str, argument: str, data: bytes, *, memory: int, seconds: float) -> Iterator[bytes]:
    """The pieces that ``task`` ("module:function") yields for ``(argument, data)``, as they come.

    ``memory`` is in bytes. Raises :class:`Ended`. Closing the iterator ends the process.
    """
    # The child finds what this process finds, and nothing in the current folder besides.
    path = os.pathsep.join([str(Path(__file__).resolve().parent.parent), *filter(None, sys.path)])
    # In a virtual environment of Windows, python.exe only starts the real one, outside the job object.
    python = getattr(sys, "_base_executable", sys.executable) if sys.platform == "win32" else sys.executable
    command = [python, "-I", "-S", "-c", _START.format(os.pathsep), path, task, argument]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [*command, str(memory), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={**os.environ, "RUST_BACKTRACE": "0"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        watch = _Watch(process, memory, seconds)
        try:
            yield from _talk(process, data)
        except EOFError:
            process.wait()
            raise watch.verdict(_tail(complaints)) from None
        finally:
            watch.stop()
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def _talk(process: subprocess.Popen[bytes], data: bytes) -> Iterator[bytes]:
    """Hands over the data, which the child reads whole before it answers, and reads the answer."""
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(data)
        process.stdin.close()
    except OSError:  # it is gone already; its exit code says why
        raise EOFError from None
    while (length := struct.unpack("<I", _exactly(process.stdout, 4))[0]) != _END:
        if length > _LARGEST:
            raise EOFError
        yield _exactly(process.stdout, length)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _tail(file: IO[bytes]) -> str:
    file.seek(max(file.seek(0, os.SEEK_END) - 4000, 0))
    return file.read().decode("utf-8", "replace")


# --- watching, in this process ---------------------------------------------------------------


class _Watch:
    """Ends a process that takes too long or, where the system does not, too much memory."""

    def __init__(self, process: subprocess.Popen[bytes], memory: int, seconds: float) -> None:
        self.process, self.memory = process, memory
        self.late = self.large = False
        self.done = threading.Event()
        self.timer = threading.Timer(seconds, self._too_late)
        self.timer.daemon = True
        self.timer.start()
        self.job: object = None
        if sys.platform == "win32":
            self.job = _job_object(process, memory)
        elif (measure := _RESIDENT.get(sys.platform)) is not None:
            threading.Thread(target=self._look, args=(measure,), daemon=True).start()

    def _too_late(self) -> None:
        self.late = True
        self.process.kill()

    def _look(self, measure: Callable[[int], int]) -> None:
        while not self.done.wait(_EVERY) and self.process.poll() is None:
            if measure(self.process.pid) > self.memory:
                self.large = True
                self.process.kill()

    def stop(self) -> None:
        self.timer.cancel()
        self.done.set()

    def verdict(self, said: str) -> Ended:
        """Why the process ended; asked once it has."""
        if self.large or self.process.returncode == _NO_MEMORY:
            return Ended("memory", said)
        if self.late:
            return Ended("time", said)
        # Rust ends the process when it cannot allocate; Python raises MemoryError, perhaps where nobody catches it.
        if any(word in said for word in ("memory allocation of", "MemoryError", "out of memory")):
            return Ended("memory", said)
        return Ended("crash", said)


def _darwin_resident(pid: int) -> int:
    """Resident bytes of a process by libproc's PROC_PIDTASKINFO (sys/proc_info.h); 0 if it is gone."""
    import ctypes

    info = (ctypes.c_uint64 * 12)()  # struct proc_taskinfo is 96 bytes; the second of its numbers is the resident size
    read = ctypes.CDLL("/usr/lib/libproc.dylib").proc_pidinfo(pid, 4, ctypes.c_uint64(0), info, ctypes.sizeof(info))
    return int(info[1]) if read > 0 else 0


def linux_resident(pid: int) -> int:
    """The same from proc(5); not in use, RLIMIT_AS being stricter, but it lets the watching be tested there."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


_RESIDENT: dict[str, Callable[[int], int]] = {"darwin": _darwin_resident}


def _job_object(process: Any, memory: int) -> object:
    """A job object that holds the process to its memory (JOBOBJECT_EXTENDED_LIMIT_INFORMATION, winnt.h).

    The handle must live as long as the process: closing it kills (KILL_ON_JOB_CLOSE), so nothing is left behind.
    """
    import ctypes

    class Limits(ctypes.Structure):
        _fields_ = (
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", ctypes.c_uint32),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", ctypes.c_uint32),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", ctypes.c_uint32),
            ("SchedulingClass", ctypes.c_uint32),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        )

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
    for name in ("CreateJobObjectW", "SetInformationJobObject", "AssignProcessToJobObject"):
        getattr(kernel, name).restype = ctypes.c_void_p
    job = kernel.CreateJobObjectW(None, None)
    limits = Limits(LimitFlags=0x100 | 0x2000, ProcessMemoryLimit=memory)
    handle = ctypes.c_void_p(job)
    kernel.SetInformationJobObject(handle, 9, ctypes.byref(limits), ctypes.sizeof(limits))
    kernel.AssignProcessToJobObject(handle, ctypes.c_void_p(int(process._handle)))

    class Handle:
        def __del__(self) -> None:
            kernel.CloseHandle(handle)

    return Handle()


# --- in the child ----------------------------------------------------------------------------


def main() -> None:
    """The child's whole life: limits, data, task, pieces. Anything else it prints goes to stderr."""
    _, _, task, argument, memory, seconds = sys.argv
    gc.disable()  # it reads one file and ends
    _limit(int(memory), float(seconds))
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        data = sys.stdin.buffer.read()
        module, _, name = task.partition(":")
        for piece in getattr(import_module(module), name)(argument, data):
            answer.write(struct.pack("<I", len(piece)))
            answer.write(piece)
            answer.flush()
        answer.write(struct.pack("<I", _END))
        answer.flush()
    except MemoryError:
        os._exit(_NO_MEMORY)
    os._exit(0)  # without tearing down a large heap piece by piece


def _limit(memory: int, seconds: float) -> None:
    if sys.platform == "win32":
        return
    import resource

    limits = [
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, int(seconds) + 5),  # for a child whose parent was killed
        (resource.RLIMIT_FSIZE, 1_000_000),
        (resource.RLIMIT_CORE, 0),
    ]
    for kind, most in limits:
        try:
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)
        except (ValueError, OSError):  # macOS refuses what it does not enforce
            continue
