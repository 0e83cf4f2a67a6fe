"""How SVG is painted: styles that cascade, colours, strokes, gradients (SVG 2, chapters 6, 13 and 14).

Whatever has no counterpart here is told as a Problem.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from certgen.artwork.markup import Node, Style, declarations, style_sheet
from certgen.artwork.path import Matrix, Path, transform
from certgen.artwork.sheet import Report, number, numbers
from certgen.page import Colour

_INHERITED = {
    "fill": "black", "fill-rule": "nonzero", "fill-opacity": "1", "stroke": "none", "stroke-width": "1",
    "stroke-opacity": "1", "stroke-linecap": "butt", "stroke-linejoin": "miter", "stroke-miterlimit": "4",
    "stroke-dasharray": "none", "stroke-dashoffset": "0", "color": "black", "clip-rule": "nonzero",
    "visibility": "visible", "font-family": "", "font-size": "16", "font-weight": "400", "font-style": "normal",
    "text-anchor": "start", "letter-spacing": "0", "paint-order": "normal", "dominant-baseline": "auto",
    "writing-mode": "horizontal-tb", "marker-start": "none", "marker-mid": "none", "marker-end": "none",
}  # fmt: skip
_OWN = {
    "opacity": "1", "display": "inline", "clip-path": "none", "mask": "none", "filter": "none", "stop-color": "black",
    "stop-opacity": "1", "mix-blend-mode": "normal", "vector-effect": "none", "text-decoration": "none",
    "baseline-shift": "baseline",
}  # fmt: skip
_PLAIN = {  # properties that only work at these values; the words say what another would be
    "mask": (("none",), "a mask"), "filter": (("none",), "a filter"), "mix-blend-mode": (("normal",), "blending"),
    "vector-effect": (("none",), "a stroke that does not scale"), "marker-start": (("none",), "markers"),
    "marker-mid": (("none",), "markers"), "marker-end": (("none",), "markers"),
    "paint-order": (("normal", "fill", "fill stroke", "fill stroke markers"), "an unusual painting order"),
    "text-decoration": (("none",), "underlined text"), "baseline-shift": (("baseline", "0"), "raised text"),
    "dominant-baseline": (("auto", "alphabetic"), "text on an unusual baseline"),
    "writing-mode": (("horizontal-tb", "lr-tb", "lr"), "vertical text"),
}  # fmt: skip
_HARMLESS = re.compile(
    r"-|enable-background|isolation|\w+-rendering|color-interpolation|pointer-events|cursor|overflow|line-height|"
    r"white-space|text-align|text-indent|solid-|shape-padding|font-specification|user-select|direction"
)
"""Properties that change nothing in a still picture, or whose effect on it is nothing that certgen draws."""
GRID = 0.04  # points: a third of what a printer of 600 dots to the inch can place
_USUAL = frozenset({"normal", "auto", "none", "0", "0px", "inherit", "medium", "100%", "start"})
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 960 / 25.4, "in": 96.0}
_LENGTH = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([a-z%]*)\s*\Z")
URL = re.compile(r"\s*url\(\s*['\"]?([^'\")]*)['\"]?\s*\)\s*(.*)\Z", re.S)
PAINT_HINT = "Ask the designer to expand it to plain shapes, or to export the picture as PDF."


class Scope:
    """A content stream being written, with the resources that it names."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.resources: dict[str, dict[str, Any]] = {}

    def name(self, kind: str, prefix: str, thing: Any) -> str:
        names = self.resources.setdefault(kind, {})
        for known, other in names.items():
            if isinstance(thing, Dictionary) and not thing.is_indirect and other == thing:
                return known[1:]
        names[f"/{prefix}{len(names)}"] = thing
        return f"{prefix}{len(names) - 1}"

    def dictionary(self) -> Dictionary:
        return Dictionary({f"/{kind}": Dictionary(names) for kind, names in self.resources.items()})


