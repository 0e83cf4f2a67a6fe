"""Canonical forms, which are what a proof signs: JCS (RFC 8785) and RDFC-1.0 (W3C RDF Dataset Canonicalization).

``pyld`` does RDFC in ten milliseconds. The credentials of a batch differ in a few values only, so :class:`Form` has
``pyld`` expand one document in which each of them is a token; a credential's statements are then that text with its
values put in. Blank nodes are labelled by their first-degree hashes (RDFC-1.0, 4.6), of which only those that a value
touches are hashed again. Where two hashes are alike, or a value could change more than its own place, ``pyld`` does the
whole document.

A number in RDF is written as JSON-LD 1.1, 8.6 says; text holds no control character but tab and line breaks, because
``pyld`` does not escape the others as RDFC-1.0 says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

Json = Any  # what JSON holds: dict, list, str, int, float, bool, None
Value = str | int | float

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
_PINNED = {  # address -> file in certgen/contexts, its SHA-256
    CREDENTIALS: ("credentials-v2.json", "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"),
    BADGES: ("ob-3.0.3.json", "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84"),
}
_UNSIGNABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LARGEST = 10**15  # beyond, and below its inverse, JSON and RDF write numbers with exponents of their own
_PLAIN_IRI = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]*")  # RFC 3986, ASCII


def context(address: str) -> Json:
    """A pinned context. Raises ValueError for any other address: nothing is fetched, and an altered file is refused."""
    if address not in _PINNED:
        raise ValueError(f"{address!r} is not a pinned context")
    name, digest = _PINNED[address]
    data = (files("certgen") / "contexts" / name).read_bytes()
    if sha256(data).hexdigest() != digest:
        raise ValueError(f"certgen/contexts/{name} has been altered")
    return json.loads(data)


# --- JCS -------------------------------------------------------------------------------------


def jcs(value: Json) -> bytes:
    """RFC 8785. Raises ValueError for what certgen never signs: keys that are not ASCII, numbers that are not finite or
    need an exponent, control characters other than tab and line breaks, and what is not JSON."""
    return _TEXT.encode(_signable(value)).encode("utf-8")


_TEXT = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _signable(value: Json) -> Json:
    if isinstance(value, str):
        if not value.isprintable() and (found := _UNSIGNABLE.search(value)):
            raise ValueError(f"U+{ord(found[0]):04X} cannot be signed")
        return value
    if isinstance(value, dict):
        for key in value:
            if not (isinstance(key, str) and key.isascii() and key.isprintable()):
                raise ValueError(f"{key!r} is no key for a signed document")
        return {key: _signable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_signable(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    raise ValueError(f"{type(value).__name__} is not JSON")


def _number(value: float) -> int | float:
    """A number that JSON, JavaScript and RDF write alike. Whole floats become integers (RFC 8785, 3.2.2.3)."""
    if not -_LARGEST < value < _LARGEST or (value and abs(value) * _LARGEST < 10**12):
        raise ValueError(f"{value!r} is not a number for a signed document")
    return int(value) if value == int(value) else value


# --- RDFC ------------------------------------------------------------------------------------


def rdfc(document: Json) -> bytes:
    """RDFC-1.0 with SHA-256, by ``pyld``: canonical N-Quads in UTF-8. Keys that no context defines are left out, and so
    would be unsigned: whoever calls keeps them out. Raises ValueError as :func:`jcs` does, and for another context."""
    from pyld import jsonld

    options = {**_options(), "algorithm": "URDNA2015", "format": "application/n-quads"}
    try:
        return str(jsonld.normalize(_signable(document), options)).encode("utf-8")
    except jsonld.JsonLdError as error:
        raise ValueError(f"not a document to sign: {_cause(error)}") from error


def _cause(error: BaseException) -> str:
    while (inner := getattr(error, "cause", None) or error.__cause__) is not None:
        error = inner
    return str(error.args[0]) if error.args else str(error)


def _options() -> dict[str, Any]:
    from pyld.context_resolver import ContextResolver

    return {"documentLoader": _load, "contextResolver": ContextResolver(_resolved(), _load)}


@cache
def _resolved() -> dict[str, Any]:
    """pyld's memory of contexts, shared by all calls."""
    return {}


