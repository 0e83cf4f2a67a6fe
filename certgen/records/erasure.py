"""Personal data taken out of the registry, for one person or after a time; and the files that still hold it.

What the registry held is gone for good; that something was issued stays. Files are never deleted here: they are
somebody's, may have been changed since, and lie in more places than certgen knows. They are looked for and told.
"""

from __future__ import annotations

import os
import re
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from certgen import codes, values, workbook
from certgen.course import expiry_date
from certgen.errors import Problem
from certgen.model import Expiry
from certgen.names import folded
from certgen.registry import FILE, Held, Registry

# --- who -------------------------------------------------------------------------------------


def overdue(registry: Registry, retention: str, today: date) -> Iterator[Held]:
    """Certificates whose time is over, such as "10 years", counted from the day of expiry, else from that of issue."""
    for held in registry.past(today):
        until = kept_until(held.expires or held.issued, retention)
        if until is not None and until < today:
            yield held


def kept_until(day: date, retention: str) -> date | None:
    """The last day for which personal data of a day is kept. None: for ever. Raises ValueError for a retention that
    issuer.toml would not have."""
    found = re.fullmatch(r"([1-9]\d{0,2}) (year|month|day)s?", retention)
    if found is None:
        raise ValueError(retention)
    count, unit = int(found[1]), found[2]
    time = Expiry(years=count) if unit == "year" else Expiry(months=count) if unit == "month" else Expiry(days=count)
    return expiry_date(time, day)


def forgotten(registry: Registry, retention: str, today: date) -> list[str]:
    """People without a certificate, of whom only history older than that tells: who was not awarded one."""
    old: dict[str, str] = {}
    young: set[str] = set()
    for event in registry.history():
        names = [str(item[0]) for item in event.details.get("not_awarded", ())]
        until = kept_until(datetime.fromisoformat(event.at).date(), retention)
        if until is not None and until < today:
            old.update((folded(name), name) for name in names)
        else:
            young.update(map(folded, names))
    return [name for key, name in old.items() if key not in young]


def named(registry: Registry, name: str) -> list[Held]:
    """Certificates of people of that name, whatever its case and accents and the order of its words."""
    return [
        held for held in registry.all(name=name) if held.content and folded(held.content.name) == folded(name)
    ]  # fmt: skip


def told_of(registry: Registry, name: str) -> bool:
    """Whether history tells of somebody of that name who was not awarded a certificate."""
    return any(
        folded(str(item[0])) == folded(name)
        for event in registry.history()
        for item in event.details.get("not_awarded", ())
    )


def others(registry: Registry, chosen: Sequence[Held]) -> list[Held]:
    """Further certificates of the same people, as far as one can tell: those that replaced theirs or were replaced, and
    those with their name and no other e-mail address."""
    known = {held.serial for held in chosen}
    found: dict[int, Held] = {}
    for held in chosen:
        found.update((each.serial, each) for each in registry.chain_of(held.code))
    people: dict[str, set[str]] = {}
    for held in chosen:
        if held.content and held.recipient:
            people.setdefault(folded(held.content.name), set()).add((held.recipient.email or "").casefold())
    for held in registry.all() if people else ():
        if held.content and held.recipient:
            addresses = people.get(folded(held.content.name))
            email = (held.recipient.email or "").casefold()
            if addresses is not None and (not email or "" in addresses or email in addresses):
                found[held.serial] = held
    return [found[serial] for serial in sorted(found) if serial not in known and not found[serial].erased]


# --- where their names are still -------------------------------------------------------------

MOST_FILES = 50_000
MOST_BYTES = 400_000_000  # that are read altogether
LARGEST = 30_000_000  # bytes of a file that is read
MOST_WORKBOOKS = 200
SECONDS = 60.0

_TEXTS = frozenset(
    (
        *(".json", ".jsonl", ".csv", ".tsv", ".txt", ".eml", ".mbox", ".htm", ".html", ".xml", ".md", ".toml", ".log"),
        ".certgen",  # a message in a Maildir
    )
)
_WORKBOOKS = frozenset([".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"])
_ARCHIVES = frozenset([".zip"])
_BACKUPS = frozenset([".age"])
_LEFT_OUT = frozenset([".ttf", ".otf", ".ttc", ".woff", ".woff2", ".pem"])
_LONG_ID = 5  # characters from which on an ID is looked for in texts


class Trace(Struct, frozen=True):
    """A file that holds a name, an address or an ID still, or may: ``why`` in words."""

    path: Path
    why: str


class Traces(Struct, frozen=True):
    """What was found; ``missed``: sentences about what was not looked into."""

    found: list[Trace]
    missed: list[str]


class _Person(NamedTuple):
    words: frozenset[str]  # of the folded name
    exact: tuple[str, ...]  # case-folded: e-mail address, long ID
    codes: tuple[str, ...]


def traces(folder: Path, erased: Iterable[Held], names: Iterable[str] = (), more: Iterable[Path] = ()) -> Traces:
    """Files below the academy's folder, below those that certificates were put into and below ``more`` that still hold
    people of these rows. The rows are as they were before (:meth:`Registry.erase`)."""
    rows = list(erased)
    people = [_person(held) for held in rows if held.content] + [
        _Person(frozenset(_words(name)), (), ()) for name in names
    ]
    roots = [folder.absolute(), *(Path(held.folder) for held in rows if held.folder), *more]
    return _Search(people, {held.file for held in rows}).through(roots)


