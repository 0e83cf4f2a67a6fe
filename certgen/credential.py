"""From a recipient and a course to a credential: which award, which code, which words describe it.

A code can be made again by any software that has the secret. It is the first 80 bits of
HMAC-SHA-256(secret, message) in Crockford base32, most significant bit first: 16 characters. The message is the
netstrings ("length:bytes,", lengths in bytes, text in UTF-8) of, in this order::

    certgen-code-1
    the course's code
    its first day, as 2026-03-02, or nothing
    who: "id:" and the id as it stands, else "email:" and the case-folded address,
         else "name:" and the name in NFKC, case-folded, with single spaces
    the revision, in decimal; 0 until a certificate is replaced

Sources: RFC 2104 (HMAC); D. Crockford, Base 32; Unicode, 3.13 (case folding).
"""

from __future__ import annotations

import hmac
import re
import secrets
import shlex
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

import msgspec

from certgen import codes
from certgen.codes import grouped
from certgen.course import expiry_date
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.fields import FIELDS, Dates, Template, format_value
from certgen.guarded import loose_mode, why, write_new
from certgen.model import (
    AwardKind,
    AwardRule,
    Conditions,
    Course,
    Credential,
    Expiry,
    Issuer,
    NotAwarded,
    Recipient,
)
from certgen.roster import extra

# --- which award -----------------------------------------------------------------------------

_PASS_WORDS = """
pass passed yes y ok x ✓ ✔ done complete completed satisfactory true achieved met
aprobado aprobada apto apta si sí superado superada completado completada verdadero
reussi réussi reussie réussie oui admis admise valide validé validée acquis acquise vrai termine terminé terminée
"""
PASSES = frozenset(_PASS_WORDS.split())
"""Words that count as a pass in an assessment's column, in English, Spanish and French."""


def decide(recipient: Recipient, course: Course) -> int | NotAwarded:
    """The index of the first award whose conditions all hold, or why there is none.

    An ``award`` of the roster's own goes before the rules. Nothing is rounded: 59.99 is below 60, and 58/60 is
    compared with 60 of 100 as fractions.
    """
    if recipient.award is not None:
        for index, rule in enumerate(course.awards):
            if rule.kind == recipient.award:
                return index
        return NotAwarded(recipient.row, recipient.name, f"this course has no award for {recipient.award}")
    reasons: list[tuple[AwardKind, str]] = []
    for index, rule in enumerate(course.awards):
        failed = list(_unmet(rule.when, recipient, course)) if rule.when else []
        if not failed:
            return index
        reasons.append((rule.kind, "; ".join(failed)))
    if len({words for _, words in reasons}) == 1:
        return NotAwarded(recipient.row, recipient.name, reasons[0][1])
    told = ". ".join(f"For {kind}: {words}" for kind, words in reasons)
    return NotAwarded(recipient.row, recipient.name, told)


def asked_columns(rules: Iterable[AwardRule]) -> dict[str, str]:
    """What the rules ask of the roster: field or assessment header -> the key in course.toml that asks for it."""
    asked: dict[str, str] = {}
    for number, rule in enumerate(rules, 1):
        if rule.when is None:
            continue
        if rule.when.score_min is not None:
            asked.setdefault("score", f"awards[{number}].when.score_min")
        if rule.when.completed is not None:
            asked.setdefault("completed", f"awards[{number}].when.completed")
        if rule.when.attendance_min is not None:
            asked.setdefault("attendance", f"awards[{number}].when.attendance_min")
        for name in rule.when.assessments:
            asked.setdefault(name, f"awards[{number}].when.assessments")
    return asked


def _unmet(when: Conditions, recipient: Recipient, course: Course) -> Iterable[str]:
    """The conditions that do not hold, in words."""
    if when.score_min is not None:
        yield from _low_score(when.score_min, when.out_of or Decimal(100), recipient)
    if when.attendance_min is not None:
        if recipient.attendance is None:
            yield "no attendance"
        elif recipient.attendance < when.attendance_min:
            yield f"attendance {_figure(recipient.attendance)} % is below {_figure(when.attendance_min)} %"
    if when.hours_min is not None:
        hours = course.hours if recipient.hours is None else recipient.hours
        if hours is None:
            yield "no hours"
        elif hours < when.hours_min:
            yield f"{_figure(hours)} hours are below {_figure(when.hours_min)}"
    if when.completed is not None and recipient.completed is not when.completed:
        told = {True: "marked as completed", False: "not completed", None: "no word on completion"}
        yield told[recipient.completed]
    for name in when.assessments:
        yield from _failed(name, extra(recipient, name))


