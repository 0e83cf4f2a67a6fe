"""Messages to an SMTP server."""

from __future__ import annotations

import ssl
from typing import Literal, NamedTuple

from certgen.mail.secrets import Auth, Secret
from certgen.mail.transport import Line

Security = Literal["starttls", "tls", "none"]


class Login(NamedTuple):
    """Who signs in at the server, and how."""

    user: str
    auth: Auth
    secret: Secret


class Smtp:
    """A :class:`~certgen.mail.transport.Transport`. With "starttls" and "tls" nothing goes out unencrypted, and the
    server's certificate must be good for ``host``."""

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        login: Login | None = None,
        *,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.name = host

    def line(self) -> Line:
        raise NotImplementedError
