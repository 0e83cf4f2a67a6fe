"""The record's columns: level, nothing parted that belongs together, no page for a few lines; and its first page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from builders import Make, longest, section
from hypothesis import given
from hypothesis import strategies as st
from ink import Ink, Words, pages
from judges import conforms

from certgen.compose import record as record_module
from certgen.compose.columns import DESIGNED, SPARSE, Columns, Strip
from certgen.compose.desk import Overfull, QrSlot
from certgen.fields import format_value
from certgen.layout import MM
from certgen.model import Signatory
from certgen.page import Line

LEADING = 13.5
HEIGHT = 40 * LEADING
START, SECOND = 24 * MM, (24 + 77 + 8) * MM  # the axes of the layout `record`

# --- strips -----------------------------------------------------------------------------------


def strip(before: float = 0.0, *, keep: bool = False, heads: bool = False, item: bool = False) -> Strip:
    return Strip(0, Line((), "", 0.0, 0.0, 0.0), 0.0, LEADING, before, keep, heads, item, (0.0, 0.0, 0.0))


def paragraph(lines: int, before: float = 6.75) -> list[Strip]:
    last = lines - 1
    return [strip(before if at == 0 else 0.0, keep=at < last and at in (0, last - 1)) for at in range(lines)]


def paragraphs(*lines: int) -> list[Strip]:
    return [made for count in lines for made in paragraph(count)]


def settled(strips: list[Strip], columns: int = 2, height: float = HEIGHT) -> Columns:
    made = Columns(strips, columns)
    made.settle(height)
    return made


def feet(made: Columns) -> list[list[float]]:
    """How far below the frame's top each column of each page ends, as it is drawn."""
    found = []
    start = 0
    for ends in made.plan:
        spans = list(pairwise((start, *ends)))
        page = []
        for (a, b), (rise, growth) in zip(spans, made.growth(spans), strict=True):
            heights = [LEADING * made.density.leading] * (b - a)
            page.append(sum(heights) + sum(made.space(at, growth) for at in range(a + 1, b)) - rise if b > a else 0.0)
        found.append(page)
        start = ends[-1]
    return found


def natural(strips: list[Strip]) -> float:
    return sum(LEADING + each.before for each in strips)


def test_a_last_page_of_a_few_lines_is_saved_by_setting_the_record_closer() -> None:
    strips = paragraphs(*[6] * 12, 4)  # 76 lines and their spaces: a little more than the 80 lines of a page
    assert 2 * HEIGHT < natural(strips) < 2.1 * HEIGHT
    made = settled(strips)
    assert len(made.plan) == 1
    assert 0.5 < made.density.spaces < 1 and made.density.leading >= 0.97
    assert all(foot <= HEIGHT + 0.1 for foot in feet(made)[0])


def test_what_cannot_be_saved_is_shared_out_so_that_the_last_page_has_something_to_say() -> None:
    strips = paragraphs(*[40] * 2, 6)  # hardly a space that could give way
    assert 2 * HEIGHT < natural(strips) < 2.4 * HEIGHT
    made = settled(strips)
    assert len(made.plan) == 2
    assert max(feet(made)[-1]) >= SPARSE * HEIGHT * 0.95
    assert made.density.page < 1


@pytest.mark.parametrize("lines", [[6] * 4, [6] * 12, [6] * 18, [12] * 16])
def test_what_is_well_filled_stays_as_designed(lines: list[int]) -> None:
    assert settled(paragraphs(*lines)).density == DESIGNED


def test_density_is_one_for_all_pages() -> None:
    made = settled(paragraphs(*[6] * 24, 8))
    assert len(made.plan) == 2 and made.density != DESIGNED  # one value, used by every page


@st.composite
def records(draw: st.DrawFn) -> list[Strip]:
    strips: list[Strip] = []
    for _ in range(draw(st.integers(1, 25))):
        if draw(st.booleans()):
            strips.append(strip(14.0, keep=True, heads=True))
        strips += paragraph(draw(st.integers(1, 12)), draw(st.sampled_from([0.0, 2.7, 6.75])))
    if strips[-1].heads:
        strips += paragraph(3)
    return strips


@given(records(), st.integers(1, 3), st.sampled_from([HEIGHT, HEIGHT / 2, 9 * LEADING]))
def test_every_strip_is_set_once_within_its_column_and_with_what_it_belongs_to(
    strips: list[Strip], columns: int, height: float
) -> None:
    made = settled(strips, columns, height)
    ends = [end for page in made.plan for end in page]
    assert ends == sorted(ends) and ends[-1] == len(strips)
    assert all(max(page) <= height + 0.1 for page in feet(made))
    for end in ends[:-1]:
        assert not strips[end - 1].keep or end == len(strips)
    again = settled(strips, columns, height)
    assert (again.plan, again.density) == (made.plan, made.density)


def test_spaces_make_columns_end_level() -> None:
    strips = [each for _ in range(9) for each in [strip(14.0, keep=True, heads=True), *paragraphs(7, 4, 3)]]
    made = settled(strips)
    assert len(made.plan) == 2
    for page in feet(made):
        assert max(page) - min(page) < 0.05, page


def test_spaces_do_not_grow_beyond_what_looks_well() -> None:
    made = Columns(paragraphs(20, 20, 2), 2)
    made.density = DESIGNED
    growth = [each for _, each in made.growth([(0, 40), (40, 42)])]
    assert growth == [0.0, 0.0]  # a column of two lines is not spread over a page


