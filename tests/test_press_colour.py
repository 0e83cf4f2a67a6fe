"""Pictures of every kind in the colours of a press: nothing of a screen is left, and they look the same."""

from __future__ import annotations

import io
import random
import re
import zlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import pressed
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from PIL import Image, ImageCms

from certgen import artwork
from certgen.errors import CertgenError
from certgen.model import Spot
from certgen.page import Artwork
from certgen.pdf.profile import Profile
from certgen.pdf.separation import Press

NAVY = (0x0B / 255, 0x3D / 255, 0x62 / 255)
PANTONE = Spot("PANTONE 541 C", (100, 58, 9, 46))
ROOT = Path(__file__).resolve().parent.parent
SIZE = (200.0, 200.0)


def press(primary: Spot | None = None) -> Press:
    return Press(Profile.of(None), {NAVY: primary} if primary else {})


def printed(pdf: bytes, ink: Press | None = None) -> bytes:
    return (ink or press()).artwork(Artwork(pdf, *SIZE), "designer.pdf|200").pdf


# --- designers' pages ----------------------------------------------------------------------------


def decimals(*values: float) -> Any:
    return [Decimal(f"{value:.4f}") for value in values]


def icc(pdf: Pdf, name: str = "sRGB") -> Array:
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return Array([Name.ICCBased, pdf.make_stream(data, N=3)])


def cal_rgb(pdf: Pdf, gamma: float = 2.2) -> Array:
    matrix = decimals(0.4124, 0.2126, 0.0193, 0.3576, 0.7152, 0.1192, 0.1805, 0.0722, 0.9505)
    return Array(
        [
            Name.CalRGB,
            Dictionary(WhitePoint=decimals(0.9505, 1, 1.089), Gamma=decimals(gamma, gamma, gamma), Matrix=matrix),
        ]
    )


def lab(pdf: Pdf) -> Array:
    return Array([Name.Lab, Dictionary(WhitePoint=decimals(0.9642, 1, 0.8249), Range=[-128, 127, -128, 127])])


def from_to(first: tuple[float, ...], last: tuple[float, ...]) -> Dictionary:
    return Dictionary(FunctionType=2, Domain=[0, 1], C0=decimals(*first), C1=decimals(*last), N=1)


RAINBOW = [(0.8, 0.2, 0.2), (0.9, 0.7, 0.3), (0.3, 0.6, 0.4), (0.2, 0.3, 0.6)]


def stitched() -> Dictionary:
    parts = [from_to(RAINBOW[at], RAINBOW[at + 1]) for at in range(3)]
    return Dictionary(
        FunctionType=3, Domain=[0, 1], Functions=Array(parts), Bounds=decimals(0.3, 0.6), Encode=[0, 1, 0, 1, 1, 0]
    )


def program(pdf: Pdf, text: str, inputs: int, outputs: int) -> Stream:
    return pdf.make_stream(text.encode("ascii"), FunctionType=4, Domain=[0, 1] * inputs, Range=[-128, 128] * outputs)


def axial(pdf: Pdf, function: Any, space: Any = Name.DeviceRGB, **more: Any) -> Dictionary:
    return Dictionary(
        ShadingType=2, ColorSpace=space, Coords=[20, 20, 180, 180], Function=function, Extend=[True, True], **more
    )


def sampled(pdf: Pdf) -> Stream:
    data = bytes(round(255 * part) for colour in RAINBOW for part in colour)
    return pdf.make_stream(data, FunctionType=0, Domain=[0, 1], Range=[0, 1] * 3, Size=[4], BitsPerSample=8)


def two_ways(pdf: Pdf) -> Dictionary:
    return Dictionary(
        ShadingType=1,
        ColorSpace=Name.DeviceRGB,
        Domain=[0, 1, 0, 1],
        Matrix=[160, 0, 0, 160, 20, 20],
        Function=program(pdf, "{ 0.2 mul 0.4 add exch 0.3 mul dup 0.3 add exch 0.2 add 3 1 roll }", 2, 3),
    )


