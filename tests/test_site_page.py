"""The verification page in headless Chromium: what it says of every kind of certificate, and what it never does."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
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

from certgen import codes, facts, payload, sealed
from certgen.badge import Badges
from certgen.canonical import jcs
from certgen.model import Issuer
from certgen.pdf.syntax import stream_object
from certgen.proof import suites
from certgen.sealed import Notice, honest_list, notices_file
from certgen.signing import KeyRecord, SigningKey, did, did_document, method
from certgen.site import script, told_key
from certgen.site.page import page, policy, worker
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


def shown(tab: Tab, site: Site, fragment: str) -> str:
    """The state that a page shows for what stands behind its #."""
    return tab.open(f"{site.url}/v/#{fragment}").state


# --- states ----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_own_words_and_says_who_to_ask(state: str, tab: Tab, site: Site) -> None:
    make, words = STATES[state]
    assert shown(tab, site, make(site)) == state
    verdict, all_of_it = tab.text("section[role=status]"), tab.text()
    for word in words:
        assert word in verdict
    assert ("Zoë Müller-Łukasiewicz" in all_of_it) == (state in BELIEVED)
    assert "Forged By A Thief" not in all_of_it
    for always in ("Harbour Academy e.V.", "office@harbour-academy.org", "harbour-academy.org/privacy", site.url[7:]):
        assert always in all_of_it
    assert "#" not in str(tab.run("location.href"))
    assert tab.run("document.activeElement.tagName") == "H1"
    assert "Zoë" not in str(tab.run("document.title"))  # titles go into the browser's history


def test_every_state_has_its_own_colour_and_shape(tab: Tab, site: Site, tmp_path: Path) -> None:
    seen = set()
    tab.open(f"{site.url}/v/")
    for state in STATES:
        look = tab.run(
            "(() => { const one = document.createElement('section'); one.setAttribute('role', 'status');"
            f"one.className = {json.dumps(state)}; document.body.append(one);"
            "return getComputedStyle(one).backgroundColor; })()"
        )
        seen.add(look)
    assert len(seen) == len(STATES)
    shapes = re.findall(r'^  "?([a-z-]+)"?: \["(.*?)", (.*?)\],$', source("elements.js"), re.M)
    assert {name for name, _, _ in shapes} == set(STATES) and len({outline for _, outline, _ in shapes}) == len(STATES)


def test_a_stolen_keys_honest_certificates_survive(tab: Tab, site: Site) -> None:
    assert shown(tab, site, honest(site)) == "authentic"
    assert "the issuer confirms this one" in tab.text()


def test_an_honest_list_of_the_thiefs_is_not_believed(tab: Tab, site: Site) -> None:
    stolen(site)
    forged = site.sealed(name="Forged By A Thief")
    site.put("honest.json", honest_list({KEY.public.multikey: [payload.digest(forged)]}, KEY))
    assert shown(tab, site, forged) == "unknown-key"


@pytest.mark.parametrize("trick", ["forged", "another list's", "altered", "for another purpose", "unsigned", "bombed"])
def test_a_list_that_the_issuer_did_not_sign_for_this_place_is_not_believed(trick: str, tab: Tab, site: Site) -> None:
    if trick == "forged":
        site.list(key=FOREIGN_KEY)
    elif trick == "another list's":
        site.list(number=1)
        site.put("status/0.json", site.files["status/1.json"])
    elif trick == "for another purpose":
        site.put("status/0.json", signed_again(site, {"statusPurpose": "suspension"}))
    elif trick == "bombed":
        bomb = "u" + b64encode(zlib.compress(bytes(10_000_000), wbits=31)).decode().translate(str.maketrans("+/", "-_"))
        site.put("status/0.json", signed_again(site, {"encodedList": bomb.rstrip("=")}))
    else:
        document = json.loads(site.files["status/0.json"])
        if trick == "altered":
            document["validUntil"] = "2099-01-01T00:00:00Z"
        else:
            document["proof"] = []
        site.put("status/0.json", json.dumps(document).encode())
    assert shown(tab, site, site.sealed()) == "status-unknown"
    assert "not the one the issuer signed" in tab.text()


