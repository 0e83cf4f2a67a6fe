"""Certificates read from their files and believed: one of the academy's own keys has signed them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from certgen import codes, keys
from certgen.canonical import Json
from certgen.model import Issuer
from certgen.payload import LIST_LENGTH, digest, unseal
from certgen.proof import check
from certgen.rebuild.reading import Paper, papers, pdfs
from certgen.signing import KeyRecord, PublicKey, by_short
from certgen.status import Place, serial
from certgen.verify.source import Site


class Proven(Struct):
    """A certificate as its PDF has it, checked."""

    paper: Paper
    document: Json
    badge: bytes
    payload: str
    key: KeyRecord
    code: str
    number: int
    facts: bytes | None

    @property
    def subject(self) -> Json:
        return self.document["credentialSubject"]


def read_all(
    folder: Path,
    issuer: Issuer,
    places: Sequence[Path],
    site: Site | None,
    secret: bytes,
    watch: Callable[[str, int], None],
) -> tuple[list[Proven], list[Path]]:
    ours = _Ours(folder, issuer, site)
    read: list[Proven] = []
    strange: list[Path] = []
    for number, paper in enumerate(papers(pdfs(places)), 1):
        found = [one for badge in paper.badges if (one := _one(paper, badge, ours, secret)) is not None]
        read += found
        strange += [] if found else [paper.path]
        watch("files", number)
    return read, strange


class _Ours:
    """The academy's keys: the one that issuer.toml names, those whose files are in keys/ (a file's name is the key's
    fingerprint), those of the site. A key that the site has dropped was stolen."""

    def __init__(self, folder: Path, issuer: Issuer, site: Site | None) -> None:
        self._named = issuer.key
        self._files = {path.stem for path in (folder / keys.FOLDER).glob("*.pem")}
        self._site = {key.multikey: key for key in site.keys} if site else {}
        self._has_site = site is not None
        self.honest = site.honest if site else frozenset()

    def key(self, multikey: str) -> KeyRecord | None:
        try:
            fingerprint = PublicKey.from_multikey(multikey).fingerprint
        except ValueError:
            return None
        if multikey in self._site:
            return self._site[multikey]
        if multikey != self._named and fingerprint not in self._files:
            return None
        stolen = self._has_site and multikey != self._named
        return KeyRecord(multikey, date.min, "compromised" if stolen else "active")


def _one(paper: Paper, badge: bytes, ours: _Ours, secret: bytes) -> Proven | None:
    """A credential of ours with the payload that belongs to it."""
    try:
        said = json.loads(badge)
        name = str(said["issuer"]["id"])
        key = ours.key(str(said["proof"][0]["verificationMethod"]).rpartition("#")[2])
        if key is None:
            return None
        found = check(badge, name, [replace(key, state="active")])
        if found.state != "authentic":
            return None
        document = found.document
        code = codes.text(codes.bits(document["id"].rpartition("#")[2]))
        entry = document["credentialStatus"]
        list_number = int(entry["statusListCredential"].rpartition("/")[2].removesuffix(".json"))
        place = Place(list_number, int(entry["statusListIndex"]))
        payload, facts = _payload(paper, code, place, key)
        if key.state == "compromised" and (not payload or digest(payload) not in ours.honest):
            return None
        return Proven(paper, document, badge, payload, key, code, serial(place, secret), facts)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def _payload(paper: Paper, code: str, place: Place, key: KeyRecord) -> tuple[str, bytes | None]:
    known = by_short([replace(key, state="active")])
    for address in paper.addresses:
        text = address.rpartition("#")[2]
        opened = unseal(text, known)
        claims = opened.claims
        if opened.state != "authentic" or claims is None or claims.credential != codes.bits(code):
            continue
        if claims.status == place.number * LIST_LENGTH + place.entry:
            return text, claims.facts
    return "", None


def each_once(read: Sequence[Proven], folder: Path) -> tuple[list[Proven], list[Path]]:
    """One file for each certificate: the latest day of issue, a text for the QR code, in the academy's own folder."""
    found: dict[str, list[Proven]] = {}
    for one in read:
        found.setdefault(one.code, []).append(one)
    chosen: list[Proven] = []
    twice: list[Path] = []
    for some in found.values():
        some.sort(key=lambda one: (str(one.document["validFrom"]), bool(one.payload),
                                   one.paper.path.is_relative_to(folder)), reverse=True)  # fmt: skip
        chosen.append(some[0])
        twice += [one.paper.path for one in some[1:]]
    return sorted(chosen, key=lambda one: one.number), twice


def another_secret(chosen: Sequence[Proven]) -> bool:
    """Numbers count from 0 without gaps; with another secret they are anywhere among 131,072."""
    inside = sum(one.number % LIST_LENGTH < 1000 + 20 * len(chosen) for one in chosen)
    return inside * 2 < len(chosen)
