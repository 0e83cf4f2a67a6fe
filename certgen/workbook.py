"""Bytes to cells: reads spreadsheets of every usual kind into plain sheets, and trusts none of them.

The kind of a file is found from its content, never from its name: .xlsx and .xlsm, .xlsb, .xls, .ods, and text (CSV,
TSV, cells pasted from a spreadsheet). No formula is evaluated, no link followed. :func:`read` looks at the file system
and tells what is wrong in a coordinator's words; workbooks and large texts are read in a child process with limits on
memory and time (confine.py). :func:`load` is the same in this process, for bytes that are trusted, and for tests.

Addresses are those that the spreadsheet program shows, wherever on the sheet the table begins.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import confine, delimited, source
from certgen.errors import Problem
from certgen.package import (
    DAMAGED,
    PASSWORD,
    Limits,
    Merge,
    Notes,
    Package,
    Refused,
    column_letters,
    too_many_rows,
)
from certgen.source import STANDARD_INPUT, Kind

__all__ = ["PASTED", "STANDARD_INPUT", "Cell", "Kind", "Sheet", "Workbook", "load", "read", "serve"]

Cell = str | int | float | bool | date | datetime | timedelta | None


class Sheet(Struct):
    """One sheet: ``rows`` begins at its first used cell, whose place is (``top``, ``left``), from 0.

    ``faults`` tells of cells that look empty and are not: address to an Excel error such as "#N/A", or
    to "" for a formula that was never calculated. ``percents`` are the addresses of numbers shown as
    per cent (0.92 is shown as 92%). ``hidden_rows`` are row numbers as shown. ``merged`` are rectangles
    (top, left, bottom, right) on the sheet, from 0; a merged cell's value stands at its top left.
    ``short_rows`` are the numbers of rows of a text that have fewer cells than nearly all others.
    """

    name: str
    hidden: bool
    rows: list[list[Cell]]  # equally long, but for CSV files with very many columns
    top: int = 0
    left: int = 0
    faults: dict[str, str] = {}
    percents: frozenset[str] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    merged: tuple[Merge, ...] = ()
    short_rows: frozenset[int] = frozenset()

    def address(self, row: int, column: int) -> str:
        """The address ("B7") of ``rows[row][column]``."""
        return f"{self.letters(column)}{self.number(row)}"

    def number(self, row: int) -> int:
        """The row number that the spreadsheet program shows for ``rows[row]``."""
        return self.top + row + 1

    def letters(self, column: int) -> str:
        """The letters ("B") of a column of ``rows``."""
        return column_letters(self.left + column)


class Workbook(Struct):
    """A file's sheets in their order. ``digest`` is the SHA-256 of the file, in hexadecimal.

    ``date1904``: day numbers count from 1904 instead of 1900 (ECMA-376 part 1, 18.17.4).
    """

    sheets: list[Sheet]
    kind: Kind
    digest: str = ""
    path: str = ""
    date1904: bool = False


# --- the file --------------------------------------------------------------------------------

PASTED = "standard input"  # what problems call the file that was pasted
_SMALL = 2_000_000  # bytes of text that are read here, where nothing but this program's own code reads them


def read(
    path: Path,
    problems: list[Problem],
    *,
    limits: Limits | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Workbook | None:
    """The workbook at ``path`` ("-": on standard input), or None and a problem that says what to do about it.

    ``encoding`` and ``delimiter`` are for texts about which the user says so; otherwise a text is UTF-8, or UTF-16
    where a byte order mark says so.
    """
    limits = limits or Limits()
    label = PASTED if path == STANDARD_INPUT else str(path)
    data = source.contents(path, label, limits, problems)
    if data is None:
        return None
    kind = source.kind_of(data)
    if isinstance(kind, Problem):
        problems.append(replace(kind, file=label))
        return None
    name = "roster" if path == STANDARD_INPUT else path.stem
    request = _Request(kind, name, limits, encoding, delimiter)
    workbook, told = _here(data, request) if kind == "csv" and len(data) < _SMALL else _confined(data, request)
    problems.extend(replace(problem, file=label) for problem in told)
    if workbook is not None:
        workbook.path = label
        workbook.digest = hashlib.sha256(data).hexdigest()
    return workbook


def load(
    data: bytes,
    kind: Kind,
    name: str,
    limits: Limits,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> tuple[Workbook | None, list[Problem]]:
    """Cells from bytes, in this process. ``name`` becomes the name of a text's only sheet."""
    return _here(data, _Request(kind, name, limits, encoding, delimiter))


class _Request(Struct, frozen=True):
    """What the child process is asked."""

    kind: Kind
    name: str
    limits: Limits
    encoding: str | None = None
    delimiter: str | None = None


