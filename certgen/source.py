"""The bytes of a roster and what they are: found from the content, never from the name.

Sources: MS-OFFCRYPTO 2.3.4 (encrypted workbooks), ECMA-376 part 2 and OpenDocument 1.3 part 2 (packages).
"""

from __future__ import annotations

import codecs
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import Literal

from certgen.errors import Problem
from certgen.package import DAMAGED, PASSWORD, Limits, part_name

Kind = Literal["xlsx", "xlsb", "xls", "ods", "csv"]
STANDARD_INPUT = Path("-")


def contents(path: Path, label: str, limits: Limits, problems: list[Problem]) -> bytes | None:
    """The bytes of a file, or of standard input, or None and a problem."""

    def told(code: str, message: str, hint: str) -> None:
        problems.append(Problem(code=code, message=message, hint=hint, file=label))

    if path.name.startswith("~$"):
        told(
            "not-a-spreadsheet",
            "This is the marker that Excel leaves beside a workbook while it is open, not the workbook.",
            f"Choose “{path.name[2:]}” instead.",
        )
        return None
    try:
        if path == STANDARD_INPUT:
            data = sys.stdin.buffer.read(limits.file_bytes + 1)
        elif path.is_dir():
            told("not-a-file", "This is a folder, not a roster.", "Name the spreadsheet inside it.")
            return None
        else:
            with path.open("rb") as file:
                data = file.read(limits.file_bytes + 1)
    except FileNotFoundError:
        told("missing-file", "There is no such file.", "Check its name and its folder.")
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


def _other(what: str, hint: str = "", code: str = "not-a-spreadsheet") -> Problem:
    save = "Open it in Excel or LibreOffice and save it as “Excel workbook (.xlsx)”, or as CSV in UTF-8."
    return Problem(code=code, message=f"This is {what}.", hint=hint or save)


def kind_of(data: bytes) -> Kind | Problem:
    """What the content is, or a problem that says what to save it as."""
    head = data[:4096].removeprefix(codecs.BOM_UTF8).lstrip()
    if data.startswith(b"PK"):
        return _zip_kind(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        # Office encrypts a workbook by wrapping it in a compound file (MS-OFFCRYPTO, 2.3.4.4).
        if "EncryptedPackage".encode("utf-16-le") in data:
            return Problem(code=PASSWORD[0], message=PASSWORD[1], hint=PASSWORD[2])
        if "WordDocument".encode("utf-16-le") in data and "Workbook".encode("utf-16-le") not in data:
            return _other("a Word document", "Copy its table into a spreadsheet and save that as .xlsx.")
        return "xls"
    if head.startswith(b"%PDF"):
        return _other("a PDF, not a spreadsheet", "Ask for the spreadsheet it was made from.")
    if re.match(rb"(?i)<(!doctype|html|table|meta|head|body|\?xml)", head):
        return _other("a web page or an XML file, whatever its name says", code="web-page")
    if re.match(rb'[\[{]\s*["{\[]', head):
        return _other("JSON, data for programs, and not a spreadsheet", "Export the roster as .xlsx or CSV instead.")
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"GIF8", b"{\\rtf")):
        return _other("a picture or a text document", "Ask for the roster as a spreadsheet.")
    return "csv"


def _zip_kind(data: bytes) -> Kind | Problem:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {part_name(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return Problem(code=DAMAGED[0], message=DAMAGED[1], hint=DAMAGED[2])
    if any(name.endswith("workbook.bin") for name in names):
        return "xlsb"
    if any(name.startswith("word/") for name in names):
        return _other("a Word document, not a spreadsheet", "Copy its table into a spreadsheet and save that as .xlsx.")
    if "content.xml" in names:
        return "ods"
    if any(name.startswith("index/") and name.endswith(".iwa") for name in names):
        return _other("a Numbers document", "In Numbers choose File > Export To > Excel.", "unsupported-format")
    if any(name.endswith("workbook.xml") for name in names) or "[content_types].xml" in names:
        return "xlsx"
    return _other("a zip archive, not a spreadsheet", "Unpack it and choose the roster inside.")
