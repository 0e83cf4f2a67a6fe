"""The roster as it came with each problem as a note on its cell, for whoever has to mend it.

Cells with an error are red, those with a warning yellow. A sheet of its own lists every problem, also those of other
files. A workbook (.xlsx, .xlsm) keeps its styles, and loses its macros; of any other file the values are copied.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certgen.errors import Problem
from certgen.package import Limits, Package, Refused
from certgen.workbook import Sheet

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

LIST = "certgen problems"  # the added sheet; no header on it is one that certgen reads as people's
MARK = b"certgen check"  # in the archive's comment: an earlier report of ours may be written over
COLOURS = {"error": "FFC9C4", "warning": "FFEFB0"}
LARGEST = 64_000_000  # bytes of XML that are loaded with their styles
_ADDRESS = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # XML 1.0, 2.2


def annotated(
    source: bytes, values: Callable[[], Sequence[Sheet]], roster: Path, sheet: str, problems: Sequence[Problem]
) -> bytes:
    """The workbook with its notes. ``sheet`` is the one with the people; problems of ``roster`` stand on its cells.
    ``values`` reads the sheets where the file is not a workbook to be kept."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what openpyxl does not keep, such as slicers
        book = _loaded(source) or _made(values())
        for problem in problems:
            if problem.file is None or Path(problem.file) == roster:
                _note(book, problem, sheet)
        _listed(book, problems)
        out = io.BytesIO()
        book.save(out)
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = MARK
    return out.getvalue()


def is_ours(data: bytes) -> bool:
    """Whether a file is an earlier report, as certgen wrote it."""
    return data.startswith(b"PK") and data.endswith(MARK)


def _loaded(source: bytes) -> Workbook | None:
    """A workbook with its styles; None where that cannot be, or takes too much memory."""
    from openpyxl import load_workbook

    if not source.startswith(b"PK"):
        return None
    try:
        package = Package(source, Limits())
        if sum(member.file_size for member in package.members.values()) > LARGEST:
            return None
        return load_workbook(io.BytesIO(source))
    except Refused:
        return None
    except Exception:  # openpyxl has no error of its own for what it cannot read; the values are there all the same
        return None


def _made(sheets: Sequence[Sheet]) -> Workbook:
    from openpyxl import Workbook

    book = Workbook()
    del book["Sheet"]
    for sheet in sheets:
        page = book.create_sheet(_title(sheet.name))
        for at, row in enumerate(sheet.rows):
            for column, value in enumerate(row):
                if value is not None:
                    _write(page, sheet.number(at), sheet.left + column + 1, value)
    return book


def _title(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:31].strip("' ") or "People"


def _write(page: Worksheet, row: int, column: int, value: Any) -> None:
    """A value; text is never a formula."""
    cell = page.cell(row, column)
    if isinstance(value, str):
        cell.value = _ILLEGAL.sub("\ufffd", value)[:32_000]
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = value


def _note(book: Workbook, problem: Problem, people: str) -> None:
    """One problem on its cell, below what is noted there already."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    wanted = problem.sheet or people
    page = next((book[name] for name in (wanted, _title(wanted)) if name in book.sheetnames), None)
    address = problem.cell or (f"A{problem.row}" if problem.row else None)
    if page is None or address is None or not _ADDRESS.fullmatch(address):
        return
    for merged in page.merged_cells.ranges:
        if address in merged:
            address = merged.start_cell.coordinate
    cell = page[address]
    words = _ILLEGAL.sub("\ufffd", f"{problem.message} {problem.hint}".strip())
    earlier = f"{cell.comment.text}\n\n" if cell.comment else ""
    severe = problem.severity == "error" or cell.fill.fgColor.rgb == f"00{COLOURS['error']}"
    cell.comment = Comment(f"{earlier}{words}"[:8_000], "certgen", width=340, height=60 + 18 * (len(words) // 45))
    cell.fill = PatternFill("solid", fgColor=COLOURS["error" if severe else "warning"])


def _listed(book: Workbook, problems: Sequence[Problem]) -> None:
    """Every problem in a sheet of its own, errors first."""
    from openpyxl.styles import Alignment, Font, PatternFill

    if LIST in book.sheetnames:
        del book[LIST]
    page = book.create_sheet(LIST)
    for column, (header, width) in enumerate(_COLUMNS, 1):
        page.cell(1, column, header).font = Font(bold=True)
        page.column_dimensions["ABCD"[column - 1]].width = width
    for row, problem in enumerate(sorted(problems, key=lambda problem: problem.severity != "error"), 2):
        what = "mend" if problem.severity == "error" else "look"
        texts = (what, _where(problem), problem.message, problem.hint)
        for column, text in enumerate(texts, 1):
            _write(page, row, column, text)
            page.cell(row, column).alignment = Alignment(wrap_text=True, vertical="top")
        page.cell(row, 1).fill = PatternFill("solid", fgColor=COLOURS[problem.severity])
    page.freeze_panes = "A2"


_COLUMNS = (("What to do", 11), ("Where", 34), ("What is wrong", 70), ("How to mend it", 70))


def _where(problem: Problem) -> str:
    parts = [Path(problem.file).name if problem.file else "", problem.sheet or "" if problem.cell else ""]
    parts.append(problem.cell or (f"row {problem.row}" if problem.row else ""))
    parts.append(f"line {problem.line}" if problem.line else "")
    return ", ".join(part for part in parts if part)
