"""Faces: what is bundled, what the issuer brings, what the system has for Chinese, Japanese and Korean.

Metrics are in the face's own units (``Face.upem`` to the em), y up. Tables are those of OpenType
(ISO/IEC 14496-22); the index reads ``name``, ``OS/2`` and ``fvar`` alone, and HarfBuzz opens a face
when it is first used. Font files are data: sizes are checked, and one that cannot be read becomes a
:class:`Problem` in ``FontBook.problems``.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, NamedTuple

import uharfbuzz as hb

from certgen import assets
from certgen.errors import CertgenError, ExitCode, Problem

_SUFFIXES = {".ttf", ".otf", ".ttc", ".otc"}
_LARGEST_FILE = 128 * 2**20  # the largest CJK collections are about 100 MB
_LARGEST_TABLE = 2**20
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

# The bundled face for each script (ISO 15924), the serif first.
_BY_SCRIPT: dict[str, tuple[str, str]] = {
    "Latn": ("Noto Serif", "Source Sans 3"),
    "Grek": ("Noto Serif", "Source Sans 3"),
    "Cyrl": ("Noto Serif", "Source Sans 3"),
    "Arab": ("Noto Naskh Arabic", ""),
    "Orya": ("Noto Sans Oriya", ""),
    "Thaa": ("Noto Sans Thaana", ""),
} | {
    script: (f"Noto Serif {name}", "")
    for script, name in {
        **{"Armn": "Armenian", "Beng": "Bengali", "Deva": "Devanagari", "Ethi": "Ethiopic", "Geor": "Georgian"},
        **{"Gujr": "Gujarati", "Guru": "Gurmukhi", "Hebr": "Hebrew", "Khmr": "Khmer", "Knda": "Kannada"},
        **{"Laoo": "Lao", "Mlym": "Malayalam", "Mymr": "Myanmar", "Sinh": "Sinhala", "Taml": "Tamil"},
        **{"Telu": "Telugu", "Thai": "Thai"},
    }.items()
}

CJK_SCRIPTS = frozenset({"Hani", "Hans", "Hant", "Hira", "Kana", "Jpan", "Bopo", "Hang", "Kore"})

# System families, best first, by region; {} stands for Serif or Sans. Names as in the fonts' name tables.
_CJK: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "SC": (
        ("Noto Serif CJK SC", "Source Han Serif SC", "Noto Serif SC", "Songti SC", "STSong", "SimSun"),
        ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei"),
    ),
    "TC": (
        ("Noto Serif CJK TC", "Source Han Serif TC", "Noto Serif TC", "Songti TC", "PMingLiU", "MingLiU"),
        ("Noto Sans CJK TC", "Source Han Sans TC", "Noto Sans TC", "PingFang TC", "Microsoft JhengHei"),
    ),
    "HK": (
        ("Noto Serif CJK HK", "Source Han Serif HC", "Noto Serif HK", "MingLiU_HKSCS"),
        ("Noto Sans CJK HK", "Source Han Sans HC", "Noto Sans HK", "PingFang HK"),
    ),
    "JP": (
        ("Noto Serif CJK JP", "Source Han Serif", "Noto Serif JP", "Hiragino Mincho ProN", "Yu Mincho", "MS Mincho"),
        ("Noto Sans CJK JP", "Source Han Sans", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", "MS Gothic"),
    ),
    "KR": (
        ("Noto Serif CJK KR", "Source Han Serif K", "Noto Serif KR", "AppleMyungjo", "Batang"),
        ("Noto Sans CJK KR", "Source Han Sans K", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic"),
    ),
}
_CJK_FAMILIES = frozenset(name for pair in _CJK.values() for names in pair for name in names)

CJK_HINT = (
    "Install a font for Chinese, Japanese and Korean (on Debian and Ubuntu the package fonts-noto-cjk), "
    "or put one into the folder that issuer.toml names as fonts.folder."
)


Box = tuple[int, int, int, int]  # x0, y0, x1, y1
NOWHERE = 1 << 40


class Subset(NamedTuple):
    """A face cut down to some glyphs. ``data`` is a TrueType file (glyf), or for CFF the bare CFF table;
    ``mapping`` is old glyph id -> new glyph id and always has 0."""

    data: bytes
    mapping: dict[int, int]


class Entry(NamedTuple):
    """One face in a file, as the index knows it. ``axis`` is the range of weights of a variable face."""

    path: Path
    number: int  # in a collection
    family: str
    weight: int
    italic: bool
    key: str
    axis: tuple[int, int] | None


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

    def _subset(self, gids: Iterable[int]) -> Subset:
        if self._subsets == _WORTH_PREPROCESSING:
            self._source = hb.subset_preprocess(self._face)
        self._subsets += 1
        wanted = hb.SubsetInput()
        wanted.glyph_set.update({0, *gids})
        flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NOTDEF_OUTLINE
        if self.is_cff:
            flags |= hb.SubsetFlags.CFF_IDENTITY_CHARSET
        if self._downgrade:
            flags |= hb.SubsetFlags.DOWNGRADE_CFF2
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
            raise CertgenError(_unreadable(self.path, f"the outlines of {self.family} cannot be embedded"))
        return Subset(data, dict(plan.old_to_new_glyph_mapping))


def subset(face: Face, gids: Iterable[int]) -> Subset:
    """Cuts ``face`` down to ``gids`` and .notdef by hb-subset: hinting and layout tables go, glyphs are renumbered,
    components of composite glyphs come along. The same glyphs give the same bytes. Raises CertgenError (LAYOUT) if the
    outlines cannot be embedded. Source: ISO 32000-1, 9.9."""
    return face._subset(gids)


class FontBook:
    """The faces at hand: the issuer's folders first, then the bundled ones; the system's only for CJK.

    Pickles by its folders. ``problems`` lists the font files that were left out, and why.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self.folders = tuple(Path(folder) for folder in folders)
        self.problems: list[Problem] = []
        self._entries: dict[str, Entry] = {}
        self._families: dict[str, list[Entry]] = {}
        self._own: list[str] = []
        self._faces: dict[str, Face] = {}
        self._chosen: dict[tuple[str, int, bool], Face] = {}
        self._for_script: dict[tuple[str, str, bool, int, bool], tuple[Face, ...]] = {}
        self._system: dict[str, list[Entry]] | None = None
        for folder in self.folders:
            self._index(folder, own=True)
        self._index(assets.folder("fonts"), own=False)

    def __reduce__(self) -> tuple[type[FontBook], tuple[tuple[Path, ...]]]:
        return FontBook, (self.folders,)

    def families(self) -> tuple[str, ...]:
        """Family names that :meth:`face` knows, sorted; the system's are not among them."""
        return tuple(sorted(entries[0].family for entries in self._families.values()))

    def face(self, family: str, weight: int = 400, italic: bool = False) -> Face:
        """The family's face of the right slope and the nearest weight. Raises CertgenError (LAYOUT) if unknown."""
        wanted = (family, weight, italic)
        face = self._chosen.get(wanted)
        if face is None:
            entries = self._families.get(family.casefold()) or self._in_system().get(family.casefold())
            if not entries:
                raise CertgenError(self._unknown(family))
            face = self._chosen[wanted] = self._open(_nearest(entries, weight, italic), weight)
        return face

    def by_key(self, key: str) -> Face:
        """The face with that key, in any process. Raises CertgenError (LAYOUT) if there is none."""
        face = self._faces.get(key)
        if face is not None:
            return face
        name, weight = key, 400
        if found := re.fullmatch(r"(.+)_(\d+)wght", key):
            name, weight = found[1], int(found[2])
        entry = self._entries.get(name)
        if entry is None:
            entry = next((e for entries in self._in_system().values() for e in entries if e.key == name), None)
        if entry is None:
            raise CertgenError(
                Problem(
                    code="missing-face",
                    message=f"The font {key} was there when the certificates were laid out and is not there now.",
                    hint="Leave the font folders alone while certificates are made, and start again.",
                    exit_code=ExitCode.LAYOUT,
                )
            )
        return self._open(entry, weight)

    def script_faces(
        self, script: str, language: str = "en", serif: bool = True, *, weight: int = 400, italic: bool = False
    ) -> tuple[Face, ...]:
        """Faces to try for an ISO 15924 script, best first; for Han the language chooses the regional shapes.

        May be empty. After the script's own face come the issuer's other faces.
        """
        wanted = (script, language, serif, weight, italic)
        faces = self._for_script.get(wanted)
        if faces is None:
            found: dict[str, Face] = {}
            for face in self._by_script(*wanted):
                found.setdefault(face.key, face)
            faces = self._for_script[wanted] = tuple(found.values())
        return faces

    def _by_script(self, script: str, language: str, serif: bool, weight: int, italic: bool) -> Iterator[Face]:
        if script in CJK_SCRIPTS:
            own = {name: self._families[name] for name in self._own}
            for families in (own, self._in_system()):
                for region in _regions(script, language):
                    for names in _CJK[region] if serif else _CJK[region][::-1]:
                        for name in names:
                            if entries := families.get(name.casefold()):
                                yield self._open(_nearest(entries, weight, italic), weight)
        bundled = _BY_SCRIPT.get(script, ("", ""))
        for name in bundled if serif else bundled[::-1]:
            if name:
                yield self.face(name, weight, italic)
        for name in self._own:
            yield self._open(_nearest(self._families[name], weight, italic), weight)

    def _open(self, entry: Entry, weight: int) -> Face:
        if entry.axis:
            weight = min(max(weight, entry.axis[0]), entry.axis[1])
        key = f"{entry.key}_{weight}wght" if entry.axis else entry.key
        face = self._faces.get(key)
        if face is None:
            face = self._faces[key] = Face(entry, weight)
        return face

    def _index(self, folder: Path, *, own: bool) -> None:
        if own and not folder.is_dir():
            self.problems.append(
                Problem(
                    code="missing-font-folder",
                    message=f"There is no folder of fonts at {folder}.",
                    hint="Mend fonts.folder in issuer.toml, or take it out.",
                    exit_code=ExitCode.LAYOUT,
                )
            )
            return
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES):
            for entry in self._read(path):
                if entry.key not in self._entries:  # the same face twice: the first folder's is used
                    self._entries[entry.key] = entry
                    name = entry.family.casefold()
                    self._families.setdefault(name, []).append(entry)
                    if own and name not in self._own:
                        self._own.append(name)

    def _read(self, path: Path) -> list[Entry]:
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise _BadFont(f"it is larger than {_LARGEST_FILE >> 20} MB")
            with path.open("rb") as file:
                return list(_entries(path, file))
        except _BadFont as bad:
            self.problems.append(_unreadable(path, str(bad)))
        except (OSError, struct.error, ValueError):
            self.problems.append(_unreadable(path, "it is not a whole OpenType font"))
        return []

    def _in_system(self) -> dict[str, list[Entry]]:
        """The system's CJK faces by case-folded family. Looked for once, when first needed."""
        if self._system is None:
            self._system = {}
            told = len(self.problems)
            seen: set[str] = set()
            for path in _system_files():
                for entry in self._read(path):
                    if entry.family in _CJK_FAMILIES and entry.key not in seen:
                        seen.add(entry.key)
                        self._system.setdefault(entry.family.casefold(), []).append(entry)
            del self.problems[told:]  # a font of the system's that cannot be read is nobody's mistake here
        return self._system

    def _unknown(self, family: str) -> Problem:
        known = self.families()
        near = difflib.get_close_matches(family, known, n=1, cutoff=0.6)
        return Problem(
            code="unknown-font",
            message=f"There is no font family called “{family}”.",
            hint=f"Did you mean “{near[0]}”?" if near else f"The families at hand are {', '.join(known)}.",
            exit_code=ExitCode.LAYOUT,
        )


