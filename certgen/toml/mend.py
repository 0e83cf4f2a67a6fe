"""The slips people make in TOML files, each with its own sentence, and what they meant.

A TOML parser stops at the first slip. ``mend`` cuts the text into statements, explains each one that
does not parse, and puts what was plainly meant in its place (or ``BROKEN`` for the value), on the
same line, so that the rest of the file can be checked in the same run.

``tell(code, message, hint, line)`` receives each slip. Nothing here knows what the keys mean.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any

from certgen.toml.slips import BARE, FORM, Tell, explain, first, parses

# --- encodings -------------------------------------------------------------------------------


def decode(raw: bytes, tell: Tell) -> str | None:
    """The text of a file; other encodings than UTF-8 are told and read all the same."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        tell("encoding", 'This file was saved as "Unicode" (UTF-16).', 'Save it again with the encoding "UTF-8".')
        return raw.decode("utf-16", errors="replace")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"{\\rtf")):
        tell(
            "not-text",
            "This is a document of another program, not a plain text file.",
            "Write it in a text editor such as Notepad, and save it as UTF-8 text.",
        )
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        text = raw.decode("cp1252", errors="replace")
        word = re.search(r"\S*$", raw[: error.start].decode("cp1252", errors="replace"))
        start = len(raw[: error.start].decode("cp1252", errors="replace")) - (len(word[0]) if word else 0)
        sample = (re.match(r"\S{1,40}", text[start:]) or [""])[0]
        tell(
            "encoding",
            f"This file is not saved as UTF-8: {sample} cannot be read surely.",
            'Save it again with the encoding "UTF-8", and look at accented letters afterwards.',
            line,
        )
        return text


# --- statements ------------------------------------------------------------------------------

_START = re.compile(rf"\s*(\[\[?\s*{BARE}(\s*\.\s*({BARE}|\"[^\"]*\"))*\s*\]\]?\s*(#.*)?$|{BARE}(\.{BARE})*\s*=)")
_BLANK = re.compile(r"\s*(#.*)?$")


def _statements(text: str) -> list[str]:
    """The text cut before each statement; joined they are the text again."""
    rows = text.splitlines(keepends=True)
    chunks: list[str] = []
    at = 0
    while at < len(rows):
        end = at + 1
        row = rows[at]
        if not _BLANK.match(row) and parses(row) is None:
            opening = re.match(r"[^=]*=\s*(\"\"\"|'''|[\[{\"])", row)
            if opening and opening[1] in ('"""', "'''"):
                end = _close_of_text(rows, at, opening[1], opening.end())
            elif opening and opening[1] in "[{":
                while end < min(len(rows), at + 1000) and parses("".join(rows[at:end])) is None:
                    if _START.match(rows[end]) and not (opening[1] == "{" and re.search(r"[,}]\s*$", rows[end])):
                        break
                    end += 1
                end = _without_tail(rows, at, end)
            elif opening and row.count('"') % 2:
                stop = end
                while stop < len(rows) and not _START.match(rows[stop]):
                    stop += 1
                closing = [n for n in range(end, stop) if re.search(r'"\s*(#.*)?$', rows[n])]
                end = closing[0] + 1 if closing else end
            elif "=" not in row and not row.lstrip().startswith("["):
                while end < len(rows) and "=" not in rows[end] and not re.match(r"\s*(\[|#|$)", rows[end]):
                    end += 1
        chunks.append("".join(rows[at:end]))
        at = end
    return chunks


def _close_of_text(rows: list[str], at: int, quotes: str, after: int) -> int:
    """The row after the one that closes a text in three quotes; a line `key = \"\"\"` opens another one."""
    if quotes in rows[at][after:]:
        return at + 1
    for end in range(at + 1, len(rows)):
        if quotes in rows[end]:
            opens = re.match(rf"\s*{BARE}(\.{BARE})*\s*=\s*{quotes}", rows[end])
            if not opens:
                return end + 1
            break
    end = at + 1
    while end < len(rows) and not _START.match(rows[end]):
        end += 1
    return _without_tail(rows, at, end)


