"""An issued certificate becomes a message to the person who earned it.

What the message says comes from what the registry kept when the certificate was issued; only the words, and who sends,
are today's.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from urllib.parse import quote, urlencode, urlsplit

from certgen import codes, credential
from certgen.compose.context import Context
from certgen.copies import as_credential
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.fields import Slot
from certgen.mail import words as wording
from certgen.mail.filled import Filled, Say, Value, fill
from certgen.mail.markup import Look
from certgen.mail.message import AUTOMATIC, LARGEST, Attached, Envelope, for_servers, message, written
from certgen.mail.words import Purpose, Words
from certgen.model import Issuer, Mail, Mailbox
from certgen.picture import picture
from certgen.registry import Held, Registry
from certgen.registry.snapshot import Kept
from certgen.selection import Files

PIXELS = 1072  # the picture's width: two for each of the message's, as phones have them
TEST_MARK = "[Test]"


class Composer:
    """Makes messages. A context manager: copies of certificates are made meanwhile.

    ``folder``: the academy's. ``folders``: of the course, where that is known, for templates of one's own;
    ``template``: a file that is taken for everybody instead. ``picture``: the certificate is also shown in the HTML.
    ``codes_published``: the site answers to codes, so that a short address will do where one is put on show.
    """

    def __init__(
        self,
        registry: Registry,
        folder: Path,
        mail: Mail,
        secret: bytes,
        purpose: Purpose,
        folders: Sequence[Path],
        problems: list[Problem],
        *,
        picture: bool = False,
        codes_published: bool = True,
        template: Path | None = None,
    ) -> None:
        self._registry, self._folder, self._mail, self._secret = registry, folder, mail, secret
        self._purpose: Purpose = purpose
        self._folders, self._problems, self._picture, self._template = folders, problems, picture, template
        self._codes_published = codes_published
        self._lock = Lock()
        self._files = Files(registry, folder)
        self._kept: dict[str, Kept] = {}
        self._contexts: dict[tuple[str, str, str, int, date, date | None], Context] = {}
        self._words: dict[tuple[str, str, str], Words | None] = {}
        self._replaces: dict[int, str] = {}
        self._ended: dict[str, list[tuple[int, str]]] | None = None

    def __enter__(self) -> Composer:
        self._files.__enter__()
        return self

    def __exit__(self, *how: object) -> None:
        self._files.__exit__(None, None, None)

    # --- one message -------------------------------------------------------------------------

    def words(self, held: Held) -> Words | None:
        """The template for a certificate, read once; None with Problems."""
        default = self.kept(held).course.languages[0]
        key = held.language, default, held.folder
        if key not in self._words:
            if self._template is not None:
                self._words[key] = wording.load(self._template, held.language, self._problems)
            else:
                told: list[Problem] = []
                folders = self._places(held)
                self._words[key] = wording.choose(self._purpose, held.language, default, folders, told)
                self._problems += [problem for problem in told if problem not in self._problems]
        return self._words[key]

    def _places(self, held: Held) -> list[Path]:
        """Where words may be: those that the caller named, or beside the course whose certificate it is, which a batch
        put into a folder there; then the academy's."""
        academy, parts = self._folder, Path(held.folder).parts
        below = [academy.joinpath(*parts[at:]) for at in range(max(1, len(parts) - 4), len(parts))]  # it may have moved
        near = [folder for place in below for folder in (place, place.parent) if academy in folder.parents]
        found = [folder for folder in near if (folder / wording.FOLDER).is_dir()]
        return [*(self._folders or found[:1]), academy]

    def kept(self, held: Held) -> Kept:
        """What the certificate was made from."""
        if held.setting not in self._kept:
            if not held.setting:
                raise CertgenError(_unknown(held))
            self._kept[held.setting] = self._registry.setting(held.setting).kept
        return self._kept[held.setting]

    def filled(self, held: Held) -> Filled:
        """What the person will read. The template must be there, and the person not erased."""
        words = self.words(held)
        assert words is not None
        return fill(words, self._say(held))

    def identity(self, code: str, round: int) -> str:
        """The Message-ID of what is sent about a certificate the how manieth time, counted from 0."""
        return message_id(self._secret, self._purpose, code, str(round), self._mail.origin.address)

    def message(
        self, held: Held, address: str, identity: str | None, sent: datetime | None, *, test: bool = False
    ) -> bytes:
        """The whole message. Without an identity and a day it is a draft, which a mail program opens ready to send.
        ``test``: to somebody else, to look at. May be asked for by several threads."""
        with self._lock:
            return self._message(held, address, identity, sent, test)

    def _message(self, held: Held, address: str, identity: str | None, sent: datetime | None, test: bool) -> bytes:
        assert held.recipient is not None
        kept, filled, name = self.kept(held), self.filled(held), held.recipient.name
        if test:
            filled = filled._replace(subject=f"{TEST_MARK} {filled.subject}")
        pdf = self.document(held) if self._purpose == "certificate" or self._picture else b""
        image = picture(pdf, PIXELS, language=held.language, small=True) if self._picture else None
        shown = None
        if image is not None:
            alternative = f"{self.text(held, 'award.title')} – {name}".removeprefix(" – ")
            shown = (f"{self.identity(held.code, 0).strip('<>').partition('@')[0]}@picture", alternative)
        look = Look(kept.issuer.name, kept.issuer.primary, kept.issuer.accent, shown, held.url)
        envelope = Envelope(
            mail=self._mail,
            to=Mailbox(address, "" if test else name),
            message_id=identity,
            sent=sent,
            marks=AUTOMATIC if sent else (("X-Unsent", "1"),),
        )
        attached = [Attached(held.file, pdf)] if self._purpose == "certificate" else []
        return written(message(filled, look, envelope, attached, image))

    def document(self, held: Held) -> bytes:
        """The certificate's file, byte for byte as it was issued: where it was put, or made again. Raises
        :class:`CertgenError` where neither is to be had."""
        found = self._files.of(held)
        if len(found.data) > LARGEST:
            raise CertgenError(_large(held, len(found.data)))
        if not found.same:
            raise CertgenError(_lost(held))
        return found.data

    # --- values ------------------------------------------------------------------------------

    def text(self, held: Held, path: str) -> str:
        """One field in words."""
        return self._say(held)(Slot(path)).text

    def replaces(self, held: Held) -> str:
        """The code of the certificate in whose place this one is, grouped; "" where there was none that went out, or
        where it is not sure which."""
        if held.serial not in self._replaces:
            known = self._registry.chain_of(held.code)
            before = [one.code for one in known if one.replaced_by == held.code and one.payload]
            if not before and held.revision:
                before = [code for revision, code in self._revoked().get(held.person, []) if revision < held.revision]
            self._replaces[held.serial] = codes.grouped(before[-1]) if before else ""
        return self._replaces[held.serial]

    def _revoked(self) -> dict[str, list[tuple[int, str]]]:
        """Revisions and codes of revoked certificates, by person: nothing in them says what was made afterwards."""
        if self._ended is None:
            self._ended = {}
            for one in self._registry.all(state="revoked"):
                if one.payload:
                    self._ended.setdefault(one.person, []).append((one.revision, one.code))
        return self._ended

    def _say(self, held: Held) -> Say:
        kept = self.kept(held)
        words = self.words(held)
        tongue = words.language if words is not None else held.language
        key = tongue, held.language, held.setting, held.award, held.issued, held.expires
        context = self._contexts.get(key)
        if context is None:
            language = held.language if held.language in kept.course.editions else kept.course.languages[0]
            edition = kept.course.editions[language]
            context = self._contexts[key] = Context(
                kept.layout, kept.course, edition, kept.issuer, held.award, held.issued, held.expires, frozenset(),
                kept.record,
            )  # fmt: skip
            context.language = tongue  # days and numbers are written as the words around them
        made = as_credential(held, kept.issuer)
        links = {"links.verify": held.url, "links.linkedin": ""}

        def say(slot: Slot) -> Value:
            if slot.path == wording.REPLACES:
                return Value(self.replaces(held))
            if slot.path in links:
                shown = made.url if self._codes_published else held.url
                href = links[slot.path] or linkedin(held, shown, context, self._mail.linkedin)
                return Value(href, href)
            text = context.expand(_braced(slot)).render(credential.lookup(made), tongue)
            return Value(text, _leads(slot.path, text, kept.issuer))

        return say


