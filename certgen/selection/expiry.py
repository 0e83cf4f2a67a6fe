"""Certificates that are about to expire, and those that have just done so."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from certgen.course import expiry_date
from certgen.model import Expiry, Recipient
from certgen.names import folded
from certgen.records import course_of
from certgen.registry import Held, Registry
from certgen.selection.choice import Chosen
from certgen.selection.sources import chosen_of

_SPAN = re.compile(r"(\d{1,4})\s*(d|w|m|y|days?|weeks?|months?|years?)", re.IGNORECASE)


class Due(NamedTuple):
    """A certificate and the last day on which it is good. ``days`` from today until then; below 0: it has expired.
    ``renewed``: the last day of a later certificate that the same person has of the same course (date.max: it does not
    expire); None where there is none."""

    chosen: Chosen
    course: str
    title: str
    expires: date
    days: int
    renewed: date | None = None


def until(said: str, today: date) -> date:
    """The last day of a span that begins today: "60d", "8w", "3m", "1y", or a day such as "2027-01-31". Raises
    ValueError for anything else, and for a day that is past."""
    text = said.strip()
    if found := _SPAN.fullmatch(text):
        count, unit = int(found[1]), found[2][0].lower()
        span = {
            "d": Expiry(days=count),
            "w": Expiry(days=7 * count),
            "m": Expiry(months=count),
            "y": Expiry(years=count),
        }[unit]
        day = expiry_date(span, today) if count else today
    else:
        day = date.fromisoformat(text)
    if day is None or day < today:
        raise ValueError(said)
    return day


def expiring(registry: Registry, within: date, today: date, *, course: str | None = None) -> list[Due]:
    """Certificates that stand and expire from today until the day ``within``, and those that have expired in as many
    days before today; by that day, then by name. Reads the registry through, and keeps little of it."""
    first = today - min(within - today, today - date.min)
    found: list[tuple[Due, set[tuple[str, str]]]] = []
    latest: dict[tuple[str, str], date] = {}
    for held in registry.all(state="issued"):
        if held.erased or held.content is None or held.recipient is None:
            continue
        marks = _marks(held, held.recipient)
        ends = held.expires or date.max
        for mark in marks:
            latest[mark] = max(ends, latest.get(mark, date.min))
        if first <= ends <= within and (course is None or course_of(held) == course):
            days = (ends - today) // timedelta(days=1)
            chosen = chosen_of(held, "", None, len(found))
            found.append((Due(chosen, course_of(held), held.content.title, ends, days), marks))
    due = []
    for one, marks in found:
        last = max((latest[mark] for mark in marks), default=one.expires)
        due.append(one._replace(renewed=last) if last > one.expires else one)
    return sorted(due, key=lambda one: (one.expires, folded(one.chosen.name), one.chosen.code))


def _marks(held: Held, person: Recipient) -> set[tuple[str, str]]:
    """By what a person is known from one run of a course to the next: an id or an e-mail address, never a name, and the
    course's code or its title."""
    assert held.content is not None
    courses = (f"code:{course_of(held)}", f"title:{held.content.title.casefold()}")
    who = [f"id:{person.id}"] if person.id else []
    who += [f"email:{person.email.strip().casefold()}"] if person.email else []
    return {(course, each) for course in courses for each in who}
