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
# Letters as the points that a pen passes through, in hundredths of the x-height above the baseline: the letter, its
# advance, the points. Each is entered and left near the baseline, so that letters join. Only those that are needed.
_LETTERS = """
a 85 55,85 30,100 5,50 25,2 55,60 60,95 58,20 80,10
b 85 0,10 40,150 38,230 22,190 15,30 40,2 55,50 40,95 80,80
c 65 50,80 35,100 8,60 20,4 60,15
d 85 50,85 28,100 5,50 25,2 55,70 66,210 58,20 80,10
e 65 0,15 35,50 45,85 28,100 12,55 30,3 60,15
g 80 55,85 30,100 5,50 25,10 55,90 50,-50 20,-130 2,-90 80,20
h 85 0,10 40,160 35,230 20,180 18,5 35,80 55,90 60,10 85,15
i 45 0,10 22,95 22,15 45,10
j 50 0,10 24,95 20,-50 2,-130 -15,-95 50,20
k 80 0,10 40,160 33,230 20,160 15,5 30,60 55,95 30,50 60,5 80,15
l 50 0,10 38,150 40,230 24,220 18,110 25,6 50,12
m 115 0,10 14,95 16,5 36,95 50,80 50,5 70,95 84,75 86,10 112,15
n 85 0,10 14,95 16,5 42,95 58,80 60,10 85,15
o 75 40,100 10,60 20,5 50,25 50,80 36,98 75,85
p 80 0,10 20,95 10,-120 25,60 50,95 58,40 30,4 80,15
r 60 0,10 20,100 30,105 42,85 40,15 60,10
s 60 0,10 30,100 42,45 28,2 10,12 60,20
t 50 0,10 30,170 26,20 50,10
u 80 0,80 8,15 32,10 48,95 52,15 80,12
v 70 0,80 15,90 28,5 52,90 70,80
w 100 0,80 10,10 30,10 45,85 52,10 75,10 85,90 100,80
A 150 -50,35 -20,0 50,160 95,275 98,120 100,10 75,75 20,95 150,75
E 120 105,230 60,275 20,210 60,150 0,95 15,2 80,5 120,50
F 110 -50,220 -20,260 60,245 140,275 80,240 45,120 20,0 -30,20 30,125 110,120
H 150 -30,210 20,260 15,80 -15,0 -40,30 50,130 125,260 90,100 95,5 145,30
I 100 -35,190 30,265 90,250 50,100 10,0 -45,25 -10,85 95,60
K 130 -20,220 25,260 10,90 -10,0 30,120 120,260 40,135 80,20 135,15
L 130 -30,140 20,180 75,250 50,275 30,160 15,20 -25,10 10,25 80,-10 130,25
M 190 -40,10 10,150 45,260 50,20 75,150 115,255 120,30 150,0 190,30
N 160 -40,20 0,60 35,250 70,100 95,5 115,150 150,270 180,240
O 130 80,250 10,180 10,30 70,0 125,120 90,240 50,210 130,200
S 110 -50,30 30,120 95,250 60,275 35,190 75,80 30,-5 -30,30 110,50
T 100 -60,210 -30,255 50,240 140,280 75,235 40,90 15,0 -35,25 100,35
V 150 -35,190 0,250 30,120 50,2 90,130 130,250 175,250
W 200 -35,190 0,250 25,120 40,5 95,190 105,10 160,250 210,240
"""
LETTERS: dict[str, tuple[float, list[Point]]] = {}
for _letter, _advance, *_points in map(str.split, _LETTERS.strip().splitlines()):
    LETTERS[_letter] = int(_advance) / 100, [(int(x) / 100, int(y) / 100) for x, y in (p.split(",") for p in _points)]


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


NIB = 0.45  # how high a pen is that is 1 wide: what goes down is broad, what goes across is fine


def signature_svg(path: Path, hand: Hand, strokes: Sequence[Sequence[Point]], ink: str) -> None:
    """Centre lines, drawn by a broad nib: a round pen in a space that is then made lower. Outlines of strokes that
    press and taper would take three times as many curves."""
    scale = 100.0
    x0, y0, x1, y1 = _bounds(hand.ribbons(strokes, 8))

    def at(p: Point) -> str:
        return f"{round((p[0] - x0) * scale)} {round((y1 - p[1]) * scale / NIB)}"

    def curve(points: Sequence[Point]) -> str:
        ends = [points[0], *points, points[-1]]
        parts = [f"M{at(points[0])}"]
        for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
            one = p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6
            two = p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6
            parts.append(f"C{at(one)} {at(two)} {at(p2)}")
        return "".join(parts)

    width, height = (x1 - x0) * scale, (y1 - y0) * scale
    head = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width / 4:.0f}" height="{height / 4:.0f}"'
    pen = f'stroke="{ink}" stroke-width="{hand.pen * scale:.0f}" stroke-linecap="round" stroke-linejoin="round"'
    line = f'  <path fill="none" {pen} transform="scale(1 {NIB})" d="{"".join(map(curve, strokes))}"/>'
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {head}>\n{line}\n</svg>\n'
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


def svg(
    path: Path, width: float, height: float, shapes: Sequence[tuple[str, str]], letters: Sequence[tuple[str, str]] = ()
) -> None:
    """A flat drawing: (colour, path) pairs. Shapes are even-odd, so that nested ones are holes; letters are
    non-zero, since the strokes of one letter may overlap."""
    body = [f'  <path fill="{colour}" fill-rule="evenodd" d="{d}"/>' for colour, d in shapes]
    body += [f'  <path fill="{colour}" d="{d}"/>' for colour, d in letters]
    box = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    path.write_text("\n".join([head, *body, "</svg>", ""]), encoding="utf-8", newline="\n")


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
    from fontTools.pens.qu2cuPen import Qu2CuPen
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
        fewer = Qu2CuPen(pen, max_err=size / 1500, all_cubic=True)  # a cubic does the work of several quadratics
        glyphs[name].draw(TransformPen(fewer, (scale, 0, 0, -scale, x, y)))
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
    svg(path, round(max(end, small_end) + 2), 100, shapes, [("#7a1f2b", big), ("#3d5a80", small)])


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
    blue = "#24507a"
    svg(path, round(end + 1), 100, [(blue, sun + bars)], [(blue, first + second)])


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
        out.append((a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0], a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1]))
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
            [
                (cx + r0 * c - w * s, cy + r0 * s + w * c),
                (cx + r1 * c, cy + r1 * s),
                (cx + r0 * c + w * s, cy + r0 * s - w * c),
            ],
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
