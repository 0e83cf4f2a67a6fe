"""Settings: what a certificate was made from, kept so that the same bytes can be made years later, elsewhere."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from certgen import assets, layout
from certgen import course as courses
from certgen.compose import Studio
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.font import FontBook
from certgen.layout import Layout
from certgen.model import Course, Issuer
from certgen.registry import Registry, Setting, restored, strange_faces
from certgen.registry.snapshot import Kept
from tests.conftest import EXAMPLES, ROOT
from tests.registers import opened

ISSUED = date(2026, 4, 10)


class Made(NamedTuple):
    course: Course
    issuer: Issuer
    design: Layout
    book: FontBook
    prefix: bytes  # what all certificates of one award share: pictures, fonts, words


def compose(course: Course, issuer: Issuer, design: Layout, book: FontBook) -> Made:
    problems: list[Problem] = []
    studio = Studio(design, course, issuer, book, ISSUED, record=True)
    blank = studio.blank(course.languages[-1], 0, frozenset(design.conditions()), problems)
    assert blank is not None, problems
    return Made(course, issuer, design, book, blank.plate.prefix)


def read(folder: Path) -> Made:
    problems: list[Problem] = []
    course = courses.load_course(folder / "course.toml", problems)
    found = courses.find_issuer(folder, problems)
    issuer = courses.load_issuer(found, problems) if found else None
    design = layout.load(course.layout, problems) if course else None
    assert course is not None, problems
    assert issuer is not None, problems
    assert design is not None, problems
    return compose(course, issuer, design, FontBook([Path(issuer.font_folder)] if issuer.font_folder else []))


def kept(made: Made) -> Setting:
    return Setting.of(made.course, made.issuer, made.design, made.book, True)


@pytest.fixture
def academy(tmp_path: Path) -> Path:
    """A copy of an example, which the test may take apart."""
    folder = tmp_path / "academy"
    shutil.copytree(ROOT / "roster_examples" / "fair-recruitment", folder)
    return folder


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_made_again_with_the_same_bytes(example: str, tmp_path: Path) -> None:
    made = read(ROOT / "roster_examples" / example)
    (tmp_path / "registry").mkdir()
    with opened(tmp_path / "registry") as registry:
        digest = registry.keep(kept(made))
        again = compose(*restored(registry.setting(digest), tmp_path / "restored"))
    assert again.prefix == made.prefix


def test_what_is_kept_serves_when_all_its_files_are_gone_or_changed(academy: Path, tmp_path: Path) -> None:
    made = read(academy)
    setting = kept(made)
    shutil.rmtree(academy)
    again = compose(*restored(setting, tmp_path / "restored"))
    assert again.prefix == made.prefix
    named = [*again.issuer.logos, *(s.signature for e in again.course.editions.values() for s in e.signatories)]
    assert any(named)
    assert all(Path(name).is_relative_to(tmp_path / "restored") for name in named if name)
    assert again.issuer.folder == str(tmp_path / "restored")


def test_a_setting_says_nothing_of_the_computer_it_was_made_on(academy: Path) -> None:
    setting = kept(read(academy))
    for trace in (str(academy), str(ROOT), str(assets.folder("fonts")), "signature-frimpong", "roster_examples"):
        assert trace.encode() not in setting.data


def test_the_same_inputs_make_the_same_setting_and_its_files_are_kept_once(academy: Path, tmp_path: Path) -> None:
    first, second = kept(read(academy)), kept(read(academy))
    assert first == second
    course = read(academy).course
    third = Setting.of(replace(course, hours=None), *read(academy)[1:4], True)
    assert third.digest != first.digest
    (tmp_path / "registry").mkdir()
    with opened(tmp_path / "registry") as registry:
        assert registry.keep(first) == registry.keep(second) == first.digest
        size = registry.path.stat().st_size + Path(f"{registry.path}-wal").stat().st_size
        assert registry.keep(third) != first.digest
        assert Path(f"{registry.path}-wal").stat().st_size + registry.path.stat().st_size - size < 150_000
        assert registry.setting(third.digest) == third
        assert registry.check() == []
        with pytest.raises(KeyError):
            registry.setting("00")


def test_a_font_of_the_issuers_own_is_kept_with_the_setting(academy: Path, tmp_path: Path) -> None:
    made = read(academy)
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    face = made.book.face("Source Sans 3")
    shutil.copy(face.path, fonts / "own.otf")
    issuer = replace(made.issuer, font_folder=str(fonts), fonts={"body": "Source Sans 3"})
    own = compose(made.course, issuer, made.design, FontBook([fonts]))
    setting = kept(own)
    shutil.rmtree(fonts)
    again = compose(*restored(setting, tmp_path / "restored"))
    assert again.prefix == own.prefix
    assert again.issuer.font_folder is not None
    assert Path(again.issuer.font_folder).is_relative_to(tmp_path / "restored")
    assert strange_faces(setting, again.book) == []
    assert [kept.key for kept in strange_faces(setting, FontBook())] == []  # the same file ships with certgen


def test_a_font_that_certgen_has_changed_since_comes_from_the_setting(academy: Path, tmp_path: Path) -> None:
    made = read(academy)
    setting = kept(made)
    values = setting.kept
    other = [replace(face, digest="00" * 32) for face in values.faces]  # as if certgen had others now
    changed = Setting(msgspec.json.encode(replace(values, faces=tuple(other))), setting.blobs)
    *_, book = restored(changed, tmp_path / "restored")
    assert {face.path.parent for face in map(book.by_key, [face.key for face in other])} == {
        tmp_path / "restored" / "fonts"
    }
    assert len(strange_faces(changed, book)) == len(other)


def test_a_system_font_is_only_named(academy: Path) -> None:
    made = read(academy)
    setting = kept(made)
    known = {name for face in setting.kept.faces if (name := face.file)}
    assert known
    ours = {face.path for face in made.book.opened() if face.path.is_relative_to(assets.folder("fonts"))}
    assert len(known) == len(ours)


def test_names_in_other_scripts_bring_their_fonts_along(academy: Path) -> None:
    made = read(academy)
    texts = [("Dominykas Grinius", "en"), ("สมชาย ใจดี", "en")]
    setting = Setting.of(*made[:4], True, texts)
    assert any("Thai" in face.key for face in setting.kept.faces)


def test_a_file_that_is_gone_before_it_can_be_kept_is_told(academy: Path) -> None:
    made = read(academy)
    Path(made.issuer.logos[0]).unlink()
    with pytest.raises(CertgenError) as stopped:
        kept(made)
    assert Path(made.issuer.logos[0]).name in stopped.value.problems[0].message


HOSTILE = ["../../outside.png", "/etc/outside.png", "000-..", "C:\\outside.png", "000-" + "0" * 64 + ".../x", "x" * 64]


@pytest.mark.parametrize("name", HOSTILE)
def test_restoring_writes_no_name_but_its_own(academy: Path, tmp_path: Path, name: str) -> None:
    setting = kept(read(academy))
    values = setting.kept
    bad = Setting(msgspec.json.encode(replace(values, issuer=replace(values.issuer, logos=(name,)))), setting.blobs)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(CertgenError) as stopped:
        restored(bad, tmp_path / "restored")
    assert stopped.value.exit_code is ExitCode.REGISTRY
    new = {path for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert all(path.parent.parent == tmp_path / "restored" for path in new)


def test_a_setting_of_a_newer_certgen_is_refused(academy: Path, tmp_path: Path) -> None:
    values = kept(read(academy)).kept
    for data in (msgspec.json.encode(replace(values, version=2)), b"{}"):
        with pytest.raises(CertgenError) as stopped:
            restored(Setting(data, {}), tmp_path / "restored")
        assert "pip install --upgrade certgen" in stopped.value.problems[0].hint


def test_a_setting_in_the_registry_that_was_altered_is_found(academy: Path, tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    with opened(tmp_path / "registry") as registry:
        digest = registry.keep(kept(read(academy)))
        assert registry.check() == []
        _edit(registry, "UPDATE settings SET data = x'00'")
        with pytest.raises(CertgenError):
            registry.setting(digest)
        assert registry.check() != []


def _edit(registry: Registry, statement: str) -> None:
    with registry._engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_everything_of_a_setting_survives_being_kept() -> None:
    """Each value of course, issuer and layout, for every layout that ships."""
    for name in layout.bundled():
        design = layout.load(name, [])
        assert design is not None
        made = read(ROOT / "roster_examples" / EXAMPLES[0])
        setting = Setting.of(made.course, made.issuer, design, made.book, False)
        values = msgspec.json.decode(setting.data, type=Kept)
        assert replace(values.layout, folder="", file="", boxes={}, pages={}) == replace(
            design, folder="", file="", boxes={}, pages={}
        )
        assert values.layout.boxes.keys() == design.boxes.keys()
        assert replace(values.course, editions={}) == replace(
            made.course, editions={}, layout=Path(made.course.layout).name, file="", sheet=None
        )
