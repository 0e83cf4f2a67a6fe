"""What the registry holds, as values, and how a row is sealed.

A row has a public part, which says that something was issued and what became of it, and a private part, which says
to whom. The private part is kept with a salt of 16 random bytes; *sealed* is SHA-256(salt + private part), and the
row's *digest* is SHA-256(public part + sealed). Private part and salt can be erased: sealed and digest stay, and nobody
can guess a name from them. History holds the digest of every state that a row has been in (see :mod:`.chain`).
"""

from __future__ import annotations

import os
import zlib
from datetime import date
from decimal import Decimal
from hashlib import sha256
from operator import itemgetter
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen.model import AwardKind, Recipient

State = Literal["reserved", "issued", "replaced", "revoked"]
By = Literal["id", "email", "name"]
MatchKind = Literal["new", "unfinished", "unchanged", "changed", "other-email", "other-name"]

SALT = 16  # bytes


# --- what the registry is asked, and what it answers ---------------------------------------------


class Content(Struct, frozen=True):
    """What a certificate says. Two of one person with equal content are the same certificate."""

    name: str
    number: str | None
    course: str
    title: str
    award: str
    hours: Decimal | None
    start: date | None
    end: date | None
    grade: str | None
    expires: date | None


class Wanted(Struct, frozen=True):
    """One certificate that a roster asks for. ``person`` says who, in which run: ``credential.code(course.code,
    course.start, identity, secret, 0)``; ``by``: what that identity rests on; ``run`` groups one run of one course."""

    person: str
    by: By
    run: str
    content: Content
    recipient: Recipient
    language: str
    award: int
    kind: AwardKind
    consented: bool = False


class Held(Struct, frozen=True):
    """A row of the registry. ``content`` and ``recipient`` are None once erased; then ``file``, ``folder``, ``payload``
    and ``badge`` are empty too. ``deflated`` is the badge as it is kept."""

    serial: int
    code: str
    person: str
    revision: int
    run: str
    by: By
    state: State
    content: Content | None
    recipient: Recipient | None
    language: str
    award: int
    kind: AwardKind
    issued: date
    expires: date | None
    url: str
    setting: str  # digest of the Setting that it was made from
    file: str
    folder: str
    sha256: str
    payload: str
    deflated: bytes
    replaced_by: str | None = None
    reason: str | None = None
    ended: date | None = None
    consented: bool = False
    erased: bool = False

    @property
    def badge(self) -> bytes:
        """The signed JSON."""
        return zlib.decompress(self.deflated) if self.deflated else b""


class Match(Struct, frozen=True):
    """What the registry knows of a person that a roster asks for.

    ``differences``: (field, before, now), in words. A revoked certificate counts as changed: its state is one of the
    differences. ``other-email``: nobody of that identity, but in the same run someone of that name whose own identity
    is not on the roster any more; ``current`` is that row. ``other-name``: the same of a name that is spelt a little
    otherwise, where both are known by their names alone.
    """

    kind: MatchKind
    current: Held | None = None
    differences: tuple[tuple[str, str, str], ...] = ()


class Ask(Struct, frozen=True):
    """One certificate to be reserved. ``replace``: it takes the place of the match's current one. ``file``: where the
    file will be, if the caller knows already."""

    wanted: Wanted
    match: Match
    replace: bool = False
    file: str = ""


class Reserved(Struct, frozen=True):
    """Certain, whatever happens next: nobody else gets this serial number or this code."""

    serial: int
    code: str
    revision: int


class Done(Struct, frozen=True):
    """What became of a reserved one. ``badge``: the signed JSON, or that deflated (zlib)."""

    serial: int
    file: str
    folder: str
    sha256: str
    payload: str
    badge: bytes


class Batch(Struct, frozen=True):
    """A batch as history tells it. ``not_awarded``: names and reasons; ``overrides``: what was decided, and why."""

    roster: str
    roster_sha256: str
    course: str
    not_awarded: tuple[tuple[str, str], ...] = ()
    overrides: tuple[str, ...] = ()


