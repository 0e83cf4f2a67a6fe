"""A registry that was lost, made again from the certificates themselves.

Every certificate's PDF has its signed credential and its QR code's text in it. The place in the status list is a keyed
permutation of the number in the registry, so that number comes back from the place and the secret. What only the
registry knew is lost: history, and what was revoked unless the verification site tells. Nothing is believed that one of
the academy's keys has not signed.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from certgen import codes, keys
from certgen.canonical import Json
from certgen.copies import Copier
from certgen.credential import SECRET_FILE
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.facts import figure
from certgen.font import FontBook
from certgen.keys.passphrase import Keyring
from certgen.model import AwardKind, Issuer, Recipient
from certgen.payload import AWARDS, LIST_LENGTH, digest, unseal
from certgen.proof import check
from certgen.rebuild.people import Owner, by_name, facts_there, owners, rosters
from certgen.rebuild.reading import Paper, papers, pdfs
from certgen.registry import FILE, Content, Held, Registry, Setting
from certgen.registry.shelf import NEXT
from certgen.signing import KeyRecord, PublicKey, by_short, load_key
from certgen.status import Place, serial
from certgen.verify.source import Site

MARGIN = 1000  # numbers left free, for certificates that were not found: two must never share a place in a status list
_TYPES: dict[str, AwardKind] = {
    "Certificate": "achievement",
    "CertificateOfCompletion": "completion",
    "ext:CertificateOfParticipation": "participation",
    "ext:CertificateOfAttendance": "attendance",
}

Watch = Callable[[str, int], None]
"""Told what is being done, and how many of it are done."""


class Rebuilt(Struct, kw_only=True):
    """What came of it. ``files`` had a certificate in them; ``strange`` are PDF files without one that this academy has
    signed; ``twice`` are further files of a certificate. ``unowned``: certificates whose owner no roster and no name
    tells. ``copied``: those that certgen can make again, byte for byte. ``facts`` were found of ``facts_wanted``.
    ``lost``: entries of the published list that are cancelled and belong to no certificate that was found."""

    certificates: int
    states: dict[str, int]
    files: int
    strange: list[Path]
    twice: list[Path]
    unowned: int
    copied: int
    facts: int
    facts_wanted: int
    keys: list[KeyRecord]
    site: str
    lost: int


class _Read(Struct):
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


def rebuild(
    folder: Path, issuer: Issuer, places: Sequence[Path], site: Site | None, problems: list[Problem], watch: Watch
) -> Rebuilt | None:
    """Makes ``certgen.db`` in the academy's folder from the PDF files below ``places``. None with a Problem, and then
    there is none. ``site``: the published site, or a copy of it, which tells what was revoked."""
    if (folder / FILE).exists():
        message = f"There is a registry here already ({FILE}), and one is never made over another."
        problems.append(_trouble("registry-there", message, "If it is damaged, move it away first, and keep it."))
        return None
    secret = keys.secret(folder, None, problems, create=False)
    if secret is None:
        message = f"{SECRET_FILE} is not here, and without it nobody can tell a certificate's number in the registry."
        hint = "Restore it from a backup, or copy it from the computer that has it."
        problems += [] if has_errors(problems) else [_trouble("secret-missing", message, hint)]
        return None
    read, strange = _read_all(folder, issuer, places, site, secret.value, watch)
    if not read:
        message = "No certificate of this academy was found: no PDF file with a credential that one of its keys signed."
        hint = f"Name the folders that the certificates are in. Keys are known by issuer.toml and by {keys.FOLDER}/."
        problems.append(_trouble("no-certificates", message, hint))
        return None
    chosen, twice = _each_once(read, folder)
    if _other_secret(chosen):
        message = (
            f"{SECRET_FILE} is not the secret that these certificates were made with: their numbers make no sense."
        )
        problems.append(_trouble("secret-other", message, "Restore the right one from a backup."))
        return None
    watch("rosters", 0)
    tried = rosters(folder)
    known = owners(tried, [each.code for each in chosen], secret.value)
    rows, unowned = _rows(chosen, known, secret.value)
    rows = _standing(rows, site)
    numbers = {held.serial for held in rows}
    lost = _lost(site, numbers, secret.value)
    wanted = {each.facts for each in chosen if each.facts}
    found = list(facts_there(folder, issuer, wanted))
    rows, settings = _made_from(rows, known, issuer, watch)
    records = _records(folder, issuer, chosen, site)
    _write(folder, rows, settings, found, records, max([*numbers, *lost]) + MARGIN, len(tried), problems)
    if has_errors(problems):
        return None
    return Rebuilt(
        certificates=len(rows),
        states=dict(Counter(held.state for held in rows)),
        files=len(read),
        strange=strange,
        twice=twice,
        unowned=unowned,
        copied=sum(bool(held.setting) for held in rows),
        facts=len(found),
        facts_wanted=len(wanted),
        keys=records,
        site=site.words if site else "",
        lost=len(lost),
    )


# --- reading ---------------------------------------------------------------------------------


def _read_all(
    folder: Path, issuer: Issuer, places: Sequence[Path], site: Site | None, secret: bytes, watch: Watch
) -> tuple[list[_Read], list[Path]]:
    ours = _Ours(folder, issuer, site)
    read: list[_Read] = []
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


def _one(paper: Paper, badge: bytes, ours: _Ours, secret: bytes) -> _Read | None:
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
        return _Read(paper, document, badge, payload, key, code, serial(place, secret), facts)
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


def _each_once(read: Sequence[_Read], folder: Path) -> tuple[list[_Read], list[Path]]:
    """One file for each certificate: the latest day of issue, a text for the QR code, in the academy's own folder."""
    found: dict[str, list[_Read]] = {}
    for one in read:
        found.setdefault(one.code, []).append(one)
    chosen: list[_Read] = []
    twice: list[Path] = []
    for some in found.values():
        some.sort(key=lambda one: (str(one.document["validFrom"]), bool(one.payload),
                                   one.paper.path.is_relative_to(folder)), reverse=True)  # fmt: skip
        chosen.append(some[0])
        twice += [one.paper.path for one in some[1:]]
    return sorted(chosen, key=lambda one: one.number), twice


