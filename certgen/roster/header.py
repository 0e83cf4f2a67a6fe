"""From a header found to columns in use: what each one means, and what is wrong with the header itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from certgen import names, values
from certgen.columns import FAMILY_FIRST, Column
from certgen.model import Course
from certgen.roster import exports
from certgen.roster.table import Table
from certgen.roster.told import SAID, Told
from certgen.values import key
from certgen.workbook import Cell


class Extra(NamedTuple):
    """A further column: its index among the sheet's columns, the header it is kept under, and its letters."""

    column: int
    header: str
    letters: str


class Columns:
    """The columns in use. ``at`` is field to column index; ``minutes`` that of the minutes of attendance."""

    def __init__(self, table: Table, course: Course | None, told: Told) -> None:
        self.table, self.told = table, told
        self.kind = exports.recognise(table.labels)
        self.at: dict[str, int] = {}
        self.extras: list[Extra] = []
        self.listed: list[Column] = []
        self.minutes: int | None = None
        self.base = course.attendance_of if course else None  # hours
        self._taken: dict[str, str] = {}  # meaning to "B (“Name”)"
        self._names: set[str] = set()
        below = table.sheet.rows[table.body :]
        found = exports.adjusted(self.kind, table.labels, table.found)
        for c, meaning in enumerate(found):
            text = names.clean(table.labels[c]).text
            if meaning == "name?":
                meaning = self._name_or_family(c, found.index("given"), text, below)
            if meaning == "minutes":
                meaning = self._minutes(c, text, found, course)
            if meaning == "extra":
                self._extra(c, text)
            elif meaning:
                self._field(c, meaning, text)
            elif any(c < len(row) and not values.is_blank(row[c]) for row in below):
                self._headless(c, below)
        labels = {field: table.labels[c] for field, c in self.at.items()}
        self.out_of = {"score": exports.out_of(self.kind, labels["score"])} if "score" in labels else {}
        self.family_first = key(labels.get("name", "")) in FAMILY_FIRST or self.kind == "Canvas gradebook"
        self.naming = next((field for field in ("name", "given", "family") if field in self.at), "name")
        self.letters = {field: table.sheet.letters(c) for field, c in self.at.items()}
        self.letters.setdefault("name", table.sheet.letters(self.at[self.naming]))
        self.letters |= {extra.header: extra.letters for extra in self.extras}

    def _field(self, c: int, meaning: str, text: str) -> None:
        letters = self.table.sheet.letters(c)
        if meaning in self.at:
            self.told.of_sheet(
                self.table.header,
                c,
                "two-columns",
                f"The columns {self._taken[meaning]} and {letters} (“{text}”) both give the "
                f"{SAID.get(meaning, meaning)}.",
                f'Keep one of them, or say which it is, such as --map "{meaning}={text}".',
            )
            return
        self.at[meaning] = c
        self._taken[meaning] = f"{letters} (“{text}”)"
        note = ""
        if meaning == "attendance" and c == self.minutes and self.base is not None:
            note = f"minutes, as a percentage of {self.base.normalize():f} h"
        elif meaning == "score" and exports.out_of(self.kind, text) is not None:
            note = "per cent"
        self.listed.append(Column(text, letters, meaning, note))

    def note(self, meaning: str, text: str) -> None:
        """Says how a column was read, once its cells have shown it."""
        self.listed = [replace(column, note=text) if column.meaning == meaning else column for column in self.listed]

    def _extra(self, c: int, text: str) -> None:
        letters = self.table.sheet.letters(c)
        name = text
        if key(text) in self._names:
            name = f"{text} ({letters})"
            self.told.of_sheet(
                self.table.header,
                c,
                "same-header",
                f"A column to the left is called “{text}” too; this one is read as “{name}”.",
                "Give each column a header of its own.",
                "warning",
            )
        self._names.add(key(name))
        self.extras.append(Extra(c, name, letters))
        self.listed.append(Column(name, letters, "extra"))

    def _minutes(self, c: int, text: str, found: Sequence[str], course: Course | None) -> str:
        """Minutes are attendance where the course says of how much; otherwise a further column."""
        if self.minutes is None:
            self.minutes = c
            if self.base is not None and "attendance" not in found:
                return "attendance"
            asked = course is not None and any(rule.when and rule.when.attendance_min for rule in course.awards)
            if asked and "attendance" not in found:
                self.told.of_sheet(
                    self.table.header,
                    c,
                    "no-attendance-base",
                    f"“{text}” counts minutes, and the course asks for a percentage.",
                    'Write in the course how long it met: attendance_of = "12 h".',
                )
        elif self.base is not None and "attendance" not in found:
            self._field(c, "attendance", text)  # tells that there are two
            return ""
        return "extra"

    def _headless(self, c: int, below: Sequence[Sequence[Cell]]) -> None:
        """A column with values and without a header. In a text, cells beyond the header mean that columns moved."""
        last = max((i for i, label in enumerate(self.table.labels) if label.strip()), default=0)
        if self.told.book.kind == "csv" and c > last:
            return  # told by row
        letters = self.table.sheet.letters(c)
        self.told.of_sheet(
            self.table.header,
            c,
            "no-column-header",
            f"Column {letters} has no header; what stands in it is not read.",
            "Give it a header if a certificate should use it.",
            "warning",
        )

    def _name_or_family(self, name: int, given: int, text: str, below: Sequence[Sequence[Cell]]) -> str:
        rows = [(values.as_text(row[name]), values.as_text(row[given])) for row in below if len(row) > max(name, given)]
        inside = [names.folded(g) in names.folded(n) for n, g in rows if g.strip() and n.strip()]
        if all(inside):
            return "name"
        self.told.of_sheet(
            self.table.header,
            name,
            "unclear-name",
            f"“{text}” may be the full name or the family name.",
            "Call it “Full name” or “Family name”.",
        )
        return "family"

    @property
    def beyond(self) -> int:
        """In a text, the first column that no cell of a row should reach; else a number that none does."""
        if self.told.book.kind != "csv":
            return 1 << 20
        return 1 + max((i for i, label in enumerate(self.table.labels) if label.strip()), default=0)
