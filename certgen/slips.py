"""The slips people make in TOML files, each with its own sentence, and what they meant.

A TOML parser stops at the first slip. ``mend`` cuts the text into statements, explains each one that
does not parse, and puts what was plainly meant in its place (or ``BROKEN`` for the value), on the
same line, so that the rest of the file can be checked in the same run.

``tell(code, message, hint, line)`` receives each slip. Nothing here knows what the keys mean.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

BROKEN = "\ufdd0"  # a noncharacter: the value of a statement that was told and cannot be guessed


class Tell(Protocol):
    def __call__(self, code: str, message: str, hint: str, line: int | None = None) -> None: ...


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

_BARE = r"[A-Za-z0-9_-]+"
_START = re.compile(rf"\s*(\[\[?\s*{_BARE}(\s*\.\s*({_BARE}|\"[^\"]*\"))*\s*\]\]?\s*(#.*)?$|{_BARE}(\.{_BARE})*\s*=)")
_BLANK = re.compile(r"\s*(#.*)?$")
_CURLY = "“”„‟«»‹›‘’‚‛`´"


def _parses(chunk: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(chunk, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def _statements(text: str) -> list[str]:
    """The text cut before each statement; joined they are the text again."""
    rows = text.splitlines(keepends=True)
    chunks: list[str] = []
    at = 0
    while at < len(rows):
        end = at + 1
        row = rows[at]
        if not _BLANK.match(row) and _parses(row) is None:
            opening = re.match(r"[^=]*=\s*(\"\"\"|'''|[\[{\"])", row)
            if opening and opening[1] in ('"""', "'''"):
                end = _close_of_text(rows, at, opening[1], opening.end())
            elif opening and opening[1] in "[{":
                while end < min(len(rows), at + 1000) and _parses("".join(rows[at:end])) is None:
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
            opens = re.match(rf"\s*{_BARE}(\.{_BARE})*\s*=\s*{quotes}", rows[end])
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
        if not _BLANK.match(chunk) and _parses(chunk) is None:
            chunks[at] = _same_height(_explain(chunk, starts[at], tell), chunk)
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
            tell("toml-syntax", f"This line cannot be read: {_first(chunks[at])}", _FORM, starts[at])
            chunks[at] = _same_height("", chunks[at])
    tell("toml-syntax", "This file cannot be read as TOML.", _FORM)
    return None


_FORM = 'Each line has the form: key = "text", key = 60, key = 2026-03-02 or key = ["one", "two"].'


def _same_height(mended: str, chunk: str) -> str:
    mended = mended.rstrip("\n")
    return mended + "\n" * max(chunk.count("\n") - mended.count("\n"), 0)


def _first(chunk: str) -> str:
    row = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in chunk.strip().split("\n")[0].strip())
    return row[:60] + "…" if len(row) > 60 else row


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if "\n" in escaped:
        return f'"""{escaped}"""'
    return f'"{escaped}"'


def _repeated(chunks: list[str], starts: list[int], tell: Tell) -> None:
    """Tells keys and tables that stand twice, and blanks the second."""
    table: tuple[Any, ...] = ()
    seen: dict[tuple[Any, ...], int] = {}
    many: dict[tuple[Any, ...], int] = {}
    skipping = False
    for at, chunk in enumerate(chunks):
        data = None if _BLANK.match(chunk) else _parses(chunk)
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


# --- explaining one statement ----------------------------------------------------------------


def _explain(chunk: str, line: int, tell: Tell) -> str:
    """Tells what is wrong with one statement; gives one that parses."""

    def say(code: str, message: str, hint: str, down: int = 0) -> None:
        tell(code, message, hint, line + down)

    if chunk.lstrip().startswith("["):
        return _heading(chunk, say)
    if "=" not in chunk or re.match(rf"\s*{_BARE}\s*:\s", chunk):
        colon = re.match(rf"(\s*{_BARE})\s*:\s*(.+)", chunk, re.DOTALL)
        if not colon or "\t" in chunk:
            if "\t" in chunk.strip():
                say("toml-pasted", f"This looks pasted from a spreadsheet: {_first(chunk)}", _FORM)
            else:
                say(
                    "toml-no-equals",
                    f"This line has no key: {_first(chunk)}",
                    'Text of several lines stands between """ and """; a remark begins with #.',
                )
            return ""
        say(
            "toml-colon",
            f"A key and its value are joined by =, not by a colon: {_first(chunk)}",
            f"{colon[1].strip()} = {_first(colon[2])}",
        )
        chunk = f"{colon[1]} = {colon[2]}"
        if _parses(chunk) is not None:
            return chunk
    key, _, value = chunk.partition("=")
    key = key.strip()
    if _parses(f"{key} = 1") is None:
        bare = key.strip(_CURLY + "\"' \u00a0\ufeff")
        if not bare:
            say("toml-no-equals", f"There is no name before the = here: {_first(chunk)}", _FORM)
            return ""
        say(
            "toml-key",
            f'The name before = is written with letters, digits, "_" and "-" only: {_first(key)}',
            f'Any other name stands in straight quotes: "{bare}" = ...',
        )
        key = _quote(bare.split("\n")[0])
        if _parses(f"{key} = {value}") is not None:
            return f"{key} = {value}"
    mended = _value(key, value, say)
    chunk = f"{key} = {mended}"
    if _parses(chunk) is None:
        chunk = f'{key} = "{BROKEN}"'
    return chunk


