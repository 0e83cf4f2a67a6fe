"""What the site holds for those who have a certificate and nobody else: sealed with the certificate's own code.

* A *blob* for each code, so that a code typed by hand leads to the payload of the QR code. Its place and its key both
  derive from the code: the host can neither list whose certificates it holds nor read one.
* A *notice* for each cancelled certificate: why it was revoked, or which code replaced it. Notices of a status list
  stand in one file, signed with the academy's key.
* After a key was stolen, the *honest list* of payloads that the academy itself had signed with it.

Sealed is AES-256-GCM (NIST SP 800-38D) under a key of HKDF-SHA-256 (RFC 5869). The nonce stands in front. It is the
HMAC of what is sealed, so that the same gives the same bytes and one key never seals two texts under one nonce. The
formats stand in docs/proofs.md, with test vectors.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from certgen.canonical import jcs
from certgen.codes import bits
from certgen.payload import ALPHABET, LIST_LENGTH
from certgen.signing import SIGNATURE, KeyRecord, PublicKey, SigningKey

BLOB = 384  # bytes that are sealed for a code: a payload and spaces, so that all blobs are of one size
NOTICE = 128  # a notice is filled up with spaces to a multiple of so many bytes
LONGEST_REASON = 300  # characters
LARGEST = 16_000_000  # bytes of a list that is read: an honest list of 200,000 certificates
_NONCE, _TAG = 12, 16


# --- a blob for each code --------------------------------------------------------------------


def place_of(code: str) -> str:
    """Where a code's blob lies on the site: ``codes/`` and 32 hex digits, the first two a folder's."""
    name = _blob_key(code)[:16].hex()
    return f"codes/{name[:2]}/{name[2:]}"


def seal(code: str, payload: str) -> bytes:
    """A code's blob: the payload that its QR code holds. Raises ValueError for what is no payload."""
    if not payload or len(payload) > BLOB or not set(payload) <= set(ALPHABET):
        raise ValueError("not a payload")
    return _sealed(_blob_key(code)[16:], payload.encode("ascii").ljust(BLOB))


def open_(code: str, data: bytes) -> str | None:
    """The payload in a blob; None for another code's, or an altered one. Never raises for bytes of any kind. Who wrote
    the payload is told by its own signature."""
    if len(data) != _NONCE + BLOB + _TAG:
        return None
    plain = _opened(_blob_key(code)[16:], data)
    text = "" if plain is None else plain.decode("ascii", "replace").rstrip(" ")
    return text if text and set(text) <= set(ALPHABET) else None


def _blob_key(code: str) -> bytes:
    return _hkdf(bits(code), b"certgen-code-blob-1", b"", 48)


# --- notices ---------------------------------------------------------------------------------


class Notice(Struct, frozen=True):
    """Why a certificate does not hold any more: the public reason, or the code of the one in its place, or both."""

    reason: str | None = None
    replaced_by: str | None = None


