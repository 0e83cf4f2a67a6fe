"""The registry: what a batch reserves and issues, what the next one finds, and what becomes of single certificates."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certgen import registry as registry_package
from certgen.errors import CertgenError, ExitCode
from certgen.registry import FILE, Ask, Batch, Registry, chain
from certgen.signing import KeyRecord, SigningKey
from tests.registers import (
    BATCH,
    ISSUED,
    PREFIX,
    asked,
    code_of,
    done,
    issue,
    one,
    opened,
    people,
    reserve,
    wanted,
)

ANA = wanted("Ana Example")
BEN = wanted("Ben Example")


# --- a batch ---------------------------------------------------------------------------------------


def test_an_issued_certificate_is_found_again_with_all_that_was_given(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        (row,) = issue(registry, [ANA])
    with opened(tmp_path) as registry:
        found = registry.find(row.code)
    assert found is not None
    assert found.content == ANA.content
    assert found.recipient == replace(ANA.recipient, letters={})
    assert (found.serial, found.revision, found.state, found.issued) == (0, 0, "issued", ISSUED)
    assert (found.file, found.folder, found.sha256) == (f"{row.code}.pdf", "/certificates", "cd" * 32)
    assert found.url == f"{PREFIX}PAYLOAD0"
    assert found.badge == f'{{"code":"{row.code}"}}'.encode()


def test_the_same_roster_again_is_unchanged_and_adds_nothing(tmp_path: Path) -> None:
    roster = people(30)
    with opened(tmp_path) as registry:
        issue(registry, roster)
        assert {match.kind for match in registry.match(roster)} == {"unchanged"}
        assert issue(registry, roster) == []
        assert registry.count() == 30
        assert [event.details["counts"]["unchanged"] for event in registry.history()] == [0, 30]


def test_matches_come_in_the_order_of_the_roster(tmp_path: Path) -> None:
    roster = people(5)
    with opened(tmp_path) as registry:
        issue(registry, roster[1:3])
        kinds = [match.kind for match in registry.match(roster)]
    assert kinds == ["new", "unchanged", "unchanged", "new", "new"]


def test_a_number_that_is_only_written_otherwise_is_no_change(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        issue(registry, [wanted("Ana Example", hours=Decimal("40"))])
        assert one(registry, wanted("Ana Example", hours=Decimal("40.00"))).kind == "unchanged"


CHANGES: list[dict[str, Any]] = [
    {"number": "A-1"},
    {"title": "Fairer recruitment"},
    {"award": "Certificate of attendance"},
    {"hours": Decimal("40.5")},
    {"start": date(2026, 3, 3)},
    {"end": None},
    {"grade": "92 %"},
    {"expires": date(2028, 1, 1)},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_every_part_of_the_content_counts_and_is_told_before_and_after(tmp_path: Path, change: dict[str, Any]) -> None:
    with opened(tmp_path) as registry:
        (row,) = issue(registry, [ANA])
        match = one(registry, wanted("Ana Example", **change))
    assert match.kind == "changed"
    assert match.current is not None
    assert match.current.code == row.code
    ((_, before, now),) = match.differences
    assert before != now


def test_a_corrected_name_keeps_its_person_and_says_both_names(tmp_path: Path) -> None:
    corrected = wanted("Anna Example", email="ana@people.test")
    with opened(tmp_path) as registry:
        issue(registry, [ANA])
        assert one(registry, corrected).differences == (("name", "Ana Example", "Anna Example"),)


def test_a_replaced_certificate_names_the_new_one_and_the_corrected_row_is_then_unchanged(tmp_path: Path) -> None:
    corrected = wanted("Anna Example", email="ana@people.test")
    with opened(tmp_path) as registry:
        (old,) = issue(registry, [ANA])
        (new,) = issue(registry, [corrected], replacing=True)
        assert (new.revision, new.serial) == (1, 1)
        assert new.code == code_of(corrected, 1) != old.code
        before = registry.find(old.code)
        assert before is not None
        assert (before.state, before.replaced_by) == ("replaced", new.code)
        assert one(registry, corrected).kind == "unchanged"
        assert [held.code for held in registry.chain_of(new.code)] == [old.code, new.code]
        assert registry.chain_of(new.code) == registry.chain_of(old.code)
        assert registry.check() == []


def test_nothing_is_replaced_or_issued_twice_unasked(tmp_path: Path) -> None:
    changed = wanted("Ana Example", grade="A")
    with opened(tmp_path) as registry:
        issue(registry, [ANA])
        for someone in (ANA, changed):
            ask = Ask(someone, one(registry, someone))
            with pytest.raises(ValueError, match="not to be replaced"):
                registry.reserve([ask], code_of=code_of, issued=ISSUED, prefix=PREFIX, setting="")
        assert registry.count() == 1


def test_the_same_person_in_another_course_is_another_certificate(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        issue(registry, [ANA])
        assert one(registry, wanted("Ana Example", course="A902")).kind == "new"


def test_a_revoked_certificate_is_not_issued_again_unasked(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        (row,) = issue(registry, [ANA])
        registry.revoke([row.serial], "Awarded in error", date(2026, 5, 1))
        match = one(registry, ANA)
        assert match.kind == "changed"
        assert match.differences[0][:2] == ("state", "revoked on 2026-05-01 (Awarded in error)")
        (again,) = issue(registry, [ANA], replacing=True)
        assert again.revision == 1
        assert registry.get([row.serial])[0].state == "revoked"  # what was revoked stays so
        assert one(registry, ANA).kind == "unchanged"


# --- somebody under another identity -----------------------------------------------------------------


def test_a_namesake_with_another_address_is_asked_about_when_the_old_address_is_gone(tmp_path: Path) -> None:
    moved = wanted("EXAMPLE, Ana", email="ana@elsewhere.test")
    with opened(tmp_path) as registry:
        (old,) = issue(registry, [ANA])
        match = one(registry, moved)
        assert match.kind == "other-email"
        assert match.current is not None
        assert match.current.code == old.code
        assert match.differences[0] == ("e-mail", "ana@people.test", "ana@elsewhere.test")
        assert [found.kind for found in registry.match([ANA, moved])] == ["unchanged", "new"]


def test_the_same_person_with_another_address_replaces_the_old_certificate(tmp_path: Path) -> None:
    moved = wanted("Ana Example", email="ana@elsewhere.test")
    with opened(tmp_path) as registry:
        (old,) = issue(registry, [ANA])
        (new,) = issue(registry, [moved], replacing=True)
        before = registry.find(old.code)
        assert before is not None
        assert (before.state, before.replaced_by) == ("replaced", new.code)
        assert one(registry, moved).kind == "unchanged"
        assert len(registry.chain_of(new.code)) == 2


def test_another_person_of_that_name_leaves_the_old_certificate_alone(tmp_path: Path) -> None:
    other = wanted("Ana Example", email="ana@elsewhere.test")
    with opened(tmp_path) as registry:
        (old,) = issue(registry, [ANA])
        issue(registry, [other])
        assert {held.state for held in registry.all()} == {"issued"}
        assert registry.find(old.code) == old


def test_one_old_certificate_can_belong_to_one_namesake_only(tmp_path: Path) -> None:
    two = [wanted("Ana Example", email="a@elsewhere.test"), wanted("Ana Example", email="b@elsewhere.test")]
    with opened(tmp_path) as registry:
        issue(registry, [ANA])
        assert [match.kind for match in registry.match(two)] == ["other-email", "new"]


def test_two_ids_are_two_people_and_a_namesake_in_another_run_is_nobody_we_know(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        issue(registry, [wanted("Ana Example", id="7")])
        assert one(registry, wanted("Ana Example", id="8")).kind == "new"
        assert one(registry, wanted("Ana Example", course="A902", email="x@y.test")).kind == "new"
        assert one(registry, ANA).kind == "other-email"  # the roster has lost its column of ids


@pytest.mark.parametrize(
    ("before", "now", "asked"),
    [
        ("Ana Dias", "Ana Díaz", True),
        ("Ana Díaz", "Ana María Díaz", True),
        ("Müller, Jan", "Jan Mueller", True),
        ("Олена Ковал", "Олена Коваль", True),
        ("Ana Díaz", "Ana Okafor", False),
        ("Ana Díaz", "Pedro Díaz", False),
        ("Ana Díaz", "Ana", False),
    ],
)
def test_a_name_that_is_spelt_a_little_otherwise_is_asked_about_where_there_are_only_names(
    tmp_path: Path, before: str, now: str, asked: bool
) -> None:
    with opened(tmp_path) as registry:
        (old,) = issue(registry, [wanted(before, email="")])
        match = one(registry, wanted(now, email=""))
        assert match.kind == ("other-name" if asked else "new")
        assert not asked or (match.current is not None and match.current.code == old.code)
        assert one(registry, wanted(now, email="a@b.test")).kind == "new"  # an address is better evidence
        assert [found.kind for found in registry.match([wanted(before, email=""), wanted(now, email="")])] == [
            "unchanged",
            "new",
        ]


# --- a run that was killed -----------------------------------------------------------------------------


def test_what_was_reserved_and_not_finished_keeps_its_code_and_serial(tmp_path: Path) -> None:
    roster = people(10)
    with opened(tmp_path) as registry:
        first = reserve(registry, roster)
    with opened(tmp_path) as registry:
        assert {match.kind for match in registry.match(roster)} == {"unfinished"}
        assert reserve(registry, list(reversed(roster))) == list(reversed(first))
        registry.finish(BATCH, [done(made) for made in first])
        assert [held.serial for held in registry.all()] == list(range(10))
        assert registry.check() == []


def test_the_kill_of_a_process_loses_nothing_that_was_reserved(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from tests.registers import *\n"
        "registry = opened(Path(sys.argv[1]))\n"
        "with registry.writing():\n"
        "    made = reserve(registry, people(50))\n"
        "    registry.finish(BATCH, [done(one) for one in made[:20]])\n"
        "    print(*(one.code for one in made), flush=True)\n"
        "    os._exit(9)\n"
    )
    root = Path(__file__).resolve().parent.parent
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 9, told.stderr
    roster = people(50)
    with opened(tmp_path) as registry:
        assert [m.kind for m in registry.match(roster)] == ["unchanged"] * 20 + ["unfinished"] * 30
        issue(registry, roster)
        assert [held.code for held in registry.all()] == told.stdout.split()
        assert registry.check() == []


def test_an_unfinished_one_is_taken_over_with_what_the_roster_says_now(tmp_path: Path) -> None:
    corrected = wanted("Ana Example", grade="A")
    with opened(tmp_path) as registry:
        (first,) = reserve(registry, [ANA])
        match = one(registry, corrected)
        assert match.kind == "unfinished"
        assert match.differences == (("grade", "none", "A"),)
        assert match.current is not None
        assert (match.current.folder, match.current.file) == ("/certificates", "Ana Example.pdf")
        (row,) = issue(registry, [corrected])
        assert (row.code, row.serial, row.revision) == (first.code, first.serial, first.revision)
        assert row.content == corrected.content


def test_an_unfinished_one_whose_file_is_out_already_is_replaced_like_any_other(tmp_path: Path) -> None:
    corrected = wanted("Ana Example", grade="A")
    with opened(tmp_path) as registry:
        (first,) = reserve(registry, [ANA])
        ask = Ask(corrected, one(registry, corrected), replace=True)
        (second,) = registry.reserve([ask], code_of=code_of, issued=ISSUED, prefix=PREFIX, setting="")
        assert (second.serial, second.revision) == (1, 1)
        registry.finish(BATCH, [done(second)])
        old, new = registry.get([first.serial, second.serial])
        assert (old.state, old.replaced_by, new.state) == ("replaced", new.code, "issued")
        assert registry.check() == []


def test_a_replacement_that_was_killed_goes_on_or_is_forgotten_as_the_roster_says(tmp_path: Path) -> None:
    corrected = wanted("Ana Example", grade="A")
    with opened(tmp_path) as registry:
        (old,) = issue(registry, [ANA])
        (pending,) = reserve(registry, [corrected], replacing=True)
        assert one(registry, ANA).kind == "unchanged"  # the correction was taken back
        third = one(registry, wanted("Ana Example", grade="B"))
        assert (third.kind, third.current) == ("changed", old)
        match = one(registry, corrected)
        assert match.kind == "unfinished"
        assert match.current is not None
        assert match.current.code == pending.code
        (new,) = issue(registry, [corrected])
        assert (new.code, registry.get([old.serial])[0].replaced_by) == (pending.code, pending.code)


def test_the_same_person_under_another_address_is_still_replaced_after_a_kill(tmp_path: Path) -> None:
    moved = wanted("Ana Example", email="ana@elsewhere.test")
    with opened(tmp_path) as registry:
        (old,) = issue(registry, [ANA])
        reserve(registry, [moved], replacing=True)
    with opened(tmp_path) as registry:
        (new,) = issue(registry, [moved])
        assert registry.get([old.serial])[0].replaced_by == new.code


def test_what_is_finished_already_or_never_reserved_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        (made,) = reserve(registry, [ANA])
        registry.finish(BATCH, [done(made)])
        for serial in (made.serial, 99):
            with pytest.raises(CertgenError) as stopped:
                registry.finish(BATCH, [replace(done(made), serial=serial)])
            assert stopped.value.exit_code is ExitCode.REGISTRY


def test_a_match_from_before_another_batch_is_refused_and_not_issued_twice(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        stale = one(registry, ANA)
        issue(registry, [ANA])
        with pytest.raises(CertgenError) as stopped:
            registry.reserve([Ask(ANA, stale)], code_of=code_of, issued=ISSUED, prefix=PREFIX, setting="")
        assert stopped.value.problems[0].code == "registry-changed"
        assert registry.count() == 1


def test_what_another_batch_made_of_a_reservation_meanwhile_is_what_is_issued(tmp_path: Path) -> None:
    corrected = wanted("Ana Example", grade="A")
    with opened(tmp_path) as first, opened(tmp_path) as second:
        with first.writing():
            (made,) = reserve(first, [ANA])
        reserve(second, [corrected])
        first.finish(BATCH, [done(made)])
        (row,) = first.all()
        assert row.content == corrected.content
        assert first.check() == []


_STEP = st.tuples(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=4, unique_by=lambda pair: pair[0]),
    st.sampled_from(["issue", "kill", "half", "revoke", "erase"]),
)


@given(st.lists(_STEP, max_size=7))
@settings(max_examples=25)
def test_whatever_happens_nobody_has_two_and_no_number_is_given_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    names = ["Ana Example", "Ben Example", "Eva Example", "Ivo Example"]
    seen: dict[int, str] = {}
    with opened(tmp_path_factory.mktemp("academy")) as registry:
        for pairs, what in steps:
            roster = [wanted(names[who], grade=["A", "B", None][grade]) for who, grade in pairs]
            found = zip(roster, registry.match(roster), strict=True)
            asks = [asked(each, match, True) for each, match in found if match.kind != "unchanged"]
            made = registry.reserve(asks, code_of=code_of, issued=ISSUED, prefix=PREFIX, setting="")
            if what == "half":
                registry.finish(BATCH, [done(each) for each in made[::2]])
            elif what != "kill":
                registry.finish(BATCH, [done(each) for each in made])
            if what == "revoke":
                registry.revoke([held.serial for held in registry.all(name="ana")], "error", ISSUED)
            if what == "erase":
                registry.erase([held.serial for held in registry.all(name="ben")])
            rows = [*registry.all(), *registry.all(state="reserved")]
            for held in rows:
                assert seen.setdefault(held.serial, held.code) == held.code
            assert sorted(seen) == list(range(len(rows)))
            assert len({held.code for held in rows}) == len(rows)
            standing = [held.person for held in rows if held.state == "issued"]
            assert len(set(standing)) == len(standing)
            assert [p for p in registry.check() if p.severity == "error"] == []


# --- several at once -----------------------------------------------------------------------------------


def test_batches_of_several_processes_come_out_as_if_one_after_the_other(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.registers import *\n"
        "roster = people(60); shuffled(int(sys.argv[2])).shuffle(roster)\n"
        "for at in range(0, 60, 20):\n"
        "    with opened(Path(sys.argv[1])) as registry:\n"
        "        issue(registry, roster[at:at + 20])\n"
    )
    root = Path(__file__).resolve().parent.parent
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(seed)], cwd=root, stderr=subprocess.PIPE)
        for seed in range(3)
    ]
    for run in runs:
        _, said = run.communicate(timeout=90)
        assert run.returncode == 0, said.decode()
    with opened(tmp_path) as registry:
        assert sorted(held.serial for held in registry.all()) == list(range(60))
        assert len({held.person for held in registry.all()}) == 60
        assert len(list(registry.history())) == 9
        assert registry.check() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", FILE]


def test_whoever_reads_is_not_kept_waiting_by_a_batch(tmp_path: Path) -> None:
    with opened(tmp_path) as writer, opened(tmp_path) as reader, writer.writing():
        made = reserve(writer, [ANA])
        assert reader.count("reserved") == 1
        writer.finish(BATCH, [done(made[0])])
        assert reader.count() == 1


# --- single certificates -----------------------------------------------------------------------------


def test_revoking_takes_only_what_stands(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        (ana, ben) = issue(registry, [ANA, BEN])
        (gone,) = registry.revoke([ana.serial, 99], "Awarded in error", date(2026, 5, 1))
        assert (gone.code, gone.state, gone.reason, gone.ended) == (
            ana.code,
            "revoked",
            "Awarded in error",
            date(2026, 5, 1),
        )
        assert registry.revoke([ana.serial], "Again", date(2026, 6, 1)) == []
        assert registry.find(ana.code) == gone
        assert registry.find(ben.code) == ben


def test_certificates_made_again_keep_their_codes(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        with registry.writing():
            made = reserve(registry, [ANA, BEN])
            registry.finish(BATCH, [done(each) for each in made])
        registry.revoke([0], "Awarded in error", ISSUED)
        registry.remade([done(made[0], "new")], "another", issued=date(2026, 4, 11), wanted={0: ANA})
        ana, ben = registry.get([0, 1])
        assert (ana.code, ana.payload, ana.setting, ana.issued) == (
            made[0].code,
            "PAYLOAD0new",
            "another",
            date(2026, 4, 11),
        )
        assert (ana.state, ana.reason) == ("revoked", "Awarded in error")
        assert (ben.payload, ben.setting) == ("PAYLOAD1", "")
        assert one(registry, BEN).kind == "unchanged"


def test_a_corrected_address_is_kept_without_a_new_certificate(tmp_path: Path) -> None:
    someone = wanted("Ana Example", id="7", email="ana@old.test")
    moved = wanted("Ana Example", id="7", email="ana@new.test", consented=True)
    with opened(tmp_path) as registry:
        (row,) = issue(registry, [someone])
        assert one(registry, moved).kind == "unchanged"
        registry.readdress({row.serial: (moved.recipient, True)})
        found = registry.find(row.code)
        assert found is not None
        assert found.recipient is not None
        assert (found.recipient.email, found.consented) == ("ana@new.test", True)
        assert registry.check() == []


def test_lists_are_narrowed_by_what_people_ask_for(tmp_path: Path) -> None:
    roster = [ANA, wanted("Éva Nagy"), wanted("Ivo Example", course="A901x"), wanted("Ben Example", course="B_1")]
    with opened(tmp_path) as registry:
        for each in roster:
            issue(registry, [each])
        registry.revoke([3], "error", ISSUED)
        reserve(registry, [wanted("Una Example")])

        def names(**by: Any) -> list[str]:
            return [held.content.name.split()[0] for held in registry.all(**by) if held.content]

        assert names() == ["Ana", "Éva", "Ivo", "Ben"]
        assert names(course="A901") == ["Ana", "Éva"]
        assert names(course="B%1") == []
        assert names(name="nagy eva") == ["Éva"]
        assert names(state="revoked") == ["Ben"]
        assert names(state="reserved") == ["Una"]
        assert names(since=ISSUED + timedelta(1)) == []
        assert (registry.count(), registry.count("revoked")) == (4, 1)


def test_all_rows_come_though_there_are_more_than_a_page(tmp_path: Path) -> None:
    roster = people(1203)
    with opened(tmp_path) as registry:
        issue(registry, roster)
        assert [held.serial for held in registry.all()] == list(range(1203))
        assert len(registry.get(range(1203))) == 1203
        for held in registry.all():  # whoever lists may write
            if held.serial in (3, 700):
                registry.revoke([held.serial], "error", ISSUED)
        assert registry.count("revoked") == 2


def test_retention_finds_what_was_issued_before_a_day_and_is_not_erased_yet(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        ana, ben = issue(registry, [ANA, BEN])
        assert [held.serial for held in registry.past(ISSUED)] == []
        registry.erase([ben.serial])
        assert [held.code for held in registry.past(ISSUED + timedelta(1))] == [ana.code]


def test_rows_of_another_registry_are_adopted_with_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    with opened(tmp_path / "old") as old, opened(tmp_path / "new") as new:
        issue(old, people(4))
        kept = [held for held in old.all() if held.serial != 1]  # one file was lost
        new.adopt(kept, {"files": 3})
        assert list(new.all()) == kept
        assert new.check() == []
        (row,) = issue(new, [wanted("Una Example")])
        assert row.serial == 4
        with pytest.raises(CertgenError):
            new.adopt(kept[:1], {})


# --- keys, facts, notes ------------------------------------------------------------------------------


def test_keys_are_remembered_with_their_states(tmp_path: Path) -> None:
    first, second = (SigningKey.new().public.multikey for _ in range(2))
    made = KeyRecord(first, date(2026, 1, 1), made_on="PC-7")
    with opened(tmp_path) as registry:
        registry.add_key(made)
        registry.add_key(KeyRecord(second, date(2026, 2, 1)))
        registry.change_key(first, "compromised", date(2026, 3, 1))
        assert registry.keys()[0] == replace(made, state="compromised", since=date(2026, 3, 1))
        known = registry.keys()
        assert [key.multikey for key in known] == [first, second]
        with pytest.raises(KeyError):
            registry.change_key("z6Mk", "retired", None)
        assert registry.check() == []


def test_course_facts_are_kept_once_and_for_good(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        digest = registry.keep_facts(b'{"code":"A"}')
        registry.keep_facts(b'{"code":"B"}')
        assert registry.keep_facts(b'{"code":"A"}') == digest
        assert list(registry.facts()) == [b'{"code":"A"}', b'{"code":"B"}']


def test_notes_are_written_over(tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        assert registry.meta("backup") is None
        registry.set_meta("backup", "1")
        registry.set_meta("backup", "2")
        assert registry.meta("backup") == "2"


def test_history_says_who_did_what_and_in_which_order_though_the_clock_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Batch("March.xlsx", "ff" * 32, "A901", (("Ivo Example", "score 5 is below 60"),), ("row 7: kept",))
    with opened(tmp_path) as registry:
        issue(registry, [ANA], batch=batch)
        real = chain.now()
        monkeypatch.setattr(chain, "now", lambda: real - timedelta(days=400))
        monkeypatch.setattr(chain, "who", lambda: "ana")
        registry.record("published", {"lists": 1})
        corrected = wanted("Ana Example", grade="A")
        issue(registry, [corrected], replacing=True)
        events = list(registry.history())
        assert [event.kind for event in events] == ["batch", "published", "batch"]
        assert events[1].at < events[0].at
        assert events[1].who == "ana"
        assert events[0].details["roster"] == "March.xlsx"
        assert events[0].details["roster_sha256"] == "ff" * 32
        assert events[0].details["not_awarded"] == [["Ivo Example", "score 5 is below 60"]]
        assert events[0].details["overrides"] == ["row 7: kept"]
        assert one(registry, corrected).kind == "unchanged"
        assert registry.check() == []


# --- the file ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["Documents", "Dropbox"])
def test_what_is_committed_is_on_the_disk(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir()
    with opened(tmp_path / place) as registry, registry._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL: synced at each commit


def test_there_is_no_registry_until_one_is_asked_for(tmp_path: Path) -> None:
    problems: list[Any] = []
    assert Registry.open(tmp_path, problems) is None
    assert problems == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_the_registry_is_its_owners_alone_and_git_ignores_all_of_it(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("certgen.secret\n", encoding="utf-8")
    with opened(tmp_path) as registry, registry.writing():
        reserve(registry, [ANA])
        there = sorted(path.name for path in tmp_path.iterdir() if path.name != ".gitignore")
        assert there == [FILE, f"{FILE}-lock", f"{FILE}-shm", f"{FILE}-wal"]
        assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in there} == {0o600}
        ignored = (tmp_path / ".gitignore").read_text(encoding="utf-8").splitlines()
        assert ignored == ["certgen.secret", FILE, f"{FILE}-*"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", FILE]


def test_what_was_left_by_one_killed_while_the_registry_was_made_is_tidied_up(tmp_path: Path) -> None:
    for when in ("before", "after"):
        (tmp_path / f"{FILE}-new-{when}").mkdir()
        (tmp_path / f"{FILE}-new-{when}" / FILE).write_bytes(b"half of it")
        with opened(tmp_path) as registry:
            issue(registry, [ANA])
        assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", FILE]


def test_a_copy_for_the_backup_is_whole_while_a_batch_is_at_work(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    with opened(tmp_path) as registry, registry.writing():
        issue(registry, [ANA])
        reserve(registry, [BEN])
        registry.copy_to(tmp_path / "copy" / FILE)
        (tmp_path / "copy" / FILE).chmod(0o600)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [FILE]
    with opened(tmp_path / "copy") as copy:
        assert [match.kind for match in copy.match([ANA, BEN])] == ["unchanged", "unfinished"]
        assert [problem.code for problem in copy.check()] == ["registry-unfinished"]


def test_only_the_registry_knows_its_database_and_only_one_module_of_it_knows_which() -> None:
    package = Path(registry_package.__file__).parent
    for path in package.parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not path.is_relative_to(package):
            assert not re.search(r"(import|from) (sqlalchemy|sqlite3)", text), path
        elif path.name not in ("database.py", "tables.py"):
            assert not re.search(r"PRAGMA|VACUUM|exec_driver_sql|import sqlite3", text), path