def mesh(pdf: Pdf, *, table: bool) -> Stream:
    """A triangle whose corners have colours, of a table or of their own."""
    corners = [(0, 0, 0.0), (255, 0, 0.5), (128, 255, 1.0)]
    data = b""
    for x, y, t in corners:
        colour = [t] if table else RAINBOW[round(2 * t)]
        data += bytes([0, x, y, *(round(255 * part) for part in colour)])
    more: dict[str, Any] = {"Function": stitched()} if table else {}
    return pdf.make_stream(
        data,
        ShadingType=4,
        ColorSpace=Name.DeviceRGB,
        BitsPerCoordinate=8,
        BitsPerComponent=8,
        BitsPerFlag=8,
        Decode=[20, 180, 20, 180, *([0, 1] if table else [0, 1] * 3)],
        **more,
    )


def patch(pdf: Pdf) -> Stream:
    """Two patches with a side in common, in 16 bits."""
    one = [
        (0, 0),
        (0, 20),
        (0, 40),
        (0, 60),
        (20, 70),
        (40, 50),
        (60, 60),
        (60, 40),
        (60, 20),
        (60, 0),
        (40, 10),
        (20, 10),
    ]
    two = [(80, 70), (100, 50), (120, 60), (120, 40), (120, 20), (120, 0), (100, 10), (80, 10)]
    data = b""
    for flag, points, colours in ((0, one, RAINBOW), (2, two, RAINBOW[:2])):
        data += bytes([flag])
        data += b"".join(round(65535 * part / 120).to_bytes(2, "big") for point in points for part in point)
        data += b"".join(round(65535 * part).to_bytes(2, "big") for colour in colours for part in colour)
    return pdf.make_stream(
        data,
        ShadingType=6,
        ColorSpace=Name.DeviceRGB,
        BitsPerCoordinate=16,
        BitsPerComponent=16,
        BitsPerFlag=8,
        Decode=[20, 180, 20, 180, 0, 1, 0, 1, 0, 1],
    )


def picture(mode: str = "RGB", size: int = 24) -> Image.Image:
    """Colours that change slowly, few of them grey, and that a press can print."""
    image = Image.new("RGB", (size, size))
    for x in range(size):
        for y in range(size):
            image.putpixel((x, y), (90 + 100 * x // size, 90 + 60 * y // size, 160 - 90 * x // size))
    return image.convert(mode)


def image(pdf: Pdf, data: bytes, space: Any, bits: int = 8, size: int = 24, **more: Any) -> Stream:
    stream = pdf.make_stream(
        zlib.compress(data),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=size,
        Height=size,
        ColorSpace=space,
        BitsPerComponent=bits,
        Filter=Name.FlateDecode,
    )
    for key, value in more.items():
        stream[f"/{key}"] = value
    return stream


def jpeg(pdf: Pdf) -> Stream:
    out = io.BytesIO()
    picture(size=64).save(out, "JPEG", quality=95, subsampling=0)
    return pdf.make_stream(
        out.getvalue(),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=64,
        Height=64,
        ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )


def indexed(pdf: Pdf) -> Stream:
    few = picture().quantize(16)
    table = bytes(few.getpalette() or ())[:48]
    pixels = few.tobytes()
    packed = bytes(pixels[at] << 4 | pixels[at + 1] for at in range(0, len(pixels), 2))
    return image(pdf, packed, Array([Name.Indexed, Name.DeviceRGB, 15, String(table)]), bits=4)


def deep(pdf: Pdf) -> Stream:
    return image(pdf, b"".join(bytes((part, 0)) for part in picture().tobytes()), Name.DeviceRGB, bits=16)


def lab_picture(pdf: Pdf) -> Stream:
    pixels = [(50 + x, y - 12 & 255, 40 - 2 * x & 255) for y in range(24) for x in range(24)]
    shifted = bytes(
        part if at == 0 else part ^ 128 for pixel in pixels for at, part in enumerate((pixel[0] * 2, *pixel[1:]))
    )
    return image(pdf, shifted, lab(pdf))


def shaded(pdf: Pdf) -> Stream:
    soft = image(pdf, bytes(min(255, 11 * (at % 24)) for at in range(576)), Name.DeviceGray)
    return image(pdf, picture().tobytes(), Name.DeviceRGB, SMask=soft)


def form(pdf: Pdf, content: str, **entries: Any) -> Stream:
    stream = pdf.make_stream(content.encode("ascii"), Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 200, 200])
    for key, value in entries.items():
        stream[f"/{key}"] = value
    return stream


def see_through(pdf: Pdf) -> Dictionary:
    group = Dictionary(S=Name.Transparency, CS=Name.DeviceRGB)
    inside = form(pdf, "0.8 0.3 0.2 rg 20 20 120 120 re f 0.2 0.5 0.7 rg 60 60 120 120 re f", Group=group)
    return Dictionary(XObject=Dictionary(F=inside), ExtGState=Dictionary(S=Dictionary(ca=Decimal("0.5"))))


def masked(pdf: Pdf) -> Dictionary:
    group = Dictionary(S=Name.Transparency, CS=Name.DeviceRGB)
    fading = Dictionary(Shading=Dictionary(S=axial(pdf, from_to((1, 0.9, 0.8), (0, 0.1, 0.2)))))
    drawing = form(pdf, "/S sh", Group=group, Resources=fading)
    mask = Dictionary(Type=Name.Mask, S=Name.Luminosity, G=drawing, BC=[0, 0, 0])
    return Dictionary(ExtGState=Dictionary(M=Dictionary(SMask=mask)))


def tiles(pdf: Pdf, *, coloured: bool) -> Dictionary:
    content = ("0.8 0.4 0.2 rg " if coloured else "") + "2 2 12 12 re f"
    tile = pdf.make_stream(
        content.encode("ascii"),
        PatternType=1,
        PaintType=1 if coloured else 2,
        TilingType=1,
        BBox=[0, 0, 16, 16],
        XStep=16,
        YStep=16,
        Resources=Dictionary(),
    )
    spaces = Dictionary(U=Array([Name.Pattern, Name.DeviceRGB]))
    return Dictionary(Pattern=Dictionary(P=tile), ColorSpace=spaces)


def letters(pdf: Pdf) -> Dictionary:
    glyph = pdf.make_stream(b"800 0 d0 0.7 0.3 0.5 rg 0 0 600 700 re f")
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type3,
        FontBBox=[0, 0, 1000, 1000],
        FontMatrix=[Decimal("0.001"), 0, 0, Decimal("0.001"), 0, 0],
        CharProcs=Dictionary(a=glyph),
        Encoding=Dictionary(Differences=[97, Name.a]),
        FirstChar=97,
        LastChar=97,
        Widths=[800],
    )
    return Dictionary(Font=Dictionary(T=font))


