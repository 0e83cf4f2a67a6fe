"""Sets text: from characters in a style to :class:`certgen.page.Line`, glyph by glyph.

The steps, in this order: normalise (NFC); itemise by bidi level (UAX 9), script (UAX 24) and face; shape each
item with HarfBuzz; break (UAX 14; names only where a name may break); reorder (UAX 9, L1 and L2); measure.
A face is chosen for a whole text or script run, never letter by letter, and only if it has every glyph and its
marks attach: .notdef never comes out of here.

Lengths are points; inside, a shaped text is measured in em of its style's size, so that one shaping serves
every size that :meth:`Typesetter.fit` tries.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import Literal, NamedTuple, TypeVar

import icu
import uharfbuzz as hb
from msgspec import Struct
from msgspec.structs import replace

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.font import CJK_HINT, CJK_SCRIPTS, Face, FontBook
from certgen.page import Glyph, GlyphRun, Line, Rect

Direction = Literal["auto", "ltr", "rtl"]
_How = Literal["natural", "tightened", "shrunk", "two lines", "small"]
_Stretch = tuple[int, int, int, str]  # start, end, bidi level, script
K = TypeVar("K")
V = TypeVar("V")

LEADING = 1.35  # of the size, where a style does not say
_EPSILON = 1e-6
_CACHED = 4096

# How large a script's own face is set beside Latin of the same nominal size: by eye and by the height of its plain
# letters beside EB Garamond's x-height and Source Sans 3's. Scripts that are not here are set as they are.
HARMONY = {"Arab": 1.15, "Thaa": 1.05, "Deva": 0.95, "Beng": 0.98, "Mymr": 0.95, "Hebr": 0.95}
_LATIN_LIKE = frozenset({"Latn", "Grek", "Cyrl"})
# Scripts whose letters stand apart, so that tracking may go between them.
_APART = _LATIN_LIKE | {"Armn", "Geor", "Hebr", "Ethi"} | CJK_SCRIPTS

# Latin letters, Western punctuation and spaces: one direction, one script, nothing that combines.
_PLAIN = re.compile("[ -~\u00a0-\u00ac\u00ae-\u024f\u1e00-\u1eff\u2000-\u200a\u2010-\u2027\u202f-\u203a\u2044\u20ac\u2116\u2122]*")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# What no face may draw whatever its character map says: controls, surrogates, private use, noncharacters, U+FFFD.
_REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\uffff\U000e0001-\U000e007f\U000f0000-\U0010ffff]"
)
_SPACE = re.compile(r"\s")
_BREAKING = re.compile("[ \u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]+")
_HYPHEN = re.compile(r"(?<=\w)[-\u2010](?=\w)")
_SHARED = frozenset({"Zyyy", "Zinh", "Zzzz"})
_MARKED = _LATIN_LIKE | {"Armn", "Geor", "Hebr", "Arab"}
_OPENING = frozenset("([{⟨«“‘")
_BRACKETS = dict(zip(")]}⟩»”’", "([{⟨«“‘", strict=True))
_SAMPLES = {"ا": "Arab", "ހ": "Thaa", "क": "Deva", "ক": "Beng", "က": "Mymr", "א": "Hebr"}

# Words that no line of a name ends with, and words that no line begins with (typography of names).
_FORWARD = frozenset(
    ["de", "del", "della", "dello", "dei", "degli", "delle", "di", "da", "das", "do", "dos", "du", "des", "d", "la", "las", "le", "les", "lo", "los", "el", "al", "ad", "an", "ar", "as", "ash", "at", "az", "a", "i", "y", "e", "van", "von", "der", "den", "ten", "ter", "te", "het", "op", "t", "zu", "zum", "zur", "vom", "af", "av", "bin", "ibn", "ben", "bat", "bint", "binti", "binte", "abu", "abd", "abdul", "abdel", "umm", "ould", "wuld", "mac", "mc", "nic", "ní", "mhic", "ó", "ua", "ap", "ab", "st", "saint", "san", "santa", "são", "santo", "dr", "prof", "mr", "mrs", "ms", "mx", "miss", "sir", "dame", "lord", "lady", "rev", "fr", "sr", "mme", "mlle", "m", "mgr", "me", "pr", "ing", "dipl", "mag", "hr", "fru", "herr", "frau", "don", "doña", "dona", "sig", "dott", "avv", "dra", "sra", "srta", "eng", "arch", "hon", "capt", "col", "gen", "lt", "maj", "sgt"]
)
_BACKWARD = frozenset(
    ["jr", "sr", "jnr", "snr", "phd", "dphil", "md", "mba", "msc", "bsc", "ba", "ma", "llm", "llb", "esq", "rn", "dds", "dvm", "obe", "mbe", "cbe", "frs", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "júnior", "junior", "filho", "neto", "sobrinho", "fils", "père", "ph.d", "m.d", "m.a", "b.a", "m.sc", "b.sc"]
)


class Style(Struct, frozen=True):
    """How text is set. ``size`` in points; ``leading`` in points, 0 means 1.35 x size; ``tracking`` in em, ignored where
    letters join, and ligatures are off where it is not zero. ``caps``: "small" sets lower case as small capitals,
    "all-small" capitals too, "upper" draws capitals (and still copies as typed where letters match one to one).
    ``fallback`` are families tried for the whole text before the script's own face."""

    family: str
    size: float
    weight: int = 400
    italic: bool = False
    leading: float = 0.0
    tracking: float = 0.0
    caps: Literal["none", "small", "all-small", "upper"] = "none"
    figures: Literal["default", "old", "lining", "tabular"] = "default"
    fallback: tuple[str, ...] = ()


