"""What certificates were made from, where it is still there: then they can be made again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import cast

from msgspec.structs import replace

from certgen import intake
from certgen.compose import Studio
from certgen.copies import Copier, as_credential
from certgen.errors import CertgenError
from certgen.font import FontBook
from certgen.model import Issuer
from certgen.rebuild.people import Owner
from certgen.registry import Held, Registry, Setting

_TRIED = 5  # certificates of a batch, before something has changed since for all of them


class _Shelf:
    """Settings that are tried; of a registry a Copier needs no more."""

    def __init__(self) -> None:
        self.settings: dict[str, Setting] = {}

    def setting(self, digest: str) -> Setting:
        return self.settings[digest]


def made_from(
    rows: list[Held], known: dict[str, Owner], issuer: Issuer, watch: Callable[[str, int], None]
) -> tuple[list[Held], list[Setting]]:
    """Today's course and layout are what a certificate was made from where they make the same bytes again."""
    shelf = _Shelf()
    used: dict[str, Setting] = {}
    runs: dict[tuple[int, date], list[Held]] = {}
    done = {held.serial: held for held in rows}
    for held in rows:
        owner = known.get(held.code)
        if owner and owner.draft and held.payload:
            runs.setdefault((id(owner.draft), held.issued), []).append(held)
    with Copier(cast(Registry, shelf)) as copier:
        for number, some in enumerate(runs.values(), 1):
            watch("copies", number)
            for digest, setting in _settings(some, known, issuer):
                shelf.settings[digest] = setting
                failed = 0
                for held in some:
                    if done[held.serial].setting or failed >= _TRIED:
                        continue
                    if _same(copier, replace(held, setting=digest)):
                        done[held.serial] = replace(held, setting=digest)
                        used[digest] = setting
                    elif digest not in used:
                        failed += 1
    return [done[held.serial] for held in rows], list(used.values())


def _settings(some: Sequence[Held], known: dict[str, Owner], issuer: Issuer) -> Iterator[tuple[str, Setting]]:
    owner = known[some[0].code]
    assert owner.draft is not None
    course = replace(owner.draft.course, issued=some[0].issued)
    signed = replace(issuer, key=_multikey(some[0].badge))
    texts = [(held.content.name, held.language) for held in some if held.content]
    for record in (False, True):
        book = FontBook([Path(issuer.font_folder)] if issuer.font_folder else [])
        studio = Studio(owner.draft.layout, course, signed, book, some[0].issued, record=record)
        asked = intake.conditions(owner.draft.layout)
        kinds = {(held.language, held.award, intake.present(asked, as_credential(held, signed))) for held in some}
        try:
            for kind in sorted(kinds, key=str):  # so that the book knows the faces in use
                studio.blank(*kind, [])
            setting = Setting.of(course, signed, owner.draft.layout, book, record, texts)
        except CertgenError:
            return
        yield setting.digest, setting


def _multikey(badge: bytes) -> str:
    return str(json.loads(badge)["proof"][0]["verificationMethod"]).rpartition("#")[2]


def _same(copier: Copier, held: Held) -> bool:
    try:
        return sha256(copier.pdf(held)).hexdigest() == held.sha256
    except CertgenError:
        return False
