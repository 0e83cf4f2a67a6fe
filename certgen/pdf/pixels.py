"""Pictures in PDF files: their samples out, and samples in again. Source: ISO 32000-1, 8.9.5."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

LARGEST = 100_000_000  # pixels
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_JPEG_QUALITY = 90  # of what a camera or designer has packed once already


def read(picture: Stream, components: int) -> Image.Image:
    """A picture's samples as 8 bits each, as they stand in the file: L, RGB or CMYK. ValueError: they cannot be had."""
    width, height = int(picture.Width), int(picture.Height)
    if not 0 < width * height <= LARGEST:
        raise ValueError(f"a picture of {width} x {height} pixels")
    if is_jpeg(picture):
        return _jpeg(picture.read_raw_bytes(), components, (width, height))
    bits = int(picture.get("/BitsPerComponent", 8))
    try:
        data = picture.read_bytes()
    except pikepdf.PdfError:
        raise ValueError("a picture packed in an unusual way") from None
    row = (width * components * bits + 7) // 8
    if bits not in (1, 2, 4, 8, 16) or len(data) < row * height:
        raise ValueError("a picture that is cut short")
    data = data[: row * height]
    if bits == 16:
        data = data[::2]
    elif bits < 8:
        flat = (width * components, height)
        if bits == 1:
            data = Image.frombytes("1", flat, data).convert("L").tobytes()
        else:
            data = Image.frombytes("L", flat, data, "raw", f"L;{bits}").tobytes()
    return Image.frombytes(_MODES[components], (width, height), data)


def is_jpeg(picture: Stream) -> bool:
    filters = picture.get("/Filter")
    names = [str(each) for each in filters] if isinstance(filters, Array) else [str(filters)]
    return names in (["/DCTDecode"], ["/DCT"])


def _jpeg(data: bytes, components: int, size: tuple[int, int]) -> Image.Image:
    try:
        picture: Image.Image = Image.open(io.BytesIO(data), formats=["JPEG"])
        if picture.mode != _MODES[components] or picture.size != size or components == 4:
            raise ValueError(f"a JPEG of {picture.mode} colours")
        picture.load()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"a JPEG that cannot be read ({error})") from None
    return picture


def decoded(picture: Image.Image, decode: Sequence[float], into: Sequence[tuple[float, float]]) -> Image.Image:
    """Samples as /Decode bends them: bytes between the ends of ``into``."""
    bands = []
    for band, low, high, (first, last) in zip(picture.split(), decode[::2], decode[1::2], into, strict=True):
        levels = [(low + (high - low) * level / 255 - first) / (last - first) for level in range(256)]
        bands.append(band.point([min(255, max(0, round(255 * level))) for level in levels]))
    return Image.merge(picture.mode, bands)


def keyed(picture: Image.Image, ranges: Sequence[int], depth: int) -> Image.Image:
    """Where a picture is there, as a soft mask: not where all samples lie in their ranges (8.9.6.4)."""
    from PIL import ImageChops

    away: Image.Image | None = None
    scale = 255 / (2**depth - 1)
    for band, low, high in zip(picture.split(), ranges[::2], ranges[1::2], strict=True):
        first, last = round(low * scale), round(high * scale)
        inside = band.point([255 if first <= level <= last else 0 for level in range(256)])
        away = inside if away is None else ImageChops.multiply(away, inside)
    assert away is not None
    return ImageChops.invert(away)


def written(pdf: Pdf, picture: Image.Image, space: pikepdf.Object, like: Any, *, jpeg: bool = False) -> Stream:
    """A picture XObject in the colours of ``space``, with what ``like`` says besides its samples."""
    entries: dict[str, Any] = {
        key: like[key] for key in ("/SMask", "/Mask", "/Intent") if key in like and not isinstance(like[key], Array)
    }
    stream = pdf.make_stream(
        b"",
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=space,
        BitsPerComponent=8,
    )
    for key, value in entries.items():
        stream[key] = value
    colours = len(picture.getbands())
    if jpeg:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True)
        stream.write(out.getvalue(), filter=Name.DCTDecode)
        if colours == 4:  # Pillow writes inks upside down, as Photoshop does
            stream.Decode = Array([1, 0] * 4)
        return stream
    packed, predictors = _deflated(picture)
    stream.write(packed, filter=Name.FlateDecode)
    if predictors:
        stream.DecodeParms = Dictionary(Predictor=15, Colors=colours, BitsPerComponent=8, Columns=picture.width)
    return stream


def _deflated(picture: Image.Image) -> tuple[bytes, bool]:
    """The samples, with PNG's predictors where there is anything to predict (ISO 32000-1, 7.4.4.4)."""
    if picture.width * picture.height < 64:
        return zlib.compress(picture.tobytes(), 9), False
    four = Image.merge("RGBA", picture.split()) if picture.mode == "CMYK" else picture
    out = io.BytesIO()
    four.save(out, "PNG", compress_level=6)
    png, at, packed = out.getvalue(), 8, []
    while at < len(png):
        length, called = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        if called == b"IDAT":
            packed.append(png[at + 8 : at + 8 + length])
        at += length + 12
    return b"".join(packed), True
