"""Colours as tables of a PDF function, for what is mixed from inks and what runs from one colour into another.

Source: ISO 32000-1, 7.10.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

from pikepdf import Array, Dictionary, Object, Pdf, Stream

from certgen.pdf.functions import Values, domain, function

_SAMPLES = 64  # of a gradient between two stops: the eye sees no steps between colours that far apart
_MOST_SAMPLES = 512
_DEEPEST = 8  # functions stitched together within others


class Tables:
    """A gradient's function as tables of colours; where others are stitched together, stops stay where they are."""

    def __init__(self, thing: Any, depth: int = 0) -> None:
        self.thing = thing
        self.ends = domain(thing)
        self.parts: list[Tables] = []
        run = function(thing)
        if not isinstance(thing, Array) and int(thing.FunctionType) == 3 and depth < _DEEPEST:
            self.parts = [Tables(part, depth + 1) for part in thing.Functions]
            self.sizes: list[int] = []
            return
        many = _SAMPLES
        if not isinstance(thing, Array) and int(thing.FunctionType) == 0:
            many = min(_MOST_SAMPLES, max(_SAMPLES, *(int(size) for size in thing.Size)))
        self.sizes = [many] * len(self.ends) if len(self.ends) == 1 else [_SAMPLES] * len(self.ends)
        steps = [
            [low + (high - low) * at / (size - 1) for at in range(size)]
            for (low, high), size in zip(self.ends, self.sizes, strict=True)
        ]
        self._colours = [run(values[::-1]) for values in product(*reversed(steps))]

    def colours(self) -> list[Values]:
        if self.parts:
            return [colour for part in self.parts for colour in part.colours()]
        return self._colours

    def written(self, pdf: Pdf, colours: list[Values]) -> Object:
        """The function that gives these colours instead, one for each of its own."""
        if not self.parts:
            ends = [end for ends in self.ends for end in ends]
            return table(pdf, levels(colours), self.sizes, ends, len(colours[0]))
        functions, at = [], 0
        for part in self.parts:
            count = len(part.colours())
            functions.append(part.written(pdf, colours[at : at + count]))
            at += count
        return Dictionary(
            FunctionType=3,
            Domain=self.thing.Domain,
            Functions=Array(functions),
            Bounds=self.thing.Bounds,
            Encode=self.thing.Encode,
        )


def table(pdf: Pdf, data: bytes, sizes: list[int], ends: Sequence[float], outputs: int) -> Stream:
    return pdf.make_stream(
        data,
        FunctionType=0,
        Domain=decimals(ends),
        Range=[0, 1] * outputs,
        Size=sizes,
        BitsPerSample=8,
    )


def levels(colours: Iterable[Sequence[float]]) -> bytes:
    return bytes(min(255, max(0, round(255 * part))) for colour in colours for part in colour)


def decimals(values: Iterable[float]) -> Any:
    return [Decimal(f"{value:.4f}".rstrip("0").rstrip(".")) if value % 1 else int(value) for value in values]
