"""An academy's own folder as what certificates are checked against: issuer.toml and the registry, without a network."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from certgen import codes
from certgen.course import find_issuer, load_issuer
from certgen.errors import CertgenError, Problem, has_errors
from certgen.facts import mark
from certgen.payload import digest
from certgen.signing import KeyRecord
from certgen.verify.source import About, Record, Standing, Unreachable

if TYPE_CHECKING:
    from certgen.registry import Held

_HERE = "the registry"
_NO_REGISTRY = "this academy has no registry yet"


class Academy:
    """The academy of an issuer.toml: see :class:`certgen.verify.source.Source`. Raises :class:`CertgenError` where the
    file or the registry has problems."""

    def __init__(self, file: Path) -> None:
        from certgen.registry import Registry

        problems: list[Problem] = []
        issuer = load_issuer(file, problems)
        if issuer is None or has_errors(problems):
            raise CertgenError(problem for problem in problems if problem.severity == "error")
        self._registry = Registry.open(Path(issuer.folder), problems)
        if has_errors(problems):
            raise CertgenError(problem for problem in problems if problem.severity == "error")
        self.words = f"the registry of {issuer.name}" if self._registry else f"the folder of {issuer.name}"
        self.believed = "as this academy’s own folder has it"
        self.warning = ""
        self.about = About(issuer.name, issuer.legal_name, issuer.contact, issuer.privacy_url, issuer.url)
        self.verify_url = issuer.verify_url
        self.keys: tuple[KeyRecord, ...] = tuple(self._registry.keys()) if self._registry else ()
        if issuer.key and all(key.multikey != issuer.key for key in self.keys):
            self.keys = (*self.keys, KeyRecord(issuer.key, date.min))

    @cached_property
    def honest(self) -> frozenset[bytes]:
        """The payloads that the registry has, which is all that this academy signed itself."""
        if self._registry is None or all(key.state != "compromised" for key in self.keys):
            return frozenset()
        return frozenset(digest(held.payload) for held in self._registry.all() if held.payload)

    def standing(self, code: str, status: int, today: date) -> Standing:
        if self._registry is None:
            return Standing("unknown", _HERE, why=_NO_REGISTRY)
        held = self._held(code)
        if held is None:
            why = (
                f"{self.words} does not have it. It was made elsewhere, or before the registry was restored, or by "
                "somebody else who has the key"
            )
            return Standing("unknown", _HERE, why=why)
        if held.state == "revoked":
            return Standing("revoked", _HERE, held.ended, reason=held.reason)
        if held.state == "replaced":
            return Standing("replaced", _HERE, held.ended, reason=held.reason, replaced_by=held.replaced_by)
        if held.state == "reserved":
            return Standing("unknown", _HERE, why="the batch that makes it did not end. Run it again")
        return Standing("good", _HERE, known=today)

    def payload(self, code: str) -> str | None:
        if self._registry is None:
            raise Unreachable(_NO_REGISTRY)
        held = self._held(code)
        if held is not None and not held.payload:
            when = f"issued on {held.issued}" if held.state != "reserved" else "never finished"
            raise Unreachable(f"it was {when}, and its personal data was erased")
        return None if held is None else held.payload

    def record(self, code: str) -> Record | None:
        held = self._held(code) if self._registry is not None else None
        if held is None:
            return None
        content = held.content
        return Record(content.name if content else None, content.title if content else None, held.sha256, held.issued)

    def facts(self, digest: bytes) -> str | None:
        if self._registry is None:
            raise Unreachable(_NO_REGISTRY)
        if digest not in self._marks:
            raise Unreachable("the registry does not have the description that was signed")
        return None

    @cached_property
    def _marks(self) -> frozenset[bytes]:
        return frozenset(mark(data) for data in self._registry.facts()) if self._registry else frozenset()

    def _held(self, code: str) -> Held | None:
        assert self._registry is not None
        return self._registry.find(codes.text(codes.bits(code)))


def around(folder: Path) -> Academy | None:
    """The academy of a folder; None where there is no issuer.toml in it or above it."""
    file = find_issuer(folder)
    return Academy(file) if file is not None else None
