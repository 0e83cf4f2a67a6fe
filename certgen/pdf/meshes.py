"""Gradients that are meshes: triangles, lattices and patches whose corners have colours of their own.

Source: ISO 32000-1, 8.7.4.5.5 to 8.7.4.5.8. Only what is made of whole bytes is read, as every program writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from certgen.pdf.functions import Values
from certgen.pdf.tables import levels

_MOST = 1_000_000  # corners
_LONGEST = 4  # bytes of a number


class Mesh:
    """The numbers of a mesh: ``colours`` of its corners, and what lies between them."""

    def __init__(self, shading: Any, components: int) -> None:
        kind = int(shading.ShadingType)
        flag = 0 if kind == 5 else _bytes(shading.BitsPerFlag)
        place, part = _bytes(shading.BitsPerCoordinate), _bytes(shading.BitsPerComponent)
        ends = [float(end) for end in shading.Decode]
        self.decode = ends[:4]
        of_colours = list(zip(ends[4::2], ends[5::2], strict=True))
        if len(of_colours) != components:
            raise ValueError("a mesh that is not sound")
        data = shading.read_bytes()
        self.colours: list[Values] = []
        self._between: list[bytes] = []  # before each colour, and at the end
        at = 0
        while at + flag < len(data) and len(self.colours) < _MOST:
            first = data[at] & 3 if flag else 0
            points, corners = _shape(kind, first)
            head = flag + 2 * place * points
            if at + head + corners * components * part > len(data):
                break  # what is left is padding
            self._between.append(data[at : at + head])
            at += head
            for corner in range(corners):
                if corner:
                    self._between.append(b"")
                values = []
                for low, high in of_colours:
                    values.append(low + int.from_bytes(data[at : at + part], "big") / (256**part - 1) * (high - low))
                    at += part
                self.colours.append(values)
        if not self.colours:
            raise ValueError("a mesh without corners")

    def written(self, colours: Sequence[Values]) -> bytes:
        """The mesh with these colours instead, in bytes from 0 to 1."""
        return b"".join([between + levels([colour]) for between, colour in zip(self._between, colours, strict=True)])


def _shape(kind: int, flag: int) -> tuple[int, int]:
    """How many points and colours follow a flag: a corner, or a patch that may share a side with the one before."""
    if kind in (4, 5):
        return 1, 1
    if kind not in (6, 7):
        raise ValueError("a gradient of an unknown kind")
    points = 12 if kind == 6 else 16
    return (points - 4, 2) if flag else (points, 4)


def _bytes(bits: Any) -> int:
    count, rest = divmod(int(bits), 8)
    if rest or not 0 < count <= _LONGEST:
        raise ValueError("a mesh of an unusual kind")
    return count
