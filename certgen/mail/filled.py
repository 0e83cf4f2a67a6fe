"""A template with somebody's values in it, and how that reads as plain text.

A line whose fields are all empty is left out: “Valid until: {credential.expires}” of a certificate that never expires.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from certgen.compose.desk import reads_right_to_left
from certgen.fields import Slot, Template
from certgen.mail.words import LONGEST_SUBJECT, Link, Part, Piece, Words

WIDTH = 76  # columns of plain text; RFC 5322, 2.1.1 wants 78 at most


class Value(NamedTuple):
    """What stands in a field's place, and where it leads."""

    text: str
    href: str = ""


Say = Callable[[Slot], Value]


class Bit(NamedTuple):
    """Words of one emphasis. ``value``: they came from a field."""

    text: str
    href: str = ""
    strong: bool = False
    emphasis: bool = False
    value: bool = False


Row = tuple[Bit, ...]


class Paragraph(NamedTuple):
    """``rows``: lines as they were typed. Buttons are rows of nothing but links."""

    kind: Literal["paragraph", "heading", "item", "buttons"]
    rows: tuple[Row, ...]
    level: int = 0
    depth: int = 0
    marker: str = ""
    ordered: bool = False


class Filled(NamedTuple):
    """What one person will read."""

    language: str
    subject: str
    body: tuple[Paragraph, ...]
    small: tuple[Paragraph, ...]


def fill(words: Words, say: Say) -> Filled:
    """Puts values into a template."""
    subject = " ".join(_joined(words.subject, say).split())
    if len(subject) > LONGEST_SUBJECT:
        subject = subject[: LONGEST_SUBJECT - 1].rstrip() + "…"
    body, small = (tuple(_paragraphs(parts, say)) for parts in (words.body, words.small))
    return Filled(words.language, subject, body, small)


def _paragraphs(parts: Iterable[Part], say: Say) -> Iterator[Paragraph]:
    for part in parts:
        rows = tuple(row for line in part.lines for row in _rows(line, say))
        if rows:
            links = part.kind == "paragraph" and all(bit.href or not bit.text.strip() for row in rows for bit in row)
            named = links and not any(bit.value for row in rows for bit in row)
            kind = "buttons" if named else part.kind
            yield Paragraph(kind, rows, part.level, part.depth, part.marker, part.ordered)


def _rows(line: Iterable[Piece], say: Say) -> Iterator[Row]:
    """The lines of a paragraph that have something to say."""
    row: list[Bit] = []
    held = [False, False]  # whether there were fields, and whether one had a value

    def ended() -> Iterator[Row]:
        if any(bit.text.strip() for bit in row) and (held[1] or not held[0]):
            yield tuple(row)
        row.clear()
        held[:] = [False, False]

    for inline, strong, emphasis in line:
        if isinstance(inline, str):
            first, *more = inline.split("\n")
            row.append(Bit(first, "", strong, emphasis))
            for text in more:
                yield from ended()
                row.append(Bit(text, "", strong, emphasis))
            continue
        value = say(inline) if isinstance(inline, Slot) else _linked(inline, say)
        filled = bool(value.text.strip() and (value.href or isinstance(inline, Slot)))
        if isinstance(inline, Slot) or inline.target.paths:
            held[:] = [True, held[1] or filled]
        if filled:
            href = value.href if _SAFE.match(value.href) else ""
            row.append(Bit(" ".join(value.text.split()), href, strong, emphasis, isinstance(inline, Slot)))
    yield from ended()


def _linked(link: Link, say: Say) -> Value:
    """Words of a link without an address are nothing."""
    href = "".join(part if isinstance(part, str) else say(part).href for part in link.target.parts)
    return Value(_joined(link.words, say), href if _SAFE.match(href) else "")


def _joined(template: Template, say: Say) -> str:
    return "".join(part if isinstance(part, str) else say(part).text for part in template.parts)


_SAFE = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+\Z", re.IGNORECASE)

# --- as plain text ---------------------------------------------------------------------------


def plain(filled: Filled) -> str:
    """The message as text for ``format=flowed``: lines that go on end in a space. Source: RFC 3676, 4.2."""
    rtl = reads_right_to_left(filled.language)
    blocks = ["\n".join(_written(paragraph, rtl)) for paragraph in filled.body]
    text = _spaced(filled.body, blocks)
    if filled.small:
        small = ["\n".join(_written(paragraph, rtl)) for paragraph in filled.small]
        text += "\n\n-- \n" + _spaced(filled.small, small)
    return text + "\n"


def _spaced(paragraphs: tuple[Paragraph, ...], blocks: list[str]) -> str:
    out = ""
    for at, block in enumerate(blocks):
        together = at and paragraphs[at].kind == paragraphs[at - 1].kind == "item"
        out += ("\n" if together else "\n\n" if at else "") + block
    return out


def _written(paragraph: Paragraph, rtl: bool) -> Iterator[str]:
    if paragraph.kind == "buttons":
        links = [bit for row in paragraph.rows for bit in row if bit.text.strip()]
        yield "\n\n".join(f"{bit.text.rstrip(' :')}:\n<{bit.href}>" for bit in links)  # RFC 3986, appendix C
        return
    indent = "  " * paragraph.depth + (f"{paragraph.marker} " if paragraph.marker else "")
    for number, row in enumerate(paragraph.rows):
        lead = indent if number == 0 else " " * len(indent)
        yield from _flowed(lead + "".join(_said(bit, rtl) for bit in row).strip())


def _said(bit: Bit, rtl: bool) -> str:
    if bit.href and not bit.value and bit.href not in (bit.text, f"mailto:{bit.text}"):
        return f"{bit.text} <{bit.href}>"
    if rtl and bit.value and bit.text[0].isdigit() and not is_rtl(bit.text):
        return f"\u200e{bit.text}"  # else a code that begins with figures is shown with its ends swapped (UAX 9, N1)
    return bit.text


def _flowed(text: str) -> Iterator[str]:
    line = ""
    for word in re.findall(r"[^ ]* *", text):
        if line and len(line) + len(word.rstrip()) > WIDTH:
            yield _stuffed(line.rstrip() + " ")
            line = ""
        line += word
    if line.rstrip():
        yield _stuffed(line.rstrip())


def _stuffed(line: str) -> str:
    """Source: RFC 3676, 4.4."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line


# --- directions ------------------------------------------------------------------------------


def is_rtl(text: str) -> bool:
    """Whether a text has letters that are written from right to left."""
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
