"""Ornaments from parameters: flat vectors, opaque tints, the same bytes every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from inspect import Parameter, signature
from math import cos, pi, sin
from typing import Any

from certgen.artwork.guilloche import (
    UNIT,
    Bundle,
    Wave,
    bezier,
    divide,
    frame_content,
    frame_forms,
)
from certgen.artwork.sheet import Form, artwork, number, numbers, tint
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.page import Artwork, Colour, Rect

MM = 72 / 25.4

Colours = tuple[Colour, ...]


def drawing(kind: str, width: float, height: float, colours: Sequence[Colour], /, **parameters: Any) -> Artwork:
    """A drawing of a kind of ``KINDS``, ``width`` x ``height`` points; nothing of it lies outside.

    ``colours``: the first is the main one; a second replaces the main one's second tint. Parameters as of the
    functions below: lengths in mm, strokes in points, tints as shares. Raises CertgenError for an unknown kind or
    parameter, or a value that cannot be drawn.
    """
    make = _MAKERS.get(kind)
    if make is None:
        raise _refused("unknown-drawing", f"There is no drawing “{kind}”.", f"Choose one of {', '.join(sorted(KINDS))}.")
    known = KINDS[kind]
    for name, value in parameters.items():
        if name not in known:
            raise _refused(
                "unknown-parameter",
                f"The drawing “{kind}” has no parameter “{name}”.",
                f"It has {', '.join(known) or 'none'}.",
            )
        default = known[name]
        if isinstance(default, int | float) and (
            not isinstance(value, int | float) or isinstance(value, bool) != isinstance(default, bool)
        ):
            kind_of = "true or false" if isinstance(default, bool) else "a number"
            raise _refused("bad-parameter", f"{kind}: “{name}” must be {kind_of}.", f"Its usual value is {default}.")
    try:
        return make(width, height, tuple(colours), **parameters)
    except ValueError as error:
        raise _refused("impossible-drawing", f"The drawing “{kind}” cannot be made: {error}.", "") from None


def _refused(code: str, message: str, hint: str) -> CertgenError:
    return CertgenError(Problem(code=code, message=message, hint=hint, exit_code=ExitCode.LAYOUT))


def _rgb(colour: Colour, share: float = 1.0, operator: str = "rg") -> str:
    return f"{numbers(*tint(colour, share))} {operator}\n"


@lru_cache(maxsize=32)
def _guilloche(
    width: float,
    height: float,
    colours: Colours,
    *,
    band: float = 11.0,
    wavelength: float = 22.0,
    stroke: float = 0.2,
    tint: float = 0.42,
    second_tint: float = 0.6,
    rules: bool = True,
) -> Artwork:
    """A frame of interlaced waves. ``band``: its breadth; ``wavelength``: about how long the longest wave is."""
    margin = 1.6 * MM if rules else 0.3
    amplitude = band * MM / 2 - margin
    inset = amplitude + margin
    frame = divide(width - 2 * inset, height - 2 * inset, wavelength * MM, amplitude)
    outer = Bundle(18, (Wave(1, 0.8), Wave(3, 0.2, -1)), 0.5)
    mirror = Bundle(18, (Wave(1, -0.8), Wave(3, -0.2, -1)), 0.5)
    inner = Bundle(11, (Wave(4, 0.3),), 0.6)
    second = colours[1] if len(colours) > 1 else colours[0]
    thin = f"{number(stroke / UNIT, 1)} w\n"
    paints = [
        thin + _rgb(colours[0], tint, "RG"),
        "",
        _rgb(second, second_tint, "RG"),
    ]
    forms = frame_forms(frame, (outer, mirror, inner), paints, amplitude)
    content = f"q 1 0 0 1 {numbers(inset, inset)} cm\n{frame_content(frame)}Q\n"
    if rules:
        line = 0.4
        for gap in (line / 2, 2 * inset - line / 2):
            content += f"{_rgb(colours[0], 0.9, 'RG')}{line} w {numbers(gap, gap, width - 2 * gap, height - 2 * gap)} re S\n"
    return artwork(content, width, height, forms)


def _rule(width: float, height: float, colours: Colours) -> Artwork:
    """A plain line as thick as the room is high."""
    return artwork(f"{_rgb(colours[0])}0 0 {numbers(width, height)} re f\n", width, height)


def _band(width: float, height: float, colours: Colours) -> Artwork:
    return _rule(width, height, colours)


def _rosette(width: float, height: float, colours: Colours, *, tint: float = 0.5, stroke: float = 0.2) -> Artwork:
    """Rings of waves around an empty middle, for a seal."""
    side = min(width, height)
    content = f"{_rgb(colours[0], tint, 'RG')}{number(stroke / UNIT, 1)} w\n"
    radius, depth = side / 2 * 0.82, side / 2 * 0.16
    for j in range(8):

        def ring(t: float, phase: float = 2 * pi * j / 8) -> tuple[float, float]:
            r = radius + depth * cos(12 * t + phase)
            return r * cos(t), r * sin(t)

        content += bezier(ring, 0, 2 * pi, 96)
    edge = side / 2 / UNIT
    forms = {"R": Form(content, (-edge, -edge, edge, edge))}
    return artwork(f"{UNIT} 0 0 {UNIT} {numbers(width / 2, height / 2)} cm /R Do\n", width, height, forms)


def _ornament(width: float, height: float, colours: Colours) -> Artwork:
    """A diamond between two lines."""
    x, y = width / 2, height / 2
    r = min(height / 2, 1.2 * MM)
    path = f"{numbers(x - r, y)} m {numbers(x, y + r)} l {numbers(x + r, y)} l {numbers(x, y - r)} l h\n"
    path += f"0 {numbers(y - 0.2, x - 2 * r, 0.4)} re {numbers(x + 2 * r, y - 0.2, x - 2 * r, 0.4)} re f\n"
    return artwork(_rgb(colours[0]) + path, width, height)


def _waves(width: float, height: float, colours: Colours, *, holes: Sequence[Rect] = ()) -> Artwork:
    return artwork("", width, height)


_MAKERS: dict[str, Callable[..., Artwork]] = {
    "guilloche": _guilloche,
    "rosette": _rosette,
    "seal": _rosette,
    "band": _band,
    "waves": _waves,
    "rule": _rule,
    "ornament": _ornament,
}

KINDS: dict[str, dict[str, Any]] = {
    kind: {p.name: p.default for p in signature(make).parameters.values() if p.kind is Parameter.KEYWORD_ONLY}
    for kind, make in _MAKERS.items()
}
"""The kinds of drawing, and the parameters of each with their usual values."""
