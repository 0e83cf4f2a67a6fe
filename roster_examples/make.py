"""Makes the examples' rosters, logos and signatures: ``python roster_examples/make.py``.

Runs again to the same files. ``--large N`` writes a roster of N people into ``large/`` instead.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import marks
import people
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

HERE = Path(__file__).resolve().parent
MADE = datetime(2026, 1, 5, 9, 0, 0)  # the rosters' one and only date, so that their bytes repeat


def workbook(path: Path, sheet: str, header: Sequence[str], rows: Iterable[Sequence[object]], colour: str) -> None:
    """A tidy one-sheet roster: bold header in the issuer's colour, frozen, filtered, columns as wide as needed."""
    book = Workbook()
    page = book.active
    page.title = sheet
    page.append(list(header))
    widths = [len(title) + 4 for title in header]
    for row in rows:
        page.append(list(row))
        widths = [max(w, len(str(v)) + 2) if v is not None else w for w, v in zip(widths, row, strict=True)]
    line = Side(style="thin", color=colour)
    for cell in page[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=colour)
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        cell.border = Border(bottom=line)
    page.row_dimensions[1].height = 24
    for k, width in enumerate(widths, 1):
        page.column_dimensions[get_column_letter(k)].width = min(48, width)
    page.freeze_panes = "B2"
    page.auto_filter.ref = page.dimensions
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    book.properties.creator = "certgen examples"
    save(book, path)


def save(book: Workbook, path: Path) -> None:
    """Writes the workbook with fixed dates and uncompressed members: the same bytes on every machine."""
    buffer = io.BytesIO()
    book.save(buffer)
    stamp = MADE.strftime("%Y-%m-%dT%H:%M:%SZ")
    with zipfile.ZipFile(buffer) as made, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
        for name in sorted(made.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            data = made.read(name)
            if name == "docProps/core.xml":
                head, rest = data.split(b"<dcterms:created", 1)
                opening, rest = rest.split(b">", 1)
                _, rest = rest.split(b"<", 1)
                data = head + b"<dcterms:created" + opening + b">" + stamp.encode() + b"<" + rest
                head, rest = data.split(b"<dcterms:modified", 1)
                opening, rest = rest.split(b">", 1)
                _, rest = rest.split(b"<", 1)
                data = head + b"<dcterms:modified" + opening + b">" + stamp.encode() + b"<" + rest
            info = zipfile.ZipInfo(name, (MADE.year, MADE.month, MADE.day, MADE.hour, MADE.minute, 0))
            info.external_attr = 0o644 << 16
            info.create_system = 3
            out.writestr(info, data)


def online_academy(folder: Path) -> None:
    marks.meridian(folder / "logo.svg")
    hand = marks.Hand("vanderwaal", slant=0.42, decay=0.9, pen=0.13, climb=0.07)
    strokes = hand.write("Ineke vdWaal", [[(-0.2, 0.3), (0.8, 0.5), (1.6, 0.2), (-1.5, -0.75), (-4.2, -0.9), (1.9, -0.6)]])
    marks.signature_svg(folder / "signature-vanderwaal.svg", hand, strokes, "#1d2c5b")
    hand = marks.Hand("echeverri", slant=0.25, wide=0.85, decay=0.86, pen=0.15, climb=0.1, capitals=1.25)
    strokes = hand.write("TEcheverr", [[(-0.3, 0.2), (0.6, 0.4), (1.4, 1.3), (1.2, 2.2), (0.7, 1.0), (0.5, -1.2), (0.0, -1.5), (2.6, -0.2)]])
    marks.signature_png(folder / "signature-echeverri.png", hand, strokes, "#20242c")
    header = ("Given name", "Family name", "Email address", "ID number", "Completed", "Attendance (%)")
    workbook(folder / "roster.xlsx", "Participants", header, people.ONLINE_ACADEMY, "0B3D62")


CASES = {"online-academy": online_academy}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=HERE, help="where the cases are written (default: here)")
    options = parser.parse_args(arguments)
    for name, make in CASES.items():
        folder = options.into / name
        folder.mkdir(parents=True, exist_ok=True)
        make(folder)


if __name__ == "__main__":
    main()
