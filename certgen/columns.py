"""What the columns of a roster mean, by their headers.

Headers are recognised in English, Spanish and French, in any order and case, without accents or
punctuation; :data:`HEADERS` is the table, and docs/roster.md shows it. Names and addresses are recognised in further
languages too. What is unclear is a problem, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from certgen import values
from certgen.values import key
from certgen.workbook import Cell

HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    "name": {
        "en": ("Full name", "Name", "Participant", "Participant name", "Recipient", "Recipient name", "Student name",
               "Student", "Learner", "Attendee name", "Certificate name", "Name on certificate",
               "Name (Original Name)", "First name / Surname", "First name / Last name", "Last name, First name",
               "Surname, First name", "Family name, Given name"),
        "es": ("Nombre completo", "Nombre y apellidos", "Apellidos y nombre", "Participante", "Nombre del participante",
               "Alumno", "Estudiante", "Asistente", "Nombres y apellidos", "Apellidos y nombres", "Apellidos, Nombre",
               "Nombre (nombre original)", "Nombre / Apellido(s)"),
        "fr": ("Nom complet", "Nom et prénom", "Prénom et nom", "Prénom Nom", "Nom Prénom", "Participante",
               "Nom du participant", "Stagiaire", "Nom, prénom", "Nom (nom d'origine)", "Nom (nom original)",
               "Prénom / Nom de famille"),
    },
    "given": {
        "en": ("Given name", "Given names", "Given", "First name", "First names", "Forename", "Christian names",
               "Attendee first name"),
        "es": ("Nombre de pila", "Primer nombre"),
        "fr": ("Prénom", "Prénoms"),
    },
    "family": {
        "en": ("Family name", "Family names", "Family", "Last name", "Last names", "Surname",
               "Attendee last name"),
        "es": ("Apellido", "Apellidos", "Apellido(s)"),
        "fr": ("Nom de famille",),
    },
    "honorific": {
        "en": ("Honorific", "Salutation", "Form of address"),
        "es": ("Tratamiento",),
        "fr": ("Civilité",),
    },
    "email": {
        "en": ("E-mail", "E-mail address", "Mail", "Recipient email", "User email", "Attendee email"),
        "es": ("Correo", "Correo electrónico", "Dirección de correo", "Dirección de correo electrónico",
               "Correo electrónico de usuario", "Correo electrónico del usuario"),
        "fr": ("Courriel", "Adresse e-mail", "Adresse mail", "Adresse de courriel", "Adresse électronique", "Mél",
               "E-mail de l'utilisateur", "Adresse e-mail de l'utilisateur"),
    },
    "id": {
        "en": ("ID", "ID number", "Identifier", "Participant ID", "Student ID", "Personal ID", "Participant ID (UPN)"),
        "es": ("Número de ID", "Identificación", "Número de identificación", "Identificador", "DNI", "Matrícula",
               "Identificador de participante (UPN)", "Id. de participante (UPN)"),
        "fr": ("Identifiant", "Numéro d'identification", "Matricule", "ID du participant (UPN)"),
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
        "en": ("Score", "Final score", "Grade", "Final grade", "Mark", "Marks", "Points", "Course total (Real)",
               "Course total (Percentage)", "Course total"),
        "es": ("Nota", "Nota final", "Calificación", "Calificación final", "Puntuación", "Puntaje",
               "Total del curso (Real)", "Total del curso (Porcentaje)", "Total del curso"),
        "fr": ("Note", "Note finale", "Résultat", "Total du cours (Brut)", "Total du cours (Réel)",
               "Total du cours (Pourcentage)", "Total du cours"),
    },
    "attendance": {
        "en": ("Attendance", "Attendance rate", "Attendance (per cent)", "Presence"),
        "es": ("Asistencia", "Porcentaje de asistencia"),
        "fr": ("Assiduité", "Présence", "Taux de présence", "Taux d'assiduité"),
    },
    "minutes": {
        "en": ("Minutes", "Total minutes", "Minutes attended", "Duration", "Duration (Minutes)",
               "Total duration (Minutes)", "In-meeting duration", "Attendance duration", "Time in session"),
        "es": ("Minutos", "Minutos de asistencia", "Duración", "Duración (minutos)", "Duración total (minutos)",
               "Duración en la reunión"),
        "fr": ("Minutes de présence", "Durée", "Durée (minutes)", "Durée totale (minutes)", "Durée dans la réunion",
               "Durée de la réunion"),
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


OTHERS: dict[str, tuple[str, ...]] = {
    "name": ("Vollständiger Name", "Nome completo", "Nome e sobrenome", "Nome e cognome", "Teilnehmer", "Jméno",
             "Jméno a příjmení", "Imię i nazwisko", "Ad Soyad", "Adı Soyadı", "İsim", "ФИО", "Имя", "Имя и фамилия",
             "Полное имя", "الاسم", "الاسم الكامل", "الإسم", "שם", "שם מלא", "氏名", "お名前", "名前", "이름", "성명",
             "姓名", "名字", "Họ tên", "Họ và tên", "Ονοματεπώνυμο", "नाम", "नाव", "ชื่อ-นามสกุล"),
    "given": ("Vorname", "Nome próprio", "Prenome", "Imię", "Křestní jméno", "Ad", "名"),
    "family": ("Nachname", "Familienname", "Sobrenome", "Cognome", "Nazwisko", "Příjmení", "Soyad", "Soyadı",
               "Фамилия", "姓", "성", "Họ"),
    "email": ("E-Mail-Adresse", "Endereço de e-mail", "Indirizzo e-mail", "E-posta", "Почта", "Электронная почта",
              "البريد", "البريد الإلكتروني", "דוא״ל", "דואל", "メール", "メールアドレス", "이메일", "邮箱", "電郵",
              "電子郵件", "电子邮件", "Thư điện tử"),
    "id": ("رقم التعريف", "رقم المشارك"),
    "language": ("Sprache", "Lingua", "Idioma do certificado", "اللغة", "لغة الشهادة"),
    "completed": ("أكمل الدورة", "أكملت الدورة", "إكمال الدورة"),
    "score": ("الدرجة", "الدرجة النهائية", "العلامة", "النتيجة"),
    "attendance": ("الحضور", "نسبة الحضور"),
    "award": ("نوع الشهادة",),
    "reason": ("السبب",),
}  # fmt: skip
"""Headers of people in further languages; in Arabic, all that certgen init writes and more."""

FAMILY_FIRST = frozenset(
    map(
        key,
        (
            "Last name, First name",
            "Surname, First name",
            "Family name, Given name",
            "Apellidos y nombre",
            "Apellidos y nombres",
            "Apellidos, Nombre",
            "Nom et prénom",
            "Nom, prénom",
            "Nom Prénom",
        ),
    )
)
"""Keys of headers under which "Pérez, Ana" is written family name first."""


class Column(Struct, frozen=True):
    """A column in use. ``meaning`` is a field of Recipient, "minutes", or "extra"; ``letters`` are the spreadsheet's.

    ``note`` says how it was read, where that does not go without saying.
    """

    header: str
    letters: str
    meaning: str
    note: str = ""


_TONGUES: dict[str, set[str]] = {}
for _field, _tongues in HEADERS.items():
    for _tongue, _headers in _tongues.items():
        for _header in _headers:
            _TONGUES.setdefault(key(_header), set()).add(_tongue)
_MEANING = {key(h): field for field, tongues in HEADERS.items() for hs in tongues.values() for h in hs}
for _field, _headers in OTHERS.items():
    for _header in _headers:
        _MEANING.setdefault(key(_header), _field)
_WORDS = {h.casefold() for tongues in HEADERS.values() for hs in tongues.values() for h in hs} | {"first", "last"}
_WORDS |= {"nombre", "nombres", "nom"}
HEADER_WORDS = frozenset(map(key, _WORDS))
"""Keys of everything that a header may say."""
_EITHER = {"nombre": "given", "nombres": "given", "nom": "family", "noms": "family", "first": "given", "last": "family"}
_EITHER |= {key(word): "given" for word in ("Nome", "Jméno", "İsim", "Ad", "Имя", "名字")}
_ALONE = set(_EITHER) - {"first", "last"}

# What a form or a list adds to a header, and what does not change its meaning.
_ASIDE = re.compile(
    r"(?i)\s*[(\[][^)\]]*\b(?:certifica\w*|attestation|dipl[oô]m\w*|required|obligato\w*|requis|optional|opcional|"
    r"facultati\w*|if any|in full|as (?:it|in)|tal como|tels? qu\w*|mayúsculas|majuscules|capitals?|block letters)\b"
    r"[^)\]]*[)\]]|\bin full\b|\(if any\)|^\s*\d{1,2}[.)]\s+(?=\D)"
)
_ASKED = re.compile(
    r"(?i)^\W*(?:what(?:'s| is) your|please (?:enter|write|give|type) your|(?:enter|write|type) your|your|"
    r"(?:cu[aá]l es )?(?:su|tu)|(?:escriba|indique|ingrese|escribe) (?:su|tu)|"
    r"(?:quel(?:le)? est )?(?:votre|ton|ta)|(?:indiquez|écrivez|saisissez) votre)\s+"
)


def meaning_of(header: str) -> str:
    """The field that a header names by itself, or ""; a form's question counts ("What is your full name?*")."""
    if len(header) > 200 or values.excel_error(header.strip()):  # “#NAME?” names nobody
        return ""
    if found := _MEANING.get(key(header)):
        return found
    plain = _ASKED.sub("", _ASIDE.sub(" ", header))
    return _MEANING.get(key(plain), "") if plain != header else ""