class _Head(Struct, frozen=True):
    """A sheet before its rows; see :class:`Sheet`."""

    name: str
    hidden: bool
    top: int
    left: int
    notes: Notes
    short_rows: frozenset[int] = frozenset()


class _About(Struct, frozen=True):
    """What concerns all sheets."""

    date1904: bool


_Piece = _About | _Head | list[list[Cell]] | Problem


def _here(data: bytes, request: _Request) -> tuple[Workbook | None, list[Problem]]:
    try:
        return _assembled(_pieces(data, request), request.kind)
    except Refused as refused:
        return None, [refused.problem]


def _assembled(pieces: Iterable[_Piece], kind: Kind) -> tuple[Workbook | None, list[Problem]]:
    """Pieces as they come: what concerns all, then each sheet's head and rows; problems anywhere."""
    book = Workbook(sheets=[], kind=kind)
    problems: list[Problem] = []
    for piece in pieces:
        if isinstance(piece, list):
            book.sheets[-1].rows += piece
        elif isinstance(piece, _Head):
            notes = piece.notes
            book.sheets.append(
                Sheet(
                    name=piece.name,
                    hidden=piece.hidden,
                    rows=[],
                    top=piece.top,
                    left=piece.left,
                    faults=notes.faults,
                    percents=notes.percents,
                    hidden_rows=notes.hidden_rows,
                    merged=notes.merged,
                    short_rows=piece.short_rows,
                )
            )
        elif isinstance(piece, _About):
            book.date1904 = piece.date1904
        else:
            problems.append(piece)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        return None, errors
    for sheet in book.sheets:
        _cover(sheet)
    return book, problems


def _cover(sheet: Sheet) -> None:
    """Empties what lies below a merged cell: no spreadsheet program shows those values."""
    width = max(map(len, sheet.rows), default=0)
    left_to_do = 2_000_000
    for top, left, bottom, right in sheet.merged:
        rows = range(max(top - sheet.top, 0), min(bottom - sheet.top + 1, len(sheet.rows)))
        first, last = max(left - sheet.left, 0), min(right - sheet.left, width - 1)
        left_to_do -= len(rows) * max(last - first + 1, 0)
        if left_to_do < 0:  # merged over each other, on purpose
            return
        for i in rows:
            row = sheet.rows[i]
            for j in range(first, min(last + 1, len(row))):
                if (i, j) != (top - sheet.top, left - sheet.left):
                    row[j] = None


# --- in a process of its own -----------------------------------------------------------------


def _confined(data: bytes, request: _Request) -> tuple[Workbook | None, list[Problem]]:
    limits = request.limits
    pieces = confine.call(
        "certgen.workbook:serve",
        msgspec.json.encode(request).decode("utf-8"),
        data,
        memory=limits.memory,
        seconds=limits.seconds,
    )
    try:
        return _assembled(map(_unpacked, pieces), request.kind)
    except confine.Ended as ended:
        return None, [_ended(ended.why, limits)]


def _ended(why: confine.Why, limits: Limits) -> Problem:
    copy = "Copy only the people into a new workbook and save that, or save the sheet as CSV in UTF-8."
    if why == "memory":
        most = limits.memory // (1024 * 1024)
        message = f"Reading this file takes more than {most} MB of memory, so it was not read."
        return Problem(code="too-much-memory", message=message, hint=copy)
    if why == "time":
        message = f"Reading this file takes longer than {limits.seconds:g} seconds, so it was not read."
        return Problem(code="too-slow", message=message, hint=copy)
    return Problem(code="reader-failed", message="The file is damaged so badly that reading it fails.", hint=DAMAGED[2])


# Dates travel as extensions of MessagePack: as texts, nothing would tell them from names.
_DATE, _DATETIME, _DURATION = 1, 2, 3
_HEADS = msgspec.msgpack.Decoder(_Head)
_ABOUT = msgspec.msgpack.Decoder(_About)
_PROBLEMS = msgspec.msgpack.Decoder(Problem)


def _extension(code: int, data: memoryview) -> date | timedelta:
    text = bytes(data).decode("ascii")
    if code == _DATE:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if code == _DATETIME else timedelta(seconds=float(text))


_ROWS = msgspec.msgpack.Decoder(list[list[Any]], ext_hook=_extension)


def _unpacked(piece: bytes) -> _Piece:
    body = memoryview(piece)[1:]
    try:
        if piece[:1] == b"R":
            return _ROWS.decode(body)
        decoder: Any = {b"H": _HEADS, b"A": _ABOUT, b"P": _PROBLEMS}[piece[:1]]
        return decoder.decode(body)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, ValueError, KeyError):
        raise confine.Ended("crash") from None


