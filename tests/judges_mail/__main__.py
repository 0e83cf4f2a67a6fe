"""``python -m tests.judges_mail`` installs the readers from npm into ``.ci/cache/mail``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parent.parent / ".ci" / "cache" / "mail"
LOCK = "package-lock.json"

npm = shutil.which("npm")
if npm is None:
    sys.exit("npm is missing: install npm (apt, brew or winget)")
HOME.mkdir(parents=True, exist_ok=True)
made = HOME / "node_modules" / ".package-lock.json"
if made.exists() and (HOME / LOCK).exists() and (HOME / LOCK).read_bytes() == (HERE / LOCK).read_bytes():
    sys.exit(0)
for name in ("package.json", LOCK):
    shutil.copy(HERE / name, HOME / name)
sys.exit(subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HOME, check=False).returncode)
