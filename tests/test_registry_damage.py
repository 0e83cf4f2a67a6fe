"""A registry that was damaged or edited: it is told and never rewritten. One that was erased from: nothing is left."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.registry import FILE, Batch, Event, Held, Registry, Setting
from certgen.signing import KeyRecord, SigningKey
from tests.registers import BATCH, ISSUED, done, issue, one, opened, people, refused, reserve, shuffled, wanted

KEY = KeyRecord(SigningKey(bytes(32)).public.multikey, date(2026, 1, 1))
NOTED = Batch("March.xlsx", "ff" * 32, "A901", (("Ivo Example", "score 5"), ("Una Example", "score 6")), ("row 7",))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("academy")
    with opened(folder) as registry:
        registry.add_key(KEY)
        registry.keep_facts(b'{"code":"A"}')
        issue(registry, people(6), batch=NOTED)
        issue(registry, [wanted("Person1 Of The Course", grade="A")], replacing=True)
        registry.revoke([2], "Awarded in error", date(2026, 5, 1))
        registry.change_key(KEY.multikey, "compromised", date(2026, 5, 2))
        registry.record("published", {"lists": 1})
        assert registry.check() == []
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """An academy's folder with a registry that has one of everything."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def edit(folder: Path, *statements: str) -> None:
    with sqlite3.connect(folder / FILE) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def errors(registry: Registry) -> list[Problem]:
    return [problem for problem in registry.check() if problem.severity == "error"]


# --- edited behind certgen's back ----------------------------------------------------------------------

EDITS = {
    "a name": "UPDATE credentials SET private = replace(private, 'Person0', 'Person9') WHERE serial = 0",
    "a state": "UPDATE credentials SET state = 'issued' WHERE serial = 2",
    "what replaced it": "UPDATE credentials SET replaced_by = NULL WHERE serial = 1",
    "a day": "UPDATE credentials SET ended = '2027-01-01' WHERE serial = 2",
    "a code": "UPDATE credentials SET code = '0123456789ABCDEF' WHERE serial = 3",
    "nothing as bytes": "UPDATE credentials SET setting = x'' WHERE serial = 3",
    "another kind of value": "UPDATE credentials SET award = 'x' WHERE serial = 3",
    "a badge": "UPDATE credentials SET badge = x'00' WHERE serial = 3",
    "a file's digest": "UPDATE credentials SET sha256 = 'ee' WHERE serial = 3",
    "emptied without a word": "UPDATE credentials SET private = NULL, badge = NULL, salt = NULL WHERE serial = 3",
    "a row less": "DELETE FROM credentials WHERE serial = 3",
    "the last row less": "DELETE FROM credentials WHERE serial = 6",
    "a row more": "INSERT INTO credentials SELECT 7, 'X', 'X', revision, run, \"by\", state, language, award, kind, "
    "issued, expires, prefix, setting, sha256, replaced_by, replaces, ended, consented, private, badge, salt, sealed, "
    "digest FROM credentials WHERE serial = 0",
    "two rows changed about": "UPDATE credentials SET private = (SELECT private FROM credentials WHERE serial = 4), "
    "salt = (SELECT salt FROM credentials WHERE serial = 4), sealed = (SELECT sealed FROM credentials WHERE serial = 4)"
    " WHERE serial = 5",
    "history's day": "UPDATE events SET at = '2020-01-01T00:00:00Z' WHERE seq = 2",
    "history's author": "UPDATE events SET who = 'eve' WHERE seq = 2",
    "history's facts": "UPDATE events SET facts = replace(facts, '\"issued\":6', '\"issued\":5') WHERE seq = 2",
    "an event less": "DELETE FROM events WHERE seq = 2",
    "the last event less": "DELETE FROM events WHERE seq = 6",
    "an event more": "INSERT INTO events SELECT 7, at, who, machine, kind, facts, seals, prev, hash FROM events "
    "WHERE seq = 6",
    "a note": "UPDATE notes SET data = replace(data, 'Ivo', 'Ivy')",
    "a note less": "DELETE FROM notes WHERE place = 2",
    "a seal less": "DELETE FROM seals WHERE serial = 3",
    "a seal": "UPDATE seals SET digest = x'00' WHERE serial = 3",
    "a key made good": "UPDATE keys SET state = 'active', since = NULL",
    "a key less": "DELETE FROM keys",
    "course facts": "UPDATE blobs SET data = x'00'",
    "course facts less": "DELETE FROM blobs",
    "how a table was made": "CREATE INDEX another ON credentials (state)",
}


