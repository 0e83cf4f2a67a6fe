"""How text is to be set, how it came to fit, and what to say when it cannot be set."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Any, Literal

from msgspec import Struct

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.font import CJK_HINT, CJK_SCRIPTS
from certgen.page import Line
from certgen.text.itemise import Direction as Direction
from certgen.text.itemise import script

_MM = 25.4 / 72  # of a point

How = Literal["natural", "tightened", "shrunk", "two lines", "small"]

# What no face may draw whatever its character map says: controls, surrogates, private use, noncharacters, U+FFFD, and
# the letters that make flags.
REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\uffff\U0001f1e6-\U0001f1ff\U000e0001-\U000e007f\U000f0000-\U0010ffff]"
)


class Style(Struct, frozen=True):
    """How text is set. ``size`` in points; ``leading`` in points, 0 means 1.35 x size; ``tracking`` in em, ignored
    where letters join, and ligatures are off where it is not zero. ``caps``: "small" sets lower case as small capitals,
    "all-small" capitals too, "upper" draws capitals (and still copies as typed where letters match one to one).
    ``fallback`` are families tried for the whole text before the script's own face."""

    family: str
    size: float
    weight: int = 400
    italic: bool = False
    leading: float = 0.0
    tracking: float = 0.0
    caps: Literal["none", "small", "all-small", "upper"] = "none"
    figures: Literal["default", "old", "lining", "tabular"] = "default"
    fallback: tuple[str, ...] = ()


class Fit(Struct, frozen=True):
    """How far a text may give way: ``shrink`` the smallest share of its size on one line or on two, ``floor`` the
    smallest of all; ``lines`` the most lines; ``tighten`` the tightest tracking, in em."""

    shrink: float = 0.68
    lines: int = 2
    floor: float = 0.5
    tighten: float = -0.02


class Fitted(Struct, frozen=True):
    """Text that fits its box: lines at one ``size``, how it came to fit, and the key of its first face. Lines go
    :meth:`Typesetter.leading` apart."""

    lines: tuple[Line, ...]
    size: float
    how: How
    face: str


class Uncovered(CertgenError):
    """No face at hand sets ``text``: ``characters`` have no glyph anywhere, or none whose marks attach."""

    def __init__(self, text: str, characters: Sequence[str], *, marks: bool = False) -> None:
        self.text = text
        self.characters = tuple(dict.fromkeys(characters))
        named = ", ".join(_named(char) for char in self.characters[:6])
        more = len(self.characters) - 6
        if more > 0:
            named += f" and {more} more"
        shown = "".join("\N{REPLACEMENT CHARACTER}" if REFUSED.match(char) else char for char in text[:80])
        why = "sets the accents in place" if marks else "has"
        super().__init__(
            Problem(
                code="missing-glyph",
                message=f"No font at hand {why} {named}, which “{shown}” needs.",
                hint=_remedy(self.characters),
                exit_code=ExitCode.LAYOUT,
            )
        )
        self._marks = marks

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Uncovered, marks=self._marks), (self.text, self.characters)


class Unfit(CertgenError):
    """``text`` cannot be made to fit: at its smallest it needs ``needed`` points of the ``there`` that there are, side
    by side (``across``) or one below the other."""

    def __init__(self, text: str, needed: float, there: float, across: bool = True) -> None:
        self.text = text
        self.needed = needed
        self.there = there
        self.across = across
        shown = text if len(text) <= 80 else text[:79] + "…"
        over = max(1, round((needed - there) * _MM))
        side = "wide" if across else "tall"
        letters = ceil(len(text) * (needed - there) / needed) if needed else 0
        much = f" by about {letters} letters" if across and letters > 1 else ""
        super().__init__(
            Problem(
                code="does-not-fit",
                message=f"“{shown}” is {over} mm too {side} even at its smallest; there are {there * _MM:.0f} mm.",
                hint=f"Shorten it{much}, or choose a layout with more room for it.",
                exit_code=ExitCode.LAYOUT,
            )
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Unfit, (self.text, self.needed, self.there, self.across)


def _named(char: str) -> str:
    name = unicodedata.name(char, "")
    shown = "" if REFUSED.match(char) or unicodedata.category(char)[0] in "CZ" else f"{char} "
    point = f"U+{ord(char):04X}"
    return f"{shown}({point} {name})" if name else f"{shown}({point})"


def _remedy(characters: Sequence[str]) -> str:
    if any(REFUSED.match(char) or unicodedata.category(char) in {"Cn", "Cf"} for char in characters):
        return "These are not letters; take them out of the text."
    if any(script(char)[0] in CJK_SCRIPTS for char in characters):
        return CJK_HINT
    if any(unicodedata.category(char) == "So" for char in characters):
        return "Take the symbol out of the text; certificates are set in letters."
    return "Put a font that has them into the folder that issuer.toml names as fonts.folder."
