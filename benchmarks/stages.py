"""Where a certificate's microseconds go: each step called by itself, over the same people, in one process.

The steps are certgen's own functions; nothing in certgen knows that it is timed. What stands in for an object stands
in for one that the benchmark itself has made.
"""

from __future__ import annotations

import tempfile
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from certgen import codes, fields, layout, output, roster, workbook
from certgen import course as courses
from certgen import credential as credentials
from certgen.compose import Blank, Studio
from certgen.errors import Problem, has_errors
from certgen.font import FontBook
from certgen.sealing import Sealer
from certgen.signing import SigningKey
from certgen.status import place as entry_of

REPEATS = 3
PEOPLE = 2000


class Timed:
    """Stands in for an object; adds up the seconds spent in one of its methods and keeps the arguments of the calls."""

    def __init__(self, real: Any, method: str) -> None:
        self._real, self._method = real, method
        self.seconds = 0.0
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name != self._method:
            return found

        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            result = found(*arguments, **named)
            self.seconds += time.perf_counter() - start
            self.calls.append(arguments)
            return result

        return timed


def best(step: Callable[[Any], object], items: Iterable[Any]) -> tuple[float, list[Any]]:
    """The least seconds of some passes over the items, and the last pass's results."""
    items, least, results = list(items), float("inf"), []
    for _ in range(REPEATS):
        start = time.perf_counter()
        results = [step(item) for item in items]
        least = min(least, time.perf_counter() - start)
    return least, results


def stages(path: Path, where: Path | None = None) -> list[str]:
    """The table of stages for a roster of the benchmark's course, as Markdown; files are written in ``where``."""
    problems: list[Problem] = []
    once: list[tuple[str, float]] = []

    def timed(what: str, step: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = step()
        once.append((what, time.perf_counter() - start))
        return result

    course = courses.load_course(path.parent / "course.toml", problems)
    issuer = courses.load_issuer(path.parent / "issuer.toml", problems)
    assert course and issuer and course.issued
    book = timed("read the workbook", lambda: workbook.read(path, problems))
    people = timed("understand the roster", lambda: roster.recipients(book, course, problems)).recipients[:PEOPLE]
    design = layout.load(course.layout, problems)
    assert design
    secret = credentials.load_secret(path.parent, problems, create=True)
    assert secret and not has_errors(problems), problems
    language = course.languages[0]
    varying = [each for each in design.conditions() if fields.varies(each)]

    count = len(people)
    per_row = sum(seconds for _, seconds in once) / count
    rows: list[tuple[str, float]] = [("read the workbook and understand its rows", per_row * count)]
    decide, awards = best(lambda person: credentials.decide(person, course), people)
    mint, made = best(lambda person: credentials.mint(person, course, issuer, 0, language, secret), people)
    rows += [("decide which award", decide), ("mint: code, dates, address", mint)]
    assert all(award == 0 for award in awards)
    sealer = Sealer(course, issuer, SigningKey(bytes(32)))
    entries = {each.code: entry_of(serial, secret) for serial, each in enumerate(made)}
    sealer.seal(made[0], entries[made[0].code])  # canonical forms on first use
    sign, payloads = best(lambda each: sealer.url(each, entries[each.code]), made)
    tell, badges = best(lambda each: sealer.badges.sign(each, entries[each.code]), made)
    rows += [("the QR code's payload, signed", sign), ("the Open Badge, two proofs", tell)]
    given = [arguments(*each) for each in zip(made, payloads, badges, strict=True)]

    find = credentials.lookup(made[0])
    present = frozenset(each for each in varying if find(each) not in (None, "", ()))
    issued = course.issued
    studio = timed("studio", lambda: Studio(design, course, issuer, FontBook(), issued))
    blank = timed("compose the blank", lambda: studio.blank(language, 0, present, problems))
    assert blank is not None, problems
    blank.fill(credentials.lookup(made[0]), **given[0])  # tables and fonts on first use

    symbol, _ = best(blank.symbols.payload, payloads)
    whole, plate, digest, fillings, tails = fill_all(blank, made, given)
    rows.append(("look up, format, shape and fit the texts", whole - symbol - plate - digest))
    rows.append(("QR symbol, mask chosen among eight, as a path", symbol))
    content = [content_of(blank.plate.prefix + tail) for tail in tails[:20]]
    deflate = best(lambda data: zlib.compress(data, 1), content)[0] / len(content) * count
    rows.append(("PDF: content, metadata, cross-references", plate - deflate))
    rows.append(("PDF: deflate", deflate))
    rows.append(("SHA-256 of the file, from the prefix's saved state", digest))
    assert len(fillings) == count

    with tempfile.TemporaryDirectory(dir=where) as folder, output.staging(Path(folder)) as place:
        tray = output.Tray(folder, place)
        names = [f"{number}.pdf" for number in range(count)]
        start = time.perf_counter()
        for name, tail in zip(names, tails, strict=True):
            tray.lay(name, blank.plate.prefix, tail)
        laid = time.perf_counter()
        for name in names:
            tray.hand_over(name)
        rows += [
            ("compare with what is there, write a new file", laid - start),
            ("put it in its place", time.perf_counter() - laid),
        ]

    size = len(blank.plate.prefix)
    tail_size = sum(map(len, tails)) / count
    lines = ["| stage | µs |", "| --- | ---: |"]
    lines += [f"| {what} | {seconds / count * 1e6:,.1f} |" for what, seconds in rows]
    lines.append(f"| **all** | **{sum(seconds for _, seconds in rows) / count * 1e6:,.1f}** |")
    lines += ["", f"A file is {size:,} bytes of blank and {tail_size:,.0f} of its own. Composing the blank takes "]
    lines[-1] += f"{once[-1][1] + once[-2][1]:.2f} s, once."
    return lines


def arguments(made: Any, url: str, badge: bytes) -> dict[str, Any]:
    """What a blank is given beside the fields."""
    return {"url": url, "code_url": made.url, "identifier": codes.grouped(made.code), "attachment": badge}


def fill_all(
    blank: Blank, made: list[Any], given: list[dict[str, Any]]
) -> tuple[float, float, float, list[Any], list[bytes]]:
    """Seconds for filling, of those for the plate and for the digest, in the quickest pass; the fillings; the tails.

    A blank remembers texts that repeat, so each pass has a fresh one, as a worker has.
    """
    import pickle

    frozen = pickle.dumps(blank)
    passes = []
    for _ in range(REPEATS):
        fresh: Any = pickle.loads(frozen)
        fresh.fill(credentials.lookup(made[0]), **given[0])
        fill = Timed(fresh.plate, "fill")
        fresh.plate = fill
        start = time.perf_counter()
        filled = [
            fresh.fill(credentials.lookup(each), **arguments_of) for each, arguments_of in zip(made, given, strict=True)
        ]
        whole = time.perf_counter() - start
        tails = [each.tail for each in filled]
        digest, _ = best(blank.plate.digest, tails)
        passes.append((whole, fill.seconds, digest, fill.calls, tails))
    return min(passes, key=lambda each: each[0])


def content_of(pdf: bytes) -> bytes:
    """The first page's content streams, decoded."""
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        contents: Any = document.pages[0].obj.Contents
        streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        return bytes(streams[-1].read_bytes())
