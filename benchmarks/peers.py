"""The contestants that certgen is measured against. All write one ordinary PDF a person.

``plain`` is what a first script looks like; ``split`` and ``split_form`` are the quickest that could be put
together from ReportLab, zxing-cpp and pikepdf. Each takes numbered names and a folder that holds the pictures, and
tells the clock when what is the same for everybody is ready, and of every file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import page
from benchmarks.turn import Clock
from certgen.assets import folder

People = Sequence[tuple[int, str]]
FACES = {
    "serif": "eb-garamond/EBGaramond-Regular.ttf",
    "bold": "eb-garamond/EBGaramond-SemiBold.ttf",
    "script": "great-vibes/GreatVibes-Regular.ttf",
}
PRIMARY = (0.043, 0.239, 0.384)


def register_faces() -> None:
    """Makes the bundled faces known to ReportLab."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    for name, file in FACES.items():
        registerFont(TTFont(name, str(folder("fonts") / file)))


def draw_border(canvas: Any) -> None:
    """The border as paths."""
    canvas.setStrokeColorRGB(*PRIMARY)
    canvas.setLineWidth(0.2)
    for (x, y), segments in page.border():
        path = canvas.beginPath()
        path.moveTo(x, y)
        for segment in segments:
            path.curveTo(*segment)
        canvas.drawPath(path)


def draw_line(canvas: Any, line: page.Line, text: str | None = None) -> None:
    """A line of text, centred."""
    canvas.setFont(line.face, line.size)
    canvas.drawCentredString(line.x, line.y, text if text is not None else line.text)


def draw_fixed(canvas: Any, pictures: Path) -> None:
    """The pictures and the words that are the same for everybody."""
    for file, x, y, width, height in page.PICTURES:
        canvas.drawImage(str(pictures / file), x, y, width, height, mask="auto")
    canvas.setFillColorRGB(0.1, 0.1, 0.1)
    for line in page.LINES:
        draw_line(canvas, line)


def plain(people: People, pictures: Path, out: Path, clock: Clock) -> None:
    """ReportLab and ``qrcode``, everything drawn again for each person."""
    import qrcode
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    register_faces()
    clock.begin()
    for row, name in people:
        code = page.code(row)
        canvas = Canvas(str(out / f"{row}.pdf"), pagesize=(page.WIDTH, page.HEIGHT), pageCompression=1)
        canvas.setTitle(name)
        draw_border(canvas)
        draw_fixed(canvas, pictures)
        draw_line(canvas, page.NAME, name)
        draw_line(canvas, page.CODE, page.grouped(code))
        symbol = qrcode.make(page.VERIFY + page.payload(row), error_correction=qrcode.ERROR_CORRECT_M, border=0)
        x, y, side = page.QR
        canvas.drawImage(ImageReader(symbol.get_image()), x, y, side, side)
        canvas.save()
        clock.done()


def split(people: People, pictures: Path, out: Path, clock: Clock, *, all_in_form: bool = False) -> None:
    """ReportLab, one document of all pages; codes by zxing-cpp; split by pikepdf without recompressing.

    The border is a form, the images are embedded once, a symbol is a path, as certgen's is. With ``all_in_form`` the
    fixed text and the pictures are in the form too, and a symbol is a 1-bit image: cheaper, and some viewers blur it.
    """
    import pikepdf
    import zxingcpp
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0
    register_faces()
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(page.WIDTH, page.HEIGHT), pageCompression=1)
    canvas.beginForm("fixed", 0, 0, page.WIDTH, page.HEIGHT)
    draw_border(canvas)
    if all_in_form:
        draw_fixed(canvas, pictures)
    canvas.endForm()
    qr = zxingcpp.BarcodeFormat.QRCode
    clock.begin()
    for row, name in people:
        code = page.code(row)
        canvas.doForm("fixed")
        if not all_in_form:
            draw_fixed(canvas, pictures)
        draw_line(canvas, page.NAME, name)
        draw_line(canvas, page.CODE, page.grouped(code))
        text = page.VERIFY + page.payload(row)
        symbol = zxingcpp.create_barcode(text, qr, ec_level="M").to_image(scale=1, add_quiet_zones=False)
        (draw_mask if all_in_form else draw_path)(canvas, symbol, *page.QR)
        canvas.showPage()
    canvas.save()
    data.seek(0)
    with pikepdf.open(data) as whole:
        for (row, _), sheet in zip(people, whole.pages, strict=True):
            with pikepdf.new() as single:
                single.pages.append(sheet)
                single.save(out / f"{row}.pdf", compress_streams=False)
            clock.done()


def split_form(people: People, pictures: Path, out: Path, clock: Clock) -> None:
    """``split`` with everything fixed in one form: faster than any peer measured before certgen was begun."""
    split(people, pictures, out, clock, all_in_form=True)


def bits(symbol: Any) -> list[str]:
    """A symbol's rows from the top, a character a module; "0" is dark."""
    side, text = symbol.shape[0], bytes(symbol).translate(DARK_IS_ZERO).decode()
    return [text[i : i + side] for i in range(0, side * side, side)]


def draw_path(canvas: Any, symbol: Any, x: float, y: float, side: float) -> None:
    """Writes the dark runs of each row as rectangles of one path, past ReportLab's path object, which is slower."""
    rows = bits(symbol)
    top, unit = len(rows) - 1, side / len(rows)
    runs = ((run.start(), top - i, run.end() - run.start()) for i, row in enumerate(rows) for run in DARK.finditer(row))
    path = " ".join(f"{column} {row} {width} 1 re" for column, row, width in runs)
    canvas._code.append(f"q {unit} 0 0 {unit} {x} {y} cm {path} f Q")


def draw_mask(canvas: Any, symbol: Any, x: float, y: float, side: float) -> None:
    """Writes an inline image mask (ISO 32000-1, 8.9.7), past ReportLab's own, which goes through PIL."""
    rows = bits(symbol)
    modules, width = len(rows), (len(rows) + 7) // 8
    packed = "".join(f"{int(row.ljust(width * 8, '1'), 2):0{width * 2}x}" for row in rows)
    canvas._code.append(
        f"q {side} 0 0 {side} {x} {y} cm BI /W {modules} /H {modules} /BPC 1 /IM true /F /AHx ID {packed}> EI Q"
    )


DARK = re.compile("0+")
DARK_IS_ZERO = bytes(48 if value < 128 else 49 for value in range(256))
CONTESTANTS = {"plain": plain, "split": split, "split_form": split_form}
