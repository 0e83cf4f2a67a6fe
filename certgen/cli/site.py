"""The verification site: ``certgen site build``, ``serve`` and ``check``."""

from __future__ import annotations

import webbrowser
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from certgen.cli.keys import asking, office
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.screen import Screen
from certgen.telling import near, printable

if TYPE_CHECKING:
    from certgen.site import Built
    from certgen.site.live import Comparison

_folder = click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The academy [the nearest issuer.toml from here upwards].",
)


@click.group()
def site() -> None:
    """The verification site, which anyone can look a certificate up on."""


@site.command("build")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--no-codes", is_flag=True, help="Leave out what makes codes typed by hand work.")
@click.option("--public", is_flag=True, help="Add the list of those who agreed to be named (roster column “public”).")
@click.option(
    "--figures",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A table of the occupations' figures: titles, employers, openings, country, as_of.",
)
@_folder
def build(directory: Path, no_codes: bool, public: bool, figures: Path | None, folder: Path | None) -> int:
    """Write the site into DIRECTORY, to be put on any web host.

    It holds the page that people see, the keys, the signed list of cancelled certificates and the facts of each
    course. What is of people is sealed with their own codes. Building again changes what has changed; what others put
    into DIRECTORY stays.
    """
    from certgen import keys
    from certgen.site import Settings
    from certgen.site import build as write

    with office(folder) as here:
        secret = keys.secret(here.folder, here.registry, here.problems, create=False)
        signing = keys.signing_key(here.folder, here.issuer, here.registry, here.problems, create=False, ask=asking())
        if secret is None or signing is None:
            raise CertgenError(here.problems if has_errors(here.problems) else [_nothing_issued()])
        settings = Settings(day=_today(), codes=not no_codes, public=public, figures=figures)
        problems: list[Problem] = []
        built = write(directory, here.registry, here.issuer, signing.key, secret.value, settings, problems)
        if built is None:
            raise CertgenError(problems)
        here.screen.problems([*here.problems, *problems])
        _say_built(here.screen, built, here.issuer.verify_url)
    return int(ExitCode.REGISTRY) if has_errors(problems) else ExitCode.DONE


def _today() -> date:
    """The day in UTC, so that no list says that it begins tomorrow, wherever it is signed."""
    return datetime.now(UTC).date()


def _nothing_issued() -> Problem:
    return Problem(
        code="no-key",
        message="This academy has not issued any certificate yet, and has no key.",
        hint="Make the first batch, or only the key: certgen keys new",
        exit_code=ExitCode.REGISTRY,
    )


def _say_built(screen: Screen, built: Built, address: str) -> None:
    console = screen.console
    cancelled = f", {built.cancelled:,} of them cancelled" if built.cancelled else ""
    one = "1 certificate" if built.certificates == 1 else f"{built.certificates:,} certificates"
    console.print(f"The site is in {near(built.folder)}: {one}{cancelled}.", style="bold", soft_wrap=True)
    if built.named:
        console.print(f"{built.named:,} who agreed to it are named in people.json, for everybody to read.")
    new = len(built.written)
    changed = f"{new:,} {'file' if new == 1 else 'files'} new or changed" if new else "Nothing has changed"
    console.print(f"{changed}, {built.unchanged:,} as they were. Its lists are good until {built.until}.")
    for name in built.removed[:10]:
        console.print(f"Removed, and to be deleted on your host too: {name}", soft_wrap=True)
    if len(built.removed) > 10:
        console.print(f"and {len(built.removed) - 10:,} more removed ones: delete on your host what is not here.")
    console.print(
        f"Next: put all of it on your host, so that it is at {printable(address)}, then run: certgen site check",
        soft_wrap=True,
    )


