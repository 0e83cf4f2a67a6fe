"""What was issued is taken back, or corrected: revoke and reissue, one by one or from a sheet.

Everything that is asked for is looked at first, and every mistake told at once; nothing is done by halves. A
certificate that is corrected gets a new code, and the old one says by which it was replaced.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import codes, columns, names, output, payload, values, workbook
from certgen import credential as credentials
from certgen.copies import Copier, as_credential
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.intake import Job
from certgen.model import Course, Issuer, Recipient
from certgen.reconcile import wanted
from certgen.registry import Ask, Batch, Done, Held, Match, Registry, Setting, Wanted, restored
from certgen.sealed import LONGEST_REASON
from certgen.sealing import Sealer
from certgen.signing import SigningKey
from certgen.status import place
from certgen.workbook import Sheet

# --- what is asked for -----------------------------------------------------------------------


class Asked(Struct, frozen=True):
    """A code as it was typed or copied, and what to do: the reason to revoke it, or the name as it should be. Where it
    came from a sheet, its place there."""

    code: str
    value: str
    file: str | None = None
    sheet: str | None = None
    cell: str | None = None


class Revocation(Struct, frozen=True):
    """A certificate to be taken back, and why, in words that everybody may read who has it."""

    held: Held
    reason: str


class Correction(Struct, frozen=True):
    """A certificate to be issued again with another name."""

    held: Held
    name: str

    @property
    def before(self) -> str:
        return self.held.content.name if self.held.content else ""


T = TypeVar("T")

_CODES = frozenset(
    {"code", "codes", "certgencode", "certificatecode", "codigo", "codigodelcertificado", "codecertificat"}
)
_REASONS = frozenset({"reason", "reasons", "motivo", "motivos", "motif", "motifs", "raison", "grund"})
_NEW_NAMES = frozenset({"newname", "correctname", "correctedname", "nombrecorrecto", "nomcorrect"})
_HEADER_WITHIN = 20  # rows


def from_sheet(path: Path, what: str, problems: list[Problem], default: str = "") -> list[Asked]:
    """The rows of a spreadsheet or CSV file with a column ``code`` and a column for ``what``: "reason" or "name".

    The sheet that batch writes beside a roster serves as it is. ``default`` is for rows that leave it open.
    """
    book = workbook.read(path, problems)
    for sheet in book.sheets if book else ():
        found = _header(sheet, what)
        if found is None:
            continue
        header, code_at, value_at = found
        asked = []
        for number, row in enumerate(sheet.rows[header + 1 :], header + 1):
            code = values.as_text(row[code_at]).strip()
            value = values.as_text(row[value_at]).strip() if value_at is not None else ""
            if code:
                asked.append(Asked(code, value or default, str(path), sheet.name, sheet.address(number, code_at)))
        return asked
    if book is not None:
        problems.append(
            Problem(
                code="no-codes",
                message=f"“{path.name}” has no column named code" + (f" and {what}." if what == "name" else "."),
                hint=f"The first row names the columns: code, {what}.",
                file=str(path),
                exit_code=ExitCode.USAGE,
            )
        )
    return []


def _header(sheet: Sheet, what: str) -> tuple[int, int, int | None] | None:
    """The header's row, the column of the codes and that of the values, which may be missing for a reason."""
    for number, row in enumerate(sheet.rows[:_HEADER_WITHIN]):
        texts = [values.as_text(cell) for cell in row]
        keys = [values.key(text) for text in texts]
        code = next((at for at, key in enumerate(keys) if key in _CODES), None)
        if code is None:
            continue
        if what == "reason":
            return number, code, next((at for at, key in enumerate(keys) if key in _REASONS), None)
        new = next((at for at, key in enumerate(keys) if key in _NEW_NAMES), None)
        if new is None:
            new = next((at for at, found in enumerate(columns.meanings(row)) if found == "name"), None)
        if new is not None:
            return number, code, new
    return None


