"""Guilloche: bundles of fine waves along a path, as on banknotes, in cubic Béziers.

A *strand* is a wave y(theta) across a centre line, a *bundle* is strands that differ in phase or amplitude, a *tile*
is the stretch of centre line in which all waves come round once (theta from 0 to 2 pi). Bundles are even: mirrored at
theta = 0 or pi they are themselves. So a frame needs two small drawings, each placed many times: half a tile of a
side, and half a corner.

The corner is turned by construction: the centre line bends with a curvature that rises from nothing, stays, and falls
again, through one right angle in a whole number of tiles. So every strand is one smooth curve around the whole frame,
and all corners are alike. The sides ask for whole numbers of tiles of one length too; the division that comes nearest
is stretched to the frame by the little that is missing, less than one part in a hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import cos, dist, hypot, pi, sin
from typing import NamedTuple

from certgen.artwork.sheet import Form, number, numbers

Point = tuple[float, float]
Curve = Callable[[float], Point]

UNIT = 0.06  # points; forms are drawn in integers of it
FAITHFUL = 0.05  # points that a Bézier may be off its wave: a quarter of a stroke
SAMPLES = 6  # steps in which a Bézier is held to its wave
MOST_PIECES = 200  # to a strand's stretch
MOST_TILES = 1000  # to a side of a frame
ROOMY = 2.7  # the least radius of a corner, in amplitudes: less would crowd the waves on its inner side


class Wave(NamedTuple):
    """A cosine of ``cycles`` to the tile; ``reach`` is its share of the amplitude, negative for the opposite phase.
    ``follow`` times a strand's own phase is added to it."""

    cycles: int
    reach: float
    follow: float = 1.0


class Bundle(NamedTuple):
    """Strands of one colour, each the sum of the waves. Their phases lie ``spread`` cycles apart, first to last,
    symmetrically about zero; a spread of 1 is a closed fan, an even lattice. With ``knots`` they have equal phases and
    their amplitudes go from 1 to -1, so that they meet where the waves vanish."""

    strands: int
    waves: tuple[Wave, ...]
    spread: float = 1.0
    knots: bool = False

    def curves(self) -> Iterator[Callable[[float], float]]:
        for j in range(self.strands):
            share = 1 - 2 * j / (self.strands - 1) if self.strands > 1 else 1.0
            if self.knots:
                yield self._curve(share, 0.0)
            elif self.spread == 1:
                yield self._curve(1.0, 2 * pi * j / self.strands)
            else:
                yield self._curve(1.0, share * pi * self.spread)

    def _curve(self, share: float, phase: float) -> Callable[[float], float]:
        def curve(theta: float) -> float:
            return share * sum(w.reach * cos(w.cycles * theta + w.follow * phase) for w in self.waves)

        return curve


def strokes(bundle: Bundle, amplitude: float, line: Callable[[float, float], Point], start: float, end: float) -> str:
    """A bundle's strands from theta ``start`` to ``end``, along ``line(theta, y)``, as paths in ``UNIT``.

    They reach a hair beyond both ends, so that pieces that are placed side by side do not show where they meet.
    """
    hair = (end - start) * 0.004
    out, pieces = [], 2
    for curve in bundle.curves():

        def strand(theta: float, curve: Callable[[float], float] = curve) -> Point:
            return line(theta, amplitude * curve(theta))

        path, pieces = bezier(strand, start - hair, end + hair, max(2, pieces - 1))  # neighbours are alike
        out.append(path + "S\n")
    return "".join(out)


def bezier(curve: Curve, start: float, end: float, pieces: int = 2) -> tuple[str, int]:
    """A smooth curve as Béziers with its own tangents at the joints: a path in ``UNIT``, and of how many pieces, no
    fewer than are asked for."""
    while True:
        step = (end - start) / pieces
        joints = [(curve(at), _slope(curve, at)) for at in (start + i * step for i in range(pieces + 1))]
        out = [f"{_units(joints[0][0])} m"]
        for i, (before, after) in enumerate(pairwise(joints)):
            between = [curve(start + (i + k / SAMPLES) * step) for k in range(1, SAMPLES)]
            one, two, off = _fitted(before, between, after, step)
            if off > FAITHFUL * 0.9 and pieces < MOST_PIECES:  # it may be a little more between the samples
                break
            out.append(f"{_units(one)} {_units(two)} {_units(after[0])} c")
        else:
            return "\n".join(out) + "\n", pieces
        pieces += 1


