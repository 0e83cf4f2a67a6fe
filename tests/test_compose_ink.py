"""Nothing is clipped or drawn over something else: pdfium measures the ink of the longest and the shortest inputs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from builders import (
    NAMES_LONG,
    NAMES_SHORT,
    ROLES,
    SIGNERS,
    SKILLS,
    Make,
    layout,
    longest,
    pictures,
    shortest,
)
from conftest import LAYOUTS
from ink import Box, Ink, Words, around, meetings, overlap, pages, within
from judges import picture
from msgspec.structs import replace

from certgen.compose import Blank
from certgen.layout import Layout, Space
from certgen.model import Expiry, Signatory

pytestmark = pytest.mark.thorough

LANGUAGES = ("en", "es", "fr", "ar")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@lru_cache(maxsize=32)
def full(name: str, language: str, folder: Path, record: bool) -> tuple[Make, Blank]:
    make = longest(name, language, folder, record=record)
    return make, make.blank()


def ground(design: Layout) -> Layout:
    """A layout with everything under its boxes and none of them."""
    bare = {name: replace(page, box="nothing") for name, page in design.pages.items() if page.include == "always"}
    return replace(design, boxes={**design.boxes, "nothing": Space()}, pages=dict(list(bare.items())[:1]))


def say(page: Ink) -> list[str]:
    """Everything wrong with a page's ink, in words."""
    told = meetings(page)
    paper = (0.0, 0.0, page.width, page.height)
    for line in page.lines:
        if not within(line.box, paper):
            told.append(f"“{line.text}” leaves the page")
        for thing in page.things:
            if overlap(line.box, thing.box) <= 0:
                continue
            worst = max((overlap(letter.box, thing.box) for letter in line.letters), default=0.0)
            whole = all(within(letter.box, thing.box, 0.2) for letter in line.letters)
            if thing.kind == "path" and worst > 0.2 and not whole:
                told.append(f"a shape at {thing.box} cuts “{line.text}”")
            if thing.kind != "path" and thing.marked >= 0 and worst > 0.2:
                told.append(f"a picture at {thing.box} covers “{line.text}” by {worst:.1f} pt")
    figures = [thing for thing in page.things if thing.marked >= 0 and thing.kind != "path"]
    for at, one in enumerate(figures):
        told += [f"two pictures meet at {one.box}" for other in figures[at + 1 :] if overlap(one.box, other.box) > 0.2]
        if not within(one.box, paper):
            told.append(f"a picture leaves the page at {one.box}")
    return told


