"""What was issued, told: list, show, copy; and what other commands about it share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from certgen.cli.keys import Office, office
from certgen.errors import CertgenError, ExitCode, has_errors
from certgen.questions import Day
from certgen.telling import near, printable

if TYPE_CHECKING:
    from rich.console import Console

    from certgen.records import Filter, Story
    from certgen.registry import Event, Held
    from certgen.registry.outbox import Entry

STATES = ("valid", "expired", "replaced", "revoked", "unfinished")

in_folder = click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The academy [the nearest issuer.toml from here upwards].",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, for programs (docs/registry.md)."
)


def filters(command: Callable[..., int]) -> Callable[..., int]:
    """The flags that choose certificates."""
    for option in reversed(
        (
            click.option("--course", metavar="CODE", help="Only those of this course."),
            click.option("--since", type=Day(), metavar="DAY", help="Only those issued on this day or later."),
            click.option("--until", type=Day(), metavar="DAY", help="Only those issued on this day or earlier."),
            click.option("--state", type=click.Choice(STATES), help="Only those of which this is true now."),
            click.option("--name", metavar="WORDS", help="Only people with these words in their names."),
        )
    ):
        command = option(command)
    return command


def chosen(course: str | None, since: date | None, until: date | None, state: Any, name: str | None) -> Filter:
    from certgen.records import Filter

    return Filter(course, since, until, state, name)


def code_of(said: str) -> str:
    """The code that was typed, scanned, or stands in a file's name. Raises click.ClickException."""
    from certgen import codes

    code = codes.typed(said) or codes.typed(Path(said).stem[-19:])
    if code is None and len(said) > 19:
        from certgen.amend import read_code

        code = read_code(said)
    if code is None:
        raise click.ClickException(
            f"“{printable(said[:60])}” is not a certificate's code. A code has 16 letters and digits: "
            "XXXX-XXXX-XXXX-XXXX."
        )
    return code


def found(here: Office, said: Iterable[str]) -> list[Held]:
    """The certificates of these codes, each once. Raises :class:`CertgenError` for all that are not known."""
    from certgen.records import unknown

    codes = list(dict.fromkeys(map(code_of, said)))
    rows = [here.registry.find(code) for code in codes]
    here.problems.extend([unknown(code) for code, row in zip(codes, rows, strict=True) if row is None])
    if has_errors(here.problems):
        raise CertgenError(here.problems)
    return [row for row in rows if row is not None]


def print_json(data: dict[str, Any]) -> None:
    """One object on standard output. Paths are text, amounts numbers."""
    import msgspec

    encoded = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode({"version": 1} | data)
    sys.stdout.buffer.write(encoded + b"\n")
    sys.stdout.buffer.flush()


# --- list ------------------------------------------------------------------------------------


@click.command("list")
@filters
@click.option("--erased", is_flag=True, help="Only those whose personal data was erased.")
@as_json
@in_folder
def list_(erased: bool, as_json: bool, folder: Path | None, **wish: Any) -> int:
    """Tell which certificates were issued: code, name, course, day, and whether they are still valid.

    The flags narrow it down, all of them together. For a spreadsheet: certgen export.
    """
    from msgspec.structs import replace

    from certgen import records

    today = date.today()
    with office(folder, write=False) as here:
        filter_ = replace(chosen(**wish), erased=erased)
        rows = records.find(here.registry, filter_, today)
        if as_json:
            print_json({"certificates": [records.record(held, today) for held in rows]})
            return ExitCode.DONE
        held = list(rows)
        if held:
            listed(here.screen.console, held, today)
        else:
            nothing(here, filter_)
    return ExitCode.DONE


def listed(console: Console, rows: Sequence[Held], today: date) -> None:
    """A line for each, and how many are what."""
    from certgen.codes import grouped
    from certgen.records import course_of, state_of

    states = [state_of(held, today) for held in rows]
    cells = [
        (
            grouped(held.code),
            str(held.issued),
            state,
            course_of(held),
            held.content.name if held.content else "(erased)",
        )
        for held, state in zip(rows, states, strict=True)
    ]
    styles = [_STYLES.get(state, "") for state in states]
    columns(console, ("Code", "Issued", "State", "Course", "Name"), cells, styles, elastic=(4, 3))
    counts = [f"{states.count(state):,} {state}" for state in dict.fromkeys(STATES) if state in states]
    told = f", {counts[0].split()[1]}" if len(counts) == 1 else f": {', '.join(counts)}"
    console.print(f"{many(len(rows))}{told}.", style="bold")


