"""Each attack that the proofs, the site and the paper are meant to survive, tried on what the commands write. One test
for each; docs/proofs.md lists them. Other files try each part more closely.
"""

from __future__ import annotations

import io
import json
import re
import time
import unicodedata
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from hashlib import sha256
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import judges
import pikepdf
import pytest
from academy import Academy
from browser import Browser, Tab
from pages import FIXTURES, asked, given, typing
from PIL import Image
from published import OTHER, REASON, Published, published, resigned, serving, typed, verdicts

from certgen import codes
from certgen.payload import ALPHABET, DOMAIN, base41
from certgen.registry import Held, Registry
from certgen.status import Place, place, status_list

__all__ = ["published"]
chromium = FIXTURES[0]
Publish = Callable[[str], Published]


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    with chromium.page() as opened:
        yield opened
        assert not opened.trouble()


@pytest.fixture
def harbour(published: Publish) -> Published:
    return published("online-academy")


def told(*things: object, site: Path, more: tuple[object, ...] = ()) -> tuple[int, list[dict[str, Any]]]:
    """What ``certgen verify`` ends with, and all that it tells of each."""
    code, text = typed("verify", *things, "--site", site, "--json", *more)
    return code, json.loads(text)["certificates"]


def altered(academy: Published, tmp_path: Path, files: dict[str, bytes]) -> Path:
    """A copy of the academy's site with other files in it."""
    import shutil

    folder = tmp_path / "site"
    shutil.copytree(academy.site, folder)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Academy:
    monkeypatch.setenv("CERTGEN_PASSPHRASE", "correct horse battery")
    return Academy(tmp_path / "academy")


def issued(office: Academy, names: list[str], *flags: object) -> tuple[int, dict[str, Any]]:
    """What batch makes of people of these names."""
    import csv

    text = io.StringIO()
    csv.writer(text).writerows([["Name", "Score", "Attendance"], *([name, "90", "100"] for name in names)])
    office.write_roster(text.getvalue())
    code, said = typed("batch", office.roster, "--jobs", 1, "--no-sheet", "--json", *flags)
    return code, json.loads(said)


# --- the paper -------------------------------------------------------------------------------


def test_forged_or_edited_paper_with_a_genuine_qr_code(harbour: Published, tab: Tab, tmp_path: Path) -> None:
    """Whoever scans it reads whose certificate it is, large; and of a PDF certgen says itself that it does not fit."""
    ana, eva = harbour.valid, harbour.successor
    assert ana.content and eva.content
    dpi = 150
    genuine, paper = (judges.picture(harbour.file(row).read_bytes(), dpi=dpi) for row in (ana, eva))
    corners = corners_of_the_qr_code(genuine)
    paper.paste(genuine.crop(corners), corners[:2])
    paper.save(tmp_path / "paper.png")
    code, (found,) = told(tmp_path / "paper.png", site=harbour.site)
    assert found["certificate"]["name"] == ana.content.name and code == 0
    (compare,) = (check for check in found["checks"] if check["what"] == "page")
    assert compare["mark"] == "unknown" and "must show this name and title" in compare["words"]

    (said,) = judges.zxing(paper)
    with serving(harbour.folder) as address:
        tab.open(f"{address}/site/v#{said.partition('#')[2]}")
        assert (tab.state, tab.text(".name")) == ("authentic", ana.content.name)
        assert tab.text(".title") == ana.content.title and "Must match the paper" in tab.text()
        sizes = tab.run(
            "['.name', '.title', 'dd'].map(s => parseFloat(getComputedStyle(document.querySelector(s)).fontSize))"
        )
        assert sizes[0] > sizes[2] and sizes[1] >= sizes[2]

    with pikepdf.open(harbour.file(eva)) as pdf:  # the name of one, the credential of another
        pdf.attachments["credential.json"].obj.EF.F.write(json.dumps(harbour.badge(ana)).encode())
        pdf.save(tmp_path / "edited.pdf")
    code, (found,) = told(tmp_path / "edited.pdf", site=harbour.site)
    assert (code, found["verdict"]) == (8, "altered") and "the name" in found["why"]


