"""Fonts of which nobody knows the glyphs until the last page: a code for each (glyph, text) when it is first shown.

A job's pages go out one after the other, so the fonts are written last, each face cut once to what was shown. Source:
ISO 32000-1, 9.7; see :mod:`certgen.pdf.fonts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from certgen.pdf import fonts
from certgen.pdf.content import Codes
from certgen.pdf.fonts import Coded, Cut, Face, Layer, Pair, Program
from certgen.pdf.syntax import deflate

_MOST = 0xFFFF  # codes of two bytes, 0 for what is not there

Retain = Callable[[Face, Iterable[int], bool], Cut]
"""Cuts a face; with True, glyphs keep their numbers."""


class Sorts(dict[Pair, Coded]):
    """A face's codes, in the order in which they were first asked for.

    A TrueType font takes any code through its CIDToGIDMap. Bare CFF has no such map: there a code is the glyph's own
    number, which the cut leaves as it is, and a glyph that stands for several texts needs a layer for each.
    """

    def __init__(self, face: Face, name: bytes) -> None:
        super().__init__()
        self.face = face
        self.names: list[bytes] = []  # of its fonts, as resources
        self._name = name
        self._layers: list[list[tuple[int, Pair]]] = []
        self._depth: dict[int, int] = {}
        self.codes = Codes(self, self.names, face.upem, face.joined)

    def __missing__(self, pair: Pair) -> Coded:
        if self.face.is_cff:
            layer, code = self._depth.get(pair[0], -1) + 1, pair[0]
            self._depth[pair[0]] = layer
        else:
            layer, code = divmod(len(self), _MOST)
            code += 1
        if layer == len(self._layers):
            self._layers.append([])
            self.names.append(self._name + (b"L%d" % layer if layer else b""))
        self._layers[layer].append((code, pair))
        coded = self[pair] = fonts.coded(self.face, layer, code, pair)
        return coded

    def write(
        self,
        cut: Retain,
        stream: Callable[[bytes, bytes], int],
        add: Callable[[bytes], int],
    ) -> bytes:
        """Writes the face's fonts; their entries in a /Font dictionary."""
        pairs = sorted(self, key=fonts.in_order)
        made = cut(self.face, [gid for gid, _ in pairs], self.face.is_cff)
        layers: list[Layer] = []
        for entries in self._layers:
            entries.sort()
            gids = b"" if self.face.is_cff else deflate(fonts.gids_of(entries, made.mapping))
            layers.append(fonts.layer_of(self.face, 0, entries, gids, deflate))
        file = fonts.file_of(self.face, pairs, made, deflate)
        numbers = fonts.write(Program(self.face.is_cff, (file,), tuple(layers), {}), stream, add)
        return b"".join([b"%b %d 0 R" % each for each in zip(self.names, numbers, strict=True)])


def retained(face: Face, gids: Iterable[int], retain: bool) -> Cut:
    """certgen.font's subsetter; imported late, as in :mod:`.plate`."""
    from certgen import font

    made: Any = face
    assert isinstance(made, font.Face)
    return font.subset(made, gids, retain=retain)
