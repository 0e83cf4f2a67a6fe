"""From a roster to hands: an example, by the commands that the pages show, to a press file and to a mailbox."""

from __future__ import annotations

import json
import mailbox
import os
import re
import shlex
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import judges
import posts
import pressed
import pypdfium2
from conftest import ROOT

EXAMPLE = "fair-recruitment"
MAIL = '\n[mail]\nfrom = "Learning Fund <certificates@learning.tcwu.example.net>"\n'


def shown(page: str, beginning: str) -> list[str]:
    """A command as a page of the documentation shows it."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(beginning)}[^\n]*$", text, re.MULTILINE)
    assert found, f"docs/{page} shows no “{beginning}”"
    return shlex.split(found[0])


def run(folder: Path, command: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    return done.stdout


def test_an_example_goes_from_the_roster_to_the_press_and_into_a_mailbox(examples: Callable[[str], Path]) -> None:
    home = examples(EXAMPLE)
    issuer = home / "issuer.toml"
    issuer.write_text(issuer.read_text(encoding="utf-8") + MAIL, encoding="utf-8")
    told = json.loads(run(home, ["certgen", "batch", "roster.xlsx", "--record", "--json"]))
    issued = {entry["file"]: entry for entry in told["certificates"]}
    assert len(issued) == told["counts"]["issued"] > 30

    press = shown("printing.md", "certgen print roster.xlsx --profile press --paper SRA3")
    run(home, [*press, "-o", "sheets.pdf"])
    data = (home / "sheets.pdf").read_bytes()
    assert pressed.pdfx4(data) == [] and pressed.screen_colours(data) == []
    judges.sound(data)
    text = unicodedata.normalize("NFC", judges.squeezed(judges.poppler_text(data)))
    assert {entry["code"] for entry in issued.values() if entry["code"] not in text} == set()
    codes = scanned(data)
    assert len({code.split("#")[1] for code in codes if len(code) > 100}) == len(issued)

    run(home, [*shown("sending.md", "certgen send roster.xlsx")[:3], "--yes", "--outbox", "mailbox"])
    letters = [letter.as_bytes() for letter in mailbox.Maildir(home / "mailbox", create=False)]
    assert len(letters) == len(issued)
    for letter, found in zip(letters, posts.clients(letters), strict=True):
        for client in ("postal", "nodemailer"):
            (certificate,) = found[client]["parts"]
            assert certificate["sha256"] == issued[certificate["name"]]["sha256"]
            assert (
                certificate["sha256"] == sha256((home / "certificates" / certificate["name"]).read_bytes()).hexdigest()
            )
            assert issued[certificate["name"]]["code"] in found[client]["text"]
        assert posts.parsed(letter)["Auto-Submitted"] == "auto-generated"
    assert len({found["postal"]["messageId"] for found in posts.clients(letters)}) == len(issued)


def scanned(data: bytes) -> list[str]:
    """What every QR code on every sheet says."""
    document = pypdfium2.PdfDocument(data)
    try:
        pictures = (page.render(scale=150 / 72).to_pil() for page in document)
        return [said for picture in pictures for said in judges.zxing(picture)]
    finally:
        document.close()
