"""Against what a certificate is checked: an academy's own registry, or its published site, near or far.

A source gives keys, and for a credential its standing: whether it was revoked or replaced, and up to which day that is
known. What comes from a site is bounded before it is parsed, and believed only where a signature says so; keys are
believed as the site gives them, so their fingerprints are told for people to compare with the paper.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.payload import LIST_LENGTH
from certgen.proof import Checked
from certgen.sealed import LARGEST, Notice, Notices, open_, place_of, read_honest, read_notices
from certgen.signing import KeyRecord, KeyState, PublicKey, did
from certgen.status import StatusList, read_status_list

_LARGEST_FILE = 2_000_000  # bytes: a full status list takes 24,000, a course's facts 10,000
_LARGEST_PAGE = 64_000_000  # bytes of a verify.html with everything in it
_SECONDS = 15.0
_KEYS = 200


class About(Struct, frozen=True):
    """Who issued it, for people."""

    name: str = ""
    legal_name: str | None = None
    contact: str | None = None
    privacy_url: str | None = None
    url: str | None = None


class Standing(Struct, frozen=True):
    """Whether a credential still stands. ``known``: the day to which that is known; None where it is not known at all,
    and then ``why`` is a sentence. ``old``: longer ago than the list itself says it is good for. ``where``: what told
    so, in words."""

    state: Literal["good", "revoked", "replaced", "unknown"]
    where: str = ""
    known: date | None = None
    old: bool = False
    why: str = ""
    reason: str | None = None
    replaced_by: str | None = None


class Record(Struct, frozen=True):
    """What an academy's own registry says of a certificate; the texts are None where they were erased. ``sha256`` is
    of the file as it was made."""

    name: str | None
    title: str | None
    sha256: str
    issued: date


class Source(Protocol):
    """See :class:`Site` and :class:`certgen.verify.academy.Academy`. ``words`` says what it is, in a sentence's middle;
    ``believed``: how its keys were come by; ``warning``: a sentence about the source itself, or empty."""

    words: str
    believed: str
    warning: str
    about: About
    verify_url: str
    keys: tuple[KeyRecord, ...]

    @property
    def honest(self) -> frozenset[bytes]:
        """SHA-256 of the payloads that are believed though their key was stolen."""

    def standing(self, code: str, status: int, today: date) -> Standing: ...

    def payload(self, code: str) -> str | None:
        """The payload that a code stands for; None where there is none. Raises :class:`Unreachable`."""

    def record(self, code: str) -> Record | None: ...

    def facts(self, digest: bytes) -> str | None:
        """A sentence about what is wrong with the course facts; None when they are as signed. Raises
        :class:`Unreachable`."""


class Unreachable(Exception):
    """Something of a source cannot be had; says what and why in a sentence."""


def issuer_did(source: Source) -> str:
    return did(source.verify_url)


# --- a site ----------------------------------------------------------------------------------

Fetch = Callable[[str, int], bytes]
"""``fetch("status/0.json", most)``: bytes of a site; raises :class:`Unreachable`, FileNotFoundError for what is not
there."""


class Site:
    """A published site. What was fetched is remembered. Raises :class:`CertgenError` when it is none."""

    def __init__(self, address: str, fetch: Fetch) -> None:
        self._fetch = fetch
        self._lists: dict[int, StatusList | str] = {}
        self._notices: dict[int, Notices | None] = {}
        away = bool(urlsplit(address).netloc)
        self.words = f"the site {address}" if away else f"the site in {address}"
        self.believed = f"as {address} gives it" if away else "as that folder gives it"
        self.warning = ""
        try:
            told = self._json("site.json")
            named = told.get("issuer")
            named = named if isinstance(named, dict) else {}
            about = {field: named[field] for field in About.__struct_fields__ if isinstance(named.get(field), str)}
            self.about = About(**about)
            self.verify_url = str(told["verify_url"]).rstrip("/")
            self.keys = _keys(told["keys"])
            did(self.verify_url)
            if told.get("format") != "certgen-site-1" or not urlsplit(self.verify_url).netloc:
                raise ValueError("site.json")
        except FileNotFoundError:
            raise _no_site(address, "there is no site.json") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _no_site(address, f"its site.json cannot be read: {type(error).__name__}") from None
        except Unreachable as error:
            raise _no_site(address, str(error)) from None
        self._believed_payloads = self._honest()
        there = urlsplit(self.verify_url).netloc
        if urlsplit(address).netloc not in ("", there):
            self.warning = f"{address} is a copy, or another’s: the site that it names as the issuer’s own is {there}."

    @property
    def honest(self) -> frozenset[bytes]:
        return self._believed_payloads

    def standing(self, code: str, status: int, today: date) -> Standing:
        number, entry = divmod(status, LIST_LENGTH)
        if number not in self._lists:
            self._lists[number] = self._list(number)
        found = self._lists[number]
        where = f"status list {number}"
        if isinstance(found, str):
            return Standing("unknown", where, why=found)
        if not found.revoked(entry):
            return Standing("good", where, known=found.issued, old=today > found.until)
        notice = self._notice(number, entry, code)
        state: Literal["revoked", "replaced"] = "replaced" if notice.replaced_by else "revoked"
        return Standing(state, where, found.issued, reason=notice.reason, replaced_by=notice.replaced_by)

    def payload(self, code: str) -> str | None:
        try:
            return open_(code, self._fetch(place_of(code), 4096))
        except FileNotFoundError:
            return None

    def record(self, code: str) -> Record | None:
        return None

    def facts(self, digest: bytes) -> str | None:
        from hashlib import sha256

        try:
            held = self._fetch(f"facts/{digest.hex()}.json", _LARGEST_FILE)
        except FileNotFoundError:
            raise Unreachable(f"{self.words} does not have the course's description") from None
        if sha256(held).digest()[: len(digest)] != digest:
            return "The course's description on the site is not the one that was signed."
        return None

    def _list(self, number: int) -> StatusList | str:
        try:
            data = self._fetch(f"status/{number}.json", _LARGEST_FILE)
        except FileNotFoundError:
            return f"{self.words} has no status list {number}"
        except Unreachable as error:
            return str(error)
        found = read_status_list(data, f"{self.verify_url}/status/{number}.json", did(self.verify_url), self.keys)
        if isinstance(found, Checked):
            return f"the status list is not to be believed. {found.why}"
        return found

    def _notice(self, number: int, entry: int, code: str) -> Notice:
        """The public reason of a revocation, and the code that took its place, where the site tells them."""
        if number not in self._notices:
            try:
                data = self._fetch(f"notices/{number}.json", LARGEST)
            except (FileNotFoundError, Unreachable):
                data = b""
            self._notices[number] = read_notices(data, number, self.keys)
        notices = self._notices[number]
        return (notices.of(code, entry) if notices else None) or Notice()

    def _honest(self) -> frozenset[bytes]:
        """Payloads that stolen keys signed while they were the academy's own."""
        try:
            found = read_honest(self._fetch("honest.json", LARGEST), self.keys)
        except (FileNotFoundError, Unreachable):
            return frozenset()
        if found is None:
            return frozenset()
        stolen = [KeyRecord(key, date.min, "compromised") for key in found.of]
        self.keys = (*(key for key in self.keys if key.multikey not in found.of), *stolen)
        return found.payloads

    def _json(self, name: str) -> dict[str, Any]:
        held = json.loads(self._fetch(name, _LARGEST_FILE).decode("utf-8"))
        if not isinstance(held, dict):
            raise ValueError("it is not an object")
        return held


