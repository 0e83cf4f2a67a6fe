"""A sample before anything is issued: pages of this very roster, marked SPECIMEN, as one PDF and one picture.

Shown are the people who try a layout most: the longest and the shortest name as set, one in each script and language,
one of each award. Nothing is issued: no secret is made or read, and every code says SPECIMEN. A :class:`Preview`
stays warm, so that a page is there again within half a second of a change to a file that it is made of.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import codes, contact, fields, intake, output, roster, workbook
from certgen import course as courses
from certgen import credential as credentials
from certgen.compose import SPECIMEN, Blank, Studio
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.font import FontBook
from certgen.model import Course, Credential, Recipient
from certgen.sealing import SPECIMEN_KEY, Sealer
from certgen.status import Place

if TYPE_CHECKING:
    from PIL import Image

CANDIDATES = 100  # names at either end whose width is measured; the others are estimated
MOST = 40  # sample pages; a roster of more kinds than this is not looked through on paper
EVERY = 0.1  # seconds between two looks at the files
INVENTED = Recipient(row=0, name="Maria Example", given="Maria", family="Example")

Key = tuple[str, int, frozenset[str]]


class Sample(Struct, frozen=True):
    """One person of the roster and why they were chosen, such as "longest name". ``award`` is an index."""

    recipient: Recipient
    award: int
    language: str
    why: tuple[str, ...] = ()


class Shown(Struct, kw_only=True):
    """What a preview came to; without ``pdf`` nothing could be shown. ``assumed``: a day of issue that no file says."""

    samples: list[Sample] = []
    pages: int = 0
    pdf: Path | None = None
    picture: Path | None = None
    assumed: date | None = None
    problems: list[Problem] = []

    @property
    def exit_code(self) -> ExitCode:
        if not has_errors(self.problems):
            return ExitCode.DONE
        if self.pdf:
            return ExitCode.PARTIAL
        return min(problem.exit_code for problem in self.problems if problem.severity == "error")


class Preview:
    """Makes the sample, and makes it again where a file has changed; what has not changed is kept."""

    def __init__(self, options: intake.Options) -> None:
        pasted = options.roster == workbook.STANDARD_INPUT
        self.options = replace(options, roster=Path("roster")) if pasted else options  # what is made is named after it
        self.roster = self.options.roster.absolute()
        self._reader = roster.pasted() if pasted else roster.open_roster
        folder = (options.out or self.roster.parent).absolute()
        self.pdf, self.picture = (folder / f"{self.roster.stem}-preview{suffix}" for suffix in (".pdf", ".png"))
        self._draft: intake.Draft | None = None
        self._studio: Studio | None = None
        self._book: tuple[str | None, FontBook] | None = None
        self._opened: tuple[dict[Path, tuple[int, int]], workbook.Workbook | None, list[Problem]] | None = None
        self._pictures: dict[Path, tuple[int, int]] = {}
        self._blanks: dict[Key, Blank | None] = {}
        self._blank_problems: list[Problem] = []
        self._files: dict[tuple[Key, bytes], bytes] = {}
        self._seen: dict[Path, tuple[int, int]] = {}
        self._images: dict[bytes, list[Image.Image]] = {}

    def make(self, told: Callable[[Shown], None] | None = None) -> Shown:
        """Read everything, choose, compose, write. ``told`` hears of the PDF before the picture is drawn."""
        before = self.sources()
        try:
            return self._make(told or (lambda shown: None))
        finally:  # what was written to meanwhile counts as changed
            self._seen = {path: before.get(path, stamp) for path, stamp in self.sources().items()}

    def _make(self, told: Callable[[Shown], None]) -> Shown:
        shown = Shown()
        draft = self._read(shown)
        if draft is None:
            return shown
        self._renew(draft)
        shown.samples = self._choose(draft)
        files = {data: sample for sample in shown.samples if (data := self._file(draft, sample, shown)) is not None}
        shown.problems += self._blank_problems
        if not files:
            return shown
        try:
            data, shown.pages = contact.merged(files)
            shown.pdf = self._write(self.pdf, data)
            told(shown)
            self._images = {data: self._images.get(data) or contact.images(data) for data in files}
            shown.picture = self._write(self.picture, contact.sheet(self._cards(files)))
        except CertgenError as error:
            shown.problems += error.problems
        return shown

    def _cards(self, files: dict[bytes, Sample]) -> list[tuple[list[Image.Image], str]]:
        """Each sample's pages with its caption; pages after the first say the same of all and are shown once a kind."""
        seen: set[tuple[str, int]] = set()
        cards = []
        for data, sample in files.items():
            kind = sample.language, sample.award
            pages = self._images[data]
            cards.append((pages[:1] if kind in seen else pages, ", ".join(sample.why)))
            seen.add(kind)
        return cards

    def changes(self) -> Iterator[Shown]:
        """Makes the sample again each time that one of its files changes, for as long as anybody asks."""
        while True:
            time.sleep(EVERY)
            if self.sources() != self._seen:
                yield self.make()

    def sources(self) -> dict[Path, tuple[int, int]]:
        """Every file that the sample is made of, with its time (ns) and size; for watching."""
        found = [self.roster, self.options.course or self.roster.parent / "course.toml"]
        issuer = courses.find_issuer(self.roster.parent)
        found += [issuer] if issuer else []
        if self.options.layout and Path(self.options.layout).is_dir():
            found.append(Path(self.options.layout) / "layout.toml")
        if self._draft:
            found += _pictures_of(self._draft)
            folder = Path(self._draft.layout.folder)
            found += sorted(path for path in folder.rglob("*") if path.is_file())
        return _stamps(found)

    # --- what is read and kept ---

    def _read(self, shown: Shown) -> intake.Draft | None:
        """The draft; where only the day of issue is missing, one with a day of its own."""
        draft = intake.draft(self.options, shown.problems, opener=self._open)
        if draft is None and any(problem.code == "missing-issued" for problem in shown.problems):
            shown.problems.clear()
            shown.assumed = date.today()
            draft = intake.draft(replace(self.options, issued=shown.assumed), shown.problems, opener=self._open)
        self._draft = draft or self._draft
        own = str(self.roster), workbook.PASTED
        if any(problem.severity == "error" and problem.file not in own for problem in shown.problems):
            draft = None  # of the course, the issuer or the layout: what they lack would look like an empty page
        shown.problems = [problem for problem in shown.problems if problem.code != "example-row"]
        return draft

    def _open(
        self, path: Path, problems: list[Problem], reading: roster.Reading | None = None
    ) -> workbook.Workbook | None:
        """The roster's cells, read anew only where the file has changed."""
        stamp = _stamps([path])
        if self._opened is None or self._opened[0] != stamp:
            told: list[Problem] = []
            self._opened = stamp, self._reader(path, told, reading), told
        problems += self._opened[2]
        return self._opened[1]

    def _renew(self, draft: intake.Draft) -> None:
        """Keep the studio and its blanks as long as nothing that they are made of has changed."""
        assert draft.course.issued is not None
        if self._book is None or self._book[0] != draft.issuer.font_folder:
            folder = draft.issuer.font_folder
            self._book, self._studio = (folder, FontBook([Path(folder)] if folder else [])), None
        pictures = _stamps(_pictures_of(draft))
        old = self._studio
        if old is None:
            self._studio = Studio(
                draft.layout,
                draft.course,
                draft.issuer,
                self._book[1],
                draft.course.issued,
                record=self.options.record or draft.course.record,
                specimen=True,
            )
        elif (old.layout, old.course, old.issuer, self._pictures) != (
            draft.layout,
            draft.course,
            draft.issuer,
            pictures,
        ):
            self._studio = old.renewed(
                draft.layout,
                draft.course,
                draft.issuer,
                draft.course.issued,
                pictures=pictures == self._pictures,
            )
        else:
            return
        self._pictures = pictures
        self._blanks.clear()
        self._blank_problems.clear()
        self._files.clear()

    def _blank(self, key: Key) -> Blank | None:
        assert self._studio is not None
        if key not in self._blanks:
            self._blanks[key] = self._studio.blank(*key, self._blank_problems)
        return self._blanks[key]

    def _mint(self, draft: intake.Draft, recipient: Recipient, award: int, language: str) -> tuple[Key, Credential]:
        made = credentials.mint(recipient, draft.course, draft.issuer, award, language, b"")
        made = replace(made, code=SPECIMEN, url=credentials.payload_prefix(draft.issuer) + SPECIMEN)
        return (language, award, intake.present(intake.conditions(draft.layout), made)), made

    def _file(self, draft: intake.Draft, sample: Sample, shown: Shown) -> bytes | None:
        """One sample's certificate."""
        try:
            key, made = self._mint(draft, sample.recipient, sample.award, sample.language)
            known = key, msgspec.msgpack.encode(made)
            if known in self._files:
                return self._files[known]
            blank = self._blank(key)
            if blank is None:
                return None
            sealer = Sealer(draft.course, draft.issuer, SPECIMEN_KEY)
            sealed = sealer.seal(replace(made, code="0" * codes.LENGTH), Place(0, 0))
            filled = blank.fill(
                credentials.lookup(made),
                url=sealed.url,
                code_url=made.url,
                identifier=codes.grouped(made.code),
                attachment=sealed.badge,
                packed=sealed.packed,
            )
        except CertgenError as error:
            row = sample.recipient.row or None
            shown.problems += [replace(p, row=row, file=p.file or str(self.roster)) for p in error.problems]
            return None
        self._files[known] = blank.plate.prefix + filled.tail
        return self._files[known]

    def _write(self, path: Path, data: bytes) -> Path:
        """A file of ours, over an earlier one of ours."""
        there = path.read_bytes() if path.exists() else None
        if there is not None and not contact.is_ours(there):
            raise CertgenError(
                Problem(
                    code="other-file",
                    message=f"“{path.name}” is there and was not made by certgen preview, so it is kept.",
                    hint="Move it elsewhere, or name another folder with --out.",
                    file=str(path),
                    exit_code=ExitCode.PARTIAL,
                )
            )
        if there != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            output.write_whole(path, data)
        return path

    # --- who is shown ---

    def _choose(self, draft: intake.Draft) -> list[Sample]:
        """The longest and the shortest name, then whoever is the first of a script, a language or an award."""
        people = [Sample(job.recipient, job.award, job.language) for job in draft.jobs]
        if not people:  # the results are not in yet, or nobody is
            language = self.options.language or draft.course.languages[0]
            others = draft.others or (INVENTED,)
            people = [Sample(person, 0, person.language or language) for person in others]
        why: dict[int, list[str]] = {}
        if len(people) > 1:
            longest, shortest = self._extremes(draft, people)
            why = {longest: ["longest name"], shortest: ["shortest name"]}
        shown: set[str] = set()
        for at in [*why, *range(len(people))]:
            traits = self._traits(people[at], draft)
            new = [trait for trait in traits if trait not in shown]
            if new and (at in why or len(why) < MOST):
                shown.update(new)
                why.setdefault(at, []).extend(new)
        samples = [replace(people[at], why=tuple(reasons)) for at, reasons in why.items()]
        met = {sample.award for sample in people} if draft.jobs else {0}
        for award in range(len(draft.course.awards)):
            if award not in met:  # nobody has it yet, and it is printed all the same
                samples.append(replace(people[0], award=award, why=(f"{_award(draft.course, award)}, met by nobody",)))
        return samples

    def _traits(self, sample: Sample, draft: intake.Draft) -> list[str]:
        scripts = dict.fromkeys(_script(letter) for letter in sample.recipient.name if letter.isalpha())
        language = fields.language_name(sample.language, "en")
        return [*(f"{script} letters" for script in scripts), language, _award(draft.course, sample.award)]

    def _extremes(self, draft: intake.Draft, people: Sequence[Sample]) -> tuple[int, int]:
        """Whose name is the longest and whose the shortest, as set on the first person's blank."""
        order = sorted(range(len(people)), key=lambda at: _about(people[at].recipient.name))
        near = order if len(order) <= 2 * CANDIDATES else order[:CANDIDATES] + order[-CANDIDATES:]
        key, _ = self._mint(draft, people[0].recipient, people[0].award, people[0].language)
        blank = self._blank(key)
        wide = {at: self._width(draft, people[at], blank) for at in near}
        return max(near, key=lambda at: wide[at]), min(near, key=lambda at: wide[at])

    def _width(self, draft: intake.Draft, sample: Sample, blank: Blank | None) -> float:
        try:
            _, made = self._mint(draft, sample.recipient, sample.award, sample.language)
            if blank is not None:
                return blank.name_width(credentials.lookup(made))
        except CertgenError:  # told when this person's turn comes
            pass
        return _about(sample.recipient.name)


