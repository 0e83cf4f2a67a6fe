"""The PDF signed itself: other programs agree, it stays archival and accessible, and what goes wrong has words."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import judges
import pytest
from builders import Make
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.pades import Signer

pytest.importorskip("pyhanko", reason="pip install certgen[pades]")

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
NOW = datetime.now(UTC)
WORD = b"correct horse"


@lru_cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate(
    key: Any, name: str = "Meridian Training Centre", *, signs: bool = True, days: int = 900, stamps: bool = False
) -> x509.Certificate:
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(signs, signs, not signs, False, False, False, False, False, False)
    made = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(5)
    made = made.not_valid_before(NOW - timedelta(1000)).not_valid_after(NOW + timedelta(days))
    made = made.add_extension(usage, critical=True)
    if stamps:
        stamping = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.TIME_STAMPING])
        made = made.add_extension(stamping, critical=True)
    return made.sign(key, hashes.SHA256())


def p12(folder: Path, key: Any = None, **said: Any) -> Path:
    key = key or rsa_key()
    lock = serialization.BestAvailableEncryption(WORD)
    path = folder / "seal.p12"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", key, certificate(key, **said), None, lock))
    return path


def signer(folder: Path, *, url: str | None = None, **said: Any) -> Signer:
    problems: list[Problem] = []
    found = Signer.load(p12(folder, **said), WORD, problems, url)
    assert found is not None and not problems, problems
    return found


@lru_cache
def pdf() -> bytes:
    return Make().pdf("Ana Díaz")


def pdfsig(data: bytes) -> str:
    done = judges._run("pdfsig", "-nocert", "FILE", data=data)
    return done.stdout.decode(errors="replace")


# --- what comes out --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rsa", "elliptic"])
def test_poppler_finds_a_valid_signature_of_the_whole_file(kind: str, tmp_path: Path) -> None:
    key = rsa_key() if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    said = pdfsig(signer(tmp_path, key=key).sign(pdf(), AT))
    assert "Signature is Valid" in said and "Total document signed" in said
    assert "ETSI.CAdES.detached" in said and "Meridian Training Centre" in said
    assert "Apr 10 2026" in said


def test_it_stays_pdf_a_and_pdf_ua(tmp_path: Path) -> None:
    signed = signer(tmp_path).sign(pdf(), AT)
    judges.sound(signed)
    judges.conforms(signed)


def test_verapdf_agrees_that_it_stays_pdf_a_and_pdf_ua(tmp_path: Path) -> None:
    from test_verapdf import PROFILES, verapdf

    file = tmp_path / "signed.pdf"
    file.write_bytes(signer(tmp_path).sign(pdf(), AT))
    found = verapdf(file)["signed.pdf"]
    assert found.keys() == PROFILES and not any(found.values()), found


def test_what_was_there_stays_byte_for_byte_and_the_page_looks_the_same(tmp_path: Path) -> None:
    signed = signer(tmp_path).sign(pdf(), AT)
    assert signed.startswith(pdf())
    assert judges.picture(signed).tobytes() == judges.picture(pdf()).tobytes()
    assert judges.pdfium_text(signed) == judges.pdfium_text(pdf())


def test_a_byte_changed_afterwards_is_found(tmp_path: Path) -> None:
    signed = bytearray(signer(tmp_path).sign(pdf(), AT))
    at = signed.index(b"Ana D") if b"Ana D" in signed else 2000
    signed[at] ^= 1
    assert "Signature is Valid" not in pdfsig(bytes(signed))


def test_the_same_file_at_the_same_time_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    first = signer(tmp_path)
    signed = first.sign(pdf(), AT)
    assert first.sign(pdf(), AT) == signed
    assert pickle.loads(pickle.dumps(first)).sign(pdf(), AT) == signed
    assert first.sign(pdf(), AT + timedelta(days=1)) != signed


def test_the_signature_is_of_the_baseline_profile(tmp_path: Path) -> None:
    """EN 319 142-1, 6.3: the certificate is among the signed attributes, the time is in /M and not in them."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    found = PdfFileReader(io.BytesIO(signer(tmp_path).sign(pdf(), AT))).embedded_signatures[0]
    signed = {attribute["type"].native for attribute in found.signer_info["signed_attrs"]}
    assert "signing_certificate_v2" in signed and "signing_time" not in signed
    assert found.sig_object["/M"] == "D:20260410120000Z" or str(found.sig_object["/M"]).startswith("D:20260410120000")
    assert found.signer_info["unsigned_attrs"].native is None


