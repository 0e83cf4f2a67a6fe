"""What a roster asks for, compared with what the registry has. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from certgen.names import alike, folded, slips
from certgen.registry.rows import Content, Held, Match, Wanted

_FIELDS = {
    "name": "name",
    "number": "number",
    "course": "course code",
    "title": "course title",
    "award": "award",
    "hours": "hours",
    "start": "first day",
    "end": "last day",
    "grade": "grade",
    "expires": "expiry date",
}


def matches(wanted: Sequence[Wanted], rows: Iterable[Held]) -> list[Match]:
    """A match for each wanted, in order. ``rows``: all of the runs concerned, in order of serial."""
    people: dict[str, list[Held]] = {}
    for row in rows:
        people.setdefault(row.person, []).append(row)
    found: list[Match | None] = [_match(one, people[one.person]) if one.person in people else None for one in wanted]
    if None in found:
        gone = _Gone(people, wanted)
        found = [match or gone.match(one) for one, match in zip(wanted, found, strict=True)]
    return [match or Match("new") for match in found]


def _match(wanted: Wanted, rows: Sequence[Held]) -> Match:
    """The issued one goes before a replacement that was never finished, unless the roster asks for just that."""
    rows = sorted(rows, key=lambda row: row.revision)
    standing = next((row for row in rows if row.state == "issued"), None)
    ended = next((row for row in reversed(rows) if row.state in ("revoked", "replaced")), None)
    last = standing or ended
    after = last.revision if last else -1
    pending = next((row for row in reversed(rows) if row.state == "reserved" and row.revision > after), None)
    if pending is not None and pending.content == wanted.content:
        return Match("unfinished", pending)
    if standing is not None:
        told = differences(standing.content, wanted.content)
        return Match("changed" if told else "unchanged", standing, told)
    if ended is not None:
        told = differences(ended.content, wanted.content)
        return Match("changed", ended, (("state", _ended(ended), "on the roster"), *told))
    assert pending is not None, "a person has rows"
    return Match("unfinished", pending, differences(pending.content, wanted.content))


def _ended(row: Held) -> str:
    on = f" on {row.ended.isoformat()}" if row.ended else ""
    return f"{row.state}{on}" + (f" ({row.reason})" if row.reason else "")


def differences(before: Content | None, now: Content) -> tuple[tuple[str, str, str], ...]:
    """(field, before, now), in words; empty for equal content."""
    if before is None:
        return (("personal data", "erased", "on the roster"),)
    if before == now:
        return ()
    return tuple(
        (words, _words(getattr(before, field)), _words(getattr(now, field)))
        for field, words in _FIELDS.items()
        if getattr(before, field) != getattr(now, field)
    )


def _words(value: str | Decimal | date | None) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value


class _Gone:
    """People of these runs who are not on the roster any more: one of them may be somebody who seems to be new."""

    def __init__(self, people: Mapping[str, Sequence[Held]], wanted: Sequence[Wanted]) -> None:
        there = {one.person for one in wanted}
        self._names = Counter((one.run, folded(one.content.name)) for one in wanted)
        self._namesakes: dict[tuple[str, str], list[Held]] = {}  # (run, folded name) -> current rows
        self._misspelt: dict[tuple[str, ...], list[Held]] = {}  # of those who are known by their names alone
        for person, rows in people.items():
            current = max((row for row in rows if row.state in ("issued", "reserved")), key=_currency, default=None)
            if person in there or current is None or current.content is None:
                continue
            self._namesakes.setdefault((current.run, folded(current.content.name)), []).append(current)
            if current.by == "name":
                for key in slips(current.content.name):
                    self._misspelt.setdefault((current.run, *key), []).append(current)
        self._taken: set[int] = set()  # each can be one person only

    def match(self, wanted: Wanted) -> Match:
        """Two who both have ids are two people. Who had a name only, and now has an address or an id as well, is that
        person, if nobody else is called so. One whose name is spelt a little otherwise may be the same one, where there
        is nothing but names to go by."""
        name = wanted.run, folded(wanted.content.name)
        row = next(self._free(self._namesakes.get(name, ())), None)
        if row is not None and not (row.by == "id" and wanted.by == "id"):
            self._taken.add(row.serial)
            told = differences(row.content, wanted.content)
            alone = self._names[name] == len(self._namesakes[name]) == 1
            if alone and row.by == "name" and row.state == "issued":
                return Match("changed" if told else "unchanged", row, told)
            return Match("other-email", row, (_identity(row, wanted), *told))
        if wanted.by == "name" and self._misspelt:
            for key in slips(wanted.content.name):
                for row in self._free(self._misspelt.get((wanted.run, *key), ())):
                    if row.content is not None and alike(row.content.name, wanted.content.name):
                        self._taken.add(row.serial)
                        return Match("other-name", row, differences(row.content, wanted.content))
        return Match("new")

    def _free(self, rows: Sequence[Held]) -> Iterator[Held]:
        return (row for row in rows if row.serial not in self._taken)


def _currency(row: Held) -> tuple[bool, int]:
    return row.state == "issued", row.revision


def _identity(before: Held, now: Wanted) -> tuple[str, str, str]:
    if before.by == now.by == "email" and before.recipient:
        return "e-mail", before.recipient.email or "none", now.recipient.email or "none"
    words = {"id": "an id", "email": "an e-mail address", "name": "the name alone"}
    return "told apart by", words[before.by], words[now.by]
