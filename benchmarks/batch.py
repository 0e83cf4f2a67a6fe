"""python -m benchmarks.batch: certgen against a plain script and the fastest peer, in the same run.

Contestants take turns (A B C A B C ...), each turn in a process of its own, so that whatever else
the machine does meets all of them; rates are medians of the rounds. One file of each is verified
before anything is timed. Prints Markdown; ``--write`` puts it into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks import page
from benchmarks.memory import MEBIBYTE, Watch
from certgen import codes as certificate_codes
from certgen.payload import unseal

ROOT = Path(__file__).resolve().parent.parent
CONTESTANTS = ("plain", "split", "split_form", "page", "certgen", "floor")
OURS = ("page", "certgen")
FEW = 3  # people of the roster whose run shows what certgen does before and after per-person work
TITLES = {
    "plain": "plain: ReportLab and qrcode",
    "split": "fastest peer: one document, split by pikepdf",
    "split_form": "the same with all that is fixed in one form and image symbols",
    "page": "**certgen**, the page alone: not signed, not recorded",
    "certgen": "**certgen**: signed, badge inside, recorded, durable, to the manifest",
    "floor": "the floor: only writing new files of that size",
    "all": "**certgen**: all that grows with the roster, from reading it on",
}


class Turn(NamedTuple):
    """What one turn showed. Seconds; bytes."""

    rate: float  # certificates a second, once per-person work is under way
    first: float  # from the start of the process to the first file
    whole: float  # from the start of the process to its end
    processor: float  # seconds of processor time a certificate; of the first process only
    memory: int  # peak resident bytes, all processes together; 0 is not known
    size: float  # mean bytes of a file


class Field(NamedTuple):
    """Where the contestants meet."""

    rosters: dict[int, Path]  # number of people -> roster of a course folder
    out: Path
    size: int = 0  # bytes of the floor's files


def launch(field: Field, contestant: str, rows: tuple[int, int], jobs: int) -> tuple[float, subprocess.Popen[str]]:
    """Starts a turn's process; returns the instant beside it."""
    asked: dict[str, Any] = {"contestant": contestant, "rows": rows, "out": str(field.out / contestant), "jobs": jobs}
    asked["size"] = field.size
    if contestant in OURS:
        asked["roster"] = str(field.rosters[rows[1]])
    else:
        asked["pictures"] = str(next(iter(field.rosters.values())).parent)
    command = [sys.executable, "-m", "benchmarks.turn", json.dumps(asked)]
    started = time.time()
    return started, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")


def take(field: Field, contestant: str, count: int, jobs: int = 1) -> Turn:
    """One turn. A peer's share of the cores is one process each; certgen starts its own."""
    empty(field.out)
    for path in field.rosters.values():
        fresh(path.parent)
    shares = 1 if contestant in OURS else jobs
    edges = [round(count * i / shares) for i in range(shares + 1)]
    running = [launch(field, contestant, (a, b), jobs) for a, b in pairwise(edges)]
    told = []
    with Watch(process.pid for _, process in running) as watch:
        for _, process in running:
            output, _ = process.communicate(timeout=1200)
            if process.returncode:
                sys.exit(f"{contestant} failed")
            told.append(json.loads(output.splitlines()[-1]))
        ended = time.time()
    files = sum(each["files"] for each in told)
    if files != count:
        sys.exit(f"{contestant} made {files} of {count} files")
    span = max(each["last"] for each in told) - min(each["began"] for each in told)
    sizes = [path.stat().st_size for path in field.out.rglob("*.pdf")]
    return Turn(
        rate=count / span,
        first=min(each["first"] for each in told) - running[0][0],
        whole=ended - running[0][0],
        processor=sum(each["processor"] for each in told) / count,
        memory=watch.peak or 0,
        size=sum(sizes) / len(sizes),
    )


