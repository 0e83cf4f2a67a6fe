"""Ed25519 keys (RFC 8032): made, kept, named, told to others.

A key is known by its Multikey (W3C Controlled Identifiers 1.0, 2.2.2: multibase base58btc of 0xed01 and the 32 bytes),
in a proof as ``did:web:HOST#z6Mk...``, in a QR code by the first four bytes of the SHA-256 of its 32 bytes, and to
people by that digest's first 100 bits in Crockford base32, in fives of four: its *fingerprint*, printed on paper.

A private key is a PKCS #8 file (RFC 5958), encrypted with a passphrase that the caller has.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit

from msgspec import Struct

from certgen import codes
from certgen.errors import ExitCode, Problem
from certgen.guarded import loose_mode, why, write_new

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_ID = 4  # bytes of a key's id in a QR code
SIGNATURE = 64  # bytes
_MULTICODEC = b"\xed\x01"  # ed25519-pub
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LONGEST_FILE = 10_000  # bytes; a key takes 300


# --- public ----------------------------------------------------------------------------------


class PublicKey:
    """A key that others verify with. ``raw``: its 32 bytes. Equal when they are."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != 32:
            raise ValueError("an Ed25519 public key has 32 bytes")
        self.raw = bytes(raw)

    @classmethod
    def from_multikey(cls, text: str) -> PublicKey:
        """Raises ValueError for anything but an Ed25519 Multikey."""
        data = unbase58(text[1:], 34) if text.startswith("z") else b""
        if data[:2] != _MULTICODEC:
            raise ValueError("not an Ed25519 Multikey")
        return cls(data[2:])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __reduce__(self) -> tuple[type[PublicKey], tuple[bytes]]:
        return PublicKey, (self.raw,)

    @cached_property
    def multikey(self) -> str:
        """ "z6Mk..." """
        return "z" + base58(_MULTICODEC + self.raw)

    @cached_property
    def short(self) -> bytes:
        """Its id in a QR code: 4 bytes. Says which key to try, proves nothing."""
        return sha256(self.raw).digest()[:KEY_ID]

    @cached_property
    def fingerprint(self) -> str:
        """For people to compare: XXXX-XXXX-XXXX-XXXX-XXXX, 100 bits."""
        return codes.grouped(codes.text(sha256(self.raw).digest()[:15])[:20])

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this key's of this message. Never raises for bytes of any kind."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self.raw)


# --- private ---------------------------------------------------------------------------------


class SigningKey:
    """A key that signs. Pickles (its bytes go to the batch's own processes); never printed."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise ValueError("an Ed25519 private key has 32 bytes")
        self._seed = bytes(seed)

    @classmethod
    def new(cls) -> SigningKey:
        """A key that nobody else has."""
        import secrets

        return cls(secrets.token_bytes(32))

    def __reduce__(self) -> tuple[type[SigningKey], tuple[bytes]]:
        return SigningKey, (self._seed,)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.fingerprint})"

    @cached_property
    def public(self) -> PublicKey:
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """64 bytes; the same message gives the same (RFC 8032, 5.1.6)."""
        return self._key.sign(message)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._seed)

    def pkcs8(self, passphrase: bytes | None, *, rounds: int | None = None) -> bytes:
        """PEM; encrypted unless there is no passphrase. ``rounds`` of PBKDF2, where a person chose it: OpenSSL's 2,048,
        as without it, are enough for a random one only."""
        from cryptography.hazmat.primitives import serialization as form

        if passphrase and rounds:
            plain = self._key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
            return _pbes2(plain, passphrase, rounds)
        lock: Any = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
        return self._key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock)


def save_key(
    path: Path, key: SigningKey, passphrase: bytes | None, problems: list[Problem], *, rounds: int | None = None
) -> bool:
    """Writes a new file for its owner only. False, with a Problem, when it cannot: a key is never written over."""
    try:
        write_new(path, key.pkcs8(passphrase, rounds=rounds))
    except FileExistsError:
        message = f"There is a key in {path.name} already, and a key is never written over."
        problems.append(_trouble(path, message, "Give the new key another name, or move the old one away."))
    except OSError as error:
        message = f"The key cannot be written to {path.name} ({why(error)})."
        problems.append(_trouble(path, message, "Make that folder writable."))
    else:
        return True
    return False


_PBES2, _PBKDF2 = bytes.fromhex("06092a864886f70d01050d"), bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA256, _AES_256_CBC = bytes.fromhex("06082a864886f70d02090500"), bytes.fromhex("060960864801650304012a")


def _pbes2(plain: bytes, passphrase: bytes, rounds: int) -> bytes:
    """A PEM of EncryptedPrivateKeyInfo (RFC 5958, 3) by PBES2 (RFC 8018, 6.2), which OpenSSL reads too: cryptography
    writes one with 2,048 rounds only."""
    import secrets

    from cryptography.hazmat.primitives import hashes, padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    salt, start = secrets.token_bytes(16), secrets.token_bytes(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, rounds).derive(passphrase)
    pad, lock = padding.PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    locked = lock.update(pad.update(plain) + pad.finalize()) + lock.finalize()
    count = rounds.to_bytes(rounds.bit_length() // 8 + 1, "big")
    stretch = _der(0x30, _PBKDF2, _der(0x30, _der(4, salt), _der(2, count), _der(0x30, _HMAC_SHA256)))
    cipher = _der(0x30, _AES_256_CBC, _der(4, start))
    data = _der(0x30, _der(0x30, _PBES2, _der(0x30, stretch, cipher)), _der(4, locked))
    text = b64encode(data)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]  # RFC 7468, 2
    head, end = (b"-----%b ENCRYPTED PRIVATE KEY-----" % word for word in (b"BEGIN", b"END"))
    return b"\n".join([head, *lines, end, b""])


def _der(tag: int, *parts: bytes) -> bytes:
    """A tag, a length below 256 and contents (ITU-T X.690, 8.1)."""
    data = b"".join(parts)
    length = bytes([len(data)]) if len(data) < 128 else bytes([0x81, len(data)])
    return bytes([tag]) + length + data


def load_key(path: Path, passphrase: bytes | None, problems: list[Problem]) -> SigningKey | None:
    """The key in a PKCS #8 file; None with a Problem: not there, open to others, locked, damaged, of another kind."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    restore = "Restore it from your backup. certgen never makes another in its place."
    try:
        loose = loose_mode(path)
        with path.open("rb") as file:
            data = file.read(_LONGEST_FILE + 1)
    except OSError as error:
        problems.append(_trouble(path, f"The key {path.name} cannot be read ({why(error)}).", restore))
        return None
    if loose is not None:
        message = f"The key {path.name} may be read by others on this computer (its mode is {loose})."
        hint = (
            f"Run: chmod 600 “{path}”. If others may have copied it, they can sign in your name: report it compromised."
        )
        problems.append(_trouble(path, message, hint))
        return None
    try:
        if len(data) > _LONGEST_FILE:
            raise ValueError
        key = serialization.load_pem_private_key(data, passphrase)
    except TypeError:  # how cryptography says that a passphrase is missing, or is one too many
        words = "needs its passphrase" if passphrase is None else "is not encrypted, though a passphrase was given"
        problems.append(_trouble(path, f"The key {path.name} {words}.", "Its passphrase was chosen when it was made."))
        return None
    except (ValueError, UnsupportedAlgorithm):
        message = f"The key {path.name} cannot be opened: the passphrase is wrong, or the file is damaged."
        problems.append(_trouble(path, message, f"Try the passphrase again. {restore}"))
        return None
    if not isinstance(key, Ed25519PrivateKey):
        message = f"{path.name} holds a key of another kind; certificates are signed with Ed25519."
        problems.append(_trouble(path, message, "Make one with: certgen keys new"))
        return None
    return SigningKey(key.private_bytes_raw())