def signed_again(site: Site, subject: Mapping[str, str]) -> bytes:
    """A status list with other contents, signed with the issuer's own key."""
    from certgen.canonical import rdfc
    from certgen.proof import secured

    document = json.loads(site.files["status/0.json"])
    del document["proof"]
    document["credentialSubject"] |= subject
    marks = suites(document["@context"], f"{TODAY}T00:00:00Z", method(did(site.url), KEY.public))
    return secured(jcs(document), rdfc(document), marks, KEY)


def test_a_later_list_is_looked_up_by_its_number(tab: Tab, site: Site) -> None:
    site.list(5, number=1)
    assert shown(tab, site, site.sealed(status=131_072 + 5)) == "revoked"
    assert shown(tab, site, site.sealed(status=131_072 + 6)) == "authentic"
    assert shown(tab, site, site.sealed(status=2 * 131_072 + 5)) == "status-unknown"


def test_a_notice_of_somebody_elses_key_is_not_shown(tab: Tab, site: Site) -> None:
    site.notice(Notice(replaced_by="ABCDEFGH01234567"), FOREIGN_KEY)
    assert shown(tab, site, site.sealed()) == "revoked"
    assert "ABCD-EFGH" not in tab.text()


def test_the_last_day_is_still_a_valid_day(tab: Tab, site: Site) -> None:
    assert shown(tab, site, site.sealed(expires=TODAY)) == "authentic"
    no_list(site)
    assert shown(tab, site, expired(site)) == "expired"
    assert "cancellation could not be checked" in tab.text()


# --- the format ------------------------------------------------------------------------------

PROOFS = (ROOT / "docs" / "proofs.md").read_text("utf-8")


def test_the_vectors_of_the_documentation_are_read(tab: Tab, site: Site) -> None:
    """The page reads them from docs/proofs.md's own text, with both verifiers."""
    vectors = re.findall(r"^body +([0-9a-f]+)\nsignature ([0-9a-f]+)\npayload +(\S+)$", PROOFS, re.M)
    assert len(vectors) == 2
    for _, _, text in vectors:
        assert shown(tab, site, text) == "authentic"
    assert (
        "Олена Коваль" in tab.text() and "Negotiating Decen…" in tab.text() and "too long for the QR code" in tab.text()
    )
    for _, _, text in vectors:
        for at in (0, 7, len(text) // 2, len(text) - 3):
            other = text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :]
            assert shown(tab, site, other) in ("unreadable", "unknown-key", "not-genuine")


def test_what_the_other_reader_refuses_is_unreadable_here_too(tab: Tab, site: Site) -> None:
    """Other encodings of a genuine body, each signed with the issuer's key: certgen.payload is the measure."""
    body = payload.unbase41(site.sealed())[:-64]
    wrong = [
        body[:1] + b"\x18\x01" + body[2:],  # the version in two bytes
        body[:1] + b"\x02" + body[2:],  # another version
        body + b"\0",
        body[:-1],
        body.replace(b"\xf6", b"\xf7"),  # undefined for null
        b"\x9f" + body[1:] + b"\xff",  # indefinite length
        body.replace(b"\x18\x96", b"\x65" + b"037.5"),
        body.replace(b"\x18\x96", b"\x64" + b"37.5"),  # quarters are not written as text
        body.replace("Zoë".encode(), b"Zo\xff\xfe"),
        b"\x8a" + body[1:],
        b"",
    ]
    texts = [payload.base41(one + KEY.sign(payload.DOMAIN + one)) for one in wrong]
    texts += ["$" * 400, "0", "a" * 50, site.sealed() + "0", site.sealed().lower()]
    good = {KEY.public.short: (KeyRecord(KEY.public.multikey, date(2026, 1, 1)),)}
    tab.open(f"{site.url}/v/")
    for text in texts:
        assert payload.unseal(text, good).state == "unreadable"
        assert asked(tab, f"location.hash = {json.dumps(text)}") == "unreadable", text


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


