"""The verification site: a page and signed files, for any static host and any path.

Everything in it can be made again from the registry; the same registry gives the same bytes on the same day. Course
facts are never written over, and codes that were replaced still answer. What the host holds of people is sealed with
their own codes (sealed.py), unless somebody agreed to be named and the academy asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from certgen import status
from certgen.canonical import jcs
from certgen.errors import ExitCode, Problem, has_errors
from certgen.model import Issuer
from certgen.sealed import honest_list, notices_file, place_of, seal
from certgen.signing import KeyRecord, SigningKey, did, did_document
from certgen.site.figures import figures
from certgen.site.standing import (
    Build,
    Publication,
    Records,
    Standing,
    last_build,
    last_publication,
    remember,
    standing,
)
from certgen.site.tree import Tree

__all__ = ["Built", "Records", "Settings", "build", "reminder", "unpublished"]

REMIND = 60  # days before a published status list ends
_REMEMBERED = 20  # checksums of each page that are kept, to tell an old one from another's


class Settings(Struct, frozen=True, kw_only=True):
    """What to build. ``codes``: blobs for codes typed by hand. ``public``: the list of those who agreed to it.
    ``figures``: a table of occupations' figures."""

    day: date
    codes: bool = True
    public: bool = False
    figures: Path | None = None


class Built(Struct, kw_only=True):
    """What was built. ``certificates`` were ever issued, ``cancelled`` of them; ``named`` stand in the public list."""

    folder: Path
    day: date
    until: date
    certificates: int
    cancelled: int
    named: int
    written: list[str]
    removed: list[str]
    unchanged: int
    problems: list[Problem]


def build(
    folder: Path,
    registry: Records,
    issuer: Issuer,
    key: SigningKey,
    secret: bytes,
    settings: Settings,
    problems: list[Problem],
) -> Built | None:
    """Writes the site into ``folder`` and remembers that in the registry. ``key`` signs the lists.

    None with Problems when it must not be built. Raises :class:`certgen.errors.CertgenError` where the disk refuses.
    """
    told = len(problems)
    stands = standing(registry, secret)
    last = last_build(registry)
    problems += _wrong(stands, key, last, settings.day)
    table = figures(settings.figures, problems) if settings.figures else None
    if has_errors(problems[told:]):
        return None
    tree = Tree(folder, problems)
    for name, data in stands.facts.items():
        tree.keep(f"facts/{name}", data)
    _codes(tree, stands, settings)
    _lists(tree, stands, issuer, key, settings.day)
    _people(tree, stands, settings)
    if table is not None:
        tree.put("figures.json", table)
    site = _described(stands, issuer, settings.day)
    _keys(tree, stands, issuer, site)
    pages = _pages(tree, stands, site)
    _for_hosts(tree, issuer)
    until = settings.day + timedelta(issuer.status_valid)
    known = last.pages if last else {}
    seen = {
        name: [*[old for old in known.get(name, ()) if old != new], new][-_REMEMBERED:] for name, new in pages.items()
    }
    remember(registry, Build(settings.day, until, str(folder.absolute()), stands.mark, settings.codes, seen))
    return Built(
        folder=folder,
        day=settings.day,
        until=until,
        certificates=stands.issued,
        cancelled=sum(map(len, stands.cancelled)),
        named=len(stands.people) if settings.public else 0,
        written=tree.written,
        removed=tree.removed,
        unchanged=tree.unchanged,
        problems=problems[told:],
    )


def _wrong(stands: Standing, key: SigningKey, last: Build | None, day: date) -> Iterable[Problem]:
    """Why it must not be built."""
    if key.public.multikey not in {record.multikey for record in stands.good}:
        yield Problem(
            code="key",
            message=f"The registry does not know the key {key.public.fingerprint}, or knows it as stolen.",
            hint="Nobody would believe what it signs. See “certgen keys list”.",
            exit_code=ExitCode.REGISTRY,
        )
    if last is not None and day < last.day:
        yield Problem(
            code="clock",
            message=f"Today is {day} by this computer's clock, but the site was last built on {last.day}.",
            hint="Set the clock right and build again: a list of cancellations must not go back in time.",
            exit_code=ExitCode.REGISTRY,
        )


# --- the parts -------------------------------------------------------------------------------


def _codes(tree: Tree, stands: Standing, settings: Settings) -> None:
    """The blobs. Of people who were erased they go, whatever else is asked."""
    for code in stands.erased:
        tree.remove(place_of(code))
    if settings.codes:
        for code, payload in stands.payloads.items():
            tree.put(place_of(code), seal(code, payload))


def _lists(tree: Tree, stands: Standing, issuer: Issuer, key: SigningKey, day: date) -> None:
    """Status lists, notices and the honest list."""
    for number, cancelled in enumerate(stands.cancelled):
        tree.put(f"notices/{number}.json", notices_file(number, cancelled, key, day))
        data = status.status_list(number, cancelled, issuer, key, day, issuer.status_valid)
        tree.put(f"status/{number}.json", data)
    if stands.stolen:
        tree.put("honest.json", honest_list(stands.honest(), key))


def _people(tree: Tree, stands: Standing, settings: Settings) -> None:
    """The public list, which is not there unless asked for: whoever took back a consent must not stay in it."""
    if settings.public:
        people = sorted(stands.people, key=lambda person: (person.name.casefold(), person.issued, person.url))
        listed = {"format": "certgen-people-1", "people": msgspec.to_builtins(people)}
        tree.put("people.json", jcs(listed))
    elif (tree.read("people.json") or b"").startswith(b'{"format":"certgen-people-1"'):
        tree.remove("people.json")


