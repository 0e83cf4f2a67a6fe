"""A file for a printing press is PDF/X-4 as far as anyone at hand can tell, and has the plates that were asked for.

Nobody who judges ISO 15930-7 as a whole can be had freely. Three judge parts of it: ``pressed.pdfx4``, which is
certgen's own and knows most rules; pdf-oxide (boxes, metadata, intents, scripts); and the judges of PDF/A, whose rules
for colours, fonts and content are nearly the same.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pikepdf
import pressed
import pytest
from builders import Make, book, pictures
from conftest import missing
from judges import conforms, picture, sound, zxing
from msgspec.structs import replace
from pikepdf import Array, Dictionary, Name, Pdf
from test_verapdf import verapdf, verapdf_is_here

from certgen import codes, credential
from certgen.model import PressSpec, Signatory, Spot
from certgen.page import Shape
from certgen.pdf.ink import OFFICE, REGISTRATION, Ink
from certgen.pdf.job import Boxes, Job, Part
from certgen.pdf.separation import Press

NAMES = ("Ana Díaz", "Öykü Şahin")
BLEED, SLUG = 8.5, 28.35  # points
INKS = {"primary": Spot("PANTONE 541 C", (100, 58, 9, 46)), "accent": Spot("PANTONE 871 C", (20, 35, 75, 15))}


def sheets(make: Make, ink: Ink, names: tuple[str, ...] = NAMES) -> bytes:
    """A file for the press with each person's first page between crop marks."""
    problems: list[Any] = []
    found = make.studio().made(make.language, 0, frozenset(), problems, lambda document, matter: (document, matter))
    assert found is not None and not problems, problems
    document, matter = found
    out = io.BytesIO()
    with Job(out, book(), ink, title="Sheets", dated=date(2026, 4, 10)) as job:
        forme = job.forme(document, book())
        width, height = forme.pages[0].width, forme.pages[0].height
        boxes = Boxes(
            (-SLUG, -SLUG, width + SLUG, height + SLUG),
            (-BLEED, -BLEED, width + BLEED, height + BLEED),
            (0, 0, width, height),
        )
        mark = Shape(path=f"-25 0 m -10 0 l -25 {height} m -10 {height} l", stroke=REGISTRATION, width=0.25)
        for name in names:
            made, sealed = make.credential(name), make.sealed(name)
            filling = matter.filling(
                credential.lookup(made),
                url=sealed.url,
                symbols=matter.drawn(sealed.url, made.url),
                identifier=codes.grouped(made.code),
                attachment=b"",
            )
            job.sheet(boxes, [Part(forme, 0, filling)], [mark])
    return out.getvalue()


def ink(make: Make, **spots: Spot) -> Press:
    colours = {"primary": make.issuer.primary, "accent": make.issuer.accent}
    return Press.of(PressSpec(spots=dict(spots)), colours)


@lru_cache(maxsize=4)
def plain() -> bytes:
    """A certificate without pictures, its house colours in inks of their own."""
    return sheets(Make(), ink(Make(), **INKS))