class Fit(Struct, frozen=True):
    """How far a text may give way: ``shrink`` the smallest share of its size on one line or on two, ``floor`` the
    smallest of all; ``lines`` the most lines; ``tighten`` the tightest tracking, in em."""

    shrink: float = 0.68
    lines: int = 2
    floor: float = 0.5
    tighten: float = -0.02


class Fitted(Struct, frozen=True):
    """Text that fits its box: lines at one ``size``, how it came to fit, and the key of its first face. Lines go
    :meth:`Typesetter.leading` apart."""

    lines: tuple[Line, ...]
    size: float
    how: _How
    face: str


class Uncovered(CertgenError):
    """No face at hand sets ``text``: ``characters`` have no glyph anywhere, or none whose marks attach."""

    def __init__(self, text: str, characters: Sequence[str], *, marks: bool = False) -> None:
        self.text = text
        self.characters = tuple(dict.fromkeys(characters))
        named = ", ".join(_named(char) for char in self.characters[:6])
        more = len(self.characters) - 6
        if more > 0:
            named += f" and {more} more"
        shown = "".join("\N{REPLACEMENT CHARACTER}" if _REFUSED.match(char) else char for char in text[:80])
        why = "sets the accents in place" if marks else "has"
        super().__init__(
            Problem(
                code="missing-glyph",
                message=f"No font at hand {why} {named}, which “{shown}” needs.",
                hint=_remedy(self.characters),
                exit_code=ExitCode.LAYOUT,
            )
        )


class Unfit(CertgenError):
    """``text`` cannot be made to fit: at its smallest it needs ``needed`` points of the ``there`` that there are."""

    def __init__(self, text: str, needed: float, there: float) -> None:
        self.text = text
        self.needed = needed
        self.there = there
        shown = text if len(text) <= 80 else text[:79] + "…"
        super().__init__(
            Problem(
                code="does-not-fit",
                message=f"“{shown}” needs {needed:.0f} pt at its smallest, and there are {there:.0f} pt.",
                hint="Shorten it, or take a layout with more room for it.",
                exit_code=ExitCode.LAYOUT,
            )
        )


# --- shaped text, independent of size ----------------------------------------------------------


class _Run(NamedTuple):
    """Glyphs of text[start:end] in one face, in visual order; ``advance`` and ``box`` in font units."""

    glyphs: tuple[Glyph, ...]
    advance: int
    box: tuple[int, int, int, int] | None
    plain: bool  # a glyph per character


class _Item(NamedTuple):
    """A stretch of one level, script, style and face, in logical order."""

    start: int
    end: int
    level: int
    script: str
    style: Style
    face: Face
    scale: float  # size of the face, in em of the style's size
    run: _Run


class _Placed(NamedTuple):
    key: str
    scale: float
    glyphs: tuple[Glyph, ...]
    text: str
    x: float
    level: int
    tracking: float


class _Setting(NamedTuple):
    """A line at size 1: the rest of :class:`Line` is these times the size."""

    runs: tuple[_Placed, ...]
    text: str
    width: float
    ascent: float
    descent: float
    ink: Rect

    def line(self, size: float) -> Line:
        runs = tuple(
            [GlyphRun(r.key, size * r.scale, r.glyphs, r.text, size * r.x, r.level, size * r.tracking) for r in self.runs]
        )
        x0, y0, x1, y1 = self.ink
        ink = (size * x0, size * y0, size * x1, size * y1)
        return Line(runs, self.text, size * self.width, size * self.ascent, size * self.descent, ink)

    @property
    def room(self) -> float:
        """Width of a box in which both the advance width and the ink stay, the line flush or centred in it."""
        return self.width + 2 * max(0.0, -self.ink[0], self.ink[2] - self.width)


class _Shaped(NamedTuple):
    """A paragraph itemised and shaped as a whole: ``text`` is drawn (capitals), ``typed`` is what copies."""

    text: str
    typed: str
    base: int
    items: tuple[_Item, ...]