def revocations(registry: Registry, asked: Iterable[Asked], problems: list[Problem]) -> list[Revocation]:
    """The certificates that are to be revoked; those that are already are told and left out."""
    found: dict[int, Revocation] = {}
    for each in asked:
        held = _held(registry, each, problems)
        reason = _words(each, "reason", problems)
        if held is None or reason is None:
            continue
        if held.state == "revoked":
            problems.append(
                _problem(each, "already-revoked", f"{_named(held)} was revoked {_on(held)} already.", "", True)
            )
            continue
        if _standing(each, held, problems):
            _once(found, held.serial, Revocation(held, reason), each, problems)
    return list(found.values())


def corrections(registry: Registry, asked: Iterable[Asked], problems: list[Problem]) -> list[Correction]:
    """The certificates that are to be issued again; those that have the name already are told and left out."""
    found: dict[int, Correction] = {}
    for each in asked:
        held = _held(registry, each, problems)
        name = _words(each, "name", problems)
        if held is None or name is None:
            continue
        if held.content is None:
            words = f"{_named(held)} cannot be issued again: the personal data in it was erased."
            problems.append(_problem(each, "erased", words, "Issue a new one from a roster."))
            continue
        if held.state == "revoked":
            words = f"{_named(held)} was revoked {_on(held)}."
            problems.append(
                _problem(each, "revoked", words, "To issue a new one, make a batch with this person in it.")
            )
            continue
        if not _standing(each, held, problems):
            continue
        if held.content.name == name:
            problems.append(_problem(each, "same-name", f"{_named(held)} has the name {name} already.", "", True))
            continue
        _once(found, held.serial, Correction(held, name), each, problems)
    return list(found.values())


def _held(registry: Registry, asked: Asked, problems: list[Problem]) -> Held | None:
    code = read_code(asked.code)
    if code is None:
        words = f"“{asked.code[:60]}” is not a certificate's code."
        problems.append(_problem(asked, "not-a-code", words, "A code has 16 letters and digits: XXXX-XXXX-XXXX-XXXX."))
        return None
    held = registry.find(code)
    if held is None or held.state == "reserved":
        words = f"No certificate with the code {codes.grouped(code)} was issued here."
        hint = "Compare it with the paper. Is this the right academy's folder?"
        problems.append(_problem(asked, "unknown-code", words, hint))
        return None
    return held


def read_code(said: str) -> str | None:
    """The code in what was typed or scanned: a code, an address that ends in one, or what a QR code holds."""
    end = said.strip().rpartition("#")[2]
    claims = payload.unseal(end, {}).claims
    return codes.typed(end) if claims is None else codes.text(claims.credential)


def _standing(asked: Asked, held: Held, problems: list[Problem]) -> bool:
    """Whether it is in force; if not, that is told."""
    if held.state != "replaced":
        return True
    by = f" by {codes.grouped(held.replaced_by)}" if held.replaced_by else ""
    hint = "It is cancelled already. If you mean the new one, name its code."
    problems.append(_problem(asked, "replaced", f"{_named(held)} was replaced{by} {_on(held)}.", hint))
    return False


def _words(asked: Asked, what: str, problems: list[Problem]) -> str | None:
    """A reason or a name, fit to be published or printed."""
    cleaned = names.clean(asked.value)
    if not cleaned.text:
        hint = {
            "reason": "Say it with --reason or in the sheet. Whoever has the certificate can read it.",
            "name": "Say it with --name or in the sheet.",
        }[what]
        problems.append(_problem(asked, f"no-{what}", f"There is no {what} for {asked.code}.", hint))
        return None
    if cleaned.refused:
        words = f"The {what} for {asked.code} holds {', '.join(cleaned.refused)}, which prints nothing."
        problems.append(_problem(asked, "odd-character", words, "Type it anew instead of copying it."))
        return None
    if len(cleaned.text) > LONGEST_REASON:
        words = f"The {what} for {asked.code} has {len(cleaned.text)} letters; {LONGEST_REASON} are the most."
        problems.append(_problem(asked, "too-long", words, "Say it in a sentence."))
        return None
    return cleaned.text


def _once(found: dict[int, T], serial: int, change: T, asked: Asked, problems: list[Problem]) -> None:
    """Two rows for one certificate must say the same."""
    if found.setdefault(serial, change) != change:
        words = f"{asked.code} stands there twice, and not with the same words."
        problems.append(_problem(asked, "twice", words, "Keep the right one of the two rows."))


