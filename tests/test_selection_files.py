"""Files of chosen certificates, and those that are about to expire."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from academy import COURSE, Academy
from hypothesis import given
from hypothesis import strategies as st
from registers import issue, opened, wanted

from certgen import batch
from certgen.errors import CertgenError
from certgen.intake import Options
from certgen.registry import Registry
from certgen.selection import Choice, Files, choose, expiring, read, until

TODAY = date(2026, 11, 22)


# --- files -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    academy = Academy(tmp_path_factory.mktemp("first") / "academy")
    assert batch.run(Options(roster=academy.roster, jobs=1)).status == "done"
    return academy.folder.rename(academy.folder.with_name("put away"))


@pytest.fixture
def registry(first: Path, tmp_path: Path) -> Iterator[Registry]:
    """An academy that was moved: what the registry says of folders is not true any more."""
    shutil.copytree(first, tmp_path / "moved")
    found = Registry.open(tmp_path / "moved", [])
    assert found is not None
    with found:
        yield found


def test_rows_come_in_the_order_of_the_choice(registry: Registry) -> None:
    chosen = choose(registry, Choice(course="M-1"), [], today=TODAY)[::-1]
    found = list(read(registry, chosen))
    assert [one for one, _ in found] == chosen
    assert [held.code for _, held in found] == [one.code for one in chosen]


def test_a_file_that_is_there_is_taken_and_one_that_is_not_made_again(registry: Registry) -> None:
    folder = registry.path.parent
    out = folder / "course" / "certificates"
    issued = {path.name: path.read_bytes() for path in out.glob("*.pdf")}
    gone, altered, _ = sorted(issued)
    (out / gone).unlink()
    (out / altered).write_bytes(b"something else")
    (folder / "course" / "course.toml").write_text(COURSE.replace("Fair", "Unfair"), encoding="utf-8")
    shutil.rmtree(folder / "plain")
    with Files(registry, folder) as files:
        for _, held in read(registry, choose(registry, Choice(course="M-1"), [], today=TODAY)):
            file = files.of(held)
            assert file.same and file.data == issued[held.file]
            assert file.found == (held.file not in (gone, altered))


def test_who_was_erased_has_no_file(registry: Registry) -> None:
    held = next(registry.all())
    registry.erase([held.serial])
    with Files(registry, registry.path.parent) as files, pytest.raises(CertgenError, match="erased"):
        files.of(registry.get([held.serial])[0])


# --- about to expire -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("60d", date(2027, 1, 21)),
        ("8w", date(2027, 1, 17)),
        ("3m", date(2027, 2, 22)),
        ("1y", date(2027, 11, 22)),
        ("2 weeks", date(2026, 12, 6)),
        ("1 Month", date(2026, 12, 22)),
        ("0d", TODAY),
        ("2027-01-31", date(2027, 1, 31)),
        (" 2026-11-22 ", TODAY),
    ],
)
def test_a_span_is_days_weeks_months_years_or_a_day(said: str, day: date) -> None:
    assert until(said, TODAY) == day


@pytest.mark.parametrize("said", ["", "60", "d", "-3d", "6 fortnights", "2026-11-21", "2026-02-30", "9999y", "1e3d"])
def test_anything_else_is_no_span(said: str) -> None:
    with pytest.raises(ValueError):
        until(said, TODAY)


@given(st.text(max_size=12) | st.from_regex(r"\d{1,5} ?[dwmy]", fullmatch=True))
def test_whatever_is_said_is_a_day_that_is_not_past_or_refused(said: str) -> None:
    with suppress(ValueError):
        assert until(said, TODAY) >= TODAY


def test_those_about_to_expire_and_those_that_just_did_are_told_apart_by_day(tmp_path: Path) -> None:
    days = (-31, -30, -1, 0, 1, 30, 31)
    with opened(tmp_path) as registry:
        issue(registry, [wanted(f"P{day + 50}", expires=TODAY + timedelta(day)) for day in days])
        issue(registry, [wanted("Never")])
        found = expiring(registry, TODAY + timedelta(30), TODAY)
        assert [due.days for due in found] == [-30, -1, 0, 1, 30]
        assert [due.expires for due in found] == [TODAY + timedelta(due.days) for due in found]
        assert {due.chosen.email for due in found} == {f"p{due.days + 50}@people.test" for due in found}
        assert found[0].course == "A901" and found[0].title == "Fair recruitment"


def test_what_is_cancelled_or_erased_does_not_expire(tmp_path: Path) -> None:
    soon = TODAY + timedelta(5)
    with opened(tmp_path) as registry:
        ana, bo, _ = issue(registry, [wanted(name, expires=soon) for name in ("Ana", "Bo", "Chidi")])
        registry.revoke([ana.serial], "a mistake", TODAY)
        registry.erase([bo.serial])
        issue(registry, [wanted("Chidi", expires=soon, hours=None)], replacing=True)
        (due,) = expiring(registry, soon, TODAY)
        (current,) = [held for held in registry.all(name="Chidi") if held.state == "issued"]
        assert due.chosen.code == current.code


def test_who_has_a_later_one_of_the_same_course_is_told_so(tmp_path: Path) -> None:
    soon, later = TODAY + timedelta(5), TODAY + timedelta(400)
    with opened(tmp_path) as registry:
        issue(registry, [wanted("Eve", course="B100", expires=later)])  # put into the registry before the other
        issue(registry, [wanted(name, expires=soon) for name in ("Ana", "Bo", "Chidi", "Dora", "Eve")])
        issue(registry, [wanted("Ana", course="B100", expires=later)])  # of the same title
        issue(registry, [wanted("Bo", course="B200", title="Another thing", expires=later)])
        issue(registry, [wanted("Chidi", course="B300")])  # it does not expire
        issue(registry, [wanted("Dora", course="B100", email="other@people.test", expires=later)])
        renewed = {due.chosen.name: due.renewed for due in expiring(registry, soon, TODAY)}
    assert renewed == {"Ana": later, "Bo": None, "Chidi": date.max, "Dora": None, "Eve": later}


def test_one_course_alone(tmp_path: Path) -> None:
    soon = TODAY + timedelta(5)
    with opened(tmp_path) as registry:
        issue(registry, [wanted("Ana", expires=soon)])
        issue(registry, [wanted("Bo", course="B100", expires=soon)])
        assert [due.chosen.name for due in expiring(registry, soon, TODAY, course="B100")] == ["Bo"]
