"""The commands of the site, and those that take certificates back, as they are typed."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest
from academy import ISSUER, Academy
from browser import Browser
from click.testing import CliRunner
from conftest import missing

from certgen.cli import cli, guarded
from certgen.codes import grouped
from certgen.registry import Registry
from certgen.site.serve import server


class Done(NamedTuple):
    """What a command ended with, and what it said."""

    exit_code: int
    output: str


class Desk:
    """An academy whose verification address is this computer, and somebody who types."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.site = folder, folder / "site"
        self.academy = Academy(folder)
        self.address = f"http://127.0.0.1:{port}"
        issuer = ISSUER.replace("https://verify.meridian-training.org", self.address)
        (folder / "issuer.toml").write_text(issuer, encoding="utf-8")
        assert self("batch", self.academy.roster).exit_code == 0

    def __call__(self, *arguments: str | Path) -> Done:
        told = io.StringIO()
        with redirect_stdout(told), redirect_stderr(told):
            code = guarded(lambda: cli.main([*map(str, arguments)], standalone_mode=False))
        return Done(code, told.getvalue())

    def code(self, name: str) -> str:
        registry = Registry.open(self.folder, [])
        assert registry is not None
        with registry:
            return next(
                held.code for held in registry.all(state="issued") if held.content and held.content.name == name
            )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("CERTGEN_PASSPHRASE", "correct horse battery")
    monkeypatch.setenv("COLUMNS", "200")
    folder = tmp_path / "academy"
    made = server(folder / "site")
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        desk = Desk(folder, made.server_address[1])
        monkeypatch.chdir(folder)
        yield desk
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def test_from_a_batch_to_a_live_site_that_tells_what_was_revoked(desk: Desk) -> None:
    ana, chidi = desk.code("Ana Díaz"), desk.code("Chidi Okafor")
    assert desk("site", "build", "site").exit_code == 0
    checked = desk("site", "check")
    assert checked.exit_code == 0 and "agrees with what is known here" in checked.output

    revoked = desk("revoke", chidi, "--reason", "Plagiarism", "--yes")
    assert revoked.exit_code == 0 and "certgen site build site" in revoked.output
    reissued = desk("reissue", ana, "--name", "Ana María Díaz", "--yes")
    assert reissued.exit_code == 0 and "Ana María Díaz" in reissued.output
    behind = desk("site", "check")
    assert behind.exit_code == 5 and "Not everything is published yet" in behind.output

    built = desk("site", "build", "site")
    assert "4 certificates, 2 of them cancelled" in built.output
    assert desk("site", "check").exit_code == 0
    (desk.site / "v.html").write_text("<script>alert(1)</script>")
    altered = desk("site", "check")
    assert altered.exit_code == 8 and "is not what this academy says" in altered.output


def test_nothing_is_taken_back_unasked(desk: Desk) -> None:
    code = desk.code("Ana Díaz")
    for command in (("revoke", code, "--reason", "Why"), ("reissue", code, "--name", "Eva")):
        done = desk(*command)
        assert done.exit_code == 2 and "--yes" in done.output
    assert desk.code("Ana Díaz") == code


def test_mistakes_change_nothing(desk: Desk) -> None:
    code = desk.code("Ana Díaz")
    done = desk("revoke", code, "0000-0000-0000-0000", "--reason", "Why", "--yes")
    assert done.exit_code == 2 and "0000-0000-0000-0000" in done.output
    assert desk.code("Ana Díaz") == code
    assert desk("revoke", "--yes").exit_code == desk("reissue", "--yes").exit_code == 2


def test_many_come_from_a_sheet(desk: Desk) -> None:
    codes = [desk.code(name) for name in ("Ana Díaz", "Chidi Okafor")]
    table = desk.folder / "list.csv"
    table.write_text("code,reason\n" + "".join(f"{code},Issued by mistake\n" for code in codes), encoding="utf-8")
    done = desk("revoke", "--sheet", table, "--yes")
    assert done.exit_code == 0 and "Revoked: 2 certificates" in done.output
    again = desk("revoke", "--sheet", table, "--yes")
    assert again.exit_code == 0 and "already" in again.output and "Revoked" not in again.output


def test_an_academy_without_certificates_has_no_site_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Academy(tmp_path / "academy")
    monkeypatch.chdir(tmp_path / "academy")
    done = CliRunner().invoke(cli, ["site", "build", "site"])
    assert done.exit_code != 0 and not (tmp_path / "academy/site").exists()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to a process there")
def test_serve_shows_the_last_build_until_it_is_stopped(desk: Desk) -> None:
    import signal

    assert desk("site", "build", "site").exit_code == 0
    command = [sys.executable, "-u", "-m", "certgen", "site", "serve"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=desk.folder,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what runs in the background ignores it
    )
    try:
        assert process.stdout is not None
        with process.stdout:
            address = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(address, timeout=10) as answer:
                assert answer.read() == (desk.site / "v.html").read_bytes()
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_the_browser_says_of_the_built_site_what_the_commands_did(desk: Desk) -> None:
    """Everything together: certificates of a batch, the site of the command, the page in a browser."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        missing("chromium", "install chromium (apt or brew)")
    ana, chidi, olena = (desk.code(name) for name in ("Ana Díaz", "Chidi Okafor", "Олена Коваль"))
    assert desk("revoke", chidi, "--reason", "Issued by mistake", "--yes").exit_code == 0
    assert desk("reissue", ana, "--name", "Ana María Díaz", "--yes").exit_code == 0
    assert desk("site", "build", "site").exit_code == 0
    new = desk.code("Ana María Díaz")
    browser = Browser(program)
    try:
        seen = {}
        for code in (olena, chidi, ana, new):
            with browser.page() as tab:
                tab.open(f"{desk.address}/v#{grouped(code)}").settled()
                seen[code] = tab.state, tab.text()
    finally:
        browser.close()
    assert seen[olena][0] == seen[new][0] == "authentic"
    assert (
        "Олена Коваль" in seen[olena][1] and "Fair recruitment" in seen[olena][1] and "Ana María Díaz" in seen[new][1]
    )
    assert seen[chidi][0] == "revoked" and "Issued by mistake" in seen[chidi][1]
    assert seen[ana][0] == "replaced" and grouped(new) in seen[ana][1]
