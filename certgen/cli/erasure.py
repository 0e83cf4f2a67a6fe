"""Personal data taken out of the registry: erase."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from certgen.cli.keys import Office, office
from certgen.cli.records import found, in_folder, listed, many
from certgen.errors import ExitCode
from certgen.telling import near, printable

if TYPE_CHECKING:
    from certgen.registry import Held


@click.command()
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Everybody of this whole name; may be repeated.")
@click.option("--expired", is_flag=True, help="All that are past the time that issuer.toml gives as retention.")
@click.option("--all", "whole", is_flag=True, help="Also every other certificate of the same people.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
def erase(
    codes: tuple[str, ...], names: tuple[str, ...], expired: bool, whole: bool, yes: bool, folder: Path | None
) -> int:
    """Erase people's personal data from the registry, for good.

    That a certificate was issued stays, with its code, its day and its course, so that nobody can make up another
    under that code. Afterwards certgen looks for the files that still hold the names and lists them: it deletes none.
    """
    from certgen.records import erasure

    if not codes and not names and not expired:
        raise click.UsageError("Say whose: their codes, --name, or --expired.")
    with office(folder) as here:
        rows = {held.serial: held for held in found(here, codes)}
        for name in names:
            rows |= {held.serial: held for held in erasure.named(here.registry, name)}
        people = [name for name in names if erasure.told_of(here.registry, name)]
        if expired:
            retention = _retention(here)
            rows |= {held.serial: held for held in erasure.overdue(here.registry, retention, date.today())}
            people += erasure.forgotten(here.registry, retention, date.today())
        chosen = [held for held in rows.values() if not held.erased]
        related = erasure.others(here.registry, chosen)
        if whole:
            chosen += related
            related = []
        chosen.sort(key=lambda held: held.serial)
        if not chosen and not people:
            here.screen.console.print("There is nothing to erase." if expired or names else "That is erased already.")
            return ExitCode.DONE
        _announce(here, chosen, people, related)
        _agree(f"Erase the personal data {_of(chosen, people)} for good?", yes)
        before = here.registry.erase([held.serial for held in chosen], names=people)
        here.screen.console.print(f"Erased from the registry: the personal data {_of(before, people)}.", style="bold")
        _still(here, before, people)
    return ExitCode.DONE


def _retention(here: Office) -> str:
    if here.issuer.retention is None:
        raise click.ClickException(
            "issuer.toml does not say how long personal data is kept. Write into it, for example: "
            'retention = "10 years"'
        )
    return here.issuer.retention


def _of(rows: Sequence[Held], people: Sequence[str]) -> str:
    told = [f"of {many(len(rows))}"] if rows else []
    if people:
        who = "1 person" if len(people) == 1 else f"{len(people):,} people"
        told.append(f"of {who} without a certificate")
    return " and ".join(told)


def _announce(here: Office, rows: Sequence[Held], people: Sequence[str], related: Sequence[Held]) -> None:
    console, today = here.screen.console, date.today()
    if rows:
        listed(console, rows, today)
    for name in people:
        console.print(f"{printable(name)}, who was not awarded a certificate", soft_wrap=True)
    if related:
        console.print("\nThese stay, and may be the same people's (--all erases them too):", style="bold")
        listed(console, related, today)
    console.print(_WHAT if rows else _WHO)


_WHAT = """
Gone will be: name, e-mail address, ID, register number, grade, everything else
that the roster said of them, the signed credential and the QR code's text; in
history too.
What stays: the code, the course, the award, the language, the days, and whether
it was revoked or replaced.
A certificate that somebody has keeps proving itself with its QR code. It cannot
be made again here, and its code typed by hand leads to nothing once the site is
published again.
"""
_WHO = """
Gone will be: the name and the reason why there was no award, from history.
"""


def _agree(question: str, sure: bool) -> None:
    if sure:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.ClickException("Nobody can be asked here: add --yes if you are sure.")
    click.confirm(question, abort=True)


def _still(here: Office, before: Sequence[Held], people: Sequence[str]) -> None:
    """Where the names are still, and what else is to be done."""
    from rich.table import Table
    from rich.text import Text

    from certgen import backup
    from certgen.records import erasure
    from certgen.site.standing import last_build

    console = here.screen.console
    built = last_build(here.registry)
    more = [Path(built.folder)] if built else []
    console.print("Looking for files that still hold them …", style="dim")
    told = erasure.traces(here.folder, before, people, more)
    if told.found:
        count = "1 file holds" if len(told.found) == 1 else f"{len(told.found):,} files hold"
        console.print(f"{count} their names still. Look into them, and delete or clear what need not be kept:")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(overflow="fold")
        grid.add_column(overflow="fold", style="dim", no_wrap=True)
        for trace in told.found:
            grid.add_row(Text(f"  {printable(near(trace.path))}"), Text(trace.why))
        console.print(grid)
    else:
        console.print("No file here holds their names any more.")
    for sentence in told.missed:
        console.print(sentence, style="yellow", soft_wrap=True)
    last = backup.last(here.registry)
    if last is not None and last.at <= date.today():
        name = f" ({printable(last.file)})" if last.file else ""
        console.print(f"The backup of {last.at}{name} and earlier ones hold them too: make a new one, delete those.")
    console.print(
        "Not looked into: PDF files with other names, such as several certificates in one, mail that was sent, other "
        "computers, a cloud's older versions."
    )
    if built and before:
        console.print("Publish again, so that the site forgets them too:\n  certgen site build", soft_wrap=True)