RFC8032 = [  # 7.1: secret key, public key, message, signature
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
NO_ED25519 = """
if (window.SubtleCrypto) {
  const own = SubtleCrypto.prototype.importKey;
  SubtleCrypto.prototype.importKey = function (form, data, name, ...more) {
    if (name === 'Ed25519') throw new DOMException('no', 'NotSupportedError');
    return own.call(this, form, data, name, ...more);
  };
}
"""


def test_the_pages_own_ed25519_agrees_with_rfc_8032(chromium: Browser, host: tuple[Path, str]) -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    cases: list[tuple[str, str, str, bool]] = []
    for secret, public, message, signature in RFC8032:
        assert SigningKey(bytes.fromhex(secret)).public.raw.hex() == public
        s = int.from_bytes(bytes.fromhex(signature)[32:], "little") + order  # 5.1.7: S must be below the order
        cases += [
            (public, signature, message, True),
            (public, signature, message + "00", False),
            (public, signature[:-2] + "ff", message, False),
            (public, "00" + signature[2:], message, False),
            (public, signature[:64] + s.to_bytes(32, "little").hex(), message, False),
            ("02" + "00" * 31, signature, message, False),  # no point of the curve
            ("ff" * 31 + "7f", signature, message, False),  # y is not below the prime
        ]
    for number in range(20):
        key = SigningKey(sha256(b"%d" % number).digest())
        text = sha256(b"text %d" % number).digest() * number
        cases.append((key.public.raw.hex(), key.sign(text).hex(), text.hex(), True))
    folder, origin = host
    for name in ("ed25519.js", "bytes.js"):
        (folder / name).write_text(source(name), "utf-8")
    with chromium.page() as tab:
        (folder / "empty.html").write_text("<!doctype html><h1>empty</h1>")
        tab.open(f"{origin}/empty.html")
        tab.run(
            "window.bytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));"
            f"window.cases = {json.dumps(cases)};"
        )
        found = tab.run(
            f"import('{origin}/ed25519.js').then(m => Promise.all(cases.map(([key, signature, message]) => "
            "m.verifiedPlainly(bytes(key), bytes(signature), bytes(message)))))"
        )
    assert found == [good for *_, good in cases]


def test_a_browser_without_ed25519_says_the_same(chromium: Browser, site: Site) -> None:
    with chromium.page(script=NO_ED25519) as tab:
        assert shown(tab, site, authentic(site)) == "authentic"
        assert shown(tab, site, altered(site)) == "not-genuine"
        assert not tab.trouble()


def test_a_browser_that_cannot_check_says_so(chromium: Browser, site: Site) -> None:
    with chromium.page(script="Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined});") as tab:
        assert shown(tab, site, authentic(site)) == "unreadable"
        assert "cannot check signatures" in tab.text()


# --- codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", [codes.grouped, str.lower, lambda code: code.replace("0", "o").replace("1", "l"),
                                      lambda code: " ".join(code.replace("1", "I").replace("0", "O"))])  # fmt: skip
def test_a_typed_code_gives_the_same_verdict(spelling: Callable[[str], str], tab: Tab, site: Site) -> None:
    site.put(sealed.place_of(CODE), sealed.seal(CODE, site.sealed()))
    tab.open(f"{site.url}/v/")
    assert asked(tab, typing(spelling(CODE))) == "authentic"
    assert "Zoë Müller-Łukasiewicz" in tab.text(".name")


def test_a_code_in_the_address_works_and_one_that_is_not_there_is_told(tab: Tab, site: Site) -> None:
    site.put(sealed.place_of(CODE), sealed.seal(CODE, site.sealed()))
    assert shown(tab, site, CODE) == "authentic"
    assert shown(tab, site, "0" * 16) == "unreadable"
    assert "No certificate has this code" in tab.text()


def test_a_blob_of_another_certificate_is_not_taken_for_this_one(tab: Tab, site: Site) -> None:
    other = site.sealed(credential=bytes(10))
    site.put(sealed.place_of(CODE), sealed.seal(CODE, other))
    assert shown(tab, site, CODE) == "not-genuine"


def test_the_new_code_of_a_replaced_one_is_a_link_to_its_verdict(tab: Tab, site: Site) -> None:
    shown(tab, site, replaced(site))
    new = site.sealed(credential=codes.bits("ABCDEFGH01234567"), status=7, name="Zoe Müller")
    site.put(sealed.place_of("ABCDEFGH01234567"), sealed.seal("ABCDEFGH01234567", new))
    assert asked(tab, "document.querySelector('a.code').click()") == "authentic"
    assert tab.text(".name") == "Zoe Müller"


# --- the credential page ---------------------------------------------------------------------


