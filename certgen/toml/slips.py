"""The slips people make in one TOML statement, each with its own sentence, and what they meant."""

from __future__ import annotations

import calendar
import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

BROKEN = "\ufdd0"  # a noncharacter: the value of a statement that was told and cannot be guessed

BARE = r"[A-Za-z0-9_-]+"
_CURLY = "“”„‟«»‹›‘’‚‛`´"
FORM = 'Each line has the form: key = "text", key = 60, key = 2026-03-02 or key = ["one", "two"].'


class Tell(Protocol):
    def __call__(self, code: str, message: str, hint: str, line: int | None = None) -> None: ...


def parses(chunk: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(chunk, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def first(chunk: str) -> str:
    row = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in chunk.strip().split("\n")[0].strip())
    return row[:60] + "…" if len(row) > 60 else row


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if "\n" in escaped:
        return f'"""{escaped}"""'
    return f'"{escaped}"'


def explain(chunk: str, line: int, tell: Tell) -> str:
    """Tells what is wrong with one statement; gives one that parses."""

    def say(code: str, message: str, hint: str, down: int = 0) -> None:
        tell(code, message, hint, line + down)

    if chunk.lstrip().startswith("["):
        return _heading(chunk, say)
    if "=" not in chunk or re.match(rf"\s*{BARE}\s*:\s", chunk):
        colon = re.match(rf"(\s*{BARE})\s*:\s*(.+)", chunk, re.DOTALL)
        if not colon or "\t" in chunk:
            if "\t" in chunk.strip():
                say("toml-pasted", f"This looks pasted from a spreadsheet: {first(chunk)}", FORM)
            else:
                say(
                    "toml-no-equals",
                    f"This line has no key: {first(chunk)}",
                    'Text of several lines stands between """ and """; a remark begins with #.',
                )
            return ""
        say(
            "toml-colon",
            f"A key and its value are joined by =, not by a colon: {first(chunk)}",
            f"{colon[1].strip()} = {first(colon[2])}",
        )
        chunk = f"{colon[1]} = {colon[2]}"
        if parses(chunk) is not None:
            return chunk
    key, _, value = chunk.partition("=")
    key = key.strip()
    if parses(f"{key} = 1") is None:
        bare = key.strip(_CURLY + "\"' \u00a0\ufeff")
        if not bare:
            say("toml-no-equals", f"There is no name before the = here: {first(chunk)}", FORM)
            return ""
        say(
            "toml-key",
            f'The name before = is written with letters, digits, "_" and "-" only: {first(key)}',
            f'Any other name stands in straight quotes: "{bare}" = ...',
        )
        key = _quote(bare.split("\n")[0])
        if parses(f"{key} = {value}") is not None:
            return f"{key} = {value}"
    mended = _value(key, value, say)
    chunk = f"{key} = {mended}"
    if parses(chunk) is None:
        chunk = f'{key} = "{BROKEN}"'
    return chunk


Say = Callable[..., None]


def _heading(chunk: str, say: Say) -> str:
    inside = chunk.partition("#")[0].strip()
    name = inside.strip("[] \t")
    double = inside.startswith("[[") or inside.endswith("]]")
    whole = f"[[{name}]]" if double else f"[{name}]"
    if parses(whole) is not None:
        say("toml-heading", f"The brackets of this heading do not match: {first(chunk)}", f"Write {whole}")
        return whole
    parts = [part.strip(_CURLY + "\"' ") for part in name.split(".")]
    quoted = ".".join(part if re.fullmatch(BARE, part) else _quote(part) for part in parts)
    whole = f"[[{quoted}]]" if double else f"[{quoted}]"
    say("toml-heading", f"This heading cannot be read: {first(chunk)}", f"Write {whole}")
    return whole if parses(whole) is not None else ""


_INVISIBLE = re.compile("(\"(?:\\\\.|[^\"\\\\])*\"|'[^']*')|[\u00a0\u2007\u202f\u200b\u200e\u200f\u2060\ufeff]+")


def _value(key: str, typed: str, say: Say) -> str:
    """The value that was meant; ``BROKEN`` in quotes if that is not plain."""

    def good(value: str) -> bool:
        return parses(f"k = {value}") is not None

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
        say("curly-quotes", f"{key} is in curly quotes; TOML needs straight ones.", f'{key} = "{first(content)}"')
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
            say("toml-unclosed", f"The quote of {key} is not closed.", f'{key} = {first(body)}"')
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
                f"Use double quotes: {key} = {first(_quote(body[1:-1]))}",
            )
            return _quote(body[1:-1])
        if body.count("'") == 1:
            say("toml-unclosed", f"The quote of {key} is not closed.", f'{key} = "{first(body[1:])}"')
            return _quote(body[1:])
    else:
        return _bare(key, body, say)
    say("toml-syntax", f"The value of {key} cannot be read: {first(body)}", FORM)
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
    if body[-1] in ",;" and parses(f"k = {body[:-1]}") is not None:
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
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", body):
        say("toml-date", f"{key} = {body} is not a day that there is.", date_hint(body))
        return f'"{BROKEN}"'
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
    say("toml-unquoted", f"The text of {key} has no quotes.", f"{key} = {first(_quote(body))}")
    return _quote(body)


