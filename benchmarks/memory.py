"""Peak memory of running processes and all that they start, by looking at them from outside.

``ru_maxrss`` will not do: on Linux a process starts with its parent's peak.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from threading import Event, Thread

PROC = Path("/proc")
MEBIBYTE = 1 << 20


class Watch:
    """Samples resident memory twenty times a second while a block runs; ``peak`` is None where there is no /proc.

    What processes share, such as code, counts once for each.
    """

    def __init__(self, processes: Iterable[int]) -> None:
        self._roots = list(processes)
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self.peak: int | None = None

    def __enter__(self) -> Watch:
        if PROC.joinpath("self/status").exists():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.ident:
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            self.peak = max(self.peak or 0, sum(map(_resident, self._roots)))


def _resident(process: int) -> int:
    """Resident bytes of a process and its descendants; zero for one that has ended."""
    try:
        status = (PROC / str(process) / "status").read_text()
        children = (PROC / str(process) / "task" / str(process) / "children").read_text().split()
    except OSError:
        return 0
    own = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:")), 0)
    return own + sum(_resident(int(child)) for child in children)
