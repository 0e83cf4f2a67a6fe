"""From what a file holds to a verdict.

A certificate may prove itself twice: by the payload of its QR code and by the credential that is attached. Each is read
and its signature checked; then they must agree with each other and with the text of the page; then a source tells
whether it still stands. The worst of it is the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from urllib.parse import urlsplit

from msgspec.structs import replace

from certgen.fields import date_long
from certgen.payload import Text
from certgen.verify.exhibit import Exhibit
from certgen.verify.finding import Check, Finding, State, Told
from certgen.verify.printed import compare
from certgen.verify.proofs import NO_CERTIFICATE, Proof, looked_up, of_badge, of_symbol
from certgen.verify.source import Source, Unreachable

_SAMPLE = "SPECIMEN"
_WORST: tuple[State, ...] = ("unreadable", "unknown-code", "unknown-key", "key-compromised", "not-genuine", "authentic")


def judged(label: str, exhibit: Exhibit, source: Source, today: date) -> list[Finding]:
    """A finding for each certificate in a file."""
    if exhibit.trouble:
        return [Finding(label, exhibit.kind, "unreadable", why=exhibit.trouble)]
    if any(_SAMPLE in symbol.text for symbol in exhibit.symbols):
        return [Finding(label, exhibit.kind, "unreadable", why=NO_CERTIFICATE)]
    proofs = [of_badge(data, source) for data in exhibit.badges]
    proofs += [of_symbol(symbol, exhibit.kind == "text", source) for symbol in exhibit.symbols]
    if not proofs:
        return [Finding(label, exhibit.kind, "unreadable", why=_nothing(exhibit))]
    groups: dict[str, list[Proof]] = {}
    for proof in proofs:
        groups.setdefault(proof.code or "", []).append(proof)
    nameless = groups.pop("", [])
    groups = _joined(groups)
    if groups:  # what has no code of its own belongs to the certificate beside it
        first = next(iter(groups))
        groups[first] = [*groups[first], *nameless]
    else:
        groups = {str(number): [proof] for number, proof in enumerate(nameless)}
    pages = _pages(groups, len(exhibit.texts))
    return [
        _finding(label, exhibit, group, pages[code], source, today, several=len(groups) > 1)
        for code, group in groups.items()
    ]


def _pages(groups: dict[str, list[Proof]], count: int) -> dict[str, list[int]]:
    """The pages of each certificate: those with its QR codes and those that follow without any."""
    owners: list[set[str]] = [set() for _ in range(count)]
    for code, group in groups.items():
        for proof in group:
            if proof.page is not None and proof.page < count:
                owners[proof.page].add(code)
    last = next((owner for owner in owners if owner), set(groups))
    for number, owner in enumerate(owners):
        last = owners[number] = owner or last
    return {code: [number for number, owner in enumerate(owners) if code in owner] for code in groups}


def _nothing(exhibit: Exhibit) -> str:
    if exhibit.foreign:
        return "The QR codes in it are not a certificate’s."
    if exhibit.kind == "picture":
        return "No QR code could be read in the picture. Try one that is sharper, larger or better lit."
    if exhibit.kind == "pdf":
        return "It has neither a signed credential nor a QR code that could be read."
    return "There is nothing in it that can be checked."


def _joined(groups: dict[str, list[Proof]]) -> dict[str, list[Proof]]:
    """An attached credential whose code no page has goes to the certificate on the pages: they should be one."""
    homeless = {code for code, group in groups.items() if all(proof.page is None for proof in group)}
    homes = [code for code in groups if code not in homeless]
    if not homes or not homeless:
        return groups
    joined = {code: groups[code] for code in homes}
    for code in sorted(homeless):
        joined[homes[0]] = [*groups[code], *joined[homes[0]]]
    return joined


# --- one certificate -------------------------------------------------------------------------


def _finding(
    label: str,
    exhibit: Exhibit,
    proofs: Sequence[Proof],
    pages: list[int],
    source: Source,
    today: date,
    *,
    several: bool,
) -> Finding:
    """The verdict on one certificate, from its proofs."""
    if any(proof.looked_up for proof in proofs):
        proofs = [proof for proof in proofs if proof.looked_up or not _same_code(proof, proofs)]
    proofs = _rescued([proof if proof.looked_up else looked_up(proof, source) for proof in proofs])
    checks = _signatures(proofs)
    state: State = min((proof.state for proof in proofs), key=_WORST.index)
    best = next((proof for proof in proofs if proof.state == "authentic"), proofs[0])
    why = next(proof.why for proof in proofs if proof.state == state)
    if state != "authentic" and best.state == "authentic":
        state = "altered"
    finding = Finding(
        label=label,
        kind=exhibit.kind,
        state=state,
        told=_merged([proof.told for proof in proofs if proof.told and proof.state == best.state]),
        page=pages[0] + 1 if pages and several else None,
        fingerprint=best.fingerprint,
        why=why,
    )
    if state == "authentic" and finding.told is not None:
        finding = _compared(finding, finding.told, proofs, exhibit, source, pages, checks)
    if finding.state == "authentic" and finding.told is not None:
        finding = _registered(finding, finding.told, exhibit, source, checks)
    if finding.state == "authentic" and finding.told is not None:
        finding = _stands(finding, finding.told, source, today, checks)
    checks += [Check("file", "unknown", note) for note in exhibit.notes]
    return replace(finding, checks=tuple(checks))


def _same_code(proof: Proof, proofs: Sequence[Proof]) -> bool:
    """Whether a code alone says no more than the other proofs: it is theirs."""
    return any(other.looked_up and other.code == proof.code for other in proofs)


def _rescued(proofs: Sequence[Proof]) -> list[Proof]:
    """A payload that the academy has listed as honest speaks for the certificate; a credential that was signed with the
    same stolen key is then left out, as nothing tells whether the thief wrote it."""
    honest = any(proof.state == "authentic" and proof.where != "credential" for proof in proofs)
    return [proof for proof in proofs if not (honest and proof.state == "key-compromised")] or list(proofs)


def _signatures(proofs: Sequence[Proof]) -> list[Check]:
    checks = [
        Check("signature", "bad", f"The {proof.where}: {proof.why}") for proof in proofs if proof.state != "authentic"
    ]
    good = list(dict.fromkeys(proof.where for proof in proofs if proof.state == "authentic"))
    if good:
        subject = f"The {' and the '.join(good)} {'is' if len(good) == 1 else 'are'}"
        checks.insert(0, Check("signature", "good", f"{subject} signed with the issuer’s key."))
    return checks


def _merged(all_told: Iterable[Told]) -> Told | None:
    """What all proofs say together: a credential tells more than a QR code, which tells the course facts."""
    merged: Told | None = None
    for told in all_told:
        if merged is None:
            merged = told
            continue
        gaps = {field: getattr(told, field) for field in Told.__struct_fields__ if getattr(merged, field) is None}
        merged = replace(merged, **gaps)
        if merged.name.digest is not None and told.name.digest is None:
            merged = replace(merged, name=told.name)
        if merged.title.digest is not None and told.title.digest is None:
            merged = replace(merged, title=told.title)
    return merged


def _compared(
    finding: Finding,
    told: Told,
    proofs: Sequence[Proof],
    exhibit: Exhibit,
    source: Source,
    pages: list[int],
    checks: list[Check],
) -> Finding:
    """The proofs with each other, with the page and with the address that the QR code leads to."""
    apart = _disagreements([proof for proof in proofs if proof.told])
    if apart:
        checks.append(Check("agreement", "bad", f"The credential and the QR code differ in {apart}."))
        return replace(finding, state="altered", why=f"The credential and the QR code differ in {apart}.")
    if len({proof.where for proof in proofs if proof.told}) > 1:
        checks.append(Check("agreement", "good", "The credential and the QR code say the same."))
    for proof in proofs:
        if proof.address and not _leads_home(proof.address, source):
            words = f"The {proof.where} leads to {urlsplit(proof.address).netloc}, not to {_host(source)}."
            checks.append(Check("address", "bad", words))
            return replace(finding, state="altered", why=words)
    if exhibit.kind == "pdf":
        hidden = {text for page, text in exhibit.hidden if page in pages[:1]}
        record = source.record(told.code)
        if record is not None and record.sha256 == exhibit.sha256:
            return finding  # no byte of the page was changed
        compared = compare(told, [exhibit.texts[page] for page in pages], hidden, finding.fingerprint)
        checks.extend(compared)
        wrong = [item.words for item in compared if item.mark == "bad"]
        if wrong:
            return replace(finding, state="altered", why=wrong[0])
    elif exhibit.kind == "picture" and exhibit.symbols:
        checks.append(
            Check("page", "unknown", "Only you can compare a picture: the paper must show this name and title.")
        )
    return finding


def _leads_home(address: str, source: Source) -> bool:
    here, there = urlsplit(source.verify_url), urlsplit(address)
    home = here.path.rstrip("/")
    allowed = {f"{home}/v", f"{home}/v/", f"{home}/v.html", f"{home}/verify.html"}
    return there.netloc.casefold() == here.netloc.casefold() and there.path in allowed


def _host(source: Source) -> str:
    return urlsplit(source.verify_url).netloc


def _disagreements(proofs: Sequence[Proof]) -> str:
    """In what two proofs of one certificate differ, in words."""
    words: list[str] = []
    first = proofs[0].told if proofs else None
    for proof in proofs[1:]:
        other = proof.told
        assert first is not None and other is not None
        if first.code != other.code:
            words.append("their codes")
        if not _same_text(first.name, other.name):
            words.append("the name")
        if not _same_text(first.title, other.title):
            words.append("the title")
        for field, said in (("hours", "the hours"), ("issued", "the day of issue"), ("expires", "the expiry")):
            if getattr(first, field) != getattr(other, field):
                words.append(said)
        if first.award is not None and other.award is not None and first.award != other.award:
            words.append("the award")
        if first.status != other.status:
            words.append("their place in the status list")
    unique = list(dict.fromkeys(words))
    return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)


def _same_text(one: Text, other: Text) -> bool:
    if one.digest is None:
        return other.is_of(one.start)
    return one.is_of(other.start) if other.digest is None else one.digest == other.digest


def _registered(finding: Finding, told: Told, exhibit: Exhibit, source: Source, checks: list[Check]) -> Finding:
    """The certificate beside its row in the academy's own registry."""
    record = source.record(told.code)
    if record is None:
        return finding
    if record.name is not None and record.title is not None:
        if not (told.name.is_of(record.name) and told.title.is_of(record.title)):
            words = "The registry has another name or title for this code."
            checks.append(Check("registry", "bad", words))
            return replace(finding, state="altered", why=words)
        told = replace(told, name=Text(record.name), title=Text(record.title))
    if exhibit.kind == "pdf" and record.sha256 and record.sha256 == exhibit.sha256:
        checks.append(Check("registry", "good", "It is the very file that was issued, byte for byte."))
    elif exhibit.kind == "pdf":
        words = "It is not byte for byte the file that was issued: it was saved again, or it is a copy."
        checks.append(Check("registry", "unknown", words))
    return replace(finding, told=told)


