"""Which certificates are meant: by roster, manifest, codes and filters."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import registers
from academy import COURSE, Academy
from hypothesis import given, settings
from hypothesis import strategies as st

from certgen import batch
from certgen.cli.choosing import chosen_from
from certgen.errors import Problem, has_errors
from certgen.intake import Options
from certgen.registry import Registry
from certgen.selection import Choice, Chosen, choose, left_out, ordered

TODAY = date(2026, 11, 22)
ROSTER = """Name,E-mail,Score,Attendance,Language,Number,Company,First name,Last name
,ana@example.org,91,100,,1,Aurora,Ana,Díaz
,olena@example.org,60,100,,,aurora ,Олена,Коваль
,chidi@example.org,59.5,80,fr,,Borealis,Chidi,Okafor
,bo@example.org,,79.9,,,Borealis,Bo,Li
"""
ANA, OLENA, CHIDI = "Ana Díaz", "Олена Коваль", "Chidi Okafor"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana, Olena and Chidi have certificates; Bo Li was not awarded one."""
    academy = Academy(tmp_path_factory.mktemp("first") / "academy")
    academy.write_roster(ROSTER)
    result = batch.run(Options(roster=academy.roster, jobs=1))
    assert result.status == "done", result.problems
    return academy.folder


class Desk(Academy):
    """A copy of the first academy with its registry open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.course = folder / "course" / "course.toml"
        self.roster = folder / "course" / "roster.csv"
        self.out = folder / "course" / "certificates"
        self.layout = folder / "plain" / "layout.toml"
        self.problems: list[Problem] = []
        opened = Registry.open(folder, [])
        assert opened is not None
        self.registry = opened

    @property
    def manifest(self) -> Path:
        return self.out / "roster-manifest.json"

    def take(self, *, today: date = TODAY, **wish: Any) -> list[Chosen]:
        self.problems = []
        return choose(self.registry, Choice(**wish), self.problems, today=today)

    def names(self, **wish: Any) -> list[str]:
        return [one.name for one in self.take(**wish)]

    def told(self) -> list[str]:
        return [problem.code for problem in self.problems]

    def code(self, name: str, state: str = "issued") -> str:
        (held,) = [held for held in self.registry.all(name=name) if held.state == state]
        return held.code

    def batch(self, **options: Any) -> None:
        result = batch.run(Options(roster=self.roster, jobs=1, **options))
        assert result.status == "done", result.problems


@pytest.fixture
def desk(first: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(first, tmp_path / "academy")
    made = Desk(tmp_path / "academy")
    yield made
    made.registry.close()


# --- a roster --------------------------------------------------------------------------------


def test_a_roster_chooses_those_that_were_issued_from_it_in_its_order(desk: Desk) -> None:
    lines = ROSTER.splitlines()
    desk.write_roster("\n".join([lines[0], lines[3], lines[2], lines[1], lines[4]]))
    assert desk.names(source=desk.roster) == [CHIDI, OLENA, ANA]
    assert [(one.row, one.order) for one in desk.take(source=desk.roster)] == [(2, 0), (3, 1), (4, 2)]
    assert desk.problems == []


def test_nothing_is_written_into_the_academy_and_no_key_is_needed(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "keys")

    def files() -> dict[Path, bytes]:
        return {
            path: path.read_bytes()
            for path in sorted(desk.folder.rglob("*"))
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        }

    before = files()
    assert len(desk.take(source=desk.roster)) == 3
    assert files() == before


def test_who_has_none_yet_is_told_with_row_and_way_out(desk: Desk) -> None:
    desk.write_roster(ROSTER + ",eve@example.org,80,,,,Aurora,Eve,Adams\n")
    assert desk.names(source=desk.roster) == [ANA, OLENA, CHIDI]
    (problem,) = desk.problems
    assert problem.severity == "warning" and problem.row == 6 and "Eve Adams" in problem.message
    assert "certgen batch" in problem.hint


def test_who_has_one_that_says_otherwise_is_left_out_unless_taken_as_issued(desk: Desk) -> None:
    desk.write_roster(ROSTER.replace("Ana,Díaz", "Ana María,Díaz"))
    assert desk.names(source=desk.roster) == [OLENA, CHIDI]
    (problem,) = desk.problems
    assert problem.code == "changed" and problem.row == 2 and "name Ana Díaz, now Ana María Díaz" in problem.message
    assert desk.names(source=desk.roster, as_issued=True) == [ANA, OLENA, CHIDI]


def test_who_may_be_the_person_of_another_certificate_does_not_get_it(desk: Desk, tmp_path: Path) -> None:
    desk.write_roster(ROSTER.replace("ana@", "diaz@"))
    for as_issued in (False, True):
        assert desk.names(source=desk.roster, as_issued=as_issued) == [OLENA, CHIDI]
        (problem,) = desk.problems
        assert problem.code == "other-email" and problem.row == 2 and "ana@example.org" in problem.message
    academy = Academy(tmp_path / "names alone")
    academy.write_roster(re.sub(r"\w+@example\.org", "", ROSTER))
    assert batch.run(Options(roster=academy.roster, jobs=1)).status == "done"
    academy.write_roster(re.sub(r"\w+@example\.org", "", ROSTER).replace("Díaz", "Días"))
    desk = Desk(academy.folder)
    with desk.registry:
        assert desk.names(source=desk.roster, as_issued=True) == [OLENA, CHIDI]
        assert desk.told() == ["other-name"]


def test_a_course_that_was_changed_since_leaves_nobody_out_and_is_told_once(desk: Desk) -> None:
    text = COURSE.replace("Fair recruitment", "Fairer recruitment").replace("hours = 40", "hours = 30")
    desk.write_course(text.replace("end = 2026-03-27", "end = 2026-03-28"))
    assert desk.names(source=desk.roster) == [ANA, OLENA, CHIDI]
    (problem,) = desk.problems
    assert problem.severity == "warning" and problem.row is None and left_out(desk.problems) == 0
    assert problem.message.startswith("For 3 certificates the course now says otherwise: ")
    for words in ("Fair recruitment, now Fairer recruitment", "hours 40, now 30", "2026-03-27, now 2026-03-28"):
        assert words in problem.message
    assert "as they were issued" in problem.message and "certgen batch roster.csv" in problem.hint
    assert desk.names(source=desk.roster, name="chidi") == [CHIDI]  # whose title is the French one
    assert "1 certificate" in desk.problems[0].message and "Fairer" not in desk.problems[0].message
    assert desk.names(source=desk.roster, as_issued=True) == [ANA, OLENA, CHIDI] and desk.problems == []
    assert desk.names(source=desk.manifest) == [ANA, OLENA, CHIDI]
    desk.course.unlink()
    assert desk.names(source=desk.manifest) == [ANA, OLENA, CHIDI]


def test_an_expiry_and_a_number_that_only_the_course_has_changed_leave_nobody_out(desk: Desk) -> None:
    text = COURSE.replace("hours = 40", 'hours = 40\nexpires = "20 years"\nnumber = "M/{recipient.email}"')
    desk.write_course(text)
    assert desk.names(source=desk.roster) == [ANA, OLENA, CHIDI]
    assert desk.told() == ["course-changed"] and "expiry date none, now 2046-04-10" in desk.problems[0].message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Ana,Díaz", "Ana María,Díaz", "name Ana Díaz, now Ana María Díaz"),
        (",91,", ",92,", "grade 91"),
        (",91,", ",,", "award achievement, now participation"),
        ("100,,1", "100,fr,1", "course title Fair recruitment, now Recrutement équitable"),
    ],
)
def test_what_a_persons_own_row_says_otherwise_leaves_them_out(desk: Desk, old: str, new: str, told: str) -> None:
    desk.write_roster(ROSTER.replace(old, new))
    assert desk.names(source=desk.roster) == [OLENA, CHIDI], desk.problems
    (problem,) = desk.problems
    assert (problem.code, problem.row, problem.severity) == ("changed", 2, "warning")
    assert "Ana" in problem.message and told in problem.message
    assert left_out(desk.problems) == 1


def test_hours_and_days_of_a_row_are_the_persons_and_those_of_the_course_are_not(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    text = ROSTER.replace("Last name", "Last name,Hours,Start date").replace("Díaz", "Díaz,12,2026-03-03")
    academy.write_roster(text)
    assert batch.run(Options(roster=academy.roster, jobs=1)).status == "done"
    academy.write_course(COURSE.replace("hours = 40", "hours = 30"))
    desk = Desk(academy.folder)
    with desk.registry:
        assert desk.names(source=desk.roster) == [ANA, OLENA, CHIDI]
        assert desk.problems[0].message.startswith("For 2 certificates the course now says otherwise: hours 40, now 30")
        for old, new, told in (
            ("Díaz,12", "Díaz,13", "hours 12, now 13"),
            ("Díaz,12", "Díaz,", "hours 12, now 30"),
            ("2026-03-03", "2026-03-04", "first day 2026-03-03, now 2026-03-04"),
        ):
            academy.write_roster(text.replace(old, new))
            assert desk.names(source=desk.roster) == [OLENA, CHIDI]
            assert desk.told() == ["course-changed", "changed"] and f"otherwise: {told}," in desk.problems[1].message


def test_a_number_is_the_rows_unless_the_course_makes_it_otherwise(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    text = ROSTER.replace("100,,1,", "100,,7,").replace("60,100,,,", "60,100,,8,").replace("80,fr,,", "80,fr,9,")
    academy.write_roster(text)
    numbered = COURSE.replace("hours = 40", 'hours = 40\nnumber = "M/{recipient.number}"')
    academy.write_course(numbered)
    assert batch.run(Options(roster=academy.roster, jobs=1)).status == "done"
    desk = Desk(academy.folder)
    with desk.registry:
        academy.write_roster(text.replace(",,7,", ",,17,"))
        assert desk.names(source=desk.roster) == [OLENA, CHIDI] and desk.told() == ["changed"]
        assert "number M/7, now M/17" in desk.problems[0].message and desk.problems[0].cell == "F2"
        academy.write_course(numbered.replace("M/", "N/"))
        assert desk.names(source=desk.roster) == [OLENA, CHIDI] and desk.told() == ["course-changed", "changed"]


def test_who_would_get_none_by_todays_rules_is_named_and_left_out(desk: Desk) -> None:
    desk.write_course(COURSE.replace("score_min = 60", "score_min = 80").replace("_min = 80", "_min = 90"))
    # Olena would be given another award; Chidi none, as Bo Li, who never had one
    assert desk.names(source=desk.roster) == [ANA]
    assert [(problem.code, problem.row) for problem in desk.problems] == [("changed", 3), ("changed", 4)]
    assert left_out(desk.problems) == 2
    assert "award achievement, now participation" in desk.problems[0].message
    assert CHIDI in desk.problems[1].message and "attendance 80" in desk.problems[1].message
    assert desk.names(source=desk.roster, as_issued=True) == [ANA, OLENA, CHIDI] and desk.problems == []
    desk.write_course(
        COURSE.replace("score_min = 60", "score_min = 99").replace("attendance_min = 80", "score_min = 98")
    )
    assert desk.names(source=desk.roster) == [] and desk.told()[-1] == "nothing-chosen"
    assert left_out(desk.problems) == 3


def test_another_first_day_of_the_course_is_told_to_be_another_run(desk: Desk) -> None:
    desk.write_course(COURSE.replace("start = 2026-03-02", "start = 2026-03-03"))
    assert desk.names(source=desk.roster) == [] and desk.told() == ["other-run"]
    (problem,) = desk.problems
    assert problem.severity == "error" and "2026-03-02" in problem.message and "2026-03-03" in problem.message
    assert "certificates/roster-manifest.json" in problem.hint


def test_only_those_who_are_meant_are_told_to_be_left_out(desk: Desk) -> None:
    desk.write_roster(ROSTER.replace("Ana,Díaz", "Ana María,Díaz") + ",eve@example.org,80,,,,Aurora,Eve,Adams\n")
    assert desk.names(source=desk.roster) == [OLENA, CHIDI] and left_out(desk.problems) == 2
    for wish in ({"name": "chidi"}, {"codes": (desk.code(CHIDI),)}, {"group": "Company=Borealis"}):
        assert desk.names(source=desk.roster, **wish) == [CHIDI] and desk.problems == []
    for name in ("maría", "ana díaz", "eve"):  # of the roster, of the certificate
        assert desk.names(source=desk.roster, name=name) == []
        assert left_out(desk.problems) == 1 and desk.told()[-1] == "nothing-chosen"


def test_who_is_left_out_rightly_is_not_counted(desk: Desk) -> None:
    chidi = next(desk.registry.all(name=CHIDI))
    desk.registry.revoke([chidi.serial], "a mistake", TODAY)
    assert desk.names(source=desk.roster) == [ANA, OLENA]
    assert desk.told() == ["revoked"] and left_out(desk.problems) == 0
    assert "Chidi" in desk.problems[0].message and "--renew-revoked" in desk.problems[0].hint


def test_todays_layout_has_no_say(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "plain")
    assert desk.names(source=desk.roster) == [ANA, OLENA, CHIDI], desk.problems


def test_a_day_of_issue_that_was_given_on_the_command_line_need_not_be_given_again(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    academy.write_course(COURSE.replace("issued = 2026-04-10", 'expires = "2 years"'))
    assert batch.run(Options(roster=academy.roster, issued=date(2026, 4, 10), jobs=1)).status == "done"
    desk = Desk(academy.folder)
    with desk.registry:
        assert desk.names(source=desk.roster) == [ANA, OLENA, CHIDI]
        assert desk.problems == []


def test_a_roster_of_which_nothing_was_issued_is_one_error_not_one_for_each_row(desk: Desk) -> None:
    desk.write_roster(f"{ROSTER.splitlines()[0]}\n,eve@x.org,80,90,,,,Eve,Adams\n,ada@x.org,81,90,,,,Ada,Byron\n")
    assert desk.take(source=desk.roster) == []
    (problem,) = desk.problems
    assert problem.severity == "error" and "certgen batch roster.csv" in problem.hint


def test_rows_that_cannot_be_read_are_told_and_the_others_taken(desk: Desk) -> None:
    desk.write_roster(ROSTER.replace("91,100", "ninety,100"))
    assert desk.names(source=desk.roster) == [OLENA, CHIDI]
    assert [(problem.severity, problem.row) for problem in desk.problems] == [("warning", 2)]


def test_a_roster_of_another_academy_is_refused(desk: Desk, tmp_path: Path) -> None:
    other = Academy(tmp_path / "other")
    assert desk.take(source=other.roster) == [] and desk.told() == ["other-academy"]


def test_a_roster_that_was_moved_is_told_where_to_be(desk: Desk, tmp_path: Path) -> None:
    for name, codes in (("away", {"no-course", "no-issuer"}), ("academy/other", {"no-course"})):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(desk.roster, folder)
        assert desk.take(source=folder / "roster.csv") == []
        assert set(desk.told()) == codes
        assert all("certificates/roster-manifest.json" in problem.hint for problem in desk.problems)


def test_an_academy_that_has_issued_nothing_says_so(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    opened = Registry.open(academy.folder, [], create=True)
    assert opened is not None
    with opened:
        problems: list[Problem] = []
        assert choose(opened, Choice(source=academy.roster), problems) == []
    (problem,) = problems
    assert "Nothing has been issued here yet" in problem.message and "certgen batch roster.csv" in problem.hint


# --- what stands -----------------------------------------------------------------------------


def test_only_what_stands_is_taken_and_what_was_named_is_told(desk: Desk) -> None:
    before = desk.code(ANA)
    desk.write_roster(ROSTER.replace("Ana,Díaz", "Ana María,Díaz"))
    desk.batch(on_change="replace")
    olena = next(desk.registry.all(name=OLENA))
    desk.registry.revoke([olena.serial], "a mistake", TODAY)
    chidi = next(desk.registry.all(name=CHIDI))
    desk.registry.erase([chidi.serial])
    assert desk.names(course="M-1") == ["Ana María Díaz"]
    assert desk.problems == []
    assert desk.names(codes=(before, olena.code, chidi.code, desk.code("Ana María Díaz"))) == ["Ana María Díaz"]
    assert desk.told() == ["replaced", "revoked", "erased"]
    assert not has_errors(desk.problems)


def test_a_manifest_of_before_tells_row_and_successor_of_what_was_replaced(desk: Desk) -> None:
    old = desk.manifest.with_name("old-manifest.json")
    shutil.copy(desk.manifest, old)
    desk.write_roster(ROSTER.replace("Ana,Díaz", "Ana María,Díaz"))
    desk.batch(on_change="replace")
    assert desk.names(source=old) == [OLENA, CHIDI]
    (problem,) = desk.problems
    code = desk.code("Ana María Díaz")
    assert problem.row == 2 and f"{code[:4]}-{code[4:8]}" in problem.message


def test_expired_ones_are_left_out_unless_named_by_code(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    academy.write_course(COURSE.replace("issued = 2026-04-10", 'issued = 2026-04-10\nexpires = "3 months"'))
    assert batch.run(Options(roster=academy.roster, jobs=1)).status == "done"
    desk = Desk(academy.folder)
    with desk.registry:
        assert len(desk.take(course="M-1", today=date(2026, 7, 10))) == 3
        assert desk.take(course="M-1", today=date(2026, 7, 11)) == []
        assert "expired" in desk.told() and "nothing-chosen" in desk.told()
        assert desk.names(codes=(desk.code(CHIDI),), today=date(2026, 7, 11)) == [CHIDI]


def test_an_unknown_code_is_an_error(desk: Desk) -> None:
    assert desk.take(codes=("0" * 16, desk.code(ANA))) == []
    assert desk.told() == ["unknown-code"]


def test_the_order_of_codes_is_kept(desk: Desk) -> None:
    assert desk.names(codes=(desk.code(CHIDI), desk.code(ANA))) == [CHIDI, ANA]


# --- manifests -------------------------------------------------------------------------------


def test_a_manifest_chooses_what_it_lists(desk: Desk) -> None:
    listed = json.loads(desk.manifest.read_text(encoding="utf-8"))["certificates"]
    taken = desk.take(source=desk.manifest)
    assert [one.code for one in taken] == [line["code"].replace("-", "") for line in listed]
    assert [one.row for one in taken] == [line["row"] for line in listed]


def test_a_long_manifest_is_read_as_a_short_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    short = desk.take(source=desk.manifest)
    monkeypatch.setattr("certgen.selection.sources._FEW", 0)
    assert desk.take(source=desk.manifest) == short


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"certificates": [{"code": ""}]}', '{"certificates": 4}', "\xff"])
def test_any_other_json_is_no_manifest(desk: Desk, tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text, encoding="latin-1")
    assert desk.take(source=file) == [] and desk.told() == ["not-a-manifest"]


def test_a_manifest_of_another_academy_is_told_once(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other-manifest.json"
    lines = [{"code": f"{number:016}", "row": number} for number in range(9)]
    other.write_text(json.dumps({"certificates": lines}), encoding="utf-8")
    assert desk.take(source=other) == []
    (problem,) = desk.problems
    assert problem.message == "None of the 9 certificates that other-manifest.json lists was issued here."
    lines.append({"code": desk.code(ANA), "row": 9})
    other.write_text(json.dumps({"certificates": lines}), encoding="utf-8")
    assert desk.take(source=other) == []
    assert desk.problems[0].message.startswith("9 of the 10 certificates") and desk.told() == ["unknown-code"]


def test_a_code_that_is_not_on_the_roster_is_told(desk: Desk) -> None:
    desk.write_roster("\n".join(ROSTER.splitlines()[:3]) + "\n")
    assert desk.names(source=desk.roster, codes=(desk.code(ANA), desk.code(CHIDI))) == [ANA]
    (problem,) = desk.problems
    assert problem.severity == "warning" and desk.code(CHIDI)[-4:] in problem.message


# --- filters and groups ----------------------------------------------------------------------


def test_filters_hold_together_and_with_a_source(desk: Desk) -> None:
    assert desk.names(course="M-1", name="díaz") == [ANA]
    assert desk.names(source=desk.roster, name="OKAFOR") == [CHIDI]
    assert desk.names(source=desk.manifest, codes=(desk.code(OLENA),)) == [OLENA]
    assert desk.names(since=date(2026, 4, 10), until=date(2026, 4, 10)) == [ANA, OLENA, CHIDI]
    assert desk.names(since=date(2026, 4, 11)) == [] and desk.told() == ["nothing-chosen"]
    assert desk.names(until=date(2026, 4, 9)) == []
    assert desk.names(course="M-2") == [] and "M-1" in desk.problems[0].hint


def test_a_group_is_a_column_of_the_roster_as_the_registry_kept_it(desk: Desk) -> None:
    assert [one.group for one in desk.take(course="M-1", group="company")] == ["Aurora", "aurora", "Borealis"]
    assert next(one.group for one in desk.take(course="M-1", group="Correo electrónico")) == "ana@example.org"


def test_a_column_that_was_added_to_the_roster_since_will_do(desk: Desk) -> None:
    text = ROSTER.replace("Last name", "Last name,Room").replace("Díaz", "Díaz,7").replace("Okafor", "Okafor,8")
    desk.write_roster(text)
    assert [one.group for one in desk.take(source=desk.roster, group="Room")] == ["7", "", "8"]


def test_one_group_alone(desk: Desk) -> None:
    assert desk.names(group="Company=AURORA") == [ANA, OLENA]
    assert desk.names(group="Company=Aurorra") == [] and "“Aurora”" in desk.problems[0].hint.replace("aurora", "Aurora")


def test_an_unknown_column_is_told_with_the_nearest(desk: Desk) -> None:
    assert desk.take(course="M-1", group="Compani") == []
    assert desk.told() == ["unknown-column"] and "“Company”" in desk.problems[0].hint


# --- order -----------------------------------------------------------------------------------


def test_family_names_come_first_where_they_are_known(desk: Desk) -> None:
    assert [one.family for one in desk.take(course="M-1")] == ["Díaz Ana", "Коваль Олена", "Okafor Chidi"]
    assert [one.name for one in ordered(desk.take(course="M-1"), "family")] == [ANA, CHIDI, OLENA]


def _one(family: str, order: int = 0) -> Chosen:
    return Chosen(0, f"{order:016}", "en", "completion", family, family, "", "", None, order)


def test_the_order_of_names_is_that_of_dictionaries_not_of_code_points() -> None:
    names = ["Zola", "Éluard", "eagle", "Eden", "Ångström", "anders", "Öz", "Oz"]
    assert [one.name for one in ordered(map(_one, names), "family")] == [
        "anders", "Ångström", "eagle", "Eden", "Éluard", "Oz", "Öz", "Zola",
    ]  # fmt: skip


def test_each_language_has_its_own_dictionaries() -> None:
    assert [one.name for one in ordered(map(_one, ["Ögren", "Zola"]), "family", "sv")] == ["Zola", "Ögren"]
    assert [one.name for one in ordered(map(_one, ["Ögren", "Zola"]), "family", "de")] == ["Ögren", "Zola"]


@given(st.lists(st.text(max_size=8), max_size=12), st.sampled_from(["family", "roster", "code"]))
def test_every_order_keeps_everybody(names: list[str], by: Any) -> None:
    all_ = [_one(name, at) for at, name in enumerate(names)]
    assert sorted(ordered(all_, by)) == sorted(all_)
    assert ordered(ordered(all_, by), "roster") == all_


# --- the flags -------------------------------------------------------------------------------


def test_flags_that_say_nothing_are_refused() -> None:
    import click

    nothing = {"course": None, "since": None, "until": None, "codes": (), "name": None, "as_issued": False}
    with pytest.raises(click.UsageError, match="Say which certificates"):
        chosen_from(None, group="Company", course_file=None, **nothing)  # type: ignore[arg-type]
    assert chosen_from(None, group="Company=Aurora", course_file=None, **nothing).group  # type: ignore[arg-type]


# --- whatever happened before --------------------------------------------------------------------

PEOPLE = ("Ana Díaz", "Bo Li", "Chidi Okafor", "Diana Ross")
STEPS = st.tuples(st.sampled_from(["issue", "correct", "revoke", "erase"]), st.integers(0, 3), st.sampled_from("AB"))
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "course": st.sampled_from("ABC"),
        "since": st.dates(date(2026, 4, 9), date(2026, 4, 11)),
        "until": st.dates(date(2026, 4, 9), date(2026, 4, 11)),
        "name": st.sampled_from(["li", "a", "díaz ANA", "Ross"]),
    },
)


@settings(max_examples=25)
@given(steps=st.lists(STEPS, max_size=10), wish=FILTERS)
def test_whatever_happened_only_what_stands_and_is_meant_is_taken(steps: list[Any], wish: dict[str, Any]) -> None:
    """Against a book kept by hand: (person, course) -> how often it was corrected, None once revoked or erased."""
    book: dict[tuple[int, str], int | None] = {}
    with tempfile.TemporaryDirectory() as folder, registers.opened(Path(folder)) as registry:
        registers.issue(registry, [registers.wanted("Somebody Else", course="X")])
        for what, who, course in steps:
            key = who, course
            if what == "issue" and key not in book:
                book[key] = 0
            elif what == "correct" and book.get(key) is not None:
                book[key] = (book[key] or 0) + 1
            elif what in ("revoke", "erase") and book.get(key) is not None:
                rows = [held for held in registry.all(course=course, name=PEOPLE[who]) if held.state == "issued"]
                serials = [held.serial for held in rows]
                registry.revoke(serials, "", TODAY) if what == "revoke" else registry.erase(serials)
                book[key] = None
                continue
            else:
                continue
            hours = Decimal(10 + (book[key] or 0))
            one = registers.wanted(PEOPLE[who], course=course, hours=hours)
            registers.issue(registry, [one], replacing=what == "correct")
        problems: list[Problem] = []
        found = choose(registry, Choice(**wish), problems, today=TODAY)
        issued = date(2026, 4, 10)
        expected = {
            (PEOPLE[who], course)
            for (who, course), times in book.items()
            if times is not None
            and wish.get("course", course) == course
            and wish.get("since", issued) <= issued <= wish.get("until", issued)
            and set(wish.get("name", "").casefold().replace("í", "i").split())
            <= set(PEOPLE[who].casefold().replace("í", "i").split())
        }
        rows = registry.get(one.serial for one in found)
        taken = {(held.content.name, held.run[0]): held.content.hours for held in rows if held.content}
        if not wish:  # then the other one is meant too
            assert taken.pop(("Somebody Else", "X"))
        taken.pop(("Somebody Else", "X"), None)
        assert set(taken) == expected and len(set(found)) == len(found)
        assert all(hours == 10 + (book[PEOPLE.index(name), course] or 0) for (name, course), hours in taken.items())
        assert has_errors(problems) == (not found)