class Typesetter:
    """Sets text with the faces of a book. Keeps what it has shaped, within bounds; one for each process."""

    def __init__(self, book: FontBook) -> None:
        self.book = book
        self._settings: dict[tuple[str, Style, str, Direction], _Setting] = {}
        self._paragraphs: dict[tuple[tuple[tuple[str, Style], ...], float, str, Direction, bool], tuple[Line, ...]] = {}
        self._own: dict[Style, tuple[Face, ...]] = {}

    # --- what others call ---

    def sets(self, text: str, style: Style) -> bool:
        """Whether the style's own family alone can set all of ``text``, its marks attached."""
        text = _normal(text)
        if _REFUSED.search(text):
            return False
        face = self._faces(style)[0]
        return all(
            self._shape(face, text, text, start, end, level, script, style, "en") is not None
            for start, end, level, script in _stretches(text, "auto")[1]
        )

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
        rule: Fit = Fit(),
        direction: Direction = "auto",
    ) -> Fitted:
        """A name or title in a box of ``width`` x ``height``, advance width and ink within it; never cut.

        Natural size; then tighter; then smaller; then lines broken where a name may break; then smaller still.
        Raises Unfit, Uncovered.
        """
        setting = self._setting(text, style, language, direction)
        ink = setting.ink
        if setting.room * style.size <= width and (ink[3] - ink[1]) * style.size <= height:
            return Fitted((setting.line(style.size),), style.size, "natural", setting.runs[0].key if setting.runs else "")
        return self._squeeze(setting, text, style, width, language, height, rule, direction)

    def leading(self, style: Style, lines: Sequence[Line], size: float = 0.0) -> float:
        """Points from baseline to baseline for lines set at ``size`` (0: the style's): the style's leading in
        proportion, more where the ink of one line would touch the next."""
        return _leading(style, [line.ink for line in lines], size or style.size)

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
            _keep(self._paragraphs, key, lines)
        return lines

    def min_width(self, spans: Sequence[tuple[str, Style]], language: str) -> float:
        """The width in points of the widest piece that no line break may divide. Raises Uncovered."""
        widest = 0.0
        for part, direction in _forced(spans, "auto"):
            if part:
                shaped = self._shaped(part, language, direction, by_word=True)
                measure = _Measure(shaped, 1.0)
                breaks = _text_breaks(shaped.text, language)
                widest = max(widest, *(measure(a, b) for a, b in pairwise(breaks)))
        return widest

    # --- names and titles ---

    def _setting(self, text: str, style: Style, language: str, direction: Direction) -> _Setting:
        key = (text, style, language, direction)
        setting = self._settings.get(key)
        if setting is None:
            shaped = self._shaped(((text, style),), language, direction)
            setting = _arrange(shaped, self._cut(shaped, 0, len(shaped.text)), 0, len(shaped.text), style.size)
            if not any(r.glyphs for r in setting.runs) and shaped.text.strip():
                raise Uncovered(text, shaped.text)
            _keep(self._settings, key, setting)
        return setting

    def _squeeze(
        self,
        natural: _Setting,
        text: str,
        style: Style,
        width: float,
        language: str,
        height: float,
        rule: Fit,
        direction: Direction,
    ) -> Fitted:
        size = style.size
        shaped = self._shaped(((text, style),), language, direction)
        tight = self._tightened(shaped, style, language, direction, rule.tighten)

        def largest(settings: Sequence[_Setting]) -> float:
            tall = _stack(style, settings)
            fits = min(size, width / max(1e-9, *(s.room for s in settings)), height / tall if tall else math.inf)
            return size if fits >= size - _EPSILON else math.floor(fits * 100 + _EPSILON) / 100

        def fitted(settings: Sequence[_Setting], at: float, how: _How) -> Fitted:
            runs = settings[0].runs
            return Fitted(tuple(s.line(at) for s in settings), at, how, runs[0].key if runs else "")

        if tight:
            for step in tight:
                if largest([step]) == size:
                    return fitted([step], size, "tightened")
        singles = [[natural], *([[tight[-1]]] if tight else [])]
        for single in singles:
            if (at := largest(single)) >= rule.shrink * size:
                return fitted(single, at, "shrunk")
        broken = [lines for count in range(2, rule.lines + 1) for lines in self._broken(shaped, style, count)]
        for lines in broken:
            if (at := largest(lines)) >= rule.shrink * size:
                return fitted(lines, at, "two lines")
        best = max([*singles, *broken], key=largest)
        if (at := largest(best)) >= rule.floor * size:
            return fitted(best, at, "small")
        wide, tall = max(s.room for s in best) * rule.floor * size, _stack(style, best) * rule.floor * size
        raise Unfit(text, *((wide, width) if wide > width else (tall, height)))

    def _tightened(
        self, shaped: _Shaped, style: Style, language: str, direction: Direction, tighten: float
    ) -> list[_Setting]:
        """The text ever tighter, in quarters down to ``tighten``; empty where nothing may go between the letters."""
        if tighten >= 0 or not any(_tracks(item) for item in shaped.items):
            return []
        apart = self._shaped(((shaped.typed, replace(style, tracking=style.tracking + tighten)),), language, direction)
        end = len(apart.text)
        pieces = self._cut(apart, 0, end)
        steps = (style.tracking + tighten * part / 4 for part in range(1, 5))
        return [_arrange(apart, pieces, 0, end, style.size, tracking=step) for step in steps]

    def _broken(self, shaped: _Shaped, style: Style, count: int) -> Iterator[list[_Setting]]:
        """The text in ``count`` even lines: broken at spaces, then after hyphens too, then between bound words."""
        told: set[tuple[int, ...]] = set()
        measure = _Measure(shaped, style.size)
        for breaks in _name_breaks(shaped.text):
            cuts = _even(breaks, measure, count)
            if cuts and cuts not in told:
                told.add(cuts)
                yield [_arrange(shaped, self._cut(shaped, a, b), a, b, style.size) for a, b in pairwise(cuts)]

    # --- paragraphs ---

    def _paragraph(
        self, spans: Sequence[tuple[str, Style]], width: float, language: str, direction: Direction, balance: bool
    ) -> Iterator[Line]:
        for part, towards in _forced(spans, direction):
            if not part:
                if spans:
                    yield self._empty(spans[0][1])
                continue
            shaped = self._shaped(part, language, towards, by_word=True)
            breaks = _text_breaks(shaped.text, language)
            measure = _Measure(shaped, 1.0)
            limit = width + _EPSILON
            for _ in range(4):  # a line shaped by itself may differ by a kern from its share of the whole
                cuts = _ragged(breaks, measure, limit, shaped.text, balance)
                settings = [_arrange(shaped, self._cut(shaped, a, b), a, b, 1.0) for a, b in pairwise(cuts)]
                excess = max(setting.width for setting in settings) - width
                if excess <= 10 * _EPSILON:
                    break
                limit -= excess
            else:
                raise Unfit(shaped.typed, width + excess, width)
            for setting in settings:
                yield setting.line(1.0)

    def _empty(self, style: Style) -> Line:
        face = self._faces(style)[0]
        k = style.size / face.upem
        return Line((), "", 0.0, face.ascent * k, face.descent * k)

    # --- itemise and shape ---

    def _faces(self, style: Style) -> tuple[Face, ...]:
        """The style's own face, then its fallbacks'."""
        faces = self._own.get(style)
        if faces is None:
            families = (style.family, *style.fallback)
            faces = tuple(self.book.face(family, style.weight, style.italic) for family in families)
            _keep(self._own, style, faces)
        return faces

    def _shaped(
        self, spans: Sequence[tuple[str, Style]], language: str, direction: Direction, *, by_word: bool = False
    ) -> _Shaped:
        """Itemises and shapes a paragraph. ``by_word``: a word that the style's face lacks does not take its
        neighbours along to another face, as it does in a name."""
        if len(spans) == 1:
            typed, style = _normal(spans[0][0]), spans[0][1]
            text = typed if style.caps != "upper" else _capitals(typed, language)
            if direction != "rtl" and _PLAIN.fullmatch(text):  # the usual case: no ICU, one item
                if len(text) != len(typed):
                    typed = text
                own = self._faces(style)
                for face in own:
                    run = self._shape(face, text, typed, 0, len(text), 0, "Latn", style, language)
                    if run is not None:
                        scale = 1.0 if face is own[0] else _scale(own[0], face, "Latn")
                        return _Shaped(text, typed, 0, (_Item(0, len(text), 0, "Latn", style, face, scale, run),))
            owners = [(0, len(text), style)]
        else:
            texts, drawn, owners = [], [], []
            at = 0
            for span, style in spans:
                typed = _normal(span)
                text = typed if style.caps != "upper" else _capitals(typed, language)
                texts.append(typed if len(typed) == len(text) else text)
                drawn.append(text)
                owners.append((at, at + len(text), style))
                at += len(text)
            typed, text = "".join(texts), "".join(drawn)
        if len(text) != len(typed):
            typed = text
        if found := _REFUSED.findall(text):
            raise Uncovered(typed, found)
        base, stretches = _stretches(text, direction)
        shaped = _Shaped(text, typed, base, ())
        if len(owners) == 1 and not by_word:
            items = self._whole(shaped, stretches, owners[0][2], language)
            if items:
                return shaped._replace(items=items)
        found_items: list[_Item] = []
        for start, end, level, script in stretches:
            for a, b, style in owners:
                if (s := max(a, start)) < (e := min(b, end)):
                    found_items += self._stretch(shaped, s, e, level, script, style, language, by_word)
        return shaped._replace(items=tuple(found_items))

    def _whole(
        self, shaped: _Shaped, stretches: Sequence[_Stretch], style: Style, language: str
    ) -> tuple[_Item, ...] | None:
        """The whole text in the style's own family, or in the first of its fallbacks that can."""
        own = self._faces(style)
        for face in own:
            items = []
            for start, end, level, script in stretches:
                run = self._shape(face, shaped.text, shaped.typed, start, end, level, script, style, language)
                if run is None:
                    break
                items.append(_Item(start, end, level, script, style, face, _scale(own[0], face, script), run))
            else:
                return tuple(items)
        return None

    def _stretch(
        self,
        shaped: _Shaped,
        start: int,
        end: int,
        level: int,
        script: str,
        style: Style,
        language: str,
        by_word: bool,
    ) -> list[_Item]:
        """One stretch in the first face that has its letters; what else it lacks (digits, punctuation) comes from the
        Latin face."""
        text, typed = shaped.text, shaped.typed
        own = self._faces(style)
        if script in CJK_SCRIPTS:
            language = _han(text, language)
        serif = "sans" not in style.family.lower()

        def shape(face: Face, a: int, b: int) -> _Run | None:
            return self._shape(face, text, typed, a, b, level, script, style, language)

        def item(face: Face, a: int, b: int, run: _Run) -> _Item:
            return _Item(a, b, level, script, style, face, _scale(own[0], face, script), run)

        if by_word and (run := shape(own[0], start, end)):
            return [item(own[0], start, end, run)]
        if by_word and (words := _words(text, start, end)):
            parts = (self._stretch(shaped, a, b, level, script, style, language, True) for a, b in words)
            return [piece for part in parts for piece in part]
        theirs = self.book.script_faces(script, language, serif, weight=style.weight, italic=style.italic)
        faces = list(dict.fromkeys((*own, *theirs)))
        for face in faces:
            if run := shape(face, start, end):
                return [item(face, start, end, run)]
        latin = self.book.script_faces("Latn", "en", serif, weight=style.weight, italic=style.italic)
        others = list(dict.fromkeys((*own, *latin, *theirs)))
        for face in faces:
            items: list[_Item] = []
            for a, b, missing in _missing(text, start, end, face):
                for each in others if missing else (face,):
                    if run := shape(each, a, b):
                        items.append(item(each, a, b, run))
                        break
                else:
                    break
            else:
                if items:
                    return items
        return self._give_up(typed, text[start:end], others + faces)

    def _give_up(self, typed: str, stretch: str, faces: Sequence[Face]) -> list[_Item]:
        uncovered = [char for char in stretch if not _SPACE.match(char) and not any(face.covers(char) for face in faces)]
        if uncovered:
            raise Uncovered(typed, uncovered)
        combining = [char for char in unicodedata.normalize("NFD", stretch) if unicodedata.combining(char)]
        raise Uncovered(typed, combining or stretch, marks=bool(combining))

    def _shape(
        self,
        face: Face,
        text: str,
        typed: str,
        start: int,
        end: int,
        level: int,
        script: str,
        style: Style,
        language: str,
    ) -> _Run | None:
        """Shapes text[start:end] in its context; None if the face lacks a glyph or does not attach a mark."""
        features = _features(style.caps, style.figures, style.tracking != 0.0 and script in _APART and not face.joined)
        infos, positions = _harfbuzz(face, text, start, end, level, script, language, features)
        gids = [info.codepoint for info in infos]
        if 0 in gids:
            return None
        clusters = [info.cluster for info in infos]
        if not level & 1 and clusters == list(range(start, end)):
            shares: Sequence[str] = typed[start:end]
            plain = True
        else:
            shares = _shares(clusters, typed, start, end, bool(level & 1))
            plain = False
            if (
                script in _MARKED
                and len(set(clusters)) < len(clusters)
                and _unattached(face, text, start, end, level, script, language, features, clusters, positions)
            ):
                return None
        x = 0
        x0 = y0 = 1 << 30
        x1 = y1 = -x0
        glyphs = []
        known = face.marks
        for gid, share, position in zip(gids, shares, positions, strict=True):
            advance, dx, dy = position.x_advance, position.x_offset, position.y_offset
            glyphs.append(Glyph(gid, share, advance, dx, dy))
            box = known[gid]
            if box[3] > box[1]:
                at = x + dx
                if at + box[0] < x0:
                    x0 = at + box[0]
                if at + box[2] > x1:
                    x1 = at + box[2]
                if dy + box[1] < y0:
                    y0 = dy + box[1]
                if dy + box[3] > y1:
                    y1 = dy + box[3]
            x += advance
        return _Run(tuple(glyphs), x, (x0, y0, x1, y1) if x1 >= x0 else None, plain)

    def _cut(self, shaped: _Shaped, start: int, end: int) -> list[_Item]:
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
                if (a, b, level) == item[:3]:
                    items.append(item)
                    continue
                language = _han(text, "zh") if item.script in CJK_SCRIPTS else "en"
                run = self._shape(item.face, text, shaped.typed, a, b, level, item.script, item.style, language)
                if run is None:  # not a change of characters, so only a face at odds with itself
                    raise Uncovered(shaped.typed, text[a:b])
                items.append(item._replace(start=a, end=b, level=level, run=run))
        return items