# --- whether it stands -----------------------------------------------------------------------


def _stands(finding: Finding, told: Told, source: Source, today: date, checks: list[Check]) -> Finding:
    """Revoked or replaced, then expired, then how far it is known that it is neither."""
    standing = source.standing(told.code, told.status, today)
    finding = replace(finding, known=standing.known, reason=standing.reason, replaced_by=standing.replaced_by)
    if standing.state in ("revoked", "replaced"):
        checks.append(Check("status", "bad", f"It was {standing.state}, says {standing.where}."))
        return replace(finding, state=standing.state)
    if standing.state == "unknown":
        words = f"Whether it was revoked is not known: {standing.why}."
    elif standing.old:
        words = f"Not revoked up to {_long(standing.known)}, says {standing.where}; later is not known."
    else:
        words = f"Not revoked, says {standing.where} of {_long(standing.known)}."
    checks.append(Check("status", "good" if standing.state == "good" and not standing.old else "unknown", words))
    _facts(told, source, checks)
    if any(item.what == "facts" and item.mark == "bad" for item in checks):
        finding = replace(finding, why=checks[-1].words)
    if told.expires is None:
        checks.append(Check("expiry", "good", "It does not expire."))
    elif told.expires < today:
        checks.append(Check("expiry", "bad", f"It was valid until {_long(told.expires)}."))
        return replace(finding, state="expired")
    else:
        checks.append(Check("expiry", "good", f"It is valid until {_long(told.expires)}."))
    if standing.state == "unknown":
        return replace(finding, state="status-unknown", why=standing.why)
    return replace(finding, state="authentic-until" if standing.old else "authentic")


def _long(day: date | None) -> str:
    return date_long(day, "en") if day else "an unknown day"


def _facts(told: Told, source: Source, checks: list[Check]) -> None:
    if told.facts is None:
        return
    try:
        wrong = source.facts(told.facts)
    except Unreachable as error:
        checks.append(Check("facts", "unknown", f"The course’s description was not compared: {error}."))
        return
    words = wrong or "The course’s description is the one that was signed."
    checks.append(Check("facts", "bad" if wrong else "good", words))
