"""Issued certificates as one file for the printer: choose, put in order, lay out sheets, print.

:class:`Run` looks at every certificate once to learn its pages, so that the plan is known before anything is written;
then each is read again, set and put on its sheet, some at a time. So memory stays flat, whatever their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from certgen import output
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.font import FontBook
from certgen.model import Issuer
from certgen.page import Draw
from certgen.pdf.ink import OFFICE, Ink
from certgen.pdf.job import Boxes, Job, Part
from certgen.pdf.profile import Profile
from certgen.pdf.separation import Press
from certgen.printing import proof
from certgen.printing.collation import sorted_for_print
from certgen.printing.filling import Filled, Fillings
from certgen.printing.imposition import SHEETS, Grid, Portion, Side, Spot, alike
from certgen.printing.marks import Marks, boxes
from certgen.printing.plan import Options, Pile, Plan, Printed, points
from certgen.printing.planning import Laid, Scheme, arranged
from certgen.registry import Registry
from certgen.selection import Chosen
from certgen.text import Typesetter

__all__ = ["SHEETS", "Options", "Pile", "Plan", "Printed", "Run"]

Progress = Callable[[int, int], None]


class Run:
    """One run of ``certgen print``. A context manager: what was restored from the registry is there until its end.

    Problems are appended as they are found.
    """

    def __init__(
        self,
        registry: Registry,
        issuer: Issuer,
        chosen: Sequence[Chosen],
        options: Options,
        problems: list[Problem],
    ) -> None:
        self.options = options
        self._registry, self._issuer, self._problems = registry, issuer, problems
        self._chosen = sorted_for_print(chosen, options.sort, options.language)
        self._fillings = Fillings(registry, bleed=options.profile == "press" and not options.proof)
        self._book = FontBook([Path(issuer.font_folder)] if issuer.font_folder else [])
        self.typesetter = Typesetter(self._book)

    def __enter__(self) -> Run:
        self._fillings.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._fillings.__exit__(kind, error, at)

    @cached_property
    def scheme(self) -> Scheme:
        """Who is printed where. Raises :class:`CertgenError` with all that is wrong."""
        scheme = Scheme(self._registry, self._fillings, self._chosen, self.options, self._problems)
        if self.options.preprinted and (unseen := self._fillings.unseen()):
            self._problems.append(unseen)
        return scheme

    @cached_property
    def ink(self) -> Ink:
        """How colours are written: by today's [press], for the house colours of the certificates that are printed.
        Raises :class:`CertgenError` for an ICC profile that is none."""
        if self.options.profile == "office" or self.options.proof:
            return OFFICE
        press = None
        for digest in sorted(self.scheme.settings):
            house = self._registry.setting(digest).kept.issuer
            one = Press.of(self._issuer.press, {"primary": house.primary, "accent": house.accent})
            press = press or one
            press.spots.update(one.spots)
        assert press is not None, "there is a certificate"
        return press

    @property
    def condition(self) -> str:
        """What the colours are made for, in words."""
        return _called(self.ink.profile) if isinstance(self.ink, Press) else "sRGB"

    @property
    def plan(self) -> Plan:
        """What is about to be printed. Raises as :attr:`scheme` does."""
        scheme, options = self.scheme, self.options
        counts = [self._contact_sheets] if options.proof else [scheme.count(file) for file in scheme.files]
        return Plan(
            certificates=sum(len(laid.section.members) for laid in scheme.laid),
            sheets=sum(counts),
            sides=sum(counts) * (1 + scheme.duplex),
            files=len(scheme.files),
            largest=max(counts),
            paper=self.paper,
            piles=tuple(laid.pile for laid in scheme.laid),
            pages=options.pages,
            profile=options.profile,
            condition=self.condition,
            duplex=options.duplex if scheme.duplex else "none",
            bleed=round(max(laid.bleed for laid in scheme.laid) / points((1, 1))[0], 1),
            marks=options.marked and not options.proof,
            dated=scheme.dated,
            records=scheme.records,
        )

    def paths(self) -> list[Path]:
        """The files of the plan."""
        out, count = self.options.out, len(self.scheme.files)
        return [out] if count == 1 else [_numbered(out, number) for number in range(1, count + 1)]

    def check(self) -> None:
        """What is there already, told before any work is done. Raises :class:`CertgenError`."""
        paths = self.paths()
        there = [path for path in paths if path.exists()]
        if there and not self.options.replace:
            raise CertgenError(_there(path) for path in there)
        after = _numbered(self.options.out, len(paths) + 1)
        if len(paths) > 1 and after.exists():
            self._problems.append(_left_over(after))

    def make(self, progress: Progress = lambda done, total: None) -> Iterator[Printed]:
        """Writes the files, each whole or not at all. Raises :class:`CertgenError`."""
        with output.told("The folder for the file cannot be made"):
            self.options.out.parent.mkdir(parents=True, exist_ok=True)
        done, total = 0, sum(len(laid.section.members) for laid in self.scheme.laid)
        for path, file in zip(self.paths(), self.scheme.files, strict=True):
            with output.whole(path) as out, self._job(out) as job:
                for _ in self._contact(job) if self.options.proof else self._print(job, path, file):
                    done += 1
                    if done % 50 == 0 or done == total:
                        progress(done, total)
            many = sum(portion.end - portion.start for portion in file)
            yield Printed(path, many, job.sheets // (1 + self.scheme.duplex), path.stat().st_size)

    def _job(self, out: BinaryIO) -> Job:
        what = "Proof of certificates" if self.options.proof else "Certificates"
        return Job(
            out,
            self._book,
            self.ink,
            title=f"{what}: {self.courses}",
            dated=self.scheme.dated,
            stationery=not self.options.preprinted,
        )

    @property
    def courses(self) -> str:
        return ", ".join(sorted(self.scheme.courses))

    # --- sheets ------------------------------------------------------------------------------

    def _print(self, job: Job, path: Path, file: Sequence[Portion]) -> Iterator[None]:
        """The sheets of a file. Yields for each certificate."""
        scheme, number, count = self.scheme, 0, self.scheme.count(file)
        condition = self.ink.profile.condition or self.condition if isinstance(self.ink, Press) else self.condition

        def slug(words: str) -> list[str]:
            """What a sheet says of itself: no names, no clock."""
            side = f", {words}" if words else ""
            told = [path.name, f"sheet {number:,} of {count:,}{side}"]
            return [*told, self.courses, condition, scheme.dated.isoformat()]

        for portion in file:
            laid = scheme.laid[portion.section]
            members = laid.section.members[portion.start : portion.end]
            press = _Sides(self, job, laid, members)
            if self.options.separators and portion.first:
                number += 1
                press.slip(slug("separator"))
            order = [member for come, _ in scheme.sheets(portion) for member in come]
            filled = self._filled([members[member] for member in order], job)
            for come, sheets in scheme.sheets(portion):
                here: dict[int, Filled] = {}
                for member in come:
                    here[member] = next(filled)
                    yield
                for sheet in sheets:
                    number += 1
                    press.side(sheet.front, here, slug("front" if scheme.duplex else ""))
                    if sheet.back is not None:
                        press.side(sheet.back, here, slug("back"), back=True)

    def _filled(self, wanted: Sequence[Chosen], job: Job) -> Iterator[Filled]:
        return self._fillings.of(self.scheme.read(wanted), job)

    # --- the contact sheet -------------------------------------------------------------------

    @property
    def paper(self) -> str | None:
        """What sheets are called; None where each page has one of its own size."""
        if not self.options.proof or self.options.paper:
            return self.options.paper
        return "Letter" if alike(self.scheme.laid[0].section.size, points(SHEETS["Letter"])) else "A4"

    @cached_property
    def _frames(self) -> proof.Contact:
        assert self.paper is not None, "a proof is on some paper"
        width, height = self.scheme.laid[0].section.size
        return proof.contact(points(SHEETS[self.paper]), width > height)

    @property
    def _contact_sheets(self) -> int:
        return -(-sum(sum(laid.section.pages) for laid in self.scheme.laid) // len(self._frames.frames))

    def _contact(self, job: Job) -> Iterator[None]:
        """Small pages of everybody, in the order of printing."""
        contact, count = self._frames, self._contact_sheets
        everyone = [one for laid in self.scheme.laid for one in laid.section.members]
        told = proof.told_on_proof(len(everyone), sorted(self.scheme.days), self.options.profile)
        media = Boxes((0.0, 0.0, contact.width, contact.height))
        parts: list[Part] = []
        captions: list[proof.Caption] = []

        def finish() -> None:
            head = proof.frame_of_sheet(self.typesetter, contact, f"Proof: {self.courses}", told, job.sheets + 1, count)
            job.sheet(media, parts, [*head, *proof.captions(self.typesetter, captions)])
            parts.clear()
            captions.clear()

        for one, filled in zip(everyone, self._filled(everyone, job), strict=True):
            for at, number in enumerate(self.scheme.pages(one)):
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


class _Sides:
    """Puts the sides of a portion's sheets into a job, with their marks."""

    def __init__(self, run: Run, job: Job, laid: Laid, members: Sequence[Chosen]) -> None:
        self._run, self._job, self._laid, self._members = run, job, laid, members
        self._marks: dict[Grid, Marks] = {}

    def side(self, side: Side, here: dict[int, Filled], slug: Sequence[str], *, back: bool = False) -> None:
        """One side. ``here``: those who are on the sheet."""
        grid = self._laid.back if back else self._laid.front
        parts = []
        for place, spot in enumerate(side):
            if spot is not None:
                grid, part = self._part(grid, place, spot, here[spot.certificate])
                parts.append(part)
        self._put(grid, parts, self._around(grid, slug) if parts else ())

    def _part(self, grid: Grid, place: int, spot: Spot, filled: Filled) -> tuple[Grid, Part]:
        """A page in its place. Where pages have sheets of their own, each has one of its own size."""
        run = self._run
        number = run.scheme.pages(self._members[spot.certificate])[spot.page]
        page = filled.forme.pages[number]
        size = (page.width, page.height)
        if run.options.paper is None and not run.scheme.duplex and spot.page:
            own = arranged(size, run.options.room, self._laid.bleed)
            assert own is not None, "a sheet of its own has room"
            grid = own.moved(*points(run.options.offset))
        cell = grid.cells[place]
        clip = None if cell.bleed == (0.0, 0.0, grid.width, grid.height) else cell.bleed
        return grid, Part(filled.forme, number, filled.filling, cell.matrix(size, grid.scale), clip)

    def slip(self, slug: Sequence[str]) -> None:
        """What announces a group; its back is blank."""
        grid, section, typesetter = self._laid.front, self._laid.section, self._run.typesetter
        language = section.members[0].language
        over = proof.slip(typesetter, grid.cells, section.label, len(section.members), language)
        self._put(grid, (), [*over, *self._around(grid, slug, patches=False)])
        if self._run.scheme.duplex:
            self._put(self._laid.back, (), ())

    def _around(self, grid: Grid, slug: Sequence[str], *, patches: bool = True) -> Iterator[Draw]:
        """The marks of a side. The ink is asked for patches when the side's parts have been written."""
        if self._run.options.marked:
            if grid not in self._marks:
                self._marks[grid] = Marks(grid)
            yield from self._marks[grid].on(self._run.typesetter, slug, self._run.ink.patches() if patches else ())

    def _put(self, grid: Grid, parts: Sequence[Part], over: Iterable[Draw]) -> None:
        media, bleed, trim = boxes(grid)
        made = Boxes(media, bleed, trim) if self._run.options.profile == "press" else Boxes(media)
        self._job.sheet(made, parts, over)


def _called(profile: Profile) -> str:
    """A profile's printing condition, and its own name where that does not say it."""
    return f"{profile.condition} ({profile.name})" if profile.condition else profile.name


def _numbered(out: Path, number: int) -> Path:
    return out.with_name(f"{out.stem}-{number}{out.suffix}")


def _there(path: Path) -> Problem:
    return Problem(
        code="other-content",
        message=f"“{path.name}” is already there.",
        hint="Name another file with -o, or put the new one in its place with --replace.",
        file=str(path),
        exit_code=ExitCode.USAGE,
    )


def _left_over(path: Path) -> Problem:
    return Problem(
        code="left-over",
        severity="warning",
        message=f"“{path.name}” and what comes after it are of an earlier run, and no part of this one.",
        hint="Delete them, so that nobody prints them too.",
        file=str(path),
        exit_code=ExitCode.USAGE,
    )