Say = Callable[..., None]


def _heading(chunk: str, say: Say) -> str:
    inside = chunk.partition("#")[0].strip()
    name = inside.strip("[] \t")
    double = inside.startswith("[[") or inside.endswith("]]")
    whole = f"[[{name}]]" if double else f"[{name}]"
    if _parses(whole) is not None:
        say("toml-heading", f"The brackets of this heading do not match: {_first(chunk)}", f"Write {whole}")
        return whole
    parts = [part.strip(_CURLY + "\"' ") for part in name.split(".")]
    quoted = ".".join(part if re.fullmatch(_BARE, part) else _quote(part) for part in parts)
    whole = f"[[{quoted}]]" if double else f"[{quoted}]"
    say("toml-heading", f"This heading cannot be read: {_first(chunk)}", f"Write {whole}")
    return whole if _parses(whole) is not None else ""


_INVISIBLE = re.compile("(\"(?:\\\\.|[^\"\\\\])*\"|'[^']*')|[\u00a0\u2007\u202f\u200b\u200e\u200f\u2060\ufeff]+")


def _value(key: str, typed: str, say: Say) -> str:
    """The value that was meant; ``BROKEN`` in quotes if that is not plain."""

    def good(value: str) -> bool:
        return _parses(f"k = {value}") is not None

    value = typed.strip(" \t\n")
    cleaned = _INVISIBLE.sub(lambda found: found[1] or " ", value).strip(" ")
    if (good(value) or cleaned != value) and good(cleaned):
        say(
            "toml-invisible",
            f"There is an invisible character outside the quotes, beside {key} =.",
            "Delete the spaces around = and at the line's end, and type them again.",
        )
        return cleaned
    remark = re.search(r"(^|\s+)#[^\"'\n]*$", value)
    body = value[: remark.start()] if remark else value
    if not body:
        say("toml-no-value", f"There is nothing after {key} =.", "Give it a value, or delete the line.")
        return f'"{BROKEN}"'
    if body[0] in "[{":
        return _brackets(key, body, say)
    if body[0] in _CURLY or (body[0] in "\"'" and body[-1] in _CURLY and body.count(body[0]) == 1):
        content = body[1:-1] if body[-1] in _CURLY + "\"'" and len(body) > 1 else body[1:]
        say("curly-quotes", f"{key} is in curly quotes; TOML needs straight ones.", f'{key} = "{_first(content)}"')
        return _quote(content)
    if body.startswith(('"""', "'''")):
        quotes = body[:3]
        if quotes not in body[3:]:
            say(
                "toml-unclosed",
                f"The text of {key} begins with {quotes} and is never closed.",
                f"Put {quotes} on a line of its own after its end.",
            )
            return f'"{BROKEN}"'
        if "\\" in body:
            return _backslashes(key, body, say)
    elif body[0] == '"':
        if "\n" in body:
            say(
                "toml-several-lines",
                f"The text of {key} has several lines.",
                f'Put three quotes on either side: {key} = """..."""',
            )
            return _quote(body.strip('"'))
        if body.count('"') == 1:
            say("toml-unclosed", f"The quote of {key} is not closed.", f'{key} = {_first(body)}"')
            return _quote(body[1:])
        if "\\" in body:
            return _backslashes(key, body, say)
        if body.endswith('"') and body.count('"') > 2:
            say(
                "toml-inner-quotes",
                f"There are quotes inside the text of {key}.",
                "Write the inner ones as curly quotes “…”, or put \\ before each.",
            )
            return _quote(body[1:-1])
        trailing = re.match(r'("(?:\\.|[^"\\])*")\s*[,;.]$', body)
        if trailing:
            say("toml-trailing", f"There is a {body[-1]} after the value of {key}.", "Delete it.")
            return trailing[1]
    elif body[0] == "'":
        if body.endswith("'") and body.count("'") > 2:
            say(
                "toml-inner-quotes",
                f"There is an apostrophe inside the single quotes of {key}.",
                f"Use double quotes: {key} = {_first(_quote(body[1:-1]))}",
            )
            return _quote(body[1:-1])
        if body.count("'") == 1:
            say("toml-unclosed", f"The quote of {key} is not closed.", f'{key} = "{_first(body[1:])}"')
            return _quote(body[1:])
    else:
        return _bare(key, body, say)
    say("toml-syntax", f"The value of {key} cannot be read: {_first(body)}", _FORM)
    return f'"{BROKEN}"'