def test_a_line_higher_than_the_page_is_told() -> None:
    with pytest.raises(Overfull):
        settled(paragraph(3), height=LEADING / 2)


# --- the record as it is printed ---------------------------------------------------------------


def record(body: str, **more: object) -> Make:
    return Make(layout="record", sections=(section("a", body, "Aims"),), **more)  # type: ignore[arg-type]


def test_texts_of_a_list_begin_alike_however_wide_their_markers() -> None:
    page = pages(record("(i) Hone\n(viii) Hall\n(v) Hang").pdf())[1]
    texts = [from_column(page.line(text).letters[0].box[0]) for text in ("Hone", "Hall", "Hang")]
    assert max(texts) - min(texts) < 0.01
    widest = max(from_column(page.line(marker).box[2]) for marker in ("(i)", "(viii)", "(v)"))
    assert widest + 3 < texts[0]


def test_figures_of_a_list_end_alike() -> None:
    page = pages(record("\n".join(f"{number}. Hour" for number in range(8, 12))).pdf())[1]
    points = [from_column(page.line(marker).letters[-1].box[2]) for marker in ("8.", "9.", "10.", "11.")]
    assert max(points) - min(points) < 0.01


def from_column(x: float) -> float:
    """Points from the left edge of its column."""
    return x - (START if x < SECOND - 1 else SECOND)


def test_what_announces_a_list_is_kept_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Columns] = []

    class Watched(Columns):
        def __init__(self, strips: Sequence[Strip], columns: int) -> None:
            super().__init__(strips, columns)
            seen.append(self)

    monkeypatch.setattr(record_module, "Columns", Watched)
    body = "First.\n\nSecond.\n\nAble to:\n\n- assess:\n  - work\n  - pay\n- act;\n- report.\n\nLast.\n\nThe end."
    record(body).pdf()
    kept = [each.line.text.strip() for each in seen[0].strips if each.keep]
    # the heading; the first of two lines after it; what announces a list or a part of one; the last but one
    assert kept == ["Aims", "First.", "Able to:", "assess:", "Last."]


def columns_of(page: Ink) -> list[list[Words]]:
    """The record's lines in each of the two columns, from top to bottom."""
    lines = sorted((line for line in page.lines if line.marked >= 0), key=lambda line: -line.baseline)
    sides = [[line for line in lines if (line.box[0] >= SECOND - 1) == second] for second in (False, True)]
    return [side for side in sides if side]


def test_the_first_baselines_and_the_last_of_a_full_page_are_level() -> None:
    body = "\n\n".join(
        f"### Part {at}\n\n{'Words of many a length in lines. ' * 9}\n\n- one\n- two" for at in range(14)
    )
    found = pages(record(body).pdf())
    assert len(found) > 2
    for page in found[1:]:
        columns = columns_of(page)
        assert len(columns) == 2
        for edge in (0, -1):
            assert abs(columns[0][edge].baseline - columns[1][edge].baseline) < 0.3, (edge, page)


def test_lesser_headings_are_of_a_lower_rank() -> None:
    from structure import tree

    pdf = record("### Module\n\n#### Part\n\nWords.\n\n### Module 2\n\nWords.").pdf()
    conforms(pdf)
    roles = [(node.role, node.text) for node in tree(pdf).walk() if re.fullmatch("H[3-6]", node.role)]
    assert roles == [("H3", "Module"), ("H4", "Part"), ("H3", "Module 2")]


# --- the first page of the layout `record` -----------------------------------------------------


def test_the_symbol_itself_ends_at_the_margins() -> None:
    make = Make(layout="record")
    blank = make.blank()
    slot = next(slot for slot in blank.slots if isinstance(slot, QrSlot))
    right = slot.x + slot.side
    assert right == pytest.approx(pages(make.pdf())[0].width - 24 * MM, abs=0.01)
    assert slot.y == pytest.approx(20 * MM, abs=0.01)
    assert slot.side / blank.symbols.modules(short=False)[1] >= 0.4 * MM


def test_two_signatories_stand_on_the_columns_of_the_record(tmp_path: Path) -> None:
    people = tuple(Signatory(id=name, name=name, role="Head") for name in ("Hanna Lind", "Henrik Berg"))
    page = pages(record("Hours of work.\n\n" * 40, signatories=people).pdf())
    first, second = (page[0].line(person.name).box[0] for person in people)
    columns = columns_of(page[1])
    assert first == pytest.approx(START, abs=1.2) and second == pytest.approx(SECOND, abs=1.2)
    assert [side[0].box[0] for side in columns] == pytest.approx([first, second], abs=1.2)
    four = longest("record", "en", tmp_path)
    names = [pages(four.pdf())[0].line(person.name) for person in four.signatories]
    assert names[0].baseline == names[1].baseline > names[2].baseline == names[3].baseline


@pytest.mark.parametrize(
    ("address", "bare"),
    [
        ("https://www.example.org/", "example.org"),
        ("http://example.org/a/b", "example.org/a/b"),
        ("mailto:post@example.org", "post@example.org"),
        ("example.org", "example.org"),
    ],
)
def test_addresses_may_be_set_bare(address: str, bare: str) -> None:
    assert format_value(address, "bare", "en") == bare
    assert format_value(address, "", "en") == address