def _named(held: Held) -> str:
    code = f"Certificate {codes.grouped(held.code)}"
    return f"{code} of {held.content.name}" if held.content else code


def _on(held: Held) -> str:
    return f"on {held.ended}" if held.ended else "earlier"


def _problem(asked: Asked, code: str, message: str, hint: str, warning: bool = False) -> Problem:
    return Problem(
        code=code,
        message=message,
        hint=hint,
        severity="warning" if warning else "error",
        file=asked.file,
        sheet=asked.sheet,
        cell=asked.cell,
        exit_code=ExitCode.USAGE,
    )


# --- revoking --------------------------------------------------------------------------------


def revoke(registry: Registry, asked: Sequence[Revocation], on: date) -> list[Held]:
    """Takes them back, from now on; answers with them as they then are."""
    done: list[Held] = []
    with registry.writing():
        for reason, same in groupby(sorted(asked, key=lambda one: one.reason), key=lambda one: one.reason):
            done += registry.revoke([one.held.serial for one in same], reason, on)
    return sorted(done, key=lambda held: held.serial)


# --- reissuing -------------------------------------------------------------------------------


class Reissued(Struct, frozen=True):
    """A certificate that was issued again: the old one, the new one, and the new one's file."""

    before: Held
    now: Held
    file: Path


def reissue(
    registry: Registry,
    issuer: Issuer,
    secret: bytes,
    key: SigningKey,
    asked: Sequence[Correction],
    problems: list[Problem],
    out: Path | None = None,
) -> list[Reissued]:
    """Makes each again with its new name, from what it was made from the first time, and cancels the old one.

    The day of issue stays. Files go beside the old ones, or into ``out``; the old ones stay where they are. A
    certificate that cannot be made is told, and left as it was. Raises :class:`CertgenError` where the disk refuses.
    """
    done: list[Reissued] = []

    def alike(one: Correction) -> tuple[str, date, str]:
        return one.held.setting, one.held.issued, one.held.folder

    with registry.writing(), Copier(registry) as copier:
        for (setting, issued, folder), some in groupby(sorted(asked, key=alike), key=alike):
            if not setting:  # the registry was rebuilt from the certificates
                problems += [_lost(one.held) for one in some]
                continue
            with _Run(registry, issuer, secret, key, setting, issued) as run:
                done += run.make(copier, list(some), out or Path(folder), problems)
    return sorted(done, key=lambda one: one.now.serial)


def _lost(held: Held) -> Problem:
    return Problem(
        code="not-copied",
        message=f"{_named(held)} cannot be issued again: what it was made from was lost with the registry.",
        hint="Correct the name in the roster, then run: certgen batch ROSTER --on-change replace",
        exit_code=ExitCode.REGISTRY,
    )


