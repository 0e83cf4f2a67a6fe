"""What a batch does to the registry, and what is done to single certificates later. Each function is part of one
transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from certgen.errors import CertgenError
from certgen.model import Recipient
from certgen.names import folded
from certgen.registry import chain, outbox, rows
from certgen.registry.rows import Ask, Batch, By, Done, Held, Reserved, Row, Wanted
from certgen.registry.shelf import CREDENTIALS, Shelf, meanwhile, pieces

_FILE = ("sha256", "private", "badge")
_ENDED = ("state", "replaced_by", "ended")


# --- a batch ---------------------------------------------------------------------------------------


def reserve(
    shelf: Shelf,
    asks: Sequence[Ask],
    code_of: Callable[[Wanted, int], str],
    issued: date,
    prefix: str,
    setting: str,
    folder: str,
) -> list[Row]:
    """The rows of what was asked for, in order."""
    serial = shelf.next_serial()
    revisions = shelf.revisions([ask.wanted.person for ask in asks if ask.replace])
    added: list[Row] = []
    renewed: list[Row] = []
    made: list[Row] = []
    for ask in asks:
        wanted, current = ask.wanted, ask.match.current
        if ask.match.kind == "unfinished" and not ask.replace:
            assert current is not None, "so says the match"
            row = _row(current.serial, current.code, current.revision)
            renewed.append(row)
        else:
            if not ask.replace and ask.match.kind in ("changed", "unchanged"):
                raise ValueError(f"{ask.match.kind}, and not to be replaced: {wanted.person}")
            revision = revisions.get(wanted.person, -1) + 1
            row = _row(serial, code_of(wanted, revision), revision)
            if ask.replace and current is not None and current.person != wanted.person:
                row["replaces"] = current.serial
            serial += 1
            added.append(row)
        row["issued"], row["prefix"], row["setting"] = issued.isoformat(), prefix, setting
        _describe(row, wanted, ask.file, folder)
        made.append(row)
    for row in added:
        rows.seal(row)
    shelf.add(added)
    _take_over(shelf, renewed)
    return made


def _row(serial: int, code: str, revision: int) -> Row:
    return {
        "serial": serial,
        "code": code,
        "revision": revision,
        "state": "reserved",
        "sha256": "",
        "replaced_by": None,
        "replaces": None,
        "ended": None,
        "badge": None,
        "salt": rows.new_salt(),
    }


def _describe(row: Row, wanted: Wanted, file: str, folder: str) -> None:
    expires = wanted.content.expires
    row["person"], row["run"], row["by"] = wanted.person, wanted.run, wanted.by
    row["language"], row["award"], row["kind"] = wanted.language, wanted.award, wanted.kind
    row["expires"] = expires.isoformat() if expires else None
    row["consented"] = int(wanted.consented)
    row["private"] = rows.private_of(wanted, file, folder)


def _take_over(shelf: Shelf, renewed: Sequence[Row]) -> None:
    """What a killed run reserved: everything is as it is wanted now, but for whose place it takes."""
    before = {row["serial"]: row for row in shelf.by_serial(row["serial"] for row in renewed)}
    for row in renewed:
        old = before.get(row["serial"])
        if old is None or old["state"] != "reserved":
            raise CertgenError(meanwhile(shelf.path))
        row["replaces"] = old["replaces"]
    shelf.write(renewed)


def reserved(row: Row) -> Reserved:
    return Reserved(row["serial"], row["code"], row["revision"])


def attach(shelf: Shelf, results: Mapping[int, Done]) -> None:
    made = _reserved(shelf, results)
    for row in made:
        _put(row, results[row["serial"]])
    shelf.write(made, _FILE)


def finish(shelf: Shelf, batch: Batch, results: Mapping[int, Done], attached: Iterable[int], unchanged: int) -> None:
    seals: list[tuple[int, bytes]] = []
    count = 0
    for some in pieces(sorted({*results, *attached})):
        issued = _reserved(shelf, some)
        before = _replaced(shelf, issued)
        for row in issued:
            if row["serial"] in results:
                _put(row, results[row["serial"]])
            elif not row["sha256"]:
                raise ValueError(f"nothing is attached to {row['serial']}")
            row["state"] = "issued"
        shelf.write(before, _ENDED)  # first: a person has one that is issued, and never two
        shelf.write(issued, (*_FILE, "state") if results else ("state",))
        seals += _seals(issued, before)
        count += len(before)
    counts = {"issued": len(seals) - count, "replaced": count, "unchanged": unchanged}
    facts = {"course": batch.course, "counts": counts | {"not_awarded": len(batch.not_awarded)}}
    notes: list[tuple[str, Any]] = [("roster", batch.roster), ("roster_sha256", batch.roster_sha256)]
    notes += [("not_awarded", list(item)) for item in batch.not_awarded]
    notes += [("overrides", [text]) for text in batch.overrides]
    chain.append(shelf.connection, "batch", facts, notes, seals)


def _reserved(shelf: Shelf, serials: Collection[int]) -> list[Row]:
    found = shelf.by_serial(serials)
    if len(found) < len(serials) or any(row["state"] != "reserved" for row in found):
        raise CertgenError(meanwhile(shelf.path))
    return found


def _replaced(shelf: Shelf, issued: Sequence[Row]) -> list[Row]:
    """Earlier rows of these people that stand, or were never finished, and rows of theirs under another identity."""
    by_person = {row["person"]: row for row in issued if row["revision"] > 0}
    by_serial = {row["replaces"]: row for row in issued if row["replaces"] is not None}
    standing = CREDENTIALS.c.state.in_(("issued", "reserved"))
    found: dict[int, Row] = {}
    for some in pieces(by_person):
        for row in shelf.where(CREDENTIALS.c.person.in_(some), standing):
            new = by_person[row["person"]]
            if row["revision"] < new["revision"]:
                found[row["serial"]] = row | {"replaced_by": new["code"]}
    for row in shelf.by_serial(by_serial):
        if row["state"] in ("issued", "reserved"):
            found[row["serial"]] = row | {"replaced_by": by_serial[row["serial"]]["code"]}
    for row in found.values():
        row["state"], row["ended"] = "replaced", date.today().isoformat()
    return list(found.values())


def _put(row: Row, done: Done, reason: str | None = None) -> None:
    """The file, and what it was signed with."""
    private = rows.opened(row)
    if private is not None:
        place = replace(private, file=done.file, folder=done.folder, payload=done.payload, reason=reason)
        row["private"] = rows.closed(place)
        row["badge"] = rows.packed(done.badge)
    row["sha256"] = done.sha256


def remade(
    shelf: Shelf, results: Iterable[Done], setting: str, issued: date | None, wanted: Mapping[int, Wanted]
) -> None:
    seals: list[tuple[int, bytes]] = []
    for some in pieces(results):
        done = {one.serial: one for one in some}
        changed = [row for row in shelf.by_serial(done) if row["salt"] is not None]
        for row in changed:
            row["setting"] = setting
            if issued:
                row["issued"] = issued.isoformat()
            before = rows.opened(row)
            if row["serial"] in wanted:
                _describe(row, wanted[row["serial"]], "", "")
            _put(row, done[row["serial"]], before.reason if before else None)
        shelf.write(changed)
        seals += _seals(changed)
    chain.append(shelf.connection, "remade", {"count": len(seals)}, (), seals)


# --- single certificates ---------------------------------------------------------------------------


def revoke(shelf: Shelf, serials: Iterable[int], reason: str, on: date) -> list[Held]:
    changed = [row for row in shelf.by_serial(serials) if row["state"] == "issued"]
    for row in changed:
        row["state"], row["ended"] = "revoked", on.isoformat()
        private = rows.opened(row)
        if private is not None:
            row["private"] = rows.closed(replace(private, reason=reason))
    shelf.write(changed)
    facts = {"serials": [row["serial"] for row in changed], "on": on.isoformat()}
    chain.append(shelf.connection, "revoked", facts, [("reason", reason)], _seals(changed))
    return [rows.held(row) for row in changed]


def readdress(
    shelf: Shelf, people: Mapping[int, tuple[Recipient, bool]], identities: Mapping[int, tuple[str, By]]
) -> None:
    changed = []
    for row in shelf.by_serial(people):
        private = rows.opened(row)
        if private is not None:
            recipient, consented = people[row["serial"]]
            row["private"] = rows.closed(replace(private, recipient=replace(recipient, letters={})))
            row["consented"] = int(consented)
            row["person"], row["by"] = identities.get(row["serial"], (row["person"], row["by"]))
            changed.append(row)
    shelf.write(changed)
    facts = {"serials": [row["serial"] for row in changed]}
    chain.append(shelf.connection, "readdressed", facts, (), _seals(changed))


def erase(shelf: Shelf, serials: Iterable[int], names: Iterable[str]) -> list[Held]:
    gone = [row for row in shelf.by_serial(serials) if row["salt"] is not None]
    before = [rows.held(row) for row in gone]
    for row in gone:
        row["private"] = row["badge"] = row["salt"] = None
    shelf.write(gone)
    people = {folded(name) for name in names} | {folded(held.content.name) for held in before if held.content}
    notes = chain.forget(shelf.connection, people)
    outbox.forget(shelf, [row["serial"] for row in gone])
    facts = {"serials": [row["serial"] for row in gone], "notes": notes}
    chain.append(shelf.connection, "erased", facts, (), _seals(gone))
    return before


def adopt(shelf: Shelf, held: Iterable[Held], details: Mapping[str, Any]) -> None:
    new = []
    for one in held:
        if one.content is None or one.recipient is None:
            raise ValueError(f"nothing is known of {one.code}")
        row = _row(one.serial, one.code, one.revision)
        ended = one.ended.isoformat() if one.ended else None
        wanted = Wanted(
            one.person, one.by, one.run, one.content, one.recipient, one.language, one.award, one.kind, one.consented
        )
        _describe(row, wanted, "", "")
        _put(row, Done(one.serial, one.file, one.folder, one.sha256, one.payload, one.deflated), one.reason)
        row["state"], row["replaced_by"], row["ended"] = one.state, one.replaced_by, ended
        row["issued"], row["setting"] = one.issued.isoformat(), one.setting
        row["prefix"] = one.url.removesuffix(one.payload or one.code)
        rows.seal(row)
        new.append(row)
    shelf.add(new)
    facts = {**details, "serials": [row["serial"] for row in new]}
    chain.append(shelf.connection, "adopted", facts, (), _seals(new))


def _seals(*changed: Sequence[Row]) -> list[tuple[int, bytes]]:
    return [(row["serial"], row["digest"]) for some in changed for row in some]
