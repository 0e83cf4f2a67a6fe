"""What calamine leaves unsaid about an .ods file, from its content.xml.

Source: OpenDocument 1.3 part 3 (tables, office:value-type, table:visibility) and part 2 (packages, encryption).
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from certgen.package import DAMAGED, PASSWORD, Limits, Merge, Notes, Package, Refused, column_letters, too_many_rows


def notes(package: Package, limits: Limits) -> dict[str, Notes]:
    """Notes by the sheet's name. Raises where there is a password, or rows or cells repeated beyond the limits."""
    manifest = package.part("meta-inf/manifest.xml") or b""
    if b"encryption-data" in manifest:
        raise Refused(*PASSWORD)
    content = package.part("content.xml")
    if content is None:
        raise Refused(*DAMAGED)
    scan = _Scan(limits)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.text
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise Refused(*DAMAGED) from None
    return scan.notes


class _Scan:
    """Counts rows and columns, repeated ones too, while elements pass by."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.notes: dict[str, Notes] = {}
        self.sheet = ""
        self.row = self.column = 0
        self.rows = self.columns = 1  # repetitions of the row and the cell at hand
        self.filled = self.used = 0
        self.hidden_row = self.cell = self.said = False
        self._new("")

    def _new(self, name: str) -> None:
        self.sheet, self.row, self.used = name, 0, 0
        self.faults: dict[str, str] = {}
        self.percents: set[str] = set()
        self.hidden: set[int] = set()
        self.merged: list[Merge] = []

    def start(self, name: str, attributes: dict[str, Any]) -> None:
        tag = name.rpartition(":")[2]
        if tag in ("table-cell", "covered-table-cell"):
            self.columns = _count(attributes, "table:number-columns-repeated")
            self.cell = True
            kind = attributes.get("office:value-type") or attributes.get("calcext:value-type")
            self.said = kind is not None
            address = f"{column_letters(self.column)}{self.row + 1}" if self.column < 20_000 else ""
            if kind == "percentage":
                self.percents.add(address)
            if "table:formula" in attributes and kind is None:
                self.faults[address] = ""
            down = _count(attributes, "table:number-rows-spanned")
            right = _count(attributes, "table:number-columns-spanned")
            if down > 1 or right > 1:
                self.merged.append((self.row, self.column, self.row + down - 1, self.column + right - 1))
        elif tag == "table-row":
            self.rows, self.column, self.filled = _count(attributes, "table:number-rows-repeated"), 0, 0
            self.hidden_row = attributes.get("table:visibility") in ("collapse", "filter")
        elif tag == "table":
            self._new(str(attributes.get("table:name", "")))

    def text(self, data: str) -> None:
        if self.cell and data.strip():
            self.said = True

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag in ("table-cell", "covered-table-cell"):
            self.cell = False
            self.column += self.columns
            if self.said:
                self.filled = self.column
        elif tag == "table-row":
            if self.filled:
                self.used = max(self.used, self.filled)
                if self.hidden_row and self.rows < 1000:
                    self.hidden |= set(range(self.row + 1, self.row + self.rows + 1))
            self.row += self.rows
            if self.filled and (self.row > self.limits.rows or self.row * self.used > self.limits.cells):
                raise too_many_rows(self.limits, self.sheet)
        elif tag == "table":
            self.notes[self.sheet] = Notes(
                self.faults, frozenset(self.percents), frozenset(self.hidden), tuple(self.merged)
            )


def _count(attributes: dict[str, Any], name: str) -> int:
    text = str(attributes.get(name, "1"))
    return max(int(text), 1) if text.isdecimal() and len(text) < 9 else 1
