"""The exports that arrive as they are: which system wrote a table, and what its columns and rows mean there.

Recognised by their headers, in English, Spanish and French: Moodle grades, Canvas gradebooks, attendance of Zoom and
Teams, Google Forms answers, Eventbrite attendees, sign-in sheets. Anything else is a roster.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from certgen import values
from certgen.values import key
from certgen.workbook import Cell

Kind = Literal[
    "roster",
    "Moodle grades",
    "Canvas gradebook",
    "Zoom attendance",
    "Teams attendance",
    "Google Forms answers",
    "Eventbrite attendees",
    "sign-in sheet",
]


def _keys(*texts: str) -> frozenset[str]:
    return frozenset(map(key, texts))


_MOODLE = _keys(
    "Last downloaded from this course", "Última descarga de este curso", "Dernier téléchargement depuis ce cours"
)
_MOODLE_GRADE = re.compile(
    r"(?i)\((real|brut|réel|percentage|porcentaje|pourcentage|letter|letra|lettre)\)\s*$|"
    r"^(course total|total del curso|total du cours)"
)
_ZOOM_NAMES = _keys("Name (Original Name)", "Nombre (nombre original)", "Nom (nom d'origine)", "Nom (nom original)")
_TEAMS = _keys(
    "First join", "Primera entrada", "Primera unión", "Primera vez que se unió", "Première participation",
    "Première connexion", "Première jonction",
)  # fmt: skip
_TEAMS_LEAVE = _keys("Last leave", "Última salida", "Dernier départ", "Dernière sortie")
_FORMS = _keys("Timestamp", "Marca temporal", "Horodateur")
_SIGNATURES = _keys("Signature", "Firma", "Émargement", "Signature du participant", "Firma del participante", "Sign")

JOINED = _keys(
    "Join time", "Hora de entrada", "Hora de ingreso", "Hora para unirse", "Heure d'arrivée", "Heure d'entrée"
)
LEFT = _keys("Leave time", "Hora de salida", "Hora para salir", "Heure de départ", "Heure de sortie")
WAITING = _keys("In waiting room", "En la sala de espera", "Dans la salle d'attente")
ROLES = _keys("Role", "Rol", "Función", "Rôle")
STATUSES = _keys("Attendee status", "Estado del asistente", "Statut du participant")

_ORGANISERS = _keys("Organizer", "Organiser", "Organizador", "Organisateur", "Host", "Co-organizer", "Coorganizador")
_CANCELLED = _keys("Not attending", "Deleted", "Refunded", "Cancelled", "Canceled", "Transferred", "No asistirá",
                   "Reembolsado", "Cancelado", "Ne participe pas", "Remboursé", "Annulé")  # fmt: skip


def recognise(labels: Sequence[str]) -> Kind:
    """Which kind of export a header is of."""
    keys = [key(label) for label in labels]
    there = set(keys)
    if there & _MOODLE or (sum(bool(_MOODLE_GRADE.search(label)) for label in labels) and len(there) > 2):
        return "Moodle grades"
    if {"student", "id"} <= there and there & {"sisuserid", "sisloginid", "section"}:
        return "Canvas gradebook"
    if there & _ZOOM_NAMES or (there & JOINED and there & LEFT):
        return "Zoom attendance"
    if there & _TEAMS and there & _TEAMS_LEAVE:
        return "Teams attendance"
    if keys and next((k for k in keys if k), "") in _FORMS:
        return "Google Forms answers"
    if {"order", "attendee"} <= there or (there & STATUSES and "ordertype" in there):
        return "Eventbrite attendees"
    if there & _SIGNATURES:
        return "sign-in sheet"
    return "roster"


def adjusted(kind: Kind, labels: Sequence[str], found: Sequence[str]) -> list[str]:
    """Meanings of columns as the system that wrote them means them."""
    keys = [key(label) for label in labels]
    meanings = list(found)
    if kind == "Moodle grades":
        real = any(m == "score" and not _is_percentage(label) for m, label in zip(meanings, labels, strict=True))
        for c, label in enumerate(labels):
            if meanings[c] == "score" and real and _is_percentage(label):
                meanings[c] = "extra"  # the same grade once more
    elif kind == "Canvas gradebook":
        # “ID” is Canvas's own; final scores are per cent, final grades are letters.
        for c, name in enumerate(keys):
            if meanings[c] == "score":
                meanings[c] = "score" if name == "finalscore" else "extra"
    elif kind == "Eventbrite attendees":
        for c, label in enumerate(labels):
            if keys[c] == "attendee" and "#" in label:
                meanings[c] = "id"
    return meanings


def _is_percentage(label: str) -> bool:
    return re.search(r"(?i)\((percentage|porcentaje|pourcentage)\)", label) is not None


def out_of(kind: Kind, label: str) -> Decimal | None:
    """The highest score of a column, where the export's kind says it."""
    return Decimal(100) if kind == "Canvas gradebook" or (kind == "Moodle grades" and _is_percentage(label)) else None


