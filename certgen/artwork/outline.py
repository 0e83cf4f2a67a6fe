"""Text in pictures as outlines of certgen's faces, shaped by HarfBuzz."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import uharfbuzz as hb

from certgen.artwork.path import Matrix, Path, Point
from certgen.artwork.sheet import Report
from certgen.errors import CertgenError
from certgen.font import Face, FontBook
from certgen.page import Rect

_GENERIC = {"serif": "EB Garamond", "sans-serif": "Source Sans 3", "system-ui": "Source Sans 3"}
_HINT = "Ask the designer to turn the text into outlines, or use a face that certgen has."


class Piece(NamedTuple):
    """Text of one style; a new chunk begins where ``x`` or ``y`` (user units) is given."""

    text: str
    style: dict[str, str]
    x: float | None
    y: float | None


def outlines(pieces: Sequence[Piece], book: FontBook, report: Report) -> Iterator[tuple[Path, dict[str, str]]]:
    """One path for each piece, in user units (y down), with its style. Raises CertgenError for an unknown face."""
    x = y = 0.0
    chunks: list[tuple[float, float, list[tuple[Piece, str]]]] = []
    for piece in _collapsed(pieces):
        if piece.x is not None or piece.y is not None or not chunks:
            chunks.append((x if piece.x is None else piece.x, y if piece.y is None else piece.y, []))
            x, y = chunks[-1][0], chunks[-1][1]
        chunks[-1][2].append((piece, piece.text))
    for left, base, members in chunks:
        runs = [(*_shaped(piece, book, report), piece.style) for piece, _ in members]
        total = sum(width for _, width, _ in runs)
        x = left - {"middle": total / 2, "end": total}.get(members[0][0].style["text-anchor"], 0.0)
        for glyphs, width, style in runs:
            path = Path()
            for outline, matrix in glyphs:
                for operator, points in outline.parts:
                    path.parts.append((operator, tuple(Matrix(e=x, f=base).after(matrix)(p) for p in points)))
            x += width
            yield path, style


def lettering(text: str, face: Face) -> tuple[str, Rect]:
    """A word as path operators in thousandths of an em, y up, and the box of its outlines. Raises ValueError for a text
    that the face does not have."""
    if not face.covers(text) or not text.strip():
        raise ValueError(f"{face.family} has not all characters of {text!r}")
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(face.hb, buffer)
    scale, at, whole = 1000 / face.upem, 0.0, Path()
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        pen = _Pen()
        face.hb.draw_glyph_with_pen(info.codepoint, pen)
        place = Matrix(scale, 0, 0, scale, at + position.x_offset * scale, position.y_offset * scale)
        whole.parts += [(operator, tuple(place(point) for point in points)) for operator, points in pen.path.parts]
        at += position.x_advance * scale
    box = whole.box()
    assert box is not None
    return whole.content(Matrix()), box


def _collapsed(pieces: Sequence[Piece]) -> list[Piece]:
    """White space as SVG 1.1, 10.15: runs become one space, none at either end."""
    out: list[Piece] = []
    for piece in pieces:
        text = re.sub(r"[ \t\n\r]+", " ", piece.text)
        if not out or out[-1].text.endswith(" ") or piece.x is not None:
            text = text.lstrip(" ")
        if text or piece.x is not None or piece.y is not None:
            out.append(piece._replace(text=text))
    if out:
        out[-1] = out[-1]._replace(text=out[-1].text.rstrip(" "))
    return out


def _shaped(piece: Piece, book: FontBook, report: Report) -> tuple[list[tuple[Path, Matrix]], float]:
    """Glyph outlines with their places from the piece's start, and its width."""
    style = piece.style
    face, size = _face(style, book, report), float(style["font-size"])
    if not face.covers(piece.text):
        report("svg-text", f"{face.family} has not all characters of “{piece.text[:40]}” in the SVG.", _HINT)
        return [], 0.0
    directions = {unicodedata.bidirectional(c) for c in piece.text}
    if directions & {"R", "AL"} and directions & {"L"}:
        report("svg-text", "The SVG mixes writing directions in one text.", _HINT)
    buffer = hb.Buffer()
    buffer.add_str(piece.text)
    buffer.guess_segment_properties()
    hb.shape(face.hb, buffer)
    spacing = 0.0 if style["letter-spacing"] in ("normal", "0") else _points(style["letter-spacing"], size)
    scale, at, out = size / face.upem, 0.0, []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        pen = _Pen()
        face.hb.draw_glyph_with_pen(info.codepoint, pen)
        out.append((pen.path, Matrix(scale, 0, 0, -scale, at + position.x_offset * scale, -position.y_offset * scale)))
        at += position.x_advance * scale + spacing
    return out, at


def _points(text: str, size: float) -> float:
    match = re.match(r"(-?[\d.]+)(em|px)?\s*\Z", text.strip())
    return float(match[1]) * (size if match[2] == "em" else 1.0) if match else 0.0


def _face(style: dict[str, str], book: FontBook, report: Report) -> Face:
    weight = {"normal": 400, "bold": 700, "bolder": 700, "lighter": 300}.get(style["font-weight"])
    weight = int(float(style["font-weight"])) if weight is None else weight
    italic = style["font-style"] in ("italic", "oblique")
    wanted = [name.strip().strip("'\"") for name in style["font-family"].split(",") if name.strip()]
    last: CertgenError | None = None
    for family in wanted or ["sans-serif"]:
        try:
            face = book.face(_GENERIC.get(family.lower(), family), weight, italic)
        except CertgenError as error:
            last = last or error
            continue
        if last is not None or not wanted:
            report(
                "svg-text",
                f"The SVG asks for the typeface {wanted[0] if wanted else 'of the viewer'}; "
                f"{face.family} is drawn in its place.",
                _HINT,
                severity="warning",
            )
        return face
    assert last is not None
    raise last


class _Pen:
    """Receives an outline as fontTools' pens do."""

    def __init__(self) -> None:
        self.path = Path()
        self._here: Point = (0.0, 0.0)

    def moveTo(self, p: Point) -> None:
        self.path.move(p)
        self._here = p

    def lineTo(self, p: Point) -> None:
        self.path.line(p)
        self._here = p

    def curveTo(self, a: Point, b: Point, p: Point) -> None:
        self.path.curve(a, b, p)
        self._here = p

    def qCurveTo(self, middle: Point, p: Point) -> None:
        (x, y), (mx, my) = self._here, middle
        one = (x + 2 / 3 * (mx - x), y + 2 / 3 * (my - y))
        two = (p[0] + 2 / 3 * (mx - p[0]), p[1] + 2 / 3 * (my - p[1]))
        self.curveTo(one, two, p)

    def closePath(self) -> None:
        self.path.close()

    def endPath(self) -> None:
        pass