def _load(address: str, options: object = None) -> dict[str, Any]:
    from pyld import jsonld

    try:
        document = context(address)
    except ValueError as error:
        raise jsonld.JsonLdError(str(error), "jsonld.LoadDocumentError", code="loading document failed") from error
    return {"contextUrl": None, "documentUrl": address, "document": document, "tag": "static", "static": True}


class _Place(NamedTuple):
    """Where a value goes: ``kind`` is "text", "iri" or "number"."""

    slot: str
    kind: str


class _Line:
    """A statement: its blank nodes, and between them pieces that are fixed text or places."""

    __slots__ = ("object", "pieces", "subject", "text")

    def __init__(self, subject: str | None, pieces: tuple[str | _Place, ...], object_: str | None) -> None:
        self.subject, self.pieces, self.object = subject, pieces, object_
        self.text = "".join(pieces) if self.fixed else ""  # type: ignore[arg-type]

    @property
    def fixed(self) -> bool:
        return all(isinstance(piece, str) for piece in self.pieces)

    def nodes(self) -> set[str]:
        return {node for node in (self.subject, self.object) if node is not None}

    def written(self, middle: str, label: Mapping[str, str]) -> str:
        subject = "" if self.subject is None else label[self.subject]
        return f"{subject}{middle}{'' if self.object is None else label[self.object]} .\n"


class Form:
    """Documents that differ in some values only.

    ``document`` holds a token where a value goes: ``tokens`` gives each slot's, made by :func:`token`. A token may be
    part of a longer text, or of an IRI; a number's stands alone. ``exact`` tells whether the template can serve at all.
    Raises ValueError like :func:`rdfc`.
    """

    def __init__(self, document: Json, tokens: Mapping[str, Value]) -> None:
        self._document = _signable(document)
        self._tokens = dict(tokens)
        self._slots = {str(value): slot for slot, value in tokens.items()}
        self._split = re.compile("(" + "|".join(map(re.escape, self._slots)) + ")") if tokens else None
        self._json = tuple(self._pieces(_TEXT.encode(self._document)))
        self._lines = [self._line(triple) for triple in self._triples()]
        self._by_node: dict[str, list[_Line]] = {}
        for line in self._lines:
            for node in line.nodes():
                self._by_node.setdefault(node, []).append(line)
        self._fixed_hash = {
            node: _first_degree(node, [(line, line.text) for line in lines])
            for node, lines in self._by_node.items()
            if all(line.fixed for line in lines)
        }
        self.exact = len(set(self._fixed_hash.values())) == len(self._fixed_hash)

    def jcs(self, values: Mapping[str, Value]) -> bytes:
        """The same as :func:`jcs` of the document with these values in it."""
        return "".join(
            [piece if isinstance(piece, str) else _in_json(values[piece.slot]) for piece in self._json]
        ).encode("utf-8")

    def rdfc(self, values: Mapping[str, Value]) -> bytes:
        """The same as :func:`rdfc` of the document with these values in it."""
        try:
            return self._by_template(values)
        except _NeedsWhole:
            return rdfc(self.document(values))

    def document(self, values: Mapping[str, Value]) -> Json:
        """The document with these values in it."""
        return json.loads(self.jcs(values))

    def _by_template(self, values: Mapping[str, Value]) -> bytes:
        if not self.exact:
            raise _NeedsWhole
        middles = [line.text or _filled(line.pieces, values) for line in self._lines]
        text = dict(zip(map(id, self._lines), middles, strict=True))
        hashes = dict(self._fixed_hash)
        for node, lines in self._by_node.items():
            if node not in hashes:
                hashes[node] = _first_degree(node, [(line, text[id(line)]) for line in lines])
        ordered = sorted((digest, node) for node, digest in hashes.items())
        if len(set(hashes.values())) < len(hashes):
            raise _NeedsWhole  # RDFC-1.0, 4.8: n-degree hashes decide
        label = {node: f"_:c14n{number}" for number, (_, node) in enumerate(ordered)}
        out = {line.written(middle, label) for line, middle in zip(self._lines, middles, strict=True)}
        return "".join(sorted(out)).encode("utf-8")  # Python sorts by code point, as RDFC-1.0, 5 asks

    def _pieces(self, text: str) -> Iterator[str | _Place]:
        """Text split at its tokens."""
        for index, piece in enumerate(self._split.split(text) if self._split else [text]):
            if index % 2 == 0:
                if piece:
                    yield piece
            else:
                slot = self._slots[piece]
                yield _Place(slot, "text" if isinstance(self._tokens[slot], str) else "number")

    def _line(self, triple: dict[str, Any]) -> _Line:
        def node(end: dict[str, Any]) -> str | None:
            return end["value"] if end["type"] == "blank node" else None

        subject, object_ = triple["subject"], triple["object"]
        pieces: list[str | _Place] = []
        if node(subject) is None:
            pieces += ["<", *self._iri(subject["value"]), ">"]
        pieces += [" <", *self._iri(triple["predicate"]["value"]), "> "]
        if object_["type"] == "IRI":
            pieces += ["<", *self._iri(object_["value"]), ">"]
        elif object_["type"] == "literal":
            inside = [_escaped(piece) if isinstance(piece, str) else piece for piece in self._pieces(object_["value"])]
            kind = object_.get("datatype", _STRING)
            pieces += ['"', *inside, '"' if kind == _STRING else f'"^^<{kind}>']
        return _Line(node(subject), _joined(pieces), node(object_))

    def _iri(self, value: str) -> Iterator[str | _Place]:
        for piece in self._pieces(value):
            yield piece if isinstance(piece, str) else _Place(piece.slot, "iri")

    def _triples(self) -> list[dict[str, Any]]:
        from pyld import jsonld

        try:
            dataset = jsonld.to_rdf(self._document, _options())
        except jsonld.JsonLdError as error:
            raise ValueError(f"not a document to sign: {_cause(error)}") from error
        if set(dataset) - {"@default"}:
            raise ValueError("a form has no named graphs")
        return list(dataset.get("@default", []))


