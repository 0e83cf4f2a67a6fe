"""Workbook to people: finds the sheet and the header, reads every row, and says by cell what is wrong.

Columns are recognised by their headers in English, Spanish and French, in any order and case, without
accents or punctuation (columns.py has the table). All problems are told at once, in the order of the
rows. A row with an error is left out of the :class:`Roster` and listed in it; no row is repaired by guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast, get_args

from msgspec import Struct

from certgen import names, values, workbook
from certgen.columns import COURSE_SHEETS, Column, choose, is_header_word, meanings
from certgen.errors import Problem, Severity
from certgen.model import AwardKind, Course, Recipient
from certgen.values import Misread
from certgen.workbook import Cell, Sheet, Workbook

column_key = values.key
"""How headers are compared: letters and digits only, without case and accents ("N.º de ID" is "nodeid")."""

_AWARDS: dict[AwardKind, tuple[str, ...]] = {
    "achievement": ("achievement", "logro", "aprovechamiento", "aprobación", "réussite"),
    "participation": ("participation", "participación"),
    "attendance": ("attendance", "asistencia", "assiduité", "présence"),
    "completion": ("completion", "finalización", "culminación", "achèvement", "fin de formation"),
}
_CERTIFICATE = (
    "",
    "certificate of ",
    "certificado de ",
    "certificat de ",
    "certificat d'",
    "attestation de ",
    "diploma de ",
)

_NO_NAME = frozenset(
    {"null", "none", "nan", "n/a", "#n/a", "test", "tbd", "?", "0", "-", "–", "—", "--", ".", "x", "xx", "xxx"}
)
_TOTALS = frozenset({"total", "totals", "totales", "totaux", "subtotal", "average", "promedio", "media", "moyenne"})

_DOUBTFUL = re.compile(r"[^\x00-\x7f]|[?(]|\bi(?:phone|pad)", re.IGNORECASE)  # worth a second look
_EMAIL = re.compile(r"[^@\s,;<>\"():]+@[^@\s,;<>\"():]+\.[^@\s,;<>\"():.]{2,}")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class Roster(Struct, frozen=True):
    """The people of one sheet. ``columns`` by field, or by header where it is an extra one.

    ``left_out`` are the numbers of rows that have an error; the others are in ``recipients``, in order.
    ``digest`` is the file's SHA-256 in hexadecimal. ``course_sheet`` is the workbook's own Course sheet.
    """

    recipients: tuple[Recipient, ...]
    columns: dict[str, Column]
    sheet: str
    digest: str
    course_sheet: Sheet | None = None
    left_out: tuple[int, ...] = ()
    header_row: int = 1


def read_roster(
    path: Path, course: Course | None, problems: list[Problem], *, sheet: str | None = None
) -> Roster | None:
    """Both halves at once: :func:`open_roster` and :func:`recipients`."""
    book = open_roster(path, problems)
    return None if book is None else recipients(book, course, problems, sheet=sheet)


def open_roster(path: Path, problems: list[Problem]) -> Workbook | None:
    """Reads the file once, so that its Course sheet can be read before its people."""
    return workbook.read(path, problems)


def course_sheet(book: Workbook) -> Sheet | None:
    """The sheet named Course (or Curso, Cours), if there is one."""
    return next((sheet for sheet in book.sheets if column_key(sheet.name) in COURSE_SHEETS), None)


def extra(recipient: Recipient, column: str) -> str | None:
    """A further column of a person, by its header in any case and with or without accents."""
    if column in recipient.extra:
        return recipient.extra[column]
    wanted = column_key(column)
    return next((text for header, text in recipient.extra.items() if column_key(header) == wanted), None)


def recipients(
    book: Workbook, course: Course | None, problems: list[Problem], *, sheet: str | None = None
) -> Roster | None:
    """The people of ``sheet``, or of the first visible sheet that has a header with names in it.

    ``course`` says which languages and awards a row may choose; without it neither is checked. None
    only when no header was found. Problems that belong to no row spoil the whole roster.
    """
    found = choose(book, sheet, problems)
    if found is None:
        return None
    chosen, header = found
    told: list[tuple[int, int, Problem]] = []
    reader = _Reader(book, chosen, header, course, told)
    people, left_out = reader.people()
    problems.extend(problem for _, _, problem in sorted(told, key=lambda item: item[:2]))
    return Roster(
        recipients=tuple(people),
        columns={c.header if c.meaning == "extra" else c.meaning: c for c in reader.columns},
        sheet=chosen.name,
        digest=book.digest,
        course_sheet=course_sheet(book),
        left_out=left_out,
        header_row=chosen.number(header),
    )


# --- the people ------------------------------------------------------------------------------


class _Reader:
    """Reads one sheet below its header; ``told`` collects (row, column, problem) for sorting."""

    def __init__(
        self, book: Workbook, sheet: Sheet, header: int, course: Course | None, told: list[tuple[int, int, Problem]]
    ) -> None:
        self.book, self.sheet, self.header, self.course, self.told = book, sheet, header, course, told
        self.errors: set[int] = set()  # row indexes
        self.at: dict[str, int] = {}  # field to column index
        self.extras: list[tuple[int, str, str]] = []  # column index, header, letters
        self.extra_faults: dict[tuple[int, str], list[str]] = {}
        self.columns: list[Column] = []
        self.languages: dict[str, str] | None = None
        self._assign()
        self.fields = [(field, column, sheet.letters(column)) for field, column in self.at.items()]
        self.orders: dict[str, values.DateOrder | None] = {
            field: values.date_order(
                row[self.at[field]] for row in sheet.rows[header + 1 :] if self.at[field] < len(row)
            )
            for field in ("completed_on", "start", "end")
            if field in self.at
        }

    def tell(
        self,
        row: int,
        column: int,
        code: str,
        message: str,
        hint: str = "",
        severity: Severity = "error",
        of_row: bool = True,
    ) -> None:
        problem = Problem(
            code=code,
            message=message,
            hint=hint,
            severity=severity,
            file=self.book.path,
            sheet=None if self.book.kind == "csv" else self.sheet.name,
            cell=self.sheet.address(row, column),
            row=self.sheet.number(row) if of_row else None,
        )
        self.told.append((row, column, problem))
        if severity == "error" and of_row:
            self.errors.add(row)

    def _assign(self) -> None:
        """Gives each column its meaning; two columns for one meaning are told, and the first is read on."""
        header = self.sheet.rows[self.header]
        below = self.sheet.rows[self.header + 1 :]
        found = meanings(header)
        taken: set[str] = set()
        for i, cell in enumerate(header):
            text = names.clean(values.as_text(cell)).text
            meaning, letters = found[i], self.sheet.letters(i)
            if meaning == "name?":
                meaning = self._name_or_family(i, found.index("given"), text, below)
            if meaning in self.at:
                first = self.columns[[c.meaning for c in self.columns].index(meaning)]
                self.tell(
                    self.header,
                    i,
                    "two-columns",
                    f"The columns {first.letters} (“{first.header}”) and {letters} (“{text}”) both give the "
                    f"{_SAID.get(meaning, meaning)}.",
                    "Keep one of them, or rename the other to something that certgen does not read.",
                    of_row=False,
                )
            elif meaning == "extra":
                name = text
                if column_key(text) in taken:
                    name = f"{text} ({letters})"
                    self.tell(
                        self.header,
                        i,
                        "same-header",
                        f"A column to the left is called “{text}” too; this one is read as “{name}”.",
                        "Give each column a header of its own.",
                        "warning",
                        of_row=False,
                    )
                taken.add(column_key(name))
                self.extras.append((i, name, letters))
                self.columns.append(Column(name, letters, "extra"))
            elif meaning:
                self.at[meaning] = i
                self.columns.append(Column(text, letters, meaning))
            elif any(i < len(row) and not values.is_blank(row[i]) for row in below):
                self.tell(
                    self.header,
                    i,
                    "no-column-header",
                    f"Column {letters} has no header; what stands in it is not read.",
                    "Give it a header if a certificate should use it.",
                    "warning",
                    of_row=False,
                )

    def _name_or_family(self, name: int, given: int, text: str, below: Sequence[Sequence[Cell]]) -> str:
        rows = [(values.as_text(row[name]), values.as_text(row[given])) for row in below if len(row) > max(name, given)]
        inside = [names.folded(g) in names.folded(n) for n, g in rows if g.strip() and n.strip()]
        if all(inside):
            return "name"
        self.tell(
            self.header,
            name,
            "unclear-name",
            f"“{text}” may be the full name or the family name.",
            "Call it “Full name” or “Family name”.",
            of_row=False,
        )
        return "family"

    # One row at a time.

    def people(self) -> tuple[list[Recipient], tuple[int, ...]]:
        rows: list[tuple[int, Recipient]] = []
        sheet, header = self.sheet, self.sheet.rows[self.header]
        naming = next(field for field in ("name", "given", "family") if field in self.at)
        used = sorted([*self.at.values(), *(column for column, _, _ in self.extras)])
        faulty = {int(re.sub("[A-Z]", "", address)) for address in sheet.faults}
        hidden: list[int] = []
        for i in range(self.header + 1, len(sheet.rows)):
            row = sheet.rows[i]
            number = sheet.number(i)
            broken = number in faulty and self._faults(i)
            if not broken and all(_nothing(row[c]) for c in used if c < len(row)):
                continue
            if row == header:
                message = "This row repeats the header and is not read as a person."
                self.tell(i, self.at[naming], "repeated-header", message, severity="warning")
                continue
            if is_header_word(row[self.at[naming]]):
                message = f"“{row[self.at[naming]]}” looks like a second line of the header, not a person."
                self.tell(
                    i, self.at[naming], "not-a-person", message, "Write the header in one row, and delete this one."
                )
                continue
            if number in sheet.hidden_rows:
                hidden.append(number)
            person = self._person(i, number, row)
            if person is not None:
                rows.append((i, person))
        self._same_people(rows)
        self._of_the_sheet(naming, hidden, not rows and not self.errors)
        kept = [person for i, person in rows if i not in self.errors]
        return kept, tuple(sheet.number(i) for i in sorted(self.errors))

    def _of_the_sheet(self, naming: str, hidden: list[int], nobody: bool) -> None:
        """What concerns the sheet rather than a row of it."""
        for (column, fault), cells in self.extra_faults.items():
            what = f"hold the Excel error {fault}" if fault else "hold formulas that were never calculated"
            some = f"{cells[0]}" if len(cells) == 1 else f"{cells[0]} to {cells[-1]} ({len(cells)} cells)"
            self.tell(
                self.header,
                column,
                "error-cell" if fault else "uncalculated-formula",
                f"Cells of this column {what}: {some}. They are read as blank.",
                _MEND[fault != ""],
                "warning",
                of_row=False,
            )
        if hidden:
            some = ", ".join(map(str, hidden[:10])) + (" …" if len(hidden) > 10 else "")
            self.tell(
                self.header,
                self.at[naming],
                "hidden-rows",
                f"Rows are hidden in the sheet and read like the others: {some}.",
                "Remove the filter to see them; delete the rows of people who should not get a certificate.",
                "warning",
                of_row=False,
            )
        if nobody:
            self.tell(
                self.header,
                self.at[naming],
                "no-people",
                "There is nobody below the header.",
                "Write one person in each row; check that the sheet was saved.",
                of_row=False,
            )

    def _faults(self, i: int) -> bool:
        """Tells of error cells and formulas without a value in a row; whether a column that is read has any."""
        found = False
        for _, column, letters in self.fields:
            fault = self.sheet.faults.get(f"{letters}{self.sheet.number(i)}")
            if fault is not None:
                found = True
                what = (
                    f"the Excel error {fault}" if fault else "a formula that was never calculated, so it has no value"
                )
                code = "error-cell" if fault else "uncalculated-formula"
                self.tell(i, column, code, f"This cell holds {what}.", _MEND[fault != ""])
        for column, _, letters in self.extras:
            address = f"{letters}{self.sheet.number(i)}"
            if (fault := self.sheet.faults.get(address)) is not None:
                self.extra_faults.setdefault((column, fault), []).append(address)
        return found

    def _person(self, i: int, number: int, row: Sequence[Cell]) -> Recipient | None:
        given: dict[str, Cell] = {}
        cells: dict[str, str] = {}
        width = len(row)
        for field, column, letters in self.fields:
            if column < width and (cell := row[column]) is not None:
                given[field] = cell
                cells[field] = f"{letters}{number}"
        fields: dict[str, object] = {}
        for field, cell in given.items():
            if field in _TEXTS:
                fields[field] = self._text(i, field, cell)
            elif field not in _NAMES:
                self._typed(i, field, cell, fields, cells)
        name = self._name(i, given, cells, fields)
        self._rules(i, fields)
        extras: dict[str, str] = {}
        for column, header, letters in self.extras:
            if column < width and (cell := row[column]) is not None:
                cleaned = names.clean(values.as_text(cell))
                if cleaned.refused:
                    self._refuse(i, column, cleaned.refused, "warning")
                    continue
                extras[header] = cleaned.text
                cells[header] = f"{letters}{number}"
        if name is None:
            return None
        return Recipient(row=number, name=name, extra=extras, cells=cells, **fields)  # type: ignore[arg-type]

    def _refuse(self, i: int, column: int, refused: tuple[str, ...], severity: Severity = "error") -> None:
        """An error where the text would be printed; a further column is read as blank, with a warning."""
        blank = " The cell is read as blank." if severity == "warning" else ""
        self.tell(
            i,
            column,
            "forbidden-character",
            f"The cell contains {', '.join(refused[:5])}, which cannot be printed.{blank}",
            "Type the text again by hand instead of pasting it.",
            severity,
        )

    def _text(self, i: int, field: str, cell: Cell) -> str | None:
        """Text, with problems for what cannot be printed; None when nothing is left."""
        column = self.at[field]
        if field in ("id", "number") and isinstance(cell, (int, float)) and abs(cell) >= 1e15:
            self.tell(
                i,
                column,
                "lost-digits",
                f"The {_SAID[field]} is a number of more than 15 digits, and Excel has rounded it.",
                "Format the column as Text and type it again.",
            )
            return None
        cleaned = names.clean(values.as_text(cell))
        text = cleaned.text
        if cleaned.refused:
            self._refuse(i, column, cleaned.refused)
            return None
        if values.is_blank(text):
            return None
        if field == "email" and not _EMAIL.fullmatch(text):
            hint = "Write one address, such as ana@example.org, or leave the cell blank."
            self.tell(i, column, "bad-email", f"“{text[:60]}” is not an e-mail address.", hint)
            return None
        return text

    def _typed(self, i: int, field: str, cell: Cell, fields: dict[str, object], cells: dict[str, str]) -> None:
        column = self.at[field]
        percent = cells[field] in self.sheet.percents
        read: object
        if field == "hours":
            read = values.as_hours(cell)
        elif field == "score":
            read = values.as_score(cell, percent=percent)
            if isinstance(read, tuple):
                fields["score_out_of"] = read[1]
                read = read[0]
        elif field == "attendance":
            read = values.as_percent(cell, percent=percent)
        elif field == "completed":
            read = values.as_bool(cell)
        elif field == "language":
            read = self._language(values.as_text(cell).strip())
        elif field == "award":
            read = self._award(values.as_text(cell).strip())
        else:
            epoch = self.book.date1904 if self.book.kind == "xlsx" else None
            read = values.as_date(cell, order=self.orders[field], date1904=epoch)
        if isinstance(read, Misread):
            self.tell(i, column, read.code, read.message, read.hint)
        elif read is not None:
            fields[field] = read

    def _language(self, text: str) -> str | Misread | None:
        if values.is_blank(text):
            return None
        if self.languages is None:
            self.languages = _language_words(self.course.languages if self.course else ())
        tag = self.languages.get(column_key(text)) or self.languages.get(column_key(text.split("-")[0].split("_")[0]))
        if tag:
            return tag
        if self.course is None and _TAG.fullmatch(text):
            return text
        offered = ", ".join(self.course.languages) if self.course else "tags such as en, es or fr"
        return Misread(
            "unknown-language",
            f"“{text[:40]}” is not a language of this course's certificates.",
            f"The course has {offered}; add the language to “languages” in the course, or choose one of them.",
        )

    def _award(self, text: str) -> AwardKind | Misread | None:
        if values.is_blank(text):
            return None
        kind = _AWARD_WORDS.get(column_key(text))
        kinds = tuple(dict.fromkeys(rule.kind for rule in self.course.awards)) if self.course else get_args(AwardKind)
        if kind in kinds:
            return kind
        return Misread(
            "unknown-award",
            f"“{text[:40]}” is not one of the course's awards.",
            f"Write {' or '.join(kinds)}, or leave the cell blank for the course's rules to decide.",
        )

    def _name(
        self, i: int, given_cells: dict[str, Cell], cells: dict[str, str], fields: dict[str, object]
    ) -> str | None:
        """The name to print, or None with a problem; ``fields`` gets its parts."""
        parts: dict[str, str] = {}
        for field in _NAMES:
            cell = given_cells.get(field)
            if cell is None:
                continue
            if not isinstance(cell, str):
                self.tell(
                    i,
                    self.at[field],
                    "not-a-name",
                    f"The {_SAID[field]} is not text but {_kind(cell)} ({values.as_text(cell)}).",
                    "Format the column as Text and type the name again.",
                )
                return None
            cleaned = names.clean(cell)
            if cleaned.refused:
                self._refuse(i, self.at[field], cleaned.refused)
                return None
            if cleaned.breaks:
                message = "The name has a line break or a tab in it; it is printed with a space."
                self.tell(i, self.at[field], "line-break", message, "Remove it from the cell.", "warning")
            # A system that asks for a surname gets "-" or "." for people who have none.
            parts[field] = "" if cleaned.text in ("-", "–", "—", ".") else cleaned.text
        given, family = parts.get("given", ""), parts.get("family", "")
        # Certificates without a language column are in the course's first language.
        language = fields.get("language") or (self.course.languages[0] if self.course else None)
        name = parts.get("name") or names.full_name(given, family, cast("str | None", language))
        field = "name" if parts.get("name") or "name" in self.at else "given" if "given" in self.at else "family"
        column, cell_of_name = self.at[field], self.sheet.address(i, self.at[field])
        if not name:
            if i not in self.errors or not any(
                self.sheet.faults.get(self.sheet.address(i, self.at[f])) is not None for f in _NAMES if f in self.at
            ):
                self.tell(i, column, "missing-name", "This row has no name.", "Write the name, or clear the whole row.")
            return None
        if name.casefold() in _NO_NAME:
            message = f"“{name}” is not a name."
            self.tell(i, column, "missing-name", message, "Write the name, or clear the whole row.")
            return None
        if name.strip(" :.").casefold() in _TOTALS:
            message = f"“{name}” looks like a line of totals, not a person."
            self.tell(i, column, "not-a-person", message, "Delete the row, or move it to another sheet.")
            return None
        cells["name"] = cell_of_name
        fields.update(given=given or None, family=family or None)
        honorific = fields.get("honorific")
        if isinstance(honorific, str) and name.casefold().startswith(f"{honorific.casefold()} "):
            fields["honorific"] = None  # "Dr." beside "Dr. Ana Pérez" would be printed twice
        if _DOUBTFUL.search(name):
            self._doubts(i, column, name)
        return name

    def _doubts(self, i: int, column: int, name: str) -> None:
        def warn(code: str, message: str, hint: str) -> None:
            self.tell(i, column, code, message, hint, "warning")

        if names.looks_misdecoded(name):
            warn(
                "wrongly-decoded",
                f"“{name[:60]}” looks wrongly decoded: its accents were lost on the way to this file.",
                "Export the list again as UTF-8 or as .xlsx, or type the name again.",
            )
        if word := names.look_alikes(name):
            warn(
                "mixed-scripts",
                f"“{word[:40]}” mixes letters of two scripts that look alike.",
                "Type the word again in one script.",
            )
        if remark := names.remark(name):
            warn("remark-in-name", f"“{remark}” would be printed as part of the name.", "Remove it from the name.")

    def _rules(self, i: int, fields: dict[str, object]) -> None:
        """What one row's fields demand of each other."""
        if fields.get("award") and not fields.get("reason"):
            column = self.at.get("reason", self.at["award"])
            self.tell(
                i,
                column,
                "missing-reason",
                f"The award “{fields['award']}” is given by hand, and nothing says why.",
                "Write the reason in a column “Reason”; it overrides the course's rules, so it is kept on record.",
            )
        start, end = fields.get("start"), fields.get("end")
        if start is not None and end is not None and end < start:  # type: ignore[operator]
            message = f"The end ({end}) is before the start ({start})."
            self.tell(i, self.at["end"], "end-before-start", message, "Correct one of the two dates.")
        score, scale = cast("Decimal | None", fields.get("score")), cast("Decimal | None", fields.get("score_out_of"))
        if score is not None and scale is not None and score > scale:
            message = f"The score {score.normalize():f} is more than the highest one, {scale.normalize():f}."
            self.tell(i, self.at["score"], "too-much", message, "Correct the score.")

    def _same_people(self, rows: Sequence[tuple[int, Recipient]]) -> None:
        """The same id, the same address, or the same name where neither row has either.

        Each of the rows is told where the other is: every row that is left out has an error of its own.
        """
        first: dict[tuple[str, str], tuple[int, Recipient]] = {}
        told: set[int] = set()
        for i, person in rows:
            marks: list[tuple[str, str]] = []
            if person.id:
                marks.append(("id", person.id.casefold()))
            if person.email:
                marks.append(("email", person.email.casefold()))
            for mark in marks or [("name", names.folded(person.name))]:
                if mark not in first:
                    first[mark] = (i, person)
                    continue
                j, other = first[mark]
                self._same(i, person, other, mark[0])
                if j not in told:
                    self._same(j, other, person, mark[0])
                told |= {i, j}
                break

    def _same(self, i: int, person: Recipient, other: Recipient, field: str) -> None:
        keep = "Keep one of the rows"
        self.tell(
            i,
            self.at[field] if field in self.at else self.at["given" if "given" in self.at else "family"],
            "same-person",
            f"The {_SAID[field]} “{getattr(person, field)}” is also in {other.cells[field]} ({other.name}).",
            f"{keep}; if they are two people, give each an id or an e-mail address." if field == "name" else f"{keep}.",
        )


