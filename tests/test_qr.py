"""QR codes: qrcode's own symbols, readable, drawn without gaps. Source: ISO/IEC 18004."""

from __future__ import annotations

import pickle
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import tool
from hypothesis import given
from hypothesis import strategies as st
from judges import picture
from qrcode import QRCode, constants

from certgen.page import Artwork
from certgen.payload import ALPHABET
from certgen.qr import QUIET_ZONE, SMALLEST_MODULE_MM, LongSymbols, Symbols

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "https://verify.example.org/v#"
LEVELS = {"L": constants.ERROR_CORRECT_L, "M": constants.ERROR_CORRECT_M,
          "Q": constants.ERROR_CORRECT_Q, "H": constants.ERROR_CORRECT_H}  # fmt: skip
# prefixes that need versions 2 to 10; one has a run that qrcode packs as digits, one as capitals
PREFIXES = [
    "a:",
    "https://v.org/v#",
    PREFIX,
    "https://certificates.academy-of-work.example.org/v#",
    *("https://" + "x" * n + ".org/v#" for n in (60, 80, 100, 135, 165)),
    "https://example.org/" + "0123456789" * 4 + "/v#",
    "HTTPS://EXAMPLE.ORG/A-LONG-PATH-IN-CAPITALS/v#",
    "https://prüfung.example/v#",
]


def qrcode_modules(payload: str, level: str) -> tuple[int, list[list[bool]]]:
    code: Any = QRCode(error_correction=LEVELS[level])
    code.add_data(payload)
    code.make(fit=True)
    return code.version, [[bool(module) for module in row] for row in code.modules]


def payloads(prefix: str, count: int, seed: int) -> list[str]:
    some = random.Random(seed)
    return [prefix + "".join(some.choices(CROCKFORD, k=16)) for _ in range(count)]


def one_page(path: str, modules: int, quiet: int = QUIET_ZONE) -> bytes:
    """The path as its one fill on a page of 100 points."""
    from certgen.artwork.sheet import artwork

    module = 100 / (modules + 2 * quiet)
    content = f"{module} 0 0 {module} {quiet * module} {quiet * module} cm\n{path}f\n"
    drawn: Artwork = artwork(content, 100, 100)
    return drawn.pdf


def test_symbols_are_qrcodes_own_module_for_module() -> None:
    symbols = Symbols(PREFIX, 16, CROCKFORD)
    for payload in payloads(PREFIX, 300, seed=1):
        assert symbols.matrix(payload) == qrcode_modules(payload, symbols.level)[1], payload


@pytest.mark.parametrize("prefix", PREFIXES, ids=lambda p: f"{len(p)} characters")
def test_symbols_are_qrcodes_own_at_every_size(prefix: str) -> None:
    symbols = Symbols(prefix, 16, CROCKFORD)
    for payload in payloads(prefix, 25, seed=len(prefix)):
        version, modules = qrcode_modules(payload, symbols.level)
        assert (symbols.version, symbols.modules) == (version, len(modules))
        assert symbols.matrix(payload) == modules, payload


def test_the_sizes_tested_reach_from_version_2_to_10() -> None:
    versions = {Symbols(prefix, 16, CROCKFORD).version for prefix in PREFIXES}
    assert versions >= set(range(2, 11))


@given(st.text("abcdefghijklmnopqrstuvwxyz./-", min_size=1, max_size=30), st.text("ab01", min_size=3, max_size=3))
def test_other_alphabets_and_lengths(host: str, code: str) -> None:
    symbols = Symbols(f"{host}#", 3, "ab01")
    payload = f"{host}#{code}"
    assert symbols.matrix(payload) == qrcode_modules(payload, symbols.level)[1]


def test_the_level_is_raised_only_where_no_module_gets_smaller_for_it() -> None:
    for prefix in PREFIXES:
        symbols = Symbols(prefix, 16, CROCKFORD)
        payload = prefix + "0" * 16
        assert symbols.level in "MQH"
        assert symbols.version == qrcode_modules(payload, "M")[0]
        better = "MQH"["MQH".index(symbols.level) + 1 :]
        assert all(qrcode_modules(payload, level)[0] > symbols.version for level in better)
    assert Symbols(PREFIX, 16, CROCKFORD, "L").level in "LMQH"
    assert Symbols(PREFIX, 16, CROCKFORD, "H").level == "H"


