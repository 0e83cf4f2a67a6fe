"""A lost registry made again from the certificates: what comes back, what is refused, what is said to be lost."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from academy import COURSE, LAYOUT, ROSTER, Academy
from msgspec.structs import replace

from certgen import batch, keys, rebuild, records, site, status
from certgen.course import load_issuer
from certgen.errors import ExitCode, Problem
from certgen.intake import Options
from certgen.rebuild import MARGIN, Rebuilt
from certgen.registry import FILE, Held, Registry
from certgen.site import Settings
from certgen.site.standing import standing
from certgen.status import Place, place, serial
from certgen.verify import site as read_site

TODAY = date(2026, 11, 22)
IDS = ROSTER.replace("Name,", "ID,Name,").replace("\nAna", "\nA-1,Ana").replace("\nОлена", "\n,Олена").replace(
    "\nChidi", "\n,Chidi").replace("\nBo", "\n,Bo").replace("chidi@example.org", "")  # fmt: skip
"""Ana is told apart by an ID, Olena by her address, Chidi by his name alone."""


def test_a_place_leads_back_to_its_number() -> None:
    secret = bytes(range(32))
    for number in (*range(300), 131_071, 131_072, 262_143, 10**6):
        assert serial(place(number, secret), secret) == number
    assert {serial(Place(1, entry), secret) for entry in range(131_072)} == set(range(131_072, 262_144))


@pytest.mark.parametrize("where", [Place(-1, 0), Place(0, -1), Place(0, 131_072)])
def test_what_is_no_place_has_no_number(where: Place) -> None:
    with pytest.raises(ValueError, match="no place"):
        status.serial(where, bytes(32))


def run(academy: Academy, **options: Any) -> None:
    result = batch.run(Options(roster=academy.roster, jobs=1, **options))
    assert result.status == "done", result.problems


def opened(folder: Path) -> Registry:
    registry = Registry.open(folder, [])
    assert registry is not None
    return registry


def held(folder: Path) -> list[Held]:
    with opened(folder) as registry:
        return list(registry.all())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three certificates; Ana's was then replaced, Olena's revoked; and the site as it is published."""
    academy = Academy(tmp_path_factory.mktemp("first") / "academy")
    academy.layout.write_text(LAYOUT.replace('["name",', '["name", "score",') + SCORE, encoding="utf-8")
    academy.write_roster(IDS)
    run(academy)
    academy.write_roster(IDS.replace("91,100", "92,100"))
    run(academy, on_change="replace")
    with opened(academy.folder) as registry, registry.writing():
        olena = next(row for row in registry.all() if row.content and row.content.name == "Олена Коваль")
        registry.revoke([olena.serial], "Plagiarism", TODAY)
        issuer = load_issuer(academy.folder / "issuer.toml", [])
        assert issuer is not None
        secret = keys.secret(academy.folder, registry, [], create=False)
        key = keys.signing_key(academy.folder, issuer, registry, [], create=False)
        assert secret is not None and key is not None
        settings = Settings(day=date.today())
        assert site.build(academy.folder / "public", registry, issuer, key.key, secret.value, settings, [])
    return academy.folder.rename(academy.folder.with_name("put away"))


SCORE = """
[boxes.score]
kind = "text"
text = "{recipient.score}"
style = "body"
when = "recipient.score"
"""


@pytest.fixture
def folder(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "academy"))


def again(folder: Path, *places: Path, site: bool = False) -> tuple[Rebuilt | None, list[Problem]]:
    """The registry is lost, and made again."""
    (folder / FILE).unlink(missing_ok=True)
    issuer = load_issuer(folder / "issuer.toml", [])
    assert issuer is not None
    problems: list[Problem] = []
    source = read_site(str(folder / "public")) if site else None
    told = rebuild.rebuild(folder, issuer, places or (folder,), source, problems, lambda what, count: None)
    return told, problems


def same(before: Held, now: Held) -> dict[str, tuple[object, object]]:
    """Where two rows differ."""
    return {
        name: (one, other)
        for name in Held.__struct_fields__
        if (one := getattr(before, name)) != (other := getattr(now, name)) and name not in ("deflated", "folder")
    }


def test_everything_that_certificates_site_and_roster_tell_comes_back(folder: Path) -> None:
    before = held(folder)
    told, problems = again(folder, site=True)
    assert told is not None and not problems
    assert (told.certificates, told.states) == (4, {"replaced": 1, "revoked": 1, "issued": 2})
    assert (told.unowned, told.lost, told.facts, told.facts_wanted) == (0, 0, 2, 2)
    now = held(folder)
    for old, new in zip(before, now, strict=True):
        assert new.badge == old.badge
        different = same(old, new)
        different.pop("ended", None)  # the site tells the day of its list only
        different.pop("setting", None)  # of both batches together, which may need more fonts
        recipient = different.pop("recipient", None)  # as the roster has it today
        assert (recipient is None) or old.state == "replaced"
        assert not different, different


