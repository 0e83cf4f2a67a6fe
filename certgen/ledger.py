"""The roster as it came, with what was issued beside each person: code, award, file, or the reason why not.

In a workbook (.xlsx, .xlsm) cells are added to the sheet's own XML and everything else stays as it is: styles, formulas
and their values, pictures, other sheets. Only macros are left out. Of any other file the values are copied. What is
added is text and nothing else, whatever it begins with. Equal inputs give equal bytes.
Source: ECMA-376 part 1, 18.3.1 (worksheets) and 18.8.45 (cell formats); part 2 (packages).
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from msgspec import Struct

from certgen import xlsx
from certgen.package import EXCEL_CHARACTERS, EXCEL_COLUMNS, Limits, Package, Refused, column_index, column_letters
from certgen.workbook import Sheet

HEADERS = ("certgen code", "certgen award", "certgen file", "certgen reason")
"""No header that certgen itself reads, so that the sheet can be corrected and used as a roster again."""

WIDTHS = (22, 16, 44, 44)
LARGEST = 64_000_000  # bytes of a sheet's XML; of a larger one the values are copied
DATED = (1980, 1, 1, 0, 0, 0)

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet program would take for one
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # XML 1.0, 2.2
_ROW = re.compile(rb"<((?:\w+:)?)row\b([^>]*?)(/?)>")
_CELL = re.compile(rb"<((?:\w+:)?)c\b([^>]*?)(?:/>|>(.*?)</\1c>)", re.S)
_PLACE = re.compile(rb"\br=\"([A-Z]{1,3})(\d+)\"")
_MACROS = re.compile(r"(^|/)(vbaproject|vbadata|vbaprojectsignature)", re.I)


class Line(NamedTuple):
    """What stands beside one person."""

    code: str = ""
    award: str = ""
    file: str = ""
    reason: str = ""


class Place(Struct, frozen=True):
    """Where the people are: the sheet's name and the number of its header row."""

    sheet: str
    header: int


class _Unusual(Exception):
    """A sheet whose XML is not laid out as spreadsheet programs do it."""


def added(source: bytes, place: Place, lines: Mapping[int, Line]) -> bytes | None:
    """The workbook with four more columns, by row number; None where its values had better be copied instead."""
    try:
        package = Package(source, Limits())
        part = xlsx.sheet_parts(package).get(place.sheet, "")
        data = package.part(part)
        if data is None or len(data) > LARGEST:
            return None
        styles = next((name for name in package.members if name.endswith("/styles.xml")), "")
        changed = {}
        quoted = None
        if any(text.startswith(FORMULA) for line in lines.values() for text in line):
            changed[styles], quoted = _quoting(package.part(styles) or b"")
        changed[part] = _sheet(data, place.header, lines, quoted)
        return _packed(package, changed)
    except (_Unusual, Refused):
        return None


def copied(sheet: Sheet, place: Place, lines: Mapping[int, Line], scratch: Path | None = None) -> bytes:
    """A workbook of the sheet's values with the four columns, for files of other kinds; ``scratch`` as in
    :func:`workbook`."""
    width = max((len(row) for row in sheet.rows), default=0)

    def rows() -> Iterator[Sequence[object]]:
        for _ in range(sheet.top):
            yield ()
        for at, row in enumerate(sheet.rows):
            number = sheet.number(at)
            more: Sequence[str] = HEADERS if number == place.header else lines.get(number, ())
            yield [None] * sheet.left + [*row] + [None] * (width - len(row)) + [text or None for text in more]

    widths = [0] * sheet.left + [18] * width + [*WIDTHS]
    return workbook([Page(sheet.name or "People", widths, rows(), place.header)], scratch)


class Page(NamedTuple):
    """A sheet to be written. ``widths`` of its columns in characters, 0 for the usual one; ``header``: the number of
    the row that is bold and stays in sight, 0 for none."""

    title: str
    widths: Sequence[float]
    rows: Iterable[Sequence[object]]
    header: int = 1


def workbook(pages: Iterable[Page], scratch: Path | None = None) -> bytes:
    """A workbook in which every text is text and nothing else, whatever it begins with. Equal pages, equal bytes.
    ``scratch``: a folder for what is not finished, which whoever is killed leaves behind; else the system's."""
    with _scratch(scratch):
        return _workbook(pages)


