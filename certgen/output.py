"""Where certificates go: safe file names, files that appear whole or not at all, and the manifest.

All files of a batch are first written into a staging folder inside the output folder and renamed once the whole
batch is known to be good, so that a mistake, a full disk or Ctrl-C leaves the folder as it was.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar

import msgspec
from msgspec import Struct

from certgen import __version__
from certgen.errors import CertgenError, ExitCode, Problem

State = Literal["issued", "unchanged", "replaced", "remade", "restored"]
T = TypeVar("T")

STEM_BYTES = 150  # of UTF-8: below every file system's 255, with room for the suffix and for a synchroniser's own
_RESERVED = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{name}{n}" for name in ("com", "lpt") for n in "0123456789"),
    ]
)
_STAGING = ".certgen-"

# --- names -----------------------------------------------------------------------------------


class _Kept(dict[int, str]):
    """What becomes of a character in a file's name, worked out when first seen."""

    def __missing__(self, code: int) -> str:
        category = unicodedata.category(chr(code))
        dropped = "" if category in ("Cf", "Pi", "Pf") else "-"
        self[code] = chr(code) if category[0] in "LM" or category == "Nd" else dropped
        return self[code]


_KEPT = _Kept({ord("_"): "_", ord("'"): ""})
_HYPHENS = re.compile("-{2,}")


def file_stem(text: str, code: str) -> str:
    """A file's name without its suffix, good on Windows, macOS and Linux.

    Letters, marks and digits of every script are kept (NFC), with - and _; whatever else stands between them becomes
    one hyphen. Names that Windows keeps for devices get a _ in front. What is too long is cut between characters and
    ends in ``code``; what would be empty is ``code``.
    """
    stem = _HYPHENS.sub("-", unicodedata.normalize("NFC", text).translate(_KEPT)).strip("-")
    if not stem.strip("_"):
        return code
    if stem.casefold() in _RESERVED:
        stem = "_" + stem
    if len(stem.encode("utf-8")) > STEM_BYTES:
        room = STEM_BYTES - len(code) - 1
        short = stem.encode("utf-8")[:room].decode("utf-8", "ignore")
        while short and unicodedata.category(stem[len(short)])[0] == "M":  # a mark stays with its letter
            short = short[:-1]
        stem = f"{short.rstrip('-')}-{code}"
    return stem


def sameness(name: str) -> str:
    """Two names with equal sameness are one file on some system: case and composition do not count there."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


# --- files -----------------------------------------------------------------------------------


class Tray(Struct, frozen=True):
    """The output folder and its staging folder; without staging nothing is written (a dry run). Pickles."""

    folder: str
    staging: str | None = None
    replace: bool = False

    def lay(self, name: str, prefix: bytes, tail: bytes, *, replace: bool = False) -> State:
        """Compare a file with what is there and, where it differs, put it into staging.

        Raises :class:`CertgenError` where another content is there and must not be replaced, and where the disk
        refuses.
        """
        state = self._compare(name, prefix, tail, replace or self.replace)
        if state != "unchanged" and self.staging is not None:
            path = long_path(self.staging, name)
            with told("The certificates cannot be written"), open(path, "xb") as file:  # noqa: PTH123
                file.write(prefix)
                file.write(tail)
        return state

    def _compare(self, name: str, prefix: bytes, tail: bytes, replace: bool) -> State:
        path = long_path(self.folder, name)
        try:
            if os.stat(path).st_size == len(prefix) + len(tail):  # noqa: PTH116
                with open(path, "rb") as file:  # noqa: PTH123
                    if file.read(len(prefix)) == prefix and file.read() == tail:
                        return "unchanged"
        except FileNotFoundError:
            return "issued"
        except OSError as error:
            raise CertgenError(_busy(path) if isinstance(error, PermissionError) else _disk(error, "")) from error
        if replace:
            return "replaced"
        raise CertgenError(other_content(name, path))

    def hand_over(self, name: str) -> Problem | None:
        """Move a staged file to its place; tries for some seconds while another program has the old one open."""
        assert self.staging is not None
        source, target = long_path(self.staging, name), long_path(self.folder, name)
        try:
            patiently(lambda: os.replace(source, target))  # noqa: PTH105
        except PermissionError:
            return _busy(target)
        except OSError as error:
            return _disk(error, "A certificate cannot be put in its place")
        return None

    def is_staged(self, name: str) -> bool:
        """Whether there is a new file to hand over."""
        return self.staging is not None and Path(long_path(self.staging, name)).exists()

    def find(self, name: str) -> Path:
        """A certificate's file, wherever it is now."""
        return Path(long_path(self.staging if self.staging and self.is_staged(name) else self.folder, name))

    def sync(self) -> None:
        """All staged files are on the disk when it returns. Raises :class:`CertgenError`."""
        assert self.staging is not None
        with told("The certificates cannot be written"):
            if not _sync_file_system(self.staging):
                for name in os.listdir(self.staging):  # noqa: PTH208
                    with open(long_path(self.staging, name), "rb+") as file:  # noqa: PTH123
                        os.fsync(file.fileno())

    def sync_folder(self) -> None:
        """The names of the certificates are on the disk when it returns."""
        if os.name == "posix":  # Windows writes names with their files
            with told("The certificates cannot be written"):
                handle = os.open(self.folder, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)


