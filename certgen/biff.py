"""What calamine leaves unsaid about .xls and .xlsb workbooks, from their records.

Both are chains of records, .xls inside a compound file, .xlsb inside a zip. Only the records that say something about
hidden rows, errors, per cent, merged cells, the epoch and passwords are looked at; the rest is passed over by length.
A chain that breaks off ends the notes, not the reading: whether the workbook is damaged, calamine finds out.
Sources: MS-CFB 2 (compound files), MS-XLS 2.4 (BIFF8), MS-XLSB 2.4 (BIFF12).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from certgen.package import PASSWORD, Merge, Notes, Package, Refused, column_letters
from certgen.xlsx import is_percent

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A", 43: "#DATA!"}
_PERCENT = {9, 10}  # built-in number formats (ECMA-376 part 1, 18.8.30)


class _Sheet:
    """Notes of one sheet while they are gathered."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self.percents: set[str] = set()
        self.hidden: set[int] = set()
        self.merged: list[Merge] = []

    def fault(self, row: int, column: int, code: int) -> None:
        self.faults[f"{column_letters(column)}{row + 1}"] = _ERRORS.get(code, "#VALUE!")

    def notes(self) -> Notes:
        return Notes(self.faults, frozenset(self.percents), frozenset(self.hidden), tuple(self.merged))


# --- .xls ------------------------------------------------------------------------------------


def xls_notes(data: bytes) -> tuple[dict[str, Notes], bool]:
    """Notes by the sheet's name, and whether dates count from 1904. Raises where there is a password."""
    stream = _stream(data)
    if stream is None:
        return {}, False
    sheets: dict[str, Notes] = {}
    places: list[tuple[str, int]] = []
    date1904, formats, styles = False, set(_PERCENT), []
    wide = True  # BIFF8
    for kind, body in _records(stream, 0):
        try:
            if kind == 0x0809:
                wide = struct.unpack_from("<H", body)[0] >= 0x0600
            elif kind == 0x002F:
                raise Refused(*PASSWORD)
            elif kind == 0x0022:
                date1904 = body[0] == 1
            elif kind == 0x041E and is_percent(_text(body[2:], wide, 2 if wide else 1)):
                formats.add(struct.unpack_from("<H", body)[0])
            elif kind == 0x00E0:
                styles.append(struct.unpack_from("<H", body, 2)[0])
            elif kind == 0x0085:
                places.append((_text(body[6:], wide, 1), struct.unpack_from("<I", body)[0]))
            elif kind == 0x000A:
                break
        except (struct.error, IndexError):
            continue
    percent = {i for i, style in enumerate(styles) if style in formats}
    for name, place in places:
        sheets[name] = _xls_sheet(stream, place, percent)
    return sheets, date1904


