"""Geometry of sheets: properties that any print shop would take for granted."""

from __future__ import annotations

from itertools import combinations

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certgen.font import FontBook
from certgen.page import Rect, Shape, Text
from certgen.pdf.ink import REGISTRATION
from certgen.printing.imposition import (
    MM,
    SHEETS,
    Cell,
    Grid,
    Room,
    Size,
    grid,
    portions,
    sheets_for,
    signatures,
)
from certgen.printing.marks import Marks
from certgen.text import Typesetter

TYPESETTER = Typesetter(FontBook())
A4, A4_WIDE = (210 * MM, 297 * MM), (297 * MM, 210 * MM)
NEAR = 0.03  # points
sides = st.floats(40, 320)
rooms = st.builds(
    Room,
    sheet=st.sampled_from([tuple(side * MM for side in sheet) for sheet in SHEETS.values()]),
    up=st.none() | st.integers(1, 12),
    gutter=st.none() | st.floats(0, 40),
    margin=st.floats(0, 40),
    bleed=st.floats(0, 20),
    fit=st.booleans(),
    wide=st.none() | st.booleans(),
)


def sheet(name: str) -> Size:
    width, height = SHEETS[name]
    return (width * MM, height * MM)


def apart(one: Rect, other: Rect) -> bool:
    return (
        one[2] <= other[0] + NEAR or other[2] <= one[0] + NEAR or one[3] <= other[1] + NEAR or other[3] <= one[1] + NEAR
    )


def within(inner: Rect, outer: Rect) -> bool:
    return (
        inner[0] >= outer[0] - NEAR
        and inner[1] >= outer[1] - NEAR
        and inner[2] <= outer[2] + NEAR
        and inner[3] <= outer[3] + NEAR
    )


def landed(cell: Cell, page: Size, scale: float) -> Rect:
    """Where a page's corners come to lie."""
    a, b, c, d, e, f = cell.matrix(page, scale)
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (0, page[0]) for y in (0, page[1])]
    return (
        min(x for x, _ in corners),
        min(y for _, y in corners),
        max(x for x, _ in corners),
        max(y for _, y in corners),
    )


def head(cell: Cell, page: Size) -> tuple[float, float]:
    """Which way up a page is: a vector on the sheet."""
    _, _, c, d, _, _ = cell.matrix(page)
    return (round(c), round(d))


@given(st.tuples(sides, sides), rooms)
def test_places_never_overlap_and_keep_the_margin(page: Size, room: Room) -> None:
    made = grid(page, room)
    assume(made is not None)
    assert made is not None
    assert room.up is None or len(made.cells) == room.up
    for one, other in combinations(made.cells, 2):
        assert apart(one.bleed, other.bleed)
    inside = (room.margin, room.margin, made.width - room.margin, made.height - room.margin)
    assert all(within(cell.bleed, inside) and within(cell.trim, cell.bleed) for cell in made.cells)
    assert room.wide is None or (made.width > made.height) == room.wide
    assert sorted((made.width, made.height)) == sorted(room.sheet or ())


@given(st.tuples(sides, sides), rooms)
def test_a_page_fills_its_place_exactly_and_is_made_smaller_only_when_asked(page: Size, room: Room) -> None:
    made = grid(page, room)
    assume(made is not None)
    assert made is not None
    assert made.scale == 1.0 or (room.fit and made.scale < 1.0)
    for cell in made.cells:
        where = landed(cell, page, made.scale)
        assert within(where, cell.trim) and within(cell.trim, where)


