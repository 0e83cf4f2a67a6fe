"""The ink of a printing press: process colours, black alone for greys, and inks of their own by name.

What is grey, or nearly so, comes out in black alone: text has no coloured fringes when the plates do not quite meet. A
house colour with an ink of its own takes its tints along. Everything else is mixed from cyan, magenta, yellow and
black for one printing condition, and only for that one. Nothing overprints. Source: ISO 32000-1, 8.6; ISO 15930-7
(PDF/X-4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from certgen.model import PressSpec, Spot
from certgen.page import Artwork, Colour
from certgen.pdf.ink import REGISTRATION, Store
from certgen.pdf.profile import Cmyk, Profile
from certgen.pdf.syntax import literal, name, num, nums, text_string

_HEADER = b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"  # the version that ISO 15930-7 is written for
_REGISTRY = b"(http://www.color.org)"
_NEUTRAL = 0.03  # of what a colour takes from white: how far its parts may lie apart and still be grey
_BLACKISH = 0.06  # the same of a colour so dark that only a thin line would show what it was: a scanned pen
_DARK = 0.8  # of the light, which a colour takes at least to be so dark
_SAME = 0.6 / 255  # how far a part of a colour may be off and still be that colour

PROCESS = ("Cyan", "Magenta", "Yellow", "Black")
_PATCH = -2.0  # in the place of a colour's red: then follow the number of an ink and its share
Role = Mapping[str, str]  # "primary", "accent" -> "#rrggbb"


class Inked(NamedTuple):
    """A colour as plates: the share of one ink of its own, or of the four process inks; 0 to 1."""

    spot: Spot | None
    parts: tuple[float, ...]


class Press:
    """``spots``: sRGB colours that have an ink of their own. It pickles."""

    header = _HEADER
    space = b"/DeviceCMYK"
    standard = "PDF/X-4"

    def __init__(self, profile: Profile, spots: Mapping[Colour, Spot] | None = None) -> None:
        self.profile = profile
        self.spots = dict(spots or {})
        self.tables: dict[str, bytes] = {}
        """Further inks by name, of designers' pages: what stands in for each tint, as recolour writes it. Files may not
        say it twice differently (ISO 15930-7)."""
        self.used: set[str] = set()
        """The inks that were asked for so far, by name."""
        self._known: dict[Colour, Inked] = {}
        self._names: dict[str, bytes] = {}  # of inks of their own that operators name, as resources

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_known": {}}

    @classmethod
    def of(cls, spec: PressSpec | None, colours: Role) -> Press:
        """The ink that [press] of issuer.toml asks for; ``colours`` are the house colours of what is printed. Raises
        CertgenError for a profile that cannot be used."""
        spec = spec or PressSpec()
        named = {colour: colours.get(colour, colour) for colour in spec.spots}
        spots = {_rgb(named[colour]): spot for colour, spot in spec.spots.items() if named[colour].startswith("#")}
        return cls(Profile.of(spec.profile), spots)

    # --- operators ---------------------------------------------------------------------------

    def fill(self, colour: Colour) -> bytes:
        return self._set(colour, b"cs", b"scn", b"k")

    def stroke(self, colour: Colour) -> bytes:
        return self._set(colour, b"CS", b"SCN", b"K")

    def _set(self, colour: Colour, space: bytes, own: bytes, process: bytes) -> bytes:
        if colour == REGISTRATION:
            return b"%b %b 1 %b" % (self._named("All"), space, own)
        spot, parts = self._patch(colour) if colour[0] == _PATCH else self.ink(colour)
        if spot is None:
            return b"%b %b" % (nums(parts), process)
        return b"%b %b %b %b" % (self._named(spot.name), space, num(parts[0]), own)

    def _named(self, ink: str) -> bytes:
        if ink not in self._names:
            self._names[ink] = b"/All" if ink == "All" else b"/Ink%d" % len(self._names)
        return self._names[ink]

    def patches(self) -> Sequence[Colour]:
        inks = [*PROCESS, *self._own()]
        return [(_PATCH, at, share) for at, ink in enumerate(inks) if ink in self.used for share in (1.0, 0.5)]

    def _patch(self, colour: Colour) -> Inked:
        at, share = int(colour[1]), colour[2]
        if at < len(PROCESS):
            return Inked(None, tuple(share if at == other else 0.0 for other in range(len(PROCESS))))
        return Inked(self._own()[list(self._own())[at - len(PROCESS)]], (share,))

    def _own(self) -> dict[str, Spot]:
        return {spot.name: spot for spot in self.spots.values()}

    # --- colours -----------------------------------------------------------------------------

    def ink(self, colour: Colour) -> Inked:
        """How one colour is printed."""
        known = self._known.get(colour)
        if known is None:
            same = next((spot for own, spot in self.spots.items() if _near(colour, own, 1.0)), None)
            known = self._use([Inked(same, (1.0,))])[0] if same else self.inks([colour])[0]
            self._known[colour] = known
        return known

    def inks(self, colours: Sequence[Colour], process: Callable[[], Iterable[Cmyk]] | None = None) -> list[Inked]:
        """How colours that run into each other are printed: all in black, all in one ink of its own, or else all mixed
        from the process inks. ``process`` says how those are mixed, where the colours are not just sRGB."""
        if all(map(neutral, colours)):
            black = self.profile.grey if len(colours) == 1 else self.profile.shade
            return self._use([Inked(None, (0.0, 0.0, 0.0, black(_level(colour)))) for colour in colours])
        for own, spot in self.spots.items() if process is None else ():
            tints = [_tint(colour, own) for colour in colours]
            if None not in tints:
                return self._use([Inked(spot, (tint,)) for tint in tints if tint is not None])
        mixed = process() if process else [self.profile.mixed(colour) for colour in colours]
        return self._use([Inked(None, parts) for parts in mixed])

    def _use(self, inked: list[Inked]) -> list[Inked]:
        for spot, parts in inked:
            self.used.update([spot.name] if spot else [ink for ink, part in zip(PROCESS, parts, strict=True) if part])
        return inked

    # --- pictures ----------------------------------------------------------------------------

    def artwork(self, artwork: Artwork, called: str = "") -> Artwork:
        from certgen.pdf.recolour import recoloured  # pikepdf and Pillow: nothing else here needs them

        return recoloured(artwork, self, Path(called.partition("|")[0]).name)

    # --- the file ----------------------------------------------------------------------------

    def resources(self, store: Store) -> bytes:
        mixtures = {ink: spot.cmyk for ink, spot in self._own().items()} | {"All": (100.0, 100.0, 100.0, 100.0)}
        entries = b""
        for ink, resource in self._names.items():
            function = store.add(
                b"<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[%b]/N 1>>" % nums(part / 100 for part in mixtures[ink])
            )
            entries += b"%b[/Separation%b/DeviceCMYK %d 0 R]" % (resource, name(ink), function)
        return entries

    def intent(self, store: Store) -> bytes:
        """ISO 32000-1, 14.11.5: the printing condition by its name in the ICC's registry, or else in words."""
        profile = self.profile
        number = store.stream(profile.data, b"/N 4")
        if profile.condition:
            said = b"/OutputConditionIdentifier%b/RegistryName%b" % (literal(profile.condition.encode()), _REGISTRY)
        else:
            said = b"/OutputConditionIdentifier(Custom)"
        intent = store.add(
            b"<</Type/OutputIntent/S/GTS_PDFX%b/Info%b/DestOutputProfile %d 0 R>>"
            % (said, text_string(profile.name), number)
        )
        return b"/OutputIntents[%d 0 R]" % intent


def neutral(colour: Colour) -> bool:
    """Whether a colour is a grey, or so near to one that it is printed as one: the near-blacks of text."""
    taken = [1 - part for part in colour]
    least, most = min(taken), max(taken)
    return most - least <= max((_BLACKISH if least >= _DARK else _NEUTRAL) * most, 0.5 / 255)


def _level(colour: Colour) -> float:
    """The grey of sRGB that is as light."""
    return min(1.0, max(0.0, 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]))


def _tint(colour: Colour, own: Colour) -> float | None:
    """How much of a colour, thinned with paper, gives another; None where none does."""
    taken = [1 - part for part in own]
    most = max(taken)
    if not most:
        return None
    which = taken.index(most)
    share = (1 - colour[which]) / most
    return round(share, 4) if 0 <= share <= 1.0001 and _near(colour, own, share) else None


def _near(colour: Colour, own: Colour, share: float) -> bool:
    return all(abs(1 - part - (1 - whole) * share) <= _SAME for part, whole in zip(colour, own, strict=True))


def _rgb(colour: str) -> Colour:
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255
