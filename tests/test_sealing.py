"""What a batch's own sealer signs: canonical forms that pyld agrees with, payloads whose symbols stay small, and QR
codes that are read from a page however badly it was scanned.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from hashlib import sha256
from math import hypot
from pathlib import Path
from typing import Any

import judges
import pytest
from builders import LONG_TITLE, NAMES_LONG, TITLES, Make
from conftest import EXAMPLES, LAYOUTS
from credentials import KEY, credentials, example, named
from msgspec.structs import replace
from PIL import Image, ImageFilter

from certgen.canonical import context
from certgen.compose.symbols import SymbolMaker
from certgen.credential import mint, payload_prefix
from certgen.model import Recipient
from certgen.names import clean
from certgen.payload import LONGEST, unbase41
from certgen.qr import LongSymbols
from certgen.sealing import Sealer
from certgen.signing import unbase58
from certgen.status import place

jsonld = pytest.importorskip("pyld.jsonld")


def accepted(shared: Path) -> list[str]:
    """Every name of the collection that a roster may hold, as it is printed."""
    lines = (shared / "names.tsv").read_text(encoding="utf-8").split("\n")[1:]
    cleaned = [clean(json.loads(line.split("\t")[0])) for line in lines if line]
    return list(dict.fromkeys(name.text for name in cleaned if name.text and not name.refused))


# --- canonical forms -------------------------------------------------------------------------


def signed_as_pyld_says(badge: bytes) -> bool:
    """Whether the first proof is the key's signature of what pyld itself makes of the document (Data Integrity EdDSA
    Cryptosuites 1.0, 3.2), by no code of certgen's but base58."""
    document = json.loads(badge)
    proof, contexts = document.pop("proof")[0], document["@context"]
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"
    signature = unbase58(proof.pop("proofValue")[1:], 64)
    config = normalised({"@context": contexts, **proof})
    return KEY.public.verify(signature, sha256(config).digest() + sha256(normalised(document)).digest())


_CONFIGS: dict[str, bytes] = {}


def normalised(document: dict[str, Any]) -> bytes:
    told = json.dumps(document) if "proofPurpose" in document else ""
    if told in _CONFIGS:
        return _CONFIGS[told]
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": loaded}
    found: bytes = jsonld.normalize(document, options).encode()
    if told:
        _CONFIGS[told] = found
    return found


@cache
def context_of(address: str) -> Any:
    return context(address)