# --- time stamps -----------------------------------------------------------------------------


@contextmanager
def stamp_server(answer: bytes | None = None) -> Iterator[str]:
    """A time stamp server on this computer; with ``answer``, one that says only that."""
    from asn1crypto import keys, tsp
    from asn1crypto import x509 as asn1_x509
    from pyhanko.sign.timestamps import DummyTimeStamper

    key = rsa_key()
    own = certificate(key, "Stamps", stamps=True).public_bytes(serialization.Encoding.DER)
    pkcs8 = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    stamper = DummyTimeStamper(asn1_x509.Certificate.load(own), keys.PrivateKeyInfo.load(pkcs8), fixed_dt=AT)

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            said = answer if answer is not None else stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
        server.shutdown()


def test_a_named_server_stamps_the_time(tmp_path: Path) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    with stamp_server() as url:
        signed = signer(tmp_path, url=url).sign(pdf(), AT)
    found = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0]
    kinds = [attribute["type"].native for attribute in found.signer_info["unsigned_attrs"]]
    assert kinds == ["signature_time_stamp_token"]
    token = found.signer_info["unsigned_attrs"][0]["values"][0]
    assert token["content"]["encap_content_info"]["content"].parsed["gen_time"].native == AT
    assert "Signature is Valid" in pdfsig(signed)
    judges.conforms(signed)


@pytest.mark.parametrize("answer", [b"", b"\x30\x03\x02\x01\x00", b"<html>busy</html>", b"x" * 300_000, None])
def test_a_server_that_fails_is_named(answer: bytes | None, tmp_path: Path) -> None:
    if answer is None:  # nobody listens there
        with stamp_server() as url:
            pass
        with pytest.raises(CertgenError) as failed:
            signer(tmp_path, url=url).sign(pdf(), AT)
    else:
        with stamp_server(answer) as url, pytest.raises(CertgenError) as failed:
            signer(tmp_path, url=url).sign(pdf(), AT)
    assert "time stamp server" in failed.value.problems[0].message and url in failed.value.problems[0].message


# --- what goes wrong -------------------------------------------------------------------------


def refused(path: Path, word: bytes | None = WORD) -> Problem:
    problems: list[Problem] = []
    assert Signer.load(path, word, problems) is None
    (problem,) = problems
    assert problem.exit_code is ExitCode.USAGE and problem.hint
    return problem


def test_each_thing_that_ails_the_file_has_its_words(tmp_path: Path) -> None:
    assert "passphrase is wrong" in refused(p12(tmp_path), b"wrong").message
    assert "needs its passphrase" in refused(p12(tmp_path), None).message
    assert "cannot be read" in refused(tmp_path / "none.p12").message
    (tmp_path / "other.p12").write_bytes(b"no such thing")
    assert "no PKCS #12 file" in refused(tmp_path / "other.p12").message
    assert "was valid until" in refused(p12(tmp_path, days=-1)).message
    assert "not meant for signing" in refused(p12(tmp_path, signs=False)).message


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    only = pkcs12.serialize_key_and_certificates(
        b"x", None, None, [certificate(rsa_key())], serialization.BestAvailableEncryption(WORD)
    )
    (tmp_path / "only.p12").write_bytes(only)
    assert "no PKCS #12 file with a key" in refused(tmp_path / "only.p12").message


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = p12(tmp_path)
    for name in [name for name in sys.modules if name.startswith("pyhanko")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyhanko", None)
    problem = refused(path)
    assert "pip install certgen[pades]" in problem.hint and "pyHanko" in problem.message


def test_what_is_no_pdf_is_not_signed(tmp_path: Path) -> None:
    with pytest.raises(CertgenError, match="could not be signed"):
        signer(tmp_path).sign(b"%PDF-1.7 nonsense", AT)


def test_nothing_secret_is_shown(tmp_path: Path) -> None:
    assert WORD.decode() not in repr(signer(tmp_path)) and "Meridian" in repr(signer(tmp_path))


def test_the_module_is_light_before_it_is_used() -> None:
    code = "import sys, certgen.pades; assert not any(m.startswith('pyhanko') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
