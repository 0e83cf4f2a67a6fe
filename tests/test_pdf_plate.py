"""A whole file, as independent judges see it; and the promises of engraving once and filling many times."""

from __future__ import annotations

import ctypes
import hashlib
import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import judges
import msgspec
import pikepdf
import pytest
from conftest import tool
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pdf_demo import BLACK, SANS, SERIF, URL, Demo, demo, drawing, line, metadata, shaped, words

from certgen.font import FontBook
from certgen.page import Artwork, Document, Element, Filling, Link, Mark, Metadata, Page, Picture, Text
from certgen.pdf import Plate, engrave
from certgen.pdf.structure import Malformed


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


@pytest.fixture(scope="module")
def sample(book: FontBook) -> Demo:
    return demo(book)


@pytest.fixture(scope="module")
def plate(sample: Demo) -> Plate:
    return engrave(sample.document, sample.book)


def file(plate: Plate, filling: Filling) -> bytes:
    return plate.prefix + plate.fill(filling)


_OPEN: list[pikepdf.Pdf] = []  # objects do not keep their file open


def opened(data: bytes) -> pikepdf.Pdf:
    pdf = pikepdf.open(BytesIO(data))
    _OPEN[:] = [*_OPEN[-4:], pdf]
    return pdf


def paragraph(book: FontBook, text: Text) -> Document:
    return Document((Page(600, 200),), (Element("P", (Mark(0, (text,)),)),), "en")


def alone(book: FontBook, text: Text) -> bytes:
    """A file with one line and nothing else."""
    return file(engrave(paragraph(book, text), book), Filling({}, metadata("One line"), b"{}"))


# --- judges -----------------------------------------------------------------------------------


@pytest.mark.parametrize("soft_mask", [False, True])
def test_the_file_passes_both_standards_and_reads_without_complaint(book: FontBook, soft_mask: bool) -> None:
    sample = demo(book, soft_mask=soft_mask)
    data = file(engrave(sample.document, book), sample.filling())
    judges.conforms(data)
    judges.sound(data)


def test_a_file_with_a_font_of_its_own_passes_as_well(plate: Plate, sample: Demo) -> None:
    data = file(plate, sample.filling("Θεοδώρα Παπαδοπούλου"))
    judges.conforms(data)
    judges.sound(data)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r", b" "])
def test_a_stream_may_end_in_any_byte(plate: Plate, sample: Demo, end: bytes) -> None:
    data = file(plate, sample.filling(attachment=b"{}" + end))
    judges.conforms(data)
    assert opened(data).attachments["credential.json"].get_file().read_bytes() == b"{}" + end


def test_mupdf_has_nothing_to_say(plate: Plate, sample: Demo, tmp_path: Path) -> None:
    path = tmp_path / "demo.pdf"
    path.write_bytes(file(plate, sample.filling()))
    done = subprocess.run([tool("mutool"), "info", str(path)], capture_output=True, check=True)
    complaints = done.stderr.decode().replace("warning: ICC support is not available", "").strip()
    assert not complaints


def test_every_font_is_an_embedded_subset_with_unicode(plate: Plate, sample: Demo, tmp_path: Path) -> None:
    path = tmp_path / "demo.pdf"
    path.write_bytes(file(plate, sample.filling("Θεοδώρα Παπαδοπούλου")))
    done = subprocess.run([tool("pdffonts"), str(path)], capture_output=True, check=True, text=True)
    assert not done.stderr
    rows = [row.split()[-5:-2] for row in done.stdout.splitlines()[2:]]
    assert rows == [["yes", "yes", "yes"]] * 5  # Cinzel, the two of the stock, and both again for the Greek


def test_text_comes_out_as_it_was_meant(plate: Plate, sample: Demo) -> None:
    data = file(plate, sample.filling("Zoë O’Brien-Łuczak"))
    for text in (judges.poppler_text(data), judges.pdfium_text(data)):
        said = judges.squeezed(text)
        for meant in (
            "Certificate of achievement",
            "Zoë O’Brien-Łuczak",
            "7QK2 M9XW 4T5Z C1AB",
            URL,
            "Apply the office’s five first steps.",
            "Merci à l’équipe de Genève",
            "Zoë O’Brien-Łuczak · 2 of 2",
        ):
            assert meant in said


