"""The registry's outbox: who is to be mailed, what became of it, and what a run that was killed leaves."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certgen import backup
from certgen.errors import CertgenError, Problem
from certgen.mail.folder import Maildir
from certgen.mail.transport import Letter
from certgen.records.erasure import traces
from certgen.registry import FILE, Registry, checking, database, tables
from certgen.registry.lease import Pace
from certgen.registry.outbox import CUT_SHORT, Bounce, Entry, Key, Outbox, Result, State, Wish
from tests.registers import QUICK, issue, opened, people, wanted

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def wish(serial: int, *, address: str = "", purpose: str = "certificate") -> Wish:
    return Wish(serial, purpose, f"<{serial}.{purpose}@academy.test>", address or f"person{serial}@people.test")


@contextmanager
def academy(folder: Path, count: int = 3) -> Iterator[tuple[Registry, Outbox]]:
    with opened(folder) as registry:
        issue(registry, people(count))
        yield registry, registry.outbox(lambda: NOW)


def run(outbox: Outbox, wishes: list[Wish], *, again: bool = False, state: State = "sent") -> list[Entry | None]:
    """A whole run, in which everybody's message comes to the same end."""
    with outbox.sending():
        outbox.recover()
        entries = outbox.reserve(wishes, again=again)
        keys = [entry.key for entry in entries if entry is not None and entry.state == "reserved"]
        outbox.commit(keys, [])
        outbox.commit([], [Result(key, state, "250 Taken", 1) for key in keys])
        outbox.finish({})
    return entries


def states(outbox: Outbox) -> list[State]:
    return [entry.state for entry in outbox.all()]


# --- a run -----------------------------------------------------------------------------------


def test_what_was_sent_is_known_with_its_words_and_when(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox):
        run(outbox, [wish(0), wish(1)])
        assert outbox.latest([0, 2], "certificate") == {
            0: Entry(
                serial=0,
                purpose="certificate",
                state="sent",
                message_id="<0.certificate@academy.test>",
                tries=1,
                at=NOW,
                address="person0@people.test",
                words="250 Taken",
            )
        }
        assert registry.check() == []


def test_nobody_is_mailed_twice_for_one_certificate_and_purpose(tmp_path: Path) -> None:
    with academy(tmp_path) as (_, outbox):
        run(outbox, [wish(0)])
        (entry,) = run(outbox, [wish(0)])
        assert entry is not None
        assert entry.state == "sent"
        (other,) = run(outbox, [wish(0, purpose="expiry-notice")])
        assert other is not None
        assert other.state == "reserved"  # and then sent
        assert states(outbox) == ["sent", "sent"]


@pytest.mark.parametrize("state", ["sent", "unknown", "refused"])
def test_only_again_makes_another_round(tmp_path: Path, state: State) -> None:
    with academy(tmp_path) as (_, outbox):
        run(outbox, [wish(0)], state=state)
        run(outbox, [wish(0)])
        assert states(outbox) == [state]
        run(outbox, [wish(0)], again=True)
        assert [(entry.round, entry.state) for entry in outbox.all()] == [(0, state), (1, "sent")]
        assert outbox.latest([0], "certificate")[0].round == 1


@pytest.mark.parametrize("state", ["refused", "bounced"])
def test_where_it_did_not_arrive_a_corrected_address_is_another_chance(tmp_path: Path, state: State) -> None:
    with academy(tmp_path) as (_, outbox):
        run(outbox, [wish(0)], state="refused" if state == "refused" else "sent")
        if state == "bounced":
            outbox.bounced([Bounce(0, "certificate", "no such user")])
        run(outbox, [wish(0, address="PERSON0@people.test")])
        assert states(outbox) == [state]  # the same one
        run(outbox, [wish(0, address="corrected@people.test")])
        assert states(outbox) == [state, "sent"]


def test_a_new_address_is_no_reason_to_mail_somebody_again_who_got_it(tmp_path: Path) -> None:
    with academy(tmp_path) as (_, outbox):
        run(outbox, [wish(0), wish(1)])
        run(outbox, [wish(0, address="other@people.test")])
        assert states(outbox) == ["sent", "sent"]


def test_what_was_reserved_and_not_sent_takes_todays_address(tmp_path: Path) -> None:
    with academy(tmp_path) as (_, outbox):
        with outbox.sending():
            outbox.reserve([wish(0)])
        run(outbox, [wish(0, address="corrected@people.test")])
        assert [entry.address for entry in outbox.all()] == ["corrected@people.test"]


