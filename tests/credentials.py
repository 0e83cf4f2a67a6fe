"""Credentials of the examples and of invented people, for tests of what is signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from certgen.badge import Badges
from certgen.course import load_course, load_issuer
from certgen.credential import decide, mint
from certgen.model import Course, Credential, Issuer, Recipient
from certgen.roster import read_roster
from certgen.signing import KeyRecord, SigningKey, did

EXAMPLES = Path(__file__).resolve().parent.parent / "roster_examples"
SECRET = bytes(range(32))
KEY = SigningKey(bytes(range(1, 33)))
RECORD = KeyRecord(KEY.public.multikey, date(2026, 1, 1))


@cache
def example(name: str) -> tuple[Course, Issuer, tuple[Recipient, ...]]:
    """An example's course, with a day of issue, its issuer and its people."""
    folder = EXAMPLES / name
    course, issuer = load_course(folder / "course.toml", []), load_issuer(folder / "issuer.toml", [])
    assert course is not None and issuer is not None
    roster = read_roster(folder / "roster.xlsx", course, [])
    assert roster is not None
    if course.issued is None:
        course = replace(course, issued=date(2026, 11, 21))
    return course, issuer, roster.recipients


def credentials(name: str) -> Iterator[Credential]:
    """One for each person of an example who is awarded something, in every language of the course in turn."""
    course, issuer, people = example(name)
    for number, person in enumerate(people):
        award = decide(person, course)
        if isinstance(award, int):
            language = course.languages[number % len(course.languages)]
            yield mint(person, course, issuer, award, language, SECRET)


def named(name: str, number: int = 2) -> Credential:
    """A credential of the online academy for a person of this name."""
    course, issuer, _ = example("online-academy")
    person = Recipient(row=number, name=name, score=Decimal("82.5"), id=str(number))
    return mint(person, course, issuer, 0, course.languages[0], SECRET)


def badges(name: str, key: SigningKey = KEY, *, grades: bool = True) -> Badges:
    course, issuer, _ = example(name)
    return Badges(course, issuer, key, grades=grades)


def issuer_did(name: str) -> str:
    return did(example(name)[1].verify_url)
