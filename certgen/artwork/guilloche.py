"""Guilloche: bundles of fine waves along a path, as on banknotes, in cubic Béziers.

A *strand* is a wave y(theta) across a centre line, a *bundle* is strands that differ in phase or amplitude, a *tile*
is the stretch of centre line in which all waves come round once (theta from 0 to 2 pi). Bundles are even: mirrored at
theta = 0 or pi they are themselves. So a frame needs three small drawings, each placed many times: half a tile, and
the two halves of a corner.

The corner is turned by construction: the centre line bends with a curvature that rises from nothing, stays, and falls
again, through one right angle in a whole number of tiles; and where the tiles of the long and the short side differ
in length (they divide their sides), the speed of theta passes from one to the other within the corner. So every
strand is one smooth curve around the whole frame, and all four corners are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import cos, pi, sin
from typing import NamedTuple

from certgen.artwork.sheet import Form, number

Point = tuple[float, float]
Curve = Callable[[float], Point]

UNIT = 0.02  # points; forms are drawn in integers of it


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
    pieces = max(2, round(abs(end - start) / (2 * pi) * max(wave.cycles for wave in bundle.waves) * 8))
    hair = (end - start) * 0.004
    return "".join(
        bezier(lambda theta, curve=curve: line(theta, amplitude * curve(theta)), start - hair, end + hair, pieces)  # type: ignore[misc]
        for curve in bundle.curves()
    )


def bezier(curve: Curve, start: float, end: float, pieces: int) -> str:
    """A smooth curve as Béziers with its own tangents at the joints (Hermite), stroked."""
    step = (end - start) / pieces
    out = []
    last, before = curve(start), _slope(curve, start)
    out.append(f"{_units(last)} m")
    for i in range(1, pieces + 1):
        at = start + i * step
        point, slope = curve(at), _slope(curve, at)
        one = (last[0] + before[0] * step / 3, last[1] + before[1] * step / 3)
        two = (point[0] - slope[0] * step / 3, point[1] - slope[1] * step / 3)
        out.append(f"{_units(one)} {_units(two)} {_units(point)} c")
        last, before = point, slope
    return "\n".join(out) + "\nS\n"


def _units(point: Point) -> str:
    return f"{round(point[0] / UNIT)} {round(point[1] / UNIT)}"


def _slope(curve: Curve, at: float, step: float = 1e-4) -> Point:
    ahead, behind = curve(at + step), curve(at - step)
    return (ahead[0] - behind[0]) / (2 * step), (ahead[1] - behind[1]) / (2 * step)


# --- the frame -------------------------------------------------------------------------------


class Frame(NamedTuple):
    """How a frame's centre line (``width`` x ``height``, points) is divided. Lengths in points."""

    width: float
    height: float
    across: int  # tiles on the long straight
    up: int
    corner: int  # tiles round a corner
    bend: Bend
    tile_across: float
    tile_up: float


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
    """The division whose tiles come nearest to ``tile`` in length and to one another, corners wide enough for the
    amplitude. Raises ValueError where nothing fits."""
    best: tuple[float, Frame] | None = None
    for corner in (1, 2, 3):
        for tenth in range(4, 9):
            unit = Bend(1.0, tenth / 10)
            for across in range(1, int(width / tile) + 2):
                long = width / (across + 2 * unit.size * corner)
                for up in range(1, int(height / tile) + 2):
                    short = height / (up + 2 * unit.size * corner)
                    mean = (long + short) / 2
                    length = corner * mean
                    if length * unit.radius < 1.8 * amplitude:
                        continue
                    # sides are what the corner leaves
                    a, b = (width - 2 * unit.size * length) / across, (height - 2 * unit.size * length) / up
                    worth = 40 * (abs(a - mean) + abs(b - mean)) / mean + abs(mean / tile - 1) + 0.15 * corner
                    if best is None or worth < best[0]:
                        best = worth, Frame(width, height, across, up, corner, Bend(length, tenth / 10), a, b)
    if best is None:
        raise ValueError("the frame is too small for its waves")
    return best[1]


def corner_phase(frame: Frame) -> Callable[[float], float]:
    """Length along the bend at which theta is reached: its speed passes from the one side's to the other's."""
    length, turns = frame.bend.length, 2 * pi * frame.corner
    first, last = frame.tile_across / (2 * pi) * turns, frame.tile_up / (2 * pi) * turns

    def along(theta: float) -> float:
        u = theta / turns
        # cubic Hermite from (0, 0) to (1, length) with the sides' speeds at the ends
        return (3 * u * u - 2 * u**3) * length + (u - 2 * u * u + u**3) * first + (u**3 - u * u) * last

    return along


def frame_forms(frame: Frame, bundles: Sequence[Bundle], paints: Sequence[str], amplitude: float) -> dict[str, Form]:
    """Half a tile of the sides, ``T``, and a corner, ``C``, in ``UNIT``; ``paints`` sets each bundle's colour."""
    tile = (frame.tile_across + frame.tile_up) / 2
    along, turns = corner_phase(frame), 2 * pi * frame.corner

    def straight(theta: float, y: float) -> Point:
        return theta / (2 * pi) * tile, y

    def bent(theta: float, y: float) -> Point:
        return frame.bend.at(along(theta), y)

    edge, size = amplitude + 1, frame.bend.size
    half = "".join(p + strokes(b, amplitude, straight, 0, pi) for b, p in zip(bundles, paints, strict=True))
    turn = "".join(p + strokes(b, amplitude, bent, 0, turns) for b, p in zip(bundles, paints, strict=True))
    return {
        "T": Form(half, (-1 / UNIT, -edge / UNIT, (tile / 2 + 1) / UNIT, edge / UNIT)),
        "C": Form(turn, (-1 / UNIT, -edge / UNIT, (size + edge) / UNIT, (size + 1) / UNIT)),
    }


def frame_content(frame: Frame) -> str:
    """Places the forms around the frame, whose centre line has its lower left corner at the origin."""
    out = []
    size, tile = frame.bend.size, (frame.tile_across + frame.tile_up) / 2

    def place(name: str, *matrix: float) -> None:
        scaled = (*(UNIT * m for m in matrix[:4]), *matrix[4:])
        out.append(f"q {' '.join(number(m, 5) for m in scaled)} cm /{name} Do Q\n")

    for i in range(frame.across):
        for start, way in ((i, 1.0), (i + 1, -1.0)):
            x, stretch = size + start * frame.tile_across, way * frame.tile_across / tile
            place("T", stretch, 0, 0, 1, x, 0)
            place("T", stretch, 0, 0, -1, x, frame.height)
    for i in range(frame.up):
        for start, way in ((i, 1.0), (i + 1, -1.0)):
            y, stretch = size + start * frame.tile_up, way * frame.tile_up / tile
            place("T", 0, stretch, 1, 0, 0, y)
            place("T", 0, stretch, -1, 0, frame.width, y)
    for x, sx in ((frame.width - size, 1.0), (size, -1.0)):
        place("C", sx, 0, 0, 1, x, 0)
        place("C", sx, 0, 0, -1, x, frame.height)
    return "".join(out)
