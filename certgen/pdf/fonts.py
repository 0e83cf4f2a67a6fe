"""Composite fonts: one CID for each (glyph, text) pair, so that everything copies as it was typed.

A face's glyphs become a Type 0 font with Identity-H. TrueType outlines take any CID through a
CIDToGIDMap. Bare CFF has no such map, so there a CID is the subset's own glyph number, and a glyph
that stands for several texts needs as many fonts ("layers") of the same program.
Source: ISO 32000-1, 9.7 and 9.10.3; ISO 19005-3, 6.2.11.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple, Protocol

from certgen.pdf.syntax import deflate, escape, name, refs, utf16

Pair = tuple[int, str]  # glyph of the face, text it stands for

# What a glyph without a text of its own copies as: a ToUnicode target may not be empty (5.9.2 of
# Adobe's technical note 5411; ISO 19005-3, 6.2.11.7.2 asks for a target for every code).
NOTHING = "\u200b"
_JOINERS = "\u200c\u200d"
_FORBIDDEN = frozenset("\0\ufeff\ufffe")


class Face(Protocol):
    """What is asked of a face: certgen.font.Face, or a test's double."""

    @property
    def key(self) -> str: ...
    @property
    def upem(self) -> int: ...
    @property
    def ascent(self) -> float: ...
    @property
    def descent(self) -> float: ...
    @property
    def cap_height(self) -> float: ...
    @property
    def weight(self) -> int: ...
    @property
    def italic(self) -> bool: ...
    @property
    def is_cff(self) -> bool: ...
    @property
    def joined(self) -> bool: ...
    def advance(self, gid: int) -> int: ...
    def extents(self, gid: int) -> tuple[float, float, float, float]: ...


class Coded(NamedTuple):
    """A pair in a font: the font's layer, the code as it stands in a string, its width in /W; ``late``: the code where
    a file that shows it has to bring its glyph, else 0."""

    layer: int
    code: bytes
    width: int
    late: int = 0


class File(NamedTuple):
    """A font program: its name object, its descriptor without the program, the program deflated; without data each
    file brings it (certgen.pdf.assembly)."""

    base: bytes  # subset tag and PostScript name
    descriptor: bytes
    data: bytes
    entries: bytes


class Layer(NamedTuple):
    """A font over one of the files: its /W array, CIDToGIDMap (deflated; empty for CFF) and ToUnicode (deflated)."""

    file: int
    widths: bytes
    gids: bytes
    cmap: bytes


class Program(NamedTuple):
    """A face's subset, ready for numbering."""

    cff: bool
    files: tuple[File, ...]
    layers: tuple[Layer, ...]
    codes: dict[Pair, Coded]


class Cut(Protocol):
    """What a subsetter gives (certgen.font.Subset)."""

    @property
    def data(self) -> bytes: ...
    @property
    def mapping(self) -> dict[int, int]: ...


Subsetter = Callable[[Face, Iterable[int]], Cut]
Pack = Callable[[bytes], bytes]


def make(face: Face, pairs: Iterable[Pair], subset: Subsetter, pack: Pack = deflate) -> Program:
    """Embeds the glyphs of ``pairs``; their order does not matter. ``pack`` deflates: as small as can be for what is
    made once, quickly for what each file brings."""
    wanted = sorted(set(pairs), key=in_order)
    files: list[File] = []
    layers: list[Layer] = []
    codes: dict[Pair, Coded] = {}
    for group, cut in _groups(face, wanted, subset):
        files.append(file_of(face, group, cut, pack))
        stacked: list[list[tuple[int, Pair]]] = []  # (cid, pair)
        if face.is_cff:
            depth: dict[int, int] = {}
            for pair in group:
                level = depth[pair[0]] = depth.get(pair[0], -1) + 1
                if level == len(stacked):
                    stacked.append([])
                stacked[level].append((cut.mapping[pair[0]], pair))
        else:
            stacked.append(list(enumerate(group, 1)))
        for entries in stacked:
            entries.sort()
            for cid, pair in entries:
                codes[pair] = coded(face, len(layers), cid, pair)
            gids = b"" if face.is_cff else pack(gids_of(entries, cut.mapping))
            layers.append(layer_of(face, len(files) - 1, entries, gids, pack))
    return Program(face.is_cff, tuple(files), tuple(layers), codes)


