"""Messages to a Maildir: a folder from which another program sends them, or in which a person looks at them."""

from __future__ import annotations

from pathlib import Path

from certgen.mail.transport import Line


class Maildir:
    """A :class:`~certgen.mail.transport.Transport` into a folder, made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)

    def line(self) -> Line:
        raise NotImplementedError
