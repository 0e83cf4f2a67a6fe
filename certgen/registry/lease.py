"""One writer at a time.

On a disk of this computer the lease is an operating system's lock on ``certgen.db-lock``, which dies with its
process. On a network or in a synchronised folder such locks may do nothing. There the lease is a file,
``certgen.db-lease``, made only if there is none, that names user and machine and is written again every few seconds: a
*heartbeat*. Whoever waits watches it; one whose heart has not beaten for some minutes belongs to a computer that was
switched off, and is taken over. Clocks are never compared. A synchroniser takes its time to bring the file to other
computers, so there the lease makes a collision unlikely, not impossible; ``check`` finds the copies that one leaves.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import secrets
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.guarded import why
from certgen.registry.chain import who

Waiting = Callable[[str], None]


class Pace(Struct, frozen=True):
    """How often things are done, in seconds."""

    look: float = 0.2  # at a lock that another one holds
    beat: float = 15.0  # of the heart
    stale: float = 180.0  # without a beat
    settle: float = 1.0  # after taking over: time for another one who did the same to be seen


class Holder(Struct, frozen=True):
    """Who has the lease. ``computer`` tells machines of one name apart; ``beat`` counts; ``token`` is of this one
    alone."""

    user: str
    machine: str
    computer: str
    process: int
    since: str  # UTC, ISO 8601
    token: str = ""
    beat: int = 0

    def __str__(self) -> str:
        try:
            since = datetime.fromisoformat(self.since).astimezone()
        except ValueError:
            return f"{self.user} on {self.machine}"
        today = since.date() == datetime.now().astimezone().date()
        return f"{self.user} on {self.machine}, since {since:%H:%M}" + ("" if today else f" on {since:%Y-%m-%d}")


class Lease:
    """The right to write into one registry. ``shared``: it lies on a network or in a synchronised folder."""

    def __init__(self, registry: Path, *, shared: bool, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.shared = shared
        self.computer = f"{uuid.getnode():x}" if shared else ""
        self.registry = registry
        self._lock = Lock(_elsewhere(registry) if shared else registry.with_name(f"{registry.name}-lock"), self.pace)
        self._file = registry.with_name(f"{registry.name}-lease")
        self._guard = registry.with_name(f"{registry.name}-lease-taken")
        self._mine: Holder | None = None
        self._stop = threading.Event()
        self._heart: threading.Thread | None = None

    def like(self, path: Path) -> Lease:
        """Another right, on the same ground; ``path`` begins the names of its files."""
        return Lease(path, shared=self.shared, pace=self.pace)

    def take(self, waiting: Waiting | None = None) -> None:
        """Waits for as long as it takes; ``waiting`` is told who has it, once for each. Raises :class:`CertgenError`
        where the folder cannot be written."""
        mine = Holder(
            who(), platform.node(), self.computer, os.getpid(), datetime.now(UTC).isoformat(timespec="seconds")
        )
        try:
            self._lock.take(mine, waiting)
            if self.shared:
                try:
                    self._take_file(msgspec.structs.replace(mine, token=secrets.token_hex(8)), waiting)
                except BaseException:
                    self._lock.give_back()
                    raise
        except OSError as error:
            raise CertgenError(_refused(self.registry, error)) from error

    def give_back(self) -> None:
        self._stop.set()
        if self._heart is not None:
            self._heart.join()
            self._heart = None
        if self._mine is not None:
            if self.still_mine():
                with contextlib.suppress(OSError):
                    self._file.unlink()
            self._mine = None
        self._lock.give_back()

    def still_mine(self) -> bool:
        """Whether nobody has taken it over: a laptop that slept for an hour finds that out here."""
        if not self.shared:
            return self._lock.held
        found = _holder(self._file)
        return found is not None and self._mine is not None and found.token == self._mine.token

    # --- the file, where locks cannot be relied on ----------------------------------------------

    def _take_file(self, mine: Holder, waiting: Waiting | None) -> None:
        told = seen = None
        changed = time.monotonic()
        while not self._made(mine):
            there = _holder(self._file)
            if there != seen:
                seen, changed = there, time.monotonic()
            if there is not None and str(there) != told and waiting:
                told = str(there)
                waiting(told)
            late = time.monotonic() - changed > self.pace.stale
            if (late or _dead(there, mine)) and self._taken_over(there, mine):
                break
            if late and time.monotonic() - changed > self.pace.stale * 2:  # somebody died while taking it over
                self._guard.unlink(missing_ok=True)
            time.sleep(self.pace.look)
        self._mine = mine
        for left in self._file.parent.glob(f"{self._file.name}.*"):  # by one that was killed while it wrote
            left.unlink(missing_ok=True)
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._beat, args=(mine, self._stop), daemon=True)
        self._heart.start()

    def _taken_over(self, dead: Holder | None, mine: Holder) -> bool:
        """One at a time: whoever makes the guard. It looks again, lest it should throw out one who was quicker."""
        try:
            os.close(os.open(self._guard, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        try:
            if _holder(self._file) != dead:
                return False
            _write(self._file, mine)
        finally:
            self._guard.unlink(missing_ok=True)
        time.sleep(self.pace.settle)
        found = _holder(self._file)
        return found is not None and found.token == mine.token

    def _made(self, mine: Holder) -> bool:
        """A new file, whole from the beginning for all who read it: nobody ever sees half of one."""
        if self._file.exists():
            return False
        draft = self._file.with_name(f"{self._file.name}.{mine.token}")
        draft.write_bytes(msgspec.json.encode(mine))
        try:
            if os.name == "nt":
                draft.rename(self._file)  # Windows refuses where there is one
            else:
                os.link(draft, self._file)
        except (FileExistsError, FileNotFoundError):  # or somebody has just tidied up
            return False
        except OSError:  # a file system without links
            return self._made_plainly(mine)
        finally:
            draft.unlink(missing_ok=True)
        return True

    def _made_plainly(self, mine: Holder) -> bool:
        try:
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(mine))
        return True

    def _beat(self, mine: Holder, stop: threading.Event) -> None:
        count = 0
        while not stop.wait(self.pace.beat):
            count += 1
            if not self.still_mine():
                return
            with contextlib.suppress(OSError):  # the network is away for a moment: the next one will do
                _write(self._file, msgspec.structs.replace(mine, beat=count))


def _holder(path: Path) -> Holder | None:
    """Who has the lease; None where there is none, or it cannot be read at this moment."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(path: Path, holder: Holder) -> None:
    draft = path.with_name(f"{path.name}.{holder.token}")
    try:
        draft.write_bytes(msgspec.json.encode(holder))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _dead(there: Holder | None, mine: Holder) -> bool:
    """Left behind by a process of this user on this computer that has ended. One of our own number ended before us, or
    it would hold the lock that we have."""
    if there is None or (there.user, there.machine, there.computer) != (mine.user, mine.machine, mine.computer):
        return False
    return there.process == mine.process or not _alive(there.process)


