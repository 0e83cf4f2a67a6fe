"""What can go wrong, in the words of the person who can mend it.

A mistake in an input is a :class:`Problem`, a value: loaders append problems to a list that the
caller passes in and carry on, so that all of them are told at once. An exception is only for what
stops the work; every :class:`CertgenError` owns its exit code.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning"]


class ExitCode(IntEnum):
    """Exit codes of every command (docs/exit-codes.md)."""

    DONE = 0
    USAGE = 2
    ROSTER = 3  # roster, course or issuer
    LAYOUT = 4  # layout, font or artwork
    PARTIAL = 5  # some certificates failed or rows were left out
    REGISTRY = 6
    DELIVERY = 7
    VERIFICATION = 8
    INTERRUPTED = 130


class Problem(Struct, frozen=True, kw_only=True):
    """One mistake: where it is, what is wrong, how to mend it.

    ``code`` is a stable slug for programs ("missing-name"); ``message`` and ``hint`` are whole
    sentences for people. ``row`` is the row number the spreadsheet program shows; ``line`` counts
    from 1; ``key`` is a dotted TOML key ("signatories[2].role"); ``cell`` is like "C7".
    """

    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    file: str | None = None
    line: int | None = None
    key: str | None = None
    sheet: str | None = None
    cell: str | None = None
    row: int | None = None
    exit_code: ExitCode = ExitCode.ROSTER


class CertgenError(Exception):
    """Stops the work; ``problems`` says why. The command line turns it into words, once."""

    exit_code: ExitCode = ExitCode.ROSTER

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))
        codes = [p.exit_code for p in self.problems if p.severity == "error"]
        if codes:
            self.exit_code = min(codes)

    def __reduce__(self) -> tuple[type[CertgenError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)  # the message alone would not bring the problems back from a process


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any problem is an error (warnings do not stop a batch)."""
    return any(problem.severity == "error" for problem in problems)
