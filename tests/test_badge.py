"""Open Badges: what each property says, what is believed of a credential that comes back, and the status list."""

from __future__ import annotations

import gzip
import json
import pickle
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from conftest import EXAMPLES
from credentials import KEY, RECORD, badges, credentials, example, issuer_did, named
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certgen.payload import LIST_LENGTH
from certgen.proof import Checked, check
from certgen.signing import KeyRecord, SigningKey, did
from certgen.status import Place, StatusList, list_url, place, read_status_list, status_list

ISSUED = date(2026, 11, 21)


def signed(name: str = "online-academy") -> bytes:
    return badges(name).sign(next(credentials(name)), Place(0, 94_567))


def changed(data: bytes, change: Callable[[Any], object]) -> bytes:
    document = json.loads(data)
    change(document)
    return json.dumps(document, ensure_ascii=False).encode()


# --- what it says ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_credential_says_what_the_certificate_says(name: str) -> None:
    course, issuer, _ = example(name)
    for number, credential in enumerate(credentials(name)):
        edition, said = (
            course.editions[credential.language],
            json.loads(badges(name).sign(credential, Place(0, number))),
        )
        subject, achievement = said["credentialSubject"], said["credentialSubject"]["achievement"]
        assert said["issuer"]["id"] == did(issuer.verify_url) and said["issuer"]["name"] == issuer.name
        assert subject["identifier"][0]["identityHash"] == credential.recipient.name
        assert subject["identifier"][0]["hashed"] is False
        assert achievement["name"] == edition.title and achievement["inLanguage"] == credential.language
        assert said["validFrom"] == f"{credential.issued}T00:00:00Z"
        assert ("validUntil" in said) == (credential.expires is not None)
        assert subject.get("licenseNumber") == credential.number
        if credential.hours is not None:
            assert Decimal(str(subject["creditsEarned"])) == credential.hours
            assert achievement["creditsAvailable"] == subject["creditsEarned"]
            assert str(subject["creditsEarned"]) in achievement["criteria"]["narrative"]
        coded = [skill.code for skill in (*edition.skills, *edition.occupations) if skill.code]
        assert [a["targetUrl"] for a in achievement.get("alignment", [])] == list(dict.fromkeys(coded))
        assert set(achievement.get("tag", [])) == {skill.name for skill in (*edition.skills, *edition.occupations)}
        for section in edition.sections:
            shown = section.awards is None or credential.kind in section.awards
            assert (section.body.source.strip() in achievement["criteria"]["narrative"]) == shown
        if credential.recipient.score is not None:
            assert Decimal(subject["result"][0]["value"]) == credential.recipient.score
        assert said["credentialStatus"]["statusListCredential"] == list_url(issuer, 0)


def test_no_address_and_no_unprinted_score_is_told() -> None:
    for name in EXAMPLES:
        for credential in credentials(name):
            said = badges(name, grades=False).sign(credential, Place(0, 1)).decode()
            assert "resultDescription" not in said
            person = credential.recipient
            assert not person.email or person.email not in said
            assert not person.id or f'"{person.id}"' not in said or person.id == credential.number


def test_the_same_credential_gives_the_same_bytes_in_every_process() -> None:
    maker, credential = badges("online-academy"), next(credentials("online-academy"))
    first = maker.sign(credential, Place(0, 5))
    assert maker.sign(credential, Place(0, 5)) == first
    assert pickle.loads(pickle.dumps(maker)).sign(credential, Place(0, 5)) == first
    assert json.loads(first)["proof"][0]["created"] == f"{credential.issued}T00:00:00Z"


def test_a_name_that_cannot_be_signed_is_refused() -> None:
    with pytest.raises(ValueError, match="U\\+0007"):
        badges("online-academy").sign(named("Ana\x07"), Place(0, 1))


# --- what is believed ------------------------------------------------------------------------


def verdict(data: bytes, keys: tuple[KeyRecord, ...] = (RECORD,), name: str = "online-academy") -> str:
    found = check(data, issuer_did(name), keys)
    assert (found.state == "authentic") == (not found.why)
    return found.state


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_credential_of_the_examples_is_authentic(name: str) -> None:
    for number, credential in enumerate(credentials(name)):
        assert verdict(badges(name).sign(credential, Place(0, number)), name=name) == "authentic"


