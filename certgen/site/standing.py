"""What a site tells of an academy, read from its registry once: keys, cancelled certificates, codes, course facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec
from msgspec import Struct

from certgen.codes import LENGTH
from certgen.facts import file_name
from certgen.payload import digest, unseal
from certgen.sealed import Notice
from certgen.signing import KeyRecord, by_short
from certgen.status import place

if TYPE_CHECKING:
    from certgen.registry import Content, Held


class Records(Protocol):
    """What a site needs of a :class:`certgen.registry.Registry`."""

    def keys(self) -> list[KeyRecord]: ...
    def all(self) -> Iterator[Held]: ...
    def facts(self) -> Iterator[bytes]: ...
    def meta(self, name: str) -> str | None: ...
    def set_meta(self, name: str, value: str) -> None: ...


class Person(Struct, frozen=True, omit_defaults=True):
    """Somebody who agreed to be named in public."""

    name: str
    course: str
    award: str
    issued: str
    url: str
    expires: str | None = None


class Standing(Struct, frozen=True):
    """How an academy stands. ``cancelled``: for each status list, entry -> code and what is said of it. ``payloads``:
    by code, of all that was issued and not erased, in their order. ``facts``: by file name. ``mark`` changes whenever
    anything of it does that is published."""

    keys: tuple[KeyRecord, ...]
    cancelled: tuple[dict[int, tuple[str, Notice]], ...]
    payloads: dict[str, str]
    erased: tuple[str, ...]
    people: tuple[Person, ...]
    facts: dict[str, bytes]
    issued: int
    mark: str

    @property
    def good(self) -> list[KeyRecord]:
        """The keys that are believed."""
        return [key for key in self.keys if key.state != "compromised"]

    @property
    def stolen(self) -> list[KeyRecord]:
        return [key for key in self.keys if key.state == "compromised"]

    def honest(self) -> dict[str, list[bytes]]:
        """By each stolen key, the digests of payloads that the academy itself signed with it."""
        found: dict[str, list[bytes]] = {key.multikey: [] for key in self.stolen}
        keys = by_short(self.keys)
        for payload in self.payloads.values() if found else ():
            opened = unseal(payload, keys)
            if opened.state == "key-compromised" and opened.key:
                found[opened.key.multikey].append(digest(payload))
        return found


def standing(registry: Records, secret: bytes) -> Standing:
    """Reads the registry through."""
    keys, marks = tuple(registry.keys()), sha256()
    cancelled: list[dict[int, tuple[str, Notice]]] = [{}]
    payloads: dict[str, str] = {}
    erased: list[str] = []
    people: list[Person] = []
    issued = 0
    for row in registry.all():
        at = place(row.serial, secret)
        cancelled += [{} for _ in range(at.number + 1 - len(cancelled))]
        issued += 1
        if row.state != "issued":
            cancelled[at.number][at.entry] = (row.code, Notice(row.reason, row.replaced_by))
        if row.erased:
            erased.append(row.code)
        elif row.payload:  # a reserved one that was replaced before it was issued has none
            payloads[row.code] = row.payload
            if row.content and row.consented and row.state == "issued":
                people.append(_person(row, row.content))
        told = (row.code, row.state, row.erased, row.payload, row.reason, row.replaced_by, row.consented)
        marks.update(msgspec.json.encode(told))
    for serial in msgspec.json.decode(registry.meta(LOST) or "[]", type=list[int]):
        at = place(serial, secret)
        cancelled += [{} for _ in range(at.number + 1 - len(cancelled))]
        cancelled[at.number].setdefault(at.entry, (_NOBODY, Notice()))
    facts = {file_name(data): data for data in registry.facts()}
    marks.update(msgspec.json.encode((sorted(facts), [(key.multikey, key.state) for key in keys])))
    return Standing(
        keys, tuple(cancelled), payloads, tuple(erased), tuple(people), facts, issued, marks.hexdigest()[:32]
    )


LOST = "cancelled-lost"
"""In the registry's meta: numbers of certificates that were cancelled, and of which a registry that was rebuilt knows
nothing else (JSON)."""
_NOBODY = "0" * LENGTH  # a notice that no certificate's code opens


def _person(row: Held, content: Content) -> Person:
    expires = None if row.expires is None else row.expires.isoformat()
    return Person(content.name, content.title, row.kind, row.issued.isoformat(), row.url, expires)


# --- what is remembered of the last build and the last check ---------------------------------

BUILT, PUBLISHED = "site-built", "site-published"


class Build(Struct, frozen=True):
    """The last build. ``pages``: file -> SHA-256s of all that were built, the newest last."""

    day: date
    until: date
    folder: str
    mark: str
    codes: bool
    pages: dict[str, list[str]] = {}


class Publication(Struct, frozen=True):
    """What was live when everything agreed: on which ``day``, ``until`` when its status lists are good."""

    day: date
    until: date
    mark: str


def last_build(registry: Records) -> Build | None:
    return _remembered(registry, BUILT, Build)


def last_publication(registry: Records) -> Publication | None:
    return _remembered(registry, PUBLISHED, Publication)


def remember(registry: Records, what: Build | Publication) -> None:
    name = BUILT if isinstance(what, Build) else PUBLISHED
    registry.set_meta(name, msgspec.json.encode(what).decode("utf-8"))


T = TypeVar("T", Build, Publication)


def _remembered(registry: Records, name: str, kind: type[T]) -> T | None:
    text = registry.meta(name)
    try:
        return None if text is None else msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:  # of a later certgen: as if there were none
        return None