def _person(held: Held) -> _Person:
    assert held.content is not None
    exact = []
    if held.recipient:
        exact += [held.recipient.email] if held.recipient.email else []
        exact += [held.recipient.id] if held.recipient.id and len(held.recipient.id) >= _LONG_ID else []
    words = frozenset(_words(held.content.name))
    return _Person(words, tuple(text.casefold() for text in exact), (codes.grouped(held.code), held.code))


class _Search:
    def __init__(self, people: list[_Person], files: set[str]) -> None:
        self._people, self._files = people, files
        self._found: dict[Path, str] = {}
        self._seen: set[Path] = set()
        self._bytes = self._workbooks = self._backups = self._skipped = 0
        self._until = time.monotonic() + SECONDS

    def through(self, roots: Sequence[Path]) -> Traces:
        enough = False
        for root in dict.fromkeys(os.path.normpath(root.absolute()) for root in roots):
            for path in _walk(Path(root)):
                if len(self._seen) >= MOST_FILES or time.monotonic() > self._until:
                    enough = True
                    break
                if path not in self._seen:
                    self._seen.add(path)
                    self._look(path)
        found = [Trace(path, why) for path, why in sorted(self._found.items())]
        missed = []
        if enough:
            missed.append(f"There are too many files: only the first {len(self._seen):,} were looked at.")
        if self._skipped:
            one = self._skipped == 1
            what = "1 file was" if one else f"{self._skipped:,} files were"
            missed.append(f"{what} not looked into, as {'it is' if one else 'they are'} too large, damaged or locked.")
        return Traces(found, missed)

    def _look(self, path: Path) -> None:
        suffix = path.suffix.lower().partition(":")[0]  # a Maildir's readers write their marks behind a colon
        if path.name.startswith(FILE) or suffix in _LEFT_OUT:
            return
        if suffix in _BACKUPS:
            self._found[path] = "a backup, with the registry of its day"
        elif why := self._by_name(path):
            self._found[path] = why
        elif suffix in _ARCHIVES:
            if self._archive(path):
                self._found[path] = "in the archive"
        elif suffix in _TEXTS or suffix in _WORKBOOKS:
            try:
                size = path.stat().st_size
                if size > LARGEST or self._bytes + size > MOST_BYTES:
                    self._skipped += 1
                    return
                self._bytes += size
                read = self._workbook if suffix in _WORKBOOKS else self._text
                if read(path):
                    self._found[path] = "in its rows" if suffix in _WORKBOOKS else "in its text"
            except OSError:
                self._skipped += 1

    def _by_name(self, path: Path) -> str:
        name = path.name.upper()
        if any(code in name for person in self._people for code in person.codes):
            return "the certificate" if path.suffix.lower() == ".pdf" else "the code in its name"
        if path.name in self._files:
            return "a certificate's file name"
        words = _words(path.stem)
        return "the name in its name" if any(_is(person, words) for person in self._people) else ""

    def _archive(self, path: Path) -> bool:
        """By the names of what is in it, and by the list that certgen pack puts in."""
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                if any(self._by_name(Path(member.filename)) for member in members):
                    return True
                listed = next((each for each in members if each.filename == "manifest.json"), None)
                if listed is None or listed.file_size > LARGEST or self._bytes + listed.file_size > MOST_BYTES:
                    return False
                self._bytes += listed.file_size
                return self._said(archive.read(listed))
        except (OSError, zipfile.BadZipFile, RuntimeError, ValueError, EOFError, zlib.error):  # damaged, locked, odd
            self._skipped += 1
            return False

    def _text(self, path: Path) -> bool:
        return self._said(path.read_bytes())

    def _said(self, data: bytes) -> bool:
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            text = data.decode("windows-1252", "replace")
        whole = text.casefold()
        if any(each in whole for person in self._people for each in person.exact):
            return True
        words = _words(whole)  # a quick look before lines are compared
        likely = [person for person in self._people if _is(person, words)]
        return any(_is(person, _words(line)) for person in likely for line in whole.splitlines())

    def _workbook(self, path: Path) -> bool:
        if self._workbooks >= MOST_WORKBOOKS:
            self._skipped += 1
            return False
        self._workbooks += 1
        problems: list[Problem] = []
        book = workbook.read(path, problems)
        if book is None:
            self._skipped += 1
            return False
        for sheet in book.sheets:
            for row in sheet.rows:
                texts = [values.as_text(cell) for cell in row if cell is not None]
                said = {text.strip().casefold() for text in texts}
                if any(each in said for person in self._people for each in person.exact):
                    return True
                words = _words(" ".join(texts))
                if any(_is(person, words) for person in self._people):
                    return True
        return False


_MARKS = re.compile(r"[!\"#$%&()*+,./:;<=>?@\[\\\]^_{|}~\-«»“”„‚…¿¡،؛؟。、「」（）·]+")


def _words(text: str) -> set[str]:
    """The words of a text, as names are folded."""
    return set(folded(_MARKS.sub(" ", text)).split())


def _is(person: _Person, words: set[str]) -> bool:
    return bool(person.words) and person.words <= words


def _walk(root: Path) -> Iterator[Path]:
    """Files, in order; nothing hidden, no links followed."""
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))
