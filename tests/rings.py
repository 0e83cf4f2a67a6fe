"""An academy's issuer.toml and keyrings for tests of keys and backups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.compat import properties

ISSUER = 'name = "Meridian"\nverify_url = "https://verify.meridian-training.org"\n\n[colours]\nprimary = "#123456"\n'


class Memory(KeyringBackend):
    """A keyring that keeps its passphrases in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    @properties.classproperty
    def priority(cls) -> float:
        return 9

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@contextmanager
def ring(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield backend
    finally:
        keyring.set_keyring(before)
