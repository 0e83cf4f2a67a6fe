"""The faces at hand, by family, by key and by script."""

from __future__ import annotations

import difflib
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from certgen import assets
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.font.cjk import CJK, CJK_FAMILIES, CJK_SCRIPTS, regions, system_files
from certgen.font.face import Face
from certgen.font.index import LARGEST_FILE, SUFFIXES, BadFont, Entry, faces_in, unreadable

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

    def opened(self) -> tuple[Face, ...]:
        """Every face that was asked for so far."""
        return tuple(self._faces.values())

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
                for region in regions(script, language):
                    for names in CJK[region] if serif else CJK[region][::-1]:
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
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
            for entry in self._read(path):
                if entry.key not in self._entries:  # the same face twice: the first folder's is used
                    self._entries[entry.key] = entry
                    name = entry.family.casefold()
                    self._families.setdefault(name, []).append(entry)
                    if own and name not in self._own:
                        self._own.append(name)

    def _read(self, path: Path) -> list[Entry]:
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise BadFont(f"it is larger than {LARGEST_FILE >> 20} MB")
            with path.open("rb") as file:
                return list(faces_in(path, file))
        except BadFont as bad:
            self.problems.append(unreadable(path, str(bad)))
        except (OSError, struct.error, ValueError):
            self.problems.append(unreadable(path, "it is not a whole OpenType font"))
        return []

    def _in_system(self) -> dict[str, list[Entry]]:
        """The system's CJK faces by case-folded family. Looked for once, when first needed."""
        if self._system is None:
            self._system = {}
            told = len(self.problems)
            seen: set[str] = set()
            for path in system_files():
                for entry in self._read(path):
                    if entry.family in CJK_FAMILIES and entry.key not in seen:
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