def _other_secret(chosen: Sequence[_Read]) -> bool:
    """Numbers count from 0 without gaps; with another secret they are anywhere among 131,072."""
    inside = sum(one.number % LIST_LENGTH < 1000 + 20 * len(chosen) for one in chosen)
    return inside * 2 < len(chosen)


# --- rows ------------------------------------------------------------------------------------


def _rows(chosen: Sequence[_Read], known: dict[str, Owner], secret: bytes) -> tuple[list[Held], int]:
    """As the registry had them, as far as it can be known."""
    rows: list[Held] = []
    unowned = 0
    for one in chosen:
        start = _day(one.subject.get("activityStartDate"))
        course = str(one.subject["achievement"].get("humanCode", ""))
        run = _first_day(one, start)
        owner = known.get(one.code) or by_name(_name(one), course, (run, start, None), one.code, secret)
        unowned += owner is None
        # Whoever cannot be told has the code itself as the person: that is what it is for all but corrected ones.
        owner = owner or Owner(one.code, "email", 0)
        rows.append(_row(one, owner, course, owner.draft.course.start if owner.draft else run))
    rows.sort(key=lambda held: held.serial)
    return rows, unowned


def _row(one: _Read, owner: Owner, course: str, run: date | None) -> Held:
    subject, document = one.subject, one.document
    achievement = subject["achievement"]
    hours, name = subject.get("creditsEarned"), _name(one)
    expires = _day(document.get("validUntil"))
    kind = _TYPES[achievement["achievementType"]]
    assert kind in AWARDS
    content = Content(
        name=name,
        number=subject.get("licenseNumber"),
        course=course,
        title=str(achievement["name"]),
        award=kind,
        hours=None if hours is None else Decimal(str(hours)),
        start=_day(subject.get("activityStartDate")),
        end=_day(subject.get("activityEndDate")),
        grade=_grade(subject, owner.recipient),
        expires=expires,
    )
    person = owner.recipient or Recipient(row=0, name=name)
    rules = owner.draft.course.awards if owner.draft else ()
    award = next((at for at, rule in enumerate(rules) if rule.kind == kind), 0)
    issued = _day(document["validFrom"])
    assert issued is not None
    return Held(
        serial=one.number,
        code=one.code,
        person=owner.person,
        revision=owner.revision,
        run=f"{course}\n{run or ''}",
        by=owner.by,
        state="issued",
        content=content,
        recipient=replace(person, name=name),
        language=str(achievement.get("inLanguage", "")),
        award=award,
        kind=kind,
        issued=issued,
        expires=expires,
        url=document["id"].rpartition("#")[0] + "#" + (one.payload or one.code),
        setting="",
        file=one.paper.path.name,
        folder=str(one.paper.path.parent.absolute()),
        sha256=one.paper.sha256,
        payload=one.payload,
        deflated=zlib.compress(one.badge, 6),
    )


