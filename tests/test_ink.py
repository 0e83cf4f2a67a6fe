"""How colours are written: operators for a screen and for a press, profiles of presses, the table [press]."""

from __future__ import annotations

import hashlib
import pickle
import re
from itertools import product
from pathlib import Path

import jsonschema
import pytest
from builders import Make, book, layout
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image
from pressed import apart

from certgen import course as courses
from certgen import model
from certgen.errors import CertgenError, Problem
from certgen.model import Issuer, PressSpec, Spot
from certgen.page import Colour
from certgen.pdf.ink import OFFICE, REGISTRATION, Ink
from certgen.pdf.profile import Profile, condition, lightness
from certgen.pdf.separation import Press
from certgen.pdf.syntax import Body
from certgen.registry.snapshot import Setting

NAVY: Colour = (0x0B / 255, 0x3D / 255, 0x62 / 255)
GOLD: Colour = (0xC0 / 255, 0x8A / 255, 0x3E / 255)
PANTONE = Spot("PANTONE 541 C", (100, 58, 9, 46))
ISSUER = 'name = "Academy of the Three Rivers"\nverify_url = "https://verify.three-rivers.org"\n'

_SHARES = st.floats(0, 1, allow_nan=False)
_COLOURS = st.tuples(_SHARES, _SHARES, _SHARES)
_NUMBER = rb"(?:0|1|0?\.\d{1,3})"
_PROCESS = re.compile(rb"%b %b %b (%b) [kK]" % ((_NUMBER,) * 4))
_SPOT = re.compile(rb"/Ink0 (?:cs|CS) %b (?:scn|SCN)" % _NUMBER)


@pytest.fixture(scope="module", name="press")
def _press() -> Press:
    return Press(Profile.of(None), {NAVY: PANTONE})


# --- operators -------------------------------------------------------------------------------


@given(colour=_COLOURS)
def test_every_colour_becomes_operators_of_process_inks_or_of_one_ink(press: Press, colour: Colour) -> None:
    for written in (press.fill(colour), press.stroke(colour)):
        assert _PROCESS.fullmatch(written) or _SPOT.fullmatch(written), written


@given(light=_SHARES)
def test_greys_are_in_black_alone_and_darker_the_darker_they_are(press: Press, light: float) -> None:
    grey, lighter = press.fill((light,) * 3), press.fill((min(1.0, light + 0.1),) * 3)
    assert grey.startswith(b"0 0 0 ") and lighter.startswith(b"0 0 0 ")
    assert float(grey.split()[3]) >= float(lighter.split()[3])


@pytest.mark.parametrize("ink", ["#000000", "#1c1b1a", "#1d1c1a", "#1b1d20", "#1b1b1c", "#1a1e27", "#2e2e2e"])
def test_the_near_blacks_of_text_are_solid_black_and_nothing_else(press: Press, ink: str) -> None:
    colour = tuple(part / 255 for part in bytes.fromhex(ink[1:]))
    assert press.fill(colour) == b"0 0 0 1 k"  # type: ignore[arg-type]


def test_paper_is_no_ink(press: Press) -> None:
    assert press.fill((1, 1, 1)) == b"0 0 0 0 k"


@pytest.mark.parametrize("share", [1.0, 0.6, 0.38, 0.07])
def test_a_house_colour_takes_its_tints_along_onto_its_plate(press: Press, share: float) -> None:
    tint = tuple(round(1 - (1 - part) * share, 3) for part in NAVY)  # as artwork writes it
    found = re.fullmatch(rb"/Ink0 cs (\S+) scn", press.fill(tint))  # type: ignore[arg-type]
    assert found and abs(float(found[1]) - share) < 0.005


def test_a_colour_that_is_no_tint_of_a_house_colour_is_mixed(press: Press) -> None:
    assert _PROCESS.fullmatch(press.fill(GOLD))
    assert _PROCESS.fullmatch(press.fill((NAVY[0], NAVY[1], NAVY[2] + 0.05)))


