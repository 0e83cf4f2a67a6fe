"""Makes the examples' rosters, logos and signatures: ``python roster_examples/make.py``.

Runs again to the same files. ``--large N`` writes a roster of N people into ``large/`` instead.
"""

from __future__ import annotations

import argparse
import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import large
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


FONTS = HERE.parent / "fonts"  # the wordmarks of two logos are set in bundled faces, then outlined


def online_academy(folder: Path) -> None:
    marks.meridian(folder / "logo.svg")
    hand = marks.Hand("vanderwaal", slant=0.42, decay=0.9, pen=0.13, climb=0.07)
    swash = [(-0.2, 0.3), (0.8, 0.5), (1.6, 0.2), (-1.5, -0.75), (-4.2, -0.9), (1.9, -0.6)]
    marks.signature_svg(folder / "signature-vanderwaal.svg", hand, hand.write("Ineke vdWaal", [swash]), "#1d2c5b")
    hand = marks.Hand("echeverri", slant=0.25, wide=0.85, decay=0.86, pen=0.12, climb=0.1, capitals=1.25)
    swash = [(-0.3, 0.2), (0.6, 0.4), (1.4, 1.3), (1.2, 2.2), (0.7, 1.0), (0.5, -1.2), (0.0, -1.5), (2.6, -0.2)]
    marks.signature_png(folder / "signature-echeverri.png", hand, hand.write("TEcheverr", [swash]), "#20242c")
    header = ("Given name", "Family name", "Email address", "ID number", "Completed", "Attendance (%)")
    workbook(folder / "roster.xlsx", "Participants", header, people.ONLINE_ACADEMY, "0B3D62")


def occupational_safety(folder: Path) -> None:
    marks.shield(folder / "logo.png")
    hand = marks.Hand("suwaidan", slant=0.1, wide=1.25, decay=0.84, pen=0.12, climb=0.14, capitals=1.1)
    swash = [(-0.2, 0.2), (0.9, 0.7), (0.4, 1.2), (-2.2, -0.5), (-3.4, -1.1), (-1.0, -1.0), (2.4, 0.1)]
    marks.signature_png(folder / "signature-suwaidan.png", hand, hand.write("MSuwdn", [swash]), "#14213d")
    hand = marks.Hand("oksanen", slant=0.55, wide=1.1, decay=0.88, pen=0.1, climb=0.02, capitals=1.35)
    bar = [(-4.2, -0.75), (-1.6, -0.55), (1.6, -0.85)]
    marks.signature_svg(folder / "signature-oksanen.svg", hand, hand.write("HOksanen", [bar]), "#26262b")
    header = ("Honorific", "Full name", "ID", "Language", "Employer")
    workbook(folder / "roster.xlsx", "Cohort 7", header, people.OCCUPATIONAL_SAFETY, "0F5257")


def webinar_series(folder: Path) -> None:
    header = ("Apellidos", "Nombre", "Correo electrónico", "Horas", "País")
    workbook(folder / "roster.xlsx", "Asistencia", header, people.WEBINAR_SERIES, "5A2A5E")
    lines = [[str(value).replace(".", ",") if isinstance(value, float) else value for value in row]
             for row in people.WEBINAR_SERIES]  # fmt: skip
    with (folder / "roster.csv").open("w", encoding="utf-8-sig", newline="") as file:  # as Excel saves it in Spanish
        csv.writer(file, delimiter=";").writerows([header, *lines])


def fair_recruitment(folder: Path) -> None:
    marks.wheel(folder / "logo.svg", FONTS)
    hand = marks.Hand("frimpong", slant=0.3, wide=0.95, decay=0.93, pen=0.115, climb=0.05, capitals=1.2)
    swash = [(-0.1, 0.2), (0.7, 0.6), (1.3, 0.9), (0.3, -0.9), (-3.2, -1.25), (-5.6, -0.8), (0.5, -0.75), (2.8, -0.55)]
    marks.signature_svg(folder / "signature-frimpong.svg", hand, hand.write("Abena Frimpong", [swash]), "#1b2f6b")
    header = (
        "Numéro", "Nom", "Prénom", "Courriel", "Quiz 1", "Quiz 2", "Final assignment", "Note",
        "Type de certificat", "Motif",
    )  # fmt: skip
    workbook(folder / "roster.xlsx", "Résultats", header, people.FAIR_RECRUITMENT, "7A1F2B")


def social_dialogue_academy(folder: Path) -> None:
    marks.bridge(folder / "logo-ponte.svg")
    marks.cape(folder / "logo-cabo.svg", FONTS)
    marks.quadra(folder / "logo-quadra.svg")
    hand = marks.Hand("vilhena", slant=0.48, wide=1.05, decay=0.91, pen=0.11, climb=0.09, capitals=1.15)
    swash = [(-0.2, 0.2), (1.0, 0.5), (2.2, 1.2), (3.2, 1.0)]
    marks.signature_svg(folder / "signature-vilhena.svg", hand, hand.write("LVilhena", [swash]), "#1d2c5b")
    hand = marks.Hand("asare", slant=0.2, wide=0.9, decay=0.85, pen=0.13, climb=0.04, capitals=1.3)
    swash = [
        (0, 0.2),
        (0.8, 0.1),
        (1.6, 1.6),
        (1.2, 2.3),
        (0.9, 0.6),
        (1.3, -0.9),
        (0.7, -1.3),
        (0.9, -0.2),
        (2.6, 0.5),
    ]
    marks.signature_png(folder / "signature-asare.png", hand, hand.write("KAsare", [swash]), "#15171c")
    hand = marks.Hand("quintanilha", slant=0.6, wide=1.0, decay=0.9, pen=0.095, climb=0.0, capitals=1.4)
    swash = [(-0.2, 0.2), (0.8, 0.3), (-0.2, -0.7), (-3.4, -0.85), (-5.2, -0.5), (-1.0, -0.45), (1.8, -0.7)]
    marks.signature_svg(folder / "signature-quintanilha.svg", hand, hand.write("H Ouintanilha", [swash]), "#23355f")
    hand = marks.Hand("njastad", slant=0.05, wide=1.15, decay=0.95, pen=0.105, climb=0.08, capitals=1.0, loose=0.05)
    dot = [(-3.35, 1.9), (-3.25, 2.05), (-3.15, 1.9), (-3.28, 1.82)]
    marks.signature_png(folder / "signature-njastad.png", hand, hand.write("S Njastad", [dot]), "#22304a")
    header = ("Langue", "Nom complet", "Identifiant", "Groupe", "Dossier", "Assiduité")
    workbook(folder / "roster.xlsx", "Liste", header, people.SOCIAL_DIALOGUE_ACADEMY, "1F4E3D")


CASES = {
    "online-academy": online_academy,
    "occupational-safety": occupational_safety,
    "webinar-series": webinar_series,
    "fair-recruitment": fair_recruitment,
    "social-dialogue-academy": social_dialogue_academy,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=HERE, help="where the cases are written (default: here)")
    parser.add_argument("--large", type=int, metavar="N", help="write only large/roster.xlsx, with N people")
    options = parser.parse_args(arguments)
    if options.large is not None:
        (options.into / "large").mkdir(parents=True, exist_ok=True)
        workbook(
            options.into / "large/roster.xlsx", "Participants", large.HEADER, large.people(options.large), "0B3D62"
        )
        return
    for name, make in CASES.items():
        folder = options.into / name
        folder.mkdir(parents=True, exist_ok=True)
        make(folder)


if __name__ == "__main__":
    main()