def write(
    program: Program, stream: Callable[[bytes, bytes], int], add: Callable[[bytes], int], late: int = 0
) -> list[int]:
    """Writes a program's objects through ``stream(data, entries)`` and ``add(body)``; the numbers of its fonts. Where
    each file brings the program, ``late`` is its number there, and its CIDToGIDMap has the next."""
    key = b"/FontFile3" if program.cff else b"/FontFile2"
    descriptors = [
        add(
            b"<</Type/FontDescriptor/FontName%b%b%b %d 0 R>>"
            % (file.base, file.descriptor, key, late or stream(file.data, file.entries))
        )
        for file in program.files
    ]
    fonts = []
    for layer in program.layers:
        base = program.files[layer.file].base
        kind = b"/CIDFontType0"
        if not program.cff:
            kind = b"/CIDFontType2/CIDToGIDMap %d 0 R" % (late + 1 if late else stream(layer.gids, _FLATE))
        descendant = add(
            b"<</Type/Font/Subtype%b/BaseFont%b/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/FontDescriptor %d 0 R/W%b>>" % (kind, base, descriptors[layer.file], layer.widths)
        )
        fonts.append(
            add(
                b"<</Type/Font/Subtype/Type0/BaseFont%b/Encoding/Identity-H/DescendantFonts[%b]/ToUnicode %d 0 R>>"
                % (base, refs([descendant]), stream(layer.cmap, _FLATE))
            )
        )
    return fonts


def in_order(pair: Pair) -> tuple[bool, int, str, int]:
    """By text, so that runs of letters have runs of codes, and what is common comes early."""
    return not pair[1].isascii(), len(pair[1]), pair[1], pair[0]


def coded(face: Face, layer: int, cid: int, pair: Pair, late: bool = False) -> Coded:
    return Coded(layer, escape(cid.to_bytes(2, "big")), _width(face, pair[0]), cid if late else 0)


def _width(face: Face, gid: int) -> int:
    """The advance width in thousandths of an em, as /W and every position have it."""
    return round(face.advance(gid) * 1000 / face.upem)


def file_of(face: Face, group: list[Pair], cut: Cut, pack: Pack | None) -> File:
    digest = hashlib.sha256(cut.data + repr(group).encode("utf-8", "backslashreplace")).digest()
    tag = "".join([chr(65 + byte % 26) for byte in digest[:6]])
    entries = b"/Subtype/CIDFontType0C" if face.is_cff else b"/Length1 %d" % len(cut.data)
    descriptor = _descriptor(face, [gid for gid, _ in group])
    return File(name(f"{tag}+{face.key}"), descriptor, pack(cut.data) if pack else b"", entries + _FLATE)


def gids_of(entries: list[tuple[int, Pair]], mapping: dict[int, int]) -> bytes:
    """A CIDToGIDMap (9.7.4.2) of consecutive codes from 1."""
    return b"\0\0" + b"".join([mapping[pair[0]].to_bytes(2, "big") for _, pair in entries])


def layer_of(face: Face, file: int, entries: list[tuple[int, Pair]], gids: bytes, pack: Pack) -> Layer:
    widths = [b"0[%d]" % _width(face, 0)]
    before = -1
    for cid, pair in entries:  # consecutive CIDs share an array
        if cid != before + 1:
            widths.append(b"]%d[" % cid if before >= 0 else b"%d[" % cid)
        widths.append(b"%d " % _width(face, pair[0]))
        before = cid
    cmap = pack(_to_unicode([(cid, pair[1]) for cid, pair in entries]))
    return Layer(file, b"[%b%b]" % (b"".join(widths), b"]" if entries else b""), gids, cmap)