_STYLES = {"expired": "yellow", "replaced": "dim", "revoked": "red", "unfinished": "yellow"}


def nothing(here: Office, filter_: Filter) -> None:
    """Says that there is none, and which courses there are."""
    from certgen.records import courses

    if filter_.open:
        here.screen.console.print("Nothing has been issued yet.")
        return
    here.screen.console.print("No certificate is like that.")
    known = courses(here.registry) if filter_.course else []
    if known and filter_.course not in known:
        here.screen.console.print(f"The courses here are: {printable(', '.join(known))}.", soft_wrap=True)


def columns(
    console: Console,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    styles: Sequence[str] = (),
    *,
    elastic: Sequence[int],
    right: Sequence[int] = (),
) -> None:
    """A table line by line, however long. On a terminal its ``elastic`` columns give way, the first ones last, and
    what is too wide ends in …; elsewhere nothing is cut. Names belong into the last column: terminals do not agree on
    the width of some scripts."""
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    texts = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(heads, *texts, strict=True)]
    over = sum(widths) + 2 * (len(widths) - 1) - console.width if console.is_terminal else 0
    for at in reversed(elastic):
        give = max(0, min(over, widths[at] - 12))
        widths[at] -= give
        over -= give

    def line(cells: Sequence[str]) -> str:
        said = []
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            short = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1).rstrip() + "…"
            said.append(" " * (width - cell_len(short)) + short if at in right else set_cell_size(short, width))
        return "  ".join(said).rstrip()

    console.print(Text(line(heads), style="bold"), soft_wrap=True)
    for number, row in enumerate(texts):
        console.print(Text(line(row), style=styles[number] if styles else ""), soft_wrap=True)


def many(count: int) -> str:
    return "1 certificate" if count == 1 else f"{count:,} certificates"


# --- show ------------------------------------------------------------------------------------


@click.command()
@click.argument("code", metavar="CODE")
@as_json
@in_folder
def show(code: str, as_json: bool, folder: Path | None) -> int:
    """Tell the whole story of one certificate.

    CODE as it is printed on it, or what its QR code holds, or the name of its file. Capitals, spaces and hyphens do
    not matter, nor whether O or 0 is typed, I or 1.
    """
    from certgen import records

    today = date.today()
    with office(folder, write=False) as here:
        (held,) = found(here, [code])
        story = records.story(here.registry, here.folder, held, today)
        if as_json:
            print_json({"certificate": _told(story, today)})
        else:
            _show(here.screen.console, here, story)
    return ExitCode.DONE


def _told(story: Story, today: date) -> dict[str, Any]:
    from certgen.codes import grouped
    from certgen.records import record, state_of

    return record(story.held, today) | {
        "file_state": story.file_state,
        "file_found": story.file if story.file_state in ("there", "altered") else None,
        "key": story.key.public.fingerprint if story.key else None,
        "roster": _of_roster(story.held),
        "chain": [
            {"code": grouped(held.code), "state": state_of(held, today), "issued": held.issued} for held in story.chain
        ],
        "history": [{"at": event.at, "who": event.who, "machine": event.machine, "what": event.kind}
                    for event in story.events],
        "messages": [{"purpose": entry.purpose, "state": entry.state, "at": entry.at, "to": entry.address,
                      "words": entry.words, "tries": entry.tries, "message_id": entry.message_id}
                     for entry in story.messages],
    }  # fmt: skip


def _of_roster(held: Held) -> dict[str, Any]:
    """Whatever else a roster said of the person."""
    from msgspec import structs

    values = structs.asdict(held.recipient) if held.recipient else {}
    further = values.pop("extra", {})
    kept = {name: value for name, value in values.items() if value is not None and name not in ("row", "letters")}
    return kept | ({"further": further} if further else {})


