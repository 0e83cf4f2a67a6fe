"""The alphabet of PDF: numbers, strings, names, and objects in a body with its cross-reference.

Everything here returns bytes ready for a file. Source: ISO 32000-1, 7.2 to 7.5.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"  # the comment's bytes say "binary" (ISO 19005-3, 6.1.2)
_SPECIAL = re.compile(rb"[()\\\r\n]")
_PER_OBJECT_STREAM = 200
_ESCAPES = {0x28: b"\\(", 0x29: b"\\)", 0x5C: b"\\\\", 0x0D: b"\\r", 0x0A: b"\\n"}
# PDFDocEncoding (annex D.2) beside Latin-1, from 80 on; what it has not goes where Latin-1 ends.
_SPECIALS = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž"
_DOCUMENT = (
    dict.fromkeys((*range(0x20), *range(0x7F, 0xA1), 0xAD), 0x100)
    | {ord(char): code for code, char in enumerate(_SPECIALS, 0x80)}
    | {ord("€"): 0xA0}
)
_MARKS = (b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf")  # of other encodings
# Regular characters that may stand in a name as they are (7.3.5).
_REGULAR = frozenset(range(0x21, 0x7F)) - frozenset(b"()<>[]{}/%#")


@lru_cache(maxsize=1 << 15)
def num(value: float) -> bytes:
    """A number with at most three decimals, never an exponent, never "-0" (7.3.3).

    Raises ValueError for what is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a number that a PDF can hold")
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return b"0" if text == "-0" else text.encode("ascii")


def nums(values: Iterable[float]) -> bytes:
    """Numbers with a space between them."""
    return b" ".join([num(value) for value in values])


def literal(data: bytes) -> bytes:
    """A byte string in parentheses (7.3.4.2)."""
    return b"(%b)" % escape(data)


def escape(data: bytes) -> bytes:
    """What stands between a literal string's parentheses. Ends of line are escaped because a reader
    turns a bare carriage return into a line feed."""
    if _SPECIAL.search(data):
        return b"".join([_ESCAPES.get(byte) or bytes((byte,)) for byte in data])
    return data


@lru_cache(maxsize=1 << 10)
def text_string(text: str) -> bytes:
    """A text string (7.9.2.2): in PDFDocEncoding, of a byte each, where it has all characters, else in UTF-16BE.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    if text.isascii() and text.isprintable():
        return literal(text.encode("ascii"))
    try:
        data = text.translate(_DOCUMENT).encode("latin-1")
    except UnicodeEncodeError:
        data = _MARKS[0]
    return literal(b"\xfe\xff" + text.encode("utf-16-be") if data.startswith(_MARKS) else data)


def utf16(text: str) -> bytes:
    """UTF-16BE in hexadecimal digits."""
    return text.encode("utf-16-be").hex().upper().encode("ascii")


def name(text: str) -> bytes:
    """A name object with its solidus (7.3.5)."""
    return b"/" + b"".join([bytes((b,)) if b in _REGULAR else b"#%02X" % b for b in text.encode("utf-8")])


def refs(numbers: Iterable[int]) -> bytes:
    """Indirect references, as an array holds them."""
    return b" ".join([b"%d 0 R" % number for number in numbers])


def stream_object(number: int, entries: bytes, data: bytes) -> bytes:
    """A whole stream object; ``data`` is already encoded.

    The end-of-line before endstream (ISO 19005-3, 6.1.7) is CR LF: after data that happens to end in
    CR, a lone LF would make one end-of-line with it, and the length would seem wrong.
    """
    return b"%d 0 obj\n<<%b/Length %d>>\nstream\n%b\r\nendstream\nendobj\n" % (number, entries, len(data), data)


def deflate(data: bytes) -> bytes:
    """The smallest stream: for what is written once."""
    return min((_deflated(data, strategy) for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED)), key=len)


class Objects(ABC):
    """Numbered objects of a file. Equal streams, and equal objects that are shared, are there once."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}  # digests of streams
        self._shared: dict[bytes, int] = {}

    @abstractmethod
    def reserve(self) -> int:
        """A number whose object is put later."""

    @abstractmethod
    def put(self, number: int, body: bytes) -> None: ...

    @abstractmethod
    def unique(self, data: bytes, entries: bytes = b"") -> int:
        """Adds a stream of which there is no other, encoded already."""

    def add(self, body: bytes) -> int:
        number = self.reserve()
        self.put(number, body)
        return number

    def share(self, body: bytes) -> int:
        """Adds an object, or finds the equal one that was shared before."""
        if body not in self._shared:
            self._shared[body] = self.add(body)
        return self._shared[body]

    def stream(self, data: bytes, entries: bytes = b"", *, compress: bool = True) -> int:
        """Adds a stream, or finds the equal one. ``data`` is encoded already when ``compress`` is off."""
        if compress:
            packed = deflate(data)
            if len(packed) < len(data):
                data, entries = packed, entries + b"/Filter/FlateDecode"
        key = sha256(b"%d %b%b" % (len(entries), entries, data)).digest()
        if key not in self._known:
            self._known[key] = self.unique(data, entries)
        return self._known[key]


