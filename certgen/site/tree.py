"""The files of a site in a folder: each whole or not at all, those that others put there left alone."""

from __future__ import annotations

from pathlib import Path

from certgen import output
from certgen.errors import ExitCode, Problem

OURS = "# Written by certgen; made anew at each build."
"""The first line of a file that a web site may have of its own, such as robots.txt."""


class Tree:
    """A folder that is being filled. Raises :class:`certgen.errors.CertgenError` where the disk refuses."""

    def __init__(self, folder: Path, problems: list[Problem]) -> None:
        self.folder, self._problems = folder, problems
        self.written: list[str] = []
        self.removed: list[str] = []
        self.unchanged = 0

    def read(self, name: str) -> bytes | None:
        """What is there, None where nothing is."""
        path = self.folder / name
        with output.told(f"“{name}” cannot be read"):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def put(self, name: str, data: bytes) -> None:
        """A file of certgen's own: written where it differs."""
        if self.read(name) == data:
            self.unchanged += 1
            return
        path = self.folder / name
        with output.told(f"The folder of “{name}” cannot be made"):
            path.parent.mkdir(parents=True, exist_ok=True)
        output.write_whole(path, data)
        self.written.append(name)

    def keep(self, name: str, data: bytes) -> None:
        """A file that is named by its content: never written over."""
        there = self.read(name)
        if there is None or there == data:
            self.put(name, data)
            return
        self._problems.append(
            Problem(
                code="facts-altered",
                message=f"“{name}” is not what was published under that name: somebody has changed it.",
                hint="Its name is its checksum, and certificates hold it, so certgen does not write over it. See who "
                "changed it; then delete the file and build again.",
                file=str(self.folder / name),
                exit_code=ExitCode.REGISTRY,
            )
        )

    def offer(self, name: str, text: str) -> None:
        """A file that the web site may have of its own, which then stays."""
        data = f"{OURS}\n{text}".encode()
        there = self.read(name)
        if there is None or there.startswith(OURS.encode()):
            self.put(name, data)

    def remove(self, name: str) -> None:
        """A file that must not be there any more."""
        with output.told(f"“{name}” cannot be removed"):
            try:
                (self.folder / name).unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
        self.removed.append(name)
