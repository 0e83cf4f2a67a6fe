"""The story of a batch: read, decide, plan, compose, fill, put in place, list.

Nothing is put in place before the whole batch is known to be good: see :mod:`certgen.output`. What the user sees and
answers on the way goes through a :class:`Watch`; how it looks is the command line's affair.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from certgen import course as courses
from certgen import credential as credentials
from certgen import fields, layout, ledger, output, press, roster, toml, workbook
from certgen.compose import Blank, Fit, Studio
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.fields import Template
from certgen.font import FontBook
from certgen.model import AwardKind, Course, Credential, Issuer, NotAwarded, Recipient
from certgen.roster import Reading

DEFAULT_NAME = "{recipient.name}-{credential.code}"

EXAMPLE = "Example Person (write over this row)"
"""The name in the row that certgen init writes to show how a roster is filled in."""


class Options(Struct, frozen=True, kw_only=True):
    """What the user asks for. None: what the files say, or the default."""

    roster: Path
    course: Path | None = None
    sheet: str | None = None
    out: Path | None = None
    name: str = DEFAULT_NAME
    layout: str | None = None
    language: str | None = None
    issued: date | None = None
    record: bool = False
    dry_run: bool = False
    skip_problems: bool = False
    replace: bool = False
    issued_sheet: bool = True
    jobs: int | None = None
    header_row: int | None = None
    mapping: dict[str, str] = {}
    encoding: str | None = None
    delimiter: str | None = None
    title_case: bool = False
    read_memory: int | None = None  # megabytes
    read_time: float | None = None  # seconds

    @property
    def reading(self) -> Reading:
        """How the roster is to be read."""
        return Reading(
            sheet=self.sheet,
            header_row=self.header_row,
            mapping=self.mapping,
            encoding=self.encoding,
            delimiter=self.delimiter,
            title_case=self.title_case,
            memory=None if self.read_memory is None else self.read_memory * 1024 * 1024,
            seconds=self.read_time,
        )


class Plan(Struct, frozen=True):
    """What is about to be made, for people."""

    course: str
    roster: str
    recipients: int
    layout: str
    record: bool
    issued: date
    expires: date | None
    languages: dict[str, int]
    awards: dict[str, int]
    not_awarded: int
    left_out: int
    fell_back: dict[str, tuple[str, ...]]  # language -> keys printed in the default language
    awards_assumed: bool
    new_secret: Path | None
    folder: Path


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


class Watch(Protocol):
    """Who looks on: the terminal, or nobody."""

    def ask_issued(self) -> date | None:
        """The day of issue, where no file says it; None where nobody can be asked."""

    def plan(self, plan: Plan, problems: list[Problem]) -> None:
        """Told once, before anything is made."""

    def progress(self, done: int, total: int) -> None:
        """Told now and then while certificates are made."""


class Nobody:
    """A Watch that says nothing and answers nothing."""

    def ask_issued(self) -> date | None:
        return None

    def plan(self, plan: Plan, problems: list[Problem]) -> None:
        return None

    def progress(self, done: int, total: int) -> None:
        return None


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


class Job(NamedTuple):
    """One certificate to be made; its credential is minted when its turn comes, so that memory stays flat."""

    recipient: Recipient
    award: int
    language: str
    blank: int


class Draft(Struct, frozen=True):
    """What a batch would be made of: who would get what. ``others`` met no award. Nothing is composed yet."""

    course: Course
    issuer: Issuer
    layout: layout.Layout
    jobs: tuple[Job, ...]
    others: tuple[Recipient, ...]


Opener = roster.Opener


def draft(
    options: Options,
    problems: list[Problem],
    watch: Watch | None = None,
    *,
    opener: Opener = roster.open_roster,
) -> Draft | None:
    """The first half of a batch. None, with problems, where a file is missing altogether."""
    batch = Batch(options, opener)
    there = batch.read(watch or Nobody())
    if there:
        batch.decide()
    problems += batch.problems
    if not there:
        return None
    none = {item.row for item in batch.not_awarded}
    others = tuple(person for person in batch.people.recipients if person.row in none)
    return Draft(batch.course, batch.issuer, batch.design, tuple(batch.jobs), others)


def present(conditions: Iterable[str], made: Credential) -> frozenset[str]:
    """Those of the fields that decide which boxes there are which this credential has."""
    return frozenset(path for path in conditions if credentials.value(made, path) not in (None, "", ()))


def conditions(design: layout.Layout) -> list[str]:
    """The fields that decide which boxes there are and that differ from person to person."""
    return [path for path in design.conditions() if fields.varies(path)]


# --- the steps -------------------------------------------------------------------------------


class Batch:
    """The inputs and what has been found out so far; each step fills in the next part."""

    course: Course
    issuer: Issuer
    people: roster.Roster
    design: layout.Layout

    def __init__(self, options: Options, opener: Opener = roster.open_roster) -> None:
        self.options = options
        pasted = options.roster == workbook.STANDARD_INPUT
        self.opener = roster.pasted() if pasted else opener
        self.roster = Path("roster" if pasted else options.roster).absolute()  # what is made is named after it
        self.folder = (options.out or self.roster.parent / "certificates").absolute()
        self.problems: list[Problem] = []
        self.not_awarded: list[NotAwarded] = []
        self.jobs: list[Job] = []
        self.keys: dict[tuple[str, int, frozenset[str]], int] = {}  # what makes a blank -> its number
        self.blanks: list[Blank | None] = []
        self.files: list[str] = []  # runs parallel to jobs
        self.entries: list[output.Entry] = []
        self.failed: set[int] = set()  # rows
        self.rows: set[int] = set()  # of all people on the roster
        self.sheet: str | None = None
        self.secret = b""
        self.new_secret: Path | None = None
        self.left: list[str] = []
        self.manifest: Path | None = None
        self.issued_sheet: Path | None = None
        self.made = False

    # reading

    def read(self, watch: Watch) -> bool:
        """Everything that is in files. False where something is missing altogether."""
        problems = self.problems
        if self.roster.suffix.casefold() == ".toml":
            self._not_a_roster()
            return False
        book = self.opener(self.roster, problems, self.options.reading)
        course = self._course(book)
        found = courses.find_issuer(self.roster.parent, problems)
        issuer = courses.load_issuer(found, problems) if found else None
        people = roster.recipients(book, course, problems, reading=self.options.reading) if book else None
        people = self._without_example(people) if people else None
        design = self._layout(course)
        if people is not None:
            self.rows = {person.row for person in people.recipients}
            self.people = people
            self.sheet = None if book and book.kind == "csv" else people.sheet
        if course is not None:
            self.course = course
            if course.issued is None or self.options.issued:
                self._set_issued(self.options.issued or (None if has_errors(problems) else watch.ask_issued()))
            self._check_language()
        if course is None or issuer is None or people is None or design is None:
            return False
        self.issuer, self.design = issuer, design
        self._check_words()
        self._check_name(Template.parse(self.options.name))
        self._check_number()
        self._check_columns()
        return self.course.issued is not None

    def _not_a_roster(self) -> None:
        self.problems.append(
            Problem(
                code="not-a-roster",
                message=f"{self.roster.name} is not a roster.",
                hint="Name the spreadsheet with the people, such as roster.xlsx; certgen finds the course beside it.",
                file=str(self.roster),
                exit_code=ExitCode.USAGE,
            )
        )

    def _course(self, book: workbook.Workbook | None) -> Course | None:
        """From --course, else course.toml beside the roster, else the workbook's Course sheet."""
        beside = self.roster.parent / "course.toml"
        sheet = roster.course_sheet(book) if book else None
        if self.options.course:
            return courses.load_course(self.options.course.absolute(), self.problems)
        if beside.exists():
            if sheet:
                self.problems.append(
                    Problem(
                        code="two-courses",
                        severity="warning",
                        message="There is a course.toml beside the roster and a sheet named Course in it: "
                        "course.toml is used.",
                        hint="Keep one of them.",
                        file=str(self.roster),
                        sheet=sheet.name,
                    )
                )
            return courses.load_course(beside, self.problems)
        if sheet:
            return courses.course_from_sheet(sheet, str(self.roster), self.problems)
        if book:
            near = courses.misnamed(self.roster.parent, "course.toml")
            self.problems.append(
                Problem(
                    code="no-course",
                    message=f"No course.toml lies in {self.roster.parent} and the workbook has no sheet named Course.",
                    hint=f"There is {near}: is it meant? Then rename it course.toml."
                    if near
                    else "Write one there, or name the file with --course (docs/course.md shows how).",
                )
            )
        return None

    def _without_example(self, people: roster.Roster) -> roster.Roster:
        """The row that certgen init wrote is nobody."""
        kept = tuple(person for person in people.recipients if person.name != EXAMPLE)
        for person in people.recipients:
            if person.name == EXAMPLE:
                self.problems.append(
                    Problem(
                        code="example-row",
                        severity="warning" if kept or people.left_out else "error",
                        message="This is still the example that certgen wrote, so it gets no certificate"
                        + ("." if kept or people.left_out else ", and there is nobody else."),
                        hint="Write a person over it, or delete the row.",
                        file=str(self.roster),
                        sheet=people.sheet,
                        cell=person.cells.get("name"),
                        row=person.row if kept or people.left_out else None,
                    )
                )
        return replace(people, recipients=kept)

    def _layout(self, course: Course | None) -> layout.Layout | None:
        asked = self.options.layout
        if asked and (Path(asked).is_dir() or any(mark in asked for mark in "/\\")):
            asked = str(Path(asked).absolute())
        name = asked or (course.layout if course else None)
        told = len(self.problems)
        design = layout.load(name, self.problems) if name else None
        for at, problem in enumerate(self.problems[told:], told):
            if problem.file is None:  # not about the layout's own files, but about who asked for it
                where = {"key": "--layout"} if asked or course is None else {"key": "layout", **self._of(course)}
                if name and (close := toml.nearest(name, layout.bundled())):
                    where["hint"] = f"Did you mean “{close}”? {problem.hint}"
                self.problems[at] = courses.located(replace(problem, **where))
        return design

    def _of(self, course: Course) -> dict[str, Any]:
        return {"file": course.file, "sheet": course.sheet}

    def _set_issued(self, issued: date | None) -> None:
        if issued:
            self.course = replace(self.course, issued=issued)
            return
        self.problems.append(
            Problem(
                code="missing-issued",
                message="The day of issue is not given, and is never assumed to be today.",
                hint="Write it in the course, such as issued = 2026-04-10, or add --issued 2026-04-10.",
                key="issued",
                **self._of(self.course),
            )
        )

    def _check_language(self) -> None:
        """The language that the user asks for."""
        language = self.options.language
        known = {tag.casefold(): tag for tag in self.course.languages}
        if language and language.casefold() in known:
            self.options = replace(self.options, language=known[language.casefold()])
        elif language:
            self._usage(
                "no-such-language",
                f"The course has no language “{language}”.",
                f"It has {', '.join(self.course.languages)}.",
                "--lang",
            )

    def _check_name(self, pattern: Template) -> None:
        before = len(self.problems)
        for fault in pattern.faults:
            self._usage("name-pattern", f"In the pattern for file names {fault}.", "", "--name")
        for path, near in pattern.unknown(credentials.known_paths(self._further_columns())):
            hint = f"Did you mean {{{near}}}?" if near else f"The usual one is {DEFAULT_NAME}"
            self._usage("name-pattern", f"File names cannot hold {{{path}}}: there is no such field.", hint, "--name")
        if any(mark in self.options.name for mark in "/\\"):
            self._usage("name-pattern", "A file name cannot hold folders.", "Name the folder with --out.", "--name")
        if len(self.problems) > before:  # told once, and not again for each file
            self.options = replace(self.options, name=DEFAULT_NAME)

    def _usage(self, code: str, message: str, hint: str, key: str) -> None:
        self.problems.append(Problem(code=code, message=message, hint=hint, key=key, exit_code=ExitCode.USAGE))

    def _check_words(self) -> None:
        """Labels of [words.fr] that no layout has: certgen would leave them out without a word."""
        known: set[str] = set().union(*self.design.phrases.values())
        if any(words.keys() - known for words in self.issuer.words.values()):  # for another layout, perhaps
            others = [found for name in layout.bundled() if (found := layout.load(name, []))]
            known = known.union(*(words for design in others for words in design.phrases.values()))
        for tag, words in self.issuer.words.items():
            for label in sorted(words.keys() - known):
                near = toml.nearest(label, sorted(known))
                problem = Problem(
                    code="unknown-words",
                    severity="warning",
                    message=f"No layout has the words “{label}”, so nothing is replaced by them.",
                    hint=f"Did you mean “{near}”?" if near else "docs/layout.md lists the words that there are.",
                    file=self.issuer.file,
                    key=toml.dotted(("words", tag, label)),
                )
                self.problems.append(courses.located(problem))

    def _check_number(self) -> None:
        """A field of the register number that no row can fill is a slip in the course: told once, not row by row."""
        pattern = Template.parse(self.course.number or "")
        there = {roster.column_key(name) for name in self.people.columns}
        wrong = [(f"In number, {fault}.", "") for fault in pattern.faults]
        known = credentials.known_paths(self._further_columns())
        for path in pattern.paths:
            column = path.removeprefix("roster.")
            if column != path and roster.column_key(column) not in there:
                near = toml.nearest(column, list(self.people.columns))
                hint = f"Did you mean {{roster.{near}}}?" if near else "Add the column to the roster."
                wrong.append((f"The register number asks for “{column}”, and the roster has no such column.", hint))
            elif column == path and path not in known:
                near = toml.nearest(path, known)
                hint = f"Did you mean {{{near}}}?" if near else "The usual one is {roster.number}."
                wrong.append((f"The register number cannot hold {{{path}}}: there is no such field.", hint))
        for message, hint in wrong:
            problem = Problem(code="number-pattern", message=message, hint=hint, key="number", **self._of(self.course))
            self.problems.append(courses.located(problem))
        if wrong:
            self.course = replace(self.course, number=None)

    def _further_columns(self) -> list[str]:
        return [name for name, column in self.people.columns.items() if column.meaning == "extra"]

    def _check_columns(self) -> None:
        """A rule that asks for a column which is not there would quietly refuse everybody."""
        if not self.people.recipients or all(person.award for person in self.people.recipients):
            return
        there = {roster.column_key(name) for name in self.people.columns}
        for name, key in credentials.asked_columns(self.course.awards).items():
            if roster.column_key(name) not in there:
                near = toml.nearest(name, list(self.people.columns))
                problem = Problem(
                    code="missing-column",
                    message=f"The awards ask for “{name}”, and the roster has no such column.",
                    hint=(f"Did you mean “{near}”? " if near else "")
                    + "Add the column to the roster, or change the condition in the course.",
                    key=key,
                    **self._of(self.course),
                )
                self.problems.append(courses.located(problem))

    # deciding

    def decide(self) -> None:
        """Who gets what: the award, the language, and the blank that suits."""
        asked = conditions(self.design)
        for person in self.people.recipients:
            award = credentials.decide(person, self.course)
            if isinstance(award, NotAwarded):
                self.not_awarded.append(award)
                continue
            language = person.language or self.language()
            try:
                there = present(asked, self._mint(person, award, language))
            except CertgenError as error:
                self._row_problems(person, error.problems)
                continue
            blank = self.keys.setdefault((language, award, there), len(self.keys))
            self.jobs.append(Job(person, award, language, blank))

    def language(self) -> str:
        """The language of everyone whose row chooses none."""
        asked = self.options.language
        return asked if asked in self.course.languages else self.course.languages[0]

    def _mint(self, person: Recipient, award: int, language: str) -> Credential:
        return credentials.mint(person, self.course, self.issuer, award, language, self.secret)

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

    def _row_problems(self, person: Recipient, problems: Iterable[Problem]) -> None:
        """Problems of one person, with their place on the roster."""
        for problem in problems:
            place: dict[str, Any] = {"row": person.row, "file": problem.file or str(self.roster)}
            if problem.file is None:
                place |= {"sheet": self.sheet, "cell": problem.cell or person.cells.get("name")}
            self.problems.append(replace(problem, **place))

    def _bad_rows(self) -> set[int]:
        return {problem.row for problem in self.problems if problem.row is not None and problem.severity == "error"}

    def may_go_on(self) -> bool:
        """No errors; or only errors of single rows, which the user wants left out."""
        errors = [problem for problem in self.problems if problem.severity == "error"]
        return not errors or (self.options.skip_problems and all(problem.row is not None for problem in errors))

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