def test_the_drawing_is_where_it_was_put(plate: Plate, sample: Demo) -> None:
    image = judges.picture(file(plate, sample.filling()), dpi=72)
    assert image.size == (600, 450)
    assert image.getpixel((304, 450 - 124)) == (0, 0, 0)  # the finder's lower left module
    assert image.getpixel((314, 450 - 134)) != (0, 0, 0)  # its white ring
    assert image.getpixel((304, 450 - 181)) == (0, 0, 0)


# --- once and many times ----------------------------------------------------------------------


def test_neither_other_rows_nor_their_order_change_a_file(sample: Demo) -> None:
    names = ["Ana Lima", "Θεοδώρα Παπαδοπούλου", "Ольга Щербакова", "Zoë O’Brien-Łuczak", "Ana Lima"]
    one, two = (engrave(sample.document, sample.book) for _ in range(2))
    forward = [one.fill(sample.filling(name)) for name in names]
    backward = [two.fill(sample.filling(name)) for name in reversed(names)][::-1]
    assert forward == backward
    assert forward[0] == forward[-1]
    assert forward[1] == engrave(sample.document, sample.book).fill(sample.filling(names[1]))


def test_the_order_in_which_slots_arrive_does_not_matter(plate: Plate, sample: Demo) -> None:
    filling = sample.filling("Ольга Щербакова")  # two faces of its own
    turned = msgspec.structs.replace(filling, slots=dict(reversed(filling.slots.items())))
    assert plate.fill(turned) == plate.fill(filling)


def test_a_pickled_plate_fills_alike_in_another_process(plate: Plate, sample: Demo, tmp_path: Path) -> None:
    fillings = [sample.filling(name) for name in ("Ana Lima", "Ольга Щербакова")]
    (tmp_path / "in").write_bytes(pickle.dumps((plate, fillings)))
    program = (
        "import pickle, sys, pathlib; folder = pathlib.Path(sys.argv[1])\n"
        "plate, fillings = pickle.loads((folder / 'in').read_bytes())\n"
        "tails = [plate.fill(filling) for filling in fillings]\n"
        "assert 'pikepdf' not in sys.modules\n"
        "(folder / 'out').write_bytes(pickle.dumps([(plate.prefix, t, plate.digest(t)) for t in tails]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=environment)
    there = pickle.loads((tmp_path / "out").read_bytes())
    assert there == [(plate.prefix, tail, plate.digest(tail)) for tail in map(plate.fill, fillings)]


def test_engraving_does_not_depend_on_hash_seeds(plate: Plate, sample: Demo) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import pdf_demo, hashlib; from certgen.pdf import engrave\n"
        "sample = pdf_demo.demo(pdf_demo.FontBook())\n"
        "print(hashlib.sha256(engrave(sample.document, sample.book).prefix).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-c", program, str(Path(__file__).parent)]
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == hashlib.sha256(plate.prefix).hexdigest()


def test_the_digest_is_that_of_the_whole_file(plate: Plate, sample: Demo) -> None:
    for name in ("Ana Lima", "Ольга Щербакова"):
        tail = plate.fill(sample.filling(name))
        assert plate.digest(tail) == hashlib.sha256(plate.prefix + tail).hexdigest()


def test_the_file_identifier_follows_the_content(plate: Plate, sample: Demo) -> None:
    def identifier(name: str) -> tuple[bytes, bytes]:
        first, second = opened(file(plate, sample.filling(name))).trailer.ID
        return bytes(first), bytes(second)

    ana, again, ben = identifier("Ana Lima"), identifier("Ana Lima"), identifier("Ben Lima")
    assert ana == again
    assert ana[0] == ben[0]  # the same credential's identifier
    assert ana[1] != ben[1]


