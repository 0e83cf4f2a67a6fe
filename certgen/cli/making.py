"""Certificates made, checked and tried: batch, check, preview, init, schema, layouts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from certgen.cli.keys import asking
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.questions import Address, Day, Hours, Tags, answers
from certgen.screen import Screen, print_check, print_json


def _mapping(context: click.Context, option: click.Parameter, said: tuple[str, ...]) -> dict[str, str]:
    """ "name=Column" as fields and columns."""
    pairs = [text.partition("=") for text in said]
    for text, (field, equals, column) in zip(said, pairs, strict=True):
        if not (field.strip() and equals and column.strip()):
            raise click.BadParameter(f"“{text}” is not like name=Column.", context, option)
    return {field.strip(): column.strip() for field, _, column in pairs}


def _delimiter(context: click.Context, option: click.Parameter, said: str | None) -> str | None:
    """One character, or the word tab."""
    if said is None or len(said) == 1:
        return said
    if said.casefold() in ("tab", r"\t"):
        return "\t"
    raise click.BadParameter(f"“{said}” is more than one character.", context, option)


def inputs(command: Callable[..., int]) -> Callable[..., int]:
    """What batch, check and preview all take: the roster, and what goes with it."""
    options = (
        click.argument("roster", type=click.Path(path_type=Path)),
        click.option(
            "--course", type=click.Path(path_type=Path), help="The course's file, if not course.toml beside the roster."
        ),
        click.option("--sheet", help="The sheet with the people, where more than one has names."),
        click.option("--header-row", type=click.IntRange(1), help="The number of the row with the headers."),
        click.option(
            "--map",
            "mapping",
            multiple=True,
            callback=_mapping,
            metavar="FIELD=COLUMN",
            help="Which column is which, by its header or letters: --map name=Teilnehmer --map score=D.",
        ),
        click.option("--encoding", help="Of a CSV file that is not in UTF-8, such as windows-1252."),
        click.option("--delimiter", callback=_delimiter, help="What cuts the columns of a CSV file."),
        click.option("--title-case", is_flag=True, help="Write names in capitals as names: MCDONALD is McDonald."),
        click.option("--read-memory", type=click.IntRange(64), metavar="MB", help="Most that reading may take [512]."),
        click.option("--read-time", type=click.FloatRange(1), metavar="SECONDS", help="Longest for reading [10]."),
        click.option("--layout", help="A bundled layout (see certgen layouts) or your own layout's folder."),
        click.option("--lang", "language", help="Language of those for whom the roster chooses none."),
        click.option("--issued", type=Day(), help="Day of issue, such as 2026-04-10."),
        click.option("--record", is_flag=True, help="Add the pages of the course record."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@inputs
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for the certificates [certificates, beside the roster]."
)
@click.option("--name", help="Pattern of the file names [{recipient.name}-{credential.code}].")
@click.option("--dry-run", is_flag=True, help="Check everything and make nothing.")
@click.option("--skip-problems", is_flag=True, help="Leave out rows that have problems and make the others.")
@click.option("--replace", is_flag=True, help="Put new certificates in the place of different ones of the same name.")
@click.option(
    "--on-change",
    type=click.Choice(["keep", "replace", "refuse"]),
    help="What to do where the roster says otherwise than an issued certificate [refuse; in a terminal it asks].",
)
@click.option(
    "--new-email",
    "--new-name",
    "new_email",
    type=click.Choice(["same", "other"]),
    help="Whether somebody whose e-mail address has changed, or whose name is spelt a little otherwise, is the same "
    "person [in a terminal it asks].",
)
@click.option("--renew-revoked", is_flag=True, help="Make new ones also for people whose certificates were revoked.")
@click.option(
    "--sign-pdf",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.p12",
    help="Sign each PDF as well (PAdES); its passphrase is asked for, or in CERTGEN_P12_PASSPHRASE.",
)
@click.option("--timestamp", type=Address(), metavar="URL", help="The time stamp server for --sign-pdf.")
@click.option("--badges", is_flag=True, help="Write each certificate's Open Badge beside it, as JSON and as a PNG.")
@click.option("--check", is_flag=True, help="Read every QR code back from its page, not only some.")
@click.option("--no-sheet", is_flag=True, help="Do not write <roster>-issued.xlsx, the roster with codes and reasons.")
@click.option(
    "--jobs", type=click.IntRange(1, 256), help="Processes at work [one for each core when there is enough to do]."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs (docs/json.md).")
def batch(as_json: bool, name: str | None, no_sheet: bool, **options: Any) -> int:
    """Make the certificates of everyone on ROSTER who earned one.

    ROSTER is a spreadsheet (.xlsx, .xlsm, .xlsb, .xls, .ods) or a text of columns (CSV, TSV); - is what is pasted on
    standard input. The course is described in course.toml beside it, the issuer in issuer.toml in a
    folder above. Running again changes nothing that is already right.
    """
    from certgen.batch import run
    from certgen.intake import DEFAULT_NAME, Nobody, Options

    with Screen(ask=not as_json and sys.stdin.isatty() and sys.stdout.isatty()) as screen:
        result = run(
            Options(name=name or DEFAULT_NAME, issued_sheet=not no_sheet, **options), Nobody() if as_json else screen
        )
    if as_json:
        print_json(result)
    else:
        screen.result(result)
    return int(result.exit_code)


@click.command("check")
@inputs
@click.option("--out", type=click.Path(path_type=Path), help="Folder that the certificates would go into.")
@click.option("--name", help="Pattern of the file names [{recipient.name}-{credential.code}].")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the roster as it came with each problem as a note on its cell, such as problems.xlsx.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs (docs/json.md).")
def check_(as_json: bool, name: str | None, report_file: Path | None, **options: Any) -> int:
    """Say what batch would do with ROSTER, and everything that is wrong. Makes nothing.

    How each column was read, who would get what and who nothing, which names had to be made to fit, and every problem
    with its place and the way to mend it.
    """
    from certgen.check import check, report
    from certgen.intake import DEFAULT_NAME, Nobody, Options

    chosen = Options(name=name or DEFAULT_NAME, **options)
    with Screen(ask=not as_json and sys.stdin.isatty() and sys.stdout.isatty()) as screen:
        checked = check(chosen, Nobody() if as_json else screen.questions())
        written = report(chosen, checked, report_file) if report_file else None
        if as_json:
            print_check(checked, written)
        else:
            screen.checked(checked, written)
    return int(checked.exit_code)


@click.command()
@inputs
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the two files [beside the roster].")
@click.option("--watch", is_flag=True, help="Stay, and make them again whenever a file changes.")
@click.option("--open/--no-open", "show", default=None, help="Show the pages [in a terminal: yes].")
def preview(watch: bool, show: bool | None, **options: Any) -> int:
    """Make a sample of ROSTER's certificates, marked SPECIMEN, before any is issued.

    The longest and the shortest name, one in each script and language, and each award: as one PDF and one picture
    beside the roster. No secret is made, no code is given out.
    """
    from certgen.intake import Options
    from certgen.preview import Preview

    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with Screen(ask=False) as screen:
        sample = Preview(Options(**options))
        shown = sample.make()
        screen.sample(shown)
        if shown.pdf and (terminal if show is None else show):
            screen.open(shown.pdf)
        if watch:
            screen.watching()
            with suppress(KeyboardInterrupt):  # that is how watching ends
                for shown in sample.changes():
                    screen.sample(shown, again=True)
    return int(shown.exit_code)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--name", help="The issuer's name, as printed.")
@click.option("--url", type=Address(), help="The issuer's website.")
@click.option("--verify-url", type=Address(), help="Where anyone can look a certificate's code up.")
@click.option("--languages", type=Tags(), help="Languages of the certificates, the default first, such as en,fr.")
@click.option("--code", help="The course's code.")
@click.option("--title", help="The course's title, as printed.")
@click.option("--hours", type=Hours(), help="Hours of study.")
@click.option("--start", type=Day(), help="First day, such as 2026-03-02.")
@click.option("--end", type=Day(), help="Last day.")
@click.option("--issued", type=Day(), help="Day of issue, printed on the certificates.")
@click.option(
    "--windows/--no-windows", default=sys.platform == "win32", help="Add a file for Windows to drop rosters on."
)
def init(folder: Path | None, windows: bool, **given: Any) -> int:
    """Make a FOLDER to begin with: issuer.toml, a course and its roster.

    Asks for what no flag says, where there is a terminal. In the folder of an academy that is there already, it adds a
    course. Nothing is ever written over.
    """
    from certgen.academy import begin, issuer_of

    ask = sys.stdin.isatty() and sys.stdout.isatty()
    place = folder or Path(click.prompt("Folder of your academy", default="academy") if ask else "academy")
    told = answers(given, first=issuer_of(place.absolute()) is None, ask=ask)
    with Screen(ask=ask) as screen:
        begun = begin(place, told, windows=windows, ask=asking())
        screen.begun(begun)
    return ExitCode.REGISTRY if has_errors(begun.problems) else ExitCode.DONE


@click.command()
@click.argument("kind", type=click.Choice(["course", "issuer", "layout"]))
def schema(kind: str) -> int:
    """Print the JSON Schema of course.toml, issuer.toml or layout.toml, which editors complete from."""
    import msgspec

    if kind == "layout":
        from certgen import layout

        found = layout.schema()
    else:
        from certgen import course

        found = course.schemas()[kind]
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | found
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode("utf-8"))
    return ExitCode.DONE


@click.command()
def layouts() -> int:
    """List the layouts that come with certgen."""
    from certgen import layout

    problems: list[Problem] = []
    names = layout.bundled()
    for name in names:
        found = layout.load(name, problems)
        if found:
            click.echo(f"{name:<{max(map(len, names))}}  {found.title}. {found.summary}".rstrip())
    if problems:
        raise CertgenError(problems)
    return ExitCode.DONE
