"""Everyone on the roster in the registry: who is new there, by which code, signed with which key.

This is the half of a batch that answers for its certificates: nothing is made before it is reserved, and nothing is
issued before its file is on the disk.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from certgen import codes, keys, output, reconcile, roster
from certgen import credential as credentials
from certgen.errors import Problem
from certgen.fields import Template
from certgen.font import FontBook
from certgen.intake import DEFAULT_NAME, Intake, Opener, Options, Watch
from certgen.model import Credential, NotAwarded, Recipient
from certgen.pades import Signer
from certgen.press import Made
from certgen.reconcile import Standing
from certgen.registry import Ask, Batch, By, Done, Match, Registry, Setting, Wanted
from certgen.sealing import SPECIMEN_KEY, Sealer
from certgen.signing import SigningKey
from certgen.status import Place, place

PROOFS = 1000
"""Payloads and badges held until the registry gets them, two and a half kilobytes each."""


class Order(NamedTuple):
    """A certificate to be made. ``serial`` is its number in the registry; None in a dry run."""

    standing: Standing
    credential: Credential
    place: Place
    file: str
    serial: int | None

    @property
    def may_replace(self) -> bool:
        """Whether a file of that name may be written over: it is the one that this certificate replaces, or is."""
        held = self.standing.match.current
        return held is not None and held.file == self.file


class Enrolment(Intake, ABC):
    """``files`` runs parallel to ``standings``."""

    def __init__(self, options: Options, opener: Opener = roster.open_roster) -> None:
        super().__init__(options, opener)
        self.folder = (options.out or self.roster.parent / "certificates").absolute()
        self.registry: Registry | None = None
        self.key: SigningKey = SPECIMEN_KEY  # until there is a real one; a dry run needs none
        self.made_first: list[str] = []
        self.signer: Signer | None = None  # of PDF files, where asked for
        self.standings: list[Standing] = []
        self.files: list[str] = []
        self.setting = ""
        self._proofs: list[Done] = []  # not in the registry yet

    # registry, secret and key

    @contextmanager
    def registered(self, watch: Watch) -> Iterator[None]:
        """The registry is open and nobody else writes to it; secret and key are there. A new academy's are made, unless
        this batch would come to nothing; a dry run makes none, and its codes are then of no account and not told."""
        folder = Path(self.issuer.folder)
        write = not self.options.dry_run and self.may_go_on()
        with ExitStack() as stack:
            registry = Registry.open(folder, self.problems)
            if registry is None and write and self.may_go_on():
                self.compose()  # what is wrong with the layout is told before anything is made
                write = self.may_go_on()
                registry = Registry.open(folder, self.problems, create=True) if write else None
            write = write and self.may_go_on()
            if registry is not None:
                self.registry = stack.enter_context(registry)
                if write:
                    stack.enter_context(registry.writing(watch.waiting))
            secret = keys.secret(folder, self.registry, self.problems, create=write)
            if secret is not None:
                self.secret = secret.value
                self.made_first += [secret.made] if secret.made else []
            if write and self.may_go_on():
                ask = watch.ask_secret
                signing = keys.signing_key(folder, self.issuer, self.registry, self.problems, create=True, ask=ask)
                if signing is not None:
                    self.key = signing.key
                    self._tell_key(signing.made)
                    self.issuer = replace(self.issuer, key=signing.key.public.multikey)
                self._load_signer(watch)
            yield

    def _load_signer(self, watch: Watch) -> None:
        """The key for PDF signatures, where they are asked for."""
        path = self.options.sign_pdf
        if path is not None:
            said = os.environ.get("CERTGEN_P12_PASSPHRASE") or watch.ask_secret(f"Passphrase of {path.name}")
            passphrase = said.encode("utf-8") if said else None
            self.signer = Signer.load(path, passphrase, self.problems, self.options.timestamp)

    def _tell_key(self, made: str) -> None:
        """What is to be known of a new key, once: it is no problem of the roster's."""
        if made:
            self.problems = [problem for problem in self.problems if problem.code != "key-unlocked"]
            self.made_first.append(made)

    def reconcile(self, watch: Watch) -> None:
        """What the registry knows of each, and what is to be done about it."""
        known = self.registry is not None and bool(self.secret)
        wanted = [
            reconcile.wanted(job, self._mint(job.recipient, job.award, job.language), self.course, self.secret)
            for job in self.jobs
        ]
        matches = self.registry.match(wanted) if self.registry and known else [Match("new")] * len(wanted)
        found = [Standing(*each) for each in zip(self.jobs, wanted, matches, strict=True)]
        options = self.options
        self.standings, told = reconcile.settle(
            found, options.on_change, options.new_email, watch, again=options.replace, revoked=options.renew_revoked
        )
        for standing, problem in told:
            self._row_problems(standing.job.recipient, [problem])
        if not options.renew_revoked:
            for standing in found:
                if (why := reconcile.ended(standing)) is not None:
                    person = standing.job.recipient
                    self.not_awarded.append(NotAwarded(person.row, person.name, why))
            self.not_awarded.sort(key=lambda none: none.row)
        self._check_evidence()

    def _check_evidence(self) -> None:
        for job in self.jobs:
            said = credentials.evidence_said(job.recipient)
            if said and credentials.evidence(job.recipient) is None:
                problem = Problem(
                    code="no-evidence",
                    severity="warning",
                    message=f"“{said[:60]}” is no web address, so the badge of {job.recipient.name} has no evidence.",
                    hint="Write an address that begins with https://, or leave the cell empty.",
                )
                self._row_problems(job.recipient, [problem])

    @abstractmethod
    def compose(self) -> None:
        """The blanks of those that are to be made."""

    def credential(self, standing: Standing, revision: int | None = None) -> Credential:
        """What is to be made; of the revision that the registry gave, or would give."""
        job, held = standing.job, standing.match.current
        if revision is None:
            revision = 0
            if held is not None and held.person == standing.wanted.person:
                revision = held.revision + (standing.do == "replace")
        return credentials.mint(
            job.recipient, self.course, self.issuer, job.award, job.language, self.secret, revision=revision
        )

    # naming

    def name(self) -> None:
        """The files, named by their codes. An issued certificate keeps its file's name."""
        files: dict[str, Recipient] = {}
        kept: list[Standing] = []
        for standing in self.standings:
            person, held = standing.job.recipient, standing.kept
            code = held.code if held else self.credential(standing).code
            file = held.file if held else self._file(self.credential(standing))
            taken = [(code, files.setdefault(code, person))]
            taken += [(file, files.setdefault(output.sameness(file), person))]
            clash = next(((what, other) for what, other in taken if other is not person), None)
            if clash:
                self._clash(*clash, person)
            else:
                kept.append(standing)
                self.files.append(file)
        self.standings = kept

    def _file(self, made: Credential) -> str:
        text = Template.parse(self.options.name).render(credentials.lookup(made), made.language)
        return output.file_stem(text, codes.grouped(made.code)) + ".pdf"

    def _clash(self, what: str, first: Recipient, second: Recipient) -> None:
        """Two people with one file, or with one code: then nothing tells them apart."""
        if what.endswith(".pdf"):
            problem = Problem(
                code="same-file",
                message=f"The certificates of {first.name} (row {first.row}) and {second.name} would both be “{what}”.",
                hint=f'Put the code into the pattern: --name "{DEFAULT_NAME}"',
            )
        else:
            problem = Problem(
                code="same-code",
                message=f"Nothing tells {second.name} and {first.name} (row {first.row}) apart, so that both would "
                "have the same code.",
                hint="Give each of them an id or an e-mail address, or delete one row.",
            )
        self._row_problems(second, [problem])

    # reserving and issuing

    def orders(self, book: FontBook, sealer: Sealer) -> list[Order]:
        """What is to be made, in the registry from now on: reserved, with what it is made from."""
        chosen = [at for at, standing in enumerate(self.standings) if standing.do != "keep"]
        if self.options.dry_run or self.registry is None:
            return [self._order(at, self.credential(self.standings[at]), None) for at in chosen]
        if not chosen:
            return []
        standings = [self.standings[at] for at in chosen]
        people = [(standing.job.recipient.name, standing.job.language) for standing in standings]
        setting = Setting.of(self.course, self.issuer, self.design, book, self.record, people)
        self.setting = self.registry.keep(setting)
        for language in {standing.job.language for standing in standings}:
            self.registry.keep_facts(sealer.facts[language])
        new = [at for at in chosen if self.standings[at].do != "remake"]
        asks = [self._ask(self.standings[at], self.files[at]) for at in new]
        assert self.course.issued is not None
        reserved = self.registry.reserve(
            asks,
            code_of=self._code_of,
            issued=self.course.issued,
            prefix=credentials.payload_prefix(self.issuer),
            setting=self.setting,
            folder=str(self.folder),
        )
        given = {at: (each.revision, each.serial) for at, each in zip(new, reserved, strict=True)}
        orders = []
        for at, standing in zip(chosen, standings, strict=True):
            held = standing.match.current
            if at in given:
                revision, serial = given[at]
            else:
                assert held is not None
                revision, serial = held.revision, held.serial
            orders.append(self._order(at, self.credential(standing, revision), serial))
        return orders

    def _ask(self, standing: Standing, file: str) -> Ask:
        return Ask(standing.wanted, standing.match, standing.do == "replace", file)

    def _code_of(self, wanted: Wanted, revision: int) -> str:
        who = credentials.identity(wanted.recipient)
        return credentials.code(self.course.code, self.course.start, who, self.secret, revision)

    def _order(self, at: int, credential: Credential, serial: int | None) -> Order:
        standing, held = self.standings[at], self.standings[at].match.current
        if standing.do == "remake" and held is not None:
            url = credentials.payload_prefix(self.issuer) + held.code
            credential = replace(credential, code=held.code, url=url)
        else:
            self.files[at] = self._file(credential)
        where = Place(0, 0) if serial is None else place(serial, self.secret)
        return Order(standing, credential, where, self.files[at], serial)

    def attach(self, order: Order, made: Made) -> Made:
        """What proves a reserved certificate goes into the registry, many at a time: what stays here is small."""
        if order.serial is not None and order.standing.do != "remake":
            self._proofs.append(self._done(order, made.sha256, made.payload, made.badge))
            if self.registry is not None and len(self._proofs) >= PROOFS:
                self.registry.attach(self._proofs)
                self._proofs = []
        return made._replace(payload="", badge=b"")

    def _done(self, order: Order, digest: str, payload: str, badge: bytes) -> Done:
        assert order.serial is not None
        return Done(order.serial, order.file, str(self.folder), digest, payload, badge)

    def issue(self, made: Sequence[tuple[Order, Made]], sealer: Sealer) -> None:
        """Files that are on the disk, in the registry."""
        assert self.registry is not None
        new = [order for order, _ in made if order.standing.do != "remake"]
        again = [(order, each) for order, each in made if order.standing.do == "remake" and each.state != "unchanged"]
        kept = sum(standing.do == "keep" for standing in self.standings)
        if new or (self.not_awarded and not made and not kept):  # who got none is told even where nobody got one
            serials = {order.serial for order in new if order.serial is not None}
            rest = {one.serial: one for one in self._proofs if one.serial in serials}
            self.registry.finish(
                self._record([order.standing for order, _ in made]), rest.values(), kept, attached=serials - rest.keys()
            )
        if again:
            wanted = {order.serial: order.standing.wanted for order, _ in again if order.serial is not None}
            done = (self._sealed(order, each, sealer) for order, each in again)
            self.registry.remade(done, self.setting, issued=self.course.issued, wanted=wanted)

    def _sealed(self, order: Order, made: Made, sealer: Sealer) -> Done:
        """Signed once more, which gives the same bytes: so nobody holds them all until their files are in place."""
        sealed = sealer.seal(order.credential, order.place)
        return self._done(order, made.sha256, sealed.payload, sealed.packed)

    def readdress(self) -> None:
        """E-mail addresses and consent as the roster has them now, of people whose certificates stay: mail goes where
        the last roster says. An address that is printed stays, as the certificate does."""
        assert self.registry is not None
        people: dict[int, tuple[Recipient, bool]] = {}
        identities: dict[int, tuple[str, By]] = {}
        moved = []
        for standing in self.standings:
            held, now = standing.kept, standing.wanted
            if held is None or held.recipient is None:
                continue
            email = held.recipient.email if self.design.prints("recipient.email") else now.recipient.email
            if held.person != now.person:  # the same one, the user says
                identities[held.serial] = now.person, now.by
            if held.serial in identities or email != held.recipient.email or now.consented != held.consented:
                people[held.serial] = replace(held.recipient, email=email), now.consented
                moved += [now.recipient] if email != held.recipient.email else []
        if people:
            self.registry.readdress(people, identities)
        if moved:
            shown = ", ".join(f"{person.name} (row {person.row})" for person in moved[:3])
            more = f" and {len(moved) - 3:,} more" if len(moved) > 3 else ""
            self.problems.append(
                Problem(
                    code="readdressed",
                    severity="warning",
                    message=f"E-mail addresses are other ones than when the certificates were issued: {shown}{more}.",
                    hint="Mail goes to the addresses on this roster from now on; the certificates stay as they are.",
                    file=str(self.roster),
                )
            )

    def _record(self, standings: Sequence[Standing]) -> Batch:
        """What history is told: whoever was decided about by hand, and why."""
        options = self.options
        overrides = [f"--on-change {options.on_change}"] if options.on_change else []
        overrides += [f"--new-email {options.new_email}"] if options.new_email else []
        overrides += ["--skip-problems"] if options.skip_problems else []
        overrides += ["--replace"] if options.replace else []
        overrides += ["--renew-revoked"] if options.renew_revoked else []
        for standing in standings:
            person = standing.job.recipient
            if standing.do == "replace":
                overrides.append(f"{person.name}: replaced, as {reconcile.told(standing)}")
            if person.award is not None:
                overrides.append(f"{person.name}: {person.award} by hand, {person.reason or 'no reason given'}")
        none = tuple((item.name, item.reason) for item in self.not_awarded)
        return Batch(self.roster.name, self.people.digest, self.course.code, none, tuple(overrides))
