"""Glyphs kept ready in a blank for what recipients bring, so that most files bring no font of their own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from string import ascii_lowercase, ascii_uppercase

from msgspec.structs import replace

from certgen.compose.desk import Desk, TextSlot
from certgen.fields import date_long, number
from certgen.page import Line
from certgen.text import Style

COMMON = f"{ascii_uppercase} {ascii_lowercase} -'’.," + "".join(
    f" {chr(code)}" for code in (*range(0xC0, 0x180), *range(0x218, 0x21C)) if chr(code).isalpha()
)
"""The Latin that names commonly need: Latin-1, Latin Extended-A, Romanian's commas. A glyph in stock costs a file that
does not show it some five bytes. A name beyond it brings a small subset of its own."""

PAIRS = tuple(" ".join(f"{first}{second}" for second in ascii_lowercase) for first in ascii_lowercase + ascii_uppercase)
"""Every pair of letters, so that a face's ligatures and alternates are in stock too."""

FIGURES = "0123456789 ABCDEFGHJKMNPQRSTVWXYZ -–/.:,·"
NAMES = frozenset({"recipient.name", "recipient.full", "recipient.given", "recipient.family"})

DATED = frozenset(
    f"{of}.{what}"
    for of in ("course", "credential")
    for what in ("hours", "start", "end", "dates", "issued", "expires")
)

Glyphs = dict[str, dict[tuple[int, str], None]]  # by face, in order


def stock(desk: Desk) -> dict[str, tuple[tuple[int, str], ...]]:
    """The glyphs, each with its text, by face: the Latin of names, figures, and the words of dates.

    What they are depends on the layout and the language, never on a roster.
    """
    dates = " ".join(date_long(date(2026, month, 1 + month), desk.language) for month in range(1, 13))
    dates += "".join(number(Decimal(figure), desk.language) for figure in range(10))
    kept: Glyphs = {}
    done: set[tuple[Style, str]] = set()
    for slot in desk.slots:
        if not isinstance(slot, TextSlot):
            continue
        paths = {path for template in slot.templates for path in template.paths}
        named = any(path.startswith(("recipient.", "roster.")) for path in paths)
        figures = FIGURES if paths - NAMES - DATED else ""
        fixed = slot.separator.join(p for t in slot.templates for p in t.parts if isinstance(p, str))
        for rank, (style, _) in enumerate(slot.styles):
            letters = "" if rank else COMMON  # a face that steps in does so for what a stock cannot foresee
            texts = (letters, figures, fixed) if named else (figures, dates, fixed)
            for text in texts:
                if (style, text) not in done:
                    done.add((style, text))
                    _letters(style, text, desk, kept)
            if named and rank == 0 and (style, "pairs") not in done:
                done.add((style, "pairs"))
                for text in PAIRS:
                    _keep(desk.typesetter.line(text, style, desk.language, "ltr"), kept)
    return {face: tuple(glyphs) for face, glyphs in sorted(kept.items())}


def _letters(style: Style, text: str, desk: Desk, kept: Glyphs) -> None:
    """The words of a text and each of their letters alone, as far as the style's own face has them."""
    alone = replace(style, fallback=())
    for word in (" ", *text.split(" ")):
        for piece in dict.fromkeys((word, *word)):
            if piece and desk.typesetter.sets(piece, style):
                _keep(desk.typesetter.line(piece, alone, desk.language), kept)


def _keep(line: Line, kept: Glyphs) -> None:
    for run in line.runs:
        glyphs = kept.setdefault(run.face, {})
        for glyph in run.glyphs:
            if glyph.text:
                glyphs[(glyph.gid, glyph.text)] = None
