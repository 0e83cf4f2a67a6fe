"""Reads TOML files that people write by hand, and tells every mistake in them at once.

``read`` turns a file into a dictionary; ``convert`` turns the dictionary into a msgspec Struct.
Both append :class:`~certgen.errors.Problem` values and carry on: a line with a slip is told, then mended as
far as its intention is plain, so that the mistakes behind it are told as well. What comes out
beside an error is good for further checks only; callers stop at ``errors.has_errors``.

Source: TOML 1.0.0; JSON Schema draft 2020-12 (``schema``).
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

from certgen.errors import ExitCode, Problem
from certgen.toml import mend, slips
from certgen.toml.convert import convert, schema
from certgen.toml.document import Document, lines
from certgen.toml.line import with_line
from certgen.toml.words import Key, dotted, literal, nearest

__all__ = [
    "LARGEST_FILE",
    "UNKNOWN",
    "Document",
    "Key",
    "convert",
    "dotted",
    "lines",
    "literal",
    "nearest",
    "read",
    "schema",
    "with_line",
]

UNKNOWN = slips.BROKEN  # stands for a required text that is missing or wrong, and was told
LARGEST_FILE = 1_000_000  # bytes; a course with twenty pages of text is 100,000


def read(path: Path, problems: list[Problem], *, exit_code: ExitCode = ExitCode.ROSTER) -> Document | None:
    """The file's content; None if it cannot be read at all. Floats are Decimal, as typed.

    UTF-8 with or without a byte order mark. Every slip that stops a TOML parser is told with its line.
    """
    file = str(path)

    def tell(code: str, message: str, hint: str, line: int | None = None) -> None:
        problems.append(Problem(code=code, message=message, hint=hint, file=file, line=line, exit_code=exit_code))

    try:
        if not path.is_file():
            what = "This is a folder, not a file." if path.is_dir() else "There is no such file."
            tell("no-file", what, f"Looked for {path}.")
            return None
        if path.stat().st_size > LARGEST_FILE:
            tell("file-too-large", f"{path.name} is larger than {LARGEST_FILE // 1000:,} KB.", "Is it the right file?")
            return None
        raw = path.read_bytes()
    except OSError as error:
        tell(
            "unreadable-file",
            f"{path.name} cannot be opened: {error.strerror or error}.",
            "Close it in other programs, and check that you may read it.",
        )
        return None

    text = mend.decode(raw, tell)
    if text is None:
        return None
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError):
        # ValueError: a date such as 2026-02-30 in some versions, or a number of 5,000 digits.
        mended = mend.mend(text, tell)
        if mended is None:
            return None
        text, data = mended
    except RecursionError:
        tell("toml-nesting", f"{path.name} has brackets inside brackets many hundreds deep.", "Is it the right file?")
        return None
    mend.valid_but_wrong(text, tell)
    return Document(data, file, text, exit_code)
