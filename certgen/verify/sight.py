"""Whether a text that a page has is seen on it, by drawing the page with the text and without.

A forger who leaves the signed name in the file, so that programs find it, must keep people from seeing it: below a
picture, a field or a comment, white on white, cut off, in letters too small, or not painted at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from ctypes import c_double, c_void_p, cast
from typing import Any, NamedTuple

SMALLEST = 4.0  # points that the letters of a name or title are high at least, from foot to head
_LONGEST = 20_000  # characters of a page that are looked through
_DPI, _SHARPEST = 100, 300  # that the page is drawn with
_LETTER = 12  # pixels that a letter has at least, where that is not too sharp
_FAINT = 24  # of 255: a difference that is not seen
_SIMPLE = ("LATIN", "GREEK", "CYRILLIC", "CJK", "HANGUL", "DIGIT", "HYPHEN", "APOSTROPHE", "RIGHT SINGLE", "FULL STOP")
_WORD = 5  # characters; shorter names are found inside other words too
_OFTEN = 10  # places of one text that are looked at
_SCAN = 0.85  # of a page that a picture covers, so that it is a scan


def squeezed(text: str) -> str:
    """Text for comparison: compatibility forms as plain letters, Western digits, without spaces and controls; without
    what pdfium does not tell, variation selectors and a hyphen at a line's end."""
    return _letters(text).rstrip("-‐")


def _letters(text: str) -> str:
    return "".join(_plain(letter) for letter in unicodedata.normalize("NFKC", text))


def _plain(letter: str) -> str:
    if "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef":
        return ""
    if letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf") or letter in "\ufffe\ufffd\uffff":
        return ""
    digit = unicodedata.digit(letter, None)
    return letter if digit is None else str(digit)


def is_scan(page: Any) -> bool:
    """Whether a picture covers a page of pdfium."""
    from pypdfium2 import raw

    width, height = page.get_size()
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        if item.level == 0 and (right - left) * (top - bottom) > _SCAN * width * height:
            return True
    return False


class _Place(NamedTuple):
    """Where a text stands: its objects, and the boxes (left, bottom, right, top) of its letters in points. ``simple``:
    each letter is drawn by itself, as in Latin; in other scripts some have boxes without ink."""

    objects: list[Any]
    letters: list[tuple[float, float, float, float]]
    simple: bool


def hidden(page: Any, texts: Iterable[str]) -> list[str]:
    """Those of the texts that a page has and that somebody who looks at it does not see, or not all of."""
    gone: list[str] = []
    for text, places in _found(page, texts).items():
        wrong = [not _seen(page, place) for place in places]
        if all(wrong) if len(text) < _WORD else any(wrong):
            gone.append(text)
    return gone


def _found(page: Any, texts: Iterable[str]) -> dict[str, list[_Place]]:
    from pypdfium2 import raw

    reader = page.get_textpage()
    try:
        letters: list[str] = []
        indexes: list[int] = []
        for index in range(min(reader.count_chars(), _LONGEST)):
            for letter in _letters(_character(raw.FPDFText_GetUnicode(reader, index))):
                letters.append(letter)
                indexes.append(index)
        whole = "".join(letters)
        found: dict[str, list[_Place]] = {}
        for text in texts:
            wanted, at = squeezed(text), -1
            while wanted and (at := whole.find(wanted, at + 1)) >= 0 and len(found.get(text, ())) < _OFTEN:
                found.setdefault(text, []).append(_place(reader, indexes[at : at + len(wanted)]))
            if text not in found:
                found |= {text: places} if (places := _leftward(reader, text)) else {}
        return found
    finally:
        reader.close()


def _leftward(reader: Any, text: str) -> list[_Place]:
    """Where the words of a text stand that pdfium takes apart or turns round: what is not written from right to left in
    it is not looked for."""
    from certgen.verify import leftward

    wanted = [sorted(squeezed(word)) for word in text.split() if unicodedata.bidirectional(word[0]) in ("R", "AL")]
    if not wanted:
        return []
    words = [word for line in leftward.lines(reader) for word in line]
    there = [sorted(squeezed(word.text)) for word in words]
    starts = [at for at in range(len(there) - len(wanted) + 1) if there[at : at + len(wanted)] == wanted]
    return [
        _place(reader, sorted(index for word in words[at : at + len(wanted)] for index in word.indexes))
        for at in starts[:_OFTEN]
    ]


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _place(reader: Any, indexes: list[int]) -> _Place:
    from pypdfium2 import raw

    characters = [_character(raw.FPDFText_GetUnicode(reader, index)) for index in indexes]
    place = _Place([], [], all(unicodedata.name(letter, "").startswith(_SIMPLE) for letter in characters))
    known: set[int] = set()
    for index, character in zip(indexes, characters, strict=True):
        item = raw.FPDFText_GetTextObject(reader, index)
        address = cast(item, c_void_p).value
        if address and address not in known:
            known.add(address)
            place.objects.append(item)
        sides = [c_double() for _ in range(4)]
        if not unicodedata.category(character).startswith(("L", "N")):
            continue  # marks and hyphens may have boxes of no size
        if raw.FPDFText_GetCharBox(reader, index, *sides):
            left, right, bottom, top = (side.value for side in sides)
            place.letters.append((left, bottom, right, top))
    return place


def _seen(page: Any, place: _Place) -> bool:
    """Whether the page looks different without these objects, wherever they have a letter."""
    from pypdfium2 import raw

    if not place.letters:
        return True  # "-": nothing to look for
    if not place.objects:
        return False
    if max(max(top - bottom, (right - left) / 2) for left, bottom, right, top in place.letters) < SMALLEST:
        return False
    width, height = page.get_size()
    west, south = min(box[0] for box in place.letters) - 2, min(box[1] for box in place.letters) - 2
    east, north = max(box[2] for box in place.letters) + 2, max(box[3] for box in place.letters) + 2
    if not (-2 <= west < east <= width + 2 and -2 <= south < north <= height + 2):
        return False  # off the page
    crop = (max(west, 0), max(south, 0), max(width - east, 0), max(height - north, 0))

    small = min(max(right - left, top - bottom) for left, bottom, right, top in place.letters)
    scale = min(max(_DPI / 72, _LETTER / max(small, 0.1)), _SHARPEST / 72)

    def drawn() -> Any:
        return page.render(scale=scale, crop=crop, grayscale=True).to_pil().convert("L")

    from PIL import ImageChops

    before = drawn()
    try:
        for item in place.objects:
            raw.FPDFPageObj_SetIsActive(item, False)
        after = drawn()
    finally:
        for item in place.objects:
            raw.FPDFPageObj_SetIsActive(item, True)
    changed = ImageChops.difference(before, after).point(lambda value: 255 if value > _FAINT else 0)
    unseen = 0
    for left, bottom, right, top in place.letters:
        box = (int((left - crop[0]) * scale) - 1, int((height - crop[3] - top) * scale) - 1)
        size = (int((right - left) * scale) + 3, int((top - bottom) * scale) + 3)
        unseen += changed.crop((*box, box[0] + size[0], box[1] + size[1])).getbbox() is None
    return unseen <= (0 if place.simple else len(place.letters) // 4)