def corners_of_the_qr_code(page: Image.Image) -> tuple[int, int, int, int]:
    import zxingcpp

    (found,) = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
    at = found.position
    xs, ys = zip(
        *((point.x, point.y) for point in (at.top_left, at.top_right, at.bottom_left, at.bottom_right)), strict=True
    )
    return min(xs) - 8, min(ys) - 8, max(xs) + 8, max(ys) + 8


def test_a_look_alike_domain(harbour: Published, tab: Tab) -> None:
    """The address stands beside the QR code in words, the page shows at which it is, and certgen compares."""
    row, host = harbour.valid, harbour.issuer.verify_url.partition("://")[2]
    assert host in judges.pdfium_text(harbour.file(row).read_bytes())
    imitated = row.url.replace("verify.example.org", "verify.exarnple.org").replace(row.code, row.payload)
    code, (found,) = told(imitated, site=harbour.site)
    assert (code, found["verdict"]) == (8, "altered")
    assert "verify.exarnple.org" in found["why"] and "verify.example.org" in found["why"]
    with serving(harbour.folder) as address:
        text = tab.open(f"{address}/site/v#{row.payload}").text()
        assert address.partition("://")[2] in text and host in text


def test_a_lapsed_domain_bought_by_somebody_else(harbour: Published, tab: Tab) -> None:
    """His page does not know the key. The fingerprint is on the paper; an archived verify.html still says the truth."""
    row, fingerprint = harbour.valid, harbour.key.public.fingerprint
    assert fingerprint in judges.pdfium_text(harbour.file(row).read_bytes())
    his = harbour.spoiled("swapped key")
    assert verdicts(harbour.file(row), row.url, site=his)[0] == "unknown-key"
    code, text = typed("verify", harbour.file(row), "--site", his, "--fingerprint", fingerprint)
    assert code == 8 and "names no key with the fingerprint" in text
    archived = harbour.site / "verify.html"
    assert verdicts(harbour.file(row), site=archived) == ["authentic"]
    with serving(harbour.folder) as address:
        assert tab.open(f"{address}/{his.name}/v#{row.payload}").state == "unknown-key"
    assert tab.open(f"{archived.as_uri()}#{row.payload}").state == "authentic"
    assert fingerprint in tab.text()


# --- the host --------------------------------------------------------------------------------


def test_an_old_list_replayed_for_a_revoked_certificate(harbour: Published, tab: Tab, tmp_path: Path) -> None:
    """It is signed and dated: when it is old it is told to be, with its day, and never plainly authentic."""
    row, day = harbour.revoked, date.today() - timedelta(harbour.issuer.status_valid + 2)
    old = status_list(0, [], harbour.issuer, harbour.key, day, harbour.issuer.status_valid)
    folder = altered(harbour, tmp_path, {"status/0.json": old})
    _, found = told(harbour.file(row), f"{harbour.issuer.verify_url}/v#{row.payload}", site=folder)
    assert [one["verdict"] for one in found] == ["authentic-until"] * 2
    assert all(one["cancellations_known_to"] == day.isoformat() for one in found)
    younger = old.replace(b'"validUntil":"', b'"validUntil":"9', 1)
    (folder / "status/0.json").write_bytes(younger)
    assert verdicts(harbour.file(row), site=folder) == ["status-unknown"]
    (folder / "status/0.json").write_bytes(old)
    with serving(tmp_path) as address:
        assert tab.open(f"{address}/site/v#{row.payload}").state == "known-to"
        assert str(day.year) in tab.text("h1")
        assert given(tab, tmp_path / "file.pdf", harbour.file(row).read_bytes()) == "known-to"


