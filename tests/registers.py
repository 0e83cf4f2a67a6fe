"""People, and registries that hold them, for tests of the registry."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from certgen import credential
from certgen.errors import Problem
from certgen.model import Recipient
from certgen.registry import Ask, Batch, Content, Done, Held, Match, Registry, Reserved, Wanted
from certgen.registry.lease import Pace

SECRET = bytes(range(32))
START = date(2026, 3, 2)
ISSUED = date(2026, 4, 10)
PREFIX = "https://verify.academy.test/v#"
BATCH = Batch("roster.xlsx", "ab" * 32, "A901")
QUICK = Pace(look=0.01, beat=0.05, stale=0.8, settle=0.05)


def wanted(name: str, *, course: str = "A901", consented: bool = False, **given: Any) -> Wanted:
    """One person of a roster; ``given`` are fields of the content, and the recipient's id and email."""
    email = given.pop("email", f"{name.split()[0].lower()}@people.test")
    person = Recipient(row=2, name=name, email=email, id=given.pop("id", None), letters={"name": "A"})
    content = replace(
        Content(
            name=name,
            number=None,
            course=course,
            title="Fair recruitment",
            award="Certificate of achievement",
            hours=Decimal(40),
            start=START,
            end=date(2026, 3, 27),
            grade=None,
            expires=None,
        ),
        **given,
    )
    identity = credential.identity(person)
    return Wanted(
        person=credential.code(course, START, identity, SECRET),
        by="id" if person.id else "email" if email else "name",
        run=f"{course}\n{START}",
        content=content,
        recipient=person,
        language="en",
        award=0,
        kind="achievement",
        consented=consented,
    )


def people(count: int) -> list[Wanted]:
    return [wanted(f"Person{number} Of The Course") for number in range(count)]


def code_of(one: Wanted, revision: int) -> str:
    return credential.code(one.content.course, START, credential.identity(one.recipient), SECRET, revision)


def opened(folder: Path, **more: Any) -> Registry:
    problems: list[Problem] = []
    registry = Registry.open(folder, problems, create=True, **more)
    assert registry is not None, problems
    return registry


def refused(folder: Path) -> Problem:
    """The one problem with which a registry is not opened."""
    problems: list[Problem] = []
    assert Registry.open(folder, problems, create=True) is None
    (problem,) = problems
    return problem


def reserve(registry: Registry, roster: Sequence[Wanted], *, replacing: bool = False) -> list[Reserved]:
    """What is not unchanged."""
    found = registry.match(roster)
    asks = [asked(one, match, replacing) for one, match in zip(roster, found, strict=True) if match.kind != "unchanged"]
    return registry.reserve(asks, code_of=code_of, issued=ISSUED, prefix=PREFIX, setting="", folder="/certificates")


def asked(one: Wanted, match: Match, replacing: bool) -> Ask:
    return Ask(one, match, replacing and match.kind in ("changed", "other-email"), file=f"{one.content.name}.pdf")


def done(made: Reserved, salt: str = "") -> Done:
    badge = f'{{"code":"{made.code}{salt}"}}'.encode()
    return Done(made.serial, f"{made.code}.pdf", "/certificates", "cd" * 32, f"PAYLOAD{made.serial}{salt}", badge)


def issue(registry: Registry, roster: Sequence[Wanted], *, replacing: bool = False, batch: Batch = BATCH) -> list[Held]:
    """A whole batch; the rows that it issued."""
    with registry.writing():
        made = reserve(registry, roster, replacing=replacing)
        registry.finish(batch, [done(one) for one in made], len(roster) - len(made))
    return registry.get(one.serial for one in made)


def one(registry: Registry, someone: Wanted) -> Match:
    (match,) = registry.match([someone])
    return match


def shuffled(seed: int) -> random.Random:
    return random.Random(seed)
