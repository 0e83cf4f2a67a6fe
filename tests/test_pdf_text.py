"""What two engines copy out of a file is what was meant, in every script; set by certgen.text as in a certificate."""

from __future__ import annotations

import unicodedata

import judges
import pytest
from pdf_demo import BLACK, SANS, SERIF, line, metadata, shaped

from certgen.font import FontBook
from certgen.page import Document, Element, Filling, Mark, Page, Text
from certgen.pdf import engrave
from certgen.text import Style, Typesetter

# language, name; all invented
NAMES = [
    ("en", "Geoffrey Affleck-Fjeld"),
    ("vi", "Nguyễn Thị Hường"),
    ("yo", "Adébáyọ̀ Ọládélé"),
    ("el", "Θεοδώρα Παπαδοπούλου"),
    ("uk", "Юрій Щербаченко"),
    ("hy", "Անահիտ Սարգսյան"),
    ("ka", "ნინო ბერიძე"),
    ("am", "ትዕግስት በቀለ"),
    ("ar", "عبد الرحمن الخوارزمي"),
    ("ar", "لانا الأحمد"),
    ("fa", "شیرین گل‌محمدی"),
    ("ur", "ثمینہ چودھری"),
    ("he", "יעל בן־דוד"),
    ("hi", "श्रीकृष्ण त्रिवेदी"),
    ("hi", "किर्ति विश्वनाथ"),
    ("bn", "রবীন্দ্র কৌশিক"),
    ("pa", "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ"),
    ("gu", "શ્રીકૃષ્ણ પટેલ"),
    ("or", "ଶ୍ରୀକୃଷ୍ଣ ଦାସ"),
    ("ta", "கோபாலகிருஷ்ணன் சௌந்தர்யா"),
    ("te", "శ్రీనివాస రావు"),
    ("kn", "ಶ್ರೀನಿವಾಸ ಕೃಷ್ಣ"),
    ("ml", "ശ്രീകുമാർ കൊച്ചി"),
    ("si", "සෝමපාල ලංකා"),
    ("th", "สมชาย ใจดี น้ำผึ้ง"),
    ("lo", "ສົມຊາຍ ນ້ຳ"),
    ("km", "សុខា ចាន់ធារ៉ា ស្រីមុំ"),
    ("my", "အောင်မြိုင်"),
    ("zh-Hans", "诸葛 王小明"),
    ("ja", "山田 さくら"),
    ("ko", "김 철수"),
]


def file_of(lines: list[Text], book: FontBook) -> bytes:
    root = tuple(Element("P", (Mark(0, (text,)),)) for text in lines)
    plate = engrave(Document((Page(600, 40 + 40 * len(lines)),), root, "en"), book)
    return plate.prefix + plate.fill(Filling({}, metadata("Names"), b"{}"))


def said(text: str) -> list[str]:
    lines = [judges.squeezed(unicodedata.normalize("NFC", line)) for line in text.splitlines()]
    return [line for line in lines if line.strip("\f")]


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


@pytest.fixture(scope="module")
def names(book: FontBook) -> tuple[list[str], bytes]:
    setter = Typesetter(book)
    meant, lines = [], []
    for language, name in NAMES:
        if language in ("zh-Hans", "ja", "ko") and not book.script_faces("Hani", language):
            continue
        name = unicodedata.normalize("NFC", name)
        meant.append(name)
        lines.append(Text(setter.line(name, Style(SERIF, 16), language), 50, 40 * len(lines) + 20, BLACK))
    return meant[::-1], file_of(lines, book)


def test_names_in_every_script_pass_both_standards(names: tuple[list[str], bytes]) -> None:
    judges.conforms(names[1])
    judges.sound(names[1])


def test_poppler_copies_every_name(names: tuple[list[str], bytes]) -> None:
    assert sorted(said(judges.poppler_text(names[1]))) == sorted(names[0])


def test_pdfium_copies_every_name(names: tuple[list[str], bytes]) -> None:
    assert sorted(said(judges.pdfium_text(names[1]))) == sorted(names[0])


@pytest.mark.parametrize("engine", [judges.poppler_text, judges.pdfium_text])
@pytest.mark.parametrize(
    ("family", "text", "tracking"),
    [
        ("Great Vibes", "TAMARA FAYE", 0.0),  # kerned by up to 0.45 em
        ("Pinyon Script", "AVATAR D’Arcy", 0.0),
        ("Cinzel", "CERTIFICATE OF VALOUR", 3.0),  # 0.15 em apart
        (SANS, "CERTIFICATE", 5.0),
    ],
)
def test_no_space_appears_where_letters_only_stand_apart(
    book: FontBook, engine: object, family: str, text: str, tracking: float
) -> None:
    run = shaped(book, text, family, 20, tracking=tracking)
    data = file_of([Text(line(book, run), 50, 20, BLACK)], book)
    assert callable(engine)
    assert said(engine(data)) == [text]


def test_a_run_of_two_texts_for_one_cff_glyph_copies_as_both(book: FontBook) -> None:
    faces = book.script_faces("Hani", "zh-Hans")
    if not faces or not faces[0].is_cff:
        pytest.skip("no CJK face with CFF outlines on this system: install fonts-noto-cjk")
    run = shaped(book, "诸葛", "", 20, face=faces[0])
    import msgspec

    other = msgspec.structs.replace(run, glyphs=(*run.glyphs, run.glyphs[0]._replace(text="諸")), text="诸葛諸")
    data = file_of([Text(line(book, other), 50, 20, BLACK)], book)
    judges.conforms(data)
    assert said(judges.poppler_text(data)) == said(judges.pdfium_text(data)) == ["诸葛諸"]
