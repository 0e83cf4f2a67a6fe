"""What the site holds for holders alone: nobody opens it with another code, and nothing in it can be altered."""

from __future__ import annotations

import json
import re
import string
from base64 import urlsafe_b64decode
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from certgen.codes import bits
from certgen.codes import text as codes_text
from certgen.payload import ALPHABET, base41
from certgen.sealed import (
    Notice,
    honest_list,
    notice,
    notices_file,
    open_,
    open_notice,
    place_of,
    read_honest,
    read_notices,
    seal,
)
from certgen.signing import KeyRecord, SigningKey

KEY = SigningKey(bytes(range(32)))
RECORD = KeyRecord(KEY.public.multikey, date(2026, 1, 1))
THIEF = SigningKey(bytes(range(1, 33)))
DAY = date(2026, 11, 22)
CODE = "041061050R3GG28A"

codes = st.binary(min_size=10, max_size=10).map(codes_text)
payloads = st.binary(min_size=70, max_size=237).map(base41)


@given(codes, payloads)
def test_the_code_opens_its_blob(code: str, payload: str) -> None:
    data = seal(code, payload)
    assert open_(code, data) == payload
    assert len(data) == 412  # all of one size, so that a size tells nothing
    assert data == seal(code, payload)


@given(codes, codes, payloads)
def test_no_other_code_opens_a_blob_or_finds_it(code: str, other: str, payload: str) -> None:
    assume(code != other)
    assert open_(other, seal(code, payload)) is None
    assert place_of(code) != place_of(other)


@given(codes, payloads, st.integers(0, 411), st.integers(1, 255))
def test_an_altered_blob_does_not_open(code: str, payload: str, at: int, change: int) -> None:
    data = bytearray(seal(code, payload))
    data[at] ^= change
    assert open_(code, bytes(data)) is None


@given(codes, st.binary(max_size=500))
def test_any_bytes_at_all_are_refused_quietly(code: str, data: bytes) -> None:
    assert open_(code, data) is None
    assert open_notice(code, 5, DAY, data.decode("latin-1")) is None
    assert read_notices(data, 0, [RECORD]) is None
    assert read_honest(data, [RECORD]) is None


@given(codes, payloads, payloads)
def test_one_key_never_seals_two_texts_under_one_nonce(code: str, payload: str, other: str) -> None:
    assume(payload != other)
    assert seal(code, payload)[:12] != seal(code, other)[:12]


def test_another_library_opens_a_blob_as_the_page_of_proofs_says() -> None:
    payload = base41(bytes(200))
    key = HKDF(SHA256(), 48, b"certgen-code-blob-1", b"").derive(bits(CODE))
    assert re.fullmatch("codes/[0-9a-f]{2}/[0-9a-f]{30}", place_of(CODE))
    assert place_of(CODE).replace("/", "") == "codes" + key[:16].hex()
    data = seal(CODE, payload)
    assert AESGCM(key[16:]).decrypt(data[:12], data[12:], None) == payload.encode().ljust(384)


def test_a_blob_holds_payloads_only() -> None:
    for text in ("", "lower case", "A" * 385):
        with pytest.raises(ValueError, match="payload"):
            seal(CODE, text)
    assert open_(CODE, seal(CODE, base41(bytes(237)))) is not None


# --- notices ---------------------------------------------------------------------------------

reasons = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=300)
says = st.builds(Notice, reasons) | st.builds(Notice, st.none(), codes) | st.builds(Notice, reasons, codes)


@given(codes, codes, st.integers(0, 131_071), says)
def test_a_notice_is_for_the_certificate_s_holder(code: str, other: str, entry: int, what: Notice) -> None:
    assume(code != other)
    text = notice(code, entry, DAY, what)
    assert open_notice(code, entry, DAY, text) == what
    assert open_notice(other, entry, DAY, text) is None
    assert open_notice(code, entry ^ 1, DAY, text) is None
    assert open_notice(code, entry, date(2026, 11, 23), text) is None


