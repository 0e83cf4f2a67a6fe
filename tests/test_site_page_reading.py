"""What the verification page reads: payloads, typed codes, files, the camera; and what it refuses."""

from __future__ import annotations

import io
import json
import re
import zlib
from base64 import b64decode
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from browser import Browser, Tab
from conftest import ROOT
from credentials import example
from pages import (
    CODE,
    FIXTURES,
    FOREIGN_KEY,
    KEY,
    Site,
    altered,
    asked,
    authentic,
    given,
    honest,
    replaced,
    shown,
    source,
    typing,
)

from certgen import codes, payload, sealed
from certgen.pdf.syntax import stream_object
from certgen.sealed import Notice
from certgen.signing import KeyRecord, SigningKey

chromium, host, site, tab = FIXTURES

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
        body[: body.rindex(b"\x78\x19")] + b"\x78\xc8" + b"t" * 200,  # a title that should have been cut
        b"",
    ]
    texts = [payload.base41(one + KEY.sign(payload.DOMAIN + one)) for one in wrong]
    texts += ["$" * 400, "0", "a" * 50, site.sealed() + "0", site.sealed().lower()]
    good = {KEY.public.short: (KeyRecord(KEY.public.multikey, date(2026, 1, 1)),)}
    tab.open(f"{site.url}/v/")
    for text in texts:
        assert payload.unseal(text, good).state == "unreadable"
        assert asked(tab, f"location.hash = {json.dumps(text)}") == "unreadable", text


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
    neutral = (2**255 - 19 + 1).to_bytes(32, "little").hex()  # the point y = 1, spelled otherwise: 5.1.3 refuses it
    cases.append((neutral, "58" + "66" * 31 + "01" + "00" * 31, "", False))
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
        tab.run(f"window.scanned = {json.dumps(site.sealed())}")
        assert given(tab, tmp_path / "photo.png", b64decode(png)) == "authentic"
        assert not tab.trouble()


def test_without_a_detector_the_phones_own_camera_is_named(tab: Tab, site: Site) -> None:
    tab.open(f"{site.url}/v/")
    assert "your phone’s own camera app" in tab.text() and "Scan with the camera" not in tab.text()
