"""One row to one person: every cell read by its column's meaning, and told by its address where it cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import cast, get_args

from certgen import casing, names, values
from certgen.columns import tongue_of
from certgen.errors import Severity
from certgen.model import AwardKind, Course, Recipient
from certgen.roster.header import Columns
from certgen.roster.told import SAID, Told
from certgen.roster.words import AWARD_WORDS, NO_NAME, SUFFIXES, language_words
from certgen.values import Misread
from certgen.workbook import Cell, Sheet, Workbook

_DOUBTFUL = re.compile(r"[^\x00-\x7f]|[?(]|\bi(?:phone|pad)|galaxy", re.IGNORECASE)  # worth a second look
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d{2,}", re.IGNORECASE)  # what Excel makes of a long number in CSV

DOUBTS = frozenset({"wrongly-decoded", "mixed-scripts", "remark-in-name", "line-break", "two-names"})
"""Codes of warnings about a name as it would be printed."""
NAMES = ("name", "given", "family")
_TEXTS = frozenset({"email", "id", "number", "honorific", "reason"})
_DATES = ("completed_on", "start", "end")
_FEW = frozenset({"completed", "language", "award", *_DATES})  # fields whose texts come again and again
MEND = (
    "Open the workbook in Excel or LibreOffice and save it; the values are saved with it.",
    "Mend its formula, or type the value.",
)


class Persons:
    """Reads rows of one table. ``unread`` collects the faults of further columns, which are told once each."""

    def __init__(
        self, book: Workbook, columns: Columns, course: Course | None, told: Told, *, title_case: bool = False
    ) -> None:
        self.columns, self.course, self.told, self.title_case = columns, course, told, title_case
        self.sheet: Sheet = columns.table.sheet
        self.at, self.letters = columns.at, columns.letters
        self.unread: dict[tuple[int, str], list[str]] = {}
        self.rearranged: list[str] = []  # names that were written family name first
        self.commas: list[tuple[str, str]] = []  # cells and names that may be written so, under a header that is silent
        self.epoch = book.date1904 if book.kind != "csv" else None
        self.highest: Decimal | None = None  # what a score without a scale of its own is out of, where that is known
        self.languages: dict[str, str] | None = None
        self.first_language = course.languages[0] if course else None
        self.order = self._order()
        self.faulty = {int(re.sub("[A-Z]", "", address)) for address in self.sheet.faults}
        self.beyond = columns.beyond
        self.texts = [(f, c) for f, c in self.at.items() if f in _TEXTS]
        self.typed = [
            (f, c, _remembering(self._reader(f, c)) if f in _FEW else self._reader(f, c))
            for f, c in self.at.items()
            if f not in _TEXTS and f not in NAMES
        ]
        self.naming = [(f, self.at[f]) for f in NAMES if f in self.at]

    def _order(self) -> values.DateOrder | None:
        """Day or month first: as unmistakable dates of any column show, else as the language of the headers has it."""
        rows = self.sheet.rows[self.columns.table.body :]
        cells = [row[self.at[f]] for f in _DATES if f in self.at for row in rows if self.at[f] < len(row)]
        seen = values.date_orders(cells)
        if len(seen) == 1:
            return next(iter(seen))
        return "dmy" if not seen and tongue_of(self.columns.table.labels) in ("es", "fr") else None

    def _reader(self, field: str, column: int) -> Callable[[Cell, bool], object]:
        """The reader of a column's values; its second argument says whether the cell is shown as per cent."""
        if field == "hours":
            return lambda cell, percent: values.as_hours(cell)
        if field == "score":
            scale = self.columns.out_of.get("score")
            self.highest = scale or _highest(self.course)
            return lambda cell, percent: _scaled(values.as_score(cell, percent=percent), scale)
        if field == "attendance":
            base = self.columns.base
            if column == self.columns.minutes and base is not None:
                return lambda cell, percent: values.share(values.as_minutes(cell), base * 60)
            fractions = self._fractions(column)
            return lambda cell, percent: values.as_percent(cell, percent=percent, fraction=fractions)
        if field == "completed":
            return lambda cell, percent: values.as_bool(cell)
        if field == "language":
            return lambda cell, percent: self._language(values.as_text(cell).strip())
        if field == "award":
            return lambda cell, percent: self._award(values.as_text(cell).strip())
        return lambda cell, percent: values.as_date(cell, order=self.order, date1904=self.epoch)

    def _fractions(self, column: int) -> bool:
        """Whether attendance is written in fractions of one, as Excel keeps per cents: every bare number of the column
        is at most 1. That is told once; where the column does not show it beyond doubt, it is a problem, told once."""
        percents, seen = self.sheet.percents, []
        for i, row in enumerate(self.sheet.rows[self.columns.table.body :], self.columns.table.body):
            cell = row[column] if column < len(row) else None
            if cell is None or (isinstance(cell, str) and cell.endswith("%")):
                continue
            read = values.as_score(cell)
            if isinstance(read, tuple) and read[1] is None and self.sheet.address(i, column) not in percents:
                if read[0] > 1:
                    return False
                seen.append((read[0], self.sheet.address(i, column)))
        shares = sorted({share for share, _ in seen if share})
        if len(seen) < 2 or not shares:
            return False  # a single cell is told by its own address
        where = f"{seen[0][1]} to {seen[-1][1]}"
        least, most = (f"{values.plain(share)} is {values.plain(share * 100)}%" for share in (shares[0], shares[-1]))
        if len(shares) > 1:
            self.columns.note("attendance", "fractions of one")
            message = f"Attendance is written in fractions of one ({where}), and read so: {least}, {most}."
            self._of_column(
                column, "read-as-fractions", message, "If per cents are meant, write them, such as 92%.", "warning"
            )
        else:
            is_ = f"{values.plain(shares[0] * 100)}% or {values.plain(shares[0])}%"
            message = f"Attendance is nowhere more than {values.plain(shares[0])} ({where}): is that {is_}?"
            self._of_column(column, "unclear-percent", message, "Write per cents in the column, such as 92%.", "error")
        return True

    def read(self, i: int, row: Sequence[Cell]) -> Recipient | None:
        """The person of a row, or None; whoever has an error in ``told`` is not to be used.

        One whose name cannot be read, and who has an id or an address, has an empty name, and an error.
        """
        number = self.sheet.number(i)
        if number in self.faulty:
            self._faults(i)
        if len(row) > self.beyond and self._moved(i, row):
            return None
        if number in self.sheet.short_rows:
            self._short(i, row)
        width = len(row)
        percents = self.sheet.percents
        fields: dict[str, object] = {}
        for field, column in self.texts:
            if column < width and (cell := row[column]) is not None:
                fields[field] = self._text(i, field, cell)
        for field, column, reader in self.typed:
            if column < width and (cell := row[column]) is not None:
                read = reader(cell, bool(percents) and self.sheet.address(i, column) in percents)
                if isinstance(read, Misread):
                    self._say(i, column, read)
                elif isinstance(read, tuple):
                    fields["score"], fields["score_out_of"] = read
                elif read is not None:
                    fields[field] = read
        name = self._name(i, row, fields)
        self._rules(i, fields)
        extras: dict[str, str] = {}
        for extra in self.columns.extras:
            if extra.column < width and (cell := row[extra.column]) is not None:
                cleaned = names.clean(cell if isinstance(cell, str) else values.as_text(cell))
                if cleaned.refused:
                    self._refuse(i, extra.column, cleaned.refused, "warning")
                elif cleaned.text:
                    extras[extra.header] = cleaned.text
        if name is None and not (fields.get("id") or fields.get("email")):
            return None
        return Recipient(row=number, name=name or "", extra=extras, letters=self.letters, **fields)  # type: ignore[arg-type]

    # What is wrong with cells.

    def _of_column(self, column: int, code: str, message: str, hint: str, severity: Severity) -> None:
        self.told.of_sheet(self.columns.table.header, column, code, message, hint, severity)

    def _say(self, i: int, column: int, misread: Misread) -> None:
        self.told.of_row(i, column, misread.code, misread.message, misread.hint)

    def _faults(self, i: int) -> None:
        """Error cells and formulas without a value: an error where the column is read, else told once for all."""
        number = self.sheet.number(i)
        for column in self.at.values():
            fault = self.sheet.faults.get(f"{self.sheet.letters(column)}{number}")
            if fault is not None:
                what = (
                    f"the Excel error {fault}" if fault else "a formula that was never calculated, so it has no value"
                )
                code = "error-cell" if fault else "uncalculated-formula"
                self.told.of_row(i, column, code, f"This cell holds {what}.", MEND[fault != ""])
        for extra in self.columns.extras:
            address = f"{extra.letters}{number}"
            if (fault := self.sheet.faults.get(address)) is not None:
                self.unread.setdefault((extra.column, fault), []).append(address)

    def _moved(self, i: int, row: Sequence[Cell]) -> bool:
        """In a text, cells beyond the last header: a comma inside a name has moved everything to the right."""
        over = next((c for c in range(self.beyond, len(row)) if not values.is_blank(row[c])), None)
        if over is not None:
            self.told.of_row(
                i,
                over,
                "too-many-cells",
                f"This row has more cells than the header; “{values.as_text(row[over])[:40]}” is one too many.",
                "A name with a comma in it must stand in quotation marks; or save the roster as .xlsx.",
            )
        return over is not None

    def _short(self, i: int, row: Sequence[Cell]) -> None:
        last = max((c for c, cell in enumerate(row) if cell is not None), default=0)
        if any(c > last for c in self.at.values()):
            message = "This row has fewer cells than the others; those that are missing are read as blank."
            self.told.of_row(i, last, "short-row", message, "Check that the file was not cut off.", "warning")

    def _refuse(self, i: int, column: int, refused: tuple[str, ...], severity: Severity = "error") -> None:
        """An error where the text would be printed; a further column is read as blank, with a warning."""
        blank = " The cell is read as blank." if severity == "warning" else ""
        self.told.of_row(
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
        rounded = isinstance(cell, (int, float)) and abs(cell) >= 1e15
        if field in ("id", "number") and (rounded or (isinstance(cell, str) and _ROUNDED.fullmatch(cell.strip()))):
            self.told.of_row(
                i,
                column,
                "lost-digits",
                f"The {SAID[field]} is a number of more than 15 digits, and Excel has rounded it.",
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
        if (error := values.excel_error(text)) is not None:
            self._say(i, column, error)
            return None
        if field == "email":
            address = values.as_email(text)
            if isinstance(address, Misread):
                self._say(i, column, address)
                return None
            return address
        return text

    def _language(self, text: str) -> str | Misread | None:
        if values.is_blank(text):
            return None
        if self.languages is None:
            self.languages = language_words(self.course.languages if self.course else ())
        tag = self.languages.get(values.key(text)) or self.languages.get(values.key(re.split("[-_]", text)[0]))
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
        kind = AWARD_WORDS.get(values.key(text))
        kinds = tuple(dict.fromkeys(rule.kind for rule in self.course.awards)) if self.course else get_args(AwardKind)
        if kind in kinds:
            return kind
        return Misread(
            "unknown-award",
            f"“{text[:40]}” is not one of the course's awards.",
            f"Write {' or '.join(kinds)}, or leave the cell blank for the course's rules to decide.",
        )

    # The name.

    def _name(self, i: int, row: Sequence[Cell], fields: dict[str, object]) -> str | None:
        """The name to print, or None with a problem; ``fields`` gets its parts."""
        parts: dict[str, str] = {}
        for field, column in self.naming:
            cell = row[column] if column < len(row) else None
            if cell is None:
                continue
            if not isinstance(cell, str):
                message = f"The {SAID[field]} is not text but {_kind(cell)} ({values.as_text(cell)})."
                hint = "Format the column as Text and type the name again."
                self.told.of_row(i, column, "not-a-name", message, hint)
                return None
            cleaned = names.clean(cell)
            if cleaned.refused:
                self._refuse(i, column, cleaned.refused)
                return None
            if (error := values.excel_error(cleaned.text)) is not None:
                self._say(i, column, error)
                return None
            if cleaned.breaks:
                message = "The name has a line break or a tab in it; it is printed with a space."
                self.told.of_row(i, column, "line-break", message, "Remove it from the cell.", "warning")
            # A system that asks for a surname gets "-" or "." for people who have none.
            parts[field] = "" if cleaned.text in ("-", "–", "—", ".") else cleaned.text
        if self.columns.kind == "Zoom attendance" and (chosen := names.fuller(whole := parts.get("name", ""))):
            parts["name"] = chosen
            message = f"“{whole[:80]}” gives two names, as Zoom does for who changed theirs; {chosen} is printed."
            self.told.of_row(i, self.at["name"], "two-names", message, "Check that it is the right one.", "warning")
        language = cast("str | None", fields.get("language")) or self.first_language
        if self.title_case:
            parts = {field: casing.title_case(text, language) for field, text in parts.items()}
        if parts.get("name", "").count(",") == 1:
            self._rearrange(i, parts)
        if self._disagree(i, parts):
            return None
        given, family = parts.get("given", ""), parts.get("family", "")
        name = parts.get("name") or names.full_name(given, family, language)
        column = self.at[self.columns.naming]
        if not name:
            if not any(self.sheet.address(i, c) in self.sheet.faults for _, c in self.naming):
                self.told.of_row(i, column, "missing-name", f"This row has no name.{self._merged(i, column)}", _WRITE)
            return None
        if name.casefold() in NO_NAME:
            self.told.of_row(i, column, "missing-name", f"“{name}” is not a name.", _WRITE)
            return None
        fields["given"], fields["family"] = given or None, family or None
        honorific = fields.get("honorific")
        if isinstance(honorific, str) and name.casefold().startswith(f"{honorific.casefold()} "):
            fields["honorific"] = None  # "Dr." beside "Dr. Ana Pérez" would be printed twice
        if _DOUBTFUL.search(name):
            self._doubts(i, column, name)
        return name

    def _rearrange(self, i: int, parts: dict[str, str]) -> None:
        """ "Pérez Gómez, Ana" where the header or the export says that the family name comes first; else it stays, and
        is told."""
        family, _, given = (part.strip() for part in parts["name"].partition(","))
        if not (family and given) or values.key(given) in SUFFIXES:
            return
        if not self.columns.family_first:
            self.commas.append((self.sheet.address(i, self.at["name"]), parts["name"]))
            return
        parts["name"] = f"{given} {family}"
        parts.setdefault("given", given)
        parts.setdefault("family", family)
        self.rearranged.append(parts["name"])

    def _disagree(self, i: int, parts: dict[str, str]) -> bool:
        """Whether a full name has nothing of the family name beside it, which is then told: one column holds something
        else than its header says, and half a name would be printed."""
        name, family = parts.get("name"), parts.get("family")
        if not name or not family or names.shares_a_word(name, family):
            return False
        whole, part = self.at["name"], self.at["family"]
        message = f"The full name “{name}” has nothing of the family name “{family}” in {self.sheet.address(i, part)}."
        hint = "Write the whole name, or clear the family name; if the column holds given names, say so with --map."
        self.told.of_row(i, whole, "names-disagree", message, hint)
        return True

    def _merged(self, i: int, column: int) -> str:
        row, left = self.sheet.top + i, self.sheet.left + column
        for top, first, bottom, last in self.sheet.merged:
            if top <= row <= bottom and first <= left <= last:
                return f" Its cell is merged with {self.sheet.address(top - self.sheet.top, first - self.sheet.left)}."
        return ""

    def _doubts(self, i: int, column: int, name: str) -> None:
        def warn(code: str, message: str, hint: str) -> None:
            self.told.of_row(i, column, code, message, hint, "warning")

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
        if remark := names.remark(name, anything=self.columns.kind in ("Zoom attendance", "Teams attendance")):
            warn("remark-in-name", f"“{remark}” would be printed as part of the name.", "Remove it from the name.")

    def _rules(self, i: int, fields: dict[str, object]) -> None:
        """What one row's fields demand of each other."""
        if fields.get("award") and not fields.get("reason"):
            column = self.at.get("reason", self.at["award"])
            self.told.of_row(
                i,
                column,
                "missing-reason",
                f"The award “{fields['award']}” is given by hand, and nothing says why.",
                "Write the reason in a column “Reason”; it overrides the course's rules, so it is kept on record.",
            )
        start, end = fields.get("start"), fields.get("end")
        if start is not None and end is not None and end < start:  # type: ignore[operator]
            message = f"The end ({end}) is before the start ({start})."
            self.told.of_row(i, self.at["end"], "end-before-start", message, "Correct one of the two dates.")
        score, own = cast("Decimal | None", fields.get("score")), cast("Decimal | None", fields.get("score_out_of"))
        highest = self.highest if own is None else own
        if score is not None and highest is not None and score > highest:
            where = ", which the course gives as “out_of”" if own is None else ""
            message = f"The score {values.plain(score)} is more than the highest one, {values.plain(highest)}{where}."
            hint = "Correct the score" + ("; or the course, if it is out of more." if own is None else ".")
            self.told.of_row(i, self.at["score"], "too-much", message, hint)


_WRITE = "Write the name, or clear the whole row."


def _remembering(reader: Callable[[Cell, bool], object]) -> Callable[[Cell, bool], object]:
    """The reader, which reads a text but once: a tenth of the time of a large roster."""
    known: dict[str, object] = {}

    def read(cell: Cell, percent: bool) -> object:
        if not isinstance(cell, str):
            return reader(cell, percent)
        if cell not in known:
            if len(known) > 1_000:
                known.clear()
            known[cell] = reader(cell, percent)
        return known[cell]

    return read


def _scaled(
    read: tuple[Decimal, Decimal | None] | Misread | None, scale: Decimal | None
) -> tuple[Decimal, Decimal | None] | Misread | None:
    """A score on the scale that its export is known to have."""
    return (read[0], scale) if scale is not None and isinstance(read, tuple) and read[1] is None else read


def _highest(course: Course | None) -> Decimal | None:
    """What the course's awards say that scores are out of; the largest, where they differ."""
    rules = [rule.when for rule in course.awards if rule.when and rule.when.score_min is not None] if course else []
    return max((when.out_of or Decimal(100) for when in rules), default=None)


def _kind(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE or FALSE"
    return "a number" if isinstance(cell, (int, float)) else "a date or a time"
