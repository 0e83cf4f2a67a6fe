"""What verifying comes to: one finding for each certificate, its verdict, and each thing that was checked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from certgen.errors import ExitCode
from certgen.model import AwardKind
from certgen.payload import Text

State = Literal[
    "unreadable",
    "unknown-code",
    "unknown-key",
    "key-compromised",
    "not-genuine",
    "altered",
    "revoked",
    "replaced",
    "expired",
    "authentic",
    "authentic-until",
    "status-unknown",
]
GOOD: frozenset[State] = frozenset({"authentic", "authentic-until", "status-unknown"})

Mark = Literal["good", "bad", "unknown"]


class Check(Struct, frozen=True):
    """One thing that was looked at. ``what`` is a stable slug ("signature"), ``words`` a sentence."""

    what: Literal["file", "signature", "agreement", "page", "status", "expiry", "facts", "registry", "address"]
    mark: Mark
    words: str


class Told(Struct, frozen=True):
    """What a certificate says of itself, as signed. ``name`` and ``title`` may be cut, in a QR code. None: not told
    there. ``status`` counts through all status lists."""

    code: str
    name: Text
    title: Text
    award: AwardKind | None
    issued: date
    expires: date | None
    hours: Decimal | None
    status: int
    facts: bytes | None = None
    start: date | None = None
    end: date | None = None
    number: str | None = None
    language: str | None = None


class Finding(Struct, frozen=True):
    """One certificate. ``label`` is the file or text, ``page`` counts from 1 where a file has several certificates.

    ``told`` is what it says; it is believed only where ``state`` is not one of the first six. ``known``: the day to
    which cancellations are known. ``fingerprint`` is of the key that signed it.
    """

    label: str
    kind: str
    state: State
    checks: tuple[Check, ...] = ()
    told: Told | None = None
    page: int | None = None
    fingerprint: str | None = None
    known: date | None = None
    why: str = ""
    reason: str | None = None
    replaced_by: str | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is false: not the certificate, and nothing that the site says about it."""
        return self.state in GOOD and not any(check.mark == "bad" for check in self.checks)


def exit_code(findings: list[Finding]) -> ExitCode:
    """DONE when nothing is false; what could not be found out is not false."""
    return ExitCode.DONE if all(finding.good for finding in findings) else ExitCode.VERIFICATION