LEAVES: list[tuple[str | int, ...]] = []


def leaves(value: object, path: tuple[str | int, ...] = ()) -> None:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            leaves(item, (*path, key))
    elif path[0] != "proof":
        LEAVES.append(path)


leaves(json.loads(signed()))


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_no_changed_value_is_believed(path: tuple[str | int, ...]) -> None:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        held = document[path[-1]]
        document[path[-1]] = (
            (not held) if isinstance(held, bool) else held + (1 if isinstance(held, int | float) else "x")
        )

    assert verdict(changed(signed(), change)) in ("not-genuine", "unreadable")


def drop_proof(number: int) -> Callable[[Any], object]:
    return lambda document: document["proof"].pop(number)


FORGERIES: dict[str, Callable[[Any], object]] = {
    "one proof": drop_proof(0),
    "the other proof": drop_proof(1),
    "swapped proofs": lambda d: d["proof"].reverse(),
    "twice the same": lambda d: d["proof"].__setitem__(0, d["proof"][1]),
    "no proof": lambda d: d.pop("proof"),
    "no list of proofs": lambda d: d.__setitem__("proof", d["proof"][0]),
    "unknown key": lambda d: d.__setitem__("note", "unsigned in RDF"),
    "unknown key deep": lambda d: d["credentialSubject"]["achievement"].__setitem__("grade", "A"),
    "context more": lambda d: d["@context"].append({"@vocab": "urn:x#"}),
    "context within": lambda d: d["credentialSubject"].__setitem__("@context", {"value": "urn:x"}),
    "another purpose": lambda d: d["proof"][0].__setitem__("proofPurpose", "authentication"),
    "another day": lambda d: d["proof"][0].__setitem__("created", "2020-01-01T00:00:00Z"),
    "proof with more": lambda d: d["proof"][1].__setitem__("nonce", "x"),
    "signature of zeros": lambda d: d["proof"][0].__setitem__("proofValue", "z" + "1" * 64),
    "signature of another kind": lambda d: d["proof"][0].__setitem__("proofValue", "u" + "A" * 86),
    "one more subject": lambda d: d.__setitem__("credentialSubject", [d["credentialSubject"], {"name": "x"}]),
    "expiry gone": lambda d: d.pop("validUntil", None) or d.__setitem__("validUntil", "2999-01-01T00:00:00Z"),
    "status gone": lambda d: d.pop("credentialStatus"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_forgery_is_believed(forgery: str) -> None:
    said = verdict(changed(signed(), FORGERIES[forgery]))
    assert said in ("not-genuine", "unreadable")
    if forgery.startswith(("unknown key", "context")):
        assert said == "unreadable"  # before anything is made of it


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b"{" * 5000, b"[" * 100_000, b'{"a":1,"a":2}', b'{"proof":NaN}',
        b" " * 300_000, b'{"proof":[],"issuer":1}', b'{"proof":[1,2],"issuer":{"id":[]},"@context":null,"type":null}',
    ],
    ids=lambda data: repr(data[:20]),
)  # fmt: skip
def test_what_is_no_credential_is_unreadable(data: bytes) -> None:
    assert verdict(data) == "unreadable"


def test_a_key_that_stands_twice_is_unreadable() -> None:
    assert verdict(signed().replace(b'{"@context"', b'{"name":"x","@context"', 1)) == "unreadable"


def test_keys_and_issuers_decide() -> None:
    data, other = signed(), SigningKey(bytes(32))
    stranger = KeyRecord(other.public.multikey, ISSUED)
    assert verdict(data, ()) == "unknown-key" == verdict(data, (stranger,))
    assert verdict(data, (stranger, RECORD)) == "authentic"
    assert verdict(data, (replace(RECORD, state="retired", since=ISSUED),)) == "authentic"
    assert verdict(data, (replace(RECORD, state="compromised", since=ISSUED),)) == "key-compromised"
    assert check(data, "did:web:elsewhere.example.org", (RECORD,)).state == "not-genuine"
    swapped = data.replace(RECORD.multikey.encode(), other.public.multikey.encode())
    assert verdict(swapped, (stranger, RECORD)) == "not-genuine"
    forged = badges("online-academy", other).sign(next(credentials("online-academy")), Place(0, 94_567))
    assert verdict(forged) == "unknown-key"
    mixed = json.loads(data)
    mixed["proof"][1] = json.loads(forged)["proof"][1]
    assert verdict(json.dumps(mixed).encode(), (stranger, RECORD)) == "unknown-key"


