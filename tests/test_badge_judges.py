"""Verifiers that share no code with certgen, on what batch, revoke, reissue and site build write of every example:
valid, tampered, expired, revoked, replaced, beside another list or a forged one, of another key. From npm:
@digitalbazaar/vc with both cryptosuites, @digitalcredentials/verifier-core; from PyPI: openvc-core, openbadgeslib;
1EdTech's schema; and the page in a browser. None asks the network: they get what the site would serve. Each says what
``certgen verify`` says, or cannot know it; docs/proofs.md tells which and why.
"""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, Tab
from conftest import EXAMPLES, ROOT, missing, tool
from credentials import badges, credentials
from pages import FIXTURES, given
from published import (
    NEIGHBOUR,
    OTHER,
    REASON,
    Published,
    in_the_name_of,
    published,
    resealed,
    resigned,
    serving,
    verdicts,
)

from certgen import codes, payload
from certgen.canonical import BADGES, CREDENTIALS, context
from certgen.signing import KeyRecord, did, did_document
from certgen.status import Place

pytestmark = pytest.mark.thorough

__all__ = ["published"]
chromium = FIXTURES[0]

HERE = Path(__file__).parent / "judges_badge"
SCHEMA = json.loads((HERE / "ob_v3p0_achievementcredential_schema.json").read_text(encoding="utf-8"))
Document = dict[str, Any]

# What is done to a valid credential.
TAMPERED: dict[str, Callable[[Document], object]] = {
    "name": lambda it: it["credentialSubject"]["identifier"][0].update(identityHash="Somebody Else"),
    "title": lambda it: it["credentialSubject"]["achievement"].update(name="Doctor of Medicine"),
    "award": lambda it: it["credentialSubject"]["achievement"].update(achievementType="Diploma"),
    "expiry": lambda it: it.update(validUntil="2199-12-31T23:59:59Z"),
    "place in the list": lambda it: it["credentialStatus"].update(statusListIndex="1"),
    "no status": lambda it: it.pop("credentialStatus"),
    "one more term": lambda it: it["credentialSubject"].update(withDistinction="yes"),
    "one more type": lambda it: it["type"].append("EndorsementCredential"),
}
STATES = {
    "valid": "authentic",
    "replacement": "authentic",
    "expired": "expired",
    "revoked": "revoked",
    "replaced": "replaced",
    "another list": "status-unknown",
    "neighbour's list": "status-unknown",
    "forged list": "status-unknown",
    "swapped key": "unknown-key",
    "swapped did.json": "authentic",  # certgen and its page read site.json
    "foreign signature": "unknown-key",
    "foreign signature in the key's name": "not-genuine",
    **{f"tampered: {what}": "not-genuine" for what in TAMPERED},
    "tampered: one more term": "unreadable",  # certgen writes no such term, and reads none
}
"""What certgen says of each case."""
ON_THE_PAGE = {"tampered: one more term": "not-genuine"}
"""What the page says otherwise: it looks at the proof before it looks at the terms."""
WORDS = {
    "authentic": "good",
    "replaced": "revoked",
    "status-unknown": "list",
    "expired": "expired",
    "revoked": "revoked",
}
"""The others' words for what certgen says; "bad" for the rest. "list": the status list is not to be believed. That a
certificate was replaced stands in a notice of certgen's own."""
UNASKED = {
    "another list": {"digitalbazaar", "verifier-core", "openvc", "openbadgeslib"},
    "neighbour's list": {"verifier-core", "openvc", "openbadgeslib"},
    "forged list": {"openbadgeslib"},
}
"""Who says "good" beside which wrong list. None compares a list's id with the address that it came from; some do not
ask whose list it is; one verifies only lists that are JWTs."""
CASES = [
    (name, kind)
    for number, name in enumerate(EXAMPLES)
    for at, kind in enumerate(STATES)
    if not kind.startswith("tampered") or at % len(EXAMPLES) in (number, (number + 1) % len(EXAMPLES))
]
"""Every kind of case for every example, but only some of what may be tampered with."""
SPOILED = ("another list", "neighbour's list", "forged list", "swapped key", "swapped did.json")