def test_the_credential_page_says_what_the_course_facts_say(tab: Tab, site: Site) -> None:
    assert shown(tab, site, site.sealed(expires=date(2099, 12, 31))) == "authentic"
    text = tab.text()
    for wanted in (
        "Certificate of mastery", "Amina Yusuf", "Director", "Bo Li", "Skills for tomorrow", "A9015210",
        codes.grouped(CODE), "2 March 2026 – 27 March 2026", "Turin and online", "37.5 hours", "Spanish, English",
        "Issued on", "21 January 2026", "Expires on", "31 December 2099", "About the course", "practice",
        "the guide (https://example.org/guide)",
        "Contents", "Week 1", "from files", "2. second", "Assessment", "<b>marked</b>", "Python", "Reading charts",
        "A score of at least 60 out of 100", "1,234 employers", "567 openings", "France", "January 2026", "12 openings",
        "Labour office, 2026", "Add to LinkedIn", "Print",
    ):  # fmt: skip
        assert wanted in text, wanted
    assert "attendance" not in text  # a section for another award
    assert tab.run("document.querySelector('strong').textContent") == "practice"
    assert tab.run("document.querySelectorAll('ul ul li').length") == 1
    links = tab.run("[...document.querySelectorAll('a')].map(a => a.href)")
    linkedin = next(link for link in links if "linkedin" in link)
    assert linkedin.startswith("https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME&name=Data+Analysis")
    assert (
        f"certId={CODE}" in linkedin and "issueYear=2026&issueMonth=1" in linkedin and "expirationYear=2099" in linkedin
    )
    assert not [link for link in links if "example.org" in link.replace("harbour-academy", "")]  # not links
    assert shown(tab, site, site.sealed()) == "authentic"
    assert "Does not expire" in tab.text()


def test_a_cut_title_is_whole_again_where_the_facts_have_it(tab: Tab, site: Site) -> None:
    site.facts = jcs({**FACTS, "title": LONG_TITLE})
    site.put(f"facts/{facts.file_name(site.facts)}", site.facts)
    assert shown(tab, site, site.sealed(title=LONG_TITLE)) == "authentic"
    assert tab.text(".title") == LONG_TITLE
    other = jcs({**FACTS, "title": LONG_TITLE + "!"})  # facts of another course, signed for this certificate
    site.put(f"facts/{facts.file_name(other)}", other)
    shown(tab, site, site.sealed(title=LONG_TITLE, facts=facts.mark(other)))
    assert tab.text(".title").endswith("…") and LONG_TITLE.startswith(tab.text(".title")[:-1])


def test_facts_that_the_host_altered_are_not_shown(tab: Tab, site: Site) -> None:
    site.put(f"facts/{facts.file_name(site.facts)}", site.facts.replace(b"Amina Yusuf", b"Anton Forger"))
    assert shown(tab, site, site.sealed()) == "authentic"
    assert "Forger" not in tab.text() and "not the one the issuer signed" in tab.text()


HOSTILE = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</title><script>alert(1)</script>", "&lt;b&gt;",
    "<svg/onload=alert(1)>", "<iframe src=//127.0.0.1:9>", "javascript:alert(1)", "' onmouseover='alert(1)", "{{7*7}}",
    "${alert(1)}", "<a href=\"data:text/html,x\">Anna</a>", "Anna\u202egnp.exe", "\u2066Anna\u2069", "\u2028<script>",
    "</script><script>alert(1)</script>", "<!--", "]]>", "${{<%[%'\"}}%\\.", "محمد <b>", "{}", "$&", "constructor",
)  # fmt: skip


def test_names_are_text_whatever_they_hold(tab: Tab, site: Site) -> None:
    names = [*HOSTILE]
    table = ROOT.parent / "shared" / "names.tsv"
    if table.is_file():
        rows = [line.split("\t") for line in table.read_text("utf-8").splitlines()[1:]]
        kinds = "injection|bidi|zero width|control|homoglyph|RTL|mixed|template|traversal|combining"
        names += [json.loads(name) for name, kind, _ in rows if re.search(kind, kind) and re.search(kinds, kind)]
    names = [name for name in names if name.isprintable() or not re.search("[\ud800-\udfff]", name)]
    tab.open(f"{site.url}/v/")
    tab.run("window.alert = () => { window.alerted = true; }")
    for name in names:
        evil = site.sealed(name=name[:60], title=name[:40] or "x")
        assert asked(tab, typing(evil)) == "authentic", name
        said = tab.run("['.name', '.title'].map(s => document.querySelector(s).textContent)")
        assert said[0] == name[:60] or said[0].endswith("…"), name
        assert said[1] == (name[:40] or "x"), name
        assert tab.run("document.querySelectorAll('.name *, .title *, main script, main img, main iframe').length") == 0
    assert not tab.run("window.alerted")


