"""Functions of PDF files: numbers in, numbers out. Source: ISO 32000-1, 7.10.

A function that somebody else wrote is data: the fourth kind is a small language without loops or names, run here on a
stack of bounded size.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, product
from typing import Any

from pikepdf import Array, Dictionary, Name, Object, Stream

DEEPEST = 16  # functions within functions
_DEEPEST_STACK = 200
_MOST_TOKENS = 10_000
_MOST_VALUES = 1 << 20  # of a table
_MOST_INPUTS = 8  # of a table: with each, twice as many of its entries are mixed
MOST = 4096  # functions in one, counted as often as they are used
_BITS = (1, 2, 4, 8, 12, 16, 24, 32)

Values = list[float]
Function = Callable[[Sequence[float]], Values]


class _Count:
    """How many functions there are, and how deep this one is in others."""

    def __init__(self) -> None:
        self.all = self.depth = 0

    def within(self, things: Iterable[Object]) -> list[Function]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError("functions within functions")
        found = [function(thing, self) for thing in things]
        self.depth -= 1
        return found


def function(thing: Object, count: _Count | None = None) -> Function:
    """What a function object does. An array of functions gives each one's first value. ValueError: it is none, or one
    that cannot be used."""
    count = count or _Count()
    count.all += 1
    if count.all > MOST:
        raise ValueError("too many functions")
    if isinstance(thing, Array):
        parts = count.within(thing)
        return lambda values: [part(values)[0] for part in parts]
    if not isinstance(thing, Dictionary | Stream):
        if thing == Name.Identity:
            return list
        raise ValueError("no function")
    try:
        domain, limits = _pairs(thing.Domain), _pairs(thing.get("/Range", Array()))
        made = _KINDS[int(thing.FunctionType)](thing, domain, limits, count)
    except (KeyError, AttributeError, TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"a function that is not sound ({error})") from None

    def run(values: Sequence[float]) -> Values:
        inside = [_clip(value, *ends) for value, ends in zip(values, domain, strict=True)]
        try:
            out = made(inside)
        except (IndexError, TypeError, OverflowError, ZeroDivisionError) as error:
            raise ValueError(f"a function that is not sound ({error})") from None
        return [_clip(value, *ends) for value, ends in zip(out, limits, strict=True)] if limits else out

    return run


def domain(thing: Object) -> list[tuple[float, float]]:
    """The ends of what goes into a function, or into the first of an array."""
    first = thing[0] if isinstance(thing, Array) else thing
    return _pairs(first.Domain)


# --- kinds -----------------------------------------------------------------------------------

Ends = list[tuple[float, float]]


def _sampled(thing: Any, domain: Ends, limits: Ends, count: _Count) -> Function:
    """A table, with what lies between its entries mixed (7.10.2)."""
    sizes = [int(size) for size in thing.Size]
    bits, outputs = int(thing.BitsPerSample), len(limits)
    encode = _pairs(thing.get("/Encode", Array([end for size in sizes for end in (0, size - 1)])))
    decode = _pairs(thing.Decode) if "/Decode" in thing else limits
    total = math.prod(sizes) * outputs
    if bits not in _BITS or min(sizes) < 1 or total > _MOST_VALUES or not outputs or len(sizes) > _MOST_INPUTS:
        raise ValueError("a table of an unknown kind")
    table = _unpacked(thing.read_bytes(), bits, total)
    strides = [outputs * math.prod(sizes[:at]) for at in range(len(sizes))]
    top = 2**bits - 1

    def run(values: Sequence[float]) -> Values:
        corners: list[tuple[tuple[int, float], ...]] = []
        for value, ends, into, size, stride in zip(values, domain, encode, sizes, strides, strict=True):
            place = _clip(_between(value, ends, into), 0, size - 1)
            low = min(int(place), max(size - 2, 0))
            part = place - low
            corners.append(((low * stride, 1 - part), (min(low + 1, size - 1) * stride, part)))
        out = [0.0] * outputs
        for corner in product(*corners):
            weight = math.prod(part for _, part in corner)
            if weight:
                at = sum(offset for offset, _ in corner)
                for index in range(outputs):
                    out[index] += weight * table[at + index]
        return [low + value * (high - low) / top for value, (low, high) in zip(out, decode, strict=True)]

    return run


def _exponential(thing: Any, domain: Ends, limits: Ends, count: _Count) -> Function:
    """From one set of values to another (7.10.3)."""
    first = [float(value) for value in thing.get("/C0", Array([0]))]
    last = [float(value) for value in thing.get("/C1", Array([1]))]
    power = float(thing.N)
    return lambda values: [a + values[0] ** power * (b - a) for a, b in zip(first, last, strict=True)]


def _stitched(thing: Any, domain: Ends, limits: Ends, count: _Count) -> Function:
    """Several, one after the other (7.10.4)."""
    parts = count.within(thing.Functions)
    encode = _pairs(thing.Encode)
    edges = [domain[0][0], *(float(bound) for bound in thing.Bounds), domain[0][1]]
    spans = list(pairwise(edges))
    if len(spans) != len(parts):
        raise ValueError("a function that is not sound")

    def run(values: Sequence[float]) -> Values:
        which = next((at for at, (_, end) in enumerate(spans[:-1]) if values[0] < end), len(spans) - 1)
        return parts[which]([_between(values[0], spans[which], encode[which])])

    return run


# --- the fourth kind -------------------------------------------------------------------------


def _calculator(thing: Any, domain: Ends, limits: Ends, count: _Count) -> Function:
    """A program (7.10.5)."""
    tokens = re.findall(r"[{}]|[^\s{}]+", re.sub(r"%[^\r\n]*", " ", thing.read_bytes().decode("latin-1")))
    if len(tokens) > _MOST_TOKENS or tokens[:1] != ["{"]:
        raise ValueError("a program of an unknown kind")
    program = _block(iter(tokens[1:]), 0)

    def run(values: Sequence[float]) -> Values:
        stack: list[Any] = list(values)
        _run(program, stack)
        return [float(value) for value in stack[-len(limits) :]]

    return run


def _block(tokens: Iterator[str], depth: int) -> list[Any]:
    if depth > DEEPEST:
        raise ValueError("a program of an unknown kind")
    out: list[Any] = []
    for token in tokens:
        if token == "}":
            return out
        if token == "{":
            out.append(_block(tokens, depth + 1))
        elif token in _OPERATORS or token in ("if", "ifelse"):
            out.append(token)
        else:
            out.append(float(token) if "." in token or "e" in token.lower() else int(token))
    raise ValueError("a program without an end")


def _run(program: list[Any], stack: list[Any]) -> None:
    for step in program:
        if not isinstance(step, str):
            stack.append(step)
        elif step == "if":
            then = stack.pop()
            if stack.pop():
                _run(then, stack)
        elif step == "ifelse":
            otherwise, then = stack.pop(), stack.pop()
            _run(then if stack.pop() else otherwise, stack)
        else:
            _OPERATORS[step](stack)
        if len(stack) > _DEEPEST_STACK:
            raise ValueError("a program that piles up")


def _one(work: Callable[[Any], Any]) -> Callable[[list[Any]], None]:
    return lambda stack: stack.append(work(stack.pop()))


def _two(work: Callable[[Any, Any], Any]) -> Callable[[list[Any]], None]:
    def run(stack: list[Any]) -> None:
        second, first = stack.pop(), stack.pop()
        stack.append(work(first, second))

    return run


def _copy(stack: list[Any]) -> None:
    count = int(stack.pop())
    if not 0 <= count <= len(stack):
        raise ValueError("a program that is not sound")
    stack.extend(stack[len(stack) - count :])


def _index(stack: list[Any]) -> None:
    at = int(stack.pop())
    if not 0 <= at < len(stack):
        raise ValueError("a program that is not sound")
    stack.append(stack[-1 - at])


def _roll(stack: list[Any]) -> None:
    turns, count = int(stack.pop()), int(stack.pop())
    if not 0 <= count <= len(stack):
        raise ValueError("a program that is not sound")
    if count:
        part, turns = stack[-count:], turns % count
        stack[-count:] = part[-turns:] + part[:-turns]


def _exchange(stack: list[Any]) -> None:
    stack[-1], stack[-2] = stack[-2], stack[-1]


def _shift(value: int, by: int) -> int:
    if abs(by) > 32:
        raise ValueError("a program that is not sound")
    return value << by if by >= 0 else value >> -by


def _product(first: float, second: float) -> float:
    result = first * second
    if isinstance(result, int) and result.bit_length() > 64:
        raise ValueError("a program that is not sound")
    return result


def _root(value: float) -> float:
    return math.sqrt(max(0.0, value))


def _power(base: float, exponent: float) -> float:
    return math.pow(base, exponent)


_OPERATORS: dict[str, Callable[[list[Any]], None]] = {
    "abs": _one(abs), "add": _two(operator.add), "and": _two(operator.and_),
    "atan": _two(lambda a, b: math.degrees(math.atan2(a, b)) % 360), "bitshift": _two(_shift),
    "ceiling": _one(math.ceil), "copy": _copy, "cos": _one(lambda a: math.cos(math.radians(a))), "cvi": _one(int),
    "cvr": _one(float), "div": _two(operator.truediv), "dup": lambda stack: stack.append(stack[-1]),
    "eq": _two(operator.eq), "exch": _exchange, "exp": _two(_power), "false": lambda stack: stack.append(False),
    "floor": _one(math.floor), "ge": _two(operator.ge), "gt": _two(operator.gt),
    "idiv": _two(lambda a, b: int(a / b)), "index": _index, "le": _two(operator.le), "ln": _one(math.log),
    "log": _one(math.log10), "lt": _two(operator.lt), "mod": _two(math.fmod), "mul": _two(_product),
    "ne": _two(operator.ne), "neg": _one(operator.neg),
    "not": _one(lambda a: not a if isinstance(a, bool) else ~a), "or": _two(operator.or_),
    "pop": lambda stack: stack.pop(), "roll": _roll, "round": _one(lambda a: math.floor(a + 0.5)),
    "sin": _one(lambda a: math.sin(math.radians(a))), "sqrt": _one(_root), "sub": _two(operator.sub),
    "true": lambda stack: stack.append(True), "truncate": _one(math.trunc), "xor": _two(operator.xor),
}  # fmt: skip

_KINDS: dict[int, Callable[[Any, Ends, Ends, _Count], Function]] = {
    0: _sampled,
    2: _exponential,
    3: _stitched,
    4: _calculator,
}


# --- numbers ---------------------------------------------------------------------------------


def _pairs(numbers: Any) -> Ends:
    values = [float(value) for value in numbers]
    if len(values) % 2:
        raise ValueError("ends that do not come in pairs")
    return list(zip(values[::2], values[1::2], strict=True))


def _between(value: float, ends: tuple[float, float], into: tuple[float, float]) -> float:
    width = ends[1] - ends[0]
    return into[0] + (value - ends[0]) * (into[1] - into[0]) / width if width else into[0]


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _unpacked(data: bytes, bits: int, count: int) -> Sequence[int]:
    """Whole numbers of ``bits`` each, the highest bit first, without gaps."""
    if len(data) * 8 < bits * count:
        raise ValueError("a table that is cut short")
    if bits == 8:
        return data[:count]
    if bits in (16, 24, 32):
        step = bits // 8
        return [int.from_bytes(data[at : at + step], "big") for at in range(0, count * step, step)]
    out: list[int] = []
    step = 3 if bits == 12 else 1  # bytes that hold a whole number of numbers
    for at in range(0, (bits * count + 7) // 8, step):
        word = int.from_bytes(data[at : at + step].ljust(step, b"\0"), "big")
        out += [word >> shift & (2**bits - 1) for shift in range(8 * step - bits, -1, -bits)]
    return out[:count]
