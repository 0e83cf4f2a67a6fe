"""An academy's signing keys and its secret: found, opened, made, recorded; never quietly made a second time.

A key is ``keys/<fingerprint>.pem`` beside issuer.toml. The registry remembers every key that there ever was, and by its
digest the secret; issuer.toml names the key that signs. A key's passphrase is in the system's keyring (service
"certgen", user: the fingerprint), or in the environment, or somebody knows it and is asked.

Whoever lets anything be made or changed here holds the registry's lease (``with registry.writing()``).
"""

from __future__ import annotations

import os
import platform
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from certgen import credential
from certgen.course import ISSUER_FILE
from certgen.errors import ExitCode, Problem
from certgen.guarded import PART, loose_mode, why, write_over
from certgen.keys.naming import name_in
from certgen.keys.passphrase import GIVEN, Ask, Kept, Keyring, asked, chosen, encoded, known, put_random
from certgen.model import Issuer
from certgen.signing import KeyRecord, PublicKey, SigningKey, load_key, save_key

if TYPE_CHECKING:
    from certgen.registry import Registry

FOLDER = "keys"
_ROUNDS: dict[Kept, int | None] = {"keyring": None, "chosen": 600_000, "none": None}  # of PBKDF2, as OWASP advises


class Secret(Struct, frozen=True):
    """The 32 bytes behind codes and places. ``made``: a sentence for people, where it is new."""

    value: bytes
    file: Path
    made: str = ""

    def __repr__(self) -> str:
        return f"Secret({self.file.name})"


class Signing(Struct, frozen=True):
    """The key that signs. ``made``: a sentence for people, where something was made or put right."""

    key: SigningKey
    record: KeyRecord
    file: Path
    made: str = ""


def machine() -> str:
    """This computer, as its owner calls it."""
    return platform.node() or "a computer without a name"


# --- the secret ------------------------------------------------------------------------------


def secret(folder: Path, registry: Registry | None, problems: list[Problem], *, create: bool) -> Secret | None:
    """The secret, the one that the registry remembers. None with a Problem: gone, or another. None without one: there
    was none yet and ``create`` is false."""
    if create:
        _swept(folder)
    path = folder / credential.SECRET_FILE
    recorded = registry.meta("secret") if registry is not None else None
    told = registry.meta("secret_made") if registry is not None else None
    there = path.exists()
    if not there and registry is not None and (recorded or registry.count()):
        made = f" It was made {told}." if told else ""
        message = f"{path.name} is not here, and this academy's codes were made with it.{made}"
        problems.append(_trouble("secret-missing", path, message, _RESTORE))
        return None
    strange = None if there or not create or registry is None else _strange(folder, registry)
    if strange is not None:  # the registry is lost, and the secret with it
        problems.append(strange)
        return None
    value = credential.load_secret(folder, problems, create=create)
    if value is None:
        return None
    digest = sha256(value).hexdigest()[:16]
    if recorded and recorded != digest:
        made = f", which was made {told}" if told else ""
        message = f"{path.name} is not the secret that this academy's codes were made with{made}."
        problems.append(_trouble("secret-other", path, message, _RESTORE))
        return None
    if registry is not None and create and not recorded:
        registry.set_meta("secret_made", f"{'before' if there else 'on'} {_today()} on {machine()}")
        registry.set_meta("secret", digest)
    return Secret(value, path, "" if there else _SECRET_MADE)


def _swept(folder: Path) -> None:
    """Nothing stays of a run that was killed while it wrote one of these."""
    for pattern in (f"{credential.SECRET_FILE}*{PART}", f"{ISSUER_FILE}{PART}", f"{FOLDER}/*{PART}"):
        for left in folder.glob(pattern):
            with suppress(OSError):
                left.unlink()


def _strange(folder: Path, registry: Registry) -> Problem | None:
    """What is wrong where issuer.toml names a key that the registry does not know."""
    with suppress(OSError, ValueError):
        named = tomllib.loads((folder / ISSUER_FILE).read_text(encoding="utf-8-sig")).get("key")
        records = registry.keys()
        if isinstance(named, str) and named not in {record.multikey for record in records}:
            return _unknown(folder, PublicKey.from_multikey(named), records)
    return None