# --- arranging a line ---------------------------------------------------------------------------


def _tracks(item: _Item) -> bool:
    return item.script in _APART and not item.face.joined


def _arrange(
    shaped: _Shaped, items: Sequence[_Item], start: int, end: int, per: float, tracking: float | None = None
) -> _Setting:
    """Puts a line's items in visual order (UAX 9, L2) and measures them, in units of ``per`` points."""
    x = before = after = 0.0  # the pen; advance of the space that ends the line, on either side
    ascent = descent = 0.0
    x0 = y0 = math.inf
    x1 = y1 = -math.inf
    visible = start + len(shaped.text[start:end].rstrip())
    runs = []
    last = 0.0  # tracking after the last glyph that shows
    for item in items if len(items) == 1 else _visual(items):
        run, face = item.run, item.face
        if not run.glyphs:
            continue
        unit = item.scale * item.style.size / per
        k = unit / face.upem
        ascent = max(ascent, face.ascent * k)
        descent = max(descent, face.descent * k)
        track = 0.0
        if (tracking is not None or item.style.tracking) and _tracks(item):
            track = (item.style.tracking if tracking is None else tracking) * item.style.size / per
        glyphs, advance, box = run.glyphs, run.advance * k, run.box
        if track:
            if not run.plain:  # a mark must stay on its letter: widen clusters, not glyphs
                glyphs, track = _widened(glyphs, round(track / k), item.level), 0.0
                advance = sum(glyph.advance for glyph in glyphs) * k
                gap = glyphs[-1].advance * k - run.glyphs[-1].advance * k
                box = _box(face, glyphs, 0.0)
            else:
                advance += track * len(glyphs)
                gap = track
                box = _box(face, glyphs, track / k)
        else:
            gap = 0.0
        if item.start >= visible:
            if shaped.base & 1:
                before += advance
            else:
                after += advance
        else:
            last = gap
        if box:
            x0, y0 = min(x0, x + box[0] * k), min(y0, box[1] * k)
            x1, y1 = max(x1, x + box[2] * k), max(y1, box[3] * k)
        text = shaped.typed[item.start : item.end]
        runs.append(_Placed(face.key, unit, glyphs, text, x, item.level, track))
        x += advance
    if before:  # the space that ends a right-to-left line hangs out on the left
        runs = [run._replace(x=run.x - before) for run in runs]
        x0, x1 = x0 - before, x1 - before
    ink = (x0, y0, x1, y1) if x1 >= x0 else (0.0, 0.0, 0.0, 0.0)
    width = x - before - after - last
    return _Setting(tuple(runs), shaped.typed[start:end], max(0.0, width), ascent, descent, ink)