def _trouble(path: Path, message: str, hint: str) -> Problem:
    return Problem(code="key", message=message, hint=hint, file=str(path), exit_code=ExitCode.REGISTRY)


# --- what others are told of keys ------------------------------------------------------------

KeyState = Literal["active", "retired", "compromised"]


class KeyRecord(Struct, frozen=True):
    """What an academy remembers of a key. ``since``: the day of a state that is not active, for people to read:
    whoever stole a key can write any day of issue. ``made_on`` names the machine."""

    multikey: str
    made: date
    state: KeyState = "active"
    since: date | None = None
    made_on: str = ""

    @property
    def public(self) -> PublicKey:
        return PublicKey.from_multikey(self.multikey)


def did(verify_url: str) -> str:
    """``did:web`` of a verification address (did:web, 3.2): ``https://verify.example.org:8443/acme`` is
    ``did:web:verify.example.org%3A8443:acme``, whose document is ``https://verify.example.org:8443/acme/did.json``; one
    without a path has its document under ``/.well-known``."""
    parts = urlsplit(verify_url)
    host = (parts.hostname or "").encode("idna").decode("ascii")
    port = f"%3A{parts.port}" if parts.port else ""
    path = [quote(piece, safe="-._~%") for piece in parts.path.split("/") if piece]
    return ":".join(["did:web", host + port, *path])


def method(issuer: str, key: PublicKey) -> str:
    """A key's id in proofs: the issuer's DID, "#" and the Multikey."""
    return f"{issuer}#{key.multikey}"


def did_document(issuer: str, keys: Iterable[KeyRecord]) -> dict[str, Any]:
    """The DID document (W3C DID 1.0) of an issuer. Retired keys stay, or every earlier certificate would fail;
    compromised ones leave."""
    good = [key.public for key in keys if key.state != "compromised"]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": issuer,
        "verificationMethod": [
            {
                "id": method(issuer, key),
                "type": "Multikey",
                "controller": issuer,
                "publicKeyMultibase": key.multikey,
            }
            for key in good
        ],
        "assertionMethod": [method(issuer, key) for key in good],
    }


def by_short(keys: Iterable[KeyRecord]) -> Mapping[bytes, tuple[KeyRecord, ...]]:
    """Keys by their id in QR codes; two keys may share one."""
    found: dict[bytes, tuple[KeyRecord, ...]] = {}
    for key in keys:
        short = key.public.short
        found[short] = (*found.get(short, ()), key)
    return found


# --- base58btc (draft-msporny-base58) ----------------------------------------------------------


def base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = _BASE58[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def unbase58(text: str, length: int) -> bytes:
    """Exactly ``length`` bytes. Raises ValueError otherwise, and for text that another spelling would give."""
    number = 0
    if len(text) > length * 2:
        raise ValueError("too long for base58")
    for character in text:
        digit = _BASE58.find(character)
        if digit < 0:
            raise ValueError("not base58")
        number = number * 58 + digit
    if number.bit_length() > length * 8:
        raise ValueError("too long for base58")
    data = number.to_bytes(length, "big")
    if base58(data) != text:
        raise ValueError("not base58 of that length")
    return data