@pytest.mark.parametrize("record", [False, True], ids=["", "record"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LAYOUTS)
def test_no_ink_meets_with_the_longest_inputs(name: str, language: str, record: bool, folder: Path) -> None:
    make, blank = full(name, language, folder, record)
    people = (*NAMES_LONG, *NAMES_SHORT) if language in ("en", "ar") and not record else NAMES_LONG[:3]
    for person in people:
        for number, page in enumerate(pages(make.filled(blank, person))):
            assert say(page) == [], (person, number + 1)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_no_ink_meets_with_the_shortest_inputs(name: str, language: str) -> None:
    make = shortest(name, language)
    blank = make.blank()
    for person in (*NAMES_SHORT, NAMES_LONG[0]):
        for page in pages(make.filled(blank, person)):
            assert say(page) == [], person


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize(
    ("signatories", "logos", "skills", "optional"),
    [(0, 3, 12, True), (1, 0, 12, False), (4, 0, 0, True), (2, 1, 8, False), (3, 2, 5, True)],
)
def test_no_ink_meets_whatever_is_there(
    name: str, signatories: int, logos: int, skills: int, optional: bool, folder: Path
) -> None:
    make = longest(name, "en", folder, record=False)
    make.signatories, make.skills = make.signatories[:signatories], make.skills[:skills]
    make.issuer = replace(make.issuer, logos=make.issuer.logos[:logos])
    if not optional:
        make.number, make.expires = None, Expiry()
    blank = make.blank()
    for person in NAMES_LONG[:3]:
        for page in pages(make.filled(blank, person)):
            assert say(page) == [], person


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_words_stand_on_plain_ground(name: str, language: str, folder: Path) -> None:
    """No letter reaches into a border or over the edge of a band: what lies under it is of one colour."""
    make, blank = full(name, language, folder, False)
    scale = 2.0
    bare = Make(layout=name, language=language).pdf(design=ground(layout(name)))
    under = picture(bare, dpi=int(72 * scale)).convert("L")
    assert name == "record" or under.getextrema()[0] < 250  # there is a border or a band to keep away from
    for person in NAMES_LONG[:4]:
        page = pages(make.filled(blank, person))[0]
        boxes = [(line.text, line.box) for line in page.lines]
        boxes += [("a picture", t.box) for t in page.things if t.marked >= 0 and t.kind != "path"]
        for text, (x0, y0, x1, y1) in boxes:
            corners = (x0 * scale, (page.height - y1) * scale, x1 * scale, (page.height - y0) * scale)
            x0, y0, x1, y1 = map(int, corners)
            low, high = under.crop((x0, y0, x1 + 1, y1 + 1)).getextrema()
            assert high - low <= 24, f"“{text}” stands on a ground that changes from {low} to {high}"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_qr_code_keeps_its_quiet_zone(name: str, language: str, folder: Path) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    make, blank = full(name, language, folder, True)
    pdf = make.filled(blank, NAMES_LONG[0])
    for number, page in enumerate(pages(pdf)):
        dpi = 288
        image = picture(pdf, number, dpi)
        (code,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
        at = code.position
        corners = [at.top_left, at.top_right, at.bottom_right, at.bottom_left]
        left, right = min(p.x for p in corners), max(p.x for p in corners)
        top, bottom = min(p.y for p in corners), max(p.y for p in corners)
        quiet = 4 * (right - left) / blank.symbols.modules(short=number > 0)[0]
        grey = image.convert("L")
        edge = 2  # pixels by which the reader may be off
        for strip in (
            (left - quiet + edge, top - quiet + edge, right + quiet - edge, top - edge),
            (left - quiet + edge, bottom + edge, right + quiet - edge, bottom + quiet - edge),
            (left - quiet + edge, top - quiet + edge, left - edge, bottom + quiet - edge),
            (right + edge, top - quiet + edge, right + quiet - edge, bottom + quiet - edge),
        ):
            assert grey.crop(tuple(round(v) for v in strip)).getextrema()[0] > 250, f"page {number + 1}: {strip}"
        unit = 72 / dpi
        zone = (
            (left - quiet) * unit,
            page.height - (bottom + quiet) * unit,
            (right + quiet) * unit,
            page.height - (top - quiet) * unit,
        )
        for line in page.lines:
            assert max(overlap(letter.box, zone) for letter in line.letters) < 0.7, line.text


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_name_in_two_lines_has_even_leading_and_its_frames_middle(name: str, folder: Path) -> None:
    make, blank = full(name, "en", folder, False)
    (slot,) = [slot for slot in blank.slots if getattr(slot, "box", "") == "name"]
    tall = "Ngọc Ỹ Quỳnh Phương Thảo Như Trần Lê Hoàng Bảo Ánh Ứng Mai Yến"
    for person in (NAMES_LONG[0], NAMES_LONG[6], tall):
        page = pages(make.filled(blank, person))[0]
        inside = [line for line in page.lines if overlap(line.box, slot.frame) > 0.5]
        assert all(within(line.box, slot.frame, 0.6) for line in inside), [line.text for line in inside]
        if len(inside) > 1:
            _, low, _, high = around(line.box for line in inside)
            assert (low + high) / 2 == pytest.approx((slot.frame[1] + slot.frame[3]) / 2, abs=1.0)


def test_signatories_share_baselines_and_their_rules_are_equally_long(folder: Path) -> None:
    _, signatures = pictures(folder, 0, 4)
    make = Make()
    make.signatories = tuple(
        Signatory(id=str(i), name=name, role=ROLES["en"][: 20 + 12 * i], signature=signatures[i])
        for i, name in enumerate(SIGNERS["en"])
    )
    page = pages(make.pdf())[0]

    def line(text: str) -> Words:
        return next(line for line in page.lines if text in line.text)

    assert len({line(name.split()[0]).baseline for name in SIGNERS["en"]}) == 1


def test_a_signature_never_reaches_the_name_below_it(folder: Path) -> None:
    """Not even where names are set close under their rules."""
    _, signatures = pictures(folder, 0, 1)
    design = layout("classic")
    style = replace(design.styles["signatory"], leading=6.0)
    close = replace(design, styles={**design.styles, "signatory": style})
    make = Make(signatories=(Signatory(id="a", name="Åsa Ýr Þórðardóttir", signature=signatures[0]),))
    page = pages(make.pdf(design=close))[0]
    assert say(page) == []
    (picture_of,) = [thing for thing in page.things if thing.marked >= 0 and thing.kind == "form"]
    rules = [thing for thing in page.things if thing.kind == "path" and overlap(thing.box, picture_of.box) > 0]
    assert rules  # and still its descenders cross the rule


@pytest.mark.parametrize("name", LAYOUTS)
def test_rows_of_chips_are_of_even_length(name: str) -> None:
    design = layout(name)
    chips = replace(design.boxes["skills"], show="chips", most=9)
    make = Make(layout=name, skills=SKILLS["en"][:9])
    page = pages(make.pdf(design=replace(design, boxes={**design.boxes, "skills": chips})))[0]
    rows: dict[float, list[Box]] = {}
    for line in page.lines:
        if line.text in SKILLS["en"]:
            rows.setdefault(line.baseline, []).append(line.box)
    widths = [around(boxes)[2] - around(boxes)[0] for boxes in rows.values()]
    assert len(widths) > 1
    assert min(widths) > 0.55 * max(widths)