def _described(stands: Standing, issuer: Issuer, day: date) -> dict[str, Any]:
    """What ``site.json`` says. Nothing in it but the keys is ever a ground for a verdict."""
    about = {name: getattr(issuer, name) for name in ("name", "legal_name", "url", "contact", "privacy_url")}
    return {
        "format": "certgen-site-1",
        "built": day.isoformat(),
        "issuer": {name: value for name, value in about.items() if value},
        "did": did(issuer.verify_url),
        "verify_url": issuer.verify_url,
        "keys": [told_key(key) for key in stands.good],
        "lists": len(stands.cancelled),
    }


def told_key(key: KeyRecord) -> dict[str, Any]:
    """A key as ``site.json`` tells it."""
    since = key.made if key.since is None else key.since
    return {
        "multikey": key.multikey,
        "state": key.state,
        "since": since.isoformat(),
        "fingerprint": key.public.fingerprint,
    }


def _keys(tree: Tree, stands: Standing, issuer: Issuer, site: dict[str, Any]) -> None:
    """``did.json``, twice where the address has no path (did:web, 3.2), and ``site.json``."""
    document = jcs(did_document(did(issuer.verify_url), stands.good))
    tree.put("did.json", document)
    if not urlsplit(issuer.verify_url).path.strip("/"):
        tree.put(".well-known/did.json", document)
    tree.put("site.json", jcs(site))


def _pages(tree: Tree, stands: Standing, site: dict[str, Any]) -> dict[str, str]:
    """The page at its two places, the one that has all other files in it, and what keeps them for days without a
    network; their checksums."""
    from certgen.site.page import page, worker

    def text(name: str) -> str | None:
        data = tree.read(name)
        return None if data is None else data.decode("utf-8")

    numbers, figures = range(len(stands.cancelled)), text("figures.json")
    inlined = {
        "status": [text(f"status/{number}.json") for number in numbers],
        "notices": [text(f"notices/{number}.json") for number in numbers],
        "facts": {name.removesuffix(".json"): data.decode("utf-8") for name, data in sorted(stands.facts.items())},
        "honest": text("honest.json"),
        "figures": None if figures is None else json.loads(figures),
    }
    usual = page(site)
    made = {"v/index.html": usual, "v.html": usual, "verify.html": page(site, inlined), "worker.js": worker()}
    for name, data in made.items():
        tree.put(name, data)
    return {name: sha256(data).hexdigest() for name, data in made.items()}


def _for_hosts(tree: Tree, issuer: Issuer) -> None:
    """What some hosts read: not to be indexed, headers, no Jekyll. An academy's own files of these names stay."""
    from certgen.site.page import policy

    path = urlsplit(issuer.verify_url).path.rstrip("/")
    tree.offer("robots.txt", f"User-agent: *\nDisallow: {path}/\n")
    tree.offer("_headers", _HEADERS.format(path=path, policy=policy()))
    if tree.read(".nojekyll") is None:
        tree.put(".nojekyll", b"")


_HEADERS = """\
{path}/*
  X-Content-Type-Options: nosniff
  X-Robots-Tag: noindex
  Referrer-Policy: no-referrer
  Content-Security-Policy: {policy}; frame-ancestors 'none'
  Permissions-Policy: camera=(self), microphone=(), geolocation=()
{path}/did.json
  Access-Control-Allow-Origin: *
{path}/.well-known/did.json
  Access-Control-Allow-Origin: *
{path}/worker.js
  Cache-Control: no-cache
{path}/status/*
  Access-Control-Allow-Origin: *
  Cache-Control: no-cache
{path}/notices/*
  Cache-Control: no-cache
{path}/facts/*
  Cache-Control: public, max-age=31536000, immutable
"""


# --- what other commands say of the site -----------------------------------------------------


def reminder(registry: Records, issuer: Issuer, today: date) -> Problem | None:
    """A warning when the published status lists will soon be too old to be trusted fully, or are; else None."""
    known: Publication | Build | None = last_publication(registry) or last_build(registry)
    if known is None:
        return None
    left = (known.until - today).days
    if left > min(REMIND, issuer.status_valid // 2):
        return None
    ends = f"{known.until}" if left > 0 else f"{known.until}, which is past"
    return Problem(
        code="site-old",
        severity="warning",
        message=f"The published list of cancellations is good until {ends}. After that every certificate reads "
        f"“cancellations known to {known.day}”.",
        hint="Run “certgen site build” and publish what it writes.",
        exit_code=ExitCode.REGISTRY,
    )


def unpublished(registry: Records, secret: bytes) -> Problem | None:
    """A warning when the live site is not known to tell what the registry does; for commands that hand certificates
    out. None when the last ``site check`` found everything in place and nothing has changed since."""
    known = last_publication(registry)
    if known is not None and known.mark == standing(registry, secret).mark:
        return None
    since = "has never been checked" if known is None else f"was last found right on {known.day}"
    return Problem(
        code="site-unpublished",
        severity="warning",
        message=f"The live site {since}, and certificates have changed since."
        if known
        else "Nobody knows yet whether the verification site is live: it has never been checked.",
        hint="Run “certgen site build”, publish what it writes, then run “certgen site check”.",
        exit_code=ExitCode.REGISTRY,
    )
