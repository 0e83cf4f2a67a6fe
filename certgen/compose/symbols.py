"""The QR codes of a batch: of signed payloads, whose number of modules differs, and of the codes' addresses."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from certgen.codes import ALPHABET, LENGTH
from certgen.payload import LONGEST, SHORTEST
from certgen.qr import LongSymbols, Symbols

SMALLEST = 9
"""The version that a payload's symbol has at least; shorter payloads get more error correction instead, so that the
symbols of a batch look alike."""
LARGEST = 12
"""The version that it has at most: behind a long address, longer titles and names are cut."""


class Symbol(NamedTuple):
    """A QR code: its path in units of modules, and how many there are along a side."""

    path: str
    modules: int


class SymbolMaker:
    """Draws the symbols of one issuer, whose addresses begin with ``prefix``. Pickles."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __reduce__(self) -> tuple[type[SymbolMaker], tuple[str]]:
        return SymbolMaker, (self._prefix,)

    def payload(self, url: str) -> Symbol:
        """The symbol of a signed payload behind the prefix."""
        return Symbol(self._long.path(url), self._long.modules(url))

    def code(self, url: str) -> Symbol:
        """The symbol of a code behind the prefix."""
        return Symbol(self._short.path(url), self._short.modules)

    def modules(self, short: bool) -> tuple[int, int]:
        """The fewest and the most modules along a side. Raises ValueError for an address too long for any."""
        if short:
            return self._short.modules, self._short.modules
        return SMALLEST * 4 + 17, self._long.modules(self._of(self.longest))

    @cached_property
    def longest(self) -> int:
        """Bytes that a payload behind this prefix may have."""
        sizes = range(LONGEST, SHORTEST, -1)
        return next((size for size in sizes if self._long.version(self._of(size))[0] <= LARGEST), SHORTEST)

    def _of(self, size: int) -> str:
        """Something like a payload of so many bytes."""
        return self._prefix + "A" * (size // 2 * 3 + 2 * (size % 2))

    @cached_property
    def _long(self) -> LongSymbols:
        return LongSymbols(self._prefix, smallest=SMALLEST)

    @cached_property
    def _short(self) -> Symbols:
        return Symbols(self._prefix, LENGTH, ALPHABET + "I")  # I: of the samples' code
