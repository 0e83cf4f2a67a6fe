"""Is the registry what was written into it? Everything is made anew from the bottom: SQLite's own structure, the chain
of history, each row against what history says of it, each file against its digest. Nothing is mended."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import Connection, select

from certgen.errors import CertgenError, Problem
from certgen.guarded import loose_mode
from certgen.registry import chain, database, keeping, outbox, rows, tables
from certgen.registry.rows import Event, Row
from certgen.registry.shelf import CREDENTIALS, Shelf, altered
from certgen.registry.snapshot import files

SHAPE = "shape"  # in meta: a digest of how the tables were made


def check(connection: Connection, path: Path) -> list[Problem]:
    """Errors for what is not as it was written, the first twenty of a kind."""
    broken = database.quick_check(connection, whole=True)
    if broken:  # nothing that is read from such a file can be trusted
        return [database.damaged(path, fault) for fault in broken]
    try:
        return _contents(connection, path)
    except (TypeError, ValueError, KeyError, AttributeError) as error:  # a value of another kind than was written
        return [database.damaged(path, f"what it holds makes no sense ({error})")]


def _contents(connection: Connection, path: Path) -> list[Problem]:
    shape = chain.meta(connection, SHAPE)
    if shape is not None and shape != database.shape(connection):
        return [database.damaged(path, "its tables are not as they were made")]
    found = [database.damaged(path, fault) for fault in chain.faults(connection)[:20]]
    if found:
        return found
    events = list(chain.history(connection))
    found += list(_rows(connection, path, events))[:20]
    found += [database.damaged(path, fault) for fault in _kept(Shelf(connection, path))][:20]
    found += [database.damaged(path, fault) for fault in outbox.faults(connection)][:20]
    return found


def _rows(connection: Connection, path: Path, events: list[Event]) -> Iterator[Problem]:
    seals = chain.latest_seals(connection)
    erased = {serial for event in events if event.kind == "erased" for serial in event.details["serials"]}
    adopted = any(event.kind == "adopted" for event in events)
    settings = set(connection.execute(select(tables.settings.c.digest)).scalars())
    codes: set[str] = set()
    pointers: list[Row] = []
    expected = 0
    for each in connection.execute(select(CREDENTIALS).order_by(CREDENTIALS.c.serial)).yield_per(500):
        row: Row = dict(each._mapping)
        sealed = seals.pop(row["serial"], None)
        codes.add(row["code"])
        told = row["state"] != "reserved"
        if not rows.sound(row) or (sealed != row["digest"] if told or sealed else False):
            yield altered(path, row)
        elif row["salt"] is None and row["serial"] not in erased:
            yield database.damaged(path, f"the row of certificate {row['code']} was emptied, and not by certgen")
        elif told and row["setting"] and row["setting"] not in settings:
            yield database.damaged(path, f"what certificate {row['code']} was made from is missing")
        if row["serial"] != expected and not adopted:
            yield database.damaged(path, f"row {expected} is missing")
        expected = row["serial"] + 1
        if row["replaced_by"]:
            pointers.append(row)
    for serial in sorted(seals):
        yield database.damaged(path, f"row {serial} is missing")
    for row in pointers:
        if row["replaced_by"] not in codes and not adopted:
            message = f"certificate {row['code']} was replaced by {row['replaced_by']}, which is missing"
            yield database.damaged(path, message)


def _kept(shelf: Shelf) -> Iterator[str]:
    connection = shelf.connection
    there: set[str] = set()
    for row in connection.execute(select(tables.blobs)).yield_per(50):
        there.add(row.digest)
        if not _is(row.digest, row.data):
            yield f"a file that it keeps was altered ({row.digest[:12]})"
    for row in connection.execute(select(tables.settings)):
        if not _is(row.digest, row.data):
            yield f"a setting was altered ({row.digest[:12]})"
            continue
        try:
            needed = set(files(zlib.decompress(row.data)))
        except CertgenError as error:
            yield error.problems[0].message
        else:
            if needed - there:
                yield f"a setting lacks a file ({row.digest[:12]})"
    yield from (f"a file of course facts is missing ({digest[:12]})" for digest in set(keeping.facts(shelf)) - there)
    if keeping.sound_keys(shelf) is None:
        yield "the list of keys was altered"


def _is(digest: str, packed: bytes) -> bool:
    try:
        return sha256(zlib.decompress(packed)).hexdigest() == digest
    except zlib.error:
        return False


def surroundings(path: Path, unfinished: int) -> list[Problem]:
    """Warnings: what is not wrong in the file but should be seen to."""
    found = []
    loose = loose_mode(path)
    if loose is not None:
        message = f"The registry may be read by others on this computer (its mode is {loose})."
        found.append(database.problem(path, "registry-loose", message, f"Run: chmod 600 “{path}”"))
    copies = sorted(other.name for other in path.parent.glob(f"{path.stem}?*{path.suffix}"))
    if copies:
        message = f"There are other registries in the folder: {', '.join(copies[:3])}."
        hint = (
            "A synchroniser makes such copies when two computers write at once. Keep this one; look into the others "
            "for what it lacks, then move them away."
        )
        found.append(database.problem(path, "registry-copies", message, hint))
    if unfinished:
        what = "1 certificate was" if unfinished == 1 else f"{unfinished} certificates were"
        message = f"{what} begun and never finished: certgen was stopped on the way."
        found.append(database.problem(path, "registry-unfinished", message, "Run the same batch again: it goes on."))
    return [replace(problem, severity="warning") for problem in found]
