"""Faces: what is bundled, how one is chosen, what a subset keeps."""

from __future__ import annotations

import io
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables.TupleVariation import TupleVariation

from certgen import assets
from certgen.errors import CertgenError, ExitCode
from certgen.font import Face, FontBook, subset


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def made(path: Path, family: str, *, permission: int = 0, axis: bool = False) -> Path:
    """A font of two glyphs, for what the bundled ones cannot show."""
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "A"])
    builder.setupCharacterMap({ord("A"): "A"})
    glyphs = {}
    for name in (".notdef", "A"):
        pen = TTGlyphPen(None)
        pen.moveTo((0, 0))
        pen.lineTo((0, 700))
        pen.lineTo((500, 0))
        pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({".notdef": (500, 0), "A": (600, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable(
        {"familyName": family, "styleName": "Regular", "psName": family.replace(" ", "") + "-Regular"}
    )
    builder.setupOS2(fsType=permission)
    builder.setupPost()
    if axis:
        builder.setupFvar([("wght", 300, 400, 700, "Weight")], [])
        wide = TupleVariation({"wght": (0.0, 1.0, 1.0)}, [(0, 0), (0, 0), (300, 0), *[(0, 0)] * 4])
        builder.setupGvar({"A": [wide]})
    builder.save(path)
    return path


def test_every_bundled_family_carries_its_licence() -> None:
    for folder in sorted(path for path in assets.folder("fonts").iterdir() if path.is_dir()):
        assert list(folder.glob("*.ttf")), folder.name
        licence = (folder / "OFL.txt").read_text(encoding="utf-8")
        assert ("SIL OPEN FONT LICENSE" in licence.upper() and "Copyright" in licence) or "©" in licence, folder.name


def test_bundled_fonts_stay_small() -> None:
    assert sum(path.stat().st_size for path in assets.folder("fonts").rglob("*.*")) < 8_000_000


def test_bundled_fonts_are_whole_and_named_apart(book: FontBook) -> None:
    assert book.problems == []
    files = list(assets.folder("fonts").rglob("*.ttf"))
    keys = {TTFont(path)["name"].getDebugName(6) for path in files}
    assert len(keys) == len(files)
    assert all(book.by_key(key).key == key for key in keys)


def test_metrics_are_those_of_the_tables(book: FontBook) -> None:
    for family in ("EB Garamond", "Great Vibes", "Pinyon Script", "Noto Naskh Arabic"):
        face = book.face(family)
        font = TTFont(face.path)
        assert (face.upem, face.ascent, -face.descent) == (
            font["head"].unitsPerEm,
            font["hhea"].ascent,
            font["hhea"].descent,
        )
        glyphs = font.getGlyphOrder()
        for gid in range(0, len(glyphs), 37):
            outline = font["glyf"][glyphs[gid]]
            assert face.advance(gid) == font["hmtx"][glyphs[gid]][0]
            if outline.numberOfContours:
                assert face.extents(gid) == (outline.xMin, outline.yMin, outline.xMax, outline.yMax)
            else:
                assert face.extents(gid) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("weight", "italic", "key"),
    [
        (400, False, "EBGaramond-Regular"),
        (450, False, "EBGaramond-Regular"),
        (600, False, "EBGaramond-SemiBold"),
        (900, False, "EBGaramond-SemiBold"),
        (700, True, "EBGaramond-Italic"),
    ],
)
def test_nearest_weight_of_the_right_slope(book: FontBook, weight: int, italic: bool, key: str) -> None:
    assert book.face("EB Garamond", weight, italic).key == key


def test_family_names_are_not_case_sensitive(book: FontBook) -> None:
    assert book.face("eb garamond") is book.face("EB Garamond")


def test_unknown_family_names_the_nearest(book: FontBook) -> None:
    with pytest.raises(CertgenError) as raised:
        book.face("EB Garamont")
    (problem,) = raised.value.problems
    assert "EB Garamont" in problem.message and "EB Garamond" in problem.hint
    assert raised.value.exit_code == ExitCode.LAYOUT


def test_unknown_key_is_told(book: FontBook) -> None:
    with pytest.raises(CertgenError, match="Nowhere-Regular"):
        book.by_key("Nowhere-Regular")


@pytest.mark.parametrize("family", ["EB Garamond", "Great Vibes", "Noto Serif Khmer"])
def test_subset_keeps_outlines_and_widths(book: FontBook, family: str) -> None:
    face = book.face(family)
    count = len(TTFont(face.path).getGlyphOrder())
    wanted = list(range(5, count, count // 40))
    cut = subset(face, wanted)
    font = TTFont(io.BytesIO(cut.data))
    assert {0, *wanted} <= cut.mapping.keys() and cut.mapping[0] == 0
    assert sorted(cut.mapping.values()) == list(range(len(font.getGlyphOrder())))
    whole = TTFont(face.path)
    for old in wanted:
        new = font.getGlyphOrder()[cut.mapping[old]]
        assert font["hmtx"][new][0] == face.advance(old)
        ours, theirs = font["glyf"][new], whole["glyf"][whole.getGlyphOrder()[old]]
        assert ours.getCoordinates(font["glyf"])[0] == theirs.getCoordinates(whole["glyf"])[0]
    assert not set(font.keys()) & {"GSUB", "GPOS", "GDEF", "name", "cmap", "fpgm", "prep", "cvt "}


def test_a_subset_is_the_same_after_a_hundred_others(book: FontBook) -> None:
    face = FontBook().face("Pinyon Script")
    first = subset(face, [10, 20, 30])
    for gid in range(1, 130):
        subset(face, [gid])
    assert subset(face, [30, 10, 20, 10]) == first
    assert subset(FontBook().face("Pinyon Script"), [10, 20, 30]) == first


def test_a_book_pickles_by_its_folders(tmp_path: Path) -> None:
    made(tmp_path / "a.ttf", "Invented Sans")
    book = FontBook([tmp_path])
    face = book.face("Invented Sans")
    data = pickle.dumps(book)
    assert len(data) < 1000
    again = pickle.loads(data)
    assert again.by_key(face.key).digest == face.digest
    assert again.families() == book.families()


def test_the_issuers_face_stands_in_for_a_bundled_one(tmp_path: Path) -> None:
    source = FontBook().face("Cinzel").path
    shutil.copy(source, tmp_path / "Cinzel.ttf")
    assert FontBook([tmp_path]).face("Cinzel").path == tmp_path / "Cinzel.ttf"


@pytest.mark.parametrize("permission", [0x0002, 0x0100, 0x0200])
def test_a_face_that_may_not_be_embedded_is_left_out(tmp_path: Path, permission: int) -> None:
    made(tmp_path / "a.ttf", "Locked Sans", permission=permission)
    book = FontBook([tmp_path])
    assert "Locked Sans" not in book.families()
    assert [problem.code for problem in book.problems] == ["unusable-font"]
    assert "a.ttf" in book.problems[0].message


@pytest.mark.parametrize("permission", [0x0000, 0x0004, 0x0008, 0x000E])
def test_a_face_that_may_be_embedded_is_taken(tmp_path: Path, permission: int) -> None:
    made(tmp_path / "a.ttf", "Open Sans Invented", permission=permission)
    assert "Open Sans Invented" in FontBook([tmp_path]).families()


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"not a font at all, only text", b"ttcf\0\1\0\0\xff\xff\xff\xff", b"\0\1\0\0\xff\xff" + b"\xff" * 200],
)
def test_a_file_that_is_no_font_is_a_problem_and_not_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "broken.otf").write_bytes(data)
    assert [problem.severity for problem in FontBook([tmp_path]).problems] == ["warning"]


def test_a_font_cut_short_anywhere_is_a_problem_and_not_an_error(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole.ttf", "Whole Sans").read_bytes()
    (tmp_path / "whole.ttf").unlink()
    for end in range(0, len(whole), 7):
        (tmp_path / "cut.ttf").write_bytes(whole[:end])
        book = FontBook([tmp_path])
        if not book.problems:
            subset(book.face("Whole Sans"), [1])  # what the index took, HarfBuzz can open


def test_a_missing_folder_is_a_problem(tmp_path: Path) -> None:
    book = FontBook([tmp_path / "nowhere"])
    assert [problem.code for problem in book.problems] == ["missing-font-folder"]
    assert book.families()


def test_a_variable_face_takes_the_weight_asked_for(tmp_path: Path) -> None:
    made(tmp_path / "v.ttf", "Wavering Sans", axis=True)
    book = FontBook([tmp_path])
    assert [book.face("Wavering Sans", weight).weight for weight in (100, 350, 900)] == [300, 350, 700]
    face = book.face("Wavering Sans", 350)
    assert face.key == "WaveringSans-Regular_350wght"
    assert pickle.loads(pickle.dumps(book)).by_key(face.key).weight == 350
    for weight, right in ((400, 500), (550, 650), (700, 800)):
        face = book.face("Wavering Sans", weight)
        font = TTFont(io.BytesIO(subset(face, [1]).data))
        assert "fvar" not in font
        assert font["glyf"][font.getGlyphOrder()[1]].xMax == right == face.extents(1)[2]


def test_letters_of_a_script_hand_are_joined(book: FontBook) -> None:
    joined = {family for family in book.families() if book.face(family).joined}
    assert joined == {"Great Vibes", "Pinyon Script"}


SAMPLES = {
    **{"Arab": "محمد", "Hebr": "דוד", "Deva": "नरेश", "Beng": "রবি", "Taml": "தமிழ்", "Thai": "ไทย", "Khmr": "ខ្មែរ"},
    **{"Ethi": "አበበ", "Geor": "გია", "Armn": "Արա", "Telu": "రామ", "Knda": "ರಾಮ", "Mlym": "രാമ", "Gujr": "રામ"},
    **{"Guru": "ਰਾਮ", "Sinh": "රාම", "Laoo": "ລາວ", "Mymr": "မောင်", "Orya": "ରାମ", "Thaa": "ދިވެހި", "Latn": "Ram"},
    **{"Grek": "Νίκος", "Cyrl": "Иван"},
}


@pytest.mark.parametrize("script", SAMPLES)
def test_every_script_has_a_face(book: FontBook, script: str) -> None:
    assert book.script_faces(script)[0].covers(SAMPLES[script])


def cjk(book: FontBook, script: str, language: str, serif: bool = True) -> tuple[Face, ...]:
    faces = book.script_faces(script, language, serif)
    if not faces:
        pytest.skip("no font for Chinese, Japanese and Korean here: install fonts-noto-cjk")
    return faces


@pytest.mark.parametrize(
    ("script", "language", "region"),
    [
        ("Hani", "zh-Hans", "SC"),
        ("Hani", "zh-CN", "SC"),
        ("Hani", "zh-Hant", "TC"),
        ("Hani", "zh-TW", "TC"),
        ("Hani", "zh-HK", "HK"),
        ("Hani", "ja", "JP"),
        ("Hani", "ko", "KR"),
        ("Hang", "en", "KR"),
        ("Hira", "en", "JP"),
    ],
)
def test_han_takes_the_shapes_of_the_language(book: FontBook, script: str, language: str, region: str) -> None:
    face = cjk(book, script, language)[0]
    if not face.family.startswith("Noto Serif CJK"):
        pytest.skip("this system's fonts are not Noto's")
    assert face.family.endswith(region)


def test_a_cff_subset_is_a_bare_table_with_the_same_widths(book: FontBook) -> None:
    faces = [face for face in cjk(book, "Hani", "ja") if face.is_cff]
    if not faces:
        pytest.skip("no CFF face here")
    face = faces[0]
    gids = [face.hb.get_nominal_glyph(ord(char)) for char in "諸葛亮王小明"]
    cut = subset(face, gids)
    fonts: Any = CFFFontSet()
    fonts.decompile(io.BytesIO(cut.data), None)
    top = fonts[0]
    assert len(top.charset) == len(cut.mapping) == len({0, *gids})
    for old in gids:
        program = top.CharStrings[top.charset[cut.mapping[old]]]
        program.draw(_Nothing())
        assert program.width == face.advance(old)


class _Nothing:
    """A pen that draws nothing; drawing is how fontTools finds a glyph's width."""

    def __getattr__(self, name: str) -> Any:
        return lambda *points: None
