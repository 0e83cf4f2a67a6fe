"""Columns: where the strips of a record break, and how close they are set.

The columns of a page end level: the breaks are chosen for it, and the spaces between blocks give what is missing. A
last page that would hold only a few lines is done without where the record, set a little closer throughout, ends on
the page before; where that is not enough, the pages share what there is. Lengths are points.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from certgen.compose.boxes import SLACK
from certgen.compose.desk import Overfull, line_height
from certgen.page import Colour, Line

SPARSE = 0.24  # share of its height below which a last page looks forgotten
STRETCH = 1.4  # by how much spaces may grow, in shares of themselves, for columns to end level
SQUEEZE = 0.2  # and by how much they may shrink
ITEMS = 0.4  # what part of that goes for spaces between a list's items
HEADED = 20.0  # points of unevenness that a column may cost which begins with a heading
SEARCH = 40.0  # points by which a page may end early for columns to end level
STEP = 3.0  # points between the ends that are tried


class Strip(NamedTuple):
    """One line of a piece of the record. ``before`` is the space above it, dropped at a column's top."""

    piece: int
    line: Line
    indent: float
    leading: float
    before: float
    keep: bool  # must not be parted from the next strip
    heads: bool  # part of a heading of what follows
    item: bool  # part of a list
    colour: Colour
    marker: Line | None = None
    marker_at: float = 0.0


class Density(NamedTuple):
    """How close a record is set: factors of the spaces between blocks and of the leading, and the share of a page's
    height that is used."""

    spaces: float = 1.0
    leading: float = 1.0
    page: float = 1.0


DESIGNED = Density()
CLOSER = tuple(
    Density(spaces, leading)
    for spaces, leading in ((0.9, 1.0), (0.8, 1.0), (0.8, 0.99), (0.7, 0.99), (0.7, 0.98), (0.6, 0.98), (0.6, 0.97))
)
LOOSER = tuple(
    Density(spaces, leading, page)
    for spaces, leading, page in (
        (1.15, 1.0, 1.0), (1.3, 1.0, 1.0), (1.3, 1.02, 1.0), (1.3, 1.02, 0.95), (1.3, 1.02, 0.9), (1.3, 1.02, 0.85),
        (1.3, 1.02, 0.8), (1.3, 1.02, 0.75), (1.3, 1.02, 0.7),
    )
)  # fmt: skip


