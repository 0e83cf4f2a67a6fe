"""What a batch is made of: the files that it reads, and who would get what.

Whatever is wrong with them is told as problems, all at once. Nothing is composed or made here; a preview and a check
begin in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from certgen import course as courses
from certgen import credential as credentials
from certgen import fields, layout, roster, toml, workbook
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.fields import Template
from certgen.guarded import why, write_over
from certgen.model import Course, Credential, Issuer, NotAwarded, Recipient
from certgen.roster import Reading

DEFAULT_NAME = "{recipient.name}-{credential.code}"


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
    on_change: Literal["keep", "replace", "refuse"] | None = None
    new_email: Literal["same", "other"] | None = None
    renew_revoked: bool = False  # for people whose own certificate was revoked
    check: bool = False  # read every QR code back
    badges: bool = False  # beside each certificate, as JSON and as a picture
    sign_pdf: Path | None = None  # a PKCS #12 file
    timestamp: str | None = None  # address of a time stamp server
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
    unprinted: bool  # the course has sections, and no page for them
    issued: date
    expires: date | None
    languages: dict[str, int]
    awards: dict[str, int]
    not_awarded: int
    left_out: int
    fell_back: dict[str, tuple[str, ...]]  # language -> keys printed in the default language
    awards_assumed: bool
    folder: Path
    unchanged: int = 0
    replaced: tuple[str, ...] = ()  # names
    made: tuple[str, ...] = ()  # what was made for the academy's first batch, in sentences


class Watch(Protocol):
    """Who looks on: the terminal, or nobody."""

    def ask_issued(self) -> date | None:
        """The day of issue, where no file says it; None where nobody can be asked."""

    def ask_note(self, line: str, file: Path) -> bool:
        """Whether an answer may be written into a file, so that it is not asked for again."""

    def plan(self, plan: Plan, problems: list[Problem]) -> None:
        """Told once, before anything is made."""

    def progress(self, done: int, total: int) -> None:
        """Told now and then while certificates are made."""

    def waiting(self, who: str) -> None:
        """Told while another certgen is writing to the registry."""

    def ask_secret(self, question: str, /, *, new: bool = False) -> str | None:
        """A passphrase, asked for twice when it is ``new``; None where nobody can be asked."""

    def ask_changes(self, changed: Sequence[Any]) -> Literal["keep", "replace", "refuse"] | None:
        """What to do about people whose certificates say otherwise (:class:`certgen.reconcile.Standing`)."""

    def ask_email(self, standing: Any) -> Literal["same", "other"] | None:
        """Whether somebody with another e-mail address is the same person."""


class Nobody:
    """A Watch that says nothing and answers nothing."""

    def ask_issued(self) -> date | None:
        return None

    def ask_note(self, line: str, file: Path) -> bool:
        return False

    def plan(self, plan: Plan, problems: list[Problem]) -> None:
        return None

    def progress(self, done: int, total: int) -> None:
        return None

    def waiting(self, who: str) -> None:
        return None

    def ask_secret(self, question: str, /, *, new: bool = False) -> str | None:
        return None

    def ask_changes(self, changed: Sequence[Any]) -> Literal["keep", "replace", "refuse"] | None:
        return None

    def ask_email(self, standing: Any) -> Literal["same", "other"] | None:
        return None


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
    intake = Intake(options, opener)
    there = intake.read(watch or Nobody())
    if there:
        intake.decide()
    problems += intake.problems
    if not there:
        return None
    none = {item.row for item in intake.not_awarded}
    others = tuple(person for person in intake.people.recipients if person.row in none)
    return Draft(intake.course, intake.issuer, intake.design, tuple(intake.jobs), others)


def present(conditions: Iterable[str], made: Credential) -> frozenset[str]:
    """Those of the fields that decide which boxes there are which this credential has."""
    return frozenset(path for path in conditions if credentials.value(made, path) not in (None, "", ()))


def conditions(design: layout.Layout) -> list[str]:
    """The fields that decide which boxes there are and that differ from person to person."""
    return [path for path in design.conditions() if fields.varies(path)]


class Intake:
    """The inputs and what has been found out so far; each step fills in the next part.

    ``rows`` are those of all people on the roster; ``keys`` what makes each blank, with its number.
    """

    course: Course
    issuer: Issuer
    people: roster.Roster
    design: layout.Layout

    def __init__(self, options: Options, opener: Opener = roster.open_roster) -> None:
        self.options = options
        pasted = options.roster == workbook.STANDARD_INPUT
        self.opener = roster.pasted() if pasted else opener
        self.roster = Path("roster" if pasted else options.roster).absolute()  # what is made is named after it
        self.problems: list[Problem] = []
        self.not_awarded: list[NotAwarded] = []
        self.jobs: list[Job] = []
        self.keys: dict[tuple[str, int, frozenset[str]], int] = {}  # what makes a blank -> its number
        self.rows: set[int] = set()  # of all people on the roster
        self.sheet: str | None = None
        self.secret = b""

    # reading

    @property
    def record(self) -> bool:
        """Whether the pages of the course record belong to the certificates."""
        return self.options.record or self.course.record

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
                said = self.options.issued or (None if has_errors(problems) else watch.ask_issued())
                self._set_issued(said)
                if said and not self.options.issued and not course.sheet:
                    self._note_issued(said, watch)
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
        kept = tuple(person for person in people.recipients if person.name not in roster.EXAMPLES)
        for person in people.recipients:
            if person.name in roster.EXAMPLES:
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

    def _note_issued(self, issued: date, watch: Watch) -> None:
        """The day that was just typed, in the course's file if the user likes: it is the same for every batch of it."""
        path = Path(self.course.file)
        if not watch.ask_note(f"issued = {issued}", path):
            return
        try:
            text = path.read_bytes().decode("utf-8")
            noted = toml.with_line(text, "issued", issued, str(issued), "", ("end", "start", "hours", "title"))
            write_over(path.resolve(), noted.encode("utf-8"), like=path)
        except (OSError, ValueError) as error:
            message = f"The day of issue was not written into {path.name} ({why(error)})."
            hint = f"Write it there, above the first line in [brackets]: issued = {issued}"
            self.problems.append(
                Problem(code="not-noted", severity="warning", message=message, hint=hint, file=str(path))
            )

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
