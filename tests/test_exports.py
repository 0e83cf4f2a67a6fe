"""Exports of learning and meeting systems as they come: who wrote them is recognised, every column read as meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from certgen.errors import Problem
from certgen.model import AwardRule, Conditions, Course, Edition, Expiry
from certgen.roster import Reading, Roster, read_roster, recipients
from certgen.roster.exports import moments, total
from certgen.workbook import Cell, Sheet, Workbook

COURSE = Course(
    code="A1",
    editions={tag: Edition(language=tag, title="Fair recruitment") for tag in ("en", "es", "fr")},
    languages=("en", "es", "fr"),
    awards=(AwardRule(kind="attendance", when=Conditions(attendance_min=Decimal(80))), AwardRule(kind="completion")),
    expires=Expiry(),
    attendance_of=Decimal(2),
)


def reading(
    folder: Path, text: str, *, course: Course | None = COURSE, encoding: str = "utf-8-sig", **options: object
) -> tuple[Roster, list[Problem]]:
    path = folder / "export.csv"
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    problems: list[Problem] = []
    roster = read_roster(path, course, problems, reading=Reading(**options))  # type: ignore[arg-type]
    assert roster is not None, problems
    return roster, problems


def told(problems: Sequence[Problem]) -> list[tuple[str, str | None, str]]:
    return [(problem.code, problem.cell, problem.severity) for problem in problems]


def meanings(roster: Roster) -> dict[str, str]:
    """Header to meaning of the columns that are more than further ones."""
    return {column.header: column.meaning for column in roster.columns.values() if column.meaning != "extra"}


# --- Moodle ----------------------------------------------------------------------------------

MOODLE = {
    "en": (
        "First name,Last name,ID number,Institution,Department,Email address,Quiz: Final (Real),Course total (Real),"
        "Course total (Percentage),Course total (Letter),Last downloaded from this course\n"
        'Ana María,Pérez Gómez,0012,Three Rivers,,ana@example.org,7.50,87.50,"87.50 %",B,1774569600\n'
        "Luc,Roy,0013,,,luc@example.org,-,-,-,-,1774569600\n"
    ),
    "es": (
        "Nombre,Apellido(s),Número de ID,Institución,Departamento,Dirección de correo,Cuestionario: Final (Real),"
        "Total del curso (Real),Total del curso (Porcentaje),Última descarga de este curso\n"
        'Ana María,Pérez Gómez,0012,Tres Ríos,,ana@example.org,"7,50","87,50","87,50 %",1774569600\n'
        "Luc,Roy,0013,,,luc@example.org,-,-,-,1774569600\n"
    ),
    "fr": (
        "Prénom,Nom,Numéro d'identification,Institution,Département,Adresse de courriel,Test : Final (Brut),"
        "Total du cours (Brut),Total du cours (Pourcentage),Dernier téléchargement depuis ce cours\n"
        'Ana María,Pérez Gómez,0012,Trois-Rivières,,ana@example.org,"7,50","87,50","87,50 %",1774569600\n'
        "Luc,Roy,0013,,,luc@example.org,-,-,-,1774569600\n"
    ),
}


@pytest.mark.parametrize("tongue", MOODLE)
def test_moodle_grades_in_three_languages(tmp_path: Path, tongue: str) -> None:
    roster, problems = reading(tmp_path, MOODLE[tongue])
    assert not problems and roster.kind == "Moodle grades"
    ana, luc = roster.recipients
    assert (ana.name, ana.given, ana.family, ana.id, ana.email) == (
        "Ana María Pérez Gómez",
        "Ana María",
        "Pérez Gómez",
        "0012",
        "ana@example.org",
    )
    assert (ana.score, ana.score_out_of) == (Decimal("87.5"), None)
    assert luc.score is None  # “-” is no grade
    assert list(meanings(roster).values()) == ["given", "family", "id", "email", "score"]


def test_moodle_percentages_are_read_where_there_are_no_other_totals(tmp_path: Path) -> None:
    text = "First name,Surname,Email address,Course total (Percentage)\nAna,Díaz,a@example.org,87.5\n"
    roster, problems = reading(tmp_path, text)
    assert not problems
    assert (roster.recipients[0].score, roster.recipients[0].score_out_of) == (Decimal("87.5"), 100)
    assert roster.columns["score"].note == "per cent"


# --- Canvas ----------------------------------------------------------------------------------

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Quiz 1 (4021),Current Score,Unposted Current Score,Final Score,"
    "Unposted Final Score,Final Grade\n"
    "    Points Possible,,,,,10.0,(read only),(read only),(read only),(read only),(read only)\n"
    '"Pérez Gómez, Ana María",101,s1,ana,A,9.0,90.0,90.0,87.5,87.5,B\n'
    '"King, Martin, Jr",102,s2,king,A,9.0,90.0,90.0,61,61,D\n'
    "Cher,103,s3,cher,A,9.0,90.0,90.0,70,70,C\n"
    '"Student, Test",104,,test,A,0,0,0,0,0,F\n'
)


def test_canvas_gradebook(tmp_path: Path) -> None:
    roster, problems = reading(tmp_path, CANVAS)
    assert roster.kind == "Canvas gradebook"
    assert told(problems) == [
        ("family-first", "A1", "warning"),
        ("not-read", "A2", "warning"),
        ("not-read", "A6", "warning"),
    ]
    assert [(r.name, r.id, r.score, r.score_out_of) for r in roster.recipients] == [
        ("Ana María Pérez Gómez", "101", Decimal("87.5"), 100),
        ("King, Martin, Jr", "102", 61, 100),
        ("Cher", "103", 70, 100),
    ]
    assert meanings(roster) == {"Student": "name", "ID": "id", "Final Score": "score"}


# --- Zoom ------------------------------------------------------------------------------------

ZOOM = (
    "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants\n"
    "123 456 789,Fair recruitment,03/27/2026 09:00:00 AM,03/27/2026 11:00:00 AM,host@example.org,120,7\n"
    "\n"
    "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,In Waiting Room\n"
    "Ana Pérez,ana@example.org,03/27/2026 09:00:00 AM,03/27/2026 09:50:00 AM,50,No,No\n"
    "Ana's iPhone,ANA@example.org,03/27/2026 09:40:00 AM,03/27/2026 10:40:00 AM,60,No,No\n"
    "Luc Roy (TA),,03/27/2026 09:00:00 AM,03/27/2026 09:30:00 AM,30,Yes,No\n"
    "luc roy (TA),,03/27/2026 10:00:00 AM,03/27/2026 11:00:00 AM,60,Yes,No\n"
    "Zoë (Zoë Ward),zoe@example.org,03/27/2026 08:55:00 AM,03/27/2026 09:00:00 AM,5,No,Yes\n"
    "Zoë (Zoë Ward),zoe@example.org,03/27/2026 09:00:00 AM,03/27/2026 11:20:00 AM,140,No,No\n"
    "Mehmet Ak (she/her),m@example.org,03/27/2026 09:00:00 AM,03/27/2026 10:36:00 AM,96,No,No\n"
)


def test_zoom_attendance_adds_up_who_rejoined_and_counts_two_devices_once(tmp_path: Path) -> None:
    roster, problems = reading(tmp_path, ZOOM)
    assert roster.kind == "Zoom attendance" and roster.header_row == 4
    assert [(r.name, r.row, r.attendance) for r in roster.recipients] == [
        ("Ana Pérez", 5, Decimal(100) * 100 / 120),  # 09:00 to 10:40
        ("Luc Roy (TA)", 7, Decimal(75)),
        ("Zoë Ward", 10, Decimal(100)),  # the waiting room does not count, nor what is over the time
        ("Mehmet Ak (she/her)", 11, Decimal(80)),
    ]
    assert told(problems) == [
        ("rejoined", "E4", "warning"),
        ("other-name", "A5", "warning"),
        ("remark-in-name", "A7", "warning"),  # only of the rows whose names are printed
        ("two-names", "A10", "warning"),
        ("remark-in-name", "A11", "warning"),
    ]
    assert roster.columns["attendance"].note == "minutes, as a percentage of 2 h"


def test_zoom_report_of_unique_people(tmp_path: Path) -> None:
    text = "Name (Original Name),User Email,Total Duration (Minutes),Guest\nAna Pérez,,60,Yes\nLuc Roy,,120,Yes\n"
    roster, problems = reading(tmp_path, text)
    assert not problems and [r.attendance for r in roster.recipients] == [50, 100]


def test_a_time_that_cannot_be_read_spoils_the_person_and_nobody_is_left_out_unsaid(tmp_path: Path) -> None:
    text = (
        "Name (Original Name),User Email,Duration (Minutes)\nAna,a@example.org,60\nAna,a@example.org,long\nLuc,,120\n"
    )
    roster, problems = reading(tmp_path, text)
    assert [r.name for r in roster.recipients] == ["Luc"] and roster.left_out == (2, 3)
    assert [(p.code, p.row) for p in problems] == [("unclear-minutes", 2), ("not-a-number", 3)]


def test_minutes_need_to_know_of_how_much(tmp_path: Path) -> None:
    course = replace(COURSE, attendance_of=None)
    roster, problems = reading(tmp_path, "Name,Minutes\nAna Pérez,60\n", course=course)
    assert told(problems) == [("no-attendance-base", "B1", "error")]
    course = replace(course, awards=(AwardRule(kind="completion"),))
    roster, problems = reading(tmp_path, "Name,Minutes\nAna Pérez,60\n", course=course)
    assert not problems and roster.recipients[0].extra == {"Minutes": "60"}
    roster, problems = reading(tmp_path, "Name,Minutes,Attendance\nAna Pérez,60,90%\n")
    assert not problems and roster.recipients[0].attendance == 90


# --- Teams -----------------------------------------------------------------------------------

TEAMS = (
    "1. Summary\nMeeting title\tFair recruitment\nAttended participants\t3\nStart time\t3/27/26, 9:00:00 AM\n\n"
    "2. Participants\n"
    "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole\n"
    "Eva Lind\t3/27/26, 9:00:01 AM\t3/27/26, 11:00:02 AM\t2h 1s\teva@example.org\teva@example.org\tOrganizer\n"
    "Ana Pérez\t3/27/26, 9:05:00 AM\t3/27/26, 10:32:51 AM\t1h 27m 51s\tana@example.org\tana@example.org\tPresenter\n"
    "Luc Roy (Guest)\t3/27/26, 9:05:00 AM\t3/27/26, 9:50:00 AM\t45m\t\t\tAttendee\n\n"
    "3. In-Meeting Activities\n"
    "Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole\n"
    "Ana Pérez\t3/27/26, 9:05:00 AM\t3/27/26, 10:32:51 AM\t1h 27m 51s\tana@example.org\tPresenter\n"
)
TEAMS_ES = (
    "1. Resumen\nTítulo de la reunión\tContratación\n\n2. Participantes\n"
    "Nombre\tPrimera entrada\tÚltima salida\tDuración en la reunión\tCorreo electrónico\tRol\n"
    "Ana Pérez\t27/3/26, 9:05:00\t27/3/26, 10:32:51\t1 h 27 min 51 s\tana@example.org\tAsistente\n"
)


def test_teams_attendance_in_utf_16(tmp_path: Path) -> None:
    roster, problems = reading(tmp_path, TEAMS, encoding="utf-16")
    assert roster.kind == "Teams attendance" and roster.header_row == 7
    assert [r.name for r in roster.recipients] == ["Eva Lind", "Ana Pérez", "Luc Roy (Guest)"]
    assert [round(float(r.attendance or 0), 3) for r in roster.recipients] == [100, 73.208, 37.5]
    assert told(problems) == [("organiser", "G8", "warning"), ("remark-in-name", "A10", "warning")]


def test_teams_attendance_in_spanish(tmp_path: Path) -> None:
    roster, problems = reading(tmp_path, TEAMS_ES, encoding="utf-16")
    assert not problems and roster.kind == "Teams attendance"
    assert (roster.recipients[0].name, roster.recipients[0].email) == ("Ana Pérez", "ana@example.org")
    assert round(float(roster.recipients[0].attendance or 0), 3) == 73.208


# --- forms, tickets, paper -------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Timestamp,Email Address,What is your full name?,Organisation",
        "Marca temporal,Dirección de correo electrónico,Nombre completo (tal como irá en el certificado) *,Institución",
        "Horodateur,Adresse e-mail,Quel est votre nom complet ?,Établissement",
    ],
)
def test_google_forms_answers(tmp_path: Path, header: str) -> None:
    roster, problems = reading(tmp_path, header + "\n3/27/2026 10:11:12,ana@example.org,Ana Pérez,Three Rivers\n")
    assert not problems and roster.kind == "Google Forms answers"
    (ana,) = roster.recipients
    assert (ana.name, ana.email) == ("Ana Pérez", "ana@example.org")


def test_eventbrite_attendees(tmp_path: Path) -> None:
    text = (
        "Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Attendee #,Order Type,Attendee Status\n"
        "77,2026-03-01,Ana,Pérez,ana@example.org,1,Free,901,Free Order,Checked In\n"
        "78,2026-03-01,Luc,Roy,luc@example.org,1,Free,902,Free Order,Not Attending\n"
    )
    roster, problems = reading(tmp_path, text)
    assert roster.kind == "Eventbrite attendees"
    assert [(r.name, r.id) for r in roster.recipients] == [("Ana Pérez", "901")]
    assert told(problems) == [("cancelled", "J3", "warning")] and not roster.left_out


def sheet(*rows: Sequence[Cell], merged: tuple[tuple[int, int, int, int], ...] = ()) -> Workbook:
    width = max(map(len, rows))
    cells = [[*row, *[None] * (width - len(row))] for row in rows]
    return Workbook(sheets=[Sheet("Hoja1", False, cells, merged=merged)], kind="xlsx")


def people(book: Workbook, **options: object) -> tuple[Roster, list[Problem]]:
    problems: list[Problem] = []
    roster = recipients(book, None, problems, reading=Reading(**options))  # type: ignore[arg-type]
    assert roster is not None, problems
    return roster, problems


def test_a_sign_in_sheet_with_numbered_lines_that_nobody_signed() -> None:
    book = sheet(
        ["LISTA DE ASISTENCIA"],
        ["Curso:", None, "Contratación equitativa"],
        ["Fecha:", None, "27 de marzo de 2026"],
        ["PARTICIPANTES"],
        ["N.º", "Nombres y apellidos", "DNI", "Institución", "Firma"],
        [1, "Ana Pérez Gómez", "00123", "Tres Ríos", None],
        [2, "Luc Roy", "00124", None, None],
        [3, None, None, None, None],
        [4, None, None, None, None],
        [None, "Total: 2", None, None, None],
        [],
        [None, "Elaborado por: Eva Lind", None, None, None],
        [None, "Eva Lind", None, None, None],
    )
    roster, problems = people(book)
    assert roster.kind == "sign-in sheet" and roster.header_row == 5
    assert [(r.name, r.id) for r in roster.recipients] == [("Ana Pérez Gómez", "00123"), ("Luc Roy", "00124")]
    assert told(problems) == [
        ("totals", "B10", "warning"),
        ("note", "B12", "warning"),
        ("unclear-person", "B13", "error"),
    ]


# --- headers ---------------------------------------------------------------------------------


def test_a_header_of_two_rows_with_merged_groups() -> None:
    book = sheet(
        ["Course record 2026", None, None, None, None],
        ["Participant", None, "E-mail", "Assessments", None],
        ["First name", "Last name", None, "Quiz 1", "Final score"],
        ["Ana", "Pérez", "ana@example.org", 8, 58],
        merged=((0, 0, 0, 4), (1, 0, 1, 1), (1, 2, 2, 2), (1, 3, 1, 4)),
    )
    roster, problems = people(book)
    assert not problems and roster.header_row == 3
    (ana,) = roster.recipients
    assert (ana.name, ana.email, ana.score, ana.extra) == ("Ana Pérez", "ana@example.org", 58, {"Quiz 1": "8"})


@pytest.mark.parametrize("total", [[], [["Total", None]], [["Total", 151]]])
@pytest.mark.parametrize("note", ["Note: to be sent by e-mail to all participants of the course.", "NB: two are away"])
def test_a_note_is_nobody_however_little_the_rows_above_it_hold(total: list[list[Cell]], note: str) -> None:
    there: list[list[Cell]] = [["Ana Díaz", 81], ["Luc Roy", 70], *total, [None, None], [note, None]]
    roster, problems = people(sheet(["Name", "Score"], *there))
    assert [one.name for one in roster.recipients] == ["Ana Díaz", "Luc Roy"]
    assert [(p.code, p.severity) for p in problems if p.code != "totals"] == [("note", "warning")]


@pytest.mark.parametrize(
    ("text", "code"),
    [("Note: the list is closed", "note"), ("These people have all been there on both days", "unclear-person")],
)
def test_in_a_list_of_names_alone_what_may_be_a_note_is_asked_about(text: str, code: str) -> None:
    roster, problems = people(sheet(["Name"], ["Ana Díaz"], ["Luc Roy"], [None], [text], ["Bo Li"]))
    assert [one.name for one in roster.recipients] == ["Ana Díaz", "Luc Roy", "Bo Li"]
    assert [problem.code for problem in problems] == [code]


def test_the_first_person_is_never_taken_for_a_header() -> None:
    roster, problems = people(sheet(["Name", "City"], ["Ana Pérez", "Lima"], ["Luc Roy", "Lyon"]))
    assert not problems and [r.row for r in roster.recipients] == [2, 3]
    roster, _ = people(sheet(["People"], [], ["Name", "City"], ["Score Ana", "Lima"]))
    assert [r.name for r in roster.recipients] == ["Score Ana"]


def test_what_the_user_says_settles_the_header_and_the_columns(tmp_path: Path) -> None:
    text = "Kursliste,,,\nWer,Wo,Punkte,Mail\nAna Pérez,Lima,58,ana@example.org\n"
    roster, problems = reading(tmp_path, text, header_row=2, mapping={"name": "Wer", "score": "C"})
    assert not problems
    assert (roster.recipients[0].name, roster.recipients[0].score) == ("Ana Pérez", 58)
    two = "Full Name,Certificate Name\nAna B. Lee,A. Lee\n"
    assert told(reading(tmp_path, two)[1]) == [("two-columns", "B1", "error")]
    roster, problems = reading(tmp_path, two, mapping={"name": "certificate name"})
    assert not problems and roster.recipients[0].name == "A. Lee"
    assert roster.recipients[0].extra == {"Full Name": "Ana B. Lee"}


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ({"header_row": 3}, "no-header", "Row 3 says"),
        ({"header_row": 99}, "no-header", "column of names"),
        ({"mapping": {"name": "Nobody"}}, "no-header", "“Nobody”"),
        ({"mapping": {"nom": "Name"}}, "unknown-field", "“nom”"),
        ({"mapping": {"name": "ZZ"}}, "no-header", "“ZZ”"),
    ],
)
def test_what_the_user_says_may_be_wrong(tmp_path: Path, options: dict[str, object], code: str, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Name,City\nAna,Lima\nLuc,Lyon\n", encoding="utf-8")
    problems: list[Problem] = []
    assert read_roster(path, None, problems, reading=Reading(**options)) is None  # type: ignore[arg-type]
    assert [p.code for p in problems] == [code] and says in problems[0].message


def test_a_comma_in_a_name_moves_columns_and_is_told(tmp_path: Path) -> None:
    text = "Name,E-mail,Score\nAna Pérez,a@example.org,58\nRoy, Luc,l@example.org,60\nEva Lind\n"
    roster, problems = reading(tmp_path, text)
    assert [r.name for r in roster.recipients] == ["Ana Pérez", "Eva Lind"] and roster.left_out == (3,)
    assert told(problems) == [("too-many-cells", "D3", "error"), ("short-row", "A4", "warning")]


def test_family_name_first_where_the_header_says_so(tmp_path: Path) -> None:
    roster, problems = reading(tmp_path, 'Apellidos y nombre;Nota\n"Pérez Gómez, Ana";58\nDíaz Luz;60\n')
    assert [r.name for r in roster.recipients] == ["Ana Pérez Gómez", "Díaz Luz"]
    assert told(problems) == [("family-first", "A1", "warning")]
    roster, problems = reading(tmp_path, '"Last name, First name";Score\n"Pérez Gómez, Ana";58\n')
    assert (roster.recipients[0].name, roster.recipients[0].family) == ("Ana Pérez Gómez", "Pérez Gómez")
    roster, problems = reading(tmp_path, 'Name;Score\n"King, Jr";58\n')
    assert (roster.recipients[0].name, problems) == ("King, Jr", [])


def test_a_comma_under_a_header_that_is_silent_is_told_once_and_printed(tmp_path: Path) -> None:
    roster, problems = reading(tmp_path, 'Name;Score\n"Pérez, Ana";58\nLuc Roy;60\n"Díaz, Luz";60\n')
    assert [r.name for r in roster.recipients] == ["Pérez, Ana", "Luc Roy", "Díaz, Luz"]
    assert told(problems) == [("comma-in-name", "A1", "warning")]
    assert "“Pérez, Ana” (A2) and 1 more" in problems[0].message


@pytest.mark.parametrize(
    ("header", "day"), [("Nombre completo,Fecha de finalización", 3), ("Nom complet,Date d'achèvement", 3)]
)
def test_the_language_of_the_headers_tells_day_from_month(tmp_path: Path, header: str, day: int) -> None:
    roster, problems = reading(tmp_path, f"{header}\nAna Pérez,03/04/2026\n")
    assert not problems
    assert roster.recipients[0].completed_on is not None and roster.recipients[0].completed_on.day == day
    _, problems = reading(tmp_path, "Full name,Completion date\nAna Pérez,03/04/2026\n")
    assert [p.code for p in problems] == ["unclear-date"]


@pytest.mark.parametrize(
    "name", ["الاسم", "Jméno", "שם", "氏名", "이름", "Imię i nazwisko", "Имя", "İsim", "Họ tên", "姓名"]
)
def test_names_are_found_in_further_languages(name: str) -> None:
    roster, problems = people(sheet([name], ["Ana Pérez"]))
    assert not problems and roster.recipients[0].name == "Ana Pérez"


# --- minutes ---------------------------------------------------------------------------------


def test_sessions_add_up_and_overlaps_count_once() -> None:
    nine, ten = "27/03/2026 09:00", "27/03/2026 10:00"
    assert total([(None, Decimal(30)), (None, Decimal(40))]) == 70
    assert total([(nine, Decimal(90)), (ten, Decimal(60))]) == 120
    assert total([(ten, Decimal(60)), (nine, Decimal(180))]) == 180
    assert total([(nine, Decimal(30)), (ten, Decimal(60))]) == 90
    assert total([(nine, Decimal(30)), ("soon", Decimal(60))]) == 90


def test_moments_are_read_day_or_month_first_alike() -> None:
    assert moments(["03/04/2026 01:02 PM", "03/27/2026 12:00:05 AM"]) == [
        datetime(2026, 3, 4, 13, 2),
        datetime(2026, 3, 27, 0, 0, 5),
    ]
    assert moments(["2026-03-27 09:00"]) == [datetime(2026, 3, 27, 9)]
    assert moments(["yesterday"]) is None


def test_dates_that_contradict_each_other_are_not_settled_by_the_headers(tmp_path: Path) -> None:
    text = "Nombre completo,Fecha de inicio,Fecha de fin\nAna Pérez,27/03/2026,03/28/2026\nLuc Roy,03/04/2026,\n"
    _, problems = reading(tmp_path, text)
    assert [(p.code, p.cell) for p in problems] == [("unclear-date", "B3")]


def test_german_lists_give_the_family_name_as_name(tmp_path: Path) -> None:
    roster, problems = reading(tmp_path, "Name;Vorname\nLind;Eva\n")
    assert not problems and roster.recipients[0].name == "Eva Lind"
    _, problems = reading(tmp_path, "Name;First name\nLind;Eva\n")
    assert [p.code for p in problems] == ["unclear-name"]


@pytest.mark.parametrize(
    "rows",
    [
        [["Name", "Remarks"], ["Ana Pérez", "Attendance"], ["Luc Roy", None]],
        [["Name", "Remarks", None], ["Ana Pérez", "Attendance", "Score"], ["Luc Roy", None, None]],
        [["Name", None, "Remarks"], ["Ana Pérez", "Score", "Completed"], ["Luc Roy", None, None]],
    ],
)
def test_words_of_headers_in_a_persons_row_do_not_make_it_one(rows: list[list[Cell]]) -> None:
    roster, _ = people(sheet(*rows))
    assert [r.name for r in roster.recipients] == ["Ana Pérez", "Luc Roy"]
