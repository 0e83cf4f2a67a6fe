"""One writer at a time: on a disk, over a network, in a folder that a synchroniser copies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import IO

import msgspec
import pytest

from certgen.errors import CertgenError, ExitCode
from certgen.registry import FILE, lease
from certgen.registry.ground import ground, is_network, kind_in
from certgen.registry.lease import Holder, Lease, Pace
from tests.registers import BATCH, QUICK, done, issue, one, opened, people, reserve, wanted

ROOT = Path(__file__).resolve().parent.parent
PLACES = ["Documents", "Dropbox"]  # a disk of this computer, and what is taken for a synchroniser's folder


@pytest.fixture(params=PLACES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place = tmp_path / request.param / "academy"
    place.mkdir(parents=True)
    return place


@contextmanager
def holding(folder: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease for a while, or until it is killed."""
    code = (
        "import sys, time; from pathlib import Path; from tests.registers import *\n"
        "with opened(Path(sys.argv[1]), pace=QUICK) as registry, registry.writing():\n"
        "    reserve(registry, people(3)); print('held', flush=True); time.sleep(float(sys.argv[2]))\n"
        "    print('given back', flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(folder), str(seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        yield run


# --- one at a time ---------------------------------------------------------------------------------------


def test_a_second_writer_waits_and_is_told_for_whom(folder: Path) -> None:
    told: list[str] = []
    with holding(folder, 0.7) as run, opened(folder, pace=QUICK) as registry, registry.writing(told.append):
        assert run.wait(20) == 0  # it had done, and gave the lease back
        assert registry.count("reserved") == 3
    assert len(told) == 1
    assert told[0].startswith(f"{lease.who()} on ")
    assert ", since " in told[0]


def test_the_lease_of_a_killed_process_is_nobodys(folder: Path) -> None:
    with holding(folder, 60) as run:
        run.kill()
    begun = time.monotonic()
    with opened(folder) as registry, registry.writing():  # by the usual pace, of minutes
        assert {match.kind for match in registry.match(people(3))} == {"unfinished"}
    assert time.monotonic() - begun < 5


def test_nothing_is_left_beside_the_registry(folder: Path) -> None:
    with opened(folder, pace=QUICK) as registry:
        issue(registry, people(2))
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", FILE]


def test_the_lease_may_be_taken_within_itself_and_is_held_to_the_end(folder: Path) -> None:
    taken: list[str] = []

    def other() -> None:
        with opened(folder, pace=QUICK) as registry, registry.writing():
            taken.append("other")

    with opened(folder, pace=QUICK) as registry:
        with registry.writing():
            with registry.writing():
                registry.set_meta("a", "b")
            thread = threading.Thread(target=other)
            thread.start()
            time.sleep(0.3)
            taken.append("first")
        thread.join(20)
    assert taken == ["first", "other"]


def test_an_error_inside_gives_the_lease_back(folder: Path) -> None:
    with opened(folder, pace=QUICK) as registry:
        with pytest.raises(RuntimeError), registry.writing():
            raise RuntimeError
        with opened(folder, pace=QUICK) as other, other.writing():
            pass


def test_whoever_waits_can_give_up(folder: Path) -> None:
    class Enough(Exception):
        pass

    def enough(_: str) -> None:
        raise Enough

    with opened(folder, pace=QUICK) as first, first.writing(), opened(folder, pace=QUICK) as second:
        with pytest.raises(Enough), second.writing(enough):
            pass
        with pytest.raises(Enough), second.writing(enough):  # and is no nearer to it than before
            pass
        issue(first, people(1))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="whoever may write everywhere is never refused")
def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    with opened(folder) as registry:
        folder.chmod(0o500)
        try:
            with pytest.raises(CertgenError) as stopped, registry.writing():
                pass
        finally:
            folder.chmod(0o700)
    assert stopped.value.exit_code is ExitCode.REGISTRY


# --- over a network ----------------------------------------------------------------------------------------


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "OneDrive - Academy" / "certificates"
    folder.mkdir(parents=True)
    return folder


def lease_file(folder: Path) -> Path:
    return folder / f"{FILE}-lease"


def foreign(folder: Path, beat: int = 0) -> None:
    """The lease of somebody at another computer."""
    holder = Holder("ana", "PC-7", "c0ffee", 4711, "2026-03-02T10:31:00+00:00", "token-of-ana", beat)
    lease_file(folder).write_bytes(msgspec.json.encode(holder))


def test_on_a_disk_there_is_a_log_and_in_a_shared_folder_a_journal_and_a_named_lease(
    shared: Path, tmp_path: Path
) -> None:
    for place, names in ((tmp_path, {f"{FILE}-wal", f"{FILE}-shm", f"{FILE}-lock"}), (shared, {f"{FILE}-lease"})):
        with opened(place) as registry, registry.writing():
            reserve(registry, people(1))
            there = {path.name for path in place.iterdir() if path.is_file()}
            assert there == {FILE, ".gitignore", *names}
    assert b"lease" not in b"".join(path.read_bytes() for path in shared.iterdir())


