"""Issued certificates as one file for the printer: choose, put in order, lay out sheets, print.

:class:`Run` looks at every certificate once to learn its pages, so that the plan is known before anything is written;
then each is read again, set and put on its sheet, some at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, NamedTuple

from msgspec import Struct

from certgen import output
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.font import FontBook
from certgen.layout import MM
from certgen.model import Issuer
from certgen.page import Document, Draw
from certgen.pdf.ink import Ink
from certgen.pdf.job import Boxes, Job, Part
from certgen.printing import proof
from certgen.printing.collation import Section, Sort, sections, sorted_for_print
from certgen.printing.filling import Filled, Fillings
from certgen.printing.imposition import (
    SHEETS,
    Duplex,
    Grid,
    Order,
    Portion,
    Room,
    Side,
    Size,
    alike,
    grid,
    in_mm,
    portions,
    signatures,
)
from certgen.printing.marks import AROUND, Marks, boxes
from certgen.registry import Held, Registry
from certgen.selection import Chosen
from certgen.text import Typesetter

Pages = Literal["certificate", "record", "all"]
Profile = Literal["office", "press"]

PIECE = 200  # certificates that are read from the registry at a time
PRESS_MARGIN = 5.0  # mm that presses for cut sheets leave white
SMALL = 0.7  # of its size: below, a QR code is hard to scan


class Options(Struct, frozen=True, kw_only=True):
    """What the user asks for. Lengths in mm; None: what is best for the profile.

    ``paper``: a name of imposition.SHEETS; None: each page on a sheet of its own size. ``offset`` shifts fronts to the
    right and up, ``offset_back`` backs. ``split``: sheets in a file. ``dated``: what the slug and the file say instead
    of the last day of issue.
    """

    out: Path
    pages: Pages = "certificate"
    profile: Profile = "office"
    paper: str | None = None
    up: int | None = None
    gutter: float | None = None
    margin: float | None = None
    fit: bool = False
    duplex: Duplex = "none"
    order: Order = "across"
    sort: Sort = "roster"
    language: str | None = None
    grouped: bool = False
    separators: bool = False
    split: int | None = None
    marks: bool | None = None
    preprinted: bool = False
    offset: tuple[float, float] = (0.0, 0.0)
    offset_back: tuple[float, float] = (0.0, 0.0)
    proof: bool = False
    dated: date | None = None
    replace: bool = False

    @property
    def room(self) -> Room:
        """What sheets are to be like, but for the bleed."""
        margin = self.margin if self.margin is not None else PRESS_MARGIN if self.profile == "press" else 0.0
        return Room(
            sheet=_points(SHEETS[self.paper]) if self.paper else None,
            up=self.up,
            gutter=None if self.gutter is None else self.gutter * MM,
            margin=margin * MM,
            around=AROUND if self.marked else 0.0,
            fit=self.fit,
        )

    @property
    def marked(self) -> bool:
        return self.profile == "press" if self.marks is None else self.marks


class Pile(Struct, frozen=True):
    """Certificates that are printed together: of one size, and of one group. ``up``: how many a sheet holds;
    ``scale``: what they are made smaller by."""

    label: str
    certificates: int
    size: str
    sheet: str
    up: int
    scale: float


class Plan(Struct, frozen=True):
    """What is about to be printed. ``condition``: what the colours are made for; ``sides``: printed pages of the file,
    with blank ones."""

    certificates: int
    sheets: int
    sides: int
    files: int
    piles: tuple[Pile, ...]
    pages: Pages
    profile: Profile
    condition: str
    duplex: Duplex
    bleed: float  # mm
    marks: bool
    dated: date


class Printed(Struct, frozen=True):
    """A file that was written."""

    file: Path
    certificates: int
    sheets: int
    size: int  # bytes


Progress = Callable[[int, int], None]


class _Laid(NamedTuple):
    """A section's sheets. ``bleed`` in points; ``back`` where sheets are printed on both sides."""

    section: Section
    front: Grid
    back: Grid
    bleed: float


