"""The blank: what it holds, what a filling may change, and how each thing that cannot be made is told."""

from __future__ import annotations

import pickle
import re
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from builders import ISSUED, LONG_TITLE, NAMES_LONG, ROLES, Make, book, layout, longest, pictures, section, someone
from conftest import EXAMPLES, LAYOUTS, Made
from judges import conforms, pdfium_text, picture, poppler_text, squeezed, zxing
from msgspec.structs import replace

from certgen import credential
from certgen import layout as layouts
from certgen.compose import Studio
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.font import FontBook
from certgen.layout import Layout
from certgen.model import AwardRule, AwardWords, Expiry, Signatory

LANGUAGES = ("en", "es", "fr", "ar")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


def changed(design: Layout, box: str, **settings: object) -> Layout:
    """A layout with one box changed."""
    return replace(design, boxes={**design.boxes, box: replace(design.boxes[box], **settings)})


def said(pdf: bytes) -> str:
    return squeezed(poppler_text(pdf))


def own(tmp_path: Path, text: str, **files: bytes | str) -> Layout:
    """A layout of a user's own, in a folder."""
    (tmp_path / "layout.toml").write_text(text, encoding="utf-8")
    for name, data in files.items():
        path = tmp_path / name.replace("_", ".")
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    problems: list[Problem] = []
    found = layouts.load(str(tmp_path), problems)
    assert found is not None and not problems, problems
    return found


PLAIN = """
title = "Own"
[paper]
size = "A5"
orientation = "landscape"
margin = 15
[fonts]
body = "Source Sans 3"
[styles.body]
size = 12
[boxes.all]
kind = "stack"
boxes = ["name", "title", "qr"]
gap = 4
[boxes.name]
kind = "text"
text = "{recipient.full}"
role = "H1"
[boxes.title]
kind = "text"
text = "{course.title}"
[boxes.qr]
kind = "qr"
size = 30
[pages.certificate]
box = "all"
"""


# --- a file's bytes depend on its credential and its blank ------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
def test_bytes_do_not_depend_on_other_fillings(name: str, folder: Path) -> None:
    make = longest(name, "en", folder)
    alone = make.filled(make.blank(), NAMES_LONG[3])
    blank = make.blank()
    for person in NAMES_LONG:
        make.filled(blank, person)
    assert make.filled(blank, NAMES_LONG[3]) == alone
    assert make.filled(pickle.loads(pickle.dumps(blank)), NAMES_LONG[3]) == alone


def test_bytes_do_not_depend_on_other_blanks(folder: Path) -> None:
    make = longest("record", "en", folder)
    make.awards = (AwardRule(kind="achievement"), AwardRule(kind="participation"))
    make.award_words = (AwardWords(), AwardWords())
    problems: list[Problem] = []
    one, other = make.studio(), make.studio()
    present = frozenset({"credential.number", "credential.expires"})
    one.blank("en", 0, present, problems)
    after, before = one.blank("en", 1, present, problems), other.blank("en", 1, present, problems)
    assert after is not None and before is not None and not problems
    assert after.plate.prefix == before.plate.prefix


def test_the_digest_is_that_of_the_file() -> None:
    import hashlib

    make = Make()
    blank = make.blank()
    made = make.credential("Ana Díaz")
    filled = blank.fill(
        credential.lookup(made),
        url=make.sealed("Ana Díaz").url,
        code_url=made.url,
        identifier=made.code,
        attachment=b"{}",
    )
    assert filled.digest == hashlib.sha256(blank.plate.prefix + filled.tail).hexdigest()


# --- what is said -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LAYOUTS)
def test_files_conform_and_every_text_is_extracted(name: str, language: str, folder: Path) -> None:
    make = longest(name, language, folder)
    pdf = make.pdf("Jean-Luc Ngọc")
    conforms(pdf)
    words = layout(name).phrases[language]
    course = make.course().editions[language]
    texts = ["Jean-Luc Ngọc", course.title, words["completion.title"], words["completion.statement"], "2026/0017"]
    texts += [person.name for person in make.signatories] + [person.role for person in make.signatories]
    texts += [course.programme or "", course.venue or "", course.dated or "", "A9015210", *make.skills]
    code = credential.grouped(make.credential("Jean-Luc Ngọc").code)
    for engine in (poppler_text, pdfium_text):
        text = without_space(engine(pdf))
        for expected in [*texts, code, "verify.meridian-training.org/certificates/v"]:
            # poppler takes texts that stand side by side for one, and reorders lines that read both ways
            for part in re.findall(r"\w+", expected) if engine is poppler_text else [expected]:
                assert without_space(part) in text, (engine.__name__, expected)


