"""The live site compared with what the registry says: what differs, what is missing, what is false.

Fetched over https from ``verify_url`` and nowhere else: bounded in size and time, a redirect to another host is
refused. What is signed is compared by what it says, pages by their checksums, course facts and codes by a sample.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from http.client import HTTPException
from typing import IO, Any, Literal, NamedTuple
from urllib.parse import quote, urlsplit

from msgspec import Struct

from certgen import status
from certgen.model import Issuer
from certgen.sealed import Notice, open_, place_of, read_honest, read_notices
from certgen.signing import did
from certgen.site.standing import Publication, Records, Standing, last_build, remember, standing

SECONDS = 10.0  # for one file
ALL_SECONDS = 120.0
LARGEST = 20_000_000  # bytes of one file
_PATIENCE = 3  # fetches that fail in a row before the host is taken to be away
SAMPLE = 5  # course facts and codes that are fetched, the newest and some between


class Fetched(NamedTuple):
    """A file's bytes; None with ``why`` when there is none, "" where the host says that there is no such file."""

    data: bytes | None
    why: str = ""


Fetch = Callable[[str], Fetched]
"""Fetches a file by its name below the verification address."""

State = Literal["agrees", "missing", "older", "newer", "false", "foreign", "unreachable"]


class Seen(Struct, frozen=True):
    """One file. ``missing`` and ``older``: to be published. ``newer``: the site knows more than this registry.
    ``false``: not what the academy says. ``foreign``: of somebody else."""

    file: str
    state: State
    words: str = ""


class Comparison(Struct, frozen=True):
    """What is live. ``days``: how many more the live status lists are good; None: no good one was found."""

    files: tuple[Seen, ...]
    days: int | None

    @property
    def agrees(self) -> bool:
        return all(seen.state == "agrees" for seen in self.files)

    @property
    def false(self) -> bool:
        """Whether something live is false or foreign."""
        return any(seen.state in ("false", "foreign") for seen in self.files)


def compare(registry: Records, issuer: Issuer, secret: bytes, today: date, fetch: Fetch | None = None) -> Comparison:
    """Compares, and remembers in the registry when everything agrees."""
    stands, built = standing(registry, secret), last_build(registry)
    fetch = fetch or Web(issuer.verify_url)
    found = list(_described(stands, issuer, fetch))
    untils: list[date] = []
    issued: list[date] = []
    for number, cancelled in enumerate(stands.cancelled):
        seen, live = _status(number, cancelled, stands, issuer, today, fetch)
        found.append(seen)
        if live is not None:
            untils.append(live.until)
            issued.append(live.issued)
        found.append(_notices(number, cancelled, stands, fetch))
    if stands.stolen:
        found.append(_honest(stands, fetch))
    for name in _sample(list(stands.facts)):
        found.append(_facts(f"facts/{name}", stands.facts[name], fetch))
    if built is None or built.codes:
        found += [_code(code, stands.payloads[code], fetch) for code in _sample(list(stands.payloads))]
    found += _gone(stands, fetch)
    if built is not None:
        found += [_page(name, digests, fetch) for name, digests in sorted(built.pages.items())]
        found.append(_opened(built.pages.get("v.html", []), fetch))
    whole = len(untils) == len(stands.cancelled)
    comparison = Comparison(tuple(found), (min(untils) - today).days if whole else None)
    if comparison.agrees:
        remember(registry, Publication(min(issued), min(untils), stands.mark))
    return comparison


# --- one file after another ------------------------------------------------------------------


def _described(stands: Standing, issuer: Issuer, fetch: Fetch) -> Iterator[Seen]:
    """The documents that name the keys."""
    names = ["did.json"] if urlsplit(issuer.verify_url).path.strip("/") else ["did.json", ".well-known/did.json"]
    for name in [*names, "site.json"]:
        data, why = fetch(name)
        if data is None:
            yield _absent(name, why)
            continue
        try:
            document = json.loads(data)
            said = document["did"] if name == "site.json" else document["id"]
            told = document["keys"] if name == "site.json" else document["verificationMethod"]
            live = {key["multikey"] if name == "site.json" else key["publicKeyMultibase"] for key in told}
        except (ValueError, KeyError, TypeError, RecursionError):
            yield Seen(name, "false", "It is not what certgen writes.")
            continue
        yield _named(name, said == did(issuer.verify_url), live, stands)


