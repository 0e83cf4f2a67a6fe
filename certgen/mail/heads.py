"""Headers as they go over the wire: names and subjects in any script, in lines of at most 76 characters.

Written here and not by Python's email package, whose folding differs from version to version and puts long words below
an empty first line. Sources: RFC 5322, 2.2.3, 3.2 and 3.4; RFC 2047; RFC 6532 (what stands before an address's @).
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator

from certgen.model import Mailbox

LINE = 76  # characters; RFC 2047, 2
LONGEST_NAME = 120  # characters beside an address
_ROOM = 45  # bytes of text in one encoded word: 60 in base64, with its frame 72
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")  # RFC 5322, 3.2.3
_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
_JOINERS = "\u200c\u200d"


class Head(str):
    """A header's value with its own folding, as EmailMessage takes it."""

    name: str
    defects: tuple[()] = ()

    def __new__(cls, name: str, tokens: Iterable[str]) -> Head:
        made = super().__new__(cls, " ".join(tokens := list(tokens)))
        made.name, made._tokens = name, tokens  # type: ignore[attr-defined]
        return made

    def fold(self, *, policy: object) -> str:
        """The header's lines."""
        lines = [f"{self.name}:"]
        for number, token in enumerate(self._tokens):  # type: ignore[attr-defined]
            if number and len(lines[-1]) + 1 + len(token) > LINE:
                lines.append("")
            lines[-1] += f" {token}"
        return "".join(f"{line}\r\n" for line in lines)


def text(name: str, said: str) -> Head:
    """A header of words, such as a subject."""
    said = one_line(said)
    plain = said.isascii() and "=?" not in said and all(len(word) < 900 for word in said.split(" "))
    return Head(name, said.split() if plain else encoded(said))


def mailbox(name: str, box: Mailbox, address: str) -> Head:
    """A header of one address; ``address`` is as servers take it."""
    return Head(name, [*_phrase(one_line(box.name)), f"<{address}>" if box.name.strip() else address])


def _phrase(name: str) -> Iterable[str]:
    if len(name) > LONGEST_NAME:
        name = name[: LONGEST_NAME - 1].rstrip() + "…"
    if not name:
        return ()
    if name.isascii() and "=?" not in name:
        return name.split(" ") if _ATOMS.fullmatch(name) else ['"' + re.sub(r'(["\\])', r"\\\1", name) + '"']
    return encoded(name)


def encoded(said: str) -> Iterator[str]:
    """Encoded words, none of which parts a character from its marks where that can be helped."""
    some = ""
    for cluster in re.findall(r".(?:(?=\W)[\u0300-\u036f\u200c\u200d\ufe00-\ufe0f])*", said, re.DOTALL):
        if some and len((some + cluster).encode("utf-8")) > _ROOM:
            yield _word(some)
            some = ""
        some += cluster
    if some:
        yield _word(some)


def _word(said: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(said.encode('utf-8')).decode('ascii')}?="


def one_line(said: str) -> str:
    """A text without line breaks and other controls, for a header; joiners of scripts that need them stay."""
    kept = "".join(
        " " if unicodedata.category(letter) in _UNSEEN and letter not in _JOINERS else letter for letter in said
    )
    return " ".join(kept.split())
