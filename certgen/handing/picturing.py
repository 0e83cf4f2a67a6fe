"""Certificates as pictures, for sharing: PNG files in a folder, made by several processes where there are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from certgen import codes, executor, output
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.picture import pictures
from certgen.registry import Registry
from certgen.selection import Chosen, Files, read

PIECE = 4  # certificates that a process gets at a time: a fifth of a second of work each
WORTH_PROCESSES = 24  # certificates


class Easel(Struct, frozen=True):
    """How pictures are made. ``pages`` count from 0; ``folder`` is where they go; ``replace``: another picture of the
    same name gives way, otherwise the new one gets a number."""

    folder: Path
    width: int
    pages: range
    replace: bool = False


class Sheet(NamedTuple):
    """One certificate to be pictured: the stem of its files' names, its language and its PDF."""

    code: str
    stem: str
    language: str
    pdf: bytes


class Shown(NamedTuple):
    """The pictures of a certificate."""

    code: str
    files: tuple[Path, ...]


def show(
    registry: Registry, files: Files, chosen: Iterable[Chosen], count: int, easel: Easel, problems: list[Problem]
) -> Iterator[Shown]:
    """Pictures of ``count`` certificates, in order. What cannot be made is told. Raises :class:`CertgenError` where the
    disk or a process fails."""
    with output.told("The folder for the pictures cannot be made"):
        easel.folder.mkdir(parents=True, exist_ok=True)
    jobs = executor.cores() if count >= WORTH_PROCESSES else 1
    sheets = executor.chunks(_sheets(registry, files, chosen, problems), PIECE)
    for piece in executor.run(start, easel, sheets, jobs):
        yield from piece


def _sheets(registry: Registry, files: Files, chosen: Iterable[Chosen], problems: list[Problem]) -> Iterator[Sheet]:
    names: set[str] = set()
    for _, held in read(registry, chosen):
        try:
            data = files.of(held).data
        except CertgenError as error:
            if error.exit_code is ExitCode.PARTIAL:
                raise
            problems += error.problems
            continue
        code = codes.grouped(held.code)
        stem = output.file_stem(Path(held.file).stem, code)
        if output.sameness(stem) in names:
            stem = output.file_stem(f"{stem}-{code}", code)
        names.add(output.sameness(stem))
        yield Sheet(held.code, stem, held.language, data)


def start(easel: Easel) -> Callable[[list[Sheet]], list[Shown]]:
    """The worker."""

    def work(piece: list[Sheet]) -> list[Shown]:
        return [Shown(sheet.code, tuple(_put(sheet, easel))) for sheet in piece]

    return work


def _put(sheet: Sheet, easel: Easel) -> Iterator[Path]:
    for number, data in enumerate(pictures(sheet.pdf, easel.width, easel.pages, language=sheet.language),
                                  easel.pages.start + 1):  # fmt: skip
        stem = f"{sheet.stem}-{number}" if number > 1 else sheet.stem
        yield output.lay_beside(easel.folder, stem, ".png", data, replace=easel.replace)