def without_space(text: str) -> str:
    """Letters only: lines are broken where the page wants, and each engine has its own spaces around them."""
    return re.sub(r"\s", "", squeezed(text))


def test_the_hours_and_dates_of_one_person_are_printed() -> None:
    make = Make(hours=Decimal(40))
    blank = make.blank()
    person = someone("Ana Díaz", hours=Decimal("12.5"), start=date(2026, 3, 9), end=date(2026, 4, 1))
    text = said(make.filled(blank, person))
    assert "12.5 hours" in text and "9 March – 1 April 2026" in text
    assert "40 hours" not in text and "2–27 March" not in text
    assert "1 hour " in said(make.filled(blank, someone("Bo Li", hours=Decimal(1)))) + " "
    assert "40 hours" in said(make.filled(blank, "Bo Li"))


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("years", [None, 2])
def test_the_day_of_issue_is_printed_where_another_line_is_dated(name: str, years: int | None) -> None:
    expires = Expiry(years=years) if years else Expiry()
    text = said(Make(layout=name, dated="Turin, 27 March 2026", expires=expires).pdf())
    assert "Turin, 27 March 2026" in text
    assert text.count("Issued on 10 April 2026") == 1
    assert ("Valid until 10 April 2028" in text) == bool(years)


def test_the_honorific_is_printed_before_the_name() -> None:
    assert "Dr Ana Díaz" in said(Make().pdf(someone("Ana Díaz", honorific="Dr")))


@pytest.mark.parametrize("name", LAYOUTS)
def test_optional_fields_choose_the_blank(name: str) -> None:
    bare, numbered = Make(layout=name), Make(layout=name, number="{roster.number}", expires=Expiry(years=2))
    if "credential.number" in bare.studio().conditions():
        assert "2026/0017" in said(numbered.pdf()) and "2026/0017" not in said(bare.pdf())
    if "credential.expires" in bare.studio().conditions():
        assert "10 April 2028" in said(numbered.pdf()) and "2028" not in said(bare.pdf())
    asked = set(bare.studio().conditions())
    if asked & {"credential.number", "credential.expires"}:
        assert bare.blank().plate.prefix != numbered.blank().plate.prefix


def test_the_issuers_words_replace_the_layouts_and_the_courses_go_before_both() -> None:
    issuer = replace(Make().issuer, words={"en": {"certify": "Be it known that", "completion.title": "Diploma"}})
    text = said(Make(issuer=issuer).pdf())
    assert "Be it known that" in text and "This is to certify" not in text
    assert "diploma" in text.lower()
    own_words = (AwardWords(title="Brevet", statement="held out to the end of"),)
    text = said(Make(issuer=issuer, award_words=own_words).pdf())
    assert "brevet" in text.lower() and "held out to the end of" in text and "diploma" not in text.lower()


def test_a_language_without_words_is_a_problem_that_names_them() -> None:
    (problem,) = [p for p in Make(language="sw").problems() if p.code == "no-words"]
    assert problem.exit_code == ExitCode.LAYOUT
    assert "certify" in problem.message and "completion.title" in problem.message
    assert "[words.sw]" in problem.hint


def test_a_regional_language_has_the_words_of_its_language() -> None:
    assert layout("classic").phrases["fr"]["certify"] in said(Make(language="fr-CA").pdf())


def test_an_arabic_name_on_an_english_page_stands_where_others_do() -> None:
    from ink import pages

    for name in ("classic", "modern"):
        make = Make(layout=name)
        blank = make.blank()
        (slot,) = [slot for slot in blank.slots if getattr(slot, "box", "") == "name"]
        page = pages(make.filled(blank, "عمر خالد"))[0]
        line = next(line for line in page.lines if any("\u0600" < letter.text < "\u0700" for letter in line.letters))
        if slot.set == "center":
            assert (line.box[0] + line.box[2]) / 2 == pytest.approx((slot.frame[0] + slot.frame[2]) / 2, abs=3)
        else:
            assert line.box[0] == pytest.approx(slot.frame[0], abs=3)


