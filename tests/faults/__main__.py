"""The campaign: ``python -m tests.faults``. A table at the end, exit code 1 when something was found."""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from tests.faults.trials import Campaign, Outcome, Trial

GROUPS = ("kills", "refusals", "crowds", "flips", "others")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description="Kills certgen batch, fills its disk, takes its rights, flips bits in its registry, and looks "
        "whether the next run finishes: as many valid certificates as people, as many rows, no code twice, nothing "
        "stray. Linux and macOS; with strace, system calls fail too.",
    )
    parser.add_argument("--points", type=int, default=200, help="points at which a batch is killed [200]")
    parser.add_argument("--people", type=int, default=2000, help="people on its roster [2000]")
    parser.add_argument("--seconds", type=float, default=0, help="begin no more trials after that time [no end]")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="for the same trials again")
    parser.add_argument("--at-once", type=int, default=1, help="trials at once [1]")
    parser.add_argument("--only", choices=GROUPS, nargs="+", default=GROUPS, help="kinds of trials [all]")
    parser.add_argument(
        "--here", action="store_true", help="commands to which nothing is done run in this process: faster"
    )
    parser.add_argument("--folder", type=Path, help="where to work, and what is found stays [a temporary one]")
    return parser.parse_args()


def trials(campaign: Campaign, points: int, only: list[str]) -> Iterator[Trial]:
    """``points`` kills, half as many refusals, half as many flipped bits."""
    made = {
        "kills": campaign.kills(points),
        "refusals": campaign.refusals(points // 2),
        "crowds": campaign.crowds(),
        "flips": campaign.flips(points // 2),
        "others": campaign.others(),
    }
    mixed = list(chain.from_iterable(made[name] for name in only))
    campaign.random.shuffle(mixed)
    return iter(mixed)


def run(campaign: Campaign, todo: Iterator[Trial], at_once: int, seconds: float) -> list[Outcome]:
    """What came of each; those that were begun in time."""
    until = time.monotonic() + seconds if seconds else float("inf")
    done: list[Outcome] = []

    def one(trial: Trial) -> None:
        if time.monotonic() > until:
            return
        outcome = trial.run()
        done.append(outcome)
        struck = "" if outcome.struck else " (it was done before)"
        print(f"{len(done):4} {outcome.trial}: {outcome.what}{struck}", flush=True)
        for fault in outcome.faults[:8]:
            print(f"     FOUND {fault}", flush=True)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, todo))
    return done


def table(done: list[Outcome]) -> str:
    rows = ["", "| trial | times | struck | ended well | found |", "| --- | --- | --- | --- | --- |"]
    for name in dict.fromkeys(outcome.trial for outcome in done):
        mine = [outcome for outcome in done if outcome.trial == name]
        well = sum(not outcome.faults for outcome in mine)
        struck = sum(outcome.struck for outcome in mine)
        rows.append(f"| {name} | {len(mine)} | {struck} | {well} | {len(mine) - well} |")
    return "\n".join(rows)


def main() -> int:
    chosen = options()
    begun = time.monotonic()
    print(f"{platform.platform()}, {os.cpu_count()} cores; seed {chosen.seed}, {chosen.people} people", flush=True)
    with tempfile.TemporaryDirectory(prefix="faults-", dir=chosen.folder, ignore_cleanup_errors=True) as place:
        campaign = Campaign(Path(place), chosen.people, chosen.seed, here=chosen.here)
        done = run(campaign, trials(campaign, chosen.points, chosen.only), chosen.at_once, chosen.seconds)
        print(table(done))
        print(f"\n{len(done)} trials in {time.monotonic() - begun:.0f} s, seed {chosen.seed}")
    return 1 if any(outcome.faults for outcome in done) else 0


if __name__ == "__main__":
    sys.exit(main())
