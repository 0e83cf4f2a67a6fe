"""Issued certificates set again for a print job, from what the registry has kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from academy import COURSE, Academy
from builders import Make
from judges import picture, poppler_text, sound, squeezed, zxing
from PIL import ImageChops

from certgen import batch, copies
from certgen.compose import Studio
from certgen.compose.desk import Desk
from certgen.errors import CertgenError
from certgen.font import FontBook
from certgen.intake import Options
from certgen.layout import PageSpec
from certgen.pdf.job import Boxes, Job, Part
from certgen.printing import paper
from certgen.printing.filling import Fillings
from certgen.printing.paper import pale
from certgen.registry import Held, Registry, Setting


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Academy:
    """Two batches: the second says another title, so it has a setting of its own."""
    academy = Academy(tmp_path_factory.mktemp("printing") / "academy")
    assert batch.run(Options(roster=academy.roster, jobs=1)).status == "done"
    academy.write_course(COURSE.replace("Fair recruitment", "Decent work").replace('"M-1"', '"M-2"'))
    assert batch.run(Options(roster=academy.roster, jobs=1, out=academy.out.with_name("second"))).status == "done"
    return academy


@pytest.fixture
def registry(academy: Academy) -> Iterator[Registry]:
    opened = Registry.open(academy.folder, [])
    assert opened is not None
    with opened:
        yield opened


def printed(fillings: Fillings, rows: list[Held]) -> bytes:
    out = io.BytesIO()
    with Job(out, FontBook(), title="Sheets", dated=max(row.issued for row in rows)) as job:
        for forme, filling in fillings.of(rows, job):
            page = forme.pages[0]
            job.sheet(Boxes((0, 0, page.width, page.height)), [Part(forme, 0, filling)])
    return out.getvalue()


def test_sheets_are_the_certificates_as_they_were_issued(academy: Academy, registry: Registry) -> None:
    """Though issuer, course and layout have changed since."""
    issued = {row.code: (Path(row.folder) / row.file).read_bytes() for row in registry.all()}
    academy.write_course(COURSE.replace("Fair recruitment", "Something else"))
    layout = academy.layout.read_text(encoding="utf-8")
    academy.layout.write_text(layout.replace("size = 12", "size = 9"), encoding="utf-8")
    rows = list(registry.all())
    try:
        with Fillings(registry) as fillings:
            data = printed(fillings, rows)
    finally:
        academy.layout.write_text(layout, encoding="utf-8")
    assert len(rows) == 6
    sound(data)
    for page, (row, text) in enumerate(zip(rows, poppler_text(data).rstrip("\f").split("\f"), strict=True)):
        assert row.content is not None
        assert row.content.name in squeezed(text) and row.content.title in squeezed(text)
        image = picture(data, page, dpi=100)
        assert zxing(picture(data, page)) == [row.url]
        difference = ImageChops.difference(image, picture(issued[row.code], dpi=100)).convert("L")
        assert sum(difference.histogram()[16:]) == 0


def test_each_setting_is_restored_once_also_for_several_jobs(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored: list[str] = []
    really = copies.restored

    def noted(setting: Setting, folder: Path):  # type: ignore[no-untyped-def]
        restored.append(setting.digest)
        return really(setting, folder)

    monkeypatch.setattr("certgen.copies.restored", noted)
    rows = list(registry.all())
    with Fillings(registry) as fillings:
        first, second = printed(fillings, rows), printed(fillings, rows)
    assert first == second
    assert len(restored) == len(set(restored)) == 2 == len({row.setting for row in rows})


def test_whoever_was_erased_is_told_and_the_others_can_be_printed(tmp_path: Path) -> None:
    own = Academy(tmp_path / "academy")
    assert batch.run(Options(roster=own.roster, jobs=1)).status == "done"
    opened = Registry.open(own.folder, [])
    assert opened is not None
    with opened as registry, Fillings(registry) as fillings:
        gone, *others = registry.all()
        registry.erase([gone.serial])
        with pytest.raises(CertgenError) as told:
            fillings.document(registry.get([gone.serial])[0])
        assert told.value.problems[0].code == "erased"
        assert len(poppler_text(printed(fillings, others)).rstrip("\f").split("\f")) == len(others) == 2


def test_what_cannot_be_composed_any_more_is_told_for_each_certificate(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for the first one only, of which it was told."""

    def refuse(studio: Studio, desk: Desk, spec: PageSpec) -> None:
        raise desk.problem("no-page", "No.")

    monkeypatch.setattr(Studio, "_sheet", refuse)
    rows = list(registry.all())
    with Fillings(registry) as fillings:
        for row in rows:
            with pytest.raises(CertgenError) as told:
                fillings.document(row)
            assert [problem.message for problem in told.value.problems] == ["No."]


def test_white_text_on_a_band_that_paper_carries_is_told_of() -> None:
    """modern has the issuer's name and the code reversed out of its band; classic has no text in white."""
    told = {}
    for layout in ("modern", "classic"):
        make = Make(layout=layout)
        found = make.studio().made("en", 0, frozenset(), [], pale)
        assert found is not None
        told[layout] = found
    assert "Training Centre" in told["modern"] and "box code" in told["modern"]
    assert told["classic"] == ()
    problem = paper.told(told["modern"])
    assert problem is not None and problem.severity == "warning" and "Training Centre" in problem.message
    assert paper.told(()) is None


def test_temporary_folders_are_gone_afterwards(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Fillings(registry) as fillings:
        printed(fillings, list(registry.all()))
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