_RESTORE = (
    "Restore it from your backup (certgen restore), or copy it from the computer that has it. certgen never makes "
    "another in its place."
)
_SECRET_MADE = (
    "A secret was made for this academy's codes. Whoever has it can make codes; without it the same codes cannot be "
    "made again."
)


# --- the key that signs ----------------------------------------------------------------------


def signing_key(
    folder: Path,
    issuer: Issuer,
    registry: Registry | None,
    problems: list[Problem],
    *,
    create: bool,
    ask: Ask | None = None,
) -> Signing | None:
    """The active key, opened. A new academy gets one where ``create`` says so. None with a Problem: recorded but not
    here, not to be opened, none active. None without one: there was none yet and ``create`` is false."""
    records = registry.keys() if registry is not None else []
    if registry is None and issuer.key:
        records = [KeyRecord(issuer.key, date.min)]
    if issuer.key and issuer.key not in {record.multikey for record in records}:
        problems.append(_unknown(folder, PublicKey.from_multikey(issuer.key), records))
        return None
    active = [record for record in records if record.state == "active"]
    if active:
        record = next((record for record in active if record.multikey == issuer.key), active[-1])
        key = open_key(folder, record, registry, problems, ask)
        if key is None:
            return None
        mended = create and issuer.key != record.multikey and name_in(folder / ISSUER_FILE, record.multikey, problems)
        told = f"{ISSUER_FILE} now names the signing key {record.public.fingerprint}." if mended else ""
        return Signing(key, record, key_file(folder, record.public), told)
    if records:
        problems.append(_none_active(folder, records[-1]))
        return None
    if not create or registry is None:
        return None
    files = sorted((folder / FOLDER).glob("*.pem"))
    return _adopted(folder, files, registry, problems, ask) if files else new_key(folder, registry, problems, ask)


def new_key(folder: Path, registry: Registry, problems: list[Problem], ask: Ask | None) -> Signing | None:
    """A new active key; those that were active are retired. None with a Problem, and then nothing has changed."""
    key = SigningKey.new()
    path, name = key_file(folder, key.public), key.public.fingerprint
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        message = f"The folder for the signing key cannot be made ({why(error)})."
        problems.append(_trouble("key", path.parent, message, "Make the academy's folder writable."))
        return None
    passphrase, kept = chosen(name, ask)
    if not save_key(path, key, encoded(passphrase), problems, rounds=_ROUNDS[kept]):
        return None
    if kept == "none":
        problems.append(_unlocked(path))
    return Signing(key, _recorded(folder, key.public, kept, registry, problems), path, _KEY_MADE[kept].format(name))


_KEY_MADE: dict[Kept, str] = {
    "keyring": "A signing key was made: {}. Its passphrase is in this computer's keyring.",
    "chosen": "A signing key was made: {}. Keep its passphrase where you will find it: nobody can sign without it.",
    "none": "A signing key was made: {}. It has no passphrase, so whoever copies it from the folder keys can sign in "
    "your name; “certgen keys passphrase” gives it one.",
}


def _recorded(folder: Path, public: PublicKey, kept: Kept, registry: Registry, problems: list[Problem]) -> KeyRecord:
    """The new key's record, in the registry and in issuer.toml; what was active is retired."""
    record = KeyRecord(public.multikey, _today(), made_on=machine())
    active = [old for old in list(registry.keys()) if old.state == "active"]
    registry.set_meta(f"passphrase:{public.fingerprint}", kept)
    registry.add_key(record)
    for old in active:
        registry.change_key(old.multikey, "retired", _today())
    name_in(folder / ISSUER_FILE, public.multikey, problems)
    return record


