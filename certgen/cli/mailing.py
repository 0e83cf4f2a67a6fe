"""What all commands that send have in common: the plan, the question, the run, what became of it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from certgen.cli import delivery
from certgen.cli.keys import Office, asking
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.telling import near, printable

if TYPE_CHECKING:
    from certgen.mail.composer import Composer
    from certgen.mail.planning import Plan, Ready
    from certgen.mail.smtp import Smtp
    from certgen.mail.transport import Transport
    from certgen.mail.words import Purpose
    from certgen.model import Mail
    from certgen.selection import Choice, Chosen


@contextmanager
def desk(
    here: Office, source: Path | None, purpose: Purpose, picture: bool = False, template: Path | None = None
) -> Iterator[Desk]:
    """An academy that can send. Raises :class:`CertgenError` for one that cannot."""
    from certgen import keys
    from certgen.mail.composer import Composer
    from certgen.mail.planning import no_mail, template_folders
    from certgen.selection import nothing_issued
    from certgen.site.standing import last_build

    mail = here.issuer.mail
    if mail is None:
        raise CertgenError(no_mail(here.issuer.file))
    secret = keys.secret(here.folder, here.registry, here.problems, create=False)
    if secret is None:
        here.told()
        raise CertgenError(nothing_issued(source))
    built = last_build(here.registry)
    with Composer(
        here.registry,
        here.folder,
        mail,
        secret.value,
        purpose,
        template_folders(source, here.folder),
        here.problems,
        picture=picture,
        codes_published=built is None or built.codes,
        template=template.absolute() if template else None,
    ) as composer:
        yield Desk(here, source, mail, secret.value, purpose, composer)


class Desk:
    """What all ways of sending share."""

    def __init__(
        self, here: Office, source: Path | None, mail: Mail, secret: bytes, purpose: Purpose, composer: Composer
    ) -> None:
        self.here, self.source, self.mail, self.secret = here, source, mail, secret
        self.purpose: Purpose = purpose
        self.composer = composer
        self.console = here.screen.console
        self.choice: Choice | None = None
        self.left: list[Problem] = []

    def taken(self, choice: Choice) -> list[Chosen]:
        """The certificates that are meant; what is said of the others is kept for the report and the exit code."""
        from certgen.cli.choosing import taken

        chosen = taken(self.here, choice)
        self.choice, self.left = choice, list(self.here.problems)
        return chosen

    def _ended(self, code: int) -> int:
        """The exit code, where rows were left out that need not be."""
        from certgen.selection import left_out

        count = left_out(self.left)
        if count:
            what = "1 row of the roster was" if count == 1 else f"{count:,} rows of the roster were"
            self.console.print(f"{what} left out, told above.")
        return ExitCode.PARTIAL if count and code == ExitCode.DONE else code

    def plan(self, chosen: Sequence[Chosen], *, again: bool) -> Plan:
        """Who gets a message; whatever is wrong is told. Raises :class:`CertgenError` for errors."""
        from certgen import site
        from certgen.mail.planning import plan

        self.here.problems.clear()
        made = plan(
            self.here.registry,
            chosen,
            self.composer,
            self.purpose,
            self.here.problems,
            again=again,
            roster=self.source,
        )
        if made.ready:
            for warning in (
                site.unpublished(self.here.registry, self.secret),
                site.reminder(self.here.registry, self.here.issuer, date.today()),
            ):
                if warning is not None:
                    self.here.problems.append(warning)
        self.here.told()
        return made

    # sending

    def send(
        self,
        chosen: Sequence[Chosen],
        pace: dict[str, Any],
        outbox: Path | None,
        report: Path | None,
        *,
        yes: bool,
        again: bool,
    ) -> int:
        from certgen.mail import sending
        from certgen.mail.planning import letters
        from certgen.mail.tempo import Pace

        plan = self.plan(chosen, again=again)
        delivery.before(self.console, plan, self.purpose)
        if not plan.ready:
            delivery.nobody(self.console, plan)
            self._report(chosen, plan, report)
            return self._ended(ExitCode.PARTIAL if plan.without or plan.missed else ExitCode.DONE)
        transport = self.transport(outbox)
        found = Pace(
            per_minute=float(pace.get("per_minute") or (self.mail.per_minute if self._far(transport) else _AT_ONCE)),
            connections=pace.get("connections") or self.mail.connections,
            **({"wait": pace["wait"] * 60.0} if pace.get("wait") is not None else {}),
            **({"stop_after": pace["stop_after"]} if pace.get("stop_after") is not None else {}),
        )
        place = None if self._far(transport) else Path(transport.name)
        delivery.announce(self.console, self.mail, self.purpose, plan, place, found)
        delivery.shown(self.console, self._first(plan.ready[0]))
        _agree(delivery.question(self.mail, plan, place), yes)
        with delivery.bar(self.console) as watch:
            outcome = sending.send(
                self.here.registry,
                letters(self.here.registry, plan.ready, self.composer, self.purpose, self.mail),
                transport,
                found,
                watch,
                again=again,
                waiting=lambda who: click.echo(f"Waiting for {printable(who)}, who is sending …", err=True),
            )
        code = delivery.told(self.here.screen, outcome, plan, again=again)
        self._report(chosen, plan, report)
        return self._ended(code)

    def transport(self, outbox: Path | None) -> Transport:
        """Where messages go. Raises :class:`CertgenError` where nothing says so."""
        from certgen.mail.folder import Maildir

        mail = self.mail
        if outbox is not None or mail.outbox is not None:
            return Maildir(outbox.absolute() if outbox else Path(mail.outbox or ""))
        return server(mail, self.here.issuer.file)

    def _far(self, transport: Transport) -> bool:
        """Whether it is a server, and no folder here."""
        return transport.name == self.mail.host

    def _first(self, first: Ready) -> bytes:
        """One message as it would be sent now."""
        (held,) = self.here.registry.get([first.chosen.serial])
        identity = self.composer.identity(held.code, first.round)
        return self.composer.message(held, first.address, identity, _now())

    def _report(self, chosen: Sequence[Chosen], plan: Plan, report: Path | None) -> None:
        """A sheet of what became of everyone on the roster, also of those whom flags or their rows left out this time.
        One that the user has changed is not written over."""
        from certgen import output
        from certgen.mail.aftermath import report as made

        everybody, problems = self._everybody(chosen)
        now = {one.serial for one in chosen}
        why = {one.serial: "not chosen this time" for one in everybody if one.serial not in now}
        why |= {one.serial: "no address that can be written to" for one in plan.without}
        why |= {one.serial: "the certificate came back from this address" for one, _ in plan.missed}
        latest = self.here.registry.outbox().latest([one.serial for one in everybody], self.purpose)
        data = made(everybody, latest, why, problems)
        if report is not None:
            place, stem = report.absolute().parent, report.stem
        elif self.source is not None:
            place, stem = self.source.parent, f"{self.source.stem.removesuffix('-manifest')}-mail"
        else:
            place, stem = self.here.folder, f"mail-{date.today()}"
        known, folder = (place / stem).resolve(), self.here.folder.resolve()
        noted = f"mail {known.relative_to(folder).as_posix() if known.is_relative_to(folder) else known}"
        before = self.here.registry.meta(noted) or ""
        path = output.lay_beside(place, stem, ".xlsx", data, replace=False, ours=before)
        digest = hashlib.sha256(data).hexdigest()
        if digest != before:
            self.here.registry.set_meta(noted, digest)
        self.console.print(f"What became of everyone is in {near(path)}.")

    def _everybody(self, chosen: Sequence[Chosen]) -> tuple[list[Chosen], list[Problem]]:
        """All on the roster who have a certificate, and why rows of it were left out; without a roster, who was
        chosen."""
        from msgspec.structs import replace

        from certgen.selection import choose

        if self.choice is None or self.choice.source is None:
            return list(chosen), []
        whole = replace(self.choice, course=None, since=None, until=None, name=None, codes=(), group=None)
        problems = list(self.left)
        found = {one.serial: one for one in chosen}
        if whole != self.choice:
            problems.clear()
            found |= {one.serial: one for one in choose(self.here.registry, whole, problems)}
        rows = {one.row for one in found.values()}
        return (
            sorted(found.values(), key=lambda one: (one.row or 0, one.order)),
            [problem for problem in problems if problem.row is not None and problem.row not in rows],
        )

    # not sending

    def write(self, chosen: Sequence[Chosen], place: Path, *, again: bool, unsent: bool) -> int:
        """Messages as files. Nothing is recorded."""
        from certgen import output
        from certgen.mail.aftermath import leftovers
        from certgen.selection import read

        plan = self.plan(chosen, again=again)
        delivery.before(self.console, plan, self.purpose)
        if not plan.ready:
            delivery.nobody(self.console, plan)
            self.here.screen.problems(leftovers(self.here.registry, place, set()))
            return self._ended(ExitCode.PARTIAL if plan.without or plan.missed else ExitCode.DONE)
        problems: list[Problem] = []
        written: set[str] = set()
        by_serial = {one.chosen.serial: one for one in plan.ready}
        with output.told("The folder for the messages cannot be made"):
            place.mkdir(parents=True, exist_ok=True)
        for chosen_one, held in read(self.here.registry, [one.chosen for one in plan.ready]):
            one = by_serial[chosen_one.serial]
            identity = None if unsent else self.composer.identity(held.code, one.round)
            try:
                data = self.composer.message(held, one.address, identity, None if unsent else _now())
            except CertgenError as error:
                problems += error.problems
                continue
            written.add(output.lay_beside(place, Path(held.file).stem, ".eml", data, replace=True).name)
        count = len(written)
        left = leftovers(self.here.registry, place, written)
        self.here.screen.problems([*problems, *left])
        what = "drafts" if unsent else "messages"
        what = what[:-1] if count == 1 else what
        self.console.print(
            f"{count:,} {what} written into {near(place)}. Nothing was sent, nothing recorded.", style="bold"
        )
        if unsent:
            first = "Delete first what the warning names. Then open" if left else "Open"
            self.console.print(
                f"{first} each with Outlook for Windows, the classic one, look, and press Send. In another program: "
                "“Edit as new message” or “Send again” (docs/sending.md)."
            )
        return self._ended(ExitCode.PARTIAL if problems or plan.without or plan.missed else ExitCode.DONE)

    def try_out(self, chosen: Sequence[Chosen], to: str, outbox: Path | None) -> int:
        """One message to somebody who looks at it. Nothing is recorded."""
        from certgen.mail.composer import message_id
        from certgen.mail.message import for_servers
        from certgen.mail.transport import Letter
        from certgen.values import Misread, as_email

        address = as_email(to.strip())
        if isinstance(address, Misread):
            raise click.UsageError(f"--test: {address.message} Name one address, such as --test you@example.org.")
        address = for_servers(address)
        (held,) = self.here.registry.get([chosen[0].serial])
        self.here.problems.clear()
        self.composer.words(held)
        self.here.told()
        now = _now()
        identity = message_id(self.secret, "test", held.code, now.isoformat(), self.mail.origin.address)
        data = self.composer.message(held, address, identity, now, test=True)
        transport = self.transport(outbox)
        letter = Letter(held.serial, self.purpose, for_servers(self.mail.envelope), address, identity, lambda: data)
        line = transport.line()
        try:
            reply = line.deliver(letter, data, lambda: None)
        finally:
            line.rest()
        if reply.kind != "accepted":
            raise CertgenError(_not_taken(transport.name, str(reply)))
        self.console.print(
            printable(f"The message for {chosen[0].name} went to {address} to look at, marked [Test]. "
                      "Nothing was recorded, and nobody else got it."),
            style="bold", soft_wrap=True,
        )  # fmt: skip
        return ExitCode.DONE


def server(mail: Mail, file: str) -> Smtp:
    """The server of [mail], with what signs in there. Raises :class:`CertgenError` where that is not known."""
    from certgen.mail.secrets import found
    from certgen.mail.smtp import Login, Smtp

    if mail.host is None:
        raise CertgenError(no_server(file))
    login = None
    if mail.user is not None:
        secret = found(mail.host, mail.user, mail.auth, asking())
        if secret is None:
            raise CertgenError(no_secret(mail))
        login = Login(mail.user, mail.auth, secret)
    return Smtp(mail.host, mail.port, mail.security, login)


_AT_ONCE = 60_000.0  # messages a minute into a folder


def _now() -> datetime:
    return datetime.now().astimezone()


def _agree(question: str, sure: bool) -> None:
    """Asks first. Raises click.ClickException where nobody can answer."""
    if sure:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.ClickException("Nobody can be asked here: add --yes if you are sure.")
    click.confirm(question, abort=True)


# --- problems ------------------------------------------------------------------------------


def no_server(file: str, user: bool = False) -> Problem:
    missing = "host and user" if user else "host"
    return Problem(
        code="no-server",
        message=f"issuer.toml does not say through which server mail is sent ({missing} below [mail]).",
        hint='Such as: host = "smtp.office365.com" and user = "certificates@academy.org"; or send --drafts FOLDER.',
        file=file,
        exit_code=ExitCode.DELIVERY,
    )


def no_secret(mail: Mail) -> Problem:
    what, name = ("token", "CERTGEN_MAIL_TOKEN") if mail.auth == "oauth" else ("password", "CERTGEN_MAIL_PASSWORD")
    return Problem(
        code="no-password",
        message=f"There is no {what} of {mail.user} at {mail.host}.",
        hint=f"Keep it in the keyring with: certgen mail login; or give it as {name} in the environment.",
        exit_code=ExitCode.DELIVERY,
    )


def _not_taken(name: str, words: str) -> Problem:
    return Problem(
        code="test-refused",
        message=f"{name} did not take the message: {words}",
        hint="Look at [mail] in issuer.toml: from, user, host, port.",
        exit_code=ExitCode.DELIVERY,
    )


# --- notices of expiry -----------------------------------------------------------------------------


def notify(here: Office, chosen: Sequence[Chosen], outbox: Path | None, *, yes: bool, dry: Path | None = None) -> int:
    """Tells people that their certificates are about to expire, each once. ``dry``: into a folder, as files."""
    with desk(here, None, "expiry-notice") as post:
        if dry is not None:
            return post.write(chosen, dry, again=False, unsent=False)
        return post.send(chosen, {}, outbox, None, yes=yes, again=False)
