"""Chooses faces and shapes whole texts: what is drawn, item by item, before it is broken into lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from certgen.font import CJK_SCRIPTS, Face, FontBook
from certgen.text.itemise import PLAIN, Direction, Stretch, capitals, han, missing, normal, stretches, words
from certgen.text.run import APART, LATIN_LIKE, Manner, Run, shape
from certgen.text.style import REFUSED, Style, Uncovered

# How large a script's own face is set beside Latin of the same nominal size: by eye and by the height of its plain
# letters beside EB Garamond's x-height and Source Sans 3's. Scripts that are not here are set as they are.
HARMONY = {
    **{"Arab": 1.15, "Thaa": 1.05, "Deva": 0.95, "Beng": 0.98, "Hebr": 0.95, "Mymr": 0.9, "Armn": 0.9, "Geor": 0.95},
    **{"Taml": 0.93, "Mlym": 0.95, "Orya": 0.93, "Khmr": 0.95, "Ethi": 0.97},
}
_SAMPLES = {"ا": "Arab", "ހ": "Thaa", "क": "Deva", "ক": "Beng", "က": "Mymr", "א": "Hebr"}


class Item(NamedTuple):
    """A stretch of one level, script, style and face."""

    start: int
    end: int
    manner: Manner
    face: Face
    scale: float  # size of the face, in em of the style's size
    run: Run

    @property
    def style(self) -> Style:
        return self.manner.style

    @property
    def level(self) -> int:
        return self.manner.level

    @property
    def tracks(self) -> bool:
        """Whether tracking may go between its letters."""
        return self.manner.script in APART and not self.face.joined


class Shaped(NamedTuple):
    """A paragraph itemised and shaped as a whole, in logical order: ``text`` is drawn (capitals), ``typed`` copied;
    ``base`` is the paragraph's bidi level."""

    text: str
    typed: str
    base: int
    items: tuple[Item, ...]


