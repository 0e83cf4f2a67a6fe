"""The dialogue with an SMTP server (RFC 5321), led so that it is always known how far a message came.

smtplib has the commands; its ``sendmail`` and ``data`` do not tell whether the final dot went out, and its answers may
take for ever. Also: SIZE (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), domains as IDNA 2008 has them.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.guarded import why
from certgen.mail.replies import Reply, Where, answered
from certgen.mail.transport import Letter

HELLO = "[127.0.0.1]"
"""What we call ourselves (RFC 5321, 4.1.3): the computer's name and address are nobody's business."""
_LINE = 4096  # bytes of a reply's line; RFC 5321, 4.5.3.1.5, has 512
_LINES = 200  # of one reply
_BLOCK = 1 << 16  # bytes that are sent at a time


class Patience(NamedTuple):
    """Seconds to wait: for a connection, for the answer to a command, for a block of the message to go out, for the
    answer to the final dot. Source: RFC 5321, 4.5.3.2; with less than ten minutes for the dot, messages get lost or
    arrive twice."""

    connection: float = 30.0
    command: float = 120.0
    block: float = 180.0
    end: float = 600.0


class Silent(Exception):
    """No answer came: the connection broke, the time was over, or what came was no answer. The message says which."""


class Client(smtplib.SMTP):
    """smtplib's commands, with a time for the whole of each answer, and none of the answer before TLS behind it."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, patience: Patience) -> None:
        """Connects, with TLS from the start where a context is given. Raises OSError, :class:`Silent` and
        smtplib.SMTPConnectError."""
        self._name, self._tls = host, tls
        self._pending = b""
        self.patience = patience
        self.seconds = patience.connection
        try:
            super().__init__(host, port, HELLO, patience.connection)
        except BaseException:
            self.close()
            raise
        self.seconds = patience.command

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = socket.create_connection((host, port), timeout)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the dot goes out alone
            return self._tls.wrap_socket(made, server_hostname=host) if self._tls else made
        except BaseException:
            made.close()
            raise

    @property
    def answering(self) -> bool:
        """Whether some of an answer is there already."""
        return bool(self._pending)

    def getreply(self) -> tuple[int, bytes]:
        """The whole answer within the time for one."""
        until = time.monotonic() + self.seconds
        said: list[bytes] = []
        while len(said) < _LINES:
            line = self._read(until)
            if len(line) > _LINE or not re.match(rb"[2-5]\d\d(?:[ -]|$)", line):
                raise Silent("The server answered with something that is no answer.")
            said.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(said)
        raise Silent("The server does not stop answering.")

    def _read(self, until: float) -> bytes:
        while b"\n" not in self._pending:
            left = until - time.monotonic()
            if left <= 0 or len(self._pending) > _LINE:
                raise Silent("The server did not answer in time.")
            assert self.sock is not None
            try:
                self.sock.settimeout(left)
                came = self.sock.recv(_BLOCK)
            except TimeoutError:
                continue
            except OSError as error:
                raise Silent(f"The connection broke ({why(error)}).") from error
            if not came:
                raise Silent("The server closed the connection.")
            self._pending += came
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def send(self, s: Any) -> None:
        """Bytes or text, in blocks, each with a time of its own."""
        data = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        if self.sock is None:
            raise Silent("There is no connection.")
        try:
            self.sock.settimeout(self.patience.block)
            for start in range(0, len(data), _BLOCK):
                self.sock.sendall(data[start : start + _BLOCK])
        except TimeoutError:
            raise Silent("The server did not take the message in time.") from None
        except OSError as error:
            raise Silent(f"The connection broke ({why(error)}).") from error

    def still_there(self) -> None:
        """Raises where the server has closed the connection, or said something that nobody asked for."""
        assert self.sock is not None
        self.sock.settimeout(0.0)
        try:
            came = self.sock.recv(_BLOCK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise Silent(f"The connection broke ({why(error)}).") from error
        self._pending += came
        if not came:
            raise Silent("The server closed the connection.")

    def encrypt(self, context: ssl.SSLContext) -> tuple[int, bytes]:
        """STARTTLS; whatever the server said in the clear is forgotten. Raises OSError, as TLS does."""
        answer = self.docmd("STARTTLS")
        if answer[0] == 220:
            assert self.sock is not None
            if self._pending:
                raise Silent("Somebody put words into the server's mouth before the connection was encrypted.")
            self.sock.settimeout(self.patience.connection)
            self.sock = context.wrap_socket(self.sock, server_hostname=self._name)
            self.ehlo_resp = self.helo_resp = None
            self.esmtp_features = {}
        return answer


# --- one message -----------------------------------------------------------------------------


class Message(NamedTuple):
    """What goes over the wire: the addresses in angle brackets with their parameters, and the body with its dots."""

    origin: str
    to: str
    body: bytes
    utf8: bool

    @classmethod
    def of(cls, letter: Letter, data: bytes, client: Client) -> Message | Reply:
        """Or a refusal of our own, where the server could not take the message."""
        try:
            origin = envelope(letter.sender)
        except ValueError:
            message = f"“{letter.sender}” is no address to send from."
            hint = "Look at from and sender in issuer.toml's [mail]."
            problem = Problem(code="mail-sender", message=message, hint=hint, exit_code=ExitCode.DELIVERY)
            raise CertgenError(problem) from None
        try:
            to = envelope(letter.to)
        except ValueError:
            return Reply("never", "recipient", 0, "", "The address is not written as addresses are.")
        head, _, text = data.partition(b"\r\n\r\n")
        utf8 = not (origin.isascii() and to.isascii() and head.isascii())
        if utf8 and not client.has_extn("smtputf8"):
            words = "The mail server does not take addresses with letters beyond ASCII (SMTPUTF8)."
            return Reply("never", "recipient", 0, "", words)
        body = stuffed(data)
        options = ""
        if client.has_extn("size"):
            most = client.esmtp_features["size"].strip()
            if most.isdigit() and 0 < int(most) < len(body):
                words = f"The message has {len(body) / 1e6:.1f} MB; the mail server takes {int(most) / 1e6:.1f} MB."
                return Reply("never", "data", 0, "", words)
            options += f" SIZE={len(body)}"
        if utf8 or not text.isascii():
            if not client.has_extn("8bitmime"):
                return Reply("never", "data", 0, "", "The mail server takes messages in ASCII only (8BITMIME).")
            options += " BODY=8BITMIME"
        options += " SMTPUTF8" if utf8 else ""
        return cls(f"MAIL FROM:<{origin}>{options}", f"RCPT TO:<{to}>", body, utf8)


class Dialogue:
    """One mail transaction (RFC 5321, 3.3). ``where`` it is at this moment; ``clean``: whether the connection can be
    used for another one."""

    def __init__(self, client: Client, patience: Patience) -> None:
        self._client, self._patience = client, patience
        self.where: Where = "sender"
        self.clean = True

    def lead(self, message: Message, ready: Callable[[], None]) -> Reply:
        client = self._client
        client.seconds = self._patience.command
        client.command_encoding = "utf-8" if message.utf8 else "ascii"
        steps: tuple[tuple[Where, str], ...] = (("sender", message.origin), ("recipient", message.to))
        for where, command in steps:
            self.where = where
            reply = answered(*client.docmd(command), where)
            if not 200 <= reply.code < 300:
                return self._unless_odd(reply)
        self.where = "data"
        reply = answered(*client.docmd("DATA"), "data")
        if reply.code != 354:
            return self._unless_odd(reply)
        client.send(message.body)
        begun = time.monotonic()
        ready()
        if time.monotonic() - begun > self._patience.block:  # the server may have given up: better not to find out
            raise Silent("The registry was held by another program for too long.")
        client.still_there()
        if client.answering:  # it refuses before all was said; the rest of the message must not become commands
            self.clean = False
            return self._unless_odd(answered(*client.getreply(), "data"))
        self.where = "end"
        client.seconds = self._patience.end
        client.send(b".\r\n")
        reply = answered(*client.getreply(), "end")
        if 300 <= reply.code < 400:
            raise Silent("The server answered with something that is no answer.")
        return reply

    def _unless_odd(self, reply: Reply) -> Reply:
        """A refusal as it is. A yes in a place where there is none to be given means that we are out of step."""
        if reply.code >= 400:
            return reply
        self.clean = False
        return reply._replace(kind="later")


def stuffed(data: bytes) -> bytes:
    """A message as it goes after DATA, without its final dot: every line ends in CRLF, so that no server sees an end
    where another one sees none; a dot in front gets another one (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines)


def envelope(address: str) -> str:
    """An address as servers are told it: its domain in ASCII (IDNA 2008). Raises ValueError for what is none, and for
    what would be more than one."""
    import idna

    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or re.search(r"[\x00-\x20\x7f<>]", address):
        raise ValueError(address)
    if domain.isascii():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as error:
        raise ValueError(address) from error
