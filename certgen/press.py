"""The press: from credentials to files laid on the tray, here or in several processes.

A piece of work goes through each step as a whole: all are signed, then all symbols drawn, then all texts set, then all
files written down, then all laid on the tray. So a step's code and tables stay in the processor's caches, which makes
certificates a fifth cheaper than one after the other, and the pieces are small, so memory stays flat.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, TypeVar

from certgen import codes, executor
from certgen import credential as credentials
from certgen.compose import Blank, Filled
from certgen.compose.symbols import Symbol
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.model import Credential
from certgen.output import State, Tray
from certgen.pades import Signer
from certgen.page import Filling
from certgen.sealing import Sealed, Sealer
from certgen.status import Place

A = TypeVar("A")
B = TypeVar("B")

PIECE = 200  # certificates a worker process gets at a time
WORTH_PROCESSES = 4000  # below this many, starting processes (half a second) costs more than a second core saves


Symbols = tuple[Symbol | None, Symbol | None]


class Sheet(NamedTuple):
    """One certificate to be made: its credential and place in the status list, the number of its blank, the name of its
    file, and whether that may take another one's place."""

    credential: Credential
    place: Place
    blank: int
    file: str
    replace: bool = False


class Made(NamedTuple):
    """A file on the tray, and what proves it: the QR code's payload, the badge deflated."""

    code: str
    sha256: str
    state: State
    payload: str
    badge: bytes


class Press(NamedTuple):
    """What a worker needs, once."""

    blanks: tuple[Blank, ...]
    tray: Tray
    sealer: Sealer
    signer: Signer | None = None
    at: datetime | None = None  # the time of the batch, which its PDF signatures say

    def seal(self, sheet: Sheet, _: object) -> Sealed:
        try:
            return self.sealer.seal(sheet.credential, sheet.place)
        except ValueError as error:
            raise CertgenError(
                Problem(
                    code="not-signable",
                    message=f"The certificate of {sheet.credential.recipient.name} cannot be signed: {error}.",
                    hint="Look for odd characters or amounts in this row.",
                )
            ) from error

    def draw(self, sheet: Sheet, sealed: Sealed) -> tuple[Sealed, Symbols]:
        return sealed, self.blanks[sheet.blank].drawn(sealed.url, sheet.credential.url)

    def set(self, sheet: Sheet, drawn: tuple[Sealed, Symbols]) -> tuple[Sealed, Filling]:
        made, (sealed, symbols) = sheet.credential, drawn
        return sealed, self.blanks[sheet.blank].filling(
            credentials.lookup(made),
            url=sealed.url,
            symbols=symbols,
            identifier=codes.grouped(made.code),
            attachment=sealed.badge,
            packed=sealed.packed,
        )

    def finish(self, sheet: Sheet, filled: tuple[Sealed, Filling]) -> tuple[Sealed, Filled]:
        return filled[0], self.blanks[sheet.blank].finish(filled[1])

    def lay(self, sheet: Sheet, finished: tuple[Sealed, Filled]) -> Made:
        sealed, filled = finished
        prefix, tail, digest = self.blanks[sheet.blank].plate.prefix, filled.tail, filled.digest
        if self.signer is not None:
            prefix, tail = b"", self.signer.sign(prefix + tail, self.at)
            digest = sha256(tail).hexdigest()
        state = self.tray.lay(sheet.file, prefix, tail, replace=sheet.replace)
        return Made(sheet.credential.code, digest, state, sealed.payload, sealed.packed)


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
            sealed = _step(press.seal, piece, [None] * len(piece))
            fillings = _step(press.set, piece, _step(press.draw, piece, sealed))
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
