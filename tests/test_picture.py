"""Pages as pictures: their size, what they say of themselves, and that they show what the file shows."""

from __future__ import annotations

import math
import struct
from contextlib import closing
from io import BytesIO

import pypdfium2
import pytest
from builders import BODIES, Make
from judges import picture as judged
from judges import zxing
from PIL import Image, ImageChops, ImageStat

from certgen import prose
from certgen.model import Section
from certgen.picture import picture, pictures


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return Make(language="en").pdf("Ana Díaz")


@pytest.fixture(scope="module")
def long() -> bytes:
    section = Section("about", prose.parse(BODIES["ar"])[0])
    return Make(language="ar", layout="modern", record=True, sections=(section,)).pdf("مريم القاسم")


def opened(png: bytes) -> Image.Image:
    with Image.open(BytesIO(png)) as found:
        found.load()
        return found


def chunks(png: bytes) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    at = 8
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        found.setdefault(kind, []).append(png[at + 8 : at + 8 + size])
        at += 12 + size
    return found


def test_it_is_as_wide_as_asked_and_of_the_pages_proportions(pdf: bytes) -> None:
    page = judged(pdf)
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        points = document[0].get_width()
    rounded = [width for width in range(64, 2000) if math.ceil(points * (width / points)) != width]
    for width in (64, 333, 600, 1600, 1601, *rounded[:3]):
        found = opened(picture(pdf, width))
        assert found.width == width and found.mode == "RGB"
        assert abs(found.height - width * page.height / page.width) <= 1.5


def test_its_qr_code_says_what_the_files_says(pdf: bytes, long: bytes) -> None:
    for file in (pdf, long):
        said = zxing(judged(file, dpi=200))
        assert said
        assert zxing(opened(picture(file))) == said
        assert zxing(opened(picture(file, small=True))) == said


def test_a_small_picture_shows_the_same_in_a_third_of_the_bytes_or_less(pdf: bytes) -> None:
    large, small = picture(pdf, 1200), picture(pdf, 1200, small=True)
    assert len(small) < len(large) / 3
    difference = ImageChops.difference(opened(large), opened(small).convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 4  # of 255
    colours = sorted(opened(large).getcolors(1 << 24) or ())[-4:]
    assert (255, 255, 255) in [colour for _, colour in colours]
    found = {colour for _, colour in opened(small).convert("RGB").getcolors(1 << 24) or ()}
    assert {colour for _, colour in colours} <= found  # these are just what they were


def test_it_says_what_it_shows_in_words_and_nothing_else(long: bytes) -> None:
    png = picture(long, 300, language="ar")
    found = chunks(png)
    assert set(found) == {b"IHDR", b"sRGB", b"iTXt", b"pHYs", b"IDAT", b"IEND"}
    texts = opened(png).text  # type: ignore[attr-defined]
    assert set(texts) == {"Title", "Description"}
    assert "مريم القاسم" in texts["Title"] and texts["Description"].startswith(texts["Title"])
    assert texts["Title"].lang == "ar"


def test_the_same_file_gives_the_same_bytes(pdf: bytes) -> None:
    assert picture(pdf, 500) == picture(pdf, 500)


def test_pages_are_told_apart_and_those_that_are_not_there_left_out(long: bytes) -> None:
    pages = list(pictures(long, 300, range(0, 99)))
    assert len(pages) > 1
    assert f"(2/{len(pages)})" in opened(pages[1]).text["Title"]  # type: ignore[attr-defined]
    assert list(pictures(long, 300, range(1, 2))) == pages[1:2]
    assert list(pictures(long, 300, range(99, 100))) == []