def test_the_size_of_a_notice_does_not_tell_revoked_from_replaced() -> None:
    texts = [notice(CODE, 7, DAY, Notice("Plagiarism")), notice(CODE, 7, DAY, Notice(None, CODE))]
    assert len({len(text) for text in texts}) == 1


def test_another_library_opens_a_notice_as_the_page_of_proofs_says() -> None:
    key = HKDF(SHA256(), 32, b"certgen-notice-1", b"94567,2026-11-22").derive(bits(CODE))
    text = notice(CODE, 94_567, DAY, Notice("Issued by mistake"))
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert json.loads(AESGCM(key).decrypt(data[:12], data[12:], None)) == {"reason": "Issued by mistake"}


def test_notices_are_believed_only_whole_of_their_list_and_of_a_good_key() -> None:
    data = notices_file(3, {9: (CODE, Notice("Plagiarism"))}, KEY, DAY)
    found = read_notices(data, 3, [RECORD])
    assert found is not None and found.issued == DAY
    assert found.of(CODE, 9) == Notice("Plagiarism")
    assert found.of(CODE, 8) is None
    assert read_notices(data, 2, [RECORD]) is None
    assert read_notices(data, 3, []) is None
    assert read_notices(data, 3, [replace(RECORD, state="compromised")]) is None
    assert read_notices(data, 3, [replace(RECORD, state="retired")]) == found
    assert read_notices(data.replace(b'"9"', b'"8"'), 3, [RECORD]) is None
    assert read_notices(data.replace(b"2026-11-22", b"2027-11-22"), 3, [RECORD]) is None
    other = notices_file(3, {9: (CODE, Notice("Plagiarism"))}, THIEF, DAY)
    assert read_notices(other, 3, [RECORD]) is None
    renamed = other.replace(THIEF.public.multikey.encode(), KEY.public.multikey.encode())
    assert renamed != other and read_notices(renamed, 3, [RECORD]) is None


def test_an_honest_list_is_not_taken_for_notices() -> None:
    """The domain in front of what is signed keeps the two apart."""
    listed = honest_list({THIEF.public.multikey: [bytes(32)]}, KEY)
    assert read_notices(listed, 0, [RECORD]) is None
    assert read_honest(notices_file(0, {}, KEY, DAY), [RECORD]) is None


def test_the_honest_list_names_the_stolen_keys_and_their_payloads() -> None:
    other = SigningKey(bytes(range(2, 34)))
    one, two = THIEF.public.multikey, other.public.multikey
    assert json.loads(honest_list({one: [bytes(32)]}, KEY))["of"] == one
    data = honest_list({one: [bytes(32), bytes(32)], two: [b"\1" * 32]}, KEY)
    found = read_honest(data, [RECORD])
    assert found is not None
    assert set(found.of) == {one, two}
    assert found.payloads == {bytes(32), b"\1" * 32}
    assert read_honest(data.replace(b"0101", b"0202", 1), [RECORD]) is None
    by_the_thief = honest_list({THIEF.public.multikey: [bytes(32)]}, THIEF)
    stolen = KeyRecord(THIEF.public.multikey, date(2026, 1, 1), "compromised")
    assert read_honest(by_the_thief, [RECORD, stolen]) is None


# --- the test vectors of docs/proofs.md ------------------------------------------------------


def test_the_vectors_of_the_page_of_proofs_hold() -> None:
    text = (Path(__file__).resolve().parent.parent / "docs" / "proofs.md").read_text(encoding="utf-8")
    vectors = dict(re.findall(r"^(place|blob|notice) {2,}(\S+)$", text, re.M))
    if not vectors:
        pytest.fail("docs/proofs.md has no vectors of blobs")
    payload = re.findall(r"^payload   (\S+)$", text, re.M)[0]
    assert set(payload) <= set(ALPHABET) and set(vectors["blob"]) <= set(string.hexdigits)
    assert (place_of(CODE), seal(CODE, payload).hex()) == (vectors["place"], vectors["blob"])
    assert notice(CODE, 94_567, DAY, Notice("Issued by mistake")) == vectors["notice"]
