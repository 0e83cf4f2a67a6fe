"""The empty roster that ``certgen init`` writes: headers with notes, drop-down lists and an example row.

It speaks the academy's first language where certgen reads headers in it (English, Spanish, French, Arabic), else
English. Whatever it writes is read back: headers by certgen.columns, the words of its lists by certgen.values.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

ROWS = 2000  # that have drop-down lists
SCORE = 81  # of the example
TEXTS = ("name", "id")  # columns that keep leading zeros, and names that look like dates
WIDTHS = {"name": 34, "email": 30, "id": 16, "language": 12, "completed": 14, "score": 10, "award": 20}


class Form(Struct, frozen=True):
    """The words of an empty roster in one language. ``columns``: field to header and note, in the sheet's order."""

    sheet: str
    example: str  # the name in the example row, which is nobody
    choose: str  # before the words of a list
    columns: dict[str, tuple[str, str]]
    completed: tuple[str, str]  # yes, no
    awards: tuple[str, ...]  # achievement, participation


FORMS = {
    "en": Form(
        "People",
        "Example Person (write over this row)",
        "Choose from the list",
        {
            "name": ("Full name", "As it should stand on the certificate, in any script. One person in each row."),
            "email": ("E-mail", "Tells people of the same name apart. Never printed."),
            "id": ("ID", "Your own number for a person, if there is one. Tells people of the same name apart."),
            "language": ("Language", "Of this person's certificate. Left empty: the course's first language."),
            "completed": ("Completed", "yes or no: has the person completed the course?"),
            "score": ("Score", "A number such as 81, or 49/60. Left empty where nothing was marked."),
            "award": (
                "Award",
                "Left empty: by the rules in course.toml. Filled in: this award, whatever the rules say; "
                "then say why in a column “Reason”.",
            ),
        },
        ("yes", "no"),
        ("achievement", "participation"),
    ),
    "es": Form(
        "Personas",
        "Persona de ejemplo (escriba encima de esta fila)",
        "Elija de la lista",
        {
            "name": (
                "Nombre completo",
                "Tal como debe figurar en el certificado, en cualquier alfabeto. Una persona en cada fila.",
            ),
            "email": ("Correo electrónico", "Distingue a las personas que se llaman igual. Nunca se imprime."),
            "id": (
                "Identificación",
                "El número que usted da a la persona, si lo hay. Distingue a quienes se llaman igual.",
            ),
            "language": ("Idioma", "Del certificado de esta persona. Vacío: la primera lengua del curso."),
            "completed": ("Completado", "sí o no: ¿ha completado el curso?"),
            "score": ("Nota", "Un número, como 81, o 49/60. Vacío si no hubo nota."),
            "award": (
                "Tipo de certificado",
                "Vacío: según las reglas de course.toml. Si se rellena, se da este, digan lo que digan las reglas; "
                "escriba entonces por qué en una columna «Motivo».",
            ),
        },
        ("sí", "no"),
        ("aprovechamiento", "participación"),
    ),
    "fr": Form(
        "Personnes",
        "Personne fictive (écrivez par-dessus cette ligne)",
        "Choisissez dans la liste",
        {
            "name": (
                "Nom complet",
                "Tel qu'il doit figurer sur le certificat, dans n'importe quelle écriture. Une personne par ligne.",
            ),
            "email": ("Adresse e-mail", "Distingue les personnes de même nom. Jamais imprimée."),
            "id": (
                "Identifiant",
                "Votre propre numéro pour cette personne, s'il y en a un. Distingue les personnes de même nom.",
            ),
            "language": ("Langue", "Du certificat de cette personne. Vide : la première langue du cours."),
            "completed": ("Terminé", "oui ou non : la personne a-t-elle terminé le cours ?"),
            "score": ("Note", "Un nombre, comme 81, ou 49/60. Vide si rien n'a été noté."),
            "award": (
                "Type de certificat",
                "Vide : selon les règles de course.toml. Rempli : ce certificat, quoi que disent les règles ; "
                "dites alors pourquoi dans une colonne « Motif ».",
            ),
        },
        ("oui", "non"),
        ("réussite", "participation"),
    ),
    "ar": Form(
        "الأشخاص",
        "شخص للمثال (اكتب فوق هذا الصف)",
        "اختر من القائمة",
        {
            "name": ("الاسم الكامل", "كما ينبغي أن يظهر على الشهادة، بأي كتابة. شخص واحد في كل صف."),
            "email": ("البريد الإلكتروني", "يميّز بين من يحملون الاسم نفسه. لا يُطبع أبدًا."),
            "id": ("رقم التعريف", "رقمكم الخاص لهذا الشخص إن وُجد. يميّز بين من يحملون الاسم نفسه."),
            "language": ("اللغة", "لغة شهادة هذا الشخص. إذا تُركت فارغة: لغة الدورة الأولى."),
            "completed": ("أكمل الدورة", "نعم أو لا: هل أكمل هذا الشخص الدورة؟"),
            "score": ("الدرجة", "رقم مثل 81 أو 49/60. تُترك فارغة إذا لم تُمنح درجة."),
            "award": (
                "نوع الشهادة",
                "إذا تُرك فارغًا: حسب القواعد في course.toml. وإذا مُلئ: هذه الشهادة مهما قالت القواعد؛ "
                "اكتب السبب عندئذ في عمود «السبب».",
            ),
        },
        ("نعم", "لا"),
        ("إنجاز", "مشاركة"),
    ),
}

EXAMPLES = frozenset(form.example for form in FORMS.values())
"""The names in the rows that show how a roster is filled in: nobody's."""


def empty_roster(languages: Iterable[str]) -> bytes:
    """The workbook for certificates in these languages, the first of which it speaks. Equal inputs, equal bytes."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    tags = tuple(languages)
    tongue = tags[0].split("-")[0].lower()
    form = FORMS.get(tongue, FORMS["en"])
    lists = {"language": tags, "completed": form.completed, "award": form.awards}
    example: dict[str, str | int] = {"name": form.example, "completed": form.completed[0], "score": SCORE}
    fields = [field for field in form.columns if field != "language" or len(tags) > 1]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = form.sheet
    sheet.sheet_view.rightToLeft = form is FORMS["ar"]
    for at, field in enumerate(fields, 1):
        header, note = form.columns[field]
        letter = get_column_letter(at)
        cell = sheet.cell(1, at, header)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F3A5F")
        cell.alignment = Alignment(vertical="center")
        cell.comment = Comment(note, "certgen", width=280, height=110)
        sheet.cell(2, at, example.get(field)).font = Font(italic=True, color="8A8A86")
        sheet.column_dimensions[letter].width = WIDTHS[field]
        if field in TEXTS:
            for row in range(3, 203):
                sheet.cell(row, at).number_format = "@"
        if field in lists:
            rule = DataValidation(type="list", formula1=f'"{",".join(lists[field])}"', allow_blank=True)
            rule.error, rule.errorTitle = f"{form.choose}: {', '.join(lists[field])}.", header
            rule.add(f"{letter}2:{letter}{ROWS}")
            sheet.add_data_validation(rule)
    sheet.row_dimensions[1].height = 24
    sheet.freeze_panes = "B2"
    book.properties.creator = "certgen"
    book.properties.created = book.properties.modified = datetime(2026, 1, 1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
