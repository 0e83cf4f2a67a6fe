"""The text that a QR code carries after ``https://HOST/v#``: what the certificate says, signed.

base41(body + signature). The format stands in docs/proofs.md, with test vectors, for other software to read it.

* ``body``: deterministic CBOR (RFC 8949, 4.2.1), an array of 11: version 1; key id (4 bytes); credential id (10 bytes,
  the code's 80 bits); status index; day of issue and day of expiry (days since 1970-01-01; null: never); hours
  (quarters of an hour as an integer, other amounts as decimal text, null: none); award (0 achievement,
  1 participation, 2 attendance, 3 completion); the first 12 bytes of the course facts' SHA-256; name; course title.
* A text too long is an array of its beginning and the first 16 bytes of the SHA-256 of the whole, in UTF-8.
* ``signature``: 64 bytes, Ed25519 over ``certgen-qr-1``, a zero byte and the body.
* base41: two bytes as three characters, least significant first, of ``0-9A-Z$*-.:``; a last single byte as two.

Body and signature are 237 bytes at most, so that a symbol is of version 12 at most.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from msgspec import Struct

from certgen.model import AwardKind
from certgen.signing import KEY_ID, SIGNATURE, KeyRecord, SigningKey

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*-.:"
LONGEST = 237  # bytes of body and signature
SHORTEST = 176  # bytes that suffice for any certificate, its name and title cut
DOMAIN = b"certgen-qr-1\0"
CREDENTIAL_ID, FACTS, DIGEST = 10, 12, 16  # bytes
LIST_LENGTH = 131_072  # entries of a status list; an index counts through all lists
LAST_STATUS = 2**30 - 1
AWARDS: tuple[AwardKind, ...] = ("achievement", "participation", "attendance", "completion")
_VERSION = 1
_DAY_ZERO = date(1970, 1, 1).toordinal()
_LATEST = date.max.toordinal() - _DAY_ZERO
_SHORTEST_TITLE = 24  # bytes of its beginning that stay before a name gives way too
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,5})(\.[0-9]{0,3}[1-9])?")


class Text(Struct, frozen=True):
    """A text, or the beginning of one with the digest of the whole."""

    start: str
    digest: bytes | None = None

    def is_of(self, whole: str) -> bool:
        """Whether this is that text, or a beginning of it."""
        if self.digest is None:
            return self.start == whole
        return whole.startswith(self.start) and _digest(whole) == self.digest


class Claims(Struct, frozen=True):
    """What a payload says. ``hours`` are compared without rounding; ``status`` is an index that
    counts through all status lists of 131,072 entries each."""

    credential: bytes
    status: int
    issued: date
    expires: date | None
    hours: Decimal | None
    award: AwardKind
    facts: bytes
    name: Text
    title: Text


State = Literal["authentic", "not-genuine", "unknown-key", "key-compromised", "unreadable"]


class Opened(Struct, frozen=True):
    """A payload that was read. ``claims`` are believed only where ``state`` is "authentic"; ``key`` signed them.

    Whether it has expired or was revoked is for the caller to find out: it takes a calendar and a list.
    """

    state: State
    claims: Claims | None = None
    key: KeyRecord | None = None


def seal(
    key: SigningKey,
    *,
    credential: bytes,
    status: int,
    issued: date,
    expires: date | None,
    hours: Decimal | None,
    award: AwardKind,
    facts: bytes,
    name: str,
    title: str,
    longest: int = LONGEST,
) -> str:
    """A signed payload of at most ``longest`` bytes (``SHORTEST`` to ``LONGEST``), 356 characters of ``ALPHABET`` at
    most. A long title gives way first, then a long name.

    ``credential`` has 10 bytes, ``facts`` 12. Raises ValueError for anything out of the format's range.
    """
    if len(credential) != CREDENTIAL_ID or len(facts) != FACTS or not 0 <= status <= LAST_STATUS:
        raise ValueError("a credential id has 10 bytes, course facts 12, and a status index 30 bits")
    head = b"\x8b\x01" + b"".join(
        (
            _bytes(key.public.short),
            _bytes(credential),
            _head(0, status),
            _integer(issued.toordinal() - _DAY_ZERO),
            b"\xf6" if expires is None else _integer(expires.toordinal() - _DAY_ZERO),
            _hours(hours),
            _head(0, AWARDS.index(award)),
            _bytes(facts),
        )
    )
    body = head + _texts(name, title, longest - SIGNATURE - len(head))
    return base41(body + key.sign(DOMAIN + body))


def unseal(text: str, keys: Mapping[bytes, tuple[KeyRecord, ...]], honest: Collection[bytes] = frozenset()) -> Opened:
    """Reads a payload and checks its signature; ``keys`` as :func:`certgen.signing.by_short` gives them.

    A compromised key's signature is believed only for payloads whose :func:`digest` is in ``honest``, the list that the
    academy publishes under its new key: whoever stole the key can write any day of issue.
    Never raises for text of any kind. What is too long, not base41, not exactly what :func:`seal` would write for the
    same claims, or of another version is "unreadable".
    """
    try:
        data = unbase41(text)
        short, claims = _read(data[:-SIGNATURE])
    except ValueError:
        return Opened("unreadable")
    known = keys.get(short, ())
    message, signature = DOMAIN + data[:-SIGNATURE], data[-SIGNATURE:]
    for key in known:
        if key.public.verify(signature, message):
            believed = key.state != "compromised" or sha256(data).digest() in honest
            return Opened("authentic" if believed else "key-compromised", claims, key)
    return Opened("not-genuine" if known else "unknown-key", claims)


def digest(text: str) -> bytes:
    """The SHA-256 of a payload's bytes, by which it is listed as honest. Raises ValueError for text that is none."""
    return sha256(unbase41(text)).digest()


