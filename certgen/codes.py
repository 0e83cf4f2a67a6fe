"""A credential's code: 80 bits as 16 characters of Crockford's base 32 (no I, L, O, U), most significant bit first."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16  # characters
BYTES = 10

_RFC4648 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO = bytes.maketrans(_RFC4648, ALPHABET.encode("ascii"))
_FROM = bytes.maketrans(ALPHABET.encode("ascii"), _RFC4648)
_FORGIVEN = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s\-\u00ad\u2010-\u2015\u2212]+")
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def text(data: bytes) -> str:
    """Bytes, a multiple of five, as characters."""
    return b32encode(data).translate(_TO).decode("ascii")


def bits(code: str) -> bytes:
    """The ten bytes of a code. Raises ValueError for anything else."""
    if not _CODE.fullmatch(code):
        raise ValueError("not a code")
    return b32decode(code.encode("ascii").translate(_FROM))


def grouped(code: str) -> str:
    """A code in fours: XXXX-XXXX-XXXX-XXXX."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def typed(said: str) -> str | None:
    """The code that a person typed: case, spaces and hyphens do not count, O is 0, I and L are 1. None: it is none."""
    code = _BETWEEN.sub("", said).upper().translate(_FORGIVEN)
    return code if _CODE.fullmatch(code) else None
