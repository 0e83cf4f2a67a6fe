"""Runs the same work here or in several processes; results come in the order of the work, memory stays flat.

``make(payload)`` returns the worker, a function from one piece of work to its result. Here it is called once; with
processes it is called once in each, with the payload pickled once for all. ``make``, the payload, the pieces and the
results must pickle. Workers print nothing and ask nothing: whatever concerns the user happens in the parent.
Processes are spawned on every system, so that Linux, macOS and Windows do the same.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from certgen.errors import CertgenError, ExitCode, Problem

P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")

AHEAD = 3
"""Pieces of work under way for each process: one being done, and some at hand so that none waits."""

MOST = 61  # processes; Windows cannot wait for more


def run(make: Callable[[P], Callable[[T], R]], payload: P, pieces: Iterable[T], jobs: int = 1) -> Iterator[R]:
    """Yields ``make(payload)(piece)`` for each piece, in order; takes from ``pieces`` only a little ahead.

    ``jobs`` of 1 or less works in this process. Whatever the worker raises is raised here. Raises
    :class:`CertgenError` (exit code 5) when a process dies. Closing the iterator, as Ctrl-C does, lets the pieces
    under way end and drops the rest.
    """
    return _serial(make, payload, pieces) if jobs <= 1 else _processes(make, payload, pieces, jobs)


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Items in lists of ``size``, the last one shorter."""
    source = iter(items)
    while piece := list(islice(source, size)):
        yield piece


def _serial(make: Callable[[P], Callable[[T], R]], payload: P, pieces: Iterable[T]) -> Iterator[R]:
    work = make(payload)
    for piece in pieces:
        yield work(piece)


def _processes(make: Callable[[P], Callable[[T], R]], payload: P, pieces: Iterable[T], jobs: int) -> Iterator[R]:
    packed = pickle.dumps((make, payload), protocol=pickle.HIGHEST_PROTOCOL)
    with _refusal_told():
        pool = ProcessPoolExecutor(min(jobs, MOST), get_context("spawn"), _start, (packed,))
    waiting: deque[Future[R]] = deque()
    try:
        for piece in pieces:
            with _no_interrupt(), _refusal_told():  # submitting starts processes; only the parent hears Ctrl-C
                waiting.append(pool.submit(_work, piece))
            if len(waiting) >= jobs * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise CertgenError(
            Problem(
                code="worker-died",
                message="A process that was making certificates ended without a word.",
                hint="Mostly the computer ran out of memory: close other programs, or run again with --jobs 1.",
                exit_code=ExitCode.PARTIAL,
            )
        ) from error
    finally:
        with _deaf():
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _refusal_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:  # too many open files, too many processes, no memory
        raise CertgenError(
            Problem(
                code="no-worker",
                message=f"No process could be started to make certificates ({error.strerror or error}).",
                hint="Close other programs, or run again with --jobs 1.",
                exit_code=ExitCode.PARTIAL,
            )
        ) from error


@contextmanager
def _deaf() -> Iterator[None]:
    """No Ctrl-C meanwhile: one that comes while a pool's thread is waited for makes Python take that thread for ended
    (until 3.13), drop the work that it was just handing out, and wait for ever for processes that wait for the rest."""
    if threading.current_thread() is not threading.main_thread():  # Ctrl-C is the main thread's affair
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


_worker: Callable[[Any], Any] | None = None  # of a spawned process, set once


def _start(packed: bytes) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    global _worker
    make, payload = pickle.loads(packed)
    _worker = make(payload)


def _end_with_parent() -> None:
    """A pool's processes wait for work for ever, even when who gives it was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(piece: Any) -> Any:
    assert _worker is not None
    return _worker(piece)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Holds Ctrl-C back for a moment. A process spawned meanwhile inherits that, so it never sees one; Windows has no
    such mask, and there a process that is interrupted while it starts only ends."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
