"""Draws -> content stream operators. Source: ISO 32000-1, 8 and 9; 14.6 for marked content.

Positions come out of rounded glyph widths and whole TJ numbers; what rounding leaves over is
carried to the next glyph, so a line never drifts by more than 1/2000 em.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from certgen.page import Artwork, Colour, Draw, Glyph, GlyphRun, Line, Picture, Shape, Text
from certgen.pdf.fonts import Coded, Pair
from certgen.pdf.ink import OFFICE, Ink
from certgen.pdf.syntax import num, nums, utf16

_LINES = 256  # encoded lines kept: dates and hours come again, names and codes do not
_GLYPHS = 1 << 15  # glyph variants (kerned pairs) kept for each face
_APART = 0.07  # em of tracking that poppler and pdfium still read as one word
_PINCHED = 85  # thousandths of kerning in a joined face that they still read so; measured, with a margin


class Step(NamedTuple):
    """A glyph's part of a string: moves in thousandths of the size before and after its code; ``late`` as of Coded."""

    font: bytes
    code: bytes
    before: float
    after: float
    dy: int
    late: int


class _Steps(dict[Glyph, Step]):
    """Glyphs of one face -> steps, worked out when first seen. A glyph that the face's font lacks: KeyError."""

    def __init__(self, pairs: Mapping[Pair, Coded], names: Sequence[bytes], upem: int) -> None:
        super().__init__()
        self.pairs = pairs
        self.names = names
        self.upem = upem

    def __missing__(self, glyph: Glyph) -> Step:
        gid, text, advance, dx, dy = glyph
        layer, code, width, late = self.pairs[gid, text]
        scale = 1000 / self.upem
        if len(self) >= _GLYPHS:
            self.clear()
        step = Step(self.names[layer], code, -dx * scale, width + (dx - advance) * scale, dy, late)
        self[glyph] = step
        return step


class _Simple(dict[Glyph, bytes]):
    """Glyphs whose move is a whole number of thousandths -> their part of a TJ string, code and move in one.

    So it is in every face of 1000 units to the em. A raised glyph or one in another layer: ValueError. ``late`` tells
    of each part which code a file has to bring for it, 0 for none; ``pinched`` are those whose next glyph is very near.
    """

    def __init__(self, steps: _Steps) -> None:
        super().__init__()
        self._steps = steps
        self.late: dict[bytes, int] = {}
        self.pinched: set[bytes] = set()

    def __missing__(self, glyph: Glyph) -> bytes:
        step = self._steps[glyph]
        if step.dy or step.font is not self._steps.names[0] or step.before % 1 or step.after % 1:
            raise ValueError
        if len(self) >= _GLYPHS:
            self.clear()
        part = step.code
        if step.before:
            part = b")%d(" % step.before + part
        if step.after:
            part += b")%d(" % step.after
        self[glyph] = part
        self.late[part] = step.late
        if abs(step.after) > _PINCHED:
            self.pinched.add(part)
        return part


class Shown(NamedTuple):
    """A run's font, spacing and strings; the codes whose glyphs a file has to bring for it, with 0 for all others;
    whether any letters are very near to each other."""

    operators: bytes
    late: set[int] | None
    pinched: bool


class Codes:
    """How the glyphs of one face are written: ``names`` of its fonts by layer; ``joined``: a script face, whose
    letters reach into each other."""

    def __init__(self, pairs: Mapping[Pair, Coded], names: Sequence[bytes], upem: int, joined: bool = False) -> None:
        self.names = names
        self.upem = upem
        self.joined = joined
        self.steps = _Steps(pairs, names, upem)
        self._simple = _Simple(self.steps)
        self._brought = any(coded.late for coded in pairs.values())

    def show(self, run: GlyphRun) -> Shown:
        """A run (9.3, 9.4.3). KeyError: the font lacks a glyph."""
        try:
            parts = list(map(self._simple.__getitem__, run.glyphs))
        except ValueError:
            steps = [self.steps[glyph] for glyph in run.glyphs]
            late = {step.late for step in steps} if self._brought else None
            return Shown(_run(run, steps, self.upem), late, any(abs(step.after) > _PINCHED for step in steps))
        late = set(map(self._simple.late.__getitem__, parts)) if self._brought else None
        shown = b"%b %b Tf [(%b)]TJ" % (self.names[0], num(run.size), b"".join(parts))
        if run.tracking:
            shown = b"%b Tc %b 0 Tc" % (num(run.tracking), shown)
        return Shown(shown, late, not self._simple.pinched.isdisjoint(parts))


class Lacking(Exception):
    """Runs whose glyphs no font here has."""

    def __init__(self, runs: Iterable[GlyphRun]) -> None:
        super().__init__()
        self.runs = tuple(runs)


_Late = list[tuple[str, set[int]]]  # by face