def spaces(**named: Any) -> Dictionary:
    return Dictionary(ColorSpace=Dictionary({f"/{key}": value for key, value in named.items()}))


def shown(thing: Any) -> Dictionary:
    return Dictionary(XObject=Dictionary(I=thing))


def shades(thing: Any) -> Dictionary:
    return Dictionary(Shading=Dictionary(S=thing))


WHOLE = "20 20 160 160 re"
IMAGE = "q 160 0 0 160 20 20 cm /I Do Q"
TO_LAB = "{ dup dup 100 exch 45 mul sub 3 1 roll 12 mul exch 40 mul }"
INLINE = "q 160 0 0 160 20 20 cm BI /W 2 /H 2 /CS /RGB /BPC 8 /F /AHx ID C04020 40A060 3050A0 D0B040> EI Q"
PAGES: dict[str, Callable[[Pdf], tuple[str, Dictionary]]] = {
    "operators": lambda pdf: (f"q 0.8 0.3 0.2 rg {WHOLE} f Q 0.2 0.5 0.3 RG 9 w 50 50 100 100 re S", Dictionary()),
    "icc": lambda pdf: (f"/C cs 0.8 0.3 0.2 scn {WHOLE} f", spaces(C=icc(pdf))),
    "calibrated": lambda pdf: (f"/C cs 0.6 0.4 0.3 sc {WHOLE} f", spaces(C=cal_rgb(pdf))),
    "lab": lambda pdf: (f"/C cs 55 40 20 scn {WHOLE} f", spaces(C=lab(pdf))),
    "default": lambda pdf: (f"0.6 0.4 0.3 rg {WHOLE} f", spaces(DefaultRGB=cal_rgb(pdf, 1.5))),
    "table": lambda pdf: (
        f"/C cs 1 sc {WHOLE} f",
        spaces(C=Array([Name.Indexed, Name.DeviceRGB, 1, String(bytes((9, 9, 9, 200, 90, 40)))])),
    ),
    "gradient": lambda pdf: ("q 20 20 160 160 re W n /S sh Q", shades(axial(pdf, from_to(*RAINBOW[1:3])))),
    "stops": lambda pdf: ("/S sh", shades(axial(pdf, stitched()))),
    "samples": lambda pdf: ("/S sh", shades(axial(pdf, sampled(pdf)))),
    "each": lambda pdf: (
        "/S sh",
        shades(axial(pdf, Array([from_to((a,), (b,)) for a, b in zip(*RAINBOW[1:3], strict=True)]))),
    ),
    "ground": lambda pdf: (
        f"/Pattern cs /P scn {WHOLE} f",
        Dictionary(
            Pattern=Dictionary(
                P=Dictionary(
                    PatternType=2,
                    Shading=Dictionary(
                        ShadingType=3,
                        ColorSpace=icc(pdf),
                        Coords=[100, 100, 10, 100, 100, 60],
                        Function=stitched(),
                        Background=decimals(0.3, 0.5, 0.4),
                    ),
                )
            )
        ),
    ),
    "two ways": lambda pdf: ("/S sh", shades(two_ways(pdf))),
    "mesh": lambda pdf: ("/S sh", shades(mesh(pdf, table=False))),
    "patch": lambda pdf: ("/S sh", shades(patch(pdf))),
    "mesh of a table": lambda pdf: ("/S sh", shades(mesh(pdf, table=True))),
    "tiles": lambda pdf: (f"/Pattern cs /P scn {WHOLE} f", tiles(pdf, coloured=True)),
    "stencil tiles": lambda pdf: (f"/U cs 0.3 0.6 0.4 /P scn {WHOLE} f", tiles(pdf, coloured=False)),
    "see-through": lambda pdf: ("0.9 0.8 0.3 rg 0 0 100 200 re f /S gs /F Do", see_through(pdf)),
    "picture": lambda pdf: (IMAGE, shown(image(pdf, picture().tobytes(), Name.DeviceRGB))),
    "icc picture": lambda pdf: (IMAGE, shown(image(pdf, picture().tobytes(), icc(pdf)))),
    "calibrated picture": lambda pdf: (IMAGE, shown(image(pdf, picture().tobytes(), cal_rgb(pdf)))),
    "jpeg": lambda pdf: (IMAGE, shown(jpeg(pdf))),
    "palette": lambda pdf: (IMAGE, shown(indexed(pdf))),
    "sixteen bits": lambda pdf: (IMAGE, shown(deep(pdf))),
    "four bits": lambda pdf: (
        IMAGE,
        shown(image(pdf, (bytes.fromhex("967967") * 12 + bytes.fromhex("587587") * 12) * 12, Name.DeviceRGB, bits=4)),
    ),
    "upside down": lambda pdf: (
        IMAGE,
        shown(image(pdf, picture().tobytes(), Name.DeviceRGB, Decode=[1, 0, 1, 0, 1, 0])),
    ),
    "keyed": lambda pdf: (
        IMAGE,
        shown(image(pdf, picture().tobytes(), Name.DeviceRGB, Mask=[0, 130, 0, 255, 0, 255])),
    ),
    "shaded": lambda pdf: (IMAGE, shown(shaded(pdf))),
    "lab picture": lambda pdf: (IMAGE, shown(lab_picture(pdf))),
    "grey picture": lambda pdf: (
        IMAGE + f" 0.5 0.3 0.2 RG {WHOLE} S",
        shown(image(pdf, bytes(range(70, 230)) * 4, Name.DeviceGray)),
    ),
    "inline": lambda pdf: (INLINE, Dictionary()),
    "letters": lambda pdf: ("BT /T 90 Tf 30 60 Td (aa) Tj ET", letters(pdf)),
    "ink": lambda pdf: (
        f"/C cs 0.7 scn {WHOLE} f",
        spaces(C=Array([Name.Separation, Name("/Gold"), Name.DeviceRGB, from_to((1, 1, 1), (0.7, 0.5, 0.2))])),
    ),
    "lab ink": lambda pdf: (
        f"/C cs 0.7 scn {WHOLE} f",
        spaces(C=Array([Name.Separation, Name("/Gold"), lab(pdf), program(pdf, TO_LAB, 1, 3)])),
    ),
}  # fmt: skip
# How far 98 of 100 pixels may be off, in CIE76. Colours that shine through each other mix otherwise in inks than in
# light, and so do those between the corners of a mesh; shadows of a photograph are a little lighter in black alone.
BOUNDS = {"see-through": 11.0, "mesh": 16.0, "patch": 8.0, "grey picture": 5.0}
BOUND = 3.0


