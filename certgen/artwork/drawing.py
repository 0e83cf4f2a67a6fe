"""Ornaments from parameters: flat vectors, opaque tints, the same bytes every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, signature
from math import cos, pi, sin
from typing import Any

from certgen.artwork.guilloche import UNIT, Bundle, Wave, divide, frame_content, frame_forms, parallel, strokes
from certgen.artwork.sheet import MM, Form, artwork, number, numbers
from certgen.artwork.sheet import tint as _thin
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.page import Artwork, Colour, Rect

PALE = 0.08  # the most tint of a pattern behind text

Colours = tuple[Colour, ...]


def drawing(kind: str, width: float, height: float, colours: Sequence[Colour], /, **parameters: Any) -> Artwork:
    """A drawing of a kind of ``KINDS``, ``width`` x ``height`` points; nothing of it lies outside.

    ``colours``: the first is the main one; a second replaces the main one's second tint. Parameters as of the
    functions below: lengths in mm, strokes in points, tints as shares. Raises CertgenError for an unknown kind or
    parameter, or a value that cannot be drawn.
    """
    make = _MAKERS.get(kind)
    if make is None:
        choice = ", ".join(KINDS)
        raise _refused("unknown-drawing", f"There is no drawing “{kind}”.", f"Choose one of {choice}.")
    known = KINDS[kind]
    for name, value in parameters.items():
        if name not in known:
            raise _refused(
                "unknown-parameter",
                f"The drawing “{kind}” has no parameter “{name}”.",
                f"It has {', '.join(known) or 'none'}.",
            )
        default = known[name]
        if isinstance(default, tuple) != isinstance(value, list | tuple):
            raise _refused("bad-parameter", f"{kind}: “{name}” cannot be {value!r}.", "")
        if isinstance(default, int | float) and (
            not isinstance(value, int | float) or isinstance(value, bool) != isinstance(default, bool)
        ):
            kind_of = "true or false" if isinstance(default, bool) else "a number"
            raise _refused("bad-parameter", f"{kind}: “{name}” must be {kind_of}.", f"Its usual value is {default}.")
    if min(width, height) <= 0:
        raise _refused("impossible-drawing", f"The drawing “{kind}” has no room.", "Give it a width and a height.")
    try:
        return make(width, height, tuple(colours), **parameters)
    except ValueError as error:
        raise _refused("impossible-drawing", f"The drawing “{kind}” cannot be made: {error}.", "") from None


def _refused(code: str, message: str, hint: str) -> CertgenError:
    return CertgenError(Problem(code=code, message=message, hint=hint, exit_code=ExitCode.LAYOUT))


def _rgb(colour: Colour, share: float = 1.0, operator: str = "rg") -> str:
    return f"{numbers(*_thin(colour, share))} {operator}\n"


# --- guilloche and what is made of the same waves ---------------------------------------------

_EDGE, _RIBBON = 0, 1  # which tint a bundle takes

STYLES: dict[str, tuple[float, tuple[tuple[int, Bundle], ...]]] = {
    # a scalloped lace with two ribbons that knot in its middle
    "lace": (
        26.0,
        (
            (_EDGE, Bundle(11, (Wave(3, 0.86), Wave(9, 0.12, -1)), 0.5)),
            (_EDGE, Bundle(11, (Wave(3, -0.86), Wave(9, -0.12, -1)), 0.5)),
            (_RIBBON, Bundle(9, (Wave(1, 0.3), Wave(3, 0.2)), 0.3)),
            (_RIBBON, Bundle(9, (Wave(1, -0.3), Wave(3, -0.2)), 0.3)),
        ),
    ),
    # a chain of two ribbons upon an even ground with straight edges
    "chain": (
        16.0,
        (
            (_EDGE, Bundle(11, (Wave(2, 0.97),), 0.42)),
            (_EDGE, Bundle(11, (Wave(2, -0.97),), 0.42)),
            (_RIBBON, Bundle(9, (Wave(1, 0.5), Wave(3, 0.18)), 0.32)),
            (_RIBBON, Bundle(9, (Wave(1, -0.5), Wave(3, -0.18)), 0.32)),
        ),
    ),
    # scallops around a string of beads
    "beads": (
        14.5,
        (
            (_EDGE, Bundle(14, (Wave(1, 0.85), Wave(3, 0.15, -1)), 0.5)),
            (_EDGE, Bundle(14, (Wave(1, -0.85), Wave(3, -0.15, -1)), 0.5)),
            (_RIBBON, Bundle(13, (Wave(2, 0.42),), 0.0, knots=True)),
        ),
    ),
}
"""By name: the tile's usual length in mm, and the bundles."""


def _style(name: str) -> tuple[float, tuple[tuple[int, Bundle], ...]]:
    try:
        return STYLES[name]
    except KeyError:
        raise ValueError(f"its styles are {', '.join(STYLES)}, not {name!r}") from None


