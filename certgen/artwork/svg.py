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
from collections.abc import Callable

import pikepdf
from pikepdf import Dictionary, Name

from certgen.artwork import bitmap, outline
from certgen.artwork.markup import MOST_ELEMENTS, Node, Refused, Style, read
from certgen.artwork.paint import PAINT_HINT, URL, Painter, Scope
from certgen.artwork.path import Matrix, Path, ellipse, parse, polygon, rectangle, transform
from certgen.artwork.sheet import Report, number, packed, saved
from certgen.errors import CertgenError
from certgen.font import FontBook
from certgen.page import Artwork

_SILENT = frozenset({"title", "desc", "metadata", "defs", "symbol", "clipPath", "linearGradient", "radialGradient",
                     "style", "view", "marker", "mask", "filter", "pattern"})  # fmt: skip
"""Elements that draw nothing where they stand. What refers to the last four is told there."""
_ACTIVE = frozenset({"script", "foreignObject", "iframe", "audio", "video", "handler", "listener"})


def picture(data: bytes, width: float, height: float, report: Report, book: FontBook) -> Artwork | None:
    """The drawing, as large as ``width`` x ``height`` points allow. None, with Problems, where it cannot be used."""
    try:
        root = read(data, report)
        return None if root is None else _Drawing(root, report, book).artwork(width, height)
    except Refused:
        return None
    except (ValueError, ArithmeticError, RecursionError):
        report("damaged-svg", "The SVG has numbers or parts that cannot be drawn.", PAINT_HINT)
        return None