def serve(argument: str, data: bytes) -> Iterator[bytes]:
    """The child's side: :func:`load` in pieces."""
    encoder = msgspec.msgpack.Encoder()
    try:
        for piece in _pieces(data, msgspec.json.decode(argument, type=_Request)):
            if isinstance(piece, list):
                for row in piece:
                    for i, cell in enumerate(row):
                        if isinstance(cell, (date, timedelta)):
                            row[i] = _packed(cell)  # type: ignore[call-overload]
                yield b"R" + encoder.encode(piece)
            else:
                tag = b"H" if isinstance(piece, _Head) else b"A" if isinstance(piece, _About) else b"P"
                yield tag + encoder.encode(piece)
    except Refused as refused:
        yield b"P" + encoder.encode(refused.problem)


def _packed(cell: date | timedelta) -> msgspec.msgpack.Ext:
    if isinstance(cell, timedelta):
        return msgspec.msgpack.Ext(_DURATION, str(cell.total_seconds()).encode("ascii"))
    return msgspec.msgpack.Ext(_DATETIME if isinstance(cell, datetime) else _DATE, cell.isoformat().encode("ascii"))


# --- reading ---------------------------------------------------------------------------------

_AT_ONCE = 2000  # rows in one piece


def _pieces(data: bytes, request: _Request) -> Iterator[_Piece]:
    """The workbook in pieces; raises :class:`Refused`."""
    limits = request.limits
    if request.kind != "csv":
        yield from _workbook(data, request.kind, limits)
        return
    rows, top, short = delimited.read(data, limits, request.encoding, request.delimiter)
    yield _Head(request.name, False, top, 0, Notes(), short)
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]  # type: ignore[misc]


def _notes(data: bytes, kind: Kind, limits: Limits) -> tuple[dict[str, Notes], bool]:
    """What calamine does not tell, by the sheet's name, and the epoch. Refuses archives that do harm."""
    if kind == "xls":
        from certgen.biff import xls_notes

        return xls_notes(data)
    package = Package(data, limits)
    if kind == "ods":
        from certgen import ods

        return ods.notes(package, limits), False
    if kind == "xlsb":
        from certgen.biff import xlsb_notes

        return xlsb_notes(package)
    from certgen import xlsx

    return xlsx.notes(package, limits)


def _workbook(data: bytes, kind: Kind, limits: Limits) -> Iterator[_Piece]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    notes, date1904 = _notes(data, kind, limits)
    yield _About(date1904)
    damaged = read = cells = 0
    try:
        reader = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for meta in reader.sheets_metadata:
            if meta.typ is not SheetTypeEnum.WorkSheet:
                continue
            try:
                grid = reader.get_sheet_by_name(meta.name)
            except CalamineError:
                damaged += 1
                yield Problem(
                    code="damaged-sheet",
                    message=f"The sheet “{meta.name}” is damaged and was not read.",
                    hint=DAMAGED[2],
                    severity="warning",
                    sheet=meta.name,
                )
                continue
            if grid.height > limits.rows or grid.width > limits.columns or grid.height * grid.width > limits.cells:
                raise too_many_rows(limits, meta.name)
            read += 1
            top, left = grid.start or (0, 0)
            hidden = meta.visible is not SheetVisibleEnum.Visible
            yield _Head(meta.name, hidden, top, left, notes.get(meta.name, Notes()))
            rows: list[list[Cell]] = []
            for row in grid.to_python(skip_empty_area=True) if grid.start else ():
                rows.append(_cells(row))
                cells += len(row)
                if len(rows) == _AT_ONCE:
                    yield rows
                    rows = []
            yield rows
    except PasswordError:
        raise Refused(*PASSWORD) from None
    except (CalamineError, OSError, ValueError):
        raise Refused(*DAMAGED) from None
    except BaseException as error:
        # A panic of the reader's Rust code derives from BaseException and has no importable type.
        if type(error).__name__ != "PanicException":
            raise
        raise Refused(*DAMAGED) from None
    if damaged and not read:
        raise Refused(*DAMAGED)
    if not cells:
        raise Refused("empty-file", "The workbook has no cells in it.", "Check that it is the right file, and saved.")


def _cells(row: Sequence[object]) -> list[Cell]:
    """Calamine's values as ours: no empty texts, whole numbers as int, times of day as durations."""
    cells: list[Cell] = []
    for value in row:
        if value == "":
            cells.append(None)
        elif isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            cells.append(int(value))
        elif isinstance(value, time):
            cells.append(timedelta(hours=value.hour, minutes=value.minute, seconds=value.second))
        else:
            cells.append(value)  # type: ignore[arg-type]
    return cells