def _braced(slot: Slot) -> str:
    return f"{{{slot.path}:{slot.fmt}}}" if slot.fmt else f"{{{slot.path}}}"


def _leads(path: str, text: str, issuer: Issuer) -> str:
    """Where a value leads; nothing that a roster says leads anywhere."""
    if path in ("issuer.url", "issuer.privacy_url", "issuer.verify_url", "credential.url"):
        return text if "://" in text else f"https://{text}" if text else ""
    if path == "issuer.contact" and issuer.contact:
        whole = issuer.contact
        return (
            whole
            if whole.startswith(("https://", "http://"))
            else f"mailto:{quote(whole, safe='@')}"
            if "@" in whole
            else ""
        )
    if path == "credential.host":
        parts = urlsplit(issuer.verify_url)
        return f"{parts.scheme}://{text}"
    return ""


def linkedin(held: Held, address: str, context: Context, organisation: str | None) -> str:
    """LinkedIn's page that adds a certificate to one's profile, with everything filled in. Nothing is sent to LinkedIn
    before somebody opens it. Source: LinkedIn, Add to Profile (the parameters of its own buttons)."""
    issuer = context.issuer
    told = {
        "startTask": "CERTIFICATION_NAME",
        "name": context.edition.title,
        **({"organizationId": organisation} if organisation else {"organizationName": issuer.name}),
        "issueYear": str(held.issued.year),
        "issueMonth": str(held.issued.month),
    }
    if held.expires:
        told |= {"expirationYear": str(held.expires.year), "expirationMonth": str(held.expires.month)}
    told |= {"certUrl": address, "certId": codes.grouped(held.code)}
    return f"https://www.linkedin.com/profile/add?{urlencode(told, quote_via=quote, safe='')}"