def test_a_certificate_that_does_not_stand_is_not_mailed(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox):
        registry.revoke([0], "Awarded in error", date(2026, 5, 1))
        registry.erase([1])
        assert [entry and entry.state for entry in run(outbox, [wish(0), wish(1), wish(2), wish(99)])] == [
            None,
            None,
            "reserved",
            None,
        ]


def test_one_that_is_revoked_while_others_are_sent_is_withdrawn(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox), outbox.sending():
        outbox.reserve([wish(0), wish(1)])
        registry.revoke([0], "Awarded in error", date(2026, 5, 1))
        assert outbox.commit([Key(0, "certificate"), Key(1, "certificate")], []) == {Key(1, "certificate")}
        assert states(outbox) == ["sending"]


def test_history_has_one_event_of_a_run_with_counts_and_nobodys_name(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox):
        run(outbox, [wish(0), wish(1)])
        event = list(registry.history())[-1]
    assert (event.kind, event.details) == ("mailed", {"counts": {"sent": 2}})


def test_what_is_to_be_tried_again_keeps_its_time_and_its_tries(tmp_path: Path) -> None:
    with academy(tmp_path) as (_, outbox):
        later = NOW + timedelta(minutes=5)
        with outbox.sending():
            outbox.reserve([wish(0)])
            outbox.commit([Key(0, "certificate")], [])
            outbox.commit([], [Result(Key(0, "certificate"), "reserved", "450 Busy", 3, later)])
            outbox.finish({})
        (entry,) = outbox.due("certificate")
        assert (entry.tries, entry.not_before, entry.words) == (3, later, "450 Busy")
        with outbox.sending():
            assert outbox.reserve([wish(0)]) == [entry]


# --- killed, or at once ------------------------------------------------------------------------


def test_what_was_on_its_way_when_a_run_was_killed_is_unknown_and_stays_so(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox):
        with outbox.sending():  # that is all that a killed one does
            outbox.reserve([wish(0), wish(1), wish(2)])
            outbox.commit([Key(0, "certificate")], [])
            outbox.commit([Key(1, "certificate")], [Result(Key(0, "certificate"), "sent", "250 Taken", 1)])
        with outbox.sending():
            (lost,) = outbox.recover()
            assert (lost.serial, lost.state, lost.words) == (1, "unknown", CUT_SHORT)
            assert [entry and entry.state for entry in outbox.reserve([wish(0), wish(1), wish(2)])] == [
                "sent",
                "unknown",
                "reserved",
            ]
            assert outbox.recover() == []
            outbox.finish({})
        told = [event.details for event in registry.history() if event.kind == "mailed"]
        assert told[0] == {"counts": {"reserved": 1, "sent": 1, "unknown": 1}, "cut_short": True}
        assert registry.check() == []


def test_an_again_that_was_cut_short_goes_on_and_does_not_begin_anew(tmp_path: Path) -> None:
    with academy(tmp_path) as (_, outbox):
        run(outbox, [wish(0), wish(1)])
        with outbox.sending():
            outbox.reserve([wish(0), wish(1)], again=True)
            outbox.commit([Key(0, "certificate", 1)], [])
            outbox.commit([], [Result(Key(0, "certificate", 1), "sent", "250 Taken", 1)])
        run(outbox, [wish(0), wish(1)], again=True)
        assert [(entry.serial, entry.round) for entry in outbox.all()] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_who_sends_keeps_others_from_sending_and_nobody_from_writing(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox), opened(tmp_path) as other:
        told: list[str] = []
        order: list[str] = []

        def second() -> None:
            with other.outbox().sending(told.append):
                order.append("second")

        with outbox.sending():
            thread = threading.Thread(target=second)
            thread.start()
            while not told:
                pass
            issue(other_registry := registry, [wanted("Somebody New")])
            assert other_registry.count() == 4
            order.append("first")
        thread.join()
    assert order == ["first", "second"]
    assert " on " in told[0]


def test_one_whose_lease_was_taken_over_sends_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certgen.registry.store.ground", lambda folder: "network")
    stopped = Pace(look=0.01, beat=60.0, stale=0.3, settle=0.01)
    with academy(tmp_path) as (_, _), opened(tmp_path, pace=stopped) as sleeping, opened(tmp_path, pace=QUICK) as awake:
        first, second = sleeping.outbox(), awake.outbox()
        with first.sending():
            first.reserve([wish(0), wish(1)])
            first.commit([Key(0, "certificate")], [])
            (tmp_path / f"{FILE}-sending-lease").unlink()  # as one does that waited for it long enough
            with pytest.raises(CertgenError) as caught:
                first.commit([Key(1, "certificate")], [])
            assert caught.value.problems[0].code == "outbox-taken"
        with second.sending():
            assert [entry.serial for entry in second.recover()] == [0]


