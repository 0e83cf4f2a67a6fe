"""One encrypted file with what an academy cannot do without: registry, keys, secret, issuer, courses, layouts, outbox.

The file is in the age format (age-encryption.org/v1), encrypted with a passphrase, so that ``age`` opens it without
certgen; inside is a tar archive (POSIX pax) of relative names, whose first member, ``certgen-backup.json``, lists the
others with their SHA-256. Passphrases that only the keyring of this computer has are in ``keys/passphrases.json``.
Certificates are not in it: the registry can make them again. Rosters are, if wished.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import keys
from certgen.backup.archive import AGE, LARGEST, MOST, Contents, decrypted, encrypted, is_good, packed, unpacked
from certgen.course import ISSUER_FILE
from certgen.credential import SECRET_FILE
from certgen.errors import ExitCode, Problem, has_errors
from certgen.guarded import why, write_new, write_over

if TYPE_CHECKING:
    from certgen.keys.passphrase import Ask, Kept
    from certgen.registry import Registry

PASSPHRASE = "CERTGEN_BACKUP_PASSPHRASE"
SHORTEST = 10  # characters of a backup's passphrase: the file is made to be carried around
OUTBOX = "outbox"
ROSTERS = frozenset([".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv"])
_PASSPHRASES = f"{keys.FOLDER}/passphrases.json"
_META = "backup"
_FONTS = frozenset([".ttf", ".otf", ".ttc", ".woff", ".woff2"])
_LONGEST = 300  # characters of a text in TOML that may be a path


class Last(Struct, frozen=True):
    """The last backup of an academy: its day, how many certificates were issued by then, the file's name."""

    at: date
    issued: int
    file: str


class Saved(Struct, frozen=True):
    """A backup that was made."""

    file: Path
    size: int  # bytes
    issued: int
    courses: int
    keys: int
    rosters: int


class Restored(Struct, frozen=True):
    """An academy that was put back. ``kept``: where the passphrases are now that the backup brought along."""

    folder: Path
    made: date
    machine: str
    issued: int
    kept: dict[str, Kept]


def last(registry: Registry) -> Last | None:
    """The last backup, as the registry remembers it."""
    said = registry.meta(_META)
    with suppress(msgspec.MsgspecError):
        return msgspec.json.decode(said, type=Last) if said else None
    return None


# --- saving ----------------------------------------------------------------------------------


def target(file: Path, folder: Path, problems: list[Problem], *, over: bool) -> Path | None:
    """Where the backup goes; in a folder it gets a name of its own. None with a Problem where something is there."""
    path = file.absolute()
    if path.is_dir():
        path /= f"certgen-{folder.name or 'academy'}-{date.today()}.age"
    if path.exists() and not over:
        message = f"{path.name} is there already, and a backup is never written over another."
        problems.append(_trouble("backup-there", path, message, "Give it another name, or add --replace."))
        return None
    if not path.parent.is_dir():
        message = f"There is no folder {path.parent}."
        problems.append(_trouble("backup-folder", path, message, "Make it, or name another one."))
        return None
    if path.resolve().is_relative_to(folder.resolve()):
        message = "The backup lies in the folder that it is a backup of: both are lost together."
        hint = "Copy it to another disk, or to another place."
        problems.append(_trouble("backup-near", path, message, hint, warning=True))
    return path


def save(
    folder: Path,
    file: Path,
    registry: Registry,
    passphrase: str,
    problems: list[Problem],
    *,
    rosters: bool = False,
    over: bool = False,
) -> Saved | None:
    """Makes the backup: whole, for its owner only. None with Problems, and then there is no new file."""
    folder = folder.absolute()
    path = target(file, folder, problems, over=over)
    if len(passphrase) < SHORTEST:
        message = f"The passphrase of a backup needs {SHORTEST} characters at least."
        problems.append(_trouble("backup-passphrase", file, message, "Four or five words that nobody guesses do well."))
        return None
    if path is None:
        return None
    with registry.writing():
        found = gathered(folder, problems, rosters=rosters)
        parts = _read(folder, found, registry, problems)
        issued = registry.count()
        passphrases = keys.carried(registry, folder, problems)
    if parts is None:
        return None
    if passphrases:
        parts[_PASSPHRASES] = msgspec.json.encode(passphrases, order="sorted")
    contents = Contents(date.today(), keys.machine(), folder.name, issued)
    data = encrypted(packed(contents, parts), passphrase)
    try:
        write_over(path, data)
    except OSError as error:
        message = f"The backup cannot be written ({why(error)})."
        problems.append(_trouble("backup-not-written", path, message, "Name a place that may be written to."))
        return None
    with registry.writing():
        registry.set_meta(_META, msgspec.json.encode(Last(contents.made, issued, path.name)).decode())
        registry.record("backup", {"file": path.name, "sha256": sha256(data).hexdigest(), "issued": issued})
    names = [Path(name) for name in parts]
    return Saved(
        file=path,
        size=len(data),
        issued=issued,
        courses=sum(name.name == "course.toml" for name in names),
        keys=sum(name.parent.name == keys.FOLDER and name.suffix == ".pem" for name in names),
        rosters=sum(_is_roster(name) for name in names) if rosters else 0,
    )


