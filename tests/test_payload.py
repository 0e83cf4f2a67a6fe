"""The signed text of a QR code: its format, its limits, and what is believed. Sources: RFC 8949, RFC 8032."""

from __future__ import annotations

import random
import re
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certgen.payload import ALPHABET, AWARDS, DOMAIN, LONGEST, Claims, Text, base41, digest, seal, unbase41, unseal
from certgen.signing import KeyRecord, SigningKey, by_short

cbor2 = pytest.importorskip("cbor2")

KEY = SigningKey(bytes(range(32)))
RECORD = KeyRecord(KEY.public.multikey, date(2026, 1, 1))
KEYS = by_short([RECORD])
FACTS: dict[str, Any] = {
    "credential": bytes.fromhex("0102030405060708090a"),
    "status": 94_567,
    "issued": date(2026, 11, 21),
    "expires": date(2029, 11, 21),
    "hours": Decimal("37.5"),
    "award": "achievement",
    "facts": bytes(range(100, 112)),
    "name": "Zoë Müller-Łukasiewicz",
    "title": "Data Analysis with Python",
}


def sealed(**changes: Any) -> str:
    return seal(KEY, **{**FACTS, **changes})


def opened(text: str) -> Claims:
    found = unseal(text, KEYS)
    assert found.state == "authentic" and found.claims is not None and found.key == RECORD
    return found.claims


def test_another_reader_finds_what_was_said() -> None:
    """cbor2 and the words of docs/proofs.md, no code of ours."""
    text = sealed()
    digits = [ALPHABET.index(character) for character in text]
    data = bytearray()
    for at in range(0, len(digits), 3):
        group = digits[at : at + 3]
        number = sum(digit * 41**i for i, digit in enumerate(group))
        data += number.to_bytes(len(group) - 1, "big")
    body, signature = bytes(data[:-64]), bytes(data[-64:])
    says = cbor2.loads(body)
    assert says == [
        1, sha256(KEY.public.raw).digest()[:4], FACTS["credential"], 94_567, (FACTS["issued"] - date(1970, 1, 1)).days,
        (FACTS["expires"] - date(1970, 1, 1)).days, 150, 0, FACTS["facts"], FACTS["name"], FACTS["title"],
    ]  # fmt: skip
    assert cbor2.dumps(says, canonical=True) == body
    assert KEY.public.verify(signature, b"certgen-qr-1\0" + body)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=400)


@given(
    TEXTS, TEXTS, st.integers(0, 2**30 - 1), st.dates(), st.none() | st.dates(), st.sampled_from(AWARDS),
    st.none() | st.decimals(0, 999_999, places=4, allow_nan=False),
)  # fmt: skip
def test_what_is_sealed_is_read_again(
    name: str, title: str, status: int, issued: date, expires: date | None, award: str, hours: Decimal | None
) -> None:
    text = sealed(name=name, title=title, status=status, issued=issued, expires=expires, award=award, hours=hours)
    assert len(unbase41(text)) <= LONGEST and set(text) <= set(ALPHABET)
    claims = opened(text)
    assert (claims.status, claims.issued, claims.expires, claims.award) == (status, issued, expires, award)
    assert claims.hours == hours
    assert claims.name.is_of(name) and claims.title.is_of(title)
    assert not claims.title.is_of(title + "!") and not claims.name.is_of("x" + name)


def test_a_long_title_gives_way_before_the_name_and_only_as_far_as_it_must() -> None:
    title = "Advanced Certificate in Data Analysis, Visualisation and Machine Learning with Python, Second Edition" * 2
    claims = opened(sealed(title=title))
    assert claims.name == Text(FACTS["name"])
    assert claims.title.digest == sha256(title.encode()).digest()[:16] and title.startswith(claims.title.start)
    assert len(unbase41(sealed(title=title))) == LONGEST
    both = opened(sealed(title=title, name="Ñ" * 200))
    assert both.name.digest is not None and len(both.title.start) >= 24 and len(both.name.start) >= 20
    long_name = opened(sealed(name="Ñ" * 200))
    assert long_name.title == Text(FACTS["title"]) and long_name.name.digest is not None
    for size in range(60, 140):  # at every length near the limit: whole where it fits
        text = sealed(title="t" * size)
        whole = opened(text).title.digest is None
        assert whole == (len(unbase41(sealed(title=""))) + size + (1 if size > 23 else 0) <= LONGEST), size


def test_a_beginning_does_not_part_a_letter_from_its_marks() -> None:
    title = "क्षि" * 60
    start = opened(sealed(title=title)).title.start
    assert start and title.startswith(start)
    assert title[len(start)] in "कष"  # a letter follows, no vowel sign and no virama


def test_typical_payloads_are_small() -> None:
    assert len(unbase41(sealed())) <= 165


@given(st.binary(max_size=LONGEST))
def test_base41_there_and_back(data: bytes) -> None:
    assert unbase41(base41(data)) == data


def test_base41_is_as_written_down() -> None:
    assert base41(b"") == "" and base41(b"\0\0") == "000" and base41(b"\0") == "00"
    assert base41(b"\xff\xff") == "".join(ALPHABET[digit] for digit in (17, 40, 38))  # 17 + 40·41 + 38·1681 = 65,535
    for bad in ("A", "0000", "...", "::", "a00", "00 ", "é00", "0" * 358):
        with pytest.raises(ValueError):
            unbase41(bad)


