"""A layout: what a certificate looks like, read from ``layout.toml`` and checked once.

A layout is a folder with a ``layout.toml``, its phrases (``phrases/<language>.toml``) and any
artwork it places. Boxes are named tables, ``[boxes.title]``; containers list the names of the
boxes inside them, so that a problem can say which box it is about. Lengths are millimetres, type
sizes points. Every text is a template of fields in braces, which are substitution and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from certgen import assets, toml
from certgen.errors import ExitCode, Problem
from certgen.layout.check import check, problem
from certgen.layout.spec import (
    MM,
    AnyBox,
    Art,
    Box,
    File,
    ImageBox,
    Layout,
    LogosBox,
    OrnamentBox,
    Overlay,
    PageSpec,
    Paper,
    ProseBox,
    QrBox,
    RecordBox,
    Row,
    RuleBox,
    SealBox,
    SignatoriesBox,
    SkillsBox,
    Space,
    Stack,
    StyleSpec,
    TextBox,
    Tint,
    sides,
)

__all__ = [
    "MM",
    "AnyBox",
    "Art",
    "Box",
    "File",
    "ImageBox",
    "Layout",
    "LogosBox",
    "OrnamentBox",
    "Overlay",
    "PageSpec",
    "Paper",
    "ProseBox",
    "QrBox",
    "RecordBox",
    "Row",
    "RuleBox",
    "SealBox",
    "SignatoriesBox",
    "SkillsBox",
    "Space",
    "Stack",
    "StyleSpec",
    "TextBox",
    "Tint",
    "bundled",
    "load",
    "schema",
    "sides",
]


def bundled() -> list[str]:
    """Names of the layouts that ship with certgen."""
    return sorted(path.parent.name for path in assets.folder("layouts").glob("*/layout.toml"))


def load(name: str, problems: list[Problem]) -> Layout | None:
    """Read and check a layout: a bundled one by name, a user's own by its folder's path."""
    folder = assets.folder("layouts") / name if _is_name(name) else Path(name)
    path = folder / "layout.toml"
    if not path.is_file():
        message = f"There is no layout “{name}”." if _is_name(name) else f"The folder {folder} has no layout.toml."
        problems.append(problem("no-layout", message, f"The bundled layouts are: {', '.join(bundled())}."))
        return None
    before = len(problems)
    data = toml.read(path, problems, exit_code=ExitCode.LAYOUT)
    if data is None:
        return None
    found = toml.convert(data, File, path, problems, exit_code=ExitCode.LAYOUT)
    if found is None:
        return None
    layout = Layout(
        name=folder.name,
        folder=str(folder.resolve()),
        title=found.title,
        summary=found.summary,
        paper=found.paper,
        fonts=found.fonts,
        colours=found.colours,
        styles=found.styles,
        boxes=found.boxes,
        pages=found.pages,
        phrases=_phrases(folder, problems),
        file=str(path),
    )
    problems.extend(check(layout))
    return layout if not any(problem.severity == "error" for problem in problems[before:]) else None


def schema() -> dict[str, Any]:
    """JSON Schema of layout.toml (draft 2020-12)."""
    import msgspec

    return msgspec.json.schema(File)


def _is_name(name: str) -> bool:
    return "/" not in name and "\\" not in name and not Path(name).is_absolute()


def _phrases(folder: Path, problems: list[Problem]) -> dict[str, dict[str, str]]:
    """The common words, overridden by the layout's own, by language."""
    words: dict[str, dict[str, str]] = {}
    for place in (assets.folder("layouts") / "phrases", folder / "phrases"):
        for path in sorted(place.glob("*.toml")):
            data: dict[str, Any] = toml.read(path, problems, exit_code=ExitCode.LAYOUT) or {}
            labels = words.setdefault(path.stem, {})
            for label, phrase in _flat(data):
                if isinstance(phrase, str):
                    labels[label] = phrase
                else:
                    message = f"The phrase “{label}” must be text in quotation marks."
                    problems.append(problem("wrong-type", message, file=str(path), key=label))
    return words


def _flat(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
