"""The flags that choose issued certificates, for whatever is done with them: print, send, pack, image.

A command takes them with ``@choices``, which also brings ``--folder``, and does::

    choice = chosen_from(**wish)
    with counter(folder, choice) as here:
        chosen = taken(here, choice)
        left = left_out(here.problems)

``left`` rows of the roster were left out for what is to be mended: the command says so and ends with ExitCode.PARTIAL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from certgen.cli.keys import Office, office
from certgen.cli.making import _delimiter, _mapping
from certgen.cli.records import code_of
from certgen.errors import CertgenError, has_errors
from certgen.questions import Day

if TYPE_CHECKING:
    from certgen.selection import Choice, Chosen


def choices(command: Callable[..., int]) -> Callable[..., int]:
    """The roster or manifest, the filters, how the roster is read, and the academy."""
    options = (
        click.argument(
            "source", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="[ROSTER]"
        ),
        click.option("--course", metavar="CODE", help="Only those of this course."),
        click.option("--since", type=Day(), metavar="DAY", help="Only those issued on this day or later."),
        click.option("--until", type=Day(), metavar="DAY", help="Only those issued on this day or earlier."),
        click.option("--code", "codes", multiple=True, metavar="CODE", help="Only this one. May be said again."),
        click.option("--name", metavar="WORDS", help="Only people with these words in their names."),
        click.option(
            "--group", metavar="COLUMN[=VALUE]", help="Group them by a column of the roster; or only those of a group."
        ),
        click.option(
            "--as-issued", is_flag=True, help="Also where the roster now says otherwise than the certificate does."
        ),
        click.option("--sheet", help="The roster's sheet with the people, as for batch."),
        click.option("--header-row", type=click.IntRange(1), help="The row of its headers, as for batch."),
        click.option(
            "--map", "mapping", multiple=True, callback=_mapping, metavar="FIELD=COLUMN", help="As for batch."
        ),
        click.option("--encoding", help="Of a CSV file, as for batch."),
        click.option("--delimiter", callback=_delimiter, help="Of a CSV file, as for batch."),
        click.option("--title-case", is_flag=True, help="As for batch."),
        click.option("--lang", "language", help="As for batch."),
        click.option(
            "--course-file", type=click.Path(path_type=Path, exists=True), help="What batch was told as --course."
        ),
        click.option(
            "--folder",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            help="The academy [the roster's; else that of the nearest issuer.toml from here upwards].",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def chosen_from(
    source: Path | None,
    course: str | None,
    since: date | None,
    until: date | None,
    codes: tuple[str, ...],
    name: str | None,
    group: str | None,
    as_issued: bool,
    course_file: Path | None,
    **how: Any,
) -> Choice:
    """What the flags of :func:`choices` say, but for ``--folder``. Raises click.UsageError where they leave it open."""
    from certgen.intake import Options
    from certgen.selection import Choice

    choice = Choice(
        source=source.absolute() if source else None,
        how=Options(roster=source.absolute(), course=course_file, **how) if source else None,
        course=course,
        since=since,
        until=until,
        name=name,
        codes=tuple(dict.fromkeys(map(code_of, codes))),
        group=group,
        as_issued=as_issued,
    )
    if choice.open:
        raise click.UsageError(
            "Say which certificates: a roster, the manifest beside them, or flags such as --course or --since."
        )
    return choice


@contextmanager
def counter(folder: Path | None, choice: Choice, *, write: bool = False) -> Iterator[Office]:
    """The academy that is meant: named, else the roster's, else the one here. ``write`` holds the registry's lease."""
    from certgen import course as courses
    from certgen.selection import nothing_issued

    if folder is None and choice.source is not None and courses.find_issuer(choice.source.parent, []):
        folder = choice.source.parent
    with ExitStack() as stack:
        try:
            here = stack.enter_context(office(folder, write=write))
        except CertgenError as error:
            if any(problem.code == "no-registry" for problem in error.problems):
                raise CertgenError(nothing_issued(choice.source)) from None
            raise
        yield here


def taken(here: Office, choice: Choice, *, quiet: bool = False) -> list[Chosen]:
    """The certificates, with all warnings shown, unless ``quiet``: they are for a program. Raises
    :class:`CertgenError` where there are none."""
    from certgen.selection import choose

    chosen = choose(here.registry, choice, here.problems)
    if has_errors(here.problems) or not quiet:
        here.told()
    return chosen
