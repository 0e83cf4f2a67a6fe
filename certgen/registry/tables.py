"""The registry's tables, and the steps from one version of them to the next.

Days are ISO 8601 text. ``credentials`` has a row for each certificate and is never shortened; ``events`` is history,
``seals`` what each event left a row as, ``notes`` the parts of an event that may be erased, ``blobs`` files by their
SHA-256, deflated; ``outbox`` has a row for each message to somebody.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, MetaData, String, Table, text

SCHEMA = 2

metadata = MetaData()

meta = Table("meta", metadata, Column("name", String, primary_key=True), Column("value", String, nullable=False))

_ISSUED = text("state = 'issued'")

credentials = Table(
    "credentials",
    metadata,
    Column("serial", Integer, primary_key=True, autoincrement=False),  # its number in the status lists; from 0
    Column("code", String, nullable=False, unique=True),
    Column("person", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("run", String, nullable=False, index=True),
    Column("by", String, nullable=False),
    Column("state", String, nullable=False),
    Column("language", String, nullable=False),
    Column("award", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("issued", String, nullable=False),
    Column("expires", String),
    Column("prefix", String, nullable=False),  # of its address
    Column("setting", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("replaced_by", String),
    Column("replaces", Integer),  # another person's row: the same person under another identity
    Column("ended", String),
    Column("consented", Integer, nullable=False),
    Column("private", LargeBinary),
    Column("badge", LargeBinary),
    Column("salt", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Index("one_revision", "person", "revision", unique=True),
    Index("one_issued", "person", unique=True, sqlite_where=_ISSUED, postgresql_where=_ISSUED),
)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("who", String, nullable=False),
    Column("machine", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("facts", String, nullable=False),  # JSON; nobody's personal data
    Column("seals", LargeBinary, nullable=False),  # SHA-256 of the event's seals, in order
    Column("prev", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

seals = Table(
    "seals",
    metadata,
    Column("event", Integer, primary_key=True, autoincrement=False),
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

notes = Table(
    "notes",
    metadata,
    Column("event", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256(salt + data)
    Column("salt", LargeBinary),
    Column("data", LargeBinary),  # JSON: [key, value]
)

blobs = Table(
    "blobs", metadata, Column("digest", String, primary_key=True), Column("data", LargeBinary, nullable=False)
)

settings = Table(
    "settings", metadata, Column("digest", String, primary_key=True), Column("data", LargeBinary, nullable=False)
)

facts = Table(
    "facts",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("digest", String, nullable=False, unique=True),
)

keys = Table(
    "keys",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("multikey", String, nullable=False, unique=True),
    Column("made", String, nullable=False),
    Column("state", String, nullable=False),
    Column("since", String),
    Column("made_on", String, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("purpose", String, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("state", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("not_before", String),
    Column("run", String),  # that is sending it, or was when it was killed
    Column("address", String),
    Column("words", String),
    Column("digest", LargeBinary, nullable=False),  # of the other columns, without run
    sqlite_with_rowid=False,
)

MIGRATIONS: dict[int, Callable[[Connection], None]] = {1: outbox.create}
"""From a version of the tables to the next; each runs in one transaction with the note that it was done."""
