"""Print files, judged by programs that share no code with certgen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import judges
import pikepdf
import pressed
import pytest
from academy import COURSE, Academy
from click.testing import CliRunner
from conftest import tool

from certgen import batch
from certgen.cli import cli, guarded
from certgen.codes import grouped
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.intake import Options
from certgen.page import Document
from certgen.printing.filling import Fillings
from certgen.registry import Held, Registry

MM = 72 / 25.4
WIDE = {"COLUMNS": "400"}  # so that sentences stay whole
LAYOUT = """
title = "Plain"
[paper]
size = "A5"
orientation = "landscape"
margin = [15, 15, 15, 15]
bleed = 3
[colours]
band = "#c02030"
[styles.body]
font = "body"
size = 12
leading = 16
[styles.record]
like = "body"
size = 10
[styles.record-heading]
like = "body"
[styles.record-subheading]
like = "body"
[styles.large]
font = "body"
size = 20
leading = 26
[pages.certificate]
box = "all"
[[pages.certificate.art]]
kind = "panel"
at = "top"
height = 8
inset = [-3, -3, 0, -3]
colours = ["band"]
[pages.record]
box = "told"
include = "asked"
[pages.record.paper]
size = "A5"
margin = 15
[boxes.all]
kind = "stack"
boxes = ["name", "title", "code", "qr"]
gap = 4
[boxes.name]
kind = "text"
text = "{recipient.name}"
role = "H1"
style = "large"
lines = 1
[boxes.title]
kind = "text"
text = "{course.title}, {course.hours}"
style = "body"
[boxes.code]
kind = "text"
text = "{credential.code}"
style = "body"
[boxes.qr]
kind = "qr"
size = 34
[boxes.told]
kind = "stack"
boxes = ["behind", "record"]
gap = 6
[boxes.behind]
kind = "text"
text = "behind {credential.code}"
style = "body"
[boxes.record]
kind = "record"
grow = 1
columns = 1
"""
SECTION = """
[[sections]]
id = "contents"
heading = "Contents"
body = "Four days on contracts, fees, complaints and remedies."
"""
PEOPLE = (
    ("Ana Zorn", "en", "Borealis"),
    ("Örjan Åberg", "en", "Aurora"),
    ("Chidi Okafor", "fr", "Borealis"),
    ("Олена Коваль", "en", "Aurora"),
    ("Bo Andersson", "fr", "Aurora"),
    ("Maria de la Cruz", "en", "Borealis"),
    ("Zeynep Işık", "en", "Aurora"),
)
ROSTER = "Name,First name,Last name,Score,Attendance,Language,Firm\n" + "".join(
    f"{name},{name.split(' ', 1)[0]},{name.split(' ', 1)[1]},90,100,{language},{firm}\n"
    for name, language, firm in PEOPLE
)
NAMES = [name for name, _, _ in PEOPLE]


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Academy:
    """Seven certificates with a course record each."""
    made = Academy(tmp_path_factory.mktemp("print") / "academy")
    made.layout.write_text(LAYOUT, encoding="utf-8")
    made.write_course(COURSE.replace("[translation.fr]", f"{SECTION}[translation.fr]"))
    made.write_roster(ROSTER)
    result = batch.run(Options(roster=made.roster, jobs=1, record=True))
    assert result.status == "done", result.problems
    return made


class Shop:
    """Runs ``certgen print`` for an academy."""

    def __init__(self, academy: Academy, folder: Path) -> None:
        self.academy, self.folder = academy, folder
        self.said = ""

    def print(self, *words: str, out: str = "sheets.pdf", expect: int = ExitCode.DONE) -> Path:
        path = self.folder / out
        runner = CliRunner()
        command = ["print", str(self.academy.roster), "-o", str(path), *words]
        with runner.isolation(env=WIDE) as (_, _, said):
            code = guarded(lambda: cli.main(command, standalone_mode=False))
            self.said = " ".join(said.getvalue().decode("utf-8").split())
        assert code == expect, self.said
        return path

    def held(self) -> dict[str, Held]:
        """Everything that was issued, by name."""
        registry = Registry.open(self.academy.folder, [])
        assert registry is not None
        with registry:
            return {held.content.name: held for held in registry.all() if held.content}


@pytest.fixture
def shop(academy: Academy, tmp_path: Path) -> Shop:
    return Shop(academy, tmp_path)


def pages(path: Path) -> list[str]:
    """The text of each page, as poppler reads it."""
    return [judges.squeezed(text) for text in judges.poppler_text(path.read_bytes()).split("\f")[:-1]]


def names_on(text: str) -> set[str]:
    return {name for name in NAMES if name in text}


def words_on(path: Path, page: int) -> list[tuple[str, float, float]]:
    """Words of a page (from 1) with their left and lower edges in points, y up, as poppler places them."""
    command = [tool("pdftotext"), "-bbox", "-f", str(page), "-l", str(page), str(path), "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    height = float(re.findall(r'<page width="[\d.]+" height="([\d.]+)"', text)[0])
    found = re.findall(r'xMin="([\d.-]+)" yMin="[\d.-]+" xMax="[\d.-]+" yMax="([\d.-]+)">([^<]*)<', text)
    return [(word, float(x), height - float(y)) for x, y, word in found]


def place_of(path: Path, page: int, word: str) -> tuple[float, float]:
    (found,) = [(x, y) for said, x, y in words_on(path, page) if said == word]
    return found


def accepted(path: Path) -> None:
    """qpdf, poppler, MuPDF and Ghostscript read the whole file without a complaint."""
    judges.sound(path.read_bytes())
    for command in (
        [tool("mutool"), "draw", "-q", "-r", "20", "-o", str(path.with_suffix(".%d.png")), str(path)],
        [tool("gs"), "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=nullpage", str(path)],
    ):
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        said = (done.stdout + done.stderr).replace(b"warning: ICC support is not available\n", b"")  # Debian's mutool
        assert done.returncode == 0 and not said.strip(), said.decode()


# --- pages as they are -----------------------------------------------------------------------


def test_an_office_file_has_everybody_once_in_the_rosters_order_on_pages_as_they_are(shop: Shop) -> None:
    path = shop.print()
    accepted(path)
    assert [names_on(text) for text in pages(path)] == [{name} for name in NAMES]
    with pikepdf.open(path) as pdf:
        for page in pdf.pages:
            assert [float(v) for v in page.MediaBox] == pytest.approx([0, 0, 210 * MM, 148 * MM], abs=0.01)
            assert "/TrimBox" not in page and "/Annots" not in page
    assert "Sheets 7" in shop.said and "sheets.pdf: 7 sheets, 7 certificates" in shop.said


def test_equal_runs_give_equal_bytes_and_nothing_is_written_over_unasked(shop: Shop) -> None:
    first = shop.print("--profile", "press", "--paper", "A3").read_bytes()
    shop.print(expect=ExitCode.USAGE)
    assert "sheets.pdf” is already there" in shop.said and "--replace" in shop.said
    assert shop.print("--profile", "press", "--paper", "A3", "--replace").read_bytes() == first
    assert not [item for item in shop.folder.iterdir() if item.name != "sheets.pdf"]


def test_records_follow_their_certificates_or_come_alone(shop: Shop) -> None:
    held = shop.held()
    texts = pages(shop.print("--pages", "all"))
    assert len(texts) == 14
    for name, front, back in zip(NAMES, texts[::2], texts[1::2], strict=True):
        assert names_on(front) == {name} and f"behind {grouped(held[name].code)}" in back
    alone = pages(shop.print("--pages", "record", out="records.pdf"))
    assert alone == texts[1::2]
    with pikepdf.open(shop.folder / "sheets.pdf") as pdf:
        wide = [float(page.MediaBox[2]) > float(page.MediaBox[3]) for page in pdf.pages]
    assert wide == [True, False] * 7, "each page on a sheet as it is"


# --- sheets of several -----------------------------------------------------------------------


def test_a_press_sheet_has_its_boxes_marks_and_every_QR_code_can_be_read(shop: Shop) -> None:
    path = shop.print("--profile", "press", "--paper", "SRA3")
    accepted(path)
    held = shop.held()
    read = []
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == 2
        assert pdf.Root.OutputIntents[0].S == "/GTS_PDFX" and "/StructTreeRoot" not in pdf.Root
        for page in pdf.pages:
            media, bleed, trim = ([float(v) for v in page[box]] for box in ("/MediaBox", "/BleedBox", "/TrimBox"))
            assert sorted(media[2:]) == pytest.approx([320 * MM, 450 * MM], abs=0.01)
            assert [b - a for a, b in zip(bleed[:2], trim[:2], strict=True)] == pytest.approx([3 * MM] * 2, abs=0.01)
            assert [b - a for a, b in zip(trim[2:], bleed[2:], strict=True)] == pytest.approx([3 * MM] * 2, abs=0.01)
            assert bleed[0] > 0 and bleed[2] < media[2] and bleed[1] > 0 and bleed[3] < media[3]
            width, height = trim[2] - trim[0], trim[3] - trim[1]
            assert sorted((width, height)) == pytest.approx([(2 * 148 + 6) * MM, (2 * 210 + 6) * MM], abs=0.01)
    for number in range(2):
        read += judges.zxing(judges.picture(path.read_bytes(), number, 150))
    assert sorted(read) == sorted(one.url for one in held.values())
    texts = pages(path)
    assert set(chain.from_iterable(map(names_on, texts))) == set(NAMES)
    assert "sheets.pdf · sheet 1 of 2 · M-1 ·" in texts[0] and "2026-04-10" in texts[0]


def test_crop_and_registration_marks_are_on_every_plate_and_text_on_black_alone(shop: Shop) -> None:
    path = shop.print("--profile", "press")
    data = path.read_bytes()
    assert pressed.pdfx4(data) == [] and pressed.screen_colours(data) == []
    plates = pressed.plates(data, dpi=72)
    assert set(plates) == pressed.PROCESS
    with pikepdf.open(path) as pdf:
        media, bleed, trim = ([float(v) for v in pdf.pages[0][box]] for box in ("/MediaBox", "/BleedBox", "/TrimBox"))
    x, y = place_of(path, 1, "Ana")
    name = (int(x) + 1, int(media[3] - y) - 14, int(x) + 30, int(media[3] - y))
    for ink, plate in plates.items():
        above = plate.crop((int(trim[0]) - 1, 0, int(trim[0]) + 2, int(media[3] - bleed[3])))
        assert pressed.inked(above), f"no crop mark on {ink}"
        assert pressed.inked(plate.crop(name)) == (ink == "Black")


def test_imposed_sheets_keep_what_PDF_X_asks_for(shop: Shop) -> None:
    path = shop.print("--profile", "press", "--paper", "SRA3", "--duplex", "long", "--pages", "all", "--separators")
    assert pressed.pdfx4(path.read_bytes()) == [] and pressed.screen_colours(path.read_bytes()) == []
    texts = pages(path)
    assert "English" in texts[0] and "5 certificates" in texts[0]
    assert texts[1] == "", "the back of what announces a group is blank"
    assert names_on(texts[2]) and "sheet 2 of 5, front" in texts[2] and "sheet 2 of 5, back" in texts[3]


def test_records_stand_behind_their_certificates_when_the_sheet_is_turned(shop: Shop) -> None:
    held = shop.held()
    for edge in ("long", "short"):
        path = shop.print("--pages", "all", "--paper", "A3", "--duplex", edge, out=f"{edge}.pdf")
        texts = pages(path)
        assert len(texts) == 4
        with pikepdf.open(path) as pdf:
            width, height = (float(v) for v in pdf.pages[0].MediaBox[2:])
        for front, back in ((1, 2), (3, 4)):
            seen = names_on(texts[front - 1])
            for name in NAMES:
                code = grouped(held[name].code)
                assert (f"behind {code}" in texts[back - 1]) == (name in seen)
                if name not in seen:
                    continue
                x, y = place_of(path, front, code)
                x_behind, y_behind = place_of(path, back, code)
                upright = (edge == "long") == (height > width)
                through = (width - x_behind, y_behind) if upright else (x_behind, height - y_behind)
                same = [
                    int(2 * a / side) == int(2 * b / side)
                    for a, b, side in zip((x, y), through, (width, height), strict=True)
                ]
                assert all(same), f"the record of {name} is behind another certificate"


def test_stacked_piles_are_in_order_when_they_are_cut(shop: Shop) -> None:
    path = shop.print("--paper", "A3", "--order", "stack", "--sort", "code")
    held = shop.held()
    codes = sorted(grouped(one.code) for one in held.values())
    with pikepdf.open(path) as pdf:
        width, height = (float(v) for v in pdf.pages[0].MediaBox[2:])
    piles: dict[tuple[bool, bool], list[str]] = {}
    for number in (1, 2):
        for word, x, y in words_on(path, number):
            if word in codes:
                piles.setdefault((y < height / 2, x > width / 2), []).append(word)
    assert list(chain.from_iterable(piles[place] for place in sorted(piles))) == codes


def test_files_are_split_and_none_parts_a_certificate_from_its_record(shop: Shop) -> None:
    held = shop.held()
    stale = shop.folder / "sheets-3.pdf"
    shop.print("--pages", "all", "--paper", "A4", "--up", "1", "--split", "3", "--replace")
    files = sorted(shop.folder.glob("sheets-*.pdf"))
    assert [file.name for file in files] == [f"sheets-{n}.pdf" for n in range(1, 8)]
    assert all(len(pages(file)) == 2 for file in files), "three sheets have room for one of two, and half of another"
    shop.print("--pages", "all", "--paper", "A4", "--up", "1", "--split", "8", "--replace")
    assert "“sheets-3.pdf” and what comes after it are of an earlier run" in shop.said and stale.exists()
    told = []
    for file in files[:2]:
        for front, back in zip(pages(file)[::2], pages(file)[1::2], strict=True):
            (name,) = names_on(front)
            assert f"behind {grouped(held[name].code)}" in back
            told.append(name)
    assert told == NAMES


def test_sheets_between_groups_count_in_a_file(shop: Shop) -> None:
    shop.print("--paper", "A4", "--group", "Firm", "--separators", "--split", "3")
    files = [pages(file) for file in sorted(shop.folder.glob("sheets-*.pdf"))]
    assert [len(texts) for texts in files] == [3, 3] and [names_on(texts[0]) for texts in files] == [set(), set()]


def test_groups_are_announced_in_every_place_of_a_sheet(shop: Shop) -> None:
    texts = pages(shop.print("--paper", "A3", "--group", "Firm", "--separators", "--sort", "family"))
    assert len(texts) == 4
    assert texts[0].split().count("Aurora") == texts[0].count("4 certificates") == 4 and names_on(texts[0]) == set()
    assert names_on(texts[1]) == {name for name, _, firm in PEOPLE if firm == "Aurora"}
    assert texts[2].split().count("Borealis") == texts[2].count("3 certificates") == 4
    languages = pages(shop.print("--separators", "--replace"))
    assert [text for text in languages if "certificates" in text] == [
        "English 5 certificates",
        "Français 2 certificates",
    ]


@pytest.mark.parametrize(
    ("language", "order"),
    [
        ("de", "Örjan Åberg, Bo Andersson, Maria de la Cruz, Zeynep Işık, Chidi Okafor, Ana Zorn, Олена Коваль"),
        ("sv", "Bo Andersson, Maria de la Cruz, Zeynep Işık, Chidi Okafor, Ana Zorn, Örjan Åberg, Олена Коваль"),
    ],
)
def test_names_are_sorted_as_the_language_has_them(shop: Shop, language: str, order: str) -> None:
    texts = pages(shop.print("--sort", "family", "--language", language))
    assert [names_on(text) for text in texts] == [{name} for name in order.split(", ")]


def test_names_that_are_sorted_whole_are_said_to_be(shop: Shop, tmp_path: Path) -> None:
    said = "Order No column of family names: sorted by the whole name."
    shop.print("--sort", "family", "--dry-run")
    assert "Order" not in shop.said and "whole name" not in shop.said
    plain = Academy(tmp_path / "plain")  # a column of whole names alone
    assert batch.run(Options(roster=plain.roster, jobs=1)).status == "done"
    shop = Shop(plain, tmp_path)
    shop.print("--sort", "family", "--dry-run")
    assert said in shop.said
    shop.print("--dry-run")
    assert "whole name" not in shop.said
    mixed = Academy(tmp_path / "mixed")
    mixed.write_roster("Name,Last name,Score,Attendance\nAna Díaz,Díaz,91,100\nBo Li,,91,100\nPelé,,91,100\n")
    assert batch.run(Options(roster=mixed.roster, jobs=1)).status == "done"
    shop = Shop(mixed, tmp_path)
    shop.print("--sort", "family", "--dry-run")
    assert "Order By family name; 1 without one by the whole name." in shop.said


def test_a_site_that_was_never_checked_is_a_line_below_the_plan_and_no_warning(shop: Shop) -> None:
    shop.print("--dry-run")
    assert "To be looked at" not in shop.said and "Nobody knows yet" not in shop.said
    _, _, after = shop.said.partition("Profile office: sRGB ")
    assert after.startswith("Before these are handed out, see that the site knows them: certgen site check")
    shop.print("--dry-run", "--json")
    assert [problem["code"] for problem in json.loads(shop.said)["problems"]] == ["site-unpublished"]


def test_what_paper_carries_already_is_left_out_and_offsets_shift_in_mm(shop: Shop) -> None:
    plain = shop.print()
    bare = shop.print("--preprinted", "--offset", "2.5,-4", out="bare.pdf")
    colours = [{colour for _, colour in judges.picture(file.read_bytes()).getcolors(99999)} for file in (plain, bare)]
    assert (192, 32, 48) in colours[0] and (192, 32, 48) not in colours[1]
    before, after = place_of(plain, 1, "Ana"), place_of(bare, 1, "Ana")
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((2.5 * MM, -4 * MM), abs=0.02)
    assert judges.zxing(judges.picture(bare.read_bytes(), 0, 200)) == [shop.held()[NAMES[0]].url]


def test_certificates_are_made_smaller_only_when_asked(shop: Shop) -> None:
    shop.print("--paper", "A4", "--up", "4", expect=ExitCode.USAGE)
    assert "A4 has no room for 4 certificates of 210 × 148 mm" in shop.said and "--up 2" in shop.said
    shop.print("--paper", "A4", "--up", "4", "--fit")
    assert "made smaller to 71%" in shop.said


# --- the proof -------------------------------------------------------------------------------


def test_a_proof_shows_everybody_with_name_and_code_to_be_ticked_and_signed(shop: Shop) -> None:
    path = shop.print("--proof", out="proof.pdf")
    accepted(path)
    (text,) = pages(path)
    for name, held in shop.held().items():
        assert text.count(name) == 2 and text.count(grouped(held.code)) == 2, "on the small page, and below it"
    assert "Checked by" in text and "Signature" in text and "Date" in text


# --- what is said ----------------------------------------------------------------------------


def test_a_dry_run_writes_nothing_and_JSON_tells_the_plan(shop: Shop) -> None:
    path = shop.print("--dry-run", "--profile", "press", "--paper", "SRA3", "--json")
    told: dict[str, Any] = json.loads(shop.said)
    assert not path.exists() and told["version"] == 1 and told["files"] == []
    plan = told["plan"]
    assert (plan["certificates"], plan["sheets"], plan["profile"], plan["bleed"]) == (7, 2, "press", 3.0)
    assert plan["piles"][0]["up"] == 4 and plan["condition"].startswith("FOGRA39 (")
    assert "site-unpublished" in [problem["code"] for problem in told["problems"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--up", "2"], "--up needs --paper"),
        (["--margin", "5"], "--margin needs --paper"),
        (["--offset-back", "1,1"], "--offset-back needs --duplex"),
        (["--offset", "1"], "is not two numbers"),
        (["--offset", "1,nan"], "more than 50 mm"),
        (["--offset", "1,900"], "more than 50 mm"),
        (["--proof", "--split", "3"], "A proof has no --split"),
        (["--group", "Frim"], "Did you mean “Firm”?"),
        (["--language", "tlh-", "--sort", "family"], "are not tags of languages"),
    ],
)
def test_flags_that_cannot_be_are_refused_in_words(shop: Shop, words: list[str], said: str) -> None:
    shop.print(*words, expect=ExitCode.USAGE)
    assert said in shop.said
    assert not list(shop.folder.iterdir())


def test_what_is_no_PDF_file_is_not_written_to(shop: Shop) -> None:
    shop.print(out="roster.xlsx", expect=ExitCode.USAGE)
    assert "does not end in .pdf" in shop.said


def test_backs_without_anything_on_them_are_told_and_not_printed(shop: Shop) -> None:
    path = shop.print("--duplex", "long")
    assert "None of these certificates has a second page" in shop.said
    assert len(pages(path)) == 7


def test_certificates_without_a_record_are_told(academy: Academy, tmp_path: Path) -> None:
    plain = Academy(tmp_path / "plain")
    plain.layout.write_text(LAYOUT, encoding="utf-8")
    assert batch.run(Options(roster=plain.roster, jobs=1)).status == "done"
    shop = Shop(plain, tmp_path)
    shop.print("--pages", "record", expect=ExitCode.USAGE)
    assert "None of these certificates has a course record" in shop.said
    assert not (tmp_path / "sheets.pdf").exists()
    for words, told in (((), "has a course record, so the cert"), (("--duplex", "long"), "has a second page to be")):
        shop.print("--pages", "all", "--replace", *words)
        assert f"None of these certificates {told}" in shop.said
        assert "record = true" in shop.said and "certgen batch ROSTER --record --replace" in shop.said
        assert "(with their records)" not in shop.said and "there are no records of them" in shop.said
    before = {held.content.name: held.code for held in shop.held().values() if held.content}
    again = Options(roster=plain.roster, jobs=1, record=True, replace=True)  # what the hint says
    plain.write_course(COURSE.replace("[translation.fr]", f"{SECTION}[translation.fr]"))
    assert batch.run(again).status == "done"
    shop.print("--pages", "all", "--replace", "--duplex", "long")
    assert "(with their records)" in shop.said
    assert {held.content.name: held.code for held in shop.held().values() if held.content} == before


def test_sizes_that_differ_begin_on_sheets_of_their_own_and_lie_the_same_way(academy: Academy, tmp_path: Path) -> None:
    moved = tmp_path / "academy"
    shutil.copytree(academy.folder, moved)
    course = moved / "other"
    course.mkdir()
    layout = moved / "upright"
    shutil.copytree(moved / "plain", layout)
    text = (layout / "layout.toml").read_text(encoding="utf-8").replace('orientation = "landscape"\n', "")
    (layout / "layout.toml").write_text(text, encoding="utf-8")
    told = COURSE.replace("../plain", "../upright").replace('"M-1"', '"M-2"')
    (course / "course.toml").write_text(told, encoding="utf-8")
    (course / "roster.csv").write_text(ROSTER, encoding="utf-8")
    assert batch.run(Options(roster=course / "roster.csv", jobs=1)).status == "done"
    out = tmp_path / "both.pdf"
    with CliRunner().isolation(env=WIDE) as (_, _, said):
        command = ["print", "--since", "2026-01-01", "--paper", "A3", "-o", str(out), "--folder", str(moved)]
        assert guarded(lambda: cli.main(command, standalone_mode=False)) == ExitCode.DONE
        words = " ".join(said.getvalue().decode("utf-8").split())
    assert "several sizes or orientations: 7 certificates of 210 × 148 mm; 7 certificates of 148 × 210 mm" in words
    with pikepdf.open(out) as pdf:
        assert len({tuple(float(v) for v in page.MediaBox) for page in pdf.pages}) == 1
    texts = pages(out)
    assert [len(names_on(text)) for text in texts] == [4, 3, 4, 3]
    read = [code for number in range(4) for code in judges.zxing(judges.picture(out.read_bytes(), number, 150))]
    assert len(set(read)) == 14


def test_what_no_font_has_beside_certificates_does_not_keep_them_from_being_printed(
    academy: Academy, tmp_path: Path
) -> None:
    odd = Academy(tmp_path / "odd")
    odd.write_roster("Name,Score,Attendance,Team\nAna Díaz,91,100,🦄 Team\nBo Li,91,100," + "Endless " * 60 + "\n")
    assert batch.run(Options(roster=odd.roster, jobs=1)).status == "done"
    shop = Shop(odd, tmp_path)
    path = shop.print("--group", "Team", "--separators", "--marks", out="печать 🖨.pdf")
    accepted(path)
    texts = pages(path)
    assert len(texts) == 4 and "Team" in texts[0] and "печать" in texts[0] and "Endless" in texts[2]
    proof = pages(shop.print("--proof", "--group", "Team", out="proof.pdf"))
    assert proof[0].count("Ana Díaz") == 2


def test_a_course_changed_since_leaves_nobody_out_and_a_row_changed_since_is_left_out_and_counted(
    academy: Academy, tmp_path: Path
) -> None:
    shutil.copytree(academy.folder, tmp_path / "academy")
    changed = Academy.__new__(Academy)
    changed.folder, changed.course = tmp_path / "academy", tmp_path / "academy" / "course" / "course.toml"
    changed.roster = changed.course.with_name("roster.csv")
    changed.write_course(changed.course.read_text(encoding="utf-8").replace("hours = 40", "hours = 30"))
    shop = Shop(changed, tmp_path)
    texts = pages(shop.print())
    assert [names_on(text) for text in texts] == [{name} for name in NAMES] and all("40" in text for text in texts)
    assert "For 7 certificates the course now says otherwise: hours 40, now 30." in shop.said
    assert "Left out" not in shop.said
    changed.write_roster(ROSTER.replace("Zorn,90", "Zorn,91").replace("Andersson,90", "Andersson,9"))
    left = ExitCode.PARTIAL
    assert [names_on(text) for text in pages(shop.print("--replace", expect=left))] == [
        {name} for name in NAMES if name not in ("Ana Zorn", "Bo Andersson")
    ]
    assert "To print 5 certificates Left out 2, told above" in shop.said
    for row, name, now in ((2, "Ana Zorn", "grade 90, now 91"), (6, "Bo Andersson", "award achievement, now particip")):
        assert f"{name} has certificate" in shop.said and now in shop.said and f"roster.csv, D{row}" in shop.said
    shop.print("--dry-run", "--json", expect=left)
    told = json.loads(shop.said)
    assert told["left_out"] == 2 and told["plan"]["certificates"] == 5
    shop.print("--replace", "--as-issued")
    assert "Left out" not in shop.said and "7 certificates" in shop.said


def test_what_cannot_be_made_again_is_left_out_and_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = {shop.held()[name].serial for name in NAMES[:2]}
    document = Fillings.document

    def some(self: Fillings, held: Held) -> Document:
        if held.serial in lost:
            code = grouped(held.code)
            raise CertgenError(Problem(code="not-copied", message=f"Certificate {code} cannot be made again."))
        return document(self, held)

    monkeypatch.setattr(Fillings, "document", some)
    path = shop.print(expect=ExitCode.PARTIAL)
    assert [names_on(text) for text in pages(path)] == [{name} for name in NAMES[2:]]
    assert "2 certificates cannot be made again and are left out" in shop.said and "5 certificates" in shop.said
    lost.update(held.serial for held in shop.held().values())
    shop.print("--replace", expect=ExitCode.ROSTER)
