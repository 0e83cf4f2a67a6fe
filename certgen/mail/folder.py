"""Messages to a Maildir: a folder from which another program sends them, or in which a person looks at them."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

from certgen.guarded import sync
from certgen.mail.replies import Reply
from certgen.mail.transport import Letter, Line
from certgen.output import told

_number = itertools.count()


class Maildir:
    """A :class:`~certgen.mail.transport.Transport` into a folder, made when it is first needed. A message is written
    into ``tmp``, and moved to ``new`` when all of it is on the disk. Source: cr.yp.to/proto/maildir.html; the name of
    the computer is left out of the names."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self.folder = folder

    def line(self) -> Line:
        return _Line(self.folder)


class _Line:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, letter: Letter, data: bytes, ready: Callable[[], None]) -> Reply:
        name = f"{time.time_ns() // 1_000_000_000}.M{time.time_ns() // 1000 % 1_000_000}P{os.getpid()}"
        name += f"Q{next(_number)}.certgen"
        draft, place = self._folder / "tmp" / name, self._folder / "new" / name
        with told("The outbox folder cannot be written"):
            for part in ("tmp", "new", "cur"):
                (self._folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _write(draft, data.replace(b"\r\n", b"\n"))
                ready()
                draft.rename(place)
            finally:
                draft.unlink(missing_ok=True)
            sync(place.parent)
        return Reply("accepted", "end", 0, "", "It lies in the outbox folder.")

    def rest(self) -> None:
        """Nothing is open."""

    def drop(self) -> None:
        """Nothing waits."""


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb"
    ) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
