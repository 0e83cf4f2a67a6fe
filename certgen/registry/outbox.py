"""The outbox: which messages are to be sent, and what became of each that was.

A row is *reserved* before anything is sent, *sending* from the moment before a server may take the message until its
answer is known, then *sent*, *refused*, or *unknown* where no answer came; *bounced* is what people record later. Who
sends holds a lease of its own for as long as it takes; the registry's is taken for each transaction only, so that
batches go on meanwhile. A run's rows are claimed by its token until history has its event.

The digest of a row is there against flipped bits; history has counts only. Address and words can be erased.
"""

from __future__ import annotations

import os
import platform
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from certgen.errors import CertgenError, Problem
from certgen.registry import chain, database, tables
from certgen.registry.lease import Lease, Waiting
from certgen.registry.shelf import CREDENTIALS, MANY, Shelf, pieces

Transaction = Callable[[], AbstractContextManager[Shelf]]
State = Literal["reserved", "sending", "sent", "refused", "unknown", "bounced"]
STATES: tuple[State, ...] = get_args(State)
CUT_SHORT = "certgen was stopped before the server's answer came."
OUTBOX = tables.outbox
_KEY = (OUTBOX.c.serial, OUTBOX.c.purpose, OUTBOX.c.round)
_CHECKED = [column.name for column in OUTBOX.c if column.name not in ("run", "digest")]
_MUTABLE = ("state", "message_id", "tries", "at", "not_before", "run", "address", "words", "digest")
_encode = msgspec.json.Encoder().encode

Row = dict[str, Any]


class Key(NamedTuple):
    """Which message: of which certificate, for what purpose ("certificate", "expiry-notice"), the how manieth time."""

    serial: int
    purpose: str
    round: int = 0


class Entry(Struct, frozen=True, kw_only=True):
    """One message. ``round``: 0, and one more for each time that somebody was mailed again; ``at``: when it came to be
    in that state (UTC); ``not_before``: when it is to be tried next; ``address`` and ``words`` (the server's answer)
    are None once the person was erased."""

    serial: int
    purpose: str
    round: int = 0
    state: State
    message_id: str
    tries: int = 0
    at: datetime
    not_before: datetime | None = None
    address: str | None
    words: str | None = None

    @property
    def key(self) -> Key:
        return Key(self.serial, self.purpose, self.round)


class Wish(NamedTuple):
    """A message that is to be sent."""

    serial: int
    purpose: str
    message_id: str
    address: str


class Result(NamedTuple):
    """What became of a try; ``state`` is "reserved" where it is to be tried again, not before that time."""

    key: Key
    state: State
    words: str
    tries: int
    not_before: datetime | None = None


class Bounce(NamedTuple):
    """A message that came back: which, and why, as far as one knows."""

    serial: int
    purpose: str
    words: str