def _adopted(
    folder: Path, files: list[Path], registry: Registry, problems: list[Problem], ask: Ask | None
) -> Signing | None:
    """The key of an academy that has one in its folder and in no record: certgen was stopped between the two."""
    if len(files) > 1:
        message = f"There are {len(files)} signing keys in {FOLDER}, and the registry knows none of them."
        hint = "Restore certgen.db from your backup; or leave the one key there that shall sign, and run again."
        problems.append(_trouble("key-unknown", files[0].parent, message, hint))
        return None
    path = files[0]
    key = _opened(path, path.stem, "", registry, problems, ask)
    if key is None:
        return None
    if path != key_file(folder, key.public):
        message = f"{FOLDER}/{path.name} holds the key {key.public.fingerprint}, and no record knows it."
        problems.append(_trouble("key-other", path, message, f"If it is yours, call it {key.public.fingerprint}.pem."))
        return None
    kept: Kept = "none" if not is_locked(path) else "keyring" if Keyring().get(path.stem) else "chosen"
    record = _recorded(folder, key.public, kept, registry, problems)
    return Signing(key, record, path, f"The signing key in {FOLDER} is recorded now: {key.public.fingerprint}.")


def key_file(folder: Path, key: PublicKey) -> Path:
    """Where a key lies."""
    return folder / FOLDER / f"{key.fingerprint}.pem"


def find(records: Iterable[KeyRecord], said: str) -> list[KeyRecord]:
    """The keys that a person means: a Multikey, or the beginning of a fingerprint (four characters at least)."""
    start = _folded(said)
    return [
        record
        for record in records
        if record.multikey == said.strip() or (len(start) >= 4 and _folded(record.public.fingerprint).startswith(start))
    ]


