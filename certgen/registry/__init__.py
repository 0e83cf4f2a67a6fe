"""The registry: what has been issued, to whom, by whom, and what became of it. ``certgen.db`` beside issuer.toml."""

from __future__ import annotations

from certgen.registry.rows import (
    Ask,
    Batch,
    By,
    Content,
    Done,
    Event,
    Held,
    Match,
    Reserved,
    Wanted,
)
from certgen.registry.snapshot import Setting, restored, strange_faces
from certgen.registry.store import FILE, Registry

__all__ = [
    "FILE",
    "Ask",
    "Batch",
    "By",
    "Content",
    "Done",
    "Event",
    "Held",
    "Match",
    "Registry",
    "Reserved",
    "Setting",
    "Wanted",
    "restored",
    "strange_faces",
]