class Gallery(NamedTuple):
    """A page of each kind before and after, and how far the pixels are apart."""

    before: dict[str, bytes]
    after: dict[str, bytes]
    apart: dict[str, list[float]]


@pytest.fixture(scope="module", name="gallery")
def _gallery() -> Gallery:
    before = {}
    for kind, make in PAGES.items():
        pdf = Pdf.new()
        before[kind] = pressed.page(*make(pdf), pdf)
    after = {kind: printed(data) for kind, data in before.items()}
    looks = zip(pressed.seen(*before.values(), dpi=40), pressed.seen_on_paper(*after.values(), dpi=40), strict=True)
    return Gallery(before, after, {kind: pressed.apart(*look) for kind, look in zip(PAGES, looks, strict=True)})


@pytest.mark.parametrize("kind", PAGES)
def test_pictures_of_every_kind_come_out_without_a_screens_colours_and_look_the_same(
    gallery: Gallery, kind: str
) -> None:
    assert pressed.screen_colours(gallery.before[kind])
    assert pressed.screen_colours(gallery.after[kind]) == []
    off = gallery.apart[kind]
    assert off[int(len(off) * 0.98)] < BOUNDS.get(kind, BOUND), off[-1]


def test_a_soft_mask_lets_through_as_much_as_before() -> None:
    """pdfium tells: Ghostscript takes a mask in grey for a picture in grey, and bends it."""
    pdfium = pytest.importorskip("pypdfium2")
    pdf = Pdf.new()
    before = pressed.page(f"/M gs 0 g {WHOLE} f", masked(pdf), pdf)
    after = printed(before)
    assert pressed.screen_colours(after) == []
    looks = [pdfium.PdfDocument(data)[0].render(scale=1).to_pil().convert("L") for data in (before, after)]
    ink = pdfium.PdfDocument(pressed.page("0 0 0 1 k 0 0 200 200 re f", Dictionary(), Pdf.new()))[0].render(scale=1)
    black = ink.to_pil().convert("L").getpixel((9, 9))  # what pdfium takes black alone for
    for x in range(30, 180, 10):
        old, new = (look.getpixel((x, 200 - x)) for look in looks)
        assert abs((255 - old) * (255 - black) / 255 - (255 - new)) < 6


