"""A face of which every file gets the glyphs that it shows, without the face being cut again.

A TrueType face is cut once, to all that the files of a plate may show, and taken apart glyph by glyph. For each file
it is put together again: first what the fixed text shows, deflated once and the same everywhere, then the file's own
glyphs. Widths and texts of all codes stand in the common part; a file brings the program and its CIDToGIDMap.
Source: OpenType 1.9, glyf, loca, hmtx and "Calculating checksums"; RFC 1950 and 1951 for the stored block.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import NamedTuple

from certgen.pdf import fonts
from certgen.pdf.fonts import Face, Pair, Program, Subsetter
from certgen.pdf.syntax import deflate

WORTH = 10_000  # bytes of outlines beside the fixed text's, from which on a file's own choice is worth its time
_MOST = 2 * 0xFFFF  # bytes of all outlines, so that offsets of two bytes do
_BLOCK = 0xFFFF  # bytes of a stored block at most
_TABLES = (b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp")  # as the directory has them, by name
_DIRECTORY = struct.Struct(">IHHHH" + "4sIII" * len(_TABLES))
_WORDS = struct.Struct(f">{_DIRECTORY.size // 4}I")
_BITS = 0xFFFFFFFF


class Glyph(NamedTuple):
    """An outline, padded to four bytes: the bytes, their sum, half their number, as loca counts; its hmtx entry, and
    that as a number."""

    data: bytes
    total: int
    half: int
    metrics: bytes
    width: int


class Made(NamedTuple):
    """A font program as a stream: the dictionary's entries and the data; and its CIDToGIDMap."""

    entries: bytes
    data: bytes
    gids: bytes


class Assembly:
    """The glyphs of a face. Plain data: it pickles.

    ``common`` are in every file, numbered as here; ``gids`` is the map of their codes; ``packed``: they are deflated.
    ``late`` are the other glyphs, by code.
    """

    def __init__(
        self, tables: dict[bytes, bytes], common: list[Glyph], gids: bytes, late: dict[int, Glyph], packed: bool
    ) -> None:
        self._gids, self._late, self._base = gids, late, len(common)
        self._outlines = b"".join([glyph.data for glyph in common])
        self._total = sum(glyph.total for glyph in common)
        self._metrics = b"".join([glyph.metrics for glyph in common])
        self._width = sum(glyph.width for glyph in common)
        self._offsets = list(accumulate((glyph.half for glyph in common), initial=0))
        self._head, self._hhea, self._maxp = tables[b"head"], tables[b"hhea"][:34], tables[b"maxp"][:4]
        self._limits = tables[b"maxp"][6:]
        self._sums = _sum(self._head), _sum(self._hhea + b"\0\0"), _sum(b"%b\0\0%b" % (self._maxp, self._limits))
        self._packed = b""
        if packed:
            made = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
            self._packed = made.compress(self._outlines) + made.flush(zlib.Z_SYNC_FLUSH)  # to be followed by a block
        self._bare = self._make([])

    def make(self, wanted: set[int] | None) -> Made:
        """The program with the fixed text's glyphs and those of the codes ``wanted``, among which 0 is none."""
        codes = sorted(wanted) if wanted else []
        if codes and not codes[0]:
            del codes[0]
        return self._make(codes) if codes else self._bare

    def _make(self, codes: list[int]) -> Made:
        glyphs = [self._late[code] for code in codes]
        pieces, totals, halves, metrics, widths = zip(*glyphs, strict=True) if glyphs else ((),) * 5
        offsets = self._offsets[:-1]
        offsets += accumulate(halves, initial=self._offsets[-1])
        count = len(offsets) - 1
        loca = struct.pack(f">{count + 1}H", *offsets) + (b"" if count % 2 else b"\0\0")
        sums = (self._total + sum(totals)) & _BITS, (self._width + sum(widths)) & _BITS, _sum(loca)
        directory, end = self._frame(count, 2 * offsets[-1], *sums)
        rest = b"".join((*pieces, self._metrics, *metrics, loca, *end))
        return self._stream(directory, rest, self._map(codes))

    def _frame(
        self, count: int, size: int, outlines: int, widths: int, offsets: int
    ) -> tuple[bytes, tuple[bytes, ...]]:
        """The directory, and the tables after ``loca``: the outlines come first, because what all files have begins
        there. Given are how many glyphs there are, how long their outlines, and the sums of three tables."""
        head, hhea, maxp = self._sums
        hhea, maxp = hhea + count & _BITS, maxp + (count << 16) & _BITS
        number = count.to_bytes(2, "big")
        hmtx = _DIRECTORY.size + size
        loca = hmtx + 4 * count
        then = loca + 2 * count + (2 if count % 2 else 4)
        directory = _directory(
            (outlines, _DIRECTORY.size, size),
            (head, then + 68, 54),
            (hhea, then, 36),
            (widths, hmtx, 4 * count),
            (offsets, loca, 2 * count + 2),
            (maxp, then + 36, 32),
        )
        whole = sum(_WORDS.unpack(directory)) + outlines + head + hhea + widths + offsets + maxp
        adjusted = (0xB1B0AFBA - whole & _BITS).to_bytes(4, "big")
        end = self._hhea, number, self._maxp, number, self._limits, self._head[:8], adjusted, self._head[12:], b"\0\0"
        return directory, end

    def _stream(self, directory: bytes, rest: bytes, gids: bytes) -> Made:
        length = b"/Length1 %d" % (len(directory) + len(self._outlines) + len(rest))
        if not self._packed:
            return Made(length, b"%b%b%b" % (directory, self._outlines, rest), gids)
        check = zlib.adler32(rest, zlib.adler32(self._outlines, zlib.adler32(directory)))
        parts = (b"x\x01", _stored(directory, 0), self._packed, _stored(rest, 1), check.to_bytes(4, "big"))
        return Made(length + b"/Filter/FlateDecode", b"".join(parts), gids)

    def _map(self, codes: list[int]) -> bytes:
        """The CIDToGIDMap (ISO 32000-1, 9.7.4.2), as long as the highest code needs."""
        if not codes:
            return self._gids
        gids = bytearray(2 * codes[-1] + 2)
        gids[: len(self._gids)] = self._gids
        for number, code in enumerate(codes, self._base):
            gids[2 * code + 1] = number & 0xFF
            if number > 0xFF:
                gids[2 * code] = number >> 8
        return bytes(gids)


