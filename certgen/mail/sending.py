"""Sends letters: each once, at a pace that the server bears, and with an account of what became of each.

The caller's thread has the registry and makes the messages; a thread for each connection hands them over. Just before a
final dot a connection asks leave, and gets it when the registry has it on the disk that this message is on its way; the
answers of all connections that came meanwhile are written in the same transaction. So whatever stops certgen, and
whenever, one message for each connection at most is in doubt, and none goes out twice.
"""

from __future__ import annotations

import heapq
import itertools
import random
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.mail.hands import Answer, Hand, Mark, Task
from certgen.mail.replies import Reply
from certgen.mail.tempo import Clock, Pace, Tempo
from certgen.mail.transport import Letter, Transport
from certgen.registry import Registry
from certgen.registry.outbox import Entry, Key, Outbox, Result, Wish

Stop = Literal["", "limit", "interrupted", "problem"]

LINGER = 0.2  # seconds for which answers wait for company in their transaction
IDLE = 20.0  # seconds without a message after which connections are closed


class Progress(NamedTuple):
    """How far it is. ``next_try``: seconds until something happens again, where nothing does now; ``last``: the entry
    that has just changed; ``stopping``: why no more is sent."""

    total: int
    sent: int
    refused: int
    unknown: int
    waiting: int
    next_try: float = 0.0
    last: Entry | None = None
    stopping: Stop = ""


class Outcome(Struct, kw_only=True):
    """What became of all. ``waiting``: offered or not, they will be sent when the command is run again, ``next_try``
    says from when on; ``skipped``: mailed or refused before, as their entries say; ``gone``: serial numbers of
    certificates that do not stand any more; ``recovered``: what an earlier run left in doubt when it was killed;
    ``stopped``: why it ended before its time, ``problems`` has the words."""

    sent: list[Entry] = []
    refused: list[Entry] = []
    unknown: list[Entry] = []
    waiting: list[Entry] = []
    skipped: list[Entry] = []
    gone: list[int] = []
    recovered: list[Entry] = []
    problems: list[Problem] = []
    stopped: Stop = ""
    next_try: datetime | None = None


def send(
    registry: Registry,
    letters: Iterable[Letter],
    transport: Transport,
    pace: Pace,
    watch: Callable[[Progress], None] = lambda progress: None,
    *,
    again: bool = False,
    waiting: Callable[[str], None] | None = None,
    clock: Clock | None = None,
    chance: random.Random | None = None,
) -> Outcome:
    """Sends what was not sent yet; with ``again`` also what was, or the rest of an ``again`` that was cut short.

    ``waiting`` is told who is sending already ("Ana on PC-7, since 10:31"), while it waits for them. On Ctrl-C the
    messages in hand are finished; on a second one their connections are broken off. Raises :class:`CertgenError` where
    the registry cannot be written."""
    clock = clock or Clock()
    outbox = registry.outbox(clock.utc)
    wanted = list({(letter.serial, letter.purpose): letter for letter in letters}.values())
    with outbox.sending(waiting):
        outcome = Outcome(recovered=outbox.recover())
        wishes = [Wish(letter.serial, letter.purpose, letter.message_id, letter.to) for letter in wanted]
        tasks = []
        for letter, entry in zip(wanted, outbox.reserve(wishes, again=again), strict=True):
            if entry is None:
                outcome.gone.append(letter.serial)
            elif entry.state == "reserved":
                tasks.append(Task(letter, entry))
            else:
                outcome.skipped.append(entry)
        if again and outcome.skipped:
            outcome.problems.append(_rest_of_again())
        run = _Run(outbox, tasks, transport, pace, watch, clock, chance or random.Random(), outcome)
        try:
            with run.interruptible():
                try:
                    run.through()
                finally:
                    run.close()
        finally:
            if tasks:
                outbox.finish({"asked": len(wanted), "stopped": run.stopping})
    return outcome


# --- a run -----------------------------------------------------------------------------------


