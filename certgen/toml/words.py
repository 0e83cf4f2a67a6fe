"""How keys, values and types are said to people."""

from __future__ import annotations

import difflib
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import inspect

Key = tuple[str | int, ...]  # the way to a value: names of tables and keys, positions in lists from 0


def dotted(key: Key) -> str:
    """A key as people write it, positions counted from 1: ``signatories[2].role``."""
    out = ""
    for part in key:
        out += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if out else ''}{part}"
    return out


def header(key: Key) -> str:
    """The table at ``key`` as its heading is written: ``[[signatories]]``, ``[translation.fr]``."""
    names = ".".join(part for part in key if isinstance(part, str))
    return f"[[{names}]]" if key and isinstance(key[-1], int) else f"[{names}]"


def literal(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {literal(item)}" for name, item in value.items()) + " }"
    text = str(value)
    return text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else f'"{text}"'


_OTHER_NAMES = {"color": "colour", "colors": "colours", "program": "programme"}  # American spelling


def nearest(name: str, known: list[str]) -> str | None:
    """The known name that was probably meant, or None."""

    def plain(text: str) -> str:
        return re.sub(r"[\s_\-]+", "_", text.strip().casefold())

    folded = {plain(item): item for item in known}
    wanted = plain(name)
    if wanted in folded:
        return folded[wanted]
    if _OTHER_NAMES.get(wanted) in folded:
        return folded[_OTHER_NAMES[wanted]]
    close = difflib.get_close_matches(wanted, list(folded), 1, 0.65)
    if not close and len(wanted) > 3:
        close = [item for item in folded if item.startswith(wanted) or wanted.startswith(item + "_")][:1]
    return folded[close[0]] if close else None


class Meta(msgspec.Struct):
    """What a field's ``msgspec.Meta`` says for messages: examples, a further kind it accepts, bounds of a Decimal."""

    examples: list[Any] = []
    accepts: str | None = None
    bounds: dict[str, Any] = {}


def unwrap(info: inspect.Type) -> tuple[inspect.Type, Meta]:
    """The type under its Metadata and ``| None``, and what the Metadata says."""
    meta = Meta()
    while True:
        if isinstance(info, inspect.Metadata):
            meta.examples = (info.extra_json_schema or {}).get("examples", meta.examples)
            meta.accepts = (info.extra or {}).get("accepts", meta.accepts)
            meta.bounds = (info.extra or {}).get("bounds", meta.bounds)
            info = info.type
        elif isinstance(info, inspect.UnionType):
            rest = [item for item in info.types if not isinstance(item, inspect.NoneType)]
            if len(rest) != 1:
                return info, meta
            info = rest[0]
        else:
            return info, meta


def said(key: Key) -> str:
    """A key as the subject of a sentence."""
    return dotted(key) or "The file"


def quoted(value: Any) -> str:
    """A value in quotes, cut short: a message is one line."""
    text = str(value)
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'


def example(meta: Meta) -> str:
    """A hint that shows the field's examples; empty without any."""
    if not meta.examples:
        return ""
    return "For example: " + " or ".join(literal(item) for item in meta.examples[:3])


def words(info: inspect.Type, meta: Meta) -> str:
    """What a type must be, after "must be"."""
    info, _ = unwrap(info)
    if isinstance(info, inspect.UnionType):
        kinds = list(
            dict.fromkeys(words(item, Meta()) for item in info.types if not isinstance(item, inspect.NoneType))
        )
        return " or ".join(kinds)
    if isinstance(info, inspect.LiteralType):
        return "one of " + ", ".join(str(item) for item in info.values)
    if isinstance(info, inspect.StrType) and meta.accepts == "date":
        return "text in quotes or a date"
    for kind, phrase in _WORDS:
        if isinstance(info, kind):
            return phrase
    return "of another kind"


_WORDS: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.StrType, "text in quotes"),
    (inspect.BoolType, "true or false"),
    (inspect.IntType, "a whole number"),
    (inspect.DecimalType, "a number"),
    (inspect.FloatType, "a number"),
    (inspect.DateType, "a date, such as 2026-03-02"),
    (inspect.ListType, "a list in [ ]"),
    (inspect.VarTupleType, "a list in [ ]"),
    (inspect.TupleType, "a list in [ ]"),
    (inspect.StructType, "a table"),
    (inspect.DictType, "a table"),
)


def got(value: Any) -> str:
    """What a value is, after "here it is"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {quoted(value)}" if value else "an empty text"
    if isinstance(value, datetime):
        return "a date with a time"
    if isinstance(value, date):
        return "a date"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return f"the number {value}" if isinstance(value, int | Decimal) else "something else"