def test_a_latin_honorific_before_an_arabic_name_begins_the_line_on_an_arabic_page() -> None:
    from ink import pages

    make = Make(language="ar")
    make.issuer = replace(make.issuer, key=None)  # whose fingerprint has an E as well
    page = pages(make.pdf(someone("خالد الرواحي", honorific="Eng.")))[0]
    line = next(line for line in page.lines if any(letter.text == "E" for letter in line.letters))
    arabic = [letter.box[2] for letter in line.letters if "\u0600" < letter.text < "\u0700"]
    (honorific,) = [letter.box[0] for letter in line.letters if letter.text == "E"]
    assert arabic and honorific > max(arabic)  # the reading begins at the right


# --- the QR code ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("dpi", [150, 300])
def test_the_qr_code_is_read_from_the_rendered_page(name: str, dpi: int, folder: Path) -> None:
    make = longest(name, "en", folder)
    pdf = make.pdf()
    assert zxing(picture(pdf, 0, dpi)) == [make.sealed("Ana Díaz").url]
    assert zxing(picture(pdf, 1, dpi)) == [make.credential("Ana Díaz").url]


def test_modules_smaller_than_four_tenths_of_a_millimetre_are_a_problem() -> None:
    make = Make()
    make.issuer = replace(make.issuer, verify_url="https://verify.example.org/" + "certificates/" * 5 + "x")
    (problem,) = make.problems(design=changed(layout("classic"), "qr", size=20.0))
    assert problem.code == "qr-too-small" and "“qr”" in problem.message and problem.exit_code == ExitCode.LAYOUT
    least = float(re.findall(r"([\d.]+) mm", problem.hint)[0])
    fewest, most = make.studio().modules(short=False)
    assert least == pytest.approx(most * (fewest + 8) / fewest * 0.4, abs=0.11)


@pytest.mark.parametrize(
    ("colour", "tile"), [("#999999", "#ffffff"), ("#ffffff", "#000000"), ("accent", "white"), ("#333333", "primary")]
)
def test_a_qr_code_of_too_little_contrast_is_a_problem(colour: str, tile: str) -> None:
    (problem,) = Make().problems(design=changed(layout("classic"), "qr", colour=colour, tile=tile))
    assert problem.code == "qr-contrast" and problem.key == "boxes.qr"


# --- what does not fit ------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize(
    ("change", "box", "text"),
    [
        ({"title": "Word " * 400}, "title", "Word Word"),
        ({"title": "X" * 300}, "title", "XXX"),
        ({"skills": ("Skill " * 80,)}, "skills", "Skill Skill"),
        ({"signatories": (Signatory(id="a", name="N" * 200),)}, "signatories", "NNN"),
        ({"signatories": (Signatory(id="a", name="Ana", role="R" * 300),)}, "signatories", "RRR"),
    ],
)
def test_what_cannot_fit_is_a_problem_with_box_and_text(
    name: str, change: dict[str, object], box: str, text: str
) -> None:
    (problem,) = Make(layout=name, **change).problems()  # type: ignore[arg-type]
    assert problem.code == "does-not-fit" and problem.exit_code == ExitCode.LAYOUT
    assert f"“{box}”" in problem.message and text in problem.message
    assert problem.hint and problem.key == f"boxes.{box}"


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_name_that_cannot_fit_is_a_problem_for_its_row_alone(name: str) -> None:
    make = Make(layout=name)
    blank = make.blank()
    endless = "Wolfeschlegelsteinhausen" * 12
    with pytest.raises(CertgenError) as caught:
        make.filled(blank, endless)
    assert caught.value.exit_code == ExitCode.LAYOUT
    assert any("“name”" in problem.message and "Wolfe" in problem.message for problem in caught.value.problems)
    told = blank.check(credential.lookup(make.credential(endless)))[1]
    assert told == list(caught.value.problems)
    assert make.filled(blank, "Ana Díaz") == make.pdf("Ana Díaz")


def test_an_uncovered_character_is_named_with_its_code_point() -> None:
    (problem,) = Make().problems("Ana \U0001f600 Díaz")
    assert problem.code == "missing-glyph"
    assert "U+1F600" in problem.message and "“name”" in problem.message