def empty(folder: Path) -> None:
    """Removes the files of the last turn: every contestant writes new files."""
    if folder.exists():
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def fresh(academy: Path) -> None:
    """Nothing has been issued yet: what was is left alone by certgen the second time."""
    for path in (*academy.glob("certgen.*"), *academy.glob("keys/*")):
        path.unlink()
    issuer = academy / "issuer.toml"
    lines = issuer.read_text(encoding="utf-8").splitlines(keepends=True)
    issuer.write_text("".join(line for line in lines if not line.startswith("key = ")), encoding="utf-8")


def verify(field: Field, contestant: str) -> float:
    """Reads one file back: its name, its QR code, the code in words. Returns the mean size of a file."""
    import pypdfium2
    import zxingcpp

    turn = take(field, contestant, FEW)
    made = sorted(field.out.rglob("*.pdf"))
    document = pypdfium2.PdfDocument(made[0])
    text = " ".join(document[0].get_textpage().get_text_range().split())
    codes = zxingcpp.read_barcodes(document[0].render(scale=150 / 72).to_pil())
    if len(made) != FEW or not any(name in text for name in page.people(FEW)):
        sys.exit(f"{contestant}: no name in {text!r}")
    if [code.text[: len(page.VERIFY)] for code in codes] != [page.VERIFY]:
        sys.exit(f"{contestant}: its QR code says {[code.text for code in codes]}")
    printed = re.sub("[^0-9A-Z]", "", text)
    said = codes[0].text.removeprefix(page.VERIFY)
    if contestant == "certgen":  # the code is within what was signed
        claims = unseal(said, {}).claims
        said = (claims and certificate_codes.text(claims.credential)) or "unreadable"
    if said[: certificate_codes.LENGTH] not in printed:
        sys.exit(f"{contestant}: the code in words is not the one in the QR code")
    return turn.size


def compare(field: Field, counts: dict[str, int], rounds: int, jobs: int) -> dict[str, list[Turn]]:
    """Interleaved turns: contestant -> its turns."""
    turns: dict[str, list[Turn]] = {name: [] for name in counts}
    for number in range(rounds):
        for name, count in counts.items():
            turns[name].append(take(field, name, count if name in (*OURS, "floor") else count * jobs, jobs))
            print(f"  round {number + 1}, {jobs} at once, {name}: {turns[name][-1].rate:,.0f}/s", file=sys.stderr)
        if "certgen" in counts:
            ours = turns["certgen"][-1]
            rest = take(field, "certgen", FEW, jobs)
            rate = (counts["certgen"] - FEW) / (ours.whole - rest.whole)
            turns.setdefault("all", []).append(ours._replace(rate=rate, first=rest.whole, processor=0.0))
            print(f"  round {number + 1}, {jobs} at once, certgen with all: {rate:,.0f}/s", file=sys.stderr)
    return turns


def mid(turns: Sequence[Turn], key: str) -> float:
    """The median of a figure over the rounds."""
    return float(median(getattr(turn, key) for turn in turns))


def mebibytes(size: float) -> str:
    """Memory in words; a dash where the system does not tell."""
    return f"{size / MEBIBYTE:,.0f} MiB" if size else "–"


def microseconds(seconds: float) -> str:
    """Processor time in words; a dash where it was not taken."""
    return f"{seconds * 1e6:,.0f}" if seconds else "–"


