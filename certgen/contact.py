"""Finished certificates as one PDF to leaf through and as one picture, a contact sheet, to look at."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, Stream

from certgen import assets
from certgen.picture import rendered

if TYPE_CHECKING:
    from PIL import Image

MARK = b"certgen preview"  # in both files: what is ours may be written over
TITLE = "SPECIMEN"
PAGE = 720  # pixels of a page's longer side
GROUND, EDGE, INK = (226, 226, 222), (190, 190, 186), (60, 60, 58)
GAP, CAPTION, LETTERS = 28, 34, 20  # pixels
LARGEST = 2400  # pixels that a row may be wide


def merged(files: Iterable[bytes]) -> tuple[bytes, int]:
    """All pages of the files in one, and their number; equal files, equal bytes. Each file's tags become a part of the
    whole, in its own language, so that a screen reader reads the sample as it would read the certificates. Attachments
    stay behind: it is to be looked at. Sources: ISO 32000-1, 14.7.2 and 14.7.4.4; ISO 14289-1."""
    whole = Pdf.new()
    root = whole.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    top = whole.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, P=root, K=Array()))
    numbers, keys = Array(), 0  # the parent tree: of each page's content, and of each link
    for data in files:
        with Pdf.open(io.BytesIO(data)) as one:
            if not whole.pages:
                _introduced(whole, one)
            at = len(whole.pages)
            whole.pages.extend(one.pages)
            tree = whole.copy_foreign(one.Root.StructTreeRoot)  # its pages are those that were copied
            part = tree.K
            part.S, part.P, part.Lang = Name.Part, top, str(one.Root.Lang)
            top.K.append(part)
            for page in whole.pages[at:]:
                page.obj.StructParents += keys
                for link in page.obj.get("/Annots", ()):
                    link.StructParent += keys
            for index in range(0, len(tree.ParentTree.Nums), 2):
                numbers.append(int(tree.ParentTree.Nums[index]) + keys)
                numbers.append(tree.ParentTree.Nums[index + 1])
            keys += int(tree.ParentTreeNextKey)
    root.K, root.ParentTree, root.ParentTreeNextKey = top, Dictionary(Nums=numbers), keys
    whole.Root.StructTreeRoot = root
    out = io.BytesIO()
    whole.save(out, deterministic_id=True, object_stream_mode=ObjectStreamMode.disable, min_version="1.7")
    return out.getvalue(), len(whole.pages)


def _introduced(whole: Pdf, first: Pdf) -> None:
    """What a document says of itself, as its first part does, but for its name."""
    for key in ("/Lang", "/MarkInfo", "/ViewerPreferences", "/OutputIntents"):
        whole.Root[key] = whole.copy_foreign(first.make_indirect(first.Root[key]))
    told = first.Root.Metadata.read_bytes()
    told = re.sub(rb'(<dc:title>.*?"x-default">)[^<]*', rb"\g<1>" + TITLE.encode("utf-8"), told, flags=re.S)
    told = re.sub(rb"(<xmp:CreatorTool>)[^<]*", rb"\g<1>" + MARK, told)
    told = re.sub(rb"<pdfaid:(\w+)>[^<]*</pdfaid:\1>", b"", told)  # nobody archives a sample
    whole.Root.Metadata = Stream(whole, told, Type=Name.Metadata, Subtype=Name.XML)
    for key, text in first.docinfo.items():
        whole.docinfo[key] = str(text)
    whole.docinfo[Name.Title], whole.docinfo[Name.Creator] = TITLE, MARK.decode("ascii")


def images(data: bytes, side: int = PAGE) -> list[Image.Image]:
    """A file's pages as pictures, ``side`` pixels along their longer side."""
    return list(rendered(data, lambda width, height: side / max(width, height)))


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
    return MARK in data[:256] or b"<xmp:CreatorTool>" + MARK in data or MARK in data[-64:]
