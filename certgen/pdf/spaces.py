"""Colour spaces of PDF files, as far as it takes to bring what is in them to a press. Source: ISO 32000-1, 8.6."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from pikepdf import Array, Dictionary, Name, Object, Stream, String

from certgen.page import Colour
from certgen.pdf.functions import Values, function
from certgen.pdf.profile import Cmyk, Profile

_DEEPEST = 8  # spaces upon spaces
_MOST_COLORANTS = 32
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_SHORT = {"/G": "/DeviceGray", "/RGB": "/DeviceRGB", "/CMYK": "/DeviceCMYK", "/I": "/Indexed"}  # of inline pictures


class Space:
    """A colour space of ``components`` numbers.

    ``kept``: a press prints it as it is. ``plain``: its colours are those of sRGB, which may have inks of their own.
    """

    components = 1
    kept = False
    plain = True

    @property
    def ends(self) -> list[tuple[float, float]]:
        """Between what a picture's samples lie (8.9.5.2)."""
        return [(0.0, 1.0)] * self.components

    @property
    def initial(self) -> Values:
        """The colour that is set with the space (8.6.8)."""
        return [0.0] * self.components

    def srgb(self, values: Sequence[float]) -> Colour:
        """About the same colour in sRGB. Raises ValueError for a pattern, which is none."""
        raise ValueError("a pattern where a colour should be")

    def process(self, values: Sequence[float], profile: Profile) -> Cmyk:
        return profile.mixed(self.srgb(values))


class Grey(Space):
    def __init__(self, gamma: float | None = None) -> None:
        self.gamma = gamma

    def srgb(self, values: Sequence[float]) -> Colour:
        level = values[0]
        if self.gamma is not None:
            level = _encoded(max(0.0, level) ** self.gamma)
        return level, level, level


class Rgb(Space):
    """``profile``: an ICC profile, where the numbers are not sRGB's."""

    components = 3

    def __init__(self, profile: bytes = b"") -> None:
        self.profile = profile
        self.plain = not profile

    def srgb(self, values: Sequence[float]) -> Colour:
        red, green, blue = values
        return red, green, blue

    def process(self, values: Sequence[float], profile: Profile) -> Cmyk:
        return profile.through(profile.from_rgb(self.profile), "RGB", [round(255 * _share(value)) for value in values])


class Lab(Space):
    components = 3
    plain = False

    def __init__(self, ranges: Sequence[float]) -> None:
        self.ranges = list(ranges)

    @property
    def ends(self) -> list[tuple[float, float]]:
        a, b, c, d = self.ranges
        return [(0.0, 100.0), (a, b), (c, d)]

    def srgb(self, values: Sequence[float]) -> Colour:
        f = (values[0] + 16) / 116
        x, y, z = (
            white * (v**3 if v > 6 / 29 else (v - 4 / 29) * 108 / 841)
            for white, v in zip(_D50, (f + values[1] / 500, f, f - values[2] / 200), strict=True)
        )
        red = 3.1338561 * x - 1.6168667 * y - 0.4906146 * z
        green = -0.9787684 * x + 1.9161415 * y + 0.0334540 * z
        blue = 0.0719453 * x - 0.2289914 * y + 1.4052427 * z
        return _encoded(_share(red)), _encoded(_share(green)), _encoded(_share(blue))

    def process(self, values: Sequence[float], profile: Profile) -> Cmyk:
        light, a, b = values
        around = [min(127, max(-128, round(part))) & 255 for part in (a, b)]  # as Pillow's bytes have it
        return profile.through(profile.from_lab(), "LAB", [min(255, max(0, round(light * 2.55))), *around])


class Process(Space):
    """CMYK, the designer's own: it stays."""

    components = 4
    kept = True
    plain = False

    @property
    def initial(self) -> Values:
        return [0.0, 0.0, 0.0, 1.0]

    def srgb(self, values: Sequence[float]) -> Colour:
        c, m, y, k = (_share(value) for value in values)
        return max(0.0, 1 - c - k), max(0.0, 1 - m - k), max(0.0, 1 - y - k)

    def process(self, values: Sequence[float], profile: Profile) -> Cmyk:
        c, m, y, k = (_share(value) for value in values)
        return c, m, y, k