class Outbox:
    """The messages of one registry, made by :meth:`Registry.outbox`. Reading and writing are as the registry's own."""

    def __init__(self, lease: Lease, read: Transaction, write: Transaction, now: Callable[[], datetime]) -> None:
        self._read, self._write_there, self._now = read, write, now
        path = lease.registry
        self._path, self._lease = path, lease.like(path.with_name(f"{path.name}-sending"))
        self._run = ""

    # --- a run of sending ----------------------------------------------------------------------

    @contextmanager
    def sending(self, waiting: Waiting | None = None) -> Iterator[None]:
        """The right to send, which one program has at a time; ``waiting`` is told who has it, while it waits."""
        self._lease.take(waiting)
        self._run = f"{platform.node()}:{os.getpid()}:{secrets.token_hex(6)}"
        try:
            yield
        finally:
            self._run = ""
            self._lease.give_back()

    def recover(self) -> list[Entry]:
        """What runs left that were killed: whatever was on its way is unknown, and history gets the events that they
        did not live to write. Only for who may send."""
        with self._write() as shelf:
            lost = _rows(shelf, OUTBOX.c.state == "sending")
            for row in lost:
                row |= {"state": "unknown", "at": self._stamp(), "words": row["address"] and CUT_SHORT}
            _put(shelf.connection, lost)
            dead = shelf.connection.execute(select(OUTBOX.c.run).where(OUTBOX.c.run.is_not(None)).distinct())
            for run in sorted(dead.scalars()):
                _told(shelf.connection, run, {"cut_short": True})
        return [_entry(row) for row in lost]

    def reserve(self, wishes: Iterable[Wish], *, again: bool = False) -> list[Entry | None]:
        """What is to be done for each, in order, on the disk when this returns: a "reserved" entry is to be sent, any
        other one was, and stays as it is. None: the certificate does not stand any more, or was wished for twice.

        Whoever was refused or did not get it is given another chance at another address only; ``again`` gives one to
        all. Where an ``again`` was cut short, this is taken for the rest of it, so that nobody gets it twice."""
        wanted = list({(wish.serial, wish.purpose): wish for wish in wishes}.values())
        with self._write() as shelf:
            standing = _standing(shelf.connection, (wish.serial for wish in wanted))
            last = _latest(shelf, {wish.serial for wish in wanted})
            there = [last.get((wish.serial, wish.purpose)) for wish in wanted]
            again = again and not any(row and row["state"] == "reserved" and row["round"] for row in there)
            made: list[Row] = []
            taken: list[Row] = []
            found: list[Entry | None] = []
            for wish, row in zip(wanted, there, strict=True):
                if wish.serial not in standing:
                    found.append(None)
                    continue
                if row is None or again or _elsewhere(row, wish):
                    if row is None or row["state"] != "reserved":
                        row = self._new(wish, 0 if row is None else row["round"] + 1)
                        made.append(row)
                    else:
                        row |= {"address": wish.address, "message_id": wish.message_id, "not_before": None}
                if row["state"] == "reserved" and row["run"] != self._run:
                    row["run"] = self._run
                    taken.append(row)
                found.append(_entry(row))
            _add(shelf.connection, made)
            _put(shelf.connection, taken)
        return found

    def _new(self, wish: Wish, round: int) -> Row:
        return {
            "serial": wish.serial,
            "purpose": wish.purpose,
            "round": round,
            "state": "reserved",
            "message_id": wish.message_id,
            "tries": 0,
            "at": self._stamp(),
            "not_before": None,
            "run": self._run,
            "address": wish.address,
            "words": None,
        }

    def commit(self, starting: Collection[Key], results: Collection[Result]) -> set[Key]:
        """One transaction: what became of some, and that others are about to be sent: on the disk when this returns.
        Answers with those of ``starting`` that may be sent; the others were withdrawn, as their certificates do not
        stand any more. Raises :class:`CertgenError` where another computer has taken over."""
        with self._write() as shelf:
            rows = {_key(row): row for row in _by_key(shelf, [*starting, *(result.key for result in results)])}
            lost = [key for key, row in rows.items() if row["run"] != self._run]
            if lost or len(rows) < len({*starting, *(result.key for result in results)}):
                raise CertgenError(_taken_over(self._path))
            for result in results:
                row = rows[result.key]
                words = result.words if row["address"] is not None else None  # erased meanwhile
                row |= {"state": result.state, "words": words, "tries": result.tries, "at": self._stamp()}
                row["not_before"] = _text(result.not_before)
            standing = _standing(shelf.connection, (key.serial for key in starting))
            granted = {key for key in starting if key.serial in standing}
            for key in granted:
                rows[key] |= {"state": "sending", "at": self._stamp()}
            gone = set(starting) - granted
            _put(shelf.connection, [row for key, row in rows.items() if key not in gone])
            for key in gone:
                shelf.connection.execute(delete(OUTBOX).where(tuple_(*_KEY) == tuple(key)))
        return granted

    def finish(self, facts: dict[str, Any]) -> None:
        """The run is over: its event in history, and its rows are anybody's."""
        with self._write() as shelf:
            _told(shelf.connection, self._run, facts)

    # --- afterwards ----------------------------------------------------------------------------

    def bounced(self, bounces: Iterable[Bounce]) -> list[Entry]:
        """Messages that came back, as they are noted then. What was never sent is left alone."""
        wanted = {(bounce.serial, bounce.purpose): bounce for bounce in bounces}
        with self._write() as shelf:
            rows = [
                row
                for key, row in _latest(shelf, {serial for serial, _ in wanted}).items()
                if key in wanted and row["state"] in ("sent", "unknown", "bounced")
            ]
            for row in rows:
                words = wanted[row["serial"], row["purpose"]].words
                row |= {"state": "bounced", "at": self._stamp(), "words": words if row["address"] else None}
            if rows:
                _put(shelf.connection, rows)
                chain.append(shelf.connection, "bounced", {"count": len(rows)})
        return [_entry(row) for row in rows]

    # --- reading -------------------------------------------------------------------------------

    def latest(self, serials: Iterable[int], purpose: str) -> dict[int, Entry]:
        """The last message for each of these certificates, by serial; those without one are not in it."""
        with self._read() as shelf:
            found = _latest(shelf, set(serials))
        return {serial: _entry(row) for (serial, about), row in found.items() if about == purpose}

    def of(self, serial: int) -> list[Entry]:
        """Every message for one certificate, by purpose and round."""
        with self._read() as shelf:
            return [_entry(row) for row in _rows(shelf, OUTBOX.c.serial == serial)]

    def all(self, *states: State) -> Iterator[Entry]:
        """Every message, or those in these states, in order of serial, purpose and round; page by page."""
        last = Key(-1, "")
        while True:
            query = select(OUTBOX).where(tuple_(*_KEY) > tuple(last))
            if states:
                query = query.where(OUTBOX.c.state.in_(states))
            with self._read() as shelf:
                page = [_entry(row) for row in _checked(shelf, query.order_by(*_KEY).limit(MANY))]
            yield from page
            if len(page) < MANY:
                return
            last = page[-1].key

    def due(self, purpose: str) -> list[Entry]:
        """What waits to be sent, whenever that may be, to people whose certificates stand."""
        found = [entry for entry in self.all("reserved") if entry.purpose == purpose]
        with self._read() as shelf:
            standing = _standing(shelf.connection, (entry.serial for entry in found))
        return [entry for entry in found if entry.serial in standing]

    def find(self, text: str) -> list[Entry]:
        """Messages of a Message-ID (with or without its angle brackets) or to an address, the latest round of each."""
        name = text.strip()
        either = OUTBOX.c.message_id.in_((name, f"<{name}>")) | (func.lower(OUTBOX.c.address) == name.lower())
        with self._read() as shelf:
            rows = _rows(shelf, either)
            last = _latest(shelf, {row["serial"] for row in rows})
        return [_entry(row) for row in rows if last[row["serial"], row["purpose"]]["round"] == row["round"]]

    def counts(self) -> Counter[str]:
        """How many messages are in each state."""
        with self._read() as shelf:
            query = select(OUTBOX.c.state, func.count().label("number")).group_by(OUTBOX.c.state)
            return Counter({row.state: row.number for row in shelf.connection.execute(query)})

    # --- transactions --------------------------------------------------------------------------

    @contextmanager
    def _write(self) -> Iterator[Shelf]:
        if self._run and not self._lease.still_mine():
            raise CertgenError(_taken_over(self._path))
        with self._write_there() as shelf:
            yield shelf

    def _stamp(self) -> str:
        return _text(self._now()) or ""


