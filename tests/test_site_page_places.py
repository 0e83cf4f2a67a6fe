"""The verification page on every host and in every language, how it looks, and how its script is made."""

from __future__ import annotations

import json
import os
import re
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from browser import Browser, Tab
from conftest import ROOT, missing
from pages import (
    CODE,
    FIXTURES,
    KEY,
    STATES,
    Site,
    asked,
    shown,
    source,
)

from certgen import payload
from certgen.canonical import jcs
from certgen.sealed import Notice
from certgen.signing import KeyRecord
from certgen.site import script
from certgen.site.page import policy
from certgen.site.serve import server

chromium, host, site, tab = FIXTURES

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
    assert tab.run("getComputedStyle(document.querySelector('.name bdi')).direction") == "rtl"


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
        == "let a=1,b={alpha:a,key:a};"
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
