"""What a file holds that can be checked: signed credentials, QR codes, the text of its pages. Believes nothing of it.

The kind of a file is found from its content. Files are opened in a process of its own, with limits on memory and time
(confine.py): pikepdf, pdfium, Pillow and zxing are large programs, and a file from a stranger is what breaks them.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

Kind = Literal["pdf", "picture", "badge", "text", "other"]

LARGEST_FILE = 64_000_000  # bytes
MEMORY = 1_500_000_000  # bytes that reading one file may take
SECONDS = 60.0  # that it may take
_LARGEST_BADGE = 262_144  # bytes; a credential takes 3,000
_BADGES = 8  # in one file
_PAGES = 300  # of a PDF, or pictures of a TIFF, that are looked at
_TEXT = 200_000  # characters of a page
_CODES = 64  # QR codes on one page
_PIXELS = 120_000_000  # of a picture that is opened
_NAME = "credential.json"

PICTURES = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "MPO")
SUFFIXES = (".pdf", ".json", ".png", ".svg", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")


class Symbol(Struct, frozen=True):
    """What a QR code says, and on which page it was, from 0."""

    page: int
    text: str


class Exhibit(Struct, frozen=True):
    """What was found in a file. ``badges`` are credentials as bytes, attached or by themselves; ``texts`` are those of
    the pages, empty for a picture; ``hidden`` are names and titles that a page has, from 0, and does not show.
    ``foreign`` counts QR codes that are none of ours; ``notes`` are sentences about what was not looked at or looks
    odd; ``trouble`` says why nothing could be read. ``sha256`` is the file's, in hexadecimal."""

    kind: Kind
    badges: tuple[bytes, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    texts: tuple[str, ...] = ()
    hidden: tuple[tuple[int, str], ...] = ()
    pages: int = 0
    foreign: int = 0
    notes: tuple[str, ...] = ()
    trouble: str = ""
    sha256: str = ""


class Unreadable(Exception):
    """The file cannot be read; says why in a sentence."""


# --- the kind --------------------------------------------------------------------------------

_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF8", b"BM")
_SVG = re.compile(rb"\s*(<\?xml[^>]*>)?\s*(<!--.*?-->\s*)*(<!DOCTYPE[^>]*>\s*)?<svg[\s>]", re.DOTALL)


def kind_of(data: bytes) -> Kind | Literal["svg"]:
    """What the content is."""
    head = data[:1024]
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "picture"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return "badge"
    if _SVG.match(data[:4096].removeprefix(b"\xef\xbb\xbf")):
        return "svg"
    return "text" if len(data) <= 4096 and b"\0" not in data else "other"


# --- in the child ----------------------------------------------------------------------------


def serve(argument: str, data: bytes) -> Iterator[bytes]:
    """The child's side: ``data`` is files one after the other, ``argument`` their lengths as JSON. Yields an
    :class:`Exhibit` for each."""
    at = 0
    for length in msgspec.json.decode(argument, type=list[int]):
        yield msgspec.msgpack.encode(examine(data[at : at + length]))
        at += length


def examine(data: bytes) -> Exhibit:
    """Opens a file's bytes, in this process."""
    kind = kind_of(data)
    try:
        if kind == "pdf":
            return _pdf(data)
        if kind == "picture":
            return _picture(data)
        if kind == "badge":
            return Exhibit("badge", badges=(data[: _LARGEST_BADGE + 1],))
        if kind == "svg":
            return _svg(data)
    except Unreadable as error:
        return Exhibit(kind if kind != "svg" else "badge", trouble=str(error))
    if kind == "text":
        return Exhibit("text", symbols=(Symbol(0, data.decode("utf-8", "replace").strip()),))
    return Exhibit("other", trouble="This is no PDF, picture or badge.")


# --- PDF -------------------------------------------------------------------------------------


def _pdf(data: bytes) -> Exhibit:
    notes: list[str] = []
    badges = attached(data, notes)
    import pypdfium2

    from certgen.verify import sight, symbols

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        raise Unreadable("The PDF is damaged, or needs a password.") from None
    found: list[Symbol] = []
    texts: list[str] = []
    hidden: list[tuple[int, str]] = []
    foreign = 0
    try:
        if document.get_formtype():
            document.init_forms()  # so that what stands in fields is drawn, and what they hide is hidden
        count = len(document)
        if count > _PAGES:
            notes.append(f"Only the first {_PAGES} of its {count:,} pages were looked at.")
        claimed = _names(badges)
        for number in range(min(count, _PAGES)):
            page = document[number]
            said = symbols.on_page(page)
            ours = [text for text in said if symbols.is_ours(text)][:_CODES]
            foreign += len(said) - len(ours)
            found += [Symbol(number, text) for text in ours]
            claimed.update(dict.fromkeys(name for text in ours for name in symbols.names(text)))
            scan = sight.is_scan(page)  # a text below a scan was recognised by a program, and proves nothing
            texts.append("" if scan else _text_of(page))
            hidden += [] if scan else [(number, text) for text in sight.hidden(page, claimed)]
            page.close()
    except pypdfium2.PdfiumError:
        raise Unreadable("The PDF is damaged.") from None
    finally:
        document.close()
    return Exhibit("pdf", badges, tuple(found), tuple(texts), tuple(hidden), min(count, _PAGES), foreign, tuple(notes))


def _names(badges: tuple[bytes, ...]) -> dict[str, None]:
    """Names and titles that credentials claim, true or not."""
    found: dict[str, None] = {}
    for data in badges:
        try:
            subject = json.loads(data)["credentialSubject"]
            for text in (subject["identifier"][0]["identityHash"], subject["achievement"]["name"]):
                found.update({text: None} if isinstance(text, str) and len(text) <= 2000 else {})
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            continue
    return found


def _text_of(page: Any) -> str:
    """A page's text, and once more those of its words that pdfium takes apart."""
    from certgen.verify import leftward

    reader = page.get_textpage()
    try:
        count = reader.count_chars()
        text = str(reader.get_text_range(0, min(count, _TEXT))) if count > 0 else ""
        again = leftward.lines(reader) if leftward.has_marks(text) else []
        return "\n".join([text, *(" ".join(word.text for word in line) for line in again)])
    finally:
        reader.close()


def attached(data: bytes, notes: list[str]) -> tuple[bytes, ...]:
    """Credentials among a PDF's associated and embedded files (ISO 32000-2, 7.11.4 and 14.13)."""
    import pikepdf

    try:
        pdf = pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError:
        raise Unreadable("The PDF needs a password.") from None
    except (pikepdf.PdfError, ValueError, RuntimeError, RecursionError):
        raise Unreadable("The PDF is damaged.") from None
    found: dict[bytes, None] = {}
    with pdf:
        if _laid_over(pdf):
            notes.append("Comments, stamps or fields were put onto the page, and may hide what is printed below them.")
        for specification in _specifications(pdf):
            try:
                name = str(specification.get("/UF", specification.get("/F", "")))
                held = specification["/EF"]
                stream = held.get("/UF", held.get("/F"))
                if not isinstance(stream, pikepdf.Stream):
                    continue
                body = _unpacked(stream)
            except (pikepdf.PdfError, KeyError, ValueError, TypeError, AttributeError, RuntimeError):
                continue
            if body is None:
                if name == _NAME:
                    notes.append("The attached credential is too large to be one, and was not read.")
            elif body.lstrip()[:1] == b"{" and (b'"proof"' in body or b"OpenBadgeCredential" in body):
                found[body] = None
            if len(found) == _BADGES:
                break
    return tuple(found)


def _laid_over(pdf: Any) -> bool:
    """Whether a page has annotations that are seen and that certgen does not write."""
    import pikepdf

    for page in pdf.pages[:_PAGES]:
        annotations = page.obj.get("/Annots")
        for item in list(annotations)[:1000] if isinstance(annotations, pikepdf.Array) else ():
            try:
                box = [float(side) for side in item["/Rect"]]
                seen = abs(box[2] - box[0]) * abs(box[3] - box[1]) > 0
                if seen and str(item["/Subtype"]) != "/Link" and not int(item.get("/F", 0)) & 0b100010:
                    return True
            except (KeyError, TypeError, ValueError, IndexError, AttributeError, pikepdf.PdfError):
                continue
    return False


def _specifications(pdf: Any) -> Iterator[Any]:
    """File specifications of the catalogue's /AF and of its name tree of embedded files, some thousand at most."""
    import pikepdf

    root = pdf.Root
    af = root.get("/AF")
    if isinstance(af, pikepdf.Array):
        yield from (item for item in list(af)[:1000] if isinstance(item, pikepdf.Dictionary))
    names = root.get("/Names")
    tree = names.get("/EmbeddedFiles") if isinstance(names, pikepdf.Dictionary) else None
    waiting, seen = [tree], 0
    while waiting and seen < 1000:  # a tree that bites its tail ends too
        node = waiting.pop()
        seen += 1
        if not isinstance(node, pikepdf.Dictionary):
            continue
        kids, leaves = node.get("/Kids"), node.get("/Names")
        if isinstance(kids, pikepdf.Array):
            waiting += list(kids)[:1000]
        if isinstance(leaves, pikepdf.Array):
            yield from (item for item in list(leaves)[1:2000:2] if isinstance(item, pikepdf.Dictionary))


def _unpacked(stream: Any) -> bytes | None:
    """An embedded file's bytes; None for what is too large or packed in another way than attachments are."""
    import pikepdf

    raw = bytes(stream.read_raw_bytes())
    packed = stream.get("/Filter")
    names = [str(name) for name in packed] if isinstance(packed, pikepdf.Array) else [str(packed)] if packed else []
    if len(raw) > _LARGEST_BADGE or len(names) > 1:
        return None
    if not names:
        return raw
    return _inflated(raw) if names == ["/FlateDecode"] else None


def _inflated(raw: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(raw, _LARGEST_BADGE + 1)
    except zlib.error:
        return None
    return body if len(body) <= _LARGEST_BADGE else None


# --- pictures --------------------------------------------------------------------------------


def _picture(data: bytes) -> Exhibit:
    import warnings

    from PIL import Image

    from certgen.verify import symbols

    badges = _baked(data) if data.startswith(b"\x89PNG") else ()
    found: list[Symbol] = []
    foreign = page = 0
    Image.MAX_IMAGE_PIXELS = None  # looked at below, where a picture too large has words
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=PICTURES) as picture:
                many = 1 if badges else min(getattr(picture, "n_frames", 1), _PAGES)
                if picture.format in ("GIF", "MPO", "PNG", "WEBP"):
                    many = 1  # films, and a phone's second picture
                for page in range(many):
                    picture.seek(page)
                    if picture.width * picture.height > _PIXELS:
                        raise Unreadable(f"The picture is larger than {_PIXELS // 1_000_000} million pixels.")
                    said = symbols.in_picture(picture)
                    ours = [text for text in said if symbols.is_ours(text)][:_CODES]
                    foreign += len(said) - len(ours)
                    found += [Symbol(page, text) for text in ours]
    except MemoryError:
        raise
    except Unreadable:
        raise
    except Exception as error:  # Pillow's readers raise whatever their formats make them raise
        raise Unreadable(
            f"The picture is damaged, or of a kind that cannot be read ({type(error).__name__})."
        ) from None
    return Exhibit("picture", badges, tuple(found), pages=page + 1, foreign=foreign)


def _baked(data: bytes) -> tuple[bytes, ...]:
    """Credentials in a PNG's iTXt chunks (Open Badges 3.0, 5.3.1; PNG, 11.3.3.4)."""
    at = 8
    found: list[bytes] = []
    while at + 12 <= len(data) and len(found) < _BADGES:
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind != b"iTXt" or not body.startswith(b"openbadgecredential\0"):
            continue
        flags, rest = body[20:22], body[22:]
        _, _, rest = rest.partition(b"\0")  # language
        _, _, text = rest.partition(b"\0")  # translated keyword
        read = text if flags[:1] == b"\0" else _inflated(text)
        if read is not None:
            found.append(read[: _LARGEST_BADGE + 1])
    return tuple(found)


_IN_SVG = re.compile(
    rb"<openbadges:credential(?:\s[^>]{0,200})?>\s*(?:<!\[CDATA\[(.{0,262144}?)\]\]>|([^<]{1,262144}))"
    rb"\s*</openbadges:credential>",
    re.DOTALL,
)


def _svg(data: bytes) -> Exhibit:
    """A baked SVG (Open Badges 3.0, 5.3.2). Looked through as text: nothing of it is parsed as XML or drawn."""
    from html import unescape

    found = _IN_SVG.search(data[:4_000_000])
    if found is None:
        raise Unreadable("This SVG has no badge in it.")
    body = found[1] if found[1] is not None else unescape(found[2].decode("utf-8", "replace")).encode("utf-8")
    return Exhibit("badge", badges=(body.strip(),))