def _named(name: str, ours: bool, live: set[Any], stands: Standing) -> Seen:
    good, stolen = {key.multikey for key in stands.good}, {key.multikey for key in stands.stolen}
    if not ours:
        return Seen(name, "foreign", "It is of another issuer, or of another address.")
    if live & stolen:
        return Seen(name, "false", "It still names a key that was stolen: publish at once.")
    if live - good:
        return Seen(name, "foreign", "It names a key that this academy does not know.")
    if good - live:
        return Seen(name, "older", "It lacks a key: what that one signed is not believed yet.")
    return Seen(name, "agrees")


def _status(
    number: int, cancelled: dict[int, Any], stands: Standing, issuer: Issuer, today: date, fetch: Fetch
) -> tuple[Seen, status.StatusList | None]:
    name = f"status/{number}.json"
    data, why = fetch(name)
    if data is None:
        return _absent(name, why), None
    live = status.read_status_list(data, status.list_url(issuer, number), did(issuer.verify_url), stands.keys)
    if not isinstance(live, status.StatusList):
        return Seen(name, "foreign" if live.state == "unknown-key" else "false", live.why), None
    ours = set(cancelled)
    theirs = {
        entry for at, byte in enumerate(live.bits) if byte for entry in range(at * 8, at * 8 + 8) if live.revoked(entry)
    }
    if theirs - ours:
        words = f"It cancels {_many(len(theirs - ours))} that this registry holds for good. Was an old backup restored?"
        return Seen(name, "newer", words), live
    if ours - theirs:
        return Seen(name, "older", f"It does not know yet that {_many(len(ours - theirs))} were cancelled."), live
    if live.until <= today:
        return Seen(name, "older", f"It was good until {live.until} and is too old now."), live
    return Seen(name, "agrees", f"good until {live.until}"), live


def _notices(number: int, cancelled: dict[int, tuple[str, Notice]], stands: Standing, fetch: Fetch) -> Seen:
    name = f"notices/{number}.json"
    data, why = fetch(name)
    if data is None:
        return _absent(name, why)
    live = read_notices(data, number, stands.keys)
    if live is None:
        return Seen(name, "false", "Its signature does not hold.")
    if set(live.notices) - set(cancelled):
        return Seen(name, "newer", "It tells of certificates that this registry holds for good.")
    if any(live.of(code, entry) != says for entry, (code, says) in cancelled.items()):
        return Seen(name, "older", "A reason, or a new code, is not told yet.")
    return Seen(name, "agrees")


def _honest(stands: Standing, fetch: Fetch) -> Seen:
    name = "honest.json"
    data, why = fetch(name)
    if data is None:
        return _absent(name, why)
    live = read_honest(data, stands.keys)
    if live is None:
        return Seen(name, "false", "Its signature does not hold.")
    listed = stands.honest()
    ours = frozenset(digest for digests in listed.values() for digest in digests)
    if live.payloads - ours:
        return Seen(name, "newer", "It lists certificates that this registry does not know.")
    if ours - live.payloads or set(listed) - set(live.of):
        return Seen(name, "older", "It does not list all certificates that were honestly issued.")
    return Seen(name, "agrees")


def _facts(name: str, ours: bytes, fetch: Fetch) -> Seen:
    data, why = fetch(name)
    if data is None:
        return _absent(name, why)
    return Seen(name, "agrees") if data == ours else Seen(name, "false", "Its contents are not what was published.")


def _code(code: str, payload: str, fetch: Fetch) -> Seen:
    name = place_of(code)
    data, why = fetch(name)
    if data is None:
        return _absent(name, why)
    live = open_(code, data)
    if live is None:
        return Seen(name, "false", "It does not open with the code that it is for.")
    return Seen(name, "agrees") if live == payload else Seen(name, "older", "It holds an earlier signature.")