# --- base41 ----------------------------------------------------------------------------------

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_TRIPLES: list[str] = []


def base41(data: bytes) -> str:
    """Two bytes as three characters; a last byte as two."""
    triples = _TRIPLES or _make_triples()
    even = len(data) & ~1
    text = "".join([triples[high << 8 | low] for high, low in zip(data[0:even:2], data[1:even:2], strict=True)])
    return text if even == len(data) else text + triples[data[-1]][:2]


def _make_triples() -> list[str]:
    pairs = [low + high for high in ALPHABET for low in ALPHABET]
    _TRIPLES[:] = [pair + last for last in ALPHABET for pair in pairs][:65_536]
    return _TRIPLES


def unbase41(text: str) -> bytes:
    """The bytes. Raises ValueError for other characters, for more than ``LONGEST`` bytes, and for a text that
    :func:`base41` does not write."""
    if len(text) > LONGEST * 3 // 2 + 1:
        raise ValueError("too long for a payload")
    try:
        digits = [_VALUES[character] for character in text]
    except KeyError:
        raise ValueError("not base41") from None
    out = bytearray()
    for at in range(0, len(digits), 3):
        group = digits[at : at + 3]
        value = sum(digit * 41**place for place, digit in enumerate(group))
        size = len(group) - 1
        if not size or value >= 1 << 8 * size:
            raise ValueError("not base41")
        out += value.to_bytes(size, "big")
    if len(out) > LONGEST:
        raise ValueError("too long for a payload")
    return bytes(out)


# --- writing CBOR ----------------------------------------------------------------------------


def _head(major: int, value: int) -> bytes:
    """RFC 8949, 3: a major type and its argument, in the fewest bytes."""
    for size, mark in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << 8 * size:
            return bytes([major << 5 | mark]) + value.to_bytes(size, "big")
    raise ValueError("too large")


def _integer(value: int) -> bytes:
    return _head(0, value) if value >= 0 else _head(1, -1 - value)


def _bytes(value: bytes) -> bytes:
    return _head(2, len(value)) + value


def _text(value: bytes) -> bytes:
    return _head(3, len(value)) + value


def _hours(hours: Decimal | None) -> bytes:
    if hours is None:
        return b"\xf6"
    if not hours.is_finite() or not 0 <= hours < 1_000_000:
        raise ValueError("hours from 0 to 999,999")
    if hours * 4 % 1 == 0:
        return _head(0, int(hours * 4))
    text = format(hours.normalize(), "f")
    if not _AMOUNT.fullmatch(text):
        raise ValueError("hours of at most four decimal places")
    return _text(text.encode("ascii"))


def _digest(whole: str) -> bytes:
    return sha256(whole.encode("utf-8")).digest()[:DIGEST]