class Body(Objects):
    """The fixed objects of a file, numbered from ``first``; the numbers below belong to the tail.

    Dictionaries and arrays go into object streams (7.5.7), because a record's structure tree has
    hundreds of elements; equal streams are written once.
    """

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first
        self._bodies: list[bytes | None] = []  # a plain object's bytes, or None for a stream
        self._streams: dict[int, tuple[bytes, bytes]] = {}

    def reserve(self) -> int:
        self._bodies.append(None)
        return self.first + len(self._bodies) - 1

    def put(self, number: int, body: bytes) -> None:
        self._bodies[number - self.first] = body

    def unique(self, data: bytes, entries: bytes = b"") -> int:
        number = self.reserve()
        self._streams[number] = (entries, data)
        return number

    def finish(self, root: int) -> tuple[bytes, int, int]:
        """The file's first part, the offset of its cross-reference stream and the next free number.

        The stream covers this part only; the tail's points to it by /Prev, as an incremental
        update does (7.5.6, 7.5.8), so that the fixed entries are neither written nor hashed again.
        """
        out = bytearray(HEADER)
        entries: dict[int, tuple[int, int, int]] = {}
        for number, (extra, data) in self._streams.items():
            entries[number] = (1, len(out), 0)
            out += stream_object(number, extra, data)
        plain = [
            (self.first + index, body)
            for index, body in enumerate(self._bodies)
            if body is not None and self.first + index not in self._streams
        ]
        lost = set(range(self.first, self.first + len(self._bodies))) - entries.keys() - dict(plain).keys()
        if lost:
            raise AssertionError(f"objects {lost} were reserved and never written")
        following = self.first + len(self._bodies)
        for start in range(0, len(plain), _PER_OBJECT_STREAM):
            group = plain[start : start + _PER_OBJECT_STREAM]
            offsets, position = [], 0
            for index, (number, body) in enumerate(group):
                entries[number] = (2, following, index)
                offsets.append(b"%d %d" % (number, position))
                position += len(body) + 1
            head = b" ".join(offsets) + b"\n"
            data = deflate(head + b"\n".join([body for _, body in group]))
            entries[following] = (1, len(out), 0)
            kind = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(group), len(head))
            out += stream_object(following, kind, data)
            following += 1
        here = len(out)
        entries[following] = (1, here, 0)
        rows = [(0, 0, 65535)] + [entries[number] for number in range(self.first, following + 1)]
        table = deflate(b"".join([struct.pack(">BIH", *row) for row in rows]))
        kind = b"/Type/XRef/Size %d/Index[0 1 %d %d]/W[1 4 2]/Root %d 0 R/Filter/FlateDecode" % (
            following + 1,
            self.first,
            following - self.first + 1,
            root,
        )
        out += stream_object(following, kind, table)
        return bytes(out), here, following + 1


def dictionary(entries: Mapping[str, Any]) -> bytes:
    """A dictionary whose values are bytes already."""
    return b"<<%b>>" % b"".join([name(key) + b" " + value for key, value in entries.items()])


def _deflated(data: bytes, strategy: int) -> bytes:
    made = zlib.compressobj(9, zlib.DEFLATED, 15, 9, strategy)
    return made.compress(data) + made.flush()
