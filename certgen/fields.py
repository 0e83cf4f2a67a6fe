"""Fields in braces: ``{course.start:long}`` becomes "2 March 2026". Substitution and nothing more.

Nothing in a template is evaluated: a field is looked up by its whole path in a function that the caller passes in,
and the value is written by its type and an optional format. Dates, numbers, lists and names of languages are written
as the certificate's language writes them, from ICU's CLDR data (Unicode TS 35). Two choices of ours: plain ``en`` is
international English ("8 December 2023", "a, b and c"; ``en-US`` is American), and French writes "1er" for the first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

Lookup = Callable[[str], object | None]

NBSP = "\u00a0"

FORMATS: dict[str, str] = {
    "long": "a date or dates with the month in full (this is the default): 8 December 2023",
    "medium": "a date or dates with the month abbreviated: 8 Dec 2023",
    "month": "the month and the year: December 2023",
    "year": "the year: 2023",
    "iso": "a date for machines: 2023-12-08",
    "plain": "a number without grouping, with a decimal point: 1234.5",
    "hours": "a number of hours with its unit: 60 hours, 1 heure",
    "list": "several words with commas and an and (this is the default)",
    "languages": "languages by name: English, Spanish and French",
    "bare": "an address without https:// or mailto:",
    "upper": "capital letters",
}
"""Every format with what it does (docs/layout.md)."""


class Field(NamedTuple):
    """What a field holds, for documentation; ``varies``: it differs between recipients of one batch."""

    description: str
    varies: bool


FIELDS: dict[str, Field] = {
    "course.title": Field("title of the course", False),
    "course.code": Field("code of the course", False),
    "course.programme": Field("programme it belongs to", False),
    "course.venue": Field("where it took place", False),
    "course.hours": Field("hours of the course; the recipient's own where the roster gives them", True),
    "course.start": Field("first day; the recipient's own where the roster gives them", True),
    "course.end": Field("last day; the recipient's own where the roster gives them", True),
    "course.dates": Field(
        "first and last day, shared parts written once; the recipient's own where the roster gives them", True
    ),
    "course.dated": Field("line of place and date above the signatures", False),
    "course.languages": Field("languages of the certificate (format: languages)", False),
    "course.taught_in": Field("languages it was taught in (format: languages)", False),
    "course.skills": Field("names of the skills", False),
    "course.occupations": Field("names of the occupations", False),
    "course.issued": Field("day of issue", False),
    "course.summary": Field("the summary; for `when`", False),
    "course.sections": Field("the sections' headings; for `when`", False),
    "course.signatories": Field("names of the signatories; for `when`", False),
    "issuer.name": Field("name of the issuer", False),
    "issuer.legal_name": Field("its legal name", False),
    "issuer.url": Field("its web address", False),
    "issuer.contact": Field("its address for questions", False),
    "issuer.privacy_url": Field("where its privacy notice is", False),
    "issuer.verify_url": Field("address of its verification site", False),
    "issuer.fingerprint": Field("fingerprint of its signing key", False),
    "issuer.logos": Field("names of the logo files; for `when`", False),
    "issuer.initials": Field("first letters of its name", False),
    "award.kind": Field("achievement, participation, attendance or completion", False),
    "award.title": Field("title of the certificate", False),
    "award.statement": Field("what the recipient did, in words", False),
    "recipient.name": Field("full name as printed", True),
    "recipient.full": Field("honorific and full name", True),
    "recipient.given": Field("given name", True),
    "recipient.family": Field("family name", True),
    "recipient.honorific": Field("honorific", True),
    "recipient.email": Field("e-mail address", True),
    "recipient.id": Field("the issuer's own id of the person", True),
    "recipient.number": Field("number in the roster", True),
    "recipient.score": Field("score", True),
    "recipient.attendance": Field("attendance in per cent", True),
    "recipient.completed_on": Field("day the person completed the course", True),
    "credential.code": Field("code in groups of four", True),
    "credential.url": Field("what the QR code holds", True),
    "credential.host": Field("where the code can be checked, without https://", False),
    "credential.number": Field("register number", True),
    "credential.issued": Field("day of issue", False),
    "credential.expires": Field("day it expires; empty when never", False),
    "credential.hours": Field("hours of this person", True),
    "credential.start": Field("first day for this person", True),
    "credential.end": Field("last day for this person", True),
    "credential.dates": Field("first and last day for this person", True),
    "credential.kind": Field("achievement, participation, attendance or completion", False),
    "credential.language": Field("language of the certificate (format: languages)", False),
    "page.number": Field("number of the page", False),
    "page.count": Field("number of pages", False),
    "option.record": Field("yes where record pages were asked for; for `when`", False),
    "option.dated": Field("yes where the course has a `dated` line, which is not the day of issue; for `when`", False),
}
"""Every field that a layout, a number or a file name may use, besides ``roster.<column>`` (any column; it varies)."""


def varies(path: str) -> bool:
    """Whether a field may differ between the recipients of one Blank. Unknown paths count as varying."""
    field = FIELDS.get(path)
    return field is None or field.varies


class Dates(NamedTuple):
    """A first and a last day; either may be missing."""

    start: date | None
    end: date | None

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None


# --- templates -------------------------------------------------------------------------------


class Slot(NamedTuple):
    """One field of a template. An empty ``fmt`` is the default of the value's type."""

    path: str
    fmt: str = ""


