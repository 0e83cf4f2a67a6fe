"""Each proof of a certificate by itself: the attached credential, what a QR code says, a code that somebody typed."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from certgen import codes
from certgen.canonical import Json
from certgen.payload import LIST_LENGTH, Text, unseal
from certgen.proof import check
from certgen.signing import KeyRecord, by_short
from certgen.verify.exhibit import Symbol
from certgen.verify.finding import State, Told
from certgen.verify.source import Source, Unreachable, issuer_did

NO_CERTIFICATE = "This is a sample, marked SPECIMEN, and no certificate."
_AWARDS: dict[str, Any] = {
    "Certificate": "achievement",
    "CertificateOfCompletion": "completion",
    "ext:CertificateOfParticipation": "participation",
    "ext:CertificateOfAttendance": "attendance",
}


class Proof(Struct):
    """One proof of a certificate: where it was found, what its signature is worth, what it says. ``looked_up`` is
    false for a code alone, which proves nothing before a source has told what it stands for."""

    where: str
    state: State
    code: str | None = None
    told: Told | None = None
    fingerprint: str | None = None
    why: str = ""
    page: int | None = None
    address: str = ""
    looked_up: bool = True


def of_badge(data: bytes, source: Source) -> Proof:
    found = check(data, issuer_did(source), source.keys)
    told = None if found.document is None else _said(found.document)
    if found.state == "authentic" and told is None:
        return Proof("credential", "unreadable", why="It is a signed document, but no certificate.")
    key = found.key.public.fingerprint if found.key else None
    address = str(found.document["id"]).partition("#")[0] if told else ""
    return Proof("credential", found.state, told.code if told else None, told, key, found.why, None, address)


def _said(document: Json) -> Told | None:
    """What a credential says; None for one that says it in another way than certgen does."""
    try:
        subject = document["credentialSubject"]
        achievement, entry = subject["achievement"], document["credentialStatus"]
        number = int(entry["statusListCredential"].rpartition("/")[2].removesuffix(".json"))
        place = int(entry["statusListIndex"])
        if number < 0 or not 0 <= place < LIST_LENGTH or entry["statusPurpose"] != "revocation":
            return None
        hours = subject.get("creditsEarned")
        return Told(
            code=codes.text(codes.bits(document["id"].rpartition("#")[2])),
            name=Text(str(subject["identifier"][0]["identityHash"])),
            title=Text(str(achievement["name"])),
            award=_AWARDS.get(achievement["achievementType"]),
            issued=_day(document["validFrom"]),
            expires=_day(document["validUntil"]) if "validUntil" in document else None,
            hours=None if hours is None else Decimal(str(hours)),
            status=number * LIST_LENGTH + place,
            start=_day(subject["activityStartDate"]) if "activityStartDate" in subject else None,
            end=_day(subject["activityEndDate"]) if "activityEndDate" in subject else None,
            number=subject.get("licenseNumber"),
            language=achievement.get("inLanguage"),
        )
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, ArithmeticError):
        return None


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])


_BEHIND = re.compile(r"(?s)(?:(https?://[^\s#]+)#)?(.*)")


def of_symbol(symbol: Symbol, typed: bool, source: Source) -> Proof:
    """What a QR code says, or somebody typed: an address and a payload or a code, or one of these alone."""
    parts = _BEHIND.fullmatch(symbol.text.strip())
    address, held = (parts[1] or "", parts[2]) if parts else ("", symbol.text)
    where = "text" if typed else "QR code"
    code = codes.typed(held)
    if code is None:
        return _payload(held, address, symbol.page, source, where)
    return Proof(where, "authentic", code, page=symbol.page, address=address, looked_up=False)


def looked_up(proof: Proof, source: Source) -> Proof:
    """The payload that a code stands for, as the source has it."""
    assert proof.code is not None
    shown = codes.grouped(proof.code)
    try:
        payload = source.payload(proof.code)
    except Unreachable as error:
        return replace(proof, state="unknown-code", why=f"The code {shown} cannot be looked up: {error}.")
    if payload is None:
        return replace(proof, state="unknown-code", why=f"No certificate of {source.words} has the code {shown}.")
    found = _payload(payload, proof.address, proof.page, source, "code")
    if found.code != proof.code:
        return replace(proof, state="not-genuine", why="The code stands for another certificate.")
    return found


def _payload(text: str, address: str, page: int | None, source: Source, where: str) -> Proof:
    opened = unseal(text, by_short(source.keys), source.honest)
    claims = opened.claims
    told = None
    if claims is not None:
        told = Told(
            code=codes.text(claims.credential),
            name=claims.name,
            title=claims.title,
            award=claims.award,
            issued=claims.issued,
            expires=claims.expires,
            hours=claims.hours,
            status=claims.status,
            facts=claims.facts,
        )
    key = opened.key.public.fingerprint if opened.key else None
    why = _WORDS[opened.state]
    if opened.state == "unknown-key" and _is_sample(text):
        why = NO_CERTIFICATE
    return Proof(where, opened.state, told.code if told else None, told, key, why, page, address)


def _is_sample(text: str) -> bool:
    """Whether a payload is that of a preview, whose key everybody has."""
    from certgen.sealing import SPECIMEN_KEY

    return unseal(text, by_short([KeyRecord(SPECIMEN_KEY.public.multikey, date.min)])).state == "authentic"


_WORDS = {
    "authentic": "",
    "not-genuine": "Its contents are not what was signed, or the QR code was misread.",
    "unknown-key": "It is signed with a key that the issuer does not name.",
    "key-compromised": "Its key was stolen: others can sign with it.",
    "unreadable": "It is not a certificate’s QR code or code.",
}
