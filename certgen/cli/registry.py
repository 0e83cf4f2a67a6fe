"""The registry itself: registry rebuild."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from certgen.cli.records import in_folder, many
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.screen import Screen
from certgen.telling import near, printable

if TYPE_CHECKING:
    from rich.console import Console

    from certgen.rebuild import Rebuilt


@click.group()
def registry() -> None:
    """The registry of what was issued, certgen.db."""


@registry.command()
@click.argument(
    "places",
    nargs=-1,
    required=True,
    metavar="FOLDER...",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option("--site", help="The verification site, its address or a folder of it: it tells what was revoked.")
@in_folder
def rebuild(places: tuple[Path, ...], site: str | None, folder: Path | None) -> int:
    """Make a lost registry again, from the certificates' PDF files below each FOLDER.

    Only if there is no backup: certgen restore brings back more. The secret and issuer.toml must be here, and the keys'
    files. Whose certificates they are is found out from the rosters in the academy's folder.
    """
    from certgen import course as courses
    from certgen.rebuild import rebuild
    from certgen.verify import site as sites

    problems: list[Problem] = []
    file = courses.find_issuer(folder or Path.cwd(), problems)
    issuer = courses.load_issuer(file, problems) if file else None
    if file is None or issuer is None or has_errors(problems):
        raise CertgenError(problems)
    problems.clear()
    with Screen(ask=False) as screen:
        console = screen.console
        with console.status("Reading certificates …") as status:
            words = {"files": "Reading certificates: {:,}", "rosters": "Reading rosters …", "copies": "Comparing …"}
            told = rebuild(
                file.parent,
                issuer,
                [Path(os.path.normpath(place.absolute())) for place in places],
                sites(site) if site else None,
                problems,
                lambda what, number: status.update(words[what].format(number)),
            )
        if told is None:
            raise CertgenError(problems)
        _done(console, told)
    return ExitCode.DONE


def _done(console: Console, told: Rebuilt) -> None:
    states = [f"{count:,} {_STATES[state]}" for state, count in told.states.items()]
    console.print(f"The registry was made again: {many(told.certificates)}, {', '.join(states)}.", style="bold")
    for key in told.keys:
        state = "signs" if key.state == "active" else key.state
        console.print(f"  key {key.public.fingerprint}, {state}")
    console.print()
    console.print("What is not as it was:", style="bold")
    for sentence in _told(told):
        from rich.padding import Padding

        console.print(Padding(f"- {sentence}", (0, 0, 0, 2)))
    if told.strange:
        console.print("\nPDF files without a certificate of this academy's, left alone:")
        for path in told.strange[:10]:
            console.print(f"  {printable(near(path))}", soft_wrap=True)
        if len(told.strange) > 10:
            console.print(f"  and {len(told.strange) - 10:,} more")
    console.print("\nNext: look through “certgen list”, then make a backup: certgen backup FILE")


def _told(told: Rebuilt) -> list[str]:
    said = ["History is gone: who issued what from which roster, and who was not awarded a certificate."]
    if told.site:
        said.append(f"What was revoked or replaced is as {told.site} tells it.")
    else:
        said.append(
            "What was revoked is not known, so it counts as valid: revoke it again before the site is published, or "
            "delete certgen.db and run this again with --site and the address of the site."
        )
    if told.lost:
        said.append(
            f"{many(told.lost)} that the site tells as cancelled {'was' if told.lost == 1 else 'were'} not found among "
            "the files. They stay cancelled."
        )
    if told.unowned:
        one = told.unowned == 1
        said.append(
            f"Of {many(told.unowned)} no roster here tells whose {'it is' if one else 'they are'} but for the name. "
            "The next batch knows them by their codes; one that was corrected it may ask about."
        )
    if told.copied < told.certificates:
        rest = told.certificates - told.copied
        said.append(
            f"What {many(rest)} {'was' if rest == 1 else 'were'} made from is lost, as course or layout have changed "
            "since, or their roster is not here: certgen copy takes the PDF files themselves. Leave them in their "
            "place."
        )
    if told.facts < told.facts_wanted:
        said.append(
            f"{told.facts_wanted - told.facts} of {told.facts_wanted} descriptions of courses cannot be made again. "
            "Build the site into the folder that it was built into, where they are kept."
        )
    if any(key.state != "active" for key in told.keys) or not told.site:
        said.append("If a key was ever reported stolen, report it again: certgen keys compromised FINGERPRINT.")
    if told.twice:
        said.append(f"{len(told.twice):,} further PDF files of the same certificates were passed over.")
    return said


_STATES = {"issued": "in force", "replaced": "replaced", "revoked": "revoked"}
