"""A batch from its roster to its files: what is made, what is refused, what is told."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from academy import COURSE, ISSUER, LAYOUT, ROSTER, Academy

from certgen import batch, intake
from certgen.batch import BatchResult
from certgen.errors import ExitCode, Problem
from certgen.intake import Options, Plan


@pytest.fixture
def academy(tmp_path: Path) -> Academy:
    return Academy(tmp_path / "academy")


def run(academy: Academy, **options: Any) -> BatchResult:
    return batch.run(Options(roster=academy.roster, **options))


def codes(result: BatchResult, severity: str = "error") -> list[str]:
    return [problem.code for problem in result.problems if problem.severity == severity]


def test_everyone_who_earned_one_gets_one(academy: Academy) -> None:
    result = run(academy)
    assert (result.status, result.exit_code) == ("done", ExitCode.DONE)
    counts = result.counts
    assert (counts.recipients, counts.issued, counts.not_awarded, counts.failed) == (4, 3, 1, 0)
    assert [(e.row, e.award, e.language) for e in result.certificates] == [
        (2, "achievement", "en"),
        (3, "achievement", "en"),
        (4, "participation", "fr"),
    ]
    assert [item.name for item in result.not_awarded] == ["Bo Li"]
    files = academy.files()
    assert sorted(e.file for e in result.certificates) == sorted(files)
    for entry in result.certificates:
        assert hashlib.sha256(files[entry.file]).hexdigest() == entry.sha256
        assert files[entry.file].startswith(b"%PDF-")
        assert entry.code in entry.file
    assert not [path for path in academy.out.iterdir() if path.suffix not in (".pdf", ".json", ".xlsx")]


def test_the_manifest_lists_files_and_checksums_and_repeats_itself(academy: Academy) -> None:
    result = run(academy)
    assert result.manifest == academy.out / "roster-manifest.json"
    first = result.manifest.read_bytes()
    told = json.loads(first)
    assert {c["file"]: c["sha256"] for c in told["certificates"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in academy.files().items()
    }
    assert told["roster_sha256"] == hashlib.sha256(academy.roster.read_bytes()).hexdigest()
    run(academy)
    assert result.manifest.read_bytes() == first


def test_again_is_unchanged_and_writes_nothing(academy: Academy) -> None:
    run(academy)
    before = {path.name: path.stat().st_mtime_ns for path in academy.out.glob("*.pdf")}
    result = run(academy)
    assert (result.status, result.counts.issued, result.counts.unchanged) == ("done", 0, 3)
    assert {path.name: path.stat().st_mtime_ns for path in academy.out.glob("*.pdf")} == before


def test_bytes_do_not_depend_on_processes_other_rows_or_the_run(academy: Academy) -> None:
    many = "".join(f"Person {n} Ążê,p{n}@example.org,70,90,,\n" for n in range(120))
    academy.write_roster(ROSTER + many)
    run(academy, jobs=2)
    two = academy.files()
    run(academy, jobs=1, out=academy.folder / "one")
    assert {path.name: path.read_bytes() for path in (academy.folder / "one").glob("*.pdf")} == two
    academy.write_roster("".join(line + "\n" for line in ROSTER.splitlines()[:2]))
    run(academy, out=academy.folder / "alone")
    (alone,) = (academy.folder / "alone").glob("*.pdf")
    assert alone.read_bytes() == two[alone.name]


def test_a_certificate_that_says_otherwise_is_refused_kept_or_replaced(academy: Academy) -> None:
    run(academy)
    before = academy.files()
    academy.write_course(COURSE.replace("Recrutement", "Embauche"))
    academy.write_roster(ROSTER + "New Person,new@example.org,80,80,,\n")
    result = run(academy)
    assert (result.status, codes(result)) == ("refused", ["changed"])
    assert result.problems[0].row == 4
    assert "course title" in result.problems[0].message and "--on-change replace" in result.problems[0].hint
    assert result.exit_code is ExitCode.ROSTER
    assert academy.files() == before
    result = run(academy, on_change="keep")
    assert [entry.state for entry in result.certificates] == ["unchanged", "unchanged", "unchanged", "issued"]
    assert before.items() < academy.files().items()
    result = run(academy, on_change="replace")
    assert [entry.state for entry in result.certificates] == ["unchanged", "unchanged", "replaced", "unchanged"]
    assert (result.counts.issued, result.counts.unchanged) == (1, 3)
    assert run(academy).counts.unchanged == 4  # a corrected row is then unchanged


def test_a_file_with_other_content_is_told_and_only_replaced_when_asked(academy: Academy) -> None:
    run(academy)
    name, data = next(iter(academy.files().items()))
    (academy.out / name).write_bytes(data + b" ")
    result = run(academy)
    assert (result.status, codes(result)) == ("refused", ["other-content"])
    assert (academy.out / name).read_bytes() == data + b" "
    assert run(academy, replace=True).status == "done"
    assert academy.files()[name] == data


def test_a_file_that_is_gone_is_made_again_as_it_was(academy: Academy) -> None:
    run(academy)
    before = academy.files()
    (academy.out / next(iter(before))).unlink()
    academy.layout.write_text(LAYOUT.replace('"title", "number", "qr"', '"title", "qr"'), encoding="utf-8")
    result = run(academy)
    assert (result.counts.issued, result.counts.unchanged, result.counts.restored) == (0, 3, 1)
    assert academy.files() == before


def test_files_of_people_no_longer_there_are_listed_and_kept(academy: Academy) -> None:
    first = run(academy)
    academy.write_roster("".join(line + "\n" for line in ROSTER.splitlines() if "Ana" not in line))
    for _ in range(2):
        result = run(academy)
        assert result.leftovers == [first.certificates[0].file]
        assert codes(result, "warning") == ["leftovers"]
        assert (academy.out / first.certificates[0].file).exists()
        assert result.status == "done"


def test_nothing_is_made_while_there_are_problems(academy: Academy) -> None:
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\nAna Díaz,ana@example.org,91,100,,1\n")
    result = run(academy)
    assert (result.status, result.exit_code) == ("refused", ExitCode.ROSTER)
    assert len(codes(result)) >= 2
    assert not academy.out.exists()
    assert not (academy.folder / "certgen.secret").exists()


def test_rows_with_problems_can_be_left_out(academy: Academy) -> None:
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\n")
    result = run(academy, skip_problems=True)
    assert (result.status, result.exit_code) == ("partial", ExitCode.PARTIAL)
    assert (result.counts.recipients, result.counts.skipped, result.counts.issued) == (5, 1, 3)
    assert len(academy.files()) == 3


def test_what_cannot_be_printed_is_told_with_its_row_together_with_the_rest(academy: Academy) -> None:
    academy.write_roster(ROSTER + "Ana \U00012000,x@example.org,90,90,,\n,nobody@example.org,90,90,,\n")
    result = run(academy)
    assert result.status == "refused"
    assert {problem.row for problem in result.problems if problem.severity == "error"} == {6, 7}
    (uncovered,) = [problem for problem in result.problems if problem.row == 6]
    assert "U+12000" in uncovered.message
    assert uncovered.cell == "A6"
    assert result.exit_code is ExitCode.ROSTER  # several kinds at once: the lowest of 3 and 4
    result = run(academy, skip_problems=True)
    assert (result.counts.skipped, result.counts.issued) == (2, 3)
    academy.write_roster(ROSTER + "Ana \U00012000,x@example.org,90,90,,\n")
    assert run(academy).exit_code is ExitCode.LAYOUT
    result = run(academy, skip_problems=True)
    assert (result.counts.skipped, result.counts.unchanged) == (1, 3)


def test_a_problem_of_the_course_stops_all_whatever_is_left_out(academy: Academy) -> None:
    academy.write_course(COURSE.replace('title = "Fair', 'titel = "Fair'))
    result = run(academy, skip_problems=True)
    assert result.status == "refused"
    assert not academy.out.exists()


def test_the_day_of_issue_is_never_assumed(academy: Academy) -> None:
    academy.write_course(COURSE.replace("issued = 2026-04-10", ""))
    result = run(academy)
    assert codes(result) == ["missing-issued"]
    assert "--issued" in result.problems[0].hint
    assert run(academy, issued=date(2026, 5, 1)).status == "done"


def test_the_day_of_issue_is_asked_where_somebody_can_answer(academy: Academy) -> None:
    plans: list[Plan] = []

    class Somebody(intake.Nobody):
        def ask_issued(self) -> date | None:
            return date(2026, 5, 2)

        def plan(self, plan: Plan, problems: list[Problem]) -> None:
            plans.append(plan)

    academy.write_course(COURSE.replace("issued = 2026-04-10", ""))
    assert batch.run(Options(roster=academy.roster), Somebody()).status == "done"
    (plan,) = plans
    assert (plan.issued, plan.languages, plan.not_awarded) == (date(2026, 5, 2), {"en": 2, "fr": 1}, 1)
    assert plan.awards == {"achievement": 2, "participation": 1}


@pytest.mark.parametrize("wanted", [True, False])
def test_a_day_that_was_typed_is_written_into_the_course_if_the_user_likes(academy: Academy, wanted: bool) -> None:
    class Somebody(intake.Nobody):
        def ask_issued(self) -> date | None:
            return date(2026, 5, 2)

        def ask_note(self, line: str, file: Path) -> bool:
            return wanted

    before = COURSE.replace("issued = 2026-04-10\n", "")
    academy.write_course(before)
    assert batch.run(Options(roster=academy.roster), Somebody()).status == "done"
    after = academy.course.read_text(encoding="utf-8")
    noted = before.replace("end = 2026-03-27\n", "end = 2026-03-27\nissued = 2026-05-02\n")
    assert after == (noted if wanted else before)
    assert (codes(run(academy)) == []) is wanted


def test_an_asked_for_column_that_is_not_there_is_a_problem(academy: Academy) -> None:
    academy.write_course(COURSE.replace("score_min = 60, out_of = 100", 'assessments = ["Quiz 1", "Quiz 2"]'))
    academy.write_roster("Name,Attendance,quiz 1\nAna,90,passed\n")
    result = run(academy)
    assert [(p.code, p.key) for p in result.problems if p.severity == "error"] == [
        ("missing-column", "awards[1].when.assessments")
    ]
    assert "Quiz 2" in result.problems[0].message


def test_two_people_never_share_a_file(academy: Academy) -> None:
    academy.write_roster("Name,Id,Score,Attendance\nAna DÍAZ,1,90,90\nana díaz,2,90,90\n")
    assert run(academy).counts.issued == 2
    (academy.folder / "certgen.db").unlink()
    (academy.folder / "issuer.toml").write_text(ISSUER, encoding="utf-8")
    result = run(academy, name="{recipient.name}", out=academy.folder / "plain-names")
    assert codes(result) == ["same-file"]
    (problem,) = (p for p in result.problems if p.severity == "error")
    assert (problem.row, problem.cell) == (3, "A3")
    assert "{credential.code}" in problem.hint


def test_two_people_never_share_a_code(academy: Academy) -> None:
    academy.write_roster("Name,Score,Attendance\nAna Ⅳ Li,90,90\nAna IV Li,90,90\n")
    result = run(academy)
    assert result.status == "refused"
    assert {problem.row for problem in result.problems} & {2, 3}


@pytest.mark.parametrize("pattern", ["{recipient.nam}", "{", "a/b", "..\\x", "{roster.Nowhere}"])
def test_a_pattern_for_file_names_that_makes_no_sense_is_a_usage_problem(academy: Academy, pattern: str) -> None:
    result = run(academy, name=pattern)
    assert codes(result) == ["name-pattern"]
    assert result.exit_code is ExitCode.USAGE


def test_a_hostile_name_stays_in_the_folder(academy: Academy) -> None:
    academy.write_roster(
        "Name,Id,Score,Attendance\n../../../evil,1,90,90\n{credential.code},2,90,90\n=cmd|'x'!A1,3,90,90\n"
    )
    before = {path for path in academy.folder.parent.rglob("*") if academy.out not in path.parents}
    result = run(academy, name="{recipient.name}")
    assert sorted(academy.files()) == ["cmd-x-A1.pdf", "credential-code.pdf", "evil.pdf"]
    after = {path for path in academy.folder.parent.rglob("*") if academy.out not in path.parents}
    made = {path.name for path in after - before if path.suffix != ".pem"}
    assert made - {"certgen.db-lock"} == {"certificates", "certgen.secret", ".gitignore", "certgen.db", "keys"}
    assert result.status == "done"


def test_a_dry_run_checks_and_makes_nothing(academy: Academy) -> None:
    before = sorted(academy.folder.rglob("*"))
    result = run(academy, dry_run=True)
    assert (result.status, result.counts.issued) == ("done", 3)
    assert {entry.code for entry in result.certificates} == {""}  # there is no secret yet, so no code
    assert sorted(academy.folder.rglob("*")) == before
    run(academy)
    assert run(academy, dry_run=True).counts.unchanged == 3


def test_the_language_of_those_who_choose_none(academy: Academy) -> None:
    result = run(academy, language="FR")
    assert {entry.language for entry in result.certificates} == {"fr"}
    result = run(academy, language="de")
    assert (codes(result)[0], result.exit_code) == ("no-such-language", ExitCode.USAGE)


def test_a_missing_issuer_roster_or_course_is_told(academy: Academy) -> None:
    (academy.folder / "issuer.toml").unlink()
    assert "no-issuer" in codes(run(academy))
    academy.course.unlink()
    assert {"no-issuer", "no-course"} <= set(codes(run(academy)))
    academy.roster.unlink()
    assert run(academy).status == "refused"


def test_a_course_beside_and_within_is_told(academy: Academy) -> None:
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    book.active.append(["Name", "Score", "Attendance"])
    book.active.append(["Ana", 90, 90])
    sheet = book.create_sheet("Course")
    for pair in (("Key", "Value"), ("code", "S-1"), ("title", "From the sheet"), ("issued", date(2026, 4, 10))):
        sheet.append(pair)
    academy.roster = academy.roster.with_suffix(".xlsx")
    book.save(academy.roster)
    assert codes(run(academy), "warning") == ["two-courses"]
    academy.course.unlink()
    result = run(academy, layout=str(academy.layout.parent), out=academy.folder / "two")
    assert [entry.award for entry in result.certificates] == ["completion"]


def test_a_full_disk_is_told_and_leaves_nothing(academy: Academy) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full, which Linux has")
    from certgen.errors import CertgenError
    from certgen.output import told

    with pytest.raises(CertgenError) as caught, told("It cannot be written"), full.open("wb", buffering=0) as file:
        file.write(b"x")
    assert caught.value.problems[0].code == "disk-full"
    assert caught.value.exit_code is ExitCode.PARTIAL


def test_a_folder_that_may_not_be_written_is_told(academy: Academy) -> None:
    academy.out.write_text("a file in the way", encoding="utf-8")
    result = run(academy)
    assert (result.status, codes(result), result.exit_code) == ("refused", ["not-written"], ExitCode.PARTIAL)


def test_optional_fields_choose_the_blank_by_the_person_alone(academy: Academy) -> None:
    """A number on one row must not change the page of another."""
    run(academy)
    before = academy.files()
    academy.write_roster(ROSTER.replace("60,100,,", "60,100,,2"))
    run(academy, replace=True)
    changed = [name for name, data in academy.files().items() if before[name] != data]
    assert len(changed) == 1
    assert changed[0].startswith("Олена")


def test_a_person_without_a_number_gets_the_page_without_its_box(academy: Academy) -> None:
    run(academy)
    academy.layout.write_text(LAYOUT.replace('"title", "number", "qr"', '"title", "qr"'), encoding="utf-8")
    run(academy, out=academy.folder / "plainer", replace=True)
    for name, data in academy.files().items():
        same = (academy.folder / "plainer" / name).read_bytes() == data
        assert same is not name.startswith("Ana")


# --- slips of the course and the issuer that come to light beside the roster ----------------------


@pytest.mark.parametrize(
    ("number", "said", "hint"),
    [
        ("{roster.numbr}/26", "numbr", "{roster.number}"),
        ("{roster.number", "stands alone", ""),
        ("{recipient.nam}", "{recipient.nam}", "{recipient.name}"),
    ],
)
def test_a_register_number_that_no_row_can_fill_is_told_once_at_its_line(
    academy: Academy, number: str, said: str, hint: str
) -> None:
    academy.write_course(f'number = "{number}"{COURSE}')
    result = run(academy)
    (problem,) = [problem for problem in result.problems if problem.severity == "error"]
    assert (problem.code, problem.key, problem.line) == ("number-pattern", "number", 1)
    assert problem.file == str(academy.course)
    assert said in problem.message
    assert hint in problem.hint
    assert result.exit_code == ExitCode.ROSTER


def test_a_register_number_may_use_any_column_in_any_spelling(academy: Academy) -> None:
    academy.write_course(f'number = "{{roster.dossier no}}"{COURSE}')
    academy.write_roster("Name,Score,Attendance,Dossier No.\nAna,90,90,7\n")
    assert run(academy).status == "done"


def test_a_layout_and_fonts_that_are_not_there_are_told_where_they_are_named(academy: Academy) -> None:
    academy.write_course(COURSE.replace('"../plain"', '"clasic"'))
    (problem,) = run(academy).problems
    assert (problem.code, problem.file, problem.key, problem.line) == ("no-layout", str(academy.course), "layout", 8)
    assert "“classic”" in problem.hint
    (problem,) = run(academy, layout="recrod").problems
    assert (problem.code, problem.file, problem.key) == ("no-layout", None, "--layout")
    assert "“record”" in problem.hint
    academy.write_course(COURSE)
    issuer = academy.folder / "issuer.toml"
    issuer.write_text(f'{ISSUER}[fonts]\nheading = "EB Garamnd"\nbody = "Calibri"\n', encoding="utf-8")
    found = run(academy).problems
    assert [(p.code, p.file, p.key, p.line) for p in found] == [
        ("unknown-font", str(issuer), "fonts.heading", 5),
        ("unknown-font", str(issuer), "fonts.body", 6),
    ]
    assert "EB Garamond" in found[0].hint


def test_words_that_no_layout_has_are_told(academy: Academy) -> None:
    issuer = academy.folder / "issuer.toml"
    words = '[words.fr]\nissued = "Délivré le"\nskills = "Acquis"\n[words.fr.achievement]\ntitle = "Bravo"\n'
    issuer.write_text(ISSUER + words, encoding="utf-8")
    result = run(academy)
    assert result.status == "done"
    (problem,) = result.problems
    assert (problem.severity, problem.key, problem.line) == ("warning", "words.fr.issued", 5)
    assert "issued_on" in problem.hint


def test_a_layout_that_is_not_there_hides_no_other_mistake(academy: Academy) -> None:
    academy.write_course(COURSE.replace("issued = 2026-04-10\n", ""))
    assert codes(run(academy, layout="nothing", language="de")) == ["no-layout", "missing-issued", "no-such-language"]


def test_files_of_nearly_the_right_name_are_named(academy: Academy) -> None:
    academy.course.rename(academy.course.with_name("course.toml.txt"))
    issuer = academy.folder / "issuer.toml"
    issuer.rename(issuer.with_name("isuer.toml"))
    hints = {problem.code: problem.hint for problem in run(academy).problems}
    assert "course.toml.txt" in hints["no-course"]
    assert str(issuer.with_name("isuer.toml")) in hints["no-issuer"]


def test_a_course_given_for_a_roster_is_a_usage_problem(academy: Academy) -> None:
    result = batch.run(Options(roster=academy.course))
    assert (codes(result), result.exit_code) == (["not-a-roster"], ExitCode.USAGE)


def test_the_plan_counts_those_who_are_left_out(academy: Academy) -> None:
    plans: list[Plan] = []

    class Look(intake.Nobody):
        def plan(self, plan: Plan, problems: list[Problem]) -> None:
            plans.append(plan)

    academy.write_roster(ROSTER + ",nobody@example.org,91,100,,\n")
    result = batch.run(Options(roster=academy.roster, skip_problems=True), Look())
    assert (plans[0].recipients, plans[0].left_out, result.counts.recipients) == (5, 1, 5)


def test_a_corrected_name_leaves_the_old_file_and_that_is_told(academy: Academy) -> None:
    run(academy)
    (before,) = academy.out.glob("Ana*.pdf")
    academy.write_roster(ROSTER.replace("Ana Díaz", "Ana Díaz Ruiz"))
    result = run(academy, on_change="replace")
    assert (result.counts.issued, result.counts.unchanged) == (1, 2)
    assert codes(result, "warning") == ["cancelled-certificates"]
    assert before.name in result.problems[-1].message
    assert before.is_file()
    academy.write_roster(ROSTER.replace("Ana Díaz,ana@", "Ana Díaz Ruiz,ana.diaz@"))
    result = run(academy)
    assert codes(result) == ["other-email"] and "the same person" in result.problems[0].message
    assert run(academy, new_email="same").counts.unchanged == 3
    assert run(academy).counts.unchanged == 3


# --- every option does what it says ---------------------------------------------------------------


def test_another_courses_file_may_be_named(academy: Academy) -> None:
    other = academy.folder / "other.toml"
    other.write_text(COURSE.replace('"M-1"', '"M-2"').replace('"../plain"', '"plain"'), encoding="utf-8")
    result = run(academy, course=other)
    assert result.status == "done"
    assert result.manifest is not None
    assert json.loads(result.manifest.read_bytes())["course"] == "M-2"


def test_a_sheet_may_be_named(academy: Academy, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for name, person in (("Monday", "Ana Díaz"), ("Friday", "Bo Li")):
        sheet = book.create_sheet(name)
        sheet.append(["Name", "Score", "Attendance"])
        sheet.append([person, 90, 90])
    del book["Sheet"]
    path = academy.roster.with_suffix(".xlsx")
    book.save(path)
    for name, person in (("Monday", "Ana Díaz"), ("Friday", "Bo Li")):
        result = batch.run(Options(roster=path, sheet=name))
        assert [entry.name for entry in result.certificates] == [person]


def test_a_course_on_a_sheet_of_the_workbook_is_enough(academy: Academy) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Name", "Completed"])
    book.active.append(["Ana Díaz", "yes"])
    sheet = book.create_sheet("Course")
    rows = [("code", "S-1"), ("title", "On a sheet"), ("start", date(2026, 3, 2)), ("issued", date(2026, 4, 10))]
    for row in [("Key", "Value"), *rows, ("layout", "../plain"), ("award", "completion | completed = yes")]:
        sheet.append(row)
    academy.course.unlink()
    path = academy.roster.with_suffix(".xlsx")
    book.save(path)
    result = batch.run(Options(roster=path))
    assert (result.status, [entry.award for entry in result.certificates]) == ("done", ["completion"])


def test_the_day_of_issue_that_is_asked_for_goes_before_the_courses(academy: Academy) -> None:
    plans: list[Plan] = []

    class Look(intake.Nobody):
        def plan(self, plan: Plan, problems: list[Problem]) -> None:
            plans.append(plan)

    batch.run(Options(roster=academy.roster, issued=date(2026, 5, 1), dry_run=True), Look())
    assert plans[0].issued == date(2026, 5, 1)


def test_files_are_named_by_the_pattern(academy: Academy) -> None:
    result = run(academy, name="{course.hours} {recipient.name} {credential.kind}", out=academy.folder / "named")
    assert result.certificates[0].file == "40-Ana-Díaz-achievement.pdf"
    assert (academy.folder / "named" / result.certificates[0].file).is_file()


def test_history_tells_who_was_decided_about_by_hand_and_why(academy: Academy) -> None:
    from certgen.registry import Registry

    academy.write_roster("Name,Id,Award,Reason\nAna Díaz,1,participation,The board decided so on 3 March\n")
    run(academy)
    academy.write_roster("Name,Id,Award,Reason\nAna Díaz Ruiz,1,participation,The board decided so on 3 March\n")
    run(academy, on_change="replace")
    registry = Registry.open(academy.folder, [])
    assert registry is not None
    with registry:
        first, second = [event.details["overrides"] for event in registry.history() if event.kind == "batch"]
    assert "Ana Díaz: participation by hand, The board decided so on 3 March" in str(first)
    assert "Ana Díaz Ruiz: replaced, as name Ana Díaz, now Ana Díaz Ruiz" in str(second)


def test_whose_certificate_was_revoked_gets_none_and_no_file_until_asked_for(academy: Academy) -> None:
    from certgen.registry import Registry

    first = run(academy)
    registry = Registry.open(academy.folder, [])
    assert registry is not None
    with registry:
        (held,) = registry.all(name="Ana")
        registry.revoke([held.serial], "Issued by mistake", date(2026, 5, 2))
    result = run(academy)
    assert (result.status, result.counts.unchanged, result.counts.not_awarded) == ("done", 2, 2)
    (told,) = [item for item in result.not_awarded if item.name == "Ana Díaz"]
    assert "was revoked on 2\xa0May 2026 (Issued by mistake)" in told.reason and "--renew-revoked" in told.reason
    assert codes(result, "warning") == ["cancelled-certificates"]
    (academy.out / first.certificates[0].file).unlink()
    assert run(academy, on_change="keep").counts.restored == 0
    assert not list(academy.out.glob("Ana*.pdf"))
    assert run(academy, on_change="replace").counts.issued == 0  # that is about corrections
    assert run(academy, renew_revoked=True).counts.issued == 1
    (new,) = academy.out.glob("Ana*.pdf")
    assert new.name != first.certificates[0].file


def test_the_same_certificate_made_again_is_not_called_a_replacement(academy: Academy) -> None:
    run(academy)
    academy.layout.write_text(LAYOUT.replace('"title", "number", "qr"', '"title", "qr"'), encoding="utf-8")
    states = {entry.name: entry.state for entry in run(academy, replace=True).certificates}
    assert states["Ana Díaz"] == "remade"
    assert states["Олена Коваль"] == "unchanged"