def _keys(told: Any) -> tuple[KeyRecord, ...]:
    found = []
    for item in told[:_KEYS]:
        PublicKey.from_multikey(item["multikey"])
        state: KeyState = item.get("state", "active")
        if state not in ("active", "retired", "compromised"):
            raise ValueError("a key in another state")
        since = item.get("since")
        found.append(KeyRecord(item["multikey"], date.min, state, date.fromisoformat(since) if since else None))
    return tuple(found)


def _no_site(address: str, why: str) -> CertgenError:
    return CertgenError(
        Problem(
            code="no-site",
            message=f"{address} is not the site of an academy that uses certgen, or cannot be reached ({why}).",
            hint="Take the address that is printed beside the QR code, without /v. Check that this computer is online.",
            exit_code=ExitCode.VERIFICATION,
        )
    )


# --- fetching --------------------------------------------------------------------------------


def near(folder: Path) -> Fetch:
    """The files of a site's folder on this computer."""

    def fetch(name: str, most: int) -> bytes:
        with (folder / name).open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise Unreachable(f"{name} is larger than {most // 1000:,} KB, so it was not read")
        return data

    def told(name: str, most: int) -> bytes:
        try:
            return fetch(name, most)
        except (NotADirectoryError, FileNotFoundError):
            raise FileNotFoundError(name) from None
        except OSError as error:
            raise Unreachable(f"{name} cannot be read ({error.strerror or error})") from None

    return told


