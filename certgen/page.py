"""A finished page: what compose hands to pdf/. Frozen values; nothing here knows PDF syntax.

Lengths are points (1/72 inch), x to the right, y up from the page's lower left corner. Glyph
metrics are in the face's own units. The structure tree follows ISO 32000-1, 14.7 and 14.8: an
:class:`Element` has a standard role; its leaves are :class:`Mark`, each one marked-content
sequence on one page. What is not in the tree is an artifact.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from msgspec import Struct

Colour = tuple[float, float, float]  # sRGB, 0 to 1
Rect = tuple[float, float, float, float]  # x0, y0, x1, y1


class Glyph(NamedTuple):
    """One glyph in visual order. Metrics in font units.

    ``text`` is this glyph's share of its cluster's characters: joined over a run's glyphs in
    logical order the shares give back the run's text. It may be empty.
    """

    gid: int
    text: str
    advance: int
    dx: int = 0
    dy: int = 0


class GlyphRun(Struct, frozen=True):
    """Shaped text in one face, size and direction; there may be fewer glyphs than characters
    (ligatures) or more (decompositions). ``x`` is points from the line's origin.

    ``face`` is a FontBook key. ``level`` is the bidi embedding level: odd reads right to left.
    ``tracking`` is points added after every glyph. Source: ISO 32000-1, 9.4.3; UAX 9.
    """

    face: str
    size: float
    glyphs: tuple[Glyph, ...]
    text: str
    x: float = 0.0
    level: int = 0
    tracking: float = 0.0


class Line(Struct, frozen=True):
    """Runs on one baseline, in visual order. ``ascent`` and ``descent`` (positive) are the faces' at their sizes;
    ``width`` is the advance width without trailing space. ``ink`` is the box of the marks themselves, relative to the
    line's origin: no two pieces of ink on a page may meet."""

    runs: tuple[GlyphRun, ...]
    text: str
    width: float
    ascent: float
    descent: float
    ink: Rect = (0.0, 0.0, 0.0, 0.0)


# --- what is drawn ---------------------------------------------------------------------------


class Text(Struct, frozen=True):
    """A line with its origin (baseline, left edge) on the page.

    ``stationery``, here and below: an issuer's own, the same on all its certificates (border, ground, logo, seal), so
    that paper may carry it before anything is printed.
    """

    line: Line
    x: float
    y: float
    colour: Colour
    stationery: bool = False


class Shape(Struct, frozen=True):
    """A vector path in page coordinates, or in the coordinates that ``matrix`` maps to the page.

    ``path`` holds path construction operators (m l c v y h re), ISO 32000-1, 8.5.2. Filled by the
    non-zero rule, then stroked.
    """

    path: str
    fill: Colour | None = None
    stroke: Colour | None = None
    width: float = 0.0
    matrix: tuple[float, float, float, float, float, float] | None = None
    stationery: bool = False


class Picture(Struct, frozen=True):
    """A piece of artwork (a key of ``Document.artwork``) scaled to a rectangle."""

    artwork: str
    rect: Rect
    stationery: bool = False


Draw = Text | Shape | Picture


# --- the structure tree ----------------------------------------------------------------------


class Mark(Struct, frozen=True):
    """A leaf: either fixed drawing, or a slot whose drawing arrives with each recipient."""

    page: int
    draws: tuple[Draw, ...] = ()
    slot: str | None = None


class Link(Struct, frozen=True):
    """A link annotation over ``rect``. Either a fixed ``url`` or the name of one that is filled in."""

    page: int
    rect: Rect
    contents: str  # what assistive software says
    url: str | None = None
    slot: str | None = None


class Element(Struct, frozen=True):
    """A node: ``role`` is a standard structure type (Sect, H1, P, L, LI, Lbl, LBody, Figure, Link...).

    ``language`` differs from the parent's only where it is given; ``language_slot`` names a
    language that is filled in (a name in another script). ``alt`` and ``bbox`` are for Figure.
    A Link element has ``link``. ``attributes`` is for table and list attributes, such as {"ListNumbering": "Decimal"}.
    """

    role: str
    kids: tuple[Element | Mark, ...] = ()
    language: str | None = None
    language_slot: str | None = None
    alt: str | None = None
    bbox: Rect | None = None
    link: Link | None = None
    attributes: dict[str, str] = {}


class Page(Struct, frozen=True):
    """One page. ``art`` is drawn first, ``furniture`` slots last; both are artifacts (border,
    running head). The trim box is width x height; artwork may reach ``bleed`` points beyond it. ``record``: it tells of
    the course, after the certificate itself."""

    width: float
    height: float
    art: tuple[Draw, ...] = ()
    furniture: tuple[str, ...] = ()  # slots that are artifacts
    bleed: float = 0.0
    record: bool = False


class Artwork(Struct, frozen=True):
    """A one-page vector or bitmap drawing as a small PDF file. ``width`` and ``height``: its trim size in points.
    ``origin``: the trim box's lower left corner in the file's own coordinates."""

    pdf: bytes
    width: float
    height: float
    origin: tuple[float, float] = (0.0, 0.0)


class Document(Struct, frozen=True):
    """Pages, structure and resources of one kind of certificate, slots still empty.

    ``stock`` lists, by face, the glyphs (with their text) that the fixed part keeps ready for
    recipients' text besides those that the fixed text itself uses.
    """

    pages: tuple[Page, ...]
    root: tuple[Element, ...]  # children of the Document element
    language: str
    artwork: dict[str, Artwork] = {}
    stock: dict[str, tuple[tuple[int, str], ...]] = {}


# --- what arrives with each recipient --------------------------------------------------------


class Metadata(Struct, frozen=True):
    title: str
    author: str
    subject: str
    keywords: tuple[str, ...]
    identifier: str  # goes into the file's /ID and XMP, with the content's digest
    dated: date  # creation and modification date: the day of issue, so that bytes repeat


class Filling(Struct, frozen=True):
    """One recipient's part of a document: slot name -> drawing; link and language slots by name."""

    slots: dict[str, tuple[Draw, ...]]
    metadata: Metadata
    attachment: bytes  # JSON of the credential
    urls: dict[str, str] = {}
    languages: dict[str, str] = {}
    packed: bytes = b""  # the attachment deflated (zlib), where the caller has it
