"""Where certificates stand on sheets, and on which: geometry and order, and nothing of files.

Lengths are points, x to the right, y up from a sheet's lower left corner; turns are degrees anticlockwise. A sheet is
held as it is printed, so that the back is what one sees after turning the sheet over on one of its edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from certgen.layout import MM
from certgen.page import Rect

SHEETS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "SRA3": (320.0, 450.0), "Letter": (215.9, 279.4)}
"""Sheets in mm. Sources: ISO 216, ISO 217, ANSI/ASME Y14.1."""

Order = Literal["across", "stack"]
Duplex = Literal["none", "long", "short"]
Size = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]

MOST = 100  # pages beside one another
_HAIR = 0.02  # points: sizes in mm are no whole numbers of points
_AXES: dict[int, tuple[int, int]] = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}  # cosine and sine


class Cell(NamedTuple):
    """A certificate's place. ``bleed``: the trim and as much around it as is its own; ``turn``: how its page lies;
    ``quarter``: how much further one of the other orientation does, such as a record behind its certificate."""

    trim: Rect
    bleed: Rect
    turn: int = 0
    quarter: int = 90

    @property
    def lying(self) -> bool:
        return self.turn in (90, 270)

    def matrix(self, page: Size, scale: float = 1.0) -> Matrix:
        """Brings a page of this size into the place, its middle to the place's."""
        x0, y0, x1, y1 = self.trim
        width, height = (y1 - y0, x1 - x0) if self.lying else (x1 - x0, y1 - y0)
        across = (page[0] > page[1]) != (width > height) and abs(page[0] - page[1]) > _HAIR
        cos, sin = _AXES[(self.turn + self.quarter * across) % 360]
        a, b, c, d = scale * cos, scale * sin, -scale * sin, scale * cos
        middle = page[0] / 2, page[1] / 2
        return (
            *(a, b, c, d),
            (x0 + x1) / 2 - a * middle[0] - c * middle[1],
            (y0 + y1) / 2 - b * middle[0] - d * middle[1],
        )


class Grid(Struct, frozen=True):
    """A side of a sheet and its places, in the order of reading. ``scale``: what the certificates are made smaller
    by."""

    width: float
    height: float
    cells: tuple[Cell, ...]
    scale: float = 1.0

    @property
    def trim(self) -> Rect:
        """The box around all places."""
        return _around([cell.trim for cell in self.cells])

    @property
    def bleed(self) -> Rect:
        return _around([cell.bleed for cell in self.cells])

    @property
    def columns(self) -> int:
        return len({cell.trim[0] for cell in self.cells})

    @property
    def rows(self) -> int:
        return len({cell.trim[1] for cell in self.cells})

    def back(self, duplex: Duplex) -> Grid:
        """The other side: each place behind its own, so that a certificate's back stands head to head with its front
        when it is turned over as one turns a page. ``duplex``: the edge that the sheet is turned on."""
        upright = (duplex == "long") == (self.height >= self.width)  # that edge, and so the axis, is upright

        def mirrored(rect: Rect) -> Rect:
            x0, y0, x1, y1 = rect
            if upright:
                return (self.width - x1, y0, self.width - x0, y1)
            return (x0, self.height - y1, x1, self.height - y0)

        def turned(turn: int) -> int:
            return (-turn if upright else 180 - turn) % 360

        cells = [
            Cell(mirrored(cell.trim), mirrored(cell.bleed), turned(cell.turn), -cell.quarter % 360)
            for cell in self.cells
        ]
        return replace(self, cells=tuple(cells))

    def moved(self, x: float, y: float) -> Grid:
        """Everything shifted on the sheet, for a printer that feeds its paper a little off."""
        cells = [cell._replace(trim=_moved(cell.trim, x, y), bleed=_moved(cell.bleed, x, y)) for cell in self.cells]
        return replace(self, cells=tuple(cells))