def _sync_file_system(folder: str) -> bool:
    """Linux can write down everything of a file system at once, a tenth of the time of file by file. Source: syncfs(2),
    which tells of write errors since Linux 5.8."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    handle = os.open(folder, os.O_RDONLY)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "syncfs"):
            return False
        if library.syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)
        return True
    finally:
        os.close(handle)


def other_content(name: str, path: str) -> Problem:
    """A file of a certificate's name that holds something else."""
    return Problem(
        code="other-content",
        message=f"“{name}” is already there with other content.",
        hint="To put the certificate in its place, run again with --replace.",
        file=path,
    )


@contextmanager
def opened(folder: Path) -> Iterator[None]:
    """The output folder, made if need be, and gone again if nothing came into it."""
    with told("The output folder cannot be made"):
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        if made and not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def staging(folder: Path, note: Callable[[str], None] = lambda place: None, noted: Path | None = None) -> Iterator[str]:
    """A fresh folder inside ``folder`` (made if need be) that is gone afterwards. ``note`` is told before it is made:
    what a killed run leaves is known by that (see :func:`clear`), and by its age where the note is lost. ``noted``: the
    last note's place, which serves again if it is in this folder: whoever changes nothing then notes nothing."""
    with opened(folder):
        for old in folder.glob(f"{_STAGING}*"):
            with suppress(OSError):  # it is just being removed
                if time.time() - old.stat().st_mtime > 86400:
                    shutil.rmtree(old, ignore_errors=True)
        place = str(noted)
        if noted is None or noted.parent != folder or not noted.name.startswith(_STAGING):
            place = str(folder / f"{_STAGING}{secrets.token_hex(4)}")
            note(place)
        try:
            with told("The output folder cannot be written"):
                os.mkdir(long_path(place), 0o700)  # noqa: PTH102
            yield place
        finally:
            shutil.rmtree(long_path(place), ignore_errors=True)


def clear(place: Path) -> None:
    """Removes the staging folder of a run that was killed, and is no more; a worker process of it may be just ending.
    Whatever else the path may be is left alone."""
    for pause in (0.0, 0.1, 0.5):
        if not place.name.startswith(_STAGING) or place.is_symlink() or not place.is_dir():
            return
        time.sleep(pause)
        shutil.rmtree(long_path(str(place)), ignore_errors=True)


def patiently(act: Callable[[], T], pauses: Iterable[float] = (0.1, 0.3, 0.6, 1.0, 1.5)) -> T:
    """``act()``, again after each pause while another program holds the file (PermissionError)."""
    for pause in pauses:
        try:
            return act()
        except PermissionError:
            time.sleep(pause)
    return act()


def write_whole(path: Path, data: bytes) -> None:
    """A file that is there with all its bytes or not at all. Raises :class:`CertgenError`."""
    with whole(path) as file:
        file.write(data)


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to be written piece by piece, which is there with all of it at the end, or not at all. Raises
    :class:`CertgenError`; an OSError raised meanwhile is told as one of this file's."""
    temporary, target = Path(long_path(f"{path}.part")), Path(long_path(str(path)))
    with told(f"“{path.name}” cannot be written"):
        try:
            with temporary.open("wb") as file:
                yield file
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        try:
            patiently(lambda: temporary.replace(target))
        except PermissionError:
            temporary.unlink()
            raise CertgenError(_busy(str(path))) from None


def put(path: Path, data: bytes) -> None:
    """A file with these bytes; one that has them is left alone. Raises :class:`CertgenError`."""
    with told(f"“{path.name}” cannot be read"):
        if path.exists() and path.read_bytes() == data:
            return
    write_whole(path, data)


def lay_beside(folder: Path, stem: str, suffix: str, data: bytes, *, replace: bool, ours: str = "") -> Path:
    """A file that people may have open or have written in, so that nothing is written over unasked: where another one
    is there the new one gets a number, as in “roster-issued (2).xlsx”. With ``replace``, or where nobody has touched
    what we wrote (``ours``: its SHA-256), it takes the old one's place, unless that is open. One of the same bytes is
    left as it is. Raises :class:`CertgenError`."""
    number = 1
    while True:
        path = folder / f"{stem}{f' ({number})' if number > 1 else ''}{suffix}"
        with told(f"“{path.name}” cannot be written"):
            there = path.read_bytes() if path.exists() else None
            if there == data:
                return path
            untouched = there is not None and hashlib.sha256(there).hexdigest() == ours
            if there is None or ((replace or untouched) and not _is_open(path)):
                try:
                    write_whole(path, data)
                except CertgenError as error:
                    if there is None or error.problems[0].code != "file-open":
                        raise
                else:
                    return path
        number += 1


