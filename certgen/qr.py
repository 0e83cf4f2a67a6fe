"""QR codes in microseconds: the ``qrcode`` library's own symbols, by linear algebra.

With version, level and mask fixed, every step from data bits to modules (Reed-Solomon, interleaving, placement, mask;
ISO/IEC 18004, 7.4 to 7.8) is affine over GF(2). So ``qrcode`` encodes one base payload and that payload with single
bits flipped; a symbol is then the exclusive-or of one table entry a character. The mask is the one that ``qrcode``
chooses: it scores *trial* symbols, whose format and version bits and dark module are still light, by the four rules
of 7.8.3. Here all eight candidates are scored at once, as bits of one integer.

Inside, a symbol is one integer of three lanes: the modules row by row, the same column by column (so that rules about
rows serve for columns), and the rows cut into fields of at most eight modules, a byte each, from which the path is
looked up byte by byte. Bits count from the least significant.

A signed payload differs from the next in nearly every character and in its length, so :class:`LongSymbols` packs the
data itself and has a table entry for half a codeword; the tables serve every payload of that version and level.
"""

from __future__ import annotations

from functools import cache, cached_property, lru_cache
from itertools import compress
from operator import getitem
from typing import Any, Literal, NamedTuple

Level = Literal["L", "M", "Q", "H"]

QUIET_ZONE = 4  # modules of background on every side; ISO/IEC 18004, 6.3.8
SMALLEST_MODULE_MM = 0.4  # what telephones still read from a worn print

_LEVELS: tuple[Level, ...] = ("L", "M", "Q", "H")
_BYTE: Literal[4] = 4  # mode indicator, ISO/IEC 18004, table 2
_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_SPLIT = 20  # QRCode.add_data packs runs of digits or alphanumeric characters from this length on


class Segment(NamedTuple):
    """A piece of a payload in one mode (ISO/IEC 18004, 7.4). The last ``varying`` characters differ between payloads;
    those of the template only hold their place. Varying characters need byte mode."""

    mode: Literal[1, 2, 4]
    template: bytes
    varying: int = 0


class Symbols:
    """The symbols of all payloads that are ``prefix`` and then exactly ``length`` characters of ``alphabet`` (ASCII).

    Version: the smallest that holds them at ``minimum_level``. Level: raised from there as far as that version allows,
    for robustness that costs no module. Segments: as ``QRCode.add_data`` makes them. ``modules`` is the side, quiet
    zone not included. Tables are built on first use and are not pickled. Raises ValueError where the end could be
    packed as other than bytes, or nothing holds it.
    """

    def __init__(self, prefix: str, length: int, alphabet: str, minimum_level: Level = "M") -> None:
        if length < 1 or not alphabet or not alphabet.isascii():
            raise ValueError("a payload needs at least one varying character, of an ASCII alphabet")
        tail = len(prefix) - len(prefix.rstrip(_ALPHANUMERIC))
        if tail + length >= _SPLIT or tail == len(prefix):
            raise ValueError(f"a payload that may end in {_SPLIT} digits or capitals needs segments of its own")
        self._arguments = (prefix, length, alphabet, minimum_level)
        self._prefix, self._size = prefix, len(prefix) + length
        self._segments = _segments(prefix, length, alphabet)
        self.version, self.level = _smallest(self._segments, minimum_level)
        self.modules: int = self.version * 4 + 17

    def __reduce__(self) -> tuple[Any, ...]:
        return Symbols, self._arguments

    def path(self, payload: str) -> str:
        """Path operators (``x y w 1 re``) in module units, y up, origin at the lower left of the symbol without its
        quiet zone; integers only. To be filled at once as one path, so that no seam shows. Raises ValueError for a
        payload of another kind."""
        tables = self._tables
        return "".join(map(getitem, tables.rectangles, tables.fields(self._varying(payload))))

    def matrix(self, payload: str) -> list[list[bool]]:
        """The modules, rows from the top; dark is true. Raises ValueError for a payload of another kind."""
        return self._tables.rows(self._tables.fields(self._varying(payload)))

    def smallest_side_mm(self) -> float:
        """The side, quiet zone included, below which modules would be smaller than ``SMALLEST_MODULE_MM``."""
        return (self.modules + 2 * QUIET_ZONE) * SMALLEST_MODULE_MM

    @cached_property
    def _tables(self) -> _Tables:
        return _tables(self._segments, self._arguments[2], self.version, self.level)

    def _varying(self, payload: str) -> str:
        if len(payload) != self._size or not payload.startswith(self._prefix):
            raise ValueError(f"not a payload of {self._prefix!r} and {self._arguments[1]} characters: {payload!r}")
        return payload[len(self._prefix) :]


