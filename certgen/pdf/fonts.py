"""Composite fonts: one CID for each (glyph, text) pair, so that everything copies as it was typed.

A face's glyphs become a Type 0 font with Identity-H. TrueType outlines take any CID through a
CIDToGIDMap. Bare CFF has no such map, so there a CID is the subset's own glyph number, and a glyph
that stands for several texts needs as many fonts ("layers") of the same program.
Source: ISO 32000-1, 9.7 and 9.10.3; ISO 19005-3, 6.2.11.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from certgen.pdf.syntax import deflate, escape, name, nums, refs, utf16

Pair = tuple[int, str]  # glyph of the face, text it stands for

# What a glyph without a text of its own copies as: a ToUnicode target may not be empty (5.9.2 of
# Adobe's technical note 5411; ISO 19005-3, 6.2.11.7.2 asks for a target for every code).
NOTHING = "\u200b"
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
    def advance(self, gid: int) -> int: ...
    def extents(self, gid: int) -> tuple[float, float, float, float]: ...


class Coded(NamedTuple):
    """A pair in a font: the font's layer, the code as it stands in a string, its width in /W."""

    layer: int
    code: bytes
    width: int


class Program(NamedTuple):
    """A face's subset, ready for numbering: object bodies that the writer joins with references.

    ``layers``: for each font, its /W array, its CIDToGIDMap (deflated; empty for CFF) and its
    ToUnicode CMap (deflated).
    """

    base: bytes  # subset tag and PostScript name, a name object
    descriptor: bytes  # without its font file
    file: bytes  # deflated
    file_entries: bytes
    cff: bool
    layers: tuple[tuple[bytes, bytes, bytes], ...]
    codes: dict[Pair, Coded]


def make(face: Face, pairs: Iterable[Pair], subset: Callable[..., object]) -> Program:
    """Embeds the glyphs of ``pairs``. The order of the pairs does not matter."""
    wanted = sorted(set(pairs))
    made = subset(face, sorted({0} | {gid for gid, _ in wanted}))
    data: bytes = made.data  # type: ignore[attr-defined]
    mapping: dict[int, int] = made.mapping  # type: ignore[attr-defined]
    scale = 1000 / face.upem
    widths = {gid: round(face.advance(gid) * scale) for gid, _ in wanted}
    notdef = round(face.advance(0) * scale)

    layers: list[list[tuple[int, Pair]]] = [[]]  # (cid, pair)
    if face.is_cff:
        depth: dict[int, int] = {}
        for pair in wanted:
            layer = depth[pair[0]] = depth.get(pair[0], -1) + 1
            if layer == len(layers):
                layers.append([])
            layers[layer].append((mapping[pair[0]], pair))
    else:
        layers[0] = list(enumerate(wanted, 1))

    codes = {
        pair: Coded(layer, escape(cid.to_bytes(2, "big")), widths[pair[0]])
        for layer, entries in enumerate(layers)
        for cid, pair in entries
    }
    digest = hashlib.sha256(data + repr(wanted).encode("utf-8", "surrogatepass")).digest()
    tag = "".join([chr(65 + byte % 26) for byte in digest[:6]])
    parts = []
    for entries in layers:
        entries.sort()
        array = b"[0[%d]%b]" % (notdef, b"".join([b"%d[%d]" % (cid, widths[pair[0]]) for cid, pair in entries]))
        gids = b""
        if not face.is_cff:
            array = b"[0[%d %b]]" % (notdef, nums([widths[pair[0]] for _, pair in entries])) if entries else array
            gids = deflate(b"\0\0" + b"".join([mapping[pair[0]].to_bytes(2, "big") for _, pair in entries]))
        parts.append((array, gids, deflate(_to_unicode([(cid, pair[1]) for cid, pair in entries]))))
    return Program(
        base=name(f"{tag}+{face.key}"),
        descriptor=_descriptor(face, [gid for gid, _ in wanted], scale),
        file=deflate(data),
        file_entries=(b"/Subtype/CIDFontType0C" if face.is_cff else b"/Length1 %d" % len(data)) + b"/Filter/FlateDecode",
        cff=face.is_cff,
        layers=tuple(parts),
        codes=codes,
    )


def write(
    program: Program, stream: Callable[[bytes, bytes], int], add: Callable[[bytes], int]
) -> list[int]:
    """Writes a program's objects through ``stream(data, entries)`` and ``add(body)``; the numbers of its fonts."""
    file = stream(program.file, program.file_entries)
    kind = b"/FontFile3" if program.cff else b"/FontFile2"
    descriptor = add(
        b"<</Type/FontDescriptor/FontName%b%b%b %d 0 R>>" % (program.base, program.descriptor, kind, file)
    )
    fonts = []
    for widths, gids, cmap in program.layers:
        place = b"/CIDFontType0" if program.cff else b"/CIDFontType2/CIDToGIDMap %d 0 R" % stream(gids, _FLATE)
        descendant = add(
            b"<</Type/Font/Subtype%b/BaseFont%b/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/FontDescriptor %d 0 R/W%b>>" % (place, program.base, descriptor, widths)
        )
        fonts.append(
            add(
                b"<</Type/Font/Subtype/Type0/BaseFont%b/Encoding/Identity-H/DescendantFonts[%b]/ToUnicode %d 0 R>>"
                % (program.base, refs([descendant]), stream(cmap, _FLATE))
            )
        )
    return fonts


_FLATE = b"/Filter/FlateDecode"


def _descriptor(face: Face, gids: list[int], scale: float) -> bytes:
    """A font descriptor's entries (9.8). The box is that of the glyphs that are there."""
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
    for start in range(0, len(entries), 100):  # at most 100 in a block
        block = entries[start : start + 100]
        lines.append(b"%d beginbfchar" % len(block))
        lines += [b"<%04X> <%b>" % (cid, utf16(target(text))) for cid, text in block]
        lines.append(b"endbfchar")
    lines.append(b"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
    return b"\n".join(lines)
