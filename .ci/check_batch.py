"""Checks what ``certgen batch --json`` printed: python check_batch.py result.json

Runs in an environment that holds nothing but the wheel and its dependencies.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path


def main(result: Path) -> None:
    """Exits with a sentence unless every certificate that the result lists lies there as it says."""
    told = json.loads(result.read_text(encoding="utf-8"))
    errors = [problem for problem in told["problems"] if problem["severity"] == "error"]
    if told["status"] != "done" or errors or not told["certificates"]:
        sys.exit(f"{result}: {told['status']}, {told['counts']}, {errors}")
    for certificate in told["certificates"]:
        path = next(Path.cwd().glob(f"**/{result.stem}/**/{Path(certificate['file']).name}"), None)
        if path is None or hashlib.sha256(path.read_bytes()).hexdigest() != certificate["sha256"]:
            sys.exit(f"{result}: {certificate['file']} is missing or is not what the result says")
    print(f"{result.stem}: {len(told['certificates'])} certificates, as told")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
