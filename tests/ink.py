"""Where ink is on a page, as pdfium measures it: letters by their outlines, pictures and shapes by their boxes.

Points, y up. Two letters belong to one line when they are of one marked-content sequence and one
baseline, without a gap as between columns; an artifact's letters have no sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

Box = tuple[float, float, float, float]
TOUCH = 0.4  # points by which the boxes of two letters may overlap: less than the curve of an o leaves free

NEAR = 14.0  # points between two pieces of one line at most; columns lie further apart


class Letter(NamedTuple):
    text: str
    box: Box


class Words(NamedTuple):
    """One line of text. ``marked``: its marked-content sequence, -1 for an artifact."""

    marked: int
    baseline: float
    letters: tuple[Letter, ...]

    @property
    def text(self) -> str:
        return "".join(letter.text for letter in self.letters).strip()

    @property
    def box(self) -> Box:
        return around(letter.box for letter in self.letters)


class Thing(NamedTuple):
    """A picture ("form", "image") or a shape ("path"). ``kind`` says which."""

    kind: str
    marked: int
    box: Box


class Ink(NamedTuple):
    width: float
    height: float
    lines: tuple[Words, ...]
    things: tuple[Thing, ...]

    def line(self, text: str) -> Words:
        """The line that holds a text, white space aside."""
        found = [line for line in self.lines if "".join(text.split()) in "".join(line.text.split())]
        assert len(found) == 1, (text, [line.text for line in self.lines])
        return found[0]


def around(boxes: Iterator[Box] | Any) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))


def overlap(one: Box, other: Box) -> float:
    """How far two boxes reach into one another: the smaller of the two directions; negative where they are apart."""
    return min(min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1]))


def within(inner: Box, outer: Box, slack: float = 0.05) -> bool:
    return (
        inner[0] >= outer[0] - slack
        and inner[1] >= outer[1] - slack
        and inner[2] <= outer[2] + slack
        and inner[3] <= outer[3] + slack
    )


def pages(pdf: bytes) -> list[Ink]:
    """The ink of every page."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(pdf)
    try:
        return [_page(page) for page in document]
    finally:
        document.close()


def _page(page: Any) -> Ink:
    import pypdfium2.raw as raw

    text = page.get_textpage()
    lines: dict[tuple[int, float], list[list[Letter]]] = {}
    matrix = raw.FS_MATRIX()
    before: int | None = None
    letters: list[Letter] = []
    found: list[tuple[int, float, list[Letter]]] = []
    for index in range(text.count_chars()):
        written = raw.FPDFText_GetTextObject(text, index)
        if not written:
            continue
        box, letter = text.get_charbox(index), text.get_text_range(index, 1)
        if address(written) != before:
            before = address(written)
            raw.FPDFPageObj_GetMatrix(written, matrix)
            marked, baseline = raw.FPDFPageObj_GetMarkedContentID(written), round(matrix.f, 1)
            same = lines.setdefault((marked, baseline), [])
            near = (some for some in same if some and _apart(around(each.box for each in some), box) < NEAR)
            known = next(near, None)
            letters = [] if known is None else known
            if known is None:
                same.append(letters)
                found.append((marked, baseline, letters))
        if letter.strip() and box[2] - box[0] > 0.01 and box[3] - box[1] > 0.01:
            letters.append(Letter(letter, box))
        elif letters:  # a space has no ink
            letters[-1] = letters[-1]._replace(text=letters[-1].text + letter)
    things = []
    names = {raw.FPDF_PAGEOBJ_PATH: "path", raw.FPDF_PAGEOBJ_IMAGE: "image", raw.FPDF_PAGEOBJ_FORM: "form"}
    for thing in page.get_objects(max_depth=1):
        if thing.type in names:
            marked = raw.FPDFPageObj_GetMarkedContentID(thing.raw)
            things.append(Thing(names[thing.type], marked, thing.get_bounds()))
    width, height = page.get_size()
    words = tuple(Words(marked, baseline, tuple(letters)) for marked, baseline, letters in found if letters)
    return Ink(width, height, words, tuple(things))


def _apart(one: Box, other: Box) -> float:
    """The gap from side to side."""
    return max(one[0], other[0]) - min(one[2], other[2])


def address(pointer: Any) -> int:
    """What tells one of pdfium's objects from another."""
    import ctypes

    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


def meetings(page: Ink) -> list[str]:
    """Every pair of lines whose letters meet, in words."""
    found = []
    for at, one in enumerate(page.lines):
        for other in page.lines[at + 1 :]:
            if overlap(one.box, other.box) <= TOUCH:
                continue
            worst = max((overlap(a.box, b.box), a.text, b.text) for a in one.letters for b in other.letters)
            if worst[0] > TOUCH:
                found.append(f"“{one.text}” and “{other.text}” meet by {worst[0]:.1f} pt ({worst[1]} on {worst[2]})")
    return found