def _directory(*entries: tuple[int, int, int]) -> bytes:
    """Six tables by name, each with its sum, place and length."""
    (a, b, c, d, e, f), (glyf, head, hhea, hmtx, loca, maxp) = entries, _TABLES
    return _DIRECTORY.pack(0x10000, 6, 64, 2, 32, glyf, *a, head, *b, hhea, *c, hmtx, *d, loca, *e, maxp, *f)


def _stored(data: bytes, last: int) -> bytes:
    """Blocks that are not compressed (RFC 1951, 3.2.4); mostly one."""
    if len(data) > _BLOCK:
        return _stored(data[:_BLOCK], 0) + _stored(data[_BLOCK:], last)
    return struct.pack("<BHH", last, len(data), len(data) ^ 0xFFFF) + data


def _sum(data: bytes) -> int:
    """The sum of words of four bytes, in four bytes."""
    if len(data) % 4:
        data += bytes(-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(data) // 4}I", data)
    return sum(words) & _BITS


# --- taking apart ----------------------------------------------------------------------------


def assemble(
    face: Face, fixed: Iterable[Pair], stock: Iterable[Pair], subset: Subsetter
) -> tuple[Program, Assembly] | None:
    """The face's common part, and what makes each file's program; None where that would gain nothing."""
    if face.is_cff:
        return None
    always = sorted(set(fixed), key=fonts.in_order)
    more = sorted(set(stock).difference(always), key=fonts.in_order)
    entries = list(enumerate((*always, *more), 1))
    cut = subset(face, [gid for _, (gid, _) in entries])
    try:
        apart = _Apart(cut.data)
        glyphs = {gid: apart.glyph(cut.mapping[gid]) for gid in (0, *[gid for _, (gid, _) in entries])}
    except _Unusual:
        return None
    common = dict.fromkeys((0, *[gid for gid, _ in always]))
    if sum(len(glyph.data) for gid, glyph in glyphs.items() if gid not in common) < WORTH:
        return None
    if sum(len(glyph.data) for glyph in glyphs.values()) > _MOST:
        return None
    program = Program(
        False,
        (fonts.file_of(face, [pair for _, pair in entries], cut, None),),
        (fonts.layer_of(face, 0, entries, b"", deflate),),
        {pair: fonts.coded(face, 0, cid, pair, cid > len(always)) for cid, pair in entries},
    )
    return program, Assembly(
        apart.tables,
        [glyphs[gid] for gid in common],
        fonts.gids_of(entries[: len(always)], {gid: number for number, gid in enumerate(common)}),
        {cid: glyphs[gid] for cid, (gid, _) in entries[len(always) :]},
        bool(always),
    )


class _Unusual(Exception):
    """A font that is not taken apart: with other tables, or with components that hang on points."""


Point = tuple[int, int, int]  # x, y, and the flags that stay: on the curve, overlapping
_ON, _SHORT_X, _SHORT_Y, _REPEAT, _SAME_X, _SAME_Y, _OVERLAP = 1, 2, 4, 8, 16, 32, 64


class _Apart:
    """A TrueType file's tables and glyphs; composite ones are made plain, so that each is a whole. Raises _Unusual."""

    def __init__(self, font: bytes) -> None:
        self.tables: dict[bytes, bytes] = {}
        for at in range(12, 12 + 16 * int.from_bytes(font[4:6], "big"), 16):
            tag, _, start, length = struct.unpack(">4sIII", font[at : at + 16])
            self.tables[tag] = font[start : start + length]
        if sorted(self.tables) != sorted(_TABLES):
            raise _Unusual
        head, maxp = self.tables[b"head"], self.tables[b"maxp"]
        kind, step = ("I", 1) if head[51] else ("H", 2)
        count = int.from_bytes(maxp[4:6], "big")
        self._offsets = [step * v for v in struct.unpack_from(f">{count + 1}{kind}", self.tables[b"loca"])]
        # offsets of two bytes, and the adjustment for a sum that is not known yet
        self.tables[b"head"] = b"%b\0\0\0\0%b\0\0%b" % (head[:8], head[12:50], head[52:])
        points, contours, joined_points, joined_contours = struct.unpack(">4H", maxp[6:14])
        limits = struct.pack(">4H", max(points, joined_points), max(contours, joined_contours), 0, 0)
        self.tables[b"maxp"] = b"%b%b%b\0\0\0\0" % (maxp[:6], limits, maxp[14:28])

    def glyph(self, glyph: int) -> Glyph:
        data = self._outline(glyph)
        if data[:1] >= b"\x80":  # less than no contours
            data = _written(self._contours(glyph))
        data += bytes(-len(data) % 4)
        hmtx, measured = self.tables[b"hmtx"], int.from_bytes(self.tables[b"hhea"][34:36], "big")
        wide = 4 * min(glyph, measured - 1)
        side = 4 * glyph + 2 if glyph < measured else 4 * measured + 2 * (glyph - measured)
        metrics = hmtx[wide : wide + 2] + hmtx[side : side + 2]
        return Glyph(data, _sum(data), len(data) // 2, metrics, int.from_bytes(metrics, "big"))

    def _outline(self, glyph: int) -> bytes:
        return self.tables[b"glyf"][self._offsets[glyph] : self._offsets[glyph + 1]]

    def _contours(self, glyph: int) -> list[list[Point]]:
        data = self._outline(glyph)
        if data[:1] < b"\x80":
            return _read(data) if data else []
        at, flags, found = 10, 0x20, []
        while flags & 0x20:
            flags, part = struct.unpack_from(">HH", data, at)
            if not flags & 0x02 or flags & 0x0800:
                raise _Unusual
            dx, dy = struct.unpack_from(">hh" if flags & 0x01 else ">bb", data, at + 4)
            at += 8 if flags & 0x01 else 6
            terms = 1 if flags & 0x08 else 2 if flags & 0x40 else 4 if flags & 0x80 else 0
            scale = [v / 0x4000 for v in struct.unpack_from(f">{terms}h", data, at)]
            at += 2 * terms
            a, b, c, d = scale if terms == 4 else (scale[0], 0, 0, scale[-1]) if terms else (1, 0, 0, 1)
            for contour in self._contours(part):
                found.append([(round(a * x + c * y) + dx, round(b * x + d * y) + dy, kept) for x, y, kept in contour])
        return found


def _read(data: bytes) -> list[list[Point]]:
    """A plain glyph's contours."""
    count = int.from_bytes(data[:2], "big")
    ends = struct.unpack_from(f">{count}H", data, 10)
    at = 10 + 2 * count
    at += 2 + int.from_bytes(data[at : at + 2], "big")  # instructions
    flags: list[int] = []
    while len(flags) <= ends[-1]:
        repeated = data[at] & _REPEAT
        flags += [data[at]] * (data[at + 1] + 1 if repeated else 1)
        at += 2 if repeated else 1
    axes = []
    for short, same in ((_SHORT_X, _SAME_X), (_SHORT_Y, _SAME_Y)):
        value, values = 0, []
        for flag in flags:
            if flag & short:
                value += data[at] if flag & same else -data[at]
                at += 1
            elif not flag & same:
                value += int.from_bytes(data[at : at + 2], "big", signed=True)
                at += 2
            values.append(value)
        axes.append(values)
    points = [(x, y, flag & (_ON | _OVERLAP)) for x, y, flag in zip(*axes, flags, strict=True)]
    return [points[start:end] for start, end in pairwise([0, *[end + 1 for end in ends]])]


def _written(contours: list[list[Point]]) -> bytes:
    """A plain glyph."""
    points = [point for contour in contours for point in contour]
    if not points:
        return b""
    box = [edge(point[axis] for point in points) for edge in (min, max) for axis in (0, 1)]
    ends = [total - 1 for total in accumulate(map(len, contours))]
    head = struct.pack(f">5h{len(ends)}HH", len(contours), *box, *ends, 0)  # no instructions
    flags: list[list[int]] = []  # each with its repetitions
    axes: tuple[list[bytes], list[bytes]] = ([], [])
    before = (0, 0)
    for x, y, flag in points:
        for axis, short, same in ((0, _SHORT_X, _SAME_X), (1, _SHORT_Y, _SAME_Y)):
            step = (x, y)[axis] - before[axis]
            if step == 0:
                flag |= same
            elif abs(step) < 256:
                flag |= short | (same if step > 0 else 0)
                axes[axis].append(bytes((abs(step),)))
            else:
                axes[axis].append(step.to_bytes(2, "big", signed=True))
        before = x, y
        if flags and flags[-1][0] == flag and flags[-1][1] < 255:
            flags[-1][1] += 1
        else:
            flags.append([flag, 0])
    kept = [bytes((flag | _REPEAT, times)) if times > 1 else bytes((flag,)) * (times + 1) for flag, times in flags]
    return b"".join([head, *kept, *axes[0], *axes[1]])
