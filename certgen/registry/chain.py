"""History: a chain of events, each sealed with the one before.

An event's hash is SHA-256 over the JSON of [seq, at, who, machine, kind, facts], the digests of its notes in order, the
digest of its seals and the hash before. ``facts`` hold nobody's personal data; what may have to be erased is a note, of
which the chain covers SHA-256(salt + note) only. ``seals`` say what each row that the event touched was like afterwards
(a row's digest), so that a row which was edited behind certgen's back is found, and an erased one is not an error.
"""

from __future__ import annotations

import getpass
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from certgen.names import folded
from certgen.registry import database, tables
from certgen.registry.rows import SALT, Event, new_salt

START = bytes(32)  # before the first event
HEAD = "head"  # in meta: the hash of the last event

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.decode


def now() -> datetime:
    return datetime.now(UTC)


def who() -> str:
    """The name of the account that runs certgen."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return "unknown"


def append(
    connection: Connection,
    kind: str,
    facts: Mapping[str, Any],
    notes: Iterable[tuple[str, Any]] = (),
    seals: Iterable[tuple[int, bytes]] = (),
) -> int:
    """One more event; its number. ``notes`` are (key, value); ``seals`` are (serial, digest)."""
    last = connection.execute(
        select(tables.events.c.seq, tables.events.c.hash).order_by(tables.events.c.seq.desc()).limit(1)
    ).first()
    seq, prev = (last.seq + 1, last.hash) if last else (1, START)
    stored: list[dict[str, Any]] = []
    for place, note in enumerate(notes):
        salt, data = new_salt(), _encode(note)
        stored.append(
            {"event": seq, "place": place, "digest": sha256(salt + data).digest(), "salt": salt, "data": data}
        )
    sealed = sorted(seals)
    event: dict[str, Any] = {
        "seq": seq,
        "at": f"{now():%Y-%m-%dT%H:%M:%SZ}",
        "who": who(),
        "machine": platform.node(),
        "kind": kind,
        "facts": _encode(facts).decode("utf-8"),
        "seals": sealed_digest(sealed),
        "prev": prev,
    }
    event["hash"] = event_hash(event, [note["digest"] for note in stored])
    connection.execute(insert(tables.events), [event])
    if stored:
        connection.execute(insert(tables.notes), stored)
    if sealed:
        rows = [{"event": seq, "serial": serial, "digest": digest} for serial, digest in sealed]
        database.many(connection, insert(tables.seals), tables.seals.c.keys(), rows)
    set_meta(connection, HEAD, event["hash"].hex())
    return seq


def sealed_digest(seals: Iterable[tuple[int, bytes]]) -> bytes:
    return sha256(b"".join(b"%d:%b" % (serial, digest) for serial, digest in seals)).digest()


def event_hash(event: Mapping[str, Any], notes: Iterable[bytes]) -> bytes:
    told = _encode([event[name] for name in ("seq", "at", "who", "machine", "kind", "facts")])
    return sha256(b"%d:%b%b%b%b" % (len(told), told, b"".join(notes), event["seals"], event["prev"])).digest()


def history(connection: Connection) -> Iterator[Event]:
    """All events, the first first."""
    found: dict[int, dict[str, Any]] = {}
    for note in connection.execute(select(tables.notes).order_by(tables.notes.c.event, tables.notes.c.place)):
        if note.data is not None:
            key, value = _decode(note.data)
            there = found.setdefault(note.event, {})
            if isinstance(value, list):  # one of several: each can be erased alone
                there.setdefault(key, []).append(value if len(value) > 1 else value[0])
            else:
                there[key] = value
    for event in connection.execute(select(tables.events).order_by(tables.events.c.seq)):
        details = _decode(event.facts) | found.get(event.seq, {})
        yield Event(event.seq, event.at, event.who, event.machine, event.kind, details, event.hash.hex())


def faults(connection: Connection) -> list[str]:
    """Where history is not what was written: in words, with the number of the event."""
    try:
        return _faults(connection)
    except (TypeError, ValueError, AttributeError) as error:  # a value of another kind than was written
        return [f"its history makes no sense ({error})"]


def _faults(connection: Connection) -> list[str]:
    said = []
    notes: dict[int, list[bytes]] = {}
    for note in connection.execute(select(tables.notes).order_by(tables.notes.c.event, tables.notes.c.place)):
        notes.setdefault(note.event, []).append(note.digest)
        if note.salt is None:
            if note.data is not None:
                said.append(f"a note of event {note.event} has no salt")
        elif note.data is None or len(note.salt) != SALT or sha256(note.salt + note.data).digest() != note.digest:
            said.append(f"a note of event {note.event} was altered")
    seals: dict[int, list[tuple[int, bytes]]] = {}
    for seal in connection.execute(select(tables.seals).order_by(tables.seals.c.event, tables.seals.c.serial)):
        seals.setdefault(seal.event, []).append((seal.serial, seal.digest))
    prev, seq = START, 0
    for row in connection.execute(select(tables.events).order_by(tables.events.c.seq)):
        event = dict(row._mapping)
        seq += 1
        if event["seq"] != seq:
            said.append(f"event {seq} is missing")
            seq = event["seq"]
        if sealed_digest(seals.pop(seq, ())) != event["seals"]:
            said.append(f"the list of certificates of event {seq} was altered")
        if event["prev"] != prev or event_hash(event, notes.pop(seq, ())) != event["hash"]:
            said.append(f"event {seq} ({event['kind']}, {event['at']}) was altered")
        prev = event["hash"]
    head = meta(connection, HEAD)
    if head != (prev.hex() if seq else None):
        said.append("the last events are missing")
    said += [f"there are notes of event {number}, which is missing" for number in notes]
    said += [f"there are certificates of event {number}, which is missing" for number in seals]
    return said


def latest_seals(connection: Connection) -> dict[int, bytes]:
    """What each row was like when an event last touched it: serial -> digest."""
    last = select(tables.seals.c.serial, func.max(tables.seals.c.event).label("event")).group_by(tables.seals.c.serial)
    at = last.subquery()
    rows = connection.execute(
        select(tables.seals.c.serial, tables.seals.c.digest).join(
            at, (tables.seals.c.serial == at.c.serial) & (tables.seals.c.event == at.c.event)
        )
    )
    return {row.serial: row.digest for row in rows}


# --- meta ----------------------------------------------------------------------------------------


def meta(connection: Connection, name: str) -> str | None:
    return connection.execute(select(tables.meta.c.value).where(tables.meta.c.name == name)).scalar()


def set_meta(connection: Connection, name: str, value: str) -> None:
    done = connection.execute(update(tables.meta).where(tables.meta.c.name == name).values(value=value))
    if not done.rowcount:
        connection.execute(insert(tables.meta).values(name=name, value=value))


# --- erasing -------------------------------------------------------------------------------------


def forget(connection: Connection, names: set[str]) -> list[tuple[int, int]]:
    """Notes in which one of these folded names occurs are erased; which they were, as (event, place)."""
    wanted = [words for name in names if (words := _words(name))]
    gone = []
    for note in connection.execute(select(tables.notes).where(tables.notes.c.salt.is_not(None))):
        there = _words(folded(" ".join(_texts(_decode(note.data)))))
        if any(name <= there for name in wanted):
            gone.append((note.event, note.place))
    for event, place in gone:
        connection.execute(
            update(tables.notes)
            .where(tables.notes.c.event == event, tables.notes.c.place == place)
            .values(salt=None, data=None)
        )
    return gone


def _words(name: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", name))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
