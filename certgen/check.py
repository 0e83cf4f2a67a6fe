"""What a batch would come to, and everything that is wrong with its inputs; nothing is made but a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from certgen import annotate, batch, intake, output, roster, workbook
from certgen.columns import Column
from certgen.compose import Fit
from certgen.errors import CertgenError, ExitCode, Problem


class NameFit(Struct, frozen=True):
    """How a name was made to fit its box: ``how`` is "natural" where it needed nothing. ``size`` in points; ``faces``
    are the faces it is set in, ``usual`` the one that the layout asks for first."""

    row: int
    name: str
    how: str
    size: float
    lines: int
    faces: tuple[str, ...]
    usual: str

    @property
    def steps_in(self) -> bool:
        """Whether another face steps in for the usual one."""
        return any(face != self.usual for face in self.faces)


def _name_fit(row: int, fit: Fit) -> NameFit:
    return NameFit(row, fit.text, fit.how, fit.size, fit.lines, fit.faces, fit.usual)


class Checked(Struct, kw_only=True):
    """What a batch would come to, in every detail. ``columns`` and ``kind`` say how the roster was read; ``fits`` are
    those of all names, in the roster's order. ``plan`` is None where a file is missing altogether."""

    result: batch.BatchResult
    plan: intake.Plan | None = None
    kind: str = "roster"
    sheet: str | None = None
    columns: list[Column] = []
    fits: list[NameFit] = []
    opener: roster.Opener = roster.open_roster  # reads the roster's cells again, also those that were pasted

    @property
    def exit_code(self) -> ExitCode:
        return self.result.exit_code

    def unusual(self) -> list[NameFit]:
        """Names that were made to fit, or that another face steps in for."""
        return [fit for fit in self.fits if fit.how != "natural" or fit.steps_in]


def check(options: intake.Options, watch: intake.Watch | None = None) -> Checked:
    """Everything that :func:`certgen.batch.run` does, short of making files, secret, key and registry."""
    work = batch.Batch(replace(options, dry_run=True))
    watch = watch or intake.Nobody()
    there = work.read(watch)
    checked = Checked(result=work.refused(), opener=work.opener)
    if hasattr(work, "people"):
        people = work.people
        checked.kind, checked.sheet, checked.columns = people.kind, work.sheet, list(people.columns.values())
    if there:
        work.decide()
        work.compose()
        checked.fits = [_name_fit(row, fit) for row, fit in work.check() if fit.name]
        try:
            with work.registered(watch):
                work.reconcile(watch)
                work.name()
                if work.may_go_on():
                    work.make(watch)
        except CertgenError as error:
            work.problems += error.problems
        checked.plan = work.plan()
    checked.result = work.result()
    return checked


def report(options: intake.Options, checked: Checked, path: Path) -> Path:
    """Writes the roster with each problem on its cell; an earlier report is written over, and nothing else. Raises
    :class:`CertgenError`."""
    file, path = options.roster.absolute(), path.absolute()
    if path == file or (path.exists() and file.exists() and path.samefile(file)):
        raise CertgenError(
            Problem(
                code="report-is-roster",
                message="The report would be written over the roster itself.",
                hint="Give it another name, such as problems.xlsx.",
                key="--report",
                exit_code=ExitCode.USAGE,
            )
        )
    pasted = options.roster == workbook.STANDARD_INPUT
    source = b"" if pasted or not file.is_file() else file.read_bytes()

    def values() -> Sequence[workbook.Sheet]:
        book = checked.opener(file, [], options.reading)
        return book.sheets if book else []

    where, people = (Path(workbook.PASTED), "roster") if pasted else (file, checked.sheet or file.stem)
    data = annotate.annotated(source, values, where, people, checked.result.problems)
    with output.told("The report cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        ours = path.exists() and annotate.is_ours(path.read_bytes())
    return output.lay_beside(path.parent, path.stem, path.suffix or ".xlsx", data, replace=ours)