def test_no_changed_character_is_believed() -> None:
    text = sealed()
    for at in range(len(text)):
        other = text[:at] + ALPHABET[(ALPHABET.index(text[at]) + 1) % 41] + text[at + 1 :]
        found = unseal(other, KEYS)
        assert found.state in ("not-genuine", "unreadable", "unknown-key"), at
        assert found.key is None


def resigned(says: object, key: SigningKey = KEY, **how: Any) -> str:
    body = cbor2.dumps(says, **how)
    return base41(body + key.sign(DOMAIN + body))


def says(**changes: Any) -> list[Any]:
    items = cbor2.loads(unbase41(sealed())[:-64])
    for place, value in changes.items():
        items[int(place[1:])] = value
    return list(items)


@pytest.mark.parametrize(
    "items",
    [
        says(_0=2), says(_1=b"abc"), says(_2=b"short"), says(_3=2**30), says(_3=-1), says(_3=True), says(_4="2026"),
        says(_4=10**9), says(_4=-800_000), says(_5=1.5), says(_6=-4), says(_6="37.5"), says(_6="1e3"), says(_6="07.3"),
        says(_7=4), says(_8=b"x"), says(_9=None), says(_9=b"name"), says(_10=["a"]), says(_10=["a", b"short"]),
        says(_10=[["a"], bytes(16)]), says()[:-1], [*says(), 1], {1: 2}, 7, None,
    ],
    ids=str,
)  # fmt: skip
def test_other_forms_are_unreadable_even_when_they_are_signed(items: object) -> None:
    assert unseal(resigned(items), KEYS).state == "unreadable"


def test_other_encodings_of_the_same_are_unreadable() -> None:
    body = unbase41(sealed())[:-64]
    assert unseal(base41(body + KEY.sign(DOMAIN + body)), KEYS).state == "authentic"
    for other in (
        body + b"\0",
        b"\x98\x0b" + body[1:],  # the array's length in two bytes
        b"\x9f" + body[1:] + b"\xff",  # of indefinite length
        body[:1] + b"\x18\x01" + body[2:],
        b"\xd8\x18" + body,  # a tag
        body[:-1],
        body.replace("Zoë".encode(), b"Zo\xff\xab"),
        b"",
    ):
        assert unseal(base41(other + KEY.sign(DOMAIN + other)), KEYS).state == "unreadable", other[:8]
    plain = base41(body + KEY.sign(body))
    assert unseal(plain, KEYS).state == "not-genuine"  # signed without the domain


@given(st.text(max_size=400) | st.text(ALPHABET, max_size=356))
def test_nothing_that_is_typed_raises(text: str) -> None:
    assert unseal(text, KEYS).state in ("unreadable", "unknown-key")


def test_keys_decide() -> None:
    text = sealed()
    other = SigningKey(bytes(32))
    assert unseal(text, {}).state == "unknown-key"
    stranger = KeyRecord(other.public.multikey, date(2026, 1, 1))
    assert unseal(text, by_short([stranger])).state == "unknown-key"
    assert unseal(text, {KEY.public.short: (stranger,)}).state == "not-genuine"
    assert unseal(text, {KEY.public.short: (stranger, RECORD)}).state == "authentic"
    assert unseal(text, by_short([replace(RECORD, state="retired", since=date(2026, 2, 1))])).state == "authentic"
    compromised = replace(RECORD, state="compromised")
    assert unseal(text, by_short([compromised])).state == "key-compromised"
    # a thief dates what he signs as he likes
    assert unseal(text, by_short([replace(compromised, since=date(2027, 1, 1))])).state == "key-compromised"
    assert unseal(text, by_short([compromised]), {digest(text)}).state == "authentic"
    assert unseal(text, by_short([compromised]), {digest(sealed(status=1))}).state == "key-compromised"


@pytest.mark.parametrize(
    "changes",
    [
        {"credential": bytes(9)}, {"facts": bytes(13)}, {"status": -1}, {"status": 2**30}, {"hours": Decimal(-1)},
        {"hours": Decimal("0.00001")}, {"hours": Decimal("NaN")}, {"hours": Decimal(1_000_000)}, {"award": "prize"},
    ],
    ids=str,
)  # fmt: skip
def test_what_the_format_cannot_say_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        sealed(**changes)


def test_the_same_claims_give_the_same_text() -> None:
    assert sealed() == sealed()
    some = random.Random(1)
    assert len({sealed(credential=some.randbytes(10)) for _ in range(20)}) == 20


def test_the_vectors_of_the_guide_are_what_is_sealed() -> None:
    page = (Path(__file__).parent.parent / "docs" / "proofs.md").read_text(encoding="utf-8")
    shown = re.findall(r"^body      (\w+)\nsignature (\w+)\npayload   (\S+)$", page, re.M)
    long_title = " ".join(re.search(r"2\. .*?“(.*?)”", page, re.S)[1].split())  # type: ignore[index]
    second = {"expires": None, "hours": Decimal("7.3"), "award": "participation", "name": "Олена Коваль"}
    for (body, signature, text), changes in zip(shown, ({}, {**second, "title": long_title}), strict=True):
        assert sealed(**changes) == text
        assert unbase41(text).hex() == body + signature
        assert KEY.public.verify(bytes.fromhex(signature), b"certgen-qr-1\0" + bytes.fromhex(body))
    for told in (KEY.public.raw.hex(), KEY.public.multikey, KEY.public.short.hex(), KEY.public.fingerprint):
        assert told in page


def test_no_payload_ends_in_a_mark_that_programs_cut_off() -> None:
    endings = {base41(n.to_bytes(2, "big"))[-1] for n in range(1 << 16)} | {base41(bytes([n]))[-1] for n in range(256)}
    assert not endings & set(".:")
