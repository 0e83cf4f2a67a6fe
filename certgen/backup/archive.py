"""What is inside a backup: a tar archive of plain files under relative names, and the age format around it.

The archive (POSIX pax) begins with ``certgen-backup.json``, which lists the other files with their SHA-256.
"""

from __future__ import annotations

import io
import tarfile
import unicodedata
from datetime import date
from hashlib import sha256

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import __version__

LARGEST = 2_000_000_000  # bytes of all files together
MOST = 100_000  # files
AGE = b"age-encryption.org/v1\n"
_CONTENTS = "certgen-backup.json"
_FORMAT = "certgen-backup-1"


class Contents(Struct, frozen=True):
    """The first file of the archive. ``files``: names and their SHA-256."""

    made: date
    machine: str
    folder: str  # the academy's folder, by its name
    issued: int
    format: str = _FORMAT
    certgen: str = __version__
    files: dict[str, str] = {}


def packed(contents: Contents, files: dict[str, bytes]) -> bytes:
    """The archive; of the computer it holds nothing, not even a time."""
    listed = replace(contents, files={name: sha256(data).hexdigest() for name, data in files.items()})
    first = msgspec.json.format(msgspec.json.encode(listed), indent=1)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in {_CONTENTS: first, **files}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def unpacked(data: bytes) -> tuple[Contents, dict[str, bytes]]:
    """The files of an archive, all of them checked before any is believed. Raises ValueError: not relative, a link, too
    many, too large, one that is not listed or has other bytes."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            size = 0
            for member in archive:
                size += member.size
                if len(files) >= MOST or size > min(LARGEST, len(data)):
                    raise ValueError("it is too large")
                plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
                if not plain or not is_good(member.name):
                    raise ValueError("it holds more than plain files")
                if member.name in files:
                    raise ValueError("it holds a file twice")
                held = archive.extractfile(member)
                files[member.name] = held.read() if held else b""
        contents = msgspec.json.decode(files.pop(_CONTENTS, b""), type=Contents)
    except (tarfile.TarError, msgspec.MsgspecError, EOFError) as error:
        raise ValueError("it cannot be read") from error
    if contents.format != _FORMAT:
        raise ValueError("it is of another version")
    if contents.files != {name: sha256(held).hexdigest() for name, held in files.items()}:
        raise ValueError("some of its files are missing, or are others")
    return contents, files


def is_good(name: str) -> bool:
    """A relative name that means the same on every system and leads nowhere else."""
    parts = name.split("/")
    return (
        len(name) <= 1000
        and name.replace("\u200c", "").replace("\u200d", "").isprintable()
        and not any(mark in name for mark in '\\:*?"<>|')
        and all(part and part == part.strip(" ") and part == part.rstrip(".") for part in parts)
    )


def encrypted(data: bytes, passphrase: str) -> bytes:
    """In the age format; what opens it is the passphrase in NFC."""
    from pyrage import passphrase as age  # type: ignore[import-untyped,unused-ignore]

    made: bytes = age.encrypt(data, unicodedata.normalize("NFC", passphrase))
    return made


def decrypted(data: bytes, passphrase: str) -> bytes | None:
    """None: another passphrase, or damaged."""
    from pyrage import DecryptError
    from pyrage import passphrase as age

    try:
        plain: bytes = age.decrypt(data, unicodedata.normalize("NFC", passphrase))
    except DecryptError:
        return None
    return plain
