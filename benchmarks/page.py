"""The page that every contestant draws: a classic certificate on A4 landscape, its words and pictures.

The course folder made here is an ordinary one, for ``certgen batch``; the peers draw the same
words in the same faces, the same three pictures and a border of as many curves as ``classic`` has.
All people are invented.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT = 297 * 72 / 25.4, 210 * 72 / 25.4  # points
MARGIN = 26.0  # points from the trim to the middle of the border
VERIFY = "https://verify.example.org/v#"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32

ISSUER = """\
name = "Meridian International Training Centre"
verify_url = "https://verify.example.org"
logo = "logo.png"
colours = { primary = "#0b3d62", accent = "#c08a3e" }
fonts = { heading = "EB Garamond", name = "Great Vibes", body = "EB Garamond" }
"""
COURSE = """\
code = "MTC-2614"
title = "Online Academy on Quality Apprenticeships"
programme = "Skills and Lifelong Learning"
hours = 40
start = 2026-03-02
end = 2026-03-27
venue = "Online"
issued = 2026-04-10
languages = ["en"]
layout = "classic"
skills = ["Analyse labour market needs", "Design work-based curricula", "Evaluate training programmes"]

[[signatories]]
id = "manager"
name = "Ineke van der Waal"
role = "Programme Manager"
signature = "signature-1.png"

[[signatories]]
id = "director"
name = "Tomás Echeverri Duarte"
role = "Director of Training"
signature = "signature-2.png"
"""


class Line(NamedTuple):
    """Text centred on ``x``; ``face`` is "serif", "bold" or "script"."""

    face: str
    size: float
    x: float
    y: float
    text: str


CENTRE = WIDTH / 2
LINES = (
    Line("serif", 11, CENTRE, 470, "Meridian International Training Centre"),
    Line("bold", 15, CENTRE, 432, "CERTIFICATE OF COMPLETION"),
    Line("serif", 12, CENTRE, 398, "This is to certify that"),
    Line("serif", 12, CENTRE, 318, "has completed"),
    Line("bold", 21, CENTRE, 284, "Online Academy on Quality Apprenticeships"),
    Line("serif", 11, CENTRE, 258, "Skills and Lifelong Learning · Online · 2–27 March 2026 · 40 hours"),
    Line(
        "serif",
        9,
        CENTRE,
        232,
        "Analyse labour market needs · Design work-based curricula · Evaluate training programmes",
    ),
    Line("serif", 10, 290, 92, "Ineke van der Waal"),
    Line("serif", 8.5, 290, 79, "Programme Manager"),
    Line("serif", 10, 500, 92, "Tomás Echeverri Duarte"),
    Line("serif", 8.5, 500, 79, "Director of Training"),
    Line("serif", 8.5, 290, 60, "10 April 2026"),
    Line("serif", 8.5, 700, 58, "Verify at verify.example.org/v"),
)
NAME = Line("script", 38, CENTRE, 348, "")
CODE = Line("serif", 8.5, 700, 68, "")
PICTURES = (  # file, x, y, width, height in points
    ("logo.png", CENTRE - 28, 486, 56, 56),
    ("signature-1.png", 225, 100, 130, 46),
    ("signature-2.png", 435, 100, 130, 46),
)
QR = (663.0, 80.0, 74.0)  # x, y, side in points, quiet zone left around it

Curve = tuple[tuple[float, float], list[tuple[float, float, float, float, float, float]]]


def border() -> Iterator[Curve]:
    """Three interlaced waves along each side: a start and Bézier segments, eight points apart."""
    across, up = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    sides = (
        (MARGIN, MARGIN, across, 0),
        (MARGIN, HEIGHT - MARGIN, across, 0),
        (MARGIN, MARGIN, up, 90),
        (WIDTH - MARGIN, MARGIN, up, 90),
    )
    for x0, y0, length, angle in sides:
        for wave in range(3):
            count = round(length / 8)
            step = length / count

            def at(t: float, wave: int = wave, length: float = length) -> tuple[float, float]:
                """Height and slope of the wave, in points."""
                periods = 24 + 6 * wave
                phase = t / length * periods * math.pi
                return 8 * math.sin(phase), 8 * math.cos(phase) * periods * math.pi / length

            def place(t: float, h: float, x0: float = x0, y0: float = y0, angle: int = angle) -> tuple[float, float]:
                return (x0 + t, y0 + h) if angle == 0 else (x0 + h, y0 + t)

            segments = []
            for i in range(count):
                a, b = i * step, (i + 1) * step
                (ha, sa), (hb, sb) = at(a), at(b)
                segments.append(
                    (*place(a + step / 3, ha + sa * step / 3), *place(b - step / 3, hb - sb * step / 3), *place(b, hb))
                )
            yield place(0, at(0)[0]), segments


GIVEN = (
    *("Ana", "Amina", "Björn", "Chidi", "Dilnoza", "Elif", "Farah", "Goran", "Hana", "Ivana"),
    *("Jorge", "Kwame", "Leila", "Marta", "Nadia", "Oskar", "Paula", "Rui", "Sofia", "Yara"),
)
FAMILY = (
    *("Abara", "Bianchi", "Castellanos", "Dvořák", "Eriksson", "Fonseca", "Garang", "Haddad", "Ibarra", "Jensen"),
    *("Kowalska", "Lindqvist", "Moreau", "Nkemelu", "Ortega", "Petrović", "Quiroga", "Rahman", "Silva", "Tanaka"),
)


def people(count: int) -> list[str]:
    """``count`` names, each different."""
    names = []
    for i in range(count):
        given, family, third = i % 20, i // 20 % 20, i // 400
        second = FAMILY[third % 20] if third else ""
        letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[third // 20 % 26] + ". " if third >= 20 else ""
        names.append(" ".join(f"{GIVEN[given]} {letter}{second} {FAMILY[family]}".split()))
    return names


def code(row: int) -> str:
    """A stand-in for a credential's code: 16 characters that look as random as the real ones."""
    digest = hashlib.sha256(str(row).encode()).digest()
    return "".join(ALPHABET[byte % 32] for byte in digest[:16])


