"""Who gets a message, and who cannot: worked out, and told, before anything is sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from certgen import codes
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.mail.composer import Composer
from certgen.mail.message import for_servers
from certgen.mail.transport import Letter
from certgen.mail.words import FOLDER, Purpose
from certgen.model import Mail
from certgen.registry import Held, Registry
from certgen.registry.outbox import Entry
from certgen.selection import Chosen, read
from certgen.values import Misread, as_email

SHARED = 5  # people with one address who are named
NAMED = 12  # people without an address who are named


class Ready(Struct, frozen=True):
    """Somebody who gets a message. ``address``: as servers take it; ``round``: 0, and one more each time it was sent
    again on purpose."""

    chosen: Chosen
    address: str
    round: int


class Plan(Struct, kw_only=True):
    """What is about to be sent. ``mailed``: who was mailed before, and is left out, with what became of it; ``missed``:
    those of them who did not get it, or may not have; ``without``: who has no address that can be written to; ``rest``:
    it is what an ``--again`` that was cut short left."""

    ready: list[Ready]
    mailed: dict[int, Entry]
    missed: list[tuple[Chosen, Entry]]
    without: list[Chosen]
    languages: Counter[str]
    titles: Counter[str]
    rest: bool = False


def plan(
    registry: Registry,
    chosen: Sequence[Chosen],
    composer: Composer,
    purpose: Purpose,
    problems: list[Problem],
    *,
    again: bool = False,
    roster: Path | None = None,
) -> Plan:
    """Looks at everybody: address, template, and what was sent before. Errors among the problems stop it all; people
    without an address are warnings, each with the row."""
    made = Plan(ready=[], mailed={}, missed=[], without=[], languages=Counter(), titles=Counter())
    if not any(one.email.strip() for one in chosen):
        problems.append(_nobody(len(chosen), roster))
        return made
    serials = [one.serial for one in chosen]
    latest = registry.outbox().latest(serials, purpose)
    back = registry.outbox().latest(serials, "certificate") if purpose != "certificate" else {}
    # As the outbox does: an --again that was cut short is gone on with, and nobody gets it twice.
    made.rest = again and any(entry.state == "reserved" and entry.round for entry in latest.values())
    again = again and not made.rest
    known: set[tuple[str, str, str]] = set()
    empty: dict[str, int] = defaultdict(int)
    further: list[Problem] = []
    for one, held in read(registry, chosen):
        address = _address(one, problems if len(made.without) < NAMED else further, roster)
        if address is None:
            made.without.append(one)
            continue
        if not held.setting:
            problems.append(_unknown(one, roster))
            made.without.append(one)
            continue
        entry = latest.get(one.serial)
        left = entry if entry is not None and not _open(entry, address, again) else None
        if left is None and not again:
            left = _came_back(back.get(one.serial), address)
        if left is not None:
            made.mailed[one.serial] = left
            if left.state != "sent":
                made.missed.append((one, left))
            continue
        made.ready.append(Ready(one, address, _round(entry, again)))
        made.languages[one.language] += 1
        made.titles[held.content.title if held.content else ""] += 1
        key = (held.setting, held.language, held.folder)
        if key not in known:
            known.add(key)
            _readable(held, composer, problems)
        if not has_errors(problems):
            _counted(held, composer, empty)
    problems += _further(further, roster)
    problems += _shared(made.ready, roster)
    problems += _columns(empty, len(made.ready))
    return made


def _readable(held: Held, composer: Composer, problems: list[Problem]) -> None:
    """Whether there are words for it, and what it was made from."""
    try:
        composer.words(held)
    except CertgenError as error:
        problems += error.problems


def _counted(held: Held, composer: Composer, empty: dict[str, int]) -> None:
    """Fields of the roster that a template asks for and nobody has."""
    words = composer.words(held)
    for path in words.paths if words else ():
        if path.startswith("roster."):
            empty[path] += not composer.text(held, path)


def _columns(empty: dict[str, int], everybody: int) -> Iterator[Problem]:
    for path, count in sorted(empty.items()):
        if count == everybody:
            yield Problem(
                code="empty-field",
                severity="warning",
                message=f"The words ask for {{{path}}}, and nobody has anything there.",
                hint="Is the column called otherwise? What was on the roster when the certificates were made counts.",
            )


def _open(entry: Entry, address: str, again: bool) -> bool:
    """Whether there is still something to send; as the outbox itself decides it."""
    elsewhere = entry.address is not None and entry.address.casefold() != address.casefold()
    return again or entry.state == "reserved" or (entry.state in ("refused", "bounced") and elsewhere)


def _came_back(entry: Entry | None, address: str) -> Entry | None:
    """The message with the certificate itself, where it came back from this very address: so would any other."""
    there = entry is not None and (entry.address or "").casefold() == address.casefold()
    return entry if there and entry is not None and entry.state == "bounced" else None


def _round(entry: Entry | None, again: bool) -> int:
    if entry is None:
        return 0
    return entry.round if entry.state == "reserved" else entry.round + 1


def _address(one: Chosen, problems: list[Problem], roster: Path | None) -> str | None:
    place = {"row": one.row, "file": str(roster) if roster else None}
    if not one.email.strip():
        problems.append(
            Problem(
                code="no-address",
                severity="warning",
                message=f"{one.name} has no e-mail address, and gets no message.",
                hint="Write it into the roster, run certgen batch again, then this command."
                if one.row
                else f"Certificate {codes.grouped(one.code)}: write the address into its roster, run certgen batch.",
                **place,  # type: ignore[arg-type]
            )
        )
        return None
    found = as_email(one.email)
    try:
        if not isinstance(found, Misread):
            return for_servers(found)
        words = found.message
    except ValueError:
        words = f"“{one.email[:60]}” cannot be written to."
    problems.append(
        Problem(
            code="bad-address",
            severity="warning",
            message=f"{one.name} gets no message: {words}",
            hint="Correct it in the roster, run certgen batch again, then this command.",
            **place,  # type: ignore[arg-type]
        )
    )
    return None


def _unknown(one: Chosen, roster: Path | None) -> Problem:
    return Problem(
        code="unknown-setting",
        severity="warning",
        message=f"{one.name} gets no message: what the certificate was made from is not known any more, as the "
        "registry was rebuilt.",
        hint=f"Send {codes.grouped(one.code)} by hand.",
        row=one.row,
        file=str(roster) if roster else None,
    )


def _nobody(count: int, roster: Path | None) -> Problem:
    who = "This person has" if count == 1 else f"None of these {count:,} people has"
    return Problem(
        code="no-addresses",
        message=f"{who} an e-mail address." if count > 1 else f"{who} no e-mail address.",
        hint="Add a column E-mail to the roster and run certgen batch again: the certificates stay as they are.",
        file=str(roster) if roster else None,
    )


def _further(further: Sequence[Problem], roster: Path | None) -> Iterator[Problem]:
    """One sentence for all that are too many to be told one by one."""
    if further:
        rows = [str(problem.row) for problem in further if problem.row]
        where = f", in rows {', '.join(rows[:40])}{' …' if len(rows) > 40 else ''}" if rows else ""
        what = "1 more person has" if len(further) == 1 else f"{len(further):,} more people have"
        yield Problem(
            code="no-address",
            severity="warning",
            message=f"{what} no address that can be written to{where}.",
            hint="The report names them all.",
            file=str(roster) if roster else None,
        )


def _shared(ready: Iterable[Ready], roster: Path | None) -> Iterator[Problem]:
    """Several people behind one address is allowed: families, offices. It may also be a slip."""
    people: dict[str, dict[str, Ready]] = defaultdict(dict)
    for one in ready:
        people[one.address.casefold()].setdefault(one.chosen.name, one)
    for sharing in people.values():
        if len(sharing) < 2:
            continue
        first = next(iter(sharing.values()))
        names = list(sharing)
        more = f" and {len(names) - SHARED:,} more" if len(names) > SHARED else ""
        yield Problem(
            code="shared-address",
            severity="warning",
            message=f"{', '.join(names[:SHARED])}{more} have one address, {first.address}.",
            hint="Each gets a message of their own there. Is that meant?",
            row=first.chosen.row,
            file=str(roster) if roster else None,
        )


# --- letters ---------------------------------------------------------------------------------


def letters(
    registry: Registry, ready: Iterable[Ready], composer: Composer, purpose: Purpose, mail: Mail
) -> Iterator[Letter]:
    """What is handed to :func:`certgen.mail.sending.send`. A message is made when its turn has come."""
    sender = for_servers(mail.envelope)
    for one in ready:
        identity = composer.identity(one.chosen.code, one.round)

        def make(serial: int = one.chosen.serial, to: str = one.address, identity: str = identity) -> bytes:
            (held,) = registry.get([serial])
            return composer.message(held, to, identity, datetime.now().astimezone())

        yield Letter(one.chosen.serial, purpose, sender, one.address, identity, make)


def no_mail(file: str) -> Problem:
    """issuer.toml says nothing of e-mail."""
    return Problem(
        code="no-mail",
        message="issuer.toml does not say from whom mail comes.",
        hint='Add at its end: [mail], and below it: from = "Academy <certificates@academy.org>" (docs/sending.md).',
        file=file,
        exit_code=ExitCode.ROSTER,
    )


def template_folders(roster: Path | None, folder: Path) -> list[Path]:
    """Where a course's own words are; none, where it has none."""
    found = [roster.parent, roster.parent.parent] if roster else []
    near = [place for place in found if (place / FOLDER).is_dir() and place != folder and place.is_relative_to(folder)]
    return near[:1]