def _about(name: str) -> float:
    """A name's width in points, roughly: half an em of 28 points for a letter, an em for a wide one."""
    return sum(28.0 if unicodedata.east_asian_width(c) in "WF" else 14.0 for c in name if not unicodedata.combining(c))


def _script(letter: str) -> str:
    """The letter's script in English: "Latin", "Arabic"."""
    import icu

    return "Latin" if letter.isascii() else str(icu.Script.getScript(letter).getName()).replace("_", " ")


def _award(course: Course, award: int) -> str:
    """An award in words: its kind, with its place where a kind occurs twice."""
    kinds = [rule.kind for rule in course.awards]
    kind = kinds[award]
    return kind if kinds.count(kind) == 1 else f"{kind} ({kinds[: award + 1].count(kind)})"


def _pictures_of(draft: intake.Draft) -> list[Path]:
    signatures = (one.signature for edition in draft.course.editions.values() for one in edition.signatories)
    return [Path(name) for name in dict.fromkeys([*draft.issuer.logos, *signatures]) if name]


def _stamps(paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """When each file was written, in nanoseconds, and its size; those that are not there are left out."""
    found: dict[Path, tuple[int, int]] = {}
    for path in paths:
        with suppress(OSError):
            status = path.stat()
            found[path] = status.st_mtime_ns, status.st_size
    return found