def table(one: dict[str, list[Turn]], many: dict[str, list[Turn]], jobs: int) -> list[str]:
    """The comparison as Markdown."""
    lines = [
        f"| | certificates/s, one core | {jobs} cores | x plain | x fastest peer | processor µs each | bytes a file "
        f"| peak memory, one core | {jobs} cores | seconds to the first file |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in (each for each in TITLES if each in one):
        turns = one[name]
        rate, cores = mid(turns, "rate"), mid(many[name], "rate")
        memory = [mebibytes(mid(each, "memory")) for each in (turns, many[name])]
        lines.append(
            f"| {TITLES[name]} | {rate:,.0f} | {cores:,.0f} | {rate / mid(one['plain'], 'rate'):.1f} "
            f"| {rate / mid(one['split'], 'rate'):.1f} | {microseconds(mid(turns, 'processor'))} "
            f"| {mid(turns, 'size'):,.0f} | {memory[0]} | {memory[1]} "
            f"| {mid(turns, 'first'):.2f} |"
        )
    return lines


def large(field: Field, sizes: Sequence[int], jobs: int) -> list[str]:
    """certgen from workbook to files and manifest, at several sizes of roster."""
    lines = ["| people | processes | seconds, from start to end | certificates/s, all told | peak memory |"]
    lines.append("| ---: | ---: | ---: | ---: | ---: |")
    for count in sizes:
        for processes in (1, jobs):
            turn = take(field, "certgen", count, processes)
            lines.append(
                f"| {count:,} | {processes} | {turn.whole:.1f} | {count / turn.whole:,.0f} | {mebibytes(turn.memory)} |"
            )
            print("  " + lines[-1], file=sys.stderr)
    return lines


def machine() -> str:
    """The machine and the libraries, in a line."""
    from importlib.metadata import version

    libraries = ("reportlab", "qrcode", "zxing-cpp", "pikepdf", "uharfbuzz")
    named = ", ".join(f"{name} {version(name)}" for name in libraries)
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, {named}"
    )


def write(text: str, marker: str = "benchmark") -> None:
    """Puts the figures between the markers of docs/performance.md."""
    path = ROOT / "docs" / "performance.md"
    old = path.read_text(encoding="utf-8")
    between = rf"(?s)(<!-- {marker} -->\n).*?(<!-- /{marker} -->)"
    new = re.sub(between, lambda m: m[1] + text + "\n" + m[2], old)
    path.write_text(new, encoding="utf-8", newline="\n")


def main() -> None:
    """Runs what the options ask for and prints Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant (default 5)")
    parser.add_argument("--count", type=int, default=2000, help="certificates of certgen's turns (default 2000)")
    parser.add_argument("--peer-count", type=int, default=600, help="certificates of the fastest peers' turns")
    parser.add_argument("--plain-count", type=int, default=40, help="certificates of the plain script's turns")
    parser.add_argument("--large", type=int, default=10000, help="people of the large roster; 0 leaves it out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cores for the second half")
    parser.add_argument("--folder", type=Path, help="where files are written (default: the system's temporary folder)")
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=CONTESTANTS, help="contestants")
    parser.add_argument("--no-stages", action="store_true", help="leave the table of stages out")
    parser.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    options = parser.parse_args()
    every = {"plain": options.plain_count, "split": options.peer_count, "split_form": options.peer_count}
    every["certgen"] = every["page"] = options.count
    every["floor"] = options.count
    counts = {name: count for name, count in every.items() if name in {*options.only, "plain", "split"}}
    parts = [f"`{' '.join(['python -m benchmarks.batch', *sys.argv[1:]])}` on {machine()}:", ""]
    with tempfile.TemporaryDirectory(prefix="certgen-benchmark-", dir=options.folder) as temporary:
        folder = Path(temporary)
        sizes = {FEW, options.count, *([2000, options.large] if options.large else [])}
        field = Field({n: page.make_course(folder / f"course-{n}", n) for n in sorted(sizes)}, folder / "certificates")
        found = {name: verify(field, name) for name in counts if name != "floor"}
        field = field._replace(size=round(found.get("certgen", found["split"])))
        one = compare(field, counts, options.rounds, 1)
        # Starting processes takes half a second: on all cores, a roster that is worth it.
        crowd = {name: max(options.large, options.count) for name in counts if name in (*OURS, "floor")}
        many = compare(field, {**counts, **crowd}, options.rounds, options.jobs)
        parts += table(one, many, options.jobs)
        if "certgen" in counts:
            if options.large:
                parts += ["", "From a workbook to files and manifest:", ""]
                parts += large(field, (2000, options.large), options.jobs)
            if not options.no_stages:
                from benchmarks.stages import stages

                parts += [
                    "",
                    "Microseconds a certificate, by stage, one core:",
                    "",
                    *stages(field.rosters[options.count]),
                ]
    text = "\n".join(parts)
    print(text)
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