@contextmanager
def _scratch(folder: Path | None) -> Iterator[None]:
    """openpyxl lays every sheet into a file of its own at first, and cannot be told where but by this."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder) if folder else before
    try:
        yield
    finally:
        tempfile.tempdir = before


def _workbook(pages: Iterable[Page]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    bold = Font(bold=True)
    for each in pages:
        page = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", each.title)[:31].strip("' ") or "Sheet")
        page.freeze_panes = f"A{each.header + 1}" if each.header else None
        for at, width in enumerate(each.widths):
            if width:
                page.column_dimensions[column_letters(at)].width = width
        for number, row in enumerate(each.rows, 1):
            cells: list[object] = []
            for value in row:
                if isinstance(value, str):
                    made = WriteOnlyCell(page, _clean(value))
                    made.data_type = "s"  # never a formula
                    made.quotePrefix = value.startswith(FORMULA)
                    if number == each.header:
                        made.font = bold
                    cells.append(made)
                else:
                    cells.append(value)
            page.append(cells)
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    core = parts["docProps/core.xml"]
    parts["docProps/core.xml"] = re.sub(rb"(<dcterms:(\w+)[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", core)
    return _zipped((zipfile.ZipInfo(name, DATED), data) for name, data in parts.items())


# --- the sheet's XML -------------------------------------------------------------------------


def _sheet(data: bytes, header: int, lines: Mapping[int, Line], quoted: int | None) -> bytes:
    """The worksheet with the cells added to its rows."""
    if b"<![CDATA[" in data or b"<!--" in data or re.search(rb"encoding=[\"'](?!utf-8)", data[:200], re.I):
        raise _Unusual
    opening = re.search(rb"<(?:\w+:)?sheetData\b(?:[^>]*[^/])?>", data)
    end = data.rfind(b"sheetData>")
    if opening is None or end < opening.end():
        raise _Unusual
    end = data.rindex(b"</", 0, end)
    rows = list(_rows(data, opening.end(), end))
    if header not in {row.number for row in rows}:
        raise _Unusual
    first = _first_column(data, rows, header)
    parts = [_columns(_undimensioned(data[: opening.start()]), first), data[opening.start() : opening.end()]]
    at = opening.end()
    for row in rows:
        texts: Sequence[str] = HEADERS if row.number == header else lines.get(row.number, ())
        if not texts:
            continue
        body = data[row.start : row.stop]
        style = _last_style(body) if row.number == header else None
        cells = [
            _cell(row.prefix, f"{column_letters(first + k)}{row.number}", text, style, quoted)
            for k, text in enumerate(texts)
        ]
        parts += [data[at : row.tag], b"<%brow%b>" % (row.prefix, row.attributes)]
        parts += [_joined(body, cells, first), b"</%brow>" % row.prefix]
        at = row.after
    parts.append(data[at:])
    return b"".join(parts)


class _Row(NamedTuple):
    number: int
    prefix: bytes
    attributes: bytes
    tag: int  # where "<row" begins
    start: int  # of what it holds
    stop: int
    after: int  # behind "</row>"


def _rows(data: bytes, start: int, end: int) -> Iterator[_Row]:
    number = 0
    while (found := _ROW.search(data, start, end)) is not None:
        prefix, attributes, empty = found.groups()
        told = re.search(rb"\br=\"(\d+)\"", attributes)
        number = int(told[1]) if told else number + 1
        closing = b"</%brow>" % prefix
        stop = found.end() if empty else data.find(closing, found.end(), end)
        if stop < 0:
            raise _Unusual
        after = stop if empty else stop + len(closing)
        attributes = re.sub(rb"\s+spans=\"[^\"]*\"", b"", attributes)
        yield _Row(number, prefix, attributes, found.start(), found.end(), stop, after)
        start = after


def _first_column(data: bytes, rows: Sequence[_Row], header: int) -> int:
    """The index of the first column to write: an earlier one of ours, else the first that is free in every row."""
    last = -1
    for row in rows:
        for _, attributes, content in reversed(_CELL.findall(data, row.start, row.stop)):
            place = _PLACE.search(attributes)
            if place is None:
                raise _Unusual
            if content:
                last = max(last, column_index(place[1].decode("ascii")))
                break
    ours = last - len(HEADERS) + 1
    heading = next(data[row.start : row.stop] for row in rows if row.number == header)
    texts = [re.sub(rb"<[^>]*>", b"", content) for _, _, content in _CELL.findall(heading)]
    first = ours if texts[-4:] == [text.encode("ascii") for text in HEADERS] else last + 1
    if first + len(HEADERS) > EXCEL_COLUMNS:
        raise _Unusual
    return first


def _joined(body: bytes, cells: list[bytes], first: int) -> bytes:
    """A row's cells with ours among them, in the order of their columns."""
    before: list[bytes] = []
    after: list[bytes] = []
    for found in _CELL.finditer(body):
        place = _PLACE.search(found[2])
        assert place is not None
        column = column_index(place[1].decode("ascii"))
        if column < first:
            before.append(found[0])
        elif column >= first + len(cells):
            after.append(found[0])
    return b"".join([*before, *cells, *after])


