"""Rosters: any header in three languages, every value typed, every mistake told by its cell."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import pickle
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certgen.columns import HEADERS, meanings
from certgen.errors import Problem
from certgen.model import AwardRule, Conditions, Course, Edition, Expiry, Recipient
from certgen.roster import Roster, column_key, course_sheet, extra, open_roster, read_roster, recipients
from certgen.workbook import Cell, Sheet, Workbook

COURSE = Course(
    code="A1",
    editions={tag: Edition(language=tag, title="Fair recruitment") for tag in ("en", "es", "fr")},
    languages=("en", "es", "fr"),
    awards=(AwardRule(kind="achievement"), AwardRule(kind="participation")),
    expires=Expiry(),
)


def book(rows: Sequence[Sequence[Cell]], name: str = "People", **more: object) -> Workbook:
    width = max(map(len, rows))
    cells = [[*row, *[None] * (width - len(row))] for row in rows]
    return Workbook(sheets=[Sheet(name, False, cells, **more)], kind="xlsx")  # type: ignore[arg-type]


def people(
    rows: Sequence[Sequence[Cell]], course: Course | None = COURSE, **more: object
) -> tuple[Roster, list[Problem]]:
    problems: list[Problem] = []
    roster = recipients(book(rows, **more), course, problems)
    assert roster is not None, problems
    return roster, problems


def person(header: Sequence[str], row: Sequence[Cell], course: Course | None = COURSE) -> Recipient:
    roster, problems = people([header, row], course)
    assert not problems
    (recipient,) = roster.recipients
    return recipient


def only_problem(rows: Sequence[Sequence[Cell]], course: Course | None = COURSE, **more: object) -> Problem:
    _, problems = people(rows, course, **more)
    (problem,) = problems
    assert problem.message.endswith((".", "?")) and problem.hint.endswith(".")
    return problem


# --- headers ---------------------------------------------------------------------------------

EVERY_HEADER = [
    (field, tongue, header) for field, tongues in HEADERS.items() for tongue, many in tongues.items() for header in many
]
ONE_OF_EACH = {
    "given": "Ana",
    "family": "Pérez",
    "honorific": "Ing.",
    "email": "ana@example.org",
    "id": "00123",
    "number": "R/7",
    "language": "es",
    "hours": "22,5",
    "score": "58/60",
    "attendance": "92%",
    "completed": "sí",
    "award": "achievement",
    "reason": "Jury",
    "completed_on": "2026-03-27",
    "start": "2026-03-02",
    "end": "27/03/2026",
}


def test_every_field_of_the_issue_is_recognised_in_three_languages() -> None:
    assert {*ONE_OF_EACH, "name", "minutes"} == set(HEADERS)
    for field, tongues in HEADERS.items():
        assert set(tongues) == {"en", "es", "fr"} and all(tongues.values()), field


def test_no_header_means_two_things() -> None:
    seen: dict[str, str] = {}
    for field, _, header in EVERY_HEADER:
        assert seen.setdefault(column_key(header), field) == field, header


@given(st.permutations(list(ONE_OF_EACH)), st.sampled_from(["en", "es", "fr"]), st.data())
@settings(max_examples=40)
def test_headers_in_any_order_case_and_spacing(order: list[str], tongue: str, data: st.DataObject) -> None:
    header = []
    for field in order:
        text = data.draw(st.sampled_from(HEADERS[field][tongue]))
        change = data.draw(
            st.sampled_from([str.upper, str.lower, str.title, lambda t: f"  {t} :", lambda t: t.replace(" ", "_")])
        )
        header.append(unicodedata.normalize(data.draw(st.sampled_from(["NFC", "NFD"])), change(text)))
    recipient = person(header, [ONE_OF_EACH[field] for field in order])
    assert recipient == Recipient(
        row=2,
        name="Ana Pérez",
        given="Ana",
        family="Pérez",
        honorific="Ing.",
        email="ana@example.org",
        id="00123",
        number="R/7",
        language="es",
        hours=Decimal("22.5"),
        score=Decimal(58),
        score_out_of=Decimal(60),
        attendance=Decimal(92),
        completed=True,
        award="achievement",
        reason="Jury",
        completed_on=date(2026, 3, 27),
        start=date(2026, 3, 2),
        end=date(2026, 3, 27),
        letters={field: "ABCDEFGHIJKLMNOP"[i] for i, field in enumerate(order)}
        | {"name": "ABCDEFGHIJKLMNOP"[order.index("given")]},
    )


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["Prénom", "Nom"], ["given", "family"]),
        (["NOM", "PRENOM"], ["family", "given"]),
        (["Nombre", "Apellidos"], ["given", "family"]),
        (["Apellido(s)", "Nombre"], ["family", "given"]),
        (["Nombre"], ["name"]),
        (["Nom"], ["name"]),
        (["Nom", "Courriel"], ["name", "email"]),
        (["Name", "E-Mail"], ["name", "email"]),
        (["First name", "Surname", "Name"], ["given", "family", "name"]),
        (["Name", "First name"], ["name?", "given"]),
        (["Job title", None, "Título"], ["extra", "", "extra"]),
        (["Full name", "Score", "Note"], ["name", "score", "extra"]),
        (["Full name", "Note"], ["name", "score"]),
        (["Nom complet", "Note", "Score"], ["name", "score", "score"]),  # told as two columns
    ],
)
def test_nom_and_nombre_mean_what_their_neighbours_say(header: list[Cell], found: list[str]) -> None:
    assert meanings(header) == found


def test_name_beside_a_given_name_is_settled_by_the_rows_or_asked() -> None:
    roster, problems = people([["Name", "First name"], ["Ana Pérez", "Ana"], ["Luc Roy", "Luc"]])
    assert not problems and [r.name for r in roster.recipients] == ["Ana Pérez", "Luc Roy"]
    problem = only_problem([["Name", "First name"], ["Pérez", "Ana"]])
    assert (problem.code, problem.cell, problem.row) == ("unclear-name", "A1", None)


def test_two_columns_for_one_meaning_are_told_with_both_letters() -> None:
    problem = only_problem([["Full name", "E-mail", "Courriel"], ["Ana Pérez", "a@example.org", "b@example.org"]])
    assert (problem.code, problem.cell, problem.severity, problem.row) == ("two-columns", "C1", "error", None)
    assert "B (“E-mail”)" in problem.message and "C (“Courriel”)" in problem.message


def test_a_full_name_wins_over_its_parts_and_the_parts_are_kept() -> None:
    recipient = person(["Given name", "Family name", "Full name"], ["Ana", "Pérez", "Ana de Pérez"])
    assert (recipient.name, recipient.given, recipient.family) == ("Ana de Pérez", "Ana", "Pérez")
    assert recipient.cells["name"] == "C2"


@pytest.mark.parametrize("name", ["Bo", "Total"])
def test_a_full_name_without_the_family_name_beside_it_is_asked_about(name: str) -> None:
    problem = only_problem([["Nom", "Apellido", "Email"], [name, "Li", "bo@example.org"]])
    assert (problem.code, problem.severity, problem.cell) == ("names-disagree", "error", "A2")
    assert "B2" in problem.message and "--map" in problem.hint


@pytest.mark.parametrize(("name", "family"), [("Ana Diaz", "DÍAZ"), ("Ana Díaz Soto", "Díaz"), ("Ana Díaz", "دياز")])
def test_a_full_name_that_has_it_or_cannot_be_compared_is_taken(name: str, family: str) -> None:
    assert person(["Full name", "Family name", "Email"], [name, family, "ana@example.org"]).name == name


def test_a_person_whose_given_name_is_a_word_for_a_sum_is_a_person() -> None:
    assert person(["Given", "Family", "Email"], ["Total", "Ferreira", "t@example.org"]).name == "Total Ferreira"


def test_the_order_of_names_follows_the_row_or_the_course() -> None:
    hungarian = Course("A1", {"hu": Edition("hu", "x")}, ("hu", "en"), COURSE.awards, Expiry())
    header = ["Given name", "Family name", "Language"]
    assert person(header, ["Anna", "Váradi", None], hungarian).name == "Váradi Anna"
    assert person(header, ["Anna", "Váradi", "English"], hungarian).name == "Anna Váradi"
    assert person(header, ["민지", "남궁", "en"]).name == "남궁민지"


def test_further_columns_are_kept_by_header_and_found_in_any_spelling() -> None:
    recipient = person(["Full name", "Organización", "Quiz 1"], ["Ana", " Unión  Norte ", 7.5])
    assert recipient.extra == {"Organización": "Unión Norte", "Quiz 1": "7.5"}
    assert extra(recipient, "organizacion") == "Unión Norte"
    assert extra(recipient, "QUIZ-1") == "7.5"
    assert extra(recipient, "Quiz 2") is None
    assert recipient.cells["Quiz 1"] == "C2"


def test_equal_and_missing_headers_are_told() -> None:
    roster, problems = people([["Name", "Quiz", "quiz ", None], ["Ana", 1, 2, "stray"]])
    assert [(p.code, p.cell, p.severity) for p in problems] == [
        ("same-header", "C1", "warning"),
        ("no-column-header", "D1", "warning"),
    ]
    assert roster.recipients[0].extra == {"Quiz": "1", "quiz (C)": "2"}


# --- sheets ----------------------------------------------------------------------------------


def test_a_header_below_titles_and_away_from_a1_keeps_its_addresses() -> None:
    rows: list[list[Cell]] = [["Fair recruitment, March 2026"], [None], ["Full name", "Score"], ["Ana", "?!"]]
    roster, problems = people(rows, top=4, left=2)
    assert roster.header_row == 7
    (problem,) = problems
    assert (problem.cell, problem.row, problem.sheet) == ("D8", 8, "People")
    assert roster.columns["score"].letters == "D"


def test_of_several_rows_that_speak_of_names_the_one_that_knows_most_is_the_header() -> None:
    rows: list[list[Cell]] = [["Name", "Fair recruitment"], ["Participant", "E-mail"], ["Ana", "ana@example.org"]]
    roster, problems = people(rows)
    assert not problems and roster.header_row == 2 and [r.name for r in roster.recipients] == ["Ana"]


def test_the_sheet_with_people_is_read_and_two_of_them_are_a_problem() -> None:
    def sheet(name: str, hidden: bool, *rows: list[Cell]) -> Sheet:
        return Sheet(name, hidden, list(rows))

    many = Workbook(
        sheets=[
            sheet("Notes", False, ["Nothing here"]),
            sheet("Old", True, ["Name"], ["Eva"]),
            sheet("Course", False, ["Name", "Value"], ["code", "A1"]),
            sheet("March", False, ["Name"], ["Ana"]),
            sheet("April", False, ["Name"], ["Luc"]),
        ],
        kind="xlsx",
    )
    problems: list[Problem] = []
    assert recipients(many, COURSE, problems) is None
    assert [(p.code, p.severity) for p in problems] == [("several-sheets", "error")]
    assert "“March” and “April”" in problems[0].message
    problems = []
    del many.sheets[4].rows[1]  # a sheet with a header and nobody on it is no rival
    roster = recipients(many, COURSE, problems)
    assert roster is not None and [r.name for r in roster.recipients] == ["Ana"] and roster.sheet == "March"
    assert [(p.code, p.severity) for p in problems] == [("hidden-sheet", "warning")] and "“Old”" in problems[0].message
    assert roster.course_sheet is course_sheet(many) is many.sheets[2]
    many.sheets[4].rows.append(["Luc"])
    for wanted, name in (("april", "Luc"), ("Old", "Eva")):
        problems = []
        roster = recipients(many, COURSE, problems, sheet=wanted)
        assert roster is not None and not problems and roster.recipients[0].name == name
    assert recipients(many, COURSE, problems, sheet="May") is None
    assert problems[0].code == "no-such-sheet" and "“March”" in problems[0].hint and "Old" not in problems[0].hint


def test_a_sheet_without_names_says_what_it_has() -> None:
    problems: list[Problem] = []
    assert recipients(book([["Anna Lee"], ["Bob Ray"]]), COURSE, problems) is None
    assert problems[0].code == "no-header" and "“Anna Lee”" in problems[0].message


def test_a_header_without_people_is_told() -> None:
    assert only_problem([["Full name"], [None], ["  "]]).code == "no-people"


# --- each kind of problem, by its cell -------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "cell", "code"),
    [
        (["Full name", "Score"], [None, 60], "A2", "missing-name"),
        (["Score", "Given name", "Family name"], [60, " ", "-"], "B2", "missing-name"),
        (["Full name"], ["n/a"], "A2", "missing-name"),
        (["Full name"], [7], "A2", "not-a-name"),
        (["Full name"], [date(2026, 5, 22)], "A2", "not-a-name"),
        (["Full name", "Score"], ["First", "Score"], "A2", "not-a-person"),
        (["Full name"], ["An\u200bna"], "A2", "forbidden-character"),
        (["Full name", "ID"], ["Ana", "7\x00"], "B2", "forbidden-character"),
        (["Full name", "E-mail"], ["Ana", "ana@"], "B2", "bad-email"),
        (["Full name", "E-mail"], ["Ana", "a@example.org; b@example.org"], "B2", "bad-email"),
        (["Full name", "ID"], ["Ana", 1.23e19], "B2", "lost-digits"),
        (["Full name", "Language"], ["Ana", "German"], "B2", "unknown-language"),
        (["Full name", "Hours"], ["Ana", "many"], "B2", "not-a-number"),
        (["Full name", "Hours"], ["Ana", -1], "B2", "negative-number"),
        (["Full name", "Score"], ["Ana", "1,234"], "B2", "unclear-number"),
        (["Full name", "Score"], ["Ana", "61/60"], "B2", "too-much"),
        (["Full name", "Attendance"], ["Ana", 0.92], "B2", "unclear-percent"),
        (["Full name", "Completed"], ["Ana", "perhaps"], "B2", "not-yes-or-no"),
        (["Full name", "Completion date"], ["Ana", "03/04/2026"], "B2", "unclear-date"),
        (["Full name", "Completion date"], ["Ana", "soon"], "B2", "unreadable-date"),
        (["Full name", "Award", "Reason"], ["Ana", "gold", "x"], "B2", "unknown-award"),
        (["Full name", "Award", "Reason"], ["Ana", "attendance", "x"], "B2", "unknown-award"),
        (["Full name", "Award", "Reason"], ["Ana", "achievement", None], "C2", "missing-reason"),
        (["Full name", "Award"], ["Ana", "achievement"], "B2", "missing-reason"),
        (["Full name", "Start", "End"], ["Ana", "2026-03-27", "2026-03-02"], "C2", "end-before-start"),
    ],
)
def test_a_mistake_is_told_by_its_cell_and_the_row_left_out(
    header: list[Cell], row: list[Cell], cell: str, code: str
) -> None:
    good = ["Eva", "Luz"] if header[0] == "Full name" else [None, "Eva", "Luz"]
    rows: list[list[Cell]] = [
        header,
        row,
        [good[i] if h in ("Full name", "Given name", "Family name") else None for i, h in enumerate(header)],
    ]
    roster, problems = people(rows)
    (problem,) = problems
    assert (problem.code, problem.cell, problem.row, problem.severity) == (code, cell, 2, "error")
    assert problem.sheet == "People" and problem.message.endswith((".", "?")) and problem.hint.endswith(".")
    assert roster.left_out == (2,) and [r.row for r in roster.recipients] == [3]


def test_error_cells_and_formulas_without_a_value_are_never_silently_blank() -> None:
    rows: list[list[Cell]] = [["Full name", "Score", "City"], [None, 7, "Lima"], ["Ana", None, None], ["Luc", 8, None]]
    roster, problems = people(rows, faults={"A2": "", "B3": "#N/A", "C3": "#REF!", "C4": "#REF!"})
    assert [(p.code, p.cell, p.severity) for p in problems] == [
        ("error-cell", "C1", "warning"),  # a further column: told once
        ("uncalculated-formula", "A2", "error"),
        ("error-cell", "B3", "error"),
    ]
    assert "C3 to C4" in problems[0].message and "#N/A" in problems[2].message
    assert [r.name for r in roster.recipients] == ["Luc"]


def test_all_problems_are_told_at_once_in_the_order_of_the_rows() -> None:
    rows: list[list[Cell]] = [["Score", "E-mail", "Full name"]]
    rows += [["x", "y", f"Person {i}"] for i in range(30)]
    _, problems = people(rows)
    assert [(p.row, p.cell) for p in problems] == [(r, f"{c}{r}") for r in range(2, 32) for c in "AB"]


def test_hidden_rows_and_repeated_headers_are_told_and_the_people_read() -> None:
    rows: list[list[Cell]] = [["Full name", "City"], ["Ana", "Lima"], ["Full name", "City"], ["Luc", "Lyon"]]
    roster, problems = people(rows, hidden_rows=frozenset({2}))
    assert [(p.code, p.cell, p.severity) for p in problems] == [
        ("hidden-rows", "A1", "warning"),
        ("repeated-header", "A3", "warning"),
    ]
    assert [r.name for r in roster.recipients] == ["Ana", "Luc"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Ana\nPérez", "line-break"),
        ("JosÃ© Pérez", "wrongly-decoded"),
        ("Jоhn Smith", "mixed-scripts"),
        ("Ana (she/her)", "remark-in-name"),
    ],
)
def test_doubts_are_warnings_and_the_person_is_kept(name: str, code: str) -> None:
    roster, problems = people([["Full name"], [name]])
    assert [(p.code, p.cell, p.severity) for p in problems] == [(code, "A2", "warning")]
    assert roster.recipients[0].name == " ".join(name.split())


# --- the same person -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "one", "other", "cell", "also"),
    [
        (["Full name", "ID"], ["Ana Pérez", "a7"], ["Luc Roy", "A7"], "B3", "B2"),
        (["Full name", "E-mail"], ["Ana Pérez", "ana@example.org"], ["A. Pérez", "ANA@example.org"], "B3", "B2"),
        (["Full name", "E-mail"], ["Ana Pérez", None], ["PEREZ, Ana", None], "A3", "A2"),
        (["Given name", "Family name"], ["Ana", "Pérez"], ["Ａna", "Pe\u0301rez"], "A3", "A2"),
    ],
)
def test_one_person_twice_is_told_with_both_cells(
    header: list[Cell], one: list[Cell], other: list[Cell], cell: str, also: str
) -> None:
    roster, told = people([header, one, other])
    problems = [problem for problem in told if problem.code != "comma-in-name"]
    assert [(p.code, p.cell, p.row, p.severity) for p in problems] == [
        ("same-person", also, 2, "error"),
        ("same-person", cell, 3, "error"),
    ]
    assert f" {cell} " in problems[0].message and f" {also} " in problems[1].message
    assert not roster.recipients and roster.left_out == (2, 3)  # which of the two is right, nobody said


def test_every_row_that_is_left_out_has_an_error_of_its_own() -> None:
    rows: list[list[Cell]] = [["Full name", "ID", "E-mail"], ["Ana", "1", None], ["Luc", "2", "x@example.org"]]
    rows += [
        ["Eva", "1", "x@example.org"],
        ["Zoe", "3", "x@example.org"],
        [None, "4", None],
        ["Kim", "5", "k@example.org"],
    ]
    roster, problems = people(rows)
    assert {p.row for p in problems if p.severity == "error"} == set(roster.left_out) == {2, 3, 4, 5, 6}
    assert [r.name for r in roster.recipients] == ["Kim"]


def test_namesakes_with_an_id_or_an_address_of_their_own_are_two_people() -> None:
    header: list[Cell] = ["Full name", "ID", "E-mail"]
    rows: list[list[Cell]] = [
        ["Ana Lee", "1", None],
        ["Ana Lee", "2", None],
        ["Ana Lee", None, "a@example.org"],
        ["Ana Lee", None, None],
    ]
    roster, problems = people([header, *rows])
    assert [(p.code, p.severity, p.row) for p in problems] == [("namesakes", "warning", None)]
    assert "4 people" in problems[0].message and len(roster.recipients) == 4


# --- values ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["fr", "FR", "fr-CA", "French", "francés", "Français", "FRANCAIS"])
def test_languages_by_tag_and_by_name(text: str) -> None:
    assert person(["Full name", "Language"], ["Ana", text]).language == "fr"


@pytest.mark.parametrize(
    "text", ["achievement", "Certificate of Achievement", "certificado de aprovechamiento", "Attestation de réussite"]
)
def test_awards_in_three_languages(text: str) -> None:
    assert person(["Full name", "Award", "Reason"], ["Ana", text, "Jury"]).award == "achievement"


def test_a_column_of_dates_settles_its_own_order() -> None:
    roster, problems = people([["Full name", "Completion date"], ["Ana", "03/04/2026"], ["Luc", "27/03/2026"]])
    assert not problems and roster.recipients[0].completed_on == date(2026, 4, 3)


def test_numbers_of_the_spreadsheet_read_as_it_shows_them() -> None:
    recipient = person(["Full name", "ID", "Number", "Group"], ["Ana", 123, 7.0, 2.0])
    assert (recipient.id, recipient.number, recipient.extra["Group"]) == ("123", "7", "2")
    assert person(["Full name", "ID"], ["Ana", "00123"]).id == "00123"


def test_per_cent_formats_reach_attendance_and_score() -> None:
    rows: list[list[Cell]] = [["Full name", "Attendance", "Score"], ["Ana", 0.92, 0.585]]
    roster, problems = people(rows, percents=frozenset({"B2", "C2"}))
    (recipient,) = roster.recipients
    assert not problems
    assert (recipient.attendance, recipient.score, recipient.score_out_of) == (92, Decimal("58.5"), 100)


def asking(out_of: int) -> Course:
    rule = AwardRule(kind="achievement", when=Conditions(score_min=Decimal(50), out_of=Decimal(out_of)))
    return replace(COURSE, awards=(rule, AwardRule(kind="participation")))


@pytest.mark.parametrize(
    ("cell", "out_of", "highest"), [(105, 100, "100"), ("62/60", 100, "60"), ("60,5", 60, "60"), ("105%", 20, "100")]
)
def test_a_score_above_the_highest_one_is_told_at_its_cell(cell: Cell, out_of: int, highest: str) -> None:
    problem = only_problem([["Name", "Score"], ["Ana Díaz", cell]], asking(out_of))
    assert (problem.code, problem.cell, problem.row) == ("too-much", "B2", 2)
    assert f"the highest one, {highest}" in problem.message


@pytest.mark.parametrize(("cell", "out_of"), [(100, 100), ("60/60", 20), ("58/60", 20), ("100%", 20), (20.0, 20)])
def test_a_score_up_to_the_highest_one_is_read(cell: Cell, out_of: int) -> None:
    assert person(["Name", "Score"], ["Ana Díaz", cell], asking(out_of)).score is not None


def test_where_the_course_asks_for_no_score_any_is_read() -> None:
    assert person(["Name", "Score"], ["Ana Díaz", 105]).score == 105


def attended(*cells: Cell, percents: frozenset[str] = frozenset()) -> tuple[list[Decimal | None], list[Problem]]:
    rows: list[list[Cell]] = [[f"Person {chr(65 + n)}", cell] for n, cell in enumerate(cells)]
    roster, problems = people([["Name", "Attendance"], *rows], percents=percents)
    return [recipient.attendance for recipient in roster.recipients], problems


def test_a_column_of_fractions_is_read_as_such_and_told_once() -> None:
    read, (problem,) = attended(0.9, 1, "0,75", None, 0)
    assert read == [90, 100, 75, None, 0]
    assert (problem.code, problem.severity, problem.cell, problem.row) == ("read-as-fractions", "warning", "B1", None)
    assert "0.75 is 75%" in problem.message and "1 is 100%" in problem.message


def test_a_column_that_may_be_fractions_or_per_cents_is_one_problem() -> None:
    for cells in ([1, 1, 1], [1, 0, 1, 0], [0.9, 0.9]):
        _, (problem,) = attended(*cells)
        assert (problem.code, problem.severity, problem.cell, problem.row) == ("unclear-percent", "error", "B1", None)


def test_fractions_among_per_cents_are_told_by_cell() -> None:
    read, problems = attended(0.9, 85, 0.7)
    assert read == [85]
    assert [(p.code, p.cell) for p in problems] == [("unclear-percent", "B2"), ("unclear-percent", "B4")]
    read, problems = attended(0.9, 0.85, 1, percents=frozenset({"B2", "B3", "B4"}))
    assert (read, problems) == ([90, 85, 100], [])


def test_a_row_without_a_name_is_compared_with_the_others() -> None:
    header = ["Name", "E-mail", "ID"]
    rows: list[list[Cell]] = [["Ana Díaz", "ana@x.org", 1], [None, "ANA@x.org", None], [None, None, 7], ["Bo", None, 7]]
    roster, problems = people([header, *rows])
    assert [(p.code, p.cell) for p in problems] == [
        ("same-person", "B2"), ("missing-name", "A3"), ("same-person", "B3"),
        ("missing-name", "A4"), ("same-person", "C4"), ("same-person", "C5"),
    ]  # fmt: skip
    assert roster.recipients == () and roster.left_out == (2, 3, 4, 5)
    assert "B3 (without a name)" in problems[0].message and "(Ana Díaz)" in problems[2].message


@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        ([["Ana", "a@x.org", 1], ["Ana", "b@x.org", 1], ["Bo", "b@x.org", 2]], ["C2", "C3", "B4"]),
        ([["Ana", "a@x.org", 1], ["Bo", "b@x.org", 2], ["Cy", "b@x.org", 1]], ["C2", "B3", "B4", "C4"]),
    ],
)
def test_one_row_may_be_two_others_and_all_of_them_are_told(rows: list[list[Cell]], cells: list[str]) -> None:
    roster, problems = people([["Name", "E-mail", "ID"], *rows])
    assert [(p.code, p.cell) for p in problems] == [("same-person", cell) for cell in cells]
    assert roster.recipients == ()


def test_a_title_that_the_name_already_has_is_not_printed_twice() -> None:
    assert person(["Honorific", "Full name"], ["Dr.", "Dr. Ana Pérez"]).honorific is None
    assert person(["Honorific", "Full name"], ["Dr.", "Drusilla Pérez"]).honorific == "Dr."


def test_without_a_course_nothing_is_checked_against_it() -> None:
    recipient = person(["Full name", "Language", "Award", "Reason"], ["Ana", "de", "attendance", "x"], course=None)
    assert (recipient.language, recipient.award) == ("de", "attendance")


# --- whole files -----------------------------------------------------------------------------

WORD = st.text(st.characters(categories=("Lu", "Ll", "Lo")), min_size=1, max_size=12)
PEOPLE = st.lists(
    st.tuples(
        st.lists(WORD, min_size=2, max_size=3).map(" ".join),
        st.decimals(0, 100, places=1),
        st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    ),
    min_size=1,
    max_size=8,
)


@given(PEOPLE, st.sampled_from(["xlsx", ",", ";", "\t"]))
@settings(max_examples=60, deadline=None)
def test_people_written_are_the_people_read(
    tmp_path_factory: pytest.TempPathFactory, them: list[tuple[str, Decimal, date]], kind: str
) -> None:
    header = ["Nombre completo", "Correo electrónico", "Nota", "Fecha de finalización"]
    rows = [(name, f"p{i}@example.org", score, day) for i, (name, score, day) in enumerate(them)]
    path = tmp_path_factory.getbasetemp() / f"roster{ord(kind[0])}"
    if kind == "xlsx":
        written = openpyxl.Workbook()
        sheet = written.active
        assert sheet is not None
        sheet.append(header)
        for name, email, score, day in rows:
            sheet.append([None, email, float(score), day])
            sheet.cell(sheet.max_row, 1, name).data_type = "s"
        written.save(path)
    else:
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, delimiter=kind)
        writer.writerows(
            [header, *([name, email, str(score).replace(".", ","), day] for name, email, score, day in rows)]
        )
        path.write_bytes(stream.getvalue().encode())
    problems: list[Problem] = []
    roster = read_roster(path, None, problems)
    assert roster is not None and not roster.left_out
    assert not [p for p in problems if p.severity == "error"]
    assert roster.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [(r.name, r.email, r.score, r.completed_on) for r in roster.recipients] == [
        (" ".join(unicodedata.normalize("NFC", name).split()), email, score, day) for name, email, score, day in rows
    ]
    assert pickle.loads(pickle.dumps(roster)) == roster


def test_a_csv_problem_names_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Full name;Score\nAna;?x\n", encoding="utf-8")
    problems: list[Problem] = []
    assert open_roster(path, problems) is not None
    read_roster(path, COURSE, problems)
    (problem,) = problems
    assert (problem.file, problem.sheet, problem.cell) == (str(path), None, "B2")


# --- the names of the collection -------------------------------------------------------------

REFUSED = {"blank", "zero width / invisible", "bidi override", "unassigned/noncharacter", "lone surrogate"}
# Judged otherwise than the collection: a joiner before a Latin letter spells nothing; "-" and "?" are
# listed as shell injections but are nobody's name; control characters that do not break lines are refused.
ELSEWISE = {"\u200dLeading ZWJ", "-", "?", "Anna\x1aLee", "\x1b]0;pwned\x07Anna"}
WARNED = {"mojibake", "homoglyph"}


def test_every_name_of_the_collection_ends_as_its_row_says(shared: Path) -> None:
    lines = (shared / "names.tsv").read_text(encoding="utf-8").split("\n")[1:]
    listed = [(json.loads(name), category) for name, category, _ in (line.split("\t") for line in lines if line)]
    assert len(listed) == 439
    rows: list[list[Cell]] = [["Full name", "E-mail"]]
    rows += [[name or None, f"p{i}@example.org"] for i, (name, _) in enumerate(listed)]
    roster, problems = people(rows)
    read = {recipient.row: recipient.name for recipient in roster.recipients}
    told = defaultdict(set)
    for problem in problems:
        if problem.row is not None:
            told[problem.row].add(problem.severity)
            assert problem.cell == f"A{problem.row}"
    for row, (name, category) in enumerate(listed, 2):
        if category in REFUSED or name in ELSEWISE:
            assert row not in read and "error" in told[row], (name, category)
        else:
            assert read[row] == " ".join(unicodedata.normalize("NFC", name).split()), category
            assert told[row] <= {"warning"}
        if category in WARNED and "(" not in name:
            assert told[row] == {"warning"}, name


# --- the guide -------------------------------------------------------------------------------


SLUG = re.compile(r"(?m)^\| `([a-z]+(?:-[a-z0-9]+)+|password|encoding)` ")  # a row of the guide's table of problems
CODE = re.compile(r"[\"']([a-z]+(?:-[a-z0-9]+)+|password|encoding)[\"']")
NO_CODES = {"utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "latin-1", "iso-2022-jp", "windows-1252"}
NO_CODES |= {"table-cell", "covered-table-cell", "table-row", "encryption-data"}


def columns_table() -> str:
    """The table of docs/roster.md, as the code has it."""
    lines = ["| | English | Spanish | French |", "| --- | --- | --- | --- |"]
    for field, tongues in HEADERS.items():
        lines.append(f"| `{field}` | " + " | ".join(", ".join(tongues[tongue]) for tongue in ("en", "es", "fr")) + " |")
    return "\n".join(lines)


def test_the_guide_lists_the_columns_that_are_read() -> None:
    guide = (Path(__file__).parent.parent / "docs" / "roster.md").read_text(encoding="utf-8")
    assert columns_table() in guide, f"put this table into docs/roster.md:\n{columns_table()}"


def test_the_guide_names_every_kind_of_problem() -> None:
    guide = (Path(__file__).parent.parent / "docs" / "roster.md").read_text(encoding="utf-8")
    source = Path(__file__).parent.parent / "certgen"
    codes = set()
    modules = [
        source / f"{name}.py"
        for name in ("columns", "values", "workbook", "package", "delimited", "xlsx", "ods", "source")
    ]
    for module in [*modules, source / "biff.py", *(source / "roster").glob("*.py")]:
        text = module.read_text(encoding="utf-8")
        codes |= {word for word in CODE.findall(text) if word not in NO_CODES and not word.startswith("utf")}
    assert len(codes) > 40
    assert sorted(code for code in codes if f"`{code}`" not in guide) == []
    assert sorted(code for code in SLUG.findall(guide) if code not in codes) == []