def test_a_mixed_colour_looks_on_paper_as_it_does_on_the_screen(press: Press) -> None:
    from PIL import ImageCms

    for colour in (GOLD, (0.2, 0.4, 0.6), (0.8, 0.5, 0.5), (0.5, 0.7, 0.5)):
        parts = [round(255 * float(part)) for part in press.fill(colour).split()[:4]]
        printed = ImageCms.profileToProfile(
            Image.new("CMYK", (1, 1), tuple(parts)),
            ImageCms.ImageCmsProfile(str(Path(model.__file__).parent / "pdf" / "fogra39.icc")),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        assert printed is not None
        meant = Image.new("RGB", (1, 1), tuple(round(255 * part) for part in colour))
        assert apart(printed, meant)[0] < 2


def test_no_colour_takes_more_ink_than_the_paper_holds(press: Press) -> None:
    """The profile's own limit is 300 %."""
    steps = [at / 6 for at in range(7)]
    for colour in product(steps, steps, steps):
        written = press.fill(colour)
        if written.endswith(b" k"):
            assert sum(float(part) for part in written.split()[:4]) <= 3.01, colour


def test_a_grey_in_black_alone_is_as_light_as_on_the_screen(press: Press) -> None:
    from PIL import ImageCms

    look = ImageCms.buildTransform(
        str(Path(model.__file__).parent / "pdf" / "fogra39.icc"),
        ImageCms.createProfile("LAB"),
        "CMYK",
        "LAB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    for level in (0.3, 0.5, 0.7, 0.9):
        black = float(press.fill((level,) * 3).split()[3])
        seen = ImageCms.applyTransform(Image.new("CMYK", (1, 1), (0, 0, 0, round(255 * black))), look)
        assert seen is not None
        assert abs(seen.tobytes()[0] / 2.55 - lightness(level)) < 1


def test_marks_come_out_on_every_plate_of_a_press_and_black_elsewhere(press: Press) -> None:
    assert press.stroke(REGISTRATION) == b"/All CS 1 SCN"
    assert OFFICE.stroke(REGISTRATION) == b"0 G"


def test_an_office_writes_srgb_as_it_is() -> None:
    assert OFFICE.fill(NAVY) == b"0.043 0.239 0.384 rg"
    assert OFFICE.stroke((0.5, 0.5, 0.5)) == b"0.5 G"


def test_only_inks_that_were_used_have_a_plate() -> None:
    press = Press(Profile.of(None), {NAVY: PANTONE, GOLD: Spot("PANTONE 871 C", (20, 35, 75, 15))})
    press.fill((0, 0, 0)), press.fill(GOLD)
    named = press.resources(Body(1))
    assert b"PANTONE#20871#20C" in named and b"541" not in named
    assert press.used == {"Black", "PANTONE 871 C"}
    assert [press.fill(patch) for patch in press.patches()] == [
        b"0 0 0 1 k",
        b"0 0 0 0.5 k",
        b"/Ink0 cs 1 scn",
        b"/Ink0 cs 0.5 scn",
    ]


def test_an_ink_goes_to_another_process_and_writes_the_same_there(press: Press) -> None:
    twin: Ink = pickle.loads(pickle.dumps(press))
    for colour in (NAVY, GOLD, (0.4, 0.4, 0.4)):
        assert twin.fill(colour) == press.fill(colour)


# --- profiles --------------------------------------------------------------------------------


def test_bundled_profiles_are_what_their_notes_say() -> None:
    folder = Path(model.__file__).parent / "pdf"
    for called in model.PROFILES:
        profile = Profile.named(called)
        note = (folder / f"{called.lower()}.icc.txt").read_text(encoding="utf-8")
        assert hashlib.sha256(profile.data).hexdigest() in note
        assert profile.name in note and "redistribute it" in " ".join(note.split())
        assert profile.condition == called


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("ISO Coated v2 300% (ECI)", "FOGRA39"),
        ("PSO Uncoated v3 (FOGRA52)", "FOGRA52"),
        ("PSOcoated_v3", ""),
        ("PSO Coated v3", "FOGRA51"),
        ("Coated FOGRA39 (ISO 12647-2:2004)", "FOGRA39"),
        ("GRACoL2006_Coated1v2", "CGATS TR 006"),
        ("House press 3", ""),
    ],
)
def test_a_profile_is_known_by_its_printing_condition(name: str, registered: str) -> None:
    assert condition(name) == registered


class Objects:
    """A store that keeps what it is given."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def add(self, body: bytes) -> int:
        self.bodies.append(body)
        return len(self.bodies)

    def stream(self, data: bytes, entries: bytes = b"", *, compress: bool = True) -> int:
        return self.add(data)


def test_a_printing_houses_own_profile_is_used_and_named(tmp_path: Path) -> None:
    data = Profile.named("FOGRA39").data.replace(b"ISO Coated v2 300% (basICColor)", b"House press 3".ljust(31))
    (tmp_path / "printer.icc").write_bytes(data)
    press = Press.of(PressSpec(profile=str(tmp_path / "printer.icc")), {})
    assert press.fill(GOLD) == Press.of(None, {}).fill(GOLD)
    store = Objects()
    assert press.intent(store) == b"/OutputIntents[2 0 R]"
    assert store.bodies[0] == data
    for words in (b"/S/GTS_PDFX", b"/OutputConditionIdentifier(Custom)", b"/Info(House press 3)"):
        assert words in store.bodies[1]


def test_a_registered_printing_condition_is_named_as_its_registry_has_it() -> None:
    store = Objects()
    Press.of(None, {}).intent(store)
    assert b"/OutputConditionIdentifier(FOGRA39)/RegistryName(http://www.color.org)" in store.bodies[1]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda data: b"", "is not an ICC profile"),
        (lambda data: b"%PDF-1.4" + data, "is not an ICC profile"),
        (lambda data: data[:5000], "cut short"),
        (lambda data: data[:12] + b"mntr" + data[16:], "of a screen, not of a press"),
        (lambda data: data[:16] + b"RGB " + data[20:], "RGB, not CMYK"),
        (lambda data: data[:8] + b"\5" + data[9:], "version 5"),
        (lambda data: data[:132] + bytes(len(data) - 132), "cannot be used"),
        (lambda data: data + bytes(9 * 2**20), "8 MB is the most"),
    ],
)
def test_what_is_no_profile_of_a_press_is_told_in_words(tmp_path: Path, spoil: object, words: str) -> None:
    file = tmp_path / "odd.icc"
    file.write_bytes(spoil(Profile.named("FOGRA39").data))  # type: ignore[operator]
    with pytest.raises(CertgenError) as caught:
        Profile.of(str(file))
    (problem,) = caught.value.problems
    assert problem.file == str(file) and words in problem.message and problem.hint


def test_a_profile_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(CertgenError, match=r"(?i)no such file") as caught:
        Profile.of(str(tmp_path / "gone.icc"))
    assert caught.value.problems[0].file == str(tmp_path / "gone.icc")


# --- [press] of issuer.toml ------------------------------------------------------------------


def load(folder: Path, text: str) -> tuple[Issuer | None, list[Problem]]:
    path = folder / "issuer.toml"
    path.write_text(ISSUER + text, encoding="utf-8")
    problems: list[Problem] = []
    return courses.load_issuer(path, problems), problems


def test_press_is_read(tmp_path: Path) -> None:
    (tmp_path / "house.icc").write_bytes(b"")
    text = """[press]
