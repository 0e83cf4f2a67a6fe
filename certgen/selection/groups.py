"""Groups of people: the values of a column of the rosters that they came from."""

from __future__ import annotations

from certgen import columns, roster, toml
from certgen.errors import Problem
from certgen.model import Recipient
from certgen.selection.choice import usage


class Groups:
    """The values of one column of the rosters that people came from."""

    def __init__(self, asked: str | None) -> None:
        self._column, equals, only = (asked or "").partition("=")
        self._column = self._column.strip()
        self._only = only.strip() if equals else None
        self._meaning = columns.meaning_of(self._column)
        self._headers: set[str] = set()
        self._values: set[str] = set()

    def of(self, *people: Recipient | None) -> str | None:
        """The group of somebody, as the first of these who has one says it; "" for none. None: not one that is
        wanted."""
        if not self._column:
            return ""
        value = ""
        for person in people:
            if person is not None:
                self._headers.update(person.extra)
                value = value or self._value(person)
        self._values.add(value)
        return value if self._only is None or plain(value) == plain(self._only) else None

    def _value(self, person: Recipient) -> str:
        found = roster.extra(person, self._column)
        if found is None and self._meaning:
            kept = getattr(person, self._meaning, None)
            found = None if kept is None else str(kept)
        return " ".join((found or "").split())

    def told(self) -> list[Problem]:
        """An unknown column, or a value that nobody has."""
        if not self._column or not self._values:
            return []
        if self._values == {""}:
            near = toml.nearest(self._column, sorted(self._headers))
            words = f"No roster that these certificates came from has the column “{self._column}”."
            there = f"The columns are: {', '.join(sorted(self._headers))}." if self._headers else ""
            return [usage("unknown-column", words, f"Did you mean “{near}”?" if near else there, "--group")]
        if self._only is not None and plain(self._only) not in map(plain, self._values):
            known = sorted(self._values - {""})
            near = toml.nearest(self._only, known)
            words = f"Nobody has “{self._only}” in the column “{self._column}”."
            some = f"There is: {', '.join(known[:8])}{' …' if len(known) > 8 else ''}."
            return [usage("unknown-group", words, f"Did you mean “{near}”?" if near else some, "--group")]
        return []


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()