_YES = {
    "yes": "true",
    "true": "true",
    "on": "true",
    "oui": "true",
    "si": "true",
    "sí": "true",
    "no": "false",
    "false": "false",
    "off": "false",
    "non": "false",
}


def _bare(key: str, body: str, say: Say) -> str:
    """A value without quotes."""
    if body[-1] in ",;" and _parses(f"k = {body[:-1]}") is not None:
        say("toml-trailing", f"There is a {body[-1]} after the value of {key}.", "Delete it.")
        return body[:-1]
    if body.casefold() in _YES:
        meant = _YES[body.casefold()]
        say("toml-boolean", f"{key} = {body} is not understood.", f"Write {key} = {meant}, without a capital letter.")
        return meant
    if re.fullmatch(r"[-+]?\d+,\d+", body):
        meant = body.replace(",", ".")
        say("decimal-comma", f"{key} = {body} has a decimal comma; TOML needs a point.", f"{key} = {meant}")
        return str(Decimal(meant))
    if re.fullmatch(r"\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,4}\.?", body) or re.fullmatch(
        r"(?=.*\b\d{4}\b)(?=.*\b\d{1,2}(st|nd|rd|th|er|º)?\b)[\w\s.,º]*[^\W\d_]{3}[\w\s.,º]*", body
    ):
        say("toml-date", f"{key} = {body} is not a date that can be read surely.", date_hint(body))
        return f'"{BROKEN}"'
    unit = re.fullmatch(r"([-+]?\d+(?:[.,]\d+)?)\s*(%|[^\W\d_]+)", body)
    if unit:
        meant = unit[1].replace(",", ".")
        say(
            "toml-unit",
            f"{key} = {body} is neither a number nor a text in quotes.",
            f'Write the number alone, {key} = {meant}, or a text, {key} = "{body}".',
        )
        return f'"{BROKEN}"'
    if re.fullmatch(r"0\d+", body):
        say(
            "toml-leading-zero",
            f"{key} = {body} begins with a zero.",
            f'A code stands in quotes: {key} = "{body}". A number has no zero before it.',
        )
        return f'"{BROKEN}"'
    say("toml-unquoted", f"The text of {key} has no quotes.", f"{key} = {_first(_quote(body))}")
    return _quote(body)


def _backslashes(key: str, body: str, say: Say) -> str:
    quotes = '"""' if body.startswith('"""') else '"'
    content = body.removeprefix(quotes).removesuffix(quotes)
    shown = _first(content.replace("\\", "/"))
    hint = (
        f'Use forward slashes: {key} = "{shown}"'
        if re.search(r"[A-Za-z]:\\|\\\\", content)
        else (f"Put the text between {'three ' if len(quotes) == 3 else ''}single quotes, or double each backslash.")
    )
    say("backslash", f"The backslash in the text of {key} has a special meaning between double quotes.", hint)
    doubled = re.sub(r'\\(?!")', r"\\\\", content)
    return f"{quotes}{doubled}{quotes}"


