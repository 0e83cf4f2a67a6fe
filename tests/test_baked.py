"""Badges beside the certificates: JSON and pictures."""

from __future__ import annotations

import io
import json

import pytest
from academy import Academy
from PIL import Image

from certgen import baked, batch
from certgen.font import FontBook
from certgen.intake import Options
from certgen.model import Issuer

ISSUER = Issuer(name="Meridian Training Centre", folder="", verify_url="https://verify.meridian-training.org")


@pytest.fixture
def academy(tmp_path: object) -> Academy:
    return Academy(tmp_path / "academy")  # type: ignore[operator]


def test_a_badge_is_a_picture_with_the_signed_credential_inside() -> None:
    picture = baked.emblem(ISSUER, FontBook())
    credential = '{"name":"Олена Коваль"}'.encode()
    data = baked.bake(picture, credential)
    with Image.open(io.BytesIO(data)) as image:  # Pillow reads the chunk, and checks every CRC
        image.load()
        assert image.size == (baked.SIDE, baked.SIDE)
        assert image.info["openbadgecredential"] == credential.decode()
        assert image.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert baked.baked_in(data) == credential
    assert baked.baked_in(picture) is None
    assert len(picture) < 60_000


def test_the_same_issuer_has_the_same_picture() -> None:
    assert baked.emblem(ISSUER, FontBook()) == baked.emblem(ISSUER, FontBook())


def test_badges_are_written_beside_the_certificates_when_asked_for(academy: Academy) -> None:
    import pikepdf

    batch.run(Options(roster=academy.roster))
    assert not list(academy.out.glob("*.png"))
    result = batch.run(Options(roster=academy.roster, badges=True))
    assert result.counts.unchanged == 3
    for entry in result.certificates:
        file = academy.out / entry.file
        told = file.with_suffix(".json").read_bytes()
        with pikepdf.open(file) as pdf:
            assert pdf.attachments["credential.json"].get_file().read_bytes() == told
        assert baked.baked_in(file.with_suffix(".png").read_bytes()) == told
        assert json.loads(told)["credentialSubject"]["identifier"][0]["identityHash"] == entry.name
