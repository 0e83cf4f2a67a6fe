"""The text of a certificate's pages, as pdfium reads it, compared with what was signed."""

from __future__ import annotations

import unicodedata

from certgen import codes
from certgen.fields import upper
from certgen.payload import Text
from certgen.verify.finding import Check, Told


def compare(told: Told, text: str, fingerprint: str | None) -> list[Check]:
    """What of a certificate stands on its pages. ``text`` is that of all its pages."""
    page = _squeezed(text)
    if not page:
        return [Check("page", "unknown", "The pages are pictures: only you can compare the name with the one above.")]
    checks = []
    for what, said in (("name", told.name), ("title", told.title)):
        if _has(page, text, said, told.language):
            continue
        checks.append(Check("page", "bad", f"The {what} on the page is not the one that was signed."))
    if told.code not in page.replace("-", ""):
        checks.append(Check("page", "bad", f"The code on the page is not {codes.grouped(told.code)}."))
    if not checks:
        checks.append(Check("page", "good", "The page shows the name, title and code that were signed."))
    return checks


def _has(page: str, text: str, said: Text, language: str | None) -> bool:
    wanted = _squeezed(said.start)
    return wanted in page or _squeezed(upper(said.start, language or "en")) in page or _words_there(said.start, text)


def _words_there(said: str, text: str) -> bool:
    """Whether a line has all words of a text that is written from right to left: pdfium takes some of their ligatures
    apart in the wrong order, so each word's letters are compared without it."""
    if not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in said):
        return False
    words = [sorted(_squeezed(word)) for word in said.split()]
    found = [sorted(_squeezed(word)) for word in text.split()]
    return all(word in found for word in words)


def _squeezed(text: str) -> str:
    """Text for comparison: compatibility forms as plain letters, without spaces, controls and soft hyphens."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(
        letter
        for letter in plain
        if not letter.isspace() and unicodedata.category(letter) not in ("Cc", "Cf") and letter not in "\ufffe\ufffd"
    )
