"""What people see and answer on a terminal, and what programs read instead (``--json``)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from certgen.errors import Problem, has_errors
from certgen.questions import Day, secret
from certgen.telling import beside, filled, near, place, printable, wrapped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from certgen.academy import Begun
    from certgen.batch import BatchResult
    from certgen.check import Checked, NameFit
    from certgen.intake import Plan, Watch
    from certgen.preview import Shown
    from certgen.reconcile import OnChange, OnEmail, Standing

SHOWN = 20  # problems and names that are listed for people; --json has them all


class Screen:
    """The terminal as a :class:`certgen.intake.Watch`."""

    def __init__(self, ask: bool) -> None:
        self._ask = ask
        self._console: Console | None = None
        self._bar: tuple[Progress, TaskID] | None = None
        self._told: set[Problem] = set()

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def console(self) -> Console:
        if self._console is None:
            from rich.console import Console

            class Terminal(Console):
                """What is not to be cut where others read it is cut between words where people do."""

                def print(self, *objects: Any, **how: Any) -> None:
                    if self.is_terminal:
                        how.pop("soft_wrap", None)
                    super().print(*objects, **how)

            self._console = Terminal(highlight=False, markup=False, emoji=False)
        return self._console

    def ask_issued(self) -> date | None:
        if not self._ask:
            return None
        answer: date = click.prompt("Day of issue, printed on every certificate (such as 2026-04-10)", type=Day())
        return answer

    def ask_note(self, line: str, file: Path) -> bool:
        return self._ask and click.confirm(
            f"Write “{line}” into {printable(near(file))} for the next time", default=True
        )

    def waiting(self, who: str) -> None:
        self.console.print(f"Waiting for another certgen that is writing to the registry: {printable(who)}.")

    def ask_secret(self, question: str, /, *, new: bool = False) -> str | None:
        if not self._ask:
            return None
        if new:
            self.console.print(
                "Certificates are signed, and this academy has no signing key yet: one is made now. A passphrase keeps "
                "it yours if somebody copies the folder. Write it down; nobody can find it out for you."
            )
        return secret(question, new=new)

    def ask_changes(self, changed: Sequence[Standing]) -> OnChange | None:
        from certgen.reconcile import told

        if not self._ask:
            return None
        count = "person has a certificate that says" if len(changed) == 1 else "people have certificates that say"
        self.console.print(f"{len(changed):,} {count} otherwise than the roster does now:", style="bold")
        self._table([(f"row {each.job.recipient.row}", each.job.recipient.name, told(each)) for each in changed])
        self.console.print(
            "  keep     leave those certificates as they are\n"
            "  replace  make new ones with new codes; the old ones are cancelled\n"
            "  refuse   make nothing now"
        )
        choice: click.Choice[OnChange] = click.Choice(["keep", "replace", "refuse"])
        answer: OnChange = click.prompt("What now", type=choice, default="refuse", show_choices=False)
        return answer

    def ask_email(self, standing: Standing) -> OnEmail | None:
        from certgen.reconcile import same_person, what_then

        if not self._ask:
            return None
        words = f"{same_person(standing)} If that is the same person, {what_then(standing)}. Is it"
        return "same" if click.confirm(filled(printable(words)), default=True) else "other"

    def plan(self, plan: Plan, problems: list[Problem]) -> None:
        from rich.table import Table

        from certgen.fields import date_long, language_name

        def many(counts: dict[str, int], name: Callable[[str], str]) -> str:
            if len(counts) == 1:
                return name(*counts)
            return ", ".join(f"{name(key)} ({count:,})" for key, count in counts.items())

        expiry = "never expire" if plan.expires is None else f"expire on {date_long(plan.expires, 'en')}"
        rows = [("Layout", plan.layout + (" with course record" if plan.record else ""))]
        if plan.unprinted:
            rows.append(("Not printed", "the course's sections: record = true in the course, or --record, adds them"))
        if plan.languages:
            rows.append(("Language", many(plan.languages, lambda tag: language_name(tag, "en"))))
            rows.append(("Awards", ", ".join(f"{count:,} {kind}" for kind, count in plan.awards.items())))
        if plan.not_awarded:
            rows.append(("Not awarded", f"{plan.not_awarded:,}, told below"))
        if plan.unchanged:
            rows.append(("Unchanged", f"{plan.unchanged:,} issued already"))
        if plan.replaced:
            names = ", ".join(map(printable, plan.replaced[:5])) + (", …" if len(plan.replaced) > 5 else "")
            rows.append(("Replaced", f"{len(plan.replaced):,}, whose old certificates are cancelled: {names}"))
        if plan.left_out:
            rows.append(("Left out", f"{plan.left_out:,} for their problems"))
        rows += [("Issued", f"{date_long(plan.issued, 'en')}; they {expiry}"), ("Into", near(plan.folder))]
        console = self.console
        console.print(f"{printable(plan.course)}", style="bold")
        console.print(f"{printable(plan.roster)}, {people(plan.recipients)}")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for label, words in rows:
            grid.add_row(f"  {label}", printable(words))
        console.print(grid)
        if plan.awards_assumed:
            console.print("The course says nothing of awards, so everyone gets a certificate of completion.")
        for tag, keys in plan.fell_back.items():
            console.print(
                f"Not translated into {language_name(tag, 'en')}, so in the first language: {', '.join(keys)}."
            )
        for words in plan.made:
            console.print(f"\n{printable(words)}")
        console.print()
        self.problems([problem for problem in problems if problem.severity == "warning"])

    def progress(self, done: int, total: int) -> None:
        if self._bar is None and self.console.is_terminal and total > done:
            self._bar = self._start(total)
        if self._bar:
            progress, task = self._bar
            progress.update(task, completed=done, rate=progress.tasks[0].speed or 0.0)

    def _start(self, total: int) -> tuple[Progress, TaskID]:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        progress = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:,.0f} a second,"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=self.console,
            transient=True,
        )
        progress.start()
        return progress, progress.add_task("", total=total, rate=0.0)

    def _stop(self) -> None:
        if self._bar:
            self._bar[0].stop()
            self._bar = None

    def result(self, result: BatchResult) -> None:
        """The summary: what was made, who got none and why, what is to be mended."""
        self._stop()
        console, counts = self.console, result.counts
        if result.not_awarded and result.status != "refused":
            console.print(
                f"{people(counts.not_awarded)} {'gets' if counts.not_awarded == 1 else 'get'} no certificate:"
            )
            self._table([(f"row {item.row}", item.name, item.reason) for item in result.not_awarded])
            console.print()
        if result.problems:
            self.problems(result.problems)
        console.print(self._summary(result), style="bold" if result.status == "done" else "bold yellow")
        if result.sheet:
            console.print(f"The roster with codes and reasons is {near(result.sheet)}{beside(result.sheet)}.")
        if result.manifest:
            console.print(f"They are listed with their checksums in {near(result.manifest)}.")

    def questions(self) -> Watch:
        """A Watch that asks what no file says, and is quiet otherwise."""
        from certgen.intake import Nobody

        class Asking(Nobody):
            ask_issued = staticmethod(self.ask_issued)
            ask_note = staticmethod(self.ask_note)

        return Asking()

    def checked(self, checked: Checked, report: Path | None) -> None:
        """How the roster was read, what would be made, and all that is to be mended or looked at."""
        console, result = self.console, checked.result
        if checked.plan:
            self._told.update(p for p in result.problems if p.severity == "warning")  # below, with the rest
            self.plan(checked.plan, [])
            self._told.clear()
        if checked.columns:
            what = "" if checked.kind == "roster" else f" ({checked.kind})"
            console.print(f"How the columns were read{what}", style="bold")
            self._table(
                [(column.letters, column.header, _meaning(column.meaning), column.note) for column in checked.columns],
                len(checked.columns),
            )
            console.print()
        unusual = checked.unusual()
        if checked.fits:
            many = len(checked.fits) - len(unusual)
            console.print("How the names fit", style="bold")
            console.print(f"  {many:,} at their full size in the layout's own face")
            self._table([(f"row {fit.row}", fit.name, how(fit)) for fit in unusual])
            console.print()
        if result.not_awarded:
            console.print(f"{people(len(result.not_awarded)).capitalize()} would get no certificate:", style="bold")
            self._table([(f"row {item.row}", item.name, item.reason) for item in result.not_awarded])
            console.print()
        self.problems(result.problems)
        errors = sum(problem.severity == "error" for problem in result.problems)
        if errors:
            verb = "problem is" if errors == 1 else "problems are"
            words = f"{errors:,} {verb} to be mended before certificates are made."
        else:
            words = f"All is well: {self._to_make(result)}"
        console.print(words, style="bold yellow" if errors else "bold")
        if report:
            console.print(f"The roster with each problem on its cell: {near(report)}{beside(report)}")

    def _to_make(self, result: BatchResult) -> str:
        counts = result.counts
        told = [f"{counts.issued:,} to make"]
        if counts.unchanged:
            told.append(f"{counts.unchanged:,} already there and unchanged")
        if counts.not_awarded:
            told.append(f"{counts.not_awarded:,} not awarded")
        return ", ".join(told) + "."

    def begun(self, begun: Begun) -> None:
        """What was made, what was there, and what to do next."""
        for path in begun.made:
            self.console.print(f"  made  {near(path)}")
        for path in begun.kept:
            self.console.print(f"  kept  {near(path)}, which was there already")
        for sentence in begun.told:
            self.console.print(sentence, soft_wrap=True)
        self.problems(begun.problems)
        roster = f'"{near(begun.roster)}"' if " " in near(begun.roster) else near(begun.roster)
        self.console.print(
            "Next: write the people into the roster (the grey row is an example), look at course.toml, then\n"
            f"  certgen preview {roster}    to see how they will look\n"
            f"  certgen check {roster}      to see what is wrong\n"
            f"  certgen batch {roster}      to make them",
            soft_wrap=True,
        )

    def sample(self, shown: Shown, *, again: bool = False) -> None:
        """What a preview shows and why, and what is to be mended; ``again``: what is told already is not repeated."""
        console = self.console
        if not again or has_errors(shown.problems):
            self._told.clear()
            self.problems(shown.problems)
        if not shown.pdf:
            console.print("There is nothing to show before this is mended.", style="bold yellow")
            return
        pages = "1 page" if shown.pages == 1 else f"{shown.pages} pages"
        if again:
            console.print(f"{datetime.now():%H:%M:%S}  made again, {pages}")
            return
        rows: list[tuple[str, ...]] = [
            (row(item.recipient.row), item.recipient.name, ", ".join(item.why)) for item in shown.samples
        ]
        self._table(rows, len(rows))
        if shown.assumed:
            console.print("No file gives the day of issue yet, so the sample shows today.")
        files = near(shown.pdf) + (f" and {near(shown.picture)}" if shown.picture else "")
        console.print(f"{pages}, marked SPECIMEN: {files}", style="bold")

    def watching(self) -> None:
        self.console.print("Made again whenever a file changes. Ctrl-C ends it.", style="dim")

    def open(self, path: Path) -> None:
        """Show a file in the program that the system has for it."""
        try:
            if sys.platform == "win32":
                os.startfile(path)
                return
            command = "open" if sys.platform == "darwin" else "xdg-open"
            subprocess.Popen([command, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            self.console.print(f"Open it yourself: nothing here shows {path.suffix[1:].upper()} files.")

    def _summary(self, result: BatchResult) -> str:
        counts = result.counts
        if result.status == "refused":
            wrong = sum(problem.severity == "error" for problem in result.problems)
            return f"Nothing was made: {wrong:,} {'problem is' if wrong == 1 else 'problems are'} to be mended first."
        states = [entry.state for entry in result.certificates]
        replaced, again = states.count("replaced"), states.count("remade")
        told = [f"{counts.issued - again:,} {'to make' if result.dry_run else 'made'}"]
        if replaced:
            told[0] += f" ({replaced:,} in the place of others, which are cancelled)"
        if again:
            told.append(f"{again:,} made again with the same codes")
        if counts.unchanged:
            told.append(f"{counts.unchanged:,} already there and unchanged")
        if counts.restored:
            told[-1] += f" ({counts.restored:,} made again, as their files were gone)"
        if counts.not_awarded:
            told.append(f"{counts.not_awarded:,} not awarded")
        if counts.skipped:
            told.append(f"{people(counts.skipped)} left out")
        if counts.failed:
            told.append(f"{counts.failed:,} failed")
        return (
            ("Nothing was made, as this was a dry run. Certificates: " if result.dry_run else "Certificates: ")
            + ", ".join(told)
            + "."
        )

    def problems(self, problems: list[Problem]) -> None:
        """Errors before warnings, each with its place and remedy; what was told before is not told again."""
        for severity, heading in (("error", "To be mended"), ("warning", "To be looked at")):
            chosen = [p for p in problems if p.severity == severity and p not in self._told]
            if not chosen:
                continue
            self.console.print(heading, style="bold")
            self._told.update(chosen)
            self._problem_table(chosen)
            self.console.print()

    def _problem_table(self, problems: list[Problem]) -> None:
        from rich import box
        from rich.cells import cell_len
        from rich.table import Table
        from rich.text import Text

        headings = ("Where", "What is wrong", "How to mend it")
        rows = [tuple(map(printable, (place(p), p.message, p.hint))) for p in problems[:SHOWN]]
        natural = [max(map(cell_len, column)) for column in zip(headings, *rows, strict=True)]
        room = self.console.width - 8  # between the columns and at their ends
        first = min(natural[0], max(room * 3 // 10, 14))
        last = min(natural[2], max((room - first) // 2, room - first - natural[1]))
        widths = (first, min(natural[1], room - first - last), last)
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_lines=False, expand=False, pad_edge=False)
        for heading, width in zip(headings, widths, strict=True):
            table.add_column(heading, width=max(width, len(heading)), overflow="fold")
        for index, row in enumerate(rows):
            cells = (Text("\n".join(wrapped(cell, width))) for cell, width in zip(row, widths, strict=True))
            table.add_row(*cells, end_section=index < len(rows) - 1 and self.console.width < 100)
        self.console.print(table)
        self._more(len(problems))

    def _table(self, rows: list[tuple[str, ...]], most: int = SHOWN) -> None:
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2))
        for row in rows[:most]:
            grid.add_row(
                *(Text(f"  {printable(cell)}" if index == 0 else printable(cell)) for index, cell in enumerate(row))
            )
        self.console.print(grid)
        if len(rows) > most:
            self._more(len(rows))

    def _more(self, count: int) -> None:
        if count > SHOWN:
            self.console.print(f"  and {count - SHOWN:,} more; --json tells all of them")


_MEANINGS = {
    "name": "full name",
    "given": "given name",
    "family": "family name",
    "id": "ID",
    "email": "e-mail",
    "completed_on": "day of completion",
    "start": "first day",
    "end": "last day",
    "minutes": "minutes attended",
    "extra": "kept; layouts and awards can use it",
}


def _meaning(field: str) -> str:
    return _MEANINGS.get(field, field)


def how(fit: NameFit) -> str:
    """What was done to a name: "in two lines, 24 pt, set in NotoNaskhArabic"."""
    said = {"natural": "full size", "tightened": "set a little closer", "shrunk": "smaller", "small": "very small"}
    words = [said.get(fit.how, "in two lines"), f"{fit.size:.0f} pt"]
    if fit.lines > 1 and fit.how != "two lines":
        words.append(f"{fit.lines} lines")
    if fit.steps_in:
        words.append(f"set in {', '.join(face for face in fit.faces if face != fit.usual)}")
    return ", ".join(words)


def row(number: int) -> str:
    return f"row {number}" if number else "invented"


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def print_json(result: BatchResult) -> None:
    """The one object of ``--json``, in UTF-8, on standard output."""
    import msgspec

    data = {
        "version": 1,
        "status": result.status,
        "counts": result.counts,
        "certificates": result.certificates,
        "not_awarded": result.not_awarded,
        "problems": [{key: value(problem, key) for key in PROBLEM_KEYS} for problem in result.problems],
        "sheet": result.sheet.name if result.sheet else None,
    }
    sys.stdout.buffer.write(msgspec.json.encode(data) + b"\n")
    sys.stdout.buffer.flush()


def print_check(checked: Checked, report: Path | None) -> None:
    """The one object of ``check --json``."""
    import msgspec

    result = checked.result
    data = {
        "version": 1,
        "status": "ready" if checked.exit_code == 0 else "problems",
        "counts": result.counts,
        "plan": checked.plan,
        "roster": {"kind": checked.kind, "sheet": checked.sheet, "columns": checked.columns},
        "names": {"natural": len(checked.fits) - len(checked.unusual()), "others": checked.unusual()},
        "certificates": result.certificates,
        "not_awarded": result.not_awarded,
        "problems": [{key: value(problem, key) for key in PROBLEM_KEYS} for problem in result.problems],
        "report": str(report) if report else None,
    }
    sys.stdout.buffer.write(msgspec.json.encode(data, enc_hook=str) + b"\n")
    sys.stdout.buffer.flush()


PROBLEM_KEYS = ("severity", "file", "line", "key", "sheet", "cell", "row", "code", "message", "hint")


def value(problem: Problem, key: str) -> object:
    return getattr(problem, key)
