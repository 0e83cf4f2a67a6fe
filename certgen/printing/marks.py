"""What stands around the certificates on a sheet: where to cut, how plates register, what sheet it is.

All of it lies outside the bleed and in the registration colour, so that it is on every plate. Marks that a sheet has no
room for are left out. Sources: ISO 15930 (nothing but marks outside the bleed box), ISO 12647-2 (control strips).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from certgen.layout import MM
from certgen.page import Colour, Draw, Rect, Shape, Text
from certgen.pdf.ink import REGISTRATION
from certgen.printing.imposition import Grid
from certgen.text import Style, Typesetter, Uncovered

HAIRLINE = 0.25  # points
AROUND = 10 * MM  # what a page needs around its bleed for all of it
_OFF = 3 * MM  # from the trim, where the bleed is less
_LENGTH, _LEAST = 5 * MM, 2 * MM  # of a crop mark
_CLEAR = 0.5 * MM  # between a mark and the sheet's edge, or the bleed
_TARGET = 2.2 * MM  # half of a registration mark
_PATCH = 4 * MM
_APART = 1.5 * MM  # between one mark and another
SLUG = Style(family="Source Sans 3", size=6.5)
_SMALLEST = 4.5  # points of a slug
_ROUNDS = 5


class Strip(NamedTuple):
    """The room along one edge, beyond bleed and crop marks' beginning. ``low`` and ``high``: its bounds across the
    edge; ``busy``: what is taken along it."""

    low: float
    high: float
    start: float
    end: float
    busy: list[tuple[float, float]]

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    def take(self, width: float, *, at: float | None = None) -> float | None:
        """Takes so much of what is free, with its middle ``at`` a place, or else as near to the end as can be. Where
        that is; None where it is not free."""
        if at is None:
            begin, end = next(((b, e) for b, e in reversed(self.free()) if e - b >= width), (0.0, 0.0))
            at = end - width / 2
        else:
            begin, end = next(
                ((b, e) for b, e in self.free() if b <= at - width / 2 and at + width / 2 <= e), (0.0, 0.0)
            )
        if begin == end:
            return None
        self.busy.append((at - width / 2 - _APART, at + width / 2 + _APART))
        return at

    def free(self) -> list[tuple[float, float]]:
        """The parts that nothing stands in."""
        found, reach = [], self.start
        for begin, end in [*sorted(self.busy), (self.end, self.end)]:
            if begin > reach:
                found.append((reach, begin))
            reach = max(reach, end)
        return found

    def longest(self) -> tuple[float, float]:
        """The first of the longest free parts."""
        return max(self.free(), key=lambda part: round(part[1] - part[0]), default=(self.start, self.start))


class Marks:
    """The marks of all sheets of one arrangement. ``complete``: there is room for every one of them."""

    def __init__(self, grid: Grid) -> None:
        strips = {edge: _strip(grid, edge) for edge in ("bottom", "top", "left", "right")}
        self._foot = strips["bottom"]
        lines = list(_crops(grid))
        targets, sides = [], 0
        for edge, strip in strips.items():
            half = min(_TARGET, (strip.high - strip.low) / 2)
            if half < _TARGET / 2:
                continue
            long = strip.end - strip.start
            found = strip.take(2 * half, at=strip.start + long / 2)  # at the middle, or else at both quarters
            places = (
                [found] if found else [strip.take(2 * half, at=strip.start + long * share) for share in (0.25, 0.75)]
            )
            sides += any(places)
            for at in filter(None, places):
                targets.append(
                    _target(*((at, strip.middle) if edge in ("bottom", "top") else (strip.middle, at)), half)
                )
        self.complete = sides == 4 and len(lines) == 2 * (len(_cuts(grid, 0)) + len(_cuts(grid, 1)))
        path = " ".join(lines + targets)
        self._lines: tuple[Draw, ...] = (Shape(path=path, stroke=REGISTRATION, width=HAIRLINE),) if path else ()

    def on(self, typesetter: Typesetter, slug: Sequence[str], patches: Sequence[Colour] = ()) -> Iterator[Draw]:
        """The marks of one sheet. ``slug``: what it says of itself, the most important first; what there is no room for
        is left out. ``patches``: colours to measure, at the end of the lower edge."""
        yield from self._lines
        foot = self._foot._replace(busy=list(self._foot.busy))
        side = min(_PATCH, foot.high - foot.low)
        if patches and side >= _PATCH / 2 and (at := foot.take(side * len(patches))) is not None:
            for number, colour in enumerate(patches):
                x = at + (number - len(patches) / 2) * side
                yield Shape(path=_rect(x, foot.high - side, side, side), fill=colour)
        begin, end = foot.longest()
        for count in range(len(slug), 0, -1):
            words = settable(typesetter, "  ·  ".join(slug[:count]), SLUG, "en")
            line = typesetter.line(words, SLUG, "en")
            tall = line.ink[3] - line.ink[1]
            fits = min((end - begin) / max(line.width, 1.0), (foot.high - foot.low) / max(tall, 1.0), 1.0)
            size = SLUG.size * fits - 0.01
            if size >= _SMALLEST:
                line = typesetter.line(words, replace(SLUG, size=round(size, 2)), "en")
                yield Text(line=line, x=round(begin, 3), y=round(foot.high - line.ink[3], 3), colour=REGISTRATION)
                return


def settable(typesetter: Typesetter, text: str, style: Style, language: str) -> str:
    """A text without what no face at hand has, such as emoji in a file's name: what is only said beside certificates
    must not keep them from being printed."""
    for _ in range(_ROUNDS):
        try:
            typesetter.line(text, style, language)
        except Uncovered as error:
            text = "".join(char for char in unicodedata.normalize("NFC", text) if char not in error.characters)
        else:
            return text
    return ""


def _strip(grid: Grid, edge: str) -> Strip:
    """The room along an edge, with the crop marks that stand in it."""
    trim, across = grid.trim, 1 if edge in ("bottom", "top") else 0
    along = 1 - across
    sheet = (grid.width, grid.height)
    begin, end = _beyond(grid, across)
    if edge in ("bottom", "left"):
        low, high = max(_CLEAR, begin - AROUND), begin
    else:
        low, high = end, min(sheet[across] - _CLEAR, end + AROUND)
    busy = [(at - _APART, at + _APART) for at in _cuts(grid, along)]
    return Strip(low, high, trim[along], trim[2 + along], busy)


def _cuts(grid: Grid, axis: int) -> list[float]:
    """Where the sheet is cut: all edges of trims across an axis."""
    return sorted({round(cell.trim[at], 2) for cell in grid.cells for at in (axis, 2 + axis)})


def _crops(grid: Grid) -> Iterable[str]:
    """A line at both ends of every cut, outside all bleeds."""
    sheet = (grid.width, grid.height)
    for axis in (0, 1):
        low, high = _beyond(grid, 1 - axis)
        for at in _cuts(grid, axis):
            for begin, end in ((low, max(low - _LENGTH, 0.0)), (high, min(high + _LENGTH, sheet[1 - axis]))):
                if (begin - end if begin == low else end - begin) >= _LEAST:
                    points = ((at, begin), (at, end)) if axis == 0 else ((begin, at), (end, at))
                    yield "{} {} m {} {} l".format(*map(_num, (*points[0], *points[1])))


def _beyond(grid: Grid, axis: int) -> tuple[float, float]:
    """Where marks may begin at either end of an axis: clear of all bleeds."""
    trim, bleed = grid.trim, grid.bleed
    return min(bleed[axis] - _CLEAR, trim[axis] - _OFF), max(bleed[2 + axis] + _CLEAR, trim[2 + axis] + _OFF)


def _target(x: float, y: float, half: float) -> str:
    """A circle and a cross (as ISO 12647-2's annexes and every prepress program have them)."""
    r = half * 0.62
    k = r * 0.5523
    circle = (
        f"{_num(x + r)} {_num(y)} m "
        + " ".join(
            "{} {} {} {} {} {} c".format(*map(_num, points))
            for points in (
                (x + r, y + k, x + k, y + r, x, y + r),
                (x - k, y + r, x - r, y + k, x - r, y),
                (x - r, y - k, x - k, y - r, x, y - r),
                (x + k, y - r, x + r, y - k, x + r, y),
            )
        )
        + " h"
    )
    ends = (x - half, y, x + half, y, x, y - half, x, y + half)
    cross = "{} {} m {} {} l {} {} m {} {} l".format(*map(_num, ends))
    return f"{circle} {cross}"


def _rect(x: float, y: float, width: float, height: float) -> str:
    return "{} {} {} {} re".format(*map(_num, (x, y, width, height)))


def _num(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def boxes(grid: Grid) -> tuple[Rect, Rect, Rect]:
    """Media, bleed and trim of a sheet. A sheet of several certificates is trimmed to the box around them."""
    media = (0.0, 0.0, grid.width, grid.height)
    inside = tuple(min(max(v, 0.0), m) for v, m in zip(grid.bleed, (grid.width, grid.height) * 2, strict=True))
    return media, (inside[0], inside[1], inside[2], inside[3]), grid.trim