def _without_tail(rows: list[str], at: int, end: int) -> int:
    """Blank lines and comments at the end belong to what follows."""
    while end > at + 1 and _BLANK.match(rows[end - 1]):
        end -= 1
    return end


# --- mending ---------------------------------------------------------------------------------


def mend(text: str, tell: Tell) -> tuple[str, dict[str, Any]] | None:
    """A text that parses, line for line, and its content; None (told) when nothing helps."""
    chunks = _statements(text)
    starts = [1]
    for chunk in chunks:
        starts.append(starts[-1] + chunk.count("\n"))
    for at, chunk in enumerate(chunks):
        if not _BLANK.match(chunk) and parses(chunk) is None:
            chunks[at] = _same_height(explain(chunk, starts[at], tell), chunk)
    _repeated(chunks, starts, tell)
    for _ in range(len(chunks) + 1):
        mended = "".join(chunks)
        try:
            return mended, tomllib.loads(mended, parse_float=Decimal)
        except RecursionError:
            break
        except ValueError as error:
            place = re.search(r"\(at line (\d+)", str(error))
            line = int(place[1]) if place else starts[-1]
            at = max(n for n, start in enumerate(starts[:-1]) if start <= line)
            if _BLANK.match(chunks[at]):
                break
            tell("toml-syntax", f"This line cannot be read: {first(chunks[at])}", FORM, starts[at])
            chunks[at] = _same_height("", chunks[at])
    tell("toml-syntax", "This file cannot be read as TOML.", FORM)
    return None


def _same_height(mended: str, chunk: str) -> str:
    mended = mended.rstrip("\n")
    return mended + "\n" * max(chunk.count("\n") - mended.count("\n"), 0)


def _repeated(chunks: list[str], starts: list[int], tell: Tell) -> None:
    """Tells keys and tables that stand twice, and blanks the second."""
    table: tuple[Any, ...] = ()
    seen: dict[tuple[Any, ...], int] = {}
    many: dict[tuple[Any, ...], int] = {}
    skipping = False
    for at, chunk in enumerate(chunks):
        data = None if _BLANK.match(chunk) else parses(chunk)
        if data is None:
            continue
        head = re.match(r"\s*(\[\[?)", chunk)
        path: list[Any] = []
        node: Any = data
        while isinstance(node, dict) and len(node) == 1:
            name, node = next(iter(node.items()))
            path.append(name)
            if not head and not re.match(r"[^=]*\.", chunk):
                break
        if head:
            whole = ".".join(path)
            full: tuple[Any, ...] = ()
            for name in path[:-1]:
                full = (*full, name)
                full = (*full, many[full]) if full in many else full
            full = (*full, path[-1])
            double = head[1] == "[["
            skipping = (
                (full in seen and not double)
                or (double and full in seen and full not in many)
                or (not double and full in many)
            )
            if skipping:
                tell(
                    "repeated-table",
                    f"[{whole}] stands on line {seen[full]} and again here.",
                    f"If these are entries of one list, write [[{whole}]] above each; if not, join them.",
                    starts[at],
                )
                chunks[at] = _same_height("", chunk)
                continue
            seen[full] = starts[at]
            if double:
                many[full] = many.get(full, -1) + 1
            table = (*full, many[full]) if double else full
        elif skipping:
            chunks[at] = _same_height("", chunk)
        else:
            key = (*table, *path)
            if key in seen:
                tell(
                    "repeated-key",
                    f"{'.'.join(path)} stands on line {seen[key]} and again here.",
                    "Keep one of the two.",
                    starts[at],
                )
                chunks[at] = _same_height("", chunk)
            else:
                seen[key] = starts[at]


def valid_but_wrong(text: str, tell: Tell) -> None:
    r"""Tells paths in which ``\n`` or ``\t`` of a folder's name has become a line's end or a tab."""
    for number, row in enumerate(text.splitlines(), 1):
        for found in re.finditer(r'"([A-Za-z]:(?:\\(?!\\)[^"\\\n]*)+)"', row):
            tell(
                "backslash",
                "A backslash has a special meaning between double quotes, and this path has one.",
                f'Use forward slashes: "{found[1].replace(chr(92), "/")}"',
                number,
            )