class Room(Struct, frozen=True, kw_only=True):
    """What sheets are to be like. ``sheet``: its size, either way round; None: one place each, with ``around`` on all
    sides for marks. ``up``: places on a sheet; None: as many as there is room for. ``gutter`` None: room for the bleed
    of both neighbours. ``fit``: certificates may be made smaller. ``wide``: sheets have to be wider than high, or not.
    """

    sheet: Size | None = None
    up: int | None = None
    gutter: float | None = None
    margin: float = 0.0
    bleed: float = 0.0
    around: float = 0.0
    fit: bool = False
    wide: bool | None = None


def grid(page: Size, room: Room) -> Grid | None:
    """The best arrangement of pages of one trim size; None if a sheet has not room for as many as asked for, or for
    one. The sheet is turned rather than the certificates, unless it must lie as others do."""
    if room.sheet is None:
        beyond = room.bleed + room.around
        trim = (beyond, beyond, beyond + page[0], beyond + page[1])
        return Grid(page[0] + 2 * beyond, page[1] + 2 * beyond, (Cell(trim, _grown(trim, room.bleed)),))
    short, long = sorted(room.sheet)
    found = [
        made
        for sheet in ((long, short), (short, long))
        if room.wide is None or room.wide == (sheet[0] > sheet[1])
        for turn in (0, 90)
        if (made := _fitted(page, sheet, turn, room)) is not None
    ]
    # Largest first, then most; upright rather than turned; and a sheet that is held as its certificates are.
    return max(
        found,
        key=lambda g: (
            round(g.scale, 6),
            len(g.cells),
            g.cells[0].turn == 0,
            (g.width > g.height) == (page[0] > page[1]),
        ),
        default=None,
    )


