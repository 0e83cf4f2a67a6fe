"""Where lines may end, and which of those ends to take."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

import icu

from certgen.text.itemise import Direction
from certgen.text.shaper import Shaped
from certgen.text.style import Style, Unfit

_SPACE = re.compile(r"\s")
_BREAKING = re.compile("[ \u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]+")
_TAIL = 4  # letters of an address, the least that a line of its own may begin with
_HYPHEN = re.compile(r"(?<=\w)[-\u2010](?=\w)")

# Words that no line of a name ends with, and words that no line begins with (typography of names).
_FORWARD = frozenset(
    """
    de del della dello dei degli delle di da das do dos du des d la las le les lo los el al ad an ar as
    ash at az a i y e van von der den ten ter te het op t zu zum zur vom af av bin ibn ben bat bint
    binti binte abu abd abdul abdel umm ould wuld mac mc nic ní mhic ó ua ap ab st saint san santa são
    santo dr prof mr mrs ms mx miss sir dame lord lady rev fr sr mme mlle m mgr me pr ing dipl mag hr
    fru herr frau don doña dona sig dott avv dra sra srta eng arch hon capt col gen lt maj sgt
    """.split()  # noqa: SIM905
)
_BACKWARD = frozenset(
    """
    jr sr jnr snr phd dphil md mba msc bsc ba ma llm llb esq rn dds dvm obe mbe cbe frs ii iii iv v vi
    vii viii ix x júnior junior filho neto sobrinho fils père ph.d m.d m.a b.a m.sc b.sc
    """.split()  # noqa: SIM905
)


class Measure:
    """Widths of parts of a shaped text, without the space that ends them, in units of ``per`` points."""

    def __init__(self, shaped: Shaped, per: float) -> None:
        self._text = shaped.text
        offsets = [0.0] * (len(shaped.text) + 1)
        for item in shaped.items:
            k = item.scale * item.style.size / per / item.face.upem
            track = item.style.tracking * item.style.size / per if item.tracks else 0.0
            at = item.start
            for glyph in item.run.glyphs[::-1] if item.level & 1 else item.run.glyphs:
                offsets[min(at, len(offsets) - 2) + 1] += glyph.advance * k + (track if glyph.advance else 0.0)
                at += len(glyph.text)
        self._offsets = list(accumulate(offsets))

    def __call__(self, start: int, end: int) -> float:
        while end > start and self._text[end - 1].isspace():
            end -= 1
        return self._offsets[end] - self._offsets[start]


def forced(spans: Sequence[tuple[str, Style]], direction: Direction) -> list[tuple[list[tuple[str, Style]], Direction]]:
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


def text_breaks(text: str, language: str) -> list[int]:
    """Where lines of running text may end (UAX 14, with ICU's dictionaries for Thai, Lao, Khmer and Burmese), the
    beginning and the end among them."""
    iterator = _iterator(language)
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
    space, after an opening mark and space, at a soft hyphen, before an address's last few letters."""
    if text[at - 1] == "/":
        return len(_SPACE.split(text[at:], 1)[0]) < _TAIL
    return text[at - 1] == "\xad" or (
        text[at - 1] == " " and (text[at] in ":;!?»%‰€" or (at > 1 and text[at - 2] in "«¿¡"))
    )


@lru_cache(maxsize=32)
def _iterator(language: str) -> icu.BreakIterator:
    return icu.BreakIterator.createLineInstance(icu.Locale(language))


def name_breaks(text: str) -> list[list[int]]:
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


def even(breaks: Sequence[int], measure: Measure, count: int) -> tuple[int, ...] | None:
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


def ragged(breaks: Sequence[int], measure: Measure, limit: float, text: str, balance: bool) -> list[int]:
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