profile = "house.icc"
spots.primary = { name = "PANTONE 541 C", cmyk = [100, 58, 9, 46] }
spots."#ABC" = { name = "Silver", cmyk = [0, 0, 0, 37.5] }
"""
    issuer, problems = load(tmp_path, text)
    assert problems == [] and issuer and issuer.press
    assert issuer.press.profile == str(tmp_path / "house.icc")
    assert issuer.press.spots == {"primary": PANTONE, "#aabbcc": Spot("Silver", (0, 0, 0, 37.5))}


def test_spots_follow_the_colours_of_what_is_printed() -> None:
    spec = PressSpec(spots={"primary": PANTONE, "#c08a3e": Spot("Gold", (20, 35, 75, 15))})
    press = Press.of(spec, {"primary": "#112233", "accent": "#ffffff"})
    assert press.fill((0x11 / 255, 0x22 / 255, 0x33 / 255)) == b"/Ink0 cs 1 scn"
    assert press.fill(GOLD) == b"/Ink1 cs 1 scn"


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ('[press]\nprofil = "FOGRA39"', "profil", 'Did you mean "profile"?'),
        ('[press]\nprofile = "FOGRA93"', "FOGRA93", 'Did you mean "FOGRA39"?'),
        ('[press]\nprofile = "https://printer.org/a.icc"', "on the network", "Copy the file"),
        ('[press]\nprofile = "gone.icc"', "gone.icc", "gone.icc"),
        ('[press.spots.primry]\nname = "P"\ncmyk = [1, 2, 3, 4]', "primry", 'Did you mean "primary"?'),
        ('[press.spots.primary]\nname = "black"\ncmyk = [0, 0, 0, 100]', "black", "printer's order"),
        ('[press.spots.primary]\nname = "P"\ncmyk = [1, 2, 3]', "4 values", "[100, 58, 9, 46]"),
        ('[press.spots.primary]\nname = "P"\ncmyk = [1, 2, 3, 101]', "100 or less", ""),
        ('[press.spots.primary]\nname = "P"', "has no cmyk", "cmyk"),
        (
            "[press.spots]\n"
            'primary = { name = "P", cmyk = [1, 2, 3, 4] }\naccent = { name = "P", cmyk = [1, 2, 3, 5] }',
            "two different mixtures",
            "[1",
        ),
    ],
)
def test_slips_in_press_are_told_with_their_line_and_a_way_out(
    tmp_path: Path, text: str, words: str, hint: str
) -> None:
    _, problems = load(tmp_path, text)
    (problem,) = problems
    assert words in problem.message and hint in problem.hint
    assert problem.line and problem.line > 2


def test_what_a_certificate_was_made_from_knows_nothing_of_presses() -> None:
    make = Make()
    spec = PressSpec(profile="FOGRA39", spots={"primary": PANTONE})
    plain, inked = (
        Setting.of(make.course(), issuer, layout(make.layout), book(), False)
        for issuer in (make.issuer, replace(make.issuer, press=spec))
    )
    assert plain.data == inked.data and plain.look == inked.look
    assert inked.kept.issuer.press is None


def test_the_schema_knows_press() -> None:
    schema = courses.schemas()["issuer"]
    for good in ({}, {"profile": "FOGRA39", "spots": {"primary": {"name": "P", "cmyk": [1, 2, 3.5, 100]}}}):
        jsonschema.validate({"name": "A", "verify_url": "https://a.org", "press": good}, schema)
    for bad in ({"profil": "x"}, {"spots": {"primary": {"name": "P", "cmyk": [1, 2, 3, 101]}}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"name": "A", "verify_url": "https://a.org", "press": bad}, schema)
