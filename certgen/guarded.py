"""Files for their owner only: secrets, keys, backups. Whole or not there; refused when others may read them."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

PART = ".part"  # ends the name of a file that is not there yet


def write_new(path: Path, data: bytes) -> None:
    """A new file of mode 0600, on Windows for its owner only, whole, synced to the disk, and named in ``.gitignore``
    beside it. Raises FileExistsError when there is one already, else OSError."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    _write(temporary, data)
    try:
        os.link(temporary, path)  # unlike a renaming it never takes the place of another file
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)
    ignore = path.with_name(".gitignore")
    listed = ignore.read_text(encoding="utf-8").splitlines() if ignore.exists() else []
    if path.name not in (line.strip() for line in listed):
        ignore.write_text("\n".join([*listed, path.name, ""]), encoding="utf-8")


def write_over(path: Path, data: bytes, *, like: Path | None = None) -> None:
    """A file in the place of whatever is there: the old one or the new one, whole, at every moment. Its owner's only,
    or with the mode of the file ``like``. Raises OSError."""
    temporary = path.with_name(path.name + PART)
    temporary.unlink(missing_ok=True)  # of a run that was killed
    _write(temporary, data, private=like is None)
    try:
        if like is not None:
            shutil.copymode(like, temporary)
        for pause in (0.1, 0.3, 1.0, None):
            try:
                temporary.replace(path)
                break
            except PermissionError:  # Windows, while another program has it open
                if pause is None:
                    raise
                time.sleep(pause)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Makes the names in a folder durable, where the system can (not on Windows)."""
    if os.name == "posix":
        with suppress(OSError):  # some network disks refuse
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _write(path: Path, data: bytes, *, private: bool = True) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if private and os.name == "nt":
                _owner_only(path)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:  # half of it would be taken for a damaged one the next time
        path.unlink(missing_ok=True)
        raise


def loose_mode(path: Path) -> str | None:
    """The mode ("0644") of a file that others on this computer may read or write; None when it is its owner's only, or
    where modes say nothing (Windows). Raises OSError."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"{mode:04o}" if os.name == "posix" and mode & 0o077 else None


def why(error: Exception) -> str:
    """What the system says, without the path."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _owner_only(path: Path) -> None:
    """Windows' twin of mode 0600: no inherited rights, all rights for the owner (S-1-3-4) and nobody else."""
    icacls = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "icacls.exe"
    command: list[Any] = [icacls, path, "/inheritance:r", "/grant:r", "*S-1-3-4:F"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise PermissionError(f"icacls could not keep the file to its owner ({done.returncode})")
