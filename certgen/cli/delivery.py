"""Words about messages: what is about to be sent, how far it is, what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certgen import codes
from certgen.cli.records import columns
from certgen.errors import CertgenError, ExitCode, has_errors
from certgen.screen import SHOWN, Screen
from certgen.telling import near, printable

if TYPE_CHECKING:
    from rich.console import Console

    from certgen.mail import sending
    from certgen.mail.planning import Plan, Ready
    from certgen.mail.sending import Outcome
    from certgen.mail.tempo import Pace
    from certgen.mail.words import Purpose
    from certgen.model import Mail
    from certgen.registry.outbox import Entry


_SECURITY = {"starttls": "encrypted (STARTTLS)", "tls": "encrypted (TLS)", "none": "not encrypted"}


def before(console: Console, plan: Plan, purpose: Purpose) -> None:
    """Who was mailed before, and by name whoever did not get it, or may not have, with the way out."""
    if not plan.mailed:
        return
    states = [entry.state for entry in plan.mailed.values()]
    told = {
        "sent": "got it before",
        "unknown": "may have got it before: no answer came from the server",
        "refused": "could not be reached before",
        "bounced": "did not get it: it came back",
        "sending": "may have got it before",
    }
    if plan.rest:
        console.print("An --again was cut short: this is the rest of it. Left out:")
    elif purpose == "certificate":
        console.print("Left out, as they were mailed before (--again mails them all the same):")
    else:
        console.print("Left out, as they were mailed before:")
    for state, words in told.items():
        if state in states:
            console.print(f"  {states.count(state):>6,}  {words}")
    console.print()
    if plan.missed:
        _missed(console, plan, purpose)


_MISSED = {"refused": "refused", "bounced": "came back"}  # of all others nobody knows


def _missed(console: Console, plan: Plan, purpose: Purpose) -> None:
    console.print("Did not get it, or may not have:", style="bold")
    rows = []
    for one, entry in plan.missed[:SHOWN]:
        what = _MISSED.get(entry.state, "unknown")
        what = what if entry.purpose == purpose else f"the certificate {what}"
        words = f": {entry.words}" if entry.words else ""
        row = str(one.row) if one.row else ""
        rows.append((row, codes.grouped(one.code), f"{what}{words}", entry.address or one.email, one.name))
    columns(console, ("Row", "Code", "Outcome", "E-mail", "Name"), rows, elastic=(3, 4, 2))
    if len(plan.missed) > SHOWN:
        more = f"and {len(plan.missed) - SHOWN:,} more"
        console.print(f"{more}, told in the report" if purpose == "certificate" else more)
    failed = sum(entry.state in _MISSED for _, entry in plan.missed)
    if failed < len(plan.missed):
        once_more = (
            "; if not, the same command with --again --code CODE sends it once more"
            if purpose == "certificate"
            else "; if not, write to them yourself"
        )
        console.print(f"Unknown: ask whether it arrived{once_more}.")
    if failed:
        console.print("Refused or came back: correct the address in the roster, run certgen batch, then this again.")
    console.print()


def nobody(console: Console, plan: Plan) -> None:
    """That there is nothing to send."""
    if plan.missed:
        count = "1 person was" if len(plan.missed) == 1 else f"{len(plan.missed):,} people were"
        console.print(f"Nobody is left to be mailed, but {count} perhaps not reached: told above.", style="bold yellow")
        return
    console.print("Nobody is left to be mailed." if plan.mailed else "Nobody has an address to write to.", style="bold")


def announce(console: Console, mail: Mail, purpose: Purpose, plan: Plan, place: Path | None, pace: Pace) -> None:
    """How many, to whom first and last, from whom, and through which server, or into which folder (``place``)."""
    from rich.table import Table
    from rich.text import Text

    from certgen.fields import language_name

    ready = plan.ready
    what = "certificates" if purpose == "certificate" else "notices of expiry"
    titles = [title for title, _ in plan.titles.most_common(3)]
    console.print(printable("; ".join(titles) + (" …" if len(plan.titles) > 3 else "")), style="bold")
    minutes = len(ready) / pace.per_minute
    server = (
        f"the folder {near(place)}"
        if place is not None
        else f"{mail.host}, port {mail.port}, {_SECURITY[mail.security]}"
        + (f", as {mail.user}" if mail.user else ", without signing in")
    )
    rows = [
        ("To send", f"{messages(len(ready))} with {what}"),
        ("First", _whom(ready[0])),
        ("Last", _whom(ready[-1])),
        ("From", _box(mail.origin) + (f", sent by {_box(mail.sender)}" if mail.sender else "")),
        ("Answers", f"to {_box(mail.reply_to or mail.origin)}"),
        ("Through", server),
    ]
    if len(plan.languages) > 1:
        tongues = (f"{language_name(tag, 'en')} ({count:,})" for tag, count in plan.languages.most_common())
        rows.insert(1, ("Languages", ", ".join(tongues)))
    if place is None:
        rows.append(("Time", f"about {_span(minutes)}, at {pace.per_minute:g} a minute"))
    if plan.without:
        rows.append(("Without", f"{len(plan.without):,} who cannot be written to, told above"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, words in rows:
        grid.add_row(f"  {label}", Text(printable(words)))
    console.print(grid)
    console.print()


def question(mail: Mail, plan: Plan, place: Path | None) -> str:
    """What is agreed to, whole: what was told before may have been scrolled away."""
    where = f"into the folder {near(place)}" if place is not None else f"through {mail.host}"
    return printable(f"Send {messages(len(plan.ready))} from {mail.origin.address} {where}?")


_LONG = re.compile(r"(<https?://[^\s<>]{26})[^\s<>]{9,}([^\s<>]{10}>)")
_BELOW = re.compile(r"(?<=:)\n(?=<https?://)")  # an address goes beside what it is, so that a screen holds it all
_APART = re.compile(r"(?<=>)\n\n(?=[^\n<]*: <https?://)")


def shown(console: Console, data: bytes) -> None:
    """One message as it will be read, but for long addresses, of which the middle is left out."""
    import email
    from email import policy

    from rich.rule import Rule

    message = email.message_from_bytes(data, policy=policy.default)
    body = message.get_body(("plain",))
    text = body.get_content().replace("\r\n", "\n") if body else ""
    console.print(Rule("the first message", align="left", style="dim"))
    for name in ("From", "To", "Subject"):
        console.print(printable(f"{name}: {' '.join(str(message[name]).split())}"), soft_wrap=True)
    console.print()
    short = _LONG.sub(r"\1…\2", printable(_unflowed(text)))
    for line in _APART.sub("\n", _BELOW.sub(" ", short)).rstrip().split("\n"):
        console.print(line)
    console.print()
    for part in message.iter_attachments():
        size = len(part.get_payload(decode=True) or b"")
        console.print(printable(f"Attached: {part.get_filename()} ({size / 1000:,.0f} KB)"))
    console.print(Rule(style="dim"))


@contextmanager
def bar(console: Console) -> Iterator[Callable[[sending.Progress], None]]:
    """How far it is, on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    if not console.is_terminal:
        yield lambda progress: None
        return
    with Progress(
        BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}"), console=console, transient=True
    ) as shown:
        task = shown.add_task("", total=None)

        def watch(progress: sending.Progress) -> None:
            words = [f"{progress.refused:,} refused"] if progress.refused else []
            words += [f"{progress.unknown:,} unknown"] if progress.unknown else []
            if progress.next_try > 1:
                at = datetime.now() + timedelta(seconds=progress.next_try)
                words.append(f"next try at {at:%H:%M:%S}; Ctrl-C ends")
            if progress.stopping:
                words.append("ending")
            done = progress.sent + progress.refused + progress.unknown
            shown.update(task, completed=done, total=progress.total, description=", ".join(words))

        yield watch


