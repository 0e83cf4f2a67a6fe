"""What may be asked for, and what comes back: values, and the words for what is missing."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from certgen.errors import ExitCode, Problem
from certgen.intake import Options

MANIFEST = ".json"


class Choice(Struct, frozen=True, kw_only=True):
    """What the user asks for; all of it together, and what is None or empty is not asked.

    ``source``: a roster, or a manifest that a batch wrote (“…-manifest.json”). ``how``: the options of the batch that
    the roster was issued with, where it needed any (sheet, mapping, course). ``since`` and ``until``: days of issue,
    both included; ``name``: words that the name has; ``codes``: 16 characters each. ``group``: a column of the roster
    by which they are grouped, or “column=value” for those of one group only. ``as_issued``: also people for
    whom the roster now says otherwise than their certificate does.
    """

    source: Path | None = None
    how: Options | None = None
    course: str | None = None
    since: date | None = None
    until: date | None = None
    name: str | None = None
    codes: tuple[str, ...] = ()
    group: str | None = None
    as_issued: bool = False

    @property
    def open(self) -> bool:
        """Whether nothing narrows it down: every certificate that there is."""
        return replace(self, group=None, as_issued=False) == Choice() and "=" not in (self.group or "")


class Chosen(NamedTuple):
    """A certificate that stands. ``family``: by what people are put in order, family name first where it is known.
    ``email`` and ``group`` may be "". ``row``: of the roster or manifest that was asked for; ``order`` counts from 0 in
    the order of that, of the codes, or else in which they were issued."""

    serial: int
    code: str
    language: str
    kind: str
    name: str
    family: str
    email: str
    group: str
    row: int | None
    order: int


def nothing_issued(source: Path | None = None) -> Problem:
    """There is no registry, or nothing in it."""
    name = source.name if source is not None and source.suffix.casefold() != MANIFEST else "ROSTER"
    return Problem(
        code="nothing-issued",
        message="Nothing has been issued here yet.",
        hint=f"Make the certificates first: certgen batch {name}",
        exit_code=ExitCode.REGISTRY,
    )


def usage(code: str, message: str, hint: str, key: str | None) -> Problem:
    return Problem(code=code, message=message, hint=hint, key=key, exit_code=ExitCode.USAGE)
