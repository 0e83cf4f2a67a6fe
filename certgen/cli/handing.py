"""Issued certificates handed on: pack, image; and those about to expire: expiring."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from certgen.cli.choosing import choices, chosen_from, counter, taken
from certgen.cli.keys import Office
from certgen.cli.records import columns, in_folder, many, print_json
from certgen.cli.tables import _writable
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.telling import near

if TYPE_CHECKING:
    from certgen.handing.packing import Packed
    from certgen.selection import Choice, Due

_as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, for programs (docs/handing.md)."
)


# --- pack ------------------------------------------------------------------------------------


@click.command()
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER|FILE.zip",
    help="Folder for the archives, or the one archive.",
)
@click.option(
    "--by",
    type=click.Choice(["language", "group", "none"]),
    help="An archive for each of these [group with --group, none for a FILE.zip, else language].",
)
@click.option("--replace", is_flag=True, help="Write over archives of the same names.")
@_as_json
@choices
def pack(out: Path, by: Any, replace: bool, as_json: bool, folder: Path | None, **wish: Any) -> int:
    """Pack issued certificates into ZIP archives, one for each language or group.

    Which ones: everybody on ROSTER, or a manifest that batch wrote (roster-manifest.json), or flags that narrow it
    down. Files that are not there any more are made again as they were issued. Each archive has a list of what is in
    it, certificates.xlsx for people and manifest.json for programs.
    """
    from certgen.handing import packing
    from certgen.selection import Files, left_out

    choice = chosen_from(**wish)
    grouped = bool(choice.group) and "=" not in (choice.group or "")
    if by == "group" and not grouped:
        raise click.UsageError("--by group needs --group COLUMN, which says by what they are grouped.")
    by = by or ("group" if grouped else "none" if out.suffix.casefold() == ".zip" else "language")
    with counter(folder, choice) as here:
        chosen = taken(here, choice, quiet=as_json)
        left = left_out(here.problems)
        planned = packing.parcels(chosen, by, out.absolute(), stem(choice), column=choice.group or "group")
        if not replace and (there := packing.taken(planned)):
            raise CertgenError(there)
        done: list[Packed] = []
        before = 0
        with here.screen, Files(here.registry, here.folder) as files:
            for parcel in planned:
                watch = _shown(here, before, len(chosen), as_json)
                done.append(packing.pack(here.registry, files, parcel, watch))
                before += len(parcel.chosen)
        here.problems.extend(
            Problem(code="not-packed", message=f"{lacking.name}: {lacking.why}", exit_code=ExitCode.PARTIAL)
            for each in done
            for lacking in each.lacking
        )
        if as_json:
            archives = [_archive(each) for each in done]
            print_json({"archives": archives, "left_out": left, "problems": _told(here.problems)})
        else:
            _packed(here, done)
            _left(here, left)
    return ExitCode.PARTIAL if left or has_errors(here.problems) else ExitCode.DONE


def _shown(here: Office, before: int, total: int, quiet: bool) -> Any:
    """A bar on a terminal."""
    return (lambda count: None) if quiet else (lambda count: here.screen.progress(before + count, total))


def _archive(each: Packed) -> dict[str, Any]:
    return {
        "file": each.path,
        "label": each.label or None,
        "certificates": each.count,
        "missing": [{"code": lacking.code, "name": lacking.name, "why": lacking.why} for lacking in each.lacking],
        "bytes": each.size,
    }


def _told(problems: Sequence[Problem]) -> list[str]:
    return [problem.message for problem in problems]


def _packed(here: Office, done: Sequence[Packed]) -> None:
    here.screen.problems(here.problems)
    cells = [(f"{each.count:,}", _megabytes(each.size), near(each.path)) for each in done]
    columns(here.screen.console, ("Certificates", "Size", "Archive"), cells, elastic=(), right=(0, 1))
    if len(done) > 1:
        total = sum(each.count for each in done)
        here.screen.console.print(f"{many(total)} in {len(done):,} archives.", style="bold")


def _left(here: Office, left: int) -> None:
    """How many of the roster are not among what was made."""
    if left:
        here.screen.console.print(f"Left out: {left:,}, told above.", style="bold yellow")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1_000_000 else f"{max(1, size // 1000)} kB"


def stem(choice: Choice) -> str:
    """What files made of a choice are called after: the roster, the course, or what they are."""
    if choice.source is not None:
        return choice.source.stem.removesuffix("-manifest") or "certificates"
    return choice.course or "certificates"


# --- image -----------------------------------------------------------------------------------


class Pages(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Pages counted from 1: "1", "2-3", "all"."""

    name = "pages"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        if value == "all":
            return range(0, 10_000)
        found = re.fullmatch(r"([1-9]\d{0,3})(?:-([1-9]\d{0,3}))?", value.strip())
        if found is None or int(found[2] or found[1]) < int(found[1]):
            self.fail(f"“{value}” are no pages. Write 1, or 1-2, or all.", param, ctx)
        return range(int(found[1]) - 1, int(found[2] or found[1]))


