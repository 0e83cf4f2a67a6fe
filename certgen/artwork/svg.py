"""SVG pictures as vectors. What is not understood is a Problem, never left out in silence.

Understood: shapes, paths, groups, use and symbol, clipping, opacity, linear and radial gradients, embedded PNG and
JPEG, style sheets of plain selectors, and text, which becomes outlines of certgen's faces. Nothing is fetched: no
external file, style sheet, font or entity; scripts are refused. Source: SVG 2 (2018), CSS 2.2.

All coordinates are brought to the page's points before they are written, so content needs no transformations, except
where a stroke is stretched.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple
from xml.parsers import expat

import pikepdf
from pikepdf import Array, Dictionary, Name

from certgen.artwork import bitmap, outline
from certgen.artwork.path import Matrix, Path, ellipse, parse, polygon, rectangle, transform
from certgen.artwork.sheet import Report, number, numbers, packed, saved
from certgen.errors import CertgenError
from certgen.font import FontBook
from certgen.page import Artwork, Colour

LARGEST_FILE = 8 * 2**20  # bytes
MOST_ELEMENTS = 50_000
DEEPEST = 64
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"

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
_SILENT = frozenset({"title", "desc", "metadata", "defs", "symbol", "clipPath", "linearGradient", "radialGradient",
                     "style", "view", "marker", "mask", "filter", "pattern"})  # fmt: skip
"""Elements that draw nothing where they stand. What refers to the last four is told there."""
_ACTIVE = frozenset({"script", "foreignObject", "iframe", "audio", "video", "handler", "listener"})
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 960 / 25.4, "in": 96.0}
_LENGTH = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([a-z%]*)\s*\Z")
_URL = re.compile(r"\s*url\(\s*['\"]?([^'\")]*)['\"]?\s*\)\s*(.*)\Z", re.S)
_PAINT_HINT = "Ask the designer to expand it to plain shapes, or to export the picture as PDF."

Style = dict[str, str]


class Node:
    """An element; ``content`` holds its texts and children in order."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.content: list[Node | str] = []

    @property
    def children(self) -> list[Node]:
        return [item for item in self.content if isinstance(item, Node)]

    @property
    def text(self) -> str:
        return "".join(item for item in self.content if isinstance(item, str))

    def all(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.all()


class _Refused(Exception):
    """Reading stops; the report has been told why."""


def picture(data: bytes, width: float, height: float, report: Report, book: FontBook) -> Artwork | None:
    """The drawing, as large as ``width`` x ``height`` points allow. None, with Problems, where it cannot be used."""
    try:
        root = _read(data, report)
        return None if root is None else _Drawing(root, report, book).artwork(width, height)
    except _Refused:
        return None
    except RecursionError:
        report("damaged-svg", "The SVG is nested too deeply.", _PAINT_HINT)
        return None


# --- reading ---------------------------------------------------------------------------------


def _read(data: bytes, report: Report) -> Node | None:
    """The element tree. DTDs define nothing here: no entity is expanded, nothing outside is read."""
    if len(data) > LARGEST_FILE:
        report("large-file", f"The SVG has {len(data) / 2**20:.0f} MB; the limit is {LARGEST_FILE // 2**20} MB.")
        return None
    top, stack, count = Node("", {}), [], 0
    stack.append(top)

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS or len(stack) > DEEPEST:
            report("large-svg", "The SVG has too many parts.", "Ask the designer to simplify it.")
            raise _Refused
        space, _, tag = name.rpartition(" ")
        node = Node(tag if space in ("", _SVG) else f"{{{space}}}", {})
        for key, value in attributes.items():
            outside, _, local = key.rpartition(" ")
            if outside in ("", _XLINK):
                node.attributes[local] = value
        stack[-1].content.append(node)
        stack.append(node)

    def entity(*_: Any) -> int:
        report(
            "entity-in-svg",
            "The SVG defines entities (abbreviations in its DOCTYPE); certgen does not expand them.",
            "Export it as plain SVG; in Illustrator, without “Preserve Illustrator Editing Capabilities”.",
        )
        raise _Refused

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop() and None
    parser.CharacterDataHandler = lambda text: stack[-1].content.append(text)
    parser.EntityDeclHandler = entity
    parser.ExternalEntityRefHandler = entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        report("damaged-svg", f"The SVG cannot be read: {error}.", "Ask the designer to export it again.")
        return None
    root = top.children[0]
    if root.tag != "svg":
        report("damaged-svg", "The file is XML, but not an SVG.", "Ask the designer to export it again.")
        return None
    return root


class _Rule(NamedTuple):
    weight: tuple[int, int, int]
    matches: Callable[[Node], bool]
    values: Style


def _declarations(text: str) -> Style:
    pairs = (part.partition(":") for part in text.split(";"))
    return {key.strip().lower(): value.replace("!important", "").strip() for key, _, value in pairs if value.strip()}


_SELECTOR = re.compile(r"([A-Za-z]+|\*)?([.#][\w-]+)*\Z")


def _sheet(text: str, report: Report) -> list[_Rule]:
    """A style sheet of type, class and id selectors, weakest first (CSS 2.2, 6.4.3)."""
    text = re.sub(r"/\*.*?\*/|<!--|-->", "", text, flags=re.S)
    rules = []
    if "@" in text:
        report(
            "style-in-svg", "The SVG's style sheet imports fonts or other styles.", "Export it with plain attributes."
        )
        return []
    for selectors, body in re.findall(r"([^{}]*)\{([^{}]*)\}", text):
        for selector in selectors.split(","):
            selector = selector.strip()
            if not _SELECTOR.match(selector) or not selector:
                report(
                    "style-in-svg",
                    f"The SVG's style sheet has a rule that certgen does not understand: “{selector[:40]}”.",
                    "Export it with plain attributes (“presentation attributes”) instead of CSS.",
                )
                continue
            names = re.findall(r"[.#][\w-]+", selector)
            tag = re.match(r"[A-Za-z]*", selector)[0]  # type: ignore[index]
            ids, classes = ([n[1:] for n in names if n[0] == mark] for mark in "#.")

            def matches(node: Node, tag: str = tag, ids: list[str] = ids, classes: list[str] = classes) -> bool:
                own = node.attributes.get("class", "").split()
                return (
                    tag in ("", node.tag)
                    and all(name == node.attributes.get("id") for name in ids)
                    and all(name in own for name in classes)
                )

            rules.append(_Rule((len(ids), len(classes), bool(tag)), matches, _declarations(body)))
    return sorted(rules, key=lambda rule: rule.weight)


# --- drawing ---------------------------------------------------------------------------------


class _Scope:
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


class _Drawing:
    def __init__(self, root: Node, report: Report, book: FontBook) -> None:
        self.root, self.report, self.book = root, report, book
        self.ids = {node.attributes["id"]: node for node in reversed(list(root.all())) if "id" in node.attributes}
        self.pdf = pikepdf.Pdf.new()
        self.scope = _Scope()
        self.rules = _sheet("".join(node.text for node in root.all() if node.tag == "style"), report)
        self.view = (0.0, 0.0, 0.0, 0.0)
        self.used: list[Node] = []
        self.drawn = 0

    def artwork(self, width: float, height: float) -> Artwork | None:
        self._look()
        if self.report.refused:
            return None
        view = self._viewbox(self.root)
        if view is None:
            w, h = (self._length(self.root.attributes.get(key), 0.0, 0.0) for key in ("width", "height"))
            view = (0.0, 0.0, w, h)
        if view[2] <= 0 or view[3] <= 0:
            self.report("no-size", "The SVG does not say how large it is.", "Ask for it with a viewBox.")
            return None
        self.view = view
        scale = min(width / view[2], height / view[3])
        width, height = view[2] * scale, view[3] * scale
        self.box = (0.0, 0.0, width, height)
        matrix = Matrix(scale, 0, 0, -scale, -view[0] * scale, (view[1] + view[3]) * scale)
        self._group(self.root, {}, matrix)
        if self.report.refused:
            return None
        page = Dictionary(
            Type=Name.Page,
            MediaBox=[0, 0, round(width, 3), round(height, 3)],
            Resources=self.scope.dictionary(),
            Contents=packed(self.pdf, "".join(self.scope.out)),
        )
        self.pdf.pages.append(pikepdf.Page(self.pdf.make_indirect(page)))
        return Artwork(pdf=saved(self.pdf), width=width, height=height)

    def _look(self) -> None:
        """Refuses scripts and references to the outside wherever they stand, used or not."""
        for node in self.root.all():
            if node.tag in _ACTIVE or any(key.startswith("on") for key in node.attributes):
                what = node.tag if node.tag in _ACTIVE else "script"
                self.report("active-svg", f"The SVG contains active content ({what}).", "Ask for it without scripts.")
            href = node.attributes.get("href", "#").strip()
            values = [value for key, value in node.attributes.items() if key != "href"]
            outside = node.tag != "a" and not href.startswith(("#", "data:image/"))
            if outside or any(m and not m[1].startswith("#") for m in map(_URL.match, values)):
                self.report(
                    "outside-svg",
                    "The SVG refers to a file outside itself; certgen fetches nothing.",
                    "Ask the designer to embed everything.",
                )

    # --- style ----------------------------------------------------------------------------------

    def _style(self, node: Node, parent: Style) -> Style:
        own: Style = {key: node.attributes[key] for key in (*_INHERITED, *_OWN) if key in node.attributes}
        for rule in self.rules:
            if rule.matches(node):
                own.update(rule.values)
        own.update(_declarations(node.attributes.get("style", "")))
        style = {key: parent.get(key, value) for key, value in _INHERITED.items()} | _OWN
        for key, value in own.items():
            if key in style:
                style[key] = parent.get(key, style[key]) if value == "inherit" else value
        for key, (plain, words) in _PLAIN.items():
            if style[key] not in plain:
                self._unknown(words)
        if style["fill"] == "currentColor":
            style["fill"] = style["color"]
        if style["stroke"] == "currentColor":
            style["stroke"] = style["color"]
        if own.get("font-size"):
            size = self._length(own["font-size"], float(parent.get("font-size", 16)), None, percent_of_em=True)
            style["font-size"] = str(size)
        return style

    def _unknown(self, what: str) -> None:
        self.report("svg-feature", f"The SVG uses {what}, which certgen does not draw.", _PAINT_HINT)

    def _length(self, text: str | None, otherwise: float, of: float | None, *, percent_of_em: bool = False) -> float:
        """A length in user units; ``of`` is what per cent refers to."""
        if text is None or text in ("auto", "normal"):
            return otherwise
        match = _LENGTH.match(text)
        if match:
            value, unit = float(match[1]), match[2]
            if unit in _UNITS:
                return value * _UNITS[unit]
            if unit == "em" or (unit == "%" and percent_of_em):
                return value * (otherwise if percent_of_em else 16.0) / (100 if unit == "%" else 1)
            if unit == "%" and of is not None:
                return value / 100 * of
        self._unknown(f"a length “{text[:20]}”")
        return otherwise

    def _share(self, text: str) -> float:
        match = _LENGTH.match(text)
        if not match or match[2] not in ("", "%"):
            self._unknown(f"an opacity “{text[:20]}”")
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
                return (red, green, blue), self._share(parts[3]) if len(parts) > 3 else 1.0
            values = ImageColor.getrgb(text.split(" icc-color")[0])
            return (values[0] / 255, values[1] / 255, values[2] / 255), values[3] / 255 if len(values) > 3 else 1.0
        except ValueError:
            self._unknown(f"a colour “{text[:30]}”")
            return None

    # --- elements -------------------------------------------------------------------------------

    def _viewbox(self, node: Node) -> tuple[float, float, float, float] | None:
        values = [float(v) for v in re.findall(r"[+-]?[\d.]+(?:[eE][+-]?\d+)?", node.attributes.get("viewBox", ""))]
        return (values[0], values[1], values[2], values[3]) if len(values) == 4 else None

    def _draw(self, node: Node, parent: Style, matrix: Matrix) -> None:
        if node.tag in _SILENT or node.tag.startswith("{") or node.tag in _ACTIVE:
            return
        self.drawn += 1
        if self.drawn > MOST_ELEMENTS:
            self.report("large-svg", "The SVG has too many parts.", "Ask the designer to simplify it.")
            raise _Refused
        match node.tag:
            case "g" | "a" | "switch":
                self._group(node, parent, matrix)
            case "use":
                self._use(node, parent, matrix)
            case "text":
                self._text(node, parent, matrix)
            case "image":
                self._image(node, parent, matrix)
            case "path" | "rect" | "circle" | "ellipse" | "line" | "polyline" | "polygon":
                style = self._style(node, parent)
                path = self._shape(node)
                if path is not None and path.parts:
                    self._within(node, style, matrix, path, lambda m: self._paint(path, style, m), leaf=True)
            case tag:
                self._unknown(f"“{tag}”")

    def _group(self, node: Node, parent: Style, matrix: Matrix) -> None:
        style = self._style(node, parent)
        if node.tag == "switch":
            self._unknown("alternatives (“switch”)")

        def children(inner: Matrix) -> None:
            for child in node.children:
                self._draw(child, style, inner)

        self._within(node, style, matrix, None, children)

    def _within(
        self,
        node: Node,
        style: Style,
        matrix: Matrix,
        path: Path | None,
        draw: Callable[[Matrix], None],
        *,
        leaf: bool = False,
    ) -> None:
        """Draws under the element's transformation, clipping and opacity."""
        if style["display"] == "none":
            return
        matrix = self._transformed(node, matrix)
        clip = self._clip(style["clip-path"], matrix, path)
        share = self._share(style["opacity"])
        if clip:
            self.scope.out.append(f"q\n{clip}")
        if share < 1 and not (leaf and "none" in (style["fill"], style["stroke"])):
            outer, self.scope = self.scope, _Scope()
            draw(matrix)
            inner, self.scope = self.scope, outer
            form = packed(
                self.pdf,
                "".join(inner.out),
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=[round(edge, 3) for edge in self.box],
                Group=Dictionary(S=Name.Transparency, CS=Name.DeviceRGB),
                Resources=inner.dictionary(),
            )
            self.scope.out.append(f"q {self._alpha(share, share)}/{self.scope.name('XObject', 'G', form)} Do Q\n")
        else:
            draw(matrix)
        if clip:
            self.scope.out.append("Q\n")

    def _transformed(self, node: Node, matrix: Matrix) -> Matrix:
        text = node.attributes.get("transform")
        try:
            return matrix.after(transform(text)) if text else matrix
        except ValueError:
            self._unknown(f"a transformation “{text[:30] if text else ''}”")
            return matrix

    def _shape(self, node: Node) -> Path | None:
        at = node.attributes.get
        w, h = self.view[2], self.view[3]
        diagonal = ((w * w + h * h) / 2) ** 0.5

        def get(key: str, of: float, otherwise: float = 0.0) -> float:
            return self._length(at(key), otherwise, of)

        match node.tag:
            case "path":
                try:
                    return parse(at("d") or "")
                except ValueError:
                    self.report("damaged-svg", "The SVG has a path that cannot be read.", "Ask for it again.")
                    return None
            case "rect":
                width, height = get("width", w), get("height", h)
                rx, ry = get("rx", w, -1), get("ry", h, -1)
                rx, ry = (max(rx, ry, 0), max(rx, ry, 0)) if min(rx, ry) < 0 else (rx, ry)
                return rectangle(get("x", w), get("y", h), width, height, rx, ry) if width > 0 < height else None
            case "circle":
                r = get("r", diagonal)
                return ellipse(get("cx", w), get("cy", h), r, r) if r > 0 else None
            case "ellipse":
                rx, ry = get("rx", w), get("ry", h)
                return ellipse(get("cx", w), get("cy", h), rx, ry) if rx > 0 < ry else None
            case "line":
                path = Path()
                path.move((get("x1", w), get("y1", h)))
                path.line((get("x2", w), get("y2", h)))
                return path
        return polygon(at("points") or "", closed=node.tag == "polygon")

    def _use(self, node: Node, parent: Style, matrix: Matrix) -> None:
        target = self.ids.get(node.attributes.get("href", "").strip()[1:])
        if target is None:
            self.report("damaged-svg", "The SVG uses a part that it does not contain.", "Ask for it again.")
            return
        if target in self.used or len(self.used) > 16:
            self.report("damaged-svg", "A part of the SVG contains itself.", "Ask for it again.")
            return
        style = self._style(node, parent)
        x, y = (self._length(node.attributes.get(k), 0.0, self.view[i]) for k, i in (("x", 2), ("y", 3)))

        def draw(inner: Matrix) -> None:
            inner = inner.after(Matrix(e=x, f=y))
            if target.tag not in ("symbol", "svg"):
                self._draw(target, style, inner)
                return
            view = self._viewbox(target)
            if view is not None:
                w, h = (
                    self._length(node.attributes.get(k, target.attributes.get(k)), self.view[i], self.view[i])
                    for k, i in (("width", 2), ("height", 3))
                )
                scale = min(w / view[2], h / view[3])
                left, top = (w - view[2] * scale) / 2 - view[0] * scale, (h - view[3] * scale) / 2 - view[1] * scale
                inner = inner.after(Matrix(scale, 0, 0, scale, left, top))
            self._group(target, style, inner)

        self.used.append(target)
        self._within(node, style, matrix, None, draw)
        self.used.pop()

    def _image(self, node: Node, parent: Style, matrix: Matrix) -> None:
        match = re.match(
            r"data:image/(?:png|jpe?g);base64,(.*)\Z", node.attributes.get("href", "").strip(), re.S | re.I
        )
        try:
            data = base64.b64decode("".join(match[1].split()), validate=True) if match else b""
        except binascii.Error:
            data = b""
        if not data:
            self._unknown("a picture inside that is not an embedded PNG or JPEG")
            return
        picture = bitmap.opened(data, self.report)
        if picture is None:
            return
        style, at = self._style(node, parent), node.attributes.get
        w, h = (self._length(at(k), 0.0, self.view[i]) for k, i in (("width", 2), ("height", 3)))
        x, y = (self._length(at(k), 0.0, self.view[i]) for k, i in (("x", 2), ("y", 3)))
        w, h = w or picture.width, h or picture.height
        if (at("preserveAspectRatio") or "").strip() != "none":
            scale = min(w / picture.width, h / picture.height)
            x, y = x + (w - picture.width * scale) / 2, y + (h - picture.height * scale) / 2
            w, h = picture.width * scale, picture.height * scale

        def draw(inner: Matrix) -> None:
            placed = inner.after(Matrix(w, 0, 0, -h, x, y + h))
            small = bitmap.resampled(picture, w * inner.scale, h * inner.scale, 300)
            name = self.scope.name("XObject", "I", bitmap.xobject(self.pdf, small))
            self.scope.out.append(f"q {' '.join(number(v, 5) for v in placed)} cm /{name} Do Q\n")

        if style["visibility"] == "visible":
            self._within(node, style, matrix, rectangle(x, y, w, h), draw)

    def _text(self, node: Node, parent: Style, matrix: Matrix) -> None:
        """Text as outlines, chunk by chunk (SVG 2, 11.5): a chunk begins wherever x or y is given."""
        style = self._style(node, parent)
        pieces: list[outline.Piece] = []

        def collect(element: Node, own: Style) -> None:
            for key in ("dx", "dy", "rotate", "textLength"):
                if element.attributes.get(key, "0").strip() not in ("", "0"):
                    self._unknown(f"text set letter by letter (“{key}”)")
            place = tuple(
                None if k not in element.attributes else self._length(element.attributes[k].strip(), 0.0, self.view[i])
                for k, i in (("x", 2), ("y", 3))
            )
            for item in element.content:
                if isinstance(item, str):
                    pieces.append(outline.Piece(item, own, place[0], place[1]))
                    place = (None, None)
                elif item.tag == "tspan":
                    collect(item, self._style(item, own))
                elif item.tag not in _SILENT:
                    self._unknown(f"“{item.tag}” within text")

        collect(node, style)

        def draw(inner: Matrix) -> None:
            try:
                for path, own in outline.outlines(pieces, self.book, self.report):
                    self._paint(path, own, inner)
            except CertgenError as error:
                for problem in error.problems:
                    self.report(problem.code, problem.message, "Or ask the designer to turn the text into outlines.")

        self._within(node, style, matrix, None, draw)

    # --- painting -------------------------------------------------------------------------------

    def _alpha(self, fill: float, stroke: float) -> str:
        if fill >= 1 and stroke >= 1:
            return ""
        state = Dictionary(ca=round(fill, 3), CA=round(stroke, 3))
        return f"/{self.scope.name('ExtGState', 'S', state)} gs\n"

    def _paint(self, path: Path, style: Style, matrix: Matrix) -> None:
        if style["visibility"] != "visible":
            return
        alone = "none" in (style["fill"], style["stroke"])
        share = self._share(style["opacity"]) if alone else 1.0  # else a group has it
        width = self._length(style["stroke-width"], 1.0, (self.view[2] ** 2 + self.view[3] ** 2) ** 0.5 / 2**0.5)
        fill = self._source(style["fill"], path, matrix, stroke=False)
        stroke = self._source(style["stroke"], path, matrix, stroke=True) if width > 0 else None
        if fill is None and stroke is None:
            return
        alpha = self._alpha(
            share * self._share(style["fill-opacity"]) * (fill[1] if fill else 1),
            share * self._share(style["stroke-opacity"]) * (stroke[1] if stroke else 1),
        )
        even_odd = "*" if style["fill-rule"] == "evenodd" else ""
        out = self.scope.out
        out.append(f"q\n{alpha}")
        if fill is not None:
            out.append(fill[0])
        if stroke is None:
            out.append(f"{path.content(matrix)}f{even_odd}\nQ\n")
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
            self._unknown(f"joins of the kind “{style['stroke-linejoin'][:20]}”")
        pen = f"{number(width * scale, 4)} w {cap} J {join or 0} j {number(float(style['stroke-miterlimit']), 3)} M\n"
        if style["stroke-dasharray"] not in ("none", ""):
            dashes = [
                self._length(d, 0.0, self.view[2]) * scale
                for d in re.split(r"[\s,]+", style["stroke-dasharray"].strip())
            ]
            if any(dash > 0 for dash in dashes) and min(dashes) >= 0:
                dashes *= 1 + len(dashes) % 2
                offset = self._length(style["stroke-dashoffset"], 0.0, self.view[2]) * scale
                pen += f"[{numbers(*dashes)}] {number(offset % sum(dashes))} d\n"
        return pen

    def _source(self, text: str, path: Path, matrix: Matrix, *, stroke: bool) -> tuple[str, float] | None:
        """Operators that set a paint, and its opacity; None paints nothing."""
        if text.strip() in ("none", ""):
            return None
        reference = _URL.match(text)
        if reference is None:
            found = self._colour(text)
            return found and (f"{numbers(*found[0])} {'RG' if stroke else 'rg'}\n", found[1])
        node = self.ids.get(reference[1][1:])
        if node is None or node.tag not in ("linearGradient", "radialGradient"):
            if node is not None:
                self._unknown("a pattern as a paint")
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
            self._unknown("a gradient that repeats")
        colours: list[tuple[float, Colour]] = []
        for stop in stops:
            style = self._style(stop, {})
            value = self._colour(style["color"] if style["stop-color"] == "currentColor" else style["stop-color"])
            if value is None:
                return None
            if value[1] * self._share(style["stop-opacity"]) < 1:
                self._unknown("a gradient that fades to transparent")
            at = self._share(stop.attributes.get("offset", "0"))
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
            self._unknown("an odd transformation of a gradient")
        w, h = (1.0, 1.0) if boxed else (self.view[2], self.view[3])

        def get(key: str, usual: str, of: float) -> float:
            return self._length(attributes.get(key, usual), 0.0, of)

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

    def _clip(self, text: str, matrix: Matrix, path: Path | None) -> str:
        """Operators that clip to a clipPath element; SVG 2's CSS Masking 1, 5."""
        if text.strip() in ("none", ""):
            return ""
        reference = _URL.match(text)
        node = self.ids.get(reference[1][1:]) if reference else None
        if node is None or node.tag != "clipPath" or node in self.used:
            self._unknown(f"a clipping “{text[:30]}”")
            return ""
        inner = self._transformed(node, matrix)
        if node.attributes.get("clipPathUnits") == "objectBoundingBox":
            box = path.box() if path else None
            if box is None:
                self._unknown("a clipping in proportion to a group")
                return ""
            inner = inner.after(Matrix(box[2] - box[0], 0, 0, box[3] - box[1], box[0], box[1]))
        style = self._style(node, {})
        outer = self._clip(style["clip-path"], matrix, path)
        parts, rules = [], set()
        for child in node.children:
            target, place = child, inner
            if child.tag == "use":
                target = self.ids.get(child.attributes.get("href", "").strip()[1:], child)
                x, y = (self._length(child.attributes.get(k), 0.0, self.view[i]) for k, i in (("x", 2), ("y", 3)))
                place = self._transformed(child, place).after(Matrix(e=x, f=y))
            if target.tag in _SILENT:
                continue
            if target.tag not in ("path", "rect", "circle", "ellipse", "polygon", "polyline"):
                self._unknown(f"clipping by “{target.tag}”")
                continue
            shape = self._shape(target)
            if shape is not None:
                rules.add(self._style(target, style)["clip-rule"])
                parts.append(shape.content(self._transformed(target, place)))
        if len(rules) > 1 or (len(parts) > 1 and "evenodd" in rules):
            self._unknown("a clipping of several overlapping shapes")
        return f"{outer}{''.join(parts) or '0 0 0 0 re '}W{'*' if rules == {'evenodd'} else ''} n\n"


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
