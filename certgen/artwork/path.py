"""Path data, shapes and transformations of SVG as lists of cubic segments (SVG 2, chapters 8 to 10)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import atan2, ceil, cos, hypot, pi, radians, sin, sqrt, tan
from typing import NamedTuple

from certgen.artwork.sheet import number

Point = tuple[float, float]
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BETWEEN = re.compile(r"[\s,]*")
_ROUND = 0.5522847498  # the handle of a cubic Bézier that draws a quarter of a circle, in radii


class Matrix(NamedTuple):
    """x' = a x + c y + e, y' = b x + d y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def after(self, first: Matrix) -> Matrix:
        """``first``, then this one."""
        return Matrix(
            self.a * first.a + self.c * first.b,
            self.b * first.a + self.d * first.b,
            self.a * first.c + self.c * first.d,
            self.b * first.c + self.d * first.d,
            self.a * first.e + self.c * first.f + self.e,
            self.b * first.e + self.d * first.f + self.f,
        )

    def __call__(self, point: Point) -> Point:
        x, y = point
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    @property
    def scale(self) -> float:
        return sqrt(abs(self.a * self.d - self.b * self.c))

    @property
    def even(self) -> bool:
        """Whether it keeps angles, so that a stroke stays equally wide all around."""
        size = max(abs(self.a), abs(self.b), abs(self.c), abs(self.d))
        return abs(self.a * self.c + self.b * self.d) < 1e-4 * size * size and abs(
            hypot(self.a, self.b) - hypot(self.c, self.d)
        ) < 1e-4 * max(size, 1e-12)


