"""Pages of other PDF files as Form XObjects of ours: read by pikepdf, renumbered, written again.

Only what the page's drawing needs comes along: its content and the resources that hang on it.
Source: ISO 32000-1, 8.10.
"""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import NamedTuple, Protocol

import pikepdf

from certgen.page import Artwork
from certgen.pdf.structure import malformed
from certgen.pdf.syntax import deflate, literal, name, nums

# Ties to the file that the page came from; none of them is needed to draw it.
_LEFT_BEHIND = frozenset({"/Parent", "/StructParent", "/StructParents", "/Metadata", "/PieceInfo", "/LastModified"})


class Form(NamedTuple):
    number: int
    transparent: bool  # has a soft mask or an alpha below 1


def beyond(artwork: Artwork) -> float:
    """How far a piece of artwork reaches beyond its trim on each side, in points: where it does least."""
    with pikepdf.open(BytesIO(artwork.pdf)) as pdf:
        left, low, right, top = map(float, pdf.pages[0].mediabox)
    x, y = artwork.origin
    return min(x - left, y - low, right - x - artwork.width, top - y - artwork.height)


class Store(Protocol):
    """Where a form's objects go: syntax.Body, or a file that is written piece by piece."""

    def share(self, body: bytes) -> int: ...

    def stream(self, data: bytes, entries: bytes = b"", *, compress: bool = True) -> int: ...


class Importer:
    """Brings artwork into a body; objects that several pieces share are written once."""

    def __init__(self, body: Store) -> None:
        self._body = body

    def form(self, artwork: Artwork) -> Form:
        """Writes the first page as a form; its space is the page's own, its box the media box.

        Raises structure.Malformed for a page that cannot be one.
        """
        try:
            return self._form(artwork)
        except (pikepdf.PdfError, RecursionError) as error:
            raise malformed(
                "artwork-unreadable", f"A piece of artwork cannot be read: {error}.", "Export it again as PDF."
            ) from None

    def _form(self, artwork: Artwork) -> Form:
        with pikepdf.open(BytesIO(artwork.pdf)) as pdf:
            page = pdf.pages[0]
            copy = _Copy(self._body)
            data, resources = _drawing(page)
            box = nums([float(edge) for edge in page.mediabox])
            drawn = copy.value(resources)
            group = b"/Group<</S/Transparency>>" if copy.transparent else b""
            entries = b"/Type/XObject/Subtype/Form/BBox[%b]%b/Resources%b" % (box, group, drawn)
            return Form(self._body.stream(data, entries), copy.transparent)


# Operators that take a resource by name, and the resource's category (8.4.4, 8.6.8, 8.8, 8.9.6, 9.3).
_TAKERS = {"Tf": "/Font", "Do": "/XObject", "gs": "/ExtGState", "sh": "/Shading"} | {
    "cs": "/ColorSpace",
    "CS": "/ColorSpace",
    "scn": "/Pattern",
    "SCN": "/Pattern",
    "BDC": "/Properties",
    "DP": "/Properties",
}
_SHOWS = frozenset({"Tj", "TJ", "'", '"'})


def _drawing(page: pikepdf.Page) -> tuple[bytes, pikepdf.Dictionary]:
    """A page's content and the resources that it uses.

    ReportLab opens every page with an empty text object, whose Helvetica is not embedded: text
    objects go when the page shows no text.
    """
    instructions = list(pikepdf.parse_content_stream(page))
    if not any(str(instruction.operator) in _SHOWS for instruction in instructions):
        inside, kept = False, []
        for instruction in instructions:
            operator = str(instruction.operator)
            inside = inside or operator == "BT"
            if not inside:
                kept.append(instruction)
            inside = inside and operator != "ET"
        instructions = kept
    there = page.resources
    used: dict[str, set[str]] = {}
    for instruction in instructions:
        operator = str(instruction.operator)
        if operator == "INLINE IMAGE":  # may name any of the colour spaces
            used.setdefault("/ColorSpace", set()).update(there.get("/ColorSpace", pikepdf.Dictionary()).keys())
        elif operator in _TAKERS:
            names = [str(operand) for operand in instruction.operands if isinstance(operand, pikepdf.Name)]
            used.setdefault(_TAKERS[operator], set()).update(names)
    resources = pikepdf.Dictionary()
    for category, wanted in sorted(used.items()):
        of_kind = there.get(category)
        if isinstance(of_kind, pikepdf.Dictionary):
            found = {key: of_kind[key] for key in sorted(wanted) if key in of_kind}
            if found:
                resources[category] = pikepdf.Dictionary(found)
    return pikepdf.unparse_content_stream(instructions), resources