def _low_score(least: Decimal, out_of: Decimal, recipient: Recipient) -> Iterable[str]:
    if recipient.score is None:
        yield "no score"
        return
    scale = recipient.score_out_of or out_of
    if Fraction(recipient.score) * Fraction(out_of) >= Fraction(least) * Fraction(scale):
        return
    if scale == out_of:
        yield f"score {_figure(recipient.score)} is below {_figure(least)}"
    else:
        mark = f"{_figure(recipient.score)} of {_figure(scale)}"
        yield f"score {mark} is below {_figure(least)} of {_figure(out_of)}"


_MARK = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*(?:%|/\s*\d+(?:[.,]\d+)?)?")


def _failed(name: str, cell: str | None) -> Iterable[str]:
    """Nothing when a cell holds a pass or a positive mark ("passed", "7,5", "58/60", "92 %")."""
    text = (cell or "").strip()
    if not text or text in ("-", "–", "—"):
        yield f"no mark for {name}"
    elif mark := _MARK.fullmatch(text):
        if Decimal(mark[1].replace(",", ".")) <= 0:
            yield f"{name} not passed"
    elif text.casefold() not in PASSES:
        yield f"{name} not passed (“{text}”)"


def _figure(value: Decimal) -> str:
    return format_value(value, "plain", "en")


EVIDENCE = ("evidence", "evidencia", "preuve", "دليل")
"""Headers of the roster column that says where a person's work can be seen."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]{4,}")  # RFC 3986, ASCII


def evidence(recipient: Recipient) -> str | None:
    """The address of what a person has made, from the roster; None where the cell has none, or something else."""
    said = evidence_said(recipient)
    return said if said and _ADDRESS.fullmatch(said) else None


def evidence_said(recipient: Recipient) -> str | None:
    """What the roster says of it, address or not."""
    return next((text.strip() for name in EVIDENCE if (text := extra(recipient, name)) and text.strip()), None)


# --- the code --------------------------------------------------------------------------------

_VERSION = "certgen-code-1"


def identity(recipient: Recipient) -> str:
    """Who a recipient is, whatever else of the row changes: id, else e-mail, else folded name."""
    if recipient.id:
        return "id:" + recipient.id
    if recipient.email:
        return "email:" + recipient.email.strip().casefold()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", recipient.name).casefold())
    return "name:" + " ".join(folded.split())


def code(course: str, start: date | None, who: str, secret: bytes, revision: int = 0) -> str:
    """A credential's code, 16 characters without hyphens; see the head of this module."""
    message = _netstrings(_VERSION, course, start.isoformat() if start else "", who, str(revision))
    return codes.text(hmac.digest(secret, message, "sha256")[: codes.BYTES])


def _netstrings(*values: str) -> bytes:
    return b"".join([b"%d:%b," % (len(raw), raw) for raw in [value.encode("utf-8") for value in values]])


def payload_prefix(issuer: Issuer) -> str:
    """What the QR code holds before the code: the verification address."""
    return f"{issuer.verify_url}/v#"


def mint(
    recipient: Recipient,
    course: Course,
    issuer: Issuer,
    award: int,
    language: str,
    secret: bytes,
    *,
    revision: int = 0,
) -> Credential:
    """The credential of one recipient. ``course.issued`` must be set. Hours and dates of the roster go before the
    course's. Raises :class:`CertgenError` when the number's pattern names a value that the row does not have.
    """
    if course.issued is None:
        raise ValueError("a credential needs a day of issue")
    made = code(course.code, course.start, identity(recipient), secret, revision)
    credential = Credential(
        code=made,
        recipient=recipient,
        language=language,
        award=award,
        kind=course.awards[award].kind,
        issued=course.issued,
        url=payload_prefix(issuer) + made,
        hours=course.hours if recipient.hours is None else recipient.hours,
        start=recipient.start or course.start,
        end=recipient.end or course.end,
        expires=_expires(course.expires, course.issued),
    )
    if course.number is None:
        return credential
    pattern = Template.parse(course.number)
    find = lookup(credential)
    missing = pattern.missing(find)
    if missing:
        raise CertgenError(
            Problem(
                code="missing-number",
                message=f"{recipient.name} has no {missing[0].partition('.')[2]}, which the register number needs.",
                hint="Fill in the cell, or take the line “number” out of course.toml.",
                row=recipient.row,
                cell=recipient.cells.get(missing[0].partition(".")[2]),
            )
        )
    return msgspec.structs.replace(credential, number=pattern.render(find, language))


def _expires(expiry: Expiry, issued: date) -> date | None:
    return None if expiry.never else expiry_date(expiry, issued)


# --- fields of one credential ----------------------------------------------------------------