def _nearest(entries: Sequence[Entry], weight: int, italic: bool) -> Entry:
    """The right slope first, then the nearest weight; of two equally near, the one further from regular."""

    def distance(entry: Entry) -> tuple[bool, int, int]:
        low, high = entry.axis or (entry.weight, entry.weight)
        return entry.italic != italic, max(low - weight, weight - high, 0), -abs(entry.weight - 400)

    return min(entries, key=distance)


def _regions(script: str, language: str) -> tuple[str, ...]:
    """Regional shapes to try. Hangul and kana leave no choice; Han goes by the language's tag."""
    tag = language.replace("_", "-").lower()
    parts = tag.split("-")
    if script in {"Hang", "Kore"}:
        first = "KR"
    elif script in {"Hira", "Kana", "Jpan"} or parts[0] == "ja":
        first = "JP"
    elif parts[0] == "ko":
        first = "KR"
    elif "hk" in parts or "mo" in parts or parts[0] == "yue":
        first = "HK"
    elif "hant" in parts or "tw" in parts or script in {"Hant", "Bopo"}:
        first = "TC"
    else:
        first = "SC"
    rest = {"HK": ("TC", "SC", "JP", "KR")}.get(first, ("SC", "TC", "JP", "KR", "HK"))
    return (first, *(region for region in rest if region != first))


