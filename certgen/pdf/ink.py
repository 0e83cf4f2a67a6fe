"""How colours are written: for a screen and an office's printer, or for a printing press.

A page says its colours in sRGB. An :class:`Ink` writes the operators that set them, brings artwork into the same
colours, and says in the file what the numbers mean. Source: ISO 32000-1, 8.6 and 14.11.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Protocol

from certgen.page import Artwork, Colour
from certgen.pdf.syntax import HEADER, num, nums

REGISTRATION: Colour = (-1.0, -1.0, -1.0)
"""No colour of sRGB: what is drawn in it comes out on every plate of a press (ISO 32000-1, 8.6.6.4, "All"), and black
elsewhere. For crop and registration marks."""


class Store(Protocol):
    """Where objects go: syntax.Body, or a file that is written piece by piece."""

    def add(self, body: bytes) -> int: ...

    def stream(self, data: bytes, entries: bytes = b"", *, compress: bool = True) -> int: ...


class Ink(Protocol):
    """One way of writing colours."""

    header: bytes
    """A file's first two lines: the version of PDF that the ink's standard is written for."""
    space: bytes
    """The device's colour space, for the /CS of transparency groups."""
    standard: str
    """The PDF/X that a file in this ink can keep, as its metadata names it; empty for none."""

    def fill(self, colour: Colour) -> bytes:
        """Operators that set the colour of areas and text, such as ``b"0 0 0 1 k"``."""
        ...

    def stroke(self, colour: Colour) -> bytes:
        """Operators that set the colour of lines."""
        ...

    def patches(self) -> Sequence[Colour]:
        """Names for colours of one ink each, full and at half, to be measured beside the pages: of the inks that have
        been used so far. Empty where nobody measures."""
        ...

    def artwork(self, artwork: Artwork, called: str = "") -> Artwork:
        """The same picture in this ink's colours. Raises CertgenError where it cannot be had in them; ``called``, its
        key in page.Document.artwork, says which one that is."""
        ...

    def resources(self, store: Store) -> bytes:
        """Entries of /ColorSpace in the resources of every page and form whose content has operators from here; empty
        if they name none. Ask last: there are those that have been named until then."""
        ...

    def intent(self, store: Store) -> bytes:
        """The catalogue's entry /OutputIntents, its profile written into the store; empty for none."""
        ...


class Office:
    """sRGB, as certificates on screens have it."""

    header = HEADER
    space = b"/DeviceRGB"
    standard = ""

    def fill(self, colour: Colour) -> bytes:
        return _device(colour, b" g", b" rg")

    def stroke(self, colour: Colour) -> bytes:
        return _device(colour, b" G", b" RG")

    def patches(self) -> Sequence[Colour]:
        return ()

    def artwork(self, artwork: Artwork, called: str = "") -> Artwork:
        return artwork

    def resources(self, store: Store) -> bytes:
        return b""

    def intent(self, store: Store) -> bytes:
        profile = store.stream(files("certgen.pdf").joinpath("srgb.icc").read_bytes(), b"/N 3")
        intent = store.add(
            b"<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)"
            b"/Info(sRGB IEC61966-2.1)/DestOutputProfile %d 0 R>>" % profile
        )
        return b"/OutputIntents[%d 0 R]" % intent


OFFICE = Office()


@lru_cache(maxsize=256)
def _device(colour: Colour, grey: bytes, rgb: bytes) -> bytes:
    """A device colour; a grey is one number (8.6.8)."""
    if colour == REGISTRATION:
        return b"0" + grey
    red, green, blue = colour
    return num(red) + grey if red == green == blue else nums(colour) + rgb
