"""What doctor finds: each fault in a line that says how to mend it, and nothing where all is well."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from academy import COURSE, ISSUER, Academy

from certgen import backup, batch, doctor
from certgen.doctor import Finding
from certgen.intake import Options
from certgen.registry import FILE, Ask, Registry
from certgen.registry.outbox import Result, State, Wish
from certgen.site.standing import Build, remember

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    academy = Academy(tmp_path_factory.mktemp("first") / "academy")
    assert batch.run(Options(roster=academy.roster, jobs=1)).status == "done"
    return academy.folder.rename(academy.folder.with_name("put away"))


@pytest.fixture
def folder(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "academy"))


def examine(folder: Path, now: datetime = NOW, files: bool = True) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in doctor.examine(folder, now, files=files):
        found.setdefault(finding.what, []).append(finding)
    return found


def marks(folder: Path, what: str, now: datetime = NOW) -> list[str]:
    return [finding.mark for finding in examine(folder, now).get(what, [])]


def opened(folder: Path) -> Registry:
    registry = Registry.open(folder, [])
    assert registry is not None
    return registry


def test_nothing_is_wrong_with_an_academy_as_a_batch_leaves_it(folder: Path) -> None:
    found = examine(folder)
    assert all(finding.mark != "wrong" for some in found.values() for finding in some)
    assert {what: [finding.mark for finding in some] for what, some in found.items()} == {
        "issuer": ["ok"], "space": ["ok"], "registry": ["ok"], "secret": ["ok"],
        "key": ["ok", "attention"],  # it has no passphrase
        "clock": ["ok"], "backup": ["attention"], "site": ["attention"], "files": ["ok"], "fonts": ["ok"],
        "retention": ["attention"], "versions": ["ok"],
    }  # fmt: skip
    (told,) = found["registry"]
    assert "3 certificates, 2 events of history" in told.words


def test_whatever_is_not_well_says_how_to_mend_it(folder: Path) -> None:
    (folder / "certgen.secret").unlink()
    shutil.rmtree(folder / "keys")
    for some in examine(folder).values():
        assert all(finding.hint for finding in some if finding.mark != "ok"), some


def test_an_academy_that_has_not_begun_is_well(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "new")
    found = examine(academy.folder)
    assert [finding.mark for finding in found["registry"]] == ["ok"] and "key" not in found


# --- the registry ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credentials SET issued = '2020-01-01' WHERE serial = 0",
        "UPDATE credentials SET state = 'issued', revision = 3 WHERE serial = 1",
        "DELETE FROM credentials WHERE serial = 2",
        "UPDATE events SET who = 'nobody' WHERE seq = 2",
        "UPDATE credentials SET private = NULL, badge = NULL, salt = NULL WHERE serial = 0",
        "DELETE FROM settings",
    ],
)
def test_an_edited_registry_is_wrong_and_nothing_more_is_read_from_it(folder: Path, change: str) -> None:
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute(change)
    found = examine(folder)
    assert "wrong" in [finding.mark for finding in found["registry"]]
    assert "files" not in found and "backup" not in found


def test_a_registry_that_is_no_registry_is_wrong(folder: Path) -> None:
    (folder / FILE).write_bytes(b"not a database at all" * 100)
    assert marks(folder, "registry") == ["wrong"]


def test_a_lost_registry_is_wrong_where_there_must_have_been_one(folder: Path) -> None:
    (folder / FILE).unlink()
    (finding,) = examine(folder)["registry"]
    assert finding.mark == "wrong" and "certgen restore" in finding.hint and "registry rebuild" in finding.hint


def test_what_was_begun_and_never_finished_is_told(folder: Path) -> None:
    with opened(folder) as registry:
        held = next(registry.all())
        assert held.content is not None and held.recipient is not None
        from certgen.registry import Match, Wanted

        wanted = Wanted("0" * 16, "name", held.run, held.content, held.recipient, "en", 0, "achievement")
        registry.reserve([Ask(wanted, Match("new"))], code_of=lambda *_: "1" * 16, issued=held.issued, prefix="x#",
                         setting=held.setting)  # fmt: skip
    found = examine(folder)["registry"]
    assert [(finding.mark, "never finished" in finding.words) for finding in found] == [
        ("attention", True), ("ok", False),
    ]  # fmt: skip


# --- secret, key -----------------------------------------------------------------------------


def test_a_secret_that_is_gone_or_another_is_wrong(folder: Path) -> None:
    secret = folder / "certgen.secret"
    held = secret.read_text()
    secret.unlink()
    assert marks(folder, "secret") == ["wrong"]
    secret.write_text("".join("0" if char == "1" else char for char in held))
    secret.chmod(0o600)
    assert marks(folder, "secret") == ["wrong"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_files_that_others_may_read_are_told(folder: Path) -> None:
    (folder / "certgen.secret").chmod(0o644)
    assert marks(folder, "secret") == ["wrong"]
    (key,) = (folder / "keys").glob("*.pem")
    key.chmod(0o640)
    assert "wrong" in marks(folder, "key")
    (folder / FILE).chmod(0o644)
    assert "attention" in marks(folder, "registry")


def test_a_key_that_is_gone_is_wrong_and_says_where_it_was_made(folder: Path) -> None:
    shutil.rmtree(folder / "keys")
    (finding,) = examine(folder)["key"]
    assert finding.mark == "wrong" and "It was made on" in finding.words and "certgen restore" in finding.hint


def test_issuer_toml_with_another_key_than_the_registrys_is_told(folder: Path) -> None:
    file = folder / "issuer.toml"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(line for line in lines if not line.startswith("key")), encoding="utf-8")
    found = [finding for finding in examine(folder)["key"] if "issuer.toml" in finding.words]
    assert [finding.mark for finding in found] == ["attention"] and 'key = "z6Mk' in found[0].hint


def test_a_passphrase_that_people_know_is_no_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from certgen import keys

    with opened(folder) as registry, registry.writing():
        (record,) = registry.keys()
        key = keys.open_key(folder, record, registry, [], None)
        assert key is not None
        keys.lock(folder, key, registry, [], "correct horse", None)
    assert marks(folder, "key") == ["ok"]
    monkeypatch.setenv("CERTGEN_PASSPHRASE", "correct horse")
    assert marks(folder, "key") == ["ok"]
    monkeypatch.setenv("CERTGEN_PASSPHRASE", "wrong horse")
    assert marks(folder, "key") == ["wrong"]


# --- clock, backup, site ---------------------------------------------------------------------


def test_a_clock_behind_the_registry_is_wrong(folder: Path) -> None:
    now = datetime.now(UTC)  # long tests may stand between the beginning and here
    assert marks(folder, "clock", now - timedelta(minutes=5)) == ["ok"]  # two computers' clocks may differ
    assert marks(folder, "clock", now - timedelta(days=1)) == ["wrong"]


def test_a_clock_that_was_set_back_between_two_events_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from certgen.registry import chain

    class Back(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return NOW - timedelta(days=400)

    monkeypatch.setattr(chain, "datetime", Back)
    with opened(folder) as registry:
        registry.record("note", {})
    monkeypatch.undo()
    found = examine(folder)["clock"]
    assert [finding.mark for finding in found] == ["attention", "ok"] and "set back" in found[0].words


def test_a_backup_counts_what_was_issued_since(folder: Path, tmp_path: Path) -> None:
    with opened(folder) as registry:
        assert backup.save(folder, tmp_path / "b.age", registry, "correct horse battery", [])
    assert marks(folder, "backup") == ["ok"]
    with opened(folder) as registry:
        last = msgspec.json.decode(registry.meta("backup") or "{}", type=backup.Last)
        before = backup.Last(date.today() - timedelta(days=3), last.issued - 2, last.file)
        registry.set_meta("backup", msgspec.json.encode(before).decode())
    (finding,) = examine(folder)["backup"]
    assert finding.mark == "attention" and finding.words.startswith("2 certificates issued since the last backup")
    assert "3 days ago" in finding.words


def test_a_list_of_cancellations_that_ends_soon_is_told(folder: Path) -> None:
    today = NOW.astimezone().date()
    with opened(folder) as registry:
        remember(registry, Build(today, today + timedelta(400), str(folder), "", True))
    assert not [each for each in examine(folder)["site"] if "cancellations" in each.words]
    late = NOW + timedelta(days=350)
    (told,) = [each for each in examine(folder, late)["site"] if "cancellations" in each.words]
    assert told.mark == "attention" and "certgen site build" in told.hint


# --- files, fonts, issuer, retention ---------------------------------------------------------


def test_altered_files_are_wrong_and_missing_ones_are_told(folder: Path) -> None:
    one, two, _ = sorted((folder / "course" / "certificates").glob("*.pdf"))
    one.write_bytes(one.read_bytes() + b"\n")
    two.unlink()
    found = examine(folder)["files"]
    assert [finding.mark for finding in found] == ["wrong", "attention", "ok"]
    assert one.stem[-19:] in found[0].words and two.stem[-19:] in found[1].words and "1 file" in found[2].words
    assert "files" not in examine(folder, files=False)


def test_files_of_cancelled_and_erased_certificates_are_not_missed(folder: Path) -> None:
    with opened(folder) as registry:
        ana, olena, _ = registry.all()
        registry.revoke([ana.serial], "Why", date.today())
        registry.erase([olena.serial])
    shutil.rmtree(folder / "course" / "certificates")
    (finding,) = examine(folder)["files"]
    assert finding.words.startswith("1 certificate not in the folder")


def test_fonts_that_are_not_what_they_were_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from certgen.registry.snapshot import KeptFace

    face = KeptFace("NotoSansCJKjp-Regular", "Noto Sans CJK JP", "0" * 64)
    monkeypatch.setattr(doctor, "strange_faces", lambda setting, book: [face])
    (finding,) = examine(folder)["fonts"]
    assert finding.mark == "attention" and "Noto Sans CJK JP" in finding.words


def test_a_placeholder_for_an_address_is_told(tmp_path: Path) -> None:
    academy = Academy(tmp_path / "academy")
    text = ISSUER.replace("verify.meridian-training.org", "verify.example.org")
    (academy.folder / "issuer.toml").write_text(text, encoding="utf-8")
    assert marks(academy.folder, "issuer") == ["attention"]
    (academy.folder / "issuer.toml").write_text("name = 3", encoding="utf-8")
    assert "wrong" in marks(academy.folder, "issuer")
    (academy.folder / "issuer.toml").unlink()
    assert marks(academy.folder, "issuer") == ["wrong"]


def test_personal_data_past_its_time_is_told(folder: Path) -> None:
    with (folder / "issuer.toml").open("a", encoding="utf-8") as file:
        file.write('retention = "2 years"\n')
    assert marks(folder, "retention") == ["ok"]
    (finding,) = examine(folder, NOW + timedelta(days=800))["retention"]
    assert finding.mark == "attention" and "3 certificates" in finding.words and "erase --expired" in finding.hint


def test_a_disk_that_is_nearly_full_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_SPACE", 10**18)
    assert marks(folder, "space") == ["attention"]


# --- the command -----------------------------------------------------------------------------


def run(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "certgen", "doctor", *words],
        cwd=folder / "course", capture_output=True, encoding="utf-8", timeout=100,
        env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def test_the_command_ends_with_6_when_something_is_wrong_and_fits_80_columns(folder: Path) -> None:
    code, said = run(folder)
    assert code == 0 and "Nothing is wrong. 4 things to look at." in said
    assert all(len(line) <= 80 for line in said.splitlines())
    (folder / "certgen.secret").unlink()
    code, said = run(folder, "--json")
    told = json.loads(said)
    assert (code, told["status"]) == (6, "wrong")
    assert [each["what"] for each in told["findings"] if each["mark"] == "wrong"] == ["secret"]


def test_nothing_is_changed_by_looking(folder: Path) -> None:
    def state() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "-" not in path.suffix}

    before = state()
    examine(folder)
    assert state() == before


def test_a_course_that_is_not_as_it_was_is_no_fault(folder: Path) -> None:
    (folder / "course" / "course.toml").write_text(COURSE.replace("40", "41"), encoding="utf-8")
    assert all(finding.mark != "wrong" for some in examine(folder).values() for finding in some)


# --- e-mail ----------------------------------------------------------------------------------


def test_messages_of_which_nobody_knows_are_told_until_they_are_sent_again(folder: Path) -> None:
    assert "mail" not in examine(folder)
    ends: list[tuple[list[State], bool]] = [(["sent", "unknown"], False), (["sent", "sent"], True)]
    for states, again in ends:
        with opened(folder) as registry:
            outbox = registry.outbox()
            with outbox.sending():
                wishes = [Wish(serial, "certificate", f"<{serial}@a.test>", "ana@people.test") for serial in (0, 1)]
                entries = [entry for entry in outbox.reserve(wishes, again=again) if entry]
                outbox.commit([entry.key for entry in entries], [])
                results = zip(entries, states, strict=True)
                outbox.commit([], [Result(entry.key, state, "", 1) for entry, state in results])
                outbox.finish({})
        (told,) = examine(folder)["mail"]
        assert told.mark == ("ok" if again else "attention")
        doubt = "E-mail: 1 sent, 1 of which nobody knows whether it arrived."
        assert told.words == ("E-mail: 2 sent." if again else doubt)
        assert "wait" not in told.hint and ("certgen send names those" in told.hint) == (not again)


def test_what_waits_to_be_sent_is_told_with_the_way_on(folder: Path) -> None:
    with opened(folder) as registry:
        outbox = registry.outbox()
        with outbox.sending():
            assert outbox.reserve([Wish(0, "certificate", "<0@a.test>", "ana@people.test")])[0]
            outbox.finish({})
    (told,) = examine(folder)["mail"]
    assert told.mark == "attention" and "1 waiting" in told.words
    assert "again: it goes on with those that wait" in told.hint and "names those" not in told.hint
