"""A run of sending: each message once, at the server's pace, with an account of each, whatever stops it."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from msgspec.structs import replace

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.mail.folder import Maildir
from certgen.mail.replies import Reply, answered
from certgen.mail.secrets import Secret
from certgen.mail.sending import Outcome, Pace, Progress, send
from certgen.mail.smtp import Login, Smtp
from certgen.mail.tempo import Tempo
from certgen.mail.transport import Letter
from certgen.registry import FILE, Registry
from certgen.registry.outbox import Outbox
from tests import authority
from tests.mailfaults.letters import Leaping, letter, letters
from tests.mailfaults.server import Fate, Post
from tests.mailfaults.trials import PATIENCE, academy, killed, misbehaved
from tests.registers import issue, opened, people

FAST = Pace(per_minute=1e9, wait=1e6, stop_after=10**6)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return academy(tmp_path_factory.mktemp("made") / "academy", 30)


@pytest.fixture
def registry(made: Path, tmp_path: Path) -> Iterator[Registry]:
    """One with 30 people."""
    shutil.copy(made / FILE, tmp_path)
    with opened(tmp_path) as registry:
        yield registry


class Desk:
    """A registry, a server that does what it is told, and time that leaps."""

    def __init__(self, registry: Registry, post: Post) -> None:
        self.registry, self.post, self.clock = registry, post, Leaping()
        self.server = Smtp("127.0.0.1", post.port, "none", patience=PATIENCE)
        self.seen: list[Progress] = []
        self.chance = random.Random(5)

    def send(self, count: int = 30, pace: Pace = FAST, **more: Any) -> Outcome:
        some = more.pop("letters", None) or letters(self.registry)[:count]
        watch = more.pop("watch", self.seen.append)
        given: dict[str, Any] = {"clock": self.clock, "chance": self.chance, **more}
        return send(self.registry, some, self.server, pace, watch, **given)


def names(entries: list[Any]) -> list[int]:
    return sorted(entry.serial for entry in entries)


def person(number: int) -> str:
    return f"person{number}@people.test"


def only(fates: dict[str, str], times: int = 10**6) -> Fate:
    return lambda address, turn: fates.get(address, "take") if turn <= times else "take"


# --- once -------------------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 3])
def test_everybody_is_mailed_once_and_a_second_run_mails_nobody(registry: Registry, connections: int) -> None:
    with Post() as post:
        desk = Desk(registry, post)
        done = desk.send(pace=replace(FAST, connections=connections))
        assert names(done.sent) == list(range(30))
        assert sorted(post.ids().values()) == [1] * 30
        assert (done.stopped, done.problems, done.waiting, done.next_try) == ("", [], [], None)
        assert len(post.sessions) <= connections
        more = desk.send()
        assert (more.sent, names(more.skipped), len(post.taken)) == ([], list(range(30)), 30)
        assert desk.seen[-1].sent == 30
        assert registry.check() == []
        events = [event.details for event in registry.history() if event.kind == "mailed"]
        assert events == [{"asked": 30, "counts": {"sent": 30}, "stopped": ""}]  # the second run did nothing


def test_again_mails_them_again(registry: Registry) -> None:
    with Post() as post:
        desk = Desk(registry, post)
        desk.send(2)
        done = desk.send(2, again=True)
        assert [entry.round for entry in done.sent] == [1, 1]
        assert sorted(post.ids().values()) == [2, 2]


def test_an_again_that_was_cut_short_is_finished_and_says_so(registry: Registry) -> None:
    def watch(progress: Progress) -> None:
        if progress.sent == 1:
            raise KeyError("cut short")

    with Post() as post:
        desk = Desk(registry, post)
        desk.send(3)
        with pytest.raises(KeyError):
            desk.send(3, again=True, watch=watch)
        done = desk.send(3, again=True)
        assert done.recovered == []  # what was in hand when it was cut short was finished, and written
        assert [problem.code for problem in done.problems] == ["mail-rest"]
        assert done.problems[0].severity == "warning"
        assert sorted(post.ids().values()) == [2, 2, 2]


def test_two_letters_for_one_certificate_and_purpose_are_one(registry: Registry) -> None:
    with Post() as post:
        desk = Desk(registry, post)
        two = [letters(registry)[0]] * 2 + [letter(next(registry.all()), purpose="expiry-notice")]
        assert len(desk.send(letters=two).sent) == 2


def test_at_the_final_dot_the_disk_says_that_the_message_is_on_its_way(registry: Registry) -> None:
    states: list[str] = []

    class Looking(Post):
        def turn(self, address: str) -> str:
            with sqlite3.connect(registry.path) as other:
                before = other.execute("SELECT state FROM outbox WHERE address = ?", (address,)).fetchone()[0]
            other.close()
            states.append(before)
            return super().turn(address)

    class Line:
        def deliver(self, given: Letter, data: bytes, ready: Callable[[], None]) -> Reply:
            post.turn(given.to)
            ready()
            post.turn(given.to)
            return Reply("accepted", "end", 250)

        def rest(self) -> None: ...

        def drop(self) -> None: ...

    class Looked:
        name = "looked"

        def line(self) -> Line:
            return Line()

    with Looking() as post:
        send(registry, letters(registry)[:3], Looked(), FAST, clock=Leaping())
    assert states == ["reserved", "sending"] * 3


def test_nothing_is_sent_that_the_registry_does_not_have(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in the middle: no dot without a row, and what was answered before is known."""
    commit, count = Outbox.commit, itertools.count()
    full = Problem(code="registry-disk-full", message="The disk is full.", exit_code=ExitCode.REGISTRY)

    def until_full(self: Outbox, *given: Any) -> Any:
        if next(count) >= 5:
            raise CertgenError(full)
        return commit(self, *given)

    with Post() as post:
        desk = Desk(registry, post)
        with monkeypatch.context() as patch:
            patch.setattr(Outbox, "commit", until_full)
            with pytest.raises(CertgenError):
                desk.send()
        taken = len(post.taken)
        done = desk.send()
        assert len(done.recovered) <= 1
        assert names(done.sent + done.skipped) == list(range(30))
        assert sorted(post.ids().values()) == [1] * len(post.taken)
        assert taken == 5


