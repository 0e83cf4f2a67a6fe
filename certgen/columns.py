"""Which sheet of a workbook holds the people, which row is its header, and what each column means.

Headers are recognised in English, Spanish and French, in any order and case, without accents or
punctuation; :data:`HEADERS` is the table, and docs/roster.md shows it. What is unclear is a problem,
never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from certgen import values
from certgen.errors import Problem
from certgen.values import key
from certgen.workbook import Cell, Sheet, Workbook

HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    "name": {
        "en": ("Full name", "Name", "Participant", "Participant name", "Recipient", "Recipient name", "Student name",
               "Learner", "Certificate name", "Name on certificate"),
        "es": ("Nombre completo", "Nombre y apellidos", "Apellidos y nombre", "Participante", "Nombre del participante",
               "Alumno", "Estudiante"),
        "fr": ("Nom complet", "Nom et prénom", "Prénom et nom", "Prénom Nom", "Nom Prénom", "Participante",
               "Nom du participant", "Stagiaire"),
    },
    "given": {
        "en": ("Given name", "Given names", "Given", "First name", "First names", "Forename"),
        "es": ("Nombre de pila", "Primer nombre"),
        "fr": ("Prénom", "Prénoms"),
    },
    "family": {
        "en": ("Family name", "Family names", "Family", "Last name", "Last names", "Surname"),
        "es": ("Apellido", "Apellidos", "Apellido(s)"),
        "fr": ("Nom de famille",),
    },
    "honorific": {
        "en": ("Honorific", "Salutation", "Form of address"),
        "es": ("Tratamiento",),
        "fr": ("Civilité",),
    },
    "email": {
        "en": ("E-mail", "E-mail address", "Mail", "Recipient email", "User email"),
        "es": ("Correo", "Correo electrónico", "Dirección de correo", "Dirección de correo electrónico"),
        "fr": ("Courriel", "Adresse e-mail", "Adresse mail", "Adresse de courriel", "Adresse électronique", "Mél"),
    },
    "id": {
        "en": ("ID", "ID number", "Identifier", "Participant ID", "Student ID", "Personal ID"),
        "es": ("Número de ID", "Identificación", "Número de identificación", "Identificador", "DNI", "Matrícula"),
        "fr": ("Identifiant", "Numéro d'identification", "Matricule"),
    },
    "number": {
        "en": ("Number", "No.", "Register number", "Registration number", "Certificate number"),
        "es": ("Número", "N.º", "Núm.", "Número de registro", "Número de certificado"),
        "fr": ("Numéro", "N°", "Numéro de registre", "Numéro d'enregistrement", "Numéro de certificat"),
    },
    "language": {
        "en": ("Language", "Lang", "Certificate language", "Language of certificate"),
        "es": ("Idioma", "Lengua", "Idioma del certificado"),
        "fr": ("Langue", "Langue du certificat"),
    },
    "hours": {
        "en": ("Hours", "Number of hours", "Total hours"),
        "es": ("Horas", "Número de horas", "Total de horas"),
        "fr": ("Heures", "Nombre d'heures", "Total des heures"),
    },
    "score": {
        "en": ("Score", "Final score", "Grade", "Final grade", "Mark", "Marks", "Points", "Course total (Real)"),
        "es": ("Nota", "Nota final", "Calificación", "Calificación final", "Puntuación", "Puntaje",
               "Total del curso (Real)"),
        "fr": ("Note", "Note finale", "Résultat", "Total du cours (Brut)"),
    },
    "attendance": {
        "en": ("Attendance", "Attendance rate", "Attendance (per cent)", "Presence"),
        "es": ("Asistencia", "Porcentaje de asistencia"),
        "fr": ("Assiduité", "Présence", "Taux de présence", "Taux d'assiduité"),
    },
    "completed": {
        "en": ("Completed", "Complete", "Completion", "Completion status", "Finished"),
        "es": ("Completado", "Completó", "Terminado", "Finalizado", "Aprobado"),
        "fr": ("Terminé", "Achevé", "Complété"),
    },
    "award": {
        "en": ("Award", "Award type", "Certificate type", "Type of certificate"),
        "es": ("Distinción", "Tipo de certificado"),
        "fr": ("Distinction", "Type de certificat", "Type d'attestation"),
    },
    "reason": {
        "en": ("Reason", "Reason for award", "Award reason", "Justification"),
        "es": ("Motivo", "Razón", "Justificación"),
        "fr": ("Motif", "Raison"),
    },
    "completed_on": {
        "en": ("Completion date", "Date of completion", "Completed on", "Date completed"),
        "es": ("Fecha de finalización", "Finalizado el", "Completado el", "Fecha de término"),
        "fr": ("Date d'achèvement", "Terminé le", "Achevé le", "Date de réussite"),
    },
    "start": {
        "en": ("Start", "Start date", "Started on"),
        "es": ("Inicio", "Fecha de inicio"),
        "fr": ("Début", "Date de début"),
    },
    "end": {
        "en": ("End", "End date", "Ended on"),
        "es": ("Fin", "Fecha de fin"),
        "fr": ("Date de fin",),
    },
}  # fmt: skip
"""Header to meaning, by language. ``Nombre`` and ``Nom`` are not here: see :func:`meanings`."""


COURSE_SHEETS = frozenset({"course", "curso", "cours"})
_HEADER_WITHIN = 20  # rows from the top of a sheet among which its header is looked for


class Column(Struct, frozen=True):
    """A column in use. ``meaning`` is a field of Recipient, or "extra"; ``letters`` are the spreadsheet's."""

    header: str
    letters: str
    meaning: str