class Inks(Space):
    """Inks by their names (Separation, DeviceN): they stay, and what stands in for them becomes CMYK."""

    kept = True
    plain = False

    def __init__(self, names: Sequence[str], other: Space, mixture: Object) -> None:
        self.names = list(names)
        self.components = len(self.names)
        self.other, self.mixture = other, mixture
        self._mix = function(mixture)

    @property
    def initial(self) -> Values:
        return [1.0] * self.components

    def stands_in(self, values: Sequence[float]) -> Values:
        out = self._mix(values)
        if len(out) < self.other.components:
            raise ValueError("an ink without a mixture")
        return out[: self.other.components]

    def srgb(self, values: Sequence[float]) -> Colour:
        return self.other.srgb(self.stands_in(values))

    def process(self, values: Sequence[float], profile: Profile) -> Cmyk:
        return self.other.process(self.stands_in(values), profile)


class Indexed(Space):
    def __init__(self, base: Space, table: bytes, highest: int) -> None:
        if isinstance(base, Indexed | Pattern):
            raise ValueError("a table of tables")
        self.base = base
        count = base.components
        table = table[: (highest + 1) * count].ljust((highest + 1) * count, b"\0")
        self.colours = [
            [
                low + level / 255 * (high - low)
                for level, (low, high) in zip(table[at : at + count], base.ends, strict=True)
            ]
            for at in range(0, len(table), count)
        ]
        self.kept, self.plain = base.kept, base.plain

    def srgb(self, values: Sequence[float]) -> Colour:
        return self.base.srgb(self.colours[min(len(self.colours) - 1, max(0, round(values[0])))])

    def process(self, values: Sequence[float], profile: Profile) -> Cmyk:
        return self.base.process(self.colours[min(len(self.colours) - 1, max(0, round(values[0])))], profile)


class Pattern(Space):
    """Patterns; ``base``: the space of the colour of those that have none."""

    components = 0
    kept = True

    def __init__(self, base: Space | None) -> None:
        self.base = base


