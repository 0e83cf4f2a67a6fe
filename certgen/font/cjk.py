"""Which faces serve Chinese, Japanese and Korean, and where systems keep them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from certgen.font.index import SUFFIXES

CJK_SCRIPTS = frozenset({"Hani", "Hans", "Hant", "Hira", "Kana", "Jpan", "Bopo", "Hang", "Kore"})

# System families, best first, by region; {} stands for Serif or Sans. Names as in the fonts' name tables.
CJK: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "SC": (
        ("Noto Serif CJK SC", "Source Han Serif SC", "Noto Serif SC", "Songti SC", "STSong", "SimSun"),
        ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei"),
    ),
    "TC": (
        ("Noto Serif CJK TC", "Source Han Serif TC", "Noto Serif TC", "Songti TC", "PMingLiU", "MingLiU"),
        ("Noto Sans CJK TC", "Source Han Sans TC", "Noto Sans TC", "PingFang TC", "Microsoft JhengHei"),
    ),
    "HK": (
        ("Noto Serif CJK HK", "Source Han Serif HC", "Noto Serif HK", "MingLiU_HKSCS"),
        ("Noto Sans CJK HK", "Source Han Sans HC", "Noto Sans HK", "PingFang HK"),
    ),
    "JP": (
        ("Noto Serif CJK JP", "Source Han Serif", "Noto Serif JP", "Hiragino Mincho ProN", "Yu Mincho", "MS Mincho"),
        ("Noto Sans CJK JP", "Source Han Sans", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", "MS Gothic"),
    ),
    "KR": (
        ("Noto Serif CJK KR", "Source Han Serif K", "Noto Serif KR", "AppleMyungjo", "Batang"),
        ("Noto Sans CJK KR", "Source Han Sans K", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic"),
    ),
}
CJK_FAMILIES = frozenset(name for pair in CJK.values() for names in pair for name in names)

CJK_HINT = (
    "Install a font for Chinese, Japanese and Korean (on Debian and Ubuntu the package fonts-noto-cjk), "
    "or put one into the folder that issuer.toml names as fonts.folder."
)


def regions(script: str, language: str) -> tuple[str, ...]:
    """Regional shapes to try. Hangul and kana leave no choice; Han goes by the language's tag."""
    tag = language.replace("_", "-").lower()
    parts = tag.split("-")
    if script in {"Hang", "Kore"}:
        first = "KR"
    elif script in {"Hira", "Kana", "Jpan"} or parts[0] == "ja":
        first = "JP"
    elif parts[0] == "ko":
        first = "KR"
    elif "hk" in parts or "mo" in parts or parts[0] == "yue":
        first = "HK"
    elif "hant" in parts or "tw" in parts or script in {"Hant", "Bopo"}:
        first = "TC"
    else:
        first = "SC"
    rest = {"HK": ("TC", "SC", "JP", "KR")}.get(first, ("SC", "TC", "JP", "KR", "HK"))
    return (first, *(region for region in rest if region != first))


def system_files() -> list[Path]:
    """Font files of the system, by fontconfig where it is, else from where systems keep them; sorted."""
    found: set[Path] = set()
    if program := shutil.which("fc-list"):
        try:
            listing = subprocess.run(
                [program, "--format", "%{file}\t%{family}\n"], capture_output=True, timeout=20, check=False
            ).stdout.decode("utf-8", "replace")
        except (OSError, subprocess.SubprocessError):
            listing = ""
        for line in listing.splitlines():
            path, _, families = line.partition("\t")
            if path and not CJK_FAMILIES.isdisjoint(families.split(",")):
                found.add(Path(path))
    if not found:
        for folder in _system_folders():
            found.update(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    return sorted(found)


def _system_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData/Local"))
        names = [Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"), Path(local, "Microsoft/Windows/Fonts")]
    elif sys.platform == "darwin":
        names = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    else:
        names = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]
    return [folder for folder in names if folder.is_dir()]
