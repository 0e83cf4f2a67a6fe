"""A workbook's Course sheet: Key, Value, then one column per further language.

Rows repeat for ``skill``, ``occupation``, ``section``, ``signatory`` and ``award``; an id may follow after a point
(``section.content``), and one of the entry's keys after that (``section.content.heading``).
docs/course.md shows how each cell is written. The sheet becomes what tomllib would give for a course.toml.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from certgen import toml, values
from certgen.course.checks import language_named
from certgen.course.entries import CourseFile, TranslationEntry
from certgen.errors import Problem
from certgen.toml import UNKNOWN, Document, Key
from certgen.workbook import Cell, Sheet

_MANY = {
    "skill": "skills",
    "occupation": "occupations",
    "section": "sections",
    "signatory": "signatories",
    "award": "awards",
}
_DATES = ("start", "end", "issued", "expires")
_LISTS = ("languages", "taught_in", "assessments")
_ONLY_ONCE = tuple(name for name in CourseFile.__struct_fields__ if name not in (*_MANY.values(), "translation"))
_TRANSLATED = TranslationEntry.__struct_fields__
_WORDS_OF_AWARD = ("kind", "title", "statement")


class SheetDocument(Document):
    """A course typed into a sheet: places are cells, and headings are kinds of rows."""

    def __init__(self, file: str, sheet: str) -> None:
        super().__init__({}, file)
        self.sheet = sheet
        self.cells: dict[Key, str] = {}

    def place(self, key: Key) -> dict[str, Any]:
        for end in range(len(key), 0, -1):
            if key[:end] in self.cells:
                return {"sheet": self.sheet, "cell": self.cells[key[:end]]}
        return {"sheet": self.sheet}

    def heading(self, key: Key) -> str:
        names = [part for part in key if isinstance(part, str)]
        if not names:
            return "this sheet"
        if names[0] == "translation":
            return f"the column {names[1]}"
        one = next((one for one, many in _MANY.items() if many == names[0]), names[0])
        return f"the row {one}"

    def how_to_add(self, name: str, key: Key, example: Any) -> str:
        if key:
            return f"Add {name} to that row" + (f", for example {example}" if example is not None else "")
        return f"Add a row with {name} in its first column" + (
            f"; for example {example}" if example is not None else ""
        )


def document_from(sheet: Sheet, file: str, problems: list[Problem]) -> SheetDocument | None:
    """The sheet as a document for ``toml.convert``; None (told) if it has no header row."""
    return _Reader(sheet, file, problems).read()


class _Reader:
    def __init__(self, sheet: Sheet, file: str, problems: list[Problem]) -> None:
        self.sheet = sheet
        self.problems = problems
        self.document = SheetDocument(file, sheet.name)
        self.places: dict[tuple[str, str], int] = {}  # (list, id) -> index
        self.tags: dict[int, str] = {}  # column -> language

    def tell(self, row: int, column: int, code: str, message: str, hint: str) -> None:
        cell = self.sheet.address(row, column)
        self.problems.append(
            Problem(code=code, message=message, hint=hint, file=self.document.file, sheet=self.sheet.name, cell=cell)
        )

    def read(self) -> SheetDocument | None:
        top, left = self.header()
        if top is None:
            self.problems.append(
                Problem(
                    code="no-header",
                    message=f"The sheet {self.sheet.name} has no row that says Key and Value.",
                    hint="Write Key into its first cell, Value beside it, then a language above each further column.",
                    file=self.document.file,
                    sheet=self.sheet.name,
                )
            )
            return None
        for number in range(top + 1, len(self.sheet.rows)):
            row = self.sheet.rows[number]
            for column, cell in enumerate(row):
                fault = self.sheet.faults.get(self.sheet.address(number, column)) if cell is None else None
                if fault is not None and column >= left:
                    shown = f"shows {fault}" if fault else "holds a formula that was never calculated"
                    self.tell(number, column, "cell-error", f"This cell {shown}.", "Type the value itself.")
            if all(values.is_blank(cell) for cell in row[left:]):
                continue
            typed = values.as_text(row[left]).strip() if left < len(row) else ""
            if typed.startswith("#"):
                continue
            if not typed:
                self.tell(number, left, "no-key", "This row has values and no key.", "Write what it is in column Key.")
                continue
            self.row(number, left, typed)
        if "languages" not in self.document and self.tags:
            first = self.value_language(top, left)
            self.document["languages"] = [first, *(tag for tag in self.tags.values() if tag != first)]
        return self.document

    def header(self) -> tuple[int | None, int]:
        """The header's row and the column of the keys; tells column headings that are no language."""
        for number, row in enumerate(self.sheet.rows[:50]):
            names = [values.key(values.as_text(cell)) for cell in row]
            left = next((at for at, name in enumerate(names) if name in ("key", "clave", "cle")), None)
            if left is None or left + 1 >= len(row):
                continue
            for column in range(left + 2, len(row)):
                text = values.as_text(row[column]).strip()
                tag = language_named(text) if text else None
                if tag in self.tags.values():
                    self.tell(number, column, "repeated", f'Two columns are for "{tag}".', "Delete one.")
                elif tag:
                    self.tags[column] = tag
                    self.document.cells[("translation", tag)] = self.sheet.address(number, column)
                elif text or any(
                    not values.is_blank(r[column]) for r in self.sheet.rows[number + 1 :] if column < len(r)
                ):
                    said = f'"{text[:40]}" is not a language.' if text else "This column has no language above it."
                    self.tell(number, column, "unknown-language", said, 'Write a tag such as "fr", or "French".')
            return number, left
        return None, 0

    def value_language(self, top: int, left: int) -> str:
        """What the column Value is headed, if that is a language; else English."""
        return language_named(values.as_text(self.sheet.rows[top][left + 1])) or "en"

    # --- rows ----------------------------------------------------------------------------------

    def row(self, number: int, left: int, typed: str) -> None:
        name, _, rest = re.sub(r"\s*\.\s*", ".", typed.rstrip(": ")).partition(".")
        name = re.sub(r"[\s-]+", "_", name.casefold())
        many = _MANY.get(name) or (name if name in _MANY.values() else None)
        if many is None:
            self.once(number, left, name)
            return
        ident, _, part = rest.partition(".")
        part = re.sub(r"[\s-]+", "_", part.casefold())
        index = self.entry(many, ident or None)
        key: Key = (many, index)
        self.document.cells.setdefault(key, self.sheet.address(number, left))
        for column in (left + 1, *self.tags):
            cell = self.sheet.rows[number][column] if column < len(self.sheet.rows[number]) else None
            tag = self.tags.get(column)
            if values.is_blank(cell):
                continue
            self.cell(number, column, many, index, part, cell, tag)

    def once(self, number: int, left: int, name: str) -> None:
        row = self.sheet.rows[number]
        value = row[left + 1] if left + 1 < len(row) else None
        if name not in _ONLY_ONCE:
            close = toml.nearest(name, [*_ONLY_ONCE, *_MANY])
            hint = f'Did you mean "{close}"?' if close else f"The keys are: {', '.join([*_ONLY_ONCE, *_MANY])}."
            self.tell(number, left, "unknown-key", f'"{name}" is not a key of this sheet.', hint)
            return
        if (name,) in self.document.cells:
            self.tell(number, left, "repeated-key", f"There is another row {name}.", "Keep one of the two.")
            return
        self.document.cells[(name,)] = self.sheet.address(number, left + 1)
        if not values.is_blank(value):
            self.document[name] = self.typed(number, left + 1, name, value)
        for column, tag in self.tags.items():
            cell = row[column] if column < len(row) else None
            if values.is_blank(cell):
                continue
            if name in _TRANSLATED:
                self.set(("translation", tag, name), values.as_text(cell), number, column)
            else:
                self.tell(
                    number, column, "not-translated", f"{name} is the same in every language.", "Clear this cell."
                )

    def entry(self, many: str, ident: str | None) -> int:
        """The index of an entry by its id, made if it is new; rows without an id are always new."""
        entries = self.document.setdefault(many, [])
        if ident is not None and (many, ident) in self.places:
            return self.places[(many, ident)]
        one = next(one for one, name in _MANY.items() if name == many)
        entries.append({"id": ident or f"{one}-{len(entries) + 1}"} if many in ("sections", "signatories") else {})
        if many == "awards" and ident is not None:
            entries[-1]["kind"] = ident.casefold()
        if ident is not None:
            self.places[(many, ident)] = len(entries) - 1
        return len(entries) - 1

    def set(self, key: Key, value: Any, number: int, column: int) -> None:
        """Puts a value at a key, making tables on the way, and remembers its cell."""
        node: Any = self.document
        for part in key[:-1]:
            node = node[part] if isinstance(part, int) else node.setdefault(part, {})
        node[key[-1]] = value
        self.document.cells[key] = self.sheet.address(number, column)

    def target(self, many: str, index: int, tag: str | None) -> Key:
        """Where an entry's words go: its own place, or its like in the translation."""
        if tag is None:
            return (many, index)
        entries = self.document.setdefault("translation", {}).setdefault(tag, {}).setdefault(many, [])
        own = self.document[many][index]
        name = "kind" if many == "awards" else "id"
        for at, entry in enumerate(entries):
            if entry.get(name) == own.get(name):
                return ("translation", tag, many, at)
        entries.append({name: own.get(name)})
        return ("translation", tag, many, len(entries) - 1)

    def cell(self, number: int, column: int, many: str, index: int, part: str, cell: Cell, tag: str | None) -> None:
        text = values.as_text(cell).strip()
        if many in ("skills", "occupations"):
            self.skill(number, column, many, index, text, tag)
            return
        key = self.target(many, index, tag)
        if part:
            inside = (*key, "when", part) if many == "awards" and part not in _WORDS_OF_AWARD else (*key, part)
            self.set(inside, self.typed(number, column, part, cell), number, column)
        elif many == "sections":
            first, _, body = values.as_text(cell).partition("\n")
            if not body.strip():
                first, body = "", first
            if first.strip():
                self.set((*key, "heading"), first.strip(), number, column)
            self.set((*key, "body"), body.strip("\n"), number, column)
        elif many == "signatories":
            parts = [item.strip() for item in text.split("|")]
            if len(parts) > (3 if tag is None else 2) or (tag is not None and len(parts) == 1):
                self.tell(
                    number,
                    column,
                    "cell-form",
                    f"This signatory cannot be read: {text[:60]}",
                    "Write Name | Role | signature.png" if tag is None else "Write Name | Role, or | Role.",
                )
                parts = [UNKNOWN]
            for name, value in zip(("name", "role", "signature"), parts, strict=False):
                if value:
                    self.set((*key, name), value, number, column)
        else:
            self.award(number, column, key, text, tag)

    def skill(self, number: int, column: int, many: str, index: int, text: str, tag: str | None) -> None:
        name, bar, code = (item.strip() for item in text.partition("|"))
        made: Any = {"name": name, "code": code} if bar else name
        if tag is None:
            self.set((many, index), made, number, column)
            return
        entries = self.document.setdefault("translation", {}).setdefault(tag, {}).setdefault(many, [])
        self.document.cells[("translation", tag, many, len(entries))] = self.sheet.address(number, column)
        self.document.cells.setdefault(("translation", tag, many), self.sheet.address(number, column))
        entries.append(made)  # one too few is told by its number, like anywhere else

    def award(self, number: int, column: int, key: Key, text: str, tag: str | None) -> None:
        parts = [item.strip() for item in text.split("|") if item.strip()]
        if tag is None and parts and "=" not in parts[0]:
            self.set((*key, "kind"), parts.pop(0).casefold(), number, column)
        for item in parts:
            name, equals, value = (piece.strip() for piece in item.partition("="))
            name = re.sub(r"[\s-]+", "_", name.casefold())
            if not equals:
                self.tell(
                    number,
                    column,
                    "cell-form",
                    f"This part of an award cannot be read: {item[:60]}",
                    "Write achievement | score_min = 60 | completed = yes | title = Certificate of achievement",
                )
                continue
            inside = (*key, name) if name in _WORDS_OF_AWARD else (*key, "when", name)
            self.set(inside, self.typed(number, column, name, value), number, column)

    # --- cells ---------------------------------------------------------------------------------

    def typed(self, number: int, column: int, name: str, cell: Cell) -> Any:
        """A cell's value as TOML would have it; UNKNOWN (told) if it cannot be read."""
        percent = self.sheet.address(number, column) in self.sheet.percents
        readers: dict[str, Callable[[], Any]] = {
            "hours": lambda: values.as_hours(cell),
            "hours_min": lambda: values.as_hours(cell),
            "score_min": lambda: values.as_score(cell, percent=percent),
            "out_of": lambda: values.as_score(cell),
            "attendance_min": lambda: values.as_percent(cell, percent=percent),
            "completed": lambda: values.as_bool(cell),
            "record": lambda: values.as_bool(cell),
        }
        if name in ("start", "end", "issued") or (name == "expires" and not isinstance(cell, str)):
            read = values.as_date(cell)
        elif name in readers:
            read = readers[name]()
            read = read[0] if isinstance(read, tuple) else read
        elif name in _LISTS or name == "awards":
            items = [
                item.strip()
                for item in re.split(r"[,;\n]" if name != "assessments" else r"[;\n]", values.as_text(cell))
            ]
            return [self.language(item) if name in _LISTS[:2] else item for item in items if item]
        else:
            return values.as_text(cell)
        if isinstance(read, values.Misread):
            self.tell(number, column, read.code, read.message, read.hint)
            return UNKNOWN
        return read

    @staticmethod
    def language(text: str) -> str:
        return language_named(text) or text
