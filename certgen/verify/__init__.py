"""Certificates checked: files, folders, pictures, badges, the texts of QR codes, codes that were typed.

Reading (exhibit.py, in processes of their own) is apart from judging (judge.py): a judge sees texts and bytes only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import confine
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.verify.academy import Academy, around
from certgen.verify.exhibit import LARGEST_FILE, MEMORY, SECONDS, SUFFIXES, Exhibit, Symbol
from certgen.verify.finding import Check, Finding, State, Told, exit_code
from certgen.verify.judge import judged
from certgen.verify.source import Site, Source, site

__all__ = [
    "Academy",
    "Check",
    "Exhibit",
    "Finding",
    "Item",
    "Site",
    "Source",
    "State",
    "Told",
    "around",
    "exit_code",
    "items",
    "site",
    "verify",
]

_AT_ONCE = 8  # files that one process opens
_AT_ONCE_BYTES = 40_000_000


class Item(Struct, frozen=True):
    """Something to verify: a file, or a text. ``sought``: found in a folder, where not everything is a certificate."""

    label: str
    path: Path | None = None
    text: str = ""
    sought: bool = False


def items(said: Iterable[str]) -> list[Item]:
    """What the words of a command line name. Raises :class:`CertgenError` for a file that is not there."""
    found: list[Item] = []
    problems: list[Problem] = []
    for word in said:
        path = Path(word)
        if len(word) < 1000 and path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
            found += [Item(str(file), file, sought=True) for file in files]
            if not files:
                problems.append(_missing(word, "The folder has no PDF, picture or badge in it."))
        elif len(word) < 1000 and path.is_file():
            found.append(Item(str(path), path))
        elif path.suffix.lower() in SUFFIXES and "#" not in word and "{" not in word:
            problems.append(_missing(word, "There is no such file."))
        else:
            found.append(Item(word if len(word) <= 60 else f"{word[:57]}…", text=word))
    if problems:
        raise CertgenError(problems)
    return found


def _missing(word: str, message: str) -> Problem:
    hint = "Check its name and its folder."
    return Problem(code="missing-file", message=message, hint=hint, file=word, exit_code=ExitCode.USAGE)


def verify(things: Iterable[Item], source: Source, today: date) -> Iterator[Finding]:
    """A finding for each certificate, in the order of the things."""
    for item, exhibit in exhibits(things):
        if item.sought and exhibit.kind == "badge" and not _is_badge(exhibit):
            continue
        yield from judged(item.label, exhibit, source, today)


def _is_badge(exhibit: Exhibit) -> bool:
    return any(b'"proof"' in data and b"credentialSubject" in data for data in exhibit.badges)


# --- reading ---------------------------------------------------------------------------------


def exhibits(things: Iterable[Item]) -> Iterator[tuple[Item, Exhibit]]:
    """What each thing holds, in their order. Files are read in processes of their own, some in each."""
    from concurrent.futures import Future, ThreadPoolExecutor

    from certgen.executor import cores

    at_work: deque[Future[list[tuple[Item, Exhibit]]]] = deque()
    with ThreadPoolExecutor(cores()) as pool:  # the threads only wait for the processes
        for files in _together(things):
            at_work.append(pool.submit(lambda files=files: list(_read(files))))  # type: ignore[misc]
            if len(at_work) > cores():
                yield from at_work.popleft().result()
        while at_work:
            yield from at_work.popleft().result()


_Read = tuple[Item, "bytes | Exhibit"]  # what is read already needs no process


def _together(things: Iterable[Item]) -> Iterator[list[_Read]]:
    """Things in lots, each for one process."""
    lot: list[_Read] = []
    size = 0
    for item in things:
        held = _text(item) if item.path is None else _contents(item.path)
        lot.append((item, held))
        size += len(held) if isinstance(held, bytes) else 0
        if len(lot) == _AT_ONCE or size > _AT_ONCE_BYTES:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot


def _read(lot: list[_Read]) -> Iterator[tuple[Item, Exhibit]]:
    opened = _opened([(item, held) for item, held in lot if isinstance(held, bytes)])
    for item, held in lot:
        yield (item, held) if isinstance(held, Exhibit) else next(opened)


def _text(item: Item) -> Exhibit:
    text = item.text.strip()
    if text.startswith("{"):
        return Exhibit("badge", badges=(text.encode("utf-8", "replace"),))
    return Exhibit("text", symbols=(Symbol(0, text),))


def _contents(path: Path) -> bytes | Exhibit:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        return Exhibit("other", trouble=f"The file cannot be read ({error.strerror or type(error).__name__}).")
    if not data:
        return Exhibit("other", trouble="The file is empty.")
    if len(data) > LARGEST_FILE:
        return Exhibit("other", trouble=f"The file is larger than {LARGEST_FILE // 1_000_000} MB.")
    return data


def _opened(files: list[tuple[Item, bytes]]) -> Iterator[tuple[Item, Exhibit]]:
    """Files' exhibits. Where a process ends before its time, the file that it was at is what ended it: it is tried
    once more by itself, and the others go on without it."""
    while files:
        done = 0
        lengths = msgspec.json.encode([len(data) for _, data in files]).decode("ascii")
        together = b"".join([data for _, data in files])
        try:
            for piece in confine.call(
                "certgen.verify.exhibit:serve", lengths, together, memory=MEMORY + 2 * len(together), seconds=SECONDS
            ):
                exhibit = msgspec.msgpack.decode(piece, type=Exhibit)
                yield files[done][0], replace(exhibit, sha256=sha256(files[done][1]).hexdigest())
                done += 1
            return
        except (confine.Ended, msgspec.DecodeError) as error:
            why = error.why if isinstance(error, confine.Ended) else "crash"
            if len(files) > 1:
                yield from _opened(files[done : done + 1])
            else:
                yield files[done][0], Exhibit("other", trouble=_ENDED[why])
        files = files[done + 1 :]


_ENDED = {
    "memory": f"Reading the file takes more than {MEMORY // 1_000_000:,} MB of memory, so it was not read.",
    "time": f"Reading the file takes longer than {SECONDS:g} seconds, so it was not read.",
    "crash": "The file is damaged so badly that reading it fails.",
}
