"""The mail account that certificates are sent from, and the words of the messages: certgen mail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from certgen.cli.keys import asking
from certgen.cli.mailing import no_server, server
from certgen.cli.records import in_folder
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.telling import near, printable

if TYPE_CHECKING:
    from certgen.mail.words import Purpose
    from certgen.model import Mail

_folder = click.Path(path_type=Path, file_okay=False)


@click.group()
def mail() -> None:
    """The mail account that certificates are sent from, and the words of the messages."""


@contextmanager
def _account(folder: Path | None) -> Iterator[tuple[Mail, Path, Any]]:
    """[mail] of the academy's issuer.toml; no registry is needed yet."""
    from certgen import course as courses
    from certgen.mail.planning import no_mail
    from certgen.screen import Screen

    problems: list[Problem] = []
    file = courses.find_issuer(folder or Path.cwd(), problems)
    issuer = courses.load_issuer(file, problems) if file else None
    if file is None or issuer is None or has_errors(problems):
        raise CertgenError(problems)
    if issuer.mail is None:
        raise CertgenError(no_mail(str(file)))
    with Screen(ask=False) as screen:
        yield issuer.mail, file, screen.console


@mail.command()
@in_folder
def login(folder: Path | None) -> int:
    """Ask for the password or token of the account, and keep it in this computer's keyring.

    Where there is no keyring, give it as CERTGEN_MAIL_PASSWORD or CERTGEN_MAIL_TOKEN whenever something is sent.
    """
    from certgen.mail.secrets import Secret, store

    with _account(folder) as (account, file, console):
        if account.host is None or account.user is None:
            raise CertgenError(no_server(str(file), user=True))
        ask = asking()
        if ask is None:
            raise click.ClickException("Nobody can be asked here: use CERTGEN_MAIL_PASSWORD or CERTGEN_MAIL_TOKEN.")
        what = "Access token" if account.auth == "oauth" else "Password"
        said = ask(f"{what} of {account.user} at {account.host}")
        if not said:
            raise click.ClickException("Nothing was typed, and nothing was changed.")
        if not store(account.host, account.user, Secret(said.strip() if account.auth == "oauth" else said)):
            raise CertgenError(_no_keyring(account))
        console.print("It is in this computer's keyring. Try it: certgen mail test")
    return ExitCode.DONE


@mail.command()
@in_folder
def logout(folder: Path | None) -> int:
    """Take the password or token out of this computer's keyring."""
    from certgen.mail.secrets import forget

    with _account(folder) as (account, file, console):
        if account.host is None or account.user is None:
            raise CertgenError(no_server(str(file), user=True))
        forget(account.host, account.user)
        console.print(f"This computer's keyring has nothing of {printable(account.user)} any more.")
    return ExitCode.DONE


@mail.command("test")
@in_folder
def test_(folder: Path | None) -> int:
    """Connect to the server and sign in. Sends nothing."""
    with _account(folder) as (account, file, console):
        reply = server(account, str(file)).try_out()
        if reply is not None:
            raise CertgenError(_unreachable(account, str(reply)))
        who = f" as {account.user}" if account.user else ""
        console.print(printable(f"All is well: {account.host} lets us in{who}."), style="bold", soft_wrap=True)
        console.print("To send one message to yourself: certgen send ROSTER --test you@your-academy.org")
    return ExitCode.DONE


@mail.command()
@click.argument("folder", type=_folder, required=False)
@click.option("--notices", is_flag=True, help="Also those of notices of expiry.")
def templates(folder: Path | None, notices: bool) -> int:
    """Write certgen's own words for messages into a folder mail, to be changed.

    FOLDER is that of a course, for this course only, or of the academy, for all of them [this one]. Nothing is written
    over.
    """
    from certgen.mail import words
    from certgen.output import told, write_whole

    place = (folder or Path.cwd()).absolute() / words.FOLDER
    kinds: tuple[Purpose, ...] = ("certificate", "expiry-notice") if notices else ("certificate",)
    with told("The folder cannot be made"):
        place.mkdir(parents=True, exist_ok=True)
    for purpose in kinds:
        for name, data in words.bundled(purpose).items():
            path = place / name
            if path.exists():
                click.echo(f"  kept  {near(path)}, which was there already")
            else:
                write_whole(path, data)
                click.echo(f"  made  {near(path)}")
    click.echo("Change the words, delete the languages that you do not need, and see: certgen send ROSTER --dry-run")
    return ExitCode.DONE


def _no_keyring(mail: Mail) -> Problem:
    name = "CERTGEN_MAIL_TOKEN" if mail.auth == "oauth" else "CERTGEN_MAIL_PASSWORD"
    return Problem(
        code="no-keyring",
        message="This computer has no keyring that keeps it.",
        hint=f"Give it as {name} in the environment whenever something is sent, or be asked each time.",
        exit_code=ExitCode.DELIVERY,
    )


def _unreachable(mail: Mail, words: str) -> Problem:
    return Problem(
        code="server-unreachable",
        message=f"{mail.host} does not let us in now: {words}",
        hint="Try again in some minutes; look at host, port and security below [mail] in issuer.toml.",
        exit_code=ExitCode.DELIVERY,
    )
