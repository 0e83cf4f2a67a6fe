"""One face: its metrics, its outlines, its subsets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

import uharfbuzz as hb

from certgen.errors import CertgenError
from certgen.font.index import Entry, unreadable

# hb_subset_preprocess takes as long as 100 to 250 subsets (5 to 18 ms; a CJK face 1.2 s) and then each takes a fifth of
# the time (CJK: a fiftieth). The bytes are the same either way.
_WORTH_PREPROCESSING = 100

# Tables that a PDF reader has no use for once the text is shaped (ISO 32000-1, 9.9).
_DROP = [
    int.from_bytes(tag, "big")
    for tag in (
        *(b"GSUB", b"GPOS", b"GDEF", b"BASE", b"JSTF", b"MATH", b"kern", b"name", b"post", b"OS/2", b"cmap", b"DSIG"),
        *(b"vhea", b"vmtx", b"VORG", b"STAT", b"MVAR", b"gasp", b"FFTM", b"meta", b"PCLT", b"hdmx", b"VDMX", b"LTSH"),
        *(b"prop", b"morx", b"feat"),
    )
]


Box = tuple[int, int, int, int]  # x0, y0, x1, y1
NOWHERE = 1 << 40


class Subset(NamedTuple):
    """A face cut down to some glyphs. ``data`` is a TrueType file (glyf), or for CFF the bare CFF table;
    ``mapping`` is old glyph id -> new glyph id and always has 0."""

    data: bytes
    mapping: dict[int, int]


class _Marks(dict[int, Box]):
    """Glyph id -> box of its outline, found when first asked for; NOWHERE turned inside out for a blank one, so that it
    counts in no minimum or maximum."""

    def __init__(self, font: hb.Font) -> None:
        super().__init__()
        self._font = font

    def __missing__(self, gid: int) -> Box:
        box = self._font.get_glyph_extents(gid)
        if box is None or not (box.width and box.height):
            got = (NOWHERE, NOWHERE, -NOWHERE, -NOWHERE)
        else:
            got = (box.x_bearing, box.y_bearing + box.height, box.x_bearing + box.width, box.y_bearing)
        self[gid] = got
        return got


class Face:
    """One face at one weight. ``key`` is its PostScript name (with ``_600wght`` for a variable one) and names it
    everywhere. Lengths in font units; ``ascent`` and ``descent`` (positive) are the ``hhea`` table's."""

    def __init__(self, entry: Entry, weight: int) -> None:
        self.path = entry.path
        self.index = entry.number
        self.family = entry.family
        self.italic = entry.italic
        self.weight = weight if entry.axis else entry.weight
        self.key = f"{entry.key}_{weight}wght" if entry.axis else entry.key
        blob = hb.Blob.from_file_path(str(entry.path))
        self._face = hb.Face(blob, entry.number)
        self.hb = hb.Font(self._face)
        self._variable = bool(self._face.has_var_data)
        if self._variable:
            self.hb.set_variations({"wght": float(weight)})
        self.upem: int = self._face.upem
        tables = set(self._face.table_tags)
        self.is_cff: bool = "CFF " in tables or "CFF2" in tables
        self._downgrade = "CFF2" in tables
        extents = self.hb.get_font_extents("ltr")
        self.ascent: int = extents.ascender
        self.descent: int = -extents.descender
        self._advances: dict[int, int] = {}
        self.marks: Mapping[int, Box] = _Marks(self.hb)
        self._source = self._face
        self._subsets = 0

    def __repr__(self) -> str:
        return f"Face({self.key!r})"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the font file, in hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def cap_height(self) -> int:
        """Height of H, as drawn; 0.7 em for a face without one."""
        return self._height("H", 0.7)

    @cached_property
    def x_height(self) -> int:
        """Height of x, as drawn; 0.5 em for a face without one."""
        return self._height("x", 0.5)

    def _height(self, letter: str, otherwise: float) -> int:
        gid = self.hb.get_nominal_glyph(ord(letter))
        return self.extents(gid)[3] if gid else round(otherwise * self.upem)

    @cached_property
    def joined(self) -> bool:
        """Whether Latin letters are joined as in handwriting: then nothing may be put between them.

        Seen from n: its last stroke reaches past its advance width, into the next letter.
        """
        gid = self.hb.get_nominal_glyph(ord("n"))
        return bool(gid) and self.extents(gid)[2] > self.advance(gid)

    @cached_property
    def features(self) -> frozenset[str]:
        """The OpenType feature tags of the face's GSUB table, over all scripts."""
        found: set[str] = set()
        for at, script in enumerate(self._face.get_table_script_tags("GSUB")):
            found.update(self._face.get_language_feature_tags("GSUB", at))
            for language in range(len(self._face.get_script_language_tags("GSUB", at) if script else ())):
                found.update(self._face.get_language_feature_tags("GSUB", at, language))
        return frozenset(found)

    def advance(self, gid: int) -> int:
        """The glyph's advance width as ``hmtx`` has it."""
        got = self._advances.get(gid)
        if got is None:
            got = self._advances[gid] = self.hb.get_glyph_h_advance(gid)
        return got

    def extents(self, gid: int) -> Box:
        """The box of the glyph's outline (x0, y0, x1, y1) around its origin; zeros where there is no ink."""
        box = self.marks[gid]
        return box if box[3] > box[1] else (0, 0, 0, 0)

    def covers(self, text: str) -> bool:
        """Whether the character map has every character; shaping has the last word (text.Typesetter)."""
        return all(self.hb.get_nominal_glyph(ord(char)) for char in text)

    def _subset(self, gids: Iterable[int], retain: bool) -> Subset:
        if self._subsets == _WORTH_PREPROCESSING:
            self._source = hb.subset_preprocess(self._face)
        self._subsets += 1
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(gids)
        flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NOTDEF_OUTLINE
        if self.is_cff:
            flags |= hb.SubsetFlags.CFF_IDENTITY_CHARSET
        if self._downgrade:
            flags |= hb.SubsetFlags.DOWNGRADE_CFF2
        if retain:
            flags |= hb.SubsetFlags.RETAIN_GIDS
        wanted.flags = flags
        wanted.drop_table_tag_set.update(_DROP)
        if self._variable:
            wanted.pin_all_axes_to_default(self._face)
            if any(axis.tag == "wght" for axis in self._face.axis_infos):
                wanted.pin_axis_location(self._face, "wght", float(self.weight))
        plan = hb.SubsetPlan(self._source, wanted)
        made = plan.execute()
        data = bytes(made.reference_table("CFF ").data if self.is_cff else made.blob.data)
        if not data:
            raise CertgenError(unreadable(self.path, f"the outlines of {self.family} cannot be embedded"))
        return Subset(data, dict(plan.old_to_new_glyph_mapping))


def subset(face: Face, gids: Iterable[int], *, retain: bool = False) -> Subset:
    """Cuts ``face`` down to ``gids`` and .notdef by hb-subset: hinting and layout tables go, glyphs are renumbered
    (unless ``retain``: then those that are gone leave gaps), components of composite glyphs come along. The same glyphs
    give the same bytes. Raises CertgenError (LAYOUT) if the outlines cannot be embedded. Source: ISO 32000-1, 9.9."""
    return face._subset(gids, retain)