def rasterised(path: str, side: int) -> list[list[bool]]:
    """The modules that the path's rectangles cover, each at most once."""
    rows = [[False] * side for _ in range(side)]
    for line in path.splitlines():
        match = re.fullmatch(r"(\d+) (\d+) (\d+) 1 re", line)
        assert match, line
        x, y, width = map(int, match.groups())
        for column in range(x, x + width):
            assert not rows[side - 1 - y][column]
            rows[side - 1 - y][column] = True
    return rows


@pytest.mark.parametrize("prefix", PREFIXES[:6], ids=len)
def test_the_path_covers_the_dark_modules_and_no_others(prefix: str) -> None:
    symbols = Symbols(prefix, 16, CROCKFORD)
    for payload in payloads(prefix, 20, seed=7):
        assert rasterised(symbols.path(payload), symbols.modules) == symbols.matrix(payload)


def test_zxing_reads_them() -> None:
    zxing = pytest.importorskip("zxingcpp")
    for prefix in PREFIXES:
        symbols = Symbols(prefix, 16, CROCKFORD)
        for payload in payloads(prefix, 2, seed=3):
            found = zxing.read_barcodes(picture(one_page(symbols.path(payload), symbols.modules), dpi=300))
            assert [code.text for code in found] == [payload]


def test_zbar_reads_them(tmp_path: Path) -> None:
    program = tool("zbarimg")
    payload = payloads(PREFIX, 1, seed=4)[0]
    symbols = Symbols(PREFIX, 16, CROCKFORD)
    picture(one_page(symbols.path(payload), symbols.modules), dpi=300).save(tmp_path / "code.png")
    done = subprocess.run([program, "-q", "--raw", str(tmp_path / "code.png")], capture_output=True, check=True)
    assert done.stdout.decode().strip() == payload


@pytest.mark.parametrize("pixels", [139, 293, 441])
def test_no_seams_show_inside_the_dark(pixels: int, tmp_path: Path) -> None:
    """At odd zooms, smoothed by two engines, every pixel well inside the dark is wholly dark."""
    from PIL import Image

    program, dpi = tool("pdftoppm"), 72 * pixels / 100
    symbols = Symbols(PREFIX, 16, CROCKFORD)
    payload = payloads(PREFIX, 1, seed=5)[0]
    pdf, rows = one_page(symbols.path(payload), symbols.modules), symbols.matrix(payload)
    (tmp_path / "code.pdf").write_bytes(pdf)
    command = [program, "-r", str(dpi), "-singlefile", "-png", str(tmp_path / "code.pdf"), str(tmp_path / "code")]
    subprocess.run(command, check=True)
    with Image.open(tmp_path / "code.png") as drawn:
        images = [drawn.convert("L"), picture(pdf, dpi=dpi).convert("L")]  # type: ignore[arg-type]
    scale = pixels / (symbols.modules + 2 * QUIET_ZONE)  # pixels to the module

    def dark(x: float, y: float) -> bool:
        row, column = int(y / scale) - QUIET_ZONE, int(x / scale) - QUIET_ZONE
        return 0 <= row < len(rows) and 0 <= column < len(rows) and rows[row][column]

    around = [(dx, dy) for dx in (-0.2, 0.5, 1.2) for dy in (-0.2, 0.5, 1.2)]
    inside = [(x, y) for x in range(pixels) for y in range(pixels) if all(dark(x + dx, y + dy) for dx, dy in around)]
    assert len(inside) > 1000
    for image in images:
        assert image.size == (pixels, pixels)
        assert {image.getpixel(spot) for spot in inside} == {0}


def test_pickles_are_small_and_give_the_same() -> None:
    symbols = Symbols(PREFIX, 16, CROCKFORD)
    payload = payloads(PREFIX, 1, seed=6)[0]
    path = symbols.path(payload)
    packed = pickle.dumps(symbols)
    assert len(packed) < 500
    assert pickle.loads(packed).path(payload) == path


@pytest.mark.parametrize(
    "payload", [PREFIX + "0" * 15, PREFIX + "0" * 17, PREFIX + "U" * 16, "https://else.example.org/v#" + "0" * 18, ""]
)
def test_foreign_payloads_are_refused(payload: str) -> None:
    with pytest.raises(ValueError):
        Symbols(PREFIX, 16, CROCKFORD).path(payload)


