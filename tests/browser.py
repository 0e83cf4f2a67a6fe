"""Headless Chromium over its debugging pipe (Chrome DevTools Protocol), without further packages.

One browser serves all tests; every page is in a context of its own, as if nothing had been visited before.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_QUIET = (
    *("--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions"),
    *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-pipe", "--no-startup-window"),
)
_PATIENCE = 20.0  # seconds for an answer


class Browser:
    """A running Chromium. ``close`` ends it."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        ends = [*os.pipe(), *os.pipe()]
        to_read, self._to, self._from, to_write = high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
        nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
        mine = [(os.POSIX_SPAWN_DUP2, to_read, 3), (os.POSIX_SPAWN_DUP2, to_write, 4)]  # where Chromium looks
        command = [
            program,
            *_QUIET,
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"--user-data-dir={self._profile}",
        ]
        self._process = os.posix_spawn(program, command, os.environ, file_actions=[*nothing, *mine])
        for end in (*ends, high[0], high[3]):
            os.close(end)
        os.set_blocking(self._from, False)
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def close(self) -> None:
        os.kill(self._process, signal.SIGTERM)
        os.waitpid(self._process, 0)
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._profile, ignore_errors=True)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; what else is told meanwhile goes to ``events``."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            answer = self._next()
            if answer is None:
                time.sleep(0.002)
            elif answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            elif "method" in answer:
                self.events.append(answer)
        raise AssertionError(f"Chromium does not answer {method}")

    def _next(self) -> dict[str, Any] | None:
        while b"\0" not in self._buffer:
            try:
                piece = os.read(self._from, 1 << 20)
            except BlockingIOError:
                return None
            if not piece:
                raise AssertionError("Chromium has ended")
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    @contextmanager
    def page(
        self, *, width: int = 390, height: int = 844, languages: str = "en", scheme: str = "light", script: str = ""
    ) -> Iterator[Tab]:
        """A page that nobody has used. ``script`` runs before the page's own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            tab.call(f"{domain}.enable")
        tab.call("Emulation.setUserAgentOverride", userAgent="Mozilla/5.0 certgen-test", acceptLanguage=languages)
        tab.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        if script:
            tab.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        try:
            yield tab
        finally:
            self.call("Target.disposeBrowserContext", browserContextId=context)
            self.events = [event for event in self.events if event.get("sessionId") != session]


class Tab:
    """A page: where it goes, what it says, what it asked for."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def run(self, script: str) -> Any:
        """The value of an expression, a promise's when it has come."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def open(self, url: str) -> Tab:
        """Goes there; waits for a verdict, or for the page that asks for a certificate."""
        self.call("Page.navigate", url="about:blank")  # or another fragment would only be another question
        self.call("Page.navigate", url=url)
        return self.settled()

    def settled(self) -> Tab:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if self.run("document.readyState === 'complete' && !!document.querySelector('h1')"):
                return self
            time.sleep(0.01)
        raise AssertionError(f"no verdict: {self.run('document.documentElement.outerHTML')} {self.trouble()}")

    @property
    def state(self) -> str:
        return str(self.run("document.body.dataset.state"))

    def text(self, selector: str = "main") -> str:
        """What is shown there, as text; the elements' own, one per line."""
        return str(
            self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.innerText).join('\\n')")
        )

    def choose(self, selector: str, path: Path) -> None:
        """Chooses a file, as a person does."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def _told(self, method: str) -> list[dict[str, Any]]:
        self.run("1")  # whatever was on its way is here now
        events = self._browser.events
        return [e["params"] for e in events if e["method"] == method and e.get("sessionId") == self._session]

    def requests(self) -> list[str]:
        """Every address that was asked for, also what was blocked."""
        return [told["request"]["url"] for told in self._told("Network.requestWillBeSent")]

    def trouble(self) -> list[str]:
        """Errors and policy violations. That a file of the site is not there is no trouble."""
        thrown = [told["exceptionDetails"]["text"] for told in self._told("Runtime.exceptionThrown")]
        logged = [told["entry"]["text"] for told in self._told("Log.entryAdded") if told["entry"]["level"] == "error"]
        return thrown + [text for text in logged if "404" not in text]

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A PNG of the page."""
        from base64 import b64decode

        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        path.write_bytes(b64decode(data))
