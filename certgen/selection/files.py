"""The files of chosen certificates, some rows at a time: those that were issued, or made again from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from certgen import records
from certgen.copies import Copier
from certgen.errors import CertgenError
from certgen.executor import chunks
from certgen.registry import Held, Registry
from certgen.selection.choice import Chosen
from certgen.selection.sources import PIECE


class File(NamedTuple):
    """A certificate's PDF. ``same``: byte for byte what was issued; otherwise it says the same, and is signed the same,
    in other bytes. ``found``: it lay where a batch put it."""

    data: bytes
    same: bool
    found: bool


class Files:
    """PDF files of one academy's certificates. A context manager."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self._copier = Copier(registry)
        self._folder = folder

    def __enter__(self) -> Files:
        self._copier.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._copier.__exit__(kind, error, at)

    def of(self, held: Held) -> File:
        """The file that was issued, where it still is and can be read; else made again as it was issued. Raises
        :class:`CertgenError`: it cannot be made again."""
        issued = None
        with suppress(CertgenError):
            issued = records.original(held, self._folder)
        if issued is not None:
            return File(issued[1], same=True, found=True)
        data = self._copier.pdf(held)
        return File(data, same=sha256(data).hexdigest() == held.sha256, found=False)


def read(registry: Registry, chosen: Iterable[Chosen]) -> Iterator[tuple[Chosen, Held]]:
    """Each certificate with its row, in the same order; memory holds a few at a time."""
    for some in chunks(chosen, PIECE):
        rows = {row.serial: row for row in registry.get(one.serial for one in some)}
        yield from ((one, rows[one.serial]) for one in some if one.serial in rows)
