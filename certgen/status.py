"""The list that tells which credentials were revoked: W3C Bitstring Status List 1.0, of 131,072 entries, signed.

A credential's place in it is a keyed permutation of its number in the registry, so that nobody learns from a place who
else was there, or how many.
"""

from __future__ import annotations

import hmac
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from certgen.canonical import CREDENTIALS, jcs, rdfc
from certgen.model import Issuer
from certgen.payload import LIST_LENGTH
from certgen.proof import Checked, check, secured, suites
from certgen.signing import KeyRecord, SigningKey, did, method

STATUS_DAYS = 400  # how long a list says that it is good, unless issuer.toml says otherwise (status_valid)


# --- places in the status list ---------------------------------------------------------------


class Place(NamedTuple):
    """An entry of a status list: which list (0, 1, ...) and which of its 131,072 entries."""

    number: int
    entry: int


def place(serial: int, secret: bytes) -> Place:
    """The place of the credential that is the registry's ``serial``-th (from 0). One to one, and not to be guessed
    without the secret: a Feistel network of ten rounds over 8 and 9 bits, its functions HMAC-SHA-256."""
    if serial < 0:
        raise ValueError("serial numbers count from 0")
    number, rest = divmod(serial, LIST_LENGTH)
    short, long = rest >> 9, rest & 511
    for turn, table in enumerate(_rounds(secret, number)):
        if turn % 2:
            long ^= table[short]
        else:
            short ^= table[long] & 255
    return Place(number, short << 9 | long)


def serial(where: Place, secret: bytes) -> int:
    """The number in the registry of the credential that has a place: the inverse of :func:`place`."""
    if where.number < 0 or not 0 <= where.entry < LIST_LENGTH:
        raise ValueError("no place in a status list")
    short, long = where.entry >> 9, where.entry & 511
    rounds = _rounds(secret, where.number)
    for turn in reversed(range(len(rounds))):
        if turn % 2:
            long ^= rounds[turn][short]
        else:
            short ^= rounds[turn][long] & 255
    return where.number * LIST_LENGTH + (short << 9 | long)


@lru_cache(maxsize=4)
def _rounds(secret: bytes, number: int) -> tuple[tuple[int, ...], ...]:
    def drawn(turn: int, half: int) -> int:
        digest = hmac.digest(secret, b"certgen-status-1\0%d,%d,%d" % (number, turn, half), "sha256")
        return int.from_bytes(digest[:2], "big") & 511

    return tuple(tuple(drawn(turn, half) for half in range(512)) for turn in range(10))


def list_url(issuer: Issuer, number: int | str) -> str:
    """Where a status list is published; also its id."""
    return f"{issuer.verify_url}/status/{number}.json"


# --- the status list -------------------------------------------------------------------------


def status_list(
    number: int, revoked: Iterable[int], issuer: Issuer, key: SigningKey, issued: date, days: int = STATUS_DAYS
) -> bytes:
    """A signed status list, JSON in UTF-8: ``revoked`` are indexes. Good for so many days from the day of issue.

    Raises ValueError for an index that is not in the list.
    """
    bits = bytearray(LIST_LENGTH // 8)
    for index in revoked:
        if not 0 <= index < LIST_LENGTH:
            raise ValueError(f"a status list has no entry {index}")
        bits[index >> 3] |= 0x80 >> (index & 7)  # Bitstring Status List 1.0, 3: the first bit is the highest
    url, name, created = list_url(issuer, number), did(issuer.verify_url), f"{issued.isoformat()}T00:00:00Z"
    document = {
        "@context": [CREDENTIALS],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": name,
        "validFrom": created,
        "validUntil": f"{(issued + timedelta(days)).isoformat()}T00:00:00Z",
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": "u" + urlsafe_b64encode(_gzip(bytes(bits))).rstrip(b"=").decode("ascii"),
        },
    }
    return secured(jcs(document), rdfc(document), suites([CREDENTIALS], created, method(name, key.public)), key)


def _gzip(data: bytes) -> bytes:
    """RFC 1952 without a time or a system, so that the same list gives the same bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(data) + packer.flush()
    end = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + body + end


# --- reading ---------------------------------------------------------------------------------


class StatusList(Struct, frozen=True):
    """A status list that was checked. ``issued`` is the day to which cancellations are known; ``until`` its last."""

    bits: bytes
    issued: date
    until: date

    def revoked(self, index: int) -> bool:
        """Whether an entry is set. Raises IndexError for one that the list does not have."""
        if not 0 <= index < len(self.bits) * 8:
            raise IndexError(index)
        return bool(self.bits[index >> 3] & 0x80 >> (index & 7))


def read_status_list(data: bytes, url: str, issuer: str, keys: Iterable[KeyRecord]) -> StatusList | Checked:
    """The list that was fetched from ``url``; a :class:`Checked` that says why where it is not to be believed: its
    signature, its issuer, its id (which must be its address), its purpose, its size."""
    found = check(data, issuer, keys)
    if found.state != "authentic":
        return found
    document = found.document
    try:
        subject = document["credentialSubject"]
        if (
            document["id"] != url
            or "BitstringStatusListCredential" not in document["type"]
            or subject["type"] != "BitstringStatusList"
            or subject["statusPurpose"] != "revocation"
        ):
            return Checked("not-genuine", document, found.key, "It is another list than the one asked for.")
        encoded = subject["encodedList"]
        if encoded[:1] != "u" or len(encoded) > LIST_LENGTH:
            raise ValueError("its entries are not base64url")
        packed = urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))
        unpacker = zlib.decompressobj(31)
        bits = unpacker.decompress(packed, LIST_LENGTH // 8 + 1)
        if len(bits) != LIST_LENGTH // 8 or not unpacker.eof or unpacker.unused_data:
            raise ValueError("it has not 131,072 entries")
        return StatusList(bits, _day(document["validFrom"]), _day(document["validUntil"]))
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        return Checked("unreadable", document, found.key, f"This is not a status list that certgen can read ({error}).")


def _day(moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(UTC).date()
