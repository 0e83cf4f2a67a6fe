"""What a mail server answers: a code, an enhanced code, words; and what that means to the person who sends.

Sources: RFC 5321, 4.2 (replies), RFC 3463 and the IANA registry of enhanced status codes, RFC 4954 (AUTH).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Where = Literal["connection", "login", "sender", "recipient", "data", "end"]
"""How far a message came: ``data`` is everything from DATA to the last byte before the final dot, ``end`` the answer to
that dot."""
Kind = Literal["accepted", "later", "never", "unknown"]
"""``accepted``: it is the server's from now on. ``later``: certainly not delivered, and may be tried again. ``never``:
certainly not delivered, and trying again would not help. ``unknown``: the final dot was sent, and no answer came."""


class Reply(NamedTuple):
    """What became of one message in one try. ``code`` is 0 where no server spoke; ``enhanced`` is like "5.1.1", or "";
    ``words`` are the server's own, in one line, or ours where it said nothing."""

    kind: Kind
    where: Where
    code: int = 0
    enhanced: str = ""
    words: str = ""

    def __str__(self) -> str:
        """ "550 5.1.1 No such user", as the server said it."""
        return " ".join(part for part in (str(self.code or ""), self.enhanced, self.words) if part)

    @property
    def of_server(self) -> bool:
        """Whether it says nothing of this message: the connection, the login, or a server that is closing."""
        return self.where in ("connection", "login") or self.code == 421


_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?:\s+|$)")
_LONGEST = 400  # characters of a server's words that are kept


def answered(code: int, said: bytes | str, where: Where) -> Reply:
    """A server's answer to a command: the code decides, the enhanced code and the words explain (RFC 5321, 4.2.1)."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [_ENHANCED.match(line) for line in lines]
    enhanced = next((match[0].strip() for match in found if match), "")
    bare = " ".join(line[match.end() :] if match else line for line, match in zip(lines, found, strict=True))
    words = "".join(letter if letter.isprintable() else " " for letter in bare)
    kind: Kind = "accepted" if 200 <= code < 400 else "later" if 400 <= code < 500 else "never"
    return Reply(kind, where, code, enhanced, " ".join(words.split())[:_LONGEST])


def lost(where: Where, words: str) -> Reply:
    """The connection broke, or nothing came in time. After the final dot nobody knows what became of the message."""
    return Reply("unknown" if where == "end" else "later", where, 0, "", words)
