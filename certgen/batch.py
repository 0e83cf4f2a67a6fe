"""The story of a batch: read, decide, reconcile, compose, name, fill, put in place, record, list.

Nothing is put in place before the whole batch is known to be good: see :mod:`certgen.output`. A certificate is
reserved in the registry before it is signed, and issued there once its file is safely on the disk. What the user sees
and answers on the way goes through a :class:`Watch`; how it looks is the command line's affair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from certgen import codes, output, press, readback, roster
from certgen import course as courses
from certgen import credential as credentials
from certgen.compose import Blank, Fit, Studio
from certgen.copies import Copier
from certgen.enrol import Order
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.font import FontBook
from certgen.intake import Nobody, Opener, Options, Plan, Watch
from certgen.model import AwardKind, NotAwarded
from certgen.paperwork import Paperwork
from certgen.registry import Held, Setting
from certgen.sealing import Sealer

_STATES: dict[str, output.State] = {"replace": "replaced", "remake": "remade"}
SAMPLE = 8
"""Certificates of a batch whose QR codes are read back from the page, and whose canonical forms are made twice."""


class Counts(Struct):
    """``issued`` counts new and replaced certificates; ``unchanged``: those issued before, of which the files of
    ``restored`` were missing and have been made again; ``skipped``: rows left out for their problems."""

    recipients: int = 0
    issued: int = 0
    unchanged: int = 0
    restored: int = 0
    not_awarded: int = 0
    skipped: int = 0
    failed: int = 0


class BatchResult(Struct, kw_only=True):
    """What came of a batch. The first fields are the object that ``--json`` prints (docs/json.md)."""

    status: Literal["done", "partial", "refused"]
    counts: Counts
    certificates: list[output.Entry] = []
    not_awarded: list[NotAwarded] = []
    problems: list[Problem] = []
    folder: Path | None = None
    manifest: Path | None = None
    sheet: Path | None = None
    leftovers: list[str] = []
    dry_run: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """0 done, 5 partial, else the lowest code of the errors."""
        if self.status == "refused":
            codes = [problem.exit_code for problem in self.problems if problem.severity == "error"]
            return min(codes, default=ExitCode.ROSTER)
        return ExitCode.DONE if self.status == "done" else ExitCode.PARTIAL


def run(options: Options, watch: Watch | None = None) -> BatchResult:
    """Make the certificates of one roster.

    Whatever goes wrong comes back in the result, what stops the work midway (a full disk, a process that died) too;
    then nothing has been put in place.
    """
    watch = watch or Nobody()
    batch = Batch(options)
    if not batch.read(watch):
        return batch.refused()
    batch.decide()
    try:
        with output.exhaustion_told(), batch.registered(watch):
            batch.reconcile(watch)
            batch.compose()
            batch.name()
            if not batch.may_go_on():
                batch.check()
                return batch.refused()
            watch.plan(batch.plan(), batch.problems)
            batch.make(watch)
    except CertgenError as error:
        batch.problems += error.problems
    return batch.result()


# --- the steps -------------------------------------------------------------------------------


class Batch(Paperwork):
    """A batch on its way; each step fills in more. ``failed`` are rows."""

    def __init__(self, options: Options, opener: Opener = roster.open_roster) -> None:
        super().__init__(options, opener)
        self.blanks: list[Blank | None] = []
        self.failed: set[int] = set()  # rows
        self.made = False

    def plan(self) -> Plan:
        assert self.course.issued is not None
        expiry = self.course.expires
        used = Counter(standing.job.language for standing in self.standings)
        editions = self.course.editions
        return Plan(
            course=editions[self.course.languages[0]].title,
            roster=self.roster.name,
            recipients=len(self.rows | self._bad_rows()),
            layout=self.design.name,
            record=self.record,
            unprinted=self._unprinted(),
            issued=self.course.issued,
            expires=None if expiry.never else courses.expiry_date(expiry, self.course.issued),
            languages={tag: used[tag] for tag in self.course.languages if used[tag]},
            awards=self._awards(),
            not_awarded=len(self.not_awarded),
            left_out=len(self._bad_rows()),
            fell_back={tag: editions[tag].fell_back for tag in used if editions[tag].fell_back},
            awards_assumed=self.course.awards_assumed,
            folder=self.folder,
            unchanged=sum(standing.do == "keep" for standing in self.standings),
            replaced=tuple(each.job.recipient.name for each in self.standings if each.do == "replace"),
            made=tuple(self.made_first),
        )

    def _unprinted(self) -> bool:
        """Whether the course has more to say than is printed."""
        asked = any(page.include == "asked" for page in self.design.pages.values())
        return asked and not self.record and any(edition.sections for edition in self.course.editions.values())

    def _awards(self) -> dict[str, int]:
        used = Counter(standing.job.award for standing in self.standings)
        kinds: Counter[AwardKind] = Counter()
        for index, rule in enumerate(self.course.awards):
            if used[index]:
                kinds[rule.kind] += used[index]
        return {kind: kinds[kind] for kind in kinds}

    # making

    def compose(self, *, all_kinds: bool = True) -> None:
        """The blanks: one for each language, award and set of optional fields among those to be made."""
        assert self.course.issued is not None
        self.book = FontBook([Path(self.issuer.font_folder)] if self.issuer.font_folder else [])
        self._check_fonts(self.book)
        studio = Studio(self.design, self.course, self.issuer, self.book, self.course.issued, record=self.record)
        wanted = {standing.job.blank for standing in self.standings if standing.do != "keep"}
        self.blanks = [
            studio.blank(*key, self.problems) if number in wanted or not self.standings else None
            for key, number in self.keys.items()
        ]

    def _check_fonts(self, book: FontBook) -> None:
        """The issuer's families, each told at its own key."""
        known = {}
        for role, family in self.issuer.fonts.items():
            try:
                book.face(family)
                known[role] = family
            except CertgenError as error:
                for problem in error.problems:
                    place = replace(problem, file=self.issuer.file, key=f"fonts.{role}")
                    self.problems.append(courses.located(place))
        self.issuer = replace(self.issuer, fonts=known)

    def check(self) -> list[tuple[int, Fit]]:
        """How each person's texts fit, with their rows; what does not is told with the rest."""
        found: list[tuple[int, Fit]] = []
        for job in self.jobs:
            blank = self.blanks[job.blank]
            if blank is not None:
                made = self._mint(job.recipient, job.award, job.language)
                fits, problems = blank.check(credentials.lookup(made))
                self._row_problems(job.recipient, problems)
                found += [(job.recipient.row, fit) for fit in fits]
        return found

    def make(self, watch: Watch) -> None:
        """Fill and write all, then put all in place, then record and list them."""
        self._keep()
        sealer = Sealer(self.course, self.issuer, self.key, grades=self.design.prints("recipient.score"))
        if self.options.dry_run or not self.may_go_on():
            tray = output.Tray(str(self.folder), None, self.options.replace)
            self._fill(tray, sealer, self.orders(self.book, sealer) if self.options.dry_run else [], watch)
            self.made = self.may_go_on()
            return
        assert self.registry is not None
        left = self.noted()
        if left is not None:  # nobody else can be at work: we have the lease
            output.clear(left)
        orders = self.orders(self.book, sealer)
        with output.staging(self.folder, self.note) if orders else output.opened(self.folder) as staged:
            tray = output.Tray(str(self.folder), staged, self.options.replace)
            made = self._fill(tray, sealer, orders, watch)
            if not self.may_go_on():
                return
            self._read_back(tray, sealer, [order for order, _ in made])
            self._hand_over(tray, made, sealer)
        self.readdress()
        if self.options.badges:
            self.write_badges()
        self.list_()
        self.remind()
        if self.options.issued_sheet:
            self.write_sheet()

    def _keep(self) -> None:
        """Those that are issued already: their files stay as they are, and are made again where they are missing."""
        with Copier(self.registry) as copier:
            for standing in self.standings:
                held = standing.kept
                if held is None:
                    continue
                row = standing.job.recipient.row
                try:
                    state = copier.put(held, self.folder, replace=self.options.replace, dry=self.options.dry_run)
                except CertgenError as error:
                    self._row_problems(standing.job.recipient, error.problems)
                    continue
                self.entries.append(_kept_entry(row, held, state))
        self._tell_of_changes()

    def _tell_of_changes(self) -> None:
        """An issued certificate stays as it was; that today's course or layout is another one is not to surprise."""
        used = Counter(held.setting for standing in self.standings if (held := standing.kept) is not None)
        if not used or self.registry is None:
            return
        today = Setting.of(self.course, self.issuer, self.design, FontBook(), self.record).look
        other = {digest: self.registry.setting(digest) for digest in used if digest}
        other = {digest: setting for digest, setting in other.items() if setting.look != today}
        count = sum(used[digest] for digest in other)
        if count:
            what = "1 certificate was" if count == 1 else f"{count:,} certificates were"
            layouts = {setting.kept.layout.name for setting in other.values()}
            since = "before the course, the issuer or the layout changed"
            hint = "--replace makes them again as they would be today, with the same codes."
            if all(setting.kept.record != self.record for setting in other.values()):
                has, lacks = ("without", "with") if self.record else ("with", "without")
                since = f"{has} the pages of the course record, and this batch is {lacks} them"
                if not self.record:
                    hint = "Write record = true into the course, or add --record, to have them in all."
            elif self.design.name not in layouts:
                since = f"in the layout {' and '.join(sorted(layouts))}, and this is {self.design.name}"
            self.problems.append(
                Problem(
                    code="issued-otherwise",
                    severity="warning",
                    message=f"{what} issued {since}: {'it stays' if count == 1 else 'they stay'} as issued.",
                    hint=hint,
                    file=str(self.folder),
                )
            )

    def _fill(
        self, tray: output.Tray, sealer: Sealer, orders: Sequence[Order], watch: Watch
    ) -> list[tuple[Order, press.Made]]:
        """Every certificate onto the tray; what is wrong with one is told at its row."""
        there = [number for number, blank in enumerate(self.blanks) if blank is not None]
        sheets = (
            press.Sheet(
                order.credential, order.place, there.index(order.standing.job.blank), order.file, order.may_replace
            )
            for order in orders
        )
        watch.progress(0, len(orders))
        blanks = tuple(blank for blank in self.blanks if blank is not None)
        tools = press.Press(blanks, tray, sealer, self.signer, datetime.now(UTC).replace(microsecond=0))
        made: list[tuple[Order, press.Made]] = []
        done = 0
        for piece in press.run(tools, sheets, len(orders), self.options.jobs):
            for order, outcome in zip(orders[done : done + len(piece)], piece, strict=True):
                if isinstance(outcome, press.Made):
                    made.append((order, self.attach(order, outcome)))
                    self.entries.append(self._entry(order, outcome))
                else:
                    self._row_problems(order.standing.job.recipient, outcome.problems)
            done += len(piece)
            watch.progress(done, len(orders))
        return made

    def _read_back(self, tray: output.Tray, sealer: Sealer, orders: Sequence[Order]) -> None:
        """Some certificates of each kind, or all of them: the QR code as a reader sees it on the page, and the
        canonical forms as another library makes them."""
        kinds: dict[int, Order] = {}
        for order in orders:
            kinds.setdefault(order.standing.job.blank, order)
        some = list(kinds.values())[:SAMPLE]
        for order in orders if self.options.check else some:
            readback.check(tray.find(order.file), sealer.url(order.credential, order.place), order.file)
        for order in some:
            if not sealer.badges.same_as_pyld(order.credential, order.place):
                raise CertgenError(
                    Problem(
                        code="not-canonical",
                        message=f"The badge of {order.credential.recipient.name} would not be read alike everywhere.",
                        hint="This is a mistake in certgen: please tell its authors. Nothing was put in place.",
                        exit_code=ExitCode.VERIFICATION,
                    )
                )

    def _entry(self, order: Order, made: press.Made) -> output.Entry:
        known, do = order.serial is not None, order.standing.do
        return output.Entry(
            row=order.standing.job.recipient.row,
            name=order.standing.job.recipient.name,
            code=codes.grouped(made.code) if known else "",
            award=order.credential.kind,
            language=order.credential.language,
            file=order.file if known else "",
            sha256=made.sha256 if known else "",
            state=_STATES.get(do, made.state) if made.state != "unchanged" else made.state,
        )

    def _hand_over(self, tray: output.Tray, made: Sequence[tuple[Order, press.Made]], sealer: Sealer) -> None:
        """Files first to the disk, then to their place, then into the registry."""
        self.made = True
        if made:
            tray.sync()
        failed: set[int] = set()
        for order, each in made:
            problem = None if each.state == "unchanged" else tray.hand_over(order.file)
            if problem is not None:
                row = order.standing.job.recipient.row
                failed.add(row)
                self.problems.append(replace(problem, row=row))
        self.failed |= failed
        if made:
            tray.sync_folder()
        self.issue([(order, each) for order, each in made if order.standing.job.recipient.row not in failed], sealer)
        turn = {standing.job.recipient.row: number for number, standing in enumerate(self.standings)}
        self.entries = sorted(
            (entry for entry in self.entries if entry.row not in failed), key=lambda entry: turn[entry.row]
        )

    # results

    def result(self) -> BatchResult:
        if not self.made:
            return self.refused()
        states = Counter(entry.state for entry in self.entries)
        skipped = len(self._bad_rows() - self.failed)
        return BatchResult(
            status="partial" if has_errors(self.problems) else "done",
            counts=Counts(
                recipients=len(self.rows | self._bad_rows()),
                issued=states["issued"] + states["replaced"] + states["remade"],
                unchanged=states["unchanged"] + states["restored"],
                restored=states["restored"],
                not_awarded=len(self.not_awarded),
                skipped=skipped,
                failed=len(self.failed),
            ),
            certificates=self.entries,
            not_awarded=self.not_awarded,
            problems=self.problems,
            folder=self.folder,
            manifest=self.manifest,
            sheet=self.issued_sheet,
            leftovers=self.left,
            dry_run=self.options.dry_run,
        )

    def refused(self) -> BatchResult:
        return BatchResult(
            status="refused",
            counts=Counts(recipients=len(self.rows | self._bad_rows()), not_awarded=len(self.not_awarded)),
            not_awarded=self.not_awarded,
            problems=self.problems,
            dry_run=self.options.dry_run,
        )


def _kept_entry(row: int, held: Held, state: output.State) -> output.Entry:
    name = held.recipient.name if held.recipient else ""
    code = codes.grouped(held.code)
    return output.Entry(row, name, code, held.kind, held.language, held.file, held.sha256, state)
