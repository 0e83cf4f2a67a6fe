"""Plain data into a typed Struct, with every unknown, missing and wrong key told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from certgen.errors import ExitCode, Problem
from certgen.toml import slips
from certgen.toml.document import Document
from certgen.toml.words import Key, Meta, dotted, example, got, header, literal, nearest, quoted, said, unwrap, words

T = TypeVar("T")
_WRONG: Any = object()  # a value that was told


def convert(
    data: dict[str, Any],
    type_: type[T],
    file: str | Path,
    problems: list[Problem],
    *,
    exit_code: ExitCode = ExitCode.ROSTER,
    elsewhere: Mapping[str, str] | None = None,
) -> T | None:
    """``data`` as a ``type_`` (a Struct), with every unknown, missing and wrong key told.

    A wrong optional value becomes its default, and a wrong or missing required one a neutral value of
    its type (``UNKNOWN`` for text), so that positions in lists stay as typed and further checks can go
    on: look at ``errors.has_errors`` before using the result. Text is NFC.

    ``elsewhere`` names the files to which keys belong that people put here by mistake.
    A field says more of itself with ``msgspec.Meta``: ``examples`` are shown in hints, and
    ``extra={"accepts": "date"}`` lets a text field take a TOML date (as ISO text).
    """
    document = data if isinstance(data, Document) else Document(data, str(file), exit_code=exit_code)
    converter = _Converter(document, type_, problems, elsewhere or {})
    before = len(problems)
    made = converter.value(converter.root, document, ())
    try:
        return msgspec.convert(made, type_)
    except (msgspec.ValidationError, RecursionError) as error:
        if len(problems) == before:
            problems.append(document.problem((), "wrong-value", f"This file cannot be used: {error}."))
        return None


_type_info = lru_cache(inspect.type_info)  # a tenth of what it takes to read a file


class _Converter:
    def __init__(self, document: Document, type_: type, problems: list[Problem], elsewhere: Mapping[str, str]) -> None:
        self.document = document
        self.problems = problems
        self.root = _type_info(type_)
        self.tables: dict[str, list[str]] | None = None
        self.elsewhere = elsewhere
        self.meant: set[Key] = set()  # missing keys that stand somewhere under another name

    def tell(self, key: Key, code: str, message: str, hint: str = "") -> None:
        self.problems.append(self.document.problem(key, code, message, hint))

    def value(self, info: inspect.Type, value: Any, key: Key) -> Any:
        """``value`` as plain data that msgspec accepts for ``info``; _WRONG (told) if it cannot be."""
        info, meta = unwrap(info)
        if value == slips.BROKEN:
            return _WRONG  # told by read
        if isinstance(info, inspect.UnionType):
            return self.union(info, meta, value, key)
        if isinstance(info, inspect.StructType):
            return self.table(info, value, key) if isinstance(value, dict) else self.wrong(info, meta, value, key)
        if isinstance(info, inspect.DictType) and isinstance(value, dict):
            made = {name: self.value(info.value_type, item, (*key, name)) for name, item in value.items()}
            return {name: item for name, item in made.items() if item is not _WRONG}
        if isinstance(info, inspect.ListType | inspect.VarTupleType) and isinstance(value, list):
            return self.items(info, meta, value, key)
        if isinstance(info, inspect.TupleType) and isinstance(value, list):
            if len(value) != len(info.item_types):
                self.tell(
                    key,
                    "wrong-length",
                    f"{said(key)} needs {len(info.item_types)} values; there are {len(value)}.",
                    example(meta),
                )
                return _WRONG
            pairs = zip(info.item_types, value, strict=True)
            parts = [self.value(kind, item, (*key, at)) for at, (kind, item) in enumerate(pairs)]
            return _WRONG if _WRONG in parts else parts
        return self.leaf(info, meta, value, key)

    def items(self, info: inspect.ListType | inspect.VarTupleType, meta: Meta, value: list[Any], key: Key) -> Any:
        made = []
        for index, item in enumerate(value):
            made_item = self.value(info.item_type, item, (*key, index))
            if made_item is _WRONG and isinstance(unwrap(info.item_type)[0], inspect.LiteralType):
                continue  # no neutral value
            made.append(_neutral(info.item_type) if made_item is _WRONG else made_item)
        if info.max_length is not None and len(value) > info.max_length:
            self.tell(
                (*key, info.max_length),
                "too-many",
                f"{said(key)} may have {info.max_length} entries; there are {len(value)}.",
                "Take some out.",
            )
            made = made[: info.max_length]
        if info.min_length is not None and len(value) < info.min_length:
            self.tell(
                key,
                "too-few",
                f"{said(key)} needs at least {info.min_length}; there are {len(value)}.",
                example(meta),
            )
        return made

    def union(self, info: inspect.UnionType, meta: Meta, value: Any, key: Key) -> Any:
        choices = [unwrap(choice)[0] for choice in info.types if not isinstance(choice, inspect.NoneType)]
        fitting = [choice for choice in choices if _shape(choice, value)]
        structs = [choice for choice in fitting if isinstance(choice, inspect.StructType)]
        if len(structs) > 1 and structs[0].tag_field:
            field = structs[0].tag_field
            tags = {choice.tag: choice for choice in structs}
            tag = value.get(field)
            if tag in tags:
                return self.table(tags[tag], value, key)
            names = [str(item) for item in tags]
            if tag is None:
                self.tell(
                    key,
                    "missing-key",
                    f"{said(key)} does not say its {field}.",
                    f"Add {field} = one of: {', '.join(names)}.",
                )
            elif tag != slips.BROKEN:
                close = nearest(str(tag), names)
                self.tell(
                    (*key, field),
                    "wrong-value",
                    f"There is no {field} {quoted(tag)}.",
                    f"Did you mean {quoted(close)}?" if close else f"Choose one of: {', '.join(names)}.",
                )
            return _WRONG
        if fitting:
            whole = next((item for item in info.types if unwrap(item)[0] is fitting[0]), fitting[0])
            return self.value(whole, value, key)
        return self.wrong(choices[0] if len(choices) == 1 else info, meta, value, key)

    def table(self, info: inspect.StructType, value: dict[str, Any], key: Key) -> dict[str, Any]:
        fields = {field.encode_name: field for field in info.fields}
        made: dict[str, Any] = {}
        for name, item in value.items():
            if name in fields:
                found = self.value(fields[name].type, item, (*key, name))
                if found is not _WRONG:
                    made[name] = found
                elif fields[name].required:
                    made[name] = _neutral(fields[name].type)
            elif name == info.tag_field:
                made[name] = item
            else:
                self.unknown(list(fields), name, key)
        for name, field in fields.items():
            if field.required and name not in value:
                self.missing(name, field, key)
                made[name] = _neutral(field.type)
        return made

    def unknown(self, known: list[str], name: str, key: Key) -> None:
        here = self.document.heading(key)
        top = [field.encode_name for field in self.root.fields] if isinstance(self.root, inspect.StructType) else []
        close = nearest(name, known)
        if name in top or (key and not close and nearest(name, top)):
            meant = name if name in top else nearest(name, top)
            self.meant.add((str(meant),))
            first = self.document.place((key[0],)).get("line")
            also = f' (spelled "{meant}")' if meant != name else ""
            self.tell(
                (*key, name),
                "misplaced-key",
                f'"{name}" stands below {here}, so it is read as a part of it; it belongs above the first [table].',
                f"Move this line{also} up, above line {first}." if first else "Move it to the top.",
            )
            return
        if name in self.elsewhere:
            hint = f"That key belongs in {self.elsewhere[name]}."
        elif close:
            self.meant.add((*key, close))
            hint = f'Did you mean "{close}"?'
        elif places := self.places().get(name):
            hint = f"That key belongs in {places[0]}."
        else:
            hint = f"The keys here are: {', '.join(known)}."
        self.tell((*key, name), "unknown-key", f'"{name}" is not a key of {here}.', hint)

    def missing(self, name: str, field: inspect.Field, key: Key) -> None:
        if (*key, name) in self.meant:
            return
        _, meta = unwrap(field.type)
        hint = self.document.how_to_add(name, key, meta.examples[0] if meta.examples else None)
        strays = (item for item in self.document.lines_of(name) if isinstance(item[0][0], str) and 1 < len(item[0]) < 4)
        stray = next((item for item in strays if isinstance(item[0][-2], int)), None)
        if not key and stray:
            hint += (
                f". Or is it the {name} on line {stray[1]}? There it is a part of {header(stray[0][:-1])}; "
                "the course's own belongs above the first [table]"
            )
        where = f"{self.document.heading(key)} has no {name}" if key else f"{name} is missing"
        self.tell((*key, name), "missing-key", f"{where}.", hint + ".")

    def places(self) -> dict[str, list[str]]:
        """Names of keys, each with the tables that have it."""
        if self.tables is None:
            self.tables = {}
            for table, fields in _tables(self.root, (), set()):
                for field in fields:
                    self.tables.setdefault(field, []).append(table)
        return self.tables

    def leaf(self, info: inspect.Type, meta: Meta, value: Any, key: Key) -> Any:
        made: Any = _WRONG
        number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if isinstance(info, inspect.AnyType):
            return value
        if isinstance(info, inspect.StrType):
            if isinstance(value, str):
                made = unicodedata.normalize("NFC", value)
            elif isinstance(value, date) and meta.accepts == "date":
                made = value.isoformat()
        elif isinstance(info, inspect.LiteralType):
            if value in info.values and not isinstance(value, bool):
                return value
            if isinstance(value, str):
                names = [str(item) for item in info.values]
                close = nearest(value, names)
                self.tell(
                    key,
                    "wrong-value",
                    f"{said(key)} may not be {quoted(value)}.",
                    (f"Did you mean {quoted(close)}? " if close else "") + f"It is one of: {', '.join(names)}.",
                )
                return _WRONG
        elif isinstance(info, inspect.BoolType) and isinstance(value, bool):
            made = value
        elif isinstance(info, inspect.DecimalType) and number:
            made = Decimal(value)
        elif isinstance(info, inspect.FloatType) and number:
            made = float(value)
        elif isinstance(info, inspect.IntType) and number and value == int(value):
            made = int(value)
        elif isinstance(info, inspect.DateType):
            if isinstance(value, date) and not isinstance(value, datetime):
                made = value
            elif isinstance(value, str):
                try:  # an ISO date in quotes has one meaning
                    made = (
                        date.fromisoformat(value.strip()) if re.fullmatch(r"\d{4}-\d\d-\d\d", value.strip()) else _WRONG
                    )
                except ValueError:
                    made = _WRONG
        if made is _WRONG:
            return self.wrong(info, meta, value, key)
        if isinstance(made, Decimal | float) and not Decimal(made).is_finite():
            return self.wrong(info, meta, value, key)
        return made if self.within(info, meta, made, key) else _WRONG

    def within(self, info: inspect.Type, meta: Meta, value: Any, key: Key) -> bool:
        """Whether the value keeps the bounds of its type; tells if not."""

        def bound(name: str) -> Any:
            return meta.bounds.get(name) if name in meta.bounds else getattr(info, name, None)

        message = None
        if isinstance(value, str):
            if bound("min_length") and len(value.strip()) < bound("min_length"):
                message = "is empty"
            elif bound("max_length") and len(value) > bound("max_length"):
                message = f"has {len(value)} characters; {bound('max_length')} is the most"
            elif bound("pattern") and not re.search(bound("pattern"), value):
                message = f"may not be {quoted(value)}"
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            if bound("gt") is not None and not value > bound("gt"):
                message = f"must be more than {bound('gt')}; here it is {value}"
            elif bound("ge") is not None and not value >= bound("ge"):
                message = f"must be {bound('ge')} or more; here it is {value}"
            elif bound("le") is not None and not value <= bound("le"):
                message = f"must be {bound('le')} or less; here it is {value}"
            elif bound("lt") is not None and not value < bound("lt"):
                message = f"must be less than {bound('lt')}; here it is {value}"
        if message is None:
            return True
        self.tell(key, "wrong-value", f"{said(key)} {message}.", example(meta) or "Fill it in, or delete it.")
        return False

    def wrong(self, info: inspect.Type, meta: Meta, value: Any, key: Key) -> Any:
        hint = example(meta)
        bare, _ = unwrap(info)
        if isinstance(bare, inspect.ListType | inspect.VarTupleType) and isinstance(value, dict):
            title = dotted(tuple(part for part in key if isinstance(part, str)))
            hint = f"Write [[{title}]], with two brackets, above each entry."
        elif isinstance(value, str) and isinstance(bare, inspect.DecimalType | inspect.IntType | inspect.FloatType):
            figure = value.strip().replace(",", ".").removesuffix("%").strip()
            if re.fullmatch(r"[-+]?\d+(\.\d+)?", figure):
                hint = f"Remove the quotes: {key[-1]} = {figure}"
        elif isinstance(value, str) and isinstance(bare, inspect.DateType):
            hint = slips.date_hint(value)
        elif isinstance(value, datetime):
            hint = f"Leave out the time: {value.date().isoformat()}"
        elif isinstance(bare, inspect.StrType) and isinstance(value, int | Decimal | date) and key:
            hint = f'Put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}"'
        elif isinstance(bare, inspect.BoolType) and isinstance(value, str):
            hint = "Write true or false, without quotes."
        elif isinstance(bare, inspect.BoolType):
            hint = "Write true or false."
        elif isinstance(bare, inspect.LiteralType):
            hint = f'For example: "{bare.values[0]}"'
        elif isinstance(bare, inspect.ListType | inspect.VarTupleType) and isinstance(value, str):
            parts = [part.strip() for part in re.split("[,;]", value[:60]) if part.strip()] or [value[:40]]
            hint = f"Put it in brackets: {literal(parts)}"
        self.tell(key, "wrong-type", f"{said(key)} must be {words(info, meta)}; here it is {got(value)}.", hint)
        if isinstance(bare, inspect.ListType | inspect.VarTupleType) and isinstance(value, dict):
            self.value(bare.item_type, value, key)  # its keys may have something to say as well
        return _WRONG


def _shape(info: inspect.Type, value: Any) -> bool:
    """Whether a value has a type's outer shape."""
    if isinstance(info, inspect.AnyType):
        return True
    if isinstance(value, dict):
        return isinstance(info, inspect.StructType | inspect.DictType)
    if isinstance(value, list):
        return isinstance(info, inspect.ListType | inspect.VarTupleType | inspect.TupleType)
    if isinstance(value, bool):
        return isinstance(info, inspect.BoolType)
    if isinstance(value, str):
        return isinstance(info, inspect.StrType | inspect.LiteralType | inspect.DateType)
    if isinstance(value, date):
        return isinstance(info, inspect.DateType)
    return isinstance(info, inspect.DecimalType | inspect.IntType | inspect.FloatType)


