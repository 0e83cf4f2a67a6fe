"""Rows in the database: read and checked, sealed and written, many at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from certgen.errors import CertgenError, Problem
from certgen.registry import chain, database, rows, tables
from certgen.registry.rows import Row

CREDENTIALS = tables.credentials
MANY = 500  # values in one query, rows in one piece
NEXT = "next-serial"  # in meta: numbers below are not given any more


class Shelf:
    """The rows of one registry within one transaction. Whatever is read was checked: a row that is not as it was sealed
    raises :class:`CertgenError`, so that none is ever sealed again as something else."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self.connection, self.path = connection, path

    def fetch(self, query: Select[Any]) -> Iterator[Row]:
        """Of a query for whole rows, in order of serial."""
        found = self.connection.execute(query.order_by(CREDENTIALS.c.serial))
        names = tuple(found.keys())
        for each in found.yield_per(MANY):
            row: Row = dict(zip(names, each, strict=True))
            if not rows.sound(row):
                raise CertgenError(altered(self.path, row))
            yield row

    def where(self, *conditions: Any) -> list[Row]:
        return list(self.fetch(select(CREDENTIALS).where(*conditions)))

    def by_serial(self, serials: Iterable[int]) -> list[Row]:
        """In order of serial, each once; those that are not there are left out."""
        wanted = sorted(set(serials))
        return [row for some in pieces(wanted) for row in self.where(CREDENTIALS.c.serial.in_(some))]

    def next_serial(self) -> int:
        """Never one that was given before; a registry that was rebuilt leaves some out that may have been."""
        last = self.connection.execute(select(func.max(CREDENTIALS.c.serial))).scalar()
        free = int(chain.meta(self.connection, NEXT) or 0)
        return max(free, 0 if last is None else last + 1)

    def revisions(self, people: Iterable[str]) -> dict[str, int]:
        """The highest revision of each person who has a row."""
        found: dict[str, int] = {}
        query = select(CREDENTIALS.c.person, func.max(CREDENTIALS.c.revision)).group_by(CREDENTIALS.c.person)
        for some in pieces(people):
            for person, top in self.connection.execute(query.where(CREDENTIALS.c.person.in_(some))):
                found[person] = top
        return found

    def add(self, new: Sequence[Row]) -> None:
        """New rows, sealed already."""
        if new:
            with self._nobody_else():
                database.many(self.connection, insert(CREDENTIALS), CREDENTIALS.c.keys(), new)

    def write(self, changed: Sequence[Row], columns: Sequence[str] = rows.COLUMNS) -> None:
        """Seals rows and writes these columns of them."""
        for row in changed:
            rows.seal(row)
        if changed:
            written = {*columns, "sealed", "digest"} - {"serial"}
            names = [column.name for column in CREDENTIALS.c if column.name in written]  # SQLAlchemy's order
            values: dict[Any, Any] = {name: bindparam(f"new_{name}") for name in names}
            statement = update(CREDENTIALS).where(CREDENTIALS.c.serial == bindparam("new_serial")).values(values)
            with self._nobody_else():
                database.many(self.connection, statement, (*names, "serial"), changed)

    def _nobody_else(self) -> database.Refusing:
        return database.Refusing(IntegrityError, meanwhile(self.path))

    # --- files, by digest --------------------------------------------------------------------

    def keep_blob(self, digest: str, data: bytes) -> None:
        there = select(tables.blobs.c.digest).where(tables.blobs.c.digest == digest)
        if not self.connection.execute(there).scalar():
            self.connection.execute(insert(tables.blobs).values(digest=digest, data=zlib.compress(data, 6)))

    def blob(self, digest: str) -> bytes:
        """Raises :class:`CertgenError` for one that is missing or was altered."""
        packed = self.connection.execute(select(tables.blobs.c.data).where(tables.blobs.c.digest == digest)).scalar()
        if packed is None:
            raise CertgenError(database.damaged(self.path, f"a file that it keeps is missing ({digest[:12]})"))
        return self.unpacked(digest, packed)

    def unpacked(self, digest: str, packed: bytes) -> bytes:
        try:
            data = zlib.decompress(packed)
        except zlib.error:
            data = b""
        if sha256(data).hexdigest() != digest:
            raise CertgenError(database.damaged(self.path, f"a file that it keeps was altered ({digest[:12]})"))
        return data


def altered(path: Path, row: Row) -> Problem:
    return database.damaged(path, f"the row of certificate {row['code']} was altered")


def meanwhile(path: Path) -> Problem:
    return database.problem(path, "registry-changed", "Another batch has changed the registry meanwhile.", "Run again.")


def pieces(values: Iterable[Any]) -> Iterator[list[Any]]:
    """In pieces that a query can hold."""
    rest = iter(values)
    while some := list(islice(rest, MANY)):
        yield some
