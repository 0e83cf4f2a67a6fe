"""What goes over the wire: encrypted or not at all, each message whole, and always known how far one came."""

from __future__ import annotations

import base64
import email
import email.policy
import os
import pickle
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from mailbox import Maildir as Mailbox
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import given
from hypothesis import strategies as st

from certgen.errors import CertgenError, ExitCode
from certgen.mail import secrets
from certgen.mail.dialogue import Patience, envelope, stuffed
from certgen.mail.folder import Maildir
from certgen.mail.replies import Reply, answered, hint, lost, meaning
from certgen.mail.secrets import Secret
from certgen.mail.smtp import Login, Security, Smtp
from certgen.mail.transport import Letter
from tests import authority
from tests.authority import HOST, PASSWORD, USER, Authority
from tests.mailfaults.server import FATES, Post
from tests.mailfaults.trials import PATIENCE
from tests.rings import Memory, ring

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
DATA = b"Message-ID: <a@academy.test>\r\nSubject: Hello\r\n\r\nHello\r\n"


def letter(to: str = "ana@people.test", sender: str = USER) -> Letter:
    return Letter(0, "certificate", sender, to, "<a@academy.test>", lambda: DATA)


def to(post: Post, security: Security = "none", login: Login | None = None, **more: Any) -> Smtp:
    return Smtp("127.0.0.1" if security == "none" else HOST, post.port, security, login, patience=PATIENCE, **more)


def one(server: Smtp, *, data: bytes = DATA, ready: Callable[[], None] = lambda: None, **about: str) -> Reply:
    """One message over a connection of its own."""
    line = server.line()
    try:
        return line.deliver(letter(**about), data, ready)
    finally:
        line.rest()


