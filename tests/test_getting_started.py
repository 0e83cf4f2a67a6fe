"""The page that a newcomer follows: what it tells to do works, and what it promises is there afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from certgen import academy, batch
from certgen.batch import Options

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")


def test_the_academy_of_the_page_makes_certificates(tmp_path: Path) -> None:
    folder = tmp_path / "my-academy"
    answers = academy.Answers(
        name="Your academy",
        verify_url="https://verify.three-rivers-academy.org",
        code="FR-1",
        title="Fair recruitment",
        start=date(2026, 3, 2),
        end=date(2026, 3, 27),
        issued=date(2026, 4, 10),
    )
    academy.begin(folder, answers, windows=True)
    head, _, *people = re.findall(r"^\| (.*) \|$", PAGE, re.MULTILINE)
    roster = folder / "fair-recruitment" / "people.csv"
    roster.write_text("\n".join(line.replace(" | ", ",") for line in [head, *people]), encoding="utf-8")
    result = batch.run(Options(roster=roster))
    assert (result.status, [entry.award for entry in result.certificates]) == ("done", ["achievement", "participation"])
    assert not result.problems
    tree = re.search(r"```\nmy-academy/\n(.*?)```", PAGE, re.DOTALL)
    assert tree
    at = folder
    for indent, name in re.findall(r"^( +)([\w.-]+/?)", tree[1], re.MULTILINE):
        at = folder if len(indent) == 4 else at
        assert (at / name).exists(), name
        at = at / name if name.endswith("/") else at
    assert (folder / "Make certificates.cmd").is_file()


def test_the_manifest_and_the_sheet_lie_where_the_page_says(examples: Callable[[str], Path]) -> None:
    said = re.search(r"are in\s+`roster_examples/online-academy/(\w+)/`, and with them `([\w.-]+)`", PAGE)
    assert said
    example = examples("online-academy")
    result = batch.run(Options(roster=example / "roster.xlsx"))
    folder = example / said[1]
    assert result.manifest == folder / said[2]
    assert result.manifest.is_file()
    sheet = re.search(r"Beside the certificates lies `([\w.-]+)`", PAGE)
    assert sheet
    assert (folder / sheet[1]).is_file()