def test_a_registry_that_fails_for_a_moment_leaves_nothing_in_doubt(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, count = Outbox.commit, itertools.count()
    busy = Problem(code="registry-busy", message="The registry is held.", exit_code=ExitCode.REGISTRY)

    def once_busy(self: Outbox, *given: Any) -> Any:
        if next(count) == 5:
            raise CertgenError(busy)
        return commit(self, *given)

    monkeypatch.setattr(Outbox, "commit", once_busy)
    with Post() as post:
        desk = Desk(registry, post)
        with pytest.raises(CertgenError):
            desk.send()
        done = desk.send()
        assert (done.recovered, len(done.sent) + len(done.skipped)) == ([], 30)
        assert sorted(post.ids().values()) == [1] * 30


# --- later, never -------------------------------------------------------------------------------


def test_greylisting_passes_after_the_time_that_the_server_names_and_holds_up_nobody(registry: Registry) -> None:
    times: dict[str, list[float]] = {}

    def fate(address: str, turn: int) -> str:
        times.setdefault(address, []).append(desk.clock.now())
        return "grey" if address in (person(3), person(4)) and desk.clock.now() < 290 else "take"

    with Post(fate) as post:
        desk = Desk(registry, post)
        done = desk.send()
        assert len(done.sent) == 30
        assert {address for address, tries in times.items() if len(tries) > 1} == {person(3), person(4)}
        for address in (person(3), person(4)):
            first, second = times[address]
            assert 300 <= second - first <= 345
        assert max(time for tries in times.values() for time in tries[:1]) < 10
        assert [heard.to for heard in post.heard][-2:] in ([person(3), person(4)], [person(4), person(3)])
        assert any(progress.next_try > 250 for progress in desk.seen)


def test_a_server_is_taken_at_its_word_however_long_that_is() -> None:
    tempo = Tempo(Pace(), Leaping(), random.Random(1))
    for said, least, most in (("in 15 minutes", 900, 1000), ("in 40 seconds", 40, 50), ("in 9 hours", 3600, 4000)):
        for tries in (1, 5):
            assert least <= tempo.pause(answered(451, f"4.7.1 Try again {said}", "recipient"), tries) <= most


def test_pauses_grow_from_five_minutes_to_an_hour(registry: Registry) -> None:
    times: list[float] = []

    def fate(address: str, turn: int) -> str:
        times.append(desk.clock.now())
        return "later-dot" if turn < 8 else "take"

    with Post(fate) as post:
        desk = Desk(registry, post)
        (entry,) = desk.send(1).sent
        assert entry.tries == 8
    pauses = [after - before for before, after in itertools.pairwise(times)]
    for pause, middle in zip(pauses, [300, 600, 1200, 2400, 3600, 3600, 3600], strict=True):
        assert middle * 0.8 <= pause <= middle * 1.2 + 1
    assert len({round(pause / middle, 3) for pause, middle in zip(pauses[-3:], [3600] * 3, strict=True)}) == 3  # jitter


def test_a_command_that_has_waited_enough_ends_and_the_next_one_goes_on(registry: Registry) -> None:
    with Post(only({person(0): "grey"}, 1)) as post:
        desk = Desk(registry, post)
        done = desk.send(3, replace(FAST, wait=60.0))
        assert (names(done.sent), names(done.waiting)) == ([1, 2], [0])
        assert done.next_try is not None
        assert timedelta(seconds=299) < done.next_try - desk.clock.utc() < timedelta(seconds=345)
        assert done.waiting[0].words == "451 4.7.1 Greylisted, please try again in 300 seconds"
        early = desk.send(3, replace(FAST, wait=60.0))
        assert (early.sent, names(early.waiting), len(post.heard)) == ([], [0], 3)
        desk.clock.wait(SimpleQueue(), 400.0, busy=False)
        assert names(desk.send(3, replace(FAST, wait=60.0)).sent) == [0]


def test_waiting_counts_only_when_there_is_nothing_else_to_do(registry: Registry) -> None:
    """A slow pace is no waiting: 30 messages at 6 a minute take five minutes. The first one is put off for five minutes
    and a bit, so that a wait of one minute is enough for it."""
    with Post(only({person(0): "grey"}, 1)) as post:
        desk = Desk(registry, post)
        done = desk.send(pace=replace(FAST, per_minute=6.0, wait=60.0))
        assert len(done.sent) == 30
        assert 290 <= desk.clock.now() <= 345


def test_a_permanent_refusal_is_told_with_its_words_and_never_tried_again(registry: Registry) -> None:
    with Post(only({person(1): "never-rcpt", person(2): "never-dot"})) as post:
        desk = Desk(registry, post)
        done = desk.send(4)
        assert {entry.address: entry.words for entry in done.refused} == {
            person(1): "550 5.1.1 No such user here",
            person(2): "554 5.7.1 We do not want it",
        }
        more = desk.send(4)
        assert names(more.skipped) == [0, 1, 2, 3]
        assert [heard.to for heard in post.heard] == [person(0), person(1), person(2), person(3)]


def test_a_server_that_says_421_is_left_alone_for_a_while_and_then_served_more_slowly(registry: Registry) -> None:
    times: list[float] = []

    def fate(address: str, turn: int) -> str:
        times.append(desk.clock.now())
        return "bye" if address == person(5) and turn == 1 else "take"

    with Post(fate) as post:
        desk = Desk(registry, post)
        done = desk.send(pace=replace(FAST, per_minute=60.0))
        assert len(done.sent) == 30
        assert {entry.tries for entry in done.sent} == {1}
        assert len(post.sessions) == 2
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert all(0.9 <= gap <= 1.1 for gap in gaps[:5])
    assert gaps[5] >= 4.0
    assert all(1.9 <= gap <= 2.1 for gap in gaps[6:24])  # half as fast, for twenty messages


def test_a_server_that_puts_off_everybody_gets_time_to_breathe(registry: Registry) -> None:
    """It is not offered thirty messages in a row that it will not take now."""
    times: list[float] = []

    def fate(address: str, turn: int) -> str:
        times.append(desk.clock.now())
        return "later-rcpt" if turn == 1 else "take"

    with Post(fate) as post:
        desk = Desk(registry, post)
        assert len(desk.send().sent) == 30
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert [number for number, gap in enumerate(gaps[:25], 1) if gap > 40] == [10, 20]


def test_a_server_that_does_not_want_to_hear_for_whom_it_is_is_left_alone(registry: Registry) -> None:
    with Post() as post:
        desk = Desk(registry, post)
        post.refuse_senders = "452 4.3.1 Out of room"
        done = desk.send(pace=replace(FAST, wait=600.0))
        assert (done.stopped, len(done.waiting), post.commands.count("MAIL")) == ("", 30, 6 + 1)
        assert {entry.tries for entry in done.waiting} == {0}


@pytest.mark.parametrize("fate", ["never-rcpt", "hang-lost"])
def test_too_many_refusals_or_doubts_stop_the_run_and_the_rest_waits(registry: Registry, fate: str) -> None:
    with Post(lambda address, turn: fate) as post:
        desk = Desk(registry, post)
        desk.server.patience = PATIENCE._replace(end=0.05)
        done = desk.send(pace=replace(FAST, stop_after=4))
        assert (done.stopped, len(done.refused) + len(done.unknown), len(done.waiting)) == ("limit", 4, 26)
        assert [problem.code for problem in done.problems] == ["mail-refusals"]
        assert len(post.heard) == 4


def test_scattered_refusals_stop_nothing(registry: Registry) -> None:
    with Post(only({person(n): "never-rcpt" for n in (3, 13, 23)})) as post:
        assert Desk(registry, post).send(pace=replace(FAST, stop_after=4)).stopped == ""


# --- what stops a run at once -------------------------------------------------------------------


def test_a_sender_that_the_server_does_not_take_stops_the_run_and_refuses_nobody(registry: Registry) -> None:
    with Post() as post:
        desk = Desk(registry, post)
        post.refuse_senders = "550 5.7.60 This user may not send from that address"
        done = desk.send()
        assert (done.stopped, len(done.waiting), done.refused) == ("problem", 30, [])
        (problem,) = done.problems
        assert problem.code == "mail-sender"
        assert "5.7.60" in problem.message
        post.refuse_senders = ""
        assert len(desk.send().sent) == 30


def test_a_wrong_password_stops_the_run_at_once(registry: Registry) -> None:
    with Post(auth_require_tls=False, authenticator=lambda *given: False) as post:
        desk = Desk(registry, post)
        desk.server = Smtp("127.0.0.1", post.port, "none", Login("ana", "password", Secret("x")), patience=PATIENCE)
        done = desk.send(pace=replace(FAST, connections=3))
        assert (done.stopped, len(done.waiting), post.heard) == ("problem", 30, [])
        assert done.problems[0].code in ("mail-login", "mail-no-login")
        assert {entry.state for entry in registry.outbox().all()} == {"reserved"}


def test_a_server_that_cannot_be_reached_is_tried_three_times(registry: Registry) -> None:
    with Post() as post:
        desk = Desk(registry, post)
    done = desk.send()
    assert (done.stopped, len(done.waiting)) == ("problem", 30)
    assert [problem.code for problem in done.problems] == ["mail-unreachable"]
    assert {entry.tries for entry in done.waiting} == {0}


def test_a_message_that_cannot_be_made_is_told_and_the_others_go(registry: Registry) -> None:
    def broken() -> bytes:
        raise CertgenError(Problem(code="not-copied", message="Certificate 1 cannot be made again."))

    with Post() as post:
        desk = Desk(registry, post)
        some = letters(registry)[:3]
        done = desk.send(letters=[some[0], some[1]._replace(make=broken), some[2]])
        assert (names(done.sent), names(done.waiting)) == ([0, 2], [1])
        assert [problem.code for problem in done.problems] == ["not-copied"]
        assert names(desk.send(3).sent) == [1]


def test_a_certificate_that_is_revoked_while_its_message_waits_is_not_mailed(registry: Registry) -> None:
    def fate(address: str, turn: int) -> str:
        if address == person(1) and turn == 1:
            return "grey"
        if address == person(2):
            with opened(registry.path.parent) as other:
                other.revoke([1], "Awarded in error", date(2026, 5, 1))
        return "take"

    with Post(fate) as post:
        done = Desk(registry, post).send(4)
        assert (names(done.sent), done.gone, done.waiting) == ([0, 2, 3], [1], [])
        assert person(1) not in {content.rcpt_tos[0] for content, _ in post.taken}


def test_a_mistake_of_ours_is_told_after_what_it_left_is_written(registry: Registry) -> None:
    class Line:
        def deliver(self, given: Letter, data: bytes, ready: Callable[[], None]) -> Reply:
            if given.serial == 1:
                ready()
                raise ZeroDivisionError
            ready()
            return Reply("accepted", "end", 250)

        def rest(self) -> None: ...

        def drop(self) -> None: ...

    class Broken:
        name = "broken"

        def line(self) -> Line:
            return Line()

    with pytest.raises(ZeroDivisionError):
        send(registry, letters(registry)[:3], Broken(), FAST, clock=Leaping())
    assert [entry.state for entry in registry.outbox().all()] == ["sent", "unknown", "reserved"]
    assert threading.active_count() < 10


# --- stopped by people ---------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="a signal that a process sends itself")
def test_ctrl_c_finishes_the_message_in_hand_and_the_next_run_goes_on(registry: Registry) -> None:
    before = signal.getsignal(signal.SIGINT)

    def watch(progress: Progress) -> None:
        if progress.sent == 5 and not progress.stopping:
            os.kill(os.getpid(), signal.SIGINT)

    with Post() as post:
        desk = Desk(registry, post)
        done = desk.send(watch=watch)
        assert done.stopped == "interrupted"
        assert len(done.sent) == len(post.taken) < 8
        assert done.unknown == []
        assert len(done.waiting) == 30 - len(done.sent)
        assert signal.getsignal(signal.SIGINT) == before
        assert len(desk.send().sent) == len(done.waiting)
        assert sorted(post.ids().values()) == [1] * 30


@pytest.mark.skipif(os.name != "posix", reason="a signal that a process sends itself")
def test_a_second_ctrl_c_does_not_wait_for_a_server_that_does_not_answer(registry: Registry) -> None:
    with Post(only({person(1): "hang-kept"})) as post:
        desk = Desk(registry, post)
        desk.server.patience = PATIENCE._replace(end=30.0)

        def twice() -> None:
            while len(post.taken) < 2:
                time.sleep(0.01)
            for _ in range(2):
                time.sleep(0.05)
                os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=twice)
        thread.start()
        begun = time.monotonic()
        done = desk.send(3)
        thread.join()
        assert time.monotonic() - begun < 10
        assert (done.stopped, names(done.sent), names(done.unknown), names(done.waiting)) == (
            "interrupted",
            [0],
            [1],
            [2],
        )


