"""Whose certificates they are. A certificate does not say by what its owner was told apart (an ID, an e-mail address, a
name), and its code is made of that: so the people of every roster are tried until a code comes out.

Courses, layouts and people come from the academy's folder as it is today; what a certificate says comes from the
certificate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from certgen import course as courses
from certgen import credential as credentials
from certgen import intake
from certgen.backup import ROSTERS
from certgen.errors import Problem
from certgen.facts import facts, mark
from certgen.intake import Draft, Options
from certgen.model import Course, Issuer, Recipient
from certgen.registry.rows import By

REVISIONS = 51  # that are tried: nobody corrects a certificate more often


class Owner(NamedTuple):
    """Who a code was made of. ``draft``: the roster's inputs, where it was one."""

    person: str
    by: By
    revision: int
    recipient: Recipient | None = None
    draft: Draft | None = None


_BASIS: dict[str, By] = {"id": "id", "email": "email", "name": "name"}


def codes_of(course: str, start: date | None, who: str, secret: bytes) -> Iterator[tuple[int, str]]:
    """The codes that somebody may have got in one run of a course, by revision."""
    for revision in range(REVISIONS):
        yield revision, credentials.code(course, start, who, secret, revision)


def rosters(folder: Path) -> list[Path]:
    """Spreadsheets beside a course.toml, in the academy's folder."""
    found = []
    for course in sorted(folder.rglob("course.toml")):
        if not any(part.startswith(".") for part in course.relative_to(folder).parts):
            found += [path for path in sorted(course.parent.iterdir())
                      if path.suffix.lower() in ROSTERS and not path.name.startswith((".", "~"))]  # fmt: skip
    return found


def owners(files: Iterable[Path], wanted: Collection[str], secret: bytes) -> dict[str, Owner]:
    """The owners of these codes, as far as rosters tell."""
    found: dict[str, Owner] = {}
    codes = set(wanted)
    for file in files:
        draft = _draft(file)
        if draft is None:
            continue
        people = [*(job.recipient for job in draft.jobs), *draft.others]
        for person in people:
            who = credentials.identity(person)
            made = list(codes_of(draft.course.code, draft.course.start, who, secret))
            for revision, code in made:
                if code in codes:
                    by = _BASIS[who.partition(":")[0]]
                    found.setdefault(code, Owner(made[0][1], by, revision, replace(person, letters={}), draft))
    return found


def _draft(file: Path) -> Draft | None:
    problems: list[Problem] = []
    return intake.draft(Options(roster=file, issued=date(2000, 1, 1)), problems)


def by_name(name: str, course: str, starts: Iterable[date | None], code: str, secret: bytes) -> Owner | None:
    """The owner of a code that was made of the name alone."""
    who = credentials.identity(Recipient(row=0, name=name))
    for start in dict.fromkeys(starts):
        made = list(codes_of(course, start, who, secret))
        for revision, each in made:
            if each == code:
                return Owner(made[0][1], "name", revision)
    return None


def facts_there(folder: Path, issuer: Issuer, wanted: Collection[bytes]) -> Iterator[bytes]:
    """Course-facts files with these marks, made again from the courses that are in the folder."""
    left = set(wanted)
    for file in sorted(folder.rglob("course.toml")):
        course: Course | None = courses.load_course(file, [])
        for language in course.languages if course else ():
            assert course is not None
            data = facts(course, issuer, language)
            if mark(data) in left:
                left.discard(mark(data))
                yield data
