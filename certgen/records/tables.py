"""What was issued as files for spreadsheets and programs, and the figures of a year.

Names come from rosters, and a roster may come from anybody: in a workbook every text is text (ledger.py), in a CSV
file what a spreadsheet program would take for a formula gets an apostrophe in front (OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from certgen.ledger import FORMULA, Page, workbook
from certgen.model import Course
from certgen.names import folded
from certgen.records import FIELDS, course_of, record
from certgen.registry import Held, Registry

SUFFIXES = (".xlsx", ".csv", ".json")

_WIDTHS = {"code": 22, "name": 32, "email": 28, "title": 44, "reason": 32, "address": 44, "file": 44, "folder": 32}


# --- export ----------------------------------------------------------------------------------


def export(rows: Iterable[Held], suffix: str, today: date) -> tuple[bytes, int]:
    """The certificates as the bytes of a file, and their number. Raises ValueError for a suffix not in SUFFIXES."""
    records = [record(held, today) for held in rows]
    if suffix == ".json":
        data = msgspec.json.format(msgspec.json.encode({"version": 1, "certificates": records}), indent=1) + b"\n"
    elif suffix == ".csv":
        data = separated([FIELDS, *([each[field] for field in FIELDS] for each in records)])
    elif suffix == ".xlsx":
        cells = [[_cell(each[field]) for field in FIELDS] for each in records]
        data = workbook([Page("Certificates", [_WIDTHS.get(field, 12) for field in FIELDS], [FIELDS, *cells])])
    else:
        raise ValueError(suffix)
    return data, len(records)


def separated(rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV (RFC 4180) in UTF-8 with its mark, which Excel needs."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_text(value) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def _text(value: Any) -> str:
    text = "" if value is None else "yes" if value is True else "no" if value is False else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def _cell(value: Any) -> Any:
    """As a cell holds it: a truth value as a word."""
    return ("yes" if value else "no") if isinstance(value, bool) else value


# --- the report ------------------------------------------------------------------------------


class CourseFigures(Struct):
    """One course in one year. ``hours`` are those of all certificates together; ``replaced`` and ``revoked`` of
    whatever year."""

    course: str
    title: str = ""
    issued: int = 0
    hours: Decimal = Decimal(0)
    not_awarded: int = 0
    replaced: int = 0
    revoked: int = 0


class Report(Struct):
    """The figures of a year. ``issued``: certificates with their day of issue in it, one that was replaced not counted
    again; also those that were revoked since. ``awards``, ``languages`` and ``months`` (from 1) divide these up.
    ``replaced`` and ``revoked``: cancelled in that year. ``not_awarded``: people in batches of that year who have got
    no certificate of that course. ``hours_unknown``: certificates whose hours are not known since they were erased."""

    year: int
    courses: list[CourseFigures]
    awards: dict[str, int]
    languages: dict[str, int]
    months: dict[int, int]
    issued: int = 0
    hours: Decimal = Decimal(0)
    not_awarded: int = 0
    replaced: int = 0
    revoked: int = 0
    hours_unknown: int = 0


def report(registry: Registry, year: int) -> Report:
    """Reads the registry through."""
    found: dict[str, CourseFigures] = {}
    titles: dict[str, Counter[str]] = {}
    awards: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    months: Counter[int] = Counter()
    awarded: dict[str, set[str]] = {}
    told = _Erased(registry)
    unknown = 0
    for held in registry.all():
        course = course_of(held)
        if held.content:
            awarded.setdefault(course, set()).add(folded(held.content.name))
        of_year = held.issued.year == year and held.state != "replaced"
        ended = held.ended is not None and held.ended.year == year
        if not of_year and not ended:
            continue
        figures = found.setdefault(course, CourseFigures(course))
        figures.replaced += ended and held.state == "replaced"
        figures.revoked += ended and held.state == "revoked"
        title, hours = (held.content.title, held.content.hours) if held.content else told.of(held)
        titles.setdefault(course, Counter())[title] += bool(title)
        if of_year:
            figures.issued += 1
            figures.hours += hours or 0
            unknown += held.content is None and hours is None
            awards[held.kind] += 1
            languages[held.language] += 1
            months[held.issued.month] += 1
    for course, count in _not_awarded(registry, year, awarded).items():
        found.setdefault(course, CourseFigures(course)).not_awarded = count
    for course, figures in found.items():
        figures.title = max(titles.get(course, {"": 0}).items(), key=lambda item: item[1])[0]
    lines = [found[course] for course in sorted(found)]
    return Report(
        year=year,
        courses=lines,
        awards=dict(awards.most_common()),
        languages=dict(languages.most_common()),
        months={month: months[month] for month in range(1, 13)},
        issued=sum(line.issued for line in lines),
        hours=sum((line.hours for line in lines), Decimal(0)),
        not_awarded=sum(line.not_awarded for line in lines),
        replaced=sum(line.replaced for line in lines),
        revoked=sum(line.revoked for line in lines),
        hours_unknown=unknown,
    )


def _not_awarded(registry: Registry, year: int, awarded: dict[str, set[str]]) -> dict[str, int]:
    """By course, people of that year's batches who have no certificate of it, each once. Those whose names were erased
    are counted by the largest number that a batch told."""
    people: dict[str, set[str]] = {}
    most: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for event in registry.history():
        if event.kind != "batch" or not event.at.startswith(f"{year}-"):
            continue
        course = str(event.details.get("course", ""))
        told = {folded(str(item[0])) for item in event.details.get("not_awarded", ())}
        people.setdefault(course, set()).update(told)
        erased = int(event.details.get("counts", {}).get("not_awarded", 0)) - len(told)
        most[course] = max(most[course], erased)
    for course, names in people.items():
        late[course] = len(names - awarded.get(course, set())) + most[course]
    return {course: count for course, count in late.items() if count > 0}


class _Title(NamedTuple):
    title: str
    hours: Decimal | None


class _Erased:
    """Title and hours of certificates whose own words are gone, from the course that they were made from."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._courses: dict[str, Course | None] = {}

    def of(self, held: Held) -> _Title:
        if held.setting not in self._courses:
            try:
                kept = self._registry.setting(held.setting).kept if held.setting else None
            except KeyError:
                kept = None
            self._courses[held.setting] = kept.course if kept else None
        course = self._courses[held.setting]
        if course is None:
            return _Title("", None)
        edition = course.editions.get(held.language) or course.editions[course.languages[0]]
        return _Title(edition.title, course.hours)


COURSE_HEADS = ("Course", "Issued", "Hours", "No award", "Replaced", "Revoked", "Title")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)


def report_workbook(told: Report) -> bytes:
    """The figures as a workbook of four sheets."""
    total = ["", told.issued, told.hours, told.not_awarded, told.replaced, told.revoked, "all courses"]
    courses = [
        [line.course, line.issued, line.hours, line.not_awarded, line.replaced, line.revoked, line.title]
        for line in told.courses
    ]
    months = [(name, told.months[number]) for number, name in enumerate(MONTHS, 1)]
    return workbook(
        [
            Page(f"Courses {told.year}", (14, 10, 10, 10, 10, 10, 44), [COURSE_HEADS, *courses, total]),
            Page("Awards", (24, 10), [("Award", "Issued"), *told.awards.items()]),
            Page("Languages", (24, 10), [("Language", "Issued"), *told.languages.items()]),
            Page("Months", (24, 10), [("Month", "Issued"), *months]),
        ]
    )
