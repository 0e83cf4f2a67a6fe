"""A document laid out once for many sheets: what is fixed on each of its pages, as a form, and where the rest goes.

In letterpress a forme is the type of a page, locked up and ready to be printed from again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec.structs import replace

from certgen.page import Artwork, Document, Draw
from certgen.pdf.artwork import Form, Importer
from certgen.pdf.content import Codes, Encoder
from certgen.pdf.flow import Flow
from certgen.pdf.ink import Ink
from certgen.pdf.plate import Book
from certgen.pdf.sorts import Retain, Sorts
from certgen.pdf.structure import Tree
from certgen.pdf.syntax import nums


class Place(NamedTuple):
    """A page of a forme. ``name``: its form's, as a resource, empty where nothing is fixed; ``slots``: in the order in
    which they are drawn; ``transparent``: something on it needs a page with a transparency group."""

    name: bytes
    slots: tuple[str, ...]
    transparent: bool


class Stock:
    """What the formes of a job share: fonts, artwork, forms, each written once into ``flow``."""

    def __init__(self, flow: Flow, ink: Ink, cut: Retain) -> None:
        self.flow, self.ink = flow, ink
        self._cut = cut
        self._importer = Importer(flow)
        self._sorts: dict[tuple[str, str], Sorts] = {}  # by face and font file
        self._artwork: dict[bytes, tuple[bytes, Form]] = {}  # by what it is
        self._forms = b""  # entries of /XObject
        self._pages: dict[int, bytes] = {}  # forms of pages: object number -> name
        self._fonts, self._colours, self._xobjects = flow.reserve(), flow.reserve(), flow.reserve()
        self.resources = flow.add(self._resources(b"%d 0 R" % self._xobjects))

    def _resources(self, xobjects: bytes) -> bytes:
        return b"<</Font %d 0 R/ColorSpace %d 0 R/XObject %b>>" % (self._fonts, self._colours, xobjects)

    def encoder(self, book: Book, artwork: Mapping[str, Artwork]) -> tuple[Encoder, Pictures]:
        """An encoder for a document with its own artwork, and the pictures that it has drawn so far."""
        pictures = Pictures(artwork, self.picture)
        return Encoder(_Faces(self, book), pictures, self.ink), pictures

    def codes(self, key: str, book: Book) -> Codes:
        """How a face of a book is written: the same for all books that have the same font file."""
        face: Any = book.by_key(key)
        wanted = key, getattr(face, "digest", "")
        if wanted not in self._sorts:
            self._sorts[wanted] = Sorts(face, b"/F%d" % len(self._sorts))
        return self._sorts[wanted].codes

    def picture(self, artwork: Artwork, called: str) -> tuple[bytes, Form]:
        """A piece of artwork's name as a resource, and its form, in this job's ink. ``called``: its document's key."""
        key = sha256(artwork.pdf).digest()
        if key not in self._artwork:
            form = self._importer.form(self.ink.artwork(artwork, called))
            name = b"/A%d" % len(self._artwork)
            self._artwork[key] = name, form
            self._forms += b"%b %d 0 R" % (name, form.number)
        return self._artwork[key]

    def page(self, content: bytes, box: Iterable[float], pictures: Pictures) -> bytes:
        """Writes a page's fixed drawing as a form; its name as a resource. An equal one is written once."""
        drawn = b"<<%b>>" % b"".join([b"%b %d 0 R" % (name, number) for name, number in sorted(pictures.forms.items())])
        entries = b"/Type/XObject/Subtype/Form/BBox[%b]/Resources%b" % (nums(box), self._resources(drawn))
        number = self.flow.stream(content, entries)
        if number not in self._pages:
            self._pages[number] = b"/P%d" % len(self._pages)
            self._forms += b"%b %d 0 R" % (self._pages[number], number)
        return self._pages[number]

    def close(self) -> None:
        """Writes the fonts and the names of everything, after the last page."""
        flow = self.flow
        entries = [
            sorts.write(self._cut, lambda data, more: flow.stream(data, more, compress=False), flow.add)
            for sorts in self._sorts.values()
            if sorts
        ]
        flow.put(self._fonts, b"<<%b>>" % b"".join(entries))
        flow.put(self._colours, b"<<%b>>" % self.ink.resources(flow))
        flow.put(self._xobjects, b"<<%b>>" % self._forms)


class Forme:
    """A document in a job. A page is written when it is first asked for."""

    def __init__(self, document: Document, book: Book, stock: Stock, *, stationery: bool) -> None:
        self.pages = tuple(replace(page, art=(), furniture=()) for page in document.pages)
        """Sizes of the pages, and what they are; nothing of what is on them."""
        self._document, self._book, self._stock, self._stationery = document, book, stock, stationery
        self._leaves = Tree(document.root, len(document.pages)).leaves
        self._places: dict[int, Place] = {}
        self._encoder, _ = stock.encoder(book, document.artwork)

    def place(self, page: int) -> Place:
        """A page, written into the file if it was not there."""
        if page not in self._places:
            self._places[page] = self._write(page)
        return self._places[page]

    def draws(self, draws: Iterable[Draw]) -> bytes:
        """Operators of what a filling brings."""
        return self._encoder.draws(draws)

    def _write(self, number: int) -> Place:
        page, leaves = self._document.pages[number], self._leaves[number]
        encoder, pictures = self._stock.encoder(self._book, self._document.artwork)
        fixed = [*page.art, *[draw for leaf in leaves for draw in leaf.mark.draws]]
        if not self._stationery:
            fixed = [draw for draw in fixed if not draw.stationery]
        slots = [leaf.mark.slot for leaf in leaves if leaf.mark.slot is not None] + list(page.furniture)
        name = b""
        if fixed:
            reach = page.bleed
            box = (-reach, -reach, page.width + reach, page.height + reach)
            content = encoder.draws(fixed)
            name = self._stock.page(content, box, pictures)
        return Place(name, tuple(slots), pictures.transparent)


class _Faces(dict[str, Codes]):
    """A book's faces, as they are asked for."""

    def __init__(self, stock: Stock, book: Book) -> None:
        super().__init__()
        self._stock, self._book = stock, book

    def __missing__(self, key: str) -> Codes:
        codes = self[key] = self._stock.codes(key, self._book)
        return codes


class Pictures(dict[str, tuple[bytes, Artwork]]):
    """A document's artwork, as it is drawn. ``forms``: the numbers of what was, by name as a resource."""

    def __init__(self, known: Mapping[str, Artwork], write: Callable[[Artwork, str], tuple[bytes, Form]]) -> None:
        super().__init__()
        self._known = known
        self.forms: dict[bytes, int] = {}
        self.transparent = False
        self._write = write

    def __missing__(self, key: str) -> tuple[bytes, Artwork]:
        artwork = self._known[key]
        name, form = self._write(artwork, key)
        self.forms[name] = form.number
        self.transparent = self.transparent or form.transparent
        placed = self[key] = name, Artwork(b"", artwork.width, artwork.height, artwork.origin)
        return placed
