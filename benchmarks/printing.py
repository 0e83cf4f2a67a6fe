"""python -m benchmarks.printing: certificates that were issued, as one file for a printer.

A course is issued once, without being timed; then each turn prints all of it, in a process of its own, as ``certgen
print`` does for an office's printer: rows read from the registry, everybody's pages set again, one file. A turn's rate
is that of the certificates once the first is on its sheet; the whole time has all that comes before, and the fonts at
the end. Prints Markdown; ``--write`` puts it into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import date
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import page
from benchmarks.batch import ROOT, machine, write
from benchmarks.memory import MEBIBYTE, Watch
from certgen import batch, intake
from certgen.errors import Problem
from certgen.registry import Registry

_PIECE = 200


def issue(folder: Path, count: int) -> Path:
    """An academy that has issued so many certificates."""
    roster = page.make_course(folder / f"course-{count}", count)
    out = folder / "certificates"
    done = batch.run(intake.Options(roster=roster, out=out, issued_sheet=False), intake.Nobody())
    if done.counts.issued != count:
        sys.exit(f"{done.counts.issued} of {count} certificates were issued")
    for path in out.rglob("*.pdf"):
        path.unlink()
    return roster.parent


def take_turn(academy: Path, out: Path) -> dict[str, float]:
    """Prints all certificates of an academy, each on a sheet of its own."""
    from certgen.font import FontBook
    from certgen.pdf.job import Boxes, Job, Part
    from certgen.printing.filling import Fillings

    began = time.perf_counter()
    processor = 0.0
    problems: list[Problem] = []
    registry = Registry.open(academy, problems)
    if registry is None:
        sys.exit(problems[0].message)
    serials = [held.serial for held in registry.all()]
    first = 0.0
    with (
        registry,
        Fillings(registry) as fillings,
        out.open("wb") as file,
        Job(file, FontBook(), title="Certificates", dated=date(2026, 4, 10)) as job,
    ):
        pieces = (registry.get(serials[at : at + _PIECE]) for at in range(0, len(serials), _PIECE))
        for forme, filling in fillings.of(chain.from_iterable(pieces), job):
            size = forme.pages[0]
            job.sheet(Boxes((0, 0, size.width, size.height)), [Part(forme, 0, filling)])
            if not first:
                first, processor = time.perf_counter(), time.process_time()
        last, processor = time.perf_counter(), time.process_time() - processor
    ended = time.perf_counter()
    return {
        "rate": (len(serials) - 1) / (last - first),
        "processor": processor / (len(serials) - 1),
        "first": first - began,
        "whole": ended - began,
        "bytes": out.stat().st_size,
    }


def turn(academy: Path, out: Path) -> dict[str, Any]:
    """A turn in a process of its own, with its peak of memory."""
    command = [sys.executable, "-m", "benchmarks.printing", "--turn", str(academy), str(out)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")
    with Watch([process.pid]) as watch:
        told, _ = process.communicate(timeout=600)
    if process.returncode:
        sys.exit("a turn failed")
    return {**json.loads(told), "memory": watch.peak or 0}


def table(counts: list[int], rounds: int, folder: Path) -> list[str]:
    lines = [
        "| certificates | certificates/s, one core | processor µs each | seconds, from start to end "
        "| seconds to the first | MB | bytes each | peak memory, MiB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for count in counts:
        academy = issue(folder, count)
        turns = [turn(academy, folder / "sheets.pdf") for _ in range(rounds)]
        rate, processor, whole, first, size, memory = (
            median(each[key] for each in turns) for key in ("rate", "processor", "whole", "first", "bytes", "memory")
        )
        cells = (f"{count:,}", f"{rate:,.0f}", f"{processor * 1e6:,.0f}", f"{whole:.1f}", f"{first:.2f}")
        lines.append(
            "| " + " | ".join([*cells, f"{size / 1e6:.1f}", f"{size / count:,.0f}", f"{memory / MEBIBYTE:,.0f}"]) + " |"
        )
        print("  " + lines[-1], file=sys.stderr)
    return lines


def main() -> None:
    """Runs what the options ask for and prints Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.printing", description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, nargs="+", default=[1000, 10000], help="certificates (default 1000 10000)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default 3)")
    parser.add_argument("--folder", type=Path, help="where files are written (default: the system's temporary folder)")
    parser.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    parser.add_argument("--turn", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turn:
        print(json.dumps(take_turn(*options.turn)))
        return
    with tempfile.TemporaryDirectory(prefix="certgen-benchmark-", dir=options.folder) as temporary:
        lines = table(options.count, options.rounds, Path(temporary))
    text = "\n".join([f"`{' '.join(['python -m benchmarks.printing', *sys.argv[1:]])}` on {machine()}:", "", *lines])
    print(text)
    if options.write:
        write(text, "printing")


if __name__ == "__main__":
    main()
