"""A message as it goes out: headers, text and HTML, the certificate attached.

The same input gives the same bytes: what separates the parts follows from the Message-ID. No header can be smuggled in,
as line breaks and control characters never reach one.
Sources: RFC 5322 (messages), RFC 2045 to 2047 (MIME), RFC 2231 (file names), RFC 2387 (a picture beside its HTML), RFC
3676 (flowed text), RFC 3834 (automatic mail), RFC 6532 (addresses in any script).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from hashlib import sha256
from typing import NamedTuple

from msgspec import Struct

from certgen.mail import heads
from certgen.mail.filled import Filled, plain
from certgen.mail.markup import Look, markup
from certgen.model import Mail, Mailbox

LARGEST = 15_000_000  # bytes of a certificate; many servers refuse messages of 25 MB, and base64 makes 4 bytes of 3


class Attached(NamedTuple):
    """A certificate: the file's name as it was issued, and its bytes."""

    name: str
    data: bytes


class Envelope(Struct, frozen=True, kw_only=True):
    """Whom a message is for, and what else stands in its head. ``message_id`` has its angle brackets; None for
    drafts, which get one when they are sent, as they get their date. ``marks``: further headers."""

    mail: Mail
    to: Mailbox
    message_id: str | None
    sent: datetime | None
    marks: tuple[tuple[str, str], ...] = ()


AUTOMATIC = (
    ("Auto-Submitted", "auto-generated"),  # RFC 3834, 5: no "I am away" comes back
    ("X-Auto-Response-Suppress", "OOF, AutoReply"),  # the same for Exchange, which still tells of failures
)


def message(
    filled: Filled,
    look: Look,
    envelope: Envelope,
    attached: Iterable[Attached] = (),
    picture: bytes | None = None,
) -> EmailMessage:
    """Text and HTML as alternatives, with ``picture`` (a PNG) beside the HTML, and what is attached."""
    mail = envelope.mail
    everybody = [mail.origin, envelope.to, *(box for box in (mail.sender, mail.reply_to) if box)]
    made = EmailMessage(SMTP if all(ascii_address(box.address) for box in everybody) else SMTPUTF8)
    made["From"] = _box("From", mail.origin)
    if mail.sender and mail.sender.address != mail.origin.address:
        made["Sender"] = _box("Sender", mail.sender)
    made["To"] = _box("To", envelope.to)
    if mail.reply_to:
        made["Reply-To"] = _box("Reply-To", mail.reply_to)
    made["Subject"] = heads.text("Subject", filled.subject)
    if envelope.sent:
        made["Date"] = envelope.sent
    if envelope.message_id:
        made["Message-ID"] = envelope.message_id
    for name, value in envelope.marks:
        made[name] = value
    _contents(made, filled, look, picture)
    for each in attached:
        made.add_attachment(each.data, maintype="application", subtype="pdf", filename=heads.one_line(each.name))
    made["Content-Language"] = filled.language
    _bounded(made, envelope.message_id or f"{envelope.to.address} {filled.subject}")
    return made


def _contents(made: EmailMessage, filled: Filled, look: Look, picture: bytes | None) -> None:
    latin = sum(letter.isascii() for letter in filled.subject) * 2 > len(filled.subject)
    how = "quoted-printable" if latin else "base64"
    made.set_content(plain(filled), subtype="plain", charset="utf-8", cte=how, params={"format": "flowed"})
    made.add_alternative(markup(filled, look), subtype="html", charset="utf-8", cte=how)
    if picture is not None and look.picture is not None:
        html = made.get_payload(1)
        assert isinstance(html, EmailMessage)
        html.add_related(
            picture, maintype="image", subtype="png", cid=f"<{look.picture[0]}>", filename="certificate.png",
            disposition="inline",
        )  # fmt: skip


def _bounded(made: EmailMessage, seed: str) -> None:
    """Boundaries that follow from the message: =_ occurs in no encoded part (RFC 2045, 6.7)."""
    for part in made.walk():
        if part is not made:
            del part["MIME-Version"]  # it is the message's to say (RFC 2045, 4)
    for number, part in enumerate(part for part in made.walk() if part.is_multipart()):
        name = sha256(f"{number} {seed}".encode()).hexdigest()[:32]
        part.set_boundary(f"=_{name}")


def written(made: EmailMessage) -> bytes:
    """The message's bytes, lines ending in CRLF."""
    return made.as_bytes()


# --- headers ---------------------------------------------------------------------------------


def ascii_address(address: str) -> bool:
    """Whether any server takes it: what stands before the @ is ASCII (what stands behind it always can be)."""
    return address.rpartition("@")[0].isascii()


def for_servers(address: str) -> str:
    """An address as servers and headers take it: its domain in ASCII. Source: RFC 5891 (IDNA), RFC 6531, 3.2."""
    if address.rpartition("@")[2].isascii():
        return address
    from certgen.mail.dialogue import envelope

    return envelope(address)


def _box(header: str, box: Mailbox) -> heads.Head:
    return heads.mailbox(header, box, for_servers(box.address))
