"""Bytes to cells: reads ``.xlsx``, ``.xlsm`` and ``.csv`` files into plain sheets, and trusts none of them.

The kind of a file is found from its content, never from its name. No formula is evaluated, no link
followed. :func:`read` looks at the file system and tells what is wrong in a coordinator's words;
:func:`load` is a pure function of bytes whose arguments and result pickle, so that it can run in a
child process with limits on memory and time.

Addresses are those that the spreadsheet program shows, wherever on the sheet the table begins.
Source: RFC 4180 (CSV); package.py has those of .xlsx.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from certgen.errors import Problem
from certgen.package import DAMAGED, PASSWORD, Limits, Notes, Package, Refused, column_letters, part_name

Cell = str | int | float | bool | date | datetime | timedelta | None
Kind = Literal["xlsx", "csv"]


class Sheet(Struct):
    """One sheet: ``rows`` begins at its first used cell, whose place is (``top``, ``left``), from 0.

    ``faults`` tells of cells that look empty and are not: address to an Excel error such as "#N/A", or
    to "" for a formula that was never calculated. ``percents`` are the addresses of numbers shown as
    per cent (0.92 is shown as 92%). ``hidden_rows`` are row numbers as shown.
    """

    name: str
    hidden: bool
    rows: list[list[Cell]]  # equally long, but for CSV files with very many columns
    top: int = 0
    left: int = 0
    faults: dict[str, str] = {}
    percents: frozenset[str] = frozenset()
    hidden_rows: frozenset[int] = frozenset()

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


def read(
    path: Path, problems: list[Problem], *, limits: Limits | None = None, encoding: str | None = None
) -> Workbook | None:
    """The workbook at ``path``, or None and a problem that says what to do about it.

    ``encoding`` is for CSV files whose encoding the user states; otherwise it is UTF-8, or UTF-16
    where a byte order mark says so.
    """
    limits = limits or Limits()
    data = _bytes(path, limits, problems)
    if data is None:
        return None
    kind = _kind(data)
    if isinstance(kind, Problem):
        problems.append(replace(kind, file=str(path)))
        return None
    # The next line is the seam: load() may run in a child process, its arguments and result pickle.
    workbook, told = load(data, kind, path.stem, limits, encoding)
    problems.extend(replace(problem, file=str(path)) for problem in told)
    if workbook is not None:
        workbook.path = str(path)
        workbook.digest = hashlib.sha256(data).hexdigest()
    return workbook


def load(
    data: bytes, kind: Kind, name: str, limits: Limits, encoding: str | None = None
) -> tuple[Workbook | None, list[Problem]]:
    """Cells from bytes, without any file. ``name`` becomes the name of a CSV file's only sheet."""
    try:
        if kind == "csv":
            return _load_csv(data, name, limits, encoding), []
        return _load_xlsx(data, limits)
    except Refused as refused:
        return None, [refused.problem]


def _bytes(path: Path, limits: Limits, problems: list[Problem]) -> bytes | None:
    def told(code: str, message: str, hint: str) -> None:
        problems.append(Problem(code=code, message=message, hint=hint, file=str(path)))

    if path.name.startswith("~$"):
        told(
            "not-a-spreadsheet",
            "This is the marker that Excel leaves beside a workbook while it is open, not the workbook.",
            f"Choose “{path.name[2:]}” instead.",
        )
        return None
    try:
        if path.is_dir():
            told("not-a-file", "This is a folder, not a roster.", "Name the .xlsx or .csv file inside it.")
            return None
        with path.open("rb") as file:
            data = file.read(limits.file_bytes + 1)
    except FileNotFoundError:
        told("missing-file", "There is no such file.", "Check its name and folder; a roster is an .xlsx or .csv file.")
        return None
    except PermissionError:
        told(
            "locked-file",
            "The file cannot be opened: another program holds it, or you may not read it.",
            "Close it in Excel and try again; if it is on a shared drive, ask for the right to read it.",
        )
        return None
    except OSError as error:
        told(
            "unreadable-file",
            f"The file cannot be read ({error.strerror or type(error).__name__}).",
            "Copy it to a folder on this computer and try again.",
        )
        return None
    if not data:
        told("empty-file", "The file is empty (0 bytes).", "Save the roster again; a copy may have been cut off.")
        return None
    if len(data) > limits.file_bytes:
        told(
            "too-large",
            f"The file is larger than {limits.file_bytes // 1_000_000} MB.",
            "Save only the sheet with the people as a new workbook; pictures make workbooks large.",
        )
        return None
    return data


