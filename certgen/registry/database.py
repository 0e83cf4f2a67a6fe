"""SQLite, and nothing that another database would do alike: how the file is opened, locked, checked and cleaned.

Source: sqlite.org, "PRAGMA Statements", "Write-Ahead Logging", "How To Corrupt An SQLite Database File".
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from sqlite3 import Connection as Raw
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, Insert, Update, create_engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from certgen.errors import CertgenError, ExitCode, Problem

BUSY = 30_000  # milliseconds that SQLite waits for another's lock
CHECKPOINT = 10_000  # pages that the log holds before it is written into the file; at the end it is in any case
IMMEDIATE = {"begin": "BEGIN IMMEDIATE"}

_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_MISMATCH")
RESTORE = "Leave the file as it is and restore the registry from your last backup: certgen restore FILE"


def engine(path: Path) -> Engine:
    """Connections to one registry."""
    made = create_engine(URL.create("sqlite+pysqlite", database=str(path)))

    @event.listens_for(made, "connect")
    def _connect(raw: Raw, _: object) -> None:
        raw.isolation_level = None  # transactions begin where we say
        run = raw.execute
        run(f"PRAGMA busy_timeout = {BUSY}")
        run("PRAGMA synchronous = FULL")
        run(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        run("PRAGMA secure_delete = FAST")
        run("PRAGMA foreign_keys = ON")
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA cell_size_check = ON")

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        how = connection.get_execution_options().get("begin", "BEGIN")
        if how:
            connection.exec_driver_sql(how)

    return made


def set_journal(connection: Connection, *, shared: bool) -> None:
    """The file's way of being written, which it keeps: a write-ahead log; a rollback journal in a folder that is a
    network's or a synchroniser's, as the log needs memory that all who use it see."""
    wanted = "delete" if shared else "wal"
    if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != wanted:
        connection.exec_driver_sql(f"PRAGMA journal_mode = {wanted}")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns what the database refuses, and what makes no sense when it is read, into a Problem with exit code 6."""
    try:
        yield
    except DBAPIError as error:
        raise CertgenError(trouble(path, error)) from error
    except (msgspec.MsgspecError, zlib.error, UnicodeDecodeError) as error:
        raise CertgenError(damaged(path, f"what it holds makes no sense ({error})")) from error


class Refusing:
    """A context in which one kind of error means one problem."""

    def __init__(self, kind: type[DBAPIError], problem: Problem) -> None:
        self._kind, self._problem = kind, problem

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        if isinstance(error, self._kind):
            raise CertgenError(self._problem) from error


def trouble(path: Path, error: DBAPIError) -> Problem:
    said = str(error.orig or error)
    name = getattr(error.orig, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL"):
        message = "The registry cannot be written: the disk is full."
        return problem(path, "registry-disk-full", message, "Free some space, then run again.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        message = "The registry is held by another program."
        return problem(path, "registry-busy", message, "Wait until it has finished, then run again.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        message = f"The registry cannot be written ({said})."
        return problem(path, "registry-read-only", message, "Make certgen.db and the folder around it writable.")
    if name.startswith("SQLITE_IOERR"):
        message = f"The registry cannot be reached ({said})."
        return problem(path, "registry-unreachable", message, "Check the disk or the network, then run again.")
    if isinstance(error, OperationalError) and name and not name.startswith(_DAMAGE):
        return problem(path, "registry-unreachable", f"The registry cannot be used ({said}).", "Run again.")
    return damaged(path, said)


def damaged(path: Path, what: str) -> Problem:
    return problem(path, "registry-damaged", f"The registry is damaged: {what}.", RESTORE)


def problem(path: Path, code: str, message: str, hint: str, **where: Any) -> Problem:
    return Problem(code=code, message=message, hint=hint, file=str(path), exit_code=ExitCode.REGISTRY, **where)


def quick_check(connection: Connection, *, whole: bool = False) -> list[str]:
    """What SQLite itself finds wrong with its file; ``whole`` compares the indexes with the rows too."""
    try:
        rows = connection.exec_driver_sql(f"PRAGMA {'integrity_check' if whole else 'quick_check'}(20)").scalars()
        return [str(row) for row in rows if row != "ok"]
    except DatabaseError as error:
        return [str(error.orig or error)]


def shape(connection: Connection) -> str:
    """A digest of how the tables were made, which SQLite keeps as text and does not check."""
    said = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    return sha256(repr([tuple(row) for row in said]).encode()).hexdigest()


def many(connection: Connection, statement: Insert | Update, names: Sequence[str], values: Iterable[Any]) -> None:
    """One statement for many rows, compiled once: SQLAlchemy's own way takes longer than the database does. ``names``:
    what to take of each row, in the order of the statement's parameters."""
    compiled = statement.compile(dialect=connection.dialect)
    assert compiled.positional
    pick = itemgetter(*names)
    connection.exec_driver_sql(str(compiled), [pick(row) for row in values])


@contextmanager
def outside(made: Engine) -> Iterator[Connection]:
    """A connection outside of any transaction."""
    with made.connect().execution_options(begin="") as connection:
        yield connection


def blank(fill: Callable[[Connection], None]) -> bytes:
    """A new database as bytes."""
    made = create_engine("sqlite://")
    with made.begin() as connection:
        fill(connection)
    with made.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        data: bytes = raw.serialize()
    made.dispose()
    return data


def copy(made: Engine, path: Path) -> None:
    """By SQLite's own backup, which takes no half of a transaction."""
    with outside(made) as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        other = sqlite3.connect(path)
        try:
            raw.backup(other)
            other.execute("PRAGMA journal_mode = DELETE").fetchall()
        finally:
            other.close()


def scrub(made: Engine) -> None:
    """Nothing of what was deleted stays in the file or in its log."""
    with outside(made) as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("PRAGMA secure_delete = FAST")
