"""A small document with everything in it, and the simplest way from a string to a Line.

The line maker shapes one run by HarfBuzz; it is not certgen.text, so that these tests say something
about certgen.pdf alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from itertools import pairwise

import uharfbuzz as hb

from certgen.font import Face, FontBook
from certgen.page import (
    Artwork,
    Document,
    Element,
    Filling,
    Glyph,
    GlyphRun,
    Line,
    Link,
    Mark,
    Metadata,
    Page,
    Picture,
    Shape,
    Text,
)

BLACK = (0.0, 0.0, 0.0)
BLUE = (0.05, 0.24, 0.38)
SERIF = "EB Garamond"
SANS = "Source Sans 3"
URL = "https://verify.example.org/v#7QK2M9XW4T5ZC1AB"
LATIN = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x17F)])) + "–—’‘“”•…"


def shaped(
    book: FontBook,
    text: str,
    family: str,
    size: float,
    *,
    rtl: bool = False,
    x: float = 0.0,
    tracking: float = 0.0,
    face: Face | None = None,
    **features: bool,
) -> GlyphRun:
    """One run of one face and direction."""
    face = face or book.face(family)
    buffer = hb.Buffer()
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_GRAPHEMES
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if rtl else "ltr"
    hb.shape(face.hb, buffer, features)
    infos = list(zip(buffer.glyph_infos, buffer.glyph_positions, strict=True))
    starts = sorted({info.cluster for info, _ in infos})
    ends = dict(pairwise([*starts, len(text)]))
    glyphs: list[Glyph] = []
    for start in dict.fromkeys(info.cluster for info, _ in infos):  # clusters in visual order
        members = [(info, position) for info, position in infos if info.cluster == start]
        whole = text[start : ends[start]]
        shares = [whole[: len(whole) - len(members) + 1], *whole[len(whole) - len(members) + 1 :]]
        if len(whole) < len(members):
            shares = [*whole, *[""] * (len(members) - len(whole))]
        if rtl:
            shares.reverse()
        for (info, position), share in zip(members, shares, strict=True):
            assert info.codepoint, f"{text!r}: {face.key} lacks {share!r}"
            glyphs.append(Glyph(info.codepoint, share, position.x_advance, position.x_offset, position.y_offset))
    return GlyphRun(face.key, size, tuple(glyphs), text, x, 1 if rtl else 0, tracking)


def width(book: FontBook, run: GlyphRun) -> float:
    upem = book.by_key(run.face).upem
    return sum(glyph.advance for glyph in run.glyphs) * run.size / upem + run.tracking * len(run.glyphs)


def line(book: FontBook, *runs: GlyphRun, text: str | None = None) -> Line:
    """Runs one after the other, in the visual order given."""
    placed, x = [], 0.0
    for run in runs:
        placed.append(GlyphRun(run.face, run.size, run.glyphs, run.text, x, run.level, run.tracking))
        x += width(book, run)
    size = max(run.size for run in runs)
    return Line(tuple(placed), "".join(run.text for run in runs) if text is None else text, x, 0.8 * size, 0.2 * size)


def words(book: FontBook, text: str, x: float, y: float, size: float = 12, family: str = SERIF, **more: bool) -> Text:
    return Text(line(book, shaped(book, text, family, size, **more)), x, y, BLACK)


def drawing(*, soft_mask: bool = False) -> Artwork:
    """A page by ReportLab: a frame with a gradient, a bitmap (used twice), text in an embedded font is not in it."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, pagesize=(420, 300), invariant=True, pageCompression=1)
    canvas.setStrokeColorRGB(0.72, 0.62, 0.38)
    canvas.setLineWidth(3)
    canvas.rect(20, 20, 380, 260)
    canvas.linearGradient(30, 30, 390, 30, ((0.95, 0.97, 1.0), (0.8, 0.85, 0.9)), extend=False)
    image = Image.linear_gradient("L").resize((24, 24))
    image = Image.merge("RGBA", (image, image, image, image)) if soft_mask else image.convert("RGB")
    for x in (60, 300):
        canvas.drawImage(ImageReader(image), x, 40, 60, 60, mask="auto" if soft_mask else None)
    canvas.showPage()
    canvas.save()
    return Artwork(out.getvalue(), 400.0, 280.0, (10.0, 10.0))


