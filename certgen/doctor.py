"""Is all well with an academy? Registry, files, secret, keys, backup, published lists, clock, fonts: each in a line.

Nothing is mended and nothing is written. What is *wrong* must be put right before anything is issued; what asks for
*attention* may stay as it is for good reasons.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct

from certgen import __version__, backup, codes, keys, output, records, site
from certgen import course as courses
from certgen.credential import SECRET_FILE
from certgen.errors import CertgenError, Problem, has_errors
from certgen.font import FontBook
from certgen.keys.passphrase import GIVEN
from certgen.model import Issuer
from certgen.records.erasure import overdue
from certgen.registry import FILE, Registry, strange_faces
from certgen.registry.snapshot import KeptFace
from certgen.signing import KeyRecord

Mark = Literal["ok", "attention", "wrong"]

SLACK = timedelta(minutes=10)  # that two computers' clocks may differ
LEAST_SPACE = 200_000_000  # bytes
_FAILED = {"refused": "refused", "bounced": "came back"}
NAMED = 3  # codes or files that are told by name


class Finding(Struct, frozen=True):
    """One thing that was looked at. ``what`` is a stable slug; ``words`` a sentence, ``hint`` how to mend it."""

    what: str
    mark: Mark
    words: str
    hint: str = ""


def examine(start: Path, now: datetime, *, files: bool = True) -> Iterator[Finding]:
    """Looks at the academy that ``start`` is in. ``now`` has a time zone. ``files``: read every certificate too."""
    problems: list[Problem] = []
    file = courses.find_issuer(start, problems)
    issuer = courses.load_issuer(file, problems) if file else None
    yield from _told("issuer", problems)
    if file is None or issuer is None or has_errors(problems):
        return
    if not problems:
        yield Finding("issuer", "ok", f"{file.name} is in order: {issuer.name}, verified at {issuer.verify_url}.")
    yield _space(file.parent)
    problems = []
    registry = Registry.open(file.parent, problems)
    yield from _told("registry", problems)
    if registry is None:
        if not problems:
            yield _no_registry(issuer)
        return
    with registry:
        yield from _Examination(file.parent, issuer, registry, now).all(files)
    yield _versions()


def _told(what: str, problems: Iterable[Problem]) -> Iterator[Finding]:
    for problem in problems:
        yield Finding(what, "wrong" if problem.severity == "error" else "attention", problem.message, problem.hint)


def _no_registry(issuer: Issuer) -> Finding:
    if issuer.key or (Path(issuer.folder) / SECRET_FILE).exists():
        words = f"There is no registry ({FILE}), and there must have been one: this academy has a key or a secret."
        hint = "Restore it from your backup (certgen restore), or from the PDFs: certgen registry rebuild FOLDER."
        return Finding("registry", "wrong", words, hint)
    return Finding("registry", "ok", "Nothing has been issued yet, so there is no registry, no secret and no key.")


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:,.1f} GB are free on the disk."
    mark: Mark = "attention" if free < LEAST_SPACE else "ok"
    return Finding("space", mark, words, "Free some space before the next batch." if mark == "attention" else "")


def _versions() -> Finding:
    libraries = output.libraries()
    told = ", ".join(f"{name} {number}" for name, number in libraries.items() if name not in ("certgen", "python"))
    system = f"{platform.system()} {platform.release()}"
    return Finding("versions", "ok", f"certgen {__version__}, Python {libraries['python']}, {system}; {told}.")


class _Examination:
    """Of an academy that has a registry."""

    def __init__(self, folder: Path, issuer: Issuer, registry: Registry, now: datetime) -> None:
        self.folder, self.issuer, self.registry, self.now = folder, issuer, registry, now
        self.today = now.astimezone().date()

    def all(self, files: bool) -> Iterator[Finding]:
        found = list(self._registry())
        yield from found
        if any(finding.mark == "wrong" for finding in found):  # what is read from it proves nothing
            return
        parts: list[Callable[[], Iterable[Finding]]] = [self._secret, self._keys, self._clock, self._backup]
        parts += [self._site, *([self._files] if files else []), self._fonts, self._mail, self._retention]
        for part in parts:
            try:
                yield from part()
            except CertgenError as error:
                yield from _told(part.__name__.lstrip("_"), error.problems)

    # the registry

    def _registry(self) -> Iterator[Finding]:
        problems = self.registry.check()
        yield from _told("registry", problems)
        if not has_errors(problems):
            events = sum(1 for _ in self.registry.history())
            yield Finding(
                "registry",
                "ok",
                f"The registry is as it was written: {_many(self.registry.count(), 'certificate')}, "
                f"{_many(events, 'event')} of history, an unbroken chain.",
            )

    def _mail(self) -> Iterator[Finding]:
        """Whoever was mailed more than once counts as the last time ended."""
        states: Counter[str] = Counter(
            {(one.serial, one.purpose): one.state for one in self.registry.outbox().all()}.values()
        )
        if not states:
            return
        doubtful, waiting = states["unknown"] + states["sending"], states["reserved"]
        told = [f"{states['sent']:,} sent"]
        arrived = "it" if doubtful == 1 else "they"
        told += [f"{doubtful:,} of which nobody knows whether {arrived} arrived"] if doubtful else []
        told += [f"{waiting:,} waiting"] if waiting else []
        told += [f"{states[state]:,} {words}" for state, words in _FAILED.items() if states[state]]
        hints = ["Run certgen send again: it goes on with those that wait."] if waiting else []
        if doubtful or any(states[state] for state in _FAILED):
            hints.append("certgen send names those who did not get theirs, or may not have, and says what to do.")
        mark: Mark = "attention" if hints else "ok"
        yield Finding("mail", mark, f"E-mail: {', '.join(told)}.", " ".join(hints))

    def _clock(self) -> Iterator[Finding]:
        """Order is by number and never by clock; but days of issue come from it."""
        last = None
        for event in self.registry.history():
            at = datetime.fromisoformat(event.at)
            if last is not None and at < last - SLACK:
                words = f"A computer's clock was set back: event {event.seq} of history says {event.at}, and the one "
                words += f"before it {last:%Y-%m-%dT%H:%M:%SZ}."
                yield Finding("clock", "attention", words, f"It was {event.machine}'s. Look at what was issued then.")
            last = at if last is None else max(last, at)
        if last is not None and last > self.now + SLACK:
            words = f"This computer's clock says {self.now:%Y-%m-%d %H:%M} (UTC), and the registry was last written "
            words += f"on {last:%Y-%m-%d %H:%M}."
            yield Finding("clock", "wrong", words, "Set the clock right before anything is issued or published.")
        else:
            yield Finding("clock", "ok", "The clock is not behind the registry's.")

    # secret and keys

    def _secret(self) -> Iterator[Finding]:
        problems: list[Problem] = []
        secret = keys.secret(self.folder, self.registry, problems, create=False)
        yield from _told("secret", problems)
        if secret is not None:
            yield Finding("secret", "ok", "The secret is there, and is the one that the codes were made with.")

    def _keys(self) -> Iterator[Finding]:
        all_keys = self.registry.keys()
        active = [record for record in all_keys if record.state == "active"]
        if not all_keys and not self.issuer.key:
            yield Finding("key", "attention", "There is no signing key.", "Make one with: certgen keys new")
            return
        problems: list[Problem] = []
        signing = keys.signing_key(self.folder, self.issuer, self.registry, problems, create=False)
        chosen = [record for record in active if self._kept(record) == "chosen"]
        untried = chosen and not os.environ.get(GIVEN) and [problem.code for problem in problems] == ["key-locked"]
        if signing is None and untried:
            name = chosen[-1].public.fingerprint
            yield Finding("key", "ok", f"The signing key {name} is there; its passphrase is known to people.")
        else:
            yield from _told("key", problems)
        if signing is not None:
            name = signing.record.public.fingerprint
            yield Finding("key", "ok", f"The signing key {name} is there and opens; {_counted(all_keys)}.")
            if not keys.is_locked(signing.file):
                words = f"The signing key {name} has no passphrase: whoever copies its file can sign in your name."
                yield Finding("key", "attention", words, "To give it one, run in a terminal: certgen keys passphrase")
            if self.issuer.key != signing.record.multikey:
                words = f"issuer.toml names {'another key' if self.issuer.key else 'no key'} than the registry, whose "
                words += f"active one is {name}."
                yield Finding("key", "attention", words, f'Write into issuer.toml: key = "{signing.record.multikey}"')

    def _kept(self, record: KeyRecord) -> str | None:
        return self.registry.meta(f"passphrase:{record.public.fingerprint}")

    # what others rely on

    def _backup(self) -> Iterator[Finding]:
        last, issued = backup.last(self.registry), self.registry.count()
        hint = "Make one on another disk: certgen backup FILE"
        if last is None:
            if issued:
                words = f"There has never been a backup, and {_many(issued, 'certificate')} issued."
                yield Finding("backup", "attention", words, hint)
            return
        more = issued - last.issued
        when = f"{last.at} ({_ago((self.today - last.at).days)})"
        if more > 0:
            words = f"{_many(more, 'certificate')} issued since the last backup on {when}."
            yield Finding("backup", "attention", words, hint)
        else:
            name = f", {last.file}" if last.file else ""
            yield Finding("backup", "ok", f"The last backup, of {when}{name}, has every certificate.")

    def _site(self) -> Iterator[Finding]:
        if not self.registry.count():
            return
        old = site.reminder(self.registry, self.issuer, self.today)
        secret = keys.secret(self.folder, self.registry, [], create=False)
        behind = site.unpublished(self.registry, secret.value) if secret else None
        yield from _told("site", filter(None, (old, behind)))
        if not old and not behind and secret:
            yield Finding("site", "ok", "The verification site is live and tells what the registry does.")

    # certificates

    def _files(self) -> Iterator[Finding]:
        """Only those that are in force: what was replaced or revoked should rather be gone."""
        states: Counter[str] = Counter()
        named: dict[str, list[str]] = {}
        for held in self.registry.all(state="issued"):
            if held.erased:
                continue
            _, state = records.located(held, self.folder)
            states[state] += 1
            if len(told := named.setdefault(state, [])) < NAMED:
                told.append(codes.grouped(held.code))
        if states["altered"]:
            words = f"{_many(states['altered'], 'file')} not as issued: {_some(named['altered'], states['altered'])}."
            hint = "See what was done to them with certgen verify; make them again with certgen copy CODE --out FOLDER."
            yield Finding("files", "wrong", words, hint)
        if states["missing"]:
            words = f"{_many(states['missing'], 'certificate')} not in the folder that they were put in: "
            words += f"{_some(named['missing'], states['missing'])}."
            yield Finding("files", "attention", words, "If they are not elsewhere: certgen copy CODE makes them again.")
        if states["there"]:
            words = f"{_many(states['there'], 'file')} of certificates in their place, byte for byte as issued."
            yield Finding("files", "ok", words)

    def _fonts(self) -> Iterator[Finding]:
        """Fonts of the system's are not kept: a copy made with others would look otherwise."""
        used = {held.setting for held in self.registry.all(state="issued") if held.setting}
        book = FontBook([Path(self.issuer.font_folder)] if self.issuer.font_folder else [])
        for problem in book.problems:
            yield Finding("fonts", "attention", problem.message, problem.hint)
        strange: dict[str, KeptFace] = {}
        for digest in sorted(used):
            with suppress(KeyError):
                strange |= {face.key: face for face in strange_faces(self.registry.setting(digest), book)}
        lost = sorted({face.family for face in strange.values() if face.file is None})
        if lost:
            words = "Certificates were made with fonts that this computer has not, or has in other versions: "
            words += f"{_some(lost, len(lost))}."
            hint = "Copies look otherwise, or cannot be made. Put these fonts into the folder that issuer.toml names."
            yield Finding("fonts", "attention", words, hint)
        elif used:
            yield Finding("fonts", "ok", "Every font that certificates were made with is here or in the registry.")

    def _retention(self) -> Iterator[Finding]:
        if self.issuer.retention is None:
            if self.registry.count():
                words = "issuer.toml does not say how long personal data is kept."
                yield Finding("retention", "attention", words, 'Write into it, for example: retention = "10 years"')
            return
        past = sum(1 for _ in overdue(self.registry, self.issuer.retention, self.today))
        if past:
            words = (
                f"{_many(past, 'certificate')} past the time for which personal data is kept ({self.issuer.retention})."
            )
            yield Finding("retention", "attention", words, "Erase their personal data with: certgen erase --expired")
        else:
            yield Finding("retention", "ok", f"No personal data is kept longer than {self.issuer.retention}.")


# --- words -----------------------------------------------------------------------------------


def _many(count: int, what: str) -> str:
    """ "1 file is", "3 files are"; for things that are only counted without the verb."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _some(names: list[str], count: int) -> str:
    more = count - len(names[:NAMED])
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _ago(days: int) -> str:
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days:,} days ago"


def _counted(records: list[KeyRecord]) -> str:
    states = Counter(record.state for record in records)
    return ", ".join(f"{count} {state}" for state, count in states.items())
