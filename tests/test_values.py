"""What cells mean: dates, amounts, yes and no; and what a name may be."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen import names, values
from certgen.values import Misread
from certgen.workbook import Cell

DAY = date(2026, 3, 27)


@pytest.mark.parametrize(
    "cell",
    [
        DAY,
        datetime(2026, 3, 27, 9, 30),
        "2026-03-27",
        "2026/3/27",
        "2026-03-27T00:00:00",
        " 27/03/2026 ",
        "27.3.2026",
        "03/27/2026",
        "27 March 2026",
        "March 27, 2026",
        "27th of March 2026",
        "27-Mar-2026",
        "27 de marzo de 2026",
        "27 mars 2026",
        "27\u00a0MARS\u00a02026",
        "2026 March 27",
    ],
)
def test_dates_are_read_as_people_write_them(cell: Cell) -> None:
    assert values.as_date(cell) == DAY


@given(st.dates(date(1950, 1, 1), date(2150, 12, 31)), st.sampled_from(["en", "es", "fr"]))
def test_dates_as_icu_writes_them_in_three_languages_are_read(day: date, language: str) -> None:
    import icu

    form = icu.DateFormat.createDateInstance(icu.DateFormat.LONG, icu.Locale(language))
    form.setTimeZone(icu.TimeZone.createTimeZone("UTC"))
    assert values.as_date(form.format(datetime(day.year, day.month, day.day, 12).timestamp())) == day


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("03/04/2026", "unclear-date"),
        ("27/03/26", "unclear-date"),
        ("31/02/2026", "unreadable-date"),
        ("2026-13-01", "unreadable-date"),
        ("March 2026", "unreadable-date"),
        ("soon", "unreadable-date"),
        ("27/03/0026", "unreadable-date"),
        (46108, "unreadable-date"),  # a number in a CSV file
        (date(1900, 2, 28), "unreadable-date"),
        (True, "unreadable-date"),
    ],
)
def test_dates_that_cannot_be_read_are_told(cell: Cell, code: str) -> None:
    read = values.as_date(cell)
    assert isinstance(read, Misread) and read.code == code and "2026-03-27" in read.hint


def test_an_unclear_date_says_both_readings() -> None:
    read = values.as_date("03/04/2026")
    assert isinstance(read, Misread)
    assert "2026-04-03" in read.message and "2026-03-04" in read.message
    assert values.as_date("03/04/2026", order="dmy") == date(2026, 4, 3)
    assert values.as_date("03/04/2026", order="mdy") == date(2026, 3, 4)
    assert values.as_date("03.04.2026", order="mdy") == date(2026, 4, 3)
    assert values.as_date("05/05/2026") == date(2026, 5, 5)


def test_a_column_shows_its_own_order() -> None:
    assert values.date_orders(["03/04/2026", "27/03/2026"]) == {"dmy"}
    assert values.date_orders(["03/04/2026", "03/27/2026"]) == {"mdy"}
    assert values.date_orders(["03/27/2026", "27/03/2026"]) == {"dmy", "mdy"}
    assert values.date_orders(["03/04/2026", DAY, None]) == set()


@pytest.mark.parametrize("day", [DAY, date(2000, 2, 29)])
def test_day_numbers_of_both_epochs(day: date) -> None:
    # openpyxl's own conversion is the judge.
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel

    assert values.as_date(int(to_excel(day)), date1904=False) == day
    assert values.as_date(int(to_excel(day, epoch=CALENDAR_MAC_1904)), date1904=True) == day


@pytest.mark.parametrize(
    ("cell", "hours"),
    [
        (40, "40"),
        (22.5, "22.5"),
        ("22,5", "22.5"),
        ("40 h", "40"),
        ("27:30", "27.5"),
        ("27:30:00", "27.5"),
        ("40 horas", "40"),
        ("1 heure", "1"),
        (timedelta(hours=27, minutes=30), "27.5"),
        ("0", "0"),
        (66.30000000000001, "66.3"),
    ],
)
def test_hours(cell: Cell, hours: str) -> None:
    assert values.as_hours(cell) == Decimal(hours)


@pytest.mark.parametrize(
    ("cell", "percent", "score"),
    [
        (58, False, ("58", None)),
        ("58/60", False, ("58", "60")),
        ("58 out of 60", False, ("58", "60")),
        ("7,5 sur 10", False, ("7.5", "10")),
        ("92%", False, ("92", "100")),
        ("92,5 %", False, ("92.5", "100")),
        (0.925, True, ("92.5", "100")),
        ("7,50", False, ("7.50", None)),
        ("0,125", False, ("0.125", None)),
    ],
)
def test_scores(cell: Cell, percent: bool, score: tuple[str, str | None]) -> None:
    wanted = Decimal(score[0]), None if score[1] is None else Decimal(score[1])
    assert values.as_score(cell, percent=percent) == wanted


def test_attendance_is_per_cent_and_exact() -> None:
    assert values.as_percent("92%") == values.as_percent(92) == values.as_percent(0.92, percent=True) == 92
    assert values.as_percent("12/15") == 80
    assert values.as_percent(0) == 0
    third = values.as_percent("1/3")
    assert isinstance(third, Decimal) and 33 < third < Decimal("33.34")
    for cell in (0.92, 1, "0,5"):
        read = values.as_percent(cell)
        assert isinstance(read, Misread) and read.code == "unclear-percent"
    above = values.as_percent(120)
    assert isinstance(above, Misread) and above.code == "too-much"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1,234", "unclear-number"),
        ("1.234", "unclear-number"),
        ("-3", "negative-number"),
        (-3, "negative-number"),
        ("forty", "not-a-number"),
        (DAY, "not-a-number"),
        (True, "not-a-number"),
        (float("inf"), "not-a-number"),
    ],
)
def test_amounts_that_cannot_be_read_are_told(cell: Cell, code: str) -> None:
    for read in (values.as_hours(cell), values.as_score(cell), values.as_percent(cell)):
        assert isinstance(read, Misread) and read.code == code


def test_a_negative_amount_in_a_fraction_or_a_scale_of_zero_is_told() -> None:
    for text in ("58/0", "-1/60", "-5%"):
        assert isinstance(values.as_score(text), Misread), text


@pytest.mark.parametrize(
    "word",
    ["yes", "Y", "sí", "SI", "s", "Oui", "o", "true", "VRAI", "x", "✓", "✔", "1", "Completado", "terminé", "APROBADO"],
)
def test_yes(word: str) -> None:
    assert values.as_bool(word) is True


@pytest.mark.parametrize(
    "word", ["no", "NON", "false", "falso", "faux", "0", "✗", "not completed", "En cours", "pendiente"]
)
def test_no(word: str) -> None:
    assert values.as_bool(word) is False


def test_what_is_neither_yes_nor_no_is_told_and_a_date_says_yes() -> None:
    assert isinstance(values.as_bool("maybe"), Misread)
    assert isinstance(values.as_bool(7), Misread)
    assert values.as_bool(1) is values.as_bool(True) is values.as_bool(DAY) is True
    assert values.as_bool(0) is values.as_bool(False) is False


@pytest.mark.parametrize("blank", [None, "", "  ", "-", "–", "n/a"])
def test_a_blank_means_nothing(blank: Cell) -> None:
    for read in (values.as_date, values.as_hours, values.as_score, values.as_percent, values.as_bool):
        assert read(blank) is None


@given(
    st.one_of(
        st.none(), st.text(), st.integers(), st.floats(), st.booleans(), st.dates(), st.datetimes(), st.timedeltas()
    )
)
def test_no_cell_whatever_raises(cell: Cell) -> None:
    values.as_text(cell)
    for read in (values.as_date, values.as_hours, values.as_score, values.as_percent, values.as_bool):
        read(cell)
    values.as_date(cell, date1904=False)


def test_keys_ignore_case_accents_spaces_and_punctuation_but_no_letters() -> None:
    assert values.key("N.º de ID") == values.key("nº de id") == "nodeid"
    assert values.key("Prénom") == values.key("PRE\u0301NOM ") == "prenom"
    assert values.key("E-mail") == values.key("email")
    assert values.key("संगठन") != values.key("सगठन")
    assert values.key("#") == ""


# --- names -----------------------------------------------------------------------------------

# Letters that no name loses, in many scripts.
NAME = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Mn", "Mc")), min_size=1, max_size=30).filter(
    lambda text: unicodedata.combining(text[0]) == 0
)


@given(st.lists(NAME, min_size=1, max_size=4), st.sampled_from([" ", "  ", "\u00a0", "\u2009", "\u3000"]))
def test_cleaning_composes_and_collapses_and_changes_nothing_else(words: list[str], space: str) -> None:
    cleaned = names.clean(f"{space}{space.join(words)}{space}")
    assert cleaned.text == unicodedata.normalize("NFC", " ".join(words))
    assert not cleaned.breaks
    assert names.clean(cleaned.text) == cleaned


@given(st.lists(NAME, min_size=1, max_size=4))
def test_folding_ignores_case_form_and_order_and_is_stable(words: list[str]) -> None:
    name = " ".join(words)
    folded = names.folded(name)
    assert folded == names.folded(" ".join(reversed(words))) == names.folded(unicodedata.normalize("NFD", name))
    assert folded == names.folded(folded)


def test_folding_knows_the_same_person() -> None:
    for one, other in (
        ("Grinius, DOMINYKAS", "Dominykas Grinius"),
        ("José Núñez", "JOSE NUNEZ"),
        ("Jean-Pierre Noël", "Noel Jean Pierre"),
        ("Ａｎｎａ Lee", "anna lee"),
        ("Siobhán O’Neill", "Siobhan O'Neill"),
        ("STRASSE Karl", "Karl straße"),
    ):
        assert names.folded(one) == names.folded(other)
    assert names.folded("Na Li") != names.folded("Nali")
    assert names.folded("김철수") != names.folded("김철우")


@pytest.mark.parametrize(
    "name",
    [
        "سی\u200cنا",
        "ක්\u200dරිෂාන්",
        "ನ್\u200d",
        "क्\u200dष",
        "Sam 👩\u200d🎓",
        "Ana 🏴\U000e0067\U000e007f",
        "辻\U000e0100 邦生",
    ],
)
def test_joiners_stay_where_they_change_the_spelling(name: str) -> None:
    assert names.clean(name) == names.Cleaned(name)


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("An\u200bna", "U+200B"),
        ("Anna\u202eeeL", "U+202E"),
        ("An\u200dna", "U+200D"),
        ("A\x07", "U+0007"),
        ("A\ud83d", "U+D83D"),
        ("A\ue000", "U+E000"),
        ("A\ufdd0", "U+FDD0"),
        ("A\u3164b", "U+3164"),
        ("A\U000e0041", "U+E0041"),
    ],
)
def test_what_cannot_be_printed_is_named_by_its_code_point(name: str, point: str) -> None:
    (refused,) = names.clean(name).refused
    assert refused.startswith(point + " (")


@pytest.mark.parametrize(
    ("given", "family", "language", "whole"),
    [
        ("Ana María", "Pérez Gómez", "es", "Ana María Pérez Gómez"),
        ("涛", "刘", None, "刘涛"),
        ("철수", "김", "en", "김철수"),
        ("桃子", "山田", "ja", "山田 桃子"),
        ("くみ子", "阿部", "en", "阿部 くみ子"),
        ("Ji-woo", "Kim", "ko", "Ji-woo Kim"),
        ("Anna", "Váradi", "hu", "Váradi Anna"),
        ("Nhật", "Hoàng", "vi", "Hoàng Nhật"),
        ("Sukarja", "", "en", "Sukarja"),
        ("", "李", "hu", "李"),
    ],
)
def test_the_order_of_a_name_follows_script_and_language(
    given: str, family: str, language: str | None, whole: str
) -> None:
    assert names.full_name(given, family, language) == whole


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Zoë (Zoë Ward)", "Zoë Ward"),
        ("Zoë Ward (Zoë)", "Zoë Ward"),
        ("Ward, Zoe (zoë ward)", "Ward, Zoe"),  # alike: as chosen for the meeting
        ("Maria (José María Ruiz)", "José María Ruiz"),
        ("Luc Roy (TA)", None),
        ("zward82 (Zoë Ward)", None),
        ("Zoë Ward", None),
        ("Zoë (Zoë Ward) (TA)", None),
        ("Zoë ( )", None),
    ],
)
def test_of_two_names_in_one_cell_the_fuller_is_taken(name: str, printed: str | None) -> None:
    assert names.fuller(name) == printed


def test_doubts_about_names() -> None:
    for name in ("FranÃ§ois", "ZoÃ«", "ï»¿Anna", "Jos? Garc?a"):
        assert names.looks_misdecoded(name), name
    for name in ("François", "São João", "Ångström", "Zoë", "Ã É", "김민수"):
        assert not names.looks_misdecoded(name), name
    assert names.look_alikes("Jоhn Smith") == "Jоhn"
    for name in ("Иван (Ivan) Петренко", "María 李", "김Minsu", "Ελένη Smith"):
        assert names.look_alikes(name) is None, name
    assert names.remark("Ana (she/her)") == "(she/her)" and names.remark("Ana's iPhone") == "iPhone"
    assert names.remark("Иван (Ivan) Петренко") is None


# --- minutes, addresses, errors --------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [
        (87, "87"),
        (87.5, "87.5"),
        ("87", "87"),
        ("7,5", "7.5"),
        ("87 min", "87"),
        ("1h 27m 51s", "87.85"),
        ("1 h 27 min 51 s", "87.85"),
        ("2 hours", "120"),
        ("45m", "45"),
        ("30s", "0.5"),
        ("1:27:51", "87.85"),
        (timedelta(hours=1, minutes=27, seconds=51), "87.85"),
        ("-", None),
        (None, None),
    ],
)
def test_minutes(cell: Cell, minutes: str | None) -> None:
    assert values.as_minutes(cell) == (None if minutes is None else Decimal(minutes))


@pytest.mark.parametrize("cell", ["long", "1:27", "h", "1h 27", -5, True, "1.2.3"])
def test_what_is_no_number_of_minutes(cell: Cell) -> None:
    assert isinstance(values.as_minutes(cell), Misread)


def test_a_share_is_at_most_everything() -> None:
    assert values.share(Decimal(576), Decimal(720)) == 80
    assert values.share(Decimal(800), Decimal(720)) == 100
    assert values.share(None, Decimal(720)) is None


@given(
    st.from_regex(r"[a-z0-9._%+-]{1,20}@[a-z0-9.-]{1,20}\.[a-z]{2,4}", fullmatch=True)
    | st.text("ab.@-_ ñ", max_size=14)
)
def test_addresses_are_judged_as_email_validator_judges_them(text: str) -> None:
    from email_validator import EmailNotValidError, validate_email

    try:
        judged: str | None = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        judged = None
    found = values.as_email(text)
    assert (None if isinstance(found, Misread) else found.casefold()) == (judged and judged.casefold())


@pytest.mark.parametrize(
    "text", ["a@b.test", "a@localhost", "a@b.local", "a b@example.org", "a@b@example.org", "a@00--0.org"]
)
def test_addresses_that_nobody_has(text: str) -> None:
    assert isinstance(values.as_email(text), Misread)


@pytest.mark.parametrize("text", ["#N/A", "#DIV/0!", "#¿NOMBRE?", "#VALEUR!", "Err:502", "#ref!"])
def test_errors_written_out(text: str) -> None:
    found = values.excel_error(text)
    assert found is not None and found.code == "error-cell" and text in found.message
    assert values.excel_error("#1 in class") is None and values.excel_error("Err: what") is None


@pytest.mark.parametrize("text", ["22-mai", "5 mayo", "05/May"])
def test_numbers_that_became_dates_are_told_as_such(text: str) -> None:
    found = values.as_score(text)
    assert isinstance(found, Misread) and "Excel turns" in found.hint
    other = values.as_score("good")
    assert isinstance(other, Misread) and "Excel" not in other.hint