def _alive(process: int) -> bool:
    if os.name == "nt":
        import ctypes

        kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
        handle = kernel.OpenProcess(0x100000, False, process)  # SYNCHRONIZE
        if not handle:
            return False
        running = kernel.WaitForSingleObject(handle, 0) == 0x102  # WAIT_TIMEOUT
        kernel.CloseHandle(handle)
        return bool(running)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def _elsewhere(registry: Path) -> Path:
    """A lock for the processes of one user on this computer, outside the folder in which locks do nothing."""
    name = sha256(os.fsencode(os.path.realpath(registry))).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"certgen-{who()}-{name}.lock"


def _refused(registry: Path, error: OSError) -> Problem:
    return Problem(
        code="registry-read-only",
        message=f"The registry cannot be written ({why(error)}).",
        hint="certgen keeps it beside issuer.toml: make that folder writable.",
        file=str(registry),
        exit_code=ExitCode.REGISTRY,
    )


# --- the operating system's lock -------------------------------------------------------------------


class Lock:
    """A lock on a file that is there only while somebody holds it or waits. The file says who."""

    def __init__(self, path: Path, pace: Pace) -> None:
        self.path, self.pace = path, pace
        self._file: IO[bytes] | None = None
        self._denied = 0  # times, one after the other

    @property
    def held(self) -> bool:
        return self._file is not None

    def take(self, mine: Holder, waiting: Waiting | None) -> None:
        """Waits for as long as it takes. Raises OSError where the folder cannot be written."""
        told = None
        while (file := self._try()) is None:
            there = _holder(self.path)
            if waiting and there is not None and str(there) != told:
                told = str(there)
                waiting(told)
            time.sleep(self.pace.look)
        file.truncate(0)
        file.write(msgspec.json.encode(mine))
        file.flush()
        self._file = file

    def give_back(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        if os.name == "nt":  # which lets nobody delete a file that another one has open
            file.close()
            with contextlib.suppress(OSError):
                self.path.unlink()
            return
        with contextlib.suppress(OSError):
            self.path.unlink()
        file.close()

    def _try(self) -> IO[bytes] | None:
        try:
            file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600), "r+b")
        except PermissionError:
            self._denied += 1
            if os.name == "nt" and self._denied < _PATIENCE:  # it is just being deleted
                return None
            raise
        self._denied = 0
        try:
            if _locked(file) and self._in_place(file):
                return file
        except BaseException:
            file.close()
            raise
        file.close()
        return None

    def _in_place(self, file: IO[bytes]) -> bool:
        """Whether the file that we locked is still the one that others would open."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False


_PATIENCE = 25  # looks at a file that cannot be opened
_BEYOND = 1 << 30  # Windows locks bytes against reading too: one where nothing is ever written


def _locked(file: IO[bytes]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(_BEYOND)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if os.name == "nt" or error.errno == errno.EAGAIN:
            return False
        raise  # a file system without locks
    return True
