"""One turn of one contestant, in a process of its own: python -m benchmarks.turn '{"contestant": "plain", ...}'

Prints one JSON object. Instants are seconds of ``time.time()``, so that the parent can set them
against the moment it started this process.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


class Clock:
    """Notes when per-person work begins and when the first and the last file were there."""

    def __init__(self) -> None:
        self.began = self.first = self.last = 0.0
        self.processor = 0.0  # seconds of processor time from the beginning to the last file
        self.files = 0
        self._idle = 0.0

    def begin(self) -> None:
        """What is the same for everybody is ready."""
        self.began = time.time()
        self._idle = time.process_time()

    def done(self) -> None:
        """Another file is there."""
        self.last = time.time()
        self.processor = time.process_time() - self._idle
        self.first = self.first or self.last
        self.files += 1


def peer(asked: dict[str, Any], clock: Clock) -> None:
    """A peer's turn: ``rows`` of the benchmark's people."""
    from benchmarks import page, peers

    first, last = asked["rows"]
    people = list(enumerate(page.people(last)))[first:]
    out = Path(asked["out"])
    out.mkdir(parents=True, exist_ok=True)
    peers.CONTESTANTS[asked["contestant"]](people, Path(asked["pictures"]), out, clock)


def floor(asked: dict[str, Any], clock: Clock) -> None:
    """Writes new files of the size asked for, and nothing else."""
    first, last = asked["rows"]
    out = Path(asked["out"])
    out.mkdir(parents=True, exist_ok=True)
    data = bytes(asked["size"])
    clock.begin()
    for row in range(first, last):
        with (out / f"{row}.pdf").open("xb") as file:
            file.write(data)
        clock.done()


def main() -> None:
    """Takes the turn that the argument describes."""
    asked = json.loads(sys.argv[1])
    clock = Clock()
    if asked["contestant"] == "certgen":
        from benchmarks.ours import take_turn

        take_turn(asked, clock)
    elif asked["contestant"] == "page":
        from benchmarks.ours import take_page_turn

        take_page_turn(asked, clock)
    elif asked["contestant"] == "floor":
        floor(asked, clock)
    else:
        peer(asked, clock)
    print(json.dumps(vars(clock)))


if __name__ == "__main__":
    main()
