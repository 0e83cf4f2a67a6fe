"""The words of a page that is written from right to left, by where their letters stand.

pdfium makes lines of what stands at one height. A vowel sign or a shadda stands above or below its letter, and so
parts the word that it belongs to; where it is given back to its letter, the words are whole again. Letters that are
drawn as one come in any order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from ctypes import c_double
from typing import Any, NamedTuple

_LONGEST = 20_000  # characters of a page that are looked through
_MARKS = 2_000  # of them that are given back to their letters
_LINE = 0.5  # of a letter's height, between its foot and its line's, at most: ligatures' letters stand anyhow
_GAP = 0.6  # of a letter's height: where so much is empty, another word begins


class Word(NamedTuple):
    """Letters with their marks, from right to left, and the places of the letters among the page's characters."""

    text: str
    indexes: list[int]


class _Letter(NamedTuple):
    """A character: its box, and the height of the line that it stands on, in points."""

    text: str
    at: int
    left: float
    right: float
    bottom: float
    top: float
    foot: float


def lines(reader: Any) -> list[list[Word]]:
    """The words of each line that are written from right to left, the highest line first. ``reader``: a text page of
    pdfium."""
    letters, marks = _letters(reader)
    belonging: dict[int, str] = {}
    for mark in marks[:_MARKS]:
        nearest = min(letters, key=lambda letter: _apart(letter, mark), default=None)
        if nearest is not None:
            belonging[nearest.at] = belonging.get(nearest.at, "") + mark.text
    rows: list[tuple[float, list[_Letter]]] = []
    for letter in sorted(letters, key=lambda letter: letter.foot):
        if not rows or letter.foot - rows[-1][0] > max(1.0, _LINE * (letter.top - letter.bottom)):
            rows.append((letter.foot, []))
        rows[-1][1].append(letter)
    found = [list(_words(sorted(row, key=lambda letter: -letter.right), belonging)) for _, row in reversed(rows)]
    return [row for row in found if row]


def has_marks(text: str) -> bool:
    return any(unicodedata.bidirectional(character) == "NSM" for character in text)


def _words(row: list[_Letter], belonging: dict[int, str]) -> Iterator[Word]:
    word, end = Word("", []), row[0].right
    for letter in row:
        space = letter.text.isspace()
        if word.text and (space or end - letter.right > _GAP * (letter.top - letter.bottom)):
            yield word
            word = Word("", [])
        if not space:
            word = Word(word.text + letter.text + belonging.get(letter.at, ""), [*word.indexes, letter.at])
        end = min(end, letter.left)
    if word.text:
        yield word


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
            letter = _Letter(character, index, left, right, bottom, top, foot[1].value)
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
