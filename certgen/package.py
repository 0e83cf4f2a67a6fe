"""A spreadsheet as a zip archive of parts (.xlsx, .xlsm, .xlsb, .ods): checked before any parser sees it.

Archives that are built to do harm are refused here: bombs, two parts of one name, declarations in XML. What a reader
needs to know of every format stands here too: the limits, how a reading is refused, and the notes that it leaves.
Sources: ECMA-376 part 2 (packages); ODF 1.3 part 2; XML 1.0.
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

from certgen.errors import Problem

EXCEL_ROWS, EXCEL_COLUMNS, EXCEL_CHARACTERS = 1_048_576, 16_384, 32_767


class Limits(Struct, frozen=True):
    """What a file may ask of the reader. Sizes are bytes; rows, columns and cells are a sheet's used rectangle.

    ``memory`` (bytes) and ``seconds`` are for the process that reads; see confine.py.
    """

    file_bytes: int = 100_000_000
    unpacked_bytes: int = 512_000_000
    ratio: int = 250  # unpacked to packed, of one member; real sheets stay below 100
    cells: int = 8_000_000
    rows: int = 250_000
    columns: int = EXCEL_COLUMNS
    memory: int = 512 * 1024 * 1024
    seconds: float = 10.0


class Refused(Exception):
    """Ends the reading of one file; :func:`certgen.workbook.load` catches it."""

    def __init__(self, code: str, message: str, hint: str, row: int | None = None, **place: str) -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message, hint=hint, row=row, **place)  # type: ignore[arg-type]


def too_many_rows(limits: Limits, sheet: str | None = None) -> Refused:
    """The refusal of a sheet, or of a CSV file, with more rows or columns than a roster may have."""
    return Refused(
        "too-large",
        f"{f'The sheet “{sheet}”' if sheet else 'The file'} has more rows or columns than are read at a time: "
        f"{limits.rows:,} rows, {limits.columns:,} columns, {limits.cells:,} cells.",
        "Split it into several rosters, or keep only the columns that the certificates need.",
    )


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


Merge = tuple[int, int, int, int]


class Notes(Struct):
    """What calamine does not tell about a sheet; see :class:`certgen.workbook.Sheet`.

    ``merged`` are rectangles as (top, left, bottom, right), counted from 0, both ends within.
    """

    faults: dict[str, str] = {}
    percents: frozenset[str] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    merged: tuple[Merge, ...] = ()


class Package:
    """A zip archive of parts. Raises :class:`Refused` when it is damaged, locked, or built to do harm."""

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

    def xml(self, name: str) -> ElementTree.Element | None:
        """A part as a tree; None where there is no such part."""
        data = self.part(name)
        if data is None:
            return None
        try:
            return ElementTree.fromstring(data)
        except ElementTree.ParseError:
            raise Refused(*DAMAGED) from None

    def relations(self, name: str) -> dict[str, str]:
        """The parts that a part refers to, by the ids that it uses for them (ISO 29500-2, 9.3)."""
        folder, _, file = name.rpartition("/")
        root = self.xml(f"{folder}/_rels/{file}.rels".lstrip("/"))
        targets: dict[str, str] = {}
        for relation in root if root is not None else ():
            target = relation.get("Target", "").replace("\\", "/")
            full = target if target.startswith("/") else f"{folder}/{target}"
            targets[relation.get("Id", "")] = part_name(posixpath.normpath(full))
        return targets
