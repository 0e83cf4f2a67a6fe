"""Signing keys and the secret: made once, recorded, found again; never quietly made a second time, never shown."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import tomllib
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError
from msgspec.structs import replace
from rings import ISSUER, Memory, ring

from certgen import course as courses
from certgen import keys
from certgen.errors import ExitCode, Problem
from certgen.guarded import write_new, write_over
from certgen.keys.naming import naming
from certgen.keys.passphrase import GIVEN, NEW, Keyring
from certgen.model import Issuer
from certgen.registry import Registry
from certgen.signing import KeyRecord, SigningKey, load_key, save_key

MULTIKEY = SigningKey(bytes(range(32))).public.multikey
POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and terminals of POSIX")


class Broken(Memory):
    """A keyring that is there and refuses."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringError("locked")

    set_password = get_password  # type: ignore[assignment]


class Forgetful(Memory):
    """A keyring that takes a passphrase and does not have it."""

    def get_password(self, service: str, username: str) -> str | None:
        return None


class Asked:
    """Somebody at a terminal, who gives these answers."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.heard: list[tuple[str, bool]] = []

    def __call__(self, question: str, /, *, new: bool = False) -> str | None:
        self.heard.append((question, new))
        return self.answers.pop(0)


@pytest.fixture
def memory() -> Iterator[Memory]:
    backend = Memory()
    with ring(backend):
        yield backend


class Academy:
    """A folder with issuer.toml and a registry."""

    def __init__(self, folder: Path, text: str = ISSUER) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.file = folder / "issuer.toml"
        if not self.file.exists():
            self.file.write_bytes(text.encode("utf-8"))
        self.problems: list[Problem] = []
        registry = Registry.open(folder, self.problems, create=True)
        assert registry is not None
        self.registry = registry

    @property
    def issuer(self) -> Issuer:
        issuer = courses.load_issuer(self.file, [])
        assert issuer is not None
        return issuer

    def sign(self, *, create: bool = True, ask: Asked | None = None) -> keys.Signing | None:
        return keys.signing_key(self.folder, self.issuer, self.registry, self.problems, create=create, ask=ask)

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "keys").glob("*.pem"))

    def states(self) -> list[str]:
        records = self.registry.keys()
        return [record.state for record in records]

    def error(self) -> Problem:
        errors = [problem for problem in self.problems if problem.severity == "error"]
        assert len(errors) == 1, errors
        assert errors[0].exit_code == ExitCode.REGISTRY
        return errors[0]


@pytest.fixture
def academy(tmp_path: Path) -> Iterator[Academy]:
    made = Academy(tmp_path / "ac")
    with made.registry:
        yield made


# --- a new academy ---------------------------------------------------------------------------


def test_the_first_key_is_made_recorded_and_then_found(academy: Academy, memory: Memory) -> None:
    made = academy.sign()
    assert made is not None
    assert made.record.public.fingerprint in made.made
    assert "keyring" in made.made
    assert academy.problems == []
    assert academy.issuer.key == made.record.multikey == made.key.public.multikey
    assert academy.registry.keys() == [made.record]
    assert (made.record.state, made.record.made_on) == ("active", keys.machine())
    again = academy.sign()
    assert again is not None
    assert (again.key.public, again.made) == (made.key.public, "")
    assert academy.files() == [f"{made.record.public.fingerprint}.pem"]


def test_nothing_is_made_unless_it_may_be(academy: Academy) -> None:
    assert academy.sign(create=False) is None
    assert (academy.problems, academy.registry.keys(), academy.files()) == ([], [], [])


def test_the_passphrase_in_the_keyring_is_random_and_locks_the_file(academy: Academy, memory: Memory) -> None:
    made = academy.sign()
    assert made is not None
    ((place, passphrase),) = memory.held.items()
    assert place == ("certgen", made.record.public.fingerprint)
    assert len(passphrase) >= 32
    assert b"ENCRYPTED" in made.file.read_bytes()
    assert load_key(made.file, b"another", []) is None
    assert load_key(made.file, passphrase.encode(), []) is not None


@POSIX
def test_a_key_is_its_owners_only_and_refused_when_others_may_read_it(academy: Academy) -> None:
    made = academy.sign()
    assert made is not None
    assert oct(made.file.stat().st_mode)[-3:] == "600"
    assert oct(made.file.parent.stat().st_mode)[-3:] == "700"
    assert made.file.name in (made.file.parent / ".gitignore").read_text().split()
    academy.problems.clear()
    made.file.chmod(0o640)
    assert academy.sign() is None
    assert "0640" in academy.error().message


def test_without_keyring_and_people_the_key_has_no_passphrase_and_that_is_told(academy: Academy) -> None:
    made = academy.sign()
    assert made is not None
    assert [(problem.code, problem.severity) for problem in academy.problems] == [("key-unlocked", "warning")]
    assert "certgen keys passphrase" in academy.problems[0].hint
    assert load_key(made.file, None, []) is not None


def test_without_keyring_a_person_chooses_twice(academy: Academy) -> None:
    ask = Asked("short", "long enough")
    made = academy.sign(ask=ask)
    assert made is not None
    assert [new for _, new in ask.heard] == [True, True]
    assert academy.problems == []
    assert academy.sign(ask=Asked("long enough")) is not None
    assert academy.sign(ask=Asked("wrong", "", "never heard")) is None
    assert "wrong, or" in academy.error().message


def test_a_passphrase_that_a_person_chose_is_stretched_for_long(academy: Academy, memory: Memory) -> None:
    made = academy.sign()
    assert made is not None
    quick = made.file.read_bytes()
    assert keys.lock(academy.folder, made.key, academy.registry, academy.problems, "päss word", None) == "chosen"
    rounds = bytes.fromhex("0203") + (600_000).to_bytes(3, "big")  # as DER has the number
    for data, there in ((quick, False), (made.file.read_bytes(), True)):
        assert (rounds in b64decode(b"".join(data.splitlines()[1:-1]))) is there
    opened = load_pem_private_key(made.file.read_bytes(), "päss word".encode())
    assert isinstance(opened, Ed25519PrivateKey)
    assert opened.public_key().public_bytes_raw() == made.key.public.raw
    with pytest.raises(ValueError, match=r"(?i)password|decrypt"):
        load_pem_private_key(made.file.read_bytes(), b"pass word")


@pytest.mark.parametrize("rounds", [1, 127, 128, 255, 256, 32_767, 32_768, 65_536])
def test_any_number_of_rounds_is_written_as_others_read_it(rounds: int) -> None:
    key = SigningKey.new()
    opened = load_pem_private_key(key.pkcs8(b"x", rounds=rounds), b"x")
    assert isinstance(opened, Ed25519PrivateKey)
    assert opened.public_key().public_bytes_raw() == key.public.raw


def test_a_person_who_chooses_none_is_warned(academy: Academy) -> None:
    assert academy.sign(ask=Asked("")) is not None
    assert [problem.code for problem in academy.problems] == ["key-unlocked"]


def test_the_environment_opens_a_key_and_goes_before_the_keyring_when_one_is_made(
    academy: Academy, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GIVEN, "from the environment")
    assert academy.sign() is not None
    assert memory.held == {}
    monkeypatch.delenv(GIVEN)
    assert academy.sign() is None
    assert GIVEN in academy.error().hint
    monkeypatch.setenv(GIVEN, "from the environment")
    academy.problems.clear()
    assert academy.sign() is not None


# --- keyrings that do not work ---------------------------------------------------------------


@pytest.mark.parametrize("backend", [Broken, Forgetful])
def test_a_keyring_that_fails_is_as_none(academy: Academy, backend: Callable[[], KeyringBackend]) -> None:
    with ring(backend()):
        made = academy.sign(ask=Asked("long enough"))
        assert made is not None
        assert load_key(made.file, b"long enough", []) is not None


def test_a_keyring_that_never_answers_is_waited_for_once(academy: Academy, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    class Hanging(Memory):
        def get_password(self, service: str, username: str) -> str | None:
            answer.wait()
            return None

        set_password = get_password  # type: ignore[assignment]

    monkeypatch.setattr(Keyring, "seconds", 0.2)
    with ring(Hanging()):
        begun = time.monotonic()
        made = academy.sign(ask=Asked("long enough"))
        assert made is not None
        assert time.monotonic() - begun < 5
        assert academy.sign(ask=Asked("long enough")) is not None
        answer.set()


# --- what is recorded is never made again ----------------------------------------------------


def test_a_recorded_key_that_is_gone_stops_and_says_where_it_is(academy: Academy, memory: Memory) -> None:
    made = academy.sign()
    assert made is not None
    made.file.unlink()
    academy.registry.record("test", {})
    assert academy.sign() is None
    problem = academy.error()
    for said in (made.record.public.fingerprint, keys.machine(), str(made.record.made)):
        assert said in problem.message
    assert "certgen restore" in problem.hint
    assert keys.machine() in problem.hint
    assert academy.files() == []
    assert len(academy.registry.keys()) == 1


def test_a_passphrase_in_another_computers_keyring_is_told(academy: Academy, memory: Memory) -> None:
    assert academy.sign() is not None
    memory.held.clear()
    assert academy.sign() is None
    problem = academy.error()
    assert "keyring" in problem.message
    assert keys.machine() in problem.message
    assert "certgen restore" in problem.hint
    assert len(academy.files()) == 1


def test_another_key_under_its_name_is_refused(academy: Academy) -> None:
    made = academy.sign()
    assert made is not None
    made.file.unlink()
    save_key(made.file, SigningKey.new(), None, [])
    academy.problems.clear()
    assert academy.sign() is None
    assert academy.error().code == "key-other"


def test_a_key_that_the_registry_does_not_know_stops(academy: Academy) -> None:
    academy.file.write_text(naming(ISSUER, MULTIKEY), encoding="utf-8")
    assert academy.sign() is None
    assert "certgen.db" in academy.error().message
    assert academy.files() == []


def test_the_registry_goes_before_an_issuer_toml_that_lost_its_line(academy: Academy) -> None:
    made = academy.sign()
    assert made is not None
    academy.file.write_text(ISSUER, encoding="utf-8")
    again = academy.sign(create=False)
    assert again is not None
    assert (again.key.public, academy.issuer.key) == (made.key.public, None)
    again = academy.sign()
    assert again is not None
    assert again.made
    assert academy.issuer.key == made.record.multikey


def test_stopped_between_file_and_record_the_key_is_taken_up(academy: Academy, memory: Memory) -> None:
    key = SigningKey.new()
    path = keys.key_file(academy.folder, key.public)
    path.parent.mkdir()
    memory.held["certgen", key.public.fingerprint] = "in the keyring"
    assert save_key(path, key, b"in the keyring", [])
    made = academy.sign()
    assert made is not None
    assert made.key.public == key.public
    assert key.public.fingerprint in made.made
    assert academy.issuer.key == key.public.multikey
    assert len(academy.files()) == len(academy.registry.keys()) == 1


def test_keys_that_nobody_knows_are_not_chosen_among(academy: Academy) -> None:
    for _ in range(2):
        key = SigningKey.new()
        path = keys.key_file(academy.folder, key.public)
        path.parent.mkdir(exist_ok=True)
        save_key(path, key, None, [])
    assert academy.sign() is None
    assert academy.error().code == "key-unknown"
    assert academy.registry.keys() == []


def test_after_the_last_one_is_retired_none_is_made_unasked(academy: Academy) -> None:
    made = academy.sign()
    assert made is not None
    academy.registry.change_key(made.record.multikey, "retired", date(2026, 4, 10))
    academy.problems.clear()
    assert academy.sign() is None
    assert "certgen keys new" in academy.error().hint
    assert len(academy.files()) == 1


def test_a_new_key_retires_the_old_one_even_where_its_file_is_lost(academy: Academy) -> None:
    first = academy.sign()
    assert first is not None
    first.file.unlink()
    second = keys.new_key(academy.folder, academy.registry, academy.problems, None)
    assert second is not None
    assert academy.states() == ["retired", "active"]
    found = academy.sign()
    assert found is not None
    assert found.key.public == second.key.public
    assert academy.issuer.key == second.record.multikey


def test_a_read_only_registry_answer_needs_no_registry(academy: Academy) -> None:
    made = academy.sign()
    assert made is not None
    found = keys.signing_key(academy.folder, academy.issuer, None, academy.problems, create=False)
    assert found is not None
    assert found.key.public == made.key.public


# --- the secret ------------------------------------------------------------------------------


def test_the_secret_is_made_once_and_remembered(academy: Academy) -> None:
    made = keys.secret(academy.folder, academy.registry, academy.problems, create=True)
    assert made is not None
    assert made.made
    again = keys.secret(academy.folder, academy.registry, academy.problems, create=True)
    assert again == replace(made, made="")
    made.file.unlink()
    assert keys.secret(academy.folder, academy.registry, academy.problems, create=True) is None
    problem = academy.error()
    assert keys.machine() in problem.message
    assert "certgen restore" in problem.hint
    assert not made.file.exists()


def test_with_the_registry_lost_neither_secret_nor_key_is_made(academy: Academy) -> None:
    academy.file.write_text(naming(ISSUER, MULTIKEY), encoding="utf-8")
    assert keys.secret(academy.folder, academy.registry, academy.problems, create=True) is None
    assert academy.error().code == "key-unknown"
    assert not (academy.folder / "certgen.secret").exists()


def test_what_a_killed_run_left_behind_is_swept_away(academy: Academy) -> None:
    (academy.folder / "keys").mkdir()
    left = [academy.folder / name for name in ("certgen.secret.0a.part", "issuer.toml.part", "keys/A-B.pem.part")]
    for path in left:
        path.write_bytes(b"half")
    assert keys.secret(academy.folder, academy.registry, academy.problems, create=True) is not None
    assert not any(path.exists() for path in left)


def test_a_new_file_is_whole_or_not_there_and_takes_no_others_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    def torn(handle: int) -> None:
        assert not (tmp_path / "secret").exists()
        raise OSError(5, "Input/output error")

    for _ in range(2):  # with hard links, then without
        write_new(tmp_path / "new", b"first")
        with pytest.raises(FileExistsError):
            write_new(tmp_path / "new", b"second")
        assert (tmp_path / "new").read_bytes() == b"first"
        (tmp_path / "new").unlink()
        monkeypatch.setattr(os, "link", unsupported)
    monkeypatch.setattr(os, "fsync", torn)
    with pytest.raises(OSError, match="Input/output"):
        write_new(tmp_path / "secret", b"data")
    assert [item.name for item in tmp_path.iterdir()] == [".gitignore"]


def test_another_secret_is_refused(academy: Academy, tmp_path: Path) -> None:
    made = keys.secret(academy.folder, academy.registry, academy.problems, create=True)
    other = Academy(tmp_path / "other")
    with other.registry:
        strange = keys.secret(other.folder, other.registry, other.problems, create=True)
    assert made is not None
    assert strange is not None
    made.file.write_bytes(strange.file.read_bytes())
    assert keys.secret(academy.folder, academy.registry, academy.problems, create=False) is None
    assert academy.error().code == "secret-other"


def test_a_secret_from_before_the_registry_is_remembered(academy: Academy) -> None:
    made = keys.secret(academy.folder, None, academy.problems, create=True)
    assert made is not None
    found = keys.secret(academy.folder, academy.registry, academy.problems, create=True)
    assert found is not None
    assert (found.value, found.made) == (made.value, "")
    made.file.unlink()
    assert keys.secret(academy.folder, academy.registry, academy.problems, create=True) is None


# --- issuer.toml -----------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        ISSUER,
        ISSUER.rstrip("\n"),
        'verify_url = "https://v.a.org"',
        "",
        "[colours]\nprimary = '#123456'\n",
        "name = '''\nverify_url = 1\nname = 2\n'''\nverify_url = \"x\"\n",
        'name = "a" # name = "b"\n"verify_url" = """\nx"""\n[words.fr]\nname = "key"\nverify_url = "q"\n',
        "words = { fr = { a = 'b' } }\nlogo = [\n  'a.svg',\n]\n",
    ],
)
def test_the_line_goes_in_and_every_other_byte_stays(text: str, end: str, mark: str) -> None:
    end = end if "\n" in text else "\n"
    before = mark + text.replace("\n", end)
    after = naming(before, MULTIKEY)
    assert tomllib.loads(after.removeprefix("\ufeff")) == tomllib.loads(before.removeprefix("\ufeff")) | {
        "key": MULTIKEY
    }
    lines = after.split(end)
    (line,) = [line for line in lines if MULTIKEY in line]
    rest = [each for each in lines if each is not line]
    assert mark + end.join(rest).removeprefix(mark) in (before, before + end, before.removesuffix(end))
    assert naming(after, MULTIKEY) == after
    other = SigningKey(bytes(32)).public.multikey
    assert naming(after, other) == after.replace(MULTIKEY, other)


@given(st.lists(st.sampled_from([
    'name = "a"\n', "verify_url = 'x'\r\n", "# key = 1\n", "\n", 'a = """\nkey = "x"\nverify_url = "y"\n"""\n',
    "[t]\n", 'key = "z6Mk"\n', "'key' = 'q' # note\n", "b = '''\nname = 1\n'''\r\n", "c = [\n 'key = \"z\"',\n]\n",
]), max_size=6, unique=True))  # fmt: skip
def test_whatever_the_file_looks_like_only_the_key_changes(parts: list[str]) -> None:
    text = "".join(parts)
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert tomllib.loads(naming(text, MULTIKEY)) == before | {"key": MULTIKEY}


def test_an_issuer_toml_that_cannot_be_written_is_told_and_the_key_is_kept(
    academy: Academy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("certgen.keys.naming.write_over", refused)
    made = academy.sign()
    assert made is not None
    assert {(problem.code, problem.severity) for problem in academy.problems} == {
        ("key-line", "warning"),
        ("key-unlocked", "warning"),
    }
    assert made.record.multikey in next(problem.hint for problem in academy.problems if problem.code == "key-line")
    assert academy.file.read_text(encoding="utf-8") == ISSUER
    assert len(academy.registry.keys()) == 1


@POSIX
def test_a_file_that_is_written_again_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "issuer.toml"
    path.write_text("a")
    path.chmod(0o664)
    write_over(path, b"b", like=path)
    assert (path.read_bytes(), oct(path.stat().st_mode)[-3:]) == (b"b", "664")
    write_over(path, b"c")
    assert oct(path.stat().st_mode)[-3:] == "600"
    assert [item.name for item in tmp_path.iterdir()] == ["issuer.toml"]


# --- passphrases -----------------------------------------------------------------------------


def test_a_passphrase_can_be_changed_and_the_keyring_forgets_the_old_one(academy: Academy, memory: Memory) -> None:
    made = academy.sign()
    assert made is not None
    kept = keys.lock(academy.folder, made.key, academy.registry, academy.problems, "chosen by me", None)
    assert (kept, memory.held) == ("chosen", {})
    assert load_key(made.file, b"chosen by me", []) is not None
    kept = keys.lock(academy.folder, made.key, academy.registry, academy.problems, None, Asked(""))
    assert kept == "keyring"
    held = dict(memory.held)
    assert keys.lock(academy.folder, made.key, academy.registry, academy.problems, None, None) == "keyring"
    assert memory.held == held  # the one that opens the file stays: nothing is in between that does not
    assert academy.sign() is not None


def test_a_passphrase_typed_with_combining_marks_is_the_same() -> None:
    from certgen.keys.passphrase import encoded

    assert encoded("cafe\u0301") == encoded("caf\u00e9") == "café".encode()


def test_a_key_is_found_as_people_write_it() -> None:
    records = [KeyRecord(SigningKey(bytes([n]) * 32).public.multikey, date(2026, 1, 1)) for n in range(20)]
    for record in records:
        name = record.public.fingerprint
        for said in (name, name.lower().replace("-", " "), name[:9], name.replace("0", "O").replace("1", "l")):
            assert record in keys.find(records, said)
        assert keys.find(records, name) == [record]
        assert keys.find(records, record.multikey) == [record]
    assert keys.find(records, "") == keys.find(records, "ABC") == []


# --- the commands, and what they never show --------------------------------------------------


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


def test_the_commands_tell_a_keys_life_and_show_nothing_secret(tmp_path: Path) -> None:
    (tmp_path / "issuer.toml").write_text(ISSUER, encoding="utf-8")
    words = {GIVEN: "a passphrase of mine", NEW: "another passphrase"}
    told = [certgen(tmp_path, "keys", "list")]
    assert told[0].returncode == ExitCode.REGISTRY
    assert "certgen keys new" in told[0].stderr
    for command in ("new", "list", "print", "passphrase"):
        told.append(certgen(tmp_path, "keys", command, **words))
        assert (told[-1].returncode, told[-1].stderr) == (0, ""), command
    words[GIVEN] = words[NEW]
    (path,) = (tmp_path / "keys").glob("*.pem")
    key = load_key(path, words[NEW].encode(), [])
    assert key is not None
    assert key.public.multikey in told[3].stdout
    assert f"did:web:verify.meridian-training.org#{key.public.multikey}" in told[3].stdout
    again = certgen(tmp_path, "keys", "new", **words)
    assert again.returncode == ExitCode.USAGE
    assert "certgen keys rotate" in again.stderr
    told += [again, certgen(tmp_path, "keys", "rotate", **words), certgen(tmp_path, "keys", "list")]
    assert f"{key.public.fingerprint}  retired" in told[-1].stdout
    unsure = certgen(tmp_path, "keys", "compromised", key.public.fingerprint[:4], **words)
    assert unsure.returncode == ExitCode.USAGE
    told += [unsure, certgen(tmp_path, "keys", "compromised", key.public.fingerprint.lower(), "--yes", **words)]
    assert told[-1].returncode == 0
    assert "KEY COMPROMISED" in told[-1].stdout
    told += [certgen(tmp_path, "keys", "retire", "--yes", **words), certgen(tmp_path, "keys", "list")]
    assert f"{key.public.fingerprint}  compromised" in told[-1].stdout
    assert "active" not in told[-1].stdout
    published = certgen(tmp_path, "keys", "print").stdout
    assert f'#{key.public.multikey}"' not in published  # did.json no longer vouches for it
    for done in told:
        said = done.stdout + done.stderr
        assert not any(word in said for word in (*words.values(), "a passphrase of mine"))
        assert "PRIVATE KEY" not in said
        body = [line for file in (tmp_path / "keys").glob("*.pem") for line in file.read_text().splitlines()[1:-1]]
        assert not any(line in said for line in body)


def test_no_value_shows_a_key_or_a_secret(academy: Academy) -> None:
    made = academy.sign()
    secret = keys.secret(academy.folder, academy.registry, academy.problems, create=True)
    assert made is not None
    assert secret is not None
    seed = made.key.pkcs8(None)
    for shown in (repr(made), str(made), repr(secret), str(secret), repr([secret]), f"{secret}"):
        assert secret.value.hex() not in shown
        assert repr(secret.value)[2:-1] not in shown
        assert "_seed" not in shown
        assert seed.splitlines()[1].decode() not in shown


@POSIX
def test_a_passphrase_typed_at_a_terminal_is_not_seen_there_nor_among_processes(tmp_path: Path) -> None:
    import pty

    (tmp_path / "issuer.toml").write_text(ISSUER, encoding="utf-8")
    typed = "typed without echo"
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "certgen", "keys", "new"])
    seen, asked, processes = b"", 0, ""
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not data:
            break
        seen += data
        if seen.count(b"Enter for none") + seen.count(b"The same again") > asked and seen.endswith(b": "):
            asked += 1
            time.sleep(0.2)  # until it listens without echo
            os.write(terminal, typed.encode() + b"\n")
            processes += subprocess.run(["ps", "-ef"], capture_output=True, text=True, check=False).stdout
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, seen.decode()
    os.close(terminal)
    assert asked == 2
    assert typed.encode() not in seen
    assert typed not in processes
    (path,) = (tmp_path / "keys").glob("*.pem")
    assert load_key(path, typed.encode(), []) is not None
