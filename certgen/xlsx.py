"""What calamine leaves unsaid about an .xlsx workbook, from the sheets' own XML.

Calamine is fast and forgiving: error cells and formulas without a value come back empty, a stray cell
makes it ask for all the memory there is, and it says nothing of hidden rows or per cent.
Source: ECMA-376 part 1, 18.2 (workbook), 18.3 (sheets) and 18.8 (styles).
"""

from __future__ import annotations

import re

from certgen.package import (
    DAMAGED,
    EXCEL_COLUMNS,
    EXCEL_ROWS,
    Limits,
    Merge,
    Notes,
    Package,
    Refused,
    column_index,
    column_letters,
    too_many_rows,
)


def notes(package: Package, limits: Limits) -> tuple[dict[str, Notes], bool]:
    """Notes by the sheet's name, and whether dates count from 1904. Raises for a sheet that is too large to hold."""
    sheets, date1904 = _workbook(package)
    styles = _percent_styles(package)
    found = {}
    for sheet, name in sheets.items():
        data = package.part(name)
        if data is not None and re.search(rb"<(?:\w+:)?worksheet\b", data[:65_536]):
            _refuse_vast(sheet, data, limits)
            found[sheet] = _sheet_notes(data, styles)
    return found, date1904


def sheet_parts(package: Package) -> dict[str, str]:
    """The part of each sheet, by the sheet's name. Raises :class:`Refused`."""
    return _workbook(package)[0]


def _workbook(package: Package) -> tuple[dict[str, str], bool]:
    """Each sheet's part by the sheet's name, and whether dates count from 1904."""
    home = next((name for name in package.members if name.endswith("workbook.xml")), "")
    root = package.xml(home)
    if root is None:
        raise Refused(*DAMAGED)
    targets = package.relations(home)
    sheets: dict[str, str] = {}
    date1904 = False
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag == "sheet":
            key = next((value for name, value in element.items() if name.rpartition("}")[2] == "id"), "")
            sheets[element.get("name", "")] = targets.get(key, "")
        elif tag == "workbookPr":
            date1904 = element.get("date1904", "0") in ("1", "true")
    return sheets, date1904


def _percent_styles(package: Package) -> tuple[bytes, ...]:
    """Indexes of the cell formats that show per cent (number formats 9 and 10, or with an unquoted %)."""
    name = next((name for name in package.members if name.endswith("styles.xml")), "")
    member = package.members.get(name)
    root = package.xml(name) if member and member.file_size < 20_000_000 else None
    if root is None:
        return ()
    percent = {"9", "10"}
    found: list[bytes] = []
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag == "numFmt" and is_percent(element.get("formatCode", "")):
            percent.add(element.get("numFmtId", ""))
        elif tag == "cellXfs":
            found = [b"%d" % i for i, format_ in enumerate(element) if format_.get("numFmtId") in percent]
    return tuple(found)


def is_percent(number_format: str) -> bool:
    """Whether a number format shows per cent: a sign in quotes is only decoration (18.8.31)."""
    return "%" in re.sub(r'"[^"]*"|\\.', "", number_format)


_REFERENCE = re.compile(rb'\br="([A-Z]{1,9})(\d{1,12})"')


# A reference beyond column Z or row 249,999; without any, a sheet is within every limit.
_FAR = re.compile(rb'\br="(?:[A-Z]{2,}\d|[A-Z]?(?:\d{7,}|[3-9]\d{5}|2[5-9]\d{4})")')


def _refuse_vast(sheet: str, data: bytes, limits: Limits) -> None:
    """Calamine lays a sheet out as one rectangle: a stray cell at XFD1048576 would ask for 549 GB."""
    if limits.rows * 26 <= limits.cells and limits.rows >= 250_000 and not _FAR.search(data):
        return
    last = max(map(int, re.findall(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,12})"', data)), default=0)
    widest = max((column_index(m.decode()) for m in set(re.findall(rb'\br="([A-Z]+)\d', data))), default=0)
    if last <= limits.rows and widest < limits.columns and (widest + 1) * last <= limits.cells:
        return
    # Rare: measure exactly, by the cells that hold something.
    top, left, bottom, right, many = EXCEL_ROWS, EXCEL_COLUMNS, -1, -1, set()
    for cell in re.finditer(rb"<(?:\w+:)?c\b([^>]*[^/>])>(?!</)", data):
        reference = _REFERENCE.search(cell[1])
        if reference is None:
            continue
        row, column = int(reference[2]) - 1, column_index(reference[1].decode())
        top, left, bottom, right = min(top, row), min(left, column), max(bottom, row), max(right, column)
        many.add(row)
    height, width = bottom - top + 1, right - left + 1
    if bottom < EXCEL_ROWS and right < EXCEL_COLUMNS and height <= limits.rows and height * width <= limits.cells:
        return
    if len(many) > limits.rows:
        raise too_many_rows(limits, sheet)
    far = f"{column_letters(right)}{bottom + 1}"
    raise Refused(
        "stray-cell",
        f"The sheet “{sheet}” reaches as far as {far}, though little of it is filled.",
        f"Press Ctrl+End to find the stray cells near {far}, delete their rows and columns, and save.",
        sheet=sheet,
        cell=far,
    )


def _sheet_notes(data: bytes, percent_styles: tuple[bytes, ...]) -> Notes:
    faults: dict[str, str] = {}
    if b't="e"' in data:
        for cell in re.finditer(rb'<(?:\w+:)?c\b([^>]*?\bt="e"[^>]*)>(.{0,4000}?)</(?:\w+:)?c>', data, re.DOTALL):
            value = re.search(rb"<(?:\w+:)?v>([^<]*)<", cell[2])
            faults[_address(cell[1])] = value[1].decode("utf-8", "replace") if value else "#VALUE!"
    # A formula that was never calculated has no <v>, or an empty one that is not said to be text.
    for formula in re.finditer(rb"<(?:\w+:)?f[ />]", data):
        start = data.rfind(b"<", 0, formula.start())
        end = data.find(b"c>", formula.end())
        attributes = data[start : formula.start()]
        valued = re.search(rb"<(?:\w+:)?v>[^<]", data[formula.end() : end])
        if valued is None and b't="str"' not in attributes and re.match(rb"<(?:\w+:)?c\b", attributes):
            faults[_address(attributes)] = ""
    percents: frozenset[str] = frozenset()
    if percent_styles:
        pattern = rb'<(?:\w+:)?c\b([^>]*?\bs="(?:%s)"[^>]*[^/])>' % b"|".join(percent_styles)
        percents = frozenset(_address(cell[1]) for cell in re.finditer(pattern, data))
    hidden: frozenset[int] = frozenset()
    if b'hidden="1"' in data or b'hidden="true"' in data:
        rows = re.finditer(rb'<(?:\w+:)?row\b([^>]*?\bhidden="(?:1|true)"[^>]*)>', data)
        numbers = (re.search(rb'\br="(\d+)"', row[1]) for row in rows)
        hidden = frozenset(int(number[1]) for number in numbers if number)
    faults.pop("", None)
    return Notes(faults=faults, percents=percents, hidden_rows=hidden, merged=_merged(data))


def _merged(data: bytes) -> tuple[Merge, ...]:
    if b"mergeCell" not in data:
        return ()
    pattern = rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"'
    return tuple(
        (int(m[2]) - 1, column_index(m[1].decode()), int(m[4]) - 1, column_index(m[3].decode()))
        for m in re.finditer(pattern, data)
    )


def _address(attributes: bytes) -> str:
    reference = _REFERENCE.search(attributes)
    return (reference[1] + reference[2]).decode() if reference else ""