def _visual(items: Sequence[_Item]) -> list[_Item]:
    """From logical to visual order: from the highest level to the lowest odd one, turn every sequence at or above it
    around (UAX 9, L2)."""
    order = list(items)
    levels = [item.level for item in items]
    odd = [level for level in levels if level & 1]
    for level in range(max(levels, default=0), min(odd, default=1) - 1, -1) if odd else ():
        at = 0
        while at < len(order):
            stop = at
            while stop < len(order) and order[stop].level >= level:
                stop += 1
            order[at:stop] = order[at:stop][::-1]
            at = stop + 1
    return order


def _box(face: Face, glyphs: Sequence[Glyph], tracking: float) -> tuple[int, int, int, int] | None:
    """The ink of glyphs set ``tracking`` font units apart, rounded outwards."""
    x = 0.0
    boxes = []
    for gid, _, advance, dx, dy in glyphs:
        box = face.extents(gid)
        if box[3] != box[1]:
            boxes.append((x + dx + box[0], dy + box[1], x + dx + box[2], dy + box[3]))
        x += advance + tracking
    if not boxes:
        return None
    lows = [math.floor(min(box[side] for box in boxes)) for side in (0, 1)]
    highs = [math.ceil(max(box[side] for box in boxes)) for side in (2, 3)]
    return lows[0], lows[1], highs[0], highs[1]


