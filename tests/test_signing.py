"""Keys: RFC 8032's own vectors, files that only their owner reads, and names that other software knows."""

from __future__ import annotations

import os
import pickle
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.errors import Problem
from certgen.signing import (
    KeyRecord,
    PublicKey,
    SigningKey,
    base58,
    by_short,
    did,
    did_document,
    load_key,
    method,
    save_key,
    unbase58,
)

# RFC 8032, 7.1: seed, public key, message, signature
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]
# W3C Data Integrity EdDSA Cryptosuites 1.0, appendix B: the key pair of its test vectors
PUBLISHED = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS, ids=["empty", "one byte"])
def test_signatures_are_those_of_the_standard(seed: str, public: str, message: str, signature: str) -> None:
    key = SigningKey(bytes.fromhex(seed))
    assert key.public.raw.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert key.public.verify(bytes.fromhex(signature), bytes.fromhex(message))
    assert not key.public.verify(bytes.fromhex(signature), bytes.fromhex(message) + b"!")
    assert (
        not key.public.verify(b"", b"")
        and not key.public.verify(bytes(64), b"")
        and not key.public.verify(bytes(65), b"")
    )


def test_multikeys_are_read_and_written() -> None:
    key = PublicKey.from_multikey(PUBLISHED)
    assert key.multikey == PUBLISHED and len(key.raw) == 32
    for bad in ("", "z", PUBLISHED[1:], PUBLISHED + "1", "z1" + PUBLISHED[1:], PUBLISHED[:-1] + "0", "z" * 500):
        with pytest.raises(ValueError):
            PublicKey.from_multikey(bad)


@given(st.binary(max_size=40))
def test_base58_there_and_back(data: bytes) -> None:
    assert unbase58(base58(data), len(data)) == data


def test_fingerprints_are_short_and_of_the_key() -> None:
    key = PublicKey.from_multikey(PUBLISHED)
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    bits = int.from_bytes(sha256(key.raw).digest(), "big") >> 156  # the first 100
    letters = "".join(alphabet[bits >> 5 * (19 - i) & 31] for i in range(20))
    assert key.fingerprint.replace("-", "") == letters
    assert [len(group) for group in key.fingerprint.split("-")] == [4] * 5
    assert key.short == sha256(key.raw).digest()[:4]


# --- files -----------------------------------------------------------------------------------


def told(problems: list[Problem]) -> str:
    (problem,) = problems
    assert problem.hint
    return problem.message


def test_a_key_is_kept_and_found_again(tmp_path: Path) -> None:
    problems: list[Problem] = []
    key, path = SigningKey.new(), tmp_path / "academy.key"
    assert save_key(path, key, b"correct horse", problems) and not problems
    assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert "academy.key" in (tmp_path / ".gitignore").read_text(encoding="utf-8").splitlines()
    found = load_key(path, b"correct horse", problems)
    assert found is not None and found.public == key.public and not problems
    assert not save_key(path, SigningKey.new(), b"x", problems) and "never written over" in told(problems)
    assert load_key(path, b"correct horse", []).public == key.public  # type: ignore[union-attr]


def test_openssl_reads_the_file(tmp_path: Path) -> None:
    import shutil
    import subprocess

    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is missing: install openssl")
    key = SigningKey.new()
    save_key(tmp_path / "k", key, b"secret words", [])
    command = [
        program,
        "pkey",
        "-in",
        str(tmp_path / "k"),
        "-passin",
        "pass:secret words",
        "-pubout",
        "-outform",
        "DER",
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(key.public.raw)


def test_what_is_wrong_with_a_key_file_is_told(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    def problem_of(data: bytes | None, passphrase: bytes | None) -> str:
        path = tmp_path / "k"
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)
            path.chmod(0o600)
        problems: list[Problem] = []
        assert load_key(path, passphrase, problems) is None
        return told(problems)

    locked, free = SigningKey.new().pkcs8(b"right"), SigningKey.new().pkcs8(None)
    other = generate_private_key(SECP256R1()).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    assert "cannot be read" in problem_of(None, None)
    assert "needs its passphrase" in problem_of(locked, None)
    assert "passphrase is wrong" in problem_of(locked, b"wrong")
    assert "not encrypted" in problem_of(free, b"right")
    assert "damaged" in problem_of(locked[:100], b"right")
    assert "damaged" in problem_of(b"\0" * 20_000, None)
    assert "another kind" in problem_of(other, None)


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX systems")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "k"
    save_key(path, SigningKey.new(), None, [])
    path.chmod(mode)
    problems: list[Problem] = []
    assert load_key(path, None, problems) is None
    assert f"{mode:04o}" in told(problems) and "chmod 600" in problems[0].hint


def test_a_key_is_never_shown_and_travels_to_processes() -> None:
    key = SigningKey(bytes(32))
    assert bytes(32).hex() not in repr(key) and key.public.fingerprint in repr(key)
    assert pickle.loads(pickle.dumps(key)).public == key.public
    assert pickle.loads(pickle.dumps(key.public)) == key.public


# --- did:web ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [  # did:web Method Specification, 3.2
        ("https://w3c-ccg.github.io", "did:web:w3c-ccg.github.io"),
        ("https://w3c-ccg.github.io/user/alice", "did:web:w3c-ccg.github.io:user:alice"),
        ("https://example.com:3000/user/alice", "did:web:example.com%3A3000:user:alice"),
        ("https://Verify.Example.org/", "did:web:verify.example.org"),
        ("https://bücher.example", "did:web:xn--bcher-kva.example"),  # RFC 5891 applied to the usual example
    ],
)
def test_did_web_names(url: str, expected: str) -> None:
    assert did(url) == expected


def test_the_did_document_keeps_retired_keys_and_drops_compromised_ones() -> None:
    keys = [SigningKey(bytes([i]) * 32).public for i in range(3)]
    day = date(2026, 1, 1)
    active, retired, stolen = (
        KeyRecord(key.multikey, day, state)
        for key, state in zip(keys, ("active", "retired", "compromised"), strict=True)  # type: ignore[arg-type]
    )
    document = did_document("did:web:example.org", [active, retired, stolen])
    ids = [method("did:web:example.org", key) for key in keys[:2]]
    assert [entry["id"] for entry in document["verificationMethod"]] == ids == document["assertionMethod"]
    assert {entry["controller"] for entry in document["verificationMethod"]} == {document["id"]}
    assert stolen.multikey not in str(document)
    assert by_short([active, retired])[keys[1].short] == (retired,)