def meanings(headers: Sequence[Cell]) -> list[str]:
    """What each header means: a field, "extra", or "" for none.

    French ``Nom`` is the family name beside a ``Prénom``, Spanish ``Nombre`` the given name beside
    ``Apellidos``; alone, each is the full name. ``First`` and ``Last`` count beside each other. ``Name`` beside a given
    name alone may be the family name: it is called "name?" until the rows have shown which.
    """
    texts = [values.as_text(header) for header in headers]
    keys = [key(text) for text in texts]
    found = [meaning_of(text) or ("extra" if text.strip() else "") for text in texts]
    for i, name in enumerate(keys):
        if name in _EITHER:
            other = "family" if _EITHER[name] == "given" else "given"
            partner = {"first": "last", "last": "first"}.get(name)
            if other in found or partner in keys:
                found[i] = _EITHER[name]
            elif name in _ALONE:
                found[i] = "name"
    for i, name in enumerate(keys):
        if name == "name" and "given" in found and "family" not in found:
            found[i] = "family" if "vorname" in keys else "name?"  # German: Name, Vorname
    if (
        found.count("score") > 1 and "note" in keys
    ):  # French for the mark; beside a “Score” in an English list, a remark
        others = [text for text, name in zip(texts, keys, strict=True) if name != "note"]
        if tongue_of(others) == "en":
            found = ["extra" if name == "note" else meaning for name, meaning in zip(keys, found, strict=True)]
    return found


def tongue_of(headers: Sequence[str]) -> str | None:
    """The language that a file's headers are in: "en", "es" or "fr"; None where they do not show it."""
    votes = [tongues for header in headers if (tongues := _TONGUES.get(key(header)))]
    votes += [{"es"} for header in headers if key(header) in ("nombre", "nombres")]
    votes += [{"fr"} for header in headers if key(header) in ("nom", "noms")]
    sure = {next(iter(tongues)) for tongues in votes if len(tongues) == 1}
    return sure.pop() if len(sure) == 1 else None


def is_header_word(cell: Cell) -> bool:
    """Whether a cell says what a header says ("First", "Last", "Score")."""
    return isinstance(cell, str) and cell.strip().casefold() in _WORDS