def _brackets(key: str, body: str, say: Say) -> str:
    """A list or a table in braces: every slip in it told once, each mended in turn."""

    def good() -> bool:
        return _parses(f"k = {body}") is not None

    if re.search(r"[“”„‟«»]", re.sub(r'"[^"\n]*"', "", body)) or re.search(r"[\[,=]\s*[‘’‚]", body):
        say("curly-quotes", f"{key} has curly quotes; TOML needs straight ones.", f"{key} = {_first(_straight(body))}")
        body = _straight(body)
    if not good() and re.search(r'"[^"\n]*\\[^"\n]*"', body):
        doubled = re.sub(r'"[^"\n]*"', lambda text: text[0].replace("\\", "\\\\"), body)
        if _parses(f"k = {doubled}") is not None:
            shown = re.search(r'"[^"\n]*\\[^"\n]*"', body)
            path = shown[0].replace("\\", "/") if shown else ""
            say(
                "backslash",
                f"A backslash in {key} has a special meaning between double quotes.",
                f"Use forward slashes: {path}",
            )
            body = doubled
    if body[0] == "{":
        joined = re.sub(r"([{,]\s*[\w-]+)\s*:\s", r"\1 = ", body)
        if not good() and joined != body:
            say(
                "toml-colon",
                f"In {key}, a key and its value are joined by =, not by a colon.",
                f"{key} = {_first(joined)}",
            )
            body = joined
        comma = re.search(r"=\s*[-+]?(\d+),(\d+)\s*(?=[,}\n])", body)
        if not good() and comma:
            say(
                "decimal-comma",
                f"{comma[1]},{comma[2]} in {key} has a decimal comma; TOML needs a point.",
                f"Write {comma[1]}.{comma[2]}",
            )
            body = re.sub(r"(=\s*[-+]?\d+),(\d+)\s*(?=[,}\n])", r"\1.\2", body)
        for word in re.findall(r"=\s*([^\W\d_]+)\s*(?=[,}\n])", body):
            if not good() and word.casefold() in _YES and word not in ("true", "false"):
                say("toml-boolean", f"{word} in {key} is not understood.", f"Write {_YES[word.casefold()]}")
                body = re.sub(rf"(=\s*){word}\b", rf"\g<1>{_YES[word.casefold()]}", body)
        if not good() and "\n" in body:
            joined = re.sub(r",\s*}", " }", re.sub(r"\s*\n\s*", " ", re.sub(r"#[^\n\"']*", "", body)))
            if _parses(f"k = {joined}") is not None:
                say(
                    "toml-several-lines",
                    f"What stands in braces after {key} = must be on one line.",
                    f"{key} = {_first(joined)}",
                )
                body = joined
        elif not good() and re.search(r",\s*}$", body):
            say("toml-trailing", f"There is a comma before the closing brace of {key}.", "Delete it.")
            body = re.sub(r",\s*}$", " }", body)
    if not good():
        spaced = re.sub(r"([\"'\]}])(\s+)(?=[\"'\[{])", r"\1,\2", body)
        if spaced != body and any(_parses(f"k = {spaced}{end}") is not None for end in ("", "]", "}")):
            gap = next(n for n, (a, b) in enumerate(zip(spaced, body + "\0", strict=False)) if a != b)
            say(
                "toml-comma",
                f"A comma is missing between two entries of {key}.",
                f"Put it after {_first(body[:gap].strip().rsplit(chr(10), 1)[-1])}",
                body[:gap].count("\n"),
            )
            body = spaced
    if not good():
        closing = {"[": "]", "{": "}"}[body[0]]
        if _parses(f"k = {body}{closing}") is not None:
            say("toml-unclosed", f"The bracket of {key} is not closed.", f"Put {closing} at its end.")
            body += closing
        elif body.endswith(("'", '"')) is False and not re.search(r"[\"'\d]", body) and body[0] == "[":
            words = [_quote(part.strip()) for part in body.strip("[]").split(",") if part.strip()]
            meant = f"[{', '.join(words)}]"
            say("toml-unquoted", f"The texts of {key} have no quotes.", f"{key} = {_first(meant)}")
            body = meant
        else:
            say(
                "toml-syntax",
                f"The value of {key} cannot be read: {_first(body)}",
                "Look for a missing quote, comma or bracket in it.",
            )
            return f'"{BROKEN}"'
    return body


def _straight(text: str) -> str:
    text = re.sub(r"[“”„‟«»]", '"', text)
    return re.sub(r"([\[,=]\s*)[‘’‚]([^‘’,\]}]*)[‘’](?=\s*[,\]}])", r'\1"\2"', text)


def date_hint(typed: str) -> str:
    """How to write the date that was typed: year, month, day."""
    parts = [part for part in re.split(r"\D+", typed) if part]
    form = "A date is written year-month-day, without quotes: 2026-03-02 is 2 March 2026"
    if len(parts) == 3 and re.fullmatch(r"[\d\s./-]+", typed):
        first, second, third = parts
        if len(first) == 4:
            return f"{form}. Here: {first}-{second:0>2}-{third:0>2}"
        if len(third) == 4 and int(first) <= 12 and int(second) <= 12 and first != second:
            return f"{form}. Here: {third}-{second:0>2}-{first:0>2} or {third}-{first:0>2}-{second:0>2}"
        if len(third) == 4:
            month, day = (second, first) if int(second) <= 12 else (first, second)
            return f"{form}. Here: {third}-{month:0>2}-{day:0>2}"
    return form + "."


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