_MEANING = {key(h): field for field, tongues in HEADERS.items() for hs in tongues.values() for h in hs}
_WORDS = {h.casefold() for tongues in HEADERS.values() for hs in tongues.values() for h in hs} | {"first", "last"}
_WORDS |= {"nombre", "nombres", "nom"}
_EITHER = {"nombre": "given", "nombres": "given", "nom": "family", "noms": "family"}


def meanings(headers: Sequence[Cell]) -> list[str]:
    """What each header means: a field, "extra", or "" for none.

    French ``Nom`` is the family name beside a ``Prénom``, Spanish ``Nombre`` the given name beside
    ``Apellidos``; alone, each is the full name. ``Name`` beside a given name alone may be the family
    name: it is called "name?" until the rows have shown which.
    """
    keys = [key(values.as_text(header)) for header in headers]
    found = [_MEANING.get(k, "extra" if values.as_text(h).strip() else "") for k, h in zip(keys, headers, strict=True)]
    for i, name in enumerate(keys):
        if name in _EITHER:
            other = "family" if _EITHER[name] == "given" else "given"
            found[i] = _EITHER[name] if other in found else "name"
    for i, name in enumerate(keys):
        if name == "name" and "given" in found and "family" not in found:
            found[i] = "name?"
    return found


def is_header_word(cell: Cell) -> bool:
    """Whether a cell says what a header says ("First", "Last", "Score")."""
    return isinstance(cell, str) and cell.strip().casefold() in _WORDS


def _header(sheet: Sheet) -> int | None:
    """The index of the header: of the first rows that recognise a name, the one that recognises most."""
    best, chosen = 0, None
    for i, row in enumerate(sheet.rows[:_HEADER_WITHIN]):
        found = meanings(row)
        known = sum(meaning not in ("", "extra") for meaning in found)
        if known > best and not {"name", "name?", "given", "family"}.isdisjoint(found):
            best, chosen = known, i
    return chosen


def choose(book: Workbook, wanted: str | None, problems: list[Problem]) -> tuple[Sheet, int] | None:
    """The sheet with the people and the index of its header row, or None and a problem.

    ``wanted`` is a sheet's name in any case; a hidden sheet is read only when it is named.
    """
    listed = ", ".join(f"“{sheet.name}”" for sheet in book.sheets if not sheet.hidden)
    visible = [s for s in book.sheets if not s.hidden and key(s.name) not in COURSE_SHEETS and s.rows]
    if wanted is not None:
        visible = [s for s in book.sheets if s.name.strip().casefold() == wanted.strip().casefold()]
        if not visible:
            message = f"There is no sheet “{wanted}” in this workbook."
            problems.append(Problem(code="no-such-sheet", message=message, hint=f"It has {listed}.", file=book.path))
            return None
    found = [(sheet, header) for sheet in visible if (header := _header(sheet)) is not None]
    if found:
        if len(found) > 1:
            others = ", ".join(f"“{sheet.name}”" for sheet, _ in found[1:])
            problems.append(
                Problem(
                    code="several-sheets",
                    message=f"Only the sheet “{found[0][0].name}” was read; {others} could hold people too.",
                    hint="Name the right one with --sheet, or remove the others.",
                    severity="warning",
                    file=book.path,
                )
            )
        return found[0]
    first = next((row for sheet in visible for row in sheet.rows if any(cell is not None for cell in row)), [])
    seen = ", ".join(f"“{' '.join(values.as_text(cell).split())[:30]}”" for cell in first if cell is not None)
    sheets = "" if book.kind == "csv" else f" on {'the sheets ' if len(visible) > 1 else 'the sheet '}{listed}"
    problems.append(
        Problem(
            code="no-header",
            message=f"No row{sheets} has a column of names." + (f" The first row says {seen[:200]}." if seen else ""),
            hint="Put headers above the people, such as “Given name”, “Family name” and “E-mail”, or “Full name”.",
            file=book.path,
        )
    )
    return None