def test_a_soft_mask_that_is_turned_round_stays_so(tmp_path: Path) -> None:
    """As Chromium writes it: what is drawn in the mask hides."""
    pdfium = pytest.importorskip("pypdfium2")
    pdf = Pdf.new()
    hidden = form(pdf, "0 g 20 20 160 160 re f", Group=Dictionary(S=Name.Transparency, CS=Name.DeviceGray))
    mask = Dictionary(Type=Name.Mask, S=Name.Alpha, G=hidden, TR=from_to((1,), (0,)))
    states = Dictionary(ExtGState=Dictionary(M=Dictionary(SMask=mask)))
    file = tmp_path / "logo.pdf"
    file.write_bytes(pressed.page("/M gs 0.8 0.2 0.1 rg 0 0 200 200 re f", states, pdf))
    made = artwork.image(file, 200, 200, [])
    assert made is not None
    for data in (made.pdf, printed(made.pdf)):
        look = pdfium.PdfDocument(data)[0].render(scale=1).to_pil().convert("RGB")
        assert look.getpixel((100, 100)) == (255, 255, 255) and look.getpixel((5, 100)) != (255, 255, 255)


# --- what stays ------------------------------------------------------------------------------


def test_a_designers_own_plates_stay_as_they_are() -> None:
    pdf = Pdf.new()
    gold = Array([Name.Separation, Name("/Gold"), Name.DeviceCMYK, from_to((0, 0, 0, 0), (0.1, 0.3, 0.8, 0.1))])
    duo = program(pdf, "{ 0 exch 0 exch }", 2, 4)
    two = Array([Name.DeviceN, Array([Name("/Red"), Name("/Blue")]), Name.DeviceCMYK, duo])
    content = "0.1 0.2 0.3 0.4 k 10 10 50 50 re f /One cs 0.5 scn 70 10 50 50 re f /Two cs 0.4 0.6 scn 10 70 50 50 re f"
    before = pressed.page(content, spaces(One=gold, Two=two), pdf)
    after = printed(before)
    assert pressed.screen_colours(after) == []
    old, new = pressed.plates(before), pressed.plates(after)
    assert old.keys() == new.keys() == {*pressed.PROCESS, "Gold", "Red", "Blue"}
    for name, plate in old.items():
        assert plate.tobytes() == new[name].tobytes(), name