@pytest.mark.parametrize("statement", EDITS.values(), ids=EDITS)
def test_whatever_is_edited_behind_its_back_is_found_and_left_alone(folder: Path, statement: str) -> None:
    edit(folder, statement)
    before = (folder / FILE).read_bytes()
    with opened(folder) as registry:
        found = errors(registry)
    assert found
    assert {problem.exit_code for problem in found} == {ExitCode.REGISTRY}
    assert all("damaged" in problem.message and "backup" in problem.hint for problem in found)
    assert (folder / FILE).read_bytes() == before


def test_an_old_row_put_back_with_its_own_seal_is_found(folder: Path) -> None:
    """What revoking wrote is undone completely, seal and all."""
    other = folder / "before"
    other.mkdir()
    with opened(folder) as registry:
        registry.copy_to(other / FILE)
        (other / FILE).chmod(0o600)
        registry.revoke([4], "Awarded in error", ISSUED)
    names = "state, ended, private, salt, sealed, digest"
    edit(
        folder,
        f"ATTACH '{other / FILE}' AS old",
        f"UPDATE credentials SET ({names}) = (SELECT {names} FROM old.credentials WHERE serial = 4) WHERE serial = 4",
    )
    with opened(folder) as registry:
        assert [problem.message for problem in errors(registry)] == [
            f"The registry is damaged: the row of certificate {registry.get([4])[0].code} was altered."
        ]


@pytest.mark.parametrize(
    "use",
    [
        lambda registry: registry.match(people(6)),
        lambda registry: list(registry.all()),
        lambda registry: registry.get([0]),
        lambda registry: registry.revoke([0], "x", ISSUED),
        lambda registry: registry.erase([0]),
        lambda registry: registry.readdress({0: (wanted("Eve Example").recipient, True)}),
    ],
    ids=["match", "all", "get", "revoke", "erase", "readdress"],
)
def test_an_edited_row_is_neither_believed_nor_sealed_anew(folder: Path, use: Callable[[Registry], object]) -> None:
    edit(folder, EDITS["a name"])
    with opened(folder) as registry:
        with pytest.raises(CertgenError) as stopped:
            use(registry)
        assert stopped.value.exit_code is ExitCode.REGISTRY
        assert stopped.value.problems[0].code == "registry-damaged"
        assert len(errors(registry)) == 1


def test_a_reservation_that_is_gone_is_missed(folder: Path) -> None:
    with opened(folder) as registry:
        reserve(registry, [wanted(f"Late{number} Comer") for number in range(3)])
    edit(folder, "DELETE FROM credentials WHERE serial = 8")
    with opened(folder) as registry:
        assert [problem.message for problem in errors(registry)] == ["The registry is damaged: row 8 is missing."]


def test_an_edited_reservation_is_not_finished(folder: Path) -> None:
    someone = wanted("Una Example")
    with opened(folder) as registry:
        (made,) = reserve(registry, [someone])
    edit(folder, f"UPDATE credentials SET code = '0123456789ABCDEF' WHERE serial = {made.serial}")
    with opened(folder) as registry, pytest.raises(CertgenError):
        registry.finish(BATCH, [done(made)])


def test_a_compromised_key_made_good_by_hand_is_not_believed(folder: Path) -> None:
    edit(folder, EDITS["a key made good"])
    with opened(folder) as registry, pytest.raises(CertgenError) as stopped:
        registry.keys()
    assert stopped.value.exit_code is ExitCode.REGISTRY


