"""Pictures from files: logos, signatures, backgrounds. SVG and PDF stay vectors."""

from __future__ import annotations

from pathlib import Path

from certgen.artwork import bitmap, design, svg
from certgen.artwork.sheet import MM, Report
from certgen.errors import Problem
from certgen.font import FontBook
from certgen.page import Artwork

LARGEST_FILE = 40 * 2**20  # bytes
TOLERANCE = 1.0  # mm that a background may be off


def image(
    path: Path,
    width: float,
    height: float,
    problems: list[Problem],
    *,
    knock_out_white: bool = False,
    dpi: float = 300,
    book: FontBook | None = None,
) -> Artwork | None:
    """A logo or signature, as large as ``width`` x ``height`` points allow without distortion.

    PNG and JPEG are resampled to at most ``dpi`` and brought to sRGB; transparent margins are trimmed. With
    ``knock_out_white`` paper becomes transparent, with soft edges. SVG and PDF (its first page, by the TrimBox) stay
    vectors; text in an SVG becomes outlines of the book's faces. None, with Problems, where the file cannot be used.
    """
    report = Report(path, problems)
    data = _read(path, report)
    match _kind(data) if data is not None else None:
        case "bitmap":
            assert data is not None
            picture = bitmap.opened(data, report)
            return None if picture is None else bitmap.fitted(picture, width, height, knock_out_white, dpi)
        case "svg":
            assert data is not None
            return svg.picture(data, width, height, report, book or FontBook())
        case "pdf":
            assert data is not None
            return design.page(data, report, fit=(width, height))
        case "other":
            report(
                "unknown-picture",
                "This is not a PNG, JPEG, SVG or PDF file.",
                "Open it in the program that made it and export it as PNG or SVG.",
            )
    return None


def background(
    path: Path, width: float, height: float, problems: list[Problem], *, book: FontBook | None = None
) -> Artwork | None:
    """A designer's page of ``width`` x ``height`` points: a PDF by its TrimBox, with its bleed; an SVG or a PNG or
    JPEG of the page's proportions. None, with Problems that say what to ask the designer for."""
    report = Report(path, problems)
    data = _read(path, report)
    match _kind(data) if data is not None else None:
        case "pdf":
            assert data is not None
            return design.page(data, report, exact=(width, height))
        case "svg":
            assert data is not None
            art = svg.picture(data, width, height, report, book or FontBook())
            return art if art is None or _fills(art.width, art.height, width, height, report) else None
        case "bitmap":
            assert data is not None
            picture = bitmap.opened(data, report)
            if picture is None:
                return None
            scale = min(width / picture.width, height / picture.height)
            if not _fills(picture.width * scale, picture.height * scale, width, height, report):
                return None
            if scale > 72 / 150:
                report(
                    "coarse-background",
                    f"The background has only {72 / scale:.0f} pixels to the inch; it will look soft in print.",
                    "Ask the designer for a PDF, or for a picture of 300 pixels to the inch.",
                    severity="warning",
                )
            return bitmap.embedded(bitmap.resampled(picture, width, height, 300), width, height)
        case "other":
            report("unknown-picture", "This is not a PDF, SVG, PNG or JPEG file.", "Ask the designer for a PDF.")
    return None


def _fills(found_width: float, found_height: float, width: float, height: float, report: Report) -> bool:
    if abs(found_width - width) <= TOLERANCE * MM and abs(found_height - height) <= TOLERANCE * MM:
        return True
    report(
        "wrong-size",
        f"The background is of other proportions than the page: it would cover {found_width / MM:.0f} x "
        f"{found_height / MM:.0f} mm of {width / MM:.0f} x {height / MM:.0f} mm.",
        f"Ask the designer for a page of {width / MM:.0f} x {height / MM:.0f} mm.",
    )
    return False


# --- files -----------------------------------------------------------------------------------


def _read(path: Path, report: Report) -> bytes | None:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            report("large-file", f"The file has {size / 2**20:.0f} MB; the limit is {LARGEST_FILE // 2**20} MB.")
            return None
        return path.read_bytes()
    except FileNotFoundError:
        report("no-picture", "There is no such file.", "Check the name, and the folder that it counts from.")
    except OSError as error:
        report("unreadable-picture", f"The file cannot be read: {error.strerror}.")
    return None


def _kind(data: bytes) -> str:
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return "bitmap"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    start = data[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    return "svg" if start.startswith(b"<") and (b"<svg" in data[:65536] or b"s\0v\0g" in start) else "other"