_POSSIBLE = _keys("Points possible", "Puntos posibles", "Points possibles", "Manual Posting")
_TEST_STUDENT = _keys("Student, Test", "Test Student")
NOBODY = _POSSIBLE | _TEST_STUDENT
"""Keys of what stands in a column of names and is nobody, in some export."""


def nobody(kind: Kind, name: str) -> str | None:
    """Why a row of an export is no person, or None."""
    if kind == "Canvas gradebook" and key(name) in _POSSIBLE:
        return "holds the points that were possible, not a person"
    if kind == "Canvas gradebook" and key(name) in _TEST_STUDENT:
        return "is Canvas's test student"
    return None


def cancelled(status: Cell) -> bool:
    """Whether Eventbrite says that somebody is not coming."""
    return key(values.as_text(status)) in _CANCELLED


def organiser(role: Cell) -> bool:
    """Whether Teams says that somebody called the meeting."""
    return key(values.as_text(role)) in _ORGANISERS


def is_yes(cell: Cell) -> bool:
    return values.as_bool(cell) is True


# --- minutes ---------------------------------------------------------------------------------


def total(sessions: Sequence[tuple[Cell, Decimal]]) -> Decimal:
    """Minutes of a person who joined more than once: (when, how long) of each time.

    Where the export says when, minutes spent on two devices at once count once.
    """
    starts = moments([when for when, _ in sessions])
    if starts is None:
        return sum((length for _, length in sessions), Decimal(0))
    spans = sorted(
        (start, start + timedelta(minutes=float(length))) for start, (_, length) in zip(starts, sessions, strict=True)
    )
    overlap = timedelta()
    until = spans[0][1]
    for start, end in spans[1:]:
        overlap += max(min(until, end) - start, timedelta())
        until = max(until, end)
    minutes = sum((length for _, length in sessions), Decimal(0))
    return max(minutes - Decimal(round(overlap.total_seconds())) / 60, Decimal(0))


_MOMENT = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4}),?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]\.?\s?m\.?)?", re.I
)


def moments(cells: Sequence[Cell]) -> list[datetime] | None:
    """Times as they stand, day or month first alike for all; None unless every one can be read."""
    found: list[list[datetime]] = [[], []]
    for cell in cells:
        if isinstance(cell, datetime):
            for readings in found:
                readings.append(cell.replace(tzinfo=None))
            continue
        parts = _MOMENT.fullmatch(values.as_text(cell).strip())
        if parts is None:
            return None
        a, b, c, hour, minute, second = (int(parts[i] or 0) for i in range(1, 7))
        if parts[7]:
            hour = hour % 12 + (12 if parts[7][0] in "pP" else 0)
        for readings, (year, month, day) in zip(
            found, ((a, b, c),) * 2 if len(parts[1]) == 4 else ((c, a, b), (c, b, a)), strict=True
        ):
            try:
                readings.append(datetime(year + 2000 if year < 100 else year, month, day, hour, minute, second))
            except ValueError:
                continue
    return next((readings for readings in found if len(readings) == len(cells)), None)