def test_course_texts_and_reasons_are_text_too(tab: Tab, site: Site) -> None:
    evil = "<img src=x onerror=alert(1)>"
    site.site["issuer"] = {"name": evil, "contact": "javascript:alert(1)", "url": "javascript:alert(2)"}
    site.put("site.json", jcs(site.site))
    site.put("v/index.html", page(site.site))
    site.facts = jcs({**FACTS, "summary": evil, "venue": evil, "skills": [{"name": evil}], "title": evil})
    site.put(f"facts/{facts.file_name(site.facts)}", site.facts)
    site.notice(Notice(reason=evil))
    assert shown(tab, site, site.sealed(title=evil)) == "revoked"
    assert tab.run("document.querySelectorAll('main img').length") == 0
    assert tab.text().count(evil) >= 6
    assert not [
        link for link in tab.run("[...document.querySelectorAll('a')].map(a => a.href)") if "javascript" in link
    ]


# --- files -----------------------------------------------------------------------------------


def pdf(attachment: bytes, uri: str = "") -> bytes:
    """A PDF with an embedded file as another program writes it: object streams, its own order and spaces."""
    pikepdf = pytest.importorskip("pikepdf")
    document = pikepdf.new()
    document.add_blank_page()
    document.attachments["credential.json"] = pikepdf.AttachedFileSpec(
        document, attachment, mime_type="application/json"
    )
    if uri:
        action = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String(uri))
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
        document.pages[0].Annots = document.make_indirect(pikepdf.Array([link]))
    out = io.BytesIO()
    document.save(
        out, object_stream_mode=pikepdf.ObjectStreamMode.disable if uri else pikepdf.ObjectStreamMode.generate
    )
    return out.getvalue()


def plate(attachment: bytes) -> bytes:
    """The part of certgen's own files that holds the credential."""
    entries = b"/Type/EmbeddedFile/Subtype/application#2Fjson/Params<</Size %d>>/Filter/FlateDecode" % len(attachment)
    return b"%PDF-1.7\n" + stream_object(4, entries, zlib.compress(attachment, 1)) + b"%%EOF\n"