@click.command()
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Their folder.")
@click.option("--pages", type=Pages(), default="1", show_default=True, metavar="1|1-2|all", help="Which pages.")
@click.option(
    "--width", type=click.IntRange(64, 8000), default=1600, show_default=True, metavar="PIXELS", help="How wide."
)
@click.option("--replace", is_flag=True, help="Write over other pictures of the same names.")
@_as_json
@choices
def image(out: Path, pages: range, width: int, replace: bool, as_json: bool, folder: Path | None, **wish: Any) -> int:
    """Make pictures (PNG) of issued certificates, for sharing.

    Which ones: everybody on ROSTER, or a manifest that batch wrote (roster-manifest.json), or flags that narrow it
    down. A picture has the QR code, and says what it shows to those who cannot see it; it is no certificate.
    """
    from certgen.codes import grouped
    from certgen.handing.picturing import Easel, show
    from certgen.selection import Files, left_out

    choice = chosen_from(**wish)
    with counter(folder, choice) as here:
        chosen = taken(here, choice, quiet=as_json)
        left = left_out(here.problems)
        easel = Easel(out.absolute(), width, pages, replace)
        shown = []
        with here.screen, Files(here.registry, here.folder) as files:
            for each in show(here.registry, files, chosen, len(chosen), easel, here.problems):
                shown.append(each)
                if not as_json:
                    here.screen.progress(len(shown), len(chosen))
        if as_json:
            told = [{"code": grouped(each.code), "files": each.files} for each in shown]
            print_json({"pictures": told, "left_out": left, "problems": _told(here.problems)})
        else:
            here.screen.problems(here.problems)
            count = sum(len(each.files) for each in shown)
            what = "1 picture" if count == 1 else f"{count:,} pictures"
            here.screen.console.print(f"{near(easel.folder)}: {what} of {many(len(shown))}.", style="bold")
            _left(here, left)
    return ExitCode.PARTIAL if left or has_errors(here.problems) else ExitCode.DONE


# --- expiring --------------------------------------------------------------------------------