_PIECE = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|\{|\}")


class Template:
    """Words with fields in braces. ``{{`` and ``}}`` are braces.

    ``parts`` alternates as it likes between literal text and :class:`Slot`. ``faults`` are sentences about braces
    or formats that make no sense; they are printed as typed, so the caller should turn them into Problems.
    """

    __slots__ = ("faults", "parts", "paths", "text")

    def __init__(self, text: str, parts: tuple[str | Slot, ...], faults: tuple[str, ...]) -> None:
        self.text = text
        self.parts = parts
        self.faults = faults
        self.paths = tuple(dict.fromkeys(part.path for part in parts if isinstance(part, Slot)))

    @staticmethod
    def parse(text: str) -> Template:
        """Never raises: what is wrong is in ``faults``."""
        return _parse(text)

    @property
    def varies(self) -> bool:
        """Whether the text may differ between the recipients of one Blank."""
        return any(varies(path) for path in self.paths)

    def render(self, lookup: Lookup, language: str) -> str:
        """The text with every field's value in ``language``; None is written as nothing.

        The space between a number and the word after it becomes a no-break space.
        """
        written: list[str] = []
        number_before = False
        for part in self.parts:
            if isinstance(part, str):
                if number_before and part[:1] == " " and part[1:2].isalpha():
                    part = NBSP + part[1:]
                written.append(part)
                number_before = False
            else:
                value = lookup(part.path)
                written.append(format_value(value, part.fmt, language))
                number_before = isinstance(value, int | Decimal)
        return "".join(written)

    def missing(self, lookup: Lookup) -> tuple[str, ...]:
        """The paths that have no value."""
        return tuple(path for path in self.paths if lookup(path) in (None, "", ()))

    def unknown(self, known_paths: Iterable[str]) -> list[tuple[str, str | None]]:
        """Paths that are not among ``known_paths``, each with the nearest one, or None where nothing is near."""
        known = list(known_paths)
        return [(path, nearest(path, known)) for path in self.paths if path not in known]

    def __reduce__(self) -> tuple[Callable[[str], Template], tuple[str]]:
        return _parse, (self.text,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Template({self.text!r})"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, or None."""
    known = list(known)
    if "." not in word:  # "{name}" for "{recipient.name}" is the commonest slip
        same = [item for item in known if item.rpartition(".")[2].casefold() == word.casefold()]
        if same:
            return min(same, key=lambda item: not item.startswith("recipient."))
    folded = {item.casefold(): item for item in reversed(known)}
    hits = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[hits[0]] if hits else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> Template:
    parts: list[str | Slot] = []
    faults: list[str] = []

    def say(literal: str) -> None:
        if literal and parts and isinstance(parts[-1], str):
            parts[-1] += literal
        elif literal:
            parts.append(literal)

    at = 0
    for match in _PIECE.finditer(text):
        say(text[at : match.start()])
        at = match.end()
        token, inner = match.group(), match.group(1)
        if token in ("{{", "}}"):
            say(token[0])
        elif inner is None:
            faults.append(f"a {token} stands alone in “{text}”; write {token}{token} for a printed brace")
            say(token)
        elif not inner.strip():
            faults.append(f"the braces in “{text}” are empty; a field's name belongs between them")
            say(token)
        else:
            path, fmt, fault = _slot(inner)
            if fault:
                faults.append(fault)
            parts.append(Slot(path, fmt))
    say(text[at:])
    return Template(text, tuple(parts), tuple(faults))


def _slot(inner: str) -> tuple[str, str, str | None]:
    path, colon, fmt = inner.strip().rpartition(":")
    if not colon:
        return fmt, "", None
    path, fmt = path.strip(), fmt.strip()
    if fmt in FORMATS:
        return path, fmt, None
    if path.startswith("roster."):
        return inner.strip(), "", None  # headers have colons of their own: "Quiz: Week 1 (Real)"
    guess = get_close_matches(fmt, FORMATS, n=1)
    meant = f"did you mean {guess[0]}?" if guess else f"there are {', '.join(FORMATS)}"
    return path, "", f"there is no format “{fmt}” for {{{path}}}; {meant}"


# --- values ----------------------------------------------------------------------------------


def format_value(value: object, fmt: str, language: str) -> str:
    """One value in words. ``fmt`` is a key of :data:`FORMATS` or empty; a format that does not suit the value's type is
    ignored. Takes text, numbers, dates, :class:`Dates` (or any pair of dates and None), and tuples of text.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = language_name(value, language) if fmt == "languages" else value
        if fmt == "bare":
            text = re.sub(r"^(?:https?://|mailto:)(?:www\.)?|/$", "", text)
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int | Decimal):
        if fmt == "hours":
            text = hours(Decimal(value), language)
        else:
            text = _plain(Decimal(value)) if fmt == "plain" else number(Decimal(value), language)
    elif isinstance(value, date):
        text = _date(value, fmt, language)
    elif isinstance(value, tuple | list):
        text = _several(tuple(value), fmt, language)
    else:
        raise TypeError(f"a field cannot hold {type(value).__name__}")
    return upper(text, language) if fmt == "upper" else text


def _several(items: tuple[Any, ...], fmt: str, language: str) -> str:
    if len(items) == 2 and all(item is None or isinstance(item, date) for item in items):
        start, end = items
        if start is None or end is None or start == end:
            return _date(end if start is None else start, fmt, language)
        if fmt == "iso":
            return f"{start.isoformat()}/{end.isoformat()}"  # ISO 8601-1, 5.5
        return date_range(start, end, language, fmt)
    if fmt == "languages":
        return list_of([language_name(str(item), language) for item in items], language)
    return list_of([format_value(item, "", language) for item in items], language)


def _date(day: date | None, fmt: str, language: str) -> str:
    if day is None:
        return ""
    if fmt == "iso":
        return day.isoformat()
    return date_long(day, language, fmt)


@lru_cache(maxsize=8192)
def date_long(day: date, language: str, fmt: str = "long") -> str:
    """A date in words, such as "8 December 2023"; in the language's own calendar and digits.

    ``fmt``: long (default), medium, month or year; anything else counts as long.
    """
    return _polish(_date_format(language, fmt).format(_instant(day)), language)


@lru_cache(maxsize=8192)
def date_range(start: date, end: date, language: str, fmt: str = "long") -> str:
    """Two dates with what they share written once: "2–27 March 2026", "13 November – 8 December 2023".

    One date when both are written alike. Source: Unicode TS 35, Dates, 2.6.3 (interval formats).
    """
    import icu

    first, last = date_long(start, language, fmt), date_long(end, language, fmt)
    if first == last:
        return first
    skeleton = _SKELETONS.get(fmt, "yMMMMd")
    interval = _interval_format(language, skeleton).format(icu.DateInterval(_instant(start), _instant(end)))
    if _tells_both(interval, start, end, language, skeleton):
        return _polish(interval, language)
    return f"{first}{NBSP}– {last}"


_SKELETONS = {"long": "yMMMMd", "medium": "yMMMd", "month": "yMMMM", "year": "y"}


@lru_cache(maxsize=256)
def _locale(language: str) -> Any:
    import icu

    # en-001 is CLDR's English for the world; the time zone is fixed, else the machine's would move days.
    tag = "en-001" if language.lower() == "en" else language
    return icu.Locale.forLanguageTag(f"{tag}-tz-utc" if "-u-" in tag else f"{tag}-u-tz-utc")


def _instant(day: date) -> float:
    """Noon UTC, in seconds, as ICU counts them."""
    return (day.toordinal() - 719163) * 86400.0 + 43200.0


@lru_cache(maxsize=256)
def _date_format(language: str, fmt: str) -> Any:
    import icu

    locale = _locale(language)
    if fmt not in ("medium", "month", "year"):
        return icu.DateFormat.createDateInstance(icu.DateFormat.kLong, locale)
    # CLDR's own "medium" is all figures in many languages, which reads differently from country to country.
    patterns = icu.DateTimePatternGenerator.createInstance(locale)
    return icu.SimpleDateFormat(patterns.getBestPattern(_SKELETONS[fmt]), locale)


@lru_cache(maxsize=256)
def _pattern_format(language: str, pattern: str) -> Any:
    import icu

    return icu.SimpleDateFormat(pattern, _locale(language))


@lru_cache(maxsize=256)
def _interval_format(language: str, skeleton: str) -> Any:
    import icu

    return icu.DateIntervalFormat.createInstance(skeleton, _locale(language))


def _tells_both(interval: str, start: date, end: date, language: str, skeleton: str) -> bool:
    """Whether an interval names the day, month and year of both dates.

    Some of CLDR's interval patterns drop a month (Swahili writes "2 – 8 April" for 2 March to 8 April); a
    certificate must not.
    """
    figures = [int(figure) for figure in re.findall(r"\d+", interval)]

    def number(day: date, form: str) -> int:
        return int("".join(re.findall(r"\d+", _pattern_format(language, form).format(_instant(day))))[:6])

    if "d" in skeleton and not all(number(day, "d") in figures for day in (start, end)):
        return False
    if not all(number(day, "y") in figures for day in (start, end)):
        return False
    if "M" not in skeleton:
        return True
    named = [_has_month(interval, day, language) for day in (start, end)]
    if any(named):
        return all(named)
    # All in figures: then a month must not be taken for a day.
    wanted = Counter(number(day, form) for day in (start, end) for form in "dM")
    return number(start, "M") == number(end, "M") or Counter(figures) >= wanted


def _has_month(text: str, day: date, language: str) -> bool:
    forms = {_pattern_format(language, form).format(_instant(day)) for form in ("MMMM", "LLLL", "MMM", "LLL")}
    return any(form in text for form in forms if not form.isdigit())


_DAY_THEN_WORD = re.compile(r"(?<!\d)(\d{1,2}\.?) (?=[^\W\d])")
_WORD_THEN_DAY = re.compile(r"(?<=[^\W\d]) (?=\d{1,2}(?!\d))")
_DAY_OF = re.compile(r"(?<=\d\u00a0d[eo]) ")
_DASH = re.compile(r"[ \u2009\u202f]([–—])[ \u2009\u202f]")


def _polish(text: str, language: str) -> str:
    """No-break spaces between day and month and before a dash; French "1er"."""
    text = _DASH.sub(NBSP + r"\1 ", text)  # thin spaces are in few faces, and wider than none is enough
    text = _DAY_THEN_WORD.sub(r"\1" + NBSP, text)
    text = _WORD_THEN_DAY.sub(NBSP, text)
    text = _DAY_OF.sub(NBSP, text)
    if language.split("-")[0].lower() == "fr":
        text = re.sub(r"(?<!\d)1(?=[\u00a0–])", "1er", text)
    return text


@lru_cache(maxsize=4096)
def number(value: Decimal, language: str) -> str:
    """A number as the language writes it: "22.5", "22,5", "1 200"; no zeros after the last figure that counts."""
    import icu

    return str(icu.NumberFormatter.withLocale(_locale(language)).formatDecimal(_plain(value).encode("ascii")))


@lru_cache(maxsize=1024)
def hours(value: Decimal, language: str) -> str:
    """Hours with their unit in the language's own plural: "60 hours", "1 heure"; figures as :func:`number` has them."""
    import icu

    words = icu.MeasureFormat(_locale(language), icu.UMeasureFormatWidth.WIDE)
    measure = icu.Measure(float(value), icu.MeasureUnit.createHour())
    return str(words.formatMeasure(measure)).replace(" ", NBSP)


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def list_of(names: Iterable[str], language: str) -> str:
    """Names in a row: "English, Spanish and French"; "anglais, espagnol et français"."""
    return _list_of(tuple(names), language)


@lru_cache(maxsize=1024)
def _list_of(names: tuple[str, ...], language: str) -> str:
    import icu

    return str(icu.ListFormatter.createInstance(_locale(language)).format(list(names)))


@lru_cache(maxsize=1024)
def language_name(tag: str, in_language: str) -> str:
    """A language's name in another: ``language_name("es", "fr")`` is "espagnol". The tag itself where none is known."""
    import icu

    try:
        return str(icu.Locale.forLanguageTag(tag).getDisplayName(_locale(in_language))) or tag
    except icu.ICUError:
        return tag


def upper(text: str, language: str) -> str:
    """Capital letters as the language has them (Turkish i, Greek accents, German ß). Source: Unicode, 3.13."""
    import icu

    return str(icu.UnicodeString(text).toUpper(_locale(language)))
