"""What drawings are brought to: the plates of a press, or the shades of a soft mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pikepdf import Name, Object
from PIL import Image

from certgen.pdf.functions import Values
from certgen.pdf.profile import applied
from certgen.pdf.separation import PROCESS, Press
from certgen.pdf.spaces import Grey, Lab, Rgb, Space


class Mixed(NamedTuple):
    """Colours as one space has them; ``space`` is None for the plates' own."""

    space: Object | None
    colours: list[Values]


class Plates:
    """What a drawing is brought to: process colour and named inks."""

    space = Name.DeviceCMYK
    components = 4
    operators = ("k", "K")

    def __init__(self, press: Press, ink: Callable[[str], Object]) -> None:
        self.press = press
        self._ink = ink

    def keeps(self, found: Space) -> bool:
        return found.kept

    def mixed(self, found: Space, colours: Sequence[Values]) -> Mixed:
        seen = [found.srgb(values) for values in colours]
        profile = self.press.profile
        if not found.plain:
            inked = self.press.inks(seen, lambda: [found.process(values, profile) for values in colours])
        elif len(seen) == 1:
            inked = [self.press.ink(seen[0])]
        else:
            inked = self.press.inks(seen)
        spot = inked[0].spot
        return Mixed(self._ink(spot.name) if spot else None, [list(each.parts) for each in inked])

    def picture(self, picture: Image.Image, found: Space) -> Any:
        profile = self.press.profile
        if picture.mode == "L":
            self.press.used.add("Black")
            return picture.point(list(profile.greys))
        self.press.used.update(PROCESS)
        if not isinstance(found, Lab):
            return applied(profile.from_rgb(found.profile if isinstance(found, Rgb) else b""), picture)
        light, a, b = picture.split()
        signed = [band.point([level ^ 128 for level in range(256)]).tobytes() for band in (a, b)]
        parts = bytes(part for pixel in zip(light.tobytes(), *signed, strict=True) for part in pixel)
        return applied(profile.from_lab(), Image.frombytes("LAB", picture.size, parts))


class Shades(Plates):
    """What a soft mask is brought to: its luminosity (11.5.3), which the colours of a press would change."""

    space = Name.DeviceGray
    components = 1
    operators = ("g", "G")

    def keeps(self, found: Space) -> bool:
        return isinstance(found, Grey)

    def mixed(self, found: Space, colours: Sequence[Values]) -> Mixed:
        seen = [found.srgb(values) for values in colours]
        return Mixed(None, [[0.3 * red + 0.59 * green + 0.11 * blue] for red, green, blue in seen])

    def picture(self, picture: Image.Image, found: Space) -> Any:
        if picture.mode == "CMYK" or isinstance(found, Lab):
            raise ValueError("a soft mask made of a picture in unusual colours")
        return picture.convert("L")
