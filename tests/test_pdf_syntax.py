"""Numbers, strings and names against an independent reader (pikepdf, that is qpdf)."""

from __future__ import annotations

import math

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.pdf import syntax

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@given(st.floats(-1e9, 1e9, allow_nan=False))
def test_a_number_reads_back_within_half_a_thousandth(value: float) -> None:
    written = syntax.num(value)
    assert abs(float(pikepdf.Object.parse(b"[%b]" % written)[0]) - value) <= 0.0005 + abs(value) * 1e-12
    assert b"e" not in written.lower()
    assert written != b"-0"
    assert len(written.partition(b".")[2]) <= 3


@pytest.mark.parametrize(
    ("value", "written"), [(-0.0001, b"0"), (12.0, b"12"), (0.5, b"0.5"), (-1e-9, b"0"), (100, b"100")]
)
def test_numbers_are_short(value: float, written: bytes) -> None:
    assert syntax.num(value) == written


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        syntax.num(value)


@given(st.binary(max_size=80))
def test_a_byte_string_reads_back(data: bytes) -> None:
    assert bytes(pikepdf.Object.parse(syntax.literal(data))) == data


@given(TEXT | st.text(st.sampled_from("aé€–’ﬁŁžñþÿï»¿\xad\x7f\xa0ł( \\)\n"), max_size=20))
def test_a_text_string_reads_back(text: str) -> None:
    assert str(pikepdf.Object.parse(syntax.text_string(text))) == text


def test_a_text_of_western_europe_takes_a_byte_a_letter() -> None:
    assert len(syntax.text_string("Attestation de présence – œuvre d’été, 20 €")) == 43 + 2


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=30))
def test_a_name_reads_back(text: str) -> None:
    assert str(pikepdf.Object.parse(syntax.name(text))) == "/" + text


def test_a_body_tells_of_an_object_that_was_promised_and_never_written() -> None:
    body = syntax.Body(1)
    body.reserve()
    with pytest.raises(AssertionError, match="never written"):
        body.finish(1)


def test_equal_streams_are_written_once() -> None:
    body = syntax.Body(1)
    assert body.stream(b"0 0 m" * 50) == body.stream(b"0 0 m" * 50)
    assert body.stream(b"0 0 m" * 50) != body.stream(b"0 0 m" * 50, b"/Other 1")
