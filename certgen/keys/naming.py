"""The one line of issuer.toml that certgen writes: ``key = "z6Mk..."``. Every other byte of the file stays."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from certgen.errors import ExitCode, Problem
from certgen.guarded import why, write_over


def name_in(path: Path, multikey: str, problems: list[Problem]) -> bool:
    """Writes the line. False, with a warning that says what to write by hand, where it cannot."""
    try:
        text = path.read_bytes().decode("utf-8")
        named = naming(text, multikey)
        if named != text:
            write_over(path.resolve(), named.encode("utf-8"), like=path)
    except (OSError, ValueError) as error:
        problems.append(
            Problem(
                code="key-line",
                severity="warning",
                message=f"{path.name} cannot be made to name the signing key ({why(error)}).",
                hint=f'Write this line into it, above the first line in [brackets]: key = "{multikey}"',
                file=str(path),
                exit_code=ExitCode.REGISTRY,
            )
        )
        return False
    return True


def naming(text: str, multikey: str) -> str:
    """The text of issuer.toml with its ``key``. Raises ValueError where the text is no TOML."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix(mark)
    wanted = tomllib.loads(body) | {"key": multikey}
    for candidate in _candidates(body, f'"{multikey}"'):
        with suppress(tomllib.TOMLDecodeError):
            if tomllib.loads(candidate) == wanted:
                return mark + candidate
    raise ValueError("its line “key” is written in an unusual way")


def _candidates(text: str, value: str) -> Iterator[str]:
    """The old line with the new key; else a line below the address, or the name; else at the head of the file. In some
    of these places it may stand inside a text of several lines, which reading it back finds out."""
    rows = re.findall(r"[^\n]*\n|[^\n]+", text)
    end = "\r\n" if rows and rows[0].endswith("\r\n") else "\n"
    for at, row in enumerate(rows):
        if found := re.match(r"""\s*(?:key|"key"|'key')\s*=\s*("[^"]*"|'[^']*')""", row):
            start, stop = found.span(1)
            yield "".join([*rows[:at], row[:start], value, row[stop:], *rows[at + 1 :]])
    line = f"key = {value} # signs the certificates; certgen writes this line"
    for name in ("verify_url", "name"):
        for at, row in enumerate(rows):
            if re.match(rf"\s*{name}\s*=", row):
                gap = "" if row.endswith("\n") else end
                yield "".join([*rows[: at + 1], gap, line, "" if gap else end, *rows[at + 1 :]])
    yield f"{line}{end}{text}"
