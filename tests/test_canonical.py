"""Canonical forms: the standards' own examples, and the quick form against the plain one."""

from __future__ import annotations

import json
import socket
import unicodedata
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES
from credentials import badges, credentials, named
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certgen import canonical
from certgen.canonical import BADGES, CREDENTIALS, Form, context, jcs, rdfc, token
from certgen.status import Place, place

rfc8785 = pytest.importorskip("rfc8785")

TEXT = st.text(st.characters(exclude_categories=("Cs",)).filter(lambda c: c.isprintable() or c in "\t\n\r\u2028\x85"))
NUMBER = st.integers(-(10**14), 10**14) | st.decimals(-99999, 99999, places=3, allow_nan=False).map(float)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcXYZ@_09", min_size=1), inner),
    max_leaves=20,
)


@given(JSON)
def test_jcs_is_rfc8785(value: object) -> None:
    assert jcs(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_jcs_as_the_standard_shows_it() -> None:
    """RFC 8785, 3.2.2: its example, less the numbers with exponents and the control character, which are refused."""
    shown = {"numbers": [4.50, 333333333.25], "string": '€$\nA\'B"\\\\"/', "literals": [None, True, False]}
    expected = '{"literals":[null,true,false],"numbers":[4.5,333333333.25],"string":"€$\\nA\'B\\"\\\\\\\\\\"/"}'
    assert jcs(shown) == expected.encode()
    for refused in (1e-7, 1e21, float("nan"), float("inf"), 2**60, "\x07", "\x7f", "\ud800", {"é": 1}, {1: 2}, b"x"):
        with pytest.raises(ValueError):
            jcs(refused)


def test_contexts_are_the_pinned_bytes() -> None:
    """Verifiable Credentials Data Model 2.0, B.1, gives the digest of its context."""
    data = (Path(canonical.__file__).parent / "contexts" / "credentials-v2.json").read_bytes()
    assert sha256(data).hexdigest() == "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"
    assert set(canonical._PINNED) == {CREDENTIALS, BADGES}
    with pytest.raises(ValueError, match="not a pinned context"):
        context("https://example.org/context.json")


def test_an_altered_context_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(canonical._PINNED, BADGES, ("ob-3.0.3.json", "0" * 64))
    with pytest.raises(ValueError, match="altered"):
        context(BADGES)


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyld.jsonld  # noqa: F401 — which may import requests, and that looks at sockets

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    with pytest.raises(ValueError, match="not a pinned context"):
        rdfc({"@context": [CREDENTIALS, "https://example.org/x.json"], "id": "urn:x:1", "name": "x"})
    with pytest.raises(ValueError):
        rdfc({"@context": {"@import": "https://example.org/x.json"}, "id": "urn:x:1"})


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_quick_form_is_pylds_for_every_credential_of_the_examples(name: str) -> None:
    for grades in (True, False):
        maker = badges(name, grades=grades)
        checked = 0
        for number, credential in enumerate(credentials(name)):
            assert maker.same_as_pyld(credential, place(number, b"secret")), credential.recipient.name
            checked += 1
        assert checked >= 10
        assert all(form.exact for form in maker._forms.values())


def test_the_quick_form_is_pylds_for_every_name_of_the_collection(shared: Path) -> None:
    maker, count = badges("online-academy"), 0
    for line in (shared / "names.tsv").read_text(encoding="utf-8").split("\n")[1:]:
        if not line:
            continue
        name = json.loads(line.split("\t")[0])
        cleaned = " ".join(unicodedata.normalize("NFC", name).split())
        try:
            jcs(cleaned)
        except ValueError:
            assert not cleaned.isprintable()
            continue
        if cleaned:
            count += 1
            assert maker.same_as_pyld(named(cleaned, count), Place(0, count)), name
    assert count > 400


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40))
def test_the_quick_form_is_pylds_for_any_name(name: str) -> None:
    assert MAKER.same_as_pyld(named(name), Place(0, 7))


MAKER = badges("online-academy")


@pytest.mark.parametrize(
    "name",
    ["_:b0", "_:c14n1 .", '" .\n_:b0 <x> "', "certgen-slot-001-731946280", "a\tb\rc", "\u2028", "<b>&amp;", "\\u0041"],
)
def test_names_that_look_like_the_form_itself(name: str) -> None:
    assert MAKER.same_as_pyld(named(name), Place(0, 7))


@pytest.mark.parametrize("hours", ["0.25", "1", "7.3", "37.5", "40", "119.99", "1000", "99999"])
def test_amounts_are_written_alike(hours: str) -> None:
    credential = replace(named("Ana Díaz"), hours=Decimal(hours))
    assert MAKER.same_as_pyld(credential, Place(0, 7))


def test_a_value_in_an_address_that_is_not_plain_goes_to_pyld() -> None:
    course_document = {"@context": [CREDENTIALS], "id": f"https://example.org/{token(1)}", "name": str(token(2))}
    form = Form(course_document, {"id": token(1), "name": token(2)})
    for value in ("plain", "a%20b", "a<b", "a b", 'a"b', "é"):
        values: dict[str, Any] = {"id": value, "name": "x"}
        assert form.rdfc(values) == rdfc({**course_document, "id": f"https://example.org/{value}", "name": "x"}), value


def test_alike_blank_nodes_go_to_pyld() -> None:
    def document(one: object, other: object) -> dict[str, object]:
        def alignment(name: object) -> dict[str, object]:
            return {"type": ["Alignment"], "targetName": name, "targetUrl": "https://example.org/x"}

        return {
            "@context": [CREDENTIALS, BADGES],
            "id": "urn:x:1",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "achievement": {
                    "id": "urn:x:2",
                    "type": ["Achievement"],
                    "alignment": [alignment(one), alignment(other)],
                },
            },
        }

    form = Form(document(token(1), token(2)), {"a": token(1), "b": token(2)})
    assert form.exact
    for one, other in (("a", "b"), ("b", "a"), ("same", "same")):
        assert form.rdfc({"a": one, "b": other}) == rdfc(document(one, other))
    fixed = Form(document("same", "same"), {})
    assert not fixed.exact and fixed.rdfc({}) == rdfc(document("same", "same"))


def test_nodes_that_only_their_neighbours_tell_apart_go_to_pyld() -> None:
    """Two results of one value have one first-degree hash; what they point at decides (RDFC-1.0, 4.8)."""

    def document(one: object, other: object) -> dict[str, object]:
        def result(value: object, target: str) -> dict[str, object]:
            alignment = {"type": ["Alignment"], "targetName": target, "targetUrl": "https://example.org/x"}
            return {"type": ["Result"], "value": value, "alignment": [alignment]}

        return {
            "@context": [CREDENTIALS, BADGES],
            "id": "urn:x:1",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "credentialSubject": {"type": ["AchievementSubject"], "result": [result(one, "A"), result(other, "B")]},
        }

    form = Form(document(token(1), token(2)), {"a": token(1), "b": token(2)})
    assert form.exact
    for one, other in (("1", "2"), ("2", "1"), *((str(n), str(n)) for n in range(20))):
        assert form.rdfc({"a": one, "b": other}) == rdfc(document(one, other))
