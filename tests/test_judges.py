"""Every example in every layout, with and without record pages, before independent judges (``tests/judges.py``).

Every file with record pages is validated, without them one of each blank and of each script; those are also read by
two text extractors, rendered, and their QR codes read by two decoders.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable
from datetime import date

import judges
import pytest
from conftest import EXAMPLES, LAYOUTS, RECORD, Made

from certgen import codes
from certgen.payload import unseal
from certgen.signing import KeyRecord, by_short

pytestmark = pytest.mark.thorough

CASES = [
    pytest.param(example, layout, flags, id="-".join([example, layout, *flags]))
    for example in EXAMPLES
    for layout in LAYOUTS
    for flags in ([], RECORD[layout])[: 1 + bool(RECORD[layout])]
]


def holds(text: str, name: str) -> bool:
    """Whether a text says a name.

    Both extractors sort the glyphs of a right-to-left line by position, so that a mark, which has no width, ends up
    between words: such a name is held to its words without marks, in any order.
    """
    right_to_left = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    if not right_to_left or not any(map(unicodedata.combining, name)):
        return name in text
    words, wanted = ("".join(c for c in each if not unicodedata.combining(c)).split() for each in (text, name))
    return all(words.count(word) >= wanted.count(word) for word in wanted)


@pytest.mark.parametrize(("example", "layout", "flags"), CASES)
def test_files_conform(made: Callable[..., Made], example: str, layout: str, flags: list[str]) -> None:
    run = made(example, layout, *flags)
    assert len(list(run.folder.glob("*.pdf"))) == run.told["counts"]["issued"] > 0
    for row in run.told["certificates"] if flags == RECORD[layout] else run.samples():
        judges.conforms(run.path(row).read_bytes())


@pytest.mark.parametrize(("example", "layout", "flags"), CASES)
def test_samples_are_sound_and_say_who_and_what(
    made: Callable[..., Made], example: str, layout: str, flags: list[str]
) -> None:
    run = made(example, layout, *flags)
    for row in run.samples():
        pdf = run.path(row).read_bytes()
        judges.sound(pdf)
        for read in (judges.poppler_text, judges.pdfium_text):
            text = unicodedata.normalize("NFC", judges.squeezed(read(pdf)))
            assert row["code"] in text, read.__name__
            assert holds(text, row["name"]), f"{read.__name__}: {row['name']} in {text[:600]}"


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_qr_codes_say_what_the_words_beside_them_say(made: Callable[..., Made], example: str, layout: str) -> None:
    run = made(example, layout, *RECORD[layout])
    issuer = tomllib.loads((run.folder.parent / "issuer.toml").read_text(encoding="utf-8"))
    keys = by_short([KeyRecord(issuer["key"], date(2026, 1, 1))])
    for row in run.samples()[:3]:
        pdf = run.path(row).read_bytes()
        page = judges.picture(pdf)
        (said,) = judges.zxing(page)
        assert judges.zbar(judges.picture(pdf, dpi=200)) == [said]  # at 150 it has missed one
        assert judges.zxing(page.convert("L").rotate(4, expand=True, fillcolor=255)) == [said]  # laid down askew
        address, _, payload = said.partition("#")
        opened = unseal(payload, keys)
        assert (address, opened.state) == (f"{issuer['verify_url']}/v", "authentic")
        assert opened.claims is not None and opened.claims.name.is_of(row["name"])
        assert codes.grouped(codes.text(opened.claims.credential)) == row["code"]
