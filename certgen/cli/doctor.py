"""Is all well: doctor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from certgen.cli.records import as_json, in_folder, print_json
from certgen.errors import ExitCode
from certgen.screen import Screen
from certgen.telling import printable

if TYPE_CHECKING:
    from rich.console import Console

    from certgen.doctor import Finding


@click.command()
@click.option("--quick", is_flag=True, help="Do not read every certificate's file.")
@as_json
@in_folder
def doctor(quick: bool, as_json: bool, folder: Path | None) -> int:
    """Look whether all is well: registry, files, secret, keys, backup, site, clock, fonts.

    Nothing is changed. Ends with 6 when something is wrong; what only asks for attention does not count.
    """
    from certgen.doctor import examine

    found = list(examine(folder or Path.cwd(), datetime.now(UTC), files=not quick))
    wrong = any(finding.mark == "wrong" for finding in found)
    if as_json:
        print_json({"status": "wrong" if wrong else "ok", "findings": found})
    else:
        with Screen(ask=False) as screen:
            for finding in found:
                _line(screen.console, finding)
            _summary(screen.console, found)
    return ExitCode.REGISTRY if wrong else ExitCode.DONE


_SIGNS = {"ok": ("✓", "green"), "attention": ("!", "yellow"), "wrong": ("✗", "bold red")}


def _line(console: Console, finding: Finding) -> None:
    from rich.table import Table
    from rich.text import Text

    sign, style = _SIGNS[finding.mark]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, width=9)
    grid.add_column(overflow="fold")
    words = Text(printable(finding.words), style="bold" if finding.mark == "wrong" else "")
    if finding.hint:
        words.append(f"\n{printable(finding.hint)}", "not bold dim")
    grid.add_row(Text(sign, style=style), Text(finding.what, style="dim"), words)
    console.print(grid)


def _summary(console: Console, found: list[Finding]) -> None:
    wrong, attention = (sum(finding.mark == mark for finding in found) for mark in ("wrong", "attention"))
    things = "1 thing" if attention == 1 else f"{attention} things"
    more = f" {things} to look at." if attention else ""
    console.print()
    if wrong:
        console.print(f"{'1 thing is' if wrong == 1 else f'{wrong} things are'} wrong.{more}", style="bold red")
    else:
        console.print(f"Nothing is wrong.{more}", style="bold")
