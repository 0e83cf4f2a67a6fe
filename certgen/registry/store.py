"""The registry itself: a file, what may be asked of it, and what may be written into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Engine, Select, func, select

from certgen.errors import CertgenError, Problem
from certgen.guarded import why
from certgen.model import Recipient
from certgen.names import folded
from certgen.registry import chain, checking, database, founding, issuing, keeping, rows, tables
from certgen.registry.ground import ground
from certgen.registry.lease import Lease, Pace, Waiting
from certgen.registry.matching import matches
from certgen.registry.outbox import Outbox
from certgen.registry.rows import Ask, Batch, By, Done, Event, Held, Match, Reserved, State, Wanted
from certgen.registry.shelf import CREDENTIALS, MANY, Shelf, pieces
from certgen.registry.snapshot import Setting
from certgen.signing import KeyRecord, KeyState

FILE = "certgen.db"


class Registry:
    """What has been issued. Opened with :meth:`open`; a context manager.

    Reading raises :class:`CertgenError` (exit code 6) for a damaged file and for a row that was altered. Whatever
    writes is one transaction, on the disk when it returns, and takes the lease for itself unless :meth:`writing` holds
    it already. Order is that of serial and event numbers; clocks decide nothing.
    """

    def __init__(self, path: Path, engine: Engine, *, shared: bool, pace: Pace | None = None) -> None:
        self.path = path
        self._engine = engine
        self._lease = Lease(path, shared=shared, pace=pace)
        self._depth = 0
        self._examined = False

    # --- opening -----------------------------------------------------------------------------

    @classmethod
    def open(
        cls, folder: Path, problems: list[Problem], *, create: bool = False, pace: Pace | None = None
    ) -> Registry | None:
        """The registry beside issuer.toml. None with a Problem: damaged, made by a newer certgen, not to be reached.
        None without one: there is none, and ``create`` is false."""
        path = folder.absolute() / FILE
        shared = ground(path.parent) != "local"
        made = None
        try:
            if not path.exists():
                if not create:
                    return None
                founding.found(path, shared=shared)
            if path.stat().st_size == 0:
                raise CertgenError(database.damaged(path, "it is empty"))
            made = cls(path, database.engine(path), shared=shared, pace=pace)
            made._prepare()
        except OSError as error:
            message = f"The registry cannot be {'read' if path.exists() else 'made'} ({why(error)})."
            hint = "certgen keeps it beside issuer.toml: make that folder readable and writable."
            problems.append(database.problem(path, "registry-unreachable", message, hint))
        except CertgenError as error:
            problems.extend(error.problems)
        else:
            return made
        if made is not None:
            made.close()
        return None

    def _prepare(self) -> None:
        """Steps to today's tables. A registry that was ever used over a network keeps to what is safe there, wherever
        it is opened."""
        with database.told(self.path), self._engine.connect() as connection:
            old = founding.version(connection, self.path) < tables.SCHEMA
            shared = chain.meta(connection, founding.SHARED) is not None
        if shared and not self._lease.shared:
            self._lease = Lease(self.path, shared=True, pace=self._lease.pace)
        if old or shared != self._lease.shared:
            with self._write() as shelf:
                new = founding.stepped_up(shelf.connection, self.path)
                founding.note(shelf.connection, shared=self._lease.shared, new=new)
        with database.told(self.path), database.outside(self._engine) as connection:
            database.set_journal(connection, shared=self._lease.shared)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --- transactions ------------------------------------------------------------------------

    @contextmanager
    def writing(self, waiting: Waiting | None = None) -> Iterator[None]:
        """The lease: one writer at a time. ``waiting`` is told who has it ("Ana on PC-7, since 10:31"), while it waits.
        May be nested. Raises :class:`CertgenError` for a damaged registry before anything is written."""
        if self._depth == 0:
            self._lease.take(waiting)
        self._depth += 1
        try:
            self._examine()
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._lease.give_back()

    def _examine(self) -> None:
        """Two milliseconds for a thousand certificates, once: a file with a flipped bit would be made worse."""
        if not self._examined:
            founding.tidy(self.path)
            with database.told(self.path), self._engine.connect() as connection:
                faults = database.quick_check(connection)
            if faults:
                raise CertgenError(database.damaged(self.path, faults[0]))
            self._examined = True

    @contextmanager
    def _write(self) -> Iterator[Shelf]:
        with (
            self.writing(),
            database.told(self.path),
            self._engine.connect() as connection,
        ):
            self._still_mine()
            with connection.execution_options(**database.IMMEDIATE).begin():
                yield Shelf(connection, self.path)
                self._still_mine()

    def _still_mine(self) -> None:
        if not self._lease.still_mine():
            message = "Another computer has taken over the registry, as this one had not been heard of for minutes."
            hint = "Run again: what is done is kept."
            raise CertgenError(database.problem(self.path, "registry-lease", message, hint))

    @contextmanager
    def _read(self) -> Iterator[Shelf]:
        with (
            database.told(self.path),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            yield Shelf(connection, self.path)

    # --- a batch -----------------------------------------------------------------------------

    def match(self, wanted: Sequence[Wanted]) -> list[Match]:
        """What the registry knows of each, in order. Reads only."""
        runs = sorted({one.run for one in wanted})
        queries = (select(CREDENTIALS).where(CREDENTIALS.c.run.in_(some)) for some in pieces(runs))
        with self._read() as shelf:
            return matches(wanted, (rows.held(row) for query in queries for row in shelf.fetch(query)))

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
        content. ``code_of(wanted, revision)`` makes the code, ``prefix`` is what its address begins with, ``folder``
        where the files will be. Raises ValueError for an unchanged one, and for a changed one that is not to be
        replaced.
        """
        with self._write() as shelf:
            made = issuing.reserve(shelf, asks, code_of, issued, prefix, setting, folder)
        return [issuing.reserved(row) for row in made]

    def attach(self, done: Iterable[Done]) -> None:
        """What proves reserved certificates, while their files are still on their way: it is kept here so that nobody
        has to hold all of it until :meth:`finish`."""
        results = {one.serial: one for one in done}
        with self._write() as shelf:
            issuing.attach(shelf, results)

    def finish(
        self, batch: Batch, done: Iterable[Done] = (), unchanged: int = 0, *, attached: Iterable[int] = ()
    ) -> None:
        """Reserved ones are issued, what they replace is replaced, and history says so. ``attached``: serial numbers of
        those of which everything is there already."""
        results = {one.serial: one for one in done}
        with self._write() as shelf:
            issuing.finish(shelf, batch, results, attached, unchanged)

    def remade(
        self,
        done: Iterable[Done],
        setting: str,
        *,
        issued: date | None = None,
        wanted: Mapping[int, Wanted] | None = None,
    ) -> None:
        """The same certificates, made again from another setting: their codes stay. ``wanted``: what else is new of
        them, by serial number (language, recipient)."""
        with self._write() as shelf:
            issuing.remade(shelf, done, setting, issued, wanted or {})

    # --- reading -----------------------------------------------------------------------------

    def find(self, code: str) -> Held | None:
        """The row of a code of 16 characters without hyphens."""
        with self._read() as shelf:
            return next((rows.held(row) for row in shelf.where(CREDENTIALS.c.code == code)), None)

    def get(self, serials: Iterable[int]) -> list[Held]:
        """Rows by serial number, in order of serial."""
        with self._read() as shelf:
            return [rows.held(row) for row in shelf.by_serial(serials)]

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
        query = _query(state)
        if since:
            query = query.where(CREDENTIALS.c.issued >= since.isoformat())
        if run is not None:
            query = query.where(CREDENTIALS.c.run == run)
        if course is not None:
            query = query.where(CREDENTIALS.c.run.startswith(f"{course}\n", autoescape=True))
        words = set(folded(name).split()) if name else None
        for held in self._pages(query):
            if words is None or (held.content and words <= set(folded(held.content.name).split())):
                yield held

    def _pages(self, query: Select[Any]) -> Iterator[Held]:
        """Page by page: nobody is kept from writing meanwhile."""
        last = -1
        while True:
            with self._read() as shelf:
                page = [rows.held(row) for row in shelf.fetch(query.where(CREDENTIALS.c.serial > last).limit(MANY))]
            yield from page
            if len(page) < MANY:
                return
            last = page[-1].serial

    def past(self, before: date) -> Iterator[Held]:
        """Rows issued before a day whose personal data is still there, for ``retention``."""
        query = _query(None).where(CREDENTIALS.c.issued < before.isoformat(), CREDENTIALS.c.salt.is_not(None))
        return self._pages(query)

    def chain_of(self, code: str) -> list[Held]:
        """A certificate with those it replaced and those that replaced it, the oldest first."""
        found: dict[str, Held] = {}
        todo = [code]
        with self._read() as shelf:
            while todo:
                code = todo.pop()
                if code in found:
                    continue
                for row in shelf.where((CREDENTIALS.c.code == code) | (CREDENTIALS.c.replaced_by == code)):
                    if row["code"] == code:
                        found[code] = rows.held(row)
                        todo += [row["replaced_by"]] if row["replaced_by"] else []
                    else:
                        todo.append(row["code"])
        return sorted(found.values(), key=lambda held: held.serial)

    def count(self, state: State | None = None) -> int:
        """How many rows there are; reserved ones only when asked for."""
        with self._read() as shelf:
            return shelf.connection.execute(_query(state).with_only_columns(func.count())).scalar() or 0

    # --- single certificates -----------------------------------------------------------------

    def revoke(self, serials: Iterable[int], reason: str, on: date) -> list[Held]:
        """Issued certificates are revoked from now on; answers with them as they are then. Others are left alone."""
        with self._write() as shelf:
            return issuing.revoke(shelf, serials, reason, on)

    def readdress(
        self, people: Mapping[int, tuple[Recipient, bool]], identities: Mapping[int, tuple[str, By]] | None = None
    ) -> None:
        """What a roster says of people besides the content of their certificates, by serial number: a corrected e-mail
        address, and whether they agreed to be public; ``identities``: who they are from now on, and by what known."""
        with self._write() as shelf:
            issuing.readdress(shelf, people, identities or {})

    def erase(self, serials: Iterable[int], *, names: Iterable[str] = ()) -> list[Held]:
        """Personal data and salt are gone from these rows and from what history tells of these people; that something
        was issued stays. Answers with the rows as they were: their files still hold the names. ``names``: people of
        whom history may tell though they have no row."""
        with self._write() as shelf:
            before = issuing.erase(shelf, serials, names)
        with self.writing(), database.told(self.path):
            database.scrub(self._engine)
        return before

    def adopt(self, held: Iterable[Held], details: Mapping[str, Any]) -> None:
        """Rows that another registry had, with their serial numbers: for ``registry rebuild``. Raises
        :class:`CertgenError` for a serial number, a code or a revision that is there already."""
        with self._write() as shelf:
            issuing.adopt(shelf, held, details)

    # --- history -----------------------------------------------------------------------------

    def record(self, kind: str, details: Mapping[str, Any], notes: Iterable[tuple[str, Any]] = ()) -> None:
        """An event of any other kind. Nobody's personal data in ``details``, which stay for good; what may have to be
        erased goes into ``notes``, as (key, text)."""
        with self._write() as shelf:
            chain.append(shelf.connection, kind, details, notes)

    def story(self, serial: int) -> list[Event]:
        """The events that touched a row, the first first."""
        touched = select(tables.seals.c.event).where(tables.seals.c.serial == serial)
        with self._read() as shelf:
            numbers = set(shelf.connection.execute(touched).scalars())
            return [event for event in chain.history(shelf.connection) if event.seq in numbers]

    def history(self) -> Iterator[Event]:
        """All events, the first first."""
        with self._read() as shelf:
            for fault in chain.faults(shelf.connection):
                raise CertgenError(database.damaged(self.path, fault))
            events = list(chain.history(shelf.connection))
        return iter(events)

    # --- settings, facts, keys, notes ----------------------------------------------------------

    def keep(self, setting: Setting) -> str:
        """Keeps a setting with its files, each once; its digest."""
        digest = setting.digest
        with self._read() as shelf:
            there = keeping.has_setting(shelf, digest)
        if not there:
            with self._write() as shelf:
                if not keeping.has_setting(shelf, digest):
                    keeping.keep_setting(shelf, setting)
        return digest

    def setting(self, digest: str) -> Setting:
        """A setting that was kept, with its files. Raises KeyError for one that was not."""
        with self._read() as shelf:
            return keeping.setting(shelf, digest)

    def keep_facts(self, data: bytes) -> str:
        """Keeps a course-facts file; its SHA-256 in hexadecimal."""
        digest = sha256(data).hexdigest()
        with self._read() as shelf:
            there = keeping.has_facts(shelf, digest)
        if not there:
            with self._write() as shelf:
                if not keeping.has_facts(shelf, digest):
                    keeping.keep_facts(shelf, data)
        return digest

    def facts(self) -> Iterator[bytes]:
        """Every course-facts file that was ever kept, the first first."""
        with self._read() as shelf:
            files = [shelf.blob(digest) for digest in keeping.facts(shelf)]
        return iter(files)

    def keys(self) -> list[KeyRecord]:
        """All keys, the oldest first."""
        with self._read() as shelf:
            return keeping.keys(shelf)

    def add_key(self, key: KeyRecord) -> None:
        with self._write() as shelf:
            keeping.add_key(shelf, key)

    def change_key(self, multikey: str, state: KeyState, since: date | None) -> None:
        """Another state of a key. Raises KeyError for one that is not known."""
        with self._write() as shelf:
            keeping.change_key(shelf, multikey, state, since)

    def meta(self, name: str) -> str | None:
        """What was noted under a name (the last backup, the last publication)."""
        with self._read() as shelf:
            return chain.meta(shelf.connection, name)

    def set_meta(self, name: str, value: str) -> None:
        with self._write() as shelf:
            chain.set_meta(shelf.connection, name, value)

    def outbox(self, now: Callable[[], datetime] = chain.now) -> Outbox:
        """The messages to people, and what became of them. ``now`` is asked what time it is (UTC)."""
        return Outbox(self._lease, self._read, self._write, now)

    # --- as a whole ----------------------------------------------------------------------------

    def check(self) -> list[Problem]:
        """Whatever is wrong with the registry: errors for what is not as it was written, warnings for the rest. Nothing
        is mended."""
        try:
            with self._read() as shelf:
                found = checking.check(shelf.connection, self.path)
            return found + checking.surroundings(self.path, 0 if found else self.count("reserved"))
        except CertgenError as error:
            return list(error.problems)

    def copy_to(self, path: Path) -> None:
        """A whole copy as of now, in one file, for a backup; nobody is kept from reading or writing meanwhile."""
        with database.told(self.path):
            database.copy(self._engine, path)


def _query(state: State | None) -> Select[Any]:
    return select(CREDENTIALS).where(CREDENTIALS.c.state == state if state else CREDENTIALS.c.state != "reserved")
