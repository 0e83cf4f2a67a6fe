"""What was issued, looked up in the registry: lists, the story of one certificate, copies of it.

Words for people are made in cli/records.py. The state that people are told is made of what the registry says and of
today's date; erased certificates have a state like all others, and no name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from certgen import codes, output
from certgen.copies import Copier
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.payload import unseal
from certgen.registry import Event, Held, Registry
from certgen.registry.outbox import Entry
from certgen.signing import KeyRecord, by_short

State = Literal["valid", "expired", "replaced", "revoked", "unfinished"]
STATES: tuple[State, ...] = ("valid", "expired", "replaced", "revoked", "unfinished")


def state_of(held: Held, today: date) -> State:
    """What people are told. "unfinished": reserved by a batch that was stopped on its way."""
    if held.state == "reserved":
        return "unfinished"
    if held.state != "issued":
        return held.state
    return "expired" if held.expires is not None and held.expires < today else "valid"


# --- lists -----------------------------------------------------------------------------------


class Filter(Struct, frozen=True):
    """Which certificates are meant; what is None is not asked. ``since`` and ``until`` are days of issue, both
    included; ``name``: words that the name has; ``erased``: only those whose personal data is gone."""

    course: str | None = None
    since: date | None = None
    until: date | None = None
    state: State | None = None
    name: str | None = None
    erased: bool = False

    @property
    def open(self) -> bool:
        """Whether everything is meant."""
        return self == Filter()


def find(registry: Registry, wish: Filter, today: date) -> Iterator[Held]:
    """Certificates in the order in which they were issued. Unfinished ones come only when asked for."""
    asked: Literal["reserved"] | None = "reserved" if wish.state == "unfinished" else None
    for held in registry.all(course=wish.course, since=wish.since, state=asked, name=wish.name):
        if wish.until is not None and held.issued > wish.until:
            continue
        if (wish.state is None or state_of(held, today) == wish.state) and (held.erased or not wish.erased):
            yield held


def course_of(held: Held) -> str:
    """The course's code, which an erased one has too."""
    return held.run.partition("\n")[0]


def courses(registry: Registry) -> list[str]:
    """The codes of all courses of which something was issued."""
    return sorted({course_of(held) for held in registry.all()})


FIELDS = (
    *("code", "state", "name", "email", "id", "number", "course", "title", "award", "hours", "start", "end", "grade"),
    *("language", "issued", "expires", "ended", "reason", "replaced_by", "public", "erased", "address", "file"),
    *("folder", "sha256"),
)
"""What is told of each certificate, to programs and in exports, in this order."""


def record(held: Held, today: date) -> dict[str, Any]:
    """One certificate as FIELDS: text, numbers, dates, truth values; None for what it does not have."""
    content, person = held.content, held.recipient
    hours = content.hours if content else None
    return {
        "code": codes.grouped(held.code),
        "state": state_of(held, today),
        "name": content.name if content else None,
        "email": person.email if person else None,
        "id": person.id if person else None,
        "number": content.number if content else None,
        "course": course_of(held),
        "title": content.title if content else None,
        "award": held.kind,
        "hours": None if hours is None else int(hours) if hours == int(hours) else float(hours),
        "start": content.start if content else None,
        "end": content.end if content else None,
        "grade": content.grade if content else None,
        "language": held.language,
        "issued": held.issued,
        "expires": held.expires,
        "ended": held.ended,
        "reason": held.reason,
        "replaced_by": codes.grouped(held.replaced_by) if held.replaced_by else None,
        "public": held.consented,
        "erased": held.erased,
        "address": held.url.partition("#")[0] + "#" + held.code,
        "file": held.file or None,
        "folder": held.folder or None,
        "sha256": held.sha256 or None,
    }


# --- one certificate -------------------------------------------------------------------------

FileState = Literal["there", "altered", "missing", "erased"]


class Story(Struct, frozen=True):
    """All that is known of one certificate. ``chain``: it and those that it replaced or that replaced it, the oldest
    first. ``events``: what was done to it, the first first. ``file``: where its file is, or was last. ``key`` signed
    it; None where that is not known any more. ``messages``: those that were sent to its person, or are to be."""

    held: Held
    state: State
    chain: list[Held]
    events: list[Event]
    file: Path | None
    file_state: FileState
    key: KeyRecord | None
    messages: list[Entry] = []