_INLINED = re.compile(rb"""<script[^>]{0,200} id=["']?data["']?[^>]{0,200}>(.*?)</script>""", re.DOTALL)


def inlined(page: Path) -> Fetch:
    """The files that a saved verify.html has in it. Raises :class:`CertgenError` for another page."""
    try:
        with page.open("rb") as file:
            found = _INLINED.search(file.read(_LARGEST_PAGE))
        held = json.loads(found[1]) if found else None
    except (OSError, ValueError, RecursionError):
        held = None
    if not isinstance(held, dict):
        raise _no_site(str(page), "it is not a verify.html of certgen")
    files: dict[str, Any] = held

    def fetch(name: str, most: int) -> bytes:
        text = files.get(name)
        if name.startswith("codes/"):
            raise Unreachable(f"{page.name} does not have the codes that are typed by hand")
        if not isinstance(text, str):
            raise FileNotFoundError(name)
        return text.encode("utf-8")

    return fetch


def far(address: str, *, insecure: bool = False) -> Fetch:
    """The files of a site by HTTPS (``insecure``: HTTP too, for this computer only). Nothing but GET, no cookies, no
    redirect to another host or away from HTTPS, and no more bytes than were asked for."""
    import urllib.error
    import urllib.request

    base = address.rstrip("/")
    asked = urlsplit(base)

    class SameHost(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            to = urlsplit(newurl)
            if (to.scheme, to.netloc) != (asked.scheme, asked.netloc):
                raise urllib.error.URLError(f"it leads to {to.scheme}://{to.netloc}, another place")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    opener = urllib.request.build_opener(SameHost)

    def fetch(name: str, most: int) -> bytes:
        import http.client

        request = urllib.request.Request(f"{base}/{name}", headers={"User-Agent": "certgen", "Accept": "*/*"})
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                data: bytes = answer.read(most + 1)
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                raise FileNotFoundError(name) from None
            raise Unreachable(f"{asked.netloc} answered {error.code} for {name}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Unreachable(f"{asked.netloc} cannot be reached ({reason})") from None
        if len(data) > most:
            raise Unreachable(f"{name} is larger than {most // 1000:,} KB, so it was not read")
        return data

    if asked.scheme != "https" and not (insecure and asked.scheme == "http"):
        raise _no_site(address, "it does not begin with https://")
    return fetch


def site(said: str) -> Site:
    """What ``--site`` names: an address, or the folder of a site, or its verify.html, on this computer."""
    parts = urlsplit(said)
    if parts.scheme in ("http", "https") and parts.netloc:
        base = said.partition("#")[0].rstrip("/")
        base = base.removesuffix("/v").removesuffix("/v.html").removesuffix("/verify.html")
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        return Site(base, far(base, insecure=local))
    path = Path(said)
    if path.is_file() and path.suffix == ".html":
        return Site(said, inlined(path))
    if path.is_file():
        path = path.parent  # site.json
    return Site(said, near(path))