class _Copy:
    """One file's objects on their way into a body."""

    def __init__(self, body: Store) -> None:
        self.body = body
        self.transparent = False
        self._numbers: dict[tuple[int, int], int] = {}  # theirs -> ours
        self._open: set[tuple[int, int]] = set()  # being written

    def value(self, thing: object) -> bytes:
        """An object as it stands where it is used: a reference when it is indirect there."""
        if isinstance(thing, pikepdf.Object) and (thing.is_indirect or isinstance(thing, pikepdf.Stream)):
            return b" %d 0 R" % self._indirect(thing)
        return self._direct(thing)

    def _indirect(self, thing: pikepdf.Object) -> int:
        key = thing.objgen
        if key not in self._numbers:
            if key in self._open:
                raise malformed("artwork-in-a-circle", "A piece of artwork contains itself.", "Export it again.")
            self._open.add(key)
            if isinstance(thing, pikepdf.Stream):
                entries, data = self._stream(thing)
                self._numbers[key] = self.body.stream(data, entries, compress=False)
            else:
                self._numbers[key] = self.body.share(self._direct(thing))
            self._open.remove(key)
        return self._numbers[key]

    def _stream(self, stream: pikepdf.Stream) -> tuple[bytes, bytes]:
        """Entries and data, deflated at its smallest; what deflate cannot replace (JPEG) is kept."""
        entries = self._entries(stream, leave=frozenset({"/Length", "/Filter", "/DecodeParms", "/DL"}))
        raw = stream.read_raw_bytes()
        coded = [key for key in ("/Filter", "/DecodeParms") if key in stream]
        kept = b"".join([b"%b %b" % (name(key[1:]), self._direct(stream[key])) for key in coded])
        try:
            packed = deflate(stream.read_bytes())
        except pikepdf.PdfError:  # a filter that only image readers undo
            return entries + kept, raw
        if kept.startswith(b"/Filter /FlateDecode") and len(raw) <= len(packed):  # a PNG predictor may well win
            return entries + kept, raw
        return entries + b"/Filter/FlateDecode", packed

    def _entries(self, thing: pikepdf.Object, leave: frozenset[str] = frozenset()) -> bytes:
        out = []
        for key in sorted(thing.keys()):
            if key in _LEFT_BEHIND or key in leave:
                continue
            item = thing[key]
            if key == "/SMask" and item != pikepdf.Name.None_ and item != pikepdf.Name("/None"):
                self.transparent = True
            if key in ("/ca", "/CA") and float(item) < 1:
                self.transparent = True
            out.append(b"%b %b" % (name(key[1:]), self.value(item)))
        return b"".join(out)

    def _direct(self, thing: object) -> bytes:
        match thing:
            case None:
                return b"null"
            case bool():
                return b"true" if thing else b"false"
            case int():
                return b"%d" % thing
            case Decimal() | float():
                # Six decimals: matrices and functions need more than positions do.
                text = f"{thing:.6f}".rstrip("0").rstrip(".")
                return b"0" if text == "-0" else text.encode()
            case pikepdf.Name():
                return name(str(thing)[1:])
            case pikepdf.String():
                return literal(bytes(thing))
            case pikepdf.Array():
                return b"[%b]" % b" ".join([self.value(item) for item in thing])
            case pikepdf.Dictionary():
                return b"<<%b>>" % self._entries(thing)
        raise TypeError(f"a {type(thing).__name__} cannot stand in a resource")