# --- reading the index ------------------------------------------------------------------------


class _BadFont(Exception):
    pass


def _unreadable(path: Path, why: str) -> Problem:
    return Problem(
        code="unusable-font",
        message=f"The font file {path.name} is left out: {why}.",
        hint="Take a static OpenType or TrueType font whose licence lets documents carry it.",
        severity="warning",
        file=str(path),
        exit_code=ExitCode.LAYOUT,
    )


def _entries(path: Path, file: BinaryIO) -> Iterator[Entry]:
    """The faces in a file. OpenType, "Organization of an OpenType Font" and "Font Collections"."""
    head = file.read(12)
    offsets = [0]
    if head[:4] == b"ttcf":
        (count,) = struct.unpack(">L", head[8:12])
        if not 0 < count <= 256:
            raise _BadFont("its collection header is wrong")
        offsets = list(struct.unpack(f">{count}L", file.read(4 * count)))
    for index, offset in enumerate(offsets):
        file.seek(offset)
        version, count = struct.unpack(">4sH6x", file.read(12))
        if version not in (b"\0\1\0\0", b"OTTO", b"true"):
            raise _BadFont("it is not an OpenType font")
        directory = {}
        for _ in range(count):
            tag, _checksum, at, length = struct.unpack(">4sLLL", file.read(16))
            directory[tag] = (at, length)
        yield _entry(path, index, file, directory)


