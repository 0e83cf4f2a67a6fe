"""Markdown: what is typed comes out, lists keep their markers, what is refused is told by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen import prose
from certgen.model import Heading, ListItem, Paragraph, Span


def items(text: str) -> list[tuple[int, str, str]]:
    """Depth, marker and words of every list item."""
    made, _ = prose.parse(text)
    return [
        (block.depth, block.marker, "|".join("".join(span.text for span in part) for part in block.paragraphs))
        for block in made.blocks
        if isinstance(block, ListItem)
    ]


def kinds(text: str) -> list[str]:
    return [type(block).__name__ for block in prose.parse(text)[0].blocks]


def test_headings_paragraphs_and_emphasis() -> None:
    made, refused = prose.parse("## Module 1: *Why* it **matters**\n\nOne line\nand another.")
    assert refused == []
    heading, paragraph = made.blocks
    assert heading == Heading(
        2,
        (
            Span("Module 1: "),
            Span("Why", emphasis=True),
            Span(" it "),
            Span("matters", strong=True),
        ),
    )
    assert paragraph == Paragraph((Span("One line\nand another."),))


@pytest.mark.parametrize(
    "marker",
    ["(a)", "a)", "(i)", "i)", "i.", "iv.", "(iv)", "a.", "(A)", "(1)", "1)", "12.", "•", "–", "—", "▪", "◦", "‣",
     "(أ)", "(هـ)", "ب)", "هـ)", "ج-", "(٢)", "٣.", "(а)", "(β)", "(ג)"],
)  # fmt: skip
@pytest.mark.parametrize("gap", [" ", "\t", "\u00a0", " \t ", "\u2003"])
def test_pasted_markers_begin_items_and_stay_as_typed(marker: str, gap: str) -> None:
    assert items(f"The aims are:\n\n{marker}{gap}identify risks;\n{marker}{gap}act on them.") == [
        (0, marker, "identify risks;"),
        (0, marker, "act on them."),
    ]


def test_bullets_of_markdown_print_as_bullets_and_numbers_as_typed() -> None:
    assert items("- one\n* two\n+ three\n\n3. third\n7) seventh") == [
        (0, "•", "one"),
        (0, "•", "two"),
        (0, "•", "three"),
        (0, "3.", "third"),
        (0, "7)", "seventh"),
    ]


def test_bullets_of_markdown_below_bullets_are_dashes() -> None:
    text = "- A\n  - B\n    - C\n  - D\n- E\n\n1. F\n   - G"
    assert [(depth, marker) for depth, marker, _ in items(text)] == [
        (0, "•"), (1, "–"), (2, "•"), (1, "–"), (0, "•"), (0, "1."), (1, "•"),
    ]  # fmt: skip
    assert items("•\ta\n\t•\tb") == [(0, "•", "a"), (1, "•", "b")]  # as typed


def test_letters_of_other_alphabets_make_a_list_directly_below_its_introduction() -> None:
    made, refused = prose.parse("يكون المشاركون قادرين على:\n(أ) تحديد المخاطر؛\n(هـ) التحقيق.\n(و) إدارة لجنة.")
    assert refused == []
    assert [type(block).__name__ for block in made.blocks] == ["Paragraph", "ListItem", "ListItem", "ListItem"]
    listed = [block for block in made.blocks if isinstance(block, ListItem)]
    assert [(item.marker, item.ordered) for item in listed] == [("(أ)", True), ("(هـ)", True), ("(و)", True)]


def test_bullets_of_word_become_characters_that_fonts_have() -> None:
    assert items("\uf0b7\tfirst\n\t\uf0a7\tbelow") == [(0, "•", "first"), (1, "▪", "below")]


def test_depth_is_indentation() -> None:
    text = "1. A\n  - B\n\t• C\n  – D\n2. E"
    assert items(text) == [(0, "1.", "A"), (1, "•", "B"), (2, "•", "C"), (1, "–", "D"), (0, "2.", "E")]


def test_a_list_that_is_indented_as_a_whole_is_an_outer_list() -> None:
    assert items("\t• a\n\t\t• b\n\t• c") == [(0, "•", "a"), (1, "•", "b"), (0, "•", "c")]


def test_right_aligned_numbers_are_one_list() -> None:
    assert items(" 9. nine\n10. ten") == [(0, "9.", "nine"), (0, "10.", "ten")]
    assert items("• a\n • b") == [(0, "•", "a"), (0, "•", "b")]


def test_blank_lines_do_not_break_a_list_and_text_after_one_does() -> None:
    assert items("• a\n\n• b\n\n\n• c") == [(0, "•", "a"), (0, "•", "b"), (0, "•", "c")]
    assert kinds("• a\n\nAfter the list.") == ["ListItem", "Paragraph"]


def test_an_indented_paragraph_below_an_item_is_the_items() -> None:
    assert items("1. first\n\n   more of it\n2. second") == [(0, "1.", "first|more of it"), (0, "2.", "second")]


def test_a_line_below_an_item_goes_on_with_it() -> None:
    assert items("- a long\nitem\n- b") == [(0, "•", "a long\nitem"), (0, "•", "b")]


def test_below_a_pasted_item_that_ended_its_sentence_a_new_sentence_is_a_paragraph() -> None:
    assert kinds("(a) one;\n(b) two.\nParticipants work in pairs.") == ["ListItem", "ListItem", "Paragraph"]
    assert kinds("- one.\nTwo goes on with it in Markdown.") == ["ListItem"]
    assert kinds("(a) one.\n    Two is indented.") == ["ListItem"]


@pytest.mark.parametrize(
    "text",
    [
        "In the year\n1998. It began.",
        "i.e. for example",
        "(see below) and more",
        "o holy night",
        "A. Moreira and others",
        "Part 1\n2. is not a list here",
        "–without a space",
        "3.5 hours a week",
        "(أي المشاركون) جميعاً",
        "أ. د. مريم السويدان",
        "أ-ب",
    ],
)
def test_what_is_no_list(text: str) -> None:
    assert kinds(text) == ["Paragraph"]


def test_indented_text_is_text() -> None:
    made, refused = prose.parse("Before.\n\n        pasted from a letter\n        with an indentation")
    assert refused == []
    assert made.blocks[1] == Paragraph((Span("pasted from a letter\nwith an indentation"),))


def test_a_line_of_dashes_makes_no_heading_and_is_told() -> None:
    made, refused = prose.parse("Modules\n-------\nText")
    assert kinds("Modules\n-------\nText") == ["Paragraph", "Paragraph"]
    assert [getattr(words, "line", None) for words in refused] == [1]
    assert prose.plain(made) == "Modules\n\nText"
    assert kinds("Modules\n=======\nText") == ["Heading", "Paragraph"]


@pytest.mark.parametrize(
    ("text", "line", "word", "left"),
    [
        ("one\n\nA <b>bold</b> word", 2, "HTML", "bold"),
        ("<div>\nhello\n</div>", 0, "HTML", "hello"),
        ("x\ny ![a photo](photo.png)", 1, "Images", "a photo"),
        ("use `print`", 0, "code", "print"),
        ("x\n\n```python\nprint(1)\n```", 2, "code", "print(1)"),
        ("see [the plan](plan.docx)", 0, "plan.docx", "the plan"),
        ("see [this](file:///etc/passwd)", 0, "link", "this"),
        ("> quoted", 0, ">", "quoted"),
        ("• a\n• b with <i>html</i>", 1, "HTML", "html"),
        ("(a) ends.\nThen `code` here", 1, "code", "code"),
    ],
)
def test_what_is_refused_is_told_by_line_and_its_words_stay(text: str, line: int, word: str, left: str) -> None:
    made, refused = prose.parse(text)
    assert refused, "nothing was told"
    assert word in refused[0]
    assert getattr(refused[0], "line", None) == line
    assert getattr(refused[0], "hint", "")
    assert left in prose.plain(made)


def test_web_links_print_as_their_text() -> None:
    made, refused = prose.parse("See [our site](https://academy.example/x) or <https://academy.example>.")
    assert refused == []
    assert prose.plain(made) == "See our site or https://academy.example."


def test_line_breaks_of_every_kind_are_kept() -> None:
    made, _ = prose.parse("one  \ntwo\\\nthree\r\nfour\rfive\u2028six")
    assert prose.plain(made) == "one\ntwo\nthree\nfour\nfive\nsix"


def test_text_is_nfc_and_typed_quotes_stay() -> None:
    made, _ = prose.parse("Cafe\u0301 “quoted” — and ‘so’ on…")
    assert prose.plain(made) == "Café “quoted” — and ‘so’ on…"


def test_a_text_beyond_measure_is_refused_at_once() -> None:
    for text in ("a" * 300_000, "[" * 50_000):
        made, refused = prose.parse(text)
        assert made.blocks == ()
        assert refused


_TYPED = st.text(alphabet="abZé \t\n\r-*+_#>.()=~`0123xi•–\u00a0", max_size=200)


@given(_TYPED)
def test_every_letter_comes_out_in_order(text: str) -> None:
    made, _ = prose.parse(text)
    assert [c for c in prose.plain(made) if c.isalpha()] == [c for c in text if c.isalpha()]


@given(st.text(max_size=300))
def test_nothing_raises_and_nothing_odd_comes_out(text: str) -> None:
    made, _ = prose.parse(text)
    assert made.source is not None
    assert not {"\ufdd0", "\ufdd1"} & set(prose.plain(made))
    for block in made.blocks:
        if isinstance(block, Heading):
            assert 1 <= block.level <= 6