# --- what does not fit ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"slots": {}}, "“address”, “code”, “foot”, “name”, “qr”"),
        ({"urls": {}}, "“verify”"),
        ({"languages": {}}, "“name”"),
        ({"metadata": metadata("A\0B")}, r"U\+0000"),
        ({"metadata": metadata("A\ud800B")}, r"U\+D800"),
    ],
)
def test_a_filling_that_lacks_something_is_told_what(plate: Plate, sample: Demo, changes: Any, named: str) -> None:
    with pytest.raises(Malformed, match=named):
        plate.fill(sample.filling(**changes))


def test_a_slot_that_the_document_lacks_is_an_error(plate: Plate, sample: Demo) -> None:
    filling = sample.filling()
    with pytest.raises(Malformed, match="no slot “seal”"):
        plate.fill(msgspec.structs.replace(filling, slots=filling.slots | {"seal": ()}))


def test_an_empty_drawing_is_allowed(plate: Plate, sample: Demo) -> None:
    filling = sample.filling()
    data = file(plate, msgspec.structs.replace(filling, slots=dict.fromkeys(filling.slots, ())))
    judges.conforms(data)
    assert "Zoë" not in judges.poppler_text(data)


@pytest.mark.parametrize(
    ("element", "says"),
    [
        (Element("Heading"), "not a standard structure type"),
        (Element("Figure", (Mark(0),)), "no alternative text"),
        (Element("Link", (Mark(0),)), "no link"),
        (Element("Link", (Mark(0),), link=Link(0, (0, 0, 9, 9), "Site")), "needs a url or a slot"),
        (Element("P", (Mark(3),)), "page 4 of 1"),
    ],
)
def test_a_document_that_cannot_be_tagged_is_refused(book: FontBook, element: Element, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        engrave(Document((Page(600, 450),), (element,), "en"), book)


# --- structure --------------------------------------------------------------------------------


def walk(element: Any) -> list[Any]:
    kids = element.get("/K", [])
    kids = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    return [element, *[found for kid in kids if "/S" in _keys(kid) for found in walk(kid)]]


def _keys(thing: Any) -> set[str]:
    return set(thing.keys()) if isinstance(thing, pikepdf.Dictionary) else set()


def test_the_tree_is_in_the_document_s_order_and_the_parent_tree_agrees(plate: Plate, sample: Demo) -> None:
    pdf = opened(file(plate, sample.filling()))
    elements = walk(pdf.Root.StructTreeRoot.K)
    roles = "Document H1 P P P P Figure P Link Sect H2 L LI Lbl LBody LI Lbl LBody P P Link"
    assert " ".join(str(e.S)[1:] for e in elements) == roles
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = {int(key): value for key, value in zip(numbers[::2], numbers[1::2], strict=True)}
    for index, page in enumerate(pdf.pages):
        assert int(page.obj.StructParents) == index
        owners = list(parents[index])
        content = b"".join(part.read_bytes() for part in page.obj.Contents)
        marks = [int(m) for m in re.findall(rb"<</MCID (\d+)>>BDC", content)]
        assert sorted(marks) == list(range(len(owners)))
        for mcid, owner in enumerate(owners):
            kids = owner.K if isinstance(owner.K, pikepdf.Array) else [owner.K]
            assert mcid in [int(kid) for kid in kids if isinstance(kid, int)]
        for annotation in page.obj.get("/Annots", []):
            owner = parents[int(annotation.StructParent)]
            assert [kid.Obj.objgen for kid in owner.K if "/Obj" in _keys(kid)] == [annotation.objgen]


def test_languages_attributes_and_links_are_said(plate: Plate, sample: Demo) -> None:
    pdf = opened(file(plate, sample.filling()))
    elements = walk(pdf.Root.StructTreeRoot.K)
    assert str(pdf.Root.Lang) == "en"
    assert [str(e.Lang) for e in elements if "/Lang" in e] == ["pl", "fr"]
    (listed,) = [e for e in elements if e.S == "/L"]
    assert (listed.A.O, listed.A.ListNumbering) == ("/List", "/Decimal")
    (figure,) = [e for e in elements if e.S == "/Figure"]
    assert str(figure.Alt) == "QR code: the address below"
    assert [float(v) for v in figure.A.BBox] == [300, 120, 363, 183]
    links = [annotation for page in pdf.pages for annotation in page.obj.Annots]
    assert [str(link.A.URI) for link in links] == [URL, "https://academy.example.org/%C3%A9"]
    assert [int(link.F) for link in links] == [4, 4]
    assert [str(link.Contents) for link in links] == ["Verify this certificate", "Example Academy’s site"]


def test_a_mark_on_another_page_than_its_element_s_first_names_its_page(book: FontBook) -> None:
    marks = tuple(Mark(page, (words(book, f"Part {page}", 50, 50),)) for page in (0, 1))
    document = Document((Page(300, 100), Page(300, 100)), (Element("P", marks),), "en")
    data = file(engrave(document, book), Filling({}, metadata("Two parts"), b"{}"))
    judges.conforms(data)
    kids = list(walk(opened(data).Root.StructTreeRoot.K)[1].K)
    assert kids[0] == 0
    assert (kids[1].Type, int(kids[1].MCID), kids[1].Pg.objgen) == ("/MCR", 0, opened(data).pages[1].objgen)


# --- metadata ---------------------------------------------------------------------------------


def test_the_information_dictionary_and_xmp_agree(plate: Plate, sample: Demo) -> None:
    pdf = opened(file(plate, sample.filling()))
    with pdf.open_metadata() as xmp:
        assert xmp.pdfa_status == "3A"
        assert xmp["dc:title"] == str(pdf.docinfo.Title) == "Certificate of Zoë O’Brien-Łuczak"
        assert xmp["dc:creator"] == [str(pdf.docinfo.Author)] == ["Example Academy & Sons"]
        assert xmp["dc:description"] == str(pdf.docinfo.Subject) == "Fair recruitment <2026>"
        assert xmp["pdf:Keywords"] == str(pdf.docinfo.Keywords) == "fair recruitment, Łódź"
        assert xmp["dc:identifier"] == "7QK2M9XW4T5ZC1AB"
        assert xmp["dc:language"] == {"en"}
        assert xmp["xmp:CreateDate"] == xmp["xmp:ModifyDate"] == "2026-04-10T00:00:00Z"
    pdf = opened(file(plate, sample.filling()))
    assert str(pdf.docinfo.CreationDate) == str(pdf.docinfo.ModDate) == "D:20260410000000Z"


def test_the_attachment_is_an_associated_file(plate: Plate, sample: Demo) -> None:
    data = b'{"name":"Zo\xc3\xab"}' + b" " * 4000  # long enough to be compressed
    pdf = opened(file(plate, sample.filling(attachment=data)))
    (specification,) = pdf.Root.AF
    assert specification.objgen == pdf.Root.Names.EmbeddedFiles.Names[1].objgen
    assert (str(specification.F), str(specification.UF)) == ("credential.json", "credential.json")
    assert specification.AFRelationship == "/Data"
    embedded = specification.EF.F
    assert embedded.Subtype == "/application/json"
    assert embedded.read_bytes() == data
    assert int(embedded.Params.Size) == len(data)
    assert bytes(embedded.Params.CheckSum) == hashlib.md5(data, usedforsecurity=False).digest()


WRITABLE = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=40)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=WRITABLE, url=WRITABLE, attachment=st.binary(max_size=300), day=st.dates(date(1970, 1, 1)))
def test_any_words_address_and_data_read_back(
    plate: Plate, sample: Demo, title: str, url: str, attachment: bytes, day: date
) -> None:
    about = Metadata(title, title, title, (title,), title, day)
    data = file(plate, sample.filling("Ana", metadata=about, urls={"verify": url}, attachment=attachment))
    pdf = opened(data)
    assert str(pdf.docinfo.Title) == str(pdf.docinfo.Author) == str(pdf.docinfo.Keywords) == title
    assert unquote(bytes(pdf.pages[0].obj.Annots[0].A.URI).decode("ascii")) == unquote(url)
    assert pdf.attachments["credential.json"].get_file().read_bytes() == attachment
    from lxml import etree

    (said,) = etree.fromstring(pdf.Root.Metadata.read_bytes()).iterfind(".//{*}title//{*}li")
    assert (said.text or "") == title
    assert not pdf.check_pdf_syntax()


