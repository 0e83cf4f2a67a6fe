"""How things are told in plain text on a terminal: places, paths, lines that are cut between words.

Text from files is made harmless before it reaches a terminal: see :func:`printable`.
"""

from __future__ import annotations

import re
import shutil
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path

from certgen.errors import Problem


def near(path: Path) -> str:
    """A path as seen from here, when it is below here."""
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def beside(path: Path) -> str:
    """Why a file has a number in its name, where it has one: another of that name was there."""
    found = re.fullmatch(r"(.+) \(\d+\)", path.stem)
    there = path.with_name(found[1] + path.suffix) if found else None
    return f", as {there.name} was there already and is kept" if there and there.exists() else ""


def place(problem: Problem) -> str:
    """Where a problem is, in words: "roster.xlsx, People, C7", "course.toml, line 12, awards[1].when"."""
    path = Path(problem.file or "")
    parts = [f"{path.parent.name}/{path.name}" if path.name == "layout.toml" else path.name] if problem.file else []
    if problem.cell:
        parts += [*([problem.sheet] if problem.sheet else []), problem.cell]
    elif problem.row:
        parts.append(f"row {problem.row}")
    elif problem.sheet:
        parts.append(problem.sheet)
    if problem.line:
        parts.append(f"line {problem.line}")
    if problem.key and not problem.cell:
        parts.append(problem.key)
    return ", ".join(parts)


_SEAM = re.compile(r"(?<=[/\\\\._@=:\]-])(?=.)")  # where a path, an address or a key may be parted


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells. A word that is wider is parted where paths, addresses and keys have a seam, and
    only then anywhere."""
    from rich.cells import cell_len, chop_cells

    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            parts = [word]
            if cell_len(word) > width:
                parts = [bit for part in _SEAM.split(word) for bit in (chop_cells(part, width) if part else [""])]
            for at, part in enumerate(parts):
                joined = f"{line} {part}" if line and at == 0 else line + part
                if cell_len(joined) <= width or not line:
                    line = joined
                else:
                    lines.append(line)
                    line = part
        lines.append(line)
    return lines


def printable(text: str) -> str:
    """Text from a file, safe in a terminal: control characters and bidi overrides are written as code points."""
    return "".join(
        character
        if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        else character
        if character in "\u200c\u200d"
        else f"<U+{ord(character):04X}>"
        for character in text
    )


def filled(text: str) -> str:
    """Lines as wide as the terminal that standard error is, cut between words; untouched where it is none."""
    if not sys.stderr.isatty():
        return text
    width = max(shutil.get_terminal_size().columns - 1, 40)
    return "\n".join(wrapped(text, width))