class _Drawing(Painter):
    def __init__(self, root: Node, report: Report, book: FontBook) -> None:
        super().__init__(root, report)
        self.root, self.book = root, book
        self.used: list[Node] = []
        self.drawn = 0

    def artwork(self, width: float, height: float) -> Artwork | None:
        self._look()
        if self.report.refused:
            return None
        view = self._viewbox(self.root)
        if view is None:
            w, h = (self.length(self.root.attributes.get(key), 0.0, 0.0) for key in ("width", "height"))
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
            if outside or any(m and not m[1].startswith("#") for m in map(URL.match, values)):
                self.report(
                    "outside-svg",
                    "The SVG refers to a file outside itself; certgen fetches nothing.",
                    "Ask the designer to embed everything.",
                )

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
            raise Refused
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
                style = self.style(node, parent)
                path = self._shape(node)
                if path is not None and path.parts:
                    self._within(node, style, matrix, path, lambda m: self.paint(path, style, m), leaf=True)
            case tag:
                self.unknown(f"“{tag}”")

    def _group(self, node: Node, parent: Style, matrix: Matrix) -> None:
        style = self.style(node, parent)
        if node.tag == "switch":
            self.unknown("alternatives (“switch”)")

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
        share = self.share(style["opacity"])
        if clip:
            self.scope.out.append(f"q\n{clip}")
        if share < 1 and not (leaf and "none" in (style["fill"], style["stroke"])):
            outer, self.scope = self.scope, Scope()
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
            self.scope.out.append(f"q {self.alpha(share, share)}/{self.scope.name('XObject', 'G', form)} Do Q\n")
        else:
            draw(matrix)
        if clip:
            self.scope.out.append("Q\n")

    def _transformed(self, node: Node, matrix: Matrix) -> Matrix:
        text = node.attributes.get("transform")
        try:
            return matrix.after(transform(text)) if text else matrix
        except ValueError:
            self.unknown(f"a transformation “{text[:30] if text else ''}”")
            return matrix

    def _shape(self, node: Node) -> Path | None:
        at = node.attributes.get
        w, h = self.view[2], self.view[3]
        diagonal = ((w * w + h * h) / 2) ** 0.5

        def get(key: str, of: float, otherwise: float = 0.0) -> float:
            return self.length(at(key), otherwise, of)

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
        style = self.style(node, parent)
        x, y = (self.length(node.attributes.get(k), 0.0, self.view[i]) for k, i in (("x", 2), ("y", 3)))

        def draw(inner: Matrix) -> None:
            inner = inner.after(Matrix(e=x, f=y))
            if target.tag not in ("symbol", "svg"):
                self._draw(target, style, inner)
                return
            view = self._viewbox(target)
            if view is not None:
                w, h = (
                    self.length(node.attributes.get(k, target.attributes.get(k)), self.view[i], self.view[i])
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
            self.unknown("a picture inside that is not an embedded PNG or JPEG")
            return
        picture = bitmap.opened(data, self.report)
        if picture is None:
            return
        style, at = self.style(node, parent), node.attributes.get
        w, h = (self.length(at(k), 0.0, self.view[i]) for k, i in (("width", 2), ("height", 3)))
        x, y = (self.length(at(k), 0.0, self.view[i]) for k, i in (("x", 2), ("y", 3)))
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
        style = self.style(node, parent)
        pieces: list[outline.Piece] = []

        def collect(element: Node, own: Style) -> None:
            for key in ("dx", "dy", "rotate", "textLength"):
                if element.attributes.get(key, "0").strip() not in ("", "0"):
                    self.unknown(f"text set letter by letter (“{key}”)")
            place = tuple(
                None if k not in element.attributes else self.length(element.attributes[k].strip(), 0.0, self.view[i])
                for k, i in (("x", 2), ("y", 3))
            )
            for item in element.content:
                if isinstance(item, str):
                    pieces.append(outline.Piece(item, own, place[0], place[1]))
                    place = (None, None)
                elif item.tag == "tspan":
                    collect(item, self.style(item, own))
                elif item.tag not in _SILENT:
                    self.unknown(f"“{item.tag}” within text")

        collect(node, style)

        def draw(inner: Matrix) -> None:
            try:
                for path, own in outline.outlines(pieces, self.book, self.report):
                    self.paint(path, own, inner)
            except CertgenError as error:
                for problem in error.problems:
                    outlines = "Or ask the designer to turn the text into outlines."
                    self.report(problem.code, problem.message, f"{problem.hint} {outlines}".strip())

        self._within(node, style, matrix, None, draw)

    def _clip(self, text: str, matrix: Matrix, path: Path | None) -> str:
        """Operators that clip to a clipPath element; SVG 2's CSS Masking 1, 5."""
        if text.strip() in ("none", ""):
            return ""
        reference = URL.match(text)
        node = self.ids.get(reference[1][1:]) if reference else None
        if node is None or node.tag != "clipPath" or node in self.used:
            self.unknown(f"a clipping “{text[:30]}”")
            return ""
        inner = self._transformed(node, matrix)
        if node.attributes.get("clipPathUnits") == "objectBoundingBox":
            box = path.box() if path else None
            if box is None:
                self.unknown("a clipping in proportion to a group")
                return ""
            inner = inner.after(Matrix(box[2] - box[0], 0, 0, box[3] - box[1], box[0], box[1]))
        style = self.style(node, {})
        outer = self._clip(style["clip-path"], matrix, path)
        parts, rules = [], set()
        for child in node.children:
            target, place = child, inner
            if child.tag == "use":
                target = self.ids.get(child.attributes.get("href", "").strip()[1:], child)
                x, y = (self.length(child.attributes.get(k), 0.0, self.view[i]) for k, i in (("x", 2), ("y", 3)))
                place = self._transformed(child, place).after(Matrix(e=x, f=y))
            if target.tag in _SILENT:
                continue
            if target.tag not in ("path", "rect", "circle", "ellipse", "polygon", "polyline"):
                self.unknown(f"clipping by “{target.tag}”")
                continue
            shape = self._shape(target)
            if shape is not None:
                rules.add(self.style(target, style)["clip-rule"])
                parts.append(shape.content(self._transformed(target, place)))
        if len(rules) > 1 or (len(parts) > 1 and "evenodd" in rules):
            self.unknown("a clipping of several overlapping shapes")
        return f"{outer}{''.join(parts) or '0 0 0 0 re '}W{'*' if rules == {'evenodd'} else ''} n\n"
