"""The table [mail] of an issuer.toml, checked."""

from __future__ import annotations

import re
from typing import Any

from certgen.course.checks import Builder
from certgen.course.entries import MailEntry
from certgen.errors import Problem
from certgen.model import Mail, Mailbox
from certgen.toml import UNKNOWN, Document, Key
from certgen.values import Misread, as_email

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Where servers listen: RFC 6409 (submission), RFC 8314 (TLS from the start), RFC 5321."""

_SECRETS = ("password", "passphrase", "token", "secret", "client_secret", "oauth_token", "access_token")
_NAMED = re.compile(r"\s*(?P<name>.*?)\s*<\s*(?P<address>[^<>]*?)\s*>\s*")
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?|\[[0-9A-Fa-f:.]+\]")
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_LONGEST_NAME = 200  # characters beside an address


def without_secrets(document: Document, problems: list[Problem]) -> None:
    """Tells of passwords and tokens in [mail], and takes them out, so that nobody repeats them."""
    table: Any = document.get("mail")
    for name in [key for key in table if key.casefold() in _SECRETS] if isinstance(table, dict) else ():
        del table[name]
        what = "token" if "token" in name else "password"
        problems.append(
            document.problem(
                ("mail", name),
                "secret-in-file",
                f"A {what} must not stand in issuer.toml, which is copied, shared and backed up.",
                f"Delete the line, change the {what} if others may have seen it, and run: certgen mail login",
            )
        )


def mail(builder: Builder, raw: MailEntry) -> Mail | None:
    """How mail is sent; None (told) without an address to send it from."""

    def between(name: str, value: int, least: int, most: int, usual: int) -> int:
        if least <= value <= most:
            return value
        builder.tell(
            ("mail", name), f"bad-{name}", f"{name} must be {least} to {most}; here it is {value}.", f"{usual}"
        )
        return usual

    origin = _mailbox(builder, ("mail", "from"), raw.origin)
    usual = PORTS[raw.security]
    host = _host(builder, raw.host)
    port = usual if raw.port is None else between("port", raw.port, 1, 65535, usual)
    if raw.port in (465, 587) and raw.security != (right := {465: "tls", 587: "starttls"}[raw.port]):
        message = f"Port {raw.port} is for security = “{right}”, and here it is “{raw.security}”."
        builder.tell(("mail", "port"), "port-security", message, f'security = "{right}"', "warning")
    user = builder.text(("mail", "user"), raw.user)
    if user and raw.security == "none" and host not in (None, *_LOCAL):
        message = "With security = “none” the password of this user would cross the network for all to read."
        builder.tell(("mail", "security"), "no-security", message, '"starttls", or "tls"')
    if raw.auth == "oauth" and not user:
        builder.tell(("mail", "user"), "no-user", "auth = “oauth” needs the user who signs in.", "Add a line user = …")
    outbox = builder.text(("mail", "outbox"), raw.outbox)
    made = Mail(
        origin=origin or Mailbox(""),
        sender=_mailbox(builder, ("mail", "sender"), raw.sender),
        reply_to=_mailbox(builder, ("mail", "reply_to"), raw.reply_to),
        host=host,
        port=port,
        security=raw.security,
        user=user,
        auth=raw.auth,
        per_minute=between("per_minute", raw.per_minute, 1, 6000, 30),
        connections=between("connections", raw.connections, 1, 10, 1),
        outbox=str(builder.folder / outbox.replace("\\", "/")) if outbox else None,
        linkedin=_linkedin(builder, raw.linkedin),
    )
    return made if origin else None


def mailbox(text: str) -> Mailbox | Misread:
    """ "Academy <certificates@academy.org>" or an address alone."""
    found = _NAMED.fullmatch(text)
    name, address = (found["name"], found["address"]) if found else ("", text.rpartition("<")[2].strip())
    read = as_email(address)
    if isinstance(read, Misread):
        return read
    return Mailbox(read, " ".join(name.strip("\"'“”").replace('\\"', '"').split())[:_LONGEST_NAME])


def _mailbox(builder: Builder, key: Key, value: str | None) -> Mailbox | None:
    value = builder.text(key, value)
    if not value:
        if key == ("mail", "from") and value != UNKNOWN:
            builder.tell(key, "no-sender", "from is empty.", '"Academy <certificates@your-academy.org>"')
        return None
    read = mailbox(value)
    if isinstance(read, Misread):
        builder.tell(key, "bad-address", f"{key[-1]}: {read.message}", '"Academy <certificates@your-academy.org>"')
        return None
    return read


def _host(builder: Builder, value: str | None) -> str | None:
    value = builder.text(("mail", "host"), value)
    if value is None or _HOST.fullmatch(value):
        return value
    bare = re.sub(r"^[a-z]+://|[/?#].*$", "", value.strip())
    name, _, port = bare.partition(":")
    if port.isdigit() and _HOST.fullmatch(name):
        hint = f'"{name}", and below it: port = {port}'
    else:
        hint = f'"{name}"' if _HOST.fullmatch(name) else '"smtp.your-academy.org"'
    builder.tell(("mail", "host"), "bad-host", f"host must be a server's name; here it is “{value[:60]}”.", hint)
    return None


def _linkedin(builder: Builder, value: str | int | None) -> str | None:
    text = builder.text(("mail", "linkedin"), None if value is None else str(value))
    if text is None or re.fullmatch(r"[1-9]\d{0,14}", text):
        return text
    message = f"linkedin must be your page's number; here it is “{text[:40]}”."
    builder.tell(
        ("mail", "linkedin"), "bad-linkedin", message, "It stands in the address of the page's administration."
    )
    return None