# --- the status list -------------------------------------------------------------------------


def test_places_are_a_permutation_that_needs_the_secret() -> None:
    places = [place(serial, b"secret") for serial in range(LIST_LENGTH)]
    assert {p.number for p in places} == {0}
    assert sorted(p.entry for p in places) == list(range(LIST_LENGTH))
    assert place(LIST_LENGTH, b"secret").number == 1
    assert place(7, b"secret") == place(7, b"secret") != place(7, b"other")
    # no trace of the order: neighbours are as far apart as chance would have them, a third of the list
    apart = sum(abs(a.entry - b.entry) for a, b in pairwise(places)) / LIST_LENGTH
    assert abs(apart / LIST_LENGTH - 1 / 3) < 0.01
    with pytest.raises(ValueError):
        place(-1, b"secret")


def a_list(revoked: list[int], number: int = 0, key: SigningKey = KEY) -> bytes:
    return status_list(number, revoked, example("online-academy")[1], key, ISSUED)


def read(data: bytes, number: int = 0, keys: tuple[KeyRecord, ...] = (RECORD,)) -> StatusList | Checked:
    issuer = example("online-academy")[1]
    return read_status_list(data, list_url(issuer, number), did(issuer.verify_url), keys)


@given(st.sets(st.integers(0, LIST_LENGTH - 1), max_size=20))
def test_a_status_list_tells_who_was_revoked(revoked: set[int]) -> None:
    found = read(a_list(sorted(revoked)))
    assert isinstance(found, StatusList)
    assert {i for i in range(LIST_LENGTH) if found.bits[i >> 3] and found.revoked(i)} == revoked
    assert (found.issued, (found.until - found.issued).days) == (ISSUED, 400)
    with pytest.raises(IndexError):
        found.revoked(LIST_LENGTH)


def test_the_list_is_as_the_standard_packs_it() -> None:
    """Bitstring Status List 1.0, 3 and 4: multibase base64url of gzip; index 0 is the highest bit of the first byte."""
    subject = json.loads(a_list([0, 9, 131_071]))["credentialSubject"]
    assert subject["encodedList"][0] == "u"
    packed = urlsafe_b64decode(subject["encodedList"][1:] + "==")
    bits = gzip.decompress(packed)
    assert (len(bits) * 8, bits[0], bits[1], bits[-1], sum(bits)) == (131_072, 0x80, 0x40, 1, 0x80 + 0x40 + 1)
    assert packed[4:8] == bytes(4)  # no time: the same list is the same bytes


def test_a_list_that_is_not_the_one_asked_for_is_not_believed() -> None:
    data = a_list([5])
    for other in (read(data, number=1), read(data, keys=())):
        assert isinstance(other, Checked) and other.state in ("not-genuine", "unknown-key") and other.why
    empty = json.loads(a_list([]))["credentialSubject"]["encodedList"]
    tampered = re.sub(rb'"encodedList":"[^"]+"', b'"encodedList":"' + empty.encode() + b'"', data)
    found = read(tampered)
    assert isinstance(found, Checked) and found.state == "not-genuine"
    credential = read(signed())
    assert isinstance(credential, Checked) and credential.state == "not-genuine"
    for index in (-1, LIST_LENGTH):
        with pytest.raises(ValueError):
            a_list([index])


def test_evidence_is_an_address_of_the_roster_or_nothing() -> None:
    maker = badges("online-academy")

    def told(cell: str) -> object:
        made = named("Ana Díaz")
        made = replace(made, recipient=replace(made.recipient, extra={"Evidence": cell}))
        assert maker.same_as_pyld(made, Place(0, 3))
        data = maker.sign(made, Place(0, 3))
        assert check(data, issuer_did("online-academy"), [RECORD]).state == "authentic"
        return json.loads(data).get("evidence")

    address = "https://works.example/ana?x=1#a"
    assert told(address) == [{"id": address, "type": ["Evidence"]}]
    assert told("http://works.example/ana") == [{"id": "http://works.example/ana", "type": ["Evidence"]}]
    assert told("in the archive") is told("") is None
