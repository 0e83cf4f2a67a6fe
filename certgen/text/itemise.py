"""Divides a text into stretches of one bidi level (UAX 9) and one script (UAX 24)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Literal

import icu

from certgen.font import Face

Direction = Literal["auto", "ltr", "rtl"]
Stretch = tuple[int, int, int, str]  # start, end, bidi level, script

# Latin letters, Western punctuation and spaces: one direction, one script, nothing that combines.
PLAIN = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u024f\u1e00-\u1eff\u2000-\u200a\u2010-\u2027\u202f-\u203a\u2044\u20ac\u2116\u2122]*"
)
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# A code or a register number, such as 3669-DTGE or 2026/LF-011, is read from left to right as a whole. By UAX 9 alone
# its figures would be parted from its letters in an Arabic line, which "higher-level protocols" may mend (4.3, HL4).
_MARK = re.compile(r"(?<![0-9A-Za-z])(?=[0-9./:_-]*[A-Za-z])[0-9A-Za-z]+(?:[-/._:]+[0-9A-Za-z]+)+")
_SHARED = frozenset({"Zyyy", "Zinh", "Zzzz"})
_OPENING = frozenset("([{⟨«“‘")
_BRACKETS = dict(zip(")]}⟩»”’", "([{⟨«“‘", strict=True))


def stretches(text: str, direction: Direction) -> tuple[int, list[Stretch]]:
    """The paragraph's base level, and the stretches of one level and one script in logical order."""
    base = 1 if direction == "rtl" else 0
    levels: Sequence[int] = ()
    if base or _RIGHT_TO_LEFT.search(text):
        bidi = icu.Bidi()
        wide = icu.UnicodeString(_MARK.sub(lambda found: "A" * len(found[0]), text))
        bidi.setPara(wide, {"auto": icu.Bidi.DEFAULT_LTR, "ltr": 0, "rtl": 1}[direction])
        base = bidi.getParaLevel()
        units = bidi.getLevels()
        if len(units) != len(text):  # ICU counts UTF-16 units
            at, levels = 0, []
            for char in text:
                levels.append(units[at])
                at += 1 if char <= "\uffff" else 2
        else:
            levels = units
    scripts = _scripts(text)
    found: list[Stretch] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and scripts[at] == scripts[start] and (not levels or levels[at] == levels[start]):
            continue
        if start < len(text):
            found.append((start, at, levels[start] if levels else base, scripts[start]))
        start = at
    return base, found


@lru_cache(maxsize=8192)
def script(char: str) -> tuple[str, frozenset[str]]:
    """A character's script and script extensions (UAX 24), as ISO 15924 codes."""
    names = [icu.Script(code).getShortName() for code in icu.Script.getScriptExtensions(char)]
    return icu.Script.getScript(char).getShortName(), frozenset(names)


def _scripts(text: str) -> list[str]:
    """A script for every character: common and inherited ones join what is before them, at the beginning what is
    after; a closing bracket joins its opening one (UAX 24, 5.1 and 5.2)."""
    found: list[str | None] = []
    before: str | None = None
    open_: list[tuple[str, str | None]] = []
    for char in text:
        own, extensions = script(char)
        joined: str | None = own
        if own in _SHARED:
            joined = before
            if opening := _BRACKETS.get(char):
                if open_ and open_[-1][0] == opening:
                    joined = open_.pop()[1] or before
            elif char in _OPENING:
                open_.append((char, before))
            users = extensions - _SHARED
            if users and before not in users and own != "Zinh":
                joined = next((name for name in ("Arab", "Deva", "Hani") if name in users), min(users))
        found.append(joined)
        before = joined or before
    after: str | None = None
    for at in range(len(found) - 1, -1, -1):
        after = found[at] = found[at] or after
    return [name or "Latn" for name in found]


def missing(text: str, start: int, end: int, face: Face) -> Iterator[tuple[int, int, bool]]:
    """Parts of a stretch: common characters (digits, punctuation) that the face lacks, and the rest."""
    lacks = [script(char)[0] == "Zyyy" and not face.covers(char) for char in text[start:end]]
    at = 0
    for missing, group in groupby(lacks):
        length = len(list(group))
        yield start + at, start + at + length, missing
        at += length


def words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Words with the spaces after them; empty if there is but one."""
    cuts = [start, *(start + found.end() for found in re.finditer(r"\s+", text[start:end])), end]
    words = [(a, b) for a, b in pairwise(cuts) if a < b]
    return words if len(words) > 1 else []


def han(text: str, language: str) -> str:
    """The language whose regional shapes suit a text with Han characters: what its other letters say, then what the
    page says, then which national set has them all."""
    if re.search("[\u3041-\u30ff\u31f0-\u31ff]", text):
        return "ja"
    if re.search("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]", text):
        return "ko"
    if language.split("-")[0].lower() in {"zh", "ja", "ko", "yue"}:
        return language
    han = "".join(char for char in text if script(char)[0] == "Hani")
    for codec, tag in (("gb2312", "zh-Hans"), ("big5", "zh-Hant"), ("shift_jis", "ja")):
        with suppress(UnicodeEncodeError):
            han.encode(codec)
            return tag
    return "zh-Hans"


def capitals(text: str, language: str) -> str:
    """In capitals, as the language has them: Turkish i keeps its dot, Greek loses its accents."""
    return str(icu.UnicodeString(text).toUpper(icu.Locale(language)))


def normal(text: str) -> str:
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
