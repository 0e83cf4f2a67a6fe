"""What a certificate's PDF holds of the registry: the signed credential, the QR code's text, its own SHA-256.

PDF files are opened in a process of its own, with limits (confine.py). Nothing is believed here.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from certgen import confine
from certgen.verify.exhibit import LARGEST_FILE, MEMORY, SECONDS, Unreadable, attached, examine

MOST = 500_000  # files
_AT_ONCE = 64  # files that one process opens
_AT_ONCE_BYTES = 40_000_000
_PAGES, _LINKS = 300, 1000
_SERVE = "certgen.rebuild.reading:serve"


class Paper(Struct, frozen=True):
    """A PDF file: its credentials (JSON), and the addresses that its links and QR codes hold."""

    path: Path
    sha256: str
    badges: tuple[bytes, ...] = ()
    addresses: tuple[str, ...] = ()


class _Read(Struct, frozen=True):
    badges: tuple[bytes, ...] = ()
    addresses: tuple[str, ...] = ()


def papers(paths: Iterable[Path]) -> Iterator[Paper]:
    """What each file holds, in their order; empty where it cannot be read."""
    waiting: list[tuple[Path, bytes]] = []
    for path in paths:
        try:
            data = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else b""
        except OSError:
            data = b""
        waiting.append((path, data))
        if len(waiting) == _AT_ONCE or sum(len(data) for _, data in waiting) > _AT_ONCE_BYTES:
            yield from _opened(waiting)
            waiting = []
    yield from _opened(waiting)


def _opened(files: list[tuple[Path, bytes]]) -> Iterator[Paper]:
    """Where a process ends before its time, the file that it was at is what ended it: the others go on without it."""
    while files:
        done = 0
        lengths = msgspec.json.encode([len(data) for _, data in files]).decode("ascii")
        together = b"".join([data for _, data in files])
        memory = MEMORY + 2 * len(together)
        try:
            for piece in confine.call(_SERVE, lengths, together, memory=memory, seconds=SECONDS * 2):
                read = msgspec.msgpack.decode(piece, type=_Read)
                path, data = files[done]
                yield Paper(path, sha256(data).hexdigest(), read.badges, read.addresses)
                done += 1
            return
        except (confine.Ended, msgspec.DecodeError):
            path, data = files[done]
            yield Paper(path, sha256(data).hexdigest())
        files = files[done + 1 :]


def pdfs(places: Iterable[Path]) -> Iterator[Path]:
    """PDF files below folders, each once; nothing hidden, no links followed."""
    seen: set[Path] = set()
    for place in places:
        for folder, folders, names in os.walk(place):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if name.lower().endswith(".pdf") and not name.startswith(".") and path not in seen and len(seen) < MOST:
                    seen.add(path)
                    yield path


# --- in the child ----------------------------------------------------------------------------


def serve(argument: str, data: bytes) -> Iterator[bytes]:
    """``data`` is files one after the other, ``argument`` their lengths as JSON."""
    at = 0
    for length in msgspec.json.decode(argument, type=list[int]):
        yield msgspec.msgpack.encode(_read(data[at : at + length]))
        at += length


def _read(data: bytes) -> _Read:
    if b"%PDF-" not in data[:1024]:
        return _Read()
    try:
        badges = attached(data, [])
        if not badges:
            return _Read()
        links = tuple(_links(data))
        return _Read(badges, links or tuple(symbol.text for symbol in examine(data).symbols))
    except Unreadable:
        return _Read()


def _links(data: bytes) -> Iterator[str]:
    """The addresses of links (ISO 32000-2, 12.6.4.8) that may be a certificate's, each once."""
    import pikepdf

    found: dict[str, None] = {}
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            for page in pdf.pages[:_PAGES]:
                annotations: Any = page.obj.get("/Annots")
                for item in list(annotations)[:_LINKS] if isinstance(annotations, pikepdf.Array) else ():
                    action = item.get("/A") if isinstance(item, pikepdf.Dictionary) else None
                    address = str(action.get("/URI", "")) if isinstance(action, pikepdf.Dictionary) else ""
                    if "/v#" in address and len(address) < 1000:
                        found[address] = None
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError, RuntimeError, RecursionError):
        pass
    yield from found