PAYLOAD = 245  # characters behind the address, as of a signed payload


def payload(row: int) -> str:
    """A stand-in for what a QR code carries: the code, and then as much as a signature makes of it."""
    text = code(row)
    while len(text) < PAYLOAD:
        text += hashlib.sha512(text.encode()).hexdigest().upper()
    return text[:PAYLOAD]


def grouped(text: str) -> str:
    """A code in fours."""
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def make_pictures(folder: Path) -> None:
    """A logo and two signatures with alpha, at 300 dpi of their printed size."""
    from PIL import Image, ImageDraw

    for number, (name, _, _, width, height) in enumerate(PICTURES):
        size = (round(width / 72 * 300), round(height / 72 * 300))
        image = Image.new("RGBA", size, (255, 255, 255, 0))
        draw = ImageDraw.Draw(image)
        if number == 0:
            for i in range(12):
                inset = i * size[0] // 26
                shade = (11 + 12 * i, 61 + 9 * i, 98 + 6 * i, 255)
                draw.ellipse((inset, inset, size[0] - inset - 1, size[1] - inset - 1), outline=shade, width=3 + i % 4)
        else:
            points = [
                (
                    size[0] * (0.05 + 0.9 * t / 400),
                    size[1] * (0.5 + 0.32 * math.sin(t / (9 + 4 * number)) * math.cos(t / 61)),
                )
                for t in range(401)
            ]
            for i in range(400):
                draw.line(
                    (points[i], points[i + 1]), fill=(24, 32, 84, 255), width=3 + round(3 * abs(math.sin(i / 17)))
                )
        image.save(folder / name)


def make_course(folder: Path, count: int) -> Path:
    """A course folder with ``count`` people; returns its roster (a workbook)."""
    from openpyxl import Workbook

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "issuer.toml").write_text(ISSUER, encoding="utf-8")
    (folder / "course.toml").write_text(COURSE, encoding="utf-8")
    make_pictures(folder)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Participants")
    sheet.append(["Name", "E-mail", "ID"])
    for row, name in enumerate(people(count)):
        sheet.append([name, f"p{row}@people.example", f"P-{row:06}"])
    roster = folder / "roster.xlsx"
    book.save(roster)
    return roster