def _neutral(info: inspect.Type) -> Any:
    """An empty value of a type, in place of one that is missing or wrong."""
    info, _ = unwrap(info)
    if isinstance(info, inspect.UnionType):
        info = next((i for i in info.types if isinstance(i, inspect.StrType)), info.types[0])
        return _neutral(info)
    if isinstance(info, inspect.StructType):
        made = {field.encode_name: _neutral(field.type) for field in info.fields if field.required}
        return {**made, **({info.tag_field: info.tag} if info.tag_field else {})}
    if isinstance(info, inspect.LiteralType):
        return info.values[0]
    if isinstance(info, inspect.TupleType):
        return [_neutral(item) for item in info.item_types]
    for kind, empty in _EMPTY:
        if isinstance(info, kind):
            return empty
    return None


_EMPTY: tuple[tuple[type[inspect.Type], Any], ...] = (
    (inspect.StrType, slips.BROKEN),
    (inspect.BoolType, False),
    (inspect.DecimalType, Decimal(1)),
    (inspect.IntType, 1),
    (inspect.FloatType, 1.0),
    (inspect.DateType, date(2000, 1, 1)),
    (inspect.ListType, []),
    (inspect.VarTupleType, []),
    (inspect.DictType, {}),
)


def _tables(info: inspect.Type, key: Key, seen: set[type]) -> Iterator[tuple[str, list[str]]]:
    info, _ = unwrap(info)
    if isinstance(info, inspect.StructType):
        if info.cls in seen:
            return
        seen = seen | {info.cls}
        if key:
            yield header(key), [field.encode_name for field in info.fields]
        for field in info.fields:
            yield from _tables(field.type, (*key, field.encode_name), seen)
    elif isinstance(info, inspect.ListType | inspect.VarTupleType):
        yield from _tables(info.item_type, (*key, 0), seen)
    elif isinstance(info, inspect.DictType):
        yield from _tables(info.value_type, (*key, "..."), seen)
    elif isinstance(info, inspect.UnionType):
        for choice in info.types:
            yield from _tables(choice, key, seen)


# --- schemas ---------------------------------------------------------------------------------


def schema(type_: type, title: str, description: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a file kind, for editors to complete and check from."""
    made = msgspec.json.schema(type_)
    numbers: Any = _numbers(made)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        **numbers,
    }


def _numbers(node: Any) -> Any:
    """TOML has numbers where msgspec's JSON carries a Decimal as text."""
    if isinstance(node, dict):
        if node.get("format") == "decimal" and node.get("type") == "string":
            node = {**{k: v for k, v in node.items() if k != "format"}, "type": "number"}
        return {key: _numbers(item) for key, item in node.items()}
    if isinstance(node, list):
        return [_numbers(item) for item in node]
    return node
