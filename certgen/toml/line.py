"""A line put into a file that people keep by hand; every other byte of it stays."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress


def with_line(text: str, key: str, value: object, literal: str, says: str, after: Sequence[str]) -> str:
    """A TOML file's text with ``key = literal`` at its top level, in the place of the old one. ``value`` is what that
    means, ``says`` a comment for a line that is new; it stands below the first of the keys ``after`` that there is,
    else at the head. Raises ValueError where the text is no TOML, or the key is written in an unusual way."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix(mark)
    wanted = tomllib.loads(body) | {key: value}
    for candidate in _candidates(body, key, literal, says, after):
        with suppress(tomllib.TOMLDecodeError):
            if tomllib.loads(candidate) == wanted:
                return mark + candidate
    raise ValueError(f"its line “{key}” is written in an unusual way")


def _candidates(text: str, key: str, literal: str, says: str, after: Sequence[str]) -> Iterator[str]:
    """In some of these places the line may stand inside a text of several lines, which reading it back finds out."""
    rows = re.findall(r"[^\n]*\n|[^\n]+", text)
    end = "\r\n" if rows and rows[0].endswith("\r\n") else "\n"
    for at, row in enumerate(rows):
        if found := re.match(rf"""\s*(?:{key}|"{key}"|'{key}')\s*=\s*("[^"]*"|'[^']*'|[^\s"'#]+)""", row):
            start, stop = found.span(1)
            yield "".join([*rows[:at], row[:start], literal, row[stop:], *rows[at + 1 :]])
    line = f"{key} = {literal}" + (f" # {says}" if says else "")
    for name in after:
        for at, row in enumerate(rows):
            if re.match(rf"\s*{name}\s*=", row):
                gap = "" if row.endswith("\n") else end
                yield "".join([*rows[: at + 1], gap, line, "" if gap else end, *rows[at + 1 :]])
    yield f"{line}{end}{text}"
