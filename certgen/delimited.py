"""Text to rows: CSV, TSV, and cells pasted from a spreadsheet. Strict: a wrong guess would print a wrong name.

Source: RFC 4180; Excel's own first line ``sep=;``.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from certgen.package import Limits, Refused, too_many_rows

Rows = list[list[str | None]]


def read(
    data: bytes, limits: Limits, encoding: str | None = None, delimiter: str | None = None
) -> tuple[Rows, int, frozenset[int]]:
    """The rows, how many lines stand above the first (0 or 1), and the numbers of rows that were cut short.

    A row is cut short when it has fewer cells than nearly all others. Raises :class:`Refused`.
    """
    text = decode(data, encoding)
    first, _, rest = text.partition("\n")
    declared = re.fullmatch(r"(?i)\"?sep=(.)\"?", first.strip("\r"))
    if '"' not in text and text.count("\n") > limits.rows + 1:
        raise too_many_rows(limits)  # at once
    rows: Rows = []
    count = 0
    cut = delimiter or (declared[1] if declared else find_delimiter(text))
    for record in _records(rest if declared else text, cut):
        count += len(record)
        if len(record) > limits.columns or count > limits.cells or len(rows) >= limits.rows:
            raise too_many_rows(limits)
        rows.append([value or None for value in record])
    top = 1 if declared else 0
    if not any(value and value.strip() for row in rows for value in row):
        raise Refused("empty-file", "The file has no text in it.", "Check that it is the right file, and saved.")
    short = _short(rows, top)
    width = max(map(len, rows), default=0)
    if width * len(rows) <= limits.cells:
        for row in rows:
            row.extend([None] * (width - len(row)))
    return rows, top, short


def _short(rows: Rows, top: int) -> frozenset[int]:
    lengths = Counter(len(row) for row in rows if any(row))
    usual, many = lengths.most_common(1)[0]
    if usual < 2 or many * 2 < lengths.total():
        return frozenset()
    return frozenset(top + i + 1 for i, row in enumerate(rows) if len(row) < usual and any(row))


_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")  # hardly in any text, whatever its encoding
_ADVICE = "In Excel choose File > Save As > “CSV UTF-8 (comma delimited)”, or save as .xlsx."


def decode(data: bytes, encoding: str | None) -> str:
    """The text. What cannot be decoded is told with its line, and with how it would read as Windows-1252."""
    if encoding is None:
        for mark, encoded in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's, so it comes first
            (codecs.BOM_UTF32_BE, "utf-32"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if data.startswith(mark):
                encoding = encoded
                break
    head = data[:2000]
    if encoding is None and head.count(b"\0") * 3 > len(head):
        wide = "32" if head.count(b"\0") * 3 > 2 * len(head) else "16"
        order = "be" if head.startswith(b"\0") else "le"
        raise Refused(
            "encoding",
            f"The text is in UTF-{wide} and does not say so.",
            f"{_ADVICE} Or add --encoding utf-{wide}-{order}.",
        )
    if encoding is None and re.search(rb"\x1b[$(]", head):
        hint = f"{_ADVICE} Or add --encoding iso-2022-jp."
        raise Refused("encoding", "The text is in ISO-2022 (an encoding of e-mail), not in UTF-8.", hint)
    try:
        codecs.lookup(encoding or "utf-8")
        text = data.decode(encoding or "utf-8")
    except (LookupError, ValueError) as error:
        if not isinstance(error, UnicodeDecodeError):
            message = f"“{encoding}” is not a known encoding."
            raise Refused("encoding", message, "Try utf-8 or windows-1252.") from None
        line = data.count(b"\n", 0, error.start) + 1
        if encoding is not None:
            raise Refused(
                "encoding", f"Row {line} is not in {encoding}.", f"Try another --encoding. {_ADVICE}", line
            ) from None
        if len(_CONTROLS.findall(head)) * 20 > len(head):
            message = "This is neither a spreadsheet nor a text, whatever its name says."
            raise Refused("not-a-spreadsheet", message, "Check that it is the right file; ask for it again.") from None
        start = data.rfind(b"\n", 0, error.start) + 1
        broken = data[start : start + 200].split(b"\n")[0].decode("cp1252", "replace").strip()
        raise Refused(
            "encoding",
            f"Row {line} is not in UTF-8. Read as Windows-1252, the line would say “{broken[:80]}”.",
            f"If that is right, add --encoding windows-1252. Otherwise: {_ADVICE[0].lower()}{_ADVICE[1:]}",
            line,
        ) from None
    # Joined files carry marks inside; a mark at the start of a line is never part of a name.
    return re.sub(r"(?m)^\ufeff+", "", text) if "\ufeff" in text else text


def find_delimiter(text: str) -> str:
    """Comma, semicolon, tab or bar: the one that cuts the first records most evenly. Raises where two do."""
    sample = text[:20_000]
    whole = len(sample) == len(text)
    even: dict[str, tuple[float, int]] = {}
    for delimiter in ";\t,|":
        try:
            records = [record for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if record]
        except csv.Error:
            continue
        records = records[: 50 if whole else -1][:50]
        widths = [len(record) for record in records]
        width = max(set(widths), key=lambda w: (widths.count(w), w)) if widths else 1
        if width > 1:
            even[delimiter] = (widths.count(width) / len(widths), width)
    best = max((evenness for evenness, _ in even.values()), default=0)
    found = [delimiter for delimiter, (evenness, _) in even.items() if evenness == best]
    if len(found) > 1 and "," in found and re.search(",[^ \r\n]", sample) is None:
        found.remove(",")  # every comma has a space after it, as in a sentence or in “Pérez, Ana”
    if len(found) > 1:
        widest = max(even[delimiter][1] for delimiter in found)
        found = [delimiter for delimiter in found if even[delimiter][1] == widest]
    if len(found) > 1:
        said = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}
        raise Refused(
            "unclear-delimiter",
            f"The columns may be cut by {' or by '.join(said[delimiter] for delimiter in found)}.",
            f'Say which, such as --delimiter "{found[0]}", or save the roster as .xlsx.',
        )
    return found[0] if found else ","


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Every record, blank ones as empty lists: Excel counts each as one row, line breaks in quotes or not."""
    # An open quotation mark would swallow the rest of the file. A last line of our own shows whether it did.
    sentinel = "certgen: end"
    end = sentinel if text.endswith(("\n", "\r")) or not text else f"\n{sentinel}"
    lines = chain((line[0] for line in _LINE.finditer(text)), end.splitlines(keepends=True))
    reader = csv.reader(lines, delimiter=delimiter)
    row = 0
    previous: list[str] | None = None
    try:
        for record in reader:
            if previous is not None:
                yield previous
            row += 1
            previous = record
    except csv.Error:
        raise Refused(
            "too-long",
            f"Row {row + 1} has a cell of more than {csv.field_size_limit():,} characters.",
            "Look for a quotation mark that is opened and never closed.",
            row + 1,
        ) from None
    if previous != [sentinel]:
        raise Refused(
            "open-quote",
            f"A quotation mark in row {row} is opened and never closed, so the rest of the file is one cell.",
            "Close or remove it, or save the roster as .xlsx.",
            row,
        )