def _widened(glyphs: tuple[Glyph, ...], by: int, level: int) -> tuple[Glyph, ...]:
    """Adds ``by`` font units after every letter with its marks (glyphs of no width)."""
    widened = []
    for at, glyph in enumerate(glyphs):
        if level & 1:
            grows = glyph.advance != 0
        else:
            grows = at + 1 == len(glyphs) or glyphs[at + 1].advance != 0
        widened.append(glyph._replace(advance=glyph.advance + by) if grows else glyph)
    return tuple(widened)


def _leading(style: Style, inks: Sequence[Rect], size: float) -> float:
    least = (style.leading / style.size if style.leading else LEADING) * size
    return max([least, *(below[3] - above[1] + 0.04 * size for above, below in pairwise(inks))])


def _stack(style: Style, settings: Sequence[_Setting]) -> float:
    """Height of lines from the first one's ink to the last one's, at size 1."""
    inks = [setting.ink for setting in settings]
    return inks[0][3] - inks[-1][1] + _leading(style, inks, 1.0) * (len(inks) - 1)


# --- itemising ----------------------------------------------------------------------------------


def _stretches(text: str, direction: Direction) -> tuple[int, list[_Stretch]]:
    """The paragraph's base level, and the stretches of one level and one script in logical order."""
    base = 1 if direction == "rtl" else 0
    levels: Sequence[int] = ()
    if base or _RIGHT_TO_LEFT.search(text):
        bidi = icu.Bidi()
        wide = icu.UnicodeString(text)
        bidi.setPara(wide, {"auto": icu.Bidi.DEFAULT_LTR, "ltr": 0, "rtl": 1}[direction])
        base = bidi.getParaLevel()
        units = bidi.getLevels()
        if len(units) != len(text):  # ICU counts UTF-16 units
            at, levels = 0, []
            for char in text:
                levels.append(units[at])
                at += 1 if char <= "\uffff" else 2
        else:
            levels = units
    scripts = _scripts(text)
    found: list[_Stretch] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and scripts[at] == scripts[start] and (not levels or levels[at] == levels[start]):
            continue
        if start < len(text):
            found.append((start, at, levels[start] if levels else base, scripts[start]))
        start = at
    return base, found


@lru_cache(maxsize=8192)
def _script(char: str) -> tuple[str, frozenset[str]]:
    """A character's script and script extensions (UAX 24), as ISO 15924 codes."""
    names = [icu.Script(code).getShortName() for code in icu.Script.getScriptExtensions(char)]
    return icu.Script.getScript(char).getShortName(), frozenset(names)


def _scripts(text: str) -> list[str]:
    """A script for every character: common and inherited ones join what is before them, at the beginning what is
    after; a closing bracket joins its opening one (UAX 24, 5.1 and 5.2)."""
    found: list[str | None] = []
    before: str | None = None
    open_: list[tuple[str, str | None]] = []
    for char in text:
        script, extensions = _script(char)
        joined: str | None = script
        if script in _SHARED:
            joined = before
            if opening := _BRACKETS.get(char):
                if open_ and open_[-1][0] == opening:
                    joined = open_.pop()[1] or before
            elif char in _OPENING:
                open_.append((char, before))
            own = extensions - _SHARED
            if own and before not in own and script != "Zinh":
                joined = next((name for name in ("Arab", "Deva", "Hani") if name in own), min(own))
        found.append(joined)
        before = joined or before
    after: str | None = None
    for at in range(len(found) - 1, -1, -1):
        after = found[at] = found[at] or after
    return [name or "Latn" for name in found]


def _missing(text: str, start: int, end: int, face: Face) -> Iterator[tuple[int, int, bool]]:
    """Parts of a stretch: common characters (digits, punctuation) that the face lacks, and the rest."""
    lacks = [_script(char)[0] == "Zyyy" and not face.covers(char) for char in text[start:end]]
    at = 0
    for missing, group in groupby(lacks):
        length = len(list(group))
        yield start + at, start + at + length, missing
        at += length


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Words with the spaces after them; empty if there is but one."""
    cuts = [start, *(start + found.end() for found in re.finditer(r"\s+", text[start:end])), end]
    words = [(a, b) for a, b in pairwise(cuts) if a < b]
    return words if len(words) > 1 else []


def _han(text: str, language: str) -> str:
    """The language whose regional shapes suit a text with Han characters: what its other letters say, then what the
    page says, then which national set has them all."""
    if re.search("[\u3041-\u30ff\u31f0-\u31ff]", text):
        return "ja"
    if re.search("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]", text):
        return "ko"
    if language.split("-")[0].lower() in {"zh", "ja", "ko", "yue"}:
        return language
    han = "".join(char for char in text if _script(char)[0] == "Hani")
    for codec, tag in (("gb2312", "zh-Hans"), ("big5", "zh-Hant"), ("shift_jis", "ja")):
        with suppress(UnicodeEncodeError):
            han.encode(codec)
            return tag
    return "zh-Hans"


def _scale(own: Face, face: Face, script: str) -> float:
    """The size of a face that stands in, for its letters to look as large as the style's own would."""
    if face is own:
        return 1.0
    if script in _LATIN_LIKE:
        if not own.covers("x"):  # a style in a script's own face: its Latin gives way instead
            return 1 / next((HARMONY[name] for sample, name in _SAMPLES.items() if own.covers(sample)), 1.0)
        looks = (own.x_height + own.cap_height) / own.upem, (face.x_height + face.cap_height) / face.upem
        return round(min(max(looks[0] / looks[1], 0.8), 1.2), 3)
    return HARMONY.get(script, 1.0)


