"""The verification page in headless Chromium: what it says of every kind of certificate, and what it never does."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from browser import Tab
from conftest import ROOT
from pages import (
    BELIEVED,
    CODE,
    FACTS,
    FIXTURES,
    FOREIGN_KEY,
    KEY,
    LONG_TITLE,
    NEW_KEY,
    STATES,
    TODAY,
    Site,
    asked,
    expired,
    honest,
    no_list,
    shown,
    source,
    stolen,
    typing,
)

from certgen import codes, facts, payload
from certgen.canonical import jcs, rdfc
from certgen.proof import secured, suites
from certgen.sealed import Notice, honest_list
from certgen.signing import KeyRecord, did, method
from certgen.site.page import page

chromium, host, site, tab = FIXTURES


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
    stolen(site)
    altered_list = json.loads(site.files["honest.json"])
    altered_list["payloads"].append(payload.digest(forged).hex())
    site.put("honest.json", json.dumps(altered_list).encode())
    assert shown(tab, site, forged) == "unknown-key"


@pytest.mark.parametrize(
    "trick",
    ["forged", "a stolen key's", "another list's", "altered", "for another purpose", "unsigned", "bombed"],
)
def test_a_list_that_the_issuer_did_not_sign_for_this_place_is_not_believed(trick: str, tab: Tab, site: Site) -> None:
    if trick == "forged":
        site.list(key=FOREIGN_KEY)
    elif trick == "a stolen key's":
        records = [(NEW_KEY, "active"), (KEY, "compromised")]
        site.keys(*(KeyRecord(key.public.multikey, TODAY, state) for key, state in records))
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
    signer = NEW_KEY if trick == "a stolen key's" else KEY
    assert shown(tab, site, site.sealed(signer)) == "status-unknown"
    assert "not the one the issuer signed" in tab.text()


def signed_again(site: Site, subject: Mapping[str, str]) -> bytes:
    """A status list with other contents, signed with the issuer's own key."""
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


@pytest.mark.thorough
def test_names_are_text_whatever_they_hold(tab: Tab, site: Site) -> None:
    names = [*HOSTILE]
    table = ROOT.parent / "shared" / "names.tsv"
    if table.is_file():
        rows = [line.split("\t") for line in table.read_text("utf-8").splitlines()[1:]]
        kinds = "injection|bidi|zero width|control|RTL|path traversal"
        names += [json.loads(name) for name, kind, _ in rows if re.search(kinds, kind)]
    names = [name for name in names if name.strip() and not re.search("[\ud800-\udfff]", name)]
    tab.open(f"{site.url}/v/")
    tab.run("window.alert = () => { window.alerted = true; }")
    for name in names:
        evil = site.sealed(name=name[:60], title=name[:40] or "x")
        assert asked(tab, typing(evil)) == "authentic", name
        said = tab.run("['.name', '.title'].map(s => document.querySelector(s).textContent)")
        assert said[0] == name[:60] or said[0].endswith("…"), name
        assert said[1] == (name[:40] or "x"), name
        assert (
            tab.run("document.querySelectorAll('.name bdi *, .title bdi *, main script, main img, main iframe').length")
            == 0
        )
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
