"""Certificates in ZIP archives, one for each language or group, with lists of what is inside.

An archive is written as its files are read, so that memory holds one certificate at a time. The same certificates give
the same bytes, whenever and wherever: members are dated by their day of issue, and what PDFs hold is compressed
already, so that they are stored as they are. Source: PKWARE APPNOTE 6.3.10 (names in UTF-8: general purpose bit 11).
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import msgspec
from msgspec import Struct

from certgen import codes, output
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.ledger import Page, workbook
from certgen.records import course_of
from certgen.registry import Held, Registry
from certgen.selection import Chosen, Files, read

By = Literal["language", "group", "none"]
MANIFEST, SHEET = "manifest.json", "certificates.xlsx"
_EPOCH = date(1980, 1, 1)  # before it there is no day in an archive
_HEADS = ("Name", "Code", "Course", "Certificate of", "Language", "Issued", "Expires", "File")
_WIDTHS = (34, 22, 16, 16, 10, 12, 12, 56)


class Line(Struct, frozen=True, kw_only=True):
    """A certificate in an archive's manifest. ``sha256`` is that of the file inside; ``as_issued``: it is byte for byte
    what was issued, and not made again in other bytes."""

    name: str
    code: str
    course: str
    title: str
    award: str
    language: str
    issued: date
    expires: date | None
    file: str
    sha256: str
    as_issued: bool


class Lacking(Struct, frozen=True):
    """A certificate that could not be packed, and why."""

    name: str
    code: str
    why: str


class Packed(Struct, frozen=True):
    """An archive that was written. ``label``: the language or group, "" where there is one archive for all."""

    path: Path
    label: str
    count: int
    lacking: tuple[Lacking, ...]
    size: int


class Parcel(NamedTuple):
    """An archive to be written, and what goes into it, in order."""

    path: Path
    label: str
    chosen: list[Chosen]


# --- what goes where -------------------------------------------------------------------------


def parcels(chosen: Sequence[Chosen], by: By, out: Path, stem: str, *, column: str = "group") -> list[Parcel]:
    """One archive for each language or group, in the order in which they first come. ``out``: a file whose name ends in
    .zip, or a folder in which they are called by ``stem`` and label. Groups that differ in case or spaces only are one;
    those without one are called “without” and the ``column``. Raises :class:`CertgenError` for one file where there
    would be several."""
    found: dict[str, Parcel] = {}
    alone = out.suffix.casefold() == ".zip"
    for one in chosen:
        label = {"language": one.language, "group": one.group or f"without {column}", "none": ""}[by]
        name = output.file_stem(f"{stem}-{label}" if label else stem, f"group-{len(found) + 1}")
        parcel = found.setdefault(output.sameness(name), Parcel(out if alone else out / f"{name}.zip", label, []))
        parcel.chosen.append(one)
    if alone and len(found) > 1:
        raise CertgenError(_several(list(found.values()), by, out))
    return list(found.values())


def taken(planned: Iterable[Parcel]) -> list[Problem]:
    """Archives that are there already."""
    return [
        Problem(
            code="other-content",
            message=f"“{parcel.path.name}” is there already.",
            hint="Give another folder or name with -o, or add --replace.",
            file=str(parcel.path),
            exit_code=ExitCode.USAGE,
        )
        for parcel in planned
        if parcel.path.exists()
    ]


def _several(found: Sequence[Parcel], by: By, out: Path) -> Problem:
    labels = ", ".join(parcel.label for parcel in found[:5]) + (" …" if len(found) > 5 else "")
    return Problem(
        code="several-archives",
        message=f"There would be {len(found)} archives, one for each {by} ({labels}), and {out.name} is one.",
        hint="Name a folder with -o, or put all into one with --by none.",
        exit_code=ExitCode.USAGE,
    )


# --- packing ---------------------------------------------------------------------------------


def pack(registry: Registry, files: Files, parcel: Parcel, watch: Callable[[int], None] = lambda count: None) -> Packed:
    """Writes an archive; it is there with all of it or not at all. ``watch`` is told with each certificate how many are
    in. Raises :class:`CertgenError` where the disk refuses."""
    with output.told("The folder for the archives cannot be made"):
        parcel.path.parent.mkdir(parents=True, exist_ok=True)
    with output.whole(parcel.path) as file:
        lines, lacking = _fill(file, registry, files, parcel, watch)
        size = file.tell()
    return Packed(parcel.path, parcel.label, len(lines), tuple(lacking), size)


def _fill(
    file: BinaryIO, registry: Registry, files: Files, parcel: Parcel, watch: Callable[[int], None]
) -> tuple[list[Line], list[Lacking]]:
    lines: list[Line] = []
    lacking: list[Lacking] = []
    names = {output.sameness(MANIFEST), output.sameness(SHEET)}
    last = _EPOCH
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for one, held in read(registry, parcel.chosen):
            try:
                made = files.of(held)
            except CertgenError as error:
                if error.exit_code is ExitCode.PARTIAL:  # it is the disk's fault, not that of this one
                    raise
                why = " ".join(problem.message for problem in error.problems)
                lacking.append(Lacking(one.name, codes.grouped(one.code), why))
                continue
            name = _member(held, names)
            archive.writestr(_dated(name, held.issued), made.data)
            lines.append(_line(held, one, name, sha256(made.data).hexdigest(), made.same))
            last = max(last, held.issued)
            watch(len(lines))
        archive.writestr(_dated(MANIFEST, last), _manifest(lines, lacking), zipfile.ZIP_DEFLATED)
        archive.writestr(_dated(SHEET, last), _sheet(lines, lacking))
    return lines, lacking


def _member(held: Held, names: set[str]) -> str:
    """The name that the file was issued under, made safe again, and one of its own in the archive."""
    code = codes.grouped(held.code)
    stem = output.file_stem(Path(held.file).stem, code)
    if output.sameness(f"{stem}.pdf") in names:
        stem = output.file_stem(f"{stem}-{code}", code)
    names.add(output.sameness(f"{stem}.pdf"))
    return f"{stem}.pdf"


def _dated(name: str, day: date) -> zipfile.ZipInfo:
    day = max(day, _EPOCH)
    info = zipfile.ZipInfo(name, (min(day.year, 2107), day.month, day.day, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o100644 << 16  # whatever system this is
    return info


def _line(held: Held, one: Chosen, file: str, digest: str, same: bool) -> Line:
    return Line(
        name=one.name,
        code=codes.grouped(one.code),
        course=course_of(held),
        title=held.content.title if held.content else "",
        award=held.kind,
        language=held.language,
        issued=held.issued,
        expires=held.expires,
        file=file,
        sha256=digest,
        as_issued=same,
    )


def _manifest(lines: Sequence[Line], lacking: Sequence[Lacking]) -> bytes:
    """For programs; certgen reads it as it reads a batch's own."""
    data: dict[str, Any] = {"version": 1, "certificates": lines, "missing": lacking}
    return msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"


def _sheet(lines: Sequence[Line], lacking: Sequence[Lacking]) -> bytes:
    """For people."""
    cells = [(line.name, line.code, line.course, line.award, line.language, line.issued, line.expires, line.file)
             for line in lines]  # fmt: skip
    pages = [Page("Certificates", _WIDTHS, [_HEADS, *cells])]
    if lacking:
        rows = [("Name", "Code", "Why"), *((each.name, each.code, each.why) for each in lacking)]
        pages.append(Page("Missing", (34, 22, 60), rows))
    return workbook(pages)
