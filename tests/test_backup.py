"""Backups: everything that an academy cannot do without, for nobody else; restored elsewhere it goes on as before."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import keyring
import pytest
from academy import Academy
from keyring.backends import null
from msgspec.structs import replace
from rings import ISSUER, Memory, ring

from certgen import backup, batch, keys
from certgen import course as courses
from certgen.backup import PASSPHRASE, Saved, archive
from certgen.backup.archive import Contents, is_good, packed, unpacked
from certgen.batch import Options
from certgen.errors import ExitCode, Problem
from certgen.keys.passphrase import GIVEN
from certgen.registry import Registry

WORDS = "four little words here"
POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and terminals of POSIX")


def lay(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


FILES = {
    "issuer.toml": 'logo = ["logo.pdf", "../house/logo.svg"]\nfonts = { folder = "faces" }\n' + ISSUER,
    "logo.pdf": "a logo",
    "faces/House.otf": "a font",
    "faces/notes.txt": "no font",
    "spring/course.toml": 'layout = "../plain"\nfigures = "figures.csv"\n[[signatories]]\nsignature = "ink.png"\n',
    "spring/figures.csv": "titles,employers",
    "spring/ink.png": "a signature",
    "spring/unused.png": "a picture that no file names",
    "spring/roster.xlsx": "people",
    "spring/certificates/Ana.pdf": "a certificate",
    "plain/layout.toml": 'title = "Plain"',
    "plain/phrases/fr.toml": "",
    "plain/pictures/wave.svg": "a wave",
    "outbox/0001.eml": "a mail",
    "Kurs \u0645\u06cc\u200c\u062f\u0647\u0645/course.toml": "",
    ".git/config.toml": "",
    "other/issuer.toml": ISSUER,
    "other/course.toml": "",
    "readme.md": "",
}
IN = {
    "issuer.toml",
    "logo.pdf",
    "faces/House.otf",
    "spring/course.toml",
    "spring/figures.csv",
    "spring/ink.png",
    "plain/layout.toml",
    "plain/phrases/fr.toml",
    "plain/pictures/wave.svg",
    "outbox/0001.eml",
    "Kurs \u0645\u06cc\u200c\u062f\u0647\u0645/course.toml",
}


class Made(NamedTuple):
    """An academy with a key in a keyring, and its backup."""

    folder: Path
    file: Path
    saved: Saved
    key: keys.Signing
    secret: bytes
    problems: list[Problem]
    passphrase: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("first") / "academy"
    lay(folder, FILES)
    lay(folder.parent, {"house/logo.svg": "outside"})
    problems: list[Problem] = []
    registry = Registry.open(folder, problems, create=True)
    issuer = courses.load_issuer(folder / "issuer.toml", [])
    assert registry is not None
    assert issuer is not None
    memory = Memory()
    with registry, ring(memory):
        with registry.writing():
            secret = keys.secret(folder, registry, problems, create=True)
            key = keys.signing_key(folder, issuer, registry, problems, create=True)
        registry.set_meta("note", "kept")
        assert problems == []
        saved = backup.save(folder, folder.parent / "academy.age", registry, WORDS, problems)
        assert backup.last(registry) == backup.Last(date.today(), 0, "academy.age")
    assert saved is not None
    assert secret is not None
    assert key is not None
    return Made(folder, saved.file, saved, key, secret.value, problems, *memory.held.values())


@pytest.fixture(autouse=True)
def _elsewhere() -> Iterator[None]:
    """Another computer, without a keyring."""
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())
    yield
    keyring.set_keyring(before)


def found_in(folder: Path) -> tuple[Registry, keys.Signing | None, keys.Secret | None, list[Problem]]:
    """What the next batch finds there."""
    problems: list[Problem] = []
    registry = Registry.open(folder, problems)
    issuer = courses.load_issuer(folder / "issuer.toml", [])
    assert registry is not None
    assert issuer is not None
    with registry.writing():
        secret = keys.secret(folder, registry, problems, create=True)
        key = keys.signing_key(folder, issuer, registry, problems, create=True)
    return registry, key, secret, problems


# --- there and back --------------------------------------------------------------------------


def test_restored_elsewhere_key_secret_and_registry_are_the_same(made: Made, tmp_path: Path) -> None:
    problems: list[Problem] = []
    memory = Memory()
    with ring(memory):
        done = backup.restore(made.file, tmp_path / "new" / "place", WORDS, problems)
        assert done is not None, problems
        registry, key, secret, found = found_in(done.folder)
    assert problems == found == []
    assert (done.machine, done.made, done.kept) == (
        keys.machine(),
        date.today(),
        {made.key.record.public.fingerprint: "keyring"},
    )
    assert memory.held == {("certgen", made.key.record.public.fingerprint): made.passphrase}
    assert key is not None
    assert secret is not None
    assert (key.key.public, key.made) == (made.key.key.public, "")
    assert (secret.value, secret.made) == (made.secret, "")
    with registry:
        assert registry.meta("note") == "kept"
        assert registry.keys() == [made.key.record]
        assert registry.check() == []
        assert "restored" in [event.kind for event in registry.history()]
    for name in IN:
        assert (done.folder / name).read_bytes() == (made.folder / name).read_bytes()
    assert not (done.folder / "keys" / "passphrases.json").exists()
    assert [item.name for item in (tmp_path / "new").iterdir()] == ["place"]


def test_without_a_keyring_there_the_key_can_still_be_used(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "decrypted", remembered(made))
    problems: list[Problem] = []
    done = backup.restore(made.file, tmp_path / "open", WORDS, problems)
    assert done is not None
    assert set(done.kept.values()) == {"none"}
    assert [(problem.code, problem.severity) for problem in problems] == [("key-unlocked", "warning")]
    registry, key, _, found = found_in(done.folder)
    registry.close()
    assert key is not None
    assert (key.key.public, found) == (made.key.key.public, [])
    monkeypatch.setenv(GIVEN, "this computer's own")
    problems.clear()
    done = backup.restore(made.file, tmp_path / "locked", WORDS, problems)
    assert done is not None
    assert (set(done.kept.values()), problems) == ({"chosen"}, [])
    assert b"ENCRYPTED" in keys.key_file(done.folder, made.key.key.public).read_bytes()
    registry, key, _, found = found_in(done.folder)
    registry.close()
    assert key is not None


def test_the_laptop_is_lost_and_the_next_batch_elsewhere_is_all_unchanged(tmp_path: Path) -> None:
    first = Academy(tmp_path / "ac")
    problems: list[Problem] = []
    before = batch.run(Options(roster=first.roster))
    files, roster = first.files(), first.roster.read_bytes()
    registry = Registry.open(first.folder, problems)
    assert registry is not None
    with registry:
        saved = backup.save(first.folder, tmp_path / "b.age", registry, WORDS, problems)
    assert saved is not None
    assert (before.status, saved.issued) == ("done", len(files))
    shutil.rmtree(first.folder)
    done = backup.restore(saved.file, tmp_path / "another" / "place", WORDS, problems)
    assert done is not None
    assert (done.issued, problems) == (len(files), [])
    again = done.folder / "course" / "roster.csv"
    again.write_bytes(roster)
    after = batch.run(Options(roster=again))
    assert (after.status, after.counts.issued, after.counts.unchanged) == ("done", 0, len(files))
    assert {path.name: path.read_bytes() for path in (again.parent / "certificates").glob("*.pdf")} == files


def remembered(made: Made) -> Callable[[bytes, str], bytes | None]:
    """Opens the one backup without working for its passphrase again."""
    if made.file not in _PLAIN:
        plain = archive.decrypted(made.file.read_bytes(), WORDS)
        assert plain is not None
        _PLAIN[made.file] = plain
    return lambda data, passphrase: _PLAIN[made.file] if passphrase == WORDS else None


_PLAIN: dict[Path, bytes] = {}


@POSIX
def test_what_is_secret_is_its_owners_only_before_and_after(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "decrypted", remembered(made))
    assert oct(made.file.stat().st_mode)[-3:] == "600"
    done = backup.restore(made.file, tmp_path / "new", WORDS, [])
    assert done is not None
    for name in ("certgen.db", "certgen.secret", f"keys/{made.key.file.name}"):
        assert oct((done.folder / name).stat().st_mode)[-3:] == "600", name
    assert oct((done.folder / "keys").stat().st_mode)[-3:] == "700"
    assert oct(done.folder.stat().st_mode) == oct((tmp_path / "new" / "spring").stat().st_mode)


def test_age_opens_it_without_certgen(made: Made, tool: Callable[[str], str], tmp_path: Path) -> None:
    program = tool("age")
    if os.name != "posix":
        pytest.skip("age asks on a terminal, which this test plays on POSIX")
    import pty

    child, terminal = pty.fork()
    if child == 0:
        os.execv(program, [program, "-d", "-o", str(tmp_path / "backup.tar"), str(made.file)])
    seen = b""
    while b"passphrase" not in seen:
        seen += os.read(terminal, 1000)
    time.sleep(0.2)
    os.write(terminal, f"{WORDS}\n".encode())
    try:
        while os.read(terminal, 1000):
            pass
    except OSError:  # how Linux says that the other end is closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)
    with tarfile.open(tmp_path / "backup.tar") as opened:
        names = opened.getnames()
        secret = opened.extractfile("certgen.secret")
        assert secret is not None
        assert made.secret.hex().encode() in secret.read()
    assert names[0] == "certgen-backup.json"
    assert set(names) == IN | {
        "certgen-backup.json",
        "certgen.db",
        "certgen.secret",
        f"keys/{made.key.file.name}",
        "keys/passphrases.json",
    }


# --- what belongs in -------------------------------------------------------------------------


def test_what_belongs_in_and_what_does_not(made: Made) -> None:
    contents, files = unpacked(remembered(made)(b"", WORDS) or b"")
    assert set(files) > IN
    assert not [name for name in files if name.endswith((".xlsx", "Ana.pdf", "unused.png", ".txt", ".md"))]
    assert not [name for name in files if name.startswith((".", "other/"))]
    assert (made.saved.courses, made.saved.keys, made.saved.rosters) == (2, 1, 0)
    assert contents.folder == "academy"
    assert [problem.code for problem in made.problems] == ["backup-outside"]
    assert "logo.svg" in made.problems[0].message


def test_rosters_come_only_when_asked_for(made: Made) -> None:
    found = backup.gathered(made.folder, [], rosters=True)
    assert "spring/roster.xlsx" in found
    assert set(found) - set(backup.gathered(made.folder, [], rosters=False)) == {"spring/roster.xlsx"}


@POSIX
def test_links_and_names_of_one_system_are_left_out_and_told(tmp_path: Path) -> None:
    lay(
        tmp_path / "ac",
        {"issuer.toml": 'logo = ["secret.svg", "deep/in.svg"]', "p/layout.toml": "", "p/a:b": ""},
    )
    lay(tmp_path, {"elsewhere/in.svg": "", "secret": ""})
    (tmp_path / "ac" / "secret.svg").symlink_to(tmp_path / "secret")
    (tmp_path / "ac" / "deep").symlink_to(tmp_path / "elsewhere")
    problems: list[Problem] = []
    assert backup.gathered(tmp_path / "ac", problems, rosters=True) == ["issuer.toml", "p/layout.toml"]
    assert {problem.code for problem in problems} == {"backup-left-out"}
    assert len(problems) == 3


def test_a_backup_without_the_key_or_its_passphrase_says_so(tmp_path: Path) -> None:
    lay(tmp_path / "ac", {"issuer.toml": ISSUER})
    problems: list[Problem] = []
    registry = Registry.open(tmp_path / "ac", problems, create=True)
    assert registry is not None
    with registry:
        with ring(Memory()):
            key = keys.new_key(tmp_path / "ac", registry, problems, None)
        assert key is not None
        assert keys.carried(registry, tmp_path / "ac", problems) == {}
        assert [problem.code for problem in problems] == ["key-locked"]
        key.file.unlink()
        problems.clear()
        assert backup.save(tmp_path / "ac", tmp_path / "b.age", registry, WORDS, problems) is not None
        assert [(problem.code, problem.severity) for problem in problems] == [("backup-without-key", "warning")]


# --- nothing is written over -----------------------------------------------------------------


def test_neither_a_backup_nor_an_academy_is_written_over(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "decrypted", remembered(made))
    problems: list[Problem] = []
    lay(tmp_path, {"ac/issuer.toml": ISSUER, "b.age": "another"})
    registry = Registry.open(tmp_path / "ac", problems, create=True)
    assert registry is not None
    with registry:
        assert backup.save(tmp_path / "ac", tmp_path / "b.age", registry, WORDS, problems) is None
        assert [problem.code for problem in problems] == ["backup-there"]
        assert (tmp_path / "b.age").read_text() == "another"
        assert backup.last(registry) is None
        problems.clear()
        assert backup.save(tmp_path / "ac", tmp_path / "b.age", registry, WORDS, problems, over=True) is not None
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert backup.restore(made.file, tmp_path / "ac", WORDS, problems) is None
    assert [problem.code for problem in problems] == ["restore-there"]
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "empty").mkdir()
    assert backup.restore(made.file, tmp_path / "empty", WORDS, []) is not None


def test_in_a_folder_it_gets_a_name_of_its_own(made: Made, tmp_path: Path) -> None:
    problems: list[Problem] = []
    path = backup.target(tmp_path, made.folder, problems, over=False)
    assert path == tmp_path / f"certgen-academy-{date.today()}.age"
    assert backup.target(made.folder / "b.age", made.folder, problems, over=False) is not None
    assert [(problem.code, problem.severity) for problem in problems] == [("backup-near", "warning")]
    assert backup.target(tmp_path / "no" / "b.age", made.folder, problems, over=False) is None


def test_a_disk_that_refuses_leaves_nothing_half(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "decrypted", remembered(made))
    monkeypatch.setattr(backup, "write_new", refused)
    problems: list[Problem] = []
    assert backup.restore(made.file, tmp_path / "new", WORDS, problems) is None
    assert "No space left" in problems[0].message
    assert list(tmp_path.iterdir()) == []


# --- what cannot be opened -------------------------------------------------------------------


def test_a_wrong_passphrase_a_damaged_file_and_another_are_told(made: Made, tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert backup.opened(made.file, "another passphrase", problems) is None
    assert [problem.code for problem in problems] == ["backup-locked"]
    assert "another passphrase" not in repr(problems)
    data = bytearray(made.file.read_bytes())
    data[-100] ^= 1
    (tmp_path / "damaged.age").write_bytes(data)
    problems.clear()
    assert backup.restore(tmp_path / "damaged.age", tmp_path / "new", WORDS, problems) is None
    assert [problem.code for problem in problems] == ["backup-locked"]
    (tmp_path / "letter.txt").write_text("Dear Ana")
    problems.clear()
    assert backup.opened(tmp_path / "letter.txt", WORDS, problems) is None
    assert backup.opened(tmp_path / "none", WORDS, problems) is None
    assert [problem.code for problem in problems] == ["backup-other", "backup-not-read"]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["damaged.age", "letter.txt"]


def test_a_short_passphrase_is_refused(made: Made, tmp_path: Path) -> None:
    problems: list[Problem] = []
    registry = Registry.open(made.folder, problems)
    assert registry is not None
    with registry:
        assert backup.save(made.folder, tmp_path / "b.age", registry, "nine char", problems) is None
    assert [problem.code for problem in problems] == ["backup-passphrase"]
    assert not list(tmp_path.iterdir())


# --- hostile archives ------------------------------------------------------------------------

CONTENTS = Contents(date(2026, 4, 10), "PC-7", "academy", 3)


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for info, data in members:
            if info.isreg():
                info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def listing(files: dict[str, bytes]) -> tuple[tarfile.TarInfo, bytes]:
    """The first member of an archive that holds these files."""
    with tarfile.open(fileobj=io.BytesIO(packed(CONTENTS, files))) as made:
        held = made.extractfile("certgen-backup.json")
        assert held is not None
        return tarfile.TarInfo("certgen-backup.json"), held.read()


def test_an_archive_gives_back_what_went_in_whatever_the_day() -> None:
    files = {"a/ü.toml": b"1", "b" * 200: b"\0" * 5000, "c": b""}
    data = packed(CONTENTS, files)
    contents, found = unpacked(data)
    assert found == files
    assert replace(contents, files={}) == CONTENTS
    assert data == packed(CONTENTS, files)


@pytest.mark.parametrize(
    "name",
    [
        "../up",
        "/root",
        "a/../../up",
        "a//b",
        "./a",
        "a/.",
        "C:\\x",
        "c:x",
        "a\\b",
        "a\nb",
        "a\u202eb",
        "trailing.",
        "trailing /b",
        "",
        "a/",
        "x" * 1001,
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert not is_good(name)
    info = tarfile.TarInfo(name)
    with pytest.raises(ValueError, match="plain files"):
        unpacked(tar(listing({name: b""}), (info, b"")))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE],
)
def test_links_folders_and_devices_are_refused(kind: bytes) -> None:
    info = tarfile.TarInfo("a")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(ValueError, match="plain files"):
        unpacked(tar(listing({"a": b""}), (info, b"")))


def test_what_is_not_listed_or_other_or_twice_or_too_large_is_refused() -> None:
    one, two = (tarfile.TarInfo("a"), b"1"), (tarfile.TarInfo("b"), b"2")
    assert unpacked(tar(listing({"a": b"1"}), one))[1] == {"a": b"1"}
    for wrong in (
        tar(listing({"a": b"2"}), one),
        tar(listing({}), one),
        tar(listing({"a": b"1"})),
        tar(listing({"a": b"1"}), one, two),
    ):
        with pytest.raises(ValueError, match="others"):
            unpacked(wrong)
    with pytest.raises(ValueError, match="twice"):
        unpacked(tar(listing({"a": b"1"}), one, one))
    for wrong in (tar(), tar(one), tar((tarfile.TarInfo("certgen-backup.json"), b"{}")), b"no tar" * 1000):
        with pytest.raises(ValueError, match="cannot be read"):
            unpacked(wrong)
    with pytest.raises(ValueError, match="another version"):
        unpacked(packed(replace(CONTENTS, format="certgen-backup-2"), {}))
    info = tarfile.TarInfo("a")
    info.size = 10**12
    with pytest.raises(ValueError, match="too large"):
        unpacked(info.tobuf() + bytes(1024))


def test_passphrases_for_keys_that_the_registry_does_not_know_lead_nowhere(made: Made, tmp_path: Path) -> None:
    lay(tmp_path / "ac", {"issuer.toml": ISSUER, "evil.pem": ""})
    problems: list[Problem] = []
    registry = Registry.open(tmp_path / "ac", problems, create=True)
    assert registry is not None
    with registry:
        assert keys.settle(tmp_path / "ac", {"../evil": "x"}, registry, problems, None) == {}
    assert problems == []


# --- the commands ----------------------------------------------------------------------------


def certgen(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "certgen", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


def test_the_commands_back_up_and_restore_and_show_nothing_secret(tmp_path: Path) -> None:
    lay(tmp_path / "ac", {"issuer.toml": ISSUER})
    mine = {PASSPHRASE: WORDS, GIVEN: "of the key itself"}
    told = [certgen(tmp_path / "ac", "backup", "../b.age", **mine)]
    assert told[0].returncode == ExitCode.REGISTRY
    assert "keys new" in told[0].stderr
    told += [certgen(tmp_path / "ac", "keys", "new", **mine), certgen(tmp_path / "ac", "backup", "../b.age", **mine)]
    assert (told[-1].returncode, told[-1].stderr) == (0, "")
    assert "1 key" in told[-1].stdout
    nobody = certgen(tmp_path, "restore", "b.age", "new")
    assert (nobody.returncode, PASSPHRASE in nobody.stderr) == (ExitCode.USAGE, True)
    told += [nobody, certgen(tmp_path, "restore", "b.age", "new", **mine)]
    assert (told[-1].returncode, told[-1].stderr) == (0, "")
    told += [certgen(tmp_path, "restore", "b.age", "new", **mine)]
    assert told[-1].returncode == ExitCode.REGISTRY
    assert "already" in told[-1].stderr
    told += [certgen(tmp_path / "new", "keys", "list")]
    assert "active" in told[-1].stdout
    for done in told:
        assert not any(word in done.stdout + done.stderr for word in mine.values())
        assert "PRIVATE KEY" not in done.stdout + done.stderr


def test_an_unexpected_failure_of_the_registry_is_a_problem_not_a_traceback(tmp_path: Path) -> None:
    lay(tmp_path, {"issuer.toml": ISSUER, "certgen.db": "this is not a database" * 100})
    done = certgen(tmp_path, "backup", str(tmp_path / "b.age"), **{PASSPHRASE: WORDS})
    assert done.returncode == ExitCode.REGISTRY
    assert "restore" in done.stderr
