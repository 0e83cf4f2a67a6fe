"""The press: from credentials to files laid on the tray, here or in several processes.

A piece of work goes through each step as a whole: all symbols are drawn, then all texts set, then all files written
down, then all laid on the tray. So a step's code and tables stay in the processor's caches, which makes certificates a
fifth cheaper than one after the other, and the pieces are small, so memory stays flat.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from certgen import credential as credentials
from certgen import executor
from certgen.compose import Blank, Filled
from certgen.errors import CertgenError, ExitCode
from certgen.model import Course, Credential, Issuer
from certgen.output import State, Tray
from certgen.page import Filling

A = TypeVar("A")
B = TypeVar("B")

PIECE = 200  # certificates a worker process gets at a time
WORTH_PROCESSES = 4000  # below this many, starting processes (half a second) costs more than a second core saves


class Sheet(NamedTuple):
    """One certificate to be made: its credential, the number of its blank, the name of its file."""

    credential: Credential
    blank: int
    file: str


class Made(NamedTuple):
    """A file on the tray."""

    code: str
    sha256: str
    state: State


class Press(NamedTuple):
    """What a worker needs, once."""

    blanks: tuple[Blank, ...]
    tray: Tray
    course: Course
    issuer: Issuer

    def describe(self, sheet: Sheet) -> bytes:
        made = sheet.credential
        return credentials.describe(made, self.course, self.course.editions[made.language], self.issuer)

    def draw(self, sheet: Sheet) -> str:
        return self.blanks[sheet.blank].symbol(sheet.credential.url)

    def set(self, sheet: Sheet, symbol: str) -> Filling:
        made = sheet.credential
        return self.blanks[sheet.blank].filling(
            credentials.lookup(made),
            url=made.url,
            symbol=symbol,
            identifier=credentials.grouped(made.code),
            attachment=self.describe(sheet),
        )

    def finish(self, sheet: Sheet, filling: Filling) -> Filled:
        return self.blanks[sheet.blank].finish(filling)

    def lay(self, sheet: Sheet, filled: Filled) -> Made:
        state = self.tray.lay(sheet.file, self.blanks[sheet.blank].plate.prefix, filled.tail)
        return Made(sheet.credential.code, filled.digest, state)


def run(
    press: Press, sheets: Iterable[Sheet], total: int, jobs: int | None = None
) -> Iterator[list[Made | CertgenError]]:
    """What became of each sheet, in order, piece by piece: a file, or the problems of its row.

    Without ``jobs``, as many processes as are worth it. Raises :class:`CertgenError` when the disk or a process fails.
    """
    wanted = jobs or (executor.cores() if total >= WORTH_PROCESSES else 1)
    return executor.run(start, press, executor.chunks(sheets, PIECE), min(wanted, -(-total // PIECE)))


def start(press: Press) -> Callable[[list[Sheet]], list[Made | CertgenError]]:
    """The worker."""

    def work(piece: list[Sheet]) -> list[Made | CertgenError]:
        with _undisturbed():
            symbols = [press.draw(sheet) for sheet in piece]
            fillings = _step(press.set, piece, symbols)
            return _step(press.lay, piece, _step(press.finish, piece, fillings))

    return work


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Nobody looks for cyclic garbage meanwhile: a piece leaves none, and looking takes a twentieth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _step(
    step: Callable[[Sheet, A], B], piece: list[Sheet], before: Sequence[A | CertgenError]
) -> list[B | CertgenError]:
    """One step of all sheets. A row's problems take the place of its result; what ails the disk stops everything."""
    after: list[B | CertgenError] = []
    for sheet, each in zip(piece, before, strict=True):
        try:
            after.append(each if isinstance(each, CertgenError) else step(sheet, each))
        except CertgenError as error:
            if error.exit_code is ExitCode.PARTIAL:
                raise
            after.append(error)
    return after
