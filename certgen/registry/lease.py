"""One writer at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO


class Lease:
    """An operating system's lock on a file beside the registry; it dies with the process."""

    def __init__(self, registry: Path) -> None:
        self.path = registry.with_name(registry.name + "-lock")
        self._file: IO[bytes] | None = None

    def take(self, waiting: Callable[[str], None] | None) -> None:
        told = False
        while True:
            file = self.path.open("a+b")
            if _locked(file):
                self._file = file
                return
            file.close()
            if waiting and not told:
                waiting("another certgen")
                told = True
            time.sleep(0.1)

    def still_mine(self) -> bool:
        return self._file is not None

    def give_back(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


def _locked(file: IO[bytes]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(1 << 30)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