class _NeedsWhole(Exception):
    """The template cannot tell; never leaves this module."""


_STRING = "http://www.w3.org/2001/XMLSchema#string"
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def token(number: int, *, numeric: bool = False) -> Value:
    """A slot's token: text that is also part of an IRI, or an integer. Far from anything that people write."""
    return 731_946_280_000_000 + number if numeric else f"certgen-slot-{number:03d}-731946280"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _in_json(value: Value) -> str:
    """A value as JSON has it; for text, what stands between the quotation marks."""
    if isinstance(value, str):
        return _TEXT.encode(_signable(value))[1:-1]
    return _TEXT.encode(_number(value))


def _filled(pieces: tuple[str | _Place, ...], values: Mapping[str, Value]) -> str:
    out = []
    for piece in pieces:
        if isinstance(piece, str):
            out.append(piece)
            continue
        value = values[piece.slot]
        if piece.kind == "number":
            out.append(_lexical(_number(value)))  # type: ignore[arg-type]
        elif piece.kind == "iri":
            if not _PLAIN_IRI.fullmatch(str(value)):
                raise _NeedsWhole
            out.append(str(value))
        else:
            out.append(_escaped(_signable(value)))
    return "".join(out)


def _lexical(value: float) -> str:
    """JSON-LD 1.1 API, 8.6: integers as they are, other numbers as canonical xsd:double."""
    if isinstance(value, int):
        return str(value)
    mantissa, exponent = f"{value:.15E}".split("E")
    whole, part = mantissa.split(".")
    return f"{whole}.{part.rstrip('0') or '0'}E{int(exponent)}"


def _first_degree(node: str, lines: list[tuple[_Line, str]]) -> str:
    """RDFC-1.0, 4.6: the node as _:a, every other as _:z."""
    statements = []
    for line, middle in lines:
        subject = "" if line.subject is None else "_:a" if line.subject == node else "_:z"
        object_ = "" if line.object is None else "_:a" if line.object == node else "_:z"
        statements.append(f"{subject}{middle}{object_} .\n")
    return sha256("".join(sorted(statements)).encode("utf-8")).hexdigest()


def _joined(pieces: list[str | _Place]) -> tuple[str | _Place, ...]:
    out: list[str | _Place] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)
