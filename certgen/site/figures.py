"""Figures of occupations, from an optional table of the academy's: how many employers ask for one, and where.

They change from year to year, so they are not among the course facts, whose hash is signed, but in a file beside them
that the page shows as unsigned.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date, datetime
from pathlib import Path
from typing import Any

from certgen import values, workbook
from certgen.errors import Problem
from certgen.workbook import Cell, Sheet

FORMAT = "certgen-figures-1"
COLUMNS = ("titles", "employers", "openings", "country", "as_of")
_LONGEST = 200  # characters of a cell


def figures(path: Path, problems: list[Problem]) -> bytes | None:
    """``figures.json`` of a table with the columns ``COLUMNS``, in any order, and perhaps ``code`` and ``source``.

    A row belongs to the occupation of its code, or to each of its titles, which stand between semicolons. None with
    problems where a row cannot be read.
    """
    book = workbook.read(path, problems)
    if book is None:
        return None
    sheet, told = book.sheets[0], len(problems)
    at = _columns(sheet, path, problems)
    found: dict[str, list[dict[str, str]]] = {}
    source = ""
    for number, row in enumerate(sheet.rows[1:] if at else [], 1):
        cells = {name: row[column] if column < len(row) else None for name, column in at.items()}
        if all(values.is_blank(cell) for cell in cells.values()):
            continue
        says = {name: text for name in COLUMNS if (text := _text(name, cells[name]))}
        for name in ("employers", "openings"):
            if not re.fullmatch(r"\d{0,12}", says.get(name, "")):
                hint = "Write a whole number in digits, or leave the cell empty."
                problems.append(_wrong(path, sheet, number, at[name], f"“{says[name]}” is no number of {name}.", hint))
        titles, code = says.get("titles", ""), _text("code", cells.get("code"))
        if not titles:
            hint = "Name the occupation there as in the course, or several with semicolons."
            problems.append(_wrong(path, sheet, number, at["titles"], "This row names no occupation.", hint))
        source = source or _text("source", cells.get("source"))
        for key in [code] if code else [title_key(title) for title in titles.split(";") if title.strip()]:
            found.setdefault(key, []).append(says)
    if len(problems) > told:
        return None
    return _written({"format": FORMAT, "source": source, "figures": found})


def title_key(title: str) -> str:
    """What an occupation without a code is looked up by."""
    return " ".join(title.lower().split())


def _written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8") + b"\n"


def _columns(sheet: Sheet, path: Path, problems: list[Problem]) -> dict[str, int]:
    """Where each column stands, by the first row; empty, with a problem, when one is not there."""
    headers = [values.key(values.as_text(cell)) for cell in sheet.rows[0]] if sheet.rows else []
    at = {name: headers.index(name.replace("_", "")) for name in (*COLUMNS, "code", "source")
          if name.replace("_", "") in headers}  # fmt: skip
    missing = [name for name in COLUMNS if name not in at]
    if missing:
        problems.append(
            Problem(
                code="figures",
                message=f"The table of figures has no column {' and no column '.join(missing)}.",
                hint=f"Its first row names the columns: {', '.join(COLUMNS)}, and perhaps code and source.",
                file=str(path),
                sheet=sheet.name,
            )
        )
        return {}
    return at


def _text(name: str, cell: Cell) -> str:
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()
    text = "".join(c for c in values.as_text(cell) if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    text = " ".join(text.split())[:_LONGEST]
    return re.sub(r"(?<=\d)[ ,.'’\u202f](?=\d{3}\b)", "", text) if name in ("employers", "openings") else text


def _wrong(path: Path, sheet: Sheet, row: int, column: int, message: str, hint: str) -> Problem:
    return Problem(
        code="figures", message=message, hint=hint, file=str(path), sheet=sheet.name, cell=sheet.address(row, column)
    )
