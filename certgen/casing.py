"""Names that are all capitals, written as names are: on request only, for no rule knows every family.

"MCDONALD" is McDonald, "JAN VAN DER BERG" Jan van der Berg, "IŞIK" in Turkish Işık, "O'BRIEN-SMITH" O'Brien-Smith. A
name with a small letter in it is left alone. Sources: Unicode SpecialCasing (dotted and dotless i, final sigma); the
particles are those of Dutch, German, Spanish, Portuguese, Italian, French and Arabic names.
"""

from __future__ import annotations

import re

_PARTICLES = frozenset(
    [
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "das",
        "do",
        "dos",
        "du",
        "des",
        "zu",
        "zum",
        "zur",
        "ter",
        "ten",
        "af",
        "av",
        "y",
        "e",
        "i",
        "bin",
        "ibn",
        "bint",
        "al",
        "el",
        "ben",
    ]
)
_AFTER_DE = frozenset(["la", "las", "los", "le", "les", "lo", "l"])
_MAC = re.compile(
    "Mac(?=(?:donald|gregor|leod|kenzie|arthur|millan|pherson|lean|intyre|kay|dougall|farlane|neil|kinnon|lachlan)$)"
)
_NUMERALS = frozenset(["II", "III", "IV", "VII", "VIII", "IX"])
_WORD = re.compile(r"[^\W\d_]+(?:[.](?=[^\W\d_]))?", re.UNICODE)
_NOT_PARTICLES = ("vi", "zh", "ja", "ko")  # "Nguyen Van An": Van is a name there


def title_case(name: str, language: str | None = None) -> str:
    """A name of capitals in usual case; any other name as it is."""
    if name.upper() != name.replace("ß", "SS") or name.lower() == name:
        return name
    tongue = (language or "").split("-")[0].lower()
    turkish = tongue in ("tr", "az") or "İ" in name or "Ğ" in name
    words = name.split(" ")
    made: list[str] = []
    for i, word in enumerate(words):
        low = _lower(word, turkish)
        previous = made[-1] if made else ""
        if i == len(words) - 1 and i and word in _NUMERALS:
            made.append(word)
        elif len(words) > 1 and tongue not in _NOT_PARTICLES and _is_particle(low, previous, last=i == len(words) - 1):
            made.append(low)
        else:
            made.append(_capitalised(word, turkish, tongue))
    return " ".join(made)


def _is_particle(low: str, previous: str, *, last: bool) -> bool:
    if last:
        return False
    if low in _AFTER_DE:
        return previous in ("de", "von", "van", "y")
    if low in ("y", "e", "i"):
        return bool(previous)
    return low in _PARTICLES


def _lower(text: str, turkish: bool) -> str:
    if turkish:
        text = text.replace("I", "ı")
    return text.replace("İ", "i").lower()


def _capitalised(word: str, turkish: bool, tongue: str) -> str:
    def one(found: re.Match[str]) -> str:
        part = found[0]
        before = word[found.start() - 1 : found.start()]
        bare = part.rstrip(".")
        if len(bare) == 1 and (part.endswith(".") or word[found.end() : found.end() + 1] == "."):
            return part
        if before in ("'", "’") and len(bare) == 1:  # 'S, as in “d'S”
            return _lower(part, turkish)
        first = "İ" if turkish and part[0] == "İ" else part[0]
        low = first + _lower(part[1:], turkish)
        if tongue == "nl" and low.startswith("Ij"):
            low = "IJ" + low[2:]
        if low.startswith("Mc") and len(low) > 3:
            return "Mc" + low[2].upper() + low[3:]
        if _MAC.match(low):
            return "Mac" + low[3].upper() + low[4:]
        return low

    return _WORD.sub(one, word)
