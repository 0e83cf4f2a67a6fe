"""Messages as others read them: Python's own parser, and the readers of mail clients (tests/judges_mail)."""

from __future__ import annotations

import base64
import email
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from conftest import ROOT, missing, tool

HOME = ROOT / ".ci" / "cache" / "mail"
READERS = ("postal", "nodemailer")


def parsed(data: bytes) -> EmailMessage:
    """As Python reads it; nothing in it may be amiss."""
    made = email.message_from_bytes(data, policy=policy.default)
    assert isinstance(made, EmailMessage)
    assert not [defect for part in made.walk() for defect in part.defects]
    return made


def name_of(data: bytes, header: str) -> str:
    """The name beside the address in a header. Python's newer parser (3.11) puts a space where a word goes on in
    another encoded word; its older one does as RFC 2047, 6.2, says."""
    raw = email.message_from_bytes(data, policy=policy.compat32)[header]
    ((name, _),) = getaddresses([raw])
    return str(make_header(decode_header(name)))


def text(data: bytes) -> str:
    body = parsed(data).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html(data: bytes) -> str:
    body = parsed(data).get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def attached(data: bytes) -> dict[str, str]:
    """SHA-256 of each attachment, by its name."""
    return {
        str(part.get_filename()): sha256(part.get_content()).hexdigest() for part in parsed(data).iter_attachments()
    }


def clients(messages: Sequence[bytes]) -> list[dict[str, Any]]:
    """What mail clients' readers find in each message."""
    node = tool("node")
    if not (HOME / "node_modules").is_dir():
        missing("postal-mime", "python -m tests.judges_mail")
    shutil.copy(Path(__file__).parent / "judges_mail" / "read.mjs", HOME / "read.mjs")
    asked = json.dumps([base64.b64encode(data).decode("ascii") for data in messages])
    run = subprocess.run([node, HOME / "read.mjs"], input=asked.encode(), capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    found: list[dict[str, Any]] = json.loads(run.stdout)
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def read(markup: str) -> tuple[list[tuple[str, dict[str, str | None]]], str]:
    """The elements of an HTML text with their attributes, and its words."""
    reader = _Reader()
    reader.feed(markup)
    return reader.tags, re.sub(r"\s+", " ", "".join(reader.words)).strip()


def links(markup: str) -> list[str]:
    return [attributes["href"] or "" for tag, attributes in read(markup)[0] if tag == "a"]