def library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        missing(name, "pip install -e '.[test]'")


def site_of(academy: Published, kind: str) -> Path:
    return academy.spoiled(kind) if kind in SPOILED else academy.site


def credential_of(academy: Published, kind: str) -> Document:
    document = academy.badge(academy.successor if kind == "replacement" else academy.of(kind))
    if kind.startswith("tampered: "):
        document = deepcopy(document)
        TAMPERED[kind.removeprefix("tampered: ")](document)
    elif kind == "foreign signature":
        document = resigned(document, academy.did, OTHER, OTHER.public)
    elif kind == "foreign signature in the key's name":
        document = resigned(document, academy.did, OTHER, academy.key.public)
    return document


# The same done to what its QR code says.
IN_THE_CODE: dict[str, dict[str, Any]] = {
    "name": {"name": "Somebody Else"}, "title": {"title": "Doctor of Medicine"}, "award": {"award": "attendance"},
    "expiry": {"expires": date(2199, 12, 31)}, "place in the list": {"status": 1},
}  # fmt: skip


def payload_of(academy: Published, kind: str) -> str | None:
    """What the QR code of a case says; None where it could not say such a thing."""
    text = (academy.successor if kind == "replacement" else academy.of(kind)).payload
    if kind == "foreign signature":
        return resealed(text, OTHER)
    if kind == "foreign signature in the key's name":
        return in_the_name_of(academy.key.public, resealed(text, OTHER), OTHER.sign)
    if not kind.startswith("tampered: "):
        return text
    changes = IN_THE_CODE.get(kind.removeprefix("tampered: "))
    if changes is None or {"award": academy.valid.kind} == changes:
        return None
    return in_the_name_of(academy.key.public, resealed(text, OTHER, **changes), lambda _: payload.unbase41(text)[-64:])


def wanted(kind: str, judge: str) -> str:
    """What a judge says of a case."""
    if kind == "swapped did.json":
        return "bad"
    return "good" if judge in UNASKED.get(kind, ()) else WORDS.get(STATES[kind], "bad")


SHARED: Document = {CREDENTIALS: context(CREDENTIALS), BADGES: context(BADGES), SCHEMA["$id"]: SCHEMA}


def documents_of(academy: Published, kind: str) -> Document:
    """What a verifier gets: the files of the site by their addresses, the keys by theirs."""
    served: Document = {address: json.loads(data) for address, data in academy.serves(site_of(academy, kind)).items()}
    served[did(NEIGHBOUR)] = did_document(did(NEIGHBOUR), [KeyRecord(OTHER.public.multikey, date(2024, 1, 1))])
    for key in [key for one in (academy.did, did(NEIGHBOUR)) for key in served[one]["verificationMethod"]]:
        served[key["id"]] = {"@context": "https://w3id.org/security/multikey/v1", **key}
    return served | {f"{NEIGHBOUR}/.well-known/did.json": served[did(NEIGHBOUR)]}


Published_ = Callable[[str], Published]