def test_a_host_that_alters_the_course_facts(harbour: Published, tab: Tab, tmp_path: Path) -> None:
    """Their hash is signed: the page leaves them out, certgen says so and ends with 8."""
    row = harbour.valid
    assert row.content is not None
    names = [path.relative_to(harbour.site).as_posix() for path in (harbour.site / "facts").iterdir()]
    word = row.content.title.rpartition(" ")[2]
    forged = {name: (harbour.site / name).read_bytes().replace(word.encode(), b"Astrology") for name in names}
    folder = altered(harbour, tmp_path, forged)
    code, (found,) = told(harbour.file(row), site=folder)
    assert code == 8 and ("facts", "bad") in [(check["what"], check["mark"]) for check in found["checks"]]
    with serving(tmp_path) as address:
        assert tab.open(f"{address}/site/v#{row.payload}").state == "authentic"
        assert "Astrology" not in tab.text() and "not the one the issuer signed" in tab.text()


def test_a_list_that_is_swapped_or_tampered(harbour: Published, tab: Tab, tmp_path: Path) -> None:
    """Signature, issuer, purpose, size and address must be right, or the status is unknown."""
    row = harbour.revoked
    genuine = json.loads((harbour.site / "status/0.json").read_bytes())
    clean = json.loads(status_list(0, [], harbour.issuer, OTHER, date.today()))
    emptied = {**genuine, "credentialSubject": clean["credentialSubject"]}
    own = harbour.key, harbour.key.public
    tricks = {
        "the bits of another": emptied,
        "signed by another in its name": resigned(genuine, harbour.did, OTHER, harbour.key.public),
        "for another purpose": resigned(with_subject(genuine, statusPurpose="suspension"), harbour.did, *own),
        "too short": resigned(with_subject(genuine, encodedList=packed(bytes(10))), harbour.did, *own),
        "a bomb": resigned(with_subject(genuine, encodedList=packed(bytes(50_000_000))), harbour.did, *own),
    }
    folder = altered(harbour, tmp_path, {})
    with serving(tmp_path) as address:
        for trick, document in tricks.items():
            (folder / "status/0.json").write_bytes(json.dumps(document).encode())
            assert verdicts(harbour.file(row), site=folder) == ["status-unknown"], trick
            assert tab.open(f"{address}/site/v#{row.payload}").state == "status-unknown", trick
    for name in ("another list", "neighbour's list", "forged list"):
        assert verdicts(f"{harbour.issuer.verify_url}/v#{row.payload}", site=harbour.spoiled(name)) == [
            "status-unknown"
        ]


def with_subject(document: dict[str, Any], **changes: str) -> dict[str, Any]:
    return {**document, "credentialSubject": {**document["credentialSubject"], **changes}}


def packed(bits: bytes) -> str:
    return "u" + urlsafe_b64encode(zlib.compress(bits, 9, wbits=31)).decode().rstrip("=")


def test_enumeration(published: Publish) -> None:
    """Nothing personal is hosted, not even hashed; codes have 80 bits; places in the list tell nothing."""
    for name in ("online-academy", "fair-recruitment"):
        academy = published(name)
        rows = academy.rows()
        course = (academy.folder / "course.toml").read_text(encoding="utf-8")
        looked_for = {REASON, *personal(rows)}
        words = {word for row in rows if row.content for word in re.findall(r"\w{5,}", row.content.name)}
        looked_for |= {word for word in words if word not in course} - {"Corrected"}
        assert len(looked_for) > 60
        for path in academy.site.rglob("*"):
            assert not [text for text in looked_for if text in path.as_posix()]
            if path.is_file():
                data = path.read_bytes()
                plain = data + json.dumps(data.decode("utf-8", "ignore"), ensure_ascii=False).encode()
                assert not [text for text in looked_for if any(form in plain for form in forms(text))], path
        assert all(len(codes.bits(row.code)) * 8 == 80 for row in rows)
        blobs = [path.read_bytes() for path in (academy.site / "codes").rglob("*") if path.is_file()]
        assert len(blobs) == len(rows) and len({len(blob) for blob in blobs}) == 1  # not even how long a name is
        assert verdicts("0000-0000-0000-0000", site=academy.site) == ["unknown-code"]
        pages = (academy.site / "v.html").read_text(encoding="utf-8")
        assert re.search(r'<meta name="?robots"? content="?noindex', pages)
        assert "Disallow: /" in (academy.site / "robots.txt").read_text()
        assert "X-Robots-Tag: noindex" in (academy.site / "_headers").read_text()