def _capitals(text: str, language: str) -> str:
    """In capitals, as the language has them: Turkish i keeps its dot, Greek loses its accents."""
    return str(icu.UnicodeString(text).toUpper(icu.Locale(language)))


def _normal(text: str) -> str:
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


# --- shaping ------------------------------------------------------------------------------------

_NO_IGNORABLES = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
_MONOTONE = hb.BufferClusterLevel.MONOTONE_GRAPHEMES


def _harfbuzz(
    face: Face, text: str, start: int, end: int, level: int, script: str, language: str, features: dict[str, bool]
) -> tuple[list[hb.GlyphInfo], list[hb.GlyphPosition]]:
    buffer = hb.Buffer()
    buffer.cluster_level = _MONOTONE
    buffer.flags = _NO_IGNORABLES
    buffer.add_str(text, start, end - start)
    buffer.direction = "rtl" if level & 1 else "ltr"
    buffer.script = script
    buffer.language = language
    hb.shape(face.hb, buffer, features)
    return buffer.glyph_infos, buffer.glyph_positions or []


@lru_cache(maxsize=64)
def _features(caps: str, figures: str, apart: bool) -> dict[str, bool]:
    """OpenType features that differ from what is on by itself. Not to be changed by who gets it."""
    on = {"small": ("smcp",), "all-small": ("smcp", "c2sc")}.get(caps, ())
    on += {"old": ("onum",), "lining": ("lnum",), "tabular": ("lnum", "tnum")}.get(figures, ())
    off = ("liga", "clig", "dlig", "hlig") if apart else ()
    return {**dict.fromkeys(on, True), **dict.fromkeys(off, False)}


def _shares(clusters: Sequence[int], typed: str, start: int, end: int, backwards: bool) -> list[str]:
    """Each glyph's share of the characters of its cluster, in glyph order. The first glyph (in reading order) takes
    what is over; where glyphs are more than characters, the last ones go empty."""
    order = clusters[::-1] if backwards else clusters
    starts = sorted(set(order))
    bounds = dict(zip(starts, [*starts[1:], end], strict=True))
    if starts:
        bounds[start] = bounds.pop(starts[0])  # a leading joiner that has no glyph belongs to the first cluster
    shares: list[str] = []
    for cluster, group in groupby(order):
        first = start if cluster == starts[0] else cluster
        part, glyphs = typed[first : bounds[first]], len(list(group))
        over = max(0, len(part) - glyphs)
        shares.append(part[: over + 1])
        shares.extend(part[at] if at < len(part) else "" for at in range(over + 1, over + glyphs))
    return shares[::-1] if backwards else shares


def _unattached(
    face: Face,
    text: str,
    start: int,
    end: int,
    level: int,
    script: str,
    language: str,
    features: dict[str, bool],
    clusters: Sequence[int],
    positions: Sequence[hb.GlyphPosition],
) -> bool:
    """Whether a mark stays where it falls: its place is the same without mark and mkmk. OpenType, "GPOS"."""
    without = {**features, "mark": False, "mkmk": False}
    infos, unmoved = _harfbuzz(face, text, start, end, level, script, language, without)
    if len(infos) != len(clusters):
        return False
    for at, info in enumerate(infos):
        beside = at + 1 if level & 1 else at - 1  # the letter: before its marks in reading order
        if not 0 <= beside < len(clusters) or clusters[beside] != clusters[at]:
            continue
        box = face.extents(info.codepoint)
        place, other = positions[at], unmoved[at]
        if box[3] != box[1] and (place.x_offset, place.y_offset) == (other.x_offset, other.y_offset):
            return True
    return False


# --- breaking -----------------------------------------------------------------------------------


class _Measure:
    """Widths of parts of a shaped text, without the space that ends them, in units of ``per`` points."""

    def __init__(self, shaped: _Shaped, per: float) -> None:
        self._text = shaped.text
        offsets = [0.0] * (len(shaped.text) + 1)
        for item in shaped.items:
            k = item.scale * item.style.size / per / item.face.upem
            track = item.style.tracking * item.style.size / per if _tracks(item) else 0.0
            at = item.start
            for glyph in item.run.glyphs[::-1] if item.level & 1 else item.run.glyphs:
                offsets[min(at, len(offsets) - 2) + 1] += glyph.advance * k + (track if glyph.advance else 0.0)
                at += len(glyph.text)
        self._offsets = list(accumulate(offsets))

    def __call__(self, start: int, end: int) -> float:
        while end > start and self._text[end - 1].isspace():
            end -= 1
        return self._offsets[end] - self._offsets[start]


def _forced(spans: Sequence[tuple[str, Style]], direction: Direction) -> list[tuple[list[tuple[str, Style]], Direction]]:
    """Spans divided at "\\n". The first strong letter of all gives all parts their direction (UAX 9, P2)."""
    if direction == "auto":
        strong = (unicodedata.bidirectional(char) for text, _ in spans for char in text)
        direction = "rtl" if next((kind for kind in strong if kind in {"L", "R", "AL"}), "L") != "L" else "ltr"
    parts: list[list[tuple[str, Style]]] = [[]]
    for text, style in spans:
        for number, piece in enumerate(text.replace("\r\n", "\n").replace("\t", " ").split("\n")):
            if number:
                parts.append([])
            if piece:
                parts[-1].append((piece, style))
    return [(part, direction) for part in parts]


