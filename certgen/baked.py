"""Badges as pictures: a PNG of the issuer's seal with the signed credential inside.

Source: Open Badges 3.0, 5.3.1 (an iTXt chunk of keyword ``openbadgecredential``, uncompressed); PNG, third edition,
11.3.3.4.
"""

from __future__ import annotations

import io
import struct
import zlib

from certgen.artwork import drawing, lettering
from certgen.compose.context import initials
from certgen.errors import CertgenError
from certgen.font import FontBook
from certgen.model import Issuer
from certgen.page import Artwork, Colour, Document, Draw, Page, Picture, Shape

SIDE = 400  # pixels
_POINTS = 90.0  # as large as on paper, so that its lines are as strong
_FAMILY = "EB Garamond"
_INITIAL = 0.3  # of the side: the height of the initials
_KEYWORD = b"openbadgecredential"


def emblem(issuer: Issuer, book: FontBook) -> bytes:
    """The issuer's seal as a PNG, transparent around it. The same issuer gives the same bytes."""
    import pypdfium2
    from PIL import Image, ImageDraw

    colours = [_rgb(issuer.primary), _rgb(issuer.accent)]
    seal = drawing("rosette", _POINTS, _POINTS, colours, style="beads", edge_tint=0.34, ribbon_tint=0.5)
    draws = (Picture(artwork="seal", rect=(0.0, 0.0, _POINTS, _POINTS)), *_letters(issuer, book))
    data = _page(draws, {"seal": seal}, book)
    document = pypdfium2.PdfDocument(data)
    try:
        large = document[0].render(scale=2 * SIDE / _POINTS).to_pil().convert("RGBA")
    finally:
        document.close()
    round_ = Image.new("L", large.size, 0)
    ImageDraw.Draw(round_).ellipse((0, 0, *large.size), fill=255)
    large.putalpha(round_)
    out = io.BytesIO()
    small = large.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    small.quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def bake(picture: bytes, credential: bytes) -> bytes:
    """A PNG with a credential in it, before its end."""
    end = picture.rindex(b"IEND") - 4
    text = _KEYWORD + b"\0\0\0\0\0" + credential  # not compressed; no language, no translated keyword
    return picture[:end] + _chunk(b"iTXt", text) + picture[end:]


def baked_in(picture: bytes) -> bytes | None:
    """The credential in a PNG; None where there is none. Raises ValueError for what is no PNG."""
    if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("not a PNG")
    at = 8
    while at + 12 <= len(picture):
        size, kind = struct.unpack_from(">I4s", picture, at)
        data = picture[at + 8 : at + 8 + size]
        if kind == b"iTXt" and data.startswith(_KEYWORD + b"\0\0\0"):
            return data[len(_KEYWORD) + 3 :].split(b"\0", 2)[2]
        at += 12 + size
    return None


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _letters(issuer: Issuer, book: FontBook) -> tuple[Draw, ...]:
    """The initials in the middle, where a face has them."""
    try:
        path, (x0, y0, x1, y1) = lettering(initials(issuer.name)[:1], book.face(_FAMILY))
    except CertgenError:
        return ()
    if x1 <= x0 or y1 <= y0:
        return ()
    scale = min(_INITIAL / (y1 - y0), _INITIAL / (x1 - x0)) * _POINTS
    middle = _POINTS / 2
    matrix = (scale, 0.0, 0.0, scale, middle - scale * (x0 + x1) / 2, middle - scale * (y0 + y1) / 2)
    return (Shape(path=path, fill=_rgb(issuer.primary), matrix=matrix),)


def _page(draws: tuple[Draw, ...], art: dict[str, Artwork], book: FontBook) -> bytes:
    from datetime import date

    from certgen.page import Filling, Metadata
    from certgen.pdf import engrave

    document = Document(pages=(Page(_POINTS, _POINTS, draws),), root=(), language="en", artwork=art)
    plate = engrave(document, book)
    told = Metadata("Badge", "", "", (), "badge", date(2000, 1, 1))
    return plate.prefix + plate.fill(Filling(slots={}, metadata=told, attachment=b"{}"))


def _rgb(colour: str) -> Colour:
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255
