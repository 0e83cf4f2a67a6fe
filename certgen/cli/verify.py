"""Certificates checked: verify, and the words for what it finds."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.questions import Day
from certgen.screen import Screen
from certgen.telling import near, printable

if TYPE_CHECKING:
    from rich.console import Console

    from certgen.payload import Text
    from certgen.verify import Finding, Source, Told

_FEW = 8  # things that each get a block of their own, however good they are


@click.command("verify", context_settings={"ignore_unknown_options": True})  # a QR code's text begins with -6
@click.argument("things", nargs=-1, required=True, metavar="FILE|FOLDER|TEXT...")
@click.option("--site", help="The issuer's site: its address, or a folder of it on this computer.")
@click.option("--folder", type=click.Path(path_type=Path, exists=True), help="The academy's own folder [found above].")
@click.option("--fingerprint", help="Believe only the key with this fingerprint, as it is printed on the paper.")
@click.option("--on", "today", type=Day(), help="Judge as of this day [today].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs (docs/verify.md).")
def verify_(
    things: tuple[str, ...],
    site: str | None,
    folder: Path | None,
    fingerprint: str | None,
    today: date | None,
    as_json: bool,
) -> int:
    """Say whether certificates are genuine, unaltered and still valid.

    Each may be a PDF, a folder, a photograph or scan of the paper, a badge (JSON, PNG, SVG), what a QR code says, or
    the 16 characters of a code. Checked against the academy's folder that this one is in, without a network, or with
    --site against what an issuer has published. Ends with 8 where anything is not as it should be.
    """
    for thing in things:
        if thing.startswith("--"):
            raise click.NoSuchOption(thing.partition("=")[0])
    from certgen.verify import exit_code, items, verify

    wanted = items(things)
    source = _source(wanted, site, folder)
    if fingerprint:
        _pin(source, fingerprint)
    found: list[Finding] = []
    with Screen(ask=False) as screen:
        for finding in verify(wanted, source, today or date.today()):
            found.append(finding)
            if not as_json:
                show(screen.console, finding, source, brief=len(wanted) > _FEW)
        if as_json:
            _print_json(found, source)
        else:
            _sum_up(screen.console, found, source)
    return int(exit_code(found))


def _source(wanted: Iterable[Any], site_said: str | None, folder: Path | None) -> Source:
    """What to check against: what was said, else the academy of the current folder or of the first file's."""
    from certgen.verify import around, site

    if site_said:
        return site(site_said)
    places = [folder] if folder else [Path.cwd(), *[item.path.absolute().parent for item in wanted if item.path]]
    for place in places:
        academy = around(place)
        if academy is not None:
            return academy
    raise CertgenError(
        Problem(
            code="no-source",
            message="There is nothing to check against: no academy’s folder is here, and no site was named.",
            hint="Add --site and the address that is printed beside the QR code, such as --site "
            "https://verify.academy.org. Read it from the certificate, and make sure that it is the issuer’s own.",
            exit_code=ExitCode.USAGE,
        )
    )


def _pin(source: Source, said: str) -> None:
    """Only the key of this fingerprint is believed; the others are as if they were not named."""
    wanted = "".join(letter for letter in said.upper() if letter.isalnum()).translate(str.maketrans("OIL", "011"))
    source.keys = tuple(key for key in source.keys if key.public.fingerprint.replace("-", "") == wanted)
    if not source.keys:
        raise CertgenError(
            Problem(
                code="other-key",
                message=f"{source.words} names no key with the fingerprint {said}.",
                hint="Compare it with the paper. If it is right, this is not the site of the academy that issued it.",
                exit_code=ExitCode.VERIFICATION,
            )
        )


# --- for people ------------------------------------------------------------------------------


class _Look(NamedTuple):
    sign: str
    words: str
    style: str
    advice: str


_LOOKS = {
    "authentic": _Look("✔", "AUTHENTIC", "green", ""),
    "authentic-until": _Look("✔", "AUTHENTIC, CANCELLATIONS KNOWN TO {known}", "yellow", ""),
    "status-unknown": _Look("✔", "AUTHENTIC, BUT NOT KNOWN WHETHER REVOKED SINCE", "yellow", ""),
    "expired": _Look("!", "EXPIRED", "yellow", "It was genuine, and its time is over."),
    "revoked": _Look("✘", "REVOKED", "red", "The issuer has taken it back."),
    "replaced": _Look("✘", "REPLACED", "red", "The issuer has put another certificate in its place."),
    "altered": _Look("✘", "ALTERED", "red", "Do not accept it. Ask the person for the original."),
    "not-genuine": _Look(
        "✘", "NOT GENUINE OR DAMAGED", "red", "Scan it again. If it stays so, the issuer did not make this."
    ),
    "unknown-key": _Look(
        "✘", "UNKNOWN KEY", "red", "Another issuer may have signed it. Look for the address beside the QR code."
    ),
    "key-compromised": _Look("✘", "KEY COMPROMISED", "red", "Ask the issuer whether it made this one."),
    "unknown-code": _Look("✘", "CODE NOT FOUND", "red", "Compare it with the paper, letter by letter."),
    "unreadable": _Look("?", "UNREADABLE", "red", ""),
}


