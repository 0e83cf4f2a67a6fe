"""The text of a certificate's pages, as pdfium reads it, compared with what was signed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from certgen import codes
from certgen.fields import date_long, date_range, format_value, upper
from certgen.payload import Text
from certgen.verify.finding import Check, Told
from certgen.verify.sight import squeezed

_SOON = 60  # days after the day of issue: a later one on a page is of an expiry
_LANGUAGES = ("en", "es", "fr", "ar")  # where a file does not say its own


def compare(told: Told, pages: list[str], hidden: set[str], fingerprint: str | None) -> list[Check]:
    """What of a certificate stands on its pages. ``pages`` are their texts, in order; ``hidden`` those that are on a
    page and are not seen."""
    first = next((text for text in pages if squeezed(text)), "")
    if not first:
        return [Check("page", "unknown", "The page is a picture: only you can see that it shows the name above.")]
    page = squeezed(first)
    languages = (told.language,) if told.language else _LANGUAGES
    checks = [
        *_texts(told, page, first, hidden),
        *_hours(told, page, first, languages),
        *_dates(told, page, first, languages),
        *_codes(told, page, first, fingerprint),
    ]
    if not any(check.mark == "bad" for check in checks):
        checks.insert(0, Check("page", "good", "The page shows the name, title and code that were signed."))
    return checks


# --- name, title, code -----------------------------------------------------------------------


def _texts(told: Told, page: str, text: str, hidden: set[str]) -> Iterator[Check]:
    for what, said in (("name", told.name), ("title", told.title)):
        if not _has(page, text, said, told.language):
            yield Check("page", "bad", f"The {what} on the page is not the one that was signed.")
        elif said.start in hidden:
            yield Check("page", "bad", f"The {what} that was signed is hidden on the page, or part of it.")


def _has(page: str, text: str, said: Text, language: str | None) -> bool:
    return (
        squeezed(said.start) in page
        or squeezed(upper(said.start, language or "en")) in page
        or _words_there(said.start, text)
    )


def _words_there(said: str, text: str) -> bool:
    """Whether a page has all words of a text that is written from right to left: pdfium takes some of their ligatures
    apart in the wrong order, so each word is compared as the letters and marks that it has."""
    if not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in said):
        return False
    there = [sorted(squeezed(word)) for word in re.split(r"[\s\u200c]+", text)]
    return all(sorted(squeezed(word)) in there for word in re.split(r"[\s\u200c]+", said))


_CODE = re.compile(r"(?<![0-9A-Z-])[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}(?![0-9A-Z-])")
_PRINT = re.compile(r"(?<![0-9A-Z-])[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}(?![0-9A-Z-])")


def _codes(told: Told, page: str, text: str, fingerprint: str | None) -> Iterator[Check]:
    if told.code not in page.replace("-", ""):
        other = next((found[0] for found in _CODE.finditer(text)), "")
        said = f"The page says the code {other}" if other else "The page does not show the code"
        yield Check("page", "bad", f"{said}; {codes.grouped(told.code)} was signed.")
    prints = [found[0] for found in _PRINT.finditer(text)]
    if prints and fingerprint is not None:
        if fingerprint in prints:
            yield Check("page", "good", "The page shows the fingerprint of the key that signed it.")
        else:
            yield Check("page", "bad", f"The page shows the key {prints[0]}, and another one signed it.")
    if told.number and squeezed(told.number) not in page:
        yield Check("page", "unknown", f"The register number {told.number} was not found on the page.")


# --- hours -----------------------------------------------------------------------------------


def _hours(told: Told, page: str, text: str, languages: tuple[str, ...]) -> Iterator[Check]:
    """Hours on the page that are not the signed ones; nothing where it shows none, as layouts need not."""
    if told.hours is None or any(squeezed(format_value(told.hours, "hours", tag)) in page for tag in languages):
        return
    for tag in languages:
        for found in _amounts(tag).finditer(_digits(text)):
            other = _number(found[1])
            if other is not None and other != told.hours:
                said, signed = " ".join(found[0].split()), format_value(told.hours, "hours", "en")
                yield Check("page", "bad", f"The page says {said}; {signed} were signed.")
                return


@lru_cache(maxsize=16)
def _amounts(language: str) -> re.Pattern[str]:
    """Hours in a language: a number, and any form of the word."""
    shown = [format_value(Decimal(many), "hours", language) for many in ("1", "2", "3", "11", "100", "1.5")]
    units = {re.sub(r"[\d.,٫٬\s]+", " ", _digits(text)).strip() for text in shown}
    words = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True) if unit)
    return re.compile(rf"(?<![\d.,])(\d[\d.,   ]{{0,12}}?)\s{{0,2}}(?:{words})(?!\w)", re.IGNORECASE)


def _number(text: str) -> Decimal | None:
    plain = re.sub(r"\s", "", text)
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", plain):
        plain = re.sub(r"[.,]", "", plain)  # 1,200
    try:
        return Decimal(plain.replace(",", ".").rstrip("."))
    except InvalidOperation:
        return None


# --- dates -----------------------------------------------------------------------------------


def _dates(told: Told, page: str, text: str, languages: tuple[str, ...]) -> Iterator[Check]:
    """Days on the page that are not the signed ones, where a signed one is missing.

    A page may show days that nobody signed ("Turin, 30 March 2026"), and a layout need not show those that were. So
    what counts is a span other than the course's, a day of the course in another's place, and a late day in the
    expiry's; any other is told only.
    """
    signed = {day for day in (told.start, told.end, told.issued, told.expires) if day is not None}
    for language in languages:
        there = dict(_days(_digits(text), language))
        strange = {day: words for day, words in there.items() if day not in signed}
        if told.start and told.end and squeezed(date_range(told.start, told.end, language)) not in page:
            others = [words for span, words in _spans(_digits(text), language) if span != (told.start, told.end)]
            if others:
                yield Check("page", "bad", f"The page says {others[0]}; {_course_days(told)} was signed.")
                return
        late = [words for day, words in strange.items() if day > told.issued + timedelta(_SOON)]
        if told.expires and told.expires not in there and late:
            yield Check("page", "bad", f"The page says {late[0]}; {date_long(told.expires, 'en')} was signed.")
            return
        course = {day for day in (told.start, told.end) if day}
        if strange and len(course) == 1 and not course & there.keys() and told.issued in there:
            words = f"The page says {next(iter(strange.values()))}; {_course_days(told)} was signed."
            yield Check("page", "bad", words)
            return
        if strange and told.issued not in there:
            words = f"The page says {next(iter(strange.values()))}; it was issued on {date_long(told.issued, 'en')}."
            yield Check("page", "unknown", words)
            return


def _course_days(told: Told) -> str:
    if told.start and told.end:
        return date_range(told.start, told.end, "en")
    day = told.start or told.end
    return date_long(day, "en") if day else ""


def _spans(text: str, language: str) -> Iterator[tuple[tuple[date, date], str]]:
    """Spans that a text says: "2–27 March 2026", "13 November – 8 December 2023"."""
    months, _, pattern = _month_names(language)
    for found in pattern.finditer(text):
        ends = next(_days(text[found.end() : found.end() + 60], language, True), None)
        if ends is None:
            continue
        end, words = ends
        try:
            month = months[found["m"].casefold()] if found["m"] else end.month
            begin = date(int(found["y"] or end.year), month, int(found["d"]))
        except ValueError:
            continue
        yield (begin, end), " ".join(found[0].split()) + words


def _days(text: str, language: str, at_once: bool = False) -> Iterator[tuple[date, str]]:
    """Days that a text says in words ("27 March 2026", "March 27, 2026"), and how; ``at_once``: at its beginning."""
    months, pattern, _ = _month_names(language)
    for found in filter(None, [pattern.match(text)]) if at_once else pattern.finditer(text):
        month = months[(found["m1"] or found["m2"]).casefold()]
        try:
            day = date(int(found["y1"] or found["y2"]), month, int(found["d1"] or found["d2"]))
        except ValueError:
            continue
        yield day, " ".join(found[0].split())


@lru_cache(maxsize=16)
def _month_names(language: str) -> tuple[dict[str, int], re.Pattern[str], re.Pattern[str]]:
    """Months of a language as they stand in its dates, its dates, and what stands before the last day of a span."""
    months: dict[str, int] = {}
    for month in range(1, 13):
        words = re.findall(r"[^\W\d_]{3,}", _digits(date_long(date(2026, month, 5), language)))
        if words:
            months[max(words, key=len).casefold()] = month
    names = "|".join(re.escape(name) for name in sorted(months, key=len, reverse=True)) or "(?!)"
    gap = r"(?:\s|[.,º]|er|del?){0,6}?"
    pattern = (
        rf"(?<!\d)(?P<d1>\d{{1,2}}){gap}(?P<m1>{names})\.?{gap}(?P<y1>\d{{4}})(?!\d)"
        rf"|(?<!\w)(?P<m2>{names})\s(?P<d2>\d{{1,2}}),?\s(?P<y2>\d{{4}})(?!\d)"
    )
    before = rf"(?<!\d)(?P<d>\d{{1,2}})(?:{gap}(?P<m>{names}))?(?:{gap}(?P<y>\d{{4}}))?\s*[–—-]\s*(?=\d)"
    return months, re.compile(pattern, re.IGNORECASE), re.compile(before, re.IGNORECASE)


def _digits(text: str) -> str:
    """Text with Western digits."""
    return "".join(
        letter if letter.isascii() or unicodedata.digit(letter, None) is None else str(unicodedata.digit(letter))
        for letter in text
    )
