"""Puts the items of a line in visual order and measures it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from certgen.font import Face
from certgen.page import Glyph, GlyphRun, Line, Rect
from certgen.text.run import ink
from certgen.text.shaper import Item, Shaped
from certgen.text.style import Style

LEADING = 1.35  # of the size, where a style does not say


class _Placed(NamedTuple):
    key: str
    scale: float
    glyphs: tuple[Glyph, ...]
    text: str
    x: float
    level: int
    tracking: float


class Setting(NamedTuple):
    """A line at size 1: the rest of :class:`Line` is these times the size."""

    runs: tuple[_Placed, ...]
    text: str
    width: float
    ascent: float
    descent: float
    ink: Rect

    def line(self, size: float) -> Line:
        """The line at a size in points."""
        runs = [
            GlyphRun(key, size * scale, glyphs, text, size * x, level, size * tracking)
            for key, scale, glyphs, text, x, level, tracking in self.runs
        ]
        x0, y0, x1, y1 = self.ink
        marks = (size * x0, size * y0, size * x1, size * y1)
        return Line(tuple(runs), self.text, size * self.width, size * self.ascent, size * self.descent, marks)

    @property
    def room(self) -> float:
        """Width of a box in which both the advance width and the ink stay, the line flush or centred in it."""
        return self.width + 2 * max(0.0, -self.ink[0], self.ink[2] - self.width)


def arrange(
    shaped: Shaped, items: Sequence[Item], start: int, end: int, per: float, tracking: float | None = None
) -> Setting:
    """Puts a line's items in visual order (UAX 9, L2) and measures them, in units of ``per`` points."""
    x = before = after = 0.0  # the pen; advance of the space that ends the line, on either side
    ascent = descent = 0.0
    x0 = y0 = math.inf
    x1 = y1 = -math.inf
    visible = start + len(shaped.text[start:end].rstrip())
    runs = []
    last = 0.0  # tracking after the last glyph that shows
    for item in items if len(items) == 1 else _visual(items):
        run, face = item.run, item.face
        if not run.glyphs:
            continue
        unit = item.scale * item.style.size / per
        k = unit / face.upem
        ascent = max(ascent, face.ascent * k)
        descent = max(descent, face.descent * k)
        track = 0.0
        if (tracking is not None or item.style.tracking) and item.tracks:
            track = (item.style.tracking if tracking is None else tracking) * item.style.size / per
        glyphs, advance, box = run.glyphs, run.advance * k, run.box
        if track:
            if not run.plain:  # a mark must stay on its letter: widen clusters, not glyphs
                glyphs, track = _widened(glyphs, round(track / k), item.level), 0.0
                advance = sum(glyph.advance for glyph in glyphs) * k
                gap = glyphs[-1].advance * k - run.glyphs[-1].advance * k
                box = _tracked(face, glyphs, 0.0)
            else:
                advance += track * len(glyphs)
                gap = track
                box = _tracked(face, glyphs, track / k)
        else:
            gap = 0.0
        if item.start >= visible:
            if shaped.base & 1:
                before += advance
            else:
                after += advance
        else:
            last = gap
        if box:
            x0, y0 = min(x0, x + box[0] * k), min(y0, box[1] * k)
            x1, y1 = max(x1, x + box[2] * k), max(y1, box[3] * k)
        text = shaped.typed[item.start : item.end]
        runs.append(_Placed(face.key, unit, glyphs, text, x, item.level, track))
        x += advance
    if before:  # the space that ends a right-to-left line hangs out on the left
        runs = [run._replace(x=run.x - before) for run in runs]
        x0, x1 = x0 - before, x1 - before
    marks = (x0, y0, x1, y1) if x1 >= x0 else (0.0, 0.0, 0.0, 0.0)
    width = x - before - after - last
    return Setting(tuple(runs), shaped.typed[start:end], max(0.0, width), ascent, descent, marks)


def _visual(items: Sequence[Item]) -> list[Item]:
    """From logical to visual order: from the highest level to the lowest odd one, turn every sequence at or above it
    around (UAX 9, L2)."""
    order = list(items)
    levels = [item.level for item in items]
    odd = [level for level in levels if level & 1]
    for level in range(max(levels, default=0), min(odd, default=1) - 1, -1) if odd else ():
        at = 0
        while at < len(order):
            stop = at
            while stop < len(order) and order[stop].level >= level:
                stop += 1
            order[at:stop] = order[at:stop][::-1]
            at = stop + 1
    return order


def _tracked(face: Face, glyphs: Sequence[Glyph], tracking: float) -> tuple[int, int, int, int] | None:
    """The ink of glyphs with ``tracking`` font units after each."""
    gids, _, advances, dxs, dys = zip(*glyphs, strict=True)
    spread = [dx + math.ceil(at * tracking) for at, dx in enumerate(dxs)]
    return ink(face, gids, advances, spread, dys)


def _widened(glyphs: tuple[Glyph, ...], by: int, level: int) -> tuple[Glyph, ...]:
    """Adds ``by`` font units after every letter with its marks (glyphs of no width)."""
    widened = []
    for at, glyph in enumerate(glyphs):
        alone = at + 1 == len(glyphs) or glyphs[at + 1].advance != 0  # no mark of its own after it
        grows = glyph.advance != 0 if level & 1 else alone
        widened.append(glyph._replace(advance=glyph.advance + by) if grows else glyph)
    return tuple(widened)


def leading(style: Style, inks: Sequence[Rect], size: float) -> float:
    least = (style.leading / style.size if style.leading else LEADING) * size
    return max([least, *(below[3] - above[1] + 0.04 * size for above, below in pairwise(inks))])


def stack(style: Style, settings: Sequence[Setting]) -> float:
    """Height of lines from the first one's ink to the last one's, at size 1."""
    inks = [setting.ink for setting in settings]
    return inks[0][3] - inks[-1][1] + leading(style, inks, 1.0) * (len(inks) - 1)
