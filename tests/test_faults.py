"""The fault campaign in its short form: fewer people, fewer points; ``python -m tests.faults`` is the long one."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from certgen.registry import FILE
from tests.faults.grounds import left_running
from tests.faults.trials import Campaign, Outcome

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(os.name != "posix", reason="kill -9, and limits and rights of POSIX"),
]
PEOPLE = 60


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    seed = 1 if os.environ.get("CI") == "true" else random.randrange(10**6)
    print(f"python -m tests.faults --people {PEOPLE} --seed {seed}")
    return Campaign(tmp_path_factory.mktemp("faults"), PEOPLE, seed, here=True)


@pytest.fixture(scope="module")
def outcomes(campaign: Campaign) -> dict[str, list[Outcome]]:
    """What came of each group of trials; two at a time, as there are two cores at least."""
    groups = {
        "kills": campaign.kills(12),
        "refusals": campaign.refusals(6),
        "crowds": campaign.crowds(),
        "flips": campaign.flips(16),
        "clock": [campaign.clock()],
        "lost": [campaign.lost()],
    }
    with ThreadPoolExecutor(2) as pool:
        made = {name: [pool.submit(trial.run) for trial in trials] for name, trials in groups.items()}
        return {name: [each.result() for each in begun] for name, begun in made.items()}


def faults(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.faults]


def struck(outcomes: list[Outcome]) -> int:
    return sum(outcome.struck for outcome in outcomes)


def test_what_a_killed_batch_left_is_finished_by_the_next_run(outcomes: dict[str, list[Outcome]]) -> None:
    assert faults(outcomes["kills"]) == []
    assert struck(outcomes["kills"]) > 6


def test_what_cannot_be_written_is_told_and_nothing_is_half_done(outcomes: dict[str, list[Outcome]]) -> None:
    assert faults(outcomes["refusals"]) == []
    assert struck(outcomes["refusals"]) > 3


def test_three_batches_at_once_all_come_out_right(outcomes: dict[str, list[Outcome]]) -> None:
    assert faults(outcomes["crowds"]) == []


def test_a_flipped_bit_in_the_registry_is_found_and_the_file_left_alone(outcomes: dict[str, list[Outcome]]) -> None:
    assert faults(outcomes["flips"]) == []
    assert struck(outcomes["flips"]) > 2  # as many may lie in bytes that mean nothing


def test_a_clock_set_back_and_forward_changes_nothing(outcomes: dict[str, list[Outcome]]) -> None:
    assert faults(outcomes["clock"]) == []


def test_a_backup_restored_elsewhere_goes_on_where_the_lost_one_was(outcomes: dict[str, list[Outcome]]) -> None:
    assert faults(outcomes["lost"]) == []


# --- the campaign itself -------------------------------------------------------------------------------------


def test_the_campaign_finds_what_it_looks_for(campaign: Campaign, tmp_path: Path) -> None:
    def harm(name: str) -> list[str]:
        ground = campaign.done.copy(tmp_path / name)
        first = min(ground.academy.out.glob("*.pdf"))
        if name == "stray":
            (ground.academy.out / ".certgen-1a2b3c4d").mkdir()
        elif name == "half":
            first.write_bytes(first.read_bytes()[:9000])
        elif name == "missing":
            first.unlink()
        elif name == "lost":
            (ground.folder / FILE).unlink()
        elif name == "temporary":
            (ground.scratch / "certgen-x").mkdir()
        return ground.faults(set()) + (ground.between(set(), tmp_path / "copy") if name in ("half", "missing") else [])

    assert harm("nothing") == []
    assert harm("stray") == ["stray: .certgen-1a2b3c4d"]
    assert len(harm("half")) > 2
    assert len(harm("missing")) == 2
    assert harm("lost") == ["There is no registry."]
    assert len(harm("temporary")) == 1


def test_a_process_that_was_left_running_is_seen(campaign: Campaign) -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("there is no /proc here")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as process:
        assert left_running(process.pid, patience=0) == [process.pid]
        process.kill()
    assert left_running(process.pid) == []