def test_one_bit_pictures_and_stencils_stay_as_they_are() -> None:
    pdf = Pdf.new()
    bits = bytes(range(72))
    drawn = Dictionary(XObject=Dictionary(I=image(pdf, bits, Name.DeviceGray, bits=1)))
    drawn.XObject.S = pdf.make_stream(bits, Type=Name.XObject, Subtype=Name.Image, Width=24, Height=24)
    drawn.XObject.S.ImageMask = True
    before = pressed.page("q 99 0 0 99 0 0 cm /I Do Q 0.8 0.2 0.1 rg q 90 0 0 90 100 100 cm /S Do Q", drawn, pdf)
    with pikepdf.open(io.BytesIO(printed(before))) as made:
        names = made.pages[0].Resources.XObject
        assert names.I.read_bytes() == names.S.read_bytes() == bits
        assert names.I.ColorSpace == Name.DeviceGray and names.I.BitsPerComponent == 1


def test_an_ink_of_a_designers_has_one_mixture_in_all_pictures() -> None:
    ink = press()
    mixtures = []
    for colour in ((0.7, 0.5, 0.2), (0.2, 0.5, 0.7)):
        pdf = Pdf.new()
        space = Array([Name.Separation, Name("/Gold"), Name.DeviceRGB, from_to((1, 1, 1), colour)])
        after = printed(pressed.page(f"/C cs 1 scn {WHOLE} f", spaces(C=space), pdf), ink)
        with pikepdf.open(io.BytesIO(after)) as made:
            (array,) = [value for _, value in made.pages[0].Resources.ColorSpace.items()]
            mixtures.append(array[3].read_bytes())
    assert mixtures[0] == mixtures[1]


def test_an_issuers_ink_of_the_same_name_as_a_designers_is_the_issuers() -> None:
    pdf = Pdf.new()
    space = Array([Name.Separation, Name("/PANTONE 541 C"), Name.DeviceRGB, from_to((1, 1, 1), (0.9, 0.1, 0.1))])
    after = printed(pressed.page(f"/C cs 1 scn {WHOLE} f", spaces(C=space), pdf), press(primary=PANTONE))
    assert {name for name, plate in pressed.plates(after).items() if pressed.inked(plate)} == {"PANTONE 541 C"}
    with pikepdf.open(io.BytesIO(after)) as made:
        (array,) = [value for _, value in made.pages[0].Resources.ColorSpace.items()]
        assert [float(part) for part in array[3].C1] == [1, 0.58, 0.09, 0.46]


def test_what_is_drawn_twice_is_converted_once() -> None:
    pdf = Pdf.new()
    one = pdf.make_indirect(image(pdf, picture().tobytes(), Name.DeviceRGB))
    inside = pdf.make_indirect(form(pdf, "0.8 0.2 0.1 rg /I Do", Resources=shown(one)))
    drawn = Dictionary(XObject=Dictionary(I=one, J=one, F=inside, G=inside))
    with pikepdf.open(io.BytesIO(printed(pressed.page("/I Do /J Do /F Do /G Do /I Do", drawn, pdf)))) as made:
        kinds = [str(thing.get("/Subtype")) for thing in made.objects if isinstance(thing, Stream)]
    assert kinds.count("/Image") == kinds.count("/Form") == 1


# --- plates ----------------------------------------------------------------------------------


