"""The content of a TOML file, and the line of every key in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from certgen.errors import ExitCode, Problem, Severity
from certgen.toml.words import Key, dotted, header, literal


class Document(dict[str, Any]):
    """The content of one file, and where each key of it stands."""

    def __init__(self, data: dict[str, Any], file: str, text: str = "", exit_code: ExitCode = ExitCode.ROSTER) -> None:
        super().__init__(data)
        self.file = file
        self.text = text
        self.exit_code = exit_code
        self._lines: dict[Key, int] | None = None

    def place(self, key: Key) -> dict[str, Any]:
        """The fields of a Problem that say where ``key`` stands; the table it belongs to if it is absent."""
        if self._lines is None:
            self._lines = lines(self.text)
        for end in range(len(key), 0, -1):
            if key[:end] in self._lines:
                return {"line": self._lines[key[:end]]}
        return {}

    def heading(self, key: Key) -> str:
        """The table at ``key`` in words: ``[[signatories]]``, ``[translation.fr]``, "this file"."""
        return header(key) if key else "this file"

    def how_to_add(self, name: str, key: Key, example: Any) -> str:
        """How to add a missing key, without a full stop."""
        return f"Add a line such as {name} = {literal(example)}" if example is not None else f"Add {name} = ..."

    def lines_of(self, name: str) -> Iterator[tuple[Key, int]]:
        """Every place where a key of this name stands."""
        self.place(())
        for key, line in (self._lines or {}).items():
            if key[-1] == name:
                yield key, line

    def problem(
        self,
        key: Key,
        code: str,
        message: str,
        hint: str = "",
        severity: Severity = "error",
        text_line: int | None = None,
    ) -> Problem:
        """A Problem at ``key``; ``text_line`` counts on from there, from 0, inside a text of several lines."""
        place = self.place(key)
        if text_line is not None and "line" in place:
            typed = self.text.split("\n")[place["line"] - 1].rstrip()
            place["line"] += text_line + typed.endswith(('"""', "'''"))  # TOML drops a first line break
        return Problem(
            code=code,
            message=message,
            hint=hint,
            severity=severity,
            file=self.file,
            key=dotted(key) or None,
            exit_code=self.exit_code,
            **place,
        )


_TOKEN = re.compile(
    r"""(?P<skip>[ \t]+|\#[^\n]*)
      | (?P<newline>\n)
      | (?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
      | (?P<mark>[\[\]{}=,.])
      | (?P<bare>[^\s\[\]{}=,."'\#]+)""",
    re.VERBOSE | re.DOTALL,
)


def lines(text: str) -> dict[Key, int]:
    """The line, from 1, of every table, key and list item of a valid TOML text.

    tomllib gives no positions. Called only when there is something to say.
    """
    found: dict[Key, int] = {}
    tokens: list[tuple[str, str, int]] = []
    line = 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "skip":
            tokens.append((match.lastgroup or "", match[0], line))
        line += match[0].count("\n")
    tokens.append(("end", "", line))
    at = 0

    def name() -> tuple[str, ...]:
        nonlocal at
        parts = []
        while tokens[at][0] in ("bare", "string") or tokens[at][1] == ".":
            kind, piece, _ = tokens[at]
            if kind == "string":
                parts.append(str(tomllib.loads(f"k={piece}")["k"]))
            elif kind == "bare":
                parts.append(piece)
            at += 1
        return tuple(parts)

    def newlines() -> None:
        nonlocal at
        while tokens[at][0] == "newline":
            at += 1

    def value(key: Key) -> None:
        nonlocal at
        opening = tokens[at][1]
        if opening == "[":
            at += 1
            newlines()
            index = 0
            while tokens[at][1] != "]" and tokens[at][0] != "end":
                found[(*key, index)] = tokens[at][2]
                value((*key, index))
                index += 1
                newlines()
                if tokens[at][1] == ",":
                    at += 1
                newlines()
            at += 1
        elif opening == "{":
            at += 1
            newlines()
            while tokens[at][1] != "}" and tokens[at][0] != "end":
                pair(key)
                newlines()
                if tokens[at][1] == ",":
                    at += 1
                newlines()
            at += 1
        else:
            at += 1
            while tokens[at][0] not in ("newline", "end") and tokens[at][1] not in (",", "]", "}"):
                at += 1

    def pair(table: Key) -> None:
        nonlocal at
        here = tokens[at][2]
        key = table
        for part in name():
            key = (*key, part)
            found.setdefault(key, here)
        at += 1  # the equals sign
        value(key)

    counts: dict[Key, int] = {}
    table: Key = ()
    while tokens[at][0] != "end":
        kind, piece, here = tokens[at]
        if kind == "newline":
            at += 1
        elif piece == "[":
            many = tokens[at + 1][1] == "["
            at += 2 if many else 1
            parts = name()
            at += 2 if many else 1
            table = ()
            for number, part in enumerate(parts):
                table = (*table, part)
                if many and number == len(parts) - 1:
                    counts[table] = counts.get(table, 0) + 1
                found.setdefault(table, here)
                if table in counts:
                    table = (*table, counts[table] - 1)
            found.setdefault(table, here)
        elif kind in ("bare", "string"):
            pair(table)
        else:
            at += 1
    return found
