"""Sends letters: each once, at a pace that the server bears, and with an account of what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct

from certgen.errors import Problem
from certgen.mail.transport import Letter, Transport
from certgen.registry import Registry
from certgen.registry.outbox import Entry

Stop = Literal["", "limit", "interrupted", "problem"]


class Pace(Struct, frozen=True, kw_only=True):
    """How fast, how long, how many refusals. ``wait``: seconds that the command stays for messages that the server
    wants to be offered later; ``stop_after``: refusals among the last fifty answers at which it stops."""

    per_minute: float = 30.0
    connections: int = 1
    wait: float = 900.0
    stop_after: int = 10


class Progress(NamedTuple):
    """How far it is. ``next_try``: seconds until something happens again, where nothing does now; ``last``: the entry
    that has just changed."""

    total: int
    sent: int
    refused: int
    unknown: int
    waiting: int
    next_try: float
    last: Entry | None


class Outcome(Struct, kw_only=True):
    """What became of all. ``waiting``: offered or not, they will be sent when the command is run again; ``skipped``:
    mailed before, as their entries say; ``stopped``: why it ended before its time."""

    sent: int = 0
    refused: list[Entry] = []
    unknown: list[Entry] = []
    waiting: list[Entry] = []
    skipped: list[Entry] = []
    recovered: list[Entry] = []
    problems: list[Problem] = []
    stopped: Stop = ""
    next_try: datetime | None = None


def send(
    registry: Registry,
    letters: Iterable[Letter],
    transport: Transport,
    pace: Pace,
    watch: Callable[[Progress], None] = lambda progress: None,
    *,
    again: bool = False,
    waiting: Callable[[str], None] | None = None,
) -> Outcome:
    """Sends what was not sent yet; with ``again`` also what was. ``waiting`` is told who is sending already ("Ana on
    PC-7, since 10:31"), while it waits for them."""
    raise NotImplementedError
