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
        """Whether it says nothing of this message: the connection, the login, a server that is closing, or one that
        does not even want to hear for whom it is."""
        return (
            self.where in ("connection", "login") or self.code == 421 or (self.where, self.kind) == ("sender", "later")
        )

    @property
    def of_sender(self) -> bool:
        """Whether nobody would get anything from this sender: the next message need not be tried."""
        known = self.enhanced in _SENDERS or self.code == 530
        return self.kind == "never" and (known or (self.where == "sender" and self.code != 552))


_SENDERS = frozenset(("5.1.7", "5.1.8", "5.2.252", "5.7.60"))  # it is the sender whom the server does not take
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


# --- in plain words --------------------------------------------------------------------------

_MEANINGS = {
    "1.1": "There is no such address.",
    "1.2": "There is no such mail domain: look for a slip behind the @.",
    "1.3": "The address is not written as addresses are.",
    "1.6": "The person has moved to another address.",
    "1.10": "That domain takes no mail.",
    "2.1": "The mailbox is switched off.",
    "2.2": "The mailbox is full.",
    "2.3": "The message is larger than that mailbox takes.",
    "3.4": "The message is larger than the mail server takes.",
    "4.1": "The other mail server does not answer.",
    "4.4": "There is no way to that mail domain: look for a slip behind the @.",
    "6.7": "A server on the way does not take addresses with letters beyond ASCII.",
    "7.26": "The server takes no mail from your domain, as its SPF or DKIM entry does not name this mail server.",
}
"""By subject and detail of the enhanced code, whatever its class."""

_BY_CODE = {
    450: "The server wants it offered again later.",
    451: "The server wants it offered again later.",
    452: "The server has no room at the moment.",
    550: "The server takes no mail for that address.",
    551: "The person is not at that server.",
    552: "The message or the mailbox is too large.",
    553: "The server does not take the address as it is written.",
    554: "The server does not take the message.",
}


def meaning(reply: Reply) -> str:
    """One sentence for a person who knows nothing of servers; what the server itself said goes beside it."""
    if reply.kind == "accepted":
        return "The mail server has taken it."
    if reply.kind == "unknown":
        return "It may have arrived or not: the connection was lost while the server was answering."
    if not reply.code:
        return reply.words
    detail = _MEANINGS.get(reply.enhanced.partition(".")[2])
    policy = "The server wants it offered again later." if reply.kind == "later" else "The server refuses such mail."
    if detail is None and reply.enhanced[1:4] == ".7.":
        detail = policy
    return detail or _BY_CODE.get(reply.code) or policy


_PAUSE = re.compile(
    r"(?i)\b(?:in|after|for|wait|within|another)\s+(?:about\s+|at least\s+)?"
    r"(?:(?P<clock>\d{1,2}:\d\d(?::\d\d)?)|(?P<count>\d{1,5})\s*(?P<unit>s|h|m|sec\w*|min\w*|hour\w*)\b)"
)
_UNITS = {"s": 1, "m": 60, "h": 3600}
SOONEST, LATEST = 30.0, 3600.0  # seconds


def hint(reply: Reply) -> float | None:
    """Seconds after which a server says that it may be asked again ("try again in 300 seconds", "greylisted for 5
    minutes", "in 00:04:32"), within bounds; None where it says nothing of the kind. There is no standard for it."""
    found = _PAUSE.search(reply.words) if reply.kind == "later" else None
    if found is None:
        return None
    if found["clock"]:
        parts = [int(part) for part in found["clock"].split(":")]
        seconds = sum(part * scale for part, scale in zip(reversed(parts), (1, 60, 3600), strict=False))
    else:
        seconds = int(found["count"]) * _UNITS[found["unit"][0].lower()]
    return min(max(float(seconds), SOONEST), LATEST)