def loaded(address: str, options: object) -> dict[str, Any]:
    return {
        "contextUrl": None,
        "documentUrl": address,
        "document": context_of(address),
        "contentType": "application/json",
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_signed_of_the_examples_is_pylds_canonical_form(name: str) -> None:
    course, issuer, _ = example(name)
    sealer, count = Sealer(course, issuer, KEY, grades=True), 0
    for count, credential in enumerate(credentials(name), 1):
        for language in course.languages:
            spoken = replace(credential, language=language)
            assert signed_as_pyld_says(sealer.seal(spoken, place(count, b"secret")).badge), credential.recipient.name
    assert count >= 10


def test_what_is_signed_of_every_accepted_name_is_pylds_canonical_form(shared: Path) -> None:
    course, issuer, _ = example("online-academy")
    sealer, names = Sealer(course, issuer, KEY), accepted(shared)
    assert len(names) > 380
    for number, name in enumerate(names):
        assert signed_as_pyld_says(sealer.seal(named(name, number), place(number, b"secret")).badge), name


def test_a_signature_of_another_form_is_noticed() -> None:
    """The judge above, judged."""
    course, issuer, _ = example("online-academy")
    badge = Sealer(course, issuer, KEY).seal(named("Ana Díaz"), place(1, b"secret")).badge
    assert signed_as_pyld_says(badge)
    assert not signed_as_pyld_says(badge.replace("Ana Díaz".encode(), b"Ana Diaz"))


# --- sizes -----------------------------------------------------------------------------------

SMALLEST_MODULE = 0.4  # mm


@pytest.mark.parametrize("name", EXAMPLES)
def test_symbols_are_of_version_12_and_36_mm_at_most_and_most_of_24_to_30(name: str) -> None:
    course, issuer, _ = example(name)
    sealer, symbols = Sealer(course, issuer, KEY), LongSymbols(payload_prefix(issuer), smallest=9)
    sizes = Counter[bool]()
    for number, credential in enumerate(credentials(name)):
        url = sealer.url(credential, place(number, b"secret"))
        version, level = symbols.version(url)
        assert version <= 12 and level in "MQH"
        sizes[24 <= symbols.smallest_side_mm(url) <= 30] += 1
    assert sizes[True] > sizes[False]


@pytest.mark.parametrize("title", [LONG_TITLE, "م" * 300, "Title " * 60, "漢" * 300])
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_longest_names_and_titles_stay_within_version_12(name: str, title: str) -> None:
    course, issuer, _ = example(name)
    editions = {language: replace(edition, title=title) for language, edition in course.editions.items()}
    sealer = Sealer(replace(course, editions=editions), issuer, KEY)
    symbols = LongSymbols(payload_prefix(issuer), smallest=9)
    for serial, text in enumerate((*NAMES_LONG, "W" * 60, "Ñ" * 200, "漢" * 200, "🏴" * 80)):
        person = Recipient(row=2, name=text, id=str(serial), number=str(serial))
        credential = mint(person, course, issuer, 0, course.languages[-1], bytes(32))
        sealed = sealer.payload(credential, place(10**8 + serial, b"secret"))
        url = payload_prefix(issuer) + sealed
        assert len(unbase41(sealed)) <= LONGEST
        assert symbols.version(url)[0] <= 12 and symbols.smallest_side_mm(url) <= 36


def test_every_accepted_name_stays_within_version_12(shared: Path) -> None:
    course, issuer, _ = example("social-dialogue-academy")
    sealer, symbols = Sealer(course, issuer, KEY), LongSymbols(payload_prefix(issuer), smallest=9)
    sizes = Counter[bool]()
    for serial, text in enumerate(accepted(shared)):
        credential = mint(Recipient(row=2, name=text, id=str(serial)), course, issuer, 0, "es", bytes(32))
        url = sealer.url(credential, place(serial, b"secret"))
        assert symbols.version(url)[0] <= 12 and symbols.smallest_side_mm(url) <= 36
        sizes[symbols.smallest_side_mm(url) <= 30] += 1
    assert sizes[True] > 10 * sizes[False]


@pytest.mark.parametrize("letters", [10, 40, 60, 74])
def test_behind_a_long_address_less_of_the_title_is_told_and_the_symbol_stays(letters: int) -> None:
    course, issuer, _ = example("online-academy")
    issuer = replace(issuer, verify_url=f"https://verify.example.org/{'v' * letters}")
    symbols = LongSymbols(payload_prefix(issuer), smallest=9)
    for name in NAMES_LONG:
        url = Sealer(course, issuer, KEY).url(named(name), place(1, b"secret"))
        assert symbols.version(url)[0] <= 12
    fewest, most = SymbolMaker(payload_prefix(issuer)).modules(short=False)
    assert fewest == 53 and most <= 65


# --- on paper --------------------------------------------------------------------------------

LONG, USUAL = NAMES_LONG[2], "Ana Díaz"


def blurred(page: Image.Image, pixels: float = 0.8) -> Image.Image:
    """Out of focus by a quarter of the smallest modules."""
    return page.filter(ImageFilter.GaussianBlur(pixels))


def tilted(page: Image.Image) -> Image.Image:
    return page.rotate(8, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def noisy(page: Image.Image) -> Image.Image:
    """Alike every time, unlike Pillow's own noise."""
    noise = b"".join(sha256(b"%d" % number).digest() for number in range(page.width * page.height // 512 + 1))
    grain = Image.frombytes("L", (page.width // 4, page.height // 4), noise[: page.width // 4 * (page.height // 4)])
    return Image.blend(page, grain.resize(page.size), 0.25)


def keystoned(page: Image.Image) -> Image.Image:
    """Photographed from aside."""
    at = (1.08, 0.06, -40, 0.03, 1.06, -20, 0.00005, 0.00002)
    return page.transform(page.size, Image.Transform.PERSPECTIVE, at, Image.Resampling.BICUBIC, fillcolor=255)


def all_of_it(page: Image.Image) -> Image.Image:
    return noisy(blurred(tilted(page), 0.6))


@pytest.mark.thorough
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("name", "language"), [(USUAL, "en"), (LONG, "ar")])
def test_the_printed_symbol_is_read_by_two_readers_and_of_the_size_it_should_be(
    name: str, language: str, layout: str
) -> None:
    make = Make(layout=layout, language=language, title=TITLES[language] if name is LONG else "Fair recruitment")
    url = make.sealed(name).url
    page = judges.picture(make.pdf(name), dpi=200).convert("L")
    modules = LongSymbols(payload_prefix(make.issuer), smallest=9).modules(url)
    assert modules == (65 if name is LONG else 53)
    side = side_in_mm(page, 200)
    assert side / modules >= SMALLEST_MODULE - 0.01
    assert 24 <= side / modules * (modules + 8) <= 30.5  # with its quiet zone
    for spoil in (lambda page: page, blurred, tilted, noisy, keystoned, all_of_it):
        spoiled: Image.Image = spoil(page)
        assert judges.zxing(spoiled) == [url], spoil
        assert judges.zbar(spoiled) == [url], spoil
    assert judges.zxing(blurred(page, 1.2)) == [url]  # where the other gives up


def side_in_mm(page: Image.Image, dpi: int) -> float:
    zxing = pytest.importorskip("zxingcpp")
    (found,) = zxing.read_barcodes(page, formats=zxing.BarcodeFormat.QRCode)
    at = found.position
    first = at.top_left
    sides = [hypot(other.x - first.x, other.y - first.y) for other in (at.top_right, at.bottom_left)]
    return sum(sides) / 2 / dpi * 25.4