_LOOKS = {
    "valid": ("✔", "VALID", "green"),
    "expired": ("!", "EXPIRED", "yellow"),
    "replaced": ("✘", "REPLACED", "red"),
    "revoked": ("✘", "REVOKED", "red"),
    "unfinished": ("?", "NOT FINISHED", "yellow"),
}


def _show(console: Console, here: Office, story: Story) -> None:
    from rich.table import Table
    from rich.text import Text

    from certgen.codes import grouped

    sign, words, style = _LOOKS[story.state]
    console.print(Text(f"{sign} {words}", style=f"bold {style}").append(f"   {grouped(story.held.code)}", "not bold"))
    for text, how in _headline(story):
        console.print(Text(f"  {printable(text)}", style=how))
    console.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    made = next((event.seq for event in story.events if event.kind == "batch"), 0)
    events = [_event(event, made) for event in story.events]
    happened = sorted([*events, *map(_message, story.messages)], key=itemgetter(0))
    for label, text in [*_person(story), *_paper(story), *_chain(story), *happened]:
        grid.add_row(f"  {label}", Text(printable(text)))
    console.print(grid)


def _headline(story: Story) -> Iterable[tuple[str, str]]:
    from certgen.fields import Dates, date_long, format_value

    held, content = story.held, story.held.content
    if content is None:
        yield "The personal data of this certificate was erased.", "bold"
    else:
        yield content.name, "bold"
        yield content.title, "bold"
    parts = [f"Certificate of {held.kind}"]
    if content and content.hours is not None:
        parts.append(format_value(content.hours, "hours", "en"))
    if content and (content.start or content.end):
        parts.append(format_value(Dates(content.start, content.end), "long", "en"))
    yield " · ".join(parts), ""
    if story.state in ("revoked", "replaced") and held.ended:
        why = f": {held.reason}" if held.reason else ""
        yield f"{story.state.capitalize()} on {date_long(held.ended, 'en')}{why}", "red"
    if story.state == "unfinished":
        yield "A batch was stopped before it was done. Run it again: it goes on.", "yellow"


def _person(story: Story) -> Iterable[tuple[str, str]]:
    person, content = story.held.recipient, story.held.content
    if person is None or content is None:
        return
    rows = [("E-mail", person.email), ("ID", person.id), ("Number", content.number), ("Grade", content.grade)]
    yield from ((label, text) for label, text in rows if text)
    if story.held.consented:
        yield "In public", "agreed to be named in the public list"


def _paper(story: Story) -> Iterable[tuple[str, str]]:
    from certgen.fields import date_long, language_name
    from certgen.records import course_of

    held = story.held
    until = f"expires on {date_long(held.expires, 'en')}" if held.expires else "does not expire"
    yield "Course", course_of(held)
    yield "Issued", f"{date_long(held.issued, 'en')}; {until}"
    yield "Language", language_name(held.language, "en")
    if story.key is not None:
        state = "" if story.key.state == "active" else f", {story.key.state} since {story.key.since}"
        yield "Signed with", story.key.public.fingerprint + state
    if story.file is not None:
        yield (
            "File",
            {
                "there": near(story.file),
                "altered": f"{near(story.file)}, which was altered: make it again with certgen copy",
                "missing": f"{near(story.file)}, which is not there: make it again with certgen copy",
            }.get(story.file_state, ""),
        )
    if story.held.recipient is not None:
        yield "Address", held.url.partition("#")[0] + "#" + held.code


def _chain(story: Story) -> Iterable[tuple[str, str]]:
    from certgen.codes import grouped

    if len(story.chain) > 1:
        for number, held in enumerate(story.chain):
            this = ", this one" if held.code == story.held.code else ""
            name = held.content.name if held.content else "erased"
            text = f"{grouped(held.code)}  {held.issued}  {name}, {held.state}{this}"
            yield "Replacements" if number == 0 else "", text


