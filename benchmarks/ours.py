"""certgen's turn: ``certgen batch`` itself, without the terminal.

Per-person work begins when the blanks are composed (the plan is told then) and ends with the manifest. All files of a
batch are put in place together at its end; the first file is the first that lies finished in the staging folder. The
sheet with codes and files is left out (``--no-sheet``): no other contestant writes one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.turn import Clock
from certgen import batch, intake
from certgen.errors import Problem


class Watch(intake.Nobody):
    """Tells the clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def plan(self, plan: intake.Plan, problems: list[Problem]) -> None:
        self.clock.begin()

    def progress(self, done: int, total: int) -> None:
        if done:
            self.clock.done()


def take_turn(asked: dict[str, Any], clock: Clock) -> None:
    """Makes all certificates of the roster; exits with its problems unless every one was made."""
    options = intake.Options(
        roster=Path(asked["roster"]), out=Path(asked["out"]), jobs=asked["jobs"], issued_sheet=False
    )
    result = batch.run(options, Watch(clock))
    clock.done()
    clock.files = result.counts.issued
    if result.status != "done" or result.counts.issued != result.counts.recipients:
        told = "\n".join(f"{problem.message} {problem.hint}" for problem in result.problems)
        sys.exit(f"certgen: {result.status}, {result.counts}\n{told}")