def personal(rows: list[Held]) -> Iterator[str]:
    for row in rows:
        yield from (row.code, codes.grouped(row.code), row.payload, row.payload[-60:], row.url)
        assert row.content and row.recipient
        yield from filter(None, (row.content.name, row.content.number, row.recipient.email, row.recipient.id))


def forms(text: str) -> Iterator[bytes]:
    """A text as it stands, escaped, packed in base64, and hashed."""
    data = text.encode()
    yield data
    yield json.dumps(text)[1:-1].encode()
    yield b64encode(data).rstrip(b"=")[:-1]
    yield from (sha256(data).hexdigest().encode(), sha256(text.casefold().encode()).hexdigest().encode())


def test_places_in_the_status_list_look_random() -> None:
    """Thousand certificates of one batch, by all signs: spread evenly, in no order, none at the same distance."""
    entries = [place(serial, b"secret").entry for serial in range(1000)]
    other = [place(serial, b"another").entry for serial in range(1000)]
    assert len(set(entries)) == 1000 and len(set(entries) & set(other)) < 30
    for bits in (entries, [later - sooner & 0x1FFFF for sooner, later in pairwise(entries)]):
        for shift in (0, 5, 9, 13):
            counts = [0] * 16
            for entry in bits:
                counts[entry >> shift & 15] += 1
            expected = len(bits) / 16
            assert sum((count - expected) ** 2 / expected for count in counts) < 45  # chi square, 15 degrees: p = 1e-4
    rising = sum(later > sooner for sooner, later in pairwise(entries))
    assert 420 < rising < 580
    assert place(131_072, b"secret") == Place(1, place(131_072, b"secret").entry)


# --- the key ---------------------------------------------------------------------------------


