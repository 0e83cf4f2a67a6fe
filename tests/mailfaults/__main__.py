"""The campaign: ``python -m tests.mailfaults``. A table at the end, exit code 1 when something was found."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.mailfaults.trials import Found, academy, killed, misbehaved, plain


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mailfaults",
        description="Mails everybody through a server that does all it should not, once for each seed; and kills a "
        "process that sends (kill -9), again and again. Looks whether anybody was mailed twice, whether what certgen "
        "says of each is what the server knows, and whether exactly those are unknown of which nobody can know.",
    )
    parser.add_argument("--people", type=int, default=2000, help="messages [2000]")
    parser.add_argument("--seeds", type=int, default=20, help="runs against a server that misbehaves [20]")
    parser.add_argument("--first", type=int, default=1, help="the first seed [1]")
    parser.add_argument("--kills", type=int, default=0, help="times that a process is killed [0]")
    parser.add_argument("--speed", action="store_true", help="how fast it goes when nothing is wrong")
    parser.add_argument("--folder", type=Path, help="where to work [a temporary one]")
    return parser.parse_args()


def row(name: str, found: Found) -> str:
    figures = ", ".join(f"{what} {number:,}" for what, number in found.figures.items())
    lines = [f"{name}: {figures}; found {len(found.faults)}"]
    return "\n".join([*lines, *(f"     FOUND {fault}" for fault in found.faults[:8])])


def main() -> int:
    chosen = options()
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    print(f"{platform.platform()}, {os.cpu_count()} cores; {chosen.people} people", flush=True)
    done: list[Found] = []
    with tempfile.TemporaryDirectory(prefix="mailfaults-", dir=chosen.folder, ignore_cleanup_errors=True) as place:
        made = academy(Path(place) / "made", chosen.people)
        for connections in (1, 4) if chosen.speed else ():
            done.append(plain(made, Path(place) / f"plain-{connections}", connections))
            print(row(f"nothing wrong, connections {connections}", done[-1]), flush=True)
        for seed in range(chosen.first, chosen.first + chosen.seeds):
            connections = 1 + seed % 4
            done.append(misbehaved(made, Path(place) / f"seed-{seed}", seed, connections))
            print(row(f"seed {seed}, connections {connections}", done[-1]), flush=True)
        for connections in (1, 4) if chosen.kills else ():
            kills = chosen.kills // 2
            done.append(killed(made, Path(place) / f"kills-{connections}", chosen.first, kills, connections))
            print(row(f"kills, connections {connections}", done[-1]), flush=True)
    totals: dict[str, float] = {}
    for found in done:
        for what, number in found.figures.items():
            if what != "a second":
                totals[what] = totals.get(what, 0) + number
    rounded = {what: round(number, 1) for what, number in totals.items()}
    print(row("all", Found(rounded, [fault for found in done for fault in found.faults])))
    return 1 if any(found.faults for found in done) else 0


if __name__ == "__main__":
    sys.exit(main())