@pytest.mark.parametrize(("name", "first"), [("李小龍", "U+674E"), ("김민준", "U+AE40"), ("さくら", "U+3055")])
def test_without_a_font_for_east_asia_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str, first: str
) -> None:
    monkeypatch.setattr("certgen.font.book.system_files", lambda: [])
    monkeypatch.setattr("builders.book", FontBook)
    (problem,) = Make().problems(name)
    assert problem.code == "missing-glyph" and first in problem.message
    assert "fonts-noto-cjk" in problem.hint and "fonts.folder" in problem.hint


def test_a_font_for_east_asia_may_lie_in_a_folder_that_the_issuer_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from conftest import missing

    from certgen.font.cjk import system_files

    source = next((path for path in system_files() if "Serif" in path.name and "Regular" in path.name), None)
    if source is None:
        missing("a serif font for Chinese, Japanese and Korean", "install fonts-noto-cjk")
    shutil.copy(source, tmp_path)
    monkeypatch.setattr("certgen.font.book.system_files", lambda: [])
    monkeypatch.setattr("builders.book", lambda: FontBook([tmp_path]))
    for name in ("李小龍", "김민준", "さくら"):
        assert name in said(Make().pdf(name))


def test_pictures_that_are_not_there_are_told_for_every_language_once() -> None:
    make = Make(issuer=replace(Make().issuer, logos=("/nowhere/logo.svg",)))
    problems: list[Problem] = []
    studio = make.studio()
    for award in (0, 0):
        assert studio.blank("en", award, frozenset(), problems) is None
    assert [problem.code for problem in problems] == ["no-picture"]


# --- size -------------------------------------------------------------------------------------


def test_a_classic_certificate_without_photographs_is_under_60_kb(folder: Path) -> None:
    logos, signatures = pictures(folder, 1, 2)
    make = longest("classic", "en", folder, record=False)
    make.title = LONG_TITLE
    make.issuer = replace(make.issuer, logos=tuple(logos))
    make.signatories = tuple(
        Signatory(id=str(at), name=("Ingrid Njåstad", "Abena Asare")[at], role=ROLES["en"], signature=path)
        for at, path in enumerate(signatures)
    )
    assert len(make.pdf("Ana Díaz")) < 60_000


@pytest.mark.thorough
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_certificate_of_every_example_in_classic_is_under_60_kb(example: str, made: Callable[..., Made]) -> None:
    """None of the examples has photographs; scans of signatures and a logo as PNG are none."""
    run = made(example, "classic")
    sizes = {row["name"]: run.path(row).stat().st_size for row in run.told["certificates"]}
    assert len(sizes) > 5
    assert {name: size for name, size in sizes.items() if size >= 60_000} == {}


def test_the_address_of_a_certificate_stands_in_its_file_once(folder: Path) -> None:
    assert longest("classic", "en", folder).pdf("Ana Díaz").count(b"/v#") == 1


# --- what layouts may do ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paper", "millimetres"),
    [
        ('size = "A5"\norientation = "landscape"', (210, 148)),
        ('size = "Letter"\norientation = "portrait"', (215.9, 279.4)),
        ("size = [180, 120]", (180, 120)),
    ],
)
def test_sizes_of_paper(tmp_path: Path, paper: str, millimetres: tuple[float, float]) -> None:
    from ink import pages

    design = own(tmp_path, PLAIN.replace('size = "A5"\norientation = "landscape"', paper))
    pdf = Make().pdf(design=design)
    conforms(pdf)
    page = pages(pdf)[0]
    assert (page.width, page.height) == pytest.approx([side * 72 / 25.4 for side in millimetres], abs=0.01)


def test_colours_and_fonts_come_from_the_issuer() -> None:
    from io import BytesIO

    import pikepdf

    issuer = replace(Make().issuer, primary="#7a0019", fonts={"name": "Cinzel", "body": "Source Sans 3"})
    blue, red = Make().pdf(), Make(issuer=issuer).pdf()
    faces = []
    for pdf in (blue, red):
        with pikepdf.open(BytesIO(pdf)) as document:
            fonts = document.pages[0].Resources.Font
            faces.append({str(fonts[key].BaseFont).partition("+")[2] for key in fonts})
    assert any("GreatVibes" in face for face in faces[0]) and not any("Cinzel" in face for face in faces[0])
    assert any("Cinzel" in face for face in faces[1]) and any("SourceSans" in face for face in faces[1])
    reds = [sum(1 for r, g, b in picture(pdf).get_flattened_data() if r > g + 60 and r > b + 40) for pdf in (blue, red)]
    assert reds[1] > 3 * reds[0] + 100