class Run:
    """One run of ``certgen print``. A context manager: what was restored from the registry is there until its end.

    ``condition`` says what ``ink`` is made for. Problems are appended as they are found; where there are errors among
    them, :meth:`plan` raises :class:`CertgenError` with all.
    """

    def __init__(
        self,
        registry: Registry,
        issuer: Issuer,
        chosen: Sequence[Chosen],
        options: Options,
        ink: Ink,
        condition: str,
        problems: list[Problem],
    ) -> None:
        self.options, self.ink, self.condition = options, ink, condition
        self._registry, self._problems = registry, problems
        self._chosen = sorted_for_print(chosen, options.sort, options.language)
        self._fillings = Fillings(registry)
        self._book = FontBook([Path(issuer.font_folder)] if issuer.font_folder else [])
        self._typesetter = Typesetter(self._book)
        self._laid: list[_Laid] = []
        self._files: list[list[Portion]] = []
        self._printed: dict[int, tuple[int, ...]] = {}  # id of a document -> its pages that are printed
        self._documents: list[Document] = []  # kept, so that ids stay their own
        self._of: dict[int, Document] = {}  # by serial
        self._courses: set[str] = set()
        self._days: set[date] = set()

    def __enter__(self) -> Run:
        self._fillings.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._fillings.__exit__(kind, error, at)

    # --- the plan ----------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Looks at all certificates and lays out their sheets."""
        options = self.options
        self._survey()
        self._stop()
        sizes, pages = [], []
        for one in self._chosen:
            document = self._of[one.serial]
            printed = self._printed[id(document)]
            pages.append(len(printed))
            first = document.pages[printed[0] if printed else 0]
            sizes.append((first.width, first.height))
        found = sections(
            self._chosen,
            sizes,
            pages,
            by_language=options.separators and not options.grouped,
            grouped=options.grouped,
        )
        if not found:
            words = "None of these certificates has a course record."
            self._tell("no-record", words, "Print the certificates themselves: --pages certificate")
        without = pages.count(0)
        if found and without:
            words = f"{_many(without)} without a course record: nothing is printed for them."
            self._tell("no-record", words, severity="warning")
        self._lay_out(found)
        self._stop()
        self._files = portions(
            [laid.section.pages for laid in self._laid],
            [len(laid.front.cells) for laid in self._laid],
            split=options.split,
            duplex=self.duplex,
            separators=options.separators,
        )
        if options.proof:
            self._files = [[portion for file in self._files for portion in file]]
        sheets = self._sheets() if not options.proof else self._contact_sheets
        return Plan(
            certificates=sum(len(laid.section.members) for laid in self._laid),
            sheets=sheets,
            sides=sheets * (1 + self.duplex),
            files=len(self._files),
            piles=tuple(map(_pile, self._laid)),
            pages=options.pages,
            profile=options.profile,
            condition=self.condition,
            duplex=options.duplex,
            bleed=round(max((laid.bleed for laid in self._laid), default=0.0) / MM, 1),
            marks=options.marked,
            dated=self.dated,
        )

    @property
    def duplex(self) -> bool:
        return self.options.duplex != "none" and not self.options.proof

    @property
    def dated(self) -> date:
        return self.options.dated or max(self._days)

    def _survey(self) -> None:
        """The pages of each certificate."""
        known: dict[int, Document] = {}
        for held in self._read(self._chosen):
            try:
                document = self._fillings.document(held)
            except CertgenError as error:
                self._problems += [problem for problem in error.problems if problem not in self._problems]
                continue
            if id(document) not in known:
                known[id(document)] = document
                self._printed[id(document)] = self._pages_of(document)
            self._of[held.serial] = document
            self._days.add(held.issued)
            self._courses.add(held.content.course if held.content else "")
        self._documents = list(known.values())

    def _pages_of(self, document: Document) -> tuple[int, ...]:
        """Those of a document's pages that are printed."""
        wanted = self.options.pages
        numbers = range(len(document.pages))
        if wanted == "all":
            return tuple(numbers)
        return tuple(n for n in numbers if document.pages[n].record == (wanted == "record"))

    def _lay_out(self, found: Sequence[Section]) -> None:
        """A grid for each section; the sheets of all of them lie the same way."""
        options, room = self.options, self.options.room
        sizes = list(dict.fromkeys(section.size for section in found))
        if len(sizes) > 1:
            told = "; ".join(
                f"{_many(sum(len(s.members) for s in found if s.size == size))} of {in_mm(size)}" for size in sizes
            )
            self._tell(
                "sizes",
                f"The certificates are of several sizes or orientations: {told}. Each begins on a sheet of its own.",
                "Print them apart if your printer has to change its paper: choose them with --course or --code.",
                severity="warning",
            )
        wide: bool | None = None
        bare = 0
        for section in found:
            documents = {id(self._of[one.serial]): self._of[one.serial] for one in section.members}.values()
            bleed = max((document.pages[0].bleed for document in documents), default=0.0)
            bare += 0 if bleed else len(section.members)
            bleed = bleed if options.profile == "press" else 0.0
            made = grid(section.size, _with(room, bleed, wide))
            if made is None and wide is not None:
                made = grid(section.size, _with(room, bleed, None))
            if made is None:
                self._problems.append(_no_room(section, room, bleed, options))
                continue
            if wide is None and room.sheet is not None:
                wide = made.width > made.height
            self._check_pages(section, documents)
            if made.scale < SMALL:
                words = f"Certificates of {in_mm(section.size)} are printed at {made.scale:.0%} of their size"
                hint = "Take a larger sheet (--paper), or fewer on each (--up)."
                self._tell("small", f"{words}: QR codes may be too small for some phones.", hint, "warning")
            back = made.back(options.duplex if self.duplex else "long")
            self._laid.append(
                _Laid(section, made.moved(*_points(options.offset)), back.moved(*_points(options.offset_back)), bleed)
            )
        if bare and options.profile == "press" and not options.proof:
            words = (
                f"The layout of {_many(bare)} has no bleed: white edges may show where colour reaches the paper's edge"
            )
            hint = "Another time, set bleed = 3 in the layout's [paper], and let backgrounds reach beyond the page."
            self._tell("no-bleed", f"{words} and the cut is not exact.", hint, "warning")

    def _check_pages(self, section: Section, documents: Iterable[Document]) -> None:
        """Pages that share a place must be of one size."""
        if not (self.duplex or self.options.paper) or self.options.proof:
            return
        for document in documents:
            for number in self._printed[id(document)]:
                page = document.pages[number]
                if not alike((page.width, page.height), section.size):
                    other = in_mm((page.width, page.height))
                    what = f"A page of the record is {other}, its certificate {in_mm(section.size)}"
                    self._tell(
                        "record-size",
                        f"{what}: they cannot stand in one place.",
                        "Print them apart: --pages certificate, then --pages record.",
                    )
                    return

    def _sheets(self) -> int:
        return sum(sum(1 for _ in self._signed(portion)) for file in self._files for portion in file)

    def _signed(self, portion: Portion) -> Iterator[tuple[Sequence[Chosen], Side | None, Side | None]]:
        """The sheets of a portion: who is on each, and its sides; a separator has none."""
        laid = self._laid[portion.section]
        members = laid.section.members[portion.start : portion.end]
        if self.options.separators and portion.first:
            yield members, None, None
        pages = laid.section.pages[portion.start : portion.end]
        for signature in signatures(pages, len(laid.front.cells), order=self.options.order, duplex=self.duplex):
            for sheet in signature.sheets:
                yield members, sheet.front, sheet.back

    def paths(self) -> list[Path]:
        """The files of the plan."""
        out = self.options.out
        if len(self._files) == 1:
            return [out]
        return [out.with_name(f"{out.stem}-{number}{out.suffix}") for number in range(1, len(self._files) + 1)]

    # --- printing ----------------------------------------------------------------------------

    def make(self, progress: Progress = lambda done, total: None) -> Iterator[Printed]:
        """Writes the files, each whole or not at all. Raises :class:`CertgenError`."""
        paths = self.paths()
        there = [path for path in paths if path.exists()]
        if there and not self.options.replace:
            raise CertgenError([_there(path) for path in there])
        with output.told("The folder for the file cannot be made"):
            self.options.out.parent.mkdir(parents=True, exist_ok=True)
        done, total = 0, sum(len(laid.section.members) for laid in self._laid)
        for path, file in zip(paths, self._files, strict=True):
            with output.whole(path) as out, self._job(out) as job:
                print_ = self._contact if self.options.proof else self._print
                for _ in print_(job, path, file):
                    done += 1
                    if done % 50 == 0 or done == total:
                        progress(done, total)
            many = sum(portion.end - portion.start for portion in file)
            sheets = job.sheets // (1 + self.duplex)
            yield Printed(path, many, sheets, path.stat().st_size)

    def _job(self, out: BinaryIO) -> Job:
        courses = ", ".join(sorted(self._courses))
        what = "Proof of certificates" if self.options.proof else "Certificates"
        return Job(
            out,
            self._book,
            self.ink,
            title=f"{what}: {courses}",
            dated=self.dated,
            stationery=not self.options.preprinted,
        )

    def _print(self, job: Job, path: Path, file: Sequence[Portion]) -> Iterator[None]:
        """The sheets of a file. Yields for each certificate."""
        count = sum(1 for portion in file for _ in self._signed(portion))
        number = 0
        for portion in file:
            laid = self._laid[portion.section]
            up = len(laid.front.cells)
            members = laid.section.members[portion.start : portion.end]
            pages = laid.section.pages[portion.start : portion.end]
            sides = _Sides(self, laid)
            if self.options.separators and portion.first:
                number += 1
                many = len(laid.section.members)
                slip = proof.slip(self._typesetter, laid.front.cells, laid.section.label, many, members[0].language)
                sides.put(job, [], [*slip, *sides.marks(laid.front, self._slug(path, number, count, "separator"))], 0)
                if self.duplex:
                    sides.put(job, [], [], 1)
            made = list(signatures(pages, up, order=self.options.order, duplex=self.duplex))
            wanted = [members[m] for signature in made for m in signature.members if m is not None]
            filled = self._filled(wanted, job)
            for signature in made:
                here: dict[int, Filled] = {}
                for member in signature.members:
                    if member is not None:
                        here[member] = next(filled)
                        yield
                for sheet in signature.sheets:
                    number += 1
                    for which, side in enumerate((sheet.front, sheet.back)[: 1 + self.duplex]):
                        assert side is not None
                        words = ("front", "back")[which] if self.duplex else ""
                        sides.page(job, side, here, self._slug(path, number, count, words), which)

    def _slug(self, path: Path, number: int, count: int, words: str) -> list[str]:
        """What a sheet says of itself: no names."""
        told = [path.name, f"sheet {number:,} of {count:,}" + (f", {words}" if words else "")]
        return [*told, *sorted(self._courses), self.condition, self.dated.isoformat()]

    def _filled(self, wanted: Sequence[Chosen], job: Job) -> Iterator[Filled]:
        for held in self._read(wanted):
            yield self._fillings.of(held, job)

    def _read(self, wanted: Sequence[Chosen]) -> Iterator[Held]:
        """Rows of the registry in the order in which they are wanted, some at a time."""
        for at in range(0, len(wanted), PIECE):
            some = wanted[at : at + PIECE]
            rows = {held.serial: held for held in self._registry.get(one.serial for one in some)}
            yield from (rows[one.serial] for one in some)

    def printed_pages(self, one: Chosen) -> tuple[int, ...]:
        return self._printed[id(self._of[one.serial])]

    # --- the contact sheet -------------------------------------------------------------------

    @cached_property
    def _frames(self) -> proof.Contact:
        sheet = _points(SHEETS[self.options.paper or "A4"])
        width, height = self._laid[0].section.size
        return proof.contact(sheet, width > height)

    @property
    def _contact_sheets(self) -> int:
        return -(-sum(sum(laid.section.pages) for laid in self._laid) // len(self._frames.frames))

    def _contact(self, job: Job, path: Path, file: Sequence[Portion]) -> Iterator[None]:
        """Small pages of everybody, in the order of printing."""
        contact, count = self._frames, self._contact_sheets
        everyone = [one for laid in self._laid for one in laid.section.members]
        told = proof.told_on_proof(len(everyone), sorted(self._days), self.options.profile)
        title = f"Proof: {', '.join(sorted(self._courses))}"
        parts: list[Part] = []
        captions: list[proof.Caption] = []
        media = Boxes((0.0, 0.0, contact.width, contact.height))

        def finish() -> None:
            over = proof.captions(self._typesetter, captions)
            head = proof.frame_of_sheet(self._typesetter, contact, title, told, job.sheets + 1, count)
            job.sheet(media, parts, [*head, *over])
            parts.clear()
            captions.clear()

        for one, filled in zip(everyone, self._filled(everyone, job), strict=True):
            for at, number in enumerate(self.printed_pages(one)):
                page = filled.forme.pages[number]
                frame = contact.frames[len(parts)]
                matrix, box = proof.shrunk(frame, (page.width, page.height))
                parts.append(Part(filled.forme, number, filled.filling, matrix, box))
                captions.append(proof.Caption(frame, box, one, at + 1 if at else None))
                if len(parts) == len(contact.frames):
                    finish()
            yield
        if parts:
            finish()

    # --- problems ----------------------------------------------------------------------------

    def _tell(self, code: str, message: str, hint: str = "", severity: Literal["error", "warning"] = "error") -> None:
        self._problems.append(
            Problem(code=code, message=message, hint=hint, severity=severity, exit_code=ExitCode.USAGE)
        )

    def _stop(self) -> None:
        if has_errors(self._problems):
            raise CertgenError(self._problems)


class _Sides:
    """The sides of a section's sheets, with their marks."""

    def __init__(self, run: Run, laid: _Laid) -> None:
        self._run, self._laid, self._options = run, laid, run.options
        self._marks: dict[tuple[float, ...], Marks] = {}

    def page(self, job: Job, side: Side, here: dict[int, Filled], slug: Sequence[str], which: int) -> None:
        """One side: 0 is the front."""
        laid = self._laid
        made = (laid.front, laid.back)[which]
        parts = []
        for cell, spot in zip(made.cells, side, strict=True):
            if spot is None:
                continue
            filled = here[spot.certificate]
            number = self._run.printed_pages(laid.section.members[spot.certificate])[spot.page]
            page = filled.forme.pages[number]
            size: Size = (page.width, page.height)
            if self._options.paper is None and not self._run.duplex:  # each page on a sheet as it is
                made = self._own(size)
                cell = made.cells[0]
            whole = cell.bleed == (0.0, 0.0, made.width, made.height)
            parts.append(
                Part(filled.forme, number, filled.filling, cell.matrix(size, made.scale), None if whole else cell.bleed)
            )
        self.put(job, parts, self.marks(made, slug) if parts else (), which, made)

    def _own(self, size: Size) -> Grid:
        made = grid(size, _with(self._options.room, self._laid.bleed, None))
        assert made is not None, "a page on its own has room"
        return made.moved(*_points(self._options.offset))

    def put(self, job: Job, parts: Sequence[Part], over: Sequence[Draw], which: int, made: Grid | None = None) -> None:
        media, bleed, trim = boxes(made or (self._laid.front, self._laid.back)[which])
        job.sheet(Boxes(media, bleed, trim) if self._options.profile == "press" else Boxes(media), parts, over)

    def marks(self, made: Grid, slug: Sequence[str]) -> Sequence[Draw]:
        if not self._options.marked:
            return ()
        key = (made.width, made.height, *made.trim, *made.bleed)
        if key not in self._marks:
            self._marks[key] = Marks(made, self._run._typesetter)
        return self._marks[key].on(slug)


def _with(room: Room, bleed: float, wide: bool | None) -> Room:
    from msgspec.structs import replace

    return replace(room, bleed=bleed, wide=wide)


def _points(mm: tuple[float, float]) -> tuple[float, float]:
    return (mm[0] * MM, mm[1] * MM)


def _pile(laid: _Laid) -> Pile:
    front = laid.front
    return Pile(
        label=laid.section.label,
        certificates=len(laid.section.members),
        size=in_mm(laid.section.size),
        sheet=in_mm((front.width, front.height)),
        up=len(front.cells),
        scale=round(front.scale, 4),
    )


def _many(count: int) -> str:
    return "1 certificate" if count == 1 else f"{count:,} certificates"


def _no_room(section: Section, room: Room, bleed: float, options: Options) -> Problem:
    most = grid(section.size, Room(sheet=room.sheet, gutter=room.gutter, margin=room.margin, bleed=bleed))
    asked = f"{options.up} certificates" if options.up and options.up > 1 else "a certificate"
    beyond = f" with {bleed / MM:g} mm of bleed" if bleed else ""
    hint = f"It has room for {len(most.cells)}: --up {len(most.cells)}." if most else "Take a larger sheet: --paper."
    return Problem(
        code="no-room-on-sheet",
        message=f"{options.paper} has no room for {asked} of {in_mm(section.size)}{beyond}.",
        hint=f"{hint} Or let certificates be made smaller: --fit.",
        exit_code=ExitCode.USAGE,
    )


def _there(path: Path) -> Problem:
    return Problem(
        code="other-content",
        message=f"“{path.name}” is already there.",
        hint="Name another file with -o, or put the new one in its place with --replace.",
        file=str(path),
        exit_code=ExitCode.USAGE,
    )
