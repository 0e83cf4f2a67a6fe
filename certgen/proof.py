"""Data Integrity proofs: a document signed twice, and what is believed of one that comes back.

A proof set of ``eddsa-rdfc-2022`` and ``eddsa-jcs-2022`` (W3C Data Integrity EdDSA Cryptosuites 1.0, 3.2 and 3.3), in
that order. Each signs the SHA-256 of the proof's own canonical form and that of the document's. Everything in a
document is signed by both: its contexts are pinned, and its keys are those of ``_KEYS``, all of which the contexts
define (RDF leaves out what they do not).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal, NamedTuple

from msgspec import Struct

from certgen.canonical import BADGES, CREDENTIALS, Json, jcs, rdfc
from certgen.signing import SIGNATURE, KeyRecord, SigningKey, base58, method, unbase58

_LONGEST = 262_144  # bytes of a document that are read
_DEEPEST = 12
_KEYS = frozenset(  # what certgen writes into credentials and status lists; their contexts define all of them
    {
        *("@context", "id", "type", "name", "issuer", "url", "email", "validFrom", "validUntil", "credentialSubject"),
        *("identifier", "hashed", "identityHash", "identityType", "licenseNumber", "activityStartDate"),
        *("activityEndDate", "creditsEarned", "result", "resultDescription", "value", "achievement", "achievementType"),
        *("description", "criteria", "narrative", "creditsAvailable", "inLanguage", "humanCode", "fieldOfStudy", "tag"),
        *("alignment", "targetName", "targetUrl", "targetFramework", "resultType", "valueMax", "requiredValue"),
        *("evidence", "credentialStatus", "statusPurpose", "statusListIndex", "statusListCredential", "encodedList"),
    }
)
_PROOF_KEYS = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}


# --- signing ---------------------------------------------------------------------------------


class Suite(NamedTuple):
    """A proof but for its value, as JSON text, and the SHA-256 of its canonical form."""

    text: str
    digest: bytes


def suites(contexts: list[str], created: str, verification_method: str) -> tuple[Suite, ...]:
    suites = []
    for name, canonical in (("eddsa-rdfc-2022", rdfc), ("eddsa-jcs-2022", jcs)):
        proof: Json = {
            "type": "DataIntegrityProof",
            "cryptosuite": name,
            "created": created,
            "verificationMethod": verification_method,
            "proofPurpose": "assertionMethod",
        }
        full = {"@context": contexts, **proof}
        shown = full if canonical is jcs else proof  # only JCS has the contexts in the proof itself: 3.3.5
        suites.append(Suite(jcs(shown)[:-1].decode("utf-8"), sha256(canonical(full)).digest()))
    return tuple(suites)


def secured(plain: bytes, quads: bytes, suites: tuple[Suite, ...], key: SigningKey) -> bytes:
    """A document's canonical JSON with its proofs added at the end."""
    proofs = []
    for suite, form in zip(suites, (quads, plain), strict=True):
        value = base58(key.sign(suite.digest + sha256(form).digest()))
        proofs.append(f'{suite.text},"proofValue":"z{value}"}}')
    return plain[:-1] + f',"proof":[{",".join(proofs)}]}}'.encode()


# --- reading ---------------------------------------------------------------------------------

State = Literal["authentic", "not-genuine", "unknown-key", "key-compromised", "unreadable"]


class Checked(Struct, frozen=True):
    """A signed document that was read. ``document`` is believed only where ``state`` is "authentic"; ``why`` is a
    sentence where it is not. Dates and revocation are for the caller to judge."""

    state: State
    document: Json = None
    key: KeyRecord | None = None
    why: str = ""


def check(data: bytes, issuer: str, keys: Iterable[KeyRecord]) -> Checked:
    """Reads a credential or a status list that ``issuer``, a DID, is said to have signed with one of ``keys``.

    Both proofs must hold, and the document have the contexts and keys that certgen writes, and no others.
    Never raises for bytes of any kind.
    """
    try:
        document = _parsed(data)
        proofs = document.pop("proof")
        _allowed(document)
        said, contexts = document["issuer"], document["@context"]
        said = said if isinstance(said, str) else said["id"]
        suites_named = [proof["cryptosuite"] for proof in proofs]
        of_kind = [CREDENTIALS] if "BitstringStatusListCredential" in document["type"] else [CREDENTIALS, BADGES]
        if contexts != of_kind or suites_named != ["eddsa-rdfc-2022", "eddsa-jcs-2022"]:
            raise ValueError("it does not have the contexts and proofs of a certgen credential")
        suites = [_checked_proof(proof, contexts) for proof in proofs]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return Checked("unreadable", why=f"This is not a credential that certgen can read ({error}).")
    if said != issuer:
        return Checked("not-genuine", document, why=f"It says that {said} issued it, not {issuer}.")
    methods = {method(issuer, key.public): key for key in keys}
    used = {proof["verificationMethod"] for proof in proofs}
    key = methods.get(min(used)) if len(used) == 1 else None
    if key is None:
        return Checked("unknown-key", document, why="It is signed with a key that the issuer does not name.")
    try:
        forms = (rdfc(document), jcs(document))
        hashed = [canonical(suite) for canonical, (suite, _) in zip((rdfc, jcs), suites, strict=True)]
    except ValueError as error:
        return Checked("unreadable", why=f"This is not a credential that certgen can read ({error}).")
    for form, config, (_, signature) in zip(forms, hashed, suites, strict=True):
        if not key.public.verify(signature, sha256(config).digest() + sha256(form).digest()):
            return Checked("not-genuine", document, why="Its contents are not what was signed.")
    if key.state == "compromised":
        return Checked("key-compromised", document, key, "Its key was stolen: others can sign with it.")
    return Checked("authentic", document, key)


def _checked_proof(proof: Json, contexts: Json) -> tuple[Json, bytes]:
    """A proof's configuration with its contexts, and its signature."""
    rest = {key: value for key, value in proof.items() if key != "proofValue"}
    shown = rest.pop("@context", None)
    if {*rest, "proofValue"} != _PROOF_KEYS or not all(isinstance(value, str) for value in rest.values()):
        raise ValueError("a proof has other keys")
    if shown != (contexts if rest["cryptosuite"] == "eddsa-jcs-2022" else None):
        raise ValueError("a proof has other contexts")
    if rest["type"] != "DataIntegrityProof" or rest["proofPurpose"] != "assertionMethod":
        raise ValueError("a proof is of another kind")
    value = proof["proofValue"]
    if not value.startswith("z"):
        raise ValueError("a signature is not base58")
    return {"@context": contexts, **rest}, unbase58(value[1:], SIGNATURE)


def _parsed(data: bytes) -> dict[str, Json]:
    """JSON with limits; a key that stands twice is refused."""

    def once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands twice")
        return found

    def no_constant(text: str) -> Json:
        raise ValueError(f"{text} is no number")

    if len(data) > _LONGEST:
        raise ValueError("it is too large")
    document = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=no_constant)
    if not isinstance(document, dict):
        raise ValueError("it is not an object")
    return document


def _allowed(value: Json, depth: int = 0) -> None:
    """Every key is one that certgen writes, so that none can go unsigned."""
    if depth > _DEEPEST:
        raise ValueError("it is nested too deep")
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _KEYS or (key == "@context" and depth):
                raise ValueError(f"it has the key “{key[:40]}”, which is not part of a certificate")
            _allowed(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _allowed(item, depth + 1)