@given(st.tuples(sides, sides), rooms, st.sampled_from(["long", "short"]), st.sampled_from([0, 90, 180, 270]))
def test_a_back_is_behind_its_front_when_the_sheet_is_turned_over(page: Size, room: Room, edge: str, turn: int) -> None:
    made = grid(page, room)
    assume(made is not None)
    assert made is not None
    made = replace(made, cells=tuple(cell._replace(turn=turn) for cell in made.cells))
    back = made.back("long" if edge == "long" else "short")
    tall = made.height >= made.width
    for front, behind in zip(made.cells, back.cells, strict=True):
        x0, y0, x1, y1 = behind.trim
        if (edge == "long") == tall:  # turned like a page of a book
            seen_through = (made.width - x1, y0, made.width - x0, y1)
            mirrored = (-head(behind, page)[0], head(behind, page)[1])
        else:  # like a calendar's
            seen_through = (x0, made.height - y1, x1, made.height - y0)
            mirrored = (head(behind, page)[0], -head(behind, page)[1])
        assert all(abs(a - b) < NEAR for a, b in zip(seen_through, front.trim, strict=True))
        assert mirrored == head(front, page), "head to head"


@given(st.lists(st.integers(1, 5), max_size=40), st.integers(1, 9), st.sampled_from(["across", "stack"]), st.booleans())
def test_every_page_comes_once_in_one_place_with_its_record_behind_it(
    pages: list[int], up: int, order: str, duplex: bool
) -> None:
    seen: list[tuple[int, int]] = []
    places: dict[int, set[int]] = {}
    made = list(signatures(pages, up, order="stack" if order == "stack" else "across", duplex=duplex))
    for signature in made:
        assert len(signature.members) == up
        for each in signature.sheets:
            assert any(each.front), "no sheet is empty"
            for side in (each.front, each.back or ()):
                for place, spot in enumerate(side):
                    if spot is not None:
                        seen.append(spot)
                        places.setdefault(spot.certificate, set()).add(place)
                        assert signature.members[place] == spot.certificate
            for front, back in zip(each.front, each.back or (None,) * up, strict=True):
                if back is not None:
                    assert front is not None and back == (front.certificate, front.page + 1)
    assert sorted(seen) == [(number, page) for number, count in enumerate(pages) for page in range(count)]
    assert all(len(of) == 1 for of in places.values())


@given(st.integers(1, 60), st.integers(1, 9))
def test_piles_that_are_cut_and_laid_on_one_another_are_in_order(count: int, up: int) -> None:
    made = [signature.sheets[0].front for signature in signatures([1] * count, up, order="stack")]
    piled = [spot.certificate for place in range(up) for front in made if (spot := front[place]) is not None]
    assert piled == list(range(count))


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(st.lists(st.integers(1, 4), min_size=1, max_size=20), st.integers(1, 4)), min_size=1, max_size=4
    ),
    st.none() | st.integers(1, 12),
    st.booleans(),
    st.booleans(),
)
def test_files_hold_no_more_sheets_than_asked_and_everybody_once(
    sections: list[tuple[list[int], int]], split: int | None, duplex: bool, separators: bool
) -> None:
    pages, ups = [of for of, _ in sections], [up for _, up in sections]
    files = portions(pages, ups, split=split, duplex=duplex, separators=separators)
    taken = [(p.section, member) for file in files for p in file for member in range(p.start, p.end)]
    assert taken == [(number, member) for number, of in enumerate(pages) for member in range(len(of))]
    assert [p.section for file in files for p in file if p.first] == list(range(len(sections)))
    assert split is not None or len(files) == 1
    for file in files:
        assert file
        sheets = 0
        for p in file:
            some = pages[p.section][p.start : p.end]
            sheets += separators and p.first
            sheets += sum(len(s.sheets) for s in signatures(some, ups[p.section], duplex=duplex))
        most = max(sheets_for(max(pages[p.section]), duplex) for p in file) + separators
        assert split is None or sheets <= max(split, most)


