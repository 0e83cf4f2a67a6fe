"""Messages to an SMTP server: connections opened, encrypted and signed in, kept for many messages and opened again.

Sources: RFC 3207 (STARTTLS), RFC 8314 (implicit TLS), RFC 4954 (AUTH: PLAIN, LOGIN, XOAUTH2, OAUTHBEARER).
"""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, NamedTuple

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.guarded import why
from certgen.mail.dialogue import HELLO, Client, Dialogue, Message, Patience, Silent
from certgen.mail.replies import Reply, Where, answered, lost
from certgen.mail.secrets import Auth, Secret
from certgen.mail.transport import Letter, Line

Security = Literal["starttls", "tls", "none"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


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

    def try_out(self) -> Reply | None:
        """Connects and signs in, and sends nothing. None: all is well; a reply where that cannot be done now. Raises
        :class:`CertgenError` for what another try would not mend."""
        line = _Line(self)
        try:
            return line._open()
        finally:
            line.rest()


class _Line:
    """One connection to the server."""

    def __init__(self, server: Smtp) -> None:
        self._server = server
        self._client: Client | None = None
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
        message = Message.of(letter, data, self._client)
        if isinstance(message, Reply):
            return message
        dialogue = Dialogue(self._client, self._server.patience)
        try:
            reply = dialogue.lead(message, ready)
        except Silent as silent:
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
            with suppress(Silent, OSError):
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
        except Silent:
            return False

    # --- opening -----------------------------------------------------------------------------

    def _open(self) -> Reply | None:
        """None: it is open. A reply where it could not be opened now; raises for what another try would not mend."""
        server = self._server
        if server.login is not None and server.security == "none" and server.host not in _LOOPBACK:
            raise CertgenError(_in_the_clear(server))
        client = None
        where: Where = "connection"
        try:
            client = Client(
                server.host, server.port, server.context if server.security == "tls" else None, server.patience
            )
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
        except Silent as silent:
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

    def _greet(self, client: Client) -> None:
        code, said = client.ehlo(HELLO)
        if code != 250:
            raise _Refusal(answered(code, said, "connection"))


class _Refusal(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


def _shut(client: Client | None) -> None:
    if client is not None:
        client.close()


# --- signing in ------------------------------------------------------------------------------


def _sign_in(client: Client, server: Smtp, login: Login) -> None:
    offered = client.esmtp_features.get("auth", "").upper().split()
    wanted = ("PLAIN", "LOGIN") if login.auth == "password" else ("XOAUTH2", "OAUTHBEARER")
    name = next((name for name in wanted if name in offered), None)
    if name is None:
        raise CertgenError(_no_login(server, login, offered))
    code, said = _exchange(client, name, server, login)
    if code not in (235, 503):  # 503: signed in already
        raise _Refusal(answered(code, said, "login"))


def _exchange(client: Client, name: str, server: Smtp, login: Login) -> tuple[int, bytes]:
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


def _problem(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, exit_code=ExitCode.DELIVERY)


def _no_tls(server: Smtp) -> Problem:
    message = f"{server.name} offers no encryption (STARTTLS) on port {server.port}, so nothing was sent."
    hint = 'Is it the right server and port? Some want port 465 with security = "tls" in issuer.toml.'
    return _problem("mail-no-tls", message, hint)


def _not_tls(server: Smtp) -> Problem:
    message = f"{server.name} does not speak TLS on port {server.port}."
    return _problem("mail-no-tls", message, 'Try port 587 with security = "starttls" in issuer.toml.')


def _bad_certificate(server: Smtp, error: ssl.SSLCertVerificationError) -> Problem:
    message = f"The certificate of {server.name} is not good ({error.verify_message}), so nothing was sent."
    hint = "Is the name right? Is this computer's clock? A server of your own may need its CA in SSL_CERT_FILE."
    return _problem("mail-certificate", message, hint)


def _turned_away(server: Smtp, reply: Reply) -> Problem:
    return _problem("mail-turned-away", f"{server.name} does not talk to us: {reply}.", "Ask who runs the mail server.")


def _bad_login(server: Smtp, reply: Reply) -> Problem:
    assert server.login is not None
    user = server.login.user
    if server.login.auth == "oauth":
        message = f"{server.name} does not take the token of {user}: {reply}."
        return _problem("mail-login", message, "A token is good for about an hour: get a new one and run again.")
    message = f"{server.name} does not take the password of {user}: {reply}."
    hint = "Many providers want a password made for programs (an “app password”), or a token (auth = “oauth”)."
    return _problem("mail-login", message, hint)


def _no_login(server: Smtp, login: Login, offered: list[str]) -> Problem:
    ways = ", ".join(offered) or "none"
    message = f"{server.name} offers no way to sign in with a {_what(login)} (it offers: {ways})."
    return _problem("mail-no-login", message, "Look at user, auth and port in issuer.toml's [mail].")


def _what(login: Login) -> str:
    return "password" if login.auth == "password" else "token"


def _in_the_clear(server: Smtp) -> Problem:
    message = f"The connection to {server.name} is not encrypted, so no password is sent over it."
    return _problem("mail-no-tls", message, 'Set security = "starttls" or "tls" in issuer.toml\'s [mail].')
