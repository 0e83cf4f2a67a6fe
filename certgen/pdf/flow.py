"""A PDF file that is written as it is made: objects go out at once, and only where they went is remembered.

Source: ISO 32000-1, 7.5.7 (object streams) and 7.5.8 (cross-reference streams).
"""

from __future__ import annotations

import struct
import zlib
from array import array
from hashlib import sha256
from typing import BinaryIO

from certgen.pdf.syntax import HEADER, Objects, deflate, stream_object

_PER_OBJECT_STREAM = 200
_FREE, _PLAIN, _PACKED = 0, 1, 2  # types of cross-reference entries
_PAGES = 64  # kids of a node in the page tree


class Flow(Objects):
    """Objects numbered from 1, into ``out`` from its present position on, which counts as the file's beginning.

    Memory: 13 bytes for each object, and the dictionaries of the object stream
    that is not full yet. Equal streams and equal shared objects are written once; :meth:`page` remembers nothing.
    """

    def __init__(self, out: BinaryIO, header: bytes = HEADER) -> None:
        super().__init__()
        self._out = out
        self._digest = sha256()
        self._position = 0
        # of each number: entry type, offset or number of the object stream, place in that
        self._types, self._where, self._places = array("B", [_FREE]), array("Q", [0]), array("H", [0xFFFF])
        self._waiting: list[tuple[int, bytes]] = []
        self._tree = _Tree(self)
        self._write(header)

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was written so far."""
        return self._digest.digest()

    def reserve(self) -> int:
        self._types.append(_FREE)
        self._where.append(0)
        self._places.append(0)
        return len(self._types) - 1

    def put(self, number: int, body: bytes) -> None:
        self._waiting.append((number, body))
        if len(self._waiting) == _PER_OBJECT_STREAM:
            self._flush()

    def unique(self, data: bytes, entries: bytes = b"") -> int:
        number = self.reserve()
        self._at(number, _PLAIN, self._position, 0)
        self._write(stream_object(number, entries, data))
        return number

    def page(self, entries: bytes) -> None:
        """Adds the next page; ``entries`` are its dictionary's, all but /Type and /Parent."""
        self._tree.add(entries)

    def finish(self, catalogue: bytes, information: bytes, identifier: str) -> None:
        """Writes what the end needs. ``catalogue``: entries besides /Type and /Pages; ``information``: the whole
        dictionary. The file's /ID is of ``identifier`` and of all bytes before it."""
        root = self.add(b"<</Type/Catalog/Pages %d 0 R%b>>" % (self._tree.close(), catalogue))
        info = self.add(information)
        self._flush()
        number = self.reserve()
        here = self._position
        self._at(number, _PLAIN, here, 0)
        lost = [number for number, kind in enumerate(self._types) if kind == _FREE and number]
        if lost:
            raise AssertionError(f"objects {lost} were reserved and never written")
        wide = 4 if here < 1 << 32 else 8
        row = struct.Struct(">BIH" if wide == 4 else ">BQH")
        table = deflate(b"".join(map(row.pack, self._types, self._where, self._places)))
        first = sha256(identifier.encode("utf-8")).hexdigest()[:32].encode()
        entries = b"/Type/XRef/Size %d/W[1 %d 2]/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]/Filter/FlateDecode" % (
            len(self._types),
            wide,
            root,
            info,
            first,
            self._digest.hexdigest()[:32].encode(),
        )
        self._write(b"%bstartxref\n%d\n%%%%EOF\n" % (stream_object(number, entries, table), here))

    def _flush(self) -> None:
        """The dictionaries that wait, as an object stream."""
        if not self._waiting:
            return
        container = self.reserve()
        offsets, position = [], 0
        for place, (number, body) in enumerate(self._waiting):
            self._at(number, _PACKED, container, place)
            offsets.append(b"%d %d" % (number, position))
            position += len(body) + 1
        head = b" ".join(offsets) + b"\n"
        data = zlib.compress(head + b"\n".join([body for _, body in self._waiting]), 9)
        entries = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(self._waiting), len(head))
        self._waiting.clear()
        self._at(container, _PLAIN, self._position, 0)
        self._write(stream_object(container, entries, data))

    def _at(self, number: int, kind: int, where: int, place: int) -> None:
        self._types[number], self._where[number], self._places[number] = kind, where, place

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._digest.update(data)
        self._position += len(data)


class _Tree:
    """The page tree (7.7.3), balanced, its nodes written as soon as they are full.

    ``_open`` has the node that is being filled on each level, the lowest first: its number, its kids, its pages.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._open: list[tuple[int, list[int], int]] = []

    def add(self, entries: bytes) -> None:
        node = self._hang(0, 1)
        number = self._flow.add(b"<</Type/Page/Parent %d 0 R%b>>" % (node, entries))
        self._open[0][1].append(number)

    def close(self) -> int:
        """Writes the nodes that are not full; the root's number."""
        level = 0
        while level < len(self._open) - 1:
            self._shut(level)
            level += 1
        if not self._open:
            self._open.append((self._flow.reserve(), [], 0))
        number, kids, count = self._open[-1]
        self._flow.put(number, _node(b"", kids, count))
        return number

    def _hang(self, level: int, pages: int) -> int:
        """The node on a level that takes one more kid."""
        if level == len(self._open):
            self._open.append((self._flow.reserve(), [], 0))
        elif len(self._open[level][1]) == _PAGES:
            self._shut(level)
            self._open[level] = self._flow.reserve(), [], 0
        number, kids, count = self._open[level]
        self._open[level] = number, kids, count + pages
        return number

    def _shut(self, level: int) -> None:
        number, kids, count = self._open[level]
        parent = self._hang(level + 1, count)
        self._open[level + 1][1].append(number)
        self._flow.put(number, _node(b"/Parent %d 0 R" % parent, kids, count))


def _node(parent: bytes, kids: list[int], count: int) -> bytes:
    return b"<</Type/Pages%b/Kids[%b]/Count %d>>" % (parent, b" ".join([b"%d 0 R" % kid for kid in kids]), count)