def test_an_edited_history_is_not_told_as_if_it_were_true(folder: Path) -> None:
    edit(folder, EDITS["history's facts"])
    with opened(folder) as registry, pytest.raises(CertgenError):
        registry.history()


# --- flipped bits ------------------------------------------------------------------------------------

State = tuple[list[Held], list[Held], list[Event], list[KeyRecord], list[bytes], list[str]]


def everything(registry: Registry) -> State:
    roster = people(7)
    return (
        list(registry.all()),
        list(registry.all(state="reserved")),
        list(registry.history()),
        registry.keys(),
        list(registry.facts()),
        [match.kind for match in registry.match(roster)],
    )


def test_a_flipped_bit_is_found_or_changes_nothing_and_is_never_written_over(folder: Path) -> None:
    with opened(folder) as registry:
        reserve(registry, [wanted("Una Example")])
        true = everything(registry)
    whole = (folder / FILE).read_bytes()
    draw = shuffled(4)
    found = 0
    written = [at for at, byte in enumerate(whole) if byte]
    for at in draw.sample(written, 80):
        bit = draw.randrange(8)
        (folder / FILE).write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        damaged = (folder / FILE).read_bytes()
        problems: list[Problem] = []
        registry = Registry.open(folder, problems)
        if registry is None:
            assert problems, f"byte {at}"
        else:
            with registry:
                problems += errors(registry)
                try:
                    seen = everything(registry)
                except CertgenError as error:
                    problems += error.problems
                else:
                    assert problems or seen == true, f"byte {at}"
        assert {problem.exit_code for problem in problems} <= {ExitCode.REGISTRY}
        found += bool(problems)
        if problems:
            assert (folder / FILE).read_bytes() == damaged, f"byte {at}"
    assert found > 40  # the others are in what was deleted


