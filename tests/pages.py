"""A published site to look at, and a browser to look with; for tests of the verification page."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from browser import Browser, Tab
from conftest import ROOT, missing
from credentials import example, named
from msgspec.structs import replace

from certgen import codes, facts, payload
from certgen.badge import Badges
from certgen.canonical import jcs
from certgen.model import Issuer
from certgen.sealed import Notice, honest_list, notices_file
from certgen.signing import KeyRecord, SigningKey, did, did_document
from certgen.site import told_key
from certgen.site.page import page, worker
from certgen.site.serve import server
from certgen.status import Place, status_list

KEY, NEW_KEY, FOREIGN_KEY = (SigningKey(bytes(range(first, first + 32))) for first in (0, 1, 2))
CREDENTIAL = bytes(range(1, 11))
CODE = codes.text(CREDENTIAL)
ENTRY = 94_567
TODAY = datetime.now(UTC).date()
LONG_TITLE = (
    "International Academy on Social Dialogue and Industrial Relations: Negotiating Decent Work in Times of Economic "
    "Change and Uncertainty, Second Edition, Advanced Module"
)
FACTS: dict[str, Any] = {
    "format": "certgen-facts-1", "language": "en", "code": "A9015210", "title": "Data Analysis with Python",
    "programme": "Skills for tomorrow", "venue": "Turin and online", "start": "2026-03-02", "end": "2026-03-27",
    "taught_in": ["es", "en"],
    "summary": "Four weeks of **practice**, with _real_ data.\nSee [the guide](https://example.org/guide).",
    "sections": [
        {"heading": "Contents", "body": "# Week 1\n\n- reading\n  - from files\n- cleaning\n\n1. first\n2. second"},
        {"heading": "Only for those who attended", "body": "secret of attendance", "awards": ["attendance"]},
        {"heading": "Assessment", "body": "A final project, <b>marked</b> by two people.", "awards": ["achievement"]},
    ],
    "awards": {
        "achievement": {"title": "Certificate of mastery", "asked": ["A score of at least 60 out of 100"]},
        "attendance": {"title": "Certificate of attendance"},
    },
    "skills": [{"name": "Python"}, {"name": "Statistics"}, {"name": "Reading charts", "code": "http://a.eu/x"}],
    "occupations": [{"name": "Data  Analyst", "code": "http://data.europa.eu/C2511"}, {"name": "Statistician"}],
    "signatories": [{"name": "Amina Yusuf", "role": "Director"}, {"name": "Bo Li"}],
    "issuer": {"name": "Harbour Academy"},
}  # fmt: skip
FIGURES = {
    "format": "certgen-figures-1",
    "source": "Labour office, 2026",
    "figures": {
        "http://data.europa.eu/C2511": [
            {"titles": "Data analyst", "employers": "1234", "openings": "567", "country": "FR", "as_of": "2026-01"}
        ],
        "statistician": [{"titles": "Statistician", "openings": "12", "country": "ES"}],
    },
}


# --- a site to look at -----------------------------------------------------------------------


class Site:
    """A published site in a folder of the test server, written here by the formats of docs/proofs.md."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.issuer = Issuer(
            "Harbour Academy", "", url, legal_name="Harbour Academy e.V.", contact="office@harbour-academy.org",
            url="https://www.harbour-academy.org", privacy_url="https://www.harbour-academy.org/privacy",
        )  # fmt: skip
        self.facts = jcs(FACTS)
        self.files: dict[str, bytes] = {}
        self.keys(KeyRecord(KEY.public.multikey, date(2026, 1, 1)))
        self.put(f"facts/{facts.file_name(self.facts)}", self.facts)
        self.put("figures.json", json.dumps(FIGURES).encode())
        self.list()

    def put(self, name: str, data: bytes | None) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.unlink()
            del self.files[name]
        else:
            path.write_bytes(data)
            self.files[name] = data

    def keys(self, *records: KeyRecord) -> None:
        told = {name: getattr(self.issuer, name) for name in ("name", "legal_name", "contact", "url", "privacy_url")}
        self.site = {
            "format": "certgen-site-1", "built": TODAY.isoformat(), "issuer": told, "did": did(self.url),
            "verify_url": self.url, "keys": [told_key(record) for record in records], "lists": 1,
        }  # fmt: skip
        self.put("site.json", jcs(self.site))
        self.put("did.json", jcs(did_document(did(self.url), records)))
        for name in ("v/index.html", "v.html"):
            self.put(name, page(self.site))
        self.put("worker.js", worker())

    def list(self, *revoked: int, issued: date = TODAY, key: SigningKey = KEY, number: int = 0) -> None:
        self.put(f"status/{number}.json", status_list(number, revoked, self.issuer, key, issued, 400))

    def notice(self, says: Notice, key: SigningKey = KEY) -> None:
        self.list(ENTRY)
        self.put("notices/0.json", notices_file(0, {ENTRY: (CODE, says)}, key, TODAY))

    def self_contained(self) -> bytes:
        texts = {name: data.decode() for name, data in self.files.items() if name.endswith(".json")}
        more = {
            kind: [text for name, text in texts.items() if name.startswith(kind)] for kind in ("status", "notices")
        } | {"facts": {name[6:30]: text for name, text in texts.items() if name.startswith("facts/")}}
        return page(self.site, {**more, "figures": FIGURES, "honest": texts.get("honest.json")})

    def sealed(self, key: SigningKey = KEY, **changes: Any) -> str:
        return sealed_payload(key, **{"facts": facts.mark(self.facts), **changes})

    def badge(self, key: SigningKey = KEY, code: str = CODE) -> bytes:
        course, _, _ = example("online-academy")
        credential = replace(named("Zoë Müller-Łukasiewicz"), code=code, url=f"{self.url}/v#{code}", number="N-17")
        return Badges(course, self.issuer, key, grades=True).sign(credential, Place(0, ENTRY))


