"""A sample before anything is issued: who is shown, how it is marked, what is not touched, how soon it is renewed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from academy import COURSE, LAYOUT, ROSTER, Academy
from judges import pdfium_text, picture, sound, zxing
from PIL import Image

from certgen import intake, preview
from certgen.codes import ALPHABET
from certgen.compose import SPECIMEN
from certgen.errors import ExitCode
from certgen.payload import unseal
from certgen.preview import Preview, Shown
from certgen.sealing import SPECIMEN_KEY
from certgen.signing import KeyRecord, by_short


@pytest.fixture
def academy(tmp_path: Path) -> Academy:
    return Academy(tmp_path / "academy")


def made(academy: Academy, **options: object) -> Shown:
    return Preview(intake.Options(roster=academy.roster, **options)).make()  # type: ignore[arg-type]


def why(shown: Shown) -> dict[str, tuple[str, ...]]:
    return {sample.recipient.name: sample.why for sample in shown.samples}


def test_the_longest_and_the_shortest_and_one_of_each_kind(academy: Academy) -> None:
    academy.write_roster(
        "Name,E-mail,Score,Attendance,Language\n"
        "Wilhelmina Wang-Wu,a@x.org,91,100,\n"
        "Ill Illi Illiilliillii,b@x.org,91,100,\n"  # more letters, and narrower
        "Ana Díaz,c@x.org,91,100,\n"
        "Jo,d@x.org,91,100,\n"
        "Олена Коваль,e@x.org,91,100,\n"
        "Chidi Okafor,f@x.org,50,90,fr\n"
    )
    shown = why(made(academy))
    assert shown["Wilhelmina Wang-Wu"][0] == "longest name"
    assert shown["Jo"] == ("shortest name",)
    assert shown["Олена Коваль"] == ("Cyrillic letters",)
    assert shown["Chidi Okafor"] == ("French", "participation")
    assert list(shown) == ["Wilhelmina Wang-Wu", "Jo", "Олена Коваль", "Chidi Okafor"]


def test_every_page_is_marked_and_every_code_says_so(academy: Academy) -> None:
    shown = made(academy, layout="modern", record=True)
    assert shown.pdf is not None and shown.pages >= len(shown.samples)
    data = shown.pdf.read_bytes()
    sound(data)
    assert "SPEC-IMEN-0000-0000" in pdfium_text(data)
    (said,) = zxing(picture(data))
    opened = unseal(said.partition("#")[2], by_short([KeyRecord(SPECIMEN_KEY.public.multikey, date(2026, 1, 1))]))
    assert opened.state == "authentic" and opened.claims is not None and opened.claims.credential == bytes(10)
    assert unseal(said.partition("#")[2], by_short([])).state == "unknown-key"  # as any academy's page says
    assert set(SPECIMEN) - set(ALPHABET) == {"I"}  # so that no credential can ever have it
    without = Preview(intake.Options(roster=academy.roster, layout="modern", record=True))
    plain = [page for data in _unmarked(without) for page in _pages(data)]
    marked = _pages(data)
    assert len(plain) == len(marked)
    for one, other in zip(plain, marked, strict=True):
        assert _reddish(other) - _reddish(one) > 500
        were, are = one.convert("L").tobytes(), other.convert("L").tobytes()
        kept = [now < 120 for now, was in zip(are, were, strict=True) if was < 90]
        assert sum(kept) > 0.99 * len(kept)  # nothing that is read is hidden
        paper = [now > 170 for now, was in zip(are, were, strict=True) if was > 250]
        assert all(paper)  # and it stands on a pale ground


def _reddish(image: Image.Image) -> int:
    red, _, blue = (band.tobytes() for band in image.split())
    return sum(r > b + 8 for r, b in zip(red, blue, strict=True))


def _pages(data: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(data)
    try:
        return [page.render(scale=1).to_pil().convert("RGB") for page in document]
    finally:
        document.close()


def _unmarked(sample: Preview) -> list[bytes]:
    """The same pages without the mark, by a studio that makes none."""
    sample.make()
    assert sample._studio is not None
    sample._studio._art_on = lambda sheet: tuple(sheet.art)  # type: ignore[method-assign]
    sample._blanks.clear()
    sample._files.clear()
    draft = sample._draft
    assert draft is not None
    files = [sample._file(draft, one, Shown()) for one in sample._choose(draft)]
    return [data for data in files if data]


def test_the_symbol_is_as_large_as_a_real_one(academy: Academy) -> None:
    shown = made(academy)
    assert shown.exit_code is ExitCode.DONE
    from certgen.compose import Studio
    from certgen.font import FontBook

    draft = intake.draft(intake.Options(roster=academy.roster), [])
    assert draft is not None and draft.course.issued is not None
    real, sample = (
        Studio(draft.layout, draft.course, draft.issuer, FontBook(), draft.course.issued, specimen=flag)
        for flag in (False, True)
    )
    assert [real.modules(short) for short in (False, True)] == [sample.modules(short) for short in (False, True)]


def test_nothing_is_issued(academy: Academy) -> None:
    before = {path: path.stat().st_mtime_ns for path in academy.folder.rglob("*") if path.is_file()}
    shown = made(academy)
    after = {path: path.stat().st_mtime_ns for path in academy.folder.rglob("*") if path.is_file()}
    assert {path.name for path in after.keys() - before.keys()} == {"roster-preview.pdf", "roster-preview.png"}
    assert {path: after[path] for path in before} == before
    assert shown.picture is not None
    with Image.open(shown.picture) as image:
        image.load()
        assert min(image.size) > 300


def test_before_there_are_results_there_is_a_sample_all_the_same(academy: Academy) -> None:
    academy.write_course(COURSE.replace("issued = 2026-04-10", ""))
    academy.write_roster("Name,E-mail,Score,Attendance\nAna Díaz,ana@x.org,,\n")
    shown = made(academy)
    assert [(sample.recipient.name, sample.award) for sample in shown.samples] == [("Ana Díaz", 0), ("Ana Díaz", 1)]
    assert shown.assumed is not None
    assert (shown.pages, shown.problems) == (2, [])


def test_one_bad_row_does_not_keep_the_others_from_being_seen(academy: Academy) -> None:
    academy.write_roster(ROSTER + ",nobody@example.org,90,90,,\n")
    shown = made(academy)
    assert shown.exit_code is ExitCode.PARTIAL
    assert [problem.code for problem in shown.problems] == ["missing-name"]
    assert shown.pages >= 3


def test_a_file_of_somebody_elses_is_kept(academy: Academy) -> None:
    mine = academy.roster.with_name("roster-preview.pdf")
    mine.write_bytes(b"%PDF-1.7 mine")
    shown = made(academy)
    assert [problem.code for problem in shown.problems] == ["other-file"]
    assert mine.read_bytes() == b"%PDF-1.7 mine"
    mine.unlink()
    assert made(academy).problems == []
    assert made(academy, layout="classic").problems == []  # over our own


def test_a_broken_course_is_told_and_leaves_the_last_sample(academy: Academy) -> None:
    sample = Preview(intake.Options(roster=academy.roster))
    first = sample.make()
    academy.write_course("code = ")
    shown = sample.make()
    assert (shown.pdf, shown.exit_code) == (None, ExitCode.ROSTER)
    assert first.pdf is not None and first.pdf.exists()
    academy.write_course(COURSE)
    assert sample.make().pages == first.pages


CHANGES: dict[str, Callable[[Academy], object]] = {
    "course": lambda academy: academy.write_course(COURSE.replace("Fair recruitment", "Decent work")),
    "layout": lambda academy: academy.layout.write_text(LAYOUT.replace("size = 12", "size = 14"), encoding="utf-8"),
    "issuer": lambda academy: (academy.folder / "issuer.toml").write_text(
        'name = "Another"\nverify_url = "https://verify.another.org"\n', encoding="utf-8"
    ),
    "roster": lambda academy: academy.write_roster(ROSTER.replace("Ana Díaz", "Ana Díaz-Santos")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen_within_half_a_second(academy: Academy, what: str) -> None:
    """Of processor time and waiting; what other programs take of a busy machine is not counted."""
    sample = Preview(intake.Options(roster=academy.roster))
    first = sample.make()
    assert first.pdf is not None
    before = first.pdf.read_bytes()
    seen: list[float] = []
    changes = sample.changes()

    def follow() -> None:
        started = time.thread_time()
        next(changes)
        seen.append(time.thread_time() - started)

    follower = threading.Thread(target=follow)
    follower.start()
    time.sleep(3 * preview.EVERY)
    assert follower.is_alive()  # nothing has changed, so nothing is made
    CHANGES[what](academy)
    follower.join(20)
    assert first.pdf.read_bytes() != before
    assert seen[0] + preview.EVERY < 0.5


LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="{}"/></svg>'


def test_a_new_logo_is_seen(academy: Academy) -> None:
    logo = academy.folder / "logo.svg"
    logo.write_text(LOGO.format("#ff0000"), encoding="utf-8")
    with (academy.folder / "issuer.toml").open("a", encoding="utf-8") as file:
        file.write('logo = "logo.svg"\n')
    sample = Preview(intake.Options(roster=academy.roster, layout="modern"))
    seen = []
    for colour in ("#ff0000", "#00ff00"):
        logo.write_text(LOGO.format(colour) + "\n", encoding="utf-8")
        shown = sample.make()
        assert shown.pdf is not None
        seen.append(_pages(shown.pdf.read_bytes())[0].getcolors(1 << 20))
    red, green = ({colour for _, colour in colours or ()} for colours in seen)
    assert (255, 0, 0) in red and (255, 0, 0) not in green
    assert (0, 255, 0) in green


def test_what_changes_while_it_is_made_is_seen_too(academy: Academy, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = Preview(intake.Options(roster=academy.roster))
    sample.make(lambda shown: academy.write_roster(ROSTER.replace("Ana", "Anna")))
    assert sample.sources() != sample._seen


def test_the_picture_shows_further_pages_once_for_each_kind(academy: Academy) -> None:
    academy.write_course(COURSE.replace('languages = ["en", "fr"]', 'languages = ["en", "fr"]\nsummary = "All of it."'))
    sample = Preview(intake.Options(roster=academy.roster, layout="modern", record=True))
    shown = sample.make()
    assert shown.pages == 2 * len(shown.samples)
    draft = sample._draft
    assert draft is not None
    files = {data: one for one in shown.samples if (data := sample._file(draft, one, Shown()))}
    kinds = [(one.language, one.award) for one in shown.samples]
    assert len(kinds) > len(set(kinds))
    assert sum(len(pages) for pages, _ in sample._cards(files)) == len(kinds) + len(set(kinds))
