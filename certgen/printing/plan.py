"""What is asked of a printed file, what it comes to, and what was written. Values only."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from msgspec import Struct

from certgen.layout import MM
from certgen.printing.collation import Sort
from certgen.printing.imposition import SHEETS, Duplex, Order, Room, Size
from certgen.printing.marks import AROUND

Pages = Literal["certificate", "record", "all"]
Profile = Literal["office", "press"]

PRESS_MARGIN = 5.0  # mm that presses for cut sheets leave white


class Options(Struct, frozen=True, kw_only=True):
    """What the user asks for. Lengths in mm; None: what is best for the profile.

    ``paper``: a name of imposition.SHEETS; None: each page on a sheet of its own size. ``offset`` shifts fronts to the
    right and up, ``offset_back`` backs. ``split``: sheets in a file. ``dated``: what the slug and the file say instead
    of the last day of issue. ``language``: whose dictionary names are sorted by. ``grouped``: by Chosen.group.
    """

    out: Path
    pages: Pages = "certificate"
    profile: Profile = "office"
    paper: str | None = None
    up: int | None = None
    gutter: float | None = None
    margin: float | None = None
    fit: bool = False
    duplex: Duplex = "none"
    order: Order = "across"
    sort: Sort = "roster"
    language: str | None = None
    grouped: bool = False
    separators: bool = False
    split: int | None = None
    marks: bool | None = None
    preprinted: bool = False
    offset: tuple[float, float] = (0.0, 0.0)
    offset_back: tuple[float, float] = (0.0, 0.0)
    proof: bool = False
    dated: date | None = None
    replace: bool = False

    @property
    def sheet(self) -> Size | None:
        return points(SHEETS[self.paper]) if self.paper else None

    @property
    def room(self) -> Room:
        """What sheets are to be like, but for the bleed."""
        margin = self.margin if self.margin is not None else PRESS_MARGIN if self.profile == "press" else 0.0
        return Room(
            sheet=self.sheet,
            up=self.up,
            gutter=None if self.gutter is None else self.gutter * MM,
            margin=margin * MM,
            around=AROUND if self.marked else 0.0,
            fit=self.fit,
        )

    @property
    def marked(self) -> bool:
        """Whether there are marks around the certificates."""
        return self.profile == "press" if self.marks is None else self.marks


class Pile(Struct, frozen=True):
    """Certificates that are printed together: of one size, and of one group. ``up``: how many a sheet holds;
    ``scale``: what they are made smaller by."""

    label: str
    certificates: int
    size: str
    sheet: str
    up: int
    scale: float


class Plan(Struct, frozen=True):
    """What is about to be printed. ``condition``: what the colours are made for; ``sides``: pages of all the files,
    with blank ones; ``bleed`` in mm; ``largest``: sheets of the largest file; ``paper``: None where each page has a
    sheet of its own size; ``records``: how many come with their course record, or as their record alone."""

    certificates: int
    sheets: int
    sides: int
    files: int
    largest: int
    paper: str | None
    piles: tuple[Pile, ...]
    pages: Pages
    profile: Profile
    condition: str
    duplex: Duplex
    bleed: float
    marks: bool
    dated: date
    records: int


class Printed(Struct, frozen=True):
    """A file that was written; ``size`` in bytes."""

    file: Path
    certificates: int
    sheets: int
    size: int


def points(mm: tuple[float, float]) -> tuple[float, float]:
    return (mm[0] * MM, mm[1] * MM)


def many(count: int) -> str:
    return "1 certificate" if count == 1 else f"{count:,} certificates"
