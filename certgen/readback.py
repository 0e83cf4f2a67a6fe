"""Reading a finished page as a telephone does: the QR code from its picture."""

from __future__ import annotations

from pathlib import Path

from certgen.errors import CertgenError, ExitCode, Problem

DPI = 200  # an office scanner's


def symbols(file: Path) -> list[str]:
    """What the QR codes on the first page say. Source: ISO/IEC 18004, read by zxing-cpp from PDFium's picture."""
    import pypdfium2
    import zxingcpp

    document = pypdfium2.PdfDocument(file)
    try:
        picture = document[0].render(scale=DPI / 72, grayscale=True).to_pil()
    finally:
        document.close()
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [each.text for each in found]


def check(file: Path, url: str, name: str) -> None:
    """Raises :class:`CertgenError` where the page does not say ``url``."""
    if url not in symbols(file):
        raise CertgenError(
            Problem(
                code="qr-unreadable",
                message=f"The QR code of “{name}” could not be read back from its page.",
                hint="Make it larger or darker in the layout. Nothing was put in place.",
                exit_code=ExitCode.VERIFICATION,
            )
        )