def notice(code: str, entry: int, issued: date, says: Notice) -> str:
    """A notice for whoever has the certificate: base64url. ``entry`` is its place in the status list, ``issued`` the
    day of the file that it stands in."""
    told = {"reason": says.reason, "replaced_by": says.replaced_by}
    plain = jcs({key: value for key, value in told.items() if value is not None})
    size = -(-len(plain) // NOTICE) * NOTICE
    return _base64(_sealed(_notice_key(code, entry, issued), plain.ljust(size)))


def open_notice(code: str, entry: int, issued: date, text: str) -> Notice | None:
    """What a notice says; None for another certificate's, or an altered one. Never raises for text of any kind."""
    try:
        plain = _opened(_notice_key(code, entry, issued), _unbase64(text))
        found = {} if plain is None else json.loads(plain)
    except ValueError:
        return None
    says = [found.get(key) for key in ("reason", "replaced_by")] if isinstance(found, dict) else [0]
    if plain is None or not all(value is None or isinstance(value, str) for value in says):
        return None
    return Notice(*says)


def _notice_key(code: str, entry: int, issued: date) -> bytes:
    return _hkdf(bits(code), b"certgen-notice-1", f"{entry},{issued.isoformat()}".encode("ascii"), 32)


class Notices(Struct, frozen=True):
    """A file of notices whose signature was checked; ``notices`` by entry, still sealed."""

    number: int
    issued: date
    notices: dict[int, str]

    def of(self, code: str, entry: int) -> Notice | None:
        """What is said of a certificate; None: nothing, or nothing that its code opens."""
        text = self.notices.get(entry)
        return None if text is None else open_notice(code, entry, self.issued, text)


def notices_file(number: int, said: Mapping[int, tuple[str, Notice]], key: SigningKey, issued: date) -> bytes:
    """``notices/N.json``, beside status list N: code and notice by entry, sealed, and the whole signed."""
    return _signed(
        "certgen-notices-1",
        {
            "list": number,
            "issued": issued.isoformat(),
            "notices": {str(entry): notice(code, entry, issued, says) for entry, (code, says) in said.items()},
        },
        key,
    )


def read_notices(data: bytes, number: int, keys: Iterable[KeyRecord]) -> Notices | None:
    """The notices of a list; None when they are not to be believed: another format or list, a key that is unknown or
    was stolen, a signature that does not hold. Never raises for bytes of any kind."""
    try:
        found = _checked("certgen-notices-1", _parsed(data), keys)
        if found is None or found["list"] != number:
            return None
        notices = {int(entry): text for entry, text in found["notices"].items()}
        if not all(0 <= entry < LIST_LENGTH and isinstance(text, str) for entry, text in notices.items()):
            return None
        return Notices(number, date.fromisoformat(found["issued"]), notices)
    except _UNREADABLE:
        return None


# --- the honest list -------------------------------------------------------------------------


class Honest(Struct, frozen=True):
    """Payloads that the academy itself signed with keys that were stolen later. ``of``: those keys' Multikeys."""

    of: tuple[str, ...]
    payloads: frozenset[bytes]


def honest_list(signed: Mapping[str, Iterable[bytes]], key: SigningKey) -> bytes:
    """``honest.json``: by the Multikey of each stolen key, the payloads that the academy itself signed with it
    (:func:`certgen.payload.digest`). One signed list for a key; several stand in an array."""
    lists = [
        _signed("certgen-honest-1", {"of": of, "payloads": sorted({digest.hex() for digest in digests})}, key)
        for of, digests in sorted(signed.items())
    ]
    return lists[0] if len(lists) == 1 else b"[" + b",".join(lists) + b"]"


def read_honest(data: bytes, keys: Iterable[KeyRecord]) -> Honest | None:
    """The honest lists; None when one is not to be believed. Never raises for bytes of any kind."""
    known, of = tuple(keys), []
    payloads: set[bytes] = set()
    try:
        document = _parsed(data)
        for each in document if isinstance(document, list) else [document]:
            found = _checked("certgen-honest-1", each, known)
            if found is None:
                return None
            of.append(PublicKey.from_multikey(found["of"]).multikey)
            payloads.update(map(bytes.fromhex, found["payloads"]))
    except _UNREADABLE:
        return None
    return Honest(tuple(of), frozenset(payloads)) if all(len(digest) == 32 for digest in payloads) else None


# --- signed lists ----------------------------------------------------------------------------


def _signed(format_: str, content: dict[str, Any], key: SigningKey) -> bytes:
    document = {"format": format_, **content, "key": key.public.multikey}
    signature = key.sign(format_.encode("ascii") + b"\0" + jcs(document))
    return jcs(document | {"signature": _base64(signature)})


_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def _parsed(data: bytes) -> Any:
    if len(data) > LARGEST:
        raise ValueError("too large")
    return json.loads(data.decode("utf-8"))


def _checked(format_: str, document: dict[str, Any], keys: Iterable[KeyRecord]) -> dict[str, Any] | None:
    """A signed list whose signature holds, by a key that is good. Raises one of ``_UNREADABLE`` for what is none."""
    content = dict(document)
    signature = _unbase64(content.pop("signature"))
    key = next((key for key in keys if key.multikey == content["key"] and key.state != "compromised"), None)
    if content["format"] != format_ or len(signature) != SIGNATURE or key is None:
        return None
    return content if key.public.verify(signature, format_.encode("ascii") + b"\0" + jcs(content)) else None


# --- what seals ------------------------------------------------------------------------------


def _hkdf(secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869, 2, with SHA-256."""
    key, block, out = hmac.digest(salt, secret, "sha256"), b"", b""
    for count in range(1, -(-size // 32) + 1):
        block = hmac.digest(key, block + info + bytes([count]), "sha256")
        out += block
    return out[:size]


def _sealed(key: bytes, plain: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = hmac.digest(key, plain, "sha256")[:_NONCE]
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def _opened(key: bytes, data: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], None)
    except (InvalidTag, ValueError):
        return None


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _unbase64(text: str) -> bytes:
    """Raises ValueError for what :func:`_base64` does not write."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _base64(data) != text:
        raise ValueError("not base64url")
    return data
