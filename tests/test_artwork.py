"""Artwork: drawings that join exactly, pictures that keep their looks, and nothing hostile or forbidden let in."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from itertools import pairwise
from math import hypot
from pathlib import Path
from typing import Any

import judges
import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_demo import metadata
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageOps, ImageStat

from certgen import artwork
from certgen.artwork import guilloche
from certgen.artwork.drawing import STYLES
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.font import FontBook
from certgen.page import Artwork, Document, Element, Filling, Mark, Page, Picture
from certgen.pdf import engrave

MM = 72 / 25.4
NAVY = (0.04, 0.24, 0.38)
GOLD = (0.78, 0.64, 0.35)
A4 = (297 * MM, 210 * MM)


def resources(art: Artwork) -> Any:
    _OPEN.append(pikepdf.open(io.BytesIO(art.pdf)))
    return _OPEN[-1].pages[0].obj.Resources


_OPEN: list[pikepdf.Pdf] = []  # objects do not keep their file open


@pytest.fixture(autouse=True)
def _close() -> Any:
    yield
    for pdf in _OPEN:
        pdf.close()
    _OPEN.clear()


def content(art: Artwork) -> bytes:
    with pikepdf.open(io.BytesIO(art.pdf)) as pdf:
        return pdf.pages[0].obj.Contents.read_bytes()


def rendered(art: Artwork, dpi: int = 72, margin: float = 0.0) -> Image.Image:
    """The drawing's trim box, and ``margin`` points around it, on white."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(art.pdf)) as pdf:
        x, y = art.origin
        box = [x - margin, y - margin, x + art.width + margin, y + art.height + margin]
        for key in ("/TrimBox", "/BleedBox", "/CropBox"):
            if key in pdf.pages[0].obj:
                del pdf.pages[0].obj[key]
        pdf.pages[0].obj.MediaBox = Array(box)
        pdf.save(out)
    image: Image.Image = judges.picture(out.getvalue(), dpi=dpi)
    return image


def wrapped(*pieces: Artwork) -> bytes:
    """A finished file of ours with the pieces as its art, one below the other."""
    width = max(art.width for art in pieces)
    draws, drawings, y = [], {}, 0.0
    for i, art in enumerate(pieces):
        drawings[f"a{i}"] = art
        draws.append(Picture(f"a{i}", (0, y, art.width, y + art.height)))
        y += art.height
    document = Document((Page(width, y, tuple(draws)),), (Element("P", (Mark(0),)),), "en", drawings)
    plate = engrave(document, FontBook())
    return plate.prefix + plate.fill(Filling({}, metadata("Artwork"), b"{}"))


def only(problems: list[Problem], code: str) -> Problem:
    assert [problem.code for problem in problems] == [code], problems
    assert problems[0].exit_code == ExitCode.LAYOUT
    assert problems[0].file and problems[0].message.endswith((".", "!", "?"))
    return problems[0]


# --- drawings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", artwork.KINDS)
def test_drawings_repeat_their_bytes_and_stay_within_their_room(kind: str) -> None:
    size = (60 * MM, 60 * MM) if kind in ("rosette", "seal") else (190 * MM, 130 * MM)
    one, two = (artwork.drawing(kind, *size, [NAVY, GOLD]) for _ in range(2))
    assert one.pdf == two.pdf
    assert (one.width, one.height) == size
    inside, around = rendered(one, 100), rendered(one, 100, margin=14.4)
    beyond = around.copy()
    beyond.paste("white", (19, 19, beyond.width - 19, beyond.height - 19))
    assert ImageStat.Stat(beyond.convert("L")).extrema[0][0] >= 250
    assert ImageStat.Stat(inside.convert("L")).extrema[0][0] < 255


def test_all_drawings_belong_into_an_archival_file() -> None:
    pieces = [artwork.drawing(kind, 120 * MM, 80 * MM, [NAVY, GOLD]) for kind in artwork.KINDS]
    data = wrapped(*pieces)
    judges.conforms(data)
    judges.sound(data)