@pytest.fixture(scope="module", name="rich")
def _rich(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """With logos, signatures and skills, all mixed from the process inks."""
    make = Make(skills=("Negotiation", "Mediation"))
    logos, signatures = pictures(tmp_path_factory.mktemp("pictures"))
    make.signatories = tuple(
        Signatory(id=str(at), name=name, role="Director", signature=path)
        for at, (name, path) in enumerate(zip(("Ingrid Njåstad", "Tomás Quintanilha"), signatures, strict=True))
    )
    make.issuer = replace(make.issuer, logos=tuple(logos))
    return sheets(make, ink(make))


# --- what judges say ---------------------------------------------------------------------------


def test_a_press_file_keeps_every_rule_of_pdfx_4_that_can_be_looked_at(rich: bytes) -> None:
    for data in (plain(), rich):
        sound(data)
        assert pressed.pdfx4(data) == []


def oxide(pdf: bytes, folder: Path) -> list[str]:
    """What pdf-oxide, a library in Rust, says against a file as PDF/X-4."""
    try:
        import pdf_oxide
    except ImportError:
        missing("pdf-oxide", "pip install pdf-oxide")
    file = folder / "job.pdf"
    file.write_bytes(pdf)
    report = pdf_oxide.PdfDocument(str(file)).validate_pdf_x("4")
    found = [*report["errors"], *report["warnings"]]
    assert report["valid"] or found
    return found


def test_pdf_oxide_takes_a_press_file_for_pdfx_4(rich: bytes, tmp_path: Path) -> None:
    for data in (plain(), rich):
        assert oxide(data, tmp_path) == []


def archival(pdf: bytes) -> bytes:
    """The same file, saying PDF/A-2b where it said PDF/X-4: its intent, and its metadata without what PDF/A has not."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        intent = Dictionary(dict(opened.Root.OutputIntents[0].items()))
        intent.S = Name.GTS_PDFA1
        opened.Root.OutputIntents = Array([opened.make_indirect(intent)])
        text = opened.Root.Metadata.read_bytes()
        text = re.sub(rb"<pdf:Trapped>.*?</pdf:Trapped>", b"", text)
        text = text.replace(b"pdfxid=", b"pdfaid=").replace(b"www.npes.org/pdfx/ns/id/", b"www.aiim.org/pdfa/ns/id/")
        claim = b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
        text, count = re.subn(rb"<pdfxid:GTS_PDFXVersion>PDF/X-4</pdfxid:GTS_PDFXVersion>", claim, text)
        assert count == 1
        opened.Root.Metadata = opened.make_stream(text, Type=Name.Metadata, Subtype=Name.XML)
        del opened.docinfo["/GTS_PDFXVersion"]
        out = io.BytesIO()
        opened.save(out)
        return out.getvalue()


def test_colours_fonts_and_content_are_what_judges_of_pdfa_ask_for(rich: bytes) -> None:
    for data in (plain(), rich):
        conforms(archival(data), "2b")


def test_verapdf_says_so_too(rich: bytes, tmp_path: Path) -> None:
    verapdf_is_here()
    files = []
    for name, data in (("plain", plain()), ("rich", rich)):
        files.append(tmp_path / f"{name}.pdf")
        files[-1].write_bytes(archival(data))
    found = verapdf(*files)
    assert found == {file.name: {"PDF/A-2B validation profile": []} for file in files}


# --- the judges judge ----------------------------------------------------------------------------


def _no_trim(pdf: Pdf) -> None:
    del pdf.pages[0].obj.TrimBox


def _trim_outside(pdf: Pdf) -> None:
    pdf.pages[0].obj.TrimBox = Array([0, 0, 5000, 5000])


def _no_intent(pdf: Pdf) -> None:
    del pdf.Root.OutputIntents


def _no_profile(pdf: Pdf) -> None:
    del pdf.Root.OutputIntents[0].DestOutputProfile


def _screens_profile(pdf: Pdf) -> None:
    stream = pdf.Root.OutputIntents[0].DestOutputProfile
    data = stream.read_bytes()
    stream.write(data[:12] + b"mntr" + data[16:])


def _no_metadata(pdf: Pdf) -> None:
    del pdf.Root.Metadata


def _not_trapped(pdf: Pdf) -> None:
    del pdf.docinfo["/Trapped"]


def _other_title(pdf: Pdf) -> None:
    pdf.docinfo["/Title"] = "Another"


def _red(pdf: Pdf) -> None:
    pdf.pages[0].contents_add(b"1 0 0 rg 0 0 9 9 re f")


def _link(pdf: Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9])
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(note)])


def _script(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")


def _no_font(pdf: Pdf) -> None:
    for thing in pdf.objects:
        if isinstance(thing, Dictionary) and "/FontFile2" in thing:
            del thing["/FontFile2"]


def _transfer(pdf: Pdf) -> None:
    pdf.make_indirect(Dictionary())
    pdf.pages[0].obj.Extra = pdf.make_indirect(Dictionary(Type=Name.ExtGState, TR=Name.Identity))


def _two_mixtures(pdf: Pdf) -> None:
    other = Dictionary(FunctionType=2, Domain=[0, 1], C0=[0, 0, 0, 0], C1=[0, 1, 1, 0], N=1)
    space = Array([Name.Separation, Name("/PANTONE 541 C"), Name.DeviceCMYK, other])
    pdf.pages[0].obj.Extra = pdf.make_indirect(space)


FAULTS: dict[Callable[[Pdf], None], str] = {
    _no_trim: "TrimBox",
    _trim_outside: "TrimBox within",
    _no_intent: "one output intent",
    _no_profile: "its profile",
    _screens_profile: "a press's",
    _no_metadata: "XMP",
    _not_trapped: "trapped",
    _other_title: "same title",
    _red: "device RGB",
    _link: "nothing but drawing",
    _script: "OpenAction",
    _no_font: "embedded",
    _transfer: "transfer",
    _two_mixtures: "says one thing only",
}
OXIDES = (_no_trim, _trim_outside, _no_intent, _no_metadata, _not_trapped, _link, _script)
"""What pdf-oxide finds of these: it looks at neither colours, fonts nor profiles."""


def broken(fault: Callable[[Pdf], None]) -> bytes:
    with pikepdf.open(io.BytesIO(plain())) as pdf:
        fault(pdf)
        out = io.BytesIO()
        pdf.save(out, force_version="1.6")
        return out.getvalue()


@pytest.mark.parametrize("fault", FAULTS)
def test_what_breaks_the_standard_is_found(fault: Callable[[Pdf], None]) -> None:
    assert any(FAULTS[fault] in found for found in pressed.pdfx4(broken(fault)))


@pytest.mark.parametrize("fault", OXIDES)
def test_pdf_oxide_finds_what_it_looks_at(fault: Callable[[Pdf], None], tmp_path: Path) -> None:
    assert oxide(broken(fault), tmp_path)


def test_a_judge_of_pdfa_finds_a_screens_colour() -> None:
    with pytest.raises(AssertionError, match="RGB"):
        conforms(archival(broken(_red)), "2b")


# --- plates ----------------------------------------------------------------------------------


def test_a_certificate_in_black_and_two_inks_of_the_house_needs_three_plates() -> None:
    """Text, the QR code among it, is in black alone; headings and the name in the house colour; nothing is mixed."""
    found = pressed.plates(cut(plain()))
    assert found.keys() == {*pressed.PROCESS, "PANTONE 541 C", "PANTONE 871 C"}
    assert {name for name, plate in found.items() if pressed.inked(plate)} == {
        "Black",
        "PANTONE 541 C",
        "PANTONE 871 C",
    }
    assert found["Black"].getextrema()[0] == 0
    code = zxing(pressed.plates(cut(plain()), dpi=200)["Black"])
    assert len(code) == 1 and code[0].startswith("https://verify.meridian-training.org")


def cut(pdf: bytes) -> bytes:
    """The first sheet without what is beyond its bleed: marks are on all plates."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        del opened.pages[1:]
        opened.pages[0].obj.MediaBox = opened.pages[0].obj.BleedBox
        out = io.BytesIO()
        opened.save(out)
        return out.getvalue()


def test_marks_are_on_every_plate() -> None:
    for name, plate in pressed.plates(plain()).items():
        corner = plate.crop((0, 0, round(15 / 72 * 100), plate.height))
        assert pressed.inked(corner), name


def test_a_printed_sheet_looks_as_the_page_on_a_screen(rich: bytes) -> None:
    make = Make()
    office = sheets(make, OFFICE, NAMES[:1])
    paper = sheets(make, ink(make), NAMES[:1])
    (screen,), (paper_look,) = pressed.seen(office), pressed.seen_on_paper(paper)
    off = pressed.apart(screen, paper_look)
    assert off[int(len(off) * 0.97)] < 3, off[-1]
    assert picture(paper).size == picture(office).size