class _Run:
    """Corrections of certificates that were made from one setting and issued on one day."""

    def __init__(
        self, registry: Registry, issuer: Issuer, secret: bytes, key: SigningKey, setting: str, issued: date
    ) -> None:
        self._registry, self._secret, self._key, self._stack = registry, secret, key, ExitStack()
        self._setting, self._issued, self._issuer = setting, issued, issuer

    def __enter__(self) -> _Run:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="certgen-")))
        kept = _of_today(self._registry.setting(self._setting), self._issuer, self._key)
        self._digest = self._registry.keep(kept)
        course, self._issuer, layout, _ = restored(kept, folder)
        self._course: Course = replace(course, issued=self._issued)
        self._sealer = Sealer(self._course, self._issuer, self._key, grades=layout.prints("recipient.score"))
        for data in self._sealer.facts.values():
            self._registry.keep_facts(data)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def make(
        self, copier: Copier, asked: Sequence[Correction], folder: Path, problems: list[Problem]
    ) -> list[Reissued]:
        """Reserve, make, put in place, record: in that order, each durable before the next."""
        asks = [found for each in asked if (found := self._ask(each, problems)) is not None]
        reserved = self._registry.reserve(
            [ask for _, ask in asks],
            code_of=self._code,
            issued=self._issued,
            prefix=credentials.payload_prefix(self._issuer),
            setting=self._digest,
            folder=str(folder),
        )
        rows = {row.serial: row for row in self._registry.get(one.serial for one in reserved)}
        before: dict[int, Held] = {}
        done: list[Done] = []
        with output.staging(folder) as staged:
            tray = output.Tray(str(folder), staged)
            for (each, _), one in zip(asks, reserved, strict=True):
                try:
                    done.append(self._made(copier, tray, rows[one.serial]))
                    before[one.serial] = each.held
                except CertgenError as error:
                    problems += error.problems
            tray.sync()
            done = [one for one in done if not _refused(tray.hand_over(one.file), problems)]
            tray.sync_folder()
        if done:
            note = Batch(
                "certgen reissue",
                "",
                self._course.code,
                overrides=tuple(f"reissued {before[one.serial].code}" for one in done),
            )
            self._registry.finish(note, done)
        now = {row.serial: row for row in self._registry.get(one.serial for one in done)}
        return [Reissued(before[one.serial], now[one.serial], folder / one.file) for one in done]

    def _ask(self, asked: Correction, problems: list[Problem]) -> tuple[Correction, Ask] | None:
        """What the registry is asked for. Who is known by name alone becomes somebody else with another name, as the
        corrected roster will say."""
        held = asked.held
        assert held.recipient is not None
        person = renamed(held.recipient, asked.name)
        made = credentials.mint(person, self._course, self._issuer, held.award, held.language, self._secret)
        want = replace(wanted(Job(person, held.award, held.language, 0), made, self._course, self._secret),
                       consented=held.consented)  # fmt: skip
        match = self._registry.match([want])[0]
        if match.kind == "unfinished":
            return asked, Ask(want, match)
        if want.person == held.person:
            return asked, Ask(want, Match("changed", held), replace=True)
        if match.kind in ("changed", "unchanged"):
            words = f"{asked.name} has a certificate of this course already, and nothing else tells the two apart."
            hint = "Give both an ID or an e-mail address in the roster, and use batch --on-change replace."
            problems.append(Problem(code="namesake", message=words, hint=hint, exit_code=ExitCode.REGISTRY))
            return None
        return asked, Ask(want, Match("other-email", held), replace=True)

    def _code(self, want: Wanted, revision: int) -> str:
        who = credentials.identity(want.recipient)
        return credentials.code(self._course.code, self._course.start, who, self._secret, revision)

    def _made(self, copier: Copier, tray: output.Tray, row: Held) -> Done:
        """Signed, made from the registry's own row, and laid on the tray."""
        assert row.recipient is not None and row.content is not None
        credential = as_credential(row, self._issuer)
        try:
            sealed = self._sealer.seal(credential, place(row.serial, self._secret))
        except ValueError as error:
            words = f"The certificate of {row.content.name} cannot be signed: {error}."
            raise CertgenError(Problem(code="not-signable", message=words, hint="Look for odd characters.")) from error
        data = copier.pdf(replace(row, payload=sealed.payload, deflated=zlib.compress(sealed.badge)))
        grouped = codes.grouped(row.code)
        file = output.file_stem(f"{row.content.name}-{grouped}", grouped) + ".pdf"
        tray.lay(file, b"", data, replace=True)  # a run that was cut short may have left it
        return Done(row.serial, file, tray.folder, sha256(data).hexdigest(), sealed.payload, sealed.badge)


def _refused(problem: Problem | None, problems: list[Problem]) -> bool:
    if problem is not None:
        problems.append(problem)
    return problem is not None


def renamed(person: Recipient, name: str) -> Recipient:
    """A person with another name; its parts are not known any more."""
    return replace(person, name=name, given=None, family=None)


def _of_today(setting: Setting, issuer: Issuer, key: SigningKey) -> Setting:
    """A setting with today's address and key, which the new certificate will name; the same where they are the same."""
    kept = setting.kept
    if (kept.issuer.verify_url, kept.issuer.key) == (issuer.verify_url, key.public.multikey):
        return setting
    now = replace(kept, issuer=replace(kept.issuer, verify_url=issuer.verify_url, key=key.public.multikey))
    return Setting(msgspec.json.encode(now, order="deterministic"), setting.blobs)