def _name(one: _Read) -> str:
    return str(one.subject["identifier"][0]["identityHash"])


def _first_day(one: _Read, start: date | None) -> date | None:
    """The course's first day stands in the achievement's address; where it has none, the day of issue stands there."""
    said = one.subject["achievement"]["id"].rsplit("/", 3)[1]
    day = None if said == "undated" else date.fromisoformat(said)
    return None if day == _day(one.document["validFrom"]) and start != day else day


def _grade(subject: Json, person: Recipient | None) -> str | None:
    """As certificates told it (reconcile.py); signed where the layout prints scores, else as the roster has it."""
    told = subject.get("result")
    score = figure(person.score) if person and person.score is not None else None
    if told:
        score = str(told[0]["value"])
    if score is not None and person is not None and person.score_out_of:
        score += f"/{figure(person.score_out_of)}"
    return score


def _day(moment: str | None) -> date | None:
    return None if moment is None else date.fromisoformat(moment[:10])


# --- what became of them ---------------------------------------------------------------------


def _standing(rows: list[Held], site: Site | None) -> list[Held]:
    """Of a person's certificates of one run the last is in force; what the site says goes before."""
    people: dict[str, list[Held]] = {}
    told = [_told(held, site) for held in rows]
    by_code = {held.code: held for held in told}
    for held in told:  # the new one of an unknown owner is the old one's, revised
        new = by_code.get(held.replaced_by or "")
        if new is not None and new.person == new.code != held.person and new.revision == 0:
            by_code[new.code] = replace(new, person=held.person, by=held.by, revision=held.revision + 1)
    for held in by_code.values():
        people.setdefault(held.person, []).append(held)
    done: list[Held] = []
    for some in people.values():
        some.sort(key=lambda held: held.revision)
        for at, held in enumerate(some):
            later = some[at + 1] if at + 1 < len(some) else None
            if held.state == "issued" and later is not None:
                held = replace(held, state="replaced", replaced_by=later.code, ended=later.issued)
            done.append(held)
    return sorted(done, key=lambda held: held.serial)


def _told(held: Held, site: Site | None) -> Held:
    """As the published lists say."""
    if site is None or not held.payload:
        return held
    claims = unseal(held.payload, {}).claims
    if claims is None:
        return held
    stands = site.standing(held.code, claims.status, date.today())
    if stands.state == "replaced":
        by = codes.typed(stands.replaced_by or "")
        return replace(held, state="replaced", replaced_by=by, ended=stands.known, reason=stands.reason)
    if stands.state == "revoked":
        return replace(held, state="revoked", ended=stands.known, reason=stands.reason)
    return held


def _lost(site: Site | None, numbers: set[int], secret: bytes) -> list[int]:
    """Numbers of certificates that the published lists say are cancelled, and that were not found."""
    lists = max(numbers) // LIST_LENGTH + 1
    found = []
    for entry in range(lists * LIST_LENGTH if site else 0):
        assert site is not None
        if site.standing("0" * codes.LENGTH, entry, date.today()).state in ("revoked", "replaced"):
            number = serial(Place(*divmod(entry, LIST_LENGTH)), secret)
            found += [number] if number not in numbers else []
    return found


# --- what they were made from ----------------------------------------------------------------


class _Shelf:
    """Settings that are tried; of a registry a Copier needs no more."""

    def __init__(self) -> None:
        self.settings: dict[str, Setting] = {}

    def setting(self, digest: str) -> Setting:
        return self.settings[digest]


