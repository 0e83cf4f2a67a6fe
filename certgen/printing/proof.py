"""A contact sheet for a person to sign off before anything goes to the printer, and the slips between groups.

Everything here is drawn over a sheet, in words that whoever reads the sheet knows: a name and a code below each page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from certgen.codes import grouped
from certgen.fields import date_long
from certgen.layout import MM
from certgen.page import Colour, Draw, Line, Rect, Shape, Text
from certgen.printing.imposition import Cell, Matrix, Size
from certgen.printing.marks import settable
from certgen.printing.plan import many
from certgen.selection import Chosen
from certgen.text import Fit, Style, Typesetter, Unfit

FACE = "Source Sans 3"
INK: Colour = (0.0, 0.0, 0.0)
GREY: Colour = (0.42, 0.42, 0.42)
RULE: Colour = (0.62, 0.62, 0.62)
_NAME = Style(family=FACE, size=8.5, weight=600)
_SMALL = Style(family=FACE, size=7)
_TITLE = Style(family=FACE, size=15, weight=600)
_TEXT = Style(family=FACE, size=9)
_MARGIN, _HEAD, _FOOT, _CAPTION, _GAP = 14 * MM, 17 * MM, 19 * MM, 10.5 * MM, 6 * MM
_BOX = 3 * MM  # to be ticked
_SHORT = Fit(shrink=0.6, lines=1, floor=0.35)


class Contact(NamedTuple):
    """Small pages on a sheet, in rows. ``frames`` are in the order of reading, each with room for a page only."""

    width: float
    height: float
    frames: tuple[Rect, ...]


def contact(sheet: Size, wide: bool) -> Contact:
    """Twelve pages on a sheet held upright: three beside each other where they are ``wide``, else four."""
    width, height = sorted(sheet)
    columns, rows = (3, 4) if wide else (4, 3)
    across = (width - 2 * _MARGIN - (columns - 1) * _GAP) / columns
    down = (height - 2 * _MARGIN - _HEAD - _FOOT - (rows - 1) * _GAP) / rows
    frames = []
    for row in range(rows):
        top = height - _MARGIN - _HEAD - row * (down + _GAP)
        for column in range(columns):
            left = _MARGIN + column * (across + _GAP)
            frames.append((left, top - down + _CAPTION, left + across, top))
    return Contact(width, height, tuple(frames))


def shrunk(frame: Rect, page: Size) -> tuple[Matrix, Rect]:
    """Brings a page into a frame, at its foot and in its middle; and the box that it fills."""
    x0, y0, x1, y1 = frame
    scale = min((x1 - x0) / page[0], (y1 - y0) / page[1], 1.0)
    left = (x0 + x1 - page[0] * scale) / 2
    box = (left, y0, left + page[0] * scale, y0 + page[1] * scale)
    return (scale, 0.0, 0.0, scale, left, y0), box


class Caption(NamedTuple):
    """What stands below a small page; ``box`` is the page's, ``frame`` its room's."""

    frame: Rect
    box: Rect
    one: Chosen
    page: int | None  # None: the first of a certificate, which alone has the name


def captions(typesetter: Typesetter, shown: Sequence[Caption]) -> list[Draw]:
    """Edges, names, codes, and a box to tick for each certificate."""
    draws: list[Draw] = []
    for frame, box, one, page in shown:
        x0, y0, x1, y1 = box
        draws.append(Shape(path=_rect(x0, y0, x1 - x0, y1 - y0), stroke=RULE, width=0.35))
        left, right, top = frame[0], frame[2], frame[1]
        if page is not None:
            draws.append(_left(typesetter.line(f"page {page}", _SMALL, "en"), left, top - 3.4 * MM, GREY))
            continue
        room = right - left - _BOX - 1.5 * MM
        if (name := _fitted(typesetter, one.name, _NAME, room, one.language)) is not None:
            draws.append(_left(name, left, top - 3.8 * MM, INK))
        where = [grouped(one.code), *([f"row {one.row}"] if one.row else []), *([one.group] if one.group else [])]
        for count in range(len(where), 0, -1):
            line = _fitted(typesetter, "  ·  ".join(where[:count]), _SMALL, room, "en")
            if line is not None:
                draws.append(_left(line, left, top - 7.3 * MM, GREY))
                break
        draws.append(Shape(path=_rect(right - _BOX, top - 4.1 * MM, _BOX, _BOX), stroke=INK, width=0.5))
    return draws


def frame_of_sheet(
    typesetter: Typesetter, sheet: Contact, title: str, told: Sequence[str], number: int, count: int
) -> list[Draw]:
    """The head of a contact sheet, and its foot to be signed."""
    left, right = _MARGIN, sheet.width - _MARGIN
    top = sheet.height - _MARGIN
    draws: list[Draw] = []
    page = typesetter.line(f"{number} / {count}", _TEXT, "en")
    room = right - left - page.width - 6 * MM
    if (head := _fitted(typesetter, title, _TITLE, room, "en")) is not None:
        draws.append(_left(head, left, top - 5 * MM, INK))
    draws.append(_left(page, right - page.width, top - 5 * MM, INK))
    if (line := _fitted(typesetter, "  ·  ".join(told), _TEXT, right - left, "en")) is not None:
        draws.append(_left(line, left, top - 10 * MM, GREY))
    draws.append(_rule(left, right, top - 12.5 * MM))
    low = _MARGIN + 4 * MM
    at = left
    for words, share in (("Checked by", 0.42), ("Signature", 0.33), ("Date", 0.25)):
        label = typesetter.line(words, _TEXT, "en")
        end = at + (right - left) * share
        draws.append(_left(label, at, low, INK))
        draws.append(_rule(at + label.width + 2 * MM, end - 4 * MM if end < right - 1 else right, low - 0.6 * MM))
        at = end
    return draws


def told_on_proof(count: int, days: Sequence[date], profile: str) -> list[str]:
    """What the head of a contact sheet says of the job."""
    issued = (
        date_long(days[0], "en")
        if days[0] == days[-1]
        else f"{date_long(days[0], 'en')} to {date_long(days[-1], 'en')}"
    )
    where = "at a printing house" if profile == "press" else "in the office"
    return [many(count), f"issued {issued}", f"to be printed {where}", "tick each one that is right"]


# --- slips -----------------------------------------------------------------------------------

_SLIP = Fit(shrink=0.5, lines=3, floor=0.2)


def slip(typesetter: Typesetter, cells: Sequence[Cell], label: str, count: int, language: str) -> list[Draw]:
    """What announces a group, in every place of a sheet, so that it lies on top of each pile when they are cut."""
    draws: list[Draw] = []
    label = settable(typesetter, label, Style(family=FACE, size=20, weight=600), language)
    for cell in cells:
        x0, y0, x1, y1 = cell.trim
        width, height, middle = x1 - x0, y1 - y0, (x0 + x1) / 2
        style = Style(family=FACE, size=min(64.0, height / 6), weight=600)
        try:
            fitted = typesetter.fit(label, style, width * 0.8, language, height=height * 0.5, rule=_SLIP)
        except Unfit:  # some hundred characters: its beginning tells
            fitted = typesetter.fit(f"{label[:40]}…", style, width * 0.8, language, rule=_SLIP)
        apart = typesetter.leading(style, fitted.lines, fitted.size)
        first = (y0 + y1) / 2 + apart * (len(fitted.lines) - 1) / 2
        for number, line in enumerate(fitted.lines):
            draws.append(_left(line, middle - line.width / 2, first - number * apart, INK))
        below = typesetter.line(many(count), Style(family=FACE, size=max(8.0, fitted.size * 0.28)), "en")
        last = first - (len(fitted.lines) - 1) * apart
        draws.append(_left(below, middle - below.width / 2, last - fitted.size * 0.75, GREY))
    return draws


# --- drawing ---------------------------------------------------------------------------------


def _fitted(typesetter: Typesetter, text: str, style: Style, room: float, language: str) -> Line | None:
    """One line in so much room, without what no face has; None where it cannot be had."""
    try:
        return typesetter.fit(settable(typesetter, text, style, language), style, room, language, rule=_SHORT).lines[0]
    except Unfit:
        return None


def _left(line: Line, x: float, y: float, colour: Colour) -> Text:
    return Text(line=line, x=round(x, 3), y=round(y, 3), colour=colour)


def _rule(left: float, right: float, y: float) -> Shape:
    return Shape(path=f"{left:.3f} {y:.3f} m {right:.3f} {y:.3f} l", stroke=GREY, width=0.4)


def _rect(x: float, y: float, width: float, height: float) -> str:
    return f"{x:.3f} {y:.3f} {width:.3f} {height:.3f} re"
