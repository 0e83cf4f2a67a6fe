"""A mail server in a thread of its own, which does to each message what it is told to."""

from __future__ import annotations

import asyncio
import random
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, Envelope, Session

FATES = {
    "take": "taken",
    "later-rcpt": "450 4.2.1 The mailbox is busy",
    "later-dot": "451 4.3.0 Out of breath",
    "grey": "451 4.7.1 Greylisted, please try again in 300 seconds",
    "never-rcpt": "550 5.1.1 No such user here",
    "never-dot": "554 5.7.1 We do not want it",
    "bye": "421 4.3.2 Going down",
    "drop-rcpt": "the connection is closed",
    "drop-data": "the connection is closed while the message comes",
    "drop-kept": "the connection is closed after the dot, and the message was taken",
    "drop-lost": "the connection is closed after the dot, and the message was not taken",
    "hang-rcpt": "no answer",
    "hang-data": "no answer to DATA",
    "hang-kept": "no answer to the dot, and the message was taken",
    "hang-lost": "no answer to the dot, and the message was not taken",
    "nonsense": "an answer to the dot that is none",
}
"""What may happen to a message, and how the server says it."""

Fate = Callable[[str, int], str]
"""(address, how manieth try, from 1) -> one of FATES."""


class Heard(NamedTuple):
    """One try: ``fate``, and the Message-ID where the message came whole."""

    to: str
    fate: str
    message_id: str = ""


def _always_taken(address: str, turn: int) -> str:
    return "take"


class Post:
    """A context manager; ``port`` is where it listens. ``heard`` has every try in order, ``taken`` the messages that it
    answers for. ``slow``: seconds that it takes at most to answer a dot; ``tls``: encrypted from the
    start; ``hooks``: an object with further ways to sign in. ``settings`` are aiosmtpd's own."""

    def __init__(
        self,
        fate: Fate = _always_taken,
        *,
        slow: float = 0.0,
        tls: ssl.SSLContext | None = None,
        hooks: object = None,
        **settings: Any,
    ) -> None:
        self.fate, self.slow, self.hooks, self._tls = fate, slow, hooks, tls
        self.chance = random.Random(1)
        self.heard: list[Heard] = []
        self.taken: list[tuple[Envelope, bytes]] = []
        self.sessions: list[Session] = []
        self.commands: list[str] = []
        self.breaking: set[str] = set()
        self.refuse_senders = ""  # what it says to each
        self.port = 0
        self._turns: Counter[str] = Counter()
        self._settings = {"timeout": 600, "hostname": "mx.academy.test", "ident": "ESMTP"} | settings
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="post")

    def __enter__(self) -> Post:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(lambda loop, context: None)  # of connections that were broken off
        listening = loop.run_until_complete(loop.create_server(self._made, "127.0.0.1", 0, ssl=self._tls))
        self.port = listening.sockets[0].getsockname()[1]
        self._started.set()
        loop.run_forever()
        listening.close()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    def _made(self) -> SMTP:
        return _Talk(self, **self._settings, loop=self._loop)

    def settle(self, address: str) -> None:
        """Waits until a connection that is to break while the message comes has broken: otherwise the last of the
        message may be faster than the news, and then nobody can know that it was not taken."""
        while address in self.breaking:
            time.sleep(0.0005)

    # --- what it knows -----------------------------------------------------------------------

    def ids(self) -> Counter[str]:
        """How many times each message was taken, by its Message-ID."""
        return Counter(message_id(content) for _, content in self.taken)

    def turn(self, address: str) -> str:
        self._turns[address] += 1
        return self.fate(address, self._turns[address])


def message_id(content: bytes) -> str:
    found = re.search(rb"(?im)^message-id:\s*(<[^>]*>)", content)
    return found[1].decode() if found else ""


class _Talk(SMTP):
    """One connection."""

    def __init__(self, post: Post, **settings: Any) -> None:
        self._post = post
        for name in dir(post.hooks):
            if name.startswith("auth_"):
                setattr(self, name, getattr(post.hooks, name))
        super().__init__(self, **settings)
        self._fate = "take"

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if session not in self._post.sessions:
            self._post.sessions.append(session)
        return responses

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._post.commands.append("RSET")
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._post.commands.append("QUIT")
        return "221 Bye"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._post.commands.append("MAIL")
        if self._post.refuse_senders:
            return self._post.refuse_senders
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fate = self._fate = self._post.turn(address)
        if fate in ("later-rcpt", "never-rcpt", "bye", "grey"):
            self._note(address)
            return FATES[fate]
        if fate == "drop-rcpt":
            await self._gone(address)
        elif fate == "hang-rcpt":
            await self._silent(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def smtp_DATA(self, arg: str) -> None:
        if self._fate not in ("drop-data", "hang-data"):
            await super().smtp_DATA(arg)
            return
        address = self.envelope.rcpt_tos[0]  # type: ignore[union-attr]
        if self._fate == "hang-data":
            await self._silent(address)
        self._post.breaking.add(address)
        await self.push("354 Go on")
        await self._reader.read(100)
        await self._gone(address)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        fate, (address,) = self._fate, envelope.rcpt_tos
        if fate in ("take", "drop-kept", "hang-kept", "nonsense"):
            self._post.taken.append((envelope, envelope.content))
        if fate.startswith("drop"):
            await self._gone(address, envelope.content)
        elif fate.startswith("hang"):
            await self._silent(address, envelope.content)
        self._note(address, envelope.content)
        if self._post.slow:
            await asyncio.sleep(self._post.chance.uniform(0, self._post.slow))
        return {"take": "250 2.0.0 Taken", "nonsense": "well, yes"}.get(fate) or FATES[fate]

    def _note(self, address: str, content: bytes = b"") -> None:
        self._post.heard.append(Heard(address, self._fate, message_id(content)))

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if self._fate == "drop-data" and self.envelope is not None:
            self._post.breaking.difference_update(self.envelope.rcpt_tos)

    async def _gone(self, address: str, content: bytes = b"") -> None:
        self._note(address, content)
        self.transport.abort()  # type: ignore[union-attr]
        await self._silent("")

    async def _silent(self, address: str, content: bytes = b"") -> None:
        if address:
            self._note(address, content)
        await asyncio.Event().wait()