class Event(Struct, frozen=True):
    """An entry of history. ``at``: UTC, to the second; ``details`` lacks what was erased."""

    seq: int
    at: str
    who: str
    machine: str
    kind: str
    details: dict[str, Any]
    hash: str


# --- rows ----------------------------------------------------------------------------------------


class Private(Struct, frozen=True, omit_defaults=True):
    """The part of a row that erasing takes away."""

    content: Content
    recipient: Recipient
    file: str = ""
    folder: str = ""
    payload: str = ""
    reason: str | None = None


Row = dict[str, Any]
"""A row as the database has it: column -> value."""

PUBLIC = (
    *("serial", "code", "person", "revision", "run", "by", "state", "language", "award", "kind", "issued", "expires"),
    *("prefix", "setting", "sha256", "replaced_by", "replaces", "ended", "consented"),
)
"""The columns that a digest covers as they stand, in this order."""

COLUMNS = (*PUBLIC, "private", "badge", "salt", "sealed", "digest")

_public = itemgetter(*PUBLIC)
_KINDS = {str, int, type(None)}  # an empty text and no bytes would be one in JSON
_encode = msgspec.json.Encoder().encode
_private = msgspec.json.Decoder(Private).decode


def new_salt() -> bytes:
    return os.urandom(SALT)


def seal(row: Row) -> None:
    """Sets a row's ``sealed`` and ``digest`` from the rest of it. An erased row keeps its ``sealed``."""
    if row["salt"] is not None:
        row["sealed"] = _sealed(row["salt"], row["private"], row["badge"])
    row["digest"] = digest(row)


def _sealed(salt: bytes, private: bytes, badge: bytes | None) -> bytes:
    return sha256(b"%b%d:%b%b" % (salt, len(private), private, badge or b"")).digest()


def digest(row: Row) -> bytes:
    """A row's digest, made anew from its public columns and ``sealed``."""
    return sha256(_encode(_public(row)) + row["sealed"]).digest()


def sound(row: Row) -> bool:
    """Whether a row is as it was sealed."""
    try:
        if row["salt"] is None:
            if row["private"] is not None or row["badge"] is not None:
                return False
        elif _sealed(row["salt"], row["private"], row["badge"]) != row["sealed"]:
            return False
        kinds = set(map(type, _public(row)))
        return kinds <= _KINDS and bool(digest(row) == row["digest"])
    except (TypeError, ValueError):  # a column of another type than was written
        return False


def private_of(wanted: Wanted, file: str, folder: str) -> bytes:
    """The letters of the roster's columns mean nothing without the roster."""
    return _encode(Private(wanted.content, replace(wanted.recipient, letters={}), file, folder))


def opened(row: Row) -> Private | None:
    """The private part; None once erased."""
    return None if row["private"] is None else _private(row["private"])


def closed(private: Private) -> bytes:
    return _encode(private)


def packed(badge: bytes) -> bytes:
    """JSON, deflated; what is deflated already stays as it is."""
    return zlib.compress(badge, 6) if badge[:1] == b"{" else badge


def held(row: Row) -> Held:
    """A row as a value. Its digest must have been checked (:func:`sound`)."""
    private = opened(row)
    payload = private.payload if private else ""
    return Held(
        serial=row["serial"],
        code=row["code"],
        person=row["person"],
        revision=row["revision"],
        run=row["run"],
        by=row["by"],
        state=row["state"],
        content=private.content if private else None,
        recipient=private.recipient if private else None,
        language=row["language"],
        award=row["award"],
        kind=row["kind"],
        issued=date.fromisoformat(row["issued"]),
        expires=day(row["expires"]),
        url=row["prefix"] + (payload or row["code"]),
        setting=row["setting"],
        file=private.file if private else "",
        folder=private.folder if private else "",
        sha256=row["sha256"],
        payload=payload,
        deflated=row["badge"] or b"",
        replaced_by=row["replaced_by"],
        reason=private.reason if private else None,
        ended=day(row["ended"]),
        consented=bool(row["consented"]),
        erased=private is None,
    )


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
