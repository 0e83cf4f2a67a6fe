"""Inks that artwork names itself, and the colour spaces that stay as they are. Source: ISO 32000-1, 8.6.6."""

from __future__ import annotations

from itertools import product
from typing import Any

from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from certgen.pdf.mixing import Plates
from certgen.pdf.separation import PROCESS, Press
from certgen.pdf.spaces import Indexed, Inks, Pattern, Process, Space
from certgen.pdf.tables import decimals, levels, table

_GRID = {1: 256, 2: 33, 3: 17, 4: 9, 5: 6, 6: 5}  # samples on each side of a mixture of so many inks


class Inkwell:
    """The inks of one file."""

    def __init__(self, pdf: Pdf, press: Press) -> None:
        self.pdf, self.press = pdf, press
        self._inks: dict[str, Object] = {}

    def kept(self, found: Space, plates: Plates) -> Any:
        """A space that stays, as these plates have it."""
        match found:
            case Pattern():
                if found.base is None:
                    return Name.Pattern
                base = self.kept(found.base, plates) if plates.keeps(found.base) else plates.space
                return Array([Name.Pattern, base])
            case Indexed():
                count = found.base.components
                table = levels(found.colours)
                return Array([Name.Indexed, self.kept(found.base, plates), len(table) // count - 1, String(table)])
            case Process():
                self.press.used.update(PROCESS)
            case Inks() if found.components == 1:
                return self.ink(found.names[0], found)
            case Inks():
                return self._together(found)
        return plates.space

    def ink(self, called: str, found: Inks | None = None) -> Object:
        """An ink by its name, the same one throughout the file: what stands in for it is said once."""
        if called in self._inks:
            return self._inks[called]
        spot = next((spot for spot in self.press.spots.values() if spot.name == called), None)
        made: Object
        if spot is not None:
            made = Dictionary(
                FunctionType=2, Domain=[0, 1], C0=[0, 0, 0, 0], C1=decimals([part / 100 for part in spot.cmyk]), N=1
            )
        else:
            assert found is not None
            tables = self.press.tables
            if called not in tables:
                tints = [[step / 255] for step in range(256)]
                tables[called] = levels(found.process(tint, self.press.profile) for tint in tints)
            made = table(self.pdf, tables[called], [256], [0, 1], 4)
        array = Array([Name.Separation, Name("/" + called), Name.DeviceCMYK, self._indirect(made)])
        self._inks[called] = self._indirect(array)
        return self._inks[called]

    def _together(self, found: Inks) -> Object:
        """DeviceN (8.6.6.5), without what readers need no more than a press does."""
        names = Array([Name("/" + ink) for ink in found.names])
        if isinstance(found.other, Process):
            return Array([Name.DeviceN, names, Name.DeviceCMYK, found.mixture])
        count = found.components
        if count not in _GRID:
            raise ValueError(f"a mixture of {count} inks")
        steps = [step / (_GRID[count] - 1) for step in range(_GRID[count])]
        places = [values[::-1] for values in product(steps, repeat=count)]  # the first ink changes fastest (7.10.2)
        mixtures = levels(found.process(values, self.press.profile) for values in places)
        made = table(self.pdf, mixtures, [_GRID[count]] * count, [0, 1] * count, 4)
        return Array([Name.DeviceN, names, Name.DeviceCMYK, made])

    def _indirect(self, thing: Object) -> Object:
        return thing if thing.is_indirect else self.pdf.make_indirect(thing)
