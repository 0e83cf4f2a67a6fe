"""What a batch leaves beside its certificates: the manifest, the roster with codes and reasons, badges; what else lies
there, and where files lay meanwhile."""

from __future__ import annotations

import hashlib
import re
from abc import ABC
from datetime import date
from pathlib import Path

from certgen import baked, codes, ledger, output, roster, site
from certgen.enrol import Enrolment
from certgen.errors import CertgenError, Problem
from certgen.font import FontBook
from certgen.intake import Opener, Options

_CODE = re.compile(rf"(?:[{codes.ALPHABET}]{{4}}-){{3}}[{codes.ALPHABET}]{{4}}(?=\.pdf$)", re.IGNORECASE)
_STAGING = "staging"  # in the registry's notes: where the last batch laid its files at first


class Paperwork(Enrolment, ABC):
    """``entries`` are the certificates made and kept, ``left`` files in the folder that are none of them."""

    book: FontBook

    def __init__(self, options: Options, opener: Opener = roster.open_roster) -> None:
        super().__init__(options, opener)
        self.entries: list[output.Entry] = []
        self.left: list[str] = []
        self.manifest: Path | None = None
        self.issued_sheet: Path | None = None

    def note(self, staging: str) -> None:
        """Where files lie meanwhile: the next batch clears it, should this one be killed."""
        assert self.registry is not None
        self.registry.set_meta(_STAGING, self._from_here(Path(staging)))

    def noted(self) -> Path | None:
        """Where the last batch laid its files at first."""
        assert self.registry is not None
        said = self.registry.meta(_STAGING)
        return Path(self.issuer.folder) / said if said else None

    def _from_here(self, path: Path) -> str:
        """A path as the registry notes it: from the academy's folder, which may be moved."""
        folder = Path(self.issuer.folder)
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)

    def write_badges(self) -> None:
        """Beside each certificate, for wallets and collections of badges."""
        assert self.registry is not None
        picture = baked.emblem(self.issuer, self.book)
        for entry in self.entries:
            held = self.registry.find(entry.code.replace("-", ""))
            if held is not None and held.badge:
                stem = self.folder / Path(entry.file).stem
                output.put(Path(f"{stem}.json"), held.badge)
                output.put(Path(f"{stem}.png"), baked.bake(picture, held.badge))

    def list_(self) -> None:
        """The manifest, and what else lies in the folder."""
        manifest = output.manifest_path(self.folder, self.roster)
        self.left = output.leftovers(self.folder, set(self.files), manifest)
        ended = [name for name in self.left if self._ended(name)]
        self._left_over(
            "cancelled-certificates",
            ended,
            "The folder also holds certificates that were replaced or revoked",
            "Their QR codes say so to whoever scans them, once the site is published. Delete them.",
        )
        self._left_over(
            "leftovers",
            [name for name in self.left if name not in ended],
            "The folder also holds certificates of people who are not in this batch",
            "They are kept, and valid. Was a name corrected where there is no ID or e-mail address? Then cancel the "
            "old one: certgen revoke.",
        )
        data = output.manifest(self.roster.name, self.people.digest, self.course.code, self.entries, self.left)
        output.write_whole(manifest, data)
        self.manifest = manifest

    def remind(self) -> None:
        """That the published list of cancellations will soon be too old."""
        assert self.registry is not None
        problem = site.reminder(self.registry, self.issuer, date.today())
        self.problems += [problem] if problem else []

    def _ended(self, name: str) -> bool:
        """Whether a file is, by the code in its name, a certificate that is not good any more."""
        found = _CODE.search(name)
        held = self.registry.find(found[0].replace("-", "")) if found and self.registry else None
        return held is not None and held.state in ("replaced", "revoked")

    def _left_over(self, code: str, files: list[str], what: str, hint: str) -> None:
        if files:
            shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
            place = str(self.folder)
            problem = Problem(code=code, severity="warning", message=f"{what}: {shown}.", hint=hint, file=place)
            self.problems.append(problem)

    def write_sheet(self) -> None:
        """The roster as it came with what each person got; that it cannot be written spoils nothing."""
        lines = {entry.row: ledger.Line(entry.code, entry.award, entry.file) for entry in self.entries}
        lines |= {item.row: ledger.Line(reason=item.reason) for item in self.not_awarded}
        for problem in self.problems:
            if problem.row is not None and problem.severity == "error":
                told = lines[problem.row].reason if problem.row in lines else ""
                lines[problem.row] = ledger.Line(reason=f"{told} {problem.message}".strip())
        try:
            data = self._sheet_of(lines)
            if data is None:
                raise CertgenError(
                    Problem(code="roster-changed", message="The roster changed while its certificates were made.")
                )
            assert self.registry is not None
            stem = f"{self.roster.stem}-issued"
            noted = f"sheet {self._from_here(self.folder / stem)}"
            before = self.registry.meta(noted) or ""
            self.issued_sheet = output.lay_beside(
                self.folder, stem, ".xlsx", data, replace=self.options.replace, ours=before
            )
            digest = hashlib.sha256(data).hexdigest()
            if digest != before:
                self.registry.set_meta(noted, digest)
        except (CertgenError, OSError) as error:
            why = error.problems[0].message if isinstance(error, CertgenError) else f"{error.strerror}."
            self.problems.append(
                Problem(
                    code="no-issued-sheet",
                    severity="warning",
                    message=f"The sheet with codes and reasons was not written: {why}",
                    hint="The certificates are complete. Run again to write it.",
                    file=str(self.roster),
                )
            )

    def _sheet_of(self, lines: dict[int, ledger.Line]) -> bytes | None:
        """None where the file is not any more what was read."""
        place = ledger.Place(self.people.sheet, self.people.header_row)
        if self.roster.is_file():
            source = self.roster.read_bytes()
            if hashlib.sha256(source).hexdigest() != self.people.digest:
                return None
            data = ledger.added(source, place, lines) if source.startswith(b"PK") else None
            if data is not None:
                return data
        book = self.opener(self.roster, [], self.options.reading)
        sheet = next((sheet for sheet in book.sheets if sheet.name == self.people.sheet), None) if book else None
        if sheet is None:
            return None
        with output.staging(self.folder, self.note, self.noted()) as scratch:
            return ledger.copied(sheet, place, lines, Path(scratch))
