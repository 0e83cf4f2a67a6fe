"""The page that a newcomer follows: what it tells to write works, and what it promises is there afterwards."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from certgen import batch
from certgen.batch import Options

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")


def test_the_course_of_the_page_makes_certificates(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"```toml\n# (\w+\.toml)\n(.*?)```", PAGE, re.DOTALL))
    example = ROOT / "roster_examples" / "online-academy"
    course = tmp_path / "fair-recruitment"
    course.mkdir()
    (tmp_path / "issuer.toml").write_text(blocks["issuer.toml"], encoding="utf-8")
    (course / "course.toml").write_text(blocks["course.toml"], encoding="utf-8")
    shutil.copy(example / "logo.svg", tmp_path / "logo.svg")
    shutil.copy(example / "signature-echeverri.png", course / "signature.png")
    head, _, *people = re.findall(r"^\| (.*) \|$", PAGE, re.MULTILINE)
    table = "\n".join(line.replace(" | ", ",") for line in [head, *people])
    (course / "roster.csv").write_text(table, encoding="utf-8")
    result = batch.run(Options(roster=course / "roster.csv"))
    assert (result.status, result.exit_code) == ("done", 0)
    assert [entry.award for entry in result.certificates] == ["achievement", "participation"]
    assert [problem.code for problem in result.problems] == ["placeholder-domain"]
    assert (tmp_path / "certgen.secret").is_file()


def test_the_manifest_lies_where_the_page_says(examples: Callable[[str], Path]) -> None:
    folder = re.search(
        r"The certificates are in\s+`roster_examples/online-academy/(\w+)/`, and with them `([\w.-]+)`", PAGE
    )
    assert folder
    example = examples("online-academy")
    result = batch.run(Options(roster=example / "roster.xlsx"))
    assert result.manifest == example / folder[1] / folder[2]
    assert result.manifest and result.manifest.is_file()
