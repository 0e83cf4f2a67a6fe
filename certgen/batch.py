"""The story of a batch: read, decide, plan, compose, fill, put in place, list.

Nothing is put in place before the whole batch is known to be good: see :mod:`certgen.output`. What the user sees and
answers on the way goes through a :class:`Watch`; how it looks is the command line's affair.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from certgen import course as courses
from certgen import credential as credentials
from certgen import ledger, output, press, roster
from certgen.compose import Blank, Fit, Studio
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.fields import Template
from certgen.font import FontBook
from certgen.intake import DEFAULT_NAME, Intake, Job, Nobody, Opener, Options, Plan, Watch
from certgen.model import AwardKind, NotAwarded, Recipient


class Counts(Struct):
    """``issued`` counts new and replaced files; ``skipped``: rows left out for their problems."""

    recipients: int = 0
    issued: int = 0
    unchanged: int = 0
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
    batch.compose()
    batch.name()
    if not batch.may_go_on():
        batch.check()
        return batch.refused()
    watch.plan(batch.plan(), batch.problems)
    try:
        batch.make(watch)
    except CertgenError as error:
        batch.problems += error.problems
    return batch.result()


# --- the steps -------------------------------------------------------------------------------


class Batch(Intake):
    """A batch on its way; each step fills in more. ``files`` runs parallel to ``jobs``, ``failed`` are rows."""

    def __init__(self, options: Options, opener: Opener = roster.open_roster) -> None:
        super().__init__(options, opener)
        self.folder = (options.out or self.roster.parent / "certificates").absolute()
        self.blanks: list[Blank | None] = []
        self.files: list[str] = []  # runs parallel to jobs
        self.entries: list[output.Entry] = []
        self.failed: set[int] = set()  # rows
        self.new_secret: Path | None = None
        self.left: list[str] = []
        self.manifest: Path | None = None
        self.issued_sheet: Path | None = None
        self.made = False

    # naming

    def name(self) -> None:
        """The secret, the codes that it makes, and the files that are named by them."""
        self._read_secret(Path(self.issuer.folder))
        pattern = Template.parse(self.options.name)
        files: dict[str, Recipient] = {}
        kept: list[Job] = []
        for job in self.jobs:
            made = self._mint(job.recipient, job.award, job.language)
            text = pattern.render(credentials.lookup(made), job.language)
            file = output.file_stem(text, credentials.grouped(made.code)) + ".pdf"
            taken = [(made.code, files.setdefault(made.code, job.recipient))]
            taken += [(file, files.setdefault(output.sameness(file), job.recipient))]
            clash = next(((what, other) for what, other in taken if other is not job.recipient), None)
            if clash:
                self._clash(*clash, job.recipient)
            else:
                kept.append(job)
                self.files.append(file)
        self.jobs = kept

    def _read_secret(self, folder: Path) -> None:
        """Read it, or make it when all is well. A dry run makes none; its codes are then of no account and not told."""
        there = (folder / credentials.SECRET_FILE).exists()
        make = not self.options.dry_run and self.may_go_on()
        self.secret = credentials.load_secret(folder, self.problems, create=make) or b""
        if self.secret and not there:
            self.new_secret = folder / credentials.SECRET_FILE

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

    def plan(self) -> Plan:
        assert self.course.issued is not None
        expiry = self.course.expires
        used = Counter(job.language for job in self.jobs)
        editions = self.course.editions
        return Plan(
            course=editions[self.course.languages[0]].title,
            roster=self.roster.name,
            recipients=len(self.rows | self._bad_rows()),
            layout=self.design.name,
            record=self.options.record,
            issued=self.course.issued,
            expires=None if expiry.never else courses.expiry_date(expiry, self.course.issued),
            languages={tag: used[tag] for tag in self.course.languages if used[tag]},
            awards=self._awards(),
            not_awarded=len(self.not_awarded),
            left_out=len(self._bad_rows()),
            fell_back={tag: editions[tag].fell_back for tag in used if editions[tag].fell_back},
            awards_assumed=self.course.awards_assumed,
            new_secret=self.new_secret,
            folder=self.folder,
        )

    def _awards(self) -> dict[str, int]:
        used = Counter(job.award for job in self.jobs)
        kinds: Counter[AwardKind] = Counter()
        for index, rule in enumerate(self.course.awards):
            if used[index]:
                kinds[rule.kind] += used[index]
        return {kind: kinds[kind] for kind in kinds}

    # making

    def compose(self) -> None:
        """The blanks: one for each language, award and set of optional fields among these people."""
        assert self.course.issued is not None
        book = FontBook([Path(self.issuer.font_folder)] if self.issuer.font_folder else [])
        self._check_fonts(book)
        studio = Studio(self.design, self.course, self.issuer, book, self.course.issued, record=self.options.record)
        self.blanks = [studio.blank(*key, self.problems) for key in self.keys]

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
        """Fill and write all, then put all in place, then list them."""
        if self.options.dry_run:
            self._fill(output.Tray(str(self.folder), None, self.options.replace), watch)
            self.made = self.may_go_on()
            return
        with output.staging(self.folder) as place:
            tray = output.Tray(str(self.folder), place, self.options.replace)
            self._fill(tray, watch)
            if not self.may_go_on():
                return
            self._hand_over(tray)
        self._list()
        if self.options.issued_sheet:
            self._write_sheet()

    def _fill(self, tray: output.Tray, watch: Watch) -> None:
        total, done = len(self.jobs), 0
        blanks = tuple(blank for blank in self.blanks if blank is not None)
        sheets = (
            press.Sheet(self._mint(job.recipient, job.award, job.language), job.blank, file)
            for job, file in zip(self.jobs, self.files, strict=True)
        )
        watch.progress(0, total)
        tools = press.Press(blanks, tray, self.course, self.issuer)
        for piece in press.run(tools, sheets, total, self.options.jobs):
            for at, outcome in enumerate(piece, done):
                if isinstance(outcome, press.Made):
                    self.entries.append(self._entry(self.jobs[at], self.files[at], outcome))
                else:
                    self._row_problems(self.jobs[at].recipient, outcome.problems)
            done += len(piece)
            watch.progress(done, total)

    def _entry(self, job: Job, file: str, made: press.Made) -> output.Entry:
        kind = self.course.awards[job.award].kind
        known = bool(self.secret)
        return output.Entry(
            row=job.recipient.row,
            name=job.recipient.name,
            code=credentials.grouped(made.code) if known else "",
            award=kind,
            language=job.language,
            file=file if known else "",
            sha256=made.sha256 if known else "",
            state=made.state,
        )

    def _hand_over(self, tray: output.Tray) -> None:
        self.made = True
        kept: list[output.Entry] = []
        for entry in self.entries:
            problem = None if entry.state == "unchanged" else tray.hand_over(entry.file)
            if problem is None:
                kept.append(entry)
            else:
                self.failed.add(entry.row)
                self.problems.append(replace(problem, row=entry.row))
        self.entries = kept

    def _list(self) -> None:
        """The manifest, and what else lies in the folder."""
        manifest = output.manifest_path(self.folder, self.roster)
        self.left = output.leftovers(self.folder, set(self.files), manifest)
        mine = {entry.code for entry in self.entries}
        earlier = [name for name in self.left if any(name[at : at + 19] in mine for at in range(len(name) - 18))]
        self._left_over(
            "earlier-certificates",
            earlier,
            "The folder also holds certificates with codes of this batch under other names",
            "A name or the pattern has changed since. They are kept: delete those that were not given out, as two "
            "certificates with one code contradict each other.",
        )
        self._left_over(
            "leftovers",
            [name for name in self.left if name not in earlier],
            "The folder also holds certificates of people who are not in this batch",
            "They are kept. Delete those that should not be given out.",
        )
        data = output.manifest(self.roster.name, self.people.digest, self.course.code, self.entries, self.left)
        output.write_whole(manifest, data)
        self.manifest = manifest

    def _left_over(self, code: str, files: list[str], what: str, hint: str) -> None:
        if files:
            shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
            place = str(self.folder)
            problem = Problem(code=code, severity="warning", message=f"{what}: {shown}.", hint=hint, file=place)
            self.problems.append(problem)

    def _write_sheet(self) -> None:
        """The roster as it came with what each person got; that it cannot be written spoils nothing."""
        lines = {entry.row: ledger.Line(entry.code, entry.award, entry.file) for entry in self.entries}
        lines |= {item.row: ledger.Line(reason=item.reason) for item in self.not_awarded}
        for problem in self.problems:
            if problem.row is not None and problem.severity == "error":
                told = lines[problem.row].reason if problem.row in lines else ""
                lines[problem.row] = ledger.Line(reason=f"{told} {problem.message}".strip())
        try:
            data = self._sheet_of(lines)
            if data is None:
                raise CertgenError(
                    Problem(code="roster-changed", message="The roster changed while its certificates were made.")
                )
            self.issued_sheet = output.lay_beside(
                self.folder, f"{self.roster.stem}-issued", ".xlsx", data, replace=self.options.replace
            )
        except (CertgenError, OSError) as error:
            why = error.problems[0].message if isinstance(error, CertgenError) else f"{error.strerror}."
            self.problems.append(
                Problem(
                    code="no-issued-sheet",
                    severity="warning",
                    message=f"The sheet with codes and reasons was not written: {why}",
                    hint="The certificates are complete. Run again to write it.",
                    file=str(self.roster),
                )
            )

    def _sheet_of(self, lines: dict[int, ledger.Line]) -> bytes | None:
        """None where the file is not any more what was read."""
        place = ledger.Place(self.people.sheet, self.people.header_row)
        if self.roster.is_file():
            source = self.roster.read_bytes()
            if hashlib.sha256(source).hexdigest() != self.people.digest:
                return None
            data = ledger.added(source, place, lines) if source.startswith(b"PK") else None
            if data is not None:
                return data
        book = self.opener(self.roster, [], self.options.reading)
        sheet = next((sheet for sheet in book.sheets if sheet.name == self.people.sheet), None) if book else None
        return ledger.copied(sheet, place, lines) if sheet else None

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
                issued=states["issued"] + states["replaced"],
                unchanged=states["unchanged"],
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