def _other(what: str, hint: str = "", code: str = "unsupported-format") -> Problem:
    save = "Open it in Excel or LibreOffice and save it as “Excel workbook (.xlsx)”, or as CSV in UTF-8."
    return Problem(code=code, message=f"This is {what}.", hint=hint or save)


def _kind(data: bytes) -> Kind | Problem:
    """What the content is, or a problem that says what to save it as."""
    head = data[:4096].removeprefix(codecs.BOM_UTF8).lstrip()
    if data.startswith(b"PK"):
        return _zip_kind(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        # Office encrypts a workbook by wrapping it in a compound file (MS-OFFCRYPTO, 2.3.4.4).
        if "EncryptedPackage".encode("utf-16-le") in data:
            return Problem(code=PASSWORD[0], message=PASSWORD[1], hint=PASSWORD[2])
        return _other("an old Excel workbook (.xls)")
    if head.startswith(b"%PDF"):
        return _other("a PDF, not a spreadsheet", "Ask for the spreadsheet it was made from.", "not-a-spreadsheet")
    if re.match(rb"(?i)<(!doctype|html|table|\?xml)", head):
        return _other("a web page or an XML file, whatever its name says")
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"GIF8", b"{\\rtf")):
        return _other("a picture or a text document", "Ask for the roster as a spreadsheet.", "not-a-spreadsheet")
    return "csv"


