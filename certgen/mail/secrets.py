"""The password or token of a mail account: where it may be, and how it is kept out of what people and logs see."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal, NoReturn

from certgen.keys.passphrase import Keyring

PASSWORD = "CERTGEN_MAIL_PASSWORD"
TOKEN = "CERTGEN_MAIL_TOKEN"
Auth = Literal["password", "oauth"]
Ask = Callable[[str], str | None]
"""Asks a person for something that is not shown; None: nobody is there."""


class Secret:
    """A password or a token. It prints as dots, compares with nothing and does not pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret stays in its process")


def service(host: str) -> str:
    """The name under which keyrings have the secrets of one server; the account is the user's name."""
    return f"certgen-mail:{host}"


def found(host: str, user: str, auth: Auth, ask: Ask | None) -> Secret | None:
    """The secret of an account: the environment's, the keyring's, or what a person answers. None: there is none."""
    told = os.environ.get(TOKEN if auth == "oauth" else PASSWORD) or Keyring(service(host)).get(user)
    if not told and ask is not None:
        what = "Access token" if auth == "oauth" else "Password"
        told = ask(f"{what} of {user} at {host}")
    return Secret(told.strip() if auth == "oauth" else told) if told else None


def store(host: str, user: str, secret: Secret) -> bool:
    """Puts it into this computer's keyring; whether that keeps it."""
    return Keyring(service(host)).put(user, secret.reveal())


def forget(host: str, user: str) -> None:
    """Takes it out of the keyring."""
    Keyring(service(host)).forget(user)