# --- certgen itself --------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_certgen_says_what_it_is(name: str, published: Published_) -> None:
    academy = published(name)
    sites = {site_of(academy, kind): [other for other in STATES if site_of(academy, other) == site_of(academy, kind)]
             for kind in STATES}  # fmt: skip
    for site, kinds in sites.items():
        cases = [(kind, json.dumps(credential_of(academy, kind))) for kind in kinds]
        cases += [
            (kind, f"{academy.issuer.verify_url}/v#{text}") for kind in kinds if (text := payload_of(academy, kind))
        ]
        said = verdicts(*(text for _, text in cases), site=site)
        assert [(kind, state) for (kind, _), state in zip(cases, said, strict=True)] == [
            (kind, STATES[kind]) for kind, _ in cases
        ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_paper_the_badge_and_its_picture_have_one_verdict(name: str, published: Published_) -> None:
    academy = published(name)
    rows = {kind: academy.of(kind) for kind in ("valid", "expired", "revoked", "replaced")}
    files = [academy.file(row, suffix) for row in rows.values() for suffix in (".pdf", ".json", ".png")]
    wanted = [state for kind in rows for state in [STATES[kind]] * 3]
    assert verdicts(*files, academy.file(academy.successor), site=academy.site) == [*wanted, "authentic"]
    spoken = [text for row in rows.values() for text in (row.url, row.code, codes.grouped(row.code).lower())]
    assert verdicts(*spoken, site=academy.site) == wanted
    assert verdicts(*spoken, folder=academy.folder) == wanted


# --- the page, in a browser ------------------------------------------------------------------


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Tab]:
    with chromium.page() as opened:
        yield opened
        assert not opened.trouble()


@pytest.mark.parametrize("kind", STATES)
def test_the_page_agrees_on_the_badge_and_on_the_qr_code(
    kind: str, tab: Tab, published: Published_, tmp_path: Path
) -> None:
    academy = published("online-academy")
    with serving(academy.folder) as address:
        page = f"{address}/{site_of(academy, kind).name}/v/"
        tab.open(page)
        badge = json.dumps(credential_of(academy, kind)).encode()
        assert given(tab, tmp_path / "credential.json", badge) == ON_THE_PAGE.get(kind, STATES[kind])
        if kind in ("valid", "expired", "revoked", "replaced"):
            for suffix in (".pdf", ".png"):
                data = academy.file(academy.of(kind), suffix).read_bytes()
                assert given(tab, tmp_path / f"file{suffix}", data) == STATES[kind], suffix
        text = payload_of(academy, kind)
        if text is not None:
            assert tab.open(f"{page}#{text}").state == STATES[kind]
            shown = tab.text()
            assert (REASON in shown) == (kind == "revoked")
            assert (codes.grouped(academy.successor.code) in shown) == (kind in ("replaced", "replacement"))


# --- the official schema ---------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_credential_is_of_the_official_schema(name: str, published: Published_) -> None:
    judge = library("jsonschema").Draft201909Validator(SCHEMA)
    for number, credential in enumerate(credentials(name)):
        document = json.loads(badges(name).sign(credential, Place(0, number)))
        assert [error.message for error in judge.iter_errors(document)] == []
    document["credentialSubject"]["achievement"].pop("criteria")
    assert list(judge.iter_errors(document))
    academy = published(name)
    written = [academy.badge(row) for row in academy.rows()]
    assert len(written) >= 8 and not [error.message for one in written for error in judge.iter_errors(one)]