# --- fonts and positions ----------------------------------------------------------------------


def fonts_of(data: bytes) -> list[Any]:
    return [font for _, font in sorted(opened(data).pages[0].obj.Resources.Font.items())]


def test_widths_are_those_of_the_embedded_program(plate: Plate, sample: Demo) -> None:
    from fontTools.ttLib import TTFont

    checked = 0
    for font in fonts_of(file(plate, sample.filling("Ольга Щербакова"))):
        (descendant,) = font.DescendantFonts
        program = TTFont(BytesIO(descendant.FontDescriptor.FontFile2.read_bytes()))
        gids = descendant.CIDToGIDMap.read_bytes()
        widths: dict[int, int] = {}
        array = list(descendant.W)
        for first, row in zip(array[::2], array[1::2], strict=True):
            widths |= dict(enumerate(map(int, row), int(first)))
        assert set(widths) >= set(range(len(gids) // 2))  # the map ends with the last code that this file shows
        for cid in range(len(gids) // 2):
            gid = int.from_bytes(gids[2 * cid : 2 * cid + 2], "big")
            if gid or not cid:
                advance, _ = program["hmtx"][program.getGlyphName(gid)]
                assert abs(widths[cid] - advance * 1000 / program["head"].unitsPerEm) <= 0.5
                checked += 1
    assert checked > 100


@pytest.mark.parametrize("tracking", [0.0, 0.4])
@pytest.mark.parametrize("family", [SERIF, SANS])
def test_a_long_line_does_not_drift(book: FontBook, family: str, tracking: float) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    text = "AVATAR Tofte, Yvonne: We awarded 47 prizes to Ta and V. Wolf To"
    features = {"liga": False, "clig": False}
    run = shaped(book, text, family, 8, tracking=tracking, **features)
    data = alone(book, Text(line(book, run), 20, 100, BLACK))
    page = pdfium.PdfDocument(data)[0].get_textpage()
    upem, at = book.by_key(run.face).upem, 20.0
    for index, glyph in enumerate(run.glyphs):
        x, y = ctypes.c_double(), ctypes.c_double()
        assert pdfium.raw.FPDFText_GetCharOrigin(page, index, x, y)
        assert abs(x.value - at) < 0.01, f"{glyph.text!r} at {index}"  # 8 points by 1/2000 em, and rounded x
        at += glyph.advance * 8 / upem + tracking


@pytest.mark.parametrize("family", [SERIF, "Great Vibes", "Pinyon Script"])
def test_strings_and_moves_add_up_to_the_advances(book: FontBook, family: str) -> None:
    """Pinyon Script has 2048 units to the em, so that no width is a whole number of thousandths."""
    run = shaped(book, "AVATAR Tofte, Yvonne van der Wal " * 4, family, 8)
    pdf = opened(alone(book, Text(line(book, run), 20, 100, BLACK)))
    (font,) = pdf.pages[0].obj.Resources.Font.values()
    array = list(font.DescendantFonts[0].W)
    widths: dict[int, float] = {}
    for first, row in zip(array[::2], array[1::2], strict=True):
        widths |= {int(first) + at: float(width) for at, width in enumerate(row)}
    origins, pen = [], 0.0
    for operands, operator in pikepdf.parse_content_stream(pdf.pages[0]):
        if str(operator) == "TJ":
            for item in operands[0]:
                if isinstance(item, pikepdf.String):
                    codes = bytes(item)
                    for at in range(0, len(codes), 2):
                        origins.append(pen)
                        pen += widths[int.from_bytes(codes[at : at + 2], "big")]
                else:
                    pen -= float(item)
    upem, meant = book.by_key(run.face).upem, 0.0
    assert len(origins) == len(run.glyphs)
    for origin, glyph in zip(origins, run.glyphs, strict=True):
        assert abs(origin - meant - glyph.dx * 1000 / upem) <= 0.5 + 1e-6
        meant += glyph.advance * 1000 / upem


def test_the_same_glyph_copies_as_each_text_it_stands_for(book: FontBook) -> None:
    small = shaped(book, "Ana Lima", SERIF, 20, smcp=True)
    capital = small.glyphs[0]
    twice = msgspec.structs.replace(small, glyphs=(capital, capital._replace(text="a")), text="Aa")
    data = alone(book, Text(line(book, small, shaped(book, " · ", SERIF, 20), twice), 20, 100, BLACK))
    for text in (judges.poppler_text(data), judges.pdfium_text(data)):
        assert judges.squeezed(text) == "Ana Lima · Aa"
    judges.conforms(data)


def test_a_raised_glyph_is_raised(book: FontBook) -> None:
    run = shaped(book, "HHHH", SANS, 50)
    raised = tuple(g._replace(dy=300 if i == 2 else 0) for i, g in enumerate(run.glyphs))
    image = judges.picture(
        alone(book, Text(line(book, msgspec.structs.replace(run, glyphs=raised)), 20, 50, BLACK)), dpi=72
    )

    def lowest(x: int) -> int:
        return max(y for y in range(image.height) if image.getpixel((x, y))[0] < 128)

    stems = [round(20 + (sum(g.advance for g in run.glyphs[:i]) + 120) * 50 / 1000) for i in range(4)]
    bottoms = [lowest(x) for x in stems]
    assert bottoms[0] == bottoms[1] == bottoms[3]
    assert bottoms[0] - bottoms[2] == pytest.approx(15, abs=1)


# --- artwork ----------------------------------------------------------------------------------


def test_artwork_is_written_once_and_brings_only_what_it_draws(book: FontBook) -> None:
    sample = demo(book)
    document = msgspec.structs.replace(sample.document, artwork={"frame": drawing(), "other": drawing()})
    plain = file(engrave(sample.document, book), sample.filling())
    pdf = opened(file(engrave(document, book), sample.filling()))
    kinds = Counter(str(o.get("/Subtype")) for o in pdf.objects if isinstance(o, pikepdf.Stream))
    assert kinds["/Form"] == 1  # equal artwork under two names
    assert kinds["/Image"] == 1  # drawn twice in it
    (form,) = {value.objgen: value for value in pdf.pages[0].obj.Resources.XObject.values()}.values()
    assert "/Font" not in form.Resources  # ReportLab's Helvetica, named and never shown
    assert len(plain) < 60_000


def test_artwork_that_shows_text_keeps_its_text(book: FontBook) -> None:
    source = opened(alone(book, words(book, "Watermark", 20, 100, 30)))
    out = BytesIO()
    source.save(out)
    document = Document(
        (Page(600, 200, (Picture("mark", (0, 0, 600, 200)),)),),
        (Element("P", (Mark(0, (words(book, "Words", 20, 20),)),)),),
        "en",
        artwork={"mark": Artwork(out.getvalue(), 600, 200)},
    )
    data = file(engrave(document, book), Filling({}, metadata("Artwork with text"), b"{}"))
    assert "Watermark" in judges.pdfium_text(data)


@pytest.mark.parametrize("soft_mask", [False, True])
def test_a_transparency_group_is_there_only_with_transparency(book: FontBook, soft_mask: bool) -> None:
    sample = demo(book, soft_mask=soft_mask)
    pdf = opened(file(engrave(sample.document, book), sample.filling()))
    assert ["/Group" in page.obj for page in pdf.pages] == [soft_mask, soft_mask]


def page_that_holds_itself() -> bytes:
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(100, 100))
    form = pdf.make_stream(b"/X Do", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 100, 100])
    form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
    page.obj.Resources = form.Resources
    page.obj.Contents = pdf.make_stream(b"/X Do")
    out = BytesIO()
    pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize(("data", "says"), [(b"no PDF", "cannot be read"), (None, "contains itself")])
def test_artwork_that_cannot_be_drawn_is_refused_in_words(book: FontBook, data: bytes | None, says: str) -> None:
    artwork = Artwork(page_that_holds_itself() if data is None else data, 100, 100)
    document = Document((Page(100, 100, (Picture("a", (0, 0, 100, 100)),)),), (), "en", artwork={"a": artwork})
    with pytest.raises(Malformed, match=says):
        engrave(document, book)