def message_id(secret: bytes, purpose: str, code: str, round: str, origin: str) -> str:
    """ "<...@domain>" for one message about one certificate: the first 128 bits of HMAC-SHA-256 with the academy's
    secret, so that it tells nobody the code, which opens what the site knows. Sources: RFC 5322, 3.6.4; RFC 2104."""
    said = "".join(f"{len(part)}:{part}," for part in ("certgen-mail-1", purpose, code, round))
    digest = hmac.digest(secret, said.encode("utf-8"), "sha256")[:16]
    name = base64.b32encode(digest).decode("ascii").rstrip("=").lower()
    return f"<{name}@{for_servers(origin).rpartition('@')[2].lower()}>"


def _unknown(held: Held) -> Problem:
    return Problem(
        code="unknown-setting",
        message=f"What certificate {codes.grouped(held.code)} was made from is not known any more, as the registry was "
        "rebuilt: no message can say what it is for.",
        hint="Send it by hand.",
        exit_code=ExitCode.REGISTRY,
    )


def _large(held: Held, size: int) -> Problem:
    return Problem(
        code="too-large",
        message=f"Certificate {codes.grouped(held.code)} has {size / 1e6:,.0f} MB, which mail servers do not take.",
        hint=f"Use smaller pictures in the layout; {LARGEST // 1_000_000} MB are the most.",
        exit_code=ExitCode.DELIVERY,
    )


def _lost(held: Held) -> Problem:
    return Problem(
        code="not-as-issued",
        message=f"Certificate {codes.grouped(held.code)} cannot be had as it was issued: its file is not where it was, "
        "and what is made again today has other bytes.",
        hint=f"Put {held.file} back into {held.folder}." if held.file else "",
        exit_code=ExitCode.REGISTRY,
    )
