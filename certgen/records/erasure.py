"""Personal data taken out of the registry, for one person or after a time; and the files that still hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from certgen.course import expiry_date
from certgen.model import Expiry
from certgen.registry import Held, Registry


def overdue(registry: Registry, retention: str, today: date) -> Iterator[Held]:
    """Certificates whose time is over, such as "10 years", counted from the day of expiry, else from that of issue."""
    for held in registry.past(today):
        until = kept_until(held, retention)
        if until is not None and until < today:
            yield held


def kept_until(held: Held, retention: str) -> date | None:
    """The last day for which a certificate's personal data is kept. None: for ever. Raises ValueError for a retention
    that issuer.toml would not have."""
    found = re.fullmatch(r"([1-9]\d{0,2}) (year|month|day)s?", retention)
    if found is None:
        raise ValueError(retention)
    count, unit = int(found[1]), found[2]
    time = Expiry(years=count) if unit == "year" else Expiry(months=count) if unit == "month" else Expiry(days=count)
    return expiry_date(time, held.expires or held.issued)
