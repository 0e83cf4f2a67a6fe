"""Fields in braces, and dates, numbers and lists as languages write them."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen import fields
from certgen.fields import Dates, Template, date_long, date_range, format_value, language_name, list_of, number


def plainly(text: str) -> str:
    """With ordinary spaces, to compare words."""
    return re.sub(r"\s", " ", text)


@pytest.mark.parametrize(
    ("language", "day", "expected"),
    [
        ("en", date(2023, 12, 8), "8 December 2023"),
        ("en-US", date(2023, 12, 8), "December 8, 2023"),
        ("fr", date(2026, 3, 1), "1er mars 2026"),
        ("fr-CA", date(2026, 3, 1), "1er mars 2026"),
        ("fr", date(2026, 3, 11), "11 mars 2026"),
        ("fr", date(2026, 3, 21), "21 mars 2026"),
        ("es", date(2026, 3, 2), "2 de marzo de 2026"),
        ("ar", date(2026, 3, 2), "2 مارس 2026"),
        ("ar-EG", date(2026, 3, 2), "٢ مارس ٢٠٢٦"),
        ("th", date(2026, 3, 2), "2 มีนาคม 2569"),  # the Buddhist era
        ("fa", date(2026, 3, 21), "۱ فروردین ۱۴۰۵"),  # Nowruz, the first day of the Persian year
        ("ja", date(2026, 3, 2), "2026年3月2日"),
    ],
)
def test_a_date_reads_as_its_language_writes_it(language: str, day: date, expected: str) -> None:
    assert plainly(date_long(day, language)) == expected


@pytest.mark.parametrize(
    ("language", "start", "end", "expected"),
    [
        ("en", date(2026, 3, 2), date(2026, 3, 27), "2–27 March 2026"),
        ("en", date(2023, 11, 13), date(2023, 12, 8), "13 November – 8 December 2023"),
        ("en", date(2025, 12, 15), date(2026, 1, 16), "15 December 2025 – 16 January 2026"),
        ("en", date(2026, 3, 2), date(2026, 3, 2), "2 March 2026"),
        ("fr", date(2026, 3, 1), date(2026, 3, 27), "1er–27 mars 2026"),
        ("fr", date(2026, 3, 1), date(2026, 4, 1), "1er mars – 1er avril 2026"),
        ("es", date(2026, 3, 2), date(2026, 3, 27), "2–27 de marzo de 2026"),
        ("sw", date(2026, 1, 1), date(2026, 2, 1), "1 Januari 2026 – 1 Februari 2026"),
        ("sw", date(2026, 3, 2), date(2026, 4, 8), "2 Machi 2026 – 8 Aprili 2026"),  # CLDR drops March here
    ],
)
def test_a_range_says_shared_parts_once(language: str, start: date, end: date, expected: str) -> None:
    assert plainly(date_range(start, end, language)) == expected


@given(
    st.sampled_from(
        ["en", "en-US", "fr", "es", "pt", "de", "it", "ru", "sw", "bg", "tr", "vi", "id", "ar", "hi", "he"]
    ),
    st.dates(date(1990, 1, 1), date(2079, 12, 31)),
    st.integers(1, 800),
    st.sampled_from(["long", "medium"]),
)
def test_no_range_loses_a_day_a_month_or_a_year(language: str, start: date, days: int, fmt: str) -> None:
    end = date.fromordinal(start.toordinal() + days)
    figures = re.findall(r"\d+", date_range(start, end, language, fmt).replace("1er", "1"))
    digits = [str(int(figure)) for figure in figures]
    for day in (start, end):
        assert str(day.day) in digits
        assert str(day.year) in digits
    if (start.month, start.year) != (end.month, end.year) and fmt == "long":
        names = {
            fields._pattern_format(language, form).format(fields._instant(d))
            for d in (start, end)
            for form in ("MMMM", "LLLL")
        }
        assert (
            sum(plainly(name) in plainly(date_range(start, end, language)) for name in names) >= 2
            or start.month == end.month
        )


def test_day_and_month_stay_on_one_line_as_do_number_and_unit() -> None:
    assert date_long(date(2023, 12, 8), "en") == "8\u00a0December 2023"
    assert date_long(date(2026, 3, 2), "es") == "2\u00a0de\u00a0marzo de 2026"
    assert Template.parse("{n} hours, {n}").render(lambda _: Decimal("22.5"), "en") == "22.5\u00a0hours, 22.5"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_the_machines_time_zone_moves_no_day(zone: str) -> None:
    code = (
        "import icu; from datetime import date; from certgen.fields import date_range, date_long\n"
        f"icu.TimeZone.setDefault(icu.TimeZone.createTimeZone({zone!r}))\n"
        "print(ascii(date_range(date(2026, 3, 2), date(2026, 3, 27), 'en')), ascii(date_long(date(2026, 3, 1), 'en')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == r"'2\u201327\xa0March 2026' '1\xa0March 2026'"


def test_numbers_lists_and_languages() -> None:
    assert number(Decimal("40.0"), "en") == "40"
    assert number(Decimal("22.5"), "en") == "22.5"
    assert number(Decimal("22.50"), "fr") == "22,5"
    assert number(Decimal("100"), "fr") == "100"
    assert list_of(["a", "b", "c"], "en") == "a, b and c"
    assert list_of(["a", "b"], "fr") == "a et b"
    assert language_name("es", "fr") == "espagnol"
    assert format_value(("en", "es", "fr"), "languages", "en") == "English, Spanish and French"


def test_formats() -> None:
    span = Dates(date(2025, 12, 1), date(2026, 1, 30))
    assert format_value(span, "year", "en") == "2025–2026"
    assert format_value(span, "iso", "en") == "2025-12-01/2026-01-30"
    assert format_value(Dates(None, date(2026, 1, 30)), "iso", "en") == "2026-01-30"
    assert plainly(format_value(date(2026, 3, 2), "medium", "en")) == "2 Mar 2026"
    assert format_value(date(2026, 3, 2), "year", "en") == "2026"
    assert format_value(Decimal("1234.50"), "plain", "fr") == "1234.5"
    assert format_value("istanbul", "upper", "tr") == "İSTANBUL"
    assert format_value(None, "long", "en") == ""


def test_substitution_and_nothing_more() -> None:
    template = Template.parse("{{{recipient.name}}} has {a.b:iso}; {a.__class__} {0} {x!r}")
    values: dict[str, object] = {"recipient.name": "{a.b}", "a.b": date(2026, 3, 2)}
    assert template.render(values.get, "en") == "{{a.b}} has 2026-03-02;   "
    assert template.paths == ("recipient.name", "a.b", "a.__class__", "0", "x!r")


def test_a_header_with_spaces_and_colons_is_a_path() -> None:
    template = Template.parse("{roster.Quiz: Week 1 (Real)} {roster.Day:iso}")
    assert template.paths == ("roster.Quiz: Week 1 (Real)", "roster.Day")


def test_slips_are_told() -> None:
    assert Template.parse("{recipient.name").faults
    assert Template.parse("}").faults
    assert Template.parse("{ }").faults
    (fault,) = Template.parse("{course.start:lng}").faults
    assert "long" in fault
    assert not Template.parse("{course.start:long} {{x}}").faults


def test_an_unknown_field_comes_with_the_nearest_one() -> None:
    unknown = Template.parse("{recipent.name} {name} {course.title} {qqq}").unknown(fields.FIELDS)
    assert unknown == [("recipent.name", "recipient.name"), ("name", "recipient.name"), ("qqq", None)]


def test_what_varies() -> None:
    assert not Template.parse("{course.title} {award.title}").varies
    assert Template.parse("{course.title} {roster.Town}").varies


@given(st.text(alphabet=st.sampled_from("{}:a. é1"), max_size=30))
def test_parsing_never_raises_and_pickles(text: str) -> None:
    template = Template.parse(text)
    template.render(lambda _: None, "en")
    assert pickle.loads(pickle.dumps(template)) == template


@given(st.text(max_size=40))
def test_text_without_braces_stays_as_it_is(text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert Template.parse(escaped).render(lambda _: None, "en") == text