class _Run:
    def __init__(
        self,
        outbox: Outbox,
        tasks: list[Task],
        transport: Transport,
        pace: Pace,
        watch: Callable[[Progress], None],
        clock: Clock,
        chance: random.Random,
        outcome: Outcome,
    ) -> None:
        self.outbox, self.transport, self.pace, self.watch = outbox, transport, pace, watch
        self.clock, self.tempo, self.outcome = clock, Tempo(pace, clock, chance), outcome
        self.total = len(tasks)
        self.stopping: Stop = ""
        self.inbox: SimpleQueue[Any] = SimpleQueue()  # what hands say, and signals
        self.hands: list[Hand] = []
        self.idle: list[Hand] = []
        self.busy: set[Key] = set()
        self.fresh: deque[Task] = deque()
        self.later: list[tuple[float, int, Task]] = []  # a heap
        self.left: dict[Key, Entry] = {task.key: task.entry for task in tasks}  # what waits, or is under way
        self.unwritten: list[Result] = []
        self.waited = self.write_by = 0.0
        self.broken_off = False
        self.failed = 0  # to be made
        self.crash: BaseException | None = None
        self._order = itertools.count()
        now, utc = clock.now(), clock.utc()
        for task in tasks:
            before = task.entry.not_before
            if before is not None and before > utc:
                self._put_off(task, now + (before - utc).total_seconds())
            else:
                self.fresh.append(task)

    # --- the loop ----------------------------------------------------------------------------

    def through(self) -> None:
        """Until nothing is left, or nothing more is to be sent now."""
        while True:
            self._hand_out()
            pause = self._pause()
            working = bool(self.busy or self.unwritten)
            if not working and pause is None:
                break
            self._prepare()
            only_waiting = not working and self._put_back()
            began = self.clock.now()
            if self.unwritten:
                linger = max(0.0, self.write_by - began)
                pause = linger if pause is None else min(pause, linger)
            item = self.clock.wait(self.inbox, pause, busy=bool(self.busy))
            if only_waiting:
                self.waited += self.clock.now() - began
            self._take(item)
        if self.crash is not None:
            raise self.crash

    def _take(self, item: Any) -> None:
        """Whatever has come, in one transaction. Answers alone wait a moment for a connection that asks leave."""
        marks: list[Mark] = []
        while item is not None:
            if isinstance(item, Mark):
                marks.append(item)
            elif isinstance(item, Answer):
                self._freed(item)
                result = self._settled(item)  # at once: it decides whether, and when, the next one goes
                if result is not None:
                    self.write_by = self.write_by if self.unwritten else self.clock.now() + LINGER
                    self.unwritten.append(result)
            else:
                self._interrupted()
            item = None if self.inbox.empty() else self.inbox.get()
        company = (self.fresh or self.busy) and len(self.unwritten) <= len(self.hands) and not self.stopping
        if marks or (self.unwritten and not (company and self.clock.now() < self.write_by)):
            self._write(marks)

    def _freed(self, answer: Answer) -> None:
        self.busy.discard(answer.task.key)
        self.idle.append(answer.hand)
        answer.task.data = None

    def _write(self, marks: list[Mark]) -> None:
        results = self.unwritten
        wanted = [] if self.broken_off else [mark.task.key for mark in marks]
        granted: set[Key] = set()
        try:
            granted = self.outbox.commit(wanted, results)
            self.unwritten = []
        finally:
            for mark in marks:
                mark.answer(mark.task.key in granted)
        for key in wanted:
            if key not in granted:
                del self.left[key]
                self.outcome.gone.append(key.serial)
        for result in results:
            self._told(result)

    def _told(self, result: Result) -> None:
        """What is on the disk now."""
        entry = replace(
            self.left[result.key],
            state=result.state,
            tries=result.tries,
            at=self.clock.utc(),
            not_before=result.not_before,
            words=result.words,
        )
        self.left[result.key] = entry
        if entry.state != "reserved":
            del self.left[result.key]
            ended = {"sent": self.outcome.sent, "refused": self.outcome.refused, "unknown": self.outcome.unknown}
            ended[entry.state].append(entry)
        self.watch(self._progress(entry))

    def _progress(self, last: Entry | None = None, next_try: float = 0.0) -> Progress:
        done = self.outcome
        counts = len(done.sent), len(done.refused), len(done.unknown), len(self.left)
        return Progress(self.total, *counts, next_try, last, self.stopping)

    # --- what is next ------------------------------------------------------------------------

    def _next(self) -> float | None:
        """When something can be handed out; None: there is nothing."""
        if self.stopping or not (self.fresh or self.later):
            return None
        due = self.clock.now() if self.fresh else self.later[0][0]
        return max(due, self.tempo.open_at)

    def _put_back(self) -> bool:
        """Whether nothing can be sent now but for what the server wants later."""
        return not self.fresh or self.tempo.held

    def _free(self) -> bool:
        return bool(self.idle) or len(self.hands) < max(1, self.pace.connections)

    def _hand_out(self) -> None:
        while self._free() and (at := self._next()) is not None and at <= self.clock.now():
            task = self._picked()
            if not self._made(task):
                continue
            if not self.idle:
                self.hands.append(Hand(self.transport.line(), self.inbox, len(self.hands)))
                self.hands[-1].start()
                self.idle.append(self.hands[-1])
            hand = self.idle.pop()
            self.busy.add(task.key)
            hand.resting = False
            hand.jobs.put(task)
            self.tempo.begun()

    def _picked(self) -> Task:
        """Who was put off goes first when the time has come."""
        if self.later and (not self.fresh or self.later[0][0] <= self.clock.now()):
            return heapq.heappop(self.later)[2]
        return self.fresh.popleft()

    def _prepare(self) -> None:
        """Makes the next message while others are under way."""
        if self.busy and self.fresh and not self.stopping and self.inbox.empty() and not self._made(self.fresh[0]):
            self.fresh.popleft()

    def _made(self, task: Task) -> bool:
        """A message that cannot be made stays reserved, and the next one may do better."""
        try:
            task.data = task.data or task.letter.make()
        except CertgenError as error:
            self.outcome.problems += error.problems
            self.failed += 1
            if self.failed >= max(1, self.pace.stop_after):
                self._stop("problem")
            return False
        return True

    def _pause(self) -> float | None:
        """Seconds until something can be handed out; None where there is nothing to wait for but what is under way."""
        at = self._next()
        if at is None or not self._free():
            return None
        pause = max(0.0, at - self.clock.now())
        if not self.busy:
            if self._put_back() and pause > self.pace.wait - self.waited:
                return None
            if pause > IDLE:
                self._rest()
            if pause > 1.0 and not self.unwritten:
                self.watch(self._progress(None, pause))
        return pause

    def _rest(self) -> None:
        for hand in self.hands:
            if not hand.resting:
                hand.resting = True
                hand.jobs.put(False)

    def _put_off(self, task: Task, due: float) -> None:
        heapq.heappush(self.later, (due, next(self._order), task))

    # --- answers -----------------------------------------------------------------------------

    def _settled(self, answer: Answer) -> Result | None:
        """What the outbox is told of an answer; None where it knows already that nothing was sent."""
        task, reply = answer.task, answer.reply
        if reply is None:
            return None
        if answer.trouble is not None:
            return self._troubled(task, reply, answer.trouble)
        if reply.of_server and reply.kind == "later":
            return self._put_off_all(task, reply)
        self.tempo.answered()
        task.tries += 1
        words = str(reply)
        if reply.kind == "accepted":
            self.tempo.well()
            return Result(task.key, "sent", words, task.tries)
        if reply.kind == "later":
            pause = self.tempo.pause(reply, task.tries)
            self._put_off(task, self.clock.now() + pause)
            return Result(task.key, "reserved", words, task.tries, self.clock.utc() + timedelta(seconds=pause))
        if reply.of_sender:
            self._stop("problem", _sender_refused(task.letter, self.transport.name, reply))
            return Result(task.key, "reserved", words, task.tries)
        too_many = self.tempo.badly()
        if too_many is not None:
            self._stop("limit", _too_many(*too_many))
        return Result(task.key, "refused" if reply.kind == "never" else "unknown", words, task.tries)

    def _put_off_all(self, task: Task, reply: Reply) -> Result:
        """It is the server that has trouble; this message is the first one afterwards."""
        pause = self.tempo.trouble(reply)
        if pause is None:
            self._stop("problem", _unreachable(self.transport.name, reply))
            pause = 0.0
        self._put_off(task, self.clock.now() + pause)
        return Result(task.key, "reserved", str(reply), task.tries)

    def _troubled(self, task: Task, reply: Reply, trouble: BaseException) -> Result:
        if isinstance(trouble, CertgenError):
            self._stop("problem", *trouble.problems)
        else:
            self._stop("problem")
            self.crash = self.crash or trouble
        return Result(task.key, "unknown" if reply.kind == "unknown" else "reserved", reply.words, task.tries)

    # --- ending ------------------------------------------------------------------------------

    def _stop(self, why: Stop, *problems: Problem) -> None:
        if not self.stopping:
            self.stopping = why
            self.outcome.problems += problems

    def _interrupted(self) -> None:
        if self.stopping == "interrupted":
            self._break_off()
        self._stop("interrupted")
        self.watch(self._progress())

    def _break_off(self) -> None:
        self.broken_off = True
        for hand in self.hands:
            hand.line.drop()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Ctrl-C, and a polite kill, are things that come like others."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kinds = [signal.SIGINT, signal.SIGTERM]
        before = [signal.signal(kind, lambda number, frame: self.inbox.put(number)) for kind in kinds]
        try:
            yield
        finally:
            for kind, handler in zip(kinds, before, strict=True):
                signal.signal(kind, signal.SIG_DFL if handler is None else handler)

    def close(self) -> None:
        """Threads end, whatever has happened: what is in hand is finished and written if that can be; nothing else
        goes. Then what waits is told."""
        while self.busy:
            item = self.inbox.get()
            if isinstance(item, Mark):
                item.answer(False)
            elif isinstance(item, Answer):
                self._freed(item)
                result = self._settled(item)
                self.unwritten += [] if result is None else [result]
            else:
                self._break_off()
        if self.unwritten:
            with suppress(CertgenError):  # it may be the registry that has failed
                self.outbox.commit([], self.unwritten)
        for hand in self.hands:
            hand.jobs.put(None)
            hand.join()
        self.outcome.stopped = self.stopping
        self.outcome.waiting = list(self.left.values())
        times = [entry.not_before for entry in self.left.values() if entry.not_before is not None]
        self.outcome.next_try = min(times, default=None)