def _folded(fingerprint: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", fingerprint.upper()).translate(str.maketrans("OIL", "011"))


# --- opening and locking ---------------------------------------------------------------------


def open_key(
    folder: Path, record: KeyRecord, registry: Registry | None, problems: list[Problem], ask: Ask | None
) -> SigningKey | None:
    """The private key of a record. None with a Problem that says where it was made and how to have it back."""
    path, name = key_file(folder, record.public), record.public.fingerprint
    made = f"on {record.made} on {record.made_on}" if record.made_on else ""
    back = _BACK.format(record.made_on or "the computer that has it")
    if not path.exists():
        message = f"The signing key {name} is not here: there is no {FOLDER}/{path.name}."
        problems.append(_trouble("key-missing", path, message + (f" It was made {made}." if made else ""), back))
        return None
    key = _opened(path, name, made, registry, problems, ask)
    if key is not None and key.public != record.public:
        message = f"{FOLDER}/{path.name} holds another key, {key.public.fingerprint}."
        problems.append(_trouble("key-other", path, message, back))
        return None
    return key


_BACK = (
    "Restore your backup (certgen restore), or copy the folder keys from {}. certgen never makes another in its place. "
    "If it is lost for good: certgen keys rotate; what it has signed stays valid."
)


def _opened(
    path: Path, name: str, made: str, registry: Registry | None, problems: list[Problem], ask: Ask | None
) -> SigningKey | None:
    """A key's file, opened with the first passphrase that fits."""
    if not is_locked(path):
        return load_key(path, None, problems)
    given = False
    for passphrase in known(name, made, ask):
        given = True
        key = load_key(path, encoded(passphrase), [])
        if key is not None:
            return key
    if registry is not None and registry.meta(f"passphrase:{name}") == "keyring":
        message = f"The passphrase of the signing key {name} is in a keyring that this computer or user has not open."
        hint = (
            "Unlock it. Or choose, where it is open, a passphrase that can be typed (certgen keys passphrase). "
            "Or restore a backup here: certgen restore."
        )
    elif given:
        message = f"The signing key {name} cannot be opened: the passphrase is wrong, or {path.name} is damaged."
        hint = "Try the passphrase again. If the file is damaged, restore it from your backup (certgen restore)."
    else:
        message = f"The signing key {name} needs its passphrase, and none was given."
        hint = f"Run certgen in a terminal, where it asks, or set the environment variable {GIVEN}."
    problems.append(_trouble("key-locked", path, message + (f" It was made {made}." if made else ""), hint))
    return None


def is_locked(path: Path) -> bool:
    """Whether a key's file is encrypted (and its owner's only: what is wrong with a file, reading it tells)."""
    with suppress(OSError):
        if loose_mode(path) is None:
            with path.open("rb") as file:
                return b"BEGIN ENCRYPTED" in file.read(100)
    return False


def lock(
    folder: Path, key: SigningKey, registry: Registry, problems: list[Problem], given: str | None, ask: Ask | None
) -> Kept | None:
    """A key's file written again with another passphrase: ``given``, else one that is asked for, else a random one in
    the keyring, else none. None with a Problem, and then the old one holds."""
    name, path, ring = key.public.fingerprint, key_file(folder, key.public), Keyring()
    passphrase = given or (asked(f"New passphrase for the signing key {name}", ask) if ask else "")
    kept: Kept = "chosen" if passphrase else "none"
    if not passphrase:
        held = ring.get(name)  # if it opens the file it stays: a new one would be kept before the file has it
        fits = held and is_locked(path) and load_key(path, encoded(held), []) is not None
        passphrase = (held if fits else put_random(name, ring)) or ""
        kept = "keyring" if passphrase else "none"
    try:
        write_over(path, key.pkcs8(encoded(passphrase), rounds=_ROUNDS[kept]))
    except OSError as error:
        message = f"The key cannot be written to {path.name} ({why(error)})."
        problems.append(_trouble("key", path, message, "Its old passphrase holds. Make that folder writable."))
        return None
    registry.set_meta(f"passphrase:{name}", kept)
    if kept != "keyring":
        ring.forget(name)
    if kept == "none":
        problems.append(_unlocked(path))
    return kept


def carried(registry: Registry, folder: Path, problems: list[Problem]) -> dict[str, str]:
    """Passphrases that only this computer's keyring has, by fingerprint: a backup takes them along. A warning for those
    that another computer's has."""
    ring, found = Keyring(), {}
    for record in registry.keys():  # noqa: SIM118
        path, name = key_file(folder, record.public), record.public.fingerprint
        if not is_locked(path):
            continue
        if passphrase := ring.get(name):
            found[name] = passphrase
        elif registry.meta(f"passphrase:{name}") == "keyring":
            message = (
                f"The passphrase of the signing key {name} is in another computer's keyring, so it is not backed up."
            )
            hint = f"Make the backup on {record.made_on or 'that computer'}, or choose one: certgen keys passphrase"
            problems.append(replace(_trouble("key-locked", path, message, hint), severity="warning"))
    return found


def settle(
    folder: Path, passphrases: Mapping[str, str], registry: Registry, problems: list[Problem], ask: Ask | None
) -> dict[str, Kept]:
    """The twin of :func:`carried` on another computer: into its keyring, else with a passphrase chosen there."""
    ring = Keyring()
    done: dict[str, Kept] = {}
    for record in registry.keys():  # noqa: SIM118
        path, name = key_file(folder, record.public), record.public.fingerprint
        passphrase = passphrases.get(name)
        if not passphrase:
            continue
        if ring.put(name, passphrase):
            done[name] = "keyring"
            registry.set_meta(f"passphrase:{name}", "keyring")
        elif (key := load_key(path, encoded(passphrase), problems)) is not None:
            kept = lock(folder, key, registry, problems, os.environ.get(GIVEN), ask)
            done |= {name: kept} if kept else {}
    return done


# --- words -----------------------------------------------------------------------------------


def _today() -> date:
    return date.today()


def _trouble(code: str, path: Path, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, file=str(path), exit_code=ExitCode.REGISTRY)


def _unlocked(path: Path) -> Problem:
    message = f"The signing key has no passphrase: whoever copies {FOLDER}/{path.name} can sign in your name."
    hint = "To give it one, run in a terminal: certgen keys passphrase"
    return replace(_trouble("key-unlocked", path, message, hint), severity="warning")


def _unknown(folder: Path, key: PublicKey, records: list[KeyRecord]) -> Problem:
    what = "does not know it" if records else "knows no key at all"
    return _trouble(
        "key-unknown",
        folder / ISSUER_FILE,
        f"{ISSUER_FILE} names the signing key {key.fingerprint}, and the registry (certgen.db) {what}: it is lost, "
        "older, or another academy's.",
        "Restore certgen.db from your backup (certgen restore). If nothing was ever issued here, take the line “key” "
        f"out of {ISSUER_FILE}.",
    )


def _none_active(folder: Path, last: KeyRecord) -> Problem:
    message = f"No signing key is active: {last.public.fingerprint} is {last.state} since {last.since}."
    return _trouble("key-none", folder / FOLDER, message, "Make a new one with: certgen keys new")