def test_a_row_that_another_run_has_claimed_is_not_sent(tmp_path: Path) -> None:
    with academy(tmp_path) as (_, outbox), outbox.sending():
        outbox.reserve([wish(0)])
        edit(tmp_path, "UPDATE outbox SET run = 'other:1:ab'")
        with pytest.raises(CertgenError) as caught:
            outbox.commit([Key(0, "certificate")], [])
        assert caught.value.problems[0].code == "outbox-taken"


# --- bounces, looking up -----------------------------------------------------------------------


def test_a_bounce_is_noted_where_something_was_sent(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox):
        run(outbox, [wish(0)])
        run(outbox, [wish(1)], state="refused")
        bounces = [Bounce(serial, "certificate", "mailbox full") for serial in (0, 1, 2)]
        assert [entry.serial for entry in outbox.bounced(bounces)] == [0]
        assert states(outbox) == ["bounced", "refused"]
        assert list(registry.history())[-1].details == {"count": 1}


def test_messages_are_found_by_id_and_by_address(tmp_path: Path) -> None:
    with academy(tmp_path) as (_, outbox):
        run(outbox, [wish(0), wish(1)])
        run(outbox, [wish(0)], again=True)
        for text in ("<0.certificate@academy.test>", "0.certificate@academy.test", " Person0@People.test "):
            assert [(entry.serial, entry.round) for entry in outbox.find(text)] == [(0, 1)]
        assert outbox.find("nobody") == []
        assert outbox.counts() == {"sent": 3}


def test_all_messages_come_in_order_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certgen.registry.outbox.MANY", 3)
    with academy(tmp_path, 8) as (_, outbox):
        run(outbox, [wish(serial, purpose=purpose) for serial in range(8) for purpose in ("b", "a")])
        assert [(entry.serial, entry.purpose) for entry in outbox.all()] == [
            (serial, purpose) for serial in range(8) for purpose in ("a", "b")
        ]
        assert list(outbox.all("unknown")) == []


# --- personal data, damage, older files --------------------------------------------------------


def test_erasing_takes_address_and_words_and_every_trace_of_them_in_the_file(tmp_path: Path) -> None:
    address = "a.very.special.address@people.test"
    with academy(tmp_path) as (registry, outbox):
        run(outbox, [wish(0, address=address), wish(1)])
        outbox.bounced([Bounce(0, "certificate", f"<{address}>: no such user")])
        run(outbox, [wish(0, address=address)], again=True)
        registry.erase([0])
        assert [(entry.address, entry.words) for entry in outbox.all()][:2] == [(None, None), (None, None)]
        assert [entry.state for entry in outbox.all()] == ["bounced", "sent", "sent"]
        assert outbox.bounced([Bounce(0, "certificate", f"{address} again")])[0].words is None
        assert registry.check() == []
    for file in tmp_path.glob(f"{FILE}*"):
        assert address.encode() not in file.read_bytes()


def test_an_answer_that_comes_after_erasing_brings_nothing_back(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox), outbox.sending():
        outbox.reserve([wish(0)])
        outbox.commit([Key(0, "certificate")], [])
        registry.erase([0])
        outbox.commit([], [Result(Key(0, "certificate"), "refused", "550 <person0@people.test> unknown", 1)])
        assert [(entry.state, entry.address, entry.words) for entry in outbox.all()] == [("refused", None, None)]


def test_erasing_somebody_who_was_only_to_be_mailed_forgets_that(tmp_path: Path) -> None:
    with academy(tmp_path) as (registry, outbox):
        with outbox.sending():
            outbox.reserve([wish(0)])
        registry.erase([0])
        assert states(outbox) == []


def edit(folder: Path, *statements: str) -> None:
    with sqlite3.connect(folder / FILE) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


EDITS = {
    "a state": "UPDATE outbox SET state = 'sent' WHERE serial = 1",
    "a state that is none": "UPDATE outbox SET state = 'sens' WHERE serial = 1",
    "an address": "UPDATE outbox SET address = 'eve@people.test' WHERE serial = 1",
    "no address": "UPDATE outbox SET address = NULL WHERE serial = 1",
    "a number": "UPDATE outbox SET serial = 2 WHERE serial = 1",
    "a round": "UPDATE outbox SET round = 1 WHERE serial = 1",
    "another kind of value": "UPDATE outbox SET words = x'00' WHERE serial = 1",
}


@pytest.mark.parametrize("statement", EDITS.values(), ids=EDITS)
def test_a_row_that_is_not_as_it_was_written_is_told_and_not_sent_by(tmp_path: Path, statement: str) -> None:
    with academy(tmp_path) as (registry, outbox):
        run(outbox, [wish(0), wish(1)], state="unknown")
        edit(tmp_path, statement)
        assert [problem.code for problem in registry.check()] == ["registry-damaged"]
        with outbox.sending(), pytest.raises(CertgenError):
            outbox.reserve([wish(1), wish(2)])