def _text_breaks(text: str, language: str) -> list[int]:
    """Where lines of running text may end (UAX 14, with ICU's dictionaries for Thai, Lao, Khmer and Burmese), the
    beginning and the end among them."""
    iterator = _line_iterator(language)
    wide = icu.UnicodeString(text)
    iterator.setText(wide)
    found = list(iterator)
    if len(wide) != len(text):
        units = {unit: at for at, unit in enumerate(accumulate((1 if c <= "\uffff" else 2 for c in text), initial=0))}
        found = [units[unit] for unit in found]
    kept = [at for at in found if at == len(text) or not _held(text, at)]
    return [0, *kept]


def _held(text: str, at: int) -> bool:
    """A break that the standard allows and typography does not: before French punctuation and a unit typed with a plain
    space, after an opening mark and space, at a soft hyphen."""
    return text[at - 1] == "\xad" or (
        text[at - 1] == " " and (text[at] in ":;!?»%‰€" or (at > 1 and text[at - 2] in "«¿¡"))
    )


@lru_cache(maxsize=32)
def _line_iterator(language: str) -> icu.BreakIterator:
    return icu.BreakIterator.createLineInstance(icu.Locale(language))


def _name_breaks(text: str) -> list[list[int]]:
    """Where a name may be broken: at spaces that bind nothing; there and after hyphens; at any of them."""
    spaces = [found.end() for found in _BREAKING.finditer(text) if found.start() and found.end() < len(text)]
    hyphens = [found.end() for found in _HYPHEN.finditer(text)]

    def bound(at: int) -> bool:
        before, after = text[:at].split()[-1], text[at:].split()[0]
        word, following = (re.sub(r"[.,]+$", "", part.casefold()) for part in (before, after))
        initial = len(word) == 1 and before.endswith(".")
        return initial or word in _FORWARD or following in _BACKWARD

    def prefix(at: int) -> bool:
        word = text[: at - 1].split()[-1].split("-")[-1].casefold()
        return len(word) == 1 or word in _FORWARD

    free = [at for at in spaces if not bound(at)]
    joints = [at for at in hyphens if not prefix(at)]
    return [[0, *sorted(at), len(text)] for at in (free, free + joints, spaces + joints)]


def _even(breaks: Sequence[int], measure: _Measure, count: int) -> tuple[int, ...] | None:
    """Cuts for ``count`` lines of which the widest is as narrow as can be, then as even as can be."""
    if len(breaks) <= count:
        return None
    best: dict[int, tuple[float, float, tuple[int, ...]]] = {0: (0.0, 0.0, (0,))}
    for line in range(count):
        following: dict[int, tuple[float, float, tuple[int, ...]]] = {}
        for start, (widest, squares, cuts) in best.items():
            for at in breaks:
                if at > start and (at == breaks[-1]) == (line == count - 1):
                    width = measure(start, at)
                    choice = (max(widest, width), squares + width * width, (*cuts, at))
                    if at not in following or choice < following[at]:
                        following[at] = choice
        best = following
    return best[breaks[-1]][2] if breaks[-1] in best else None


def _ragged(breaks: Sequence[int], measure: _Measure, limit: float, text: str, balance: bool) -> list[int]:
    """Cuts for lines within ``limit``: as few as can be, then least ragged. Raises Unfit.

    Fewest lines to the end implies fewest lines to every break on the way, so one pass is enough.
    """
    count = len(breaks)
    best: list[tuple[int, float, int]] = [(0, 0.0, 0)] + [(count + 1, 0.0, 0)] * (count - 1)
    for end in range(1, count):
        last = end == count - 1
        for start in range(end - 1, -1, -1):
            width = measure(breaks[start], breaks[end])
            if width > limit:
                if start == end - 1:
                    raise Unfit(text[breaks[start] : breaks[end]].strip(), width, limit)
                break
            if balance:
                cost = width * width
            elif not last:
                cost = (limit - width) ** 2
            else:
                short = width < limit / 3 and not _SPACE.search(text[breaks[start] : breaks[end]].strip())
                cost = 4 * limit * limit if short and start else 0.0
            lines, costs, _ = best[start]
            choice = (lines + 1, costs + cost, start)
            if choice[:2] < best[end][:2]:
                best[end] = choice
    cuts = [count - 1]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][2])
    return [breaks[at] for at in reversed(cuts)]


# --- words for people ---------------------------------------------------------------------------


def _named(char: str) -> str:
    name = unicodedata.name(char, "")
    shown = "" if _REFUSED.match(char) or unicodedata.category(char)[0] in "CZ" else f"{char} "
    point = f"U+{ord(char):04X}"
    return f"{shown}({point} {name})" if name else f"{shown}({point})"


def _remedy(characters: Sequence[str]) -> str:
    if any(_REFUSED.match(char) or unicodedata.category(char) in {"Cn", "Cf"} for char in characters):
        return "These are not letters; take them out of the text."
    if any(_script(char)[0] in CJK_SCRIPTS for char in characters):
        return CJK_HINT
    if any(unicodedata.category(char) == "So" for char in characters):
        return "Take the symbol out of the text; certificates are set in letters."
    return "Put a font that has them into the folder that issuer.toml names as fonts.folder."


def _keep(cache: dict[K, V], key: K, value: V) -> None:
    """Keeps a value; a full cache begins anew, so that memory stays flat."""
    if len(cache) >= _CACHED:
        cache.clear()
    cache[key] = value
