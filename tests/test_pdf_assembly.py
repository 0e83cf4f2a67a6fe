"""Font programs put together for each file: sound, with the face's own outlines, and nothing that is not shown."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable
from io import BytesIO
from typing import Any, NamedTuple

import judges
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pdf_demo import LATIN, SANS, SERIF, demo

from certgen import font
from certgen.font import Face, FontBook
from certgen.pdf import assembly, engrave
from certgen.pdf.assembly import Assembly, Made, assemble
from certgen.pdf.fonts import Pair, Program

FACES = (SERIF, SANS, "Great Vibes", "Pinyon Script", "Noto Serif", "Cinzel")
FIXED = "This is to certify that é"


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def pairs(face: Face, text: str) -> set[Pair]:
    found = ((face.hb.get_nominal_glyph(ord(char)), char) for char in text)
    return {(gid, char) for gid, char in found if gid}


def taken(face: Face, fixed: str = FIXED, stock: str = LATIN) -> tuple[Program, Assembly]:
    found = assemble(face, pairs(face, fixed), pairs(face, stock), font.subset)
    assert found is not None
    return found


def codes(program: Program, face: Face, text: str) -> dict[str, int]:
    """By character, the code where a file brings its glyph, else 0."""
    return {char: program.codes[gid, char].late for gid, char in pairs(face, text)}


def program_of(made: Made) -> bytes:
    data = zlib.decompress(made.data) if b"/FlateDecode" in made.entries else made.data
    assert b"/Length1 %d" % len(data) in made.entries
    return data


def opened(data: bytes) -> Any:
    from fontTools.ttLib import TTFont

    return TTFont(BytesIO(data), checkChecksums=2)  # raises where a sum is wrong


class Pen:
    """What is drawn, as HarfBuzz says it."""

    def __init__(self, drawn: Any, gid: int) -> None:
        self.operators: list[str] = []
        self.points: list[float] = []
        drawn.draw_glyph_with_pen(gid, self)

    def __getattr__(self, name: str) -> Any:
        def draw(*points: tuple[float, float]) -> None:
            self.operators.append(name)
            self.points += [value for point in points for value in point]

        return draw


@pytest.mark.parametrize("fixed", ["", FIXED])
@pytest.mark.parametrize("family", FACES)
def test_a_program_has_the_faces_own_outlines_and_sound_tables(book: FontBook, family: str, fixed: str) -> None:
    face = book.face(family)
    program, made_from = taken(face, fixed)
    name = "Zoë Ń Núñez-O’Brien ŁŻ"
    late = codes(program, face, name)
    made = made_from.make(set(late.values()))
    data = program_of(made)
    sound = opened(data)
    sound.ensureDecompiled()
    assert sound["head"].checkSumAdjustment == whole(data)
    shown = {char for char, cid in late.items() if cid}
    assert sound["maxp"].numGlyphs <= 1 + len(pairs(face, fixed)) + len(shown)
    import uharfbuzz as hb

    embedded = hb.Font(hb.Face(data))
    for gid, char in pairs(face, name):
        here = gid_of(program, made, (gid, char))
        assert here
        ours, theirs = Pen(embedded, here), Pen(face.hb, gid)
        assert ours.operators == theirs.operators, char
        assert ours.points == pytest.approx(theirs.points, abs=1), char  # half a unit where a component is scaled
        assert sound["hmtx"][sound.getGlyphName(here)][0] == face.advance(gid)


def gid_of(program: Program, made: Made, pair: Pair) -> int:
    cid = int.from_bytes(bytes(pikepdf.Object.parse(b"(%b)" % program.codes[pair].code)), "big")
    return int.from_bytes(made.gids[2 * cid : 2 * cid + 2], "big")


def whole(data: bytes) -> int:
    """What ``checkSumAdjustment`` has to be (OpenType 1.9, "Calculating checksums")."""
    at = data.index(b"head")
    place = int.from_bytes(data[at + 8 : at + 12], "big") + 8
    blank = data[:place] + bytes(4) + data[place + 4 :]
    assert len(blank) % 4 == 0
    return (0xB1B0AFBA - sum(int.from_bytes(blank[i : i + 4], "big") for i in range(0, len(blank), 4))) & 0xFFFFFFFF


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from(LATIN), max_size=60))
def test_any_choice_of_glyphs_is_a_sound_program(book: FontBook, text: str) -> None:
    face = book.face(SANS)
    program, made_from = _sans(face)
    late = {cid for cid in codes(program, face, text).values() if cid}
    made = made_from.make(late | {0})
    sound = opened(program_of(made))
    assert sound["maxp"].numGlyphs == 1 + len({gid for gid, _ in pairs(face, FIXED)}) + len(late)
    assert len(made.gids) // 2 == 1 + max(late, default=len(pairs(face, FIXED)))
    assert made == pickle.loads(pickle.dumps(made_from)).make(late)


_KNOWN: list[tuple[Program, Assembly]] = []


def _sans(face: Face) -> tuple[Program, Assembly]:
    if not _KNOWN:
        _KNOWN.append(taken(face))
    return _KNOWN[0]


def test_what_gains_nothing_or_cannot_be_taken_apart_stays_whole(book: FontBook) -> None:
    face = book.face(SANS)
    assert assemble(face, pairs(face, LATIN), pairs(face, LATIN), font.subset) is None
    assert assemble(face, (), pairs(face, "0123456789"), font.subset) is None

    class Other(NamedTuple):
        data: bytes
        mapping: dict[int, int]

    def with_another_table(face: Face, gids: Iterable[int]) -> Other:
        cut = font.subset(face, gids)
        return Other(cut.data.replace(b"maxp", b"prep", 1), cut.mapping)

    assert assemble(face, (), pairs(face, LATIN), with_another_table) is None  # type: ignore[arg-type]


def test_a_page_looks_and_reads_the_same_as_with_whole_fonts(book: FontBook, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import ImageChops

    sample = demo(book)
    filling = sample.filling("Zoë Ó Brién-Łuczak ﬁ")
    plate = engrave(sample.document, book)
    ours = plate.prefix + plate.fill(filling)
    monkeypatch.setattr(assembly, "WORTH", 1 << 30)
    other = engrave(sample.document, book)
    assert len(ours) < len(other.prefix + other.fill(filling)) - 20_000
    theirs = other.prefix + other.fill(filling)
    for page in (0, 1):
        difference = ImageChops.difference(*(judges.picture(data, page).convert("L") for data in (ours, theirs)))
        assert sum(difference.histogram()[40:]) == 0, (
            page
        )  # pdfium puts the accents of composite glyphs on its own grid
    assert judges.poppler_text(ours) == judges.poppler_text(theirs)
    assert judges.pdfium_text(ours) == judges.pdfium_text(theirs)
    judges.conforms(ours)