def test_a_stolen_key(tmp_path: Path, tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves did.json; honest paper stays good by a list that the new key signs; what the thief signs does not."""
    monkeypatch.setenv("CERTGEN_PASSPHRASE", "correct horse battery")
    academy = Published("webinar-series", tmp_path)
    row, thief, url = academy.valid, academy.key, f"{academy.issuer.verify_url}/v#"
    his = json.dumps(resigned(renamed(academy.badge(row)), academy.did, thief, thief.public))
    body = bytes.fromhex("8b0144") + thief.public.short + forged_body(academy, row)
    forged = base41(body + thief.sign(DOMAIN + body))
    assert verdicts(his, f"{url}{forged}", site=academy.site) == ["authentic"] * 2  # until somebody notices

    assert typed("keys", "compromised", thief.public.fingerprint, "--yes", "--folder", academy.folder)[0] == 0
    assert typed("keys", "new", "--folder", academy.folder)[0] == 0
    academy.build()
    for name in ("did.json", ".well-known/did.json", "site.json", "v.html", "verify.html"):
        file = academy.site / name
        assert not file.exists() or thief.public.multikey not in keys_named(file.read_text(encoding="utf-8")), name
    assert verdicts(academy.file(row), f"{url}{row.payload}", row.code, site=academy.site) == ["authentic"] * 3
    assert verdicts(his, f"{url}{forged}", site=academy.site) == ["key-compromised"] * 2
    assert verdicts(academy.file(academy.revoked), site=academy.site) == ["revoked"]
    with serving(academy.folder) as address:
        assert tab.open(f"{address}/site/v#{row.payload}").state == "authentic"
        assert tab.open(f"{address}/site/v#{forged}").state == "key-compromised"
        assert given(tab, tmp_path / "his.json", his.encode()) == "key-compromised"
        assert given(tab, tmp_path / "honest.pdf", academy.file(row).read_bytes()) == "authentic"


def keys_named(text: str) -> str:
    """A file's text without what the honest list in it says."""
    return re.sub(r'"honest\.json":"(?:[^"\\]|\\.)*"', "", text)


def renamed(document: dict[str, Any]) -> dict[str, Any]:
    document["credentialSubject"]["identifier"][0]["identityHash"] = "A Thief"
    return document


def forged_body(academy: Published, row: Held) -> bytes:
    """What a payload says after its key id, about a thief."""
    from certgen import payload

    assert row.content is not None
    body = payload.unbase41(row.payload)[7:-64]
    name = row.content.name.encode()
    assert body.count(name) == 1 and len(name) > 23
    return body.replace(name, b"A Thief".ljust(len(name), b"."))


def test_a_retired_key_stays(office: Academy) -> None:
    """Or every earlier certificate would fail."""
    issued(office, ["Ana Díaz"])
    assert typed("keys", "rotate", "--folder", office.folder)[0] == 0
    issued(office, ["Ana Díaz", "Bo Li"])
    assert typed("site", "build", office.folder / "site", "--folder", office.folder)[0] == 0
    opened = Registry.open(office.folder, [])
    assert opened is not None
    with opened:
        rows, (old, new) = list(opened.all()), opened.keys()
    assert {old.state, new.state} == {"retired", "active"}
    described = (office.folder / "site/did.json").read_text(encoding="utf-8")
    assert old.multikey in described and new.multikey in described
    assert verdicts(*(row.url for row in rows), site=office.folder / "site") == ["authentic"] * 2


# --- names, from rosters ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["Ana\u202egnp", "An\u2066a", "A\u200bna Díaz", "Ana\u200dDíaz", "Ana\u00adDíaz", "Ana\x07 Díaz",
     "Ana \x1b[31mDíaz", "Ana\ufeffDíaz", "An\u2800a", "Ana\ue000", "Ana\U000e0041 Díaz"],
)  # fmt: skip
def test_homoglyph_names_characters_that_print_nothing_are_refused(name: str, office: Academy) -> None:
    code, said = issued(office, ["Bo Li", name], "--dry-run")
    assert code != 0 and [problem["code"] for problem in said["problems"]] == ["forbidden-character"]
    assert said["problems"][0]["cell"] == "A3"


def test_homoglyph_names_mixed_scripts_are_flagged_and_one_spelling_is_signed(office: Academy) -> None:
    spelt = unicodedata.normalize("NFD", "Zoë Müller")
    code, said = issued(
        office, [spelt, "Аna Díaz", "می\u200cخواهم"], "--dry-run"
    )  # a Cyrillic А; a joiner that belongs
    assert [(problem["code"], problem["cell"]) for problem in said["problems"]] == [("mixed-scripts", "A3")]
    assert [row["name"] for row in said["certificates"]] == ["Zoë Müller", "Аna Díaz", "می\u200cخواهم"]
    assert code == 0


SCRIPTS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title><svg/onload=alert(1)>", "&lt;b&gt;Ana",
    "{{7*7}} ${7*7}", "Ana\r\nBcc: everybody@example.org", "=HYPERLINK(1)", "constructor",
)  # fmt: skip


