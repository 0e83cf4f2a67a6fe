"""What the layout `modern` asks of compose: a ground to stand text on, logos on one tile, faces that are no script."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from builders import Make, longest, pictures
from ink import pages
from judges import picture
from msgspec.structs import replace

from certgen import layout as layouts
from certgen.artwork import contrast
from certgen.errors import Problem
from certgen.page import Colour
from certgen.text.breaking import text_breaks

MM = 72 / 25.4


def band(primary: str) -> tuple[Colour, Colour]:
    """The band's colour, and that of its text: what differs most from it where the issuer's name stands."""
    make = Make(layout="modern")
    make.issuer = replace(make.issuer, primary=primary)
    image = picture(make.pdf(), dpi=254)  # ten pixels to the millimetre

    def share(pixel: tuple[int, ...]) -> Colour:
        return (pixel[0] / 255, pixel[1] / 255, pixel[2] / 255)

    ground = share(image.getpixel((400, 1000)))
    words = image.crop((160, 200, 720, 380)).getcolors(1 << 20)
    return ground, max((share(pixel) for _, pixel in words), key=lambda colour: contrast(colour, ground))


@pytest.mark.parametrize(
    ("primary", "kept", "text"),
    [("#0b3d62", True, 1.0), ("#f2b632", True, 0.0), ("#3d8bd4", False, 1.0), ("#ffffff", True, 0.0)],
)
def test_text_can_be_read_on_a_band_of_any_primary(primary: str, kept: bool, text: float) -> None:
    ground, letters = band(primary)
    given = tuple(int(primary[at : at + 2], 16) / 255 for at in (1, 3, 5))
    assert (max(abs(a - b) for a, b in zip(ground, given, strict=True)) < 0.01) is kept
    assert contrast(ground, letters) >= 6.9  # 7 but for the renderer's eight bits
    assert letters == pytest.approx((text, text, text), abs=0.02)


def test_a_light_primary_is_darkened_for_the_title() -> None:
    make = Make(layout="modern", title="A title that is long enough to be found by its colour")
    make.issuer = replace(make.issuer, primary="#f2b632", accent="#000000")
    image = picture(make.pdf(), dpi=254)
    coloured = [
        (r / 255, g / 255, b / 255)
        for _, (r, g, b) in image.crop((900, 500, 2900, 1400)).getcolors(1 << 20)
        if r > b + 60
    ]
    darkest = max(coloured, key=lambda colour: contrast(colour, (1.0, 1.0, 1.0)))
    assert contrast(darkest, (1.0, 1.0, 1.0)) >= 6.9


def test_a_script_face_of_the_issuers_is_left_aside_where_the_layout_says_so() -> None:
    def faces(layout: str) -> str:
        make = Make(layout=layout)
        make.issuer = replace(make.issuer, fonts={"name": "Great Vibes", "heading": "Pinyon Script"})
        with pikepdf.open(BytesIO(make.pdf("Ana Díaz"))) as document:
            return " ".join(str(font.BaseFont) for font in document.pages[0].Resources.Font.values())

    assert "GreatVibes" in faces("classic")
    assert "GreatVibes" not in faces("modern") and "Pinyon" not in faces("modern")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_logos_have_equal_areas_on_one_tile(language: str, tmp_path: Path) -> None:
    make = longest("modern", language, tmp_path, record=False)
    things = pages(make.pdf("Ana Díaz"))[0].things
    half = 297 * MM / 2
    logos = [
        t.box for t in things if t.kind == "form" and t.box[1] > 100 * MM and (t.box[0] < half) is (language == "en")
    ]
    assert len(logos) == 3
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in logos]
    assert max(areas) < 1.06 * min(areas)
    around = (min(b[0] for b in logos), min(b[1] for b in logos), max(b[2] for b in logos), max(b[3] for b in logos))
    tiles = [
        t.box
        for t in things
        if t.kind == "path"
        and t.box[0] < around[0]
        and t.box[1] < around[1]
        and t.box[2] > around[2]
        and 30 * MM < t.box[3] - around[1] < 90 * MM
        and t.box[2] - t.box[0] < 70 * MM
    ]
    assert len(tiles) == 1, tiles


def test_many_logos_give_way_on_a_full_page(tmp_path: Path) -> None:
    make = longest("modern", "en", tmp_path, record=False)
    make.issuer = replace(make.issuer, logos=tuple(pictures(tmp_path, 6, 0)[0]))
    assert make.problems("Ana Díaz") == []


def test_the_qr_code_stands_on_the_baseline_of_the_last_line_of_the_signatories(tmp_path: Path) -> None:
    make = longest("modern", "en", tmp_path, record=False)
    page = pages(make.pdf("Ana Díaz"))[0]
    last = min(line.baseline for line in page.lines if line.box[0] > 95 * MM)
    side = 30 * MM
    tiles = [t.box for t in page.things if t.kind == "path" and abs(t.box[2] - t.box[0] - side) < 0.5]
    assert min(abs(box[1] - last) for box in tiles) < 0.5


def test_columns_of_the_record_begin_on_one_baseline(tmp_path: Path) -> None:
    make = longest("modern", "en", tmp_path)
    page = pages(make.pdf("Ana Díaz"))[1]
    columns = [[line for line in page.lines if a * MM < line.box[0] < b * MM] for a, b in ((99, 185), (186, 280))]
    first, second = (max(line.baseline for line in column) for column in columns)
    assert first == pytest.approx(second, abs=0.05)


def test_an_address_does_not_leave_its_last_letters_to_a_line_of_their_own() -> None:
    text = "Verify at verify.example.org/certificates/v now"
    breaks = {text[at:] for at in text_breaks(text, "en")}
    assert "certificates/v now" in breaks and "v now" not in breaks


@pytest.mark.parametrize("colours", ['a = { of = "a" }', 'a = { of = "b" }\nb = { of = "white", on = "a" }', 'a = "a"'])
def test_a_colour_made_of_itself_is_a_problem(colours: str, tmp_path: Path) -> None:
    text = 'title = "Own"\n[pages.one]\nbox = "one"\n[boxes.one]\nkind = "rule"\n[colours]\n'
    (tmp_path / "layout.toml").write_text(text + colours, encoding="utf-8")
    problems: list[Problem] = []
    assert layouts.load(str(tmp_path), problems) is None
    assert {problem.code for problem in problems} == {"colour-loop"}