class Encoder:
    """Turns draws into operators, remembering lines that come again.

    ``codes`` maps a face's key to its :class:`Codes`; ``artwork`` a key to the resource's name and its size. ``late``
    collects, by face, the codes whose glyphs the file has to bring (and 0), until it is cleared. ``ink`` writes
    the colours.
    """

    def __init__(
        self, codes: Mapping[str, Codes], artwork: Mapping[str, tuple[bytes, Artwork]], ink: Ink = OFFICE
    ) -> None:
        self.codes = codes
        self.artwork = artwork
        self.ink = ink
        # By identity, because hashing a line costs as much as encoding it; the entry keeps the line
        # alive, so that its identity stays its own.
        self._lines: dict[tuple[int, float, float, Colour], tuple[Line, bytes, _Late]] = {}
        self.late: dict[str, set[int]] = {}

    def draws(self, draws: Iterable[Draw]) -> bytes:
        """The operators, each draw on lines of its own. Raises Lacking with every run that cannot be set."""
        out = []
        lacking: list[GlyphRun] = []
        for draw in draws:
            if type(draw) is Text:
                try:
                    out.append(self.text(draw))
                except Lacking as error:
                    lacking += error.runs
            elif type(draw) is Shape:
                out.append(_shape(draw, self.ink))
            else:
                assert type(draw) is Picture
                out.append(self.picture(draw))
        if lacking:
            raise Lacking(lacking)
        return b"\n".join(out)

    def text(self, text: Text) -> bytes:
        key = (id(text.line), text.x, text.y, text.colour)
        known = self._lines.get(key)
        if known is None:
            encoded, late = self.line(text)
            if len(self._lines) >= _LINES:
                self._lines.clear()
            known = self._lines[key] = (text.line, encoded, late)
        self.bring(known[2])
        return known[1]

    def bring(self, late: _Late) -> None:
        for face, codes in late:
            known = self.late.get(face)
            if known is None:
                self.late[face] = set(codes)
            else:
                known |= codes

    def line(self, text: Text) -> tuple[bytes, _Late]:
        """One text object (9.4), and the codes whose glyphs a file has to bring for it."""
        line = text.line
        parts = [self.ink.fill(text.colour), b"BT"]
        lacking = []
        late: _Late = []
        pinched = False
        for run in line.runs:
            if not run.glyphs:
                continue
            try:
                codes = self.codes_of(run)
                shown, brought, near = codes.show(run)
            except KeyError:
                lacking.append(run)
                continue
            if brought is not None:
                late.append((run.face, brought))
            parts.append(b"1 0 0 1 %b %b Tm %b" % (num(text.x + run.x), num(text.y), shown))
            pinched = pinched or (near and codes.joined)
        if lacking:
            raise Lacking(lacking)
        parts.append(b"ET")
        encoded = b" ".join(parts)
        if _needs_actual_text(line, pinched):
            encoded = b"/Span<</ActualText<FEFF%b>>>BDC %b EMC" % (utf16(line.text), encoded)
        return encoded, late

    def codes_of(self, run: GlyphRun) -> Codes:
        return self.codes[run.face]

    def picture(self, picture: Picture) -> bytes:
        resource, artwork = self.artwork[picture.artwork]
        x0, y0, x1, y1 = picture.rect
        sx, sy = (x1 - x0) / artwork.width, (y1 - y0) / artwork.height
        ox, oy = artwork.origin
        # The scale keeps six decimals: three would move the far edge of a large page.
        return b"q %b %b %b cm %b Do Q" % (
            f"{sx:.6f} 0 0".encode(),
            f"{sy:.6f}".encode(),
            nums((x0 - ox * sx, y0 - oy * sy)),
            resource,
        )


def _needs_actual_text(line: Line, pinched: bool) -> bool:
    """Whether a reader would copy this line wrongly without /ActualText (14.9.4).

    It helps where clusters map several characters to several glyphs, and where poppler or pdfium would
    see a space that is none (letters apart, or ``pinched`` far together). It does harm on lines with a
    right-to-left run, which both would reverse.
    """
    for run in line.runs:
        if run.level & 1:
            return False
        pinched = pinched or run.tracking > _APART * run.size
    if pinched or line.text.isascii():
        return pinched
    return any(unicodedata.category(c)[0] == "M" for c in line.text) or any(
        not glyph.text for run in line.runs for glyph in run.glyphs
    )


def _run(run: GlyphRun, steps: list[Step], upem: int) -> bytes:
    """A run whose glyphs are raised, come from several layers or move by fractions."""
    size = run.size
    out: list[bytes] = []
    if run.tracking:
        out.append(num(run.tracking) + b" Tc")
    font: bytes | None = None
    rise = 0
    left = 0.0  # thousandths still to move left
    pieces: list[bytes] = []
    adjusted = False
    for name, code, before, after, dy, _ in steps:
        if name is not font or dy != rise:
            if pieces:
                out.append(_show(pieces, adjusted))
                pieces, adjusted = [], False
            if name is not font:
                out.append(b"%b %b Tf" % (name, num(size)))
                font = name
            if dy != rise:
                out.append(num(dy * size / upem) + b" Ts")
                rise = dy
        left += before
        if left >= 0.5 or left <= -0.5:
            move = round(left)
            left -= move
            pieces.append(b")%d(" % move)
            adjusted = True
        pieces.append(code)
        left += after
    out.append(_show(pieces, adjusted))
    if rise:
        out.append(b"0 Ts")
    if run.tracking:
        out.append(b"0 Tc")
    return b" ".join(out)


def _show(pieces: list[bytes], adjusted: bool) -> bytes:
    return (b"[(%b)]TJ" if adjusted else b"(%b)Tj") % b"".join(pieces)


def _shape(shape: Shape, ink: Ink) -> bytes:
    """A path, filled and stroked (8.5)."""
    parts = [b"q"]
    if shape.matrix is not None:
        parts.append(placed(shape.matrix))
    if shape.fill is not None:
        parts.append(ink.fill(shape.fill))
    if shape.stroke is not None:
        parts.append(ink.stroke(shape.stroke))
        parts.append(num(shape.width) + b" w")
    parts.append(shape.path.encode("ascii"))
    parts.append(_PAINT[shape.fill is not None, shape.stroke is not None])
    return b" ".join(parts)


@lru_cache(maxsize=64)
def placed(matrix: tuple[float, ...]) -> bytes:
    """The operator after which coordinates mean what ``matrix`` makes of them (8.3.4)."""
    return b" ".join([f"{v:.6f}".rstrip("0").rstrip(".").encode() for v in matrix]) + b" cm"


_PAINT = {(False, False): b"n Q", (True, False): b"f Q", (False, True): b"S Q", (True, True): b"B Q"}