@pytest.mark.parametrize("part", ["one_revision", "sqlite_autoindex_keys_1", "facts"])
def test_a_torn_page_anywhere_stops_a_batch_before_it_writes(folder: Path, part: str) -> None:
    data = bytearray((folder / FILE).read_bytes())
    with sqlite3.connect(folder / FILE) as database:
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (part,)).fetchone()
    database.close()
    data[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    (folder / FILE).write_bytes(data)
    with opened(folder) as registry:
        with pytest.raises(CertgenError) as stopped:
            issue(registry, [wanted("Una Example")])
        assert stopped.value.problems[0].code == "registry-damaged"
    assert (folder / FILE).read_bytes() == data


# --- files that are no registry --------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"not a database" * 400, b"SQLite format 3\0" + bytes(4080)])
def test_a_file_that_is_no_registry_is_told_and_not_made_one(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    problem = refused(tmp_path)
    assert (problem.code, problem.exit_code) == ("registry-damaged", ExitCode.REGISTRY)
    assert (tmp_path / FILE).read_bytes() == data


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    edit(tmp_path, "CREATE TABLE songs (title TEXT)")
    before = (tmp_path / FILE).read_bytes()
    assert refused(tmp_path).code == "registry-damaged"
    assert (tmp_path / FILE).read_bytes() == before


def test_half_a_registry_is_told(folder: Path) -> None:
    data = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(data[: len(data) // 2 // 4096 * 4096])
    problems: list[Problem] = []
    registry = Registry.open(folder, problems)
    if registry is not None:
        with registry:
            problems += errors(registry)
    assert problems


def test_a_registry_of_a_newer_certgen_is_refused_and_not_touched(folder: Path) -> None:
    edit(folder, "UPDATE meta SET value = '999' WHERE name = 'schema'")
    before = (folder / FILE).read_bytes()
    problem = refused(folder)
    assert (problem.code, problem.exit_code) == ("registry-newer", ExitCode.REGISTRY)
    assert "newer" in problem.message
    assert (folder / FILE).read_bytes() == before


def test_a_full_disk_is_told_and_nothing_is_half_done(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        issue(registry, [wanted("Ana Example")])
        with registry._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(CertgenError) as stopped:
            issue(registry, people(300))
        assert stopped.value.problems[0].code == "registry-disk-full"
        assert stopped.value.exit_code is ExitCode.REGISTRY
        assert (registry.count(), registry.count("reserved")) == (1, 0)
    with opened(tmp_path) as registry:
        issue(registry, people(300))
        assert registry.count() == 301


# --- warnings --------------------------------------------------------------------------------------------


def test_what_should_be_seen_to_is_a_warning(folder: Path) -> None:
    with opened(folder) as registry:
        reserve(registry, [wanted("Una Example")])
        (folder / "certgen (conflicted copy).db").write_bytes(b"")
        (folder / FILE).chmod(0o644)
        found = registry.check()
    assert {problem.severity for problem in found} == {"warning"}
    assert {"registry-unfinished", "registry-copies"} <= {problem.code for problem in found}


# --- erased ------------------------------------------------------------------------------------------------


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_of_an_erased_person_nothing_is_left_in_any_file(tmp_path: Path) -> None:
    someone = wanted("Zebedeus Quixwort", email="zq@people.test", number="ZQ-77")
    with opened(tmp_path) as registry:
        issue(registry, people(40))
        issue(registry, [someone], batch=replace(NOTED, overrides=("row 9, Quixwort Zebedeus: kept",)))
        issue(registry, [wanted("Zebedeus Quixwort", email="zq@people.test", number="ZQ-78")], replacing=True)
        issue(registry, [wanted(f"Late{number} Comer") for number in range(40)])
        assert b"Quixwort" in bytes_of(tmp_path)
        rows = list(registry.all(name="zebedeus"))
        before = registry.erase([row.serial for row in rows])
        assert before == rows
        assert [held.file for held in before] == [f"{held.code}.pdf" for held in rows]
        for trace in (b"Quixwort", b"Zebedeus", b"zq@people.test", b"ZQ-7"):
            assert trace not in bytes_of(tmp_path)
        assert registry.check() == []
        after = registry.get([held.serial for held in before])
        assert [held.code for held in after] == [held.code for held in before]
        assert [held.state for held in after] == ["replaced", "issued"]
        assert all(held.erased and held.content is None and held.recipient is None for held in after)
        assert all(not (held.file or held.payload or held.badge) for held in after)


def test_erasing_takes_from_history_only_what_was_that_persons(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        issue(registry, people(2), batch=NOTED)
        registry.erase([0], names=["Ivo Example"])
        batch, erased = registry.history()
        assert batch.details["not_awarded"] == [["Una Example", "score 6"]]
        assert batch.details["roster"] == "March.xlsx"
        assert batch.details["counts"]["not_awarded"] == 2
        assert (erased.kind, erased.details["serials"]) == ("erased", [0])
        assert registry.check() == []


def test_what_was_erased_stays_erased_and_can_only_be_replaced_when_asked(tmp_path: Path) -> None:
    someone = wanted("Ana Example")
    with opened(tmp_path) as registry:
        (row,) = issue(registry, [someone])
        registry.erase([row.serial])
        assert registry.erase([row.serial]) == []
        match = one(registry, someone)
        assert match.kind == "changed"
        assert match.differences == (("personal data", "erased", "on the roster"),)
        (gone,) = registry.revoke([row.serial], "Asked for", ISSUED)
        assert (gone.state, gone.reason) == ("revoked", None)
        assert registry.check() == []


def test_an_erased_row_is_still_guarded(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        issue(registry, people(2))
        registry.revoke([0], "Awarded in error", ISSUED)
        registry.erase([0])
    edit(tmp_path, "UPDATE credentials SET state = 'issued' WHERE serial = 0")
    with opened(tmp_path) as registry:
        assert len(errors(registry)) == 1


def test_a_setting_that_lost_a_file_is_found(folder: Path) -> None:
    with opened(folder) as registry:
        assert registry.keep(Setting(b"{}", {})) == Setting(b"{}", {}).digest
        assert errors(registry)