def sealed_payload(key: SigningKey = KEY, **changes: Any) -> str:
    claims: dict[str, Any] = {
        "credential": CREDENTIAL, "status": ENTRY, "issued": date(2026, 1, 21), "expires": None,
        "hours": Decimal("37.5"), "award": "achievement", "facts": bytes(12), "name": "Zoë Müller-Łukasiewicz",
        "title": "Data Analysis with Python",
    }  # fmt: skip
    return payload.seal(key, **{**claims, **changes})


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if program is None or os.name != "posix":
        missing("chromium", "install chromium (apt or brew)")
    browser = Browser(program)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("host")
    serving = server(folder)
    Thread(target=serving.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{serving.server_address[1]}"
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def site(host: tuple[Path, str], request: pytest.FixtureRequest) -> Site:
    folder, origin = host
    name = sha256(request.node.nodeid.encode()).hexdigest()[:8]
    return Site(folder / name, f"{origin}/{name}")


@pytest.fixture
def tab(chromium: Browser, site: Site) -> Iterator[Tab]:
    """A fresh page. After every test: nothing was asked of anybody else, nothing was blocked, nothing went wrong."""
    with chromium.page() as opened:
        yield opened
        origin = site.url.rsplit("/", 1)[0]
        strange = [url for url in opened.requests() if not url.startswith((origin + "/", "data:", "file:", "blob:"))]
        assert not strange
        assert not opened.trouble()


FIXTURES = chromium, host, site, tab
"""For a test module to make its own: ``chromium, host, site, tab = FIXTURES``."""


def shown(tab: Tab, site: Site, fragment: str) -> str:
    """The state that a page shows for what stands behind its #."""
    return tab.open(f"{site.url}/v/#{fragment}").state


# --- asking it ---------------------------------------------------------------------------------


def source(name: str) -> str:
    return (ROOT / "certgen" / "site" / "page" / name).read_text("utf-8")


def asked(tab: Tab, action: str) -> str:
    """What the page shows once it has answered what an action asks of it."""
    tab.run("document.body.dataset.state = 'asked'")
    tab.run(action)
    return answered(tab)


def typing(text: str) -> str:
    """Types into the field and presses the button."""
    field = f"document.getElementById('code').value = {json.dumps(text)};"
    return field + "document.querySelector('form button').click()"


def answered(tab: Tab) -> str:
    return str(
        tab.run(
            "new Promise(done => { const look = () => ['asked', 'wait'].includes(document.body.dataset.state)"
            " ? setTimeout(look, 2) : done(document.body.dataset.state); look(); })"
        )
    )


def given(tab: Tab, path: Path, data: bytes) -> str:
    """What the page shows for a chosen file."""
    path.write_bytes(data)
    tab.run("document.body.dataset.state = 'asked'")
    tab.choose("#file", path)
    return answered(tab)


# --- every state ----------------------------------------------------------------------------------


def authentic(site: Site) -> str:
    return site.sealed()


def old_list(site: Site) -> str:
    site.list(issued=TODAY - timedelta(402))
    return site.sealed()


def expired(site: Site) -> str:
    return site.sealed(expires=TODAY - timedelta(1))


def revoked(site: Site) -> str:
    site.notice(Notice(reason="Awarded in error"))
    return site.sealed()


def replaced(site: Site) -> str:
    site.notice(Notice(reason="Name corrected", replaced_by="ABCDEFGH01234567"))
    return site.sealed()


def altered(site: Site) -> str:
    text = site.sealed()
    return text[:-9] + ("0" if text[-9] != "0" else "1") + text[-8:]


def foreign(site: Site) -> str:
    return site.sealed(FOREIGN_KEY)


def stolen(site: Site) -> str:
    text = site.sealed()
    site.keys(KeyRecord(NEW_KEY.public.multikey, TODAY))
    site.list(key=NEW_KEY)
    site.put("honest.json", honest_list({KEY.public.multikey: [payload.digest(text)]}, NEW_KEY))
    return site.sealed(name="Forged By A Thief")


def honest(site: Site) -> str:
    stolen(site)
    return site.sealed()


def no_list(site: Site) -> str:
    site.put("status/0.json", None)
    return site.sealed()


def forged_list(site: Site) -> str:
    site.list(key=FOREIGN_KEY)
    return site.sealed()


def nonsense(site: Site) -> str:
    return "hello"


STATES: dict[str, tuple[Callable[[Site], str], tuple[str, ...]]] = {
    "authentic": (authentic, ("Authentic", "not on the issuer’s list of cancellations of")),
    "known-to": (old_list, ("Authentic, cancellations known to", "ask the issuer")),
    "expired": (expired, ("Expired", "valid until")),
    "revoked": (revoked, ("Revoked", "Awarded in error")),
    "replaced": (replaced, ("Replaced", "ABCD-EFGH-0123-4567", "Name corrected")),
    "not-genuine": (altered, ("Not genuine or damaged: scan again",)),
    "unknown-key": (foreign, ("Unknown key",)),
    "key-compromised": (stolen, ("Key compromised", "stolen")),
    "status-unknown": (no_list, ("Status unknown", "out of reach")),
    "unreadable": (nonsense, ("Unreadable",)),
}
BELIEVED = ("authentic", "known-to", "expired", "revoked", "replaced", "status-unknown")