class LongSymbols:
    """The symbols of all payloads that are ``prefix``, in byte mode, and then text of QR's alphanumeric set, as one
    segment each (ISO/IEC 18004, 7.4.4 and 7.4.5).

    Version and level are chosen for each payload by its length, as :class:`Symbols` does, the version never below
    ``smallest``; :meth:`modules` tells the side. Tables are built on first use (some tens of milliseconds and 6 to
    15 MB a version) and are not pickled. Methods raise ValueError for a payload of another kind or one too long for
    any symbol.
    """

    def __init__(self, prefix: str, minimum_level: Level = "M", smallest: int = 1) -> None:
        self._arguments = (prefix, minimum_level, smallest)
        self._prefix = prefix
        self._bytes = prefix.encode("utf-8")
        self._kinds: dict[int, tuple[int, Level, str, int]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return LongSymbols, self._arguments

    def version(self, payload: str) -> tuple[int, Level]:
        """The version and level of a payload's symbol."""
        return self._kind(len(self._text(payload)))[:2]

    def modules(self, payload: str) -> int:
        """The side of a payload's symbol in modules, quiet zone not included."""
        return self.version(payload)[0] * 4 + 17

    def path(self, payload: str) -> str:
        """As :meth:`Symbols.path`."""
        tables, data = self._prepared(payload)
        return "".join(map(getitem, tables.rectangles, tables.fields(data.hex())))

    def matrix(self, payload: str) -> list[list[bool]]:
        """As :meth:`Symbols.matrix`."""
        tables, data = self._prepared(payload)
        return tables.rows(tables.fields(data.hex()))

    def smallest_side_mm(self, payload: str) -> float:
        """As :meth:`Symbols.smallest_side_mm`."""
        return (self.modules(payload) + 2 * QUIET_ZONE) * SMALLEST_MODULE_MM

    def _text(self, payload: str) -> str:
        text = payload[len(self._prefix) :]
        if not text or not payload.startswith(self._prefix) or text.strip(_ALPHANUMERIC):
            raise ValueError(f"not a payload of {self._prefix!r} and alphanumeric characters: {payload!r}")
        return text

    def _prepared(self, payload: str) -> tuple[_Tables, bytes]:
        text = self._text(payload)
        version, level, head, capacity = self._kind(len(text))
        pairs = _alphanumeric_bits()
        try:
            bits = "".join([head, *map(pairs.__getitem__, map("".join, zip(text[::2], text[1::2], strict=False)))])
            bits += pairs[text[-1]] if len(text) % 2 else ""
        except KeyError as error:
            raise ValueError(f"{error.args[0]!r} is not alphanumeric") from None
        return _long_tables(version, level), _padded(bits, capacity)

    def _kind(self, length: int) -> tuple[int, Level, str, int]:
        """Version, level, the bits before the text, and the codewords that data may fill."""
        kind = self._kinds.get(length)
        if kind is None:
            segments = (Segment(_BYTE, self._bytes), Segment(2, b"A" * length))
            version, level = _smallest(segments, *self._arguments[1:])
            wide = version > 9  # ISO/IEC 18004, table 3: sizes of the character count
            head = f"{4:04b}{len(self._bytes):0{16 if wide else 8}b}{''.join(f'{b:08b}' for b in self._bytes)}"
            head += f"{2:04b}{length:0{11 if wide else 9}b}"
            if version > 26:
                raise ValueError("no symbol of version 26 or less holds so long a payload")
            kind = self._kinds[length] = version, level, head, sum(_blocks(version, level)[0])
        return kind


@lru_cache(maxsize=1)
def _alphanumeric_bits() -> dict[str, str]:
    """Bits of each pair of characters, and of each single one (ISO/IEC 18004, 7.4.4)."""
    pairs = {a + b: f"{45 * i + j:011b}" for i, a in enumerate(_ALPHANUMERIC) for j, b in enumerate(_ALPHANUMERIC)}
    return pairs | {a: f"{i:06b}" for i, a in enumerate(_ALPHANUMERIC)}


def _padded(bits: str, capacity: int) -> bytes:
    """Data codewords: terminator, zeros to a whole byte, pad codewords (ISO/IEC 18004, 7.4.9 and 7.4.10)."""
    bits += "0" * min(4, capacity * 8 - len(bits))
    bits += "0" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return (data + b"\xec\x11" * ((capacity - len(data) + 1) // 2))[:capacity]


def _blocks(version: int, level: Level) -> tuple[list[int], int]:
    """The data codewords of each block, and the error correction codewords that every block has."""
    from qrcode import constants
    from qrcode.base import rs_blocks

    blocks = rs_blocks(version, getattr(constants, f"ERROR_CORRECT_{level}"))
    return [block.data_count for block in blocks], blocks[0].total_count - blocks[0].data_count


def _segments(prefix: str, length: int, alphabet: str) -> tuple[Segment, ...]:
    from qrcode.util import optimal_data_chunks

    chunks = list(optimal_data_chunks(prefix + alphabet[0] * length, minimum=_SPLIT))
    last = chunks.pop()
    return (*(Segment(c.mode, bytes(c.data)) for c in chunks), Segment(last.mode, bytes(last.data), length))


def _smallest(segments: tuple[Segment, ...], minimum: Level, smallest: int = 1) -> tuple[int, Level]:
    from qrcode.exceptions import DataOverflowError

    try:
        version = max(_encoder(segments, minimum).version, smallest)
    except (DataOverflowError, ValueError):  # qrcode 8 says it with either
        raise ValueError("no QR code holds so long a payload") from None
    level = minimum
    for better in _LEVELS[_LEVELS.index(minimum) :]:
        try:
            if _encoder(segments, better).version <= version:
                level = better
        except (DataOverflowError, ValueError):
            break
    return version, level


def _encoder(segments: tuple[Segment, ...], level: Level, version: int | None = None) -> Any:
    from qrcode import QRCode, constants, util

    code: Any = QRCode(version=version, error_correction=getattr(constants, f"ERROR_CORRECT_{level}"))
    for segment in segments:
        code.add_data(util.QRData(segment.template, segment.mode, False))
    return code


@lru_cache(maxsize=8)  # the blanks of a batch share them
def _tables(segments: tuple[Segment, ...], alphabet: str, version: int, level: Level) -> _Tables:
    return _Tables(segments, alphabet, version, level)


class _Tables:
    """What one kind of payload (its segments) needs to be drawn: differences by character, and the eight masks.

    ``rectangles[i][byte]`` is the path of field ``i`` of a symbol, ``widths`` the modules in each field of a row.
    """

    def __init__(self, segments: tuple[Segment, ...], alphabet: str, version: int, level: Level) -> None:
        self._segments, self._version, self._level = segments, version, level
        self._side = side = version * 4 + 17
        self._lane = -(-side * side // 8)  # bytes of one lane of modules
        count = -(-side // 8)
        self.widths = [side // count + (i < side % count) for i in range(count)]
        self._module = [[self._place(row, column) for column in range(side)] for row in range(side)]
        self._bits = self._places()

        base = self._codewords(segments)
        final, trial = [], []
        for mask in range(8):
            final.append(self._pack(self._draw(base, mask, test=False)))
            trial.append(self._pack(self._draw(base, mask, test=True)))
        lanes = 2 * self._lane
        # all masks' trial symbols side by side, rows and columns; and each final symbol's fields
        self._trial = int.from_bytes(b"".join(value.to_bytes(lanes * 8, "little")[:lanes] for value in trial), "little")
        self._final = [value >> lanes * 8 for value in final]
        self._differences = self._by_character(alphabet, base)

        line = ((1 << side - 1) - 1).to_bytes(-(-side // 8), "little")  # pairs of neighbours lie within a line
        pairs = sum(int.from_bytes(line, "little") << side * i for i in range(side))
        both = pairs | pairs << self._lane * 8
        self._pairs = sum(both << lanes * 8 * i for i in range(8))
        upper = (1 << side * (side - 1)) - 1
        self._squares = sum((pairs & upper) << lanes * 8 * i for i in range(8))
        area = side * side
        # rule 4, in qrcode's arithmetic
        self._balance = [10 * int(abs(float(dark) / area * 100 - 50) / 5) for dark in range(area + 1)]

    def rows(self, fields: bytes) -> list[list[bool]]:
        """Fields as modules, rows from the top."""
        widths = self.widths
        rows = [fields[start : start + len(widths)] for start in range(0, len(fields), len(widths))]
        return [[bool(row[i] >> bit & 1) for i, w in enumerate(widths) for bit in range(w)] for row in rows]

    def fields(self, varying: str) -> bytes:
        """The finished symbol's fields, from the top left, for the characters that vary."""
        value = 0
        try:
            for table, character in zip(self._differences, varying, strict=True):
                value ^= table[character]
        except KeyError as error:
            raise ValueError(f"{error.args[0]!r} is not in the alphabet") from None
        lanes = 2 * self._lane
        data = value.to_bytes(lanes + len(self.rectangles), "little")
        mask = self._best_mask(int.from_bytes(data[:lanes] * 8, "little") ^ self._trial)
        return (int.from_bytes(data[lanes:], "little") ^ self._final[mask]).to_bytes(len(self.rectangles), "little")

    def _best_mask(self, dark: int) -> int:
        """The first mask of the lowest penalty (ISO/IEC 18004, 7.8.3.1), of eight trial symbols' lanes."""
        side = self._side
        change = (dark ^ dark >> 1) & self._pairs  # bit i: i and i + 1 differ
        same = change ^ self._pairs
        three = same & same >> 1  # bit i: three alike from i on
        four = three & same >> 2
        five = three & three >> 2
        six = five & five >> 1
        # rule 2: two lines alike where their first column is alike too
        squares = same & same >> side & self._squares
        squares &= ~(dark ^ dark >> side)
        # rule 3: 1011101 with four light before or after it; the window's changes are 1100111000 or its mirror image
        turns = change & change >> 1
        core = turns & three >> 2 & turns >> 4 & dark
        if core:
            after = core & (change & four >> 1) >> 6
            before = core & (four & change >> 3) << 4
        else:
            after = before = 0
        size = 16 * self._lane
        runs = five.to_bytes(size, "little")
        longer = six.to_bytes(size, "little")
        blocks = squares.to_bytes(size, "little")
        finders = (after | before >> 1).to_bytes(size, "little") if after or before else b""
        symbols = dark.to_bytes(size, "little")

        best, lowest, step, read, balance = 0, 1 << 30, 2 * self._lane, int.from_bytes, self._balance
        for mask in range(8):
            start = mask * step
            end = start + step
            # rule 1: a run of n, from five on, costs n - 2; it holds n - 4 fives and n - 5 sixes
            penalty = (
                3 * read(runs[start:end], "little").bit_count()
                - 2 * read(longer[start:end], "little").bit_count()
                + 3 * read(blocks[start : start + self._lane], "little").bit_count()
                + balance[read(symbols[start : start + self._lane], "little").bit_count()]
            )
            if finders:
                penalty += 40 * read(finders[start:end], "little").bit_count()
            if penalty < lowest:
                best, lowest = mask, penalty
        return best

    @cached_property
    def rectangles(self) -> list[list[str]]:
        """For each field of the symbol and each of its values: the rectangles of its runs of dark modules."""
        offsets = [sum(self.widths[:i]) for i in range(len(self.widths))]
        runs = [[_runs(value, x) for value in range(1 << width)] for width, x in zip(self.widths, offsets, strict=True)]
        # one text a line of modules: joined, split at the end of each value's share, so that it takes milliseconds
        shares = ["\0".join("".join(f"{x} Y {w} 1 re\n" for x, w in field) for field in column) for column in runs]
        return [share.replace("Y", str(y)).split("\0") for y in range(self._side - 1, -1, -1) for share in shares]

    # --- building: all that asks qrcode -----------------------------------------------------

    def _codewords(self, segments: tuple[Segment, ...]) -> list[int]:
        from qrcode.util import create_data

        code = _encoder(segments, self._level, self._version)
        return list(create_data(self._version, code.error_correction, code.data_list))

    def _draw(self, codewords: list[int], mask: int, *, test: bool) -> list[list[bool]]:
        code = _encoder((), self._level, self._version)
        code.data_cache = codewords
        code.makeImpl(test, mask)
        return code.modules  # type: ignore[no-any-return]

    def _pack(self, modules: list[list[bool]]) -> int:
        drawn = (place for row, places in zip(modules, self._module, strict=True) for place in compress(places, row))
        return sum(drawn)

    def _place(self, row: int, column: int) -> int:
        """One module's bits in all three lanes."""
        lane, field, bit = self._lane * 8, row * len(self.widths), column
        for width in self.widths:
            if bit < width:
                break
            field, bit = field + 1, bit - width
        side = self._side
        return 1 << row * side + column | 1 << lane + column * side + row | 1 << 2 * lane + field * 8 + bit

    def _places(self) -> dict[int, int]:
        """For each bit of the codewords, the module where qrcode puts it: its number is spelt in a few drawings."""
        total = len(self._codewords(self._segments)) * 8
        blank = self._draw([0] * (total // 8), 0, test=True)
        numbers = [[0] * self._side for _ in range(self._side)]
        for power in range(total.bit_length()):
            # bits are numbered from 1, so that a module that no drawing changes is none of the data's
            data = [sum(1 << 7 - b for b in range(8) if (8 * i + b + 1) >> power & 1) for i in range(total // 8)]
            for row, (drawn, plain) in enumerate(zip(self._draw(data, 0, test=True), blank, strict=True)):
                for column in range(self._side):
                    numbers[row][column] |= (drawn[column] != plain[column]) << power
        return {n - 1: self._module[r][c] for r, row in enumerate(numbers) for c, n in enumerate(row) if n}

    def _by_character(self, alphabet: str, base: list[int]) -> list[dict[str, int]]:
        """A table for each varying character: the difference it makes to the base symbol."""
        tables = []
        for index, segment in enumerate(self._segments):
            if segment.varying and segment.mode != _BYTE:
                raise ValueError("varying characters need byte mode")
            for position in range(len(segment.template) - segment.varying, len(segment.template)):
                held = segment.template[position]
                flips: list[int] = []
                change: list[int] = []
                for bit in range(7):  # of ASCII
                    # Data codewords stand first, so the first that changes is the one with the flipped bit. A bit
                    # further up in the same one: all that changes times two in GF(256), as Reed-Solomon is linear.
                    if change and next(filter(None, change)) != 0x80:
                        change = [byte << 1 ^ (0x11D if byte & 0x80 else 0) for byte in change]
                    else:
                        template = bytearray(segment.template)
                        template[position] ^= 1 << bit
                        flipped = segment._replace(template=bytes(template))
                        other = self._codewords((*self._segments[:index], flipped, *self._segments[index + 1 :]))
                        change = [a ^ b for a, b in zip(base, other, strict=True)]
                    flips.append(self._modules(change))
                table = {}
                for character in alphabet:
                    value = 0
                    for bit, flip in enumerate(flips):
                        if (ord(character) ^ held) >> bit & 1:
                            value ^= flip
                    table[character] = value
                tables.append(table)
        return tables

    def _modules(self, change: list[int]) -> int:
        """What a change of the codewords changes in a symbol."""
        places, value = self._bits, 0
        for index, byte in enumerate(change):
            if byte:
                for bit in range(8):
                    if byte >> 7 - bit & 1:
                        value ^= places[8 * index + bit]
        return value


@lru_cache(maxsize=6)
def _long_tables(version: int, level: Level) -> _LongTables:
    return _LongTables((Segment(_BYTE, b"certgen"),), "", version, level)


class _LongTables(_Tables):
    """Tables for data codewords in hexadecimal: each digit's difference to the base symbol, its error correction
    included. ``_segments`` is the base, of which nothing is left in the symbols."""

    def _by_character(self, alphabet: str, base: list[int]) -> list[dict[str, int]]:
        counts, correction = _blocks(self._version, self._level)
        bits = f"{_BYTE:04b}{len(self._segments[0].template):0{16 if self._version > 9 else 8}b}"
        held = _padded(bits + "".join(f"{b:08b}" for b in self._segments[0].template), sum(counts)).hex()
        remainders = _remainders(max(counts), correction)
        tables: list[dict[str, int]] = []
        for block, count in enumerate(counts):
            for at in range(count):
                flips = [
                    self._flipped(block, at, [_times(value, 1 << bit) for value in remainders[count - 1 - at]], bit)
                    for bit in range(8)
                ]
                for half in (flips[4:], flips[:4]):
                    digit = int(held[len(tables)], 16)
                    sums = [0] * 16
                    for value in range(1, 16):
                        lowest = value & -value
                        sums[value] = sums[value ^ lowest] ^ half[lowest.bit_length() - 1]
                    tables.append({f"{value:x}": sums[value ^ digit] for value in range(16)})
        return tables

    def _flipped(self, block: int, at: int, correction: list[int], bit: int) -> int:
        """The modules that change with one bit of a data codeword and with the error correction that follows from it.
        Codewords stand interleaved: ISO/IEC 18004, 7.6."""
        counts = _blocks(self._version, self._level)[0]
        place = sum(min(count, at) for count in counts) + sum(count > at for count in counts[:block])
        value = self._bits[8 * place + 7 - bit]
        for index, codeword in enumerate(correction):
            first = 8 * (sum(counts) + index * len(counts) + block)
            for power in range(8):
                if codeword >> power & 1:
                    value ^= self._bits[first + 7 - power]
        return value


def _remainders(length: int, degree: int) -> list[list[int]]:
    """For k below ``length``, x to the power of (degree + k) modulo the generator polynomial, highest term first; its
    coefficients are of GF(256) modulo 100011101. ISO/IEC 18004, 7.5.2 and annex A."""
    generator, root = [1], 1
    for _ in range(degree):  # times (x - root)
        shifted = [*generator, 0]
        for index, value in enumerate(generator):
            shifted[index + 1] ^= _times(value, root)
        generator, root = shifted, _times(root, 2)
    remainders = [generator[1:]]
    while len(remainders) < length:
        top, *rest = [*remainders[-1], 0]
        remainders.append([value ^ _times(top, other) for value, other in zip(rest, generator[1:], strict=True)])
    return remainders


@cache
def _times(a: int, b: int) -> int:
    """Product in GF(256)."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = a << 1 ^ (0x11D if a & 0x80 else 0), b >> 1
    return product


def _runs(field: int, x: int) -> list[tuple[int, int]]:
    """Runs of ones as (first, length), least significant bit first, counted from ``x``."""
    runs = []
    while field:
        skip = (field & -field).bit_length() - 1
        field >>= skip
        length = (~field & field + 1).bit_length() - 1
        runs.append((x + skip, length))
        field >>= length
        x += skip + length
    return runs
