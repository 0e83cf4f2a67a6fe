"""What rows say of each other: who joined twice, who stands there twice, and who only shares a name."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from certgen import names, values
from certgen.model import Recipient
from certgen.roster import exports
from certgen.roster.header import Columns
from certgen.roster.told import SAID, Told
from certgen.values import key
from certgen.workbook import Cell

Row = tuple[int, Recipient]  # the row's index on the sheet, and the person in it; whose name is wrong has an empty one

_SHOWN = 10  # groups of namesakes that are told one by one


def _cell(row: Sequence[Cell], column: int) -> Cell:
    return row[column] if column < len(row) else None


def select(rows: Sequence[Row], columns: Columns, told: Told) -> list[Row]:
    """Leaves out those who an export says did not come, and tells who called the meeting."""
    labels = [key(label) for label in columns.table.labels]
    status = next((c for c, label in enumerate(labels) if label in exports.STATUSES), None)
    role = next((c for c, label in enumerate(labels) if label in exports.ROLES), None)
    waiting = next((c for c, label in enumerate(labels) if label in exports.WAITING), None)
    sheet_rows = columns.table.sheet.rows
    kept: list[Row] = []
    for i, person in rows:
        row = sheet_rows[i]
        if columns.kind == "Eventbrite attendees" and status is not None and exports.cancelled(_cell(row, status)):
            message = (
                f"{person.name or 'Somebody'} is not coming (“{values.as_text(_cell(row, status))}”) and is not read."
            )
            told.of_row(i, status, "cancelled", message, "Change the status if that is wrong.", "warning")
            continue
        if columns.kind == "Zoom attendance" and waiting is not None and exports.is_yes(_cell(row, waiting)):
            continue  # minutes before the door are no attendance
        if columns.kind == "Teams attendance" and role is not None and exports.organiser(_cell(row, role)):
            message = f"{person.name or 'Somebody without a name'} called the meeting, and is read like everyone."
            told.of_row(i, role, "organiser", message, "Delete the row if no certificate is due.", "warning")
        kept.append((i, person))
    return kept


# --- people who joined more than once --------------------------------------------------------


def rejoined(rows: Sequence[Row], columns: Columns, told: Told) -> list[Row]:
    """In an export of attendance: one person for all times that somebody joined, with the minutes added up.

    The same address is the same person; so is the same name where none of its rows has an address, or all the same.
    """
    if columns.kind not in ("Zoom attendance", "Teams attendance") or columns.minutes is None:
        return list(rows)
    groups: dict[tuple[str, str], list[Row]] = {}
    for i, person in rows:
        mark = ("email", person.email.casefold()) if person.email else ("name", names.folded(person.name) or str(i))
        groups.setdefault(mark, []).append((i, person))
    labels = [key(label) for label in columns.table.labels]
    when = next((c for c, label in enumerate(labels) if label in exports.JOINED), None)
    made: list[Row] = []
    again: list[str] = []
    for group in groups.values():
        if len(group) == 1:
            made.append(group[0])
            continue
        if any(i in told.errors for i, _ in group):
            for i, person in group:
                if i not in told.errors:
                    message = f"{person.name} joined more than once, and one of these rows has a problem."
                    told.of_row(
                        i, columns.minutes, "unclear-minutes", message, "Mend that row; then all of them count."
                    )
            continue
        again.append(f"{group[0][1].name} ({len(group)} times)")
        made.append(_joined(group, columns, told, when))
    if again:
        some = ", ".join(again[:_SHOWN]) + (f" and {len(again) - _SHOWN} more" if len(again) > _SHOWN else "")
        told.of_sheet(
            columns.table.header,
            columns.minutes,
            "rejoined",
            f"Who joined more than once is read once, with the minutes added up: {some}.",
            "",
            "warning",
        )
    return made


def _joined(group: Sequence[Row], columns: Columns, told: Told, when: int | None) -> Row:
    """One row for several. The name is the first that has no remark in it; other names are told."""
    assert columns.minutes is not None
    rows = columns.table.sheet.rows
    sessions: list[tuple[Cell, Decimal]] = []
    for i, _ in group:
        read = values.as_minutes(_cell(rows[i], columns.minutes))
        if isinstance(read, Decimal):
            sessions.append((None if when is None else _cell(rows[i], when), read))
    minutes = exports.total(sessions) if sessions else Decimal(0)
    i, person = next(((i, p) for i, p in group if names.remark(p.name, anything=True) is None), group[0])
    others = sorted({p.name for _, p in group if names.folded(p.name) != names.folded(person.name)})
    if others:
        message = f"{person.name} also joined as {', '.join(others)}."
        told.of_row(i, columns.at[columns.naming], "other-name", message, "Check which name to print.", "warning")
    extras = dict(person.extra)
    for extra in columns.extras:
        if extra.column == columns.minutes:
            extras[extra.header] = values.as_text(float(minutes))
    attendance = person.attendance
    if columns.at.get("attendance") == columns.minutes and columns.base is not None:
        share = values.share(minutes, columns.base * 60)
        attendance = share if isinstance(share, Decimal) else None
    return i, replace(person, extra=extras, attendance=attendance)


# --- people who are there twice --------------------------------------------------------------


def same_people(rows: Sequence[Row], columns: Columns, told: Told) -> None:
    """Tells of the same id, the same address, or the same name where neither row has either. A row whose name is wrong
    is compared as well: mending it alone would not do.

    Each of the rows is told where the other is: every row that is left out has an error of its own.
    """
    first: dict[tuple[str, str], Row] = {}
    said: set[int] = set()
    for i, person in rows:
        marks: list[tuple[str, str]] = []
        if person.id:
            marks.append(("id", person.id.casefold()))
        if person.email:
            marks.append(("email", person.email.casefold()))
        against: set[int] = set()  # rows that this one has been held against
        for mark in marks or [("name", names.folded(person.name))]:
            j, other = first.setdefault(mark, (i, person))
            if j == i or j in against:
                continue
            against.add(j)
            _same(i, person, other, mark[0], columns, told)
            if j not in said:
                _same(j, other, person, mark[0], columns, told)
            said |= {i, j}


def _same(i: int, person: Recipient, other: Recipient, field: str, columns: Columns, told: Told) -> None:
    keep, whose = "Keep one of the rows", other.name or "without a name"
    told.of_row(
        i,
        columns.at.get(field, columns.at[columns.naming]),
        "same-person",
        f"The {SAID[field]} “{getattr(person, field)}” is also in {other.cells[field]} ({whose}).",
        f"{keep}; if they are two people, give each an id or an e-mail address." if field == "name" else f"{keep}.",
    )


def namesakes(rows: Sequence[Row], columns: Columns, told: Told) -> None:
    """Tells of people who share a name and are two people, each with an id or an address."""
    groups: dict[str, list[Row]] = {}
    for i, person in rows:
        if i not in told.errors:
            groups.setdefault(names.folded(person.name), []).append((i, person))
    several = [group for group in groups.values() if len(group) > 1]
    for group in several[:_SHOWN]:
        cells = [person.cells["name"] for _, person in group]
        more = f" and {len(cells) - 8} more" if len(cells) > 8 else ""
        told.of_sheet(
            group[0][0],
            columns.at[columns.naming],
            "namesakes",
            f"{len(group)} people are called {group[0][1].name} ({', '.join(cells[:8])}{more}), each with an id or an "
            "address of their own: each is read as a person.",
            "If they are one person, keep one of the rows.",
            "warning",
        )
    if len(several) > _SHOWN:
        message = f"{len(several) - _SHOWN} more names are shared by people of different ids or addresses."
        told.of_sheet(columns.table.header, columns.at[columns.naming], "namesakes", message, "", "warning")
