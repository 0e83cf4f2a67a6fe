"""Issued certificates as files for a printer: ``certgen print``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from certgen.cli.choosing import choices, chosen_from, counter, taken
from certgen.cli.keys import Office
from certgen.cli.records import many, print_json
from certgen.errors import ExitCode, Problem
from certgen.questions import Day, Tags
from certgen.telling import near, printable

if TYPE_CHECKING:
    from rich.console import Console

    from certgen.printing import Options, Plan, Printed
    from certgen.selection import Chosen

PAPERS = ("A4", "A3", "SRA3", "Letter")


class Millimetres(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Two lengths: "1.5,-2"."""

    name = "mm"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> tuple[float, float]:
        if isinstance(value, tuple):
            return value
        try:
            x, y = (float(part) for part in value.split(","))
        except ValueError:
            self.fail(f"“{value}” is not two numbers of millimetres, such as 1.5,-2.", param, context)
        if not (abs(x) <= 50 and abs(y) <= 50):
            self.fail(f"“{value}” is more than 50 mm.", param, context)
        return (x, y)


def _pdf(context: click.Context, option: click.Parameter, said: Path) -> Path:
    if said.suffix.casefold() != ".pdf":
        raise click.BadParameter(f"“{printable(str(said))}” does not end in .pdf.", context, option)
    return said


@click.command("print")
@choices
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("sheets.pdf"),
    show_default=True,
    callback=_pdf,
    help="The file for the printer.",
)
@click.option(
    "--pages",
    type=click.Choice(["certificate", "record", "all"]),
    default="certificate",
    show_default=True,
    help="Which pages.",
)
@click.option(
    "--profile",
    type=click.Choice(["office", "press"]),
    default="office",
    show_default=True,
    help="office: colours and pages as they are. press: PDF/X-4 for a printing house, with bleed and marks.",
)
@click.option(
    "--paper",
    type=click.Choice(PAPERS, case_sensitive=False),
    metavar="A4|A3|SRA3|Letter",
    help="Sheets that certificates are put on and cut from [each page on a sheet of its own size].",
)
@click.option(
    "--up", type=click.IntRange(1, 100), metavar="N", help="Certificates on a sheet [as many as there is room for]."
)
@click.option(
    "--gutter", type=click.FloatRange(0, 100), metavar="MM", help="Between certificates [twice the bleed of press]."
)
@click.option(
    "--margin", type=click.FloatRange(0, 100), metavar="MM", help="Of the sheet, kept free [press: 5, office: 0]."
)
@click.option("--fit", is_flag=True, help="Make certificates smaller where the sheet has no room for them otherwise.")
@click.option(
    "--duplex",
    type=click.Choice(["none", "long", "short"]),
    default="none",
    show_default=True,
    help="Printed on both sides, turned on that edge: the record behind its certificate.",
)
@click.option(
    "--order",
    type=click.Choice(["across", "stack"]),
    default="across",
    show_default=True,
    help="stack: the piles that are cut are in order when they are laid on one another.",
)
@click.option(
    "--sort",
    type=click.Choice(["family", "roster", "code"]),
    default="roster",
    show_default=True,
    help="family: by name as in a dictionary, family name first where it is known.",
)
@click.option("--language", "collation", type=Tags(), metavar="TAG", help="Whose dictionary [the certificates' own].")
@click.option("--separators", is_flag=True, help="A sheet before each group (--group) or language that says so.")
@click.option("--split", type=click.IntRange(1), metavar="N", help="A new file after so many sheets.")
@click.option("--marks/--no-marks", default=None, help="Where to cut, and what sheet it is [press: yes, office: no].")
@click.option("--preprinted", is_flag=True, help="For paper that carries border, ground and logos already.")
@click.option(
    "--offset", type=Millimetres(), default=(0.0, 0.0), metavar="X,Y", help="Shift to the right and up, in mm."
)
@click.option("--offset-back", type=Millimetres(), default=(0.0, 0.0), metavar="X,Y", help="The same for backs.")
@click.option("--proof", is_flag=True, help="Instead a contact sheet for somebody to check and sign.")
@click.option("--dated", type=Day(), metavar="DAY", help="The day that the file says [the last day of issue].")
@click.option("--replace", is_flag=True, help="Put the file in the place of one of the same name.")
@click.option("--dry-run", is_flag=True, help="Say what would be printed, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs (docs/printing.md).")
def print_(folder: Path | None, as_json: bool, dry_run: bool, **wish: Any) -> int:
    """Print issued certificates: one file for an office printer or a printing house.

    Which ones: a ROSTER that they were issued from, the manifest beside them, or flags that narrow it down. They are
    printed as they were issued, whatever course and layout say today. docs/printing.md says what to order where.
    """
    options = _options(wish)
    from certgen.printing import Run
    from certgen.selection import left_out

    choice = chosen_from(**wish)
    with counter(folder, choice) as here:
        chosen = taken(here, choice, quiet=as_json)
        left = left_out(here.problems)
        unknown = _site(here)

        with Run(here.registry, here.issuer, chosen, options, here.problems) as run:
            plan = run.plan
            if not dry_run:
                run.check()
            if not as_json:
                here.told()
                _plan(here.screen.console, plan, options, left, _by_whole_names(chosen, options))
                if unknown:
                    here.screen.console.print(
                        "Before these are handed out, see that the site knows them: certgen site check", style="dim"
                    )
            made: list[Printed] = []
            if not dry_run:
                with here.screen if not as_json else nullcontext():
                    made = list(run.make(here.screen.progress if not as_json else lambda done, total: None))
        if as_json:
            told = here.problems + ([unknown] if unknown else [])
            problems = [{"severity": p.severity, "code": p.code, "message": p.message, "hint": p.hint} for p in told]
            print_json({"plan": plan, "left_out": left, "files": made, "problems": problems})
        else:
            _summary(here.screen.console, made, plan)
        return ExitCode.PARTIAL if left or run.scheme.left_out else ExitCode.DONE


