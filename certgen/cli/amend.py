"""Certificates taken back or corrected: revoke and reissue."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from certgen.cli.keys import Office, asking, office
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.screen import SHOWN
from certgen.telling import near, printable

_sheet = click.option(
    "--sheet",
    "table",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A spreadsheet or CSV file with many of them.",
)
_sure = click.option("--yes", is_flag=True, help="Do not ask.")
_folder = click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The academy [the nearest issuer.toml from here upwards].",
)


@click.command()
@click.argument("codes", nargs=-1, metavar="CODE...")
@click.option("--reason", default="", help="Why. Everybody who has the certificate can read it.")
@_sheet
@_sure
@_folder
def revoke(codes: tuple[str, ...], reason: str, table: Path | None, yes: bool, folder: Path | None) -> int:
    """Take certificates back, for good.

    Whoever checks one then reads REVOKED, with the reason, as soon as the site is built and published. Many at once:
    --sheet FILE with the columns code and reason.
    """
    from certgen import amend
    from certgen.amend import Asked

    with office(folder) as here:
        asked = [Asked(code, reason) for code in codes]
        if table is not None:
            asked += amend.from_sheet(table, "reason", here.problems, reason)
        _any(asked, table, here)
        found = amend.revocations(here.registry, asked, here.problems)
        here.told()
        if not found:
            return ExitCode.DONE
        rows = [(_code(one.held.code), one.held.content.name if one.held.content else "", one.reason) for one in found]
        _show(here, rows)
        _agree(f"Revoke {_many(len(found))} for good?", yes)
        done = amend.revoke(here.registry, found, date.today())
        here.screen.console.print(f"Revoked: {_many(len(done))}.", style="bold")
        _publish(here)
    return ExitCode.DONE


@click.command()
@click.argument("code", required=False)
@click.option("--name", default="", help="The name as it should be printed.")
@_sheet
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the new files [where the old ones went].",
)
@_sure
@_folder
def reissue(code: str | None, name: str, table: Path | None, out: Path | None, yes: bool, folder: Path | None) -> int:
    """Make a certificate again with the right name.

    It is made from what the first one was made from, with the same day of issue and a new code. Whoever checks the old
    one then reads REPLACED, with the new code. Many at once: --sheet FILE with the columns code and name. To correct
    anything else, correct the roster and run batch --on-change replace.
    """
    from certgen import amend, keys
    from certgen.amend import Asked

    with office(folder) as here:
        asked = [Asked(code, name)] if code else []
        if table is not None:
            asked += amend.from_sheet(table, "name", here.problems)
        _any(asked, table, here)
        found = amend.corrections(here.registry, asked, here.problems)
        here.told()
        if not found:
            return ExitCode.DONE
        secret = keys.secret(here.folder, here.registry, here.problems, create=False)
        signing = keys.signing_key(here.folder, here.issuer, here.registry, here.problems, create=False, ask=asking())
        here.told()
        if secret is None or signing is None:
            raise CertgenError(_no_key())
        _show(here, [(_code(one.held.code), one.before, f"→ {one.name}") for one in found])
        _agree(f"Issue {_many(len(found))} again, and cancel the old?", yes)
        problems: list[Problem] = []
        where = out.absolute() if out else None
        done = amend.reissue(here.registry, here.issuer, secret.value, signing.key, found, problems, where)
        here.screen.problems(problems)
        if done:
            here.screen.console.print(f"Issued again: {_many(len(done))}.", style="bold")
            _show(here, [(_code(one.now.code), one.now.content.name if one.now.content else "", near(one.file))
                         for one in done])  # fmt: skip
            here.screen.console.print("The old files are still where they were; do not hand them out.")
            _publish(here)
    return ExitCode.PARTIAL if has_errors(problems) else ExitCode.DONE


def _any(asked: Sequence[object], table: Path | None, here: Office) -> None:
    if not asked and not has_errors(here.problems):
        if table is not None:
            raise click.ClickException(f"{near(table)} holds no codes.")
        raise click.UsageError("Say which certificate: its code, or --sheet FILE.")


def _show(here: Office, rows: Sequence[tuple[str, str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_column(overflow="fold")
    for row in rows[:SHOWN]:
        grid.add_row(*(Text(f"  {cell}" if at == 0 else printable(cell)) for at, cell in enumerate(row)))
    here.screen.console.print(grid)
    if len(rows) > SHOWN:
        here.screen.console.print(f"  and {len(rows) - SHOWN:,} more")


def _agree(question: str, sure: bool) -> None:
    """Asks first. Raises click.ClickException where nobody can answer."""
    if sure:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.ClickException("Nobody can be asked here: add --yes if you are sure.")
    click.confirm(question, abort=True)


def _publish(here: Office) -> None:
    """What is left to do: nobody elsewhere knows yet."""
    from certgen.site.standing import last_build

    built = last_build(here.registry)
    place = near(Path(built.folder)) if built else "DIRECTORY"
    words = "Nobody who checks it elsewhere knows yet. Publish it:"
    here.screen.console.print(
        f"{words}\n  certgen site build {f'“{place}”' if ' ' in place else place}\n  put that on your host\n"
        "  certgen site check",
        soft_wrap=True,
    )


def _no_key() -> Problem:
    return Problem(
        code="no-key",
        message="There is no key to sign with.",
        hint="See “certgen keys list”.",
        exit_code=ExitCode.REGISTRY,
    )


def _code(code: str) -> str:
    from certgen.codes import grouped

    return grouped(code)


def _many(count: int) -> str:
    return "1 certificate" if count == 1 else f"{count:,} certificates"
