"""One PDF file for a printer, with any number of certificates on any number of sheets, written as they are made.

Fonts and artwork are in it once, what is fixed on a kind of certificate once, as a form; each certificate adds a few
operators to its sheet. The file has no structure tree, no links and no attachments: paper has no use for them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import date
from types import TracebackType
from typing import BinaryIO, NamedTuple

from certgen.page import Document, Draw, Filling, Rect
from certgen.pdf import metadata
from certgen.pdf.content import placed
from certgen.pdf.flow import Flow
from certgen.pdf.forme import Forme, Stock
from certgen.pdf.ink import OFFICE, Ink
from certgen.pdf.plate import Book
from certgen.pdf.sorts import Retain, retained
from certgen.pdf.structure import malformed
from certgen.pdf.syntax import nums

Matrix = tuple[float, float, float, float, float, float]
WHERE_IT_IS: Matrix = (1, 0, 0, 1, 0, 0)

_LEVEL = 5  # of deflate. QR codes are most of a job: at 6 they are 1 % smaller for 40 % more time, at 1 29 % larger


class Boxes(NamedTuple):
    """A sheet's boxes, in points (14.11.2). ``bleed`` and ``trim`` are for presses; they lie within ``media``."""

    media: Rect
    bleed: Rect | None = None
    trim: Rect | None = None


class Part(NamedTuple):
    """A page of a certificate on a sheet. ``page`` counts the forme's from 0; ``matrix`` takes the page's coordinates
    to the sheet's; ``clip`` is in the sheet's: nothing is drawn outside of it."""

    forme: Forme
    page: int
    filling: Filling
    matrix: Matrix = WHERE_IT_IS
    clip: Rect | None = None


class Job:
    """A context manager: the file is whole when it is left without an exception (or after :meth:`close`).

    ``out`` is written from its present position on, never read, never moved back. ``book`` has the faces of what is
    drawn ``over`` the parts. ``dated`` should be the last day of issue: equal inputs give equal bytes. With
    ``stationery`` off, what paper may carry already is left out: ground, border, ornaments, logos, seal
    (page.Text.stationery). Text, signatures, their rules and QR codes are printed.
    """

    def __init__(
        self,
        out: BinaryIO,
        book: Book,
        ink: Ink = OFFICE,
        *,
        title: str,
        dated: date,
        stationery: bool = True,
        cut: Retain = retained,
    ) -> None:
        self.sheets = 0
        """How many there are so far."""
        self._ink, self._title, self._dated, self._stationery = ink, title, dated, stationery
        self._flow = Flow(out, ink.header)
        self._stock = Stock(self._flow, ink, cut)
        self._over, _ = self._stock.encoder(book, {})

    def __enter__(self) -> Job:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()

    def forme(self, document: Document, book: Book) -> Forme:
        """A kind of certificate to print from; its faces must be there until the job is closed. Raises
        structure.Malformed for a document that cannot be one."""
        return Forme(document, book, self._stock, stationery=self._stationery)

    def sheet(self, boxes: Boxes, parts: Sequence[Part], over: Iterable[Draw] = ()) -> None:
        """The next sheet. ``over`` (marks, a line in the slug) is in the sheet's coordinates, and asked for and drawn
        last: by then the ink knows what the parts are printed with."""
        content = []
        transparent = False
        for part in parts:
            place = part.forme.place(part.page)
            transparent = transparent or place.transparent
            content.append(b"q")
            if part.clip is not None:
                x0, y0, x1, y1 = part.clip
                content.append(b"%b re W n" % nums((x0, y0, x1 - x0, y1 - y0)))
            if part.matrix != WHERE_IT_IS:
                content.append(placed(part.matrix))
            if place.name:
                content.append(b"%b Do" % place.name)
            slots = part.filling.slots
            if missing := [slot for slot in place.slots if slot not in slots]:
                raise malformed("slot-missing", f"The filling brings nothing for “{'”, “'.join(missing)}”.")
            content += [part.forme.draws(slots[slot]) for slot in place.slots]
            content.append(b"Q")
        if over:
            content.append(self._over.draws(over))
        number = self._flow.unique(zlib.compress(b"\n".join(content), _LEVEL), b"/Filter/FlateDecode")
        entries = b"/MediaBox[%b]" % nums(boxes.media)
        for name, box in ((b"/BleedBox", boxes.bleed), (b"/TrimBox", boxes.trim)):
            entries += b"%b[%b]" % (name, nums(box)) if box is not None else b""
        if transparent:
            entries += b"/Group<</S/Transparency/CS%b>>" % self._ink.space
        self._flow.page(b"%b/Resources %d 0 R/Contents %d 0 R" % (entries, self._stock.resources, number))
        self.sheets += 1

    def close(self) -> None:
        """Writes the fonts, and what ends a file."""
        self._stock.close()
        intent = self._ink.intent(self._flow)
        try:
            packet = metadata.print_packet(self._title, self._dated, self._ink.standard, self._flow.digest)
            information = metadata.print_information(self._title, self._dated, self._ink.standard)
        except ValueError as error:
            raise malformed("metadata-unwritable", f"The print file's title: {error}.") from None
        number = self._flow.unique(packet, b"/Type/Metadata/Subtype/XML")
        self._flow.finish(
            b"/Metadata %d 0 R/ViewerPreferences<</DisplayDocTitle true>>%b" % (number, intent),
            information,
            self._title,
        )