def _options(wish: dict[str, Any]) -> Options:
    """Takes print's own flags out of ``wish``; raises click.UsageError for flags that contradict each other."""
    from certgen.printing import Options

    names = set(Options.__struct_fields__) - {"grouped", "language"}
    options = Options(
        **{name: wish.pop(name) for name in list(wish) if name in names},
        language=wish.pop("collation"),
        grouped=bool(wish["group"]),
    )
    if options.paper is None and not options.proof:
        given = [name for name in ("up", "gutter", "margin") if getattr(options, name) is not None]
        given += ["fit"] * options.fit
        if given:
            raise click.UsageError(f"--{given[0]} needs --paper, such as --paper A3.")
    if options.proof and (options.split or options.separators or options.preprinted or options.duplex != "none"):
        raise click.UsageError("A proof has no --split, --separators, --preprinted or --duplex: it shows pages small.")
    if options.offset_back != (0.0, 0.0) and options.duplex == "none":
        raise click.UsageError("--offset-back needs --duplex long or short.")
    return options


def _site(here: Office) -> Problem | None:
    """That the verification site is not known to have what is handed out here: paper goes out later, so that is no
    warning. One is added where its list of cancellations is about to be too old."""
    from certgen import keys, site

    secret = keys.secret(here.folder, here.registry, [], create=False)
    if old := site.reminder(here.registry, here.issuer, date.today()):
        here.problems.append(old)
    return site.unpublished(here.registry, secret.value) if secret else None


def _by_whole_names(chosen: Sequence[Chosen], options: Options) -> str:
    """That those who are sorted by family name are not, or some of them; "" otherwise. A single word is its own."""
    if options.sort != "family":
        return ""
    whole = sum(one.family == one.name and " " in one.name for one in chosen)
    if not whole:
        return ""
    if not any(one.family != one.name for one in chosen):
        return "No column of family names: sorted by the whole name."
    return f"By family name; {whole:,} without one by the whole name."


# --- words -----------------------------------------------------------------------------------


def _plan(console: Console, plan: Plan, options: Options, left: int, order: str) -> None:
    """What is about to be printed. ``left``: how many of the roster are not; ``order``: what is to be known of it."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    sides = {
        "none": "",
        "long": ", both sides, turned on the long edge",
        "short": ", both sides, turned on the short edge",
    }
    rows = [("To print", many(plan.certificates) + _which(plan))]
    if left:
        rows.append(("Left out", f"{left:,}, told above"))
    files = f" in {plan.files:,} files of at most {plan.largest:,}" if plan.files > 1 else ""
    rows.append(("Sheets", f"{plan.sheets:,}{sides[plan.duplex]}{files}"))
    if options.proof:
        rows.append(("Paper", f"{plan.paper}, small pages to be checked and signed"))
    else:
        shown = list(dict.fromkeys((pile.sheet, pile.up, pile.size, pile.scale) for pile in plan.piles))
        for number, (sheet, up, size, scale) in enumerate(shown):
            words = f"{up} of {size} on {plan.paper} ({sheet})" if plan.paper else f"{sheet}, one page on each"
            words += f", made smaller to {scale:.0%}" if scale < 1 else ""
            rows.append(("Paper" if number == 0 else "", words))
        groups = [pile for pile in plan.piles if pile.label]
        if groups:
            told = ", ".join(f"{pile.label} {pile.certificates:,}" for pile in groups[:6])
            rows.append(("Groups", told + (f" and {len(groups) - 6:,} more" if len(groups) > 6 else "")))
    if order:
        rows.append(("Order", order))
    if plan.profile == "press" and not options.proof:
        bleed = f"{plan.bleed:g} mm of bleed" if plan.bleed else "no bleed"
        rows.append(
            ("Profile", f"press: PDF/X-4 for {plan.condition}, {bleed}, {'with' if plan.marks else 'no'} marks")
        )
    else:
        rows.append(("Profile", f"office: {plan.condition}{', with marks' if plan.marks else ''}"))
    for label, words in rows:
        grid.add_row(f"  {label}", Text(printable(words)))
    console.print(grid)


def _which(plan: Plan) -> str:
    """What of them is printed."""
    if plan.pages == "certificate":
        return ""
    if plan.pages == "record":
        return " (their course records)"
    if plan.records == plan.certificates:
        return " (with their records)"
    return f" ({plan.records:,} of them with their records)" if plan.records else " (there are no records of them)"


def _summary(console: Console, made: list[Printed], plan: Plan) -> None:
    if not made:
        console.print("Nothing was written, as this was a dry run.", style="bold")
        return
    for file in made[:SHOWN]:
        sheets = "1 sheet" if file.sheets == 1 else f"{file.sheets:,} sheets"
        console.print(
            f"{near(file.file)}: {sheets}, {many(file.certificates)}, {_size(file.size)}", style="bold", soft_wrap=True
        )
    if len(made) > SHOWN:
        console.print(f"  and {len(made) - SHOWN:,} more, to {near(made[-1].file)}")


SHOWN = 12


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(count // 1000, 1):,} KB"
