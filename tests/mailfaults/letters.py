"""Letters to everybody in a registry, and a clock that need not be waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

from certgen.mail.tempo import Clock
from certgen.mail.transport import Letter
from certgen.registry import Held, Registry

SENDER = "certificates@academy.test"


def letter(held: Held, *, to: str = "", purpose: str = "certificate", size: int = 2000) -> Letter:
    """A letter of about so many bytes, with a line that begins with a dot."""
    assert held.recipient is not None
    address = to or held.recipient.email or ""
    name = f"<{held.code}.{purpose}@academy.test>"
    head = f"Message-ID: {name}\r\nFrom: {SENDER}\r\nTo: {address}\r\nSubject: Your certificate\r\n\r\n"
    body = ".begins with a dot\r\n" + "All the best from the academy.\r\n" * (size // 32)
    return Letter(held.serial, purpose, SENDER, address, name, (head + body).encode)


def letters(registry: Registry) -> list[Letter]:
    """One to each, in order of serial."""
    return [letter(held) for held in registry.all()]


class Leaping(Clock):
    """Time passes when nothing is under way: then it leaps to when something is to be done."""

    def __init__(self, begin: datetime = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)) -> None:
        self._seconds, self._begin = 0.0, begin

    def now(self) -> float:
        return self._seconds

    def utc(self) -> datetime:
        return self._begin + timedelta(seconds=self._seconds)

    def wait(self, inbox: SimpleQueue[Any], seconds: float | None, *, busy: bool) -> Any:
        if busy or not inbox.empty():
            return inbox.get()
        self._seconds += seconds or 0.0
        return None