def _made_from(
    rows: list[Held], known: dict[str, Owner], issuer: Issuer, watch: Watch
) -> tuple[list[Held], list[Setting]]:
    """Today's course and layout are what a certificate was made from where they make the same bytes again."""
    shelf = _Shelf()
    used: dict[str, Setting] = {}
    runs: dict[tuple[int, date], list[Held]] = {}
    done = {held.serial: held for held in rows}
    for held in rows:
        owner = known.get(held.code)
        if owner and owner.draft and held.payload:
            runs.setdefault((id(owner.draft), held.issued), []).append(held)
    with Copier(cast(Registry, shelf)) as copier:
        for number, some in enumerate(runs.values(), 1):
            watch("copies", number)
            for digest, setting in _settings(some, known, issuer):
                shelf.settings[digest] = setting
                for held in some if _same(copier, replace(some[0], setting=digest)) else ():
                    if not done[held.serial].setting and _same(copier, replace(held, setting=digest)):
                        done[held.serial] = replace(held, setting=digest)
                        used[digest] = setting
    return [done[held.serial] for held in rows], list(used.values())


def _settings(some: Sequence[Held], known: dict[str, Owner], issuer: Issuer) -> Iterator[tuple[str, Setting]]:
    owner = known[some[0].code]
    assert owner.draft is not None
    course = replace(owner.draft.course, issued=some[0].issued)
    signed = replace(issuer, key=some[0].badge and _multikey(some[0].badge))
    texts = [(held.content.name, held.language) for held in some if held.content]
    for record in (False, True):
        book = FontBook([Path(issuer.font_folder)] if issuer.font_folder else [])
        try:
            setting = Setting.of(course, signed, owner.draft.layout, book, record, texts)
        except CertgenError:
            return
        yield setting.digest, setting


def _multikey(badge: bytes) -> Any:
    return json.loads(badge)["proof"][0]["verificationMethod"].rpartition("#")[2]


def _same(copier: Copier, held: Held) -> bool:
    try:
        return sha256(copier.pdf(held)).hexdigest() == held.sha256
    except CertgenError:
        return False


# --- writing ---------------------------------------------------------------------------------


def _records(folder: Path, issuer: Issuer, chosen: Sequence[_Read], site: Site | None) -> list[KeyRecord]:
    """The keys, the one that signs last. One that issuer.toml does not name signs no more."""
    first: dict[str, date] = {}
    found: dict[str, KeyRecord] = {key.multikey: key for key in site.keys} if site else {}
    for one in chosen:
        issued = _day(one.document["validFrom"])
        assert issued is not None
        first[one.key.multikey] = min(first.get(one.key.multikey, issued), issued)
        found.setdefault(one.key.multikey, one.key)
    for path in (folder / keys.FOLDER).glob("*.pem"):
        there = None if keys.is_locked(path) else load_key(path, None, [])
        if there is not None:
            found.setdefault(there.public.multikey, KeyRecord(there.public.multikey, date.today()))
    if issuer.key:
        found.setdefault(issuer.key, KeyRecord(issuer.key, date.today()))
    active = issuer.key or (next(iter(found)) if len(found) == 1 else None)
    done = []
    for multikey, key in found.items():
        made = first.get(multikey, date.today())
        if key.state == "active" and multikey != active:
            key = replace(key, state="retired", since=date.today())
        done.append(replace(key, made=made))
    return sorted(done, key=lambda key: (key.state == "active", key.made, key.multikey))


def _write(
    folder: Path,
    rows: Sequence[Held],
    settings: Iterable[Setting],
    facts: Iterable[bytes],
    records: Iterable[KeyRecord],
    free: int,
    rosters: int,
    problems: list[Problem],
) -> None:
    registry = Registry.open(folder, problems, create=True)
    if registry is None:
        return
    try:
        with registry, registry.writing():
            for key in records:
                registry.add_key(key)
                path = keys.key_file(folder, key.public)
                if path.exists():
                    name = key.public.fingerprint
                    kept = "none" if not keys.is_locked(path) else "keyring" if Keyring().get(name) else "chosen"
                    registry.set_meta(f"passphrase:{name}", kept)
            keys.secret(folder, registry, problems, create=True)
            for data in facts:
                registry.keep_facts(data)
            for setting in settings:
                registry.keep(setting)
            registry.set_meta(NEXT, str(free))
            registry.adopt(rows, {"from": "PDF files", "certificates": len(rows), "rosters": rosters})
    except BaseException:  # half a registry would be taken for a whole one
        for suffix in ("", "-wal", "-shm", "-journal"):
            (folder / f"{FILE}{suffix}").unlink(missing_ok=True)
        raise


def _trouble(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, exit_code=ExitCode.REGISTRY)