def test_a_script_in_a_name(office: Academy, tab: Tab, tmp_path: Path) -> None:
    """It is text wherever it goes: on paper, in the badge, on the page, in the notice of a revocation."""
    code, said = issued(office, list(SCRIPTS))
    assert code == 0 and said["counts"]["issued"] == len(SCRIPTS)
    opened = Registry.open(office.folder, [])
    assert opened is not None
    with opened:
        rows = list(opened.all())
    evil = SCRIPTS[1]
    assert typed("revoke", rows[0].code, "--reason", evil, "--yes", "--folder", office.folder)[0] == 0
    assert typed("site", "build", office.folder / "site", "--folder", office.folder)[0] == 0
    with serving(office.folder) as address:
        tab.open(f"{address}/site/v/")
        tab.run("window.alert = () => { window.alerted = true; }")
        for row in rows:
            assert row.content is not None and not re.search(r"[\r\n]", row.content.name)
            assert asked(tab, typing(row.payload)) == ("revoked" if row is rows[0] else "authentic")
            assert tab.run("document.querySelector('.name').textContent") == row.content.name
            assert tab.run("document.querySelectorAll('main script, main img, main svg[onload], main b').length") == 0
            if row is rows[0]:
                assert evil in tab.text()
            assert given(tab, tmp_path / "it.pdf", (office.out / row.file).read_bytes()) in ("revoked", "authentic")
        assert not tab.run("window.alerted")
        assert "script-src 'sha256-" in unescape((office.folder / "site/v.html").read_text(encoding="utf-8"))
        assert not [url for url in tab.requests() if not url.startswith((address, "data:", "blob:", "about:"))]


PATHS = (
    "../../../etc/passwd", "..\\..\\windows\\system32", "/etc/passwd", "C:\\Users\\Ana", "CON", "nul.txt", "aux",
    "Ana/../Díaz", "~root", "$(reboot)", "`id`", "Ana; rm -rf .", "-rf", "%2e%2e%2f", "Ana\tDíaz",
)  # fmt: skip


def test_a_path_in_a_name(office: Academy) -> None:
    """Files are named by letters, digits, - and _, and end in the code; none leaves its folder."""
    before = {path for path in office.folder.parent.rglob("*") if office.out not in path.parents}
    _, said = issued(office, [*PATHS, "Very Long Name " * 4], "--badges", "--skip-problems")
    assert said["counts"]["issued"] >= len(PATHS) - 2
    files = [path for path in office.out.rglob("*") if path.is_file()]
    made = [path for path in files if path.suffix == ".pdf"]
    assert len(made) == said["counts"]["issued"]
    for path in made:
        assert path.parent == office.out and path.name in {Path(row["file"]).name for row in said["certificates"]}
        assert re.fullmatch(r"[\w-]+(-[0-9A-Z]{4}){4}\.pdf", path.name) and not path.name.startswith("-")
        assert len(path.name.encode()) <= 200
        assert path.stem.split("-")[0].casefold() not in ("con", "nul", "aux") or len(path.stem) > 19
    after = {path for path in office.folder.parent.rglob("*") if office.out not in path.parents}
    assert all(path.is_relative_to(office.folder) for path in after - before)


# --- what strangers send ---------------------------------------------------------------------


def test_a_hostile_payload(harbour: Published, tab: Tab) -> None:
    """Bounded in size and depth before anything is made of it; lists are unpacked to their size and no further."""
    nested = b"\x8b\x01" + b"\x81" * 200
    payloads = [
        "A" * 1_000_000, base41(nested[:170]), base41(b"\x9b" + b"\xff" * 8 + bytes(64)),
        base41(b"\x5b" + b"\xff" * 80), ALPHABET * 6, base41(bytes(237)), "%00" * 100, "0" * 356,
    ]  # fmt: skip
    deep = '{"proof":' + "[" * 20_000
    large = json.dumps({**harbour.badge(harbour.valid), "name": "x" * 300_000})
    nest: Any = {}
    for _ in range(500):
        nest = {"criteria": nest}
    nests = json.dumps({**harbour.badge(harbour.valid), "evidence": nest})
    begun = time.monotonic()
    spoken = [f"{harbour.issuer.verify_url}/v#{text}" for text in payloads]
    assert set(verdicts(*spoken, deep, large, nests, site=harbour.site)) <= {"unreadable", "not-genuine"}
    assert time.monotonic() - begun < 10
    with serving(harbour.folder) as address:
        tab.open(f"{address}/site/v/")
        begun = time.monotonic()
        for text in payloads:
            assert asked(tab, f"location.hash = {json.dumps(text)}") == "unreadable", text[:40]
        assert time.monotonic() - begun < 10
