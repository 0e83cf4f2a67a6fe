"""The registry itself: a file, what may be asked of it, and what may be written into it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, Select, bindparam, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from certgen.errors import CertgenError, Problem
from certgen.guarded import loose_mode, why, write_new
from certgen.names import folded
from certgen.registry import chain, database, rows, tables
from certgen.registry.lease import Lease
from certgen.registry.matching import matches
from certgen.registry.rows import Ask, Batch, Done, Event, Held, Match, Reserved, Row, State, Wanted
from certgen.registry.snapshot import Setting, files
from certgen.signing import KeyRecord

FILE = "certgen.db"
_MANY = 500  # values in one query
_REMEMBERED = 10_000  # rows, about a kilobyte each
_OUTCOME = ("serial", "state", "sha256", "replaced_by", "ended", "private", "badge", "sealed", "digest")

CREDENTIALS = tables.credentials


class Registry:
    """What has been issued. Opened with :meth:`open`; a context manager.

    Reading raises :class:`CertgenError` (exit code 6) for a damaged file and for a row that was altered. Everything
    that writes is one transaction, on the disk when it returns, and takes the lease for itself where :meth:`writing`
    does not hold it already.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._lease = Lease(path)
        self._depth = 0
        self._reserved: dict[int, Row] = {}  # while the lease is held

    @classmethod
    def open(cls, folder: Path, problems: list[Problem], *, create: bool = False) -> Registry | None:
        """The registry beside issuer.toml. None with a Problem: damaged, made by a newer certgen, not to be reached.
        None without one: there is none, and ``create`` is false."""
        path = folder.absolute() / FILE
        try:
            there = path.is_file() and path.stat().st_size > 0
            if not there and not create:
                return None
            if not path.exists():
                _new_file(path)
        except OSError as error:
            message = f"The registry cannot be {'read' if path.exists() else 'made'} ({why(error)})."
            hint = "certgen keeps it beside issuer.toml: make that folder readable and writable."
            problems.append(database.problem(path, "registry-unreachable", message, hint))
            return None
        made = cls(path, database.engine(path, shared=False))
        try:
            made._prepare()
        except CertgenError as error:
            problems.extend(error.problems)
            made.close()
            return None
        return made

    def _prepare(self) -> None:
        """Tables for a new registry; for an old one, the steps to today's."""
        with database.told(self.path), self._engine.connect() as connection:
            version = self._version(connection)
        if version == tables.SCHEMA:
            return
        if version is not None and version > tables.SCHEMA:
            message = "The registry was written by a newer certgen."
            hint = "Update certgen here: pip install --upgrade certgen"
            raise CertgenError(database.problem(self.path, "registry-newer", message, hint))
        with self._write() as connection:
            version = self._version(connection)
            if version is None:
                tables.metadata.create_all(connection)
            else:
                for step in range(version, tables.SCHEMA):
                    tables.MIGRATIONS[step](connection)
            chain.set_meta(connection, "schema", str(tables.SCHEMA))

    def _version(self, connection: Connection) -> int | None:
        """The version of the tables; None where there are none yet."""
        if not connection.dialect.has_table(connection, "meta"):
            if connection.dialect.get_table_names(connection):
                raise CertgenError(database.damaged(self.path, "it is another program's file"))
            return None
        said = chain.meta(connection, "schema")
        if said is None or not said.isdigit():
            raise CertgenError(database.damaged(self.path, "it does not say its version"))
        return int(said)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --- writing -----------------------------------------------------------------------------

    @contextmanager
    def writing(self, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
        """The lease: one writer at a time. ``waiting`` is told who has it, while it waits. May be nested."""
        if self._depth == 0:
            self._lease.take(waiting)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._reserved.clear()
                self._lease.give_back()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with (
            self.writing(),
            database.told(self.path),
            self._engine.connect().execution_options(**database.IMMEDIATE) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with database.told(self.path), self._engine.connect() as connection, connection.begin():
            yield connection

    # --- a batch -----------------------------------------------------------------------------

    def match(self, wanted: Sequence[Wanted]) -> list[Match]:
        """What the registry knows of each, in order. Reads only."""
        runs = sorted({one.run for one in wanted})
        with self._read() as connection:
            held = [
                row
                for some in _pieces(runs)
                for row in self._held(connection, select(CREDENTIALS).where(CREDENTIALS.c.run.in_(some)))
            ]
        return matches(wanted, held)

    def reserve(
        self,
        asks: Sequence[Ask],
        *,
        code_of: Callable[[Wanted, int], str],
        issued: date,
        prefix: str,
        setting: str,
        folder: str = "",
    ) -> list[Reserved]:
        """A serial number and a code for each, in order; on the disk when this returns.

        New people and replacements get the next serial number; an unfinished one keeps its own and takes the new
        content. ``code_of(wanted, revision)`` makes the code, ``prefix`` is what its address begins with. Raises
        ValueError for a changed one that is not to be replaced, and for one that is unchanged.
        """
        added: list[Row] = []
        renewed: list[Row] = []
        made: list[Reserved] = []
        with self._write() as connection:
            serial = self._next_serial(connection)
            replaced = [ask.wanted.person for ask in asks if ask.replace]
            revisions = self._revisions(connection, replaced)
            for ask in asks:
                wanted, current = ask.wanted, ask.match.current
                if ask.match.kind == "unfinished" and not ask.replace:
                    assert current is not None
                    reserved = Reserved(current.serial, current.code, current.revision)
                    into = renewed
                else:
                    if not ask.replace and ask.match.kind in ("changed", "unchanged"):
                        raise ValueError(f"{ask.match.kind}, and not to be replaced: {wanted.person}")
                    revision = revisions.get(wanted.person, -1) + 1
                    reserved = Reserved(serial, code_of(wanted, revision), revision)
                    serial += 1
                    into = added
                row = _reserved_row(ask, reserved, issued.isoformat(), prefix, setting, folder)
                into.append(row)
                made.append(reserved)
            try:
                if added:
                    database.many(connection, insert(CREDENTIALS), CREDENTIALS.c.keys(), added)
                if renewed:
                    self._renew(connection, renewed)
            except IntegrityError as error:
                raise CertgenError(self._meanwhile()) from error
        if self._depth and len(self._reserved) + len(made) <= _REMEMBERED:
            self._reserved.update((row["serial"], row) for some in (added, renewed) for row in some)
        return made

    def _next_serial(self, connection: Connection) -> int:
        last = connection.execute(select(func.max(CREDENTIALS.c.serial))).scalar()
        return 0 if last is None else last + 1

    def _revisions(self, connection: Connection, people: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in _pieces(people):
            query = select(CREDENTIALS.c.person, func.max(CREDENTIALS.c.revision)).group_by(CREDENTIALS.c.person)
            found.update(
                (person, top) for person, top in connection.execute(query.where(CREDENTIALS.c.person.in_(some)))
            )
        return found

    def _renew(self, connection: Connection, changed: Sequence[Row]) -> None:
        """Reserved rows, taken over. ``replaces`` stays as it was."""
        before = {row["serial"]: row for row in self._rows(connection, [row["serial"] for row in changed])}
        for row in changed:
            old = before.get(row["serial"])
            if old is None or old["state"] != "reserved":
                raise CertgenError(self._meanwhile())
            row["replaces"] = old["replaces"]
            rows.seal(row)
        self._store(connection, changed)

    def _meanwhile(self) -> Problem:
        message = "Another batch has changed the registry meanwhile."
        return database.problem(self.path, "registry-changed", message, "Run again.")

    def finish(self, batch: Batch, done: Iterable[Done], unchanged: int = 0) -> None:
        """Reserved ones are issued, what they replace is replaced, and history says so."""
        results = {one.serial: one for one in done}
        with self._write() as connection:
            issued = self._remembered(connection, results)
            if len(issued) != len(results) or any(row["state"] != "reserved" for row in issued):
                raise CertgenError(self._meanwhile())
            replaced = self._replaced(connection, issued)
            for row in issued:
                _put(row, results[row["serial"]])
                row["state"] = "issued"
                rows.seal(row)
            self._store(connection, replaced, _OUTCOME)
            self._store(connection, issued, _OUTCOME)
            facts = {
                "course": batch.course,
                "counts": {
                    "issued": len(issued),
                    "replaced": len(replaced),
                    "unchanged": unchanged,
                    "not_awarded": len(batch.not_awarded),
                },
            }
            notes: list[tuple[str, Any]] = [("roster", batch.roster), ("roster_sha256", batch.roster_sha256)]
            notes += [("not_awarded", list(item)) for item in batch.not_awarded]
            notes += [("overrides", [text]) for text in batch.overrides]
            chain.append(connection, "batch", facts, notes, _seals(issued, replaced))

    def _remembered(self, connection: Connection, serials: Iterable[int]) -> list[Row]:
        """Rows as :meth:`reserve` wrote them, if nobody else could have written since; else as they are."""
        found = [self._reserved.pop(serial, None) for serial in serials]
        known = [row for row in found if row is not None]
        return known if len(known) == len(found) else self._rows(connection, serials)

    def _replaced(self, connection: Connection, issued: Sequence[Row]) -> list[Row]:
        """Earlier rows of these people that still stand, or were never finished: replaced by the new ones."""
        new = {row["person"]: row for row in issued if row["revision"] > 0}
        others = {row["replaces"]: row for row in issued if row["replaces"] is not None}
        found: dict[int, Row] = {}
        query = select(CREDENTIALS).where(CREDENTIALS.c.state.in_(("issued", "reserved")))
        for some in _pieces(sorted(new)):
            for row in self._checked(connection, query.where(CREDENTIALS.c.person.in_(some))):
                if row["revision"] < new[row["person"]]["revision"]:
                    found[row["serial"]] = row | {"replaced_by": new[row["person"]]["code"]}
        for row in self._rows(connection, others):
            if row["state"] in ("issued", "reserved"):
                found[row["serial"]] = row | {"replaced_by": others[row["serial"]]["code"]}
        for row in found.values():
            row["state"], row["ended"] = "replaced", date.today().isoformat()
            rows.seal(row)
        return list(found.values())

    def remade(
        self, done: Iterable[Done], setting: str, *, issued: date | None = None, wanted: dict[int, Wanted] | None = None
    ) -> None:
        """The same certificates, made again from another setting: their codes stay. ``wanted``: what else is new of
        them, by serial number (language, recipient)."""
        results = {one.serial: one for one in done}
        with self._write() as connection:
            changed = self._rows(connection, results)
            for row in changed:
                row["setting"] = setting
                if issued:
                    row["issued"] = issued.isoformat()
                if wanted and row["serial"] in wanted:
                    _describe(row, wanted[row["serial"]])
                _put(row, results[row["serial"]])
                rows.seal(row)
            self._store(connection, changed)
            chain.append(connection, "remade", {"count": len(changed)}, (), _seals(changed))

    # --- reading -----------------------------------------------------------------------------

    def find(self, code: str) -> Held | None:
        """The row of a code of 16 characters without hyphens."""
        with self._read() as connection:
            return next(self._held(connection, select(CREDENTIALS).where(CREDENTIALS.c.code == code)), None)

    def get(self, serials: Iterable[int]) -> list[Held]:
        """Rows by serial number, in order of serial."""
        with self._read() as connection:
            return [rows.held(row) for row in self._rows(connection, serials)]

    def all(
        self,
        *,
        course: str | None = None,
        since: date | None = None,
        state: State | None = None,
        name: str | None = None,
        run: str | None = None,
    ) -> Iterator[Held]:
        """Rows in order of serial. ``since``: day of issue; ``name``: words that the name has, whatever their case and
        accents (an erased row has none). Reserved ones come only when asked for."""
        query = select(CREDENTIALS)
        query = query.where(CREDENTIALS.c.state == state if state else CREDENTIALS.c.state != "reserved")
        if since:
            query = query.where(CREDENTIALS.c.issued >= since.isoformat())
        if run is not None:
            query = query.where(CREDENTIALS.c.run == run)
        if course is not None:
            query = query.where(CREDENTIALS.c.run.startswith(f"{course}\n", autoescape=True))
        words = set(folded(name).split()) if name else None
        with self._read() as connection:
            for held in self._held(connection, query):
                if words is None or (held.content and words <= set(folded(held.content.name).split())):
                    yield held

    def chain_of(self, code: str) -> list[Held]:
        """A certificate with those it replaced and those that replaced it, the oldest first."""
        found: dict[str, Held] = {}
        todo = [code]
        with self._read() as connection:
            while todo:
                code = todo.pop()
                here = next(self._held(connection, select(CREDENTIALS).where(CREDENTIALS.c.code == code)), None)
                if here is None or code in found:
                    continue
                found[code] = here
                todo += connection.execute(
                    select(CREDENTIALS.c.code).where(CREDENTIALS.c.replaced_by == code)
                ).scalars()
                todo += [here.replaced_by] if here.replaced_by else []
        return sorted(found.values(), key=lambda held: held.serial)

    def count(self, state: State | None = None) -> int:
        """How many rows there are; reserved ones only when asked for."""
        query = select(func.count()).select_from(CREDENTIALS)
        with self._read() as connection:
            where = CREDENTIALS.c.state == state if state else CREDENTIALS.c.state != "reserved"
            return connection.execute(query.where(where)).scalar() or 0

    def past(self, before: date) -> list[Held]:
        """Rows issued before a day whose personal data is still there, for ``retention``."""
        query = select(CREDENTIALS).where(CREDENTIALS.c.issued < before.isoformat(), CREDENTIALS.c.salt.is_not(None))
        with self._read() as connection:
            return list(self._held(connection, query))

    # --- amending ----------------------------------------------------------------------------

    def revoke(self, serials: Iterable[int], reason: str, on: date) -> list[Held]:
        """Issued certificates are revoked from now on; answers with them as they are then. Others are left alone."""
        with self._write() as connection:
            changed = [row for row in self._rows(connection, serials) if row["state"] == "issued"]
            for row in changed:
                row["state"], row["ended"] = "revoked", on.isoformat()
                private = rows.opened(row)
                if private is not None:
                    row["private"] = rows.closed(replace(private, reason=reason))
                rows.seal(row)
            self._store(connection, changed)
            facts = {"serials": [row["serial"] for row in changed], "on": on.isoformat()}
            chain.append(connection, "revoked", facts, [("reason", reason)], _seals(changed))
            return [rows.held(row) for row in changed]

    def erase(self, serials: Iterable[int], *, names: Iterable[str] = ()) -> list[Held]:
        """Personal data and salt are gone from these rows and from what history tells of these people, that something
        was issued stays; answers with the rows as they were, whose files still hold the names. ``names``: people whose
        names history may tell elsewhere too."""
        with self._write() as connection:
            before = [row for row in self._rows(connection, serials) if row["salt"] is not None]
            held = [rows.held(row) for row in before]
            for row in before:
                row["private"] = row["badge"] = row["salt"] = None
                rows.seal(row)
            self._store(connection, before)
            everywhere = {folded(name) for name in names}
            people = everywhere | {folded(one.content.name) for one in held if one.content}
            chain.forget(connection, people)
            facts = {"serials": [row["serial"] for row in before]}
            chain.append(connection, "erased", facts, (), _seals(before))
        with database.told(self.path):
            database.scrub(self._engine)
        return held

    def record(self, kind: str, details: dict[str, Any]) -> None:
        """An event of any other kind. Nothing personal: what may have to be erased goes in as ``notes`` of a batch."""
        with self._write() as connection:
            chain.append(connection, kind, details)

    def history(self) -> Iterator[Event]:
        """All events, the first first."""
        with self._read() as connection:
            yield from chain.history(connection)

    # --- settings, facts, keys -------------------------------------------------------------------

    def keep(self, setting: Setting) -> str:
        """Keeps a setting with its files, each once; its digest."""
        digest = setting.digest
        query = select(tables.settings.c.digest).where(tables.settings.c.digest == digest)
        with self._read() as connection:
            if connection.execute(query).scalar():
                return digest
        with self._write() as connection:
            if not connection.execute(query).scalar():
                for name, data in setting.blobs.items():
                    self._keep_blob(connection, name, data)
                connection.execute(insert(tables.settings).values(digest=digest, data=zlib.compress(setting.data, 6)))
        return digest

    def setting(self, digest: str) -> Setting:
        """A setting that was kept, with its files. Raises KeyError for one that was not."""
        query = select(tables.settings.c.data).where(tables.settings.c.digest == digest)
        with self._read() as connection:
            packed = connection.execute(query).scalar()
            if packed is None:
                raise KeyError(digest)
            data = self._blob(digest, packed)
            wanted = select(tables.blobs).where(tables.blobs.c.digest.in_(files(data)))
            found = {row.digest: self._blob(row.digest, row.data) for row in connection.execute(wanted)}
        return Setting(data, found)

    def _keep_blob(self, connection: Connection, digest: str, data: bytes) -> None:
        if not connection.execute(select(tables.blobs.c.digest).where(tables.blobs.c.digest == digest)).scalar():
            connection.execute(insert(tables.blobs).values(digest=digest, data=zlib.compress(data, 6)))

    def keep_facts(self, data: bytes) -> str:
        """Keeps a course-facts file; its SHA-256 in hexadecimal."""
        digest = sha256(data).hexdigest()
        query = select(tables.facts.c.digest).where(tables.facts.c.digest == digest)
        with self._read() as connection:
            if connection.execute(query).scalar():
                return digest
        with self._write() as connection:
            if not connection.execute(query).scalar():
                self._keep_blob(connection, digest, data)
                place = connection.execute(select(func.count()).select_from(tables.facts)).scalar()
                connection.execute(insert(tables.facts).values(place=place, digest=digest))
        return digest

    def facts(self) -> Iterator[bytes]:
        """Every course-facts file that was ever kept, the first first."""
        query = select(tables.blobs).join(tables.facts, tables.facts.c.digest == tables.blobs.c.digest)
        with self._read() as connection:
            for row in connection.execute(query.order_by(tables.facts.c.place)):
                yield self._blob(row.digest, row.data)

    def _blob(self, digest: str, packed: bytes) -> bytes:
        try:
            data = zlib.decompress(packed)
        except zlib.error:
            data = b""
        if sha256(data).hexdigest() != digest:
            raise CertgenError(database.damaged(self.path, f"a file that it keeps was altered ({digest[:12]})"))
        return data

    def keys(self) -> list[KeyRecord]:
        """All keys, the oldest first."""
        with self._read() as connection:
            return [
                KeyRecord(row.multikey, date.fromisoformat(row.made), row.state, rows.day(row.since), row.made_on)
                for row in connection.execute(select(tables.keys).order_by(tables.keys.c.place))
            ]

    def add_key(self, key: KeyRecord) -> None:
        values = msgspec.to_builtins(key)
        with self._write() as connection:
            place = connection.execute(select(func.count()).select_from(tables.keys)).scalar()
            connection.execute(insert(tables.keys).values(place=place, **values))
            chain.append(connection, "key", values)

    def change_key(self, multikey: str, state: str, since: date | None) -> None:
        """Another state of a key. Raises KeyError for one that is not known."""
        values = {"state": state, "since": since.isoformat() if since else None}
        with self._write() as connection:
            done = connection.execute(update(tables.keys).where(tables.keys.c.multikey == multikey).values(**values))
            if not done.rowcount:
                raise KeyError(multikey)
            chain.append(connection, "key", {"multikey": multikey, **values})

    def meta(self, name: str) -> str | None:
        """What was noted under a name (the last backup, the last publication)."""
        with self._read() as connection:
            return chain.meta(connection, name)

    def set_meta(self, name: str, value: str) -> None:
        with self._write() as connection:
            chain.set_meta(connection, name, value)

    # --- checking ----------------------------------------------------------------------------

    def check(self) -> list[Problem]:
        """Whatever is wrong with the registry; nothing is mended."""
        found: list[Problem] = []
        try:
            with database.told(self.path), self._engine.connect() as connection, connection.begin():
                faults = database.quick_check(connection, whole=True) or chain.faults(connection)
                found += [database.damaged(self.path, fault) for fault in faults]
                seals = chain.latest_seals(connection)
                for each in connection.execute(select(CREDENTIALS).order_by(CREDENTIALS.c.serial)):
                    row: Row = dict(each._mapping)
                    sealed = seals.pop(row["serial"], None)
                    if not rows.sound(row) or (sealed or row["digest"]) != row["digest"]:
                        found.append(self._altered(row))
        except (CertgenError, DBAPIError) as error:
            found += error.problems if isinstance(error, CertgenError) else [database.trouble(self.path, error)]
        loose = loose_mode(self.path)
        if loose is not None:
            message = f"The registry may be read by others on this computer (its mode is {loose})."
            problem = database.problem(self.path, "registry-loose", message, "Run: chmod 600 certgen.db")
            found.append(replace(problem, severity="warning"))
        return found

    # --- rows --------------------------------------------------------------------------------

    def _checked(self, connection: Connection, query: Select[Any]) -> Iterator[Row]:
        """Rows in order of serial, none of which was altered."""
        found = connection.execute(query.order_by(CREDENTIALS.c.serial))
        names = tuple(found.keys())
        for each in found.yield_per(_MANY):
            row: Row = dict(zip(names, each, strict=True))
            if not rows.sound(row):
                raise CertgenError(self._altered(row))
            yield row

    def _held(self, connection: Connection, query: Select[Any]) -> Iterator[Held]:
        return map(rows.held, self._checked(connection, query))

    def _rows(self, connection: Connection, serials: Iterable[int]) -> list[Row]:
        return [
            row
            for some in _pieces(sorted(set(serials)))
            for row in self._checked(connection, select(CREDENTIALS).where(CREDENTIALS.c.serial.in_(some)))
        ]

    def _altered(self, row: Row) -> Problem:
        return database.damaged(self.path, f"the row of certificate {row['code']} was altered")

    def _store(self, connection: Connection, changed: Sequence[Row], columns: Sequence[str] = rows.COLUMNS) -> None:
        if changed:
            names = [name for name in columns if name != "serial"]
            values: dict[Any, Any] = {name: bindparam(f"new_{name}") for name in names}
            where = CREDENTIALS.c.serial == bindparam("new_serial")
            database.many(connection, update(CREDENTIALS).where(where).values(values), (*names, "serial"), changed)


def _new_file(path: Path) -> None:
    try:
        write_new(path, b"")
    except FileExistsError:  # another certgen was quicker
        return


def _reserved_row(ask: Ask, made: Reserved, issued: str, prefix: str, setting: str, folder: str) -> Row:
    wanted = ask.wanted
    stranger = ask.match.kind == "other-email" and ask.replace
    row: Row = {
        "serial": made.serial,
        "code": made.code,
        "person": wanted.person,
        "revision": made.revision,
        "state": "reserved",
        "issued": issued,
        "prefix": prefix,
        "setting": setting,
        "sha256": "",
        "replaced_by": None,
        "replaces": ask.match.current.serial if stranger and ask.match.current else None,
        "ended": None,
        "badge": None,
        "salt": rows.new_salt(),
    }
    _describe(row, wanted, ask.file, folder)
    rows.seal(row)
    return row


def _describe(row: Row, wanted: Wanted, file: str = "", folder: str = "") -> None:
    expires = wanted.content.expires
    row["run"], row["by"], row["language"], row["award"], row["kind"] = (
        wanted.run,
        wanted.by,
        wanted.language,
        wanted.award,
        wanted.kind,
    )
    row["expires"] = expires.isoformat() if expires else None
    row["consented"] = int(wanted.consented)
    row["private"] = rows.private_of(wanted, file, folder)


def _put(row: Row, done: Done) -> None:
    """The file, and what it was signed with."""
    private = rows.opened(row)
    if private is not None:
        place = replace(private, file=done.file, folder=done.folder, payload=done.payload)
        row["private"] = rows.closed(place)
        row["badge"] = rows.packed(done.badge)
    row["sha256"] = done.sha256


def _seals(*changed: Sequence[Row]) -> list[tuple[int, bytes]]:
    return [(row["serial"], row["digest"]) for some in changed for row in some]


def _pieces(values: Iterable[Any]) -> Iterator[list[Any]]:
    """In pieces that a query can hold."""
    whole = list(values)
    for at in range(0, len(whole), _MANY):
        yield whole[at : at + _MANY]