def _xls_sheet(stream: bytes, place: int, percent: set[int]) -> Notes:
    sheet = _Sheet()
    for kind, body in _records(stream, place):
        try:
            if kind == 0x000A:
                break
            if kind == 0x0208:
                row, options = struct.unpack_from("<H10xH", body)
                if options & 0x20:
                    sheet.hidden.add(row + 1)
            elif kind in (0x0006, 0x0203, 0x027E, 0x0205):
                row, column, style = struct.unpack_from("<3H", body)
                if kind == 0x0205 and body[7] == 1:
                    sheet.fault(row, column, body[6])
                elif kind == 0x0006 and body[12:14] == b"\xff\xff" and body[6] == 2:
                    sheet.fault(row, column, body[8])
                elif style in percent:
                    sheet.percents.add(f"{column_letters(column)}{row + 1}")
            elif kind == 0x00BD and percent:
                row, first = struct.unpack_from("<2H", body)
                for i in range((len(body) - 6) // 6):
                    if struct.unpack_from("<H", body, 4 + 6 * i)[0] in percent:
                        sheet.percents.add(f"{column_letters(first + i)}{row + 1}")
            elif kind == 0x00E5:
                for i in range(struct.unpack_from("<H", body)[0]):
                    top, bottom, left, right = struct.unpack_from("<4H", body, 2 + 8 * i)
                    sheet.merged.append((top, left, bottom, right))
        except (struct.error, IndexError):
            continue
    return sheet.notes()


def _records(stream: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<2H", stream, place)
        yield kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def _text(data: bytes, wide: bool, counted: int) -> str:
    """A string with its length before it; BIFF8 says by a bit whether it has one or two bytes for each character."""
    length = int.from_bytes(data[:counted], "little")
    data = data[counted:]
    if not wide:
        return data[:length].decode("cp1252", "replace")
    if data[0] & 1:
        return data[1 : 1 + 2 * length].decode("utf-16-le", "replace")
    return data[1 : 1 + length].decode("latin-1")


def _stream(data: bytes) -> bytes | None:
    """The workbook's stream out of a compound file (MS-CFB 2.2 to 2.6), or None where it cannot be found."""
    try:
        return _compound(data)
    except (struct.error, IndexError, ValueError):
        return None


def _compound(data: bytes) -> bytes | None:
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    first_directory, cutoff, first_mini, extra, more = struct.unpack_from("<I4xIIxxxxII", data, 48)
    if not 128 <= size <= 4096:
        return None

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    listed = list(struct.unpack_from("<109I", data, 76))
    while more and extra < 0xFFFFFFFA and len(listed) < 10_000:
        numbers = struct.unpack(f"<{size // 4}I", sector(extra))
        listed += numbers[:-1]
        extra, more = numbers[-1], more - 1
    table: list[int] = []
    for number in listed:
        if number < 0xFFFFFFFA:
            table += struct.unpack(f"<{size // 4}I", sector(number))

    def chain(number: int, table: list[int]) -> list[int]:
        found: list[int] = []
        while number < len(table) and len(found) <= len(table):
            found.append(number)
            number = table[number]
        return found

    directory = b"".join(map(sector, chain(first_directory, table)))
    entries: dict[str, tuple[int, int]] = {}
    root = (0, 0)
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace").casefold()
        start, bytes_ = struct.unpack_from("<II", directory, at + 116)
        if directory[at + 66] == 5:
            root = (start, bytes_)
        elif directory[at + 66] == 2:
            entries.setdefault(name, (start, bytes_))
    found = entries.get("workbook") or entries.get("book")
    if found is None:
        return None
    start, bytes_ = found
    if bytes_ >= cutoff:
        return b"".join(map(sector, chain(start, table)))[:bytes_]
    mini = b"".join(map(sector, chain(root[0], table)))
    small: list[int] = []
    for number in chain(first_mini, table):
        small += struct.unpack(f"<{size // 4}I", sector(number))
    return b"".join(mini[number * 64 : number * 64 + 64] for number in chain(start, small))[:bytes_]


# --- .xlsb -----------------------------------------------------------------------------------


def xlsb_notes(package: Package) -> tuple[dict[str, Notes], bool]:
    """The same for a binary workbook in a zip archive."""
    home = next((name for name in package.members if name.endswith("workbook.bin")), "")
    parts = package.relations(home)
    date1904, places = False, []
    for kind, body in _binary(package.part(home) or b""):
        try:
            if kind == 153:
                date1904 = bool(body[0] & 1)
            elif kind == 156:
                key, rest = _wide(body[8:])
                places.append((_wide(rest)[0], parts.get(key, "")))
        except (struct.error, IndexError):
            continue
    percent = _binary_percents(package)
    return {name: _xlsb_sheet(package.part(part) or b"", percent) for name, part in places}, date1904


def _binary_percents(package: Package) -> set[int]:
    name = next((name for name in package.members if name.endswith("styles.bin")), "")
    formats, styles, cells = set(_PERCENT), [], False
    for kind, body in _binary(package.part(name) or b""):
        try:
            if kind == 44 and is_percent(_wide(body[2:])[0]):
                formats.add(struct.unpack_from("<H", body)[0])
            elif kind in (617, 618):
                cells = kind == 617
            elif kind == 47 and cells:
                styles.append(struct.unpack_from("<H", body, 2)[0])
        except (struct.error, IndexError):
            continue
    return {i for i, style in enumerate(styles) if style in formats}


def _xlsb_sheet(data: bytes, percent: set[int]) -> Notes:
    sheet, row = _Sheet(), 0
    for kind, body in _binary(data):
        try:
            if kind == 0:
                row = struct.unpack_from("<I", body)[0]
                if body[11] & 0x10:
                    sheet.hidden.add(row + 1)
            elif kind in (2, 3, 5, 9, 11):
                column, style = struct.unpack_from("<II", body)
                if kind in (3, 11):
                    sheet.fault(row, column, body[8])
                elif style & 0xFFFFFF in percent:
                    sheet.percents.add(f"{column_letters(column)}{row + 1}")
            elif kind == 176:
                top, bottom, left, right = struct.unpack_from("<4I", body)
                sheet.merged.append((top, left, bottom, right))
        except (struct.error, IndexError):
            continue
    return sheet.notes()


def _binary(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Records of BIFF12: kind and length are numbers of seven bits in each byte (MS-XLSB 2.1.4)."""
    at = 0
    while at < len(data):
        kind, length, shift = data[at], 0, 0
        at += 1
        if kind & 0x80 and at < len(data):
            kind = (kind & 0x7F) | (data[at] & 0x7F) << 7
            at += 1
        while at < len(data) and shift < 28:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, data[at : at + length]
        at += length


def _wide(data: bytes) -> tuple[str, bytes]:
    """A wide string and what follows it; the length of one that is not there is 0xFFFFFFFF (XLNullableWideString)."""
    length = struct.unpack_from("<I", data)[0]
    if length == 0xFFFFFFFF:
        return "", data[4:]
    return data[4 : 4 + 2 * length].decode("utf-16-le", "replace"), data[4 + 2 * length :]