class Painter:
    """Paints paths into a scope, in points. ``view`` is the picture's viewBox: what per cent refers to."""

    def __init__(self, root: Node, report: Report) -> None:
        self.report = report
        self.ids = {node.attributes["id"]: node for node in reversed(list(root.all())) if "id" in node.attributes}
        self.pdf = pikepdf.Pdf.new()
        self.scope = Scope()
        self.rules = style_sheet("".join(node.text for node in root.all() if node.tag == "style"), report)
        self.view = (0.0, 0.0, 0.0, 0.0)

    # --- style ----------------------------------------------------------------------------------

    def style(self, node: Node, parent: Style) -> Style:
        own: Style = {key: node.attributes[key] for key in (*_INHERITED, *_OWN) if key in node.attributes}
        for rule in self.rules:
            if rule.matches(node):
                own.update(rule.values)
        own.update(declarations(node.attributes.get("style", "")))
        style = {key: parent.get(key, value) for key, value in _INHERITED.items()} | _OWN
        for key, value in own.items():
            if key in style:
                style[key] = parent.get(key, style[key]) if value == "inherit" else value
        for key, value in own.items():
            if key not in style and value not in _USUAL and not _HARMLESS.match(key):
                self.unknown(f"the property “{key}”")
        for key, (plain, words) in _PLAIN.items():
            if style[key] not in plain:
                self.unknown(words)
        if style["fill"] == "currentColor":
            style["fill"] = style["color"]
        if style["stroke"] == "currentColor":
            style["stroke"] = style["color"]
        if own.get("font-size"):
            size = self.length(own["font-size"], float(parent.get("font-size", 16)), None, percent_of_em=True)
            style["font-size"] = str(size)
        return style

    def unknown(self, what: str) -> None:
        self.report("svg-feature", f"The SVG uses {what}, which certgen does not draw.", PAINT_HINT)

    def length(self, text: str | None, otherwise: float, of: float | None, *, percent_of_em: bool = False) -> float:
        """A length in user units; ``of`` is what per cent refers to."""
        if text is None or text in ("auto", "normal"):
            return otherwise
        match = _LENGTH.match(text)
        if match:
            value, unit = float(match[1]), match[2]
            if unit in _UNITS:
                return value * _UNITS[unit]
            if percent_of_em and unit in ("em", "%"):
                return value * otherwise / (100 if unit == "%" else 1)
            if unit == "%" and of is not None:
                return value / 100 * of
        self.unknown(f"a length “{text[:20]}”")
        return otherwise

    def share(self, text: str) -> float:
        match = _LENGTH.match(text)
        if not match or match[2] not in ("", "%"):
            self.unknown(f"an opacity “{text[:20]}”")
            return 1.0
        return min(1.0, max(0.0, float(match[1]) / (100 if match[2] else 1)))

    def _colour(self, text: str) -> tuple[Colour, float] | None:
        """A colour and its opacity."""
        from PIL import ImageColor

        text = text.strip()
        function = re.fullmatch(r"rgba?\(([^()]*)\)", text, re.I)
        try:
            if text.lower() == "transparent":
                return (0.0, 0.0, 0.0), 0.0
            if function:
                parts = re.split(r"[\s,/]+", function[1].strip())
                red, green, blue = (float(p[:-1]) / 100 if p.endswith("%") else float(p) / 255 for p in parts[:3])
                return (red, green, blue), self.share(parts[3]) if len(parts) > 3 else 1.0
            values = ImageColor.getrgb(text.split(" icc-color")[0])
            return (values[0] / 255, values[1] / 255, values[2] / 255), values[3] / 255 if len(values) > 3 else 1.0
        except ValueError:
            self.unknown(f"a colour “{text[:30]}”")
            return None

    # --- painting -------------------------------------------------------------------------------

    def alpha(self, fill: float, stroke: float) -> str:
        if fill >= 1 and stroke >= 1:
            return ""
        state = Dictionary(ca=round(fill, 3), CA=round(stroke, 3))
        return f"/{self.scope.name('ExtGState', 'S', state)} gs\n"

    def paint(self, path: Path, style: Style, matrix: Matrix) -> None:
        if style["visibility"] != "visible":
            return
        alone = "none" in (style["fill"], style["stroke"])
        share = self.share(style["opacity"]) if alone else 1.0  # else a group has it
        width = self.length(style["stroke-width"], 1.0, (self.view[2] ** 2 + self.view[3] ** 2) ** 0.5 / 2**0.5)
        fill = self._source(style["fill"], path, matrix, stroke=False)
        stroke = self._source(style["stroke"], path, matrix, stroke=True) if width > 0 else None
        if fill is None and stroke is None:
            return
        alpha = self.alpha(
            share * self.share(style["fill-opacity"]) * (fill[1] if fill else 1),
            share * self.share(style["stroke-opacity"]) * (stroke[1] if stroke else 1),
        )
        even_odd = "*" if style["fill-rule"] == "evenodd" else ""
        out = self.scope.out
        out.append(f"q\n{alpha}")
        if fill is not None:
            out.append(fill[0])
        if stroke is None:  # in whole numbers, which take a fifth less than decimals
            fine = Matrix(1 / GRID, 0, 0, 1 / GRID)
            out.append(f"{GRID} 0 0 {GRID} 0 0 cm\n{path.content(fine.after(matrix), 0)}f{even_odd}\nQ\n")
            return
        if matrix.even:
            out.append(f"{stroke[0]}{self._pen(style, width, matrix.scale)}{path.content(matrix)}")
            out.append(f"{'B' if fill else 'S'}{even_odd if fill else ''}\nQ\n")
            return
        if fill is not None:
            out.append(f"{path.content(matrix)}f{even_odd}\n")
        k = max(matrix.scale, 1e-6)  # the path is written in points' size, so that its decimals are enough
        placed = " ".join(number(v, 6) for v in matrix.after(Matrix(1 / k, 0, 0, 1 / k)))
        out.append(f"{stroke[0]}{placed} cm\n{self._pen(style, width, k)}{path.content(Matrix(k, 0, 0, k))}S\nQ\n")

    def _pen(self, style: Style, width: float, scale: float) -> str:
        cap = {"butt": 0, "round": 1, "square": 2}.get(style["stroke-linecap"], 0)
        join = {"miter": 0, "round": 1, "bevel": 2}.get(style["stroke-linejoin"])
        if join is None:
            self.unknown(f"joins of the kind “{style['stroke-linejoin'][:20]}”")
        pen = f"{number(width * scale, 4)} w {cap} J {join or 0} j {number(float(style['stroke-miterlimit']), 3)} M\n"
        if style["stroke-dasharray"] not in ("none", ""):
            dashes = [
                self.length(d, 0.0, self.view[2]) * scale
                for d in re.split(r"[\s,]+", style["stroke-dasharray"].strip())
            ]
            if any(dash > 0 for dash in dashes) and min(dashes) >= 0:
                dashes *= 1 + len(dashes) % 2
                offset = self.length(style["stroke-dashoffset"], 0.0, self.view[2]) * scale
                pen += f"[{numbers(*dashes)}] {number(offset % sum(dashes))} d\n"
        return pen

    def _source(self, text: str, path: Path, matrix: Matrix, *, stroke: bool) -> tuple[str, float] | None:
        """Operators that set a paint, and its opacity; None paints nothing."""
        if text.strip() in ("none", ""):
            return None
        reference = URL.match(text)
        if reference is None:
            found = self._colour(text)
            return found and (f"{numbers(*found[0])} {'RG' if stroke else 'rg'}\n", found[1])
        node = self.ids.get(reference[1][1:])
        if node is None or node.tag not in ("linearGradient", "radialGradient"):
            if node is not None:
                self.unknown("a pattern as a paint")
            elif reference[2].strip() in ("", "none"):
                return None
            return self._source(reference[2], path, matrix, stroke=stroke) if reference[2].strip() else None
        return self._gradient(node, path, matrix, stroke)

    def _gradient(self, node: Node, path: Path, matrix: Matrix, stroke: bool) -> tuple[str, float] | None:
        """A gradient as a shading pattern; SVG 2, 14.2; ISO 32000-1, 8.7.4.5."""
        attributes, source = dict(node.attributes), node
        stops: list[Node] = []
        for _ in range(8):
            stops = stops or [child for child in source.children if child.tag == "stop"]
            nearer = self.ids.get(source.attributes.get("href", "").strip()[1:])
            if nearer is None:
                break
            source = nearer
            attributes = {**source.attributes, **attributes}
        if attributes.get("spreadMethod", "pad") != "pad":
            self.unknown("a gradient that repeats")
        colours: list[tuple[float, Colour]] = []
        for stop in stops:
            style = self.style(stop, {})
            value = self._colour(style["color"] if style["stop-color"] == "currentColor" else style["stop-color"])
            if value is None:
                return None
            if value[1] * self.share(style["stop-opacity"]) < 1:
                self.unknown("a gradient that fades to transparent")
            at = self.share(stop.attributes.get("offset", "0"))
            colours.append((max(at, colours[-1][0]) if colours else at, value[0]))
        if not colours:
            return None
        boxed = attributes.get("gradientUnits", "objectBoundingBox") == "objectBoundingBox"
        if boxed:
            box = path.box()
            if box is None or box[2] <= box[0] or box[3] <= box[1]:
                return None
            matrix = matrix.after(Matrix(box[2] - box[0], 0, 0, box[3] - box[1], box[0], box[1]))
        try:
            matrix = matrix.after(transform(attributes.get("gradientTransform", "")))
        except ValueError:
            self.unknown("an odd transformation of a gradient")
        w, h = (1.0, 1.0) if boxed else (self.view[2], self.view[3])

        def get(key: str, usual: str, of: float) -> float:
            return self.length(attributes.get(key, usual), 0.0, of)

        if node.tag == "linearGradient":
            coordinates = [get("x1", "0%", w), get("y1", "0%", h), get("x2", "100%", w), get("y2", "0%", h)]
        else:
            cx, cy, r = get("cx", "50%", w), get("cy", "50%", h), get("r", "50%", (w * w + h * h) ** 0.5 / 2**0.5)
            fx, fy = get("fx", str(cx), w), get("fy", str(cy), h)
            coordinates = [fx, fy, get("fr", "0", w), cx, cy, r]
        shading = Dictionary(
            ShadingType=2 if node.tag == "linearGradient" else 3,
            ColorSpace=Name.DeviceRGB,
            Coords=Array([round(v, 5) for v in coordinates]),
            Function=_blend(colours),
            Extend=Array([True, True]),
        )
        pattern = Dictionary(PatternType=2, Matrix=Array([round(v, 6) for v in matrix]), Shading=shading)
        name = self.scope.name("Pattern", "P", pattern)
        space, colour = ("CS", "SCN") if stroke else ("cs", "scn")
        return f"/Pattern {space} /{name} {colour}\n", 1.0


def _blend(stops: list[tuple[float, Colour]]) -> Dictionary:
    """The stops as a stitching function from 0 to 1; ISO 32000-1, 7.10.4."""
    if stops[0][0] > 0:
        stops = [(0.0, stops[0][1]), *stops]
    if stops[-1][0] < 1:
        stops = [*stops, (1.0, stops[-1][1])]
    pairs = [(a, b) for a, b in pairwise(stops) if b[0] > a[0]]
    parts = [
        Dictionary(FunctionType=2, Domain=[0, 1], N=1, C0=[round(v, 4) for v in a[1]], C1=[round(v, 4) for v in b[1]])
        for a, b in pairs
    ]
    if len(parts) == 1:
        return parts[0]
    return Dictionary(
        FunctionType=3,
        Domain=[0, 1],
        Functions=Array(parts),
        Bounds=Array([round(b[0], 5) for _, b in pairs[:-1]]),
        Encode=Array([0, 1] * len(parts)),
    )