def show(console: Console, finding: Finding, source: Source, *, brief: bool = False) -> None:
    """One finding as a block: the verdict, what was signed, what was checked and what could not be."""
    from rich.text import Text as Line

    from certgen.fields import date_long
    from certgen.verify.finding import GOOD

    look = _LOOKS[finding.state]
    known = date_long(finding.known, "en").upper() if finding.known else ""
    verdict = f" {look.sign} {look.words.format(known=known)} "
    label = near(Path(finding.label)) if Path(finding.label).is_absolute() else finding.label
    label += f", page {finding.page}" if finding.page else ""
    head = Line(verdict, style=f"bold {look.style}" + (" reverse" if console.is_terminal else ""))
    if brief and finding.state == "authentic" and finding.good and finding.told:
        rest = (f"  {printable(Path(label).name)}", "dim")
        line = Line.assemble(head, f"  {printable(_whole(finding.told.name))}", rest)
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)
        return
    console.print(head)
    _line(console, printable(label), "dim")
    console.print()
    for text in _more(finding, look):
        _line(console, text)
    if _more(finding, look):
        console.print()
    if finding.told and finding.state not in _UNBELIEVED:
        if finding.state not in GOOD:
            _line(console, _HEADINGS.get(finding.state, "It says:"), "dim")
        for text, style in _says(finding.told, source):
            _line(console, text, style)
        console.print()
    for check in finding.checks:
        if finding.told is None and finding.why and finding.why in check.words:
            continue  # told above
        sign, style = {"good": ("✓", "green"), "bad": ("✗", "red"), "unknown": ("?", "yellow")}[check.mark]
        _line(console, check.words, "dim" if check.mark == "good" else "", (sign, style))
    console.print()


_UNBELIEVED = ("unreadable", "unknown-key", "not-genuine", "unknown-code", "key-compromised")
_HEADINGS = {"altered": "What was signed:"}


def _more(finding: Finding, look: _Look) -> list[str]:
    """Sentences that belong to the verdict: why, what the issuer says of it, what to do."""
    from certgen.codes import grouped

    told = [finding.why] if finding.why and finding.state != "status-unknown" else []
    if finding.reason:
        told.append(f"The issuer’s reason: {finding.reason}")
    if finding.replaced_by:
        told.append(f"The certificate in its place has the code {grouped(finding.replaced_by)}.")
    return [*told, look.advice] if look.advice else told


def _line(console: Console, text: str, style: str = "", sign: tuple[str, str] | None = None) -> None:
    """A line two letters in, and its continuations below each other."""
    from rich.table import Table
    from rich.text import Text as Line

    grid = Table.grid(padding=(0, 1, 0, 0))
    if sign:
        grid.add_row(" ", Line(sign[0], style=sign[1]), Line(printable(text), style=style))
    else:
        grid.add_row(" ", Line(printable(text), style=style))
    console.print(grid)


def _says(told: Told, source: Source) -> Iterable[tuple[str, str]]:
    """What a certificate says, line by line, with a style."""
    from certgen.codes import grouped
    from certgen.fields import Dates, date_long, format_value

    yield _whole(told.name), "bold"
    yield _whole(told.title), "bold"
    parts = [f"Certificate of {told.award}" if told.award else ""]
    parts.append(format_value(told.hours, "hours", "en") if told.hours is not None else "")
    parts.append(format_value(Dates(told.start, told.end), "long", "en") if told.start or told.end else "")
    yield " · ".join(part for part in parts if part), ""
    expires = f"expires on {date_long(told.expires, 'en')}" if told.expires else "does not expire"
    yield f"Issued on {date_long(told.issued, 'en')} by {source.about.name} · {expires}", ""
    yield f"Code {grouped(told.code)}" + (f" · No. {told.number}" if told.number else ""), ""


def _whole(text: Text) -> str:
    return text.start if text.digest is None else f"{text.start}…"


def _sum_up(console: Console, found: list[Finding], source: Source) -> None:
    """How many are what, against what it was checked, and whom to ask."""
    from rich.text import Text as Line

    if not found:
        console.print("There was no certificate in it.", style="bold yellow")
        return
    if len(found) > 1:
        counts: dict[str, int] = {}
        for finding in found:
            counts[finding.state] = counts.get(finding.state, 0) + 1
        words = ", ".join(f"{count:,} {state.replace('-', ' ')}" for state, count in counts.items())
        good = all(finding.good for finding in found)
        console.print(f"\n{len(found):,} checked: {words}", style="bold" if good else "bold yellow")
    about = source.about
    who = about.legal_name or about.name
    lines = [f"Checked against {source.words}."]
    prints = sorted({finding.fingerprint for finding in found if finding.fingerprint})
    for fingerprint in prints:
        lines.append(f"Key {fingerprint}, {source.believed}. It must be the one on the paper.")
    if who:
        lines.append(f"Issuer: {who}" + (f", {about.contact}" if about.contact else ""))
    if source.warning:
        console.print(Line(printable(source.warning), style="yellow"))
    for line in lines:
        console.print(Line(printable(line), style="dim"))


# --- for programs ----------------------------------------------------------------------------


def _print_json(found: list[Finding], source: Source) -> None:
    import msgspec

    from certgen.verify import exit_code

    def told(told: Told | None) -> dict[str, Any] | None:
        if told is None:
            return None
        data = {field: getattr(told, field) for field in told.__struct_fields__ if field not in ("status", "facts")}
        data["name"], data["title"] = told.name.start, told.title.start
        data["cut"] = [field for field in ("name", "title") if getattr(told, field).digest is not None]
        return data

    data = {
        "version": 1,
        "status": "good" if exit_code(found) == 0 else "bad",
        "source": {"words": source.words, "issuer": source.about, "verify_url": source.verify_url},
        "certificates": [
            {
                "item": finding.label,
                "page": finding.page,
                "kind": finding.kind,
                "verdict": finding.state,
                "good": finding.good,
                "certificate": told(finding.told),
                "why": finding.why or None,
                "reason": finding.reason,
                "replaced_by": finding.replaced_by,
                "cancellations_known_to": finding.known,
                "key": finding.fingerprint,
                "checks": finding.checks,
            }
            for finding in found
        ],
    }
    sys.stdout.buffer.write(msgspec.json.encode(data) + b"\n")
    sys.stdout.buffer.flush()
