"""Reads what a font file says of itself: names, weight, slope, permission to be embedded."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from certgen.errors import ExitCode, Problem

SUFFIXES = {".ttf", ".otf", ".ttc", ".otc"}
LARGEST_FILE = 128 * 2**20  # the largest CJK collections are about 100 MB
_LARGEST_TABLE = 2**20


class Entry(NamedTuple):
    """One face in a file, as the index knows it. ``axis`` is the range of weights of a variable face."""

    path: Path
    number: int  # in a collection
    family: str
    weight: int
    italic: bool
    key: str
    axis: tuple[int, int] | None


class BadFont(Exception):
    pass


def unreadable(path: Path, why: str) -> Problem:
    return Problem(
        code="unusable-font",
        message=f"The font file {path.name} is left out: {why}.",
        hint="Take a static OpenType or TrueType font whose licence lets documents carry it.",
        severity="warning",
        file=str(path),
        exit_code=ExitCode.LAYOUT,
    )


def faces_in(path: Path, file: BinaryIO) -> Iterator[Entry]:
    """The faces in a file. OpenType, "Organization of an OpenType Font" and "Font Collections"."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    offsets = [0]
    if head[:4] == b"ttcf":
        (count,) = struct.unpack(">L", head[8:12])
        if not 0 < count <= 256:
            raise BadFont("its collection header is wrong")
        offsets = list(struct.unpack(f">{count}L", file.read(4 * count)))
    for index, offset in enumerate(offsets):
        file.seek(offset)
        version, count = struct.unpack(">4sH6x", file.read(12))
        if version not in (b"\0\1\0\0", b"OTTO", b"true"):
            raise BadFont("it is not an OpenType font")
        directory = {}
        for _ in range(count):
            tag, _checksum, at, length = struct.unpack(">4sLLL", file.read(16))
            if at + length > size:
                raise BadFont("the file has been cut short")
            directory[tag] = (at, length)
        yield _entry(path, index, file, directory)


def _entry(path: Path, index: int, file: BinaryIO, directory: dict[bytes, tuple[int, int]]) -> Entry:
    def table(tag: bytes) -> bytes:
        at, length = directory.get(tag, (0, 0))
        if length > _LARGEST_TABLE:
            raise BadFont(f"its {tag.decode()} table is too large")
        file.seek(at)
        return file.read(length)

    if not directory.keys() & {b"glyf", b"CFF ", b"CFF2"}:
        raise BadFont("it has no outlines")
    os2 = table(b"OS/2")
    weight, embedding = (struct.unpack(">H", os2[4:6])[0], struct.unpack(">H", os2[8:10])[0]) if os2 else (400, 0)
    # OS/2 fsType: restricted licence, no subsetting, bitmap embedding only.
    if embedding & 0x000F == 0x0002 or embedding & 0x0300:
        raise BadFont("its maker does not let documents carry it (fsType)")
    italic = bool(len(os2) >= 64 and struct.unpack(">H", os2[62:64])[0] & 1)
    names = _names(table(b"name"))
    family = names.get(16) or names.get(1)
    key = names.get(6)
    if not family or not key:
        raise BadFont("it does not say its name")
    return Entry(path, index, family, weight, italic, re.sub(r"[^!-~]|[][(){}<>/%]", "", key), _axis(table(b"fvar")))


def _names(data: bytes) -> dict[int, str]:
    """Name id -> text, English before other languages, Windows before Macintosh. OpenType, "name"."""
    count, strings = struct.unpack(">2xHH", data[:6])
    best: dict[int, tuple[int, str]] = {}
    for record in struct.iter_unpack(">6H", data[6 : 6 + 12 * count]):
        platform, _encoding, language, name, length, offset = record
        if name not in (1, 6, 16):
            continue
        rank = {(3, 0x409): 0, (0, 0): 2, (1, 0): 3}.get((platform, language), 4 if platform == 3 else 5)
        raw = data[strings + offset : strings + offset + length]
        text = raw.decode("mac-roman" if platform == 1 else "utf-16-be", "replace").strip("\0 ")
        if text and rank < best.get(name, (9, ""))[0]:
            best[name] = (rank, text)
    return {name: text for name, (_, text) in best.items()}


def _axis(data: bytes) -> tuple[int, int] | None:
    """The weights a variable face can take; (400, 400) for one that varies in other ways. OpenType, "fvar"."""
    if len(data) < 16:
        return None
    at, count, size = struct.unpack(">4xH2xHH", data[:12])
    for number in range(count):
        tag, low, _default, high = struct.unpack(">4slll", data[at + number * size : at + number * size + 16])
        if tag == b"wght":
            return round(low / 65536), round(high / 65536)
    return 400, 400