def _fitted(
    before: tuple[Point, Point], between: Sequence[Point], after: tuple[Point, Point], step: float
) -> tuple[Point, Point, float]:
    """The handles of the Bézier that comes nearest to points between two joints (each with its slope), and how far it
    is off.

    The handles lie on the tangents, so their lengths are all there is to find: by least squares of the distances
    across the curve, twice, because the points' parameters are known only from the first time. Without the second and
    a free length it would be Hermite's cubic, which needs twice as many pieces.
    """
    (x0, y0), (u0, v0) = before
    (x3, y3), (u3, v3) = after
    usual = step / 3
    chain = [before[0], *between, after[0]]
    normals = []
    for (ax, ay), (bx, by) in zip(chain, chain[2:], strict=False):
        length = hypot(bx - ax, by - ay) or 1.0
        normals.append(((ay - by) / length, (bx - ax) / length, length / 2))
    times = [k / SAMPLES for k in range(1, SAMPLES)]
    one = two = before[0]
    for _again in range(2):
        aa = ab = bb = ar = br = 0.0
        for (x, y), (nx, ny, _length), t in zip(between, normals, times, strict=True):
            s = 1 - t
            near, far = s * s * (s + 3 * t), t * t * (t + 3 * s)
            a, b = 3 * s * s * t * (u0 * nx + v0 * ny), -3 * s * t * t * (u3 * nx + v3 * ny)
            rest = (near * x0 + far * x3 - x) * nx + (near * y0 + far * y3 - y) * ny
            aa, ab, bb, ar, br = aa + a * a, ab + a * b, bb + b * b, ar - a * rest, br - b * rest
        firm = 1e-4 * (aa + bb) + 1e-12  # where the points do not tell, the usual length
        aa, bb, ar, br = aa + firm, bb + firm, ar + firm * usual, br + firm * usual
        whole = aa * bb - ab * ab
        first, last = (bb * ar - ab * br) / whole, (aa * br - ab * ar) / whole
        first, last = (min(max(handle, 0.3 * usual), 3 * usual) for handle in (first, last))
        one, two = (x0 + first * u0, y0 + first * v0), (x3 - last * u3, y3 - last * v3)
        for i, (point, normal) in enumerate(zip(between, normals, strict=True)):
            for _ in range(2):
                ahead = _along(_at(before[0], one, two, after[0], times[i]), point, normal)
                times[i] = min(max(times[i] - ahead / SAMPLES, 0.02), 0.98)
    off = max(dist(_at(before[0], one, two, after[0], t), point) for t, point in zip(times, between, strict=True))
    return one, two, off


