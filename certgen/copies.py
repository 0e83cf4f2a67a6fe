"""Issued certificates made again, from the registry alone: what they were made from is kept there."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Generic, NamedTuple, TypeVar

from certgen import codes, intake, output
from certgen import credential as credentials
from certgen.compose import Matter, Studio, engraved
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.model import Credential, Issuer
from certgen.page import Document
from certgen.registry import Held, Registry, restored

T = TypeVar("T")


class _Workshop(NamedTuple):
    """``told``: what the studio has said, which it says once only."""

    studio: Studio
    conditions: list[str]
    told: list[Problem]


class Piece(NamedTuple, Generic[T]):
    """A certificate and what it is made from. ``url``: what its QR code says."""

    made: Credential
    kind: T
    url: str


class Workshops(Generic[T]):
    """What certificates are made from, as the registry has kept it, set up once for each kind.

    ``make`` turns a kind's pages, and what varies on them, into what it is to be used as. A context manager: what is
    taken out of the registry lies in a folder of its own meanwhile.
    """

    def __init__(self, registry: Registry | None, make: Callable[[Document, Matter], T]) -> None:
        self._registry = registry
        self._make = make
        self._stack = ExitStack()
        self._shops: dict[str, _Workshop] = {}
        self._kinds: dict[tuple[str, str, int, frozenset[str]], T | CertgenError] = {}

    def __enter__(self) -> Workshops[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def piece(self, held: Held) -> Piece[T]:
        """An issued certificate. Raises :class:`CertgenError`: its person was erased, or what it was made from cannot
        be read any more."""
        if held.recipient is None or held.content is None:
            raise CertgenError(_trouble("erased", held, "cannot be made again: the personal data in it was erased", ""))
        shop = self._shops.get(held.setting)
        if shop is None:
            shop = self._shops[held.setting] = self._set_up(held)
        made = as_credential(held, shop.studio.issuer)
        key = held.setting, held.language, held.award, intake.present(shop.conditions, made)
        kind = self._kinds.get(key)
        if kind is None:
            found = shop.studio.made(*key[1:], shop.told, self._make)
            kind = self._kinds[key] = CertgenError(shop.told) if found is None else found
        if isinstance(kind, CertgenError):
            raise kind
        return Piece(made, kind, credentials.payload_prefix(shop.studio.issuer) + held.payload)

    def _set_up(self, held: Held) -> _Workshop:
        assert self._registry is not None
        if not held.setting:  # the registry was rebuilt from the certificates
            hint = f"Look for its file, {held.file}, and put it back into {held.folder}."
            raise CertgenError(
                _trouble("not-copied", held, "cannot be made again: what it was made from is lost", hint)
            )
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="certgen-")))
        setting = self._registry.setting(held.setting)
        try:
            course, issuer, layout, book = restored(setting, folder)
        except OSError as error:
            why = error.strerror or str(error)
            raise CertgenError(
                _trouble("not-copied", held, f"cannot be made again ({why})", "Free some space.")
            ) from error
        studio = Studio(layout, course, issuer, book, held.issued, record=setting.kept.record)
        return _Workshop(studio, intake.conditions(layout), [])


class Copier:
    """Makes copies. A context manager, as its workshops are."""

    def __init__(self, registry: Registry | None) -> None:
        self._workshops = Workshops(registry, engraved)

    def __enter__(self) -> Copier:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._workshops.__exit__(kind, error, at)

    def pdf(self, held: Held) -> bytes:
        """The file of an issued certificate. Raises :class:`CertgenError` as :meth:`Workshops.piece` does."""
        made, blank, url = self._workshops.piece(held)
        filled = blank.fill(
            credentials.lookup(made),
            url=url,
            code_url=made.url,
            identifier=codes.grouped(held.code),
            attachment=held.badge,
            packed=held.deflated,
        )
        return blank.plate.prefix + filled.tail

    def put(self, held: Held, folder: Path, *, replace: bool = False, dry: bool = False) -> output.State:
        """See that a certificate's file is in a folder: "unchanged" where it is, "restored" where it was made again.

        Raises :class:`CertgenError` where a file of that name holds something else and must not be replaced.
        """
        path = folder / held.file
        with output.told(f"“{held.file}” cannot be read"):
            there = path.read_bytes() if path.exists() else None
        if there is not None and hashlib.sha256(there).hexdigest() == held.sha256:
            return "unchanged"
        if there is not None and not replace:
            raise CertgenError(output.other_content(held.file, str(path)))
        if not dry:
            data = self.pdf(held)
            with output.told("The output folder cannot be made"):
                folder.mkdir(parents=True, exist_ok=True)
            output.write_whole(path, data)
        return "restored"


def as_credential(held: Held, issuer: Issuer) -> Credential:
    """What was issued, as it was. ``held`` must not be erased."""
    assert held.recipient is not None and held.content is not None
    content = held.content
    return Credential(
        code=held.code,
        recipient=held.recipient,
        language=held.language,
        award=held.award,
        kind=held.kind,
        issued=held.issued,
        url=credentials.payload_prefix(issuer) + held.code,
        hours=content.hours,
        start=content.start,
        end=content.end,
        expires=held.expires,
        number=content.number,
    )


def _trouble(code: str, held: Held, what: str, hint: str) -> Problem:
    message = f"Certificate {codes.grouped(held.code)} {what}."
    return Problem(code=code, message=message, hint=hint, exit_code=ExitCode.REGISTRY)
