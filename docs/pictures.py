"""Makes the pictures in docs/pictures from the examples: python docs/pictures.py

``certificate.png`` opens the README; ``contact-sheet.png`` shows the first page of every example in
every layout, ``record-pages.png`` what follows it. Needs the test tools (pypdfium2).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
LAYOUTS = ("classic", "modern", "record")
FIRST = ("online-academy", "classic")  # the README's
PAPER = (236, 236, 233)


def make(example: str, layout: str, folder: Path) -> list[Path]:
    """An example's certificates in a layout, made in a copy; paths in the roster's order."""
    home = folder / f"{example}-{layout}"
    made = shutil.ignore_patterns("certificates", "*-manifest.json", "certgen.secret")
    shutil.copytree(ROOT / "roster_examples" / example, home, ignore=made)
    out = home / "certificates"
    command = [
        sys.executable,
        "-m",
        "certgen",
        "batch",
        str(home / "roster.xlsx"),
        "--layout",
        layout,
        "--out",
        str(out),
    ]
    done = subprocess.run([*command, "--json"], capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{example} in {layout}: {done.stdout}{done.stderr}")
    return [out / Path(row["file"]).name for row in json.loads(done.stdout)["certificates"]]


def pages(pdf: Path, width: int) -> list[Image.Image]:
    """The pages of a file, ``width`` pixels wide."""
    document = pypdfium2.PdfDocument(pdf)
    rendered = []
    for page in document:
        image = page.render(scale=width / page.get_width() * 2).to_pil().convert("RGB")
        rendered.append(image.resize((width, round(image.height / image.width * width)), Image.Resampling.LANCZOS))
    document.close()
    return rendered


def sheet(images: list[list[Image.Image]], gap: int = 24) -> Image.Image:
    """Rows of pictures on grey paper."""
    heights = [max(image.height for image in row) for row in images]
    width = max(sum(image.width + gap for image in row) for row in images) + gap
    board = Image.new("RGB", (width, sum(heights) + gap * (len(images) + 1)), PAPER)
    top = gap
    for row, height in zip(images, heights, strict=True):
        left = gap
        for image in row:
            board.paste(image, (left, top))
            left += image.width + gap
        top += height + gap
    return board


def save(image: Image.Image, name: str) -> None:
    """Writes a PNG of at most 256 colours, which these pictures do with."""
    path = PICTURES / name
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KB")


def main() -> None:
    """Makes all pictures."""
    PICTURES.mkdir(exist_ok=True)
    examples = sorted(course.parent.name for course in (ROOT / "roster_examples").glob("*/course.toml"))
    firsts, records = [], []
    with tempfile.TemporaryDirectory() as temporary:
        for number, example in enumerate(examples):
            row = []
            for layout in LAYOUTS:
                made = make(example, layout, Path(temporary))
                chosen = made[number * 5 % len(made)]
                if (example, layout) == FIRST:
                    chosen = made[0]
                    (page, *_) = pages(chosen, 1280)
                    board = Image.new("RGB", (page.width + 64, page.height + 64), PAPER)
                    board.paste(page, (32, 32))
                    save(board, "certificate.png")
                shown = pages(chosen, 520 if layout != "record" else 260)
                row.append(shown[0])
                if layout == "record":
                    records.append(shown)
            firsts.append(row)
    save(sheet(firsts), "contact-sheet.png")
    save(sheet(records), "record-pages.png")


if __name__ == "__main__":
    main()