def test_the_next_batch_finds_everything_unchanged(folder: Path) -> None:
    again(folder, site=True)
    academy_roster = folder / "course" / "roster.csv"
    lines = academy_roster.read_text(encoding="utf-8").splitlines()
    academy_roster.write_text("\n".join(line for line in lines if "Олена" not in line), encoding="utf-8")
    result = batch.run(Options(roster=academy_roster, jobs=1))
    assert (result.status, result.counts.issued, result.counts.unchanged) == ("done", 0, 2), result.problems


def test_certificates_can_be_made_again_where_nothing_has_changed(folder: Path, tmp_path: Path) -> None:
    told, _ = again(folder)
    assert told is not None and told.copied == 4
    for path in (folder / "course" / "certificates").glob("*.pdf"):
        path.unlink()
    with opened(folder) as registry:
        made = list(records.copy(registry, folder, registry.all(), tmp_path / "copies", []))
    assert len(made) == 4 and all(each.same for each in made)


def test_with_another_layout_copies_come_from_the_files(folder: Path, tmp_path: Path) -> None:
    layout = folder / "plain" / "layout.toml"
    layout.write_text(layout.read_text(encoding="utf-8").replace("size = 12", "size = 11"), encoding="utf-8")
    told, _ = again(folder)
    assert told is not None and told.copied == 0
    problems: list[Problem] = []
    with opened(folder) as registry:
        rows = list(registry.all())
        assert len(list(records.copy(registry, folder, rows, tmp_path / "copies", problems))) == 4
        shutil.rmtree(folder / "course" / "certificates")
        assert not list(records.copy(registry, folder, rows, tmp_path / "more", problems))
    assert {problem.code for problem in problems} == {"not-copied"}


def test_without_the_site_the_last_of_a_persons_is_in_force_and_nothing_is_revoked(folder: Path) -> None:
    told, _ = again(folder)
    assert told is not None and told.states == {"replaced": 1, "issued": 3}
    old, *_, new = held(folder)
    assert (old.state, old.replaced_by, new.revision) == ("replaced", new.code, 1)


def test_without_a_roster_codes_tell_who_is_who(folder: Path) -> None:
    before = held(folder)
    roster = folder / "course" / "roster.csv"
    kept = roster.read_text(encoding="utf-8")
    roster.unlink()
    told, _ = again(folder, site=True)
    assert told is not None and told.unowned == 3  # Chidi's name is enough; the two of Ana and Olena's are not
    now = held(folder)
    assert [(row.person, row.revision, row.state) for row in now] == [
        (row.person, row.revision, row.state) for row in before
    ]  # fmt: skip
    assert [row.by for row in now if row.content and row.content.name == "Chidi Okafor"] == ["name"]
    roster.write_text("\n".join(line for line in kept.splitlines() if "Олена" not in line), encoding="utf-8")
    result = batch.run(Options(roster=roster, jobs=1, on_change="keep"))
    assert (result.status, result.counts.issued) == ("done", 0), result.problems


def test_what_the_site_tells_as_cancelled_stays_so_though_its_file_is_lost(folder: Path) -> None:
    olena = next(row for row in held(folder) if row.state == "revoked")
    (folder / "course" / "certificates" / olena.file).unlink()
    told, _ = again(folder, site=True)
    assert told is not None and told.lost == 1
    secret = keys.secret(folder, None, [], create=False)
    assert secret is not None
    with opened(folder) as registry:
        at = place(olena.serial, secret.value)
        cancelled = standing(registry, secret.value).cancelled
    assert at.entry in cancelled[0]


def test_no_number_is_given_a_second_time(folder: Path) -> None:
    new = max(held(folder), key=lambda row: row.serial)
    (folder / "course" / "certificates" / new.file).unlink()
    again(folder)
    roster = folder / "course" / "roster.csv"
    roster.write_text(roster.read_text(encoding="utf-8") + "D-4,Dao Thi,dao@example.org,70,90,,\n", encoding="utf-8")
    result = batch.run(Options(roster=roster, jobs=1, on_change="keep"))
    assert result.counts.issued == 1
    assert max(row.serial for row in held(folder)) == new.serial - 1 + MARGIN


def test_the_same_certificate_in_two_places_is_one(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "course" / "certificates", tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "manual.pdf").write_bytes(b"%PDF-1.4 nothing in it")
    told, _ = again(folder, tmp_path / "elsewhere", folder)
    assert told is not None and (told.certificates, len(told.twice)) == (4, 4)
    assert [path.name for path in told.strange] == ["manual.pdf"]
    assert all(Path(row.folder) == folder / "course" / "certificates" for row in held(folder))


