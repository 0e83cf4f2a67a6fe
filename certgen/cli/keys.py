"""The keys that certificates are signed with: ``certgen keys``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.questions import secret
from certgen.screen import Screen
from certgen.telling import near, printable

if TYPE_CHECKING:
    from certgen.keys import Signing
    from certgen.keys.passphrase import Ask
    from certgen.model import Issuer
    from certgen.registry import Registry
    from certgen.signing import KeyRecord, KeyState


def asking() -> Ask | None:
    """Asks for passphrases on the terminal, without showing them; None where there is none."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    return secret


class Office(NamedTuple):
    """An academy whose keys are looked after."""

    folder: Path
    issuer: Issuer
    registry: Registry
    problems: list[Problem]
    screen: Screen

    def told(self) -> int:
        """Warnings shown; raises :class:`CertgenError` for errors."""
        if has_errors(self.problems):
            raise CertgenError(self.problems)
        self.screen.problems(self.problems)
        return ExitCode.DONE

    def one(self, fingerprint: str | None) -> KeyRecord:
        """The key that is meant: the active one, unless another is named."""
        from certgen.keys import find

        records = self.registry.keys()
        if fingerprint is None:
            found = [record for record in records if record.state == "active"]
            if not found:
                raise click.ClickException("No key is active, so say which one is meant: see “certgen keys list”.")
            return next((record for record in found if record.multikey == self.issuer.key), found[-1])
        found = find(records, fingerprint)
        if len(found) == 1:
            return found[0]
        many = "more than one key begins" if found else "no key begins"
        raise click.ClickException(f"{many.capitalize()} with “{printable(fingerprint)}”: see “certgen keys list”.")


@contextmanager
def office(folder: Path | None, *, create: bool = False, write: bool = True) -> Iterator[Office]:
    """Issuer and registry of an academy, with its lease where anything is to be written."""
    from certgen import course as courses
    from certgen.registry import Registry

    problems: list[Problem] = []
    file = courses.find_issuer(folder or Path.cwd(), problems)
    issuer = courses.load_issuer(file, problems) if file else None
    if file is None or issuer is None or has_errors(problems):
        raise CertgenError(problems)
    problems.clear()  # warnings about issuer.toml are for check and batch
    registry = Registry.open(file.parent, problems, create=create)
    if registry is None:
        raise CertgenError(problems or [_nothing(file.parent)])
    with registry, Screen(ask=False) as screen:
        if not write:
            yield Office(file.parent, issuer, registry, problems, screen)
            return
        with registry.writing(lambda who: click.echo(f"Waiting for {printable(who)} …", err=True)):
            yield Office(file.parent, issuer, registry, problems, screen)


def _nothing(folder: Path) -> Problem:
    return Problem(
        code="no-registry",
        message=f"The academy in {folder} has no registry yet, and no key.",
        hint="Make them with: certgen keys new",
        exit_code=ExitCode.REGISTRY,
    )


def _yes(question: str, sure: bool) -> None:
    """Asks before what cannot be taken back. Raises click.ClickException where nobody can answer."""
    if sure:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.ClickException("Nobody can be asked here: add --yes if you are sure.")
    click.confirm(question, abort=True)


@click.group()
def keys() -> None:
    """The keys that certificates are signed with."""


def _command(name: str, *, create: bool = False, write: bool = True) -> Callable[[Callable[..., int]], click.Command]:
    """A command of the group that is given an :class:`Office`."""

    def made(work: Callable[..., int]) -> click.Command:
        @wraps(work)
        def run(folder: Path | None, **options: Any) -> int:
            with office(folder, create=create, write=write) as here:
                return work(here, **options)

        place = click.Path(path_type=Path, exists=True, file_okay=False)
        found = click.option("--folder", type=place, help="The academy [the nearest issuer.toml from here upwards].")
        return keys.command(name)(found(run))

    return made


_which = click.argument("fingerprint", required=False)
_sure = click.option("--yes", is_flag=True, help="Do not ask.")


@_command("new", create=True)
def new(here: Office) -> int:
    """Make the key that signs, for an academy that has none that is active.

    It is written to keys/ beside issuer.toml, for its owner only. Its passphrase is made up and kept in the system's
    keyring; where there is none it is asked for. issuer.toml gets one line that names it.
    """
    from certgen.keys import new_key, secret

    active = [record for record in here.registry.keys() if record.state == "active"]  # noqa: SIM118
    if active:
        name = active[-1].public.fingerprint
        raise click.ClickException(f"The key {name} is active. To put a new one in its place: certgen keys rotate")
    kept = secret(here.folder, here.registry, here.problems, create=True)
    if kept is not None and kept.made:
        here.screen.console.print(kept.made, soft_wrap=True)
    return _told(here, new_key(here.folder, here.registry, here.problems, asking()) if kept else None)


@_command("rotate")
def rotate(here: Office) -> int:
    """Make a new key; the old one signs no more, and what it has signed stays valid."""
    from certgen.keys import new_key

    return _told(here, new_key(here.folder, here.registry, here.problems, asking()))


def _told(here: Office, made: Signing | None) -> int:
    if made is not None:
        here.screen.console.print(f"{made.made}\nIt lies in {near(made.file)}.", soft_wrap=True)
        here.screen.console.print(_PUBLISH, soft_wrap=True)
    return here.told()


