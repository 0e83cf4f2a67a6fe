"""An academy's own folder as what certificates are checked against: issuer.toml and the registry, without a network."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from certgen.course import find_issuer, load_issuer
from certgen.errors import CertgenError, Problem
from certgen.signing import KeyRecord
from certgen.verify.source import About, Record, Standing, Unreachable


class Academy:
    """The academy of an issuer.toml. Raises :class:`CertgenError` for one with problems."""

    def __init__(self, file: Path) -> None:
        problems: list[Problem] = []
        issuer = load_issuer(file, problems)
        errors = [problem for problem in problems if problem.severity == "error"]
        if issuer is None or errors:
            raise CertgenError(errors)
        self.words = f"{issuer.name}’s own folder"
        self.believed = "as this academy’s folder holds them"
        self.about = About(issuer.name, issuer.legal_name, issuer.contact, issuer.privacy_url, issuer.url)
        self.verify_url = issuer.verify_url
        self.keys: tuple[KeyRecord, ...] = (KeyRecord(issuer.key, date.min),) if issuer.key else ()
        self.honest: frozenset[bytes] = frozenset()

    def standing(self, code: str, status: int, today: date) -> Standing:
        return Standing("unknown", self.words, why="there is no registry here that knows it")

    def payload(self, code: str) -> str | None:
        raise Unreachable("there is no registry here that knows codes")

    def record(self, code: str) -> Record | None:
        return None

    def facts(self, digest: bytes) -> str | None:
        raise Unreachable("there is no registry here that keeps course facts")


def around(folder: Path) -> Academy | None:
    """The academy of a folder; None where there is no issuer.toml in it or above it."""
    file = find_issuer(folder)
    return Academy(file) if file is not None else None