def _cell(prefix: bytes, place: str, text: str, style: bytes | None, quoted: int | None) -> bytes:
    if not text:
        return b""
    if text.startswith(FORMULA) and quoted is not None:
        style = b"%d" % quoted
    p, where = prefix, place.encode("ascii")
    told = escape(_clean(text)).encode("utf-8")
    format_ = b' s="%b"' % style if style else b""
    return b'<%bc r="%b"%b t="inlineStr"><%bis><%bt xml:space="preserve">%b</%bt></%bis></%bc>' % (
        p, where, format_, p, p, told, p, p, p,
    )  # fmt: skip


def _clean(text: str) -> str:
    """What a cell can hold; "_x0041_" would be read as a letter (18.4.12, ST_Xstring)."""
    text = _ILLEGAL.sub("\ufffd", text)
    return re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)[:EXCEL_CHARACTERS]


def _last_style(body: bytes) -> bytes | None:
    styles = [found[1] for _, attributes, content in _CELL.findall(body) if content
              and (found := re.search(rb"\bs=\"(\d+)\"", attributes))]  # fmt: skip
    return styles[-1] if styles else None


def _undimensioned(head: bytes) -> bytes:
    """Without the sheet's used rectangle, which is optional and would now be wrong."""
    return re.sub(rb"<(?:\w+:)?dimension\b[^>]*/>", b"", head)


def _columns(head: bytes, first: int) -> bytes:
    """Widths for the added columns, where the sheet has none for them."""
    taken = [int(last) for last in re.findall(rb"<(?:\w+:)?col\b[^>]*\bmax=\"(\d+)\"", head)]
    if taken and max(taken) > first:
        return head
    prefix = re.search(rb"<((?:\w+:)?)worksheet\b", head)
    p = prefix[1] if prefix else b""
    more = b"".join(
        b'<%bcol min="%d" max="%d" width="%d" customWidth="1"/>' % (p, first + k, first + k, width)
        for k, width in enumerate(WIDTHS, 1)
    )
    closing = b"</%bcols>" % p
    if closing in head:
        return head.replace(closing, more + closing)
    return head + b"<%bcols>%b</%bcols>" % (p, more, p)


def _quoting(styles: bytes) -> tuple[bytes, int | None]:
    """The styles with one more: text that stays text when somebody edits it. And its number."""
    whole = re.search(rb"<((?:\w+:)?)cellXfs\b[^>]*>(.*?)</\1cellXfs>", styles, re.S)
    if whole is None:
        raise _Unusual
    p = whole[1]
    count = len(re.findall(rb"<%bxf\b" % p, whole[2]))
    more = (
        b'<%bxf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/>' % p
    )
    made = b'<%bcellXfs count="%d">%b%b</%bcellXfs>' % (p, count + 1, whole[2], more, p)
    return styles[: whole.start()] + made + styles[whole.end() :], count


# --- the package -----------------------------------------------------------------------------


def _packed(package: Package, changed: Mapping[str, bytes]) -> bytes:
    """All parts in their order, some of them changed, without macros."""
    macros = any(_MACROS.search(name) for name in package.members)

    def parts() -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
        for name, member in package.members.items():
            if _MACROS.search(name) or member.is_dir():
                continue
            data = changed.get(name)
            if data is None:
                data = package.part(name) or b""
            if macros and name == "[content_types].xml":
                data = re.sub(rb"<Override\b[^>]*PartName=\"[^\"]*/vba[^>]*/>", b"", data)
                data = data.replace(
                    b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
                    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                )
            elif macros and name.endswith("workbook.xml.rels"):
                data = re.sub(rb"<Relationship\b[^>]*/vbaProject\"[^>]*/>", b"", data)
            info = zipfile.ZipInfo(member.filename, member.date_time)
            yield info, data

    return _zipped(parts())


def _zipped(parts: Iterator[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for info, data in parts:
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            archive.writestr(info, data)
    return out.getvalue()
