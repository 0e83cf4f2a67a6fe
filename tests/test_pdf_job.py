"""A print job: one file with many certificates, which look as their own files do."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from builders import Make, book, pictures
from conftest import missing
from judges import _run, picture, poppler_text, sound, squeezed, zxing
from msgspec.structs import replace

from certgen import codes, credential
from certgen.compose import Matter, engraved
from certgen.font import FontBook
from certgen.model import Signatory
from certgen.page import Document, Filling, Shape
from certgen.pdf.flow import Flow
from certgen.pdf.forme import Forme
from certgen.pdf.ink import OFFICE, Ink
from certgen.pdf.job import Boxes, Job, Part
from certgen.pdf.profile import Profile
from certgen.pdf.separation import Press
from certgen.pdf.sorts import Sorts, retained
from certgen.pdf.structure import Malformed
from certgen.printing.bleed import REACH, bled

DAY = date(2026, 4, 10)
PEOPLE = ("Ana Díaz", "Öykü Şahin", "Ana Díaz", "Олена Коваль", "ليلى حداد", "ประภาพรรณ สุวรรณ")

Kind = tuple[Make, Document, Matter]


def kind(make: Make) -> Kind:
    problems: list[Any] = []
    found = make.studio().made(make.language, 0, frozenset(), problems, lambda document, matter: (document, matter))
    assert found is not None, problems
    return make, *found


@lru_cache(maxsize=8)
def plain(layout: str = "classic", record: bool = False) -> Kind:
    return kind(Make(layout=layout, record=record, summary="What the course is about." if record else None))


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Kind:
    """With logo, signatures, skills."""
    logos, signatures = pictures(tmp_path_factory.mktemp("pictures"))
    make = Make(skills=("Negotiation", "Mediation"))
    make.signatories = tuple(
        Signatory(id=str(at), name=name, role="Director", signature=path)
        for at, (name, path) in enumerate(zip(("Ingrid Njåstad", "Tomás Quintanilha"), signatures, strict=True))
    )
    make.issuer = replace(make.issuer, logos=tuple(logos))
    return kind(make)


def filling(one: Kind, name: str) -> Filling:
    make, _, matter = one
    made, sealed = make.credential(name), make.sealed(name)
    return matter.filling(
        credential.lookup(made),
        url=sealed.url,
        symbols=matter.drawn(sealed.url, made.url),
        identifier=codes.grouped(made.code),
        attachment=b"",
    )


def whole(forme: Forme, page: int = 0) -> Boxes:
    size = forme.pages[page]
    return Boxes((0, 0, size.width, size.height))


def printed(one: Kind, names: Iterable[str], **options: Any) -> bytes:
    """A sheet for each page of each person."""
    out = io.BytesIO()
    with Job(out, book(), title="Sheets", dated=DAY, **options) as job:
        forme = job.forme(one[1], book())
        for name in names:
            filled = filling(one, name)
            for page in range(len(forme.pages)):
                job.sheet(whole(forme, page), [Part(forme, page, filled)])
    return out.getvalue()


def mutool(pdf: bytes) -> None:
    """MuPDF draws every page without a complaint."""
    done = _run("mutool", "draw", "-q", "-r", "20", "-F", "ppm", "-o", os.devnull, "FILE", data=pdf)
    told = [line for line in done.stderr.decode().splitlines() if "ICC support is not available" not in line]
    assert done.returncode == 0 and not told, told  # Debian's build says that of every file


def ghostscript(pdf: bytes) -> None:
    """Ghostscript interprets every page without a complaint."""
    done = _run("gs", "-q", "-dNOPAUSE", "-dBATCH", "-dPDFSTOPONWARNING", "-sDEVICE=nullpage", "FILE", data=pdf)
    assert done.returncode == 0 and not (done.stdout + done.stderr), (done.stdout + done.stderr).decode()


# --- what readers make of it -----------------------------------------------------------------


@pytest.mark.parametrize("layout", ["classic", "modern", "record"])
def test_readers_open_a_job_without_a_complaint(layout: str) -> None:
    data = printed(plain(layout, True), PEOPLE[:3])
    sound(data)
    mutool(data)
    ghostscript(data)


def test_every_name_can_be_read_on_its_sheet_in_order() -> None:
    """In any script, also of people whose letters come up for the first time on the last sheet."""
    data = printed(plain(), PEOPLE)
    sheets = poppler_text(data).rstrip("\f").split("\f")
    assert len(sheets) == len(PEOPLE)
    for name, text in zip(PEOPLE, sheets, strict=True):
        assert name in squeezed(text)


def test_chinese_names_in_an_outline_font_that_has_no_map_of_codes() -> None:
    from certgen.font.cjk import system_files

    if not list(system_files()):
        missing("a font for Chinese, Japanese and Korean", "install fonts-noto-cjk")
    names = ("李小龙", "王芳", "李小龙", "山田 太郎")
    data = printed(plain(), names)
    sound(data)
    mutool(data)
    for name, text in zip(names, poppler_text(data).rstrip("\f").split("\f"), strict=True):
        assert name in squeezed(text)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert sum("/FontFile3" in thing for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary)) == 1


@pytest.mark.parametrize("name", ["Ana Díaz", "ليلى حداد"])
def test_a_sheet_looks_as_the_certificates_own_file_does(rich: Kind, name: str) -> None:
    make, document, matter = rich
    own = make.filled(engraved(document, matter), name)
    sheet = printed(rich, ["Öykü Şahin", name])
    assert differing(picture(sheet, 1), picture(own)) == 0


def differing(one: Any, other: Any) -> int:
    """Pixels that are not nearly the same."""
    from PIL import ImageChops

    assert one.size == other.size
    return sum(ImageChops.difference(one, other).convert("L").histogram()[16:])


def test_qr_codes_on_sheets_can_be_scanned(rich: Kind) -> None:
    data = printed(rich, ["Ana Díaz", "Bo Li"])
    for page, name in enumerate(("Ana Díaz", "Bo Li")):
        assert zxing(picture(data, page)) == [rich[0].sealed(name).url]


# --- what is in it, and how often --------------------------------------------------------------


def streams(pdf: pikepdf.Pdf) -> list[pikepdf.Stream]:
    return [thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream)]


def fonts(pdf: pikepdf.Pdf) -> list[str]:
    """Families embedded, without the subset's tag."""
    found = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary)]
    return sorted(str(each.FontName)[8:] for each in found if each.get("/Type") == "/FontDescriptor")


