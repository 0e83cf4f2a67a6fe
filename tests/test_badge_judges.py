"""Verifiers that share no code with certgen, on what every example signs: valid, tampered, expired, revoked, with a
forged list, with another key. From npm: @digitalbazaar/vc with both cryptosuites, @digitalcredentials/verifier-core;
from PyPI: openvc-core, openbadgeslib; and 1EdTech's schema. None asks the network: they get what a site would serve.
"""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, ROOT, missing, tool
from credentials import KEY, RECORD, badges, credentials, example
from msgspec.structs import replace

from certgen.canonical import BADGES, CREDENTIALS, context
from certgen.proof import check
from certgen.signing import KeyRecord, SigningKey, did, did_document
from certgen.status import Place, StatusList, list_url, read_status_list, status_list

HERE = Path(__file__).parent / "judges_badge"
SCHEMA = json.loads((HERE / "ob_v3p0_achievementcredential_schema.json").read_text(encoding="utf-8"))
OTHER = SigningKey(bytes(32))
PLACE = Place(0, 4711)
KINDS = ("valid", "tampered", "expired", "revoked", "forged list", "swapped key")
Case = dict[str, Any]


def library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        missing(name, "pip install -e '.[test]'")


@cache
def case(name: str, kind: str) -> Case:
    """A credential, and what a site serves with it: DID document, key, status list, contexts, schema."""
    _, issuer, _ = example(name)
    issued = date(2024, 1, 2)  # judges go by today's date
    credential = replace(next(credentials(name)), issued=issued, expires=issued if kind == "expired" else None)
    document = json.loads(badges(name).sign(credential, PLACE))
    if kind == "tampered":
        document["credentialSubject"]["identifier"][0]["identityHash"] += " Jr."
    record = KeyRecord(OTHER.public.multikey, issued) if kind == "swapped key" else RECORD
    said = did(issuer.verify_url)
    described = did_document(said, [record])
    (key,) = described["verificationMethod"]
    revoked = [PLACE.entry] if kind == "revoked" else [PLACE.entry + 1]
    signer = OTHER if kind == "forged list" else KEY
    served = status_list(int(kind == "wrong list"), revoked, issuer, signer, date.today() - timedelta(1))
    host, _, path = issuer.verify_url.partition("://")[2].partition("/")
    home = f"https://{host}/{path or '.well-known'}/did.json"
    documents = {
        CREDENTIALS: context(CREDENTIALS),
        BADGES: context(BADGES),
        SCHEMA["$id"]: SCHEMA,
        said: described,
        home: described,
        key["id"]: {"@context": "https://w3id.org/security/multikey/v1", **key},
        list_url(issuer, 0): json.loads(served),
    }
    return {"credential": document, "documents": documents, "record": record, "issuer": said, "list": served}


# --- certgen itself --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*KINDS, "wrong list"])  # the outside ones do not ask whose list it is
@pytest.mark.parametrize("name", EXAMPLES)
def test_certgen_says_the_same(name: str, kind: str) -> None:
    one = case(name, kind)
    found = check(json.dumps(one["credential"]).encode(), one["issuer"], [one["record"]])
    assert found.state == {"tampered": "not-genuine", "swapped key": "unknown-key"}.get(kind, "authentic")
    listed = read_status_list(one["list"], list_url(example(name)[1], 0), one["issuer"], [RECORD])
    if kind in ("wrong list", "forged list"):
        assert not isinstance(listed, StatusList)
    else:
        assert isinstance(listed, StatusList) and listed.revoked(PLACE.entry) == (kind == "revoked")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_credential_is_of_the_official_schema(name: str) -> None:
    judge = library("jsonschema").Draft201909Validator(SCHEMA)
    for number, credential in enumerate(credentials(name)):
        document = json.loads(badges(name).sign(credential, Place(0, number)))
        assert [error.message for error in judge.iter_errors(document)] == []
    document["credentialSubject"]["achievement"].pop("criteria")
    assert list(judge.iter_errors(document))


