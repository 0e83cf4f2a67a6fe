"""The collection of rosters beside the checkout, and what becomes of each file: ``python -m tests.collection`` reports.

INDEX.tsv says of each file what a good reader should do with it. Here that is compared with what certgen does;
where the two differ, :data:`OTHERWISE` says why. The report is a part of docs/reliability.md.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from certgen.errors import Problem
from certgen.roster import Reading, open_roster, recipients

ROOT = Path(__file__).resolve().parent.parent
MARKS = ("<!-- collection -->\n", "<!-- /collection -->\n")

CODES = {
    "encrypted": {"password"},
    "corrupt": {"damaged-file", "empty-file", "reader-failed", "too-much-memory", "stray-cell", "too-large"},
    "empty": {"empty-file"},
    "empty-file": {"empty-file"},
    "forbidden-entity": {"forbidden-entity"},
    "limits": {"too-large", "too-long", "too-much-memory", "too-slow"},
    "encoding": {"encoding"},
    "not-a-spreadsheet": {"not-a-spreadsheet", "web-page"},
    "missing-column": {"no-header"},
    "no-header": {"no-header"},
    "no-name-column": {"no-header"},
    "no-rows": {"no-header", "no-people", "empty-file"},
    "ambiguous-column": {"two-columns"},
    "duplicate-header": {"two-columns", "no-header"},
    "ambiguous-delimiter": {"unclear-delimiter"},
    "ambiguous-sheet": {"several-sheets", "no-header"},
    "unsupported": {"unsupported-format", "damaged-file"},
    "unsupported-format": {"unsupported-format", "damaged-file"},
    "control-character": {"forbidden-character"},
    "multi-row-header": {"no-header"},
}
"""What INDEX.tsv calls an error, and the sentences of certgen's that say it."""

OTHERWISE = {
    "crafted/xlsx/stray_cell_XFD1048576.xlsx": "A cell at the end of the sheet is refused by its address: whether it "
    "is a stray or belongs to somebody, only the coordinator can say, and the issue asks for a sentence.",
    "crafted/csv/two_row_header.csv": "The two rows are read as one header (“First”, “Last”, “Score”), as "
    "the issue asks.",
    "crafted/xlsx/formula_without_cached_value.xlsx": "The formulas stand in a second column of names; the people are "
    "read from the first, which is whole, and the second is told to be without values.",
    "crafted/xlsx/near_duplicate_names.xlsx": "A soft hyphen inside a name is refused by cell: it prints nothing, or a "
    "hyphen. The others are read, and who shares a name is told.",
    "csvkit/bad.csv": "No column of it holds names, so no row of it can be somebody's.",
    "csvkit/null_byte.csv": "No column of it holds names; where one does, the character is told by its cell.",
    "readxl/missing-v-node-xlsx.xlsx": "No column of it holds names; the sentence names the cell without a value.",
    "python-calamine/issue139.xlsx": "No column of it holds names, and a date that no column asks for is not read.",
    "phpspreadsheet/csv/line_break_in_enclosure_with_escaped_quotes.csv": "Its people are all called “Test”, which is "
    "nobody's name.",
    "phpspreadsheet/csv/utf16be.line_break_in_enclosure.csv": "Its people are all called “Test”, which is "
    "nobody's name.",
}
"""Where certgen does otherwise than INDEX.tsv says, and why."""


class Outcome(NamedTuple):
    """``code`` is that of the error that refuses the file, or None; ``read``: its cells were read."""

    path: str
    expected: str
    read: bool
    people: int
    left_out: int
    code: str | None
    problems: list[Problem]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether this is what INDEX.tsv asks for."""
        asked = re.findall(r"ERR:([a-z/-]+(?: or (?:corrupt|empty|unsupported)\b)?)", self.expected)
        codes = {code for many in asked for one in re.split(r"/| or ", many) for code in CODES.get(one, set())}
        told = {problem.code for problem in self.problems if problem.severity == "error"}
        either = "READ" in self.expected and "ERR" in self.expected
        number = re.match(r"READ (\d+)(?: people| person|[ ,;]|$)", self.expected)
        if either:
            return self.read or not codes or bool(told & codes)
        if self.expected.startswith("READ"):
            if not self.read:
                return False
            named = number and (self.people or self.left_out)
            return not named or self.people == int(number[1])  # type: ignore[index]
        return bool(told) and (not codes or bool(told & codes))


def outcomes(folder: Path) -> list[Outcome]:
    """What becomes of every file that INDEX.tsv lists."""
    found = []
    for line in (folder / "INDEX.tsv").read_text(encoding="utf-8").split("\n")[1:]:
        if line:
            fields = line.split("\t")
            expected = re.sub(r'^"(.*)"$', r"\1", fields[4]).replace('""', '"')
            found.append(outcome(folder, fields[0], expected))
    return found


def outcome(folder: Path, name: str, expected: str, reading: Reading | None = None) -> Outcome:
    problems: list[Problem] = []
    begun = time.perf_counter()
    book = open_roster(folder / name, problems, reading)
    roster = recipients(book, None, problems, reading=reading) if book else None
    code = None
    if roster is None or not roster.recipients:
        code = next((problem.code for problem in problems if problem.severity == "error"), None)
    people, left = (len(roster.recipients), len(roster.left_out)) if roster else (0, 0)
    return Outcome(name, expected, book is not None, people, left, code, problems, time.perf_counter() - begun)


def report(found: list[Outcome]) -> str:
    """Markdown: how many files were read, refused with which sentence, and judged otherwise and why."""
    with_people = [one for one in found if one.people]
    refused = Counter(one.code for one in found if not one.people)
    sentences = {one.code: next(p.message for p in one.problems if p.severity == "error") for one in found if one.code}
    lines = [
        f"Of {len(found)} files, {len(with_people)} are rosters, and {sum(one.people for one in with_people)} people "
        f"were read from them; {sum(one.left_out for one in with_people)} of their rows were left out, each with a "
        "sentence. The others end in one sentence for the whole file:",
        "",
        "| refused with | files | such as |",
        "| --- | --- | --- |",
    ]
    for code, count in refused.most_common():
        example = " ".join(sentences[code].split()).replace("|", "\\|")
        lines.append(f"| `{code}` | {count} | {example[:150]}{'…' if len(example) > 150 else ''} |")
    lines += ["", "Judged otherwise than the collection's index:", "", "| file | why |", "| --- | --- |"]
    lines += [f"| `{name}` | {why} |" for name, why in sorted(OTHERWISE.items())]
    return "\n".join(lines) + "\n"


def placed(page: str, text: str) -> str:
    """The page with the report between its marks."""
    before, _, rest = page.partition(MARKS[0])
    return before + MARKS[0] + text + MARKS[1] + rest.partition(MARKS[1])[2]


if __name__ == "__main__":
    made = outcomes(ROOT.parent / "shared" / "rosters")
    for one in made:
        if not one.agrees and one.path not in OTHERWISE:
            print(one.path, one.people, one.left_out, one.code, "|", one.expected, file=sys.stderr)
    PAGE = ROOT / "docs" / "reliability.md"
    if PAGE.is_file():
        PAGE.write_text(placed(PAGE.read_text(encoding="utf-8"), report(made)), encoding="utf-8", newline="\n")
    else:
        print(report(made))