class Shaper:
    """Itemises and shapes with the faces of a book."""

    def __init__(self, book: FontBook) -> None:
        self._book = book
        self._own: dict[Style, tuple[Face, ...]] = {}

    def faces(self, style: Style) -> tuple[Face, ...]:
        """The style's own face, then its fallbacks'. Raises CertgenError (LAYOUT) for an unknown family."""
        faces = self._own.get(style)
        if faces is None:
            families = (style.family, *style.fallback)
            faces = tuple(self._book.face(family, style.weight, style.italic) for family in families)
            if len(self._own) > 1000:
                self._own.clear()
            self._own[style] = faces
        return faces

    def alone(self, text: str, style: Style, language: str, direction: Direction) -> Shaped | None:
        """The whole text in the style's own face; None if that cannot set all of it, its marks attached."""
        shaped, parts = self._parts(text, style, language, direction)
        return None if REFUSED.search(shaped.text) else self._whole(shaped, parts, 0, style, language)

    def one(self, text: str, style: Style, language: str, direction: Direction) -> Shaped:
        """A name or a title: in one face as a whole, if one face has it all. Raises Uncovered."""
        shaped, parts = self._parts(text, style, language, direction)
        _refuse(shaped.text)
        for rank in range(len(self.faces(style))):
            if whole := self._whole(shaped, parts, rank, style, language):
                return whole
        found = [item for part in parts for item in self._stretch(shaped, *part, style, language)]
        return shaped._replace(items=tuple(found))

    def _parts(self, text: str, style: Style, language: str, direction: Direction) -> tuple[Shaped, Sequence[Stretch]]:
        """The text, not shaped yet, and its stretches."""
        typed = normal(text)
        text = typed if style.caps != "upper" else capitals(typed, language)
        if len(text) != len(typed):
            typed = text
        if direction != "rtl" and PLAIN.fullmatch(text):  # the usual case: no ICU, one stretch
            return Shaped(text, typed, 0, ()), ((0, len(text), 0, "Latn"),)
        base, parts = stretches(text, direction)
        return Shaped(text, typed, base, ()), parts

    def _whole(self, shaped: Shaped, parts: Sequence[Stretch], rank: int, style: Style, language: str) -> Shaped | None:
        """All stretches in one of the style's faces."""
        own = self.faces(style)
        face = own[rank]
        items = []
        for start, end, level, script in parts:
            manner = Manner(level, script, language, style)
            run = shape(face, shaped.text, shaped.typed, start, end, manner)
            if run is None:
                return None
            items.append(Item(start, end, manner, face, _scale(own[0], face, script), run))
        return Shaped(shaped.text, shaped.typed, shaped.base, tuple(items))

    def many(self, spans: Sequence[tuple[str, Style]], language: str, direction: Direction) -> Shaped:
        """Running text in several styles; a word that the style's face lacks takes no other word along to another
        face. Raises Uncovered."""
        texts, drawn, owners = [], [], []
        at = 0
        for span, style in spans:
            typed = normal(span)
            text = typed if style.caps != "upper" else capitals(typed, language)
            texts.append(typed if len(typed) == len(text) else text)
            drawn.append(text)
            owners.append((at, at + len(text), style))
            at += len(text)
        text, typed = "".join(drawn), "".join(texts)
        _refuse(text)
        base, parts = stretches(text, direction)
        shaped = Shaped(text, typed, base, ())
        items: list[Item] = []
        for start, end, level, script in parts:
            for a, b, style in owners:
                if (low := max(a, start)) < (high := min(b, end)):
                    items += self._by_word(shaped, low, high, level, script, style, language)
        return shaped._replace(items=tuple(items))

    def cut(self, shaped: Shaped, start: int, end: int) -> list[Item]:
        """The items of a line, text[start:end], in logical order, those at its ends shaped anew; the space that ends
        it stands by itself at the paragraph's level (UAX 9, L1)."""
        text = shaped.text
        visible = start + len(text[start:end].rstrip())
        items = []
        for item in shaped.items:
            for low, high, level in ((start, visible, item.level), (visible, end, shaped.base)):
                a, b = max(low, item.start), min(high, item.end)
                if a >= b:
                    continue
                if a == item.start and b == item.end and level == item.level:
                    items.append(item)
                    continue
                manner = item.manner._replace(level=level)
                run = shape(item.face, text, shaped.typed, a, b, manner)
                if run is None:  # the same characters a moment ago: only a face at odds with itself
                    raise Uncovered(shaped.typed, text[a:b])
                items.append(item._replace(start=a, end=b, manner=manner, run=run))
        return items

    def _by_word(
        self, shaped: Shaped, start: int, end: int, level: int, script: str, style: Style, language: str
    ) -> list[Item]:
        own = self.faces(style)[0]
        manner = Manner(level, script, language, style)
        if run := shape(own, shaped.text, shaped.typed, start, end, manner):
            return [Item(start, end, manner, own, 1.0, run)]
        parts = words(shaped.text, start, end)
        if not parts:
            return self._stretch(shaped, start, end, level, script, style, language)
        return [item for a, b in parts for item in self._by_word(shaped, a, b, level, script, style, language)]

    def _stretch(
        self, shaped: Shaped, start: int, end: int, level: int, script: str, style: Style, language: str
    ) -> list[Item]:
        """One stretch in the first face that has its letters; what else that lacks (digits, punctuation) comes from
        the Latin face."""
        own = self.faces(style)
        if script in CJK_SCRIPTS:
            language = han(shaped.text, language)
        manner = Manner(level, script, language, style)
        serif = "sans" not in style.family.lower()
        theirs = self._book.script_faces(script, language, serif, weight=style.weight, italic=style.italic)
        faces = list(dict.fromkeys((*own, *theirs)))

        def first(among: Sequence[Face], a: int, b: int) -> Item | None:
            for face in among:
                if run := shape(face, shaped.text, shaped.typed, a, b, manner):
                    return Item(a, b, manner, face, _scale(own[0], face, script), run)
            return None

        if whole := first(faces, start, end):
            return [whole]
        latin = self._book.script_faces("Latn", "en", serif, weight=style.weight, italic=style.italic)
        others = [*own, *latin, *theirs]
        if any(unicodedata.east_asian_width(char) in "FW" for char in shaped.text[start:end]):
            others += self._book.script_faces("Hani", han(shaped.text, language), serif, weight=style.weight)
        for face in faces:
            items = []
            for a, b, lacks in missing(shaped.text, start, end, face):
                item = first(others if lacks else [face], a, b)
                if item is None:
                    break
                items.append(item)
            else:
                return items
        raise _uncovered(shaped, start, end, others + faces)


def _refuse(text: str) -> None:
    if found := REFUSED.findall(text):
        raise Uncovered(text, found)


def _uncovered(shaped: Shaped, start: int, end: int, faces: Sequence[Face]) -> Uncovered:
    stretch = shaped.text[start:end]
    lacking = [char for char in stretch if not char.isspace() and not any(face.covers(char) for face in faces)]
    if lacking:
        return Uncovered(shaped.typed, lacking)
    combining = [char for char in unicodedata.normalize("NFD", stretch) if unicodedata.combining(char)]
    return Uncovered(shaped.typed, combining or stretch, marks=bool(combining))


def _scale(own: Face, face: Face, script: str) -> float:
    """The size of a face that stands in, for its letters to look as large as the style's own would."""
    if face is own:
        return 1.0
    if script in LATIN_LIKE:
        if not own.covers("x"):  # a style in a script's own face: its Latin gives way instead
            return 1 / next((HARMONY[name] for sample, name in _SAMPLES.items() if own.covers(sample)), 1.0)
        looks = (own.x_height + own.cap_height) / own.upem, (face.x_height + face.cap_height) / face.upem
        return round(min(max(looks[0] / looks[1], 0.8), 1.2), 3)
    return HARMONY.get(script, 1.0)