def test_a_tint_and_a_shade_of_a_colour(tmp_path: Path) -> None:
    colours = 'red = "#ff0000"\npale = { of = "red", tint = 0.5 }\ndark = { of = "red", shade = 0.5 }\n'
    text = f"{PLAIN}[colours]\n{colours}"
    for colour, expected in (("red", (255, 0, 0)), ("pale", (255, 128, 128)), ("dark", (128, 0, 0))):
        title = 'text = "{course.title}"'
        design = own(tmp_path, text.replace(title, f'{title}\nbackground = "{colour}"'))
        pixels = picture(Make().pdf(design=design)).getcolors(1 << 24)
        near = [count for count, p in pixels if max(abs(a - b) for a, b in zip(p, expected, strict=True)) <= 2]
        assert sum(near) > 1000, colour


def designers_page(colour: tuple[float, float, float], width: float = 595.28, height: float = 419.53) -> bytes:
    from io import BytesIO

    import pikepdf

    document = pikepdf.new()
    bleed = 8.5
    document.add_blank_page(page_size=(width + 2 * bleed, height + 2 * bleed))
    page = document.pages[0]
    page.TrimBox = [bleed, bleed, bleed + width, bleed + height]
    page.BleedBox = page.MediaBox
    r, g, b = colour
    content = f"{r} {g} {b} rg 0 0 {width + 2 * bleed} {height / 4} re f"
    page.Contents = document.make_stream(content.encode())
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_designers_background_for_each_language(tmp_path: Path) -> None:
    text = PLAIN + 'background = { en = "en.pdf", fr = "fr.pdf" }\n'
    design = own(tmp_path, text, en_pdf=designers_page((1, 0.8, 0.8)), fr_pdf=designers_page((0.8, 0.8, 1)))
    for language, corner in (("en", (255, 204, 204)), ("fr", (204, 204, 255))):
        pdf = Make(language=language).pdf(design=design)
        conforms(pdf)
        image = picture(pdf)
        assert image.getpixel((3, image.height - 3)) == pytest.approx(corner, abs=2)
        assert image.getpixel((3, 3)) == (255, 255, 255)


def test_a_language_without_a_background_is_a_problem_and_a_variety_has_its_languages(tmp_path: Path) -> None:
    design = own(tmp_path, PLAIN + 'background = { en = "en.pdf" }\n', en_pdf=designers_page((1, 0.8, 0.8)))
    assert Make(language="en-GB").pdf(design=design)
    (problem,) = Make(language="fr").problems(design=design)
    assert problem.code == "no-background" and problem.key == "pages.certificate.background"
    assert "fr" in problem.message and "fr = " in problem.hint


def test_one_background_on_pages_of_two_sizes_is_measured_for_each(tmp_path: Path) -> None:
    text = PLAIN + 'background = "page.pdf"\n[pages.second]\nbox = "name"\nbackground = "page.pdf"\n'
    design = own(tmp_path, text + 'paper = { size = "A4" }\n', page_pdf=designers_page((1, 1, 0)))
    assert [problem.code for problem in Make().problems(design=design)] == ["wrong-size"]


