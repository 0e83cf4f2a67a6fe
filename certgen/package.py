"""An .xlsx file as a zip archive of XML parts: checked before any parser sees it, and read beside calamine.

Calamine is fast and forgiving: error cells and formulas without a value come back empty, a stray cell
makes it ask for all the memory there is, and it says nothing of hidden rows or per cent. This module
refuses archives that are built to do harm, and finds in the sheets' own XML what is left unsaid.
Sources: ECMA-376 part 1, 18.3 (sheets) and 18.8 (styles); part 2 (packages); XML 1.0.
"""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import zipfile
import zlib
from xml.etree import ElementTree

from msgspec import Struct
from msgspec.structs import replace

from certgen.errors import Problem

EXCEL_ROWS, EXCEL_COLUMNS, EXCEL_CHARACTERS = 1_048_576, 16_384, 32_767


class Limits(Struct, frozen=True):
    """What a file may ask of the reader. Sizes are bytes; ``cells`` counts the sheet's used rectangle."""

    file_bytes: int = 100_000_000
    unpacked_bytes: int = 512_000_000
    ratio: int = 250  # unpacked to packed, of one member; real sheets stay below 100
    cells: int = 8_000_000
    rows: int = EXCEL_ROWS
    columns: int = EXCEL_COLUMNS


class Refused(Exception):
    """Ends the reading of one file; :func:`certgen.workbook.load` catches it."""

    def __init__(self, code: str, message: str, hint: str, row: int | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message, hint=hint, row=row)


DAMAGED = (
    "damaged-file",
    "The workbook is damaged or was cut off on its way.",
    "Open it in Excel, let it repair the file, and save it under a new name; or ask for it again.",
)
PASSWORD = (
    "password",
    "This workbook has a password.",
    "Open it in Excel, choose File > Info > Protect Workbook > Encrypt with Password, empty the box, and save it.",
)


def column_letters(index: int) -> str:
    """0 is "A", 25 "Z", 26 "AA"."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """The inverse of :func:`column_letters`."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def part_name(name: str) -> str:
    """A part's name as OPC compares them: case-insensitive, forward slashes (ISO 29500-2, 9.1.1)."""
    return name.replace("\\", "/").lstrip("/").lower()


class Notes(Struct):
    """What calamine does not tell about a sheet; see :class:`certgen.workbook.Sheet`."""

    faults: dict[str, str] = {}
    percents: frozenset[str] = frozenset()
    hidden_rows: frozenset[int] = frozenset()