def test_the_lease_names_user_and_machine(shared: Path) -> None:
    with opened(shared) as registry, registry.writing():
        holder = msgspec.json.decode(lease_file(shared).read_bytes(), type=Holder)
        assert (holder.user, holder.process) == (lease.who(), os.getpid())
        assert holder.machine


def test_a_lease_whose_heart_beats_is_respected_for_as_long_as_it_beats(shared: Path) -> None:
    with opened(shared, pace=QUICK) as registry:
        told: list[str] = []
        alive = threading.Event()

        def beating() -> None:
            count = 0
            while not alive.wait(QUICK.stale / 8):
                foreign(shared, count := count + 1)

        foreign(shared)
        heart = threading.Thread(target=beating)
        heart.start()
        threading.Timer(QUICK.stale * 2, alive.set).start()
        begun = time.monotonic()
        with registry.writing(told.append):
            waited = time.monotonic() - begun
        heart.join()
    assert waited > QUICK.stale * 2
    assert len(told) == 1
    assert told[0].startswith("ana on PC-7, since ")
    assert told[0].endswith(" on 2026-03-02")


def test_a_heart_beats_while_a_long_batch_is_at_work(shared: Path) -> None:
    with opened(shared, pace=QUICK) as registry, registry.writing():
        beats = set()
        for _ in range(40):
            if (holder := lease._holder(lease_file(shared))) is not None:
                beats.add(holder.beat)
            time.sleep(0.01)
    assert len(beats) > 2


def test_a_lease_of_another_computer_that_died_is_taken_over_after_a_while(shared: Path) -> None:
    with opened(shared, pace=QUICK) as registry:
        foreign(shared)
        begun = time.monotonic()
        with registry.writing():
            assert time.monotonic() - begun > QUICK.stale
            issue(registry, people(1))
        assert not lease_file(shared).exists()


def test_who_was_taken_over_writes_nothing_more(shared: Path) -> None:
    with opened(shared, pace=QUICK) as registry, registry.writing():
        (made, *_) = reserve(registry, people(2))
        foreign(shared)  # this computer slept, and ana's took over
        for act in (
            lambda: registry.finish(BATCH, [done(made)]),
            lambda: reserve(registry, [wanted("Una Example")]),
            lambda: registry.set_meta("a", "b"),
        ):
            with pytest.raises(CertgenError) as stopped:
                act()
            assert stopped.value.problems[0].code == "registry-lease"
            assert stopped.value.exit_code is ExitCode.REGISTRY
        assert (registry.count(), registry.count("reserved"), registry.meta("a")) == (0, 2, None)
    assert lease_file(shared).exists()  # it is ana's


def test_who_is_taken_over_in_the_midst_of_a_transaction_takes_it_back(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(shared, pace=QUICK) as registry, registry.writing():
        asked = chain([True], repeat(False))
        monkeypatch.setattr(registry._lease, "still_mine", lambda: next(asked))
        with pytest.raises(CertgenError):
            registry.set_meta("a", "b")
        assert registry.meta("a") is None


def test_of_two_who_find_a_dead_lease_one_gets_it(shared: Path) -> None:
    """Each as if on a computer of its own."""
    opened(shared).close()
    foreign(shared)
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        mine = Lease(shared / FILE, shared=True, pace=QUICK)
        mine._lock, mine.computer = lease.Lock(shared.parent / f"{number}.lock", QUICK), str(number)
        mine.take()
        inside.append(number)
        most.append(len(inside))
        time.sleep(0.1)
        inside.remove(number)
        mine.give_back()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1, 1, 1, 1]


def test_who_comes_too_late_to_a_dead_lease_does_not_throw_out_who_was_quicker(shared: Path) -> None:
    mine = Holder("ben", "PC-8", "beef", 1, "2026-03-02T10:31:00+00:00", "token-of-ben")
    foreign(shared, 7)
    dead = lease._holder(lease_file(shared))
    foreign(shared, 8)  # it was not dead, or is another's now
    late = Lease(shared / FILE, shared=True, pace=QUICK)
    assert not late._taken_over(dead, mine)
    assert lease._holder(lease_file(shared)) == msgspec.structs.replace(dead, beat=8)


