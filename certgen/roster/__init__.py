"""Workbook to people: finds the sheet and the header, reads every row, and says by cell what is wrong.

Columns are recognised by their headers in English, Spanish and French, in any order and case, without accents or
punctuation (columns.py has the table); exports of learning and meeting systems are recognised as what they are. All
problems are told at once, in the order of the rows. A row with an error is left out of the :class:`Roster` and listed
in it; no row is repaired by guess.

table.py finds the sheet and the header, header.py gives columns their meanings, body.py tells people from totals and
notes, person.py reads a row (words.py has its words), people.py compares rows, exports.py knows the systems; empty.py
makes the roster to begin with.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from certgen import values, workbook
from certgen.columns import Column
from certgen.errors import Problem
from certgen.model import Course, Recipient
from certgen.package import Limits
from certgen.roster import people as compare
from certgen.roster.body import Body
from certgen.roster.empty import EXAMPLES, empty_roster
from certgen.roster.exports import Kind
from certgen.roster.header import Columns
from certgen.roster.person import DOUBTS, MEND, Persons
from certgen.roster.table import COURSE_SHEETS, Reading, Table, choose
from certgen.roster.told import Told
from certgen.workbook import Sheet, Workbook

__all__ = [
    "EXAMPLES",
    "Opener",
    "Reading",
    "Roster",
    "column_key",
    "course_sheet",
    "empty_roster",
    "extra",
    "open_roster",
    "pasted",
    "read_roster",
    "recipients",
]

column_key = values.key
"""How headers are compared: letters and digits only, without case and accents ("N.º de ID" is "nodeid")."""


class Roster(Struct, frozen=True):
    """The people of one sheet. ``columns`` by field, or by header where it is an extra one.

    ``left_out`` are the numbers of rows that have an error; the others are in ``recipients``, in order.
    ``digest`` is the file's SHA-256 in hexadecimal. ``course_sheet`` is the workbook's own Course sheet.
    ``kind`` is the export that was recognised, or "roster".
    """

    recipients: tuple[Recipient, ...]
    columns: dict[str, Column]
    sheet: str
    digest: str
    course_sheet: Sheet | None = None
    left_out: tuple[int, ...] = ()
    header_row: int = 1
    kind: Kind = "roster"


def read_roster(
    path: Path,
    course: Course | None,
    problems: list[Problem],
    *,
    sheet: str | None = None,
    reading: Reading | None = None,
) -> Roster | None:
    """Both halves at once: :func:`open_roster` and :func:`recipients`."""
    book = open_roster(path, problems, reading)
    return None if book is None else recipients(book, course, problems, sheet=sheet, reading=reading)


def open_roster(path: Path, problems: list[Problem], reading: Reading | None = None) -> Workbook | None:
    """Reads the file once, so that its Course sheet can be read before its people. "-" is standard input."""
    reading = reading or Reading()
    limits = Limits()
    if reading.memory is not None:
        limits = replace(limits, memory=reading.memory)
    if reading.seconds is not None:
        limits = replace(limits, seconds=reading.seconds)
    with _uncollected():
        return workbook.read(path, problems, limits=limits, encoding=reading.encoding, delimiter=reading.delimiter)


Opener = Callable[[Path, list[Problem], Reading | None], Workbook | None]
"""What :func:`open_roster` is."""


def pasted() -> Opener:
    """An opener for what is pasted on standard input, whatever the path: read once, for it cannot be read again."""
    kept: list[tuple[Workbook | None, list[Problem]]] = []

    def opened(path: Path, problems: list[Problem], reading: Reading | None) -> Workbook | None:
        if not kept:
            told: list[Problem] = []
            kept.append((open_roster(workbook.STANDARD_INPUT, told, reading), told))
        problems += kept[0][1]
        return kept[0][0]

    return opened


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pauses the collector of cycles, which finds none among cells and people, and takes a quarter of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def course_sheet(book: Workbook) -> Sheet | None:
    """The sheet named Course (or Curso, Cours), if there is one."""
    return next((sheet for sheet in book.sheets if column_key(sheet.name) in COURSE_SHEETS), None)


def extra(recipient: Recipient, column: str) -> str | None:
    """A further column of a person, by its header in any case and with or without accents."""
    if column in recipient.extra:
        return recipient.extra[column]
    wanted = column_key(column)
    return next((text for header, text in recipient.extra.items() if column_key(header) == wanted), None)


def recipients(
    book: Workbook,
    course: Course | None,
    problems: list[Problem],
    *,
    sheet: str | None = None,
    reading: Reading | None = None,
) -> Roster | None:
    """The people of ``sheet``, or of the visible sheet that has a header with names in it.

    ``course`` says which languages and awards a row may choose; without it neither is checked. None
    only when no header was found. Problems that belong to no row spoil the whole roster.
    """
    reading = reading or Reading()
    if sheet is not None:
        reading = replace(reading, sheet=sheet)
    table = choose(book, reading, problems)
    if table is None:
        return None
    told = Told(book, table.sheet)
    columns = Columns(table, course, told)
    with _uncollected():
        people, left_out = _people(book, columns, course, told, reading)
    problems.extend(told.sorted())
    return Roster(
        recipients=tuple(people),
        columns={c.header if c.meaning == "extra" else c.meaning: c for c in columns.listed},
        sheet=table.sheet.name,
        digest=book.digest,
        course_sheet=course_sheet(book),
        left_out=left_out,
        header_row=table.sheet.number(table.body - 1),
        kind=columns.kind,
    )


def _people(
    book: Workbook, columns: Columns, course: Course | None, told: Told, reading: Reading
) -> tuple[list[Recipient], tuple[int, ...]]:
    body = Body(columns, told)
    persons = Persons(book, columns, course, told, title_case=reading.title_case)
    rows = [(i, person) for i, row in body.people() if (person := persons.read(i, row)) is not None]
    every = {i for i, _ in rows}
    rows = compare.rejoined(compare.select(rows, columns, told), columns, told)
    told.forget(every - {i for i, _ in rows}, DOUBTS)  # their names are not printed
    compare.same_people(rows, columns, told)
    compare.namesakes(rows, columns, told)
    _of_the_sheet(columns.table, columns, body, persons, told, nobody=not rows and not told.errors)
    kept = [person for i, person in rows if i not in told.errors]
    return kept, tuple(columns.table.sheet.number(i) for i in sorted(told.errors))


def _of_the_sheet(table: Table, columns: Columns, body: Body, persons: Persons, told: Told, *, nobody: bool) -> None:
    """What concerns the sheet rather than a row of it."""
    header, name = table.header, columns.at[columns.naming]
    for (column, fault), cells in persons.unread.items():
        what = f"hold the Excel error {fault}" if fault else "hold formulas that were never calculated"
        some = f"{cells[0]}" if len(cells) == 1 else f"{cells[0]} to {cells[-1]} ({len(cells)} cells)"
        told.of_sheet(
            header,
            column,
            "error-cell" if fault else "uncalculated-formula",
            f"Cells of this column {what}: {some}. They are read as blank.",
            MEND[fault != ""],
            "warning",
        )
    if body.hidden:
        some = ", ".join(map(str, body.hidden[:10])) + (" …" if len(body.hidden) > 10 else "")
        told.of_sheet(
            header,
            name,
            "hidden-rows",
            f"Rows are hidden in the sheet and read like the others: {some}.",
            "Remove the filter to see them; delete the rows of people who should not get a certificate.",
            "warning",
        )
    if persons.rearranged:
        told.of_sheet(
            header,
            name,
            "family-first",
            f"Names are written family name first, and printed as “{persons.rearranged[0]}”.",
            "",
            "warning",
        )
    if persons.commas:
        cell, example = persons.commas[0]
        more = f" and {len(persons.commas) - 1} more" if len(persons.commas) > 1 else ""
        told.of_sheet(
            header,
            name,
            "comma-in-name",
            f"Names have a comma in them and are printed as they stand: “{example[:60]}” ({cell}){more}.",
            "If the family name comes first, call the column “Last name, First name”; then they are turned round.",
            "warning",
        )
    if nobody:
        told.of_sheet(
            header,
            name,
            "no-people",
            "There is nobody below the header.",
            "Write one person in each row; check that the sheet was saved.",
        )
