"""Draws the examples' logos and signatures: invented marks, made from numbers, the same every time.

Logos are flat SVG paths in a box of their own. A signature is written stroke by stroke with a pen
that presses on the way down and lifts on the way up; it leaves as SVG outlines or as a PNG on white.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

Point = tuple[float, float]

# --- handwriting -----------------------------------------------------------------------------
# Letters as points a pen passes through; x-height 1, baseline 0. A list holds one stroke or more.
# Each letter is entered near (0, 0.1) and left near the baseline, so that letters join.

LETTERS: dict[str, tuple[float, list[Point]]] = {
    "a": (0.85, [(0.55, 0.85), (0.3, 1.0), (0.05, 0.5), (0.25, 0.02), (0.55, 0.6), (0.6, 0.95), (0.58, 0.2), (0.8, 0.1)]),
    "b": (0.85, [(0, 0.1), (0.4, 1.5), (0.38, 2.3), (0.22, 1.9), (0.15, 0.3), (0.4, 0.02), (0.55, 0.5), (0.4, 0.95), (0.8, 0.8)]),
    "c": (0.65, [(0.5, 0.8), (0.35, 1.0), (0.08, 0.6), (0.2, 0.04), (0.6, 0.15)]),
    "d": (0.85, [(0.5, 0.85), (0.28, 1.0), (0.05, 0.5), (0.25, 0.02), (0.55, 0.7), (0.66, 2.1), (0.58, 0.2), (0.8, 0.1)]),
    "e": (0.65, [(0, 0.15), (0.35, 0.5), (0.45, 0.85), (0.28, 1.0), (0.12, 0.55), (0.3, 0.03), (0.6, 0.15)]),
    "f": (0.6, [(0, 0.1), (0.45, 1.6), (0.42, 2.3), (0.25, 1.9), (0.15, 0.2), (0.05, -1.1), (0.2, -1.0), (0.3, 0.1), (0.6, 0.2)]),
    "g": (0.8, [(0.55, 0.85), (0.3, 1.0), (0.05, 0.5), (0.25, 0.1), (0.55, 0.9), (0.5, -0.5), (0.2, -1.3), (0.02, -0.9), (0.8, 0.2)]),
    "h": (0.85, [(0, 0.1), (0.4, 1.6), (0.35, 2.3), (0.2, 1.8), (0.18, 0.05), (0.35, 0.8), (0.55, 0.9), (0.6, 0.1), (0.85, 0.15)]),
    "i": (0.45, [(0, 0.1), (0.22, 0.95), (0.22, 0.15), (0.45, 0.1)]),
    "j": (0.5, [(0, 0.1), (0.24, 0.95), (0.2, -0.5), (0.02, -1.3), (-0.15, -0.95), (0.5, 0.2)]),
    "k": (0.8, [(0, 0.1), (0.4, 1.6), (0.33, 2.3), (0.2, 1.6), (0.15, 0.05), (0.3, 0.6), (0.55, 0.95), (0.3, 0.5), (0.6, 0.05), (0.8, 0.15)]),
    "l": (0.5, [(0, 0.1), (0.38, 1.5), (0.4, 2.3), (0.24, 2.2), (0.18, 1.1), (0.25, 0.06), (0.5, 0.12)]),
    "m": (1.15, [(0, 0.1), (0.14, 0.95), (0.16, 0.05), (0.36, 0.95), (0.5, 0.8), (0.5, 0.05), (0.7, 0.95), (0.84, 0.75), (0.86, 0.1), (1.12, 0.15)]),
    "n": (0.85, [(0, 0.1), (0.14, 0.95), (0.16, 0.05), (0.42, 0.95), (0.58, 0.8), (0.6, 0.1), (0.85, 0.15)]),
    "o": (0.75, [(0.4, 1.0), (0.1, 0.6), (0.2, 0.05), (0.5, 0.25), (0.5, 0.8), (0.36, 0.98), (0.75, 0.85)]),
    "p": (0.8, [(0, 0.1), (0.2, 0.95), (0.1, -1.2), (0.25, 0.6), (0.5, 0.95), (0.58, 0.4), (0.3, 0.04), (0.8, 0.15)]),
    "r": (0.6, [(0, 0.1), (0.2, 1.0), (0.3, 1.05), (0.42, 0.85), (0.4, 0.15), (0.6, 0.1)]),
    "s": (0.6, [(0, 0.1), (0.3, 1.0), (0.42, 0.45), (0.28, 0.02), (0.1, 0.12), (0.6, 0.2)]),
    "t": (0.5, [(0, 0.1), (0.3, 1.7), (0.26, 0.2), (0.5, 0.1)]),
    "u": (0.8, [(0, 0.8), (0.08, 0.15), (0.32, 0.1), (0.48, 0.95), (0.52, 0.15), (0.8, 0.12)]),
    "v": (0.7, [(0, 0.8), (0.15, 0.9), (0.28, 0.05), (0.52, 0.9), (0.7, 0.8)]),
    "w": (1.0, [(0, 0.8), (0.1, 0.1), (0.3, 0.1), (0.45, 0.85), (0.52, 0.1), (0.75, 0.1), (0.85, 0.9), (1.0, 0.8)]),
    "y": (0.8, [(0, 0.9), (0.1, 0.2), (0.32, 0.12), (0.55, 0.95), (0.48, -0.4), (0.25, -1.3), (0.04, -1.0), (0.8, 0.25)]),
    "z": (0.7, [(0, 0.8), (0.35, 1.0), (0.3, 0.4), (0.05, 0.05), (0.4, 0.0), (0.2, -1.1), (0.0, -0.9), (0.7, 0.2)]),
    "A": (1.5, [(-0.5, 0.35), (-0.2, 0.0), (0.5, 1.6), (0.95, 2.75), (0.98, 1.2), (1.0, 0.1), (0.75, 0.75), (0.2, 0.95), (1.5, 0.75)]),
    "B": (1.3, [(-0.4, 1.6), (0.3, 2.7), (0.25, 0.9), (0.1, 0.0), (0.3, 2.2), (1.0, 2.5), (0.4, 1.4), (1.1, 0.8), (0.5, -0.05), (0.0, 0.3)]),
    "C": (1.2, [(0.95, 2.1), (0.85, 2.65), (0.2, 1.9), (0.02, 0.7), (0.45, -0.05), (1.2, 0.4)]),
    "D": (1.4, [(0.3, 2.4), (0.2, 0.6), (0.0, 0.1), (0.45, 0.05), (1.3, 1.0), (0.9, 2.5), (-0.1, 2.6), (-0.5, 1.9), (0.3, 2.0)]),
    "E": (1.2, [(1.05, 2.3), (0.6, 2.75), (0.2, 2.1), (0.6, 1.5), (0.0, 0.95), (0.15, 0.02), (0.8, 0.05), (1.2, 0.5)]),
    "F": (1.1, [(-0.5, 2.2), (-0.2, 2.6), (0.6, 2.45), (1.4, 2.75), (0.8, 2.4), (0.45, 1.2), (0.2, 0.0), (-0.3, 0.2), (0.3, 1.25), (1.1, 1.2)]),
    "H": (1.5, [(-0.3, 2.1), (0.2, 2.6), (0.15, 0.8), (-0.15, 0.0), (-0.4, 0.3), (0.5, 1.3), (1.25, 2.6), (0.9, 1.0), (0.95, 0.05), (1.45, 0.3)]),
    "I": (1.0, [(-0.35, 1.9), (0.3, 2.65), (0.9, 2.5), (0.5, 1.0), (0.1, 0.0), (-0.45, 0.25), (-0.1, 0.85), (0.95, 0.6)]),
    "J": (1.0, [(-0.2, 1.8), (0.4, 2.65), (0.85, 2.3), (0.4, 0.2), (0.0, -1.3), (-0.45, -0.9), (0.3, 0.1), (1.0, 0.4)]),
    "K": (1.3, [(-0.2, 2.2), (0.25, 2.6), (0.1, 0.9), (-0.1, 0.0), (0.3, 1.2), (1.2, 2.6), (0.4, 1.35), (0.8, 0.2), (1.35, 0.15)]),
    "L": (1.3, [(-0.3, 1.4), (0.2, 1.8), (0.75, 2.5), (0.5, 2.75), (0.3, 1.6), (0.15, 0.2), (-0.25, 0.1), (0.1, 0.25), (0.8, -0.1), (1.3, 0.25)]),
    "M": (1.9, [(-0.4, 0.1), (0.1, 1.5), (0.45, 2.6), (0.5, 0.2), (0.75, 1.5), (1.15, 2.55), (1.2, 0.3), (1.5, 0.0), (1.9, 0.3)]),
    "N": (1.6, [(-0.4, 0.2), (0.0, 0.6), (0.35, 2.5), (0.7, 1.0), (0.95, 0.05), (1.15, 1.5), (1.5, 2.7), (1.8, 2.4)]),
    "O": (1.3, [(0.8, 2.5), (0.1, 1.8), (0.1, 0.3), (0.7, 0.0), (1.25, 1.2), (0.9, 2.4), (0.5, 2.1), (1.3, 2.0)]),
    "P": (1.2, [(-0.3, 1.7), (0.35, 2.7), (0.2, 0.8), (-0.1, -0.4), (0.3, 2.0), (1.0, 2.6), (1.05, 1.6), (0.3, 1.1)]),
    "R": (1.4, [(-0.3, 1.7), (0.3, 2.7), (0.2, 0.8), (0.0, 0.0), (0.3, 2.1), (1.0, 2.6), (0.95, 1.7), (0.3, 1.3), (0.9, 0.2), (1.4, 0.15)]),
    "S": (1.1, [(-0.5, 0.3), (0.3, 1.2), (0.95, 2.5), (0.6, 2.75), (0.35, 1.9), (0.75, 0.8), (0.3, -0.05), (-0.3, 0.3), (1.1, 0.5)]),
    "T": (1.0, [(-0.6, 2.1), (-0.3, 2.55), (0.5, 2.4), (1.4, 2.8), (0.75, 2.35), (0.4, 0.9), (0.15, 0.0), (-0.35, 0.25), (1.0, 0.35)]),
    "V": (1.5, [(-0.35, 1.9), (0.0, 2.5), (0.3, 1.2), (0.5, 0.02), (0.9, 1.3), (1.3, 2.5), (1.75, 2.5)]),
    "W": (2.0, [(-0.35, 1.9), (0.0, 2.5), (0.25, 1.2), (0.4, 0.05), (0.95, 1.9), (1.05, 0.1), (1.6, 2.5), (2.1, 2.4)]),
    "Z": (1.2, [(-0.2, 2.1), (0.3, 2.6), (1.2, 2.5), (0.4, 1.1), (-0.3, 0.1), (0.3, 0.2), (0.7, -0.1), (1.2, 0.3)]),
}  # fmt: skip


def _spline(points: Sequence[Point], steps: int) -> list[Point]:
    """A Catmull-Rom curve through the points, ``steps`` samples to a span."""
    ends = [points[0], *points, points[-1]]
    out: list[Point] = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for k in range(steps):
            t = k / steps
            a, b, c, d = -t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2
            out.append(
                (
                    (a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0]) / 2,
                    (a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1]) / 2,
                )
            )
    return [*out, points[-1]]


class Hand:
    """One person's way of writing: slant, width of letters, how fast they flatten, where the line climbs."""

    def __init__(
        self, seed: str, *, slant: float = 0.35, wide: float = 1.0, decay: float = 0.97, climb: float = 0.06,
        pen: float = 0.11, capitals: float = 1.0, loose: float = 0.07,
    ) -> None:  # fmt: skip
        self.random = random.Random(seed)
        self.slant, self.wide, self.decay, self.climb = slant, wide, decay, climb
        self.pen, self.capitals, self.loose = pen, capitals, loose

    def write(self, words: str, swash: Sequence[Sequence[Point]] = ()) -> list[list[Point]]:
        """Strokes of ``words``: a space lifts the pen; ``swash`` strokes are added relative to the end of the word."""
        strokes: list[list[Point]] = []
        x, height = 0.0, 1.0
        for word in words.split(" "):
            stroke: list[Point] = []
            for letter in word:
                advance, points = LETTERS[letter]
                big = letter.isupper()
                sx = self.capitals if big else self.wide * (1.0 + (1 - height) * 0.9)
                sy = self.capitals if big else height
                for px, py in points:
                    j = self.loose * (1.0 if big else 0.8)
                    stroke.append(
                        (x + px * sx + self.random.uniform(-j, j), py * sy + self.random.uniform(-j, j) * min(1.0, sy))
                    )
                x += advance * sx
                if not big:
                    height *= self.decay
            strokes.append(stroke)
            x += 0.25
        for extra in swash:
            strokes.append([(x + px, py) for px, py in extra])
        return [[(px + self.slant * py, py + self.climb * px) for px, py in stroke] for stroke in strokes]

    def ribbons(self, strokes: Sequence[Sequence[Point]], steps: int) -> list[tuple[list[Point], list[float]]]:
        """Centre lines with half-widths: the pen presses on down-strokes and tapers at both ends."""
        out = []
        for stroke in strokes:
            line = _spline(stroke, steps)
            widths = []
            for k in range(len(line)):
                (x0, y0), (x1, y1) = line[max(0, k - 1)], line[min(len(line) - 1, k + 1)]
                length = math.hypot(x1 - x0, y1 - y0) or 1e-9
                press = 0.5 - 0.5 * (y1 - y0) / length
                taper = min(1.0, 0.25 + k / (steps * 1.2), 0.15 + (len(line) - 1 - k) / (steps * 1.6))
                widths.append(self.pen * (0.42 + 0.75 * press) * taper / 2)
            smooth = [
                sum(widths[max(0, k - steps // 2) : k + steps // 2 + 1])
                / len(widths[max(0, k - steps // 2) : k + steps // 2 + 1])
                for k in range(len(widths))
            ]
            out.append((line, smooth))
        return out


def _sides(line: Sequence[Point], widths: Sequence[float]) -> tuple[list[Point], list[Point]]:
    left, right = [], []
    for k, (x, y) in enumerate(line):
        (x0, y0), (x1, y1) = line[max(0, k - 1)], line[min(len(line) - 1, k + 1)]
        length = math.hypot(x1 - x0, y1 - y0) or 1e-9
        nx, ny = -(y1 - y0) / length * widths[k], (x1 - x0) / length * widths[k]
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left, right


def _bounds(ribbons: Sequence[tuple[list[Point], list[float]]]) -> tuple[float, float, float, float]:
    xs = [p[0] for line, _ in ribbons for p in line]
    ys = [p[1] for line, _ in ribbons for p in line]
    return min(xs) - 0.15, min(ys) - 0.15, max(xs) + 0.15, max(ys) + 0.15


def signature_svg(path: Path, hand: Hand, strokes: Sequence[Sequence[Point]], ink: str) -> None:
    """Outlines with cubic curves, one path to a stroke."""
    ribbons = hand.ribbons(strokes, 4)
    x0, y0, x1, y1 = _bounds(ribbons)
    scale = 100.0

    def at(p: Point) -> str:
        return f"{round((p[0] - x0) * scale)} {round((y1 - p[1]) * scale)}"

    def curve(points: list[Point]) -> str:
        ends = [points[0], *points, points[-1]]
        parts = []
        for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
            c1 = (p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6)
            c2 = (p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6)
            parts.append(f"C{at(c1)} {at(c2)} {at(p2)}")
        return "".join(parts)

    paths = []
    for line, widths in ribbons:
        left, right = _sides(line, widths)
        right.reverse()
        paths.append(f'  <path d="M{at(left[0])}{curve(left)}L{at(right[0])}{curve(right)}Z"/>')
    width, height = (x1 - x0) * scale, (y1 - y0) * scale
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width / 4:.0f}" height="{height / 4:.0f}" fill="{ink}">\n' + "\n".join(paths) + "\n</svg>\n"
    )
    path.write_text(text, encoding="utf-8", newline="\n")


def signature_png(path: Path, hand: Hand, strokes: Sequence[Sequence[Point]], ink: str, width: int = 900) -> None:
    """As scanned: ink on white paper, no transparency."""
    ribbons = hand.ribbons(strokes, 24)
    x0, y0, x1, y1 = _bounds(ribbons)
    over = 4
    scale = width * over / (x1 - x0)
    size = (width * over, round((y1 - y0) * scale / over) * over)
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    for line, widths in ribbons:
        for (ax, ay), (bx, by), w in zip(line, line[1:], widths, strict=False):
            for t in (0.0, 0.25, 0.5, 0.75):
                cx, cy = (ax + (bx - ax) * t - x0) * scale, (y1 - ay - (by - ay) * t) * scale
                r = w * scale
                draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
    mask = mask.resize((width, size[1] // over), Image.Resampling.BOX)
    page = Image.new("RGB", mask.size, "white")
    page.paste(Image.new("RGB", mask.size, ink), (0, 0), mask)
    page.quantize(32).save(path, optimize=True, dpi=(300, 300))


# --- logos -----------------------------------------------------------------------------------


def svg(path: Path, width: float, height: float, shapes: Sequence[tuple[str, str]]) -> None:
    """A flat drawing: (colour, path) pairs. Shapes are even-odd, so that nested ones are holes; letters ("letters
    #rrggbb") are non-zero, since the strokes of a letter may overlap."""
    body = "\n".join(
        f'  <path fill="{colour.removeprefix("letters ")}" fill-rule="{"nonzero" if " " in colour else "evenodd"}" d="{d}"/>'
        for colour, d in shapes
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}">\n{body}\n</svg>\n',
        encoding="utf-8",
        newline="\n",
    )


def ellipse(cx: float, cy: float, rx: float, ry: float) -> str:
    return (
        f"M{cx - rx:.2f} {cy:.2f}A{rx:.2f} {ry:.2f} 0 0 1 {cx + rx:.2f} {cy:.2f}"
        f"A{rx:.2f} {ry:.2f} 0 0 1 {cx - rx:.2f} {cy:.2f}Z"
    )


def meridian(path: Path) -> None:
    """A globe of crescents; the prime meridian is gold."""
    crescents = "".join(ellipse(50, 50, rx, 48) for rx in (48, 42, 33.5, 27.5, 17, 11))
    svg(path, 100, 100, [("#0b3d62", crescents), ("#c08a3e", ellipse(50, 50, 5, 48))])


def wordmark(text: str, font: Path, size: float, x: float, y: float, tracking: float = 0.0) -> tuple[str, float]:
    """Letters as outlines with their baseline at y, and where they end; ``tracking`` in thousandths of the size."""
    from fontTools.pens.svgPathPen import SVGPathPen
    from fontTools.pens.transformPen import TransformPen
    from fontTools.ttLib import TTFont

    face = TTFont(font)
    glyphs, cmap = face.getGlyphSet(), face.getBestCmap()
    scale = size / face["head"].unitsPerEm
    parts = []
    for letter in text:
        name = cmap[ord(letter)]
        pen = SVGPathPen(glyphs, ntos=lambda v: f"{v:.2f}".rstrip("0").rstrip("."))
        glyphs[name].draw(TransformPen(pen, (scale, 0, 0, -scale, x, y)))
        parts.append(pen.getCommands())
        x += glyphs[name].width * scale + size * tracking / 1000
    return "".join(parts), x - size * tracking / 1000


def _petal(cx: float, cy: float, inner: float, outer: float, half: float, angle: float) -> str:
    """A leaf from the hub outwards, pointed at both ends."""
    c, s = math.cos(angle), math.sin(angle)

    def at(r: float, w: float) -> str:
        return f"{cx + r * c - w * s:.2f} {cy + r * s + w * c:.2f}"

    mid = (inner + outer) / 2
    return (
        f"M{at(inner, 0)}C{at(inner + 3, half)} {at(mid, half * 1.3)} {at(outer, 0)}"
        f"C{at(mid, -half * 1.3)} {at(inner + 3, -half)} {at(inner, 0)}Z"
    )


def wheel(path: Path, fonts: Path) -> None:
    """Transport and care: a wheel whose spokes are petals, with the union's letters."""
    ring = ellipse(50, 50, 48, 48) + ellipse(50, 50, 41.5, 41.5)
    petals = "".join(_petal(50, 50, 11, 38.5, 8.2, math.pi * k / 4 - math.pi / 2) for k in range(8))
    big, end = wordmark("TCWU", fonts / "cinzel/Cinzel-SemiBold.ttf", 50, 114, 60, 40)
    small, small_end = wordmark("LEARNING FUND", fonts / "source-sans-3/SourceSans3-SemiBold.ttf", 16.6, 116, 86, 120)
    shapes = [("#7a1f2b", ring), ("#7a1f2b", petals), ("#3d5a80", ellipse(50, 50, 6.5, 6.5))]
    svg(path, round(max(end, small_end) + 2), 100, [*shapes, ("letters #7a1f2b", big), ("letters #3d5a80", small)])


def bridge(path: Path) -> None:
    """Ponte: three arches, one for each party to the dialogue, and the river."""
    arches = "".join(f"M{x} 62V46A16 16 0 0 1 {x + 32} 46V62Z" for x in (10, 52, 94))
    deck = f"M0 14H136V22H131V62H5V22H0Z{arches}"
    river = "".join(
        f"M{x} {y}C{x + 8} {y - 5} {x + 13} {y - 5} {x + 21} {y}S{x + 34} {y + 5} {x + 42} {y}V{y + 4.5}"
        f"C{x + 34} {y + 9.5} {x + 29} {y + 9.5} {x + 21} {y + 4.5}S{x + 8} {y - 0.5} {x} {y + 4.5}Z"
        for x, y in ((5, 73), (47, 73), (89, 73), (47, 87))
    )
    svg(path, 136, 100, [("#1f4e3d", deck), ("#b5532a", river)])


def cape(path: Path, fonts: Path) -> None:
    """Universidade do Cabo: the sun setting in bars of sea."""
    sun = "M6 50A38 38 0 0 1 82 50Z"
    bars = "".join(
        f"M{44 - w:g} {y:g}H{44 + w:g}V{y + h:g}H{44 - w:g}Z"
        for y, h, w in ((55, 7, 37.5), (67, 5.6, 34), (77.6, 4.4, 27.5), (86.6, 3.2, 18))
    )
    font = fonts / "source-sans-3/SourceSans3-SemiBold.ttf"
    first, end = wordmark("Universidade", font, 34, 100, 48)
    second, _ = wordmark("do Cabo", font, 34, 100, 84)
    svg(path, round(end + 1), 100, [("#24507a", sun), ("#24507a", bars), ("letters #24507a", first), ("letters #24507a", second)])


def quadra(path: Path) -> None:
    """Four quarters that make one square and turn about its middle."""
    svg(
        path,
        100,
        100,
        [
            ("#8c3b4a", "M4 4A44 44 0 0 1 48 48H4Z"),
            ("#d9a441", "M96 4A44 44 0 0 1 52 48V4Z"),
            ("#4a7a8c", "M96 96A44 44 0 0 1 52 52H96Z"),
            ("#35424f", "M4 96A44 44 0 0 1 48 52V96Z"),
        ],
    )


def _cubic(p0: Point, p1: Point, p2: Point, p3: Point, steps: int = 60) -> list[Point]:
    out = []
    for k in range(steps + 1):
        t = k / steps
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        out.append(
            (a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0], a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1])
        )
    return out


def shield(path: Path) -> None:
    """A PNG with transparency, 300 dpi at 60 mm: a university's shield with the sun over the coast."""
    over, width, height = 4, 600, 720
    teal, orange, white = (15, 82, 87), (217, 131, 36), (255, 255, 255)

    def outline(inset: float) -> list[Point]:
        left, right, top = inset, width - inset, inset
        foot = (width / 2, height - inset * 1.25)
        down = _cubic((right, height * 0.42), (right, height * 0.72), (width * 0.74, height * 0.88), foot)
        up = _cubic(foot, (width * 0.26, height * 0.88), (left, height * 0.72), (left, height * 0.42))
        return [(x * over, y * over) for x, y in [(left, top), (right, top), *down, *up]]

    def mask(*polygons: list[Point]) -> Image.Image:
        image = Image.new("L", (width * over, height * over), 0)
        for polygon in polygons:
            ImageDraw.Draw(image).polygon(polygon, fill=255)
        return image

    def wave(y: float, thick: float) -> list[Point]:
        top = [(x, y + 17 * math.sin(x / width * math.tau * 2)) for x in range(0, width + 1, 4)]
        return [(x * over, v * over) for x, v in [*top, *((x, v + thick) for x, v in reversed(top))]]

    field = mask(outline(34))
    art = Image.new("RGB", (width * over, height * over), teal)
    art.paste(white, (0, 0), mask(outline(18)))
    art.paste(teal, (0, 0), field)
    sky = Image.new("RGB", art.size, teal)
    pen = ImageDraw.Draw(sky)
    cx, cy = width / 2 * over, 372 * over
    for k in range(1, 12):
        angle = math.pi + math.pi * k / 12
        c, s = math.cos(angle), math.sin(angle)
        r0, r1, w = 178 * over, (236 if k % 2 else 214) * over, 9 * over
        pen.polygon(
            [(cx + r0 * c - w * s, cy + r0 * s + w * c), (cx + r1 * c, cy + r1 * s), (cx + r0 * c + w * s, cy + r0 * s - w * c)],
            fill=orange,
        )
    r = 150 * over
    pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=orange)
    sea = wave(366, 400)
    pen.polygon(sea, fill=teal)
    for y, thick in ((392, 26), (458, 22), (520, 18), (576, 14)):
        pen.polygon(wave(y, thick), fill=white)
    art.paste(sky, (0, 0), field)
    art.putalpha(mask(outline(0)))
    art = art.resize((width, height), Image.Resampling.BOX)
    art.save(path, optimize=True, dpi=(254, 254))