def _paints(bundles: Sequence[tuple[int, Bundle]], tints: Sequence[Colour], stroke: float) -> list[str]:
    line = f"{number(stroke / UNIT, 2)} w\n"
    return [line + _rgb(tints[which], operator="RG") for which, _ in bundles]


def _guilloche(
    width: float,
    height: float,
    colours: Colours,
    *,
    style: str = "lace",
    band: float = 9.0,
    wavelength: float = 0.0,
    stroke: float = 0.2,
    edge_tint: float = 0.38,
    ribbon_tint: float = 0.6,
    rules: bool = False,
) -> Artwork:
    """A frame of interlaced waves. ``band``: its breadth; ``wavelength``: about how long the longest wave is, 0 for the
    style's own; ``rules``: a thin line outside and inside, within the band's breadth."""
    usual, bundles = _style(style)
    margin = 1.2 * MM if rules else stroke
    amplitude = band * MM / 2 - margin
    if amplitude <= 0:
        raise ValueError("its band is too narrow")
    wavelength = wavelength or usual * max(0.4, min(1.5, amplitude / (4.5 * MM)))
    inset = amplitude + margin
    frame = divide(width - 2 * inset, height - 2 * inset, wavelength * MM, amplitude)
    tints = _thin(colours[0], edge_tint), _thin(colours[-1] if len(colours) > 1 else colours[0], ribbon_tint)
    forms = frame_forms(frame, [bundle for _, bundle in bundles], _paints(bundles, tints, stroke), amplitude)
    content = f"1 0 0 1 {numbers(inset, inset)} cm\n{frame_content(frame)}"
    if rules:  # filled, not stroked: viewers fit straight strokes to pixels, and bent ones not
        content += f"{UNIT} 0 0 {UNIT} 0 0 cm\n{_rgb(colours[0])}"
        for near in (-inset, inset - 0.4):
            content += f"{parallel(frame, near)}{parallel(frame, near + 0.4)}f*\n"
    return artwork(content, width, height, forms)


def _rosette(
    width: float,
    height: float,
    colours: Colours,
    *,
    style: str = "lace",
    depth: float = 0.24,
    stroke: float = 0.2,
    edge_tint: float = 0.45,
    ribbon_tint: float = 0.7,
) -> Artwork:
    """A ring of the border's waves around an empty middle, for a seal. ``depth``: the ring's share of the side."""
    usual, bundles = _style(style)
    side = min(width, height)
    amplitude = side * depth / 2 - stroke
    radius = side / 2 - amplitude - stroke
    if not 0 < amplitude < radius:
        raise ValueError("its ring has no room; change its depth or stroke")
    tiles = max(4, round(2 * pi * radius / (usual * MM * amplitude / (4.5 * MM)) / 1.25))

    def around(theta: float, y: float) -> tuple[float, float]:
        angle = theta / tiles
        return (radius + y) * cos(angle), (radius + y) * sin(angle)

    tints = _thin(colours[0], edge_tint), _thin(colours[-1] if len(colours) > 1 else colours[0], ribbon_tint)
    paints = _paints(bundles, tints, stroke)
    half = "".join(p + strokes(b, amplitude, around, 0, pi) for (_, b), p in zip(bundles, paints, strict=True))
    edge = side / 2 / UNIT
    content = [f"1 0 0 1 {numbers(width / 2, height / 2)} cm\n"]
    for i in range(tiles):
        c, s = (UNIT * f(2 * pi * i / tiles) for f in (cos, sin))
        content.append(f"q {' '.join(number(m, 6) for m in (c, s, -s, c))} 0 0 cm /R Do Q\n")
        content.append(f"q {' '.join(number(m, 6) for m in (c, s, s, -c))} 0 0 cm /R Do Q\n")
    inner = radius - amplitude - 1.1 * MM
    content.append(f"{_rgb(tints[1], operator='RG')}0.4 w\n{_circle(inner)}S\n")
    return artwork("".join(content), width, height, {"R": Form(half, (-edge, -edge, edge, edge))})


def _waves(
    width: float,
    height: float,
    colours: Colours,
    *,
    tint: float = 0.07,
    stroke: float = 0.3,
    rise: float = 9.0,
    wavelength: float = 60.0,
    holes: Sequence[Rect] = (),
) -> Artwork:
    """A pale ground of long waves, ``rise`` high. ``holes`` (points, of the drawing) stay paper."""
    if tint > PALE:
        raise ValueError(f"a pattern behind text has at most {PALE:.0%} tint, not {tint:.0%}")
    clip = f"0 0 {numbers(width, height)} re\n"
    clip += "".join(f"{numbers(x0, y0, x1 - x0, y1 - y0)} re\n" for x0, y0, x1, y1 in holes)
    return _ground(width, height, _rgb(_thin(colours[0], tint), operator="RG"), clip, stroke, rise, wavelength)