def _fitted(page: Size, sheet: Size, turn: int, room: Room) -> Grid | None:
    """The best arrangement on a sheet that lies this way, pages turned this way."""
    size = page[::-1] if turn else page
    inside = [side - 2 * room.margin + _HAIR for side in sheet]

    def scale(count: int, axis: int) -> float:
        """How large so many pages beside one another can be: they and their bleed grow smaller, a gutter does not."""
        if room.gutter is None:
            return inside[axis] / (count * (size[axis] + 2 * room.bleed))
        return (inside[axis] - (count - 1) * room.gutter) / (count * size[axis] + 2 * room.bleed)

    def most(axis: int) -> int:
        count = 0
        while count < MOST and scale(count + 1, axis) >= 1:
            count += 1
        return count

    if room.up is None and not room.fit:
        columns, rows, made = most(0), most(1), 1.0
    else:
        up = room.up or 1
        shapes = [(columns, up // columns) for columns in range(1, up + 1) if up % columns == 0]
        sized = [(min(scale(x, 0), scale(y, 1), 1.0), -abs(x * size[0] - y * size[1]), x, y) for x, y in shapes]
        made, _, columns, rows = max(sized)  # as large as can be, and as square
    if not columns or not rows or made <= 0 or (made < 1 and not room.fit):
        return None
    return _laid(sheet, (size[0] * made, size[1] * made), columns, rows, turn, made, room)


def _laid(sheet: Size, size: Size, columns: int, rows: int, turn: int, scale: float, room: Room) -> Grid:
    """Places of this size, centred on the sheet."""
    width, height = size
    reach = room.bleed * scale
    gutter = 2 * reach if room.gutter is None else room.gutter
    left = (sheet[0] - columns * width - (columns - 1) * gutter) / 2
    top = (sheet[1] + rows * height + (rows - 1) * gutter) / 2
    cells = []
    for row in range(rows):
        for column in range(columns):
            x, y = left + column * (width + gutter), top - row * (height + gutter) - height
            own = min(reach, gutter / 2)
            bleed = (
                x - (own if column else reach),
                y - (own if row < rows - 1 else reach),
                x + width + (own if column < columns - 1 else reach),
                y + height + (own if row else reach),
            )
            cells.append(Cell((x, y, x + width, y + height), bleed, turn))
    return Grid(sheet[0], sheet[1], tuple(cells), scale)


def _around(rects: Sequence[Rect]) -> Rect:
    return (min(r[0] for r in rects), min(r[1] for r in rects), max(r[2] for r in rects), max(r[3] for r in rects))


def _grown(rect: Rect, by: float) -> Rect:
    return (rect[0] - by, rect[1] - by, rect[2] + by, rect[3] + by)


def _moved(rect: Rect, x: float, y: float) -> Rect:
    return (rect[0] + x, rect[1] + y, rect[2] + x, rect[3] + y)


def alike(one: Size, other: Size) -> bool:
    """Whether two pages are of one size, if need be one of them turned by a quarter."""
    return all(abs(a - b) < 1.0 for a, b in zip(sorted(one), sorted(other), strict=True))


def in_mm(size: Size) -> str:
    """ "297 × 210 mm"."""
    return " × ".join(f"{round(side / MM, 1):g}" for side in size) + " mm"


# --- which certificate is where --------------------------------------------------------------


class Spot(NamedTuple):
    """A page of a certificate, both counted from 0."""

    certificate: int
    page: int


Side = tuple[Spot | None, ...]
"""What stands in each place of a side of a sheet."""


class Sheet(NamedTuple):
    """``back`` is None where sheets are printed on one side."""

    front: Side
    back: Side | None = None


class Signature(NamedTuple):
    """Sheets that belong together: as many certificates as a sheet has places, with all their pages. ``members``: the
    certificate of each place; there may be fewer than places."""

    members: tuple[int | None, ...]
    sheets: tuple[Sheet, ...]


def signatures(pages: Sequence[int], up: int, *, order: Order = "across", duplex: bool = False) -> Iterator[Signature]:
    """Puts certificates with so many ``pages`` each on sheets with ``up`` places.

    A certificate's further pages follow in its own place: behind the one before where sheets are printed on both sides,
    else on the next sheet. Nobody else's page is ever behind one. ``across``: from place to place, then from
    sheet to sheet. ``stack``: from sheet to sheet in each place, so that the piles that are cut, laid on one another,
    are in order.
    """
    count = -(-len(pages) // up)
    for number in range(count):
        places = [number * up + place if order == "across" else place * count + number for place in range(up)]
        members = tuple(member if member < len(pages) else None for member in places)
        yield Signature(members, tuple(_sheets([(m, pages[m]) if m is not None else None for m in members], duplex)))


def _sheets(members: Sequence[tuple[int, int] | None], duplex: bool) -> Iterator[Sheet]:
    longest = max(member[1] for member in members if member is not None)

    def side(page: int) -> Side:
        return tuple(Spot(m[0], page) if m is not None and page < m[1] else None for m in members)

    for page in range(0, longest, 1 + duplex):
        yield Sheet(side(page), side(page + 1) if duplex else None)


def sheets_for(pages: int, duplex: bool) -> int:
    """How many sheets a certificate of so many pages takes."""
    return -(-pages // 2) if duplex else pages


class Portion(NamedTuple):
    """A part of a section that goes into one file: certificates ``start`` up to ``end``; ``first``: the section begins
    with it."""

    section: int
    start: int
    end: int
    first: bool


def portions(
    sections: Sequence[Sequence[int]], ups: Sequence[int], *, split: int | None, duplex: bool, separators: bool
) -> list[list[Portion]]:
    """Shares out sections (the pages of their certificates, and the places on their sheets) into files of at most
    ``split`` sheets, so that a certificate is never parted from its record. One whose pages are more sheets than that
    has a file of its own."""
    files: list[list[Portion]] = [[]]
    room = float("inf") if split is None else float(split)
    for number, (pages, up) in enumerate(zip(sections, ups, strict=True)):
        start, needs = 0, sheets_for(max(pages, default=1), duplex)
        while start < len(pages):
            own = float(separators and start == 0)
            if split is not None and files[-1] and room < own + needs:
                files.append([])
                room = float(split)
            left = len(pages) - start
            fit = left if split is None else min(left, max(int((room - own) // needs), 1) * up)
            files[-1].append(Portion(number, start, start + fit, start == 0))
            start += fit
            room -= own + -(-fit // up) * needs
    return files