def _taken_over(path: Path) -> Problem:
    message = "Another program has taken over the sending, as this one had not been heard of for minutes."
    return database.problem(path, "outbox-taken", message, "Run again: what was sent is known.")


# --- what others do with it --------------------------------------------------------------------------


def forget(shelf: Shelf, serials: Iterable[int]) -> None:
    """Addresses and words are gone; what was never sent is not wished for any more. Part of erasing."""
    for some in pieces(serials):
        rows = _rows(shelf, OUTBOX.c.serial.in_(some))
        for row in rows:
            row["address"] = row["words"] = None
        _put(shelf.connection, rows)
        shelf.connection.execute(delete(OUTBOX).where(OUTBOX.c.serial.in_(some), OUTBOX.c.state == "reserved"))


def faults(connection: Connection) -> Iterator[str]:
    """What is not as it was written, in words."""
    for found in connection.execute(select(OUTBOX).order_by(*_KEY)).yield_per(MANY):
        row = dict(found._mapping)
        if not _sound(row):
            yield f"what it says of the e-mail to certificate number {row['serial']} was altered"


# --- rows --------------------------------------------------------------------------------------------


def _digest(row: Row) -> bytes:
    return sha256(_encode([row[name] for name in _CHECKED])).digest()


def _sound(row: Row) -> bool:
    try:
        return row["state"] in STATES and bool(_digest(row) == row["digest"])
    except (TypeError, ValueError):  # a column of another type than was written
        return False