def _read(folder: Path, found: Iterable[str], registry: Registry, problems: list[Problem]) -> dict[str, bytes] | None:
    """The bytes of everything, the registry's first. None with Problems."""
    parts = {registry.path.name: _snapshot(registry)}
    size = len(parts[registry.path.name])
    for name in found:
        try:
            parts[name] = (folder / name).read_bytes()
        except OSError as error:
            message = f"{name} cannot be read ({why(error)})."
            problems.append(_trouble("backup-not-read", folder / name, message, "Make it readable: it belongs in."))
        else:
            size += len(parts[name])
    for record in registry.keys():  # noqa: SIM118
        path = keys.key_file(folder, record.public)
        if record.state != "compromised" and f"{keys.FOLDER}/{path.name}" not in parts:
            message = f"The {record.state} key {record.public.fingerprint} is not here, so the backup does not have it."
            hint = f"Back up on {record.made_on or 'the computer that has it'} too."
            problems.append(_trouble("backup-without-key", path, message, hint, warning=True))
    if SECRET_FILE not in parts and (registry.meta("secret") or registry.count()):
        message = f"{SECRET_FILE} is not here, so the backup does not have it."
        problems.append(_trouble("backup-without-secret", folder / SECRET_FILE, message, "", warning=True))
    if size > LARGEST or len(parts) > MOST:
        message = f"There is more than a backup takes ({size / 1e9:.1f} GB in {len(parts):,} files)."
        problems.append(_trouble("backup-large", folder, message, "Leave the rosters out, or clear the outbox."))
    return None if has_errors(problems) else parts


def _snapshot(registry: Registry) -> bytes:
    """The registry as it is at one moment, with what its log has."""
    with tempfile.TemporaryDirectory(prefix="certgen-") as place:
        copy = Path(place) / registry.path.name
        registry.copy_to(copy)
        return copy.read_bytes()


def gathered(folder: Path, problems: list[Problem], *, rosters: bool) -> list[str]:
    """The names of what belongs in, relative to the folder, with slashes, in order: every TOML file and every file that
    one of them names, layouts, fonts, keys, secret, outbox. Another academy's folders below do not."""
    found: dict[str, Path] = {}

    def add(path: Path) -> None:
        relative = path.relative_to(folder)
        name = relative.as_posix()
        linked = any(
            above.is_symlink() for above in (path, *path.parents) if above != folder and above.is_relative_to(folder)
        )
        if linked or not is_good(name):
            what = "is a link" if linked else "has a name that not every computer takes"
            message = f"“{name}” {what}, so the backup does not have it."
            problems.append(_trouble("backup-left-out", path, message, "Put the file itself there.", warning=True))
        elif path.is_file():
            found[name] = path

    for path in _files(folder):
        name = path.relative_to(folder)
        if path.suffix == ".toml":
            add(path)
            for named in _named(path):
                if not named.is_relative_to(folder):
                    message = f"{path.name} names “{named}”, which lies outside, so the backup does not have it."
                    problems.append(_trouble("backup-outside", path, message, "Keep a copy of it.", warning=True))
                elif named.is_dir():
                    for inner in sorted(named.iterdir()):
                        if inner.suffix.casefold() in _FONTS:
                            add(inner)
                elif not _is_roster(named) or rosters or named.suffix == ".csv":
                    add(named)
        elif (
            name.parts[0] == OUTBOX
            or name.as_posix() == SECRET_FILE
            or (name.parts[0] == keys.FOLDER and path.suffix == ".pem")
            or any((above / "layout.toml").is_file() for above in path.parents if above.is_relative_to(folder))
            or (rosters and _is_roster(path))
        ):
            add(path)
    return sorted(found)


def _files(folder: Path) -> Iterator[Path]:
    """Every file of this academy, not those of another one below, nor what is hidden."""
    for place, folders, names in os.walk(folder):
        here = Path(place)
        if here != folder and ISSUER_FILE in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (here / name for name in sorted(names) if not name.startswith("."))


