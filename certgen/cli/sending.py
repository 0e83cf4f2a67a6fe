"""Certificates by e-mail: send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from certgen.cli.choosing import choices, chosen_from, counter
from certgen.cli.keys import office
from certgen.cli.mailing import desk
from certgen.errors import ExitCode

_folder = click.Path(path_type=Path, file_okay=False)
_file = click.Path(path_type=Path, dir_okay=False)


@click.command()
@choices
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Send nothing: write the messages as .eml files into --out.")
@click.option("--out", type=_folder, help="Folder for --dry-run [messages, beside the roster].")
@click.option(
    "--drafts",
    type=_folder,
    metavar="FOLDER",
    help="Send nothing: write drafts that classic Outlook opens ready to go.",
)
@click.option("--test", "test", metavar="ADDRESS", help="Send one message, the first person's, to this address only.")
@click.option("--again", is_flag=True, help="Also to those who were mailed before, or may have been.")
@click.option("--picture", is_flag=True, help="Show a picture of the certificate in the message as well.")
@click.option("--template", type=_file, help="Take these words for everybody, in every language.")
@click.option("--outbox", type=_folder, metavar="FOLDER", help="Put messages into a Maildir instead of sending them.")
@click.option("--report", type=_file, metavar="FILE.xlsx", help="What became of everyone [beside the roster].")
@click.option("--bounces", type=_file, metavar="SHEET", help="Record which messages came back, from a spreadsheet.")
@click.option(
    "--per-minute", type=click.IntRange(1, 6000), metavar="COUNT", help="Messages a minute, 6000 at most [30]."
)
@click.option(
    "--connections", type=click.IntRange(1, 10), metavar="COUNT", help="Connections at a time, 10 at most [1]."
)
@click.option("--wait", type=click.FloatRange(0), metavar="MINUTES", help="Longest wait for who is put off [15].")
@click.option("--stop-after", type=click.IntRange(1), metavar="COUNT", help="Stop at so many refusals in 50 [10].")
def send(
    folder: Path | None,
    yes: bool,
    dry_run: bool,
    out: Path | None,
    drafts: Path | None,
    test: str | None,
    again: bool,
    picture: bool,
    template: Path | None,
    outbox: Path | None,
    report: Path | None,
    bounces: Path | None,
    **wish: Any,
) -> int:
    """Send certificates by e-mail, each person their own.

    ROSTER (or the manifest that batch wrote) says to whom; or flags such as --course and --since. Shows the whole of
    one message and asks before anything is sent. Nobody gets a certificate twice: run again, and it goes on. Who sends,
    and through which server, stands in issuer.toml (docs/sending.md).
    """
    if bounces is not None:
        return _bounced(folder, bounces)
    pace = {name: wish.pop(name) for name in ("per_minute", "connections", "wait", "stop_after")}
    choice = chosen_from(**wish)
    with counter(folder, choice) as here, desk(here, choice.source, "certificate", picture, template) as post:
        chosen = post.taken(choice)
        if test is not None:
            return post.try_out(chosen, test, outbox)
        if dry_run or drafts is not None:
            place = drafts or out or (choice.source.parent if choice.source else here.folder) / "messages"
            return post.write(chosen, place, again=again, unsent=drafts is not None)
        return post.send(chosen, pace, outbox, report, yes=yes, again=again)


# --- bounces ---------------------------------------------------------------------------------


def _bounced(folder: Path | None, sheet: Path) -> int:
    """Records which messages came back."""
    from certgen.mail.aftermath import bounces

    with office(folder or (sheet.absolute().parent if _academy(sheet) else None), write=False) as here:
        found = bounces(here.registry, sheet, "certificate", here.problems)
        here.told()
        done = here.registry.outbox().bounced(found) if found else []
        people = "1 message" if len(done) == 1 else f"{len(done):,} messages"
        here.screen.console.print(f"Recorded: {people} came back.", style="bold")
        if done:
            here.screen.console.print(
                "Correct the addresses in the roster, run certgen batch, then certgen send: it takes the new address."
            )
        return ExitCode.PARTIAL if here.problems else ExitCode.DONE


def _academy(sheet: Path) -> bool:
    from certgen import course as courses

    return courses.find_issuer(sheet.absolute().parent, []) is not None
