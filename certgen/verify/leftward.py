"""The words of a page that is written from right to left, by where their letters stand.

pdfium makes lines of what stands at one height. A vowel sign or a shadda stands above or below its letter, and so
parts the word that it belongs to; where it is given back to its letter, the words are whole again.
"""

from __future__ import annotations

import unicodedata
from ctypes import c_double
from typing import Any, NamedTuple

_LONGEST = 20_000  # characters of a page that are looked through
_MARKS = 2_000  # of them that are given back to their letters
_LINE = (
    0.5  # of a letter's height, between its foot and the others' of a line, at most: ligatures' letters stand anyhow
)
_GAP = 0.6  # of a letter's height: where so much is empty, another word begins


class _Letter(NamedTuple):
    """A character: its box, and the height of the line that it stands on, in points."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    foot: float


def words(reader: Any, text: str) -> str:
    """Lines of words written from right to left with marks, each letter with its own. Empty where the page's ``text``
    has no such marks. ``reader``: a text page of pdfium."""
    if not any(_clings(character) for character in text):
        return ""
    letters, marks = _letters(reader)
    belonging: dict[int, str] = {}
    for mark in marks[:_MARKS]:
        at = min(range(len(letters)), key=lambda index: _apart(letters[index], mark), default=None)
        if at is not None:
            belonging[at] = belonging.get(at, "") + mark.text
    lines: list[tuple[float, list[int]]] = []
    for index in sorted(range(len(letters)), key=lambda index: letters[index].foot):
        letter = letters[index]
        if not lines or letter.foot - lines[-1][0] > max(1.0, _LINE * (letter.top - letter.bottom)):
            lines.append((letter.foot, []))
        lines[-1][1].append(index)
    texts = [_line([(letters[index], belonging.get(index, "")) for index in line]) for _, line in lines]
    return "\n".join(text for text in texts if text)


def _line(letters: list[tuple[_Letter, str]]) -> str:
    found: list[str] = []
    end = max(letter.right for letter, _ in letters)
    for letter, marks in sorted(letters, key=lambda pair: -pair[0].right):
        if end - letter.right > _GAP * (letter.top - letter.bottom):
            found.append(" ")
        found.append(letter.text + marks)
        end = min(end, letter.left)
    return " ".join("".join(found).split())


def _letters(reader: Any) -> tuple[list[_Letter], list[_Letter]]:
    """The letters from right to left with the spaces between them, and the marks."""
    from pypdfium2 import raw

    letters: list[_Letter] = []
    marks: list[_Letter] = []
    sides, foot = [c_double() for _ in range(4)], [c_double() for _ in range(2)]
    for index in range(min(reader.count_chars(), _LONGEST)):
        code = raw.FPDFText_GetUnicode(reader, index)
        character = chr(code) if 0 < code < 0x110000 else ""
        kind = unicodedata.bidirectional(character) if character else ""
        if kind not in ("R", "AL", "NSM", "WS") or raw.FPDFText_IsGenerated(reader, index) == 1:
            continue
        if raw.FPDFText_GetCharBox(reader, index, *sides) and raw.FPDFText_GetCharOrigin(reader, index, *foot):
            left, right, bottom, top = (side.value for side in sides)
            letter = _Letter(character, left, right, bottom, top, foot[1].value)
            (marks if kind == "NSM" else letters).append(letter)
    return letters, marks


def _apart(letter: _Letter, mark: _Letter) -> float:
    """How far a mark is from being above, below or within a letter."""
    if letter.text.isspace():
        return float("inf")
    middle = (mark.left + mark.right) / 2
    aside = max(letter.left - middle, middle - letter.right, 0.0)
    away = max(letter.bottom - mark.top, mark.bottom - letter.top, 0.0)
    return aside * 4 + away


def _clings(character: str) -> bool:
    return unicodedata.bidirectional(character) == "NSM"