def space(thing: Object, named: Dictionary, depth: int = 0) -> Space:
    """A colour space, as a name or an array; ``named``: the /ColorSpace of the resources. ValueError: it is none, or
    none that can be used."""
    if depth > _DEEPEST:
        raise ValueError("colour spaces upon colour spaces")
    try:
        return _space(thing, named, depth)
    except (AttributeError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise ValueError(f"a colour space that is not sound ({error})") from None


def _space(thing: Any, named: Dictionary, depth: int) -> Space:
    if isinstance(thing, Name):
        called = _SHORT.get(str(thing), str(thing))
        usual = {"/DeviceGray": "/DefaultGray", "/DeviceRGB": "/DefaultRGB", "/DeviceCMYK": "/DefaultCMYK"}.get(called)
        if usual and usual in named:  # 8.6.5.6
            return _space(named[usual], Dictionary(), depth + 1)
        match called:
            case "/DeviceGray" | "/CalGray":
                return Grey()
            case "/DeviceRGB" | "/CalRGB":
                return Rgb()
            case "/DeviceCMYK":
                return Process()
            case "/Pattern":
                return Pattern(None)
        if called not in named:
            raise ValueError(f"the colour space {called[1:]} is not there")
        return space(named[called], Dictionary(), depth + 1)
    called = _SHORT.get(str(thing[0]), str(thing[0]))
    match called:
        case "/CalGray":
            return Grey(float(thing[1].get("/Gamma", 1)))
        case "/CalRGB":
            return Rgb(_calibrated(thing[1]))
        case "/Lab":
            return Lab([float(end) for end in thing[1].get("/Range", Array([-100, 100, -100, 100]))])
        case "/ICCBased":
            return _icc(thing[1])
        case "/Indexed":
            table = thing[3].read_bytes() if isinstance(thing[3], Stream) else bytes(_string(thing[3]))
            highest = int(thing[2])
            if not 0 <= highest <= 255:
                raise ValueError("a table of too many colours")
            return Indexed(space(thing[1], named, depth + 1), table, highest)
        case "/Separation" | "/DeviceN":
            inks = [thing[1]] if called == "/Separation" else list(thing[1])
            if not 0 < len(inks) <= _MOST_COLORANTS:
                raise ValueError("too many inks")
            return Inks([str(ink)[1:] for ink in inks], space(thing[2], named, depth + 1), thing[3])
        case "/Pattern":
            return Pattern(space(thing[1], named, depth + 1) if len(thing) > 1 else None)
    if len(thing) == 1:
        return _space(thing[0], named, depth + 1)
    raise ValueError(f"the colour space {called[1:]} is not known")


def _icc(stream: Any) -> Space:
    count, data = int(stream.N), stream.read_bytes()
    match count:
        case 1:
            return Grey()
        case 4:
            return Process()
        case 3 if data[16:20] == b"Lab ":
            return Lab((-128, 127, -128, 127))
        case 3:
            usual = b"sRGB" in data or b"s\0R\0G\0B" in data or data[16:20] != b"RGB "
            return Rgb(b"" if usual else data)
    raise ValueError(f"an ICC profile of {count} colours")


def _string(thing: Any) -> bytes:
    if not isinstance(thing, String):
        raise ValueError("a table without colours")
    return bytes(thing)


# --- calibrated colours ----------------------------------------------------------------------


def _calibrated(entries: Any) -> bytes:
    """CalRGB (8.6.5.3) as an ICC profile of a matrix and three curves (ICC.1:2010, 8.3.3)."""
    gammas = [float(gamma) for gamma in entries.get("/Gamma", Array([1, 1, 1]))]
    numbers = [float(part) for part in entries.get("/Matrix", Array([1, 0, 0, 0, 1, 0, 0, 0, 1]))]
    white = [float(part) for part in entries.WhitePoint]
    adapted = _adaptation(white)
    columns = [_applied(adapted, numbers[at : at + 3]) for at in (0, 3, 6)]

    def fixed(values: Sequence[float]) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))

    text = b"calibrated RGB"
    tags: list[tuple[bytes, bytes]] = [
        (b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + bytes(79)),
        (b"cprt", b"text\0\0\0\0none\0"),
        (b"wtpt", b"XYZ \0\0\0\0" + fixed(_D50)),
    ]
    for letter, column, gamma in zip((b"r", b"g", b"b"), columns, gammas, strict=True):
        tags.append((letter + b"XYZ", b"XYZ \0\0\0\0" + fixed(column)))
        tags.append((letter + b"TRC", b"curv\0\0\0\0\0\0\0\1" + struct.pack(">H", round(gamma * 256))))
    table, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags:
        table += struct.pack(">4sII", tag, 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", 128 + len(table) + len(body), b"", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + fixed(_D50)
    return head.ljust(128, b"\0") + table + body


def _adaptation(white: Sequence[float]) -> list[list[float]]:
    """Bradford's matrix from a white point to D50 (ICC.1:2010, annex E)."""
    there, here = _applied(_BRADFORD, white), _applied(_BRADFORD, _D50)
    scaled = [[row * to / of for row in rows] for rows, to, of in zip(_BRADFORD, here, there, strict=True)]
    back = (
        (0.9869929, -0.1470543, 0.1599627),
        (0.4323053, 0.5183603, 0.0492912),
        (-0.0085287, 0.0400428, 0.9684867),
    )
    return [[sum(row[at] * scaled[at][column] for at in range(3)) for column in range(3)] for row in back]


def _applied(matrix: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, values, strict=True)) for row in matrix]


def _encoded(light: float) -> float:
    """Linear light as sRGB (IEC 61966-2-1)."""
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