class Within(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The last day of a span that begins today."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        from certgen.selection import until

        if isinstance(value, date):
            return value
        try:
            return until(value, date.today())
        except ValueError:
            self.fail(
                f"“{value}” is no time to come. Write 60d, 8w, 3m or 1y, or a day, such as 2027-01-31.", param, ctx
            )


@click.command()
@click.option("--within", type=Within(), required=True, metavar="SPAN", help="60d, 8w, 3m, 1y, or a day to come.")
@click.option("--course", metavar="CODE", help="Only those of this course.")
@click.option("--xlsx", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a table as well.")
@click.option("--replace", is_flag=True, help="Write over a file of that name.")
@click.option("--send", "notify", is_flag=True, help="Tell them by e-mail, each once; asks first (docs/sending.md).")
@click.option("--yes", is_flag=True, help="With --send: do not ask.")
@click.option(
    "--dry-run",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="With --send: send nothing, write the messages into a folder.",
)
@_as_json
@in_folder
def expiring(
    within: date,
    course: str | None,
    xlsx: Path | None,
    replace: bool,
    notify: bool,
    yes: bool,
    dry_run: Path | None,
    as_json: bool,
    folder: Path | None,
) -> int:
    """Tell which certificates are about to expire, and which have done so in as many days before today.

    By day, with name, e-mail address, course and code. Who has a later certificate of the same course is not listed:
    people are known by their ID or e-mail address, courses by code or title.
    """
    from certgen import output
    from certgen.selection import Choice
    from certgen.selection import expiring as due

    if notify and as_json:
        raise click.UsageError("--send asks and tells people; leave --json out.")
    path = _writable(xlsx, (".xlsx",), replace) if xlsx else None
    today = date.today()
    with counter(folder, Choice()) as here:
        found = due(here.registry, within, today, course=course)
        wanted = [one for one in found if one.renewed is None]
        if path is not None:
            output.write_whole(path, _table(wanted))
        if as_json:
            print_json({"from": today, "until": within, "certificates": [_due(one) for one in found]})
        else:
            _expiring(here, wanted, len(found) - len(wanted), within)
            if path is not None:
                here.screen.console.print(f"In a table: {near(path)}", soft_wrap=True)
        if notify:
            return _notified(here, wanted, yes, dry_run)
    return ExitCode.DONE


def _notified(here: Office, found: Sequence[Due], yes: bool, dry: Path | None) -> int:
    """Who has a certificate that is still good is told until when; it is too late for the others."""
    from certgen.cli import mailing

    chosen = [one.chosen for one in found if one.days >= 0]
    return mailing.notify(here, chosen, None, yes=yes, dry=dry) if chosen else ExitCode.DONE


def _due(one: Due) -> dict[str, Any]:
    from certgen.codes import grouped

    return {
        "expires": one.expires,
        "days": one.days,
        "expired": one.days < 0,
        "name": one.chosen.name,
        "email": one.chosen.email or None,
        "course": one.course,
        "title": one.title,
        "language": one.chosen.language,
        "code": grouped(one.chosen.code),
        "renewed": one.renewed is not None,
    }


def _expiring(here: Office, found: Sequence[Due], renewed: int, within: date) -> None:
    from certgen.codes import grouped
    from certgen.fields import date_long

    console = here.screen.console
    parts = [("Expired", [one for one in found if one.days < 0]),
             ("About to expire", [one for one in found if one.days >= 0])]  # fmt: skip
    heads = ["Expires", "Days", "Code", "Course", "E-mail", "Name"]
    rows = [
        (str(one.expires), f"{one.days:,}", grouped(one.chosen.code), one.course, one.chosen.email, one.chosen.name)
        for one in found
    ]
    dropped = [] if any(one.chosen.email for one in found) else ["E-mail"]
    spare = _spare([heads, *rows], dropped, console.width) if console.is_terminal else []
    shown = [at for at, head in enumerate(heads) if head not in dropped + spare]
    lines = dict(zip(found, rows, strict=True))
    for heading, some in parts:
        if not some:
            continue
        console.print(f"{heading}: {many(len(some))}", style="bold")
        cells = [[lines[one][at] for at in shown] for one in some]
        right = (1,) if "Days" not in spare else ()
        columns(console, [heads[at] for at in shown], cells, elastic=(), right=right)
        console.print()
    if spare:
        console.print(f"A wider window also shows: {', '.join(spare).lower()}. --xlsx and --json have all.")
    if not found:
        console.print(f"No certificate expires until {date_long(within, 'en')}.")
    if renewed:
        what = "1 more is" if renewed == 1 else f"{renewed:,} more are"
        console.print(f"{what} not listed: these people have a later certificate of the same course.")


def _spare(table: Sequence[Sequence[str]], dropped: Sequence[str], width: int) -> list[str]:
    """Which columns are left out for names and addresses to stay whole within so many cells, as far as that helps.
    ``table``: its heads, then its rows."""
    from rich.cells import cell_len

    widths = {column[0]: max(map(cell_len, column)) + 2 for column in zip(*table, strict=True)}
    room = width + 2 - sum(wide for head, wide in widths.items() if head not in dropped)
    spare: list[str] = []
    for head in ("Course", "Code", "Days"):
        if room < 0:
            spare.append(head)
            room += widths[head]
    return spare


def _table(found: Sequence[Due]) -> bytes:
    from certgen.codes import grouped
    from certgen.ledger import Page, workbook

    heads = ("Expires", "Days left", "State", "Name", "E-mail", "Course", "Title", "Language", "Code")
    rows = [
        (
            one.expires,
            one.days,
            "expired" if one.days < 0 else "valid",
            one.chosen.name,
            one.chosen.email,
            one.course,
            one.title,
            one.chosen.language,
            grouped(one.chosen.code),
        )
        for one in found
    ]
    return workbook([Page("Expiring", (12, 10, 10, 32, 32, 16, 44, 10, 22), [heads, *rows])])