def _zip_kind(data: bytes) -> Kind | Problem:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {part_name(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return Problem(code=DAMAGED[0], message=DAMAGED[1], hint=DAMAGED[2])
    if any(name.endswith("workbook.bin") for name in names):
        return _other("a binary Excel workbook (.xlsb)")
    if "content.xml" in names:
        return _other("an OpenDocument file (.ods)")
    if any(name.startswith("word/") for name in names):
        hint = "Copy its table into a spreadsheet and save that as .xlsx."
        return _other("a Word document, not a spreadsheet", hint, "not-a-spreadsheet")
    if any(name.endswith("workbook.xml") for name in names) or "[content_types].xml" in names:
        return "xlsx"
    return _other("a zip archive, not a spreadsheet", "Unpack it and choose the roster inside.", "not-a-spreadsheet")


# --- .xlsx -----------------------------------------------------------------------------------


def _load_xlsx(data: bytes, limits: Limits) -> tuple[Workbook, list[Problem]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    package = Package(data, limits)
    problems: list[Problem] = []
    sheets: list[Sheet] = []
    notes = package.notes(limits)
    try:
        source = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for meta in source.sheets_metadata:
            if meta.typ is not SheetTypeEnum.WorkSheet:
                continue
            try:
                grid = source.get_sheet_by_name(meta.name)
                rows = [_cells(row) for row in grid.to_python(skip_empty_area=True)]
            except CalamineError:
                problems.append(
                    Problem(
                        code="damaged-sheet",
                        message=f"The sheet “{meta.name}” is damaged and was not read.",
                        hint=DAMAGED[2],
                        severity="warning",
                        sheet=meta.name,
                    )
                )
                continue
            top, left = grid.start or (0, 0)
            note = notes.get(meta.name, Notes())
            sheets.append(
                Sheet(
                    name=meta.name,
                    hidden=meta.visible is not SheetVisibleEnum.Visible,
                    rows=rows,
                    top=top,
                    left=left,
                    faults=note.faults,
                    percents=note.percents,
                    hidden_rows=note.hidden_rows,
                )
            )
    except PasswordError:
        raise Refused(*PASSWORD) from None
    except (CalamineError, OSError, ValueError):
        raise Refused(*DAMAGED) from None
    except BaseException as error:
        # A panic of the reader's Rust code derives from BaseException and has no importable type.
        if type(error).__name__ != "PanicException":
            raise
        raise Refused(*DAMAGED) from None
    if problems and not sheets:
        raise Refused(*DAMAGED)
    if not any(sheet.rows for sheet in sheets):
        raise Refused("empty-file", "The workbook has no cells in it.", "Check that it is the right file, and saved.")
    return Workbook(sheets=sheets, kind="xlsx", date1904=package.date1904), problems


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


# --- .csv ------------------------------------------------------------------------------------


def _load_csv(data: bytes, name: str, limits: Limits, encoding: str | None) -> Workbook:
    text = _decode(data, encoding)
    first, _, rest = text.partition("\n")
    declared = re.fullmatch(r"(?i)\"?sep=(.)\"?", first.strip("\r"))  # Excel's own first line
    delimiter = declared[1] if declared else _delimiter(text)
    rows: list[list[Cell]] = []
    count = 0
    for record in _records(rest if declared else text, delimiter):
        if len(record) > limits.columns or count > limits.cells or len(rows) > limits.rows:
            raise Refused(
                "too-large",
                f"The file has more rows or columns than can be read ({limits.rows:,} and {limits.columns:,}).",
                "Split it, or keep only the columns that the certificates need.",
            )
        count += len(record)
        rows.append([value or None for value in record])
    top = 1 if declared else 0
    width = max(map(len, rows), default=0)
    if width * len(rows) <= limits.cells:
        for row in rows:
            row.extend([None] * (width - len(row)))
    if not any(value and value.strip() for row in rows for value in row if isinstance(value, str)):
        raise Refused("empty-file", "The file has no text in it.", "Check that it is the right file, and saved.")
    return Workbook(sheets=[Sheet(name=name, hidden=False, rows=rows, top=top)], kind="csv")


def _decode(data: bytes, encoding: str | None) -> str:
    """Strict: a wrong guess would print a wrong name. What cannot be decoded is told with its line."""
    if encoding is None:
        for mark, encoded in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's, so it comes first
            (codecs.BOM_UTF32_BE, "utf-32"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if data.startswith(mark):
                encoding = encoded
                break
    advice = "In Excel choose File > Save As > “CSV UTF-8 (comma delimited)”, or save as .xlsx."
    head = data[:2000]
    if encoding is None and head.count(b"\0") * 3 > len(head):
        raise Refused("encoding", "The text is in UTF-16 or UTF-32 and does not say so.", advice)
    if encoding is None and re.search(rb"\x1b[$(]", head):
        raise Refused("encoding", "The text is in ISO-2022 (an encoding of e-mail), not in UTF-8.", advice)
    try:
        text = data.decode(encoding or "utf-8")
    except LookupError:
        raise Refused("encoding", f"“{encoding}” is not a known encoding.", "Try utf-8 or windows-1252.") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        start = data.rfind(b"\n", 0, error.start) + 1
        broken = data[start : start + 200].split(b"\n")[0].decode("cp1252", "replace").strip()
        looks = f" Read as Windows-1252, the line would say “{broken[:80]}”." if encoding is None else ""
        raise Refused(
            "encoding", f"Row {line} is not in {'UTF-8' if encoding is None else encoding}.{looks}", advice, line
        ) from None
    # Joined files carry marks inside; a mark at the start of a line is never part of a name.
    return re.sub(r"(?m)^\ufeff+", "", text)


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab (or bar): the one that cuts the first records most evenly."""
    sample = text[:20_000]
    whole = len(sample) == len(text)
    best, chosen = (0.0, 0), ","
    for delimiter in ";\t,|":
        try:
            records = [record for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if record]
        except csv.Error:
            continue
        records = records[: 50 if whole else -1][:50]
        widths = [len(record) for record in records]
        width = max(set(widths), key=lambda w: (widths.count(w), w)) if widths else 1
        if width > 1 and (score := (widths.count(width) / len(widths), min(width, 2))) > best:
            best, chosen = score, delimiter
    return chosen


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Every record, blank ones as empty lists: Excel counts each as one row, line breaks in quotes or not."""
    # An open quotation mark would swallow the rest of the file. A last line of our own shows whether it did.
    sentinel = "certgen: end"
    lines = io.StringIO(f"{text}{'' if text.endswith(chr(10)) else chr(10)}{sentinel}\n", newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    row = 0
    previous: list[str] | None = None
    try:
        for record in reader:
            if previous is not None:
                yield previous
            row += 1
            previous = record
    except csv.Error:
        raise Refused(
            "too-long",
            f"Row {row + 1} has a cell of more than {csv.field_size_limit():,} characters.",
            "Look for a quotation mark that is opened and never closed.",
            row + 1,
        ) from None
    if previous != [sentinel]:
        raise Refused(
            "open-quote",
            f"A quotation mark in row {row} is opened and never closed, so the rest of the file is one cell.",
            "Close or remove it, or save the roster as .xlsx.",
            row,
        )
