"""Where the people stand: the right sheet, its header (of one row or several), and the rows below that are people.

The header may stand below titles, the table may begin anywhere, hidden sheets are passed over. What the user says with
``--sheet``, ``--header-row`` and ``--map`` settles what is unclear; what stays unclear is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from certgen import values
from certgen.columns import HEADERS, meanings
from certgen.errors import ExitCode, Problem
from certgen.values import key
from certgen.workbook import Cell, Sheet, Workbook

COURSE_SHEETS = frozenset({"course", "curso", "cours"})
_WITHIN = 30  # used rows from the top of a sheet among which its header is looked for
_DEEP = 3  # rows that one header may take
_NAMING = frozenset({"name", "name?", "given", "family"})


class Reading(Struct, frozen=True, kw_only=True):
    """What the user says about how to read a roster; None or empty: certgen finds out.

    ``header_row`` is a number as the spreadsheet shows it. ``mapping`` gives fields of Recipient ("name", "score") the
    headers, or the letters, of their columns. ``title_case`` rewrites names that are all capitals.
    """

    sheet: str | None = None
    header_row: int | None = None
    mapping: dict[str, str] = {}
    encoding: str | None = None
    delimiter: str | None = None
    title_case: bool = False
    memory: int | None = None  # bytes
    seconds: float | None = None


class Table(Struct):
    """A header found: ``rows[header:body]`` of the sheet. ``labels`` and ``found`` run parallel to the columns."""

    sheet: Sheet
    header: int
    body: int
    labels: list[str]
    found: list[str]

    @property
    def rank(self) -> tuple[int, int]:
        """How much the header says: known columns, and of two that know as many the shorter one."""
        return sum(meaning not in ("", "extra") for meaning in self.found), self.header - self.body


def choose(book: Workbook, reading: Reading, problems: list[Problem]) -> Table | None:
    """The table of the people, or None and a problem. A hidden sheet is read only when it is named."""
    if _wrong_fields(book, reading, problems):
        return None
    listed = ", ".join(f"“{sheet.name}”" for sheet in book.sheets if not sheet.hidden)
    sheets = [s for s in book.sheets if not s.hidden and key(s.name) not in COURSE_SHEETS and s.rows]
    if reading.sheet is not None:
        sheets = [s for s in book.sheets if s.name.strip().casefold() == reading.sheet.strip().casefold()]
        if not sheets:
            message = f"There is no sheet “{reading.sheet}” in this workbook."
            problems.append(Problem(code="no-such-sheet", message=message, hint=f"It has {listed}.", file=book.path))
            return None
    tables = [table for sheet in sheets if (table := find(sheet, reading)) is not None]
    peopled = [table for table in tables if any(map(_filled, table.sheet.rows[table.body :]))] or tables[:1]
    if len(peopled) > 1:
        names = " and ".join(f"“{table.sheet.name}”" for table in peopled[:8])
        problems.append(
            Problem(
                code="several-sheets",
                message=f"The sheets {names} all hold names.",
                hint=f'Say which one is the roster, such as --sheet "{peopled[0].sheet.name}", or remove the others.',
                file=book.path,
            )
        )
        return None
    if not peopled:
        problems.append(_no_header(book, sheets, reading, listed))
        return None
    _hidden_people(book, peopled[0], reading, problems)
    return peopled[0]


def _filled(row: Sequence[Cell]) -> bool:
    return any(cell is not None and cell != "" for cell in row)


def _wrong_fields(book: Workbook, reading: Reading, problems: list[Problem]) -> bool:
    wrong = [field for field in reading.mapping if field not in HEADERS]
    problems.extend(
        Problem(
            code="unknown-field",
            message=f"“{field}” is nothing that certgen reads from a roster.",
            hint=f"Write one of {', '.join(HEADERS)}.",
            key="--map",
            exit_code=ExitCode.USAGE,
        )
        for field in wrong
    )
    return bool(wrong)


def _no_header(book: Workbook, sheets: Sequence[Sheet], reading: Reading, listed: str) -> Problem:
    row = next((row for sheet in sheets for row in sheet.rows if _filled(row)), [])
    which, place = "The first row", ""
    if reading.header_row is not None and sheets:
        at = reading.header_row - sheets[0].top - 1
        row = sheets[0].rows[at] if 0 <= at < len(sheets[0].rows) else []
        which = f"Row {reading.header_row}"
    seen = ", ".join(f"“{' '.join(values.as_text(cell).split())[:30]}”" for cell in row if cell is not None)
    if book.kind != "csv" and sheets:
        place = f" on {'the sheets ' if len(sheets) > 1 else 'the sheet '}{listed}"
    faulty = [address for sheet in sheets for address in sheet.faults][:5]
    said = f" {which} says {seen[:200]}." if seen else ""
    if faulty:
        said += f" The cells {', '.join(faulty)} hold Excel errors or formulas without a value."
    if reading.mapping:
        wanted = ", ".join(f"“{header}”" for header in reading.mapping.values())
        said = f" Its columns should be called {wanted}.{said}"
    return Problem(
        code="no-header",
        message=f"No row{place} has a column of names.{said}",
        hint="Put headers above the people, such as “Given name”, “Family name” and “E-mail”, or “Full name”; or say "
        'which column it is: --map "name=Column".',
        file=book.path,
    )


def _hidden_people(book: Workbook, table: Table, reading: Reading, problems: list[Problem]) -> None:
    if reading.sheet is not None:
        return
    also = [sheet.name for sheet in book.sheets if sheet.hidden and sheet.rows and find(sheet, reading) is not None]
    if also:
        names = ", ".join(f"“{name}”" for name in also)
        problems.append(
            Problem(
                code="hidden-sheet",
                message=f"The workbook also has names on hidden sheets ({names}), which were not read.",
                hint="Name such a sheet with --sheet if it is the roster.",
                severity="warning",
                file=book.path,
                sheet=table.sheet.name,
            )
        )


# --- the header ------------------------------------------------------------------------------


def find(sheet: Sheet, reading: Reading) -> Table | None:
    """The header of a sheet: of the rows with a column of names, the one that recognises most."""
    starts = [i for i, row in enumerate(sheet.rows[: 5 * _WITHIN]) if _filled(row)][:_WITHIN]
    if reading.header_row is not None:
        at = reading.header_row - sheet.top - 1
        starts = [at] if 0 <= at < len(sheet.rows) else []
    best: Table | None = None
    for i in starts:
        for depth in range(1, _DEEP + 1):
            if depth > 1 and not _headerlike(sheet, i + depth - 1):
                break
            table = _at(sheet, i, depth, reading.mapping)
            if table is not None and (best is None or table.rank > best.rank):
                best = table
    return best


def _headerlike(sheet: Sheet, i: int) -> bool:
    """Whether a row may be a further line of a header: nothing in it but short texts."""
    if i >= len(sheet.rows):
        return False
    cells = [cell for cell in sheet.rows[i] if cell is not None]
    return all(isinstance(cell, str) and len(cell) < 80 and "@" not in cell for cell in cells)


def _at(sheet: Sheet, header: int, depth: int, mapping: dict[str, str]) -> Table | None:
    """The table whose header begins in a row and takes ``depth`` rows; None where it names nobody."""
    width = max(map(len, sheet.rows[header : header + depth]), default=0)
    lines = [_spread(sheet, i, width, last=i == header + depth - 1) for i in range(header, header + depth)]
    columns = [[line[c] for line in lines] for c in range(width)]
    labels = [" ".join(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip())) for parts in columns]
    found = meanings(labels)
    if depth > 1:
        # Each line may mean something without the others; the lowest first, for it is the closest to the people.
        alone = [meanings([line[c] for c in range(width)]) for line in reversed(lines)]
        for c in range(width):
            if found[c] in ("", "extra"):
                found[c] = next((m[c] for m in alone if m[c] not in ("", "extra", "name?")), found[c])
        if not _continues(sheet, header + depth - 1, lines[-1], found):
            return None  # that line is no header: perhaps the first person
        low = [next((" ".join(part.split()) for part in reversed(parts) if part.strip()), "") for parts in columns]
        keys = [key(text) for text in low]
        labels = [low[c] if keys.count(keys[c]) == 1 else labels[c] for c in range(width)]
    if mapping and not _map(sheet, labels, found, mapping):
        return None
    if _NAMING.isdisjoint(found):
        return None
    return Table(sheet, header, header + depth, labels, found)


def _continues(sheet: Sheet, i: int, line: list[str], found: Sequence[str]) -> bool:
    """Whether a row goes on with the header above it: it fills gaps, says what headers say, and names nobody."""
    above = sheet.rows[i - 1]
    gaps = any(text.strip() and (c >= len(above) or above[c] in (None, "")) for c, text in enumerate(line))
    own = meanings(line)
    said = sum(meaning not in ("", "extra") for meaning in own)
    nobody = all(own[c] in _NAMING or not line[c].strip() for c, meaning in enumerate(found) if meaning in _NAMING)
    return gaps and nobody and said * 2 >= sum(bool(text.strip()) for text in line)


def _spread(sheet: Sheet, i: int, width: int, *, last: bool) -> list[str]:
    """The texts of a header's line; above the last line, one that is merged over columns counts for each of them."""
    row = sheet.rows[i]
    texts = [values.as_text(row[c]) if c < len(row) else "" for c in range(width)]
    if last:
        return texts
    if not sheet.merged:  # in a text nothing is merged: what follows a filled cell belongs to it
        for c in range(1, width):
            texts[c] = texts[c] or texts[c - 1]
        return texts
    for top, left, _, right in sheet.merged:
        first = left - sheet.left
        if top == sheet.top + i and 0 <= first < width:
            for c in range(first, min(right - sheet.left + 1, width)):
                texts[c] = texts[c] or texts[first]
    return texts


def _map(sheet: Sheet, labels: Sequence[str], found: list[str], mapping: dict[str, str]) -> bool:
    """Gives columns the meanings that the user says; whether all of them are there."""
    keys = [key(label) for label in labels]
    places: dict[str, int] = {}
    for field, wanted in mapping.items():
        if key(wanted) in keys:
            places[field] = keys.index(key(wanted))
        elif re.fullmatch("[A-Za-z]{1,3}", wanted.strip()):
            letters = [sheet.letters(c) for c in range(len(labels))]
            if wanted.strip().upper() not in letters:
                return False
            places[field] = letters.index(wanted.strip().upper())
        else:
            return False
    for c, meaning in enumerate(found):
        if meaning in places or (meaning == "name?" and not _NAMING.isdisjoint(places)):
            found[c] = "extra"  # what the user names is that column, and no other
    for field, c in places.items():
        found[c] = field
    return True