def _texts(name: str, title: str, room: int) -> bytes:
    """Name and title in so many bytes: whole, or the title cut, or both."""
    title_size = len(_text(title.encode("utf-8")))
    kept = min(title_size, _SHORTEST_TITLE + DIGEST + 4)  # what a title keeps beside any name
    first = _cut(name, room - kept)
    last = None if first is None else _cut(title, room - len(first))
    if first is None or last is None:
        raise ValueError("no room for a name and a title")  # the format always leaves some
    return first + last


def _cut(text: str, room: int) -> bytes | None:
    """A text in so many bytes: whole, or its beginning and digest; None where there is no room for either."""
    data = text.encode("utf-8")
    if len(_text(data)) <= room:
        return _text(data)
    size = room - 1 - 1 - DIGEST - 1  # heads of the array, the digest and a text of up to 23 bytes
    if size > 23:
        size = max(23, size - 1)  # a longer text's head has two bytes
    if size < 0:
        return None
    return b"\x82" + _text(_beginning(text, size).encode("utf-8")) + _bytes(_digest(text))


def _beginning(text: str, size: int) -> str:
    """The longest beginning of so many bytes in UTF-8 that does not part a letter from its marks or joiners."""
    start = text.encode("utf-8")[:size].decode("utf-8", "ignore")
    while start and len(start) < len(text) and (_clings(text[len(start)]) or start[-1] == "\u200d"):
        start = start[:-1]
    return start


def _clings(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc", "Me") or character in "\u200c\u200d"


# --- reading CBOR ----------------------------------------------------------------------------


def _read(body: bytes) -> tuple[bytes, Claims]:
    """Key id and claims. Raises ValueError for anything but the format's own, deterministic encoding."""
    items, end = _item(body, 0, 0)
    if end != len(body) or not isinstance(items, list) or len(items) != 11 or items[0] != _VERSION:
        raise ValueError("not a payload")
    _, short, credential, status, issued, expires, hours, award, facts, name, title = items
    if not (
        _sized(short, KEY_ID)
        and _sized(credential, CREDENTIAL_ID)
        and _sized(facts, FACTS)
        and _within(status, 0, LAST_STATUS)
        and _within(award, 0, len(AWARDS) - 1)
    ):
        raise ValueError("not a payload")
    claims = Claims(
        credential=credential,
        status=status,
        issued=_day(issued),
        expires=None if expires is None else _day(expires),
        hours=_amount(hours),
        award=AWARDS[award],
        facts=facts,
        name=_words(name),
        title=_words(title),
    )
    return short, claims


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """One item and where it ends: integers, bytes, texts, arrays and null, in their shortest form."""
    if at >= len(data):
        raise ValueError("cut short")
    major, low = data[at] >> 5, data[at] & 31
    if data[at] == 0xF6:
        return None, at + 1
    size = {24: 1, 25: 2, 26: 4}.get(low, 0)
    if low >= 24 and not size:
        raise ValueError("not this format's CBOR")
    end = at + 1 + size
    value = int.from_bytes(data[at + 1 : end], "big") if size else low
    if end > len(data) or _head(major, value) != data[at:end]:
        raise ValueError("not the shortest form")
    if major in (0, 1):
        return (value if major == 0 else -1 - value), end
    if major in (2, 3):
        if end + value > len(data):
            raise ValueError("cut short")
        held = data[end : end + value]
        return (held if major == 2 else held.decode("utf-8")), end + value  # UnicodeDecodeError is a ValueError
    if major == 4 and depth < 2 and value <= 11:
        items = []
        for _ in range(value):
            item, end = _item(data, end, depth + 1)
            items.append(item)
        return items, end
    raise ValueError("not this format's CBOR")


def _sized(value: object, size: int) -> bool:
    return isinstance(value, bytes) and len(value) == size


def _within(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most


def _day(value: object) -> date:
    if not isinstance(value, int) or not 1 - _DAY_ZERO <= value <= _LATEST:
        raise ValueError("not a day")
    return date.fromordinal(value + _DAY_ZERO)


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, int) and 0 <= value < 4_000_000:
        return Decimal(value) / 4
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        amount = Decimal(value)
        if amount * 4 % 1:
            return amount
    raise ValueError("not hours")


def _words(value: object) -> Text:
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and _sized(value[1], DIGEST):
        return Text(value[0], value[1])
    raise ValueError("not a text")