_PUBLISH = (
    "Publish before you send or print what it signs: certgen site build. Back it up: certgen backup. Write its "
    "fingerprint down on paper, where people can compare it."
)


@_command("list", write=False)
def list_(here: Office) -> int:
    """Every key that there ever was: state, day, computer, and where its file is."""
    from rich.table import Table
    from rich.text import Text

    from certgen.guarded import loose_mode
    from certgen.keys import FOLDER, is_locked, key_file

    table = Table(box=None, pad_edge=False)
    for heading in ("Fingerprint", "State", "Made", "On", "Where"):
        table.add_column(heading, no_wrap=heading == "Fingerprint", overflow="fold")
    for record in here.registry.keys():  # noqa: SIM118
        name, path = record.public.fingerprint, key_file(here.folder, record.public)
        state = record.state + (f" since {record.since}" if record.since else "")
        if not path.exists():
            where = "not here"
        elif loose_mode(path):
            where = f"{FOLDER}/, open to others"
        elif not is_locked(path):
            where = f"{FOLDER}/, without a passphrase"
        else:
            kept = here.registry.meta(f"passphrase:{name}")
            where = f"{FOLDER}/, passphrase {'in a keyring' if kept == 'keyring' else 'known to people'}"
        cells = (name, state, str(record.made), record.made_on, where)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    here.screen.console.print(table)
    return here.told()


@_command("print", write=False)
@_which
def print_(here: Office, fingerprint: str | None) -> int:
    """What others may know of the keys: to publish, to print, to compare.

    Nothing here is secret. Without a FINGERPRINT: every key, and did.json as the verification site publishes it.
    """
    import json

    from certgen.signing import did, did_document, method

    records = [here.one(fingerprint)] if fingerprint else here.registry.keys()
    name = did(here.issuer.verify_url)
    click.echo(f"{printable(here.issuer.legal_name or here.issuer.name)}\n{here.issuer.verify_url}\n{name}\n")
    for record in records:
        until = f" since {record.since}" if record.since else ""
        click.echo(f"{record.public.fingerprint}  {record.state}{until}, made {record.made}")
        click.echo(f"  {record.multikey}\n  {method(name, record.public)}\n")
    if not fingerprint:
        click.echo(json.dumps(did_document(name, records), indent=2))
    return here.told()


@_command("retire")
@_which
@_sure
def retire(here: Office, fingerprint: str | None, yes: bool) -> int:
    """Let a key sign no more. What it has signed stays valid."""
    record = here.one(fingerprint)
    name = record.public.fingerprint
    if record.state != "active":
        raise click.ClickException(f"The key {name} is {record.state} already.")
    _yes(f"Retire the key {name}? No certificate can be made until there is a new one.", yes)
    return _changed(here, record, "retired", "Make the next key with: certgen keys new")


@_command("compromised")
@_which
@_sure
def compromised(here: Office, fingerprint: str | None, yes: bool) -> int:
    """Say that somebody else may have a key: nothing is believed any more for its signature alone."""
    record = here.one(fingerprint)
    name = record.public.fingerprint
    if record.state == "compromised":
        raise click.ClickException(f"The key {name} is compromised already.")
    click.echo(_COMPROMISED.format(name))
    _yes("Is it compromised? This cannot be taken back.", yes)
    return _changed(here, record, "compromised", "Next, on a clean computer: certgen keys new, then certgen site build")


_COMPROMISED = """\
If the key {} is compromised, then:
  - it signs no more, and the verification site no longer vouches for it;
  - every certificate that it has signed reads KEY COMPROMISED, until you publish the list of your own: make a new key
    on a clean computer (certgen keys new) and build the site (certgen site build). The list is signed with the new key,
    and honest paper stays good;
  - whoever has the key cannot add to that list. Tell the people who rely on your certificates that it happened.
"""


def _changed(here: Office, record: KeyRecord, state: KeyState, then: str) -> int:
    here.registry.change_key(record.multikey, state, date.today())
    here.screen.console.print(f"The key {record.public.fingerprint} is {state}. {then}", soft_wrap=True)
    return here.told()


@_command("passphrase")
@_which
def passphrase(here: Office, fingerprint: str | None) -> int:
    """Give a key another passphrase.

    It is asked for; left empty, one is made up and kept in the system's keyring. Without a terminal it is what
    CERTGEN_NEW_PASSPHRASE says.
    """
    import os

    from certgen.keys import lock, open_key
    from certgen.keys.passphrase import NEW

    record = here.one(fingerprint)
    ask = asking()
    key = open_key(here.folder, record, here.registry, here.problems, ask)
    if key is not None:
        kept = lock(here.folder, key, here.registry, here.problems, os.environ.get(NEW), ask)
        if kept is not None:
            here.screen.console.print(_KEPT[kept].format(record.public.fingerprint), soft_wrap=True)
    return here.told()


_KEPT = {
    "keyring": "The passphrase of {} is in this computer's keyring, and nowhere else. A backup takes it along.",
    "chosen": "The key {} has its new passphrase. Keep it where you will find it: nobody can sign without it.",
    "none": "The key {} has no passphrase.",
}