# --- npm -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def verdicts() -> Callable[[str, str], Any]:
    """What the verifiers from npm say of each case. A process for each kind: one of them remembers keys by address."""
    node, home = tool("node"), ROOT / ".ci" / "cache" / "badges"
    if not (home / "node_modules").is_dir():
        missing("@digitalbazaar/vc", "python -m tests.judges_badge")
    shutil.copy(HERE / "verify.mjs", home / "verify.mjs")

    @cache
    def ask(kind: str) -> Any:
        cases = {name: {key: case(name, kind)[key] for key in ("credential", "documents")} for name in EXAMPLES}
        asked = json.dumps({"cases": cases, "now": f"{date.today()}T12:00:00Z"})
        command = [node, str(home / "verify.mjs")]
        done = subprocess.run(command, input=asked, capture_output=True, encoding="utf-8", timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return lambda name, kind: ask(kind)[name]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_verifiers_from_npm_agree(name: str, kind: str, verdicts: Callable[[str, str], Any]) -> None:
    said = verdicts(name, kind)
    for suite in ("rdfc", "jcs"):
        found = said[suite]
        if kind in ("valid", "revoked"):  # "verified" is true of a revoked one: its status says it
            assert (found["verified"], found["status"], found["revoked"]) == (True, True, kind == "revoked"), found
        else:
            assert not found["verified"] and found["why"], found
    core = said["core"]
    if kind in ("tampered", "swapped key"):
        assert core["errors"] and not core["log"].get("valid_signature"), core
    else:
        assert core["log"]["valid_signature"] is True and core["schema"] is True, core
        assert core["log"]["expiration"] is (kind != "expired"), core
        assert (core["log"]["revocation_status"] is True) == (kind in ("valid", "expired")), core


# --- PyPI ------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_openvc_agrees(name: str, kind: str, suite: str) -> None:
    openvc, resolvers = library("openvc"), library("openvc.did.did_web")
    one = case(name, kind)
    documents = one["documents"]
    (proof,) = (proof for proof in one["credential"]["proof"] if proof["cryptosuite"] == suite)

    def fetch(address: str) -> Any:
        return documents[address]

    def ask(credential: Any, policy: Any, **more: Any) -> Any:
        resolver = resolvers.DidWebResolver(fetch)
        contexts = {BADGES: documents[BADGES]}
        return openvc.verify_credential(credential, policy=policy, resolver=resolver, extra_contexts=contexts, **more)

    def resolve_list(address: str) -> Any:
        listed = documents[address]
        (its,) = (p for p in listed["proof"] if p["cryptosuite"] == suite)
        return ask({**listed, "proof": its}, openvc.VerificationPolicy()).credential

    credential = {**one["credential"], "proof": proof}
    if kind == "valid":
        found = ask(credential, openvc.VerificationPolicy(), resolve_status_list=resolve_list)
        assert found.issuer == one["issuer"]
    else:
        with pytest.raises(openvc.OpenvcError):
            ask(credential, openvc.VerificationPolicy(), resolve_status_list=resolve_list)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "forged list"])  # it reads no list but of JWTs
@pytest.mark.parametrize("name", EXAMPLES)
def test_openbadgeslib_agrees(name: str, kind: str) -> None:
    ob3 = library("openbadgeslib.ob3")
    one = case(name, kind)

    def download(address: str, *_: Any, **__: Any) -> bytes:
        return json.dumps(one["documents"][address]).encode()

    judge = ob3.OB3LdpVerifier.for_issuer_did(one["issuer"])

    def ask() -> Any:
        document = json.dumps(one["credential"])
        return judge.verify(document, check_status=True, download=download, verify_status_list=False)

    if kind == "valid":
        assert ask()
    else:
        with pytest.raises(ob3.OB3VerificationError):
            ask()
