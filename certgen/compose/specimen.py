"""What marks a page as a sample: SPECIMEN across it, below everything that is read."""

from __future__ import annotations

from math import atan2, cos, hypot, sin

from certgen.artwork import lettering
from certgen.font import FontBook
from certgen.page import Colour, Shape

WORD = "SPECIMEN"
CODE = "SPECIMEN00000000"
"""Printed and in the QR code of samples. No real code is like it: Crockford's base32 has no letter I."""

_FAMILY, _WEIGHT = "Source Sans 3", 700
_PALE: Colour = (0.945, 0.925, 0.925)  # on paper; text on it keeps its contrast
_EDGE: Colour = (0.86, 0.68, 0.68)  # seen on paper and on dark panels alike
_HAIRLINE = 0.5  # points
_REACH = 0.86  # of the page's diagonal


def across(width: float, height: float, book: FontBook) -> tuple[Shape, Shape]:
    """The word along the diagonal of a page of ``width`` x ``height`` points: the letters in a pale tint, to be drawn
    first, and their outlines, to be drawn over the page's ground and below its text. Nothing of the page is hidden."""
    path, (x0, y0, x1, y1) = lettering(WORD, book.face(_FAMILY, _WEIGHT))
    angle = atan2(height, width)
    scale = _REACH * min(hypot(width, height) / (x1 - x0), width / _leaning(x1 - x0, y1 - y0, angle))
    across, up = scale * cos(angle), scale * sin(angle)
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    matrix = (
        across,
        up,
        -up,
        across,
        width / 2 - across * middle[0] + up * middle[1],
        height / 2 - up * middle[0] - across * middle[1],
    )
    return (
        Shape(path=path, fill=_PALE, matrix=matrix),
        Shape(path=path, stroke=_EDGE, width=_HAIRLINE / scale, matrix=matrix),
    )


def _leaning(width: float, height: float, angle: float) -> float:
    """The width of the box around a rectangle that is turned by ``angle``."""
    return width * cos(angle) + height * sin(angle)