_NAMES = ("name", "given", "family")
_TEXTS = frozenset({"email", "id", "number", "honorific", "reason"})
_MEND = (
    "Open the workbook in Excel or LibreOffice and save it; the values are saved with it.",
    "Mend its formula, or type the value.",
)
_SAID = {"email": "e-mail address", "id": "id", "number": "number", "name": "name", "given": "given name"}
_SAID |= {"family": "family name", "completed_on": "completion date", "start": "start date", "end": "end date"}

_AWARD_WORDS: dict[str, AwardKind] = {
    column_key(before + word): kind for kind, words in _AWARDS.items() for word in words for before in _CERTIFICATE
}


def _nothing(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not names.clean(cell).text)


def _kind(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE or FALSE"
    return "a number" if isinstance(cell, (int, float)) else "a date or a time"


def _language_words(languages: Sequence[str]) -> dict[str, str]:
    """Tags, and names in English, Spanish, French and the language itself, to the tag as the course writes it."""
    import icu

    words: dict[str, str] = {}
    for tag in languages or ("en", "es", "fr", "ar", "pt", "ru", "zh"):
        locale = icu.Locale.forLanguageTag(tag)
        for text in (tag, tag.split("-")[0], *_displayed(locale)):
            words.setdefault(column_key(text), tag)
    return words


def _displayed(locale: object) -> list[str]:
    import icu

    shown = []
    for tongue in (icu.Locale("en"), icu.Locale("es"), icu.Locale("fr"), locale):
        shown += [locale.getDisplayName(tongue), locale.getDisplayLanguage(tongue)]  # type: ignore[attr-defined]
    return shown