# --- in words --------------------------------------------------------------------------------


def _sender_refused(letter: Letter, server: str, reply: Reply) -> Problem:
    message = f"{server} does not let {letter.sender} send: {reply}."
    hint = "Look at from, sender and user in issuer.toml's [mail]: may this user send from that address?"
    return Problem(code="mail-sender", message=message, hint=hint, exit_code=ExitCode.DELIVERY)


def _unreachable(server: str, reply: Reply) -> Problem:
    message = f"{server} cannot be reached: {reply}"
    hint = "Look at host and port in issuer.toml's [mail], and at this computer's connection, and run again."
    return Problem(code="mail-unreachable", message=message, hint=hint, exit_code=ExitCode.DELIVERY)


def _rest_of_again() -> Problem:
    message = "The last run with --again was cut short, so this is the rest of it: whoever got it then is left out."
    hint = "To mail all of them once more, run with --again again."
    return Problem(code="mail-rest", message=message, hint=hint, severity="warning", exit_code=ExitCode.DELIVERY)


def _too_many(count: int, of: int) -> Problem:
    message = f"Stopped: of the last {of} messages {count} were refused or in doubt."
    hint = "Look at what the server said. If all is well, run again, with a higher --stop-after."
    return Problem(code="mail-refusals", message=message, hint=hint, exit_code=ExitCode.DELIVERY)