def test_an_A4_certificate_is_two_up_on_A3_at_its_own_size_and_on_SRA3_with_bleed() -> None:
    for page in (A4, A4_WIDE):
        on_a3 = grid(page, Room(sheet=sheet("A3")))
        assert on_a3 is not None and len(on_a3.cells) == 2 and on_a3.scale == 1.0
        assert {cell.turn for cell in on_a3.cells} == {0}, "the sheet is turned, not the certificate"
        on_sra3 = grid(page, Room(sheet=sheet("SRA3"), bleed=3 * MM, margin=5 * MM))
        assert on_sra3 is not None and len(on_sra3.cells) == 2
        trims = sorted(cell.trim[1] if page == A4_WIDE else cell.trim[0] for cell in on_sra3.cells)
        assert abs(trims[1] - trims[0] - (210 + 6) * MM) < NEAR, "two bleeds between them"
        assert grid(page, Room(sheet=sheet("SRA3"), up=3)) is None
        assert grid(page, Room(sheet=sheet("A3"), up=2, bleed=3 * MM)) is None, "its bleed would be cut off"


def test_narrow_gutters_share_the_bleed_at_the_middle() -> None:
    made = grid(A4_WIDE, Room(sheet=sheet("SRA3"), up=2, gutter=2 * MM, bleed=3 * MM))
    assert made is not None
    top, bottom = made.cells
    assert abs(top.bleed[1] - bottom.bleed[3]) < NEAR
    assert abs(top.trim[1] - top.bleed[1] - 1 * MM) < NEAR and abs(top.bleed[3] - top.trim[3] - 3 * MM) < NEAR


def test_sheets_that_must_lie_as_others_do_have_their_certificates_turned() -> None:
    made = grid(A4, Room(sheet=sheet("SRA3"), wide=False))
    assert made is not None and len(made.cells) == 2 and {cell.turn for cell in made.cells} == {90}


def test_a_record_of_the_other_orientation_lies_behind_its_certificate() -> None:
    made = grid(A4_WIDE, Room())
    assert isinstance(made, Grid)
    where = landed(made.back("long").cells[0], A4, 1.0)
    assert within(where, made.trim) and within(made.trim, where)


def ends(path: str) -> list[tuple[float, float]]:
    """The points that a path of lines and curves goes through, with those that bend it."""
    numbers: list[float] = []
    found = []
    for word in path.split():
        if word.isalpha():
            found += list(zip(numbers[::2], numbers[1::2], strict=True))
            numbers = []
        else:
            numbers.append(float(word))
    return found


@settings(max_examples=40)
@given(st.tuples(sides, sides), rooms, st.floats(0, 60))
def test_marks_are_on_the_sheet_and_never_where_a_certificate_is(page: Size, room: Room, around: float) -> None:
    for asked in (room, Room(bleed=room.bleed, around=around)):
        made = grid(page, asked)
        if made is None:
            continue
        bleed = made.bleed
        for mark in Marks(made).on(TYPESETTER, ("sheets.pdf", "sheet 1 of 1", "M-1"), ((0.0, 0.0, 0.0),)):
            if isinstance(mark, Text):
                x0, y0, x1, y1 = mark.line.ink
                box = (mark.x + x0, mark.y + y0, mark.x + x1, mark.y + y1)
            else:
                assert isinstance(mark, Shape)
                if mark.fill:
                    x, y, width, height = map(float, mark.path.split()[:4])
                    box = (x, y, x + width, y + height)
                else:
                    for x, y in ends(mark.path):
                        assert within((x, y, x, y), (0, 0, made.width, made.height))
                        assert not (bleed[0] < x < bleed[2] and bleed[1] < y < bleed[3])
                    continue
            assert within(box, (0, 0, made.width, made.height)) and apart(box, bleed)


def test_every_cut_has_a_mark_at_both_ends() -> None:
    made = grid(A4_WIDE, Room(sheet=sheet("SRA3"), bleed=3 * MM, margin=5 * MM))
    assert made is not None
    marks = Marks(made)
    lines = next(iter(marks.on(TYPESETTER, ())))
    assert isinstance(lines, Shape) and marks.complete and lines.stroke == REGISTRATION and lines.width == 0.25
    starts = ends(lines.path)
    for cell in made.cells:
        for axis in (0, 1):
            for at in (cell.trim[axis], cell.trim[axis + 2]):
                on = [point for point in starts if abs(point[axis] - at) < NEAR]
                assert len({point[1 - axis] > made.trim[1 - axis] for point in on}) == 2, "before and behind"
