"""Where messages go: an SMTP server, or a folder that another program takes them from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from certgen.mail.replies import Reply


class Letter(NamedTuple):
    """One message to one person. ``serial``: of the certificate; ``purpose``: "certificate", "expiry-notice";
    ``sender`` and ``to``: addresses of the envelope, without names; ``message_id``: with its angle brackets;
    ``make()``: the message itself when its turn has come (RFC 5322, lines ending in CRLF, 7 bit but for the headers of
    a message to an address that is not ASCII). It may raise :class:`CertgenError`."""

    serial: int
    purpose: str
    sender: str
    to: str
    message_id: str
    make: Callable[[], bytes]


class Line(Protocol):
    """A connection, opened when it is first needed and again whenever it was lost. Used by one thread; :meth:`drop`
    may be called from any."""

    def deliver(self, letter: Letter, data: bytes, ready: Callable[[], None]) -> Reply:
        """Hands over one message. Calls ``ready()`` when all has been said but the final dot, and sends that only if it
        returns: what it raises goes on to the caller, and the message was not delivered. Raises :class:`CertgenError`
        where no message could be sent at all (a wrong password, no encryption)."""

    def rest(self) -> None:
        """Closes politely; the next message opens it again."""

    def drop(self) -> None:
        """Breaks the connection off, so that a thread that waits for an answer goes on."""


class Transport(Protocol):
    """A way to send."""

    name: str
    """Of the server or the folder, as people are told it."""

    def line(self) -> Line:
        """One more connection."""
