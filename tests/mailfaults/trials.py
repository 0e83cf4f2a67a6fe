"""What is done to a run of sending, and what must hold afterwards."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from certgen.mail.dialogue import Patience
from certgen.mail.replies import Reply
from certgen.mail.sending import Outcome, Pace, send
from certgen.mail.smtp import Smtp
from certgen.mail.transport import Letter, Line
from certgen.registry.outbox import Entry
from tests.conftest import ROOT
from tests.mailfaults.letters import Leaping, letter, letters
from tests.mailfaults.server import Post
from tests.registers import issue, opened, people

PATIENCE = Patience(connection=5.0, command=1.0, block=5.0, end=1.0)
"""Short, as servers here are quick or do not answer at all."""

SHARES = {
    "later": 0.10,
    "never": 0.05,
    "drop-data": 0.05,
    "drop-end": 0.02,
    "grey": 0.08,
    "hang": 0.01,
    "bye": 0.005,
}
"""Of all people; the others' messages are taken at once."""

DOUBTFUL = frozenset(("drop-kept", "drop-lost", "hang-kept", "hang-lost", "nonsense"))


class Found(NamedTuple):
    """What came of a trial: figures, and what should not be."""

    figures: dict[str, int | float]
    faults: list[str]


class Fates:
    """What happens to whom: the same for the same seed."""

    def __init__(self, seed: int, clock: Leaping) -> None:
        self._seed, self._clock = seed, clock
        self._seen: dict[str, float] = {}
        self.kinds: Counter[str] = Counter()

    def __call__(self, address: str, turn: int) -> str:
        chance = random.Random(f"{self._seed} {address}")
        kind = chance.choices([*SHARES, "take"], [*SHARES.values(), 1 - sum(SHARES.values())])[0]
        if turn == 1:
            self.kinds[kind] += 1
        if kind == "grey":
            first = self._seen.setdefault(address, self._clock.now())
            return "grey" if self._clock.now() < first + 300 else "take"
        what, times = {
            "later": (chance.choice(["later-rcpt", "later-dot"]), chance.randint(1, 3)),
            "never": (chance.choice(["never-rcpt", "never-dot"]), 10**6),
            "drop-data": (chance.choice(["drop-data", "drop-data", "drop-rcpt"]), chance.randint(1, 2)),
            "drop-end": (chance.choice(["drop-kept", "drop-lost"]), 1),
            "hang": (chance.choice(["hang-rcpt", "hang-data", "hang-kept", "hang-lost"]), 1),
            "bye": ("bye", 1),
            "take": ("take", 1),
        }[kind]
        return what if turn <= times else "take"


class Unhurried:
    """A transport on which news of a broken connection is faster than the rest of the message."""

    def __init__(self, server: Smtp, post: Post) -> None:
        self.name, self._server, self._post = server.name, server, post

    def line(self) -> Line:
        line = self._server.line()
        deliver = line.deliver

        def unhurried(given: Letter, data: bytes, ready: Callable[[], None]) -> Reply:
            def settled() -> None:
                ready()
                self._post.settle(given.to)

            return deliver(given, data, settled)

        line.deliver = unhurried  # type: ignore[method-assign]
        return line


def academy(folder: Path, count: int) -> Path:
    """A registry with so many people."""
    folder.mkdir(parents=True)
    with opened(folder) as registry:
        issue(registry, people(count))
    return folder


# --- a server that misbehaves ------------------------------------------------------------------


def misbehaved(made: Path, folder: Path, seed: int, connections: int = 1) -> Found:
    """Everybody is mailed through a server that does all it should not."""
    shutil.copytree(made, folder)
    clock = Leaping()
    fates = Fates(seed, clock)
    begun = time.monotonic()
    with opened(folder) as registry, Post(fates) as post:
        server = Unhurried(Smtp("127.0.0.1", post.port, "none", patience=PATIENCE), post)
        pace = Pace(per_minute=1e9, connections=connections, wait=1e6, stop_after=10**6)
        done = send(registry, letters(registry), server, pace, clock=clock, chance=random.Random(seed))
        seconds = time.monotonic() - begun
        faults = [*judged(post, done), *(problem.message for problem in registry.check())]
        entries = Counter(entry.state for entry in registry.outbox().all())
        tries = len(post.heard)
        more = send(registry, letters(registry), server, pace, clock=clock, chance=random.Random(seed))
        if more.sent or len(post.heard) > tries:
            faults.append("a second run sent something")
    figures: dict[str, int | float] = {
        "tries": tries,
        **{name: fates.kinds[name] for name in SHARES},
        **{name: entries[name] for name in ("sent", "refused", "unknown", "reserved")},
        "seconds": round(seconds, 1),
    }
    return Found(figures, faults)