def test_glyphs_in_several_inks_keep_them_apart() -> None:
    pdf = Pdf.new()
    drawn = letters(pdf)
    other = pdf.make_stream(f"800 0 d0 {GOLDEN} rg 0 0 600 700 re f".encode())
    house = pdf.make_stream(f"800 0 d0 {HOUSE} rg 0 0 600 700 re f".encode())
    font: Any = drawn.Font.T
    font.CharProcs = Dictionary(a=house, b=other)
    font.Encoding = Dictionary(Differences=[97, Name.a, Name.b])
    font.LastChar, font.Widths = 98, Array([800, 800])
    gold = Spot("PANTONE 871 C", (20, 35, 75, 15))
    ink = Press(Profile.of(None), {NAVY: PANTONE, tuple(float(p) for p in GOLDEN.split()): gold})  # type: ignore[dict-item]
    found = pressed.plates(printed(pressed.page("BT /T 90 Tf 10 60 Td (ab) Tj ET", drawn, pdf), ink), dpi=36)
    used = {name for name, plate in found.items() if pressed.inked(plate)}
    assert used == {"PANTONE 541 C", "PANTONE 871 C"}


def on_plates(content: str, resources: Dictionary, pdf: Pdf) -> set[str]:
    found = pressed.plates(printed(pressed.page(content, resources, pdf), press(primary=PANTONE)), dpi=36)
    return {name for name, plate in found.items() if pressed.inked(plate)}


GOLDEN = "0.753 0.541 0.243"
HOUSE = " ".join(f"{part:.3f}" for part in NAVY)
PALE = " ".join(f"{1 - (1 - part) * 0.3:.3f}" for part in NAVY)


def test_house_colours_in_pictures_are_on_their_own_plate() -> None:
    pdf = Pdf.new()
    fading = axial(pdf, from_to((1, 1, 1), NAVY))
    pen = image(pdf, bytes(round(255 * part) for part in NAVY), Name.DeviceRGB, size=1)
    few = Array([Name.Indexed, Name.DeviceRGB, 1, String(b"\xff\xff\xff" + bytes(round(255 * p) for p in NAVY))])
    table = image(pdf, bytes(72), few, bits=1)
    table.write(bytes([0x55]) * 72)
    drawn = Dictionary(XObject=Dictionary(I=pen, J=table), Shading=Dictionary(S=fading))
    for content in (
        f"{HOUSE} rg {WHOLE} f",
        f"{PALE} RG {WHOLE} S",
        f"q {WHOLE} W n /S sh Q",
        IMAGE,
        IMAGE.replace("/I", "/J"),
    ):
        assert on_plates(content, drawn, pdf) == {"PANTONE 541 C"}, content


def test_text_in_black_is_on_no_other_plate() -> None:
    pdf = Pdf.new()
    for content in ("", "0 g ", "0.11 0.106 0.102 rg ", "/DeviceRGB cs ", "/DeviceGray cs 0.5 sc "):
        assert on_plates(f"{content}{WHOLE} f", Dictionary(), pdf) == {"Black"}


# --- what cannot be had ------------------------------------------------------------------------


def refused(content: str, resources: Dictionary, pdf: Pdf) -> str:
    with pytest.raises(CertgenError) as caught:
        printed(pressed.page(content, resources, pdf))
    (problem,) = caught.value.problems
    assert problem.message.startswith("designer.pdf cannot be brought") and problem.hint
    return problem.message


def test_what_cannot_be_converted_is_refused_by_the_pictures_name() -> None:
    pdf = Pdf.new()
    odd = mesh(pdf, table=False)
    odd.BitsPerFlag = 2
    assert "a mesh" in refused("/S sh", shades(odd), pdf)
    jpx = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, Filter=Name.JPXDecode)
    assert "JPEG 2000" in refused(IMAGE, shown(jpx), pdf)
    ground = image(pdf, bytes(576), Name.DeviceGray, Matte=[1, 1, 1])
    assert "its ground" in refused(IMAGE, shown(image(pdf, picture().tobytes(), Name.DeviceRGB, SMask=ground)), pdf)
    assert "is not there" in refused("/Nothing cs 1 scn", Dictionary(), pdf)
    assert "not there" in refused("/Nothing Do", Dictionary(), pdf)
    assert "not known" in refused("/C cs", spaces(C=Array([Name.Strange, 1])), pdf)
    assert "cut short" in refused(IMAGE, shown(image(pdf, b"short", Name.DeviceRGB)), pdf)


def test_a_drawing_that_contains_itself_is_refused() -> None:
    pdf = Pdf.new()
    inside = pdf.make_indirect(form(pdf, "/F Do " * 9))
    inside.Resources = Dictionary(XObject=Dictionary(F=inside))
    assert "within itself" in refused("/F Do", Dictionary(XObject=Dictionary(F=inside)), pdf)


