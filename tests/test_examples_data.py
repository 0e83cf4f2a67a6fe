"""The examples hold what they promise: counts, scripts, awards, marks; and their maker repeats them to the byte."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certgen.errors import Problem
from certgen.model import ListItem, Paragraph
from certgen.prose import parse

ROOT = Path(__file__).resolve().parent.parent / "roster_examples"
CASES = ("online-academy", "occupational-safety", "webinar-series", "fair-recruitment", "social-dialogue-academy")
CJK = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}


def course_of(case: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / case / "course.toml").read_text(encoding="utf-8"))


def bodies(case: str, section: str) -> dict[str, str]:
    """A section's Markdown in the default language ("") and each translation."""
    course = course_of(case)
    languages = {"": course, **course.get("translation", {})}
    return {tag: s["body"] for tag, text in languages.items() for s in text["sections"] if s["id"] == section}


def markers(source: str, depth: int = 0) -> list[str]:
    return [b.marker for b in parse(source)[0].blocks if isinstance(b, ListItem) and b.depth == depth]


def cells(path: Path) -> list[tuple[Any, ...]]:
    openpyxl = pytest.importorskip("openpyxl")
    return list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))


def rows(case: str) -> list[dict[str, Any]]:
    """The workbook read by another program than certgen's reader."""
    header, *lines = cells(ROOT / case / "roster.xlsx")
    return [dict(zip(header, line, strict=True)) for line in lines]


def name(row: dict[str, Any]) -> str:
    given = row.get("Given name", row.get("Nombre", row.get("Prénom", "")))
    family = row.get("Family name", row.get("Apellidos", row.get("Nom", "")))
    return row.get("Full name") or row.get("Nom complet") or f"{given or ''} {family or ''}".strip()


def scripts(text: str) -> set[str]:
    return {unicodedata.name(c).split()[0] for c in text if unicodedata.category(c) in ("Lu", "Ll", "Lo")}


# --- the courses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "hours", "days", "skills", "signatories"),
    [
        ("online-academy", 40, 26, 4, 2),
        ("occupational-safety", 30, 5, 6, 3),
        ("webinar-series", 25, 33, 7, 0),
        ("fair-recruitment", 60, 54, 5, 1),
        ("social-dialogue-academy", 40, 12, 6, 4),
    ],
)
def test_a_case_has_the_size_it_is_described_with(
    case: str, hours: int, days: int, skills: int, signatories: int
) -> None:
    course = course_of(case)
    assert course["hours"] == hours
    assert (course["end"] - course["start"]).days + 1 == days
    assert len(course["skills"]) == skills
    assert len(course.get("signatories", [])) == signatories
    for text in [course, *course.get("translation", {}).values()]:
        assert len(text["title"]) <= 120


def test_modules_objectives_and_webinars_are_as_many_as_promised() -> None:
    assert markers(bodies("online-academy", "objectives")[""]) == ["1.", "2.", "3.", "4.", "5."]
    assert markers(bodies("occupational-safety", "objectives")[""]) == ["(a)", "(b)", "(c)", "(d)", "(e)", "(f)"]
    for body in bodies("occupational-safety", "objectives").values():
        assert sum(line.startswith("(") for line in body.splitlines()) == 6
    for case, section in (("online-academy", "modules"), ("fair-recruitment", "content")):
        assert bodies(case, section)[""].count("### Module ") == 4
    for body in bodies("occupational-safety", "modules").values():
        assert body.count("### ") == 4
    assert bodies("webinar-series", "modules")[""].count("**Module ") == 4
    assert len(markers(bodies("webinar-series", "webinars")[""])) == 8
    assert bodies("fair-recruitment", "content")[""].count("#### ") == 8


def test_the_webinar_series_is_pasted_from_a_word_processor() -> None:
    objectives = bodies("webinar-series", "objectives")[""]
    assert "•\t" in objectives and "–\t" in objectives
    assert set(markers(objectives)) == {"•"} and set(markers(objectives, 1)) == {"–"}