def older(folder: Path) -> None:
    """A registry as certgen made it before there was an outbox."""
    with opened(folder) as registry:
        issue(registry, people(3))
    edit(folder, "DROP TABLE outbox", "UPDATE meta SET value = '1' WHERE name = 'schema'")
    made = database.engine(folder / FILE)
    with made.connect() as connection:
        shape = database.shape(connection)
    made.dispose()
    edit(folder, f"UPDATE meta SET value = '{shape}' WHERE name = '{checking.SHAPE}'")


def test_an_older_registry_is_stepped_up_when_it_is_opened(tmp_path: Path) -> None:
    older(tmp_path)
    with opened(tmp_path) as registry:
        assert registry.check() == []
        assert registry.count() == 3
        run(registry.outbox(), [wish(0)])
    with opened(tmp_path) as registry:
        assert registry.meta("schema") == str(tables.SCHEMA)
        assert registry.outbox().counts() == {"sent": 1}
        assert registry.check() == []


def test_an_older_registry_that_was_tampered_with_is_not_blessed_by_the_step(tmp_path: Path) -> None:
    older(tmp_path)
    edit(tmp_path, "CREATE INDEX another ON credentials (state)")
    problems: list[Problem] = []
    assert Registry.open(tmp_path, problems) is None
    assert [problem.code for problem in problems] == ["registry-damaged"]


def test_a_backup_has_the_outbox_so_that_nobody_is_mailed_twice_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "academy"
    folder.mkdir()
    (folder / "issuer.toml").write_text('name = "Academy"\n')
    problems: list[Problem] = []
    with academy(folder) as (registry, outbox):
        run(outbox, [wish(0)])
        assert backup.save(folder, tmp_path / "all.age", registry, "four little words here", problems), problems
    restored = backup.restore(tmp_path / "all.age", tmp_path / "other", "four little words here", problems)
    assert restored is not None, problems
    with opened(restored.folder) as registry:
        assert [entry and entry.state for entry in run(registry.outbox(), [wish(0), wish(1)])] == ["sent", "reserved"]


# --- any order of things -----------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.booleans(), st.sampled_from(["sent", "refused", "unknown"])),
        st.tuples(st.just("killed"), st.booleans(), st.integers(0, 2)),
        st.tuples(st.just("bounced"), st.just(False), st.integers(0, 2)),
    ),
    max_size=5,
)


@settings(max_examples=8)
@given(steps=STEPS)
def test_a_message_goes_out_once_however_often_it_is_asked_for(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool, object]]
) -> None:
    """What was given leave to go, without an ``again``, goes once for each round, and no round begins without one."""
    wishes = [wish(serial) for serial in range(3)]
    gone: list[Key] = []
    with academy(tmp_path_factory.mktemp("academy")) as (registry, outbox):
        agains = 0
        for what, again, detail in steps:
            if what == "bounced":
                outbox.bounced([Bounce(int(str(detail)), "certificate", "full")])
                continue
            agains += again
            with outbox.sending():
                outbox.recover()
                entries = outbox.reserve(wishes, again=again)
                keys = [entry.key for entry in entries if entry is not None and entry.state == "reserved"]
                if what == "killed":
                    gone += outbox.commit(keys[: int(str(detail))], [])
                    continue
                gone += outbox.commit(keys, [])
                state: State = str(detail)  # type: ignore[assignment]
                outbox.commit([], [Result(key, state, "", 1) for key in keys])
                outbox.finish({})
        assert len(gone) == len(set(gone))
        assert all(key.round <= agains for key in gone)
        assert registry.check() == []


def test_messages_in_a_maildir_are_found_when_somebody_is_erased(tmp_path: Path) -> None:
    letter = Letter(0, "certificate", "a@academy.test", "person0@people.test", "<0@a.test>", bytes)
    line = Maildir(tmp_path / "outbox").line()
    for address in ("person0@people.test", "person1@people.test"):
        line.deliver(letter, f"To: {address}\r\n\r\nHello\r\n".encode(), lambda: None)
    read = next(path for path in (tmp_path / "outbox" / "new").iterdir() if b"person0" in path.read_bytes())
    read.rename(tmp_path / "outbox" / "cur" / f"{read.name}:2,S")  # as a mail program does
    with academy(tmp_path) as (registry, _):
        found = traces(tmp_path, registry.erase([0])).found
    assert [trace.path.name for trace in found] == [f"{read.name}:2,S"]