def _gone(stands: Standing, fetch: Fetch) -> Iterator[Seen]:
    """What was erased must be gone there too."""
    for code in _sample(list(stands.erased)):
        data, why = fetch(place_of(code))
        if data is not None:
            yield Seen(place_of(code), "older", "It is of a person who was erased: delete it there.")
        elif why:
            yield _absent(place_of(code), why)


def _page(name: str, digests: list[str], fetch: Fetch) -> Seen:
    data, why = fetch(name)
    if data is None:
        return _absent(name, why)
    live = sha256(data).hexdigest()
    if live == digests[-1]:
        return Seen(name, "agrees")
    if live in digests:
        return Seen(name, "older", "It is an earlier build's.")
    words = "It is not a page that certgen built here. Some hosts add scripts of their own to pages: turn that off."
    return Seen(name, "false", words)


def _opened(digests: list[str], fetch: Fetch) -> Seen:
    """What a QR code opens: hosts find the page under its short name in their own ways, or not."""
    found = _page("v", digests, fetch)
    if found.state == "missing":
        return Seen("v", "missing", "QR codes open this address, and the host does not show v.html there.")
    return found


def _absent(name: str, why: str) -> Seen:
    return Seen(name, "unreachable", why) if why else Seen(name, "missing", "It is not there.")


def _many(count: int) -> str:
    return "1 certificate" if count == 1 else f"{count:,} certificates"


def _sample(names: list[str]) -> list[str]:
    """The newest two, and some between, spread evenly."""
    if len(names) <= SAMPLE:
        return names
    step = len(names) / (SAMPLE - 2)
    chosen = {*(int(n * step) for n in range(SAMPLE - 2)), len(names) - 2, len(names) - 1}
    return [names[at] for at in sorted(chosen)]


# --- over the network ------------------------------------------------------------------------


class Web:
    """Fetches from one address. Never raises for what a host does."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._ends = time.monotonic() + ALL_SECONDS
        self._opener = urllib.request.build_opener(_SameHost(address))
        self._failed = 0  # fetches in a row
        self._why = ""

    def __call__(self, name: str) -> Fetched:
        if self._failed >= _PATIENCE:
            return Fetched(None, self._why)
        if time.monotonic() > self._ends:
            return Fetched(None, "There was no time left: the site is too slow.")
        request = urllib.request.Request(
            f"{self._address}/{quote(name)}",
            headers={"User-Agent": "certgen", "Cache-Control": "no-cache", "Accept": "*/*"},
        )
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                found = _bounded(answer, time.monotonic() + SECONDS)
        except urllib.error.HTTPError as error:
            error.close()
            found = Fetched(None, _answered(error.code))
        except (OSError, HTTPException, ValueError) as error:
            self._failed, self._why = self._failed + 1, f"The host cannot be reached ({_told(error)})."
            return Fetched(None, self._why)
        self._failed = 0
        return found


def _answered(code: int) -> str:
    """An HTTP error in words; "" where there is no such file."""
    if code in (404, 410):
        return ""
    return "The host sends on in circles." if 300 <= code < 400 else f"The host answers with an error, {code}."


def _told(error: Exception) -> str:
    """What the system says, without its number."""
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)[:120]


def _bounded(answer: IO[bytes], ends: float) -> Fetched:
    pieces, size = [], 0
    while piece := answer.read(65_536):
        size += len(piece)
        if size > LARGEST:
            return Fetched(None, "It is far too large.")
        if time.monotonic() > ends:
            return Fetched(None, "It comes too slowly.")
        pieces.append(piece)
    return Fetched(b"".join(pieces))


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects on the same host only, and never from https to http."""

    max_redirections = 4

    def __init__(self, address: str) -> None:
        self._origin = _origin(address)

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if _origin(newurl) != self._origin:
            raise urllib.error.URLError(f"it sends on to {urlsplit(newurl).netloc[:80]}, which is another host")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