def test_the_trilingual_academy_is_complete_in_three_languages() -> None:
    course = course_of("social-dialogue-academy")
    assert course["languages"] == ["en", "es", "fr"]
    assert course["issued"] - course["end"] == timedelta(weeks=6)
    assert course["programme"] and str(course["end"].day) in course["dated"]
    assert 118 <= len(course["title"]) <= 120
    texts = [course, *course["translation"].values()]
    identities = [[s["id"] for s in text["sections"]] for text in texts]
    assert len(identities[0]) == 10 and all(ids == identities[0] for ids in identities)
    for text in texts:
        assert sum(isinstance(b, Paragraph) for b in parse(text["summary"])[0].blocks) == 9
        assert {"title", "programme", "venue", "dated", "skills", "signatories", "awards"} <= text.keys()
    shapes = [[markers(s["body"], depth) for s in text["sections"] for depth in (0, 1)] for text in texts]
    assert shapes[0] == shapes[1] == shapes[2] and any(markers(s["body"], 1) for s in course["sections"])


def test_the_prose_of_every_case_is_accepted_whole() -> None:
    for case in CASES:
        course = course_of(case)
        for text in [course, *course.get("translation", {}).values()]:
            for source in [text["summary"], *(section["body"] for section in text["sections"])]:
                assert parse(source)[1] == [], case


# --- the rosters -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_a_roster_has_12_to_60_people_in_eight_scripts(case: str) -> None:
    people = rows(case)
    assert 12 <= len(people) <= 60
    found = set().union(*(scripts(name(row)) for row in people))
    assert len(found) >= 8, found
    assert bool(found & CJK) == (case == "social-dialogue-academy")
    for row in people:
        assert unicodedata.is_normalized("NFC", name(row))
        for value in row.values():
            assert "@" not in str(value) or str(value).endswith(".example"), "an address that might be somebody's"


def test_every_loader_accepts_every_case() -> None:
    course = pytest.importorskip("certgen.course")
    from certgen.roster import read_roster

    for case in CASES:
        problems: list[Problem] = []
        issuer = course.load_issuer(ROOT / case / "issuer.toml", problems)
        loaded = course.load_course(ROOT / case / "course.toml", problems)
        assert issuer is not None and loaded is not None, problems
        assert not any(edition.fell_back for edition in loaded.editions.values())
        for file in sorted((ROOT / case).glob("roster.*")):
            roster = read_roster(file, loaded, problems)
            assert roster is not None
            assert [r.name for r in roster.recipients] == [name(row) for row in rows(case)]
        assert {problem.code for problem in problems} <= {"placeholder-domain"}, problems


