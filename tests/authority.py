"""A certificate authority for one test, and an exim that uses it."""

from __future__ import annotations

import ipaddress
import mailbox
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "localhost"
USER, PASSWORD = "certificates@academy.test", "vier kleine Wörter"


class Authority(NamedTuple):
    """Files: of the authority's certificate, of a server's, and of that server's key."""

    ca: Path
    certificate: Path
    key: Path

    def trusted(self) -> ssl.SSLContext:
        """What a client that trusts it uses."""
        return ssl.create_default_context(cafile=str(self.ca))

    def serving(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def authority(folder: Path, host: str = HOST) -> Authority:
    """A new authority, and a server's certificate that it signed for ``host``."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throwaway CA")])
    now = datetime.now(UTC)

    def begun(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(ca_name).public_key(public)
        made = made.serial_number(x509.random_serial_number())
        return made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))

    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    ca = (
        begun(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == HOST:
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    leaf = (
        begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    made = Authority(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    made.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return made


# --- exim ------------------------------------------------------------------------------------

_CONFIGURATION = """
primary_hostname = mx.academy.test
spool_directory = {folder}/spool
log_file_path = {folder}/log-%slog
pid_file_path = {folder}/pid
exim_user = {user}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
tls_certificate = {authority.certificate}
tls_privatekey = {authority.key}
tls_advertise_hosts = *
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
smtputf8_advertise_hosts = *
accept_8bitmime = true
message_size_limit = 2M
smtp_accept_queue_per_connection = 0
rfc1413_query_timeout = 0s
host_lookup =
keep_environment =
acl_smtp_mail = check_mail
acl_smtp_rcpt = check_rcpt
domainlist ours = people.test : xn--bcher-kva.test

begin acl
check_mail:
  deny    senders = !certificates@academy.test
          message = 5.7.1 Sender is not yours
  accept
check_rcpt:
  deny    !authenticated = *
          message = 5.7.0 Authentication required
  deny    local_parts = nobody
          message = 5.1.1 No such user here
  defer   local_parts = later
          message = 4.7.1 Greylisted, try again in 300 seconds
  accept  domains = +ours
  deny    message = 5.7.1 Relay access denied

begin routers
everybody:
  driver = accept
  transport = folder

begin transports
folder:
  driver = appendfile
  maildir_format
  create_directory
  directory = {folder}/mail
  envelope_to_add
  return_path_add
  user = {user}

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if and{{{{eq{{$auth2}}{{{name}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{name}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
"""


class Exim(NamedTuple):
    """A running server: port with STARTTLS, port with TLS from the start, and its folder."""

    port: int
    tls_port: int
    folder: Path

    def mail(self, count: int, patience: float = 10.0) -> list[mailbox.MaildirMessage]:
        """What came, when so many messages are there or the patience is over; ``Envelope-to`` says for whom."""
        until = time.monotonic() + patience
        new = self.folder / "mail" / "new"
        while (not new.is_dir() or len(list(new.iterdir())) < count) and time.monotonic() < until:
            time.sleep(0.05)
        return list(mailbox.Maildir(new.parent)) if new.is_dir() else []


@contextmanager
def exim(program: str, made: Authority) -> Iterator[Exim]:
    """A server of its own, with everything in a folder that is gone afterwards. Root's only: exim gives up what root
    may and goes on as a user of its own, who must be able to enter."""
    with tempfile.TemporaryDirectory(prefix="exim-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        server = Exim(_free_port(), _free_port(), folder)
        mine = Authority(*(Path(shutil.copy(path, folder)) for path in made))
        (folder / "spool").mkdir()
        for path in (folder, folder / "spool", mine.key):
            shutil.chown(path, "Debian-exim")
        values = {"user": "Debian-exim", "authority": mine, "name": USER, "password": PASSWORD, **server._asdict()}
        configuration = folder / "exim.conf"
        configuration.write_text(_CONFIGURATION.format(**values), encoding="utf-8")
        log = (folder / "said").open("wb")
        with log, subprocess.Popen([program, "-C", str(configuration), "-bdf"], stdout=log, stderr=log) as process:
            try:
                _listening(process, server)
                yield server
            finally:
                process.terminate()
                process.wait()
                time.sleep(0.1)  # who delivers may not have ended


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
        return number


def _listening(process: subprocess.Popen[bytes], server: Exim) -> None:
    for _ in range(100):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", server.tls_port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    files = [server.folder / "said", *server.folder.glob("log-*")]
    said = "".join(path.read_text(errors="replace") for path in files)
    raise RuntimeError(f"exim does not run: {said}")