def _is_open(path: Path) -> bool:
    """Whether Excel or LibreOffice has left its mark beside a file that it holds open."""
    marks = f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#"
    return any((path.parent / mark).exists() for mark in marks)


def long_path(folder: str, name: str = "") -> str:
    """A path that Windows takes beyond 260 characters too (its \\\\?\\ form). Text, as it is made for every file."""
    path = f"{folder}{os.sep}{name}" if name else folder
    return path if os.name != "nt" or len(path) < 240 else _extended(path)


def _extended(path: str) -> str:
    """The \\\\?\\ form of an absolute Windows path, which has no such limit; that of a share has UNC in it."""
    path = path.replace("/", "\\")
    if path.startswith("\\\\?\\"):
        return path
    return f"\\\\?\\UNC\\{path[2:]}" if path.startswith("\\\\") else f"\\\\?\\{path}"


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turns the operating system's refusals into a Problem."""
    try:
        yield
    except OSError as error:
        raise CertgenError(_disk(error, what)) from error


@contextmanager
def exhaustion_told() -> Iterator[None]:
    """The same for a whole command, wherever the computer has no more to give; other errors are mistakes of ours."""
    try:
        yield
    except OSError as error:
        if error.errno not in EXHAUSTED:
            raise
        raise CertgenError(_disk(error, "")) from error


EXHAUSTED = frozenset(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EIO", "EROFS")
    if hasattr(errno, name)
)
"""What a computer refuses where nobody asked for anything wrong."""


def _disk(error: OSError, what: str) -> Problem:
    place = str(error.filename or "") or None
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return Problem(
            code="disk-full",
            message=f"{what or 'A file cannot be written'}: the disk is full.",
            hint="Free some space, or name a folder on another disk with --out. Run again: what is there is kept.",
            file=place,
            exit_code=ExitCode.PARTIAL,
        )
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return Problem(
            code="too-many-files",
            message=f"{what or 'A file cannot be reached'}: too many files are open.",
            hint="Close other programs, or allow more open files (ulimit -n 1024), and run again.",
            file=place,
            exit_code=ExitCode.PARTIAL,
        )
    return Problem(
        code="not-written",
        message=f"{what or 'A file cannot be reached'}: {error.strerror or error}.",
        hint="Check that the folder may be written to, or name another one with --out.",
        file=place,
        exit_code=ExitCode.PARTIAL,
    )


def _busy(path: str) -> Problem:
    return Problem(
        code="file-open",
        message=f"“{Path(path).name}” cannot be replaced: it is open in another program, or protected.",
        hint="Close it there and run again; what is finished stays as it is.",
        file=path,
        exit_code=ExitCode.PARTIAL,
    )


# --- the manifest ----------------------------------------------------------------------------


class Entry(Struct, frozen=True):
    """One certificate in the manifest and in --json."""

    row: int
    name: str
    code: str
    award: str
    language: str
    file: str
    sha256: str
    state: State


LIBRARIES = ("msgspec", "pikepdf", "pillow", "qrcode", "uharfbuzz")


def libraries() -> dict[str, str]:
    """Versions of what a file's bytes depend on besides the inputs."""
    import platform
    import zlib

    import icu

    found = {"certgen": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found | {"icu": icu.ICU_VERSION, "zlib": zlib.ZLIB_RUNTIME_VERSION}


def manifest_path(folder: Path, roster: Path) -> Path:
    """Inside the output folder, so that files and list travel together."""
    return folder / f"{roster.stem}-manifest.json"


def manifest(roster: str, roster_sha256: str, course: str, entries: Iterable[Entry], leftovers: list[str]) -> bytes:
    """The manifest's bytes: equal for equal batches, whenever they are run."""
    data: dict[str, Any] = {
        "version": 1,
        "roster": roster,
        "roster_sha256": roster_sha256,
        "course": course,
        "libraries": libraries(),
        "certificates": [
            {field: getattr(entry, field) for field in Entry.__struct_fields__ if field != "state"} for entry in entries
        ],
        "leftovers": leftovers,
    }
    return msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"


def leftovers(folder: Path, mine: set[str], manifest: Path) -> list[str]:
    """PDF files in the folder that are neither of this batch nor in another roster's manifest, by name."""
    if not folder.is_dir():
        return []
    there = sorted(path.name for path in folder.iterdir() if path.suffix.lower() == ".pdf")
    kept = {sameness(name) for name in mine}
    for other in sorted(folder.glob("*-manifest.json")):
        if other != manifest:
            kept |= {sameness(name) for name in _listed(other)}
    return [name for name in there if sameness(name) not in kept]


class _File(Struct):
    file: str


class _Manifest(Struct):
    certificates: list[_File]


def _listed(path: Path) -> list[str]:
    try:
        return [entry.file for entry in msgspec.json.decode(path.read_bytes(), type=_Manifest).certificates]
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return []  # not ours, or damaged: its files are then listed as left over, and kept all the same