@dataclass(frozen=True)
class Demo:
    """A document and its book; ``filling`` makes what one recipient brings."""

    book: FontBook
    document: Document

    def filling(self, name: str = "Zoë O’Brien-Łuczak", **changes: object) -> Filling:
        book = self.book
        slots = {
            "name": (words(book, name, 60, 330, 32),),
            "code": (words(book, "7QK2 M9XW 4T5Z C1AB", 60, 150, 9, SANS),),
            "qr": (
                Shape(
                    "0 0 7 1 re 0 1 1 5 re 6 1 1 5 re 0 6 7 1 re 2 2 3 3 re", fill=BLACK, matrix=(9, 0, 0, 9, 300, 120)
                ),
            ),
            "address": (words(book, URL, 300, 100, 8, SANS),),
            "foot": (words(book, f"{name} · 2 of 2", 60, 30, 8, SANS),),
        }
        return Filling(
            slots=changes.pop("slots", slots),  # type: ignore[arg-type]
            metadata=changes.pop("metadata", metadata(f"Certificate of {name}")),  # type: ignore[arg-type]
            attachment=changes.pop("attachment", b'{"name":"' + name.encode() + b'"}'),  # type: ignore[arg-type]
            urls=changes.pop("urls", {"verify": URL}),  # type: ignore[arg-type]
            languages=changes.pop("languages", {"name": "pl"}),  # type: ignore[arg-type]
        )


def metadata(title: str) -> Metadata:
    return Metadata(
        title=title,
        author="Example Academy & Sons",
        subject="Fair recruitment <2026>",
        keywords=("fair recruitment", "Łódź"),
        identifier="7QK2M9XW4T5ZC1AB",
        dated=date(2026, 4, 10),
    )


def demo(book: FontBook, *, soft_mask: bool = False) -> Demo:
    """Two pages: headings, a list, a figure, fixed and varying links, slots, artwork and furniture."""

    def text(role: str, string: str, y: float, size: float = 12, *, page: int = 0, family: str = SERIF) -> Element:
        return Element(role, (Mark(page, (words(book, string, 60, y, size, family),)),))

    items = tuple(
        Element("LI", (text("Lbl", label, y, page=1), Element("LBody", (Mark(1, (words(book, body, 80, y),)),))))
        for label, body, y in (
            ("1.", "Describe fair recruitment.", 330),
            ("2.", "Apply the office’s five first steps.", 310),
        )
    )
    root = (
        text("H1", "Certificate of achievement", 400, 26, family="Cinzel"),
        text("P", "This is to certify that", 370),
        Element("P", (Mark(0, slot="name"),), language_slot="name"),
        text("P", "has completed the course", 290),
        Element("P", (Mark(0, slot="code"),)),
        Element("Figure", (Mark(0, slot="qr"),), alt="QR code: the address below", bbox=(300, 120, 363, 183)),
        Element(
            "P",
            (
                Element(
                    "Link",
                    (Mark(0, slot="address"),),
                    link=Link(0, (300, 98, 520, 108), "Verify this certificate", slot="verify"),
                ),
            ),
        ),
        Element(
            "Sect",
            (
                text("H2", "Content", 360, 18, page=1),
                Element("L", items, attributes={"ListNumbering": "Decimal"}),
                Element("P", (Mark(1, (words(book, "Merci à l’équipe de Genève", 60, 270),)),), language="fr"),
                Element(
                    "P",
                    (
                        Element(
                            "Link",
                            (Mark(1, (Text(words(book, "academy.example.org", 60, 250).line, 60, 250, BLUE),)),),
                            link=Link(
                                1, (60, 248, 170, 262), "Example Academy’s site", url="https://academy.example.org/é"
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
    frame = (Picture("frame", (0, 0, 600, 450)), Shape("60 90 m 540 90 l", stroke=BLUE, width=0.5))
    faces = {family: book.face(family) for family in (SERIF, SANS)}
    stock = {
        face.key: tuple((face.hb.get_nominal_glyph(ord(c)), c) for c in LATIN if face.hb.get_nominal_glyph(ord(c)))
        for face in faces.values()
    }
    return Demo(
        book,
        Document(
            pages=(Page(600, 450, frame), Page(600, 450, (Picture("frame", (300, 20, 590, 223)),), ("foot",))),
            root=root,
            language="en",
            artwork={"frame": drawing(soft_mask=soft_mask)},
            stock=stock,
        ),
    )
