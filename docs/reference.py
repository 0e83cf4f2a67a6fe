"""Writes the tables of keys in docs/*.md from the descriptions in the code: ``python docs/reference.py``.

A table stands between ``<!-- keys: course.CourseFile -->`` and ``<!-- end -->``. A test fails when a
page and the code disagree.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from msgspec import NODEFAULT, inspect

from certgen import toml

FOLDER = Path(__file__).resolve().parent
_TABLE = re.compile(r"(<!-- keys: ([\w.]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(struct: str) -> str:
    """The Markdown table of a Struct's keys; ``struct`` is "module.Struct" inside certgen."""
    module, _, name = struct.rpartition(".")
    info = inspect.type_info(getattr(importlib.import_module(f"certgen.{module}"), name))
    assert isinstance(info, inspect.StructType)
    rows = ["| key | what it is | example | default |", "| --- | --- | --- | --- |"]
    for field in info.fields:
        schema = field.type.extra_json_schema if isinstance(field.type, inspect.Metadata) else None
        described = schema or {}
        examples = described.get("examples") or []
        example = "`" + toml.literal(examples[0]) + "`" if examples else ""
        default = "**required**" if field.required else ""
        value = field.default if field.default is not NODEFAULT else None
        if field.default_factory is not NODEFAULT:
            value = field.default_factory()
        if not field.required and value not in (None, [], {}):
            default = "`" + toml.literal(value) + "`"
        rows.append(f"| `{field.encode_name}` | {described.get('description', '')} | {example} | {default} |")
    return "\n".join(rows) + "\n"


def rewritten(page: str) -> str:
    """A page with its tables as the code has them."""
    return _TABLE.sub(lambda found: found[1] + table(found[2]) + found[3], page)


def main() -> None:
    for path in sorted(FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if (new := rewritten(text)) != text:
            path.write_text(new, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
