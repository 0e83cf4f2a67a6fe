"""From rows of the registry to what a print job takes: the forme of a certificate's kind, and what fills it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import NamedTuple

from certgen import codes
from certgen import credential as credentials
from certgen.compose import Matter
from certgen.copies import Workshops
from certgen.errors import Problem
from certgen.page import Document, Filling
from certgen.pdf.forme import Forme
from certgen.pdf.job import Job
from certgen.printing.bleed import bled
from certgen.printing.paper import pale, told
from certgen.registry import Held, Registry

_TOGETHER = 100  # certificates that go through each step together; a QR code's path is 12 KB


class Filled(NamedTuple):
    """A certificate to be printed. ``forme.pages`` says how many pages it has, and of which sizes."""

    forme: Forme
    filling: Filling


class _Kind(NamedTuple):
    """``number`` counts the kinds from 0."""

    document: Document
    matter: Matter
    number: int


class Fillings:
    """Sets certificates again as they were issued, from what the registry has kept; each setting is restored once.
    ``bleed``: as :mod:`.bleed` says, for a press.

    A context manager; a job must be closed before it is left, because it cuts the fonts at its end. Memory: a few MB
    for each kind of certificate, whatever their number.
    """

    def __init__(self, registry: Registry, *, bleed: bool = False) -> None:
        self._bleed = bleed
        self._kinds: list[_Kind] = []
        self._workshops = Workshops(registry, self._kind)
        self._job: Job | None = None
        self._formes: dict[int, Forme] = {}

    def __enter__(self) -> Fillings:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._workshops.__exit__(kind, error, at)

    def document(self, held: Held) -> Document:
        """The pages of a certificate's kind, without what varies. Raises :class:`CertgenError` as :meth:`of` does."""
        return self._workshops.piece(held).kind.document

    def unseen(self) -> Problem | None:
        """A warning of what would not show on paper that carries the artwork, of the kinds asked for so far."""
        return told(text for kind in self._kinds for text in pale(kind.document, kind.matter))

    def of(self, rows: Iterable[Held], job: Job) -> Iterator[Filled]:
        """The certificates, for a job, in their order. Raises :class:`CertgenError`: somebody's data was erased, what a
        certificate was made from cannot be read any more, or a text cannot be set.

        Some at a time go through each step together, as at the press: that makes them a quarter cheaper.
        """
        for some in _pieces(rows):
            ready = [self._workshops.piece(held) for held in some]
            symbols = [piece.kind.matter.drawn(piece.url, piece.made.url) for piece in ready]
            fillings = [
                piece.kind.matter.filling(
                    credentials.lookup(piece.made),
                    url=piece.url,
                    symbols=drawn,
                    identifier=codes.grouped(piece.made.code),
                    attachment=b"",
                )
                for piece, drawn in zip(ready, symbols, strict=True)
            ]
            for piece, filling in zip(ready, fillings, strict=True):
                yield Filled(self._forme(piece.kind, job), filling)

    def _forme(self, kind: _Kind, job: Job) -> Forme:
        if job is not self._job:
            self._job, self._formes = job, {}
        forme = self._formes.get(kind.number)
        if forme is None:
            forme = self._formes[kind.number] = job.forme(kind.document, kind.matter.book)
        return forme

    def _kind(self, document: Document, matter: Matter) -> _Kind:
        kind = _Kind(bled(document) if self._bleed else document, matter, len(self._kinds))
        self._kinds.append(kind)
        return kind


def _pieces(rows: Iterable[Held]) -> Iterator[list[Held]]:
    some = iter(rows)
    while piece := list(islice(some, _TOGETHER)):
        yield piece
