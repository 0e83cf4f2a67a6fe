"""One-page PDF files for drawings that certgen makes itself: a content stream, forms, nothing else."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pikepdf
from pikepdf import Dictionary, Name

from certgen.errors import ExitCode, Problem, Severity
from certgen.page import Artwork, Colour, Rect

MM = 72 / 25.4  # points
LARGEST = 1e7


class Report:
    """Appends Problems about one file. ``refused`` tells whether any of them was an error."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self._path, self._problems = path, problems
        self._told: set[tuple[str, str]] = set()
        self.refused = False

    def __call__(self, code: str, message: str, hint: str = "", *, severity: Severity = "error") -> None:
        self.refused = self.refused or severity == "error"
        if (code, message) not in self._told:
            self._told.add((code, message))
            self._problems.append(
                Problem(
                    code=code,
                    message=message,
                    hint=hint,
                    severity=severity,
                    file=str(self._path),
                    exit_code=ExitCode.LAYOUT,
                )
            )


class Form(NamedTuple):
    """Drawing to be placed many times (a form XObject; ISO 32000-1, 8.10). ``box`` in its own coordinates."""

    content: str
    box: Rect


def artwork(content: str, width: float, height: float, forms: Mapping[str, Form] | None = None) -> Artwork:
    """A page of ``content`` (operators in points, y up), which may ``Do`` the forms by name."""
    pdf = pikepdf.Pdf.new()
    resources = Dictionary()
    if forms:
        resources.XObject = Dictionary()
        for name, form in forms.items():
            resources.XObject[f"/{name}"] = packed(
                pdf,
                form.content,
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=[Decimal(number(edge)) for edge in form.box],
                Resources=Dictionary(),
            )
    contents = packed(pdf, content)
    box = [0, 0, Decimal(number(width)), Decimal(number(height))]
    page = Dictionary(Type=Name.Page, MediaBox=box, Resources=resources, Contents=contents)
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return Artwork(pdf=saved(pdf), width=width, height=height)


def packed(pdf: pikepdf.Pdf, content: str, **entries: object) -> pikepdf.Stream:
    """A content stream, deflated as small as it gets."""
    return pdf.make_stream(zlib.compress(content.encode("ascii"), 9), Filter=Name.FlateDecode, **entries)


def saved(pdf: pikepdf.Pdf) -> bytes:
    """The file's bytes; equal content gives equal bytes."""
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def number(value: float, decimals: int = 3) -> str:
    """A PDF number without exponent, needless zeros or negative zero. Raises ValueError beyond what viewers hold."""
    if not -LARGEST <= value <= LARGEST:  # nor is it "not a number"
        raise ValueError(f"{value} cannot be drawn")
    text = f"{value:.{decimals}f}"
    if decimals:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def numbers(*values: float) -> str:
    return " ".join(map(number, values))


def tint(colour: Colour, share: float) -> Colour:
    """The colour thinned with white paper: 1 is the colour itself, 0 white. Opaque, so that no blending is needed."""
    return (1 - (1 - colour[0]) * share, 1 - (1 - colour[1]) * share, 1 - (1 - colour[2]) * share)


def contrast(colour: Colour, background: Colour) -> float:
    """Contrast ratio from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    one, other = luminance(colour), luminance(background)
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(colour: Colour) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
