"""Colour beyond the cut: a page's ground goes on a little further than its edge, where it can be made to.

Nobody cuts to a hair's breadth, so whatever reaches the edge of a page is printed a few millimetres beyond it. A layout
may say how far its artwork reaches (``paper.bleed``); for those that say nothing, plain panels are made to.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from certgen.layout import MM
from certgen.page import Document, Draw, Page, Picture, Rect, Shape
from certgen.pdf.artwork import beyond

REACH = 3 * MM  # what printing houses ask for
_NEAR = 0.5  # points from the edge that are no white margin on purpose
_NUMBER = r"(-?[0-9.]+)"
_PANEL = re.compile(f"{_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER} re")


def bled(document: Document, reach: float = REACH) -> Document:
    """The document with at least so much bleed on each page, in points; a page with something at its edge that cannot
    be made to reach beyond it stays as it is."""
    return replace(document, pages=tuple(_bled(page, document, reach) for page in document.pages))


def _bled(page: Page, document: Document, reach: float) -> Page:
    if page.bleed:
        return page
    art: list[Draw] = []
    for draw in page.art:
        if isinstance(draw, Picture) and draw.stationery and _short(draw, page, document, reach):
            return page
        art.append(_longer(draw, page, reach) if isinstance(draw, Shape) and draw.stationery else draw)
    return replace(page, art=tuple(art), bleed=reach)


def _longer(shape: Shape, page: Page, reach: float) -> Shape:
    """A panel that ends at the page's edge, made longer."""
    found = _PANEL.fullmatch(shape.path)
    if found is None or shape.matrix is not None:
        return shape
    x, y, width, height = map(float, found.groups())
    left, low, right, top = _beyond((x, y, x + width, y + height), page, reach)
    return replace(shape, path=f"{left:.2f} {low:.2f} {right - left:.2f} {top - low:.2f} re")


def _short(picture: Picture, page: Page, document: Document, reach: float) -> bool:
    """Whether a picture ends at the page's edge, or not far enough beyond."""
    if _beyond(picture.rect, page, reach) == picture.rect:
        return False
    artwork = document.artwork[picture.artwork]
    scale = (picture.rect[2] - picture.rect[0]) / artwork.width
    return beyond(artwork) * scale < reach - _NEAR


def _beyond(rect: Rect, page: Page, reach: float) -> Rect:
    x0, y0, x1, y1 = rect
    return (
        -reach if abs(x0) <= _NEAR else x0,
        -reach if abs(y0) <= _NEAR else y0,
        page.width + reach if abs(x1 - page.width) <= _NEAR else x1,
        page.height + reach if abs(y1 - page.height) <= _NEAR else y1,
    )
