"""PNG and JPEG pictures: opened with limits, brought upright and to sRGB, resampled, embedded compactly."""

from __future__ import annotations

import io
import warnings
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageChops, ImageCms, ImageFilter, ImageMath, ImageOps, ImageStat

from certgen.artwork.sheet import Report, numbers, saved
from certgen.page import Artwork

LARGEST_PICTURE = 25_000_000  # pixels


def opened(data: bytes, report: Report) -> Image.Image | None:
    """The picture upright, in sRGB, as RGBA."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            picture: Image.Image = Image.open(io.BytesIO(data), formats=["PNG", "JPEG"])
            if picture.width * picture.height > LARGEST_PICTURE:
                report(
                    "large-picture",
                    f"The picture has {picture.width} x {picture.height} pixels; the limit is 25 million.",
                    "Save it smaller: at 300 pixels to the inch a whole A4 page has 9 million.",
                )
                return None
            picture.load()
            return _srgb(ImageOps.exif_transpose(picture), report)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        report("large-picture", "The picture has far more pixels than the limit of 25 million.", "Save it smaller.")
    except (OSError, SyntaxError, ValueError, EOFError, zlib.error, UserWarning):
        report("damaged-picture", "The picture is damaged or is not what its name says.", "Export it again as PNG.")
    return None


def _srgb(picture: Image.Image, report: Report) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits to the pixel
        picture = picture.convert("I").point(lambda v: v * (1 / 256)).convert("L")
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    profile = picture.info.get("icc_profile")
    if picture.mode in ("P", "LA", "PA", "La", "1", "RGBa"):
        picture = picture.convert("RGBA")
    if picture.mode == "RGBA":
        picture = picture.convert("RGB")
    converted = None
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a profile of another kind of picture: as good as none
    if converted is None:
        if picture.mode == "CMYK":
            report(
                "cmyk-picture",
                "The picture is in CMYK without a usable profile; its colours will shift.",
                "Save it in RGB (sRGB).",
                severity="warning",
            )
        converted = picture.convert("RGB")
    out = converted.convert("RGBA")
    if alpha is not None:
        out.putalpha(alpha)
    return out


# --- bitmaps ---------------------------------------------------------------------------------


def fitted(picture: Image.Image, width: float, height: float, knock_out_white: bool, dpi: float) -> Artwork:
    """A picture without its transparent margins, as large as ``width`` x ``height`` points allow."""
    alpha = picture.getchannel("A")
    if knock_out_white:
        picture = knocked_out(picture)
        alpha = picture.getchannel("A").filter(ImageFilter.MedianFilter(3))  # a speck of dust is no ink
    box = alpha.point([255 if v >= 8 else 0 for v in range(256)]).getbbox()
    if box:
        near = 2 if knock_out_white else 0  # pixels: the median eats the ends of hairlines
        right, bottom = min(picture.width, box[2] + near), min(picture.height, box[3] + near)
        picture = picture.crop((max(0, box[0] - near), max(0, box[1] - near), right, bottom))
    scale = min(width / picture.width, height / picture.height)
    width, height = picture.width * scale, picture.height * scale
    return embedded(resampled(picture, width, height, dpi), width, height)


def resampled(picture: Image.Image, width: float, height: float, dpi: float) -> Image.Image:
    """An RGBA picture with at most ``dpi`` pixels to the inch when it is drawn ``width`` x ``height`` points."""
    size = max(1, round(width / 72 * dpi)), max(1, round(height / 72 * dpi))
    if size[0] >= picture.width:
        return picture
    if _flat(picture):  # or where alpha is 0 the colour would be lost, and the picture no longer of one colour
        small = Image.new("RGBA", size, picture.getpixel((0, 0)))
        small.putalpha(picture.getchannel("A").resize(size, Image.Resampling.LANCZOS))
        return small
    return picture.resize(size, Image.Resampling.LANCZOS)


def knocked_out(picture: Image.Image) -> Image.Image:
    """Ink on paper becomes ink on nothing: laid on white again it looks as before, only that the paper is white.

    Each channel is scaled by the paper's own level (a scan is never quite white); alpha is the distance of the
    darkest channel from white, and the colour is divided by it (Porter and Duff's "over", undone).
    """
    flat = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    channels = []
    for channel in flat.split():
        upper = channel.histogram()[128:]
        paper = max(1, 128 + max(range(128), key=upper.__getitem__)) if any(upper) else 255
        channels.append(channel.point([min(255, round(v * 255 / paper)) for v in range(256)]))
    darkest = ImageChops.darker(ImageChops.darker(channels[0], channels[1]), channels[2])
    # ink begins where the paper's grain ends: the level below which paper is a hundredth as frequent as at its peak
    levels = darkest.histogram()
    peak = max(range(128, 256), key=levels.__getitem__)
    grain = next((v for v in range(peak, 127, -1) if levels[v] < levels[peak] / 100), 128)
    begins = min(243, grain - (peak - grain) // 3)
    alpha = darkest.point([max(0, min(255, round((begins - v) * 255 / (begins - 8)))) for v in range(256)])
    ink = [
        ImageMath.lambda_eval(
            lambda of: of["convert"](of["max"](255 - (255 - of["c"]) * 255 / of["max"](of["a"], 1), 0), "L"),
            c=channel,
            a=ImageChops.invert(darkest),
        )
        for channel in channels
    ]
    solid = alpha.point([255 if v >= 96 else 0 for v in range(256)])
    if solid.getbbox():
        spread = ImageStat.Stat(Image.merge("RGB", ink), solid)
        if max(spread.stddev) < 40:  # one pen: its colour is the mean, and only alpha varies
            full = _usual(alpha, 0.9)  # as dark as the pen writes is all there, so that few levels tell its edges
            alpha = alpha.point([min(255, round(v * 255 / full)) for v in range(256)])
            pen = [round(255 - (255 - m) * full / 255) for m in spread.mean]
            return Image.merge("RGBA", [*(Image.new("L", flat.size, level) for level in pen), alpha])
    return Image.merge("RGBA", [*ink, alpha])


def _usual(alpha: Image.Image, share: float) -> int:
    """The level that this share of what is there, rather than not, does not exceed."""
    counts = alpha.histogram()
    left = share * sum(counts[96:])
    for level in range(96, 256):
        left -= counts[level]
        if left <= 0:
            return level
    return 255


def embedded(picture: Image.Image, width: float, height: float) -> Artwork:
    pdf = pikepdf.Pdf.new()
    page = Dictionary(
        Type=Name.Page,
        MediaBox=[0, 0, round(width, 3), round(height, 3)],
        Resources=Dictionary(XObject=Dictionary(I=xobject(pdf, picture))),
        Contents=pdf.make_stream(f"q {numbers(width)} 0 0 {numbers(height)} 0 0 cm /I Do Q\n".encode("ascii")),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return Artwork(pdf=saved(pdf), width=width, height=height)


def xobject(pdf: pikepdf.Pdf, picture: Image.Image) -> pikepdf.Stream:
    """An RGBA picture as an image XObject (ISO 32000-1, 8.9.5): grey where it is grey, one pixel where it is one
    colour, alpha as a soft mask, photographs as JPEG where that is smaller by far."""
    alpha, colour = picture.getchannel("A"), picture.convert("RGB")
    opaque = _extremes(alpha) == (255, 255)
    reds, greens, blues = colour.split()
    flat = _flat(picture)
    if flat:
        colour = colour.crop((0, 0, 1, 1))
    elif max(_extremes(ImageChops.difference(reds, other))[1] for other in (greens, blues)) <= 3:
        colour = colour.convert("L")
    stream = _flate(pdf, _few(colour, alpha) if colour.mode == "RGB" and not flat else colour)
    if opaque and len(stream.read_raw_bytes()) > 20_000:
        out = io.BytesIO()
        colour.save(out, "JPEG", quality=90, subsampling=0, optimize=True)
        if out.tell() < 0.6 * len(stream.read_raw_bytes()):
            stream.write(out.getvalue(), filter=Name.DCTDecode)
    if not opaque:
        hard = _hard(alpha)
        stream.SMask = _flate(pdf, alpha, levels=2 if flat and hard else 4 if flat or hard else 8)
    return stream


def _few(colour: Image.Image, alpha: Image.Image) -> Image.Image:
    """The picture with a palette, as small as nobody can tell: as a logo's few colours and the mixtures at their edges.

    An edge's own mixtures may be off by what no eye finds between two colours; where the picture is even, or changes
    slowly, its steps would show.
    """
    if colour.getcolors(8192) is None:
        return colour
    even = _lightest(_range(colour)).point([255 if v <= _EVEN else 0 for v in range(256)])
    small = colour.width * colour.height <= 1_000_000
    for count in (16, 32, 64, 128, 256) if small else (256,):
        indexed = colour.quantize(count, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
        off = ImageChops.multiply(_lightest(ImageChops.difference(indexed.convert("RGB"), colour)), alpha)
        steps = sum(ImageChops.multiply(off, even).histogram()[3:])
        if _extremes(off)[1] <= 16 and steps * 1000 <= colour.width * colour.height:
            return indexed
    return colour


_EVEN = 4  # levels from a pixel to its neighbours, which are no edge yet


def _range(picture: Image.Image) -> Image.Image:
    """How far each pixel's neighbours differ."""
    return ImageChops.subtract(picture.filter(ImageFilter.MaxFilter(3)), picture.filter(ImageFilter.MinFilter(3)))


def _lightest(picture: Image.Image) -> Image.Image:
    reds, greens, blues = picture.split()
    return ImageChops.lighter(ImageChops.lighter(reds, greens), blues)


def _hard(alpha: Image.Image) -> bool:
    """Whether a mask is there or not, and half there at its edges only: then few levels are enough. A faint pen, a
    shadow or a glow has areas of halves."""
    least, most = alpha.filter(ImageFilter.MinFilter(3)), alpha.filter(ImageFilter.MaxFilter(3))
    halves = ImageChops.multiply(
        least.point([255 if v >= 32 else 0 for v in range(256)]),
        most.point([255 if v < 224 else 0 for v in range(256)]),
    )
    there = alpha.histogram()
    return halves.histogram()[255] * 200 <= sum(there[32:])


def _flate(pdf: pikepdf.Pdf, picture: Image.Image, levels: int = 8) -> pikepdf.Stream:
    """Deflated with PNG's predictors, which Pillow chooses (ISO 32000-1, 7.4.4.4). ``levels`` in bits: four are enough
    for the soft edges of a pen, in half the bytes, and two where nothing else is soft, in half of these."""
    if levels < 8:
        top = 2**levels - 1
        picture = picture.point([round(v * top / 255) for v in range(256)]).convert("P")
        picture.putpalette([0] * 3 * (top + 1))
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True, bits=levels)
    png, at, packed = out.getvalue(), 8, []
    while at < len(png):
        length, name = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        if name == b"IDAT":
            packed.append(png[at + 8 : at + 8 + length])
        at += length + 12
    depth, colours = png[24], len(picture.getbands())  # IHDR: Pillow gives few colours fewer bits
    space: pikepdf.Object = Name.DeviceGray if colours == 1 else Name.DeviceRGB
    if picture.mode == "P" and levels == 8:  # not the greys from above
        palette = bytes(picture.getpalette() or ())
        space = Array([Name.Indexed, Name.DeviceRGB, len(palette) // 3 - 1, pikepdf.String(palette)])
    return pdf.make_stream(
        b"".join(packed),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=space,
        BitsPerComponent=depth,
        Filter=Name.FlateDecode,
        DecodeParms=Dictionary(Predictor=15, Colors=colours, BitsPerComponent=depth, Columns=picture.width),
    )


def _extremes(channel: Image.Image) -> tuple[float, float]:
    low, high = ImageStat.Stat(channel).extrema[0]
    return low, high


def _flat(picture: Image.Image) -> bool:
    """Whether only alpha varies."""
    return all(low == high for low, high in map(_extremes, picture.convert("RGB").split()))