def test_fonts_and_artwork_are_in_it_once_however_many_certificates_there_are(rich: Kind) -> None:
    names = [f"Ana {letter}." for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    with (
        pikepdf.open(io.BytesIO(printed(rich, names[:1]))) as few,
        pikepdf.open(io.BytesIO(printed(rich, names))) as many,
    ):
        assert fonts(few) == fonts(many)
        assert len(set(fonts(many))) == len(fonts(many)) > 2
        # 25 more contents; page objects lie in object streams
        assert len(streams(many)) - len(streams(few)) <= 25 + 1


def test_two_formes_of_one_layout_share_fonts_pictures_and_codes(rich: Kind) -> None:
    """Though each has its own book of fonts, as two settings of the registry have."""
    other = kind(rich[0])
    out = io.BytesIO()
    with Job(out, book(), title="Sheets", dated=DAY) as job:
        for one, fonts_of in ((rich, book()), (other, FontBook()), (plain("modern"), book())):
            forme = job.forme(one[1], fonts_of)
            job.sheet(whole(forme), [Part(forme, 0, filling(one, "Ana Díaz"))])
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
        forms = [each for each in streams(pdf) if each.get("/Subtype") == "/Form"]
        contents = [each.read_bytes() for each in forms]
        assert len(set(contents)) == len(contents)
        assert len(set(fonts(pdf))) == len(fonts(pdf))
        one, two, three = (page.Contents.read_bytes() for page in pdf.pages)
        assert one == two != three
    sound(out.getvalue())


def test_paper_needs_no_structure_no_links_and_no_attachments(rich: Kind) -> None:
    with pikepdf.open(io.BytesIO(printed(rich, PEOPLE[:2]))) as pdf:
        assert not {"/StructTreeRoot", "/MarkInfo", "/Names", "/AF", "/AcroForm"} & set(pdf.Root.keys())
        assert all("/Annots" not in page and "/StructParents" not in page for page in pdf.pages)
        assert pdf.docinfo["/Title"] == "Sheets" and pdf.docinfo["/Trapped"] == "/False"
        assert str(pdf.docinfo["/CreationDate"]) == "D:20260410000000Z"
        with pdf.open_metadata() as xmp:
            assert xmp["dc:title"] == "Sheets" and xmp["pdf:Trapped"] == "False"
            assert xmp["xmp:CreateDate"] == "2026-04-10T00:00:00Z"


def test_equal_jobs_are_equal_bytes_and_different_ones_have_different_identifiers() -> None:
    one, two = (printed(plain(), PEOPLE[:3]) for _ in range(2))
    assert one == two
    other = printed(plain(), PEOPLE[1:4])
    with pikepdf.open(io.BytesIO(one)) as first, pikepdf.open(io.BytesIO(other)) as second:
        assert first.trailer.ID[1] != second.trailer.ID[1]


def test_boxes_are_those_that_were_given() -> None:
    out = io.BytesIO()
    boxes = Boxes((0, 0, 900, 700), (20, 20, 880, 680), (28.5, 28.5, 871.5, 671.5))
    with Job(out, book(), title="Boxes", dated=DAY) as job:
        job.sheet(boxes, [])
        job.sheet(Boxes((0, 0, 900, 700)), [])
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
        press, office = pdf.pages
        assert [[float(v) for v in press[name]] for name in ("/MediaBox", "/BleedBox", "/TrimBox")] == [
            list(box or ()) for box in boxes
        ]
        assert "/TrimBox" not in office and "/BleedBox" not in office
    sound(out.getvalue())


# --- several on a sheet, clipped and moved -------------------------------------------------------


def test_parts_are_moved_turned_and_clipped() -> None:
    """On a sheet of whole points, so that a picture with a pixel for each shows them as on one of their own."""
    one = plain()
    wide, high = 842, 596
    width, height = one[1].pages[0].width, one[1].pages[0].height
    people = [filling(one, name) for name in ("Ana Díaz", "Bo Li")]

    def sheet(tall: int, *parts: tuple[int, tuple[float, ...], Any]) -> Any:
        out = io.BytesIO()
        with Job(out, book(), title="Two up", dated=DAY) as job:
            forme = job.forme(one[1], book())
            placed = [Part(forme, 0, people[who], matrix, clip) for who, matrix, clip in parts]  # type: ignore[arg-type]
            job.sheet(Boxes((0, 0, wide, tall)), placed)
        return picture(out.getvalue(), dpi=72)

    upper, turned = (1, 0, 0, 1, 0, high), (-1, 0, 0, -1, width, height)
    both = sheet(2 * high, (0, upper, None), (1, turned, (0, 0, wide / 2, high)))
    first = sheet(high, (0, (1, 0, 0, 1, 0, 0), None))
    second = sheet(high, (1, turned, None))
    assert differing(both.crop((0, 0, wide, high)), first) == 0
    half = wide // 2
    assert differing(both.crop((0, high, half, 2 * high)), second.crop((0, 0, half, high))) == 0
    assert second.crop((half, 0, wide, high)).getextrema() != ((255, 255),) * 3
    assert both.crop((half, high, wide, 2 * high)).getextrema() == ((255, 255),) * 3


def test_what_is_drawn_over_the_parts_is_on_top() -> None:
    one = plain()
    out = io.BytesIO()
    with Job(out, book(), title="Over", dated=DAY) as job:
        forme = job.forme(one[1], book())
        size = whole(forme).media
        cover = Shape(path=f"0 0 {size[2]} {size[3]} re", fill=(1.0, 0.0, 0.0))
        job.sheet(whole(forme), [Part(forme, 0, filling(one, "Ana Díaz"))], [cover])
    image = picture(out.getvalue(), dpi=20)
    assert image.getpixel((50, 50)) == image.getpixel((150, 120)) == (255, 0, 0)


@pytest.mark.parametrize(("ink", "space"), [(OFFICE, "/DeviceRGB"), (Press(Profile.of("FOGRA39")), "/DeviceCMYK")])
def test_sheets_with_something_transparent_say_what_colours_are_mixed_in(ink: Ink, space: str, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGBA", (60, 60), (20, 90, 30, 100)).save(tmp_path / "logo.png")
    make = Make()
    make.issuer = replace(make.issuer, logos=(str(tmp_path / "logo.png"),))
    out = io.BytesIO()
    with Job(out, book(), ink, title="Mixed", dated=DAY) as job:
        for one in (kind(make), plain()):
            forme = job.forme(one[1], book())
            job.sheet(whole(forme), [Part(forme, 0, filling(one, "Ana Díaz"))])
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
        assert space == pdf.pages[0].Group.CS and "/Group" not in pdf.pages[1]
    sound(out.getvalue())
    ghostscript(out.getvalue())


def test_a_slot_without_anything_for_it_is_refused() -> None:
    one = plain()
    with Job(io.BytesIO(), book(), title="Nothing", dated=DAY) as job:
        forme = job.forme(one[1], book())
        empty = Filling(slots={}, metadata=filling(one, "Ana Díaz").metadata, attachment=b"")
        with pytest.raises(Malformed, match="brings nothing"):
            job.sheet(whole(forme), [Part(forme, 0, empty)])


# --- paper that is printed on already ------------------------------------------------------------


def test_on_printed_paper_text_signatures_and_qr_code_are_left(rich: Kind) -> None:
    full, bare = printed(rich, ["Ana Díaz"]), printed(rich, ["Ana Díaz"], stationery=False)
    all_of_it, left = squeezed(poppler_text(full)), squeezed(poppler_text(bare))
    for words in ("Ana Díaz", "Fair recruitment", "Negotiation", "Ingrid Njåstad", "Director"):
        assert words in all_of_it and words in left
    assert zxing(picture(bare)) == [rich[0].sealed("Ana Díaz").url]
    with pikepdf.open(io.BytesIO(full)) as whole_, pikepdf.open(io.BytesIO(bare)) as some:
        drawn = [{name for name in pdf.pages[0].Resources.XObject if name.startswith("/A")} for pdf in (whole_, some)]
    assert len(drawn[1]) == 1 < len(drawn[0]), "the signatures, of which one drawing serves both"
    image = picture(bare, dpi=72)
    edge = image.crop((0, 0, image.width, 50)).getextrema()
    assert edge == ((255, 255),) * 3, "no border"


def test_a_panel_at_the_edge_reaches_beyond_it_where_the_layout_says_nothing() -> None:
    """modern has a band along one side and no bleed of its own; classic has nothing at its edge."""
    document = bled(plain("modern")[1])
    assert document.pages[0].bleed == REACH == pytest.approx(3 / 25.4 * 72)
    out = io.BytesIO()
    one = plain("modern")
    with Job(out, book(), title="Bleed", dated=DAY) as job:
        forme = job.forme(document, book())
        width, height = forme.pages[0].width, forme.pages[0].height
        media = (-20, -20, width + 20, height + 20)
        job.sheet(Boxes(media), [Part(forme, 0, filling(one, "Ana Díaz"))])
    image = picture(out.getvalue(), dpi=72)
    middle = image.height // 2
    inside, beyond, outside = (image.getpixel((20 + x, middle)) for x in (4, -5, -12))
    assert inside == beyond != (255, 255, 255) == outside
    corner = image.getpixel((20 - 5, 20 - 5))
    assert corner == inside
    trimmed = image.crop((21, 21, image.width - 21, image.height - 21))
    own = picture(printed(one, ["Ana Díaz"]), dpi=72).crop((1, 1, trimmed.width + 1, trimmed.height + 1))
    assert differing(trimmed, own) < 60
    assert bled(plain()[1]).pages[0].bleed == REACH


# --- as a stream ---------------------------------------------------------------------------------


class Sink(io.RawIOBase):
    """Counts, and forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


def test_sheets_go_out_as_they_are_made_and_memory_stays_flat() -> None:
    one = plain()
    filled = filling(one, "Ana Díaz")
    sink: Any = Sink()
    with Job(sink, book(), title="Flat", dated=DAY) as job:
        forme = job.forme(one[1], book())

        def sheets(count: int) -> None:
            for _ in range(count):  # no sheet is like another
                job.sheet(whole(forme), [Part(forme, 0, filled, (1, 0, 0, 1, job.sheets, 0))])

        sheets(400)
        tracemalloc.start()
        try:
            before, size = tracemalloc.get_traced_memory()[0], sink.size
            sheets(2000)
            grown, written = tracemalloc.get_traced_memory()[0] - before, sink.size - size
        finally:
            tracemalloc.stop()
    assert written > 2000 * 1000
    assert grown < 2000 * 64 + 100_000, "the offsets of two objects a sheet, and an object stream that is not full"


@pytest.mark.parametrize("count", [0, 1, 64, 65, 64 * 64 + 1])
def test_the_page_tree_is_balanced_and_in_order(count: int) -> None:
    out = io.BytesIO()
    flow = Flow(out)
    for number in range(count):
        flow.page(b"/MediaBox[0 0 %d 100]" % (number + 100))
    flow.finish(b"", b"<<>>", "pages")
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
        assert [int(page.MediaBox[2]) - 100 for page in pdf.pages] == list(range(count))
        deepest = 0
        todo = [(pdf.Root.Pages, 1)]
        while todo:
            node, depth = todo.pop()
            kids = [kid for kid in node.Kids if kid.Type == "/Pages"]
            assert len(node.Kids) <= 64
            assert node.Count == sum(kid.get("/Count", 1) for kid in node.Kids)
            deepest = max(deepest, depth)
            todo += [(kid, depth + 1) for kid in kids]
        assert deepest == {0: 1, 1: 1, 64: 1, 65: 2, 64 * 64 + 1: 3}[count]


def test_a_job_that_is_left_by_an_error_has_no_end() -> None:
    out = io.BytesIO()
    with pytest.raises(ZeroDivisionError), Job(out, book(), title="Half", dated=DAY) as job:
        job.sheet(Boxes((0, 0, 100, 100)), [])
        raise ZeroDivisionError
    assert b"%%EOF" not in out.getvalue()


# --- codes ---------------------------------------------------------------------------------------


def test_codes_are_given_out_once_and_a_glyph_of_several_texts_has_one_for_each() -> None:
    face: Any = book().face("EB Garamond")
    sorts = Sorts(face, b"/F0")
    first, other = sorts[5, "a"], sorts[5, "á"]
    assert sorts[5, "a"] is first and (first.layer, first.code) != (other.layer, other.code)
    assert first.layer == other.layer == 0, "TrueType takes any code"
    assert sorts.names == [b"/F0"]


def test_bare_outlines_have_a_layer_for_each_further_text_of_a_glyph() -> None:
    """There the code is the glyph's own number."""
    from certgen.font.cjk import system_files

    if not list(system_files()):
        missing("a font for Chinese, Japanese and Korean", "install fonts-noto-cjk")
    face = book().script_faces("Hani", "ja")[0]
    assert face.is_cff
    sorts = Sorts(face, b"/F7")
    pairs = [(40, "a"), (40, "á"), (41, "b"), (40, "à")]
    assert [(sorts[pair].layer, sorts[pair].code) for pair in pairs] == [
        (0, b"\0\\("),
        (1, b"\0\\("),
        (0, b"\0\\)"),
        (2, b"\0\\("),
    ]
    assert sorts.names == [b"/F7", b"/F7L1", b"/F7L2"]
    streams: list[bytes] = []

    def stream(data: bytes, entries: bytes) -> int:
        streams.append(data)
        return len(streams)

    entries = sorts.write(retained, stream, lambda body: 1)
    assert entries.count(b"/F7") == 3
    assert len(streams) == 4, "one program, and three maps to text"