_READ: dict[str, Callable[[Credential], object | None]] = {
    "recipient.name": lambda c: c.recipient.name,
    "recipient.full": lambda c: f"{c.recipient.honorific or ''} {c.recipient.name}".strip(),
    "recipient.given": lambda c: c.recipient.given,
    "recipient.family": lambda c: c.recipient.family,
    "recipient.honorific": lambda c: c.recipient.honorific,
    "recipient.email": lambda c: c.recipient.email,
    "recipient.id": lambda c: c.recipient.id,
    "recipient.number": lambda c: c.recipient.number,
    "recipient.score": lambda c: c.recipient.score,
    "recipient.attendance": lambda c: c.recipient.attendance,
    "recipient.completed_on": lambda c: c.recipient.completed_on,
    "course.hours": lambda c: c.hours,
    "course.start": lambda c: c.start,
    "course.end": lambda c: c.end,
    "course.dates": lambda c: Dates(c.start, c.end) or None,
    "credential.code": lambda c: grouped(c.code),
    "credential.url": lambda c: c.url,
    "credential.host": lambda c: c.url.partition("://")[2].partition("#")[0],
    "credential.number": lambda c: c.number,
    "credential.issued": lambda c: c.issued,
    "credential.expires": lambda c: c.expires,
    "credential.hours": lambda c: c.hours,
    "credential.start": lambda c: c.start,
    "credential.end": lambda c: c.end,
    "credential.dates": lambda c: Dates(c.start, c.end) or None,
    "credential.kind": lambda c: c.kind,
    "credential.language": lambda c: c.language,
}
_COLUMNS = frozenset(Recipient.__struct_fields__) - {"extra", "cells", "row"}


def lookup(credential: Credential) -> Callable[[str], object | None]:
    """Values of ``recipient.*``, ``credential.*``, ``roster.*`` and of the course's hours and dates, which a roster may
    override, for templates; None for what is not there."""
    return partial(value, credential)


def value(credential: Credential, path: str) -> object | None:
    """One value of a credential by its path. ``roster.<column>`` is a column that certgen knows ("roster.number") or
    any other by its header, whatever its case, accents and spaces."""
    read = _READ.get(path)
    if read is not None:
        return read(credential)
    if path.startswith("roster."):
        column = path[7:]
        if column in _COLUMNS:
            known: object | None = getattr(credential.recipient, column)
            return known
        return extra(credential.recipient, column)
    return None


def known_paths(columns: Iterable[str]) -> list[str]:
    """Every path that a pattern may use, given the roster's further columns."""
    return [path for path in FIELDS if path in _READ] + [f"roster.{name}" for name in (*sorted(_COLUMNS), *columns)]


# --- the secret ------------------------------------------------------------------------------

SECRET_FILE = "certgen.secret"
_SECRET_HEAD = (
    "# The secret behind this academy's certificate codes. Keep a copy in a safe place and show it to nobody:\n"
    "# without it the same codes cannot be made again, and whoever has it can make codes.\n"
)


def load_secret(folder: Path, problems: list[Problem], *, create: bool) -> bytes | None:
    """The 32 bytes in ``certgen.secret`` beside issuer.toml. None when there is none and ``create`` is false, or with
    a Problem.

    When made: mode 0600, on Windows for its owner only, and named in ``.gitignore``. A file that others may read is
    refused.
    """
    path = folder / SECRET_FILE
    try:
        loose = loose_mode(path)
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _make_secret(path, problems) if create else None
    except (OSError, UnicodeDecodeError) as error:
        problems.append(_trouble(path, f"certgen.secret cannot be read ({why(error)}).", "Restore it from your copy."))
        return None
    if loose is not None:
        problems.append(
            _trouble(
                path,
                f"certgen.secret may be read by others on this computer (its mode is {loose}).",
                f"If others may have seen it, they can make codes. Then run: chmod 600 {shlex.quote(str(path))}",
            )
        )
        return None
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) != 1 or not re.fullmatch(r"[0-9a-f]{64}", lines[0]):
        problems.append(
            _trouble(
                path,
                "certgen.secret is damaged: it should hold one line of 64 figures and letters a to f.",
                "Restore it from your copy; a new secret would give every certificate another code.",
            )
        )
        return None
    return bytes.fromhex(lines[0])


def _make_secret(path: Path, problems: list[Problem]) -> bytes | None:
    secret = secrets.token_bytes(32)
    try:
        write_new(path, f"{_SECRET_HEAD}{secret.hex()}\n".encode("ascii"))
    except FileExistsError:  # another certgen was quicker
        return load_secret(path.parent, problems, create=False)
    except OSError as error:
        hint = "certgen keeps the secret behind the codes beside issuer.toml: make that folder writable."
        problems.append(_trouble(path, f"certgen.secret cannot be written ({why(error)}).", hint))
        return None
    return secret


def _trouble(path: Path, message: str, hint: str) -> Problem:
    return Problem(code="secret", message=message, hint=hint, file=str(path), exit_code=ExitCode.ROSTER)
