"""certgen's turn: ``certgen batch`` itself, without the terminal.

Per-person work begins when the blanks are composed (the plan is told then) and ends with the manifest. All files of a
batch are put in place together at its end; the first file is the first that lies finished in the staging folder. The
sheet with codes and files is left out (``--no-sheet``): no other contestant writes one.

:func:`take_page_turn` does what the peers do and no more: it draws the page and writes the file, with QR codes of the
same size that nobody has signed.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import Any

from benchmarks import page
from benchmarks.turn import Clock
from certgen import batch, codes, intake, output, press
from certgen import credential as credentials
from certgen.errors import Problem
from certgen.sealing import Sealed
from certgen.status import Place


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


class Unsigned:
    """Stands where a sealer does, and signs nothing."""

    def __init__(self) -> None:
        self.badge = b'{"stands":"where a badge would"}'
        self.packed = zlib.compress(self.badge)

    def seal(self, credential: Any, place: object) -> Sealed:
        payload = credential.code + page.payload(0)[len(credential.code) :]
        return Sealed(payload, page.VERIFY + payload, self.badge, self.packed)


def take_page_turn(asked: dict[str, Any], clock: Clock) -> None:
    """Fills and writes all pages of the roster; nothing is signed, recorded or synced."""
    out = Path(asked["out"])
    work = batch.Batch(intake.Options(roster=Path(asked["roster"]), out=out, jobs=asked["jobs"]))
    if not work.read(intake.Nobody()):
        sys.exit("certgen: the roster cannot be read")
    work.decide()
    work.secret = bytes(32)
    work.compose()
    clock.begin()
    with output.staging(out) as staged:
        tray = output.Tray(str(out), staged)
        sealer: Any = Unsigned()
        tools = press.Press(tuple(blank for blank in work.blanks if blank), tray, sealer)
        sheets = []
        for job in work.jobs:
            made = credentials.mint(job.recipient, work.course, work.issuer, job.award, job.language, work.secret)
            name = output.file_stem(f"{job.recipient.name}-{codes.grouped(made.code)}", made.code) + ".pdf"
            sheets.append(press.Sheet(made, Place(0, 0), job.blank, name))
        for piece in press.run(tools, sheets, len(sheets), asked["jobs"]):
            clock.files += sum(isinstance(each, press.Made) for each in piece) - 1
            clock.done()
        for sheet in sheets:
            tray.hand_over(sheet.file)
    files = clock.files
    clock.done()
    clock.files = files
