"""What the registry keeps besides certificates: settings with their files, course facts, keys."""

from __future__ import annotations

import zlib
from datetime import date
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update

from certgen.errors import CertgenError
from certgen.registry import chain, database, tables
from certgen.registry.shelf import Shelf
from certgen.registry.snapshot import Setting, files
from certgen.signing import KeyRecord, KeyState

# --- settings --------------------------------------------------------------------------------------


def has_setting(shelf: Shelf, digest: str) -> bool:
    query = select(tables.settings.c.digest).where(tables.settings.c.digest == digest)
    return shelf.connection.execute(query).scalar() is not None


def keep_setting(shelf: Shelf, setting: Setting) -> None:
    for name, data in setting.blobs.items():
        shelf.keep_blob(name, data)
    packed = zlib.compress(setting.data, 6)
    shelf.connection.execute(insert(tables.settings).values(digest=setting.digest, data=packed))


def setting(shelf: Shelf, digest: str) -> Setting:
    """Raises KeyError."""
    query = select(tables.settings.c.data).where(tables.settings.c.digest == digest)
    packed = shelf.connection.execute(query).scalar()
    if packed is None:
        raise KeyError(digest)
    data = shelf.unpacked(digest, packed)
    return Setting(data, {name: shelf.blob(name) for name in dict.fromkeys(files(data))})


# --- course facts ----------------------------------------------------------------------------------


def has_facts(shelf: Shelf, digest: str) -> bool:
    query = select(tables.facts.c.digest).where(tables.facts.c.digest == digest)
    return shelf.connection.execute(query).scalar() is not None


def keep_facts(shelf: Shelf, data: bytes) -> None:
    digest = sha256(data).hexdigest()
    shelf.keep_blob(digest, data)
    place = shelf.connection.execute(select(func.count()).select_from(tables.facts)).scalar()
    shelf.connection.execute(insert(tables.facts).values(place=place, digest=digest))


def facts(shelf: Shelf) -> list[str]:
    """The digests of all, the first first."""
    return list(shelf.connection.execute(select(tables.facts.c.digest).order_by(tables.facts.c.place)).scalars())


# --- keys ------------------------------------------------------------------------------------------


def keys(shelf: Shelf) -> list[KeyRecord]:
    """Raises :class:`CertgenError` where they are not what history says: a compromised key must not become a good one
    by a flipped bit."""
    found = sound_keys(shelf)
    if found is None:
        raise CertgenError(database.damaged(shelf.path, "the list of keys was altered"))
    return found


def sound_keys(shelf: Shelf) -> list[KeyRecord] | None:
    """None where they are not what history says."""
    told: dict[str, dict[str, Any]] = {}
    query = select(tables.events.c.facts).where(tables.events.c.kind == "key").order_by(tables.events.c.seq)
    for text in shelf.connection.execute(query).scalars():
        said = msgspec.json.decode(text, type=dict[str, Any])
        told.setdefault(said["multikey"], {}).update(said)
    found = shelf.connection.execute(select(tables.keys).order_by(tables.keys.c.place)).mappings()
    there = [{name: row[name] for name in KeyRecord.__struct_fields__} for row in found]
    if there != list(told.values()):
        return None
    return [msgspec.convert(key, KeyRecord) for key in there]


def add_key(shelf: Shelf, key: KeyRecord) -> None:
    values = msgspec.to_builtins(key)
    place = shelf.connection.execute(select(func.count()).select_from(tables.keys)).scalar()
    shelf.connection.execute(insert(tables.keys).values(place=place, **values))
    chain.append(shelf.connection, "key", values)


def change_key(shelf: Shelf, multikey: str, state: KeyState, since: date | None) -> None:
    """Raises KeyError."""
    values = {"state": state, "since": since.isoformat() if since else None}
    done = shelf.connection.execute(update(tables.keys).where(tables.keys.c.multikey == multikey).values(**values))
    if not done.rowcount:
        raise KeyError(multikey)
    chain.append(shelf.connection, "key", {"multikey": multikey, **values})