def _entry(path: Path, index: int, file: BinaryIO, directory: dict[bytes, tuple[int, int]]) -> Entry:
    def table(tag: bytes) -> bytes:
        at, length = directory.get(tag, (0, 0))
        if length > _LARGEST_TABLE:
            raise _BadFont(f"its {tag.decode()} table is too large")
        file.seek(at)
        return file.read(length)

    if not directory.keys() & {b"glyf", b"CFF ", b"CFF2"}:
        raise _BadFont("it has no outlines")
    os2 = table(b"OS/2")
    weight, embedding = (struct.unpack(">H", os2[4:6])[0], struct.unpack(">H", os2[8:10])[0]) if os2 else (400, 0)
    # OS/2 fsType: restricted licence, no subsetting, bitmap embedding only.
    if embedding & 0x000F == 0x0002 or embedding & 0x0300:
        raise _BadFont("its maker does not let documents carry it (fsType)")
    italic = bool(len(os2) >= 64 and struct.unpack(">H", os2[62:64])[0] & 1)
    names = _names(table(b"name"))
    family = names.get(16) or names.get(1)
    key = names.get(6)
    if not family or not key:
        raise _BadFont("it does not say its name")
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


def _system_files() -> list[Path]:
    """Font files of the system, by fontconfig where it is, else from where systems keep them; sorted."""
    found: set[Path] = set()
    if program := shutil.which("fc-list"):
        try:
            listing = subprocess.run(
                [program, "--format", "%{file}\t%{family}\n"], capture_output=True, timeout=20, check=False
            ).stdout.decode("utf-8", "replace")
        except (OSError, subprocess.SubprocessError):
            listing = ""
        for line in listing.splitlines():
            path, _, families = line.partition("\t")
            if path and not _CJK_FAMILIES.isdisjoint(families.split(",")):
                found.add(Path(path))
    if not found:
        for folder in _system_folders():
            found.update(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
    return sorted(found)


def _system_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData/Local"))
        names = [Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"), Path(local, "Microsoft/Windows/Fonts")]
    elif sys.platform == "darwin":
        names = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    else:
        names = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]
    return [folder for folder in names if folder.is_dir()]
