"""What certificates were made from, kept so that the same ones can be made again years later.

A *setting* is course, issuer and layout as values, and the files that they need: signatures, logos, the layout's
pictures, the fonts. Each file is known by its SHA-256, in the values too, so that a setting says nothing of the
computer that it was made on, and one that is put back writes no file under a name that it did not make itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from certgen import assets
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.font import Face, FontBook
from certgen.guarded import why
from certgen.layout import Art, ImageBox, Layout, PageSpec
from certgen.model import Course, Issuer
from certgen.text.itemise import PLAIN, script

VERSION = 1
_NAME = re.compile(r"\d{3}-([0-9a-f]{64})(?:\.[a-z0-9]{1,5})?")  # of a file in a setting: all that is ever written
_TODAYS = {"mail": UNSET, "press": UNSET}  # no part of a certificate: left out, as if the issuer had no such keys
_NUMBER = re.compile(rb"\d{3}-(?=[0-9a-f]{64})")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")

Swap = Callable[[str], str]
"""A file's path to its name in a setting, or back."""


class KeptFace(Struct, frozen=True, omit_defaults=True):
    """A face that was used. ``file`` is the name of its file in the setting, or None for a font of the system's, which
    is not ours to keep: ``digest`` says which it was. ``own``: it lay in the issuer's folder."""

    key: str
    family: str
    digest: str
    file: str | None = None
    own: bool = False


class Kept(Struct, frozen=True):
    """A setting's values; every path in them is the name of one of ``files``."""

    version: int
    course: Course
    issuer: Issuer
    layout: Layout
    record: bool
    faces: tuple[KeptFace, ...]
    files: tuple[str, ...]


class Setting(Struct, frozen=True):
    """``data`` is JSON (:class:`Kept`); ``blobs`` are the files, by SHA-256 in hexadecimal."""

    data: bytes
    blobs: dict[str, bytes]

    @classmethod
    def of(
        cls,
        course: Course,
        issuer: Issuer,
        layout: Layout,
        book: FontBook,
        record: bool,
        texts: Iterable[tuple[str, str]] = (),
    ) -> Setting:
        """The setting of a batch whose blanks are composed: ``book`` then knows the faces in use. ``texts``: people's
        names, each with its language, which may need further faces. The same inputs give the same bytes. Raises
        :class:`CertgenError` for a file that is not there any more."""
        for wanted in sorted(_scripts(texts)):
            for serif in (True, False):
                book.script_faces(*wanted, serif)
        faces = sorted(book.opened(), key=lambda face: face.key)
        paths: list[str] = []

        def named(swap: Swap) -> Kept:
            return Kept(
                version=VERSION,
                course=_course(
                    replace(course, layout=Path(course.layout).name, record=False, file="", sheet=None), swap
                ),
                issuer=replace(
                    issuer,
                    folder="",
                    file="",
                    font_folder=None,
                    logos=tuple(swap(path) for path in issuer.logos),
                    **_TODAYS,
                ),
                layout=_layout(layout, lambda name: swap(str(Path(layout.folder) / name)), "", ""),
                record=record,
                faces=tuple(_face(face, issuer, swap) for face in faces),
                files=(),
            )

        def told(path: str) -> str:
            paths.append(path)
            return path

        named(told)
        blobs: dict[str, bytes] = {}
        names: dict[str, str] = {}
        for number, path in enumerate(
            sorted(set(paths))
        ):  # in this order they stand in a PDF, whose bytes must not change
            data = _read(Path(path))
            digest = sha256(data).hexdigest()
            blobs[digest] = data
            suffix = Path(path).suffix.lower()
            names[path] = f"{number:03}-{digest}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        kept = replace(named(names.__getitem__), files=tuple(sorted(names.values())))
        return cls(msgspec.json.encode(kept, order="deterministic"), blobs)

    @property
    def digest(self) -> str:
        """By which the registry knows it."""
        return sha256(self.data).hexdigest()

    @property
    def look(self) -> str:
        """What decides how pages look and what they say of the course, as a digest: without the faces, which follow
        from the names, and without what only the registry cares for."""
        kept = self.kept
        issuer = replace(kept.issuer, key=None, status_valid=0, retention=None, **_TODAYS)
        data = msgspec.json.encode(replace(kept, issuer=issuer, faces=(), files=()), order="deterministic")
        return sha256(_NUMBER.sub(b"", data)).hexdigest()

    @property
    def kept(self) -> Kept:
        """Its values. Raises :class:`CertgenError` for one that a newer certgen wrote."""
        try:
            return msgspec.json.decode(self.data, type=Kept)
        except msgspec.MsgspecError as error:
            raise CertgenError(_unreadable(str(error))) from error