def test_text_in_a_picture_is_drawn_in_a_font_of_the_issuers_own(tmp_path: Path) -> None:
    from test_font import made

    (tmp_path / "fonts").mkdir()
    made(tmp_path / "fonts" / "own.ttf", "Issuer Sans")
    text = '<text x="20" y="{y}" font-family="Issuer Sans" font-size="30">A</text>'
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 148">' + text + "</svg>"
    picture_box = '[boxes.mark]\nkind = "image"\nfile = "mark.svg"\nwidth = 60\n'
    text = PLAIN.replace('"title", "qr"]', '"title", "mark", "qr"]') + 'background = "page.svg"\n' + picture_box
    design = own(tmp_path, text, page_svg=drawing.format(y=100), mark_svg=drawing.format(y=100))
    problems: list[Problem] = []
    for fonts, codes in ((FontBook([tmp_path / "fonts"]), []), (book(), ["unknown-font"])):
        problems.clear()
        studio = Studio(design, Make().course(), Make().issuer, fonts, ISSUED)
        assert (studio.blank("en", 0, frozenset(), problems) is not None) == (not codes)
        assert [problem.code for problem in problems] == codes


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[[pages.certificate.art]]\nkind = "wave"\n', "pages.certificate.art[1]"),
        ('[boxes.title]\nkind = "ornament"\nparameters = { sise = 2 }\n', "boxes.title"),
        ('[boxes.title]\nkind = "seal"\nparameters = { depth = 3 }\n', "boxes.title"),
    ],
)
def test_art_that_cannot_be_drawn_is_told_with_its_place(tmp_path: Path, text: str, key: str) -> None:
    plain = PLAIN.replace('[boxes.title]\nkind = "text"\ntext = "{course.title}"\n', "") if "title" in text else PLAIN
    design = own(tmp_path, plain + text)
    (problem,) = Make().problems(design=design)
    assert problem.key == key and problem.file and problem.file.endswith("layout.toml")


def test_what_has_no_words_is_named_by_its_box_alone(tmp_path: Path) -> None:
    design = own(tmp_path, PLAIN.replace("size = 30", "size = 130"))
    (problem,) = Make().problems(design=design)
    assert "box “qr”" in problem.message and "“”" not in problem.message


def test_a_background_of_a_wrong_size_is_a_problem_that_says_what_to_ask_for(tmp_path: Path) -> None:
    text = PLAIN + 'background = "page.pdf"\n'
    design = own(tmp_path, text, page_pdf=designers_page((1, 1, 0), 500, 500))
    problems = Make().problems(design=design)
    assert problems and all(p.exit_code == ExitCode.LAYOUT for p in problems)
    assert any("page.pdf" in (p.file or "") + p.message and "210" in p.message + p.hint for p in problems), problems


def test_images_overlays_and_art_of_the_layouts_own(tmp_path: Path) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><path d="M0 0H40V20H0Z" fill="{}"/></svg>'
    text = PLAIN.replace('boxes = ["name", "title", "qr"]', 'boxes = ["name", "both", "qr"]')
    text += """
[[pages.certificate.art]]
kind = "image"
file = "art.svg"
at = "bottom-end"
width = 20
height = 10
[boxes.both]
kind = "overlay"
boxes = ["picture", "title"]
[boxes.picture]
kind = "image"
file = "mark.svg"
alt = "A green field"
width = 40
align = "end"
"""
    design = own(tmp_path, text, art_svg=svg.format("#ff8800"), mark_svg=svg.format("#00aa44"))
    for language in ("en", "ar"):
        make = Make(language=language)
        pdf = make.pdf(design=design)
        conforms(pdf)
        image = picture(pdf, dpi=72)
        corner = image.getpixel((image.width - 10 if language == "en" else 10, image.height - 10))
        assert corner == pytest.approx((255, 136, 0), abs=3)
        greens = [x for x in range(image.width) for y in range(60, 160, 9) if image.getpixel((x, y)) == (0, 170, 68)]
        margin = 15 * 72 / 25.4
        edge = max(greens) if language == "en" else image.width - min(greens)
        assert edge == pytest.approx(image.width - margin, abs=2)


def test_a_layout_without_a_page_for_the_record_says_so_or_prints_none(tmp_path: Path) -> None:
    design = own(tmp_path, PLAIN)
    make = Make(record=True, sections=(section("a", "Words."),))
    assert poppler_text(make.pdf(design=design)).count("\f") == 1


def test_a_studio_makes_blanks_of_every_language() -> None:
    course = Make().course()
    editions = {tag: replace(course.editions["en"], language=tag) for tag in LANGUAGES}
    course = replace(course, editions=editions, languages=LANGUAGES)
    studio = Studio(layout("modern"), course, Make().issuer, book(), ISSUED)
    problems: list[Problem] = []
    blanks = [studio.blank(tag, 0, frozenset(), problems) for tag in LANGUAGES]
    assert all(blanks) and not problems
    assert len({blank.plate.prefix for blank in blanks if blank}) == len(LANGUAGES)