def story(registry: Registry, folder: Path, held: Held, today: date) -> Story:
    """The story of a certificate of the academy in ``folder``."""
    file, file_state = located(held, folder)
    key = unseal(held.payload, by_short(registry.keys())).key if held.payload else None
    return Story(
        held=held,
        state=state_of(held, today),
        chain=registry.chain_of(held.code),
        events=registry.story(held.serial),
        file=file,
        file_state=file_state,
        key=key,
        messages=registry.outbox().of(held.serial),
    )


def located(held: Held, folder: Path) -> tuple[Path | None, FileState]:
    """Where a certificate's file is, and whether it is as it was issued."""
    if held.erased or not held.file:
        return None, "erased" if held.erased else "missing"
    found = original(held, folder)
    if found is not None:
        return found[0], "there"
    path = next((path for path in _places(held, folder) if path.is_file()), None)
    return (path, "altered") if path else (Path(held.folder, held.file), "missing")


def original(held: Held, folder: Path) -> tuple[Path, bytes] | None:
    """The file that was issued, wherever it is now, with its bytes; None where there is none of these bytes."""
    if held.erased or not held.file:
        return None
    for path in _places(held, folder):
        if path.is_file():
            with output.told(f"“{path.name}” cannot be read"):
                data = path.read_bytes()
            if sha256(data).hexdigest() == held.sha256:
                return path, data
    return None


def _places(held: Held, folder: Path) -> Iterator[Path]:
    """Where it was put; and, as academies are moved and restored, the same place below where the academy is now."""
    was = Path(held.folder)
    yield was / held.file
    parts = was.parts[1:]
    for at in range(max(len(parts) - 4, 0), len(parts) + 1):
        moved = folder.joinpath(*parts[at:])
        if moved != was:
            yield moved / held.file


def unknown(code: str) -> Problem:
    """Nothing was issued under that code."""
    return Problem(
        code="unknown-code",
        message=f"No certificate with the code {codes.grouped(code)} was issued here.",
        hint="Compare it with the paper. Is this the right academy's folder?",
        exit_code=ExitCode.USAGE,
    )


# --- copies ----------------------------------------------------------------------------------


class Copy(Struct, frozen=True):
    """A copy that was made. ``same``: byte for byte what was issued. ``kept``: it is the file that was issued, as it
    cannot be made again here byte for byte. Otherwise it says the same, and is signed the same, in other bytes."""

    held: Held
    file: Path
    same: bool
    kept: bool = False


def copy(
    registry: Registry, folder: Path, chosen: Iterable[Held], out: Path, problems: list[Problem]
) -> Iterator[Copy]:
    """Makes each certificate again from what the registry kept, into ``out``. No file is written over: where another
    of its name is, the new one gets a number. What cannot be made is told. Raises :class:`CertgenError` where the disk
    refuses."""
    with output.told("The folder for the copies cannot be made"):
        out.mkdir(parents=True, exist_ok=True)
    with Copier(registry) as copier:
        for held in chosen:
            issued = original(held, folder)
            try:
                data = copier.pdf(held) if held.setting else None
            except CertgenError as error:
                if issued is None:
                    problems += error.problems
                    continue
                data = None
            same = data is not None and sha256(data).hexdigest() == held.sha256
            kept = not same and issued is not None
            if kept and issued is not None:
                data = issued[1]
            if data is None:
                problems.append(_lost(held))
                continue
            name = Path(held.file or f"{codes.grouped(held.code)}.pdf")
            file = output.lay_beside(out, name.stem, name.suffix, data, replace=False)
            yield Copy(held, file, same or kept, kept)


def _lost(held: Held) -> Problem:
    erased = held.erased
    return Problem(
        code="erased" if erased else "not-copied",
        message=f"Certificate {codes.grouped(held.code)} cannot be made again: "
        + ("the personal data in it was erased." if erased else "what it was made from is not known, and its file is "
           "not where it was."),
        hint="" if erased else f"Put {held.file} back into {held.folder}.",
        exit_code=ExitCode.REGISTRY,
    )  # fmt: skip
