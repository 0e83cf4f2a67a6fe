"""Mails everybody in a registry through a server on this computer: ``python -m tests.mailfaults.child FOLDER PORT N``.
It says "on its way" with the first message, and how it ended as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from certgen.mail.sending import Pace, Progress, send
from certgen.mail.smtp import Smtp
from tests.mailfaults.letters import letters
from tests.registers import opened


def main(folder: Path, port: int, connections: int) -> None:
    begun: list[Progress] = []

    def watch(progress: Progress) -> None:
        if not begun:
            print("on its way", flush=True)
        begun.append(progress)

    with opened(folder) as registry:
        pace = Pace(per_minute=1e9, connections=connections, stop_after=10**6)
        outcome = send(registry, letters(registry), Smtp("127.0.0.1", port, "none"), pace, watch)
    counts = {name: len(getattr(outcome, name)) for name in ("sent", "refused", "unknown", "waiting", "recovered")}
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