# --- npm -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def npm(published: Published_) -> Callable[[str, str], Any]:
    """What the verifiers from npm say of each case; one process is asked for all."""

    @cache
    def said() -> Any:
        node, home = tool("node"), ROOT / ".ci" / "cache" / "badges"
        if not (home / "node_modules").is_dir():
            missing("@digitalbazaar/vc", "python -m tests.judges_badge")
        for script in ("ask.mjs", "verify.mjs"):
            shutil.copy(HERE / script, home / script)
        cases = {
            f"{name}, {kind}": {
                "credential": credential_of(published(name), kind),
                "documents": documents_of(published(name), kind),
            }
            for name, kind in CASES
        }
        asked = json.dumps({"cases": cases, "shared": SHARED, "now": f"{date.today()}T12:00:00Z"})
        command = [node, str(home / "ask.mjs")]
        done = subprocess.run(command, input=asked, capture_output=True, encoding="utf-8", timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return lambda name, kind: said()[f"{name}, {kind}"]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_verifiers_from_npm_agree(name: str, kind: str, npm: Callable[[str, str], Any]) -> None:
    said = npm(name, kind)
    for suite in ("rdfc", "jcs"):
        assert digitalbazaar(said[suite]) == wanted(kind, "digitalbazaar"), said[suite]
    assert core(said["core"]) == wanted(kind, "verifier-core"), said["core"]


def digitalbazaar(said: Any) -> str:
    """In one word. "verified" is true of a revoked one: its status says it."""
    if said["verified"]:
        return "revoked" if said["revoked"] else "good" if said["status"] else "list"
    if "validUntil" in said["why"]:
        return "expired"
    return "list" if said["status"] is False else "bad"


def core(said: Any) -> str:
    if said["errors"] or said["log"].get("valid_signature") is not True:
        return "bad"
    assert said["schema"] is True
    if said["log"]["expiration"] is not True:
        return "expired"
    revoked = said["log"]["revocation_status"]
    return {True: "good", False: "revoked"}[revoked] if isinstance(revoked, bool) else "list"


# --- PyPI ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_openvc_agrees(name: str, kind: str, published: Published_) -> None:
    openvc, resolvers = library("openvc"), library("openvc.did.did_web")
    academy = published(name)
    documents, document = SHARED | documents_of(academy, kind), credential_of(academy, kind)

    def ask(credential: Document, suite: str, **more: Any) -> Any:
        """With one proof of the set, so that one good proof does not cover for the other."""
        (proof,) = (proof for proof in credential["proof"] if proof["cryptosuite"] == suite)
        return openvc.verify_credential(
            {**credential, "proof": proof},
            policy=openvc.VerificationPolicy(),
            resolver=resolvers.DidWebResolver(documents.__getitem__),
            extra_contexts={BADGES: documents[BADGES]},
            **more,
        )

    for suite in ("eddsa-rdfc-2022", "eddsa-jcs-2022"):
        at_list: list[str] = []

        def listed(address: str, suite: str = suite, at_list: list[str] = at_list) -> Document:
            at_list.append("list")
            found: Document = ask(documents[address], suite).credential
            at_list.pop()
            return found

        try:
            said = "good" if ask(document, suite, resolve_status_list=listed).issuer == academy.did else "another's"
        except openvc.OpenvcError as error:
            kinds = {"CredentialExpired": "expired", "CredentialRevoked": "revoked"}
            said = "list" if at_list else kinds.get(type(error).__name__, "bad")
        assert said == wanted(kind, "openvc"), suite


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_openbadgeslib_agrees(name: str, kind: str, published: Published_) -> None:
    ob3 = library("openbadgeslib.ob3")
    academy = published(name)
    documents = SHARED | documents_of(academy, kind)

    def download(address: str, *_: Any, **__: Any) -> bytes:
        return json.dumps(documents[address]).encode()

    judge = ob3.OB3LdpVerifier.for_issuer_did(academy.did)
    try:
        text = json.dumps(credential_of(academy, kind))
        said = "good" if judge.verify(text, check_status=True, download=download, verify_status_list=False) else ""
    except ob3.OB3VerificationError as error:
        kinds = {"has expired": "expired", "status 'revocation' is set": "revoked", "status list": "list"}
        said = next((word for words, word in kinds.items() if words in str(error)), "bad")
    assert said == wanted(kind, "openbadgeslib")


@pytest.mark.parametrize("name", EXAMPLES)
def test_another_reader_finds_the_same_credential_in_the_picture_and_in_the_pdf(
    name: str, published: Published_, tmp_path: Path
) -> None:
    """openbadgeslib reads the PNG, poppler the PDF's attachment."""
    verifier, academy = library("openbadgeslib.ob3").OB3Verifier, published(name)
    for row in (academy.valid, academy.revoked):
        told = academy.file(row, ".json").read_bytes()
        assert verifier.extract_token_from_png(academy.file(row, ".png").read_bytes()).encode() == told
        command = [tool("pdfdetach"), "-save", "1", "-o", str(tmp_path / "credential.json"), str(academy.file(row))]
        subprocess.run(command, check=True, timeout=60)
        assert (tmp_path / "credential.json").read_bytes() == told