def test_functions_that_would_never_end_are_refused() -> None:
    pdf = Pdf.new()
    part: Any = pdf.make_indirect(from_to(*RAINBOW[:2]))
    for _ in range(12):  # eight to the power of twelve
        bounds, encode = decimals(*(at / 8 for at in range(1, 8))), [0, 1] * 8
        part = Dictionary(FunctionType=3, Domain=[0, 1], Functions=Array([part] * 8), Bounds=bounds, Encode=encode)
        part = pdf.make_indirect(part)
    assert "too many functions" in refused("/S sh", shades(axial(pdf, part)), pdf)
    steps = "{ " + "dup mul " * 900 + "}"
    growing = Array([Name.Separation, Name("/Gold"), Name.DeviceRGB, program(pdf, "{ pop 7 " + steps[2:], 1, 3)])
    assert "not sound" in refused("/C cs 1 scn", spaces(C=growing), pdf)
    wide = pdf.make_stream(bytes(2**12 * 3), FunctionType=0, Size=[2] * 12, BitsPerSample=8)
    wide.Domain, wide.Range = Array([0, 1] * 12), Array([0, 1] * 3)
    inks = Array([Name.DeviceN, Array([Name(f"/Ink{at}") for at in range(12)]), Name.DeviceRGB, wide])
    assert "unknown kind" in refused("/C cs", spaces(C=inks), pdf)


def test_damaged_pictures_are_refused_in_words_and_never_crash(gallery: Gallery) -> None:
    """Words of sound files are changed for others."""
    others = [b"0", b"-1", b"999999999", b"null", b"[]", b"<<>>", b"3 0 R", b"5 0 R", b"/Pattern", b"/Indexed", b"(x)"]
    ink, made = press(primary=PANTONE), 0
    for seed in range(60):
        dice = random.Random(seed)
        with pikepdf.open(io.BytesIO(gallery.before[dice.choice(list(PAGES))])) as pdf:
            out = io.BytesIO()
            pdf.save(out, qdf=True, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
        data = bytearray(out.getvalue())
        for _ in range(dice.choice((1, 2, 5))):
            word = dice.choice(list(re.finditer(rb"[^\s<>\[\]()]+", data)))
            data[word.start() : word.end()] = dice.choice(others)
        try:
            printed(bytes(data), ink)
            made += 1
        except CertgenError as error:
            assert error.problems[0].message.startswith("designer.pdf cannot be brought")
    assert 10 < made < 55


# --- what certgen draws -------------------------------------------------------------------------


def test_every_picture_of_the_examples_comes_out_in_a_presss_colours() -> None:
    files = [file for file in sorted((ROOT / "roster_examples").glob("*/*")) if file.suffix in (".svg", ".png")]
    assert len(files) > 10
    ink = press(primary=PANTONE)
    for file in files:
        made = artwork.image(file, 200, 120, [], knock_out_white="signature" in file.name)
        assert made is not None
        after = ink.artwork(made, str(file))
        assert pressed.screen_colours(after.pdf) == [], file
        assert (after.width, after.height, after.origin) == (made.width, made.height, made.origin)
    first = artwork.image(ROOT / "roster_examples" / "fair-recruitment" / "logo.svg", 200, 120, [])
    assert first is not None
    off = pressed.apart(*pressed.seen(first.pdf), *pressed.seen_on_paper(press().artwork(first).pdf))
    assert off[int(len(off) * 0.98)] < BOUND


@pytest.mark.parametrize("kind", sorted(artwork.KINDS))
def test_every_drawing_of_certgens_is_on_the_house_colours_plate(kind: str) -> None:
    made = artwork.drawing(kind, 500, 300, [NAVY])
    after = press(primary=PANTONE).artwork(made).pdf
    assert pressed.screen_colours(after) == []
    found = pressed.plates(after, dpi=36)
    assert {name for name, plate in found.items() if pressed.inked(plate)} == {"PANTONE 541 C"}


def test_equal_pictures_give_equal_bytes() -> None:
    pdf = Pdf.new()
    before = pressed.page(*PAGES["shaded"](pdf), pdf)
    assert printed(before) == printed(before)
