"""Signing one course's credentials: the payload of the QR code, and the badge that is embedded."""

from __future__ import annotations

import zlib
from functools import cached_property
from typing import NamedTuple

from certgen import codes, payload
from certgen.badge import Badges
from certgen.compose.symbols import SymbolMaker
from certgen.credential import payload_prefix
from certgen.facts import facts, mark
from certgen.model import Course, Credential, Issuer
from certgen.payload import LIST_LENGTH
from certgen.signing import SigningKey
from certgen.status import Place

SPECIMEN_KEY = SigningKey(b"certgen specimen: signs nothing.")
"""Signs samples, so that their QR codes look like real ones. Everybody has it, and no academy names it as its own."""


class Sealed(NamedTuple):
    """What proves a credential: the QR code's payload with and without its address, and the signed badge (JSON), also
    deflated (zlib) as files and registry keep it."""

    payload: str
    url: str
    badge: bytes
    packed: bytes


class Sealer:
    """Signs. Pickles; what is worked out once is worked out again on first use.

    ``grades``: the layout prints scores, so the badge tells them too.
    """

    def __init__(self, course: Course, issuer: Issuer, key: SigningKey, *, grades: bool = False) -> None:
        self.course, self.issuer, self.key = course, issuer, key
        self.badges = Badges(course, issuer, key, grades=grades)

    def __getstate__(self) -> dict[str, object]:
        return {name: self.__dict__[name] for name in ("course", "issuer", "key", "badges")}

    @cached_property
    def facts(self) -> dict[str, bytes]:
        """The facts file of each language."""
        return {language: facts(self.course, self.issuer, language) for language in self.course.languages}

    @cached_property
    def _marks(self) -> dict[str, bytes]:
        return {language: mark(data) for language, data in self.facts.items()}

    @cached_property
    def _longest(self) -> int:
        return SymbolMaker(payload_prefix(self.issuer)).longest

    def payload(self, credential: Credential, place: Place) -> str:
        """The signed payload. Raises ValueError for an amount or a day out of the format's range."""
        return payload.seal(
            self.key,
            credential=codes.bits(credential.code),
            status=place.number * LIST_LENGTH + place.entry,
            issued=credential.issued,
            expires=credential.expires,
            hours=credential.hours,
            award=credential.kind,
            facts=self._marks[credential.language],
            name=credential.recipient.name,
            title=self.course.editions[credential.language].title,
            longest=self._longest,
        )

    def url(self, credential: Credential, place: Place) -> str:
        """What the QR code says."""
        return payload_prefix(self.issuer) + self.payload(credential, place)

    def seal(self, credential: Credential, place: Place) -> Sealed:
        """Payload and badge of a credential. Raises ValueError for what cannot be signed."""
        text = self.payload(credential, place)
        badge = self.badges.sign(credential, place)
        return Sealed(text, payload_prefix(self.issuer) + text, badge, zlib.compress(badge))
