"""What a certificate was made from, kept so that it can be made again years later."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from certgen.font import FontBook
from certgen.layout import Layout
from certgen.model import Course, Issuer


class Setting(Struct, frozen=True):
    """``data`` is JSON without any path; ``blobs`` are the files that it names, by SHA-256."""

    data: bytes
    blobs: dict[str, bytes]

    @classmethod
    def of(cls, course: Course, issuer: Issuer, layout: Layout, book: FontBook, record: bool) -> Setting:
        raise NotImplementedError


def restored(setting: Setting, folder: Path) -> tuple[Course, Issuer, Layout, FontBook]:
    raise NotImplementedError