def _backslashes(key: str, body: str, say: Say) -> str:
    quotes = '"""' if body.startswith('"""') else '"'
    content = body.removeprefix(quotes).removesuffix(quotes)
    shown = first(content.replace("\\", "/"))
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
        return parses(f"k = {body}") is not None

    if re.search(r"[“”„‟«»]", re.sub(r'"[^"\n]*"', "", body)) or re.search(r"[\[,=]\s*[‘’‚]", body):
        say("curly-quotes", f"{key} has curly quotes; TOML needs straight ones.", f"{key} = {first(_straight(body))}")
        body = _straight(body)
    if not good() and re.search(r'"[^"\n]*\\[^"\n]*"', body):
        doubled = re.sub(r'"[^"\n]*"', lambda text: text[0].replace("\\", "\\\\"), body)
        if parses(f"k = {doubled}") is not None:
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
                f"{key} = {first(joined)}",
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
        unit = re.search(r"=\s*([-+]?\d+(?:\.\d+)?)\s*(%|[^\W\d_]+)\s*(?=[,}\n])", body)
        if not good() and unit:
            say(
                "toml-unit",
                f"{unit[1]}{unit[2]} in {key} is neither a number nor a text in quotes.",
                f"Write the number alone: {unit[1]}",
            )
            body = re.sub(r"(=\s*[-+]?\d+(?:\.\d+)?)\s*(?:%|[^\W\d_]+)\s*(?=[,}\n])", r"\1", body)
        for word in re.findall(r"=\s*([^\W\d_]+)\s*(?=[,}\n])", body):
            if not good() and word.casefold() in _YES and word not in ("true", "false"):
                say("toml-boolean", f"{word} in {key} is not understood.", f"Write {_YES[word.casefold()]}")
                body = re.sub(rf"(=\s*){word}\b", rf"\g<1>{_YES[word.casefold()]}", body)
        if not good() and "\n" in body:
            joined = re.sub(r",\s*}", " }", re.sub(r"\s*\n\s*", " ", re.sub(r"#[^\n\"']*", "", body)))
            if parses(f"k = {joined}") is not None:
                say(
                    "toml-several-lines",
                    f"What stands in braces after {key} = must be on one line.",
                    f"{key} = {first(joined)}",
                )
                body = joined
        elif not good() and re.search(r",\s*}$", body):
            say("toml-trailing", f"There is a comma before the closing brace of {key}.", "Delete it.")
            body = re.sub(r",\s*}$", " }", body)
    if not good():
        spaced = re.sub(r"([\"'\]}])(\s+)(?=[\"'\[{])", r"\1,\2", body)
        if spaced != body and any(parses(f"k = {spaced}{end}") is not None for end in ("", "]", "}")):
            gap = next(n for n, (a, b) in enumerate(zip(spaced, body + "\0", strict=False)) if a != b)
            say(
                "toml-comma",
                f"A comma is missing between two entries of {key}.",
                f"Put it after {first(body[:gap].strip().rsplit(chr(10), 1)[-1])}",
                body[:gap].count("\n"),
            )
            body = spaced
    if not good():
        closing = {"[": "]", "{": "}"}[body[0]]
        if parses(f"k = {body}{closing}") is not None:
            say("toml-unclosed", f"The bracket of {key} is not closed.", f"Put {closing} at its end.")
            body += closing
        elif body.endswith(("'", '"')) is False and not re.search(r"[\"'\d]", body) and body[0] == "[":
            words = [_quote(part.strip()) for part in body.strip("[]").split(",") if part.strip()]
            meant = f"[{', '.join(words)}]"
            say("toml-unquoted", f"The texts of {key} have no quotes.", f"{key} = {first(meant)}")
            body = meant
        else:
            say(
                "toml-syntax",
                f"The value of {key} cannot be read: {first(body)}",
                "Look for a missing quote, comma or bracket in it.",
            )
            return f'"{BROKEN}"'
    return body


def _straight(text: str) -> str:
    text = re.sub(r"[“”„‟«»]", '"', text)
    return re.sub(r"([\[,=]\s*)[‘’‚]([^‘’,\]}]*)[‘’](?=\s*[,\]}])", r'\1"\2"', text)


def date_hint(typed: str) -> str:
    """How to write the date that was typed: year, month, day; never a day that there is not."""
    form = "A date is written year-month-day, without quotes: 2026-03-02 is 2 March 2026"
    parts = re.findall(r"\d+", typed)
    if not re.fullmatch(r"[\d\s./-]+", typed) or [len(part) > 2 for part in parts].count(True) != 1 or len(parts) != 3:
        return f"{form}."
    first, second, third = (int(part) for part in parts)
    if len(parts[0]) == 4:
        meant = [(first, second, third)]
        if 1 <= second <= 12 and not _is_day(*meant[0]) and first:
            return f"That month ends on {first:04}-{second:02}-{calendar.monthrange(first, second)[1]}."
        meant += [] if _is_day(*meant[0]) else [(first, third, second)]
    elif len(parts[2]) == 4:
        meant = [(third, second, first), (third, first, second)]
    else:
        return f"{form}."
    days = dict.fromkeys(f"{y:04}-{m:02}-{d:02}" for y, m, d in meant if _is_day(y, m, d))
    return f"{form}. Here: {' or '.join(days)}" if days else f"{form}. There is no such day."


def _is_day(year: int, month: int, day: int) -> bool:
    return 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
