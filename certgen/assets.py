"""Finds what ships with certgen: layouts, fonts and data, in a wheel and in a checkout alike."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("certgen")))


def folder(kind: str) -> Path:
    """The folder of bundled assets of one kind: "layouts" or "fonts".

    In a wheel they lie inside the package (``certgen/_assets``), in a checkout at its top.
    """
    inside = _PACKAGE / "_assets" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind
