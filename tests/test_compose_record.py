"""The course record: how it breaks into columns and pages, and what assistive software is told of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest
from builders import BODY, SKILLS, Make, layout, longest, section
from conftest import LAYOUTS
from ink import Words, pages
from judges import conforms, pdfium_text, squeezed
from msgspec.structs import replace
from structure import Node, tree

from certgen.layout import Layout, RecordBox
from certgen.model import AwardRule, AwardWords

COLUMNS = (1, 2, 3)
SENTENCE = "The course is about fair recruitment and the protection of workers who move for work, sentence {}. "


def columned(columns: int) -> Layout:
    """The layout `record` with so many columns."""
    design = layout("record")
    boxes = {
        name: replace(box, columns=columns) if isinstance(box, RecordBox) else box for name, box in design.boxes.items()
    }
    return replace(design, boxes=boxes)


def paragraphs(count: int, sentences: int) -> str:
    return "\n\n".join(
        "".join(SENTENCE.format(f"{number}.{at}") for at in range(sentences + number % 3)).strip()
        for number in range(count)
    )


@lru_cache(maxsize=1)
def content() -> tuple[object, ...]:
    bodies = [BODY, paragraphs(9, 3), BODY + "\n\n" + paragraphs(3, 1), paragraphs(9, 14)]
    return tuple(section(f"s{at}", body, f"Section number {at}") for at, body in enumerate(bodies))


def make(**changes: object) -> Make:
    return Make(layout="record", sections=content(), **changes)  # type: ignore[arg-type]


@lru_cache(maxsize=8)
def long(columns: int) -> bytes:
    return make(skills=SKILLS["en"]).pdf(design=columned(columns))


Place = tuple[int, float]  # page and the column's left edge


def columns_of(pdf: bytes) -> dict[Place, list[tuple[str, Words]]]:
    """The record's lines by page and column, from top to bottom, each with its element's role."""
    found: list[tuple[int, str, Words]] = []
    for sect in tree(pdf).roles("Sect"):
        for node in sect.walk():
            found += [(page, node.role, line) for page, line in node.lines if node.role != "Lbl"]
    edges: dict[int, list[float]] = {}
    for page, _, line in sorted(found, key=lambda each: each[2].box[0]):
        known = edges.setdefault(page, [])
        if not known or line.box[0] - known[-1] > 80:
            known.append(line.box[0])
    placed: dict[Place, list[tuple[str, Words]]] = {}
    for page, role, line in found:
        edge = max(edge for edge in edges[page] if edge <= line.box[0] + 0.01)
        placed.setdefault((page, edge), []).append((role, line))
    for lines in placed.values():
        lines.sort(key=lambda each: -each[1].baseline)
    return dict(sorted(placed.items()))


def blocks(pdf: bytes) -> Iterator[tuple[Node, list[tuple[Place, Words]]]]:
    """Paragraphs and items with the place of each of their lines."""
    by_key = {
        (place[0], line.marked, line.baseline, line.box[0]): place
        for place, lines in columns_of(pdf).items()
        for _, line in lines
    }
    for sect in tree(pdf).roles("Sect"):
        for node in sect.walk():
            if node.role in ("P", "LBody") and node.lines:
                yield node, [(by_key[page, line.marked, line.baseline, line.box[0]], line) for page, line in node.lines]


@pytest.mark.parametrize("columns", COLUMNS)
def test_no_heading_stands_last_in_a_column(columns: int) -> None:
    found = columns_of(long(columns))
    assert len({place for place, _ in found}) >= 3  # there are breaks to be wrong at
    assert len({edge for page, edge in found if page == 1}) == columns
    for place, lines in found.items():
        assert lines[-1][0] not in ("H2", "H3"), (place, lines[-1][1].text)


@pytest.mark.parametrize("lines", range(4))
def test_no_heading_stands_last_however_much_comes_before_it(lines: int) -> None:
    """Short sections, so that headings come near every foot, moved on line by line."""
    body = "One line.\n\n### A subheading\n\nAnother line."
    before = section("first", "\n\n".join(["A line."] * (lines + 1)))
    pdf = Make(
        layout="record", sections=(before, *(section(f"s{at}", body, f"Heading {at}") for at in range(40)))
    ).pdf()
    for place, found in columns_of(pdf).items():
        assert found[-1][0] not in ("H2", "H3"), (place, found[-1][1].text)


@pytest.mark.parametrize("columns", COLUMNS)
def test_no_line_of_a_paragraph_stands_alone(columns: int) -> None:
    parted = 0
    for node, lines in blocks(long(columns)):
        runs: list[int] = []
        for at, (place, _) in enumerate(lines):
            if at and place == lines[at - 1][0]:
                runs[-1] += 1
            else:
                runs.append(1)
        parted += len(runs) > 1
        assert len(runs) == 1 or min(runs) >= 2, (node.text[:60], runs)
    assert parted  # some paragraph went on in the next column


@pytest.mark.parametrize("columns", [2, 3])
def test_columns_end_level_on_the_last_page(columns: int) -> None:
    found = columns_of(long(columns))
    last = max(page for page, _ in found)
    ends = [min(line.baseline for _, line in lines) for (page, _), lines in found.items() if page == last]
    assert len(ends) == columns
    assert max(ends) - min(ends) <= 4.5 * 13.5  # what hangs together cannot be parted to be quite level
    full = [min(line.baseline for _, line in lines) for (page, _), lines in found.items() if page < last]
    assert min(ends) > max(full)  # and none of them goes to the foot


@pytest.mark.parametrize("columns", COLUMNS)
def test_the_text_comes_in_the_courses_order(columns: int, tmp_path: Path) -> None:
    pdf = long(columns)
    expected = []
    for part in make().sections:
        expected.append(part.heading)
        expected += re.findall(r"sentence [\d.]+\d|nested, \w+|Module 1|closing paragraph", part.body.source)
    pattern = "|".join(re.escape(each) for each in sorted(set(filter(None, expected)), key=len, reverse=True))
    body = "\f".join(pdfium_text(pdf).split("\f")[1:])
    assert re.findall(pattern, squeezed(body)) == expected
    assert re.findall(pattern, squeezed(raw(pdf, tmp_path))) == expected
    told = " ".join(sect.text for sect in tree(pdf).roles("Sect"))
    assert re.findall(pattern, squeezed(told)) == expected


def raw(pdf: bytes, folder: Path) -> str:
    """What poppler reads from the record pages, in the order of their content."""
    import subprocess

    from conftest import tool

    file = folder / "record.pdf"
    file.write_bytes(pdf)
    command = [tool("pdftotext"), "-raw", "-f", "2", "-enc", "UTF-8", str(file), "-"]
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout


def test_page_numbers_count_all_pages() -> None:
    found = [page.lines for page in pages(long(2))]
    for number, lines in enumerate(found[1:], 2):
        said = [re.sub(r"\s", "", line.text) for line in lines if line.marked < 0]
        assert any(f"{number}/{len(found)}" in text for text in said), said
    assert not any(re.search(r"1\s*/\s*\d", line.text) for line in found[0])


def test_running_heads_and_codes_are_artifacts_with_the_recipients_own_words() -> None:
    for page in pages(make().pdf("Chidi Okafor"))[1:]:
        furniture = " ".join(line.text for line in page.lines if line.marked < 0)
        assert "Chidi" in furniture and "A9015210" in furniture


@pytest.mark.parametrize("name", LAYOUTS)
def test_structure(name: str, tmp_path: Path) -> None:
    """One H1, no level of headings left out, every picture described, the proof a link."""
    pdf = longest(name, "en", tmp_path).pdf("Олена Коваль")
    conforms(pdf)
    root = tree(pdf)
    levels = [int(node.role[1]) for node in root.walk() if re.fullmatch(r"H\d", node.role)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    figures = root.roles("Figure")
    assert len(figures) == 3 + 4 + 1 and all(figure.alt for figure in figures)
    assert sum(link.links for link in root.roles("Link")) == len(root.roles("Link")) >= 2
    assert [node.language for node in root.walk() if "Олена" in " ".join(line.text for _, line in node.lines)] == [
        "und-Cyrl"
    ]


def test_nested_lists_have_their_structure() -> None:
    root = tree(make().pdf())
    first = root.roles("Sect")[0]
    (outer,) = [kid for kid in first.kids if kid.role == "L"]
    assert outer.numbering not in (None, "None")
    items = [item for item in outer.kids if item.role == "LI"]
    assert [item.kids[0].text for item in items] == ["(a)", "(b)", "(c)"]
    assert [[kid.role for kid in item.kids] for item in items] == [["Lbl", "LBody"]] * 3
    inner = [node for node in items[1].kids[1].kids if node.role == "L"]
    assert [[kid.text for kid in item.kids] for item in inner[0].kids] == [
        ["•", "nested, once"],
        ["•", "nested, twice"],
    ]
    assert [node.role for node in first.kids] == ["H2", "P", "H3", "P", "L", "P"]


def test_sections_for_some_awards_are_printed_for_those_alone() -> None:
    rules = (AwardRule(kind="achievement"), AwardRule(kind="attendance"))
    course = make(awards=rules, award_words=(AwardWords(), AwardWords()))
    course.sections = (
        section("all", "For everybody."),
        section("some", "For those who passed.", awards=("achievement",)),
    )
    passed, attended = pdfium_text(course.pdf(award=0)), pdfium_text(course.pdf(award=1))
    assert "For everybody" in passed and "For those who passed" in passed
    assert "For everybody" in attended and "For those who passed" not in attended


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_pages_where_there_is_nothing_to_tell(name: str) -> None:
    assert len(pages(Make(layout=name, record=True).pdf())) == 1
    course = Make(layout=name, record=True, sections=(section("a", "Words.", "Heading", awards=("achievement",)),))
    assert len(pages(course.pdf())) == 1


@pytest.mark.parametrize("name", ["classic", "modern"])
def test_record_pages_come_when_asked(name: str) -> None:
    told = make()
    told.layout = name
    assert len(pages(told.pdf())) == 1
    told.record = True
    found = pages(told.pdf())
    assert len(found) > 1
    assert (found[0].width, found[0].height) == (found[1].width, found[1].height)


def test_one_paragraph_longer_than_five_pages() -> None:
    endless = Make(layout="record", sections=(section("a", "".join(SENTENCE.format(at) for at in range(420)), "Long"),))
    pdf = endless.pdf()
    conforms(pdf)
    assert len(pages(pdf)) >= 6
    assert re.findall(r"sentence (\d+)", tree(pdf).text) == [str(at) for at in range(420)]


def test_a_list_item_longer_than_a_column() -> None:
    body = "- " + "".join(SENTENCE.format(at) for at in range(90)) + "\n- the second"
    pdf = Make(layout="record", sections=(section("a", body),)).pdf()
    conforms(pdf)
    assert re.findall(r"sentence (\d+)", tree(pdf).text) == [str(at) for at in range(90)]


def test_a_word_wider_than_a_column_is_a_problem() -> None:
    (problem,) = Make(layout="record", sections=(section("a", "W" * 120),)).problems()
    assert problem.code == "does-not-fit" and "WWW" in problem.message and "“record”" in problem.message


# --- right to left ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
def test_arabic_mirrors_the_page(name: str, tmp_path: Path) -> None:
    """The same words on a page in English and in Arabic: every box at its mirror image."""
    course = longest(name, "en", tmp_path, record=True)
    course.sections = (section("a", "Words"),)
    both = []
    for language in ("en", "ar"):
        course.language = language
        issuer = replace(course.issuer, words={"ar": layout(name).phrases["en"]})
        both.append(replace_issuer(course, issuer).pdf("Ana Díaz"))
    for left, right in zip(pages(both[0]), pages(both[1]), strict=True):
        width = left.width
        ours = sorted(mirrored(thing.box, width) for thing in left.things if thing.kind != "path" and thing.marked >= 0)
        theirs = sorted(thing.box for thing in right.things if thing.kind != "path" and thing.marked >= 0)
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert (one[0], one[2]) == pytest.approx((other[0], other[2]), abs=0.1)
            assert one[1] == pytest.approx(other[1], abs=8)  # lines may be a little higher
        for text in ("A9015210", "Ana Díaz", "Ingrid", "Abena", "Policy analysis", "Words"):
            here, there = ([line for line in page.lines if text in line.text] for page in (left, right))
            assert len(here) == len(there), text
            for one, other in zip(here, there, strict=True):
                mirror = mirrored(one.box, width)
                # what is flush at the start in English is flush at the other side; what is centred stays so
                assert min(abs(mirror[0] - other.box[0]), abs(mirror[2] - other.box[2])) < 12, (text, mirror, other.box)


def mirrored(box: tuple[float, float, float, float], width: float) -> tuple[float, float, float, float]:
    return (width - box[2], box[1], width - box[0], box[3])


def replace_issuer(course: Make, issuer: object) -> Make:
    from dataclasses import replace as changed

    return changed(course, issuer=issuer)


def test_the_panel_and_the_qr_code_change_sides() -> None:
    from judges import picture

    for language, side in (("en", 0), ("ar", 1)):
        image = picture(Make(layout="modern", language=language).pdf(), dpi=72)
        edges = [image.getpixel((3, image.height // 2)), image.getpixel((image.width - 3, image.height // 2))]
        dark = [sum(pixel) < 600 for pixel in edges]
        assert dark == [side == 0, side == 1]