def files(data: bytes) -> tuple[str, ...]:
    """The SHA-256 of each file that a setting's values name. Raises :class:`CertgenError`."""
    found = map(_NAME.fullmatch, Setting(data, {}).kept.files)
    return tuple(name[1] for name in found if name)


def restored(setting: Setting, folder: Path) -> tuple[Course, Issuer, Layout, FontBook]:
    """Course, issuer, layout and fonts as they were, with their files written into ``folder``, an empty one.

    Of the bundled fonts only those are written that this certgen has not. Raises :class:`CertgenError` for a setting
    that cannot be read, and OSError.
    """
    kept = setting.kept
    if kept.version > VERSION:
        raise CertgenError(_unreadable(f"version {kept.version}"))
    pictures, fonts = folder / "files", folder / "fonts"
    pictures.mkdir(parents=True, exist_ok=True)
    fonts.mkdir(exist_ok=True)

    def put(name: str, place: Path = pictures) -> str:
        found = _NAME.fullmatch(name)
        data = setting.blobs.get(found[1]) if found else None
        if data is None:
            raise CertgenError(_unreadable("a file is missing"))
        path = place / name
        if not path.exists():
            path.write_bytes(data)
        return str(path)

    bundled = FontBook()
    for face in kept.faces:
        if face.file is not None and (face.own or not _has(bundled, face)):
            put(face.file, fonts)
    issuer = replace(
        kept.issuer,
        folder=str(folder),
        logos=tuple(map(put, kept.issuer.logos)),
        font_folder=str(fonts) if any(fonts.iterdir()) else None,
    )
    layout = _layout(kept.layout, lambda name: Path(put(name)).name, str(pictures), str(pictures / "layout.toml"))
    return _course(kept.course, put), issuer, layout, FontBook([fonts] if issuer.font_folder else [])


def strange_faces(setting: Setting, book: FontBook) -> list[KeptFace]:
    """The faces of a setting which ``book`` has not, or has in another version: fonts of the system's, as a rule."""
    return [face for face in setting.kept.faces if not _has(book, face)]


# --- files, in and out -----------------------------------------------------------------------------


def _course(course: Course, swap: Swap) -> Course:
    editions = {
        language: replace(
            edition,
            signatories=tuple(
                replace(each, signature=swap(each.signature)) if each.signature else each
                for each in edition.signatories
            ),
        )
        for language, edition in course.editions.items()
    }
    return replace(course, editions=editions)


def _layout(layout: Layout, swap: Swap, folder: str, file: str) -> Layout:
    boxes = {
        name: replace(box, file=swap(box.file)) if isinstance(box, ImageBox) else box
        for name, box in layout.boxes.items()
    }
    pages = {name: _page(page, swap) for name, page in layout.pages.items()}
    return replace(layout, boxes=boxes, pages=pages, folder=folder, file=file)


def _page(page: PageSpec, swap: Swap) -> PageSpec:
    background: Any = page.background
    if isinstance(background, dict):
        background = {language: swap(name) for language, name in background.items()}
    elif background is not None:
        background = swap(background)
    return replace(page, art=[_art(art, swap) for art in page.art], background=background)


def _art(art: Art, swap: Swap) -> Art:
    return replace(art, file=swap(art.file)) if art.file else art


def _face(face: Face, issuer: Issuer, taken: Swap) -> KeptFace:
    own = issuer.font_folder is not None and face.path.is_relative_to(issuer.font_folder)
    ours = own or face.path.is_relative_to(assets.folder("fonts"))
    return KeptFace(face.key, face.family, face.digest, taken(str(face.path)) if ours else None, own)


def _has(book: FontBook, face: KeptFace) -> bool:
    try:
        return book.by_key(face.key).digest == face.digest
    except CertgenError:
        return False


def _scripts(texts: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """(script, language) of what is not plain Latin."""
    return {(script(char)[0], language) for text, language in texts if not PLAIN.fullmatch(text) for char in set(text)}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertgenError(
            Problem(
                code="missing-file",
                message=f"{path.name} cannot be read any more ({why(error)}).",
                hint="Put it back, and leave the files alone while certificates are made.",
                file=str(path),
                exit_code=ExitCode.LAYOUT,
            )
        ) from error


def _unreadable(what: str) -> Problem:
    return Problem(
        code="registry-setting",
        message=f"What this certificate was made from cannot be read by this certgen ({what}).",
        hint="Update certgen here: pip install --upgrade certgen",
        exit_code=ExitCode.REGISTRY,
    )
