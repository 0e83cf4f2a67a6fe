"""Writes the tables of docs/layout.md from the code: ``python docs/layout_reference.py``.

A table stands between ``<!-- layout: Stack -->`` (or fields, formats, phrases, drawings) and
``<!-- end -->``. A test fails when the page and the code disagree.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, inspect

from certgen import assets, fields, layout, toml
from certgen.artwork.drawing import KINDS

PAGE = Path(__file__).resolve().parent / "layout.md"
_TABLE = re.compile(r"(<!-- layout: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_WORDS = {inspect.StrType: "text", inspect.FloatType: "number", inspect.IntType: "whole number"}


def kind(of: Any) -> str:
    """A type in a designer's words."""
    if isinstance(of, inspect.Metadata):
        return kind(of.type)
    if isinstance(of, inspect.UnionType):
        return " or ".join(dict.fromkeys(kind(one) for one in of.types if not isinstance(one, inspect.NoneType)))
    if isinstance(of, inspect.LiteralType):
        return ", ".join(f"`{value}`" if value else "nothing" for value in of.values)
    if isinstance(of, inspect.BoolType):
        return "true or false"
    if isinstance(of, inspect.ListType):
        inner = kind(of.item_type)
        return f"list of {inner}" if inner.startswith("`") else f"list of {inner}s"
    if isinstance(of, inspect.DictType):
        return "table"
    if isinstance(of, inspect.StructType):
        return "table"
    return _WORDS.get(type(of), "")


def described(of: Any) -> str:
    """What the Struct says of a key."""
    if isinstance(of, inspect.Metadata):
        return str((of.extra_json_schema or {}).get("description", "")) or described(of.type)
    if isinstance(of, inspect.UnionType):
        return next((text for one in of.types if (text := described(one))), "")
    return ""


def keys(struct: type, leave_out: frozenset[str] = frozenset()) -> str:
    """The Markdown table of a Struct's keys."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    rows = ["| key | what it is | values | without it |", "| --- | --- | --- | --- |"]
    for field in info.fields:
        if field.encode_name in leave_out:
            continue
        value = field.default if field.default is not NODEFAULT else None
        if field.default_factory is not NODEFAULT:
            value = field.default_factory()
        without = "**required**" if field.required else ""
        if not field.required and isinstance(value, str | bool | int | float | list) and value not in ("", []):
            without = f"`{toml.literal(value)}`"
        rows.append(f"| `{field.encode_name}` | {described(field.type)} | {kind(field.type)} | {without} |")
    return "\n".join(rows) + "\n"


def flat(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Labels with dots and their phrases."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def table(name: str) -> str:
    """One table of the page by its name."""
    if name == "fields":
        known = fields.FIELDS.items()
        rows = [f"| `{{{path}}}` | {field.description} | {'yes' if field.varies else ''} |" for path, field in known]
        return "\n".join(["| field | what it holds | each person's own |", "| --- | --- | --- |", *rows]) + "\n"
    if name == "formats":
        rows = [f"| `:{name}` | {text} |" for name, text in fields.FORMATS.items()]
        return "\n".join(["| format | what it does |", "| --- | --- |", *rows]) + "\n"
    if name == "phrases":
        data = tomllib.loads((assets.folder("layouts") / "phrases" / "en.toml").read_text(encoding="utf-8"))
        rows = [f"| `{label}` | {phrase} |" for label, phrase in flat(data)]
        return "\n".join(["| label | in English |", "| --- | --- |", *rows]) + "\n"
    if name == "drawings":
        rows = []
        for drawing, parameters in KINDS.items():
            simple = {key: value for key, value in parameters.items() if not isinstance(value, tuple)}
            told = ", ".join(f"`{key} = {toml.literal(value)}`" for key, value in simple.items())
            rows.append(f"| `{drawing}` | {told} |")
        return "\n".join(["| kind | parameters with their usual values |", "| --- | --- |", *rows]) + "\n"
    struct = getattr(layout, name)
    base = {field.encode_name for field in inspect.type_info(layout.Box).fields}  # type: ignore[attr-defined]
    inside = isinstance(struct, type) and issubclass(struct, layout.Box) and struct is not layout.Box
    own = set(struct.__annotations__) if inside else set()
    return keys(struct, frozenset(base - own) if inside else frozenset())


def rewritten(page: str) -> str:
    """The page with its tables as the code has them."""
    return _TABLE.sub(lambda found: found[1] + table(found[2]) + found[3], page)


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(rewritten(text), encoding="utf-8", newline="\n")
