"""How fast letters go, and how long one waits that was not taken: what a server bears, and what it asks for."""

from __future__ import annotations

import random
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

from msgspec import Struct

from certgen.mail.replies import Reply, hint

FIRST, LONGEST = 300.0, 3600.0  # seconds to the second try, and between later ones (RFC 5321, 4.5.4.1)
BROKEN = 15.0  # to the second try where a connection broke
SERVER, SERVER_LONGEST = 5.0, 300.0  # before a server that has trouble is asked again
UNREACHED = 3  # connections that fail before the first one is made
SLOWEST = 16.0  # times slower than wished for
STEADY = 20  # messages taken one after the other before it goes faster again
STREAK, BREATH = 10, 60.0  # put off one after the other, without a word of greylisting: it gets so many seconds
RECENT = 50  # answers among which refusals are counted


class Pace(Struct, frozen=True, kw_only=True):
    """How fast, how long, how many refusals. ``per_minute``: messages; ``wait``: seconds that the command stays for
    nothing but messages that the server wants to be offered later; ``stop_after``: refusals and unknown ones among the
    last fifty answers at which it stops."""

    per_minute: float = 30.0
    connections: int = 1
    wait: float = 900.0
    stop_after: int = 10


class Clock:
    """What time it is, and waiting. Tests have another one."""

    def now(self) -> float:
        """Seconds, from somewhere."""
        return time.monotonic()

    def utc(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, inbox: SimpleQueue[Any], seconds: float | None, *, busy: bool) -> Any:
        """The next thing that comes, or None when the time is over. ``busy``: whether anything is under way."""
        with suppress(Empty):
            return inbox.get(timeout=seconds)
        return None


class Tempo:
    """The pace of one run, as the server's answers change it."""

    def __init__(self, pace: Pace, clock: Clock, chance: random.Random) -> None:
        self._pace, self._clock, self._chance = pace, clock, chance
        self._slot = self._held_until = 0.0
        self._slow, self._steady = 1.0, 0
        self._failures, self._reached, self._streak = 0, False, 0
        self._recent: deque[bool] = deque(maxlen=RECENT)

    @property
    def open_at(self) -> float:
        """When the next message may go."""
        return max(self._slot, self._held_until)

    @property
    def held(self) -> bool:
        """Whether the server is left alone for a while."""
        return self._held_until > self._clock.now()

    def begun(self) -> None:
        """A message went."""
        self._slot = max(self._slot, self._clock.now()) + 60.0 / self._pace.per_minute * self._slow

    # --- answers -----------------------------------------------------------------------------

    def answered(self) -> None:
        """The server spoke of a message, so it is there."""
        self._reached, self._failures = True, 0

    def well(self) -> None:
        self._recent.append(False)
        self._streak = 0
        self._steady += 1
        if self._steady >= STEADY and self._slow > 1.0:
            self._slow, self._steady = self._slow / 2.0, 0

    def badly(self) -> tuple[int, int] | None:
        """One more refusal, or one in doubt. (How many, of how many) where that is too many."""
        self._recent.append(True)
        count = sum(self._recent)
        return (count, len(self._recent)) if count >= max(1, self._pace.stop_after) else None

    def pause(self, reply: Reply, tries: int) -> float:
        """Seconds until one message is tried again. Greylisting lets it pass after some minutes; a server that says how
        many is taken at its word."""
        told = hint(reply)
        if told is not None:
            return told * self._chance.uniform(1.0, 1.1) + 1.0
        self._streak += not reply.enhanced.endswith(".7.1")
        if self._streak >= STREAK:
            self._streak = 0
            self._slower()
            self._hold(BREATH * self._chance.uniform(0.8, 1.2))
        first = FIRST if reply.code else BROKEN
        return min(first * 2.0 ** min(tries - 1, 20), LONGEST) * self._chance.uniform(0.8, 1.2)

    def trouble(self, reply: Reply) -> float | None:
        """Seconds until the server is tried again, by anybody. None: it was never reached, and will not be."""
        self._failures += 1
        self._reached = self._reached or reply.code > 0
        if reply.code == 421:
            self._slower()
        pause = min(SERVER * 2.0 ** min(self._failures - 1, 20), SERVER_LONGEST) * self._chance.uniform(0.8, 1.2)
        told = hint(reply)
        pause = pause if told is None else max(pause, told)
        self._hold(pause)
        return pause if self._reached or self._failures < UNREACHED else None

    def _slower(self) -> None:
        self._slow, self._steady = min(self._slow * 2.0, SLOWEST), 0

    def _hold(self, seconds: float) -> None:
        self._held_until = max(self._held_until, self._clock.now() + seconds)
