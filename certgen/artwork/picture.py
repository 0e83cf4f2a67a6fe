"""Pictures from files: logos, signatures, designers' backgrounds."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
from PIL import Image, ImageChops, ImageCms, ImageOps
from pikepdf import Dictionary, Name

from certgen.artwork.sheet import numbers, saved
from certgen.errors import ExitCode, Problem
from certgen.page import Artwork

LARGEST_FILE = 40 * 2**20  # bytes
LARGEST_PICTURE = 25_000_000  # pixels

Tell = Callable[..., None]


def _teller(path: Path, problems: list[Problem]) -> Tell:
    def tell(code: str, message: str, hint: str = "") -> None:
        problems.append(Problem(code=code, message=message, hint=hint, file=str(path), exit_code=ExitCode.LAYOUT))

    return tell


def image(
    path: Path,
    width: float,
    height: float,
    problems: list[Problem],
    *,
    knock_out_white: bool = False,
    dpi: float = 300,
) -> Artwork | None:
    """A logo or signature, as large as ``width`` x ``height`` points allow without distortion."""
    tell = _teller(path, problems)
    data = path.read_bytes()
    return _bitmap(data, width, height, tell, knock_out_white=knock_out_white, dpi=dpi)


def background(path: Path, width: float, height: float, problems: list[Problem]) -> Artwork | None:
    raise NotImplementedError


def _bitmap(
    data: bytes, width: float, height: float, tell: Tell, *, knock_out_white: bool, dpi: float
) -> Artwork | None:
    import io

    picture: Image.Image = Image.open(io.BytesIO(data), formats=["PNG", "JPEG"])
    picture = ImageOps.exif_transpose(picture)
    rgba = picture.convert("RGBA")
    if knock_out_white:
        rgba = _knock_out(rgba)
        box = rgba.getchannel("A").getbbox()
        if box:
            rgba = rgba.crop(box)
    scale = min(width / rgba.width, height / rgba.height)
    drawn = rgba.width * scale, rgba.height * scale
    most = max(1, round(drawn[0] / 72 * dpi)), max(1, round(drawn[1] / 72 * dpi))
    if most[0] < rgba.width:
        rgba = rgba.resize(most, Image.Resampling.LANCZOS)
    return _embed(rgba, *drawn)


def _knock_out(rgba: Image.Image) -> Image.Image:
    grey = rgba.convert("L")
    alpha = ImageChops.invert(grey)
    out = rgba.copy()
    out.putalpha(ImageChops.multiply(alpha, rgba.getchannel("A")))
    return out


def _embed(rgba: Image.Image, width: float, height: float) -> Artwork:
    pdf = pikepdf.Pdf.new()
    alpha = rgba.getchannel("A")
    colour = rgba.convert("RGB")
    entries = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=rgba.width, Height=rgba.height,
        ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.FlateDecode,
    )
    if alpha.getextrema() != (255, 255):
        entries.SMask = pdf.make_stream(
            zlib.compress(alpha.tobytes(), 9),
            Dictionary(
                Type=Name.XObject, Subtype=Name.Image, Width=rgba.width, Height=rgba.height,
                ColorSpace=Name.DeviceGray, BitsPerComponent=8, Filter=Name.FlateDecode,
            ),
        )
    stream = pdf.make_stream(zlib.compress(colour.tobytes(), 9), entries)
    content = f"q {numbers(width)} 0 0 {numbers(height)} 0 0 cm /I Do Q\n"
    page = Dictionary(
        Type=Name.Page, MediaBox=[0, 0, width, height], Resources=Dictionary(XObject=Dictionary(I=stream)),
        Contents=pdf.make_stream(content.encode("ascii")),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return Artwork(pdf=saved(pdf), width=width, height=height)