def _named(path: Path) -> Iterator[Path]:
    """Files and folders that a TOML file names, other than layouts."""
    try:
        todo: list[Any] = [tomllib.loads(path.read_text(encoding="utf-8-sig"))]
    except (OSError, ValueError):
        return  # it goes in as it is
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, list):
            todo += value
        elif isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable():
            with suppress(OSError, ValueError):
                named = Path(os.path.normpath(path.parent / value))
                if named.is_file() or (named.is_dir() and value.strip("./\\") and not (named / "layout.toml").exists()):
                    yield named


def _is_roster(path: Path) -> bool:
    return path.suffix.casefold() in ROSTERS


# --- restoring -------------------------------------------------------------------------------


def restore(
    file: Path, folder: Path | None, passphrase: str, problems: list[Problem], *, ask: Ask | None = None
) -> Restored | None:
    """Puts an academy into a new or empty folder, whole or not at all; without ``folder``, one here of the name that it
    had. None with Problems."""
    parts = opened(file, passphrase, problems)
    if parts is None:
        return None
    contents, files = parts
    place = (folder or Path.cwd() / (contents.folder if is_good(contents.folder) else "academy")).absolute()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        there = "an academy" if (place / ISSUER_FILE).exists() else "something"
        message = f"There is {there} in {place} already, and a backup is never restored over anything."
        hint = f"Name a new folder: certgen restore {file.name} restored"
        problems.append(_trouble("restore-there", place, message, hint))
        return None
    staging = place.with_name(f".{place.name}-{secrets.token_hex(4)}")
    try:
        staging.mkdir(parents=True)
        _lay(staging, files)
        kept = _settled(staging, contents, files, problems, ask)
        if kept is not None:
            if place.exists():
                place.rmdir()
            staging.rename(place)
    except OSError as error:
        kept = None
        message = f"The backup cannot be restored to {place} ({why(error)})."
        problems.append(_trouble("restore-not-written", place, message, "Name a folder that may be written to."))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if kept is None:
        return None
    return Restored(folder=place, made=contents.made, machine=contents.machine, issued=contents.issued, kept=kept)


def _lay(folder: Path, files: dict[str, bytes]) -> None:
    """Writes the files, those that are secret for their owner only."""
    from certgen.registry import FILE

    for name, data in files.items():
        path = folder / name
        secret = name in (FILE, SECRET_FILE) or path.parent == folder / keys.FOLDER
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if secret and path.parent != folder else 0o777)
        if secret and name != _PASSPHRASES:
            write_new(path, data)
        elif not secret:
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())


def _settled(
    folder: Path, contents: Contents, files: dict[str, bytes], problems: list[Problem], ask: Ask | None
) -> dict[str, Kept] | None:
    """The registry is looked through, and keys whose passphrase came along can be opened here."""
    from certgen.registry import Registry

    registry = Registry.open(folder, problems)
    if registry is None:
        return None
    with registry, registry.writing():
        problems += (replace(problem, severity="warning") for problem in registry.check())  # better that than nothing
        brought = msgspec.json.decode(files.get(_PASSPHRASES, b"{}"), type=dict[str, str])
        kept = keys.settle(folder, brought, registry, problems, ask)
        registry.set_meta(_META, msgspec.json.encode(Last(contents.made, contents.issued, "")).decode())
        registry.record("restored", {"made": str(contents.made), "from": contents.machine, "on": keys.machine()})
    return None if has_errors(problems) else kept


def opened(file: Path, passphrase: str, problems: list[Problem]) -> tuple[Contents, dict[str, bytes]] | None:
    """What a backup holds, every file with the SHA-256 that it should have. None with a Problem."""
    try:
        if file.stat().st_size > LARGEST * 2:
            raise ValueError("it is too large")
        data = file.read_bytes()
    except (OSError, ValueError) as error:
        problems.append(_trouble("backup-not-read", file, f"{file.name} cannot be read ({why(error)}).", ""))
        return None
    if not data.startswith(AGE):
        message = f"{file.name} is not a backup of certgen, or it is damaged at its beginning."
        problems.append(_trouble("backup-other", file, message, "Name the file that certgen backup has made."))
        return None
    plain = decrypted(data, passphrase)
    if plain is None:
        message = f"{file.name} cannot be opened: the passphrase is wrong, or the file is damaged."
        hint = "Try the passphrase again: capitals count. If you have another copy of the file, try that."
        problems.append(_trouble("backup-locked", file, message, hint))
        return None
    try:
        return unpacked(plain)
    except ValueError as error:
        message = f"{file.name} was opened, but what is in it is no backup of certgen ({error})."
        problems.append(_trouble("backup-other", file, message, "Update certgen if a newer one has made it."))
        return None


def _trouble(code: str, path: Path, message: str, hint: str, *, warning: bool = False) -> Problem:
    return Problem(
        code=code,
        message=message,
        hint=hint,
        severity="warning" if warning else "error",
        file=str(path),
        exit_code=ExitCode.REGISTRY,
    )