def _groups(face: Face, pairs: list[Pair], subset: Subsetter) -> list[tuple[list[Pair], Cut]]:
    """The subsets of a face: one, but for CFF one for each font dictionary (kana, Han, Latin ...) in use.

    page-validation 0.11 takes wrong widths from a program with several dictionaries beside .notdef's.
    """
    cut = subset(face, [gid for gid, _ in pairs])
    if not face.is_cff:
        return [(pairs, cut)]
    chosen = font_dictionaries(cut.data)
    groups: dict[int, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(chosen.get(cut.mapping[pair[0]], 0), []).append(pair)
    if len(groups) == 1:
        return [(pairs, cut)]
    return [(groups[key], subset(face, [gid for gid, _ in groups[key]])) for key in sorted(groups)]


def font_dictionaries(cff: bytes) -> dict[int, int]:
    """Which font dictionary each glyph of a CID-keyed CFF table has; empty for other CFF.

    Source: Adobe technical note 5176, 5, 9 and 19.
    """
    begin, end = _index(cff, _index(cff, cff[2])[-1][1])[0]  # the Top DICT, after the Name INDEX
    at = cff.find(b"\x0c\x25", begin, end) - 5  # FDSelect; hb-subset writes offsets in five bytes
    if at < begin or cff[at] != 29:
        return {}
    at = int.from_bytes(cff[at + 1 : at + 5], "big")
    if cff[at] != 3:  # a list by glyph, as long as hb-subset finds that shorter
        top = int.from_bytes(cff[cff.find(b"\x11", begin, end) - 4 :][:4], "big")
        return dict(enumerate(cff[at + 1 : at + 1 + len(_index(cff, top))]))
    count = int.from_bytes(cff[at + 1 : at + 3], "big")
    rows = [cff[p : p + 3] for p in range(at + 3, at + 3 + 3 * count, 3)]
    firsts = [int.from_bytes(row[:2], "big") for row in rows]
    firsts.append(int.from_bytes(cff[at + 3 + 3 * count : at + 5 + 3 * count], "big"))
    return {gid: row[2] for row, (a, b) in zip(rows, pairwise(firsts), strict=True) for gid in range(a, b)}


def _index(cff: bytes, at: int) -> list[tuple[int, int]]:
    """Where the items of an INDEX begin and end (5176, 5); where the last ends, the next thing begins."""
    count = int.from_bytes(cff[at : at + 2], "big")
    if count == 0:
        return [(at + 2, at + 2)]
    size = cff[at + 2]
    offsets = [int.from_bytes(cff[p : p + size], "big") for p in range(at + 3, at + 3 + size * (count + 1), size)]
    base = at + 3 + size * (count + 1) - 1
    return [(base + a, base + b) for a, b in pairwise(offsets)]


_FLATE = b"/Filter/FlateDecode"


def _descriptor(face: Face, gids: list[int]) -> bytes:
    """A font descriptor's entries (9.8). The box is that of the glyphs that are there."""
    scale = 1000 / face.upem
    boxes = [face.extents(gid) for gid in gids] or [(0, 0, 0, 0)]
    box = (
        min(b[0] for b in boxes) * scale,
        min(b[1] for b in boxes) * scale,
        max(b[2] for b in boxes) * scale,
        max(b[3] for b in boxes) * scale,
    )
    flags = 4 | (64 if face.italic else 0)  # Symbolic: the codes are our own
    return b"/Flags %d/FontBBox[%b]/ItalicAngle %d/Ascent %d/Descent %d/CapHeight %d/StemV %d" % (
        flags,
        b"%d %d %d %d" % (int(box[0] // 1), int(box[1] // 1), int(-(-box[2] // 1)), int(-(-box[3] // 1))),
        -12 if face.italic else 0,
        round(face.ascent * scale),
        -abs(round(face.descent * scale)),
        round(face.cap_height * scale),
        round(10 + 220 * (face.weight - 50) / 900),  # the usual estimate from the weight class
    )


def target(text: str) -> str:
    """What a code copies as: never empty, never a character that ISO 19005-3, 6.2.11.7 forbids."""
    kept = "".join([c for c in text if c not in _FORBIDDEN and not _private(ord(c))])
    if kept and kept[0] in _JOINERS and unicodedata.bidirectional(kept[-1]) in ("R", "AL"):
        # poppler and pdfium turn a right-to-left word round character by character, but leave the
        # letters of one code together only when all of them are letters.
        kept = kept.lstrip(_JOINERS) + kept[: len(kept) - len(kept.lstrip(_JOINERS))]
    return kept or NOTHING


def _private(code: int) -> bool:
    return 0xE000 <= code <= 0xF8FF or 0xF0000 <= code <= 0x10FFFF


def _to_unicode(entries: list[tuple[int, str]]) -> bytes:
    """A ToUnicode CMap (9.10.3) in the line layout that simple readers expect."""
    lines = [
        b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo\n"
        b"<< /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n"
        b"/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange"
    ]
    ranges = [(first, last, utf16(text)) for first, last, text in _runs(entries)]
    chars = [b"<%04X> <%b>" % (first, text) for first, last, text in ranges if first == last]
    spans = [b"<%04X> <%04X> <%b>" % (first, last, text) for first, last, text in ranges if first < last]
    for kind, all_of_kind in ((b"bfchar", chars), (b"bfrange", spans)):
        for start in range(0, len(all_of_kind), 100):  # at most 100 in a block
            block = all_of_kind[start : start + 100]
            lines += [b"%d begin%b" % (len(block), kind), *block, b"end" + kind]
    lines.append(b"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
    return b"\n".join(lines)


def _runs(entries: list[tuple[int, str]]) -> list[tuple[int, int, str]]:
    """First code, last code and the first's text: codes that follow each other, for characters that do. Within a run
    only the last byte changes, of codes and of characters (9.10.3; technical note 5014, 7.2)."""
    runs: list[tuple[int, int, str]] = []
    for cid, text in entries:
        text = target(text)
        if runs and len(text) == 1 and text <= "\uffff":
            first, last, start = runs[-1]
            step = cid - first
            if cid == last + 1 and cid % 256 and len(start) == 1 and ord(text) == ord(start) + step and ord(text) % 256:
                runs[-1] = first, cid, start
                continue
        runs.append((cid, cid, text))
    return runs