def _event(event: Event, made: int) -> tuple[str, str]:
    """What was done to a certificate, and by whom; ``made``: the number of the batch that made it."""
    from datetime import datetime

    at = datetime.fromisoformat(event.at).astimezone()
    roster = event.details.get("roster")
    words = _EVENTS.get(event.kind, event.kind)
    if event.kind == "batch" and roster:
        words = f"{'made' if event.seq == made else 'replaced by another one, made'} from {roster}"
    return f"{at:%Y-%m-%d %H:%M}", f"{words}, by {event.who} on {event.machine}"


def _message(entry: Entry) -> tuple[str, str]:
    """What became of an e-mail."""
    what = {
        "reserved": "an e-mail to {} waits to be sent",
        "sending": "an e-mail to {} is on its way",
        "sent": "e-mail to {} sent",
        "refused": "e-mail to {} refused",
        "unknown": "e-mail to {} sent, and nobody knows whether it arrived",
        "bounced": "e-mail to {} came back",
    }[entry.state].format(entry.address or "an erased address")
    words = f": {entry.words}" if entry.words and entry.state in ("refused", "bounced") else ""
    return f"{entry.at.astimezone():%Y-%m-%d %H:%M}", what + words


_EVENTS = {
    "batch": "issued or replaced",
    "remade": "made again",
    "revoked": "revoked",
    "readdressed": "address corrected",
    "erased": "personal data erased",
    "adopted": "found again in its PDF file",
}


# --- copy ------------------------------------------------------------------------------------


@click.command()
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@filters
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="here",
    help="Folder for the copies.",
)
@as_json
@in_folder
def copy(codes: tuple[str, ...], out: Path, as_json: bool, folder: Path | None, **wish: Any) -> int:
    """Make certificates again as they were issued, from what the registry has kept.

    Which ones: their codes, or flags that narrow it down. Course, layout and fonts are those of then, not today's.
    """
    from certgen import codes as codes_
    from certgen import records

    today = date.today()
    filter_ = chosen(**wish)
    if bool(codes) != filter_.open:
        raise click.UsageError("Say which certificates: their codes, or one of the flags, such as --course.")
    with office(folder, write=False) as here:
        rows = found(here, codes) if codes else [
            held for held in records.find(here.registry, filter_, today) if not held.erased
        ]  # fmt: skip
        if not rows:
            nothing(here, filter_)
            return ExitCode.DONE
        told = []
        different = 0
        for made in records.copy(here.registry, here.folder, rows, out.absolute(), here.problems):
            told.append(made)
            different += not made.same
            if not as_json and len(rows) <= SHOWN:
                _copied(here.screen.console, made, records.state_of(made.held, today))
        if as_json:
            copies = [{"code": codes_.grouped(made.held.code), "file": made.file, "same": made.same} for made in told]
            print_json({"copies": copies, "problems": [problem.message for problem in here.problems]})
        else:
            here.screen.problems(here.problems)
            _copies(here, len(told) - different, different, out.absolute())
    return ExitCode.PARTIAL if has_errors(here.problems) else ExitCode.DONE


def _copies(here: Office, same: int, different: int, out: Path) -> None:
    if not same and not different:
        return
    words = [f"{many(same)}, byte for byte as issued"] if same else []
    words += [f"{many(different)} with the same content in other bytes"] if different else []
    where = "Here" if out == Path.cwd() else f"In {near(out)}"
    here.screen.console.print(f"{where}: {'; '.join(words)}.", style="bold")
    if different:
        here.screen.console.print(_DIFFERENT)


SHOWN = 20

_DIFFERENT = (
    "What they say, their codes, QR codes and signatures are the same as those issued. The bytes are not, as certgen, "
    "its libraries or this computer's fonts are other ones than then; so their SHA-256 is not the one in the registry."
)


def _copied(console: Console, made: Any, state: str) -> None:
    from rich.text import Text

    words = {(True, False): "as issued", (True, True): "the issued file itself", (False, False): "same content"}
    line = Text(f"  {near(made.file)}").append(f"  {words[made.same, made.kept]}", "dim")
    if state != "valid":
        line.append(f"  {state}", "yellow")
    console.print(line, soft_wrap=True)
