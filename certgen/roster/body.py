"""Which of the rows below a header are people: blank rows, totals, notes, other blocks and repeated headers are not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from certgen import names, values
from certgen.columns import HEADER_WORDS, is_header_word
from certgen.roster import exports
from certgen.roster.header import Columns
from certgen.roster.told import Told
from certgen.values import key
from certgen.workbook import Cell

_TOTALS = frozenset(
    map(
        key,
        (
            "Total", "Totals", "Totales", "Totaux", "Subtotal", "Subtotales", "Sous-total", "Grand total",
            "Total general", "Total général", "Average", "Mean", "Promedio", "Media", "Moyenne", "Overall average",
            "Promedio general", "Moyenne générale", "Count", "Sum", "Suma", "Somme", "Total participants",
            "Total de participantes", "Total des participants", "Número de participantes", "Number of participants",
            "Nombre de participants",
        ),
    )
)  # fmt: skip
_COUNTED = re.compile(r"\W*\d*[.,]?\d*\W*$")
_NOTE = re.compile(
    r"(?i)^\W*(?:\*|note|notes|n\.b\.|nb|nota|notas|remarque|observaci\w+|source|fuente|fecha|date|elaborado|preparado|prepared|"
    r"generated|exported|generado|exportado|généré|signed|signature|firma|lugar|place|lieu|page|página|www\.|https?:)\b|"
    r"^\s*\*|[.:;]\s*$|:\s|https?://|(?:\S+\s+){7}"
)
_SURE = re.compile(
    r"(?i)^\W*(?:notes?|n\.?b\.?|notas?|remarques?|observaci\w+|observations?|source|fuente)\s*:"
)  # a note anyhow
_BLOCK = re.compile(r"\s*\d{1,2}\.\s+\S")  # “3. In-Meeting Activities” of Teams
_NUMBERING = frozenset(map(key, ("No.", "N.º", "Nº", "N°", "#", "Num", "Núm.", "Nr.", "Number", "Número", "Numéro")))


class Body:
    """The rows below a header."""

    def __init__(self, columns: Columns, told: Told) -> None:
        self.columns, self.told = columns, told
        table = columns.table
        self.sheet, self.rows, self.first = table.sheet, table.sheet.rows, table.body
        used = sorted([*columns.at.values(), *(extra.column for extra in columns.extras)])
        self.name = columns.at[columns.naming]
        self.naming = [columns.at[field] for field in ("name", "given", "family") if field in columns.at]
        self.counter = self._counter(used)
        self.used = [c for c in used if c != self.counter]
        self.header = [key(label) for label in table.labels]
        self.others = [c for c in self.used if c != self.name]
        # Texts that a closer look is worth; anything else in a row with more than a name is a person.
        self.words = _TOTALS | set(self.header) | exports.NOBODY | HEADER_WORDS
        self.hidden: list[int] = []  # row numbers
        self.faulty = {int(re.sub("[A-Z]", "", address)) for address in self.sheet.faults}

    def _counter(self, used: Sequence[int]) -> int | None:
        """The column that only numbers the rows: 1, 2, 3 … down to rows that nobody signed."""
        for c in used:
            if key(self.columns.table.labels[c]) not in _NUMBERING:
                continue
            counted = [values.as_text(row[c]).strip(" .") for row in self.rows[self.first :] if c < len(row)]
            counted = [text for text in counted if text]
            if len(counted) > 1 and all(text == str(n) for n, text in enumerate(counted, 1)):
                return c
        return None

    def people(self) -> Iterator[tuple[int, list[Cell]]]:
        """(index, row) of each row that is a person, or ought to be."""
        gap = False
        usual = self._usual()
        for i in range(self.first, len(self.rows)):
            row = self.rows[i]
            cell = row[self.name] if self.name < len(row) else None
            number = self.sheet.number(i)
            if gap or not isinstance(cell, str) or number in self.faulty or not self._plain(cell, row):
                filled = [c for c in self.used if c < len(row) and not _nothing(row[c])]
                if not filled and not (number in self.faulty and self._faulty(number)):
                    gap = True
                    continue
                if len(filled) == 1 and self.columns.kind == "Teams attendance" and self._block(row[filled[0]]):
                    return
                if self._not_a_person(i, row, filled, gap, usual):
                    continue
            gap = False
            if number in self.sheet.hidden_rows:
                self.hidden.append(number)
            yield i, row

    def _plain(self, text: str, row: Sequence[Cell]) -> bool:
        """Whether a row is so plainly a person that nothing else needs to be looked at."""
        if len(text) > 60 or not text[:1].isalpha() or ":" in text:
            return False
        word = "".join(filter(str.isalpha, text)).casefold() if len(text) < 30 else ""
        if word in self.words or (word and not word.isascii() and key(word) in self.words):
            return False
        return any(row[c] is not None for c in self.others if c < len(row))

    def _usual(self) -> int:
        """The fewest cells that the first people have, before any gap and any total."""
        counts: list[int] = []
        for row in self.rows[self.first : self.first + 200]:
            filled = sum(c < len(row) and not _nothing(row[c]) for c in self.used)
            if any(_is_total(values.as_text(row[c])) for c in self.used if c < len(row)):
                continue
            if filled:
                counts.append(filled)
            elif counts:
                break
        return min(counts, default=0)

    def _faulty(self, number: int) -> bool:
        return any(f"{self.sheet.letters(c)}{number}" in self.sheet.faults for c in self.used)

    def _block(self, cell: Cell) -> bool:
        return isinstance(cell, str) and _BLOCK.match(cell) is not None

    def _not_a_person(self, i: int, row: Sequence[Cell], filled: list[int], gap: bool, usual: int) -> bool:
        """Whether a row is something else, which is then told."""
        text = values.as_text(row[self.name]).strip() if self.name < len(row) else ""
        said = " ".join(text.split())[:60]

        def told(code: str, message: str, hint: str = "") -> bool:
            self.told.of_row(i, self.name, code, message, hint, "warning")
            return True

        if self._repeats(row):
            return told("repeated-header", "This row repeats the header and is not read as a person.")
        if why := exports.nobody(self.columns.kind, text):
            return told("not-read", f"This row {why}.")
        first = next((values.as_text(row[c]).strip() for c in filled), "")
        nameless = all(c >= len(row) or _nothing(row[c]) for c in self.naming)
        named = sum(1 for c in self.naming if c < len(row) and not _nothing(row[c]))
        if (_is_total(text) and named == 1) or (nameless and any(_is_total(values.as_text(row[c])) for c in filled)):
            what = " ".join((text or first).split())[:60]
            return told("totals", f"“{what}” is a line of totals and is not read as a person.")
        if is_header_word(row[self.name] if self.name < len(row) else None):
            message = f"“{text}” looks like a second line of the header, not a person."
            hint = "Write the header in one row, or say which row it is with --header-row; and delete this one."
            self.told.of_row(i, self.name, "not-a-person", message, hint)
            return True
        if len(filled) != 1 or not isinstance(row[filled[0]], str):
            return False
        # One text alone, below people who have more than one cell.
        noted = _NOTE.search(first) is not None
        if _SURE.match(first) or (usual >= 2 and noted and (nameless or gap or len(first) > 60)):
            return told("note", f"“{' '.join(first.split())[:60]}” is a note and is not read as a person.")
        if gap and not nameless and (usual >= 2 or noted):
            message = f"“{said}” stands alone below the people; it may be a person or a note."
            hint = "If it is a person, close the gap or fill the row; if not, delete it or move it to another sheet."
            self.told.of_row(i, self.name, "unclear-person", message, hint)
            return True
        return False

    def _repeats(self, row: Sequence[Cell]) -> bool:
        there = [key(values.as_text(cell)) for cell in row]
        return there[: len(self.header)] == self.header[: len(there)] and any(there)


def _is_total(text: str) -> bool:
    text = text.strip()
    if not text or len(text) > 60:
        return False
    return key(_COUNTED.sub("", text)) in _TOTALS


def _nothing(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not (cell.strip() and names.clean(cell).text))
