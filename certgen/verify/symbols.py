"""QR codes found on pages and in photographs, by zxing-cpp, which is shown each picture in several ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from certgen import codes
from certgen.payload import ALPHABET, LONGEST, unseal

if TYPE_CHECKING:
    from PIL import Image

_DPI = (150, 300)  # a page is drawn so, one after the other until a code of ours is read
_DRAWN = 40_000_000  # pixels that a page is drawn with
_LOOKED = 16_000_000  # pixels of a photograph that are looked at
_ANGLES = (15, 30, 45, 60, 75)
_TEXT = re.compile(
    rf"(?:https?://[^\s#]{{1,400}}/v(?:\.html|/)?#)?([{re.escape(ALPHABET)}]{{12,{LONGEST * 3 // 2 + 1}}})"
)


def is_ours(text: str) -> bool:
    """Whether a QR code may be a certificate's: a payload or a code, behind an address or by itself."""
    found = _TEXT.fullmatch(text)
    return found is not None and (len(found[1]) > 100 or "v#" in text or codes.typed(found[1]) is not None)


def names(text: str) -> list[str]:
    """The name and the title that a payload claims, true or not."""
    claims = unseal(text.rpartition("#")[2], {}).claims
    return [] if claims is None else [claims.name.start, claims.title.start]


def on_page(page: Any) -> list[str]:
    """What the QR codes of a page of pdfium say. A page with text on it was made by a program, and its codes are sharp;
    one without is a scan."""
    width, height = page.get_size()
    found: list[str] = []
    for dpi in _DPI:
        scale = min(dpi / 72, (_DRAWN / max(width * height, 1)) ** 0.5)
        picture = page.render(scale=scale, grayscale=True).to_pil().convert("L")
        found = _union(found, _read(picture))
        if any(map(is_ours, found)):
            return found
    return in_picture(picture) if _has_picture(page) else found


def _has_picture(page: Any) -> bool:
    from pypdfium2 import raw

    return any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))


def in_picture(picture: Image.Image) -> list[str]:
    """What the QR codes in a photograph or scan say."""
    found: list[str] = []
    for number, shown in enumerate(_ways(picture)):
        found = _union(found, _read(shown))
        if number >= 1 and any(map(is_ours, found)):  # the second way, too: there may be several codes
            break
    return found


def _ways(picture: Image.Image) -> Iterator[Any]:
    """A picture as it is, and then brighter, larger, smaller, smoother, sharper, turned."""
    from PIL import Image, ImageFilter, ImageOps

    picture.draft("L", (4000, 4000))
    plain = picture.convert("RGBA") if picture.mode in ("P", "LA", "RGBA", "PA") else picture
    if plain.mode == "RGBA":
        ground = Image.new("RGBA", plain.size, "white")
        plain = Image.alpha_composite(ground, plain)
    plain = plain.convert("L")
    if plain.width * plain.height > _LOOKED:
        factor = (_LOOKED / (plain.width * plain.height)) ** 0.5
        plain = plain.resize((int(plain.width * factor), int(plain.height * factor)), Image.Resampling.LANCZOS)

    def scaled(factor: float) -> Image.Image:
        size = max(1, int(plain.width * factor)), max(1, int(plain.height * factor))
        return plain.resize(size, Image.Resampling.LANCZOS)

    small = plain.width * plain.height < 4_000_000
    yield plain
    yield scaled(2) if small else scaled(0.6)
    even = ImageOps.autocontrast(plain, cutoff=2)
    yield even
    yield even.filter(ImageFilter.GaussianBlur(1.2))
    yield even.filter(ImageFilter.UnsharpMask(3, 200, 0))
    yield even.filter(ImageFilter.MedianFilter(3))
    yield scaled(0.5)
    if small:
        yield scaled(3)
    yield _flattened(plain)
    for angle in _ANGLES:
        yield even.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def _flattened(plain: Image.Image) -> Image.Image:
    """Shadows taken away: each pixel over the brightness around it."""
    from PIL import ImageChops, ImageFilter, ImageOps

    around = plain.filter(ImageFilter.GaussianBlur(max(plain.size) / 40))
    return ImageOps.autocontrast(ImageChops.subtract(plain, around, scale=1.0, offset=160), cutoff=1)


def _read(picture: Any) -> list[str]:
    import zxingcpp

    found: list[str] = []
    kinds: Any = zxingcpp.BarcodeFormat.QRCode
    for binarizer in (zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram):
        read = zxingcpp.read_barcodes(picture, formats=kinds, text_mode=zxingcpp.TextMode.Plain, binarizer=binarizer)
        found = _union(found, [code.text for code in read])
        if any(map(is_ours, found)):
            break
    return found


def _union(first: list[str], more: list[str]) -> list[str]:
    return list(dict.fromkeys([*first, *more]))