def _at(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    """A point of a Bézier."""
    s = 1 - t
    e, f, g, h = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
    return e * a[0] + f * b[0] + g * c[0] + h * d[0], e * a[1] + f * b[1] + g * c[1] + h * d[1]


def _along(found: Point, wanted: Point, normal: tuple[float, float, float]) -> float:
    """How far ahead of its place a point is, in steps between samples."""
    return ((found[0] - wanted[0]) * normal[1] - (found[1] - wanted[1]) * normal[0]) / (normal[2] or 1.0)


def _units(point: Point) -> str:
    return f"{round(point[0] / UNIT)} {round(point[1] / UNIT)}"


def _slope(curve: Curve, at: float, step: float = 1e-4) -> Point:
    ahead, behind = curve(at + step), curve(at - step)
    return (ahead[0] - behind[0]) / (2 * step), (ahead[1] - behind[1]) / (2 * step)


# --- the frame -------------------------------------------------------------------------------


class Frame(NamedTuple):
    """How a frame's centre line is divided: tiles along each side and round each corner; ``tile`` is points long.
    ``stretch`` maps the ideal frame's width and height to the real one's."""

    across: int
    up: int
    corner: int
    tile: float
    bend: Bend
    stretch: tuple[float, float]

    @property
    def size(self) -> tuple[float, float]:
        return self.across * self.tile + 2 * self.bend.size, self.up * self.tile + 2 * self.bend.size


class Bend:
    """A right angle turned over ``length`` points; ``ramp`` is the share of it in which the curvature rises and falls.

    From the origin, heading along +x, turning left. Positions by Simpson's rule over the heading.
    """

    STEPS = 400

    def __init__(self, length: float, ramp: float) -> None:
        self.length, self.ramp = length, ramp
        self._top = pi / 2 / (length * (1 - ramp / 2))
        step = length / self.STEPS
        x = y = 0.0
        self._points = [(x, y)]
        for i in range(self.STEPS):
            a, m, b = (self.heading((i + part) * step) for part in (0, 0.5, 1))
            x += step / 6 * (cos(a) + 4 * cos(m) + cos(b))
            y += step / 6 * (sin(a) + 4 * sin(m) + sin(b))
            self._points.append((x, y))

    @property
    def size(self) -> float:
        """Width, and height, of the corner."""
        return self._points[-1][0]

    @property
    def radius(self) -> float:
        """The smallest radius of curvature."""
        return 1 / self._top

    def heading(self, s: float) -> float:
        ramp = self.ramp * self.length / 2
        if s > self.length / 2:
            return pi / 2 - self.heading(self.length - s)
        if s < 0:
            return 0.0
        if s < ramp:
            return self._top * s * s / ramp / 2
        return self._top * (s - ramp / 2)

    def at(self, s: float, y: float) -> Point:
        """The point ``y`` to the left of the centre line, ``s`` along it."""
        step = self.length / self.STEPS
        i = min(max(int(s / step), 0), self.STEPS - 1)
        rest, a = s - i * step, self.heading(s)
        middle = self.heading((i * step + s) / 2)
        x0, y0 = self._points[i]
        return x0 + rest * cos(middle) - y * sin(a), y0 + rest * sin(middle) + y * cos(a)


def divide(width: float, height: float, tile: float, amplitude: float) -> Frame:
    """The division that needs the least stretching, with tiles about ``tile`` long and corners that are wide enough
    for the amplitude. Points. Raises ValueError where nothing fits."""
    if tile * MOST_TILES < max(width, height):
        raise ValueError(f"its waves are more than {MOST_TILES} to a side; raise the wavelength")
    best: tuple[float, Frame] | None = None
    for tenth in range(4, 9):
        unit = Bend(1.0, tenth / 10)
        for corner in (1, 2, 3):
            bends = 2 * unit.size * corner
            for across in range(1, int(1.3 * width / tile) + 1):
                ideal = width / (across + bends)
                up = round(height / ideal - bends)
                if up < 1 or not 0.75 * tile <= ideal <= 1.3 * tile:
                    continue
                real = (ideal * height / (up + bends)) ** 0.5  # halfway between what the two sides ask for
                radius = corner * real * unit.radius
                if radius < ROOMY * amplitude:
                    continue
                stretch = width / (across + bends) / real, height / (up + bends) / real
                worth = 30 * abs(stretch[0] - 1) + abs(real / tile - 1) + 0.5 * radius / amplitude
                if best is None or worth < best[0]:
                    best = worth, Frame(across, up, corner, real, Bend(corner * real, tenth / 10), stretch)
    if best is None:
        raise ValueError("it is too small for its waves")
    return best[1]


def frame_forms(frame: Frame, bundles: Sequence[Bundle], paints: Sequence[str], amplitude: float) -> dict[str, Form]:
    """Half a tile of the sides, ``T``, and half a corner, ``C``, in ``UNIT``; ``paints`` sets each bundle's colour."""

    def straight(theta: float, y: float) -> Point:
        return theta / (2 * pi) * frame.tile, y

    def bent(theta: float, y: float) -> Point:
        return frame.bend.at(theta / (2 * pi) * frame.tile, y)

    edge, size = (amplitude + 1) / UNIT, frame.bend.size / UNIT
    half = "".join(p + strokes(b, amplitude, straight, 0, pi) for b, p in zip(bundles, paints, strict=True))
    turn = "".join(p + strokes(b, amplitude, bent, 0, pi * frame.corner) for b, p in zip(bundles, paints, strict=True))
    return {
        "T": Form(half, (-50, -edge, frame.tile / 2 / UNIT + 50, edge)),
        "C": Form(turn, (-50, -edge, size + edge, size)),
    }


def frame_content(frame: Frame) -> str:
    """Places the forms around the frame, whose centre line has its lower left corner at the origin."""
    out = [f"{number(frame.stretch[0], 5)} 0 0 {number(frame.stretch[1], 5)} 0 0 cm\n"]
    (width, height), size, tile, u = frame.size, frame.bend.size, frame.tile, number(UNIT)

    def place(name: str, matrix: str, x: float, y: float) -> None:  # matrix: ones and zeros, in units
        out.append(f"q {matrix.replace('1', u)} {numbers(x, y)} cm /{name} Do Q\n")

    for i in range(frame.across):
        for start, way in ((i, "1"), (i + 1, "-1")):
            place("T", f"{way} 0 0 1", size + start * tile, 0)
            place("T", f"{way} 0 0 -1", size + start * tile, height)
    for i in range(frame.up):
        for start, way in ((i, "1"), (i + 1, "-1")):
            place("T", f"0 {way} 1 0", 0, size + start * tile)
            place("T", f"0 {way} -1 0", width, size + start * tile)
    for x, foot, way, back in ((0.0, size, "-1", "1"), (width, width - size, "1", "-1")):
        for y, side, up, down in ((0.0, size, "1", "-1"), (height, height - size, "-1", "1")):
            place("C", f"{way} 0 0 {up}", foot, y)
            place("C", f"0 {down} {back} 0", x, side)
    return "".join(out)


def parallel(frame: Frame, y: float) -> str:
    """The closed line ``y`` points inside the centre line, as a path in ``UNIT``, within the ideal frame."""
    bend, (width, height) = frame.bend, frame.size
    corners = (  # from the lower right, with the sun against it: where its bend begins, and which way
        (width - bend.size, 0.0, 0),
        (width, height - bend.size, 1),
        (bend.size, height, 2),
        (0.0, bend.size, 3),
    )
    out: list[str] = []
    for x0, y0, quarters in corners:
        a, b = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters]

        def turned(s: float, x0: float = x0, y0: float = y0, a: int = a, b: int = b) -> Point:
            u, v = bend.at(s, y)
            return x0 + a * u - b * v, y0 + b * u + a * v

        path, _ = bezier(turned, 0, bend.length)
        out.append(path.replace("m", "l", 1) if out else path)
    return "".join(out) + "h\n"
