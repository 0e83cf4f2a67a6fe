"""The same work here and in processes."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from certgen import executor
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.executor import AHEAD, chunks, run


def multiply(factor: int) -> Callable[[int], int]:
    return lambda piece: factor * piece


def slow_at_first(_: None) -> Callable[[int], int]:
    def work(piece: int) -> int:
        time.sleep(0.2 if piece == 0 else 0)
        return piece

    return work


def failing(_: None) -> Callable[[int], int]:
    def work(piece: int) -> int:
        if piece == 3:
            raise CertgenError(Problem(code="x", message="Three is wrong.", exit_code=ExitCode.LAYOUT))
        return piece

    return work


def dying(_: None) -> Callable[[int], int]:
    def work(piece: int) -> int:
        if piece == 2:
            os._exit(1)
        return piece

    return work


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_order(jobs: int) -> None:
    assert list(run(multiply, 3, range(20), jobs)) == [3 * n for n in range(20)]
    assert list(run(slow_at_first, None, range(8), jobs)) == list(range(8))


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_to_do(jobs: int) -> None:
    assert list(run(multiply, 3, (), jobs)) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_work_is_fetched_only_a_little_ahead(jobs: int) -> None:
    fetched = 0

    def pieces() -> Iterator[int]:
        nonlocal fetched
        while fetched < 100:
            fetched += 1
            yield fetched

    for seen, _ in enumerate(run(multiply, 1, pieces(), jobs), 1):
        assert fetched - seen < AHEAD * jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_worker_raises_is_raised_with_its_problems(jobs: int) -> None:
    with pytest.raises(CertgenError) as caught:
        list(run(failing, None, range(9), jobs))
    assert caught.value.problems[0].message == "Three is wrong."
    assert caught.value.exit_code is ExitCode.LAYOUT


def test_a_process_that_dies_is_told_in_words() -> None:
    with pytest.raises(CertgenError) as caught:
        list(run(dying, None, range(9), 2))
    assert "--jobs 1" in caught.value.problems[0].hint
    assert caught.value.exit_code is ExitCode.PARTIAL


def test_processes_that_cannot_be_started_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(executor, "ProcessPoolExecutor", refused)
    with pytest.raises(CertgenError) as caught:
        list(run(multiply, 1, range(9), 2))
    assert "Too many open files" in caught.value.problems[0].message
    assert "--jobs 1" in caught.value.problems[0].hint


def test_errors_pickle_with_their_problems() -> None:
    error = CertgenError([Problem(code="x", message="A.", row=3), Problem(code="y", message="B.")])
    again = pickle.loads(pickle.dumps(error))
    assert again.problems == error.problems
    assert again.exit_code == error.exit_code


def test_chunks() -> None:
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]


INTERRUPTED = """
import sys, time
sys.path.insert(0, {folder!r})
from certgen.executor import run
from test_executor import patient
if __name__ == "__main__":
    try:
        for n in run(patient, None, range(1000), 2):
            print(n, flush=True)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


def patient(_: None) -> Callable[[int], int]:
    def work(piece: int) -> int:
        time.sleep(0.05)
        return piece

    return work


@pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C to a process group, as a POSIX terminal does")
@pytest.mark.parametrize("wait_for_work", [True, False])
def test_ctrl_c_ends_promptly_without_a_traceback(tmp_path: str, wait_for_work: bool) -> None:
    script = os.path.join(tmp_path, "script.py")  # noqa: PTH118
    with open(script, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(INTERRUPTED.format(folder=os.path.dirname(__file__)))  # noqa: PTH120
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what runs in the background ignores it
    )
    assert process.stdout is not None
    if wait_for_work:
        assert process.stdout.readline() == "0\n"
    else:
        time.sleep(0.5)  # processes are then just starting
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert out.rstrip().endswith("stopped") or not wait_for_work
    assert "Process" not in err
    if wait_for_work:
        assert err == ""


IMPATIENT = """
import sys
sys.path.insert(0, {folder!r})
from certgen.executor import run
from test_executor import heavy
if __name__ == "__main__":
    try:
        for n in run(heavy, None, (bytes(400_000) for _ in range(1000)), 2):
            print(n, flush=True)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


def heavy(_: None) -> Callable[[bytes], int]:
    def work(piece: bytes) -> int:  # more than a pipe holds, so that whoever gives the work is still at it
        time.sleep(1.0)
        return len(piece)

    return work


@pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C to a process group, as a POSIX terminal does")
@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_a_second_ctrl_c_does_not_leave_everything_hanging(tmp_path: str, pause: float) -> None:
    script = os.path.join(tmp_path, "script.py")  # noqa: PTH118
    with open(script, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(IMPATIENT.format(folder=os.path.dirname(__file__)))  # noqa: PTH120
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what runs in the background ignores it
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "400000\n"
    for _ in range(3):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(pause)
    try:
        out, _ = process.communicate(timeout=10)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert out.rstrip().endswith("stopped")


def test_processes_end_when_the_one_that_gives_them_work_is_killed(tmp_path: str) -> None:
    script = os.path.join(tmp_path, "script.py")  # noqa: PTH118
    with open(script, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(INTERRUPTED.format(folder=os.path.dirname(__file__)))  # noqa: PTH120
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "0\n"
    process.kill()
    process.communicate(timeout=10)  # its processes have its output: that ends when the last of them does