def test_payloads_that_qrcode_might_pack_otherwise_are_refused() -> None:
    for prefix in ("https://example.org/V/", "https://example.org/V/1234", "ABC"):
        with pytest.raises(ValueError, match="segments"):
            Symbols(prefix, 18, CROCKFORD)
    with pytest.raises(ValueError, match="no QR code holds"):
        Symbols("https://" + "x" * 3000 + "#", 16, CROCKFORD)
    for alphabet, length in (("", 16), ("é", 16), ("01", 0)):
        with pytest.raises(ValueError, match="alphabet"):
            Symbols(PREFIX, length, alphabet)


def test_the_smallest_side_keeps_the_quiet_zone_and_the_smallest_module() -> None:
    symbols = Symbols(PREFIX, 16, CROCKFORD)
    assert symbols.smallest_side_mm() / (symbols.modules + 8) == pytest.approx(SMALLEST_MODULE_MM)


# --- signed payloads -------------------------------------------------------------------------


def long_payload(prefix: str, length: int, seed: int) -> str:
    return prefix + "".join(random.Random(seed).choices(ALPHABET, k=length))


def two_segments(prefix: str, payload: str, level: str) -> tuple[int, list[list[bool]]]:
    """qrcode's own symbol of a byte segment and an alphanumeric one."""
    from qrcode import util

    code: Any = QRCode(error_correction=LEVELS[level])
    code.add_data(util.QRData(prefix.encode(), util.MODE_8BIT_BYTE, check_data=False))
    code.add_data(util.QRData(payload[len(prefix) :].encode(), util.MODE_ALPHA_NUM, check_data=False))
    code.make(fit=True)
    return code.version, [[bool(module) for module in row] for row in code.modules]


# 356 characters are the longest signed payload
@pytest.mark.parametrize("length", [1, 2, 20, 21, 64, 110, 165, 218, 237, 250, 275, 300, 333, 355, 356])
def test_long_symbols_are_qrcodes_own_module_for_module(length: int) -> None:
    symbols = LongSymbols(PREFIX)
    for seed in range(3):
        payload = long_payload(PREFIX, length, seed)
        version, level = symbols.version(payload)
        assert two_segments(PREFIX, payload, "M")[0] == version  # raised only where it costs no module
        drawn, modules = two_segments(PREFIX, payload, level)
        assert (drawn, len(modules)) == (version, symbols.modules(payload))
        assert symbols.matrix(payload) == modules, payload


def test_what_qrcode_makes_of_the_same_text_by_itself_is_the_same() -> None:
    for length in (100, 218, 356):
        payload = long_payload(PREFIX, length, length)
        symbols = LongSymbols(PREFIX)
        assert symbols.matrix(payload) == qrcode_modules(payload, symbols.version(payload)[1])[1]


@given(st.text(ALPHABET + " %+/", min_size=1, max_size=120))
def test_any_alphanumeric_text_is_drawn_as_qrcode_draws_it(text: str) -> None:
    symbols = LongSymbols("https://v.org/v#")
    payload = "https://v.org/v#" + text
    assert symbols.matrix(payload) == two_segments("https://v.org/v#", payload, symbols.version(payload)[1])[1]


def test_a_signed_payload_is_of_version_12_at_most_and_reads_back() -> None:
    zxing = pytest.importorskip("zxingcpp")
    symbols = LongSymbols(PREFIX)
    for length in (218, 356):
        payload = long_payload(PREFIX, length, 9)
        assert symbols.version(payload)[0] <= 12 and symbols.smallest_side_mm(payload) <= 36
        path = symbols.path(payload)
        assert rasterised(path, symbols.modules(payload)) == symbols.matrix(payload)
        found = zxing.read_barcodes(picture(one_page(path, symbols.modules(payload)), dpi=400))
        assert [code.text for code in found] == [payload]


def test_long_symbols_travel_and_refuse_what_is_not_theirs() -> None:
    symbols = pickle.loads(pickle.dumps(LongSymbols(PREFIX)))
    assert symbols.path(PREFIX + "ABC") == LongSymbols(PREFIX).path(PREFIX + "ABC")
    for bad in (
        PREFIX,
        PREFIX + "abc",
        PREFIX + "AaA",
        "https://else.example.org/#ABC",
        PREFIX + "é",
        PREFIX + "A" * 9000,
    ):
        with pytest.raises(ValueError):
            symbols.path(bad)
