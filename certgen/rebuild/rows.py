"""Rows of the registry from certificates: what they say, whose they are, and what became of them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from certgen import codes
from certgen.canonical import Json
from certgen.facts import figure
from certgen.model import AwardKind, Recipient
from certgen.payload import LIST_LENGTH, unseal
from certgen.rebuild.people import Owner, by_name
from certgen.rebuild.proven import Proven
from certgen.registry import Content, Held
from certgen.status import Place, serial
from certgen.verify.source import Site

_TYPES: dict[str, AwardKind] = {
    "Certificate": "achievement",
    "CertificateOfCompletion": "completion",
    "ext:CertificateOfParticipation": "participation",
    "ext:CertificateOfAttendance": "attendance",
}


def rows(chosen: Sequence[Proven], known: dict[str, Owner], secret: bytes) -> tuple[list[Held], int]:
    """As the registry had them, as far as it can be known."""
    made: list[Held] = []
    unowned = 0
    for one in chosen:
        start = day(one.subject.get("activityStartDate"))
        course = str(one.subject["achievement"].get("humanCode", ""))
        run = _first_day(one, start)
        owner = known.get(one.code) or by_name(_name(one), course, (run, start, None), one.code, secret)
        unowned += owner is None
        # Whoever cannot be told has the code itself as the person: that is what it is for all but corrected ones.
        owner = owner or Owner(one.code, "email", 0)
        made.append(_row(one, owner, course, owner.draft.course.start if owner.draft else run))
    made.sort(key=lambda held: held.serial)
    return made, unowned


def _row(one: Proven, owner: Owner, course: str, run: date | None) -> Held:
    subject, document = one.subject, one.document
    achievement = subject["achievement"]
    hours, name = subject.get("creditsEarned"), _name(one)
    expires = day(document.get("validUntil"))
    kind = _TYPES[achievement["achievementType"]]
    content = Content(
        name=name,
        number=subject.get("licenseNumber"),
        course=course,
        title=str(achievement["name"]),
        award=kind,
        hours=None if hours is None else Decimal(str(hours)),
        start=day(subject.get("activityStartDate")),
        end=day(subject.get("activityEndDate")),
        grade=_grade(subject, owner.recipient),
        expires=expires,
    )
    person = _as_signed(owner.recipient, subject) or Recipient(row=0, name=name)
    rules = owner.draft.course.awards if owner.draft else ()
    award = next((at for at, rule in enumerate(rules) if rule.kind == kind), 0)
    issued = day(document["validFrom"])
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


def _as_signed(person: Recipient | None, subject: Json) -> Recipient | None:
    """A score that was signed goes before the one that the roster has by now."""
    if person is None or not subject.get("result"):
        return person
    return replace(person, score=Decimal(subject["result"][0]["value"]))


def _name(one: Proven) -> str:
    return str(one.subject["identifier"][0]["identityHash"])


def _first_day(one: Proven, start: date | None) -> date | None:
    """The course's first day stands in the achievement's address; where it has none, the day of issue stands there."""
    said = one.subject["achievement"]["id"].rsplit("/", 3)[1]
    first = None if said == "undated" else date.fromisoformat(said)
    return None if first == day(one.document["validFrom"]) and start != first else first


def _grade(subject: Json, person: Recipient | None) -> str | None:
    """As certificates told it (reconcile.py); signed where the layout prints scores, else as the roster has it."""
    told = subject.get("result")
    score = figure(person.score) if person and person.score is not None else None
    if told:
        score = str(told[0]["value"])
    if score is not None and person is not None and person.score_out_of:
        score += f"/{figure(person.score_out_of)}"
    return score


def day(moment: str | None) -> date | None:
    return None if moment is None else date.fromisoformat(moment[:10])


# --- what became of them ---------------------------------------------------------------------


def standing(rows: list[Held], site: Site | None) -> list[Held]:
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


def lost(site: Site | None, numbers: set[int], secret: bytes) -> list[int]:
    """Numbers of certificates that the published lists say are cancelled, and that were not found."""
    lists = max(numbers) // LIST_LENGTH + 1
    found = []
    for entry in range(lists * LIST_LENGTH if site else 0):
        assert site is not None
        if site.standing("0" * codes.LENGTH, entry, date.today()).state in ("revoked", "replaced"):
            number = serial(Place(*divmod(entry, LIST_LENGTH)), secret)
            found += [number] if number not in numbers else []
    return found