@site.command("serve")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the address [any that is free].")
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@_folder
def serve(directory: Path | None, port: int, show: bool, folder: Path | None) -> int:
    """Show the site on this computer only, before it is published. Ctrl-C ends it.

    Without a DIRECTORY: the one that was built last.
    """
    from urllib.parse import urlsplit

    from certgen.site.serve import server
    from certgen.site.standing import last_build

    with office(folder, write=False) as here:
        built = last_build(here.registry)
        place = directory or (Path(built.folder) if built else None)
        prefix = urlsplit(here.issuer.verify_url).path.rstrip("/")
    if place is None or not place.is_dir():
        raise click.ClickException("There is no site yet. Build it: certgen site build DIRECTORY")
    try:
        made = server(place, prefix, port)
    except OSError as error:
        raise click.ClickException(f"Port {port} cannot be used ({error.strerror}). Leave out --port.") from error
    address = f"http://127.0.0.1:{made.server_address[1]}{prefix}/v"
    click.echo(f"{near(place)} is at {address}\nOnly this computer can see it. Ctrl-C ends it.")
    if show:
        webbrowser.open(address)
    with made, suppress(KeyboardInterrupt):  # that is how serving ends
        made.serve_forever()
    return ExitCode.DONE


@site.command("check")
@_folder
def check(folder: Path | None) -> int:
    """Compare the live site with what is known here, file by file.

    Fetches from the verification address and nowhere else. Ends with 0 when all agrees, with 5 when something is still
    to be published or out of reach, and with 8 when something live is false or foreign.
    """
    from certgen import keys
    from certgen.site.live import compare

    with office(folder, write=False) as here:
        secret = keys.secret(here.folder, here.registry, here.problems, create=False)
        if secret is None:
            raise CertgenError(here.problems if has_errors(here.problems) else [_nothing_issued()])
        click.echo(f"Comparing {printable(here.issuer.verify_url)} …", err=True)
        found = compare(here.registry, here.issuer, secret.value, _today())
        _say_compared(here.screen, found)
    if found.false:
        return ExitCode.VERIFICATION
    return ExitCode.DONE if found.agrees else ExitCode.PARTIAL


_SIGNS = {
    "agrees": ("✓", "dim"),
    "missing": ("+", "yellow"),
    "older": ("↑", "yellow"),
    "newer": ("!", "yellow"),
    "false": ("✗", "red"),
    "foreign": ("✗", "red"),
    "unreachable": ("?", "yellow"),
}


def _short(name: str) -> str:
    """A file's name; of one that is named by a checksum, its beginning."""
    return name if len(name) <= 24 else f"{name[:16]}…"


def _say_compared(screen: Screen, found: Comparison) -> None:
    from rich.table import Table
    from rich.text import Text

    console = screen.console
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    away = [seen for seen in found.files if seen.state == "unreachable"]
    for seen in found.files:
        sign, style = _SIGNS[seen.state]
        if seen not in away:
            words = f"{seen.state}. {seen.words}" if seen.words else seen.state
            table.add_row(*(Text(cell, style=style) for cell in (sign, printable(_short(seen.file)), printable(words))))
    console.print(table)
    for why in dict.fromkeys(seen.words for seen in away):
        names = [_short(seen.file) for seen in away if seen.words == why]
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        console.print(Text(f"? {', '.join(names[:3])}{more}: {printable(why)}", style="yellow"), soft_wrap=True)
    if found.days is not None:
        days = "1 day" if found.days == 1 else f"{max(found.days, 0):,} days"
        console.print(f"The live lists of cancellations are good for {days} more.")
    states = {seen.state for seen in found.files}
    if found.false:
        console.print("Something live is not what this academy says.", style="bold red")
        console.print("Find out who changed it, then build the site and publish all of it.", soft_wrap=True)
    elif found.agrees:
        console.print("The live site agrees with what is known here.", style="bold")
    elif "newer" in states:
        console.print("The live site knows more than this registry: it may be an old copy.", style="bold yellow")
        console.print("Look for the computer that built it last, before you publish from here.", soft_wrap=True)
    elif states <= {"agrees", "unreachable"}:
        console.print("Not everything could be fetched, so nothing is certain.", style="bold yellow")
    else:
        console.print("Not everything is published yet.", style="bold yellow")
        console.print("Run “certgen site build”, publish all that it writes, and check again.", soft_wrap=True)