class Path:
    """Sub-paths of lines and cubic Béziers. Operators are PDF's: m, l, c, h."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, tuple[Point, ...]]] = []

    def move(self, p: Point) -> None:
        self.parts.append(("m", (p,)))

    def line(self, p: Point) -> None:
        self.parts.append(("l", (p,)))

    def curve(self, a: Point, b: Point, p: Point) -> None:
        self.parts.append(("c", (a, b, p)))

    def close(self) -> None:
        self.parts.append(("h", ()))

    def content(self, matrix: Matrix, decimals: int = 2) -> str:
        """Path construction operators after the matrix, which leads to points; ISO 32000-1, 8.5.2."""
        out = []
        for operator, points in self.parts:
            flat = [v for p in points for v in matrix(p)]
            out.append(f"{' '.join([number(v, decimals) for v in flat])} {operator}\n" if flat else "h\n")
        return "".join(out)

    def box(self) -> tuple[float, float, float, float] | None:
        """The box of the geometry itself: of lines' ends and curves' extremes (SVG 2, 8.10)."""
        xs: list[float] = []
        ys: list[float] = []
        last: Point = (0.0, 0.0)
        for operator, points in self.parts:
            if not points:
                continue
            if operator == "c":
                for axis, into in ((0, xs), (1, ys)):
                    into.extend(_extremes(last[axis], *(p[axis] for p in points)))
            xs.append(points[-1][0])
            ys.append(points[-1][1])
            last = points[-1]
        return (min(xs), min(ys), max(xs), max(ys)) if xs else None


def _extremes(a: float, b: float, c: float, d: float) -> Iterator[float]:
    # the derivative's roots: (d - 3c + 3b - a) t^2 + 2 (c - 2b + a) t + (b - a) = 0
    q, r, s = d - 3 * c + 3 * b - a, 2 * (c - 2 * b + a), b - a
    if abs(q) < 1e-12:
        roots = [-s / r] if abs(r) > 1e-12 else []
    else:
        under = r * r - 4 * q * s
        roots = [(-r + sign * sqrt(under)) / (2 * q) for sign in (1, -1)] if under >= 0 else []
    for t in roots:
        if 0 < t < 1:
            u = 1 - t
            yield u**3 * a + 3 * u * u * t * b + 3 * u * t * t * c + t**3 * d


def parse(data: str) -> Path:
    """Path data (SVG 2, 9.3). What follows a mistake is left out, as there. Raises ValueError where that is all."""
    return _Reader(data).read()


class _Reader:
    def __init__(self, data: str) -> None:
        self.data, self.at, self.path = data, 0, Path()
        self.here: Point = (0.0, 0.0)
        self.start: Point = (0.0, 0.0)
        self.handle: tuple[str, Point] = ("", (0.0, 0.0))

    def read(self) -> Path:
        data = self.data
        try:
            while True:
                self._skip()
                if self.at >= len(data):
                    return self.path
                command = data[self.at]
                if command not in "MmLlHhVvCcSsQqTtAaZz" or (not self.path.parts and command not in "Mm"):
                    raise ValueError(f"“{command}” at {self.at}")
                self.at += 1
                if command in "Zz":
                    self.path.close()
                    self.here = self.start
                    self.handle = ("", self.here)
                    continue
                self._step(command)
                while self._more():
                    self._step({"M": "L", "m": "l"}.get(command, command))
        except ValueError:
            if not self.path.parts:
                raise
            return self.path

    def _skip(self) -> None:
        match = _BETWEEN.match(self.data, self.at)
        self.at = match.end() if match else self.at

    def _more(self) -> bool:
        self._skip()
        return self.at < len(self.data) and self.data[self.at] in "+-.0123456789"

    def _number(self) -> float:
        self._skip()
        match = _NUMBER.match(self.data, self.at)
        if not match:
            raise ValueError(f"no number at {self.at}")
        self.at = match.end()
        return float(match[0])

    def _flag(self) -> bool:
        self._skip()
        flag = self.data[self.at : self.at + 1]
        if flag not in ("0", "1"):
            raise ValueError(f"no flag at {self.at}")
        self.at += 1
        return flag == "1"

    def _point(self, relative: bool) -> Point:
        x, y = self._number(), self._number()
        return (self.here[0] + x, self.here[1] + y) if relative else (x, y)

    def _step(self, command: str) -> None:
        relative, kind, path, here = command.islower(), command.upper(), self.path, self.here
        if kind != "M" and path.parts[-1][0] == "h":
            path.move(here)  # after a closed sub-path the next begins at its start
        handle = ("", here)
        match kind:
            case "M":
                self.here = self.start = self._point(relative)
                path.move(self.here)
            case "L":
                self.here = self._point(relative)
                path.line(self.here)
            case "H":
                self.here = (self._number() + (here[0] if relative else 0), here[1])
                path.line(self.here)
            case "V":
                self.here = (here[0], self._number() + (here[1] if relative else 0))
                path.line(self.here)
            case "C" | "S":
                one = self._point(relative) if kind == "C" else self._mirrored("C")
                two, self.here = self._point(relative), self._point(relative)
                path.curve(one, two, self.here)
                handle = ("C", two)
            case "Q" | "T":
                middle = self._point(relative) if kind == "Q" else self._mirrored("Q")
                self.here = self._point(relative)
                path.curve(_toward(here, middle), _toward(self.here, middle), self.here)
                handle = ("Q", middle)
            case "A":
                rx, ry, turn = abs(self._number()), abs(self._number()), radians(self._number())
                large, sweep = self._flag(), self._flag()
                self.here = self._point(relative)
                _arc(path, here, self.here, rx, ry, turn, large, sweep)
        self.handle = handle

    def _mirrored(self, kind: str) -> Point:
        if self.handle[0] != kind:
            return self.here
        return 2 * self.here[0] - self.handle[1][0], 2 * self.here[1] - self.handle[1][1]


def _toward(end: Point, middle: Point) -> Point:
    return end[0] + 2 / 3 * (middle[0] - end[0]), end[1] + 2 / 3 * (middle[1] - end[1])


def _arc(path: Path, start: Point, end: Point, rx: float, ry: float, turn: float, large: bool, sweep: bool) -> None:
    """An elliptical arc by its ends, as Béziers (SVG 2, B.2.4)."""
    if start == end:
        return
    if rx == 0 or ry == 0:
        path.line(end)
        return
    c, s = cos(turn), sin(turn)
    dx, dy = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    x, y = c * dx + s * dy, -s * dx + c * dy
    grow = (x / rx) ** 2 + (y / ry) ** 2
    if grow > 1:
        rx, ry = rx * sqrt(grow), ry * sqrt(grow)
    under = (rx * ry) ** 2 - (rx * y) ** 2 - (ry * x) ** 2
    factor = sqrt(max(0.0, under / ((rx * y) ** 2 + (ry * x) ** 2))) * (-1 if large == sweep else 1)
    cx, cy = factor * rx * y / ry, -factor * ry * x / rx
    first = atan2((y - cy) / ry, (x - cx) / rx)
    extent = atan2((-y - cy) / ry, (-x - cx) / rx) - first
    if sweep and extent < 0:
        extent += 2 * pi
    elif not sweep and extent > 0:
        extent -= 2 * pi
    middle = Matrix(c, s, -s, c, c * cx - s * cy + (start[0] + end[0]) / 2, s * cx + c * cy + (start[1] + end[1]) / 2)
    pieces = max(1, ceil(abs(extent) / (pi / 2) - 1e-9))
    step = extent / pieces
    k = 4 / 3 * tan(step / 4)
    for i in range(pieces):
        a, b = first + i * step, first + (i + 1) * step
        path.curve(
            middle((rx * (cos(a) - k * sin(a)), ry * (sin(a) + k * cos(a)))),
            middle((rx * (cos(b) + k * sin(b)), ry * (sin(b) - k * cos(b)))),
            end if i == pieces - 1 else middle((rx * cos(b), ry * sin(b))),
        )


def ellipse(cx: float, cy: float, rx: float, ry: float) -> Path:
    path, kx, ky = Path(), rx * _ROUND, ry * _ROUND
    path.move((cx + rx, cy))
    path.curve((cx + rx, cy + ky), (cx + kx, cy + ry), (cx, cy + ry))
    path.curve((cx - kx, cy + ry), (cx - rx, cy + ky), (cx - rx, cy))
    path.curve((cx - rx, cy - ky), (cx - kx, cy - ry), (cx, cy - ry))
    path.curve((cx + kx, cy - ry), (cx + rx, cy - ky), (cx + rx, cy))
    path.close()
    return path


def rectangle(x: float, y: float, w: float, h: float, rx: float = 0.0, ry: float = 0.0) -> Path:
    path, rx, ry = Path(), min(rx, w / 2), min(ry, h / 2)
    if not rx or not ry:
        path.move((x, y))
        for corner in ((x + w, y), (x + w, y + h), (x, y + h)):
            path.line(corner)
        path.close()
        return path
    kx, ky = rx * (1 - _ROUND), ry * (1 - _ROUND)
    path.move((x + rx, y))
    path.line((x + w - rx, y))
    path.curve((x + w - kx, y), (x + w, y + ky), (x + w, y + ry))
    path.line((x + w, y + h - ry))
    path.curve((x + w, y + h - ky), (x + w - kx, y + h), (x + w - rx, y + h))
    path.line((x + rx, y + h))
    path.curve((x + kx, y + h), (x, y + h - ky), (x, y + h - ry))
    path.line((x, y + ry))
    path.curve((x, y + ky), (x + kx, y), (x + rx, y))
    path.close()
    return path


def polygon(data: str, *, closed: bool) -> Path:
    """The points of a polyline or polygon; an odd last number is left out."""
    values, path = [float(n) for n in _NUMBER.findall(data)], Path()
    for i, point in enumerate(zip(values[::2], values[1::2], strict=False)):
        (path.line if i else path.move)(point)
    if closed and path.parts:
        path.close()
    return path


_TRANSFORM = re.compile(r"\s*,?\s*([A-Za-z]+)\s*\(([^()]*)\)")
_MAKERS: dict[str, tuple[tuple[int, ...], Callable[..., Matrix]]] = {
    "matrix": ((6,), Matrix),
    "translate": ((1, 2), lambda x, y=0.0: Matrix(e=x, f=y)),
    "scale": ((1, 2), lambda x, y=None: Matrix(a=x, d=x if y is None else y)),
    "rotate": ((1, 3), lambda angle, x=0.0, y=0.0: _rotation(radians(angle), x, y)),
    "skewX": ((1,), lambda angle: Matrix(c=tan(radians(angle)))),
    "skewY": ((1,), lambda angle: Matrix(b=tan(radians(angle)))),
}


def _rotation(angle: float, x: float, y: float) -> Matrix:
    c, s = cos(angle), sin(angle)
    return Matrix(c, s, -s, c, x - c * x + s * y, y - s * x - c * y)


def transform(text: str) -> Matrix:
    """A transform attribute (CSS Transforms 1, 8). Raises ValueError for what is not one."""
    matrix, at, text = Matrix(), 0, text.strip()
    while at < len(text):
        match = _TRANSFORM.match(text, at)
        if not match or match[1] not in _MAKERS:
            raise ValueError(text[at : at + 30])
        values = [float(n) for n in _NUMBER.findall(match[2])]
        counts, make = _MAKERS[match[1]]
        if len(values) not in counts:
            raise ValueError(match[0])
        matrix = matrix.after(make(*values))
        at = match.end()
    return matrix
