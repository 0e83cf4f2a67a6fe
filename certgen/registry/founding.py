"""A new registry: the file appears whole, for its owner only; git ignores it, and what lies beside it at times."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sqlalchemy import Connection

from certgen.errors import CertgenError
from certgen.guarded import write_new
from certgen.registry import chain, checking, database, tables
from certgen.registry.lease import Lease

SHARED = "shared"  # in meta: used over a network, or synchronised, at least once


def found(path: Path, *, shared: bool) -> None:
    """Makes a registry where there is none. Raises OSError and :class:`CertgenError`."""
    lease = Lease(path, shared=shared)
    lease.take()
    try:
        tidy(path)
        if not path.exists():  # nobody was quicker
            place = Path(tempfile.mkdtemp(prefix=f"{path.name}-new-", dir=path.parent))
            write_new(place / path.name, database.blank(lambda connection: _fill(connection, shared)))
            (place / path.name).rename(path)
            shutil.rmtree(place)
        ignore = path.with_name(".gitignore")
        listed = ignore.read_text(encoding="utf-8").splitlines() if ignore.exists() else []
        wanted = [name for name in (path.name, f"{path.name}-*") if name not in listed]
        if wanted:
            ignore.write_text("\n".join([*listed, *wanted, ""]), encoding="utf-8")
    finally:
        lease.give_back()


def _fill(connection: Connection, shared: bool) -> None:
    tables.metadata.create_all(connection)
    note(connection, shared=shared, new=True)


def version(connection: Connection, path: Path) -> int:
    """Of its tables. Raises :class:`CertgenError` where there are none, and for those of a newer certgen."""
    said = chain.meta(connection, "schema") if connection.dialect.has_table(connection, "meta") else None
    if said is None or not said.isdigit():
        raise CertgenError(database.damaged(path, "it is not a registry, or not a whole one"))
    if int(said) > tables.SCHEMA:
        message = "The registry was written by a newer certgen."
        hint = "Update certgen here: pip install --upgrade certgen"
        raise CertgenError(database.problem(path, "registry-newer", message, hint))
    return int(said)


def stepped_up(connection: Connection, path: Path) -> bool:
    """Brings the tables to today's version; whether there was anything to do. Tables that are not as they were made are
    left alone: their new note would say that all is well."""
    was = version(connection, path)
    shape = chain.meta(connection, checking.SHAPE)
    if was < tables.SCHEMA and shape not in (None, database.shape(connection)):
        raise CertgenError(database.damaged(path, "its tables are not as they were made"))
    for step in range(was, tables.SCHEMA):
        tables.MIGRATIONS[step](connection)
    return was < tables.SCHEMA


def note(connection: Connection, *, shared: bool, new: bool) -> None:
    """What a registry says of itself. ``new``: its tables are, or were changed."""
    chain.set_meta(connection, "schema", str(tables.SCHEMA))
    if new:
        chain.set_meta(connection, checking.SHAPE, database.shape(connection))
    if shared:
        chain.set_meta(connection, SHARED, "yes")


def tidy(path: Path) -> None:
    """What one left who was killed while he made the registry. Only for who has the lease."""
    for left in path.parent.glob(f"{path.name}-new-*"):
        shutil.rmtree(left, ignore_errors=True)