def plain(made: Path, folder: Path, connections: int) -> Found:
    """Everybody is mailed through a server that takes everything at once, as fast as it goes; messages of 70 kB."""
    shutil.copytree(made, folder)
    with opened(folder) as registry, Post(data_size_limit=None) as post:
        wanted = [letter(held, size=70_000) for held in registry.all()]
        begun = time.monotonic()
        done = send(
            registry, wanted, Smtp("127.0.0.1", post.port, "none"), Pace(per_minute=1e9, connections=connections)
        )
        seconds = time.monotonic() - begun
        faults = judged(post, done)
    return Found({"sent": len(done.sent), "a second": round(len(done.sent) / seconds)}, faults)


def judged(post: Post, done: Outcome) -> list[str]:
    """What the server heard beside what certgen says."""
    faults = [f"{name} was taken {count} times" for name, count in post.ids().items() if count > 1]
    heard: dict[str, list[str]] = {}
    for one in post.heard:
        heard.setdefault(one.to, []).append(one.fate)

    def those(fates: frozenset[str] | set[str]) -> set[str]:
        return {address for address, tries in heard.items() if fates & set(tries)}

    def named(entries: list[Entry]) -> set[str]:
        return {entry.address or "" for entry in entries}

    for what, said, true in (
        ("sent", named(done.sent), those({"take"})),
        ("unknown", named(done.unknown), those(DOUBTFUL)),
        ("refused", named(done.refused), those({"never-rcpt", "never-dot"})),
    ):
        faults += [f"{address} is {what}, says certgen" for address in sorted(said - true)]
        faults += [f"{address} should be {what}" for address in sorted(true - said)]
    ends = DOUBTFUL | {"take", "never-rcpt", "never-dot"}
    faults += [
        f"{address} was tried again after {tries}"
        for address, tries in heard.items()
        if any(fate in ends for fate in tries[:-1])
    ]
    faults += [f"{entry.address} waits" for entry in done.waiting]
    return faults + [problem.message for problem in done.problems]


# --- killed ------------------------------------------------------------------------------------


def killed(made: Path, folder: Path, seed: int, kills: int, connections: int = 1) -> Found:
    """A process sends, is killed so many times, and then left alone."""
    shutil.copytree(made, folder)
    chance = random.Random(seed)
    faults: list[str] = []
    struck = doubtful = 0
    begun = time.monotonic()
    with Post(slow=0.02) as post:
        for _ in range(kills):
            after = _child(folder, post.port, connections, chance.uniform(0.0, 0.3))
            struck += after is None
            with opened(folder) as registry:
                states = registry.outbox().counts()
            more = states["unknown"] + states["sending"] - doubtful
            doubtful += more
            if more > connections:
                faults.append(f"{more} in doubt after one kill")
            if after is not None:
                break
        last = _child(folder, post.port, connections, None)
        if last is None or last["waiting"]:
            faults.append(f"the last run did not finish: {last}")
    with opened(folder) as registry:
        entries = list(registry.outbox().all())
        faults += [problem.message for problem in registry.check()]
        events = Counter(event.kind for event in registry.history())
    taken = post.ids()
    faults += [f"{name} was taken {count} times" for name, count in taken.items() if count > 1]
    sent = {entry.message_id for entry in entries if entry.state == "sent"}
    unknown = {entry.message_id for entry in entries if entry.state == "unknown"}
    faults += [f"{name} is sent, and was not taken" for name in sent - set(taken)]
    faults += [f"{name} was taken, and is not known" for name in set(taken) - sent - unknown]
    faults += [f"{entry.address} is {entry.state}" for entry in entries if entry.state not in ("sent", "unknown")]
    figures: dict[str, int | float] = {
        "kills": struck,
        "sent": len(sent),
        "unknown": len(unknown),
        "of these taken": len(unknown & set(taken)),
        "events": events["mailed"],
        "seconds": round(time.monotonic() - begun, 1),
    }
    return Found(figures, faults)


def _child(folder: Path, port: int, connections: int, seconds: float | None) -> dict[str, int] | None:
    """A run; killed so many seconds after its first message, or left alone. What it said, None for a killed one."""
    command = [sys.executable, "-m", "tests.mailfaults.child", str(folder), str(port), str(connections)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if seconds is not None and line.startswith(b"on"):
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    said = rest if line.startswith(b"on") else line
    found: dict[str, int] | None = json.loads(said) if process.returncode == 0 else None
    return found