@pytest.fixture(scope="module")
def throwaway(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority.authority(tmp_path_factory.mktemp("authority"))


# --- how far it came -----------------------------------------------------------------------------

ENDS = {
    "take": ("accepted", "end", 250),
    "later-rcpt": ("later", "recipient", 450),
    "later-dot": ("later", "end", 451),
    "grey": ("later", "recipient", 451),
    "never-rcpt": ("never", "recipient", 550),
    "never-dot": ("never", "end", 554),
    "bye": ("later", "recipient", 421),
    "drop-rcpt": ("later", "recipient", 0),
    "drop-data": ("later", "data", 0),
    "drop-kept": ("unknown", "end", 0),
    "drop-lost": ("unknown", "end", 0),
    "hang-rcpt": ("later", "recipient", 0),
    "hang-data": ("later", "data", 0),
    "hang-kept": ("unknown", "end", 0),
    "hang-lost": ("unknown", "end", 0),
    "nonsense": ("unknown", "end", 0),
}


def test_the_table_has_every_fate() -> None:
    assert set(ENDS) == set(FATES)


@pytest.mark.parametrize("fate", ENDS)
def test_whatever_a_server_does_it_is_known_how_far_the_message_came(fate: str) -> None:
    asked: list[int] = []
    with Post(lambda address, turn: fate) as post:
        line = to(post).line()

        def ready() -> None:
            asked.append(len(post.taken))
            post.settle("ana@people.test")

        reply = line.deliver(letter(), DATA, ready)
        assert (reply.kind, reply.where, reply.code) == ENDS[fate]
        assert bool(asked) == (reply.where == "end" or fate == "drop-data")
        assert asked in ([], [0])  # leave is asked before the server can have it
        post.fate = lambda address, turn: "take"
        assert line.deliver(letter(), DATA, lambda: None).kind == "accepted"  # the line mends itself
        line.rest()


def test_a_message_that_gets_no_leave_is_not_delivered(tmp_path: Path) -> None:
    def no() -> None:
        raise KeyError("no leave")

    with Post() as post:
        with pytest.raises(KeyError):
            one(to(post), ready=no)
        assert post.taken == []
    with pytest.raises(KeyError):
        Maildir(tmp_path).line().deliver(letter(), DATA, no)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_message_whose_leave_came_too_late_is_not_sent_and_not_in_doubt() -> None:
    with Post() as post:
        server = Smtp("127.0.0.1", post.port, "none", patience=PATIENCE._replace(block=0.05))
        reply = one(server, ready=lambda: time.sleep(0.1))
        assert (reply.kind, reply.where) == ("later", "data")
        assert post.taken == []


@contextmanager
def script(*says: bytes | float) -> Iterator[int]:
    """A server that says these things one after the other, whatever it hears; numbers are seconds of silence."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                talk, _ = listening.accept()
            except OSError:
                return
            with talk:
                for said in says:
                    if isinstance(said, float):
                        time.sleep(said)
                        continue
                    try:
                        talk.sendall(said)
                        talk.recv(65536)
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
    thread.join(2.0)


EHLO = b"250-mx.academy.test\r\n250-SIZE 1000\r\n250 HELP\r\n"


def test_an_answer_that_drips_in_is_not_waited_for_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            talk, _ = listening.accept()
            with talk:
                for turn in range(200):
                    try:
                        talk.sendall(b"250-x\r\n" if turn % 2 else b"2")
                    except OSError:
                        return
                    time.sleep(0.02)

        threading.Thread(target=serve, daemon=True).start()
        patience = Patience(connection=0.4, command=0.4, block=0.4, end=0.4)
        begun = time.monotonic()
        reply = one(Smtp("127.0.0.1", listening.getsockname()[1], "none", patience=patience))
        assert time.monotonic() - begun < 4.0
        assert (reply.kind, reply.where) == ("later", "connection")


@pytest.mark.parametrize(
    ("says", "where"),
    [
        ([b"220 x\r\n", EHLO, b"250 OK\r\n", b"250 OK\r\n", b"250 Go on\r\n"], "data"),  # not 354
        ([b"220 x\r\n", EHLO, b"354 what?\r\n"], "sender"),
        ([b"220 x\r\n", b"250-" + b"x" * 9000 + b"\r\n250 x\r\n"], "connection"),
        ([b"220 x\r\n", b"250-y\r\n" * 1000], "connection"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "connection"),
        ([b""], "connection"),
    ],
)
def test_what_is_no_smtp_is_no_delivery(says: list[bytes], where: str) -> None:
    with script(*says) as port:
        reply = one(Smtp("127.0.0.1", port, "none", patience=PATIENCE._replace(connection=0.5)))
        assert (reply.kind, reply.where) == ("later", where)


def test_a_server_that_refuses_in_the_middle_of_a_message_is_heard() -> None:
    with script(b"220 x\r\n", EHLO, b"250 OK\r\n", b"250 OK\r\n", b"354 Go\r\n", b"552 5.3.4 Too much\r\n") as port:
        reply = one(Smtp("127.0.0.1", port, "none", patience=PATIENCE), ready=lambda: time.sleep(0.1))
        assert (reply.kind, reply.where, reply.code, reply.enhanced) == ("never", "data", 552, "5.3.4")


# --- one connection ----------------------------------------------------------------------------------


def test_one_connection_carries_many_messages_and_is_opened_again_when_it_is_gone() -> None:
    with Post() as post:
        line = to(post, most=10).line()
        for number in range(25):
            assert line.deliver(letter(), DATA, lambda: None).kind == "accepted"
            if number == 12:
                line.drop()
        line.rest()
        assert len(post.taken) == 25
        assert len(post.sessions) == 4  # 10, 3, 10, 2
        assert post.commands.count("RSET") == 21
        assert post.commands.count("QUIT") == 3
        assert {session.host_name for session in post.sessions} == {"[127.0.0.1]"}


def test_a_refused_message_leaves_nothing_behind_for_the_next_one() -> None:
    with Post(lambda address, turn: "never-dot" if address.startswith("no") else "take") as post:
        line = to(post).line()
        assert line.deliver(letter("no@people.test"), DATA, lambda: None).kind == "never"
        assert line.deliver(letter("ana@people.test"), DATA, lambda: None).kind == "accepted"
        line.rest()
        ((taken, _),) = post.taken
        assert taken.rcpt_tos == ["ana@people.test"]


@given(
    st.lists(st.sampled_from([b".", b"..", b"\r\n", b"\n", b"\r", b"a", b"\r\n.\r\n", b"\n.\n", b"\r.\r"]), max_size=12)
)
def test_a_message_cannot_end_itself(parts: list[bytes]) -> None:
    """Lines end in CRLF and nothing else, and none of them is a dot: there is one end, for every server."""
    sent = stuffed(b"".join(parts))
    assert sent.endswith(b"\r\n")
    lines = sent.split(b"\r\n")
    assert all(b"\r" not in line and b"\n" not in line and line != b"." for line in lines)
    wanted = b"".join(parts).replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    assert [line.removeprefix(b".") if line.startswith(b".") else line for line in lines[:-1]] == wanted


def test_a_message_arrives_as_it_was_made() -> None:
    made = EmailMessage(policy=email.policy.SMTP)
    made["Subject"] = "Tu certificado está aquí"
    made["Message-ID"] = "<a@academy.test>"
    made.set_content("Hola,\n.\n..\n.hidden\nadiós\n")
    made.add_attachment(bytes(range(256)) * 200, maintype="application", subtype="pdf", filename="a.pdf")
    with Post() as post:
        assert one(to(post), data=made.as_bytes()).kind == "accepted"
        ((_, content),) = post.taken
    assert content == made.as_bytes()
    again = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(again, EmailMessage)
    assert next(again.iter_attachments()).get_content() == bytes(range(256)) * 200


# --- addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("ana@faß.example", "ana@xn--fa-hia.example"),  # IDNA 2008; 2003 had "fass"
        ("ana@例え.テスト", "ana@xn--r8jz45g.xn--zckzah"),
        ("josé@people.test", "josé@people.test"),
    ],
)
def test_domains_are_told_in_ascii(address: str, said: str) -> None:
    assert envelope(address) == said


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "@people.test",
        "ana@",
        "a b@people.test",
        "a@b>\r\nRCPT TO:<eve@people.test",
        "a\n@b.test",
        "<a@b.test>",
    ],
)
def test_what_is_no_address_is_told_to_no_server(address: str) -> None:
    with pytest.raises(ValueError):
        envelope(address)
    with Post() as post:
        reply = one(to(post), to=address)
        assert (reply.kind, reply.code) == ("never", 0)
        assert post.heard == []


def test_an_address_beyond_ascii_is_told_only_to_a_server_that_takes_it() -> None:
    data = "To: josé@people.test\r\n\r\nHola\r\n".encode()
    with Post(enable_SMTPUTF8=True) as post:
        assert one(to(post), to="josé@people.test", data=data).kind == "accepted"
        ((taken, content),) = post.taken
        assert taken.rcpt_tos == ["josé@people.test"]
        assert taken.smtp_utf8
        assert content == data
    with Post() as post:
        reply = one(to(post), to="josé@people.test", data=data)
        assert reply.kind == "never"
        assert "SMTPUTF8" in reply.words


def test_eight_bits_are_announced_or_not_sent() -> None:
    data = "Subject: x\r\n\r\nGrüße\r\n".encode()
    with Post() as post:
        assert one(to(post), data=data).kind == "accepted"
        assert "body=8bitmime" in [option.lower() for option in post.taken[0][0].mail_options]
    with script(b"220 x\r\n", EHLO) as port:
        reply = one(Smtp("127.0.0.1", port, "none", patience=PATIENCE), data=data)
        assert (reply.kind, reply.where) == ("never", "data")


def test_what_is_too_large_for_the_server_is_not_sent_at_all() -> None:
    with Post(data_size_limit=5000) as post:
        reply = one(to(post), data=DATA + b"x\r\n" * 3000)
        assert reply.kind == "never"
        assert "MB" in meaning(reply)
        assert post.heard == []


# --- encrypted ---------------------------------------------------------------------------------------


def test_starttls_encrypts_before_anything_is_said(throwaway: Authority) -> None:
    with Post(tls_context=throwaway.serving(), require_starttls=True) as post:
        assert one(to(post, "starttls", context=throwaway.trusted())).kind == "accepted"
        assert post.sessions[-1].ssl is not None


def test_a_server_without_starttls_gets_nothing() -> None:
    with Post() as post:
        with pytest.raises(CertgenError) as caught:
            one(to(post, "starttls"))
        assert caught.value.problems[0].code == "mail-no-tls"
        assert caught.value.exit_code == ExitCode.DELIVERY
        assert post.heard == []


def test_somebody_on_the_way_who_takes_starttls_out_gets_nothing(throwaway: Authority) -> None:
    """Also where he refuses the command, or answers ahead of the encryption (CVE-2011-0411)."""
    offer = b"250-x\r\n250 STARTTLS\r\n"
    for says in ([b"220 x\r\n", offer, b"502 no\r\n"], [b"220 x\r\n", offer, b"220 go\r\n250-x\r\n250 AUTH PLAIN\r\n"]):
        with script(*says) as port:
            server = Smtp(HOST, port, "starttls", context=throwaway.trusted(), patience=PATIENCE)
            try:
                reply = one(server)
            except CertgenError as error:
                assert error.problems[0].code == "mail-turned-away"
            else:
                assert (reply.kind, reply.where) == ("later", "connection")


def test_words_put_before_the_encryption_are_not_taken_for_the_servers(throwaway: Authority) -> None:
    """Somebody on the way adds an answer to that of STARTTLS; the server behind is the right one (CVE-2011-0411)."""
    heard: list[bytes] = []

    def serve(talk: socket.socket) -> None:
        for said in (b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n250-evil\r\n250 x\r\n"):
            talk.sendall(said)
            if b"go" not in said:
                talk.recv(65536)
        with throwaway.serving().wrap_socket(talk, server_side=True) as safe:
            while came := safe.recv(65536):
                heard.append(came)
                safe.sendall(b"354 go\r\n" if came.startswith(b"DATA") else b"250 x\r\n")

    def once() -> None:
        talk, _ = listening.accept()
        with talk, suppress(OSError):
            serve(talk)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=once, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        reply = one(Smtp(HOST, port, "starttls", context=throwaway.trusted(), patience=PATIENCE))
        thread.join(5.0)
    assert (reply.kind, reply.where) == ("later", "connection")
    assert heard == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_good_stops_everything(
    throwaway: Authority, tmp_path: Path, security: Security
) -> None:
    stranger = authority.authority(tmp_path / "stranger")
    other_name = authority.authority(tmp_path / "other", "mx.elsewhere.test")
    for made, context in (
        (stranger, throwaway.trusted()),  # of an unknown authority
        (other_name, other_name.trusted()),  # for another server
        (throwaway, None),  # as certgen comes
    ):
        with _serving(made, security) as post, pytest.raises(CertgenError) as caught:
            one(to(post, security, context=context))
        assert caught.value.problems[0].code == "mail-certificate"
        assert post.heard == []


@contextmanager
def _serving(made: Authority, security: Security) -> Iterator[Post]:
    context = made.serving()
    with Post(tls_context=context, require_starttls=True) if security == "starttls" else Post(tls=context) as post:
        yield post


def test_tls_from_the_start(throwaway: Authority) -> None:
    with Post(tls=throwaway.serving()) as post:
        assert one(to(post, "tls", context=throwaway.trusted())).kind == "accepted"


def test_tls_on_a_port_without_it_is_told_in_words() -> None:
    with Post() as post:
        with pytest.raises(CertgenError) as caught:
            one(to(post, "tls"))
        assert caught.value.problems[0].code == "mail-no-tls"
        assert "starttls" in caught.value.problems[0].hint


def test_a_server_that_is_not_there_is_asked_again_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    reply = one(Smtp("127.0.0.1", port, "none", patience=PATIENCE))
    assert (reply.kind, reply.where, reply.of_server) == ("later", "connection", True)
    reply = one(Smtp("nowhere.invalid", 25, "none", patience=PATIENCE))
    assert "nowhere.invalid" in reply.words


# --- signing in --------------------------------------------------------------------------------------

TOKEN = "ya29.token-of-the-academy"


class Account:
    """One who may sign in, and the bytes that came."""

    def __init__(self) -> None:
        self.came: list[str] = []

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.came.append(mechanism)
        good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=good, handled=False)


class Oauth(Account):
    """XOAUTH2 as Google and Microsoft have it: a wrong token is told in JSON before it is refused."""

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        said = base64.b64decode(args[1]).decode()
        self.came.append(said)
        if said == f"user={USER}\1auth=Bearer {TOKEN}\1\1":
            return AuthResult(success=True, auth_data=USER)
        answer = await server.challenge_auth(base64.b64encode(b'{"status":"400"}'), encode_to_b64=False)
        assert answer == b""
        return AuthResult(success=False, handled=False)


def signing_in(account: Account, throwaway: Authority, **more: Any) -> Post:
    return Post(hooks=account, authenticator=account, tls_context=throwaway.serving(), auth_required=True, **more)


@pytest.mark.parametrize("left_out", [["LOGIN"], ["PLAIN"]])
def test_a_password_signs_in_by_what_the_server_offers(throwaway: Authority, left_out: list[str]) -> None:
    account = Account()
    login = Login(USER, "password", Secret(PASSWORD))
    with signing_in(account, throwaway, auth_exclude_mechanism=[*left_out, "XOAUTH2"]) as post:
        assert one(to(post, "starttls", login, context=throwaway.trusted())).kind == "accepted"
    assert account.came == ["PLAIN" if left_out == ["LOGIN"] else "LOGIN"]


def test_a_token_signs_in_by_xoauth2(throwaway: Authority) -> None:
    account = Oauth()
    with signing_in(account, throwaway) as post:
        assert (
            one(to(post, "starttls", Login(USER, "oauth", Secret(TOKEN)), context=throwaway.trusted())).kind
            == "accepted"
        )


def test_a_wrong_password_or_token_stops_everything_and_stands_in_no_message(throwaway: Authority) -> None:
    wrong = "-".join(["wrong", "Secret", "1"])
    for login in (Login(USER, "password", Secret(wrong)), Login(USER, "oauth", Secret(wrong))):
        with signing_in(Oauth(), throwaway) as post:
            with pytest.raises(CertgenError) as caught:
                one(to(post, "starttls", login, context=throwaway.trusted()))
            (problem,) = caught.value.problems
            assert problem.code == "mail-login"
            assert USER in problem.message
            ours = [
                frame.f_locals for frame, _ in traceback.walk_tb(caught.tb) if "certgen" in frame.f_code.co_filename
            ]
            told = f"{problem} {[list(map(repr, values.values())) for values in ours[1:]]}"
            assert ours[1:]
            for secret in (wrong, _packed(wrong)):
                assert secret not in told
            assert post.heard == []


def _packed(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()[:-4]


def test_no_password_goes_over_an_open_connection() -> None:
    with Post(authenticator=Account(), auth_require_tls=False) as post:
        server = Smtp("mail.academy.test", post.port, "none", Login(USER, "password", Secret(PASSWORD)))
        with pytest.raises(CertgenError) as caught:
            one(server)
        assert caught.value.problems[0].code == "mail-no-tls"
        assert post.sessions == []


def test_a_server_that_knows_no_way_to_sign_in_is_told(throwaway: Authority) -> None:
    with Post(tls_context=throwaway.serving(), auth_exclude_mechanism=["PLAIN", "LOGIN"]) as post:
        with pytest.raises(CertgenError) as caught:
            one(to(post, "starttls", Login(USER, "password", Secret(PASSWORD)), context=throwaway.trusted()))
        assert caught.value.problems[0].code == "mail-no-login"


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("hidden words")
    assert secret.reveal() == "hidden words"
    for shown in (repr(secret), str(secret), f"{secret}", repr(Login(USER, "password", secret)), repr([secret])):
        assert "hidden" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_the_secret_comes_from_the_environment_or_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(question: str) -> str | None:
        asked.append(question)
        return "typed"

    monkeypatch.delenv(secrets.PASSWORD, raising=False)
    monkeypatch.delenv(secrets.TOKEN, raising=False)
    assert secrets.found("mx.test", USER, "password", None) is None
    typed = secrets.found("mx.test", USER, "password", ask)
    assert typed is not None
    assert typed.reveal() == "typed"
    assert asked == [f"Password of {USER} at mx.test"]
    monkeypatch.setenv(secrets.PASSWORD, " with spaces ")
    monkeypatch.setenv(secrets.TOKEN, f"{TOKEN}\n")
    for auth, wanted in (("password", " with spaces "), ("oauth", TOKEN)):
        found = secrets.found("mx.test", USER, auth, ask)  # type: ignore[arg-type]
        assert found is not None
        assert found.reveal() == wanted
    assert len(asked) == 1


def test_a_keyring_keeps_the_secret_of_one_user_at_one_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(secrets.PASSWORD, raising=False)
    memory = Memory()
    with ring(memory):
        assert secrets.store("mx.test", USER, Secret(PASSWORD))
        assert memory.held == {("certgen-mail:mx.test", USER): PASSWORD}
        kept = secrets.found("mx.test", USER, "password", None)
        assert kept is not None
        assert kept.reveal() == PASSWORD
        assert secrets.found("other.test", USER, "password", None) is None
        secrets.forget("mx.test", USER)
        assert memory.held == {}
    assert not secrets.store("mx.test", USER, Secret(PASSWORD))  # no keyring, and nothing pretends


# --- a folder ----------------------------------------------------------------------------------------


def test_a_maildir_has_whole_messages_for_its_owner_only(tmp_path: Path) -> None:
    line = Maildir(tmp_path / "out" / "box").line()
    for number in range(3):
        data = DATA + b"%d\r\n" % number
        assert line.deliver(letter(), data, lambda: None).kind == "accepted"
    box = Mailbox(tmp_path / "out" / "box", create=False)
    assert sorted(message.get_payload() for message in box) == [f"Hello\n{number}\n" for number in range(3)]
    assert {message["Message-ID"] for message in box} == {"<a@academy.test>"}
    assert list((tmp_path / "out" / "box" / "tmp").iterdir()) == []
    names = [path.name for path in (tmp_path / "out" / "box" / "new").iterdir()]
    assert not any(socket.gethostname() in name for name in names)
    if os.name == "posix":
        assert {path.stat().st_mode & 0o077 for path in (tmp_path / "out" / "box").rglob("*")} == {0}


def test_a_maildir_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CertgenError):
        Maildir(tmp_path / "file").line().deliver(letter(), DATA, lambda: None)


# --- replies -----------------------------------------------------------------------------------------


def test_a_reply_of_several_lines_is_one_sentence_with_its_codes() -> None:
    reply = answered(550, b"5.1.1 The account ana does not exist.\n5.1.1 Look for\ttypos\x1b[31m!", "recipient")
    assert reply == Reply("never", "recipient", 550, "5.1.1", "The account ana does not exist. Look for typos [31m!")
    assert str(reply) == "550 5.1.1 The account ana does not exist. Look for typos [31m!"
    assert meaning(reply) == "There is no such address."


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("4.7.1 Greylisted, please try again in 300 seconds", 300),
        ("Greylisting in action, please come back in 00:04:32", 272),
        ("4.2.0 Greylisted for 5 minutes, see postgrey", 300),
        ("retry in 10s", 30),
        ("Come back in 2 hours", 3600),
        ("4.3.2 Too many connections from 192.0.2.1", None),
        ("4.7.0 Try again later, closing connection (EHLO) 12-20020a", None),
        ("wait 5 doors down", None),
    ],
)
def test_a_servers_hint_is_taken_within_bounds(said: str, seconds: int | None) -> None:
    assert hint(answered(451, said, "recipient")) == seconds


def test_every_reply_has_a_meaning_in_plain_words() -> None:
    for code in (421, 450, 451, 452, 500, 550, 551, 552, 553, 554):
        for enhanced in ("", "5.1.1 ", "5.2.2 ", "4.7.1 ", "5.7.1 ", "5.7.26 ", "5.9.9 "):
            said = meaning(answered(code, f"{enhanced}whatever", "recipient"))
            assert said.endswith(".")
            assert "whatever" not in said
    assert meaning(lost("end", "x")).startswith("It may have arrived")


# --- a real server -----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="exim takes another configuration from root only")
def test_exim_takes_messages_over_starttls_and_tls_and_delivers_them_whole(
    throwaway: Authority, tool: Callable[[str], str]
) -> None:
    program = tool("exim4")
    login = Login(USER, "password", Secret(PASSWORD))
    made = EmailMessage(policy=email.policy.SMTP)
    made["Subject"], made["Message-ID"] = "Tu certificado", "<a@academy.test>"
    made.set_content("Hola.\n.\n.adiós\n")
    made.add_attachment(bytes(range(256)) * 2000, maintype="application", subtype="pdf", filename="a.pdf")
    with authority.exim(program, throwaway) as exim:
        ports: tuple[tuple[int, Security], ...] = ((exim.port, "starttls"), (exim.tls_port, "tls"))
        for port, security in ports:
            server = Smtp(HOST, port, security, login, context=throwaway.trusted())
            line = server.line()
            ends = {}
            for name in ("ana", "nobody", "later", "josé", "eva@bücher.test"):
                address = name if "@" in name else f"{name}@people.test"
                ends[name] = line.deliver(letter(address), made.as_bytes(), lambda: None)
            line.rest()
            assert [reply.kind for reply in ends.values()] == ["accepted", "never", "later", "accepted", "accepted"]
            assert (ends["nobody"].enhanced, ends["later"].enhanced) == ("5.1.1", "4.7.1")
            assert hint(ends["later"]) == 300
            sender = line.deliver(letter(sender="eve@academy.test"), made.as_bytes(), lambda: None)
            assert (sender.kind, sender.enhanced) == ("never", "5.7.1")
            line.rest()
            with pytest.raises(CertgenError) as caught:
                wrong = Login(USER, "password", Secret("wrong"))
                one(Smtp(HOST, port, security, wrong, context=throwaway.trusted()))
            assert caught.value.problems[0].code == "mail-login"
        arrived = exim.mail(6)
    assert len(arrived) == 6
    for each in arrived:
        message = email.message_from_bytes(each.as_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert message["Subject"] == "Tu certificado"
        body = message.get_body()
        assert body is not None
        assert body.get_content() == "Hola.\n.\n.adiós\n"
        assert next(message.iter_attachments()).get_content() == bytes(range(256)) * 2000
