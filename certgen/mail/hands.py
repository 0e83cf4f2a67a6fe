"""Hands that give letters over: a thread for each connection, which asks leave before each final dot."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Any, Literal, NamedTuple

from certgen.errors import CertgenError
from certgen.mail.replies import Reply
from certgen.mail.transport import Letter, Line
from certgen.registry.outbox import Entry


class Task:
    """A letter on its way; ``data`` is there from the moment that it is made until it was handed over."""

    def __init__(self, letter: Letter, entry: Entry) -> None:
        self.letter, self.entry, self.key = letter, entry, entry.key
        self.tries = entry.tries
        self.data: bytes | None = None


class Mark:
    """A connection that asks leave to send the final dot, and waits."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._answered, self._granted = threading.Event(), False

    def answer(self, granted: bool) -> None:
        self._granted = granted
        self._answered.set()

    def wait(self) -> bool:
        self._answered.wait()
        return self._granted


class Withheld(Exception):
    """Leave was not given."""


class Answer(NamedTuple):
    """What came of a task. ``reply`` is None where leave was not given; ``trouble``: an exception instead of one."""

    hand: Hand
    task: Task
    reply: Reply | None
    trouble: BaseException | None = None


class Hand(threading.Thread):
    """A connection and what is to go over it: tasks, False to close it for now, None to end."""

    def __init__(self, line: Line, inbox: SimpleQueue[Any], number: int) -> None:
        super().__init__(name=f"mail-{number}", daemon=True)
        self.line, self._inbox = line, inbox
        self.jobs: SimpleQueue[Task | Literal[False] | None] = SimpleQueue()
        self.resting = True

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            if job is False:
                self.line.rest()
            else:
                self._inbox.put(self._deliver(job))
        self.line.rest()

    def _deliver(self, task: Task) -> Answer:
        asked = False

        def ready() -> None:
            nonlocal asked
            mark = Mark(task)
            self._inbox.put(mark)
            if not mark.wait():
                raise Withheld
            asked = True

        try:
            assert task.data is not None
            return Answer(self, task, self.line.deliver(task.letter, task.data, ready))
        except Withheld:
            return Answer(self, task, None)
        except CertgenError as error:
            return Answer(self, task, Reply("later", "data", 0, "", error.problems[0].message), error)
        except BaseException as error:  # a mistake of ours: it is told in the caller's thread, after this is written
            words = "certgen failed while this message was being sent."
            return Answer(self, task, Reply("unknown" if asked else "later", "end", 0, "", words), error)
