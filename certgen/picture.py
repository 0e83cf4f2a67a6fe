"""Pages of a finished certificate as pictures, as PDFium shows them: for sharing, for mail, for leafing through.

A picture says what it shows (PNG's Title and Description, in the certificate's language) and nothing of the computer
that made it; the same file gives the same bytes. Source: PNG, third edition, 11.3.2.5 (sRGB), 11.3.3 (text), 11.3.4.3.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pypdfium2

if TYPE_CHECKING:
    from PIL import Image

WIDTH = 1600  # pixels
COLOURS = 256  # of a small picture
_EXACT = 16  # of these, the commonest
_INCH = 72  # points


def rendered(
    pdf: bytes, scale: Callable[[float, float], float], pages: Iterable[int] | None = None
) -> Iterator[Image.Image]:
    """Pages (from 0; None: all of them) in RGB. ``scale``: a page's width and height in points to pixels in a point."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        for number in range(len(document)) if pages is None else pages:
            page = document[number]
            yield page.render(scale=scale(*page.get_size())).to_pil().convert("RGB")


def pictures(
    pdf: bytes, width: int = WIDTH, pages: range = range(1), *, language: str = "", small: bool = False
) -> Iterator[bytes]:
    """PNG files of pages (from 0), ``width`` pixels wide each. Pages that are not there are left out. ``language`` is
    that of the file's title; ``small``: in at most 256 colours, a fifth of the bytes."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        said, count = document.get_metadata_dict(), len(document)
    there = range(count)[pages.start : pages.stop]
    title = said["Title"] or said["Subject"]
    about = ", ".join(part for part in (title, said["Subject"], said["Author"]) if part)
    points = [0.0]

    def scale(wide: float, _: float) -> float:
        points[0] = wide
        return width / wide * (1 - 1e-9)  # just this width: PDFium's binding rounds up

    for number, picture in zip(there, rendered(pdf, scale, there), strict=True):
        which = f" ({number + 1}/{count})" if number else ""
        made = _reduced(picture) if small else picture
        yield _png(made, width * _INCH / points[0], language, Title=title + which, Description=about + which)


def picture(pdf: bytes, width: int = WIDTH, *, language: str = "", small: bool = False) -> bytes:
    """The first page as a PNG file, ``width`` pixels wide (see :func:`pictures`)."""
    (data,) = pictures(pdf, width, language=language, small=small)
    return data


def _reduced(picture: Image.Image) -> Image.Image:
    """In few colours, of which the commonest are just what they were: a paper's white stays white."""
    from PIL import Image

    made = picture.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    counted: Any = picture.getcolors(picture.width * picture.height)
    common = [colour for _, colour in sorted(counted)[-_EXACT:]]
    strip = Image.new("RGB", (len(common), 1))
    for at, colour in enumerate(common):
        strip.putpixel((at, 0), colour)
    places = strip.quantize(palette=made, dither=Image.Dither.NONE).tobytes()
    palette = made.getpalette() or []
    for place, colour in zip(places, common, strict=True):
        palette[3 * place : 3 * place + 3] = colour
    made.putpalette(palette)
    return made


def _png(picture: Image.Image, dpi: float, language: str, **texts: str) -> bytes:
    from PIL import PngImagePlugin

    said = PngImagePlugin.PngInfo()
    said.add(b"sRGB", b"\1")  # relative colorimetric, as the file's own output intent is taken
    for keyword, text in texts.items():
        said.add_itxt(keyword, text, language)
    out = io.BytesIO()
    picture.save(out, "PNG", pnginfo=said, dpi=(dpi, dpi), compress_level=6 if picture.mode == "P" else 3)
    return out.getvalue()