def test_nothing_is_believed_that_no_key_of_the_academys_has_signed(folder: Path, tmp_path: Path) -> None:
    other = Academy(tmp_path / "other")
    run(other)
    certificates = folder / "course" / "certificates"
    for path in other.out.glob("*.pdf"):
        shutil.copy(path, certificates / f"other-{path.name}")
    forged = sorted(certificates.glob("Chidi*.pdf"))[0]
    data = forged.read_bytes()
    told, _ = again(folder)
    assert told is not None and (told.certificates, len(told.strange)) == (4, 3)
    import pikepdf

    with pikepdf.open(forged, allow_overwriting_input=True) as pdf:
        (name,) = pdf.attachments
        body = pdf.attachments[name].get_file().read_bytes()
        del pdf.attachments[name]
        pdf.Root.AF = pikepdf.Array()
        pdf.attachments[name] = body.replace(b"Chidi Okafor", b"Chide Okafor")
        pdf.save()
    assert forged.read_bytes() != data
    told, _ = again(folder)
    assert told is not None and (told.certificates, len(told.strange)) == (3, 4)


def test_keys_come_back_as_they_can_be_known(folder: Path) -> None:
    with opened(folder) as registry, registry.writing():
        (old,) = registry.keys()
        new = keys.new_key(folder, registry, [], None)
        assert new is not None
    roster = folder / "course" / "roster.csv"
    roster.write_text(roster.read_text(encoding="utf-8") + "D-4,Dao Thi,dao@example.org,70,90,,\n", encoding="utf-8")
    assert batch.run(Options(roster=roster, jobs=1, on_change="keep")).counts.issued == 1
    told, _ = again(folder)
    assert told is not None and told.certificates == 5
    assert [(key.multikey, key.state) for key in told.keys] == [
        (old.multikey, "retired"), (new.record.multikey, "active"),
    ]  # fmt: skip
    with opened(folder) as registry:
        assert registry.keys() == told.keys
        assert registry.meta(f"passphrase:{new.record.public.fingerprint}") == "none"
        assert not registry.check()


def test_what_a_stolen_key_signed_is_believed_only_if_the_site_lists_it(folder: Path) -> None:
    issuer = load_issuer(folder / "issuer.toml", [])
    assert issuer is not None
    with opened(folder) as registry, registry.writing():
        (old,) = registry.keys()
        new = keys.new_key(folder, registry, [], None)
        assert new is not None
        registry.change_key(old.multikey, "compromised", TODAY)
        chidi = next(row for row in registry.all() if row.content and row.content.name == "Chidi Okafor")
        registry.erase([chidi.serial])  # so that the honest list lacks it, as it lacks what a thief has signed
        secret = keys.secret(folder, registry, [], create=False)
        assert secret is not None
        site.build(folder / "public", registry, replace(issuer, key=new.record.multikey), new.key, secret.value,
                   Settings(day=date.today()), [])  # fmt: skip
    told, problems = again(folder, site=True)
    assert told is not None and told.certificates == 3, problems
    assert [(key.multikey, key.state) for key in told.keys] == [
        (old.multikey, "compromised"), (new.record.multikey, "active"),
    ]  # fmt: skip


# --- refused ---------------------------------------------------------------------------------


def refused(folder: Path, *places: Path) -> list[tuple[str, int]]:
    issuer = load_issuer(folder / "issuer.toml", [])
    assert issuer is not None
    problems: list[Problem] = []
    assert rebuild.rebuild(folder, issuer, places or (folder,), None, problems, lambda what, count: None) is None
    return [(problem.code, problem.exit_code) for problem in problems]


def test_a_registry_is_never_made_over_another(folder: Path) -> None:
    before = (folder / FILE).read_bytes()
    assert refused(folder) == [("registry-there", ExitCode.REGISTRY)]
    assert (folder / FILE).read_bytes() == before


def test_without_the_secret_or_with_another_there_is_none(folder: Path) -> None:
    (folder / FILE).unlink()
    secret = folder / "certgen.secret"
    text = secret.read_text()
    secret.write_text(text[:-65] + "5" * 64 + "\n")
    secret.chmod(0o600)
    assert refused(folder) == [("secret-other", ExitCode.REGISTRY)]
    secret.unlink()
    assert refused(folder) == [("secret-missing", ExitCode.REGISTRY)]
    assert not list(folder.glob(f"{FILE}*"))


def test_a_folder_without_certificates_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / FILE).unlink()
    (tmp_path / "empty").mkdir()
    assert refused(folder, tmp_path / "empty") == [("no-certificates", ExitCode.REGISTRY)]


def test_what_stops_midway_leaves_no_half_registry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Registry, "adopt", stop)
    with pytest.raises(KeyboardInterrupt):
        again(folder)
    assert not list(folder.glob(f"{FILE}*"))


def test_a_course_that_has_no_dates_is_found_too(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    academy.write_course(COURSE.replace("start = 2026-03-02\nend = 2026-03-27\n", ""))
    run(academy)
    before = held(academy.folder)
    told, _ = again(academy.folder)
    assert told is not None and told.unowned == 0
    assert [row.run for row in held(academy.folder)] == [row.run for row in before] == ["M-1\n"] * 3
    academy.roster.unlink()
    again(academy.folder)
    assert [row.run for row in held(academy.folder)] == ["M-1\n"] * 3