def _checked(shelf: Shelf, query: Any) -> Iterator[Row]:
    for found in shelf.connection.execute(query):
        row = dict(found._mapping)
        if not _sound(row):
            what = f"what it says of the e-mail to certificate number {row['serial']} was altered"
            raise CertgenError(database.damaged(shelf.path, what))
        yield row


def _rows(shelf: Shelf, *conditions: Any) -> list[Row]:
    return list(_checked(shelf, select(OUTBOX).where(*conditions).order_by(*_KEY)))


def _by_key(shelf: Shelf, keys: Iterable[Key]) -> list[Row]:
    return [row for some in pieces(set(keys)) for row in _rows(shelf, tuple_(*_KEY).in_([tuple(key) for key in some]))]


def _latest(shelf: Shelf, serials: Collection[int]) -> dict[tuple[int, str], Row]:
    """The highest round of each."""
    found = [row for some in pieces(sorted(serials)) for row in _rows(shelf, OUTBOX.c.serial.in_(some))]
    return {(row["serial"], row["purpose"]): row for row in found}  # in order of round


def _standing(connection: Connection, serials: Iterable[int]) -> set[int]:
    """Certificates that are good and whose people were not erased."""
    found: set[int] = set()
    for some in pieces(serials):
        query = select(CREDENTIALS.c.serial).where(CREDENTIALS.c.serial.in_(some))
        found.update(
            connection.execute(query.where(CREDENTIALS.c.state == "issued", CREDENTIALS.c.salt.is_not(None))).scalars()
        )
    return found


def _elsewhere(row: Row, wish: Wish) -> bool:
    """Whether there is another address to try than the one where it did not arrive."""
    was = row["address"]
    return (
        row["state"] in ("reserved", "refused", "bounced") and was is not None and was.lower() != wish.address.lower()
    )


def _add(connection: Connection, made: Sequence[Row]) -> None:
    for row in made:
        row["digest"] = _digest(row)
    if made:
        database.many(connection, insert(OUTBOX), OUTBOX.c.keys(), made)


def _put(connection: Connection, changed: Iterable[Row]) -> None:
    for row in changed:
        row["digest"] = _digest(row)
        here = tuple_(*_KEY) == tuple(_key(row))
        connection.execute(update(OUTBOX).where(here).values({name: row[name] for name in _MUTABLE}))


def _told(connection: Connection, run: str, facts: dict[str, Any]) -> None:
    """The event of a run: how many of its messages are in which state. From then on nobody claims them."""
    mine = OUTBOX.c.run == run
    states = Counter(connection.execute(select(OUTBOX.c.state).where(mine)).scalars())
    chain.append(connection, "mailed", {**facts, "counts": dict(sorted(states.items()))})
    connection.execute(update(OUTBOX).where(mine).values(run=None))


def _key(row: Row) -> Key:
    return Key(row["serial"], row["purpose"], row["round"])


def _entry(row: Row) -> Entry:
    return Entry(
        serial=row["serial"],
        purpose=row["purpose"],
        round=row["round"],
        state=row["state"],
        message_id=row["message_id"],
        tries=row["tries"],
        at=datetime.fromisoformat(row["at"]),
        not_before=datetime.fromisoformat(row["not_before"]) if row["not_before"] else None,
        address=row["address"],
        words=row["words"],
    )


def _text(at: datetime | None) -> str | None:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else None