class Package:
    """An .xlsx file as a zip archive of XML parts, checked before any parser sees them."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
            members = self.archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise Refused(*DAMAGED) from None
        self.members: dict[str, zipfile.ZipInfo] = {}
        bomb = (
            "too-large",
            "The workbook unpacks to far more than a roster needs; it may be built to exhaust the computer.",
            "Copy the people into a new workbook and save that.",
        )
        if sum(member.file_size for member in members) > limits.unpacked_bytes:
            raise Refused(*bomb)
        for member in members:
            name = part_name(member.filename)
            if member.flag_bits & 1:
                raise Refused(*PASSWORD)
            if name in self.members:
                raise Refused(*DAMAGED)  # two parts of one name: readers disagree which one counts
            if member.file_size > 10_000_000 and member.file_size > limits.ratio * max(member.compress_size, 1):
                raise Refused(*bomb)
            self.members[name] = member
        for name in self.members:
            if name.endswith((".xml", ".rels")):
                self._refuse_doctype(name)
        self.sheets, self.date1904 = self._workbook()

    def part(self, name: str) -> bytes | None:
        member = self.members.get(name)
        if member is None:
            return None
        try:
            return self.archive.read(member)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, zlib.error):
            raise Refused(*DAMAGED) from None

    def _refuse_doctype(self, name: str) -> None:
        """Entities are declared in a DTD, and a DTD stands before the root element (XML 1.0, 2.8)."""
        try:
            with self.archive.open(self.members[name]) as part:
                head = part.read(65_536)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, zlib.error):
            raise Refused(*DAMAGED) from None
        root = re.search(rb"<[A-Za-z_]", head)
        prolog = head[: root.start()] if root else head
        if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog or (root is None and len(head) == 65_536):
            raise Refused(
                "forbidden-entity",
                "The workbook contains XML declarations (a DTD) that no spreadsheet program writes.",
                "Do not trust this file. Copy the people into a new workbook and save that.",
            )
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Refused(*DAMAGED)  # calamine cannot, and a byte search above would have missed a DTD

    def _xml(self, name: str) -> ElementTree.Element | None:
        data = self.part(name)
        if data is None:
            return None
        try:
            return ElementTree.fromstring(data)
        except ElementTree.ParseError:
            raise Refused(*DAMAGED) from None

    def _workbook(self) -> tuple[dict[str, str], bool]:
        """Each sheet's part by the sheet's name, and whether dates count from 1904."""
        home = next((name for name in self.members if name.endswith("workbook.xml")), "")
        root = self._xml(home)
        if root is None:
            raise Refused(*DAMAGED)
        folder, _, file = home.rpartition("/")
        relations = self._xml(f"{folder}/_rels/{file}.rels".lstrip("/"))
        targets: dict[str, str] = {}
        for relation in relations if relations is not None else ():
            target = relation.get("Target", "").replace("\\", "/")
            full = target if target.startswith("/") else f"{folder}/{target}"
            targets[relation.get("Id", "")] = part_name(posixpath.normpath(full))
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

    def notes(self, limits: Limits) -> dict[str, Notes]:
        """What each sheet's own XML adds. Raises when a sheet's used rectangle is too large to hold."""
        styles = self._percent_styles()
        notes = {}
        for sheet, name in self.sheets.items():
            data = self.part(name)
            if data is not None and re.search(rb"<(?:\w+:)?worksheet\b", data[:65_536]):
                _refuse_vast(sheet, data, limits)
                notes[sheet] = _sheet_notes(data, styles)
        return notes

    def _percent_styles(self) -> tuple[bytes, ...]:
        """Indexes of the cell formats that show per cent (number formats 9 and 10, or with an unquoted %)."""
        name = next((name for name in self.members if name.endswith("styles.xml")), "")
        root = self._xml(name) if self.members.get(name) and self.members[name].file_size < 20_000_000 else None
        if root is None:
            return ()
        percent = {"9", "10"}
        found: list[bytes] = []
        for element in root.iter():
            tag = element.tag.rpartition("}")[2]
            if tag == "numFmt" and "%" in re.sub(r'"[^"]*"|\\.', "", element.get("formatCode", "")):
                percent.add(element.get("numFmtId", ""))
            elif tag == "cellXfs":
                found = [b"%d" % i for i, format_ in enumerate(element) if format_.get("numFmtId") in percent]
        return tuple(found)


_REFERENCE = re.compile(rb'\br="([A-Z]{1,9})(\d{1,12})"')


def _refuse_vast(sheet: str, data: bytes, limits: Limits) -> None:
    """Calamine lays a sheet out as one rectangle: a stray cell at XFD1048576 would ask for 549 GB."""
    last = max(map(int, re.findall(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,12})"', data)), default=0)
    widest = max((column_index(m.decode()) for m in set(re.findall(rb'\br="([A-Z]+)\d', data))), default=0)
    if last <= limits.rows and widest < limits.columns and (widest + 1) * last <= limits.cells:
        return
    # Rare: measure exactly, by the cells that hold something.
    top, left, bottom, right = limits.rows, limits.columns, -1, -1
    for cell in re.finditer(rb"<(?:\w+:)?c\b([^>]*[^/>])>(?!</)", data):
        reference = _REFERENCE.search(cell[1])
        if reference is None:
            continue
        row, column = int(reference[2]) - 1, column_index(reference[1].decode())
        top, left, bottom, right = min(top, row), min(left, column), max(bottom, row), max(right, column)
    if bottom >= limits.rows or right >= limits.columns or (bottom - top + 1) * (right - left + 1) > limits.cells:
        far = f"{column_letters(right)}{bottom + 1}"
        problem = Refused(
            "too-large",
            f"The sheet “{sheet}” reaches as far as {far}, which is more than can be read.",
            f"Press Ctrl+End to find the stray cells near {far}, delete their rows and columns, and save.",
        )
        problem.problem = replace(problem.problem, sheet=sheet, cell=far)
        raise problem


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
    return Notes(faults=faults, percents=percents, hidden_rows=hidden)


def _address(attributes: bytes) -> str:
    reference = _REFERENCE.search(attributes)
    return (reference[1] + reference[2]).decode() if reference else ""
