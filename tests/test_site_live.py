"""The site as others see it: served on this computer, and compared with the registry when it is live."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from publisher import KEY, OTHER_KEY, SECRET, Publisher

from certgen import sealed, site, status
from certgen.signing import KeyRecord
from certgen.site import Settings, live
from certgen.site.live import Comparison, Fetched
from certgen.site.serve import server

TODAY = date(2026, 11, 22)


@contextmanager
def running(made: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made.server_address[1]
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


class Live:
    """An academy, what it built, and a copy of that as the host has it."""

    def __init__(self, folder: Path) -> None:
        self.academy = Publisher(folder / "academy")
        self.folder, self.host = folder / "site", folder / "host"

    def publish(self, *, day: date = TODAY, key: Any = KEY) -> None:
        self.build(day=day, key=key)
        shutil.rmtree(self.host, ignore_errors=True)
        shutil.copytree(self.folder, self.host)

    def build(self, *, day: date = TODAY, key: Any = KEY) -> None:
        problems: list[Any] = []
        settings = Settings(day=day)
        assert site.build(self.folder, self.academy.registry, self.academy.issuer, key, SECRET, settings, problems), (
            problems
        )

    def fetch(self, name: str) -> Fetched:
        path = self.host / ("v.html" if name == "v" else name)
        return Fetched(path.read_bytes()) if path.is_file() else Fetched(None)

    def compare(self, today: date = TODAY) -> Comparison:
        return live.compare(self.academy.registry, self.academy.issuer, SECRET, today, self.fetch)

    def states(self, today: date = TODAY) -> dict[str, str]:
        """What does not agree."""
        return {seen.file: seen.state for seen in self.compare(today).files if seen.state != "agrees"}


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Live]:
    made = Live(tmp_path)
    yield made
    made.academy.registry.close()


def test_what_was_just_published_agrees_and_is_remembered(there: Live) -> None:
    there.academy.issue()
    there.publish()
    assert site.unpublished(there.academy.registry, SECRET) is not None  # nobody has looked yet
    found = there.compare()
    assert found.agrees and not found.false and found.days == 400
    assert site.unpublished(there.academy.registry, SECRET) is None


def test_whatever_changes_what_is_published_is_noticed(there: Live) -> None:
    """Commands that hand certificates out warn until the site has been published and checked again."""
    ana, *_ = there.academy.issue()
    changes: list[Callable[[], object]] = [
        lambda: there.academy.issue("Eva Novák"),
        lambda: there.academy.registry.revoke([ana.serial], "Plagiarism", TODAY),
        lambda: there.academy.registry.erase([ana.serial]),
        lambda: there.academy.facts("Another course"),
        lambda: there.academy.registry.add_key(KeyRecord(OTHER_KEY.public.multikey, TODAY)),
    ]
    for change in changes:
        there.publish()
        assert there.compare().agrees
        change()
        assert site.unpublished(there.academy.registry, SECRET) is not None


def test_new_certificates_are_missing_until_they_are_published(there: Live) -> None:
    there.academy.issue("Ana Díaz")
    there.publish()
    (bo,) = there.academy.issue("Bo Li")
    there.academy.facts("Another course")
    found = there.states()
    assert set(found.values()) == {"missing"}
    assert sealed.place_of(bo.code) in found and any(name.startswith("facts/") for name in found)


def test_cancellations_that_are_not_live_are_told(there: Live) -> None:
    ana, *_ = there.academy.issue()
    there.publish()
    there.academy.registry.revoke([ana.serial], "Plagiarism", TODAY)
    assert there.states() == {"status/0.json": "older", "notices/0.json": "older"}


def test_a_site_that_knows_more_than_the_registry_is_newer(there: Live, tmp_path: Path) -> None:
    """As after restoring an old backup."""
    ana, *_ = there.academy.issue()
    there.publish()
    other = Live(tmp_path / "other")
    other.academy.issue()
    other.academy.registry.revoke([ana.serial], "Plagiarism", TODAY)
    other.publish()
    other.academy.registry.close()
    for name in ("status/0.json", "notices/0.json"):
        shutil.copy(other.host / name, there.host / name)
    assert there.states() == {"status/0.json": "newer", "notices/0.json": "newer"}


def test_a_list_that_is_too_old_is_told_with_its_day(there: Live) -> None:
    there.academy.issue("Ana Díaz")
    there.publish()
    assert there.compare(TODAY + timedelta(390)).days == 10
    assert there.states(TODAY + timedelta(400)) == {"status/0.json": "older"}


@pytest.mark.parametrize("name", ["status/0.json", "notices/0.json", "did.json", "site.json", "v.html", "verify.html"])
def test_an_altered_file_is_false(there: Live, name: str) -> None:
    there.academy.issue("Ana Díaz")
    there.publish()
    data = (there.host / name).read_bytes()
    (there.host / name).write_bytes(data.replace(b"2026", b"2025") + (b"" if b"2026" in data else b" {"))
    if name == "site.json":
        (there.host / name).write_bytes(b"[]")
    found = there.compare()
    assert {seen.file for seen in found.files if seen.state == "false"} == {name} | (
        {"v"} if name == "v.html" else set()
    ) and found.false


def test_altered_facts_and_codes_are_false(there: Live) -> None:
    (ana,) = there.academy.issue("Ana Díaz")
    there.publish()
    (facts,) = (there.host / "facts").iterdir()
    facts.write_bytes(b"{}")
    (there.host / sealed.place_of(ana.code)).write_bytes(bytes(412))
    assert there.states() == {f"facts/{facts.name}": "false", sealed.place_of(ana.code): "false"}


def test_another_academy_s_files_are_foreign(there: Live) -> None:
    there.academy.issue("Ana Díaz")
    there.publish()
    document = json.loads((there.host / "did.json").read_bytes())
    document["verificationMethod"][0]["publicKeyMultibase"] = OTHER_KEY.public.multikey
    (there.host / "did.json").write_text(json.dumps(document))
    theirs = status.status_list(0, [], there.academy.issuer, OTHER_KEY, TODAY)
    (there.host / "status/0.json").write_bytes(theirs)
    assert there.states() == {"did.json": "foreign", "status/0.json": "foreign"}


def test_a_stolen_key_that_is_still_named_is_false(there: Live) -> None:
    there.academy.issue("Ana Díaz")
    there.publish()
    there.academy.registry.add_key(KeyRecord(OTHER_KEY.public.multikey, TODAY))
    there.academy.registry.change_key(KEY.public.multikey, "compromised", TODAY)
    found = there.states()
    assert found["did.json"] == found["site.json"] == "false" and found["honest.json"] == "missing"
    assert found["status/0.json"] == "false"  # signed with the stolen key: anybody could have
    there.publish(key=OTHER_KEY)
    assert there.states() == {}


def test_an_earlier_page_is_told_from_a_stranger_s(there: Live) -> None:
    there.academy.issue("Ana Díaz")
    there.publish()
    there.academy.issuer = replace(there.academy.issuer, contact="new@harbour-academy.org")
    there.build(day=TODAY + timedelta(1))
    found = there.states()
    assert {found[name] for name in ("v/index.html", "v.html", "verify.html")} == {"older"}


def test_a_host_that_does_not_find_what_qr_codes_open_is_told(there: Live) -> None:
    there.academy.issue("Ana Díaz")
    there.publish()
    found = live.compare(
        there.academy.registry,
        there.academy.issuer,
        SECRET,
        TODAY,
        lambda name: Fetched(None) if name == "v" else there.fetch(name),
    )
    assert [(seen.file, seen.state) for seen in found.files if seen.state != "agrees"] == [("v", "missing")]


def test_an_erased_person_s_code_must_go_from_the_host_too(there: Live) -> None:
    ana, *_ = there.academy.issue()
    there.publish()
    there.academy.registry.erase([ana.serial])
    assert there.states()[sealed.place_of(ana.code)] == "older"
    there.publish()
    assert there.states() == {}


def test_nothing_is_remembered_while_something_is_missing(there: Live) -> None:
    there.academy.issue("Ana Díaz")
    there.publish()
    (there.host / "site.json").unlink()
    assert not there.compare().agrees
    assert site.unpublished(there.academy.registry, SECRET) is not None


# --- served here, fetched over HTTP ----------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/acme"])
def test_a_served_site_agrees(tmp_path: Path, path: str) -> None:
    (tmp_path / "site").mkdir()
    with running(server(tmp_path / "site", path)) as port:
        academy = Publisher(tmp_path / "academy", f"http://127.0.0.1:{port}{path}")
        academy.issue()
        assert site.build(tmp_path / "site", academy.registry, academy.issuer, KEY, SECRET, Settings(day=TODAY), [])
        found = live.compare(academy.registry, academy.issuer, SECRET, TODAY)
        academy.registry.close()
    assert found.agrees, found.files


def asked(port: int, path: str) -> tuple[int, str, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.getheader("Content-Type", ""), answer.read()
    connection.close()
    return found


def test_the_local_server_answers_as_a_host_does_and_lists_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    for name in ("v/index.html", "v.html", "site.json", "codes/ab/cdef", ".well-known/did.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("secret")
    with running(server(folder, "/acme")) as port:
        assert asked(port, "/acme/v")[1:] == ("text/html; charset=utf-8", b"v.html")
        assert asked(port, "/acme/v/")[2] == b"v/index.html"
        assert asked(port, "/acme/site.json?x=1")[1] == "application/json"
        assert asked(port, "/acme/codes/ab/cdef")[:2] == (200, "application/octet-stream")
        assert asked(port, "/acme/.well-known/did.json")[0] == 200
        for path in ("/acme/codes/", "/acme/", "/v.html", "/", "/acme/../../secret.txt", "/acme/%2e%2e/secret.txt",
                     "/acme/..%2fsecret.txt", "/acmev.html", "/acme/%00"):  # fmt: skip
            assert asked(port, path)[0] == 404, path


class Hostile(BaseHTTPRequestHandler):
    """A host that does what it should not."""

    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "http://localhost:1/elsewhere")
            self.end_headers()
        elif self.path.startswith("/round"):
            self.send_response(302)
            self.send_header("Location", self.path)
            self.end_headers()
        elif self.path.startswith("/here"):
            self.send_response(301)
            self.send_header("Location", "/plain")
            self.end_headers()
        elif self.path.startswith("/large"):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _ in range(64):
                    self.wfile.write(bytes(1000))
        elif self.path.startswith("/error"):
            self.send_error(503)
        elif self.path.startswith("/silent"):
            self.server.held.wait(5)  # type: ignore[attr-defined]
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"plain")

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_a_hostile_host_is_told_and_never_followed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LARGEST", 50_000)
    monkeypatch.setattr(live, "SECONDS", 0.3)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    made.held = threading.Event()  # type: ignore[attr-defined]
    with running(made) as port:
        web = live.Web(f"http://127.0.0.1:{port}")
        assert web("plain") == Fetched(b"plain") and web("here") == Fetched(b"plain")
        for name, words in (
            ("away", "another host"), ("round", "in circles"), ("large", "too large"), ("error", "503"),
            ("silent", "cannot be reached"),
        ):  # fmt: skip
            found = web(name)
            assert found.data is None and words in found.why, (name, found)
        for _ in range(2):
            assert web("silent").data is None
        began = time.monotonic()
        assert web("plain").data is None and time.monotonic() - began < 0.2  # it is away: not asked again
        made.held.set()  # type: ignore[attr-defined]
    assert "cannot be reached" in live.Web(f"http://127.0.0.1:{port}")("plain").why
