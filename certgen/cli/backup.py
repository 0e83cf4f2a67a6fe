"""Backups made and restored: ``certgen backup``, ``certgen restore``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from certgen.cli.keys import asking, office
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.screen import Screen
from certgen.telling import near, printable


def _passphrase(question: str, *, new: bool) -> str:
    """The backup's passphrase, from the environment or a person. Raises click.ClickException where there is neither."""
    from certgen.backup import PASSPHRASE

    ask = asking()
    said = os.environ.get(PASSPHRASE) or (ask(question, new=new) if ask else None)
    if said is None:
        raise click.ClickException(f"Nobody can be asked for the passphrase here: set {PASSPHRASE}.")
    return said


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--rosters", is_flag=True, help="Take the rosters along, which are full of personal data.")
@click.option("--replace", is_flag=True, help="Write over a file of that name.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The academy [the nearest issuer.toml from here upwards].",
)
def backup(file: Path, rosters: bool, replace: bool, folder: Path | None) -> int:
    """Write registry, keys, secret, courses and layouts into one encrypted FILE.

    The passphrase is asked for twice, or is in CERTGEN_BACKUP_PASSPHRASE. Keep it apart from the file. Without certgen,
    age opens it: age -d FILE | tar x. A FILE that is a folder gets a backup with a name of its own.
    """
    from certgen import backup as backups

    with office(folder, write=False) as here:
        if backups.target(file, here.folder, here.problems, over=replace) is None:
            raise CertgenError(here.problems)
        here.problems.clear()
        rule = f"(at least {backups.SHORTEST} characters)"
        passphrase = _passphrase(f"Passphrase for the backup {rule}", new=True)
        saved = backups.save(here.folder, file, here.registry, passphrase, here.problems, rosters=rosters, over=replace)
        code = here.told()
        if saved is not None:
            parts = [(saved.issued, "certificate"), (saved.courses, "course"), (saved.keys, "key")]
            parts += [(saved.rosters, "roster")] if rosters else []
            counts = ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for count, what in parts)
            here.screen.console.print(f"{near(saved.file)}, {saved.size / 1e6:,.1f} MB: {counts}.", soft_wrap=True)
            here.screen.console.print(
                "Keep it on another disk, and its passphrase apart from it: whoever has both can sign in your name.",
                soft_wrap=True,
            )
    return code


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def restore(file: Path, folder: Path | None) -> int:
    """Put the academy of a backup FILE into FOLDER, which must be new or empty.

    Without FOLDER it is one here, of the name that it had. The passphrase is asked for, or is in
    CERTGEN_BACKUP_PASSPHRASE.
    """
    from certgen import backup as backups

    problems: list[Problem] = []
    passphrase = _passphrase("Passphrase of the backup", new=False)
    done = backups.restore(file, folder, passphrase, problems, ask=asking())
    if done is None:
        raise CertgenError(problems)
    with Screen(ask=False) as screen:
        screen.problems(problems)
        screen.console.print(
            f"Restored into {near(done.folder)}: as it was on {done.made} on {printable(done.machine)}, "
            f"{done.issued:,} certificates in the registry.",
            soft_wrap=True,
        )
        for name, kept in done.kept.items():
            screen.console.print(f"The passphrase of the key {name} is now {_KEPT[kept]}.", soft_wrap=True)
        screen.console.print(
            "Do not go on in two places: put the old folder away if there still is one. Certificates are not in a "
            "backup; run batch again with a roster, or certgen copy CODE.",
            soft_wrap=True,
        )
    return ExitCode.DONE


_KEPT = {"keyring": "in this computer's keyring", "chosen": "the one that you chose", "none": "gone: it has none"}
