"""Lines, paragraphs and names that fit: what other modules ask for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from msgspec.structs import replace

from certgen.font import FontBook
from certgen.page import Line
from certgen.text.breaking import Measure, even, forced, name_breaks, ragged, text_breaks
from certgen.text.itemise import Direction
from certgen.text.setting import Setting, arrange, leading, stack
from certgen.text.shaper import Shaped, Shaper
from certgen.text.style import Fit, Fitted, How, Style, Uncovered, Unfit

K = TypeVar("K")
V = TypeVar("V")
EPSILON = 1e-6
_TEXTS, _PARAGRAPHS = 16, 1024  # kept at a time; names hardly repeat, and few at a time stay in the caches
_RULE = Fit()


class Typesetter:
    """Sets text with the faces of a book. Keeps what it has shaped, within bounds; one for each process. Pickles by its
    book."""

    def __init__(self, book: FontBook) -> None:
        self.book = book
        self._shaper = Shaper(book)
        self._settings: dict[tuple[str, Style, str, Direction], Setting] = {}
        self._paragraphs: dict[tuple[tuple[tuple[str, Style], ...], float, str, Direction, bool], tuple[Line, ...]] = {}

    def __reduce__(self) -> tuple[type[Typesetter], tuple[FontBook]]:
        return Typesetter, (self.book,)  # faces are reopened where they are needed

    # --- what others call ---

    def sets(self, text: str, style: Style, language: str = "en", direction: Direction = "auto") -> bool:
        """Whether the style's own family alone can set all of ``text``, its marks attached. What it has shaped for that
        is kept for :meth:`fit`."""
        setting = self._settings.get((text, style, language, direction))
        if setting is None:
            shaped = self._shaper.alone(text, style, language, direction)
            if shaped is None or (text.strip() and not _shows(shaped)):
                return False
            setting = self._set(shaped, text, style, language, direction)
        own = self._shaper.faces(style)[0].key
        return all(run.key == own for run in setting.runs)

    def line(self, text: str, style: Style, language: str, direction: Direction = "auto") -> Line:
        """One line, as long as it comes. Raises Uncovered."""
        return self._setting(text, style, language, direction).line(style.size)

    def fit(
        self,
        text: str,
        style: Style,
        width: float,
        language: str,
        *,
        height: float = math.inf,
        rule: Fit = _RULE,
        direction: Direction = "auto",
    ) -> Fitted:
        """A name or title in a box of ``width`` x ``height``, advance width and ink within it; never cut.

        Natural size; then tighter; then smaller; then lines broken where a name may break; then smaller still.
        Raises Unfit, Uncovered.
        """
        setting = self._setting(text, style, language, direction)
        ink = setting.ink
        if setting.room * style.size <= width and (ink[3] - ink[1]) * style.size <= height:
            key = setting.runs[0].key if setting.runs else ""
            return Fitted((setting.line(style.size),), style.size, "natural", key)
        return self._squeeze(setting, text, style, width, language, height, rule, direction)

    def leading(self, style: Style, lines: Sequence[Line], size: float = 0.0) -> float:
        """Points from baseline to baseline for lines set at ``size`` (0: the style's): the style's leading in
        proportion, more where the ink of one line would touch the next."""
        return leading(style, [line.ink for line in lines], size or style.size)

    def paragraph(
        self,
        spans: Sequence[tuple[str, Style]],
        width: float,
        language: str,
        *,
        direction: Direction = "auto",
        balance: bool = False,
    ) -> tuple[Line, ...]:
        """Running text in lines no wider than ``width``, broken where the language allows; "\\n" ends a line.

        As few lines as there can be, evenly ragged, the last not one short word; ``balance`` makes all equally long.
        A line's text keeps its last space, its width does not count it. Raises Unfit for a word wider than ``width``,
        Uncovered.
        """
        key = (tuple(spans), width, language, direction, balance)
        lines = self._paragraphs.get(key)
        if lines is None:
            lines = tuple(self._paragraph(spans, width, language, direction, balance))
            _keep(self._paragraphs, key, lines, _PARAGRAPHS)
        return lines

    def min_width(self, spans: Sequence[tuple[str, Style]], language: str) -> float:
        """The width in points of the widest piece that no line break may divide. Raises Uncovered."""
        widest = 0.0
        for part, direction in forced(spans, "auto"):
            if part:
                shaped = self._shaper.many(part, language, direction)
                measure = Measure(shaped, 1.0)
                breaks = text_breaks(shaped.text, language)
                widest = max(widest, *(measure(a, b) for a, b in pairwise(breaks)))
        return widest

    # --- names and titles ---

    def _setting(self, text: str, style: Style, language: str, direction: Direction) -> Setting:
        setting = self._settings.get((text, style, language, direction))
        if setting is None:
            shaped = self._shaper.one(text, style, language, direction)
            if shaped.text.strip() and not _shows(shaped):
                raise Uncovered(text, shaped.text)
            setting = self._set(shaped, text, style, language, direction)
        return setting

    def _set(self, shaped: Shaped, text: str, style: Style, language: str, direction: Direction) -> Setting:
        end = len(shaped.text)
        setting = arrange(shaped, self._shaper.cut(shaped, 0, end), 0, end, style.size)
        _keep(self._settings, (text, style, language, direction), setting, _TEXTS)
        return setting

    def _squeeze(
        self,
        natural: Setting,
        text: str,
        style: Style,
        width: float,
        language: str,
        height: float,
        rule: Fit,
        direction: Direction,
    ) -> Fitted:
        size = style.size
        shaped = self._shaper.one(text, style, language, direction)

        def largest(settings: Sequence[Setting]) -> float:
            tall = stack(style, settings)
            fits = min(size, width / max(1e-9, *(s.room for s in settings)), height / tall if tall else math.inf)
            return size if fits >= size - EPSILON else math.floor(fits * 100 + EPSILON) / 100

        def fitted(settings: Sequence[Setting], at: float, how: How) -> Fitted:
            runs = settings[0].runs
            return Fitted(tuple(s.line(at) for s in settings), at, how, runs[0].key if runs else "")

        for step in self._tightened(shaped, style, language, direction, rule.tighten):
            if largest([step]) == size:
                return fitted([step], size, "tightened")
        if (at := largest([natural])) >= rule.shrink * size:
            return fitted([natural], at, "shrunk")
        broken = [
            [lines for count in range(2, rule.lines + 1) if (lines := self._broken(shaped, style, breaks, count))]
            for breaks in name_breaks(shaped.text)
        ]
        for lines in (lines for some in broken[:-1] for lines in some):
            if (at := largest(lines)) >= rule.shrink * size:
                return fitted(lines, at, "two lines")
        best = [natural]
        for some in ([*broken[0], *broken[1]], broken[2]):  # bound words are parted last of all
            best = max([best, *some], key=largest)
            if (at := largest(best)) >= rule.floor * size:
                return fitted(best, at, "small")
        wide, tall = max(s.room for s in best) * rule.floor * size, stack(style, best) * rule.floor * size
        raise Unfit(text, wide, width) if wide > width else Unfit(text, tall, height, across=False)

    def _tightened(
        self, shaped: Shaped, style: Style, language: str, direction: Direction, tighten: float
    ) -> list[Setting]:
        """The text ever tighter, in quarters down to ``tighten``; empty where nothing may go between the letters."""
        if tighten >= 0 or not any(item.tracks for item in shaped.items):
            return []
        apart = self._shaper.one(shaped.typed, replace(style, tracking=style.tracking or tighten), language, direction)
        end = len(apart.text)
        pieces = self._shaper.cut(apart, 0, end)
        steps = (style.tracking + tighten * part / 4 for part in range(1, 5))
        return [arrange(apart, pieces, 0, end, style.size, tracking=step) for step in steps]

    def _broken(self, shaped: Shaped, style: Style, breaks: Sequence[int], count: int) -> list[Setting]:
        """The text in ``count`` even lines; empty if it cannot be broken so often."""
        cuts = even(breaks, Measure(shaped, style.size), count)
        lines = pairwise(cuts or ())
        return [arrange(shaped, self._shaper.cut(shaped, a, b), a, b, style.size) for a, b in lines]

    # --- paragraphs ---

    def _paragraph(
        self, spans: Sequence[tuple[str, Style]], width: float, language: str, direction: Direction, balance: bool
    ) -> Iterator[Line]:
        for part, towards in forced(spans, direction):
            if not part:
                if spans:
                    yield self._empty(spans[0][1])
                continue
            shaped = self._shaper.many(part, language, towards)
            breaks = text_breaks(shaped.text, language)
            measure = Measure(shaped, 1.0)
            limit = width + EPSILON
            for _ in range(4):  # a line shaped by itself may differ by a kern from its share of the whole
                cuts = ragged(breaks, measure, limit, shaped.text, balance)
                settings = [arrange(shaped, self._shaper.cut(shaped, a, b), a, b, 1.0) for a, b in pairwise(cuts)]
                excess = max(setting.width for setting in settings) - width
                if excess <= 10 * EPSILON:
                    break
                limit -= excess
            else:
                raise Unfit(shaped.typed, width + excess, width)
            for setting in settings:
                yield setting.line(1.0)

    def _empty(self, style: Style) -> Line:
        face = self._shaper.faces(style)[0]
        k = style.size / face.upem
        return Line((), "", 0.0, face.ascent * k, face.descent * k)


def _shows(shaped: Shaped) -> bool:
    return any(item.run.glyphs for item in shaped.items)


def _keep(cache: dict[K, V], key: K, value: V, most: int) -> None:
    """Keeps a value; a full cache begins anew, so that memory stays flat."""
    if len(cache) >= most:
        cache.clear()
    cache[key] = value