EXPECTED: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "online-academy": lambda row: "completion" if row["Completed"] == "yes" and row["Attendance (%)"] >= 80 else None,
    "occupational-safety": lambda row: "completion",
    "webinar-series": lambda row: "attendance" if row["Horas"] >= 20 else None,
    "fair-recruitment": lambda row: (
        row["Type de certificat"]
        or (
            "achievement"
            if row["Note"] >= 60 and row["Quiz 1"] and row["Quiz 2"] and row["Final assignment"]
            else "participation"
        )
    ),
    "social-dialogue-academy": lambda row: (
        None if row["Assiduité"] < 80 else "achievement" if row["Dossier"] else "attendance"
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_awards_fall_as_a_reader_of_the_roster_would_expect(case: str) -> None:
    course = pytest.importorskip("certgen.course")
    from certgen.credential import decide
    from certgen.roster import read_roster

    problems: list[Problem] = []
    loaded = course.load_course(ROOT / case / "course.toml", problems)
    roster = read_roster(ROOT / case / "roster.xlsx", loaded, problems)
    assert loaded is not None and roster is not None
    got = [decide(recipient, loaded) for recipient in roster.recipients]
    kinds = [loaded.awards[award].kind if isinstance(award, int) else None for award in got]
    expected = [EXPECTED[case](row) for row in rows(case)]
    assert kinds == expected
    assert (
        set(expected)
        == {
            "online-academy": {"completion", None},
            "occupational-safety": {"completion"},
            "webinar-series": {"attendance", None},
            "fair-recruitment": {"achievement", "participation"},
            "social-dialogue-academy": {"achievement", "attendance", None},
        }[case]
    )


def test_every_name_outside_cjk_is_set_in_the_bundled_faces() -> None:
    from certgen.font import FontBook
    from certgen.text import Style, Typesetter

    setter = Typesetter(FontBook())
    families = {
        case: tomllib.loads((ROOT / case / "issuer.toml").read_text("utf-8"))["fonts"]["name"] for case in CASES
    }
    for case in CASES:
        style = Style(family=families[case], size=36)
        for row in rows(case):
            if not scripts(name(row)) & CJK:
                assert setter.line(name(row), style, "en").width > 0


# --- the marks -------------------------------------------------------------------------------


def test_logos_and_signatures_are_flat_paths_or_plain_pictures() -> None:
    image = pytest.importorskip("PIL.Image")
    seen = set()
    for file in sorted(path for case in CASES for path in (ROOT / case).iterdir()):
        if file.suffix == ".svg":
            tags = {element.tag.rpartition("}")[2] for element in ET.parse(file).iter()}
            assert tags == {"svg", "path"}, file
        elif file.suffix == ".png":
            with image.open(file) as picture:
                corner = picture.convert("RGBA").getpixel((0, picture.height - 1))
                assert corner == ((255, 255, 255, 255) if "signature" in file.name else (*corner[:3], 0)), file
        else:
            continue
        assert file.stat().st_size < 40_000
        seen.add(file.read_bytes())
    assert len(seen) == 6 + 9, "every mark is another"


def test_the_marks_that_are_named_are_there_and_no_others() -> None:
    for case in CASES:
        issuer = tomllib.loads((ROOT / case / "issuer.toml").read_text(encoding="utf-8"))
        logos = issuer.get("logo", [])
        named = {logos} if isinstance(logos, str) else set(logos)
        named |= {s["signature"] for s in course_of(case).get("signatories", []) if "signature" in s}
        assert named == {p.name for p in (ROOT / case).iterdir() if p.suffix in (".svg", ".png")}


# --- the maker -------------------------------------------------------------------------------


def make(into: Path, *more: str) -> None:
    for package in ("openpyxl", "PIL", "fontTools"):
        pytest.importorskip(package)
    command = [sys.executable, "-X", "utf8", str(ROOT / "make.py"), "--into", str(into), *more]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def test_the_maker_repeats_itself_and_what_is_committed(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    chops = pytest.importorskip("PIL.ImageChops")
    one, two = tmp_path / "one", tmp_path / "two"
    make(one)
    make(two)
    made = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(made) == 5 + 1 + 6 + 9
    for path in made:
        assert (one / path).read_bytes() == (two / path).read_bytes(), path
        if path.suffix == ".png":  # compressed by whatever zlib there is: compare what is seen
            with image.open(one / path) as new, image.open(ROOT / path) as old:
                difference = chops.difference(new.convert("RGBA"), old.convert("RGBA")).convert("L")
                assert new.size == old.size and difference.point(lambda v: 255 * (v > 8)).getbbox() is None, path
        elif path.suffix == ".xlsx":  # another openpyxl may write other XML for the same cells
            assert cells(one / path) == cells(ROOT / path), path
        else:
            assert (one / path).read_bytes() == (ROOT / path).read_bytes(), path


def test_the_large_roster_is_mostly_latin_has_many_scripts_and_repeats(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    make(first, "--large", "1000")
    make(second, "--large", "1000")
    data = (first / "large/roster.xlsx").read_bytes()
    assert data == (second / "large/roster.xlsx").read_bytes()
    _, *lines = cells(first / "large/roster.xlsx")
    assert len(lines) == 1000 and len({line[3] for line in lines}) == 1000
    of_each = [scripts(f"{line[0]} {line[1]}") for line in lines]
    assert sum(found == {"LATIN"} for found in of_each) == 900
    assert len(set().union(*of_each)) >= 8 and not set().union(*of_each) & CJK