def baked(attachment: bytes) -> bytes:
    """The parts of a PNG that matter: Open Badges 3.0, 5.3.1."""
    chunk = b"iTXtopenbadgecredential\0\0\0\0\0" + attachment
    return b"\x89PNG\r\n\x1a\n" + (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")


@pytest.mark.parametrize(("name", "wrap"), [("a.pdf", pdf), ("b.pdf", plate), ("c.json", bytes), ("d.png", baked)])
def test_a_file_is_checked_by_the_credential_inside_it(
    name: str, wrap: Callable[[bytes], bytes], tab: Tab, site: Site, tmp_path: Path
) -> None:
    tab.open(f"{site.url}/v/")
    assert given(tab, tmp_path / name, wrap(site.badge())) == "authentic"
    text = tab.text()
    assert "Zoë Müller-Łukasiewicz" in text and "N-17" in text and codes.grouped(CODE) in text
    course, _, _ = example("online-academy")
    assert next(iter(course.editions.values())).title in text
    forged = site.badge().replace("Zoë Müller-Łukasiewicz".encode(), b"Anna Forger")
    assert given(tab, tmp_path / name, wrap(forged)) == "not-genuine"
    assert "Forger" not in tab.text()
    assert given(tab, tmp_path / name, wrap(site.badge(FOREIGN_KEY))) == "unknown-key"
    site.notice(Notice(reason="Awarded in error"))
    assert given(tab, tmp_path / name, wrap(site.badge())) == "revoked"
    assert "Awarded in error" in tab.text()
    assert all("codes/" not in url for url in tab.requests())  # nobody learns whose file it was


def given(tab: Tab, path: Path, data: bytes) -> str:
    """What the page shows for a chosen file."""
    path.write_bytes(data)
    tab.run("document.body.dataset.state = 'asked'")
    tab.choose("#file", path)
    return answered(tab)


def test_a_pdf_with_its_qr_codes_payload_shows_the_course_facts(tab: Tab, site: Site, tmp_path: Path) -> None:
    tab.open(f"{site.url}/v/")
    whole = pdf(site.badge(), f"{site.url}/v#{site.sealed()}")
    assert given(tab, tmp_path / "a.pdf", whole) == "authentic"
    assert "Amina Yusuf" in tab.text() and "N-17" in tab.text()
    other = pdf(site.badge(), f"{site.url}/v#{site.sealed(credential=bytes(10))}")
    assert given(tab, tmp_path / "b.pdf", other) == "authentic"
    assert "Amina Yusuf" not in tab.text()  # another certificate's payload tells nothing of this one


def test_of_a_stolen_keys_files_only_the_listed_payload_is_believed(tab: Tab, site: Site, tmp_path: Path) -> None:
    forged = site.badge().replace(b"x", b"x")
    text = honest(site)
    tab.open(f"{site.url}/v/")
    assert given(tab, tmp_path / "a.pdf", pdf(forged, f"{site.url}/v#{text}")) == "authentic"
    assert "N-17" not in tab.text()  # of the payload, not of the badge
    assert given(tab, tmp_path / "a.json", forged) == "key-compromised"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4 nothing", b"{}", b"[1]", b"\xff" * 99, b'{"proof": 7}', b"null",
                                  b"/Type/EmbeddedFile/FlateDecode stream\nxxx"])  # fmt: skip
def test_a_file_without_a_credential_is_told(data: bytes, tab: Tab, site: Site, tmp_path: Path) -> None:
    tab.open(f"{site.url}/v/")
    assert given(tab, tmp_path / "a.pdf", data) == "unreadable"


DETECTOR = """
window.BarcodeDetector = class { async detect() { return [{ rawValue: window.scanned }]; } };
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  const sheet = document.createElement('canvas');
  setInterval((pen) => pen.fillRect(0, 0, 9, 9), 20, sheet.getContext('2d'));
  return sheet.captureStream();
};
"""


def test_the_camera_scans_where_the_browser_can(chromium: Browser, site: Site, tmp_path: Path) -> None:
    with chromium.page(script=DETECTOR) as tab:
        tab.open(f"{site.url}/v/")
        tab.run(f"window.scanned = {json.dumps(f'{site.url}/v#{site.sealed()}')}")
        assert asked(tab, "document.getElementById('scan').click()") == "authentic"
        assert tab.run("document.getElementById('video').srcObject") is None
        tab.run("window.scanned = 'https://elsewhere.example.org/'")
        assert asked(tab, "document.getElementById('scan').click()") == "unreadable"
        png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        from base64 import b64decode

        tab.run(f"window.scanned = {json.dumps(site.sealed())}")
        assert given(tab, tmp_path / "photo.png", b64decode(png)) == "authentic"
        assert not tab.trouble()


def test_without_a_detector_the_phones_own_camera_is_named(tab: Tab, site: Site) -> None:
    tab.open(f"{site.url}/v/")
    assert "your phone’s own camera app" in tab.text() and "Scan with the camera" not in tab.text()


# --- where it works --------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["v", "v/", "v/index.html", "v.html", "verify.html"])
def test_it_works_at_every_place_where_hosts_show_it(place: str, tab: Tab, site: Site) -> None:
    site.put("verify.html", site.self_contained())
    tab.open(f"{site.url}/{place}#{site.sealed()}")
    assert tab.state == "authentic" and "Amina Yusuf" in tab.text()