def told(screen: Screen, outcome: Outcome, plan: Plan, *, again: bool) -> int:
    """What became of all; the exit code."""
    names = {one.chosen.serial: one for one in plan.ready}
    console = screen.console
    if outcome.recovered:
        count = len(outcome.recovered)
        console.print(
            f"certgen was stopped before while {messages(count)} {'was' if count == 1 else 'were'} on the way: "
            f"nobody knows whether {'it' if count == 1 else 'they'} arrived.",
            soft_wrap=True,
        )
    for words, entries in (
        ("Refused", outcome.refused),
        ("Not known whether it arrived", outcome.unknown),
    ):
        if entries:
            console.print(f"{words}:", style="bold")
            columns(
                console,
                ("Row", "E-mail", "In words", "Name"),
                [_line(entry, names.get(entry.serial)) for entry in entries[:SHOWN]],
                elastic=(3, 2),
            )
            if len(entries) > SHOWN:
                console.print(f"and {len(entries) - SHOWN:,} more, told in the report")
            console.print()
    screen.problems(outcome.problems)
    if outcome.gone:
        console.print(f"Left out, as they were revoked, replaced or erased meanwhile: {len(outcome.gone):,}.")
    if outcome.skipped:
        console.print(f"Sent by another run meanwhile: {len(outcome.skipped):,}.")
    sent = len(outcome.sent)
    told = [f"{sent:,} sent"]
    told += [f"{len(outcome.refused):,} refused"] if outcome.refused else []
    told += [f"{len(outcome.unknown):,} unknown"] if outcome.unknown else []
    told += [f"{len(outcome.waiting):,} waiting"] if outcome.waiting else []
    told += [f"{len(plan.missed):,} left out who may not have got it before, told above"] if plan.missed else []
    whole = not (outcome.refused or outcome.unknown or outcome.waiting or plan.without or plan.missed)
    console.print(f"Messages: {', '.join(told)}.", style="bold" if whole else "bold yellow")
    if outcome.waiting:
        bare = ", without --again," if again else ""
        when = f", not before {outcome.next_try.astimezone():%H:%M}" if outcome.next_try else ""
        console.print(f"Run the same command again{bare} to send those that wait{when}. Nobody gets it twice.")
    if outcome.unknown:
        console.print("Ask those of whom it is not known; --again with --code sends to one of them once more.")
    if outcome.stopped == "interrupted":
        return ExitCode.INTERRUPTED
    if outcome.stopped == "problem" and has_errors(outcome.problems):
        return CertgenError(outcome.problems).exit_code
    return ExitCode.DONE if whole else ExitCode.PARTIAL


def _line(entry: Entry, one: Ready | None) -> tuple[str, ...]:
    row = str(one.chosen.row) if one and one.chosen.row else ""
    return row, entry.address or "", entry.words or "", one.chosen.name if one else ""


def messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"


def _whom(one: Ready) -> str:
    row = f" (row {one.chosen.row})" if one.chosen.row else ""
    return f"{one.chosen.name} <{one.address}>{row}"


def _box(box: Any) -> str:
    return f"{box.name} <{box.address}>" if box.name else box.address


def _span(minutes: float) -> str:
    if minutes < 1.5:
        return "a minute"
    return f"{minutes:,.0f} minutes" if minutes < 90 else f"{minutes / 60:,.1f} hours"


def _unflowed(text: str) -> str:
    """Lines that go on, joined again (RFC 3676, 4.1)."""
    out = ""
    for line in text.split("\n"):
        out += line if line.endswith(" ") and line != "-- " else f"{line}\n"
    return out
