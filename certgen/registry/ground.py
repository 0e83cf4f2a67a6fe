"""What a folder stands on: a disk of this computer, a network, or a folder that a program copies to other computers.

On the last two, locks and shared memory cannot be relied on, so the registry keeps a rollback journal and a lease
there. Sources: sqlite.org, "Use Of Memory-Mapped Files" and "SQLite Over a Network"; proc(5), mountinfo.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Ground = Literal["local", "network", "synced"]

_NETWORK = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "afs", "ncpfs", "webdav", "davfs", "davfs2"),
        *("9p", "drvfs", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2", "beegfs", "gpfs", "acfs"),
        *("vboxsf", "prl_fs", "vmhgfs"),
    )
)
"""Types of file systems, as Linux and macOS call them. FUSE's (sshfs, rclone, gvfs) are all taken for networks, but
for those of disks."""

_FUSE_DISKS = frozenset(("fuseblk", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.encfs", "fuse.gocryptfs"))

_SYNCED = re.compile(
    r"(?i)onedrive( ?-.*)?|dropbox( \(.*\))?|google ?drive.*|my drive|icloud ?drive.*|mobile documents|cloudstorage"
    r"|nextcloud.*|owncloud.*|pcloud ?drive|(?-i:Box)|box sync|seafile|synology ?drive.*|creative cloud files"
    r"|mega(sync)?|sharepoint.*|syncthing|tresorit.*|proton ?drive.*"
)
_MARKS = (".stfolder", ".dropbox", ".owncloudsync.log", ".sync")  # what synchronisers leave in their folders
_VARIABLES = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")  # Windows


def ground(folder: Path) -> Ground:
    """Where a folder lies. What cannot be found out is taken for local."""
    path = folder.absolute()
    real = Path(os.path.realpath(path))
    if _on_network(real):
        return "network"
    return "synced" if _synced(path) or _synced(real) else "local"


def _synced(path: Path, environment: Mapping[str, str] = os.environ) -> bool:
    if any(_SYNCED.fullmatch(part) for part in path.parts):
        return True
    roots = [Path(environment[name]) for name in _VARIABLES if environment.get(name)]
    if any(path.is_relative_to(root) for root in roots):
        return True
    return any((place / mark).exists() for place in (path, *path.parents) for mark in _MARKS)


def _on_network(path: Path) -> bool:
    if os.name == "nt":
        return _windows_share(str(path))
    try:
        kind = _linux_kind(path) if sys.platform.startswith("linux") else _bsd_kind(path)
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return is_network(kind)


def is_network(kind: str) -> bool:
    """Whether a type of file system is a network's."""
    kind = kind.lower()
    return kind in _NETWORK or (kind.startswith("fuse") and kind not in _FUSE_DISKS)


def _linux_kind(path: Path) -> str:
    return kind_in(Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape"), path)


def kind_in(mounts: str, path: Path) -> str:
    """The type of the file system that holds a path, by Linux's mountinfo; of two on one place the later one."""
    best, found = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4])
        depth = len(Path(place).parts)
        if depth >= best and path.is_relative_to(place):
            best, found = depth, after.split(" ")[0]
    return found


def _bsd_kind(path: Path) -> str:
    """macOS and the BSDs: "//ana@server/share on /Volumes/share (smbfs, nodev)"."""
    told = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=True).stdout
    best, found = -1, ""
    for line in told.splitlines():
        if (match := re.fullmatch(r".* on (/.*) \(([^,)]*).*\)", line)) and path.is_relative_to(match[1]):
            depth = len(Path(match[1]).parts)
            if depth >= best:
                best, found = depth, match[2]
    return found


def _windows_share(path: str) -> bool:
    """A UNC path, or a drive letter that stands for one."""
    import ctypes

    if path.startswith("\\\\") and not path.startswith(("\\\\?\\", "\\\\.\\")):
        return True
    remote = 4  # DRIVE_REMOTE
    drive = os.path.splitdrive(path)[0] + "\\"
    return bool(ctypes.windll.kernel32.GetDriveTypeW(drive) == remote)  # type: ignore[attr-defined,unused-ignore]