def test_a_lock_on_a_file_that_others_do_not_see_any_more_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the opening and the locking, its holder gave it back and took it away, and a third one made another."""
    path = tmp_path / "lock"
    locked = lease._locked

    def late(file: IO[bytes]) -> bool:
        path.unlink()
        path.write_bytes(b"")
        return locked(file)

    monkeypatch.setattr(lease, "_locked", late)
    assert lease.Lock(path, QUICK)._try() is None


def test_a_registry_once_shared_stays_careful_wherever_it_is_opened(shared: Path, tmp_path: Path) -> None:
    with opened(shared) as registry:
        issue(registry, people(1))
    (shared / FILE).rename(tmp_path / FILE)  # the server's own disk
    with opened(tmp_path) as registry, registry.writing():
        reserve(registry, [wanted("Una Example")])
        assert lease_file(tmp_path).exists()
        assert not (tmp_path / f"{FILE}-wal").exists()


def test_a_registry_that_moves_into_a_shared_folder_gets_its_journal(shared: Path, tmp_path: Path) -> None:
    with opened(tmp_path) as registry:
        issue(registry, people(1))
    (tmp_path / FILE).rename(shared / FILE)
    with opened(shared) as registry, registry.writing():
        reserve(registry, [wanted("Una Example")])
        assert not (shared / f"{FILE}-wal").exists()
        assert one(registry, people(1)[0]).kind == "unchanged"


def test_a_lease_that_cannot_be_read_is_waited_for_and_then_taken_over(shared: Path) -> None:
    with opened(shared, pace=QUICK) as registry:
        lease_file(shared).write_bytes(b"\0\0\0\0")
        begun = time.monotonic()
        with registry.writing():
            assert time.monotonic() - begun > QUICK.stale


def test_who_died_while_taking_a_lease_over_blocks_it_only_for_a_while(shared: Path) -> None:
    with opened(shared, pace=QUICK) as registry:
        foreign(shared)
        (shared / f"{FILE}-lease-taken").write_bytes(b"")
        with registry.writing():
            pass
    assert sorted(path.name for path in shared.iterdir()) == [".gitignore", FILE]


def test_what_a_killed_writer_of_leases_left_is_tidied_up(shared: Path) -> None:
    stray = shared / f"{FILE}-lease.0123456789abcdef"
    stray.write_bytes(b"{}")
    with opened(shared, pace=QUICK) as registry, registry.writing():
        assert not stray.exists()


def test_the_usual_pace_leaves_many_beats_before_a_lease_is_dead() -> None:
    assert Pace().stale >= 8 * Pace().beat


# --- where a folder lies -----------------------------------------------------------------------------------

SYNCED = [
    "/home/ana/OneDrive/academy",
    "/home/ana/OneDrive - Academy Ltd/x",
    "/home/ana/Dropbox (Academy)/x",
    "/Users/ana/Library/CloudStorage/GoogleDrive-ana@academy.test/My Drive/x",
    "/Users/ana/Library/Mobile Documents/com~apple~CloudDocs/x",
    "/home/ana/Nextcloud/x",
    "/home/ana/Box/x",
]


@pytest.mark.parametrize("path", SYNCED)
def test_folders_of_synchronisers_are_known_by_their_names(path: str) -> None:
    assert ground(Path(path)) == "synced"


@pytest.mark.parametrize("path", ["/home/ana/Documents/academy", "/home/ana/box/x", "/home/ana/dropboxes/x"])
def test_other_folders_are_local(path: str) -> None:
    assert ground(Path(path)) == "local"


@pytest.mark.parametrize("mark", [".stfolder", ".dropbox"])
def test_folders_of_synchronisers_are_known_by_what_lies_in_them(tmp_path: Path, mark: str) -> None:
    (tmp_path / "courses").mkdir()
    assert ground(tmp_path / "courses") == "local"
    (tmp_path / mark).mkdir()
    assert ground(tmp_path / "courses") == "synced"


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_into_a_synchronised_folder_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "Dropbox" / "academy").mkdir(parents=True)
    (tmp_path / "academy").symlink_to(tmp_path / "Dropbox" / "academy")
    assert ground(tmp_path / "academy") == "synced"


MOUNTS = r"""
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
30 22 0:25 / /home/ana/server rw,relatime shared:5 - cifs //server/share rw,vers=3.0
31 22 0:26 / /home/ana/two\040words rw shared:6 - nfs4 server:/x rw
32 22 0:27 / /media/stick rw - fuseblk /dev/sdb1 rw
33 22 0:28 / /home/ana/far rw - fuse.sshfs ana@far: rw
34 22 0:29 / /home/ana/server/local rw - ext4 /dev/sdc1 rw
""".strip()


@pytest.mark.parametrize(
    ("path", "network"),
    [
        ("/home/ana/academy", False),
        ("/home/ana/server/academy", True),
        ("/home/ana/serverless", False),
        ("/home/ana/two words/academy", True),
        ("/media/stick/academy", False),
        ("/home/ana/far", True),
        ("/home/ana/server/local/x", False),
    ],
)
def test_a_network_is_known_by_the_file_system_that_a_folder_is_on(path: str, network: bool) -> None:
    assert is_network(kind_in(MOUNTS, Path(path))) is network