def _band(
    width: float,
    height: float,
    colours: Colours,
    *,
    texture: float = 0.0,
    stroke: float = 0.3,
    rise: float = 9.0,
    wavelength: float = 60.0,
) -> Artwork:
    """A flat colour. ``texture``: the share of white, or of the second colour, in the fine waves upon it."""
    fill = f"{_rgb(colours[0])}0 0 {numbers(width, height)} re f\n"
    if not texture:
        return artwork(fill, width, height)
    if texture > 2 * PALE:
        raise ValueError(f"its texture is at most {2 * PALE:.0%}")
    light = colours[1] if len(colours) > 1 else (1.0, 1.0, 1.0)
    mixed = tuple(a + (b - a) * texture for a, b in zip(colours[0], light, strict=True))
    line = f"{numbers(*mixed)} RG\n"
    return _ground(width, height, line, f"0 0 {numbers(width, height)} re\n", stroke, rise, wavelength, fill)


def _ground(
    width: float, height: float, colour: str, clip: str, stroke: float, rise: float, wavelength: float, first: str = ""
) -> Artwork:
    """A plane of waves: rows of one tile, every other row mirrored, so that the strands of neighbours meet."""
    if min(rise, wavelength, stroke) <= 0:
        raise ValueError("waves need a rise, a wavelength and a stroke above 0")
    across, up = max(1, round(width / (wavelength * MM))), max(1, round(height / (2 * rise * MM)))
    tile, amplitude = width / across, height / up / 2
    if across * up > 2000:
        raise ValueError("its waves are too many; raise the wavelength or the rise")
    bundle = Bundle(9, (Wave(1, 1.0), Wave(3, 0.12, 2)), 0.5)

    def straight(theta: float, y: float) -> tuple[float, float]:
        return theta / (2 * pi) * tile, y

    half = strokes(bundle, amplitude, straight, 0, pi)
    edge = amplitude * 1.2 / UNIT
    form = Form(half, (-50, -edge, tile / 2 / UNIT + 50, edge))
    content = [f"{first}q {clip}W* n\n{colour}{number(stroke / UNIT, 2)} w\n"]
    for row in range(up):
        y = (2 * row + 1) * amplitude
        for i in range(across):
            for x, way in ((i * tile, UNIT), ((i + 1) * tile, -UNIT)):
                content.append(f"q {number(way)} 0 0 {UNIT if row % 2 else -UNIT} {numbers(x, y)} cm /W Do Q\n")
    content.append("Q\n")
    return artwork("".join(content), width, height, {"W": form})


# --- typographic pieces -----------------------------------------------------------------------


def _rule(width: float, height: float, colours: Colours) -> Artwork:
    """A plain line as thick as the room is high."""
    return artwork(f"{_rgb(colours[0])}0 0 {numbers(width, height)} re f\n", width, height)


def _ornament(
    width: float, height: float, colours: Colours, *, length: float = 44.0, size: float = 1.3, swell: float = 0.7
) -> Artwork:
    """A divider in the middle of its room: a diamond between two lines that swell to ``swell`` points towards it.
    ``length`` and ``size`` (half the diamond) in mm, less where the room is less."""
    x, y = width / 2, height / 2
    half, r = min(width, length * MM) / 2, min(size * MM, height / 2)
    path = [_diamond(x, y, r)]
    for way in (-1, 1):
        near, far = x + way * 2.1 * r, x + way * half
        third = (far - near) / 3
        t = min(swell, height) / 2
        path.append(
            f"{numbers(near, y)} m {numbers(near + third / 2, y + t, near + third, y + t * 0.8, far, y + 0.1)} c "
            f"{numbers(far, y - 0.1)} l {numbers(near + third, y - t * 0.8, near + third / 2, y - t, near, y)} c h\n"
        )
        path.append(_diamond(near - way * 0.62 * r, y, 0.22 * r))
    return artwork(_rgb(colours[0]) + "".join(path) + "f\n", width, height)


def _diamond(x: float, y: float, r: float) -> str:
    return f"{numbers(x - r, y)} m {numbers(x, y + r)} l {numbers(x + r, y)} l {numbers(x, y - r)} l h\n"


_ROUND = 0.5523  # the handle of a cubic Bézier that draws a quarter of a circle, in radii


def _circle(r: float) -> str:
    k = r * _ROUND
    return (
        f"{numbers(r, 0)} m {numbers(r, k, k, r, 0, r)} c {numbers(-k, r, -r, k, -r, 0)} c "
        f"{numbers(-r, -k, -k, -r, 0, -r)} c {numbers(k, -r, r, -k, r, 0)} c h\n"
    )


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
