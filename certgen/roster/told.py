"""What is told of a roster: every problem with its cell, all of them at once, in the order of the rows."""

from __future__ import annotations

from certgen.errors import Problem, Severity
from certgen.workbook import Sheet, Workbook


class Told:
    """Collects problems by their place on a sheet; ``errors`` are the indexes of rows that have one."""

    def __init__(self, book: Workbook, sheet: Sheet) -> None:
        self.book, self.sheet = book, sheet
        self.errors: set[int] = set()
        self._told: list[tuple[int, int, Problem]] = []

    def of_row(
        self, row: int, column: int, code: str, message: str, hint: str = "", severity: Severity = "error"
    ) -> None:
        """A problem of one person's row."""
        self._tell(row, column, code, message, hint, severity, True)
        if severity == "error":
            self.errors.add(row)

    def of_sheet(
        self, row: int, column: int, code: str, message: str, hint: str = "", severity: Severity = "error"
    ) -> None:
        """A problem of the sheet; the cell only shows where to look."""
        self._tell(row, column, code, message, hint, severity, False)

    def _tell(
        self, row: int, column: int, code: str, message: str, hint: str, severity: Severity, of_row: bool
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
        self._told.append((row, column, problem))

    def forget(self, rows: set[int], codes: frozenset[str]) -> None:
        """Takes back warnings about rows that turned out to say nothing that is printed."""
        self._told = [item for item in self._told if item[0] not in rows or item[2].code not in codes]

    def sorted(self) -> list[Problem]:
        """All of it, by row and column."""
        return [problem for _, _, problem in sorted(self._told, key=lambda item: item[:2])]


SAID = {
    "email": "e-mail address",
    "id": "id",
    "number": "number",
    "name": "name",
    "given": "given name",
    "family": "family name",
    "completed_on": "completion date",
    "start": "start date",
    "end": "end date",
    "minutes": "minutes of attendance",
}
"""Fields as a coordinator calls them, where the field's own name is not it."""