def test_a_batch_is_not_kept_waiting_by_a_run_that_sends(registry: Registry) -> None:
    def fate(address: str, turn: int) -> str:
        if address == person(1):
            with opened(registry.path.parent) as other:  # the message is under way now
                issue(other, [*people(30), *people(31)[30:]])
        return "take"

    with Post(fate) as post:
        assert len(Desk(registry, post).send(3).sent) == 3
    assert registry.count() == 31


def test_two_who_send_at_once_do_so_one_after_the_other(registry: Registry) -> None:
    waited: list[str] = []
    outcomes: list[Outcome] = []

    def second() -> None:
        with opened(registry.path.parent) as other:
            desk = Desk(other, post)
            outcomes.append(desk.send(waiting=waited.append, clock=None))

    def watch(progress: Progress) -> None:
        if progress.sent == 1:
            thread.start()
            while not waited:
                time.sleep(0.01)

    with Post() as post:
        thread = threading.Thread(target=second)
        first = Desk(registry, post).send(watch=watch)
        thread.join()
    assert (len(first.sent), len(outcomes[0].sent), len(outcomes[0].skipped)) == (30, 0, 30)
    assert sorted(post.ids().values()) == [1] * 30
    assert " on " in waited[0]


def test_a_folder_is_a_server_like_others(registry: Registry, tmp_path: Path) -> None:
    done = send(registry, letters(registry), Maildir(tmp_path / "box"), FAST)
    assert len(done.sent) == len(list((tmp_path / "box" / "new").iterdir())) == 30
    assert send(registry, letters(registry), Maildir(tmp_path / "box"), FAST).sent == []