def test_the_self_contained_page_needs_no_site(tab: Tab, site: Site, tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    site.notice(Notice(reason="Awarded in error"))
    saved.write_bytes(site.self_contained())
    tab.open(f"{saved.as_uri()}#{site.sealed()}")
    assert tab.state == "revoked" and "Awarded in error" in tab.text() and "Amina Yusuf" in tab.text()
    assert asked(tab, f"location.hash = {json.dumps(site.sealed(status=7))}") == "authentic"


def test_a_saved_page_says_that_the_status_is_unknown(tab: Tab, site: Site, tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    saved.write_bytes(site.files["v/index.html"])
    tab.open(f"{saved.as_uri()}#{site.sealed()}")
    assert tab.state == "status-unknown" and KEY.public.fingerprint in tab.text()


def test_it_works_without_a_network_after_the_first_time(chromium: Browser, tmp_path: Path) -> None:
    serving = server(tmp_path)
    Thread(target=serving.serve_forever, daemon=True).start()
    site = Site(tmp_path / "acme", f"http://127.0.0.1:{serving.server_address[1]}/acme")
    with chromium.page() as tab:
        assert shown(tab, site, site.sealed()) == "authentic"
        tab.run("navigator.serviceWorker.ready.then(() => 1)")
        assert shown(tab, site, site.sealed()) == "authentic"  # what the worker sees, it keeps
        kept = tab.run("caches.open('certgen').then(c => c.keys()).then(all => all.map(one => one.url))")
        assert all("codes/" not in url and "#" not in url for url in kept)
        serving.shutdown()
        serving.server_close()
        assert shown(tab, site, site.sealed()) == "authentic"
        assert "Amina Yusuf" in tab.text()
        assert shown(tab, site, CODE) == "unreadable"
        assert "out of reach" in tab.text()


def test_a_copy_on_another_host_says_so(tab: Tab, site: Site) -> None:
    site.site["verify_url"] = "https://verify.harbour-academy.org"
    site.put("site.json", jcs(site.site))
    shown(tab, site, site.sealed())
    assert (
        "The issuer’s page" in tab.text() and "verify.harbour-academy.org" in tab.text() and site.url[7:] in tab.text()
    )


# --- languages, looks, size ------------------------------------------------------------------


def source(name: str) -> str:
    return (ROOT / "certgen" / "site" / "page" / name).read_text("utf-8")


WORDS: dict[str, list[str]] = json.loads(source("words.json"))


@pytest.mark.parametrize(("tag", "column"), [("es-MX,en", 1), ("fr", 2), ("ar-EG", 3), ("de,fr;q=0.5", 2), ("ja", 0)])
def test_it_speaks_the_readers_language(chromium: Browser, site: Site, tag: str, column: int) -> None:
    with chromium.page(languages=tag) as tab:
        assert shown(tab, site, site.sealed()) == "authentic"
        assert tab.text("h1") == WORDS["s_authentic"][column]
        assert tab.run("document.documentElement.lang") == ("en", "es", "fr", "ar")[column]
        rtl = column == 3
        assert tab.run("getComputedStyle(document.querySelector('main')).direction") == ("rtl" if rtl else "ltr")
        box = "document.querySelector('section svg').getBoundingClientRect()"
        assert (tab.run(f"{box}.left") > 195) == rtl  # the sign stands where reading begins
        assert tab.run("document.querySelector('dd .code').dir") == "ltr"
        chosen = "const s = document.querySelector('select'); s.value = 'en'; s.dispatchEvent(new Event('change'))"
        tab.run(chosen)
        assert tab.text("h1") == "Authentic" and tab.run("document.documentElement.dir") == "ltr"


def test_every_word_is_in_every_language() -> None:
    for key, words in WORDS.items():
        assert len(words) == 4 and all(words), key
        assert len({word.count("{}") for word in words}) == 1, key
    used = "".join(source(name) for name in ("main.js", "view.js", "check.js", "source.js", "page.html"))
    for key in WORDS:
        assert re.search(rf"[\"'`]{key}[\"'`]", used) or key[:2] in ("s_", "x_", "a_"), f"{key} is not used"
    assert {key[2:] for key in WORDS if key.startswith("s_")} == set(STATES)
    assert {key[2:] for key in WORDS if key.startswith("a_")} == set(payload.AWARDS)


def test_a_name_in_another_direction_keeps_its_own(tab: Tab, site: Site) -> None:
    shown(tab, site, site.sealed(name="محمد عبد الله"))
    assert tab.run("getComputedStyle(document.querySelector('.name')).direction") == "rtl"


def test_it_is_small_and_asks_for_nothing_from_elsewhere(site: Site) -> None:
    data = site.files["v/index.html"]
    assert len(data) < 40_000
    text = data.decode()
    addresses = set(re.findall(r"https?://[^\s\"'`\\)<]+", text)) - {site.url}
    known = ("http://www.w3.org/2000/svg", "https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/",
             "https://www.linkedin.com/profile/add?", "https://www.harbour-academy.org")  # fmt: skip
    assert not [address for address in addresses if not address.startswith(known)]
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", " onclick="):
        assert word not in text
    assert "default-src &#x27;none&#x27;" in text and "unsafe" not in policy() and "*" not in policy()


def test_scripts_that_are_not_the_pages_do_not_run(chromium: Browser, site: Site) -> None:
    tampered = site.files["v/index.html"].replace(b"</main>", b"<script>document.title='owned'</script></main>")
    site.put("v/index.html", tampered.replace(b"<main>", b'<main onclick="1"><img src="//127.0.0.1:9/x">'))
    with chromium.page() as tab:
        assert shown(tab, site, site.sealed()) == "authentic"
        assert tab.run("document.title") != "owned"
        blocked = " ".join(tab.trouble())
        assert "script-src" in blocked and "img-src" in blocked
        assert "trusted" in tab.run(
            "try { document.body.innerHTML = '<b>x</b>'; 'not' } catch (e) { String(e).toLowerCase() }"
        )


def axe() -> str:
    """The source of axe-core, from where CI installs it or from CERTGEN_AXE."""
    places = [os.environ.get("CERTGEN_AXE", ""), ROOT / ".ci/cache/page/node_modules/axe-core/axe.min.js"]
    for place in places:
        if place and Path(place).is_file():
            return Path(place).read_text("utf-8")
    return missing("axe-core", "npm install --prefix .ci/cache/page axe-core")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(scheme: str, chromium: Browser, site: Site) -> None:
    judge = axe()
    texts = {}
    for state, (make, _) in STATES.items():
        if state not in ("known-to", "revoked", "replaced", "key-compromised", "status-unknown"):
            texts[state] = make(site)
    found = {}
    with chromium.page(scheme=scheme) as tab:
        tab.open(f"{site.url}/v/")
        tab.run(judge + "; 1")
        found["start"] = tab.run("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")
        for state, (make, _) in STATES.items():
            assert asked(tab, f"location.hash = {json.dumps(make(site))}") == state
            found[state] = tab.run("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")
            site.keys(KeyRecord(KEY.public.multikey, date(2026, 1, 1)))
            site.list()
    assert not {state: violations for state, violations in found.items() if violations}


# --- the script ------------------------------------------------------------------------------


def test_shortened_scripts_say_the_same() -> None:
    assert (
        script.joined(["const alpha = 1;\nexport const beta = { alpha, key: alpha };\n"])
        == "let a=1;let b={alpha:a,key:a};"
    )
    text = 'import { x } from "./a.js";\nconst long = `a ${deep({ b: `${y}}` })} c`; // gone\nlong.match(/[/]\\/ "/g);'
    assert script.imports(text) == ["a.js"]
    assert script.joined([text]) == 'let a=`a ${b({b:`${c}}`})} c`;a.match(/[/]\\/ "/g);'
    assert script.joined(["let a = b + +c - -d / e / f;"]) == "let a=b+ +c- -d/e/f;"
    with pytest.raises(ValueError, match="not read"):
        script.joined(["const one = 'never ends"])


def test_every_name_that_is_shortened_is_declared() -> None:
    """A browser's own name must not be shortened: each that is has a place where it is declared."""
    for name in ["worker.js", *sorted(path.name for path in (ROOT / "certgen/site/page").glob("*.js"))]:
        text = source(name)
        tokens = list(script._tokens(re.sub(r"(?m)^import [^;]*;", "", text)))
        mine = {t.text for t, role in zip(tokens, script._roles(tokens), strict=True) if role}
        for word in mine:
            word = re.escape(word)
            declared = "|".join(
                (
                    rf"\b(const|let|function|import)\s+[^=;]*(?<![\w$]){word}(?![\w$])",
                    rf"\((?:[^()]|\([^()]*\))*(?<![\w$]){word}(?![\w$])[^;]*?(=>|\{{)",
                    rf"(?<![\w$]){word}\s*=>",
                )
            )
            assert re.search(declared, text), f"{name}: {word}"