class Columns:
    """Strips in so many columns a page. ``plan`` has the ends of each page's columns, as numbers of strips, once
    :meth:`settle` has chosen them for a height."""

    def __init__(self, strips: Sequence[Strip], columns: int) -> None:
        self.strips, self.columns = strips, columns
        self.density = DESIGNED
        self.plan: list[list[int]] = []
        self.room = 0.0  # the height of a full column

    def _height(self, index: int, top: bool) -> float:
        """Of a strip in points, with the space above it unless it is at the top of a column."""
        strip = self.strips[index]
        height = line_height(strip.line, strip.leading * self.density.leading)
        return height if top else height + strip.before * self.density.spaces

    def _column(self, start: int, height: float) -> int:
        """Index of the first strip that does not go into a column of this height; ``start`` where nothing does."""
        used, at = 0.0, start
        while at < len(self.strips):
            end = at
            need = 0.0
            while True:  # strips that hang together
                need += self._height(end, end == start)
                end += 1
                if end >= len(self.strips) or not self.strips[end - 1].keep:
                    break
            if used + need > height + SLACK:
                return self._force(start, height) if at == start and need > self.room + SLACK else at
            used += need
            at = end
        return at

    def _force(self, start: int, height: float) -> int:
        """As :meth:`_column`, for what hangs together and is taller than a column: it is parted after all."""
        used, at = 0.0, start
        while at < len(self.strips):
            used += self._height(at, at == start)
            if used > height + SLACK:
                break
            at += 1
        if at == start:
            raise Overfull("record", self.strips[at].line.text, used, height, across=False)
        return at

    def _page(self, start: int, height: float) -> list[int]:
        """Ends of the columns of a page."""
        ends, at = [], start
        for _ in range(self.columns):
            at = self._column(at, height)
            ends.append(at)
        return ends

    def _tall(self, start: int, ends: Sequence[int]) -> list[float]:
        """Heights of the columns that end there, without those that are empty."""
        spans = [(a, b) for a, b in pairwise((start, *ends)) if b > a]
        return [sum(self._height(index, index == a) for index in range(a, b)) for a, b in spans]

    def _pages(self, height: float) -> list[list[int]]:
        """All pages at the present density, each as full as it gets; the last as short as it can be."""
        pages: list[list[int]] = []
        at, count = 0, len(self.strips)
        self.room = height * self.density.page
        while at < count:
            ends = self._page(at, self.room)
            if ends[-1] >= count:
                low, high = 0.0, self.room
                while high - low > 0.5:
                    middle = (low + high) / 2
                    low, high = (low, middle) if self._ends(at, middle) else (middle, high)
                ends = self._page(at, high)
            pages.append(ends)
            at = ends[-1]
        return pages

    def _ends(self, start: int, height: float) -> bool:
        """Whether the record ends on a page of this height."""
        try:
            return self._page(start, height)[-1] >= len(self.strips)
        except Overfull:
            return False

    def _fullness(self, pages: Sequence[Sequence[int]], height: float) -> float:
        """Share of its height that the last page uses."""
        start = pages[-2][-1] if len(pages) > 1 else 0
        return max(self._tall(start, pages[-1])) / height

    def settle(self, height: float) -> None:
        """Choose the density, so that the last page has something to say, and all breaks."""
        if not self.strips:
            return
        designed = self._pages(height)
        chosen = DESIGNED
        if len(designed) > 1 and self._fullness(designed, height) < SPARSE:
            for density in (*CLOSER, *LOOSER):
                self.density = density
                pages = self._pages(height)
                if len(pages) < len(designed) or (
                    len(pages) == len(designed) and self._fullness(pages, height) >= SPARSE
                ):
                    chosen = density
                    break
        self.density = chosen
        self.plan = self._level(self._pages(height), height * chosen.page)

    def _level(self, pages: list[list[int]], height: float) -> list[list[int]]:
        """The same pages, their columns broken so that they are as nearly level as can be, a little above the foot."""
        plan: list[list[int]] = []
        start = 0
        for ends in pages:
            last = ends is pages[-1]
            natural = max(self._tall(start, ends))
            low, high = (natural, min(height, natural + SEARCH)) if last else (max(height - SEARCH, height / 2), height)
            best, least = self._page(start, high), float("inf")
            tried = high
            while tried >= low - SLACK:
                found = self._page(start, tried)
                if found[-1] == start or (last and found[-1] < len(self.strips)):
                    break
                tall = self._tall(start, found)
                uneven = max(tall) - min(tall) if len(tall) == self.columns else height
                cost = uneven + 0.4 * abs(max(tall) - (natural if last else height))
                cost += HEADED * sum(not self._begins(at) for at in found[:-1])
                if cost < least - SLACK:
                    best, least = found, cost
                tried -= STEP
            plan.append(best)
            start = best[-1]
        return plan if start >= len(self.strips) else pages

    def _begins(self, index: int) -> bool:
        """Whether a section or a part of one begins with this strip, or the record has ended."""
        return index >= len(self.strips) or self.strips[index].heads

    def growth(self, columns: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
        """For each column of a page how far it is raised, so that all begin on one baseline, be it with a heading or
        with text; and by how much its spaces grow, in shares of themselves, for all to end level: the longer ones give
        a little, the shorter ones take the rest, unless it is more than looks well."""
        used = [(a, b) for a, b in columns if b > a]
        first = min(self._first_baseline(a) for a, _ in used)
        rises = [self._first_baseline(a) - first if b > a else 0.0 for a, b in columns]
        natural = [self._tall(a, [b])[0] - rise for (a, b), rise in zip(columns, rises, strict=True) if b > a]
        glue = [sum(map(self._glue, range(a + 1, b))) for a, b in used]
        middle = (max(natural) + min(natural)) / 2
        least = max(tall - SQUEEZE * give for tall, give in zip(natural, glue, strict=True))
        needs: list[float] = []
        for foot in (max(middle, least), max(natural)):
            needs = [(foot - tall) / max(give, SLACK) for tall, give in zip(natural, glue, strict=True)]
            if max(needs) <= STRETCH:
                break
        growths = iter(need if need <= STRETCH else 0.0 for need in needs)
        return [(rise, next(growths) if b > a else 0.0) for (a, b), rise in zip(columns, rises, strict=True)]

    def space(self, index: int, growth: float) -> float:
        """Above a strip, in a column whose spaces grow so much."""
        return self.strips[index].before * self.density.spaces + growth * self._glue(index)

    def _glue(self, index: int) -> float:
        """The part of the space above a strip that may grow: between groups more than between a list's items."""
        strip = self.strips[index]
        return strip.before * self.density.spaces * (ITEMS if strip.item else 1.0)

    def _first_baseline(self, start: int) -> float:
        """How far below a column's top its first strip's baseline lies, as Desk.place_lines sets it."""
        line = self.strips[start].line
        height = line_height(line, self.strips[start].leading * self.density.leading)
        return (height - line.ascent - line.descent) / 2 + line.ascent
