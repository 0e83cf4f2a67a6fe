"""What became of messages: the report for people, bounces that people record, and files that earlier runs wrote."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from certgen import codes, columns, values, workbook
from certgen.errors import ExitCode, Problem
from certgen.ledger import Page
from certgen.ledger import workbook as written
from certgen.mail.words import Purpose
from certgen.registry import Registry
from certgen.registry.outbox import Bounce, Entry
from certgen.selection import Chosen
from certgen.workbook import Sheet

# --- the report ------------------------------------------------------------------------------

HEADS = ("Name", "E-mail", "Code", "What became of it", "When (UTC)", "In words", "Tries", "Row", "Message-ID")
_WIDTHS = (30, 34, 22, 16, 18, 60, 8, 8, 48)
STATES = {
    "reserved": "waiting",
    "sending": "unknown",
    "sent": "sent",
    "refused": "refused",
    "unknown": "unknown",
    "bounced": "came back",
}


def report(
    chosen: Sequence[Chosen], latest: Mapping[int, Entry], why: Mapping[int, str], left: Iterable[Problem] = ()
) -> bytes:
    """A workbook with a row for everybody who was meant. ``why``: by serial, why somebody could not be written to;
    ``left``: why rows of the roster were left out."""
    rows = [*_rows(chosen, latest, why)]
    rows += [("", "", "", "left out", "", problem.message, None, problem.row, "") for problem in left]
    return written([Page("Mail", _WIDTHS, [HEADS, *rows])])


def _rows(chosen: Sequence[Chosen], latest: Mapping[int, Entry], why: Mapping[int, str]) -> Iterator[Sequence[object]]:
    for one in chosen:
        entry, code = latest.get(one.serial), codes.grouped(one.code)
        if entry is None:
            words = why.get(one.serial, "")
            yield one.name, one.email, code, "no message", "", words, None, one.row, ""
            continue
        again = f" (message {entry.round + 1})" if entry.round else ""
        yield (
            one.name,
            entry.address or one.email,
            code,
            STATES[entry.state] + again,
            f"{entry.at:%Y-%m-%d %H:%M}",
            entry.words or "",
            entry.tries,
            one.row,
            entry.message_id,
        )


# --- bounces ---------------------------------------------------------------------------------

_CODES = frozenset({"code", "certgencode", "codigo", "certificatecode"})
_IDENTITIES = frozenset({"messageid", "originalmessageid", "internetmessageid"})
_ADDRESSES = frozenset({"recipient", "recipients", "recipientaddress", "originalrecipient", "finalrecipient", "to"})
_REASONS = frozenset(
    {"reason", "reasons", "error", "diagnostic", "diagnosticcode", "status", "details", "motivo", "motif", "raison"}
)
_HEADER_WITHIN = 20  # rows
_LONGEST = 400  # characters of a reason


class _Columns(NamedTuple):
    header: int
    identity: int | None
    code: int | None
    address: int | None
    reason: int | None


def bounces(registry: Registry, path: Path, purpose: Purpose, problems: list[Problem]) -> list[Bounce]:
    """The messages of a sheet's rows: known by Message-ID, by the certificate's code, or by the address. Rows that fit
    none of ours are warnings. Reads only."""
    book = workbook.read(path, problems)
    for sheet in book.sheets if book else ():
        found = _header(sheet)
        if found is not None:
            return list(_found(registry, sheet, found, path, purpose, problems))
    if book is not None:
        problems.append(
            Problem(
                code="no-addresses",
                message=f"“{path.name}” has no column of addresses, codes or Message-IDs.",
                hint="The first row names the columns, such as: E-mail, Reason.",
                file=str(path),
                exit_code=ExitCode.USAGE,
            )
        )
    return []


def _header(sheet: Sheet) -> _Columns | None:
    for number, row in enumerate(sheet.rows[:_HEADER_WITHIN]):
        keys = [values.key(values.as_text(cell)) for cell in row]

        def first(known: frozenset[str], keys: list[str] = keys) -> int | None:
            return next((at for at, key in enumerate(keys) if key in known), None)

        address = next((at for at, found in enumerate(columns.meanings(row)) if found == "email"), first(_ADDRESSES))
        made = _Columns(number, first(_IDENTITIES), first(_CODES), address, first(_REASONS))
        if (made.identity, made.code, made.address) != (None, None, None):
            return made
    return None


def _found(
    registry: Registry, sheet: Sheet, at: _Columns, path: Path, purpose: Purpose, problems: list[Problem]
) -> Iterator[Bounce]:
    outbox = registry.outbox()
    for number, row in enumerate(sheet.rows[at.header + 1 :], at.header + 1):

        def cell(column: int | None, row: Sequence[workbook.Cell] = row) -> str:
            return values.as_text(row[column]).strip() if column is not None and column < len(row) else ""

        said = [cell(at.identity), cell(at.code), cell(at.address)]
        if not any(said):
            continue
        entries: Iterable[Entry] = outbox.find(said[0]) if said[0] else ()
        code = codes.typed(said[1]) if said[1] else None
        held = registry.find(code) if code and not entries else None
        if held is not None:
            entries = list(outbox.latest([held.serial], purpose).values())
        entries = entries or (outbox.find(said[2].removeprefix("mailto:")) if said[2] else ())
        ours = [entry for entry in entries if entry.state in ("sent", "unknown", "bounced")]
        for entry in ours:
            yield Bounce(entry.serial, entry.purpose, cell(at.reason)[:_LONGEST])
        if not ours:
            column = next(place for place in (at.identity, at.code, at.address) if place is not None and cell(place))
            problems.append(
                Problem(
                    code="unknown-bounce",
                    severity="warning",
                    message=f"Nothing was sent to “{next(filter(None, said))[:80]}” from here.",
                    hint="Is it another academy's, or another address of the same person?",
                    file=str(path),
                    sheet=sheet.name,
                    cell=sheet.address(number, column),
                )
            )


# --- messages as files -----------------------------------------------------------------------

_CODE = re.compile(rf"((?:[{codes.ALPHABET}]{{4}}-){{3}}[{codes.ALPHABET}]{{4}})(?: \(\d+\))?\.eml\Z", re.IGNORECASE)
_ENDED_SHOWN, _OTHERS_SHOWN = 40, 5  # files that are named


def leftovers(registry: Registry, folder: Path, written: Collection[str]) -> list[Problem]:
    """Warnings for messages in a folder that are not of this run: those of certificates that are good no more, by the
    code in the file's name, and others. Nothing is deleted."""
    there = (
        sorted(path.name for path in folder.glob("*") if path.suffix.casefold() == ".eml") if folder.is_dir() else []
    )
    ended: list[str] = []
    others: list[str] = []
    for name in there:
        if name in written:
            continue
        found = _CODE.search(name)
        held = registry.find(found[1].replace("-", "").upper()) if found else None
        if held is not None and held.state in ("replaced", "revoked"):
            ended.append(f"{name} ({held.state})")
        else:
            others.append(name)
    told = []
    if ended:
        what = "a message with a certificate that is" if len(ended) == 1 else "messages with certificates that are"
        told.append(
            Problem(
                code="cancelled-messages",
                severity="warning",
                message=f"The folder also holds {what} no longer valid: {_some(ended, _ENDED_SHOWN)}.",
                hint=f"Delete {'it' if len(ended) == 1 else 'them'} before you send anything from there.",
                file=str(folder),
            )
        )
    if others:
        what = "a message" if len(others) == 1 else "messages"
        told.append(
            Problem(
                code="other-messages",
                severity="warning",
                message=f"The folder also holds {what} that this run did not write: {_some(others, _OTHERS_SHOWN)}.",
                hint="Was that sent before, or does it belong to somebody who was not chosen now? Delete what is not "
                "to be sent.",
                file=str(folder),
            )
        )
    return told


def _some(names: Sequence[str], shown: int) -> str:
    return ", ".join(names[:shown]) + (f" and {len(names) - shown:,} more" if len(names) > shown else "")
