"""Finished certificates as one PDF to leaf through and as one picture, a contact sheet, to look at."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pypdfium2

from certgen import assets

if TYPE_CHECKING:
    from PIL import Image

MARK = b"certgen preview"  # in both files: what is ours may be written over
PAGE = 720  # pixels of a page's longer side
GROUND, EDGE, INK = (226, 226, 222), (190, 190, 186), (60, 60, 58)
GAP, CAPTION, LETTERS = 28, 34, 20  # pixels
LARGEST = 2400  # pixels that a row may be wide


def merged(files: Iterable[bytes]) -> tuple[bytes, int]:
    """All pages of the files in one, and their number. Structure and attachments stay behind: it is to be looked at."""
    whole = pypdfium2.PdfDocument.new()
    try:
        for data in files:
            part = pypdfium2.PdfDocument(data)
            try:
                whole.import_pages(part)
            finally:
                part.close()
        out = io.BytesIO()
        whole.save(out)
        return out.getvalue() + b"% " + MARK + b"\n", len(whole)
    finally:
        whole.close()


def images(data: bytes, side: int = PAGE) -> list[Image.Image]:
    """A file's pages as pictures, ``side`` pixels along their longer side."""
    document = pypdfium2.PdfDocument(data)
    try:
        return [page.render(scale=side / max(page.get_size())).to_pil().convert("RGB") for page in document]
    finally:
        document.close()


def sheet(cards: Sequence[tuple[Sequence[Image.Image], str]]) -> bytes:
    """A PNG of all pages of all cards, each card with its caption below, in rows on a quiet ground."""
    from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

    font = ImageFont.truetype(str(assets.folder("fonts") / "source-sans-3" / "SourceSans3-Regular.ttf"), LETTERS)
    rows: list[list[tuple[Sequence[Image.Image], str]]] = [[]]
    used = 0
    for pages, caption in cards:
        width = sum(page.width + GAP for page in pages)
        if rows[-1] and used + width + GAP > LARGEST:
            rows.append([])
            used = 0
        rows[-1].append((pages, caption))
        used += width
    heights = [max(page.height for pages, _ in row for page in pages) + CAPTION + GAP for row in rows]
    widths = [sum(page.width + GAP for pages, _ in row for page in pages) for row in rows]
    whole = Image.new("RGB", (max(widths) + GAP, sum(heights) + GAP), GROUND)
    draw = ImageDraw.Draw(whole)
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        left = GAP
        for pages, caption in row:
            draw.text((left, top + height - CAPTION - GAP + 6), caption, fill=INK, font=font)
            for page in pages:
                whole.paste(page, (left, top))
                draw.rectangle((left - 1, top - 1, left + page.width, top + page.height), outline=EDGE)
                left += page.width + GAP
        top += height
    said = PngImagePlugin.PngInfo()
    said.add_text("Software", MARK.decode("ascii"))
    out = io.BytesIO()
    whole.save(out, "PNG", compress_level=3, pnginfo=said)
    return out.getvalue()


def is_ours(data: bytes) -> bool:
    """Whether a file is an earlier preview."""
    return MARK in data[:256] or MARK in data[-64:]