def test_a_folder_that_cannot_be_written_stops_the_run(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "box").write_text("in the way")
    done = send(registry, letters(registry), Maildir(tmp_path / "box"), FAST)
    assert (done.stopped, len(done.waiting)) == ("problem", 30)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="exim takes another configuration from root only")
def test_a_real_server_delivers_each_message_once(
    registry: Registry, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    made = authority.authority(tmp_path / "authority")
    login = Login(authority.USER, "password", Secret(authority.PASSWORD))
    some = letters(registry)
    some[3] = some[3]._replace(to="nobody@people.test")
    some[4] = some[4]._replace(to="later@people.test")
    with authority.exim(tool("exim4"), made) as exim:
        server = Smtp(authority.HOST, exim.port, "starttls", login, context=made.trusted())
        done = send(registry, some, server, replace(FAST, connections=3, wait=0.0))
        assert (len(done.sent), names(done.refused), names(done.waiting)) == (28, [3], [4])
        arrived = exim.mail(28)
    assert sorted(message["Message-ID"] for message in arrived) == sorted(entry.message_id for entry in done.sent)
    assert all(message.get_payload().startswith(".begins with a dot\n") for message in arrived)


# --- the campaign, in its short form -------------------------------------------------------------------


@pytest.fixture(scope="module")
def seed() -> int:
    chosen = 1 if os.environ.get("CI") == "true" else random.randrange(10**6)
    print(f"python -m tests.mailfaults --people 120 --seeds 1 --kills 4 --first {chosen}")
    return chosen


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return academy(tmp_path_factory.mktemp("crowd") / "academy", 120)


def test_a_server_that_does_all_it_should_not_gets_nobody_mailed_twice(crowd: Path, tmp_path: Path, seed: int) -> None:
    found = misbehaved(crowd, tmp_path / "academy", seed, 2)
    assert found.faults == []
    assert found.figures["tries"] > 125


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_run_that_is_killed_leaves_one_message_in_doubt_at_most(crowd: Path, tmp_path: Path, seed: int) -> None:
    found = killed(crowd, tmp_path / "academy", seed, 2)
    assert found.faults == []
    assert found.figures["kills"] > 0


def test_the_campaign_finds_what_it_looks_for(crowd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """certgen is made to take a broken connection after the dot for a refusal that may be tried again."""
    monkeypatch.setattr("certgen.mail.smtp.lost", lambda where, words: Reply("later", where, 0, "", words))
    found = misbehaved(crowd, tmp_path / "academy", 3)
    assert any("was taken 2 times" in fault for fault in found.faults)
    assert any("should be unknown" in fault for fault in found.faults)
