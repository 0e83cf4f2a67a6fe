"""Messages to an SMTP server (RFC 5321), so that it is always known how far one came.

smtplib has the commands; its ``sendmail`` and ``data`` do not tell whether the final dot went out, so the dialogue is
led here. Also: STARTTLS (RFC 3207), implicit TLS (RFC 8314), AUTH (RFC 4954: PLAIN, LOGIN, XOAUTH2, OAUTHBEARER), SIZE
(RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), domains as IDNA 2008 has them.
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.guarded import why
from certgen.mail.replies import Reply, Where, answered, lost
from certgen.mail.secrets import Auth, Secret
from certgen.mail.transport import Letter, Line

Security = Literal["starttls", "tls", "none"]

HELLO = "[127.0.0.1]"
"""What we call ourselves (RFC 5321, 4.1.3): the computer's name and address are nobody's business."""
_LINE = 4096  # bytes of a reply's line; RFC 5321, 4.5.3.1.5, has 512
_LINES = 200  # of one reply
_BLOCK = 1 << 16  # bytes that are sent at a time
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")


class Patience(NamedTuple):
    """Seconds to wait: for a connection, for the answer to a command, for a block of the message to go out, for the
    answer to the final dot. Source: RFC 5321, 4.5.3.2; with less than ten minutes for the dot, messages get lost or
    arrive twice."""

    connection: float = 30.0
    command: float = 120.0
    block: float = 180.0
    end: float = 600.0


class Login(NamedTuple):
    """Who signs in at the server, and how."""

    user: str
    auth: Auth
    secret: Secret


class Smtp:
    """A :class:`~certgen.mail.transport.Transport`. With "starttls" and "tls" nothing goes out unencrypted, and the
    server's certificate must be good for ``host``. ``most``: messages after which a connection is made anew, as many
    servers count them."""

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        login: Login | None = None,
        *,
        context: ssl.SSLContext | None = None,
        patience: Patience | None = None,
        most: int = 50,
    ) -> None:
        self.name, self.host, self.port, self.security, self.login = host, host.strip("[]"), port, security, login
        self.patience, self.most = patience or Patience(), most
        self.context = context or ssl.create_default_context()

    def line(self) -> Line:
        return _Line(self)


class _Silent(Exception):
    """No answer came: the connection broke, the time was over, or what came was no answer. The message says which."""


class _Client(smtplib.SMTP):
    """smtplib's commands, with a time for the whole of each answer, and none of the answer before TLS behind it."""

    def __init__(self, server: Smtp) -> None:
        self._name = server.host
        self._tls = server.context if server.security == "tls" else None
        self._pending = b""
        self.patience = server.patience
        self.seconds = server.patience.connection
        try:
            super().__init__(server.host, server.port, HELLO, server.patience.connection)
        except BaseException:
            self.close()
            raise
        self.seconds = server.patience.command

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
            if not re.match(rb"[2-5]\d\d(?:[ -]|$)", line):
                raise _Silent("The server answered with something that is no answer.")
            said.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(said)
        raise _Silent("The server does not stop answering.")

    def _read(self, until: float) -> bytes:
        while b"\n" not in self._pending:
            left = until - time.monotonic()
            if left <= 0 or len(self._pending) > _LINE:
                raise _Silent("The server did not answer in time.")
            assert self.sock is not None
            try:
                self.sock.settimeout(left)
                came = self.sock.recv(_BLOCK)
            except TimeoutError:
                continue
            except OSError as error:
                raise _Silent(f"The connection broke ({why(error)}).") from error
            if not came:
                raise _Silent("The server closed the connection.")
            self._pending += came
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def send(self, s: Any) -> None:
        """Bytes or text, in blocks, each with a time of its own."""
        data = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        if self.sock is None:
            raise _Silent("There is no connection.")
        try:
            self.sock.settimeout(self.patience.block)
            for start in range(0, len(data), _BLOCK):
                self.sock.sendall(data[start : start + _BLOCK])
        except TimeoutError:
            raise _Silent("The server did not take the message in time.") from None
        except OSError as error:
            raise _Silent(f"The connection broke ({why(error)}).") from error

    def still_there(self) -> None:
        """Raises where the server has closed the connection, or said something that nobody asked for."""
        assert self.sock is not None
        self.sock.settimeout(0.0)
        try:
            came = self.sock.recv(_BLOCK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise _Silent(f"The connection broke ({why(error)}).") from error
        self._pending += came
        if not came:
            raise _Silent("The server closed the connection.")

    def encrypt(self, context: ssl.SSLContext) -> tuple[int, bytes]:
        """STARTTLS; whatever the server said in the clear is forgotten. Raises OSError, as TLS does."""
        answer = self.docmd("STARTTLS")
        if answer[0] == 220:
            assert self.sock is not None
            if self._pending:
                raise _Silent("Somebody put words into the server's mouth before the connection was encrypted.")
            self.sock.settimeout(self.patience.connection)
            self.sock = context.wrap_socket(self.sock, server_hostname=self._name)
            self.ehlo_resp = self.helo_resp = None
            self.esmtp_features = {}
        return answer


class _Line:
    """One connection to the server."""

    def __init__(self, server: Smtp) -> None:
        self._server = server
        self._client: _Client | None = None
        self._count = 0  # messages on it

    def deliver(self, letter: Letter, data: bytes, ready: Callable[[], None]) -> Reply:
        if self._client is not None and self._count >= self._server.most:
            self.rest()
        if self._client is not None and not self._begun_again():
            self._close()
        if self._client is None:
            refused = self._open()
            if refused is not None:
                return refused
        assert self._client is not None
        self._count += 1
        message = _Message.of(letter, data, self._client)
        if isinstance(message, Reply):
            return message
        dialogue = _Dialogue(self._client, self._server.patience)
        try:
            reply = dialogue.lead(message, ready)
        except _Silent as silent:
            self._close()
            return lost(dialogue.where, str(silent))
        except BaseException:
            self._close()
            raise
        if reply.code == 421 or not dialogue.clean:
            self._close()
        return reply

    def rest(self) -> None:
        client = self._client
        if client is not None:
            client.seconds = 5.0
            with suppress(_Silent, OSError):
                client.docmd("QUIT")
            self._close()

    def drop(self) -> None:
        client = self._client
        sock = client.sock if client is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        client, self._client, self._count = self._client, None, 0
        if client is not None:
            client.close()

    def _begun_again(self) -> bool:
        """RSET, which also tells whether the server is still there."""
        assert self._client is not None
        try:
            return self._client.docmd("RSET")[0] == 250
        except _Silent:
            return False

    # --- opening -----------------------------------------------------------------------------

    def _open(self) -> Reply | None:
        """None: it is open. A reply where it could not be opened now; raises for what another try would not mend."""
        server = self._server
        client = None
        where: Where = "connection"
        try:
            client = _Client(server)
            self._greet(client)
            if server.security == "starttls":
                if not client.has_extn("starttls"):
                    raise CertgenError(_no_tls(server))
                code, said = client.encrypt(server.context)
                if code != 220:
                    raise _Refusal(answered(code, said, where))
                self._greet(client)
            if server.login is not None:
                where = "login"
                _sign_in(client, server, server.login)
        except _Refusal as refusal:
            reply = refusal.reply
        except smtplib.SMTPConnectError as error:
            reply = answered(error.smtp_code, error.smtp_error, where)
        except _Silent as silent:
            reply = lost(where, str(silent))
        except ssl.SSLCertVerificationError as error:
            _shut(client)
            raise CertgenError(_bad_certificate(server, error)) from None
        except OSError as error:
            _shut(client)
            if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
                raise CertgenError(_not_tls(server)) from None
            return lost(where, _no_way(server, error))
        except BaseException:
            _shut(client)
            raise
        else:
            self._client, self._count = client, 0
            return None
        _shut(client)
        if reply.kind == "never":
            raise CertgenError(_bad_login(server, reply) if where == "login" else _turned_away(server, reply))
        return reply._replace(kind="later")

    def _greet(self, client: _Client) -> None:
        code, said = client.ehlo(HELLO)
        if code != 250:
            raise _Refusal(answered(code, said, "connection"))


class _Refusal(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


def _shut(client: _Client | None) -> None:
    if client is not None:
        client.close()


# --- one message -----------------------------------------------------------------------------


class _Message(NamedTuple):
    """What goes over the wire: the addresses in angle brackets with their parameters, and the body with its dots."""

    origin: str
    to: str
    body: bytes
    utf8: bool

    @classmethod
    def of(cls, letter: Letter, data: bytes, client: _Client) -> _Message | Reply:
        """Or a refusal of our own, where the server could not take the message."""
        try:
            origin, to = envelope(letter.sender), envelope(letter.to)
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


class _Dialogue:
    """One mail transaction (RFC 5321, 3.3). ``where`` it is at this moment; ``clean``: whether the connection can be
    used for another one."""

    def __init__(self, client: _Client, patience: Patience) -> None:
        self._client, self._patience = client, patience
        self.where: Where = "sender"
        self.clean = True

    def lead(self, message: _Message, ready: Callable[[], None]) -> Reply:
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
            raise _Silent("The registry was held by another program for too long.")
        client.still_there()
        if client.answering:  # it refuses before all was said; the rest of the message must not become commands
            self.clean = False
            return self._unless_odd(answered(*client.getreply(), "data"))
        self.where = "end"
        client.seconds = self._patience.end
        client.send(b".\r\n")
        reply = answered(*client.getreply(), "end")
        if 300 <= reply.code < 400:
            raise _Silent("The server answered with something that is no answer.")
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


# --- signing in ------------------------------------------------------------------------------


def _sign_in(client: _Client, server: Smtp, login: Login) -> None:
    if server.security == "none" and server.host not in _LOOPBACK:
        raise CertgenError(_in_the_clear(server))
    offered = client.esmtp_features.get("auth", "").upper().split()
    wanted = ("PLAIN", "LOGIN") if login.auth == "password" else ("XOAUTH2", "OAUTHBEARER")
    name = next((name for name in wanted if name in offered), None)
    if name is None:
        raise CertgenError(_no_login(server, login, offered))
    code, said = _exchange(client, name, server, login)
    if code not in (235, 503):  # 503: signed in already
        raise _Refusal(answered(code, said, "login"))


def _exchange(client: _Client, name: str, server: Smtp, login: Login) -> tuple[int, bytes]:
    """RFC 4954, 4. Sources of the mechanisms: RFC 4616 (PLAIN), draft-murchison-sasl-login (LOGIN), RFC 7628
    (OAUTHBEARER), Google's and Microsoft's documents of XOAUTH2."""
    user, secret = login.user, login.secret.reveal()
    if name == "LOGIN":
        answer = client.docmd("AUTH", "LOGIN")
        for part in (user, secret):
            if answer[0] != 334:
                break
            answer = client.docmd(_packed(part))
        return answer
    first = {
        "PLAIN": f"\0{user}\0{secret}",
        "XOAUTH2": f"user={user}\1auth=Bearer {secret}\1\1",
        "OAUTHBEARER": f"n,a={user},\1host={server.host}\1port={server.port}\1auth=Bearer {secret}\1\1",
    }[name]
    answer = client.docmd("AUTH", f"{name} {_packed(first)}")
    if answer[0] == 334:  # why it was refused, as JSON; the refusal itself comes when that is acknowledged
        answer = client.docmd("" if name == "XOAUTH2" else _packed("\1"))
    return answer


def _packed(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


# --- in words --------------------------------------------------------------------------------


def _no_way(server: Smtp, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"There is no server of the name {server.host}, or this computer is not connected to the Internet."
    if isinstance(error, TimeoutError):
        return f"{server.host} does not answer on port {server.port}."
    return f"{server.host} cannot be reached on port {server.port} ({why(error)})."


def problem(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, exit_code=ExitCode.DELIVERY)


def _no_tls(server: Smtp) -> Problem:
    message = f"{server.name} offers no encryption (STARTTLS) on port {server.port}, so nothing was sent."
    hint = 'Is it the right server and port? Some want port 465 with security = "tls" in issuer.toml.'
    return problem("mail-no-tls", message, hint)


def _not_tls(server: Smtp) -> Problem:
    message = f"{server.name} does not speak TLS on port {server.port}."
    return problem("mail-no-tls", message, 'Try port 587 with security = "starttls" in issuer.toml.')


def _bad_certificate(server: Smtp, error: ssl.SSLCertVerificationError) -> Problem:
    message = f"The certificate of {server.name} is not good ({error.verify_message}), so nothing was sent."
    hint = "Is the name right? Is this computer's clock? A server of your own may need its CA in SSL_CERT_FILE."
    return problem("mail-certificate", message, hint)


def _turned_away(server: Smtp, reply: Reply) -> Problem:
    return problem("mail-turned-away", f"{server.name} does not talk to us: {reply}.", "Ask who runs the mail server.")


def _bad_login(server: Smtp, reply: Reply) -> Problem:
    assert server.login is not None
    user = server.login.user
    if server.login.auth == "oauth":
        message = f"{server.name} does not take the token of {user}: {reply}."
        return problem("mail-login", message, "A token is good for about an hour: get a new one and run again.")
    message = f"{server.name} does not take the password of {user}: {reply}."
    hint = "Many providers want a password made for programs (an “app password”), or a token (auth = “oauth”)."
    return problem("mail-login", message, hint)


def _no_login(server: Smtp, login: Login, offered: list[str]) -> Problem:
    ways = ", ".join(offered) or "none"
    message = f"{server.name} offers no way to sign in with a {_what(login)} (it offers: {ways})."
    return problem("mail-no-login", message, "Look at user, auth and port in issuer.toml's [mail].")


def _what(login: Login) -> str:
    return "password" if login.auth == "password" else "token"


def _in_the_clear(server: Smtp) -> Problem:
    message = f"The connection to {server.name} is not encrypted, so no password is sent over it."
    return problem("mail-no-tls", message, 'Set security = "starttls" or "tls" in issuer.toml\'s [mail].')
