"""Passphrases of signing keys: where one may be, how a new one is chosen, and the system's keyring, which may hang."""

from __future__ import annotations

import os
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread
from types import ModuleType
from typing import Literal, Protocol, TypeVar

SERVICE = "certgen"
GIVEN = "CERTGEN_PASSPHRASE"
NEW = "CERTGEN_NEW_PASSPHRASE"
SHORTEST = 8  # characters of a passphrase that a person chooses
_TRIES = 3
Kept = Literal["keyring", "chosen", "none"]
"""Where a passphrase is: in this computer's keyring; with the person or program that chose it; nowhere."""
T = TypeVar("T")


class Ask(Protocol):
    """Asks a person for a passphrase, which is not shown; ``new``: twice. None: nobody is there."""

    def __call__(self, question: str, /, *, new: bool = False) -> str | None: ...


class Keyring:
    """The system's keyring. It may not be there, may refuse, may never answer: then it has and keeps nothing."""

    seconds = 30.0  # for an answer; somebody may have to unlock it

    def __init__(self, service: str = SERVICE) -> None:
        self._service = service
        self._silent = False

    def get(self, name: str) -> str | None:
        return self._ask(lambda ring: ring.get_password(self._service, name))

    def put(self, name: str, passphrase: str) -> bool:
        """Whether it keeps the passphrase: what it gives back is compared."""
        self._ask(lambda ring: ring.set_password(self._service, name, passphrase))
        return self.get(name) == passphrase

    def forget(self, name: str) -> None:
        self._ask(lambda ring: ring.delete_password(self._service, name))

    def _ask(self, work: Callable[[ModuleType], T]) -> T | None:
        found: list[T] = []

        def ask() -> None:
            with suppress(Exception):  # each system's keyring raises errors of its own
                import keyring

                if keyring.get_keyring().priority >= 1:  # less: a plain file, or none at all
                    found.append(work(keyring))

        if self._silent:
            return None
        thread = Thread(target=ask, daemon=True, name="keyring")  # a thread, as D-Bus may hang for ever
        thread.start()
        thread.join(self.seconds)
        self._silent = thread.is_alive()
        return found[0] if found else None


def known(name: str, made: str, ask: Ask | None) -> Iterator[str]:
    """Passphrases to try on a key: the keyring's, the environment's, and what a person answers."""
    for found in (Keyring().get(name), os.environ.get(GIVEN)):
        if found:
            yield found
    question = f"Passphrase of the signing key {name}" + (f", made {made}" if made else "")
    for _ in range(_TRIES if ask else 0):
        answer = ask(question) if ask else None
        if not answer:
            return
        yield answer
        question = "That does not open it. The passphrase, please"


def chosen(name: str, ask: Ask | None) -> tuple[str, Kept]:
    """A passphrase for a new key: the environment's, else random in the keyring, else asked for, else none ("")."""
    if given := os.environ.get(GIVEN):
        return given, "chosen"
    if random := put_random(name, Keyring()):
        return random, "keyring"
    answer = asked(f"Passphrase for the new signing key {name}", ask) if ask else ""
    return (answer, "chosen") if answer else ("", "none")


def put_random(name: str, ring: Keyring) -> str | None:
    """A random passphrase that the keyring has; None where there is no keyring."""
    random = secrets.token_urlsafe(24)
    return random if ring.put(name, random) else None


def asked(question: str, ask: Ask) -> str:
    """A passphrase that is long enough, or "" for none."""
    rule = f"(at least {SHORTEST} characters, or Enter for none)"
    words = f"{question} {rule}"
    for _ in range(_TRIES):
        answer = ask(words, new=True) or ""
        if not answer or len(answer) >= SHORTEST:
            return answer
        words = f"That is too short. {question} {rule}"
    return ""


def encoded(passphrase: str) -> bytes | None:
    """As a key's file has it: NFC in UTF-8, so that every keyboard types the same; None for none."""
    return unicodedata.normalize("NFC", passphrase).encode("utf-8") or None
