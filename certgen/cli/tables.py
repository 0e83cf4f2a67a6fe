"""What was issued as tables: export, report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from certgen.cli.keys import Office, office
from certgen.cli.records import as_json, chosen, columns, filters, in_folder, many, nothing, print_json
from certgen.errors import ExitCode
from certgen.telling import near, printable

if TYPE_CHECKING:
    from certgen.records.tables import Report

_over = click.option("--replace", is_flag=True, help="Write over a file of that name.")


def _writable(file: Path, suffixes: Sequence[str], over: bool) -> Path:
    """Raises click.ClickException for another kind of file, and for one that is there."""
    if file.suffix.lower() not in suffixes:
        raise click.ClickException(f"Give the file a name that ends in {' or '.join(suffixes)}.")
    if file.exists() and not over:
        raise click.ClickException(f"{near(file)} is there already: give another name, or add --replace.")
    return file.absolute()


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.xlsx|.csv|.json")
@filters
@_over
@in_folder
def export(file: Path, replace: bool, folder: Path | None, **wish: Any) -> int:
    """Write what was issued into a table, with everything that the registry knows of each certificate.

    The flags narrow it down, all of them together. The file is full of personal data.
    """
    from certgen import output, records
    from certgen.records.tables import SUFFIXES, export

    today = date.today()
    path = _writable(file, SUFFIXES, replace)
    with office(folder, write=False) as here:
        filter_ = chosen(**wish)
        data, count = export(records.find(here.registry, filter_, today), path.suffix.lower(), today)
        if not count:
            nothing(here, filter_)
            return ExitCode.DONE
        output.write_whole(path, data)
        here.screen.console.print(f"{near(path)}: {many(count)}.", soft_wrap=True)
    return ExitCode.DONE


@click.command()
@click.option("--year", type=click.IntRange(1970, 9999), help="Of which year [this one].")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures into FILE.xlsx.")
@_over
@as_json
@in_folder
def report(year: int | None, out: Path | None, replace: bool, as_json: bool, folder: Path | None) -> int:
    """Tell the figures of a year: certificates by course, award, language and month.

    One that was replaced by a corrected one is counted once. Replaced and revoked are those that were in that year,
    whenever they had been issued; no award counts people of that year's batches who have no certificate.
    """
    from msgspec import structs

    from certgen import output
    from certgen.records import tables

    path = _writable(out, (".xlsx",), replace) if out else None
    with office(folder, write=False) as here:
        told = tables.report(here.registry, year or date.today().year)
        if path is not None:
            output.write_whole(path, tables.report_workbook(told))
        if as_json:
            print_json(structs.asdict(told))
        else:
            _report(here, told)
            if path is not None:
                here.screen.console.print(f"In a table: {near(path)}", soft_wrap=True)
    return ExitCode.DONE


def _report(here: Office, told: Report) -> None:
    from certgen.fields import language_name
    from certgen.records.tables import COURSE_HEADS, MONTHS

    console = here.screen.console
    console.print(f"{printable(here.issuer.name)}, {told.year}: {many(told.issued)}", style="bold")
    if not told.courses:
        return
    rows = [
        (line.course, *_figures(line.issued, line.hours, line.not_awarded, line.replaced, line.revoked), line.title)
        for line in told.courses
    ]
    styles = [""] * len(rows)
    if len(rows) > 1:
        total = _figures(told.issued, told.hours, told.not_awarded, told.replaced, told.revoked)
        rows.append(("", *total, "all courses"))
        styles.append("bold")
    console.print()
    columns(console, COURSE_HEADS, rows, styles, elastic=(6, 0), right=(1, 2, 3, 4, 5))
    parts = [
        ("By award", told.awards),
        ("By language", {language_name(tag, "en"): count for tag, count in told.languages.items()}),
        ("By month", {MONTHS[month - 1]: count for month, count in told.months.items() if count}),
    ]
    for head, counts in parts:
        if counts:
            console.print()
            columns(
                console,
                (head, "Issued"),
                [(name, f"{count:,}") for name, count in counts.items()],
                elastic=(),
                right=(1,),
            )
    if told.hours_unknown:
        console.print(f"\nThe hours of {many(told.hours_unknown)} are not known any more, as they were erased.")


def _figures(issued: int, hours: Any, *others: int) -> tuple[str, ...]:
    return (f"{issued:,}", f"{hours:,f}", *(f"{count:,}" for count in others))
