"""Independent judges of a finished PDF: none of them shares code with certgen.

Each takes the file's bytes or a picture of a page and either returns what it read or fails the
test with the judge's own words.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from conftest import tool

PROFILES = ("3a", "ua1")  # PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1)


def _run(program: str, *arguments: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    """Runs a program on a temporary file that stands where an argument says ``FILE``."""
    path = tool(program)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "certificate.pdf"
        file.write_bytes(data)
        command = [path, *(str(file) if argument == "FILE" else argument for argument in arguments)]
        return subprocess.run(command, capture_output=True, timeout=120, check=False)


def conforms(pdf: bytes, *profiles: str) -> None:
    """Passes page-validation: as PDF/A-3a and as PDF/UA-1, or as what ``profiles`` say."""
    page = pytest.importorskip("page", reason="pip install page-validation")
    for profile in profiles or PROFILES:
        report = page.validate_pdf_bytes(pdf, profile=profile)
        failures = [f"{f.rule_id}: {f.message} (object {f.object_id})" for f in report.failures]
        assert report.is_compliant, f"{profile}: " + "\n".join(failures)


def sound(pdf: bytes) -> None:
    """Passes ``qpdf --check`` without a warning, and poppler reads it without a complaint."""
    check = _run("qpdf", "--check", "FILE", data=pdf)
    assert check.returncode == 0, (check.stdout + check.stderr).decode(errors="replace")
    info = _run("pdfinfo", "FILE", data=pdf)
    assert info.returncode == 0 and not info.stderr, info.stderr.decode(errors="replace")


def poppler_text(pdf: bytes, *, layout: bool = False) -> str:
    """The text that poppler extracts, with U+00AD, form feeds and bidi controls as they come."""
    done = _run("pdftotext", *(["-layout"] if layout else []), "-enc", "UTF-8", "FILE", "-", data=pdf)
    assert done.returncode == 0 and not done.stderr, done.stderr.decode(errors="replace")
    return done.stdout.decode()


def pdfium_text(pdf: bytes) -> str:
    """The text that pdfium extracts, pages joined by a form feed, lines by a newline."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(pdf)
    try:
        return "\f".join(page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document)
    finally:
        document.close()


def squeezed(text: str) -> str:
    """Text with all white space as single spaces and bidi controls gone, for comparisons of what was said."""
    return " ".join(re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text).split())


def picture(pdf: bytes, page: int = 0, dpi: int = 150) -> Any:
    """A page (counted from 0) as a PIL image in RGB, rendered by pdfium."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(pdf)
    try:
        return document[page].render(scale=dpi / 72).to_pil().convert("RGB")
    finally:
        document.close()


def zxing(image: Any) -> list[str]:
    """What zxing reads from the QR codes in an image."""
    library = pytest.importorskip("zxingcpp")
    return [code.text for code in library.read_barcodes(image, formats=library.BarcodeFormat.QRCode)]


def zbar(image: Any) -> list[str]:
    """What zbar reads from the QR codes in an image."""
    path = tool("zbarimg")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.ppm"  # written at once, as PNG is not
        image.save(file)
        command = [path, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(file)]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.stdout.decode().splitlines()