@pytest.mark.parametrize("style", STYLES)
def test_a_guilloche_frame_is_fine_small_and_the_same_at_every_corner(style: str) -> None:
    frame = artwork.drawing("guilloche", 277 * MM, 190 * MM, [NAVY], style=style)
    assert len(frame.pdf) < 9_000
    found = resources(frame)
    assert set(found.keys()) == {"/XObject"}
    assert all(form.Subtype == Name.Form for form in found.XObject.values())
    image = rendered(frame, 100).convert("L")
    for turned in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM):
        difference = ImageChops.difference(image, image.transpose(turned))
        assert ImageStat.Stat(difference).mean[0] < 1.5
    middle = image.crop((int(0.1 * image.width), int(0.12 * image.height), image.width // 2, image.height // 2))
    assert ImageStat.Stat(middle).extrema[0] == (255, 255)


def test_guilloche_strokes_and_tints_are_those_of_the_brief() -> None:
    found = resources(artwork.drawing("guilloche", 277 * MM, 190 * MM, [(0.0, 0.0, 0.0)]))
    text = found.XObject["/T"].read_bytes().decode()
    lines = text.splitlines()
    widths = {float(line.split()[0]) * guilloche.UNIT for line in lines if line.endswith(" w")}
    tints = {1 - float(line.split()[0]) for line in lines if line.endswith(" RG")}
    assert all(0.15 <= width <= 0.25 for width in widths)
    assert len(tints) == 2 and all(0.3 <= share <= 0.6 for share in tints)
    assert " l" not in text  # curves, not polylines


@given(st.floats(150, 1200), st.floats(150, 1200), st.floats(20, 80), st.floats(4, 14))
def test_frames_are_divided_without_remainder(width: float, height: float, tile: float, amplitude: float) -> None:
    try:
        frame = guilloche.divide(width, height, tile, amplitude)
    except ValueError:
        assert min(width, height) < 10 * max(tile, guilloche.ROOMY * amplitude)
        return
    sides = frame.size
    assert sides[0] * frame.stretch[0] == pytest.approx(width)
    assert sides[1] * frame.stretch[1] == pytest.approx(height)
    assert frame.bend.length == pytest.approx(frame.corner * frame.tile)
    assert frame.bend.radius > 2 * amplitude  # the inner side is not crowded, let alone folded


@pytest.mark.parametrize("style", STYLES)
def test_strands_run_through_a_corner_without_a_kink(style: str) -> None:
    """Where side and corner meet, every strand of the one goes on in one of the other, in place and in direction."""
    amplitude = 13.0
    frame = guilloche.divide(740, 500, STYLES[style][0] * MM, amplitude)
    step = 1e-6

    def side(theta: float, y: float) -> tuple[float, float]:
        return theta / (2 * guilloche.pi) * frame.tile, y

    def corner(theta: float, y: float) -> tuple[float, float]:
        return frame.bend.at(theta / (2 * guilloche.pi) * frame.tile, y)

    for _, bundle in STYLES[style][1]:
        for curve in bundle.curves():
            before = [side(theta, amplitude * curve(theta)) for theta in (-step, 0.0)]
            after = [corner(theta, amplitude * curve(theta)) for theta in (0.0, step)]
            assert after[0] == pytest.approx(before[1], abs=1e-6)
            slopes = [[(b[i] - a[i]) / step for i in (0, 1)] for a, b in (before, after)]
            assert slopes[0] == pytest.approx(slopes[1], abs=0.02)
    # half a corner and its mirror image meet on the diagonal, where the strands cross it as one
    for _, bundle in STYLES[style][1]:
        middle = guilloche.pi * frame.corner
        ends = sorted(corner(middle, amplitude * curve(middle)) for curve in bundle.curves())
        mirrored = sorted((frame.bend.size - y, frame.bend.size - x) for x, y in ends)
        assert [v for p in ends for v in p] == pytest.approx([v for p in mirrored for v in p], abs=1e-3)


@pytest.mark.parametrize("style", STYLES)
def test_a_strand_is_where_its_wave_is(style: str) -> None:
    """Few Béziers, and all of them within a quarter of a stroke, and the rounding to units, of the wave itself."""
    amplitude = 10.4
    frame = guilloche.divide(740, 500, STYLES[style][0] * MM, amplitude)

    def corner(theta: float, y: float) -> tuple[float, float]:
        return frame.bend.at(theta / (2 * guilloche.pi) * frame.tile, y)

    end, allowed = guilloche.pi * frame.corner, guilloche.FAITHFUL + 0.75 * guilloche.UNIT
    for _, bundle in STYLES[style][1]:
        for curve in list(bundle.curves())[::4]:

            def strand(share: float, curve: Callable[[float], float] = curve) -> tuple[float, float]:
                return corner(share * end, amplitude * curve(share * end))

            path, pieces = guilloche.bezier(lambda theta: strand(theta / end), 0, end)
            numbers = [float(word) * guilloche.UNIT for word in path.split() if word not in "mc"]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            assert len(points) == 3 * pieces + 1
            for i in range(pieces):
                wave = [strand((i - 0.1 + 1.2 * k / 150) / pieces) for k in range(151)]
                for t in (0.15, 0.35, 0.5, 0.65, 0.85):
                    s = 1 - t
                    shares = (s**3, 3 * s * s * t, 3 * s * t * t, t**3)
                    near = list(zip(shares, points[3 * i :], strict=False))
                    x, y = (sum(share * point[axis] for share, point in near) for axis in (0, 1))
                    assert min(_apart((x, y), *step) for step in pairwise(wave)) < allowed


def _apart(point: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    """From a point to a straight piece."""
    (x, y), (u, v), (dx, dy) = point, a, (b[0] - a[0], b[1] - a[1])
    share = max(0.0, min(1.0, ((x - u) * dx + (y - v) * dy) / (dx * dx + dy * dy)))
    return hypot(x - u - share * dx, y - v - share * dy)


def test_a_pale_ground_is_pale_and_leaves_its_holes() -> None:
    hole = (100.0, 40.0, 180.0, 120.0)
    ground = artwork.drawing("waves", 400, 300, [(0.0, 0.0, 0.0)], holes=[hole])
    image = rendered(ground, 144).convert("L")
    assert ImageStat.Stat(image).extrema[0][0] >= 255 * (1 - 0.08) - 1
    inside = image.crop((202, 600 - 238, 358, 600 - 82))
    assert ImageStat.Stat(inside).extrema[0] == (255, 255)
    assert ImageStat.Stat(image).extrema[0][0] < 255
    with pytest.raises(CertgenError, match="8%"):
        artwork.drawing("waves", 400, 300, [NAVY], tint=0.2)


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        ("gilloche", {}, "Choose one of guilloche"),
        ("guilloche", {"bnad": 3}, "It has style, band"),
        ("guilloche", {"band": "wide"}, "must be a number"),
        ("guilloche", {"rules": 1.5}, "true or false"),
        ("guilloche", {"style": "baroque"}, "lace, chain, beads"),
        ("guilloche", {"band": 0.1}, "too narrow"),
        ("guilloche", {"band": 60}, "too small"),
        ("waves", {"rise": 0}, "above 0"),
        ("waves", {"rise": 0.1, "wavelength": 1}, "too many"),
        ("band", {"texture": 0.9}, "at most"),
    ],
)
def test_what_cannot_be_drawn_is_said(kind: str, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(CertgenError) as caught:
        artwork.drawing(kind, 400, 300, [NAVY], **parameters)
    problem = caught.value.problems[0]
    assert problem.exit_code == ExitCode.LAYOUT and said in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize("kind", artwork.KINDS)
def test_whatever_the_numbers_a_drawing_is_made_or_refused_at_once(kind: str) -> None:
    for width, height in ((600.0, 400.0), (10.0, 10.0), (0.5, 300.0), (0.0, 10.0), (-5.0, 10.0)):
        for name, usual in artwork.KINDS[kind].items():
            for value in (-1e9, -1.0, 0.0, 1e-9, 0.5, 100.0, 1e9) if isinstance(usual, float) else ("", "x", True, 3):
                try:
                    art = artwork.drawing(kind, width, height, [(0, 0, 0.5)], **{name: value})
                except CertgenError:
                    continue
                assert art.width == width


def test_contrast_is_that_of_wcag() -> None:
    assert artwork.contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert artwork.contrast((1, 1, 1), (1, 1, 1)) == 1
    grey = (0x76 / 255,) * 3  # the lightest grey that has 4.5 to 1 on white
    lighter = (0x77 / 255,) * 3
    assert artwork.contrast(grey, (1, 1, 1)) >= 4.5 > artwork.contrast((1, 1, 1), lighter)


# --- bitmaps ----------------------------------------------------------------------------------


def saved(folder: Path, picture: Image.Image, name: str = "picture.png", **options: Any) -> Path:
    picture.save(folder / name, **options)
    return folder / name


def logo(size: tuple[int, int] = (400, 200), mode: str = "RGB") -> Image.Image:
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    edge = size[1] // 10
    draw.ellipse((edge, edge, size[0] // 2 - edge, size[1] - edge), fill=(11, 61, 98))
    draw.rectangle((size[0] // 2, 2 * edge, size[0] - edge, size[1] - 2 * edge), fill=(200, 164, 90))
    return picture.convert(mode)


def photograph() -> Image.Image:
    """Smooth and grainy, of more colours than a palette holds."""
    across, around = Image.linear_gradient("L").rotate(30), Image.radial_gradient("L")
    picture = Image.merge("RGB", (across, around, ImageChops.invert(across)))
    return ImageChops.add(picture, Image.effect_noise(picture.size, 10).convert("RGB"), offset=-128)


def use(path: Path, width: float = 144, height: float = 144, **options: Any) -> Artwork:
    problems: list[Problem] = []
    art = artwork.image(path, width, height, problems, **options)
    assert art is not None and not problems, problems
    return art


def refused(path: Path, code: str, **options: Any) -> Problem:
    problems: list[Problem] = []
    assert artwork.image(path, 144, 144, problems, **options) is None
    return only(problems, code)


def test_pictures_keep_their_proportions_and_have_no_more_pixels_than_print_needs(tmp_path: Path) -> None:
    path = saved(tmp_path, logo((2000, 1000)))
    art = use(path, 100, 100)
    assert (art.width, art.height) == pytest.approx((100, 50))
    image = resources(art).XObject["/I"]
    assert (image.Width, image.Height) == (round(100 / 72 * 300), round(50 / 72 * 300))
    assert use(path, 100, 100).pdf == art.pdf
    small = use(saved(tmp_path, logo((40, 20)), "small.png"), 100, 100)
    assert resources(small).XObject["/I"].Width == 40
    shown = rendered(art, 144)
    expected = logo((2000, 1000)).resize(shown.size, Image.Resampling.LANCZOS)
    assert ImageStat.Stat(ImageChops.difference(shown, expected).convert("L")).mean[0] < 2


def test_all_sorts_of_bitmaps_belong_into_an_archival_file(tmp_path: Path) -> None:
    transparent = logo(mode="RGBA")
    transparent.putalpha(Image.linear_gradient("L").resize(transparent.size))
    deep = Image.linear_gradient("L").convert("I").point(lambda v: v * 257).convert("I;16")
    pictures = {
        "rgb.png": logo(), "grey.png": logo(mode="L"), "alpha.png": transparent, "bits.png": logo(mode="1"),
        "palette.png": logo(mode="P"), "deep.png": deep, "photo.jpg": photograph(),
    }  # fmt: skip
    arts = [use(saved(tmp_path, picture, name)) for name, picture in pictures.items()]
    arts.append(use(tmp_path / "rgb.png", knock_out_white=True))
    assert resources(arts[1]).XObject["/I"].ColorSpace == Name.DeviceGray
    assert "/SMask" in resources(arts[2]).XObject["/I"]
    assert resources(arts[6]).XObject["/I"].Filter == Name.DCTDecode
    middle = rendered(arts[5], 72).convert("L").resize((1, 3), Image.Resampling.BOX)
    assert [middle.getpixel((0, y)) for y in range(3)] == pytest.approx([42, 127, 212], abs=8)
    data = wrapped(*arts)
    judges.conforms(data)
    judges.sound(data)


def test_a_signature_on_paper_becomes_ink_on_nothing(tmp_path: Path) -> None:
    paper = Image.new("RGB", (900, 400), (244, 241, 235))  # a scan: not quite white, and not quite even
    paper = ImageChops.add(paper, Image.effect_noise(paper.size, 6).convert("RGB"), offset=-128)
    draw = ImageDraw.Draw(paper)
    points = [(150, 250), (300, 120), (420, 300), (560, 140), (760, 260)]
    for a, b in pairwise(points):
        draw.line((a, b), fill=(27, 47, 107), width=9)
    art = use(saved(tmp_path, paper), 200, 200, knock_out_white=True)
    assert art.width / art.height == pytest.approx(620 / 190, rel=0.05)  # margins are trimmed
    image = resources(art).XObject["/I"]
    mask = image.SMask
    assert (image.Width, image.Height) == (1, 1) and mask.BitsPerComponent == 2
    assert len(art.pdf) < 12_000
    shown = rendered(art, 144)
    darkest = min(shown.getcolors(100_000), key=lambda found: sum(found[1]))[1]
    assert darkest == pytest.approx((27, 47, 107), abs=14)
    assert shown.getpixel((2, 2)) == (255, 255, 255)
    share = sum(n for n, colour in shown.getcolors(100_000) if sum(colour) > 750) / (shown.width * shown.height)
    assert share > 0.8


def test_coloured_paper_leaves_no_tint_around_the_ink(tmp_path: Path) -> None:
    paper = Image.new("RGB", (900, 400), (232, 218, 186)).resize((1800, 800))
    ImageDraw.Draw(paper).line([(200, 600), (800, 200), (1500, 640)], fill=(27, 47, 107), width=40)
    art = use(saved(tmp_path, paper.resize((900, 400), Image.Resampling.BOX)), 200, 200, knock_out_white=True)
    colours = [colour for _, colour in rendered(art, 144).getcolors(100_000)]
    ink = [round(ink * 255 / paper) for ink, paper in zip((27, 47, 107), (232, 218, 186), strict=True)]
    assert min(colours, key=sum) == pytest.approx(ink, abs=14)  # white balance: as the pen is on white paper
    assert all(red <= blue + 3 for red, _, blue in colours)


def test_a_faint_pen_keeps_its_shades(tmp_path: Path) -> None:
    paper = Image.new("L", (900, 300), 255)
    draw = ImageDraw.Draw(paper)
    for x in range(100, 800):  # presses harder and harder
        draw.ellipse((x - 14, 150 - 14, x + 14, 150 + 14), fill=round(225 - 180 * (x - 100) / 700))
    art = use(saved(tmp_path, paper.convert("RGB")), 216, 216, knock_out_white=True)
    assert resources(art).XObject["/I"].SMask.BitsPerComponent >= 4
    shown = rendered(art, 300).convert("L")
    middle = [shown.getpixel((round(shown.width * share), shown.height // 2)) for share in (0.2, 0.4, 0.6, 0.8)]
    wanted = [round(225 - 180 * (728 * share - 14) / 700) for share in (0.2, 0.4, 0.6, 0.8)]
    assert middle == pytest.approx(wanted, abs=14)


def test_a_logo_of_few_colours_takes_few_bytes_and_looks_the_same(tmp_path: Path) -> None:
    large = Image.new("RGBA", (1200, 1200), (0, 0, 0, 0))
    draw = ImageDraw.Draw(large)
    draw.ellipse((0, 0, 1199, 1199), fill=(15, 82, 87, 255))
    draw.ellipse((300, 250, 900, 850), fill=(217, 131, 36, 255))
    for y in range(700, 1050, 90):
        draw.line([(150, y + 60), (500, y), (760, y + 70), (1050, y)], fill=(255, 255, 255, 255), width=30)
    art = use(saved(tmp_path, large), 36, 36)
    image = resources(art).XObject["/I"]
    assert len(image.read_raw_bytes()) + len(image.SMask.read_raw_bytes()) < 5_000
    white = Image.alpha_composite(Image.new("RGBA", large.size, "white"), large).convert("RGB")
    shown = rendered(art, 300)
    off = ImageChops.difference(shown, white.resize(shown.size, Image.Resampling.LANCZOS)).convert("L")
    assert sum(off.histogram()[40:]) < 0.002 * off.width * off.height


def test_slow_changes_of_colour_get_no_steps(tmp_path: Path) -> None:
    slow = Image.linear_gradient("L").resize((300, 300))
    art = use(saved(tmp_path, ImageOps.colorize(slow, (20, 60, 120), (60, 170, 210))), 72, 72)
    shown = rendered(art, 300)
    column = [shown.getpixel((150, y)) for y in range(5, 295)]
    assert max(abs(a - b) for one, two in pairwise(column) for a, b in zip(one, two, strict=True)) <= 6


def test_a_camera_that_was_held_sideways_is_heeded(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    art = use(saved(tmp_path, logo((400, 200)), "photo.jpg", exif=exif))
    assert art.width / art.height == pytest.approx(0.5)


def test_profiles_are_applied_and_cmyk_without_one_is_told(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    use(saved(tmp_path, logo(), "profile.png", icc_profile=lab))
    problems: list[Problem] = []
    art = artwork.image(saved(tmp_path, logo().convert("CMYK"), "cmyk.jpg"), 144, 144, problems)
    assert art is not None and only(problems, "cmyk-picture").severity == "warning"
    assert resources(art).XObject["/I"].ColorSpace in (Name.DeviceRGB,) or "Indexed" in str(
        resources(art).XObject["/I"].ColorSpace[0]
    )


def png_that_claims(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
        + b"\0\0\0\x20IDAT"
        + b"\0" * 40
    )


@pytest.mark.parametrize("size", [(6000, 6000), (13_000, 12_000), (100_000, 100_000)])
def test_a_picture_that_claims_to_be_huge_is_refused_unread(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "bomb.png").write_bytes(png_that_claims(*size))
    refused(tmp_path / "bomb.png", "large-picture")


def test_files_that_are_no_pictures_are_told(tmp_path: Path) -> None:
    refused(tmp_path / "none.png", "no-picture")
    refused(tmp_path, "unreadable-picture")
    for name, data, code in (
        ("notes.png", b"just a text", "unknown-picture"),
        ("empty.svg", b"", "unknown-picture"),
        ("short.png", saved(tmp_path, logo()).read_bytes()[:500], "damaged-picture"),
        ("gif.png", b"GIF89a" + b"\0" * 40, "unknown-picture"),
        ("page.html", b"<html><body/></html>", "unknown-picture"),
    ):
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, code)


# --- SVG --------------------------------------------------------------------------------------


def svg(folder: Path, inside: str, attributes: str = 'viewBox="0 0 100 100"', before: str = "") -> Path:
    path = folder / "drawing.svg"
    path.write_text(
        f'{before}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>'
        f"{inside}</svg>",
        encoding="utf-8",
    )
    return path


def pixel(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place of the 100 by 100 drawing."""
    found = image.getpixel((int(x / 100 * image.width), int(y / 100 * image.height)))
    assert isinstance(found, tuple)
    return found


RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('<rect width="50" height="100" fill="red"/>', {(25, 50): RED, (75, 50): WHITE}),
        ('<rect width="50%" height="100" style="fill:#f00"/>', {(49, 50): RED, (51, 50): WHITE}),
        (
            '<g fill="blue" transform="translate(50,0) scale(.5 1)"><rect width="100" height="40"/></g>',
            {(75, 20): BLUE, (75, 60): WHITE, (25, 20): WHITE},
        ),
        (
            '<g transform="rotate(90 50 50)"><rect width="100" height="30" fill="red"/></g>',
            {(85, 50): RED, (50, 15): WHITE},
        ),
        (
            '<path d="M0 0H100V100H0ZM25 25H75V75H25Z" fill="red" fill-rule="evenodd"/>',
            {(10, 10): RED, (50, 50): WHITE},
        ),
        ('<path d="M0 0H100V100H0ZM25 25H75V75H25Z" fill="red"/>', {(50, 50): RED}),
        ('<path d="M50 0A50 50 0 0 1 50 100Z" fill="red"/>', {(90, 50): RED, (10, 50): WHITE, (98, 5): WHITE}),
        ('<path d="M50 0A50 50 0 0 1 100 50L50 50Z" fill="red"/>', {(80, 20): RED, (97, 3): WHITE}),
        ('<path d="M50 0A50 50 0 1 0 100 50L50 50Z" fill="red"/>', {(80, 20): WHITE, (20, 80): RED, (3, 97): WHITE}),
        ('<path d="M50 0a50,50 0 01.0 100z" fill="red"/>', {(90, 50): RED, (10, 50): WHITE}),
        (
            '<path d="M0,50q50-100 100 0t100 0" fill="none" stroke="red" stroke-width="8"/>',
            {(50, 1): RED, (50, 90): WHITE},
        ),
        (
            '<circle cx="50" cy="50" r="40" fill="none" stroke="blue" stroke-width="10"/>',
            {(10, 50): BLUE, (50, 50): WHITE},
        ),
        (
            '<line x1="0" y1="50" x2="100" y2="50" stroke="green" stroke-width="20"/>',
            {(50, 45): GREEN, (50, 70): WHITE},
        ),
        (
            '<polygon points="0,0 100,0 0,100" class="a"/><style>.a { fill: blue } rect{fill:red}</style>',
            {(10, 10): BLUE},
        ),
        (
            '<style>#k.a{fill:blue}.a{fill:red}</style><rect id="k" class="b a" width="100" height="100"/>',
            {(50, 50): BLUE},
        ),
        ('<rect width="100" height="100" fill="red" opacity="0.5"/>', {(50, 50): (255, 128, 128)}),
        (
            '<g opacity=".5"><rect width="100" height="100" fill="red"/>'
            '<rect width="50" height="100" fill="blue"/></g>',
            {(25, 50): (128, 128, 255), (75, 50): (255, 128, 128)},
        ),
        (
            '<defs><rect id="r" width="50" height="50"/></defs><use xlink:href="#r" x="50" y="50" fill="red"/>',
            {(75, 75): RED, (25, 25): WHITE},
        ),
        (
            '<symbol id="s" viewBox="0 0 10 10"><rect width="10" height="10" fill="red"/></symbol>'
            '<use href="#s" x="50" width="50" height="50"/>',
            {(75, 25): RED, (75, 75): WHITE},
        ),
        (
            '<clipPath id="c"><rect width="50" height="100"/></clipPath><g clip-path="url(#c)">'
            '<rect width="100" height="100" fill="red"/></g>',
            {(25, 50): RED, (75, 50): WHITE},
        ),
        (
            '<linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="blue"/>'
            '</linearGradient><rect width="100" height="100" fill="url(#g)"/>',
            {(50, 50): (128, 0, 128), (99, 50): (2, 0, 253)},
        ),
        (
            '<linearGradient id="g" gradientUnits="userSpaceOnUse" x2="0" y2="100" gradientTransform="translate(0 0)">'
            '<stop stop-color="red"/><stop offset="100%" stop-color="red"/></linearGradient>'
            '<rect width="100" height="50" fill="url(#g)"/>',
            {(50, 25): RED, (50, 75): WHITE},
        ),
        (
            '<radialGradient id="g"><stop offset=".5" stop-color="red"/><stop offset=".5" stop-color="blue"/>'
            '</radialGradient><rect width="100" height="100" fill="url(#g)"/>',
            {(50, 50): RED, (3, 3): BLUE},
        ),
        (
            '<rect width="100" height="100" fill="red" display="none"/>'
            '<rect width="100" height="9" visibility="hidden"/>',
            {(50, 50): WHITE, (50, 4): WHITE},
        ),
        ('<g color="red"><rect width="100" height="100" fill="currentColor"/></g>', {(50, 50): RED}),
        (
            '<g transform="scale(10 1)"><line x1="5" y1="0" x2="5" y2="100" stroke="red" stroke-width="2"/></g>',
            {(42, 50): RED, (58, 50): RED, (30, 50): WHITE},
        ),
        ('<rect width="100" height="100" fill="rgb(100%, 0%, 0%)"/>', {(50, 50): RED}),
    ],
)
def test_svg_is_drawn_as_it_is_meant(tmp_path: Path, inside: str, expected: dict[Any, Any]) -> None:
    art = use(svg(tmp_path, inside))
    image = rendered(art, 100)
    for place, colour in expected.items():
        assert pixel(image, *place) == pytest.approx(colour, abs=5), place
    assert not any(x.get("/Subtype") == Name.Image for x in resources(art).get("/XObject", {}).values())


def test_svg_with_everything_belongs_into_an_archival_file(tmp_path: Path) -> None:
    inside = (
        '<linearGradient id="g"><stop stop-color="red"/><stop offset=".4" stop-color="#ff0"/><stop offset="1"/>'
        '</linearGradient><rect width="90" height="50" fill="url(#g)" stroke="navy" stroke-dasharray="4 1 2"/>'
        '<g opacity=".6"><circle cx="50" cy="50" r="30"/><text x="50" y="90" text-anchor="middle" font-size="12" '
        'font-family="EB Garamond">Academy</text></g>'
    )
    data = wrapped(use(svg(tmp_path, inside)))
    judges.conforms(data)
    judges.sound(data)


def test_text_in_svg_becomes_outlines(tmp_path: Path) -> None:
    text = (
        '<text x="{x}" y="60" font-family="Source Sans 3" font-size="20" text-anchor="{a}">Ab <tspan>cd</tspan></text>'
    )
    images = {}
    for anchor, x in (("start", 10), ("middle", 50), ("end", 90)):
        art = use(svg(tmp_path, text.format(a=anchor, x=x)))
        assert "/Font" not in resources(art) and content(art).count(b" c\n") > 10
        box = ImageChops.invert(rendered(art, 144).convert("L")).getbbox()
        assert box is not None
        images[anchor] = [edge / 288 * 100 for edge in box]
    assert images["start"][0] == pytest.approx(10, abs=1.5)
    assert sum(images["middle"][::2]) / 2 == pytest.approx(50, abs=1.5)
    assert images["end"][2] == pytest.approx(90, abs=2)
    assert images["start"][3] == pytest.approx(60, abs=1)  # on its baseline


def test_a_typeface_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = '<text y="50" font-family="{}">Academy</text>'
    problems: list[Problem] = []
    assert artwork.image(svg(tmp_path, text.format("Papyrus")), 99, 99, problems) is None
    assert "outlines" in problems[0].hint and "Papyrus" in problems[0].message
    assert not problems[0].hint.startswith("Or")
    problems.clear()
    assert artwork.image(svg(tmp_path, text.format("Papyrus, sans-serif")), 99, 99, problems) is not None
    assert only(problems, "svg-text").severity == "warning"
    refused(svg(tmp_path, '<text y="50" font-family="Cinzel">漢字</text>'), "svg-text")


def test_pictures_within_svg_are_kept_as_pictures(tmp_path: Path) -> None:
    import base64

    out = io.BytesIO()
    logo().save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode()
    art = use(svg(tmp_path, f'<image width="100" height="100" xlink:href="data:image/png;base64,{data}"/>'))
    assert pixel(rendered(art, 100), 25, 50) == pytest.approx((11, 61, 98), abs=6)
    assert pixel(rendered(art, 100), 25, 10) == WHITE


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<script>alert(1)</script>", "active-svg"),
        ('<rect onclick="alert(1)" width="9" height="9"/>', "active-svg"),
        ('<foreignObject width="9" height="9"/>', "active-svg"),
        ('<image width="9" height="9" xlink:href="file:///etc/passwd"/>', "outside-svg"),
        ('<image width="9" height="9" href="https://example.org/pixel.png"/>', "outside-svg"),
        ('<use href="other.svg#part"/>', "outside-svg"),
        ('<rect width="9" height="9" fill="url(http://example.org/a.svg#g)"/>', "outside-svg"),
        ('<defs><image href="../secret.png"/></defs>', "outside-svg"),
        ("<style>@import url(https://example.org/a.css);</style>", "style-in-svg"),
        ("<style>a > b { fill: red }</style>", "style-in-svg"),
        ('<rect width="9" height="9" filter="url(#f)"/><filter id="f"/>', "svg-feature"),
        ('<rect width="9" height="9" mask="url(#m)"/><mask id="m"/>', "svg-feature"),
        ('<rect width="9" height="9" fill="url(#p)"/><pattern id="p"/>', "svg-feature"),
        ('<path d="M0 0h9" marker-end="url(#m)"/><marker id="m"/>', "svg-feature"),
        ('<rect width="9" height="9" fill="paisley"/>', "svg-feature"),
        ('<rect width="9parsec" height="9"/>', "svg-feature"),
        ('<rect width="9" height="9" style="mix-blend-mode:multiply"/>', "svg-feature"),
        ('<text x="1 2 3" y="9" font-family="Cinzel">abc</text>', "svg-feature"),
        ('<text y="9"><textPath href="#p">abc</textPath></text>', "svg-feature"),
        ('<rect width="9" height="9"><animate attributeName="x"/></rect><animate/>', "svg-feature"),
        (
            '<linearGradient id="g" spreadMethod="repeat"><stop/></linearGradient>'
            '<rect width="9" height="9" fill="url(#g)"/>',
            "svg-feature",
        ),
        ('<rect width="9" height="9" transform="perspective(3)"/>', "svg-feature"),
        ('<use href="#a"/>', "damaged-svg"),
        ('<g id="a"><use href="#a"/></g>', "damaged-svg"),
        ('<path d="nonsense"/>', "damaged-svg"),
        ("<g>", "damaged-svg"),
        ('<rect width="1e999" height="9"/>', "damaged-svg"),
        ('<rect width="9" height="9" style="font:bold 9px Arial"/>', "svg-feature"),
        ('<rect width="9em" height="9"/>', "svg-feature"),
        ("<g>" * 100 + "</g>" * 100, "large-svg"),
        (
            '<g id="a">'
            + "<path d='M0 0h1'/>" * 60
            + "</g>"
            + "".join(f'<g id="{b}">' + f'<use href="#{a}"/>' * 40 + "</g>" for a, b in ("ab", "bc", "cd")),
            "large-svg",
        ),
    ],
)
def test_svg_that_is_hostile_or_not_understood_is_refused(tmp_path: Path, inside: str, code: str) -> None:
    refused(svg(tmp_path, inside), code)


def test_entities_are_never_expanded_and_a_plain_doctype_does_no_harm(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    bomb = f'<!DOCTYPE svg [<!ENTITY l0 "lol">{laughs}]>'
    refused(svg(tmp_path, "<desc>&l9;</desc>", before=bomb), "entity-in-svg")
    outside = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    refused(svg(tmp_path, "<desc>&x;</desc>", before=outside), "entity-in-svg")
    harmless = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    use(svg(tmp_path, '<rect width="9" height="9"/>', before=harmless))


def test_svg_sizes(tmp_path: Path) -> None:
    art = use(svg(tmp_path, "", 'viewBox="10 10 200 50"'), 100, 100)
    assert (art.width, art.height) == (100, 25)
    art = use(svg(tmp_path, "", 'width="30mm" height="60mm"'), 100, 100)
    assert (art.width, art.height) == pytest.approx((50, 100))
    refused(svg(tmp_path, "", ""), "no-size")
    moved = use(
        svg(tmp_path, '<rect x="-50" y="-50" width="50" height="100" fill="red"/>', 'viewBox="-50 -50 100 100"')
    )
    assert pixel(rendered(moved), 25, 50) == RED and pixel(rendered(moved), 75, 50) == WHITE


# --- designers' pages -------------------------------------------------------------------------


def designed(
    size: tuple[float, float] = A4, bleed: float = 3 * MM, change: Callable[[pikepdf.Pdf, Any], None] | None = None,
    drawing: bytes = b"0.9 0.2 0.1 rg 0 0 2000 2000 re f\n",
) -> bytes:  # fmt: skip
    """A designer's page: trim and bleed boxes within a larger sheet."""
    edge = 20.0
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(size[0] + 2 * edge, size[1] + 2 * edge))
    page.obj.TrimBox = Array([edge, edge, edge + size[0], edge + size[1]])
    page.obj.BleedBox = Array([edge - bleed, edge - bleed, edge + size[0] + bleed, edge + size[1] + bleed])
    page.obj.Contents = pdf.make_stream(drawing)
    page.obj.Resources = Dictionary()
    if change:
        change(pdf, page.obj)
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def background(folder: Path, data: bytes, name: str = "design.pdf") -> tuple[Artwork | None, list[Problem]]:
    (folder / name).write_bytes(data)
    problems: list[Problem] = []
    return artwork.background(folder / name, *A4, problems), problems


def test_a_background_is_placed_by_its_trim_box_with_its_bleed(tmp_path: Path) -> None:
    art, problems = background(tmp_path, designed())
    assert art is not None and not problems
    assert (art.width, art.height) == pytest.approx(A4, abs=0.01)
    assert art.origin == pytest.approx((20, 20))
    with pikepdf.open(io.BytesIO(art.pdf)) as pdf:
        box = [float(edge) for edge in pdf.pages[0].mediabox]
    assert box == pytest.approx([20 - 3 * MM, 20 - 3 * MM, 20 + A4[0] + 3 * MM, 20 + A4[1] + 3 * MM], abs=0.01)
    assert background(tmp_path, designed())[0] == art


def font(embedded: bool, unicode: bool) -> Callable[[pikepdf.Pdf, Any], None]:
    def change(pdf: pikepdf.Pdf, page: Any) -> None:
        descriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name("/ABCDEF+Frutiger"), Flags=4)
        if embedded:
            descriptor.FontFile3 = pdf.make_stream(b"")
        described = Dictionary(
            Type=Name.Font, Subtype=Name.Type0, BaseFont=Name("/ABCDEF+Frutiger"), Encoding=Name("/Identity-H"),
            DescendantFonts=Array([Dictionary(Type=Name.Font, Subtype=Name.CIDFontType0, FontDescriptor=descriptor)]),
        )  # fmt: skip
        if unicode:
            described.ToUnicode = pdf.make_stream(b"")
        page.Resources.Font = Dictionary(F=pdf.make_indirect(described))

    return change


def resource(kind: str, make: Callable[[pikepdf.Pdf], Any]) -> Callable[[pikepdf.Pdf, Any], None]:
    def change(pdf: pikepdf.Pdf, page: Any) -> None:
        page.Resources[kind] = Dictionary({"/X": make(pdf)})

    return change


def root(**entries: Any) -> Callable[[pikepdf.Pdf, Any], None]:
    def change(pdf: pikepdf.Pdf, page: Any) -> None:
        for key, value in entries.items():
            pdf.Root[f"/{key}"] = value

    return change


def on_page(**entries: Any) -> Callable[[pikepdf.Pdf, Any], None]:
    def change(pdf: pikepdf.Pdf, page: Any) -> None:
        for key, value in entries.items():
            page[f"/{key}"] = value

    return change


def image_of(**entries: Any) -> Callable[[pikepdf.Pdf], Any]:
    return lambda pdf: pdf.make_stream(
        b"\0\0\0\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8, **entries
    )


def form_with(drawing: bytes) -> Callable[[pikepdf.Pdf], Any]:
    return lambda pdf: pdf.make_stream(
        drawing, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9], Resources=Dictionary()
    )


SCRIPT = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
OFF = Dictionary(OCGs=Array(), D=Dictionary(OFF=Array([Dictionary(Type=Name.OCG, Name="draft")])))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (root(OpenAction=SCRIPT), "active-design"),
        (root(Names=Dictionary(JavaScript=Dictionary(Names=Array(["a", SCRIPT])))), "active-design"),
        (on_page(AA=Dictionary(O=SCRIPT)), "active-design"),
        (root(Names=Dictionary(EmbeddedFiles=Dictionary(Names=Array()))), "attachment-in-design"),
        (root(AcroForm=Dictionary(Fields=Array([Dictionary(FT=Name.Tx)]))), "form-in-design"),
        (on_page(Annots=Array([Dictionary(Subtype=Name.Link, Rect=Array([0, 0, 1, 1]))])), "annotation-in-design"),
        (root(OCProperties=OFF), "hidden-layers"),
        (on_page(Rotate=90), "rotated-design"),
        (on_page(UserUnit=2), "odd-unit"),
        (font(embedded=False, unicode=True), "font-not-embedded"),
        (font(embedded=True, unicode=False), "font-without-text"),
        (resource("/XObject", image_of(ColorSpace=Name.DeviceCMYK)), "cmyk-design"),
        (
            resource("/XObject", image_of(ColorSpace=Array([Name.Indexed, Name.DeviceCMYK, 0, b"\0\0\0\0"]))),
            "cmyk-design",
        ),
        (resource("/XObject", image_of(Filter=Name.JPXDecode)), "jpeg2000"),
        (resource("/XObject", form_with(b"0 0 0 1 k 0 0 9 9 re f")), "cmyk-design"),
        (resource("/XObject", form_with(b"/DeviceCMYK cs 0 0 0 1 sc")), "cmyk-design"),
        (
            resource("/ColorSpace", lambda _: Array([Name.Separation, Name.Gold, Name.DeviceCMYK, Dictionary()])),
            "cmyk-design",
        ),
        (resource("/ExtGState", lambda _: Dictionary(TR=Dictionary(FunctionType=2))), "transfer"),
        (resource("/ExtGState", lambda _: Dictionary(BM=Name.Sparkle)), "odd-design"),
        (resource("/XObject", lambda pdf: pdf.make_stream(b"", Subtype=Name.PS)), "odd-design"),
        (lambda pdf, page: pdf.pages.append(pdf.pages[0]), "many-pages"),
    ],
)
def test_what_an_archival_file_must_not_hold_is_asked_to_be_changed(
    tmp_path: Path, change: Callable[[pikepdf.Pdf, Any], None], code: str
) -> None:
    art, problems = background(tmp_path, designed(change=change))
    assert art is None
    problem = only(problems, code)
    assert problem.hint.startswith("Ask ")


def test_the_size_is_told_in_millimetres(tmp_path: Path) -> None:
    art, problems = background(tmp_path, designed((A4[0] - 10 * MM, A4[1])))
    assert art is None
    problem = only(problems, "wrong-size")
    assert "287.0 x 210.0 mm" in problem.message and "297.0 x 210.0 mm" in problem.message
    assert background(tmp_path, designed((A4[0] - 0.9 * MM, A4[1])))[0] is not None


def test_protected_damaged_and_endless_files_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(designed())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    only(background(tmp_path, out.getvalue())[1], "encrypted-design")
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(designed())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="", owner="secret"))
    only(background(tmp_path, out.getvalue())[1], "encrypted-design")
    only(background(tmp_path, b"%PDF-1.7\nnothing")[1], "damaged-design")

    def endless(pdf: pikepdf.Pdf, page: Any) -> None:
        packed = zlib.compress(b"\0" * (300 * 2**20), 9)
        page.Contents = pdf.make_stream(packed, Filter=Name.FlateDecode)

    only(background(tmp_path, designed(change=endless))[1], "large-design")

    def itself(pdf: pikepdf.Pdf, page: Any) -> None:
        form = form_with(b"/X Do")(pdf)
        form.Resources.XObject = Dictionary(X=form)
        page.Resources.XObject = Dictionary(X=form)

    art, problems = background(tmp_path, designed(change=itself))
    assert art is None or not problems


def test_tags_and_layers_are_taken_out_and_the_looks_stay(tmp_path: Path) -> None:
    drawing = (
        b"/Artifact BMC /OC /L BDC 0.9 0.2 0.1 rg 0 0 2000 2000 re f EMC EMC\n"
        b"/P <</MCID 0>> BDC 0 0 1 rg 100 100 50 50 re f EMC /X Do /T MP\n"
    )

    def tagged(pdf: pikepdf.Pdf, page: Any) -> None:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="art"))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(Order=Array([layer])))
        pdf.Root.StructTreeRoot = Dictionary(Type=Name.StructTreeRoot)
        page.StructParents = 0
        form = form_with(b"/Span <</MCID 1>> BDC 0 1 0 rg 0 0 9 9 re f EMC")(pdf)
        form.OC, form.StructParents = layer, 1
        page.Resources = Dictionary(Properties=Dictionary(L=layer), XObject=Dictionary(X=form))

    plain = b"0.9 0.2 0.1 rg 0 0 2000 2000 re f 0 0 1 rg 100 100 50 50 re f 0 1 0 rg 0 0 9 9 re f"
    art, problems = background(tmp_path, designed(change=tagged, drawing=drawing))
    expected, _ = background(tmp_path, designed(drawing=plain))
    assert art is not None and expected is not None and not problems
    assert rendered(art).tobytes() == rendered(expected).tobytes()
    form = resources(art).XObject["/X"]
    assert "/OC" not in form and "/StructParents" not in form and b"BDC" not in form.read_bytes()
    assert b"MC" not in content(art) and b"BDC" not in content(art)
    assert "/Properties" not in resources(art)
    data = wrapped(art)
    judges.conforms(data)
    judges.sound(data)


def test_what_a_layout_program_writes_passes_both_standards(tmp_path: Path) -> None:
    """ReportLab as the designer: embedded font, gradient, soft mask, opacity; its ToUnicode maps to U+0000."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    face = FontBook().face("Source Sans 3")
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.linearGradient(0, 0, A4[0], 0, ((1, 0.97, 0.9), (0.9, 0.95, 1)))
    picture = logo(mode="RGBA")
    picture.putalpha(120)
    canvas.drawImage(ImageReader(picture), 50, 50, 100, 50, mask="auto")
    canvas.setFillAlpha(0.5)
    canvas.circle(300, 300, 80, fill=1)
    pdfmetrics.registerFont(TTFont("Body", str(face.path)))
    canvas.setFont("Body", 20)
    canvas.drawString(100, 400, "Academy")
    canvas.showPage()
    canvas.save()
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:  # ReportLab names Helvetica on every page
        fonts = pdf.pages[0].obj.Resources.get("/Font", Dictionary())
        for key in [key for key, value in fonts.items() if str(value.get("/BaseFont")) == "/Helvetica"]:
            del fonts[key]
        clean = io.BytesIO()
        pdf.save(clean)
    art, problems = background(tmp_path, clean.getvalue())
    assert art is not None and not problems
    data = wrapped(art)
    judges.conforms(data)
    judges.sound(data)


def test_logos_may_be_pdf_and_backgrounds_bitmaps_or_svg(tmp_path: Path) -> None:
    (tmp_path / "logo.pdf").write_bytes(designed((200, 100)))
    art = use(tmp_path / "logo.pdf", 50, 50)
    assert (art.width, art.height, art.origin) == (50, 25, (0, 0))
    assert rendered(art).getpixel((25, 12)) == pytest.approx((230, 51, 26), abs=2)

    out = io.BytesIO()
    logo((2970, 2100)).save(out, "PNG")
    found, problems = background(tmp_path, out.getvalue(), "design.png")
    assert found is not None and not problems and (found.width, found.height) == pytest.approx(A4)
    out = io.BytesIO()
    logo((297, 210)).save(out, "PNG")
    found, problems = background(tmp_path, out.getvalue(), "design.png")
    assert found is not None and only(problems, "coarse-background").severity == "warning"
    out = io.BytesIO()
    logo((2000, 2100)).save(out, "PNG")
    only(background(tmp_path, out.getvalue(), "design.png")[1], "wrong-size")
    page = svg(tmp_path, '<rect width="297" height="210" fill="red"/>', 'viewBox="0 0 297 210"')
    found, problems = background(tmp_path, page.read_bytes(), "design.svg")
    assert found is not None and not problems and found.width == pytest.approx(A4[0])
    page = svg(tmp_path, "", 'viewBox="0 0 210 297"')
    only(background(tmp_path, page.read_bytes(), "design.svg")[1], "wrong-size")


# --- anything at all --------------------------------------------------------------------------


def _wholes() -> dict[str, bytes]:
    out = io.BytesIO()
    logo((60, 40), "RGBA").save(out, "PNG")
    svg_file = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><style>.a{fill:red}</style><linearGradient id="g">'
        '<stop offset=".5" stop-color="#abc"/></linearGradient><path class="a" transform="rotate(3 1 2)" '
        'd="M1 1a2 2 0 0 1 3 3q1,1 2,2t1 1z" fill="url(#g)" stroke="navy" stroke-dasharray="1 2"/></svg>'
    )
    return {"a.png": out.getvalue(), "a.svg": svg_file.encode(), "a.pdf": designed((100, 60))}


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf"])
@given(data=st.data())
def test_no_damage_is_a_traceback(name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    whole = bytearray(_wholes()[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(bytes(whole))
    for use_it in (artwork.image, artwork.background):
        problems: list[Problem] = []
        art = use_it(path, 99.0, 99.0, problems)
        assert (art is None) == any(problem.severity == "error" for problem in problems)
