"""Makes the pictures in the documentation: ``python docs/pictures.py`` (needs the test tools).

Every example in every layout is made afresh in a temporary folder and rendered by pdfium, so that a
picture never shows what certgen no longer does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw

from certgen.layout import bundled

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
EXAMPLES = sorted(path.parent.name for path in (ROOT / "roster_examples").glob("*/course.toml"))
FIRST = "online-academy"  # the example of the README
PRINTED = "occupational-safety"  # the example of printing.md
MADE = shutil.ignore_patterns("certificates", "certgen.secret", "certgen.db*", "keys")
WIDTH = 560  # pixels of a page on a contact sheet
GAP = 28
GROUND = (226, 226, 222)


def certificates(case: Path, layout: str, out: Path) -> list[Path]:
    """The PDFs of an example in a layout, with its record pages."""
    command = [sys.executable, "-m", "certgen", "batch", str(case / "roster.xlsx")]
    options = ["--layout", layout, "--record", "--out", str(out), "--replace", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit(f"{case.name} in {layout}: {done.stdout}{done.stderr}")
    return sorted(out.glob("*.pdf"))


def pages(pdf: Path, width: int = WIDTH) -> list[Image.Image]:
    """Pages as pictures of the given width in pixels."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        made = [page.render(scale=width * 2 / page.get_width()).to_pil().convert("RGB") for page in document]
    finally:
        document.close()
    return [page.resize((width, round(page.height / 2)), Image.Resampling.LANCZOS) for page in made]


def sheet(rows: list[list[Image.Image]], path: Path) -> None:
    """Pictures in rows on a quiet ground, each with a hairline around it; in few colours, to stay small."""
    width = max(sum(page.width + GAP for page in row) for row in rows) + GAP
    height = sum(max(page.height for page in row) + GAP for row in rows) + GAP
    whole = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(whole)
    y = GAP
    for row in rows:
        x = GAP
        for page in row:
            whole.paste(page, (x, y))
            draw.rectangle((x - 1, y - 1, x + page.width, y + page.height), outline=(190, 190, 186))
            x += page.width + GAP
        y += max(page.height for page in row) + GAP
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.quantize(192, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def chosen(pdfs: list[Path], number: int) -> list[Path]:
    """Some of an example's certificates, spread over its people."""
    step = max(1, len(pdfs) // number)
    return pdfs[::step][:number]


def sheets(case: Path, folder: Path) -> None:
    """A press sheet of an example, front and back, and its proof."""
    certificates(case, "modern", folder / "printed")
    for name, *flags in (
        ("press", "--profile", "press", "--paper", "SRA3", "--pages", "all", "--duplex", "long"),
        ("proof", "--proof"),
    ):
        command = [
            sys.executable,
            "-m",
            "certgen",
            "print",
            str(case / "roster.xlsx"),
            "-o",
            str(folder / f"{name}.pdf"),
        ]
        subprocess.run([*command, *flags, "--json"], stdout=subprocess.DEVNULL, check=True)
    press, proof = pages(folder / "press.pdf", 420), pages(folder / "proof.pdf", 420)
    sheet([[*press[:2], proof[0]]], PICTURES / "sheets.png")


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "examples"
        shutil.copytree(ROOT / "roster_examples", work, ignore=MADE)
        for layout in bundled():
            firsts, records = [], []
            for case in EXAMPLES:
                pdfs = certificates(work / case, layout, Path(folder) / layout / case)
                firsts.append([pages(pdf)[0] for pdf in chosen(pdfs, 4)])
                records.append(pages(chosen(pdfs, 2)[-1])[:4])
            sheet(firsts, PICTURES / f"{layout}.png")
            sheet(records, PICTURES / f"{layout}-record.png")
            sheet([firsts[0][:1]], ROOT / "layouts" / layout / "preview.png")
        shutil.copytree(ROOT / "roster_examples" / PRINTED, Path(folder) / PRINTED, ignore=MADE)
        sheets(Path(folder) / PRINTED, Path(folder))
        made = sorted((Path(folder) / "classic" / FIRST).glob("*.pdf"))
        one = next(pdf for pdf in made if pdf.stem.isascii())  # a name that the script face sets
        sheet([pages(one, 1100)[:1]], PICTURES / "certificate.png")


if __name__ == "__main__":
    run()
